#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist.h"
#include "policy/rules/greylist_parts.h"
#include "policy/rules/policy.h"
#include "policy/util/domain.h"
#include "policy/util/hash.h"
#include "policy/util/text.h"

enum {
	RECORD_VERSION = 1,
	RECORD_LET_PASS = 2, /* the same bytes, of what is let pass: who does not know it lets the tuple begin anew */
	BATV_TAG = 10,
	UNWRAP_MAX = 4, /* a BATV sender in SRS in SRS is three */
	SENDER_MAX = LOCAL_PART_MAX + 1 + DOMAIN_TEXT,
	PATH_ARENA = 32 * 1024 /* one parsed path */
};

/* ---- exemptions ---- */

static bool
rcpt_is_exempt(const struct greylist_settings *settings, const char *rcpt)
{
	struct arena *arena = arena_open(PATH_ARENA);
	struct mailbox mailbox;
	bool exempt = arena != NULL && mailbox_read_path(arena, rcpt, &mailbox) &&
	    name_rules_hold(&settings->exempt_recipients, &mailbox);

	arena_close(arena);
	return exempt;
}

bool
greylist_is_exempt(const struct greylist_settings *settings, const struct facts *facts, const char *rcpt)
{
	if (prefixes_hold(&settings->exempt_networks, &facts->client))
		return true;
	if (!facts->null_sender && name_rules_hold(&settings->exempt_senders, &facts->sender))
		return true;
	return settings->exempt_recipients.count > 0 && rcpt_is_exempt(settings, rcpt);
}

bool
greylist_exempts_all(const struct greylist_settings *settings, const struct facts *facts)
{
	for (size_t i = 0; i < facts->rcpt_count; i++)
		if (!greylist_is_exempt(settings, facts, facts->rcpts[i]))
			return false;
	return facts->rcpt_count > 0 || greylist_is_exempt(settings, facts, "");
}

/* ---- the sender as keys use it ---- */

static bool
starts_nocase(struct span span, const char *word)
{
	size_t length = strlen(word);

	return span.length >= length && span_is_nocase((struct span){ span.at, length }, word);
}

static struct span
span_from(struct span span, size_t skip)
{
	return (struct span){ span.at + skip, span.length - skip };
}

/* BATV's tag: one digit for the key, three for the day, six for the hash (draft-levine-smtp-batv, 2). */
static bool
is_batv_tag(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (strchr(i < 4 ? "0123456789" : "0123456789abcdefABCDEF", span.at[i]) == NULL)
			return false;
	return span.length == BATV_TAG;
}

/* "prvs=TAG=user", and "prvs=user=TAG" or "prvs=user/TAG" of old implementations. */
static bool
unwrap_prvs(struct span *local, struct span *domain)
{
	struct span rest = span_from(*local, strlen("prvs=")), user = rest;
	struct span tag = span_cut(&user, '=');

	(void)domain;
	if (!is_batv_tag(tag) && rest.length > BATV_TAG + 1 && is_batv_tag(span_from(rest, rest.length - BATV_TAG)) &&
	    strchr("=/", rest.at[rest.length - BATV_TAG - 1]) != NULL)
		user = (struct span){ rest.at, rest.length - BATV_TAG - 1 };
	if (tag.length == 0 || user.length == 0)
		return false;
	*local = user;
	return true;
}

/* "msprvs1=TAG=user" and "btv1==TAG==user": the tag ends at the next mark. */
static bool
unwrap_tagged(struct span *local, size_t prefix, const char *mark)
{
	struct span rest = span_from(*local, prefix);
	const char *end = memmem(rest.at, rest.length, mark, strlen(mark));
	size_t skip = end == NULL ? rest.length : (size_t)(end - rest.at) + strlen(mark);

	if (skip >= rest.length || end == rest.at)
		return false;
	*local = span_from(rest, skip);
	return true;
}

static bool
unwrap_msprvs(struct span *local, struct span *domain)
{
	(void)domain;
	return unwrap_tagged(local, strlen("msprvs1="), "=");
}

static bool
unwrap_btv(struct span *local, struct span *domain)
{
	(void)domain;
	return unwrap_tagged(local, strlen("btv1=="), "==");
}

static bool
is_srs_mark(struct span span)
{
	return span.length > 0 && strchr("=+-", span.at[0]) != NULL;
}

