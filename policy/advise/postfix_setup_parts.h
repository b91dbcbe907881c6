/*
 * postfix_setup_parts.h - what postconf said, as data, for the files of postfix_setup.
 *
 * postfix_setup_read.c makes it; postfix_setup.c writes about milters, postfix_setup_class.c about restrictions.
 */
#ifndef POSTFIX_SETUP_PARTS_H
#define POSTFIX_SETUP_PARTS_H

#include <stddef.h>

#include "policy/advise/postfix_setup.h"

enum { POSTFIX_SETTINGS_MAX = 2000, POSTFIX_SERVICES_MAX = 500, POSTFIX_WORDS_MAX = 500 };

struct postfix_setting {
	const char *name, *value;
};

/* A line of master.cf. */
struct postfix_service {
	const char *name, *type, *chroot, *command;
	const char *options; /* what follows the command */
};

struct postfix_host {
	const struct postfix_setup_site *site;
	struct arena *arena;
	struct postfix_setting *settings;
	struct postfix_service *services;
	size_t setting_count, service_count;
};

/* False when out of memory, or when no line is a setting. */
bool postfix_read(const struct postfix_setup_site *, struct arena *, struct postfix_host *out);

/* The value, or NULL when postconf did not name it. */
const char *postfix_setting(const struct postfix_host *, const char *name);

/* The value of "-o NAME=" of a service, up to the next blank; length 0 and at NULL: there is none. */
struct span postfix_override(const struct postfix_service *, const char *name);

/* Cuts a list of Postfix (commas, blanks, groups in braces) into its words; returns how many. */
size_t postfix_words(const char *list, struct span *words, size_t room);

bool postfix_holds(struct span, const char *needle);

/* A list with one member per line, as main.cf allows it. */
void postfix_line(struct text *out, const char *name);
void postfix_member(struct text *out, bool first, struct span member);

/* Is the smtpd that takes mail from outside chrooted? */
bool postfix_chrooted(const struct postfix_host *);

const char *postfix_spool(const struct postfix_host *); /* queue_directory */

/* A listener of ours as smtpd finds it: "unix:greenlane/milter.sock" when it is chrooted. NULL when out of memory. */
const char *postfix_address(const struct postfix_host *, const char *listen);

/* ---- postfix_setup_class.c ---- */

/* The restriction class for greylisters that smtpd asks, and which restrictions are in the wrong place. */
void postfix_class(const struct postfix_host *, struct text *out);

#endif
