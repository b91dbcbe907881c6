/*
 * delegate_reply_t.c - what Postfix is told at RCPT, as a table; and that no session and no setting makes
 * the reply permit anything.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/config/policy_value.h"
#include "t/lib/delegate_fixture.h"
#include "t/lib/tap.h"

/* Settings by their letter. */
static const struct {
	char letter;
	const char *text, *without;
} settings[] = {
	{ ' ', "", "gate rival" },
	{ 'V', "delegate = { undecided = \"vouch\"; };", "gate rival" },
	{ 'G', "delegate = { undecided = \"greylist\"; };", "gate rival" },
	{ 'M', "mode = \"monitor\";", "gate rival" },
	{ 'C', "delegate = { greylist_class = \"Later-1\"; };", "gate rival" },
	{ 'T', "", "rival" },
	{ 'R', "", "gate" },
};

enum { PLAIN = ' ', VOUCH = 'V', GREY = 'G', MONITOR = 'M', CLASS = 'C', GATE = 'T', RIVAL = 'R' };

static const struct {
	const char *name;
	char letter;
	const char *client, *sender; /* sender NULL: the null sender */
	enum auth_result spf;
	const char *wanted; /* the reply's word, why and vendor */
} rows[] = {
	{ "a stranger goes to the greylister", PLAIN, "198.18.0.1", "a@b.example", AUTH_PASS, "greylist stranger -" },
	{ "the class has the name that is set", CLASS, "198.18.0.1", "a@b.example", AUTH_PASS, "Later-1 stranger -" },
	{ "listed and SPF passes", PLAIN, "192.0.2.1", "b@plain.example", AUTH_PASS, "DUNNO promised plain" },
	{ "the same by the vendor's bounce name", PLAIN, "192.0.2.1", "b@bounces.plain.example.net", AUTH_PASS,
	    "DUNNO promised plain" },
	{ "the same in IPv6 form", PLAIN, "::ffff:192.0.2.1", "b@plain.example", AUTH_PASS, "DUNNO promised plain" },
	{ "a sender below the vendor's name", PLAIN, "192.0.2.1", "b@x.plain.example", AUTH_PASS, "DUNNO promised plain" },
	{ "a name that only ends as the vendor's", PLAIN, "192.0.2.200", "b@xplain.example", AUTH_PASS,
	    "greylist stranger -" },
	{ "in a shared range, SPF fails: only a signature could prove it", PLAIN, "192.0.2.1", "b@plain.example",
	    AUTH_FAIL, "greylist undecided plain" },
	{ "in a shared range, SPF in trouble", PLAIN, "192.0.2.1", "b@plain.example", AUTH_TEMPERROR,
	    "greylist undecided plain" },
	{ "in a shared range, another's bounce name", PLAIN, "192.0.2.1", "b@cloud.example", AUTH_PASS,
	    "greylist undecided plain" },
	{ "the same where undecided is to be vouched", VOUCH, "192.0.2.1", "b@cloud.example", AUTH_PASS,
	    "DUNNO trusted plain" },
	{ "in an exclusive range, another's bounce name", PLAIN, "198.51.100.1", "b@cloud.example", AUTH_PASS,
	    "DUNNO trusted single" },
	{ "in an exclusive range, SPF fails", PLAIN, "198.51.100.1", "b@single.example", AUTH_FAIL,
	    "DUNNO trusted single" },
	{ "in an exclusive range, the null sender", PLAIN, "198.51.100.1", NULL, AUTH_NONE, "DUNNO trusted single" },
	{ "the null sender, the HELO is the vendor's and passes", PLAIN, "198.51.100.1", NULL, AUTH_PASS,
	    "DUNNO promised single" },
	{ "the null sender of a stranger who greets as the vendor", PLAIN, "198.18.0.1", NULL, AUTH_FAIL,
	    "greylist stranger -" },
	{ "in an exclusive range where undecided is to be greylisted", GREY, "198.51.100.1", "b@cloud.example",
	    AUTH_PASS, "greylist undecided single" },
	{ "that setting does not touch what is proven", GREY, "198.51.100.1", "b@single.example", AUTH_PASS,
	    "DUNNO promised single" },
	{ "in one vendor's exclusive range with another's name", PLAIN, "198.51.100.1", "b@plain.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "the same where undecided is to be vouched", VOUCH, "198.51.100.1", "b@plain.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "in a range that is proof enough", PLAIN, "203.0.113.65", "b@cloud.example", AUTH_FAIL, "DUNNO promised alone" },
	{ "in a range that is proof enough, with another's name", PLAIN, "203.0.113.65", "b@plain.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "a vendor that only signs, from anywhere", PLAIN, "198.18.0.1", "b@signs.example", AUTH_PASS,
	    "greylist stranger -" },
	{ "listed, the author is still to be seen", PLAIN, "203.0.113.81", "b@cloud.example", AUTH_PASS,
	    "DUNNO trusted author" },
	{ "in an exclusive range that nobody reviewed for too long", PLAIN, "203.0.113.97", "b@stale.example",
	    AUTH_PASS, "greylist stranger -" },
	{ "in a gateway's range, SPF passes for somebody", GATE, "203.0.113.113", "b@customer.example", AUTH_PASS,
	    "DUNNO trusted gate" },
	{ "in a gateway's range, SPF fails", GATE, "203.0.113.113", "b@customer.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "forged: a vendor that does not sign, not listed, SPF fails", PLAIN, "198.18.0.1", "b@mute.example",
	    AUTH_FAIL, "550 forged mute" },
	{ "forged: SPF softfail", PLAIN, "198.18.0.1", "b@mute.example", AUTH_SOFTFAIL, "550 forged mute" },
	{ "forged: no SPF at all", PLAIN, "198.18.0.1", "b@mute.example", AUTH_NONE, "550 forged mute" },
	{ "forged: a name below", PLAIN, "198.18.0.1", "b@x.mute.example", AUTH_FAIL, "550 forged mute" },
	{ "forged: from another vendor's exclusive range", PLAIN, "198.51.100.1", "b@mute.example", AUTH_FAIL,
	    "550 forged mute" },
	{ "SPF in trouble makes nothing forged", PLAIN, "198.18.0.1", "b@mute.example", AUTH_TEMPERROR,
	    "greylist stranger -" },
	{ "SPF not asked makes nothing forged", PLAIN, "198.18.0.1", "b@mute.example", AUTH_NOT_ASKED,
	    "greylist stranger -" },
	{ "SPF passes: unproven, not forged", PLAIN, "198.18.0.1", "b@mute.example", AUTH_PASS, "greylist stranger -" },
	{ "listed, SPF fails: unproven, not forged", PLAIN, "203.0.113.1", "b@mute.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "listed and SPF passes for the one that does not sign", PLAIN, "203.0.113.1", "b@mute.example", AUTH_PASS,
	    "DUNNO promised mute" },
	{ "a vendor that signs is never certainly forged", PLAIN, "198.18.0.1", "b@single.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "one whose forgeries are only tagged", PLAIN, "198.18.0.1", "b@soft.example", AUTH_FAIL, "greylist stranger -" },
	{ "one in monitor mode", PLAIN, "198.18.0.1", "b@watched.example", AUTH_FAIL, "greylist stranger -" },
	{ "one in monitor mode is not vouched for", PLAIN, "203.0.113.33", "b@watched.example", AUTH_PASS,
	    "greylist stranger -" },
	{ "one in vouch mode is vouched for", PLAIN, "203.0.113.49", "b@lenient.example", AUTH_PASS,
	    "DUNNO promised lenient" },
	{ "one in vouch mode refuses nobody", PLAIN, "198.18.0.1", "b@lenient.example", AUTH_FAIL, "greylist stranger -" },
	{ "not listed, so the author's SPF cannot prove it any more", PLAIN, "198.18.0.1", "b@author.example",
	    AUTH_FAIL, "550 forged author" },
	{ "one that DMARC may still prove", PLAIN, "198.18.0.1", "b@dmarc.example", AUTH_FAIL, "greylist stranger -" },
	{ "one whose range is not known yet", PLAIN, "198.18.0.1", "b@asked.example", AUTH_FAIL, "greylist stranger -" },
	{ "a name of two vendors, one of which signs", RIVAL, "198.18.0.1", "b@mute.example", AUTH_FAIL,
	    "greylist stranger -" },
	{ "one of our networks", PLAIN, "10.1.2.3", "b@mute.example", AUTH_FAIL, "DUNNO exempt -" },
	{ "this host", PLAIN, "127.0.0.1", "b@mute.example", AUTH_FAIL, "DUNNO exempt -" },
	{ "an address that cannot be parsed", PLAIN, "unknown", "b@single.example", AUTH_PASS, "greylist stranger -" },
	{ "no address, and a vendor's name", PLAIN, "", "b@mute.example", AUTH_FAIL, "greylist stranger -" },
	{ "in monitor mode a vendor's mail is greylisted as before", MONITOR, "192.0.2.1", "b@plain.example", AUTH_PASS,
	    "greylist monitor -" },
	{ "in monitor mode a forgery is not refused", MONITOR, "198.18.0.1", "b@mute.example", AUTH_FAIL,
	    "greylist monitor -" },
	{ "in monitor mode a network of ours is not let past either", MONITOR, "10.1.2.3", "b@b.example", AUTH_PASS,
	    "greylist monitor -" },
	{ "a sender that is no address", PLAIN, "198.18.0.1", "b@mute..example", AUTH_FAIL, "greylist stranger -" },
	{ "a sender that is odd before its last at sign", PLAIN, "198.18.0.1", "b@@mute.example", AUTH_FAIL,
	    "550 forged mute" },
	{ "a blank in it, as Postfix sends what was quoted", PLAIN, "192.0.2.1", "b ss@plain.example", AUTH_PASS,
	    "DUNNO promised plain" },
};

static const struct fixture *
fixture_of(char letter)
{
	static struct fixture fixtures[sizeof settings / sizeof settings[0]];

	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (settings[i].letter == letter) {
			if (fixtures[i].policy == NULL &&
			    !fixture_open(&fixtures[i], settings[i].text, settings[i].without))
				exit(99);
			return &fixtures[i];
		}
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		fixture_close(&fixtures[i]);
	return NULL;
}

static const char *
why_word(enum delegate_why why)
{
	static const char *const words[] = { [DELEGATE_OTHER_STATE] = "other-state",
		[DELEGATE_EXEMPT] = "exempt",
		[DELEGATE_KNOWN] = "known",
		[DELEGATE_PROMISED] = "promised",
		[DELEGATE_TRUSTED] = "trusted",
		[DELEGATE_UNDECIDED] = "undecided",
		[DELEGATE_MONITOR] = "monitor",
		[DELEGATE_STRANGER] = "stranger",
		[DELEGATE_FORGED] = "forged" };
	static_assert(sizeof words / sizeof words[0] == DELEGATE_FORGED + 1, "a why lacks its word");

	return words[why];
}

/* "DUNNO promised plain", from the line on the wire. */
static void
tell(const struct fixture *fixture, const struct delegate_reply *reply, struct text *out)
{
	struct text wire;
	struct span line;

	text_open(&wire, DELEGATE_REPLY_MAX);
	delegate_reply_write(reply->word, fixture->policy->settings.delegate.greylist_class, "it is refused", &wire);
	line = (struct span){ wire.bytes + strlen("action="), wire.length - strlen("action=") };
	text_span(out, reply->word == DELEGATE_REFUSE ? span_cut(&line, ' ') : span_cut(&line, '\n'));
	text_format(out, " %s %s", why_word(reply->why), reply->claim.vendor == NULL ? "-" : reply->claim.vendor->name);
	text_close(&wire);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct fixture *fixture = fixture_of(rows[i].letter);
		struct arena *arena = arena_open(65536);
		struct delegate_reply reply;
		struct facts facts;
		struct text got;

		text_open(&got, 1024);
		fixture_session(arena, rows[i].client, rows[i].sender, rows[i].spf, &facts);
		delegate_decide(&fixture->judge, &facts, true, &reply);
		tell(fixture, &reply, &got);
		is(got.bytes, rows[i].wanted, "%s", rows[i].name);
		text_close(&got);
		arena_close(arena);
	}
}

