#include <stdlib.h>
#include <string.h>

#include "milter/state/source_files.h"
#include "milter/state/source_watch.h"
#include "milter/system/clock.h"
#include "policy/util/hash.h"
#include "policy/util/text.h"

enum {
	RETRY_LAST = 300,               /* if no TTL is known: we should notice soon when an outage ends */
	LATER_MS = 1100,                /* after the TTL: caches have dropped the answer by then */
	SPREAD_MS = 400,                /* so that sources of the same age are not all asked at the same moment */
	ROUND_MS = 5000,                /* how long a round waits for silent names, all together */
	ROUND_ARENA = 16 * 1024 * 1024, /* memory of its answers */
	COPY_ARENA = 64 * 1024 * 1024,  /* of one copy: 100,000 networks and their paths */
	NAMED = 8,                      /* networks that one log line names */
	WRONG_SEEN = 3,                 /* times it must be found wrong before it lists nothing, */
	OTHERS = 3600                   /* and seconds within which some other name must have answered */
};

struct source_watch *
source_watch_open(const struct source *source)
{
	struct source_watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->due = clock_ticks();
	watch->others = INT64_MIN / 2;
	watch->source.kind = source->kind;
	watch->source.name = strdup(source->name);
	watch->source.text = strdup(source->text);
	if (watch->source.name == NULL || watch->source.text == NULL) {
		source_watch_free(watch);
		return NULL;
	}
	return watch;
}

void
source_watch_free(struct source_watch *watch)
{
	if (watch == NULL)
		return;
	free((char *)watch->source.name);
	free((char *)watch->source.text);
	arena_close(watch->arena);
	free(watch);
}

/* Takes over the arena; closes the old one with the old copy in it. */
static void
take_copy(struct source_watch *watch, struct arena *arena, const struct source_copy *copy)
{
	arena_close(watch->arena);
	watch->arena = arena;
	watch->copy = *copy;
	watch->known = copy->believed != 0;
}

void
source_watch_restore(struct source_watch *watch, const struct source_watch_context *with)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct source_copy copy;
	struct fault why;

	if (with->state_dir[0] == '\0' || arena == NULL) {
		arena_close(arena);
	} else if (source_files_load(with->state_dir, COPY_BELIEVED, watch->source.text, arena, &copy, &why)) {
		take_copy(watch, arena, &copy);
		(void)source_watch_age(watch, with);
	} else {
		if (why.text[0] != '\0')
			journal_fault(with->journal, LOG_WARNING, &why);
		arena_close(arena);
	}
}

/* ---- time ---- */

static int64_t
bounded(const struct source_watch_context *with, int64_t seconds)
{
	return seconds < with->least ? with->least : seconds > with->most ? with->most : seconds;
}

/* At least twice within max_stale, or the copy would become too old while DNS works. */
static int64_t
wait_of(const struct source_watch *watch, const struct source_watch_context *with, uint32_t ttl)
{
	int64_t wait = bounded(with, ttl), often = watch->max_stale / 2;

	return wait <= often ? wait : often > 0 ? often : 1;
}

/* The same for a source every time. */
static int64_t
spread_ms(const char *text)
{
	return (int64_t)(hash_string(HASH_START, text) % SPREAD_MS);
}

bool
source_watch_age(struct source_watch *watch, const struct source_watch_context *with)
{
	int64_t now = clock_now();
	bool stale, changed;

	/* the clock was set back: let the copy age from now, or it would be used until the clock catches up */
	if (watch->known && watch->copy.believed > now)
		watch->copy.believed = now;
	stale = watch->known && now - watch->copy.believed > watch->max_stale;
	/* DNS has answered since the last question, so it is the clock that was set forward: ask before it counts */
	if (stale && !watch->stale && watch->retry == 0 && watch->due > clock_ticks()) {
		watch->due = clock_ticks();
		return false;
	}
	changed = stale != watch->stale;
	watch->stale = stale;
	if (changed && stale)
		journal_say(with->journal, LOG_ERR,
		    "source %s of %s: the last good copy is older than max_stale; its addresses are no longer known",
		    watch->source.text, watch->vendors);
	return changed;
}

int64_t
source_watch_next(const struct source_watch *watch)
{
	int64_t left = watch->copy.believed + watch->max_stale - clock_now() + 1;
	int64_t old = clock_ticks() + left * 1000000;

	if (!watch->known || watch->stale || old > watch->due)
		return watch->due;
	return old;
}

/* ---- storing and logging ---- */

