/*
 * hash_t.c - the hashes give the published values: the plain one for ever, because it is stored on disk.
 */
#include <string.h>

#include "policy/util/hash.h"
#include "t/lib/tap.h"

/* draft-eastlake-fnv, appendix C: FNV-1a, 64 bits. */
static const struct {
	const char *name, *bytes;
	uint64_t hash;
} plain[] = {
	{ "nothing", "", UINT64_C(0xcbf29ce484222325) },
	{ "one byte", "a", UINT64_C(0xaf63dc4c8601ec8c) },
	{ "six bytes", "foobar", UINT64_C(0x85944171f73967e8) },
	{ "a byte above 0x7f", "\xff", UINT64_C(0xaf64724c8602eb6e) },
};

static const uint64_t zeros[2] = { 0, 0 }, rising[2] = { UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) };

/* As Python 3.11 hashes bytes under PYTHONHASHSEED=0, and as the vectors of Rust's core library. */
static const struct {
	const char *name;
	const uint64_t *seed;
	const char *bytes;
	uint64_t hash;
} keyed[] = {
	{ "nothing", rising, "", UINT64_C(0xabac0158050fc4dc) },
	{ "one byte", zeros, "a", UINT64_C(0x407448d2b89b1813) },
	{ "seven bytes", zeros, "example", UINT64_C(0xcf5a8cd89871f5e5) },
	{ "a whole word", zeros, "autotask", UINT64_C(0x49f0918c11739ce6) },
	{ "some words", zeros, "192.0.2.0/24 and more", UINT64_C(0x3a282c7797de8c8e) },
};

int
main(void)
{
	const uint64_t other[2] = { 0, 1 };

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		ok(hash_bytes(HASH_START, plain[i].bytes, strlen(plain[i].bytes)) == plain[i].hash, "%s", plain[i].name);
		ok(hash_string(HASH_START, plain[i].bytes) == plain[i].hash, "%s, as a string", plain[i].name);
	}
	ok(hash_string(hash_bytes(HASH_START, "foo", 3), "bar") == hash_string(HASH_START, "foobar"),
	    "the same in pieces");
	ok(hash_bytes(HASH_START, "a\0b", 3) != hash_bytes(HASH_START, "a\0c", 3), "NUL is a byte");
	ok(hash_fold(UINT64_C(0x1234567800000001)) == UINT64_C(0x1234567812345679),
	    "folded, the high half reaches the low one");
	ok(hash_numbers((const uint32_t[]){ 1, 2 }, 2) != hash_numbers((const uint32_t[]){ 2, 1 }, 2) &&
		hash_numbers((const uint32_t[]){ 0 }, 1) != hash_numbers((const uint32_t[]){ 0, 0 }, 2),
	    "of numbers, order and count matter");
	for (size_t i = 0; i < sizeof keyed / sizeof *keyed; i++)
		ok(hash_keyed(keyed[i].seed, keyed[i].bytes, strlen(keyed[i].bytes)) == keyed[i].hash, "keyed: %s",
		    keyed[i].name);
	ok(hash_keyed(zeros, "example", 7) != hash_keyed(other, "example", 7), "another seed gives another number");
	return done();
}
