/*
 * status_hosts_t.c - the hosts that share a store: who is shown, and for how long, when the store does not answer any more.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/peers/status_hosts.h"
#include "milter/system/clock.h"
#include "t/lib/tap.h"

/* ---- a clock that the test sets ---- */

static int64_t seconds = 1000;

int64_t
clock_ticks(void)
{
	return seconds * 1000000;
}

int64_t
clock_now(void)
{
	return 1700000000 + seconds;
}

/* ---- a host whose name is as long as one may be ---- */

#define HOST "greenlane-in-a-cluster-whose-names-are-long-and-differ-at-the-e1"
_Static_assert(sizeof HOST == HOST_NAME_MAX + 1, "no name is longer");

int
gethostname(char *out, size_t size)
{
	snprintf(out, size, "%s", HOST);
	return 0;
}

/* ---- a store that another host uses ---- */

static bool answers = true, named;

static bool
tell(struct store *store, const char *host, struct span line, store_line *each, void *context, struct fault *why)
{
	static const char other[] = "greenlane-host 1 mx2.example/1 1.0 abc 6553f100 0";

	(void)store;
	named = strncmp(host, HOST "/", sizeof HOST) == 0;
	if (!answers)
		return fault_set(why, "it does not answer");
	each(context, line);
	each(context, span_of(other));
	return true;
}

static struct store shared = { .shared = true, .tell = tell };

/* ---- what is shown ---- */

struct fixture {
	struct status_hosts *hosts;
	struct policy policy;
};

/* As many, a while later; our own one is the first. */
static void
shows(struct fixture *fixture, int later, size_t wanted, const char *name)
{
	struct arena *arena = arena_open(1024 * 1024);
	struct status status = { .now = 0 };

	seconds += later;
	status_hosts_look(fixture->hosts, &shared, &fixture->policy, 7);
	ok(arena != NULL && status_hosts_tell(fixture->hosts, &status, arena), "the hosts are told");
	is_number(status.host_count, wanted, "%s", name);
	ok(wanted == 0 || strstr(status.hosts[0].name, "/") != NULL, "with our own one first");
	ok(wanted < 2 || strcmp(status.hosts[1].name, "mx2.example/1") == 0, "and the other one");
	arena_close(arena);
}

int
main(void)
{
	struct fixture fixture = { .hosts = status_hosts_open("/var/lib/greenlane"), .policy = { .shared = 5 } };

	answers = false;
	shows(&fixture, 0, 0, "a store that has never answered names no host");
	answers = true;
	shows(&fixture, HOSTS_SECONDS, 2, "one that answers names both");
	ok(named, "its own line has a place of its own, however long the names of its hosts are");
	answers = false;
	shows(&fixture, STORE_LINE_SECONDS - 1, 2,
	    "when it fails, the other host is known for as long as its line would stay");
	shows(&fixture, 1, 1, "and no longer: what it believes now is not known");
	answers = true;
	shows(&fixture, HOSTS_SECONDS, 2, "both again, when the store answers");
	status_hosts_close(fixture.hosts);
	return done();
}
