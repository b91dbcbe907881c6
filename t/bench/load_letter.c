/* Reads what milterload sends: a message with its header fields unfolded from their line ends, its body in CRLF. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "t/bench/load.h"

enum { LETTER_MAX = 256 * 1024 * 1024 };

static void
file_read(const char *path, struct text *out)
{
	FILE *file = fopen(path, "rb");
	char chunk[65536];
	size_t length;

	if (file == NULL)
		load_die("%s: %s", path, strerror(errno));
	text_open(out, LETTER_MAX);
	while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
		text_add(out, chunk, length);
	if (out->cut || ferror(file))
		load_die("%s: cannot read all of it", path);
	fclose(file);
}

static struct span
line_cut(struct span *rest)
{
	struct span line = span_cut(rest, '\n');

	if (line.length > 0 && line.at[line.length - 1] == '\r')
		line.length--;
	return line;
}

/* One field with its folded lines; its text is kept. */
static struct load_field
field_cut(const char *path, struct span *rest)
{
	struct text text;
	char *colon;

	text_open(&text, LETTER_MAX);
	text_span(&text, line_cut(rest));
	while (rest->length > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t')) {
		text_char(&text, '\n');
		text_span(&text, line_cut(rest));
	}
	colon = strchr(text.bytes, ':');
	if (colon == NULL)
		load_die("%s: not a header: %.60s", path, text.bytes);
	*colon = '\0';
	return (struct load_field){ text.bytes, colon + 1 };
}

static struct span
body_make(struct span rest)
{
	struct text body;

	text_open(&body, LETTER_MAX);
	for (size_t i = 0; i < rest.length; i++) {
		if (rest.at[i] == '\n' && (i == 0 || rest.at[i - 1] != '\r'))
			text_char(&body, '\r');
		text_char(&body, rest.at[i]);
	}
	if (body.cut)
		load_die("out of memory");
	return (struct span){ body.bytes, body.length };
}

void
load_letter_read(const char *path, struct load_letter *out)
{
	struct text text;
	struct span rest;

	file_read(path, &text);
	rest = (struct span){ text.bytes, text.length };
	*out = (struct load_letter){ .fields = NULL };
	while (rest.length > 0 && rest.at[0] != '\n' && rest.at[0] != '\r') {
		out->fields = realloc(out->fields, (out->count + 1) * sizeof *out->fields);
		if (out->fields == NULL)
			load_die("out of memory");
		out->fields[out->count++] = field_cut(path, &rest);
	}
	(void)line_cut(&rest); /* the empty line */
	out->body = body_make(rest);
	text_close(&text);
}
