/*
 * record_map.h - greylist records by key, in memory, with a ceiling.
 *
 * Floor 7. What the memory store is made of, and what waits in the LMDB store to be written.
 * Knows no lock: its owner holds one. The hash is keyed by chance, for senders choose the keys.
 */
#ifndef RECORD_MAP_H
#define RECORD_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "greylist.h"

struct record_map;

/* At most ceiling records. NULL without memory. Given. */
struct record_map *record_map_open(size_t ceiling) MUST_USE;
void record_map_close(struct record_map *); /* NULL is fine */

size_t record_map_count(const struct record_map *);
bool record_map_is_full(const struct record_map *);

bool record_map_get(const struct record_map *, const char *key, size_t length, struct greylist_record *out);

/* New or in place of the old one; it is then the youngest. False when full or without memory. */
bool record_map_put(struct record_map *, const char *key, size_t length, const struct greylist_record *);

void record_map_drop_oldest(struct record_map *);
void record_map_clear(struct record_map *);

/* From the oldest to the youngest, until `each` answers false; whether it went through. */
bool record_map_walk(const struct record_map *,
    bool (*each)(void *context, const char *key, size_t length, const struct greylist_record *), void *context);

/* Drops what `dead` names among the next records, about `most` of them; *place is 0 at first and
 * after a whole round. Between two calls the map may change: what stays is met at least once a round. */
void record_map_sweep(struct record_map *, bool (*dead)(const void *, const struct greylist_record *),
    const void *context, size_t *place, size_t most);

#endif
