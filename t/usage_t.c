#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "milter/state/usage.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { START = 1700000000, THREADS = 4, ROUNDS = 20000 };

static struct address
address_of(const char *text)
{
	struct address address;

	if (!address_read(text, &address))
		abort();
	return address;
}

static bool
note_mail(struct usage *usage, enum usage_kind kind, const char *name, const char *address, int64_t now)
{
	struct address read = address_of(address);

	return usage_note(usage, kind, name, &read, now);
}

/* What is remembered, in the order of the addresses: "kind name address first last count\n". */
struct dump {
	char lines[64][400];
	size_t count;
};

static void
dump_entry(void *context, const struct usage_entry *entry)
{
	struct dump *dump = context;
	char address[ADDRESS_TEXT];

	if (dump->count < 64)
		snprintf(dump->lines[dump->count++], sizeof dump->lines[0], "%d %.100s %s %lld %lld %u\n",
		    (int)entry->kind, entry->name, address_write(&entry->address, address),
		    (long long)entry->first - START, (long long)entry->last - START, entry->count);
}

static int
line_order(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *
dump(struct usage *usage)
{
	static char text[64 * 400];
	struct dump dump = { .count = 0 };

	if (!usage_each(usage, dump_entry, &dump))
		abort();
	qsort(dump.lines, dump.count, sizeof dump.lines[0], line_order);
	text[0] = '\0';
	for (size_t i = 0; i < dump.count; i++)
		strcat(text, dump.lines[i]);
	return text;
}

static void
count_entry(void *context, const struct usage_entry *entry)
{
	(void)entry;
	++*(size_t *)context;
}

static size_t
count(struct usage *usage)
{
	size_t counted = 0;

	if (!usage_each(usage, count_entry, &counted))
		abort();
	return counted;
}

static struct usage *
open_usage(void)
{
	struct fault why;
	struct usage *usage = usage_open(&why);

	if (usage == NULL)
		abort();
	return usage;
}

/* ---- noting ---- */

static void
noting(void)
{
	struct usage *usage = open_usage();
	char name[400];

	ok(note_mail(usage, USAGE_LISTED, "a:x.example", "192.0.2.1", START), "a new address is worth a log line");
	ok(!note_mail(usage, USAGE_LISTED, "a:x.example", "192.0.2.1", START + 5), "once");
	ok(note_mail(usage, USAGE_UNLISTED, "a:x.example", "192.0.2.1", START), "another kind is another entry");
	ok(note_mail(usage, USAGE_LISTED, "a:y.example", "192.0.2.1", START), "so is another name");
	ok(note_mail(usage, USAGE_LISTED, "a:x.example", "2001:db8::1", START), "and another address");
	is(dump(usage),
	    "0 a:x.example 192.0.2.1 0 5 2\n0 a:x.example 2001:db8::1 0 0 1\n0 a:y.example 192.0.2.1 0 0 1\n"
	    "1 a:x.example 192.0.2.1 0 0 1\n",
	    "first, last and count are kept for each");
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	ok(!note_mail(usage, USAGE_LISTED, name, "192.0.2.1", START) && count(usage) == 4,
	    "a name that does not fit is not noted");
	name[299] = '\0';
	ok(note_mail(usage, USAGE_LISTED, name, "192.0.2.1", START) &&
		!note_mail(usage, USAGE_LISTED, name, "192.0.2.1", START),
	    "the longest that fits is");
	ok(!note_mail(NULL, USAGE_LISTED, "a:x.example", "192.0.2.1", START), "without a usage nothing is noted");
	usage_close(usage);
	usage_close(NULL);
}

/* ---- the limit ---- */

static void
ceiling(void)
{
	struct usage *usage = open_usage();
	char address[32];
	unsigned new = 0;

	for (unsigned i = 0; i < 3 * USAGE_MAX; i++) {
		snprintf(address, sizeof address, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		note_mail(usage, USAGE_LISTED, "a:x.example", address, START + i);
		if (i % 100 == 0)
			new += note_mail(usage, USAGE_LISTED, "a:x.example", "192.0.2.1", START + i);
	}
	is_number((long long)count(usage), USAGE_MAX, "the number of entries is limited");
	is_number(new, 1, "one that sends all the time is never dropped for those that sent once");
	ok(!note_mail(usage, USAGE_LISTED, "a:x.example", address, START), "the newest is there");
	ok(note_mail(usage, USAGE_LISTED, "a:x.example", "10.0.0.1", START), "one that was unused for long is dropped");
	is_number((long long)count(usage), USAGE_MAX, "and the limit holds");
	usage_close(usage);
}

/* ---- the file ---- */

static char folder[64];

static void
folder_open(void)
{
	snprintf(folder, sizeof folder, "/tmp/usage.XXXXXX");
	if (!scratch_make(folder))
		abort();
}

static void
folder_close(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	if (system(command) != 0)
		note("%s is left behind", folder);
}

static void
round_trip(void)
{
	struct usage *usage = open_usage(), *again = open_usage();
	struct fault why = { .text = "" };
	char path[128], before[1024];

	folder_open();
	snprintf(path, sizeof path, "%s/usage", folder);
	ok(usage_load(usage, folder, &why) && count(usage) == 0, "no file is no fault");
	ok(usage_save(usage, folder, &why) && access(path, F_OK) != 0, "saving nothing writes nothing");
	note_mail(usage, USAGE_LISTED, "spf:x.example", "192.0.2.1", START);
	note_mail(usage, USAGE_LISTED, "spf:x.example", "192.0.2.1", START + 9);
	note_mail(usage, USAGE_UNLISTED, "acme", "2001:db8::1", START);
	note_mail(usage, USAGE_OUTBOUND, "own", "203.0.113.25", START + 1);
	note_mail(usage, USAGE_DELAYED, "acme", "192.0.2.1", START + 2);
	note_mail(usage, USAGE_LISTED, "file:/etc/my list %20", "192.0.2.3", START);
	snprintf(before, sizeof before, "%s", dump(usage));
	ok(usage_save(usage, folder, &why) && usage_load(again, folder, &why), "it is written and read back");
	is(dump(again), before, "as it was, of every kind, a name with a blank too");
	unlink(path);
	ok(usage_save(usage, folder, &why) && access(path, F_OK) != 0, "what has not changed is not written again");
	note_mail(usage, USAGE_LISTED, "spf:x.example", "192.0.2.1", START + 10);
	ok(usage_save(usage, folder, &why) && access(path, F_OK) == 0, "what has is");
	folder_close();
	note_mail(usage, USAGE_LISTED, "spf:x.example", "192.0.2.1", START + 11);
	ok(!usage_save(usage, folder, &why) && why.text[0] != '\0', "without a directory it says why it failed");
	ok(usage_save(usage, folder, &why), "once, not at every attempt");
	folder_open();
	ok(usage_save(usage, folder, &why), "it tries again");
	snprintf(path, sizeof path, "%s/usage", folder);
	ok(access(path, F_OK) == 0, "and what was held back is written once the directory exists");
	folder_close();
	usage_close(usage);
	usage_close(again);
}

static const struct {
	const char *line, *name;
} damages[] = {
	{ "listed", "a line that ends early" },
	{ "listed a:x.example 192.0.2.300 1700000000 1700000000 1", "no address" },
	{ "stolen a:x.example 192.0.2.2 1700000000 1700000000 1", "no kind" },
	{ "listed a:x.example 192.0.2.2 1700000009 1700000000 1", "a last before the first" },
	{ "listed a:x.example 192.0.2.2 -5 1700000000 1", "a time before time" },
	{ "listed a:x.example 192.0.2.2 1700000000 1700000000", "no count" },
	{ "listed a:x.example 192.0.2.2 1700000000 1700000000 -1", "a count below nothing" },
	{ "listed a:x.example 192.0.2.2 99999999999999999999 99999999999999999999 1", "a time that fits nowhere" },
	{ "listed a:x.example 192.0.2.2 1700000000 1700000000 1 more", "something behind the end" },
	{ "listed a:x%2.example 192.0.2.2 1700000000 1700000000 1", "an escape cut off" },
	{ "\x01\xff", "bytes" },
};

static void
damaged_file(void)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct usage *usage = open_usage();
		struct fault why = { .text = "" };
		char path[128];
		FILE *file;

		folder_open();
		snprintf(path, sizeof path, "%s/usage", folder);
		file = fopen(path, "w");
		if (file == NULL)
			abort();
		fprintf(file, "# usage\nlisted a:x.example 192.0.2.1 %d %d 7\n%s\nunlisted acme 192.0.2.3 %d %d 8\n",
		    START, START + 1, damages[i].line, START, START + 2);
		fclose(file);
		ok(!usage_load(usage, folder, &why) && why.line == 3 && strstr(why.file, "/usage") != NULL,
		    "%s is a fault of its line", damages[i].name);
		is(dump(usage), "0 a:x.example 192.0.2.1 0 1 7\n1 acme 192.0.2.3 0 2 8\n",
		    "%s: the sound lines are kept", damages[i].name);
		folder_close();
		usage_close(usage);
	}
}

