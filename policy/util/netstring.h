/*
 * netstring.h - "5:hello,": one string with its length before it, as Sendmail's socket maps use it.
 *
 * Reads bytes as they arrive; refuses a length over the ceiling before it waits for the string.
 */
#ifndef NETSTRING_H
#define NETSTRING_H

#include "policy/util/frame.h"

enum { NETSTRING_MAX = 4096, NETSTRING_FRAME_MAX = NETSTRING_MAX + 6 /* with "4096:" and "," */ };

/* A frame_cut. Broken: no length, a length above NETSTRING_MAX, no comma. */
enum framing netstring_cut(struct span *bytes, struct span *out, struct fault *why);

void netstring_put(struct text *, struct span);

#endif
