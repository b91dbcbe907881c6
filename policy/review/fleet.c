#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/review/fleet.h"

/*
 * "greenlane-host 1 NAME VERSION POLICY SINCE RANGES", and for each source " SOURCE NETWORKS CHANGED BEFORE"; hashes and times in
 * hexadecimal.
 */
#define MARK "greenlane-host"
#define FORM "1"

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
	    c == '_' || c == '/' || c == '+' || c == '~';
}

void
fleet_name(const char *text, char out[FLEET_NAME_MAX + 1])
{
	size_t length = 0;

	for (; length < FLEET_NAME_MAX && text[length] != '\0'; length++)
		out[length] = is_plain(text[length]) ? text[length] : '_';
	if (length == 0)
		out[length++] = '_';
	out[length] = '\0';
}

void
fleet_host_write(const struct fleet_host *host, struct text *out)
{
	text_format(out, MARK " " FORM " %s %s %" PRIx64 " %" PRIx64 " %" PRIx64, host->name, host->version,
	    host->policy, (uint64_t)host->since, host->ranges);
	for (size_t i = 0; i < host->source_count && i < FLEET_SOURCES_MAX; i++) {
		const struct fleet_source *source = &host->sources[i];

		text_format(out, " %" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx64, source->name, source->networks,
		    (uint64_t)source->changed, (uint64_t)source->before);
	}
}

/* ---- reading ---- */

static bool
take_name(struct span *rest, char out[FLEET_NAME_MAX + 1])
{
	struct span word = span_cut(rest, ' ');

	if (word.length == 0 || word.length > FLEET_NAME_MAX)
		return false;
	for (size_t i = 0; i < word.length; i++)
		if (!is_plain(word.at[i]))
			return false;
	memcpy(out, word.at, word.length);
	out[word.length] = '\0';
	return true;
}

static bool
take_number(struct span *rest, uint64_t *out)
{
	struct span word = span_cut(rest, ' ');

	*out = 0;
	for (size_t i = 0; i < word.length; i++) {
		int digit = text_hex_digit(word.at[i]);

		if (digit < 0 || word.length > 16)
			return false;
		*out = *out << 4 | (uint64_t)digit;
	}
	return word.length > 0;
}

/* Seconds: no sum of two overflows. */
static bool
take_time(struct span *rest, int64_t *out)
{
	uint64_t number;

	if (!take_number(rest, &number) || number > INT64_MAX / 4)
		return false;
	*out = (int64_t)number;
	return true;
}

static bool
take_sources(struct span *rest, struct arena *arena, struct fleet_host *out)
{
	struct fleet_source *list = arena_take(arena, FLEET_SOURCES_MAX * sizeof *list);

	if (list == NULL)
		return false;
	while (rest->length > 0) {
		struct fleet_source *source = &list[out->source_count];

		if (out->source_count == FLEET_SOURCES_MAX || !take_number(rest, &source->name) ||
		    !take_number(rest, &source->networks) || !take_time(rest, &source->changed) ||
		    !take_time(rest, &source->before))
			return false;
		source->text = NULL;
		out->source_count++;
	}
	out->sources = list;
	return true;
}

bool
fleet_host_read(struct span line, struct arena *arena, struct fleet_host *out)
{
	*out = (struct fleet_host){ .policy = 0 };
	return line.length <= FLEET_LINE_MAX && span_is(span_cut(&line, ' '), MARK) &&
	    span_is(span_cut(&line, ' '), FORM) && take_name(&line, out->name) && take_name(&line, out->version) &&
	    take_number(&line, &out->policy) && take_time(&line, &out->since) && take_number(&line, &out->ranges) &&
	    take_sources(&line, arena, out);
}

/* ---- two hosts ---- */

static int64_t
later(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

int64_t
fleet_policies_differ(const struct fleet_host *one, const struct fleet_host *other)
{
	return one->policy == other->policy ? 0 : later(later(one->since, other->since), 1);
}

/* What still differs then differs for good: both have asked since the last change, and again. A name may come twice in
 * a line that is not of greenlane's: one that agrees is enough. */
static bool
differs(const struct fleet_source *ours, const struct fleet_host *other)
{
	bool found = false;

	for (size_t i = 0; i < other->source_count; i++) {
		const struct fleet_source *theirs = &other->sources[i];
		int64_t changed = later(ours->changed, theirs->changed);

		if (theirs->name != ours->name)
			continue;
		if (theirs->networks == ours->networks)
			return false;
		found = found || (ours->before > changed && theirs->before > changed);
	}
	return found;
}

const struct fleet_source *
fleet_sources_differ(const struct fleet_host *ours, const struct fleet_host *other, size_t *place)
{
	while (*place < ours->source_count)
		if (differs(&ours->sources[(*place)++], other))
			return &ours->sources[*place - 1];
	return NULL;
}
