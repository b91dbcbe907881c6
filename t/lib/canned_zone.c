#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/dns_packet.h"
#include "policy/util/text.h"
#include "t/lib/canned_zone.h"

enum { EVERY_TYPE = 0, LINE_MAX_BYTES = 256 * 1024 };

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
type_read(struct span word, enum dns_type *out)
{
	static const enum dns_type types[] = { DNS_A, DNS_CNAME, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA };

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (span_is_nocase(word, dns_type_name(types[i]))) {
			*out = types[i];
			return true;
		}
	return false;
}

/* The one form in which this file writes a name; fold owner names, which are compared by bytes. */
static bool
name_normal(const char *name, bool fold, char out[DNS_NAME_TEXT])
{
	uint8_t wire[255];
	size_t length = dns_name_to_wire(name, wire);

	/* a length byte is at most 63, so it is not a letter */
	for (size_t i = 0; fold && i < length; i++)
		wire[i] = (uint8_t)text_lower((char)wire[i]);
	return length > 0 && dns_name_from_wire(wire, length, out);
}

/* Everything in the zone for one name and type. */
struct rrset {
	char *name;
	int type;
	enum dns_status status; /* FOUND: the records; else every question ends with this */
	bool bogus;
	uint32_t ttl;
	struct dns_record *records;
	size_t count;
};

struct canned_zone {
	struct rrset *sets;
	size_t count, room;
};

struct canned_zone *
canned_zone_open(void)
{
	return calloc(1, sizeof(struct canned_zone));
}

static void
rrset_clear(struct rrset *set)
{
	for (size_t i = 0; i < set->count; i++)
		free((void *)set->records[i].bytes);
	free(set->records);
	set->records = NULL;
	set->count = 0;
}

void
canned_zone_close(struct canned_zone *zone)
{
	if (zone == NULL)
		return;
	for (size_t i = 0; i < zone->count; i++) {
		rrset_clear(&zone->sets[i]);
		free(zone->sets[i].name);
	}
	free(zone->sets);
	free(zone);
}

static struct rrset *
rrset_find(const struct canned_zone *zone, const char *name, int type)
{
	for (size_t i = 0; i < zone->count; i++)
		if (zone->sets[i].type == type && strcmp(zone->sets[i].name, name) == 0)
			return &zone->sets[i];
	return NULL;
}

/* The set of a name and type, made empty if there is none; NULL for an invalid name or without memory. */
static struct rrset *
rrset_make(struct canned_zone *zone, const char *name, int type)
{
	char normal[DNS_NAME_TEXT];
	struct rrset *set;
	char *kept;

	if (!name_normal(name, true, normal) || normal[0] == '\0')
		return NULL;
	if ((set = rrset_find(zone, normal, type)) != NULL)
		return set;
	if (zone->count == zone->room) {
		size_t room = zone->room == 0 ? 16 : zone->room * 2;
		struct rrset *grown = reallocarray(zone->sets, room, sizeof *grown);

		if (grown == NULL)
			return NULL;
		zone->sets = grown;
		zone->room = room;
	}
	if ((kept = strdup(normal)) == NULL)
		return NULL;
	set = &zone->sets[zone->count++];
	*set = (struct rrset){ .name = kept, .type = type, .status = DNS_EMPTY };
	return set;
}

bool
canned_zone_add(struct canned_zone *zone, const char *name, enum dns_type type, uint32_t ttl, uint16_t preference,
    const void *bytes, size_t length)
{
	struct rrset *set = rrset_make(zone, name, type);
	struct dns_record *grown;
	uint8_t *copy;

	if (set == NULL || length > UINT16_MAX)
		return false;
	if ((grown = reallocarray(set->records, set->count + 1, sizeof *grown)) == NULL)
		return false;
	set->records = grown;
	if ((copy = calloc(1, length + 1)) == NULL)
		return false;
	if (length > 0)
		memcpy(copy, bytes, length);
	grown[set->count++] = (struct dns_record){ .preference = preference, .length = (uint16_t)length, .bytes = copy };
	set->status = DNS_FOUND;
	set->bogus = false;
	set->ttl = set->count == 1 || ttl < set->ttl ? ttl : set->ttl;
	return true;
}

static bool
zone_fail(struct canned_zone *zone, const char *name, int type, enum dns_status status, bool bogus)
{
	struct rrset *set = status == DNS_FOUND ? NULL : rrset_make(zone, name, type);

	if (set == NULL)
		return false;
	rrset_clear(set);
	set->status = status;
	set->bogus = bogus;
	set->ttl = 0;
	return true;
}

bool
canned_zone_fail(struct canned_zone *zone, const char *name, int type, enum dns_status status)
{
	return zone_fail(zone, name, type, status, false);
}

