#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/iprev.h"
#include "policy/review/suggest_use.h"
#include "policy/verdict/evidence.h"

struct use {
	const struct policy *policy;
	struct vendor_use *vendors;
	struct source_hits {
		uint64_t records;
		bool *networks; /* NULL: they are not told */
	} * sources;
	struct kept_names *forgers;
};

bool
use_tells_networks(const struct source *source)
{
	return !source_asks_dns(source) && !source_names_hosts(source) && source->prefix_count <= USE_NETWORKS_MAX;
}

static bool
open_sources(struct use *use)
{
	const struct policy *policy = use->policy;

	for (size_t i = 0; i < policy->source_count; i++) {
		if (!use_tells_networks(&policy->sources[i]))
			continue;
		use->sources[i].networks = calloc(policy->sources[i].prefix_count + 1, sizeof(bool));
		if (use->sources[i].networks == NULL)
			return false;
	}
	return true;
}

struct use *
use_open(const struct policy *policy, const uint64_t seed[2])
{
	struct use *use = calloc(1, sizeof *use);

	if (use == NULL)
		return NULL;
	use->policy = policy;
	use->vendors = calloc(policy->vendor_count + 1, sizeof *use->vendors);
	use->sources = calloc(policy->source_count + 1, sizeof *use->sources);
	use->forgers = kept_names_open(sizeof(struct forger), USE_FORGERS_MAX, seed);
	if (use->vendors != NULL && use->sources != NULL && use->forgers != NULL && open_sources(use))
		return use;
	use_close(use);
	return NULL;
}

void
use_close(struct use *use)
{
	if (use == NULL)
		return;
	for (size_t i = 0; use->sources != NULL && i < use->policy->source_count; i++)
		free(use->sources[i].networks);
	free(use->sources);
	free(use->vendors);
	kept_names_close(use->forgers);
	free(use);
}

/* ---- vendors ---- */

static void
note_claim(struct use *use, const struct claim *claim)
{
	struct vendor_use *vendor = &use->vendors[claim->vendor->number];

	vendor->records++;
	vendor->vouched += claim->outcome == OUTCOME_VOUCHED;
	vendor->unproven += claim->outcome == OUTCOME_UNPROVEN;
	vendor->forged += claim->outcome == OUTCOME_FORGED;
	vendor->unsure += claim->outcome == OUTCOME_UNSURE;
	for (size_t i = 0; i < claim->vendor->vouch_count; i++)
		vendor->alternatives[i] += evidence_satisfies(claim, claim->reviewed, &claim->vendor->vouch[i], 1) == YES;
}

/* ---- sources ---- */

/* Did this source of the record hold the client? */
static bool
is_told(const struct recorded *recorded, const struct source *source)
{
	for (size_t i = 0; i < recorded->source_count; i++)
		if (recorded->sources[i].client && strcmp(recorded->sources[i].text, source->text) == 0 &&
		    strcmp(recorded->sources[i].vendor, source->vendor->name) == 0)
			return true;
	return false;
}

static bool
was_asked(const struct recorded *recorded, const struct source *source)
{
	for (size_t i = 0; i < recorded->answer_count; i++)
		if (recorded->answers[i].passes == YES && strcmp(recorded->answers[i].text, source->text) == 0 &&
		    strcmp(recorded->answers[i].vendor, source->vendor->name) == 0)
			return true;
	return false;
}

static bool
is_named(const struct recorded *recorded, const struct source *source)
{
	return source_names_hosts(source) && iprev_is_below(&recorded->facts.iprev, source->name) == YES;
}

static void
note_source(struct use *use, const struct source *source, const struct recorded *recorded)
{
	struct source_hits *entry = &use->sources[source->number];
	bool held = false;

	if (entry->networks == NULL) {
		entry->records += is_told(recorded, source) || was_asked(recorded, source) || is_named(recorded, source);
		return;
	}
	for (size_t i = 0; i < source->prefix_count; i++)
		if (prefix_holds(&source->prefixes[i], &recorded->facts.client))
			held = entry->networks[i] = true;
	entry->records += held;
}

void
use_note(struct use *use, const struct recorded *recorded, const struct judged_again *judged)
{
	for (size_t i = 0; i < judged->verdict.claim_count; i++) {
		const struct claim *claim = &judged->verdict.claims[i];

		if (claim->vendor->number >= use->policy->vendor_count || claim->dropped)
			continue; /* our own names, or no claim any more */
		note_claim(use, claim);
		for (size_t j = 0; j < claim->vendor->source_count; j++)
			note_source(use, &claim->vendor->sources[j], recorded);
	}
}

const struct vendor_use *
use_of_vendor(const struct use *use, const struct vendor *vendor)
{
	return &use->vendors[vendor->number];
}

uint64_t
use_of_source(const struct use *use, const struct source *source)
{
	return use->sources[source->number].records;
}

bool
use_has_network(const struct use *use, const struct source *source, size_t network)
{
	const struct source_hits *entry = &use->sources[source->number];

	return entry->networks == NULL || entry->networks[network];
}

/* ---- forgers ---- */

void
use_note_forger(struct use *use, const struct recorded *recorded)
{
	const struct greylist_settings *settings = &use->policy->settings.greylist;
	const struct address *client = &recorded->facts.client;
	struct prefix network;
	unsigned bits;
	struct forger *forger;
	char text[PREFIX_TEXT];

	if (recorded->outcome != OUTCOME_FORGED || client->family == ADDRESS_NONE || recorded->facts.client_hidden)
		return;
	bits = client->family == ADDRESS_V4 ? settings->ipv4_prefix : settings->ipv6_prefix;
	network = (struct prefix){ address_mask(*client, bits), (uint8_t)bits };
	forger = kept_names_take(use->forgers, prefix_write(&network, text));
	forger->head.count++;
	forger->last = recorded->when > forger->last ? recorded->when : forger->last;
	snprintf(forger->vendor, sizeof forger->vendor, "%s", recorded->vendor);
}

void **
use_forgers(struct use *use, size_t *count)
{
	return kept_names_sort(use->forgers, count);
}

uint64_t
use_forgers_dropped(const struct use *use)
{
	return kept_names_dropped(use->forgers);
}
