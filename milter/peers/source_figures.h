/*
 * source_figures.h - how many networks each vendor's sources list and how old they are, as they were looked at last.
 *
 * So that /metrics reads no files. Any thread may call. Looks at nothing itself.
 */
#ifndef SOURCE_FIGURES_H
#define SOURCE_FIGURES_H

#include "policy/review/metrics_text.h"
#include "policy/util/arena.h"

struct source_figures;

struct source_figures *source_figures_open(void) MUST_USE; /* given; NULL without memory */
void source_figures_close(struct source_figures *);        /* NULL is fine */

/* Keeps those of the vendors in the status; without memory the last ones stay. */
void source_figures_keep(struct source_figures *, const struct status *);

/* Fills in the sources, in the arena. False without memory. */
bool source_figures_tell(struct source_figures *, struct metrics *, struct arena *) MUST_USE;

#endif
