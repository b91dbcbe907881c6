#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/smtp/promise.h"
#include "policy/util/hash.h"

enum { WAYS = 4, NAMES_MAX = 1024 /* bytes of a session's names; longer ones are not kept */ };

struct entry {
	char *names; /* "sender\0helo\0domain\0"; NULL: a free slot */
	struct address client;
	uint16_t port;
	int64_t at;   /* last touched */
	bool checked; /* spf is known */
	bool by_helo;
	enum auth_result result;
	enum tri narrow;
	char vendor[VENDOR_NAME_TEXT]; /* whose policy promised; "": none */
};

struct promises {
	pthread_mutex_t lock;
	struct promise_counts counts;
	size_t sets; /* a power of two; of WAYS entries each */
	struct entry entries[];
};

struct promises *
promises_open(size_t most, struct fault *why)
{
	struct promises *promises;
	size_t sets = 1;

	while (sets * WAYS < most)
		sets *= 2;
	promises = calloc(1, sizeof *promises + sets * WAYS * sizeof promises->entries[0]);
	if (promises == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	promises->sets = sets;
	pthread_mutex_init(&promises->lock, NULL);
	return promises;
}

void
promises_close(struct promises *promises)
{
	if (promises == NULL)
		return;
	for (size_t i = 0; i < promises->sets * WAYS; i++)
		free(promises->entries[i].names);
	pthread_mutex_destroy(&promises->lock);
	free(promises);
}

/* ---- slots ---- */

/* Unkeyed: whoever makes sessions collide only makes us ask DNS again. */
static struct entry *
set_of(struct promises *promises, const struct facts *facts)
{
	uint64_t hash = hash_bytes(HASH_START, facts->client.bytes, sizeof facts->client.bytes);

	hash = hash_bytes(hash, &facts->port, sizeof facts->port);
	hash = hash_fold(hash_string(hash, facts->mail_from));
	return &promises->entries[(hash & (promises->sets - 1)) * WAYS];
}

static bool
is_of(const struct entry *entry, const struct facts *facts)
{
	return entry->names != NULL && entry->port == facts->port && address_equal(&entry->client, &facts->client) &&
	    strcmp(entry->names, facts->mail_from) == 0 && facts->now - entry->at <= PROMISE_LIFE &&
	    entry->at - facts->now <= PROMISE_LIFE;
}

static const char *
helo_of(const struct entry *entry)
{
	return entry->names + strlen(entry->names) + 1;
}

static struct entry *
find(struct promises *promises, const struct facts *facts)
{
	struct entry *set = set_of(promises, facts);

	for (size_t i = 0; i < WAYS; i++)
		if (is_of(&set[i], facts))
			return &set[i];
	return NULL;
}

static char *
join_names(const struct facts *facts, const char *domain)
{
	size_t sender = strlen(facts->mail_from) + 1, helo = strlen(facts->helo) + 1, rest = strlen(domain) + 1;
	char *names = sender + helo + rest <= NAMES_MAX ? malloc(sender + helo + rest) : NULL;

	if (names == NULL)
		return NULL;
	memcpy(names, facts->mail_from, sender);
	memcpy(names + sender, facts->helo, helo);
	memcpy(names + sender + helo, domain, rest);
	return names;
}

/* The session's slot, or the oldest of its set, set to these names. NULL: it cannot be kept. */
static struct entry *
place(struct promises *promises, const struct facts *facts, const char *domain)
{
	struct entry *found = find(promises, facts), *set = set_of(promises, facts);
	char *names = join_names(facts, domain);

	if (names == NULL)
		return NULL;
	if (found == NULL) {
		found = set;
		for (size_t i = 1; i < WAYS; i++)
			if (set[i].names == NULL || (found->names != NULL && set[i].at < found->at))
				found = &set[i];
		free(found->names);
		*found = (struct entry){ .client = facts->client, .port = facts->port };
	} else {
		free(found->names);
	}
	found->names = names;
	found->at = facts->now;
	return found;
}

/* ---- SPF ---- */

void
promise_keep_spf(struct promises *promises, const struct facts *facts)
{
	struct entry *entry;

	/* DNS may answer by the time the other protocol asks; and for a PERMERROR that needs the reason, too */
	if (promises == NULL || facts->port == 0 || facts->spf.result == AUTH_NOT_ASKED ||
	    facts->spf.result == AUTH_TEMPERROR || facts->spf.result == AUTH_PERMERROR)
		return;
	pthread_mutex_lock(&promises->lock);
	entry = place(promises, facts, facts->spf.domain);
	if (entry != NULL) {
		entry->checked = true;
		entry->by_helo = facts->spf.by_helo;
		entry->result = facts->spf.result;
		entry->narrow = facts->spf_narrow;
	}
	pthread_mutex_unlock(&promises->lock);
}

bool
promise_find_spf(struct promises *promises, struct facts *facts, struct arena *arena)
{
	const struct entry *entry;
	char *domain = NULL;

	if (promises == NULL || facts->port == 0)
		return false;
	pthread_mutex_lock(&promises->lock);
	entry = find(promises, facts);
	if (entry != NULL && entry->checked && strcmp(helo_of(entry), facts->helo) == 0)
		domain = arena_string(arena, helo_of(entry) + strlen(helo_of(entry)) + 1);
	if (domain != NULL) {
		facts->spf = (struct spf_fact){ entry->result, entry->by_helo, domain };
		facts->spf_narrow = entry->narrow;
		promises->counts.spf_shared++;
	}
	pthread_mutex_unlock(&promises->lock);
	return domain != NULL;
}

/* ---- passage ---- */

void
promise_make(struct promises *promises, const struct facts *facts, const char *vendor)
{
	struct entry *entry;

	if (promises == NULL)
		return;
	pthread_mutex_lock(&promises->lock);
	entry = find(promises, facts);
	if (entry == NULL)
		entry = place(promises, facts, "");
	if (entry != NULL) {
		/* asked for each recipient, but it is one promise */
		promises->counts.made += entry->vendor[0] == '\0';
		entry->at = facts->now;
		snprintf(entry->vendor, sizeof entry->vendor, "%s", vendor);
	}
	pthread_mutex_unlock(&promises->lock);
}

void
promise_drop(struct promises *promises, const struct facts *facts)
{
	struct entry *entry;

	if (promises == NULL)
		return;
	pthread_mutex_lock(&promises->lock);
	entry = find(promises, facts);
	if (entry != NULL)
		entry->vendor[0] = '\0';
	pthread_mutex_unlock(&promises->lock);
}

bool
promise_settle(struct promises *promises, const struct facts *facts, bool vouched, char vendor[VENDOR_NAME_TEXT])
{
	struct entry *entry;

	vendor[0] = '\0';
	if (promises == NULL)
		return false;
	pthread_mutex_lock(&promises->lock);
	entry = find(promises, facts);
	if (entry != NULL && entry->vendor[0] != '\0') {
		snprintf(vendor, VENDOR_NAME_TEXT, "%s", entry->vendor);
		entry->vendor[0] = '\0';
		promises->counts.kept += vouched;
		promises->counts.revoked += !vouched;
	}
	pthread_mutex_unlock(&promises->lock);
	return vendor[0] != '\0';
}

struct promise_counts
promise_counts(struct promises *promises)
{
	struct promise_counts counts = { 0 };

	if (promises == NULL)
		return counts;
	pthread_mutex_lock(&promises->lock);
	counts = promises->counts;
	pthread_mutex_unlock(&promises->lock);
	return counts;
}
