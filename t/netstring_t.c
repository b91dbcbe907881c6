#include <string.h>

#include "netstring.h"
#include "tap.h"

static const struct {
	const char *name, *bytes;
	enum netstring_reading reading;
	const char *out, *rest;
} rows[] = {
	{ "a whole one is cut", "5:hello,", NETSTRING_READY, "hello", "" },
	{ "an empty one is whole, too", "0:,x", NETSTRING_READY, "", "x" },
	{ "what stands behind is left", "2:ab,3:cde,", NETSTRING_READY, "ab", "3:cde," },
	{ "a comma inside belongs to it", "3:a,b,", NETSTRING_READY, "a,b", "" },
	{ "nothing is awaited", "", NETSTRING_MORE, NULL, "" },
	{ "a length alone is awaited", "12", NETSTRING_MORE, NULL, "12" },
	{ "so is the end of the string", "5:hell", NETSTRING_MORE, NULL, "5:hell" },
	{ "and its comma", "5:hello", NETSTRING_MORE, NULL, "5:hello" },
	{ "the longest is allowed", "4096:", NETSTRING_MORE, NULL, "4096:" },
	{ "one more is not", "4097:", NETSTRING_BROKEN, NULL, NULL },
	{ "nor are five digits", "00005:hello,", NETSTRING_BROKEN, NULL, NULL },
	{ "no length breaks it", ":hello,", NETSTRING_BROKEN, NULL, NULL },
	{ "a sign breaks it", "-1:,", NETSTRING_BROKEN, NULL, NULL },
	{ "no colon breaks it", "5hello,", NETSTRING_BROKEN, NULL, NULL },
	{ "no comma breaks it", "5:hello;", NETSTRING_BROKEN, NULL, NULL },
};

int
main(void)
{
	struct text text;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct span bytes = span_of(rows[i].bytes), out = { "", 0 };
		enum netstring_reading reading = netstring_cut(&bytes, &out);

		ok(reading == rows[i].reading && (rows[i].out == NULL || span_is(out, rows[i].out)) &&
			(rows[i].rest == NULL || span_is(bytes, rows[i].rest)),
		    "%s", rows[i].name);
	}
	text_open(&text, 64);
	netstring_put(&text, span_of("OK WHITE"));
	netstring_put(&text, span_of(""));
	is(text.bytes, "8:OK WHITE,0:,", "what is put can be cut again");
	text_close(&text);
	return done();
}
