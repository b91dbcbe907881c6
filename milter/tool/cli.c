/*
 * greenlane - the administrator's tool: the table of its commands.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "milter/tool/cmd.h"
#include "milter/tool/help.h"
#include "policy/config/policy_keys.h"

static int run_help(const char *config, int argc, char **argv);
static const struct command cmd_help = { "help", "[COMMAND]",
	"print the options, exit statuses and an example of a command", run_help };
static const struct command *const commands[] = { &cmd_check, &cmd_config, &cmd_dns, &cmd_explain, &cmd_export,
	&cmd_greylist, &cmd_help, &cmd_log, &cmd_reload, &cmd_replay, &cmd_report, &cmd_setup, &cmd_sources,
	&cmd_status, &cmd_suggest, &cmd_vendor };
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int
usage(FILE *out)
{
	fprintf(out,
	    "usage: greenlane [-c FILE] COMMAND ...\n\noptions:\n"
	    "  -c, --config FILE  configuration (default %s)\n"
	    "  -h, --help         print this; after a command, its options, exit statuses and an example\n"
	    "  -V, --version      print the version\n"
	    "\ncommands:\n",
	    GREENLANE_CONFIG);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nexit status:\n"
	      "  0   well; others are the command's own, see greenlane help COMMAND\n"
	      "  64  usage error\n"
	      "  74  standard output cannot be written\n"
	      "  77  the caller may not read a file that is needed\n"
	      "  78  the configuration has errors\n"
	      "\nexample:\n"
	      "  greenlane check && greenlane status\n",
	    out);
	return EX_USAGE;
}

/* After a line that says what is wrong, which the whole list would push off the screen. */
static int
usage_short(void)
{
	fputs("usage: greenlane [-c FILE] COMMAND ...\ngreenlane help: the commands\n", stderr);
	return EX_USAGE;
}

static const struct command *
find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i]->name) == 0)
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *names[COMMANDS], *meant;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i]->name;
	meant = keys_nearest(name, names, COMMANDS);
	if (meant == NULL) {
		fprintf(stderr, "greenlane: unknown command '%.60s'; the commands are listed below\n", name);
		return usage(stderr);
	}
	fprintf(stderr, "greenlane: unknown command '%.60s'; did you mean '%s'?\n", name, meant);
	return usage_short();
}

static int
run_help(const char *config, int argc, char **argv)
{
	int words = cmd_words(&cmd_help, &config, argc, argv);
	const struct command *command;

	if (words < 0 || words > 2) /* the second word of a command may follow it */
		return cmd_usage(&cmd_help);
	if (words == 0) {
		usage(stdout);
		return 0;
	}
	command = find_command(argv[optind]);
	if (command == NULL)
		return unknown_command(argv[optind]);
	help_write(command, stdout);
	return 0;
}

static int
run_command(const char *config, int argc, char **argv)
{
	const struct command *command = find_command(argv[0]);

	options_begin();
	return command == NULL ? unknown_command(argv[0]) : command->run(config, argc, argv);
}

static int
read_line(int argc, char **argv)
{
	static const struct option known[] = { { "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	const char *config = GREENLANE_CONFIG;
	int option;

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
			return usage_short();
		}
	}
	return optind == argc ? usage(stderr) : run_command(config, argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	output_begin();
	signal(SIGCHLD, SIG_DFL); /* if our parent ignored it, we would not learn how a command ended */
	return output_end("greenlane", read_line(argc, argv));
}
