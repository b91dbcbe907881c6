#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/sources/source_copy.h"
#include "policy/util/date.h"
#include "policy/util/hash.h"

enum {
	VERSION_NOW = 2,                                            /* 1 had no line "wrong"; it is still read */
	LINE_LEAST = sizeof "::  since 2026-03-01T10:00:00Z  via ", /* of a network, with its line break */
	WORDS_MAX = 8192, /* of a string, unescaped: "file:" and the longest path fit */
	KNOWN_PATHS = 256,
	TIME_TEXT = sizeof "2026-03-01T10:00:00Z"
};

static const int64_t time_last = INT64_C(253402300799); /* the end of the year 9999 */

/* ---- order ---- */

int
source_copy_order(const struct prefix *a, const struct prefix *b)
{
	int order = (int)a->base.family - (int)b->base.family;

	if (order == 0)
		order = memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
	return order != 0 ? order : (int)a->bits - (int)b->bits;
}

/* For qsort; compares paths only so that equal input gives equal text. */
static int
network_compare(const void *a, const void *b)
{
	const struct copied_network *x = a, *y = b;
	int order = source_copy_order(&x->prefix, &y->prefix);

	return order != 0 ? order : strcmp(x->path, y->path);
}

/* ---- paths: thousands of networks share a few of them ---- */

/* Paths seen recently, by hash. A path that another one replaced is copied again, so the table needs no limit. */
struct known_path {
	struct span seen; /* borrowed while the call lasts */
	const char *kept;
};

static struct known_path *
known_slot(struct known_path known[KNOWN_PATHS], struct span path)
{
	return &known[hash_fold(hash_bytes(HASH_START, path.at, path.length)) % KNOWN_PATHS];
}

static bool
known_is(const struct known_path *known, struct span path)
{
	return known->kept != NULL && known->seen.length == path.length &&
	    memcmp(known->seen.at, path.at, path.length) == 0;
}

/* ---- taking an unfolding ---- */

static bool
networks_copy(struct arena *arena, const struct source_network *from, size_t count, struct copied_network *to)
{
	struct known_path known[KNOWN_PATHS] = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct span path = span_of(from[i].path);
		struct known_path *slot = known_slot(known, path);

		if (!known_is(slot, path))
			*slot = (struct known_path){ path, arena_copy(arena, path.at, path.length) };
		if (slot->kept == NULL)
			return false;
		to[i].prefix.bits = from[i].prefix.bits;
		to[i].prefix.base = address_mask(from[i].prefix.base, from[i].prefix.bits);
		to[i].path = slot->kept;
	}
	return true;
}

/* Sorts in place; returns how many are left. */
static size_t
networks_sort(struct copied_network *networks, size_t count)
{
	size_t kept = 0;

	qsort(networks, count, sizeof *networks, network_compare);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || source_copy_order(&networks[i].prefix, &networks[kept - 1].prefix) != 0)
			networks[kept++] = networks[i];
	return kept;
}

/* Both lists are sorted, so one walk along both finds the networks that were there before. */
static void
networks_date(struct copied_network *networks, size_t count, const struct source_copy *before, int64_t now)
{
	for (size_t i = 0, j = 0; i < count; i++) {
		while (j < before->count && source_copy_order(&before->networks[j].prefix, &networks[i].prefix) < 0)
			j++;
		networks[i].since = now;
		if (j < before->count && source_copy_order(&before->networks[j].prefix, &networks[i].prefix) == 0)
			networks[i].since = before->networks[j].since;
	}
}

bool
source_copy_take(struct arena *arena, const char *source, const struct source_network *found, size_t count,
    const struct source_copy *before, int64_t now, struct source_copy *out)
{
	static const struct source_copy none;
	struct copied_network *networks = arena_take(arena, count * sizeof *networks);
	const char *name = arena_string(arena, source);

	if (networks == NULL || name == NULL || !networks_copy(arena, found, count, networks))
		return false;
	count = networks_sort(networks, count);
	networks_date(networks, count, before == NULL ? &none : before, now);
	*out = (struct source_copy){ .source = name,
		.believed = now,
		.asked_why = "",
		.trouble = "",
		.networks = networks,
		.count = count };
	if (before != NULL)
		out->changed = source_copy_same(before, out) ? before->changed : now;
	return true;
}

