#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "delegate_request.h"

struct delegate_reader {
	struct text text;       /* the request so far: "name\0value\0name\0value\0..." and a piece of a line */
	size_t line;            /* where the line begins that is being read */
	unsigned attributes;
	bool answered, broken;  /* the text is an old request; nothing can be read any more */
};

static const struct {
	const char *name;
	size_t offset;
} rows[] = {
#define ROW(field) { #field, offsetof(struct delegate_request, field) }
	ROW(protocol_state),
	ROW(client_address),
	ROW(client_port),
	ROW(client_name),
	ROW(helo_name),
	ROW(sender),
	ROW(recipient),
	ROW(sasl_username),
	ROW(queue_id),
#undef ROW
};
enum { ROWS = sizeof rows / sizeof rows[0] };

struct delegate_reader *
delegate_reader_open(void)
{
	struct delegate_reader *reader = calloc(1, sizeof *reader);

	if (reader != NULL)
		text_open(&reader->text, DELEGATE_REQUEST_MAX);
	return reader;
}

void
delegate_reader_close(struct delegate_reader *reader)
{
	if (reader == NULL)
		return;
	text_close(&reader->text);
	free(reader);
}

bool
delegate_reader_is_within(const struct delegate_reader *reader)
{
	return !reader->answered && reader->text.length > 0;
}

static void
begin(struct delegate_reader *reader)
{
	text_clear(&reader->text);
	reader->line = 0;
	reader->attributes = 0;
	reader->answered = false;
}

/* The line is complete and stands at the end of the text: splits it in place. */
static bool
end_line(struct delegate_reader *reader, struct fault *why)
{
	char *line = reader->text.bytes + reader->line, *equals;
	size_t length = reader->text.length - reader->line;

	if (memchr(line, '\0', length) != NULL)
		return fault_set(why, "a NUL byte in attribute %u", reader->attributes + 1);
	equals = memchr(line, '=', length);
	if (equals == NULL)
		return fault_set(why, "attribute %u has no '='", reader->attributes + 1);
	if (equals == line)
		return fault_set(why, "attribute %u has no name", reader->attributes + 1);
	if (++reader->attributes > DELEGATE_ATTRIBUTES_MAX)
		return fault_set(why, "more than %d attributes", DELEGATE_ATTRIBUTES_MAX);
	*equals = '\0';
	text_char(&reader->text, '\0');
	reader->line = reader->text.length;
	if (reader->text.cut)
		return fault_set(why, "a request longer than %d bytes", DELEGATE_REQUEST_MAX);
	return true;
}

/* The first of two of one name counts; Postfix sends each once. */
static void
take(struct delegate_request *out, bool seen[ROWS], const char *name, const char *value)
{
	for (size_t i = 0; i < ROWS; i++)
		if (!seen[i] && strcmp(rows[i].name, name) == 0) {
			seen[i] = true;
			memcpy((char *)out + rows[i].offset, &value, sizeof value);
			return;
		}
}

static bool
end_request(struct delegate_reader *reader, struct delegate_request *out, struct fault *why)
{
	static const char empty[] = "";
	const char *nothing = empty, *kind = NULL;
	const char *at = reader->text.bytes, *end = at + reader->text.length;
	bool seen[ROWS] = { false };

	for (size_t i = 0; i < ROWS; i++)
		memcpy((char *)out + rows[i].offset, &nothing, sizeof nothing);
	while (at < end) {
		const char *value = at + strlen(at) + 1;

		if (kind == NULL && strcmp(at, "request") == 0)
			kind = value;
		take(out, seen, at, value);
		at = value + strlen(value) + 1;
	}
	reader->answered = true;
	if (kind == NULL)
		return fault_set(why, "a request without the attribute 'request'");
	if (strcmp(kind, "smtpd_access_policy") != 0)
		return fault_set(why, "a request that is not of the kind 'smtpd_access_policy'");
	return true;
}

/* Moves bytes up to the end of a line into the text; false when the line is not complete. */
static bool
gather_line(struct delegate_reader *reader, struct span *bytes, struct fault *why)
{
	const char *newline = memchr(bytes->at, '\n', bytes->length);
	size_t length = newline == NULL ? bytes->length : (size_t)(newline - bytes->at);
	size_t skip = newline == NULL ? length : length + 1;

	if (reader->text.length - reader->line + length > DELEGATE_LINE_MAX) {
		reader->broken = true;
		return fault_set(why, "an attribute longer than %d bytes", DELEGATE_LINE_MAX);
	}
	text_add(&reader->text, bytes->at, length);
	bytes->at += skip;
	bytes->length -= skip;
	if (reader->text.cut) {
		reader->broken = true;
		return fault_set(why, "a request longer than %d bytes", DELEGATE_REQUEST_MAX);
	}
	return newline != NULL;
}

enum delegate_reading
delegate_reader_feed(struct delegate_reader *reader, struct span *bytes, struct delegate_request *out,
    struct fault *why)
{
	if (reader->answered && bytes->length > 0)
		begin(reader);
	while (!reader->broken && bytes->length > 0 && gather_line(reader, bytes, why)) {
		if (reader->text.length > reader->line)
			reader->broken = !end_line(reader, why);
		else if (end_request(reader, out, why))
			return DELEGATE_READY;
		else
			reader->broken = true;
	}
	if (!reader->broken)
		return DELEGATE_MORE;
	bytes->length = 0;
	return DELEGATE_BROKEN;
}
