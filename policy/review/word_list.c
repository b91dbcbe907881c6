#include <string.h>

#include "policy/mail/facts.h"
#include "policy/review/word_list.h"
#include "policy/rules/greylist.h"
#include "policy/verdict/claim.h"

/* An enum is an int to whoever walks its words. */
#define WORDS(list, enumeration, word_of, last)           \
	static const char *list##_at(int number)          \
	{                                                 \
		return word_of((enum enumeration)number); \
	}                                                 \
	const struct word_list word_list_##list = { list##_at, (last) + 1 }

WORDS(tri, tri, tri_word, UNKNOWN);
WORDS(stage, stage, stage_word, STAGE_EOM);
WORDS(auth, auth_result, auth_word, AUTH_PERMERROR);
WORDS(dmarc_policy, dmarc_policy, dmarc_policy_word, DMARC_REJECT);
WORDS(dmarc_by, dmarc_by, dmarc_by_word, DMARC_BY_PROOF);
WORDS(dmarc_found, dmarc_found, dmarc_found_word, DMARC_FOUND_SILENCE);
WORDS(from_state, from_state, from_state_word, FROM_UNREADABLE);
WORDS(outcome, outcome, outcome_word, OUTCOME_FORGED);
WORDS(action, action, action_word, ACTIONS - 1);
WORDS(mode, vendor_mode, vendor_mode_word, MODE_MONITOR);
WORDS(greylist, greylist_state, greylist_state_word, GREYLIST_FAILED);
WORDS(passed_by, passed_by, passed_by_word, PASSED_BYS - 1);

int
word_list_find(const struct word_list *list, const char *word)
{
	for (int i = 0; i < list->count; i++)
		if (strcmp(list->word(i), word) == 0)
			return i;
	return -1;
}
