/*
 * policy_load.h - one load of a configuration, shared by the files that do it.
 *
 * policy_text.c reads the vendors and sets the order; policy_settings.c reads single settings;
 * policy_lists.c reads the lists of groups, which name vendors and so come after them.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy/config/policy_keys.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_tree.h"
#include "policy/config/policy_vendor.h"

#define OWN_NAME "own" /* what exceptions and the log call our own names; no vendor may have this name */

struct load {
	struct reading r;
	struct arena *trees; /* of all files; closed at the end */
	const struct policy_files *files;
	const char *file; /* greenlane.conf */
	struct policy *policy;
	struct vendor_load *vendors;
	size_t vendor_count;
};

extern const struct keys setting_keys, delegation_keys, partner_keys, relay_keys, exception_keys, export_keys;

/* Groups of a list at the root; none where the key is absent or no list. */
size_t groups_of(const struct node *root, const char *name, const struct node **list);

/* Settings, and our own names in the form of a vendor; before everything else. */
void settings_read(struct load *, const struct node *root);

/* Delegations, partners, relays, exceptions and exports; after policy->vendors is filled. */
void groups_read(struct load *, const struct node *root);

#endif
