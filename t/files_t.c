#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/system/files.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { NOBODY = 65534, MOST = 1024 * 1024, WRITERS = 4, ROUNDS = 200 };

static char scratch[] = "/tmp/files_t.XXXXXX"; /* holds `outside`, and the directory `state` */
static struct folder state;
static const struct file_access ours = { 0640, (uid_t)-1, (gid_t)-1 };

static const char *
in_scratch(const char *name)
{
	static char paths[2][512]; /* two at a time */
	static unsigned next;
	char *path = paths[next++ % 2];

	snprintf(path, sizeof paths[0], "%s/%s", scratch, name);
	return path;
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

/* The content of a file there; "" if there is none. */
static const char *
content(const char *name)
{
	static char text[128];
	FILE *file = fopen(in_scratch(name), "re");
	size_t length = 0;

	if (file != NULL) {
		length = fread(text, 1, sizeof text - 1, file);
		fclose(file);
	}
	text[length] = '\0';
	return text;
}

/* How many entries the directory `state` has. */
static int
entries(void)
{
	DIR *dir = opendir(in_scratch("state"));
	int count = 0;

	while (dir != NULL && readdir(dir) != NULL)
		count++;
	if (dir != NULL)
		closedir(dir);
	return count - 2;
}

static void
fixture_open(void)
{
	struct fault why;

	strcpy(scratch + strlen(scratch) - 6, "XXXXXX");
	if (!scratch_make(scratch) || chmod(scratch, 0755) != 0 || mkdir(in_scratch("state"), 0755) != 0 ||
	    !folder_open(&state, in_scratch("state"), &why))
		abort();
	write_file(in_scratch("outside"), "outside\n");
}

/* ---- what may be in a file's place ---- */

static bool
plant_link(const char *path)
{
	char to[512];

	snprintf(to, sizeof to, "%s/outside", scratch);
	return symlink(to, path) == 0;
}

static bool
plant_dangling(const char *path)
{
	char to[512];

	snprintf(to, sizeof to, "%s/nowhere", scratch);
	return symlink(to, path) == 0;
}

static bool
plant_zero(const char *path)
{
	return symlink("/dev/zero", path) == 0;
}

static bool
plant_folder(const char *path)
{
	return mkdir(path, 0755) == 0;
}

static bool
plant_pipe(const char *path)
{
	return mkfifo(path, 0644) == 0;
}

static bool
plant_socket(const char *path)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool bound;

	snprintf(where.sun_path, sizeof where.sun_path, "%s", path);
	bound = bind(fd, (struct sockaddr *)&where, sizeof where) == 0;
	close(fd);
	return bound;
}

/* Like /dev/zero: it never ends. Needs root. */
static bool
plant_device(const char *path)
{
	return geteuid() == 0 && mknod(path, S_IFCHR | 0644, makedev(1, 5)) == 0;
}

static const struct {
	const char *name, *said;
	bool (*plant)(const char *path);
	bool stays; /* it cannot be replaced */
} kinds[] = {
	{ "a link to a file outside", "is a link, not a regular file, and is not used; move it away", plant_link, false },
	{ "a link to nowhere", "is a link, not a regular file, and is not used; move it away", plant_dangling, false },
	{ "a link to /dev/zero", "is a link, not a regular file, and is not used; move it away", plant_zero, false },
	{ "a directory", "is a directory, not a regular file, and is not used; move it away", plant_folder, true },
	{ "a pipe without a writer", "is a pipe, not a regular file, and is not used; move it away", plant_pipe, false },
	{ "a socket", "is a socket, not a regular file, and is not used; move it away", plant_socket, false },
	{ "a device", "is a device, not a regular file, and is not used; move it away", plant_device, false },
};

