#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/redis_forget.h"
#include "milter/store/redis_pool.h"
#include "milter/store/redis_script.h"
#include "milter/store/store_redis.h"
#include "milter/system/clock.h"

#define SCAN_COUNT "64" /* keys to list at once: far below STORE_PAGE, for Redis may answer with more */

enum {
	PREFIX_ROOM = 65, /* as long as value_prefix allows */
	KEY_ROOM = REDIS_KEY_ROOM,
	WAIT_MAX = 24 * 3600,           /* the longest greylist.delay */
	DOMAIN_LIFETIME = 24 * 3600,    /* of what says that a domain counted for a network */
	UNSURE_LIFETIME = 2 * 24 * 3600 /* seconds that an unsure tuple stays; it is new after one day */
};

/* The script's keys and arguments. */
enum { NUMBERS = 6 };
struct question {
	char tuple[KEY_ROOM], network[KEY_ROOM], domain[KEY_ROOM], numbers[NUMBERS][24];
};

struct redis_store {
	struct store store;
	struct redis_pool *pool;
	char prefix[PREFIX_ROOM], script[REDIS_SCRIPT_NAME];
	int64_t lifetime;
	bool has_keeper;
	struct redis_forget *forgotten;
	struct question probe; /* of the pool's one look at a time */
	struct redis_command probe_command;
};

static struct redis_store *
redis_of(struct store *store)
{
	return (struct redis_store *)store;
}

/* ---- keys ---- */

static size_t
key_of(const struct redis_store *redis, const char *key, size_t length, char out[KEY_ROOM])
{
	size_t prefix = strlen(redis->prefix);

	memcpy(out, redis->prefix, prefix);
	memcpy(out + prefix, key, length);
	return prefix + length;
}

/* ---- reading and writing ---- */

struct found {
	struct greylist_record *record;
	bool *found;
};

static bool
take_record(const redisReply *reply, void *context)
{
	struct found *out = context;

	*out->found = reply->type == REDIS_REPLY_STRING && greylist_record_unpack(reply->str, reply->len, out->record);
	return reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_NIL;
}

static bool
redis_get(struct store *store, const char *key, size_t length, struct greylist_record *out, bool *found, struct fault *why)
{
	struct redis_store *redis = redis_of(store);
	struct found record = { out, found };
	struct redis_command command;
	char name[KEY_ROOM];

	redis_command_begin(&command, "GET");
	redis_command_add(&command, name, key_of(redis, key, length, name));
	return redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_record, &record }, why);
}

static bool
take_any(const redisReply *reply, void *unused)
{
	(void)unused;
	return reply->type == REDIS_REPLY_STATUS || reply->type == REDIS_REPLY_INTEGER;
}

/* How long a record that somebody else than the script writes may be of use. */
static int64_t
lifetime_of(const struct redis_store *redis, const char *key)
{
	return key[0] == 'u' ? UNSURE_LIFETIME : redis->lifetime + 1;
}

static bool
redis_put(struct store *store, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	struct redis_store *redis = redis_of(store);
	bool blank = greylist_record_is_blank(record);
	uint8_t bytes[GREYLIST_RECORD_BYTES];
	char name[KEY_ROOM], seconds[24];
	struct redis_command command;

	greylist_record_pack(record, bytes);
	snprintf(seconds, sizeof seconds, "%lld", (long long)lifetime_of(redis, key));
	redis_command_begin(&command, blank ? "DEL" : "SET");
	redis_command_add(&command, name, key_of(redis, key, length, name));
	if (!blank) {
		redis_command_add(&command, (const char *)bytes, sizeof bytes);
		redis_command_say(&command, "EX");
		redis_command_say(&command, seconds);
	}
	return redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_any, NULL }, why);
}

/* ---- forgetting ---- */

static bool
delete_keys(struct redis_store *redis, const struct redis_key *keys, size_t count, struct fault *why)
{
	struct redis_command command;

	redis_command_begin(&command, "DEL");
	for (size_t i = 0; i < count; i++)
		redis_command_add(&command, keys[i].text, keys[i].length);
	return count == 0 || redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_any, NULL }, why);
}

/* A tuple that is unsure again in the same second begins anew: it waits longer, and nothing else. */
static void
forget_kept(void *owner)
{
	struct redis_store *redis = owner;
	struct redis_key keys[REDIS_FORGET_AT_ONCE];
	size_t count;

	while ((count = redis_forget_take(redis->forgotten, keys)) > 0 && delete_keys(redis, keys, count, NULL))
		;
}

