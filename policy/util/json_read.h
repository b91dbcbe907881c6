/*
 * json_read.h - finds members and elements in the text of a JSON value, without building a tree.
 *
 * For what another program of ours wrote (json_write.h). Anything else is survived and finds nothing or nonsense: it does not
 * check the grammar. Never allocates, never recurses.
 */
#ifndef JSON_READ_H
#define JSON_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/util/text.h"

/* The value of an object's member, with its quotes or brackets; the last one if there are several. Length 0: there is
 * none. Borrowed from the object. */
struct span json_read_member(struct span object, const char *key);

/* Cuts the next element off an array: *rest is the array at first, and what is left of it after that. False: none is left. */
bool json_read_next(struct span *rest, struct span *element);

/* The same off an object: the next member's key, without its quotes, and its value. */
bool json_read_next_member(struct span *rest, struct span *key, struct span *value);

/* A string's text, without its quotes and escapes; any other value as it is written. */
void json_read_unquote(struct span value, struct text *out);

bool json_read_is_true(struct span value);
int64_t json_read_integer(struct span value); /* 0: it is none */

#endif
