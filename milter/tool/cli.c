/*
 * greenlane - the administrator's tool: the table of its commands.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "milter/tool/cmd.h"

#ifndef VERSION
#define VERSION "unreleased"
#endif

static const struct command *const commands[] = { &cmd_check, &cmd_dns, &cmd_explain, &cmd_export, &cmd_reload,
	&cmd_setup, &cmd_sources, &cmd_status, &cmd_vendor };
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
usage(FILE *out)
{
	fprintf(out,
	    "usage: greenlane [-c FILE] COMMAND ...\n  -c, --config FILE  configuration (default %s)\n"
	    "commands:\n",
	    GREENLANE_CONFIG);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	return EX_USAGE;
}

static int
run_command(const char *config, int argc, char **argv)
{
	options_begin();
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(argv[0], commands[i]->name) == 0)
			return commands[i]->run(config, argc, argv);
	fprintf(stderr, "greenlane: unknown command '%s'\n", argv[0]);
	return usage(stderr);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = { { "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	const char *config = GREENLANE_CONFIG;
	int option;

	signal(SIGCHLD, SIG_DFL); /* if our parent ignored it, we would not learn how a command ended */
	while ((option = options_next("greenlane", argc, argv, "+:c:hV", known)) != -1) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			printf("greenlane %s\n", VERSION);
			return 0;
		default:
			return usage(stderr);
		}
	}
	return optind == argc ? usage(stderr) : run_command(config, argc - optind, argv + optind);
}
