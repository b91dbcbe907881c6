#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "hash.h"
#include "published.h"
#include "source_files.h"

enum {
	RETRY_FIRST = 5,   /* seconds after a failure; doubled each time, up to the TTL */
	RETRY_LAST = 300,  /* where no TTL is known: an outage is not to be outlived by much */
	LATER_MS = 1100,   /* behind the TTL: caches have let go by then */
	SPREAD_MS = 400,   /* so that sources of one age are not all asked in one moment */
	WAVE_MS = 5000,    /* that the silent ones of a wave are waited for, all together */
	WAVE_ARENA = 16 * 1024 * 1024, /* memory of its answers */
	COPY_ARENA = 64 * 1024 * 1024,      /* of one copy: 100,000 networks and their paths */
	NAMED = 8,         /* networks that one log line names */
	WRONG_SEEN = 3,    /* askings that must have found it wrong, before it lists nothing, */
	OTHERS = 3600      /* and seconds within which some name must have answered */
};

struct published *
published_open(const struct source *source)
{
	struct published *published = calloc(1, sizeof *published);

	if (published == NULL)
		return NULL;
	published->due = clock_ticks();
	published->others = INT64_MIN / 2;
	published->source.kind = source->kind;
	published->source.name = strdup(source->name);
	published->source.text = strdup(source->text);
	if (published->source.name == NULL || published->source.text == NULL) {
		published_free(published);
		return NULL;
	}
	return published;
}

void
published_free(struct published *published)
{
	if (published == NULL)
		return;
	free((char *)published->source.name);
	free((char *)published->source.text);
	arena_close(published->arena);
	free(published);
}

/* The arena is given: the one before is closed, with the copy that lived there. */
static void
take_copy(struct published *published, struct arena *arena, const struct source_copy *copy)
{
	arena_close(published->arena);
	published->arena = arena;
	published->copy = *copy;
	published->known = copy->believed != 0;
}

void
published_restore(struct published *published, const struct publishing *with)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct source_copy copy;
	struct fault why;

	if (with->state_dir[0] == '\0' || arena == NULL) {
		arena_close(arena);
	} else if (source_files_load(with->state_dir, COPY_BELIEVED, published->source.text, arena, &copy, &why)) {
		take_copy(published, arena, &copy);
		(void)published_age(published, with);
	} else {
		if (why.text[0] != '\0')
			journal_fault(with->journal, LOG_WARNING, &why);
		arena_close(arena);
	}
}

/* ---- time ---- */

static int64_t
bounded(const struct publishing *with, int64_t seconds)
{
	return seconds < with->least ? with->least : seconds > with->most ? with->most : seconds;
}

/* Twice within max_stale, or what is published would be called too old while DNS is well. */
static int64_t
wait_of(const struct published *published, const struct publishing *with, uint32_t ttl)
{
	int64_t wait = bounded(with, ttl), often = published->max_stale / 2;

	return wait <= often ? wait : often > 0 ? often : 1;
}

/* The same source is always late by the same little. */
static int64_t
spread_ms(const char *text)
{
	return (int64_t)(hash_string(HASH_START, text) % SPREAD_MS);
}

bool
published_age(struct published *published, const struct publishing *with)
{
	int64_t now = clock_now();
	bool stale, changed;

	/* the clock was set back: from now on it ages again, or it would serve until the clock is there once more */
	if (published->known && published->copy.believed > now)
		published->copy.believed = now;
	stale = published->known && now - published->copy.believed > published->max_stale;
	changed = stale != published->stale;
	published->stale = stale;
	if (changed && stale)
		journal_say(with->journal, LOG_ERR,
		    "source %s of %s: the last good copy is older than max_stale; its addresses are not known any more",
		    published->source.text, published->vendors);
	return changed;
}

int64_t
published_next(const struct published *published)
{
	int64_t left = published->copy.believed + published->max_stale - clock_now() + 1;
	int64_t old = clock_ticks() + left * 1000000;

	if (!published->known || published->stale || old > published->due)
		return published->due;
	return old;
}

/* ---- what is kept and said ---- */

