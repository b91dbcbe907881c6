#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/peers/status_hosts.h"
#include "milter/system/clock.h"
#include "policy/util/hash.h"

enum { TEXT_ROOM = 160, LINES_ARENA = 8 * 1024 * 1024 };
_Static_assert((int)FLEET_LINE_MAX == (int)STORE_LINE_MAX, "a store takes every line that can be read");

/* A source as we have seen it. */
struct seen {
	struct fleet_source source;
	int64_t refreshed;
	bool listed; /* at the last look */
	char text[TEXT_ROOM];
};

struct status_hosts {
	int64_t looked;       /* ticks; of the thread that looks */
	uint64_t policy;      /* in force, and since when */
	pthread_mutex_t lock; /* over all below; never held while the store is asked */
	struct fleet_host own;
	struct seen seen[FLEET_SOURCES_MAX];
	size_t seen_count;
	struct arena *arena; /* of the lines that were read last; NULL: none were */
	int64_t read;        /* ticks; when that was */
	struct span lines[STORE_LINES_MAX];
	size_t count;
};

struct status_hosts *
status_hosts_open(const char *state_dir)
{
	struct status_hosts *hosts = calloc(1, sizeof *hosts);
	char host[HOST_NAME_MAX + 1] = "", name[FLEET_NAME_MAX + 1];

	if (hosts == NULL)
		return NULL;
	(void)gethostname(host, sizeof host); /* a name of HOST_NAME_MAX bytes has its NUL */
	snprintf(name, sizeof name, "%s/%08x", host, (unsigned)hash_string(HASH_START, state_dir));
	fleet_name(name, hosts->own.name);
	fleet_name(VERSION, hosts->own.version);
	hosts->looked = -HOSTS_SECONDS * INT64_C(1000000);
	pthread_mutex_init(&hosts->lock, NULL);
	return hosts;
}

void
status_hosts_close(struct status_hosts *hosts)
{
	if (hosts == NULL)
		return;
	pthread_mutex_destroy(&hosts->lock);
	arena_close(hosts->arena);
	free(hosts);
}

/* ---- our sources ---- */

/* Lock held. NULL: there is no room. */
static struct seen *
find_seen(struct status_hosts *hosts, const struct status_source *source, uint64_t name)
{
	struct seen *seen;

	for (size_t i = 0; i < hosts->seen_count; i++)
		if (hosts->seen[i].source.name == name)
			return &hosts->seen[i];
	if (hosts->seen_count == FLEET_SOURCES_MAX)
		return NULL;
	seen = &hosts->seen[hosts->seen_count++];
	*seen = (struct seen){ .source = { .name = name } };
	snprintf(seen->text, sizeof seen->text, "%s %s", source->vendor, source->text);
	return seen;
}

static void
see_source(struct status_hosts *hosts, const struct status_source *source, int64_t now)
{
	struct seen *seen = find_seen(hosts, source, hash_string(HASH_START, source->text));

	if (seen == NULL)
		return;
	seen->listed = true;
	if (seen->source.networks != source->fingerprint) {
		seen->source.networks = source->fingerprint;
		seen->source.changed = now;
		seen->source.before = seen->refreshed = 0;
	}
	if (seen->refreshed == source->believed)
		return;
	seen->source.before = seen->refreshed;
	seen->refreshed = source->believed;
}

/* Lock held. A reload may have dropped some. */
static void
forget_unlisted(struct status_hosts *hosts)
{
	size_t kept = 0;

	for (size_t i = 0; i < hosts->seen_count; i++)
		if (hosts->seen[i].listed)
			hosts->seen[kept++] = hosts->seen[i];
	hosts->seen_count = kept;
}

void
status_hosts_see(struct status_hosts *hosts, const struct status *status)
{
	pthread_mutex_lock(&hosts->lock);
	for (size_t i = 0; i < hosts->seen_count; i++)
		hosts->seen[i].listed = false;
	for (size_t i = 0; i < status->source_count; i++)
		if (status->sources[i].believed != 0)
			see_source(hosts, &status->sources[i], status->now);
	forget_unlisted(hosts);
	pthread_mutex_unlock(&hosts->lock);
}

/* ---- looking ---- */

