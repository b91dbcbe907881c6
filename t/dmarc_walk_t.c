/*
 * dmarc_walk_t.c - the walk up the DNS tree, by row: which names are asked, whose the organisation is, which record and
 * policy hold. t/dmarc_tree.sh compares hundreds of random trees with another reading of RFC 9989.
 */
#include <stdio.h>
#include <string.h>

#include "policy/mail/dmarc_walk.h"
#include "policy/util/text.h"
#include "t/lib/canned_zone.h"
#include "t/lib/tap.h"

#define R "v=DMARC1; p=reject"

static const struct {
	const char *what, *start, *zone, *asked, *organisation, *record;
} walks[] = {
	/* which names */
	{ "nothing anywhere", "a.example.com", "", "a.example.com example.com com", "a.example.com", "none" },
	{ "one label", "com", "", "com", "com", "none" },
	{ "no name", "", "", "", "", "none" },
	{ "seven labels are asked one by one", "a.b.c.d.e.f.g", "",
	    "a.b.c.d.e.f.g b.c.d.e.f.g c.d.e.f.g d.e.f.g e.f.g f.g g", "a.b.c.d.e.f.g", "none" },
	{ "so are eight", "a.b.c.d.e.f.g.h", "",
	    "a.b.c.d.e.f.g.h b.c.d.e.f.g.h c.d.e.f.g.h d.e.f.g.h e.f.g.h f.g.h g.h h", "a.b.c.d.e.f.g.h", "none" },
	{ "nine go on at seven", "a.b.c.d.e.f.g.h.i", "",
	    "a.b.c.d.e.f.g.h.i c.d.e.f.g.h.i d.e.f.g.h.i e.f.g.h.i f.g.h.i g.h.i h.i i", "a.b.c.d.e.f.g.h.i", "none" },
	{ "so do thirteen", "a.b.c.d.e.f.g.h.i.j.mail.example.com", "",
	    "a.b.c.d.e.f.g.h.i.j.mail.example.com g.h.i.j.mail.example.com h.i.j.mail.example.com i.j.mail.example.com "
	    "j.mail.example.com mail.example.com example.com com",
	    "a.b.c.d.e.f.g.h.i.j.mail.example.com", "none" },
	{ "a record without psd does not end it", "a.example.com", "_dmarc.a.example.com TXT " R "\n",
	    "a.example.com example.com com", "a.example.com", "a.example.com p=reject" },
	{ "psd=n ends it", "a.b.example.com", "_dmarc.b.example.com TXT " R "; psd=n\n_dmarc.example.com TXT " R "\n",
	    "a.b.example.com b.example.com", "b.example.com", "b.example.com p=reject" },
	{ "psd=y ends it", "a.b.example.com", "_dmarc.example.com TXT " R "; psd=y\n_dmarc.com TXT " R "\n",
	    "a.b.example.com b.example.com example.com", "b.example.com", "example.com p=reject" },
	{ "psd ends it in a record that is of no use otherwise", "a.example.com",
	    "_dmarc.example.com TXT v=DMARC1; psd=n\n", "a.example.com example.com", "example.com", "unusable" },

	/* what counts */
	{ "text that is no record does not count", "a.example.com",
	    "_dmarc.a.example.com TXT v=dmarc1; p=none\n_dmarc.a.example.com TXT p=none; v=DMARC1\n_dmarc.example.com TXT " R
	    "\n",
	    "a.example.com example.com com", "example.com", "example.com p=reject" },
	{ "text beside the record does not matter", "example.com",
	    "_dmarc.example.com TXT v=spf1 -all\n_dmarc.example.com TXT " R "\n", "example.com com", "example.com",
	    "example.com p=reject" },
	{ "several records are none", "a.example.com",
	    "_dmarc.a.example.com TXT v=DMARC1; p=none\n_dmarc.a.example.com TXT v=DMARC1; p=quarantine\n_dmarc.example.com TXT " R
	    "\n",
	    "a.example.com example.com com", "example.com", "example.com p=reject" },
	{ "several end no walk", "a.example.com",
	    "_dmarc.a.example.com TXT v=DMARC1; psd=n\n_dmarc.a.example.com TXT v=DMARC1; psd=n; p=none\n",
	    "a.example.com example.com com", "a.example.com", "none" },
	{ "a record by an alias", "example.com", "_dmarc.example.com CNAME d.example.net\nd.example.net TXT " R "\n",
	    "example.com com", "example.com", "example.com p=reject" },
	{ "silence does not end it", "a.b.example.com", "_dmarc.b.example.com TXT SERVFAIL\n_dmarc.example.com TXT " R "\n",
	    "a.b.example.com b.example.com? example.com com", "example.com", "example.com p=reject" },

	/* the organisation */
	{ "the fewest labels", "a.b.example.com",
	    "_dmarc.a.b.example.com TXT v=DMARC1; p=none\n_dmarc.b.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT " R
	    "\n",
	    "a.b.example.com b.example.com example.com com", "example.com", "a.b.example.com p=none" },
	{ "even a top-level domain, without psd=y", "example.com", "_dmarc.com TXT " R "\n", "example.com com", "com",
	    "com p=reject" },
	{ "psd=n at the start", "a.example.com", "_dmarc.a.example.com TXT " R "; psd=n\n_dmarc.example.com TXT " R "\n",
	    "a.example.com", "a.example.com", "a.example.com p=reject" },
	{ "psd=y at the start is the start", "example.com", "_dmarc.example.com TXT " R "; psd=y\n", "example.com",
	    "example.com", "example.com p=reject" },
	{ "psd=y at the top", "a.b.example.com", "_dmarc.com TXT " R "; psd=y; sp=none\n",
	    "a.b.example.com b.example.com example.com com", "example.com", "com sp=none" },
	{ "psd=y goes before fewer labels", "a.b.example.com",
	    "_dmarc.a.b.example.com TXT v=DMARC1; p=none\n_dmarc.example.com TXT " R "; psd=y\n",
	    "a.b.example.com b.example.com example.com", "b.example.com", "a.b.example.com p=none" },
	{ "one below a name that the walk left out", "a.b.c.d.e.f.g.h.i", "_dmarc.c.d.e.f.g.h.i TXT " R "; psd=y\n",
	    "a.b.c.d.e.f.g.h.i c.d.e.f.g.h.i", "b.c.d.e.f.g.h.i", "c.d.e.f.g.h.i p=reject" },

	/* which record, which policy */
	{ "one's own", "a.example.com",
	    "_dmarc.a.example.com TXT v=DMARC1; p=quarantine; sp=none\n_dmarc.example.com TXT " R "\n",
	    "a.example.com example.com com", "example.com", "a.example.com p=quarantine" },
	{ "one's own, of no use", "a.example.com", "_dmarc.a.example.com TXT v=DMARC1\n_dmarc.example.com TXT " R "\n",
	    "a.example.com example.com com", "example.com", "unusable" },
	{ "the organisation's, not that of a name between", "a.b.example.com",
	    "_dmarc.b.example.com TXT v=DMARC1; p=quarantine\n_dmarc.example.com TXT " R "\n",
	    "a.b.example.com b.example.com example.com com", "example.com", "example.com p=reject" },
	{ "the organisation's below a registry", "a.example.com",
	    "_dmarc.example.com TXT v=DMARC1; p=quarantine\n_dmarc.com TXT " R "; psd=y\n",
	    "a.example.com example.com com", "example.com", "example.com p=quarantine" },
	{ "the registry's", "a.example.com", "_dmarc.com TXT v=DMARC1; p=none; sp=reject; psd=y\n",
	    "a.example.com example.com com", "example.com", "com sp=reject" },
	{ "sp where it is inherited", "a.example.com",
	    "_dmarc.example.com TXT v=DMARC1; p=reject; sp=quarantine; np=none\n", "a.example.com example.com com",
	    "example.com", "example.com sp=quarantine" },
	{ "t=y is one step milder", "example.com", "_dmarc.example.com TXT " R "; t=y\n", "example.com com",
	    "example.com", "example.com p=quarantine" },
	{ "twice", "a.example.com", "_dmarc.example.com TXT v=DMARC1; p=reject; sp=quarantine; t=y\n",
	    "a.example.com example.com com", "example.com", "example.com sp=none" },
};

