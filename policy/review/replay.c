#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/replay.h"
#include "policy/verdict/verdict.h"

struct replay {
	struct replay_counts counts;
	struct replay_change *changes;
};

struct replay *
replay_open(void)
{
	struct replay *replay = calloc(1, sizeof *replay);

	if (replay == NULL)
		return NULL;
	replay->changes = calloc(REPLAY_CHANGES_MAX, sizeof *replay->changes);
	replay->counts.changes = replay->changes;
	if (replay->changes != NULL)
		return replay;
	free(replay);
	return NULL;
}

void
replay_close(struct replay *replay)
{
	if (replay == NULL)
		return;
	free(replay->changes);
	free(replay);
}

/* ---- judging ---- */

static struct replay_side
side_of(enum outcome outcome, enum action would, const char *reason, const char *vendor)
{
	struct replay_side side = { .outcome = outcome, .would = would };

	snprintf(side.reason, sizeof side.reason, "%s", reason);
	snprintf(side.vendor, sizeof side.vendor, "%s", vendor);
	return side;
}

static void
tell_change(const struct recorded *recorded, const struct judged_again *judged, struct replay_told *out)
{
	out->from = side_of(recorded->outcome, recorded->would, recorded->reason, recorded->vendor);
	out->to = side_of(judged->verdict.outcome, judged->would, reason_slug(judged->verdict.reason),
	    verdict_vendor(&judged->verdict));
	out->example.when = recorded->when;
	snprintf(out->example.id, sizeof out->example.id, "%s", recorded->id);
	judged_again_rule(&judged->verdict, out->example.rule);
}

static bool
judge_one(const struct rules_again *rules, struct arena *arena, struct recorded *recorded, struct replay_told *out,
    struct fault *why)
{
	struct judged_again judged;

	if (!judge_again(rules, arena, recorded, &judged, why))
		return false;
	out->when = recorded->when;
	out->kind = judged.cannot != NULL ? REPLAY_CANNOT : judged.differs ? REPLAY_CHANGED : REPLAY_SAME;
	out->cannot = judged.cannot;
	out->cannot_what = judged.cannot_what;
	out->by_new_source = judged.by_new_source;
	if (out->kind == REPLAY_CHANGED)
		tell_change(recorded, &judged, out);
	judged_again_free(&judged);
	return true;
}

bool
replay_judge(const struct rules_again *rules, struct span line, int64_t since, struct replay_told *out, struct fault *why)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	bool done = true;

	if (arena == NULL)
		return fault_set(why, "out of memory");
	out->kind = REPLAY_LEFT_OUT;
	if (!record_read(arena, line, &recorded, &out->broken)) {
		out->kind = REPLAY_BROKEN;
		done = !arena_failed(arena) || fault_set(why, "out of memory");
	} else if (recorded.when >= since) {
		done = judge_one(rules, arena, &recorded, out, why);
	}
	arena_close(arena);
	return done;
}

/* ---- counting ---- */

static bool
side_equal(const struct replay_side *a, const struct replay_side *b)
{
	return a->outcome == b->outcome && a->would == b->would && strcmp(a->reason, b->reason) == 0 &&
	    strcmp(a->vendor, b->vendor) == 0;
}

static struct replay_change *
change_find(struct replay *replay, const struct replay_told *told)
{
	struct replay_counts *counts = &replay->counts;

	for (size_t i = 0; i < counts->change_count; i++)
		if (side_equal(&replay->changes[i].from, &told->from) && side_equal(&replay->changes[i].to, &told->to))
			return &replay->changes[i];
	if (counts->change_count == REPLAY_CHANGES_MAX)
		return NULL;
	replay->changes[counts->change_count] = (struct replay_change){ .from = told->from, .to = told->to };
	return &replay->changes[counts->change_count++];
}

static void
count_change(struct replay *replay, const struct replay_told *told)
{
	struct replay_change *change = change_find(replay, told);

	replay->counts.changed++;
	if (change == NULL) {
		replay->counts.others++;
		return;
	}
	if (change->count < REPLAY_EXAMPLES)
		change->examples[change->count] = told->example;
	change->count++;
}

static void
count_time(struct replay_counts *counts, int64_t when)
{
	if (counts->from == 0 || when < counts->from)
		counts->from = when;
	if (when > counts->to)
		counts->to = when;
}

static void
count_broken(struct replay_counts *counts, uint64_t number, const struct fault *why)
{
	if (counts->broken++ > 0)
		return;
	counts->broken_line = number;
	counts->broken_why = *why;
}

void
replay_count(struct replay *replay, uint64_t number, const struct replay_told *told)
{
	struct replay_counts *counts = &replay->counts;

	if (told->kind == REPLAY_LEFT_OUT)
		return;
	if (told->kind == REPLAY_BROKEN) {
		count_broken(counts, number, &told->broken);
		return;
	}
	count_time(counts, told->when);
	if (told->kind == REPLAY_CANNOT) {
		cannot_counts_add(&replay->counts.cannot, told->cannot, told->cannot_what);
		return;
	}
	counts->judged++;
	counts->by_new_source += told->by_new_source;
	if (told->kind == REPLAY_CHANGED)
		count_change(replay, told);
}

static int
by_side(const struct replay_side *a, const struct replay_side *b)
{
	int vendor = strcmp(a->vendor, b->vendor), reason = strcmp(a->reason, b->reason);

	if (vendor != 0 || reason != 0)
		return vendor != 0 ? vendor : reason;
	return a->outcome != b->outcome ? (a->outcome < b->outcome ? -1 : 1) : (int)a->would - (int)b->would;
}

/* Of those with as many messages by what they are: no two are equal, so that every libc sorts them in one way. */
static int
by_count(const void *a, const void *b)
{
	const struct replay_change *x = a, *y = b;
	int to = by_side(&x->to, &y->to);

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return to != 0 ? to : by_side(&x->from, &y->from);
}

const struct replay_counts *
replay_look(struct replay *replay)
{
	qsort(replay->changes, replay->counts.change_count, sizeof *replay->changes, by_count);
	return &replay->counts;
}
