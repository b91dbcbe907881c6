#include <stdio.h>
#include <string.h>

#include "policy/config/policy_forms.h"
#include "policy/config/policy_keys.h"
#include "policy/config/policy_value.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

static void *
field_of(const struct key *key, void *base)
{
	return (char *)base + key->offset;
}

/* Puts a list into the two fields of a key. */
static void
put_list(const struct key *key, void *base, const void *list, size_t count)
{
	memcpy(field_of(key, base), &list, sizeof list);
	memcpy((char *)base + key->count_offset, &count, sizeof count);
}

static bool
text_fits(struct reading *r, const struct key *key, const struct node *node)
{
	struct fault why;

	if (node->line == 0) /* a default: a directory of the build may be a value that no file could give */
		return true;
	if (value_text(node->text, &why) && (key->check == NULL || key->check(node->text, &why)))
		return true;
	reading_fault(r, node, "'%s': %s", key->path, why.text);
	return false;
}

static void
text_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	const char **field = field_of(key, base);

	if (text_fits(r, key, node))
		*field = reading_string(r, node->text);
}

/* The index of the word among the key's; false with a fault. */
static bool
word_find(struct reading *r, const struct key *key, const struct node *node, size_t *index)
{
	const char *manual = key->manual;
	char hint[HINT_TEXT];
	size_t count = 0;

	for (; key->words[count] != NULL; count++)
		if (strcmp(key->words[count], node->text) == 0) {
			*index = count;
			return true;
		}
	if (keys_nearest(node->text, key->words, count) != NULL)
		manual = NULL; /* it names the one that was meant */
	if (text_fits(r, key, node))
		reading_fault(r, node, "'%s' cannot be '%.60s'%s%s%s", key->path, node->text,
		    keys_hint(node->text, key->words, count, hint), manual == NULL ? "" : "; see ",
		    manual == NULL ? "" : manual);
	return false;
}

static void
choice_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	const char **field = field_of(key, base);
	size_t index;

	if (word_find(r, key, node, &index))
		*field = key->words[index];
}

static void
word_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	size_t index;
	unsigned value;

	if (!word_find(r, key, node, &index))
		return;
	value = (unsigned)index + (unsigned)key->min; /* an enum without negative values is one */
	memcpy(field_of(key, base), &value, sizeof value);
}

static void
flags_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	uint32_t flags = 0;
	size_t index;

	for (size_t i = 0; i < node->count; i++)
		if (node->children[i].kind != NODE_STRING)
			reading_fault(r, &node->children[i], "'%s' wants strings; write %s", key->path, key->example);
		else if (word_find(r, key, &node->children[i], &index))
			flags |= UINT32_C(1) << index;
	memcpy(field_of(key, base), &flags, sizeof flags);
}

static void
switch_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	bool *field = field_of(key, base);
	size_t index;

	if (word_find(r, key, node, &index))
		*field = index == 1;
}

static void
bool_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	bool *field = field_of(key, base);

	(void)r;
	*field = node->truth;
}

static void
number_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	unsigned *field = field_of(key, base);
	int64_t number;

	if (value_whole(node->text, &number) && number >= key->min && number <= key->max)
		*field = (unsigned)number;
	else
		reading_fault(r, node, "'%s' cannot be %.40s; write a number from %lld to %lld", key->path, node->text,
		    (long long)key->min, (long long)key->max);
}

static bool
duration_find(struct reading *r, const struct key *key, const struct node *node, int64_t unit, int64_t *out)
{
	char least[VALUE_TEXT], most[VALUE_TEXT];

	if (!text_fits(r, key, node))
		return false;
	if (!value_duration(node->text, out)) {
		reading_fault(r, node,
		    "'%s' cannot be '%.40s'; write a duration with its unit (ms, s, m, h, d, w), such as %s", key->path,
		    node->text, key->type->example);
		return false;
	}
	if (*out < key->min || *out > key->max) {
		reading_fault(r, node, "'%s' cannot be '%.40s'; write a duration from %s to %s", key->path, node->text,
		    value_duration_write(key->min, least), value_duration_write(key->max, most));
		return false;
	}
	if (*out % unit != 0) {
		reading_fault(r, node, "'%s' cannot be '%.40s'; write whole seconds", key->path, node->text);
		return false;
	}
	*out /= unit;
	return true;
}

static void
seconds_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	int64_t *field = field_of(key, base), value;

	if (duration_find(r, key, node, 1000, &value))
		*field = value;
}

static void
milliseconds_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	int64_t *field = field_of(key, base), value;

	if (duration_find(r, key, node, 1, &value))
		*field = value;
}