/* The domains asked, "?" behind what did not answer. */
static void
walk_make(struct dmarc_walk *walk, const char *start, const struct canned_zone *zone, struct text *asked)
{
	struct dns_question question;
	struct dns_answer answer;

	dmarc_walk_begin(walk, start);
	while (dmarc_walk_next(walk, &question)) {
		canned_zone_answer(zone, &question, &answer);
		text_format(asked, "%s%s%s", asked->length > 0 ? " " : "", question.name + strlen("_dmarc."),
		    answer.status == DNS_TEMPORARY ? "?" : "");
		dmarc_walk_answer(walk, &answer);
	}
}

static void
choice_write(const struct dmarc_walk *walk, struct text *out)
{
	struct dmarc_choice choice = dmarc_walk_choose(walk);
	struct dmarc_policy_choice policy = dmarc_choice_policy(&choice, true);

	if (choice.record == NULL)
		text_put(out, "none");
	else if (!choice.record->usable)
		text_put(out, "unusable");
	else
		text_format(out, "%s %s=%s", choice.domain, policy.tag, dmarc_policy_word(policy.applied));
}

static void
test_walk(size_t i)
{
	struct canned_zone *zone = canned_zone_open();
	const char *rest[DMARC_STEPS_MAX];
	struct dmarc_walk walk;
	struct text asked, choice;

	text_open(&asked, 1024);
	text_open(&choice, 256);
	canned_zone_text(zone, walks[i].zone);
	walk_make(&walk, walks[i].start, zone, &asked);
	choice_write(&walk, &choice);
	is(asked.bytes, walks[i].asked, "%s: the names asked", walks[i].what);
	is(dmarc_walk_organisation(&walk), walks[i].organisation, "%s: the organisation", walks[i].what);
	is(choice.bytes, walks[i].record, "%s: the record", walks[i].what);
	ok(dmarc_walk_rest(&walk, rest) == 0 && dmarc_walk_has_ended(&walk), "%s: it has ended", walks[i].what);
	text_close(&choice);
	text_close(&asked);
	canned_zone_close(zone);
}

