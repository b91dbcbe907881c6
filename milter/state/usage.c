#include <ctype.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/source_files.h"
#include "milter/state/usage.h"
#include "policy/util/hash.h"
#include "policy/util/text.h"

enum { BUCKETS = 4096, FILE_MAX = 32 * 1024 * 1024, LOOK_FOR_OLD = 16 };

#define TIME_LAST INT64_C(253402300799) /* the end of the year 9999 */

static const char file_name[] = "usage";

struct node {
	struct node *next;
	struct usage_entry entry;
};

struct usage {
	pthread_mutex_t lock; /* protects everything below */
	struct node *buckets[BUCKETS];
	size_t count;
	unsigned victim; /* the next bucket to search for an entry to drop */
	bool changed;
	bool unsaved; /* the last save failed, and that was reported */
};

static const char *const words[] = { [USAGE_LISTED] = "listed",
	[USAGE_UNLISTED] = "unlisted",
	[USAGE_OUTBOUND] = "outbound",
	[USAGE_DELAYED] = "delayed",
	[USAGE_HIDDEN] = "hidden",
	[USAGE_LOOPBACK] = "loopback",
	[USAGE_OWN_PEER] = "own-peer" };

struct usage *
usage_open(struct fault *why)
{
	struct usage *usage = calloc(1, sizeof *usage);

	if (usage == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&usage->lock, NULL);
	return usage;
}

void
usage_close(struct usage *usage)
{
	struct node *next;

	if (usage == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct node *node = usage->buckets[i]; node != NULL; node = next) {
			next = node->next;
			free(node);
		}
	pthread_mutex_destroy(&usage->lock);
	free(usage);
}

static struct node **
bucket_of(struct usage *usage, const char *name, const struct address *address)
{
	uint64_t hash = hash_string(HASH_START, name);

	hash = hash_fold(hash_bytes(hash, address->bytes, sizeof address->bytes));
	return &usage->buckets[hash % BUCKETS];
}

/* Drops the least recently used entry of the next few non-empty buckets. */
static void
drop_oldest(struct usage *usage)
{
	struct node **oldest = NULL;
	unsigned seen = 0;

	for (unsigned i = 0; i < BUCKETS && seen < LOOK_FOR_OLD; i++) {
		struct node **at = &usage->buckets[usage->victim];

		usage->victim = (usage->victim + 1) % BUCKETS;
		seen += *at != NULL;
		for (; *at != NULL; at = &(*at)->next)
			if (oldest == NULL || (*at)->entry.last < (*oldest)->entry.last)
				oldest = at;
	}
	if (oldest != NULL) {
		struct node *node = *oldest;

		*oldest = node->next;
		free(node);
		usage->count--;
	}
}

static struct usage_entry *
find(struct usage *usage, enum usage_kind kind, const char *name, const struct address *address)
{
	for (struct node *node = *bucket_of(usage, name, address); node != NULL; node = node->next)
		if (node->entry.kind == kind && address_equal(&node->entry.address, address) &&
		    strcmp(node->entry.name, name) == 0)
			return &node->entry;
	return NULL;
}

static struct usage_entry *
add(struct usage *usage, enum usage_kind kind, const char *name, const struct address *address)
{
	struct node *node = calloc(1, sizeof *node), **bucket;

	if (node == NULL)
		return NULL;
	if (usage->count == USAGE_MAX)
		drop_oldest(usage);
	bucket = bucket_of(usage, name, address);
	node->entry.kind = kind;
	node->entry.address = *address;
	snprintf(node->entry.name, sizeof node->entry.name, "%s", name);
	node->next = *bucket;
	*bucket = node;
	usage->count++;
	return &node->entry;
}

bool
usage_note(struct usage *usage, enum usage_kind kind, const char *name, const struct address *address, int64_t now)
{
	struct usage_entry *entry;
	bool new = false;

	/* a name that does not fit would be found under a truncated name, or never again */
	if (usage == NULL || strlen(name) >= sizeof entry->name)
		return false;
	pthread_mutex_lock(&usage->lock);
	entry = find(usage, kind, name, address);
	if (entry == NULL && (entry = add(usage, kind, name, address)) != NULL) {
		entry->first = now;
		new = true;
	}
	if (entry != NULL) {
		entry->last = now;
		entry->count++;
		usage->changed = true;
	}
	pthread_mutex_unlock(&usage->lock);
	return new;
}

