/* One message of milterload in the milter protocol, as Postfix speaks it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/bench/load.h"

enum { BODY_CHUNK = 65535, CLIENT_PORT = 25000, VERSION_WITH_DATA = 4, LETTERS = 256 };

/* ---- replies ---- */

/* What a letter says. An event may have several replies: the one of kind ENDS is its last. */
static const struct reply {
	enum { UNKNOWN, ENDS, GOES_ON, EDITS /* goes on, and comes at the end of the message only */ } kind;
	enum load_verdict verdict;
	enum load_action action; /* LOAD_ACTIONS: none that is counted */
} replies[LETTERS] = {
	[SMFIR_CONTINUE] = { ENDS, LOAD_CONTINUE, LOAD_ACTIONS },
	[SMFIR_ACCEPT] = { ENDS, LOAD_ACCEPT, LOAD_ACTIONS },
	[SMFIR_REJECT] = { ENDS, LOAD_REJECT, LOAD_ACTIONS },
	[SMFIR_TEMPFAIL] = { ENDS, LOAD_TEMPFAIL, LOAD_ACTIONS },
	[SMFIR_CONN_FAIL] = { ENDS, LOAD_TEMPFAIL, LOAD_ACTIONS },
	[SMFIR_DISCARD] = { ENDS, LOAD_DISCARD, LOAD_ACTIONS },
	[SMFIR_SHUTDOWN] = { ENDS, LOAD_SHUTDOWN, LOAD_ACTIONS },
	[SMFIR_SKIP] = { ENDS, LOAD_SKIP, LOAD_SKIPPED },
	[SMFIR_REPLYCODE] = { ENDS, LOAD_REJECT, LOAD_REPLYCODE },
	[SMFIR_PROGRESS] = { GOES_ON, LOAD_CONTINUE, LOAD_PROGRESS },
	[SMFIR_QUARANTINE] = { EDITS, LOAD_CONTINUE, LOAD_QUARANTINED },
	[SMFIR_ADDHEADER] = { EDITS, LOAD_CONTINUE, LOAD_ADDHEADER },
	[SMFIR_INSHEADER] = { EDITS, LOAD_CONTINUE, LOAD_INSHEADER },
	[SMFIR_CHGHEADER] = { EDITS, LOAD_CONTINUE, LOAD_CHGHEADER },
	[SMFIR_REPLBODY] = { EDITS, LOAD_CONTINUE, LOAD_REPLBODY },
	[SMFIR_ADDRCPT] = { EDITS, LOAD_CONTINUE, LOAD_ADDRCPT },
	[SMFIR_ADDRCPT_PAR] = { EDITS, LOAD_CONTINUE, LOAD_ADDRCPT },
	[SMFIR_DELRCPT] = { EDITS, LOAD_CONTINUE, LOAD_DELRCPT },
	[SMFIR_CHGFROM] = { EDITS, LOAD_CONTINUE, LOAD_CHGFROM },
};

static void
reply_show(const struct text *data, char stage, char letter)
{
	char text[600];
	size_t length = 0;

	for (size_t i = 0; i + 1 < sizeof text && i < data->length; i++) {
		char c = data->bytes[i];

		text[length++] = c == '\0' ? '|' : (c < ' ' && c != '\n') || c > '~' ? '.' : c;
	}
	text[length] = '\0';
	fprintf(stderr, "%c -> %c %s\n", stage, letter, text);
}

static enum load_verdict
code_judge(struct load_worker *worker)
{
	const char *code = worker->line.data.bytes;

	if (code[0] == '4')
		return LOAD_TEMPFAIL;
	return code[0] == '5' ? LOAD_REJECT : load_error(worker, "bad reply code %.20s", code);
}

static enum load_verdict
reply_judge(struct load_worker *worker, const struct reply *reply, char stage, char letter)
{
	if (reply->kind == UNKNOWN)
		return load_error(worker, "unknown reply 0x%02x at %c", (unsigned char)letter, stage);
	if (reply->action != LOAD_ACTIONS)
		load_count(worker, reply->action);
	if (reply->kind == EDITS && stage != SMFIC_BODYEOB)
		return load_error(worker, "modification '%c' outside end of message (at %c)", letter, stage);
	if (letter == SMFIR_SKIP && stage != SMFIC_BODY)
		return load_error(worker, "skip outside the body");
	worker->quarantined = worker->quarantined || letter == SMFIR_QUARANTINE;
	return letter == SMFIR_REPLYCODE ? code_judge(worker) : reply->verdict;
}