static void
cut_file(void)
{
	struct usage *usage = open_usage();
	struct fault why = { .text = "" };
	char path[128];
	FILE *file;

	folder_open();
	snprintf(path, sizeof path, "%s/usage", folder);
	file = fopen(path, "w");
	if (file == NULL)
		abort();
	fprintf(file, "# usage\nlisted a:x.example 192.0.2.1 %d %d 7\nunlisted acme 192.0.2.3 %d %d 8", START,
	    START + 1, START, START + 2);
	fclose(file);
	ok(!usage_load(usage, folder, &why) && why.line == 3, "a last line without an end may be half of one");
	is(dump(usage), "0 a:x.example 192.0.2.1 0 1 7\n", "and is not read");
	folder_close();
	usage_close(usage);
}

/* ---- threads ---- */

static void *
send_mail(void *argument)
{
	struct usage *usage = argument;
	char address[32];

	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(address, sizeof address, "10.0.%u.%u", i % 50, i % 251);
		note_mail(usage, i % 2 ? USAGE_LISTED : USAGE_UNLISTED, "a:x.example", "192.0.2.1", START + i);
		note_mail(usage, USAGE_LISTED, "a:x.example", address, START + i);
	}
	return NULL;
}

static void
threads(void)
{
	struct usage *usage = open_usage();
	pthread_t senders[THREADS];
	struct fault why;
	bool saved = true;

	folder_open();
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&senders[i], NULL, send_mail, usage) != 0)
			abort();
	for (int i = 0; i < 10; i++)
		saved = saved && usage_save(usage, folder, &why);
	for (int i = 0; i < THREADS; i++)
		pthread_join(senders[i], NULL);
	ok(saved, "it is saved while mail comes in");
	is_number(usage_count(usage, USAGE_UNLISTED, "a:x.example"), THREADS * ROUNDS / 2,
	    "no mail of several threads is lost");
	is_number(usage_count(usage, USAGE_LISTED, "a:x.example"), THREADS * ROUNDS + THREADS * ROUNDS / 2,
	    "for any address");
	folder_close();
	usage_close(usage);
}

