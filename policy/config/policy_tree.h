/*
 * policy_tree.h - turns configuration text into a tree of plain values with their lines.
 *
 * policy_tree.c is the only user of libconfig; text goes through policy_scan first. Never knows what a key
 * means.
 */
#ifndef POLICY_TREE_H
#define POLICY_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum node_kind { NODE_STRING, NODE_NUMBER, NODE_BOOL, NODE_LIST, NODE_GROUP };

struct node {
	const char *name;            /* "" in a list and for the file itself */
	const char *text;            /* string: its value; number: its digits as written; else "" */
	const struct node *children; /* of a list or group, in order */
	size_t count;
	enum node_kind kind;
	unsigned line; /* 0: a default, which is in no file */
	bool truth;    /* of a bool */
};

/* The file as a group, in the arena; NULL with the first syntax fault. `text` need not be terminated. */
const struct node *tree_read(struct arena *, const char *file, const char *text, size_t length,
    struct fault *why) MUST_USE;

/* The member of a group, or NULL. */
const struct node *node_member(const struct node *group, const char *name);

#endif
