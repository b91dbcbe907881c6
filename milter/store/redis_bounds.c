#include <pthread.h>

#include "milter/store/redis_bounds.h"

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static redisReplyObjectFunctions bounded;
static void *(*array_make)(const redisReadTask *, array_count); /* NULL: there was no memory to ask hiredis for it */

/* A reply is read by one thread, from its outermost array on. */
static void *
array_within(const redisReadTask *task, array_count count)
{
	static _Thread_local size_t held;

	if (task->parent == NULL)
		held = 0;
	if ((size_t)count > REDIS_ELEMENTS_MAX - held)
		return NULL;
	held += (size_t)count;
	return array_make(task, count);
}

static void
bounded_make(void)
{
	redisReader *reader = redisReaderCreate();

	if (reader == NULL)
		return;
	bounded = *reader->fn;
	array_make = bounded.createArray;
	bounded.createArray = array_within;
	redisReaderFree(reader);
}

void
redis_bounds_set(redisContext *context)
{
	(void)pthread_once(&once, bounded_make);
	if (array_make != NULL && context->reader != NULL)
		context->reader->fn = &bounded;
}
