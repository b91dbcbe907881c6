#include <libpsl.h>

#include "rooms.h"

struct resolver *
rooms_resolver(const struct settings *settings, const struct suffix_list *suffixes, struct fault *why)
{
	struct resolver_settings dns = { settings->dns.servers.list, settings->dns.servers.count,
		settings->dns.timeout_ms, settings->dns.trust_anchor, 0, suffixes };

	return resolver_unbound(&dns, why);
}

bool
rooms_open(struct rooms *rooms, const struct settings *settings, struct journal *journal,
    const char *state_dir, struct fault *why)
{
	*rooms = (struct rooms){ .psl = psl_latest(NULL) };
	rooms->suffixes.psl = rooms->psl != NULL ? rooms->psl : psl_builtin();
	rooms->resolver = rooms_resolver(settings, &rooms->suffixes, why);
	if (rooms->resolver == NULL)
		return false;
	rooms->dkim = dkim_verifier_open(rooms->resolver, &rooms->suffixes, why);
	if (rooms->dkim == NULL)
		return false;
	rooms->snapshots = snapshots_open(why);
	if (rooms->snapshots == NULL)
		return false;
	rooms->refresh = refresh_open(rooms->resolver, rooms->snapshots, journal, state_dir, why);
	return rooms->refresh != NULL;
}

void
rooms_close(struct rooms *rooms)
{
	refresh_close(rooms->refresh);
	snapshots_close(rooms->snapshots);
	dkim_verifier_close(rooms->dkim);
	resolver_close(rooms->resolver);
	psl_free(rooms->psl);
}
