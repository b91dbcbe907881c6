/*
 * promise.h - what Postfix was told of a session, until its message ends: SPF, and who was promised passage.
 *
 * The policy delegation and the milter see one session over two protocols, in either order: what
 * one found out the other need not ask again. Bounded and forgetful: what is lost is asked again. Any
 * thread may call.
 */
#ifndef PROMISE_H
#define PROMISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/facts.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { PROMISE_LIFE = 600 /* seconds */, PROMISE_VENDOR = 65 };

struct promises;

/* At most `most` sessions: the oldest give way. Given. */
struct promises *promises_open(size_t most, struct fault *why) MUST_USE;
void promises_close(struct promises *); /* NULL is fine */

/* facts name the session: client, port, mail_from; now is their time. Without promises (NULL) nothing is
 * known and nothing is kept. */

/* Keeps facts->spf; found again only where the HELO is the same, too, and the port is known. */
void promise_keep_spf(struct promises *, const struct facts *);
/* Fills facts->spf; its domain is in the arena. */
bool promise_find_spf(struct promises *, struct facts *, struct arena *) MUST_USE;

/* Passage was promised by this vendor's policy; it was promised nothing (any more). */
void promise_make(struct promises *, const struct facts *, const char *vendor);
void promise_drop(struct promises *, const struct facts *);

/* The message has ended, vouched or not: was it promised passage, and by whose policy? Forgets it. */
bool promise_settle(struct promises *, const struct facts *, bool vouched, char vendor[PROMISE_VENDOR])
    MUST_USE;

/* Since the start. */
struct promise_counts {
	unsigned long made, kept, revoked;
	unsigned long spf_shared; /* checks that one protocol was spared by the other */
};
struct promise_counts promise_counts(struct promises *);

#endif
