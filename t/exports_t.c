#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/state/exports.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { PATIENCE = 40 }; /* seconds for what comes in two; a round that needs no change comes after 60 */

static char folder[] = "/tmp/exports_t.XXXXXX";
static struct snapshots *snapshots;

/* ---- policies whose address we control ---- */

/* The linker puts this before the program's own (-Wl,--wrap): the memory stays, to be used again. */
void __wrap_policy_free(struct policy *);

static atomic_int freed;

void
__wrap_policy_free(struct policy *policy)
{
	if (policy != NULL)
		freed++;
}

static void
publish(struct policy *place, struct export_job *job, const char *name)
{
	static char paths[8][64];
	static unsigned used;
	char *path = paths[used++];
	struct fault why;

	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	*job = (struct export_job){ .format = EXPORT_POSTGREY, .file = path, .command = "", .value = "" };
	*place = (struct policy){ .exports = job, .export_count = 1 };
	if (!snapshot_publish(snapshots, place, ranges_build(NULL, 0, NULL, &why), NULL, &why))
		abort();
}

/* Waits until the file exists, and removes it. */
static bool
comes(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	for (unsigned i = 0; i < PATIENCE * 20; i++) {
		if (unlink(path) == 0)
			return true;
		usleep(50000); /* sleeps: until it looks again */
	}
	return false;
}

/* An allocator may reuse a freed policy's address for the next but one: the address does not identify it. */
static void
policy_in_the_place_of_an_old_one(void)
{
	static struct policy places[2];
	static struct export_job jobs[3];

	publish(&places[0], &jobs[0], "first");
	ok(comes("first"), "the exports of a policy are written");
	publish(&places[1], &jobs[1], "second");
	while (freed < 1)     /* a round may hold the first one still */
		usleep(1000); /* sleeps: until it looks again */
	publish(&places[0], &jobs[2], "third");
	ok(comes("third"), "and those of a policy at the first one's address, which was published before the next check");
}

int
main(void)
{
	struct exports *exports;
	struct fault why;
	char second[64];

	if (!scratch_make(folder) || (snapshots = snapshots_open(&why)) == NULL ||
	    (exports = exports_open(snapshots, NULL, NULL, folder, &why)) == NULL || !exports_start(exports, &why))
		abort();
	policy_in_the_place_of_an_old_one();
	exports_close(exports);
	snapshots_close(snapshots);
	snprintf(second, sizeof second, "%s/second", folder);
	unlink(second);
	rmdir(folder);
	return done();
}
