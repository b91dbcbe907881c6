#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define SYSLOG_NAMES
#include "milter/system/clock.h"
#include "milter/system/condition.h"
#include "milter/system/hiding.h"
#include "milter/system/journal.h"
#include "milter/system/log_backlog.h"
#include "milter/system/record_file.h"

struct line {
	int level; /* LOG_*; TO_RECORD: for the record file */
	char *text;
};
enum { HIDING_ROOM = 16 * 1024 * 1024 }; /* bytes; a thousand authors and recipients take less than 2 MiB */
enum { TO_RECORD = -1, MOMENT_MS = 20, LINE_ROOM = 8 * 1024 };

struct journal {
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t filled;
	struct line queue[JOURNAL_QUEUE];
	size_t first, count;
	unsigned long dropped;
	struct journal_state state;
	bool ends, reopen, check;
	struct hiding hiding;
	bool sleeps;   /* the writer waits for a signal */
	size_t before; /* lines that were queued before the reopening was requested */
	pthread_cond_t reopened;
	int next_facility; /* both take effect when the writer reaches them */
	char next_path[4096];
	int facility; /* from here on, used by the writer alone */
	struct log_backlog *log;
	char path[4096]; /* of the record file; "" none */
	int file;
	bool torn;           /* the file ends in half a line */
	bool astray;         /* at the last look it was no longer at its path */
	bool owed;           /* next_path could not be opened */
	bool curable;        /* what keeps it from being written can be seen to end without writing */
	bool lacked_room;    /* the last record that was lost had no room */
	atomic_bool records; /* there is a record file */
};

bool
journal_facility_read(const char *name, int *facility)
{
	for (const CODE *code = facilitynames; code->c_name != NULL; code++)
		if (strcmp(code->c_name, name) == 0) {
			*facility = code->c_val;
			return true;
		}
	return false;
}

/* Lock held. */
static void
count_dropped(struct journal *journal)
{
	journal->dropped++;
	journal->state.dropped++;
	journal->state.dropped_at = clock_now();
}

/* Takes over text; NULL: no memory. */
static void
put_line(struct journal *journal, int level, char *text)
{
	if (text != NULL && log_backlog_put(journal->log, journal->facility | level, text))
		return;
	pthread_mutex_lock(&journal->lock);
	count_dropped(journal);
	pthread_mutex_unlock(&journal->lock);
}

/* As journal_say, from the writer itself. */
static void
say_now(struct journal *journal, int level, const char *fmt, ...)
{
	char text[LINE_ROOM];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	put_line(journal, level, strdup(text));
}

/* Said in the log at each record that is lost; here once, with its beginning. */
static void
note_record(struct journal *journal, bool written, const char *trouble)
{
	struct journal_state *state = &journal->state;

	pthread_mutex_lock(&journal->lock);
	if (written)
		state->record_failed_since = 0;
	else if (state->record_failed_since == 0)
		state->record_failed_since = clock_now();
	if (!written)
		snprintf(state->record_trouble, sizeof state->record_trouble, "%.*s",
		    (int)sizeof state->record_trouble - 1, trouble);
	pthread_mutex_unlock(&journal->lock);
}

/* One write per line, so that lines of two processes never mix. After half a line the next begins on a new line. */
static void
write_record(struct journal *journal, char *text)
{
	char end[] = "\n";
	struct iovec parts[] = { { end, journal->torn }, { text, strlen(text) }, { end, 1 } };
	size_t size = parts[0].iov_len + parts[1].iov_len + 1;
	ssize_t written = journal->file < 0 ? 0 : writev(journal->file, parts, 3);
	int error = written < 0 ? errno : ENOSPC;
	const char *trouble;

	if (written == (ssize_t)size)
		journal->torn = false;
	else if (written > 0)
		journal->torn = true;
	trouble = journal->file < 0 ? "it is not open" : written < 0 ? strerror(error) : "only part of it was written";
	if (written != (ssize_t)size) {
		journal->lacked_room = journal->file >= 0 && (error == ENOSPC || error == EDQUOT);
		journal->curable = journal->file < 0 || record_file_trouble(journal->file)[0] != '\0';
		say_now(journal, LOG_ERR, "%s: a record could not be written: %s", journal->path, trouble);
	}
	note_record(journal, written == (ssize_t)size, trouble);
}

static void
write_line(struct journal *journal, struct line *line)
{
	if (line->level == TO_RECORD) {
		write_record(journal, line->text);
		free(line->text);
	} else {
		put_line(journal, line->level, line->text);
	}
}