static void
test_our_own_name(void)
{
	struct arena *arena = arena_open(65536);
	struct delegate_reply reply;
	struct fixture fixture;
	struct facts facts;

	fixture_session(arena, "198.18.0.7", "boss@rx.example", AUTH_PASS, &facts);
	delegate_decide(&fixture_of(PLAIN)->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "our own name waits while a vendor's range is not known");
	if (!fixture_open(&fixture, "", "asked"))
		return;
	delegate_decide(&fixture.judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "it passes where our SPF proves it");
	is(delegate_promises(&reply) ? reply.claim.vendor->name : "", "own", "and that is a promise");
	fixture_session(arena, "198.18.0.7", "boss@rx.example", AUTH_FAIL, &facts);
	delegate_decide(&fixture.judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "where nothing proves it, it waits like a stranger's");
	fixture_close(&fixture);
	arena_close(arena);
}

static void
test_what_the_milter_decides(void)
{
	struct arena *arena = arena_open(65536);
	struct delegate_reply reply;
	struct fixture fixture;
	struct facts facts;

	if (!fixture_open(&fixture, "exceptions = ( { rcpt = \"abuse@\"; vendor = \"mute\"; mode = \"monitor\"; } );", ""))
		return;
	fixture_session(arena, "198.18.0.1", "b@mute.example", AUTH_FAIL, &facts);
	delegate_decide(&fixture.judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "a forgery that some recipient may want is left to the milter");
	fixture_close(&fixture);
	facts.perhaps_relayed = true;
	delegate_decide(&fixture_of(PLAIN)->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "and so is one that a relay may have handed over");
	facts.perhaps_relayed = false;
	delegate_decide(&fixture_of(PLAIN)->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_REFUSE, "otherwise it is refused");
	arena_close(arena);
}

