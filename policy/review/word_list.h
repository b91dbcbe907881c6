/*
 * word_list.h - the words of an enum as one list, for whoever reads them back from a record or a log line.
 *
 * The words themselves are the enum's own functions (outcome_word and the like). Never allocates.
 */
#ifndef WORD_LIST_H
#define WORD_LIST_H

/* The word of each number from 0 to count - 1. */
struct word_list {
	const char *(*word)(int);
	int count;
};

extern const struct word_list word_list_tri, word_list_stage, word_list_auth, word_list_dmarc_policy,
    word_list_dmarc_by, word_list_dmarc_found, word_list_from_state, word_list_outcome, word_list_action,
    word_list_mode, word_list_greylist, word_list_passed_by;

/* The number of a word; -1: it is none of the list. */
int word_list_find(const struct word_list *, const char *word);

#endif
