#include <string.h>

#include "policy/config/policy_vendor.h"
#include "policy/config/vendor_origin.h"

/* The alternatives of vouch, as a file has them. */
static bool
vouch_node(const struct vendor *vendor, struct arena *arena, struct node *out)
{
	struct node *list = arena_take(arena, (vendor->vouch_count + 1) * sizeof *list);

	for (size_t i = 0; list != NULL && i < vendor->vouch_count; i++) {
		struct text text;

		text_open(&text, 256);
		vouch_write(&vendor->vouch[i], 1, &text);
		list[i] = (struct node){ .name = "", .kind = NODE_STRING, .text = arena_string(arena, text.bytes) };
		if (text.failed)
			arena_fail(arena);
		text_close(&text);
	}
	*out = (struct node){ .name = "vouch", .kind = NODE_LIST, .text = "", .children = list, .count = vendor->vouch_count };
	return list != NULL && !arena_failed(arena);
}

/* What a key without a value comes to; some depend on others, or on there being no file. */
static bool
default_node(const struct vendor *vendor, const struct key *key, const struct vendor_origin *all, size_t before,
    struct arena *arena, struct node *out)
{
	if (strcmp(key->path, "vouch") == 0)
		return vouch_node(vendor, arena, out);
	if (key->fallback != NULL && !key_fallback(key, arena, out))
		return false;
	if (strcmp(key->path, "mode") == 0)
		out->text = vendor_mode_word(vendor->mode);
	for (size_t i = 0; strcmp(key->path, "dkim") == 0 && i < before; i++)
		if (strcmp(all[i].key, "domains") == 0 && all[i].node != NULL)
			*out = *all[i].node;
	return true;
}

static bool
has_default(const struct key *key)
{
	return key->fallback != NULL || strcmp(key->path, "dkim") == 0;
}

size_t
vendor_origins(const struct vendor *vendor, const struct vendor_trees *trees, struct arena *arena,
    struct vendor_origin out[VENDOR_ORIGINS_MAX])
{
	size_t count = 0;

	for (; count < vendor_keys.count && count < VENDOR_ORIGINS_MAX; count++) {
		const struct key *key = &vendor_keys.list[count];
		const struct node *site = trees->entry == NULL ? NULL : node_member(trees->entry, key->path);
		const struct node *own = trees->vendor == NULL ? NULL : node_member(trees->vendor, key->path);
		struct node *fallback;

		if (strcmp(key->path, "name") == 0 && own != NULL)
			site = NULL; /* it only says which file */
		out[count] = (struct vendor_origin){ .key = key->path,
			.node = site != NULL ? site : own,
			.file = site != NULL ? trees->config
			    : own != NULL    ? trees->file
					     : NULL,
			.beside = (key->flags & KEY_SITE) != 0 };
		if (out[count].node != NULL) {
			out[count].line = out[count].node->line;
			continue;
		}
		if (!has_default(key))
			continue;
		fallback = arena_take(arena, sizeof *fallback);
		if (fallback == NULL || !default_node(vendor, key, out, count, arena, fallback))
			return 0;
		out[count].node = fallback;
	}
	return count;
}