static void
each_kind(void)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct fault why = { .text = "" };
		struct stat st;
		size_t length;
		bool done;

		fixture_open();
		if (!kinds[i].plant(in_scratch("state/usage"))) {
			ok(true, "%s # SKIP it cannot be created here", kinds[i].name);
			folder_close(&state);
			continue;
		}
		ok(file_read(&state, "usage", MOST, &length, &why) == NULL, "%s is not read", kinds[i].name);
		is(why.text, kinds[i].said, "why says what it is");
		is(why.file, in_scratch("state/usage"), "and where it is");
		ok(file_open(&state, "usage", O_RDWR | O_CREAT | O_TRUNC, &st, &why) < 0,
		    "nor is a file created in its place");
		done = file_replace(&state, "usage", &ours, "new\n", 4, &why);
		ok(done == !kinds[i].stays, "%s is %s", kinds[i].name, kinds[i].stays ? "not replaced" : "replaced");
		ok(lstat(in_scratch("state/usage"), &st) == 0 && (kinds[i].stays || S_ISREG(st.st_mode)),
		    "afterwards the right thing is there");
		is_number(entries(), 1, "and no temporary file is left");
		is(content("outside"), "outside\n", "the file outside is unchanged");
		is(content("nowhere"), "", "and nothing was created through the link");
		folder_close(&state);
	}
}

/* ---- directories ---- */

static void
folders(void)
{
	struct fault why = { .text = "x" };
	struct folder below, again;
	char path[512]; /* the name is borrowed from it */
	const char *name;

	fixture_open();
	ok(!folder_open(&below, in_scratch("none"), &why) && why.text[0] == '\0', "a missing directory is no fault");
	ok(!folder_enter(&below, &state, "sources", &why) && why.text[0] == '\0',
	    "nor is a missing one in another directory");
	if (symlink("/tmp", in_scratch("state/sources")) != 0 || symlink("state", in_scratch("linked")) != 0)
		abort();
	ok(!folder_enter(&below, &state, "sources", &why), "a link to a directory is not entered");
	is(why.text, "is a link, not a directory, and is not used; move it away", "and why says so");
	ok(unlink(in_scratch("state/sources")) == 0 && mkfifo(in_scratch("state/sources"), 0600) == 0 &&
		!folder_enter(&below, &state, "sources", &why) && strstr(why.text, "a pipe") != NULL,
	    "nor is a pipe waited for");
	snprintf(path, sizeof path, "%s", in_scratch("linked/usage"));
	ok(folder_of(&below, path, &name, &why), "a link in the administrator's path is followed");
	is(name, "usage", "and the file's name is returned");
	ok(file_replace(&below, name, &ours, "x\n", 2, &why) && strcmp(content("state/usage"), "x\n") == 0,
	    "a file in that directory is written");
	ok(rename(in_scratch("state"), in_scratch("elsewhere")) == 0 && symlink("/tmp", in_scratch("state")) == 0 &&
		file_replace(&below, name, &ours, "y\n", 2, &why) && strcmp(content("elsewhere/usage"), "y\n") == 0,
	    "it is written in the directory that was opened, whatever has its name now");
	folder_close(&below);
	ok(folder_of(&again, "here", &name, &why) && strcmp(again.path, ".") == 0 && strcmp(name, "here") == 0,
	    "a bare name is in the current directory");
	folder_close(&again);
	ok(folder_of(&again, "/here", &name, &why) && strcmp(again.path, "/") == 0 && strcmp(name, "here") == 0,
	    "and a name after a lone slash in the root");
	folder_close(&again);
	folder_close(&state);
}

/* ---- reading and replacing ---- */

static void
plain_files(void)
{
	struct fault why = { .text = "x" };
	struct stat st;
	size_t length = 0;
	char *text;

	fixture_open();
	ok(file_read(&state, "usage", MOST, &length, &why) == NULL && why.text[0] == '\0', "a missing file is no fault");
	ok(file_replace(&state, "usage", &ours, "one\0two", 7, &why) && stat(in_scratch("state/usage"), &st) == 0 &&
		(st.st_mode & 07777) == 0640,
	    "a file is created, with its mode");
	text = file_read(&state, "usage", MOST, &length, &why);
	ok(text != NULL && length == 7 && memcmp(text, "one\0two", 8) == 0, "and read back as written, NUL bytes too");
	free(text);
	ok(file_replace(&state, "usage", &ours, "", 0, &why), "it may be replaced by an empty one");
	text = file_read(&state, "usage", 0, &length, &why);
	ok(text != NULL && length == 0 && text[0] == '\0', "which is read back");
	free(text);
	ok(file_replace(&state, "usage", &ours, "1234", 4, &why) &&
		file_read(&state, "usage", 3, &length, &why) == NULL && strstr(why.text, "File too large") != NULL,
	    "a file over the limit is not read");
	is_number(entries(), 1, "no temporary file is left");
	folder_close(&state);
}

