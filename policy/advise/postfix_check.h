/*
 * postfix_check.h - what `greenlane check` says of Postfix: where it disagrees with greenlane.conf.
 *
 * From the same text as postfix_setup.h, which says at length what to write. Never looks anything up.
 */
#ifndef POSTFIX_CHECK_H
#define POSTFIX_CHECK_H

#include "policy/advise/postfix_setup.h"
#include "policy/util/fault.h"

/* Adds a warning for each: an smtpd that takes mail from outside and does not ask greenlane, or whose mail is all exempt;
 * a socket that a chrooted smtpd cannot reach, mynetworks that greenlane judges, more smtpd processes than sessions.
 * Nothing where the text has no setting of Postfix. */
void postfix_check(const struct postfix_setup_site *, struct arena *, struct faults *);

/* The user that its smtpd runs as, in the arena or for ever; NULL: the text has no setting of Postfix. */
const char *postfix_user(const struct postfix_setup_site *, struct arena *) MUST_USE;

#endif
