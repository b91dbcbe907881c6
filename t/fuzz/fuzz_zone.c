/* Any bytes as lines of a zone of canned answers; every name that it says is asked for. */
#include <string.h>

#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/canned_zone.h"

enum { LINES_MAX = 200 };

static void
check_record(enum dns_type type, const struct dns_record *record)
{
	must(record->bytes != NULL);
	if (type == DNS_A)
		must(record->length == 4);
	else if (type == DNS_AAAA)
		must(record->length == 16);
	else if (type != DNS_TXT)
		must(strlen((const char *)record->bytes) == record->length && record->length < DNS_NAME_TEXT);
}

static void
check_answer(const struct canned_zone *zone, struct arena *arena, const char *name, enum dns_type type)
{
	struct dns_question question;
	struct dns_answer answer, copy;
	uint8_t wire[255];

	if (!dns_question_make(&question, name, type))
		return;
	must(dns_name_to_wire(question.name, wire) > 0);
	canned_zone_answer(zone, &question, &answer);
	must((answer.status == DNS_FOUND) == (answer.count > 0) && answer.count <= DNS_RECORDS_MAX);
	for (size_t i = 0; i < answer.count; i++)
		check_record(type, &answer.records[i]);
	if (dns_answer_copy(arena, &answer, &copy))
		must(copy.status == answer.status && copy.count == answer.count);
}

static void
ask_all(const struct canned_zone *zone, struct arena *arena, const char *line)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_CNAME, DNS_MX, DNS_PTR, DNS_TXT };
	char *name = arena_copy(arena, line, strcspn(line, " \t"));

	for (size_t i = 0; name != NULL && i < sizeof types / sizeof *types; i++)
		check_answer(zone, arena, name, types[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size };
	struct arena *arena = arena_open(8 << 20);
	struct canned_zone *zone = canned_zone_open();
	const char *lines[LINES_MAX];
	size_t count = 0;
	struct fault why;

	while (arena != NULL && zone != NULL && rest.length > 0 && count < LINES_MAX) {
		struct span line = span_cut(&rest, '\n');
		const char *copy = arena_copy(arena, line.at, line.length);

		if (copy == NULL)
			break;
		why.text[0] = '\0';
		must(canned_zone_line(zone, copy, &why) || why.text[0] != '\0');
		lines[count++] = copy;
	}
	for (size_t i = 0; i < count; i++)
		ask_all(zone, arena, lines[i]);
	canned_zone_close(zone);
	arena_close(arena);
	return 0;
}