static void
test_who_is_asked_nothing(void)
{
	const struct fixture *fixture = fixture_of(PLAIN);
	struct arena *arena = arena_open(65536);
	struct delegate_reply reply;
	struct facts facts;

	fixture_session(arena, "198.18.0.1", "b@mute.example", AUTH_FAIL, &facts);
	facts.auth = "alice";
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "whoever has logged in may use any name");
	facts.client.family = facts.peer.family = ADDRESS_NONE;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "even without an address");
	fixture_session(arena, "198.18.0.5", "b@mute.example", AUTH_FAIL, &facts);
	facts.via = "filter";
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "a relay is neither greylisted nor refused, whatever it hands over");
	is(why_word(reply.why), "known", "because it is known");
	fixture_session(arena, "198.18.0.25", "b@stranger.example", AUTH_FAIL, &facts);
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "an authorised outbound address is not greylisted");
	fixture_session(arena, "198.18.0.1", "b@mute.example", AUTH_FAIL, &facts);
	delegate_decide(&fixture->judge, &facts, false, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "another state than RCPT gets no opinion");
	delegate_decide(&fixture_of(MONITOR)->judge, &facts, false, &reply);
	is_number(reply.word, DELEGATE_DUNNO, "in monitor mode, too");
	facts.failed = true;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "a failure of ours treats a forger like a stranger");
	fixture_session(arena, "198.51.100.1", "b@single.example", AUTH_PASS, &facts);
	facts.failed = true;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.word, DELEGATE_CLASS, "and a vendor");
	arena_close(arena);
}

