#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "milter/state/snapshot.h"
#include "policy/util/arena.h"
#include "t/lib/tap.h"

enum { THREADS = 8, PUBLISHES = 1000, HELD = 4, SHAPES = 7 };

/* A policy that holds its number, and ranges whose size shows which policy they belong to: the last source lists. */
static struct policy *
policy_make(int64_t number)
{
	struct arena *arena = arena_open(64 * 1024);
	struct policy *policy = arena == NULL ? NULL : arena_take(arena, sizeof *policy);

	if (policy == NULL)
		abort();
	policy->arena = arena;
	policy->settings.unsure_max = number;
	return policy;
}

static struct ranges *
ranges_make(int64_t number)
{
	struct source sources[SHAPES] = { 0 };
	struct ranges *ranges;
	struct prefix prefix;
	struct fault why;

	if (!prefix_read("192.0.2.0/24", &prefix, &why))
		abort();
	sources[number % SHAPES] =
	    (struct source){ .kind = SOURCE_CIDR, .selected = true, .prefixes = &prefix, .prefix_count = 1 };
	ranges = ranges_build(sources, (size_t)(number % SHAPES) + 1, NULL, &why);
	if (ranges == NULL)
		abort();
	return ranges;
}

static bool
is_of_one_policy(const struct judge *judge)
{
	struct address client;
	struct prefix_hits hits;
	int64_t shape = judge->policy->settings.unsure_max % SHAPES;

	if (!address_read("192.0.2.7", &client))
		abort();
	hits = prefix_table_find(judge->ranges->table, &client);
	return (int64_t)judge->ranges->count == shape + 1 && hits.count == 1 && hits.numbers[0] == shape &&
	    judge->ranges->states[shape].known;
}

struct reader {
	pthread_t thread;
	struct snapshots *snapshots;
	atomic_bool *ends;
	atomic_ulong borrowed;
	unsigned long mixed, backward;
};

/* Holds several at a time, as one thread serves several mails; each must stay as it was. */
static void *
read_on(void *argument)
{
	struct reader *reader = argument;
	const struct snapshot *held[HELD] = { NULL };
	int64_t last = 0;

	for (unsigned long i = 0; !*reader->ends; i++) {
		const struct snapshot **place = &held[i % HELD];

		if (*place != NULL)
			reader->mixed += !is_of_one_policy(&(*place)->judge);
		snapshot_return(reader->snapshots, *place);
		*place = snapshot_borrow(reader->snapshots);
		reader->borrowed++;
		reader->mixed += !is_of_one_policy(&(*place)->judge);
		reader->backward += (*place)->judge.policy->settings.unsure_max < last;
		last = (*place)->judge.policy->settings.unsure_max;
	}
	for (size_t i = 0; i < HELD; i++)
		snapshot_return(reader->snapshots, held[i]);
	return NULL;
}

/* A new policy, then new ranges for it, as refresh does; 1000 in all, in step with the readers. */
static void
publish_all(struct snapshots *snapshots, struct reader *readers)
{
	struct fault why;

	for (int64_t i = 0; i < PUBLISHES / 2; i++) {
		while (readers[i % THREADS].borrowed < (unsigned long)i)
			sched_yield();
		if (!snapshot_publish(snapshots, policy_make(i), ranges_make(i), NULL, &why) ||
		    !snapshot_publish(snapshots, NULL, ranges_make(i), NULL, &why))
			abort();
	}
}

static void
snapshots_are_never_mixed(void)
{
	struct fault why;
	struct snapshots *snapshots = snapshots_open(&why);
	static struct reader readers[THREADS];
	atomic_bool ends = false;
	unsigned long borrowed = 0, mixed = 0, backward = 0;
	const struct snapshot *last;

	if (snapshots == NULL)
		abort();
	ok(snapshot_borrow(snapshots) == NULL, "before the first policy there is nothing to borrow");
	snapshot_return(snapshots, NULL);
	if (!snapshot_publish(snapshots, policy_make(0), ranges_make(0), NULL, &why))
		abort();
	for (size_t i = 0; i < THREADS; i++) {
		readers[i].snapshots = snapshots;
		readers[i].ends = &ends;
		if (pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) != 0)
			abort();
	}
	publish_all(snapshots, readers);
	ends = true;
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		borrowed += readers[i].borrowed;
		mixed += readers[i].mixed;
		backward += readers[i].backward;
	}
	note("%lu snapshots were borrowed", borrowed);
	ok(borrowed > 0 && mixed == 0, "%d threads see one policy at a time while %d are published", THREADS, PUBLISHES);
	is_number((long long)backward, 0, "and none sees an old one after a new one");
	last = snapshot_borrow(snapshots);
	is_number(last->judge.policy->settings.unsure_max, PUBLISHES / 2 - 1, "the last one published is in force");
	snapshot_return(snapshots, last);
	snapshots_close(snapshots);
	snapshots_close(NULL);
}

/* ---- freeing ---- */

static struct snapshots *watched; /* while something of it is freed, the lock must be free */
static unsigned freed, held;
static pthread_t borrower;
static sem_t borrowed;
enum { PATIENCE = 120 /* seconds; only a lock that is held needs them */ };

