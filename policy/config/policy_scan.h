/*
 * policy_scan.h - checks configuration text token by token before libconfig reads it.
 *
 * libconfig wraps big integers, joins strings without a comma between them, lets an unclosed comment run to
 * the end, exits on some includes, recurses, and reports only "syntax error". All of that is refused
 * here, with the line and what to write instead. Never builds a tree: policy_tree does.
 */
#ifndef POLICY_SCAN_H
#define POLICY_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

enum {
	SCAN_DEPTH_MAX = 32,  /* brackets within brackets; libconfig recurses */
	SCAN_NAMES_MAX = 256, /* keys of one group; libconfig searches them one by one */
};

enum token_kind { TOKEN_STRING, TOKEN_NUMBER, TOKEN_BOOL };

/* One plain value, as written (a string without its quotes, escapes kept). Borrowed. */
struct token {
	struct span text;
	unsigned line;
	enum token_kind kind;
};
struct tokens {
	struct token *list; /* in the order of the text */
	size_t count, room;
};

/* False with the first fault. *out must be zero or closed, and is closed by the caller either way. */
bool policy_scan(const char *file, const char *text, size_t length, struct tokens *out, struct fault *why) MUST_USE;
void tokens_close(struct tokens *);

#endif
