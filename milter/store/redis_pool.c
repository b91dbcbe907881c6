#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "milter/store/redis_find.h"
#include "milter/store/redis_pool.h"
#include "milter/store/redis_tls.h"
#include "milter/store/store_health.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"
#include "policy/rules/store_name.h"
#include "policy/util/arena.h"

enum {
	LOOK_MS = 500, /* so that a new master is in use a second after it was switched */
	SETTINGS_ARENA = 64 * 1024,
	IDLE_LINKS = 32,
	FAILURES_MAX = 3 /* in a row that are no reply, such as time-outs: then it is taken for down */
};

struct redis_pool {
	struct arena *arena; /* of name and settings */
	const char *name;    /* as greylist.store has it */
	struct redis_settings settings;
	const char *script;
	struct redis_batch probe;
	redis_chores *chores;
	void *owner;
	struct redis_find *find; /* of who holds look_lock */
	pthread_t keeper;
	bool runs; /* the thread is there */

	pthread_mutex_t look_lock; /* one look at a time; taken before lock */

	pthread_mutex_t lock; /* over all below; never held while Redis is asked */
	pthread_cond_t wake;
	bool down, closing;
	unsigned failures;   /* in a row */
	unsigned generation; /* of the place; links of an older one are closed */
	struct redis_place place;
	struct secret *password;
	struct redis_link *idle[IDLE_LINKS];
	size_t idle_count;
	struct store_health health;
	int64_t silent_since; /* no Sentinel answers since then; 0: one does, or there are none */
	struct fault silent;
};

/* ---- connections ---- */

void
redis_command_add(struct redis_command *command, const char *word, size_t length)
{
	command->words[command->count] = word;
	command->lengths[command->count++] = length;
}

void
redis_command_begin(struct redis_command *command, const char *word)
{
	command->count = 0;
	redis_command_say(command, word);
}

void
redis_command_say(struct redis_command *command, const char *word)
{
	redis_command_add(command, word, strlen(word));
}

/* A connection that a call uses. */
struct use {
	struct redis_link *link;
	unsigned generation;
	bool fresh; /* just opened; otherwise the server may have ended it meanwhile */
};

/* Lock held. */
static void
drop_idle(struct redis_pool *pool)
{
	while (pool->idle_count > 0)
		redis_link_close(pool->idle[--pool->idle_count]);
}

/* Lock held. */
static void
go_down(struct redis_pool *pool, const struct redis_trouble *trouble)
{
	pool->down = true;
	pool->generation++;
	drop_idle(pool);
	store_health_fails(&pool->health, trouble->state, &trouble->why);
	pthread_cond_signal(&pool->wake);
}

static void
note_trouble(struct redis_pool *pool, const struct redis_trouble *trouble, unsigned generation)
{
	pthread_mutex_lock(&pool->lock);
	if (generation == pool->generation && !pool->down && (trouble->lasting || ++pool->failures >= FAILURES_MAX))
		go_down(pool, trouble);
	pthread_mutex_unlock(&pool->lock);
}

/* Lock held. A connection that waits, unless a fresh one is wanted. */
static struct redis_link *
take_idle(struct redis_pool *pool, bool fresh)
{
	return fresh || pool->idle_count == 0 ? NULL : pool->idle[--pool->idle_count];
}

/* False: it is down, or cannot be reached. */
static bool
use_begin(struct redis_pool *pool, bool fresh, struct use *use, struct fault *why)
{
	struct secret *password = NULL;
	struct redis_trouble trouble;
	struct redis_place place;
	bool down;

	pthread_mutex_lock(&pool->lock);
	down = pool->down;
	if (down && why != NULL)
		*why = pool->health.report.why;
	*use = (struct use){ down ? NULL : take_idle(pool, fresh), pool->generation, false };
	place = pool->place;
	if (!down && use->link == NULL && (password = secret_open()) != NULL)
		secret_copy(password, pool->password);
	pthread_mutex_unlock(&pool->lock);
	if (!down && use->link == NULL) {
		use->fresh = true;
		use->link = redis_link_open(&place, &pool->settings, password, &trouble);
	}
	secret_close(password);
	if (down || use->link != NULL)
		return !down;
	note_trouble(pool, &trouble, use->generation);
	if (why != NULL)
		*why = trouble.why;
	return false;
}

