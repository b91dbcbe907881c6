/*
 * policy_vendor.h - one vendor from its file, and from what the site says beside its name.
 *
 * Owns the tables of a vendor's keys. Texts of `file` sources are handed in by
 * policy_text, which alone may ask the shell for them.
 */
#ifndef POLICY_VENDOR_H
#define POLICY_VENDOR_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/config/policy_keys.h"
#include "policy/config/policy_tree.h"
#include "policy/rules/vendor.h"

/* One vendor, or shared sender, while it is loaded. */
struct vendor_load {
	struct vendor vendor;
	struct source *sources; /* vendor.source_count of them */
	const char *sources_file; /* where `sources` stands: the vendor's file or greenlane.conf */
	const char *const *tags; /* of the site */
	size_t tag_count;
	unsigned tags_line;
	size_t errors_before; /* faults of what was read before this vendor */
	bool own_dkim, own_vouch; /* the key was given, not its default */
};

extern const struct keys vendor_keys, source_keys, evidence_keys;
extern const struct key_type key_vouch; /* unsigned[VOUCH_MAX]; its count is a size_t */
extern const char *const vendor_action_words[]; /* in the order of enum action */

/* Not so wide that it must be a slip. */
bool vendor_network_fits(const struct prefix *, struct fault *why) MUST_USE;

/* Not a top-level domain, which is nobody's. */
bool vendor_name_fits(const char *domain, struct fault *why) MUST_USE;

/* Does a source of the vendor have the tag, or, with `counting`, one that counts for `listed`? */
bool vendor_tag_fits(const struct vendor *, const struct source *sources, bool counting, const char *tag,
    struct fault *why) MUST_USE;

/* A `file` source's list, a network a line; `file` is how faults call it. */
void vendor_networks_read(struct reading *, struct source *, const char *file, const char *text,
    size_t length);

/* Defaults; then vendor_load_read with the file's group; then with the site's. */
void vendor_load_open(struct reading *, struct vendor_load *);
void vendor_load_read(struct reading *, const struct node *group, struct vendor_load *);

/* What can be checked and filled in only when both were read. r->file is greenlane.conf. */
void vendor_load_finish(struct reading *, struct vendor_load *);

#endif
