/*
 * tries.h - the tries of a message, found in records and log lines that come in any order.
 *
 * Tries of one message share normalised sender, a recipient and the network part (greylist.h), and follow each other within
 * retry_window; one that ended in a reply for good ends the message. Never opens a file.
 *
 * Used in two passes over the same lines: tries_match notes what is asked for, tries_keep keeps all tries of that.
 */
#ifndef TRIES_H
#define TRIES_H

#include "policy/review/log_line.h"
#include "policy/rules/policy.h"
#include "policy/util/suffix.h"

/* What is asked for; NULL or 0 is not asked. Borrowed. */
struct tries_query {
	const char *handle;   /* id of the verdict, queue id or Message-ID */
	const char *rcpt;     /* an address, or a domain */
	const char *from;     /* the same, of an author or the envelope sender */
	const char *vendor;   /* its name */
	struct prefix client; /* family ADDRESS_NONE: any */
	int64_t since, until; /* milliseconds since 1970 */
	/* how log.privacy hides the first three by this key; NULL: it is not at hand */
	const char *hidden_by, *hidden_handle, *hidden_rcpt, *hidden_from;
};

/* Is this what is asked for? */
bool tries_query_holds(const struct tries_query *, const struct recorded *);

enum { TRIES_KEPT = 20000, TRIES_BYTES = 256 * 1024 * 1024 };

struct tries;

/* settings and suffixes are borrowed. Given; NULL without memory. */
struct tries *tries_open(const struct tries_query *, const struct greylist_settings *,
    const struct suffix_list *) MUST_USE;
void tries_close(struct tries *); /* NULL is fine */

/* First pass. False without memory. */
bool tries_match(struct tries *, const struct recorded *) MUST_USE;
/* The lines that come are of this file, as a person should be told; kept. NULL: he is not told. */
void tries_come_from(struct tries *, const char *file);
/* Second pass: keeps a copy of the line if it is a try of what was matched. False without memory, or above TRIES_KEPT or
 * TRIES_BYTES: why says what to narrow. */
bool tries_keep(struct tries *, enum log_form, const struct recorded *, struct span line, struct fault *why) MUST_USE;

struct
try {
	int64_t when;
	enum log_form form;
	struct span line;    /* as it came */
	bool matched, final; /* it is what was asked for; its reply was for good */
	uint64_t verdict;    /* which one it is (verdict_seen.h) */
	const char *file;    /* that it came from; NULL: it was not said */
	uint64_t *keys;      /* of its recipients */
	size_t key_count;
	size_t message; /* which message it is a try of */
};

/* All kept tries, each once: by message, and by time within each; messages by their first try. Only those of messages
 * of which some try matched. Borrowed. */
const struct try *tries_sort(struct tries *, int64_t retry_window, size_t *count);

#endif
