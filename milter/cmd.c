#include <stdio.h>
#include <sysexits.h>
#include <time.h>

#include "cmd.h"
#include "fault.h"
#include "live.h"

int
cmd_usage(const struct command *command)
{
	fprintf(stderr, "usage: greenlane [-c FILE] %s%s%s\n", command->name,
	    command->synopsis[0] == '\0' ? "" : " ", command->synopsis);
	return EX_USAGE;
}

const char *
cmd_time_text(int64_t when, char out[CMD_TIME_TEXT])
{
	time_t seconds = (time_t)when;
	struct tm tm;

	if (when == 0 || gmtime_r(&seconds, &tm) == NULL)
		snprintf(out, CMD_TIME_TEXT, "never");
	else
		strftime(out, CMD_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

struct policy *
cmd_load(const char *config)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : live_read(config, faults);
	char text[1024];

	for (size_t i = 0; faults != NULL && i < faults->kept; i++) {
		if (faults->list[i].level == FAULT_WARNING && policy != NULL)
			continue;
		fault_write(&faults->list[i].fault, text, sizeof text);
		fprintf(stderr, "greenlane: %s\n", text);
	}
	faults_close(faults);
	return policy;
}
