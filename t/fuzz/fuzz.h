/*
 * fuzz.h - what every fuzz target has: its entry, and the check that ends it.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Feeds any bytes to what the target is for; 0. libFuzzer calls it, or replay.c with each seed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input. */
static inline void
must(bool good)
{
	if (!good)
		abort();
}

#endif
