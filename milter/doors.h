/*
 * doors.h - the listeners beside the milter's own: policy delegation, Sendmail's socket map.
 *
 * Floor 12. Opened before privileges are dropped, served when all rooms stand, closed first.
 */
#ifndef DOORS_H
#define DOORS_H

#include "message.h"
#include "privileges.h"

struct doors;

/* Those that the settings name; none is fine. A socket whose group does not exist is told of by warn. Given. */
struct doors *doors_open(const struct settings *, const struct account *,
    void (*warn)(const struct fault *), struct fault *why) MUST_USE;

/* Starts them. Services are kept, and get what the listeners share: call before the milter runs. */
bool doors_serve(struct doors *, struct services *, const struct settings *, struct fault *why) MUST_USE;

/* How many callers each of them may have from now on: those of milter.max_sessions, as a reload finds it. */
void doors_let(struct doors *, unsigned most_callers);
unsigned doors_listeners(const struct doors *);

/* Answers what is under way and closes them; the services are used no more. */
void doors_close(struct doors *);

/* When no message is left that could use what the doors shared. NULL is fine. */
void doors_free(struct doors *);

/* As opened: a change needs a restart. "" where there is none. */
const char *doors_delegate(const struct doors *);
const char *doors_socketmap(const struct doors *);

#endif
