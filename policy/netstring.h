/*
 * netstring.h - "5:hello,": one string with its length before it, as Sendmail's socket maps speak.
 *
 * Floor 1. Reads from bytes as they come; a length has a ceiling before a byte of it is awaited.
 */
#ifndef NETSTRING_H
#define NETSTRING_H

#include "text.h"

enum { NETSTRING_MAX = 4096 };

enum netstring_reading {
	NETSTRING_MORE,  /* not whole yet; nothing is used up */
	NETSTRING_READY, /* *out lies in the bytes; *bytes begins behind it */
	NETSTRING_BROKEN /* no length, a length above NETSTRING_MAX, no comma */
};
enum netstring_reading netstring_cut(struct span *bytes, struct span *out);

void netstring_put(struct text *, struct span);

#endif
