/*
 * listeners.h - the listeners beside the milter's own: policy delegation, Sendmail's socket map.
 *
 * Opened before privileges are dropped, served when everything else is open, closed first.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include "milter/smtp/message.h"
#include "milter/system/privileges.h"

struct listeners;

/* Those that the settings name; none is fine. warn is told of a socket whose group does not exist. Given. */
struct listeners *listeners_open(const struct settings *, const struct account *,
    void (*warn)(const struct fault *), struct fault *why) MUST_USE;

/* Starts them. Services are kept, and get what the listeners share: call before the milter runs. */
bool listeners_serve(struct listeners *, struct services *, const struct settings *, struct fault *why) MUST_USE;

/* How many connections each of them may have from now on: those of milter.max_sessions, as a reload finds it. */
void listeners_set_limit(struct listeners *, unsigned most_connections);
unsigned listeners_count(const struct listeners *);

/* Answers what is under way and closes them; the services are used no more. */
void listeners_close(struct listeners *);

/* When no message is left that could use what the listeners shared. NULL is fine. */
void listeners_free(struct listeners *);

/* As opened: a change needs a restart. "" where there is none. */
const char *listeners_delegate(const struct listeners *);
const char *listeners_socketmap(const struct listeners *);

#endif
