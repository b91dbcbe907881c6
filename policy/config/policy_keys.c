#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/config/policy_forms.h"
#include "policy/config/policy_keys.h"
#include "policy/config/policy_value.h"
#include "policy/util/text.h"

enum { PATH_MAX_TEXT = 128, SIBLINGS_MAX = 64 };

void
reading_fault(struct reading *r, const struct node *node, const char *fmt, ...)
{
	char text[sizeof((struct fault *)0)->text];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	faults_error(r->faults, r->file, node->line, "%s", text);
}

void
reading_starve(struct reading *r)
{
	if (!r->starved)
		faults_error(r->faults, r->file, 0, "out of memory; write a smaller configuration");
	r->starved = true;
}

void *
reading_take(struct reading *r, size_t count, size_t size)
{
	void *taken = count < SIZE_MAX / size ? arena_take(r->arena, count * size) : NULL;

	if (taken == NULL)
		reading_starve(r);
	return taken;
}

const char *
reading_string(struct reading *r, const char *string)
{
	const char *copy = arena_string(r->arena, string);

	if (copy == NULL)
		reading_starve(r);
	return copy == NULL ? "" : copy;
}

const char *
keys_nearest(const char *word, const char *const *words, size_t count)
{
	unsigned best = strlen(word) < 4 ? 2 : 3; /* edits that are too many */
	const char *found = NULL;

	for (size_t i = 0; i < count; i++) {
		unsigned edits = strcasecmp(word, words[i]) == 0 ? 0 : text_distance(word, words[i]);

		if (edits < best && edits < strlen(words[i])) {
			best = edits;
			found = words[i];
		}
	}
	return found;
}

/* ---- lists of words ---- */

enum { LIST_LENGTH = 240, FEW = 3, FEW_BYTES = 80 /* of each */ };

static size_t
list_length(const char *const *words, size_t count)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		length += strlen(words[i]) + strlen(", ");
	return length;
}

/* The next nearest behind the word number `before`, in the order of edits and place; count: none is before it. */
static size_t
next_nearest(const char *word, const char *const *words, size_t count, size_t before)
{
	unsigned least = before == count ? 0 : text_distance(word, words[before]), best = UINT_MAX;
	size_t found = before;

	for (size_t i = 0; i < count; i++) {
		unsigned edits = text_distance(word, words[i]);
		bool is_behind = before == count || edits > least || (edits == least && i > before);

		if (is_behind && edits < best) {
			best = edits;
			found = i;
		}
	}
	return found;
}

/* A message that is cut would name half a word: the nearest of many words, and how many there are. */
static const char *
hint_few(const char *word, const char *const *words, size_t count, char out[HINT_TEXT])
{
	size_t length = (size_t)snprintf(out, HINT_TEXT, "; write "), at = count;

	for (size_t i = 0; i < FEW; i++) {
		at = next_nearest(word, words, count, at);
		length += (size_t)snprintf(out + length, HINT_TEXT - length, "%.*s, ", FEW_BYTES, words[at]);
	}
	snprintf(out + length - 2, HINT_TEXT - length + 2, " or another of %zu", count);
	return out;
}

const char *
keys_hint(const char *word, const char *const *words, size_t count, char out[HINT_TEXT])
{
	const char *near = keys_nearest(word, words, count);
	size_t length;

	if (near != NULL) {
		snprintf(out, HINT_TEXT, "; did you mean '%s'?", near);
		return out;
	}
	if (list_length(words, count) > LIST_LENGTH)
		return hint_few(word, words, count, out);
	length = (size_t)snprintf(out, HINT_TEXT, "; write ");
	for (size_t i = 0; i < count && length < HINT_TEXT; i++)
		length += (size_t)snprintf(out + length, HINT_TEXT - length, "%s%s",
		    i == 0               ? ""
			: i + 1 == count ? " or "
					 : ", ",
		    words[i]);
	return out;
}

