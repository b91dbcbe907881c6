#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/record_read.h"
#include "policy/review/verdict_record.h"
#include "t/lib/tap.h"

/* ---- a verdict to write down ---- */

static const char *const two_rcpts[] = { "anna@example.org", "otto@example.org" };

struct sample {
	struct policy policy;
	struct judge judge;
	struct ranges *ranges;
	struct vendor vendor;
	struct name_rule rule;
	struct source sources[2];
	struct author authors[2];
	struct dkim_fact dkim[2];
	struct reply_to replies[1];
	struct facts facts;
	struct verdict verdict;
	struct verdict_record record;
	struct text out;
};

static struct address
client_of(const char *text)
{
	struct address address;

	if (!address_read(text, &address))
		abort();
	return address;
}

static struct mailbox
mailbox_of(const char *local, const char *domain, const char *text)
{
	return (struct mailbox){ local, domain, text };
}

static void
sample_authors(struct sample *s)
{
	s->authors[0] = (struct author){ .mailbox = mailbox_of("joe", "stranger.example", "joe@stranger.example"),
		.dmarc = { .result = AUTH_NONE, .domain = "" } };
	s->authors[1] = (struct author){ .mailbox = mailbox_of("tickets", "acme.example", "tickets@acme.example"),
		.spf_from = AUTH_SOFTFAIL,
		.dmarc = { .result = AUTH_PASS,
		    .policy = DMARC_REJECT,
		    .testing = true,
		    .domain = "acme.example",
		    .dkim_aligned = true } };
	s->dkim[0] = (struct dkim_fact){ .d = "acme.example",
		.s = "s1",
		.a = "rsa-sha256",
		.b = "AbCdEfGh",
		.result = AUTH_PASS,
		.counts = true,
		.secure = true,
		.passes = true,
		.reply_open = true,
		.signed_at = 1699999999,
		.why = "" };
	s->dkim[1] = (struct dkim_fact){ .d = "list.example",
		.s = "k",
		.a = "rsa-sha1",
		.b = "ZZ",
		.result = AUTH_POLICY,
		.weak = true,
		.why = "sha1" };
}

static void
sample_facts(struct sample *s)
{
	struct facts *facts = &s->facts;

	facts->stage = STAGE_EOM;
	facts->now = 1700000000;
	facts->client = facts->peer = client_of("192.0.2.7");
	facts->port = 40025;
	facts->via = "";
	facts->client_name = "out.acme.example";
	facts->helo = "out.acme.example";
	facts->auth = facts->daemon_name = facts->from_raw = "";
	facts->mail_from = "bounce@acme.example";
	facts->sender = mailbox_of("bounce", "acme.example", "bounce@acme.example");
	facts->spf = (struct spf_fact){ AUTH_PASS, false, "acme.example" };
	facts->spf_why = "acme.example: 'a\"b'";
	facts->from_state = FROM_READ;
	facts->authors = s->authors;
	facts->author_count = 2;
	facts->message_id = "<1@acme.example>";
	facts->dkim_done = true;
	facts->dkim = s->dkim;
	facts->dkim_count = 2;
	facts->asked[0] = (struct asked_fact){ .source = 1, .passes = UNKNOWN, .silence = { "d.list.example", true } };
	facts->asked_count = 1;
	s->replies[0] = (struct reply_to){ mailbox_of("pay", "evil.example", "pay@evil.example"), false };
	facts->replies = s->replies;
	facts->reply_count = 1;
	facts->replies_unclear = true;
}

static void
sample_verdict(struct sample *s)
{
	s->verdict = (struct verdict){ .settled = true,
		.outcome = OUTCOME_VOUCHED,
		.reason = REASON_PROVEN,
		.action = ACTION_PASS,
		.would = ACTION_PASS,
		.deciding = 0,
		.claim_count = 1 };
	s->verdict.claims[0] = (struct claim){ .vendor = &s->vendor,
		.by_author = true,
		.by_envelope = true,
		.listed = YES,
		.spf = YES,
		.dkim = NO,
		.spf_from = UNKNOWN,
		.dmarc = NO,
		.source = &s->sources[0],
		.exclusive = true,
		.outcome = OUTCOME_VOUCHED,
		.reason = REASON_PROVEN };
}