/* If it cannot be opened, the old file stays in use: a typo loses no records. It is tried again at each look. */
static bool
use_record(struct journal *journal, const char *path, struct fault *why)
{
	int file = path[0] == '\0' ? -1 : record_file_open(path, why);

	journal->owed = path[0] != '\0' && file < 0;
	if (journal->owed) {
		journal->curable = true;
		note_record(journal, false, why->text);
		return false;
	}
	if (journal->file >= 0)
		close(journal->file);
	journal->file = file;
	journal->torn = file >= 0 && record_file_is_torn(file);
	journal->records = file >= 0;
	snprintf(journal->path, sizeof journal->path, "%s", path);
	return true;
}

static void
rerecord_file_open(struct journal *journal)
{
	struct fault why = { .text = "" };
	char path[sizeof journal->next_path];

	pthread_mutex_lock(&journal->lock);
	journal->facility = journal->next_facility;
	memcpy(path, journal->next_path, sizeof path);
	pthread_mutex_unlock(&journal->lock);
	if (!use_record(journal, path, &why))
		say_now(journal, LOG_ERR, "%s: %s%s%s", path, why.text,
		    journal->path[0] == '\0' ? "" : "; records still go to ", journal->path);
}

/* The file that could not be opened at a reload. */
static bool
use_owed(struct journal *journal)
{
	struct fault why = { .text = "" };
	char path[sizeof journal->next_path];

	pthread_mutex_lock(&journal->lock);
	memcpy(path, journal->next_path, sizeof path);
	pthread_mutex_unlock(&journal->lock);
	if (!use_record(journal, path, &why))
		return false;
	say_now(journal, LOG_NOTICE, "%s: records are written there now", path);
	return true;
}

/* ---- a look at where the records go ---- */

/* False if it cannot be opened: records would go into a file that nobody sees. */
static bool
put_back(struct journal *journal)
{
	struct fault why = { .text = "" };
	int file = record_file_open(journal->path, &why);

	if (file < 0) {
		journal->curable = true;
		note_record(journal, false, why.text);
		return false;
	}
	if (journal->file >= 0)
		close(journal->file);
	journal->file = file;
	journal->torn = record_file_is_torn(file);
	say_now(journal, LOG_WARNING, "%s: the record file was removed or replaced; what is there now is written",
	    journal->path);
	return true;
}

/* Where the room can be neither asked for nor seen, the next record shows it. */
static bool
is_cured(struct journal *journal)
{
	if (!journal->lacked_room)
		return journal->curable;
	return record_file_has_room(journal->file) || (errno == EOPNOTSUPP && journal->curable);
}

static void
check_record(struct journal *journal)
{
	bool was_astray = journal->astray;
	const char *trouble;

	if ((journal->owed && !use_owed(journal)) || journal->path[0] == '\0')
		return;
	journal->astray = !record_file_is_at(journal->file, journal->path);
	if (journal->astray && (!was_astray || !put_back(journal)))
		return;
	trouble = record_file_trouble(journal->file);
	if (trouble[0] != '\0')
		journal->curable = true;
	if (trouble[0] != '\0' || is_cured(journal))
		note_record(journal, trouble[0] == '\0', trouble);
}

/* Under load the writer wakes once for all lines of a moment: waking it for each line would cost the sessions more
 * than writing costs the writer. Call with the lock held. */
static void
rest(struct journal *journal, bool lately)
{
	struct timespec until;

	if (lately) {
		until = condition_in(MOMENT_MS);
		pthread_cond_timedwait(&journal->filled, &journal->lock, &until);
		return;
	}
	journal->sleeps = true;
	pthread_cond_wait(&journal->filled, &journal->lock);
	journal->sleeps = false;
}

/* Lines that were dropped are said once the log takes lines again. */
static void
after_lines(struct journal *journal)
{
	struct log_backlog_state log;
	unsigned long dropped = 0;

	log_backlog_look(journal->log, &log);
	pthread_mutex_lock(&journal->lock);
	journal->state.log_held = log.held;
	journal->state.log_stuck_since = log.stuck_since;
	memcpy(journal->state.log_trouble, log.trouble, sizeof log.trouble);
	if (log.held < JOURNAL_HELD) {
		dropped = journal->dropped;
		journal->dropped = 0;
	}
	pthread_mutex_unlock(&journal->lock);
	if (dropped > 0)
		say_now(journal, LOG_WARNING, "%lu log line%s dropped: the log is too slow", dropped,
		    dropped == 1 ? " was" : "s were");
}

/* Lock held, but not while it waits. */
static void
catch_up(struct journal *journal)
{
	pthread_mutex_unlock(&journal->lock);
	log_backlog_wait(journal->log);
	log_backlog_try(journal->log);
	after_lines(journal);
	pthread_mutex_lock(&journal->lock);
}

struct work {
	bool reopen, check;
	struct line line; /* text NULL: none */
};