/* ---- times ---- */

/* The last time that was read or written: most networks of a source have the same one. */
struct stamp {
	int64_t time;
	char text[DATE_TEXT];
};

static void
stamp_set(struct stamp *stamp, int64_t when)
{
	when = when < 0 ? 0 : when > time_last ? time_last : when;
	if (stamp->text[0] != '\0' && stamp->time == when)
		return;
	stamp->time = when;
	date_write(when, stamp->text);
}

/* RFC 3339, only as stamp_set writes it. */
static bool
stamp_read(struct stamp *stamp, struct span text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	int part[6] = { 0 }, parts = 0;
	struct tm tm;

	if (text.length != sizeof form - 1)
		return false;
	if (memcmp(text.at, stamp->text, text.length) == 0)
		return true;
	for (size_t i = 0; i < text.length; i++) {
		if (form[i] != '0' && text.at[i] != form[i])
			return false;
		if (form[i] != '0')
			parts++;
		else if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		else
			part[parts] = part[parts] * 10 + (text.at[i] - '0');
	}
	tm = (struct tm){ .tm_year = part[0] - 1900,
		.tm_mon = part[1] - 1,
		.tm_mday = part[2],
		.tm_hour = part[3],
		.tm_min = part[4],
		.tm_sec = part[5] };
	stamp_set(stamp, timegm(&tm));
	return memcmp(text.at, stamp->text, text.length) == 0; /* timegm accepts the 31st of February */
}

/* ---- writing ---- */

static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\';
}

void
source_copy_words(const char *words, struct text *out)
{
	for (;;) {
		size_t plain = 0;

		while (is_plain(words[plain]))
			plain++;
		text_add(out, words, plain);
		words += plain;
		if (*words == '\0')
			return;
		if (*words == '\\')
			text_put(out, "\\\\");
		else
			text_format(out, "\\x%02x", (unsigned char)*words);
		words++;
	}
}

static void
put_prefix(struct text *out, const struct prefix *prefix)
{
	char text[PREFIX_TEXT];

	text_put(out, prefix_write(prefix, text));
}

static void
put_time(struct text *out, const char *key, int64_t when)
{
	struct stamp stamp = { 0 };

	stamp_set(&stamp, when);
	text_format(out, "%s %s\n", key, when == 0 ? "never" : stamp.text);
}

/* "live no", "trouble yes no answer for TXT". */
static void
put_state(struct text *out, const char *key, bool yes, const char *why)
{
	text_format(out, "%s %s", key, yes ? "yes" : "no");
	if (yes && why[0] != '\0') {
		text_char(out, ' ');
		source_copy_words(why, out);
	}
	text_char(out, '\n');
}

/* "wrong never", "wrong 2026-03-01T10:00:00Z seen 12 gone no". */
static void
put_wrong(struct text *out, const struct source_copy *copy)
{
	struct stamp stamp = { 0 };

	if (copy->wrong == 0) {
		text_put(out, "wrong never\n");
		return;
	}
	stamp_set(&stamp, copy->wrong);
	text_format(out, "wrong %s seen %lu gone %s\n", stamp.text, (unsigned long)copy->wrong_seen,
	    copy->gone ? "yes" : "no");
}

