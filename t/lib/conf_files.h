/*
 * conf_files.h - for tests: reads files, and gives a directory of vendor files to policy_text.
 */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include <stddef.h>

#include "policy/config/policy_text.h"

/* Texts that were given to policy_text; they last until conf_files_close. */
struct conf_files {
	const char *folder; /* the real directory; holds NAME.conf and the lists that they name */
	const char *shown;  /* its name in faults */
	struct policy_files files;
	char *texts[64];
	char paths[64][128];
	size_t count;
};

void conf_files_open(struct conf_files *, const char *folder, const char *shown);
void conf_files_close(struct conf_files *);

/* A whole file, terminated, to be freed; NULL when it cannot be read. */
char *conf_file_read(const char *path, size_t *length);

/* Each fault on a line, warnings after "warning: "; to be freed. */
char *conf_faults_write(const struct faults *);

/* The policy of a text that loads; where it does not, the test says why and ends. To be freed. */
struct policy *conf_load(const char *text, const struct policy_files *);

/* "$srcdir/rest"; the directory of the checkout if the variable is not set. */
const char *conf_path(char *out, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
