#include <string.h>

#include "policy/config/policy_load.h"
#include "policy/config/policy_value.h"
#include "policy/rules/warning.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

enum { VENDORS_MAX = 4096 };

/* The tree of a file; NULL after adding its fault. */
static const struct node *
text_tree(struct load *load, const char *file, const char *text, size_t length)
{
	const struct node *root;
	struct fault why;

	if (length > POLICY_TEXT_MAX) {
		faults_error(load->r.faults, file, 0, "larger than %d MiB; put long lists into files of their own",
		    POLICY_TEXT_MAX >> 20);
		return NULL;
	}
	root = tree_read(load->trees, file, text, length, &why);
	if (root == NULL)
		faults_add(load->r.faults, FAULT_ERROR, &why);
	return root;
}

/* The one group of a vendor file. */
static const struct node *
vendor_group(struct load *load, const char *file, const struct node *root)
{
	static const char *const words[] = { "vendor" };
	const struct node *group = node_member(root, "vendor");
	char hint[HINT_TEXT];

	for (size_t i = 0; i < root->count; i++)
		if (strcmp(root->children[i].name, words[0]) != 0)
			faults_error(load->r.faults, file, root->children[i].line, "unknown key '%.60s'%s",
			    root->children[i].name, keys_hint(root->children[i].name, words, 1, hint));
	if (group == NULL)
		faults_error(load->r.faults, file, 0, "no vendor is described; write vendor = { name = \"...\"; ... };");
	else if (group->kind != NODE_GROUP)
		faults_error(load->r.faults, file, group->line, "'vendor' wants a group; write vendor = { ... };");
	return group == NULL || group->kind != NODE_GROUP ? NULL : group;
}

/* Finds, parses and reads a vendor's file; false if there is nothing to finish. */
static bool
vendor_file_read(struct load *load, const char *name, const struct node *site, struct vendor_load *loaded)
{
	struct reading *r = &load->r;
	const struct node *root, *group, *inside;
	const char *path = name, *text;
	struct fault why = { .text = "" };
	size_t length = 0;

	text = load->files->vendor(load->files->context, &load->policy->settings.vendor_path, name, &path, &length, &why);
	if (text == NULL) {
		reading_fault(r, site, "%s%s%s", why.file, why.file[0] == '\0' ? "" : ": ", why.text);
		return false;
	}
	loaded->vendor.file = reading_string(r, path);
	root = text_tree(load, path, text, length);
	group = root == NULL ? NULL : vendor_group(load, path, root);
	if (group == NULL)
		return false;
	r->file = loaded->vendor.file;
	keys_require(r, &vendor_keys, group);
	vendor_load_read(r, group, loaded);
	inside = node_member(group, "name");
	if (inside != NULL && inside->kind == NODE_STRING && value_name(inside->text, NULL) &&
	    strcmp(loaded->vendor.name, name) != 0)
		reading_fault(r, inside, "'%.60s' is not the name of this file; write \"%s\"", inside->text, name);
	r->file = load->file;
	return true;
}

/* The path of a list for faults: relative to the file that names it. */
static const char *
list_path(struct load *load, const char *beside, const char *name)
{
	const char *slash = strrchr(beside, '/'), *path = NULL;

	if (name[0] != '/' && slash != NULL)
		path = arena_format(load->trees, "%.*s/%s", (int)(slash - beside), beside, name);
	return path == NULL ? name : path;
}

static void
lists_read(struct load *load, struct vendor_load *loaded)
{
	for (size_t i = 0; i < loaded->vendor.source_count; i++) {
		struct source *source = &loaded->sources[i];
		struct fault why = { .text = "" };
		const char *text;
		size_t length = 0;

		if (source->kind != SOURCE_FILE || source->name[0] == '\0')
			continue;
		text = load->files->networks(load->files->context, loaded->sources_file, source->name, &length, &why);
		if (text == NULL)
			faults_error(load->r.faults, loaded->sources_file, source->line, "%s%s%s", why.file,
			    why.file[0] == '\0' ? "" : ": ", why.text);
		else
			vendor_networks_read(&load->r, source, list_path(load, loaded->sources_file, source->name),
			    text, length);
	}
}

/* The name of a vendor in greenlane.conf; NULL if it is not valid, which keys_read reports. */
static const char *
site_name(struct load *load, const struct node *site)
{
	const struct node *name = node_member(site, "name");

	if (name == NULL)
		reading_fault(&load->r, site, "a vendor has no name; write { name = \"autotask\"; }");
	if (name == NULL || name->kind != NODE_STRING || name->text[0] == '\0' || !value_name(name->text, NULL))
		return NULL;
	if (strcmp(name->text, OWN_NAME) == 0) {
		reading_fault(&load->r, name,
		    "the name '%s' is reserved for our own names; give the vendor's file another name", name->text);
		return NULL;
	}
	for (size_t i = 0; i < load->vendor_count; i++)
		if (strcmp(load->vendors[i].vendor.name, name->text) == 0) {
			reading_fault(&load->r, name, "vendor '%s' is already in line %u; keep one of them", name->text,
			    load->vendors[i].vendor.line);
			return NULL;
		}
	return name->text;
}

