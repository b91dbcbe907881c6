/*
 * config_files.h - reads greenlane.conf and the files that it names into a policy.
 *
 * Reads only regular files of at most POLICY_TEXT_MAX: a pipe or a directory is a fault.
 * Never puts a policy in force: snapshot.h does.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include "policy/rules/policy.h"
#include "policy/util/fault.h"

/* Reads greenlane.conf at `path`, every file that it names, and the shared senders of all other
 * vendor files, and refuses what is too broad (lint.h). NULL when one fault is an error; all faults
 * are added. Given. */
struct policy *config_files_read(const char *path, struct faults *) MUST_USE;

/* A policy of the one vendor of this name; its file is looked up in the directories as in vendor_path. NULL and
 * faults as above. Given. */
struct policy *config_files_read_vendor(const struct strings *folders, const char *name, struct faults *) MUST_USE;

#endif
