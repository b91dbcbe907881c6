/*
 * Any text as greenlane.conf, as a vendor's file and as a list of networks: the three parts of
 * the input stand between lines of "%%". A load ends in a policy or in faults, and frees the
 * rest.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/config/lint.h"
#include "policy/config/policy_text.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

struct parts {
	struct span main, vendor, networks;
};

static struct span
part_cut(struct span *rest)
{
	const char *mark = rest->length < 4 ? NULL : memmem(rest->at, rest->length, "\n%%\n", 4);
	struct span part = *rest;

	if (mark == NULL) {
		rest->at += rest->length;
		rest->length = 0;
		return part;
	}
	part.length = (size_t)(mark - part.at) + 1;
	rest->length -= part.length + 3;
	rest->at = mark + 4;
	return part;
}

static const char *
vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	struct parts *parts = context;

	(void)vendor_path;
	if (name[0] == 'z') {
		fault_set(why, "no such vendor");
		return NULL;
	}
	*path = "vendor.conf";
	*length = parts->vendor.length;
	return parts->vendor.at;
}

static const char *
networks(void *context, const char *vendor_file, const char *path, size_t *length, struct fault *why)
{
	struct parts *parts = context;

	(void)vendor_file, (void)path, (void)why;
	*length = parts->networks.length;
	return parts->networks.at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span rest = { length == 0 ? "" : (const char *)bytes, length };
	struct parts parts = { .main = part_cut(&rest) };
	const struct suffix_list none = { NULL };
	struct policy_files files = { &parts, vendor, networks, &none };
	struct faults *faults = faults_open();
	struct policy *policy;
	struct fault why = { .text = "" };
	char said[1024];

	parts.vendor = part_cut(&rest);
	parts.networks = part_cut(&rest);
	policy = policy_text_load("greenlane.conf", parts.main.at, parts.main.length, &files, faults);
	if ((policy == NULL) != (faults->errors > 0))
		abort();
	if (policy != NULL) {
		if (!policy_text_sender(policy, "vendor.conf", parts.vendor.at, parts.vendor.length, &why) &&
		    why.text[0] == '\0')
			abort();
		lint_policy(policy, &none, 1772366400, faults);
	}
	for (size_t i = 0; i < faults->kept; i++) {
		fault_write(&faults->list[i].fault, said, sizeof said);
		for (const char *at = said; *at != '\0'; at++)
			if ((unsigned char)*at < 0x20 || *at == 0x7f)
				abort();
	}
	policy_free(policy);
	faults_close(faults);
	return 0;
}
