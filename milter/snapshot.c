#include <pthread.h>
#include <stdlib.h>

#include "snapshot.h"

struct world { /* a policy, shared by the snapshots that differ in ranges only */
	struct policy *policy;
	uint64_t number;
	unsigned holders;
};

struct lent {
	struct snapshot snapshot; /* first: readers hold its address */
	struct world *world;
	struct ranges *ranges;
	unsigned holders;
};

struct snapshots {
	pthread_mutex_t lock; /* guards all below; never held while judging, nor while anything is freed */
	struct lent *now;
	uint64_t policies; /* so many were published */
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

/* What nobody holds any more, for bury: freeing a large policy takes long, and every MAIL wants the lock. */
struct dead {
	struct lent *lent;
	struct world *world;
};

/* Gives up one hold. The lock is held. */
static struct dead
release(struct lent *lent)
{
	struct dead dead = { NULL, NULL };

	if (lent == NULL || --lent->holders > 0)
		return dead;
	dead.lent = lent;
	if (--lent->world->holders == 0)
		dead.world = lent->world;
	return dead;
}

/* Without the lock. */
static void
bury(struct dead dead)
{
	if (dead.world != NULL)
		policy_free(dead.world->policy);
	free(dead.world);
	if (dead.lent != NULL)
		ranges_free(dead.lent->ranges);
	free(dead.lent);
}

void
snapshots_close(struct snapshots *snapshots)
{
	if (snapshots == NULL)
		return;
	bury(release(snapshots->now));
	pthread_mutex_destroy(&snapshots->lock);
	free(snapshots);
}

bool
snapshot_publish(struct snapshots *snapshots, struct policy *policy, struct ranges *ranges, struct fault *why)
{
	struct lent *next = calloc(1, sizeof *next);
	struct world *world = policy == NULL ? snapshots->now->world : calloc(1, sizeof *world);
	struct dead dead;

	if (next == NULL || world == NULL) {
		free(next);
		if (policy != NULL)
			free(world);
		policy_free(policy);
		ranges_free(ranges);
		return fault_set(why, "out of memory");
	}
	if (policy != NULL)
		world->policy = policy;
	next->world = world;
	next->ranges = ranges;
	next->holders = 1; /* as the one in force */
	pthread_mutex_lock(&snapshots->lock);
	if (policy != NULL)
		world->number = ++snapshots->policies;
	next->snapshot = (struct snapshot){ { world->policy, ranges }, world->number };
	world->holders++;
	dead = release(snapshots->now);
	snapshots->now = next;
	pthread_mutex_unlock(&snapshots->lock);
	bury(dead);
	return true;
}

const struct snapshot *
snapshot_borrow(struct snapshots *snapshots)
{
	struct lent *lent;

	pthread_mutex_lock(&snapshots->lock);
	lent = snapshots->now;
	if (lent != NULL)
		lent->holders++;
	pthread_mutex_unlock(&snapshots->lock);
	return lent == NULL ? NULL : &lent->snapshot;
}

void
snapshot_return(struct snapshots *snapshots, const struct snapshot *snapshot)
{
	struct dead dead;

	if (snapshot == NULL)
		return;
	pthread_mutex_lock(&snapshots->lock);
	dead = release((struct lent *)snapshot);
	pthread_mutex_unlock(&snapshots->lock);
	bury(dead);
}
