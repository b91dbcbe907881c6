#include <string.h>

#include "policy/review/judge_again.h"
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

/* Nothing was found out about mail that was exempt then. */
static bool
is_known(const struct judge *judge, const struct recorded *recorded, struct judged_again *out)
{
	static const struct {
		const char *slug, *what;
	} missing[] = { [WANT_SPF] = { "needs-spf", "SPF was not asked then" },
		[WANT_SOURCE] = { "needs-source", "a source that must be asked for each address was not asked then" },
		[WANT_SPF_FROM] = { "needs-spf-from", "SPF of the author's domain was not asked then" },
		[WANT_DMARC] = { "needs-dmarc", "DMARC of the author was not asked then" } };
	enum want want;

	if (recorded->outcome == OUTCOME_EXEMPT)
		return cannot(out, "was-exempt", "it was exempt, so nothing was found out about it");
	if (recorded->facts.failed) /* nothing more was asked, and nothing matters any more */
		return true;
	want = wants_next(judge, &recorded->facts).want;
	return want == WANT_NOTHING || cannot(out, missing[want].slug, missing[want].what);
}

/* Where the greylist was asked, it replies as it did then. */
static enum action
with_greylist(const struct recorded *recorded, const struct verdict *verdict)
{
	enum action would = verdict->would;

	/* what is still open at RCPT goes the stranger's way, whatever the end will bring */
	if (recorded->facts.stage < STAGE_EOM && verdict->outcome == OUTCOME_UNSURE)
		return recorded->outcome == OUTCOME_UNSURE ? recorded->would : ACTION_GREYLIST;
	if (would != ACTION_GREYLIST)
		return would;
	if (recorded->greylist != GREYLIST_OFF)
		return greylist_state_waits(recorded->greylist) ? ACTION_GREYLIST : verdict->past_greylist;
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
	out->would = with_greylist(recorded, &out->verdict);
	out->differs = out->verdict.outcome != recorded->outcome || out->would != recorded->would ||
	    strcmp(reason_slug(out->verdict.reason), recorded->reason) != 0;
}

/* Does the verdict wait for a source that is new, and that nobody has asked yet? */
static bool
lacks_new_source(const struct rules_again *rules, const struct judged_again *judged)
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
	if (lacks_new_source(rules, out))
		(void)cannot(out, "new-source", "it depends on a source that is new and was never asked");
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
