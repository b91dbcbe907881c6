/*
 * output.h - standard output, and its end: what could not be written is said, once, by both programs. Their standard
 * descriptors are never a file of ours.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "policy/util/text.h"

/* Call first. A standard descriptor that is closed would be the number of the next file that is opened, and what is printed
 * would be written there: /dev/null takes its place. Standard output cannot be written then; standard error says nothing. */
void output_begin(void);

/* Prints all of it. 0, or EX_IOERR, of which output_end tells the person. */
int output_put(const struct text *);

/* Call last, with the exit status. When anything could not be written, says so after "program: " and returns EX_IOERR,
 * otherwise status. */
int output_end(const char *program, int status);

#endif
