#include <arpa/nameser.h>
#include <resolv.h>
#include <string.h>

#include "policy/dns/dns_packet.h"
#include "policy/util/text.h"

enum { NAME_WIRE = 255, SOA_NUMBERS = 20, TTL_MOST = INT32_MAX }; /* RFC 1035, 2.3.4, 3.3.13; RFC 2181, 8 */
enum { SECTION_MAX = 2 * DNS_RECORDS_MAX };                       /* records walked, signatures and aliases included */

/* A name in wire form, lower case: compares by bytes. */
struct owner {
	size_t length;
	uint8_t wire[NAME_WIRE];
};

/* One response being read. */
struct reading {
	ns_msg message;
	const struct dns_question *question;
	struct owner owner; /* the name asked, then that of each alias in turn */
	uint32_t ttl;
	size_t count;
	struct dns_record *records;
};

static bool
owner_is(const struct owner *a, const struct owner *b)
{
	return a->length == b->length && memcmp(a->wire, b->wire, a->length) == 0;
}

/* The wire form is whole: libresolv wrote it. */
static void
owner_measure(struct owner *owner)
{
	for (owner->length = 0; owner->wire[owner->length] != 0;)
		owner->length += 1 + (size_t)owner->wire[owner->length];
	owner->length++;
}

/* a length byte is at most 63, so never a letter */
static void
owner_fold(struct owner *owner)
{
	for (size_t i = 0; i < owner->length; i++)
		owner->wire[i] = (uint8_t)text_lower((char)owner->wire[i]);
}

/* Unpacks the name that fills bytes up to end, compressed or not; false when it does not fit exactly. */
static bool
name_unpack(ns_msg *message, const uint8_t *bytes, const uint8_t *end, struct owner *out)
{
	int used = ns_name_unpack(ns_msg_base(*message), ns_msg_end(*message), bytes, out->wire, sizeof out->wire);

	if (used < 0 || used != end - bytes)
		return false;
	owner_measure(out);
	return true;
}

static bool
record_owner(ns_rr *record, struct owner *out)
{
	/* libresolv returns owners in its own presentation form, whose escapes are not ours */
	if (ns_name_pton(*ns_rr_name(*record) == '\0' ? "." : ns_rr_name(*record), out->wire, sizeof out->wire) < 0)
		return false;
	owner_measure(out);
	owner_fold(out);
	return true;
}

static const uint8_t *
record_end(ns_rr *record)
{
	return ns_rr_rdata(*record) + ns_rr_rdlen(*record);
}

/* A TTL with its highest bit set counts as 0 (RFC 2181, 8). */
static void
ttl_shorten(struct reading *reading, uint32_t ttl)
{
	if (ttl > TTL_MOST)
		ttl = 0;
	if (ttl < reading->ttl)
		reading->ttl = ttl;
}

/* ---- data by type: bytes as struct dns_record holds them ---- */

static bool
data_address(ns_rr *rr, size_t length, struct arena *arena, struct dns_record *out)
{
	if (ns_rr_rdlen(*rr) != length)
		return false;
	out->length = (uint16_t)length;
	out->bytes = (const uint8_t *)arena_copy(arena, ns_rr_rdata(*rr), length);
	return out->bytes != NULL;
}

/* The character-strings joined, each inside the data (RFC 1035, 3.3.14); at least one. */
static bool
data_strings(ns_rr *rr, struct arena *arena, struct dns_record *out)
{
	const uint8_t *at = ns_rr_rdata(*rr), *end = record_end(rr);
	uint8_t *joined = arena_take(arena, ns_rr_rdlen(*rr) + 1u);
	size_t used = 0;

	if (joined == NULL || at == end)
		return false;
	while (at < end) {
		size_t length = *at++;

		if (length > (size_t)(end - at))
			return false;
		memcpy(joined + used, at, length);
		used += length;
		at += length;
	}
	out->length = (uint16_t)used;
	out->bytes = joined;
	return true;
}

static bool
data_name(struct reading *reading, ns_rr *rr, size_t before, struct arena *arena, struct dns_record *out)
{
	char name[DNS_NAME_TEXT];
	struct owner target;

	if (ns_rr_rdlen(*rr) <= before ||
	    !name_unpack(&reading->message, ns_rr_rdata(*rr) + before, record_end(rr), &target) ||
	    !dns_name_from_wire(target.wire, target.length, name))
		return false;
	out->length = (uint16_t)strlen(name);
	out->bytes = (const uint8_t *)arena_string(arena, name);
	return out->bytes != NULL;
}

static bool
data_read(struct reading *reading, ns_rr *rr, struct arena *arena, struct dns_record *out)
{
	switch (reading->question->type) {
	case DNS_A:
		return data_address(rr, 4, arena, out);
	case DNS_AAAA:
		return data_address(rr, 16, arena, out);
	case DNS_TXT:
		return data_strings(rr, arena, out);
	case DNS_MX:
		if (ns_rr_rdlen(*rr) > 2)
			out->preference = ns_get16(ns_rr_rdata(*rr));
		return data_name(reading, rr, 2, arena, out);
	case DNS_CNAME:
	case DNS_PTR:
		return data_name(reading, rr, 0, arena, out);
	}
	return false;
}

/* ---- the sections ---- */

