/*
 * output.h - standard output, and its end: what could not be written is said, once, by both programs.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "policy/util/text.h"

/* Prints all of it. 0, or EX_IOERR, of which output_end tells the person. */
int output_put(const struct text *);

/* Call last, with the exit status. When anything could not be written, says so after "program: " and returns EX_IOERR,
 * otherwise status. */
int output_end(const char *program, int status);

#endif
