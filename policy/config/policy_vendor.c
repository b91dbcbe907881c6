#include <stdio.h>
#include <string.h>

#include "policy/config/policy_forms.h"
#include "policy/config/policy_value.h"
#include "policy/config/policy_vendor.h"
#include "policy/rules/warning.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"
#include "policy/util/suffix.h"
#include "policy/util/text.h"

enum { LINES_MAX = 1000 * 1000 };
enum { SECOND = 1000, DAY = 24 * 3600 * SECOND };
enum { WIDEST_V4 = 8, WIDEST_V6 = 16 }; /* no vendor has more; a slip would list half the world */

static const char *const kinds[] = {
	[VENDOR_APPLICATION] = "application", [VENDOR_ESP] = "esp", [VENDOR_GATEWAY] = "gateway", NULL
};
static const char *const modes[] = { [MODE_ENFORCE] = "enforce", [MODE_VOUCH] = "vouch", [MODE_MONITOR] = "monitor", NULL };
const char *const vendor_action_words[] = { [ACTION_PASS] = "pass",
	[ACTION_TAG] = "tag",
	[ACTION_QUARANTINE] = "quarantine",
	[ACTION_GREYLIST] = "greylist",
	[ACTION_DEFER] = "defer",
	[ACTION_REJECT] = "reject",
	NULL };
static const char *const uses[] = { [USE_MX] = "mx", [USE_LOGIN] = "login", [USE_API] = "api", NULL };
static const char *const source_kinds[] = {
	[SOURCE_CIDR] = "cidr", [SOURCE_FILE] = "file", [SOURCE_A] = "a", [SOURCE_MX] = "mx", [SOURCE_SPF] = "spf", [SOURCE_HOST] = "host"
};

/* With a top-level domain, everybody's mail would claim the vendor. */
bool
vendor_name_fits(const char *domain, struct fault *why)
{
	return domain_labels(domain) > 1 || fault_set(why, "'%s' is a top-level domain; write a name below it", domain);
}

bool
vendor_network_fits(const struct prefix *prefix, struct fault *why)
{
	unsigned least = prefix->base.family == ADDRESS_V4 ? WIDEST_V4 : WIDEST_V6;
	char text[PREFIX_TEXT];

	return prefix->bits >= least ||
	    fault_set(why, "'%s' is too wide for a source; write networks of /%u or longer", prefix_write(prefix, text),
		least);
}

/* "listed+spf" into bits. */
static bool
proofs_read(const char *text, unsigned *out, struct fault *why)
{
	struct span rest = span_of(text);
	char hint[HINT_TEXT], word[64];

	*out = 0;
	do {
		struct span part = span_trim(span_cut(&rest, '+'));
		size_t i = 0;

		while (i < PROOFS && !span_is(part, proof_words[i]))
			i++;
		if (i == PROOFS && forms_evidence(text, proof_words, PROOFS, why))
			return false;
		if (i == PROOFS) {
			snprintf(word, sizeof word, "%.*s", part.length < 60 ? (int)part.length : 60, part.at);
			return fault_set(why, "'%s' is not a kind of evidence%s", word,
			    keys_hint(word, proof_words, PROOFS, hint));
		}
		*out |= 1u << i;
	} while (rest.length > 0);
	return text[strlen(text) - 1] != '+' || fault_set(why, "'%.60s' ends in '+'; drop it", text);
}

static void
vouch_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	unsigned *field = (unsigned *)(void *)((char *)base + key->offset);
	size_t count = 0;
	struct fault why;

	if (node->count > VOUCH_MAX) {
		reading_fault(r, node, "'%s' holds more than %d alternatives; drop some", key->path, VOUCH_MAX);
		return;
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *child = &node->children[i];

		if (child->kind != NODE_STRING || child->text[0] == '\0')
			reading_fault(r, child, "'%s' wants strings; write %s", key->path, key->type->example);
		else if (!value_text(child->text, &why) || !proofs_read(child->text, &field[count], &why))
			reading_fault(r, child, "'%s': %s", key->path, why.text);
		else
			count++;
	}
	memcpy((char *)base + key->count_offset, &count, sizeof count);
}