/* Reads replies up to the one that ends the event. */
static enum load_verdict
replies_read(struct load_worker *worker, char stage)
{
	const struct reply *reply;
	enum load_verdict verdict;
	char letter;

	do {
		if (!milter_client_read(&worker->line, &letter))
			return LOAD_ERROR;
		if (worker->shown)
			reply_show(&worker->line.data, stage, letter);
		reply = &replies[(unsigned char)letter];
		verdict = reply_judge(worker, reply, stage, letter);
	} while (reply->kind != ENDS && verdict == LOAD_CONTINUE);
	return verdict;
}

/* ---- events ---- */

struct event {
	char command;
	int macros;                     /* the stage that the milter names the macros of, SMFIM_* */
	unsigned long unwanted, waived; /* SMFIP_*: not sent; its reply is not sent */
};

static const struct event event_connect = { SMFIC_CONNECT, SMFIM_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN };
static const struct event event_helo = { SMFIC_HELO, SMFIM_HELO, SMFIP_NOHELO, SMFIP_NR_HELO };
static const struct event event_mail = { SMFIC_MAIL, SMFIM_ENVFROM, SMFIP_NOMAIL, SMFIP_NR_MAIL };
static const struct event event_rcpt = { SMFIC_RCPT, SMFIM_ENVRCPT, SMFIP_NORCPT, SMFIP_NR_RCPT };
static const struct event event_data = { SMFIC_DATA, SMFIM_DATA, SMFIP_NODATA, SMFIP_NR_DATA };
static const struct event event_header = { SMFIC_HEADER, SMFIM_EOH, SMFIP_NOHDRS, SMFIP_NR_HDR };
static const struct event event_eoh = { SMFIC_EOH, SMFIM_EOH, SMFIP_NOEOH, SMFIP_NR_EOH };
static const struct event event_body = { SMFIC_BODY, SMFIM_EOM, SMFIP_NOBODY, SMFIP_NR_BODY };
static const struct event event_end = { SMFIC_BODYEOB, SMFIM_EOM, 0, 0 };

/* The milter's lists have "{name}" with or without its braces. */
static bool
is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);

	while (*list != '\0') {
		size_t word = strcspn(list, " ,");

		if ((word == length && memcmp(list, name, length) == 0) ||
		    (length == word + 2 && name[0] == '{' && memcmp(list, name + 1, word) == 0))
			return true;
		list += word;
		list += strspn(list, " ,");
	}
	return false;
}

static void
put_word(struct text *out, const char *word)
{
	text_add(out, word, strlen(word) + 1);
}

/* --macro NAME=VALUE, whatever the milter lists. */
static void
put_given_macros(const struct load_options *options, struct text *out)
{
	for (size_t i = 0; i < options->macro_count; i++) {
		const char *name = options->macros[i], *mark = strchr(name, '=');

		text_add(out, name, (size_t)(mark - name));
		text_char(out, '\0');
		put_word(out, mark + 1);
	}
}

/* Pairs of name and value, NULL behind them. */
static void
put_macros(struct load_worker *worker, const struct event *event, const char *const *pairs)
{
	const char *list = worker->macros[event->macros];
	struct text *out = &worker->line.out;
	size_t begun = milter_client_begin(&worker->line, SMFIC_MACRO);

	text_char(out, event->command);
	for (; pairs[0] != NULL; pairs += 2) {
		if (list != NULL && !is_listed(list, pairs[0]))
			continue;
		put_word(out, pairs[0]);
		put_word(out, pairs[1]);
	}
	if (event->command == SMFIC_CONNECT || event->command == SMFIC_MAIL)
		put_given_macros(worker->options, out);
	milter_client_end(&worker->line, begun);
}

/* Macros go out even where the event is not wanted, as Postfix's do. */
static enum load_verdict
send_event(struct load_worker *worker, const struct event *event, const char *const *macros, struct span data)
{
	put_macros(worker, event, macros);
	if (worker->steps & event->unwanted)
		return LOAD_CONTINUE;
	milter_client_put(&worker->line, event->command, data.at, data.length);
	return worker->steps & event->waived ? LOAD_CONTINUE : replies_read(worker, event->command);
}

/* What was put into worker->data. */
static struct span
data_of(const struct load_worker *worker)
{
	return (struct span){ worker->data.bytes, worker->data.length };
}

static struct span
path_of(struct load_worker *worker, const char *address)
{
	text_clear(&worker->data);
	text_format(&worker->data, "<%s>", address);
	text_char(&worker->data, '\0');
	return data_of(worker);
}

/* ---- a connection ---- */

static uint32_t
number_at(const struct text *data, size_t at)
{
	uint32_t number;

	memcpy(&number, data->bytes + at, sizeof number);
	return ntohl(number);
}

