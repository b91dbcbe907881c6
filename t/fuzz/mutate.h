/*
 * mutate.h - changes seeds line by line, for formats of which a line is a piece: the same changes for the same series.
 */
#ifndef MUTATE_H
#define MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Feeds `count` inputs made of the folder's seeds: lines dropped, doubled, swapped, taken from another seed, the rest cut
 * off, bytes changed, put in and taken out. False: the folder has no seeds, or one of them was not fed. */
bool mutate_all(const char *folder, unsigned long count, uint64_t series, bool (*feed)(const uint8_t *, size_t));

#endif
