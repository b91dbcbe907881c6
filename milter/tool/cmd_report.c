#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/files.h"
#include "milter/system/lines.h"
#include "milter/system/suffixes.h"
#include "milter/tool/cmd.h"
#include "milter/tool/record_merge.h"
#include "milter/tool/records.h"
#include "milter/tool/report_state.h"
#include "policy/review/report_json.h"
#include "policy/review/report_mail.h"
#include "policy/review/report_page.h"
#include "policy/review/report_save.h"
#include "policy/review/report_text.h"
#include "policy/review/verdict_record.h"
#include "policy/util/domain.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024 };

struct job {
	struct policy *policy;
	struct suffix_list suffixes;
	struct report *report;
	int64_t since;
	const char *vendor, *html, *state_path;
	struct report_state *state; /* NULL: nothing is kept */
	bool json, mail;
	uint64_t verdicts;
	char first[RECORDS_FIRST];
};

/* ---- reading ---- */

/* Into which a verdict of this time counts. */
static struct report *
report_of(struct job *job, int64_t when)
{
	return job->state == NULL ? job->report : report_state_day(job->state, when);
}

static bool
take_verdict(void *context, struct recorded *recorded, struct fault *why)
{
	struct job *job = context;
	struct report *report;

	job->verdicts++;
	recorded->when = report_time(recorded);
	report = report_of(job, recorded->when);
	if (report != NULL && job->state == NULL && recorded->when < job->since) /* what is kept may be asked for later */
		return true;
	return (report != NULL && report_take(report, recorded)) || fault_set(why, "out of memory");
}

static void
take_other(void *context, struct span line, enum log_form form)
{
	struct report *report = report_of(context, 0);

	if (report != NULL && form == LOG_FORM_BROKEN)
		report_broken(report);
	else if (report != NULL)
		report_note(report, line);
}

/* A file that the state knows goes on where it ended. */
static struct lines *
open_file(void *context, const char *path, struct fault *why)
{
	struct job *job = context;
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, why);
	struct span head;

	if (lines == NULL)
		return NULL;
	if (job->first[0] == '\0' && lines_peek(lines, sizeof job->first, &head, why))
		records_keep_first(job->first, span_cut(&head, '\n'));
	if (job->state == NULL)
		return lines;
	lines_only_whole(lines);
	if (report_state_resume(job->state, lines, why))
		return lines;
	lines_close(lines);
	return NULL;
}

static bool
note_end(void *context, const char *path, struct lines *lines, struct fault *why)
{
	struct job *job = context;

	return job->state == NULL || report_state_note(job->state, path, lines, why);
}

/* Those that the caller may read, but for those that the state has as they are. False: he may not read one. */
static bool
choose_files(const struct job *job, char *const *paths, size_t *count, char **chosen)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		if (!records_may_read(paths[i]))
			return false;
		if (job->state == NULL || !report_state_has(job->state, paths[i]))
			chosen[kept++] = paths[i];
	}
	*count = kept;
	return true;
}

static int
read_chosen(struct job *job, char *const *paths, size_t count)
{
	const struct record_takers takers = { job, open_file, take_verdict, take_other, note_end, report_time };
	struct fault why = { .line = 0 };
	uint64_t twice;

	if (!records_merge(paths, count, &takers, &twice, &why)) {
		cmd_fault(&why);
		return EX_NOINPUT;
	}
	if (twice > 0)
		fprintf(stderr, "greenlane: %llu verdict%s given more than once, and counted once\n",
		    (unsigned long long)twice, twice == 1 ? " was" : "s were");
	return 0;
}

static int
read_files(struct job *job, char *const *paths, size_t count)
{
	char **chosen = calloc(count + 1, sizeof *chosen);
	int status = EX_OSERR;

	if (chosen != NULL)
		status = choose_files(job, paths, &count, chosen) ? read_chosen(job, chosen, count) : EX_NOPERM;
	free(chosen);
	return status;
}

/* ---- printing ---- */

/* What mail calls this host. */
static const char *
host_name(const struct job *job, char out[DOMAIN_TEXT])
{
	const char *name = job->policy->settings.authserv_id;
	char host[256] = "";
	struct fault why;

	if (name[0] == '\0' && gethostname(host, sizeof host - 1) == 0)
		name = host;
	return domain_read(name, strlen(name), out, &why) ? out : "localhost";
}

static void
write_report(const struct job *job, const struct report_view *view, struct text *out)
{
	char host[DOMAIN_TEXT];

	if (job->mail) {
		report_mail_write(view, host_name(job, host), clock_now(), out);
	} else if (job->json) {
		report_json_write(view, out);
		text_char(out, '\n');
	} else {
		report_text_write(view, isatty(STDOUT_FILENO) != 0, out);
	}
}

static int
print(const struct job *job, const struct report_view *view)
{
	struct text out;
	int status;

	text_open(&out, OUTPUT_MAX);
	write_report(job, view, &out);
	status = out.cut ? EX_SOFTWARE : output_put(&out);
	text_close(&out);
	if (status != 0)
		return status;
	return view->safe ? 0 : 1;
}

