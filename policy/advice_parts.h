/* room: advice */
/*
 * advice_parts.h - what postconf said, as data, for the files of the room advice.
 *
 * Floor 1. advice_read.c makes it; advice.c writes of milters, advice_class.c of restrictions.
 */
#ifndef ADVICE_PARTS_H
#define ADVICE_PARTS_H

#include <stddef.h>

#include "advice.h"

enum { ADVICE_SETTINGS_MAX = 2000, ADVICE_SERVICES_MAX = 500, ADVICE_WORDS_MAX = 500 };

struct advice_setting {
	const char *name, *value;
};

/* A line of master.cf. */
struct advice_service {
	const char *name, *type, *chroot, *command;
	const char *options; /* what follows the command */
};

struct advice_host {
	const struct advice_site *site;
	struct arena *arena;
	struct advice_setting *settings;
	struct advice_service *services;
	size_t setting_count, service_count;
};

/* False without memory, or where no line is a setting. */
bool advice_read(const struct advice_site *, struct arena *, struct advice_host *out);

/* The value, or NULL where postconf did not name it. */
const char *advice_setting(const struct advice_host *, const char *name);

/* The value of "-o NAME=" of a service, up to the next blank; length 0 and at NULL: there is none. */
struct span advice_override(const struct advice_service *, const char *name);

/* Cuts a list of Postfix (commas, blanks, groups in braces) into its words; answers how many. */
size_t advice_words(const char *list, struct span *words, size_t room);

bool advice_holds(struct span, const char *needle);

/* A list with one member a line, as main.cf allows it. */
void advice_line(struct text *out, const char *name);
void advice_member(struct text *out, bool first, struct span member);

/* Is the smtpd that takes mail from outside chrooted? */
bool advice_chrooted(const struct advice_host *);

const char *advice_spool(const struct advice_host *); /* queue_directory */

/* A listener of ours as smtpd finds it: "unix:greenlane/milter.sock" where it is chrooted. NULL without memory. */
const char *advice_address(const struct advice_host *, const char *listen);

/* ---- advice_class.c ---- */

/* The restriction class for greylisters that are asked by smtpd, and what stands wrongly. */
void advice_class(const struct advice_host *, struct text *out);

#endif
