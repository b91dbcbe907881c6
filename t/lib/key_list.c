#include "policy/config/policy_load.h"
#include "policy/config/policy_value.h"
#include "policy/util/text.h"
#include "t/lib/key_list.h"

static const struct keys *const tables[] = { &setting_keys, &delegation_keys, &partner_keys, &relay_keys,
	&exception_keys, &export_keys, &vendor_keys, &source_keys, &evidence_keys };

static void
words_write(struct text *out, const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		text_format(out, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
}

static void
range_write(struct text *out, const struct key *key)
{
	const struct key_type *type = key->type;
	char least[VALUE_TEXT], most[VALUE_TEXT];

	if (type == &key_seconds || type == &key_milliseconds || type == &key_seconds_or_never)
		text_format(out, " from %s to %s", value_duration_write(key->min, least),
		    value_duration_write(key->max, most));
	if (type == &key_seconds_or_never)
		text_put(out, ", or never");
	if (type == &key_share || type == &key_percent)
		text_format(out, " from %s to %s", value_percentage_write(key->min, least),
		    value_percentage_write(key->max, most));
	if (type == &key_number)
		text_format(out, " from %lld to %lld", (long long)key->min, (long long)key->max);
}

/* "duration from 1s to 5m", "enforce or monitor". */
static void
type_write(struct text *out, const struct key *key)
{
	if (key->words != NULL && key->type != &key_flags)
		words_write(out, key->words);
	else
		text_put(out, key->word == NULL ? key->type->word : key->word);
	range_write(out, key);
}

static const char *
fallback_of(const struct key *key)
{
	if (key->flags & KEY_REQUIRED)
		return "required";
	return key->fallback == NULL || *key->fallback == '\0' ? "none" : key->fallback;
}

static void
key_show(const char *place, const struct key *key, key_list_fn *each, void *context)
{
	struct text path, type;

	text_open(&path, 256);
	text_open(&type, 1024);
	text_format(&path, "%s%s", key->flags & KEY_SITE ? "vendors." : place, key->path);
	type_write(&type, key);
	each(context, path.bytes, type.bytes, fallback_of(key), key->help);
	text_close(&type);
	text_close(&path);
}

void
key_list(key_list_fn *each, void *context)
{
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (size_t j = 0; j < tables[i]->count; j++)
			key_show(tables[i]->place, &tables[i]->list[j], each, context);
}
