/*
 * postconf.h - asks Postfix for its configuration, by running postconf.
 *
 * Reads only. What it says is read by policy/advise/postfix_setup.h.
 */
#ifndef POSTCONF_H
#define POSTCONF_H

#include <stdbool.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

enum postconf_answer {
	POSTCONF_SAID,
	POSTCONF_ABSENT, /* Postfix is not installed */
	POSTCONF_FAILED
};

/* Appends the settings, the services and the defaults that postfix_setup needs. folder: Postfix's configuration; NULL: the
 * usual one. quiet: its messages are dropped, otherwise they go to our standard error. Sets why unless it was said. */
enum postconf_answer postconf_ask(const char *folder, bool quiet, struct text *out, struct fault *why);

#endif