/* Lock held. False: there is nothing to do. */
static bool
take_work(struct journal *journal, struct work *out)
{
	*out = (struct work){ .reopen = journal->reopen && journal->before == 0, .check = journal->check };
	journal->check = false;
	if (out->reopen || out->check)
		return true;
	if (journal->count == 0)
		return false;
	out->line = journal->queue[journal->first];
	journal->first = (journal->first + 1) % JOURNAL_QUEUE;
	journal->count--;
	journal->before -= journal->before > 0;
	return true;
}

static void
do_work(struct journal *journal, struct work *work)
{
	if (work->reopen)
		rerecord_file_open(journal);
	if (work->check)
		check_record(journal);
	if (work->line.text != NULL)
		write_line(journal, &work->line);
	after_lines(journal);
}

static void *
write_on(void *argument)
{
	struct journal *journal = argument;
	bool lately = false;
	struct work work;

	pthread_mutex_lock(&journal->lock);
	while (journal->count > 0 || !journal->ends) {
		if (!take_work(journal, &work)) {
			if (journal->state.log_held > 0)
				catch_up(journal);
			else
				rest(journal, lately);
			lately = false;
			continue;
		}
		lately = true;
		pthread_mutex_unlock(&journal->lock);
		do_work(journal, &work);
		pthread_mutex_lock(&journal->lock);
		if (work.reopen) {
			journal->reopen = false;
			pthread_cond_broadcast(&journal->reopened);
		}
	}
	pthread_mutex_unlock(&journal->lock);
	return NULL;
}

static void
journal_free(struct journal *journal)
{
	if (journal->file >= 0)
		close(journal->file);
	log_backlog_close(journal->log, journal->facility | LOG_WARNING, journal->dropped);
	pthread_mutex_destroy(&journal->lock);
	pthread_cond_destroy(&journal->filled);
	pthread_cond_destroy(&journal->reopened);
	free(journal);
}

static void
make_locks(struct journal *journal)
{

	pthread_mutex_init(&journal->lock, NULL);
	pthread_cond_init(&journal->reopened, NULL);
	condition_init(&journal->filled);
}

static bool
start(struct journal *journal, const char *record, bool loud, struct fault *why)
{
	int code;

	snprintf(journal->path, sizeof journal->path, "%s", record);
	snprintf(journal->next_path, sizeof journal->next_path, "%s", record);
	if (record[0] != '\0' && (journal->file = record_file_open(record, why)) < 0)
		return false;
	journal->records = journal->file >= 0;
	journal->torn = journal->records && record_file_is_torn(journal->file);
	if ((journal->log = log_backlog_open(loud)) == NULL)
		return fault_set(why, "out of memory");
	code = pthread_create(&journal->writer, NULL, write_on, journal);
	return code == 0 || fault_set(why, "cannot start the log thread: %s", strerror(code));
}

struct journal *
journal_open(const char *facility, const char *record, bool loud, struct fault *why)
{
	struct journal *journal;
	int code;

	if (!journal_facility_read(facility, &code)) {
		fault_set(why, "log.facility '%s' is unknown; write \"mail\"", facility);
		return NULL;
	}
	if ((journal = calloc(1, sizeof *journal)) == NULL) {
		fault_set(why, "out of memory");
		return NULL;
	}
	openlog("greenlaned", LOG_PID, code); /* for what libraries say */
	make_locks(journal);
	journal->facility = journal->next_facility = code;
	journal->file = -1;
	if (start(journal, record, loud, why))
		return journal;
	journal_free(journal);
	return NULL;
}

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	pthread_mutex_lock(&journal->lock);
	journal->ends = true;
	pthread_cond_signal(&journal->filled);
	pthread_mutex_unlock(&journal->lock);
	pthread_join(journal->writer, NULL);
	journal_free(journal);
}

void
journal_reopen(struct journal *journal, const char *facility, const char *record)
{
	int code;

	pthread_mutex_lock(&journal->lock);
	while (journal->reopen)
		pthread_cond_wait(&journal->reopened, &journal->lock);
	if (facility != NULL && journal_facility_read(facility, &code))
		journal->next_facility = code;
	if (record != NULL)
		snprintf(journal->next_path, sizeof journal->next_path, "%s", record);
	journal->before = journal->count;
	journal->reopen = true;
	pthread_cond_signal(&journal->filled);
	while (journal->reopen)
		pthread_cond_wait(&journal->reopened, &journal->lock);
	pthread_mutex_unlock(&journal->lock);
}

void
journal_check(struct journal *journal)
{
	pthread_mutex_lock(&journal->lock);
	journal->check = true;
	if (journal->sleeps)
		pthread_cond_signal(&journal->filled);
	pthread_mutex_unlock(&journal->lock);
}

