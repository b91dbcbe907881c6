#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "refresh.h"

enum {
	RETRY_FIRST = 5,                  /* seconds after a failure; doubled each time */
	RETRY_LAST = 300,                 /* but an outage is not to be outlived by much */
	UNFOLDING_MS = 20 * 1000,         /* waiting for DNS that one source may do */
	UNFOLDING_ARENA = 16 * 1024 * 1024 /* memory of all answers to one source */
};

/* One thing published in DNS, shared by the policies that name it. */
struct entry {
	struct entry *next;
	struct source source; /* name and text are ours */
	bool wanted;          /* by the policy in force */
	bool known, live;
	struct prefix *networks; /* sorted */
	size_t count;
	int64_t due;          /* clock_ticks */
	int64_t retry;        /* seconds; 0: the last unfolding went well */
	char trouble[512];    /* what was logged last */
};

struct refresh {
	struct resolver *resolver;
	struct live *live;
	struct journal *journal;
	pthread_t thread;
	bool runs;
	/* both without the lock: an unfolding holds it while DNS is slow */
	atomic_bool ends;
	atomic_uint adopting; /* policies that wait for the lock: they go first */
	pthread_mutex_t lock; /* guards all below; sessions never take it */
	pthread_cond_t changed;
	struct entry *entries;
	bool unpublished;    /* what the entries hold is not in force yet */
	int64_t least, most; /* refresh.min, refresh.max */
};

/* ---- entries ---- */

static bool
asks_dns(const struct source *source)
{
	return source->kind == SOURCE_A || source->kind == SOURCE_MX || source->kind == SOURCE_SPF;
}

static void
entry_free(struct entry *entry)
{
	free((char *)entry->source.name);
	free((char *)entry->source.text);
	free(entry->networks);
	free(entry);
}

static struct entry *
entry_of(struct refresh *refresh, const struct source *source)
{
	for (struct entry *entry = refresh->entries; entry != NULL; entry = entry->next)
		if (strcmp(entry->source.text, source->text) == 0)
			return entry;
	return NULL;
}

static struct entry *
entry_add(struct refresh *refresh, const struct source *source)
{
	struct entry *entry = calloc(1, sizeof *entry);

	if (entry == NULL)
		return NULL;
	entry->source.kind = source->kind;
	entry->source.name = strdup(source->name);
	entry->source.text = strdup(source->text);
	if (entry->source.name == NULL || entry->source.text == NULL) {
		entry_free(entry);
		return NULL;
	}
	entry->next = refresh->entries;
	refresh->entries = entry;
	return entry;
}

static int
compare_prefixes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct prefix));
}

/* Sorted, so that records in another order are no change. Padding is cleared: memcmp compares. */
static struct prefix *
sorted_copy(const struct source_network *networks, size_t count)
{
	struct prefix *copy = calloc(count + 1, sizeof *copy);

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		copy[i].base.family = networks[i].prefix.base.family;
		memcpy(copy[i].base.bytes, networks[i].prefix.base.bytes, sizeof copy[i].base.bytes);
		copy[i].bits = networks[i].prefix.bits;
	}
	qsort(copy, count, sizeof *copy, compare_prefixes);
	return copy;
}

/* ---- unfolding ---- */

static bool
answer_all(struct refresh *refresh, struct unfolding *unfolding, struct budget *budget)
{
	struct arena *arena = arena_open(UNFOLDING_ARENA);
	struct dns_question question;
	struct dns_answer answer;

	if (arena == NULL)
		return false;
	while (!refresh->ends && unfolding_next(unfolding, &question)) {
		resolver_ask(refresh->resolver, &question, budget, arena, &answer);
		unfolding_answer(unfolding, &answer);
	}
	arena_close(arena);
	return true;
}

static void
say_trouble(struct refresh *refresh, struct entry *entry, const struct fault *why)
{
	if (strcmp(entry->trouble, why->text) == 0)
		return;
	memcpy(entry->trouble, why->text, sizeof entry->trouble);
	journal_say(refresh->journal, LOG_WARNING, "source %s: %s; %s", entry->source.text, why->text,
	    entry->known ? "what it listed before keeps serving" : "its addresses are not known");
}

static void
postpone(struct refresh *refresh, struct entry *entry, const struct fault *why)
{
	entry->retry = entry->retry == 0 ? RETRY_FIRST : entry->retry * 2;
	if (entry->retry > RETRY_LAST)
		entry->retry = RETRY_LAST;
	entry->due = clock_ticks() + entry->retry * 1000000;
	say_trouble(refresh, entry, why);
}

