#include <limits.h>
#include <string.h>

#include "milter/peers/ask_daemon.h"
#include "milter/state/sandbox_list.h"
#include "milter/tool/preflight_parts.h"
#include "policy/review/status.h"
#include "policy/util/json_read.h"

/* Is the path one of this JSON array, or below one? */
static bool
is_below_one(struct span folders, const char *path)
{
	struct span element;
	struct text folder;
	bool found = false;

	text_open(&folder, PATH_MAX);
	while (!found && json_read_next(&folders, &element)) {
		text_clear(&folder);
		json_read_unquote(element, &folder);
		found = folder.length > 0 && strncmp(path, folder.bytes, folder.length) == 0 &&
		    (path[folder.length] == '\0' || path[folder.length] == '/');
	}
	text_close(&folder);
	return found;
}

static bool
is_covered(const void *context, const struct sandbox_path *path)
{
	const struct span *sandbox = context;
	char place[PATH_MAX];

	if (!sandbox_resolve(path, place))
		return false;
	return is_below_one(json_read_member(*sandbox, "writes"), place) ||
	    (path->kind == SANDBOX_READ && is_below_one(json_read_member(*sandbox, "reads"), place));
}

/* What a reload would say: only the daemon that runs knows what its sandbox covers. Who may not ask it is told by `status`. */
void
try_sandbox(struct trials *trials)
{
	struct text reply;
	struct fault unused;
	struct span sandbox;

	if (!trials->held)
		return;
	text_open(&reply, STATUS_JSON_MAX);
	if (ask_daemon(trials->policy->settings.control.listen, "status", ASK_STATUS_MS, &reply, &unused) ==
	    ASKED_ANSWERED) {
		sandbox = json_read_member((struct span){ reply.bytes, reply.length }, "sandbox");
		if (json_read_integer(json_read_member(sandbox, "abi")) > 0)
			sandbox_list_check(trials->config, trials->policy, is_covered, &sandbox, &trials->out->faults);
	}
	text_close(&reply);
}
