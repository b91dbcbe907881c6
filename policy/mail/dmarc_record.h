/*
 * dmarc_record.h - reads one DMARC record (RFC 9989, 4.7, 4.8).
 *
 * Never asks DNS, and never judges whether a record is wise: dns_audit does.
 */
#ifndef DMARC_RECORD_H
#define DMARC_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/mail/facts.h"

enum dmarc_psd { DMARC_PSD_UNKNOWN, DMARC_PSD_YES, DMARC_PSD_NO }; /* u, y, n */

struct dmarc_record {
	enum dmarc_policy p, sp, np; /* sp is p, and np is sp, when absent */
	bool has_sp, has_np;
	enum dmarc_psd psd;
	bool strict_spf, strict_dkim;
	bool testing; /* t=y: each policy is meant one step milder */
	bool usable;  /* false: neither its policies nor its rua are sound, so that DMARC does not apply (4.10.1) */
};

enum { DMARC_RECORD_MAX = 4096 }; /* bytes; a longer text is no record */

/*
 * Reads one TXT record. False: it is no DMARC record, because v=DMARC1 does not come first; *out is then empty.
 * Names of tags fold case and of a tag that occurs twice the last counts, as other readers have it; unknown tags,
 * and with them pct, rf and ri, mean nothing.
 */
bool dmarc_record_read(const char *text, size_t length, struct dmarc_record *out);

/* What an owner who still tests wants done: one step less (4.7, "t"). */
enum dmarc_policy dmarc_policy_milder(enum dmarc_policy);

#endif
