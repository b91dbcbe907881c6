/*
 * cannot_counts.h - counts why messages could not be judged again, by reason.
 *
 * For replay and for a draft, in the same words. Judges nothing, locks nothing.
 */
#ifndef CANNOT_COUNTS_H
#define CANNOT_COUNTS_H

#include <stddef.h>
#include <stdint.h>

enum { CANNOT_MAX = 16 };

struct cannot_counts {
	uint64_t all;
	struct cannot_count {
		const char *slug, *what; /* static */
		uint64_t count;
	} list[CANNOT_MAX];
	size_t count;
};

/* slug and what are kept. */
void cannot_counts_add(struct cannot_counts *, const char *slug, const char *what);

#endif
