/*
 * help.h - what --help prints: the options, exit statuses and an example of a command.
 *
 * A row for each command; t/cli/help.sh holds them against the options that the commands read and the manual.
 */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

#include "milter/tool/cmd.h"

/* Writes the usage, summary, options, exit statuses and an example. */
void help_write(const struct command *, FILE *out);

#endif
