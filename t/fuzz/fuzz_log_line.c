/*
 * Any bytes as lines of a mail log. What may not be ours is not read as ours; what is read is read the same a second time, and
 * behind the head of another syslog daemon; what is broken is so for a reason.
 */
#include <string.h>

#include "policy/review/log_line.h"
#include "t/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { LINES_MAX = 50 };

static bool
same(const struct recorded *one, const struct recorded *other)
{
	return strcmp(one->id, other->id) == 0 && strcmp(one->qid, other->qid) == 0 &&
	    strcmp(one->vendor, other->vendor) == 0 && strcmp(one->reason, other->reason) == 0 &&
	    one->outcome == other->outcome && one->action == other->action && one->would == other->would &&
	    one->greylist == other->greylist && one->ms == other->ms;
}

/* The line from "id=" on, as our own standard error has it. */
static void
check_again(struct arena *arena, struct span line, const struct recorded *recorded)
{
	static const char head[] = "2026-03-01T10:00:00.123456+00:00 mx greenlaned[4711]: ";
	bool bare = (line = span_trim(line)).length > 3 && memcmp(line.at, "id=", 3) == 0;
	const char *id = bare ? line.at : memmem(line.at, line.length, ": id=", 5);
	struct recorded again;
	struct fault why;
	struct text text;

	if (id == NULL || line.at[0] == '{')
		return;
	text_open(&text, line.length + sizeof head);
	text_put(&text, head);
	id += bare ? 0 : 2;
	text_add(&text, id, line.length - (size_t)(id - line.at));
	if (log_line_read(arena, (struct span){ text.bytes, text.length }, &again, &why) == LOG_FORM_LINE)
		must(same(recorded, &again));
	text_close(&text);
}

static void
check_line(struct span line)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded, again;
	struct fault why = { .text = "" };
	enum log_form form;

	must(arena != NULL);
	form = log_line_read(arena, line, &recorded, &why);
	must(form == LOG_FORM_NONE || log_line_may_be(line));
	must(form != LOG_FORM_BROKEN || why.text[0] != '\0');
	must(log_line_read(arena, line, &again, &why) == form || arena_failed(arena));
	if ((form == LOG_FORM_LINE || form == LOG_FORM_RECORD) && !arena_failed(arena)) {
		must(same(&recorded, &again));
		must(recorded.facts.rcpt_count <= RCPTS_MAX && recorded.facts.author_count <= AUTHORS_MAX &&
		    recorded.facts.dkim_count <= DKIM_MAX && recorded.facts.reply_count <= REPLIES_MAX);
	}
	if (form == LOG_FORM_LINE)
		check_again(arena, line, &recorded);
	arena_close(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span rest = { (const char *)bytes, length };

	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++)
		check_line(span_cut(&rest, '\n'));
	return 0;
}
