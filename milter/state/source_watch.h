/*
 * source_watch.h - watches one source in DNS: unfolds it, believes it or not, and stores it on disk.
 *
 * The last copy stays in use while an unfolding fails or is not believed. That a name is gone, or that what
 * it publishes is wrong, is an answer too: it is believed once it has lasted long enough. Used by one thread
 * at a time: refresh holds the lock.
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
enum { SOURCE_RETRY_FIRST = 5 }; /* seconds after a refresh that failed; doubled each time, up to the TTL */

/* How a trouble begins that is not DNS's but one that a person must look into. */
#define SOURCE_WATCH_DOUBTED "not believed: "
#define SOURCE_WATCH_WRONGLY "published wrongly: "

struct source_watch {
	struct source_watch *next;
	struct source source;       /* name and text are ours; exclusive: some vendor says so */
	char vendors[VENDORS_TEXT]; /* the vendors that name it, for the log */
	int64_t max_stale;          /* seconds; the shortest of those vendors' */
	bool wanted;                /* by the policy in force */
	bool of_draft;              /* only by the draft beside it */
	bool known;                 /* copy holds what is believed; it may be wrong since then */
	bool stale;                 /* it is older than max_stale: its addresses are not known */
	bool marked;                /* the copy that drift is measured from is in state_dir */
	bool unkept;                /* the last copy could not be written, and that was logged */
	struct arena *arena;        /* of copy */
	struct source_copy copy;
	int64_t due;       /* clock_ticks of the next unfolding */
	int64_t retry;     /* seconds; 0: the last unfolding succeeded */
	unsigned found;    /* resolver_found when it was last asked, */
	int64_t others;    /* and clock_ticks when that was seen to change: other names answer */
	char trouble[512]; /* why the last unfolding failed; "" */
};

/* What unfolding needs, the same for all sources; borrowed. */
struct source_watch_context {
	struct resolver *resolver;
	struct journal *journal; /* NULL: nothing is logged */
	const char *state_dir;   /* "": nothing is stored */
	bool reads_only;         /* the files there are greenlaned's: never written */
	struct source_guard_limits limits;
	struct source_guard_names shared;
	int64_t least, most;      /* refresh.min, refresh.max */
	int64_t absent_after;     /* a source gone or wrong for this long lists nothing */
	const atomic_uint *calls; /* not 0: another thread wants the lock, stop asking */
};

struct source_watch *source_watch_open(const struct source *) MUST_USE; /* given; NULL without memory */
void source_watch_free(struct source_watch *);

/* Uses the last good copy, if there is one; the source is still due at once. */
void source_watch_restore(struct source_watch *, const struct source_watch_context *);

/* Asks DNS for several sources together, at most SOURCE_WATCH_AT_ONCE: a dead server does not hold up the others.
 * Returns whether what is believed of any has changed. */
bool source_watch_unfold(struct source_watch *const *, size_t count, const struct source_watch_context *, struct budget *);

/* Notes whether the copy is too old at clock_now. Returns whether that has changed. */
bool source_watch_age(struct source_watch *, const struct source_watch_context *);

/* Writes its copy again, where somebody has removed it or it could not be written. True: it was removed. */
bool source_watch_keep(struct source_watch *, const struct source_watch_context *);

/* The clock_ticks when it next needs attention: due, or too old. */
int64_t source_watch_next(const struct source_watch *);

#endif
