#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "milter/smtp/author_fields.h"
#include "milter/smtp/gather.h"
#include "milter/smtp/greylisting.h"
#include "milter/smtp/message.h"
#include "milter/smtp/message_parts.h"
#include "milter/smtp/refusals.h"
#include "milter/smtp/relayed_client.h"
#include "milter/system/clock.h"
#include "policy/mail/authres.h"
#include "policy/mail/dmarc.h"
#include "policy/util/domain.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/own.h"

/* ---- opening and closing ---- */

static void
make_id(char *out, size_t size)
{
	static atomic_uint counter;
	unsigned number = atomic_fetch_add(&counter, 1);

	/* process id and counter keep ids of the same second distinct, also across a restart */
	snprintf(out, size, "%llx.%x.%x", (unsigned long long)clock_now(), (unsigned)getpid() & 0xffff, number & 0xffffff);
}

static const char *
or_empty(const char *string)
{
	return string == NULL ? "" : string;
}

static void
set_client(struct facts *facts, const struct smtp_client *client)
{
	facts->client = client->address;
	facts->port = client->port;
	facts->client_name = or_empty(client->name);
	facts->iprev.by_mta = or_empty(client->confirmed)[0] == '\0' ? NULL : client->confirmed;
	facts->helo = or_empty(client->helo);
	facts->daemon_name = or_empty(client->daemon_name);
	facts->not_given = client->not_given;
}

/* "<a@b> " to "a@b", in the arena; the parameters of MAIL are other arguments. */
static const char *
bare_path(struct arena *arena, const char *path)
{
	size_t length = strlen(path);

	if (length >= 2 && path[0] == '<' && path[length - 1] == '>') {
		path++;
		length -= 2;
	}
	return arena_copy(arena, path, length);
}

static bool
set_sender(struct message *message, const char *path)
{
	struct facts *facts = &message->facts;
	char helo[DOMAIN_TEXT];

	facts->mail_from = bare_path(message->arena, path);
	if (facts->mail_from == NULL)
		return false;
	facts->null_sender = facts->mail_from[0] == '\0';
	if (!mailbox_read_path(message->arena, path, &facts->sender))
		facts->sender = (struct mailbox){ "", "", facts->mail_from };
	facts->spf.domain = facts->sender.domain;
	if (facts->null_sender && domain_read(facts->helo, strlen(facts->helo), helo, NULL))
		facts->spf.domain = arena_string(message->arena, helo);
	if (facts->not_given & GIVEN_MAIL_FROM) { /* nor the null sender: its HELO name would be asked */
		facts->null_sender = false;
		facts->spf = (struct spf_fact){ .result = AUTH_NONE, .domain = "" };
	}
	return facts->spf.domain != NULL;
}

static bool
begin(struct message *message, const struct smtp_client *client, const char *path, const char *auth)
{
	struct facts *facts = &message->facts;

	message->snapshot = snapshot_borrow(message->services->snapshots);
	message->arena = arena_open(MESSAGE_ARENA_MAX);
	if (message->snapshot == NULL || message->arena == NULL)
		return false;
	message->judge = &message->snapshot->judge;
	message->budget.left_ms = message->judge->policy->settings.milter.deadline_ms;
	if (client->patience_ms > 0 && client->patience_ms < message->budget.left_ms)
		message->budget.left_ms = client->patience_ms;
	message->reserve_ms = message->budget.left_ms / 8;
	message->dmarc_walks = DMARC_WALKS_MAX;
	message->client = client;
	make_id(message->id, sizeof message->id);
	set_client(facts, client);
	facts->auth = arena_string(message->arena, or_empty(auth));
	facts->from_raw = facts->message_id = facts->via = "";
	facts->now = clock_now();
	facts->peer = facts->client;
	return facts->auth != NULL && set_sender(message, path);
}

