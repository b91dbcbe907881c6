#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/smtp/message.h"
#include "milter/state/engine.h"
#include "milter/tool/cmd.h"
#include "milter/tool/recorded_message.h"
#include "milter/tool/records.h"
#include "policy/mail/mail_text.h"
#include "policy/review/verdict_record.h"

enum {
	PATIENCE_MS = 20 * 1000, /* for all sources together */
	MESSAGE_FILE_MAX = 256 * 1024 * 1024,
	CHUNK = 65535 /* bytes of body per call, as an MTA sends them */
};

struct request {
	const char *client, *helo, *mail_from, *from, *message;
	const char **rcpts;
	size_t rcpt_count;
	const char *id, *line; /* of a message that was judged before; NULL */
	bool json;
	char *bytes; /* of the message; NULL: not given */
	size_t length;
};

/* ---- the message, passed on as an MTA would ---- */

static char *
read_stream(FILE *file, size_t *length)
{
	char *bytes = NULL, *grown;
	size_t room = 0, got;

	*length = 0;
	do {
		if (room - *length < CHUNK) {
			room = room * 2 + CHUNK;
			grown = room > MESSAGE_FILE_MAX ? NULL : realloc(bytes, room + 1);
			if (grown == NULL) {
				free(bytes);
				errno = EFBIG;
				return NULL;
			}
			bytes = grown;
		}
		got = fread(bytes + *length, 1, room - *length, file);
		*length += got;
	} while (got > 0);
	if (ferror(file)) { /* for example, a directory */
		free(bytes);
		return NULL;
	}
	bytes[*length] = '\0';
	return bytes;
}

static char *
read_message(const char *path, size_t *length)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *bytes = file == NULL ? NULL : read_stream(file, length);

	if (bytes == NULL)
		fprintf(stderr, "greenlane: %s: cannot be read: %s\n", path, strerror(errno));
	if (file != NULL && file != stdin)
		fclose(file);
	return bytes;
}

/* Returns 0, or the exit status. */
static int
load_message(struct request *request)
{
	const char *foreign;

	if (request->message == NULL)
		return 0;
	if (strcmp(request->message, "-") != 0 && !cmd_may(request->message, R_OK))
		return EX_NOPERM;
	request->bytes = read_message(request->message, &request->length);
	if (request->bytes == NULL)
		return EX_NOINPUT;
	foreign = mail_text_foreign(request->bytes, request->length);
	if (foreign == NULL)
		return 0;
	fprintf(stderr, "greenlane: %s: not a message: %s\n", request->message, foreign);
	return EX_DATAERR;
}

/* Lines end in CRLF on the wire, whatever the file has. */
static void
feed_body(struct message *message, struct mail_text *text)
{
	unsigned char chunk[CHUNK];
	size_t n = 0, length;
	char *line;

	while (mail_text_line(text, &line, &length))
		for (size_t at = 0; at < length + 2; at++) {
			if (n == sizeof chunk) {
				message_body(message, chunk, n);
				n = 0;
			}
			chunk[n++] = (unsigned char)(at < length ? line[at] : "\r\n"[at - length]);
		}
	if (n > 0)
		message_body(message, chunk, n);
}

/* An MTA seldom reads odd lines as their writer meant them. */
static void
tell_flaws(const struct mail_text *text, const char *path)
{
	for (enum mail_flaw flaw = 0; flaw < MAIL_FLAWS; flaw++)
		if (text->flaws[flaw] > 0)
			fprintf(stderr, "greenlane: %s:%zu: %s\n", path, text->flaws[flaw], mail_flaw_text(flaw));
}

static void
feed(struct message *message, const struct request *request)
{
	struct mail_text text;
	struct mail_field field;

	mail_text_open(&text, request->bytes, request->length);
	while (mail_text_field(&text, &field))
		message_header(message, field.name, field.value);
	tell_flaws(&text, request->message);
	if (message_headers_end(message))
		feed_body(message, &text);
}

