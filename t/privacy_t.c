/* What log.privacy hides: addresses in every form, Message-IDs, what SPF made of a local part; and which records can no longer be judged. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/privacy.h"
#include "policy/util/hash.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

static struct arena *arena;

/* Anybody could compute it: what is tested is where it is used. */
static bool
open_hash(const void *key, const void *bytes, size_t length, uint64_t *out)
{
	*out = hash_bytes(HASH_START, bytes, length);
	return key != NULL;
}

static const struct privacy by = { &arena, open_hash, "abcdefgh" };
static const struct privacy broken = { NULL, open_hash, "abcdefgh" };

/* Sixteen letters after each '~' become "#". */
static const char *
folded(const char *text)
{
	static char out[4096];
	size_t length = 0;

	while (text != NULL && *text != '\0' && length < sizeof out - 3) {
		size_t letters = 0;

		out[length++] = *text;
		while (*text == '~' && text[1 + letters] >= 'a' && text[1 + letters] <= 'p' && letters < PRIVACY_HASH)
			letters++;
		if (letters == PRIVACY_HASH)
			out[length++] = '#';
		text += 1 + (letters == PRIVACY_HASH ? letters : 0);
	}
	out[length] = '\0';
	return out;
}

/* ---- addresses ---- */

static const struct {
	const char *address, *shown;
} addresses[] = {
	{ "anna@rx.example", "~#@rx.example" },
	{ "<anna@rx.example>", "<~#@rx.example>" },
	{ "anna@RX.Example", "~#@rx.example" },
	{ "", "" },
	{ "<>", "<>" },
	{ "postmaster", "~#" },
	{ "anna@[192.0.2.1]", "~#" },
	{ "\"anna b\"@rx.example", "~#@rx.example" },
	{ "\"anna@inner.example\"@rx.example", "~#@rx.example" },
	{ "anna@inner.example@rx.example", "~#@rx.example" },
	{ "@hop.example:anna@rx.example", "~#@rx.example" },
	{ "anna..b@rx.example", "~#@rx.example" },
	{ "anna(x@rx.example", "~#@rx.example" },
	{ "anna@rx..example", "~#" },
	{ "anna@rx.example anna", "~#@rx.example.anna" },
	{ "anna@rx.example/anna", "~#" },
	{ "\xc3\xbc@rx.example", "~#@rx.example" },
	{ "~abcdefghijklmnop@rx.example", "~#@rx.example" },
	{ "anna@", "~#" },
};

static const struct {
	const char *id, *shown;
} ids[] = {
	{ "<1.anna@mail.example>", "<~#@mail.example>" },
	{ "1.anna@mail.example", "~#@mail.example" },
	{ "<anna>", "<~#>" },
	{ "<anna@b@mail.example>", "<~#@mail.example>" },
	{ "<anna@anna anna>", "<~#>" },
	{ "<x@anna!>", "<~#>" },
	{ "", "" },
};

static const struct {
	const char *a, *b;
	bool same;
} pairs[] = {
	{ "anna@rx.example", "ANNA@rx.example", true },
	{ "anna@rx.example", "\"anna\"@rx.example", true },
	{ "anna@rx.example", "@hop.example:anna@rx.example", true },
	{ "anna@rx.example", "anne@rx.example", false },
	{ "anna@rx.example", "anna@ry.example", false },
	{ "anna@[192.0.2.1]", "anna@[192.0.2.2]", false },
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
		is(folded(privacy_address(&by, arena, addresses[i].address)), addresses[i].shown, "%s",
		    addresses[i].address);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		is(folded(privacy_message_id(&by, arena, ids[i].id)), ids[i].shown, "%s", ids[i].id);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		ok((strcmp(privacy_address(&by, arena, pairs[i].a), privacy_address(&by, arena, pairs[i].b)) == 0) ==
			pairs[i].same,
		    "%s and %s are %s", pairs[i].a, pairs[i].b, pairs[i].same ? "one" : "two");
	is(privacy_address(&broken, arena, "anna@rx.example"), "~@rx.example", "%s",
	    "without a hash nothing is shown all the same");
}

/* ---- facts ---- */

static struct facts
facts_of(const char *sender)
{
	struct facts facts = { .mail_from = sender,
		.sender = { "", "", sender },
		.helo = "",
		.client_name = "",
		.auth = "",
		.message_id = "",
		.from_raw = "",
		.spf = { AUTH_PASS, false, "" } };

	if (mailbox_read_path(arena, sender, &facts.sender))
		facts.spf.domain = facts.sender.domain;
	return facts;
}

