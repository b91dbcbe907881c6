#include <stdio.h>
#include <string.h>
#include <time.h>

#include "policy/config/lint.h"
#include "policy/config/lint_overlap.h"
#include "policy/config/lint_own.h"
#include "policy/config/lint_strangers.h"
#include "policy/config/policy_value.h"
#include "policy/rules/warning.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

enum { DATE_LENGTH = 10, DATE_TEXT = 32 };

struct lint {
	const struct policy *policy;
	const struct suffix_list *suffixes;
	int64_t now;
	struct faults *faults;
};

/* ---- shared senders ---- */

/* The shared sender that has this DNS name, or one above it. */
static const struct shared_sender *
sender_of_name(const struct policy *policy, const char *name)
{
	for (const struct shared_sender *s = policy->senders; s != NULL; s = s->next)
		for (size_t i = 0; i < s->names.count; i++)
			if (domain_is_under(name, s->names.list[i].domain))
				return s;
	return NULL;
}

static const struct shared_sender *
sender_of_networks(const struct policy *policy, const struct source *source)
{
	for (const struct shared_sender *s = policy->senders; s != NULL; s = s->next)
		for (size_t i = 0; i < s->networks.count; i++)
			for (size_t j = 0; j < source->prefix_count; j++)
				if (prefix_overlaps(&s->networks.list[i], &source->prefixes[j]))
					return s;
	return NULL;
}

static const struct shared_sender *
sender_of_source(const struct policy *policy, const struct source *source)
{
	if (source->kind == SOURCE_CIDR || source->kind == SOURCE_FILE)
		return sender_of_networks(policy, source);
	return sender_of_name(policy, source->name);
}

/* Would the vendor's rule include what the sender's customers use? A name above an exact name of the
 * sender is somebody else's: google.com is not _spf.google.com. */
static bool
rule_takes(const struct name_rule *rule, const struct name_rule *shared)
{
	if (shared->local != NULL)
		return false;
	if (strcmp(rule->domain, shared->domain) == 0)
		return true;
	return !shared->exact &&
	    (domain_is_under(rule->domain, shared->domain) ||
		(!rule->exact && domain_is_under(shared->domain, rule->domain)));
}

static const struct shared_sender *
sender_of_rule(const struct policy *policy, const struct name_rule *rule)
{
	for (const struct shared_sender *s = policy->senders; s != NULL; s = s->next)
		for (size_t i = 0; s->kind == VENDOR_ESP && i < s->names.count; i++)
			if (rule_takes(rule, &s->names.list[i]))
				return s;
	return NULL;
}

static void
shared_names_lint(const struct lint *lint, const struct vendor *vendor, const char *key, const struct name_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct shared_sender *sender = sender_of_rule(lint->policy, &rules->list[i]);

		if (sender != NULL)
			faults_error(lint->faults, vendor->file, 0,
			    "'%s' in %s of '%s' belongs to the shared sender '%s', so each of its customers would "
			    "be vouched for; drop it, and name only what belongs to the vendor alone",
			    rules->list[i].domain, key, vendor->name, sender->vendor);
	}
}

/* The one error: anybody who pays that sender would have one of the proofs. */
static void
shared_trust_lint(const struct lint *lint, const struct vendor *vendor)
{
	if (vendor->kind == VENDOR_ESP)
		return;
	shared_names_lint(lint, vendor, "domains", &vendor->domains);
	shared_names_lint(lint, vendor, "envelope", &vendor->envelope);
	if (vendor->dkim.list != vendor->domains.list)
		shared_names_lint(lint, vendor, "dkim", &vendor->dkim);
}

static bool
vouches_by_signature(const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->vouch_count; i++)
		if ((vendor->vouch[i] & PROOF_DKIM) && vendor->dkim.count > 0)
			return true;
	return false;
}