uint32_t
usage_count(struct usage *usage, enum usage_kind kind, const char *name)
{
	uint32_t count = 0;

	/* locks one bucket at a time: every message calls usage_note, and there may be 20,000 entries */
	for (size_t i = 0; usage != NULL && i < BUCKETS; i++) {
		pthread_mutex_lock(&usage->lock);
		for (struct node *node = usage->buckets[i]; node != NULL; node = node->next)
			if (node->entry.kind == kind && strcmp(node->entry.name, name) == 0)
				count += node->entry.count;
		pthread_mutex_unlock(&usage->lock);
	}
	return count;
}

/* With `address` NULL of any. */
static unsigned
count_recent(struct usage *usage, enum usage_kind kind, const struct address *address, int64_t since)
{
	unsigned count = 0;

	for (size_t i = 0; usage != NULL && i < BUCKETS; i++) {
		pthread_mutex_lock(&usage->lock);
		for (struct node *node = usage->buckets[i]; node != NULL; node = node->next)
			count += node->entry.kind == kind && node->entry.last >= since &&
			    (address == NULL || address_equal(&node->entry.address, address));
		pthread_mutex_unlock(&usage->lock);
	}
	return count;
}

unsigned
usage_recent(struct usage *usage, enum usage_kind kind, int64_t since)
{
	return count_recent(usage, kind, NULL, since);
}

unsigned
usage_recent_at(struct usage *usage, enum usage_kind kind, const struct address *address, int64_t since)
{
	return count_recent(usage, kind, address, since);
}

bool
usage_has(struct usage *usage, enum usage_kind kind, const char *name, const struct address *address)
{
	bool has = false;

	if (usage == NULL)
		return false;
	pthread_mutex_lock(&usage->lock);
	has = find(usage, kind, name, address) != NULL;
	pthread_mutex_unlock(&usage->lock);
	return has;
}

/* ---- all entries ---- */

/* The entries of one bucket. */
struct handful {
	struct usage_entry *list;
	size_t count, room;
};

static size_t
bucket_length(const struct usage *usage, size_t bucket)
{
	size_t length = 0;

	for (const struct node *node = usage->buckets[bucket]; node != NULL; node = node->next)
		length++;
	return length;
}

/* Copies a bucket; memory is allocated without the lock, so a bucket that has grown is tried again. */
static bool
take_bucket(struct usage *usage, size_t bucket, struct handful *out)
{
	for (;;) {
		struct usage_entry *list;
		size_t length;

		pthread_mutex_lock(&usage->lock);
		length = bucket_length(usage, bucket);
		out->count = 0;
		for (struct node *node = usage->buckets[bucket]; length <= out->room && node != NULL; node = node->next)
			out->list[out->count++] = node->entry;
		pthread_mutex_unlock(&usage->lock);
		if (length <= out->room)
			return true;
		list = realloc(out->list, 2 * length * sizeof *list);
		if (list == NULL)
			return false;
		out->list = list;
		out->room = 2 * length;
	}
}

bool
usage_each(struct usage *usage, void (*each)(void *, const struct usage_entry *), void *context)
{
	struct handful handful = { NULL, 0, 0 };
	bool all = true;

	for (size_t i = 0; i < BUCKETS && all; i++) {
		all = take_bucket(usage, i, &handful);
		for (size_t j = 0; j < handful.count; j++)
			each(context, &handful.list[j]);
	}
	free(handful.list);
	return all;
}

/* ---- the file ---- */

/* Writes one word of a line: bytes that could end it, or are not ASCII, become "%XX". */
static void
write_name(struct text *out, const char *name)
{
	for (; *name != '\0'; name++)
		if (*name > ' ' && *name <= '~' && *name != '%')
			text_char(out, *name);
		else
			text_format(out, "%%%02X", (unsigned char)*name);
}

/* Decodes in place; false for an escape that write_name does not write. */
static bool
read_name(char *name)
{
	char *write = name;
	unsigned byte;

	for (; *name != '\0'; name++) {
		if (*name != '%') {
			*write++ = *name;
			continue;
		}
		if (!isxdigit((unsigned char)name[1]) || !isxdigit((unsigned char)name[2]) ||
		    sscanf(name + 1, "%2x", &byte) != 1 || byte == 0)
			return false;
		*write++ = (char)byte;
		name += 2;
	}
	*write = '\0';
	return true;
}

