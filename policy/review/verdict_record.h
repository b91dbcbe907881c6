/*
 * verdict_record.h - the record of one verdict: a log line and a JSON object (greenlane-record(5)).
 *
 * Other programs rely on the keys and their order. Every byte from the
 * network is escaped; every value is limited in the line, and whole in the JSON.
 */
#ifndef VERDICT_RECORD_H
#define VERDICT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/rules/greylist.h"
#include "policy/rules/policy.h"
#include "policy/util/text.h"
#include "policy/verdict/verdict.h"

enum { VERDICT_RECORD_VERSION = 2, VERDICT_LINE_MAX = 7 * 1024, VERDICT_JSON_MAX = 4 * 1024 * 1024 };

/* What a draft would do, where that is something else. */
struct shadow_verdict {
	enum outcome outcome;
	enum action would;           /* outside monitor mode */
	const char *reason, *vendor; /* a slug; vendor "": no claim decided */
	const char *rule;            /* which of the draft decided, in words */
};

struct verdict_record {
	const char *id;  /* of the verdict */
	const char *qid; /* the MTA's queue id; "" while there is none */
	int64_t when;    /* milliseconds since 1970 */
	const struct judge *judge;
	const struct facts *facts;
	const struct facts *shown; /* the same with local parts hidden (privacy.h); NULL: as they are */
	const char *hidden_by;     /* id of the key that hid them; NULL, "": nothing is hidden */
	const struct verdict *verdict;
	enum stage stage;         /* where the reply was given */
	enum action action;       /* what was done */
	enum action would;        /* the same if no mode softened it; written where it differs */
	const char *const *rcpts; /* this line's recipients; may be fewer than the message's */
	size_t rcpt_count;
	enum greylist_state greylist;
	struct greylist_tries tries;
	enum passed_by passed_by;            /* the setting that let it past the greylist; written where there is one */
	int64_t ms;                          /* how long we had it */
	const char *explanation;             /* JSON only; NULL: none */
	const struct shadow_verdict *shadow; /* NULL: there is no draft, it says the same, or it could not be judged */
};

/* "id=... qid=... ..." without a newline. */
void verdict_record_write_line(const struct verdict_record *, struct text *out);

/* One JSON object, all that the verdict used; without a newline. */
void verdict_record_write_json(const struct verdict_record *, struct text *out);

#endif