/* Does `path` begin with the group `prefix` ("" or "greylist.")? */
static bool
path_is_in(const char *path, const char *prefix)
{
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

/* The names that the group `prefix` may contain, each once. */
struct siblings {
	char text[SIBLINGS_MAX][48];
	const char *words[SIBLINGS_MAX];
	size_t count;
};

static void
siblings_find(const struct reading *r, const struct keys *keys, const char *prefix, struct siblings *out)
{
	out->count = 0;
	for (size_t i = 0; i < keys->count && out->count < SIBLINGS_MAX; i++) {
		size_t before = out->count, length;
		const char *rest;

		if (!path_is_in(keys->list[i].path, prefix) || (!r->site && (keys->list[i].flags & KEY_SITE)))
			continue;
		rest = keys->list[i].path + strlen(prefix);
		length = strcspn(rest, ".");
		/* rows of one group are adjacent */
		if (before > 0 && strlen(out->text[before - 1]) == length &&
		    strncmp(out->text[before - 1], rest, length) == 0)
			continue;
		snprintf(out->text[before], sizeof out->text[before], "%.*s", (int)length, rest);
		out->words[before] = out->text[before];
		out->count++;
	}
}

/* The path of a known key of this name in another group; NULL: none. */
static const char *
path_elsewhere(const struct reading *r, const struct keys *keys, const char *name)
{
	for (size_t i = 0; i < keys->count; i++) {
		const char *dot = strrchr(keys->list[i].path, '.');

		if (dot != NULL && strcmp(dot + 1, name) == 0 && (r->site || !(keys->list[i].flags & KEY_SITE)))
			return keys->list[i].path;
	}
	return NULL;
}

static void
unknown_key(struct reading *r, const struct keys *keys, const char *prefix, const struct node *node)
{
	const char *elsewhere = path_elsewhere(r, keys, node->name);
	const char *foreign = forms_key(node->name, strncmp(keys->place, "vendor.", 7) == 0);
	struct siblings siblings;
	char hint[HINT_TEXT];

	siblings_find(r, keys, prefix, &siblings);
	if (foreign != NULL)
		reading_fault(r, node, "unknown key '%s%.60s'; %s", prefix, node->name, foreign);
	else if (elsewhere != NULL && keys_nearest(node->name, siblings.words, siblings.count) == NULL)
		reading_fault(r, node, "unknown key '%s%.60s'; did you mean '%s'?", prefix, node->name, elsewhere);
	else
		reading_fault(r, node, "unknown key '%s%.60s'%s", prefix, node->name,
		    keys_hint(node->name, siblings.words, siblings.count, hint));
}

static const char *
kind_word(enum node_kind kind)
{
	static const char *const words[] = { [NODE_STRING] = "a string",
		[NODE_NUMBER] = "a number",
		[NODE_BOOL] = "true or false",
		[NODE_LIST] = "a list",
		[NODE_GROUP] = "a group" };

	return words[kind];
}

static bool
is_duration(const struct key *key)
{
	return key->type == &key_seconds || key->type == &key_milliseconds || key->type == &key_seconds_or_never;
}

static const char *
word_of(const struct key *key)
{
	return key->word == NULL ? key->type->word : key->word;
}

/* What to write instead: if that helps, the given value in the right form. */
enum { EXAMPLE_TEXT = 96 };
static const char *
example_write(const struct key *key, const struct node *node, char out[EXAMPLE_TEXT])
{
	const struct key_type *type = key->type;

	snprintf(out, EXAMPLE_TEXT, "%s", key->example == NULL ? type->example : key->example);
	if (key->words != NULL && type->kind == NODE_STRING)
		snprintf(out, EXAMPLE_TEXT, "\"%s\"", key->words[0]);
	else if (type->kind == NODE_STRING && key->fallback != NULL && (key->check != NULL || node->kind != NODE_NUMBER))
		snprintf(out, EXAMPLE_TEXT, "\"%s\"", key->fallback);
	else if (node->kind == NODE_NUMBER && is_duration(key) && node->text[0] != '-' && strlen(node->text) < 10)
		snprintf(out, EXAMPLE_TEXT, "\"%ss\"", node->text);
	else if (node->kind == NODE_NUMBER && type->kind == NODE_STRING && key->check == NULL && key->example == NULL &&
	    !is_duration(key))
		snprintf(out, EXAMPLE_TEXT, "\"%.60s\"", node->text);
	else if (node->kind == NODE_STRING && type->kind == NODE_LIST && type != &key_groups && node->text[0] != '\0' &&
	    value_text(node->text, NULL))
		snprintf(out, EXAMPLE_TEXT, "[ \"%.60s\" ]", node->text);
	return out;
}

/* The value as a list of its own, if that is read without a fault: what the fault says to write is text that loads. What is read
 * goes nowhere: a load with a fault makes no policy. */
static bool
reads_as_list(const struct reading *r, const struct key *key, const struct node *node, void *base, struct faults *faults)
{
	struct node value = *node, list = *node;
	struct reading trial = *r;

	list.kind = NODE_LIST;
	list.children = &value;
	list.count = 1;
	trial.faults = faults;
	key->type->read(&trial, key, &list, base);
	return faults->errors == 0;
}

/* The last quoted value of `write "listed+spf"`, or the word of `did you mean 'x'?`, as a list; false: there is none alone. */
static bool
advised_list(const char *said, char out[EXAMPLE_TEXT])
{
	static const char *const before[] = { "; write \"", "did you mean '", NULL };

	for (size_t i = 0; before[i] != NULL; i++) {
		const char *at = strstr(said, before[i]);
		size_t length;

		if (at == NULL)
			continue;
		at += strlen(before[i]);
		length = strcspn(at, "\"'");
		if (length == 0 || strcspn(at + length + 1, "\"'") != strlen(at + length + 1))
			return false;
		snprintf(out, EXAMPLE_TEXT, "[ \"%.*s\" ]", length < 80 ? (int)length : 80, at);
		return true;
	}
	return false;
}

/* A word where a list is wanted: the word as a list, or what such a list should hold, or an example. */
static void
list_write(const struct reading *r, const struct key *key, const struct node *node, void *base, char out[EXAMPLE_TEXT])
{
	struct faults *faults = faults_open();

	if (faults != NULL && !reads_as_list(r, key, node, base, faults) &&
	    (faults->kept == 0 || !advised_list(faults->list[0].fault.text, out)))
		snprintf(out, EXAMPLE_TEXT, "%s", key->example == NULL ? key->type->example : key->example);
	faults_close(faults);
}

static void
key_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	char example[EXAMPLE_TEXT];

	if ((key->flags & KEY_SITE) && !r->site) {
		reading_fault(r, node, "'%s' belongs beside the vendor's name in greenlane.conf; move it there",
		    key->path);
		return;
	}
	if (node->kind != key->type->kind) {
		example_write(key, node, example);
		if (node->kind == NODE_STRING && key->type->kind == NODE_LIST && key->type != &key_groups)
			list_write(r, key, node, base, example);
		reading_fault(r, node, "'%s' wants %s, not %s; write %s", key->path, word_of(key),
		    kind_word(node->kind), example);
		return;
	}
	if (node->kind == NODE_STRING && node->text[0] == '\0') {
		reading_fault(r, node, "'%s' is empty; write %s%s", key->path, example_write(key, node, example),
		    key->flags & KEY_REQUIRED ? "" : " or leave it out");
		return;
	}
	key->type->read(r, key, node, base);
}

