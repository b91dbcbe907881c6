/*
 * vendor_origin.h - where each key of a vendor in force comes from: its file, the keys beside its name, or a default.
 *
 * Reads the tables that load a vendor, so a new key is shown by its row. Never judges: the vendor was loaded before.
 */
#ifndef VENDOR_ORIGIN_H
#define VENDOR_ORIGIN_H

#include "policy/config/policy_tree.h"
#include "policy/rules/vendor.h"
#include "policy/util/arena.h"
#include "policy/util/fault.h"

enum { VENDOR_ORIGINS_MAX = 32 };

/* The trees that a vendor was made of. Borrowed. */
struct vendor_trees {
	const char *file, *config;
	const struct node *vendor; /* the group in its file; NULL: it is inline */
	const struct node *entry;  /* the group in greenlane.conf; NULL: it is not enabled */
};

struct vendor_origin {
	const char *key;
	const struct node *node; /* its value; NULL: it has none */
	const char *file;        /* NULL: a default */
	unsigned line;           /* 0: of a default */
	bool beside;             /* only greenlane.conf may have it */
};

/* One for each key, in the order of greenlane-vendor(5); defaults live in the arena. Returns how many; 0 without memory. */
size_t vendor_origins(const struct vendor *, const struct vendor_trees *, struct arena *,
    struct vendor_origin out[VENDOR_ORIGINS_MAX]) MUST_USE;

#endif
