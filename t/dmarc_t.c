/*
 * dmarc_t.c - what a message's SPF and signatures make of DMARC: alignment, results, and how little is asked for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/mail/dmarc.h"
#include "policy/util/text.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

/* A small list of our own, so that nobody's update of the real one changes a row. */
static char suffix_text[] = "com\nnet\nexample\nuk\nco.uk\nxn--p1ai\nio\nbrand\n"
			    "// ===BEGIN PRIVATE DOMAINS===\ngithub.io\nhost.com\n// ===END PRIVATE DOMAINS===\n";

static const char *const zone_lines[] = {
	"_dmarc.example.com 300 TXT \"v=DMARC1; p=reject; sp=quarantine\"",
	"m.example.com A 192.0.2.1",
	"_dmarc.own.example.com 300 TXT \"v=DMARC1; p=none\"",
	"_dmarc.odd.example.com 300 TXT \"v=DMARC1; p=rej\"",
	"_dmarc.two.example.com 300 TXT \"v=DMARC1; p=none\"",
	"_dmarc.two.example.com 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.part.example.com 300 TXT \"v=DMARC1; p=reject; psd=n\"",
	"_dmarc.strict.com 300 TXT \"v=DMARC1; p=reject; adkim=s; aspf=s\"",
	"_dmarc.strictspf.com 300 TXT \"v=DMARC1; p=reject; aspf=s\"",
	"_dmarc.tests.com 300 TXT \"v=DMARC1; p=reject; t=y\"",
	"_dmarc.sick.com TXT SERVFAIL",
	"_dmarc.bogus.com TXT BOGUS",
	"_dmarc.slow.example.com TXT TIMEOUT",
	"_dmarc.half.net 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.a.half.net 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.b.half.net TXT TIMEOUT",
	"_dmarc.cut.a.half.net 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.x.deaf.net 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.deaf.net TXT SERVFAIL",
	/* registries: of the list and not, with and without psd */
	"_dmarc.github.io 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.host.com 300 TXT \"v=DMARC1; p=reject; psd=y\"",
	"_dmarc.registry.net 300 TXT \"v=DMARC1; p=reject; psd=y\"",
	"_dmarc.co.uk 300 TXT \"v=DMARC1; p=reject\"",
	"_dmarc.brand 300 TXT \"v=DMARC1; p=reject; psd=n\"",
	/* names that do not exist */
	"_dmarc.np.net 300 TXT \"v=DMARC1; p=none; sp=quarantine; np=reject\"",
	"here.np.net A 192.0.2.1",
	"alias.np.net CNAME nowhere.example",
	"_dmarc.text.np.net TXT hello",
	"mute.np.net CNAME SERVFAIL",
	"_dmarc.same.net 300 TXT \"v=DMARC1; p=none; sp=reject; np=reject\"",
};

/* the braces of a macro are taken for a block */
/* clang-format off */
#define NO_SPF { AUTH_NONE, false, "" }
#define SPF(domain) { AUTH_PASS, false, domain }
#define COUNTS(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_PASS, .counts = true, .passes = true, .why = "" }
#define SIGNED(domain, word, slug) { .d = domain, .s = "s", .a = "", .b = "", .result = word, .why = slug }
#define WEAK(domain, standard) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_POLICY, .weak = true, .passes = standard, .why = "old" }
#define OPEN(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_PASS, .counts = true, .passes = true, .reply_open = true, .why = "" }
#define PARTIAL(domain) { .d = domain, .s = "s", .a = "", .b = "", .result = AUTH_POLICY, .passes = true, .why = "partial-body" }
#define NO_KEY(domain) SIGNED(domain, AUTH_TEMPERROR, "key-unanswered")
/* clang-format on */

