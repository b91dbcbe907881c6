#include <stdlib.h>

#include "policy/verdict/claims.h"

/* ---- once for each message: whose names are in the author fields ---- */

/* Whom a name claims that is in a From that cannot be parsed. */
struct naming {
	const struct policy *policy;
	struct facts *facts;
	char *letters; /* of the field, and which rules of one mailbox were looked for in them; NULL: none yet */
	size_t letter_count;
	bool *tried;
	bool failed; /* out of memory */
};

static void
note_claimed(struct facts *facts, uint32_t owner)
{
	if (owner == VENDOR_OWN)
		facts->own_claimed = true;
	else
		vendor_numbers_add(&facts->claimed, owner);
}

static bool
letters_are_open(struct naming *naming)
{
	const struct facts *facts = naming->facts;

	if (naming->letters == NULL)
		naming->letters = mailbox_letters(facts->from_raw, facts->from_raw_length, &naming->letter_count);
	if (naming->tried == NULL)
		naming->tried = calloc(name_index_count(naming->policy->names), sizeof *naming->tried);
	naming->failed = naming->letters == NULL || naming->tried == NULL;
	return !naming->failed;
}

/* Does the field hold the local part of this rule? Each rule is looked for once: a field can hold its name thousands
 * of times. */
static bool
finds_local(struct naming *naming, const struct name_entry *entry)
{
	bool *tried;

	if (!letters_are_open(naming))
		return false;
	tried = &naming->tried[name_index_place(naming->policy->names, entry)];
	if (*tried)
		return false;
	*tried = true;
	return mailbox_letters_hold(naming->letters, naming->letter_count, entry->rule->local);
}

static bool
note_name(void *context, const char *name)
{
	struct naming *naming = context;
	struct facts *facts = naming->facts;
	struct name_walk walk = name_walk_begin(naming->policy->names, NAMES_DOMAINS, name);
	const struct name_entry *entry;

	while ((entry = name_walk_next(&walk)) != NULL)
		if (entry->rule->local == NULL || finds_local(naming, entry))
			note_claimed(facts, entry->owner);
	return naming->failed || facts->claimed.count == VENDOR_NUMBERS_MAX;
}

static void
note_author(const struct policy *policy, struct facts *facts, const struct mailbox *mailbox)
{
	struct name_walk walk = name_walk_begin(policy->names, NAMES_DOMAINS, mailbox->domain);
	const struct name_entry *entry;

	while ((entry = name_walk_next_holding(&walk, mailbox)) != NULL)
		note_claimed(facts, entry->owner);
}

static bool
is_delegates(const struct policy *policy, const struct mailbox *mailbox)
{
	struct name_walk ours = name_walk_begin(policy->names, NAMES_DELEGATIONS, mailbox->domain),
			 others = name_walk_begin(policy->names, NAMES_PARTNERS, mailbox->domain);

	return name_walk_next_holding(&ours, mailbox) != NULL || name_walk_next_holding(&others, mailbox) != NULL;
}

static uint32_t
holders_of(const struct policy *policy, const struct facts *facts, const struct mailbox *mailbox)
{
	struct name_walk walk = name_walk_begin(policy->names, NAMES_DOMAINS, mailbox->domain);
	uint32_t held_by = is_delegates(policy, mailbox) ? HELD_BY_DELEGATE : 0;
	const struct name_entry *entry;

	while ((entry = name_walk_next_holding(&walk, mailbox)) != NULL) {
		size_t at = vendor_numbers_find(&facts->claimed, entry->owner);

		held_by |= entry->owner == VENDOR_OWN ? HELD_BY_OWN : HELD_BY_VENDOR;
		if (entry->owner != VENDOR_OWN && at < facts->claimed.count)
			held_by |= 1u << at;
	}
	return held_by;
}

bool
claims_settle(const struct policy *policy, struct arena *arena, struct facts *facts)
{
	struct naming naming = { .policy = policy, .facts = facts };
	unsigned conversions = MAILBOX_CONVERSIONS + 1;
	bool searched = true;

	facts->claimed.count = 0;
	facts->own_claimed = false;
	for (size_t i = 0; i < facts->author_count; i++)
		note_author(policy, facts, &facts->authors[i].mailbox);
	if (facts->from_state == FROM_UNREADABLE)
		searched = mailbox_field_search(arena, facts->from_raw, facts->from_raw_length, &conversions, note_name,
		    &naming);
	if (conversions == 0) /* a name may stand behind those that were read */
		facts->from_too_long = true;
	free(naming.letters);
	free(naming.tried);
	for (size_t i = 0; i < facts->author_count; i++)
		facts->authors[i].held_by = holders_of(policy, facts, &facts->authors[i].mailbox);
	return searched && !naming.failed;
}

bool
claims_by_envelope(const struct facts *facts, const struct vendor *vendor)
{
	return !facts->null_sender && name_rules_hold(&vendor->domains, &facts->sender);
}

/* ---- who is claimed ---- */

_Static_assert(VENDOR_NUMBERS_MAX == CLAIMS_MAX + 1, "one more than may be claimed is counted");

bool
claims_list(const struct judge *judge, const struct facts *facts, struct verdict *verdict)
{
	const struct policy *policy = judge->policy;
	struct vendor_numbers senders = { .count = 0 }, all = facts->claimed;
	struct name_walk walk = name_walk_begin(policy->names, NAMES_DOMAINS, facts->sender.domain);
	const struct name_entry *entry;
	bool own_sender = false;

	while (!facts->null_sender && (entry = name_walk_next_holding(&walk, &facts->sender)) != NULL) {
		if (entry->owner == VENDOR_OWN) {
			own_sender = true;
			continue;
		}
		vendor_numbers_add(&senders, entry->owner);
		vendor_numbers_add(&all, entry->owner);
	}
	for (size_t i = 0; i < all.count && i < CLAIMS_MAX; i++)
		verdict->claims[verdict->claim_count++] = (struct claim){ .vendor = &policy->vendors[all.list[i]],
			.by_author = vendor_numbers_find(&facts->claimed, all.list[i]) < facts->claimed.count,
			.by_envelope = vendor_numbers_find(&senders, all.list[i]) < senders.count };
	if (facts->own_claimed || own_sender) /* there is always room for one more */
		verdict->claims[verdict->claim_count++] = (struct claim){ .vendor = &policy->own,
			.by_author = facts->own_claimed,
			.by_envelope = own_sender };
	return all.count <= CLAIMS_MAX;
}