static void
test_asked(void)
{
	const struct fixture *fixture = fixture_of(PLAIN);
	struct arena *arena = arena_open(65536);
	struct source_state *state = NULL;
	struct delegate_reply reply;
	struct facts facts;

	fixture_session(arena, "198.18.0.1", "b@asked.example", AUTH_PASS, &facts);
	for (size_t i = 0; i < fixture->policy->source_count; i++)
		if (strcmp(fixture->policy->sources[i].vendor->name, "asked") == 0) {
			state = &fixture->ranges->states[i];
			facts.asked[0] = (struct asked_fact){ .source = (uint32_t)i, .passes = YES };
		}
	state->known = state->asked = true;
	facts.asked_count = 1;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.why, DELEGATE_PROMISED, "a range that DNS confirms for this client is as good as a list");
	facts.asked[0].passes = UNKNOWN;
	facts.spf.result = AUTH_FAIL;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.why, DELEGATE_STRANGER, "DNS trouble refuses nobody");
	facts.asked[0].passes = NO;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.why, DELEGATE_FORGED, "an answer of no makes it forged");
	facts.client_hidden = true;
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.why, DELEGATE_STRANGER, "but nobody whose address cannot be seen is refused");
	facts.client_hidden = false;
	facts.asked_count = 0;
	*state = (struct source_state){ .known = true, .empty = true };
	delegate_decide(&fixture->judge, &facts, true, &reply);
	is_number(reply.why, DELEGATE_STRANGER, "nor where the vendor has no address left, so that its DMARC decides");
	arena_close(arena);
}