static struct sample *
sample_open(void)
{
	struct sample *s = calloc(1, sizeof *s);

	if (s == NULL)
		abort();
	s->rule = (struct name_rule){ "acme.example", false, NULL, false };
	s->vendor = (struct vendor){ .name = "acme", .title = "Acme", .domains = { &s->rule, 1 } };
	s->sources[0] = (struct source){ .number = 0, .vendor = &s->vendor, .text = "a:out.acme.example" };
	s->sources[1] = (struct source){ .number = 1, .vendor = &s->vendor, .text = "spf:acme.example" };
	s->policy.fingerprint = 0xc0ffee00c0ffee;
	s->policy.sources = s->sources;
	s->policy.source_count = 2;
	s->ranges = calloc(1, sizeof *s->ranges + 2 * sizeof *s->ranges->states);
	if (s->ranges == NULL)
		abort();
	s->ranges->count = 2;
	s->ranges->states[0].known = true;
	s->judge = (struct judge){ &s->policy, s->ranges };
	sample_authors(s);
	sample_facts(s);
	sample_verdict(s);
	s->record = (struct verdict_record){ .id = "4f-1",
		.qid = "ABC123",
		.when = 1772359200123,
		.judge = &s->judge,
		.facts = &s->facts,
		.verdict = &s->verdict,
		.stage = STAGE_EOM,
		.action = ACTION_PASS,
		.rcpts = two_rcpts,
		.rcpt_count = 2,
		.greylist = GREYLIST_OFF,
		.ms = 12 };
	text_open(&s->out, VERDICT_JSON_MAX);
	return s;
}

static void
sample_close(struct sample *s)
{
	text_close(&s->out);
	ranges_free(s->ranges);
	free(s);
}

static const char *
line_of(struct sample *s)
{
	text_clear(&s->out);
	verdict_record_write_line(&s->record, &s->out);
	return s->out.bytes;
}

static const char *
json_of(struct sample *s)
{
	text_clear(&s->out);
	verdict_record_write_json(&s->record, &s->out);
	return s->out.bytes;
}

/* ---- the line ---- */

/* greenlane-record(5), word for word. */
static const char order[] = "id qid outcome action vendor reason stage mode client port listed via helo mail_from from "
			    "rcpts spf dkim dmarc greylist msgid ms tries waited";

/* The keys of a line, blanks between them; quoted values are skipped as a reader would. */
static void
keys_of(const char *line, struct text *out)
{
	bool quoted = false, key = true;

	for (const char *c = line; *c != '\0'; c++) {
		if (quoted && *c == '\\' && c[1] != '\0')
			c++;
		else if (*c == '"')
			quoted = !quoted;
		else if (!quoted && *c == ' ')
			key = true;
		else if (key && *c == '=')
			key = false;
		else if (key && (c == line || c[-1] == ' ') && out->length > 0)
			text_char(out, ' ');
		if (key && !quoted && *c != ' ' && *c != '"')
			text_char(out, *c);
	}
}

static void
keys_are(struct sample *s, const char *wanted, const char *name)
{
	struct text keys;

	text_open(&keys, 4096);
	keys_of(line_of(s), &keys);
	is(keys.bytes, wanted, "%s", name);
	text_close(&keys);
}

static void
line_is_whole(void)
{
	struct sample *s = sample_open();

	is(line_of(s),
	    "id=4f-1 qid=ABC123 outcome=vouched action=pass vendor=acme reason=proven stage=eom mode=enforce "
	    "client=192.0.2.7 port=40025 listed=a:out.acme.example via=- helo=out.acme.example "
	    "mail_from=bounce@acme.example from=joe@stranger.example,tickets@acme.example "
	    "rcpts=anna@example.org,otto@example.org spf=pass dkim=pass:acme.example,policy:list.example:sha1 dmarc=pass "
	    "greylist=off msgid=<1@acme.example> ms=12 tries=- waited=-",
	    "a vouched message is one line of keys and values");
	keys_are(s, order, "the keys are in the promised order");
	s->verdict.deciding = -1;
	ok(strstr(line_of(s), " dmarc=none ") != NULL, "dmarc is the first author's where no vendor decides");
	sample_close(s);
}

