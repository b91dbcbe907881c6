#include <string.h>

#include "policy/review/cannot_counts.h"

void
cannot_counts_add(struct cannot_counts *counts, const char *slug, const char *what)
{
	size_t i = 0;

	counts->all++;
	while (i < counts->count && strcmp(counts->list[i].slug, slug) != 0)
		i++;
	if (i == CANNOT_MAX)
		return;
	if (i == counts->count)
		counts->list[counts->count++] = (struct cannot_count){ slug, what, 0 };
	counts->list[i].count++;
}
