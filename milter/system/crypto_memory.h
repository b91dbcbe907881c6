/*
 * crypto_memory.h - tells when OpenSSL was short of memory, which it does not tell itself.
 *
 * A key that could not be decoded, or a signature not verified, for want of memory looks like a bad one, and mail with a bad
 * signature may be refused. OpenSSL takes an allocator for the whole process: this one is malloc, and counts.
 */
#ifndef CRYPTO_MEMORY_H
#define CRYPTO_MEMORY_H

#include <stdbool.h>

/* Before the first use of OpenSSL. False: it was used already, and nothing is counted. */
bool crypto_memory_take(void);

/* How often OpenSSL asked in vain, in this thread. What is asked between two looks of one thread has failed where they differ. */
unsigned long crypto_memory_failures(void);

#endif
