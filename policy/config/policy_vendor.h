/*
 * policy_vendor.h - reads one vendor from its file and from the keys beside its name in greenlane.conf.
 *
 * Has the tables of a vendor's keys. Never asks for the text of a `file` source: policy_text supplies it.
 */
#ifndef POLICY_VENDOR_H
#define POLICY_VENDOR_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/config/policy_keys.h"
#include "policy/config/policy_tree.h"
#include "policy/rules/vendor.h"

/* A vendor or shared sender while it is being loaded. */
struct vendor_load {
	struct vendor vendor;
	struct source *sources;   /* vendor.source_count of them */
	const char *sources_file; /* the file with `sources`: the vendor's or greenlane.conf */
	const char *const *tags;  /* of the site */
	size_t tag_count;
	unsigned tags_line;
	size_t errors_before;     /* errors before this vendor was read */
	bool own_dkim, own_vouch; /* the key was given; false: its default */
	bool is_inline;           /* there is no file */
};

extern const struct keys vendor_keys, source_keys, evidence_keys;
extern const struct key_type key_vouch;         /* unsigned[VOUCH_MAX]; its count is a size_t */
extern const char *const vendor_action_words[]; /* in the order of enum action */

/* Is the network not so wide that it must be a mistake? */
bool vendor_network_fits(const struct prefix *, struct fault *why) MUST_USE;

/* Is the name not a top-level domain, which no vendor owns? */
bool vendor_name_fits(const char *domain, struct fault *why) MUST_USE;

/* Does a source of the vendor have the tag? With `counting`, one that counts for `listed`? */
bool vendor_tag_fits(const struct vendor *, const struct source *sources, bool counting, const char *tag,
    struct fault *why) MUST_USE;

/* Reads a `file` source's list, one network per line; `file` is its path for faults. */
void vendor_networks_read(struct reading *, struct source *, const char *file, const char *text, size_t length);

/* Fills in the defaults; then call vendor_load_read with the file's group, then with the site's. */
void vendor_load_open(struct reading *, struct vendor_load *);
/* The defaults of a vendor without a file: what its domain publishes can prove it, and it never refuses. */
void vendor_load_inline(struct vendor_load *);
void vendor_load_read(struct reading *, const struct node *group, struct vendor_load *);

/* Checks and fills in what needs both groups. r->file is greenlane.conf. */
void vendor_load_finish(struct reading *, struct vendor_load *);

#endif
