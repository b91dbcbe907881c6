/*
 * snapshot.h - lends the policy that is in force, with its ranges.
 *
 * A reload or a refreshed source publishes a new snapshot by swapping one pointer: a message
 * borrows one at MAIL and returns it at its end, so that one policy judges the whole message. No
 * lock is held while judging. Never reads a file: config_files.h does.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "policy/rules/policy.h"
#include "policy/sources/ranges.h"
#include "policy/util/fault.h"
#include "policy/verdict/claim.h"

struct snapshots;
struct snapshot {
	struct judge judge;     /* policy and ranges; borrowed until snapshot_return */
	struct judge draft;     /* judged beside it: the policy's draft; policy NULL: there is none */
	uint64_t policy_number; /* from 1 on; differs for each policy, even where memory is reused */
};

struct snapshots *snapshots_open(struct fault *why) MUST_USE; /* given; holds no policy yet */
void snapshots_close(struct snapshots *);                     /* all snapshots must have been returned */

/* policy NULL: the one in force stays and only its ranges change. Takes over both, also when
 * false (out of memory): then the old snapshot stays in force. of_draft: the ranges of the policy's draft, or of the draft
 * of the one in force; taken over too. NULL: it has no draft. */
bool snapshot_publish(struct snapshots *, struct policy *policy, struct ranges *ranges, struct ranges *of_draft,
    struct fault *why) MUST_USE;

/* Any thread. NULL only before the first publish. */
const struct snapshot *snapshot_borrow(struct snapshots *) MUST_USE;
void snapshot_return(struct snapshots *, const struct snapshot *); /* NULL is fine */

#endif