/* A directory that cannot be written is logged once, not at every refresh. */
static void
keep_copy(struct source_watch *watch, const struct source_watch_context *with, enum copy_kind kind,
    const struct source_copy *copy)
{
	struct fault why;

	if (with->state_dir[0] == '\0' || with->reads_only)
		return;
	if (source_files_save(with->state_dir, kind, copy, &why)) {
		watch->unkept = false;
	} else if (!watch->unkept) {
		watch->unkept = true;
		journal_fault(with->journal, LOG_ERR, &why);
		journal_say(with->journal, LOG_ERR, "source %s would be lost at a restart without DNS",
		    watch->source.text);
	}
}

/* Drift is measured from the first copy that was believed, until a person accepts another. */
static void
keep_mark(struct source_watch *watch, const struct source_watch_context *with)
{
	struct arena *arena = watch->marked ? NULL : arena_open(COPY_ARENA);
	struct source_copy mark;
	struct fault why;

	if (arena == NULL || with->state_dir[0] == '\0')
		goto out;
	watch->marked = true;
	if (source_files_load(with->state_dir, COPY_ACCEPTED, watch->source.text, arena, &mark, &why))
		goto out;
	if (why.text[0] != '\0')
		journal_fault(with->journal, LOG_WARNING, &why);
	keep_copy(watch, with, COPY_ACCEPTED, &watch->copy);
out:
	arena_close(arena);
}

/* Are its copies where they were written? What drift is measured from is written once, and then not again. */
static bool
is_there(const struct source_watch *watch, const struct source_watch_context *with)
{
	const char *source = watch->source.text;

	return source_files_has(with->state_dir, COPY_BELIEVED, source) &&
	    (!watch->marked || source_files_has(with->state_dir, COPY_ACCEPTED, source));
}

bool
source_watch_keep(struct source_watch *watch, const struct source_watch_context *with)
{
	bool failed = watch->unkept;

	if (with->state_dir[0] == '\0' || with->reads_only || (!watch->known && watch->trouble[0] == '\0') ||
	    (!failed && is_there(watch, with)))
		return false;
	watch->copy.source = watch->source.text;
	keep_copy(watch, with, COPY_BELIEVED, &watch->copy);
	if (watch->known && !watch->unkept) {
		watch->marked = false;
		keep_mark(watch, with);
	}
	return !failed && !watch->unkept;
}

static void
say_change(const struct source_watch *watch, const struct source_watch_context *with, const struct source_copy *after)
{
	struct text text;

	if (!watch->known) {
		journal_say(with->journal, LOG_NOTICE, "source %s of %s: lists %zu network%s%s%s", after->source,
		    watch->vendors, after->count, text_s(after->count),
		    after->asked ? ", and is asked for each address: " : "", after->asked ? after->asked_why : "");
		return;
	}
	text_open(&text, 2048);
	source_copy_diff(&watch->copy, after, NAMED, &text);
	journal_say(with->journal, LOG_WARNING, "drift: source %s of %s: %s", after->source, watch->vendors,
	    text.length > 0 ? text.bytes : "its terms that cannot be listed have changed");
	text_close(&text);
}

/* ---- unfolding ---- */

/* What applies to mail until then. */
static const char *
meanwhile(const struct source_watch *watch)
{
	if (watch->copy.gone)
		return "it lists nothing";
	if (!watch->known)
		return "its addresses are not known";
	return watch->copy.wrong != 0 ? "what it listed before stays in use, other addresses are not known"
				      : "what it listed before stays in use";
}

/* Also of a source of which nothing is known: greenlane status and greenlane sources say why. */
static void
keep_trouble(struct source_watch *watch, const struct source_watch_context *with)
{
	watch->copy.source = watch->source.text;
	if (watch->copy.asked_why == NULL)
		watch->copy.asked_why = "";
	watch->copy.trouble = watch->trouble;
	watch->copy.next = clock_now() + watch->retry;
	keep_copy(watch, with, COPY_BELIEVED, &watch->copy);
}

static void
postpone(struct source_watch *watch, const struct source_watch_context *with, const struct fault *why)
{
	int64_t most = watch->copy.ttl > 0 ? wait_of(watch, with, watch->copy.ttl) : RETRY_LAST;

	if (most < SOURCE_RETRY_FIRST)
		most = SOURCE_RETRY_FIRST;
	watch->retry = watch->retry == 0 ? SOURCE_RETRY_FIRST : watch->retry * 2;
	if (watch->retry > most)
		watch->retry = most;
	watch->due = clock_ticks() + watch->retry * 1000000;
	if (strcmp(watch->trouble, why->text) != 0) {
		memcpy(watch->trouble, why->text, sizeof watch->trouble);
		journal_say(with->journal, LOG_WARNING, "source %s of %s: %s; %s", watch->source.text, watch->vendors,
		    why->text, meanwhile(watch));
	}
	keep_trouble(watch, with);
}

