/*
 * chance.h - for tests: numbers that look random, the same in every run and on every host (splitmix64).
 */
#ifndef CHANCE_H
#define CHANCE_H

#include <stdint.h>

static inline uint64_t
chance_next(uint64_t *seed)
{
	uint64_t z = (*seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

#endif
