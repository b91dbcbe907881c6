/*
 * crypto_memory.h - reports when OpenSSL ran out of memory, which OpenSSL itself does not.
 *
 * A key or signature that fails for lack of memory looks like a bad one, and mail with a bad signature may be
 * refused. OpenSSL takes one allocator for the whole process: this one is malloc, and counts its failures.
 */
#ifndef CRYPTO_MEMORY_H
#define CRYPTO_MEMORY_H

#include <stdbool.h>

/* Call before the first use of OpenSSL. False: OpenSSL has been used already, and nothing is counted. */
bool crypto_memory_take(void);

/* How many of OpenSSL's allocations failed in this thread. If two calls in one thread differ, what OpenSSL did in
 * between may have failed. */
unsigned long crypto_memory_failures(void);

#endif
