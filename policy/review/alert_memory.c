#include <stdlib.h>
#include <string.h>

#include "policy/review/alert_memory.h"

struct state {
	char *slug; /* one block with those behind it; NULL: the place is free */
	char *subject, *text, *remedy;
	unsigned part;
	bool ill, told, notice;
	int64_t since;       /* by the wall clock */
	int64_t begun, gone; /* moments: when it became ill, when it was first missed */
	unsigned returns;    /* how often it came back after it was told to be well */
};

struct alert_memory {
	struct state states[ALERT_STATES_MAX];
};

struct alert_memory *
alert_memory_open(void)
{
	return calloc(1, sizeof(struct alert_memory));
}

void
alert_memory_close(struct alert_memory *memory)
{
	for (size_t i = 0; memory != NULL && i < ALERT_STATES_MAX; i++)
		free(memory->states[i].slug);
	free(memory);
}

/* ---- states ---- */

static bool
is_of(const struct state *state, const struct status_alert *alert)
{
	return state->slug != NULL && strcmp(state->slug, alert->slug) == 0 &&
	    strcmp(state->subject, alert->subject) == 0;
}

static struct state *
find(const struct alert_memory *memory, const struct status_alert *alert)
{
	for (size_t i = 0; i < ALERT_STATES_MAX; i++)
		if (is_of(&memory->states[i], alert))
			return (struct state *)&memory->states[i];
	return NULL;
}

static char *
append(char **end, const char *string)
{
	size_t size = strlen(string) + 1;
	char *copy = memcpy(*end, string, size);

	*end += size;
	return copy;
}

/* Its words as they are now: they may have changed. False without memory: they stay as they were. */
static bool
copy_words(struct state *state, const struct status_alert *alert)
{
	size_t size = strlen(alert->slug) + strlen(alert->subject) + strlen(alert->text) + strlen(alert->remedy) + 4;
	char *block = malloc(size), *end = block;

	if (block == NULL)
		return false;
	free(state->slug);
	state->slug = append(&end, alert->slug);
	state->subject = append(&end, alert->subject);
	state->text = append(&end, alert->text);
	state->remedy = append(&end, alert->remedy);
	return true;
}

static void
forget(struct state *state)
{
	free(state->slug);
	*state = (struct state){ .slug = NULL };
}

/* A free place, or that of one that is well. */
static struct state *
take_place(struct alert_memory *memory)
{
	struct state *well = NULL;

	for (size_t i = 0; i < ALERT_STATES_MAX; i++) {
		struct state *state = &memory->states[i];

		if (state->slug == NULL)
			return state;
		if (!state->ill && !state->told)
			well = state;
	}
	if (well != NULL)
		forget(well);
	return well;
}

/* ---- a look ---- */

static void
see_ill(struct alert_memory *memory, unsigned part, const struct status_alert *alert, struct alert_time time)
{
	struct state *state = find(memory, alert);

	if (state == NULL && (state = take_place(memory)) == NULL)
		return;
	if (!copy_words(state, alert) && state->slug == NULL)
		return;
	if (!state->ill && !state->told) {
		state->returns += state->gone != 0;
		state->begun = time.moment;
		state->since = alert->since != 0 ? alert->since : time.now;
	}
	state->part = part;
	state->notice = alert->notice;
	state->ill = true;
}

static bool
is_listed(const struct state *state, const struct status_alert *alerts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_of(state, &alerts[i]))
			return true;
	return false;
}

void
alert_memory_see(struct alert_memory *memory, unsigned parts, const struct status_alert *alerts, size_t count,
    struct alert_time time)
{
	for (size_t i = 0; i < ALERT_STATES_MAX; i++) {
		struct state *state = &memory->states[i];

		if (state->slug == NULL || !state->ill || (state->part & parts) == 0 || is_listed(state, alerts, count))
			continue;
		state->ill = false;
		state->gone = time.moment;
		if (!state->told && state->returns == 0)
			forget(state); /* it blinked before anybody was told */
	}
	for (size_t i = 0; i < count; i++)
		see_ill(memory, parts, &alerts[i], time);
}

/* ---- what is told ---- */

static int64_t
quiet_of(const struct state *state)
{
	int64_t quiet = ALERT_QUIET;

	for (unsigned i = 0; i < state->returns && quiet < ALERT_QUIET_MAX; i++)
		quiet *= 2;
	return quiet < ALERT_QUIET_MAX ? quiet : ALERT_QUIET_MAX;
}

static bool
has_others(const struct alert_memory *memory, const struct state *state)
{
	for (size_t i = 0; i < ALERT_STATES_MAX; i++) {
		const struct state *other = &memory->states[i];

		if (other != state && other->slug != NULL && other->told && strcmp(other->slug, state->slug) == 0)
			return true;
	}
	return false;
}

/* Has it changed for long enough? */
static bool
has_settled(const struct state *state, int64_t moment)
{
	if (state->ill == state->told)
		return false;
	return state->ill ? moment - state->begun >= ALERT_SETTLE : moment - state->gone >= quiet_of(state);
}

void
alert_memory_tell(struct alert_memory *memory, struct alert_time time,
    void (*tell)(void *, const struct alert_change *), void *context)
{
	for (size_t i = 0; i < ALERT_STATES_MAX; i++) {
		struct state *state = &memory->states[i];
		struct alert_change change = { state->slug, state->text, state->remedy, state->ill, state->notice,
			state->since, false };

		if (state->slug == NULL)
			continue;
		if (has_settled(state, time.moment)) {
			state->told = state->ill;
			change.others = has_others(memory, state);
			tell(context, &change);
		} else if (!state->ill && !state->told && time.moment - state->gone >= ALERT_FORGET) {
			forget(state);
		}
	}
}

void
alert_memory_date(const struct alert_memory *memory, struct status_alert *alerts, size_t count, int64_t now)
{
	for (size_t i = 0; i < count; i++) {
		const struct state *state = find(memory, &alerts[i]);

		if (state != NULL && (state->ill || state->told))
			alerts[i].since = state->since;
		else if (alerts[i].since == 0)
			alerts[i].since = now;
	}
}

bool
alert_memory_is_ill(const struct alert_memory *memory, const char *slug)
{
	for (size_t i = 0; i < ALERT_STATES_MAX; i++)
		if (memory->states[i].slug != NULL && memory->states[i].told && strcmp(memory->states[i].slug, slug) == 0)
			return true;
	return false;
}
