/* What our SPF record lacks: terms of the delegated vendors, and of our own hosts. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/util/aggregate.h"

/* ---- what is there ---- */

static bool
is_reached(const struct audit_spf *spf, enum spf_mechanism mechanism, const char *name)
{
	for (size_t i = 0; i < spf->reached.count; i++)
		if (spf->reached.list[i].mechanism == mechanism && strcasecmp(spf->reached.list[i].name, name) == 0)
			return true;
	return false;
}

/* By its first and its last address: in practice whoever lists both lists all between them. */
static bool
is_network_passed(struct audit_spf *spf, const struct prefix *network)
{
	struct spf_record record = audit_record_terms(spf);
	struct address last = network->base;

	for (unsigned bit = network->bits; bit < address_width(&last); bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return audit_passes(spf->audit, &record, &network->base) != NO && audit_passes(spf->audit, &record, &last) != NO;
}

static struct audit_term *
term_append(struct audit_spf *spf, const char *text)
{
	struct audit_term *term = audit_term_add(spf, text, AUDIT_WORDS_MAX);

	if (term != NULL)
		(void)audit_term_cost(spf->audit, &term->spf, &spf->reached);
	return term;
}

/* An address that must pass goes before terms that refuse some: the first match decides. */
static void
term_insert(struct audit_spf *spf, const char *text)
{
	struct audit_term *term = term_append(spf, text), *at = spf->terms, made;

	if (term == NULL)
		return;
	while (at < term && (at->dropped || at->spf.qualifier == '+'))
		at++;
	made = *term;
	memmove(at + 1, at, (size_t)(term - at) * sizeof *at);
	*at = made;
}

/* ---- vendors ---- */

/* Whom a term is missing for, and how much that matters. */
struct want {
	struct audit_spf *spf;
	const struct delegation *delegation;
	bool needed; /* false: its DKIM proves enough */
};

static void
term_missing(const struct want *want, const char *text)
{
	struct dns_audit *audit = want->spf->audit;
	const char *vendor = want->delegation->vendor_name, *domain = audit->request->domain;

	if (want->needed)
		audit_wrong(audit, "'%s' is missing: %s sends as %s, and its delegation asks for SPF; add it", text,
		    vendor, domain);
	else
		audit_advise(audit,
		    "'%s' is not there: %s sends as %s, but its signature is proof enough; "
		    "add it only if it bounces to %s",
		    text, vendor, domain, domain);
}

static void
source_asked_missing(const struct want *want, const struct source *source)
{
	static const char *const words[] = { [SOURCE_A] = "a", [SOURCE_MX] = "mx", [SOURCE_SPF] = "include" };
	struct audit_spf *spf = want->spf;
	struct dns_audit *audit = spf->audit;
	const char *text = audit_kept(audit, arena_format(audit->arena, "%s:%s", words[source->kind], source->name));
	struct audit_term *term = term_append(spf, text);
	bool of_no_use = term != NULL && (term->cost.broken[0] != '\0' || term->cost.open || term->cost.empty);

	if (of_no_use)
		audit_wrong(audit,
		    "%s cannot be named in SPF as long as '%s' is of no use (%s); "
		    "ask it to fix that, or have it sign (DKIM)",
		    want->delegation->vendor_name, text,
		    term->cost.broken[0] != '\0' ? term->cost.broken
			: term->cost.open        ? "it passes everybody"
						 : "it has no address");
	else
		term_missing(want, text);
	if (term != NULL)
		term->dropped = of_no_use || !want->needed;
}

static void
source_listed_missing(const struct want *want, const struct source *source)
{
	struct dns_audit *audit = want->spf->audit;
	struct prefix *list = arena_take(audit->arena, (source->prefix_count + 1) * sizeof *list);
	char written[PREFIX_TEXT];
	size_t count;

	if (list == NULL) {
		audit->starved = true;
		return;
	}
	if (source->prefix_count > 0)
		memcpy(list, source->prefixes, source->prefix_count * sizeof *list);
	count = aggregate_networks(list, source->prefix_count);
	if (count > AUDIT_NETWORKS_MAX) {
		audit_advise(audit,
		    "%s lists %zu networks, too many for this record; "
		    "publish them at a name of their own, and include that",
		    want->delegation->vendor_name, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *text = audit_kept(audit,
		    arena_format(audit->arena, "ip%d:%s", (int)list[i].base.family, prefix_write(&list[i], written)));

		if (is_network_passed(want->spf, &list[i]))
			continue;
		term_missing(want, text);
		if (want->needed)
			term_insert(want->spf, text);
	}
}

static void
source_missing(const struct want *want, const struct source *source)
{
	static const enum spf_mechanism
	    mechanisms[] = { [SOURCE_A] = SPF_A_TERM, [SOURCE_MX] = SPF_MX_TERM, [SOURCE_SPF] = SPF_INCLUDE };

	if (!source_asks_dns(source))
		source_listed_missing(want, source);
	else if (!is_reached(want->spf, mechanisms[source->kind], source->name))
		source_asked_missing(want, source);
}

/* What the vendor publishes as SPF covers everything; without it each source counts by itself. */
static bool
publishes_spf(const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]) && vendor->sources[i].kind == SOURCE_SPF)
			return true;
	return false;
}

