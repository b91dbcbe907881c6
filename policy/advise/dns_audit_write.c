/* The report as a person reads it. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

enum { STRING_MAX = 255, TTL = 3600 }; /* bytes of one string of a TXT record (RFC 1035, 3.3) */

static void
lookups_write(const struct dns_audit_report *report, struct text *out)
{
	if (report->row_count == 0)
		return;
	text_put(out, "\n  look-ups  term\n");
	for (size_t i = 0; i < report->row_count; i++) {
		const struct dns_audit_row *row = &report->rows[i];

		if (row->sound)
			text_format(out, "  %8u  %s", row->lookups, row->term);
		else
			text_format(out, "  %8s  %s", "-", row->term);
		text_format(out, "%s%s%s\n", row->whose[0] == '\0' ? "" : "  (", row->whose,
		    row->whose[0] == '\0' ? "" : ")");
	}
	text_format(out, "  %8u  of %d%s\n", report->lookups, SPF_TERMS_LIMIT,
	    report->spf_ignored ? "; receivers ignore this record (permerror)" : "");
}

static void
walk_write(const struct dns_audit_report *report, struct text *out)
{
	if (report->step_count == 0)
		return;
	text_put(out, "\n  DMARC, from the name itself up to its top-level domain (RFC 9989, 4.10)\n");
	for (size_t i = 0; i < report->step_count; i++)
		text_format(out, "    _dmarc.%s  %s\n", report->steps[i].domain, report->steps[i].what);
	text_format(out, "    so its organisation is %s", report->organisation);
	if (report->policy_of[0] == '\0')
		text_put(out, ", and no policy applies\n");
	else
		text_format(out, ", and the policy that applies is %s (%s= of %s%s)\n", report->policy,
		    report->policy_tag, report->policy_of, report->testing ? ", one step milder for its t=y" : "");
}

static void
findings_write(const struct dns_audit_report *report, struct text *out)
{
	static const char *const words[] = { [DNS_AUDIT_SPF] = "SPF", [DNS_AUDIT_DKIM] = "DKIM", [DNS_AUDIT_DMARC] = "DMARC" };

	if (report->finding_count > 0)
		text_char(out, '\n');
	for (size_t i = 0; i < report->finding_count; i++)
		text_format(out, "  %-6s  %-5s  %s\n", report->findings[i].wrong ? "wrong" : "advice",
		    words[report->findings[i].part], report->findings[i].text);
	for (size_t i = 0; i < DNS_AUDIT_PARTS; i++)
		if (report->trouble[i][0] != '\0')
			text_format(out, "%s  unsure  %-5s  %s; %s is not judged, ask again later\n",
			    report->finding_count == 0 ? "\n" : "", words[i], report->trouble[i], words[i]);
}

/* Cuts after a blank when there is one: a term is easier to find whole. */
static size_t
string_length(const char *rest)
{
	size_t length = strlen(rest), end = STRING_MAX;

	if (length <= STRING_MAX)
		return length;
	while (end > 0 && rest[end - 1] != ' ')
		end--;
	return end == 0 ? STRING_MAX : end;
}

static void
record_write(const char *name, const char *record, struct text *out)
{
	text_format(out, "%s. %d IN TXT", name, TTL);
	while (*record != '\0') {
		size_t length = string_length(record);

		text_put(out, " \"");
		for (size_t i = 0; i < length; i++)
			text_format(out, record[i] == '"' || record[i] == '\\' ? "\\%c" : "%c", record[i]);
		text_char(out, '"');
		record += length;
	}
	text_char(out, '\n');
}

static void
records_write(const struct dns_audit_report *report, struct text *out)
{
	if (report->spf[0] != '\0') {
		text_format(out, "\n  publish this as the only SPF record (%u look-up%s of %d):\n\n",
		    report->spf_lookups, text_s(report->spf_lookups), SPF_TERMS_LIMIT);
		record_write(report->domain, report->spf, out);
	}
	if (report->key_count > 0)
		text_put(out, "\n  publish the vendor's key at:\n\n");
	for (size_t i = 0; i < report->key_count; i++)
		text_format(out, "%s.\n", report->keys[i]);
	if (report->dmarc[0] != '\0') {
		text_put(out, "\n  publish this to start with:\n\n");
		record_write(report->dmarc_name, report->dmarc, out);
	}
}

static bool
has_trouble(const struct dns_audit_report *report)
{
	for (size_t i = 0; i < DNS_AUDIT_PARTS; i++)
		if (report->trouble[i][0] != '\0')
			return true;
	return false;
}

void
dns_audit_write(const struct dns_audit_report *report, struct text *out)
{
	text_format(out, "%s\n", report->domain);
	lookups_write(report, out);
	walk_write(report, out);
	findings_write(report, out);
	records_write(report, out);
	if (report->wrong_count == 0 && !has_trouble(report))
		text_format(out, "\n  nothing %s to change\n", report->finding_count == 0 ? "needs" : "has");
}
