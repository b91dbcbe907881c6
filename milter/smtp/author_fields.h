/*
 * author_fields.h - who a message says wrote it: the From fields, and the Sender where those hold no mailbox.
 *
 * Reads fields as they come and makes authors of them at the end of the headers. Asks nothing, decides nothing.
 */
#ifndef AUTHOR_FIELDS_H
#define AUTHOR_FIELDS_H

#include "policy/util/text.h"

struct message;

void author_fields_open(struct message *);
void author_fields_close(struct message *);

/* Takes a field, with its trimmed name; any but From and Sender is left alone. */
void author_fields_header(struct message *, struct span name, const char *value);

/* After the last field: fills in the facts about authors, and how far a From that cannot be read was read. */
void author_fields_settle(struct message *);

#endif