static struct facts
shown_of(const struct facts *facts)
{
	const struct verdict_record record = { .facts = facts };
	struct verdict_record out;
	struct facts shown;

	if (!privacy_hide(&by, arena, &record, &shown, &out) || out.shown != &shown ||
	    strcmp(out.hidden_by, by.key_id) != 0)
		abort();
	return shown;
}

static const struct {
	const char *sender, *silent, *shown;
} silences[] = {
	{ "anna.b@m.example", "anna.b._spf.m.example", "~#" },
	{ "anna.b@m.example", "b.ANNA._spf.m.example", "~#" },
	{ "anna@m.example", "m.example", "m.example" },
	{ "anna@m.example", "_spf.m.example", "_spf.m.example" },
	{ "anna@anna.example", "anna.example", "anna.example" },
	{ "anna@m.example", "anna.other.example", "~#" },
	{ "anna@m.example", "spf.other.example", "spf.other.example" },
	{ "\xc3\xbc@m.example", "%C3%BC._spf.m.example", "~#" },
	{ "", "spf.other.example", "spf.other.example" },
};

static const struct {
	const char *sender, *why, *shown;
} reasons[] = {
	{ "anna@m.example", "'anna._spf.m.example' has two SPF records", "log.privacy hides which record" },
	{ "anna@m.example", "the record of \"x.anna.m.example\": no such name", "log.privacy hides which record" },
	{ "an@m.example", "m.example: any term is unknown", "m.example: any term is unknown" },
	{ "anna@m.example", NULL, NULL },
};

static void
test_spf(void)
{
	for (size_t i = 0; i < sizeof silences / sizeof silences[0]; i++) {
		struct facts facts = facts_of(silences[i].sender);

		facts.spf_silence.name = silences[i].silent;
		is(folded(shown_of(&facts).spf_silence.name), silences[i].shown, "%s", silences[i].silent);
	}
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		struct facts facts = facts_of(reasons[i].sender);
		const char *shown;

		facts.spf_why = reasons[i].why;
		shown = shown_of(&facts).spf_why;
		ok(reasons[i].shown == NULL ? shown == NULL : shown != NULL && strcmp(shown, reasons[i].shown) == 0,
		    "%s", reasons[i].why == NULL ? "no reason" : reasons[i].why);
	}
}

static void
test_facts(void)
{
	struct facts facts = facts_of("anna"), shown;
	struct author authors[] = { { .mailbox = { "anna", "rx.example", "anna@rx.example" } },
		{ .mailbox = { "eve", "", "eve@[::1]" } } };
	struct reply_to reply = { { "anna b", "rx.example", "\"anna b\"@rx.example" }, true };
	struct dkim_fact signature = { .d = "rx.example", .s = "anna@rx.example", .a = "", .b = "", .why = "" };

	facts.spf.domain = "anna";
	facts.auth = "anna";
	facts.helo = "anna@pc.example";
	facts.client_name = "pc.example";
	facts.from_raw = "anna\0<", facts.from_raw_length = 6;
	facts.authors = authors, facts.author_count = 2, facts.from_last = &authors[1];
	facts.replies = &reply, facts.reply_count = 1;
	facts.dkim = &signature, facts.dkim_count = 1;
	shown = shown_of(&facts);
	is(folded(shown.mail_from), "~#", "%s", "a sender without a domain");
	is(folded(shown.spf.domain), "~#", "%s", "and what SPF would have asked");
	is(folded(shown.auth), "~#", "%s", "a login name");
	is(folded(shown.helo), "~#@pc.example", "%s", "an address for a HELO name");
	is(shown.client_name, "pc.example", "%s", "a host's name stays");
	ok(shown.from_raw_length == strlen(shown.from_raw) && strcmp(folded(shown.from_raw), "~#") == 0,
	    "a From that cannot be read");
	is(folded(shown.authors[0].mailbox.text), "~#@rx.example", "%s", "an author");
	is(folded(shown.authors[0].mailbox.local), "~#", "%s", "and his local part");
	is(folded(shown.authors[1].mailbox.text), "~#", "%s", "one at an address literal");
	ok(shown.from_last == &shown.authors[1], "the last one is the last one");
	is(folded(shown.replies[0].mailbox.local), "~#", "%s", "a Reply-To");
	is(folded(shown.dkim[0].s), "~#@rx.example", "%s", "an address for a selector");
	is(authors[0].mailbox.local, "anna", "%s", "the facts themselves stay as they are");
}

/* ---- judged again ---- */