/* The linker puts these before the program's own (-Wl,--wrap). */
void __real_policy_free(struct policy *);
void __wrap_policy_free(struct policy *);
void __real_prefix_table_free(struct prefix_table *);
void __wrap_prefix_table_free(struct prefix_table *);

static void *
borrow_once(void *snapshots)
{
	snapshot_return(snapshots, snapshot_borrow(snapshots));
	sem_post(&borrowed);
	return NULL;
}

/* Can another thread borrow meanwhile, as every MAIL does? */
static void
see_lock(void)
{
	struct snapshots *snapshots = watched;
	struct timespec until;

	if (snapshots == NULL)
		return;
	watched = NULL; /* what the borrower frees is not checked */
	freed++;
	if (pthread_create(&borrower, NULL, borrow_once, snapshots) != 0)
		abort();
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE;
	if (sem_clockwait(&borrowed, CLOCK_MONOTONIC, &until) == 0)
		pthread_join(borrower, NULL);
	else
		held++;
	watched = snapshots;
}

void
__wrap_policy_free(struct policy *policy)
{
	see_lock();
	__real_policy_free(policy);
}

void
__wrap_prefix_table_free(struct prefix_table *table)
{
	see_lock();
	__real_prefix_table_free(table);
}

static void
nobody_waits_for_what_is_freed(void)
{
	struct fault why;
	struct snapshots *snapshots = snapshots_open(&why);
	const struct snapshot *last;

	if (snapshots == NULL || sem_init(&borrowed, 0, 0) != 0 ||
	    !snapshot_publish(snapshots, policy_make(1), ranges_make(1), NULL, &why))
		abort();
	watched = snapshots;
	if (!snapshot_publish(snapshots, NULL, ranges_make(1), NULL, &why) ||
	    !snapshot_publish(snapshots, policy_make(2), ranges_make(2), NULL, &why))
		abort();
	ok(freed == 3 && held == 0, "old ranges, and an old policy with its own, are freed without the lock") ||
	    (note("%u freed, %u with the lock held", freed, held), 0);
	last = snapshot_borrow(snapshots);
	if (!snapshot_publish(snapshots, policy_make(3), ranges_make(3), NULL, &why))
		abort();
	snapshot_return(snapshots, last);
	ok(freed == 5 && held == 0, "so are those that the last message gives back") ||
	    (note("%u freed, %u with the lock held", freed, held), 0);
	watched = NULL;
	snapshots_close(snapshots);
}

/* The allocator may reuse a freed policy's address for the next one: an address does not identify it. */
static void
policies_have_numbers(void)
{
	struct fault why;
	struct snapshots *snapshots = snapshots_open(&why);
	uint64_t before = 0;
	bool rise = true;

	for (unsigned i = 0; snapshots != NULL && i < 20; i++) {
		const struct snapshot *snapshot, *ranged;

		if (!snapshot_publish(snapshots, policy_make(1), ranges_make(1), NULL, &why))
			abort();
		snapshot = snapshot_borrow(snapshots);
		if (!snapshot_publish(snapshots, NULL, ranges_make(1), NULL, &why))
			abort();
		ranged = snapshot_borrow(snapshots);
		rise = rise && snapshot->policy_number > before && ranged->policy_number == snapshot->policy_number;
		before = snapshot->policy_number;
		snapshot_return(snapshots, snapshot);
		snapshot_return(snapshots, ranged);
	}
	ok(rise, "each policy has a number of its own, which new ranges keep");
	snapshots_close(snapshots);
}

/* A mail that began under the old policy ends under it. */
static void
snapshot_outlives_a_reload(void)
{
	struct fault why;
	struct snapshots *snapshots = snapshots_open(&why);
	const struct snapshot *before, *ranged, *after;

	if (snapshots == NULL || !snapshot_publish(snapshots, policy_make(1), ranges_make(1), NULL, &why))
		abort();
	before = snapshot_borrow(snapshots);
	if (!snapshot_publish(snapshots, NULL, ranges_make(1), NULL, &why))
		abort();
	ranged = snapshot_borrow(snapshots);
	if (!snapshot_publish(snapshots, policy_make(2), ranges_make(2), NULL, &why))
		abort();
	after = snapshot_borrow(snapshots);
	ok(ranged->judge.policy == before->judge.policy && ranged->judge.ranges != before->judge.ranges,
	    "new ranges alone keep the policy");
	is_number(after->judge.policy->settings.unsure_max, 2, "a new policy is lent to those who borrow after it");
	is_number(before->judge.policy->settings.unsure_max, 1, "and the old one stays with those who borrowed before");
	snapshot_return(snapshots, before);
	ok(is_of_one_policy(&ranged->judge), "until the last of them returns it");
	snapshot_return(snapshots, ranged);
	snapshot_return(snapshots, after);
	snapshots_close(snapshots);
}

int
main(void)
{
	snapshots_are_never_mixed();
	snapshot_outlives_a_reload();
	nobody_waits_for_what_is_freed();
	policies_have_numbers();
	return done();
}
