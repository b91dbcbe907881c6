#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/look_alike.h"
#include "policy/review/suggest.h"
#include "policy/review/waiting.h"

struct suggest {
	struct suggest_rules rules;
	struct suggest_counts counts;
	struct waiting *waiting;
	struct senders *senders;
	struct use *use;
};

struct suggest *
suggest_open(const struct suggest_rules *rules)
{
	struct suggest *suggest = calloc(1, sizeof *suggest);

	if (suggest == NULL)
		return NULL;
	suggest->rules = *rules;
	suggest->waiting = waiting_open(&rules->policy->settings.greylist, rules->suffixes, rules->seed);
	suggest->senders = senders_open(rules->policy, rules->suffixes, rules->seed);
	suggest->use = use_open(rules->policy, rules->seed);
	if (suggest->waiting != NULL && suggest->senders != NULL && suggest->use != NULL)
		return suggest;
	suggest_close(suggest);
	return NULL;
}

void
suggest_close(struct suggest *suggest)
{
	if (suggest == NULL)
		return;
	waiting_close(suggest->waiting);
	senders_close(suggest->senders);
	use_close(suggest->use);
	free(suggest);
}

/* ---- counting ---- */

static void
count_broken(struct suggest_counts *counts, uint64_t number, const struct fault *why)
{
	if (counts->broken++ > 0)
		return;
	counts->broken_line = number;
	counts->broken_why = *why;
}

static void
count_time(struct suggest_counts *counts, int64_t when)
{
	counts->records++;
	if (counts->from == 0 || when < counts->from)
		counts->from = when;
	if (when > counts->to)
		counts->to = when;
}

static void
count_wait(struct suggest *suggest, const struct recorded *recorded)
{
	int64_t waited = waiting_note(suggest->waiting, recorded);
	bool passed = recorded->action != ACTION_REJECT && recorded->outcome != OUTCOME_FORGED;

	if (waited <= 0 || !passed)
		return;
	suggest->counts.waited++;
	suggest->counts.proven += senders_note(suggest->senders, recorded, waited);
}

static bool
count_use(struct suggest *suggest, struct arena *arena, struct recorded *recorded, struct fault *why)
{
	const struct rules_again rules = { suggest->rules.policy, NULL };
	struct judged_again judged;

	use_note_forger(suggest->use, recorded);
	if (!judge_again(&rules, arena, recorded, &judged, why))
		return false;
	if (judged.cannot != NULL) {
		suggest->counts.not_judgeable++;
	} else {
		suggest->counts.judged++;
		use_note(suggest->use, recorded, &judged);
	}
	judged_again_free(&judged);
	return true;
}

bool
suggest_line(struct suggest *suggest, struct span line, uint64_t number, int64_t since, struct fault *why)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault broken;
	bool done = true;

	if (arena == NULL)
		return fault_set(why, "out of memory");
	if (!record_read(arena, line, &recorded, &broken)) {
		done = !arena_failed(arena) || fault_set(why, "out of memory");
		if (done)
			count_broken(&suggest->counts, number, &broken);
	} else if (recorded.when < since) {
		suggest->counts.older++;
	} else {
		count_time(&suggest->counts, recorded.when);
		if (recorded.outcome != OUTCOME_EXEMPT) {
			count_wait(suggest, &recorded);
			done = count_use(suggest, arena, &recorded, why);
		}
	}
	arena_close(arena);
	return done;
}

/* ---- the result ---- */

const struct suggest_rules *
suggest_rules(const struct suggest *suggest)
{
	return &suggest->rules;
}

const struct suggest_counts *
suggest_counts(struct suggest *suggest)
{
	suggest->counts.dropped = senders_dropped(suggest->senders) + waiting_dropped(suggest->waiting) +
	    use_forgers_dropped(suggest->use);
	return &suggest->counts;
}

struct use *
suggest_use(struct suggest *suggest)
{
	return suggest->use;
}

static const struct vendor *
known_owner(const struct suggest_rules *rules, const char *domain)
{
	for (size_t i = 0; i < rules->known_count; i++)
		if (name_rules_hold_domain(&rules->known[i]->domains, domain))
			return rules->known[i];
	return NULL;
}

/* ---- names that look like another ---- */

/* The first of these names that it looks like; NULL: none. */
static const char *
like_one_of(const struct suggest_rules *rules, const char *domain, const struct name_rules *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (names->list[i].domain[0] != '\0' && look_alike(rules->suffixes, domain, names->list[i].domain))
			return names->list[i].domain;
	return NULL;
}

