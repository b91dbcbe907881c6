#include "milter/state/engine.h"
#include "milter/system/suffixes.h"

struct resolver *
engine_resolver(const struct settings *settings, const struct suffix_list *suffixes, struct journal *journal,
    struct fault *why)
{
	struct resolver_settings dns = { .servers = settings->dns.servers.list,
		.server_count = settings->dns.servers.count,
		.timeout_ms = settings->dns.timeout_ms,
		.trust_anchor = settings->dns.trust_anchor,
		.suffixes = suffixes,
		.journal = journal };

	return resolver_unbound(&dns, why);
}

bool
engine_open(struct engine *engine, const struct settings *settings, struct journal *journal, const char *state_dir,
    struct fault *why)
{
	*engine = (struct engine){ .suffixes = suffixes_open() };
	engine->resolver = engine_resolver(settings, &engine->suffixes, journal, why);
	if (engine->resolver == NULL)
		return false;
	engine->dkim = dkim_verifier_open(engine->resolver, &engine->suffixes, why);
	if (engine->dkim == NULL)
		return false;
	engine->snapshots = snapshots_open(why);
	if (engine->snapshots == NULL)
		return false;
	engine->refresh = refresh_open(engine->resolver, engine->snapshots, journal, state_dir, why);
	return engine->refresh != NULL;
}

void
engine_stop(struct engine *engine)
{
	refresh_stop(engine->refresh);
	resolver_stop(engine->resolver);
}

void
engine_close(struct engine *engine)
{
	refresh_close(engine->refresh);
	snapshots_close(engine->snapshots);
	dkim_verifier_close(engine->dkim);
	resolver_close(engine->resolver);
	suffixes_close(&engine->suffixes);
}
