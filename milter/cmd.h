/*
 * cmd.h - the commands of greenlane, one file each.
 *
 * Floor 12. A command parses its own options, prints for a person (or JSON), answers the exit
 * status of DESIGN section 5.
 */
#ifndef CMD_H
#define CMD_H

#include "policy.h"

#ifndef GREENLANE_CONFIG
#define GREENLANE_CONFIG "/etc/greenlane/greenlane.conf"
#endif

struct command {
	const char *name;
	const char *synopsis; /* behind the name */
	const char *summary;
	/* argv[0] is the command's name; config is -c FILE or the installed one. */
	int (*run)(const char *config, int argc, char **argv);
};

extern const struct command cmd_check, cmd_dns, cmd_explain, cmd_export, cmd_setup, cmd_sources, cmd_status, cmd_vendor;

/* Prints "greenlane: usage: ..." and answers EX_USAGE. */
int cmd_usage(const struct command *);

/* "2026-11-21T20:15:00Z"; "never" for 0. Answers out. */
enum { CMD_TIME_TEXT = 32 };
const char *cmd_time_text(int64_t when, char out[CMD_TIME_TEXT]);

/* Loads the configuration; its faults go to standard error. NULL: the caller exits EX_CONFIG. */
struct policy *cmd_load(const char *config);

#endif
