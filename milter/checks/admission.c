#include <stdlib.h>
#include <string.h>

#include "milter/checks/admission.h"

STAILQ_HEAD(tickets, ticket);

/* Exists while one of its questions is in progress or waiting. */
struct group {
	TAILQ_ENTRY(group) turn;
	struct pool *pool;
	struct tickets waiting;
	size_t under_way, waiting_count;
	char name[];
};

TAILQ_HEAD(groups, group);

/* The slots of one standing. Its groups are in the order in which they were last served. */
struct pool {
	struct groups groups;
	size_t most, of_group;
	size_t under_way, waiting;
};

struct admission {
	struct pool pools[STANDINGS];
};

static const size_t most[STANDINGS] = {
	[STANDING_STRANGER] = ADMIT_STRANGERS,
	[STANDING_BELOW] = ADMIT_BELOW,
	[STANDING_SELECTOR] = ADMIT_SELECTORS,
	[STANDING_LISTED] = ADMIT_LISTED,
};

struct admission *
admission_open(void)
{
	struct admission *admission = calloc(1, sizeof *admission);

	for (size_t i = 0; admission != NULL && i < STANDINGS; i++) {
		struct pool *pool = &admission->pools[i];

		TAILQ_INIT(&pool->groups);
		pool->most = most[i];
		pool->of_group = i == STANDING_LISTED ? most[i] : ADMIT_GROUP;
	}
	return admission;
}

void
admission_close(struct admission *admission)
{
	free(admission);
}

/* ---- groups ---- */

static struct group *
group_find(const struct pool *pool, const char *name)
{
	struct group *group;

	TAILQ_FOREACH (group, &pool->groups, turn)
		if (strcmp(group->name, name) == 0)
			return group;
	return NULL;
}

static struct group *
group_open(struct pool *pool, const char *name)
{
	struct group *group = group_find(pool, name);
	size_t size = strlen(name) + 1;

	if (group != NULL || (group = calloc(1, sizeof *group + size)) == NULL)
		return group;
	group->pool = pool;
	STAILQ_INIT(&group->waiting);
	memcpy(group->name, name, size);
	TAILQ_INSERT_TAIL(&pool->groups, group, turn);
	return group;
}

static void
group_close_empty(struct group *group)
{
	if (group->under_way > 0 || group->waiting_count > 0)
		return;
	TAILQ_REMOVE(&group->pool->groups, group, turn);
	free(group);
}

static bool
group_has_room(const struct group *group)
{
	return group->pool->under_way < group->pool->most && group->under_way < group->pool->of_group;
}

/* ---- tickets ---- */

static void
serve(struct group *group, struct ticket *ticket)
{
	ticket->group = group;
	ticket->waits = false;
	group->under_way++;
	group->pool->under_way++;
	TAILQ_REMOVE(&group->pool->groups, group, turn);
	TAILQ_INSERT_TAIL(&group->pool->groups, group, turn);
}

static void
wait_in(struct group *group, struct ticket *ticket)
{
	ticket->group = group;
	ticket->waits = true;
	STAILQ_INSERT_TAIL(&group->waiting, ticket, next);
	group->waiting_count++;
	group->pool->waiting++;
}

static void
wait_no_more(struct ticket *ticket)
{
	struct group *group = ticket->group;

	STAILQ_REMOVE(&group->waiting, ticket, ticket, next);
	group->waiting_count--;
	group->pool->waiting--;
}

enum admitted
admission_ask(struct admission *admission, struct ticket *ticket, enum standing standing, const char *name)
{
	struct pool *pool = &admission->pools[standing];
	struct group *group = group_open(pool, name);

	*ticket = (struct ticket){ .group = NULL };
	if (group == NULL)
		return ADMITTED_NOT;
	/* no other group waits while a slot is free: admission_next was called whenever a question left */
	if (group->waiting_count == 0 && group_has_room(group)) {
		serve(group, ticket);
		return ADMITTED;
	}
	if (pool->waiting < ADMIT_WAITING) {
		wait_in(group, ticket);
		return ADMITTED_LATER;
	}
	group_close_empty(group);
	return ADMITTED_NOT;
}

bool
admission_has_spare(const struct admission *admission, enum standing standing, const char *name)
{
	const struct pool *pool = &admission->pools[standing];
	const struct group *group = group_find(pool, name);

	return pool->under_way < pool->most / 2 && (group == NULL || group->under_way < pool->of_group / 2);
}

bool
admission_raise(struct admission *admission, struct ticket *ticket, enum standing standing, const char *name)
{
	struct group *before = ticket->group;

	if (!ticket->waits || &admission->pools[standing] <= before->pool)
		return false;
	wait_no_more(ticket);
	if (admission_ask(admission, ticket, standing, name) == ADMITTED_NOT)
		wait_in(before, ticket);
	else
		group_close_empty(before);
	return !ticket->waits;
}

void
admission_leave(struct admission *admission, struct ticket *ticket)
{
	struct group *group = ticket->group;

	(void)admission;
	if (group == NULL)
		return;
	if (ticket->waits) {
		wait_no_more(ticket);
	} else {
		group->under_way--;
		group->pool->under_way--;
	}
	ticket->group = NULL;
	group_close_empty(group);
}

/* The group whose turn it is. */
static struct group *
group_next(const struct pool *pool)
{
	struct group *group, *found = NULL;

	TAILQ_FOREACH (group, &pool->groups, turn)
		if (group->waiting_count > 0 && group_has_room(group) &&
		    (found == NULL || group->under_way < found->under_way))
			found = group;
	return found;
}

struct ticket *
admission_next(struct admission *admission)
{
	for (size_t i = 0; i < STANDINGS; i++) {
		struct pool *pool = &admission->pools[i];
		struct group *group = pool->waiting > 0 ? group_next(pool) : NULL;
		struct ticket *ticket;

		if (group == NULL)
			continue;
		ticket = STAILQ_FIRST(&group->waiting);
		wait_no_more(ticket);
		serve(group, ticket);
		return ticket;
	}
	return NULL;
}

/* "_domainkey.NAME", whatever the selector; the last one, as a selector may hold the word too. */
static const char *
group_of_selector(const char *name)
{
	static const char mark[] = "._domainkey.";
	const char *found = NULL;

	for (const char *at = strstr(name, mark); at != NULL; at = strstr(at + 1, mark))
		found = at + 1;
	return found;
}

/* One label more than its organisational domain: a dead branch of a vendor's zone does not hold up another branch. */
static const char *
group_of_branch(const char *name, const char *organisation)
{
	const char *start = organisation;

	if (start != NULL && start > name)
		for (start--; start > name && start[-1] != '.'; start--)
			continue;
	return start;
}

const char *
admission_group(const struct suffix_list *suffixes, const struct dns_question *question)
{
	const char *found = suffix_organisational(suffixes, question->name);

	if (question->standing == STANDING_LISTED)
		return "";
	if (question->standing == STANDING_SELECTOR)
		found = group_of_selector(question->name);
	if (question->standing == STANDING_BELOW)
		found = group_of_branch(question->name, found);
	return found != NULL ? found : question->name;
}