const struct key_type key_vouch = { "a list of evidence", "[ \"listed+spf\", \"dkim\" ]", NODE_LIST, vouch_read };

/* One source before its kind is known. */
struct source_load {
	struct source source;
	const char *where[SOURCE_KINDS]; /* by kind; cidr has none */
};

#define AT(field) .offset = offsetof(struct source_load, field)
#define LIST_AT(list, count) \
	.offset = offsetof(struct source_load, list), .count_offset = offsetof(struct source_load, count)

static const struct key source_rows[] = {
	{ "cidr", &key_networks, NULL, "networks, written out", LIST_AT(source.prefixes, source.prefix_count),
	    .check_network = vendor_network_fits },
	{ "file", &key_text, NULL, "a file beside this one: one network per line, '#' begins a comment",
	    AT(where[SOURCE_FILE]), .word = "a path", .example = "\"networks.list\"" },
	{ "a", &key_text, NULL, "a host name: its A and AAAA records", AT(where[SOURCE_A]), .word = "a domain name",
	    .example = "\"mailers.example.com\"" },
	{ "mx", &key_text, NULL, "a domain: the addresses of its MX hosts", AT(where[SOURCE_MX]),
	    .word = "a domain name", .example = "\"mailers.example.com\"" },
	{ "spf", &key_text, NULL, "a domain: what its SPF record lets pass", AT(where[SOURCE_SPF]),
	    .word = "a domain name", .example = "\"mailers.example.com\"" },
	{ "host", &key_text, NULL, "a domain with a dot in front: clients whose confirmed name is below it",
	    AT(where[SOURCE_HOST]), .word = "a domain name with a dot in front", .example = "\".outbound.example.com\"" },
	{ "tags", &key_texts, NULL, "territory, data centre, zone; a source without tags always counts",
	    LIST_AT(source.tags, source.tag_count), .word = "a list of names", .check = value_name },
	{ "exclusive", &key_bool, "false", "nobody else sends mail from there", AT(source.exclusive) },
	{ "use", &key_word, "mx", "what these hosts do; only mx counts for listed", AT(source.use), .words = uses },
	{ "as_of", &key_text, NULL, "the day on which the vendor published it", AT(source.as_of), .word = "a date",
	    .example = "\"2026-08-01\"", .check = value_date },
	{ "review_by", &key_text, NULL, "the day by which a person should review it", AT(source.review_by),
	    .word = "a date", .example = "\"2026-08-01\"", .check = value_date },
	{ "max_stale", &key_seconds, "7d", "how long the last good answer is believed while DNS fails",
	    AT(source.max_stale), .min = SECOND, .max = INT64_C(365) * DAY },
};
const struct keys source_keys = { "vendor.sources.", source_rows, sizeof source_rows / sizeof source_rows[0] };

#undef AT
#define AT(field) .offset = offsetof(struct evidence, field)

static const struct key evidence_rows[] = {
	{ "what", &key_text, NULL, "the key that this supports, or the fact", AT(what), .flags = KEY_REQUIRED },
	{ "where", &key_text, NULL, "the page, list or header that says so", AT(where), .flags = KEY_REQUIRED },
	{ "seen", &key_text, NULL, "its date, or \"undated\"", AT(seen), .flags = KEY_REQUIRED },
};
const struct keys evidence_keys = { "vendor.evidence.", evidence_rows, sizeof evidence_rows / sizeof evidence_rows[0] };

/* Which of the kinds this group describes; false with a fault. */
static bool
source_kind_find(struct reading *r, const struct node *group, enum source_kind *kind)
{
	const struct node *found = NULL;

	for (unsigned i = 0; i < SOURCE_KINDS; i++) {
		const struct node *node = node_member(group, source_kinds[i]);

		if (node != NULL && found != NULL) {
			reading_fault(r, node, "a source has '%s' and '%s'; write two sources", found->name, node->name);
			return false;
		}
		if (node != NULL) {
			found = node;
			*kind = (enum source_kind)i;
		}
	}
	if (found == NULL)
		reading_fault(r, group, "a source has no address; write one of cidr, file, a, mx, spf or host");
	return found != NULL;
}

