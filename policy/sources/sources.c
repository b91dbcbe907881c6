#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/spf_text.h"
#include "policy/sources/sources.h"
#include "policy/util/hash.h"

enum {
	BITS4_MIN = 8,  /* nobody was ever assigned more, */
	BITS6_MIN = 16, /* so a wider network is a mistake or a trap */
	MEMORY_MAX = 4 * 1024 * 1024,
	WRONG_MAX = 220, /* parts of a fault's text: what is wrong */
	SHOWN_MAX = 280  /* and the path to it; together they fit */
};

/* One SPF record in the tree. */
struct step {
	const struct step *up; /* the record that names it; NULL: the source itself */
	const char *name;
	const char *path;
	const char *path4, *path6; /* of its ip4 and ip6 terms; NULL until needed */
	/* False after a term that may end the search without a pass: the first match wins, so later terms are
	 * checked for faults but prove nothing by themselves. */
	bool listed;
};

/* One open question, and what it is for. */
struct task {
	struct task *next;
	enum dns_type type;
	const char *name;
	const char *path;
	struct step *step;     /* TXT: the record asked for; NULL: an a or mx source */
	unsigned bits4, bits6; /* A, AAAA, MX: prefix length of each address */
	bool listed;
	bool counts; /* counts as a void look-up if it has no answer */
};

struct unfolding {
	const struct source *source;
	struct arena *arena;
	enum unfolding_state state;
	struct fault why;
	struct task *queue;
	struct source_network *networks;
	size_t count, room;
	uint32_t *slots;   /* hash table of networks: number + 1; 0: free */
	size_t slot_count; /* a power of two, at least twice count */
	unsigned terms, voids;
	bool absent; /* the source's own name does not exist */
	bool asked;
	const char *asked_why;
	uint32_t ttl;
};

/* ---- failing ---- */

/* The first fault ends the unfolding. Returns false. */
static bool PRINTF_LIKE(4, 5)
    fail(struct unfolding *u, enum unfolding_state state, const char *path, const char *fmt, ...)
{
	size_t length = strlen(path);
	char what[WRONG_MAX];
	va_list args;

	if (u->state != UNFOLDING_ASKS)
		return false;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	u->state = state;
	u->queue = NULL;
	if (length > SHOWN_MAX) /* the end of a path names the culprit */
		return fault_set(&u->why, "...%s: %s", path + length - SHOWN_MAX, what);
	return fault_set(&u->why, "%s: %s", path, what);
}

static bool
fail_memory(struct unfolding *u)
{
	return fail(u, UNFOLDING_TEMPORARY, u->source->text, "no memory");
}

/* ---- paths and names ---- */

static const char *
kept(struct unfolding *u, const char *made)
{
	if (made != NULL)
		return made;
	fail_memory(u);
	return "";
}

/* "up > what"; of a path that is too long the end is kept. */
static const char *
path_below(struct unfolding *u, const char *up, const char *what)
{
	char *path = arena_format(u->arena, "%s > %s", up, what);
	size_t length = path == NULL ? 0 : strlen(path);

	if (length >= SOURCE_PATH_MAX) {
		path += length - (SOURCE_PATH_MAX - 1);
		memcpy(path, "...", 3);
	}
	return kept(u, path);
}

/* The name in normal form, so that names compare; as written if it is not a valid DNS name. */
static const char *
name_kept(struct unfolding *u, const char *name)
{
	struct dns_question question;

	if (dns_question_make(&question, name, DNS_TXT))
		name = question.name;
	return kept(u, arena_string(u->arena, name));
}

/* ---- networks ---- */

static bool
prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && address_equal(&a->base, &b->base);
}

/* A vendor that publishes colliding networks only slows down its own source, a little. */
static size_t
prefix_hash(const struct prefix *prefix)
{
	uint64_t hash = hash_bytes(HASH_START, &prefix->bits, sizeof prefix->bits);

	return (size_t)hash_fold(hash_bytes(hash, prefix->base.bytes, sizeof prefix->base.bytes));
}

/* The slot of this network, or the free one where it belongs. */
static uint32_t *
slot_find(const struct unfolding *u, const struct prefix *prefix)
{
	size_t i = prefix_hash(prefix);

	for (;; i++) {
		uint32_t *slot = &u->slots[i & (u->slot_count - 1)];

		if (*slot == 0 || prefix_equal(&u->networks[*slot - 1].prefix, prefix))
			return slot;
	}
}

