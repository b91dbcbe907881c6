/*
 * oom_t.c - each allocation of some stories and of a reload fails once, and the filter survives it.
 *
 *   oom_t [-k N [-f FIRST]] [STORY|reload...]   every Nth allocation, from FIRST on; default: a sample of long ones, and
 *                                              all of short ones, of some stories and a reload
 *
 * Nothing crashes, and nothing is kept (a sanitizer sees to both). The reply is the one with memory, or a deferral; what
 * the greylist would have held may pass, for a store that fails greylists nobody. Nothing is refused, vouched for or let
 * through that was not before, and no field that claims to be ours stays.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/state/refresh.h"
#include "milter/system/crypto_memory.h"
#include "policy/config/policy_text.h"
#include "t/lib/oom_alloc.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/scratch.h"
#include "t/lib/story.h"
#include "t/lib/tap.h"

enum {
	STEPS_MAX = 4096,
	SAMPLE = 600 /* allocations of a story or reload */,
	TOLD = 5 /* faults that are shown in full */
};

/* A reply of the filter: to a recipient, or to the end of a message. */
struct step {
	struct story_reply reply;
	bool ends; /* a message */
	bool vouched;
	size_t removed;
};

/* Which allocations fail; 0: not given. */
struct series {
	unsigned every, first;
};

struct course {
	struct step steps[STEPS_MAX];
	size_t count;
};

/* Plays through another player while memory may run out, and records the replies. */
struct recorder {
	struct player player; /* first */
	struct player *inner;
	struct course *course;
};

static struct services services;

/* ---- the recorder ---- */

static struct player *
inner_of(struct player *player)
{
	return ((struct recorder *)player)->inner;
}

static struct step *
step_add(struct player *player)
{
	struct course *course = ((struct recorder *)player)->course;

	if (course->count == STEPS_MAX) {
		printf("Bail out! a story of too many replies\n");
		exit(1);
	}
	course->steps[course->count] = (struct step){ .vouched = false };
	return &course->steps[course->count++];
}

static void
on_connect(struct player *player, const struct story_client *client)
{
	oom_arm(true);
	inner_of(player)->connect(inner_of(player), client);
	oom_arm(false);
}

static void
on_helo(struct player *player, const char *name)
{
	oom_arm(true);
	inner_of(player)->helo(inner_of(player), name);
	oom_arm(false);
}

static void
on_mail(struct player *player, const char *path, const char *auth)
{
	oom_arm(true);
	inner_of(player)->mail(inner_of(player), path, auth);
	oom_arm(false);
}

static void
on_rcpt(struct player *player, const char *path, struct story_reply *out)
{
	oom_arm(true);
	inner_of(player)->rcpt(inner_of(player), path, out);
	oom_arm(false);
	step_add(player)->reply = *out;
}

static void
on_rcpt_refused(struct player *player, const char *path, const char *status, const char *text)
{
	oom_arm(true);
	inner_of(player)->rcpt_refused(inner_of(player), path, status, text);
	oom_arm(false);
}

static void
on_header(struct player *player, const char *name, const char *value)
{
	oom_arm(true);
	inner_of(player)->header(inner_of(player), name, value);
	oom_arm(false);
}

static void
on_headers_end(struct player *player)
{
	oom_arm(true);
	inner_of(player)->headers_end(inner_of(player));
	oom_arm(false);
}

static void
on_body(struct player *player, const char *bytes, size_t length)
{
	oom_arm(true);
	inner_of(player)->body(inner_of(player), bytes, length);
	oom_arm(false);
}

static void
on_end(struct player *player, struct story_ending *out)
{
	struct step *step;

	oom_arm(true);
	inner_of(player)->end(inner_of(player), out);
	oom_arm(false);
	step = step_add(player);
	step->ends = true;
	step->reply = out->reply;
	step->removed = out->removed_count;
	step->vouched = strstr(out->reply.text, "(proven, ") != NULL; /* held in monitor mode: no field is inserted */
	for (size_t i = 0; i < out->inserted_count; i++)
		step->vouched = step->vouched || strstr(out->inserted[i], "x-greenlane=vouched") != NULL;
}

static void
on_abort(struct player *player)
{
	oom_arm(true);
	inner_of(player)->abort(inner_of(player));
	oom_arm(false);
}

static void
on_quit(struct player *player)
{
	oom_arm(true);
	inner_of(player)->quit(inner_of(player));
	oom_arm(false);
}

static struct player *
record(struct course *course)
{
	static struct recorder recorder;

