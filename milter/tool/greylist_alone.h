/*
 * greylist_alone.h - answers what is asked of a greylist where no daemon runs: from the files of LMDB, or from a Redis.
 *
 * By greylist_requests.h, as the daemon does, so that answers are the same. Files are only read: what the daemon has open is its
 * own. A Redis is anybody's who is named to it, so that its tuples are let pass and forgotten as well, and the log says so.
 */
#ifndef GREYLIST_ALONE_H
#define GREYLIST_ALONE_H

#include <stdbool.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

struct greylist_alone;

/* absent: why the daemon cannot be asked, which is said. changes: not only to read. NULL: *status is what to exit with,
 * and it was said why. Given. */
struct greylist_alone *greylist_alone_open(const char *config, const struct fault *absent, bool changes, int *status);
void greylist_alone_close(struct greylist_alone *); /* NULL is fine */

/* words is a request as in greylist_requests.h. 0: the answer is in out; otherwise what to exit with, and it was said
 * why: `changed` of out is what had been done. */
int greylist_alone_answer(struct greylist_alone *, const char *words, struct text *out);

/* May the caller read the LMDB store in this directory? False: that was said, and the command exits with EX_NOPERM. */
bool greylist_may_read(const char *path) MUST_USE;

#endif
