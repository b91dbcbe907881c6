/*
 * greylist_map.h - keeps greylist records by key, in memory, up to a limit.
 *
 * The memory store is such a map; the LMDB store keeps the records that wait to be written in two of them.
 * Takes no lock: its owner holds one. The hash has a random key, because senders choose the keys of the map.
 */
#ifndef GREYLIST_MAP_H
#define GREYLIST_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/rules/greylist.h"
#include "policy/util/fault.h"

struct greylist_map;

/* At most ceiling records. NULL without memory. Given. */
struct greylist_map *greylist_map_open(size_t ceiling) MUST_USE;
void greylist_map_close(struct greylist_map *); /* NULL is fine */

size_t greylist_map_count(const struct greylist_map *);
bool greylist_map_is_full(const struct greylist_map *);

bool greylist_map_get(const struct greylist_map *, const char *key, size_t length, struct greylist_record *out);

/* Adds or replaces a record, which is then the youngest. False when full or without memory. */
bool greylist_map_put(struct greylist_map *, const char *key, size_t length, const struct greylist_record *);

void greylist_map_drop_oldest(struct greylist_map *);
void greylist_map_clear(struct greylist_map *);

/* Calls `each` from the oldest to the youngest, until it returns false. Returns whether it reached the end. */
bool greylist_map_walk(const struct greylist_map *,
    bool (*each)(void *context, const char *key, size_t length, const struct greylist_record *), void *context);

/* Checks about `most` records from *place on and drops those for which `dead` returns true. *place is 0 at first and
 * after a whole round. The map may change between two calls: a record that stays is checked at least once a round. */
void greylist_map_sweep(struct greylist_map *, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, size_t *place, size_t most);

#endif
