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
	const char *processes; /* maxproc: a number, 0 for no limit, - for default_process_limit */
	const char *options;   /* what follows the command */
};

struct postfix_host {
	const struct postfix_setup_site *site;
	struct arena *arena;
	struct postfix_setting *settings;
	struct postfix_service *services;
	size_t setting_count, service_count;
	bool behind_proxy; /* smtpd_milters in main.cf stays without greenlane: it is asked behind an smtpd_proxy_filter */
};

/* False when out of memory, or when no line is a setting. */
bool postfix_read(const struct postfix_setup_site *, struct arena *, struct postfix_host *out);

/* The value, or NULL when postconf did not name it. */
const char *postfix_setting(const struct postfix_host *, const char *name);

/* The value of "-o NAME=..." of a service, in braces or not; the last one counts. at NULL: there is none. */
struct span postfix_override(const struct postfix_service *, const char *name);

/* The same, or else the value in main.cf; a value that is only "$name" is looked up once. Length 0: none. */
struct span postfix_in_force(const struct postfix_host *, const struct postfix_service *, const char *name);

/* Neither empty nor "no". */
bool postfix_is_yes(struct span value);

/* Is it an smtpd that takes mail from outside: of port 25, or behind postscreen? */
bool postfix_takes_mail(const struct postfix_service *);

/* Does it listen on loopback alone? */
bool postfix_is_local(const struct postfix_service *);

/* Will this smtpd ask greenlane once the lines are in main.cf? */
bool postfix_asks_milter(const struct postfix_host *, const struct postfix_service *);

/* Cuts a list of Postfix (commas, blanks, groups in braces) into its words; returns how many. */
size_t postfix_words(const char *list, struct span *words, size_t room);

bool postfix_holds(struct span, const char *needle);

/* A list with one member per line, as main.cf allows it. */
void postfix_line(struct text *out, const char *name);
void postfix_member(struct text *out, bool first, struct span member);

/* Is this service chrooted? */
bool postfix_is_jailed(const struct postfix_host *, const struct postfix_service *);

/* Is the smtpd that takes mail from outside chrooted? */
bool postfix_chrooted(const struct postfix_host *);

const char *postfix_spool(const struct postfix_host *); /* queue_directory */

/* A listener of ours as smtpd finds it: "unix:greenlane/milter.sock" when it is chrooted. NULL when out of memory. */
const char *postfix_address(const struct postfix_host *, const char *listen);

/* For a socket that a chrooted smtpd cannot reach: the path inside its jail to use. NULL: it can reach it. */
const char *postfix_unreachable(const struct postfix_host *, const char *listen);

/* Warns of each filter that a list asks before greenlane. */
void postfix_order(const struct postfix_host *, const char *list, struct text *out);

/* ---- postfix_setup_suite.c ---- */

/* A mail suite that writes main.cf itself, so that lines must be put elsewhere. */
struct postfix_suite {
	const char *mark, *holds;      /* a setting that only it has, and what the value holds */
	const char *milter, *delegate; /* where its container reaches the host; NULL: it runs on the host itself */
	const char *text;              /* what it overwrites, and where the lines belong */
};

/* Which suite's Postfix it is; NULL: none that we know. Borrowed for ever. */
const struct postfix_suite *postfix_suite(const struct postfix_host *) MUST_USE;

/* The site with listeners that the suite's Postfix can reach in place of Unix sockets. Borrows from both. */
struct postfix_setup_site postfix_suite_site(const struct postfix_suite *, const struct postfix_setup_site *);

/* NULL: nothing is written. */
void postfix_suite_write(const struct postfix_suite *, const struct postfix_setup_site *reached, struct text *out);

/* ---- postfix_setup_reach.c ---- */

/* What keeps mail from greenlane, or brings it there twice. */
void postfix_reach(const struct postfix_host *, struct text *out);

/* ---- postfix_setup_agree.c ---- */

/* Where main.cf and greenlane.conf disagree: our networks, and how many smtpd processes may ask. */
void postfix_agree(const struct postfix_host *, struct text *out);

/* Of mynetworks, those whose mail greenlane judges as anybody's: neither own.networks, nor a relay's, nor loopback. */
struct prefixes postfix_judged_networks(const struct postfix_host *);

/* How many smtpd processes may ask greenlane, the endless ones aside. */
unsigned long postfix_smtpd_processes(const struct postfix_host *, bool *endless);

/* ---- postfix_setup_class.c ---- */

/* The restriction class for greylisters that smtpd asks, and which restrictions are in the wrong place. */
void postfix_class(const struct postfix_host *, struct text *out);

#endif
