/*
 * log_handles.c - is each message of a file of records found by each of its handles in other files, as greenlane log does?
 *
 *     log_handles RECORDS FILE...
 *
 * The files are logs of the same messages, in any form. Prints, for each file and kind of handle, how many of how many were
 * found, and each that was not. Exit 1 when one is missing. A process of greenlane log for each would take hours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/system/lines.h"
#include "policy/review/tries.h"
#include "policy/review/verdict_record.h"

enum { RECORDED_MAX = 20000, SHOWN = 5 };

struct file {
	struct arena *arenas[RECORDED_MAX];
	struct recorded recorded[RECORDED_MAX];
	size_t count;
};

static void
must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "log_handles: %s\n", what);
	exit(2);
}

static void
file_read(const char *path, struct file *out)
{
	struct fault why = { .text = "" };
	struct lines *lines = lines_open(path, VERDICT_JSON_MAX, &why);
	enum lines_got got;
	struct span line;

	must(lines != NULL, why.text);
	out->count = 0;
	while ((got = lines_next(lines, &line, &why)) != LINES_END) {
		struct arena *arena = arena_open(RECORD_ARENA);
		enum log_form form;

		must(got == LINES_LINE && arena != NULL, "a line cannot be read");
		must(out->count < RECORDED_MAX, "too many verdicts");
		form = log_line_read(arena, line, &out->recorded[out->count], &why);
		must(form != LOG_FORM_BROKEN, why.text);
		if (form == LOG_FORM_NONE)
			arena_close(arena);
		else
			out->arenas[out->count++] = arena;
	}
	lines_close(lines);
}

static void
file_drop(struct file *file)
{
	for (size_t i = 0; i < file->count; i++)
		arena_close(file->arenas[i]);
}

/* ---- handles ---- */

enum handle {
	BY_ID,
	BY_QID,
	BY_MSGID,
	BY_BARE_MSGID,
	BY_RCPT,
	BY_SENDER,
	BY_AUTHOR,
	BY_CLIENT,
	BY_VENDOR,
	BY_TIME,
	HANDLES
};
static const char *const words[] = { "id", "queue-id", "message-id", "bare-message-id", "recipient", "sender", "author",
	"client", "vendor", "time" };

/* What would be typed to find that verdict; false: it has no such handle. */
static bool
query_by(enum handle handle, const struct recorded *of, char *room, size_t size, struct tries_query *out)
{
	const struct facts *facts = &of->facts;
	const char *id = facts->message_id;
	struct fault why;

	*out = (struct tries_query){ .client = { .base = { .family = ADDRESS_NONE } } };
	switch (handle) {
	case BY_ID:
		return (out->handle = of->id)[0] != '\0';
	case BY_QID:
		return (out->handle = of->qid)[0] != '\0';
	case BY_MSGID:
		return (out->handle = id)[0] != '\0';
	case BY_BARE_MSGID:
		snprintf(room, size, "%.*s", (int)(strlen(id) > 2 ? strlen(id) - 2 : 0), id + (id[0] == '<'));
		return (out->handle = room)[0] != '\0';
	case BY_RCPT: /* the last of several */
		out->rcpt = facts->rcpt_count == 0 ? "" : facts->rcpts[facts->rcpt_count - 1];
		return out->rcpt[0] != '\0';
	case BY_SENDER:
		return (out->from = facts->mail_from)[0] != '\0';
	case BY_AUTHOR:
		return facts->author_count > 0 &&
		    (out->from = facts->authors[facts->author_count - 1].mailbox.text)[0] != '\0';
	case BY_CLIENT:
		address_write(&facts->client, room);
		return facts->client.family != ADDRESS_NONE && prefix_read(room, &out->client, &why);
	case BY_VENDOR:
		return (out->vendor = of->vendor)[0] != '\0';
	default: /* a record says when the verdict was, a log line the second in which the message came */
		out->since = (int64_t)strtoull(of->id, NULL, 16) * 1000;
		out->until = of->when;
		return true;
	}
}

/* Files of the same messages have them in about the same order: the search begins where it was in the records. */
static bool
finds(const struct file *file, const struct tries_query *query, const char *id, size_t near)
{
	for (size_t i = 0; i < file->count; i++) {
		const struct recorded *one = &file->recorded[(near + i) % file->count];

		if (tries_query_holds(query, one) && strcmp(one->id, id) == 0)
			return true;
	}
	return false;
}

/* Returns how many are missing. */
static size_t
look(const struct file *records, const struct file *file, enum handle handle, const char *path)
{
	size_t asked = 0, missing = 0;
	struct tries_query query;
	char room[4096];

	for (size_t i = 0; i < records->count; i++) {
		const struct recorded *of = &records->recorded[i];

		if (!query_by(handle, of, room, sizeof room, &query))
			continue;
		asked++;
		if (finds(file, &query, of->id, i))
			continue;
		if (missing++ < SHOWN)
			printf("# %s: the verdict %s is not found by its %s\n", path, of->id, words[handle]);
	}
	printf("%s %s %zu of %zu\n", path, words[handle], asked - missing, asked);
	return missing;
}

int
main(int argc, char **argv)
{
	struct file *records = malloc(sizeof *records), *file = malloc(sizeof *file);
	size_t missing = 0;

	must(records != NULL && file != NULL, "out of memory");
	must(argc > 2, "usage: log_handles RECORDS FILE...");
	file_read(argv[1], records);
	for (int i = 2; i < argc; i++) {
		file_read(argv[i], file);
		for (enum handle handle = 0; handle < HANDLES; handle++)
			missing += look(records, file, handle, argv[i]);
		file_drop(file);
	}
	file_drop(records);
	free(records);
	free(file);
	return missing > 0;
}
