/*
 * answer_text.h - a DNS answer as one line, for tables of tests: "FOUND 192.0.2.1 192.0.2.2",
 * "FOUND 'v=spf1 -all'", "FOUND 10:mx.example.com", "EMPTY".
 */
#ifndef ANSWER_TEXT_H
#define ANSWER_TEXT_H

#include "policy/dns/dns.h"
#include "policy/util/text.h"

void answer_text(enum dns_type, const struct dns_answer *, struct text *out);

#endif