static void
line_of_a_from_that_cannot_be_read(void)
{
	struct sample *s = sample_open();

	s->facts.from_state = FROM_UNREADABLE;
	s->facts.from_raw = " [J\xfcrgen] \"7\" <tickets@acme.example>";
	s->facts.from_raw_length = strlen(s->facts.from_raw);
	s->facts.from_stopped = 1;
	s->facts.from_last = &s->facts.authors[1];
	s->verdict.deciding = -1;
	ok(strstr(line_of(s), " from=\" [J\\xfcrgen] \\\"7\\\" <tickets@acme.example>\" rcpts=") != NULL,
	    "a From that cannot be parsed is shown as it came, escaped");
	ok(strstr(line_of(s), " ms=12 tries=- waited=- from_stopped=1") != NULL,
	    "and where parsing stopped comes after the promised keys");
	ok(strstr(line_of(s), " dmarc=pass ") != NULL, "dmarc is that of the address that mail programs show");
	sample_close(s);
}

static void
line_of_nothing(void)
{
	struct sample *s = sample_open();
	static const char *const none[] = { NULL };

	s->facts = (struct facts){ .client_name = "",
		.helo = "",
		.auth = "",
		.daemon_name = "",
		.via = "",
		.mail_from = "",
		.sender = { "", "", "" },
		.null_sender = true,
		.spf = { .domain = "" },
		.from_raw = "",
		.message_id = "" };
	s->verdict = (struct verdict){ .outcome = OUTCOME_EXEMPT, .reason = REASON_EXEMPT_LOCAL, .deciding = -1 };
	s->record.qid = "";
	s->record.rcpts = none;
	s->record.rcpt_count = 0;
	is(line_of(s),
	    "id=4f-1 qid=- outcome=exempt action=pass vendor=- reason=local stage=eom mode=enforce client=- port=0 "
	    "listed=- via=- helo=- mail_from=<> from=- rcpts=- spf=- dkim=- dmarc=- greylist=off msgid=- ms=12 tries=- waited=-",
	    "an empty value is '-', and the null sender is <>");
	keys_are(s, order, "no key is left out because it is empty");
	sample_close(s);
}

static void
line_in_monitor_mode(void)
{
	struct sample *s = sample_open();

	s->record.would = ACTION_REJECT;
	s->policy.settings.monitor = true;
	keys_are(s,
	    "id qid outcome action would vendor reason stage mode client port listed via helo mail_from from rcpts spf "
	    "dkim dmarc greylist msgid ms tries waited",
	    "would follows action where a mode softens it");
	ok(strstr(line_of(s), " action=pass would=reject ") != NULL, "would is what enforce would have done");
	ok(strstr(line_of(s), " mode=monitor ") != NULL, "mode is the daemon's where it is monitor");
	s->policy.settings.monitor = false;
	s->verdict.claims[0].mode = MODE_VOUCH;
	ok(strstr(line_of(s), " mode=vouch ") != NULL, "mode is the deciding vendor's otherwise");
	ok(strstr(line_of(s), " action=pass would=reject ") != NULL, "would follows where a vendor's mode softens, too");
	s->record.would = s->record.action;
	ok(strstr(line_of(s), "would=") == NULL, "where no mode softens the action there is no would");
	ok(strstr(json_of(s), "\"would\"") == NULL, "nor in the JSON");
	sample_close(s);
}