void
canned_zone_drop(struct canned_zone *zone, const char *name, int type)
{
	char normal[DNS_NAME_TEXT];
	size_t kept = 0;

	if (!name_normal(name, true, normal))
		return;
	for (size_t i = 0; i < zone->count; i++) {
		struct rrset *set = &zone->sets[i];

		if (strcmp(set->name, normal) == 0 && (type == EVERY_TYPE || type == set->type)) {
			rrset_clear(set);
			free(set->name);
		} else {
			zone->sets[kept++] = *set;
		}
	}
	zone->count = kept;
}

/* One line's data, by type: bytes as struct dns_record holds them. */
static bool
address_data(struct span data, int family, struct text *bytes)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t read[16];

	if (data.length >= sizeof text)
		return false;
	memcpy(text, data.at, data.length);
	text[data.length] = '\0';
	if (inet_pton(family, text, read) != 1)
		return false;
	text_add(bytes, read, family == AF_INET ? 4 : 16);
	return true;
}

static bool
name_data(struct span data, struct text *bytes)
{
	char given[DNS_NAME_TEXT], normal[DNS_NAME_TEXT];

	if (data.length == 0 || data.length >= sizeof given || memchr(data.at, ' ', data.length) != NULL)
		return false;
	memcpy(given, data.at, data.length);
	given[data.length] = '\0';
	if (!name_normal(given, false, normal))
		return false;
	text_put(bytes, normal);
	return true;
}

/* Digits that end at a blank or the end; cut from *rest. */
static bool
number_cut(struct span *rest, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < rest->length && is_digit(rest->at[i]); i++)
		if ((value = value * 10 + (uint64_t)(rest->at[i] - '0')) > most)
			return false;
	if (i == 0 || (i < rest->length && rest->at[i] != ' ' && rest->at[i] != '\t'))
		return false;
	*out = (uint32_t)value;
	*rest = span_trim((struct span){ rest->at + i, rest->length - i });
	return true;
}

/* Joins quoted strings; a blank or NUL follows data. */
static bool
strings_data(struct span data, struct text *bytes)
{
	const char *at = data.at, *end = data.at + data.length;

	while (at < end) {
		if (*at++ != '"')
			return false;
		while (at < end && *at != '"') {
			int byte = dns_name_unescape(&at);

			if (byte < 0)
				return false;
			text_char(bytes, (char)byte);
		}
		if (at >= end)
			return false;
		for (at++; at < end && (*at == ' ' || *at == '\t'); at++)
			;
	}
	return true;
}

static bool
data_read(enum dns_type type, struct span data, uint16_t *preference, struct text *bytes)
{
	uint32_t number = 0;

	switch (type) {
	case DNS_A:
		return address_data(data, AF_INET, bytes);
	case DNS_AAAA:
		return address_data(data, AF_INET6, bytes);
	case DNS_MX:
		if (!number_cut(&data, UINT16_MAX, &number))
			return false;
		*preference = (uint16_t)number;
		return name_data(data, bytes);
	case DNS_TXT:
		if (data.length > 0 && data.at[0] == '"')
			return strings_data(data, bytes);
		text_span(bytes, data);
		return data.length > 0;
	default:
		return name_data(data, bytes);
	}
}

static const struct {
	const char *word;
	enum dns_status status;
	bool bogus;
} failures[] = {
	{ "SERVFAIL", DNS_TEMPORARY, false },
	{ "TIMEOUT", DNS_TEMPORARY, false },
	{ "NXDOMAIN", DNS_NXDOMAIN, false },
	{ "BOGUS", DNS_TEMPORARY, true },
};

/* Is data the word of a failure? Then adds it; *good says whether that worked. */
static bool
failure_add(struct canned_zone *zone, const char *name, int type, struct span data, bool *good)
{
	for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
		if (span_is(data, failures[i].word)) {
			*good = zone_fail(zone, name, type, failures[i].status, failures[i].bogus);
			return true;
		}
	return false;
}

static struct span
word_cut(struct span *rest)
{
	struct span word = *rest;

	for (word.length = 0; word.length < rest->length; word.length++)
		if (rest->at[word.length] == ' ' || rest->at[word.length] == '\t')
			break;
	*rest = span_trim((struct span){ rest->at + word.length, rest->length - word.length });
	return word;
}

/* How much of a span a fault shows. */
static int
shown(struct span span)
{
	return span.length < 80 ? (int)span.length : 80;
}

static bool
record_add(struct canned_zone *zone, const char *name, enum dns_type type, uint32_t ttl, struct span data,
    struct fault *why)
{
	uint16_t preference = 0;
	struct text bytes;
	bool good;

