/*
 * control.h - answers the questions of greenlane's own commands: status, reload, greylist.
 *
 * A request is a line, a reply one JSON object and a newline (greenlaned(8)). Anybody who may open the socket may
 * ask; only root and the daemon's own user may change anything. The caller's functions do what is asked.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "milter/peers/request_server.h"
#include "milter/store/greylist_requests.h"
#include "policy/review/status.h"

enum { CONTROL_REQUEST_MAX = 24 * 1024, CONTROL_CONNECTIONS = 32 };

/* What is asked for. Called by any worker. */
struct control {
	void *context;
	/* Puts the object that tells the daemon's state into out. False without memory. */
	bool (*status)(void *context, struct text *out);
	/* Reloads; what came of it is in the state. False: another reload is under way. */
	bool (*reload)(void *context);
	/* Does what is asked of the greylist, and adds the members of the answer to out. NULL, or an error's word, and why;
	 * *changes (nothing before) is what was done until then. */
	const char *(*greylist)(void *context, const struct greylist_request *, uid_t who, struct text *out,
	    struct greylist_changes *changes, struct fault *why);
	uid_t owner; /* who may change something, beside root */
};

/* Its context is a struct control. */
extern const struct request_protocol control_protocol;

#endif
