/*
 * records.h - what commands that read records share: which files, since when, how far it has come.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

/* What an option of the command line, such as "since", says: "7d" ago, "2026-11-20" or "2026-11-20T10:00:00Z" (RFC 3339), as
 * milliseconds since 1970. What is wrong is said. */
bool records_time_take(const char *option, const char *text, int64_t *out) MUST_USE;

/* What is asked for, as people copy it: "Anna <anna@example.com>", "@example.com" and "example.com." as the address or domain
 * that is meant, "id=6926f0a1.1c2.0" and "6926f0a1.1c2.0)" as the id. Point into text, which is cut. */
const char *records_address(char *text);
const char *records_id(char *text);

/* Says that there is no verdict of this vendor, where none in force is called so. */
void records_say_vendor(const struct policy *, const char *name);

/* The record file and its rotated neighbours (record.1, record.2.gz, record-20261120.zst, ...), oldest first. */
struct record_files {
	char **paths;
	size_t count;
};
/* Returns 0, or the exit status when the policy names no record file, there is none, or its directory may not be read: that
 * was said. Free with record_files_drop. */
int record_files_find(const struct policy *, struct record_files *out) MUST_USE;
/* The same, but where there is none the mail logs of this host (/var/log/mail.log, maillog): what a command reads that was
 * given no file. */
int record_files_usual(const struct policy *, struct record_files *out) MUST_USE;
/* Takes out the files that were last written before that time, in milliseconds: no record in them is newer. */
void record_files_only_since(struct record_files *, int64_t since);
void record_files_drop(struct record_files *);

/* A bar on a terminal's standard error, while files are read; nothing elsewhere. */
struct progress {
	int64_t total, done, shown; /* bytes of all files, of those that are finished; percent */
	bool on;
};
void progress_begin(struct progress *, char *const *paths, size_t count);
void progress_show(struct progress *, int64_t read); /* bytes of the present file */
void progress_next(struct progress *, int64_t read); /* that file is finished */
void progress_end(struct progress *);

/* Reads files line by line with a progress bar, compressed ones too, and "-"; each takes a line that is not empty, with its
 * number; of one that was too long it is given none. Returns 0, or the exit status when a file could not be read, or each
 * returned false: that was said. */
typedef bool records_each(void *context, struct span line, uint64_t number, struct fault *why);
int records_read(char *const *paths, size_t count, records_each *each, void *context) MUST_USE;

/* The same file by file, for who reads lines himself: read shows on the bar how far it has come. */
typedef bool records_file(void *context, const char *path, struct progress *, struct fault *why);
int records_read_files(char *const *paths, size_t count, records_file *read, void *context) MUST_USE;

/* May this file, or "-", be read? False: that was said, and the command exits with EX_NOPERM. */
bool records_may_read(const char *path) MUST_USE;

/* Keeps the start of the first line, terminated, for the case that nothing is recognised: first is "" before. */
enum { RECORDS_FIRST = 120 };
void records_keep_first(char first[RECORDS_FIRST], struct span line);
/* Says that no verdict is in the files, and how they begin; the exit status. */
int records_hold_nothing(const char *first);

#endif