static const char config[] =
    "vendors = ( { name = \"desk\"; inline = true; domains = [ \"desk.example\" ]; },\n"
    "  { name = \"box\"; inline = true; domains = [ \"anna@box.example\" ]; },\n"
    "  { name = \"bounce\"; inline = true; domains = [ \"bounce.example\" ]; envelope = [ \"anna@env.example\" ]; } );\n"
    "own = { domains = [ \"own.example\" ]; };\n"
    "delegations = ( { vendor = \"desk\"; domains = [ \"news@own.example\" ]; } );\n"
    "exceptions = ( { vendor = \"desk\"; rcpt = \"anna@rx.example\"; mode = \"monitor\"; } );\n";

static const struct {
	const char *name, *sender, *author, *reply, *rcpt;
	enum from_state state;
	const char *lacks;
} rows[] = {
	{ "a stranger", "a@x.example", "a@x.example", NULL, "a@y.example", FROM_READ, NULL },
	{ "a vendor by its domain", "a@desk.example", "a@desk.example", NULL, "a@y.example", FROM_READ, NULL },
	{ "an author where a rule names a mailbox", "a@x.example", "a@box.example", NULL, "a@y.example", FROM_READ,
	    "hidden-mailbox" },
	{ "a sender there", "a@box.example", "a@x.example", NULL, "a@y.example", FROM_READ, "hidden-mailbox" },
	{ "below it", "a@x.example", "a@sub.box.example", NULL, "a@y.example", FROM_READ, NULL },
	{ "a Reply-To there", "a@x.example", "a@desk.example", "a@box.example", "a@y.example", FROM_READ,
	    "hidden-mailbox" },
	{ "a recipient there", "a@x.example", "a@x.example", NULL, "a@box.example", FROM_READ, NULL },
	{ "a bounce mailbox", "a@env.example", "a@x.example", NULL, "a@y.example", FROM_READ, "hidden-mailbox" },
	{ "a mailbox of a delegation", "a@x.example", "a@own.example", NULL, "a@y.example", FROM_READ, "hidden-mailbox" },
	{ "a recipient of an exception", "a@x.example", "a@x.example", NULL, "a@rx.example", FROM_READ, "hidden-mailbox" },
	{ "the null sender", "", "a@x.example", NULL, "a@y.example", FROM_READ, NULL },
	{ "a From that cannot be read", "a@x.example", "a@x.example", NULL, "a@y.example", FROM_UNREADABLE, "hidden-from" },
	{ "no From", "a@x.example", NULL, NULL, "a@y.example", FROM_MISSING, NULL },
	{ "no recipient, no headers", "a@x.example", NULL, NULL, NULL, FROM_NOT_SEEN, NULL },
};

static const char *
lacks(const struct policy *policy, size_t row, const char *hidden_by)
{
	struct recorded recorded = { .hidden_by = hidden_by, .facts = facts_of(rows[row].sender) };
	struct author author = { .mailbox = { "", "", "" } };
	struct reply_to reply = { .near_author = false };
	struct mailbox rcpt = { "", "", "" };
	const char *rcpts[] = { rows[row].rcpt }, *what = NULL, *slug;

	recorded.facts.null_sender = rows[row].sender[0] == '\0';
	recorded.facts.from_state = rows[row].state;
	recorded.facts.authors = &author;
	recorded.facts.replies = &reply;
	recorded.facts.rcpts = rcpts;
	recorded.facts.rcpt_mailboxes = &rcpt;
	recorded.facts.author_count = rows[row].author != NULL &&
	    mailbox_read_path(arena, rows[row].author, &author.mailbox);
	recorded.facts.reply_count = rows[row].reply != NULL && mailbox_read_path(arena, rows[row].reply, &reply.mailbox);
	recorded.facts.rcpt_count = rows[row].rcpt != NULL && mailbox_read_path(arena, rows[row].rcpt, &rcpt);
	slug = privacy_lacks(policy, &recorded, &what);
	return slug != NULL && (what == NULL || strstr(what, "log.privacy hides") == NULL) ? "no sentence" : slug;
}

static void
test_lacks(void)
{
	struct policy *policy = conf_load(config, &(struct policy_files){ .context = NULL });

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *slug = lacks(policy, i, "abcdefgh");

		is(slug == NULL ? "nothing" : slug, rows[i].lacks == NULL ? "nothing" : rows[i].lacks, "%s", rows[i].name);
		ok(lacks(policy, i, "") == NULL, "shown, it lacks nothing");
	}
	policy_free(policy);
}

int
main(void)
{
	arena = arena_open(16 << 20);
	if (arena == NULL)
		return 99;
	test_addresses();
	test_spf();
	test_facts();
	test_lacks();
	arena_close(arena);
	return done();
}
