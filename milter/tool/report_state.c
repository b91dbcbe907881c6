#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "milter/system/files.h"
#include "milter/tool/report_state.h"
#include "policy/review/report_save.h"
#include "policy/util/hash.h"

enum {
	HEAD = 1024, /* bytes by which a file is known */
	FILES_MAX = 256,
	DAYS_MAX = 800,
	STATE_MAX = 48 * 1024 * 1024,
	DAY_MS = 86400000
};

static const char version[] = "greenlane report state 2";

/* What was read of a file, and what it looked like then. */
struct known_file {
	uint64_t head;       /* hash of the first bytes */
	int64_t head_length; /* so many of them */
	int64_t read;        /* bytes of its text, whole lines */
	uint64_t device, inode;
	int64_t size, changed; /* changed: nanoseconds since 1970 */
	bool seen;             /* in this run */
};

struct day {
	int64_t from, to; /* milliseconds since 1970 */
	struct text text;
};

struct report_state {
	char path[4096];
	const struct policy *policy;
	const struct suffix_list *suffixes;
	struct known_file files[FILES_MAX];
	size_t file_count;
	struct day days[DAYS_MAX];
	size_t day_count;
	struct text memory;    /* tries that have not ended */
	struct report *report; /* of the day that is counted; NULL: none is yet */
	int64_t day;           /* since 1970 */
	bool changed;          /* from what the file has */
};

/* ---- days ---- */

/* Room for one more day; the one that is longest ago goes. */
static struct day *
day_add(struct report_state *state)
{
	struct day *day;

	if (state->day_count == DAYS_MAX) {
		text_close(&state->days[0].text);
		memmove(&state->days[0], &state->days[1], (DAYS_MAX - 1) * sizeof state->days[0]);
		state->day_count--;
	}
	day = &state->days[state->day_count++];
	*day = (struct day){ 0, 0, { NULL, 0, 0, 0, false, false } };
	text_open(&day->text, REPORT_SAVE_MAX);
	return day;
}

/* What is counted becomes a day of its own. */
static bool
cut(struct report_state *state)
{
	struct day *day;
	bool done;

	if (state->report == NULL)
		return true;
	state->changed = true;
	day = day_add(state);
	report_period(state->report, &day->from, &day->to);
	report_save(state->report, &day->text);
	text_clear(&state->memory);
	report_save_memory(state->report, &state->memory);
	done = !day->text.cut && !state->memory.cut;
	report_close(state->report);
	state->report = NULL;
	return done;
}

/* Adds every line of a text. */
static bool
restore(struct report *report, const struct text *text)
{
	struct span rest = { text->bytes, text->length };

	while (rest.length > 0)
		if (!report_restore(report, span_cut(&rest, '\n')))
			return false;
	return true;
}

/* A day that an earlier run began goes on. */
static bool
resume_day(struct report_state *state)
{
	struct day *last = state->day_count == 0 ? NULL : &state->days[state->day_count - 1];
	bool done;

	if (last == NULL || last->to / DAY_MS != state->day)
		return true;
	done = restore(state->report, &last->text);
	text_close(&last->text);
	state->day_count--;
	return done;
}

/* A try may be of the day before, or of a host whose clock is behind: a day later begins a new one, and much earlier. */
struct report *
report_state_day(struct report_state *state, int64_t when)
{
	int64_t day = when / DAY_MS;

	if (state->report != NULL && (when == 0 || day == state->day || day == state->day - 1))
		return state->report;
	if (!cut(state))
		return NULL;
	state->day = day;
	state->report = report_open(state->policy, state->suffixes);
	if (state->report != NULL && restore(state->report, &state->memory) && resume_day(state))
		return state->report;
	return NULL;
}

struct report *
report_state_sum(struct report_state *state, int64_t since)
{
	struct report *sum = report_open(state->policy, state->suffixes);
	bool done = sum != NULL;

	for (size_t i = 0; done && i < state->day_count; i++)
		if (state->days[i].to >= since)
			done = restore(sum, &state->days[i].text);
	if (done)
		return sum;
	report_close(sum);
	return NULL;
}

/* ---- files ---- */

static void
look(const char *path, struct known_file *file)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return;
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->size = st.st_size;
	file->changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
}

bool
report_state_has(struct report_state *state, const char *path)
{
	struct known_file now = { .size = -1 };

	look(path, &now);
	for (size_t i = 0; i < state->file_count; i++) {
		struct known_file *file = &state->files[i];

		if (now.size >= 0 && file->inode == now.inode && file->device == now.device && file->size == now.size &&
		    file->changed == now.changed) {
			file->seen = true;
			return true;
		}
	}
	return false;
}

