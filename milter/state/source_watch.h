/*
 * source_watch.h - one source that is watched in DNS: unfolded, believed or not, kept on disk.
 *
 * What stands keeps serving while an unfolding fails or is not believed. That a name is gone, or
 * what it publishes wrong, is an answer: it is believed when it has stood for long enough. Known to one
 * thread at a time: refresh holds the lock.
 */
#ifndef SOURCE_WATCH_H
#define SOURCE_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "milter/checks/resolver.h"
#include "milter/system/journal.h"
#include "policy/rules/vendor.h"
#include "policy/sources/source_copy.h"
#include "policy/sources/source_guard.h"

enum { VENDORS_TEXT = 200, SOURCE_WATCH_AT_ONCE = 64 };

/* How a trouble begins that is no trouble of DNS but something that a person must look at. */
#define SOURCE_WATCH_DOUBTED "not believed: "
#define SOURCE_WATCH_WRONGLY "published wrongly: "

struct source_watch {
	struct source_watch *next;
	struct source source;       /* name and text are ours; exclusive: some vendor says so */
	char vendors[VENDORS_TEXT]; /* who names it, for the log */
	int64_t max_stale;          /* seconds; the shortest of those who name it */
	bool wanted;                /* by the policy in force */
	bool known;                 /* copy holds what is believed; it may be wrong since then */
	bool stale;                 /* it is older than max_stale: its addresses are not known */
	bool marked;                /* what drift is measured from stands in state_dir */
	bool unkept;                /* the last copy could not be written, and that was said */
	struct arena *arena;        /* of copy */
	struct source_copy copy;
	int64_t due;                /* clock_ticks of the next unfolding */
	int64_t retry;              /* seconds; 0: the last unfolding went well */
	unsigned found;             /* resolver_found when it was asked last, */
	int64_t others;             /* and clock_ticks when that was seen to move: names do answer */
	char trouble[512];          /* why it did not; "" */
};

/* What all of them are unfolded with; borrowed. */
struct source_watch_context {
	struct resolver *resolver;
	struct journal *journal;    /* NULL: nothing is said */
	const char *state_dir;      /* "": nothing is kept */
	bool reads_only;            /* what stands there is greenlaned's: it is read, never written */
	struct source_guard_limits limits;
	struct source_guard_names shared;
	int64_t least, most;        /* refresh.min, refresh.max */
	int64_t absent_after;       /* what is gone or wrong for so long lists nothing */
	const atomic_uint *calls;   /* not 0: another thread wants the lock, stop asking */
};

struct source_watch *source_watch_open(const struct source *) MUST_USE; /* given; NULL without memory */
void source_watch_free(struct source_watch *);

/* Serves from the last good copy, if there is one; it is asked for anew at once. */
void source_watch_restore(struct source_watch *, const struct source_watch_context *);

/* Asks DNS for several, at most SOURCE_WATCH_AT_ONCE, together: a dead server holds up none of the others.
 * Returns whether what is believed of any has changed. */
bool source_watch_unfold(struct source_watch *const *, size_t count, const struct source_watch_context *,
    struct budget *);

/* Notes whether the copy is too old at clock_now. Returns whether that has changed. */
bool source_watch_age(struct source_watch *, const struct source_watch_context *);

/* clock_ticks at which it wants attention: due, or too old. */
int64_t source_watch_next(const struct source_watch *);

#endif
