#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "milter/system/sandbox.h"

#if __has_include(<linux/landlock.h>) && defined(SYS_landlock_create_ruleset)
#include <linux/landlock.h>
#define HAS_LANDLOCK 1
#endif

/* A directory, or a file, that was given. */
struct root {
	char *setting, *path; /* as resolved at the start */
	dev_t device;
	ino_t inode;
	enum sandbox_kind kind;
};

/* Written once, before there are threads. */
static struct {
	char words[200];
	int abi;
	struct root *roots;
	size_t count;
} sandbox = { .words = "off" };

/* ---- paths ---- */

bool
sandbox_resolve(const struct sandbox_path *path, char out[PATH_MAX])
{
	char wanted[PATH_MAX], *slash;

	if (snprintf(wanted, sizeof wanted, "%s", path->path) >= (int)sizeof wanted)
		return false;
	slash = strrchr(wanted, '/');
	if (path->above && slash != NULL)
		slash[slash == wanted] = '\0';
	while (realpath(wanted, out) == NULL) {
		slash = strrchr(wanted, '/');
		if (slash == NULL || (slash == wanted && wanted[1] == '\0'))
			return false;
		slash[slash == wanted] = '\0';
	}
	return true;
}

static bool
is_given(const struct stat *st, enum sandbox_kind kind)
{
	for (size_t i = 0; i < sandbox.count; i++)
		if (sandbox.roots[i].inode == st->st_ino && sandbox.roots[i].device == st->st_dev &&
		    sandbox.roots[i].kind >= kind)
			return true;
	return false;
}

bool
sandbox_covers(const struct sandbox_path *path)
{
	char place[PATH_MAX], *slash;
	struct stat st;

	if (sandbox.abi == 0)
		return true;
	if (!sandbox_resolve(path, place))
		return false;
	for (;;) {
		if (stat(place, &st) == 0 && is_given(&st, path->kind))
			return true;
		slash = strrchr(place, '/');
		if (slash == NULL || place[1] == '\0')
			return false;
		slash[slash == place] = '\0';
	}
}

const char *
sandbox_hint(const char *path, enum sandbox_kind kind)
{
	const struct sandbox_path used = { "", path, false, kind };

	return sandbox_covers(&used) ? "" : "; it is outside the sandbox of this start: restart greenlaned";
}

bool
sandbox_is_lost(struct fault *why)
{
	for (size_t i = 0; sandbox.abi != 0 && i < sandbox.count; i++) {
		const struct root *root = &sandbox.roots[i];
		const struct sandbox_path path = { root->setting, root->path, false, root->kind };

		bool is_there = access(root->path, F_OK) == 0;

		/* what is only read may go and come */
		if (root->setting[0] == '\0' || (!is_there && root->kind == SANDBOX_READ) || sandbox_covers(&path))
			continue;
		fault_set(why, "%s: %.300s is %s, and outside of the sandbox", root->setting, root->path,
		    is_there ? "another one than at the start" : "not there any more");
		return true;
	}
	return false;
}

const char *
sandbox_path_at(size_t number, enum sandbox_kind *kind)
{
	if (number >= sandbox.count)
		return NULL;
	*kind = sandbox.roots[number].kind;
	return sandbox.roots[number].path;
}

const char *
sandbox_words(void)
{
	return sandbox.words;
}

int
sandbox_abi(void)
{
	return sandbox.abi;
}

/* ---- Landlock ---- */

#ifdef HAS_LANDLOCK

/* What the header of a distribution may not have yet. The numbers are the kernel's. */
struct ruleset {
	uint64_t files, net, scoped;
};
enum {
	TRUNCATE = 1 << 14,     /* from ABI 3 on */
	IOCTL_DEVICE = 1 << 15, /* from ABI 5 on */
	BIND_TCP = 1 << 0,      /* of net, from ABI 4 on */
	SCOPE_ABSTRACT = 1 << 0 /* of scoped, from ABI 6 on */
};

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITING                                                                                         \
	(READING | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE |          \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	    LANDLOCK_ACCESS_FS_REFER)
