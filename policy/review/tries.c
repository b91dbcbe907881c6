#include <stdlib.h>
#include <string.h>

#include "policy/review/tries.h"
#include "policy/review/verdict_seen.h"
#include "policy/util/hash.h"

struct tries {
	struct tries_query query;
	const struct greylist_settings *settings;
	const struct suffix_list *suffixes;
	uint64_t *wanted; /* keys of what matched; sorted when the second pass begins */
	size_t wanted_count, wanted_room;
	bool sorted;
	const char *file;    /* that lines come from */
	struct arena *arena; /* of what is kept */
	struct try *list;
	size_t count, room;
};

struct tries *
tries_open(const struct tries_query *query, const struct greylist_settings *settings, const struct suffix_list *suffixes)
{
	struct tries *tries = calloc(1, sizeof *tries);

	if (tries == NULL)
		return NULL;
	*tries = (struct tries){ .query = *query, .settings = settings, .suffixes = suffixes };
	tries->arena = arena_open(TRIES_BYTES);
	if (tries->arena != NULL)
		return tries;
	free(tries);
	return NULL;
}

void
tries_close(struct tries *tries)
{
	if (tries == NULL)
		return;
	arena_close(tries->arena);
	free(tries->wanted);
	free(tries->list);
	free(tries);
}

/* ---- what is asked for ---- */

/* "joe@example.com", or "example.com" and what is below it. */
static bool
address_matches(struct span address, const char *asked)
{
	size_t length = strlen(asked);
	struct span tail = { address.at + (address.length > length ? address.length - length : 0), length };

	if (strchr(asked, '@') != NULL || address.length <= length)
		return span_is_nocase(address, asked);
	return span_is_nocase(tail, asked) && (tail.at[-1] == '@' || tail.at[-1] == '.');
}

/* May it stand in an address, so that what it touches is not all of one? */
static bool
is_address_char(char c)
{
	return (text_lower(c) >= 'a' && text_lower(c) <= 'z') || (c >= '0' && c <= '9') ||
	    (c != '\0' && strchr("@.-_+=!#$%&'*/?^`{|}~", c) != NULL);
}

/* An address, or a domain with what is below it, as a whole anywhere in a From field: one that cannot be read is shown as it
 * came, and names its authors all the same. */
static bool
field_names(struct span field, const char *asked)
{
	size_t length = strlen(asked);
	bool is_domain = strchr(asked, '@') == NULL;

	for (size_t i = 0; length > 0 && i + length <= field.length; i++) {
		char before = i > 0 ? field.at[i - 1] : ' ';
		char after = i + length < field.length ? field.at[i + length] : ' ';
		bool begins = is_domain ? before == '@' || before == '.' || !is_address_char(before)
					: !is_address_char(before);

		if (begins && !is_address_char(after) && span_is_nocase((struct span){ field.at + i, length }, asked))
			return true;
	}
	return false;
}

static bool
from_matches(const struct recorded *recorded, const char *asked)
{
	return address_matches(span_of(recorded->facts.mail_from), asked) || field_names(span_of(recorded->from), asked);
}

static bool
rcpt_matches(const struct facts *facts, const char *asked)
{
	for (size_t i = 0; i < facts->rcpt_count; i++)
		if (address_matches(span_of(facts->rcpts[i]), asked))
			return true;
	return false;
}

/* A Message-ID with or without its angle brackets. */
static bool
handle_matches(const struct recorded *recorded, const char *asked)
{
	struct span id = span_of(recorded->facts.message_id), word = span_of(asked);

	if (strcmp(recorded->id, asked) == 0 || strcmp(recorded->qid, asked) == 0)
		return true;
	if (id.length > 2 && id.at[0] == '<' && word.length > 0 && word.at[0] != '<')
		id = (struct span){ id.at + 1, id.length - 2 };
	return id.length > 0 && id.length == word.length && memcmp(id.at, word.at, id.length) == 0;
}