/* ".outbound.vendor.example" without its dot. */
static bool
host_read(const struct reading *r, const char *text, char out[DOMAIN_TEXT], struct fault *why)
{
	if (forms_host(text, why) || !domain_read(text + 1, strlen(text + 1), out, why) || !vendor_name_fits(out, why))
		return false;
	if (r->suffixes == NULL || !suffix_is_public(r->suffixes, out))
		return true;
	return fault_set(why,
	    "'.%s' is on the public suffix list: hosts below it are its customers'; write the vendor's own name below it, such as "
	    "\".vendor.%s\"",
	    out, out);
}

static bool
source_name_read(const struct reading *r, const struct source *source, char out[DOMAIN_TEXT], struct fault *why)
{
	if (source->kind == SOURCE_HOST)
		return host_read(r, source->name, out, why);
	return !forms_domain(source->name, true, why) && domain_read(source->name, strlen(source->name), out, why);
}

static void
source_name(struct reading *r, const struct node *node, struct source *source)
{
	char name[DOMAIN_TEXT];
	struct fault why;

	if (node->kind != NODE_STRING || source->name[0] == '\0' || source->kind == SOURCE_FILE)
		return;
	if (source_name_read(r, source, name, &why))
		source->name = reading_string(r, name);
	else
		reading_fault(r, node, "'%s': %s", node->name, why.text);
}

/* "a:uk.mailers.example", "cidr:192.0.2.0/24,...": its name in logs and reports. */
static void
source_text(struct reading *r, struct source *source)
{
	char first[PREFIX_TEXT] = "";

	if (source->kind == SOURCE_CIDR && source->prefix_count > 0)
		prefix_write(&source->prefixes[0], first);
	source->text = arena_format(r->arena, "%s:%s%s%s%s", source_kinds[source->kind], first,
	    source->kind == SOURCE_HOST ? "." : "", source->name,
	    source->kind == SOURCE_CIDR && source->prefix_count > 1 ? ",..." : "");
	if (source->text == NULL) {
		source->text = "";
		reading_starve(r);
	}
}

static void
source_read(struct reading *r, const struct node *group, struct source *out)
{
	struct source_load loaded = { .source = { .name = "", .text = "", .line = group->line } };
	struct source *source = &loaded.source;
	size_t before = r->faults->errors;

	keys_default(r, &source_keys, &loaded);
	keys_read(r, &source_keys, group, &loaded);
	source->exclusive_said = node_member(group, "exclusive") != NULL;
	if (source_kind_find(r, group, &source->kind)) {
		source->name = source->kind == SOURCE_CIDR ? "" : loaded.where[source->kind];
		source_name(r, node_member(group, source_kinds[source->kind]), source);
		if (source->kind == SOURCE_CIDR && source->prefix_count == 0 && before == r->faults->errors)
			reading_fault(r, group,
			    "'cidr' lists no network; write [ \"192.0.2.0/24\" ] or drop the "
			    "source");
		source_text(r, source);
	}
	if (source->as_of[0] != '\0' && source->review_by[0] != '\0' && strcmp(source->review_by, source->as_of) < 0)
		reading_fault(r, group, "'review_by' is before 'as_of'; write a later day");
	*out = *source;
}

static void
sources_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	struct vendor_load *loaded = base;
	struct source *sources = reading_take(r, node->count, sizeof *sources);

	size_t count = 0;

	keys_want_groups(r, key, node);
	for (size_t i = 0; sources != NULL && i < node->count; i++)
		if (node->children[i].kind == NODE_GROUP)
			source_read(r, &node->children[i], &sources[count++]);
	loaded->sources = sources;
	loaded->sources_file = r->file;
	loaded->vendor.source_count = count;
}

