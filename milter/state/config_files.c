#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/state/accepted_files.h"
#include "milter/state/config_files.h"
#include "milter/system/clock.h"
#include "milter/system/denied.h"
#include "milter/system/suffixes.h"
#include "policy/config/lint.h"
#include "policy/config/policy_shared.h"
#include "policy/config/policy_text.h"
#include "policy/config/policy_tree.h"
#include "policy/util/arena.h"
#include "policy/util/hash.h"

/* ---- files ---- */

/* The texts of one load: kept until it ends, because policy_text borrows them. */
struct config_texts {
	struct config_text {
		struct config_text *next;
		char path[4096];
		char *text;
		size_t length;
	} * list;
	const struct strings *folders; /* used instead of vendor_path; NULL */
	struct faults *faults;         /* of this load */
	const struct strings *beside;  /* looked into first; NULL */
};

static void
config_texts_close(struct config_texts *texts)
{
	struct config_text *next;

	for (struct config_text *file = texts->list; file != NULL; file = next) {
		next = file->next;
		free(file->text);
		free(file);
	}
}

static char *
read_all(int fd, size_t size, size_t *length)
{
	char *text = malloc(size + 1);
	ssize_t got = 1;

	*length = 0;
	while (text != NULL && *length < size && got != 0) {
		got = read(fd, text + *length, size - *length);
		if (got < 0 && errno != EINTR) {
			free(text);
			return NULL;
		}
		*length += got > 0 ? (size_t)got : 0;
	}
	if (text != NULL)
		text[*length] = '\0';
	return text;
}

static void
fault_denied(struct fault *why, const char *path)
{
	char hint[DENIED_HINT];
	int error = errno;

	fault_at(why, path, 0, "cannot be opened: %s%s", strerror(error),
	    error == EACCES ? denied_hint(path, DENIED_READ, hint) : "");
}

/* A directory would make libconfig's scanner exit the process: only regular files are read. */
static char *
read_file(const char *path, size_t *length, struct fault *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;

	if (fd < 0)
		fault_denied(why, path);
	else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		fault_at(why, path, 0, "is not a regular file; write the name of a configuration file");
	else if (st.st_size > POLICY_TEXT_MAX)
		fault_at(why, path, 0, "is larger than %d MiB", POLICY_TEXT_MAX / 1024 / 1024);
	else if ((text = read_all(fd, (size_t)st.st_size, length)) == NULL)
		fault_at(why, path, 0, "cannot be read: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	return text;
}

/* Half of a last line may be sound all the same: another network, another number. */
static void
warn_of_cut(struct faults *faults, const struct config_text *file)
{
	unsigned line = 1;

	if (file->length == 0 || file->text[file->length - 1] == '\n')
		return;
	for (const char *at = file->text; (at = memchr(at, '\n', (size_t)(file->text + file->length - at))) != NULL; at++)
		line++;
	faults_warn(faults, file->path, line, "the last line has no end, so that it may be cut; end it with a newline");
}

static const char *
config_texts_read(struct config_texts *texts, const char *path, const char **kept, size_t *length, struct fault *why)
{
	struct config_text *file = calloc(1, sizeof *file);

	if (file == NULL || strlen(path) >= sizeof file->path) { /* cut it would be another file's */
		fault_at(why, path, 0, file == NULL ? "out of memory" : "is too long for a path");
		free(file);
		return NULL;
	}
	snprintf(file->path, sizeof file->path, "%s", path);
	if (texts->faults->denied[0] == '\0' && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0 && errno == EACCES)
		snprintf(texts->faults->denied, sizeof texts->faults->denied, "%s", path);
	file->text = read_file(file->path, length, why);
	if (file->text == NULL) {
		free(file);
		return NULL;
	}
	file->length = *length;
	warn_of_cut(texts->faults, file);
	file->next = texts->list;
	texts->list = file;
	*kept = file->path;
	return file->text;
}

/* A file we may not read, or a dangling link, is not missing: the shipped file must not replace it. */
static bool
is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* The last directory of vendor_path that has the file wins: a site's file replaces the shipped one. */
static bool
find_vendor(const struct strings *folders, const char *name, size_t *folder, char path[4096])
{
	for (size_t i = folders->count; i-- > 0;) {
		if (snprintf(path, 4096, "%s/%s.conf", folders->list[i], name) < 4096 && !is_missing(path)) {
			*folder = i;
			return true;
		}
	}
	return false;
}

static const char *
read_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	const struct config_texts *texts = context;
	char found[4096];
	size_t folder;

	if (texts->folders != NULL)
		folders = texts->folders;
	if ((texts->beside != NULL && find_vendor(texts->beside, name, &folder, found)) ||
	    find_vendor(folders, name, &folder, found))
		return config_texts_read(context, found, path, length, why);
	fault_set(why,
	    "no file '%s.conf' in vendor_path; greenlane vendor list --shipped has the names, and a vendor without a file is "
	    "written inline = true; domains = [ \"example.com\" ];",
	    name);
	return NULL;
}

