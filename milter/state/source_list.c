#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "milter/state/source_files.h"
#include "milter/state/source_list.h"
#include "milter/state/source_watch.h"

enum { DRIFT_TEXT = 600, DRIFT_NAMED = 5 };

static bool
list_copy(struct export_listing *listing, const struct source_copy *copy, struct arena *arena)
{
	struct prefix *networks = arena_take(arena, (copy->count + 1) * sizeof *networks);

	if (networks == NULL)
		return false;
	for (size_t i = 0; i < copy->count; i++)
		networks[i] = copy->networks[i].prefix;
	listing->networks = networks;
	listing->count = copy->count;
	listing->asked = copy->asked ? copy->asked_why : "";
	listing->believed = copy->believed;
	return true;
}

/* The third of three refreshes that fail: one when it is due, the others after RETRY_FIRST and twice that. */
static int64_t
third_failure(const struct source_copy *copy, const struct settings *settings)
{
	int64_t wait = copy->ttl;

	if (wait < settings->refresh.min)
		wait = settings->refresh.min;
	if (wait > settings->refresh.max)
		wait = settings->refresh.max;
	return copy->believed + wait + 3 * SOURCE_RETRY_FIRST;
}

/* Nobody has accepted anything: then what was believed first is the mark. */
static void
list_drift(struct export_listing *listing, const struct source_copy *copy, const char *state_dir, struct arena *arena)
{
	struct source_copy mark;
	struct text words;
	struct fault why;

	if (!source_files_load(state_dir, COPY_ACCEPTED, listing->source->text, arena, &mark, &why) ||
	    source_copy_same(copy, &mark))
		return;
	text_open(&words, DRIFT_TEXT);
	source_copy_diff(&mark, copy, DRIFT_NAMED, &words);
	listing->drift = arena_string(arena, words.bytes);
	text_close(&words);
}

static bool
list_published(struct export_listing *listing, const struct settings *settings, const char *state_dir, int64_t now,
    struct arena *arena)
{
	struct source_copy copy;
	struct fault why;

	if (!source_files_load(state_dir, COPY_BELIEVED, listing->source->text, arena, &copy, &why)) {
		listing->missing = why.text[0] == '\0' ? "it was never unfolded" : "its copy cannot be read";
		return true;
	}
	if (copy.wrong != 0) {
		listing->wrong = copy.trouble[0] != '\0' ? copy.trouble : "what is published is wrong";
		listing->wrong_since = copy.wrong;
	}
	if (copy.wrong == 0 && copy.trouble[0] != '\0' && now >= third_failure(&copy, settings))
		listing->failing = copy.trouble;
	if (copy.believed == 0 && copy.wrong == 0) {
		listing->missing = "it was never unfolded";
		listing->failing = copy.trouble;
	} else if (copy.believed == 0)
		listing->missing = "what it publishes is gone or wrong";
	else if (now - copy.believed > listing->source->max_stale)
		listing->missing = "its last good copy is older than max_stale";
	else
		list_drift(listing, &copy, state_dir, arena);
	return listing->missing[0] != '\0' || list_copy(listing, &copy, arena);
}

static bool
list_source(struct export_listing *listing, const struct policy *policy, const char *state_dir, int64_t now,
    struct arena *arena)
{
	const struct source *source = listing->source;

	listing->missing = listing->asked = listing->wrong = listing->failing = listing->drift = "";
	if (source_is_lapsed(source, now, policy->settings.review_grace)) {
		listing->missing = "its review is overdue, and review_grace is over";
	} else if (source_asks_dns(source)) {
		return !source->selected || list_published(listing, &policy->settings, state_dir, now, arena);
	} else {
		listing->networks = source->prefixes;
		listing->count = source->prefix_count;
	}
	return true;
}

struct export_listing *
source_list_take(const struct policy *policy, const char *state_dir, int64_t now, struct arena *arena)
{
	struct export_listing *list = arena_take(arena, (policy->source_count + 1) * sizeof *list);

	for (size_t i = 0; list != NULL && i < policy->source_count; i++) {
		list[i].source = &policy->sources[i];
		if (!list_source(&list[i], policy, state_dir, now, arena))
			return NULL;
	}
	return list;
}

/* The copy that was believed last: a source may have one from when it was in force, and one of the draft that names it now. */
static bool
load_last(const char *state_dir, const char *source, struct arena *copies, struct source_copy *out)
{
	char beside[PATH_MAX];
	struct source_copy other;
	struct fault why;
	bool found = source_files_load(state_dir, COPY_BELIEVED, source, copies, out, &why);

	snprintf(beside, sizeof beside, "%s/" SOURCE_FILES_DRAFT, state_dir);
	if (!source_files_load(beside, COPY_BELIEVED, source, copies, &other, &why))
		return found;
	if (!found || other.believed > out->believed)
		*out = other;
	return true;
}

static struct source_belief
belief_of(const struct source *source, const char *state_dir, int64_t now, struct arena *copies)
{
	struct source_copy *copy = source_asks_dns(source) ? arena_take(copies, sizeof *copy) : NULL;

	if (copy == NULL || !load_last(state_dir, source->text, copies, copy))
		return (struct source_belief){ NULL, false };
	return (struct source_belief){ copy, copy->believed != 0 && now - copy->believed <= source->max_stale };
}

struct ranges *
source_list_ranges(const struct policy *policy, const char *state_dir, int64_t now, struct arena *copies,
    struct fault *why)
{
	struct source_belief *beliefs = arena_take(copies, (policy->source_count + 1) * sizeof *beliefs);

	for (size_t i = 0; beliefs != NULL && i < policy->source_count; i++)
		beliefs[i] = belief_of(&policy->sources[i], state_dir, now, copies);
	if (beliefs == NULL || arena_failed(copies)) {
		fault_set(why, "out of memory for the copies in %s", state_dir);
		return NULL;
	}
	return ranges_build(policy->sources, policy->source_count, beliefs, why);
}

int64_t
source_list_stamp(const char *state_dir)
{
	char folder[PATH_MAX];
	struct stat st;

	/* copies are renamed into the directory, so each changes the directory's mtime */
	snprintf(folder, sizeof folder, "%s/sources", state_dir);
	if (lstat(folder, &st) != 0)
		return 0;
	return (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

bool
source_list_write(const struct policy *policy, const struct export_listing *listings, int64_t now,
    enum export_format format, const char *value, struct text *out, struct fault *why)
{
	struct export_request request = { .format = format,
		.value = value,
		.listen = policy->settings.milter.listen,
		.version = VERSION,
		.now = now,
		.listings = listings,
		.count = policy->source_count };

	return export_write(&request, out, why);
}
