#include "policy/util/address.h"
#include "t/lib/answer_text.h"

static void
record_show(enum dns_type type, const struct dns_record *record, struct text *out)
{
	char text[ADDRESS_TEXT];
	struct address address;

	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		address = type == DNS_A ? address_of_v4(record->bytes) : address_of_v6(record->bytes);
		text_format(out, " %s", address_write(&address, text));
		break;
	case DNS_TXT:
		text_format(out, " '%.*s'", (int)record->length, (const char *)record->bytes);
		break;
	case DNS_MX:
		text_format(out, " %u:%s", record->preference, (const char *)record->bytes);
		break;
	default:
		text_format(out, " %s", (const char *)record->bytes);
	}
}

void
answer_text(enum dns_type type, const struct dns_answer *answer, struct text *out)
{
	static const char *const words[] = { "FOUND", "EMPTY", "NXDOMAIN", "TEMPORARY" };

	text_put(out, words[answer->status]);
	for (size_t i = 0; i < answer->count; i++)
		record_show(type, &answer->records[i], out);
}
