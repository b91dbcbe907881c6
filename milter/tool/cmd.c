#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/tool/cmd.h"
#include "milter/tool/help.h"
#include "policy/config/policy_keys.h"
#include "policy/util/fault.h"

void
cmd_write_usage(const struct command *command, FILE *out)
{
	fprintf(out, "usage: greenlane [-c FILE] %s%s%s\n", command->name, command->synopsis[0] == '\0' ? "" : " ",
	    command->synopsis);
}

int
cmd_usage(const struct command *command)
{
	cmd_write_usage(command, stderr);
	fprintf(stderr, "greenlane help %s: its options, exit statuses and an example\n", command->name);
	return EX_USAGE;
}

/* The options that every command has, then those of this command. */
static void
join(const struct option *own, struct option out[OPTIONS_MAX])
{
	static const struct option common[] = { { "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' } };
	size_t count = sizeof common / sizeof common[0];

	memcpy(out, common, sizeof common);
	while (own->name != NULL && count < OPTIONS_MAX - 1)
		out[count++] = *own++;
	out[count] = (struct option){ NULL, 0, NULL, 0 };
}

static int
next(const struct command *command, const char **config, int argc, char **argv, const char *letters,
    const struct option *own)
{
	struct option known[OPTIONS_MAX];
	int option;

	join(own, known);
	while ((option = options_next("greenlane", argc, argv, letters, known)) == 'c')
		*config = optarg;
	if (option != 'h')
		return option;
	help_write(command, stdout);
	exit(output_end("greenlane", 0));
}

int
cmd_option(const struct command *command, const char **config, int argc, char **argv, const struct option *own)
{
	return next(command, config, argc, argv, ":c:h", own);
}

int
cmd_option_short(const struct command *command, const char **config, int argc, char **argv, const char *letters,
    const struct option *own)
{
	char all[32];

	snprintf(all, sizeof all, ":c:h%s", letters);
	return next(command, config, argc, argv, all, own);
}

static const struct option none = { NULL, 0, NULL, 0 };

int
cmd_words(const struct command *command, const char **config, int argc, char **argv)
{
	return next(command, config, argc, argv, ":c:h", &none) == -1 ? argc - optind : -1;
}

int
cmd_first_word(const struct command *command, const char **config, int argc, char **argv)
{
	return next(command, config, argc, argv, "+:c:h", &none) == -1 ? argc - optind : -1;
}

bool
cmd_is_word(const struct command *command, const char *given, const char *const *words, size_t count)
{
	char hint[HINT_TEXT];

	for (size_t i = 0; i < count; i++)
		if (strcmp(given, words[i]) == 0)
			return true;
	fprintf(stderr, "greenlane: unknown command '%s %.60s'%s\n", command->name, given,
	    keys_hint(given, words, count, hint));
	return false;
}

const char *
cmd_time_text(int64_t when, char out[CMD_TIME_TEXT])
{
	if (when != 0)
		return date_write(when, out);
	snprintf(out, CMD_TIME_TEXT, "never");
	return out;
}

void
cmd_fault(const struct fault *why)
{
	char text[1024];

	fault_write(why, text, sizeof text);
	fprintf(stderr, "greenlane: %s\n", text);
}

bool
cmd_may(const char *path, int how)
{
	if (access(path, how) == 0 || (errno != EACCES && errno != EPERM))
		return true;
	fprintf(stderr, "greenlane: %s: you may not %s it; run this as root or as greenlaned's user\n", path,
	    (how & W_OK) != 0 ? "change" : "read");
	return false;
}

bool
cmd_may_sources(const char *state_dir, int how)
{
	char sources[PATH_MAX];
	struct stat st;

	snprintf(sources, sizeof sources, "%s/sources", state_dir);
	if (!cmd_may(state_dir, how))
		return false;
	/* what else is in its place is not followed, and named when it is opened */
	return lstat(sources, &st) != 0 || !S_ISDIR(st.st_mode) || cmd_may(sources, how);
}

static struct policy *
read_kept(const char *config, struct faults *faults, struct config_texts **texts)
{
	struct policy *policy = config_files_read_kept(config, faults, texts);

	if (policy == NULL && faults->denied[0] != '\0' && !cmd_may(faults->denied, R_OK))
		exit(EX_NOPERM);
	return policy;
}

struct policy *
cmd_read(const char *config, struct faults *faults)
{
	struct config_texts *texts;
	struct policy *policy = read_kept(config, faults, &texts);

	config_texts_free(texts);
	return policy;
}

struct policy *
cmd_load(const char *config)
{
	struct config_texts *texts;
	struct policy *policy = cmd_load_kept(config, &texts);

	config_texts_free(texts);
	return policy;
}

struct policy *
cmd_load_kept(const char *config, struct config_texts **texts)
{
	struct faults *faults = faults_open();
	struct policy *policy;

	*texts = NULL;
	policy = faults == NULL ? NULL : read_kept(config, faults, texts);
	for (size_t i = 0; faults != NULL && i < faults->kept; i++)
		if (faults->list[i].level == FAULT_ERROR || policy == NULL)
			cmd_fault(&faults->list[i].fault);
	faults_close(faults);
	if (policy == NULL) {
		config_texts_free(*texts);
		*texts = NULL;
	}
	return policy;
}
