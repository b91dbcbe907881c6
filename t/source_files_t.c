#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/state/source_files.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

static char folder[64];

static void
folder_open(void)
{
	snprintf(folder, sizeof folder, "/tmp/copies.XXXXXX");
	if (!scratch_make(folder))
		abort();
}

static struct source_copy
copy_of(const char *source, int64_t believed)
{
	static struct copied_network network = { .since = 1700000000, .path = "acme.example > ip4" };

	if (!prefix_read("192.0.2.0/24", &network.prefix, NULL))
		abort();
	return (struct source_copy){ .source = source,
		.believed = believed,
		.ttl = 300,
		.asked_why = "",
		.trouble = "",
		.networks = &network,
		.count = 1 };
}

static bool
save(enum copy_kind kind, const char *source, int64_t believed, struct fault *why)
{
	struct source_copy copy = copy_of(source, believed);

	return source_files_save(folder, kind, &copy, why);
}

/* When the stored copy was believed; 0: there is none, -1: it is refused. */
static long long
kept(enum copy_kind kind, const char *source)
{
	struct arena *arena = arena_open(1024 * 1024);
	struct source_copy copy;
	struct fault why;
	long long when = source_files_load(folder, kind, source, arena, &copy, &why) ? copy.believed
	    : why.text[0] == '\0'                                                    ? 0
										     : -1;

	arena_close(arena);
	return when;
}

/* How many files there are; puts one of their names into name. */
static int
files(char name[256])
{
	char path[128];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof path, "%s/sources", folder);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(name, 256, "%s", entry->d_name);
			count++;
		}
	if (dir != NULL)
		closedir(dir);
	return count;
}

/* ---- names ---- */

static const struct {
	const char *source, *file, *name;
} names[] = {
	{ "spf:autotask.net", "spf:autotask.net.copy", "a plain name is its file's" },
	{ "a:uk_1.mailers-2.example", "a:uk_1.mailers-2.example.copy", "digits, '-' and '_' are plain" },
	{ "file:/etc/greenlane/list", "file:%2Fetc%2Fgreenlane%2Flist.copy", "a slash leads nowhere" },
	{ "../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.copy", "nor do two dots" },
	{ "a:UPPER", "a:%55%50%50%45%52.copy", "upper case is told from lower case on any file system" },
	{ "cidr:192.0.2.0/24,2001:db8::/32", "cidr:192.0.2.0%2F24%2C2001:db8::%2F32.copy", "networks" },
	{ "spf:%2F", "spf:%25%32%46.copy", "a percent sign cannot pretend" },
	{ "a:a b\n\x01\xff", "a:a%20b%0A%01%FF.copy", "blanks, controls and high bytes" },
};

static void
odd_names(void)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char got[256] = "";
		struct fault why;

		folder_open();
		if (!source_files_prepare(folder, &why) || !save(COPY_BELIEVED, names[i].source, 7, &why))
			note("%s", why.text);
		(void)files(got);
		if (strcmp(names[i].source, "spf:%2F") == 0)
			ok(strcmp(got, "spf:%2F.copy") != 0 && kept(COPY_BELIEVED, names[i].source) == 7, "%s",
			    names[i].name);
		else if (strcmp(names[i].source, "a:UPPER") == 0)
			ok(strcmp(got, "a:upper.copy") != 0 && kept(COPY_BELIEVED, names[i].source) == 7, "%s",
			    names[i].name);
		else
			ok(strcmp(got, names[i].file) == 0 && kept(COPY_BELIEVED, names[i].source) == 7, "%s",
			    names[i].name) ||
			    (note("got %s", got), true);
	}
}

static void
long_names(void)
{
	char first[600], second[600], got[256];
	struct fault why;

	memset(first, 'a', sizeof first - 1);
	first[sizeof first - 1] = '\0';
	memcpy(second, first, sizeof second);
	second[sizeof second - 2] = 'b';
	folder_open();
	ok(source_files_prepare(folder, &why) && save(COPY_BELIEVED, first, 1, &why) && files(got) == 1 &&
		is(strchr(got, '~'), "~04f48c41f3b81b0e.copy", "a long name ends in its hash, the same in every version") &&
		save(COPY_BELIEVED, second, 2, &why),
	    "names longer than a file name may be are kept");
	is_number(files(got), 2, "two names that begin with the same 200 bytes have two files");
	ok(strlen(got) <= 255 - strlen(".XXXXXX"), "whose names leave room for a temporary one");
	ok(kept(COPY_BELIEVED, first) == 1 && kept(COPY_BELIEVED, second) == 2, "and each its own copy");
	memset(first + 1, '\xff', sizeof first - 2);
	ok(save(COPY_BELIEVED, first, 3, &why) && kept(COPY_BELIEVED, first) == 3, "a long one of odd bytes, too");
}

/* ---- kinds ---- */

