#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/dns_packet.h"
#include "t/lib/answer_text.h"
#include "t/lib/tap.h"

/* Packets are written in octal, as the name of a record is mostly \300\014, the question's. */
#define HEAD(flags, an, ns) "\000\000" flags "\000\001\000" an "\000" ns "\000\000"
#define FINE "\201\200"
#define NXDOMAIN "\201\203"
#define SERVFAIL "\201\202"
#define CUT_SHORT "\203\200"
#define NO_RESPONSE "\001\200"

#define ASKED "\007example\003com\000" /* begins at 12, com at 20, ends at 25 */
#define T_A "\000\001"
#define T_CNAME "\000\005"
#define T_SOA "\000\006"
#define T_PTR "\000\014"
#define T_MX "\000\017"
#define T_TXT "\000\020"
#define T_AAAA "\000\034"
#define T_RRSIG "\000\056"
#define IN "\000\001"
#define CHAOS "\000\003"
#define SAME "\300\014"
#define TTL_60 "\000\000\000\074"
#define TTL_300 "\000\000\001\054"
#define Q(type) ASKED type IN
#define A_HERE SAME T_A IN TTL_300 "\000\004\300\000\002\001"
/* a at example.com -> www.example.com (at 41), which is example.com's first alias */
#define ALIAS SAME T_CNAME IN TTL_60 "\000\006\003www" SAME
#define SOA(ttl, minimum)               \
	SAME T_SOA IN ttl               \
	    "\000\030" SAME SAME "0000" \
	    "0000"                      \
	    "0000"                      \
	    "0000" minimum

#define BYTES(text) text, sizeof(text) - 1

