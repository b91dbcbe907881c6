/*
 * replay.c - feeds the seeds of one fuzz target to it, without a fuzzer; prints TAP.
 *
 *   fuzz_NAME [FOLDER...]              default: seeds/NAME beside the source
 *   fuzz_NAME -n COUNT [-s NUMBER]     COUNT changed seeds, another series for each NUMBER
 *
 * Each seed goes in whole, cut at CUTS places and with FLIPS single bytes changed: always the same ones, so that
 * a failure comes back. Those that a fuzzer found (found-...) only go in whole: there are many. A few changed ones follow: lines dropped, doubled, swapped, taken from other seeds.
 * A target that does not like what it sees aborts; the input is then shown in hexadecimal.
 */
#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "t/fuzz/fuzz.h"
#include "t/fuzz/mutate.h"
#include "t/lib/tap.h"

enum { CUTS = 48, FLIPS = 96, CHANGED = 100, SEED_MAX = 1024 * 1024 };

/* What the target is looking at, for the handler of its abort. */
static const uint8_t *volatile current;
static volatile size_t current_size;

static void
on_abort(int number)
{
	static const char digits[] = "0123456789abcdef", head[] = "Bail out! the target aborted on ";
	ssize_t said = write(STDOUT_FILENO, head, sizeof head - 1);

	for (size_t i = 0; said > 0 && i < current_size; i++) {
		char pair[2] = { digits[current[i] >> 4], digits[current[i] & 15] };

		said = write(STDOUT_FILENO, pair, sizeof pair);
	}
	if (said > 0 && write(STDOUT_FILENO, "\n", 1) < 0)
		_exit(1);
	signal(number, SIG_DFL);
	raise(number);
}

/* In a block of its very size, so that a sanitizer sees a byte read behind it. */
static bool
feed(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);

	if (copy == NULL && size > 0)
		return false;
	if (size > 0)
		memcpy(copy, bytes, size);
	current = copy;
	current_size = size;
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	return true;
}

static bool
feed_cut(const uint8_t *bytes, size_t size)
{
	bool good = true;

	for (size_t i = 0, last = size; i < CUTS; i++) {
		size_t kept = size * i / CUTS;

		if (kept != last)
			good = feed(bytes, kept) && good;
		last = kept;
	}
	return good;
}

static bool
feed_flipped(uint8_t *bytes, size_t size)
{
	uint64_t chance = 0x9e3779b97f4a7c15u; /* the same for every seed */
	bool good = true;

	for (unsigned i = 0; i < FLIPS && size > 0; i++) {
		size_t place;
		uint8_t was;

		chance = chance * 6364136223846793005u + 1442695040888963407u;
		place = (size_t)(chance >> 33) % size;
		was = bytes[place];
		/* half of them one bit, half of them any byte */
		bytes[place] = i % 2 == 0 ? (uint8_t)(was ^ 1u << (chance >> 20) % 8) : (uint8_t)(chance >> 24);
		good = feed(bytes, size) && good;
		bytes[place] = was;
	}
	return good;
}

static void
replay_file(const char *folder, const char *name)
{
	char path[PATH_MAX];
	uint8_t *bytes = malloc(SEED_MAX);
	bool found = strncmp(name, "found-", 6) == 0;
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file != NULL && bytes != NULL)
		size = fread(bytes, 1, SEED_MAX, file);
	ok(file != NULL && bytes != NULL && ferror(file) == 0 && feed(bytes, size) &&
		(found || (feed_cut(bytes, size) && feed_flipped(bytes, size))),
	    found ? "%s is survived" : "%s, its cuts and its flips are survived", name);
	if (file != NULL)
		fclose(file);
	free(bytes);
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay_folder(const char *folder)
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_seed, alphasort);

	ok(count > 0, "there are seeds in the folder");
	if (count <= 0)
		note("%s", folder);
	for (int i = 0; i < count; i++) {
		replay_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* fuzz_mailbox has its seeds in SRCDIR/t/fuzz/seeds/mailbox. */
static void
own_folder(const char *program, char folder[PATH_MAX])
{
	const char *slash = strrchr(program, '/'), *name = slash == NULL ? program : slash + 1;
	const char *srcdir = getenv("srcdir");

	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	snprintf(folder, PATH_MAX, "%s/t/fuzz/seeds/%s", srcdir == NULL ? "." : srcdir, name);
}

static void
change_seeds(const char *folder, unsigned long count, uint64_t series)
{
	ok(mutate_all(folder, count, series, feed), "%lu changed seeds are survived (series %llu)", count,
	    (unsigned long long)series);
}

int
main(int argc, char **argv)
{
	unsigned long count = CHANGED;
	uint64_t series = 1;
	char folder[PATH_MAX];

	signal(SIGABRT, on_abort);
	own_folder(argv[0], folder);
	for (int option; (option = getopt(argc, argv, "n:s:")) != -1;) {
		if (option != 'n' && option != 's')
			return 64;
		*(option == 'n' ? &count : &series) = strtoul(optarg, NULL, 10);
	}
	if (optind < argc)
		for (int i = optind; i < argc; i++)
			replay_folder(argv[i]);
	else if (count == CHANGED)
		replay_folder(folder);
	if (optind == argc)
		change_seeds(folder, count, series);
	return done();
}