/* The call was a success: the connection serves again. */
static void
use_end(struct redis_pool *pool, struct use *use)
{
	pthread_mutex_lock(&pool->lock);
	pool->failures = 0;
	if (use->generation == pool->generation && pool->idle_count < IDLE_LINKS) {
		pool->idle[pool->idle_count++] = use->link;
		use->link = NULL;
	}
	pthread_mutex_unlock(&pool->lock);
	redis_link_close(use->link);
}

/* A server that was started anew, or became the master, does not know the script: it is given its text in the same turn. */
static redisReply *
ask_script(struct redis_pool *pool, struct redis_link *link, struct redis_command *command, struct redis_trouble *trouble)
{
	command->words[0] = "EVAL";
	command->lengths[0] = strlen("EVAL");
	command->words[1] = pool->script;
	command->lengths[1] = strlen(pool->script);
	return redis_link_ask(link, command->count, command->words, command->lengths, trouble);
}

/* Hands the reply to take, which returns false where it is not what it should be. */
static bool
take_reply(const struct redis_pool *pool, const struct redis_batch *batch, size_t number, redisReply *reply,
    struct redis_trouble *trouble)
{
	bool taken = batch->take(batch->context, number, reply);

	freeReplyObject(reply);
	if (taken)
		return true;
	*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = true };
	fault_set(&trouble->why,
	    "%s gives an answer that no greylist has; give greylist.redis.prefix a name of its own", pool->name);
	return false;
}

/* ---- asking ---- */

struct redis_sent {
	struct use use;
	struct redis_batch batch;
	bool unknown[REDIS_TOGETHER]; /* to be asked again with the text of the script */
};

static void
send_all(const struct redis_sent *sent)
{
	for (size_t i = 0; i < sent->batch.count; i++) {
		const struct redis_command *command = sent->batch.make(sent->batch.context, i);

		redis_link_add(sent->use.link, command->count, command->words, command->lengths);
	}
	redis_link_send(sent->use.link);
}

struct redis_sent *
redis_pool_send(struct redis_pool *pool, const struct redis_batch *batch, struct fault *why)
{
	struct redis_sent *sent = calloc(1, sizeof *sent);

	if (sent == NULL) {
		if (why != NULL)
			fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	sent->batch = *batch;
	if (use_begin(pool, false, &sent->use, why)) {
		send_all(sent);
		return sent;
	}
	free(sent);
	return NULL;
}

/* The first reply; all is sent again where the connection had ended while it was idle. */
static redisReply *
take_first(struct redis_pool *pool, struct redis_sent *sent, struct redis_trouble *trouble)
{
	struct fault why;
	redisReply *reply = redis_link_take(sent->use.link, trouble);

	if (reply != NULL || sent->use.fresh || !redis_link_is_stale(sent->use.link))
		return reply;
	redis_link_close(sent->use.link);
	if (use_begin(pool, true, &sent->use, &why)) {
		send_all(sent);
		return redis_link_take(sent->use.link, trouble);
	}
	*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .why = why };
	return NULL;
}

static bool
take_one(struct redis_pool *pool, struct redis_sent *sent, size_t i, struct redis_trouble *trouble)
{
	redisReply *reply = i == 0 ? take_first(pool, sent, trouble) : redis_link_take(sent->use.link, trouble);

	if (reply != NULL)
		return take_reply(pool, &sent->batch, i, reply, trouble);
	sent->unknown[i] = trouble->no_script;
	return sent->unknown[i];
}

static bool
take_again(struct redis_pool *pool, struct redis_sent *sent, size_t i, struct redis_trouble *trouble)
{
	redisReply *reply = ask_script(pool, sent->use.link, sent->batch.make(sent->batch.context, i), trouble);

	return reply != NULL && take_reply(pool, &sent->batch, i, reply, trouble);
}

static bool
take_all(struct redis_pool *pool, struct redis_sent *sent, struct redis_trouble *trouble)
{
	for (size_t i = 0; i < sent->batch.count; i++)
		if (!take_one(pool, sent, i, trouble))
			return false;
	for (size_t i = 0; i < sent->batch.count; i++)
		if (sent->unknown[i] && !take_again(pool, sent, i, trouble))
			return false;
	return true;
}

bool
redis_pool_take(struct redis_pool *pool, struct redis_sent *sent, struct fault *why)
{
	struct redis_trouble trouble;
	bool taken = take_all(pool, sent, &trouble);

	if (taken) {
		use_end(pool, &sent->use);
	} else {
		redis_link_close(sent->use.link);
		note_trouble(pool, &trouble, sent->use.generation);
		if (why != NULL)
			*why = trouble.why;
	}
	free(sent);
	return taken;
}

