#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/lines.h"
#include "milter/system/suffixes.h"
#include "milter/tool/cmd.h"
#include "milter/tool/hidden_query.h"
#include "milter/tool/records.h"
#include "policy/review/judge_again.h"
#include "policy/review/tries.h"
#include "policy/review/tries_write.h"
#include "policy/review/verdict_record.h"
#include "policy/util/domain.h"

enum { FILES_MAX = 256, OUTPUT_MAX = 64 * 1024 * 1024, SHOWN = 200 };

struct job {
	const char *config;
	struct policy *policy;
	struct tries_query query;
	struct tries *tries;
	struct hidden_query hidden;
	char *named[FILES_MAX];
	size_t named_count;
	bool json, second; /* second: the pass that keeps the tries */
	uint64_t lines, verdicts, broken;
	char first[RECORDS_FIRST];
};

/* ---- reading ---- */

/* Every verdict in one file goes to the first or the second pass. */
static bool
read_one(struct job *job, struct span line, struct fault *why)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault broken = { .line = 0 };
	enum log_form form;
	bool done = true;

	if (arena == NULL)
		return fault_set(why, "out of memory");
	form = log_line_read(arena, line, &recorded, &broken);
	if (arena_failed(arena)) { /* no line is broken for that */
		arena_close(arena);
		return fault_set(why, "out of memory");
	}
	job->lines += !job->second;
	job->broken += !job->second && form == LOG_FORM_BROKEN;
	if (form == LOG_FORM_LINE || form == LOG_FORM_RECORD) {
		job->verdicts += !job->second;
		if (!job->second)
			hidden_query_note(&job->hidden, &recorded);
		if (job->second)
			done = tries_keep(job->tries, form, &recorded, line, why);
		else
			done = tries_match(job->tries, &recorded) || fault_set(why, "out of memory");
	}
	arena_close(arena);
	return done;
}

/* One pass over one file. */
static bool
read_file(void *context, const char *path, struct progress *progress, struct fault *why)
{
	struct job *job = context;
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, why);
	enum lines_got got;
	struct span line;
	bool done = true;

	if (lines == NULL)
		return false;
	tries_come_from(job->tries, job->named_count > 1 ? path : NULL); /* where there is one, it says nothing */
	while (done && (got = lines_next(lines, &line, why)) != LINES_END) {
		if (got == LINES_LINE)
			records_keep_first(job->first, line);
		done = got == LINES_LINE ? read_one(job, line, why) : got == LINES_TOO_LONG;
		progress_show(progress, lines_read(lines));
	}
	progress_next(progress, lines_read(lines));
	lines_close(lines);
	return done;
}

/* ---- printing ---- */

static bool
write_all(const struct job *job, struct text *out, size_t *messages)
{
	const struct tries_rules rules = { job->policy };
	size_t count;
	const struct try *list = tries_sort(job->tries, job->policy->settings.greylist.retry_window, &count);
	bool done = true;

	*messages = 0;
	for (size_t i = 0, end; done && i < count; i = end, ++*messages) {
		for (end = i; end < count && list[end].message == list[i].message;)
			end++;
		if (*messages >= SHOWN && !job->json)
			continue;
		text_put(out, *messages == 0 ? "" : job->json ? ",\n" : "\n");
		done = job->json ? tries_write_json(&rules, list + i, end - i, out)
				 : tries_write(&rules, list + i, end - i, out);
	}
	return done && !out->cut;
}

/* An address, a domain or a client in the place of an id, which is none of them. */
static void
say_option(const char *handle)
{
	char domain[DOMAIN_TEXT];
	struct prefix client;

	if (handle == NULL || handle[0] == '<')
		return;
	if (prefix_read(handle, &client, NULL))
		fprintf(stderr, "greenlane: '%s' was looked for as an id; of a client write --client %s\n", handle,
		    handle);
	else if (strspn(handle, "0123456789abcdef.") == strlen(handle)) /* it is one */
		return;
	else if (strchr(handle, '@') != NULL ||
	    (strchr(handle, '.') != NULL && domain_read(handle, strlen(handle), domain, NULL)))
		fprintf(stderr,
		    "greenlane: '%s' was looked for as an id or a Message-ID; of an address or a domain write --rcpt or --from\n",
		    handle);
}