/* Those for which there is room are forgotten within a second. */
static bool
redis_forget(struct store *store, const struct store_key *keys, size_t count, struct fault *why)
{
	struct redis_store *redis = redis_of(store);
	struct redis_key now[REDIS_FORGET_AT_ONCE];
	size_t pending = 0;

	for (size_t i = 0; i < count; i++) {
		struct redis_key *key = &now[pending];

		key->length = key_of(redis, keys[i].text, keys[i].length, key->text);
		if (redis->has_keeper && redis_forget_keep(redis->forgotten, key))
			continue;
		if (++pending < REDIS_FORGET_AT_ONCE)
			continue;
		if (!delete_keys(redis, now, pending, why))
			return false;
		pending = 0;
	}
	if (redis_forget_presses(redis->forgotten))
		redis_pool_wake(redis->pool);
	return delete_keys(redis, now, pending, why);
}

/* ---- deciding ---- */

/* Reads the number in text up to the blank at *at, which goes behind it. */
static bool
read_seconds(const char *text, size_t length, size_t *at, int64_t *out)
{
	size_t begin = *at;

	for (*out = 0; *at < length && *at - begin < 12 && text[*at] >= '0' && text[*at] <= '9'; ++*at)
		*out = *out * 10 + (text[*at] - '0');
	return *at > begin && *at < length && text[(*at)++] == ' ';
}

static bool
read_state(struct span word, enum greylist_state *out)
{
	for (*out = GREYLIST_NEW; *out <= GREYLIST_NETWORK; ++*out)
		if (span_is(word, greylist_state_word(*out)))
			return true;
	return false;
}

/* "new 300 " and the record: one text costs less than a list of three. */
static bool
take_decision(const redisReply *reply, struct greylist_decision *out)
{
	struct greylist_decision read = { .state = GREYLIST_FAILED };
	const char *blank = reply->type == REDIS_REPLY_STRING ? memchr(reply->str, ' ', reply->len) : NULL;
	size_t at = blank == NULL ? 0 : (size_t)(blank - reply->str) + 1;

	if (blank == NULL || !read_state((struct span){ reply->str, at - 1 }, &read.state) ||
	    !read_seconds(reply->str, reply->len, &at, &read.wait) ||
	    !greylist_record_unpack(reply->str + at, reply->len - at, &read.record))
		return false;
	if (greylist_state_waits(read.state) ? read.wait == 0 || read.wait > WAIT_MAX : read.wait != 0)
		return false;
	read.passed_by = read.state == GREYLIST_NETWORK ? PASSED_BY_NETWORK : PASSED_BY_NOTHING;
	*out = read;
	return true;
}

/* The command borrows from *room. */
static void
command_decide(const struct redis_store *redis, const struct greylist_settings *settings,
    const struct greylist_keys *keys, int64_t now, struct question *room, struct redis_command *out)
{
	const int64_t numbers[NUMBERS] = { now, settings->delay, settings->retry_window, settings->lifetime,
		settings->auto_pass, settings->auto_pass_network };
	bool network = keys->network_length > 0;

	redis_command_begin(out, "EVALSHA");
	redis_command_say(out, redis->script);
	redis_command_say(out, network ? "3" : "1");
	redis_command_add(out, room->tuple, key_of(redis, keys->tuple, keys->tuple_length, room->tuple));
	if (network) {
		redis_command_add(out, room->network, key_of(redis, keys->network, keys->network_length, room->network));
		redis_command_add(out, room->domain, key_of(redis, keys->domain, keys->domain_length, room->domain));
	}
	for (size_t i = 0; i < NUMBERS; i++) {
		snprintf(room->numbers[i], sizeof room->numbers[i], "%lld", (long long)numbers[i]);
		redis_command_say(out, room->numbers[i]);
	}
}

/* What was sent of a question, and room for the command that is made. */
struct asking {
	struct redis_sent *sent;
	const struct store_question *question;
	struct question room;
	struct redis_command command;
};

static struct redis_command *
make_decide(void *context, size_t number)
{
	struct asking *asking = context;
	const struct store_question *question = asking->question;

	command_decide(redis_of(question->store), question->settings, &question->keys[number], question->now,
	    &asking->room, &asking->command);
	return &asking->command;
}

static bool
take_answer(void *context, size_t number, const redisReply *reply)
{
	return take_decision(reply, &((const struct asking *)context)->question->answers[number]);
}

