#include <stdio.h>
#include <string.h>

#include "policy/config/policy_vendor.h"
#include "policy/config/tree_write.h"
#include "policy/config/vendor_diff.h"

enum { PLACE_TEXT = 400 };

const struct vendor_sides vendor_sides_site = { "the shipped file", "the shipped one", "the site's file", "the site's" };
const struct vendor_sides vendor_sides_update = { "the present file", "the present one", "the new file", "the new one" };

struct diff {
	const struct vendor_sides *sides;
	const char *before;
	struct arena *arena;
	struct text *out;
	size_t count;
};

/* ---- values ---- */

static bool
node_equal(const struct node *a, const struct node *b)
{
	bool equal = a->kind == b->kind && a->count == b->count && a->truth == b->truth;

	if (a->kind == NODE_STRING || a->kind == NODE_NUMBER)
		return equal && strcmp(a->text, b->text) == 0;
	for (size_t i = 0; equal && i < a->count; i++) /* as deep as policy_scan allows */
		equal = strcmp(a->children[i].name, b->children[i].name) == 0 &&
		    node_equal(&a->children[i], &b->children[i]);
	return equal;
}

/* Which of its equals is this element? The nth of one list is the nth of the other. */
static size_t
place_among(const struct node *list, size_t at, bool (*same)(const struct node *, const struct node *))
{
	size_t place = 0;

	for (size_t i = 0; i < at; i++)
		place += same(&list->children[i], &list->children[at]);
	return place;
}

/* The element of the other list that this one corresponds to; NULL: there is none. */
static const struct node *
counterpart(const struct node *list, size_t at, const struct node *other,
    bool (*same)(const struct node *, const struct node *))
{
	size_t place = place_among(list, at, same);

	for (size_t i = 0; other != NULL && i < other->count; i++)
		if (same(&list->children[at], &other->children[i]) && place-- == 0)
			return &other->children[i];
	return NULL;
}

static void
say_element(struct diff *diff, const char *place, const struct node *element, bool added)
{
	text_format(diff->out, "%s%s: %s %s ", diff->before, place, diff->sides->new_file, added ? "adds" : "lacks");
	node_write(element, diff->out);
	text_format(diff->out, " (line %u", element->line);
	text_format(diff->out, added ? ")\n" : " of %s)\n", diff->sides->old_one);
	diff->count++;
}

/* What the second list has beyond the first, or lacks. */
static void
say_rest(struct diff *diff, const char *place, const struct node *list, const struct node *other, bool added,
    bool (*same)(const struct node *, const struct node *))
{
	for (size_t i = 0; list != NULL && i < list->count; i++)
		if (counterpart(list, i, other, same) == NULL)
			say_element(diff, place, &list->children[i], added);
}

/* ---- groups ---- */

/* What a source or an entry of evidence is known by: the key that says where its addresses come from, or `what`. */
static const struct node *
identity(const struct node *group)
{
	static const char *const names[] = { "what", "spf", "a", "mx", "host", "file", "cidr" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const struct node *node = node_member(group, names[i]);

		if (node != NULL)
			return node;
	}
	return NULL;
}

/* Networks may change one by one: a source of them is known by its tags. */
static bool
group_same(const struct node *a, const struct node *b)
{
	const struct node *x = identity(a), *y = identity(b);
	const struct node *tags = node_member(a, "tags"), *others = node_member(b, "tags");

	if (x == NULL || y == NULL || strcmp(x->name, y->name) != 0)
		return false;
	if (strcmp(x->name, "cidr") != 0)
		return node_equal(x, y);
	return tags == NULL || others == NULL ? tags == others : node_equal(tags, others);
}

static void diff_keys(struct diff *, const struct keys *, const char *place, const struct node *shipped,
    const struct node *site);

static void
diff_groups(struct diff *diff, const struct key *key, const char *place, const struct node *shipped,
    const struct node *site)
{
	struct text inner;

	for (size_t i = 0; shipped != NULL && i < shipped->count; i++) {
		const struct node *element = &shipped->children[i], *other = counterpart(shipped, i, site, group_same);

		if (other == NULL)
			continue;
		text_open(&inner, PLACE_TEXT);
		text_format(&inner, "%s, %s ", place, identity(element)->name);
		node_write(identity(element), &inner);
		text_put(&inner, ", ");
		text_inherit(diff->out, &inner);
		diff_keys(diff, key->elements, inner.bytes, element, other);
		text_close(&inner);
	}
	say_rest(diff, place, shipped, site, false, group_same);
	say_rest(diff, place, site, shipped, true, group_same);
}

/* ---- keys ---- */

static void
say_value(struct diff *diff, const char *who, const struct node *node)
{
	text_put(diff->out, who);
	if (node == NULL) {
		text_put(diff->out, " has none");
		return;
	}
	text_put(diff->out, " has ");
	node_write(node, diff->out);
	if (node->line == 0)
		text_put(diff->out, ", the default");
	else
		text_format(diff->out, " (line %u)", node->line);
}

static void
diff_plain(struct diff *diff, const char *place, const struct node *shipped, const struct node *site)
{
	if (shipped == site || (shipped != NULL && site != NULL && node_equal(shipped, site)))
		return;
	text_format(diff->out, "%s%s: ", diff->before, place);
	say_value(diff, diff->sides->old_file, shipped);
	text_put(diff->out, ", ");
	say_value(diff, diff->sides->new_one, site);
	text_char(diff->out, '\n');
	diff->count++;
}

/* The value of a key, or its default; NULL: it has neither. */
static const struct node *
value_of(struct diff *diff, const struct key *key, const struct node *group)
{
	const struct node *given = node_member(group, key->path);
	struct node *fallback;

	if (given == NULL && strcmp(key->path, "dkim") == 0)
		return node_member(group, "domains");
	if (given != NULL || key->fallback == NULL || key->fallback[0] == '\0')
		return given;
	fallback = arena_take(diff->arena, sizeof *fallback);
	return fallback != NULL && key_fallback(key, diff->arena, fallback) ? fallback : NULL;
}

static void
diff_key(struct diff *diff, const struct key *key, const char *before, const struct node *shipped, const struct node *site)
{
	const struct node *old = value_of(diff, key, shipped), *new = value_of(diff, key, site);
	char place[PLACE_TEXT + 64];

	if (strcmp(key->path, "dkim") == 0 && node_member(shipped, "dkim") == NULL && node_member(site, "dkim") == NULL)
		return; /* it follows domains, which are compared */
	snprintf(place, sizeof place, "%s%s", before, key->path);
	if (key->type->kind != NODE_LIST)
		diff_plain(diff, place, old, new);
	else if (key->elements != NULL)
		diff_groups(diff, key, place, old, new);
	else {
		say_rest(diff, place, old, new, false, node_equal);
		say_rest(diff, place, new, old, true, node_equal);
	}
}

static void
diff_keys(struct diff *diff, const struct keys *keys, const char *place, const struct node *shipped,
    const struct node *site)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].path, "name") != 0)
			diff_key(diff, &keys->list[i], place, shipped, site);
}

size_t
vendor_diff(const struct node *old, const struct node *new, const struct vendor_sides *sides, const char *before,
    struct arena *arena, struct text *out)
{
	struct diff diff = { sides, before, arena, out, 0 };

	diff_keys(&diff, &vendor_keys, "", old, new);
	return diff.count;
}
