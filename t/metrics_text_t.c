/* What is counted, as Prometheus reads it: every name with its help, no label that somebody outside may choose. */
#include <stdio.h>
#include <string.h>

#include "policy/review/metrics_text.h"
#include "t/lib/tap.h"

enum { NOW = 1795910969 };

static struct text out;

static bool
has(const char *line)
{
	const char *at = strstr(out.bytes, line);
	size_t length = strlen(line);

	return at != NULL && (at == out.bytes || at[-1] == '\n') && at[length] == '\n';
}

static void
write_all(const struct metrics *metrics)
{
	text_clear(&out);
	metrics_write(metrics, &out);
}

/* ---- a site ---- */

static struct metrics_vendor vendors[] = { { .name = "-" }, { .name = "acme" }, { .name = "o\"dd\\" } };
static const struct metrics_source sources[] = { { "acme", 12, NOW - 90 }, { "plain", 1, 0 }, { "ahead", 2, NOW + 5 } };

static struct metrics
site(void)
{
	struct metrics metrics = { .version = "1.2",
		.now = NOW,
		.sessions = 7,
		.vendors = vendors,
		.vendor_count = 3,
		.sources = sources,
		.source_count = 3,
		.microseconds = 3000001,
		.dns = { [DNS_FOUND] = 4, [DNS_TEMPORARY] = 2 },
		.dns_cached = 9,
		.store_failures = 3 };

	vendors[0].verdicts[OUTCOME_STRANGER][ACTION_GREYLIST] = 5;
	vendors[1].verdicts[OUTCOME_VOUCHED][ACTION_PASS] = 11;
	vendors[1].verdicts[OUTCOME_FORGED][ACTION_TAG] = 1;
	metrics.reasons[REASON_PROVEN] = 11;
	metrics.greylist[GREYLIST_NEW] = 5;
	metrics.greylist[GREYLIST_OFF] = 11;
	metrics.passed_by[PASSED_BY_NOTHING] = 12;
	metrics.passed_by[PASSED_BY_NETWORK] = 6;
	metrics.buckets[0] = 1;
	metrics.buckets[1] = 2;
	metrics.buckets[METRICS_BUCKETS] = 1;
	metrics.alerts[5] = true;
	return metrics;
}

static const struct {
	const char *name, *line;
	bool there;
} lines[] = {
	{ "a vendor's verdicts", "greenlane_verdicts_total{vendor=\"acme\",outcome=\"vouched\",action=\"pass\"} 11", true },
	{ "what a mode softened", "greenlane_verdicts_total{vendor=\"acme\",outcome=\"forged\",action=\"tag\"} 1", true },
	{ "an ordinary verdict before the first",
	    "greenlane_verdicts_total{vendor=\"acme\",outcome=\"forged\",action=\"reject\"} 0", true },
	{ "no other verdict before the first",
	    "greenlane_verdicts_total{vendor=\"acme\",outcome=\"forged\",action=\"pass\"} 0", false },
	{ "mail that claims nobody",
	    "greenlane_verdicts_total{vendor=\"-\",outcome=\"stranger\",action=\"greylist\"} 5", true },
	{ "which is never vouched for", "greenlane_verdicts_total{vendor=\"-\",outcome=\"vouched\",action=\"pass\"} 0",
	    false },
	{ "a name that would end its label",
	    "greenlane_verdicts_total{vendor=\"o\\\"dd\\\\\",outcome=\"vouched\",action=\"pass\"} 0", true },
	{ "a reason", "greenlane_reasons_total{reason=\"proven\"} 11", true },
	{ "a reason that never was", "greenlane_reasons_total{reason=\"dns-trouble\"} 0", true },
	{ "the first bucket", "greenlane_message_seconds_bucket{le=\"0.001\"} 1", true },
	{ "buckets add up", "greenlane_message_seconds_bucket{le=\"0.0025\"} 3", true },
	{ "the largest bucket", "greenlane_message_seconds_bucket{le=\"20\"} 3", true },
	{ "above them all", "greenlane_message_seconds_bucket{le=\"+Inf\"} 4", true },
	{ "the time in seconds", "greenlane_message_seconds_sum 3.000001", true },
	{ "the number of messages", "greenlane_message_seconds_count 4", true },
	{ "a state of the greylist", "greenlane_greylist_total{state=\"new\"} 5", true },
	{ "where it was not asked", "greenlane_greylist_total{state=\"off\"} 11", false },
	{ "a setting that let pass", "greenlane_greylist_passed_by_total{setting=\"auto_pass_network\"} 6", true },
	{ "and none", "greenlane_greylist_passed_by_total{setting=\"\"} 12", false },
	{ "the store", "greenlane_store_failures_total 3", true },
	{ "answers of DNS", "greenlane_dns_questions_total{result=\"found\"} 4", true },
	{ "and none", "greenlane_dns_questions_total{result=\"failed\"} 2", true },
	{ "the cache", "greenlane_dns_cached_total 9", true },
	{ "networks", "greenlane_source_networks{vendor=\"acme\"} 12", true },
	{ "their age", "greenlane_source_age_seconds{vendor=\"acme\"} 90", true },
	{ "networks that DNS does not publish have none", "greenlane_source_age_seconds{vendor=\"plain\"} 0", false },
	{ "a clock that was set back", "greenlane_source_age_seconds{vendor=\"ahead\"} 0", true },
	{ "a problem", "greenlane_alert{slug=\"dns-trouble\"} 1", true },
	{ "no problem", "greenlane_alert{slug=\"disk-full\"} 0", true },
	{ "connections", "greenlane_sessions 7", true },
	{ "the version", "greenlane_build_info{version=\"1.2\"} 1", true },
};

