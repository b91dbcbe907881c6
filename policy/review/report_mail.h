/*
 * report_mail.h - the report as a mail (RFC 5322, MIME): the text, and the first screen of the page.
 *
 * ASCII only, no line longer than 78 bytes, nothing that a mail program has to fetch. Never sends anything.
 */
#ifndef REPORT_MAIL_H
#define REPORT_MAIL_H

#include "policy/review/report_view.h"

/* host: a domain name, of the addresses from and to; now: seconds since 1970. */
void report_mail_write(const struct report_view *, const char *host, int64_t now, struct text *out);

#endif
