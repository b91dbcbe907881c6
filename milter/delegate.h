/*
 * delegate.h - Postfix's policy delegation: a greylister that stands behind us never delays what we vouch for.
 *
 * Floor 11. Translates between the protocol and message; delegate_answer decides. Works without the
 * milter; beside it, both share SPF and the promise of passage (promise.h).
 */
#ifndef DELEGATE_H
#define DELEGATE_H

#include "listen.h"
#include "message.h"

struct delegate;

/* Serves the door, which is given, also when NULL is answered. The house is kept. Given. */
struct delegate *delegate_open(const struct house *, struct door *, unsigned most_callers,
    struct fault *why) MUST_USE;

/* So many callers at once from now on. */
void delegate_let(struct delegate *, unsigned most_callers);

/* Answers what is under way, then closes the door. NULL is fine. */
void delegate_close(struct delegate *);

#endif
