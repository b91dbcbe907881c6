#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/lines.h"
#include "milter/tool/cmd.h"
#include "milter/tool/recorded_message.h"
#include "milter/tool/records.h"
#include "policy/review/judge_again.h"
#include "policy/review/tries.h"
#include "policy/review/verdict_record.h"
#include "policy/verdict/explain.h"

void
recorded_message_close(struct recorded_message *message)
{
	arena_close(message->arena);
	message->arena = NULL;
}

/* Reads one line; false: it is no verdict. */
static bool
take(struct span line, struct recorded_message *out, struct fault *why)
{
	out->arena = arena_open(RECORD_ARENA);
	if (out->arena == NULL)
		return fault_set(why, "out of memory");
	*why = (struct fault){ .line = 0 };
	out->form = log_line_read(out->arena, line, &out->recorded, why);
	if (out->form == LOG_FORM_LINE || out->form == LOG_FORM_RECORD)
		return true;
	recorded_message_close(out);
	return why->text[0] != '\0' ? false : fault_set(why, "no verdict of greenlaned is in that line");
}

static bool
read_first(struct lines *lines, const char *path, struct recorded_message *out, struct fault *why)
{
	struct span line;
	enum lines_got got = lines_next(lines, &line, why);

	if (got == LINES_FAILED)
		return false;
	if (got == LINES_END)
		return fault_set(why, "%s: there is no line to read", strcmp(path, "-") == 0 ? "standard input" : path);
	return take(line, out, why); /* one that is too long is empty, and no verdict */
}

int
recorded_message_read(const char *path, struct recorded_message *out)
{
	struct fault why;
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, &why);
	char text[1024];
	bool done;

	*out = (struct recorded_message){ .arena = NULL };
	done = lines != NULL && read_first(lines, path, out, &why);
	lines_close(lines);
	if (done)
		return 0;
	fault_write(&why, text, sizeof text);
	fprintf(stderr, "greenlane: --line: %s\n", text);
	return EX_DATAERR;
}

/* ---- by its id ---- */

static bool
find_in(const char *path, const struct tries_query *query, struct recorded_message *found, struct fault *why)
{
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, why);
	struct recorded_message message;
	struct fault none;
	struct span line;
	enum lines_got got;

	if (lines == NULL)
		return false;
	while ((got = lines_next(lines, &line, why)) != LINES_END && got != LINES_FAILED) {
		if (got != LINES_LINE || memmem(line.at, line.length, query->handle, strlen(query->handle)) == NULL ||
		    !take(line, &message, &none))
			continue;
		if (tries_query_holds(query, &message.recorded)) {
			recorded_message_close(found);
			*found = message;
		} else {
			recorded_message_close(&message);
		}
	}
	lines_close(lines);
	return got == LINES_END;
}

/* The last one of these files. Returns 0 or the exit status; why is filled for EX_NOINPUT. */
static int
find_in_all(const struct record_files *files, const char *id, struct recorded_message *out, struct fault *why)
{
	const struct tries_query query = { .handle = id };

	for (size_t i = 0; i < files->count; i++) {
		if (!cmd_may(files->paths[i], R_OK))
			return EX_NOPERM;
		if (!find_in(files->paths[i], &query, out, why))
			return EX_NOINPUT;
	}
	if (out->arena != NULL)
		return 0;
	fault_set(why,
	    "--id: '%.60s' is not in %s, nor in what was rotated from it; --line reads the line of another file", id,
	    files->paths[files->count - 1]);
	return EX_NOINPUT;
}

int
recorded_message_find(const struct policy *policy, const char *id, struct recorded_message *out)
{
	struct record_files files;
	struct fault why;
	int status;

	*out = (struct recorded_message){ .arena = NULL };
	status = record_files_usual(policy, &files);
	if (status != 0)
		return status;
	status = find_in_all(&files, id, out, &why);
	record_files_drop(&files);
	if (status == EX_NOINPUT)
		cmd_fault(&why);
	return status;
}

/* ---- judged again ---- */

int
explain_status(enum action action)
{
	if (action == ACTION_REJECT)
		return 1;
	return action == ACTION_DEFER ? EX_TEMPFAIL : 0;
}

static void
print_json(const struct judge *judge, const struct recorded *recorded, const struct judged_again *judged,
    const struct text *why)
{
	const struct verdict_record record = { .id = recorded->id,
		.qid = recorded->qid,
		.when = clock_now_ms(),
		.judge = judge,
		.facts = &recorded->facts,
		.verdict = &judged->verdict,
		.stage = recorded->at_rcpt ? STAGE_RCPT : STAGE_EOM,
		.action = judged->verdict.action,
		.would = judged->would,
		.rcpts = recorded->facts.rcpts,
		.rcpt_count = recorded->facts.rcpt_count,
		.greylist = recorded->greylist,
		.passed_by = recorded->passed_by,
		.tries = recorded->tries,
		.ms = recorded->ms,
		.hidden_by = recorded->hidden_by,
		.explanation = why->bytes };
	struct text json;

	text_open(&json, VERDICT_JSON_MAX);
	verdict_record_write_json(&record, &json);
	puts(json.bytes);
	text_close(&json);
}

static void
print(const struct policy *policy, const struct recorded *recorded, const struct judged_again *judged, bool json)
{
	const struct judge judge = { policy, judged->ranges };
	struct text why;
	char when[DATE_TEXT];

	text_open(&why, 64 * 1024);
	explain_write(&judge, &recorded->facts, &judged->verdict, &why);
	if (json)
		print_json(&judge, recorded, judged, &why);
	else
		printf("then       %s, %s (%s), %s\n%s", outcome_word(recorded->outcome), action_word(recorded->action),
		    recorded->reason, date_write_ms(recorded->when, when), why.bytes);
	text_close(&why);
}

bool
recorded_message_explain(const struct policy *policy, struct recorded_message *message, bool json, int *status)
{
	const struct rules_again rules = { policy, NULL };
	struct judged_again judged;
	struct fault why;
	bool done;

	if (message->form == LOG_FORM_LINE) {
		fprintf(stderr, "greenlane: a log line does not say everything, so DNS is asked as it is now%s\n",
		    message->recorded.hidden_by[0] == '\0' ? "" : ", for the hidden local parts that it shows");
		return false;
	}
	done = judge_again(&rules, message->arena, &message->recorded, &judged, &why);
	if (done && judged.cannot != NULL && strncmp(judged.cannot, "hidden-", 7) == 0) {
		fprintf(stderr, "greenlane: %s; give explain what the mail itself says (--message FILE)\n",
		    judged.cannot_what);
		judged_again_free(&judged);
		*status = EX_DATAERR;
		return true;
	}
	if (done && judged.cannot != NULL)
		fprintf(stderr, "greenlane: the record does not say everything (%s), so DNS is asked as it is now\n",
		    judged.cannot_what);
	done = done && judged.cannot == NULL;
	if (done) {
		print(policy, &message->recorded, &judged, json);
		*status = explain_status(judged.verdict.action);
	}
	judged_again_free(&judged);
	return done;
}
