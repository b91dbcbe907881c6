#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "milter/state/export_file.h"
#include "milter/state/source_list.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "policy/config/policy_keys.h"

enum {
	LOOK_SECONDS = 1, /* between two checks of the copies */
	REDO_SECONDS = 60 /* at most: a source becomes stale without a change of its file */
};

struct request {
	const char *config;
	enum export_format format;
	const char *value, *output;
	bool watch;
};

static int
complain(const struct fault *why, int status)
{
	cmd_fault(why);
	return status;
}

static bool
format_read(const char *word, enum export_format *out)
{
	char hint[HINT_TEXT];

	for (unsigned i = 0; i < EXPORT_FORMATS; i++)
		if (strcmp(word, export_format_words[i]) == 0) {
			*out = (enum export_format)i;
			return true;
		}
	fprintf(stderr, "greenlane: unknown format '%s'%s\n", word,
	    keys_hint(word, export_format_words, EXPORT_FORMATS, hint));
	return false;
}

static bool
read_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = { { "output", required_argument, NULL, 'o' },
		{ "value", required_argument, NULL, 'v' }, { "watch", no_argument, NULL, 'w' }, { NULL, 0, NULL, 0 } };
	struct fault why;
	int option;

	while ((option = cmd_option(&cmd_export, &request->config, argc, argv, options)) != -1) {
		if (option == 'o')
			request->output = optarg;
		else if (option == 'v')
			request->value = optarg;
		else if (option == 'w')
			request->watch = true;
		else
			return false;
	}
	if (optind != argc - 1 || !format_read(argv[optind], &request->format))
		return false;
	if (request->watch && request->output == NULL) {
		fputs("greenlane: --watch keeps a file up to date; name it with --output\n", stderr);
		return false;
	}
	return export_format_takes(request->format, request->value, &why) || complain(&why, false);
}

static int
put(const struct request *request, const struct text *text)
{
	struct fault why;
	bool changed;

	if (request->output != NULL)
		return export_file_keep(request->output, text, &changed, &why) ? 0 : complain(&why, EX_CANTCREAT);
	return output_put(text);
}

static bool
list_all(const struct request *request, const struct policy *policy, struct text *out, struct fault *why)
{
	struct arena *arena = arena_open(SOURCE_LIST_ARENA);
	struct export_listing *listings = NULL;
	int64_t now = clock_now();
	bool done = false;

	if (arena != NULL)
		listings = source_list_take(policy, policy->settings.state_dir, now, arena);
	if (listings == NULL)
		fault_set(why, "out of memory for what the sources list");
	else
		done = source_list_write(policy, listings, now, request->format, request->value, out, why);
	arena_close(arena);
	return done;
}

/* Returns an exit status. Sets state_dir, where the copies are, and their stamp for a caller that watches them. */
static int
export_once(const struct request *request, char *state_dir, size_t size, int64_t *stamp)
{
	struct policy *policy = cmd_load(request->config);
	struct text text;
	struct fault why;
	int status;

	if (policy == NULL)
		return EX_CONFIG;
	snprintf(state_dir, size, "%s", policy->settings.state_dir);
	if (!cmd_may_sources(state_dir, R_OK | X_OK)) {
		policy_free(policy);
		return EX_NOPERM;
	}
	*stamp = source_list_stamp(state_dir); /* before reading them, so that no later change is missed */
	text_open(&text, EXPORT_TEXT_MAX);
	status = list_all(request, policy, &text, &why) ? put(request, &text) : complain(&why, EX_OSERR);
	text_close(&text);
	policy_free(policy);
	return status;
}

/* Runs until TERM or INT. A failure is printed at each attempt, and the file stays as it was. */
static int
watch(const struct request *request, char *state_dir, size_t size, int64_t stamp)
{
	const struct timespec look = { LOOK_SECONDS, 0 };
	int64_t written = clock_ticks();
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	while (sigtimedwait(&ends, NULL, &look) < 0) {
		if (source_list_stamp(state_dir) == stamp && clock_ticks() - written < REDO_SECONDS * INT64_C(1000000))
			continue;
		(void)export_once(request, state_dir, size, &stamp);
		written = clock_ticks();
	}
	return 0;
}

static int
run(const char *config, int argc, char **argv)
{
	struct request request = { .config = config, .value = "" };
	char state_dir[4096] = "";
	int64_t stamp = 0;
	sigset_t ends;
	int status;

	if (!read_options(&request, argc, argv))
		return cmd_usage(&cmd_export);
	if (request.watch) {
		/* from now on, so that an early TERM is not lost */
		sigemptyset(&ends);
		sigaddset(&ends, SIGTERM);
		sigaddset(&ends, SIGINT);
		sigprocmask(SIG_BLOCK, &ends, NULL);
	}
	status = export_once(&request, state_dir, sizeof state_dir, &stamp);
	return status == 0 && request.watch ? watch(&request, state_dir, sizeof state_dir, stamp) : status;
}

const struct command cmd_export = { "export", "FORMAT [--value TEXT] [--output FILE] [--watch]",
	"write the vendors' networks for a greylister, a firewall or a DNS list", run };