/* ---- no thread is held up ---- */

static struct usage *watched; /* mail for it comes in while an entry is written; NULL: none does */
static unsigned written, held;
static pthread_t sender;
static sem_t sent;
enum { PATIENCE = 120 /* seconds; only a lock that is held needs them */ };

/* The linker puts this before the program's own (-Wl,--wrap); saving calls it for each entry. */
const char *__real_address_write(const struct address *, char out[ADDRESS_TEXT]);
const char *__wrap_address_write(const struct address *, char out[ADDRESS_TEXT]);

static void *
send_one(void *usage)
{
	(void)note_mail(usage, USAGE_LISTED, "a:late.example", "192.0.2.99", START);
	sem_post(&sent);
	return NULL;
}

static void
see_lock(void)
{
	struct usage *usage = watched;
	struct timespec until;

	if (usage == NULL)
		return;
	watched = NULL; /* one that could not get the lock waits until the save ends */
	written++;
	if (pthread_create(&sender, NULL, send_one, usage) != 0)
		abort();
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE;
	if (sem_clockwait(&sent, CLOCK_MONOTONIC, &until) != 0) {
		held++;
		return;
	}
	pthread_join(sender, NULL);
	watched = usage;
}

const char *
__wrap_address_write(const struct address *address, char out[ADDRESS_TEXT])
{
	see_lock();
	return __real_address_write(address, out);
}

