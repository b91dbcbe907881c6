/*
 * store_parts.h - what the stores share to make a page of records.
 *
 * A page is empty and the last one at first (store_page sees to it). Never reads a store.
 */
#ifndef STORE_PARTS_H
#define STORE_PARTS_H

#include "milter/store/store.h"

/* Puts a record in its place, unless there is one with this key, or the page ends before it. What no longer fits is
 * left to the next page. */
void store_page_add(struct store_page *, const char *key, size_t length, const struct greylist_record *);

/* Does the page end before this key? */
bool store_page_ends_before(const struct store_page *, const char *key, size_t length);

/* The next page begins with this key at the latest. */
void store_page_end(struct store_page *, const char *key, size_t length);

/* store_page_add for greylist_map_walk: adds what does not come before `from`. */
struct store_page_part {
	const char *from;
	size_t length;
	struct store_page *page;
};
bool store_page_add_part(void *part, const char *key, size_t length, const struct greylist_record *);

#endif