	if (recorder.inner == NULL)
		recorder.inner = play_wire(&services);
	course->count = 0;
	recorder.course = course;
	recorder.player = (struct player){ .name = "without memory",
		.connect = on_connect,
		.helo = on_helo,
		.mail = on_mail,
		.rcpt = on_rcpt,
		.rcpt_refused = on_rcpt_refused,
		.header = on_header,
		.headers_end = on_headers_end,
		.body = on_body,
		.end = on_end,
		.abort = on_abort,
		.quit = on_quit };
	return &recorder.player;
}

/* ---- which replies are allowed ---- */

static bool
is_deferred(const struct step *step)
{
	return step->reply.code[0] == '4';
}

static bool
is_greylisted(const struct step *step)
{
	return strcmp(step->reply.code, "451") == 0 && strcmp(step->reply.enhanced, "4.7.1") == 0;
}

/* What is wrong with a reply, given the one with memory; NULL: nothing. */
static const char *
fault_of(const struct step *with, const struct step *without)
{
	if (is_deferred(without))
		return NULL;
	if (without->reply.code[0] == '5')
		return with->reply.code[0] == '5' ? NULL : "refused for lack of memory";
	if (without->vouched && !with->vouched)
		return "vouched for lack of memory";
	if (with->reply.code[0] != '\0' && !is_greylisted(with))
		return "let through for lack of memory";
	if (without->removed != with->removed && !is_greylisted(with))
		return "a field that claims to be ours stays";
	if (with->reply.quarantined && !without->reply.quarantined)
		return "not held for lack of memory";
	return NULL;
}

/* Did our failure defer the message before? A client would retry it, but the story does not: later replies differ. */
static bool
is_ours(const struct course *with, const struct course *without, size_t i)
{
	return i > 0 && without->steps[i - 1].ends && strcmp(without->steps[i - 1].reply.enhanced, "4.3.0") == 0 &&
	    strcmp(with->steps[i - 1].reply.enhanced, "4.3.0") != 0;
}

/* The series for so many allocations: a sample where none was given. */
static struct series
series_of(struct series said, unsigned long count)
{
	unsigned every = said.every > 0 ? said.every : (unsigned)(1 + count / SAMPLE);

	return (struct series){ .every = every, .first = said.first > 0 ? said.first : 1 + every / 2 };
}

/* ---- one story ---- */

static unsigned
compare(const struct course *with, const struct course *without, unsigned long number, unsigned faults)
{
	const char *fault = NULL;

	if (with->count != without->count) {
		note("allocation %lu: %zu replies in place of %zu", number, without->count, with->count);
		return 1;
	}
	for (size_t i = 0; i < with->count && fault == NULL && !is_ours(with, without, i); i++) {
		fault = fault_of(&with->steps[i], &without->steps[i]);
		if (fault != NULL && faults < TOLD)
			note("allocation %lu: reply %zu is '%s %s %s', with memory '%s %s %s': %s", number, i + 1,
			    without->steps[i].reply.code, without->steps[i].reply.enhanced, without->steps[i].reply.text,
			    with->steps[i].reply.code, with->steps[i].reply.enhanced, with->steps[i].reply.text, fault);
	}
	return fault != NULL;
}

static void
sweep_story(const char *path, struct series series)
{
	static struct course with, without;
	const char *slash = strrchr(path, '/');
	unsigned long last;
	unsigned faults = 0, runs = 0;
	bool played;

	oom_begin(0);
	played = story_rehearse(path, record(&with), &services);
	last = oom_count();
	series = series_of(series, last);
	for (unsigned long number = series.first; played && number <= last; number += series.every) {
		oom_begin(number);
		played = story_rehearse(path, record(&without), &services);
		faults += compare(&with, &without, number, faults);
		runs++;
	}
	ok(played && faults == 0 && runs > 0, "%s: %u of %lu allocations fail, one at a time, and it survives",
	    slash == NULL ? path : slash + 1, runs, last);
	if (faults > 0)
		note("%u faults", faults);
}

/* ---- a reload ---- */

/* The configuration that is installed, with every vendor that is shipped. */
static struct policy *
read_policy(const char *path)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : config_files_read(path, faults);

	faults_close(faults);
	return policy;
}

static uint64_t
number_in_force(struct snapshots *snapshots)
{
	const struct snapshot *snapshot = snapshot_borrow(snapshots);
	uint64_t number = snapshot == NULL ? 0 : snapshot->policy_number;

	snapshot_return(snapshots, snapshot);
	return number;
}

