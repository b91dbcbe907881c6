#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist_query.h"
#include "policy/rules/policy.h"
#include "policy/util/domain.h"

/* ---- tuples ---- */

static const char *const words[TUPLE_STATES] = {
	[TUPLE_WAITING] = "waiting", [TUPLE_DUE] = "due", [TUPLE_PASS] = "pass", [TUPLE_KNOWN] = "known", [TUPLE_FREE] = "free", [TUPLE_EXPIRED] = "expired"
};

const char *
greylist_tuple_word(enum greylist_tuple_state state)
{
	return words[state];
}

bool
greylist_tuple_state_read(struct span word, enum greylist_tuple_state *out)
{
	for (unsigned i = 0; i < TUPLE_STATES; i++) {
		if (!span_is(word, words[i]))
			continue;
		*out = (enum greylist_tuple_state)i;
		return true;
	}
	return false;
}

static enum greylist_tuple_state
state_of(const struct greylist_settings *settings, const struct greylist_record *record,
    const struct greylist_decision *next, int64_t now)
{
	if (greylist_is_dead(settings, record, now))
		return TUPLE_EXPIRED;
	if (record->let_pass)
		return TUPLE_PASS;
	if (record->passed == 0)
		return greylist_state_waits(next->state) ? TUPLE_WAITING : TUPLE_DUE;
	return record->passed < settings->auto_pass ? TUPLE_KNOWN : TUPLE_FREE;
}

/* No record can make this overflow. */
static int64_t
later(int64_t when, int64_t seconds)
{
	int64_t sum;

	return __builtin_add_overflow(when, seconds, &sum) ? when : sum;
}

static void
find_state(const struct greylist_settings *settings, struct greylist_tuple *tuple, int64_t now)
{
	const struct greylist_record *record = &tuple->record;
	struct greylist_settings on = *settings;
	struct greylist_decision next;

	on.on = true; /* what is stored is shown also while it is not asked */
	next = greylist_decide(&on, record, now);
	tuple->state = state_of(&on, record, &next, now);
	tuple->due = tuple->state == TUPLE_WAITING ? later(now, next.wait)
	    : tuple->state == TUPLE_DUE
	    ? later(record->first, on.delay)
	    : 0;
	tuple->expires = tuple->state == TUPLE_EXPIRED ? 0 : greylist_record_expires(settings, record);
}

static bool
is_cut(const char *key, size_t length)
{
	const char *tail = key + length - GREYLIST_KEY_TAIL;

	if (length != GREYLIST_KEY_MAX || tail[0] != '~')
		return false;
	for (unsigned i = 1; i < GREYLIST_KEY_TAIL; i++)
		if (strchr("0123456789abcdef", tail[i]) == NULL)
			return false;
	return true;
}

bool
greylist_tuple_read(const struct greylist_settings *settings, const char *key, size_t length,
    const struct greylist_record *record, int64_t now, struct greylist_tuple *out)
{
	struct span rest = { key, length };

	if (length < 2 || memcmp(key, "g ", 2) != 0 || greylist_record_is_blank(record))
		return false;
	rest = (struct span){ key + 2, length - 2 };
	out->sender = span_cut(&rest, ' ');
	out->rcpt = span_cut(&rest, ' ');
	out->network = rest;
	out->cut = is_cut(key, length);
	out->record = *record;
	find_state(settings, out, now);
	return true;
}

/* ---- what is asked for ---- */

void
greylist_query_open(struct greylist_query *query)
{
	memset(query, 0, sizeof *query);
	query->sender.any = query->rcpt.any = true;
}

enum { ADDRESS_ROOM = LOCAL_PART_MAX + 1 + DOMAIN_TEXT };

/* Without its angle brackets. What is too long for an address keeps them, and so finds none: cut it would be another's. */
static const char *
bare(const char *address, char out[ADDRESS_ROOM])
{
	size_t length = strlen(address);

	if (length < 2 || address[0] != '<' || address[length - 1] != '>' || length - 2 >= ADDRESS_ROOM)
		return address;
	memcpy(out, address + 1, length - 2);
	out[length - 2] = '\0';
	return out;
}

/* "@name" and "a.name" are domains; a single label is rather a local part, like postmaster. */
static bool
read_domain(const char *text, char out[GREYLIST_KEY_MAX + 1])
{
	bool at = text[0] == '@';
	char name[DOMAIN_TEXT];

	text += at;
	if (!domain_read(text, strlen(text), name, NULL) || (!at && domain_labels(name) < 2))
		return false;
	snprintf(out, GREYLIST_KEY_MAX + 1, "%s", name);
	return true;
}

static void
ask_for(struct greylist_addresses *addresses, const char *text, void (*normalise)(const char *, char[]))
{
	char room[ADDRESS_ROOM];

	text = bare(text, room);
	addresses->any = false;
	addresses->is_domain = read_domain(text, addresses->normal);
	greylist_key_plain(text[0] == '\0' ? GREYLIST_NULL_SENDER : text, addresses->given);
	if (!addresses->is_domain)
		normalise(text, addresses->normal);
}

void
greylist_query_sender(struct greylist_query *query, const char *address)
{
	ask_for(&query->sender, address, greylist_key_sender);
}

