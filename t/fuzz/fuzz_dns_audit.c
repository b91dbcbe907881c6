/* Lines of a zone, in which our domain example.com is looked at. What is said is plain text, and a record that is
 * proposed is the last: once it is published, it is read by receivers as it was counted, and no other is proposed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/dns_audit.h"
#include "policy/config/policy_text.h"
#include "policy/dns/spf_text.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/canned_zone.h"

static const char conf[] = "own = { domains = [ \"example.com\" ]; outbound = [ \"192.0.2.25\" ]; };"
			   "vendors = ( { name = \"v\"; tags = [ \"t\" ]; } );"
			   "delegations = ( { vendor = \"v\"; domains = [ \"example.com\" ]; selectors = [ \"s\" ]; } );";
static const char vendor[] =
    "vendor = { name = \"v\"; domains = [ \"v.example\" ]; sources = ( { a = \"a.v.example\"; tags = [ \"t\" ]; },"
    " { a = \"u.v.example\"; tags = [ \"u\" ]; }, { mx = \"m.v.example\"; } ); };";

static const char *
hand_over(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context;
	(void)folders;
	(void)name;
	(void)why;
	*path = "v.conf";
	*length = sizeof vendor - 1;
	return vendor;
}

static const struct policy *
policy_once(void)
{
	static struct policy *policy; /* never changes, so it is read once */
	struct policy_files files = { NULL, hand_over, NULL, NULL };
	struct faults *faults = policy == NULL ? faults_open() : NULL;

	if (faults != NULL)
		policy = policy_text_load("greenlane.conf", conf, sizeof conf - 1, &files, faults);
	faults_close(faults);
	if (policy == NULL)
		abort();
	return policy;
}

static struct dns_audit *
examine(const struct dns_audit_request *request, const struct canned_zone *zone)
{
	struct dns_audit *audit = dns_audit_open(request);
	struct dns_question question;
	struct dns_answer answer;

	for (unsigned asked = 0; audit != NULL && dns_audit_next(audit, &question); asked++) {
		if (asked > 1000)
			abort();
		canned_zone_answer(zone, &question, &answer);
		dns_audit_answer(audit, &answer);
	}
	if (audit == NULL || dns_audit_report(audit) == NULL)
		abort();
	return audit;
}

static void
check_plain(const struct dns_audit_report *report)
{
	struct text text;

	text_open(&text, DNS_AUDIT_TEXT_MAX);
	dns_audit_write(report, &text);
	for (size_t i = 0; i < text.length; i++)
		if (text.bytes[i] != '\n' && (text.bytes[i] < ' ' || text.bytes[i] > '~'))
			abort();
	if (text.cut)
		abort();
	text_close(&text);
}

/* What lies with others may stay wrong: that DNS finds nothing there, or that they take too many look-ups. */
static bool
is_last(const struct dns_audit_report *before, const struct dns_audit_report *after)
{
	bool others = after->lookups > 10;

	for (size_t i = 0; i < after->finding_count; i++)
		others = others || strstr(after->findings[i].text, "find nothing") != NULL;
	return after->spf[0] == '\0' && after->lookups == before->spf_lookups && (others || !after->spf_ignored);
}

static void
check_record(const struct dns_audit_request *request, struct canned_zone *zone, const struct dns_audit_report *before)
{
	struct dns_audit *audit;
	const struct dns_audit_report *after;

	canned_zone_drop(zone, request->domain, DNS_TXT);
	if (!canned_zone_add(zone, request->domain, DNS_TXT, 300, 0, before->spf, strlen(before->spf)))
		return;
	audit = examine(request, zone);
	after = dns_audit_report(audit);
	if (after->trouble[DNS_AUDIT_SPF][0] == '\0' && !is_last(before, after)) {
		struct text text;

		text_open(&text, DNS_AUDIT_TEXT_MAX);
		dns_audit_write(before, &text);
		dns_audit_write(after, &text);
		fputs(text.bytes, stderr);
		abort();
	}
	dns_audit_close(audit);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct suffix_list suffixes;
	struct dns_audit_request request = { .domain = "example.com", .policy = policy_once(), .suffixes = &suffixes };
	struct span rest = { (const char *)data, size };
	struct canned_zone *zone = canned_zone_open();
	struct dns_audit *audit;

	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n');
		char *copy = strndup(line.at, line.length);

		if (copy != NULL && !canned_zone_line(zone, copy, NULL)) {
			/* no line of a zone */
		}
		free(copy);
	}
	audit = examine(&request, zone);
	check_plain(dns_audit_report(audit));
	if (dns_audit_report(audit)->spf[0] != '\0')
		check_record(&request, zone, dns_audit_report(audit));
	dns_audit_close(audit);
	canned_zone_close(zone);
	return 0;
}
