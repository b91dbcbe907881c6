#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config/policy_load.h"
#include "policy/config/policy_write.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

enum { WRITTEN_MAX = 1 << 20 };

/* Loads a text and writes it again; false: it does not load. */
static bool
rewrite(const char *text, size_t length, struct text *out)
{
	struct faults *faults = faults_open();
	struct arena *arena = arena_open(WRITTEN_MAX * 8);
	struct conf_files files;
	struct fault why;
	struct policy *policy;
	const struct node *root;
	char folder[512], *said;
	bool written;

	conf_files_open(&files, conf_path(folder, sizeof folder, "t/conf/vendors"), "vendors");
	policy = policy_text_load("test.conf", text, length, &files.files, faults);
	root = tree_read(arena, "test.conf", text, length, &why);
	written = policy != NULL && root != NULL && settings_write(root, &policy->settings, out);
	said = conf_faults_write(faults);
	if (!written)
		note("%s", said);
	free(said);
	policy_free(policy);
	conf_files_close(&files);
	arena_close(arena);
	faults_close(faults);
	return written;
}

static bool
is_same(const struct node *a, const struct node *b)
{
	bool same = a->kind == b->kind && a->count == b->count && a->truth == b->truth && strcmp(a->text, b->text) == 0;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->children[i].name, b->children[i].name) == 0 && is_same(&a->children[i], &b->children[i]);
	return same;
}

/* Every value of one file is in the other. */
static bool
holds_all(const char *first, size_t length, const struct text *second)
{
	struct arena *arena = arena_open(WRITTEN_MAX * 8);
	struct fault why;
	const struct node *a = tree_read(arena, "first", first, length, &why);
	const struct node *b = tree_read(arena, "second", second->bytes, second->length, &why);
	bool all = a != NULL && b != NULL;

	for (size_t i = 0; all && i < setting_keys.count; i++) {
		const struct node *old = keys_find(a, setting_keys.list[i].path);
		const struct node *new = keys_find(b, setting_keys.list[i].path);

		if (old == NULL || (new != NULL &&is_same(old, new)))
			continue;
		note("%s is not as it was", setting_keys.list[i].path);
		all = false;
	}
	arena_close(arena);
	return all;
}

static void
drop_marks(struct text *text)
{
	static const char mark[] = " # default\n";
	char *at;

	while ((at = strstr(text->bytes, mark)) != NULL)
		memmove(at, at + sizeof mark - 2, strlen(at + sizeof mark - 2) + 1);
}

static void
test_round(const char *name, const char *text, size_t length)
{
	struct text once, twice;

	text_open(&once, WRITTEN_MAX);
	text_open(&twice, WRITTEN_MAX);
	ok(rewrite(text, length, &once), "%s is written", name);
	ok(holds_all(text, length, &once), "with every value that it has");
	ok(rewrite(once.bytes, once.length, &twice), "what was written loads");
	drop_marks(&once);
	drop_marks(&twice);
	is(twice.bytes, once.bytes, "and is written the same");
	text_close(&once);
	text_close(&twice);
}

static int
is_conf(const struct dirent *entry)
{
	return strstr(entry->d_name, ".conf") != NULL;
}

static void
test_good_files(void)
{
	struct dirent **list;
	char path[512];
	int count = scandir(conf_path(path, sizeof path, "t/conf/good"), &list, is_conf, alphasort);

	ok(count >= 10, "there are files that load");
	for (int i = 0; i < count; i++) {
		size_t length = 0;
		char *text = conf_file_read(conf_path(path, sizeof path, "t/conf/good/%s", list[i]->d_name), &length);

		test_round(list[i]->d_name, text == NULL ? "" : text, length);
		free(text);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
}

static const struct {
	const char *name, *conf, *line;
} rows[] = {
	{ "a default is marked", "", "\n  delay = \"5m\"; # default\n" },
	{ "a given value is not, even where it is the default", "greylist = { delay = \"5m\"; };",
	    "\n  delay = \"5m\";\n" },
	{ "a default that depends on another setting is what it came to", "state_dir = \"/srv/x\";",
	    "\n  store = \"lmdb:/srv/x/greylist\"; # default\n" },
	{ "a setting without a value is a comment", "", "# authserv_id is not set: our name in " },
	{ "groups within groups are closed", "",
	    "\n    recipients = [ \"postmaster@\", \"abuse@\" ]; # default\n  };\n};\n" },
	{ "quotes and backslashes are escaped", "reply = { contact = \"a \\\"b\\\" c\\\\d\"; };",
	    "\n  contact = \"a \\\"b\\\" c\\\\d\";\n" },
	{ "UTF-8 stays", "alert = { command = \"/bin/bücher\"; };", "\n  command = \"/bin/bücher\";\n" },
	{ "a default of an element is behind it",
	    "relays = ( { name = \"f\"; kind = \"forwarder\"; networks = [ \"198.51.100.6\" ]; } );",
	    "networks = [ \"198.51.100.6\" ]; } # default: on_forwarded = \"tag\"\n)" },
	{ "unless it is for another kind",
	    "relays = ( { name = \"g\"; kind = \"gateway\"; networks = [ \"198.51.100.6\" ]; } );",
	    "networks = [ \"198.51.100.6\" ]; }\n)" },
};

static void
test_row(const char *name, const char *conf, const char *line)
{
	char whole[1024];
	struct text out;

	snprintf(whole, sizeof whole, "%s vendors = ( { name = \"acme\"; } );", conf);
	text_open(&out, WRITTEN_MAX);
	if (!ok(rewrite(whole, strlen(whole), &out) && strstr(out.bytes, line) != NULL, "%s", name))
		note("%s", out.bytes);
	text_close(&out);
}

int
main(void)
{
	test_good_files();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(rows[i].name, rows[i].conf, rows[i].line);
	return done();
}
