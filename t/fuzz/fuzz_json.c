/*
 * Any bytes as JSON, beside jansson: of what that takes for an object or a list, our reader finds the same members, elements, strings and
 * numbers. What jansson refuses, ours may read as it likes, as long as it stays within.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "policy/util/json_read.h"
#include "t/fuzz/fuzz.h"

enum { DEEP = 20 };

static void check(struct span text, const json_t *value, unsigned depth);

/* json_write.h writes other characters as they are; ours reads an escape of one as '?', or as a byte of its own. */
static bool
escapes_more_than_ascii(struct span text)
{
	const char *at = text.at, *end = text.at + text.length;

	while ((at = memmem(at, (size_t)(end - at), "\\u", 2)) != NULL) {
		at += 2;
		if (end - at < 3 || at[0] != '0' || at[1] != '0' || at[2] > '7')
			return true;
	}
	return false;
}

static void
check_string(struct span text, const json_t *value)
{
	struct text own;

	text_open(&own, text.length + 16);
	json_read_unquote(text, &own);
	if (!escapes_more_than_ascii(text))
		must(own.length == json_string_length(value) &&
		    memcmp(own.bytes, json_string_value(value), own.length) == 0);
	text_close(&own);
}

static void
check_list(struct span text, const json_t *list, unsigned depth)
{
	struct span rest = text, element;

	for (size_t i = 0; i < json_array_size(list); i++) {
		must(json_read_next(&rest, &element));
		check(element, json_array_get(list, i), depth + 1);
	}
	must(!json_read_next(&rest, &element));
}

/* A key is compared as it is written: one with escapes is found by nobody. */
static void
check_object(struct span text, const json_t *object, unsigned depth)
{
	struct span rest = text, key, value;
	size_t count = 0;

	while (json_read_next_member(&rest, &key, &value)) {
		char *name = strndup(key.at, key.length);

		must(name != NULL);
		if (strchr(name, '\\') == NULL) {
			must(json_object_get(object, name) != NULL && json_read_member(text, name).at == value.at);
			check(value, json_object_get(object, name), depth + 1);
		}
		free(name);
		count++;
	}
	must(count == json_object_size(object));
}

static void
check(struct span text, const json_t *value, unsigned depth)
{
	if (depth == DEEP)
		return;
	must(json_read_is_true(text) == json_is_true(value));
	if (json_is_string(value))
		check_string(text, value);
	else if (json_is_array(value))
		check_list(text, value, depth);
	else if (json_is_object(value))
		check_object(text, value, depth);
	else if (json_is_integer(value) && llabs(json_integer_value(value) / 2) < INT64_MAX / 20)
		must(json_read_integer(text) == json_integer_value(value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size }, rest = text, key, value;
	json_t *json = NULL;

	/* jansson loses a NUL behind a number */
	if (memchr(data, '\0', size) == NULL)
		json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (json != NULL)
		check(text, json, 0);
	while (json_read_next_member(&rest, &key, &value))
		must(key.at >= text.at && value.at >= key.at + key.length &&
		    value.at + value.length <= text.at + text.length);
	json_decref(json);
	return 0;
}