/* "HHH=TT=domain=user" after the mark of SRS0: the first sender. */
static bool
unwrap_srs_tail(struct span tail, struct span *local, struct span *domain)
{
	struct span hash = span_cut(&tail, '='), stamp = span_cut(&tail, '='), host = span_cut(&tail, '=');

	if (hash.length == 0 || stamp.length == 0 || host.length == 0 || tail.length == 0)
		return false;
	*domain = host;
	*local = tail;
	return true;
}

static bool
unwrap_srs0(struct span *local, struct span *domain)
{
	struct span tail = span_from(*local, strlen("SRS0"));

	return is_srs_mark(tail) && unwrap_srs_tail(span_from(tail, 1), local, domain);
}

/* "SRS1=HHH=forwarder==HHH=TT=domain=user": a forwarder's SRS0 sender, its mark kept. */
static bool
unwrap_srs1(struct span *local, struct span *domain)
{
	struct span tail = span_from(*local, strlen("SRS1")), hash, host;

	if (!is_srs_mark(tail))
		return false;
	tail = span_from(tail, 1);
	hash = span_cut(&tail, '=');
	host = span_cut(&tail, '=');
	if (hash.length == 0 || host.length == 0 || !is_srs_mark(tail))
		return false;
	return unwrap_srs_tail(span_from(tail, 1), local, domain);
}

static const struct {
	const char *prefix;
	bool (*unwrap)(struct span *local, struct span *domain);
} wrappers[] = {
	{ "prvs=", unwrap_prvs },
	{ "msprvs1=", unwrap_msprvs },
	{ "btv1==", unwrap_btv },
	{ "SRS0", unwrap_srs0 },
	{ "SRS1", unwrap_srs1 },
};

static bool
unwrap_once(struct span *local, struct span *domain)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++)
		if (starts_nocase(*local, wrappers[i].prefix))
			return wrappers[i].unwrap(local, domain);
	return false;
}

/* Writes bytes into a fixed buffer, always terminated; what does not fit is dropped. */
struct writer {
	char *out;
	size_t length, size;
};

static void
writer_char(struct writer *writer, char c)
{
	if (writer->length + 1 >= writer->size)
		return;
	writer->out[writer->length++] = c;
	writer->out[writer->length] = '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

void
greylist_normalise(const struct mailbox *mailbox, char *out, size_t size)
{
	struct span local = span_of(mailbox->local), domain = span_of(mailbox->domain), user;
	struct writer writer = { out, 0, size };

	if (size == 0)
		return;
	out[0] = '\0';
	for (unsigned i = 0; i < UNWRAP_MAX && unwrap_once(&local, &domain); i++)
		continue;
	user = span_cut(&local, '+');
	if (user.length == 0 && local.length > 0) /* "+ext": nothing would be left */
		user = local;
	for (size_t i = 0; i < user.length; i++)
		if (!is_digit(user.at[i]))
			writer_char(&writer, user.at[i]);
		else if (i == 0 || !is_digit(user.at[i - 1]))
			writer_char(&writer, '#');
	if (user.length > 0 || domain.length > 0)
		writer_char(&writer, '@');
	for (size_t i = 0; i < domain.length; i++)
		writer_char(&writer, text_lower(domain.at[i]));
}

/* ---- keys ---- */

/* A key under construction; the hash also covers what no longer fits. */
struct key {
	char *out;
	size_t length;
	uint64_t hash;
};

static void
key_char(struct key *key, char c)
{
	if (key->length < GREYLIST_KEY_MAX)
		key->out[key->length] = c;
	key->length++;
	key->hash = hash_bytes(key->hash, &c, 1);
}

static void
key_plain(struct key *key, const char *text)
{
	for (; *text != '\0'; text++)
		key_char(key, *text);
}

static void
key_escaped(struct key *key, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		char escaped[8];

		if (byte > 0x20 && byte < 0x7f) {
			key_char(key, *text);
			continue;
		}
		snprintf(escaped, sizeof escaped, "\\x%02x", byte);
		key_plain(key, escaped);
	}
}

static void
key_sender(struct key *key, const struct mailbox *mailbox, const char *mail_from)
{
	char sender[SENDER_MAX + 1];

	greylist_normalise(mailbox, sender, sizeof sender);
	key_escaped(key, sender[0] != '\0' ? sender : mail_from); /* nonsense: as it was sent */
}

/* Recipients are ours: only the domain is written in lower case. */
static void
key_rcpt(struct key *key, const char *rcpt)
{
	struct arena *arena = arena_open(PATH_ARENA);
	char *written = NULL;
	struct mailbox mailbox;

	if (arena != NULL && mailbox_read_path(arena, rcpt, &mailbox) && mailbox.domain[0] != '\0')
		written = arena_format(arena, "%s@%s", mailbox.local, mailbox.domain);
	key_escaped(key, written == NULL ? rcpt : written);
	arena_close(arena);
}

