#include <stdio.h>
#include <string.h>

#include "policy/config/lint_own.h"
#include "policy/rules/warning.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"

struct lint {
	const struct policy *policy;
	const struct suffix_list *suffixes;
	struct faults *faults;
	const char *file; /* greenlane.conf */
	unsigned line;    /* of `own` there */
};

/* ---- names ---- */

bool
lint_suffix(const struct suffix_list *suffixes, const struct name_rule *rule, char remedy[LINT_REMEDY])
{
	if (rule->local != NULL || !suffix_is_public(suffixes, rule->domain))
		return false;
	if (suffix_is_registry(suffixes, rule->domain)) {
		snprintf(remedy, LINT_REMEDY,
		    "is a public suffix: names below it belong to whoever registers them "
		    "and do not count, and nothing proves the name itself; write the names that you mean");
		return true;
	}
	snprintf(remedy, LINT_REMEDY,
	    "is on the public suffix list: names below it are its customers' and do not "
	    "count; write \"=%s\" if you mean that name alone",
	    rule->domain);
	return !rule->exact || rule->closed;
}

static void
suffix_lint(const struct lint *lint, const struct vendor *vendor, const struct name_rules *rules, const char *key,
    unsigned line)
{
	char remedy[LINT_REMEDY];

	for (size_t i = 0; i < rules->count; i++)
		if (lint_suffix(lint->suffixes, &rules->list[i], remedy))
			warning_add(lint->faults, vendor, WARNING_PUBLIC_SUFFIX, lint->file, line, "'%s' in %s %s",
			    rules->list[i].domain, key, remedy);
}

static void
suffixes_lint(const struct lint *lint)
{
	const struct policy *policy = lint->policy;

	suffix_lint(lint, &policy->own, &policy->settings.own.domains, "own.domains", lint->line);
	suffix_lint(lint, &policy->own, &policy->settings.own.lists, "own.lists", lint->line);
	for (size_t i = 0; i < policy->delegation_count; i++)
		suffix_lint(lint, policy->delegations[i].vendor, &policy->delegations[i].domains, "delegations.domains",
		    0);
	for (size_t i = 0; i < policy->partner_count; i++)
		suffix_lint(lint, policy->partners[i].vendor, &policy->partners[i].domains, "partners.domains", 0);
}

static bool
rules_meet(const struct name_rule *a, const struct name_rule *b)
{
	return strcmp(a->domain, b->domain) == 0 || (!a->exact && domain_is_under(b->domain, a->domain)) ||
	    (!b->exact && domain_is_under(a->domain, b->domain));
}

static const struct name_rule *
rule_meeting(const struct name_rules *rules, const struct name_rule *with)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules_meet(&rules->list[i], with))
			return &rules->list[i];
	return NULL;
}

/* Two policies for one name: mail that satisfies one may be forged by the other. */
static void
vendor_names_lint(const struct lint *lint)
{
	const struct policy *policy = lint->policy;

	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];

		for (size_t j = 0; j < vendor->domains.count; j++) {
			const struct name_rule *rule = &vendor->domains.list[j];
			const struct name_rule *own = rule_meeting(&policy->own.domains, rule);

			if (own != NULL)
				warning_add(lint->faults, vendor, WARNING_OWN_NAME, vendor->file, 0,
				    "'%s%s%s' in domains of '%s' overlaps '%s' in own.domains, so mail that uses it "
				    "must be proven by the vendor's policy and by ours; drop it here, and use "
				    "delegations to let the vendor send in our names",
				    rule->local == NULL ? "" : rule->local, rule->local == NULL ? "" : "@",
				    rule->domain, vendor->name, own->domain);
		}
	}
}

/* A list is recognised by what its host proves, and every customer of a shared sender proves the same. */
static void
shared_list_lint(const struct lint *lint)
{
	const struct name_rules *lists = &lint->policy->settings.own.lists;

	for (size_t i = 0; i < lists->count; i++)
		for (const struct shared_sender *s = lint->policy->senders; s != NULL; s = s->next)
			if (s->kind == VENDOR_ESP && rule_meeting(&s->names, &lists->list[i]) != NULL) {
				warning_add(lint->faults, &lint->policy->own, WARNING_SHARED_LIST, lint->file, lint->line,
				    "'%s' in own.lists belongs to the shared sender '%s': what any of its customers "
				    "forges would be treated like a stranger's mail; name the list's own host, or "
				    "drop it",
				    lists->list[i].domain, s->vendor);
				break;
			}
}

/* ---- addresses ---- */

/* The relay that contains all of `inner`, and its network that does. */
static const struct relay *
relay_around(const struct policy *policy, const struct prefix *inner, const struct prefix **network)
{
	for (size_t i = 0; i < policy->relay_count; i++)
		for (size_t j = 0; j < policy->relays[i].networks.count; j++) {
			*network = &policy->relays[i].networks.list[j];
			if (prefix_is_within(inner, *network))
				return &policy->relays[i];
		}
	return NULL;
}

static void
relay_overlap_lint(const struct lint *lint, const struct prefixes *list, const char *key, const char *so)
{
	char inner[PREFIX_TEXT], outer[PREFIX_TEXT];

	for (size_t i = 0; i < list->count; i++) {
		const struct prefix *network;
		const struct relay *relay = relay_around(lint->policy, &list->list[i], &network);

		if (relay != NULL)
			warning_add(lint->faults, &lint->policy->own, WARNING_RELAY_OVERLAP, lint->file, lint->line,
			    "%s in %s is inside %s of relay '%s', and counts as the relay first: %s",
			    prefix_write(&list->list[i], inner), key, prefix_write(network, outer), relay->name, so);
	}
}

