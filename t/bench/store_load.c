/*
 * store_load.c - tuples through a greylist store, as fast as it takes them; for t/bench/store.
 *
 * Usage: store_load STORE COUNT THREADS       our store: each tuple is decided as new, and later as due
 *        store_load --two STORE COUNT THREADS the way of rspamd: two keys are read, then each is written, twice as well
 * STORE is as in greylist.store. Prints decisions a second, and microseconds of CPU of this process for one.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "milter/store/store_redis.h"
#include "milter/system/clock.h"
#include "policy/rules/store_name.h"

enum { START = 1000000000, THREADS_MAX = 100, DELAY = 300 };

static struct settings settings = {
	.redis = { .user = "",
	    .password_file = "",
	    .prefix = "bench:",
	    .connect_ms = 5000,
	    .command_ms = 5000,
	    .tls = { "", "", "", "" } },
	.greylist = { .on = true, .delay = DELAY, .retry_window = 7200, .lifetime = 864000, .auto_pass = 5 }
};

struct lane {
	pthread_t thread;
	struct store *store;   /* ours */
	redisContext *context; /* or theirs */
	long first, end;       /* numbers of its tuples */
	int64_t now;
	bool failed;
};

static void
die(const char *what)
{
	fprintf(stderr, "store_load: %s\n", what);
	exit(1);
}

/* ---- one decision ---- */

static bool
decide(struct lane *lane, long number)
{
	struct greylist_keys keys = { .network_length = 0 };
	struct greylist_decision decision;

	keys.tuple_length = (size_t)snprintf(keys.tuple, sizeof keys.tuple,
	    "g news@sender%ld.example somebody@rx.example 192.0.2.0/24", number);
	return store_decide(lane->store, &settings.greylist, &keys, lane->now, &decision, NULL) &&
	    decision.state == (lane->now == START ? GREYLIST_NEW : GREYLIST_DUE);
}

static bool
say(redisContext *context, const char *format, long number)
{
	redisReply *reply = redisCommand(context, format, number, number);
	bool good = reply != NULL && reply->type != REDIS_REPLY_ERROR;

	if (reply != NULL)
		freeReplyObject(reply);
	return good;
}

/* Names as long as rspamd's: its hash of the body, its hash of the envelope. */
static bool
decide_two(struct lane *lane, long number)
{
	bool due = lane->now != START;

	return say(lane->context, "MGET rgb%020ld rgm%020ld", number) &&
	    say(lane->context, due ? "EXPIRE rgb%020ld 86400" : "SETEX rgb%020ld 86400 1764400000", number) &&
	    say(lane->context, due ? "EXPIRE rgm%020ld 86400" : "SETEX rgm%020ld 86400 1764400000", number);
}

static void *
run_lane(void *context)
{
	struct lane *lane = context;

	for (long i = lane->first; i < lane->end && !lane->failed; i++)
		lane->failed = !(lane->store != NULL ? decide(lane, i) : decide_two(lane, i));
	return NULL;
}

/* ---- all of them ---- */

static struct store *
open_store(const char *text)
{
	struct store_name name;
	struct fault why;
	struct store *store;

	settings.store = text;
	if (!store_name_read(text, &name, &why))
		die(why.text);
	store = name.kind == STORE_LMDB ? store_lmdb(name.path, &why) : store_redis(&settings, NULL, &why);
	if (store == NULL)
		die(why.text);
	return store;
}

static redisContext *
connect_to(const char *text)
{
	struct store_name name;
	struct fault why;
	redisContext *context;

	if (!store_name_read(text, &name, &why))
		die(why.text);
	context = name.path != NULL ? redisConnectUnix(name.path)
				    : redisConnect(name.hosts[0].host, (int)name.hosts[0].port);
	if (context == NULL || context->err != 0)
		die("cannot connect");
	return context;
}

static int64_t
cpu_spent(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return (int64_t)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec +
	    use.ru_stime.tv_usec;
}

static void
run_lanes(struct lane *lanes, long threads, int64_t now)
{
	for (long i = 0; i < threads; i++) {
		lanes[i].now = now;
		if (pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) != 0)
			die("no thread");
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(lanes[i].thread, NULL);
		if (lanes[i].failed)
			die("a decision failed, or is another than it should be");
	}
}

int
main(int argc, char **argv)
{
	static struct lane lanes[THREADS_MAX];
	bool two = argc == 5 && strcmp(argv[1], "--two") == 0;
	long count = 0, threads = 0;
	struct store *store;
	struct fault why;
	int64_t began, cpu;

	argv += two;
	if (argc != 4 + two || (threads = atol(argv[3])) < 1 || threads > THREADS_MAX || (count = atol(argv[2])) < threads)
		die("usage: store_load [--two] STORE COUNT THREADS");
	store = two ? NULL : open_store(argv[1]);
	for (long i = 0; i < threads; i++)
		lanes[i] = (struct lane){ .store = store,
			.context = two ? connect_to(argv[1]) : NULL,
			.first = count * i / threads,
			.end = count * (i + 1) / threads };
	began = clock_ticks(), cpu = cpu_spent();
	run_lanes(lanes, threads, START);
	run_lanes(lanes, threads, START + DELAY + 1);
	if (store != NULL && !store_sync(store, &why))
		die(why.text);
	printf("%.0f %.3f\n", 2e6 * (double)count / (double)(clock_ticks() - began),
	    (double)(cpu_spent() - cpu) / (2.0 * (double)count));
	for (long i = 0; i < threads; i++)
		if (two)
			redisFree(lanes[i].context);
	store_close(store);
	return 0;
}
