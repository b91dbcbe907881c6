/* greenlane vendor show: one vendor as it is in force, where each key comes from, and what nothing proves yet. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/state/config_files.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "milter/tool/cmd_vendor.h"
#include "milter/tool/vendor_files.h"
#include "policy/advise/vendor_age.h"
#include "policy/advise/vendor_ask.h"
#include "policy/config/policy_text.h"
#include "policy/config/tree_write.h"
#include "policy/config/vendor_origin.h"
#include "policy/util/json_write.h"

enum { OUTPUT_MAX = 2 * POLICY_TEXT_MAX, ASK_MAX = 64 * 1024, DAY = 24 * 3600 };

struct showing {
	const struct vendor_view *view;
	const struct policy *policy; /* in force */
	const struct vendor *vendor;
	struct vendor_trees trees;
	struct vendor_origin origins[VENDOR_ORIGINS_MAX];
	size_t count;
	struct vendor_tally *tally;
	struct arena *arena;
	struct text out;
	int64_t now;
};

/* ---- the keys ---- */

static void
put_origin(struct showing *showing, const struct vendor_origin *origin, unsigned line)
{
	if (origin->file == NULL)
		text_put(&showing->out, "  # default\n");
	else
		text_format(&showing->out, "  # %s:%u\n", origin->file, line);
}

/* A list of groups has a line for each. */
static void
put_groups(struct showing *showing, const struct vendor_origin *origin)
{
	const struct node *list = origin->node;

	text_format(&showing->out, "  %s = (", origin->key);
	put_origin(showing, origin, origin->line);
	for (size_t i = 0; i < list->count; i++) {
		text_put(&showing->out, "    ");
		node_write(&list->children[i], &showing->out);
		text_put(&showing->out, i + 1 < list->count ? "," : "");
		put_origin(showing, origin, list->children[i].line);
	}
	text_put(&showing->out, "  );\n");
}

static void
put_key(struct showing *showing, const struct vendor_origin *origin)
{
	const struct node *node = origin->node;

	if (node == NULL || (origin->beside && origin->file == NULL) ||
	    (node->kind == NODE_STRING && node->text[0] == '\0'))
		return;
	if (node->count > 0 && node->children[0].kind == NODE_GROUP) {
		put_groups(showing, origin);
		return;
	}
	text_format(&showing->out, "  %s%s = ", origin->beside ? "# beside its name: " : "", origin->key);
	node_write(node, &showing->out);
	text_char(&showing->out, ';');
	put_origin(showing, origin, origin->line);
}

/* ---- for a person ---- */

static void
put_last(struct showing *showing)
{
	const struct vendor_count count = vendor_tally_of(showing->tally, showing->vendor->name);
	char when[DATE_TEXT];

	text_format(&showing->out, "\n# last mail: %s\n", count.last == 0 ? "-" : date_write(count.last, when));
	for (size_t i = 0; i < PROOFS && count.last != 0; i++)
		text_format(&showing->out, "#   %s: %s\n", proof_words[i],
		    count.last_by[i] == 0 ? "-" : date_write(count.last_by[i], when));
}

static void
put_age(struct showing *showing)
{
	const struct vendor_age age = vendor_age(showing->vendor, showing->now);

	text_put(&showing->out, "# evidence: ");
	if (age.dated + age.undated == 0) {
		text_put(&showing->out, "none\n");
		return;
	}
	if (age.dated > 0) {
		text_put(&showing->out, "the newest is ");
		vendor_age_write(showing->now / DAY - age.newest, &showing->out);
		text_put(&showing->out, " old, the oldest ");
		vendor_age_write(showing->now / DAY - age.oldest, &showing->out);
		text_put(&showing->out, ", ");
	}
	text_format(&showing->out, "%zu of %zu undated\n", age.undated, age.dated + age.undated);
}

/* Each line of the questions, behind a mark. */
static void
put_questions(struct showing *showing)
{
	struct text questions;
	struct span rest;

	text_open(&questions, ASK_MAX);
	vendor_ask_write(showing->vendor, showing->now, &questions);
	rest = (struct span){ questions.bytes, questions.length };
	text_put(&showing->out,
	    rest.length > 0 ? "# what nothing proves yet; ask the vendor:\n" : "# everything in it has evidence\n");
	while (rest.length > 0) {
		text_put(&showing->out, "#   ");
		text_span(&showing->out, span_cut(&rest, '\n'));
		text_char(&showing->out, '\n');
	}
	text_close(&questions);
}

static void
put_text(struct showing *showing)
{
	const struct vendor_view *view = showing->view;

	text_format(&showing->out, "# %s, from %s", view->name, showing->vendor->file);
	if (showing->trees.entry != NULL)
		text_format(&showing->out, ", in force by %s:%u\n", view->config, showing->trees.entry->line);
	else
		text_put(&showing->out, ", not in force\n");
	text_put(&showing->out, "vendor = {\n");
	for (size_t i = 0; i < showing->count; i++)
		put_key(showing, &showing->origins[i]);
	text_put(&showing->out, "};\n");
	put_last(showing);
	put_age(showing);
	put_questions(showing);
}

/* ---- JSON ---- */

static void
json_keys(struct showing *showing)
{
	struct text *out = &showing->out, value;

	json_write_list(out, "keys");
	for (size_t i = 0; i < showing->count; i++) {
		const struct vendor_origin *origin = &showing->origins[i];

		if (origin->node == NULL)
			continue;
		text_open(&value, OUTPUT_MAX);
		node_write(origin->node, &value);
		json_write_begin(out);
		json_write_string(out, "key", origin->key);
		json_write_string(out, "value", value.bytes);
		if (origin->file != NULL) {
			json_write_string(out, "file", origin->file);
			json_write_number(out, "line", origin->line);
		}
		json_write_bool(out, "default", origin->file == NULL);
		json_write_end(out);
		text_inherit(out, &value);
		text_close(&value);
	}
	json_write_list_end(out);
}

