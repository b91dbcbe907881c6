#include <stddef.h>
#include <string.h>

#include "policy/verdict/delegate_request.h"

static const struct {
	const char *name;
	size_t offset;
} rows[] = {
#define ROW(field) #field, offsetof(struct delegate_request, field)
	{ ROW(protocol_state) },
	{ ROW(client_address) },
	{ ROW(client_port) },
	{ ROW(client_name) },
	{ ROW(helo_name) },
	{ ROW(sender) },
	{ ROW(recipient) },
	{ ROW(sasl_username) },
	{ ROW(queue_id) },
#undef ROW
};
enum { ROWS = sizeof rows / sizeof rows[0] };

/* Cuts a line off the front; false: its end has not come yet. */
static bool
cut_line(struct span *rest, struct span *line)
{
	bool whole = memchr(rest->at, '\n', rest->length) != NULL;

	*line = span_cut(rest, '\n');
	return whole;
}

static bool
check_attribute(struct span line, unsigned number, struct fault *why)
{
	const char *equals = memchr(line.at, '=', line.length);

	if (memchr(line.at, '\0', line.length) != NULL)
		return fault_set(why, "a NUL byte in attribute %u", number);
	if (equals == NULL)
		return fault_set(why, "attribute %u has no '='", number);
	if (equals == line.at)
		return fault_set(why, "attribute %u has no name", number);
	if (number > DELEGATE_ATTRIBUTES_MAX)
		return fault_set(why, "more than %d attributes", DELEGATE_ATTRIBUTES_MAX);
	return true;
}

/* The lines of a whole request: is it of the kind that we reply to? */
static bool
check_kind(struct span lines, struct fault *why)
{
	while (lines.length > 0) {
		struct span value = span_cut(&lines, '\n'), name = span_cut(&value, '=');

		if (span_is(name, "request"))
			return span_is(value, "smtpd_access_policy") ||
			    fault_set(why, "a request that is not of the kind 'smtpd_access_policy'");
	}
	return fault_set(why, "a request without the attribute 'request'");
}

/* Checks lines up to the empty one. */
static enum framing
check_lines(struct span *rest, struct span *line, struct fault *why)
{
	for (unsigned attributes = 0;;) {
		bool whole = cut_line(rest, line);

		if (line->length > DELEGATE_LINE_MAX) {
			fault_set(why, "an attribute longer than %d bytes", DELEGATE_LINE_MAX);
			return FRAME_BROKEN;
		}
		if (!whole)
			return FRAME_PARTIAL;
		if (line->length == 0)
			return FRAME_WHOLE;
		if (!check_attribute(*line, ++attributes, why))
			return FRAME_BROKEN;
	}
}

enum framing
delegate_request_cut(struct span *bytes, struct span *out, struct fault *why)
{
	struct span rest = *bytes, line;
	enum framing found = check_lines(&rest, &line, why);

	if (found != FRAME_WHOLE)
		return found;
	*out = (struct span){ bytes->at, (size_t)(line.at - bytes->at) };
	*bytes = rest;
	return check_kind(*out, why) ? FRAME_WHOLE : FRAME_BROKEN;
}

/* Of two with the same name the first counts; Postfix sends each once. */
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

void
delegate_request_read(struct frame *lines, struct delegate_request *out)
{
	static const char empty[] = "";
	const char *nothing = empty;
	bool seen[ROWS] = { false };
	char *at = lines->bytes;

	for (size_t i = 0; i < ROWS; i++)
		memcpy((char *)out + rows[i].offset, &nothing, sizeof nothing);
	while (*at != '\0') {
		char *equals = strchr(at, '='), *end = strchr(at, '\n');

		*equals = *end = '\0';
		take(out, seen, at, equals + 1);
		at = end + 1;
	}
}
