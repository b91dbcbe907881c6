/*
 * record_merge.h - reads the records and logs of several hosts as one, in the order of time, each verdict once.
 *
 * A host's own files are in order already; what comes at another host lies between. Never knows what is made of the verdicts.
 */
#ifndef RECORD_MERGE_H
#define RECORD_MERGE_H

#include "milter/system/lines.h"
#include "policy/review/log_line.h"

/* What to do with what is read. All but `other` return false with why to end it. */
struct record_takers {
	void *context;
	struct lines *(*open)(void *context, const char *path, struct fault *why); /* given; NULL with why */
	bool (*verdict)(void *context, struct recorded *, struct fault *why);      /* the line is borrowed as well */
	void (*other)(void *context, struct span line, enum log_form); /* NONE or BROKEN, behind its file's verdict */
	bool (*ended)(void *context, const char *path, struct lines *, struct fault *why);
	int64_t (*time)(const struct recorded *); /* by which it stands in order; milliseconds since 1970 */
};

/* *twice: how many verdicts came more than once. Shows a progress bar. False with why: a file cannot be read, or
 * somebody said so. */
bool records_merge(char *const *paths, size_t count, const struct record_takers *, uint64_t *twice,
    struct fault *why) MUST_USE;

#endif
