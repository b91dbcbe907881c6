#include <string.h>
#include <strings.h>

#include "policy/mail/dkim_text.h"
#include "policy/util/domain.h"

struct tag {
	struct span name, value;
};

struct tags {
	struct tag list[DKIM_TAGS_MAX];
	size_t count;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* libopendkim lets a later tag of the same name win; 3.2 calls such a list invalid. */
static bool
tags_hold(const struct tags *tags, struct span name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (tags->list[i].name.length == name.length &&
		    strncasecmp(tags->list[i].name.at, name.at, name.length) == 0)
			return true;
	return false;
}

static bool
bytes_are_sound(struct span text)
{
	for (size_t i = 0; i < text.length; i++)
		if (!is_blank(text.at[i]) && (text.at[i] < 0x20 || text.at[i] > 0x7e))
			return false;
	return true;
}

/* tag-list (3.2): false when it is not one. */
static bool
tags_read(struct span rest, struct tags *tags)
{
	if (!bytes_are_sound(rest))
		return false;
	while (rest.length > 0) {
		struct span value = span_cut(&rest, ';'), name;

		if (span_trim(value).length == 0) {
			if (span_trim(rest).length == 0)
				return true; /* the one semicolon that may end a list */
			return false;
		}
		if (memchr(value.at, '=', value.length) == NULL || tags->count == DKIM_TAGS_MAX)
			return false;
		name = span_trim(span_cut(&value, '='));
		if (name.length == 0 || tags_hold(tags, name))
			return false;
		tags->list[tags->count++] = (struct tag){ name, value };
	}
	return true;
}

/* The value without blanks, as base64 and h= need it; "" when the tag is missing, NULL when out of memory. */
static const char *
tag_take(struct arena *arena, const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++) {
		struct span value = tags->list[i].value;
		size_t length = 0;
		char *made;

		if (!span_is(tags->list[i].name, name))
			continue;
		if ((made = arena_take(arena, value.length + 1)) == NULL)
			return NULL;
		for (size_t k = 0; k < value.length; k++)
			if (!is_blank(value.at[k]))
				made[length++] = value.at[k];
		return made;
	}
	return "";
}

/* Only text that may go into a header, a log or a question unchanged. */
static const char *
plain_or_nothing(const char *word, const char *allowed, size_t longest)
{
	size_t length = strlen(word);

	return length <= longest && strspn(word, allowed) == length ? word : "";
}

static bool
names_fit(const char *h)
{
	size_t names = 1;

	for (const char *at = h; *at != '\0'; at++)
		names += *at == ':';
	return h[0] != '\0' && strlen(h) <= DKIM_SIGNED_BYTES && names <= DKIM_SIGNED_MAX;
}

static uint64_t
number_read(const char *digits)
{
	uint64_t number = 0;

	if (strlen(digits) > 18)
		return UINT64_MAX;
	for (; *digits >= '0' && *digits <= '9'; digits++)
		number = number * 10 + (uint64_t)(*digits - '0');
	return number;
}

/* q= (3.5): nobody has defined another way to fetch a key. */
static bool
query_is_dns(const char *q)
{
	struct span rest = span_of(q);

	while (rest.length > 0)
		if (span_is_nocase(span_cut(&rest, ':'), "dns/txt"))
			return true;
	return q[0] == '\0';
}

/* t= (3.5) has at most twelve digits; anything else counts as old as can be. */
static int64_t
time_read(const char *t)
{
	uint64_t number = number_read(t);

	if (t[0] == '\0')
		return 0;
	return number == 0 || number > INT64_C(999999999999) ? 1 : (int64_t)number;
}

/* The first characters of b=, enough to tell signatures apart (RFC 6008). */
static const char *
signature_start(struct arena *arena, const char *b)
{
	size_t length = strspn(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

	return arena_copy(arena, b, length < 8 ? length : 8);
}

static bool
names_read(struct arena *arena, const struct tags *tags, struct dkim_text *out)
{
	const char *d = tag_take(arena, tags, "d"), *s = tag_take(arena, tags, "s");
	char name[DOMAIN_TEXT];

	if (d == NULL || s == NULL)
		return false;
	out->s = domain_read(s, strlen(s), name, NULL) ? s : "";
	out->d = domain_read_for(arena, d, strlen(d), name) ? arena_string(arena, name) : "";
	return out->d != NULL;
}

bool
dkim_text_read(struct arena *arena, const char *value, size_t length, struct dkim_text *out)
{
	struct tags tags = { .count = 0 };
	bool list = length <= DKIM_FIELD_MAX && tags_read((struct span){ value, length }, &tags);
	const char *c = tag_take(arena, &tags, "c"), *l = tag_take(arena, &tags, "l"), *slash;
	const char *q = tag_take(arena, &tags, "q"), *t = tag_take(arena, &tags, "t");

	*out = (struct dkim_text){ .sound = false };
	out->a = tag_take(arena, &tags, "a");
	out->b = tag_take(arena, &tags, "b");
	out->h = tag_take(arena, &tags, "h");
	if (c == NULL || l == NULL || q == NULL || t == NULL || out->a == NULL || out->b == NULL || out->h == NULL ||
	    !names_read(arena, &tags, out))
		return false;
	out->a = plain_or_nothing(out->a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", 32);
	out->b = signature_start(arena, out->b);
	slash = strchr(c, '/');
	out->relaxed = slash != NULL && strcasecmp(slash, "/relaxed") == 0;
	out->has_l = l[0] != '\0';
	out->l = number_read(l);
	out->by_dns = query_is_dns(q);
	out->t = time_read(t);
	out->sound = list && out->d[0] != '\0' && out->s[0] != '\0' && names_fit(out->h);
	return out->b != NULL;
}

size_t
dkim_text_signs(const struct dkim_text *text, struct span name)
{
	struct span rest = span_of(text->h);
	size_t times = 0;

	while (rest.length > 0) {
		struct span signed_name = span_cut(&rest, ':');

		times += signed_name.length == name.length && strncasecmp(signed_name.at, name.at, name.length) == 0;
	}
	return times;
}

/* Counts one byte that stays, and before it what was held back until something followed. */
static void
length_byte(struct dkim_length *length)
{
	length->bytes += 2 * length->ends + length->blank + 1;
	length->ends = 0;
	length->blank = false;
}

void
dkim_length_add(struct dkim_length *length, const unsigned char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n') {
			length->ends++;
			length->held = length->blank = false;
			continue;
		}
		if (length->held)
			length_byte(length); /* a CR that does not end a line */
		length->held = bytes[i] == '\r';
		if (length->held)
			continue;
		if (length->relaxed && (bytes[i] == ' ' || bytes[i] == '\t'))
			length->blank = true;
		else
			length_byte(length);
	}
}

uint64_t
dkim_length_end(const struct dkim_length *length)
{
	if (length->bytes == 0 && length->relaxed)
		return 0; /* 3.4.4: no lines, no bytes */
	return length->bytes + 2;
}