static int
print(const struct job *job)
{
	struct text out;
	size_t messages;
	bool done;

	text_open(&out, OUTPUT_MAX);
	done = write_all(job, &out, &messages);
	if (done)
		printf(job->json ? "[%s]\n" : "%s", out.bytes);
	text_close(&out);
	if (!done) {
		fprintf(stderr,
		    "greenlane: what matches is too long to be printed; ask for less, with --since, --from or --rcpt\n");
		return EX_SOFTWARE;
	}
	if (messages > SHOWN && !job->json)
		printf("\n%zu more message%s; ask for less, with --since, --from, --rcpt or --client\n",
		    messages - SHOWN, text_s(messages - SHOWN));
	if (messages > 0)
		return 0;
	fprintf(stderr, "greenlane: nothing found in %llu verdict%s\n", (unsigned long long)job->verdicts,
	    text_s((size_t)job->verdicts));
	say_option(job->query.handle);
	if (job->query.vendor != NULL)
		records_say_vendor(job->policy, job->query.vendor);
	return 1;
}

static int
tell(struct job *job, char *const *paths, size_t count)
{
	int status = records_read_files(paths, count, read_file, job);

	if (status != 0)
		return status;
	if (job->verdicts == 0 && job->lines > 0)
		return records_hold_nothing(job->first);
	status = hidden_query_settle(&job->hidden);
	job->second = true;
	if (status == 0)
		status = records_read_files(paths, count, read_file, job);
	return status != 0 ? status : print(job);
}

/* ---- the command ---- */

/* Without -f: the record file, else the mail logs. */
static int
tell_known(struct job *job)
{
	struct record_files files;
	int status;

	if (job->named_count > 0)
		return tell(job, job->named, job->named_count);
	status = record_files_usual(job->policy, &files);
	if (status != 0)
		return status;
	status = tell(job, files.paths, files.count);
	record_files_drop(&files);
	return status;
}

static bool
take_client(const char *text, struct prefix *out)
{
	struct fault why;

	if (prefix_read(text, out, &why))
		return true;
	fprintf(stderr, "greenlane: --client: %s\n", why.text);
	return false;
}

/* "-" would have to be read twice. */
static bool
take_file(struct job *job, char *path)
{
	if (strcmp(path, "-") != 0 && job->named_count < FILES_MAX) {
		job->named[job->named_count++] = path;
		return true;
	}
	fprintf(stderr,
	    strcmp(path, "-") == 0 ? "greenlane: -f: files are read twice; save standard input to a file first\n"
				   : "greenlane: -f: too many files\n");
	return false;
}

static bool
take(struct job *job, int option)
{
	switch (option) {
	case 'r':
		job->query.rcpt = records_address(optarg);
		return true;
	case 'F':
		job->query.from = records_address(optarg);
		return true;
	case 'C':
		return take_client(optarg, &job->query.client);
	case 'v':
		job->query.vendor = optarg;
		return true;
	case 's':
		return records_time_take("since", optarg, &job->query.since);
	case 'u':
		return records_time_take("until", optarg, &job->query.until);
	case 'f':
		return take_file(job, optarg);
	case 'j':
		job->json = true;
		return true;
	default:
		cmd_usage(&cmd_log);
		return false;
	}
}

/* report and replay take files so; here it would be an id that no message has. */
static bool
is_file(const char *handle)
{
	if (strchr(handle, '/') == NULL || access(handle, F_OK) != 0)
		return false;
	fprintf(stderr, "greenlane: '%s' is a file, and no id of a message; write --file %s\n", handle, handle);
	return true;
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option known[] = { { "rcpt", required_argument, NULL, 'r' },
		{ "from", required_argument, NULL, 'F' }, { "client", required_argument, NULL, 'C' },
		{ "vendor", required_argument, NULL, 'v' }, { "since", required_argument, NULL, 's' },
		{ "until", required_argument, NULL, 'u' }, { "file", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct job job = { .json = false };
	struct suffix_list suffixes;
	int option, status;

	while ((option = cmd_option_short(&cmd_log, &config, argc, argv, "f:", known)) != -1)
		if (!take(&job, option))
			return EX_USAGE;
	if (argc - optind > 1)
		return cmd_usage(&cmd_log);
	if (argc > optind && is_file(argv[optind]))
		return EX_USAGE;
	job.query.handle = argc > optind ? records_id(argv[optind]) : NULL;
	job.policy = cmd_load(config);
	if (job.policy == NULL)
		return EX_CONFIG;
	suffixes = suffixes_open();
	if (hidden_query_open(&job.hidden, job.policy->settings.state_dir, &job.query))
		job.tries = tries_open(&job.query, &job.policy->settings.greylist, &suffixes);
	status = job.tries == NULL ? EX_OSERR : tell_known(&job);
	tries_close(job.tries);
	hidden_query_close(&job.hidden);
	suffixes_close(&suffixes);
	policy_free(job.policy);
	return status;
}

const struct command cmd_log = { "log",
	"[ID | QID | MSGID] [--rcpt A] [--from A] [--client IP] [--vendor V] [--since T] [--until T] [--file FILE]... [--json]",
	"tell the story of a message from records or mail logs", run };
