#include <stdlib.h>
#include <string.h>

#include "policy/util/arena.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/explain.h"
#include "t/lib/tap.h"

static const char contact[] = "https://example.com/postmaster";

/* ---- the reply ---- */

static const struct row {
	enum outcome outcome;
	enum reason reason;
	enum action done;
	const char *code, *enhanced, *begins, *name;
} rows[] = {
	{ OUTCOME_FORGED, REASON_NOTHING_PROVEN, ACTION_REJECT, "550", "5.7.26", "message refused", "forged is refused" },
	{ OUTCOME_FORGED, REASON_UNREADABLE_FROM, ACTION_REJECT, "550", "5.7.26", "message refused",
	    "forged for its From field is refused" },
	{ OUTCOME_FORGED, REASON_NOTHING_PROVEN, ACTION_DEFER, "451", "4.7.26",
	    "not accepted for now, please try again", "forged with on_forged = defer is deferred" },
	{ OUTCOME_FORGED, REASON_NOTHING_PROVEN, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "forged with on_forged = greylist is greylisted" },
	{ OUTCOME_UNPROVEN, REASON_PARTLY_PROVEN, ACTION_REJECT, "550", "5.7.26", "message refused",
	    "unproven where the file says reject is refused" },
	{ OUTCOME_UNPROVEN, REASON_WEAK_SIGNATURE, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "unproven is greylisted" },
	{ OUTCOME_UNPROVEN, REASON_PARTLY_PROVEN, ACTION_DEFER, "451", "4.7.26",
	    "not accepted for now, please try again", "unproven with on_unproven = defer is deferred" },
	{ OUTCOME_STRANGER, REASON_NO_CLAIM, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "a stranger is greylisted" },
	{ OUTCOME_UNSURE, REASON_DNS_TROUBLE, ACTION_DEFER, "451", "4.4.3", "not sure yet, please try again",
	    "unsure is deferred" },
	{ OUTCOME_UNSURE, REASON_DNS_TROUBLE, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "unsure with on_unsure = greylist is greylisted" },
	{ OUTCOME_UNSURE, REASON_DNS_TROUBLE_TOO_LONG, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "unsure for too long is greylisted" },
	{ OUTCOME_UNSURE, REASON_OWN_FAILURE, ACTION_DEFER, "451", "4.3.0", "not accepted for now, please try again",
	    "our own failure is deferred" },
	{ OUTCOME_UNSURE, REASON_OWN_FAILURE, ACTION_GREYLIST, "451", "4.7.1", "greylisted, please try again",
	    "our own failure that is treated like a stranger's mail is greylisted" },
	{ OUTCOME_STRANGER, REASON_FROM_TOO_LONG, ACTION_REJECT, "550", "5.6.0", "message refused",
	    "a From field that is too long is refused" },
	{ OUTCOME_FORGED, REASON_FROM_TOO_LONG, ACTION_REJECT, "550", "5.6.0", "message refused", "whatever it claims" },
};

static bool
reply_of(const struct row *row, struct reply *reply)
{
	struct verdict verdict = { .outcome = row->outcome, .reason = row->reason, .action = row->done, .deciding = -1 };

	memset(reply, 0, sizeof *reply);
	return explain_reply(&verdict, row->done, "4f-1", contact, 0, reply);
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	return true;
}

static void
replies_have_their_codes(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct reply reply;

		ok(reply_of(&rows[i], &reply), "%s", rows[i].name);
		is(reply.code, rows[i].code, "%s: its code", rows[i].name);
		is(reply.enhanced, rows[i].enhanced, "%s: its enhanced code", rows[i].name);
		ok(strncmp(reply.text, rows[i].begins, strlen(rows[i].begins)) == 0, "%s: in words", rows[i].name);
		ok(strstr(reply.text, "4f-1") != NULL && strstr(reply.text, reason_slug(rows[i].reason)) != NULL &&
			strstr(reply.text, contact) != NULL,
		    "%s: it names the id, the reason and where to ask", rows[i].name) ||
		    (note("%s", reply.text), true);
	}
}