static bool
is_wanted(const struct vendor *vendor, const struct source *source)
{
	/* the client's name is no term: ptr should not be used (RFC 7208, 5.5) */
	return source_counts(source) && !source_names_hosts(source) &&
	    (source->kind == SOURCE_SPF || !publishes_spf(vendor));
}

static bool
tags_equal(const struct source *a, const struct source *b)
{
	bool equal = a->tag_count == b->tag_count;

	for (size_t i = 0; equal && i < a->tag_count; i++)
		equal = strcmp(a->tags[i], b->tags[i]) == 0;
	return equal;
}

/* Sources for several territories, and the configuration names none of them. */
static bool
is_undecided(const struct vendor *vendor)
{
	const struct source *first = NULL;
	bool several = false;

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];

		if (source->use != USE_MX || source->tag_count == 0)
			continue;
		if (!source->selected)
			return false;
		several = several || (first != NULL && !tags_equal(first, source));
		first = first == NULL ? source : first;
	}
	return several;
}

/* One of them is there: it is probably the right one. */
static bool
any_is_reached(const struct audit_spf *spf, const struct vendor *vendor)
{
	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped && spf->terms[i].whose.vendor == vendor && spf->terms[i].whose.source != NULL)
			return true;
	return false;
}

static void
vendor_missing(const struct want *want)
{
	const struct vendor *vendor = want->delegation->vendor;
	struct dns_audit *audit = want->spf->audit;
	bool undecided = is_undecided(vendor), any = false;

	if (undecided)
		audit_advise(audit,
		    "the vendor %s has sources for several places; "
		    "choose yours by tags in vendors, and nothing more is needed here",
		    vendor->name);
	if (undecided && any_is_reached(want->spf, vendor))
		return;
	for (size_t i = 0; i < vendor->source_count; i++) {
		any = any || is_wanted(vendor, &vendor->sources[i]);
		if (is_wanted(vendor, &vendor->sources[i]))
			source_missing(want, &vendor->sources[i]);
	}
	if (!any && want->needed)
		audit_wrong(audit, "the delegation of %s asks for SPF, but its file has no source; vouch by dkim only",
		    vendor->name);
}

void
audit_missing_vendors(struct audit_spf *spf)
{
	const struct delegation *delegation, *before;

	for (size_t i = 0; (delegation = audit_delegation(spf->audit, i)) != NULL; i++) {
		struct want want = { spf, delegation, false };
		size_t first = 0;

		while ((before = audit_delegation(spf->audit, first)) != delegation &&
		    before->vendor != delegation->vendor)
			first++;
		for (size_t j = first; (before = audit_delegation(spf->audit, j)) != NULL; j++)
			if (before->vendor == delegation->vendor)
				want.needed = want.needed ||
				    audit_wants(before, PROOF_SPF | PROOF_SPF_FROM | PROOF_DMARC);
		if (first == i && delegation->vendor != NULL)
			vendor_missing(&want);
	}
}

/* ---- hosts ---- */