/* Takes what was unfolded; answers whether it differs from what stood. */
static bool
entry_take(struct refresh *refresh, struct entry *entry, const struct unfolding *unfolding)
{
	size_t count;
	const struct source_network *networks = unfolding_networks(unfolding, &count);
	struct prefix *copy = sorted_copy(networks, count);
	int64_t ttl = unfolding_ttl(unfolding);
	bool live = unfolding_is_live(unfolding), same;

	if (copy == NULL) {
		postpone(refresh, entry, &(struct fault){ .text = "out of memory" });
		return false;
	}
	same = entry->known && entry->live == live && entry->count == count &&
	    memcmp(entry->networks, copy, count * sizeof *copy) == 0;
	if (!same)
		journal_say(refresh->journal, LOG_NOTICE, "source %s: lists %zu networks%s%s",
		    entry->source.text, count, live ? ", and is asked for each address: " : "",
		    live ? unfolding_live_why(unfolding) : "");
	free(entry->networks);
	entry->networks = copy;
	entry->count = count;
	entry->live = live;
	entry->known = true;
	entry->retry = 0;
	entry->trouble[0] = '\0';
	ttl = ttl < refresh->least ? refresh->least : ttl > refresh->most ? refresh->most : ttl;
	entry->due = clock_ticks() + (ttl + 1) * 1000000; /* a moment later: caches have let go of it */
	return !same;
}

static bool
entry_unfold(struct refresh *refresh, struct entry *entry, struct budget *budget)
{
	struct unfolding *unfolding = unfolding_open(&entry->source);
	struct fault why = { .text = "out of memory" };
	bool changed = false;

	if (unfolding != NULL && answer_all(refresh, unfolding, budget) &&
	    unfolding_state(unfolding, &why) == UNFOLDING_DONE)
		changed = entry_take(refresh, entry, unfolding);
	else
		postpone(refresh, entry, &why);
	unfolding_close(unfolding);
	return changed;
}

/* ---- ranges ---- */

static void
networks_of(struct refresh *refresh, const struct source *source, const struct prefix **list,
    size_t *count, struct source_state *state)
{
	const struct entry *entry = asks_dns(source) ? entry_of(refresh, source) : NULL;

	*list = entry != NULL ? entry->networks : source->prefixes;
	*count = entry != NULL ? entry->count : asks_dns(source) ? 0 : source->prefix_count;
	state->known = entry != NULL ? entry->known : !asks_dns(source);
	state->live = entry != NULL && entry->live;
}

static struct ranges *
build_ranges(struct refresh *refresh, const struct policy *policy, struct fault *why)
{
	struct ranges *ranges = ranges_open(policy->source_count);
	struct source_state *states = ranges == NULL ? NULL : (struct source_state *)ranges->states;
	struct prefix_entry *entries = NULL;
	const struct prefix *list;
	size_t total = 0, count;

	for (size_t i = 0; states != NULL && i < policy->source_count; i++) {
		networks_of(refresh, &policy->sources[i], &list, &count, &states[i]);
		total += source_counts(&policy->sources[i]) ? count : 0;
	}
	entries = calloc(total + 1, sizeof *entries);
	if (states == NULL || entries == NULL) {
		free(entries);
		ranges_free(ranges);
		fault_set(why, "out of memory for %zu networks", total);
		return NULL;
	}
	total = 0;
	for (size_t i = 0; i < policy->source_count; i++) {
		networks_of(refresh, &policy->sources[i], &list, &count, &states[i]);
		for (size_t j = 0; source_counts(&policy->sources[i]) && j < count; j++)
			entries[total++] = (struct prefix_entry){ list[j], (uint32_t)i };
	}
	ranges->table = prefix_table_build(entries, total, why);
	free(entries);
	if (ranges->table == NULL) {
		ranges_free(ranges);
		return NULL;
	}
	return ranges;
}

/* policy NULL: the one in force, with new ranges. The lock is held. */
static bool
publish(struct refresh *refresh, struct policy *policy, struct fault *why)
{
	const struct snapshot *now = policy == NULL ? live_borrow(refresh->live) : NULL;
	struct ranges *ranges = build_ranges(refresh, policy == NULL ? now->judge.policy : policy, why);
	bool done = false;

	if (ranges == NULL)
		policy_free(policy);
	else
		done = live_publish(refresh->live, policy, ranges, why);
	live_return(refresh->live, now);
	return done;
}

/* ---- the doors ---- */

