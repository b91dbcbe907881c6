/*
 * export_format.h - the formats in which other programs read the vendors' networks, and what an entry may say.
 *
 * Names and checks alone, for the configuration and the command line: export.h writes them.
 */
#ifndef EXPORT_FORMAT_H
#define EXPORT_FORMAT_H

#include <stdbool.h>

#include "policy/util/fault.h"

enum export_format {
	EXPORT_POSTGREY,
	EXPORT_POSTSCREEN,
	EXPORT_CIDR,            /* Postfix's smtpd_milter_maps */
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

/* May an entry of this format say that? cidr: the milters of such a client; sendmail-access: the right-hand side;
 * nftables: family and name of the table. Other formats leave no choice. "" is always right. False with why (NULL:
 * nobody asks). */
bool export_format_takes(enum export_format, const char *value, struct fault *why) MUST_USE;

#endif