void
greylist_query_rcpt(struct greylist_query *query, const char *address)
{
	ask_for(&query->rcpt, address, greylist_key_rcpt);
}

bool
greylist_query_client(struct greylist_query *query, const char *text, struct fault *why)
{
	char name[GREYLIST_KEY_MAX + 1];
	struct address address;

	if (strcmp(text, "-") == 0 || (text[0] == '@' && read_domain(text, name))) {
		query->client = CLIENT_FIELD;
		snprintf(query->field, sizeof query->field, "%s%s", text[0] == '@' ? "@" : "-",
		    text[0] == '@' ? name : "");
		return true;
	}
	query->client = CLIENT_NETWORK;
	if (address_read(text, &address)) {
		query->network = (struct prefix){ address, (uint8_t)address_width(&address) };
		return true;
	}
	if (strchr(text, '/') != NULL)
		return prefix_read(text, &query->network, why);
	return fault_set(why,
	    "'%.100s' is no client; write an address, a network, or '@domain' for mail whose SPF passed", text);
}

/* ---- does a tuple match? ---- */

/* A field that may have been cut off: then what is left of it must be the beginning of what is wanted. */
static bool
field_is(struct span field, bool cut, const char *wanted)
{
	if (!cut)
		return span_is(field, wanted);
	return field.length > GREYLIST_KEY_TAIL && strlen(wanted) >= field.length - GREYLIST_KEY_TAIL &&
	    memcmp(field.at, wanted, field.length - GREYLIST_KEY_TAIL) == 0;
}

static bool
field_is_of(struct span field, const char *domain)
{
	const char *at = memrchr(field.at, '@', field.length);
	char name[GREYLIST_KEY_MAX + 1];

	if (at == NULL)
		return false;
	snprintf(name, sizeof name, "%.*s", (int)(field.length - (size_t)(at + 1 - field.at)), at + 1);
	return domain_is_under(name, domain);
}

static bool
addresses_hold(const struct greylist_addresses *addresses, struct span field, bool cut)
{
	if (addresses->any || field.length == 0) /* one that is not there is nobody's */
		return addresses->any;
	if (field_is(field, cut, addresses->given))
		return true;
	if (addresses->is_domain)
		return !cut && field_is_of(field, addresses->normal);
	return field_is(field, cut, addresses->normal);
}

static enum greylist_match
match_client(const struct greylist_query *query, struct span field)
{
	char text[PREFIX_TEXT];
	struct prefix network;

	if (query->client == CLIENT_ANY)
		return MATCH_YES;
	if (query->client == CLIENT_FIELD)
		return span_is(field, query->field) ? MATCH_YES : MATCH_NO;
	if (field.length > 0 && field.at[0] == '@')
		return MATCH_BUT_CLIENT;
	if (field.length >= sizeof text)
		return MATCH_NO;
	snprintf(text, sizeof text, "%.*s", (int)field.length, field.at);
	return prefix_read(text, &network, NULL) && prefix_overlaps(&network, &query->network) ? MATCH_YES : MATCH_NO;
}

enum greylist_match
greylist_query_matches(const struct greylist_query *query, const struct greylist_tuple *tuple)
{
	bool sender_cut = tuple->cut && tuple->rcpt.length == 0;
	bool rcpt_cut = tuple->cut && tuple->network.length == 0;

	if (!addresses_hold(&query->sender, tuple->sender, sender_cut))
		return MATCH_NO;
	if (rcpt_cut ? !query->rcpt.any : !addresses_hold(&query->rcpt, tuple->rcpt, false))
		return MATCH_NO;
	return match_client(query, tuple->network);
}

/* ---- where to look ---- */

/* What all keys of a sender begin with, also those that were cut off; NULL: of any sender. */
static struct span
beginning(const char *sender, char out[GREYLIST_KEY_MAX + 1])
{
	enum { SURE = GREYLIST_KEY_MAX - GREYLIST_KEY_TAIL };
	int length = sender == NULL ? snprintf(out, GREYLIST_KEY_MAX + 1, "g ")
				    : snprintf(out, GREYLIST_KEY_MAX + 1, "g %s ", sender);

	return (struct span){ out, length > SURE ? SURE : (size_t)length };
}

/* *best becomes the first place at or behind `at` among keys that begin so, unless *best comes before it. */
static void
seek_in(struct span start, struct span at, struct span *best)
{
	bool inside = at.length >= start.length && memcmp(at.at, start.at, start.length) == 0;

	if (!inside && span_compare(at, start) > 0)
		return; /* they all come before */
	if (inside)
		start = at;
	if (best->length == 0 || span_compare(start, *best) < 0)
		*best = start;
}

size_t
greylist_query_seek(const struct greylist_query *query, const char *at, size_t length, char out[GREYLIST_KEY_MAX + 1])
{
	bool one = !query->sender.any && !query->sender.is_domain;
	char given[GREYLIST_KEY_MAX + 1], normal[GREYLIST_KEY_MAX + 1];
	struct span from = { at, length < GREYLIST_KEY_MAX + 1 ? length : GREYLIST_KEY_MAX + 1 }, best = { "", 0 };

	seek_in(beginning(one ? query->sender.given : NULL, given), from, &best);
	if (one)
		seek_in(beginning(query->sender.normal, normal), from, &best);
	memcpy(out, best.at, best.length);
	return best.length;
}
