#include "facts.h"

enum answer
answer_both(enum answer a, enum answer b)
{
	if (a == NO || b == NO)
		return NO;
	return a == YES && b == YES ? YES : UNKNOWN;
}

enum answer
answer_either(enum answer a, enum answer b)
{
	if (a == YES || b == YES)
		return YES;
	return a == NO && b == NO ? NO : UNKNOWN;
}

const char *
answer_word(enum answer answer)
{
	static const char *const words[] = { [NO] = "no", [YES] = "yes", [UNKNOWN] = "unknown" };

	return words[answer];
}

const char *
stage_word(enum stage stage)
{
	static const char *const words[] = { [STAGE_CONNECT] = "connect", [STAGE_HELO] = "helo",
		[STAGE_MAIL] = "mail", [STAGE_RCPT] = "rcpt", [STAGE_HEADERS] = "headers",
		[STAGE_EOM] = "eom" };

	return words[stage];
}

const char *
auth_word(enum auth_result result)
{
	static const char *const words[] = { [AUTH_NOT_ASKED] = "-", [AUTH_NONE] = "none",
		[AUTH_PASS] = "pass", [AUTH_FAIL] = "fail", [AUTH_SOFTFAIL] = "softfail",
		[AUTH_NEUTRAL] = "neutral", [AUTH_POLICY] = "policy",
		[AUTH_TEMPERROR] = "temperror", [AUTH_PERMERROR] = "permerror" };

	return words[result];
}

const char *
dmarc_policy_word(enum dmarc_policy policy)
{
	static const char *const words[] = { [DMARC_NONE] = "none",
		[DMARC_QUARANTINE] = "quarantine", [DMARC_REJECT] = "reject" };

	return words[policy];
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

enum answer
facts_answer(const struct facts *facts, unsigned parts, enum answer answer)
{
	return answer != YES && (facts->not_given & parts) ? UNKNOWN : answer;
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
