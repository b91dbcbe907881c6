/*
 * hidden_query.h - finds by a clear address what log.privacy has hidden, where the caller may read the host's key.
 *
 * Never shows what was hidden: it hashes what was asked for.
 */
#ifndef HIDDEN_QUERY_H
#define HIDDEN_QUERY_H

#include "milter/system/privacy_key.h"
#include "policy/review/tries.h"

struct hidden_query {
	bool names; /* a local part or a Message-ID is asked for */
	enum privacy_key_got got;
	struct privacy_key key;
	struct fault why; /* why there is no key */
	struct arena *arena;
	uint64_t closed; /* verdicts that another key hides, or one that we do not have */
};

/* Adds to the query how this host hides what it asks for. Without a key it stays as it is. False without memory. */
bool hidden_query_open(struct hidden_query *, const char *state_dir, struct tries_query *) MUST_USE;
void hidden_query_close(struct hidden_query *);

/* Notes whether this verdict can be compared. */
void hidden_query_note(struct hidden_query *, const struct recorded *);

/* Once all were noted: may the answer be given? 0, or the exit status after an error was said; a doubt is said, too. */
int hidden_query_settle(const struct hidden_query *) MUST_USE;

#endif
