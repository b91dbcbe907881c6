/*
 * name_index_t.c - the index of names finds what asking every vendor would, and in the time of one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rules/name_index.h"
#include "policy/util/arena.h"
#include "t/lib/tap.h"

enum { OWNERS = 5 };

static const struct name_rule rules[OWNERS][4] = {
	{ { .domain = "vendor.example", .exact = false, .local = NULL },
	    { .domain = "other.test", .exact = false, .local = NULL } },
	{ { .domain = "vendor.example", .exact = true, .local = NULL },
	    { .domain = "mail.vendor.example", .exact = false, .local = NULL } },
	{ { .domain = "vendor.example", .exact = true, .local = "NoReply" },
	    { .domain = "example", .exact = true, .local = NULL } },
	{ { .domain = "a.b.c.d.e.f.test", .exact = false, .local = NULL },
	    { .domain = "", .exact = false, .local = "abuse" } },
	{ { .domain = "test", .exact = false, .local = NULL } },
};
static const size_t counts[OWNERS] = { 2, 2, 2, 2, 1 };

static const struct mailbox mailboxes[] = {
	{ "x", "vendor.example", "" },
	{ "noreply", "vendor.example", "" },
	{ "NOREPLY", "mail.vendor.example", "" },
	{ "x", "deep.mail.vendor.example", "" },
	{ "x", "notvendor.example", "" },
	{ "x", "vendor.example.evil", "" },
	{ "x", "example", "" },
	{ "x", "other.test", "" },
	{ "x", "z.a.b.c.d.e.f.test", "" },
	{ "x", "a.b.c.d.e.f.test", "" },
	{ "x", "b.c.d.e.f.test", "" },
	{ "abuse", "else.where", "" },
	{ "abuse", "", "" },
	{ "x", "", "" },
	{ "x", "1.2.3.4.5.6.7.8.9.10.11.12.vendor.example", "" },
	{ "x", "vendor", "" },
};

static unsigned
by_index(const struct name_index *index, enum name_list list, const struct mailbox *mailbox)
{
	struct name_walk walk = name_walk_begin(index, list, mailbox->domain);
	const struct name_entry *entry;
	unsigned owners = 0;

	while ((entry = name_walk_next_holding(&walk, mailbox)) != NULL)
		owners |= 1u << entry->owner;
	return owners;
}

/* A local part at any domain is not a name, so the index leaves such a rule out. */
static unsigned
by_asking(const struct mailbox *mailbox)
{
	unsigned owners = 0;

	for (unsigned i = 0; i < OWNERS; i++)
		for (size_t j = 0; j < counts[i]; j++) {
			const struct name_rules one = { &rules[i][j], 1 };

			if (rules[i][j].domain[0] != '\0' && name_rules_hold(&one, mailbox))
				owners |= 1u << i;
		}
	return owners;
}

static void
test_small(void)
{
	struct arena *arena = arena_open(1 << 16);
	struct name_index *index = name_index_open(arena, 9);
	bool added = index != NULL;

	for (unsigned i = 0; added && i < OWNERS; i++)
		added = name_index_add(index, NAMES_DOMAINS, i, &(struct name_rules){ rules[i], counts[i] });
	ok(added, "nine rules are added where there is room for nine");
	for (size_t i = 0; i < sizeof mailboxes / sizeof *mailboxes; i++) {
		is_number(by_index(index, NAMES_DOMAINS, &mailboxes[i]), by_asking(&mailboxes[i]),
		    "%s@%s is theirs whose rules hold it", mailboxes[i].local, mailboxes[i].domain);
		is_number(by_index(index, NAMES_DKIM, &mailboxes[i]), 0, "and in another list nobody's");
		is_number(by_index(index, NAMES_ALL, &mailboxes[i]), by_asking(&mailboxes[i]), "but in some list theirs");
	}
	is_number(by_index(NULL, NAMES_DOMAINS, &mailboxes[0]), 0, "without an index it is nobody's");
	ok(name_index_add(index, NAMES_DOMAINS, 0, &(struct name_rules){ rules[4], 1 }) &&
		!name_index_add(index, NAMES_DOMAINS, 0, &(struct name_rules){ rules[0], 1 }),
	    "one rule more than there is room for is refused"); /* the one without a domain took none */
	ok(name_index_open(arena, 1 << 20) == NULL, "so is too little memory");
	arena_close(arena);
}

static void
test_many(void)
{
	enum { MANY = 20000 };
	struct arena *arena = arena_open(1 << 24);
	struct name_index *index = name_index_open(arena, MANY);
	struct name_rule *list = arena_take(arena, MANY * sizeof *list);
	bool good = index != NULL && list != NULL;
	struct mailbox mailbox = { "x", "", "" };
	char name[64];

	for (size_t i = 0; good && i < MANY; i++) {
		list[i].domain = arena_format(arena, "vendor%zu.example", i);
		good = list[i].domain != NULL &&
		    name_index_add(index, NAMES_DOMAINS, (uint32_t)i % 8, &(struct name_rules){ &list[i], 1 });
	}
	for (size_t i = 0; good && i < MANY; i++) {
		snprintf(name, sizeof name, "mail.vendor%zu.example", i);
		mailbox.domain = name;
		good = by_index(index, NAMES_DOMAINS, &mailbox) == 1u << i % 8;
	}
	ok(good, "each of twenty thousand names is found below itself");
	arena_close(arena);
}

int
main(void)
{
	test_small();
	test_many();
	return done();
}