static const struct {
	const char *what, *author;
	struct spf_fact spf;
	struct dkim_fact dkim[3]; /* up to the first without d */
	const char *wanted;       /* result, what the RFC says, policy, where, names asked */
	bool null_sender, relayed;
} messages[] = {
	/* one name: its own record is enough */
	{ "SPF of the author's domain", "example.com", SPF("example.com"), { { 0 } },
	    "pass pass reject example.com: example.com", false, false },
	{ "a signature of the author's domain", "example.com", NO_SPF, { COUNTS("example.com") },
	    "pass pass reject example.com: example.com", false, false },
	{ "both", "example.com", SPF("example.com"), { COUNTS("example.com") },
	    "pass pass reject example.com: example.com", false, false },
	{ "a record that is inherited", "m.example.com", SPF("m.example.com"), { COUNTS("m.example.com") },
	    "pass pass quarantine example.com: m.example.com example.com com", false, false },
	{ "SPF, and a signature of somebody else beside it", "example.com", SPF("example.com"), { COUNTS("esp.net") },
	    "pass pass reject example.com: example.com", false, false },
	{ "a signature, and the envelope of somebody else", "example.com", SPF("bounce.esp.net"),
	    { COUNTS("example.com") }, "pass pass reject example.com: example.com", false, false },
	{ "nothing at all", "example.com", NO_SPF, { { 0 } }, "fail fail reject example.com: example.com", false, false },

	/* relaxed alignment: walks, and none for what could not align */
	{ "SPF of a bounce name below", "example.com", SPF("bounce.example.com"), { { 0 } },
	    "pass pass reject example.com: example.com com bounce.example.com example.com com", false, false },
	{ "a signature of a name above", "m.example.com", NO_SPF, { COUNTS("example.com") },
	    "pass pass quarantine example.com: m.example.com example.com com example.com com", false, false },
	{ "a bounce name in another branch", "a.example.com", SPF("b.c.example.com"), { { 0 } },
	    "pass pass quarantine example.com: a.example.com example.com com b.c.example.com c.example.com example.com com",
	    false, false },
	{ "SPF goes before signatures", "example.com", SPF("b.example.com"), { COUNTS("a.example.com") },
	    "pass pass reject example.com: example.com com b.example.com example.com com", false, false },
	{ "of two good signatures one is walked", "example.com", NO_SPF,
	    { COUNTS("a.example.com"), COUNTS("b.example.com") },
	    "pass pass reject example.com: example.com com a.example.com example.com com", false, false },
	{ "SPF of somebody else is not walked", "example.com", SPF("attack.com"), { { 0 } },
	    "fail fail reject example.com: example.com com", false, false },
	{ "nor is one of another top-level domain, nor the author", "example.com", SPF("attack.net"), { { 0 } },
	    "fail fail reject example.com: example.com", false, false },
	{ "SPF that fails is no proof and not walked", "example.com", { AUTH_SOFTFAIL, false, "m.example.com" },
	    { { 0 } }, "fail fail reject example.com: example.com", false, false },
	{ "nor is a signature that does not verify", "example.com", NO_SPF,
	    { SIGNED("m.example.com", AUTH_FAIL, "body-changed") }, "fail fail reject example.com: example.com", false,
	    false },
	{ "each signature keeps its own domain", "example.com", NO_SPF,
	    { SIGNED("example.com", AUTH_FAIL, "body-changed"), COUNTS("evil.com") },
	    "fail fail reject example.com: example.com com", false, false },
	{ "a part with psd=n is no family", "part.example.com", SPF("example.com"), { { 0 } },
	    "fail fail reject part.example.com: part.example.com", false, false },
	{ "nor the other way", "example.com", NO_SPF, { COUNTS("part.example.com") },
	    "fail fail reject example.com: example.com com part.example.com", false, false },
	{ "HELO proves a bounce of its own domain", "example.com", { AUTH_PASS, true, "mx.example.com" }, { { 0 } },
	    "pass pass reject example.com: example.com com mx.example.com example.com com", true, false },
	{ "HELO proves nothing for a named sender", "example.com", { AUTH_PASS, true, "mx.example.com" }, { { 0 } },
	    "fail fail reject example.com: example.com", false, false },
	{ "a quote is no part of a name", "example.com", SPF("'.example.com"), { { 0 } },
	    "fail fail reject example.com: example.com", false, false },

	/* strict */
	{ "strict: names below do not pass, and nothing is walked", "strict.com", SPF("m.strict.com"),
	    { COUNTS("m.strict.com") }, "fail fail reject strict.com: strict.com", false, false },
	{ "strict: the same name passes", "strict.com", NO_SPF, { COUNTS("strict.com") },
	    "pass pass reject strict.com: strict.com", false, false },
	{ "strict for SPF only", "strictspf.com", SPF("m.strictspf.com"), { { 0 } },
	    "fail fail reject strictspf.com: strictspf.com", false, false },
	{ "and not for signatures", "strictspf.com", SPF("m.strictspf.com"), { COUNTS("m.strictspf.com") },
	    "pass pass reject strictspf.com: strictspf.com com m.strictspf.com strictspf.com com", false, false },

	/* which record */
	{ "an own record goes before the organisation's", "own.example.com", NO_SPF, { { 0 } },
	    "fail fail none own.example.com: own.example.com", false, false },
	{ "its family is the organisation's", "own.example.com", SPF("example.com"), { { 0 } },
	    "pass pass none own.example.com: own.example.com example.com com example.com com", false, false },
	{ "a record of no use is no DMARC", "odd.example.com", SPF("odd.example.com"), { { 0 } },
	    "none none none : odd.example.com", false, false },
	{ "two records are none, and lead on", "two.example.com", NO_SPF, { COUNTS("two.example.com") },
	    "pass pass quarantine example.com: two.example.com example.com com", false, false },
	{ "t=y", "tests.com", NO_SPF, { { 0 } }, "fail fail quarantine tests.com: tests.com", false, false },
	{ "no record", "silent.com", SPF("silent.com"), { COUNTS("silent.com") }, "none none none : silent.com com",
	    false, false },
	{ "no name has no record", "", SPF(""), { { 0 } }, "none none none :", false, false },

	/* names that do not exist */
	{ "np for a name that does not exist", "gone.np.net", NO_SPF, { { 0 } },
	    "fail fail reject np.net: gone.np.net np.net net CNAME", false, false },
	{ "sp for one that does", "here.np.net", NO_SPF, { { 0 } },
	    "fail fail quarantine np.net: here.np.net np.net net CNAME", false, false },
	{ "an alias exists, wherever it leads", "alias.np.net", NO_SPF, { { 0 } },
	    "fail fail quarantine np.net: alias.np.net np.net net CNAME", false, false },
	{ "a name with one below it exists, and is not asked", "text.np.net", NO_SPF, { { 0 } },
	    "fail fail quarantine np.net: text.np.net np.net net", false, false },
	{ "whether it exists may not be known", "mute.np.net", NO_SPF, { { 0 } },
	    "temperror temperror quarantine np.net: mute.np.net np.net net CNAME", false, false },
	{ "which matters to nobody when it passes", "mute.np.net", SPF("mute.np.net"), { { 0 } },
	    "pass pass quarantine np.net: mute.np.net np.net net CNAME", false, false },
	{ "nor where both are the same", "gone.same.net", NO_SPF, { { 0 } },
	    "fail fail reject same.net: gone.same.net same.net net", false, false },
	{ "its own record knows no np", "np.net", NO_SPF, { { 0 } }, "fail fail none np.net: np.net", false, false },

	/* what does not answer */
	{ "the author's own record", "sick.com", NO_SPF, { COUNTS("sick.com") },
	    "temperror temperror none : sick.com com", false, false },
	{ "a bogus one", "bogus.com", NO_SPF, { { 0 } }, "temperror temperror none : bogus.com com", false, false },
	{ "it hides no policy of the organisation's", "slow.example.com", NO_SPF, { { 0 } },
	    "temperror temperror quarantine example.com: slow.example.com example.com com", false, false },
	{ "half way up, where its own record is enough", "x.deaf.net", SPF("x.deaf.net"), { { 0 } },
	    "pass pass reject x.deaf.net: x.deaf.net", false, false },
	{ "half way up, where it is not", "x.deaf.net", SPF("y.deaf.net"), { { 0 } },
	    "temperror temperror reject x.deaf.net: x.deaf.net deaf.net net", false, false },
	{ "half way up, and it could not align anyway", "x.deaf.net", SPF("y.other.net"), { { 0 } },
	    "fail fail reject x.deaf.net: x.deaf.net deaf.net net", false, false },
	{ "half way up, without its own record", "w.deaf.net", SPF("w.deaf.net"), { { 0 } },
	    "temperror temperror none : w.deaf.net deaf.net net", false, false },
	{ "in the walk of an identifier", "a.half.net", SPF("c.b.half.net"), { { 0 } },
	    "temperror temperror reject a.half.net: a.half.net half.net net c.b.half.net b.half.net half.net net",
	    false, false },
	{ "and another one passes", "a.half.net", SPF("c.b.half.net"), { COUNTS("half.net") },
	    "pass pass reject a.half.net: a.half.net half.net net c.b.half.net b.half.net half.net net half.net net",
	    false, false },
	{ "SPF of the author's family", "example.com", { AUTH_TEMPERROR, false, "m.example.com" }, { { 0 } },
	    "temperror temperror reject example.com: example.com com m.example.com example.com com", false, false },
	{ "SPF of a stranger", "example.com", { AUTH_TEMPERROR, false, "attack.com" }, { { 0 } },
	    "fail fail reject example.com: example.com com", false, false },
	{ "SPF of a name that strict does not take", "strict.com", { AUTH_TEMPERROR, false, "m.strict.com" }, { { 0 } },
	    "fail fail reject strict.com: strict.com", false, false },
	{ "SPF of HELO for a named sender", "example.com", { AUTH_TEMPERROR, true, "example.com" }, { { 0 } },
	    "fail fail reject example.com: example.com", false, false },
	{ "a key of the author's family", "example.com", NO_SPF, { NO_KEY("a.example.com") },
	    "temperror temperror reject example.com: example.com com a.example.com example.com com", false, false },
	{ "a key of a stranger", "example.com", NO_SPF, { NO_KEY("attack.net") },
	    "fail fail reject example.com: example.com", false, false },
	{ "a key that strict does not take", "strict.com", NO_SPF, { NO_KEY("m.strict.com") },
	    "fail fail reject strict.com: strict.com", false, false },
	{ "a key of a signature that could never count", "example.com", NO_SPF,
	    { SIGNED("example.com", AUTH_TEMPERROR, "partial-body") }, "fail fail reject example.com: example.com",
	    false, false },
	{ "trouble does not matter when something else passes", "example.com", { AUTH_TEMPERROR, false, "example.com" },
	    { NO_KEY("example.com"), COUNTS("example.com") }, "pass pass reject example.com: example.com", false, false },

	/* registries and companies that are their own: the RFC's word, and ours */
	{ "a company that is its own public suffix", "mail.brand", SPF("bounce.brand"), { { 0 } },
	    "fail pass reject brand: mail.brand brand bounce.brand brand", false, false },
	{ "its own name proves itself", "mail.brand", SPF("mail.brand"), { { 0 } },
	    "pass pass reject brand: mail.brand brand", false, false },
	{ "its top-level name proves nothing here", "brand", SPF("brand"), { COUNTS("brand") },
	    "fail pass reject brand: brand", false, false },
	{ "a name of the private part proves itself", "github.io", NO_SPF, { COUNTS("github.io") },
	    "pass pass reject github.io: github.io", false, false },
	{ "its customers do not meet, whatever it publishes", "good.github.io", NO_SPF, { COUNTS("evil.github.io") },
	    "fail pass reject github.io: good.github.io github.io io evil.github.io github.io io", false, false },
	{ "customers of a private registry with psd=y", "good.registry.net", NO_SPF, { COUNTS("evil.registry.net") },
	    "fail fail reject registry.net: good.registry.net registry.net", false, false },
	{ "the family of one", "a.good.registry.net", NO_SPF, { COUNTS("good.registry.net") },
	    "pass pass reject registry.net: a.good.registry.net good.registry.net registry.net good.registry.net registry.net",
	    false, false },
	{ "the registry itself", "registry.net", NO_SPF, { COUNTS("good.registry.net") },
	    "fail fail reject registry.net: registry.net good.registry.net registry.net", false, false },
	{ "neighbours under co.uk", "example.co.uk", SPF("other.co.uk"), { { 0 } },
	    "fail pass reject co.uk: example.co.uk co.uk uk other.co.uk co.uk uk", false, false },

	/* what counts */
	{ "a signature that proves nothing is one to the RFC", "example.com", NO_SPF, { PARTIAL("example.com") },
	    "fail pass reject example.com: example.com", false, false },
	{ "a weak one passes", "example.com", NO_SPF, { WEAK("example.com", true) },
	    "pass pass reject example.com: example.com", false, false },
	{ "a test key passes, as a weak one", "example.com", NO_SPF, { WEAK("example.com", false) },
	    "pass fail reject example.com: example.com", false, false },
	{ "a forwarder's mail needs the best signature too", "example.com", SPF("example.com"),
	    { COUNTS("a.example.com") }, "pass pass reject example.com: example.com com a.example.com example.com com",
	    false, true },
};
enum { MESSAGES = sizeof messages / sizeof *messages };