/* Whoever is refused may be innocent: replies say what is missing, never what the sender might be. */
static void
no_reply_accuses(void)
{
	static const char *const accusing[] = { "claims", "forge", "pretend", "spoof", "honest", "fake" };
	static const enum action refusing[] = { ACTION_GREYLIST, ACTION_DEFER, ACTION_REJECT };
	struct vendor vendor = { .name = "acme" };
	struct verdict verdict = { .deciding = 0, .claim_count = 1, .claims[0].vendor = &vendor };
	size_t bad = 0;

	for (int outcome = OUTCOME_STRANGER; outcome <= OUTCOME_FORGED; outcome++)
		for (int reason = 0; reason < REASONS; reason++)
			for (size_t i = 0; i < 3 * sizeof accusing / sizeof accusing[0]; i++) {
				struct reply reply;

				verdict.outcome = (enum outcome)outcome;
				verdict.reason = (enum reason)reason;
				explain_reply(&verdict, refusing[i % 3], "4f-1", contact, 0, &reply);
				if (strstr(reply.text, accusing[i / 3]) != NULL && ++bad < 5)
					note("%s", reply.text);
			}
	is_number((long long)bad, 0, "no reply accuses anybody");
}

/* libmilter rejects a reply whose two codes are of different classes, and MTAs would misread it. */
static void
every_reply_is_consistent(void)
{
	static const enum action refusing[] = { ACTION_GREYLIST, ACTION_DEFER, ACTION_REJECT };
	struct row row = { .outcome = OUTCOME_EXEMPT };
	struct reply reply;
	size_t bad = 0;

	for (int outcome = OUTCOME_EXEMPT; outcome <= OUTCOME_FORGED; outcome++)
		for (int reason = 0; reason < REASONS; reason++)
			for (size_t i = 0; i < 3; i++) {
				row.outcome = (enum outcome)outcome;
				row.reason = (enum reason)reason;
				row.done = refusing[i];
				bad += !reply_of(&row, &reply) || reply.code[0] != reply.enhanced[0] ||
				    !is_printable(reply.text) || (row.done == ACTION_REJECT) != (reply.code[0] == '5') ||
				    (row.done == ACTION_GREYLIST) != (strstr(reply.text, "greylisted") != NULL);
			}
	is_number((long long)bad, 0, "whatever happens, both codes are of one class, and greylisted means greylisted");
}

static void
passing_has_no_reply(void)
{
	static const enum action passing[] = { ACTION_PASS, ACTION_TAG, ACTION_QUARANTINE };
	struct verdict verdict = { .outcome = OUTCOME_FORGED, .reason = REASON_NOTHING_PROVEN, .deciding = -1 };
	struct reply reply;

	for (size_t i = 0; i < 3; i++)
		ok(!explain_reply(&verdict, passing[i], "4f-1", contact, 0, &reply), "%s needs no reply",
		    action_word(passing[i]));
}

static void
reply_says_how_long(void)
{
	struct verdict verdict = { .outcome = OUTCOME_STRANGER, .reason = REASON_NO_CLAIM, .deciding = -1 };
	struct reply reply;

	explain_reply(&verdict, ACTION_GREYLIST, "4f-1", contact, 300, &reply);
	is(reply.text,
	    "greylisted, please try again in 300 seconds: the first message of an unknown sender has to wait (no-claim, id 4f-1); ask "
	    "https://example.com/postmaster",
	    "a greylisted sender learns how long to wait");
	explain_reply(&verdict, ACTION_GREYLIST, "4f-1", "", 0, &reply);
	is(reply.text,
	    "greylisted, please try again: the first message of an unknown sender has to wait (no-claim, id 4f-1); "
	    "ask the postmaster of the recipient's domain",
	    "without wait and contact nothing dangles, and the reply still says whom to ask");
}