static void
networks_path(const char *vendor_file, const char *name, char *out, size_t size)
{
	const char *slash = strrchr(vendor_file, '/');

	if (name[0] == '/' || slash == NULL)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "%.*s/%s", (int)(slash - vendor_file), vendor_file, name);
}

static const char *
read_networks(void *context, const char *vendor_file, const char *name, size_t *length, struct fault *why)
{
	char path[8192];
	const char *kept;

	networks_path(vendor_file, name, path, sizeof path);
	return config_texts_read(context, path, &kept, length, why);
}

/* ---- shared senders ---- */

static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* Most files are of neither kind: those need not be parsed twice. */
static bool
may_be_shared(const char *text, size_t length)
{
	return memmem(text, length, "esp", 3) != NULL || memmem(text, length, "gateway", 7) != NULL;
}

/* A bad file that is not enabled is no reason to refuse the policy, only to warn: its names would be missing. */
static void
sender_read(struct policy *policy, const char *path, struct faults *faults)
{
	struct fault why = { .text = "" };
	size_t length = 0;
	char *text = read_file(path, &length, &why);

	if (text != NULL && (!may_be_shared(text, length) || policy_text_sender(policy, path, text, length, &why)))
		goto out;
	faults_warn(faults, path, why.line, "cannot tell whether it names a shared sender: %s", why.text);
out:
	free(text);
}

static void
warn_of_senders(struct faults *faults, const char *folder)
{
	char hint[DENIED_HINT];
	int error = errno;

	faults_warn(faults, folder, 0, "cannot be read for shared senders: %s%s", strerror(error),
	    error == EACCES ? denied_hint(folder, DENIED_READ, hint) : "");
}

/* Reads every file in these directories, enabled or not, always in the same order. */
static void
senders_find(struct policy *policy, const struct strings *folders, struct faults *faults)
{
	for (size_t i = 0; i < folders->count; i++) {
		struct dirent **list = NULL;
		int count = scandir(folders->list[i], &list, is_conf, alphasort);
		char path[4096];
		size_t folder;

		if (count < 0 && errno != ENOENT)
			warn_of_senders(faults, folders->list[i]);
		for (int j = 0; j < count; j++) {
			list[j]->d_name[strlen(list[j]->d_name) - 5] = '\0';
			if (find_vendor(folders, list[j]->d_name, &folder, path) && folder == i)
				sender_read(policy, path, faults);
			free(list[j]);
		}
		free(list);
	}
}

/* ---- what lies on disk ---- */

static bool
is_gone(const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* The name counts as well: it says which vendor it is. So does it that a file is gone. */
static bool
hash_named(const char *name, const char *path, uint64_t *hash)
{
	struct fault why;
	size_t length = 0;
	char *text = read_file(path, &length, &why);

	if (text == NULL && is_gone(path)) {
		*hash = hash_string(hash_string(*hash, name), "gone");
		return true;
	}
	if (text == NULL)
		return false;
	*hash = hash_bytes(hash_string(*hash, name), text, length);
	free(text);
	return true;
}

static bool
hash_file(const char *path, uint64_t *hash)
{
	return hash_named(path, path, hash);
}

static int
is_of_policy(const struct dirent *entry)
{
	return is_conf(entry) || accepted_file_is(entry->d_name);
}

/* All of a folder, for the shared senders in it count as well. */
static bool
hash_folder(const char *folder, bool with_path, uint64_t *hash)
{
	struct dirent **list = NULL;
	int count = scandir(folder, &list, is_of_policy, alphasort);
	bool done = count >= 0 || errno == ENOENT;
	char path[4096];

	for (int i = 0; i < count; i++) {
		done = done && snprintf(path, sizeof path, "%s/%s", folder, list[i]->d_name) < (int)sizeof path &&
		    hash_named(with_path ? path : list[i]->d_name, path, hash);
		free(list[i]);
	}
	free(list);
	return done;
}

void
config_files_networks(const struct source *source, char *out, size_t size)
{
	networks_path(source->vendor->sources_file, source->name, out, size);
}

static bool
hash_networks(const struct source *source, bool with_path, uint64_t *hash)
{
	char path[8192];

	if (source->kind != SOURCE_FILE)
		return true;
	config_files_networks(source, path, sizeof path);
	return hash_named(with_path ? path : source->name, path, hash);
}

bool
config_files_hash(const char *path, uint64_t *out)
{
	*out = HASH_START;
	return hash_file(path, out);
}

static bool
hash_vendors(const struct policy *policy, bool with_path, uint64_t *out)
{
	const struct strings *folders = &policy->settings.vendor_path;
	bool done = true;

	for (size_t i = 0; done && i < folders->count; i++)
		done = hash_folder(folders->list[i], with_path, out);
	for (size_t i = 0; done && i < policy->source_count; i++)
		done = hash_networks(&policy->sources[i], with_path, out);
	return done;
}

bool
config_files_fingerprint(const char *path, const struct policy *policy, uint64_t *out)
{
	*out = HASH_START;
	return hash_file(path, out) && hash_vendors(policy, true, out);
}

/* 0: it is not known. */
static uint64_t
hash_shared(const char *path, const struct policy *policy)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct fault why;
	const struct node *root = arena == NULL ? NULL : config_files_tree(path, arena, &why);
	uint64_t hash = root == NULL ? 0 : policy_shared_hash(root, HASH_START);

	arena_close(arena);
	return root != NULL && hash_vendors(policy, false, &hash) ? hash : 0;
}

