#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "milter/checks/answer_cache.h"
#include "policy/util/hash.h"

/* Shards reduce lock contention; one bucket for every BYTES_A_BUCKET bytes keeps chains short. */
enum { SHARDS = 16, BUCKETS_MIN = 16, BYTES_A_BUCKET = 256 };

/* One answer in one block: the item, its records, the name asked, the bytes of the records. */
struct item {
	LIST_ENTRY(item) chain;
	TAILQ_ENTRY(item) order;
	uint64_t hash;
	int64_t dies_ms;
	size_t size;
	const char *name;
	enum dns_type type;
	struct dns_answer answer;
	struct dns_record records[];
};

LIST_HEAD(bucket, item);
TAILQ_HEAD(order, item);

struct shard {
	pthread_mutex_t lock;
	struct order items; /* most recently used first */
	struct bucket *buckets;
	size_t bytes;
};

struct answer_cache {
	uint64_t seed[2];
	size_t shard_ceiling;
	size_t buckets; /* of a shard; a power of two */
	struct bucket *all_buckets;
	struct shard shards[SHARDS];
};

static void
shard_open(struct shard *shard, struct bucket *buckets)
{
	pthread_mutex_init(&shard->lock, NULL);
	TAILQ_INIT(&shard->items);
	shard->buckets = buckets;
}

struct answer_cache *
answer_cache_open(size_t ceiling)
{
	struct answer_cache *cache = calloc(1, sizeof *cache);

	if (cache == NULL)
		return NULL;
	cache->shard_ceiling = ceiling / SHARDS;
	for (cache->buckets = BUCKETS_MIN; cache->buckets * BYTES_A_BUCKET < cache->shard_ceiling;)
		cache->buckets *= 2;
	cache->all_buckets = calloc(SHARDS * cache->buckets, sizeof *cache->all_buckets);
	if (cache->all_buckets == NULL || getrandom(cache->seed, sizeof cache->seed, 0) != (ssize_t)sizeof cache->seed) {
		free(cache->all_buckets);
		free(cache);
		return NULL;
	}
	for (size_t i = 0; i < SHARDS; i++)
		shard_open(&cache->shards[i], cache->all_buckets + i * cache->buckets);
	return cache;
}

static void
item_drop(struct shard *shard, struct item *item)
{
	LIST_REMOVE(item, chain);
	TAILQ_REMOVE(&shard->items, item, order);
	shard->bytes -= item->size;
	free(item);
}

void
answer_cache_close(struct answer_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &cache->shards[i];

		while (!TAILQ_EMPTY(&shard->items))
			item_drop(shard, TAILQ_FIRST(&shard->items));
		pthread_mutex_destroy(&shard->lock);
	}
	free(cache->all_buckets);
	free(cache);
}

uint64_t
answer_cache_hash(const struct answer_cache *cache, const struct dns_question *question)
{
	return hash_keyed(cache->seed, question->name, strlen(question->name)) + (uint64_t)question->type;
}

static struct shard *
shard_of(struct answer_cache *cache, uint64_t hash)
{
	return &cache->shards[hash % SHARDS];
}

static struct bucket *
bucket_of(const struct answer_cache *cache, const struct shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash / SHARDS) & (cache->buckets - 1)];
}

/* Call with the shard's lock held. */
static struct item *
item_find(const struct answer_cache *cache, const struct shard *shard, uint64_t hash, const struct dns_question *question)
{
	struct item *item;

	LIST_FOREACH (item, bucket_of(cache, shard, hash), chain)
		if (item->hash == hash && item->type == question->type && strcmp(item->name, question->name) == 0)
			return item;
	return NULL;
}

/* The same, but drops an expired item and returns NULL. */
static struct item *
item_find_fresh(const struct answer_cache *cache, struct shard *shard, uint64_t hash,
    const struct dns_question *question, int64_t now_ms)
{
	struct item *item = item_find(cache, shard, hash, question);

	if (item != NULL && item->dies_ms <= now_ms) {
		item_drop(shard, item);
		return NULL;
	}
	return item;
}

static void
item_copy(const struct item *item, int64_t now_ms, struct arena *arena, struct dns_answer *out)
{
	if (!dns_answer_copy(arena, &item->answer, out))
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	else if (out->status != DNS_TEMPORARY)
		out->ttl = (uint32_t)((item->dies_ms - now_ms) / 1000);
}