/* Whoever runs the host that was refused learns what would help. */
static void
replies_say_what_would_help(void)
{
	struct vendor own = { .name = "own", .number = VENDOR_OWN }, acme = { .name = "acme" };
	struct verdict verdict = { .outcome = OUTCOME_FORGED, .reason = REASON_RELAYING, .deciding = -1 };
	struct reply reply;

	explain_reply(&verdict, ACTION_REJECT, "4f-1", contact, 0, &reply);
	is(reply.text,
	    "relaying refused: this host may send to others in our own names only; a host that forwards for others must be authorised "
	    "to do so (relaying, id 4f-1); ask https://example.com/postmaster",
	    "of a host that may not relay");
	verdict.reason = REASON_RECIPIENT_DIFFERS;
	explain_reply(&verdict, ACTION_DEFER, "4f-1", contact, 0, &reply);
	is(reply.text,
	    "please send to this recipient separately: another mode applies to the recipients before this one "
	    "(recipient-differs, id 4f-1); ask https://example.com/postmaster",
	    "of a recipient in another mode");
	verdict = (struct verdict){ .outcome = OUTCOME_FORGED,
		.reason = REASON_OWN_UNPROVEN,
		.deciding = 0,
		.claim_count = 1,
		.claims[0].vendor = &own };
	explain_reply(&verdict, ACTION_REJECT, "4f-1", contact, 0, &reply);
	is(reply.text,
	    "Open relay not allowed; no relaying was tried: mail in our own name from an unknown host: it uses our own name, and nothing "
	    "proves that it may; a host of ours needs an authorised address or SMTP authentication (own-unproven, id 4f-1); ask "
	    "https://example.com/postmaster",
	    "of our own name");
	verdict.outcome = OUTCOME_UNSURE;
	verdict.reason = REASON_DNS_TROUBLE;
	verdict.claims[0].vendor = &acme;
	explain_reply(&verdict, ACTION_DEFER, "4f-1", contact, 0, &reply);
	is(reply.text,
	    "not sure yet, please try again: not yet proven to be from acme: DNS did not answer, and the verdict depends on the answer "
	    "(dns-trouble, id 4f-1); ask https://example.com/postmaster",
	    "of a vendor that cannot be told yet");
}

/* Longer than any configuration and any clock can make them. */
static void
longest_reply_is_whole(void)
{
	char name[200], where[300];
	struct vendor vendor = { .name = name };
	struct verdict verdict = { .outcome = OUTCOME_FORGED, .deciding = 0, .claim_count = 1, .claims[0].vendor = &vendor };
	size_t longest = 0;
	bool whole = true;

	memset(name, 'v', sizeof name - 1);
	memset(where, 'w', sizeof where - 1);
	name[sizeof name - 1] = where[sizeof where - 1] = '\0';
	for (int reason = 0; reason < REASONS; reason++) {
		struct reply reply;

		verdict.reason = (enum reason)reason;
		explain_reply(&verdict, ACTION_GREYLIST, "0123456789abcdef-0123456789", where, INT64_MAX, &reply);
		whole = whole && strstr(reply.text, "0123456789abcdef-0123456789); ask www") != NULL;
		longest = strlen(reply.text) > longest ? strlen(reply.text) : longest;
	}
	vendor.number = VENDOR_OWN;
	for (int reason = 0; reason < REASONS; reason++) {
		struct reply reply;

		verdict.reason = (enum reason)reason;
		explain_reply(&verdict, ACTION_DEFER, "0123456789abcdef-0123456789", where, 0, &reply);
		whole = whole && strstr(reply.text, "0123456789abcdef-0123456789); ask www") != NULL;
		longest = strlen(reply.text) > longest ? strlen(reply.text) : longest;
	}
	ok(whole, "the longest reply still names id and contact");
	ok(longest < 480, "and stays below 480 bytes (%zu)", longest);
}

/* ---- the explanation ---- */

static const unsigned vouch[] = { PROOF_LISTED | PROOF_SPF, PROOF_DKIM };

struct scene {
	struct policy policy;
	struct judge judge;
	struct vendor vendor;
	struct source source;
	struct author author;
	struct dkim_fact dkim;
	struct facts facts;
	struct verdict verdict;
	struct text out;
};