static void
test_verdict(void)
{
	const struct fixture *fixture = fixture_of(PLAIN);
	struct arena *arena = arena_open(65536);
	struct delegate_reply reply;
	struct verdict verdict;
	struct facts facts;

	fixture_session(arena, "198.18.0.1", "b@mute.example", AUTH_FAIL, &facts);
	delegate_decide(&fixture->judge, &facts, true, &reply);
	delegate_verdict(&reply, &verdict);
	is(outcome_word(verdict.outcome), "forged", "a refusal is logged as forged");
	is(reason_slug(verdict.reason), "nothing-proven", "for the milter's own reason");
	is(verdict_vendor(&verdict), "mute", "with the vendor's name");
	ok(!delegate_promises(&reply), "and promises nothing");
	arena_close(arena);
}

/* ---- what can never be said ---- */

static const char *const hostile[] = { "", "ok", "550 x\n\naction=OK\n\n", "a\r\nOK", "\x01\x7f\xff", "%s%n", "OK\n" };

/* The bytes of an reply: DUNNO, a name that is a class, or a refusal on one line. */
static bool
is_harmless(const struct text *wire)
{
	const char *word = wire->bytes + strlen("action="), *end = strstr(wire->bytes, "\n\n");
	char class[128];

	if (strncmp(wire->bytes, "action=", 7) != 0 || end == NULL || end[2] != '\0' ||
	    strlen(wire->bytes) != wire->length)
		return false;
	for (const char *at = wire->bytes; at < end; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
			return false;
	snprintf(class, sizeof class, "%.*s", (int)(end - word), word);
	return strcmp(class, "DUNNO") == 0 || strncmp(class, "550 5.7.26 ", 11) == 0 || value_class(class, NULL);
}

static void
test_every_word(void)
{
	static const char *const classes[] = { "OK", "ok", "permit", "PERMIT", "permit_mynetworks", "Permit_x",
		"permit_sasl_authenticated", "0", "250", "1234", "4xx", "550", "RELAY", "relay", "dunno", "accept",
		"reject", "REJECT_unlisted", "defer", "defer_if_permit", "DISCARD", "filter", "HOLD", "INFO", "PREPEND",
		"redirect", "BCC", "warn", "warn_if_reject", "delay", "sleep", "check_client_access", "", "a b",
		"greylist\n\naction=OK", "greylist,permit", "OK greylist", "x:y", "-", "_x", "\xc3\xa9",
		"a234567890123456789012345678901234567890123456789012345678901234x" };
	struct text wire;

	text_open(&wire, DELEGATE_REPLY_MAX);
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		struct fault why = { .text = "" };

		ok(!value_class(classes[i], &why) && why.text[0] != '\0', "'%.40s' is refused as a class",
		    strpbrk(classes[i], "\n\xc3") == NULL ? classes[i] : "(bytes)");
		text_clear(&wire);
		delegate_reply_write(DELEGATE_CLASS, classes[i], "", &wire);
		is(wire.bytes, "action=DUNNO\n\n", "and never said");
	}
	ok(value_class("greylist", NULL) && value_class("Later-1", NULL) &&
		value_class("check_later_", NULL) == false && value_class("oklist", NULL),
	    "a class of one's own is none of those");
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		text_clear(&wire);
		delegate_reply_write(DELEGATE_REFUSE, "greylist", hostile[i], &wire);
		ok(is_harmless(&wire), "a refusal stays on its line, text %zu", i);
	}
	text_clear(&wire);
	delegate_reply_write(DELEGATE_REFUSE, "greylist", "message refused: not proven to be from mute", &wire);
	is(wire.bytes, "action=550 5.7.26 message refused: not proven to be from mute\n\n", "a refusal on the wire");
	text_close(&wire);
}

