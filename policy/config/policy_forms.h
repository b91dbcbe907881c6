/*
 * policy_forms.h - what people write by mistake where a configuration wants a name, evidence or a key of ours.
 *
 * Only says what to write instead; never accepts it.
 */
#ifndef POLICY_FORMS_H
#define POLICY_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"

/* Is text a web address, a term of an SPF record, or the place of a DKIM key or DMARC record, where a domain is wanted?
 * Then true, and why says so. source: it is the value of a source's key; others may be mailboxes. */
bool forms_domain(const char *text, bool source, struct fault *why) MUST_USE;

/* Is text no value of a source's `host`: without its dot, with a '*', an address, or one of the above behind the dot? Then
 * true, and why says so. */
bool forms_host(const char *text, struct fault *why) MUST_USE;

/* Does text name kinds of evidence, joined by something other than '+', such as "listed and spf"? Then true, and why
 * says so. */
bool forms_evidence(const char *text, const char *const *words, size_t count, struct fault *why) MUST_USE;

/* What greenlane has in place of a key that other programs have, such as "whitelist", to follow "unknown key 'x'"; NULL:
 * nothing is known of that key. vendor: it was given for a vendor. */
const char *forms_key(const char *name, bool vendor);

#endif