struct refresh *
refresh_open(struct resolver *resolver, struct live *live, struct journal *journal, struct fault *why)
{
	struct refresh *refresh = calloc(1, sizeof *refresh);
	pthread_condattr_t attributes;

	if (refresh == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	refresh->resolver = resolver;
	refresh->live = live;
	refresh->journal = journal;
	pthread_mutex_init(&refresh->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&refresh->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	return refresh;
}

void
refresh_close(struct refresh *refresh)
{
	struct entry *next;

	if (refresh == NULL)
		return;
	refresh->ends = true;
	pthread_mutex_lock(&refresh->lock);
	pthread_cond_signal(&refresh->changed);
	pthread_mutex_unlock(&refresh->lock);
	if (refresh->runs)
		pthread_join(refresh->thread, NULL);
	for (struct entry *entry = refresh->entries; entry != NULL; entry = next) {
		next = entry->next;
		entry_free(entry);
	}
	pthread_mutex_destroy(&refresh->lock);
	pthread_cond_destroy(&refresh->changed);
	free(refresh);
}

static void
drop_unwanted(struct refresh *refresh)
{
	struct entry **at = &refresh->entries;

	while (*at != NULL) {
		struct entry *entry = *at;

		if (entry->wanted) {
			at = &entry->next;
		} else {
			*at = entry->next;
			entry_free(entry);
		}
	}
}

/* Marks what a policy wants and adds what is new. */
static bool
want_entries(struct refresh *refresh, const struct policy *policy)
{
	for (struct entry *entry = refresh->entries; entry != NULL; entry = entry->next)
		entry->wanted = false;
	for (size_t i = 0; i < policy->source_count; i++) {
		const struct source *source = &policy->sources[i];
		struct entry *entry;

		if (!asks_dns(source) || !source_counts(source))
			continue;
		entry = entry_of(refresh, source);
		if (entry == NULL)
			entry = entry_add(refresh, source);
		if (entry == NULL)
			return false;
		entry->wanted = true;
	}
	return true;
}

bool
refresh_adopt(struct refresh *refresh, struct policy *policy, int64_t patience_ms, struct fault *why)
{
	struct budget budget = { patience_ms };
	bool done = false;

	refresh->adopting++;
	pthread_mutex_lock(&refresh->lock);
	refresh->adopting--;
	refresh->least = policy->settings.refresh.min;
	refresh->most = policy->settings.refresh.max;
	if (want_entries(refresh, policy)) {
		for (struct entry *entry = refresh->entries; entry != NULL; entry = entry->next)
			if (entry->wanted && !entry->known)
				(void)entry_unfold(refresh, entry, &budget);
		done = publish(refresh, policy, why);
		if (done)
			drop_unwanted(refresh);
		refresh->unpublished = !done;
	} else {
		policy_free(policy);
		fault_set(why, "out of memory");
	}
	pthread_cond_signal(&refresh->changed);
	pthread_mutex_unlock(&refresh->lock);
	return done;
}

/* Must the thread let go of the lock? */
static bool
is_called(const struct refresh *refresh)
{
	return refresh->ends || refresh->adopting > 0;
}

/* Asks what is due; answers the ticks at which the next one will be. The lock is held. */
static int64_t
refresh_due(struct refresh *refresh)
{
	int64_t now = clock_ticks(), next = now + (int64_t)3600 * 1000000;
	struct fault why;

	for (struct entry *entry = refresh->entries; entry != NULL && !is_called(refresh);
	     entry = entry->next) {
		struct budget budget = { UNFOLDING_MS };

		if (entry->due <= now)
			refresh->unpublished |= entry_unfold(refresh, entry, &budget);
		if (entry->due < next)
			next = entry->due;
	}
	if (!refresh->unpublished)
		return next;
	refresh->unpublished = !publish(refresh, NULL, &why);
	if (refresh->unpublished)
		journal_fault(refresh->journal, LOG_ERR, &why);
	return next;
}

static void *
refresh_on(void *argument)
{
	struct refresh *refresh = argument;

	pthread_mutex_lock(&refresh->lock);
	while (!refresh->ends) {
		int64_t next = refresh_due(refresh);
		struct timespec until = { next / 1000000, next % 1000000 * 1000 };

		/* a policy that is adopted wakes us at its end */
		if (refresh->adopting > 0)
			pthread_cond_wait(&refresh->changed, &refresh->lock);
		else if (!refresh->ends && next > clock_ticks())
			pthread_cond_timedwait(&refresh->changed, &refresh->lock, &until);
	}
	pthread_mutex_unlock(&refresh->lock);
	return NULL;
}

bool
refresh_start(struct refresh *refresh, struct fault *why)
{
	int error = pthread_create(&refresh->thread, NULL, refresh_on, refresh);

	if (error != 0)
		return fault_set(why, "no thread for the sources: %s", strerror(error));
	refresh->runs = true;
	return true;
}
