/*
 * postfix_setup.h - which main.cf lines make Postfix work with greenlane, from what postconf says.
 *
 * From text to text: never looks anything up, never changes Postfix. Keeps what is configured
 * already, and puts a warning beside the lines for what greenlane cannot know.
 */
#ifndef POSTFIX_SETUP_H
#define POSTFIX_SETUP_H

#include <stdbool.h>

#include "policy/rules/policy.h"
#include "policy/util/address.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

enum { POSTCONF_MAX = 1024 * 1024 }; /* bytes of a postconf text; main.cf has a few KiB */

/* All borrowed. */
struct postfix_setup_site {
	const char *postconf;       /* `postconf -n`, `postconf -M` and single settings, one after the other */
	const char *milter;         /* milter.listen; "unix:PATH", "inet:PORT@HOST", "inet6:PORT@HOST" */
	const char *delegate;       /* delegate.listen; "": off */
	const char *greylist_class; /* delegate.greylist_class */
	bool greylists;             /* greenlane's own greylist is on */
	struct prefixes own_networks;
	const struct relay *relays;
	size_t relay_count;
	unsigned max_sessions; /* milter.max_sessions */
	struct strings own_daemon_names;
};

/* What greenlane.conf says of it; all borrowed. */
struct postfix_setup_site postfix_setup_site(const struct policy *, const char *postconf);

/* Appends main.cf lines, with a comment on each. False: nothing in the text is a setting of Postfix. */
bool postfix_setup_write(const struct postfix_setup_site *, struct arena *, struct text *out);

#endif
