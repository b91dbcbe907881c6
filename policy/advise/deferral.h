/*
 * deferral.h - who deferred a recipient, read from the words of the deferral, and what stops it.
 *
 * One table of what greylisters and other checks say by default. Words that a site has
 * changed match nobody: they get the general row, never NULL. Postfix takes what comes
 * before the second blank for the address, and a text without one ("4.3.5 Server configuration
 * error") arrives without its first word.
 */
#ifndef DEFERRAL_H
#define DEFERRAL_H

#include <stdbool.h>

struct deferral {
	const char *words;  /* what it says, in upper or lower case; "" : anything */
	const char *who;    /* "postgrey"; with an article where it is not a name */
	const char *remedy; /* what to do about it: an imperative clause */
	bool greylister;    /* false: some other check, which may have its reasons */
};

/* text is the refusal, with or without its code. */
const struct deferral *deferral_read(const char *text);

#endif