static bool
is_inline(const struct node *site)
{
	const struct node *node = node_member(site, "inline");

	return node != NULL && node->kind == NODE_BOOL && node->truth;
}

/* A vendor without a file has all its keys beside its name. */
static bool
vendor_inline_open(struct load *load, const struct node *site, struct vendor_load *loaded)
{
	loaded->vendor.file = loaded->sources_file = reading_string(&load->r, load->file);
	vendor_load_inline(loaded);
	keys_require(&load->r, &vendor_keys, site);
	return true;
}

static void
vendor_read(struct load *load, const struct node *site)
{
	struct vendor_load *loaded = &load->vendors[load->vendor_count];
	const char *name = site_name(load, site);
	bool found = false;

	vendor_load_open(&load->r, loaded);
	loaded->vendor.line = site->line;
	if (name != NULL)
		found = is_inline(site) ? vendor_inline_open(load, site, loaded)
					: vendor_file_read(load, name, site, loaded);
	load->r.site = true;
	vendor_load_read(&load->r, site, loaded);
	load->r.site = false;
	if (name == NULL)
		return;
	load->vendor_count++;
	if (!found)
		return;
	lists_read(load, loaded);
	vendor_load_finish(&load->r, loaded);
}

/* Puts all vendors into one list and all their sources into another, and numbers them. */
static void
vendors_place(struct load *load)
{
	struct reading *r = &load->r;
	struct vendor *vendors = reading_take(r, load->vendor_count, sizeof *vendors);
	struct source *sources;
	size_t total = 0, next = 0;

	for (size_t i = 0; i < load->vendor_count; i++)
		total += load->vendors[i].vendor.source_count;
	sources = reading_take(r, total, sizeof *sources);
	if (vendors == NULL || sources == NULL)
		return;
	for (size_t i = 0; i < load->vendor_count; i++) {
		vendors[i] = load->vendors[i].vendor;
		vendors[i].number = (uint32_t)i;
		vendors[i].sources = &sources[next];
		vendors[i].sources_file = load->vendors[i].sources_file;
		for (size_t j = 0; j < vendors[i].source_count; j++, next++) {
			sources[next] = load->vendors[i].sources[j];
			sources[next].number = (uint32_t)next;
			sources[next].vendor = &vendors[i];
		}
	}
	load->policy->vendors = vendors;
	load->policy->vendor_count = load->vendor_count;
	load->policy->sources = sources;
	load->policy->source_count = total;
}

static void
vendors_read(struct load *load, const struct node *root)
{
	const struct node *list;
	size_t count = groups_of(root, "vendors", &list);

	if (list != NULL && list->kind == NODE_LIST && count == 0)
		warning_add(load->r.faults, &load->policy->own, WARNING_NO_VENDORS, load->file, list->line,
		    "'vendors' is empty, so nothing is vouched for; write ( { name = "
		    "\"autotask\"; } )");
	if (count > VENDORS_MAX) {
		reading_fault(&load->r, list, "more than %d vendors; write fewer", VENDORS_MAX);
		return;
	}
	load->vendors = count == 0 ? NULL : arena_take(load->trees, count * sizeof *load->vendors);
	if (count > 0 && load->vendors == NULL)
		reading_starve(&load->r);
	for (size_t i = 0; i < count && load->vendors != NULL; i++)
		if (list->children[i].kind == NODE_GROUP)
			vendor_read(load, &list->children[i]);
	vendors_place(load);
}

static struct policy *
policy_open(struct faults *faults, const char *file)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct policy *policy = arena == NULL ? NULL : arena_take(arena, sizeof *policy);

	if (policy == NULL) {
		faults_error(faults, file, 0, "out of memory");
		arena_close(arena);
		return NULL;
	}
	policy->arena = arena;
	return policy;
}

struct policy *
policy_text_load(const char *file, const char *text, size_t length, const struct policy_files *files,
    struct faults *faults)
{
	size_t before = faults->errors;
	struct policy *policy = policy_open(faults, file);
	struct load load = { .files = files, .file = file, .policy = policy };
	const struct node *root;

	if (policy == NULL)
		return NULL;
	load.r = (struct reading){ .arena = policy->arena, .faults = faults, .suffixes = files->suffixes, .file = file };
	load.trees = arena_open(POLICY_ARENA_MAX);
	if (load.trees == NULL)
		reading_starve(&load.r);
	root = load.trees == NULL ? NULL : text_tree(&load, file, text, length);
	if (root != NULL) {
		settings_read(&load, root);
		vendors_read(&load, root);
		groups_read(&load, root);
	}
	arena_close(load.trees);
	if (faults->errors == before && !policy_index(policy))
		reading_starve(&load.r);
	if (faults->errors == before)
		return policy;
	policy_free(policy);
	return NULL;
}
