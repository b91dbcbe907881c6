/* greenlane suggest: who should become a vendor, what is never used, who can be enforced, who forges. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "milter/state/config_files.h"
#include "milter/system/clock.h"
#include "milter/system/suffixes.h"
#include "milter/tool/cmd.h"
#include "milter/tool/drafting.h"
#include "milter/tool/records.h"
#include "milter/tool/vendor_files.h"
#include "policy/review/suggest_write.h"
#include "policy/util/json_write.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024, NAMES_ARENA = 16 * 1024 * 1024, KNOWN_MAX = 4096, SILENT_MAX = 2 };

struct job {
	const char *config;
	int64_t since;
	bool json;
	struct policy *policy;
	struct suffix_list suffixes;
	struct strings shared; /* names of shared senders; in the policy's arena */
	struct policy *files[KNOWN_MAX];
	const struct vendor *known[KNOWN_MAX];
	size_t known_count;
	struct suggest_rules rules;
	struct suggest *suggest;
	struct resolver *resolver; /* NULL: it was not needed yet, or does not start */
	struct budget budget;      /* for all drafts together */
	size_t drafted;
	unsigned silent; /* drafts that DNS did not answer */
	struct text out, drafts;
};

/* ---- files that are not in force ---- */

static bool
is_known(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->known_count; i++)
		if (strcmp(job->known[i]->name, name) == 0)
			return true;
	return policy_vendor_named(job->policy, name) != NULL;
}

/* One with a fault is nobody's. */
static void
know(struct job *job, const char *name)
{
	struct faults *faults = faults_open();
	struct policy *one;

	if (faults == NULL || job->known_count == KNOWN_MAX || is_known(job, name)) {
		faults_close(faults);
		return;
	}
	one = config_files_read_vendor(&job->policy->settings.vendor_path, name, faults);
	if (one != NULL && one->vendor_count == 1) {
		job->files[job->known_count] = one;
		job->known[job->known_count++] = &one->vendors[0];
	} else {
		policy_free(one);
	}
	faults_close(faults);
}

static bool
know_all(struct job *job)
{
	const struct strings *path = &job->policy->settings.vendor_path;
	struct arena *arena = arena_open(NAMES_ARENA);
	struct strings names;
	bool done = arena != NULL;

	for (size_t i = 0; done && i < path->count; i++) {
		done = vendor_files_names(path->list[i], arena, &names);
		for (size_t j = 0; done && j < names.count; j++)
			know(job, names.list[j]);
	}
	arena_close(arena);
	return done;
}

/* ---- drafts ---- */

/* Keeps the file behind the paragraphs; the text of what is in `draft` lives in job->drafts or is static. */
static void
take_facts(struct job *job, const struct sender *sender, const struct draft_facts *facts, struct text *file,
    struct suggest_draft *draft)
{
	draft->refusal = suggest_refusal(&job->rules, sender, facts);
	if (draft->refusal != NULL)
		return;
	draft->doubts = draft_write(facts, file);
	draft->file = file->bytes;
	text_format(&job->drafts, "\n# ---- %s.conf ----\n\n", draft->name);
	text_add(&job->drafts, file->bytes, file->length);
	text_inherit(&job->drafts, file);
}

static const char *
resolver_start(struct job *job, struct fault *why)
{
	struct resolver_settings dns = drafting_settings(job->policy);

	if (job->resolver == NULL)
		job->resolver = resolver_unbound(&dns, why);
	return job->resolver == NULL ? why->text : NULL;
}

/* Fills in file, refusal or failure. */
static void
ask(struct job *job, const struct draft_request *request, const struct sender *sender, struct text *file,
    struct suggest_draft *draft, struct fault *why)
{
	struct draft *asked;

	draft->failure = resolver_start(job, why);
	asked = draft->failure != NULL ? NULL : draft_open(request, why);
	if (asked == NULL || !drafting_ask(asked, job->resolver, &job->budget))
		draft->failure = why->text;
	else if (draft_state(asked, why) == DRAFT_DONE)
		take_facts(job, sender, draft_facts(asked), file, draft);
	else if (draft_state(asked, why) == DRAFT_NOWHERE)
		draft->refusal = "its domain does not exist (any more)";
	else
		draft->failure = why->text;
	job->silent += draft->failure != NULL;
	draft_close(asked);
}

static void
put(struct job *job, const struct suggest_sender *found, struct suggest_draft *draft)
{
	if (job->json)
		suggest_json_sender(job->suggest, found, draft, job->config, &job->out);
	else
		suggest_write_sender(job->suggest, found, draft, job->config, &job->out);
}

static void
put_drafted(struct job *job, const struct suggest_sender *found)
{
	const struct sender *sender = found->sender;
	const struct draft_seen seen = { sender->head.count, sender->by_dkim, sender->by_spf };
	const char *selectors[SENDER_SELECTORS];
	char name[VENDOR_NAME_TEXT];
	struct draft_request request = { .domain = sender_domain(sender),
		.name = name,
		.selectors = selectors,
		.selector_count = sender->selector_count,
		.shared = job->shared.list,
		.shared_count = job->shared.count,
		.suffixes = &job->suffixes,
		.now = clock_now(),
		.seen = &seen };
	struct suggest_draft draft = { .name = name };
	struct fault why = { .text = "out of memory" };
	struct text file;

	for (size_t i = 0; i < sender->selector_count; i++)
		selectors[i] = sender->selectors[i];
	suggest_name(&job->rules, sender, name);
	text_open(&file, DRAFT_TEXT_MAX);
	if (found->kind == SUGGEST_DRAFT && job->silent < SILENT_MAX && job->drafted++ < SUGGEST_DRAFTED)
		ask(job, &request, sender, &file, &draft, &why);
	put(job, found, &draft);
	text_close(&file);
}

