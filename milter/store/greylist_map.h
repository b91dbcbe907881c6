/*
 * greylist_map.h - greylist records by key, in memory, with a ceiling.
 *
 * What the memory store is made of, and what waits in the LMDB store to be written.
 * Knows no lock: its owner holds one. The hash is keyed by chance, for senders choose the keys.
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

/* New or in place of the old one; it is then the youngest. False when full or without memory. */
bool greylist_map_put(struct greylist_map *, const char *key, size_t length, const struct greylist_record *);

void greylist_map_drop_oldest(struct greylist_map *);
void greylist_map_clear(struct greylist_map *);

/* From the oldest to the youngest, until `each` returns false; whether it went through. */
bool greylist_map_walk(const struct greylist_map *,
    bool (*each)(void *context, const char *key, size_t length, const struct greylist_record *), void *context);

/* Drops what `dead` names among the next records, about `most` of them; *place is 0 at first and
 * after a whole round. Between two calls the map may change: what stays is met at least once a round. */
void greylist_map_sweep(struct greylist_map *, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, size_t *place, size_t most);

#endif