/* Replaced whole: whoever reads it has the old page or the new one. */
static int
write_page(const struct job *job, const struct report_view *view)
{
	const struct file_access access = { 0640, (uid_t)-1, (gid_t)-1 };
	struct folder folder = { .fd = -1 };
	struct fault why = { .line = 0 };
	const char *name;
	struct text out;
	char text[1024];
	bool done;

	text_open(&out, REPORT_PAGE_MAX);
	report_page_write(view, REPORT_PAGE_WHOLE, &out);
	done = !out.cut || fault_set(&why, "out of memory");
	done = done && folder_of(&folder, job->html, &name, &why) &&
	    file_replace(&folder, name, &access, out.bytes, out.length, &why);
	folder_close(&folder);
	text_close(&out);
	if (done)
		return 0;
	if (why.text[0] == '\0')
		fault_set(&why, "%s: its directory does not exist", job->html);
	fault_write(&why, text, sizeof text);
	fprintf(stderr, "greenlane: --html: %s\n", text);
	return EX_CANTCREAT;
}

static int
look(const struct job *job)
{
	struct arena *arena = arena_open(REPORT_VIEW_ARENA);
	const struct report_view *view = arena == NULL ? NULL : report_view_make(job->report, job->vendor, arena);
	int status = EX_OSERR;

	if (view != NULL && job->vendor != NULL && view->vendor_count == 0)
		records_say_vendor(job->policy, job->vendor);
	if (view == NULL)
		fprintf(stderr, "greenlane: out of memory\n");
	else
		status = job->html == NULL ? 0 : write_page(job, view);
	if (view != NULL && status == 0)
		status = print(job, view);
	arena_close(arena);
	return status;
}

/* Saves what is counted, and goes on with all that is kept. */
static int
keep(struct job *job)
{
	struct fault why = { .line = 0 };
	char text[1024];

	if (!report_state_save(job->state, &why)) {
		fault_write(&why, text, sizeof text);
		fprintf(stderr, "greenlane: --state: %s\n", text);
		return EX_CANTCREAT;
	}
	job->report = report_state_sum(job->state, job->since);
	if (job->report != NULL)
		return 0;
	fprintf(stderr, "greenlane: --state: %s cannot be read back; remove it\n", job->state_path);
	return EX_OSERR;
}

static int
tell(struct job *job, char *const *paths, size_t count)
{
	int64_t from, to;
	int status = read_files(job, paths, count);

	if (status == 0 && job->state != NULL)
		status = keep(job);
	if (status != 0)
		return status;
	report_period(job->report, &from, &to);
	if (job->verdicts > 0 || to != 0)
		return look(job);
	return records_hold_nothing(job->first);
}

/* Without a file: the record file, else the mail logs. */
static int
tell_known(struct job *job, int argc, char **argv)
{
	struct record_files files;
	int status;

	if (argc > optind)
		return tell(job, argv + optind, (size_t)(argc - optind));
	status = record_files_usual(job->policy, &files);
	if (status != 0)
		return status;
	status = tell(job, files.paths, files.count);
	record_files_drop(&files);
	return status;
}

/* ---- the command ---- */

static bool
take_option(struct job *job, int option)
{
	switch (option) {
	case 's':
		return records_time_take("since", optarg, &job->since);
	case 'v':
		job->vendor = optarg;
		return true;
	case 'H':
		job->html = optarg;
		return true;
	case 'S':
		job->state_path = optarg;
		return true;
	case 'm':
		job->mail = true;
		return true;
	case 'j':
		job->json = true;
		return true;
	default:
		cmd_usage(&cmd_report);
		return false;
	}
}

static int
begin(struct job *job)
{
	struct fault said, why;
	char text[1024];

	if (job->state_path == NULL) {
		job->report = report_open(job->policy, &job->suffixes);
		return job->report == NULL ? EX_OSERR : 0;
	}
	if (!cmd_may(job->state_path, R_OK))
		return EX_NOPERM;
	job->state = report_state_open(job->state_path, job->policy, &job->suffixes, &said, &why);
	if (job->state == NULL) {
		fault_write(&why, text, sizeof text);
		fprintf(stderr, "greenlane: --state: %s\n", text);
		return EX_NOINPUT;
	}
	if (said.text[0] != '\0')
		fprintf(stderr, "greenlane: --state: %s\n", said.text);
	return 0;
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option known[] = { { "since", required_argument, NULL, 's' },
		{ "vendor", required_argument, NULL, 'v' }, { "json", no_argument, NULL, 'j' },
		{ "html", required_argument, NULL, 'H' }, { "mail", no_argument, NULL, 'm' },
		{ "state", required_argument, NULL, 'S' }, { NULL, 0, NULL, 0 } };
	struct job job = { .since = 0 };
	int option, status;

	while ((option = cmd_option(&cmd_report, &config, argc, argv, known)) != -1)
		if (!take_option(&job, option))
			return EX_USAGE;
	job.policy = cmd_load(config);
	if (job.policy == NULL)
		return EX_CONFIG;
	job.suffixes = suffixes_open();
	status = begin(&job);
	if (status == 0)
		status = tell_known(&job, argc, argv);
	report_close(job.report);
	report_state_close(job.state);
	suffixes_close(&job.suffixes);
	policy_free(job.policy);
	return status;
}

const struct command cmd_report = { "report",
	"[--since T] [--vendor V] [--json] [--html FILE] [--mail] [--state FILE] [FILE...]",
	"count what happened, from records or mail logs, and say what speaks against enforcing", run };
