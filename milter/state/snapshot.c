#include <pthread.h>
#include <stdlib.h>

#include "milter/state/snapshot.h"

struct shared_policy { /* a policy, shared by the snapshots that differ in ranges only */
	struct policy *policy;
	uint64_t number;
	unsigned holders;
};

struct held_snapshot {
	struct snapshot snapshot; /* first: readers hold its address */
	struct shared_policy *shared;
	struct ranges *ranges, *of_draft;
	unsigned holders;
};

struct snapshots {
	pthread_mutex_t lock; /* protects everything below; never held while judging or freeing */
	struct held_snapshot *now;
	uint64_t policies; /* number published so far */
};

struct snapshots *
snapshots_open(struct fault *why)
{
	struct snapshots *snapshots = calloc(1, sizeof *snapshots);

	if (snapshots == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&snapshots->lock, NULL);
	return snapshots;
}

/* What nobody holds any more, for free_unheld: freeing a large policy is slow, and every MAIL takes the lock. */
struct unheld {
	struct held_snapshot *held;
	struct shared_policy *shared;
};

/* Drops one reference. Lock held. */
static struct unheld
release(struct held_snapshot *held)
{
	struct unheld unheld = { NULL, NULL };

	if (held == NULL || --held->holders > 0)
		return unheld;
	unheld.held = held;
	if (--held->shared->holders == 0)
		unheld.shared = held->shared;
	return unheld;
}

/* Call without the lock. */
static void
free_unheld(struct unheld unheld)
{
	if (unheld.shared != NULL)
		policy_free(unheld.shared->policy);
	free(unheld.shared);
	if (unheld.held != NULL) {
		ranges_free(unheld.held->ranges);
		ranges_free(unheld.held->of_draft);
	}
	free(unheld.held);
}

void
snapshots_close(struct snapshots *snapshots)
{
	if (snapshots == NULL)
		return;
	free_unheld(release(snapshots->now));
	pthread_mutex_destroy(&snapshots->lock);
	free(snapshots);
}

static struct snapshot
snapshot_of(const struct held_snapshot *held)
{
	struct snapshot out = { .judge = { held->shared->policy, held->ranges }, .policy_number = held->shared->number };

	if (held->of_draft != NULL)
		out.draft = (struct judge){ held->shared->policy->draft, held->of_draft };
	return out;
}

bool
snapshot_publish(struct snapshots *snapshots, struct policy *policy, struct ranges *ranges, struct ranges *of_draft,
    struct fault *why)
{
	struct held_snapshot *next = calloc(1, sizeof *next);
	struct shared_policy *shared = policy == NULL ? snapshots->now->shared : calloc(1, sizeof *shared);
	struct unheld unheld;

	if (next == NULL || shared == NULL) {
		free(next);
		if (policy != NULL)
			free(shared);
		policy_free(policy);
		ranges_free(ranges);
		ranges_free(of_draft);
		return fault_set(why, "out of memory");
	}
	if (policy != NULL)
		shared->policy = policy;
	next->shared = shared;
	next->ranges = ranges;
	next->of_draft = of_draft;
	next->holders = 1; /* for being in force */
	pthread_mutex_lock(&snapshots->lock);
	if (policy != NULL)
		shared->number = ++snapshots->policies;
	next->snapshot = snapshot_of(next);
	shared->holders++;
	unheld = release(snapshots->now);
	snapshots->now = next;
	pthread_mutex_unlock(&snapshots->lock);
	free_unheld(unheld);
	return true;
}

const struct snapshot *
snapshot_borrow(struct snapshots *snapshots)
{
	struct held_snapshot *held;

	pthread_mutex_lock(&snapshots->lock);
	held = snapshots->now;
	if (held != NULL)
		held->holders++;
	pthread_mutex_unlock(&snapshots->lock);
	return held == NULL ? NULL : &held->snapshot;
}

void
snapshot_return(struct snapshots *snapshots, const struct snapshot *snapshot)
{
	struct unheld unheld;

	if (snapshot == NULL)
		return;
	pthread_mutex_lock(&snapshots->lock);
	unheld = release((struct held_snapshot *)snapshot);
	pthread_mutex_unlock(&snapshots->lock);
	free_unheld(unheld);
}
