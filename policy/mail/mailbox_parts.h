/*
 * mailbox_parts.h - what the readers of strict and of odd addresses share.
 *
 * For the files of mailbox.
 */
#ifndef MAILBOX_PARTS_H
#define MAILBOX_PARTS_H

#include "policy/mail/mailbox.h"
#include "policy/util/text.h"

/* Can a local part be written without quotes (RFC 5322 3.2.3, dot-atom)? */
bool mailbox_is_dot_atom(const char *local);

/* Any address, with or without brackets, whose domain can be read after its last '@'; what comes before that is the
 * local part as received, cut at LOCAL_PART_MAX. False when there is no such domain, or when out of memory. */
bool mailbox_read_odd(struct arena *, struct span path, struct mailbox *out) MUST_USE;

#endif
