#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "live.h"
#include "policy_text.h"
#include "tap.h"
#include "text.h"

enum { PATH_SIZE = 512, NOBODY = 65534, THREADS = 8, PUBLISHES = 1000, HELD = 4, SHAPES = 7 };

/* ---- a folder of files ---- */

static char folder[] = "/tmp/live_t.XXXXXX";

static const char *
in_folder(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
file_write(const char *name, const char *text)
{
	FILE *file = fopen(in_folder(name), "we");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void
folder_make(const char *name)
{
	if (mkdir(in_folder(name), 0755) != 0)
		abort();
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* greenlane.conf that enables one vendor, looked for in the folders shipped and site. */
static void
enable(const char *vendor)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "vendor_path = [ \"%s/shipped\", \"%s/site\" ];\nvendors = ( { name = \"%s\"; } );\n", folder, folder,
	    vendor);
	file_write("greenlane.conf", text);
}

static void
vendor_write(const char *path, const char *name, const char *title, const char *sources)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "vendor = { name = \"%s\"; title = \"%s\"; domains = [ \"%s.example\" ]; sources = ( %s ); };\n", name, title,
	    name, sources);
	file_write(path, text);
}

/* Loads, and answers the title of the one vendor, or the first fault without the folder's name. */
static const char *
load(const char *path)
{
	static char said[1024];
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : live_read(path, faults);
	char text[1024];
	size_t length = strlen(folder);

	if (faults == NULL)
		abort();
	if (policy != NULL) {
		snprintf(said, sizeof said, "%s", policy->vendor_count == 0 ? "no vendor" : policy->vendors[0].title);
	} else {
		fault_write(&faults->list[0].fault, text, sizeof text);
		snprintf(said, sizeof said, "%s",
		    strncmp(text, folder, length) == 0 ? text + length + 1 : text);
	}
	policy_free(policy);
	faults_close(faults);
	return said;
}

/* ---- files ---- */

static void
vendor_path_is_searched(void)
{
	folder_make("shipped");
	folder_make("site");
	vendor_write("shipped/acme.conf", "acme", "shipped", "");
	enable("acme");
	is(load(in_folder("greenlane.conf")), "shipped", "a shipped vendor file is found");
	vendor_write("site/acme.conf", "acme", "site", "");
	is(load(in_folder("greenlane.conf")), "site", "a site's file of the same name replaces it");
	enable("globex");
	is(load(in_folder("greenlane.conf")),
	    "greenlane.conf:2: no file 'globex.conf' in vendor_path; see the folder of shipped vendors for names",
	    "a vendor without a file is a fault of the line that names it");
}

static void
closed_file_is_a_fault(void)
{
	bool root = geteuid() == 0;

	enable("acme");
	if (chmod(in_folder("site"), 0) != 0 || chmod(folder, 0755) != 0 || (root && seteuid(NOBODY) != 0))
		abort();
	ok(strstr(load(in_folder("greenlane.conf")), "/site/acme.conf: cannot be opened: Permission denied") != NULL,
	    "a site folder that the daemon may not enter does not bring the shipped file back");
	if ((root && seteuid(0) != 0) || chmod(in_folder("site"), 0755) != 0 || unlink(in_folder("site/acme.conf")) != 0 ||
	    symlink("nowhere.conf", in_folder("site/acme.conf")) != 0)
		abort();
	ok(strstr(load(in_folder("greenlane.conf")), "No such file or directory") != NULL,
	    "nor does a link to nowhere");
	unlink(in_folder("site/acme.conf"));
}