void
redis_pool_drop(struct redis_sent *sent)
{
	if (sent != NULL)
		redis_link_close(sent->use.link);
	free(sent);
}

/* One command, made before. */
struct made {
	struct redis_command *command;
	const struct redis_taker *taker;
};

static struct redis_command *
give_made(void *context, size_t number)
{
	(void)number;
	return ((const struct made *)context)->command;
}

static bool
take_made(void *context, size_t number, const redisReply *reply)
{
	const struct redis_taker *taker = ((const struct made *)context)->taker;

	(void)number;
	return taker->take(reply, taker->out);
}

bool
redis_pool_ask(struct redis_pool *pool, struct redis_command *command, const struct redis_taker *taker, struct fault *why)
{
	struct made made = { command, taker };
	struct redis_batch batch = { 1, give_made, take_made, &made };
	struct redis_sent *sent = redis_pool_send(pool, &batch, why);

	return sent != NULL && redis_pool_take(pool, sent, why);
}

/* ---- looking ---- */

/* Does what a message does: reading works on many a server that takes no writes, or no scripts. */
static bool
serves(struct redis_pool *pool, struct redis_link *link, struct redis_trouble *trouble)
{
	struct redis_command *asked = pool->probe.make(pool->probe.context, 0);
	redisReply *reply = redis_link_ask(link, asked->count, asked->words, asked->lengths, trouble);

	if (reply == NULL && trouble->no_script)
		reply = ask_script(pool, link, asked, trouble);
	return reply != NULL && take_reply(pool, &pool->probe, 0, reply, trouble);
}

/* Finds the server that takes writes. The password is read anew: somebody may have changed it. */
static struct redis_link *
find(struct redis_pool *pool, struct redis_place *place, struct secret *password, struct redis_trouble *trouble)
{
	struct redis_link *link;

	*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = true };
	if (password == NULL) {
		fault_set(&trouble->why, "the greylist: out of memory");
		return NULL;
	}
	if (!redis_password_read(&pool->settings, password, &trouble->why))
		return NULL;
	link = redis_find(pool->find, password, place, trouble);
	if (link == NULL || serves(pool, link, trouble))
		return link;
	redis_link_close(link);
	return NULL;
}

/* Look_lock held. */
static void
look_for(struct redis_pool *pool)
{
	struct secret *password = secret_open(), *before;
	struct redis_trouble trouble;
	struct redis_place place;
	struct redis_link *link = find(pool, &place, password, &trouble);

	pthread_mutex_lock(&pool->lock);
	pool->down = link == NULL;
	if (link == NULL) {
		store_health_fails(&pool->health, trouble.state, &trouble.why);
	} else {
		pool->place = place;
		before = pool->password;
		pool->password = password;
		password = before;
		pool->failures = 0;
		pool->silent_since = 0;
		pool->generation++;
		drop_idle(pool);
		pool->idle[pool->idle_count++] = link;
		store_health_works(&pool->health);
	}
	pthread_mutex_unlock(&pool->lock);
	secret_close(password);
}

static void
note_sentinels(struct redis_pool *pool, const struct fault *silent)
{
	pthread_mutex_lock(&pool->lock);
	if (silent->text[0] == '\0')
		pool->silent_since = 0;
	else if (pool->silent_since == 0)
		pool->silent_since = clock_now();
	pool->silent = *silent;
	pthread_mutex_unlock(&pool->lock);
}

/* Asks the server as messages do, in case none comes. Look_lock held. */
static bool
is_well(struct redis_pool *pool)
{
	struct redis_trouble trouble;
	struct fault why, silent;
	struct use use;
	bool moved = redis_find_has_moved(pool->find, &pool->place, &silent);

	note_sentinels(pool, &silent);
	if (moved || !use_begin(pool, false, &use, &why))
		return false;
	if (serves(pool, use.link, &trouble)) {
		use_end(pool, &use);
		return true;
	}
	redis_link_close(use.link);
	return false;
}

void
redis_pool_look(struct redis_pool *pool)
{
	bool down;

	pthread_mutex_lock(&pool->look_lock);
	pthread_mutex_lock(&pool->lock);
	down = pool->down;
	pthread_mutex_unlock(&pool->lock);
	if (down || !is_well(pool))
		look_for(pool);
	pthread_mutex_unlock(&pool->look_lock);
}

