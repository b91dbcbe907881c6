#include <stdio.h>
#include <string.h>

#include "policy/config/policy_load.h"
#include "policy/config/policy_write.h"
#include "policy/config/tree_write.h"

enum { PATH_TEXT = 128 };

/* ---- settings ---- */

struct writing {
	const struct node *root;
	const struct settings *settings;
	struct arena *arena;
	struct text *out;
	const struct keys *elements; /* of the list that is being written; NULL */
	char open[PATH_TEXT];        /* the groups that are open: "greylist.exempt." */
	bool starved;
};

static void
indent_write(const char *open, struct text *out)
{
	for (; *open != '\0'; open++)
		if (*open == '.')
			text_put(out, "  ");
}

static void
group_close(struct writing *writing)
{
	char *open = writing->open;

	open[strlen(open) - 1] = '\0';
	open[strrchr(open, '.') == NULL ? 0 : strrchr(open, '.') - open + 1] = '\0';
	indent_write(open, writing->out);
	text_put(writing->out, "};\n");
}

/* Closes and opens groups until those of the path are open; returns what is left of it. */
static const char *
groups_enter(struct writing *writing, const char *path)
{
	const char *dot;

	while (strncmp(path, writing->open, strlen(writing->open)) != 0)
		group_close(writing);
	while ((dot = strchr(path + strlen(writing->open), '.')) != NULL) {
		const char *name = path + strlen(writing->open);

		indent_write(writing->open, writing->out);
		text_format(writing->out, "%.*s = {\n", (int)(dot - name), name);
		snprintf(writing->open, sizeof writing->open, "%.*s", (int)(dot + 1 - path), path);
	}
	return path + strlen(writing->open);
}

/* The default of a setting; for text what it came to, which may depend on others. */
static bool
default_find(struct writing *writing, const struct key *key, struct node *out)
{
	if (key->fallback == NULL || key->type == &key_groups)
		return false;
	if (!key_fallback(key, writing->arena, out)) {
		writing->starved = true;
		return false;
	}
	if (key->type == &key_text)
		memcpy(&out->text, (const char *)writing->settings + key->offset, sizeof out->text);
	return true;
}

/* The defaults that an element leaves as they are, as a comment: some are not allowed in every element. */
static void
element_defaults(struct writing *writing, const struct node *element)
{
	const struct keys *keys = writing->elements;
	const struct node *kind = node_member(element, "kind");
	const char *before = " # default: ";
	struct node node;

	for (size_t i = 0; keys != NULL && i < keys->count; i++) {
		const struct key *key = &keys->list[i];

		if (key->fallback == NULL || key->fallback[0] == '\0' || node_member(element, key->path) != NULL ||
		    (key->of != NULL && (kind == NULL || strcmp(kind->text, key->of) != 0)))
			continue;
		if (!key_fallback(key, writing->arena, &node)) {
			writing->starved = true;
			return;
		}
		text_format(writing->out, "%s%s = ", before, key->path);
		node_write(&node, writing->out);
		before = "; ";
	}
}

/* A list of groups has a line for each. */
static void
groups_write(struct writing *writing, const struct node *list)
{
	text_put(writing->out, "(");
	for (size_t i = 0; i < list->count; i++) {
		text_put(writing->out, "\n  ");
		node_write(&list->children[i], writing->out);
		text_put(writing->out, i + 1 < list->count ? "," : "");
		element_defaults(writing, &list->children[i]);
	}
	text_put(writing->out, "\n)");
}

static void
setting_write(struct writing *writing, const struct key *key)
{
	const struct node *given = keys_find(writing->root, key->path);
	const char *name = groups_enter(writing, key->path);
	struct text *out = writing->out;
	struct node node;

	indent_write(writing->open, out);
	if (given == NULL && !default_find(writing, key, &node)) {
		text_format(out, "# %s is not set: %s\n", name, key->help);
		return;
	}
	text_format(out, "%s = ", name);
	writing->elements = key->elements;
	if (given != NULL && key->type == &key_groups && given->count > 0)
		groups_write(writing, given);
	else
		node_write(given == NULL ? &node : given, out);
	text_put(out, given == NULL ? "; # default\n" : ";\n");
}

bool
settings_write(const struct node *root, const struct settings *settings, struct text *out)
{
	struct writing writing = { .root = root, .settings = settings, .arena = arena_open(POLICY_ARENA_MAX), .out = out };

	if (writing.arena == NULL)
		return false;
	for (size_t i = 0; i < setting_keys.count; i++)
		setting_write(&writing, &setting_keys.list[i]);
	while (writing.open[0] != '\0')
		group_close(&writing);
	arena_close(writing.arena);
	return !writing.starved && !out->cut;
}
