/*
 * policy_write.h - writes the settings in force as a greenlane.conf.
 *
 * The tables that read a file also write it, so what is written loads to the same policy. Writes printable UTF-8 alone.
 * Never judges: what it writes was loaded before.
 */
#ifndef POLICY_WRITE_H
#define POLICY_WRITE_H

#include <stdbool.h>

#include "policy/config/policy_tree.h"
#include "policy/rules/policy.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

/* greenlane.conf with every setting in force: those of the file (its tree), and defaults, marked by a comment. The settings are
 * those that the file loaded to. False without memory. */
bool settings_write(const struct node *root, const struct settings *, struct text *out) MUST_USE;

#endif