bool
answer_cache_get(struct answer_cache *cache, const struct dns_question *question, int64_t now_ms, struct arena *arena,
    struct dns_answer *out)
{
	uint64_t hash = answer_cache_hash(cache, question);
	struct shard *shard = shard_of(cache, hash);
	struct item *item;
	bool known;

	pthread_mutex_lock(&shard->lock);
	item = item_find_fresh(cache, shard, hash, question, now_ms);
	known = item != NULL;
	if (known) {
		TAILQ_REMOVE(&shard->items, item, order);
		TAILQ_INSERT_HEAD(&shard->items, item, order);
		item_copy(item, now_ms, arena, out); /* under the lock: cheaper than counting holders */
	}
	pthread_mutex_unlock(&shard->lock);
	return known;
}

bool
answer_cache_has(struct answer_cache *cache, const struct dns_question *question, int64_t now_ms)
{
	uint64_t hash = answer_cache_hash(cache, question);
	struct shard *shard = shard_of(cache, hash);
	bool known;

	pthread_mutex_lock(&shard->lock);
	known = item_find_fresh(cache, shard, hash, question, now_ms) != NULL;
	pthread_mutex_unlock(&shard->lock);
	return known;
}

/* Seconds. */
static uint32_t
life_of(const struct dns_answer *answer)
{
	static const uint32_t most[] = {
		[DNS_FOUND] = ANSWER_LIFE_MAX,
		[DNS_EMPTY] = ANSWER_NEGATIVE_MAX,
		[DNS_NXDOMAIN] = ANSWER_NEGATIVE_MAX,
	};

	if (answer->status == DNS_TEMPORARY)
		return ANSWER_TEMPORARY_MAX;
	return answer->ttl < most[answer->status] ? answer->ttl : most[answer->status];
}

static size_t
item_size(const struct dns_question *question, const struct dns_answer *answer)
{
	size_t size = sizeof(struct item) + answer->count * sizeof(struct dns_record) + strlen(question->name) + 1;

	for (size_t i = 0; i < answer->count; i++)
		size += answer->records[i].length + 1u;
	return size;
}

static struct item *
item_make(const struct dns_question *question, const struct dns_answer *answer, size_t size)
{
	struct item *item = calloc(1, size);
	size_t name = strlen(question->name) + 1;
	char *at;

	if (item == NULL)
		return NULL;
	item->size = size;
	item->type = question->type;
	item->answer = *answer;
	item->answer.records = item->records;
	at = (char *)(item->records + answer->count);
	item->name = memcpy(at, question->name, name);
	at += name;
	for (size_t i = 0; i < answer->count; i++) {
		item->records[i] = answer->records[i];
		item->records[i].bytes = memcpy(at, answer->records[i].bytes, answer->records[i].length);
		at += answer->records[i].length + 1u; /* calloc has terminated it */
	}
	return item;
}

/* Replaces an older item and evicts others to make room. Call with the shard's lock held. */
static void
item_keep(const struct answer_cache *cache, struct shard *shard, const struct dns_question *question, struct item *item)
{
	struct item *older = item_find(cache, shard, item->hash, question);

	if (older != NULL)
		item_drop(shard, older);
	while (!TAILQ_EMPTY(&shard->items) && shard->bytes + item->size > cache->shard_ceiling)
		item_drop(shard, TAILQ_LAST(&shard->items, order));
	LIST_INSERT_HEAD(bucket_of(cache, shard, item->hash), item, chain);
	TAILQ_INSERT_HEAD(&shard->items, item, order);
	shard->bytes += item->size;
}

void
answer_cache_put(struct answer_cache *cache, const struct dns_question *question, const struct dns_answer *answer,
    int64_t now_ms)
{
	uint32_t life = life_of(answer);
	size_t size = item_size(question, answer);
	struct item *item;
	struct shard *shard;

	if (life == 0 || size > cache->shard_ceiling || (item = item_make(question, answer, size)) == NULL)
		return;
	item->hash = answer_cache_hash(cache, question);
	item->dies_ms = now_ms + (int64_t)life * 1000;
	shard = shard_of(cache, item->hash);
	pthread_mutex_lock(&shard->lock);
	item_keep(cache, shard, question, item);
	pthread_mutex_unlock(&shard->lock);
}

size_t
answer_cache_bytes(struct answer_cache *cache)
{
	size_t bytes = 0;

	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_lock(&cache->shards[i].lock);
		bytes += cache->shards[i].bytes;
		pthread_mutex_unlock(&cache->shards[i].lock);
	}
	return bytes;
}