static void
line_beside_a_draft(void)
{
	static const struct shadow_verdict shadow = { OUTCOME_FORGED, ACTION_REJECT, "nothing-proven", "acme",
		"acme (acme.conf): nothing proves it" };
	struct sample *s = sample_open();

	ok(strstr(line_of(s), "shadow") == NULL && strstr(json_of(s), "shadow") == NULL,
	    "a draft that would do the same is not in the log");
	s->record.shadow = &shadow;
	s->facts.from_state = FROM_UNREADABLE;
	s->facts.from_raw = "x";
	s->facts.from_raw_length = 1;
	keys_are(s,
	    "id qid outcome action vendor reason stage mode client port listed via helo mail_from from rcpts spf "
	    "dkim dmarc greylist msgid ms tries waited from_stopped shadow",
	    "what a draft would do comes behind all other keys");
	ok(strstr(line_of(s), " shadow=reject:nothing-proven") != NULL, "as its action and its reason");
	ok(strstr(json_of(s),
	       ",\"shadow\":{\"outcome\":\"forged\",\"reason\":\"nothing-proven\",\"would\":\"reject\",\"vendor\":"
	       "\"acme\",\"rule\":\"acme (acme.conf): nothing proves it\"},\"facts\":") != NULL,
	    "the record has its outcome, vendor and rule too");
	sample_close(s);
}

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X500 X50 X50 X50 X50 X50 X50 X50 X50 X50 X50
#define X512 X500 "xxxxxxxxxxxx"

static const struct {
	const char *helo, *wanted, *name;
} values[] = {
	{ "a.example", "helo=a.example ", "a plain value has no quotes" },
	{ "a b", "helo=\"a b\" ", "a blank is quoted" },
	{ " ", "helo=\" \" ", "a lone blank is quoted" },
	{ "", "helo=- ", "an empty value is '-'" },
	{ "-", "helo=\"-\" ", "a lone '-' is quoted, because an empty value is written so" },
	{ "--", "helo=-- ", "two are not" },
	{ "a\"b", "helo=\"a\\\"b\" ", "a quote is escaped and quoted" },
	{ "a\\b", "helo=\"a\\\\b\" ", "so is a backslash" },
	{ "\\", "helo=\"\\\\\" ", "and one on its own" },
	{ "a\\x09b", "helo=\"a\\\\x09b\" ", "what looks like an escape is not taken for one" },
	{ "a\tb", "helo=a\\x09b ", "a tab is escaped" },
	{ "a\r\nid=1", "helo=a\\x0d\\x0aid=1 ", "a line end cannot begin a line" },
	{ "\x1b[2J", "helo=\\x1b[2J ", "nor an escape reach a terminal" },
	{ "\x7f", "helo=\\x7f ", "DEL is escaped" },
	{ "m\xc3\xbcnch.example", "helo=m\\xc3\\xbcnch.example ", "UTF-8 is escaped" },
	{ "\xff\xfe", "helo=\\xff\\xfe ", "so are other bytes above ASCII" },
	{ "x action=pass", "helo=\"x action=pass\" ", "a value cannot smuggle a key in" },
	{ X512, "helo=" X512 " ", "512 bytes are whole" },
	{ X512 "y", "helo=\"" X512 "...\" ", "a longer value is cut, and ends in dots" },
	{ X500 "xxxxxxxxx\xff", "helo=\"" X500 "xxxxxxxxx...\" ", "no escape is cut in the middle" },
};

static void
values_are_escaped(void)
{
	struct sample *s = sample_open();

	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		const char *found;

		s->facts.helo = values[i].helo;
		found = strstr(line_of(s), " helo=");
		ok(found != NULL && strncmp(found + 1, values[i].wanted, strlen(values[i].wanted)) == 0 &&
			strncmp(found + 1 + strlen(values[i].wanted), "mail_from=", 10) == 0,
		    "line: %s", values[i].name) ||
		    (note("got %.600s", found), true);
	}
	sample_close(s);
}