void
redis_pool_wake(struct redis_pool *pool)
{
	pthread_cond_signal(&pool->wake); /* to be heard next time, where the keeper is busy */
}

/* Every half second; at once when a message found it down, but only once then. */
static void *
keeper_run(void *context)
{
	struct redis_pool *pool = context;
	struct timespec end;
	bool closing;

	for (;;) {
		end = condition_in(LOOK_MS);
		pthread_mutex_lock(&pool->lock);
		if (!pool->closing)
			pthread_cond_timedwait(&pool->wake, &pool->lock, &end);
		closing = pool->closing;
		pthread_mutex_unlock(&pool->lock);
		if (closing)
			break;
		redis_pool_look(pool);
		pool->chores(pool->owner);
	}
	return NULL;
}

/* ---- for status ---- */

void
redis_pool_report(struct redis_pool *pool, struct store_report *out)
{
	pthread_mutex_lock(&pool->lock);
	*out = pool->health.report;
	out->silent_since = pool->silent_since;
	out->silent = pool->silent;
	pthread_mutex_unlock(&pool->lock);
}

void
redis_pool_count_passed(struct redis_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	store_health_count_passed(&pool->health);
	pthread_mutex_unlock(&pool->lock);
}

/* ---- opening and closing ---- */

void
redis_pool_close(struct redis_pool *pool)
{
	if (pool == NULL)
		return;
	if (pool->runs) {
		pthread_mutex_lock(&pool->lock);
		pool->closing = true;
		pthread_cond_signal(&pool->wake);
		pthread_mutex_unlock(&pool->lock);
		pthread_join(pool->keeper, NULL);
	}
	drop_idle(pool);
	redis_find_close(pool->find);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	pthread_mutex_destroy(&pool->look_lock);
	arena_close(pool->arena);
	secret_close(pool->password);
	free(pool);
}

/* A policy goes with its reload, and the store stays: so all is copied. */
static bool
keep_settings(struct redis_pool *pool, const struct settings *settings)
{
	struct redis_settings *kept = &pool->settings;
	const char **texts[] = { &kept->user, &kept->password_file, &kept->prefix, &kept->tls.ca, &kept->tls.cert,
		&kept->tls.key, &kept->tls.name };

	*kept = settings->redis;
	if ((pool->arena = arena_open(SETTINGS_ARENA)) == NULL)
		return false;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = arena_format(pool->arena, "%s", *texts[i]);
	pool->name = arena_format(pool->arena, "%s", settings->store);
	return !arena_failed(pool->arena);
}

static void
open_locks(struct redis_pool *pool)
{

	pthread_mutex_init(&pool->look_lock, NULL);
	pthread_mutex_init(&pool->lock, NULL);
	condition_init(&pool->wake);
}

static bool
take_settings(struct redis_pool *pool, const struct settings *settings, struct fault *why)
{
	struct store_name name;

	if (!keep_settings(pool, settings))
		return fault_set(why, "the greylist: out of memory");
	if (!store_name_read(pool->name, &name, why) || !redis_tls_may(&pool->settings, name.path != NULL, why))
		return false;
	pool->find = redis_find_open(&name, &pool->settings);
	return pool->find != NULL || fault_set(why, "the greylist: out of memory");
}

/* Signals are for other threads. */
static bool
keeper_start(struct redis_pool *pool, struct fault *why)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pool->runs = pthread_create(&pool->keeper, NULL, keeper_run, pool) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pool->runs || fault_set(why, "the greylist store: no thread may be started");
}

struct redis_pool *
redis_pool_open(const struct settings *settings, const char *script, const struct redis_batch *probe,
    redis_chores *chores, void *owner, struct journal *journal, struct fault *why)
{
	struct redis_pool *pool = calloc(1, sizeof *pool);

	if (pool == NULL) {
		fault_set(why, "the greylist: out of memory");
		return NULL;
	}
	open_locks(pool);
	pool->script = script;
	pool->probe = *probe;
	pool->chores = chores;
	pool->owner = owner;
	pool->down = true;
	if (take_settings(pool, settings, why)) {
		store_health_open(&pool->health, pool->name, journal);
		redis_pool_look(pool);
		if (journal == NULL || keeper_start(pool, why))
			return pool;
	}
	redis_pool_close(pool);
	return NULL;
}