/* SETSYMLIST: from `at` on a stage's number and the names of its macros, for each stage. */
static void
lists_take(struct load_worker *worker, size_t at)
{
	const struct text *data = &worker->line.data;

	for (int i = 0; i <= SMFIM_LAST; i++) {
		free(worker->macros[i]);
		worker->macros[i] = NULL;
	}
	while (at + 5 <= data->length) {
		uint32_t stage = number_at(data, at);
		const char *names = data->bytes + at + 4;

		if (stage <= SMFIM_LAST && names[0] != '\0' && worker->macros[stage] == NULL)
			worker->macros[stage] = strdup(names);
		if (worker->shown)
			fprintf(stderr, "O -> macros for stage %u: %s\n", stage, names);
		at += 5 + strlen(names);
	}
}

static bool
offer_read(struct load_worker *worker, uint32_t *version, uint32_t *actions, uint32_t *steps)
{
	const struct text *data = &worker->line.data;
	char letter;

	if (!milter_client_read(&worker->line, &letter))
		return false;
	if (letter != SMFIC_OPTNEG || data->length < 12)
		return milter_client_fail(&worker->line, "no option negotiation");
	*version = number_at(data, 0);
	*actions = number_at(data, 4);
	*steps = number_at(data, 8);
	return true;
}

static bool
negotiate(struct load_worker *worker)
{
	const struct load_options *options = worker->options;
	uint32_t offer[] = { htonl((uint32_t)options->version), htonl(options->actions), htonl(options->protocol) };
	uint32_t version = 0, actions = 0, steps = 0;

	milter_client_put(&worker->line, SMFIC_OPTNEG, offer, sizeof offer);
	if (!offer_read(worker, &version, &actions, &steps))
		return false;
	lists_take(worker, sizeof offer);
	worker->steps = steps;
	if (worker->shown)
		fprintf(stderr, "O -> version %u actions 0x%x protocol 0x%x\n", version, actions, steps);
	if (steps & ~options->protocol)
		return milter_client_fail(&worker->line, "milter asks for protocol 0x%x, not offered",
		    steps & ~options->protocol);
	return !(actions & ~options->actions) || milter_client_fail(&worker->line, "milter asks for actions not offered");
}

static enum load_verdict
send_connect(struct load_worker *worker, const struct load_sender *sender)
{
	char both[LOAD_WORD + ADDRESS_TEXT + 4];
	const char *const macros[] = { "j", "mx.example.net", "{daemon_name}", "mx.example.net", "{daemon_addr}",
		"127.0.0.1", "v", "milterload", "_", both, NULL };
	uint16_t port = htons(CLIENT_PORT);

	snprintf(both, sizeof both, "%s [%s]", sender->name, sender->ip);
	text_clear(&worker->data);
	put_word(&worker->data, sender->name);
	text_char(&worker->data, sender->address.family == ADDRESS_V6 ? SMFIA_INET6 : SMFIA_INET);
	text_add(&worker->data, &port, sizeof port);
	put_word(&worker->data, sender->ip);
	return send_event(worker, &event_connect, macros, data_of(worker));
}

enum load_verdict
load_milter_connect(struct load_worker *worker, long number)
{
	static const char *const none[] = { NULL };
	struct load_sender sender;
	enum load_verdict verdict;

	if (!negotiate(worker))
		return LOAD_ERROR;
	load_sender_make(worker->options, number, &sender);
	verdict = send_connect(worker, &sender);
	if (verdict != LOAD_CONTINUE)
		return verdict;
	return send_event(worker, &event_helo, none, (struct span){ sender.helo, strlen(sender.helo) + 1 });
}

void
load_milter_quit(struct load_worker *worker)
{
	milter_client_put(&worker->line, SMFIC_QUIT, "", 0);
	milter_client_flush(&worker->line);
}

/* ---- a message ---- */

struct mail {
	const struct load_letter *letter;
	long number;
	char id[32]; /* the queue's */
	const char *macros[3];
};

static enum load_verdict
send_mail(struct load_worker *worker, const struct mail *mail)
{
	char from[LOAD_WORD];
	const char *const macros[] = { "{mail_addr}", from, "{mail_mailer}", "smtp", "{mail_host}", "", NULL };

	load_expand(worker->options, mail->number, worker->options->from, from);
	return send_event(worker, &event_mail, macros, path_of(worker, from));
}

static enum load_verdict
send_rcpt(struct load_worker *worker, const struct mail *mail, const char *rcpt)
{
	char address[LOAD_WORD];
	const char *const macros[] = { "i", mail->id, "{rcpt_addr}", address, "{rcpt_mailer}", "smtp", NULL };

	load_expand(worker->options, mail->number, rcpt, address);
	return send_event(worker, &event_rcpt, macros, path_of(worker, address));
}

