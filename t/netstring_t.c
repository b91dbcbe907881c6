#include <string.h>

#include "policy/util/netstring.h"
#include "t/lib/tap.h"

static const struct {
	const char *name, *bytes;
	enum framing found;
	const char *out, *rest;
} rows[] = {
	{ "a whole one is cut", "5:hello,", FRAME_WHOLE, "hello", "" },
	{ "an empty one is whole, too", "0:,x", FRAME_WHOLE, "", "x" },
	{ "what comes after it is left", "2:ab,3:cde,", FRAME_WHOLE, "ab", "3:cde," },
	{ "a comma inside belongs to it", "3:a,b,", FRAME_WHOLE, "a,b", "" },
	{ "nothing is awaited", "", FRAME_PARTIAL, NULL, "" },
	{ "a length alone is awaited", "12", FRAME_PARTIAL, NULL, "12" },
	{ "so is the end of the string", "5:hell", FRAME_PARTIAL, NULL, "5:hell" },
	{ "and its comma", "5:hello", FRAME_PARTIAL, NULL, "5:hello" },
	{ "the longest is allowed", "4096:", FRAME_PARTIAL, NULL, "4096:" },
	{ "one more is not", "4097:", FRAME_BROKEN, NULL, NULL },
	{ "nor are five digits", "00005:hello,", FRAME_BROKEN, NULL, NULL },
	{ "no length breaks it", ":hello,", FRAME_BROKEN, NULL, NULL },
	{ "a sign breaks it", "-1:,", FRAME_BROKEN, NULL, NULL },
	{ "no colon breaks it", "5hello,", FRAME_BROKEN, NULL, NULL },
	{ "no comma breaks it", "5:hello;", FRAME_BROKEN, NULL, NULL },
};

/* What arrives in pieces of `step` bytes: each string as "[hello]", then "..." for an incomplete one, or the fault. */
static void
read_all(const char *stream, size_t step, size_t ceiling, struct text *out)
{
	enum framing found = FRAME_PARTIAL;
	size_t length = strlen(stream);
	struct frame string;
	struct text begun;
	struct fault why;

	text_open(&begun, ceiling);
	for (size_t at = 0; at < length && found != FRAME_BROKEN; at += step) {
		struct span bytes = { stream + at, length - at < step ? length - at : step };

		while ((found = frame_feed(&begun, &bytes, netstring_cut, &string, &why)) == FRAME_WHOLE) {
			text_format(out, "[%s]", string.bytes);
			text_clear(&begun);
		}
		ok(bytes.length == 0, "every byte of an incomplete string is used up");
	}
	text_put(out, found == FRAME_BROKEN ? why.text : begun.length > 0 ? "..." : "");
	text_close(&begun);
}

static void
test_pieces(void)
{
	static const struct {
		const char *name, *stream, *wanted;
		size_t ceiling;
	} streams[] = {
		{ "nothing", "", "", 64 },
		{ "two strings and the beginning of one", "2:ab,0:,3:c", "[ab][]...", 64 },
		{ "one as long as allowed", "5:hello,2:ab,", "[hello][ab]", 8 },
		{ "one that is longer", "2:ab,6:hello!,", "[ab]a request longer than 8 bytes", 8 },
		{ "one that is not a netstring after one that is", "2:ab,x,2:ab,", "[ab]it is not a netstring", 64 },
	};

	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		for (size_t step = 1; step <= strlen(streams[i].stream) + 1; step++) {
			struct text out;

			text_open(&out, 256);
			read_all(streams[i].stream, step, streams[i].ceiling, &out);
			is(out.bytes, streams[i].wanted, "%s, in pieces of %zu", streams[i].name, step);
			text_close(&out);
		}
}

int
main(void)
{
	struct text text;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span bytes = span_of(rows[i].bytes), out = { "", 0 };
		enum framing found = netstring_cut(&bytes, &out, NULL);

		ok(found == rows[i].found && (rows[i].out == NULL || span_is(out, rows[i].out)) &&
			(rows[i].rest == NULL || span_is(bytes, rows[i].rest)),
		    "%s", rows[i].name);
	}
	text_open(&text, 64);
	netstring_put(&text, span_of("OK WHITE"));
	netstring_put(&text, span_of(""));
	is(text.bytes, "8:OK WHITE,0:,", "what is put can be cut again");
	text_close(&text);
	test_pieces();
	return done();
}