/* Lock held. */
static bool
take_own(const struct status_hosts *hosts, struct fleet_host *out, struct arena *arena)
{
	struct fleet_source *list = arena_take(arena, (hosts->seen_count + 1) * sizeof *list);

	if (list == NULL)
		return false;
	*out = hosts->own;
	for (size_t i = 0; i < hosts->seen_count; i++) {
		list[i] = hosts->seen[i].source;
		list[i].text = arena_string(arena, hosts->seen[i].text);
	}
	out->sources = list;
	out->source_count = hosts->seen_count;
	return !arena_failed(arena);
}

/* Lines as they are read. */
struct reading {
	struct arena *arena;
	struct span lines[STORE_LINES_MAX];
	size_t count;
};

static void
keep_line(void *context, struct span line)
{
	struct reading *reading = context;
	char *copy = reading->count == STORE_LINES_MAX ? NULL : arena_take(reading->arena, line.length + 1);

	if (copy == NULL)
		return;
	memcpy(copy, line.at, line.length);
	reading->lines[reading->count++] = (struct span){ copy, line.length };
}

/* What could not be asked leaves what was known, for as long as a line stays in the store. */
static void
keep_reading(struct status_hosts *hosts, struct reading *reading)
{
	struct arena *before;

	pthread_mutex_lock(&hosts->lock);
	before = hosts->arena;
	hosts->arena = reading->arena;
	hosts->read = clock_ticks();
	memcpy(hosts->lines, reading->lines, sizeof hosts->lines);
	hosts->count = reading->count;
	pthread_mutex_unlock(&hosts->lock);
	arena_close(before);
}

static bool
write_own(struct status_hosts *hosts, struct arena *arena, struct text *out)
{
	struct fleet_host own;
	bool done;

	pthread_mutex_lock(&hosts->lock);
	done = take_own(hosts, &own, arena);
	pthread_mutex_unlock(&hosts->lock);
	if (done)
		fleet_host_write(&own, out);
	return done && !out->cut;
}

void
status_hosts_look(struct status_hosts *hosts, struct store *store, const struct policy *policy, uint64_t ranges)
{
	struct reading reading = { .arena = NULL };
	struct fault unsaid;
	struct text line;

	if (store == NULL || store->tell == NULL || clock_ticks() - hosts->looked < HOSTS_SECONDS * INT64_C(1000000))
		return;
	hosts->looked = clock_ticks();
	pthread_mutex_lock(&hosts->lock);
	if (hosts->own.since == 0 || hosts->own.policy != policy->shared)
		hosts->own.since = clock_now();
	hosts->own.policy = policy->shared;
	hosts->own.ranges = ranges;
	pthread_mutex_unlock(&hosts->lock);
	text_open(&line, FLEET_LINE_MAX);
	reading.arena = arena_open(LINES_ARENA);
	if (reading.arena != NULL && write_own(hosts, reading.arena, &line) &&
	    store_tell(store, hosts->own.name, (struct span){ line.bytes, line.length }, keep_line, &reading, &unsaid))
		keep_reading(hosts, &reading);
	else
		arena_close(reading.arena);
	text_close(&line);
}

/* ---- telling ---- */

/* Lock held. Adds those whose line was read: it would be in the store no longer, where it is as old as that. */
static size_t
take_others(const struct status_hosts *hosts, struct fleet_host *list, size_t count, struct arena *arena)
{
	if (clock_ticks() - hosts->read >= STORE_LINE_SECONDS * INT64_C(1000000))
		return count;
	for (size_t i = 0; i < hosts->count; i++)
		if (fleet_host_read(hosts->lines[i], arena, &list[count]) &&
		    strcmp(list[count].name, hosts->own.name) != 0)
			count++;
	return count;
}

bool
status_hosts_tell(struct status_hosts *hosts, struct status *status, struct arena *arena)
{
	struct fleet_host *list = arena_take(arena, (STORE_LINES_MAX + 1) * sizeof *list);
	size_t count = 1;
	bool done;

	if (list == NULL)
		return false;
	pthread_mutex_lock(&hosts->lock);
	done = hosts->arena == NULL || take_own(hosts, &list[0], arena);
	if (done)
		count = take_others(hosts, list, count, arena);
	done = done && !arena_failed(arena);
	status->hosts = list;
	status->host_count = hosts->arena == NULL ? 0 : count;
	pthread_mutex_unlock(&hosts->lock);
	return done;
}
