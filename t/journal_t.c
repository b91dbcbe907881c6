#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/system/journal.h"
#include "milter/system/log_backlog.h"
#include "milter/system/log_socket.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { THREADS = 8, VERDICTS = 300, SAID_MAX = 40000, PATH_SIZE = 128 };

/* ---- a stand-in for the host's log that records, and can be as slow or as stuck as the real one ---- */

static pthread_mutex_t said_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t said_changed = PTHREAD_COND_INITIALIZER;
static struct {
	int level;
	char *text;
} said[SAID_MAX];
static size_t said_count;
static bool said_stops; /* the writer stands still */
static atomic_uint said_delay_us;

static bool said_is_busy; /* the log takes no lines */

void
log_socket_open(struct log_socket *log)
{
	log->fd = -1;
}

void
log_socket_close(struct log_socket *log)
{
	log->fd = -1;
}

enum log_taken
log_socket_send(struct log_socket *log, int priority, const char *text)
{
	bool taken;

	(void)log;
	if (said_delay_us > 0)
		usleep(said_delay_us); /* sleeps: this is how slow the log is */
	pthread_mutex_lock(&said_lock);
	while (said_stops)
		pthread_cond_wait(&said_changed, &said_lock);
	taken = !said_is_busy;
	if (taken && said_count < SAID_MAX) {
		said[said_count].level = priority;
		if ((said[said_count++].text = strdup(text)) == NULL)
			abort();
	}
	pthread_mutex_unlock(&said_lock);
	return taken ? LOG_TAKEN : LOG_BUSY;
}

static void
said_clear(void)
{
	for (size_t i = 0; i < said_count; i++)
		free(said[i].text);
	said_count = 0;
}

static void
said_stop(bool stops)
{
	pthread_mutex_lock(&said_lock);
	said_stops = stops;
	pthread_cond_broadcast(&said_changed);
	pthread_mutex_unlock(&said_lock);
}

static void
said_busy(bool busy)
{
	pthread_mutex_lock(&said_lock);
	said_is_busy = busy;
	pthread_mutex_unlock(&said_lock);
}

static size_t
said_so_far(void)
{
	size_t count;

	pthread_mutex_lock(&said_lock);
	count = said_count;
	pthread_mutex_unlock(&said_lock);
	return count;
}

/* Counts the lines of that level and facility that contain the words. After journal_close only. */
static long long
said_with(int level, const char *words)
{
	long long count = 0;

	for (size_t i = 0; i < said_count; i++)
		count += said[i].level == level && strstr(said[i].text, words) != NULL;
	return count;
}

/* ---- a directory, a journal, a verdict ---- */

static char folder[] = "/tmp/journal_t.XXXXXX";

static const char *
in_folder(char path[PATH_SIZE], const char *name)
{
	snprintf(path, PATH_SIZE, "%s/%s", folder, name);
	return path;
}

static struct journal *
journal_start(const char *record)
{
	struct fault why = { .text = "" };
	struct journal *journal = journal_open("mail", record, false, &why);

	if (journal == NULL) {
		note("%s", why.text);
		abort();
	}
	return journal;
}

static void
write_verdict(struct journal *journal, const char *id)
{
	static const struct policy policy;
	static const struct ranges no_sources;
	static const struct judge judge = { &policy, &no_sources };
	static const struct facts facts = { .client_name = "",
		.helo = "mx.example",
		.auth = "",
		.daemon_name = "",
		.via = "",
		.mail_from = "a@b.example",
		.sender = { "a", "b.example", "a@b.example" },
		.spf = { .domain = "" },
		.from_raw = "",
		.message_id = "<1@b.example>" };
	static const struct verdict verdict = { .outcome = OUTCOME_STRANGER, .reason = REASON_NO_CLAIM, .deciding = -1 };
	const struct verdict_record
	    record = { .id = id, .qid = "Q", .judge = &judge, .facts = &facts, .verdict = &verdict, .stage = STAGE_EOM };

	journal_verdict(journal, &record);
}

