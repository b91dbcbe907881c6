#include "resolver.h"

void
resolver_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	resolver->ask(resolver, question, budget, arena, out);
}

void
resolver_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	resolver->prefetch(resolver, question);
}

void
resolver_close(struct resolver *resolver)
{
	if (resolver != NULL)
		resolver->close(resolver);
}