static struct scene *
scene_open(void)
{
	struct scene *s = calloc(1, sizeof *s);

	if (s == NULL || !address_read("192.0.2.7", &s->facts.client))
		abort();
	s->vendor = (struct vendor){ .name = "acme", .vouch_count = 2 };
	memcpy(s->vendor.vouch, vouch, sizeof vouch);
	s->source = (struct source){ .vendor = &s->vendor, .text = "spf:acme.example" };
	s->policy.vendors = &s->vendor;
	s->policy.vendor_count = 1;
	s->judge.policy = &s->policy;
	s->author = (struct author){ .mailbox = { "t", "acme.example", "t@acme.example" },
		.dmarc = { .result = AUTH_FAIL, .policy = DMARC_REJECT, .tag = "p", .domain = "acme.example" } };
	s->dkim = (struct dkim_fact){ .d = "acme.example", .s = "s", .a = "rsa-sha1", .result = AUTH_POLICY, .why = "sha1" };
	s->facts.via = "";
	s->facts.peer = s->facts.client;
	s->facts.mail_from = "b@acme.example";
	s->facts.spf = (struct spf_fact){ AUTH_FAIL, false, "acme.example" };
	s->facts.from_state = FROM_READ;
	s->facts.authors = &s->author;
	s->facts.author_count = 1;
	s->facts.dkim = &s->dkim;
	s->facts.dkim_count = 1;
	s->facts.dkim_done = true;
	s->verdict = (struct verdict){ .outcome = OUTCOME_UNPROVEN,
		.reason = REASON_PARTLY_PROVEN,
		.action = ACTION_GREYLIST,
		.would = ACTION_GREYLIST,
		.deciding = 0,
		.claim_count = 1 };
	s->verdict.claims[0] = (struct claim){ .vendor = &s->vendor,
		.by_author = true,
		.by_envelope = true,
		.listed = YES,
		.spf_from = UNKNOWN,
		.source = &s->source,
		.weak = "sha1",
		.outcome = OUTCOME_UNPROVEN,
		.reason = REASON_PARTLY_PROVEN };
	text_open(&s->out, 64 * 1024);
	return s;
}

static void
scene_close(struct scene *s)
{
	text_close(&s->out);
	arena_close(s->policy.arena);
	free(s);
}

static const char *
explanation(struct scene *s)
{
	text_clear(&s->out);
	explain_write(&s->judge, &s->facts, &s->verdict, &s->out);
	return s->out.bytes;
}

static void
holds(struct scene *s, const char *wanted, const char *name)
{
	ok(strstr(explanation(s), wanted) != NULL, "%s", name) || (note("%s", s->out.bytes), true);
}

static void
explanation_is_whole(void)
{
	struct scene *s = scene_open();

	is(explanation(s),
	    "outcome    unproven (partly-proven): some evidence supports it, but not enough for the vendor's policy\n"
	    "action     greylist (a first contact has to wait)\n"
	    "client     192.0.2.7\n"
	    "envelope   <b@acme.example>, SPF fail\n"
	    "author     t@acme.example, DMARC fail (reject by p= of acme.example)\n"
	    "signature  d=acme.example, policy, does not count: sha1\n"
	    "vendor     acme (enforce), claimed by author and envelope\n"
	    "  listed   yes (spf:acme.example, shared)\n"
	    "  spf      no\n"
	    "  dkim     no (a weak signature: sha1)\n"
	    "  spf_from unknown\n"
	    "  dmarc    no\n"
	    "  vouched by listed+spf or dkim\n"
	    "  so it is unproven: some evidence supports it, but not enough for the vendor's policy\n",
	    "an explanation names outcome, facts, evidence and what the policy asks for");
	s->source.review_by = "2026-02-28";
	s->verdict.claims[0].lapsed = true;
	holds(s, "  listed   yes (spf:acme.example, shared, proves nothing: review was due by 2026-02-28)\n",
	    "a source that nobody reviewed in time is shown to prove nothing");
	s->verdict.claims[0].mode = MODE_VOUCH;
	s->verdict.claims[0].wanted = s->verdict.would = ACTION_REJECT;
	s->verdict.claims[0].action = ACTION_GREYLIST;
	holds(s,
	    "action     greylist (the mode of 'acme' is vouch; enforce would reject) (a first contact has to wait)\n",
	    "a vendor's mode that softens the action is shown");
	s->policy.settings.monitor = true;
	s->verdict.action = ACTION_PASS;
	holds(s, "action     pass (the daemon's mode is monitor; enforce would reject)\n", "so is the daemon's");
	s->verdict.claims[0].by_envelope = false;
	holds(s, "claimed by author\n", "a claim by the author alone is shown");
	s->verdict.claims[0].by_author = false;
	s->verdict.claims[0].by_envelope = true;
	s->verdict.claims[0].dropped = true;
	holds(s, "claimed by envelope\n", "a claim by the envelope alone is shown");
	holds(s, ", but its authors stand on their own, and the claim is dropped: ", "so is a claim that is dropped");
	scene_close(s);
}

