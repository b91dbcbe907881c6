#include <string.h>

#include "policy/review/privacy.h"
#include "policy/util/domain.h"

/* ---- names ---- */

static char *
lower(struct arena *arena, const char *text)
{
	char *copy = arena_string(arena, text);

	for (char *at = copy; at != NULL && *at != '\0'; at++)
		*at = text_lower(*at);
	return copy;
}

/* "~" alone: there is no hash, and it is not shown all the same. */
static const char *
name_of(const struct privacy *privacy, struct arena *arena, const char *bytes, size_t length)
{
	char name[1 + PRIVACY_HASH + 1] = "~";
	uint64_t hash;

	if (privacy->hash(privacy->key, bytes, length, &hash)) {
		for (size_t i = PRIVACY_HASH; i > 0; i--, hash >>= 4)
			name[i] = (char)('a' + (hash & 15));
	}
	return arena_string(arena, name);
}

/* Of what stands before the '@' there: somebody's name at one domain tells nothing of the same name at another. */
static const char *
local_name(const struct privacy *privacy, struct arena *arena, const char *local, const char *domain)
{
	const char *folded = lower(arena, local);
	const char *whole = folded == NULL ? NULL : arena_format(arena, "%s@%s", folded, domain);

	return whole == NULL ? NULL : name_of(privacy, arena, whole, strlen(whole));
}

/* Of an address without a domain that can be read. */
static const char *
whole_name(const struct privacy *privacy, struct arena *arena, const char *text)
{
	return local_name(privacy, arena, text, "");
}

static const char *
joined(struct arena *arena, const char *name, const char *domain)
{
	return name == NULL ? NULL : arena_format(arena, "%s@%s", name, domain);
}

static const char *
bare_address(const struct privacy *privacy, struct arena *arena, const char *address)
{
	struct mailbox mailbox;

	if (!mailbox_read_path(arena, address, &mailbox) || mailbox.domain[0] == '\0')
		return whole_name(privacy, arena, address);
	if (mailbox.local[0] == '\0')
		return joined(arena, "", mailbox.domain);
	return joined(arena, local_name(privacy, arena, mailbox.local, mailbox.domain), mailbox.domain);
}

/* What is between angle brackets; NULL: it has none, or no memory. */
static const char *
inside_angles(struct arena *arena, const char *text)
{
	size_t length = strlen(text);

	return length > 2 && text[0] == '<' && text[length - 1] == '>' ? arena_copy(arena, text + 1, length - 2) : NULL;
}

static const char *
in_angles(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_format(arena, "<%s>", text);
}

const char *
privacy_address(const struct privacy *privacy, struct arena *arena, const char *address)
{
	const char *inside = inside_angles(arena, address);

	if (address[0] == '\0' || strcmp(address, "<>") == 0)
		return address;
	return inside == NULL ? bare_address(privacy, arena, address)
			      : in_angles(arena, bare_address(privacy, arena, inside));
}

/* What stands behind the '@' is a host's name. */
static const char *
bare_id(const struct privacy *privacy, struct arena *arena, const char *id)
{
	const char *at = strrchr(id, '@'), *name = name_of(privacy, arena, id, strlen(id));
	char domain[DOMAIN_TEXT];

	return at != NULL && domain_read_for(arena, at + 1, strlen(at + 1), domain) ? joined(arena, name, at + 1) : name;
}

const char *
privacy_message_id(const struct privacy *privacy, struct arena *arena, const char *id)
{
	const char *inside = inside_angles(arena, id);

	if (id[0] == '\0')
		return id;
	return inside == NULL ? bare_id(privacy, arena, id) : in_angles(arena, bare_id(privacy, arena, inside));
}

/* Host names, selectors: a client may write an address there. */
static const char *
not_address(const struct privacy *privacy, struct arena *arena, const char *name)
{
	return strchr(name, '@') == NULL ? name : privacy_address(privacy, arena, name);
}

/* ---- what SPF made of the local part ---- */

