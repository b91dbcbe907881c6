/*
 * cmd_vendor.h - the second words of `greenlane vendor` that have files of their own.
 */
#ifndef CMD_VENDOR_H
#define CMD_VENDOR_H

#include <stdbool.h>

struct vendor_view {
	const char *config, *name; /* name: of list NULL */
	bool shipped, json;
};

/* Each returns its exit status. Every vendor: where its file is, its mode, its last mail, the age of its evidence; one
 * vendor as it is in force, with file and line of each key; its shipped file against the site's. */
int vendor_list(const struct vendor_view *);
int vendor_show(const struct vendor_view *);
int vendor_compare(const struct vendor_view *);

struct vendor_update {
	const char *config, *path; /* path: of the new catalogue; NULL: back to the one before */
	bool dry_run;              /* says what would change, and installs nothing */
};
int vendor_update(const struct vendor_update *);

#endif