static bool
redis_ask(struct store *store, struct store_question *question, struct fault *why)
{
	struct asking *asking = malloc(sizeof *asking);
	struct redis_batch batch = { question->count, make_decide, take_answer, asking };

	if (asking == NULL)
		return why != NULL && fault_set(why, "the greylist: out of memory");
	asking->question = question;
	question->store = store;
	asking->sent = redis_pool_send(redis_of(store)->pool, &batch, why);
	if (asking->sent != NULL)
		question->sent = asking;
	else
		free(asking);
	return question->sent != NULL;
}

static bool
redis_answer(struct store *store, struct store_question *question, struct fault *why)
{
	struct asking *asking = question->sent;
	bool answered = redis_pool_take(redis_of(store)->pool, asking->sent, why);

	free(asking);
	question->sent = NULL;
	return answered;
}

static void
redis_unask(struct store_question *question)
{
	struct asking *asking = question->sent;

	redis_pool_drop(asking->sent);
	free(asking);
	question->sent = NULL;
}

/* A tuple of ten seconds, which is written each time: it is never free. */
static struct redis_command *
make_probe(void *owner, size_t number)
{
	static const struct greylist_settings seconds = { .delay = 1,
		.retry_window = 10,
		.lifetime = 10,
		.auto_pass = UINT32_MAX };
	static const struct greylist_keys keys = { .tuple = "probe", .tuple_length = sizeof "probe" - 1 };
	struct redis_store *redis = owner;

	(void)number;
	command_decide(redis, &seconds, &keys, clock_now(), &redis->probe, &redis->probe_command);
	return &redis->probe_command;
}

static bool
take_probe(void *owner, size_t number, const redisReply *reply)
{
	struct greylist_decision unused;

	(void)owner, (void)number;
	return take_decision(reply, &unused);
}

/* ---- taking over ---- */

enum { TAKEN_AT_ONCE = STORE_PAGE / 2 }; /* a key and a record each: other hosts wait for it */

/* Keys and records as they are sent. */
struct parcel {
	char keys[TAKEN_AT_ONCE][KEY_ROOM], records[TAKEN_AT_ONCE][GREYLIST_RECORD_BYTES + 24];
};

static int64_t
seconds_left(const struct greylist_settings *settings, const struct store_entry *entry, int64_t now)
{
	int64_t left = greylist_record_expires(settings, &entry->record) - now + 1;

	if (entry->key[0] == 'u')
		return UNSURE_LIFETIME;
	if (entry->key[0] == 'd')
		left = entry->record.last + DOMAIN_LIFETIME - now + 1;
	return left < 1 ? 1 : left > settings->lifetime ? settings->lifetime + 1 : left;
}

static bool
take_count(const redisReply *reply, void *context)
{
	*(long long *)context = reply->integer;
	return reply->type == REDIS_REPLY_INTEGER && reply->integer >= 0;
}

static bool
take_some(struct redis_store *redis, const struct greylist_settings *settings, const struct store_entry *entries,
    size_t count, int64_t now, struct parcel *parcel, size_t *taken, struct fault *why)
{
	struct redis_command command;
	char number[24];
	long long put;

	snprintf(number, sizeof number, "%zu", count);
	redis_command_begin(&command, "EVAL");
	redis_command_say(&command, redis_script_take);
	redis_command_say(&command, number);
	for (size_t i = 0; i < count; i++)
		redis_command_add(&command, parcel->keys[i],
		    key_of(redis, entries[i].key, entries[i].length, parcel->keys[i]));
	for (size_t i = 0; i < count; i++) {
		char *record = parcel->records[i];
		int digits = snprintf(record + GREYLIST_RECORD_BYTES, 24, "%lld",
		    (long long)seconds_left(settings, &entries[i], now));

		greylist_record_pack(&entries[i].record, (uint8_t *)record);
		redis_command_add(&command, record, GREYLIST_RECORD_BYTES + (size_t)digits);
	}
	if (!redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_count, &put }, why))
		return false;
	*taken += (size_t)put;
	return true;
}

static bool
redis_take(struct store *store, const struct greylist_settings *settings, const struct store_entry *entries,
    size_t count, int64_t now, size_t *taken, struct fault *why)
{
	struct parcel *parcel = malloc(sizeof *parcel);
	bool done = parcel != NULL || fault_set(why, "the greylist: out of memory");

	for (size_t i = 0; done && i < count; i += TAKEN_AT_ONCE)
		done = take_some(redis_of(store), settings, entries + i,
		    count - i < TAKEN_AT_ONCE ? count - i : TAKEN_AT_ONCE, now, parcel, taken, why);
	free(parcel);
	return done;
}