static void
write_entry(void *context, const struct usage_entry *entry)
{
	char address[ADDRESS_TEXT];

	text_format(context, "%s ", words[entry->kind]);
	write_name(context, entry->name);
	text_format(context, " %s %lld %lld %u\n", address_write(&entry->address, address), (long long)entry->first,
	    (long long)entry->last, entry->count);
}

/* Returns whether anything changed, and clears the mark. */
static bool
take_changed(struct usage *usage)
{
	bool changed;

	pthread_mutex_lock(&usage->lock);
	changed = usage->changed;
	usage->changed = false;
	pthread_mutex_unlock(&usage->lock);
	return changed;
}

bool
usage_save(struct usage *usage, const char *state_dir, struct fault *why)
{
	struct text text;
	bool done, told;

	if (!take_changed(usage))
		return true;
	text_open(&text, FILE_MAX);
	text_put(&text, "# greenlane: addresses that sent mail: kind, source or vendor, address, first, last, count\n");
	if (usage_each(usage, write_entry, &text))
		done = state_file_write(state_dir, file_name, &text, why);
	else
		done = fault_at(why, state_dir, 0, "its file `usage` cannot be written: out of memory");
	text_close(&text);
	pthread_mutex_lock(&usage->lock);
	told = !done && usage->unsaved;
	usage->unsaved = !done;
	usage->changed |= !done;
	pthread_mutex_unlock(&usage->lock);
	return done || told;
}

/* Only digits: sscanf would accept a sign, and numbers that do not fit. */
static bool
read_number(const char *word, int64_t most, int64_t *out)
{
	int64_t number = 0;

	for (; *word >= '0' && *word <= '9' && number <= most; word++)
		number = number * 10 + (*word - '0');
	*out = number;
	return *word == '\0' && number <= most;
}

static bool
read_kind(const char *word, enum usage_kind *out)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcmp(words[i], word) == 0) {
			*out = (enum usage_kind)i;
			return true;
		}
	return false;
}

static bool
read_line(struct usage *usage, char *line)
{
	enum { KIND, NAME, ADDRESS, FIRST, LAST, COUNT, WORDS };
	char *word[WORDS] = { NULL }, *save = NULL;
	struct usage_entry *entry;
	struct address address;
	int64_t first, last, count;
	enum usage_kind kind;

	for (int i = 0; i < WORDS; i++)
		if ((word[i] = strtok_r(i == 0 ? line : NULL, " ", &save)) == NULL)
			return false;
	if (strtok_r(NULL, " ", &save) != NULL || !read_kind(word[KIND], &kind) || !read_name(word[NAME]) ||
	    strlen(word[NAME]) >= sizeof entry->name || !address_read(word[ADDRESS], &address) ||
	    !read_number(word[FIRST], TIME_LAST, &first) || !read_number(word[LAST], TIME_LAST, &last) ||
	    !read_number(word[COUNT], UINT32_MAX, &count) || last < first)
		return false;
	entry = find(usage, kind, word[NAME], &address);
	if (entry == NULL)
		entry = add(usage, kind, word[NAME], &address);
	if (entry == NULL)
		return false;
	entry->first = first;
	entry->last = last;
	entry->count = (uint32_t)count;
	return true;
}

bool
usage_load(struct usage *usage, const char *state_dir, struct fault *why)
{
	char path[PATH_MAX], *text, *save = NULL;
	unsigned line = 0, bad = 0;
	size_t length;
	bool cut;

	snprintf(path, sizeof path, "%s/%s", state_dir, file_name);
	text = state_file_read(state_dir, file_name, FILE_MAX, &length, why);
	if (text == NULL)
		return why->text[0] == '\0';
	cut = state_lines_trim(text, &length);
	pthread_mutex_lock(&usage->lock);
	for (char *at = strtok_r(text, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
		line++;
		if (at[0] != '#' && !read_line(usage, at) && bad == 0)
			bad = line;
	}
	pthread_mutex_unlock(&usage->lock);
	free(text);
	bad = bad == 0 && cut ? line + 1 : bad;
	return bad == 0 || fault_at(why, path, bad, "is damaged here; the sound lines were read");
}