static void
new_files(void)
{
	struct fault why = { .text = "" };

	fixture_open();
	ok(file_make(&state, "acme.conf", &ours, "one\n", 4, &why) && strcmp(content("state/acme.conf"), "one\n") == 0,
	    "a new file is created");
	ok(!file_make(&state, "acme.conf", &ours, "two\n", 4, &why) &&
		strstr(why.text, "cannot be created: File exists") != NULL,
	    "but not where one exists");
	is(content("state/acme.conf"), "one\n", "which stays");
	ok(plant_dangling(in_scratch("state/link.conf")) && !file_make(&state, "link.conf", &ours, "two\n", 4, &why),
	    "nor where a link exists");
	is(content("nowhere"), "", "or where the link points");
	is_number(entries(), 2, "and no temporary file is left");
	folder_close(&state);
}

static void
owners(void)
{
	const struct file_access given = { 0600, NOBODY, NOBODY }, group = { 0644, (uid_t)-1, 0 };
	struct fault why;
	struct stat st;

	fixture_open();
	if (geteuid() != 0) {
		ok(true, "root gives what it writes to the right owner # SKIP not root");
	} else {
		ok(file_replace(&state, "usage", &given, "x", 1, &why) && stat(in_scratch("state/usage"), &st) == 0 &&
			st.st_uid == NOBODY && st.st_gid == NOBODY && (st.st_mode & 07777) == 0600,
		    "root gives what it writes to the right owner");
		if (chown(in_scratch("state"), NOBODY, NOBODY) != 0 || setegid(NOBODY) != 0 || seteuid(NOBODY) != 0)
			abort();
		ok(file_replace(&state, "usage", &group, "x", 1, &why),
		    "if we may not give it to the group, it keeps ours");
		ok(!file_replace(&state, "usage", &(struct file_access){ 0644, 0, 0 }, "y", 1, &why),
		    "but the owner must be set");
		if (seteuid(0) != 0 || setegid(0) != 0)
			abort();
		is(content("state/usage"), "x", "or the old file stays");
		is_number(entries(), 1, "and no temporary file");
	}
	folder_close(&state);
}

/* ---- what fails half way ---- */

/* The linker puts these before libc's (-Wl,--wrap). */
int __real_fsync(int);
int __wrap_fsync(int);
int __real_renameat(int, const char *, int, const char *);
int __wrap_renameat(int, const char *, int, const char *);

static char steps[64]; /* 'f' a file was synced, 'r' it was renamed, 'd' its directory was synced */
static char failing;   /* the step that fails */

static int
step(char what)
{
	size_t length = strlen(steps);

	if (length + 1 < sizeof steps) {
		steps[length] = what;
		steps[length + 1] = '\0';
	}
	if (failing != what)
		return 0;
	errno = EIO;
	return -1;
}

int
__wrap_fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || step(S_ISDIR(st.st_mode) ? 'd' : 'f') != 0)
		return -1;
	return __real_fsync(fd);
}

int
__wrap_renameat(int from, const char *old, int to, const char *new)
{
	return step('r') != 0 ? -1 : __real_renameat(from, old, to, new);
}