static void
relays_lint(const struct lint *lint)
{
	const struct settings *settings = &lint->policy->settings;

	relay_overlap_lint(lint, &settings->own.outbound, "own.outbound",
	    "it is not limited to our names; drop it from one of them");
	relay_overlap_lint(lint, &settings->own.may_forward, "own.may_forward",
	    "that changes nothing; drop it from one of them");
	relay_overlap_lint(lint, &settings->own.networks, "own.networks",
	    "no mail from there is exempt; write the relay's own addresses, or drop it from own.networks");
}

/* ---- delegations ---- */

static bool
has_counting_source(const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]))
			return true;
	return false;
}

/* Could a message satisfy the set? */
static bool
is_reachable(const struct delegation *delegation, unsigned set)
{
	return !(set & PROOF_LISTED) || has_counting_source(delegation->vendor);
}

static void
delegation_lint(const struct lint *lint, const struct delegation *delegation, const char *key)
{
	const char *first = delegation->domains.list[0].domain;
	bool reachable = false;

	for (size_t i = 0; i < delegation->vouch_count; i++)
		reachable = reachable || is_reachable(delegation, delegation->vouch[i]);
	if (!reachable)
		warning_add(lint->faults, delegation->vendor, WARNING_DELEGATION_UNREACHABLE, lint->file, 0,
		    "in %s '%s' can never prove '%s': vouch requires listed, but no selected source of the vendor "
		    "counts for that; write vouch = [ \"dkim\" ]",
		    key, delegation->vendor_name, first);
}

static bool
holds_all_of_ours(const struct policy *policy, const struct delegation *delegation)
{
	const struct name_rules *own = &policy->own.domains;

	for (size_t i = 0; i < own->count; i++)
		if (!name_rules_hold_domain(&delegation->domains, own->list[i].domain))
			return false;
	return true;
}

/* A key that no delegation names as the vendor's counts as ours, and our key proves every name. */
static void
selectors_lint(const struct lint *lint, const struct delegation *delegation)
{
	bool by_key = false;

	for (size_t i = 0; i < delegation->vouch_count; i++)
		by_key = by_key || (delegation->vouch[i] & PROOF_DKIM);
	if (by_key && delegation->selectors.count == 0 && !holds_all_of_ours(lint->policy, delegation))
		warning_add(lint->faults, delegation->vendor, WARNING_DELEGATION_KEY, lint->file, 0,
		    "the delegation of '%s' is for some of our names, but its key would prove all of them, because "
		    "nothing tells it from ours; write the vendor's selectors = [ \"...\" ], or vouch = [ "
		    "\"listed+spf_from\" ]",
		    delegation->vendor_name);
}

/* A delegation is judged under our own mode, not under the vendor's. */
static void
trial_lint(const struct lint *lint, const struct delegation *delegation)
{
	if (delegation->vendor->mode == MODE_MONITOR)
		warning_add(lint->faults, delegation->vendor, WARNING_DELEGATION_TRIAL, lint->file, 0,
		    "'%s' is on trial (mode monitor), but its delegation is in force: what it proves in the name of "
		    "'%s' is vouched for and not greylisted; drop the delegation until the vendor is trusted",
		    delegation->vendor_name, delegation->domains.list[0].domain);
}

/* ---- metrics ---- */

static bool
is_this_host(const char *host)
{
	char bare[ADDRESS_TEXT + 2];
	size_t length = strlen(host);
	struct address address;

	if (strcmp(host, "localhost") == 0)
		return true;
	snprintf(bare, sizeof bare, "%s", host);
	if (host[0] == '[' && length > 2 && length < sizeof bare) /* "[::1]" */
		snprintf(bare, sizeof bare, "%.*s", (int)length - 2, host + 1);
	return address_read(bare, &address) && address_is_loopback(&address);
}

/* They name the site's vendors and tell how much mail it gets, to whoever asks. */
static void
metrics_lint(const struct lint *lint)
{
	const char *listen = lint->policy->settings.metrics_listen, *host = strchr(listen, '@');

	if (strncmp(listen, "inet", 4) == 0 && host != NULL && !is_this_host(host + 1))
		warning_add(lint->faults, &lint->policy->own, WARNING_OPEN_METRICS, lint->file, 0,
		    "metrics.listen: whoever reaches %.80s reads which vendors this site has, and how much mail; write "
		    "127.0.0.1, or keep others out by a firewall",
		    listen);
}

/* ---- all of them ---- */

void
lint_own(const struct policy *policy, const struct suffix_list *suffixes, struct faults *faults)
{
	const struct lint lint = { policy, suffixes, faults, policy->own.file, policy->own.line };

	suffixes_lint(&lint);
	vendor_names_lint(&lint);
	shared_list_lint(&lint);
	relays_lint(&lint);
	metrics_lint(&lint);
	for (size_t i = 0; i < policy->delegation_count; i++) {
		delegation_lint(&lint, &policy->delegations[i], "delegations");
		trial_lint(&lint, &policy->delegations[i]);
		selectors_lint(&lint, &policy->delegations[i]);
	}
	for (size_t i = 0; i < policy->partner_count; i++)
		delegation_lint(&lint, &policy->partners[i], "partners");
}
