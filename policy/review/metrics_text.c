#include <inttypes.h>

#include "policy/review/metrics_text.h"

#define MS INT64_C(1000)

/* Up to where each bucket reaches, in microseconds. A message without DNS takes about a millisecond; milter.deadline is
 * 20 s by default. */
static const int64_t bounds[METRICS_BUCKETS] = { 1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS,
	500 * MS, 1000 * MS, 2500 * MS, 5000 * MS, 10000 * MS, 20000 * MS };

/* What each enabled vendor's mail comes to in the ordinary way: written while it is 0, too, so that the first one counts. */
static const enum action ordinary[OUTCOMES] = {
	[OUTCOME_VOUCHED] = ACTION_PASS, [OUTCOME_UNPROVEN] = ACTION_GREYLIST, [OUTCOME_UNSURE] = ACTION_DEFER, [OUTCOME_FORGED] = ACTION_REJECT
};

size_t
metrics_bucket(int64_t microseconds)
{
	size_t i = 0;

	while (i < METRICS_BUCKETS && microseconds > bounds[i])
		i++;
	return i;
}

/* ---- pieces ---- */

static void
put_family(struct text *out, const char *name, const char *type, const char *help)
{
	text_format(out, "# HELP greenlane_%s %s\n# TYPE greenlane_%s %s\n", name, help, name, type);
}

/* Names of vendors are words; whatever they hold, it cannot end the value. */
static void
put_value(struct text *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			text_char(out, '\\');
		text_char(out, *value);
	}
}

static void
put_one(struct text *out, const char *name, const char *label, const char *value, uint64_t number)
{
	text_format(out, "greenlane_%s{%s=\"", name, label);
	put_value(out, value);
	text_format(out, "\"} %" PRIu64 "\n", number);
}

static void
put_seconds(struct text *out, uint64_t microseconds)
{
	text_format(out, "%" PRIu64 ".%06" PRIu64, microseconds / 1000000, microseconds % 1000000);
}

/* ---- families ---- */

static void
put_verdict(struct text *out, const struct metrics_vendor *vendor, enum outcome outcome, enum action action)
{
	text_put(out, "greenlane_verdicts_total{vendor=\"");
	put_value(out, vendor->name);
	text_format(out, "\",outcome=\"%s\",action=\"%s\"} %" PRIu64 "\n", outcome_word(outcome), action_word(action),
	    vendor->verdicts[outcome][action]);
}

static bool
is_ordinary(const struct metrics_vendor *vendor, enum outcome outcome, enum action action)
{
	/* cppcheck-suppress arrayIndexOutOfBoundsCond ; outcomes are below OUTCOMES, though not all above are a vendor's */
	return vendor->name[0] != '-' && outcome >= OUTCOME_VOUCHED && ordinary[outcome] == action;
}

static void
write_verdicts(const struct metrics *metrics, struct text *out)
{
	put_family(out, "verdicts_total", "counter",
	    "Verdicts by the vendor that decided, what its mail came to, and what was done.");
	for (size_t i = 0; i < metrics->vendor_count; i++)
		for (size_t outcome = 0; outcome < OUTCOMES; outcome++)
			for (size_t action = 0; action < ACTIONS; action++)
				if (metrics->vendors[i].verdicts[outcome][action] > 0 ||
				    is_ordinary(&metrics->vendors[i], (enum outcome)outcome, (enum action)action))
					put_verdict(out, &metrics->vendors[i], (enum outcome)outcome, (enum action)action);
}

static void
write_reasons(const struct metrics *metrics, struct text *out)
{
	put_family(out, "reasons_total", "counter", "Verdicts by their reason.");
	for (size_t i = 0; i < REASONS; i++)
		if (i != REASON_NONE)
			put_one(out, "reasons_total", "reason", reason_slug((enum reason)i), metrics->reasons[i]);
}