/* The pool that SPF proves, or NULL. A HELO name is one host's: its pool is the organisational domain. */
static const char *
pool_of(const struct suffix_list *suffixes, const struct facts *facts)
{
	const char *domain = facts->spf.domain, *owner;

	if (facts->spf.result != AUTH_PASS || domain[0] == '\0' || facts->spf.by_helo != facts->null_sender)
		return NULL;
	owner = facts->null_sender ? suffix_organisational(suffixes, domain) : domain;
	return owner == NULL ? domain : owner;
}

/* A pool counts as one network, whatever its addresses. */
static void
key_network(struct key *key, const struct greylist_settings *settings, const struct suffix_list *suffixes,
    const struct facts *facts)
{
	bool v4 = facts->client.family == ADDRESS_V4;
	unsigned bits = v4 ? settings->ipv4_prefix : settings->ipv6_prefix;
	struct prefix prefix = { address_mask(facts->client, bits), (uint8_t)bits };
	const char *pool = pool_of(suffixes, facts);
	char text[PREFIX_TEXT];

	if (pool != NULL) {
		key_char(key, '@');
		key_escaped(key, pool);
		return;
	}
	key_escaped(key, facts->client_hidden || facts->client.family == ADDRESS_NONE ? "-" : prefix_write(&prefix, text));
}

/* Blanks separate the fields of a key and are never inside one. */
size_t
greylist_key(const struct greylist_settings *settings, const struct suffix_list *suffixes, const struct facts *facts,
    const char *rcpt, char kind, char out[GREYLIST_KEY_MAX + 1])
{
	struct key key = { out, 0, HASH_START };

	key_char(&key, kind);
	key_char(&key, ' ');
	key_sender(&key, &facts->sender, facts->null_sender ? GREYLIST_NULL_SENDER : facts->mail_from);
	key_char(&key, ' ');
	key_rcpt(&key, rcpt);
	key_char(&key, ' ');
	key_network(&key, settings, suffixes, facts);
	if (key.length > GREYLIST_KEY_MAX) {
		key.length = GREYLIST_KEY_MAX;
		snprintf(out + GREYLIST_KEY_MAX - GREYLIST_KEY_TAIL, GREYLIST_KEY_TAIL + 1, "~%016llx",
		    (unsigned long long)key.hash);
	}
	out[key.length] = '\0';
	return key.length;
}

static void
key_end(const struct key *key)
{
	key->out[key->length < GREYLIST_KEY_MAX ? key->length : GREYLIST_KEY_MAX] = '\0';
}

void
greylist_key_sender(const char *mail_from, char out[GREYLIST_KEY_MAX + 1])
{
	struct arena *arena = arena_open(PATH_ARENA);
	struct key key = { out, 0, HASH_START };
	struct mailbox mailbox;

	if (arena == NULL || !mailbox_read_path(arena, mail_from, &mailbox))
		mailbox = (struct mailbox){ "", "", "" };
	key_sender(&key, &mailbox, mail_from[0] == '\0' ? GREYLIST_NULL_SENDER : mail_from);
	key_end(&key);
	arena_close(arena);
}

void
greylist_key_rcpt(const char *rcpt, char out[GREYLIST_KEY_MAX + 1])
{
	struct key key = { out, 0, HASH_START };

	key_rcpt(&key, rcpt);
	key_end(&key);
}

void
greylist_key_plain(const char *text, char out[GREYLIST_KEY_MAX + 1])
{
	struct key key = { out, 0, HASH_START };

	key_escaped(&key, text);
	key_end(&key);
}

/* ---- the decision ---- */

const char *
greylist_state_word(enum greylist_state state)
{
	static const char *const words[] = { [GREYLIST_OFF] = "off",
		[GREYLIST_EXEMPT] = "exempt",
		[GREYLIST_NEW] = "new",
		[GREYLIST_EARLY] = "early",
		[GREYLIST_DUE] = "due",
		[GREYLIST_KNOWN] = "known",
		[GREYLIST_FREE] = "free",
		[GREYLIST_NETWORK] = "network",
		[GREYLIST_FAILED] = "failed" };

	return words[state];
}

const char *
passed_by_word(enum passed_by by)
{
	static const char *const words[PASSED_BYS] = { [PASSED_BY_NOTHING] = "",
		[PASSED_BY_NETWORK] = "auto_pass_network",
		[PASSED_BY_SPF] = "spf_pass",
		[PASSED_BY_ONLY] = "only",
		[PASSED_BY_DNSWL] = "dnswl" };

	return words[by];
}

