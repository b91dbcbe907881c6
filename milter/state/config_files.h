/*
 * config_files.h - reads greenlane.conf and the files that it names into a policy.
 *
 * Regular files only, and none over POLICY_TEXT_MAX: a pipe or a directory is a fault.
 * Puts nothing in force: that is snapshot.h's.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* Reads greenlane.conf at `path` and every file that it names, the shared senders of all other
 * vendor files, and judges what is too broad (lint.h). NULL when one fault is an error; all faults
 * are added. Given. */
struct policy *config_files_read(const char *path, struct faults *) MUST_USE;

/* A policy of the one vendor of this name, whose file stands in one of the folders as in vendor_path. NULL and
 * faults as above. Given. */
struct policy *config_files_read_vendor(const struct strings *folders, const char *name, struct faults *) MUST_USE;

#endif
