#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/accepted_files.h"
#include "milter/state/source_files.h"
#include "milter/system/files.h"

enum { FILES_ARENA = 64 * 1024 * 1024 };

bool
accepted_file_is(const char *name)
{
	size_t length = strlen(name), ending = strlen(ACCEPTED_ENDING);

	return length > ending && strcmp(name + length - ending, ACCEPTED_ENDING) == 0;
}

/* ---- reading ---- */

/* The copies of a text, in the arena. */
static bool
read_copies(struct arena *arena, const char *path, struct span rest, struct source_copy *list, size_t *count,
    struct fault *why)
{
	struct span one;

	while (source_copy_cut(&rest, &one)) {
		if (*count == ACCEPTED_COPIES_MAX)
			return fault_at(why, path, 0, "has more than %d sources; divide it", ACCEPTED_COPIES_MAX);
		if (!source_copy_read(arena, path, one.at, one.length, &list[*count], why))
			return false;
		++*count;
	}
	return true;
}

/* False with why, whose text is "" where there is no such file. */
static bool
read_file(struct arena *arena, const char *path, struct source_copy *list, size_t *count, struct fault *why)
{
	const char *name;
	struct folder folder;
	size_t length;
	char *text;
	bool done;

	if (!folder_of(&folder, path, &name, why))
		return false;
	text = file_read(&folder, name, SOURCE_COPY_MAX, &length, why);
	folder_close(&folder);
	if (text == NULL)
		return false;
	done = read_copies(arena, path, (struct span){ text, length }, list, count, why);
	free(text);
	return done;
}

/* ---- writing ---- */

static int
by_source(const void *one, const void *other)
{
	return strcmp(((const struct source_copy *)one)->source, ((const struct source_copy *)other)->source);
}

/* Replaces the copy of the same source, or adds it. */
static void
put(struct source_copy *list, size_t *count, const struct source_copy *copy)
{
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(list[i].source, copy->source) != 0)
			continue;
		list[i] = *copy;
		return;
	}
	list[(*count)++] = *copy;
}

static bool
write_file(const char *path, const struct source_copy *list, size_t count, struct fault *why)
{
	static const struct file_access everybody = { 0644, (uid_t)-1, (gid_t)-1 };
	struct folder folder;
	const char *name;
	struct text text;
	bool done;

	why->text[0] = '\0';
	if (!folder_of(&folder, path, &name, why))
		return why->text[0] != '\0' ? false : fault_at(why, path, 0, "its directory does not exist; create it");
	text_open(&text, SOURCE_COPY_MAX);
	for (size_t i = 0; i < count; i++)
		source_copy_write(&list[i], &text);
	done = text.cut ? fault_at(why, path, 0, "would be too large; write a file for each vendor")
			: file_replace(&folder, name, &everybody, text.bytes, text.length, why);
	text_close(&text);
	folder_close(&folder);
	return done;
}

bool
accepted_file_add(const char *path, const struct source_copy *copies, size_t count, struct arena *arena, struct fault *why)
{
	struct source_copy *list = arena_take(arena, (ACCEPTED_COPIES_MAX + count) * sizeof *list);
	size_t all = 0;

	why->text[0] = '\0';
	if (list == NULL)
		return fault_set(why, "out of memory");
	if (!read_file(arena, path, list, &all, why) && why->text[0] != '\0')
		return false;
	for (size_t i = 0; i < count; i++)
		put(list, &all, &copies[i]);
	qsort(list, all, sizeof *list, by_source);
	return write_file(path, list, all, why);
}

/* ---- all files of vendor_path ---- */

static int
is_accepted(const struct dirent *entry)
{
	return accepted_file_is(entry->d_name);
}

/* What each file holds, and what is wrong with it. */
struct visit {
	void (*see)(struct visit *, const struct source_copy *, size_t count); /* NULL: nothing is done with it */
	void (*fail)(struct visit *, const struct fault *);
	const struct policy *policy;
	const char *state_dir;
	struct journal *journal;
	struct faults *faults;
};

static void
visit_file(struct visit *visit, const char *path)
{
	struct arena *arena = arena_open(FILES_ARENA);
	struct source_copy *list = arena == NULL ? NULL : arena_take(arena, ACCEPTED_COPIES_MAX * sizeof *list);
	struct fault why = { .text = "" };
	size_t count = 0;

	if (list == NULL)
		fault_at(&why, path, 0, "out of memory");
	else if (read_file(arena, path, list, &count, &why) && visit->see != NULL)
		visit->see(visit, list, count);
	if (why.text[0] != '\0')
		visit->fail(visit, &why);
	arena_close(arena);
}

static void
visit_all(struct visit *visit)
{
	const struct strings *folders = &visit->policy->settings.vendor_path;
	char path[4096];

	for (size_t i = 0; i < folders->count; i++) {
		struct dirent **list = NULL;
		int count = scandir(folders->list[i], &list, is_accepted, alphasort);

		for (int j = 0; j < count; j++) {
			if (snprintf(path, sizeof path, "%s/%s", folders->list[i], list[j]->d_name) < (int)sizeof path)
				visit_file(visit, path);
			free(list[j]);
		}
		free(list);
	}
}

/* ---- the daemon ---- */

/* A source in force, or a vendor in force as a whole. */
static bool
is_in_force(const struct policy *policy, const char *source)
{
	static const char vendor[] = "vendor:";

	for (size_t i = 0; i < policy->source_count; i++)
		if (strcmp(policy->sources[i].text, source) == 0)
			return true;
	for (size_t i = 0; i < policy->vendor_count; i++)
		if (strncmp(source, vendor, strlen(vendor)) == 0 &&
		    strcmp(source + strlen(vendor), policy->vendors[i].name) == 0)
			return true;
	return false;
}

static bool
is_newer(const struct visit *visit, const struct source_copy *copy)
{
	struct arena *arena = arena_open(FILES_ARENA);
	struct source_copy mark;
	struct fault why;
	bool known = arena != NULL &&
	    source_files_load(visit->state_dir, COPY_ACCEPTED, copy->source, arena, &mark, &why),
	     newer = !known || copy->believed > mark.believed;

	arena_close(arena);
	return newer;
}

static void
take(struct visit *visit, const struct source_copy *list, size_t count)
{
	struct fault why;

	for (size_t i = 0; i < count; i++) {
		if (!is_in_force(visit->policy, list[i].source) || !is_newer(visit, &list[i]))
			continue;
		if (source_files_save(visit->state_dir, COPY_ACCEPTED, &list[i], &why))
			journal_say(visit->journal, LOG_NOTICE,
			    "source %s: what was accepted on another host counts here", list[i].source);
		else
			visit->fail(visit, &why);
	}
}

static void
log_fault(struct visit *visit, const struct fault *why)
{
	journal_fault(visit->journal, LOG_WARNING, why);
}

void
accepted_files_take(const struct policy *policy, const char *state_dir, struct journal *journal)
{
	struct visit visit = { .see = take, .fail = log_fault, .policy = policy, .state_dir = state_dir, .journal = journal };

	visit_all(&visit);
}

/* ---- check ---- */

static void
add_fault(struct visit *visit, const struct fault *why)
{
	faults_add(visit->faults, FAULT_WARNING, why);
}

void
accepted_files_check(const struct policy *policy, struct faults *faults)
{
	struct visit visit = { .fail = add_fault, .policy = policy, .faults = faults };

	visit_all(&visit);
}
