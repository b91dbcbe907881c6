/*
 * replay.h - judges many records again and counts what would change: from what, to what, by which rule.
 *
 * Its memory does not grow with the number of records. Never opens a file, never prints.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "policy/review/cannot_counts.h"
#include "policy/review/judge_again.h"

enum {
	REPLAY_CHANGES_MAX = 1000, /* kinds of change that are told apart; others are counted together */
	REPLAY_EXAMPLES = 3
};

/* What a verdict comes down to. */
struct replay_side {
	enum outcome outcome;
	enum action would;
	char reason[48], vendor[VENDOR_NAME_TEXT];
};

struct replay_example {
	char id[64], rule[JUDGED_AGAIN_RULE];
	int64_t when; /* milliseconds since 1970 */
};

struct replay_change {
	struct replay_side from, to;
	uint64_t count;
	struct replay_example examples[REPLAY_EXAMPLES]; /* the first ones */
};

struct replay_counts {
	uint64_t judged, changed, by_new_source, broken;
	int64_t from, to; /* of all records, milliseconds since 1970; 0: there were none */
	const struct replay_change *changes;
	size_t change_count;
	uint64_t others; /* changes of a kind for which there was no room */
	struct cannot_counts cannot;
	uint64_t broken_line; /* the first broken one, by the number given with it; 0: none */
	struct fault broken_why;
};

/* What became of one record. */
enum replay_kind { REPLAY_LEFT_OUT, REPLAY_BROKEN, REPLAY_CANNOT, REPLAY_SAME, REPLAY_CHANGED };
struct replay_told {
	enum replay_kind kind;
	int64_t when; /* of all but LEFT_OUT and BROKEN */
	bool by_new_source;
	const char *cannot, *cannot_what; /* of CANNOT; static */
	struct fault broken;              /* of BROKEN */
	struct replay_side from, to;      /* of CHANGED */
	struct replay_example example;
};

/* Judges one record. Records before `since` (milliseconds; 0: none) are left out. Touches nothing else, so several threads
 * may judge at once. False without memory. */
bool replay_judge(const struct rules_again *, struct span line, int64_t since, struct replay_told *out,
    struct fault *why) MUST_USE;

struct replay;

/* Given; NULL without memory. */
struct replay *replay_open(void) MUST_USE;
void replay_close(struct replay *); /* NULL is fine */

/* Counts what became of the record in that line. */
void replay_count(struct replay *, uint64_t number, const struct replay_told *);

/* Borrowed. Changes are sorted: most frequent first. */
const struct replay_counts *replay_look(struct replay *);

#endif