/* ---- the hosts that share it ---- */

struct lines {
	store_line *each;
	void *context;
};

/* What is no line is left out. */
static bool
take_lines(const redisReply *reply, void *context)
{
	const struct lines *lines = context;

	for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements && i < STORE_LINES_MAX; i++) {
		const redisReply *line = reply->element[i];

		if (line->type == REDIS_REPLY_STRING && line->len <= STORE_LINE_MAX)
			lines->each(lines->context, (struct span){ line->str, line->len });
	}
	return true;
}

static bool
redis_tell(struct store *store, const char *host, struct span line, store_line *each, void *context, struct fault *why)
{
	struct redis_store *redis = redis_of(store);
	struct lines lines = { each, context };
	struct redis_command command;
	char hosts[KEY_ROOM], own[KEY_ROOM], begin[KEY_ROOM], numbers[3][24];

	snprintf(hosts, sizeof hosts, "%shosts", redis->prefix);
	snprintf(begin, sizeof begin, "%shost ", redis->prefix);
	snprintf(own, sizeof own, "%shost %.200s", redis->prefix, host);
	snprintf(numbers[0], sizeof numbers[0], "%d", STORE_LINE_SECONDS);
	snprintf(numbers[1], sizeof numbers[1], "%d", STORE_LINES_MAX);
	snprintf(numbers[2], sizeof numbers[2], "%d", STORE_LINE_MAX);
	redis_command_begin(&command, "EVAL");
	redis_command_say(&command, redis_script_tell);
	redis_command_say(&command, "2");
	redis_command_say(&command, hosts);
	redis_command_say(&command, own);
	redis_command_say(&command, begin);
	redis_command_add(&command, line.at, line.length);
	for (size_t i = 0; i < 3; i++)
		redis_command_say(&command, numbers[i]);
	return redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_lines, &lines }, why);
}

/* ---- listing ---- */

/*
 * Redis lists keys in no order. So a page begins with no key but with Redis' own cursor, behind a byte that begins no key; a key
 * may be listed twice, when tables grow meanwhile (SCAN promises each that stays at least once).
 */
enum { CURSOR = 1 };

struct listing {
	struct redis_store *redis;
	struct store_page *page;
	bool overflows;
};

static void
list_key(struct listing *listing, const redisReply *key)
{
	size_t prefix = strlen(listing->redis->prefix);
	struct store_entry *entry = &listing->page->entries[listing->page->count];

	if (key->type != REDIS_REPLY_STRING || key->len <= prefix || key->len - prefix > GREYLIST_KEY_MAX)
		return;
	if (listing->page->count == STORE_PAGE) {
		listing->overflows = true;
		return;
	}
	entry->length = key->len - prefix;
	memcpy(entry->key, key->str + prefix, entry->length);
	listing->page->count++;
}

/* { "1234", [ keys ] } */
static bool
take_keys(const redisReply *reply, void *context)
{
	struct listing *listing = context;
	struct store_page *page = listing->page;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_ARRAY || reply->element[0]->len + 1 > sizeof page->next)
		return false;
	for (size_t i = 0; i < reply->element[1]->elements; i++)
		list_key(listing, reply->element[1]->element[i]);
	page->is_last = strcmp(reply->element[0]->str, "0") == 0;
	page->next[0] = CURSOR;
	memcpy(page->next + 1, reply->element[0]->str, reply->element[0]->len);
	page->next_length = 1 + reply->element[0]->len;
	return true;
}

/* The records of the keys, in their order; what has expired meanwhile is left out. */
static bool
take_records(const redisReply *reply, void *context)
{
	struct store_page *page = context;
	size_t kept = 0;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != page->count)
		return false;
	for (size_t i = 0; i < page->count; i++) {
		const redisReply *bytes = reply->element[i];
		struct store_entry *entry = &page->entries[i];

		if (bytes->type == REDIS_REPLY_STRING && greylist_record_unpack(bytes->str, bytes->len, &entry->record))
			page->entries[kept++] = *entry;
	}
	page->count = kept;
	return true;
}

