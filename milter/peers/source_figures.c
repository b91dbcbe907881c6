#include <pthread.h>
#include <stdlib.h>

#include "milter/peers/source_figures.h"

enum { ARENA_MAX = 8 * 1024 * 1024 };

struct source_figures {
	pthread_mutex_t lock; /* guards both */
	struct arena *arena;  /* of the list; NULL: nothing was looked at yet */
	struct metrics_source *list;
	size_t count;
};

struct source_figures *
source_figures_open(void)
{
	struct source_figures *figures = calloc(1, sizeof *figures);

	if (figures != NULL)
		pthread_mutex_init(&figures->lock, NULL);
	return figures;
}

void
source_figures_close(struct source_figures *figures)
{
	if (figures == NULL)
		return;
	arena_close(figures->arena);
	pthread_mutex_destroy(&figures->lock);
	free(figures);
}

/* Vendors without a source have nothing to tell. */
static bool
fill(struct metrics_source *list, size_t *count, const struct status *status, struct arena *arena)
{
	for (size_t i = 0; list != NULL && i < status->vendor_count; i++) {
		const struct status_vendor *vendor = &status->vendors[i];

		if (vendor->sources > 0)
			list[(*count)++] = (struct metrics_source){ arena_string(arena, vendor->name), vendor->networks,
				vendor->believed };
	}
	return list != NULL && !arena_failed(arena);
}

void
source_figures_keep(struct source_figures *figures, const struct status *status)
{
	struct arena *arena = arena_open(ARENA_MAX), *before = arena;
	struct metrics_source *list = arena == NULL ? NULL : arena_take(arena, (status->vendor_count + 1) * sizeof *list);
	size_t count = 0;

	if (fill(list, &count, status, arena)) {
		pthread_mutex_lock(&figures->lock);
		before = figures->arena;
		figures->arena = arena;
		figures->list = list;
		figures->count = count;
		pthread_mutex_unlock(&figures->lock);
	}
	arena_close(before);
}

bool
source_figures_tell(struct source_figures *figures, struct metrics *metrics, struct arena *arena)
{
	struct metrics_source *list;

	pthread_mutex_lock(&figures->lock);
	list = arena_take(arena, (figures->count + 1) * sizeof *list);
	for (size_t i = 0; list != NULL && i < figures->count; i++) {
		list[i] = figures->list[i];
		list[i].vendor = arena_string(arena, figures->list[i].vendor);
	}
	metrics->source_count = figures->count;
	pthread_mutex_unlock(&figures->lock);
	metrics->sources = list;
	return !arena_failed(arena);
}