const struct node *
config_files_tree(const char *path, struct arena *arena, struct fault *why)
{
	const struct node *root = NULL;
	size_t length = 0;
	char *text = read_file(path, &length, why);

	if (text != NULL)
		root = tree_read(arena, path, text, length, why);
	free(text);
	return root;
}

bool
config_files_peek(const char *path, const char *group, const char *key, char *out, size_t size, struct fault *why)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	const struct node *root = NULL, *place, *value;
	bool fits;

	if (arena == NULL)
		fault_set(why, "out of memory");
	else
		root = config_files_tree(path, arena, why);
	place = root == NULL || group[0] == '\0' ? root : node_member(root, group);
	value = place == NULL || place->kind != NODE_GROUP ? NULL : node_member(place, key);
	fits = snprintf(out, size, "%s", value == NULL || value->kind != NODE_STRING ? "" : value->text) < (int)size;
	arena_close(arena);
	return root != NULL && (fits || fault_at(why, path, 0, "'%s' is too long", key));
}

/* KEY = "VALUE" at the start of a line. */
static bool
says(struct span line, const char *key, char *out, size_t size)
{
	size_t length = strlen(key);
	struct span value;

	line = span_trim(line);
	if (line.length <= length || strncmp(line.at, key, length) != 0)
		return false;
	value = span_trim((struct span){ line.at + length, line.length - length });
	if (value.length < 2 || *value.at != '=')
		return false;
	value = span_trim((struct span){ value.at + 1, value.length - 1 });
	if (value.length < 2 || *value.at != '"')
		return false;
	line = (struct span){ value.at + 1, value.length - 1 };
	value = span_cut(&line, '"');
	return snprintf(out, size, "%.*s", (int)value.length, value.at) < (int)size;
}

bool
config_files_glimpse(const char *path, const char *key, char *out, size_t size)
{
	struct fault why;
	size_t length = 0;
	char *text = read_file(path, &length, &why);
	struct span rest = { text, length };
	bool found = false;

	while (text != NULL && !found && rest.length > 0)
		found = says(span_cut(&rest, '\n'), key, out, size);
	free(text);
	return found;
}

/* Warns of what is allowed but will cause trouble. False if the policy must not take effect. */
static bool
lint(struct policy *policy, const struct config_texts *texts, const struct suffix_list *suffixes)
{
	struct faults *faults = texts->faults;
	size_t before = faults->errors;

	senders_find(policy, texts->folders != NULL ? texts->folders : &policy->settings.vendor_path, faults);
	lint_policy(policy, suffixes, clock_now(), faults);
	return faults->errors == before;
}

/* texts: with faults; the caller closes it. */
static struct policy *
read_policy(const char *path, struct config_texts *texts)
{
	struct faults *faults = texts->faults;
	struct suffix_list suffixes = suffixes_open();
	struct policy_files files = { texts, read_vendor, read_networks, &suffixes };
	struct policy *policy = NULL;
	const char *text, *kept;
	struct fault why;
	size_t length;

	text = config_texts_read(texts, path, &kept, &length, &why);
	if (text == NULL)
		faults_add(faults, FAULT_ERROR, &why);
	else
		policy = policy_text_load(kept, text, length, &files, faults);
	if (policy != NULL && !lint(policy, texts, &suffixes)) {
		policy_free(policy);
		policy = NULL;
	}
	suffixes_close(&suffixes);
	return policy;
}