/* The file that begins with the same bytes. */
static struct known_file *
find(struct report_state *state, struct span head)
{
	for (size_t i = 0; i < state->file_count; i++) {
		struct known_file *file = &state->files[i];

		if (file->head_length > 0 && (size_t)file->head_length <= head.length &&
		    file->head == hash_bytes(HASH_START, head.at, (size_t)file->head_length))
			return file;
	}
	return NULL;
}

bool
report_state_resume(struct report_state *state, struct lines *lines, struct fault *why)
{
	struct span head;
	struct known_file *file;

	if (!lines_peek(lines, HEAD, &head, why))
		return false;
	file = find(state, head);
	return file == NULL || lines_skip(lines, file->read, why);
}

/* One that has not been seen for longest makes room. */
static struct known_file *
file_add(struct report_state *state)
{
	size_t at = 0;

	if (state->file_count < FILES_MAX)
		return &state->files[state->file_count++];
	while (at + 1 < FILES_MAX && state->files[at].seen)
		at++;
	memmove(&state->files[at], &state->files[at + 1], (FILES_MAX - 1 - at) * sizeof state->files[0]);
	return &state->files[FILES_MAX - 1];
}

bool
report_state_note(struct report_state *state, const char *path, struct lines *lines, struct fault *why)
{
	struct lines *again = lines_open(path, HEAD, why);
	int64_t read = lines_at(lines);
	struct known_file *file;
	struct span head;
	bool done = again != NULL && lines_peek(again, HEAD, &head, why);

	if (done && read > 0) {
		file = find(state, head);
		file = file == NULL ? file_add(state) : file;
		state->changed = true;
		head.length = (int64_t)head.length > read ? (size_t)read : head.length;
		*file = (struct known_file){ .head = hash_bytes(HASH_START, head.at, head.length),
			.head_length = (int64_t)head.length,
			.read = read,
			.seen = true };
		if (lines_ended_whole(lines)) /* else a line is being written, and the file is looked into again */
			look(path, file);
	}
	lines_close(again);
	return done;
}

/* ---- the file ---- */

static void
write_all(const struct report_state *state, struct text *out)
{
	text_format(out, "%s\n", version);
	for (size_t i = 0; i < state->file_count; i++) {
		const struct known_file *file = &state->files[i];

		text_format(out,
		    "file %016" PRIx64 " %" PRId64 " %" PRId64 " %" PRIx64 " %" PRIx64 " %" PRId64 " %" PRId64 "\n",
		    file->head, file->head_length, file->read, file->device, file->inode, file->size, file->changed);
	}
	for (size_t i = 0; i < state->day_count; i++) {
		text_format(out, "day %" PRId64 " %" PRId64 "\n", state->days[i].from, state->days[i].to);
		text_add(out, state->days[i].text.bytes, state->days[i].text.length);
	}
	text_put(out, "memory\n");
	text_add(out, state->memory.bytes, state->memory.length);
	text_format(out, "end %016" PRIx64 "\n", hash_bytes(HASH_START, out->bytes, out->length));
}

/* Days that find no room are dropped, from the first on. */
static void
make_room(struct report_state *state)
{
	size_t bytes = state->memory.length, drop = 0;

	for (size_t i = 0; i < state->day_count; i++)
		bytes += state->days[i].text.length + 64;
	for (; drop < state->day_count && bytes > STATE_MAX - FILES_MAX * 256; drop++) {
		bytes -= state->days[drop].text.length;
		text_close(&state->days[drop].text);
	}
	memmove(&state->days[0], &state->days[drop], (state->day_count - drop) * sizeof state->days[0]);
	state->day_count -= drop;
}

bool
report_state_save(struct report_state *state, struct fault *why)
{
	const struct file_access access = { 0640, (uid_t)-1, (gid_t)-1 };
	struct folder folder;
	const char *name;
	struct text out;
	bool done;

	if (!cut(state))
		return fault_set(why, "out of memory");
	if (!state->changed)
		return true;
	make_room(state);
	if (!folder_of(&folder, state->path, &name, why))
		return why->text[0] != '\0' || fault_set(why, "%s: its directory does not exist", state->path);
	text_open(&out, STATE_MAX);
	write_all(state, &out);
	done = !out.cut || fault_set(why, "out of memory");
	done = done && file_replace(&folder, name, &access, out.bytes, out.length, why);
	text_close(&out);
	folder_close(&folder);
	return done;
}