static bool
copy_unfolding(const struct source_watch *watch, const struct unfolding *unfolding, struct arena *arena,
    struct source_copy *out)
{
	size_t count;
	const struct source_network *networks = unfolding_networks(unfolding, &count);
	int64_t now = clock_now();

	if (arena == NULL ||
	    !source_copy_take(arena, watch->source.text, networks, count, watch->known ? &watch->copy : NULL, now, out))
		return false;
	out->believed = now;
	out->ttl = unfolding_ttl(unfolding);
	out->asked = unfolding_is_asked(unfolding);
	out->asked_why = arena_string(arena, unfolding_asked_why(unfolding));
	out->trouble = "";
	return out->asked_why != NULL;
}

/* Has a person accepted exactly this? */
static bool
is_accepted(const struct source_watch *watch, const struct source_watch_context *with, const struct source_copy *copy)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct source_copy mark;
	struct fault why;
	bool accepted = with->state_dir[0] != '\0' && arena != NULL &&
	    source_files_load(with->state_dir, COPY_ACCEPTED, watch->source.text, arena, &mark, &why) &&
	    source_copy_same(&mark, copy);

	arena_close(arena);
	return accepted;
}

static bool
is_believed(const struct source_watch *watch, const struct source_watch_context *with, const struct source_copy *copy,
    struct fault *why)
{
	const struct source_copy *before = watch->known ? &watch->copy : NULL;
	struct fault guard;

	if (before != NULL && source_copy_same(before, copy))
		return true;
	if (source_guard_believes(&with->limits, &with->shared, watch->source.exclusive, before, copy, &guard) ||
	    is_accepted(watch, with, copy))
		return true;
	return fault_set(why, SOURCE_WATCH_DOUBTED "%s; `greenlane sources --accept` accepts it", guard.text);
}

/* ---- gone, or wrong ---- */

/* It is no longer gone or wrong; what was believed before is still believed. */
static bool
forget_wrong(struct source_watch *watch)
{
	bool changed = watch->copy.wrong != 0 && !watch->copy.gone;

	if (changed)
		watch->copy.wrong = watch->copy.wrong_seen = 0;
	return changed;
}

static void
note_others(struct source_watch *watch, const struct source_watch_context *with)
{
	unsigned found = resolver_found(with->resolver);

	if (found != watch->found)
		watch->others = clock_ticks();
	watch->found = found;
}

/* Found wrong several times over absent_after, and lately other names answered: a resolver that denies
 * everything is not believed. */
static bool
has_stood(const struct source_watch *watch, const struct source_watch_context *with)
{
	return clock_now() - watch->copy.wrong >= with->absent_after && watch->copy.wrong_seen >= WRONG_SEEN &&
	    clock_ticks() - watch->others <= (int64_t)OTHERS * 1000000;
}

static void
let_go(struct source_watch *watch, const struct source_watch_context *with, const struct fault *why)
{
	struct source_copy *copy = &watch->copy;

	copy->gone = watch->known = true;
	copy->changed = clock_now();
	copy->networks = NULL;
	copy->count = 0;
	copy->asked = false;
	copy->asked_why = "";
	journal_say(with->journal, LOG_ERR,
	    "source-wrong: source %s of %s: %s, and has been for longer than refresh.absent_after: it no longer lists "
	    "anything; write the name that is published now, or remove the source",
	    watch->source.text, watch->vendors, why->text);
}

/* That DNS says so is an answer: notes for how long it has said so. Returns whether what is believed changed. */
static bool
take_wrong(struct source_watch *watch, const struct source_watch_context *with, const struct fault *why)
{
	struct source_copy *copy = &watch->copy;
	bool first = copy->wrong == 0, was_gone = copy->gone;
	struct fault said;

	if (first)
		copy->wrong = clock_now();
	copy->wrong_seen += copy->wrong_seen < UINT32_MAX;
	if (!was_gone && has_stood(watch, with))
		let_go(watch, with, why);
	if (copy->gone)
		copy->believed = clock_now();
	fault_set(&said, SOURCE_WATCH_WRONGLY "%s", why->text);
	postpone(watch, with, &said);
	return source_watch_age(watch, with) || first || copy->gone != was_gone;
}