struct message *
message_open(const struct services *services, const struct smtp_client *client, const char *path, const char *auth)
{
	struct message *message = calloc(1, sizeof *message);
	int64_t start = clock_ticks();

	if (message == NULL)
		return NULL;
	message->services = services;
	message->qid = "";
	author_fields_open(message);
	if (!begin(message, client, path, auth)) {
		message_close(message);
		return NULL;
	}
	message->facts.stage = STAGE_MAIL;
	message->asks_at_rcpt = UNKNOWN;
	relayed_client_begin(message);
	message->exempt = verdict_exempts(message->judge->policy, &message->facts) != REASON_NONE;
	gather(message);
	message->spent += clock_ticks() - start;
	return message;
}

void
message_close(struct message *message)
{
	if (message == NULL)
		return;
	refusals_write(message);
	dkim_check_close(message->dkim);
	author_fields_close(message);
	if (message->snapshot != NULL)
		snapshot_return(message->services->snapshots, message->snapshot);
	arena_close(message->arena);
	free(message);
}

/*
 * Without memory, data looks like something else: a sender without a domain, a From that cannot be read. The arena
 * remembers that it failed, so that such a message is not judged by wrong data.
 */
static void
note_memory(struct message *message)
{
	if (arena_failed(message->arena) || message->from.failed || message->sender.failed)
		message->facts.failed = true;
}

void
message_queue_id(struct message *message, const char *qid)
{
	const char *copy = message->qid[0] == '\0' ? arena_string(message->arena, qid) : NULL;

	if (copy != NULL)
		message->qid = copy;
}

/* Makes room for one more recipient: most mails have one, some a thousand. If memory runs out, the arena remembers. */
static void
make_rcpt_room(struct message *message)
{
	struct facts *facts = &message->facts;
	size_t room = message->rcpt_room == 0 ? 8 : message->rcpt_room * 2;
	const char **rcpts;
	struct mailbox *mailboxes;

	if (facts->rcpt_count < message->rcpt_room || facts->rcpt_count == RCPTS_MAX)
		return;
	room = room < RCPTS_MAX ? room : RCPTS_MAX;
	rcpts = arena_take(message->arena, room * sizeof *rcpts);
	mailboxes = arena_take(message->arena, room * sizeof *mailboxes);
	if (rcpts == NULL || mailboxes == NULL)
		return;
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		rcpts[i] = facts->rcpts[i];
		mailboxes[i] = facts->rcpt_mailboxes[i];
	}
	facts->rcpts = rcpts;
	facts->rcpt_mailboxes = mailboxes;
	message->rcpt_room = room;
}

bool
message_rcpt(struct message *message, const char *path, struct reply *out)
{
	struct facts *facts = &message->facts;
	int64_t start = clock_ticks();
	struct mailbox mailbox;
	const char *rcpt;
	bool passes;

	facts->stage = STAGE_RCPT;
	rcpt = bare_path(message->arena, path);
	if (rcpt == NULL || !mailbox_read_path(message->arena, path, &mailbox))
		mailbox = (struct mailbox){ "", "", rcpt };
	make_rcpt_room(message);
	note_memory(message);
	if (facts->failed) { /* recipient and sender may be incomplete */
		verdict_judge(message->judge, facts, &message->verdict);
		return !explain_reply(&message->verdict, message->verdict.action, message->id,
		    message->judge->policy->settings.contact, 0, out);
	}
	passes = refusals_rcpt(message, rcpt, &mailbox, out);
	if (facts->rcpt_count == RCPTS_MAX)
		return passes; /* the MTA's own limit is lower; the log lists the first RCPTS_MAX */
	if (passes && !message->exempt)
		passes = greylisting_at_rcpt(message, rcpt, out);
	if (passes) {
		facts->rcpt_mailboxes[facts->rcpt_count] = mailbox;
		facts->rcpts[facts->rcpt_count++] = rcpt;
	}
	message->spent += clock_ticks() - start;
	return passes;
}

/* ---- headers ---- */

/* The name of our Authentication-Results (RFC 8601, 2.5). */
static const char *
authserv_id_of(const struct message *message)
{
	static const char unknown[] = "localhost";
	const char *id = message->judge->policy->settings.authserv_id;

	if (id[0] != '\0')
		return id;
	return message->client->mta_name[0] != '\0' ? message->client->mta_name : unknown;
}