static void
feed_author(struct message *message, const char *from)
{
	char *value = NULL;

	if (from != NULL && asprintf(&value, " %s", from) >= 0)
		message_header(message, "From", value);
	free(value);
	(void)message_headers_end(message);
}

/* ---- what is printed ---- */

static void
print_text(const struct ending *ending, const struct text *why)
{
	fputs(why->bytes, stdout);
	if (ending->replies)
		printf("reply      %s %s %s\n", ending->reply.code, ending->reply.enhanced, ending->reply.text);
	if (ending->forged_count > 0)
		printf("headers    %zu forged Authentication-Results would be removed\n", ending->forged_count);
}

static void
print_json(const struct message *message, const struct text *why)
{
	struct verdict_record record;
	struct text json;

	message_verdict_record(message, &record);
	record.explanation = why->bytes;
	text_open(&json, VERDICT_JSON_MAX);
	verdict_record_write_json(&record, &json);
	puts(json.bytes);
	text_close(&json);
}

static int
finish(struct message *message, const struct request *request)
{
	struct ending ending;
	struct text why;

	message_end(message, &ending);
	text_open(&why, 64 * 1024);
	explain_write(message_judge(message), message_facts(message), message_verdict(message), &why);
	if (request->json)
		print_json(message, &why);
	else
		print_text(&ending, &why);
	text_close(&why);
	return explain_status(ending.action);
}

static int
judge_message(const struct services *services, const struct smtp_client *client, const struct request *request)
{
	struct message *message;
	struct reply reply;
	int status = EX_OSERR;

	message = message_open(services, client, request->mail_from == NULL ? "" : request->mail_from, "");
	if (message != NULL) {
		/* without a store, no recipient is refused here */
		for (size_t i = 0; i < request->rcpt_count; i++)
			if (!message_rcpt(message, request->rcpts[i], &reply))
				break;
		if (request->bytes != NULL)
			feed(message, request);
		else
			feed_author(message, request->from);
		status = finish(message, request);
	}
	message_close(message);
	return status;
}

static int
explain(struct policy *policy, const struct smtp_client *client, const struct request *request)
{
	struct engine engine;
	struct fault why;
	int status = EX_UNAVAILABLE;
	bool ready;

	ready = engine_open(&engine, &policy->settings, NULL, "", &why);
	if (ready) {
		refresh_read_copies(engine.refresh, policy->settings.state_dir);
		ready = refresh_adopt(engine.refresh, policy, PATIENCE_MS, &why);
	} else {
		policy_free(policy);
	}
	if (ready) {
		struct services services = { .resolver = engine.resolver,
			.dkim = engine.dkim,
			.suffixes = &engine.suffixes,
			.snapshots = engine.snapshots,
			.first_contact = true };

		refresh_now(engine.refresh, false); /* the copies may be old if the daemon is down */
		status = judge_message(&services, client, request);
	} else {
		cmd_fault(&why);
	}
	engine_close(&engine);
	return status;
}

static unsigned
not_given(const struct request *request)
{
	return (request->helo == NULL ? GIVEN_HELO : 0u) | (request->mail_from == NULL ? GIVEN_MAIL_FROM : 0u) |
	    (request->from == NULL && request->message == NULL ? GIVEN_FROM : 0u) |
	    (request->message == NULL ? GIVEN_MESSAGE : 0u) | (request->rcpt_count == 0 ? GIVEN_RCPT : 0u);
}

/* ---- a message that was judged before ---- */

/* What a log line, or a record that does not say enough, tells of it. */
static void
take_recorded(struct request *request, const struct recorded *recorded, struct smtp_client *client)
{
	const struct facts *facts = &recorded->facts;

	client->address = facts->client;
	request->helo = facts->helo[0] == '\0' ? NULL : facts->helo;
	request->mail_from = facts->mail_from;
	request->from = recorded->from[0] == '\0' ? NULL : recorded->from;
	request->rcpts = facts->rcpts;
	request->rcpt_count = facts->rcpt_count;
}

