#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/rules/warning.h"

const char *const warning_slugs[WARNINGS + 1] = {
	[WARNING_SHARED_SOURCE] = "shared-source",
	[WARNING_SHARED_PROOF] = "shared-proof",
	[WARNING_SHARED_EXCLUSIVE] = "shared-exclusive",
	[WARNING_SHARED_LIST] = "shared-list",
	[WARNING_FORWARDING] = "forwarding",
	[WARNING_PUBLIC_SUFFIX] = "public-suffix",
	[WARNING_SPECIAL_NETWORK] = "special-network",
	[WARNING_REVIEW_DUE] = "review-due",
	[WARNING_REVIEW_LAPSED] = "review-lapsed",
	[WARNING_EVIDENCE_NEWER] = "evidence-newer",
	[WARNING_VOUCH_UNREACHABLE] = "vouch-unreachable",
	[WARNING_SAME_NAME] = "same-name",
	[WARNING_SAME_NETWORK] = "same-network",
	[WARNING_OWN_NAME] = "own-name",
	[WARNING_DELEGATION_UNREACHABLE] = "delegation-unreachable",
	[WARNING_DELEGATION_TRIAL] = "delegation-trial",
	[WARNING_DELEGATION_KEY] = "delegation-key",
	[WARNING_RELAY_OVERLAP] = "relay-overlap",
	[WARNING_NO_VENDORS] = "no-vendors",
	[WARNING_ROOT_USER] = "root-user",
	[WARNING_DMARC_UNCHECKED] = "dmarc-unchecked",
	[WARNING_HOLD_QUEUE] = "hold-queue",
	[WARNING_DMARC_UNGREYLISTED] = "dmarc-ungreylisted",
	[WARNING_OPEN_METRICS] = "open-metrics",
};
_Static_assert(WARNINGS <= 32, "struct vendor has a bit for each");

/* The last words of a warning; how long they are. */
static size_t
settle_write(const struct vendor *vendor, enum warning warning, char *out, size_t size)
{
	const char *slug = warning_slugs[warning];

	if (vendor->number == VENDOR_OWN)
		snprintf(out, size, "; or write accept = [ \"%s\" ] in own", slug);
	else
		snprintf(out, size, "; or write accept = [ \"%s\" ] beside '%.60s'", slug, vendor->name);
	return strlen(out);
}

void
warning_add(struct faults *faults, const struct vendor *vendor, enum warning warning, const char *file, unsigned line,
    const char *fmt, ...)
{
	char body[sizeof((struct fault *)0)->text], settle[160];
	va_list args;

	if (vendor->accepts & UINT32_C(1) << warning)
		return;
	va_start(args, fmt);
	/* what is cut is never how to settle it */
	vsnprintf(body, sizeof body - settle_write(vendor, warning, settle, sizeof settle), fmt, args);
	va_end(args);
	faults_warn(faults, file, line, "%s%s", body, settle);
}
