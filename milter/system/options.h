/*
 * options.h - reads a command line with getopt_long, and explains mistakes in our own words.
 *
 * For greenlaned and greenlane. getopt's state is global: one command line at a time, in one thread.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>

enum { OPTIONS_MAX = 32 /* options that a command line may have */ };

/* Call before the first option of a command line. */
void options_begin(void);

/* Returns the val of the next option, and sets optarg to its value. -1: there are no more options, the words begin at
 * argv[optind]. '?': the option is wrong, and standard error says why, after "program: ". argv[0] is skipped. letters
 * are getopt's; they begin with ":", or with "+:" if the first word ends the options. */
int options_next(const char *program, int argc, char **argv, const char *letters, const struct option *known);

#endif
