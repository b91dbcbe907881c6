/*
 * config_files.h - reads greenlane.conf and the files that it names into a policy.
 *
 * Reads only regular files of at most POLICY_TEXT_MAX: a pipe or a directory is a fault.
 * Never puts a policy in force: snapshot.h does.
 */
#ifndef CONFIG_FILES_H
#define CONFIG_FILES_H

#include <stdint.h>

#include "policy/config/policy_tree.h"
#include "policy/rules/policy.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

/* Reads greenlane.conf at `path`, every file that it names, and the shared senders of all other
 * vendor files, and refuses what is too broad (lint.h). NULL when one fault is an error; all faults
 * are added. Given, with its fingerprint. */
struct policy *config_files_read(const char *path, struct faults *) MUST_USE;

/* The same, and keeps the texts: what a file says is shown as it was when the policy was made of it. *texts is given, also where
 * the policy is NULL; NULL without memory. */
struct config_texts;
struct policy *config_files_read_kept(const char *path, struct faults *, struct config_texts **texts) MUST_USE;
void config_texts_free(struct config_texts *); /* NULL is fine */

/* The values of a file that was read, in the arena; NULL with why. */
const struct node *config_texts_tree(const struct config_texts *, const char *path, struct arena *,
    struct fault *why) MUST_USE;

/* The same, but vendor files are looked up in this directory first and then as vendor_path says: a draft beside the
 * configuration. */
struct policy *config_files_read_beside(const char *path, const char *vendors, struct faults *) MUST_USE;

/* The same, but with these directories in place of vendor_path. */
struct policy *config_files_read_instead(const char *path, const struct strings *folders, struct faults *) MUST_USE;

/* Where the list of networks of a source of kind `file` lies; up to size bytes. */
void config_files_networks(const struct source *, char *out, size_t size);

/* A number that differs whenever a file of the configuration does: greenlane.conf, all of vendor_path, lists of networks.
 * False when one cannot be read by us: then nothing is known. */
bool config_files_fingerprint(const char *path, const struct policy *, uint64_t *out) MUST_USE;

/* The same of one file, whatever it says. */
bool config_files_hash(const char *path, uint64_t *out) MUST_USE;

/* The values of one file, whatever they mean, in the arena; NULL with why. */
const struct node *config_files_tree(const char *path, struct arena *, struct fault *why) MUST_USE;

/* What one string in greenlane.conf says, in this group ("": in none), however wrong the rest of the file is. False with
 * why when the file cannot be read; *out is "" where there is no such string. Up to size bytes. */
bool config_files_peek(const char *path, const char *group, const char *key, char *out, size_t size,
    struct fault *why) MUST_USE;

/* What the first line KEY = "VALUE" says, for a file that config_files_peek finds a syntax error in. It may stand in a comment
 * or a group: check what comes of it. False if there is none. */
bool config_files_glimpse(const char *path, const char *key, char *out, size_t size) MUST_USE;

/* A policy of the one vendor of this name; its file is looked up in the directories as in vendor_path. NULL and
 * faults as above. Given. */
struct policy *config_files_read_vendor(const struct strings *folders, const char *name, struct faults *) MUST_USE;
/* The same, and keeps the texts as config_files_read_kept does. */
struct policy *config_files_read_vendor_kept(const struct strings *folders, const char *name, struct faults *,
    struct config_texts **texts) MUST_USE;

#endif