/* Doubles the room for networks and for their hash. */
static bool
networks_grow(struct unfolding *u)
{
	size_t room = u->room == 0 ? 64 : u->room * 2;
	struct source_network *networks = realloc(u->networks, room * sizeof *networks);
	uint32_t *slots = calloc(2 * room, sizeof *slots);

	if (networks != NULL)
		u->networks = networks;
	if (networks == NULL || slots == NULL) {
		free(slots);
		return fail_memory(u);
	}
	free(u->slots);
	u->slots = slots;
	u->slot_count = 2 * room;
	u->room = room;
	for (size_t i = 0; i < u->count; i++)
		*slot_find(u, &u->networks[i].prefix) = (uint32_t)i + 1;
	return true;
}

static bool
is_own_list(const struct source *source)
{
	return source->kind == SOURCE_CIDR || source->kind == SOURCE_FILE;
}

static bool
network_add(struct unfolding *u, const struct prefix *prefix, const char *path, bool listed)
{
	char text[PREFIX_TEXT];
	uint32_t *slot;

	if (prefix->bits < (prefix->base.family == ADDRESS_V4 ? BITS4_MIN : BITS6_MIN))
		return fail(u, UNFOLDING_BROKEN, path, "%s is too broad", prefix_write(prefix, text));
	if (!listed)
		return true;
	/* a list that the administrator wrote has only the table's limit */
	if (u->count >= SOURCE_NETWORKS_MAX && !is_own_list(u->source))
		return fail(u, UNFOLDING_BROKEN, path, "more than %d networks", SOURCE_NETWORKS_MAX);
	if (u->count == u->room && !networks_grow(u))
		return false;
	slot = slot_find(u, prefix);
	if (*slot != 0)
		return true;
	u->networks[u->count++] = (struct source_network){ *prefix, path };
	*slot = (uint32_t)u->count;
	return true;
}

/* ---- tasks ---- */

/* Inserts a copy of the task at *at and moves *at behind it. */
static void
task_add(struct unfolding *u, struct task ***at, struct task like)
{
	struct task *task = arena_take(u->arena, sizeof *task);

	if (task == NULL) {
		fail_memory(u);
		return;
	}
	if (u->state != UNFOLDING_ASKS)
		return;
	*task = like;
	task->next = **at;
	**at = task;
	*at = &task->next;
}

/* Adds A and AAAA of one host; everything else is as in `like`. */
static void
task_add_host(struct unfolding *u, struct task ***at, struct task like)
{
	like.type = DNS_A;
	task_add(u, at, like);
	/* never counts as void: most hosts have no AAAA, and an SPF check asks only for its client's family */
	like.counts = false;
	like.type = DNS_AAAA;
	task_add(u, at, like);
}

/* Adds an SPF record to read: the source's own (up is NULL), or one that another record names. */
static void
task_add_record(struct unfolding *u, struct task ***at, const struct step *up, const char *name)
{
	struct step *step = arena_take(u->arena, sizeof *step);

	if (step == NULL) {
		fail_memory(u);
		return;
	}
	step->up = up;
	step->name = name_kept(u, name);
	step->path = up == NULL ? step->name : path_below(u, up->path, step->name);
	step->listed = up == NULL || up->listed;
	for (; up != NULL; up = up->up)
		if (strcmp(up->name, step->name) == 0) {
			fail(u, UNFOLDING_BROKEN, step->path, "a loop");
			return;
		}
	task_add(u, at, (struct task){ .type = DNS_TXT, .name = step->name, .path = step->path, .step = step });
}

/* ---- terms of an SPF record ---- */

/* The state of reading one record. */
struct walk {
	struct unfolding *u;
	struct step *step;
	struct task **at; /* where its questions go, before those of the record above */
};

static void
take_network(struct walk *walk, const struct spf_term *term)
{
	bool v4 = term->mechanism == SPF_IP4;
	const char **path = v4 ? &walk->step->path4 : &walk->step->path6;

	if (*path == NULL)
		*path = path_below(walk->u, walk->step->path, v4 ? "ip4" : "ip6");
	network_add(walk->u, &term->network, *path, walk->step->listed);
}

static void
take_include(struct walk *walk, const struct spf_term *term)
{
	task_add_record(walk->u, &walk->at, walk->step, term->spec);
}

