#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/review/look_alike.h"
#include "policy/review/suggest_write.h"
#include "policy/review/kept_names.h"
#include "policy/review/waiting.h"
#include "t/lib/tap.h"

static const uint64_t seed[2] = { 1, 2 };
static struct suffix_list suffixes;

/* ---- names that look alike ---- */

static const struct {
	const char *stranger, *known;
	bool like;
} likes[] = {
	{ "acrne.example", "acme.example", true },
	{ "acme.net", "acme.example", true },
	{ "acme-support.example", "acme.example", true },
	{ "my-acme.net", "acme.example", true },
	{ "acme.example.evil.net", "acme.example", true },
	{ "acme.evil.net", "acme.example", true },
	{ "g1obex.example", "globex.example", true },
	{ "globx.example", "globex.example", true },
	{ "vvidget.example", "widget.example", true },
	{ "aut0task.net", "autotask.net", true },
	{ "autotask.github.io", "autotask.net", true },
	{ "mail.acme.example", "acme.example", false }, /* the same organisation */
	{ "acme.example", "acme.example", false },
	{ "acne.example", "acme.example", false }, /* four letters have neighbours by chance */
	{ "flask.example", "task.example", false },
	{ "acmes.example", "acme.example", false },
	{ "fulcrum.example", "ftlcrm.example", false }, /* two edits */
	{ "x.example", "x.net", false },
	{ "other.example", "acme.example", false },
	{ "example", "acme.example", false },
};

static void
test_likes(void)
{
	for (size_t i = 0; i < sizeof likes / sizeof likes[0]; i++)
		ok(look_alike(&suffixes, likes[i].stranger, likes[i].known) == likes[i].like, "%s %s %s",
		    likes[i].stranger, likes[i].like ? "looks like" : "does not look like", likes[i].known);
	ok(look_international("xn--bcher-kva.example") && look_international("a.xn--bcher-kva.example") &&
		!look_international("axn--b.example"),
	    "an A-label is shown in other letters");
}

/* ---- the most frequent names ---- */

static void
take(struct kept_names *table, const char *name, uint64_t count)
{
	((struct kept_name *)kept_names_take(table, name))->count += count;
}

static void
test_top(void)
{
	enum { MOST = 100 };
	struct kept_names *table = kept_names_open(sizeof(struct kept_name), MOST, seed);
	char name[400];
	size_t count;
	void **list;

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof name, "often%d.example", i);
		take(table, name, 50 + (uint64_t)i);
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof name, "flood%d.example", i);
		take(table, name, 1 + (uint64_t)(i % 3));
		take(table, "steady.example", 1);
	}
	list = kept_names_sort(table, &count);
	ok(count <= MOST && count > 50, "a flood of names stays within bounds: %zu", count);
	is(((struct kept_name *)list[0])->name, "steady.example", "what comes again and again is first");
	ok(((struct kept_name *)list[0])->count == 5000, "and was never driven out");
	for (size_t i = 1; i < 11; i++) {
		snprintf(name, sizeof name, "often%zu.example", 10 - i);
		is(((struct kept_name *)list[i])->name, name, "nor was a frequent one");
	}
	ok(kept_names_dropped(table) == 5011 - count, "what was driven out is counted");
	memset(name, 'a', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	take(table, name, 1);
	take(table, name, 1);
	ok(((struct kept_name *)kept_names_take(table, name))->count == 2,
	    "a name that is too long is cut, and found again");
	kept_names_close(table);
}

static void
test_equal(void)
{
	struct kept_names *table = kept_names_open(sizeof(struct kept_name), 8, seed);
	char name[32];
	size_t count;

	for (int i = 0; i < 9; i++) {
		snprintf(name, sizeof name, "n%d", i);
		take(table, name, 1);
	}
	kept_names_sort(table, &count);
	ok(count == 6 && kept_names_dropped(table) == 3, "where all are as rare, the oldest quarter gives way");
	ok(((struct kept_name *)kept_names_take(table, "n8"))->count == 1, "and the new one has its place");
	kept_names_close(table);
}

/* ---- waiting ---- */

static const struct greylist_settings greylist = { .retry_window = 3600, .ipv4_prefix = 24, .ipv6_prefix = 64 };

/* A try at that second, in milliseconds since; the recipient and the sender are this one. */
static int64_t
try_at(struct waiting *waiting, int64_t second, const char *sender, enum action action, int64_t waited)
{
	const char *rcpts[] = { "anna@rx.example" };
	struct mailbox mailbox = { sender, "acme.example", sender };
	struct recorded recorded = { .when = second * 1000, .action = action, .tries.waited = waited };

	recorded.facts = (struct facts){ .client = { ADDRESS_V4, { 192, 0, 2, 1 } },
		.client_name = "",
		.helo = "",
		.mail_from = sender,
		.sender = mailbox,
		.rcpt_count = 1,
		.rcpts = rcpts,
		.spf = { AUTH_NONE, false, "" } };
	return waiting_note(waiting, &recorded);
}