static void
explanation_names_what_is_silent(void)
{
	static const struct name_rule known = { .domain = "acme.example" };
	struct scene *s = scene_open();

	s->vendor.envelope = (struct name_rules){ &known, 1 };
	s->policy.arena = arena_open(64 * 1024);
	if (!policy_index(&s->policy))
		abort();
	s->policy.sources = &s->source;
	s->facts.spf.result = AUTH_TEMPERROR;
	s->facts.spf_silence.name = "_spf.acme.example";
	holds(s, "\nno answer  _spf.acme.example, for SPF of acme.example\nvendor ",
	    "a name that did not answer, from the policy's record, is shown");
	s->facts.spf_silence.lured = true;
	holds(s, "\nno answer  _spf.acme.example, for SPF of acme.example: only the message brought it\nvendor ",
	    "and whether the message brought it");
	s->facts.spf_silence.name = NULL;
	s->dkim.result = AUTH_TEMPERROR;
	holds(s, "\nno answer  s._domainkey.acme.example, for a signature: only the message brought it\nvendor ",
	    "so is a key that did not answer");
	s->dkim.result = AUTH_POLICY;
	s->author.dmarc.result = AUTH_TEMPERROR;
	s->author.dmarc.silent = "acme.example";
	holds(s, "\nno answer  _dmarc.acme.example, for DMARC of acme.example\nvendor ", "and a DMARC record");
	s->author.dmarc.silent = NULL;
	s->author.spf_from = AUTH_TEMPERROR;
	s->author.spf_from_silence = (struct silence){ "x\r\n.acme.example", true };
	holds(s,
	    "\nno answer  x??.acme.example, for SPF of the author's acme.example: only the message brought it\nvendor ",
	    "and what SPF of an author led to");
	s->author.spf_from_silence.name = NULL;
	s->facts.asked[0] = (struct asked_fact){ .passes = UNKNOWN, .silence = { "helo.acme.example", true } };
	s->facts.asked_count = 1;
	holds(s, "\nno answer  helo.acme.example, for source spf:acme.example: only the message brought it\nvendor ",
	    "and what a source was led to");
	s->facts.asked_count = 0;
	s->facts.iprev = (struct iprev_fact){ .by_mta = "mx.hoster.example",
		.result = AUTH_TEMPERROR,
		.silence = { "1.2.0.192.in-addr.arpa", true } };
	holds(s,
	    "\nname       mx.hoster.example, confirmed by the MTA\nname       otherwise not known, DNS did not answer\n",
	    "the client's name is shown where it was looked at");
	holds(s, "\nno answer  1.2.0.192.in-addr.arpa, for the name of the client: only the message brought it\nvendor ",
	    "and that it did not answer");
	s->facts.iprev = (struct iprev_fact){ .result = AUTH_PASS, .names = { "mx.acme.example" }, .count = 1 };
	holds(s, "\nname       mx.acme.example, confirmed in DNS\n", "a name that we confirmed");
	s->facts.iprev = (struct iprev_fact){ .result = AUTH_FAIL };
	holds(s, "\nname       no name of its address leads back to it\n", "a name that leads elsewhere");
	s->facts.iprev = (struct iprev_fact){ .result = AUTH_PERMERROR };
	holds(s, "\nname       DNS has no name for its address\n", "no name");
	s->facts.iprev = (struct iprev_fact){ .result = AUTH_NOT_ASKED };
	s->facts.names[0] = (struct name_fact){ "acme.example", true };
	s->facts.names[1] = (struct name_fact){ "mail.acme.example", false };
	s->facts.name_count = 2;
	holds(s,
	    "\nanswered   acme.example, which is in the policy\nno answer  mail.acme.example, which is in the policy\nvendor ",
	    "and which names of the policy answered meanwhile");
	scene_close(s);
}

