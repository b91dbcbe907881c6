/*
 * report_words.h - how the text and the page of a report say times, durations, shares and reasons.
 */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "policy/review/report_view.h"

enum { REPORT_WORDS = 64, REPORT_PASSED_MAX = 512 };

/* Each writes into out, which is returned. */
const char *report_words_day(int64_t day, char out[REPORT_WORDS]);           /* days since 1970: "2026-11-20" */
const char *report_words_time(int64_t ms, char out[REPORT_WORDS]);           /* "2026-11-20 10:00 UTC"; 0: "-" */
const char *report_words_duration(int64_t seconds, char out[REPORT_WORDS]);  /* "5 min 12 s"; "-" for 0 */
const char *report_words_share(struct report_share, char out[REPORT_WORDS]); /* "98 %"; "-": nothing to tell it from */

/* Why a refused message looks genuine, and what to do about it. */
const char *report_words_why(const char *why);
const char *report_words_remedy(const char *why);
const char *report_words_proof(const char *proof); /* "its DKIM signature" */

/* "12 by greylist.spf_pass, 3 by greylist.only": who passed at once. False, and nothing: nobody did. */
bool report_words_passed(const struct report_view *, struct text *out);

/* The four questions, each answered in a sentence or two; what comes from the network is escaped as text_escaped does.
 * good: nothing has to be done. */
enum report_question { REPORT_LATE, REPORT_FORGED, REPORT_BROKE, REPORT_SAFE, REPORT_QUESTIONS };
const char *report_words_question(enum report_question);
void report_words_answer(const struct report_view *, enum report_question, struct text *out, bool *good);

#endif