static bool
read_records(struct redis_store *redis, struct store_page *page, struct fault *why)
{
	char(*names)[KEY_ROOM] = malloc(STORE_PAGE * sizeof *names);
	struct redis_command command;
	bool done = names != NULL || fault_set(why, "the greylist: out of memory");

	redis_command_begin(&command, "MGET");
	for (size_t i = 0; done && i < page->count; i++)
		redis_command_add(&command, names[i],
		    key_of(redis, page->entries[i].key, page->entries[i].length, names[i]));
	done = done && redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_records, page }, why);
	free(names);
	return done;
}

/* From the first key, wherever that is said to be, or from a cursor. */
static bool
redis_page(struct store *store, const char *from, size_t length, struct store_page *out, struct fault *why)
{
	struct redis_store *redis = redis_of(store);
	struct listing listing = { redis, out, false };
	struct redis_command command;
	char pattern[PREFIX_ROOM + 1];
	bool first = length == 0 || from[0] != CURSOR;

	snprintf(pattern, sizeof pattern, "%s*",
	    redis->prefix); /* value_prefix lets nothing stand there that SCAN takes otherwise */
	redis_command_begin(&command, "SCAN");
	redis_command_add(&command, first ? "0" : from + 1, first ? 1 : length - 1);
	redis_command_say(&command, "MATCH");
	redis_command_say(&command, pattern);
	redis_command_say(&command, "COUNT");
	redis_command_say(&command, SCAN_COUNT);
	if (!redis_pool_ask(redis->pool, &command, &(struct redis_taker){ take_keys, &listing }, why))
		return false;
	if (listing.overflows)
		return fault_set(why, "Redis lists more than %d keys at once while its tables change; ask again",
		    STORE_PAGE);
	return out->count == 0 || read_records(redis, out, why);
}

/* ---- what Redis does by itself ---- */

static bool
redis_sweep(struct store *store, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why)
{
	(void)store, (void)dead, (void)context, (void)why;
	*done = true; /* its keys expire */
	return true;
}

static bool
redis_sync(struct store *store, struct fault *why)
{
	(void)store, (void)why;
	return true; /* what was put is there */
}

/* ---- opening and closing ---- */

static void
redis_report(struct store *store, struct store_report *out)
{
	redis_pool_report(redis_of(store)->pool, out);
}

static void
redis_count_passed(struct store *store)
{
	redis_pool_count_passed(redis_of(store)->pool);
}

static void
redis_look(struct store *store)
{
	redis_pool_look(redis_of(store)->pool);
}

static void
redis_close(struct store *store)
{
	struct redis_store *redis = redis_of(store);

	forget_kept(redis);
	redis_pool_close(redis->pool);
	redis_forget_close(redis->forgotten);
	free(redis);
}

struct store *
store_redis(const struct settings *settings, struct journal *journal, struct fault *why)
{
	struct redis_store *redis = calloc(1, sizeof *redis);

	if (redis == NULL) {
		fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	redis->store = (struct store){ .shared = true,
		.unordered = true,
		.get = redis_get,
		.put = redis_put,
		.forget = redis_forget,
		.ask = redis_ask,
		.answer = redis_answer,
		.unask = redis_unask,
		.take = redis_take,
		.sweep = redis_sweep,
		.sync = redis_sync,
		.close = redis_close,
		.page = redis_page,
		.tell = redis_tell,
		.report = redis_report,
		.count_passed = redis_count_passed,
		.look = redis_look };
	snprintf(redis->prefix, sizeof redis->prefix, "%s", settings->redis.prefix);
	redis->lifetime = settings->greylist.lifetime;
	redis_script_name(redis->script);
	redis->has_keeper = journal != NULL;
	redis->forgotten = redis_forget_open();
	if (redis->forgotten == NULL)
		fault_set(why, "the greylist: out of memory");
	else
		redis->pool = redis_pool_open(settings, redis_script,
		    &(struct redis_batch){ 1, make_probe, take_probe, redis }, forget_kept, redis, journal, why);
	if (redis->pool != NULL)
		return &redis->store;
	redis_forget_close(redis->forgotten);
	free(redis);
	return NULL;
}

bool
store_redis_try(const struct settings *settings, struct fault *why)
{
	struct store *store = store_redis(settings, NULL, why);
	struct store_report report;

	if (store == NULL)
		return false;
	store_report(store, &report);
	store_close(store);
	if (report.state != STORE_STATE_WORKS)
		*why = report.why;
	return report.state == STORE_STATE_WORKS;
}