enum { AUDIT_HOSTS_MAX = SPF_MX_LIMIT, AUDIT_ADDRESSES_MAX = 64 };

struct hosts {
	struct address list[AUDIT_ADDRESSES_MAX];
	size_t count;
	bool foreign; /* a known vendor takes our mail in */
};

static void
addresses_add(struct dns_audit *audit, const char *host, enum dns_type type, struct hosts *out)
{
	const struct dns_answer *answer = audit_ask(audit, host, type);

	for (size_t i = 0; i < answer->count && out->count < AUDIT_ADDRESSES_MAX; i++)
		if (answer->records[i].length == (type == DNS_A ? 4 : 16))
			out->list[out->count++] = type == DNS_A
			    ? address_of_v4(answer->records[i].bytes)
			    : address_of_v6(answer->records[i].bytes);
}

static void
hosts_find(struct dns_audit *audit, struct hosts *out)
{
	const struct dns_answer *answer = audit_ask(audit, audit->request->domain, DNS_MX);

	out->count = 0;
	out->foreign = false;
	for (size_t i = 0; i < answer->count && i < AUDIT_HOSTS_MAX; i++) {
		const char *host = (const char *)answer->records[i].bytes;
		struct spf_term term = { .mechanism = SPF_A_TERM, .qualifier = '+', .spec = host };

		if (host[0] == '\0' || strcmp(host, ".") == 0) /* the null MX (RFC 7505) */
			continue;
		out->foreign = out->foreign || audit_term_whose(audit, &term).vendor != NULL;
		addresses_add(audit, host, DNS_A, out);
		addresses_add(audit, host, DNS_AAAA, out);
	}
}

static bool
hosts_hold(const struct hosts *hosts, const struct address *address)
{
	for (size_t i = 0; i < hosts->count; i++)
		if (address_equal(&hosts->list[i], address))
			return true;
	return false;
}

static enum tri
address_passes(struct audit_spf *spf, const struct address *address)
{
	struct spf_record record = audit_record_terms(spf);

	return audit_passes(spf->audit, &record, address);
}

static void
outbound_missing(struct audit_spf *spf, const struct hosts *hosts)
{
	const struct prefixes *outbound = &spf->audit->request->policy->settings.own.outbound;
	char written[ADDRESS_TEXT];

	for (size_t i = 0; i < outbound->count && i < AUDIT_ADDRESSES_MAX; i++) {
		const struct address *address = &outbound->list[i].base;
		struct dns_audit *audit = spf->audit;
		const char *text = "mx";

		if (address_passes(spf, address) != NO)
			continue;
		if (!hosts_hold(hosts, address))
			text = audit_kept(audit,
			    arena_format(audit->arena, "ip%d:%s", (int)address->family, address_write(address, written)));
		audit_wrong(audit,
		    "'%s' is missing: %s may send (own.outbound), and the record does not pass it; "
		    "add it",
		    text, address_write(address, written));
		term_insert(spf, text);
	}
}

static void
mx_missing(struct audit_spf *spf, const struct hosts *hosts)
{
	enum tri passes = hosts->count == 0 ? YES : NO;

	for (size_t i = 0; i < hosts->count; i++)
		passes = tri_or(passes, address_passes(spf, &hosts->list[i]));
	if (passes != NO)
		return;
	audit_wrong(spf->audit,
	    "'mx' is missing: no host that takes mail for %s may send in its name, and "
	    "own.outbound names no other; add it",
	    spf->audit->request->domain);
	term_insert(spf, "mx");
}

/* A domain that takes no mail and is delegated to nobody sends none either. */
static bool
is_parked(const struct audit_spf *spf, const struct hosts *hosts)
{
	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped)
			return false;
	return hosts->count == 0 && audit_delegation(spf->audit, 0) == NULL;
}

void
audit_missing_hosts(struct audit_spf *spf)
{
	struct hosts hosts;

	hosts_find(spf->audit, &hosts);
	if (is_parked(spf, &hosts))
		return;
	outbound_missing(spf, &hosts);
	if (spf->audit->request->policy->settings.own.outbound.count == 0 && !hosts.foreign)
		mx_missing(spf, &hosts);
}