/* Half of a file that is being written may look whole. What was read is what the fingerprint is of, or nothing is. */
static bool
are_as_read(const struct config_texts *texts)
{
	struct fault why;

	for (const struct config_text *file = texts->list; file != NULL; file = file->next) {
		size_t length = 0;
		char *text = read_file(file->path, &length, &why);
		bool same = text != NULL && length == file->length && memcmp(text, file->text, length) == 0;

		if (!same && text != NULL)
			fault_at(&why, file->path, 0, "has changed while it was read; try again when it is written");
		free(text);
		if (!same) {
			faults_add(texts->faults, FAULT_ERROR, &why);
			return false;
		}
	}
	return true;
}

static struct policy *
read_fingerprinted(const char *path, struct config_texts *texts)
{
	struct policy *policy = read_policy(path, texts);

	if (policy == NULL)
		return NULL;
	if (!config_files_fingerprint(path, policy, &policy->fingerprint))
		policy->fingerprint = 0;
	policy->shared = hash_shared(path, policy);
	if (are_as_read(texts))
		return policy;
	policy_free(policy);
	return NULL;
}

struct policy *
config_files_read(const char *path, struct faults *faults)
{
	struct config_texts texts = { .faults = faults };
	struct policy *policy = read_fingerprinted(path, &texts);

	config_texts_close(&texts);
	return policy;
}

struct policy *
config_files_read_kept(const char *path, struct faults *faults, struct config_texts **texts)
{
	*texts = calloc(1, sizeof **texts);
	if (*texts == NULL) {
		faults_error(faults, path, 0, "out of memory");
		return NULL;
	}
	(*texts)->faults = faults;
	return read_fingerprinted(path, *texts);
}

void
config_texts_free(struct config_texts *texts)
{
	if (texts != NULL)
		config_texts_close(texts);
	free(texts);
}

const struct node *
config_texts_tree(const struct config_texts *texts, const char *path, struct arena *arena, struct fault *why)
{
	for (const struct config_text *file = texts->list; file != NULL; file = file->next)
		if (strcmp(file->path, path) == 0)
			return tree_read(arena, file->path, file->text, file->length, why);
	fault_at(why, path, 0, "was not read");
	return NULL;
}

struct policy *
config_files_read_beside(const char *path, const char *vendors, struct faults *faults)
{
	const char *list[] = { vendors };
	const struct strings beside = { list, 1 };
	struct config_texts texts = { .beside = &beside, .faults = faults };
	struct policy *policy = read_policy(path, &texts);

	config_texts_close(&texts);
	return policy;
}

struct policy *
config_files_read_instead(const char *path, const struct strings *folders, struct faults *faults)
{
	struct config_texts texts = { .folders = folders, .faults = faults };
	struct policy *policy = read_policy(path, &texts);

	config_texts_close(&texts);
	return policy;
}

/* texts: with folders and faults; the caller closes it. */
static struct policy *
read_one(const char *name, struct config_texts *texts)
{
	struct suffix_list suffixes;
	struct policy_files files = { texts, read_vendor, read_networks, &suffixes };
	struct policy *policy;
	char text[512];
	int length = snprintf(text, sizeof text, "vendors = ( { name = \"%s\"; } );", name);

	if (length < 0 || (size_t)length >= sizeof text || strpbrk(name, "\"\\") != NULL) {
		faults_error(texts->faults, name, 0, "is not a vendor name");
		return NULL;
	}
	suffixes = suffixes_open();
	policy = policy_text_load(name, text, (size_t)length, &files, texts->faults);
	suffixes_close(&suffixes);
	return policy;
}

struct policy *
config_files_read_vendor(const struct strings *folders, const char *name, struct faults *faults)
{
	struct config_texts texts = { .folders = folders, .faults = faults };
	struct policy *policy = read_one(name, &texts);

	config_texts_close(&texts);
	return policy;
}

struct policy *
config_files_read_vendor_kept(const struct strings *folders, const char *name, struct faults *faults,
    struct config_texts **texts)
{
	*texts = calloc(1, sizeof **texts);
	if (*texts == NULL) {
		faults_error(faults, name, 0, "out of memory");
		return NULL;
	}
	(*texts)->folders = folders;
	(*texts)->faults = faults;
	return read_one(name, *texts);
}
