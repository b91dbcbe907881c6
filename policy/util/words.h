/*
 * words.h - cuts the line of a command into words, as a shell would if it did nothing else.
 *
 * Blanks part words; what stands between '...' or "..." is kept as it is. There are no escapes, variables or patterns.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_MAX = 64 }; /* of one line */

/* Cuts line in place: words[] point into it and end with NULL. False for a quote that is not closed, or too many words. */
bool words_cut(char *line, char *words[WORDS_MAX + 1]) __attribute__((warn_unused_result));

/* The first byte outside quotes that a shell would act on, and we do not; NULL: none. */
const char *words_for_shell(const char *line);

#endif