/* "a", "mx:example.com", "-ip4:192.0.2.0/24": a term as a person would write it. */
static const char *
term_text(struct unfolding *u, const struct spf_term *term)
{
	static const char *const names[] = { [SPF_ALL] = "all",
		[SPF_INCLUDE] = "include",
		[SPF_A_TERM] = "a",
		[SPF_MX_TERM] = "mx",
		[SPF_PTR_TERM] = "ptr",
		[SPF_IP4] = "ip4",
		[SPF_IP6] = "ip6",
		[SPF_EXISTS] = "exists" };
	char text[PREFIX_TEXT], qualifier[2] = { term->qualifier == '+' ? '\0' : term->qualifier, '\0' };
	const char *spec = term->spec;

	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6)
		spec = prefix_write(&term->network, text);
	return kept(u,
	    arena_format(u->arena, "%s%s%s%s", qualifier, names[term->mechanism], spec[0] == '\0' ? "" : ":", spec));
}

/* What a, mx and exists have in common. Where exists finds an address, everybody passes: a network of no bits (RFC 7208, 5.7). */
static struct task
host_task(struct walk *walk, const struct spf_term *term)
{
	struct unfolding *u = walk->u;

	return (struct task){
		.type = DNS_A,
		.name = term->spec[0] == '\0' ? walk->step->name : name_kept(u, term->spec),
		.path = path_below(u, walk->step->path, term_text(u, term)),
		.step = walk->step,
		.bits4 = term->mechanism == SPF_EXISTS ? 0 : term->bits4,
		.bits6 = term->bits6,
		.listed = walk->step->listed,
		.counts = true,
	};
}

static void
take_a(struct walk *walk, const struct spf_term *term)
{
	task_add_host(walk->u, &walk->at, host_task(walk, term));
}

static void
take_mx(struct walk *walk, const struct spf_term *term)
{
	struct task task = host_task(walk, term);

	task.type = DNS_MX;
	task_add(walk->u, &walk->at, task);
}

static void
take_exists(struct walk *walk, const struct spf_term *term)
{
	task_add(walk->u, &walk->at, host_task(walk, term));
}

/* How a mechanism is listed; one without `take` can only be checked for a client's address. */
static const struct {
	void (*take)(struct walk *, const struct spf_term *);
	bool asks; /* asks DNS: counts as one of SPF_TERMS_LIMIT */
} mechanisms[] = {
	[SPF_ALL] = { NULL, false },
	[SPF_INCLUDE] = { take_include, true },
	[SPF_A_TERM] = { take_a, true },
	[SPF_MX_TERM] = { take_mx, true },
	[SPF_PTR_TERM] = { NULL, true },
	[SPF_IP4] = { take_network, false },
	[SPF_IP6] = { take_network, false },
	[SPF_EXISTS] = { take_exists, true },
};

static void
mark_asked(struct walk *walk, const char *term)
{
	if (!walk->u->asked)
		walk->u->asked_why = path_below(walk->u, walk->step->path, term);
	walk->u->asked = true;
}

static bool
count_term(struct walk *walk, const char *term)
{
	struct unfolding *u = walk->u;

	/* in the whole tree, so that its depth has a limit, too */
	if (++u->terms <= SPF_TERMS_LIMIT)
		return true;
	return fail(u, UNFOLDING_BROKEN, path_below(u, walk->step->path, term),
	    "more than %d terms that ask DNS (RFC 7208, 4.6.4)", SPF_TERMS_LIMIT);
}

static void
take_term(struct walk *walk, const struct spf_term *term)
{
	struct unfolding *u = walk->u;

	if (mechanisms[term->mechanism].asks && !count_term(walk, term_text(u, term)))
		return;
	if (term->qualifier != '+') {
		mark_asked(walk, term_text(u, term));
		walk->step->listed = false;
	} else if (term->has_macro || mechanisms[term->mechanism].take == NULL) {
		mark_asked(walk, term_text(u, term));
		if (term->bits4 < BITS4_MIN || term->bits6 < BITS6_MIN)
			fail(u, UNFOLDING_BROKEN, walk->step->path, "%s is too broad", term_text(u, term));
	} else {
		mechanisms[term->mechanism].take(walk, term);
	}
}

static void
take_redirect(struct walk *walk, const struct spf_record *record)
{
	const char *term = kept(walk->u, arena_format(walk->u->arena, "redirect=%s", record->redirect));

	if (!count_term(walk, term))
		return;
	if (record->redirect_has_macro)
		mark_asked(walk, term);
	else
		task_add_record(walk->u, &walk->at, walk->step, record->redirect);
}

