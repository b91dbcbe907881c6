#include <stdlib.h>

#include "milter/tool/record_merge.h"
#include "milter/tool/records.h"
#include "policy/review/verdict_record.h"
#include "policy/review/verdict_seen.h"

enum {
	OPEN_MAX_FILES = 200,      /* at once; further ones are read after them */
	LEADING_MAX = 1024 * 1024, /* bytes of lines before a file's first verdict */
	SHOW_EACH = 256            /* lines */
};

/* A file, and the verdict in it that comes next. */
struct stream {
	const char *path;
	struct lines *lines; /* NULL: it has ended */
	struct arena *arena; /* of the verdict */
	struct recorded recorded;
	int64_t when;
	uint64_t identity;   /* decides between two of one second, so that the order of files does not */
	struct text leading; /* lines before the first verdict: they are told with it */
	bool begun;
};

struct merge {
	const struct record_takers *takers;
	struct verdicts_seen *seen;
	struct stream *streams;
	size_t count;
	uint64_t twice, taken;
	struct progress progress;
};

static void
stream_close(struct stream *stream)
{
	arena_close(stream->arena);
	lines_close(stream->lines);
	text_close(&stream->leading);
	*stream = (struct stream){ .path = stream->path };
}

static void
tell_other(struct merge *merge, struct stream *stream, struct span line, enum log_form form)
{
	if (stream->begun || form != LOG_FORM_NONE || stream->leading.length + line.length + 1 > LEADING_MAX) {
		merge->takers->other(merge->takers->context, line, form);
		return;
	}
	text_span(&stream->leading, line);
	text_char(&stream->leading, '\n');
}

static void
tell_leading(struct merge *merge, struct stream *stream)
{
	struct span rest = { stream->leading.bytes, stream->leading.length };

	while (!stream->begun && rest.length > 0)
		merge->takers->other(merge->takers->context, span_cut(&rest, '\n'), LOG_FORM_NONE);
	text_clear(&stream->leading);
	stream->begun = true;
}

/* Is the line a verdict? Then it is the stream's next. */
static bool
read_line(struct merge *merge, struct stream *stream, struct span line, bool *found, struct fault *why)
{
	struct fault broken;
	enum log_form form;

	*found = false;
	if (!log_line_may_be(line)) {
		return true;
	}
	if ((stream->arena = arena_open(RECORD_ARENA)) == NULL)
		return fault_set(why, "out of memory");
	form = log_line_read(stream->arena, line, &stream->recorded, &broken);
	*found = form == LOG_FORM_LINE || form == LOG_FORM_RECORD;
	if (*found) {
		stream->when = merge->takers->time(&stream->recorded);
		stream->identity = verdict_identity(&stream->recorded);
		return true;
	}
	if (arena_failed(stream->arena)) /* it was not the line that was broken */
		return fault_set(why, "out of memory");
	tell_other(merge, stream, line, form);
	arena_close(stream->arena);
	stream->arena = NULL;
	return true;
}

/* Reads on to the next verdict of the file, or to its end. */
static bool
advance(struct merge *merge, struct stream *stream, struct fault *why)
{
	enum lines_got got;
	struct span line;
	bool found = false, done = true;

	arena_close(stream->arena);
	stream->arena = NULL;
	while (done && !found && (got = lines_next(stream->lines, &line, why)) != LINES_END) {
		if (got == LINES_FAILED)
			return false;
		if (got == LINES_TOO_LONG)
			tell_other(merge, stream, (struct span){ "", 0 }, LOG_FORM_BROKEN);
		else
			done = read_line(merge, stream, line, &found, why);
	}
	if (!done || found)
		return done;
	tell_leading(merge, stream);
	done = merge->takers->ended(merge->takers->context, stream->path, stream->lines, why);
	progress_next(&merge->progress, lines_read(stream->lines));
	stream_close(stream);
	return done;
}

static bool
is_before(const struct stream *one, const struct stream *other)
{
	return one->when != other->when ? one->when < other->when : one->identity < other->identity;
}

/* NULL: all have ended. */
static struct stream *
earliest(const struct merge *merge)
{
	struct stream *first = NULL;

	for (size_t i = 0; i < merge->count; i++) {
		struct stream *stream = &merge->streams[i];

		if (stream->lines != NULL && (first == NULL || is_before(stream, first)))
			first = stream;
	}
	return first;
}

static void
show(struct merge *merge)
{
	int64_t read = 0;

	if (++merge->taken % SHOW_EACH != 0)
		return;
	for (size_t i = 0; i < merge->count; i++)
		read += merge->streams[i].lines == NULL ? 0 : lines_read(merge->streams[i].lines);
	progress_show(&merge->progress, read);
}

static bool
take_all(struct merge *merge, struct fault *why)
{
	struct stream *stream;
	bool done = true;

	while (done && (stream = earliest(merge)) != NULL) {
		tell_leading(merge, stream);
		if (verdicts_seen_before(merge->seen, &stream->recorded))
			merge->twice++;
		else
			done = merge->takers->verdict(merge->takers->context, &stream->recorded, why);
		done = done && advance(merge, stream, why);
		show(merge);
	}
	return done;
}

static bool
merge_some(struct merge *merge, char *const *paths, size_t count, struct fault *why)
{
	bool done = true;

	merge->count = 0;
	for (size_t i = 0; done && i < count; i++) {
		struct stream *stream = &merge->streams[merge->count++];

		*stream = (struct stream){ .path = paths[i] };
		text_open(&stream->leading, LEADING_MAX);
		stream->lines = merge->takers->open(merge->takers->context, paths[i], why);
		done = stream->lines != NULL && advance(merge, stream, why);
	}
	done = done && take_all(merge, why);
	for (size_t i = 0; i < merge->count; i++)
		if (merge->streams[i].lines != NULL || !done)
			stream_close(&merge->streams[i]);
	return done;
}

bool
records_merge(char *const *paths, size_t count, const struct record_takers *takers, uint64_t *twice, struct fault *why)
{
	struct merge merge = { .takers = takers,
		.seen = verdicts_seen_open(),
		.streams = calloc(OPEN_MAX_FILES, sizeof *merge.streams) };
	bool done = (merge.seen != NULL && merge.streams != NULL) || fault_set(why, "out of memory");

	if (done)
		progress_begin(&merge.progress, paths, count);
	for (size_t i = 0; done && i < count; i += OPEN_MAX_FILES)
		done = merge_some(&merge, paths + i, count - i < OPEN_MAX_FILES ? count - i : OPEN_MAX_FILES, why);
	progress_end(&merge.progress);
	*twice = merge.twice;
	verdicts_seen_close(merge.seen);
	free(merge.streams);
	return done;
}
