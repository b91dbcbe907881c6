#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/tool/cmd.h"
#include "policy/util/fault.h"
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

static int
run(const char *config, int argc, char **argv)
{
	struct faults *faults;
	struct policy *policy;
	int status;

	if (cmd_words(&cmd_check, &config, argc, argv) != 0)
		return cmd_usage(&cmd_check);
	if (!cmd_may(config, R_OK))
		return EX_NOPERM;
	faults = faults_open();
	if (faults == NULL)
		return EX_OSERR;
	policy = config_files_read(config, faults);
	show(faults);
	if (policy != NULL)
		printf("%s: %zu vendor%s, %zu source%s, %zu warning%s, no errors\n", config, policy->vendor_count,
		    text_s(policy->vendor_count), policy->source_count, text_s(policy->source_count), faults->warnings,
		    text_s(faults->warnings));
	else
		printf("%s: %zu error%s, %zu warning%s; greenlaned would not start with it\n", config, faults->errors,
		    text_s(faults->errors), faults->warnings, text_s(faults->warnings));
	status = policy == NULL;
	policy_free(policy);
	faults_close(faults);
	return status;
}

const struct command cmd_check = { "check", "", "check the configuration and print every error and warning", run };