void
source_copy_write(const struct source_copy *copy, struct text *out)
{
	struct stamp stamp = { 0 };

	stamp_set(&stamp, copy->believed);
	text_format(out,
	    "# greenlane's last good copy of one source, believed %s; written by machine: edits are lost\n", stamp.text);
	text_format(out, "version %d\nsource ", VERSION_NOW);
	source_copy_words(copy->source, out);
	text_char(out, '\n');
	put_time(out, "believed", copy->believed);
	put_time(out, "changed", copy->changed);
	put_time(out, "next", copy->next);
	text_format(out, "ttl %lu\n", (unsigned long)copy->ttl);
	put_state(out, "live", copy->asked, copy->asked_why);
	put_state(out, "trouble", copy->trouble[0] != '\0', copy->trouble);
	put_wrong(out, copy);
	text_format(out, "networks %zu\n", copy->count);
	for (size_t i = 0; i < copy->count && !out->cut; i++) {
		put_prefix(out, &copy->networks[i].prefix);
		stamp_set(&stamp, copy->networks[i].since);
		text_put(out, "  since ");
		text_put(out, stamp.text);
		text_put(out, "  via ");
		source_copy_words(copy->networks[i].path, out);
		text_char(out, '\n');
	}
	text_format(out, "end %zu\n", copy->count);
}

/* ---- reading ---- */

struct reader {
	struct arena *arena;
	const char *file;
	struct fault *why;
	struct span rest;
	size_t version;
	unsigned line;
	struct stamp stamp;
	struct known_path known[KNOWN_PATHS];
};

static bool PRINTF_LIKE(2, 3) damaged(struct reader *r, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return fault_at(r->why, r->file, r->line, "%s; the copy is not used", what);
}

/* How much of a damaged text is shown in a fault. */
static int
shown(struct span text)
{
	return text.length < 30 ? (int)text.length : 30;
}

static bool
starve(struct reader *r)
{
	return fault_at(r->why, r->file, r->line, "out of memory");
}

/* Reads the next line, which must have a line feed and only printable ASCII. */
static bool
line_read(struct reader *r, struct span *line)
{
	const char *end = r->rest.length == 0 ? NULL : memchr(r->rest.at, '\n', r->rest.length);

	r->line++;
	if (end == NULL)
		return damaged(r, "the text is cut off here");
	*line = span_cut(&r->rest, '\n');
	for (size_t i = 0; i < line->length; i++)
		if (!is_plain(line->at[i]) && line->at[i] != '\\')
			return damaged(r, "byte %zu of the line is one that is never written", i + 1);
	return true;
}

/* Skips the word if the text begins with it. */
static bool
skip(struct span *text, const char *word)
{
	size_t length = strlen(word);

	if (text->length < length || memcmp(text->at, word, length) != 0)
		return false;
	text->at += length;
	text->length -= length;
	return true;
}

/* Reads the value of the line "KEY VALUE", which must come next. */
static bool
value_read(struct reader *r, const char *key, struct span *value)
{
	if (!line_read(r, value))
		return false;
	if (!skip(value, key) || !skip(value, " "))
		return damaged(r, "'%s' is expected here", key);
	return true;
}

static bool
number_read(struct reader *r, struct span text, size_t most, size_t *out)
{
	size_t number = 0;

	for (size_t i = 0; i < text.length; i++) {
		size_t digit = (size_t)(text.at[i] - '0');

		if (text.at[i] < '0' || text.at[i] > '9' || digit > most || number > (most - digit) / 10)
			return damaged(r, "'%.*s' is not a number up to %zu", shown(text), text.at, most);
		number = number * 10 + digit;
	}
	*out = number;
	return text.length > 0 || damaged(r, "a number is missing");
}

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = memchr(digits, c, sizeof digits - 1);

	return found == NULL ? -1 : (int)(found - digits);
}

/* Reads what follows a backslash: a byte that is not plain and not NUL; 0 if there is none. */
static char
escape_read(struct span *text)
{
	int high, low;

	if (skip(text, "\\"))
		return '\\';
	if (!skip(text, "x") || text->length < 2)
		return 0;
	high = hex_digit(text->at[0]);
	low = hex_digit(text->at[1]);
	text->at += 2;
	text->length -= 2;
	if (high < 0 || low < 0 || is_plain((char)(high * 16 + low)))
		return 0;
	return (char)(high * 16 + low);
}