static void
group_read(struct reading *r, const struct keys *keys, const char *prefix, const struct node *group, void *base)
{
	char path[PATH_MAX_TEXT];

	for (size_t i = 0; i < group->count; i++) {
		const struct node *node = &group->children[i];
		const struct key *key = NULL;
		bool inner = false;

		snprintf(path, sizeof path, "%s%s.", prefix, node->name);
		for (size_t j = 0; j < keys->count && key == NULL; j++) {
			const char *row = keys->list[j].path;

			if (path_is_in(row, prefix) && strcmp(row + strlen(prefix), node->name) == 0)
				key = &keys->list[j];
			else if (path_is_in(row, path))
				inner = true;
		}
		if (key != NULL)
			key_read(r, key, node, base);
		else if (!inner)
			unknown_key(r, keys, prefix, node);
		else if (node->kind != NODE_GROUP)
			reading_fault(r, node, "'%s%s' wants a group, not %s; write %s = { key = value; };", prefix,
			    node->name, kind_word(node->kind), node->name);
		else /* as deep as the table's paths, no deeper */
			group_read(r, keys, path, node, base);
	}
}

void
keys_read(struct reading *r, const struct keys *keys, const struct node *group, void *base)
{
	group_read(r, keys, "", group, base);
}

static size_t
words_count(const char *text, const char *mark)
{
	size_t count = *text != '\0';

	for (; (text = strstr(text, mark)) != NULL; text += strlen(mark))
		count++;
	return count;
}