static void
only_files_are_read(void)
{
	is(load(in_folder("none.conf")), "none.conf: cannot be opened: No such file or directory",
	    "a missing configuration is a fault");
	is(load(in_folder("shipped")),
	    "shipped: is no regular file; write the name of a configuration file", "so is a folder in its place");
	folder_make("site/acme.conf");
	enable("acme");
	ok(strstr(load(in_folder("greenlane.conf")), "is no regular file") != NULL,
	    "so is a folder in a vendor file's place");
	rmdir(in_folder("site/acme.conf"));
	if (mkfifo(in_folder("pipe.conf"), 0600) != 0)
		abort();
	ok(strstr(load(in_folder("pipe.conf")), "is no regular file") != NULL, "a pipe is not waited for");
	file_write("huge.conf", "");
	if (truncate(in_folder("huge.conf"), POLICY_TEXT_MAX + 1) != 0)
		abort();
	is(load(in_folder("huge.conf")), "huge.conf: is larger than 64 MiB", "a huge file is not read");
	file_write("empty.conf", "");
	ok(strstr(load(in_folder("empty.conf")), "vendors") != NULL, "an empty one is, and lacks its vendors");
}

/* How many networks the vendor's source holds; -1 when it does not load. */
static long long
networks_loaded(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = live_read(in_folder("greenlane.conf"), faults);
	long long count = policy == NULL || policy->source_count == 0 ? -1 : (long long)policy->sources[0].prefix_count;

	if (policy == NULL)
		note("%s: %s", faults->list[0].fault.file, faults->list[0].fault.text);
	policy_free(policy);
	faults_close(faults);
	return count;
}

static void
list_is_found_beside_its_vendor(void)
{
	char source[PATH_SIZE + 32];

	enable("acme");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"acme.list\"; }");
	ok(strstr(load(in_folder("greenlane.conf")), "acme.list") != NULL, "a list that is missing is a fault that names it");
	file_write("shipped/acme.list", "192.0.2.0/24\n198.51.100.7 # a host\n");
	is_number(networks_loaded(), 2, "a list is found beside its vendor file, wherever we stand");
	folder_make("shipped/lists");
	file_write("shipped/lists/acme.list", "192.0.2.0/25\n2001:db8::/32\n203.0.113.0/24\n");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"lists/acme.list\"; }");
	is_number(networks_loaded(), 3, "below it");
	file_write("own.list", "192.0.2.1\n");
	snprintf(source, sizeof source, "{ file = \"%s/own.list\"; }", folder);
	vendor_write("shipped/acme.conf", "acme", "shipped", source);
	is_number(networks_loaded(), 1, "or at an absolute path");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"lists\"; }");
	is_number(networks_loaded(), -1, "a folder is no list");
}

/* ---- what is too broad ---- */

/* Every fault of a load, without the folder's name; to be freed. */
static char *
said_of(const char *path)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : live_read(path, faults);
	struct text all;
	char text[1024], *copy;

	if (faults == NULL)
		abort();
	text_open(&all, 64 * 1024);
	for (size_t i = 0; i < faults->kept; i++) {
		const char *at = text;

		fault_write(&faults->list[i].fault, text, sizeof text);
		if (strncmp(text, folder, strlen(folder)) == 0)
			at = text + strlen(folder) + 1;
		text_format(&all, "%s%s\n", faults->list[i].level == FAULT_WARNING ? "warning: " : "", at);
	}
	text_format(&all, "%s\n", policy == NULL ? "refused" : "in force");
	copy = strdup(all.bytes);
	if (copy == NULL)
		abort();
	text_close(&all);
	policy_free(policy);
	faults_close(faults);
	return copy;
}

static void
says(const char *wanted, const char *name)
{
	char *said = said_of(in_folder("greenlane.conf"));

	is(said, wanted, "%s", name);
	free(said);
}

static void
esp_write(const char *path, const char *domain)
{
	char text[512];

	snprintf(text, sizeof text, "vendor = { name = \"bulk\"; kind = \"esp\"; domains = [ \"%s\" ]; };\n", domain);
	file_write(path, text);
}

