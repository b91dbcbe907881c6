/*
 * listeners.h - the listeners besides the milter's own: policy delegation, Sendmail's socket map, control, metrics.
 *
 * Opened before privileges are dropped, served once everything else is open, closed first.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include "milter/peers/control.h"
#include "milter/peers/metrics.h"
#include "milter/smtp/message.h"
#include "milter/system/privileges.h"

struct listeners;

/* Opens those that the settings name, which may be none. Calls warn for a socket whose group does not exist. Given. */
struct listeners *listeners_open(const struct settings *, const struct account *, void (*warn)(const struct fault *),
    struct fault *why) MUST_USE;

/* Starts them. Keeps the services and control, and sets services->promises: call before the milter runs. */
bool listeners_serve(struct listeners *, struct services *, struct control *, const struct metrics_teller *,
    const struct settings *, struct fault *why) MUST_USE;

/* Sets how many connections each may have from now on: milter.max_sessions after a reload. */
void listeners_set_limit(struct listeners *, unsigned most_connections);
unsigned listeners_count(const struct listeners *); /* how many MTAs connect to */

/* Finishes the replies in progress and closes them; the services are no longer used. The first closes those that MTAs
 * connect to, and leaves the others. */
void listeners_close_mta(struct listeners *);
void listeners_close(struct listeners *);

/* Call when no message is left that could use services->promises. NULL is fine. */
void listeners_free(struct listeners *);

/* The addresses as started: a change needs a restart. "" (control: "none"): there is none. */
const char *listeners_delegate(const struct listeners *);
const char *listeners_socketmap(const struct listeners *);
const char *listeners_control(const struct listeners *);
const char *listeners_metrics(const struct listeners *);
bool listeners_has_metrics(const struct listeners *); /* could it be opened? */

#endif
