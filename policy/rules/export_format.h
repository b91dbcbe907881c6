/*
 * export_format.h - the formats of exports for other programs, and what an entry may say.
 *
 * Only names and checks, for the configuration and the command line. Never writes an export: export.h does.
 */
#ifndef EXPORT_FORMAT_H
#define EXPORT_FORMAT_H

#include <stdbool.h>

#include "policy/util/fault.h"

enum export_format {
	EXPORT_POSTGREY,
	EXPORT_POSTSCREEN,
	EXPORT_CIDR, /* Postfix's smtpd_milter_maps */
	EXPORT_RSPAMD,
	EXPORT_MILTER_GREYLIST,
	EXPORT_SENDMAIL_ACCESS,
	EXPORT_NFTABLES,
	EXPORT_RBLDNSD,
	EXPORT_JSON
};
enum { EXPORT_FORMATS = EXPORT_JSON + 1 };

/* By format, NULL at the end: "postgrey", "postscreen", ... */
extern const char *const export_format_words[];

/* May an entry of this format say `value`? cidr: the milters for such a client; sendmail-access: the right-hand side;
 * nftables: family and name of the table. Other formats leave no choice. "" is always allowed. False with why (may be
 * NULL). */
bool export_format_takes(enum export_format, const char *value, struct fault *why) MUST_USE;

#endif