static int
explain_recorded(struct policy *policy, struct smtp_client *client, struct request *request)
{
	struct recorded_message message;
	int status = request->id != NULL
	    ? recorded_message_find(policy, request->id, &message)
	    : recorded_message_read(request->line, &message);

	if (status != 0 || recorded_message_explain(policy, &message, request->json, &status)) {
		policy_free(policy);
	} else {
		take_recorded(request, &message.recorded, client);
		client->helo = request->helo == NULL ? "" : request->helo;
		client->not_given = not_given(request);
		status = explain(policy, client, request);
	}
	recorded_message_close(&message);
	return status;
}

/* ---- options ---- */

/* Either a message that was judged before, or a client and at most one form of the author. */
static bool
is_whole(const struct request *request)
{
	bool fields = request->client != NULL || request->helo != NULL || request->mail_from != NULL ||
	    request->from != NULL || request->message != NULL || request->rcpt_count > 0;

	if (request->id != NULL || request->line != NULL)
		return !fields && (request->id == NULL || request->line == NULL);
	return request->client != NULL && (request->message == NULL || request->from == NULL);
}

static bool
read_options(struct request *request, const char **config, int argc, char **argv)
{
	static const struct option options[] = { { "client", required_argument, NULL, 'i' },
		{ "helo", required_argument, NULL, 'H' }, { "mail-from", required_argument, NULL, 'm' },
		{ "from", required_argument, NULL, 'f' }, { "rcpt", required_argument, NULL, 'r' },
		{ "message", required_argument, NULL, 'M' }, { "id", required_argument, NULL, 'I' },
		{ "line", required_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = cmd_option(&cmd_explain, config, argc, argv, options)) != -1) {
		switch (option) {
		case 'i':
			request->client = optarg;
			break;
		case 'H':
			request->helo = optarg;
			break;
		case 'm':
			request->mail_from = optarg;
			break;
		case 'f':
			request->from = optarg;
			break;
		case 'r':
			request->rcpts[request->rcpt_count++] = optarg;
			break;
		case 'M':
			request->message = optarg;
			break;
		case 'I':
			request->id = records_id(optarg);
			break;
		case 'l':
			request->line = optarg;
			break;
		case 'j':
			request->json = true;
			break;
		default:
			return false;
		}
	}
	return optind == argc && is_whole(request);
}

static int
run(const char *config, int argc, char **argv)
{
	struct request request = { 0 };
	struct smtp_client client = { .name = "", .daemon_name = "", .replies_at_rcpt = true };
	char host[256] = "";
	const char **rcpts = calloc((size_t)argc + 1, sizeof *rcpts);
	struct policy *policy;
	int status;

	if (rcpts == NULL)
		return EX_OSERR;
	request.rcpts = rcpts;
	if (!read_options(&request, &config, argc, argv)) {
		status = cmd_usage(&cmd_explain);
	} else if (request.client != NULL && !address_read(request.client, &client.address)) {
		fprintf(stderr, "greenlane: --client '%s' is not an IP address; write 192.0.2.1\n", request.client);
		status = EX_USAGE;
	} else if ((status = load_message(&request)) != 0) {
		/* the error has been printed */
	} else if ((policy = cmd_load(config)) == NULL) {
		status = EX_CONFIG;
	} else {
		gethostname(host, sizeof host - 1);
		client.mta_name = host;
		if (request.client == NULL) {
			status = explain_recorded(policy, &client, &request);
			free(rcpts);
			return status;
		}
		client.helo = request.helo == NULL ? "" : request.helo;
		client.not_given = not_given(&request);
		status = explain(policy, &client, &request);
	}
	free(request.bytes);
	free(rcpts);
	return status;
}

const struct command cmd_explain = { "explain",
	"--client IP [--helo H] [--mail-from A] [--from A | --message FILE] [--rcpt A]... [--json] | --id ID | --line FILE",
	"judge one message as the daemon would, and say why", run };