	text_open(&bytes, UINT16_MAX);
	if (!data_read(type, data, &preference, &bytes) || bytes.cut)
		good = fault_set(why, "'%.*s' is not the data of a record of type %s", shown(data), data.at,
		    dns_type_name(type));
	else if (!canned_zone_add(zone, name, type, ttl, preference, bytes.bytes, bytes.length))
		good = fault_set(why, "'%.100s' is not a name that DNS can carry, or memory ran out", name);
	else
		good = true;
	text_close(&bytes);
	return good;
}

bool
canned_zone_line(struct canned_zone *zone, const char *line, struct fault *why)
{
	struct span rest = span_trim(span_of(line)), word = word_cut(&rest);
	char name[DNS_NAME_TEXT];
	enum dns_type type = DNS_A;
	bool every, good = true;
	uint32_t ttl = 0;

	if (word.length == 0 || word.at[0] == '#' || word.at[0] == ';')
		return true;
	if (word.length >= sizeof name || rest.length > LINE_MAX_BYTES)
		return fault_set(why, "a zone line is too long");
	memcpy(name, word.at, word.length);
	name[word.length] = '\0';
	if (rest.length > 0 && is_digit(rest.at[0]) && !number_cut(&rest, INT32_MAX, &ttl))
		return fault_set(why, "the TTL of '%.100s' is not a number of seconds", name);
	word = word_cut(&rest);
	every = span_is(word, "*");
	if (!every && !type_read(word, &type))
		return fault_set(why, "'%.*s' is not a record type; write A, AAAA, CNAME, MX, PTR or TXT", shown(word),
		    word.at);
	if (failure_add(zone, name, every ? EVERY_TYPE : (int)type, rest, &good))
		return good || fault_set(why, "'%.100s' is not a name that DNS can carry", name);
	if (every)
		return fault_set(why, "'*' of '%.100s' takes SERVFAIL, TIMEOUT, NXDOMAIN or BOGUS only", name);
	return record_add(zone, name, type, ttl, rest, why);
}

void
canned_zone_text(struct canned_zone *zone, const char *lines)
{
	struct span rest = span_of(lines);
	struct fault why = { .text = "no memory" };

	while (rest.length > 0) {
		struct span cut = span_cut(&rest, '\n');
		char *line = strndup(cut.at, cut.length);

		if (zone == NULL || line == NULL || !canned_zone_line(zone, line, &why)) {
			printf("Bail out! %s: %s\n", line == NULL ? "" : line, why.text);
			exit(99);
		}
		free(line);
	}
}

/* The status of a name without a set of the type asked for: nothing here, or nothing here and below. */
static enum dns_status
absence(const struct canned_zone *zone, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < zone->count; i++) {
		const char *owner = zone->sets[i].name;
		size_t n = strlen(owner);

		if (n == length ? strcmp(owner, name) == 0
				: n > length && owner[n - length - 1] == '.' && strcmp(owner + n - length, name) == 0)
			return DNS_EMPTY; /* RFC 8020 */
	}
	return DNS_NXDOMAIN;
}

static void
rrset_answer(const struct rrset *set, uint32_t ttl, struct dns_answer *out)
{
	*out = (struct dns_answer){ .status = set->status,
		.bogus = set->bogus,
		.count = set->count,
		.records = set->records,
		.ttl = set->ttl < ttl ? set->ttl : ttl };
	if (out->count > DNS_RECORDS_MAX) {
		out->count = DNS_RECORDS_MAX;
		out->status = DNS_TEMPORARY;
	}
}

void
canned_zone_answer(const struct canned_zone *zone, const struct dns_question *question, struct dns_answer *out)
{
	char name[DNS_NAME_TEXT];
	uint32_t ttl = UINT32_MAX;

	snprintf(name, sizeof name, "%s", question->name);
	for (unsigned step = 0; step <= DNS_ALIASES_MAX; step++) {
		const struct rrset *set = rrset_find(zone, name, question->type);
		const struct rrset *alias = set == NULL ? rrset_find(zone, name, DNS_CNAME) : NULL;

		if (alias == NULL && set == NULL)
			set = rrset_find(zone, name, EVERY_TYPE);
		if (alias != NULL && alias->status != DNS_FOUND)
			set = alias;
		if (set != NULL) {
			rrset_answer(set, ttl, out);
			return;
		}
		if (alias == NULL) {
			*out = (struct dns_answer){ .status = absence(zone, name) };
			return;
		}
		ttl = alias->ttl < ttl ? alias->ttl : ttl;
		if (!name_normal((const char *)alias->records[0].bytes, true, name))
			break;
	}
	*out = (struct dns_answer){ .status = DNS_TEMPORARY }; /* a loop, or longer than any real chain */
}
