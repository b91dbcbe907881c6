#include <stdio.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "policy/review/tries_write.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"
#include "policy/verdict/explain.h"

enum { ADVICE_MAX = 64 * 1024 };

/* One try, read again. */
struct read_try {
	struct arena *arena;
	struct recorded recorded;
	bool starved; /* it could not be judged for lack of memory */
};

static bool
read_try(const struct try *try, struct read_try *out)
{
	struct fault why;

	out->starved = false;
	out->arena = arena_open(RECORD_ARENA);
	return out->arena != NULL && log_line_read(out->arena, try->line, &out->recorded, &why) == try->form;
}

/* ---- words ---- */

static void
put_escaped(struct text *out, const char *text)
{
	text_escaped(out, text, strlen(text));
}

static void
put_row(struct text *out, const char *what, const char *text)
{
	text_format(out, "%-10s ", what);
	put_escaped(out, text[0] == '\0' ? "-" : text);
	text_char(out, '\n');
}

static void
write_rcpts(const struct facts *facts, struct text *out)
{
	text_put(out, "to         ");
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		text_put(out, i > 0 ? ", " : "");
		put_escaped(out, facts->rcpts[i]);
	}
	text_put(out, facts->rcpt_count == 0 ? "-\n" : "\n");
}

/* What all tries have in common, as the last one shows it: it may have come further than the first. */
static void
write_message(const struct recorded *recorded, struct text *out)
{
	const struct facts *facts = &recorded->facts;
	char client[ADDRESS_TEXT];

	put_row(out, "message", facts->message_id);
	text_put(out, "from       ");
	put_escaped(out, recorded->from[0] == '\0' ? "-" : recorded->from);
	text_put(out, ", envelope sender ");
	put_escaped(out, facts->null_sender ? "<>" : facts->mail_from[0] == '\0' ? "-" : facts->mail_from);
	text_char(out, '\n');
	write_rcpts(facts, out);
	text_format(out, "client     %s, HELO ", address_write(&facts->client, client));
	put_escaped(out, facts->helo[0] == '\0' ? "-" : facts->helo);
	text_char(out, '\n');
}

static bool
write_try(const struct try *try, size_t number, struct text *out)
{
	struct read_try read;
	bool done = read_try(try, &read);
	char when[DATE_TEXT], label[32];

	if (done) {
		const struct recorded *recorded = &read.recorded;

		snprintf(label, sizeof label, "try %zu", number);
		text_format(out, "%-10s %s  %s", label, date_write_ms(try->when, when), action_word(recorded->action));
		if (recorded->would != recorded->action)
			text_format(out, ", would %s", action_word(recorded->would));
		text_format(out, ": %s (", outcome_word(recorded->outcome));
		put_escaped(out, recorded->reason);
		text_put(out, ")");
		if (recorded->vendor[0] != '\0') {
			text_put(out, ", ");
			put_escaped(out, recorded->vendor);
		}
		if (recorded->passed_by != PASSED_BY_NOTHING)
			text_format(out, ", passed by greylist.%s", passed_by_word(recorded->passed_by));
		text_put(out, ", id ");
		put_escaped(out, recorded->id);
		if (recorded->qid[0] != '\0') {
			text_put(out, ", queue id ");
			put_escaped(out, recorded->qid);
		}
		if (try->file != NULL) {
			text_put(out, ", in ");
			put_escaped(out, try->file);
		}
		text_char(out, '\n');
	}
	arena_close(read.arena);
	return done;
}

/* ---- what would change it ---- */

static const char *
sentence_of(const char *slug)
{
	for (int i = 0; i < REASONS; i++)
		if (strcmp(reason_slug((enum reason)i), slug) == 0)
			return reason_sentence((enum reason)i);
	return "this version does not know that reason";
}

/* A stranger who is proven, and had to wait: his domain may become a vendor. */
static void
advise_vendor(const struct recorded *recorded, bool waited, struct text *out)
{
	const char *at = strrchr(recorded->from, '@');

	if (recorded->outcome != OUTCOME_STRANGER || !waited || strcmp(recorded->dmarc, "pass") != 0 || at == NULL ||
	    strchr(recorded->from, ',') != NULL)
		return;
	text_put(out, "to vouch   greenlane vendor new ");
	put_escaped(out, at + 1);
	text_char(out, '\n');
}

/* Under the configuration as it is now, from the record alone: the whole explanation, or what to write. False where it cannot
 * be judged, for the reason *cannot (NULL: no memory). */
static bool
judge_now(const struct tries_rules *rules, struct read_try *read, bool whole, struct text *out, const char **cannot)
{
	const struct rules_again again = { rules->policy, NULL };
	struct judged_again judged;
	struct judge judge = { .policy = rules->policy };
	struct fault why;
	bool done;

	read->starved = !judge_again(&again, read->arena, &read->recorded, &judged, &why);
	done = !read->starved && judged.cannot == NULL;
	judge.ranges = judged.ranges;
	*cannot = judged.cannot_what;
	if (done && whole)
		explain_write(&judge, &read->recorded.facts, &judged.verdict, out);
	else if (done)
		explain_remedy(&read->recorded.facts, &judged.verdict, out);
	judged_again_free(&judged);
	return done;
}

static int64_t
waited(const struct try *list, size_t count)
{
	return (list[count - 1].when - list[0].when) / 1000;
}

