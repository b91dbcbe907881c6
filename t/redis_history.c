/*
 * The script of the Redis store against the pure decision, which is also LMDB's; used by t/cli/redis.sh.
 *
 *   redis_history STORE history COUNT SEED   random tries by a random clock, from a few networks in the name of a few domains: every
 *                                            decision must be that of greylist_decide and greylist_network_decide
 *   redis_history STORE take COUNT SEED      records of another store: the newer one is kept, by greylist_record_is_newer
 *   redis_history STORE crowd THREADS        all at once at one tuple: one is new, and none is lost
 *   redis_history STORE forget COUNT         writes COUNT tuples and one more, forgets those, and says how many are left
 *   redis_history STORE wait COUNT           how long the slowest of COUNT decisions took, in microseconds
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/store_redis.h"
#include "milter/system/clock.h"
#include "policy/rules/greylist_network.h"

enum { KEYS = 40, NETWORKS = 4, DOMAINS = 3, START = 1000000000, CROWD_MAX = 500 };

static struct settings settings = { .redis = { .user = "",
					.password_file = "",
					.prefix = "history:",
					.connect_ms = 5000, /* a loaded machine */
					.command_ms = 5000,
					.tls = { "", "", "", "" } },
	.greylist = {
	    .on = true, .delay = 300, .retry_window = 7200, .lifetime = 864000, .auto_pass = 5, .auto_pass_network = 3 } };

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

