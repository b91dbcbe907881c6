/*
 * oom_alloc.h - an allocator that fails on request: the linker's --wrap puts it between our own code and the C library.
 *
 * Covers the allocations of our own code, those of OpenSSL through the allocator that we give it, and the calls of
 * libspf2, libidn2 and libconfig that report lack of memory by their result. Other allocations of the libraries are
 * not covered: some of them end the process then (doc/DESIGN.md). One thread at a time.
 */
#ifndef OOM_ALLOC_H
#define OOM_ALLOC_H

#include <stdbool.h>

/* Counts from 1 on; the allocation of this number fails, once; 0: none. */
void oom_begin(unsigned long fails);

/* Only allocations in between count. */
void oom_arm(bool);

unsigned long oom_count(void);

/* For other wraps: counts an allocation, and says whether it is the one that fails. */
bool oom_fails(void);

#endif
