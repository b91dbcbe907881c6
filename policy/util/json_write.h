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

/* A string of any bytes: one that is not UTF-8 becomes the lone surrogate U+DC00 + byte, so none is lost. */
void json_write_bytes(struct text *, const char *value, size_t length);

void json_write_comma(struct text *); /* before an element of an array */
void json_write_begin(struct text *); /* an object, as an element or a value */
void json_write_end(struct text *);
void json_write_key(struct text *, const char *key); /* a value must follow */
void json_write_string(struct text *, const char *key, const char *value);
void json_write_number(struct text *, const char *key, int64_t value);
void json_write_bool(struct text *, const char *key, bool value);

#endif