static void
explanation_of_odd_mail(void)
{
	struct scene *s = scene_open();

	s->facts.mail_from = "";
	s->facts.spf.by_helo = true;
	s->facts.author_count = s->facts.dkim_count = 0;
	s->facts.from_state = FROM_MISSING;
	holds(s, "envelope   <>, SPF fail (of the HELO name)\n", "the null sender's SPF is the HELO name's");
	holds(s, "author     none: the message has no From field\n", "a missing From field is shown");
	holds(s, "signature  none\n", "so is a missing signature");
	s->facts.from_state = FROM_UNREADABLE;
	s->facts.from_raw = " Vendor <a@b.example>";
	s->facts.from_raw_length = strlen(s->facts.from_raw);
	holds(s,
	    "author     none: the message has no From field, and programs show its Sender\n  that is  \" Vendor <a@b.example>\"\n",
	    "and the Sender that is shown in its place");
	s->facts.from_fields = 1;
	holds(s, "author     cannot be parsed: a From field breaks RFC 5322\n", "so is one that cannot be parsed");
	s->facts.from_raw = " J\xfcrgen \"7\" <a@b.example>\x1b";
	s->facts.from_raw_length = strlen(s->facts.from_raw);
	s->facts.from_stopped = 2;
	holds(s, "  after    byte 2 of \" J\\xfcrgen \\\"7\\\" <a@b.example>\\x1b\"\n",
	    "as it came, escaped, and where parsing stopped");
	s->policy.vendor_count = s->verdict.claim_count = 0;
	holds(s, "vendor     none is enabled\n", "so is a configuration without vendors");
	s->verdict = (struct verdict){ .outcome = OUTCOME_EXEMPT, .reason = REASON_EXEMPT_NETWORK, .deciding = -1 };
	is(explanation(s), "outcome    exempt (own-network): the client is in own.networks\naction     pass\n",
	    "exempt mail takes two lines");
	scene_close(s);
}

/* A stranger's bytes must not reach the reader's terminal. */
static void
explanation_is_safe(void)
{
	struct scene *s = scene_open();
	char *worst = malloc(5001);
	bool clean = true;

	if (worst == NULL)
		abort();
	memset(worst, 0x1b, 5000);
	worst[5000] = '\0';
	s->facts.mail_from = s->facts.helo = s->author.mailbox.text = s->dkim.d = worst;
	explanation(s);
	for (size_t i = 0; i < s->out.length; i++)
		clean = clean && (s->out.bytes[i] == '\n' || is_printable((char[]){ s->out.bytes[i], '\0' }));
	ok(clean, "no byte from the network reaches the terminal as it is");
	ok(s->out.length < 2000, "and none floods it (%zu bytes)", s->out.length);
	free(worst);
	scene_close(s);
}

static void
reply_names_the_vendor_only(void)
{
	struct scene *s = scene_open();
	struct reply reply;

	explain_reply(&s->verdict, ACTION_REJECT, "4f-1", contact, 0, &reply);
	is(reply.text,
	    "message refused: not proven to be from acme: some evidence supports it, but not enough for the vendor's policy "
	    "(partly-proven, id 4f-1); ask https://example.com/postmaster",
	    "a reply names the vendor as the configuration does, and nothing from the network");
	s->vendor.title = "Acm\xc3\xa9 Tickets";
	s->verdict.outcome = OUTCOME_VOUCHED;
	s->verdict.reason = REASON_PROVEN;
	s->verdict.claims[0].mode = MODE_MONITOR;
	explain_reply(&s->verdict, ACTION_GREYLIST, "4f-1", contact, 300, &reply);
	is(reply.text,
	    "greylisted, please try again in 300 seconds: proven to be from Acm?? Tickets: its mode is monitor, so "
	    "proof does not help it yet (proven, id 4f-1); ask https://example.com/postmaster",
	    "proven mail that has to wait all the same is told why, with the vendor's title in ASCII");
	scene_close(s);
}

