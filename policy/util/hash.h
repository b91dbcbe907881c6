/*
 * hash.h - numbers from bytes: one that is the same everywhere, one that nobody can predict.
 *
 * hash_bytes is kept beyond a run (in names of files, greylist keys, fingerprints, saved reports) and compared between
 * hosts, so it never changes. Anybody can make bytes that collide in it, so it serves only tables whose
 * keys the administrator or a vendor chooses, or where a collision costs nobody else anything. Tables of what
 * strangers send use hash_keyed. Never makes a seed.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a, 64 bits (Fowler, Noll, Vo). Continues from `hash`; begin with HASH_START. */
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length);
uint64_t hash_string(uint64_t hash, const char *); /* without its NUL */

/* For sets of numbers in memory: takes each number whole, in half the time of hash_bytes. Needs no hash_fold. */
uint64_t hash_numbers(const uint32_t *, size_t count);

/* For a hash's place in a table: brings all its bits into the low 32, which hash_bytes alone fills unevenly. */
uint64_t hash_fold(uint64_t hash);

/* SipHash-1-3 (Aumasson, Bernstein): nobody can make bytes collide without the random seed. Never stored. */
uint64_t hash_keyed(const uint64_t seed[2], const void *bytes, size_t length);

#endif
