#include <stdio.h>
#include <string.h>

#include "policy/dns/dnswl.h"

enum { LEAST_TRUST = 1, MOST_TRUST = 3, REVERSED_MAX = 2 * 2 * 16 + 1 };

/* RFC 5782, 2.1 and 2.4 */
static void
reverse(const struct address *address, char out[REVERSED_MAX])
{
	const uint8_t *b = address->bytes;
	size_t used = 0;

	if (address->family == ADDRESS_V4) {
		snprintf(out, REVERSED_MAX, "%u.%u.%u.%u.", b[3], b[2], b[1], b[0]);
		return;
	}
	for (size_t i = 16; i-- > 0;)
		used += (size_t)snprintf(out + used, REVERSED_MAX - used, "%x.%x.", b[i] & 15, b[i] >> 4);
}

bool
dnswl_question(const char *zone, const struct address *address, struct dns_question *out)
{
	char reversed[REVERSED_MAX], name[DNS_NAME_TEXT];

	if (address->family == ADDRESS_NONE)
		return false;
	reverse(address, reversed);
	if ((size_t)snprintf(name, sizeof name, "%s%s", reversed, zone) >= sizeof name)
		return false;
	return dns_question_make(out, name, DNS_A);
}

bool
dnswl_lists(const struct dns_answer *answer)
{
	if (answer->status != DNS_FOUND)
		return false;
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->length != 4 || record->bytes[0] != 127 || record->bytes[1] != 0 ||
		    record->bytes[3] < LEAST_TRUST || record->bytes[3] > MOST_TRUST)
			return false;
	}
	return answer->count > 0;
}
