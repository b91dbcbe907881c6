/* room: cmd */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

#include "clock.h"
#include "cmd.h"
#include "export_file.h"
#include "inventory.h"

/* What one look at a site finds. */
struct status {
	const struct policy *policy;
	const struct export_listing *listings;
	int64_t now;
	bool well; /* nothing found yet that a person should look at */
};

/* The daemon holds the lock of state_dir for as long as it lives. */
static void
show_daemon(struct status *status)
{
	const char *state_dir = status->policy->settings.state_dir;
	char path[PATH_MAX];
	int lock;

	snprintf(path, sizeof path, "%s/lock", state_dir);
	lock = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0) {
		printf("greenlaned runs, mode %s\n",
		    status->policy->settings.monitor ? "monitor" : "enforce");
	} else {
		printf("greenlaned does not run with state_dir %s\n", state_dir);
		status->well = false;
	}
	if (lock >= 0)
		close(lock);
}

static void
show_vendor(struct status *status, const struct vendor *vendor)
{
	size_t sources = 0, known = 0, networks = 0;

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		const struct export_listing *listing = &status->listings[source->number];

		if (!source_counts(source))
			continue;
		sources++;
		known += listing->missing[0] == '\0';
		networks += listing->count;
	}
	printf("vendor %s, mode %s: %zu of %zu sources known, %zu networks\n", vendor->name,
	    vendor_mode_word(vendor->mode), known, sources, networks);
	status->well = status->well && known == sources;
}

static void
show_export(struct status *status, const struct export_job *job)
{
	bool fresh = false, done;
	struct fault why = { .text = "" };
	struct text text;

	text_open(&text, EXPORT_TEXT_MAX);
	done = inventory_write(status->policy, status->listings, status->now, job->format, job->value, &text,
		   &why) &&
	    export_file_is_fresh(job->file, &text, &fresh, &why);
	text_close(&text);
	printf("export %s %s: %s%s\n", export_format_words[job->format], job->file,
	    !done ? "cannot be told: " : fresh ? "fresh" : "stale: it differs from what the sources list now",
	    done ? "" : why.text);
	status->well = status->well && done && fresh;
}

static int
show(const struct policy *policy)
{
	struct arena *arena = arena_open(INVENTORY_ARENA);
	struct status status = { .policy = policy, .now = clock_now(), .well = true };

	if (arena != NULL)
		status.listings = inventory_take(policy, policy->settings.state_dir, status.now, arena);
	if (status.listings == NULL) {
		fputs("greenlane: no memory for what the sources list\n", stderr);
		arena_close(arena);
		return EX_OSERR;
	}
	show_daemon(&status);
	for (size_t i = 0; i < policy->vendor_count; i++)
		show_vendor(&status, &policy->vendors[i]);
	for (size_t i = 0; i < policy->export_count; i++)
		show_export(&status, &policy->exports[i]);
	arena_close(arena);
	return !status.well;
}

static int
run(const char *config, int argc, char **argv)
{
	struct policy *policy;
	int result;

	(void)argv;
	if (argc != 1)
		return cmd_usage(&cmd_status);
	policy = cmd_load(config);
	if (policy == NULL)
		return EX_CONFIG;
	result = show(policy);
	policy_free(policy);
	return result;
}

const struct command cmd_status = { "status", "",
	"tell whether the daemon runs, whose sources are known, which exports are stale", run };
