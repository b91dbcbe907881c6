/*
 * preflight_parts.h - what the trials share: preflight_start.c has those of whoever starts the daemon, preflight_user.c
 * those of its user, preflight_sandbox.c that of the daemon that runs.
 *
 * A trial adds faults, each with its remedy. It never ends the program.
 */
#ifndef PREFLIGHT_PARTS_H
#define PREFLIGHT_PARTS_H

#include "milter/system/privileges.h"
#include "milter/tool/preflight.h"

enum preflight_caller {
	CALLER_ROOT,
	CALLER_USER,    /* not root, but the user of the configuration */
	CALLER_STRANGER /* anybody else: may look at little */
};

struct trials {
	const char *config;
	const struct policy *policy;
	const struct faults *loaded;
	struct account account; /* of `user` */
	bool account_known;
	enum preflight_caller caller;
	bool held; /* a daemon runs with this state_dir */
	struct preflight *out;
};

/* Adds to what was not tried. */
void trials_leave(struct trials *, const char *fmt, ...) PRINTF_LIKE(2, 3);
void trials_add(struct trials *, enum fault_level, const struct fault *);

/* ---- preflight_start.c ---- */
void try_groups(struct trials *);
void try_open_addresses(struct trials *);
void try_folders(struct trials *);
void try_listeners(struct trials *);
void try_postfix(struct trials *);

/* ---- preflight_sandbox.c ---- */
void try_sandbox(struct trials *);

/* ---- preflight_user.c ---- */
void try_configuration(struct trials *);
void try_state_dir(struct trials *);
void try_socket_folders(struct trials *);
void try_missing_folders(struct trials *);
void try_record(struct trials *);
void try_privacy(struct trials *);
void try_exports(struct trials *);
void try_alert_command(struct trials *);
void try_store(struct trials *);
void try_dns(struct trials *);

#endif