/* Seconds and minutes, now and then days or weeks, and back. */
static int64_t
step(void)
{
	static const int64_t most[] = { 2, 400, 400, 400, 400, 4000, 4000, 90000, -5000 }, longest = 1000000;
	int64_t room = random() % 100 == 0 ? longest : most[random() % (sizeof most / sizeof most[0])];

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
	if (key[0] == '\0')
		return true;
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

/* All that the store has, as it should be. */
struct kept {
	struct greylist_record tuples[KEYS], networks[NETWORKS], domains[NETWORKS][DOMAINS];
};

/* One try in four does not ask for the network. */
struct tried {
	struct greylist_keys keys;
	struct greylist_record *tuple, *network, *domain;
};

static struct tried
choose(struct kept *kept, unsigned seed)
{
	long network = random() % NETWORKS, domain = random() % DOMAINS, tuple = random() % KEYS;
	struct tried tried = { .tuple = &kept->tuples[tuple],
		.network = &kept->networks[network],
		.domain = &kept->domains[network][domain] };
	struct greylist_keys *keys = &tried.keys;

	keys->tuple_length = (size_t)snprintf(keys->tuple, sizeof keys->tuple, "g %u-%ld", seed, tuple);
	if (random() % 4 == 0)
		return tried;
	keys->network_length = (size_t)snprintf(keys->network, sizeof keys->network, "n %u-%ld", seed, network);
	keys->domain_length = (size_t)snprintf(keys->domain, sizeof keys->domain, "d %u-%ld %ld", seed, network, domain);
	return tried;
}

static struct greylist_decision
decide(const struct tried *tried, int64_t now)
{
	struct greylist_network network = { .network = *tried->network, .domain = *tried->domain };
	struct greylist_decision decision = greylist_decide(&settings.greylist, tried->tuple, now);

	if (tried->keys.network_length > 0)
		greylist_network_decide(&settings.greylist, tried->tuple, now, &decision, &network);
	if (decision.write)
		*tried->tuple = decision.record;
	if (network.write_network)
		*tried->network = network.network;
	if (network.write_domain)
		*tried->domain = network.domain;
	return decision;
}

/* Does the store have this record, or none where there is none? */
static bool
holds(struct store *store, const char *key, size_t length, const struct greylist_record *wanted)
{
	struct greylist_decision want = { .record = *wanted }, got = { .wait = 0 };
	bool found;

	if (length == 0 || !store_get(store, key, length, &got.record, &found, NULL))
		return length == 0;
	if (found ? is_same(&want, &got) : greylist_record_is_blank(wanted))
		return true;
	printf("# %s\n", key);
	tell("wanted", &want);
	tell("got", &got);
	return false;
}

/* A long history that leaves a rule out shows nothing. */
static int
every_state_came(const unsigned states[GREYLIST_STATES], long count)
{
	bool all = true;

	for (int i = GREYLIST_NEW; i <= GREYLIST_NETWORK; i++) {
		printf("# %s %u\n", greylist_state_word((enum greylist_state)i), states[i]);
		all = all && states[i] > 0;
	}
	return !all && count > 1000;
}

static int
history(struct store *store, long count, unsigned seed)
{
	static struct kept kept;
	unsigned states[GREYLIST_STATES] = { 0 };
	int64_t now = START;

	srandom(seed);
	for (long i = 0; i < count; i++) {
		struct tried tried = choose(&kept, seed);
		const struct greylist_keys *keys = &tried.keys;
		struct greylist_decision wanted, got;

		now = now + step() < START ? START : now + step();
		if (!disturb(store, keys->tuple, tried.tuple, now) ||
		    (random() % 20 == 0 && !disturb(store, keys->network, tried.network, now)))
			return 1;
		wanted = decide(&tried, now);
		states[wanted.state]++;
		if (!store_decide(store, &settings.greylist, keys, now, &got, NULL) || !is_same(&wanted, &got)) {
			printf("# try %ld at %" PRId64 "\n", i, now);
			tell("wanted", &wanted);
			tell("got", &got);
			return 1;
		}
		if (!holds(store, keys->tuple, keys->tuple_length, tried.tuple) ||
		    !holds(store, keys->network, keys->network_length, tried.network) ||
		    !holds(store, keys->domain, keys->domain_length, tried.domain))
			return 1;
	}
	return every_state_came(states, count);
}

/* ---- records of another store ---- */

/* Often the same in part. */
static struct greylist_record
any_record(void)
{
	return (struct greylist_record){ START + random() % 2, START + random() % 3, (uint32_t)(random() % 3),
		(uint32_t)(random() % 3), random() % 3 == 0 };
}

static int
take(struct store *store, long count, unsigned seed)
{
	static struct greylist_record kept[KEYS];

	srandom(seed);
	for (long i = 0; i < count; i++) {
		struct greylist_record *record = &kept[random() % KEYS], got;
		struct store_entry entry = { .record = any_record() };
		bool blank = greylist_record_is_blank(record),
		     newer = blank || greylist_record_is_newer(&entry.record, record), found;
		size_t taken;

		entry.length = (size_t)snprintf(entry.key, sizeof entry.key, "g take %u-%td", seed, record - kept);
		if (newer)
			*record = entry.record;
		if (!store_take(store, &settings.greylist, &entry, 1, START, &taken, NULL) || taken != newer ||
		    !store_get(store, entry.key, entry.length, &got, &found, NULL) || !found || got.last != record->last ||
		    got.passed != record->passed || got.asked != record->asked || got.let_pass != record->let_pass) {
			printf("# record %ld of %s: %s\n", i, entry.key, newer ? "is newer" : "is older");
			return 1;
		}
	}
	return 0;
}

/* ---- many at once ---- */

static const struct greylist_keys crowd_keys = { .tuple = "g crowd", .tuple_length = 7 };

struct one {
	struct store *store;
	struct greylist_decision decision;
	pthread_t thread;
};

static void *
try_once(void *context)
{
	struct one *one = context;

	store_decide(one->store, &settings.greylist, &crowd_keys, START, &one->decision, NULL);
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

/* ---- forgetting ---- */

static int
forget(struct store *store, long count)
{
	static char texts[CROWD_MAX + 1][32];
	static struct store_key keys[CROWD_MAX + 1];
	struct greylist_record record = { .first = START, .last = START, .asked = 1 };
	unsigned left = 0;
	bool found;

	count = count > CROWD_MAX ? CROWD_MAX : count;
	for (long i = 0; i <= count; i++) {
		keys[i] = (struct store_key){ texts[i], (size_t)snprintf(texts[i], sizeof texts[i], "u forget %ld", i) };
		if (!store_put(store, keys[i].text, keys[i].length, &record, NULL))
			return 1;
	}
	if (!store_forget(store, keys, (size_t)count, NULL))
		return 1;
	for (long i = 0; i <= count; i++)
		left += store_get(store, keys[i].text, keys[i].length, &record, &found, NULL) && found;
	printf("left %u\n", left);
	return 0;
}

/* A store that is known to be down makes nobody wait. */
static int
slowest(struct store *store, long count)
{
	static const struct greylist_keys keys = { .tuple = "g wait", .tuple_length = 6 };
	struct greylist_decision decision;
	int64_t worst = 0;

	for (long i = 0; i < count; i++) {
		int64_t begin = clock_ticks();

		store_decide(store, &settings.greylist, &keys, START, &decision, NULL);
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
	else if (strcmp(argv[2], "take") == 0 && argc == 5)
		result = take(store, count, (unsigned)atol(argv[4]));
	else if (strcmp(argv[2], "crowd") == 0)
		result = crowd(store, count);
	else if (strcmp(argv[2], "forget") == 0)
		result = forget(store, count);
	else if (strcmp(argv[2], "wait") == 0)
		result = slowest(store, count);
	store_close(store);
	return result;
}
