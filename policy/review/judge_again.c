#include <stdio.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "policy/review/privacy.h"
#include "policy/verdict/passed_by.h"
#include "policy/verdict/relay.h"
#include "policy/verdict/verdict.h"

static bool
cannot(struct judged_again *out, const char *slug, const char *what)
{
	out->cannot = slug;
	out->cannot_what = what;
	return false;
}

/* Was it refused before it was judged, for what no record tells again? */
static bool
was_refused_unjudged(const struct recorded *recorded)
{
	return strcmp(recorded->reason, reason_slug(REASON_RELAYING)) == 0 ||
	    strcmp(recorded->reason, reason_slug(REASON_RECIPIENT_DIFFERS)) == 0;
}

/* Can it be judged at all, whatever the policy? */
static bool
is_told(const struct recorded *recorded, struct judged_again *out)
{
	if (!recorded->sources_told)
		return cannot(out, "version-1", "it is of version 1, which does not say which sources listed the client");
	if (recorded->sources_cut)
		return cannot(out, "sources-cut", "more sources had something to say than a record holds");
	if (was_refused_unjudged(recorded))
		return cannot(out, "refused-at-rcpt", "it was refused at RCPT, before it was judged");
	return true;
}

/* Whose mail it is, was found out by the relays and networks of the policy then: do those of this one say the same? */
static bool
is_same_client(const struct judge *judge, const struct facts *facts)
{
	const struct relay *relay;
	bool relayed = relay_find(judge, &facts->peer, &relay) == YES;

	if (relayed || facts->via[0] != '\0')
		return relayed && facts->via[0] != '\0';
	return relay_hides_client(judge->policy, &facts->peer) == facts->client_hidden;
}

/* Nothing was found out about mail that was exempt then. */
static bool
is_known(const struct judge *judge, const struct recorded *recorded, struct judged_again *out)
{
	static const struct {
		const char *slug, *what;
	} missing[] = { [WANT_SPF] = { "needs-spf", "SPF was not asked then" },
		[WANT_SOURCE] = { "needs-source", "a source that must be asked for each address was not asked then" },
		[WANT_IPREV] = { "needs-client-name", "the client's name was not looked up then" },
		[WANT_SPF_FROM] = { "needs-spf-from", "SPF of the author's domain was not asked then" },
		[WANT_DMARC] = { "needs-dmarc", "DMARC of the author was not asked then" } };
	enum want want;
	const char *what, *hidden = privacy_lacks(judge->policy, recorded, &what);

	if (recorded->outcome == OUTCOME_EXEMPT)
		return cannot(out, "was-exempt", "it was exempt, so nothing was found out about it");
	if (!is_same_client(judge, &recorded->facts))
		return cannot(out, "client-differs",
		    "other relays or networks of ours make it another client's mail, which nobody looked at then");
	if (hidden != NULL)
		return cannot(out, hidden, what);
	if (recorded->facts.failed) /* nothing more was asked, and nothing matters any more */
		return true;
	want = wants_next(judge, &recorded->facts).want;
	return want == WANT_NOTHING || cannot(out, missing[want].slug, missing[want].what);
}

/* What the record must say of a stranger who had to wait then, or would have without a setting. */
static bool
lacks_for_passing(enum want missing, struct judged_again *out)
{
	if (missing == WANT_DNSWL)
		return !cannot(out, "needs-dnswl", "the list that greylist.dnswl names was not asked then");
	if (missing == WANT_IPREV)
		return !cannot(out, "needs-client-name", "the client's name was not looked up then");
	return missing == WANT_SPF &&
	    !cannot(out, "needs-spf-width", "its record does not say how wide its sender's SPF record was");
}

/* A stranger who had to wait then, or whom a setting let pass: what do the settings of this policy say? A network is as known as
 * it was then. */
