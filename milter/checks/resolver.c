#include "milter/checks/resolver.h"

void
resolver_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	resolver->ask(resolver, question, budget, arena, out);
	if (out->status == DNS_FOUND && out->count > 0)
		atomic_fetch_add_explicit(&resolver->found, 1, memory_order_relaxed);
}

void
resolver_count(atomic_ullong *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

unsigned
resolver_found(const struct resolver *resolver)
{
	return atomic_load_explicit(&((struct resolver *)resolver)->found, memory_order_relaxed);
}

void
resolver_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	resolver->prefetch(resolver, question);
}

void
resolver_stop(struct resolver *resolver)
{
	if (resolver != NULL && resolver->stop != NULL)
		resolver->stop(resolver);
}

void
resolver_close(struct resolver *resolver)
{
	if (resolver != NULL)
		resolver->close(resolver);
}

void
resolver_look_again(struct resolver *resolver)
{
	if (resolver->look_again != NULL)
		resolver->look_again(resolver);
}

void
resolver_tell(struct resolver *resolver, struct resolver_state *state)
{
	*state = (struct resolver_state){ .failing_since = 0 };
	if (resolver->tell != NULL)
		resolver->tell(resolver, state);
}
