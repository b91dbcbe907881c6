/*
 * spf_write.h - an SPF record as libspf2 is to see it for one client: canonical, its macros expanded.
 *
 * libspf2 expands macros wrongly (a number as large as the count of labels eats the first
 * letter; numbers count dots, not the delimiters given) and its known holes are all there. So no
 * macro and no text of a sender reaches it: a name that is not a plain host name gets a stand-in.
 */
#ifndef SPF_WRITE_H
#define SPF_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/dns/spf_text.h"
#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

/* What the macros stand for (RFC 7208, 7.2). Borrowed, raw bytes. */
struct spf_view {
	struct address client;
	const char *local, *sender_domain; /* of the identity that is checked */
	const char *helo;
	const char *domain; /* where the record was found */
	const char *name;   /* %{p}: the client's validated name, or "unknown" */
	bool lured;         /* the sender's own words led to that domain */
};

/* Names that stand-ins stand for, raw and at most 253 bytes, and plain ones that macros made. */
struct spf_names {
	struct arena *arena;
	struct spf_stood_in {
		const char *name;
		bool by_p;  /* %{p} is in it: costs a look-up of its own */
		bool lured; /* the sender's own words made it, or led to the record that names it */
	} * list;
	size_t count, room;
};

/* Expands a domain-spec (RFC 7208, 7.3) and drops labels on the left until 253 bytes are left. */
void spf_expand(const char *spec, const struct spf_view *, struct text *out);

/* The name that a stand-in stands for, or NULL when domain is not a stand-in. */
const struct spf_stood_in *spf_names_find(const struct spf_names *, const char *domain);
/* Is this name, plain or by its stand-in, one that the sender's words led to? */
bool spf_names_lured(const struct spf_names *, const char *domain);

/* Did macros, and so the mail, help to make this name? */
bool spf_names_hold(const struct spf_names *, const char *name);

/* Writes the record: exp= and unknown modifiers dropped, networks that hold the client written `all` and
 * others dropped, zero prefixes rewritten, nothing after `all`, redirect last. False when out of memory. */
bool spf_write(const struct spf_record *, const struct spf_view *, struct spf_names *, struct text *out) MUST_USE;

/* libspf2 passes every loopback client without a check. So it sees such a client, and every address that is
 * compared with it, with the top bit flipped: this is the address as libspf2 is to see it. */
struct address spf_alias(struct address, const struct address *client);

#endif