static void
note_results(struct message *message, const char *value)
{
	message->results_seen++;
	if (!authres_bears(value, strlen(value), authserv_id_of(message)))
		return;
	if (message->forged_count == message->forged_room) {
		size_t room = message->forged_room == 0 ? 16 : message->forged_room * 2;
		unsigned *grown = room > MESSAGE_FORGED_MAX ? NULL : arena_take(message->arena, room * sizeof *grown);

		if (grown == NULL) {
			/* a forged field that stays would be believed: such mail must not pass */
			message->facts.failed = true;
			return;
		}
		if (message->forged_count > 0)
			memcpy(grown, message->forged, message->forged_count * sizeof *grown);
		message->forged = grown;
		message->forged_room = room;
	}
	message->forged[message->forged_count++] = message->results_seen;
}

static void
note_message_id(struct message *message, const char *value)
{
	struct span id = span_trim(span_of(value));
	const char *copy = arena_copy(message->arena, id.at, id.length < 512 ? id.length : 512);

	if (message->facts.message_id[0] == '\0' && copy != NULL)
		message->facts.message_id = copy;
}

/* Kept as received: read only if a signature does not cover them. */
static void
note_reply_to(struct message *message, const char *value)
{
	size_t length = strlen(value);

	if (message->reply_fields < REPLY_FIELDS_MAX)
		message->replies[message->reply_fields] = length > MAILBOX_FIELD_MAX
		    ? NULL
		    : arena_copy(message->arena, value, length);
	message->reply_fields++;
}

static enum standing
signer_standing(const void *context, const char *d)
{
	return policy_signer_standing(context, d);
}

static bool
wants_dkim(const struct message *message)
{
	const struct policy *policy = message->judge->policy;

	return !message->exempt &&
	    (policy->settings.strangers.authenticate || policy->vendor_count > 0 || policy->own.domains.count > 0);
}

static void
feed_header(struct message *message, const char *name, const char *value)
{
	if (message->dkim == NULL)
		message->dkim = dkim_check_open(message->services->dkim, message->arena, message->id, signer_standing,
		    message->judge->policy);
	if (message->dkim == NULL || !dkim_check_header(message->dkim, name, value))
		message->facts.failed = true;
}

void
message_header(struct message *message, const char *name, const char *value)
{
	struct span field = span_trim(span_of(name));

	if (authres_is_field(name))
		note_results(message, value);
	if (span_is_nocase(field, "Message-ID"))
		note_message_id(message, value);
	if (message->exempt)
		return;
	relayed_client_header(message, name, value);
	author_fields_header(message, field, value);
	if (span_is_nocase(field, "Reply-To"))
		note_reply_to(message, value);
	if (wants_dkim(message) && !message->facts.failed)
		feed_header(message, name, value);
}

bool
message_headers_end(struct message *message)
{
	int64_t start = clock_ticks();

	message->headers_ended = true;
	if (message->exempt)
		return false;
	author_fields_settle(message);
	if (!claims_settle(message->judge->policy, message->arena, &message->facts))
		message->facts.failed = true;
	relayed_client_settle(message);
	message->body_wanted = message->dkim != NULL && !message->facts.failed && dkim_check_headers_end(message->dkim);
	message->facts.stage = STAGE_HEADERS;
	gather_ahead(message);
	gather(message);
	message->spent += clock_ticks() - start;
	return message->body_wanted;
}

bool
message_wants_body(const struct message *message)
{
	return message->body_wanted && !message->facts.failed;
}

void
message_body(struct message *message, const unsigned char *bytes, size_t length)
{
	int64_t start = clock_ticks();

	if (message_wants_body(message) && !dkim_check_body(message->dkim, bytes, length))
		message->facts.failed = true;
	message->spent += clock_ticks() - start;
}

/* ---- the end ---- */

static bool
is_near_author(const struct message *message, const char *domain)
{
	const struct facts *facts = &message->facts;

	for (size_t i = 0; i < facts->author_count; i++)
		if (suffix_relates(message->services->suffixes, domain, facts->authors[i].mailbox.domain))
			return true;
	return false;
}

