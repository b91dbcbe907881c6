/*
 * sandbox_list.h - which files greenlaned needs, as the configuration and the host have it: what sandbox.h is given.
 *
 * Read: the configuration and what it names, and what libraries read of the host. Written: state_dir, the greylist, the record,
 * exports, the directories of sockets. Links are followed, as they are now.
 */
#ifndef SANDBOX_LIST_H
#define SANDBOX_LIST_H

#include "milter/system/sandbox.h"
#include "policy/rules/policy.h"

/* Enters the sandbox for this policy, read from the file config. False without memory. */
bool sandbox_list_enter(const char *config, const struct policy *, struct fault *why) MUST_USE;

/* Adds an error for each path of a policy that a reload would take into use, and that the daemon's sandbox does not
 * cover; for those who are not that daemon, covers says so. policy NULL: it could not be loaded, perhaps for that
 * reason; then vendor_path of the file is looked at. */
typedef bool sandbox_covering(const void *context, const struct sandbox_path *);
void sandbox_list_check(const char *config, const struct policy *, sandbox_covering *covers, const void *context,
    struct faults *);

/* Does the sandbox of this process? For the above. */
bool sandbox_list_covers(const void *unused, const struct sandbox_path *);

#endif