bool
greylist_state_waits(enum greylist_state state)
{
	return state == GREYLIST_NEW || state == GREYLIST_EARLY;
}

int64_t
greylist_elapsed(int64_t since, int64_t now)
{
	uint64_t passed = (uint64_t)now - (uint64_t)since;

	if (now < since)
		return -1;
	return passed > INT64_MAX ? INT64_MAX : (int64_t)passed;
}

int64_t
greylist_rewrite_after(int64_t lifetime)
{
	return lifetime / 2 < GREYLIST_DAY ? lifetime / 2 : GREYLIST_DAY;
}

void
greylist_count_up(uint32_t *count)
{
	*count += *count < UINT32_MAX;
}

static struct greylist_decision
decide_wait(enum greylist_state state, struct greylist_record record, int64_t wait, int64_t now)
{
	record.last = now;
	greylist_count_up(&record.asked);
	return (struct greylist_decision){ .state = state, .wait = wait, .write = true, .record = record };
}

static struct greylist_decision
decide_pass(enum greylist_state state, struct greylist_record record, bool write, int64_t now)
{
	if (write) {
		record.last = now;
		record.let_pass = false;
		greylist_count_up(&record.passed);
	}
	return (struct greylist_decision){ .state = state, .write = write, .record = record };
}

static struct greylist_decision
decide_anew(const struct greylist_settings *settings, int64_t now)
{
	struct greylist_record record = { .first = now };

	return decide_wait(GREYLIST_NEW, record, settings->delay, now);
}

/* It has not passed yet. */
static struct greylist_decision
decide_stranger(const struct greylist_settings *settings, struct greylist_record record, int64_t now)
{
	int64_t age = greylist_elapsed(record.first, now);

	if (age < 0) { /* the clock was set back: wait one delay by the new clock, no more and no less */
		record.first = now;
		age = 0;
	}
	if (age > settings->retry_window)
		return decide_anew(settings, now);
	if (age < settings->delay)
		return decide_wait(GREYLIST_EARLY, record, settings->delay - age, now);
	return decide_pass(GREYLIST_DUE, record, true, now);
}

/* It has passed. A clock that was set back cannot undo that; lifetime then counts from now. */
static struct greylist_decision
decide_known(const struct greylist_settings *settings, const struct greylist_record *record, int64_t now)
{
	int64_t idle = greylist_elapsed(record->last, now);
	int64_t refresh = greylist_rewrite_after(settings->lifetime);

	if (idle > settings->lifetime)
		return decide_anew(settings, now);
	if (record->passed < settings->auto_pass)
		return decide_pass(GREYLIST_KNOWN, *record, true, now);
	return decide_pass(GREYLIST_FREE, *record, idle < 0 || idle >= refresh, now);
}

/* An administrator let it pass. */
static struct greylist_decision
decide_let_pass(const struct greylist_settings *settings, const struct greylist_record *record, int64_t now)
{
	if (greylist_elapsed(record->last, now) > settings->lifetime)
		return decide_anew(settings, now);
	return decide_pass(GREYLIST_DUE, *record, true, now);
}

struct greylist_decision
greylist_decide(const struct greylist_settings *settings, const struct greylist_record *found, int64_t now)
{
	if (!settings->on)
		return (struct greylist_decision){ .state = GREYLIST_OFF };
	if (found == NULL || greylist_record_is_blank(found))
		return decide_anew(settings, now);
	if (found->let_pass)
		return decide_let_pass(settings, found, now);
	return found->passed == 0 ? decide_stranger(settings, *found, now) : decide_known(settings, found, now);
}

/* Or may. */
static bool
has_passed(const struct greylist_record *record)
{
	return record->passed > 0 || record->let_pass;
}

bool
greylist_is_dead(const struct greylist_settings *settings, const struct greylist_record *record, int64_t now)
{
	if (greylist_record_is_blank(record))
		return true;
	if (!has_passed(record))
		return greylist_elapsed(record->first, now) > settings->retry_window;
	return greylist_elapsed(record->last, now) > settings->lifetime;
}

int64_t
greylist_record_expires(const struct greylist_settings *settings, const struct greylist_record *record)
{
	bool passed = has_passed(record);
	int64_t when = passed ? record->last : record->first, sum;

	return __builtin_add_overflow(when, passed ? settings->lifetime : settings->retry_window, &sum) ? when : sum;
}

