/*
 * export_parts.h - what the writers of the formats share.
 *
 * export.c chooses and frames, export_bodies.c writes what the other program reads.
 */
#ifndef EXPORT_PARTS_H
#define EXPORT_PARTS_H

#include "policy/advise/export.h"

enum { USES = USE_API + 1 };

/* The fewest networks of each use, of all sources together, and the names of host sources for mail. */
struct export_lists {
	struct prefix *networks[USES]; /* given */
	size_t count[USES];
	const char **hosts; /* given; each once, in the order of the configuration: every name below it */
	size_t host_count;
};

struct export_writer {
	const char *remark; /* begins a comment; NULL: the format has none */
	bool mail;          /* only hosts that deliver, of vendors that vouch by address */
	bool hosts;         /* takes names that the client's confirmed name must be below */
	const char *use;    /* one line for whoever opens the file */
	void (*write)(struct text *, const struct export_lists *, const char *value);
};

extern const struct export_writer export_writers[EXPORT_FORMATS];
extern const char *const export_use_words[USES];

#endif
