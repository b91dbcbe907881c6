/*
 * json_write.h - writes JSON (RFC 8259), member by member.
 *
 * Puts commas where they belong, judging by what is written so far. Never reads JSON.
 */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/text.h"

/* A byte in a string that is not UTF-8 is written as this character and the byte added: none is lost, and every reader
 * of JSON lets it through. A character that says so by itself is written as its bytes. */
enum { JSON_BYTE = 0xf700 };

/* A string of any bytes. */
void json_write_bytes(struct text *, const char *value, size_t length);

void json_write_comma(struct text *); /* before an element of an array */
void json_write_begin(struct text *); /* an object, as an element or a value */
void json_write_end(struct text *);
void json_write_list(struct text *, const char *key); /* an array, as a member */
void json_write_list_end(struct text *);
void json_write_key(struct text *, const char *key); /* a value must follow */
void json_write_string(struct text *, const char *key, const char *value);
void json_write_number(struct text *, const char *key, int64_t value);
void json_write_bool(struct text *, const char *key, bool value);

#endif
