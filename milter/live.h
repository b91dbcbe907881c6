/*
 * live.h - reads the configuration's files, and lends the policy that is in force.
 *
 * Floor 9. A reload builds a new world and swaps one pointer: a message borrows a snapshot at MAIL
 * and gives it back at its end, so no mail is judged half by the old rules. No lock is held
 * while judging.
 */
#ifndef LIVE_H
#define LIVE_H

#include "claim.h"
#include "fault.h"
#include "policy.h"
#include "ranges.h"

/* Reads greenlane.conf at `path` and every file that it names, the shared senders of all other
 * vendor files, and judges what is too broad (lint.h). NULL when one fault is an error; all faults
 * are added. Given. */
struct policy *live_read(const char *path, struct faults *) MUST_USE;

/* A policy of the one vendor of this name, whose file stands in one of the folders as in vendor_path. NULL and
 * faults as above. Given. */
struct policy *live_read_vendor(const struct strings *folders, const char *name, struct faults *) MUST_USE;

struct live;
struct snapshot {
	struct judge judge;     /* policy and ranges; borrowed until live_return */
	uint64_t policy_number; /* another policy has another, even where memory is used again; from 1 on */
};

struct live *live_open(struct fault *why) MUST_USE; /* given; holds no policy yet */
void live_close(struct live *);                     /* all snapshots must have been returned */

/* policy NULL: the one in force stays and only its ranges change. Both are given, also when
 * false (without memory): then what stood still stands. */
bool live_publish(struct live *, struct policy *policy, struct ranges *ranges, struct fault *why) MUST_USE;

/* Any thread. NULL only before the first publish. */
const struct snapshot *live_borrow(struct live *) MUST_USE;
void live_return(struct live *, const struct snapshot *); /* NULL is fine */

#endif
