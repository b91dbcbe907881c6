#include <stdio.h>
#include <sysexits.h>

#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "policy/util/json_read.h"

/* Faults to standard error; one line on standard output. */
static int
show(struct span reply)
{
	struct span result = json_read_member(reply, "reload"), rest = json_read_member(result, "faults"), fault;

	while (json_read_next(&rest, &fault))
		daemon_print(stderr, "greenlane: ", fault);
	if (!json_read_is_true(json_read_member(result, "ok"))) {
		fputs("greenlane: the reload was refused; the old policy stays in force\n", stderr);
		return EX_CONFIG;
	}
	fputs("reloaded: mode ", stdout);
	daemon_print(stdout, "", json_read_member(reply, "mode"));
	daemon_print_vendors(stdout, reply);
	return 0;
}

/* The exit status for a reply that is an error. */
static int
show_error(struct span slug, struct span text)
{
	daemon_print(stderr, "greenlane: ", text);
	return span_is(slug, "\"not-allowed\"") ? EX_NOPERM : EX_UNAVAILABLE;
}

static int
run(const char *config, int argc, char **argv)
{
	struct text reply;
	struct span error;
	int result;

	if (cmd_words(&cmd_reload, &config, argc, argv) != 0)
		return cmd_usage(&cmd_reload);
	text_open(&reply, STATUS_JSON_MAX);
	result = daemon_ask(config, "reload", ASK_RELOAD_MS, &reply);
	if (result == 0) {
		struct span json = { reply.bytes, reply.length };

		error = json_read_member(json, "error");
		result = error.length > 0 ? show_error(error, json_read_member(json, "text")) : show(json);
	}
	text_close(&reply);
	return result;
}

const struct command cmd_reload = { "reload", "", "reload the daemon's configuration, and show its faults", run };