/* The first source that counts, if all sources that count are shared senders'; NULL if one is not. */
static const struct source *
all_sources_shared(const struct policy *policy, const struct vendor *vendor)
{
	const struct source *first = NULL;

	for (size_t i = 0; i < vendor->source_count; i++) {
		if (!source_counts(&vendor->sources[i]))
			continue;
		if (sender_of_source(policy, &vendor->sources[i]) == NULL)
			return NULL;
		if (first == NULL)
			first = &vendor->sources[i];
	}
	return first;
}

static bool
only_shared_proof(const struct lint *lint, const struct vendor *vendor)
{
	const struct source *source;

	if (vendor->kind != VENDOR_APPLICATION || vouches_by_signature(vendor))
		return false;
	source = all_sources_shared(lint->policy, vendor);
	if (source == NULL)
		return false;
	warning_add(lint->faults, vendor, WARNING_SHARED_PROOF, vendor->sources_file, source->line,
	    "'%s' is proven by nothing but %s, from which every customer of the shared sender '%s' sends: any of "
	    "them can pass for it; name its own signing domain in dkim, and write vouch = [ \"dkim\" ]",
	    vendor->name, source->text, sender_of_source(lint->policy, source)->vendor);
	return true;
}

/* A source for which nobody wrote whether others send from there. Who wrote exclusive = false knows. */
static const struct source *
shared_listed_source(const struct vendor *vendor)
{
	bool asked = false;

	for (size_t i = 0; i < vendor->vouch_count; i++)
		asked = asked || vendor->vouch[i] == (PROOF_LISTED | PROOF_SPF);
	for (size_t i = 0; asked && i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]) && !vendor->sources[i].exclusive_said)
			return &vendor->sources[i];
	return NULL;
}

/* Not for gateways and senders for others: that is what they are for. */
static void
breadth_lint(const struct lint *lint, const struct vendor *vendor)
{
	const struct source *source;

	if (only_shared_proof(lint, vendor) || vendor->kind != VENDOR_APPLICATION)
		return;
	source = shared_listed_source(vendor);
	if (source != NULL)
		warning_add(lint->faults, vendor, WARNING_SHARED_SOURCE, vendor->sources_file, source->line,
		    "listed+spf vouches for '%s', but nothing says whether others send from %s too: any of them that "
		    "its SPF lets pass could pass for it; write exclusive = true here if nobody else does, exclusive "
		    "= false if others do and you know it, or vouch = [ \"dkim\" ] if it signs",
		    vendor->name, source->text);
}

static void
exclusive_lint(const struct lint *lint, const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		const struct shared_sender *sender;

		if (!source->exclusive || !source_counts(source))
			continue;
		sender = sender_of_source(lint->policy, source);
		if (sender != NULL)
			warning_add(lint->faults, vendor, WARNING_SHARED_EXCLUSIVE, vendor->sources_file, source->line,
			    "%s of '%s' is marked exclusive, but every customer of the shared sender '%s' sends "
			    "from there; write exclusive = false",
			    source->text, vendor->name, sender->vendor);
	}
}

/* ---- the vendor itself ---- */

static bool
has_forwarder(const struct policy *policy)
{
	for (size_t i = 0; i < policy->relay_count; i++)
		if (policy->relays[i].kind == RELAY_FORWARDER)
			return true;
	return false;
}

static void
forwarding_lint(const struct lint *lint, const struct vendor *vendor)
{
	if (has_forwarder(lint->policy)) /* somebody followed the warning */
		return;
	if (vendor->kind != VENDOR_APPLICATION || vendor->mode != MODE_ENFORCE || vendor->dkim.count > 0 ||
	    vendor->on_forged != ACTION_REJECT)
		return;
	warning_add(lint->faults, vendor, WARNING_FORWARDING, vendor->file, 0,
	    "'%s' does not sign and its forgeries are refused, so its mail is refused too when a third host "
	    "forwards it; write on_forged = \"greylist\", or name the hosts that forward to you in relays",
	    vendor->name);
}