static enum action
with_settings(const struct policy *policy, const struct recorded *recorded, struct judged_again *out)
{
	const struct greylist_settings *settings = &policy->settings.greylist;
	enum want missing;
	enum passed_by by = passed_by_find(settings, &recorded->facts, &out->verdict, &missing);

	if (lacks_for_passing(missing, out))
		return ACTION_GREYLIST;
	if (by == PASSED_BY_NOTHING && recorded->passed_by == PASSED_BY_NETWORK && settings->auto_pass_network > 0 &&
	    passed_by_may(&recorded->facts, &out->verdict))
		by = PASSED_BY_NETWORK;
	return by == PASSED_BY_NOTHING ? ACTION_GREYLIST : out->verdict.past_greylist;
}

/* Where the greylist was asked, it replies as it did then. */
static enum action
with_greylist(const struct policy *policy, const struct recorded *recorded, struct judged_again *out)
{
	const struct verdict *verdict = &out->verdict;
	enum action would = verdict->would;

	/* what is still open at RCPT goes the stranger's way, whatever the end will bring */
	if (recorded->facts.stage < STAGE_EOM && verdict->outcome == OUTCOME_UNSURE)
		return recorded->outcome == OUTCOME_UNSURE ? recorded->would : ACTION_GREYLIST;
	if (would != ACTION_GREYLIST)
		return would;
	if (recorded->passed_by != PASSED_BY_NOTHING || greylist_state_waits(recorded->greylist))
		return with_settings(policy, recorded, out);
	if (recorded->greylist != GREYLIST_OFF)
		return verdict->past_greylist;
	/* "greylist" is the stranger's way: where that led past the greylist then, it does now */
	return recorded->outcome == verdict->outcome ? recorded->would : ACTION_GREYLIST;
}

static void
judge_known(const struct judge *judge, struct recorded *recorded, struct judged_again *out)
{
	if (verdict_exempts(judge->policy, &recorded->facts) == REASON_NONE && !is_known(judge, recorded, out))
		return;
	verdict_judge(judge, &recorded->facts, &out->verdict);
	if (out->verdict.asks_tuple) {
		(void)cannot(out, "needs-tuple", "the greylist was not asked then whether the tuple is known");
		return;
	}
	out->would = with_greylist(judge->policy, recorded, out);
	if (out->cannot != NULL)
		return;
	out->differs = out->verdict.outcome != recorded->outcome || out->would != recorded->would ||
	    strcmp(reason_slug(out->verdict.reason), recorded->reason) != 0;
}

static bool
lacks_new_source(struct judged_again *out)
{
	return cannot(out, "new-source", "it depends on a source that is new and was never asked");
}

/* Does the verdict wait for a source that is new, and that nobody has asked yet? */
static bool
waits_for_new(const struct rules_again *rules, const struct judged_again *judged)
{
	for (size_t i = 0; i < judged->verdict.claim_count; i++) {
		const struct claim *claim = &judged->verdict.claims[i];

		for (size_t j = 0; claim->listed == UNKNOWN && j < claim->vendor->source_count; j++)
			if (rules->today->is_new[claim->vendor->sources[j].number] &&
			    !judged->ranges->states[claim->vendor->sources[j].number].known)
				return true;
	}
	return false;
}

static void
weigh_new_sources(const struct rules_again *rules, struct judged_again *out)
{
	if (rules->today == NULL || out->cannot != NULL)
		return;
	for (size_t i = 0; i < out->verdict.claim_count; i++)
		if (out->verdict.claims[i].source != NULL && rules->today->is_new[out->verdict.claims[i].source->number])
			out->by_new_source = true;
	if (waits_for_new(rules, out))
		(void)lacks_new_source(out);
}

bool
judge_again(const struct rules_again *rules, struct arena *arena, struct recorded *recorded, struct judged_again *out,
    struct fault *why)
{
	const struct policy *policy = rules->policy;
	struct judge judge = { .policy = policy };

	*out = (struct judged_again){ .cannot = NULL };
	if (!is_told(recorded, out))
		return true;
	if (!record_facts_settle(policy, arena, recorded))
		return fault_set(why, "out of memory");
	out->ranges = record_sources_recall(policy, recorded->sources, recorded->source_count, rules->today,
	    &recorded->facts.client, &recorded->facts.peer, why);
	if (out->ranges == NULL)
		return false;
	judge.ranges = out->ranges;
	judge_known(&judge, recorded, out);
	weigh_new_sources(rules, out);
	return true;
}

