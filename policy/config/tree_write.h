/*
 * tree_write.h - writes a value of a tree (policy_tree.h) as a configuration has it.
 *
 * Printable UTF-8 alone: what would steer a terminal is escaped. Never knows what a key means.
 */
#ifndef TREE_WRITE_H
#define TREE_WRITE_H

#include "policy/config/policy_tree.h"
#include "policy/util/text.h"

/* On one line: "\"5m\"", "[ \"a\", \"b\" ]", "{ a = 1; }". */
void node_write(const struct node *, struct text *out);

#endif