static void
suffix_rules_lint(const struct lint *lint, const struct vendor *vendor, const char *key, const struct name_rules *rules)
{
	char remedy[LINT_REMEDY];

	for (size_t i = 0; i < rules->count; i++)
		if (lint_suffix(lint->suffixes, &rules->list[i], remedy))
			warning_add(lint->faults, vendor, WARNING_PUBLIC_SUFFIX, vendor->file, 0,
			    "'%s' in %s of '%s' %s", rules->list[i].domain, key, vendor->name, remedy);
}

static void
suffix_lint(const struct lint *lint, const struct vendor *vendor)
{
	suffix_rules_lint(lint, vendor, "domains", &vendor->domains);
	suffix_rules_lint(lint, vendor, "envelope", &vendor->envelope);
	if (vendor->dkim.list != vendor->domains.list)
		suffix_rules_lint(lint, vendor, "dkim", &vendor->dkim);
}

/* ---- written networks ---- */

/* No mail comes from there over the Internet (IANA special-purpose registries). */
static const struct special {
	const char *network, *what;
} specials[] = {
	{ "0.0.0.0/8", "not for hosts (RFC 791)" },
	{ "10.0.0.0/8", "private (RFC 1918)" },
	{ "100.64.0.0/10", "for carrier-grade NAT (RFC 6598)" },
	{ "127.0.0.0/8", "loopback (RFC 1122)" },
	{ "169.254.0.0/16", "link-local (RFC 3927)" },
	{ "172.16.0.0/12", "private (RFC 1918)" },
	{ "192.0.2.0/24", "for documentation (RFC 5737)" },
	{ "192.168.0.0/16", "private (RFC 1918)" },
	{ "198.18.0.0/15", "for benchmarks (RFC 2544)" },
	{ "198.51.100.0/24", "for documentation (RFC 5737)" },
	{ "203.0.113.0/24", "for documentation (RFC 5737)" },
	{ "224.0.0.0/4", "multicast (RFC 5771)" },
	{ "240.0.0.0/4", "reserved (RFC 1112)" },
	{ "::1", "loopback (RFC 4291)" },
	{ "2001:db8::/32", "for documentation (RFC 3849)" },
	{ "3fff::/20", "for documentation (RFC 9637)" },
	{ "fc00::/7", "private (RFC 4193)" },
	{ "fe80::/10", "link-local (RFC 4291)" },
	{ "ff00::/8", "multicast (RFC 4291)" },
};
enum { SPECIALS = sizeof specials / sizeof specials[0] };

static const struct special *
special_of(const struct prefix known[SPECIALS], const struct prefix *prefix)
{
	for (size_t i = 0; i < SPECIALS; i++)
		if (prefix_overlaps(&known[i], prefix))
			return &specials[i];
	return NULL;
}

/* Only the first one of each source: that is enough to make somebody look at it. */
static void
special_lint(const struct lint *lint, const struct vendor *vendor)
{
	struct prefix known[SPECIALS];
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < SPECIALS; i++)
		if (!prefix_read(specials[i].network, &known[i], NULL))
			known[i] = (struct prefix){ 0 };
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];

		for (size_t j = 0; j < source->prefix_count; j++) {
			const struct special *special = special_of(known, &source->prefixes[j]);

			if (special == NULL)
				continue;
			warning_add(lint->faults, vendor, WARNING_SPECIAL_NETWORK, vendor->sources_file, source->line,
			    "%s of '%s' is or holds address space that is %s, from which no vendor sends; "
			    "write the vendor's own networks",
			    prefix_write(&source->prefixes[j], text), vendor->name, special->what);
			break;
		}
	}
}

/* ---- dates ---- */

/* The last date in a text: "2019-06-11 to 2022-01-04"; "" without one. */
static void
date_find(const char *text, char out[DATE_LENGTH + 1])
{
	size_t length = strlen(text);

	for (size_t i = length; i-- > 0;) {
		if (length - i < DATE_LENGTH)
			continue;
		memcpy(out, text + i, DATE_LENGTH);
		out[DATE_LENGTH] = '\0';
		if (value_date(out, NULL))
			return;
	}
	out[0] = '\0';
}