static const struct {
	const char *name;
	enum dns_type type;
	const char *packet;
	size_t length;
	const char *wanted;
} rows[] = {
	{ "an address is read", DNS_A, BYTES(HEAD(FINE, "\001", "\000") Q(T_A) A_HERE), "300 FOUND 192.0.2.1" },
	{ "two addresses keep their order", DNS_A,
	    BYTES(HEAD(FINE, "\002", "\000") Q(T_A) A_HERE SAME T_A IN TTL_60 "\000\004\300\000\002\000"),
	    "60 FOUND 192.0.2.1 192.0.2.0" },
	{ "an IPv6 address is read", DNS_AAAA,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_AAAA) SAME T_AAAA IN TTL_300
		"\000\020\040\001\015\270\000\000\000\000\000\000\000\000\000\000\000\001"),
	    "300 FOUND 2001:db8::1" },
	{ "an owner in other letters is the same owner", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) "\007EXAMPLE\003Com\000" T_A IN TTL_300 "\000\004\300\000\002\001"),
	    "300 FOUND 192.0.2.1" },
	{ "an alias is followed and its TTL counts", DNS_A,
	    BYTES(HEAD(FINE, "\002", "\000") Q(T_A) ALIAS "\003www" SAME T_A IN TTL_300 "\000\004\300\000\002\002"),
	    "60 FOUND 192.0.2.2" },
	{ "an alias after its target is followed", DNS_A,
	    BYTES(HEAD(FINE, "\002", "\000") Q(T_A) "\003www" SAME T_A IN TTL_300 "\000\004\300\000\002\002" ALIAS),
	    "60 FOUND 192.0.2.2" },
	{ "asked for an alias, the alias is the answer", DNS_CNAME, BYTES(HEAD(FINE, "\001", "\000") Q(T_CNAME) ALIAS),
	    "60 FOUND www.example.com" },
	{ "records of somebody else do not count", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) "\003www" SAME T_A IN TTL_300 "\000\004\300\000\002\002"), "0 EMPTY" },
	{ "records of another class do not count", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_A CHAOS TTL_300 "\000\004\300\000\002\002"), "0 EMPTY" },
	{ "a signature beside the records is passed over", DNS_A,
	    BYTES(HEAD(FINE, "\002", "\000") Q(T_A) SAME T_RRSIG IN TTL_60 "\000\002ab" A_HERE), "300 FOUND 192.0.2.1" },
	{ "strings of a TXT record are joined", DNS_TXT,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_TXT) SAME T_TXT IN TTL_300 "\000\014\006v=spf1\004 -al"),
	    "300 FOUND 'v=spf1 -al'" },
	{ "an empty string is a string", DNS_TXT,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_TXT) SAME T_TXT IN TTL_300 "\000\001\000"), "300 FOUND ''" },
	{ "a TXT record without a string is broken", DNS_TXT,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_TXT) SAME T_TXT IN TTL_300 "\000\000"), "0 TEMPORARY" },
	{ "a string longer than its record is broken", DNS_TXT,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_TXT) SAME T_TXT IN TTL_300 "\000\004\004abc"), "0 TEMPORARY" },
	{ "a mail exchanger has a preference and a name", DNS_MX,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_MX) SAME T_MX IN TTL_300 "\000\010\001\002\003mx1" SAME),
	    "300 FOUND 258:mx1.example.com" },
	{ "the null MX is an empty name", DNS_MX,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_MX) SAME T_MX IN TTL_300 "\000\003\000\000\000"), "300 FOUND 0:" },
	{ "a mail exchanger without a name is broken", DNS_MX,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_MX) SAME T_MX IN TTL_300 "\000\002\000\001"), "0 TEMPORARY" },
	{ "bytes after the name of an exchanger are broken", DNS_MX,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_MX) SAME T_MX IN TTL_300 "\000\005\000\001" SAME "x"), "0 TEMPORARY" },
	{ "a dot inside a label and odd bytes are escaped", DNS_PTR,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_PTR) SAME T_PTR IN TTL_300 "\000\010\005a.\000;b" SAME),
	    "300 FOUND a\\.\\000;b.example.com" },
	{ "a name that points to itself is broken", DNS_PTR,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_PTR) SAME T_PTR IN TTL_300 "\000\002\300\051"), "0 TEMPORARY" },
	{ "a name that points past the packet is broken", DNS_PTR,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_PTR) SAME T_PTR IN TTL_300 "\000\002\377\377"), "0 TEMPORARY" },
	{ "an alias of itself is broken", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_CNAME IN TTL_300 "\000\002" SAME), "0 TEMPORARY" },
	{ "an address of three bytes is broken", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_A IN TTL_300 "\000\003\300\000\002"), "0 TEMPORARY" },
	{ "an address of five bytes is broken", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_A IN TTL_300 "\000\005\300\000\002\001\000"), "0 TEMPORARY" },
	{ "a record longer than the packet is broken", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_A IN TTL_300 "\377\377\300\000\002\001"), "0 TEMPORARY" },
	{ "a count of records that are not there is broken", DNS_A, BYTES(HEAD(FINE, "\002", "\000") Q(T_A) A_HERE),
	    "0 TEMPORARY" },
	{ "a TTL with its highest bit set is 0", DNS_A,
	    BYTES(HEAD(FINE, "\001", "\000") Q(T_A) SAME T_A IN "\200\000\000\001\000\004\300\000\002\001"),
	    "0 FOUND 192.0.2.1" },
	{ "no such name holds as long as the SOA says", DNS_A,
	    BYTES(HEAD(NXDOMAIN, "\000", "\001") Q(T_A) SOA(TTL_300, TTL_60)), "60 NXDOMAIN" },
	{ "the TTL of the SOA itself is a ceiling", DNS_A,
	    BYTES(HEAD(NXDOMAIN, "\000", "\001") Q(T_A) SOA(TTL_60, TTL_300)), "60 NXDOMAIN" },
	{ "no such record holds as long as the SOA says", DNS_A,
	    BYTES(HEAD(FINE, "\000", "\001") Q(T_A) SOA(TTL_300, TTL_300)), "300 EMPTY" },
	{ "an alias to nothing holds as long as the shorter", DNS_A,
	    BYTES(HEAD(NXDOMAIN, "\001", "\001") Q(T_A) ALIAS SOA(TTL_300, TTL_300)), "60 NXDOMAIN" },
	{ "a SOA without its numbers is broken", DNS_A,
	    BYTES(HEAD(FINE, "\000", "\001") Q(T_A) SAME T_SOA IN TTL_300 "\000\004" SAME SAME), "0 TEMPORARY" },
	{ "without a SOA the time is not known", DNS_A, BYTES(HEAD(NXDOMAIN, "\000", "\000") Q(T_A)), "0 NXDOMAIN" },
	{ "a server that failed is temporary", DNS_A, BYTES(HEAD(SERVFAIL, "\000", "\000") Q(T_A)), "0 TEMPORARY" },
	{ "an answer that was cut short is temporary", DNS_A, BYTES(HEAD(CUT_SHORT, "\001", "\000") Q(T_A) A_HERE),
	    "0 TEMPORARY" },
	{ "a question is not an answer", DNS_A, BYTES(HEAD(NO_RESPONSE, "\001", "\000") Q(T_A) A_HERE), "0 TEMPORARY" },
	{ "an answer to another type does not count", DNS_TXT, BYTES(HEAD(FINE, "\001", "\000") Q(T_A) A_HERE),
	    "0 TEMPORARY" },
	{ "an answer to another name does not count", DNS_A,
	    BYTES(HEAD(FINE, "\000", "\000") "\007examplf\003com\000" T_A IN), "0 TEMPORARY" },
	{ "nothing at all is temporary", DNS_A, BYTES(""), "0 TEMPORARY" },
};
enum { ROWS = sizeof rows / sizeof rows[0], ARENA_BYTES = 1 << 20 };