/* ---- the result ---- */

static size_t
put_senders(struct job *job)
{
	struct suggest_sender found;
	size_t count = 0;

	for (; suggest_sender_at(job->suggest, count, &found); count++)
		if (count < SUGGEST_SHOWN)
			put_drafted(job, &found);
	return count;
}

static void
write_text(struct job *job)
{
	size_t count;

	suggest_write_counts(suggest_counts(job->suggest), &job->out);
	count = put_senders(job);
	if (count > SUGGEST_SHOWN)
		text_format(&job->out,
		    "\nand %zu more sender%s; ask for less, with --since, or for more frequent ones, with --least\n",
		    count - SUGGEST_SHOWN, text_s(count - SUGGEST_SHOWN));
	else if (count == 0)
		text_format(&job->out, "\nno sender waited with at least %llu messages and proved itself\n",
		    (unsigned long long)job->rules.least);
	text_add(&job->out, job->drafts.bytes, job->drafts.length);
	suggest_write_use(job->suggest, &job->out);
}

static void
write_json(struct job *job)
{
	json_write_begin(&job->out);
	suggest_json_counts(suggest_counts(job->suggest), &job->out);
	json_write_list(&job->out, "senders");
	(void)put_senders(job);
	json_write_list_end(&job->out);
	suggest_json_use(job->suggest, &job->out);
	json_write_end(&job->out);
	text_char(&job->out, '\n');
}

static bool
read_one(void *context, struct span line, uint64_t number, struct fault *why)
{
	struct job *job = context;

	return suggest_line(job->suggest, line, number, job->since, why);
}

static int
suggest_all(struct job *job, char *const *paths, size_t count)
{
	const struct suggest_counts *counts;
	int status = records_read(paths, count, read_one, job);

	if (status != 0)
		return status;
	counts = suggest_counts(job->suggest);
	if (counts->records + counts->older == 0 && counts->broken > 0) {
		fprintf(stderr, "greenlane: nothing that was read is a record (greenlane-record(5)): %s\n",
		    counts->broken_why.text);
		return EX_DATAERR;
	}
	if (job->json)
		write_json(job);
	else
		write_text(job);
	text_inherit(&job->out, &job->drafts);
	if (!job->out.cut)
		return output_put(&job->out);
	fputs("greenlane: out of memory\n", stderr);
	return EX_OSERR;
}

static int
suggest_given(struct job *job, int argc, char **argv)
{
	struct record_files files;
	int status;

	if (argc > optind)
		return suggest_all(job, argv + optind, (size_t)(argc - optind));
	status = record_files_find(job->policy, &files);
	if (status != 0)
		return status;
	status = suggest_all(job, files.paths, files.count);
	record_files_drop(&files);
	return status;
}

/* ---- the command ---- */

/* Returns 0 or the exit status. */
static int
prepare(struct job *job)
{
	job->budget = (struct budget){ 2 * DRAFTING_MS };
	text_open(&job->out, OUTPUT_MAX);
	text_open(&job->drafts, OUTPUT_MAX);
	job->policy = cmd_load(job->config);
	if (job->policy == NULL)
		return EX_CONFIG;
	job->suffixes = suffixes_open();
	if (!policy_shared_names(job->policy, job->policy->arena, &job->shared) || !know_all(job) ||
	    getrandom(job->rules.seed, sizeof job->rules.seed, 0) != (ssize_t)sizeof job->rules.seed)
		return EX_OSERR;
	job->rules.policy = job->policy;
	job->rules.suffixes = &job->suffixes;
	job->rules.known = job->known;
	job->rules.known_count = job->known_count;
	job->suggest = suggest_open(&job->rules);
	return job->suggest == NULL ? EX_OSERR : 0;
}

static void
finish(struct job *job)
{
	suggest_close(job->suggest);
	resolver_close(job->resolver);
	for (size_t i = 0; i < job->known_count; i++)
		policy_free(job->files[i]);
	suffixes_close(&job->suffixes);
	policy_free(job->policy);
	text_close(&job->drafts);
	text_close(&job->out);
}

static bool
take_least(struct job *job, const char *text)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	job->rules.least = number;
	if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && number > 0 && number <= 1000000)
		return true;
	fprintf(stderr, "greenlane: --least: '%.40s' is no number of messages; write 1 to 1000000\n", text);
	return false;
}

static bool
take(struct job *job, int option)
{
	switch (option) {
	case 's':
		return records_time_take("since", optarg, &job->since);
	case 'l':
		return take_least(job, optarg);
	case 'j':
		return job->json = true;
	default:
		cmd_usage(&cmd_suggest);
		return false;
	}
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option known[] = { { "since", required_argument, NULL, 's' },
		{ "least", required_argument, NULL, 'l' }, { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct job *job = calloc(1, sizeof *job);
	int option, status = 0;

	if (job == NULL)
		return EX_OSERR;
	job->config = config;
	job->rules.least = SUGGEST_LEAST;
	while (status == 0 && (option = cmd_option(&cmd_suggest, &job->config, argc, argv, known)) != -1)
		if (!take(job, option))
			status = EX_USAGE;
	if (status == 0)
		status = prepare(job);
	if (status == 0)
		status = suggest_given(job, argc, argv);
	finish(job);
	free(job);
	return status;
}

const struct command cmd_suggest = { "suggest", "[--since T] [--least N] [--json] [FILE ...]",
	"tell from records who should become a vendor, what is never used, and who forges", run };
