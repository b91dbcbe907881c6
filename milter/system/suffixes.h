/*
 * suffixes.h - the public suffix list of this host, for suffix.h.
 *
 * The host's own, which its packages keep fresh, or else the one that was built into libpsl.
 */
#ifndef SUFFIXES_H
#define SUFFIXES_H

#include "policy/util/suffix.h"

struct suffix_list suffixes_open(void); /* given */
void suffixes_close(struct suffix_list *);

#endif