static char *
file_read(const char *path)
{
	struct text text;
	char chunk[4096], *copy;
	FILE *file = fopen(path, "re");
	size_t got;

	text_open(&text, 64 * 1024 * 1024);
	while (file != NULL && (got = fread(chunk, 1, sizeof chunk, file)) > 0)
		text_add(&text, chunk, got);
	copy = file == NULL ? NULL : strdup(text.bytes);
	if (file != NULL)
		fclose(file);
	text_close(&text);
	return copy;
}

/* What follows the first "id" of a record of version 2; NULL: it is none. The line may end where another begins. */
static const char *
id_of(const char *line)
{
	static const char start[] = "{\"v\":2,\"time\":\"", key[] = "\"id\":\"";
	const char *id = memmem(line, strcspn(line, "\n"), key, sizeof key - 1);

	return strncmp(line, start, sizeof start - 1) != 0 || id == NULL ? NULL : id + sizeof key - 1;
}

/* The ids of the records in a file, separated by blanks; a line that is not a whole record is "?". */
static void
ids_are(const char *path, const char *wanted, const char *name)
{
	char *bytes = file_read(path), *rest = bytes, *line;
	struct text ids;

	text_open(&ids, 4096);
	while (rest != NULL && *rest != '\0') {
		size_t length;

		line = rest;
		length = strcspn(line, "\n");
		rest = line + length + (line[length] == '\n');
		line[length] = '\0';
		text_put(&ids, ids.length > 0 ? " " : "");
		if (id_of(line) != NULL && length > 2 && strcmp(line + length - 2, "}}") == 0)
			text_format(&ids, "%.*s", (int)strcspn(id_of(line), "\""), id_of(line));
		else
			text_char(&ids, '?');
	}
	is(bytes == NULL ? NULL : ids.bytes, wanted, "%s", name);
	text_close(&ids);
	free(bytes);
}

/* ---- faults ---- */

static void
faults_are_told(void)
{
	char path[PATH_SIZE];
	struct fault why = { .text = "" };
	int code;

	ok(journal_open("mial", "", false, &why) == NULL, "an unknown facility is a fault");
	is(why.text, "log.facility 'mial' is unknown; write \"mail\"", "that says what to write");
	ok(journal_facility_read("local3", &code) && code == LOG_LOCAL3, "local3 is a facility");
	ok(journal_open("mail", in_folder(path, "none/verdicts.jsonl"), false, &why) == NULL,
	    "a record file in a missing directory is a fault");
	is(why.file, path, "that names the file");
	ok(strstr(why.text, "its directory is missing; create it, writable") != NULL, "and says what to do");
	ok(journal_open("mail", folder, false, &why) == NULL, "a directory is no record file");
	ok(symlink("many.jsonl", in_folder(path, "link.jsonl")) == 0 &&
		journal_open("mail", path, false, &why) == NULL && strstr(why.text, "is a link") != NULL,
	    "nor is a link");
	is_number(access(in_folder(path, "many.jsonl"), F_OK), -1, "and nothing is created where it points");
	ok(mkfifo(in_folder(path, "pipe.jsonl"), 0600) == 0 && journal_open("mail", path, false, &why) == NULL &&
		strstr(why.text, "is a pipe") != NULL,
	    "nor is a pipe, and opening it does not block");
	journal_say(NULL, LOG_INFO, "nobody listens");
	write_verdict(NULL, "1");
	journal_close(NULL);
}

/* ---- many writers ---- */

static void *
write_many(void *argument)
{
	struct {
		struct journal *journal;
		int number;
	} *writer = argument;
	char id[32];

	for (int i = 0; i < VERDICTS; i++) {
		snprintf(id, sizeof id, "%d-%d", writer->number, i);
		write_verdict(writer->journal, id);
	}
	return NULL;
}