/* Asks the zone as the shell would, and writes down what. */
static void
ask(struct dmarc_check *check, const struct canned_zone *zone, struct text *asked)
{
	struct dns_question question;
	struct dns_answer answer;
	const char *start, *ahead[DMARC_STEPS_MAX];

	for (unsigned i = 0; i < 100 && dmarc_next(check, &question, &start); i++) {
		if (question.type == DNS_TXT)
			text_format(asked, " %s", question.name + strlen("_dmarc."));
		else
			text_format(asked, " %s", dns_type_name(question.type));
		if (dmarc_ahead(check, ahead) > 0 && strcmp(ahead[0], question.name + strlen("_dmarc.")) != 0)
			ok(false, "what is asked ahead begins with the question: %s", question.name);
		canned_zone_answer(zone, &question, &answer);
		dmarc_answer(check, &answer);
	}
}

static void
facts_fill(struct facts *facts, struct dkim_fact dkim[3], const struct dkim_fact from[3])
{
	memcpy(dkim, from, 3 * sizeof *dkim);
	facts->dkim = dkim;
	facts->dkim_count = 0;
	while (facts->dkim_count < 3 && dkim[facts->dkim_count].d != NULL)
		facts->dkim_count++;
}

static void
test_message(size_t i, const struct suffix_list *list, const struct canned_zone *zone, struct arena *arena)
{
	struct facts facts = { .spf = messages[i].spf, .null_sender = messages[i].null_sender };
	unsigned walks = DMARC_WALKS_MAX;
	struct dkim_fact dkim[3];
	struct dmarc_check check;
	struct dmarc_fact got;
	struct text asked, text;

	text_open(&asked, 4096);
	text_open(&text, 4096);
	facts.via = messages[i].relayed ? "relay" : "";
	facts_fill(&facts, dkim, messages[i].dkim);
	dmarc_begin(&check, list, &facts, messages[i].author, &walks);
	ask(&check, zone, &asked);
	dmarc_finish(&check, arena, &got);
	text_format(&text, "%s %s %s %s:%s", auth_word(got.result), auth_word(got.said), dmarc_policy_word(got.policy),
	    got.domain, asked.bytes);
	is(text.bytes, messages[i].wanted, "message: %s", messages[i].what);
	ok((got.silent != NULL) ==
		    (strstr(messages[i].wanted, "temperror") != NULL && facts.spf.result != AUTH_TEMPERROR &&
			(facts.dkim_count == 0 || dkim[0].result != AUTH_TEMPERROR)) &&
		(got.silent == NULL) == (got.silent_of == NULL),
	    "message: %s (who was silent)", messages[i].what);
	text_close(&text);
	text_close(&asked);
}

