#include "milter/tool/drafting.h"
#include "policy/util/arena.h"

enum { ANSWER_MAX = 1024 * 1024 };

struct resolver_settings
drafting_settings(const struct policy *policy)
{
	const struct settings *settings = &policy->settings;

	return (struct resolver_settings){ .servers = settings->dns.servers.list,
		.server_count = settings->dns.servers.count,
		.timeout_ms = settings->dns.timeout_ms,
		.trust_anchor = settings->dns.trust_anchor };
}

bool
drafting_ask(struct draft *draft, struct resolver *resolver, struct budget *budget)
{
	struct dns_question question;
	struct dns_answer answer;

	while (draft_next(draft, &question)) {
		struct arena *arena = arena_open(ANSWER_MAX);

		if (arena == NULL)
			return false;
		resolver_ask(resolver, &question, budget, arena, &answer);
		draft_answer(draft, &answer);
		arena_close(arena);
	}
	return true;
}
