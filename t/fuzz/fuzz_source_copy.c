/* Any bytes as the last good copy of a source; and as the hostile strings inside one that we write. */
#include <string.h>

#include "policy/sources/source_copy.h"
#include "t/fuzz/fuzz.h"

enum { MEMORY = 8 << 20, TEXT = 4 << 20 };

static bool
networks_equal(const struct source_copy *a, const struct source_copy *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->networks[i].since != b->networks[i].since || strcmp(a->networks[i].path, b->networks[i].path) != 0)
			return false;
	return source_copy_same(a, b);
}

/* What is written is read back the same. */
static void
check_comes_back(struct arena *arena, const struct source_copy *copy)
{
	struct source_copy again;
	struct fault why = { 0 };
	struct text text;

	text_open(&text, TEXT);
	source_copy_write(copy, &text);
	if (!text.cut && source_copy_read(arena, "", text.bytes, text.length, &again, &why))
		must(networks_equal(copy, &again) && strcmp(copy->source, again.source) == 0 &&
		    strcmp(copy->trouble, again.trouble) == 0 && strcmp(copy->asked_why, again.asked_why) == 0 &&
		    copy->believed == again.believed && copy->changed == again.changed && copy->next == again.next &&
		    copy->ttl == again.ttl && copy->asked == again.asked);
	else
		must(text.cut || strstr(why.text, "out of memory") != NULL || strstr(why.text, "too long") != NULL);
	text_close(&text);
}

/* In order, without host bits, each inside the whole. */
static void
check_networks(const struct source_copy *copy)
{
	struct text missing;

	text_open(&missing, TEXT);
	for (size_t i = 0; i < copy->count; i++) {
		const struct prefix *prefix = &copy->networks[i].prefix;
		struct address masked = address_mask(prefix->base, prefix->bits);

		must(prefix->bits <= address_width(&prefix->base) && address_equal(&masked, &prefix->base));
		must(i == 0 || source_copy_order(&copy->networks[i - 1].prefix, prefix) < 0);
		must(source_copy_has(copy, prefix) && source_copy_covers(copy, prefix, 1, 1, &missing));
		must(strlen(copy->networks[i].path) < SOURCE_PATH_MAX);
	}
	text_close(&missing);
}

static void
check_diff(const struct source_copy *copy)
{
	static const struct source_copy none;
	struct text text;

	text_open(&text, TEXT);
	source_copy_diff(copy, copy, 10, &text);
	must(text.length == 0);
	source_copy_diff(&none, copy, 10, &text);
	must((text.length > 0) == (copy->count > 0) && strlen(text.bytes) == text.length &&
	    strchr(text.bytes, '\n') == NULL);
	text_close(&text);
}

/* The first bytes are a network, all of them are every string. */
static void
check_hostile(struct arena *arena, const uint8_t *data, size_t size)
{
	const char *words = arena_copy(arena, data, size);
	struct source_network network = { { { .family = ADDRESS_NONE }, 0 }, words };
	struct source_copy copy;

	if (words == NULL || size < 17)
		return;
	network.prefix.base = size % 2 == 0 ? address_of_v4(data) : address_of_v6(data);
	network.prefix.bits = (uint8_t)(data[16] % (address_width(&network.prefix.base) + 1));
	if (!source_copy_take(arena, words, &network, 1, NULL, (int64_t)data[0] << data[1] % 56, &copy))
		return;
	if (copy.believed > INT64_C(253402300799))
		copy.believed = ((struct copied_network *)copy.networks)->since = 1;
	copy.asked = words[0] != '\0';
	copy.asked_why = copy.trouble = words;
	check_comes_back(arena, &copy);
}

/* Copies that stand one behind the other: the pieces are all of it, in order. */
static void
check_cut(struct arena *arena, struct span rest)
{
	const char *at = rest.at, *end = rest.at + rest.length;
	struct source_copy copy;
	struct span one;
	struct fault why;

	while (source_copy_cut(&rest, &one)) {
		must(one.length > 0 && one.at >= at && one.at + one.length <= rest.at && rest.at + rest.length == end);
		at = one.at + one.length;
		(void)!source_copy_read(arena, "fuzz", one.at, one.length, &copy, &why);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(MEMORY);
	struct source_copy copy;
	struct fault why = { 0 };

	if (arena == NULL)
		return 0;
	if (source_copy_read(arena, "fuzz", (const char *)data, size, &copy, &why)) {
		check_networks(&copy);
		check_diff(&copy);
		check_comes_back(arena, &copy);
	} else {
		must(why.text[0] != '\0' && why.line > 0 && strcmp(why.file, "fuzz") == 0);
	}
	check_hostile(arena, data, size);
	check_cut(arena, (struct span){ (const char *)data, size });
	arena_close(arena);
	return 0;
}