/* What passed, what passed but for SPF. */
static const struct {
	const char *what;
	struct spf_fact spf;
	struct dkim_fact dkim[3];
	enum dmarc_by by, signed_by;
} worths[] = {
	{ "SPF is proof, but not of a signature", SPF("example.com"), { { 0 } }, DMARC_BY_PROOF, DMARC_BY_NOTHING },
	{ "a signature that counts is proof", NO_SPF, { COUNTS("example.com") }, DMARC_BY_PROOF, DMARC_BY_PROOF },
	{ "one that leaves Reply-To open is less", NO_SPF, { OPEN("example.com") }, DMARC_BY_REPLY_OPEN,
	    DMARC_BY_REPLY_OPEN },
	{ "a weak one is less", NO_SPF, { WEAK("example.com", true) }, DMARC_BY_WEAK, DMARC_BY_WEAK },
	{ "one that proves nothing", NO_SPF, { PARTIAL("example.com") }, DMARC_BY_NOTHING, DMARC_BY_NOTHING },
	{ "the best of several, in the family", NO_SPF,
	    { WEAK("example.com", true), OPEN("a.example.com"), COUNTS("evil.com") }, DMARC_BY_REPLY_OPEN,
	    DMARC_BY_REPLY_OPEN },
	{ "the best comes last", NO_SPF, { OPEN("example.com"), OPEN("a.example.com"), COUNTS("b.example.com") },
	    DMARC_BY_PROOF, DMARC_BY_PROOF },
};