/* Is it a response, complete, and to this very question? */
static bool
question_fits(struct reading *reading)
{
	ns_msg *message = &reading->message;
	struct owner asked;
	ns_rr rr;

	reading->owner.length = dns_name_to_wire(reading->question->name, reading->owner.wire);
	owner_fold(&reading->owner);
	return reading->owner.length > 0 && ns_msg_getflag(*message, ns_f_qr) == 1 &&
	    ns_msg_getflag(*message, ns_f_tc) == 0 && ns_msg_getflag(*message, ns_f_opcode) == ns_o_query &&
	    ns_msg_count(*message, ns_s_qd) == 1 && ns_msg_count(*message, ns_s_an) <= SECTION_MAX &&
	    ns_parserr(message, ns_s_qd, 0, &rr) == 0 && record_owner(&rr, &asked) && owner_is(&asked, &reading->owner) &&
	    ns_rr_type(rr) == (ns_type)reading->question->type && ns_rr_class(rr) == ns_c_in;
}

/* What one walk over the answer section found at the current owner. */
enum found { FOUND_BROKEN, FOUND_NOTHING, FOUND_ALIAS, FOUND_RECORDS };

/* Counts the records asked for and keeps the alias, if the owner has one; an owner with both has records. */
static enum found
owner_look(struct reading *reading, struct owner *alias)
{
	int last = ns_msg_count(reading->message, ns_s_an);
	enum found found = FOUND_NOTHING;
	struct owner owner;
	ns_rr rr;

	for (int i = 0; i < last; i++) {
		if (ns_parserr(&reading->message, ns_s_an, i, &rr) != 0 || !record_owner(&rr, &owner))
			return FOUND_BROKEN;
		if (ns_rr_class(rr) != ns_c_in || !owner_is(&owner, &reading->owner))
			continue;
		if (ns_rr_type(rr) == (ns_type)reading->question->type) {
			found = FOUND_RECORDS;
			reading->count++;
			ttl_shorten(reading, ns_rr_ttl(rr));
		} else if (ns_rr_type(rr) == ns_t_cname && found == FOUND_NOTHING) {
			if (!name_unpack(&reading->message, ns_rr_rdata(rr), record_end(&rr), alias))
				return FOUND_BROKEN;
			found = FOUND_ALIAS;
			ttl_shorten(reading, ns_rr_ttl(rr));
		}
	}
	return found;
}

/* Goes from alias to alias until the owner has none. False for a loop and for broken records. */
static bool
aliases_follow(struct reading *reading)
{
	struct owner alias;

	for (unsigned step = 0; step <= DNS_ALIASES_MAX; step++) {
		enum found found = owner_look(reading, &alias);

		if (found != FOUND_ALIAS)
			return found != FOUND_BROKEN && reading->count <= DNS_RECORDS_MAX;
		owner_fold(&alias);
		reading->owner = alias;
	}
	return false;
}

static bool
records_collect(struct reading *reading, struct arena *arena)
{
	int last = ns_msg_count(reading->message, ns_s_an);
	struct owner owner;
	size_t used = 0;
	ns_rr rr;

	if ((reading->records = arena_take(arena, reading->count * sizeof *reading->records)) == NULL)
		return false;
	for (int i = 0; i < last && used < reading->count; i++) {
		if (ns_parserr(&reading->message, ns_s_an, i, &rr) != 0 || !record_owner(&rr, &owner))
			return false;
		if (ns_rr_class(rr) != ns_c_in || ns_rr_type(rr) != (ns_type)reading->question->type ||
		    !owner_is(&owner, &reading->owner))
			continue;
		if (!data_read(reading, &rr, arena, &reading->records[used++]))
			return false;
	}
	return used == reading->count;
}

/* How long a negative answer holds: the lesser of the SOA's TTL and its minimum (RFC 2308, 5). */
static bool
negative_ttl(struct reading *reading)
{
	int last = ns_msg_count(reading->message, ns_s_ns);
	ns_rr rr;

	for (int i = 0; i < last; i++) {
		const uint8_t *at, *end;

		if (ns_parserr(&reading->message, ns_s_ns, i, &rr) != 0)
			return false;
		if (ns_rr_type(rr) != ns_t_soa || ns_rr_class(rr) != ns_c_in)
			continue;
		at = ns_rr_rdata(rr);
		end = record_end(&rr);
		if (ns_name_skip(&at, end) != 0 || ns_name_skip(&at, end) != 0 || end - at != SOA_NUMBERS)
			return false;
		ttl_shorten(reading, ns_rr_ttl(rr));
		ttl_shorten(reading, ns_get32(end - 4));
		return true;
	}
	reading->ttl = 0; /* without a SOA it is not known */
	return true;
}

void
dns_packet_read(const uint8_t *packet, size_t length, const struct dns_question *question, struct arena *arena,
    struct dns_answer *out)
{
	struct reading reading = { .question = question, .ttl = TTL_MOST };
	int rcode;

	*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	if (length > NS_MAXMSG || ns_initparse(packet, (int)length, &reading.message) != 0 || !question_fits(&reading))
		return;
	rcode = ns_msg_getflag(reading.message, ns_f_rcode);
	if ((rcode != ns_r_noerror && rcode != ns_r_nxdomain) || !aliases_follow(&reading))
		return;
	if (rcode == ns_r_noerror && reading.count > 0) {
		if (records_collect(&reading, arena))
			*out = (struct dns_answer){ .status = DNS_FOUND,
				.ttl = reading.ttl,
				.count = reading.count,
				.records = reading.records };
	} else if (negative_ttl(&reading)) {
		*out = (struct dns_answer){ .status = rcode == ns_r_nxdomain ? DNS_NXDOMAIN : DNS_EMPTY,
			.ttl = reading.ttl };
	}
}
