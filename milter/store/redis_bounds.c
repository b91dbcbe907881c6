#include "milter/store/redis_bounds.h"

#if HIREDIS_MAJOR >= 1
typedef size_t array_count;
#else
typedef int array_count;
#endif

/* From a reply's outermost array on. */
static void *
array_within(const redisReadTask *task, array_count count)
{
	struct redis_bounds *bounds = task->privdata;

	if (task->parent == NULL)
		bounds->held = 0;
	if ((size_t)count > REDIS_ELEMENTS_MAX - bounds->held) {
		bounds->exceeded = true;
		return NULL;
	}
	bounds->held += (size_t)count;
	return bounds->unbounded->createArray(task, count);
}

void
redis_bounds_set(redisContext *context, struct redis_bounds *bounds)
{
	redisReader *reader = context->reader;

	if (reader == NULL)
		return;
	*bounds = (struct redis_bounds){ .unbounded = reader->fn, .functions = *reader->fn };
	bounds->functions.createArray = array_within;
	reader->fn = &bounds->functions;
	reader->privdata = bounds;
}