static void
test_lines(void)
{
	struct metrics metrics = site();

	write_all(&metrics);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		ok(has(lines[i].line) == lines[i].there, "%s: %s%s", lines[i].name, lines[i].there ? "" : "no ",
		    lines[i].line);
	ok(out.length > 0 && out.bytes[out.length - 1] == '\n', "the last line ends");
}

/* Each name once as a family, with its help, before its samples; nothing without a family. */
static void
test_families(void)
{
	char family[80] = "", wanted[200], line[400];
	unsigned families = 0, wrong = 0;

	for (const char *at = out.bytes, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		snprintf(line, sizeof line, "%.*s", (int)(end - at), at);
		if (sscanf(line, "# TYPE %79s", family) == 1) {
			families++;
			snprintf(wanted, sizeof wanted, "\n# HELP %s ", family);
			wrong += strstr(out.bytes, wanted) == NULL &&
			    strncmp(out.bytes, wanted + 1, strlen(wanted) - 1) != 0;
		} else if (line[0] != '#') {
			wrong += strncmp(line, family, strlen(family)) != 0;
		}
	}
	is_number(families, 13, "families");
	is_number(wrong, 0, "every line follows the type and help of its family");
}

static void
test_buckets(void)
{
	is_number((long long)metrics_bucket(0), 0, "no time at all is in the first bucket");
	is_number((long long)metrics_bucket(1000), 0, "a bound belongs to its bucket");
	is_number((long long)metrics_bucket(1001), 1, "what is above it to the next");
	is_number((long long)metrics_bucket(INT64_MAX), METRICS_BUCKETS, "the longest above them all");
}

static void
test_slugs(void)
{
	size_t count = 0;

	while (count <= STATUS_SLUGS && status_slugs[count] != NULL)
		count++;
	is_number((long long)count, STATUS_SLUGS, "every slug of status is there");
}

/* As large as it can become: all vendors with every outcome and action. */
static void
test_ceiling(void)
{
	enum { MANY = 8193 };
	static struct metrics_vendor many[MANY];
	static char names[MANY][70];
	struct metrics metrics = { .version = "1", .now = NOW, .vendors = many, .vendor_count = MANY };

	for (size_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "%063zu", i);
		many[i].name = names[i];
		for (size_t j = 0; j < OUTCOMES * ACTIONS; j++)
			many[i].verdicts[j / ACTIONS][j % ACTIONS] = UINT32_MAX;
	}
	write_all(&metrics);
	note("%zu bytes", out.length);
	ok(out.length <= METRICS_TEXT_MAX && !out.cut, "all of it fits");
}

int
main(void)
{
	text_open(&out, METRICS_TEXT_MAX);
	test_lines();
	test_families();
	test_buckets();
	test_slugs();
	test_ceiling();
	text_close(&out);
	return done();
}