/* A folder that takes nothing is said once, not at every refresh. */
static void
keep_copy(struct published *published, const struct publishing *with, enum copy_kind kind,
    const struct source_copy *copy)
{
	struct fault why;

	if (with->state_dir[0] == '\0' || with->reads_only)
		return;
	if (source_files_save(with->state_dir, kind, copy, &why)) {
		published->unkept = false;
	} else if (!published->unkept) {
		published->unkept = true;
		journal_fault(with->journal, LOG_ERR, &why);
		journal_say(with->journal, LOG_ERR, "source %s would not outlive a restart without DNS",
		    published->source.text);
	}
}

/* The first belief is what drift is measured from, until a person accepts another. */
static void
keep_mark(struct published *published, const struct publishing *with)
{
	struct arena *arena = published->marked ? NULL : arena_open(COPY_ARENA);
	struct source_copy mark;
	struct fault why;

	if (arena == NULL || with->state_dir[0] == '\0')
		goto out;
	published->marked = true;
	if (source_files_load(with->state_dir, COPY_ACCEPTED, published->source.text, arena, &mark, &why))
		goto out;
	if (why.text[0] != '\0')
		journal_fault(with->journal, LOG_WARNING, &why);
	keep_copy(published, with, COPY_ACCEPTED, &published->copy);
out:
	arena_close(arena);
}

static void
say_change(const struct published *published, const struct publishing *with, const struct source_copy *after)
{
	struct text text;

	if (!published->known) {
		journal_say(with->journal, LOG_NOTICE, "source %s of %s: lists %zu networks%s%s",
		    after->source, published->vendors, after->count,
		    after->asked ? ", and is asked for each address: " : "",
		    after->asked ? after->asked_why : "");
		return;
	}
	text_open(&text, 2048);
	source_copy_diff(&published->copy, after, NAMED, &text);
	journal_say(with->journal, LOG_WARNING, "drift: source %s of %s: %s", after->source,
	    published->vendors, text.length > 0 ? text.bytes : "its terms that cannot be listed changed");
	text_close(&text);
}

/* ---- unfolding ---- */

/* What becomes of mail meanwhile. */
static const char *
meanwhile(const struct published *published)
{
	if (published->copy.gone)
		return "it lists nothing";
	if (!published->known)
		return "its addresses are not known";
	return published->copy.wrong != 0 ? "what it listed before keeps serving, other addresses are not known"
					  : "what it listed before keeps serving";
}

static void
postpone(struct published *published, const struct publishing *with, const struct fault *why)
{
	int64_t most = published->copy.ttl > 0 ? wait_of(published, with, published->copy.ttl) : RETRY_LAST;

	if (most < RETRY_FIRST)
		most = RETRY_FIRST;
	published->retry = published->retry == 0 ? RETRY_FIRST : published->retry * 2;
	if (published->retry > most)
		published->retry = most;
	published->due = clock_ticks() + published->retry * 1000000;
	if (strcmp(published->trouble, why->text) != 0) {
		memcpy(published->trouble, why->text, sizeof published->trouble);
		journal_say(with->journal, LOG_WARNING, "source %s of %s: %s; %s", published->source.text,
		    published->vendors, why->text, meanwhile(published));
	}
	if (published->known || published->copy.wrong != 0) {
		published->copy.trouble = published->trouble;
		published->copy.next = clock_now() + published->retry;
		keep_copy(published, with, COPY_BELIEVED, &published->copy);
	}
}

static bool
copy_unfolding(const struct published *published, const struct unfolding *unfolding,
    struct arena *arena, struct source_copy *out)
{
	size_t count;
	const struct source_network *networks = unfolding_networks(unfolding, &count);
	int64_t now = clock_now();

	if (arena == NULL ||
	    !source_copy_take(arena, published->source.text, networks, count,
		published->known ? &published->copy : NULL, now, out))
		return false;
	out->believed = now;
	out->ttl = unfolding_ttl(unfolding);
	out->asked = unfolding_is_asked(unfolding);
	out->asked_why = arena_string(arena, unfolding_asked_why(unfolding));
	out->trouble = "";
	return out->asked_why != NULL;
}

