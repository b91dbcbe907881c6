/*
 * dns.h - a DNS question and its answer as plain data.
 *
 * Names are in presentation form without the final dot; bytes that are not printable
 * are written \DDD, a dot inside a label \. (RFC 1035, 5.1; RFC 4343). Never asks anybody.
 */
#ifndef DNS_H
#define DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum {
	DNS_NAME_TEXT = 1025, /* 255 wire bytes, each escaped at worst, and a NUL */
	DNS_RECORDS_MAX = 512 /* of one answer; the rest is cut and the answer is TEMPORARY */
};

/*
 * What the policy says of the name that is asked for, in rising order. Whoever sends mail chooses the names of the
 * first three, so only so many of them are asked at once, and listed names have a reserve.
 */
enum standing {
	STANDING_STRANGER, /* nobody's */
	STANDING_BELOW,    /* below a name that is listed, or made from the mail by what a listed name publishes */
	STANDING_SELECTOR, /* a key of a name that is listed: SELECTOR._domainkey.NAME */
	STANDING_LISTED    /* is in the policy itself (a vendor's, a source, ours), or such a name leads there */
};
enum { STANDINGS = STANDING_LISTED + 1 };

struct dns_question {
	char name[DNS_NAME_TEXT]; /* lower case */
	enum dns_type type;
	enum standing standing; /* a stranger's unless the caller knows better; the answer is the same */
};

enum dns_status {
	DNS_FOUND,    /* NOERROR with at least one record of the type asked */
	DNS_EMPTY,    /* NOERROR without one */
	DNS_NXDOMAIN, /* RFC 8020 */
	DNS_TEMPORARY /* SERVFAIL, time-out, bogus, no answer, answer too large or malformed */
};

enum { DNS_STATUSES = DNS_TEMPORARY + 1 };

struct dns_record {
	uint16_t preference;  /* MX only */
	uint16_t length;      /* of bytes; a NUL that terminates a name is not counted */
	const uint8_t *bytes; /* A 4, AAAA 16; TXT: all strings joined; MX, PTR: a name, NUL-terminated, the root "" */
};

struct dns_answer {
	enum dns_status status;
	bool secure;  /* validated by DNSSEC */
	bool bogus;   /* TEMPORARY because validation failed */
	uint32_t ttl; /* seconds; for negative answers by the SOA (RFC 2308); 0 when not known */
	size_t count;
	const struct dns_record *records; /* in the order received */
};

/* Why a check could not be finished: a name did not answer. Borrowed. */
struct silence {
	const char *name; /* NULL: none; or a failure of ours */
	bool lured;       /* the sender's own words, such as his HELO name, led there, not the record alone */
};

const char *dns_type_name(enum dns_type);

/* Fills *out, a stranger's: lower-cases, drops the final dot. False for a name that DNS cannot carry (empty
 * label, label over 63, name over 255 bytes): such a name does not exist. */
bool dns_question_make(struct dns_question *out, const char *name, enum dns_type) MUST_USE;

/* A copy whose memory is all in the arena; false when out of memory. */
bool dns_answer_copy(struct arena *, const struct dns_answer *from, struct dns_answer *to) MUST_USE;

/* Writes the name in wire form (RFC 1035, 3.1); returns the length, or 0 when DNS cannot carry it. */
size_t dns_name_to_wire(const char *name, uint8_t out[255]);

/* Writes uncompressed wire form in presentation form, its case kept; the root is "". */
bool dns_name_from_wire(const uint8_t *wire, size_t length, char out[DNS_NAME_TEXT]) MUST_USE;

/* Reads one byte of a label, written as itself or as an escape, and moves *at past it; -1 for a broken escape.
 * *at must not be at the end of the text. */
int dns_name_unescape(const char **at);

#endif
