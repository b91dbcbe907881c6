/*
 * oom_alloc.h - memory that runs out when told to: the linker's --wrap puts it between our own code and the C library.
 *
 * What fails is what our code asks for itself, what OpenSSL asks for by the allocator that we give it, and the calls of
 * libspf2, libidn2 and libconfig that say by what they return that there is none. What the libraries ask malloc for in other
 * ways is not met: some of them end the process then (doc/DESIGN.md). One thread at a time.
 */
#ifndef OOM_ALLOC_H
#define OOM_ALLOC_H

#include <stdbool.h>

/* Counts from 1 on; the allocation of this number fails, once; 0: none. */
void oom_begin(unsigned long fails);

/* Only what is asked for meanwhile counts. */
void oom_arm(bool);

unsigned long oom_count(void);

#endif