static void
kinds(void)
{
	char got[256];
	struct fault why;

	folder_open();
	ok(source_files_prepare(folder, &why) && source_files_prepare(folder, &why),
	    "the directory is created, or exists");
	is_number(kept(COPY_BELIEVED, "a:x.example"), 0, "a copy that was never stored is no fault");
	ok(save(COPY_BELIEVED, "a:x.example", 1, &why) && save(COPY_PENDING, "a:x.example", 2, &why) &&
		save(COPY_ACCEPTED, "a:x.example", 3, &why),
	    "a source has a copy of each kind");
	ok(kept(COPY_BELIEVED, "a:x.example") == 1 && kept(COPY_PENDING, "a:x.example") == 2 &&
		kept(COPY_ACCEPTED, "a:x.example") == 3,
	    "and they are not mixed up");
	ok(save(COPY_BELIEVED, "a:x.example", 4, &why) && kept(COPY_BELIEVED, "a:x.example") == 4,
	    "a later copy replaces it");
	is_number(files(got), 3, "no temporary file is left");
	source_files_drop(folder, COPY_PENDING, "a:x.example");
	ok(kept(COPY_PENDING, "a:x.example") == 0 && kept(COPY_ACCEPTED, "a:x.example") == 3,
	    "one kind can be dropped alone");
	source_files_drop(folder, COPY_PENDING, "a:x.example");
	is_number(kept(COPY_BELIEVED, "a:x.example"), 4, "even twice");
}

/* ---- trouble ---- */

static void
write_over(const char *name, const char *text, size_t length)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/sources/%s", folder, name);
	file = fopen(path, "w");
	if (file == NULL || fwrite(text, 1, length, file) != length || fclose(file) != 0)
		abort();
}

static const struct {
	const char *text;
	size_t length;
	const char *name;
} damages[] = {
	{ "", 0, "an empty file" },
	{ "\0\0\0\0", 4, "a file of zeros, as a power cut leaves it" },
	{ "version 1\nsource a:x.example\n", 29, "a file that ends early" },
	{ "version 2\n", 10, "a file of another version" },
};

static void
damaged_files(void)
{
	char path[256];
	struct fault why;

	folder_open();
	if (!source_files_prepare(folder, &why))
		abort();
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		write_over("a:x.example.copy", damages[i].text, damages[i].length);
		is_number(kept(COPY_BELIEVED, "a:x.example"), -1, "%s is a fault", damages[i].name);
	}
	ok(save(COPY_BELIEVED, "a:x.example", 5, &why) && kept(COPY_BELIEVED, "a:x.example") == 5,
	    "the next copy repairs it");
	snprintf(path, sizeof path, "cp %s/sources/a:x.example.copy %s/sources/a:y.example.copy", folder, folder);
	ok(system(path) == 0 && kept(COPY_BELIEVED, "a:y.example") == -1,
	    "another source's copy under this name is a fault");
	snprintf(path, sizeof path, "%s/sources/a:z.example.copy", folder);
	ok(mkdir(path, 0700) == 0 && kept(COPY_BELIEVED, "a:z.example") == -1, "a directory in its place is a fault");
	ok(!save(COPY_BELIEVED, "a:z.example", 1, &why) && strstr(why.text, "cannot be written") != NULL,
	    "and cannot be written");
}

static void
no_folder(void)
{
	char path[160], got[256];
	struct fault why = { .text = "" };

	folder_open();
	is_number(kept(COPY_BELIEVED, "a:x.example"), 0, "without the directory there is nothing to read");
	ok(!source_files_has(folder, COPY_BELIEVED, "a:x.example"), "and no copy");
	ok(save(COPY_BELIEVED, "a:x.example", 1, &why), "a copy that is kept makes it");
	ok(source_files_has(folder, COPY_BELIEVED, "a:x.example"), "and is there");
	source_files_trouble(folder, &why);
	is(why.text, "", "nothing is in the way of others");
	snprintf(path, sizeof path, "rm -r %s/sources", folder);
	ok(system(path) == 0, "(it is removed)");
	ok(!source_files_prepare("/proc/self/fdinfo", &why) && strstr(why.text, "cannot be created") != NULL,
	    "where no directory can be created is a fault");
	snprintf(path, sizeof path, "touch %s/sources", folder);
	ok(system(path) == 0 && !source_files_prepare(folder, &why) &&
		strstr(why.text, "is a file, not a directory") != NULL && !save(COPY_BELIEVED, "a:x.example", 1, &why),
	    "a file in the directory's place is a fault");
	source_files_trouble(folder, &why);
	ok(strstr(why.text, "is a file, not a directory") != NULL, "which is said before anything is to be kept");
	snprintf(path, sizeof path, "cd %s && rm sources && mkdir elsewhere && ln -s elsewhere sources", folder);
	ok(system(path) == 0 && !source_files_prepare(folder, &why) &&
		strstr(why.text, "is a link, not a directory") != NULL,
	    "so is a link");
	ok(!save(COPY_ACCEPTED, "a:x.example", 1, &why) && strstr(why.text, "is a link, not a directory") != NULL,
	    "through which nothing is written");
	is_number(kept(COPY_BELIEVED, "a:x.example"), -1, "nor read");
	source_files_drop(folder, COPY_BELIEVED, "a:x.example");
	is_number(files(got), 0, "and nothing is created where it points");
}

/* The tool runs as root, the daemon does not. */
static void
owners(void)
{
	struct stat st = { 0 };
	char path[256];
	struct fault why;

	folder_open();
	if (geteuid() != 0 || chown(folder, 65534, 65534) != 0) {
		ok(true, "what root writes belongs to the directory's owner # SKIP not root");
	} else {
		snprintf(path, sizeof path, "%s/sources/a:x.example.accepted", folder);
		ok(source_files_prepare(folder, &why) && save(COPY_ACCEPTED, "a:x.example", 1, &why) &&
			stat(path, &st) == 0 && st.st_uid == 65534 && st.st_gid == 65534 && (st.st_mode & 0777) == 0640,
		    "what root writes belongs to the directory's owner");
	}
}

int
main(void)
{
	odd_names();
	long_names();
	kinds();
	damaged_files();
	no_folder();
	owners();
	return done();
}