/* Reads what source_copy_words wrote, into the arena. */
static bool
words_read(struct reader *r, struct span text, size_t most, const char **out)
{
	char *made = arena_take(r->arena, text.length + 1);
	size_t length = 0;

	if (made == NULL)
		return starve(r);
	while (text.length > 0) {
		char c = *text.at;

		text.at++;
		text.length--;
		if (c == '\\' && (c = escape_read(&text)) == 0)
			return damaged(r, "a backslash before a character that is never escaped");
		made[length++] = c;
	}
	if (length > most)
		return damaged(r, "a text of %zu bytes is too long; %zu are allowed", length, most);
	*out = made;
	return true;
}

static bool
read_version(struct reader *r, struct span value, struct source_copy *out)
{
	(void)out;
	if (!number_read(r, value, UINT32_MAX, &r->version))
		return false;
	if (r->version >= 1 && r->version <= VERSION_NOW)
		return true;
	return damaged(r, "version %zu is not %d", r->version, VERSION_NOW);
}

static bool
read_source(struct reader *r, struct span value, struct source_copy *out)
{
	return words_read(r, value, WORDS_MAX, &out->source);
}

static bool
time_read(struct reader *r, struct span value, int64_t *out)
{
	if (span_is(value, "never")) {
		*out = 0;
		return true;
	}
	if (!stamp_read(&r->stamp, value))
		return damaged(r, "'%.*s' is not a time", shown(value), value.at);
	*out = r->stamp.time;
	return true;
}

static bool
read_believed(struct reader *r, struct span value, struct source_copy *out)
{
	return time_read(r, value, &out->believed);
}

static bool
read_changed(struct reader *r, struct span value, struct source_copy *out)
{
	return time_read(r, value, &out->changed);
}

static bool
read_next(struct reader *r, struct span value, struct source_copy *out)
{
	return time_read(r, value, &out->next);
}

static bool
read_ttl(struct reader *r, struct span value, struct source_copy *out)
{
	size_t ttl = 0;

	if (!number_read(r, value, UINT32_MAX, &ttl))
		return false;
	out->ttl = (uint32_t)ttl;
	return true;
}

static bool
state_read(struct reader *r, struct span value, bool *yes, const char **why)
{
	*yes = skip(&value, "yes");
	*why = "";
	if (*yes && skip(&value, " "))
		return words_read(r, value, WORDS_MAX, why);
	if (!*yes && !skip(&value, "no"))
		return damaged(r, "neither 'yes' nor 'no'");
	return value.length == 0 || damaged(r, "there is text after '%s'", *yes ? "yes" : "no");
}

static bool
read_asked(struct reader *r, struct span value, struct source_copy *out)
{
	return state_read(r, value, &out->asked, &out->asked_why);
}

static bool
read_trouble(struct reader *r, struct span value, struct source_copy *out)
{
	bool yes;

	return state_read(r, value, &yes, &out->trouble);
}

static bool
read_wrong(struct reader *r, struct span value, struct source_copy *out)
{
	struct span since = span_cut(&value, ' ');
	size_t seen = 0;

	if (!time_read(r, since, &out->wrong))
		return false;
	if (out->wrong == 0)
		return value.length == 0 || damaged(r, "there is text after 'never'");
	if (!skip(&value, "seen "))
		return damaged(r, "'seen' and a number are expected here");
	if (!number_read(r, span_cut(&value, ' '), UINT32_MAX, &seen))
		return false;
	out->wrong_seen = (uint32_t)seen;
	out->gone = span_is(value, "gone yes");
	return out->gone || span_is(value, "gone no") || damaged(r, "'gone yes' or 'gone no' is expected here");
}

static bool
read_prefix(struct reader *r, struct span text, struct prefix *out)
{
	char copy[PREFIX_TEXT];
	struct fault why;

	if (text.length >= sizeof copy)
		return damaged(r, "a network is too long");
	memcpy(copy, text.at, text.length);
	copy[text.length] = '\0';
	return prefix_read(copy, out, &why) || damaged(r, "%s", why.text);
}