bool
key_fallback(const struct key *key, struct arena *arena, struct node *out)
{
	size_t count = words_count(key->fallback, ", ");
	struct node *children;
	struct span rest = span_of(key->fallback);

	*out = (struct node){ .name = "",
		.text = key->fallback,
		.kind = key->type->kind,
		.truth = strcmp(key->fallback, "true") == 0 };
	if (out->kind != NODE_LIST)
		return true;
	children = arena_take(arena, count * sizeof *children);
	for (size_t i = 0; children != NULL && i < count; i++) {
		struct span word = span_trim(span_cut(&rest, ','));

		children[i] = (struct node){ .name = "", .kind = NODE_STRING };
		children[i].text = arena_copy(arena, word.at, word.length);
		if (children[i].text == NULL)
			return false;
	}
	out->children = children;
	out->count = count;
	return children != NULL;
}

void
keys_default(struct reading *r, const struct keys *keys, void *base)
{
	static const char *const nothing = "";
	struct node node;

	for (size_t i = 0; i < keys->count; i++) {
		const struct key *key = &keys->list[i];

		if (key->fallback != NULL && key->type != &key_groups) {
			if (key_fallback(key, r->arena, &node))
				key->type->read(r, key, &node, base);
			else
				reading_starve(r);
		} else if (key->fallback == NULL && (key->type == &key_text || key->type == &key_choice)) {
			memcpy((char *)base + key->offset, &nothing, sizeof nothing);
		}
	}
}

const struct node *
keys_find(const struct node *group, const char *path)
{
	struct span rest = span_of(path);

	while (group != NULL && rest.length > 0) {
		struct span name = span_cut(&rest, '.');
		const struct node *found = NULL;

		for (size_t i = 0; i < group->count && found == NULL; i++)
			if (span_is(name, group->children[i].name))
				found = &group->children[i];
		group = found;
	}
	return group;
}

void
keys_require(struct reading *r, const struct keys *keys, const struct node *group)
{
	char example[EXAMPLE_TEXT];

	for (size_t i = 0; i < keys->count; i++) {
		const struct key *key = &keys->list[i];

		if ((key->flags & KEY_REQUIRED) && keys_find(group, key->path) == NULL)
			reading_fault(r, group, "'%s' is missing; write %s = %s;", key->path, key->path,
			    example_write(key, group, example));
	}
}

void
keys_want_groups(struct reading *r, const struct key *key, const struct node *list)
{
	char example[EXAMPLE_TEXT];

	for (size_t i = 0; i < list->count; i++)
		if (list->children[i].kind != NODE_GROUP)
			reading_fault(r, &list->children[i], "'%s' wants groups, not %s; write %s", key->path,
			    kind_word(list->children[i].kind), example_write(key, list, example));
}