static void
json_questions(struct showing *showing)
{
	struct text questions;
	struct span rest;

	text_open(&questions, ASK_MAX);
	vendor_ask_write(showing->vendor, showing->now, &questions);
	rest = (struct span){ questions.bytes, questions.length };
	json_write_list(&showing->out, "ask");
	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n');

		json_write_comma(&showing->out);
		json_write_bytes(&showing->out, line.at, line.length);
	}
	json_write_list_end(&showing->out);
	text_close(&questions);
}

static void
put_json(struct showing *showing)
{
	struct text *out = &showing->out;

	json_write_begin(out);
	json_write_string(out, "name", showing->vendor->name);
	json_write_string(out, "title", showing->vendor->title);
	json_write_string(out, "file", showing->vendor->file);
	json_write_bool(out, "shipped", vendor_file_is_shipped(showing->policy, showing->vendor->file));
	json_write_bool(out, "enabled", showing->trees.entry != NULL);
	vendor_write_last(showing->tally, showing->vendor, out);
	vendor_write_age(showing->vendor, showing->now, out);
	json_keys(showing);
	json_questions(showing);
	json_write_end(out);
	text_char(out, '\n');
}

/* ---- where it comes from ---- */

static const struct vendor *
find(const struct policy *policy, const char *name)
{
	return policy == NULL ? NULL : policy_vendor_named(policy, name);
}

/* The group of this vendor in greenlane.conf; NULL: there is none. */
static const struct node *
entry_of(const struct node *root, const char *name)
{
	const struct node *list = root == NULL ? NULL : node_member(root, "vendors");

	for (size_t i = 0; list != NULL && i < list->count; i++) {
		const struct node *word = node_member(&list->children[i], "name");

		if (word != NULL && strcmp(word->text, name) == 0)
			return &list->children[i];
	}
	return NULL;
}

/* Fills in the trees; false with why. files: what its file was read with. */
static bool
take_trees(struct showing *showing, const struct config_texts *config, const struct config_texts *files, struct fault *why)
{
	struct vendor_trees *trees = &showing->trees;
	const struct node *root;

	trees->config = showing->view->config;
	trees->file = showing->vendor->file;
	if (config != NULL) {
		root = config_texts_tree(config, trees->config, showing->arena, why);
		trees->entry = entry_of(root, showing->view->name);
		if (trees->entry == NULL)
			return false;
	}
	if (strcmp(trees->file, trees->config) == 0)
		return true;
	root = config_texts_tree(files, trees->file, showing->arena, why);
	trees->vendor = root == NULL ? NULL : node_member(root, "vendor");
	return trees->vendor != NULL;
}

static int
print(struct showing *showing, const struct config_texts *config, const struct config_texts *files)
{
	struct fault why = { .text = "out of memory" };
	int status = EX_OSERR;

	text_open(&showing->out, OUTPUT_MAX);
	showing->arena = arena_open(POLICY_ARENA_MAX);
	showing->tally = vendor_lasts(showing->view->config, showing->policy);
	if (showing->arena != NULL && showing->tally != NULL && take_trees(showing, config, files, &why))
		showing->count = vendor_origins(showing->vendor, &showing->trees, showing->arena, showing->origins);
	if (showing->count > 0)
		showing->view->json ? put_json(showing) : put_text(showing);
	if (showing->count > 0 && !showing->out.cut)
		status = output_put(&showing->out);
	else
		cmd_fault(&why);
	vendor_tally_close(showing->tally);
	arena_close(showing->arena);
	text_close(&showing->out);
	return status;
}

/* A vendor whose file is on vendor_path, but that is not in force. */
static int
show_other(struct showing *showing)
{
	struct faults *faults = faults_open();
	struct config_texts *texts = NULL;
	struct policy *one = faults == NULL
	    ? NULL
	    : config_files_read_vendor_kept(&showing->policy->settings.vendor_path, showing->view->name, faults, &texts);
	int status = EX_CONFIG;

	showing->vendor = find(one, showing->view->name);
	if (showing->vendor != NULL)
		status = print(showing, NULL, texts);
	else
		for (size_t i = 0; faults != NULL && i < faults->kept; i++)
			cmd_fault(&faults->list[i].fault);
	policy_free(one);
	config_texts_free(texts);
	faults_close(faults);
	return status;
}

static bool
is_somewhere(const struct policy *policy, const char *name)
{
	const struct strings *path = &policy->settings.vendor_path;
	char file[VENDOR_PATH];

	for (size_t i = 0; i < path->count; i++)
		if (vendor_file_in(path->list[i], name, file))
			return true;
	fprintf(stderr,
	    "greenlane: there is no vendor '%s', and no file %s.conf on vendor_path; greenlane vendor list --shipped names those "
	    "that come with greenlane\n",
	    name, name);
	return false;
}

int
vendor_show(const struct vendor_view *view)
{
	struct showing showing = { .view = view, .now = clock_now() };
	struct config_texts *texts;
	struct policy *policy = cmd_load_kept(view->config, &texts);
	int status = 1;

	if (policy == NULL)
		return EX_CONFIG;
	showing.policy = policy;
	showing.vendor = find(policy, view->name);
	if (showing.vendor != NULL)
		status = print(&showing, texts, texts);
	else if (is_somewhere(policy, view->name))
		status = show_other(&showing);
	config_texts_free(texts);
	policy_free(policy);
	return status;
}
