#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/lines.h"
#include "milter/tool/cmd.h"
#include "milter/tool/records.h"
#include "policy/config/policy_value.h"
#include "policy/review/verdict_record.h"
#include "policy/util/date.h"

bool
records_time_read(const char *text, int64_t now, int64_t *out, struct fault *why)
{
	char whole[DATE_TEXT];
	int64_t ago;

	if (value_duration(text, &ago)) {
		*out = now * 1000 - ago;
		return true;
	}
	snprintf(whole, sizeof whole, "%.10sT00:00:00Z", text);
	if (date_read_rfc3339(span_of(text), out) || (strlen(text) == 10 && date_read_rfc3339(span_of(whole), out)))
		return true;
	return fault_set(why,
	    "'%.40s' is no time; write how long ago (\"7d\", \"12h\"), a day (\"2026-11-20\") or "
	    "\"2026-11-20T10:00:00Z\"",
	    text);
}

bool
records_time_take(const char *option, const char *text, int64_t *out)
{
	struct fault why;

	if (records_time_read(text, clock_now(), out, &why))
		return true;
	fprintf(stderr, "greenlane: --%s: %s\n", option, why.text);
	return false;
}

/* ---- files ---- */

static int
by_age(const void *a, const void *b)
{
	struct stat x, y;

	if (stat(*(char *const *)a, &x) != 0 || stat(*(char *const *)b, &y) != 0)
		return 0;
	if (x.st_mtim.tv_sec != y.st_mtim.tv_sec)
		return x.st_mtim.tv_sec < y.st_mtim.tv_sec ? -1 : 1;
	return x.st_mtim.tv_nsec < y.st_mtim.tv_nsec ? -1 : x.st_mtim.tv_nsec > y.st_mtim.tv_nsec;
}

/* logrotate puts ".1", ".1.gz" or "-20261120" behind the name; a name that goes on otherwise is another file. */
static bool
is_rotated(const char *path, size_t length)
{
	return path[length] == '\0' || strchr(".-", path[length]) != NULL;
}

static bool
copy_paths(const glob_t *found, size_t length, struct record_files *out)
{
	out->paths = calloc(found->gl_pathc + 1, sizeof *out->paths);
	for (size_t i = 0; out->paths != NULL && i < found->gl_pathc; i++) {
		if (!is_rotated(found->gl_pathv[i], length))
			continue;
		out->paths[out->count] = strdup(found->gl_pathv[i]);
		if (out->paths[out->count] == NULL)
			return false;
		out->count++;
	}
	return out->paths != NULL;
}

static bool
find(const char *path, struct record_files *out, struct fault *why)
{
	char pattern[4200];
	glob_t found;
	bool done;

	*out = (struct record_files){ NULL, 0 };
	snprintf(pattern, sizeof pattern, "%s*", path);
	if (glob(pattern, 0, NULL, &found) != 0)
		return fault_set(why, "%s does not exist; name the files to read", path);
	done = copy_paths(&found, strlen(path), out);
	globfree(&found);
	if (!done)
		return fault_set(why, "out of memory");
	if (out->count == 0) {
		record_files_drop(out);
		return fault_set(why, "%s does not exist; name the files to read", path);
	}
	qsort(out->paths, out->count, sizeof *out->paths, by_age);
	return true;
}

bool
record_files_find(const struct policy *policy, struct record_files *out, struct fault *why)
{
	if (policy->settings.log.record[0] != '\0')
		return find(policy->settings.log.record, out, why);
	return fault_set(why, "no record file is configured (log.record); name the files to read");
}

bool
record_files_find_logs(struct record_files *out, struct fault *why)
{
	return find("/var/log/mail.log", out, why) || find("/var/log/maillog", out, why) ||
	    fault_set(why,
		"there is neither a record file (log.record) nor /var/log/mail.log; name the files to read, or save "
		"the journal first: journalctl -t greenlaned -o short-iso > FILE; then -f FILE");
}

bool
record_files_usual(const struct policy *policy, struct record_files *out, struct fault *why)
{
	return record_files_find(policy, out, why) || record_files_find_logs(out, why);
}

void
record_files_only_since(struct record_files *files, int64_t since)
{
	size_t kept = 0;
	struct stat st;

	for (size_t i = 0; i < files->count; i++) {
		/* what cannot be asked is kept, for whoever reads it to say why */
		if (stat(files->paths[i], &st) == 0 && (int64_t)st.st_mtim.tv_sec * 1000 + 1000 < since)
			free(files->paths[i]);
		else
			files->paths[kept++] = files->paths[i];
	}
	files->count = kept;
}

void
record_files_drop(struct record_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->paths[i]);
	free(files->paths);
	*files = (struct record_files){ NULL, 0 };
}

/* ---- progress ---- */

void
progress_begin(struct progress *progress, char *const *paths, size_t count)
{
	struct stat st;

	*progress = (struct progress){ .on = isatty(STDERR_FILENO) != 0, .shown = -1 };
	for (size_t i = 0; i < count; i++)
		if (stat(paths[i], &st) == 0)
			progress->total += st.st_size;
}

void
progress_show(struct progress *progress, int64_t read)
{
	enum { WIDTH = 50 };
	static const char full[WIDTH + 1] = "##################################################";
	int64_t percent = progress->total == 0 ? 0 : (progress->done + read) * 100 / progress->total;
	int bar;

	if (!progress->on || percent == progress->shown)
		return;
	progress->shown = percent = percent > 100 ? 100 : percent;
	bar = (int)(percent * WIDTH / 100);
	fprintf(stderr, "\r[%.*s%*s] %3d%%", bar, full, WIDTH - bar, "", (int)percent);
}

void
progress_next(struct progress *progress, int64_t read)
{
	progress->done += read;
}

void
progress_end(struct progress *progress)
{
	if (progress->on)
		fprintf(stderr, "\r%*s\r", 60, "");
}

/* ---- reading ---- */

static bool
read_file(const char *path, records_each *each, void *context, struct progress *progress, struct fault *why)
{
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, why);
	enum lines_got got;
	uint64_t number = 0;
	bool done = true;
	struct span line;

	if (lines == NULL)
		return false;
	while (done && (got = lines_next(lines, &line, why)) != LINES_END) {
		number++;
		if (got == LINES_FAILED)
			done = false;
		else if (line.length > 0 || got == LINES_TOO_LONG)
			done = each(context, line, number, why);
		progress_show(progress, lines_read(lines));
	}
	progress_next(progress, lines_read(lines));
	lines_close(lines);
	return done;
}

bool
records_read(char *const *paths, size_t count, records_each *each, void *context)
{
	struct progress progress;
	struct fault why = { .line = 0 };
	bool done = true;
	char text[1024];

	progress_begin(&progress, paths, count);
	for (size_t i = 0; done && i < count; i++)
		if ((done = strcmp(paths[i], "-") == 0 || cmd_may(paths[i], R_OK)))
			done = read_file(paths[i], each, context, &progress, &why);
	progress_end(&progress);
	if (!done && why.text[0] != '\0') {
		fault_write(&why, text, sizeof text);
		fprintf(stderr, "greenlane: %s\n", text);
	}
	return done;
}