static void
see_entry(void *context, const struct usage_entry *entry)
{
	(void)context;
	(void)entry;
	see_lock();
}

static void
mail_goes_on(void)
{
	struct usage *usage = open_usage();
	struct fault why;

	if (sem_init(&sent, 0, 0) != 0)
		abort();
	folder_open();
	for (int i = 0; i < 9; i++) {
		char address[32];

		snprintf(address, sizeof address, "192.0.2.%d", i);
		(void)note_mail(usage, USAGE_LISTED, "a:x.example", address, START);
	}
	watched = usage;
	ok(usage_save(usage, folder, &why) && written >= 9 && held == 0,
	    "mail comes in between any two lines that are saved") ||
	    (note("%u written, %u held up", written, held), 0);
	if (held > 0)
		pthread_join(sender, NULL);
	written = held = 0;
	watched = usage;
	ok(usage_each(usage, see_entry, NULL) && written >= 9 && held == 0, "and between any two that are shown");
	if (held > 0)
		pthread_join(sender, NULL);
	watched = NULL;
	folder_close();
	usage_close(usage);
}

static void
recent(void)
{
	struct address known = address_of("172.17.0.1"), other = address_of("172.17.0.2"), one = address_of("127.0.0.1");
	struct usage *usage = open_usage();

	(void)note_mail(usage, USAGE_LOOPBACK, "a.example", "127.0.0.1", START);
	(void)note_mail(usage, USAGE_LOOPBACK, "b.example", "127.0.0.1", START + 10);
	(void)note_mail(usage, USAGE_LOOPBACK, "b.example", "::1", START + 20);
	(void)note_mail(usage, USAGE_HIDDEN, "-", "172.17.0.1", START + 30);
	is_number(usage_recent(usage, USAGE_LOOPBACK, START), 3, "recent: all entries since then");
	is_number(usage_recent(usage, USAGE_LOOPBACK, START + 1), 2, "recent: none from before");
	is_number(usage_recent(usage, USAGE_LOOPBACK, START + 21), 0, "recent: zero if there are none");
	is_number(usage_recent(usage, USAGE_HIDDEN, START), 1, "recent: each kind separately");
	is_number(usage_recent(NULL, USAGE_HIDDEN, START), 0, "recent: zero without a usage");
	is_number(usage_recent_at(usage, USAGE_LOOPBACK, &one, START), 2, "recent: of one address, with any name");
	is_number(usage_recent_at(usage, USAGE_LOOPBACK, &one, START + 1), 1, "recent: of one address, none from before");
	ok(usage_has(usage, USAGE_HIDDEN, "-", &known) && !usage_has(usage, USAGE_HIDDEN, "-", &other) &&
		!usage_has(usage, USAGE_HIDDEN, "gw", &known) && !usage_has(usage, USAGE_LOOPBACK, "-", &known) &&
		!usage_has(NULL, USAGE_HIDDEN, "-", &known),
	    "has: by kind, name and address");
	usage_close(usage);
}

int
main(void)
{
	noting();
	recent();
	ceiling();
	round_trip();
	damaged_file();
	cut_file();
	threads();
	mail_goes_on();
	return done();
}