static bool
holds_as(const struct tries_query *query, const struct recorded *recorded)
{
	const struct facts *facts = &recorded->facts;

	return (query->handle == NULL || handle_matches(recorded, query->handle)) &&
	    (query->rcpt == NULL || rcpt_matches(facts, query->rcpt)) &&
	    (query->from == NULL || from_matches(recorded, query->from)) &&
	    (query->vendor == NULL || strcmp(recorded->vendor, query->vendor) == 0) &&
	    (query->client.base.family == ADDRESS_NONE || prefix_holds(&query->client, &facts->client)) &&
	    (query->since == 0 || recorded->when >= query->since) &&
	    (query->until == 0 || recorded->when <= query->until);
}

/* A record that is hidden by that key is asked for as it shows them, too: what is asked for may have been copied from one. */
bool
tries_query_holds(const struct tries_query *query, const struct recorded *recorded)
{
	struct tries_query hidden = *query;

	if (holds_as(query, recorded))
		return true;
	if (query->hidden_by == NULL || strcmp(query->hidden_by, recorded->hidden_by) != 0)
		return false;
	hidden.handle = query->hidden_handle;
	hidden.rcpt = query->hidden_rcpt;
	hidden.from = query->hidden_from;
	return holds_as(&hidden, recorded);
}

/* ---- keys ---- */

static uint64_t
key_of(const struct tries *tries, const struct facts *facts, size_t rcpt)
{
	char key[GREYLIST_KEY_MAX + 1];
	size_t length = greylist_key(tries->settings, tries->suffixes, facts, facts->rcpts[rcpt], 'g', key);

	return hash_bytes(HASH_START, key, length);
}

/* A message without a recipient (refused before any) is still one: its id is its key. */
static size_t
key_count(const struct facts *facts)
{
	return facts->rcpt_count == 0 ? 1 : facts->rcpt_count;
}

static uint64_t
key_at(const struct tries *tries, const struct recorded *recorded, size_t i)
{
	if (recorded->facts.rcpt_count == 0)
		return hash_string(HASH_START, recorded->id);
	return key_of(tries, &recorded->facts, i);
}

/* Grows an array by doubling. */
static bool
make_room(void **list, size_t *room, size_t count, size_t size)
{
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*list, 2 * *room + 16, size);
	if (grown == NULL)
		return false;
	*list = grown;
	*room = 2 * *room + 16;
	return true;
}

bool
tries_match(struct tries *tries, const struct recorded *recorded)
{
	void *wanted = tries->wanted;

	if (!tries_query_holds(&tries->query, recorded))
		return true;
	for (size_t i = 0; i < key_count(&recorded->facts); i++) {
		if (!make_room(&wanted, &tries->wanted_room, tries->wanted_count, sizeof *tries->wanted))
			return false;
		tries->wanted = wanted;
		tries->wanted[tries->wanted_count++] = key_at(tries, recorded, i);
	}
	tries->sorted = false;
	return true;
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
is_wanted(struct tries *tries, uint64_t key)
{
	if (!tries->sorted && tries->wanted_count > 0)
		qsort(tries->wanted, tries->wanted_count, sizeof *tries->wanted, by_number);
	tries->sorted = true;
	return tries->wanted_count > 0 &&
	    bsearch(&key, tries->wanted, tries->wanted_count, sizeof *tries->wanted, by_number) != NULL;
}

/* ---- keeping ---- */

/* Was the reply for good? Who was told to come again has not ended his message. */
static bool
is_final(const struct recorded *recorded)
{
	return recorded->action != ACTION_GREYLIST && recorded->action != ACTION_DEFER;
}

static bool
keep(struct tries *tries, enum log_form form, const struct recorded *recorded, struct span line)
{
	void *list = tries->list;
	struct try *try;

	if (!make_room(&list, &tries->room, tries->count, sizeof *tries->list))
		return false;
	tries->list = list;
	try = &tries->list[tries->count];
	*try = (struct try){ .when = recorded->when,
		.form = form,
		.line = { arena_copy(tries->arena, line.at, line.length), line.length },
		.matched = tries_query_holds(&tries->query, recorded),
		.final = is_final(recorded),
		.verdict = verdict_identity(recorded),
		.file = tries->file,
		.key_count = key_count(&recorded->facts) };
	try->keys = arena_take(tries->arena, try->key_count * sizeof *try->keys);
	if (try->line.at == NULL || try->keys == NULL)
		return false;
	for (size_t i = 0; i < try->key_count; i++)
		try->keys[i] = key_at(tries, recorded, i);
	tries->count++;
	return true;
}

void
tries_come_from(struct tries *tries, const char *file)
{
	tries->file = file;
}

bool
tries_keep(struct tries *tries, enum log_form form, const struct recorded *recorded, struct span line, struct fault *why)
{
	bool wanted = false;

	for (size_t i = 0; i < key_count(&recorded->facts) && !wanted; i++)
		wanted = is_wanted(tries, key_at(tries, recorded, i));
	if (!wanted)
		return true;
	if (tries->count < TRIES_KEPT && keep(tries, form, recorded, line))
		return true;
	return fault_set(why, "more than %zu tries match; ask for less, with --since, --from, --rcpt or --client",
	    tries->count);
}

/* ---- messages ---- */

static int
by_time(const void *a, const void *b)
{
	const struct try *x = a, *y = b;

	return x->when < y->when ? -1 : x->when > y->when;
}

static int
by_message(const void *a, const void *b)
{
	const struct try *x = a, *y = b;

	if (x->message != y->message)
		return x->message < y->message ? -1 : 1;
	return by_time(a, b);
}

/* Of the same verdict a record comes first: a line shows less. */
static int
by_verdict(const void *a, const void *b)
{
	const struct try *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->form != y->form)
		return x->form == LOG_FORM_RECORD ? -1 : 1;
	return by_time(a, b);
}