/* Each field separately: if joined, a comment opened in one could hide the next. */
static bool
read_replies(struct message *message, struct mailbox_list *list)
{
	bool clear = message->reply_fields <= REPLY_FIELDS_MAX;

	for (size_t i = 0; i < message->reply_fields && i < REPLY_FIELDS_MAX; i++) {
		const char *value = message->replies[i];

		if (value != NULL && span_trim(span_of(value)).length == 0)
			continue; /* it holds no address */
		clear = value != NULL && mailbox_read_from(message->arena, value, strlen(value), list) && clear;
	}
	return clear && list->count <= REPLIES_MAX;
}

/* Finds whom a reply would reach, if someone who resends signed mail could have changed that. */
static void
settle_replies(struct message *message)
{
	struct facts *facts = &message->facts;
	struct mailbox_list list = { .count = 0 };
	bool open = false;

	for (size_t i = 0; i < facts->dkim_count; i++)
		open = open || (facts->dkim[i].counts && facts->dkim[i].reply_open);
	if (!open)
		return;
	facts->replies_unclear = !read_replies(message, &list);
	facts->replies = arena_take(message->arena, REPLIES_MAX * sizeof *facts->replies);
	if (facts->replies == NULL) {
		facts->failed = true;
		return;
	}
	for (size_t i = 0; i < list.count && i < REPLIES_MAX; i++) {
		facts->replies[i] = (struct reply_to){ list.list[i], is_near_author(message, list.list[i].domain) };
		facts->reply_count++;
	}
}

static void
finish_dkim(struct message *message)
{
	struct facts *facts = &message->facts;
	int64_t quarter = 2 * message->reserve_ms; /* the sender chooses the keys: keep some budget for DMARC */
	int64_t kept = message->budget.left_ms < quarter ? message->budget.left_ms : quarter;

	message->budget.left_ms -= kept;
	if (message->dkim != NULL && !facts->failed &&
	    !dkim_check_end(message->dkim, &message->budget, message->judge->policy->settings.dkim.max_age, facts))
		facts->failed = true;
	message->budget.left_ms += kept;
	settle_replies(message);
	facts->dkim_done = true;
	facts->stage = STAGE_EOM;
}

static char *
keep(struct message *message, struct text *text)
{
	char *copy = text->cut || text->failed ? NULL : arena_copy(message->arena, text->bytes, text->length);

	text_close(text);
	return copy;
}

/* False: out of memory; mail does not pass without these headers. */
static bool
write_headers(struct message *message, struct ending *out)
{
	const char *id = authserv_id_of(message);
	struct text text;

	text_open(&text, AUTHRES_MAX);
	authres_write(&message->facts, id, &text);
	out->results = keep(message, &text);
	text_open(&text, AUTHRES_MAX);
	authres_write_outcome(outcome_word(message->verdict.outcome), verdict_vendor(&message->verdict),
	    message->grey == GREYLIST_DUE && message->tries.count > 0 ? message->tries.waited : -1,
	    message->done == ACTION_TAG, id, &text);
	out->outcome = keep(message, &text);
	return out->results != NULL && out->outcome != NULL;
}

/* Notes when each authorised address was last used, so that old servers can be removed from the list. */
static void
note_outbound(const struct message *message)
{
	const struct facts *facts = &message->facts;

	if (own_is_outbound(message->judge->policy, facts))
		(void)usage_note(message->services->usage, USAGE_OUTBOUND, message->judge->policy->own.name,
		    &facts->client, facts->now);
}

/* A vendor sends in our name without a delegation: logs the line that would allow it. */
static void
tell_delegation(const struct message *message)
{
	struct text text;

	text_open(&text, 1024);
	if (explain_delegation(&message->verdict, &text))
		journal_say(message->services->journal, LOG_NOTICE,
		    "%s sends in our own name and no delegation allows it (id %s); if it may: delegations = ( %s );",
		    verdict_claim(&message->verdict)->sender->name, message->id, text.bytes);
	text_close(&text);
}