/* Takes a believed copy; returns whether it differs from the old one. Takes over the arena. */
static bool
believe(struct source_watch *watch, const struct source_watch_context *with, struct arena *arena, struct source_copy *copy)
{
	bool same = watch->known && watch->copy.asked == copy->asked && source_copy_same(&watch->copy, copy);
	bool was_wrong = watch->copy.wrong != 0;
	int64_t wait = wait_of(watch, with, copy->ttl);

	copy->changed = !watch->known ? 0 : same ? watch->copy.changed : copy->believed;
	copy->next = copy->believed + wait;
	if (!same)
		say_change(watch, with, copy);
	else if (watch->trouble[0] != '\0')
		journal_say(with->journal, LOG_NOTICE, "source %s of %s: answers again, unchanged", watch->source.text,
		    watch->vendors);
	take_copy(watch, arena, copy);
	watch->retry = 0;
	watch->trouble[0] = '\0';
	watch->due = clock_ticks() + wait * 1000000 + (LATER_MS + spread_ms(copy->source)) * 1000;
	keep_copy(watch, with, COPY_BELIEVED, &watch->copy);
	keep_mark(watch, with);
	if (with->state_dir[0] != '\0' && !with->reads_only)
		source_files_drop(with->state_dir, COPY_PENDING, watch->source.text);
	return source_watch_age(watch, with) || !same || was_wrong;
}

/* Decides whether a complete unfolding is believed, and takes it. */
static bool
take_unfolding(struct source_watch *watch, const struct source_watch_context *with, const struct unfolding *unfolding)
{
	struct arena *arena = arena_open(COPY_ARENA);
	struct fault why = { .text = "out of memory" };
	struct source_copy copy;
	bool changed = false;

	if (!copy_unfolding(watch, unfolding, arena, &copy)) {
		postpone(watch, with, &why);
	} else if (is_believed(watch, with, &copy, &why)) {
		return believe(watch, with, arena, &copy);
	} else {
		changed = forget_wrong(watch);
		copy.trouble = why.text;
		keep_copy(watch, with, COPY_PENDING, &copy);
		postpone(watch, with, &why);
	}
	arena_close(arena);
	return changed;
}

/* A record that passes no address, and need not be asked about each client, lists nothing. */
static bool
lists_nothing(const struct unfolding *unfolding)
{
	size_t count;

	(void)unfolding_networks(unfolding, &count);
	return count == 0 && !unfolding_is_asked(unfolding);
}

/* Handles the result of an unfolding. One that was interrupted stays due, also if the resolver was stopped meanwhile. */
static bool
settle(struct source_watch *watch, const struct source_watch_context *with, const struct unfolding *unfolding)
{
	struct fault why = { .text = "out of memory" };
	enum unfolding_state state = unfolding == NULL ? UNFOLDING_TEMPORARY : unfolding_state(unfolding, &why);

	if (state == UNFOLDING_DONE && lists_nothing(unfolding)) {
		fault_set(&why, "%s: its SPF record passes no address", watch->source.name);
		state = UNFOLDING_BROKEN;
	}
	if (state == UNFOLDING_DONE)
		return take_unfolding(watch, with, unfolding);
	if (state == UNFOLDING_BROKEN)
		return take_wrong(watch, with, &why);
	if (*with->calls == 0)
		postpone(watch, with, &why);
	return false;
}

/* Asks one question for each, all started before the first wait. A name that answers within the round is in the
 * resolver's cache when its turn comes, however long we waited for silent names. */
static bool
ask_round(struct unfolding *const *unfoldings, size_t count, const struct source_watch_context *with,
    struct budget *budget)
{
	struct budget share = { budget->left_ms < ROUND_MS ? budget->left_ms : ROUND_MS };
	int64_t before = share.left_ms;
	struct arena *arena = arena_open(ROUND_ARENA);
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
source_watch_unfold(struct source_watch *const *list, size_t count, const struct source_watch_context *with,
    struct budget *budget)
{
	struct unfolding *unfoldings[SOURCE_WATCH_AT_ONCE];
	bool changed = false;

	for (size_t i = 0; i < count; i++)
		unfoldings[i] = unfolding_open(&list[i]->source);
	while (ask_round(unfoldings, count, with, budget))
		continue;
	for (size_t i = 0; i < count; i++) {
		note_others(list[i], with);
		changed |= settle(list[i], with, unfoldings[i]);
		unfolding_close(unfoldings[i]);
	}
	return changed;
}
