/*
 * suggest_write.h - what records suggest, in words and as JSON.
 *
 * Every sentence stands here. What strangers chose is written escaped.
 */
#ifndef SUGGEST_WRITE_H
#define SUGGEST_WRITE_H

#include "policy/review/suggest.h"
#include "policy/util/text.h"

enum { SUGGEST_SHOWN = 20, SUGGEST_DRAFTED = 10 };

/* What came of a sender whose domain was asked. */
struct suggest_draft {
	const char *file, *name; /* the vendor file and its name; file NULL: there is none */
	size_t doubts;
	const char *refusal; /* why nothing is proposed; NULL */
	const char *failure; /* why it could not be asked; NULL */
};

/* First the counts, then a paragraph for each sender with what is at fault, then files, then the rest. */
void suggest_write_counts(const struct suggest_counts *, struct text *out);
void suggest_write_sender(const struct suggest *, const struct suggest_sender *, const struct suggest_draft *,
    const char *config, struct text *out);
void suggest_write_use(struct suggest *, struct text *out);

/* The same as members of one object, and as an element of `senders`. */
void suggest_json_counts(const struct suggest_counts *, struct text *out);
void suggest_json_sender(const struct suggest *, const struct suggest_sender *, const struct suggest_draft *,
    const char *config, struct text *out);
void suggest_json_use(struct suggest *, struct text *out);

/* What is at fault, a line each: who, a tab, a sentence. */
void suggest_write_faults(const struct suggest *, const struct suggest_sender *, const char *config, struct text *out);

#endif