static void
take_record(struct walk *walk, const struct spf_record *record)
{
	struct unfolding *u = walk->u;

	for (size_t i = 0; i < record->count && u->state == UNFOLDING_ASKS; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->mechanism != SPF_ALL) {
			take_term(walk, term);
			continue;
		}
		if (term->qualifier == '+')
			fail(u, UNFOLDING_BROKEN, walk->step->path, "'+all' passes the whole internet");
		return; /* everything after it is ignored (RFC 7208, 5.1 and 6.1) */
	}
	if (u->state == UNFOLDING_ASKS && record->redirect[0] != '\0')
		take_redirect(walk, record);
}

/* ---- answers ---- */

/* The only SPF record of an answer (RFC 7208, 4.5); NULL after a fault. */
static const struct dns_record *
spf_pick(struct unfolding *u, const struct task *task, const struct dns_answer *answer)
{
	const struct dns_record *found = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (!spf_text_is_record((const char *)record->bytes, record->length))
			continue;
		if (found != NULL) {
			fail(u, UNFOLDING_BROKEN, task->path, "two SPF records");
			return NULL;
		}
		found = record;
	}
	if (found == NULL) /* a permanent error for a record that includes it (5.2, 6.1) */
		fail(u, UNFOLDING_BROKEN, task->path, "no SPF record%s",
		    answer->status == DNS_NXDOMAIN ? ", the name does not exist" : "");
	return found;
}

static void
answer_spf(struct unfolding *u, const struct task *task, const struct dns_answer *answer)
{
	const struct dns_record *text = spf_pick(u, task, answer);
	struct walk walk = { u, task->step, &u->queue };
	struct spf_record record;
	struct fault why = { 0 };

	if (text == NULL)
		return;
	if (spf_text_read(u->arena, (const char *)text->bytes, text->length, &record, &why))
		take_record(&walk, &record);
	else if (record.starved)
		fail_memory(u); /* nothing is wrong with what is published */
	else
		fail(u, UNFOLDING_BROKEN, task->path, "%.160s", why.text);
}

static void
answer_addresses(struct unfolding *u, const struct task *task, const struct dns_answer *answer)
{
	bool v4 = task->type == DNS_A;
	struct prefix prefix = { .bits = (uint8_t)(v4 ? task->bits4 : task->bits6) };

	for (size_t i = 0; i < answer->count && u->state == UNFOLDING_ASKS; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->length != (v4 ? 4 : 16))
			continue;
		prefix.base = v4 ? address_of_v4(record->bytes) : address_of_v6(record->bytes);
		if (!v4 && prefix.base.family == ADDRESS_V4)
			continue; /* SPF never compares an IPv4 client with AAAA records (RFC 7208, 5) */
		prefix.base = address_mask(prefix.base, prefix.bits);
		network_add(u, &prefix, task->path, task->listed);
	}
}

/* The host of an MX record; "" for the null MX (RFC 7505). */
static const char *
mx_host(const struct dns_record *record)
{
	const char *host = (const char *)record->bytes;

	return strcmp(host, ".") == 0 ? "" : host;
}

static void
answer_mx(struct unfolding *u, const struct task *task, const struct dns_answer *answer)
{
	struct task **at = &u->queue;
	struct task host = *task;

	if (answer->count > SPF_MX_LIMIT)
		fail(u, UNFOLDING_BROKEN, task->path, "more than %d MX hosts (RFC 7208, 4.6.4)", SPF_MX_LIMIT);
	host.counts = false; /* the term's look-up was that of the MX */
	for (size_t i = 0; i < answer->count && u->state == UNFOLDING_ASKS; i++) {
		const char *name = mx_host(&answer->records[i]);

		if (name[0] == '\0')
			continue;
		host.name = name_kept(u, name);
		host.path = path_below(u, task->path, host.name);
		task_add_host(u, &at, host);
	}
}

/* A negative answer without a TTL says nothing about the TTL. */
static void
note_ttl(struct unfolding *u, const struct dns_answer *answer)
{
	if (answer->status != DNS_FOUND && answer->ttl == 0)
		return;
	if (answer->ttl < u->ttl)
		u->ttl = answer->ttl;
}

