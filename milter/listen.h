/*
 * listen.h - doors: listening sockets, whose callers are heard without one waiting for another.
 *
 * Floor 9. A thread of the door takes callers in and shows the slow ones out; a few workers hear
 * what they say. One worker at a time has a caller, so replies keep their order, and one that waits
 * (for DNS) holds up nobody but its caller. Counts and times have ceilings.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "text.h"

struct door;

/* Binds "unix:PATH", "inet:PORT@HOST" or "inet6:PORT@HOST", nobody is let in yet. A socket that was
 * left by a dead process is replaced, one that somebody serves is a fault. Asked before privileges
 * are dropped. Given. */
struct door *door_open(const char *address, struct fault *why) MUST_USE;

/* The path of a Unix socket's address; NULL: it is none. */
const char *door_path(const char *address);

enum door_next {
	DOOR_IDLE,   /* the caller may be silent for long */
	DOOR_WITHIN, /* it is in the middle of something: it has little time */
	DOOR_CLOSE   /* what was said is sent, then the connection is closed */
};

/* What a room does with its callers. heard is called by any worker, for one caller by one at a time. */
struct door_keeper {
	/* Makes a caller's own state; NULL: no memory, it is sent away. Kept by the room. */
	void *(*opened)(void *context);
	/* Bytes came: uses up some from the front, puts what is to be sent into out. Is called again with
	 * those it left, when all of out is sent. At the end of the stream bytes is empty. */
	enum door_next (*heard)(void *context, void *state, struct span *bytes, struct text *out);
	void (*closed)(void *context, void *state);
	/* Something to write down: too many callers, no descriptor. At most one a minute. */
	void (*trouble)(void *context, const struct fault *why);
	void *context;
};

struct door_limits {
	unsigned workers;       /* threads that hear */
	unsigned most;          /* callers at once */
	int64_t idle_ms;        /* silence between requests */
	int64_t within_ms;      /* for one request, and for taking one reply */
	size_t reply;           /* bytes that out holds */
};

/* Starts the threads; both are copied. Call after daemonising, with signals blocked. */
bool door_serve(struct door *, const struct door_keeper *, const struct door_limits *, struct fault *why)
    MUST_USE;

unsigned door_callers(struct door *);

/* So many callers at once from now on; those that are there stay. Any thread. */
void door_let(struct door *, unsigned most);

/* Lets nobody in any more, waits until those being heard are answered, closes. NULL is fine. */
void door_close(struct door *);

#endif