static void
recipients_are_joined(void)
{
	struct sample *s = sample_open();
	const char *many[RCPTS_MAX];

	for (size_t i = 0; i < RCPTS_MAX; i++)
		many[i] = "somebody@example.org";
	s->record.rcpts = many;
	s->record.rcpt_count = 1;
	ok(strstr(line_of(s), " rcpts=somebody@example.org spf=") != NULL, "one recipient has no comma");
	s->record.rcpt_count = RCPTS_MAX;
	ok(strstr(line_of(s), " rcpts=\"somebody@example.org,") != NULL && strstr(s->out.bytes, "...\" spf=pass ") != NULL,
	    "a thousand are cut");
	s->record.rcpts = (const char *const[]){ "a b@example.org" };
	s->record.rcpt_count = 1;
	ok(strstr(line_of(s), " rcpts=\"a b@example.org\" ") != NULL, "one with a blank is quoted");
	sample_close(s);
}

/* Every value from the network at its worst, all at once. */
static void
hostile_line_is_whole(void)
{
	enum { LENGTH = 8000, SIGNATURES = 64 };
	struct sample *s = sample_open();
	struct dkim_fact signatures[SIGNATURES];
	char *worst = malloc(LENGTH + 1);
	const char *rcpts[] = { worst, worst };
	bool clean = true;

	if (worst == NULL)
		abort();
	memset(worst, 0xff, LENGTH);
	worst[LENGTH] = '\0';
	for (size_t i = 0; i < SIGNATURES; i++)
		signatures[i] = (struct dkim_fact){ .d = worst, .s = worst, .a = worst, .why = "sha1" };
	s->facts.dkim = signatures;
	s->facts.dkim_count = SIGNATURES;
	s->facts.helo = s->facts.mail_from = s->facts.message_id = s->facts.client_name = worst;
	s->authors[0].mailbox.text = s->authors[1].mailbox.text = worst;
	s->record.qid = worst;
	s->record.rcpts = rcpts;
	s->sources[0].text = worst;
	s->vendor.name = worst;
	keys_are(s, order, "a line of hostile values keeps every key");
	text_close(&s->out);
	text_open(&s->out, VERDICT_LINE_MAX);
	line_of(s);
	ok(!s->out.cut, "and fits (%zu bytes)", s->out.length);
	for (size_t i = 0; i < s->out.length; i++)
		clean = clean && s->out.bytes[i] >= 0x20 && s->out.bytes[i] < 0x7f;
	ok(clean, "and is printable ASCII");
	sample_close(s);
	free(worst);
}

/* ---- the JSON ---- */

enum { DEPTH_MAX = 16 };

static const char *json_value(const char *, unsigned depth);

/* RFC 8259, strictly, and ASCII controls escaped. Answers what follows, or NULL. */
static const char *
json_text(const char *at)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if ((unsigned char)*at < 0x20)
			return NULL;
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'u') {
			if (strspn(at + 1, "0123456789abcdef") < 4)
				return NULL;
			at += 4;
		} else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
			return NULL;
		}
	}
	return at + 1;
}

