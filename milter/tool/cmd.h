/*
 * cmd.h - the commands of greenlane, one file each.
 *
 * A command parses its own options, prints for a person (or JSON), returns the exit
 * status of greenlane(1).
 */
#ifndef CMD_H
#define CMD_H

#include "milter/system/options.h"
#include "policy/rules/policy.h"

#ifndef GREENLANE_CONFIG
#define GREENLANE_CONFIG "/etc/greenlane/greenlane.conf"
#endif

struct command {
	const char *name;
	const char *synopsis; /* behind the name */
	const char *summary;
	/* argv[0] is the command's name; what stands behind it is not read yet. config is the -c FILE in front of it,
	 * or the installed one. */
	int (*run)(const char *config, int argc, char **argv);
};

extern const struct command cmd_check, cmd_dns, cmd_explain, cmd_export, cmd_setup, cmd_sources, cmd_status, cmd_vendor;

/* Reads the options of a command as options_next does: returns the val of one of its own. Beside them there are
 * -c FILE, which goes to *config, and --help, which prints the usage and ends the program: 'c' and 'h' are taken. */
int cmd_option(const struct command *, const char **config, int argc, char **argv, const struct option *own);

/* The same of a command that has no options: how many words it has, from argv[optind] on; -1: an option is wrong. */
int cmd_words(const struct command *, const char **config, int argc, char **argv);

/* The same as far as its first word; options behind it are left. -1: one is wrong. */
int cmd_first_word(const struct command *, const char **config, int argc, char **argv);

/* Prints "usage: ..." on standard error and returns EX_USAGE. */
int cmd_usage(const struct command *);

/* "2026-11-21T20:15:00Z"; "never" for 0. Returns out. */
enum { CMD_TIME_TEXT = 32 };
const char *cmd_time_text(int64_t when, char out[CMD_TIME_TEXT]);

/* Loads the configuration; its faults go to standard error. NULL: the caller exits EX_CONFIG. */
struct policy *cmd_load(const char *config);

#endif