/* Reads a copy of exactly that length, so that a sanitizer sees a step beyond it. */
static enum dns_status
packet_read(const char *packet, size_t length, enum dns_type type, struct text *shown)
{
	struct arena *arena = arena_open(ARENA_BYTES);
	uint8_t *copy = malloc(length > 0 ? length : 1);
	struct dns_question question;
	struct dns_answer answer;

	if (arena == NULL || copy == NULL || !dns_question_make(&question, "example.com", type))
		abort();
	memcpy(copy, packet, length);
	dns_packet_read(copy, length, &question, arena, &answer);
	text_format(shown, "%u ", answer.ttl);
	answer_text(type, &answer, shown);
	free(copy);
	arena_close(arena);
	return answer.status;
}

static void
rows_are_read(void)
{
	for (size_t i = 0; i < ROWS; i++) {
		struct text shown;

		text_open(&shown, 4096);
		packet_read(rows[i].packet, rows[i].length, rows[i].type, &shown);
		is(shown.bytes, rows[i].wanted, "%s", rows[i].name);
		text_close(&shown);
	}
}

/* Every packet cut at every byte, and every byte of every packet changed. */
static void
packets_are_survived(void)
{
	static const unsigned char changes[] = { 0x00, 0x01, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff };
	size_t whole = 0, read = 0;
	struct text shown;

	text_open(&shown, 1 << 18);
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t length = 0; length < rows[i].length; length++)
			whole += packet_read(rows[i].packet, length, rows[i].type, &shown) != DNS_TEMPORARY;
		for (size_t at = 0; at < rows[i].length; at++)
			for (size_t c = 0; c < sizeof changes; c++, read++) {
				char packet[512];

				memcpy(packet, rows[i].packet, rows[i].length);
				packet[at] = (char)changes[c];
				text_clear(&shown);
				packet_read(packet, rows[i].length, rows[i].type, &shown);
			}
		text_clear(&shown);
	}
	text_close(&shown);
	is_number((long long)whole, 0, "a packet cut at any byte is temporary");
	ok(read > 10000, "a packet with any byte changed is read without harm");
}

/* A chain of aliases a, b, c ... of this many steps, with an address at its end. */
static enum dns_status
chain_read(unsigned steps)
{
	char packet[2048];
	size_t used = sizeof(HEAD(FINE, "\000", "\000") Q(T_A)) - 1;
	struct text shown;
	enum dns_status status;

	memcpy(packet, HEAD(FINE, "\000", "\000") Q(T_A), used);
	packet[7] = (char)(steps + 1);
	for (unsigned i = 0; i <= steps; i++) {
		char owner[] = { 1, (char)('a' + i - 1), '\300', '\014' },
		     next[] = { 1, (char)('a' + i), '\300', '\014' };
		size_t skip = i == 0 ? 2 : 0;

		memcpy(packet + used, owner + skip, sizeof owner - skip);
		used += sizeof owner - skip;
		memcpy(packet + used, i < steps ? T_CNAME IN TTL_60 "\000\004" : T_A IN TTL_60 "\000\004", 10);
		memcpy(packet + used + 10, i < steps ? next : "\300\000\002\001", 4);
		used += 14;
	}
	text_open(&shown, 4096);
	status = packet_read(packet, used, DNS_A, &shown);
	text_close(&shown);
	return status;
}

/* So many addresses of one name. */
static enum dns_status
crowd_read(unsigned count)
{
	static const char record[] = A_HERE;
	size_t used = sizeof(HEAD(FINE, "\000", "\000") Q(T_A)) - 1;
	char *packet = calloc(1, used + count * (sizeof record - 1));
	struct text shown;
	enum dns_status status;

	memcpy(packet, HEAD(FINE, "\000", "\000") Q(T_A), used);
	packet[6] = (char)(count >> 8);
	packet[7] = (char)count;
	for (unsigned i = 0; i < count; i++, used += sizeof record - 1)
		memcpy(packet + used, record, sizeof record - 1);
	text_open(&shown, 1 << 18);
	status = packet_read(packet, used, DNS_A, &shown);
	text_close(&shown);
	free(packet);
	return status;
}

int
main(void)
{
	rows_are_read();
	packets_are_survived();
	is_number(chain_read(DNS_ALIASES_MAX), DNS_FOUND, "as many aliases as allowed are followed");
	is_number(chain_read(DNS_ALIASES_MAX + 1), DNS_TEMPORARY, "one alias more is temporary");
	is_number(crowd_read(DNS_RECORDS_MAX), DNS_FOUND, "as many records as allowed are read");
	is_number(crowd_read(DNS_RECORDS_MAX + 1), DNS_TEMPORARY, "one record more is temporary");
	is_number(crowd_read(4000), DNS_TEMPORARY, "thousands of records are temporary");
	return done();
}
