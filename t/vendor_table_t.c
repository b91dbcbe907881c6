/* The table of vendor files, and that policy/vendors/README is the one of the files beside it. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/vendor_table.h"
#include "policy/config/policy_text.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

/* ---- a row ---- */

static const struct source sources[] = { { .kind = SOURCE_SPF, .text = "spf:one.example" },
	{ .kind = SOURCE_CIDR, .text = "cidr:192.0.2.0/24" }, { .kind = SOURCE_SPF, .text = "spf:two.example" } };
static const struct evidence evidence[] = { { .seen = "undated" }, { .seen = "2019-06-11 to 2022-01-04" },
	{ .seen = "2018-02" } };
static const char *const unknown[] = { "its bounce domain", "its keys" };

static const struct {
	const char *what;
	struct vendor vendor;
	const char *cells; /* blanks folded */
} rows[] = {
	{ "a vendor of which all is known",
	    { .name = "full",
		.vouch = { PROOF_LISTED | PROOF_SPF, PROOF_DKIM },
		.vouch_count = 2,
		.on_forged = ACTION_REJECT,
		.sources = sources,
		.source_count = 3,
		.evidence = evidence,
		.evidence_count = 3 },
	    "full listed+spf or dkim enforce reject 2 spf, 1 cidr 2022-01-04 2018-02-01 1 of 3 -\n" },
	{ "one whose evidence is undated",
	    { .name = "old",
		.vouch = { PROOF_DKIM },
		.vouch_count = 1,
		.mode = MODE_VOUCH,
		.evidence = evidence,
		.evidence_count = 1 },
	    "old dkim vouch pass none undated undated 1 of 1 -\n" },
	{ "what is not known has a line each",
	    { .name = "new",
		.vouch = { PROOF_DKIM },
		.vouch_count = 1,
		.mode = MODE_MONITOR,
		.unknown = unknown,
		.unknown_count = 2 },
	    "new dkim monitor pass none none none - its bounce domain\n its keys\n" },
};

/* Runs of blanks become one. */
static char *
folded(const char *text)
{
	char *out = strdup(text), *to = out;

	for (const char *from = text; out != NULL && *from != '\0'; from++)
		if (*from != ' ' || from[1] != ' ')
			*to++ = *from;
	if (out != NULL)
		*to = '\0';
	return out;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text out;
		char *got;

		text_open(&out, 1024);
		vendor_table_row(&rows[i].vendor, &out);
		got = folded(out.bytes);
		is(got, rows[i].cells, "%s", rows[i].what);
		free(got);
		text_close(&out);
	}
}

/* ---- README ---- */

static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static void
put_file(const char *file, struct text *out)
{
	struct faults *faults = faults_open();
	struct conf_files files;
	struct policy *policy;
	char folder[512], text[512];

	snprintf(text, sizeof text, "vendors = ( { name = \"%.*s\"; } );", (int)(strlen(file) - 5), file);
	conf_files_open(&files, conf_path(folder, sizeof folder, "policy/vendors"), "policy/vendors");
	policy = policy_text_load("greenlane.conf", text, strlen(text), &files.files, faults);
	if (ok(policy != NULL, "%s loads", file))
		vendor_table_row(&policy->vendors[0], out);
	policy_free(policy);
	conf_files_close(&files);
	faults_close(faults);
}

static void
put_table(struct text *out)
{
	struct dirent **list;
	char path[512];
	int count = scandir(conf_path(path, sizeof path, "policy/vendors"), &list, is_conf, alphasort);

	ok(count > 0, "there are vendor files");
	vendor_table_head(out);
	for (int i = 0; i < count; i++) {
		put_file(list[i]->d_name, out);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
}

/* UPDATE=1 in the environment writes the table into README, behind the prose that stands there. */
static void
update(const char *path, const char *prose, size_t length, const char *table)
{
	FILE *out = fopen(path, "w");

	if (out == NULL)
		return;
	fwrite(prose, 1, length, out);
	fputs(table, out);
	fclose(out);
}

static void
test_readme(void)
{
	struct text table;
	char path[512];
	size_t length = 0;
	char *text = conf_file_read(conf_path(path, sizeof path, "policy/vendors/README"), &length);
	const char *at = text == NULL ? NULL : strstr(text, "\nVENDOR ");

	text_open(&table, 1024 * 1024);
	put_table(&table);
	if (text != NULL && getenv("UPDATE") != NULL)
		update(path, text, at == NULL ? length : (size_t)(at + 1 - text), table.bytes);
	is(at == NULL ? "" : at + 1, table.bytes,
	    "policy/vendors/README has the table of the files; UPDATE=1 t/vendor_table_t writes it");
	text_close(&table);
	free(text);
}

int
main(void)
{
	test_rows();
	test_readme();
	return done();
}
