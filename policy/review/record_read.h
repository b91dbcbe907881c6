/*
 * record_read.h - reads a record (greenlane-record(5)) back into facts, so that it can be judged again.
 *
 * Versions 1 and 2. What a record does not say stays unknown and is reported as such, never guessed. Never opens a file.
 */
#ifndef RECORD_READ_H
#define RECORD_READ_H

#include "policy/mail/facts.h"
#include "policy/review/record_sources.h"
#include "policy/rules/greylist.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"
#include "policy/verdict/claim.h"

enum { RECORD_ARENA = 16 * 1024 * 1024 }; /* bytes of the arena that any record needs at most */

/* What a source that must be asked said, by name: its number depends on the policy. */
struct recorded_answer {
	const char *vendor, *text;
	enum tri passes;
	struct silence silence;
};

/* All strings live in the arena; "" where the record has nothing. */
struct recorded {
	int version;
	int64_t when;                /* milliseconds since 1970; of a record without `time`, of when it was judged */
	const char *id, *qid;        /* of the verdict; the MTA's */
	const char *policy, *ranges; /* fingerprints; "": not said */
	const char *vendor, *reason; /* whose policy decided, and why: a slug, perhaps of another version */
	const char *from, *signatures, *dmarc; /* as the log line shows them; signatures only from a line */
	const char *listed, *explanation;
	const char *hidden_by; /* id of the key that hid its local parts; "": nothing is hidden */
	bool at_rcpt;          /* the reply was given there, not at the end of the message */
	enum outcome outcome;
	enum action action, would; /* would is action where nothing was softened */
	enum vendor_mode mode;
	enum greylist_state greylist;
	struct greylist_tries tries;
	enum passed_by passed_by;
	int64_t ms;
	struct facts facts; /* all but what depends on the policy: see record_facts_settle */
	struct recorded_answer *answers;
	size_t answer_count;
	struct recorded_source *sources;
	size_t source_count;
	bool sources_told, sources_cut; /* version 1 has none; too many to have been written */
};

/* Reads one line. False with why, which quotes nothing of the line: it is no record, or not one of a version known here,
 * or a word in it is unknown; or no memory. */
bool record_read(struct arena *, struct span line, struct recorded *out, struct fault *why) MUST_USE;

/* Completes the facts under this policy: which of its sources were asked, whom the authors name. To be called once for
 * each policy that judges them. False without memory. */
bool record_facts_settle(const struct policy *, struct arena *, struct recorded *) MUST_USE;

#endif
