#include "policy/verdict/claim.h"

const char *
outcome_word(enum outcome outcome)
{
	static const char *const words[] = { [OUTCOME_EXEMPT] = "exempt",
		[OUTCOME_STRANGER] = "stranger",
		[OUTCOME_VOUCHED] = "vouched",
		[OUTCOME_UNPROVEN] = "unproven",
		[OUTCOME_UNSURE] = "unsure",
		[OUTCOME_FORGED] = "forged" };

	return words[outcome];
}
