/* Any bytes as the Date field of a mail and as a time of RFC 3339: what is read is written, and read back the same. */
#include <string.h>

#include "policy/util/date.h"
#include "t/fuzz/fuzz.h"

enum { UNTOUCHED = -4711 };

/* A year that RFC 3339 cannot say is said in words. */
static void
check_written(const char *written, int64_t ms)
{
	int64_t again = UNTOUCHED;

	must(strlen(written) < DATE_TEXT);
	if (strcmp(written, "an unknown time") != 0)
		must(date_read_rfc3339(span_of(written), &again) && again == ms);
}

/* The same in the words of RFC 5322. */
static void
check_field(const char *written, int64_t when)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };
	struct text field;
	int64_t again;

	if (written[0] < '0' || written[0] > '9' || memcmp(written, "1900", 4) < 0)
		return;
	text_open(&field, 200);
	text_format(&field, "%.2s (of) %s %.4s %.8s +0000", written + 8,
	    months[(written[5] - '0') * 10 + written[6] - '0' - 1], written, written + 11);
	must(date_read(span_of(field.bytes), &again) && again == when);
	text_close(&field);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = { (const char *)data, size };
	int64_t when = UNTOUCHED, ms = UNTOUCHED;
	char written[DATE_TEXT];
	struct text words;

	if (date_read(text, &when)) {
		check_written(date_write(when, written), when * 1000);
		check_field(written, when);
	} else {
		must(when == UNTOUCHED);
	}
	if (date_read_rfc3339(text, &ms))
		check_written(date_write_ms(ms, written), ms);
	else
		must(ms == UNTOUCHED);
	text_open(&words, 200);
	date_put_span(when, &words);
	must(words.length > 0 && !words.cut);
	text_close(&words);
	return 0;
}