void
judged_again_free(struct judged_again *judged)
{
	ranges_free(judged->ranges);
	judged->ranges = NULL;
}

void
judged_again_rule(const struct verdict *verdict, char out[JUDGED_AGAIN_RULE])
{
	const struct claim *claim = verdict_claim(verdict);
	const char *sentence = reason_sentence(verdict->reason);

	if (claim == NULL)
		snprintf(out, JUDGED_AGAIN_RULE, "%s", sentence);
	else if (claim->vendor->file == NULL || claim->vendor->file[0] == '\0')
		snprintf(out, JUDGED_AGAIN_RULE, "%s: %s", claim->vendor->name, sentence);
	else
		snprintf(out, JUDGED_AGAIN_RULE, "%s (%s): %s", claim->vendor->name, claim->vendor->file, sentence);
}

/* ---- beside the first verdict ---- */

/* Settling the facts under the draft writes to the authors. False without memory. */
static bool
copy_authors(struct arena *arena, struct facts *facts)
{
	struct author *copy;

	if (facts->author_count == 0)
		return true;
	copy = arena_take(arena, facts->author_count * sizeof *copy);
	if (copy == NULL)
		return false;
	memcpy(copy, facts->authors, facts->author_count * sizeof *copy);
	if (facts->from_last != NULL)
		facts->from_last = copy + (facts->from_last - facts->authors);
	facts->authors = copy;
	return true;
}

/* What was asked of sources, by name: the draft numbers them in another way. False without memory. */
static bool
copy_answers(struct arena *arena, const struct verdict_record *record, struct recorded *out)
{
	const struct facts *facts = record->facts;

	if (facts->asked_count == 0)
		return true;
	out->answers = arena_take(arena, facts->asked_count * sizeof *out->answers);
	for (size_t i = 0; out->answers != NULL && i < facts->asked_count; i++) {
		const struct asked_fact *asked = &facts->asked[i];
		const struct source *source = &record->judge->policy->sources[asked->source];

		out->answers[i] = (struct recorded_answer){ source->vendor->name, source->text, asked->passes,
			asked->silence };
	}
	out->answer_count = facts->asked_count;
	return out->answers != NULL;
}

/* What the record would say when it is read again. False without memory. */
static bool
recall(struct arena *arena, const struct verdict_record *record, struct recorded *out)
{
	*out = (struct recorded){ .version = VERDICT_RECORD_VERSION,
		.vendor = verdict_vendor(record->verdict),
		.reason = reason_slug(record->verdict->reason),
		.hidden_by = "",
		.outcome = record->verdict->outcome,
		.action = record->action,
		.would = record->would,
		.greylist = record->greylist,
		.passed_by = record->passed_by,
		.facts = *record->facts,
		.sources_told = true };
	return copy_authors(arena, &out->facts) && copy_answers(arena, record, out);
}

/* Does it wait for a source that the policy in force does not have, and that is not known yet? */
static bool
waits_for_draft(const struct judge *draft, const struct policy *in_force, const struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];

		for (size_t j = 0; claim->listed == UNKNOWN && j < claim->vendor->source_count; j++)
			if (!draft->ranges->states[claim->vendor->sources[j].number].known &&
			    !policy_has_source(in_force, &claim->vendor->sources[j]))
				return true;
	}
	return false;
}

bool
judge_beside(const struct judge *draft, const struct verdict_record *record, struct arena *arena,
    struct judged_again *out, struct fault *why)
{
	struct recorded recorded;

	*out = (struct judged_again){ .cannot = NULL };
	if (!recall(arena, record, &recorded))
		return fault_set(why, "out of memory");
	if (!is_told(&recorded, out))
		return true;
	if (!record_facts_settle(draft->policy, arena, &recorded))
		return fault_set(why, "out of memory");
	judge_known(draft, &recorded, out);
	if (out->cannot == NULL && waits_for_draft(draft, record->judge->policy, &out->verdict))
		(void)lacks_new_source(out);
	return true;
}