/* Our own names, those of vendors in force, those of files that are not. */
static const char *
find_like(const struct suggest_rules *rules, const char *domain, const struct vendor **whose)
{
	const struct policy *policy = rules->policy;
	const char *like = like_one_of(rules, domain, &policy->settings.own.domains);

	*whose = NULL;
	for (size_t i = 0; like == NULL && i < policy->vendor_count + rules->known_count; i++) {
		*whose = i < policy->vendor_count ? &policy->vendors[i] : rules->known[i - policy->vendor_count];
		like = like_one_of(rules, domain, &(*whose)->domains);
	}
	return like;
}

bool
suggest_sender_at(struct suggest *suggest, size_t number, struct suggest_sender *out)
{
	const struct suggest_rules *rules = &suggest->rules;
	const struct sender *sender;
	size_t count;
	void **list = senders_sort(suggest->senders, &count);

	*out = (struct suggest_sender){ .sender = NULL };
	if (number >= count)
		return false;
	sender = out->sender = list[number];
	if (sender->head.count < rules->least)
		return false;
	out->vendor = sender->claimed * 2 >= sender->head.count
	    ? policy_vendor_named(rules->policy, sender->vendor)
	    : NULL;
	if (sender->own > 0) {
		out->kind = SUGGEST_OWN;
	} else if (out->vendor != NULL) {
		out->kind = SUGGEST_OUR_FILE;
	} else if ((out->vendor = known_owner(rules, sender_domain(sender))) != NULL) {
		out->kind = SUGGEST_ENABLE;
	} else {
		out->like = find_like(rules, sender_domain(sender), &out->vendor);
		out->kind = out->like != NULL ? SUGGEST_LOOKS_LIKE : SUGGEST_DRAFT;
	}
	return true;
}

/* ---- is a draft worth anything? ---- */

/* Would the source be believed? */
static bool
is_too_wide(const struct policy *policy, const struct draft_facts *facts)
{
	for (size_t i = 0; i < facts->spf.network_count; i++) {
		const struct prefix *prefix = &facts->spf.networks[i].prefix;
		unsigned widest = prefix->base.family == ADDRESS_V4
		    ? policy->settings.refresh.widest_ipv4
		    : policy->settings.refresh.widest_ipv6;

		if (prefix->bits < widest)
			return true;
	}
	return false;
}

const char *
suggest_refusal(const struct suggest_rules *rules, const struct sender *sender, const struct draft_facts *facts)
{
	bool by_key = sender->by_dkim > 0 && draft_has_key(facts);

	if (by_key)
		return NULL;
	if (sender->by_spf == 0)
		return "the key of its signatures is not published (any more), and nothing else proved it";
	if (facts->spf.state == DRAFT_SPF_OPEN)
		return "its SPF record ends in +all: it passes everybody and proves nothing";
	if (facts->spf.state == DRAFT_SPF_BROKEN ||
	    (facts->spf.state == DRAFT_SPF_USABLE && is_too_wide(rules->policy, facts)))
		return "its SPF record is wrong, or passes so many addresses that it proves nothing";
	if (facts->spf.state != DRAFT_SPF_USABLE)
		return sender->by_dkim == 0
		    ? "SPF proved it then, and it publishes no record (any more) that could"
		    : "neither the key of its signatures nor an SPF record that could prove it is published (any more)";
	return NULL;
}

/* ---- vouch and enforce ---- */

bool
suggest_is_clean(const struct vendor *vendor, const struct vendor_use *use)
{
	return use->forged == 0 && use->unsure == 0 && (vendor->on_unproven != ACTION_REJECT || use->unproven == 0);
}

bool
suggest_may_enforce(const struct vendor *vendor, const struct vendor_use *use)
{
	return vendor->mode == MODE_VOUCH && suggest_is_clean(vendor, use) && use->vouched >= SUGGEST_ENFORCE_LEAST;
}

/* ---- a name for the file ---- */

static bool
name_is_taken(const struct suggest_rules *rules, const char *name)
{
	for (size_t i = 0; i < rules->known_count; i++)
		if (strcmp(rules->known[i]->name, name) == 0)
			return true;
	return strcmp(name, "own") == 0 || policy_vendor_named(rules->policy, name) != NULL;
}

void
suggest_name(const struct suggest_rules *rules, const struct sender *sender, char out[VENDOR_NAME_TEXT])
{
	const char *owner = sender->head.name;

	snprintf(out, VENDOR_NAME_TEXT, "%.*s", (int)strcspn(owner, "."), owner);
	if (!name_is_taken(rules, out))
		return;
	snprintf(out, VENDOR_NAME_TEXT, "%.54s", owner);
	for (char *at = out; *at != '\0'; at++)
		*at = *at == '.' ? '-' : *at;
	if (name_is_taken(rules, out))
		snprintf(out + strlen(out), VENDOR_NAME_TEXT - strlen(out), "-suggested");
}