static void
halves(void)
{
	static const struct {
		char failing;
		const char *steps, *left, *said, *name;
	} rows[] = {
		{ '\0', "frd", "new\n", "",
		    "the file is synced before the rename, and the directory before success is reported" },
		{ 'f', "f", "old\n", "cannot be written: Input/output error",
		    "a file that cannot be synced does not replace the old one" },
		{ 'r', "fr", "old\n", "cannot be written: Input/output error", "nor does one that cannot be renamed" },
		{ 'd', "frd", "new\n", "cannot be synced: Input/output error",
		    "a directory that cannot be synced is reported" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fault why = { .text = "" };

		fixture_open();
		write_file(in_scratch("state/usage"), "old\n");
		steps[0] = '\0';
		failing = rows[i].failing;
		ok(file_replace(&state, "usage", &ours, "new\n", 4, &why) == (failing == '\0'), "%s", rows[i].name);
		failing = '\0';
		is(steps, rows[i].steps, "in this order");
		is(content("state/usage"), rows[i].left, "the file is whole");
		is(why.text, rows[i].said, "and the error is reported");
		is_number(entries(), 1, "no temporary file is left");
		folder_close(&state);
	}
}

/* In a child process, because it drops privileges. Returns its exit status; 77: could not be tried. */
static int
apart(int (*run)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(run());
	if (child < 0 || waitpid(child, &status, 0) != child)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static int
write_large(const char *wanted)
{
	static char bytes[256 * 1024];
	struct fault why = { .text = "" };
	bool done = file_replace(&state, "usage", &ours, bytes, sizeof bytes, &why);

	return done || strstr(why.text, wanted) == NULL || entries() != 1 || strcmp(content("state/usage"), "old\n") != 0;
}

static int
file_may_not_grow(void)
{
	struct rlimit limit = { 64 * 1024, 64 * 1024 };

	signal(SIGXFSZ, SIG_IGN);
	return setrlimit(RLIMIT_FSIZE, &limit) != 0 ? 77 : write_large("File too large");
}

static int
disk_is_full(void)
{
	struct fault why;

	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", in_scratch("state"), "tmpfs", 0, "size=64k") != 0)
		return 77;
	write_file(in_scratch("state/usage"), "old\n");
	folder_close(&state);
	return !folder_open(&state, in_scratch("state"), &why) || write_large("No space left on device");
}

static int
folder_is_closed(void)
{
	struct fault why = { .text = "" };

	if (chmod(in_scratch("state"), 0555) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0))
		return 77;
	return file_replace(&state, "usage", &ours, "new\n", 4, &why) || strstr(why.text, "Permission denied") == NULL ||
	    strcmp(content("state/usage"), "old\n") != 0 || entries() != 1;
}

static int
folder_cannot_be_listed(void)
{
	struct fault why = { .text = "" };
	struct folder again;
	bool done;

	if (chmod(in_scratch("state"), 0333) != 0 || (geteuid() == 0 && setuid(NOBODY) != 0))
		return 77;
	done = folder_open(&again, in_scratch("state"), &why) && file_replace(&again, "new", &ours, "new\n", 4, &why);
	return !done || strcmp(content("state/new"), "new\n") != 0;
}

static void
troubles(void)
{
	static const struct {
		int (*run)(void);
		const char *name;
	} rows[] = {
		{ file_may_not_grow, "a file size limit leaves the old file and no temporary one" },
		{ disk_is_full, "so does a full disk" },
		{ folder_is_closed, "and a directory that we may not write in" },
		{ folder_cannot_be_listed, "a directory that we may write in but not list will do" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int status;

		fixture_open();
		write_file(in_scratch("state/usage"), "old\n");
		status = apart(rows[i].run);
		chmod(in_scratch("state"), 0755); /* or we could not remove it */
		if (status == 77)
			ok(true, "%s # SKIP it cannot be tried here", rows[i].name);
		else
			is_number(status, 0, "%s", rows[i].name);
		folder_close(&state);
	}
}

/* ---- several at once ---- */

static atomic_bool whole = true;

static void *
write_on(void *letter)
{
	char bytes[5000];
	struct fault why;

	memset(bytes, *(const char *)letter, sizeof bytes);
	for (int i = 0; i < ROUNDS; i++)
		if (!file_replace(&state, "usage", &ours, bytes, sizeof bytes, &why))
			whole = false;
	return NULL;
}

static bool
is_whole(const char *text, size_t length)
{
	return text != NULL && length == 5000 && memchr("abcd", text[0], 4) != NULL &&
	    memcmp(text, text + 1, length - 1) == 0;
}

static void
at_once(void)
{
	static const char letters[WRITERS] = { 'a', 'b', 'c', 'd' };
	pthread_t threads[WRITERS];
	struct fault why;
	size_t length;

	fixture_open();
	write_on((void *)(uintptr_t)&letters[0]);
	for (int i = 0; i < WRITERS; i++)
		if (pthread_create(&threads[i], NULL, write_on, (void *)(uintptr_t)&letters[i]) != 0)
			abort();
	for (int i = 0; i < ROUNDS; i++) {
		char *text = file_read(&state, "usage", MOST, &length, &why);

		if (!is_whole(text, length))
			whole = false;
		free(text);
		sched_yield();
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	ok(whole, "%d writers and a reader at the same time see only whole files", WRITERS);
	is_number(entries(), 1, "and leave no temporary file");
	folder_close(&state);
}

int
main(void)
{
	alarm(600); /* an open that waits for a pipe waits for ever */
	each_kind();
	folders();
	plain_files();
	new_files();
	owners();
	halves();
	troubles();
	at_once();
	return done();
}