bool
greylist_record_is_newer(const struct greylist_record *record, const struct greylist_record *than)
{
	if (record->last != than->last)
		return record->last > than->last;
	if (record->passed != than->passed)
		return record->passed > than->passed;
	return record->asked != than->asked ? record->asked > than->asked : record->let_pass && !than->let_pass;
}

struct greylist_tries
greylist_tries(const struct greylist_decision *decision, int64_t now)
{
	const struct greylist_record *record = &decision->record;
	int64_t waited = greylist_elapsed(record->first, now);

	switch (decision->state) {
	case GREYLIST_NEW:
	case GREYLIST_EARLY:
	case GREYLIST_NETWORK: /* this try is counted already */
		return (struct greylist_tries){ record->asked, waited < 0 ? 0 : waited };
	case GREYLIST_DUE:
		return (struct greylist_tries){ record->asked + (record->asked < UINT32_MAX), waited < 0 ? 0 : waited };
	case GREYLIST_KNOWN:
	case GREYLIST_FREE: /* an earlier message waited, this one need not */
		return (struct greylist_tries){ 1, 0 };
	default:
		return (struct greylist_tries){ 0, 0 };
	}
}

/* ---- what an administrator changes ---- */

bool
greylist_record_is_blank(const struct greylist_record *record)
{
	return record->first == 0 && record->last == 0 && record->passed == 0 && record->asked == 0 && !record->let_pass;
}

struct greylist_record
greylist_record_let_pass(const struct greylist_settings *settings, const struct greylist_record *found, int64_t now)
{
	bool dead = greylist_is_dead(settings, found, now);
	struct greylist_record record = *found;

	if (found->passed > 0 && !dead)
		return record;
	if (found->passed > 0)
		record = (struct greylist_record){ .first = now };
	record.last = now;
	record.let_pass = true;
	return record;
}

/* ---- records as bytes ---- */

/*
 * All big-endian: 0 version (2: let pass); 1 first (7 bytes); 8 check; 9 last (7); 16 passed (4); 20 asked (4).
 * The check covers all other bytes: LMDB does not notice a flipped bit, we do.
 */
enum { AT_VERSION = 0, AT_FIRST = 1, AT_CHECK = 8, AT_LAST = 9, AT_PASSED = 16, AT_ASKED = 20, TIME_BYTES = 7 };

static void
put_number(uint8_t *out, size_t size, int64_t value)
{
	int64_t most = ((int64_t)1 << (8 * size)) - 1;
	uint64_t kept = value < 0 ? 0 : (uint64_t)(value > most ? most : value);

	for (size_t i = size; i > 0; i--, kept >>= 8)
		out[i - 1] = (uint8_t)kept;
}

static int64_t
take_number(const uint8_t *bytes, size_t size)
{
	int64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static uint8_t
check_of(const uint8_t bytes[GREYLIST_RECORD_BYTES])
{
	uint8_t check = 0;

	for (unsigned i = 0; i < GREYLIST_RECORD_BYTES; i++)
		if (i != AT_CHECK) /* rotate left and add: a single flipped bit always shows */
			check = (uint8_t)((unsigned)check << 1 | check >> 7) ^ bytes[i];
	return check;
}

void
greylist_record_pack(const struct greylist_record *record, uint8_t out[GREYLIST_RECORD_BYTES])
{
	out[AT_VERSION] = record->let_pass ? RECORD_LET_PASS : RECORD_VERSION;
	put_number(out + AT_FIRST, TIME_BYTES, record->first);
	put_number(out + AT_LAST, TIME_BYTES, record->last);
	put_number(out + AT_PASSED, 4, record->passed);
	put_number(out + AT_ASKED, 4, record->asked);
	out[AT_CHECK] = check_of(out);
}

bool
greylist_record_unpack(const void *bytes, size_t length, struct greylist_record *out)
{
	const uint8_t *at = bytes;

	if (length != GREYLIST_RECORD_BYTES || at[AT_CHECK] != check_of(at) ||
	    (at[AT_VERSION] != RECORD_VERSION && at[AT_VERSION] != RECORD_LET_PASS))
		return false;
	out->let_pass = at[AT_VERSION] == RECORD_LET_PASS;
	out->first = take_number(at + AT_FIRST, TIME_BYTES);
	out->last = take_number(at + AT_LAST, TIME_BYTES);
	out->passed = (uint32_t)take_number(at + AT_PASSED, 4);
	out->asked = (uint32_t)take_number(at + AT_ASKED, 4);
	return true;
}
