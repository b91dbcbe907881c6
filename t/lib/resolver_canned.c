#include <stdlib.h>

#include "t/lib/resolver_canned.h"

struct canned {
	struct resolver interface; /* first: a resolver is a canned */
	const struct canned_zone *zone;
};

/* The zone may change before the arena ends, so the answer is a copy. */
static void
ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	const struct canned *canned = (const struct canned *)resolver;
	struct dns_answer found;

	(void)budget; /* answers from memory take no time */
	canned_zone_answer(canned->zone, question, &found);
	if (!dns_answer_copy(arena, &found, out))
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
}

static void
prefetch(struct resolver *resolver, const struct dns_question *question)
{
	(void)resolver;
	(void)question;
}

static void
canned_close(struct resolver *resolver)
{
	free(resolver);
}

struct resolver *
resolver_canned(const struct canned_zone *zone, struct fault *why)
{
	struct canned *canned = calloc(1, sizeof *canned);

	if (canned == NULL) {
		fault_set(why, "out of memory for the resolver");
		return NULL;
	}
	canned->interface = (struct resolver){ .ask = ask, .prefetch = prefetch, .close = canned_close };
	canned->zone = zone;
	return &canned->interface;
}
