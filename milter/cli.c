/*
 * greenlane - the administrator's tool: one table of commands.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cmd.h"

#ifndef VERSION
#define VERSION "unreleased"
#endif

static const struct command *const commands[] = { &cmd_check, &cmd_dns, &cmd_explain, &cmd_export, &cmd_setup,
	&cmd_sources, &cmd_status, &cmd_vendor };
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
usage(FILE *out)
{
	fprintf(out, "usage: greenlane [-c FILE] COMMAND ...\n  -c FILE  configuration (default %s)\n"
		     "commands:\n",
	    GREENLANE_CONFIG);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	return EX_USAGE;
}

/* Takes "-c FILE" out of the arguments, before or behind the command. NULL: FILE is missing. */
static const char *
take_config(int *argc, char **argv)
{
	const char *config = GREENLANE_CONFIG;
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "-c") != 0) {
			argv[kept++] = argv[i];
			continue;
		}
		if (++i == *argc)
			return NULL;
		config = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
	return config;
}

int
main(int argc, char **argv)
{
	const char *config = take_config(&argc, argv);

	signal(SIGCHLD, SIG_DFL); /* whoever starts us may ignore it: then no command's end could be told */
	if (config == NULL || argc < 2)
		return usage(stderr);
	if (strcmp(argv[1], "-V") == 0 || strcmp(argv[1], "--version") == 0) {
		printf("greenlane %s\n", VERSION);
		return 0;
	}
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(config, argc - 1, argv + 1);
	fprintf(stderr, "greenlane: unknown command '%s'\n", argv[1]);
	return usage(stderr);
}
