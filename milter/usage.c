#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copies.h"
#include "text.h"
#include "usage.h"

enum { BUCKETS = 4096, FILE_MAX = 16 * 1024 * 1024, LOOK_FOR_OLD = 16 };

struct node {
	struct node *next;
	struct usage_entry entry;
};

struct usage {
	pthread_mutex_t lock; /* guards all below */
	struct node *buckets[BUCKETS];
	size_t count;
	unsigned victim; /* the bucket that is looked at next for one to give way */
	bool changed;
};

static const char *const words[] = { [USAGE_LISTED] = "listed", [USAGE_UNLISTED] = "unlisted",
	[USAGE_DELAYED] = "delayed" };

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
	unsigned hash = 2166136261u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	for (size_t i = 0; i < sizeof address->bytes; i++)
		hash = (hash ^ address->bytes[i]) * 16777619u;
	return &usage->buckets[hash % BUCKETS];
}

/* Of the next buckets that hold anything, the entry unused for longest gives way. */
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
usage_note(struct usage *usage, enum usage_kind kind, const char *name, const struct address *address,
    int64_t now)
{
	struct usage_entry *entry;
	bool new = false;

	/* what does not fit would be found under a cut name, or never again */
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

	if (usage == NULL)
		return 0;
	pthread_mutex_lock(&usage->lock);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct node *node = usage->buckets[i]; node != NULL; node = node->next)
			if (node->entry.kind == kind && strcmp(node->entry.name, name) == 0)
				count += node->entry.count;
	pthread_mutex_unlock(&usage->lock);
	return count;
}

void
usage_each(struct usage *usage, void (*each)(void *, const struct usage_entry *), void *context)
{
	pthread_mutex_lock(&usage->lock);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct node *node = usage->buckets[i]; node != NULL; node = node->next)
			each(context, &node->entry);
	pthread_mutex_unlock(&usage->lock);
}

/* ---- the file ---- */

static void
write_entry(void *context, const struct usage_entry *entry)
{
	char address[ADDRESS_TEXT];

	text_format(context, "%s %s %s %lld %lld %u\n", words[entry->kind], entry->name,
	    address_write(&entry->address, address), (long long)entry->first, (long long)entry->last,
	    entry->count);
}

bool
usage_save(struct usage *usage, const char *state_dir, struct fault *why)
{
	char path[PATH_MAX];
	struct text text;
	bool changed, done;

	pthread_mutex_lock(&usage->lock);
	changed = usage->changed;
	usage->changed = false;
	pthread_mutex_unlock(&usage->lock);
	if (!changed)
		return true;
	snprintf(path, sizeof path, "%s/usage", state_dir);
	text_open(&text, FILE_MAX);
	text_put(&text, "# greenlane: addresses that sent mail: kind, source or vendor, address, first, last, count\n");
	usage_each(usage, write_entry, &text);
	done = copies_write_file(path, text.bytes, text.length, why);
	text_close(&text);
	return done;
}

static bool
read_line(struct usage *usage, const char *line)
{
	char kind[16], name[300], address_text[64];
	long long first, last;
	struct usage_entry *entry;
	struct address address;
	unsigned count;

	if (sscanf(line, "%15s %299s %63s %lld %lld %u", kind, name, address_text, &first, &last, &count) != 6 ||
	    !address_read(address_text, &address) || first < 0 || last < first)
		return false;
	for (int i = USAGE_LISTED; i <= USAGE_DELAYED; i++) {
		if (strcmp(words[i], kind) != 0)
			continue;
		entry = find(usage, (enum usage_kind)i, name, &address);
		if (entry == NULL)
			entry = add(usage, (enum usage_kind)i, name, &address);
		if (entry == NULL)
			return false;
		entry->first = first;
		entry->last = last;
		entry->count = count;
		return true;
	}
	return false;
}

bool
usage_load(struct usage *usage, const char *state_dir, struct fault *why)
{
	char path[PATH_MAX], *text, *save = NULL;
	unsigned line = 0, bad = 0;
	size_t length;

	snprintf(path, sizeof path, "%s/usage", state_dir);
	text = copies_read_file(path, FILE_MAX, &length, why);
	if (text == NULL)
		return why->text[0] == '\0';
	pthread_mutex_lock(&usage->lock);
	for (char *at = strtok_r(text, "\n", &save); at != NULL; at = strtok_r(NULL, "\n", &save)) {
		line++;
		if (at[0] != '#' && !read_line(usage, at) && bad == 0)
			bad = line;
	}
	pthread_mutex_unlock(&usage->lock);
	free(text);
	return bad == 0 || fault_at(why, path, bad, "is damaged here; what is sound was taken");
}
