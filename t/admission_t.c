#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/checks/admission.h"
#include "t/lib/tap.h"

enum { MANY = 9000 };

static struct ticket tickets[MANY];

/* Asks for `count` tickets from `first` on, in one group or each in its own; returns how many were admitted at once. */
static size_t
ask_many(struct admission *admission, size_t first, size_t count, enum standing standing, const char *group)
{
	size_t admitted = 0;
	char name[32];

	for (size_t i = first; i < first + count; i++) {
		snprintf(name, sizeof name, "g%zu.example", i);
		admitted += admission_ask(admission, &tickets[i], standing, group != NULL ? group : name) == ADMITTED;
	}
	return admitted;
}

static void
leave_many(struct admission *admission, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		admission_leave(admission, &tickets[i]);
}

/* The number of the next ticket; -1: none. */
static long long
next_number(struct admission *admission)
{
	struct ticket *ticket = admission_next(admission);

	return ticket == NULL ? -1 : ticket - tickets;
}

static void
bounds_hold(void)
{
	static const struct {
		const char *name;
		enum standing standing;
		const char *group; /* NULL: each its own */
		size_t asked, admitted;
	} rows[] = {
		{ "strangers in all", STANDING_STRANGER, NULL, 400, ADMIT_STRANGERS },
		{ "strangers of one organisation", STANDING_STRANGER, "evil.example", 400, ADMIT_GROUP },
		{ "names below listed ones in all", STANDING_BELOW, NULL, 400, ADMIT_BELOW },
		{ "names below one vendor's name", STANDING_BELOW, "vendor.example", 400, ADMIT_GROUP },
		{ "selectors in all", STANDING_SELECTOR, NULL, 400, ADMIT_SELECTORS },
		{ "selectors of one name", STANDING_SELECTOR, "_domainkey.vendor.example", 400, ADMIT_GROUP },
		{ "listed names, as many as there are", STANDING_LISTED, "", 4000, 4000 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct admission *admission = admission_open();

		is_number((long long)ask_many(admission, 0, rows[i].asked, rows[i].standing, rows[i].group),
		    (long long)rows[i].admitted, "%s: %zu at once", rows[i].name, rows[i].admitted);
		is_number(
		    admission_ask(admission, &tickets[MANY - 1], (rows[i].standing + 1) % STANDINGS, "other.example"),
		    ADMITTED, "%s: another standing has its own slots", rows[i].name);
		leave_many(admission, 0, rows[i].asked);
		admission_leave(admission, &tickets[MANY - 1]);
		is_number((long long)ask_many(admission, 0, rows[i].asked, rows[i].standing, rows[i].group),
		    (long long)rows[i].admitted, "%s: and again when all have ended", rows[i].name);
		leave_many(admission, 0, rows[i].asked);
		admission_close(admission);
	}
}

/* A small sender's questions do not wait behind all of a large sender's. */
static void
turns_are_fair(void)
{
	struct admission *admission = admission_open();
	enum { FLOOD = ADMIT_STRANGERS, LATER = FLOOD + 100, SMALL = LATER + 1, END = SMALL + 6 };

	for (size_t i = 0; i < FLOOD; i += ADMIT_GROUP) {
		char name[32];

		snprintf(name, sizeof name, "evil%zu.example", i);
		ask_many(admission, i, ADMIT_GROUP, STANDING_STRANGER, name);
	}
	ask_many(admission, FLOOD, LATER - FLOOD, STANDING_STRANGER, "evil0.example");
	is_number(admission_ask(admission, &tickets[LATER], STANDING_STRANGER, "evil16.example"), ADMITTED_LATER,
	    "a question without a free slot waits");
	ask_many(admission, SMALL, 2, STANDING_STRANGER, "small.example");
	is_number(next_number(admission), -1, "and its turn does not come while there is none");
	admission_leave(admission, &tickets[0]);
	is_number(next_number(admission), SMALL, "the group with the fewest in progress is next, though it came last");
	is_number(next_number(admission), -1, "one that leaves frees one slot");
	admission_leave(admission, &tickets[1]);
	is_number(next_number(admission), SMALL + 1, "the second too");
	admission_leave(admission, &tickets[16]);
	is_number(next_number(admission), FLOOD, "then the group of the flood that has the fewest");
	admission_leave(admission, &tickets[17]);
	is_number(next_number(admission), LATER, "then another that has fewer by then");
	ask_many(admission, SMALL + 2, 2, STANDING_STRANGER, "one.example");
	ask_many(admission, SMALL + 4, 2, STANDING_STRANGER, "two.example");
	leave_many(admission, 32, 4);
	for (size_t i = 0; i < 4; i++)
		is_number(next_number(admission), (long long)(SMALL + 2 + i / 2 + i % 2 * 2), "equals take turns");
	leave_many(admission, 0, END);
	is_number((long long)ask_many(admission, 0, 2, STANDING_STRANGER, "evil0.example"), 2, "all have left");
	leave_many(admission, 0, 2);
	admission_close(admission);
}

/* A group at its limit does not hold up the others. */
static void
a_full_group_stops_nobody(void)
{
	struct admission *admission = admission_open();

	ask_many(admission, 0, 100, STANDING_SELECTOR, "_domainkey.a.example");
	is_number((long long)ask_many(admission, 100, 1, STANDING_SELECTOR, "_domainkey.b.example"), 1,
	    "another group is admitted beside a full one");
	admission_leave(admission, &tickets[100]);
	is_number(next_number(admission), -1, "when that ends, the full group gets no turn");
	admission_leave(admission, &tickets[3]);
	is_number(next_number(admission), ADMIT_GROUP, "when one of its own ends, it does, in order of arrival");
	admission_leave(admission, &tickets[ADMIT_GROUP + 1]);
	admission_leave(admission, &tickets[4]);
	is_number(next_number(admission), ADMIT_GROUP + 2, "one that no longer waits is passed over");
	leave_many(admission, 0, 100);
	admission_close(admission);
}

static void
waiting_has_an_end(void)
{
	struct admission *admission = admission_open();

	ask_many(admission, 0, ADMIT_STRANGERS + ADMIT_WAITING, STANDING_STRANGER, NULL);
	is_number(admission_ask(admission, &tickets[MANY - 1], STANDING_STRANGER, "late.example"), ADMITTED_NOT,
	    "the number of waiting questions is limited");
	ok(tickets[MANY - 1].group == NULL, "one that is not admitted holds nothing");
	is_number((long long)ask_many(admission, MANY - 2, 1, STANDING_BELOW, NULL), 1, "other standings have their own");
	leave_many(admission, 0, ADMIT_STRANGERS + ADMIT_WAITING);
	leave_many(admission, MANY - 2, 2);
	admission_close(admission);
}

/* Only listed names are prefetched once half of the slots are in use. */
static void
looking_ahead_leaves_room(void)
{
	struct admission *admission = admission_open();

	ok(admission_has_spare(admission, STANDING_STRANGER, "g.example"), "there is a spare slot");
	ask_many(admission, 0, ADMIT_GROUP / 2, STANDING_STRANGER, "g.example");
	ok(!admission_has_spare(admission, STANDING_STRANGER, "g.example"),
	    "none for a group that uses half of its share");
	ok(admission_has_spare(admission, STANDING_STRANGER, "h.example"), "but one for another group");
	ask_many(admission, 100, ADMIT_STRANGERS / 2 - ADMIT_GROUP / 2, STANDING_STRANGER, NULL);
	ok(!admission_has_spare(admission, STANDING_STRANGER, "h.example"),
	    "none for any group once half of all slots are used");
	ok(admission_has_spare(admission, STANDING_LISTED, ""), "but one for listed names");
	leave_many(admission, 0, ADMIT_GROUP / 2);
	leave_many(admission, 100, ADMIT_STRANGERS / 2 - ADMIT_GROUP / 2);
	admission_close(admission);
}

static void
the_better_standing_counts(void)
{
	struct admission *admission = admission_open();

	ask_many(admission, 0, 20, STANDING_STRANGER, "g.example");
	ok(!admission_raise(admission, &tickets[19], STANDING_STRANGER, "g.example") && tickets[19].waits,
	    "a waiting question still waits when another stranger asks it");
	ok(!admission_raise(admission, &tickets[0], STANDING_LISTED, ""), "a question in progress is not raised");
	ok(admission_raise(admission, &tickets[18], STANDING_LISTED, "") && !tickets[18].waits,
	    "a waiting one that a listed name asks for waits no more");
	admission_leave(admission, &tickets[0]);
	is_number(next_number(admission), 16, "it took none of the strangers' slots");
	ask_many(admission, 100, ADMIT_GROUP, STANDING_BELOW, "v.example");
	ok(!admission_raise(admission, &tickets[17], STANDING_BELOW, "v.example") && tickets[17].waits,
	    "without a free slot there it waits there");
	admission_leave(admission, &tickets[1]);
	is_number(next_number(admission), 19, "and no longer among the strangers");
	admission_leave(admission, &tickets[100]);
	is_number(next_number(admission), 17, "its turn comes there");
	leave_many(admission, 0, 20);
	leave_many(admission, 100, ADMIT_GROUP);
	admission_close(admission);
}

int
main(void)
{
	bounds_hold();
	turns_are_fair();
	a_full_group_stops_nobody();
	waiting_has_an_end();
	looking_ahead_leaves_room();
	the_better_standing_counts();
	return done();
}