static void
write_times(const struct metrics *metrics, struct text *out)
{
	uint64_t count = 0;

	put_family(out, "message_seconds", "histogram",
	    "How long greenlaned had a message that came to its end, waits for DNS included.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		count += metrics->buckets[i];
		text_format(out, "greenlane_message_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", (double)bounds[i] / 1e6,
		    count);
	}
	count += metrics->buckets[METRICS_BUCKETS];
	text_format(out, "greenlane_message_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\ngreenlane_message_seconds_sum ",
	    count);
	put_seconds(out, metrics->microseconds);
	text_format(out, "\ngreenlane_message_seconds_count %" PRIu64 "\n", count);
}

static void
write_greylist(const struct metrics *metrics, struct text *out)
{
	put_family(out, "greylist_total", "counter",
	    "Messages that the greylist was asked about, by what it knew of them.");
	for (size_t i = 0; i < GREYLIST_STATES; i++)
		if (i != GREYLIST_OFF)
			put_one(out, "greylist_total", "state", greylist_state_word((enum greylist_state)i),
			    metrics->greylist[i]);
	put_family(out, "greylist_passed_by_total", "counter",
	    "Messages that would have waited, by the setting of the greylist that let them pass.");
	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++)
		put_one(out, "greylist_passed_by_total", "setting", passed_by_word((enum passed_by)i),
		    metrics->passed_by[i]);
	put_family(out, "store_failures_total", "counter",
	    "Messages that were not greylisted because the greylist could not answer.");
	text_format(out, "greenlane_store_failures_total %" PRIu64 "\n", metrics->store_failures);
}

static void
write_dns(const struct metrics *metrics, struct text *out)
{
	static const char *const
	    words[DNS_STATUSES] = { [DNS_FOUND] = "found", [DNS_EMPTY] = "empty", [DNS_NXDOMAIN] = "nxdomain", [DNS_TEMPORARY] = "failed" };

	put_family(out, "dns_questions_total", "counter",
	    "Questions to name servers, by what came of them; failed: no answer, or none that can be used.");
	for (size_t i = 0; i < DNS_STATUSES; i++)
		put_one(out, "dns_questions_total", "result", words[i], metrics->dns[i]);
	put_family(out, "dns_cached_total", "counter", "Questions that greenlaned's own cache answered.");
	text_format(out, "greenlane_dns_cached_total %" PRIu64 "\n", metrics->dns_cached);
}

static void
write_sources(const struct metrics *metrics, struct text *out)
{
	put_family(out, "source_networks", "gauge", "Networks that the sources of an enabled vendor list.");
	for (size_t i = 0; i < metrics->source_count; i++)
		put_one(out, "source_networks", "vendor", metrics->sources[i].vendor, metrics->sources[i].networks);
	put_family(out, "source_age_seconds", "gauge",
	    "How long ago DNS last confirmed the oldest of a vendor's published sources.");
	for (size_t i = 0; i < metrics->source_count; i++) {
		const struct metrics_source *source = &metrics->sources[i];

		if (source->believed != 0)
			put_one(out, "source_age_seconds", "vendor", source->vendor,
			    source->believed < metrics->now ? (uint64_t)(metrics->now - source->believed) : 0);
	}
}

static void
write_daemon(const struct metrics *metrics, struct text *out)
{
	put_family(out, "alert", "gauge", "1 while greenlaned has told of this problem, see ALERTS in greenlaned(8).");
	for (size_t i = 0; i < STATUS_SLUGS; i++)
		put_one(out, "alert", "slug", status_slugs[i], metrics->alerts[i]);
	put_family(out, "sessions", "gauge", "Connections of MTAs to the milter.");
	text_format(out, "greenlane_sessions %u\n", metrics->sessions);
	put_family(out, "build_info", "gauge", "The version that runs.");
	put_one(out, "build_info", "version", metrics->version, 1);
}

void
metrics_write(const struct metrics *metrics, struct text *out)
{
	write_verdicts(metrics, out);
	write_reasons(metrics, out);
	write_times(metrics, out);
	write_greylist(metrics, out);
	write_dns(metrics, out);
	write_sources(metrics, out);
	write_daemon(metrics, out);
}