/* As HUP does it: returns whether the new policy is in force, and whether what should be is. */
static bool
reload(struct snapshots *snapshots, struct refresh *refresh, const char *path, bool *taken)
{
	uint64_t before = number_in_force(snapshots);
	struct policy *policy;
	struct fault why;

	oom_arm(true);
	policy = read_policy(path);
	*taken = policy != NULL && refresh_adopt(refresh, policy, 0, &why);
	oom_arm(false);
	return *taken ? number_in_force(snapshots) > before : number_in_force(snapshots) == before;
}

/* Vendors as they are shipped, and something of everything else. */
static bool
write_conf(const char *srcdir, char path[64])
{
	int fd;
	FILE *file;

	strcpy(path, "/tmp/greenlane-oom.XXXXXX");
	fd = mkstemp(path);
	file = fd < 0 || !scratch_guard(path) ? NULL : fdopen(fd, "w");
	if (file == NULL)
		return false;
	fprintf(file, "vendor_path = [ \"%s/policy/vendors\" ];\n", srcdir);
	fputs("own = { domains = [ \"rx.example\", \"b\xc3\xbc"
	      "cher.example\" ]; networks = [ \"10.0.0.0/8\" ]; };\n"
	      "greylist = { delay = \"5m\"; exempt = { networks = [ \"192.0.2.0/24\" ]; recipients = [ \"ops@\" ]; }; };\n"
	      "vendors = ( { name = \"autotask\"; }, { name = \"nable-rmm\"; tags = [ \"uk\" ]; mode = \"monitor\"; },\n"
	      "  { name = \"datto\"; } );\n"
	      "delegations = ( { vendor = \"autotask\"; domains = [ \"rx.example\" ]; vouch = [ \"dkim\", \"listed+spf_from\" ]; } );\n"
	      "relays = ( { name = \"backup\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; } );\n",
	    file);
	return fclose(file) == 0;
}

static void
sweep_reload(const char *srcdir, struct series series)
{
	char path[64];
	struct canned_zone *zone = canned_zone_open();
	struct fault why;
	struct resolver *resolver = resolver_canned(zone, &why);
	struct snapshots *snapshots = snapshots_open(&why);
	struct refresh *refresh = refresh_open(resolver, snapshots, NULL, "", &why);
	unsigned long last;
	unsigned runs = 0, kept = 0;
	bool taken, sound;

	oom_begin(0);
	sound = write_conf(srcdir, path) && reload(snapshots, refresh, path, &taken) && taken;
	oom_begin(0);
	sound = sound && reload(snapshots, refresh, path, &taken) && taken;
	last = oom_count();
	series = series_of(series, last);
	for (unsigned long number = series.first; sound && number <= last; number += series.every) {
		oom_begin(number);
		sound = reload(snapshots, refresh, path, &taken);
		runs++;
		kept += !taken;
	}
	oom_begin(0);
	sound = sound && reload(snapshots, refresh, path, &taken) && taken;
	ok(sound && kept > 0, "a reload: %u of %lu allocations fail, one at a time; the old policy stays, %u times",
	    runs, last, kept);
	unlink(path);
	refresh_close(refresh);
	snapshots_close(snapshots);
	resolver_close(resolver);
	canned_zone_close(zone);
}

static void
sweep(const char *name, struct series series)
{
	const char *srcdir = getenv("srcdir");

	if (strcmp(name, "reload") == 0)
		sweep_reload(srcdir == NULL ? "." : srcdir, series);
	else
		sweep_story(name, series);
}

static void
sweep_sample(struct series series)
{
	static const char *const sample[] = { "vouched-by-signature", "forged-when-all-evidence-is-against-it",
		"action-quarantine", "greylist-at-rcpt-with-differing-recipients",
		"unsure-max-ends-in-the-strangers-way", "outbound-odd-local-parts", "author-in-utf-8-and-in-a-labels" };
	const char *srcdir = getenv("srcdir");
	char path[1024];

	for (size_t i = 0; i < sizeof sample / sizeof *sample; i++) {
		snprintf(path, sizeof path, "%s/t/replay/%s.replay", srcdir == NULL ? "." : srcdir, sample[i]);
		sweep_story(path, series);
	}
	sweep("reload", series);
}

int
main(int argc, char **argv)
{
	struct series series = { 0 };

	if (!crypto_memory_take()) {
		printf("Bail out! OpenSSL does not take our allocator\n");
		return 1;
	}
	for (int option; (option = getopt(argc, argv, "k:f:")) != -1;) {
		if ((option != 'k' && option != 'f') || atoi(optarg) < 1)
			return 64;
		*(option == 'k' ? &series.every : &series.first) = (unsigned)atoi(optarg);
	}
	for (int i = optind; i < argc; i++)
		sweep(argv[i], series);
	if (optind == argc)
		sweep_sample(series);
	return done();
}