/* Takes over text; NULL (out of memory) counts as dropped. */
static void
enqueue(struct journal *journal, int level, char *text)
{
	pthread_mutex_lock(&journal->lock);
	if (text == NULL || journal->count == JOURNAL_QUEUE) {
		count_dropped(journal);
		free(text);
	} else {
		size_t last = (journal->first + journal->count++) % JOURNAL_QUEUE;

		journal->queue[last] = (struct line){ level, text };
	}
	if (journal->sleeps)
		pthread_cond_signal(&journal->filled);
	pthread_mutex_unlock(&journal->lock);
}

void
journal_say(struct journal *journal, int level, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	if (journal == NULL)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	enqueue(journal, level, text);
}

void
journal_fault(struct journal *journal, int level, const struct fault *fault)
{
	char text[1024];

	fault_write(fault, text, sizeof text);
	journal_say(journal, level, "%s", text);
}

static void
count_verdict(struct journal *journal, enum action action, enum passed_by by)
{
	pthread_mutex_lock(&journal->lock);
	journal->state.verdicts[action]++;
	journal->state.passed_by[by]++;
	pthread_mutex_unlock(&journal->lock);
}

void
journal_look(struct journal *journal, struct journal_state *out)
{
	pthread_mutex_lock(&journal->lock);
	*out = journal->state;
	out->privacy_failed_since = journal->hiding.failed_since;
	memcpy(out->privacy_trouble, journal->hiding.trouble, sizeof out->privacy_trouble);
	snprintf(out->record, sizeof out->record, "%s", journal->next_path);
	pthread_mutex_unlock(&journal->lock);
}

void
journal_faults(struct journal *journal, const struct faults *faults)
{
	for (size_t i = 0; i < faults->kept; i++)
		journal_fault(journal, faults->list[i].level == FAULT_WARNING ? LOG_WARNING : LOG_ERR,
		    &faults->list[i].fault);
}

/* ---- privacy ---- */

/* To be used without the lock. */
static struct hiding
copy_hiding(struct journal *journal)
{
	struct hiding hiding;

	pthread_mutex_lock(&journal->lock);
	hiding = journal->hiding;
	pthread_mutex_unlock(&journal->lock);
	return hiding;
}

/* One thread at a time: the start, then whoever has the turn to reload. */
void
journal_set_privacy(struct journal *journal, bool hides, const char *state_dir)
{
	struct hiding hiding = copy_hiding(journal);
	struct fault why;
	bool done = hiding_turn(&hiding, hides, state_dir, &why);

	pthread_mutex_lock(&journal->lock);
	journal->hiding = hiding;
	pthread_mutex_unlock(&journal->lock);
	if (!done)
		journal_say(journal, LOG_ERR,
		    "log.privacy: %s; until then what is hidden cannot be found by 'greenlane log'", hiding.trouble);
}

bool
journal_hides(struct journal *journal)
{
	return journal != NULL && copy_hiding(journal).on;
}

const char *
journal_address(struct journal *journal, struct arena *arena, const char *address)
{
	struct hiding hiding = { .on = false };

	if (journal != NULL)
		hiding = copy_hiding(journal);
	return hiding_address(&hiding, arena, address);
}

/* ---- verdicts ---- */

static void
write_verdict(struct journal *journal, const struct verdict_record *record)
{
	struct text line;

	text_open(&line, VERDICT_LINE_MAX);
	verdict_record_write_line(record, &line);
	enqueue(journal, LOG_INFO, strdup(line.bytes));
	text_close(&line);
	if (!journal->records)
		return;
	text_open(&line, VERDICT_JSON_MAX);
	verdict_record_write_json(record, &line);
	enqueue(journal, TO_RECORD, line.cut ? NULL : strdup(line.bytes));
	text_close(&line);
}

/* What cannot be hidden is not written. */
static void
write_hidden(struct journal *journal, const struct hiding *hiding, const struct verdict_record *record)
{
	struct arena *arena = arena_open(HIDING_ROOM);
	struct verdict_record hidden;
	struct facts shown;

	if (arena != NULL && hiding_record(hiding, arena, record, &shown, &hidden))
		write_verdict(journal, &hidden);
	else
		enqueue(journal, LOG_INFO, NULL);
	arena_close(arena);
}

void
journal_verdict(struct journal *journal, const struct verdict_record *record)
{
	struct hiding hiding;

	if (journal == NULL)
		return;
	count_verdict(journal, record->action, record->passed_by);
	hiding = copy_hiding(journal);
	if (hiding.on)
		write_hidden(journal, &hiding, record);
	else
		write_verdict(journal, record);
}
