/*
 * recorded_message.h - for `greenlane explain`: a message that was judged before, from a record or a log line.
 */
#ifndef RECORDED_MESSAGE_H
#define RECORDED_MESSAGE_H

#include "policy/review/log_line.h"
#include "policy/rules/policy.h"

struct recorded_message {
	struct arena *arena; /* of recorded */
	struct recorded recorded;
	enum log_form form; /* LINE or RECORD */
};

/* Finds the last record, or log line, of this id of a verdict, queue id or Message-ID, in the files that `greenlane log`
 * reads. Returns 0, or an exit status after an error message. Free with recorded_message_close. */
int recorded_message_find(const struct policy *, const char *id, struct recorded_message *out);

/* Reads it from the first line of a file; "-": standard input. */
int recorded_message_read(const char *path, struct recorded_message *out);
void recorded_message_close(struct recorded_message *);

/* Judges a record again, and prints that as text or JSON. Returns true and the exit status of `greenlane explain`; false: it
 * does not say enough, which was said on standard error. */
bool recorded_message_explain(const struct policy *, struct recorded_message *, bool json, int *status);

/* The exit status for what is done: 0, 1 or EX_TEMPFAIL. */
int explain_status(enum action);

#endif
