#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/accepted_files.h"
#include "milter/state/refresh.h"
#include "milter/state/source_files.h"
#include "milter/state/source_watch.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"

enum {
	KEEP_SECONDS = 10,             /* between two looks whether the copies are still there */
	UNFOLDING_MS = 20 * 1000,      /* DNS budget of the sources that are asked together */
	NAMES_ARENA = 16 * 1024 * 1024 /* for the names of shared senders */
};

struct refresh {
	struct snapshots *snapshots;
	struct source_watch_context with;
	struct source_watch_context beside; /* the same for what only the draft names: files of its own, and silent */
	char state_dir[4096], draft_dir[4112];
	pthread_t thread;
	bool runs;
	/* both are read without the lock: an unfolding holds it while DNS is slow */
	atomic_bool ends;
	atomic_uint calls;    /* threads that wait for the lock with a policy or to close; they go first */
	pthread_mutex_t lock; /* protects everything below; sessions never take it */
	pthread_cond_t changed;
	struct source_watch *entries;
	struct source_watch **of;       /* by source number of the policy in force; NULL: it asks no DNS */
	struct source_watch **of_draft; /* the same of the draft beside it; NULL: there is none */
	bool unpublished;               /* what the entries hold is not in force yet */
	struct arena *names;            /* holds with.shared */
};

/* ---- entries ---- */

static struct source_watch *
entry_of(struct refresh *refresh, const struct source *source, bool of_draft)
{
	for (struct source_watch *entry = refresh->entries; entry != NULL; entry = entry->next)
		if (entry->of_draft == of_draft && strcmp(entry->source.text, source->text) == 0)
			return entry;
	return NULL;
}

static const struct source_watch_context *
context_of(const struct refresh *refresh, const struct source_watch *entry)
{
	return entry->of_draft ? &refresh->beside : &refresh->with;
}

/* A new source uses its last good copy, if there is one. */
static struct source_watch *
entry_add(struct refresh *refresh, const struct source *source, bool of_draft)
{
	struct source_watch *entry = source_watch_open(source);

	if (entry == NULL)
		return NULL;
	entry->next = refresh->entries;
	refresh->entries = entry;
	entry->max_stale = source->max_stale;
	entry->of_draft = of_draft;
	source_watch_restore(entry, context_of(refresh, entry));
	return entry;
}

static void
entry_name(struct source_watch *entry, const char *vendor)
{
	size_t length = strlen(entry->vendors);

	snprintf(entry->vendors + length, sizeof entry->vendors - length, "%s%s", length > 0 ? ", " : "", vendor);
}

/* ---- ranges ---- */

static struct ranges *
build_ranges(const struct policy *policy, struct source_watch *const *of, struct fault *why)
{
	struct source_belief *beliefs = calloc(policy->source_count + 1, sizeof *beliefs);
	struct ranges *ranges;

	if (beliefs == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < policy->source_count; i++)
		if (of[i] != NULL)
			beliefs[i] = (struct source_belief){ &of[i]->copy, of[i]->known && !of[i]->stale };
	ranges = ranges_build(policy->sources, policy->source_count, beliefs, why);
	free(beliefs);
	return ranges;
}

/* Logged when it happens, and for a new policy (before is NULL) whenever it is the case. */
static void
say_without_addresses(const struct refresh *refresh, const struct policy *policy, const struct ranges *ranges,
    const struct ranges *before)
{
	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];

		if (ranges_lack_addresses(ranges, vendor) && (before == NULL || !ranges_lack_addresses(before, vendor)))
			journal_say(refresh->with.journal, LOG_ERR,
			    "vendor-without-addresses: according to DNS no source of %s has an address: only "
			    "signatures prove its mail now, and only its own DMARC policy lets forgeries be refused; "
			    "write the sources that it publishes now",
			    vendor->name);
	}
}

/* NULL: there is no draft, or no memory for it. */
static struct ranges *
build_beside(const struct refresh *refresh, const struct policy *policy, struct source_watch *const *of_draft)
{
	struct ranges *ranges = NULL;
	struct fault why;

	if (policy->draft == NULL || of_draft == NULL)
		return NULL;
	ranges = build_ranges(policy->draft, of_draft, &why);
	if (ranges == NULL)
		journal_say(refresh->with.journal, LOG_WARNING, "the draft that 'shadow' names is not judged: %s",
		    why.text);
	return ranges;
}