static bool
read_path(struct reader *r, struct span path, const char **out)
{
	struct known_path *known = known_slot(r->known, path);

	if (!known_is(known, path)) {
		known->seen = path;
		known->kept = NULL;
		if (!words_read(r, path, SOURCE_PATH_MAX - 1, &known->kept))
			return false;
	}
	*out = known->kept;
	return true;
}

static bool
read_network(struct reader *r, struct span line, struct copied_network *out)
{
	struct span prefix = span_cut(&line, ' '), since;

	if (!skip(&line, " since ") || line.length < TIME_TEXT - 1)
		return damaged(r, "not a network with its 'since'");
	since = (struct span){ line.at, TIME_TEXT - 1 };
	line.at += since.length;
	line.length -= since.length;
	if (!skip(&line, "  via "))
		return damaged(r, "a network without its 'via'");
	return read_prefix(r, prefix, &out->prefix) && time_read(r, since, &out->since) && read_path(r, line, &out->path);
}

static bool
read_networks(struct reader *r, struct source_copy *out)
{
	struct copied_network *networks;
	struct span line;
	size_t count = 0;

	if (!value_read(r, "networks", &line) || !number_read(r, line, r->rest.length / LINE_LEAST, &count))
		return false;
	if ((networks = arena_take(r->arena, count * sizeof *networks)) == NULL)
		return starve(r);
	for (size_t i = 0; i < count; i++) {
		if (!line_read(r, &line) || !read_network(r, line, &networks[i]))
			return false;
		if (i > 0 && source_copy_order(&networks[i - 1].prefix, &networks[i].prefix) >= 0)
			return damaged(r, "the networks are not in order");
	}
	out->networks = networks;
	out->count = count;
	return true;
}

static bool
read_end(struct reader *r, size_t wanted)
{
	struct span value;
	size_t count = 0;

	if (!value_read(r, "end", &value) || !number_read(r, value, SOURCE_COPY_MAX, &count))
		return false;
	if (count != wanted)
		return damaged(r, "the networks are %zu, but %zu were written", wanted, count);
	return r->rest.length == 0 || damaged(r, "there is text after the end");
}

/* The lines above the networks, in this order. */
static const struct {
	const char *key;
	bool (*read)(struct reader *, struct span value, struct source_copy *);
	size_t since; /* the first version with it */
} fields[] = {
	{ "version", read_version, 0 },
	{ "source", read_source, 1 },
	{ "believed", read_believed, 1 },
	{ "changed", read_changed, 1 },
	{ "next", read_next, 1 },
	{ "ttl", read_ttl, 1 },
	{ "live", read_asked, 1 },
	{ "trouble", read_trouble, 1 },
	{ "wrong", read_wrong, 2 },
};

bool
source_copy_read(struct arena *arena, const char *file, const char *text, size_t length, struct source_copy *out,
    struct fault *why)
{
	struct reader reader = { .arena = arena, .file = file, .why = why, .rest = { text, length } };
	struct source_copy made = { 0 };
	struct span value;

	if (length > SOURCE_COPY_MAX)
		return damaged(&reader, "%zu bytes are more than are ever written", length);
	while (reader.rest.length > 0 && *reader.rest.at == '#')
		if (!line_read(&reader, &value))
			return false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (fields[i].since <= reader.version &&
		    (!value_read(&reader, fields[i].key, &value) || !fields[i].read(&reader, value, &made)))
			return false;
	if (!read_networks(&reader, &made) || !read_end(&reader, made.count))
		return false;
	*out = made;
	return true;
}

bool
source_copy_cut(struct span *rest, struct span *one)
{
	*one = (struct span){ rest->at, 0 };
	while (rest->length > 0) {
		struct span line = span_cut(rest, '\n');

		one->length = (size_t)(line.at + line.length - one->at);
		if (line.length > 4 && memcmp(line.at, "end ", 4) == 0) {
			one->length = (size_t)(rest->at - one->at);
			return true;
		}
	}
	return span_trim(*one).length > 0;
}
