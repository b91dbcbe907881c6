/* The story's journal, linked in place of milter/system/journal.c: keeps the last lines in memory. */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/system/journal.h"
#include "t/lib/judged_again.h"
#include "t/lib/story.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *lines[2], *jsons[2]; /* the last, and the one before it */
static char *notice;
static size_t verdicts, shadowed;
static struct snapshots *in_force; /* whose draft, if there is one, replay is held against */
static char difference[1024];      /* the first record that, read back and judged again, says something else */

static void
keep(char *kept[2], const char *text)
{
	free(kept[1]);
	kept[1] = kept[0];
	kept[0] = text == NULL ? NULL : strdup(text);
}

void
story_journal_clear(void)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < 2; i++) {
		keep(lines, NULL);
		keep(jsons, NULL);
	}
	free(notice);
	notice = NULL;
	verdicts = shadowed = 0;
	difference[0] = '\0';
	pthread_mutex_unlock(&lock);
}

const char *
story_journal_line(bool json, unsigned before)
{
	const char *line;

	pthread_mutex_lock(&lock);
	line = json ? jsons[before] : lines[before];
	pthread_mutex_unlock(&lock);
	return line == NULL ? "" : line;
}

void
story_journal_forget_notice(void)
{
	pthread_mutex_lock(&lock);
	free(notice);
	notice = NULL;
	pthread_mutex_unlock(&lock);
}

const char *
story_journal_notice(void)
{
	const char *text;

	pthread_mutex_lock(&lock);
	text = notice;
	pthread_mutex_unlock(&lock);
	return text == NULL ? "" : text;
}

size_t
story_journal_verdicts(void)
{
	size_t count;

	pthread_mutex_lock(&lock);
	count = verdicts;
	pthread_mutex_unlock(&lock);
	return count;
}

size_t
story_journal_shadowed(void)
{
	size_t count;

	pthread_mutex_lock(&lock);
	count = shadowed;
	pthread_mutex_unlock(&lock);
	return count;
}

const char *
story_journal_difference(void)
{
	return difference;
}

void
story_journal_watch(struct snapshots *snapshots)
{
	in_force = snapshots;
}

static void
compare(const struct verdict_record *record, const char *json, char *out, size_t size)
{
	const struct snapshot *snapshot = in_force == NULL ? NULL : snapshot_borrow(in_force);

	judged_again_compare(record, json, out, size);
	/* not what was judged before a RELOAD */
	if (out[0] == '\0' && snapshot != NULL && snapshot->draft.policy != NULL &&
	    snapshot->judge.policy == record->judge->policy && snapshot->judge.ranges == record->judge->ranges)
		judged_again_compare_draft(record, &snapshot->draft, json, out, size);
	if (snapshot != NULL)
		snapshot_return(in_force, snapshot);
}

void
journal_verdict(struct journal *journal, const struct verdict_record *record)
{
	struct text line, json;
	char again[256];

	(void)journal;
	text_open(&line, VERDICT_LINE_MAX);
	text_open(&json, VERDICT_JSON_MAX);
	verdict_record_write_line(record, &line);
	verdict_record_write_json(record, &json);
	compare(record, json.bytes, again, sizeof again);
	pthread_mutex_lock(&lock);
	if (difference[0] == '\0' && again[0] != '\0')
		snprintf(difference, sizeof difference, "%s; line: %.300s", again, line.bytes);
	keep(lines, line.bytes);
	keep(jsons, json.bytes);
	verdicts++;
	shadowed += record->shadow != NULL;
	pthread_mutex_unlock(&lock);
	text_close(&line);
	text_close(&json);
}

void
journal_say(struct journal *journal, int level, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	(void)journal;
	(void)level;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	pthread_mutex_lock(&lock);
	free(notice);
	notice = text;
	pthread_mutex_unlock(&lock);
}

bool
journal_hides(struct journal *journal)
{
	(void)journal;
	return false;
}

const char *
journal_address(struct journal *journal, struct arena *arena, const char *address)
{
	(void)journal;
	(void)arena;
	return address;
}

void
journal_fault(struct journal *journal, int level, const struct fault *fault)
{
	(void)journal;
	(void)level;
	(void)fault;
}