static void
seconds_or_never_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	static const int64_t never = 0;

	if (strcmp(node->text, "never") == 0)
		memcpy(field_of(key, base), &never, sizeof never);
	else
		seconds_read(r, key, node, base);
}

/* In millionths, within the key's range; false with a fault. */
static bool
percentage_find(struct reading *r, const struct key *key, const struct node *node, int64_t *out)
{
	char least[VALUE_TEXT], most[VALUE_TEXT];

	if (!text_fits(r, key, node))
		return false;
	if (value_percentage(node->text, out) && *out >= key->min && *out <= key->max)
		return true;
	reading_fault(r, node, "'%s' cannot be '%.40s'; write a percentage from %s to %s, such as %s", key->path,
	    node->text, value_percentage_write(key->min, least), value_percentage_write(key->max, most), key->example);
	return false;
}

static void
share_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	unsigned *field = field_of(key, base);
	int64_t value;

	if (percentage_find(r, key, node, &value))
		*field = (unsigned)value;
}

static void
percent_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	unsigned *field = field_of(key, base);
	int64_t value;

	if (!percentage_find(r, key, node, &value))
		return;
	if (value % PERCENT == 0)
		*field = (unsigned)(value / PERCENT);
	else
		reading_fault(r, node, "'%s' cannot be '%.40s'; write a whole percentage, such as %s", key->path,
		    node->text, key->example);
}

/* Reads one element of a list into `out`; false with why. */
typedef bool element_read(struct reading *, const struct key *, const char *, void *out, struct fault *why);

/* Reads every valid element, so that each fault is reported. */
static void
list_read(struct reading *r, const struct key *key, const struct node *node, void *base, size_t size,
    element_read *element)
{
	char *list = reading_take(r, node->count, size);
	size_t count = 0;
	struct fault why;

	if (list == NULL)
		return;
	if (key->max > 0 && node->count > (size_t)key->max) {
		reading_fault(r, node, "'%s' holds more than %lld elements; write fewer", key->path, (long long)key->max);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &node->children[i];

		if (child->kind != NODE_STRING)
			reading_fault(r, child, "'%s' wants strings; write %s", key->path, key->type->example);
		else if (child->text[0] == '\0')
			reading_fault(r, child, "'%s' holds an empty string; drop it", key->path);
		else if (!value_text(child->text, &why) || !element(r, key, child->text, list + count * size, &why))
			reading_fault(r, child, "'%s': %s", key->path, why.text);
		else
			count++;
	}
	put_list(key, base, list, count);
}

static bool
text_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	const char **to = out;

	*to = reading_string(r, text);
	return key->check == NULL || key->check(text, why);
}

static void
texts_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(char *), text_element);
}

static bool
network_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	struct prefix *to = out;

	(void)r;
	return prefix_read(text, to, why) && (key->check_network == NULL || key->check_network(to, why));
}

static void
networks_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(struct prefix), network_element);
}

/* "192.0.2.9/24" and "192.0.2.0/24", but not "192.0.2.9/32". */
static bool
is_network(const char *text)
{
	size_t length = strcspn(text, "/");
	char base[ADDRESS_TEXT];
	struct address address;
	int64_t bits;

	if (text[length] == '\0' || length >= sizeof base || !value_whole(text + length + 1, &bits))
		return false;
	memcpy(base, text, length);
	base[length] = '\0';
	return address_read(base, &address) && bits >= 0 &&
	    bits < (address.family == ADDRESS_V4 && strchr(base, ':') == NULL ? 32 : 128);
}

static bool
address_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	if (is_network(text))
		return fault_set(why,
		    "'%.60s' is a network, but only single addresses are authorised, because other hosts in it "
		    "could send too; write each address by itself, put hosts of ours that may send anything into "
		    "own.networks, and let hosts whose address changes authenticate (SMTP AUTH)",
		    text);
	return network_element(r, key, text, out, NULL) ||
	    fault_set(why, "'%.60s' is not an IP address; write \"203.0.113.25\"", text);
}

static void
addresses_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(struct prefix), address_element);
}

static bool
name_is_read(struct reading *r, const char *name, struct name_rule *out, struct fault *why)
{
	char domain[DOMAIN_TEXT];

	if (strchr(name, '*') != NULL)
		return fault_set(why, "'%.80s' contains a '*'; write the name alone, names below it count too", name);
	if (name[0] == '.')
		return fault_set(why, "'%.80s' begins with a dot; write the name alone, names below it count too", name);
	if (forms_domain(name, false, why) || !domain_read(name, strlen(name), domain, why))
		return false;
	out->domain = reading_string(r, domain);
	return true;
}

