#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/accepted_files.h"
#include "milter/state/shadow_files.h"
#include "milter/tool/cmd.h"
#include "milter/tool/preflight.h"
#include "policy/util/text.h"

static void
show(const struct faults *faults)
{
	char text[1024];

	for (size_t i = 0; i < faults->kept; i++) {
		fault_write(&faults->list[i].fault, text, sizeof text);
		printf("%s%s\n", faults->list[i].level == FAULT_WARNING ? "warning: " : "", text);
	}
	if (faults->kept < faults->errors + faults->warnings)
		printf("and %zu more\n", faults->errors + faults->warnings - faults->kept);
}

static void
count(const char *config, const struct policy *policy, size_t errors, size_t warnings)
{
	if (policy == NULL)
		printf("%s: %zu error%s, %zu warning%s; greenlaned would not start with it\n", config, errors,
		    text_s(errors), warnings, text_s(warnings));
	else if (errors > 0)
		printf("%s: %zu error%s on this host, %zu warning%s\n", config, errors, text_s(errors), warnings,
		    text_s(warnings));
	else
		printf("%s: %zu vendor%s, %zu source%s, %zu warning%s, no errors\n", config, policy->vendor_count,
		    text_s(policy->vendor_count), policy->source_count, text_s(policy->source_count), warnings,
		    text_s(warnings));
}

/* How many errors. */
static size_t
check_host(const char *config, const struct policy *policy, const struct faults *loaded)
{
	struct preflight *host = preflight_run(config, policy, loaded);
	size_t errors = host == NULL ? 1 : host->faults.errors;

	if (host != NULL)
		show(&host->faults);
	count(config, policy, errors, loaded->warnings + (host == NULL ? 0 : host->faults.warnings));
	if (host == NULL)
		puts("out of memory: nothing of this host was tried");
	else if (host->untried[0] != '\0')
		printf("not tried, since only root can: %s\n", host->untried);
	preflight_close(host);
	return errors;
}

static int
run(const char *config, int argc, char **argv)
{
	struct faults *faults;
	struct policy *policy;
	size_t errors;

	if (cmd_words(&cmd_check, &config, argc, argv) != 0)
		return cmd_usage(&cmd_check);
	faults = faults_open();
	if (faults == NULL)
		return EX_OSERR;
	policy = cmd_read(config, faults);
	if (policy != NULL && !shadow_files_read(policy, config, faults)) {
		policy_free(policy);
		policy = NULL;
	}
	if (policy != NULL)
		accepted_files_check(policy, faults);
	show(faults);
	if (policy == NULL)
		count(config, NULL, errors = faults->errors, faults->warnings);
	else
		errors = check_host(config, policy, faults);
	policy_free(policy);
	faults_close(faults);
	return errors > 0;
}

const struct command cmd_check = { "check", "", "check the configuration, and what a start would meet on this host", run };
