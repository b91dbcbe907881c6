#include <string.h>

#include "policy/mail/facts.h"

enum tri
tri_and(enum tri a, enum tri b)
{
	if (a == NO || b == NO)
		return NO;
	return a == YES && b == YES ? YES : UNKNOWN;
}

enum tri
tri_or(enum tri a, enum tri b)
{
	if (a == YES || b == YES)
		return YES;
	return a == NO && b == NO ? NO : UNKNOWN;
}

enum tri
tri_not(enum tri a)
{
	if (a == UNKNOWN)
		return UNKNOWN;
	return a == YES ? NO : YES;
}

bool
facts_hide_client(const struct facts *facts)
{
	return facts->client_hidden && (facts->via[0] == '\0' || facts->stage >= STAGE_HEADERS);
}

const char *
tri_word(enum tri tri)
{
	static const char *const words[] = { [NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown" };

	return words[tri];
}

const char *
stage_word(enum stage stage)
{
	static const char *const words[] = { [STAGE_CONNECT] = "connect",
		[STAGE_HELO] = "helo",
		[STAGE_MAIL] = "mail",
		[STAGE_RCPT] = "rcpt",
		[STAGE_HEADERS] = "headers",
		[STAGE_EOM] = "eom" };

	return words[stage];
}

const char *
auth_word(enum auth_result result)
{
	static const char *const words[] = { [AUTH_NOT_ASKED] = "-",
		[AUTH_NONE] = "none",
		[AUTH_PASS] = "pass",
		[AUTH_FAIL] = "fail",
		[AUTH_SOFTFAIL] = "softfail",
		[AUTH_NEUTRAL] = "neutral",
		[AUTH_POLICY] = "policy",
		[AUTH_TEMPERROR] = "temperror",
		[AUTH_PERMERROR] = "permerror" };

	return words[result];
}

const char *
dmarc_policy_word(enum dmarc_policy policy)
{
	static const char
	    *const words[] = { [DMARC_NONE] = "none", [DMARC_QUARANTINE] = "quarantine", [DMARC_REJECT] = "reject" };

	return words[policy];
}

const char *
dmarc_found_word(enum dmarc_found found)
{
	static const char *const words[] = { [DMARC_FOUND_NOTHING] = "nothing",
		[DMARC_FOUND_RECORD] = "record",
		[DMARC_FOUND_SEVERAL] = "several",
		[DMARC_FOUND_SILENCE] = "silence" };

	return words[found];
}

const char *
from_state_word(enum from_state state)
{
	static const char *const
	    words[] = { [FROM_NOT_SEEN] = "not-seen", [FROM_MISSING] = "missing", [FROM_READ] = "read", [FROM_UNREADABLE] = "unreadable" };

	return words[state];
}

const char *
given_word(enum given given)
{
	switch (given) {
	case GIVEN_HELO:
		return "helo";
	case GIVEN_MAIL_FROM:
		return "mail_from";
	case GIVEN_FROM:
		return "from";
	case GIVEN_MESSAGE:
		return "message";
	default:
		return "rcpt";
	}
}

enum tri
facts_known(const struct facts *facts, unsigned parts, enum tri found)
{
	return found != YES && (facts->not_given & parts) ? UNKNOWN : found;
}

bool
facts_dmarc_is_known(const struct facts *facts, const struct dmarc_fact *dmarc)
{
	return dmarc->result != AUTH_FAIL || !(facts->not_given & (GIVEN_MESSAGE | GIVEN_MAIL_FROM));
}

enum given
facts_sender_part(const struct facts *facts)
{
	return facts->null_sender ? GIVEN_HELO : GIVEN_MAIL_FROM;
}

void
dkim_fact_weigh(struct dkim_fact *fact, const char *weakness, int64_t now, int64_t max_age)
{
	bool old = fact->signed_at != 0 && now - fact->signed_at > max_age;

	fact->why = weakness[0] == '\0' && old ? "old" : weakness;
	fact->counts = fact->why[0] == '\0';
	fact->weak = !fact->counts;
	fact->result = fact->counts ? AUTH_PASS : AUTH_POLICY;
}

const char *
dmarc_by_word(enum dmarc_by by)
{
	static const char *const words
	    [] = { [DMARC_BY_NOTHING] = "nothing", [DMARC_BY_WEAK] = "weak", [DMARC_BY_REPLY_OPEN] = "reply-open", [DMARC_BY_PROOF] = "proof" };

	return words[by];
}

void
vendor_numbers_add(struct vendor_numbers *numbers, uint32_t number)
{
	size_t at = 0;

	while (at < numbers->count && numbers->list[at] < number)
		at++;
	if (at == VENDOR_NUMBERS_MAX || (at < numbers->count && numbers->list[at] == number))
		return;
	if (numbers->count < VENDOR_NUMBERS_MAX)
		numbers->count++;
	memmove(numbers->list + at + 1, numbers->list + at, (numbers->count - 1 - at) * sizeof numbers->list[0]);
	numbers->list[at] = number;
}

size_t
vendor_numbers_find(const struct vendor_numbers *numbers, uint32_t number)
{
	size_t at = 0;

	while (at < numbers->count && numbers->list[at] != number)
		at++;
	return at;
}