/* The records of hosts may overlap, and the same be in a log as well. */
static void
drop_repeated(struct tries *tries)
{
	size_t kept = 0;

	qsort(tries->list, tries->count, sizeof *tries->list, by_verdict);
	for (size_t i = 0; i < tries->count; i++)
		if (kept == 0 || tries->list[i].verdict == 0 || tries->list[i].verdict != tries->list[kept - 1].verdict)
			tries->list[kept++] = tries->list[i];
	tries->count = kept;
}

static bool
share_key(const struct try *a, const struct try *b)
{
	for (size_t i = 0; i < a->key_count; i++)
		for (size_t j = 0; j < b->key_count; j++)
			if (a->keys[i] == b->keys[j])
				return true;
	return false;
}

/* The try before it that is of the same message; NULL: it is a first one. Looks back as long as one can be. */
static const struct try *
earlier(const struct tries *tries, size_t at, int64_t window)
{
	const struct try *try = &tries->list[at];

	for (size_t i = at; i-- > 0 && tries->list[i].when >= try->when - window;)
		if (share_key(try, &tries->list[i]))
			return tries->list[i].final ? NULL : &tries->list[i];
	return NULL;
}

/* Lines that came at once are of one try: of recipients that were refused at RCPT, and of the others. */
static void
number(struct tries *tries, int64_t window)
{
	size_t messages = 0;

	for (size_t i = 0; i < tries->count; i++) {
		const struct try *before = earlier(tries, i, window);

		tries->list[i].message = before == NULL ? messages++ : before->message;
	}
}

static bool
any_matched(const struct try *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].matched)
			return true;
	return false;
}

/* Drops messages of which no try is what was asked for. */
static void
drop_others(struct tries *tries)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < tries->count; i = end) {
		for (end = i; end < tries->count && tries->list[end].message == tries->list[i].message;)
			end++;
		if (any_matched(&tries->list[i], end - i)) {
			memmove(&tries->list[kept], &tries->list[i], (end - i) * sizeof *tries->list);
			kept += end - i;
		}
	}
	tries->count = kept;
}

const struct try *
tries_sort(struct tries *tries, int64_t retry_window, size_t *count)
{
	if (tries->count > 0) {
		drop_repeated(tries);
		qsort(tries->list, tries->count, sizeof *tries->list, by_time);
		number(tries, retry_window * 1000);
		qsort(tries->list, tries->count, sizeof *tries->list, by_message);
		drop_others(tries);
	}
	*count = tries->count;
	return tries->list;
}
