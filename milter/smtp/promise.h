/*
 * promise.h - remembers a session until its message ends: its SPF result, and whether we promised passage.
 *
 * The policy delegation and the milter see the same session over two protocols, in either order: what
 * one has found out, the other need not ask again. Limited in size: what is lost is asked again. Any
 * thread may call.
 */
#ifndef PROMISE_H
#define PROMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/rules/vendor.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { PROMISE_LIFE = 600 /* seconds */ };

struct promises;

/* At most `most` sessions: new ones replace the oldest. Given. */
struct promises *promises_open(size_t most, struct fault *why) MUST_USE;
void promises_close(struct promises *); /* NULL is fine */

/* facts identify the session by client, port and mail_from; now is the time. With promises NULL nothing is
 * known and nothing is kept. */

/* Keeps facts->spf; it is found again only if the HELO is the same and the port is known. */
void promise_keep_spf(struct promises *, const struct facts *);
/* Fills facts->spf; its domain is in the arena. */
bool promise_find_spf(struct promises *, struct facts *, struct arena *) MUST_USE;

/* This vendor's policy promised passage; nothing is promised (any more). */
void promise_make(struct promises *, const struct facts *, const char *vendor);
void promise_drop(struct promises *, const struct facts *);

/* The message has ended, vouched or not: returns whether it was promised passage, and by whose policy. Forgets it. */
bool promise_settle(struct promises *, const struct facts *, bool vouched, char vendor[VENDOR_NAME_TEXT]) MUST_USE;

/* Counts since the start. */
struct promise_counts {
	unsigned long made, kept, revoked;
	unsigned long spf_shared; /* checks that one protocol saved the other */
};
struct promise_counts promise_counts(struct promises *);

#endif
