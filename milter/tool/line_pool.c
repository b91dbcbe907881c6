#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "milter/tool/line_pool.h"

/* A batch is a few hundred records: handing it over costs nothing beside the work on it. */
enum { THREADS_MAX = 8, BATCH_LINES = 256, BATCH_BYTES = 512 * 1024, BATCHES_PER_THREAD = 2 };

enum state { FREE, FULL, BUSY, DONE };

struct batch {
	enum state state;
	char *bytes; /* of its lines, one behind the other */
	size_t room, used, count;
	size_t lengths[BATCH_LINES];
	uint64_t numbers[BATCH_LINES];
	char *results;
	bool failed;
	struct fault why;
};

struct line_pool {
	struct line_work work;
	void *context;
	pthread_mutex_t lock; /* of the states of batches, of next and ending */
	pthread_cond_t full, done;
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	struct batch batches[THREADS_MAX * BATCHES_PER_THREAD];
	size_t batch_count;
	size_t next; /* which batch a thread takes; batches are filled, worked on and taken in a ring */
	size_t at;   /* which one is filled; of the caller's thread */
	bool ending;
};

/* ---- the threads ---- */

static void
batch_work(struct line_pool *pool, struct batch *batch)
{
	const char *at = batch->bytes;

	batch->failed = false;
	for (size_t i = 0; i < batch->count && !batch->failed; i++) {
		struct span line = { at, batch->lengths[i] };

		batch->failed = !pool->work.work(pool->context, line, batch->results + i * pool->work.result_size,
		    &batch->why);
		at += batch->lengths[i];
	}
}

static void *
run(void *argument)
{
	struct line_pool *pool = argument;
	struct batch *batch;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		batch = &pool->batches[pool->next];
		if (batch->state != FULL) {
			if (pool->ending)
				break;
			pthread_cond_wait(&pool->full, &pool->lock);
			continue;
		}
		batch->state = BUSY;
		pool->next = (pool->next + 1) % pool->batch_count;
		pthread_mutex_unlock(&pool->lock);
		batch_work(pool, batch);
		pthread_mutex_lock(&pool->lock);
		batch->state = DONE;
		pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static size_t
processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return count < 1 ? 1 : count > THREADS_MAX ? (size_t)THREADS_MAX : (size_t)count;
}

static bool
batches_take(struct line_pool *pool)
{
	for (size_t i = 0; i < pool->batch_count; i++) {
		struct batch *batch = &pool->batches[i];

		batch->room = BATCH_BYTES;
		batch->bytes = malloc(batch->room);
		batch->results = calloc(BATCH_LINES, pool->work.result_size);
		if (batch->bytes == NULL || batch->results == NULL)
			return false;
	}
	return true;
}

struct line_pool *
line_pool_open(const struct line_work *work, void *context)
{
	struct line_pool *pool = calloc(1, sizeof *pool);
	size_t wanted = processors();

	if (pool == NULL)
		return NULL;
	pool->work = *work;
	pool->context = context;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->full, NULL);
	pthread_cond_init(&pool->done, NULL);
	pool->batch_count = wanted * BATCHES_PER_THREAD;
	if (batches_take(pool))
		while (pool->thread_count < wanted &&
		    pthread_create(&pool->threads[pool->thread_count], NULL, run, pool) == 0)
			pool->thread_count++;
	if (pool->thread_count > 0)
		return pool;
	line_pool_close(pool);
	return NULL;
}

void
line_pool_close(struct line_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->full);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	for (size_t i = 0; i < pool->batch_count; i++) {
		free(pool->batches[i].bytes);
		free(pool->batches[i].results);
	}
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->full);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

/* ---- the caller ---- */

/* Takes the results of the batch that is to be filled next, once they are there; then it is free. */
static bool
batch_take(struct line_pool *pool, struct batch *batch, struct fault *why)
{
	enum state state;

	pthread_mutex_lock(&pool->lock);
	while (batch->state == FULL || batch->state == BUSY)
		pthread_cond_wait(&pool->done, &pool->lock);
	state = batch->state;
	batch->state = FREE;
	pthread_mutex_unlock(&pool->lock);
	if (state == DONE && batch->failed) {
		*why = batch->why;
		return false;
	}
	for (size_t i = 0; state == DONE && i < batch->count; i++)
		pool->work.take(pool->context, batch->numbers[i], batch->results + i * pool->work.result_size);
	batch->count = batch->used = 0;
	return true;
}

/* Hands over what was filled, and makes the next one ready. */
static bool
batch_pass(struct line_pool *pool, struct fault *why)
{
	struct batch *batch = &pool->batches[pool->at];

	if (batch->count == 0)
		return true;
	pthread_mutex_lock(&pool->lock);
	batch->state = FULL;
	pthread_cond_signal(&pool->full);
	pthread_mutex_unlock(&pool->lock);
	pool->at = (pool->at + 1) % pool->batch_count;
	return batch_take(pool, &pool->batches[pool->at], why);
}

static bool
batch_add(struct batch *batch, struct span line, uint64_t number, struct fault *why)
{
	if (line.length > batch->room - batch->used) { /* only where it is the first one */
		char *grown = realloc(batch->bytes, batch->used + line.length);

		if (grown == NULL)
			return fault_set(why, "out of memory");
		batch->bytes = grown;
		batch->room = batch->used + line.length;
	}
	memcpy(batch->bytes + batch->used, line.at, line.length);
	batch->used += line.length;
	batch->numbers[batch->count] = number;
	batch->lengths[batch->count++] = line.length;
	return true;
}

bool
line_pool_add(void *context, struct span line, uint64_t number, struct fault *why)
{
	struct line_pool *pool = context;
	struct batch *batch = &pool->batches[pool->at];

	if (batch->count == BATCH_LINES || (batch->count > 0 && line.length > batch->room - batch->used))
		if (!batch_pass(pool, why))
			return false;
	return batch_add(&pool->batches[pool->at], line, number, why);
}

/* Every batch that is under way, in its order. */
bool
line_pool_finish(struct line_pool *pool, struct fault *why)
{
	bool done = batch_pass(pool, why);

	for (size_t i = 0; done && i < pool->batch_count; i++)
		done = batch_take(pool, &pool->batches[(pool->at + i) % pool->batch_count], why);
	return done;
}