#define OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | TRUNCATE)

static const uint64_t rights[] = {
	[SANDBOX_READ] = READING, [SANDBOX_WRITE] = WRITING, [SANDBOX_SOCKET] = WRITING | LANDLOCK_ACCESS_FS_MAKE_SOCK
};

/* All that this ABI can forbid; running programs is nobody's right, for the helper of commands.h is outside. */
static struct ruleset
forbidden(int abi)
{
	const char *notify = getenv("NOTIFY_SOCKET");
	uint64_t files = (1 << 13) - 1;

	files |= abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
	files |= abi >= 3 ? TRUNCATE : 0;
	files |= abi >= 5 ? IOCTL_DEVICE : 0;
	return (struct ruleset){ files, abi >= 4 ? BIND_TCP : 0,
		abi >= 6 && (notify == NULL || notify[0] != '@') ? SCOPE_ABSTRACT : 0 };
}

/* A thread that runs already would stay outside. */
static bool
is_alone(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) != 0 || st.st_nlink <= 3; /* ".", ".." and us */
}

static bool
remember(const struct sandbox_path *path, const char *place, const struct stat *st)
{
	struct root *root = &sandbox.roots[sandbox.count];

	*root = (struct root){ strdup(path->setting), strdup(place), st->st_dev, st->st_ino, path->kind };
	if (root->setting != NULL && root->path != NULL) {
		sandbox.count++;
		return true;
	}
	free(root->setting);
	free(root->path);
	return false;
}

/* Of what is not there yet the directory above may be read, but never written. */
static bool
is_usable(const struct sandbox_path *path, const char *place)
{
	if (place[1] == '\0')
		return strcmp(path->path, "/") == 0;
	return (path->setting[0] != '\0' && path->kind == SANDBOX_READ) || path->above || access(path->path, F_OK) == 0;
}

static bool
give(int ruleset, const struct sandbox_path *path, uint64_t handled)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights[path->kind] & handled };
	char place[PATH_MAX];
	struct stat st;
	bool done = false;

	if (!sandbox_resolve(path, place) || !is_usable(path, place))
		return true;
	rule.parent_fd = open(place, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == EACCES;
	if (fstat(rule.parent_fd, &st) == 0) {
		rule.allowed_access &= S_ISDIR(st.st_mode) ? handled : OF_A_FILE;
		done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 &&
		    remember(path, place, &st);
	}
	close(rule.parent_fd);
	return done;
}

static bool
restrict_to(const struct sandbox_path *paths, size_t count, int abi)
{
	struct ruleset attributes = forbidden(abi);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
	bool done = ruleset >= 0;

	sandbox.roots = calloc(count + 1, sizeof *sandbox.roots);
	for (size_t i = 0; done && i < count; i++)
		done = sandbox.roots != NULL && give(ruleset, &paths[i], attributes.files);
	done = done && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (ruleset >= 0)
		close(ruleset);
	return done;
}

static void
enter(const struct sandbox_path *paths, size_t count)
{
	int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi <= 0)
		snprintf(sandbox.words, sizeof sandbox.words, "none: %s",
		    errno == EPERM            ? "a filter of system calls forbids Landlock"
			: errno == EOPNOTSUPP ? "Landlock is switched off in the kernel (lsm=)"
					      : "the kernel has no Landlock");
	else if (!is_alone())
		snprintf(sandbox.words, sizeof sandbox.words, "none: threads run already");
	else if (!restrict_to(paths, count, abi))
		snprintf(sandbox.words, sizeof sandbox.words, "none: Landlock failed: %s", strerror(errno));
	else
		snprintf(sandbox.words, sizeof sandbox.words, "landlock abi %d", sandbox.abi = abi);
}

#else

static void
enter(const struct sandbox_path *paths, size_t count)
{
	(void)paths, (void)count;
	snprintf(sandbox.words, sizeof sandbox.words, "none: built without Landlock");
}

#endif

void
sandbox_enter(const struct sandbox_path *paths, size_t count, bool off)
{
	if (!off)
		enter(paths, count);
}
