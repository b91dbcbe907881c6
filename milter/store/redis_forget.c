#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/redis_forget.h"

enum { KEYS_MAX = 1024 };

struct redis_forget {
	pthread_mutex_t lock; /* over all below */
	size_t count;
	struct redis_key keys[KEYS_MAX];
};

struct redis_forget *
redis_forget_open(void)
{
	struct redis_forget *forget = calloc(1, sizeof *forget);

	if (forget != NULL)
		pthread_mutex_init(&forget->lock, NULL);
	return forget;
}

void
redis_forget_close(struct redis_forget *forget)
{
	if (forget != NULL)
		pthread_mutex_destroy(&forget->lock);
	free(forget);
}

bool
redis_forget_keep(struct redis_forget *forget, const struct redis_key *key)
{
	bool fits;

	pthread_mutex_lock(&forget->lock);
	fits = forget->count < KEYS_MAX;
	if (fits)
		forget->keys[forget->count++] = *key;
	pthread_mutex_unlock(&forget->lock);
	return fits;
}

bool
redis_forget_presses(struct redis_forget *forget)
{
	bool presses;

	pthread_mutex_lock(&forget->lock);
	presses = forget->count >= KEYS_MAX / 2;
	pthread_mutex_unlock(&forget->lock);
	return presses;
}

size_t
redis_forget_take(struct redis_forget *forget, struct redis_key out[REDIS_FORGET_AT_ONCE])
{
	size_t count;

	pthread_mutex_lock(&forget->lock);
	count = forget->count < REDIS_FORGET_AT_ONCE ? forget->count : REDIS_FORGET_AT_ONCE;
	forget->count -= count;
	memcpy(out, forget->keys + forget->count, count * sizeof *out);
	pthread_mutex_unlock(&forget->lock);
	return count;
}