static const char *
json_members(const char *at, char end, unsigned depth)
{
	if (*at == end)
		return at + 1;
	for (;;) {
		if (end == '}' && ((at = json_text(at)) == NULL || *at++ != ':'))
			return NULL;
		if ((at = json_value(at, depth)) == NULL)
			return NULL;
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *
json_value(const char *at, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return NULL;
	if (*at == '"')
		return json_text(at);
	if (*at == '{' || *at == '[')
		return json_members(at + 1, *at == '{' ? '}' : ']', depth + 1);
	if (strncmp(at, "true", 4) == 0)
		return at + 4;
	if (strncmp(at, "null", 4) == 0)
		return at + 4;
	if (strncmp(at, "false", 5) == 0)
		return at + 5;
	at += *at == '-';
	return strspn(at, "0123456789") == 0 ? NULL : at + strspn(at, "0123456789");
}

static bool
json_is_whole(struct sample *s)
{
	const char *end = json_value(json_of(s), 0);

	return s->out.bytes[0] == '{' && end == s->out.bytes + s->out.length && !s->out.cut;
}

static void
holds(struct sample *s, const char *wanted, const char *name)
{
	ok(strstr(json_of(s), wanted) != NULL, "%s", name) || (note("%s", s->out.bytes), true);
}

static void
json_says_all(void)
{
	struct sample *s = sample_open();

	s->record.explanation = "because\n\"so\"";
	ok(json_is_whole(s), "the record is one JSON object");
	ok(strchr(s->out.bytes, '\n') == NULL, "on one line");
	holds(s,
	    "{\"v\":2,\"time\":\"2026-03-01T10:00:00.123Z\",\"policy\":\"00c0ffee00c0ffee\",\"sources\":\"-\",\"id\":\"4f-1\",\"qid\":\"ABC123\",\"outcome\":\"vouched\",\"action\":\"pass\",\"vendor\":\"acme\","
	    "\"reason\":\"proven\",\"stage\":\"eom\",\"mode\":\"enforce\",\"client\":\"192.0.2.7\",\"port\":40025,"
	    "\"listed\":\"a:out.acme.example\",\"via\":\"-\",\"helo\":\"out.acme.example\","
	    "\"mail_from\":\"bounce@acme.example\",\"from\":\"joe@stranger.example,tickets@acme.example\",",
	    "it begins with v and the keys of the line");
	holds(s, ",\"rcpts\":[\"anna@example.org\",\"otto@example.org\"],\"spf\":\"pass\",", "rcpts is a list");
	holds(s,
	    ",\"dkim\":[{\"d\":\"acme.example\",\"s\":\"s1\",\"a\":\"rsa-sha256\",\"result\":\"pass\",\"counts\":true,"
	    "\"weak\":false,\"secure\":true,\"passes\":true,\"reply_open\":true,\"signed_at\":1699999999},{\"d\":\"list.example\",\"s\":\"k\",\"a\":\"rsa-sha1\","
	    "\"result\":\"policy\",\"counts\":false,\"why\":\"sha1\",\"weak\":true,\"secure\":false,"
	    "\"passes\":false,\"reply_open\":false}],\"dmarc\":",
	    "dkim is a list of objects, with why where one does not count");
	holds(s,
	    "\"vendors\":{\"acme\":{\"listed\":\"yes\",\"spf\":\"yes\",\"dkim\":\"no\",\"spf_from\":\"unknown\","
	    "\"dmarc\":\"no\",",
	    "facts.vendors holds the evidence of each claim in yes, no and unknown");
	holds(s,
	    "\"live\":[{\"vendor\":\"acme\",\"source\":\"spf:acme.example\",\"answer\":\"unknown\",\"silent\":\"d.list.example\",\"lured\":true}]",
	    "what a source said when asked is a fact");
	holds(s, "\"facts\":{\"now\":1700000000,", "and so is the time");
	holds(s, "\"client_name\":\"out.acme.example\",\"peer\":", "nothing is said of a name that nobody looked at");
	s->facts.iprev = (struct iprev_fact){ .by_mta = "out.acme.example",
		.result = AUTH_PASS,
		.names = { "a.example", "b.example" },
		.count = 2,
		.silence = { "c.example", true } };
	holds(s,
	    "\"client_name\":\"out.acme.example\",\"iprev\":{\"by_mta\":\"out.acme.example\",\"result\":\"pass\","
	    "\"names\":[\"a.example\",\"b.example\"],\"silent\":\"c.example\",\"lured\":true},\"peer\":",
	    "and else who confirmed which");
	holds(s, "\"spf_domain\":\"acme.example\",\"spf_why\":\"acme.example: 'a\\\"b'\",",
	    "so is the reason for a broken SPF record");
	holds(s,
	    "\"replies\":[{\"local\":\"pay\",\"domain\":\"evil.example\",\"near_author\":false}],\"replies_unclear\":true,",
	    "and whom a reply would reach");
	holds(s,
	    "\"domain\":\"acme.example\",\"spf_from\":\"softfail\",\"dmarc\":\"pass\",\"policy\":\"reject\",\"testing\":true,",
	    "each author has its own SPF and DMARC");
	holds(s, ",\"explanation\":\"because\\u000a\\\"so\\\"\"}", "an explanation comes last");
	sample_close(s);
}

static void
fingerprints_read_back(void)
{
	struct sample *s = sample_open();
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why;

	ok(record_read(arena, span_of(json_of(s)), &recorded, &why), "the record is read again");
	is(recorded.policy, "00c0ffee00c0ffee", "with the fingerprint of the policy");
	is(recorded.ranges, "", "and nothing where that of the sources was not known");
	s->ranges->fingerprint = 0xfeedfeedfeedfeed;
	ok(record_read(arena, span_of(json_of(s)), &recorded, &why), "so is one that knows both");
	is(recorded.ranges, "feedfeedfeedfeed", "with that of the sources");
	arena_close(arena);
	sample_close(s);
}

static void
json_of_nothing(void)
{
	struct sample *s = sample_open();

	s->facts.dkim_count = s->facts.author_count = s->facts.asked_count = 0;
	s->facts.null_sender = true;
	s->verdict.claim_count = 0;
	s->verdict.deciding = -1;
	s->record.rcpt_count = 0;
	ok(json_is_whole(s), "empty lists are JSON too");
	holds(s, "\"rcpts\":[],", "no recipient is an empty list");
	holds(s, "\"dkim\":[],", "no signature is an empty list");
	holds(s, "\"vendors\":{},", "no claim is an empty object");
	holds(s, "\"mail_from\":\"<>\",\"from\":\"-\",", "the null sender is <>, no author is '-'");
	sample_close(s);
}

static void
json_mode_of_claims(void)
{
	struct sample *s = sample_open();
	struct vendor other = { .name = "globex" };

	s->verdict.claims[1] = (struct claim){ .vendor = &other,
		.by_envelope = true,
		.outcome = OUTCOME_FORGED,
		.reason = REASON_NOTHING_PROVEN };
	s->verdict.claim_count = 2;
	holds(s,
	    "\"globex\":{\"listed\":\"no\",\"spf\":\"no\",\"dkim\":\"no\",\"spf_from\":\"no\",\"dmarc\":\"no\","
	    "\"source\":\"\",\"exclusive\":false,\"by_author\":false,\"by_envelope\":true,\"dropped\":false,"
	    "\"outcome\":\"forged\",\"reason\":\"nothing-proven\"}",
	    "every claimed vendor is there, not only the one that decided");
	ok(json_is_whole(s), "and the JSON is whole");
	sample_close(s);
}

static const struct {
	const char *bytes, *wanted, *name;
} utf8[] = {
	{ "m\xc3\xbcnch", "m\xc3\xbcnch", "UTF-8 stays as it is" },
	{ "\xe2\x82\xac \xf0\x9f\x93\xac", "\xe2\x82\xac \xf0\x9f\x93\xac", "three and four bytes too" },
	{ "\xff", "\\uf7ff", "a byte that is not UTF-8 is U+F700 and the byte" },
	{ "\xc3", "\\uf7c3", "so is a character cut short" },
	{ "\xc3(", "\\uf7c3(", "and one that is broken off" },
	{ "\xc0\xaf", "\\uf7c0\\uf7af", "an overlong form of two bytes is no UTF-8" },
	{ "\xe0\x9f\xbf", "\\uf7e0\\uf79f\\uf7bf", "nor one of three" },
	{ "\xf0\x8f\xbf\xbf", "\\uf7f0\\uf78f\\uf7bf\\uf7bf", "nor one of four" },
	{ "\xed\xa0\x80", "\\uf7ed\\uf7a0\\uf780", "a surrogate in UTF-8 is none" },
	{ "\xed\xb2\x80", "\\uf7ed\\uf7b2\\uf780", "so nobody can fake an escape" },
	{ "\xf4\x90\x80\x80", "\\uf7f4\\uf790\\uf780\\uf780", "nor is what lies beyond Unicode" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "the last character is one" },
	{ "\"\\/", "\\\"\\\\/", "quotes and backslashes are escaped" },
	{ "\x01\t\n\x1f\x7f", "\\u0001\\u0009\\u000a\\u001f\\u007f", "controls are escaped" },
	{ "", "-", "nothing is '-'" },
};

static void
json_escapes(void)
{
	struct sample *s = sample_open();
	char wanted[128];

	for (size_t i = 0; i < sizeof utf8 / sizeof utf8[0]; i++) {
		s->facts.helo = utf8[i].bytes;
		snprintf(wanted, sizeof wanted, "\"helo\":\"%s\",", utf8[i].wanted);
		ok(json_is_whole(s) && strstr(s->out.bytes, wanted) != NULL, "JSON: %s", utf8[i].name);
	}
	s->facts.from_state = FROM_UNREADABLE;
	s->facts.from_raw = "<a\0b\xff";
	s->facts.from_raw_length = 5;
	holds(s, "\"from_state\":\"unreadable\",\"from_raw\":\"<a\\u0000b\\uf7ff\"",
	    "a From field that holds a NUL is kept whole");
	s->facts.from_raw = " [J\xfc] <tickets@acme.example>";
	s->facts.from_raw_length = strlen(s->facts.from_raw);
	s->facts.from_stopped = 1;
	s->facts.from_fields = 1;
	s->facts.from_last = &s->facts.authors[1];
	holds(s, "\"from_fields\":1,\"from_stopped\":1,", "how many fields, and where parsing stopped, are facts");
	holds(s, ",\"last\":true}", "so is the author that mail programs show");
	holds(s, "\"from\":\" [J\\uf7fc] <tickets@acme.example>\"", "the field takes the place of the authors");
	sample_close(s);
}

/* Reads a JSON string of the writer's own forms back into bytes; the number of bytes. */
static size_t
json_decode(const char *at, char *out)
{
	size_t length = 0;

	for (; *at != '"'; at++) {
		if (*at == '\\' && at[1] == 'u') {
			out[length++] = (char)(strtoul((char[]){ at[4], at[5], '\0' }, NULL, 16));
			at += 5;
		} else {
			at += *at == '\\';
			out[length++] = *at;
		}
	}
	return length;
}

/* Every pair of bytes, one after the other. */
static void
no_byte_is_lost(void)
{
	struct sample *s = sample_open();
	size_t length = 0, got;
	char *bytes = malloc(2 * 255 * 255 + 1), *back = malloc(VERDICT_JSON_MAX);
	const char *found;

	if (bytes == NULL || back == NULL)
		abort();
	for (unsigned a = 1; a < 256; a++)
		for (unsigned b = 1; b < 256; b++) {
			bytes[length++] = (char)a;
			bytes[length++] = (char)b;
		}
	bytes[length] = '\0';
	s->facts.helo = bytes;
	ok(json_is_whole(s), "a value of all pairs of bytes is JSON");
	found = strstr(s->out.bytes, "\"helo\":\"");
	got = found == NULL ? 0 : json_decode(found + 8, back);
	ok(got == length && memcmp(back, bytes, length) == 0, "and reads back byte for byte");
	free(bytes);
	free(back);
	sample_close(s);
}

static void
json_has_a_ceiling(void)
{
	struct sample *s = sample_open();

	text_close(&s->out);
	text_open(&s->out, 100);
	json_of(s);
	ok(s->out.cut && s->out.length == 100, "what does not fit is marked as cut");
	sample_close(s);
}

int
main(void)
{
	line_is_whole();
	line_of_nothing();
	line_of_a_from_that_cannot_be_read();
	line_in_monitor_mode();
	line_beside_a_draft();
	values_are_escaped();
	recipients_are_joined();
	hostile_line_is_whole();
	json_says_all();
	fingerprints_read_back();
	json_of_nothing();
	json_mode_of_claims();
	json_escapes();
	no_byte_is_lost();
	json_has_a_ceiling();
	return done();
}
