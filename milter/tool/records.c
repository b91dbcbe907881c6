#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/lines.h"
#include "milter/tool/cmd.h"
#include "milter/tool/records.h"
#include "policy/config/policy_keys.h"
#include "policy/config/policy_value.h"
#include "policy/review/verdict_record.h"
#include "policy/util/date.h"

enum { MEANT_AMONG = 4096 + 1 }; /* vendors, and our own names */

/* "7d" ago, "2026-11-20" or "2026-11-20T10:00:00Z" (RFC 3339); now in seconds. */
static bool
time_read(const char *text, int64_t now, int64_t *out, struct fault *why)
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

	if (time_read(text, clock_now(), out, &why))
		return true;
	fprintf(stderr, "greenlane: --%s: %s\n", option, why.text);
	return false;
}

/* ---- what is asked for ---- */

const char *
records_address(char *text)
{
	size_t length = strlen(text);
	char *open = strrchr(text, '<');

	if (open != NULL && text[length - 1] == '>') {
		text[--length] = '\0';
		length -= (size_t)(open + 1 - text);
		text = open + 1;
	}
	if (length > 1 && text[length - 1] == '.')
		text[length - 1] = '\0';
	return text[0] == '@' ? text + 1 : text;
}

const char *
records_id(char *text)
{
	static const char *const before[] = { "id=", "qid=", "msgid=", "id " };
	size_t length = strlen(text);

	while (length > 1 && strchr("),;:", text[length - 1]) != NULL)
		text[--length] = '\0';
	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++)
		if (strncmp(text, before[i], strlen(before[i])) == 0)
			return text + strlen(before[i]);
	return text;
}

void
records_say_vendor(const struct policy *policy, const char *name)
{
	const char *known[MEANT_AMONG] = { policy->own.name }, *meant;
	size_t count = 1;

	for (size_t i = 0; i < policy->vendor_count && count < MEANT_AMONG; i++)
		known[count++] = policy->vendors[i].name;
	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i], name) == 0)
			return;
	meant = keys_nearest(name, known, count);
	fprintf(stderr, "greenlane: no verdict is of a vendor '%.64s', and none in force is called so%s%s%s\n", name,
	    meant == NULL ? "" : "; did you mean '", meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
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

/* What is in a directory that may not be read seems not to exist. */
static bool
may_look_beside(const char *path)
{
	char directory[4200];
	char *slash;

	snprintf(directory, sizeof directory, "%s", path);
	slash = strrchr(directory, '/');
	if (slash == NULL || slash == directory)
		return true;
	*slash = '\0';
	return cmd_may(directory, R_OK | X_OK);
}

static int
find_any(const struct policy *policy, bool or_logs, struct record_files *out)
{
	const char *record = policy->settings.log.record;
	struct fault why = { .text = "no record file is configured (log.record); name the files to read" };

	if (record[0] != '\0' && find(record, out, &why))
		return 0;
	if (record[0] != '\0' && !may_look_beside(record))
		return EX_NOPERM;
	if (or_logs && (find("/var/log/mail.log", out, &why) || find("/var/log/maillog", out, &why)))
		return 0;
	if (or_logs)
		fault_set(&why,
		    "there is neither a record file (log.record) nor /var/log/mail.log; name the files to read, or save "
		    "the journal first: journalctl -t greenlaned -o short-iso > FILE; then -f FILE");
	cmd_fault(&why);
	return EX_NOINPUT;
}

int
record_files_find(const struct policy *policy, struct record_files *out)
{
	return find_any(policy, false, out);
}

int
record_files_usual(const struct policy *policy, struct record_files *out)
{
	return find_any(policy, true, out);
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

struct each_line {
	records_each *take;
	void *context;
};

static bool
read_lines(void *context, const char *path, struct progress *progress, struct fault *why)
{
	const struct each_line *each = context;
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
			done = each->take(each->context, line, number, why);
		progress_show(progress, lines_read(lines));
	}
	progress_next(progress, lines_read(lines));
	lines_close(lines);
	return done;
}

bool
records_may_read(const char *path)
{
	return strcmp(path, "-") == 0 || cmd_may(path, R_OK);
}

int
records_read_files(char *const *paths, size_t count, records_file *read, void *context)
{
	struct progress progress;
	struct fault why = { .line = 0 };
	int status = 0;

	progress_begin(&progress, paths, count);
	for (size_t i = 0; status == 0 && i < count; i++) {
		if (!records_may_read(paths[i]))
			status = EX_NOPERM;
		else if (!read(context, paths[i], &progress, &why))
			status = EX_NOINPUT;
	}
	progress_end(&progress);
	if (status == EX_NOINPUT)
		cmd_fault(&why);
	return status;
}

int
records_read(char *const *paths, size_t count, records_each *each, void *context)
{
	return records_read_files(paths, count, read_lines, &(struct each_line){ each, context });
}

/* ---- what is no record ---- */

void
records_keep_first(char first[RECORDS_FIRST], struct span line)
{
	if (first[0] == '\0')
		snprintf(first, RECORDS_FIRST, "%.*s",
		    line.length < RECORDS_FIRST ? (int)line.length : RECORDS_FIRST - 1, line.at);
}

int
records_hold_nothing(const char *first)
{
	struct text escaped;

	text_open(&escaped, RECORDS_FIRST * 4);
	text_escaped(&escaped, first, strlen(first));
	fprintf(stderr, "greenlane: no verdict of greenlaned is in these files%s%s\n",
	    escaped.length > 0 ? "; the first line is: " : "", escaped.bytes);
	text_close(&escaped);
	return EX_DATAERR;
}
