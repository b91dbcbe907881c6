/*
 * preflight.h - tries what a start and a reload of greenlaned would meet on this host, for `greenlane check`.
 *
 * A table of trials. Changes nothing: no directory is made, no lock taken, no file written; a port is bound for a moment.
 * What the daemon that runs with this configuration holds is fine.
 */
#ifndef PREFLIGHT_H
#define PREFLIGHT_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* Found and untried, as one piece of memory that a child process shares. */
struct preflight {
	struct faults faults; /* errors: a start or a reload would fail, or a part of it not work */
	char untried[2048];   /* "a, b": what only root can try, or greenlaned's user; "": nothing */
};

/* Given: preflight_close. loaded: the faults of the load that gave this policy, which are not repeated. As root the
 * trials of what the daemon does as `user` run in a child that becomes that user; call without threads. NULL without
 * memory. */
struct preflight *preflight_run(const char *config, const struct policy *, const struct faults *loaded) MUST_USE;
void preflight_close(struct preflight *);

#endif