static void
evidence_read(struct reading *r, const struct key *key, const struct node *node, void *base)
{
	struct vendor_load *loaded = base;
	struct evidence *list = reading_take(r, node->count, sizeof *list);

	size_t count = 0;

	keys_want_groups(r, key, node);
	for (size_t i = 0; list != NULL && i < node->count; i++) {
		if (node->children[i].kind != NODE_GROUP)
			continue;
		keys_default(r, &evidence_keys, &list[count]);
		keys_require(r, &evidence_keys, &node->children[i]);
		keys_read(r, &evidence_keys, &node->children[i], &list[count++]);
	}
	loaded->vendor.evidence = list;
	loaded->vendor.evidence_count = count;
}

static const struct key_type key_sources = { "a list of groups", "( { a = \"mailers.example.com\"; } )", NODE_LIST,
	sources_read };
static const struct key_type key_evidence = { "a list of groups",
	"( { what = \"sources\"; where = \"the vendor's page\"; seen = \"2026-08-01\"; } )", NODE_LIST, evidence_read };

#undef AT
#undef LIST_AT
#define AT(field) .offset = offsetof(struct vendor_load, field)
#define LIST_AT(list, count) \
	.offset = offsetof(struct vendor_load, list), .count_offset = offsetof(struct vendor_load, count)

static const struct key vendor_rows[] = {
	{ "name", &key_text, NULL, "the name of this file without .conf", AT(vendor.name), .word = "a name",
	    .check = value_name, .example = "\"acme\"", .flags = KEY_REQUIRED },
	{ "title", &key_text, NULL, "the vendor as people call it", AT(vendor.title) },
	{ "kind", &key_word, "application", "what it is", AT(vendor.kind), .words = kinds },
	{ "domains", &key_names, NULL, "names that it owns: an author or sender there claims the vendor",
	    LIST_AT(vendor.domains.list, vendor.domains.count), .check = vendor_name_fits,
	    .flags = KEY_REQUIRED | KEY_OWNER },
	{ "envelope", &key_names, "", "further domains of its bounce addresses",
	    LIST_AT(vendor.envelope.list, vendor.envelope.count), .check = vendor_name_fits, .flags = KEY_OWNER },
	{ "dkim", &key_domains, NULL, "signing domains (d=) that prove it",
	    LIST_AT(vendor.dkim.list, vendor.dkim.count), .check = vendor_name_fits, .flags = KEY_OWNER },
	{ "sources", &key_sources, NULL, "where its mail comes from", AT(sources), .elements = &source_keys },
	{ "vouch", &key_vouch, "listed+spf, dkim", "alternatives; '+' joins the evidence that one of them needs",
	    LIST_AT(vendor.vouch, vendor.vouch_count) },
	{ "on_forged", &key_word, "reject", "for mail that claims the vendor, with all evidence against it",
	    AT(vendor.on_forged), .words = vendor_action_words },
	{ "on_unproven", &key_word, "greylist", "for mail with some evidence, but not enough to vouch",
	    AT(vendor.on_unproven), .words = vendor_action_words },
	{ "on_unsure", &key_word, "defer", "for mail whose evidence could not be found out", AT(vendor.on_unsure),
	    .words = vendor_action_words },
	{ "mode", &key_word, "enforce", "how far this vendor's policy is trusted", AT(vendor.mode), .words = modes },
	{ "evidence", &key_evidence, NULL, "how each fact of this file is known", AT(vendor.evidence),
	    .elements = &evidence_keys },
	{ "unknown", &key_texts, NULL, "what is not known of it: what a site should ask it for",
	    LIST_AT(vendor.unknown, vendor.unknown_count), .word = "a list of texts", .example = "[ \"bounce domain\" ]" },
	{ "tags", &key_texts, NULL, "which sources count; without it all do", LIST_AT(tags, tag_count),
	    .word = "a list of names", .check = value_name, .flags = KEY_SITE },
	{ "inline", &key_bool, "false", "it has no file: what stands beside its name is all", AT(is_inline),
	    .flags = KEY_SITE },
	{ "accept", &key_flags, NULL, "warnings about this vendor that are settled", AT(vendor.accepts),
	    .words = warning_slugs, .manual = WARNING_MANUAL, .word = "a list of warnings",
	    .example = "[ \"shared-source\" ]", .flags = KEY_SITE },
};
const struct keys vendor_keys = { "vendor.", vendor_rows, sizeof vendor_rows / sizeof vendor_rows[0] };