/* Every line begins with an id that no earlier line had. */
static bool
holds_every_id(const char *line)
{
	static bool seen[THREADS][VERDICTS];

	for (const char *end; line != NULL && *line != '\0'; line = end + 1) {
		const char *id = id_of(line);
		char *dash;
		long number, i;

		if ((end = strchr(line, '\n')) == NULL || id == NULL)
			return false;
		number = strtol(id, &dash, 10);
		i = strtol(dash + 1, NULL, 10);
		if (number < 0 || number >= THREADS || i < 0 || i >= VERDICTS || seen[number][i] ||
		    strncmp(end - 2, "}}", 2) != 0)
			return false;
		seen[number][i] = true;
	}
	return line != NULL;
}

static void
lines_are_whole(void)
{
	struct {
		struct journal *journal;
		int number;
	} writers[THREADS];
	pthread_t threads[THREADS];
	char path[PATH_SIZE], *bytes;
	struct journal *journal = journal_start(in_folder(path, "many.jsonl"));
	struct stat st;
	long long lines = 0;

	for (int i = 0; i < THREADS; i++) {
		writers[i].journal = journal;
		writers[i].number = i;
		if (pthread_create(&threads[i], NULL, write_many, &writers[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	journal_close(journal);
	bytes = file_read(path);
	for (const char *c = bytes; c != NULL && *c != '\0'; c++)
		lines += *c == '\n';
	is_number(lines, THREADS * VERDICTS, "%d threads write %d records each, one a line", THREADS, VERDICTS);
	ok(bytes != NULL && holds_every_id(bytes), "and each is whole on its line, once");
	is_number(said_with(LOG_MAIL | LOG_INFO, " outcome=stranger "), THREADS * VERDICTS,
	    "each is a line of the mail log, too");
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0640, "the record file is not world-readable");
	free(bytes);
	said_clear();
}

/* ---- logrotate and reload ---- */

static void
reopens_after_rename(void)
{
	char path[PATH_SIZE], old[PATH_SIZE];
	struct journal *journal = journal_start(in_folder(path, "turn.jsonl"));

	write_verdict(journal, "a");
	write_verdict(journal, "b");
	ok(rename(path, in_folder(old, "turn.jsonl.1")) == 0, "logrotate renames the record");
	write_verdict(journal, "c");
	journal_reopen(journal, NULL, NULL);
	write_verdict(journal, "d");
	journal_close(journal);
	ids_are(old, "a b c", "what was written before the reopening is in the old file");
	ids_are(path, "d", "what comes later is in the new one");
	said_clear();
}

static void
reload_changes_the_path(void)
{
	char first[PATH_SIZE], second[PATH_SIZE], bad[PATH_SIZE], folder_of_bad[PATH_SIZE];
	struct journal *journal = journal_start(in_folder(first, "first.jsonl"));
	struct journal_state state;

	write_verdict(journal, "a");
	journal_reopen(journal, "local3", in_folder(second, "second.jsonl"));
	write_verdict(journal, "b");
	journal_reopen(journal, "local3", in_folder(bad, "none/third.jsonl"));
	write_verdict(journal, "c");
	journal_reopen(journal, NULL, NULL); /* all that was queued is written */
	journal_look(journal, &state);
	ok(state.record_failed_since != 0 && strstr(state.record_trouble, "missing") != NULL, "and the state tells why");
	ok(mkdir(in_folder(folder_of_bad, "none"), 0755) == 0, "(its directory is made)");
	journal_check(journal);
	do
		journal_look(journal, &state);
	while (state.record_failed_since != 0);
	write_verdict(journal, "x");
	journal_reopen(journal, "mail", "");
	write_verdict(journal, "d");
	journal_reopen(journal, "nonsense", first);
	write_verdict(journal, "e");
	journal_close(journal);
	ids_are(first, "a e", "a reload without a record file stops the records, and one with a path resumes them");
	ids_are(second, "b c", "a path that cannot be opened leaves the old one in use");
	ids_are(bad, "x", "until it can be opened at a look");
	is_number(said_with(LOG_LOCAL3 | LOG_ERR, "none/third.jsonl: cannot be opened"), 2, "and is logged");
	unlink(bad);
	rmdir(folder_of_bad);
	is_number(said_with(LOG_MAIL | LOG_INFO, "id=a "), 1, "the facility is mail before the reload");
	is_number(said_with(LOG_LOCAL3 | LOG_INFO, "id=b ") + said_with(LOG_LOCAL3 | LOG_INFO, "id=c "), 2,
	    "and local3 after it");
	is_number(said_with(LOG_MAIL | LOG_INFO, "id=d ") + said_with(LOG_MAIL | LOG_INFO, "id=e "), 2,
	    "an unknown one changes nothing");
	said_clear();
}

static atomic_bool busy;

static void *
write_on_and_on(void *journal)
{
	while (busy)
		journal_say(journal, LOG_NOTICE, "busy");
	return NULL;
}

/* A log that never catches up must not keep a reload waiting for ever. */
static void
reopens_under_load(void)
{
	struct journal *journal = journal_start("");
	pthread_t thread;

	said_delay_us = 20;
	busy = true;
	if (pthread_create(&thread, NULL, write_on_and_on, journal) != 0)
		abort();
	while (said_so_far() < 200) /* the queue is long by then */
		usleep(1000);       /* sleeps: until it looks again */
	journal_reopen(journal, NULL, NULL);
	ok(busy, "the record is reopened though the log is never idle");
	busy = false;
	pthread_join(thread, NULL);
	said_delay_us = 0;
	journal_close(journal);
	said_clear();
}

/* ---- trouble ---- */

static void
full_queue_drops(void)
{
	enum { BEYOND = 500 };
	struct journal *journal = journal_start("");
	struct journal_state state;
	long long dropped = 0;

	said_stop(true);
	journal_say(journal, LOG_NOTICE, "the writer hangs in this one");
	for (int i = 0; i < JOURNAL_QUEUE + BEYOND; i++)
		journal_say(journal, LOG_NOTICE, "line %d", i);
	ok(true, "a log that is stuck blocks no caller");
	journal_look(journal, &state);
	said_stop(false);
	journal_close(journal);
	ok(state.dropped >= BEYOND - 1 && state.dropped_at != 0, "the state tells how many were dropped, and when");
	ok(said_with(LOG_MAIL | LOG_NOTICE, "") >= JOURNAL_QUEUE, "what fits in the queue is written later");
	for (size_t i = 0; i < said_count; i++)
		if (strstr(said[i].text, " log lines were dropped") != NULL)
			dropped += atoll(said[i].text);
	ok(dropped > 0, "what does not fit is dropped and reported");
	is_number(said_with(LOG_MAIL | LOG_NOTICE, "") + dropped, JOURNAL_QUEUE + BEYOND + 1,
	    "and every line is accounted for");
	said_clear();
}

static struct journal_state
state_of(struct journal *journal)
{
	struct journal_state state;

	journal_reopen(journal, NULL, NULL); /* all that was queued has been seen to */
	journal_look(journal, &state);
	return state;
}

/* A log that takes nothing keeps nobody waiting: neither records, nor a reload, nor the end. */
static void
stuck_log_waits_alone(void)
{
	char path[PATH_SIZE];
	struct journal *journal = journal_start(in_folder(path, "stuck.jsonl"));
	struct journal_state state;

	said_busy(true);
	write_verdict(journal, "a");
	write_verdict(journal, "b");
	for (int i = 2; i < JOURNAL_HELD; i++)
		journal_say(journal, LOG_NOTICE, "line %d", i);
	state = state_of(journal);
	ok(true, "a log that takes no lines does not keep a reload waiting");
	ids_are(path, "a b", "nor records");
	ok(state.log_held == JOURNAL_HELD && state.dropped == 0, "as many lines as are kept");
	ok(state.log_stuck_since != 0 && strstr(state.log_trouble, "/dev/log takes no lines") != NULL,
	    "the state tells since when it is stuck");
	journal_say(journal, LOG_NOTICE, "too much");
	state = state_of(journal);
	ok(state.log_held == JOURNAL_HELD && state.dropped == 1, "one line more is dropped");
	said_busy(false);
	while (said_so_far() < JOURNAL_HELD + 1)
		usleep(1000); /* sleeps: until it looks again */
	journal_look(journal, &state);
	journal_close(journal);
	is_number(state.log_stuck_since, 0, "it takes lines again, and the state tells");
	is_number(said_with(LOG_MAIL | LOG_NOTICE, "line "), JOURNAL_HELD - 2, "what was kept is written");
	is_number(strstr(said[JOURNAL_HELD - 1].text, "line 4095") != NULL, 1, "in its order");
	is(said[JOURNAL_HELD].text, "1 log line was dropped: the log is too slow", "and then how many were dropped");
	said_clear();
	journal = journal_start(path);
	said_busy(true);
	journal_say(journal, LOG_NOTICE, "last words");
	journal_close(journal);
	ok(true, "a log that takes no lines does not keep the end waiting");
	said_busy(false);
	said_clear();
}

/* RLIMIT_FSIZE ends a file as a full disk does. Nothing is printed while it is in force. */
static void
full_disk_tears_one_line(void)
{
	char path[PATH_SIZE];
	struct rlimit kept, small;
	struct journal *journal = journal_start(in_folder(path, "full.jsonl"));
	struct journal_state failing, well;
	struct stat st = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &kept);
	write_verdict(journal, "a");
	journal_reopen(journal, NULL, NULL); /* waits for it */
	if (stat(path, &st) != 0)
		abort();
	small = (struct rlimit){ (rlim_t)st.st_size + 100, kept.rlim_max };
	setrlimit(RLIMIT_FSIZE, &small);
	write_verdict(journal, "b");
	write_verdict(journal, "c");
	journal_reopen(journal, NULL, NULL); /* the writer has met the end */
	setrlimit(RLIMIT_FSIZE, &kept);
	journal_look(journal, &failing);
	write_verdict(journal, "d");
	write_verdict(journal, "e");
	journal_reopen(journal, NULL, NULL);
	journal_look(journal, &well);
	journal_close(journal);
	ok(failing.record_failed_since != 0 && failing.record_trouble[0] != '\0', "the state tells that records are lost");
	is(failing.record, path, "and of which file");
	ok(well.record_failed_since == 0, "and that they are written again");
	is_number((long long)well.verdicts[ACTION_PASS], 5, "verdicts are counted, written or not");
	ids_are(path, "a ? d e", "a full disk tears one record, and the next begins a line");
	is_number(said_with(LOG_MAIL | LOG_ERR, "a record could not be written"), 2, "each record that is lost is said");
	said_clear();
}

static void
loud_means_stderr(void)
{
	char path[PATH_SIZE], *bytes;
	int kept = dup(2);
	struct fault why;
	struct journal *journal;

	if (kept < 0 || freopen(in_folder(path, "stderr"), "w", stderr) == NULL)
		abort();
	journal = journal_open("mail", "", true, &why);
	journal_fault(journal, LOG_ERR, &(struct fault){ .file = "x.conf", .line = 3, .text = "is wrong" });
	journal_close(journal);
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
	bytes = file_read(path);
	is(bytes, "greenlaned: x.conf:3: is wrong\n", "in the foreground standard error shows it as well");
	is_number(said_with(LOG_MAIL | LOG_ERR, "x.conf:3: is wrong"), 1, "a fault goes to the log with its place");
	free(bytes);
	said_clear();
}

static void
folder_remove(void)
{
	static const char *const names[] = { "many.jsonl", "turn.jsonl", "turn.jsonl.1", "first.jsonl", "second.jsonl",
		"full.jsonl", "stuck.jsonl", "stderr", "link.jsonl", "pipe.jsonl" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(in_folder(path, names[i]));
	ok(rmdir(folder) == 0, "nothing else was written");
}

int
main(void)
{
	if (!scratch_make(folder))
		abort();
	alarm(600); /* whoever waits for ever is ended */
	faults_are_told();
	lines_are_whole();
	reopens_after_rename();
	reload_changes_the_path();
	reopens_under_load();
	full_queue_drops();
	stuck_log_waits_alone();
	full_disk_tears_one_line();
	loud_means_stderr();
	folder_remove();
	return done();
}
