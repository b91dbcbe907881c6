/*
 * service_manager.h - what a service manager such as systemd is told of the daemon, and what it takes over.
 *
 * The protocol is sd_notify(3): one datagram of lines KEY=VALUE to the socket that $NOTIFY_SOCKET names. Without that
 * variable nobody asked, and nothing is said. A manager that does not read is waited for five seconds, then ignored.
 */
#ifndef SERVICE_MANAGER_H
#define SERVICE_MANAGER_H

#include <stdbool.h>

#include "policy/util/fault.h"

enum service_state {
	SERVICE_READY,     /* it serves: after the start, and after each reload, refused ones too */
	SERVICE_RELOADING, /* READY follows */
	SERVICE_STOPPING
};

/* The status is a sentence for people (systemctl status). Any thread. */
void service_manager_tell(enum service_state, const char *status, ...) PRINTF_LIKE(2, 3);

/* Does standard error go to systemd's journal ($JOURNAL_STREAM)? What syslog gets is in there already. */
bool service_manager_keeps_stderr(void) MUST_USE;

#endif