/* np is for names that do not exist, and falls back to sp, and that to p. */
static void
test_absent(void)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = { { "v=DMARC1; p=none; sp=quarantine; np=reject", "np reject" },
		{ "v=DMARC1; p=none; np=reject", "np reject" }, { "v=DMARC1; p=none; sp=quarantine", "sp quarantine" },
		{ "v=DMARC1; p=quarantine", "p quarantine" }, { "v=DMARC1; p=none; np=reject; t=y", "np quarantine" } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct dmarc_record record;
		struct dmarc_choice choice = { &record, "example.com", true };
		struct dmarc_policy_choice policy;
		char got[64];

		(void)dmarc_record_read(rows[i].text, strlen(rows[i].text), &record);
		policy = dmarc_choice_policy(&choice, false);
		snprintf(got, sizeof got, "%s %s", policy.tag, dmarc_policy_word(policy.applied));
		is(got, rows[i].wanted, "absent: %s", rows[i].text);
		choice.inherited = false;
		is(dmarc_choice_policy(&choice, false).tag, "p", "absent: %s, but its own record", rows[i].text);
	}
}

/* A name that DNS cannot carry has no record, and the walk goes on without a question. */
static void
test_long(void)
{
	char deep[256];
	struct dmarc_walk walk;
	struct dns_question question;

	for (size_t i = 0; i < 248; i++)
		deep[i] = i % 2 == 0 ? 'a' : '.';
	memcpy(deep + 245, ".ab.com", sizeof ".ab.com");
	dmarc_walk_begin(&walk, deep);
	ok(dmarc_walk_next(&walk, &question) && dmarc_walk_next(&walk, &question),
	    "a question stands until it is answered");
	is(question.name, "_dmarc.a.a.a.a.a.ab.com", "a name too long to be asked leads on");
	is_number(question.type, DNS_TXT, "its TXT records are asked");
}

/* How short the organisation's name may be in truth, when a name did not answer. */
static void
test_least(void)
{
	struct canned_zone *zone = canned_zone_open();
	struct dmarc_walk walk;
	struct text asked;

	text_open(&asked, 1024);
	canned_zone_text(zone,
	    "_dmarc.b.example.com TXT " R "\n_dmarc.example.com TXT TIMEOUT\n_dmarc.a.b.example.com TXT BOGUS\n");
	walk_make(&walk, "a.b.example.com", zone, &asked);
	is(dmarc_walk_silent(&walk), "example.com", "silence: the shortest name that did not answer");
	is(dmarc_walk_organisation(&walk), "b.example.com", "silence: the organisation as far as is known");
	is(dmarc_walk_least(&walk), "example.com", "silence: it may be shorter");
	canned_zone_drop(zone, "_dmarc.example.com", 0);
	walk_make(&walk, "a.b.example.com", zone, &asked);
	is(dmarc_walk_least(&walk), "b.example.com", "silence below: it may not");
	text_close(&asked);
	canned_zone_close(zone);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof walks / sizeof *walks; i++)
		test_walk(i);
	test_absent();
	test_long();
	test_least();
	return done();
}