/* Into the room behind those that were read. */
static void
network_read(struct reading *r, const char *file, unsigned line, struct span entry, struct source *source,
    struct prefix *list)
{
	struct fault why;
	char word[64];

	if (entry.length >= sizeof word || memchr(entry.at, '\0', entry.length) != NULL) {
		faults_error(r->faults, file, line, "not a network; write one per line, '192.0.2.0/24'");
		return;
	}
	memcpy(word, entry.at, entry.length);
	word[entry.length] = '\0';
	if (!value_text(word, &why) || !prefix_read(word, &list[source->prefix_count], &why) ||
	    !vendor_network_fits(&list[source->prefix_count], &why))
		faults_error(r->faults, file, line, "%s", why.text);
	else
		source->prefix_count++;
}

void
vendor_networks_read(struct reading *r, struct source *source, const char *file, const char *text, size_t length)
{
	struct span rest = { text, length };
	struct prefix *list;
	size_t lines = 1, before = r->faults->errors;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* nobody sees it in the line that it spoils */
		faults_error(r->faults, file, 1, "the file begins with a byte order mark; save it as UTF-8 without BOM");
		return;
	}
	for (const char *at = text; (at = memchr(at, '\n', (size_t)(text + length - at))) != NULL; at++)
		lines++;
	if (lines > LINES_MAX + 1) { /* one more after the last newline */
		faults_error(r->faults, file, 0, "more than %d lines; write wider networks", LINES_MAX);
		return;
	}
	list = reading_take(r, lines, sizeof *list);
	if (list == NULL)
		return;
	source->prefixes = list;
	for (unsigned line = 1; rest.length > 0; line++) {
		struct span row = span_cut(&rest, '\n');
		struct span entry = span_trim(span_cut(&row, '#'));

		if (entry.length > 0)
			network_read(r, file, line, entry, source, list);
	}
	/* a list emptied by mistake would make all of the vendor's mail forged */
	if (source->prefix_count == 0 && r->faults->errors == before)
		faults_error(r->faults, file, 0,
		    "lists no network; write one per line, '192.0.2.0/24', or drop the source");
}

void
vendor_load_open(struct reading *r, struct vendor_load *loaded)
{
	*loaded = (struct vendor_load){ .vendor.file = "", .sources_file = "", .errors_before = r->faults->errors };
	keys_default(r, &vendor_keys, loaded);
}

void
vendor_load_inline(struct vendor_load *loaded)
{
	loaded->vendor.mode = MODE_VOUCH;
	loaded->vendor.vouch[0] = PROOF_DKIM;
	loaded->vendor.vouch[1] = PROOF_SPF | PROOF_DMARC;
	loaded->vendor.vouch_count = 2;
}

void
vendor_load_read(struct reading *r, const struct node *group, struct vendor_load *loaded)
{
	const struct node *tags = node_member(group, "tags");
	const struct node *domains = node_member(group, "domains");

	keys_read(r, &vendor_keys, group, loaded);
	loaded->own_dkim = loaded->own_dkim || node_member(group, "dkim") != NULL;
	loaded->own_vouch = loaded->own_vouch || node_member(group, "vouch") != NULL;
	if (tags != NULL)
		loaded->tags_line = tags->line;
	if (domains != NULL && domains->kind == NODE_LIST && domains->count == 0)
		reading_fault(r, domains, "'domains' is empty; name at least one domain of the vendor");
}

/* Every tag of the sources, each once. */
static size_t
tags_collect(const struct source *sources, size_t source_count, bool counting, const char **out, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < source_count; i++)
		for (size_t j = 0; j < sources[i].tag_count && count < room; j++) {
			size_t k = 0;

			if (counting && !source_counts(&sources[i]))
				break;
			while (k < count && strcmp(out[k], sources[i].tags[j]) != 0)
				k++;
			out[k] = sources[i].tags[j];
			count += k == count;
		}
	return count;
}

bool
vendor_tag_fits(const struct vendor *vendor, const struct source *sources, bool counting, const char *tag,
    struct fault *why)
{
	enum { SHOWN = 64, TAGS_LENGTH = 200 };
	const char *known[SHOWN], *near, *which = counting ? " that counts" : "";
	size_t count;
	struct text list;