/* Did a person accept just this? */
static bool
is_accepted(const struct published *published, const struct publishing *with, const struct source_copy *copy)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct source_copy mark;
	struct fault why;
	bool accepted = with->state_dir[0] != '\0' && arena != NULL &&
	    source_files_load(with->state_dir, COPY_ACCEPTED, published->source.text, arena, &mark, &why) &&
	    source_copy_same(&mark, copy);

	arena_close(arena);
	return accepted;
}

static bool
is_believed(const struct published *published, const struct publishing *with, const struct source_copy *copy,
    struct fault *why)
{
	const struct source_copy *before = published->known ? &published->copy : NULL;
	struct fault guard;

	if (before != NULL && source_copy_same(before, copy))
		return true;
	if (source_guard_believes(&with->limits, &with->shared, published->source.exclusive, before, copy, &guard) ||
	    is_accepted(published, with, copy))
		return true;
	return fault_set(why, PUBLISHED_DOUBTED "%s; `greenlane sources --accept` takes it", guard.text);
}

/* ---- gone, or wrong ---- */

/* The answer that it is gone, or wrong, no longer stands; what was believed for it before stays believed. */
static bool
forget_wrong(struct published *published)
{
	bool changed = published->copy.wrong != 0 && !published->copy.gone;

	if (changed)
		published->copy.wrong = published->copy.wrong_seen = 0;
	return changed;
}

static void
note_others(struct published *published, const struct publishing *with)
{
	unsigned found = resolver_found(with->resolver);

	if (found != published->found)
		published->others = clock_ticks();
	published->found = found;
}

/* Several askings over absent_after, the last one while other names answered: a resolver that denies
 * everything is believed in nothing. */
static bool
has_stood(const struct published *published, const struct publishing *with)
{
	return clock_now() - published->copy.wrong >= with->absent_after &&
	    published->copy.wrong_seen >= WRONG_SEEN &&
	    clock_ticks() - published->others <= (int64_t)OTHERS * 1000000;
}

static void
let_go(struct published *published, const struct publishing *with, const struct fault *why)
{
	struct source_copy *copy = &published->copy;

	copy->gone = published->known = true;
	copy->changed = clock_now();
	copy->networks = NULL;
	copy->count = 0;
	copy->asked = false;
	copy->asked_why = "";
	journal_say(with->journal, LOG_ERR,
	    "source-wrong: source %s of %s: %s, and that for longer than refresh.absent_after: it lists nothing any more; "
	    "write the name that is published now, or take the source out", published->source.text,
	    published->vendors, why->text);
}

/* DNS says so, which is an answer: it is noted how long it stands. Returns whether what is believed changed. */
static bool
take_wrong(struct published *published, const struct publishing *with, const struct fault *why)
{
	struct source_copy *copy = &published->copy;
	bool first = copy->wrong == 0, was_gone = copy->gone;
	struct fault said;

	copy->source = published->source.text;
	if (copy->asked_why == NULL)
		copy->asked_why = "";
	if (first)
		copy->wrong = clock_now();
	copy->wrong_seen += copy->wrong_seen < UINT32_MAX;
	if (!was_gone && has_stood(published, with))
		let_go(published, with, why);
	if (copy->gone)
		copy->believed = clock_now();
	fault_set(&said, PUBLISHED_WRONGLY "%s", why->text);
	postpone(published, with, &said);
	return published_age(published, with) || first || copy->gone != was_gone;
}

/* Takes what is believed; returns whether it differs from what stood. The arena is given. */
static bool
believe(struct published *published, const struct publishing *with, struct arena *arena,
    struct source_copy *copy)
{
	bool same = published->known && published->copy.asked == copy->asked &&
	    source_copy_same(&published->copy, copy);
	bool was_wrong = published->copy.wrong != 0;
	int64_t wait = wait_of(published, with, copy->ttl);