static void
test_worth(const struct suffix_list *list, const struct canned_zone *zone, struct arena *arena)
{
	for (size_t i = 0; i < sizeof worths / sizeof *worths; i++) {
		struct facts facts = { .spf = worths[i].spf, .via = "" };
		unsigned walks = DMARC_WALKS_MAX;
		struct dkim_fact dkim[3];
		struct dmarc_check check;
		struct dmarc_fact got;
		struct text asked;

		text_open(&asked, 4096);
		facts_fill(&facts, dkim, worths[i].dkim);
		dmarc_begin(&check, list, &facts, "example.com", &walks);
		ask(&check, zone, &asked);
		dmarc_finish(&check, arena, &got);
		is(dmarc_by_word(got.by), dmarc_by_word(worths[i].by), "worth: %s", worths[i].what);
		is(dmarc_by_word(got.signed_by), dmarc_by_word(worths[i].signed_by), "worth: %s (signed)", worths[i].what);
		text_close(&asked);
	}
}

/* Ten walks, and no more, however many signatures a sender writes. */
static void
test_walks(const struct suffix_list *list, const struct canned_zone *zone, struct arena *arena)
{
	static struct dkim_fact dkim[30];
	static char names[30][32];
	struct facts facts = { .spf = NO_SPF, .via = "", .dkim = dkim, .dkim_count = 30 };
	unsigned walks = DMARC_WALKS_MAX, count = 0;
	struct dmarc_check check;
	struct dmarc_fact got;
	struct text asked;

	text_open(&asked, 16384);
	for (size_t i = 0; i < 30; i++) {
		snprintf(names[i], sizeof names[i], "s%zu.part.example.com", i);
		dkim[i] = (struct dkim_fact)COUNTS(names[i]);
	}
	dmarc_begin(&check, list, &facts, "example.com", &walks);
	ask(&check, zone, &asked);
	dmarc_finish(&check, arena, &got);
	for (const char *at = asked.bytes; (at = strstr(at, " s")) != NULL; at++)
		count++;
	is_number(count, DMARC_WALKS_MAX - 1, "walks: the author's and nine signers'");
	is_number(walks, 0, "walks: then none is left");
	is(auth_word(got.result), "fail", "walks: and the result is what is known");
	asked.length = 0;
	dmarc_begin(&check, list, &facts, "own.example.com", &walks);
	ask(&check, zone, &asked);
	dmarc_finish(&check, arena, &got);
	is_number((long long)asked.length, 0, "walks: another author is not asked about");
	is(auth_word(got.result), "none", "walks: and has no result");
	text_close(&asked);
}