static bool
has_waited(const struct recorded *recorded, const struct try *list, size_t count)
{
	return waited(list, count) > 0 || recorded->tries.waited > 0;
}

/* Why the last try ended so, what it would be now, and what to write: of that, explain's words have their own. */
static bool
write_why(const struct tries_rules *rules, const struct try *list, size_t count, struct text *out)
{
	const struct try *last = &list[count - 1];
	struct read_try read;
	struct text words;
	const char *cannot;
	bool done = read_try(last, &read);

	text_open(&words, ADVICE_MAX);
	if (done) {
		put_row(out, "because", sentence_of(read.recorded.reason));
		if (judge_now(rules, &read, true, &words, &cannot))
			text_format(out, "by the configuration as it is now:\n%s", words.bytes);
		else if (last->form == LOG_FORM_RECORD && cannot != NULL) /* no log line says enough */
			text_format(out, "by the configuration as it is now it cannot be judged: %s\n", cannot);
		advise_vendor(&read.recorded, has_waited(&read.recorded, list, count), out);
	}
	text_inherit(out, &words);
	text_close(&words);
	arena_close(read.arena);
	return done && !read.starved;
}

static bool
write_advice(const struct tries_rules *rules, const struct try *list, size_t count, struct text *advice)
{
	struct read_try read;
	const char *cannot;
	bool done = read_try(&list[count - 1], &read);

	if (done) {
		(void)judge_now(rules, &read, false, advice, &cannot);
		advise_vendor(&read.recorded, has_waited(&read.recorded, list, count), advice);
	}
	arena_close(read.arena);
	return done && !read.starved;
}

static bool
write_head(const struct try *last, struct text *out)
{
	struct read_try read;
	bool done = read_try(last, &read);

	if (done)
		write_message(&read.recorded, out);
	arena_close(read.arena);
	return done;
}

bool
tries_write(const struct tries_rules *rules, const struct try *list, size_t count, struct text *out)
{
	bool done = write_head(&list[count - 1], out);

	for (size_t i = 0; done && i < count; i++)
		done = write_try(&list[i], i + 1, out);
	if (count > 1) {
		text_put(out, "waited     ");
		date_put_span(waited(list, count), out);
		text_put(out, list[count - 1].final ? "\n" : " so far\n");
	}
	return done && write_why(rules, list, count, out);
}

/* ---- JSON ---- */

static void
write_flat(const struct recorded *recorded, struct text *out)
{
	const struct facts *facts = &recorded->facts;
	char text[DATE_TEXT], client[ADDRESS_TEXT];

	json_write_begin(out);
	json_write_string(out, "time", date_write_ms(recorded->when, text));
	json_write_string(out, "id", recorded->id);
	json_write_string(out, "qid", recorded->qid);
	json_write_string(out, "outcome", outcome_word(recorded->outcome));
	json_write_string(out, "action", action_word(recorded->action));
	json_write_string(out, "would", action_word(recorded->would));
	json_write_string(out, "vendor", recorded->vendor);
	json_write_string(out, "reason", recorded->reason);
	json_write_string(out, "stage", recorded->at_rcpt ? "rcpt" : "eom");
	json_write_string(out, "client", address_write(&facts->client, client));
	json_write_string(out, "mail_from", facts->null_sender ? "<>" : facts->mail_from);
	json_write_string(out, "from", recorded->from);
	json_write_list(out, "rcpts");
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		json_write_comma(out);
		json_write_bytes(out, facts->rcpts[i], strlen(facts->rcpts[i]));
	}
	json_write_list_end(out);
	json_write_string(out, "greylist", greylist_state_word(recorded->greylist));
	if (recorded->passed_by != PASSED_BY_NOTHING)
		json_write_string(out, "passed_by", passed_by_word(recorded->passed_by));
	json_write_string(out, "msgid", facts->message_id);
	json_write_number(out, "tries", recorded->tries.count);
	json_write_number(out, "waited", recorded->tries.waited);
	json_write_end(out);
}

static bool
write_try_json(const struct try *try, struct text *out)
{
	struct read_try read;
	bool done = read_try(try, &read);

	if (done && try->form == LOG_FORM_RECORD && read.recorded.version > 1) {
		json_write_comma(out);
		text_span(out, span_trim(try->line));
	} else if (done) { /* version 1 may not be UTF-8, and a line is no JSON */
		write_flat(&read.recorded, out);
	}
	arena_close(read.arena);
	return done;
}

/* Of each try, where it came from. */
static void
write_files(const struct try *list, size_t count, struct text *out)
{
	json_write_list(out, "files");
	for (size_t i = 0; i < count; i++) {
		json_write_comma(out);
		json_write_bytes(out, list[i].file, strlen(list[i].file));
	}
	json_write_list_end(out);
}

bool
tries_write_json(const struct tries_rules *rules, const struct try *list, size_t count, struct text *out)
{
	struct text advice;
	bool done = true;

	text_char(out, '{');
	json_write_list(out, "tries");
	for (size_t i = 0; done && i < count; i++)
		done = write_try_json(&list[i], out);
	json_write_list_end(out);
	if (list[0].file != NULL)
		write_files(list, count, out);
	json_write_number(out, "waited", waited(list, count));
	text_open(&advice, ADVICE_MAX);
	done = done && write_advice(rules, list, count, &advice);
	json_write_string(out, "advice", advice.bytes);
	text_inherit(out, &advice);
	text_close(&advice);
	text_char(out, '}');
	return done;
}