static void
test_waiting(void)
{
	struct waiting *waiting = waiting_open(&greylist, &suffixes, seed);
	char name[32];

	ok(try_at(waiting, 100, "a", ACTION_GREYLIST, 0) == 0, "a try that is told to come again has not waited yet");
	ok(try_at(waiting, 200, "a", ACTION_DEFER, 0) == 0, "nor has the second");
	ok(try_at(waiting, 400, "a", ACTION_PASS, 0) == 300000, "the last one has, since the first");
	ok(try_at(waiting, 500, "a", ACTION_PASS, 0) == 0, "the next message has not");
	ok(try_at(waiting, 600, "b", ACTION_PASS, 250) == 250000, "what the record says is believed, too");
	ok(try_at(waiting, 700, "c", ACTION_GREYLIST, 0) == 0 && try_at(waiting, 700 + 3601, "c", ACTION_PASS, 0) == 0,
	    "after retry_window it is another message");
	for (int i = 0; i < 200000; i++) {
		snprintf(name, sizeof name, "x%d", i);
		for (char *at = name + 1; *at != '\0'; at++)
			*at = (char)(*at - '0' + 'a'); /* runs of digits are one */
		(void)try_at(waiting, 10000, name, ACTION_GREYLIST, 0);
	}
	ok(waiting_dropped(waiting) > 0, "a flood of tries drives others out, and that is counted: %llu",
	    (unsigned long long)waiting_dropped(waiting));
	waiting_close(waiting);
}

/* ---- sentences ---- */

static const struct {
	const char *name;
	struct suggest_counts counts;
	const char *wanted;
} sentences[] = {
	{ "nothing was read", { .records = 0 },
	    "read: 0 records\nwaited: 0 messages, of which 0 were proven in the end\n" },
	{ "one of each",
	    { .records = 1,
		.from = 1795000000000,
		.to = 1795000000000,
		.waited = 1,
		.proven = 1,
		.not_judgeable = 1,
		.broken = 1,
		.broken_line = 7,
		.broken_why = { .text = "no JSON" },
		.dropped = 3 },
	    "read: 1 record, from 2026-11-18T11:06:40Z to 2026-11-18T11:06:40Z\n"
	    "waited: 1 message, of which 1 were proven in the end\n"
	    "cannot be judged again, and say nothing about vendors: 1\n"
	    "no records: 1 line, the first is line 7 (no JSON)\n"
	    "too many names: 3 rare ones were left out, and what is rare may be missing\n" },
};

static void
test_sentences(void)
{
	for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
		struct text out;

		text_open(&out, 4096);
		suggest_write_counts(&sentences[i].counts, &out);
		is(out.bytes, sentences[i].wanted, "%s", sentences[i].name);
		text_close(&out);
	}
}

/* ---- names of files ---- */

static const struct vendor vendors[] = { { .name = "acme" }, { .name = "tickets" } };
static const struct vendor file = { .name = "desk" }, taken = { .name = "tickets-example" };
static const struct vendor *const known[] = { &file, &taken };
static const struct policy policy = { .vendors = vendors, .vendor_count = 2 };

static const struct {
	const char *owner, *name;
} names[] = {
	{ "globex.example", "globex" },
	{ "acme.net", "acme-net" },
	{ "desk.co.uk", "desk-co-uk" },
	{ "own.example", "own-example" },
	{ "tickets.example", "tickets-example-suggested" },
};

static void
test_names(void)
{
	const struct suggest_rules rules = { .policy = &policy, .known = known, .known_count = 2 };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct sender *sender = calloc(1, sizeof *sender);
		char name[65];

		if (sender == NULL)
			exit(99);
		snprintf(sender->head.name, sizeof sender->head.name, "%s", names[i].owner);
		suggest_name(&rules, sender, name);
		is(name, names[i].name, "the file of %s replaces nobody's", names[i].owner);
		free(sender);
	}
}

/* ---- enforce ---- */

static const struct {
	const char *name;
	struct vendor vendor;
	struct vendor_use use;
	bool may;
} enforce[] = {
	{ "enough, and all clean", { .mode = MODE_VOUCH }, { .vouched = 20, .unproven = 3 }, true },
	{ "too few", { .mode = MODE_VOUCH }, { .vouched = 19 }, false },
	{ "one forged", { .mode = MODE_VOUCH }, { .vouched = 100, .forged = 1 }, false },
	{ "one unsure", { .mode = MODE_VOUCH }, { .vouched = 100, .unsure = 1 }, false },
	{ "one unproven, where that is refused", { .mode = MODE_VOUCH, .on_unproven = ACTION_REJECT },
	    { .vouched = 100, .unproven = 1 }, false },
	{ "it is enforced", { .mode = MODE_ENFORCE }, { .vouched = 100 }, false },
	{ "it is only watched", { .mode = MODE_MONITOR }, { .vouched = 100 }, false },
};

static void
test_enforce(void)
{
	for (size_t i = 0; i < sizeof enforce / sizeof enforce[0]; i++)
		ok(suggest_may_enforce(&enforce[i].vendor, &enforce[i].use) == enforce[i].may, "%s: %s",
		    enforce[i].name, enforce[i].may ? "it can go to enforce" : "not to enforce");
}

int
main(void)
{
	suffixes = (struct suffix_list){ psl_builtin() };
	test_likes();
	test_top();
	test_equal();
	test_waiting();
	test_sentences();
	test_names();
	test_enforce();
	return done();
}
