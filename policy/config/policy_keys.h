/*
 * policy_keys.h - reads a group of the configuration by a table of the keys that it may contain.
 *
 * One row per key: where its value goes, its type, range, default and meaning. The loader, the check for
 * unknown keys and the manual all use the row, so a new key is a new row. A fault never ends the
 * reading: faults are collected, and the next key is read.
 */
#ifndef POLICY_KEYS_H
#define POLICY_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/config/policy_tree.h"
#include "policy/rules/vendor.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/suffix.h"

struct reading {
	struct arena *arena; /* for everything that is kept */
	struct faults *faults;
	const struct suffix_list *suffixes; /* NULL: none is known */
	const char *file;                   /* the file being read, for faults */
	bool site;                          /* keys that only greenlane.conf may give are allowed */
	bool starved;                       /* memory ran out, and that was reported */
};

struct key;

struct key_type {
	const char *word;    /* for faults and the manual: "a duration" */
	const char *example; /* what to write instead */
	enum node_kind kind; /* checked before read is called */
	void (*read)(struct reading *, const struct key *, const struct node *, void *base);
};

enum key_flag {
	KEY_REQUIRED = 1 << 0,
	KEY_SITE = 1 << 1, /* beside a vendor's name in greenlane.conf only */
	KEY_OWNER = 1 << 2 /* names that somebody owns: a public suffix means itself alone */
};

struct key {
	const char *path; /* "greylist.delay"; dots are groups */
	const struct key_type *type;
	const char *fallback;       /* as in a file, list elements separated by ", "; NULL: none */
	const char *help;           /* one line of the manual */
	size_t offset;              /* of the value in the struct that is read into */
	size_t count_offset;        /* lists: of its count */
	int64_t min, max;           /* numbers; durations in ms, percentages in millionths; min of words: the
	                       * first one's number; max of lists: most elements, 0: any */
	const char *word, *example; /* NULL: the type's */
	const char *const *words;   /* choices, NULL at the end, in the enum's order */
	const char *manual;         /* where the words are listed, if they are too many for a message; NULL */
	bool (*check)(const char *, struct fault *); /* texts, lists of texts, domains of names */
	bool (*check_network)(const struct prefix *, struct fault *);
	unsigned flags;
	const struct keys *elements; /* lists of groups: the keys of one; NULL: not known here */
	const char *of;              /* only for groups whose kind is this word; NULL: for all */
};
struct keys {
	const char *place; /* before each path in the manual: "vendor.sources." */
	const struct key *list;
	size_t count;
};

/* Types whose values are a plain field. */
extern const struct key_type key_text;             /* const char *; checked by check, else by value_text */
extern const struct key_type key_choice;           /* const char *, one of words */
extern const struct key_type key_word;             /* an enum: the index of one of words, from min */
extern const struct key_type key_switch;           /* bool, words for false and true */
extern const struct key_type key_bool;             /* bool */
extern const struct key_type key_number;           /* unsigned */
extern const struct key_type key_seconds;          /* int64_t, seconds */
extern const struct key_type key_milliseconds;     /* int64_t, ms */
extern const struct key_type key_seconds_or_never; /* int64_t, seconds; 0: never */
extern const struct key_type key_share;            /* unsigned, millionths; "0.1%" */
extern const struct key_type key_percent;          /* unsigned, whole percents; "50%" */
extern const struct key_type key_flags;            /* uint32_t, a list: a bit for each of words, in their order */
/* Types whose values are a pointer and a count. */
extern const struct key_type key_texts;     /* const char *const * */
extern const struct key_type key_networks;  /* const struct prefix * */
extern const struct key_type key_addresses; /* const struct prefix *, each of one address */
extern const struct key_type key_domains;   /* const struct name_rule *: "name", "=name" */
extern const struct key_type key_names;     /* and "local@name" */
extern const struct key_type key_mailboxes; /* and "local@" */
/* A list of groups; the file that has the table of the group reads it. */
extern const struct key_type key_groups;

/* Fills in every default; strings that have none become "". */
void keys_default(struct reading *, const struct keys *, void *base);

/* The default as the node that a file would have given, with line 0; the key must have one. False without memory. */
bool key_fallback(const struct key *, struct arena *, struct node *out) MUST_USE;

/* The value at a path such as "greylist.delay"; NULL: the group does not have it. */
const struct node *keys_find(const struct node *group, const char *path);

/* Reads a group; keys that it does not have leave their fields unchanged. */
void keys_read(struct reading *, const struct keys *, const struct node *group, void *base);

/* Adds a fault for each required key that is missing. */
void keys_require(struct reading *, const struct keys *, const struct node *group);

/* Adds a fault for each element that is not a group; the caller skips them. */
void keys_want_groups(struct reading *, const struct key *, const struct node *list);

/* The word of the list that `word` is probably a misspelling of, or NULL. */
const char *keys_nearest(const char *word, const char *const *words, size_t count);
/* "; did you mean 'x'?" or, if no word is near, "; write a, b or c"; of a list that is too long for a message the nearest:
 * "; write a, b, c or another of 23". */
enum { HINT_TEXT = 360 };
const char *keys_hint(const char *word, const char *const *words, size_t count, char out[HINT_TEXT]);

/* A fault in the file being read. */
void reading_fault(struct reading *, const struct node *, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Adds a fault that memory ran out, once. */
void reading_starve(struct reading *);

/* From the arena, zeroed; NULL only after reading_starve. */
void *reading_take(struct reading *, size_t count, size_t size) MUST_USE;
const char *reading_string(struct reading *, const char *) MUST_USE; /* "" when memory ran out */

/* Reads one name rule, such as "=name" or "local@name", into the reading's arena. */
bool key_name_rule(struct reading *, const char *text, struct name_rule *out, struct fault *why) MUST_USE;

#endif