/* Every session that the tables know, by every fixture: whatever is decided, nothing is permitted. */
static void
test_every_session(void)
{
	static const char *const logins[] = { "", "alice" };
	size_t said[DELEGATE_REFUSE + 1] = { 0 }, harmful = 0, sessions = 0;
	struct text wire;

	text_open(&wire, DELEGATE_REPLY_MAX);
	for (size_t w = 0; w < sizeof settings / sizeof settings[0]; w++) {
		const struct fixture *fixture = fixture_of(settings[w].letter);

		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			struct arena *arena = arena_open(1 << 20);

			for (size_t j = 0; j < sizeof rows / sizeof rows[0]; j++)
				for (int spf = AUTH_NOT_ASKED; spf <= AUTH_PERMERROR; spf++) {
					struct delegate_reply reply;
					struct facts facts;

					fixture_session(arena, rows[i].client, rows[j].sender, (enum auth_result)spf,
					    &facts);
					facts.auth = logins[(i + j) % 17 == 0];
					delegate_decide(&fixture->judge, &facts, (i + j) % 13 != 0, &reply);
					text_clear(&wire);
					delegate_reply_write(reply.word,
					    fixture->policy->settings.delegate.greylist_class,
					    hostile[j % (sizeof hostile / sizeof hostile[0])], &wire);
					harmful += !is_harmless(&wire);
					said[reply.word]++;
					sessions++;
				}
			arena_close(arena);
		}
	}
	is_number((long long)harmful, 0, "%zu sessions: none is permitted anything", sessions);
	ok(said[DELEGATE_DUNNO] > 0 && said[DELEGATE_CLASS] > 0 && said[DELEGATE_REFUSE] > 0,
	    "all three words were among the replies: %zu, %zu, %zu", said[DELEGATE_DUNNO], said[DELEGATE_CLASS],
	    said[DELEGATE_REFUSE]);
	text_close(&wire);
}

int
main(void)
{
	test_rows();
	test_our_own_name();
	test_what_the_milter_decides();
	test_who_is_asked_nothing();
	test_asked();
	test_verdict();
	test_every_word();
	test_every_session();
	(void)fixture_of('\0');
	return done();
}