/* What was not given is not known, and explain says what it would change. */
static void
explanation_of_parts(void)
{
	static const struct name_rule name = { .domain = "acme.example" };
	struct ranges nothing_listed = { 0 };
	struct scene *s = scene_open();

	s->vendor.dkim = s->vendor.domains = (struct name_rules){ &name, 1 };
	s->policy.arena = arena_open(64 * 1024);
	if (!policy_index(&s->policy) || !claims_settle(&s->policy, NULL, &s->facts))
		abort();
	s->judge.ranges = &nothing_listed;
	s->facts.stage = STAGE_EOM;
	s->facts.auth = s->facts.daemon_name = s->facts.helo = s->facts.from_raw = "";
	s->facts.sender = (struct mailbox){ "b", "acme.example", "b@acme.example" };
	s->facts.dkim_count = 0;
	s->facts.not_given = GIVEN_MESSAGE | GIVEN_RCPT;
	holds(s, "signature  not known: without --message none could be seen\n",
	    "where no message was given there may be a signature");
	holds(s, "  dkim     unknown (not given) (a weak signature: sha1)\n",
	    "so explain does not say that it proves nothing");
	holds(s, "  dmarc    unknown (not given)\n", "or that DMARC fails");
	holds(s, "  spf      no\n", "what was given is known");
	holds(s, "but        a counting signature of acme would make it vouched: pass\n",
	    "and one would change the outcome");
	s->facts.not_given = GIVEN_MAIL_FROM | GIVEN_FROM;
	holds(s, "envelope   not known: --mail-from was not given", "the sender, too");
	holds(s, "author     not known: neither --from nor --message was given\n", "and the author");
	s->facts.not_given = 0;
	ok(strstr(explanation(s), "not known") == NULL && strstr(s->out.bytes, "\nbut ") == NULL,
	    "for real mail everything was given") ||
	    (note("%s", s->out.bytes), true);
	scene_close(s);
}

/* ---- what an unproven vendor lacks ---- */

static const struct remedy {
	const char *name, *sender; /* of the envelope */
	enum auth_result spf;
	bool spf_aligned;
	const char *d; /* of a signature that counts; NULL: there is none */
	enum tri listed, spf_holds, dkim_holds;
	enum outcome outcome;
	const char *wanted;
} remedies[] = {
	{ "an envelope that the file does not name", "bounces.crm.example", AUTH_PASS, false, NULL, YES, NO, NO,
	    OUTCOME_UNPROVEN,
	    "to vouch   SPF passed for bounces.crm.example, a name that its file lacks; if that is the vendor's: "
	    "envelope = [ \"old.crm.example\", \"=alone.example\", \"x@mail.example\", \"bounces.crm.example\" ];\n" },
	{ "nobody gets into the file just by sending", "evil.example", AUTH_PASS, false, "acme.example", NO, NO, YES,
	    OUTCOME_FORGED, "" },
	{ "nor with evidence that has nothing to do with the address", "evil.example", AUTH_PASS, false, NULL, NO, NO,
	    NO, OUTCOME_UNPROVEN, "" },
	{ "an envelope for which SPF did not pass", "bounces.crm.example", AUTH_NEUTRAL, false, NULL, YES, NO, NO,
	    OUTCOME_UNPROVEN, "" },
	{ "a signer that the file does not name", "evil.example", AUTH_FAIL, false, "mail.acme.example", YES, NO, NO,
	    OUTCOME_UNPROVEN,
	    "to vouch   a signature of mail.acme.example counts, a name that its file lacks; if that is the vendor's: "
	    "dkim = [ \"sign.example\", \"mail.acme.example\" ];\n" },
	{ "a signer unrelated to any author", "evil.example", AUTH_FAIL, false, "evil.example", YES, NO, NO,
	    OUTCOME_UNPROVEN, "" },
	{ "a client that no source lists", "acme.example", AUTH_PASS, false, NULL, NO, YES, NO, OUTCOME_UNPROVEN,
	    "to vouch   none of its sources lists the client; if that is the vendor's host, add to its sources: { cidr = [ \"192.0.2.7\" ]; }\n" },
	{ "a vendor that is vouched for lacks nothing", "bounces.crm.example", AUTH_PASS, false, NULL, YES, NO, NO,
	    OUTCOME_VOUCHED, "" },
};

static void
set_remedy(struct scene *s, const struct remedy *row)
{
	struct claim *claim = &s->verdict.claims[0];

	s->facts.stage = STAGE_EOM;
	s->facts.sender = (struct mailbox){ "b", row->sender, "" };
	s->facts.spf = (struct spf_fact){ row->spf, false, row->sender };
	s->author.dmarc.spf_aligned = row->spf_aligned;
	s->author.dmarc.dkim_aligned = row->d != NULL;
	s->facts.dkim_count = row->d != NULL;
	s->dkim = (struct dkim_fact){ .d = row->d, .s = "s", .a = "", .result = AUTH_PASS, .counts = true, .why = "" };
	claim->weak = NULL;
	claim->listed = claim->reviewed = row->listed;
	claim->spf = row->spf_holds;
	claim->dkim = row->dkim_holds;
	claim->outcome = row->outcome;
	claim->reason = row->outcome == OUTCOME_UNPROVEN ? REASON_PARTLY_PROVEN : REASON_PROVEN;
}