static void
shared_senders_are_known(void)
{
	static const char refused[] =
	    "shipped/acme.conf: 'bulk.example' in envelope of 'acme' is the shared sender 'bulk', so every customer of "
	    "it would be vouched for; drop it, and name what is the vendor's alone\nrefused\n";

	enable("acme");
	file_write("shipped/acme.conf",
	    "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; envelope = [ \"bulk.example\" ]; };\n");
	says("in force\n", "an envelope that is nobody's known is allowed");
	esp_write("shipped/bulk.conf", "bulk.example");
	says(refused, "a shared sender is known, though its file is not enabled, and what it proves is refused");
	esp_write("site/bulk.conf", "mass.example");
	says("in force\n", "a site's file of a shared sender replaces the shipped one");
	unlink(in_folder("site/bulk.conf"));
	rmdir(in_folder("site"));
	says(refused, "a folder of vendor_path that does not exist is no trouble");
	folder_make("site");
	file_write("shipped/bulk.conf", "vendor = { name = \"bulk\"; kind = \"esp\"; domain = 1; };\n");
	says("warning: shipped/bulk.conf:1: whether it names a shared sender is not known: 'domains' is missing; write "
	     "domains = [ \"example.com\" ];\nin force\n",
	    "a broken file that is not enabled is warned of, and does not stop the rest");
	file_write("shipped/bulk.conf", "nonsense");
	says("in force\n", "but one that cannot be a shared sender's is not even read");
	unlink(in_folder("shipped/bulk.conf"));
}

static void
reviews_are_due_by_the_clock(void)
{
	enable("acme");
	vendor_write("shipped/acme.conf", "acme", "shipped",
	    "{ a = \"mail.acme.example\"; exclusive = true; review_by = \"2001-02-03\"; }");
	says("warning: shipped/acme.conf:1: the review of a:mail.acme.example of 'acme' was due by 2001-02-03, more than "
	     "review_grace (30d) ago: it counts as monitor only, and vouches for nothing; look whether it is still "
	     "right, then write a later review_by\nin force\n",
	    "a review that was due long ago is warned of by today's date");
	vendor_write("shipped/acme.conf", "acme", "shipped",
	    "{ a = \"mail.acme.example\"; exclusive = true; review_by = \"9999-12-31\"; }");
	says("in force\n", "one to come is not");
}

static void
public_suffixes_are_known(void)
{
	enable("acme");
	file_write("shipped/acme.conf", "vendor = { name = \"acme\"; domains = [ \"co.uk\" ]; };\n");
	says("warning: shipped/acme.conf: 'co.uk' in domains of 'acme' is a public suffix: names below it are of whoever registers them and do not count, and nothing proves itself; write the names that are meant\nin force\n",
	    "a public suffix is known by the host's list");
}

/* ---- snapshots ---- */

/* A policy that knows its number, and ranges whose size shows which policy they belong to: the last source lists. */
static struct policy *
policy_make(int64_t number)
{
	struct arena *arena = arena_open(64 * 1024);
	struct policy *policy = arena == NULL ? NULL : arena_take(arena, sizeof *policy);

	if (policy == NULL)
		abort();
	policy->arena = arena;
	policy->settings.unsure_max = number;
	return policy;
}

static struct ranges *
ranges_make(int64_t number)
{
	struct source sources[SHAPES] = { 0 };
	struct ranges *ranges;
	struct prefix prefix;
	struct fault why;

	if (!prefix_read("192.0.2.0/24", &prefix, &why))
		abort();
	sources[number % SHAPES] = (struct source){ .kind = SOURCE_CIDR, .selected = true, .prefixes = &prefix, .prefix_count = 1 };
	ranges = ranges_build(sources, (size_t)(number % SHAPES) + 1, NULL, &why);
	if (ranges == NULL)
		abort();
	return ranges;
}

static bool
is_of_one_world(const struct judge *judge)
{
	struct address client;
	struct prefix_hits hits;
	int64_t shape = judge->policy->settings.unsure_max % SHAPES;

	if (!address_read("192.0.2.7", &client))
		abort();
	hits = prefix_table_find(judge->ranges->table, &client);
	return (int64_t)judge->ranges->count == shape + 1 && hits.count == 1 && hits.numbers[0] == shape &&
	    judge->ranges->states[shape].known;
}

