#include <string.h>

#include "milter/state/start_list.h"

const char *
start_lmdb_path(const struct settings *settings)
{
	return strncmp(settings->store, "lmdb:", 5) == 0 ? settings->store + 5 : NULL;
}

size_t
start_listeners(const struct settings *settings, struct start_listener out[START_LISTENERS_MAX])
{
	const struct start_listener all[START_LISTENERS_MAX] = {
		{ "milter", settings->milter.listen, settings->milter.group, false, true },
		{ "delegate", settings->delegate.listen, settings->milter.group, false, true },
		{ "socketmap", settings->socketmap_listen, settings->milter.group, false, true },
		{ "control", settings->control.listen, settings->control.group, true, false },
		{ "metrics", settings->metrics_listen, settings->control.group, true, false },
	};
	size_t count = 0;

	for (size_t i = 0; i < START_LISTENERS_MAX; i++)
		if (all[i].address[0] != '\0' && strcmp(all[i].address, "none") != 0)
			out[count++] = all[i];
	return count;
}

static void
add(struct start_folder *list, size_t *count, const char *path, bool above, bool spared, mode_t mode)
{
	if (path != NULL && path[0] != '\0' && *count < START_FOLDERS_MAX)
		list[(*count)++] = (struct start_folder){ path, above, spared, mode };
}

size_t
start_folders(const struct policy *policy, struct start_folder out[START_FOLDERS_MAX])
{
	const struct settings *settings = &policy->settings;
	struct start_listener listeners[START_LISTENERS_MAX];
	size_t count = 0, listener_count = start_listeners(settings, listeners);

	add(out, &count, settings->state_dir, false, false, 0750);
	for (size_t i = 0; i < listener_count; i++)
		if (strncmp(listeners[i].address, "unix:", 5) == 0)
			add(out, &count, listeners[i].address + 5, true, listeners[i].spared, 0755);
	add(out, &count, settings->log.record, true, false, 0750);
	add(out, &count, start_lmdb_path(settings), false, true, 0750);
	for (size_t i = 0; i < policy->export_count; i++)
		add(out, &count, policy->exports[i].file, true, false, 0755);
	return count;
}