/* Memory that runs out loses the walk, never the result. */
static void
test_memory(const struct suffix_list *list, const struct canned_zone *zone)
{
	struct facts facts = { .spf = SPF("example.com"), .via = "" };
	struct arena *arena = arena_open(4);
	unsigned walks = 1;
	struct dmarc_check check;
	struct dmarc_fact got;
	struct text asked;

	text_open(&asked, 4096);
	dmarc_begin(&check, list, &facts, "example.com", &walks);
	ask(&check, zone, &asked);
	dmarc_finish(&check, arena, &got);
	ok(got.result == AUTH_PASS && got.step_count == 0, "without memory the result stands");
	text_close(&asked);
	arena_close(arena);
}

int
main(void)
{
	FILE *file = fmemopen(suffix_text, sizeof suffix_text - 1, "r");
	psl_ctx_t *psl = file == NULL ? NULL : psl_load_fp(file);
	struct suffix_list list = { psl };
	struct canned_zone *zone = canned_zone_open();
	struct arena *arena = arena_open(1024 * 1024);
	struct fault why = { 0 };

	if (!ok(psl != NULL && zone != NULL && arena != NULL, "the fixture is ready"))
		return done();
	for (size_t i = 0; i < sizeof zone_lines / sizeof *zone_lines; i++)
		if (!canned_zone_line(zone, zone_lines[i], &why))
			ok(false, "zone: %s: %s", zone_lines[i], why.text);
	for (size_t i = 0; i < MESSAGES; i++)
		test_message(i, &list, zone, arena);
	test_worth(&list, zone, arena);
	test_walks(&list, zone, arena);
	test_memory(&list, zone);
	arena_close(arena);
	canned_zone_close(zone);
	psl_free(psl);
	fclose(file);
	return done();
}