bool
key_name_rule(struct reading *r, const char *text, struct name_rule *out, struct fault *why)
{
	const char *at = strrchr(text, '@');
	char *local;

	*out = (struct name_rule){ .domain = "" };
	if (text[0] == '=' && at == NULL) {
		out->exact = true;
		return name_is_read(r, text + 1, out, why);
	}
	if (at == NULL)
		return name_is_read(r, text, out, why);
	if (at == text)
		return fault_set(why, "'%.80s' has nothing before '@'; write \"%.80s\" for the domain", text, at + 1);
	if (text[0] == '=')
		return fault_set(why, "'%.80s' needs no '='; a mailbox always means that mailbox alone", text);
	local = arena_copy(r->arena, text, (size_t)(at - text));
	if (local == NULL) {
		reading_starve(r);
		return fault_set(why, "out of memory");
	}
	out->local = local;
	out->exact = true;
	return at[1] == '\0' || name_is_read(r, at + 1, out, why);
}

static bool
mailbox_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	(void)key;
	return key_name_rule(r, text, out, why);
}

/* A name on the public suffix list has customers: names below it are theirs. */
static void
rule_close(const struct reading *r, struct name_rule *rule)
{
	rule->closed = !rule->exact && r->suffixes != NULL && suffix_is_public(r->suffixes, rule->domain);
	rule->exact = rule->exact || rule->closed;
}

static bool
name_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	if (text[strlen(text) - 1] == '@')
		return fault_set(why, "'%.80s' has no domain after '@'; write \"%.80sexample.com\"", text, text);
	if (!mailbox_element(r, key, text, out, why) ||
	    (key->check != NULL && !key->check(((struct name_rule *)out)->domain, why)))
		return false;
	if (key->flags & KEY_OWNER)
		rule_close(r, out);
	return true;
}

static bool
domain_element(struct reading *r, const struct key *key, const char *text, void *out, struct fault *why)
{
	const char *at = strrchr(text, '@');
	struct prefix network;

	if (at != NULL)
		return fault_set(why, "'%.80s' is a mailbox; write a domain name, \"%.80s\"", text,
		    at[1] == '\0' ? "example.com" : at + 1);
	if (prefix_read(text, &network, NULL))
		return fault_set(why, "'%.80s' is %s; write \"%.80s\" where networks are wanted, and a domain name here",
		    text, strchr(text, '/') == NULL ? "an address" : "a network", text);
	return name_element(r, key, text, out, why);
}

static void
domains_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(struct name_rule), domain_element);
}

static void
names_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(struct name_rule), name_element);
}

static void
mailboxes_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	list_read(r, key, node, base, sizeof(struct name_rule), mailbox_element);
}

static void
groups_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	(void)base;
	keys_want_groups(r, key, node);
}

const struct key_type key_text = { "text", "\"text\"", NODE_STRING, text_read };
const struct key_type key_choice = { "a word", "\"mail\"", NODE_STRING, choice_read };
const struct key_type key_word = { "a word", "\"enforce\"", NODE_STRING, word_read };
const struct key_type key_flags = { "a list of words", "[ ]", NODE_LIST, flags_read };
const struct key_type key_switch = { "a word", "\"enforce\"", NODE_STRING, switch_read };
const struct key_type key_bool = { "true or false", "true or false", NODE_BOOL, bool_read };
const struct key_type key_number = { "a whole number", "digits alone, such as 5", NODE_NUMBER, number_read };
const struct key_type key_seconds = { "a duration", "\"20s\"", NODE_STRING, seconds_read };
const struct key_type key_milliseconds = { "a duration", "\"20s\"", NODE_STRING, milliseconds_read };
const struct key_type key_seconds_or_never = { "a duration", "\"90d\"", NODE_STRING, seconds_or_never_read };
const struct key_type key_share = { "a percentage", "\"0.1%\"", NODE_STRING, share_read };
const struct key_type key_percent = { "a percentage", "\"50%\"", NODE_STRING, percent_read };
const struct key_type key_texts = { "a list of texts", "[ \"text\" ]", NODE_LIST, texts_read };
const struct key_type key_networks = { "a list of networks", "[ \"192.0.2.0/24\" ]", NODE_LIST, networks_read };
const struct key_type key_addresses = { "a list of single addresses", "[ \"203.0.113.25\" ]", NODE_LIST, addresses_read };
const struct key_type key_domains = { "a list of domains", "[ \"example.com\" ]", NODE_LIST, domains_read };
const struct key_type key_names = { "a list of domains and mailboxes", "[ \"example.com\" ]", NODE_LIST, names_read };
const struct key_type key_mailboxes = { "a list of domains and mailboxes", "[ \"postmaster@\" ]", NODE_LIST,
	mailboxes_read };
const struct key_type key_groups = { "a list of groups", "( { key = value; } )", NODE_LIST, groups_read };
