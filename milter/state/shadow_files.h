/*
 * shadow_files.h - reads the draft that `shadow` names: a second greenlane.conf, judged beside the one in force.
 *
 * A draft that does not load is a warning of the configuration, never an error: it is ignored. Never puts anything in force.
 */
#ifndef SHADOW_FILES_H
#define SHADOW_FILES_H

#include <stdint.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* Reads the draft of a policy, which nobody may have borrowed yet, into policy->draft. Its errors become warnings; its own
 * warnings are for `greenlane check -c DRAFT`. False, with an error: it is the configuration itself. */
bool shadow_files_read(struct policy *, const char *config, struct faults *) MUST_USE;

/* A configuration with its draft: config_files_read, and the above. */
struct policy *shadow_files_load(const char *config, struct faults *) MUST_USE;

/* A number that differs whenever a file of the draft does; of one that does not load, when its greenlane.conf does. */
uint64_t shadow_files_fingerprint(const struct policy *);

#endif
