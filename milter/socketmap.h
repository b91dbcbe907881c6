/*
 * socketmap.h - Sendmail's socket map: a ruleset asks whether greenlane vouches for a sender, and tells the
 * greylister behind it.
 *
 * Floor 11. The key is "CLIENT,SENDER"; the answer "OK WHITE" or "NOTFOUND ". Decides as delegate does.
 */
#ifndef SOCKETMAP_H
#define SOCKETMAP_H

#include "listen.h"
#include "message.h"

struct socketmap;

/* Serves the door, which is given, also when NULL is answered. The house is kept. Given. */
struct socketmap *socketmap_open(const struct house *, struct door *, unsigned most_callers,
    struct fault *why) MUST_USE;

/* So many callers at once from now on. */
void socketmap_let(struct socketmap *, unsigned most_callers);

/* Answers what is under way, then closes the door. NULL is fine. */
void socketmap_close(struct socketmap *);

#endif
