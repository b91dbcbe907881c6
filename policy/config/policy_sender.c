#include <string.h>

#include "policy/config/policy_keys.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_tree.h"
#include "policy/config/policy_vendor.h"
#include "policy/util/arena.h"

static bool
is_of_kind(const struct node *vendor, const char *word)
{
	const struct node *kind = node_member(vendor, "kind");

	return kind != NULL && kind->kind == NODE_STRING && strcmp(kind->text, word) == 0;
}

/* Its own names as written; the names of its sources as exact names, but those of hosts, which hold the names below. */
static bool
sender_fill(struct reading *r, const struct vendor_load *loaded, struct shared_sender *out)
{
	const struct vendor *vendor = &loaded->vendor;
	size_t networks = 0, count = vendor->domains.count + vendor->envelope.count;
	struct name_rule *names = reading_take(r, count + vendor->source_count, sizeof *names);
	struct prefix *prefixes;

	for (size_t i = 0; i < vendor->source_count; i++)
		networks += loaded->sources[i].prefix_count;
	prefixes = reading_take(r, networks, sizeof *prefixes);
	if (names == NULL || prefixes == NULL)
		return false;
	*out = (struct shared_sender){ .vendor = vendor->name,
		.kind = vendor->kind,
		.names = { names, count },
		.networks = { prefixes, networks } };
	for (size_t i = 0; i < count; i++)
		names[i] = i < vendor->domains.count
		    ? vendor->domains.list[i]
		    : vendor->envelope.list[i - vendor->domains.count];
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &loaded->sources[i];

		if (source->kind != SOURCE_CIDR && source->kind != SOURCE_FILE)
			names[out->names.count++] = (struct name_rule){ .domain = source->name,
				.exact = source->kind != SOURCE_HOST };
		for (size_t j = 0; j < source->prefix_count; j++)
			*prefixes++ = source->prefixes[j];
	}
	return true;
}

static void
sender_read(struct reading *r, const struct node *root, struct policy *policy)
{
	const struct node *group = node_member(root, "vendor");
	struct shared_sender *sender;
	struct vendor_load loaded;

	if (group == NULL || group->kind != NODE_GROUP || !(is_of_kind(group, "esp") || is_of_kind(group, "gateway")))
		return;
	vendor_load_open(r, &loaded);
	keys_require(r, &vendor_keys, group);
	vendor_load_read(r, group, &loaded);
	sender = reading_take(r, 1, sizeof *sender);
	if (r->faults->errors > 0 || sender == NULL || !sender_fill(r, &loaded, sender))
		return;
	sender->next = policy->senders;
	policy->senders = sender;
}

bool
policy_text_sender(struct policy *policy, const char *file, const char *text, size_t length, struct fault *why)
{
	struct arena *trees = arena_open(POLICY_ARENA_MAX);
	struct faults *faults = faults_open();
	struct reading r = { .arena = policy->arena, .faults = faults, .file = file };
	const struct node *root;
	bool good = false;

	if (trees == NULL || faults == NULL) {
		fault_at(why, file, 0, "out of memory");
		goto out;
	}
	root = length > POLICY_TEXT_MAX ? NULL : tree_read(trees, file, text, length, why);
	if (length > POLICY_TEXT_MAX)
		fault_at(why, file, 0, "larger than %d MiB", POLICY_TEXT_MAX >> 20);
	if (root == NULL)
		goto out;
	sender_read(&r, root, policy);
	good = faults->errors == 0;
	for (size_t i = faults->kept; i-- > 0;)
		if (faults->list[i].level == FAULT_ERROR)
			*why = faults->list[i].fault;
out:
	faults_close(faults);
	arena_close(trees);
	return good;
}