static bool
read_file_line(struct report_state *state, const char *line)
{
	struct known_file file = { .seen = false };

	if (sscanf(line, "file %" SCNx64 " %" SCNd64 " %" SCNd64 " %" SCNx64 " %" SCNx64 " %" SCNd64 " %" SCNd64,
		&file.head, &file.head_length, &file.read, &file.device, &file.inode, &file.size, &file.changed) != 7 ||
	    file.head_length < 0 || file.head_length > HEAD || file.read < file.head_length)
		return false;
	*file_add(state) = file;
	return true;
}

/* A line of the state, or of the part that it is in. into: the day's text or the memory; NULL: neither has begun. */
static bool
read_line(struct report_state *state, struct span line, struct text **into)
{
	char text[256];
	struct day *day;

	if (span_begins(line, "day ") || (*into == NULL && span_begins(line, "file "))) {
		snprintf(text, sizeof text, "%.*s", line.length < sizeof text ? (int)line.length : 0, line.at);
		if (text[0] == 'f')
			return read_file_line(state, text);
		day = day_add(state);
		*into = &day->text;
		return sscanf(text, "day %" SCNd64 " %" SCNd64, &day->from, &day->to) == 2;
	}
	if (span_is(line, "memory")) {
		*into = &state->memory;
		return true;
	}
	if (*into == NULL)
		return false;
	text_add(*into, line.at, line.length + 1); /* with its line feed: is_whole has seen what follows the last one */
	return true;
}

/* The last line has the hash of all before it. */
static bool
is_whole(struct span *all)
{
	size_t end = 4 + 16 + 1;
	uint64_t hash;
	char last[32];

	if (all->length < sizeof version + end || memcmp(all->at + all->length - end, "end ", 4) != 0)
		return false;
	snprintf(last, sizeof last, "%.16s", all->at + all->length - end + 4);
	hash = strtoull(last, NULL, 16);
	all->length -= end;
	return hash == hash_bytes(HASH_START, all->at, all->length);
}

static bool
read_all(struct report_state *state, struct span all, struct fault *said)
{
	struct text *into = NULL;

	if (!span_is(span_cut(&(struct span){ all.at, all.length }, '\n'), version))
		return fault_set(said, "%s: not a state of this version of greenlane report; it is begun anew",
		    state->path);
	if (!is_whole(&all))
		return fault_set(said, "%s: broken; it is begun anew", state->path);
	(void)span_cut(&all, '\n');
	while (all.length > 0)
		if (!read_line(state, span_cut(&all, '\n'), &into))
			return fault_set(said, "%s: broken; it is begun anew", state->path);
	return true;
}

static void
forget(struct report_state *state)
{
	for (size_t i = 0; i < state->day_count; i++)
		text_close(&state->days[i].text);
	state->day_count = state->file_count = 0;
	text_clear(&state->memory);
}

/* False: it is there and cannot be read. */
static bool
load(struct report_state *state, struct fault *said, struct fault *why)
{
	struct folder folder;
	const char *name;
	size_t length;
	char *bytes;

	why->text[0] = said->text[0] = '\0';
	if (!folder_of(&folder, state->path, &name, why))
		return why->text[0] == '\0' && fault_set(why, "%s: its directory does not exist", state->path);
	bytes = file_read(&folder, name, STATE_MAX, &length, why);
	folder_close(&folder);
	if (bytes == NULL)
		return why->text[0] == '\0';
	if (!read_all(state, (struct span){ bytes, length }, said))
		forget(state);
	free(bytes);
	return true;
}

struct report_state *
report_state_open(const char *path, const struct policy *policy, const struct suffix_list *suffixes, struct fault *said,
    struct fault *why)
{
	struct report_state *state = calloc(1, sizeof *state);

	if (state == NULL || strlen(path) >= sizeof state->path) { /* cut it would be another file's */
		fault_at(why, path, 0, state == NULL ? "out of memory" : "is too long for a path");
		free(state);
		return NULL;
	}
	snprintf(state->path, sizeof state->path, "%s", path);
	state->policy = policy;
	state->suffixes = suffixes;
	text_open(&state->memory, REPORT_SAVE_MAX);
	if (load(state, said, why))
		return state;
	report_state_close(state);
	return NULL;
}

void
report_state_close(struct report_state *state)
{
	if (state == NULL)
		return;
	forget(state);
	text_close(&state->memory);
	report_close(state->report);
	free(state);
}
