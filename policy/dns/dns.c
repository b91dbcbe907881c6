#include <stdint.h>
#include <string.h>

#include "policy/dns/dns.h"
#include "policy/util/text.h"

enum { NAME_WIRE = 255, LABEL_WIRE = 63 }; /* RFC 1035, 2.3.4 */

static const struct {
	const char *name;
	enum dns_type type;
} types[] = {
	{ "A", DNS_A },
	{ "CNAME", DNS_CNAME },
	{ "PTR", DNS_PTR },
	{ "MX", DNS_MX },
	{ "TXT", DNS_TXT },
	{ "AAAA", DNS_AAAA },
};
enum { TYPES = sizeof types / sizeof types[0] };

const char *
dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return "-";
}

/* ---- names ---- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
dns_name_unescape(const char **at)
{
	const char *c = *at;
	int value;

	if (*c != '\\') {
		*at = c + 1;
		return (unsigned char)*c;
	}
	c++;
	if (*c == '\0')
		return -1;
	if (!is_digit(*c)) {
		*at = c + 1;
		return (unsigned char)*c;
	}
	if (!is_digit(c[1]) || !is_digit(c[2]))
		return -1;
	value = (c[0] - '0') * 100 + (c[1] - '0') * 10 + (c[2] - '0');
	*at = c + 3;
	return value <= 255 ? value : -1;
}

/* Reads one label at *at up to its dot or the end into out; its length, 0 for a label that cannot be. */
static size_t
label_read(const char **at, uint8_t out[LABEL_WIRE])
{
	size_t length = 0;

	while (**at != '\0' && **at != '.') {
		int byte = dns_name_unescape(at);

		if (byte < 0 || length == LABEL_WIRE)
			return 0;
		out[length++] = (uint8_t)byte;
	}
	return length;
}

size_t
dns_name_to_wire(const char *name, uint8_t out[255])
{
	size_t used = 0;

	if (strcmp(name, ".") == 0)
		name = "";
	while (*name != '\0') {
		uint8_t label[LABEL_WIRE];
		size_t length = label_read(&name, label);

		if (length == 0 || used + length + 2 > NAME_WIRE)
			return 0;
		out[used++] = (uint8_t)length;
		memcpy(out + used, label, length);
		used += length;
		if (*name == '.')
			name++;
	}
	out[used++] = 0;
	return used;
}

/* Writes one byte of a label in presentation form, terminated; returns its length. */
static size_t
byte_write(uint8_t byte, char out[5])
{
	size_t n = 0;

	/* by hand: every look-up passes here, and a formatted write would cost more than the cache does */
	if (byte <= ' ' || byte > '~') {
		out[n++] = '\\';
		out[n++] = (char)('0' + byte / 100);
		out[n++] = (char)('0' + byte / 10 % 10);
		out[n++] = (char)('0' + byte % 10);
	} else {
		if (byte == '.' || byte == '\\')
			out[n++] = '\\';
		out[n++] = (char)byte;
	}
	out[n] = '\0';
	return n;
}

bool
dns_name_from_wire(const uint8_t *wire, size_t length, char out[DNS_NAME_TEXT])
{
	size_t at = 0, used = 0;

	out[0] = '\0';
	if (length > NAME_WIRE)
		return false;
	while (at < length && wire[at] != 0) {
		size_t end = at + 1 + wire[at];

		if (wire[at] > LABEL_WIRE || end >= length)
			return false;
		if (at > 0)
			out[used++] = '.';
		for (at++; at < end; at++)
			used += byte_write(wire[at], out + used);
	}
	out[used] = '\0';
	return at < length;
}

bool
dns_question_make(struct dns_question *out, const char *name, enum dns_type type)
{
	uint8_t wire[NAME_WIRE];
	size_t length = dns_name_to_wire(name, wire);

	out->type = type;
	out->standing = STANDING_STRANGER;
	/* a length byte is at most 63, so never a letter */
	for (size_t i = 0; i < length; i++)
		wire[i] = (uint8_t)text_lower((char)wire[i]);
	return length > 0 && dns_name_from_wire(wire, length, out->name) && out->name[0] != '\0';
}

bool
dns_answer_copy(struct arena *arena, const struct dns_answer *from, struct dns_answer *to)
{
	struct dns_record *records = NULL;

	if (from->count > 0 && (records = arena_take(arena, from->count * sizeof *records)) == NULL)
		return false;
	for (size_t i = 0; i < from->count; i++) {
		records[i] = from->records[i];
		records[i].bytes = (const uint8_t *)arena_copy(arena, from->records[i].bytes, from->records[i].length);
		if (records[i].bytes == NULL)
			return false;
	}
	*to = *from;
	to->records = records;
	return true;
}