	for (size_t i = 0; i < vendor->source_count; i++)
		if ((!counting || source_counts(&sources[i])) && source_has_tag(&sources[i], tag))
			return true;
	count = tags_collect(sources, vendor->source_count, counting, known, SHOWN);
	if (count == 0)
		return fault_set(why, "tag '%s' selects no source of '%s', which has no tags; drop 'tags'", tag,
		    vendor->name);
	near = keys_nearest(tag, known, count);
	text_open(&list, HINT_TEXT);
	for (size_t i = 0; i < count && list.length < TAGS_LENGTH; i++)
		text_format(&list, "%s%.80s", i == 0 ? "" : ", ", known[i]);
	if (list.length >= TAGS_LENGTH)
		text_put(&list, " ..."); /* a fault has room for no more */
	fault_set(why, "tag '%s' selects no source of '%s'%s; %s%s%sits tags are %s", tag, vendor->name, which,
	    near == NULL ? "" : "did you mean '", near == NULL ? "" : near, near == NULL ? "" : "'? ", list.bytes);
	text_close(&list);
	return false;
}

static void
sources_select(struct vendor_load *loaded)
{
	for (size_t i = 0; i < loaded->vendor.source_count; i++) {
		struct source *source = &loaded->sources[i];

		source->selected = source_is_chosen(source, loaded->tags, loaded->tag_count);
	}
}

/* `listed` alone proves nothing where others send from the same hosts (greenlane-vendor(5)). */
static void
listed_alone_check(struct reading *r, const struct vendor_load *loaded)
{
	const struct vendor *vendor = &loaded->vendor;
	bool alone = false;

	for (size_t i = 0; i < vendor->vouch_count; i++)
		alone = alone || vendor->vouch[i] == PROOF_LISTED;
	for (size_t i = 0; alone && i < vendor->source_count; i++)
		if (source_counts(&loaded->sources[i]) && !loaded->sources[i].exclusive)
			faults_error(r->faults, loaded->sources_file, loaded->sources[i].line,
			    "'listed' is alone in vouch of '%s', but this source is shared; write \"listed+spf\" "
			    "there, or exclusive = true here if nobody else sends mail from it",
			    vendor->name);
}

/* Alternatives that no message can satisfy are not an error, but nobody writes them on purpose. */
static void
vouch_reach_check(struct reading *r, const struct vendor_load *loaded)
{
	const struct vendor *vendor = &loaded->vendor;
	bool listable = false;

	for (size_t i = 0; i < vendor->source_count; i++)
		listable = listable || source_counts(&loaded->sources[i]);
	for (size_t i = 0; i < vendor->vouch_count; i++) {
		if ((vendor->vouch[i] & PROOF_DKIM) && vendor->dkim.count == 0)
			warning_add(r->faults, vendor, WARNING_VOUCH_UNREACHABLE, r->file, vendor->line,
			    "'%s' vouches by dkim, but its dkim is empty; drop that "
			    "alternative",
			    vendor->name);
		if ((vendor->vouch[i] & PROOF_LISTED) && !listable)
			warning_add(r->faults, vendor, WARNING_VOUCH_UNREACHABLE, r->file, vendor->line,
			    "'%s' vouches by listed, but no selected source counts; drop that "
			    "alternative",
			    vendor->name);
	}
}

void
vendor_load_finish(struct reading *r, struct vendor_load *loaded)
{
	struct fault why;

	for (size_t i = 0; i < loaded->tag_count; i++)
		if (!vendor_tag_fits(&loaded->vendor, loaded->sources, false, loaded->tags[i], &why))
			faults_error(r->faults, r->file, loaded->tags_line, "%s", why.text);
	sources_select(loaded);
	if (!loaded->own_dkim)
		loaded->vendor.dkim = loaded->vendor.domains;
	listed_alone_check(r, loaded);
	if (loaded->own_vouch && r->faults->errors == loaded->errors_before)
		vouch_reach_check(r, loaded);
}
