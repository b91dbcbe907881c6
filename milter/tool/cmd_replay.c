#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/state/source_list.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "milter/tool/line_pool.h"
#include "milter/tool/records.h"
#include "policy/review/replay.h"
#include "policy/util/json_write.h"

enum { LINE_OUT = 64 * 1024 };

struct job {
	const char *config, *draft; /* draft: a greenlane.conf or a directory of vendor files; NULL */
	const char *since_text;
	int64_t since;
	bool json;
	struct policy *live, *policy; /* policy: live, or the draft */
	struct sources_today today;
	struct ranges *ranges;
	bool *is_new;
	struct arena *copies;
	struct rules_again rules;
	struct replay *replay;
	bool any; /* a change was printed */
};

/* ---- the policies ---- */

static struct policy *
load_draft(const char *config, const char *path)
{
	struct faults *faults = faults_open();
	struct policy *policy = NULL;
	struct stat st;

	if (!cmd_may(path, R_OK))
		exit(EX_NOPERM);
	if (faults != NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		policy = config_files_read_beside(config, path, faults);
	else if (faults != NULL)
		policy = config_files_read(path, faults);
	for (size_t i = 0; policy == NULL && faults != NULL && i < faults->kept; i++)
		cmd_fault(&faults->list[i].fault);
	faults_close(faults);
	return policy;
}

/* Which sources of the draft are not in force? They answer by their copies in state_dir, if they have any. */
static bool
find_new(struct job *job, struct fault *why)
{
	const struct policy *policy = job->policy;
	bool any = false;

	job->is_new = calloc(policy->source_count + 1, sizeof *job->is_new);
	job->copies = arena_open(SOURCE_LIST_ARENA);
	if (job->is_new == NULL || job->copies == NULL)
		return fault_set(why, "out of memory");
	/* networks in a file of the draft are known from there; only what DNS publishes is a matter of time */
	for (size_t i = 0; i < policy->source_count; i++) {
		job->is_new[i] = source_asks_dns(&policy->sources[i]) &&
		    !policy_has_source(job->live, &policy->sources[i]);
		any = any || job->is_new[i];
	}
	if (!any)
		return true;
	job->ranges = source_list_ranges(policy, job->live->settings.state_dir, clock_now(), job->copies, why);
	job->today = (struct sources_today){ job->ranges, job->is_new };
	return job->ranges != NULL;
}

/* Returns 0 or the exit status. */
static int
prepare(struct job *job)
{
	struct fault why;

	job->live = cmd_load(job->config);
	if (job->live == NULL)
		return EX_CONFIG;
	job->policy = job->draft == NULL ? job->live : load_draft(job->config, job->draft);
	if (job->policy == NULL)
		return EX_CONFIG;
	if (!find_new(job, &why)) {
		cmd_fault(&why);
		return EX_OSERR;
	}
	job->rules = (struct rules_again){ job->policy, job->ranges == NULL ? NULL : &job->today };
	job->replay = replay_open();
	return job->replay == NULL ? EX_OSERR : 0;
}

/* ---- reading ---- */

static void
json_side(struct text *out, const char *key, const struct replay_side *side)
{
	json_write_key(out, key);
	json_write_begin(out);
	json_write_string(out, "outcome", outcome_word(side->outcome));
	json_write_string(out, "reason", side->reason);
	json_write_string(out, "would", action_word(side->would));
	json_write_string(out, "vendor", side->vendor);
	json_write_end(out);
}

/* Every one, as it is found: nobody knows how many there will be. */
static void
print_change(struct job *job, const struct replay_told *told)
{
	struct text out;
	char when[DATE_TEXT];

	text_open(&out, LINE_OUT);
	json_write_begin(&out);
	json_write_string(&out, "id", told->example.id);
	json_write_string(&out, "time", date_write_ms(told->example.when, when));
	json_side(&out, "from", &told->from);
	json_side(&out, "to", &told->to);
	json_write_string(&out, "rule", told->example.rule);
	json_write_end(&out);
	printf("%s%s", job->any ? ",\n" : "", out.bytes);
	job->any = true;
	text_close(&out);
}

/* By a thread of its own: of the job only what never changes. */
static bool
judge_line(void *context, struct span line, void *told, struct fault *why)
{
	const struct job *job = context;

	return replay_judge(&job->rules, line, job->since, told, why);
}

static void
count_line(void *context, uint64_t number, const void *result)
{
	struct job *job = context;
	const struct replay_told *told = result;

	replay_count(job->replay, number, told);
	if (told->kind == REPLAY_CHANGED && job->json)
		print_change(job, told);
}

/* Returns 0, or the exit status. */
static int
replay_files(struct job *job, char *const *paths, size_t count)
{
	const struct line_work work = { judge_line, count_line, sizeof(struct replay_told) };
	struct line_pool *pool = line_pool_open(&work, job);
	struct fault why;
	bool done = pool != NULL || fault_set(&why, "out of memory");
	int status = done ? records_read(paths, count, line_pool_add, pool) : EX_OSERR;

	if (done && status == 0)
		done = line_pool_finish(pool, &why);
	if (!done)
		cmd_fault(&why);
	line_pool_close(pool);
	return done ? status : EX_OSERR;
}

/* ---- the result ---- */

static void
write_side(const struct replay_side *side, char *out, size_t size)
{
	snprintf(out, size, "%s, %s (%s)", outcome_word(side->outcome), action_word(side->would), side->reason);
}

static void
print_changes(const struct replay_counts *counts)
{
	char from[160], to[160], when[DATE_TEXT];

	for (size_t i = 0; i < counts->change_count; i++) {
		const struct replay_change *change = &counts->changes[i];

		write_side(&change->from, from, sizeof from);
		write_side(&change->to, to, sizeof to);
		printf("\n%s: %llu message%s\n  was    %s\n  is     %s\n",
		    change->to.vendor[0] != '\0'         ? change->to.vendor
			: change->from.vendor[0] != '\0' ? change->from.vendor
							 : "strangers",
		    (unsigned long long)change->count, text_s((size_t)change->count), from, to);
		for (uint64_t j = 0; j < change->count && j < REPLAY_EXAMPLES; j++)
			printf("  %-6s %s  %s\n         %s\n", j == 0 ? "as" : "", change->examples[j].id,
			    date_write_ms(change->examples[j].when, when), change->examples[j].rule);
	}
	if (counts->others > 0)
		printf("\n%llu more message%s change%s in other ways\n", (unsigned long long)counts->others,
		    text_s((size_t)counts->others), counts->others == 1 ? "s" : "");
}

static void
print_counts(const struct replay_counts *counts)
{
	char from[DATE_TEXT], to[DATE_TEXT];

	printf("judged again: %llu record%s", (unsigned long long)counts->judged, text_s((size_t)counts->judged));
	if (counts->from != 0)
		printf(", from %s to %s", date_write(counts->from / 1000, from), date_write(counts->to / 1000, to));
	printf("\nchanged: %llu\n", (unsigned long long)counts->changed);
	if (counts->by_new_source > 0)
		printf("by sources that are new, as state_dir has them today: %llu\n",
		    (unsigned long long)counts->by_new_source);
	if (counts->cannot.all > 0)
		printf("cannot be judged again: %llu\n", (unsigned long long)counts->cannot.all);
	for (size_t i = 0; i < counts->cannot.count; i++)
		printf("  %llu: %s\n", (unsigned long long)counts->cannot.list[i].count, counts->cannot.list[i].what);
	if (counts->broken > 0)
		printf("no records: %llu line%s, the first is line %llu (%s)\n", (unsigned long long)counts->broken,
		    text_s((size_t)counts->broken), (unsigned long long)counts->broken_line, counts->broken_why.text);
}

static void
print_json_counts(const struct replay_counts *counts)
{
	struct text out;
	char when[DATE_TEXT];

	text_open(&out, LINE_OUT);
	json_write_number(&out, "judged", (int64_t)counts->judged);
	json_write_key(&out, "not_judgeable");
	json_write_begin(&out);
	for (size_t i = 0; i < counts->cannot.count; i++)
		json_write_number(&out, counts->cannot.list[i].slug, (int64_t)counts->cannot.list[i].count);
	json_write_end(&out);
	json_write_number(&out, "by_new_source", (int64_t)counts->by_new_source);
	json_write_number(&out, "broken", (int64_t)counts->broken);
	json_write_string(&out, "from", counts->from == 0 ? "" : date_write_ms(counts->from, when));
	json_write_string(&out, "to", counts->to == 0 ? "" : date_write_ms(counts->to, when));
	printf("],\n%s}\n", out.bytes);
	text_close(&out);
}

static int
replay_all(struct job *job, char *const *paths, size_t count)
{
	const struct replay_counts *counts;
	int status;

	if (job->json)
		printf("{\"changed\":[");
	status = replay_files(job, paths, count);
	if (status != 0)
		return status;
	counts = replay_look(job->replay);
	if (job->json) {
		print_json_counts(counts);
	} else {
		print_counts(counts);
		print_changes(counts);
	}
	if (counts->judged + counts->cannot.all == 0 && counts->broken > 0) {
		fprintf(stderr, "greenlane: nothing that was read is a record (greenlane-record(5)): %s\n",
		    counts->broken_why.text);
		return EX_DATAERR;
	}
	return counts->changed > 0 ? 1 : 0;
}

static int
replay_given(struct job *job, int argc, char **argv)
{
	struct record_files files;
	int status;

	if (argc > optind)
		return replay_all(job, argv + optind, (size_t)(argc - optind));
	status = record_files_find(job->live, &files);
	if (status != 0)
		return status;
	record_files_only_since(&files, job->since);
	status = replay_all(job, files.paths, files.count);
	record_files_drop(&files);
	return status;
}

static void
finish(struct job *job)
{
	replay_close(job->replay);
	ranges_free(job->ranges);
	arena_close(job->copies);
	free(job->is_new);
	if (job->policy != job->live)
		policy_free(job->policy);
	policy_free(job->live);
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option known[] = { { "policy", required_argument, NULL, 'p' },
		{ "since", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct job job = { .since_text = NULL };
	int option, status;

	while ((option = cmd_option(&cmd_replay, &config, argc, argv, known)) != -1) {
		if (option == 'p')
			job.draft = optarg;
		else if (option == 's')
			job.since_text = optarg;
		else if (option == 'j')
			job.json = true;
		else
			return cmd_usage(&cmd_replay);
	}
	if (job.since_text != NULL && !records_time_take("since", job.since_text, &job.since))
		return EX_USAGE;
	job.config = config;
	status = prepare(&job);
	if (status == 0)
		status = replay_given(&job, argc, argv);
	finish(&job);
	return status;
}

const struct command cmd_replay = { "replay", "[--policy PATH] [--since T] [--json] [RECORD ...]",
	"judge recorded mail again, and print what would change", run };
