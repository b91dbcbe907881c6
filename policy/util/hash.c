#include <endian.h>
#include <string.h>

#include "policy/util/hash.h"

/* ---- the same everywhere ---- */

static uint64_t
take(uint64_t hash, unsigned char byte)
{
	return (hash ^ byte) * UINT64_C(0x100000001b3);
}

uint64_t
hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length-- > 0)
		hash = take(hash, *at++);
	return hash;
}

uint64_t
hash_string(uint64_t hash, const char *string)
{
	for (; *string != '\0'; string++)
		hash = take(hash, (unsigned char)*string);
	return hash;
}

uint64_t
hash_numbers(const uint32_t *numbers, size_t count)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < count; i++) {
		hash = (hash ^ numbers[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

uint64_t
hash_fold(uint64_t hash)
{
	return hash ^ hash >> 32;
}

/* ---- keyed ---- */

static uint64_t
turn(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

/* The next eight bytes; the last word holds the length in its highest byte. */
static uint64_t
word_at(const unsigned char *bytes, size_t at, size_t length)
{
	size_t here = length - at < 8 ? length - at : 8;
	uint64_t word = 0;

	memcpy(&word, bytes + at, here);
	return le64toh(word) | (here < 8 ? (uint64_t)length << 56 : 0);
}

uint64_t
hash_keyed(const uint64_t seed[2], const void *bytes, size_t length)
{
	uint64_t v[4] = { seed[0] ^ 0x736f6d6570736575u, seed[1] ^ 0x646f72616e646f6du, seed[0] ^ 0x6c7967656e657261u,
		seed[1] ^ 0x7465646279746573u };

	for (size_t at = 0; at <= length; at += 8) {
		uint64_t word = word_at(bytes, at, length);

		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