/* A stranger who would wait, but for a setting of the greylist. */
static void
explanation_of_a_setting(void)
{
	struct scene *s = scene_open();

	s->policy.settings.greylist.dnswl = "";
	s->policy.settings.greylist.spf_pass = true;
	s->verdict.outcome = OUTCOME_STRANGER;
	s->verdict.claim_count = 0;
	s->verdict.deciding = -1;
	s->author.dmarc = (struct dmarc_fact){ .result = AUTH_PASS, .said = AUTH_PASS, .domain = "" };
	s->facts.spf.result = AUTH_PASS;
	s->facts.spf_narrow = YES;
	holds(s, "action     greylist (but greylist.spf_pass lets it pass)\n", "a setting that lets it pass is named");
	s->author.dmarc.said = AUTH_FAIL;
	s->author.dmarc.policy = DMARC_REJECT;
	holds(s, "action     greylist (a first contact has to wait)\n", "but not where it does not help");
	s->author.dmarc.said = AUTH_PASS;
	s->policy.settings.greylist.spf_pass = false;
	s->policy.settings.greylist.auto_pass_network = 10;
	holds(s, "(a first contact has to wait, unless greylist.auto_pass_network knows its network)\n",
	    "no greylist is asked whether the network is known");
	scene_close(s);
}

static void
remedies_are_lines(void)
{
	static const struct name_rule domains[] = { { .domain = "acme.example" } },
				      dkim[] = { { .domain = "sign.example" } },
				      envelope[] = { { .domain = "old.crm.example" },
					      { .domain = "alone.example", .exact = true },
					      { .domain = "mail.example", .exact = true, .local = "x" } };

	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
		struct scene *s = scene_open();

		s->vendor.domains = (struct name_rules){ domains, 1 };
		s->vendor.dkim = (struct name_rules){ dkim, 1 };
		s->vendor.envelope = (struct name_rules){ envelope, 3 };
		set_remedy(s, &remedies[i]);
		explain_remedy(&s->facts, &s->verdict, &s->out);
		is(s->out.bytes, remedies[i].wanted, "remedy: %s", remedies[i].name);
		scene_close(s);
	}
}

/* The only alternative does not ask for the signature. */
static void
remedy_of_a_strict_file(void)
{
	static const struct name_rule domains[] = { { .domain = "acme.example" } };
	struct scene *s = scene_open();

	s->vendor.domains = s->vendor.dkim = (struct name_rules){ domains, 1 };
	s->vendor.vouch_count = 1;
	set_remedy(s,
	    &(struct remedy){ .sender = "acme.example",
		.spf = AUTH_NEUTRAL,
		.d = "acme.example",
		.listed = NO,
		.dkim_holds = YES,
		.outcome = OUTCOME_UNPROVEN });
	explain_remedy(&s->facts, &s->verdict, &s->out);
	is(s->out.bytes, "to vouch   its signature counts; if that is enough: vouch = [ \"listed+spf\", \"dkim\" ];\n",
	    "remedy: a signature that the file does not ask for");
	scene_close(s);
}

static void
spf_error_says_what(void)
{
	struct scene *s = scene_open();

	s->facts.stage = STAGE_EOM;
	s->facts.auth = s->facts.daemon_name = s->facts.helo = s->facts.from_raw = "";
	s->facts.spf.result = AUTH_PERMERROR;
	s->facts.spf_why = "acme.example: unknown mechanism: 'ipp4\033[1m'";
	holds(s, "SPF permerror: acme.example: unknown mechanism: 'ipp4?[1m'\n",
	    "a permanent SPF error says what it is, in safe bytes");
	scene_close(s);
}

int
main(void)
{
	replies_have_their_codes();
	no_reply_accuses();
	every_reply_is_consistent();
	passing_has_no_reply();
	reply_says_how_long();
	replies_say_what_would_help();
	longest_reply_is_whole();
	explanation_is_whole();
	explanation_names_what_is_silent();
	explanation_of_odd_mail();
	explanation_of_parts();
	explanation_of_a_setting();
	remedies_are_lines();
	remedy_of_a_strict_file();
	spf_error_says_what();
	explanation_is_safe();
	reply_names_the_vendor_only();
	return done();
}
