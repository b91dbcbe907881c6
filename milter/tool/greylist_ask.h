/*
 * greylist_ask.h - asks for a greylist piece by piece: the running daemon, or its store while it does not run.
 *
 * Both give the same answers (greylist_requests.h). An answer in pieces comes from one of the two.
 */
#ifndef GREYLIST_ASK_H
#define GREYLIST_ASK_H

#include <stdbool.h>

#include "policy/util/text.h"

struct greylist_ask;

/* NULL without memory. config is kept. Given. */
struct greylist_ask *greylist_ask_open(const char *config);
void greylist_ask_close(struct greylist_ask *); /* NULL is fine */

/* Asks; words is a request as in greylist_requests.h, refused when it was cut. reply_max of out: GREYLIST_REPLY_MAX.
 * What may be done without the daemon, where it does not run? 0: the answer is in out; otherwise what to exit with, and
 * it was said why: `changed` of out is what had been done, and without an answer out is empty. */
enum greylist_alone_may { GREYLIST_ALONE_NEVER, GREYLIST_ALONE_READS, GREYLIST_ALONE_CHANGES };
enum { GREYLIST_REPLY_MAX = 1024 * 1024 };
int greylist_ask(struct greylist_ask *, const struct text *words, enum greylist_alone_may, struct text *out);

#endif
