/* Any bytes as a DNS response to a question for example.com; the first byte chooses the type. */
#include <stdlib.h>
#include <string.h>

#include "policy/dns/dns_packet.h"
#include "t/fuzz/fuzz.h"

static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_TXT, DNS_MX, DNS_PTR, DNS_CNAME };

/* What every reader of an answer relies on. */
static void
record_check(enum dns_type type, const struct dns_record *record)
{
	static const size_t fixed[] = { [DNS_A] = 4, [DNS_AAAA] = 16 };

	if (record->bytes == NULL)
		abort();
	if (type == DNS_A || type == DNS_AAAA) {
		if (record->length != fixed[type])
			abort();
	} else if (type != DNS_TXT) {
		if (strlen((const char *)record->bytes) != record->length || record->length >= DNS_NAME_TEXT)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(1 << 20);
	struct dns_question question;
	struct dns_answer answer;

	if (arena != NULL && size > 0 &&
	    dns_question_make(&question, "example.com", types[data[0] % (sizeof types / sizeof types[0])])) {
		dns_packet_read(data + 1, size - 1, &question, arena, &answer);
		if ((answer.status == DNS_FOUND) != (answer.count > 0))
			abort();
		for (size_t i = 0; i < answer.count; i++)
			record_check(question.type, &answer.records[i]);
	}
	arena_close(arena);
	return 0;
}
