/*
 * judge_again.h - judges a message again under this or another policy: from its record alone, or beside its first
 * verdict.
 *
 * Both compare in the same way. Never asks DNS: what a record does not say makes it a message that cannot be judged,
 * with the reason.
 */
#ifndef JUDGE_AGAIN_H
#define JUDGE_AGAIN_H

#include "policy/review/record_read.h"
#include "policy/review/verdict_record.h"

struct judged_again {
	const char *cannot;      /* NULL: it could be judged; else why not, a slug */
	const char *cannot_what; /* with that slug: what is missing, for a person; static */
	bool differs;            /* outcome, reason, or what would be done outside monitor mode */
	bool by_new_source;      /* a source that was not in force then lists the client today */
	struct verdict verdict;  /* borrows from the policy, the facts and the ranges */
	enum action would;       /* what would be done outside monitor mode; the greylist replies as it did then */
	struct ranges *ranges;   /* for whoever explains the verdict; free with judged_again_free */
};

enum { JUDGED_AGAIN_RULE = 256 };

/* Which rule of the policy decided: "acme (acme.conf): its mail is ...". */
void judged_again_rule(const struct verdict *, char out[JUDGED_AGAIN_RULE]);

/* The rules by which to judge. Borrowed. */
struct rules_again {
	const struct policy *policy;
	const struct sources_today *today; /* NULL: each of its sources was in force then */
};

/* Settles the record's facts under the policy, and judges. False without memory. */
bool judge_again(const struct rules_again *, struct arena *, struct recorded *, struct judged_again *out,
    struct fault *why) MUST_USE;
void judged_again_free(struct judged_again *);

/* Judges a message that was judged just now by a draft, whose ranges answer as they do now; the sources that it shares with
 * the policy in force are the same there. What is in *out lives as long as the arena. False without memory. */
bool judge_beside(const struct judge *draft, const struct verdict_record *, struct arena *, struct judged_again *out,
    struct fault *why) MUST_USE;

#endif