static bool
is_alnum(char c)
{
	return (text_lower(c) >= 'a' && text_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

static bool
holds(struct span text, struct span part)
{
	for (size_t i = 0; i + part.length <= text.length; i++) {
		size_t same = 0;

		while (same < part.length && text_lower(text.at[i + same]) == text_lower(part.at[same]))
			same++;
		if (same == part.length)
			return true;
	}
	return false;
}

/* May a macro have made this name of the local part (RFC 7208, 7)? It turns parts round and escapes bytes, but leaves a run of
 * letters and digits as it is. */
static bool
may_tell(struct span name, const char *local)
{
	for (size_t i = 0; i < name.length; i++)
		if (!is_alnum(name.at[i]) && strchr(".-_", name.at[i]) == NULL)
			return true;
	while (*local != '\0') {
		struct span run = { local, 0 };

		while (is_alnum(local[run.length]))
			run.length++;
		if (run.length > 0 && holds(name, run))
			return true;
		local += run.length + (local[run.length] != '\0');
	}
	return false;
}

/* The checked domain is shown anyway. */
static struct span
before_domain(const char *name, const char *domain)
{
	size_t length = strlen(name), tail = strlen(domain);

	if (tail > 0 && length >= tail && span_is_nocase((struct span){ name + length - tail, tail }, domain))
		length -= tail;
	return (struct span){ name, length };
}

static struct silence
hide_silence(const struct privacy *privacy, struct arena *arena, const struct facts *facts)
{
	struct silence out = facts->spf_silence;

	if (out.name != NULL && may_tell(before_domain(out.name, facts->spf.domain), facts->sender.local))
		out.name = whole_name(privacy, arena, out.name);
	return out;
}

/* Words with a dot are names. */
static const char *
hide_why(const struct facts *facts)
{
	struct span rest = span_of(facts->spf_why == NULL ? "" : facts->spf_why);

	while (rest.length > 0) {
		struct span word = span_cut(&rest, ' ');

		while (word.length > 0 && strchr(",:;'\"()", word.at[word.length - 1]) != NULL)
			word.length--;
		for (; word.length > 0 && strchr("'\"(", word.at[0]) != NULL; word.at++)
			word.length--;
		if (memchr(word.at, '.', word.length) != NULL && may_tell(word, facts->sender.local))
			return "log.privacy hides which record";
	}
	return facts->spf_why;
}

/* Of a sender whose domain cannot be read it may be all that he gave. */
static const char *
hide_spf_domain(const struct privacy *privacy, struct arena *arena, const struct facts *facts)
{
	char read[DOMAIN_TEXT];
	const char *domain = facts->spf.domain;

	if (facts->null_sender || facts->sender.domain[0] != '\0')
		return not_address(privacy, arena, domain);
	if (strchr(facts->mail_from, '@') != NULL && domain_read_for(arena, domain, strlen(domain), read) &&
	    domain_labels(read) > 1)
		return domain;
	return domain[0] == '\0' ? domain : whole_name(privacy, arena, domain);
}

/* ---- facts ---- */

static struct mailbox
hide_mailbox(const struct privacy *privacy, struct arena *arena, const struct mailbox *mailbox)
{
	struct mailbox out = *mailbox;

	if (mailbox->local[0] != '\0') {
		out.local = local_name(privacy, arena, mailbox->local, mailbox->domain);
		out.text = mailbox->domain[0] == '\0' ? out.local : joined(arena, out.local, mailbox->domain);
	} else if (mailbox->domain[0] == '\0') {
		out.text = privacy_address(privacy, arena, mailbox->text);
	}
	return out;
}

static void
hide_authors(const struct privacy *privacy, struct arena *arena, struct facts *facts)
{
	struct author *copy = arena_take(arena, (facts->author_count + 1) * sizeof *copy);

	for (size_t i = 0; copy != NULL && i < facts->author_count; i++) {
		copy[i] = facts->authors[i];
		copy[i].mailbox = hide_mailbox(privacy, arena, &facts->authors[i].mailbox);
	}
	if (facts->from_last != NULL && copy != NULL)
		facts->from_last = copy + (facts->from_last - facts->authors);
	facts->authors = copy;
}

static void
hide_replies(const struct privacy *privacy, struct arena *arena, struct facts *facts)
{
	struct reply_to *copy = arena_take(arena, (facts->reply_count + 1) * sizeof *copy);

	for (size_t i = 0; copy != NULL && i < facts->reply_count; i++) {
		copy[i] = facts->replies[i];
		copy[i].mailbox = hide_mailbox(privacy, arena, &facts->replies[i].mailbox);
	}
	facts->replies = copy;
}

static void
hide_signatures(const struct privacy *privacy, struct arena *arena, struct facts *facts)
{
	struct dkim_fact *copy = arena_take(arena, (facts->dkim_count + 1) * sizeof *copy);

	for (size_t i = 0; copy != NULL && i < facts->dkim_count; i++) {
		copy[i] = facts->dkim[i];
		copy[i].d = not_address(privacy, arena, copy[i].d);
		copy[i].s = not_address(privacy, arena, copy[i].s);
	}
	facts->dkim = copy;
}

/* What cannot be read may name anybody anywhere. */
static void
hide_raw(const struct privacy *privacy, struct arena *arena, struct facts *facts)
{
	const char *name;

	if (facts->from_raw_length == 0)
		return;
	name = name_of(privacy, arena, facts->from_raw, facts->from_raw_length);
	facts->from_raw = name;
	facts->from_raw_length = name == NULL ? 0 : strlen(name);
}

static void
hide_facts(const struct privacy *privacy, struct arena *arena, const struct facts *facts, struct facts *out)
{
	*out = *facts;
	out->mail_from = privacy_address(privacy, arena, facts->mail_from);
	out->sender = hide_mailbox(privacy, arena, &facts->sender);
	out->spf.domain = hide_spf_domain(privacy, arena, facts);
	out->spf_why = hide_why(facts);
	out->spf_silence = hide_silence(privacy, arena, facts);
	out->helo = not_address(privacy, arena, facts->helo);
	out->client_name = not_address(privacy, arena, facts->client_name);
	out->auth = privacy_address(privacy, arena, facts->auth);
	out->message_id = privacy_message_id(privacy, arena, facts->message_id);
	hide_authors(privacy, arena, out);
	hide_replies(privacy, arena, out);
	hide_signatures(privacy, arena, out);
	hide_raw(privacy, arena, out);
}

bool
privacy_hide(const struct privacy *privacy, struct arena *arena, const struct verdict_record *record,
    struct facts *shown, struct verdict_record *out)
{
	const char **rcpts = arena_take(arena, (record->rcpt_count + 1) * sizeof *rcpts);

	if (rcpts == NULL)
		return false;
	for (size_t i = 0; i < record->rcpt_count; i++)
		rcpts[i] = privacy_address(privacy, arena, record->rcpts[i]);
	hide_facts(privacy, arena, record->facts, shown);
	*out = *record;
	out->shown = shown;
	out->hidden_by = privacy->key_id;
	out->rcpts = rcpts;
	return !arena_failed(arena);
}

/* ---- judged again ---- */

/* Does a rule of this policy name a mailbox of that domain? Our own and our lists' are whole domains. */
static bool
names_mailbox(const struct policy *policy, const char *domain)
{
	static const enum name_list lists[] = { NAMES_DOMAINS, NAMES_ENVELOPE, NAMES_DELEGATIONS, NAMES_PARTNERS };

	for (size_t i = 0; domain[0] != '\0' && i < sizeof lists / sizeof lists[0]; i++) {
		struct name_walk walk = name_walk_begin(policy->names, lists[i], domain);
		const struct name_entry *entry;

		while ((entry = name_walk_next(&walk)) != NULL)
			if (entry->rule->local != NULL)
				return true;
	}
	return false;
}

/* May an exception be for one mailbox at that domain? "abuse@" is for any, and for none. */
static bool
excepts_mailbox(const struct policy *policy, const char *domain)
{
	for (size_t i = 0; i < policy->exception_count; i++) {
		const struct name_rule *rule = &policy->exceptions[i].rule;

		if (rule->local != NULL && (rule->domain[0] == '\0' || name_rule_covers(rule, domain)))
			return true;
	}
	return false;
}

static bool
needs_mailbox(const struct policy *policy, const struct facts *facts)
{
	if (!facts->null_sender && names_mailbox(policy, facts->sender.domain))
		return true;
	for (size_t i = 0; i < facts->author_count; i++)
		if (names_mailbox(policy, facts->authors[i].mailbox.domain))
			return true;
	for (size_t i = 0; i < facts->reply_count; i++)
		if (names_mailbox(policy, facts->replies[i].mailbox.domain))
			return true;
	for (size_t i = 0; i < facts->rcpt_count; i++)
		if (excepts_mailbox(policy, facts->rcpt_mailboxes[i].domain))
			return true;
	return false;
}

const char *
privacy_lacks(const struct policy *policy, const struct recorded *recorded, const char **what)
{
	if (recorded->hidden_by[0] == '\0')
		return NULL;
	if (recorded->facts.from_state == FROM_UNREADABLE) {
		*what = "log.privacy hides a From that cannot be read, and whom it may name";
		return "hidden-from";
	}
	if (needs_mailbox(policy, &recorded->facts)) {
		*what = "log.privacy hides which mailbox it is, and a rule names one of that domain";
		return "hidden-mailbox";
	}
	return NULL;
}
