/*
 * log_line.h - finds a verdict in a line of a mail log or of a record file, and reads it.
 *
 * Takes what syslog daemons and the journal make of our lines: rsyslog's forms with and without a year, journalctl's
 * short-iso and json, our own standard error. Never guesses: any other line is none, and one without all that is always
 * written was cut off. A cut in the last number, or in what only some lines have behind it, cannot be seen.
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include "policy/review/record_read.h"

enum log_form {
	LOG_FORM_NONE,   /* no verdict of ours */
	LOG_FORM_LINE,   /* "id=... qid=... ..." */
	LOG_FORM_RECORD, /* one JSON object of the record file */
	LOG_FORM_BROKEN  /* one of these two, but cut off or damaged */
};

/* May this line be one of ours at all? Quick: most lines of a mail log are not. */
bool log_line_may_be(struct span line);

/* Reads a line of any form. *out has no facts but those that the line shows, unless it is a RECORD. All strings are in the
 * arena. why is filled for BROKEN, and for want of memory. */
enum log_form log_line_read(struct arena *, struct span line, struct recorded *out, struct fault *why);

#endif
