/*
 * policy_keys.h - a table of keys says what a group of the configuration may hold.
 *
 * One row a key: where it goes, its type, range, default and meaning. The row gives the
 * loader, the check for unknown keys and the manual; so a new key is a new row. Faults are
 * collected, never the end: the next key is read all the same.
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
	struct arena *arena; /* what is kept goes there */
	struct faults *faults;
	const struct suffix_list *suffixes; /* NULL: none is known */
	const char *file;    /* being read; of the faults */
	bool site;           /* keys that only greenlane.conf may give are allowed */
	bool starved;        /* memory ran out, said already */
};

struct key;

struct key_type {
	const char *word;    /* for faults and the manual: "duration" */
	const char *example; /* what to write instead */
	enum node_kind kind; /* checked before read is called */
	void (*read)(struct reading *, const struct key *, const struct node *, void *base);
};

enum key_flag {
	KEY_REQUIRED = 1 << 0,
	KEY_IDLE = 1 << 1, /* read and checked, but nothing serves it yet */
	KEY_SITE = 1 << 2, /* beside a vendor's name in greenlane.conf only */
	KEY_OWNER = 1 << 3 /* names that somebody owns: one of the suffix list stands for itself alone */
};

struct key {
	const char *path; /* "greylist.delay"; dots are groups */
	const struct key_type *type;
	const char *fallback; /* as in the file, lists with ", " between; NULL: none */
	const char *help;     /* one line of the manual */
	size_t offset;        /* of the value in the struct that is read into */
	size_t count_offset;  /* lists: of its count */
	int64_t min, max;     /* numbers; durations in ms, percentages in millionths; min of words: the
	                       * first one's number; max of lists: most elements, 0: any */
	const char *word, *example; /* NULL: the type's */
	const char *const *words;                  /* choices, NULL at the end, in the enum's order */
	bool (*check)(const char *, struct fault *); /* texts, lists of texts, domains of names */
	bool (*check_network)(const struct prefix *, struct fault *);
	unsigned flags;
};
struct keys {
	const char *place; /* before each path in the manual: "vendor.sources." */
	const struct key *list;
	size_t count;
};

/* Types whose values are a plain field. */
extern const struct key_type key_text;         /* const char *; checked by check, else by value_text */
extern const struct key_type key_choice;       /* const char *, one of words */
extern const struct key_type key_word;         /* an enum: the index of one of words, from min */
extern const struct key_type key_switch;       /* bool, words for false and true */
extern const struct key_type key_bool;         /* bool */
extern const struct key_type key_number;       /* unsigned */
extern const struct key_type key_seconds;      /* int64_t, seconds */
extern const struct key_type key_milliseconds; /* int64_t, ms */
extern const struct key_type key_seconds_or_never; /* int64_t, seconds; 0: never */
extern const struct key_type key_share;        /* unsigned, millionths; "0.1%" */
extern const struct key_type key_percent;      /* unsigned, whole percents; "50%" */
/* Types whose values are a pointer and a count. */
extern const struct key_type key_texts;     /* const char *const * */
extern const struct key_type key_networks;  /* const struct prefix * */
extern const struct key_type key_addresses; /* const struct prefix *, each of one address */
extern const struct key_type key_domains;   /* const struct name_rule *: "name", "=name" */
extern const struct key_type key_names;     /* and "local@name" */
extern const struct key_type key_mailboxes; /* and "local@" */
/* A list of groups; its reader is whoever owns the table of the group. */
extern const struct key_type key_groups;

/* Fills in every default; strings that have none become "". */
void keys_default(struct reading *, const struct keys *, void *base);

/* Reads a group; what it does not give stays as it is. */
void keys_read(struct reading *, const struct keys *, const struct node *group, void *base);

/* Says which required keys are missing. */
void keys_require(struct reading *, const struct keys *, const struct node *group);

/* Says which elements are no group; the caller skips them. */
void keys_want_groups(struct reading *, const struct key *, const struct node *list);

/* The word of the list that is a slip of the pen away from `word`, or NULL. */
const char *keys_nearest(const char *word, const char *const *words, size_t count);
/* "; did you mean 'x'?" or, when nothing is near, "; write a, b or c". */
enum { HINT_TEXT = 360 };
const char *keys_hint(const char *word, const char *const *words, size_t count, char out[HINT_TEXT]);

/* A fault in the file being read. */
void reading_fault(struct reading *, const struct node *, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Says that memory ran out, once. */
void reading_starve(struct reading *);

/* From the arena, zeroed; never NULL silently: reading_starve was called. */
void *reading_take(struct reading *, size_t count, size_t size) MUST_USE;
const char *reading_string(struct reading *, const char *) MUST_USE; /* "" when memory ran out */

/* Puts a list into the two fields of a key. */
void key_put_list(const struct key *, void *base, const void *list, size_t count);

/* One rule of names, "=name", "local@name": in the reading's arena. */
bool key_name_rule(struct reading *, const char *text, struct name_rule *out, struct fault *why) MUST_USE;

#endif
