/*
 * spf_text.h - an SPF record, read by the grammar of RFC 7208, 12.
 *
 * libspf2 accepts much that is not SPF and aborts on some of it: it only sees what was
 * read here and written again by spf_write.
 */
#ifndef SPF_TEXT_H
#define SPF_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { SPF_SPEC_MAX = 400, SPF_RECORD_MAX = 8 * 1024, SPF_TERMS_MAX = 1000 }; /* of one record */

/* What a record may cost its readers (RFC 7208, 4.6.4), with all that it leads to. */
enum {
	SPF_TERMS_LIMIT = 10, /* terms that ask DNS */
	SPF_VOIDS_LIMIT = 2,  /* look-ups without an answer */
	SPF_MX_LIMIT = 10,    /* hosts of one mx term */
	SPF_PTR_LIMIT = 10    /* names of the client */
};

enum spf_mechanism { SPF_ALL, SPF_INCLUDE, SPF_A_TERM, SPF_MX_TERM, SPF_PTR_TERM, SPF_IP4, SPF_IP6, SPF_EXISTS };

struct spf_term {
	enum spf_mechanism mechanism;
	char qualifier;        /* '+', '-', '~', '?' */
	const char *spec;      /* domain-spec as written, "" when absent */
	bool has_macro;        /* spec holds a % */
	unsigned bits4, bits6; /* of a and mx; 32 and 128 when absent */
	struct prefix network; /* of ip4 and ip6; host bits cleared */
};

struct spf_record {
	const struct spf_term *terms; /* in order */
	size_t count;
	const char *redirect; /* "" when absent */
	bool redirect_has_macro;
	bool starved; /* reading failed because memory ran out, not because of the text */
};

/* Is this TXT record an SPF version 1 record (RFC 7208, 4.5)? */
bool spf_text_is_record(const char *text, size_t length);

/* Reads all of it; false with what is wrong: the record is a permerror (RFC 7208, 4.6). */
bool spf_text_read(struct arena *, const char *text, size_t length, struct spf_record *out, struct fault *why) MUST_USE;

#endif