static void
take_answer(struct unfolding *u, const struct task *task, const struct dns_answer *answer)
{
	if (answer->status == DNS_TEMPORARY) {
		fail(u, UNFOLDING_TEMPORARY, task->path,
		    answer->bogus ? "the answer for %s fails DNSSEC" : "no answer for %s", dns_type_name(task->type));
		return;
	}
	note_ttl(u, answer);
	u->absent = u->absent || (answer->status == DNS_NXDOMAIN && task->path == u->source->name);
	if (task->counts && answer->count == 0 && ++u->voids > SPF_VOIDS_LIMIT)
		fail(u, UNFOLDING_BROKEN, task->path, "more than %d look-ups without an answer (RFC 7208, 4.6.4)",
		    SPF_VOIDS_LIMIT);
	else if (task->type == DNS_TXT)
		answer_spf(u, task, answer);
	else if (task->type == DNS_MX)
		answer_mx(u, task, answer);
	else
		answer_addresses(u, task, answer);
}

/* Done if no question is left; a source of hosts without an address has failed. */
static void
settle(struct unfolding *u)
{
	if (u->queue != NULL || u->state != UNFOLDING_ASKS)
		return;
	if (u->count == 0 && (u->source->kind == SOURCE_A || u->source->kind == SOURCE_MX))
		fail(u, UNFOLDING_BROKEN, u->source->name, "%s",
		    u->absent                         ? "the name does not exist"
			: u->source->kind == SOURCE_A ? "no address (A or AAAA)"
						      : "no MX host with an address");
	else
		u->state = UNFOLDING_DONE;
}

void
unfolding_answer(struct unfolding *u, const struct dns_answer *answer)
{
	struct dns_answer seen = *answer;
	const struct task *task = u->queue;

	if (task == NULL)
		return;
	if (seen.status != DNS_FOUND)
		seen.count = 0;
	u->queue = task->next;
	take_answer(u, task, &seen);
	settle(u);
}

bool
unfolding_next(struct unfolding *u, struct dns_question *out)
{
	static const struct dns_answer nowhere = { .status = DNS_NXDOMAIN };

	while (u->queue != NULL) {
		if (dns_question_make(out, u->queue->name, u->queue->type)) {
			out->standing = STANDING_LISTED;
			return true;
		}
		unfolding_answer(u, &nowhere); /* a name that is not a valid DNS name does not exist */
	}
	return false;
}

/* ---- open and close ---- */

static void
begin(struct unfolding *u)
{
	const struct source *source = u->source;
	const char *list = source->kind == SOURCE_FILE ? source->name : "cidr";
	struct task host = { .name = source->name, .path = source->name, .bits4 = 32, .bits6 = 128, .listed = true };
	struct task **at = &u->queue;

	switch (source->kind) {
	case SOURCE_CIDR:
	case SOURCE_FILE:
		for (size_t i = 0; i < source->prefix_count && u->state == UNFOLDING_ASKS; i++)
			network_add(u, &source->prefixes[i], list, true);
		break;
	case SOURCE_A:
		task_add_host(u, &at, host);
		break;
	case SOURCE_MX:
		host.type = DNS_MX;
		task_add(u, &at, host);
		break;
	case SOURCE_SPF:
		task_add_record(u, &at, NULL, source->name);
		break;
	case SOURCE_HOST: /* it lists nothing */
		break;
	}
	settle(u);
}

struct unfolding *
unfolding_open(const struct source *source)
{
	struct unfolding *u = calloc(1, sizeof *u);

	if (u == NULL)
		return NULL;
	u->arena = arena_open(MEMORY_MAX);
	if (u->arena == NULL) {
		unfolding_close(u);
		return NULL;
	}
	u->source = source;
	u->asked_why = "";
	u->ttl = UINT32_MAX;
	begin(u);
	return u;
}

void
unfolding_close(struct unfolding *u)
{
	if (u == NULL)
		return;
	arena_close(u->arena);
	free(u->networks);
	free(u->slots);
	free(u);
}

/* ---- results ---- */

enum unfolding_state
unfolding_state(const struct unfolding *u, struct fault *why)
{
	if (why != NULL)
		*why = u->why;
	return u->state;
}

/* No networks before it is done: what half a list lacks would look like forged. */
const struct source_network *
unfolding_networks(const struct unfolding *u, size_t *count)
{
	*count = u->state == UNFOLDING_DONE ? u->count : 0;
	return u->networks;
}

bool
unfolding_is_asked(const struct unfolding *u)
{
	return u->asked;
}

const char *
unfolding_asked_why(const struct unfolding *u)
{
	return u->asked_why;
}

uint32_t
unfolding_ttl(const struct unfolding *u)
{
	return u->ttl;
}