	copy->changed = !published->known ? 0 : same ? published->copy.changed : copy->believed;
	copy->next = copy->believed + wait;
	if (!same)
		say_change(published, with, copy);
	else if (published->trouble[0] != '\0')
		journal_say(with->journal, LOG_NOTICE, "source %s of %s: answers again, unchanged",
		    published->source.text, published->vendors);
	take_copy(published, arena, copy);
	published->retry = 0;
	published->trouble[0] = '\0';
	published->due = clock_ticks() + wait * 1000000 + (LATER_MS + spread_ms(copy->source)) * 1000;
	keep_copy(published, with, COPY_BELIEVED, &published->copy);
	keep_mark(published, with);
	if (with->state_dir[0] != '\0' && !with->reads_only)
		source_files_drop(with->state_dir, COPY_PENDING, published->source.text);
	return published_age(published, with) || !same || was_wrong;
}

/* What was unfolded is whole; is it believed? */
static bool
weigh(struct published *published, const struct publishing *with, const struct unfolding *unfolding)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct fault why = { .text = "out of memory" };
	struct source_copy copy;
	bool changed = false;

	if (!copy_unfolding(published, unfolding, arena, &copy)) {
		postpone(published, with, &why);
	} else if (is_believed(published, with, &copy, &why)) {
		return believe(published, with, arena, &copy);
	} else {
		changed = forget_wrong(published);
		copy.trouble = why.text;
		keep_copy(published, with, COPY_PENDING, &copy);
		postpone(published, with, &why);
	}
	arena_close(arena);
	return changed;
}

/* A record that passes nobody, and needs not be asked for an address, holds none. */
static bool
lists_nothing(const struct unfolding *unfolding)
{
	size_t count;

	(void)unfolding_networks(unfolding, &count);
	return count == 0 && !unfolding_is_asked(unfolding);
}

/* What the asking came to. One that was called off stays due. */
static bool
settle(struct published *published, const struct publishing *with, const struct unfolding *unfolding)
{
	struct fault why = { .text = "out of memory" };
	enum unfolding_state state = unfolding == NULL ? UNFOLDING_TEMPORARY
						       : unfolding_state(unfolding, &why);

	if (state == UNFOLDING_DONE && lists_nothing(unfolding)) {
		fault_set(&why, "%s: its SPF record passes no address", published->source.name);
		state = UNFOLDING_BROKEN;
	}
	if (state == UNFOLDING_DONE)
		return weigh(published, with, unfolding);
	if (state == UNFOLDING_BROKEN)
		return take_wrong(published, with, &why);
	if (state != UNFOLDING_ASKS || *with->calls == 0)
		postpone(published, with, &why);
	return false;
}

/* One question of each, all under way before the first is waited for. Who answers within the wave is in the
 * resolver's cache when its turn comes, however long the silent ones were waited for. */
static bool
wave(struct unfolding *const *unfoldings, size_t count, const struct publishing *with, struct budget *budget)
{
	struct budget share = { budget->left_ms < WAVE_MS ? budget->left_ms : WAVE_MS };
	int64_t before = share.left_ms;
	struct arena *arena = arena_open(WAVE_ARENA);
	struct dns_question question;
	struct dns_answer answer;
	bool asked = false;

	for (size_t i = 0; i < count; i++)
		if (unfoldings[i] != NULL && unfolding_next(unfoldings[i], &question))
			resolver_prefetch(with->resolver, &question);
	for (size_t i = 0; i < count && arena != NULL && *with->calls == 0; i++) {
		if (unfoldings[i] == NULL || !unfolding_next(unfoldings[i], &question))
			continue;
		resolver_ask(with->resolver, &question, &share, arena, &answer);
		unfolding_answer(unfoldings[i], &answer);
		asked = true;
	}
	budget->left_ms -= before - share.left_ms;
	arena_close(arena);
	return asked;
}

bool
published_unfold(struct published *const *list, size_t count, const struct publishing *with,
    struct budget *budget)
{
	struct unfolding *unfoldings[PUBLISHED_AT_ONCE];
	bool changed = false;

	for (size_t i = 0; i < count; i++)
		unfoldings[i] = unfolding_open(&list[i]->source);
	while (wave(unfoldings, count, with, budget))
		continue;
	for (size_t i = 0; i < count; i++) {
		note_others(list[i], with);
		changed |= settle(list[i], with, unfoldings[i]);
		unfolding_close(unfoldings[i]);
	}
	return changed;
}