struct reader {
	pthread_t thread;
	struct live *live;
	atomic_bool *ends;
	atomic_ulong borrowed;
	unsigned long mixed, backward;
};

/* Holds several at a time, as one thread serves several mails; each must stay as it was. */
static void *
read_on(void *argument)
{
	struct reader *reader = argument;
	const struct snapshot *held[HELD] = { NULL };
	int64_t last = 0;

	for (unsigned long i = 0; !*reader->ends; i++) {
		const struct snapshot **place = &held[i % HELD];

		if (*place != NULL)
			reader->mixed += !is_of_one_world(&(*place)->judge);
		live_return(reader->live, *place);
		*place = live_borrow(reader->live);
		reader->borrowed++;
		reader->mixed += !is_of_one_world(&(*place)->judge);
		reader->backward += (*place)->judge.policy->settings.unsure_max < last;
		last = (*place)->judge.policy->settings.unsure_max;
	}
	for (size_t i = 0; i < HELD; i++)
		live_return(reader->live, held[i]);
	return NULL;
}

/* A new policy, then new ranges for it, as refresh does; 1000 in all, in step with the readers. */
static void
publish_all(struct live *live, struct reader *readers)
{
	struct fault why;

	for (int64_t i = 0; i < PUBLISHES / 2; i++) {
		while (readers[i % THREADS].borrowed < (unsigned long)i)
			sched_yield();
		if (!live_publish(live, policy_make(i), ranges_make(i), &why) ||
		    !live_publish(live, NULL, ranges_make(i), &why))
			abort();
	}
}

static void
snapshots_are_never_mixed(void)
{
	struct fault why;
	struct live *live = live_open(&why);
	static struct reader readers[THREADS];
	atomic_bool ends = false;
	unsigned long borrowed = 0, mixed = 0, backward = 0;
	const struct snapshot *last;

	if (live == NULL)
		abort();
	ok(live_borrow(live) == NULL, "before the first policy there is nothing to borrow");
	live_return(live, NULL);
	if (!live_publish(live, policy_make(0), ranges_make(0), &why))
		abort();
	for (size_t i = 0; i < THREADS; i++) {
		readers[i].live = live;
		readers[i].ends = &ends;
		if (pthread_create(&readers[i].thread, NULL, read_on, &readers[i]) != 0)
			abort();
	}
	publish_all(live, readers);
	ends = true;
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(readers[i].thread, NULL);
		borrowed += readers[i].borrowed;
		mixed += readers[i].mixed;
		backward += readers[i].backward;
	}
	note("%lu snapshots were borrowed", borrowed);
	ok(borrowed > 0 && mixed == 0, "%d threads see one world at a time while %d are published", THREADS, PUBLISHES);
	is_number((long long)backward, 0, "and none sees an old one after a new one");
	last = live_borrow(live);
	is_number(last->judge.policy->settings.unsure_max, PUBLISHES / 2 - 1, "the last one published is in force");
	live_return(live, last);
	live_close(live);
	live_close(NULL);
}

/* ---- what is freed ---- */

static struct live *watched; /* while something of it is freed, the lock must be free */
static unsigned freed, held;
static pthread_t borrower;
static sem_t borrowed;
enum { PATIENCE = 120 /* seconds; only a lock that is held needs them */ };

/* The linker puts these before the house's own (-Wl,--wrap). */
void __real_policy_free(struct policy *);
void __wrap_policy_free(struct policy *);
void __real_prefix_table_free(struct prefix_table *);
void __wrap_prefix_table_free(struct prefix_table *);

static void *
borrow_once(void *live)
{
	live_return(live, live_borrow(live));
	sem_post(&borrowed);
	return NULL;
}