/* Dates in the form YYYY-MM-DD compare as strings. */
static void
age_lint(const struct lint *lint, const struct vendor *vendor)
{
	const struct evidence *newest = NULL;
	char latest[DATE_LENGTH + 1] = "", seen[DATE_LENGTH + 1];
	const char *as_of = "";

	for (size_t i = 0; i < vendor->source_count; i++)
		if (strcmp(vendor->sources[i].as_of, as_of) > 0)
			as_of = vendor->sources[i].as_of;
	for (size_t i = 0; i < vendor->evidence_count; i++) {
		date_find(vendor->evidence[i].seen, seen);
		if (strcmp(seen, latest) <= 0)
			continue;
		memcpy(latest, seen, sizeof latest);
		newest = &vendor->evidence[i];
	}
	if (newest != NULL && as_of[0] != '\0' && strcmp(latest, as_of) > 0)
		warning_add(lint->faults, vendor, WARNING_EVIDENCE_NEWER, vendor->file, 0,
		    "the sources of '%s' are older than its evidence: the latest as_of is %s, but \"%.100s\" was "
		    "seen on %s; compare them, then write that day as as_of",
		    vendor->name, as_of, newest->what, latest);
}

static const char *
day_write(int64_t seconds, char out[DATE_TEXT])
{
	time_t when = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(out, DATE_TEXT, "%Y-%m-%d", &tm) == 0)
		snprintf(out, DATE_TEXT, "later");
	return out;
}

static void
review_lint(const struct lint *lint, const struct vendor *vendor)
{
	int64_t grace = lint->policy->settings.review_grace;
	char end[DATE_TEXT], span[VALUE_TEXT];

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		int64_t ends = source_review_ends(source);

		if (!source->selected || lint->now < ends)
			continue;
		if (source->use != USE_MX)
			warning_add(lint->faults, vendor, WARNING_REVIEW_DUE, vendor->sources_file, source->line,
			    "the review of %s of '%s' was due by %s; check whether it is still right, then write a "
			    "later review_by",
			    source->text, vendor->name, source->review_by);
		else if (source_is_lapsed(source, lint->now, grace))
			warning_add(lint->faults, vendor, WARNING_REVIEW_LAPSED, vendor->sources_file, source->line,
			    "the review of %s of '%s' was due by %s, more than review_grace (%s) ago: it counts as "
			    "monitor only, and vouches for nothing; check whether it is still right, then write a "
			    "later review_by",
			    source->text, vendor->name, source->review_by, value_duration_write(grace * 1000, span));
		else
			warning_add(lint->faults, vendor, WARNING_REVIEW_DUE, vendor->sources_file, source->line,
			    "the review of %s of '%s' was due by %s: from %s on it counts as monitor only, and "
			    "vouches for nothing; check whether it is still right, then write a later review_by",
			    source->text, vendor->name, source->review_by, day_write(ends + grace, end));
	}
}

/* ---- all of them ---- */

typedef void vendor_lint(const struct lint *, const struct vendor *);

/* Problems of trust come first, because only the first of many warnings are kept. */
static vendor_lint *const lints[] = { breadth_lint, exclusive_lint, forwarding_lint, suffix_lint, special_lint,
	review_lint, age_lint };

void
lint_policy(const struct policy *policy, const struct suffix_list *suffixes, int64_t now, struct faults *faults)
{
	const struct lint lint = { policy, suffixes, now, faults };

	for (size_t i = 0; i < policy->vendor_count; i++)
		shared_trust_lint(&lint, &policy->vendors[i]);
	for (size_t i = 0; i < policy->vendor_count; i++)
		for (size_t j = 0; j < sizeof lints / sizeof lints[0]; j++)
			lints[j](&lint, &policy->vendors[i]);
	lint_own(policy, suffixes, faults);
	lint_strangers(policy, faults);
	lint_overlaps(policy, faults);
}

void
lint_reviews(const struct policy *policy, int64_t now, struct faults *faults)
{
	const struct lint lint = { policy, NULL, now, faults };

	for (size_t i = 0; i < policy->vendor_count; i++)
		review_lint(&lint, &policy->vendors[i]);
}
