#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist_network.h"
#include "policy/rules/greylist_parts.h"
#include "policy/rules/policy.h"

enum { IPV6_BITS = 64 };

/* ---- keys ---- */

static const char *
domain_of(const struct suffix_list *suffixes, const struct facts *facts)
{
	const char *domain = facts->null_sender ? "" : facts->sender.domain, *owner;

	if (domain[0] == '\0')
		return GREYLIST_NULL_SENDER;
	owner = suffix_organisational(suffixes, domain);
	return owner == NULL ? domain : owner;
}

void
greylist_network_keys(const struct suffix_list *suffixes, const struct facts *facts, struct greylist_keys *keys)
{
	unsigned bits = facts->client.family == ADDRESS_V4 ? address_width(&facts->client) : IPV6_BITS;
	char network[PREFIX_TEXT], domain[GREYLIST_KEY_MAX + 1];
	struct prefix prefix;

	keys->network_length = keys->domain_length = 0;
	if (facts->client_hidden || facts->client.family == ADDRESS_NONE)
		return;
	prefix = (struct prefix){ address_mask(facts->client, bits), (uint8_t)bits };
	prefix_write(&prefix, network);
	greylist_key_plain(domain_of(suffixes, facts), domain);
	snprintf(keys->network, sizeof keys->network, "n %s", network);
	/* the domain comes last: what is cut off of a long one tells no networks apart */
	snprintf(keys->domain, sizeof keys->domain, "d %s %.*s", network, (int)(GREYLIST_KEY_MAX - strlen(network) - 3),
	    domain);
	keys->network_length = strlen(keys->network);
	keys->domain_length = strlen(keys->domain);
}

/* ---- the decision ---- */

static bool
is_alive(const struct greylist_settings *settings, const struct greylist_record *record, int64_t now)
{
	return !greylist_record_is_blank(record) && greylist_elapsed(record->last, now) <= settings->lifetime;
}

static void
pass(const struct greylist_settings *settings, int64_t now, struct greylist_decision *decision,
    struct greylist_network *network)
{
	int64_t idle = greylist_elapsed(network->network.last, now);

	decision->state = GREYLIST_NETWORK;
	decision->wait = 0;
	decision->passed_by = PASSED_BY_NETWORK;
	decision->write = false;
	network->write_network = idle < 0 || idle >= greylist_rewrite_after(settings->lifetime);
	if (network->write_network)
		network->network.last = now;
}

/* One of this domain may count once a day. */
static bool
domain_counts(int64_t now, struct greylist_network *network)
{
	bool none = greylist_record_is_blank(&network->domain);
	int64_t age = none ? GREYLIST_DAY : greylist_elapsed(network->domain.last, now);

	network->write_domain = age < 0 || age >= GREYLIST_DAY;
	if (network->write_domain)
		network->domain = (struct greylist_record){ .first = now, .last = now, .passed = 1 };
	return age >= GREYLIST_DAY;
}

static void
count(const struct greylist_settings *settings, int64_t now, struct greylist_network *network)
{
	if (!domain_counts(now, network))
		return;
	if (!is_alive(settings, &network->network, now))
		network->network = (struct greylist_record){ .first = now };
	network->network.last = now;
	greylist_count_up(&network->network.passed);
	network->write_network = true;
}

void
greylist_network_decide(const struct greylist_settings *settings, const struct greylist_record *found, int64_t now,
    struct greylist_decision *decision, struct greylist_network *network)
{
	bool known = is_alive(settings, &network->network, now) && network->network.passed >= settings->auto_pass_network;

	network->write_network = network->write_domain = false;
	if (settings->auto_pass_network == 0)
		return;
	if (greylist_state_waits(decision->state) && known)
		pass(settings, now, decision, network);
	else if (decision->state == GREYLIST_DUE && !found->let_pass)
		count(settings, now, network);
}
