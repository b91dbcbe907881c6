#include <stdio.h>
#include <string.h>

#include "policy/mail/iprev.h"

/* Reads a name that a host on the Internet can have. */
static bool
host_read(const char *name, size_t length, char out[DOMAIN_TEXT])
{
	struct address address;

	return domain_read(name, length, out, NULL) && domain_labels(out) > 1 && !address_read(out, &address);
}

/* ---- what the MTA says ---- */

void
iprev_of_mta(const char *name, const char *resolve, char out[DOMAIN_TEXT])
{
	if (strcmp(resolve, "OK") != 0 || !host_read(name, strlen(name), out))
		out[0] = '\0';
}

/* ---- looking ourselves ---- */

enum { REVERSE_TEXT = 2 * 32 + sizeof "ip6.arpa" };

/* "1.2.0.192.in-addr.arpa" (RFC 1035, 3.5), or a hexadecimal digit a label below ip6.arpa (RFC 3596, 2.5). */
static const char *
reverse_name(const struct address *address, char out[REVERSE_TEXT])
{
	char *at = out;

	if (address->family == ADDRESS_V4) {
		snprintf(out, REVERSE_TEXT, "%u.%u.%u.%u.in-addr.arpa", address->bytes[3], address->bytes[2],
		    address->bytes[1], address->bytes[0]);
		return out;
	}
	for (size_t i = sizeof address->bytes; i-- > 0;)
		at += snprintf(at, 5, "%x.%x.", address->bytes[i] & 0xfu, address->bytes[i] >> 4u);
	memcpy(at, "ip6.arpa", sizeof "ip6.arpa");
	return out;
}

void
iprev_begin(struct iprev_check *check, struct arena *arena, const struct address *client)
{
	char name[REVERSE_TEXT];

	*check = (struct iprev_check){ .arena = arena, .client = *client };
	check->asked = arena_string(arena, reverse_name(client, name));
}

static bool
question_of(const struct iprev_check *check, size_t at, struct dns_question *out)
{
	enum dns_type type = check->client.family == ADDRESS_V4 ? DNS_A : DNS_AAAA;

	/* the names were read as host names, so DNS can carry them */
	return at < check->count && dns_question_make(out, check->names[at], type);
}

bool
iprev_next(const struct iprev_check *check, struct dns_question *out)
{
	if (check->asked != NULL)
		return dns_question_make(out, check->asked, DNS_PTR);
	return question_of(check, check->at, out);
}

bool
iprev_ahead(const struct iprev_check *check, size_t ahead, struct dns_question *out)
{
	return check->asked == NULL && question_of(check, check->at + ahead, out);
}

/* Keeps the lowest names of too many, once each: servers turn the order, and the result must not depend on it. */
static void
add_name(struct iprev_check *check, const char *name)
{
	size_t at = check->count;

	while (at > 0 && strcmp(name, check->names[at - 1]) < 0)
		at--;
	if (at == IPREV_NAMES_MAX || (at > 0 && strcmp(name, check->names[at - 1]) == 0))
		return;
	name = arena_string(check->arena, name);
	if (name == NULL)
		return;
	if (check->count == IPREV_NAMES_MAX)
		check->count--;
	for (size_t i = check->count++; i > at; i--)
		check->names[i] = check->names[i - 1];
	check->names[at] = name;
}

static void
take_names(struct iprev_check *check, const struct dns_answer *answer)
{
	char name[DOMAIN_TEXT];

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (host_read((const char *)record->bytes, record->length, name))
			add_name(check, name);
	}
}

static bool
leads_back(const struct iprev_check *check, const struct dns_answer *answer)
{
	size_t width = address_width(&check->client) / 8;

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->length == width && memcmp(record->bytes, check->client.bytes, width) == 0)
			return true;
	}
	return false;
}

void
iprev_answer(struct iprev_check *check, const struct dns_answer *answer)
{
	const char *name = check->asked != NULL ? check->asked : check->names[check->at];

	if (answer->status == DNS_TEMPORARY && check->silent == NULL)
		check->silent = name;
	if (check->asked != NULL) {
		check->asked = NULL;
		check->has_names = answer->status == DNS_FOUND;
		if (check->has_names)
			take_names(check, answer);
		return;
	}
	check->at++;
	if (answer->status == DNS_FOUND && leads_back(check, answer))
		check->confirmed[check->confirmed_count++] = name;
}

void
iprev_finish(const struct iprev_check *check, struct iprev_fact *out)
{
	out->count = check->confirmed_count;
	memcpy(out->names, check->confirmed, sizeof out->names);
	out->silence = (struct silence){ check->silent, check->silent != NULL };
	if (out->count > 0)
		out->result = AUTH_PASS;
	else if (check->silent != NULL || arena_failed(check->arena))
		out->result = AUTH_TEMPERROR;
	else
		out->result = check->has_names ? AUTH_FAIL : AUTH_PERMERROR;
}

bool
iprev_is_result(enum auth_result result)
{
	return result == AUTH_NOT_ASKED || result == AUTH_PASS || result == AUTH_FAIL || result == AUTH_PERMERROR ||
	    result == AUTH_TEMPERROR;
}

/* ---- what it says ---- */

/* What is not found: is it not there? */
static enum tri
or_open(const struct iprev_fact *fact)
{
	bool open = fact->result == AUTH_NOT_ASKED || fact->result == AUTH_TEMPERROR || fact->silence.name != NULL;

	return open ? UNKNOWN : NO;
}

enum tri
iprev_confirmed(const struct iprev_fact *fact)
{
	return fact->by_mta != NULL || fact->count > 0 ? YES : or_open(fact);
}

static bool
is_below(const char *name, const char *above)
{
	return name != NULL && domain_is_under(name, above) && strcmp(name, above) != 0;
}

enum tri
iprev_is_below(const struct iprev_fact *fact, const char *name)
{
	bool below = is_below(fact->by_mta, name);

	for (size_t i = 0; i < fact->count; i++)
		below = below || is_below(fact->names[i], name);
	return below ? YES : or_open(fact);
}
