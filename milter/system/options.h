/*
 * options.h - reads a command line by getopt_long, and says in our own words what is wrong with it.
 *
 * For greenlaned and greenlane. getopt's state is global: one command line at a time, by one thread.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <getopt.h>

enum { OPTIONS_MAX = 32 /* that a command line may know */ };

/* Before the first option of a command line. */
void options_begin(void);

/* The next option's val, its value in optarg. -1: there is none, the words begin at argv[optind]. '?': it is wrong,
 * which was said on standard error behind "program: ". argv[0] is skipped. letters are getopt's, behind ":", or behind
 * "+:" where the first word ends the options. */
int options_next(const char *program, int argc, char **argv, const char *letters, const struct option *known);

#endif