/* Publishes a policy with its ranges and its draft's; policy NULL: the one in force, with new ranges. Lock held. */
static bool
publish(struct refresh *refresh, struct policy *policy, struct source_watch *const *of,
    struct source_watch *const *of_draft, struct fault *why)
{
	const struct snapshot *now = policy == NULL ? snapshot_borrow(refresh->snapshots) : NULL;
	/* cppcheck-suppress nullPointerRedundantCheck ; borrowed where there is no policy */
	const struct policy *in_force = policy == NULL ? now->judge.policy : policy;
	struct ranges *ranges = build_ranges(in_force, of, why);
	bool done = false;

	if (ranges == NULL) {
		policy_free(policy);
	} else {
		say_without_addresses(refresh, in_force, ranges, now == NULL ? NULL : now->judge.ranges);
		done = snapshot_publish(refresh->snapshots, policy, ranges, build_beside(refresh, in_force, of_draft),
		    why);
	}
	snapshot_return(refresh->snapshots, now);
	return done;
}

/* ---- the interface ---- */

struct refresh *
refresh_open(struct resolver *resolver, struct snapshots *snapshots, struct journal *journal, const char *state_dir,
    struct fault *why)
{
	struct refresh *refresh = calloc(1, sizeof *refresh);

	if (refresh == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	refresh->snapshots = snapshots;
	snprintf(refresh->state_dir, sizeof refresh->state_dir, "%s", state_dir);
	refresh->with = (struct source_watch_context){ .resolver = resolver,
		.journal = journal,
		.state_dir = refresh->state_dir,
		.calls = &refresh->calls };
	if (state_dir[0] != '\0')
		snprintf(refresh->draft_dir, sizeof refresh->draft_dir, "%s/" SOURCE_FILES_DRAFT, refresh->state_dir);
	if (state_dir[0] != '\0' && !source_files_prepare(state_dir, why)) {
		journal_fault(journal, LOG_ERR, why);
		refresh->state_dir[0] = '\0';
	}
	pthread_mutex_init(&refresh->lock, NULL);
	condition_init(&refresh->changed);
	return refresh;
}

void
refresh_read_copies(struct refresh *refresh, const char *state_dir)
{
	snprintf(refresh->state_dir, sizeof refresh->state_dir, "%s", state_dir);
	refresh->with.reads_only = true;
}

void
refresh_stop(struct refresh *refresh)
{
	refresh->ends = true;
	refresh->calls++; /* for good */
}

void
refresh_close(struct refresh *refresh)
{
	struct source_watch *next;

	if (refresh == NULL)
		return;
	refresh_stop(refresh);
	pthread_mutex_lock(&refresh->lock);
	pthread_cond_signal(&refresh->changed);
	pthread_mutex_unlock(&refresh->lock);
	if (refresh->runs)
		pthread_join(refresh->thread, NULL);
	for (struct source_watch *entry = refresh->entries; entry != NULL; entry = next) {
		next = entry->next;
		source_watch_free(entry);
	}
	free(refresh->of);
	free(refresh->of_draft);
	arena_close(refresh->names);
	pthread_mutex_destroy(&refresh->lock);
	pthread_cond_destroy(&refresh->changed);
	free(refresh);
}

static void
drop_unwanted(struct refresh *refresh)
{
	struct source_watch **at = &refresh->entries;

	while (*at != NULL) {
		struct source_watch *entry = *at;

		if (entry->wanted) {
			at = &entry->next;
		} else {
			*at = entry->next;
			source_watch_free(entry);
		}
	}
}

static void
forget_wants(struct refresh *refresh)
{
	for (struct source_watch *entry = refresh->entries; entry != NULL; entry = entry->next) {
		entry->wanted = entry->source.exclusive = false;
		entry->vendors[0] = '\0';
	}
}

/* A draft looks on at what the policy in force asks anyway, and changes nothing about it. */
static struct source_watch *
shared_entry(struct refresh *refresh, const struct source *source, bool of_draft)
{
	struct source_watch *entry = of_draft ? entry_of(refresh, source, false) : NULL;

	return entry != NULL && entry->wanted ? entry : NULL;
}

/* Marks it, or adds a new one; NULL without memory. */
static struct source_watch *
own_entry(struct refresh *refresh, const struct source *source, bool of_draft)
{
	struct source_watch *entry = entry_of(refresh, source, of_draft);

	if (entry == NULL && (entry = entry_add(refresh, source, of_draft)) == NULL)
		return NULL;
	if (!entry->wanted || source->max_stale < entry->max_stale)
		entry->max_stale = source->max_stale;
	entry->wanted = true;
	entry->source.exclusive = entry->source.exclusive || source->exclusive;
	entry_name(entry, source->vendor->name);
	(void)source_watch_age(entry, context_of(refresh, entry));
	return entry;
}

/* Marks the entries that a policy wants and adds new ones. Returns the entry of each source, given; NULL without
 * memory. */
static struct source_watch **
want_entries(struct refresh *refresh, const struct policy *policy, bool of_draft)
{
	struct source_watch **of = calloc(policy->source_count + 1, sizeof *of);

	if (of == NULL)
		return NULL;
	for (size_t i = 0; i < policy->source_count; i++) {
		const struct source *source = &policy->sources[i];
		struct source_watch *entry;

		/* those for login and api too: exports list them */
		if (!source_asks_dns(source) || !source->selected)
			continue;
		entry = shared_entry(refresh, source, of_draft);
		if (entry == NULL && (entry = own_entry(refresh, source, of_draft)) == NULL) {
			free(of);
			return NULL;
		}
		of[i] = entry;
	}
	return of;
}

/* Of the draft beside this policy, whose own entries are marked already; NULL: there is none, or no memory. */
static struct source_watch **
want_beside(struct refresh *refresh, const struct policy *policy)
{
	struct source_watch **of;
	struct fault why;

	if (policy->draft == NULL)
		return NULL;
	if (refresh->draft_dir[0] != '\0' && !source_files_prepare_draft(refresh->state_dir, &why)) {
		journal_fault(refresh->with.journal, LOG_WARNING, &why);
		refresh->draft_dir[0] = '\0';
	}
	of = want_entries(refresh, policy->draft, true);
	if (of == NULL)
		journal_say(refresh->with.journal, LOG_WARNING,
		    "the draft that 'shadow' names is not judged: out of memory");
	return of;
}

/* Copies the names: the policy that they come from may be freed before the next one replaces them. */
static bool
copy_names(const struct policy *policy, struct arena *arena, struct strings *out)
{
	if (arena == NULL || !policy_shared_names(policy, arena, out))
		return false;
	for (size_t i = 0; i < out->count; i++) {
		const char *copy = arena_string(arena, out->list[i]);

		if (copy == NULL)
			return false;
		((const char **)out->list)[i] = copy;
	}
	return true;
}

/* Takes the limits and the names of shared senders from this policy. */
static void
take_limits(struct refresh *refresh, const struct policy *policy)
{
	const struct settings *settings = &policy->settings;
	struct arena *names = arena_open(NAMES_ARENA);
	struct strings shared = { NULL, 0 };

	refresh->with.least = settings->refresh.min;
	refresh->with.most = settings->refresh.max;
	refresh->with.absent_after = settings->refresh.absent_after;
	refresh->with.limits = (struct source_guard_limits){ settings->refresh.widest_ipv4,
		settings->refresh.widest_ipv6, settings->refresh.share_ppm, settings->refresh.fall_percent };
	if (!copy_names(policy, names, &shared)) {
		journal_say(refresh->with.journal, LOG_WARNING, "out of memory for the names of shared senders");
		shared.count = 0;
	}
	arena_close(refresh->names);
	refresh->names = names;
	refresh->with.shared = (struct source_guard_names){ shared.list, shared.count };
	refresh->beside = refresh->with;
	refresh->beside.state_dir = refresh->draft_dir;
	refresh->beside.journal = NULL;
}

static void
unfold_unknown(struct refresh *refresh, int64_t patience_ms)
{
	struct source_watch *list[SOURCE_WATCH_AT_ONCE], *entry = refresh->entries;
	struct budget budget = { patience_ms };

	while (entry != NULL) {
		size_t count = 0;

		for (; entry != NULL && count < SOURCE_WATCH_AT_ONCE; entry = entry->next)
			if (entry->wanted && !entry->known && !entry->of_draft)
				list[count++] = entry;
		(void)source_watch_unfold(list, count, &refresh->with, &budget);
	}
}

/* ---- lists in files that another program writes, at a reload ---- */

static const struct source *
same_file(const struct policy *policy, const struct source *source)
{
	for (size_t i = 0; i < policy->source_count; i++) {
		const struct source *other = &policy->sources[i];

		if (other->kind == SOURCE_FILE && strcmp(other->text, source->text) == 0 &&
		    strcmp(other->vendor->name, source->vendor->name) == 0)
			return other;
	}
	return NULL;
}

static bool
is_same_list(const struct source *a, const struct source *b)
{
	return a->prefix_count == b->prefix_count &&
	    memcmp(a->prefixes, b->prefixes, a->prefix_count * sizeof *a->prefixes) == 0;
}

/* A list from the configuration in the form that source_guard judges. */
static bool
copy_list(struct arena *arena, const struct source *source, struct source_copy *out)
{
	struct unfolding *unfolding = arena == NULL ? NULL : unfolding_open(source);
	size_t count = 0;
	const struct source_network *networks = unfolding == NULL ? NULL : unfolding_networks(unfolding, &count);
	bool taken = networks != NULL && source_copy_take(arena, source->text, networks, count, NULL, clock_now(), out);

	unfolding_close(unfolding);
	return taken;
}

/* Whoever shortened a list may have meant it, so it is believed; but the log says so. */
static void
say_fall(struct refresh *refresh, const struct source *before, const struct source *after)
{
	struct arena *arena = arena_open(NAMES_ARENA * 8);
	struct source_copy was, is;
	struct fault why;

	if (copy_list(arena, before, &was) && copy_list(arena, after, &is) &&
	    source_guard_falls(&refresh->with.limits, &was, &is, &why))
		journal_say(refresh->with.journal, LOG_NOTICE, "source %s of %s: %s", after->text, after->vendor->name,
		    why.text);
	arena_close(arena);
}

static void
say_falls(struct refresh *refresh, const struct policy *policy)
{
	const struct snapshot *now = snapshot_borrow(refresh->snapshots);

	for (size_t i = 0; now != NULL && i < policy->source_count; i++) {
		const struct source *source = &policy->sources[i], *before;

		if (source->kind == SOURCE_FILE && (before = same_file(now->judge.policy, source)) != NULL &&
		    !is_same_list(before, source))
			say_fall(refresh, before, source);
	}
	snapshot_return(refresh->snapshots, now);
}

bool
refresh_adopt(struct refresh *refresh, struct policy *policy, int64_t patience_ms, struct fault *why)
{
	struct source_watch **of, **of_draft = NULL;
	bool done = false;

	resolver_look_again(refresh->with.resolver);
	refresh->calls++;
	pthread_mutex_lock(&refresh->lock);
	refresh->calls--;
	take_limits(refresh, policy);
	if (refresh->with.state_dir[0] != '\0' && !refresh->with.reads_only)
		accepted_files_take(policy, refresh->with.state_dir, refresh->with.journal);
	say_falls(refresh, policy);
	forget_wants(refresh);
	of = want_entries(refresh, policy, false);
	if (of != NULL) {
		of_draft = want_beside(refresh, policy);
		unfold_unknown(refresh, patience_ms);
		done = publish(refresh, policy, of, of_draft, why);
	} else {
		policy_free(policy);
		fault_set(why, "out of memory");
	}
	if (done) {
		free(refresh->of);
		free(refresh->of_draft);
		refresh->of = of;
		refresh->of_draft = of_draft;
		drop_unwanted(refresh);
	} else {
		free(of);
		free(of_draft);
	}
	refresh->unpublished = !done;
	pthread_cond_signal(&refresh->changed);
	pthread_mutex_unlock(&refresh->lock);
	return done;
}

/* Those that failed come last: they may use up the DNS budget of the others. */
static size_t
find_due(struct refresh *refresh, bool of_draft, struct source_watch *list[SOURCE_WATCH_AT_ONCE])
{
	int64_t now = clock_ticks();
	size_t count = 0;

	for (int trouble = 0; trouble < 2; trouble++)
		for (struct source_watch *entry = refresh->entries; entry != NULL && count < SOURCE_WATCH_AT_ONCE;
		     entry = entry->next)
			if (entry->of_draft == of_draft && entry->due <= now && (entry->retry > 0) == trouble)
				list[count++] = entry;
	return count;
}

/* Puts changes in force; returns whether there were any. */
static bool
publish_changes(struct refresh *refresh)
{
	struct fault why;

	if (!refresh->unpublished || refresh->of == NULL)
		return false;
	refresh->unpublished = !publish(refresh, NULL, refresh->of, refresh->of_draft, &why);
	if (refresh->unpublished)
		journal_fault(refresh->with.journal, LOG_ERR, &why);
	return true;
}

/* Asks the sources that are due; returns the clock_ticks when the next one is. Lock held. */
static int64_t
refresh_due(struct refresh *refresh)
{
	int64_t next = clock_ticks() + (int64_t)3600 * 1000000;
	struct source_watch *list[SOURCE_WATCH_AT_ONCE];
	bool published = false;
	size_t count;

	/* the draft's come last, and by themselves: they may use up no budget of the others */
	while (refresh->calls == 0 &&
	    ((count = find_due(refresh, false, list)) > 0 || (count = find_due(refresh, true, list)) > 0)) {
		struct budget budget = { UNFOLDING_MS };

		refresh->unpublished |= source_watch_unfold(list, count, context_of(refresh, list[0]), &budget);
		published |= publish_changes(refresh);
	}
	for (struct source_watch *entry = refresh->entries; entry != NULL; entry = entry->next) {
		refresh->unpublished |= source_watch_age(entry, context_of(refresh, entry));
		if (source_watch_next(entry) < next)
			next = source_watch_next(entry);
	}
	/* old tables and copies leave holes between what stays: with many networks, half of the memory */
	if (publish_changes(refresh) || published)
		(void)malloc_trim(0);
	return next;
}

void
refresh_now(struct refresh *refresh, bool all)
{
	refresh->calls++;
	pthread_mutex_lock(&refresh->lock);
	refresh->calls--;
	for (struct source_watch *entry = refresh->entries; all && entry != NULL; entry = entry->next)
		entry->due = clock_ticks();
	(void)refresh_due(refresh);
	pthread_mutex_unlock(&refresh->lock);
}

/* Whoever cleared state_dir took what a restart without DNS needs, and what status reads. */
static void
keep_copies(struct refresh *refresh)
{
	struct fault why;
	bool draft = refresh->of_draft != NULL && refresh->draft_dir[0] != '\0' && refresh->state_dir[0] != '\0' &&
	    source_files_prepare_draft(refresh->state_dir, &why);
	unsigned again = 0;

	for (struct source_watch *entry = refresh->entries; entry != NULL && refresh->calls == 0; entry = entry->next)
		if (!entry->of_draft || draft)
			again += source_watch_keep(entry, context_of(refresh, entry));
	if (again > 0)
		journal_say(refresh->with.journal, LOG_WARNING,
		    "%u cop%s of sources in %s %s removed, and %s there again: find out what removes them", again,
		    again == 1 ? "y" : "ies", refresh->state_dir, again == 1 ? "was" : "were", again == 1 ? "is" : "are");
}

static void *
refresh_on(void *argument)
{
	struct refresh *refresh = argument;

	pthread_setname_np(pthread_self(), "refresh"); /* shown in /proc, and read by t/bench/refresh */
	pthread_mutex_lock(&refresh->lock);
	while (!refresh->ends) {
		int64_t due = refresh_due(refresh), look = clock_ticks() + KEEP_SECONDS * INT64_C(1000000);
		int64_t next = due < look ? due : look;
		struct timespec until = condition_at(next);

		keep_copies(refresh);

		/* refresh_adopt wakes us when it ends */
		if (refresh->calls > 0)
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
		return fault_set(why, "cannot start the refresh thread: %s", strerror(error));
	refresh->runs = true;
	return true;
}
