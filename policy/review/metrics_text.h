/*
 * metrics_text.h - what the daemon counts, in the text format that Prometheus reads (version 0.0.4).
 *
 * The names are a contract (doc/DESIGN.md). Labels are bounded: vendors of the configuration, words of our own tables;
 * never a name from the network. Counts nothing itself.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include "policy/dns/dns.h"
#include "policy/review/status.h"
#include "policy/rules/greylist.h"
#include "policy/rules/reason.h"
#include "policy/util/text.h"
#include "policy/verdict/claim.h"

enum {
	METRICS_TEXT_MAX = 64 * 1024 * 1024, /* more than 8,192 vendors with all outcomes and actions need */
	METRICS_BUCKETS = 14                 /* of the histogram, and one above them all */
};

/* The bucket of a message that took so long; METRICS_BUCKETS: above them all. */
size_t metrics_bucket(int64_t microseconds);

struct metrics_vendor {
	const char *name; /* "own": our own names; "-": the message claims nobody */
	uint64_t verdicts[OUTCOMES][ACTIONS];
};

/* What DNS lists for an enabled vendor. */
struct metrics_source {
	const char *vendor;
	size_t networks;
	int64_t believed; /* the oldest answer that they stand on, seconds since 1970; 0: they stand on none */
};

struct metrics {
	const char *version;
	int64_t now;
	unsigned sessions;
	const struct metrics_vendor *vendors;
	size_t vendor_count;
	const struct metrics_source *sources;
	size_t source_count;
	uint64_t reasons[REASONS];
	uint64_t greylist[GREYLIST_STATES], passed_by[PASSED_BYS];
	uint64_t buckets[METRICS_BUCKETS + 1], microseconds; /* messages by how long they took, and that in all */
	uint64_t dns[DNS_STATUSES], dns_cached, store_failures;
	bool alerts[STATUS_SLUGS]; /* in the order of status_slugs */
};

void metrics_write(const struct metrics *, struct text *out);

#endif