/* Can somebody else borrow meanwhile, as every MAIL does? */
static void
see_lock(void)
{
	struct live *live = watched;
	struct timespec until;

	if (live == NULL)
		return;
	watched = NULL; /* what the borrower frees is not looked at */
	freed++;
	if (pthread_create(&borrower, NULL, borrow_once, live) != 0)
		abort();
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE;
	if (sem_clockwait(&borrowed, CLOCK_MONOTONIC, &until) == 0)
		pthread_join(borrower, NULL);
	else
		held++;
	watched = live;
}

void
__wrap_policy_free(struct policy *policy)
{
	see_lock();
	__real_policy_free(policy);
}

void
__wrap_prefix_table_free(struct prefix_table *table)
{
	see_lock();
	__real_prefix_table_free(table);
}

static void
nobody_waits_for_what_is_freed(void)
{
	struct fault why;
	struct live *live = live_open(&why);
	const struct snapshot *last;

	if (live == NULL || sem_init(&borrowed, 0, 0) != 0 || !live_publish(live, policy_make(1), ranges_make(1), &why))
		abort();
	watched = live;
	if (!live_publish(live, NULL, ranges_make(1), &why) || !live_publish(live, policy_make(2), ranges_make(2), &why))
		abort();
	ok(freed == 3 && held == 0, "old ranges, and an old policy with its own, are freed without the lock") ||
	    (note("%u freed, %u with the lock held", freed, held), 0);
	last = live_borrow(live);
	if (!live_publish(live, policy_make(3), ranges_make(3), &why))
		abort();
	live_return(live, last);
	ok(freed == 5 && held == 0, "so are those that the last message gives back") ||
	    (note("%u freed, %u with the lock held", freed, held), 0);
	watched = NULL;
	live_close(live);
}

/* The allocator gives a freed policy's place to the next one: an address is no name. */
static void
policies_have_numbers(void)
{
	struct fault why;
	struct live *live = live_open(&why);
	uint64_t before = 0;
	bool rise = true;

	for (unsigned i = 0; live != NULL && i < 20; i++) {
		const struct snapshot *snapshot, *ranged;

		if (!live_publish(live, policy_make(1), ranges_make(1), &why))
			abort();
		snapshot = live_borrow(live);
		if (!live_publish(live, NULL, ranges_make(1), &why))
			abort();
		ranged = live_borrow(live);
		rise = rise && snapshot->policy_number > before && ranged->policy_number == snapshot->policy_number;
		before = snapshot->policy_number;
		live_return(live, snapshot);
		live_return(live, ranged);
	}
	ok(rise, "each policy has a number of its own, which new ranges keep");
	live_close(live);
}

/* A mail that began under the old rules ends under them. */
static void
snapshot_outlives_a_reload(void)
{
	struct fault why;
	struct live *live = live_open(&why);
	const struct snapshot *before, *ranged, *after;

	if (live == NULL || !live_publish(live, policy_make(1), ranges_make(1), &why))
		abort();
	before = live_borrow(live);
	if (!live_publish(live, NULL, ranges_make(1), &why))
		abort();
	ranged = live_borrow(live);
	if (!live_publish(live, policy_make(2), ranges_make(2), &why))
		abort();
	after = live_borrow(live);
	ok(ranged->judge.policy == before->judge.policy && ranged->judge.ranges != before->judge.ranges,
	    "new ranges alone keep the policy");
	is_number(after->judge.policy->settings.unsure_max, 2, "a new policy serves who comes after it");
	is_number(before->judge.policy->settings.unsure_max, 1, "and the old one who came before");
	live_return(live, before);
	ok(is_of_one_world(&ranged->judge), "until the last of them goes");
	live_return(live, ranged);
	live_return(live, after);
	live_close(live);
}

int
main(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
	vendor_path_is_searched();
	closed_file_is_a_fault();
	only_files_are_read();
	list_is_found_beside_its_vendor();
	shared_senders_are_known();
	reviews_are_due_by_the_clock();
	public_suffixes_are_known();
	snapshots_are_never_mixed();
	snapshot_outlives_a_reload();
	nobody_waits_for_what_is_freed();
	policies_have_numbers();
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return done();
}
