/* Lines of a zone, in which our domain example.com is looked at. What is said is plain text, and a record that is
 * proposed is the last: once it is published, it is read by receivers as it was counted, and no other is proposed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_dns.h"
#include "policy_text.h"
#include "spf_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char conf[] = "own = { domains = [ \"example.com\" ]; outbound = [ \"192.0.2.25\" ]; };"
			   "vendors = ( { name = \"v\"; tags = [ \"t\" ]; } );"
			   "delegations = ( { vendor = \"v\"; domains = [ \"example.com\" ]; selectors = [ \"s\" ]; } );";
static const char vendor[] = "vendor = { name = \"v\"; domains = [ \"v.example\" ]; sources = ( { a = \"a.v.example\"; tags = [ \"t\" ]; },"
			     " { a = \"u.v.example\"; tags = [ \"u\" ]; }, { mx = \"m.v.example\"; } ); };";

static const char *
hand_over(void *context, const struct strings *folders, const char *name, const char **path, size_t *length, struct fault *why)
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

static struct own_dns *
examine(const struct own_dns_request *request, const struct dns_zone *zone)
{
	struct own_dns *own = own_dns_open(request);
	struct dns_question question;
	struct dns_answer answer;

	for (unsigned asked = 0; own != NULL && own_dns_next(own, &question); asked++) {
		if (asked > 1000)
			abort();
		dns_zone_answer(zone, &question, &answer);
		own_dns_answer(own, &answer);
	}
	if (own == NULL || own_dns_report(own) == NULL)
		abort();
	return own;
}

static void
check_plain(const struct own_dns_report *report)
{
	struct text text;

	text_open(&text, OWN_DNS_TEXT_MAX);
	own_dns_write(report, &text);
	for (size_t i = 0; i < text.length; i++)
		if (text.bytes[i] != '\n' && (text.bytes[i] < ' ' || text.bytes[i] > '~'))
			abort();
	if (text.cut)
		abort();
	text_close(&text);
}

/* What lies with others may stay wrong: that DNS finds nothing there, or that they take too many look-ups. */
static bool
is_last(const struct own_dns_report *before, const struct own_dns_report *after)
{
	bool others = after->lookups > 10;

	for (size_t i = 0; i < after->finding_count; i++)
		others = others || strstr(after->findings[i].text, "find nothing") != NULL;
	return after->spf[0] == '\0' && after->lookups == before->spf_lookups && (others || !after->spf_ignored);
}

static void
check_record(const struct own_dns_request *request, struct dns_zone *zone, const struct own_dns_report *before)
{
	struct own_dns *own;
	const struct own_dns_report *after;

	dns_zone_drop(zone, request->domain, DNS_TXT);
	if (!dns_zone_add(zone, request->domain, DNS_TXT, 300, 0, before->spf, strlen(before->spf)))
		return;
	own = examine(request, zone);
	after = own_dns_report(own);
	if (after->trouble[OWN_DNS_SPF][0] == '\0' && !is_last(before, after)) {
		struct text text;

		text_open(&text, OWN_DNS_TEXT_MAX);
		own_dns_write(before, &text);
		own_dns_write(after, &text);
		fputs(text.bytes, stderr);
		abort();
	}
	own_dns_close(own);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct suffix_list suffixes;
	struct own_dns_request request = { .domain = "example.com", .policy = policy_once(), .suffixes = &suffixes };
	struct span rest = { (const char *)data, size };
	struct dns_zone *zone = dns_zone_open();
	struct own_dns *own;

	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n');
		char *copy = strndup(line.at, line.length);

		if (copy != NULL && !dns_zone_line(zone, copy, NULL)) {
			/* no line of a zone */
		}
		free(copy);
	}
	own = examine(&request, zone);
	check_plain(own_dns_report(own));
	if (own_dns_report(own)->spf[0] != '\0')
		check_record(&request, zone, own_dns_report(own));
	own_dns_close(own);
	dns_zone_close(zone);
	return 0;
}
