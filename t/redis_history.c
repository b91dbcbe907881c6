/*
 * The script of the Redis store against the pure decision, which is also LMDB's; used by t/cli/redis.sh.
 *
 *   redis_history STORE history COUNT SEED   random tries by a random clock: every decision must be that of greylist_decide
 *   redis_history STORE crowd THREADS        all at once at one tuple: one is new, and none is lost
 *   redis_history STORE wait COUNT           how long the slowest of COUNT decisions took, in microseconds
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/store_redis.h"
#include "milter/system/clock.h"

enum { KEYS = 40, START = 1000000000, CROWD_MAX = 500 };

static struct settings settings = {
	.redis = { .user = "",
	    .password_file = "",
	    .prefix = "history:",
	    .connect_ms = 5000, /* a loaded machine */
	    .command_ms = 5000,
	    .tls = { "", "", "", "" } },
	.greylist = { .on = true, .delay = 300, .retry_window = 7200, .lifetime = 864000, .auto_pass = 5 }
};

static struct store *
open_store(const char *name)
{
	struct fault why;
	struct store *store;

	settings.store = name;
	store = store_redis(&settings, NULL, &why);
	if (store == NULL)
		fprintf(stderr, "redis_history: %s\n", why.text);
	return store;
}

/* Days, minutes, seconds, and now and then back. */
static int64_t
step(void)
{
	static const int64_t most[] = { 2, 400, 4000, 90000, 1000000, -5000 };
	int64_t room = most[random() % 6];

	return room < 0 ? -(random() % -room) : random() % room;
}

static void
tell(const char *what, const struct greylist_decision *decision)
{
	const struct greylist_record *record = &decision->record;

	printf("# %s: %s wait %" PRId64 " first %" PRId64 " last %" PRId64 " passed %u asked %u\n", what,
	    greylist_state_word(decision->state), decision->wait, record->first, record->last, record->passed,
	    record->asked);
}

static bool
is_same(const struct greylist_decision *one, const struct greylist_decision *other)
{
	return one->state == other->state && one->wait == other->wait && one->record.first == other->record.first &&
	    one->record.last == other->record.last && one->record.passed == other->record.passed &&
	    one->record.asked == other->record.asked && one->record.let_pass == other->record.let_pass;
}

/* What is written by others than the script: an administrator's word, a record that is no record. */
static bool
disturb(struct store *store, const char *key, struct greylist_record *kept, int64_t now)
{
	switch (random() % 8) {
	case 0:
		*kept = (struct greylist_record){ 0 };
		break;
	case 1:
		if (!greylist_record_is_blank(kept))
			*kept = greylist_record_let_pass(&settings.greylist, kept, now);
		break;
	default:
		return true;
	}
	return store_put(store, key, strlen(key), kept, NULL);
}

static int
history(struct store *store, long count, unsigned seed)
{
	static struct greylist_record kept[KEYS];
	int64_t now = START;
	char key[32];

	srandom(seed);
	for (long i = 0; i < count; i++) {
		struct greylist_record *record = &kept[random() % KEYS];
		struct greylist_decision wanted, got;

		now = now + step() < START ? START : now + step();
		snprintf(key, sizeof key, "g %u-%td", seed, record - kept);
		if (!disturb(store, key, record, now))
			return 1;
		wanted = greylist_decide(&settings.greylist, record, now);
		if (!store_decide(store, &settings.greylist, key, strlen(key), now, &got, NULL) ||
		    !is_same(&wanted, &got)) {
			printf("# try %ld at %" PRId64 "\n", i, now);
			tell("wanted", &wanted);
			tell("got", &got);
			return 1;
		}
		*record = wanted.record;
	}
	return 0;
}

/* ---- many at once ---- */

struct one {
	struct store *store;
	struct greylist_decision decision;
	pthread_t thread;
};

static void *
try_once(void *context)
{
	struct one *one = context;

	store_decide(one->store, &settings.greylist, "g crowd", 7, START, &one->decision, NULL);
	return NULL;
}

static int
crowd(struct store *store, long count)
{
	static struct one all[CROWD_MAX];
	struct greylist_record record;
	unsigned new = 0, early = 0;
	bool found;

	count = count > CROWD_MAX ? CROWD_MAX : count;
	for (long i = 0; i < count; i++) {
		all[i].store = store;
		if (pthread_create(&all[i].thread, NULL, try_once, &all[i]) != 0)
			return 1;
	}
	for (long i = 0; i < count; i++) {
		pthread_join(all[i].thread, NULL);
		new += all[i].decision.state == GREYLIST_NEW;
		early += all[i].decision.state == GREYLIST_EARLY;
	}
	if (!store_get(store, "g crowd", 7, &record, &found, NULL))
		return 1;
	printf("new %u early %u asked %u\n", new, early, record.asked);
	return 0;
}

/* A store that is known to be down makes nobody wait. */
static int
slowest(struct store *store, long count)
{
	struct greylist_decision decision;
	int64_t worst = 0;

	for (long i = 0; i < count; i++) {
		int64_t begin = clock_ticks();

		store_decide(store, &settings.greylist, "g wait", 6, START, &decision, NULL);
		worst = clock_ticks() - begin > worst ? clock_ticks() - begin : worst;
	}
	printf("%" PRId64 "\n", worst);
	return 0;
}

int
main(int argc, char **argv)
{
	struct store *store = argc < 4 ? NULL : open_store(argv[1]);
	long count = argc < 4 ? 0 : atol(argv[3]);
	int result = 2;

	if (store == NULL)
		return 2;
	if (strcmp(argv[2], "history") == 0 && argc == 5)
		result = history(store, count, (unsigned)atol(argv[4]));
	else if (strcmp(argv[2], "crowd") == 0)
		result = crowd(store, count);
	else if (strcmp(argv[2], "wait") == 0)
		result = slowest(store, count);
	store_close(store);
	return result;
}
