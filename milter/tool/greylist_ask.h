/*
 * greylist_ask.h - asks for a greylist piece by piece: the running daemon, or its files while it does not run.
 *
 * Both give the same answers (greylist_requests.h). Only the daemon changes anything.
 */
#ifndef GREYLIST_ASK_H
#define GREYLIST_ASK_H

#include <stdbool.h>

#include "policy/util/text.h"

struct greylist_ask;

/* NULL without memory. config is kept. Given. */
struct greylist_ask *greylist_ask_open(const char *config);
void greylist_ask_close(struct greylist_ask *); /* NULL is fine */

/* Asks; words is a request as in greylist_requests.h, refused when it was cut. reply_max of out: GREYLIST_REPLY_MAX. May files answer
 * where the daemon does not run? 0: the answer is in out; otherwise what to exit with, and it was said why. */
enum { GREYLIST_REPLY_MAX = 1024 * 1024 };
int greylist_ask(struct greylist_ask *, const struct text *words, bool files_may, struct text *out);

/* May the caller read the LMDB store in this directory? False: that was said, and the command exits with EX_NOPERM. */
bool greylist_may_read(const char *path) MUST_USE;

#endif
