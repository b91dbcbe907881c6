/* The story's journal, linked in place of milter/journal.c: keeps the last lines in memory. */
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "story.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *last_line, *last_json;
static size_t verdicts;

void
story_journal_clear(void)
{
	pthread_mutex_lock(&lock);
	free(last_line);
	free(last_json);
	last_line = last_json = NULL;
	verdicts = 0;
	pthread_mutex_unlock(&lock);
}

const char *
story_journal_line(bool json)
{
	const char *line;

	pthread_mutex_lock(&lock);
	line = json ? last_json : last_line;
	pthread_mutex_unlock(&lock);
	return line == NULL ? "" : line;
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

void
journal_verdict(struct journal *journal, const struct record *record)
{
	struct text line, json;

	(void)journal;
	text_open(&line, RECORD_LINE_MAX);
	text_open(&json, RECORD_JSON_MAX);
	record_write_line(record, &line);
	record_write_json(record, &json);
	pthread_mutex_lock(&lock);
	free(last_line);
	free(last_json);
	last_line = strdup(line.bytes);
	last_json = strdup(json.bytes);
	verdicts++;
	pthread_mutex_unlock(&lock);
	text_close(&line);
	text_close(&json);
}

void
journal_say(struct journal *journal, int level, const char *fmt, ...)
{
	(void)journal;
	(void)level;
	(void)fmt;
}

void
journal_fault(struct journal *journal, int level, const struct fault *fault)
{
	(void)journal;
	(void)level;
	(void)fault;
}
