#include <pthread.h>
#include <stdlib.h>

#include "milter/state/shadow_tally.h"

struct shadow_tally {
	pthread_mutex_t lock;   /* protects all below */
	uint64_t number;        /* of the last policy that was seen */
	uint64_t policy, draft; /* the fingerprints of what is counted */
	struct shadow_counts counts;
};

struct shadow_tally *
shadow_tally_open(struct fault *why)
{
	struct shadow_tally *tally = calloc(1, sizeof *tally);

	if (tally == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

void
shadow_tally_close(struct shadow_tally *tally)
{
	if (tally == NULL)
		return;
	pthread_mutex_destroy(&tally->lock);
	free(tally);
}

static bool
is_counted(const struct shadow_tally *tally, const struct snapshot *snapshot)
{
	return tally->policy == snapshot->judge.policy->fingerprint &&
	    tally->draft == snapshot->draft.policy->fingerprint;
}

/* Begins anew for another draft; a message that began before the last reload no longer counts. */
static bool
is_current(struct shadow_tally *tally, const struct snapshot *snapshot, int64_t now)
{
	if (snapshot->policy_number < tally->number)
		return false;
	tally->number = snapshot->policy_number;
	if (is_counted(tally, snapshot) && tally->counts.since != 0)
		return true;
	tally->policy = snapshot->judge.policy->fingerprint;
	tally->draft = snapshot->draft.policy->fingerprint;
	tally->counts = (struct shadow_counts){ .since = now };
	return true;
}

void
shadow_tally_note(struct shadow_tally *tally, const struct snapshot *snapshot, const struct judged_again *judged,
    int64_t now)
{
	if (tally == NULL)
		return;
	pthread_mutex_lock(&tally->lock);
	if (!is_current(tally, snapshot, now)) {
		/* it is of an older draft */
	} else if (judged->cannot != NULL) {
		cannot_counts_add(&tally->counts.cannot, judged->cannot, judged->cannot_what);
	} else {
		tally->counts.judged++;
		tally->counts.changed += judged->differs;
	}
	pthread_mutex_unlock(&tally->lock);
}

void
shadow_tally_look(struct shadow_tally *tally, const struct snapshot *snapshot, struct shadow_counts *out)
{
	*out = (struct shadow_counts){ .since = 0 };
	if (tally == NULL || snapshot->draft.policy == NULL)
		return;
	pthread_mutex_lock(&tally->lock);
	if (is_counted(tally, snapshot))
		*out = tally->counts;
	pthread_mutex_unlock(&tally->lock);
}
