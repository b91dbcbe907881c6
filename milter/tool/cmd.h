/*
 * cmd.h - the commands of greenlane, one file each.
 *
 * A command parses its options, prints text or JSON, and returns an exit status of greenlane(1).
 * Never changes the configuration.
 */
#ifndef CMD_H
#define CMD_H

#include <stdio.h>

#include "milter/system/options.h"
#include "milter/system/output.h"
#include "policy/rules/policy.h"
#include "policy/util/date.h"

struct config_texts;

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;
	/* argv[0] is the command's name; the arguments after it have not been read. config is the -c FILE given before
	 * it, or the installed one. */
	int (*run)(const char *config, int argc, char **argv);
};

extern const struct command cmd_check, cmd_config, cmd_dns, cmd_explain, cmd_export, cmd_greylist, cmd_log, cmd_reload,
    cmd_replay, cmd_report, cmd_setup, cmd_sources, cmd_status, cmd_suggest, cmd_vendor;

/* Reads the options of a command like options_next, and returns the val of one of its own. Also accepts -c FILE, which
 * sets *config, and --help, which prints help.h's text and ends the program: a command must not use 'c' and 'h' itself. */
int cmd_option(const struct command *, const char **config, int argc, char **argv, const struct option *own);

/* The same, with short options in getopt's form beside: "f:". */
int cmd_option_short(const struct command *, const char **config, int argc, char **argv, const char *letters,
    const struct option *own);

/* The same for a command without options: returns the number of its words, from argv[optind] on; -1: a wrong option. */
int cmd_words(const struct command *, const char **config, int argc, char **argv);

/* Is this one of the words that may follow the command? If not, says which is meant, or all of them. */
bool cmd_is_word(const struct command *, const char *given, const char *const *words, size_t count) MUST_USE;

/* The same as cmd_words, but stops at the first word: options after it are not read. */
int cmd_first_word(const struct command *, const char **config, int argc, char **argv);

/* Prints "usage: ..." and where to find more on standard error, and returns EX_USAGE. */
int cmd_usage(const struct command *);

/* Writes "usage: ..." as a line. */
void cmd_write_usage(const struct command *, FILE *out);

/* Prints "greenlane: " and the fault, with its file and line, on standard error. */
void cmd_fault(const struct fault *);

/* May the caller do this (R_OK and the others of access(2)) to the file or directory? False: that was said in one line,
 * and the command exits with EX_NOPERM. True for one that does not exist. */
bool cmd_may(const char *path, int how) MUST_USE;

/* The same of state_dir and of the directory of copies below it. */
bool cmd_may_sources(const char *state_dir, int how) MUST_USE;

/* "2026-11-21T20:15:00Z"; "never" for 0. Returns out. */
enum { CMD_TIME_TEXT = DATE_TEXT };
const char *cmd_time_text(int64_t when, char out[CMD_TIME_TEXT]);

/* Reads the configuration. NULL: the errors are among the faults. If the caller may not read it, or a file that it names,
 * ends the program with EX_NOPERM. */
struct policy *cmd_read(const char *config, struct faults *);

/* The same, and prints its errors on standard error. NULL: the caller exits with EX_CONFIG. */
struct policy *cmd_load(const char *config);

/* The same, and gives the texts that were read (config_files.h); NULL together with the policy. */
struct policy *cmd_load_kept(const char *config, struct config_texts **texts);

#endif
