/*
 * record_value.h - the values of a record, taken from its JSON: of the right kind and within their range, or the record is
 * broken.
 *
 * A record comes from a file that anybody may have edited, cut or made up; nothing of it is dropped, bent or guessed. Strings
 * live in the arena and are "" where the record has nothing. Never opens a file.
 */
#ifndef RECORD_VALUE_H
#define RECORD_VALUE_H

#include <jansson.h>

#include "policy/review/word_list.h"
#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

/* Reading goes on behind a fault; whoever ends it looks for one. */
struct record_reader {
	struct arena *arena;
	int version;
	const char *wrong;   /* the first key whose value cannot be; NULL: none */
	const char *missing; /* the first key that has to be there; NULL: none */
};

/* One object from the text of a line, what version 1 wrote translated to what version 2 writes. NULL with why; else given,
 * for json_decref. */
json_t *record_parse(struct span line, struct fault *why) MUST_USE;

void record_wrong(struct record_reader *, const char *key);

/* The bytes of a string as they came from the network; they may hold NUL. */
const char *record_bytes(struct record_reader *, const json_t *value, const char *key, size_t *length);
const char *record_text(struct record_reader *, const json_t *object, const char *key);
/* The log's "-" for nothing is "". */
const char *record_word(struct record_reader *, const json_t *object, const char *key);
/* NULL where the record does not have it. */
const char *record_text_or_null(struct record_reader *, const json_t *object, const char *key);

bool record_holds(struct record_reader *, const json_t *object, const char *key);
/* 0 where it is not there or null. */
int64_t record_number(struct record_reader *, const json_t *object, const char *key, int64_t least, int64_t most);
/* 0 where it is not there. */
int record_enum(struct record_reader *, const json_t *object, const char *key, const struct word_list *);
void record_address(struct record_reader *, const json_t *object, const char *key, struct address *out);

/* Room for the elements of an array, zeroed, and how many there are. Since version 2 every list is written. */
void *record_list(struct record_reader *, const json_t *object, const char *key, size_t size, size_t most, size_t *count);
/* An element of such an array: one that has to be an object, one that has to be a string. */
const json_t *record_entry(struct record_reader *, const json_t *array, const char *key, size_t i);
const char *record_text_at(struct record_reader *, const json_t *array, const char *key, size_t i);

#endif