/* Who is refused is left out; the last refusal counts when nobody is left. */
static enum load_verdict
send_rcpts(struct load_worker *worker, const struct mail *mail)
{
	enum load_verdict verdict = LOAD_CONTINUE;
	size_t accepted = 0;

	for (size_t i = 0; i < worker->options->rcpt_count; i++) {
		verdict = send_rcpt(worker, mail, worker->options->rcpts[i]);
		if (verdict != LOAD_CONTINUE && verdict != LOAD_REJECT && verdict != LOAD_TEMPFAIL)
			return verdict;
		accepted += verdict == LOAD_CONTINUE;
	}
	return accepted > 0 ? LOAD_CONTINUE : verdict;
}

static enum load_verdict
send_header(struct load_worker *worker, const struct mail *mail, const struct load_field *field)
{
	const char *value = field->value;

	if (!(worker->steps & SMFIP_HDR_LEADSPC) && *value == ' ')
		value++;
	text_clear(&worker->data);
	put_word(&worker->data, field->name);
	put_word(&worker->data, value);
	return send_event(worker, &event_header, mail->macros, data_of(worker));
}

static enum load_verdict
send_headers(struct load_worker *worker, const struct mail *mail)
{
	enum load_verdict verdict = LOAD_CONTINUE;

	for (size_t i = 0; i < mail->letter->count && verdict == LOAD_CONTINUE; i++)
		verdict = send_header(worker, mail, &mail->letter->fields[i]);
	return verdict;
}

/* Goes on behind a body of which the milter wants no more. */
static enum load_verdict
send_body(struct load_worker *worker, const struct mail *mail)
{
	struct span rest = mail->letter->body;

	while (rest.length > 0) {
		struct span chunk = { rest.at, rest.length < BODY_CHUNK ? rest.length : BODY_CHUNK };
		enum load_verdict verdict = send_event(worker, &event_body, mail->macros, chunk);

		if (verdict != LOAD_CONTINUE)
			return verdict == LOAD_SKIP ? LOAD_CONTINUE : verdict;
		if (worker->line.out.length >= 4 * BODY_CHUNK && !milter_client_flush(&worker->line))
			return LOAD_ERROR;
		rest.at += chunk.length;
		rest.length -= chunk.length;
	}
	return LOAD_CONTINUE;
}

/* From DATA to the last of the body. */
static enum load_verdict
send_content(struct load_worker *worker, const struct mail *mail)
{
	const struct span nothing = span_of("");
	enum load_verdict verdict = LOAD_CONTINUE;

	if (worker->options->version >= VERSION_WITH_DATA)
		verdict = send_event(worker, &event_data, mail->macros, nothing);
	if (verdict == LOAD_CONTINUE)
		verdict = send_headers(worker, mail);
	if (verdict == LOAD_CONTINUE)
		verdict = send_event(worker, &event_eoh, mail->macros, nothing);
	return verdict == LOAD_CONTINUE ? send_body(worker, mail) : verdict;
}

static enum load_verdict
send_end(struct load_worker *worker, const struct mail *mail)
{
	enum load_verdict verdict;

	worker->end_ns = monotonic_ns();
	verdict = send_event(worker, &event_end, mail->macros, span_of(""));
	verdict = verdict == LOAD_CONTINUE ? LOAD_ACCEPT : verdict;
	return verdict == LOAD_ACCEPT && worker->quarantined ? LOAD_QUARANTINE : verdict;
}

/* The milter has decided early: what is left of the message is not sent. */
static enum load_verdict
send_abort(struct load_worker *worker, enum load_verdict verdict)
{
	milter_client_put(&worker->line, SMFIC_ABORT, "", 0);
	return milter_client_flush(&worker->line) ? verdict : LOAD_ERROR;
}

enum load_verdict
load_milter_message(struct load_worker *worker, long number)
{
	const struct load_options *options = worker->options;
	struct mail mail = { .letter = &options->letters[(size_t)number % options->letter_count],
		.number = number,
		.macros = { "i", mail.id, NULL } };
	enum load_verdict verdict;

	worker->quarantined = false;
	snprintf(mail.id, sizeof mail.id, "%08lX%04X", (unsigned long)number, (unsigned)(getpid() & 0xffff));
	verdict = send_mail(worker, &mail);
	if (verdict == LOAD_CONTINUE)
		verdict = send_rcpts(worker, &mail);
	if (verdict == LOAD_CONTINUE)
		verdict = send_content(worker, &mail);
	if (verdict == LOAD_CONTINUE)
		return send_end(worker, &mail);
	return verdict == LOAD_ERROR || verdict == LOAD_SHUTDOWN ? verdict : send_abort(worker, verdict);
}