/* Notes who sends, for the drift of sources: which lists are used, and proven mail from unlisted addresses. */
static void
note_usage(const struct message *message)
{
	const struct services *services = message->services;
	const struct facts *facts = &message->facts;
	const struct relay *relay = message->verdict.relay;
	/* a forwarder's or a load balancer's address is its own: it is in no vendor's sources, and need not be */
	bool sent_on = (relay != NULL && relay->kind == RELAY_FORWARDER) || facts_hide_client(facts);
	char client[ADDRESS_TEXT];

	for (size_t i = 0; !sent_on && i < message->verdict.claim_count; i++) {
		const struct claim *claim = &message->verdict.claims[i];

		if (claim->source != NULL) /* for a claim of our own names: a source of the vendor that sent it */
			(void)usage_note(services->usage, USAGE_LISTED, claim->source->text, &facts->client, facts->now);
		if (claim->source == NULL && claim->listed == NO && claim->dkim == YES &&
		    claim->vendor->source_count > 0 &&
		    usage_note(services->usage, USAGE_UNLISTED, claim->vendor->name, &facts->client, facts->now))
			journal_say(services->journal, LOG_WARNING,
			    "drift: DKIM proves mail of %s from %s, which none of its sources lists (id %s)",
			    claim->vendor->name, address_write(&facts->client, client), message->id);
	}
}

/* The policy delegation let the mail past the greylister: was that right? */
static void
settle_promise(const struct message *message)
{
	const struct verdict *verdict = &message->verdict;
	bool vouched = verdict->outcome == OUTCOME_VOUCHED;
	char vendor[VENDOR_NAME_TEXT], client[ADDRESS_TEXT];

	if (!message->exempt && promise_settle(message->services->promises, &message->facts, vouched, vendor) && !vouched)
		journal_say(message->services->journal, LOG_NOTICE,
		    "promise revoked: %s was let past the greylister for %s, but is %s (%s; id %s)",
		    address_write(&message->facts.client, client), vendor, outcome_word(verdict->outcome),
		    reason_slug(verdict->reason), message->id);
}

/* Judges, and decides what to do. */
static void
decide(struct message *message, struct ending *out)
{
	verdict_judge(message->judge, &message->facts, &message->verdict);
	greylisting_at_end(message);
	out->action = message->done;
	out->replies = explain_reply(&message->verdict, out->action, message->id,
	    message->judge->policy->settings.contact, message->wait, &out->reply);
}

void
message_end(struct message *message, struct ending *out)
{
	int64_t start = clock_ticks();

	*out = (struct ending){ .forged = message->forged, .forged_count = message->forged_count };
	if (!message->headers_ended)
		message_headers_end(message);
	if (!message->exempt) {
		message->facts.now = clock_now();
		greylisting_ahead(message);
		finish_dkim(message);
		gather(message);
	}
	note_memory(message);
	decide(message, out);
	if (!out->replies && !message->exempt && !write_headers(message, out)) {
		message->facts.failed = true;
		decide(message, out);
	}
	if (out->action == ACTION_QUARANTINE)
		out->quarantine = arena_format(message->arena, "greenlane: %s %s%s (%s)", message->id,
		    verdict_claim(&message->verdict) == NULL ? "is a stranger" : "claims ",
		    verdict_vendor(&message->verdict), reason_slug(message->verdict.reason));
	note_usage(message);
	note_outbound(message);
	relayed_client_note(message);
	tell_delegation(message);
	settle_promise(message);
	message->ended = true;
	message->spent += clock_ticks() - start;
	greylisting_write(message);
}

const struct facts *
message_facts(const struct message *message)
{
	return &message->facts;
}

const struct verdict *
message_verdict(const struct message *message)
{
	return &message->verdict;
}

const struct judge *
message_judge(const struct message *message)
{
	return message->judge;
}

void
message_verdict_record(const struct message *message, struct verdict_record *out)
{
	*out = (struct verdict_record){ .id = message->id,
		.qid = message->qid,
		.when = clock_now_ms(),
		.judge = message->judge,
		.facts = &message->facts,
		.verdict = &message->verdict,
		.stage = message->ended ? STAGE_EOM : STAGE_RCPT,
		.action = message->done,
		.would = message->would,
		.rcpts = message->facts.rcpts,
		.rcpt_count = message->facts.rcpt_count,
		.greylist = message->grey,
		.tries = message->tries,
		.passed_by = message->passed_by,
		.ms = message->spent / 1000 };
}
