#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/alert_queue.h"

/* What is known of a slug. */
struct entry {
	char slug[ALERT_SLUG_SIZE]; /* "": the place is free */
	char text[ALERT_TEXT_SIZE];
	bool owed, ill; /* a run is owed, that says this */
	bool said_ill;  /* the last run said so, or tried to */
	bool runs, notice;
	unsigned more;     /* further states that this run stands for */
	unsigned tries;    /* that failed */
	unsigned number;   /* of changes */
	int64_t due, last; /* moments; last: when the last run began */
};

struct alert_queue {
	struct entry entries[ALERT_SLUGS_MAX];
};

struct alert_queue *
alert_queue_open(void)
{
	return calloc(1, sizeof(struct alert_queue));
}

void
alert_queue_close(struct alert_queue *queue)
{
	free(queue);
}

static struct entry *
find(struct alert_queue *queue, const char *slug)
{
	for (size_t i = 0; i < ALERT_SLUGS_MAX; i++) {
		struct entry *entry = &queue->entries[i];

		if (entry->slug[0] == '\0')
			snprintf(entry->slug, sizeof entry->slug, "%s", slug);
		if (strcmp(entry->slug, slug) == 0)
			return entry;
	}
	return NULL;
}

/* What goes into an environment and from there to a pager: one line, without control bytes. */
static void
write_text(char out[ALERT_TEXT_SIZE], const struct alert_change *change)
{
	snprintf(out, ALERT_TEXT_SIZE, "%s%s%s", change->text, change->ill ? "; " : "", change->ill ? change->remedy : "");
	for (char *at = out; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = '?';
}

static void
owe(struct entry *entry, const struct alert_change *change, int64_t due)
{
	entry->owed = true;
	entry->ill = change->ill;
	entry->notice = change->notice;
	entry->more = entry->tries = 0;
	entry->due = due;
	entry->number++;
	write_text(entry->text, change);
}

static void
put_ill(struct entry *entry, const struct alert_change *change, int64_t moment)
{
	int64_t again = entry->last + ALERT_AGAIN;

	if (entry->owed && entry->ill && !entry->runs)
		entry->more++;
	else
		owe(entry, change, entry->said_ill && again > moment ? again : moment);
}

/* Whoever was not told that it is ill need not be told that it is well. */
static void
put_well(struct entry *entry, const struct alert_change *change, int64_t moment)
{
	if (entry->said_ill)
		owe(entry, change, moment);
	else
		entry->owed = false;
}

void
alert_queue_put(struct alert_queue *queue, const struct alert_change *change, int64_t moment)
{
	struct entry *entry = find(queue, change->slug);

	if (entry == NULL)
		return;
	if (change->ill)
		put_ill(entry, change, moment);
	else if (!change->others)
		put_well(entry, change, moment);
}

bool
alert_queue_take(struct alert_queue *queue, int64_t moment, struct alert_run *out)
{
	struct entry *first = NULL;
	size_t length;

	for (size_t i = 0; i < ALERT_SLUGS_MAX; i++) {
		struct entry *entry = &queue->entries[i];

		if (entry->owed && entry->tries < ALERT_TRIES && entry->due <= moment &&
		    (first == NULL || entry->due < first->due))
			first = entry;
	}
	if (first == NULL)
		return false;
	*out = (struct alert_run){ .ill = first->ill, .notice = first->notice, .number = first->number };
	memcpy(out->slug, first->slug, sizeof out->slug);
	memcpy(out->text, first->text, sizeof out->text);
	length = strlen(out->text);
	if (first->more > 0)
		snprintf(out->text + length, sizeof out->text - length, " (and %u more, see greenlane status)",
		    first->more);
	first->said_ill = first->said_ill || first->ill;
	first->runs = true;
	first->last = moment;
	return true;
}

void
alert_queue_done(struct alert_queue *queue, const struct alert_run *run, bool succeeded, int64_t moment)
{
	struct entry *entry = find(queue, run->slug);

	if (entry == NULL)
		return;
	entry->runs = false;
	if (succeeded)
		entry->said_ill = run->ill;
	if (entry->number != run->number)
		return; /* another change has come meanwhile */
	entry->owed = !succeeded;
	entry->tries++;
	entry->due = moment + ALERT_AGAIN;
}

void
alert_queue_retry(struct alert_queue *queue, int64_t moment)
{
	for (size_t i = 0; i < ALERT_SLUGS_MAX; i++) {
		struct entry *entry = &queue->entries[i];

		if (entry->owed && entry->tries > 0)
			entry->due = moment;
		entry->tries = 0;
	}
}
