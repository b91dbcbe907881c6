/*
 * redis_pool.h - asks a Redis: keeps connections, knows whether it is down, and looks after it.
 *
 * Whoever judges mail waits at most for a connection and a reply, and not at all while it is known to be down: after
 * three time-outs in a row, or one word of the server that it serves nobody. A thread of its own asks twice a second.
 * Any thread may call. Knows nothing of greylists.
 */
#ifndef REDIS_POOL_H
#define REDIS_POOL_H

#include "milter/store/redis_link.h"

enum { REDIS_WORDS_MAX = STORE_PAGE + 8 };

/* Words may hold any bytes; borrowed. It is large: begun by its first word, not by zeros. */
struct redis_command {
	int count;
	const char *words[REDIS_WORDS_MAX];
	size_t lengths[REDIS_WORDS_MAX];
};
void redis_command_begin(struct redis_command *, const char *word);
void redis_command_add(struct redis_command *, const char *word, size_t length);
void redis_command_say(struct redis_command *, const char *word);

/* Makes something of a reply; false: it is not what the command is answered with. */
struct redis_taker {
	bool (*take)(const redisReply *, void *out);
	void *out;
};

/* Commands that go together, numbered from 0. A command is borrowed until the next one is made, and made again where it has to be
 * sent again; false for a reply as above. */
enum { REDIS_TOGETHER = STORE_TOGETHER };
struct redis_batch {
	size_t count; /* at most REDIS_TOGETHER */
	struct redis_command *(*make)(void *context, size_t number);
	bool (*take)(void *context, size_t number, const redisReply *);
	void *context;
};

/* Work that nobody waits for; it may ask the pool. */
typedef void redis_chores(void *owner);

struct redis_pool;
struct journal;

/*
 * Settings are copied; owner and journal are kept. journal NULL: nothing is said, and no thread is started; otherwise
 * that does the chores, twice a second. Looks once before it returns. probe is one command that does what a message's
 * does: by its reply the server counts as well. A command EVALSHA whose script the server does not know is sent again
 * with the text `script`, kept. NULL without memory or thread, or where the settings cannot work. Given.
 */
struct redis_pool *redis_pool_open(const struct settings *settings, const char *script, const struct redis_batch *probe,
    redis_chores *chores, void *owner, struct journal *journal, struct fault *why) MUST_USE;
void redis_pool_close(struct redis_pool *); /* NULL is fine */

/* Asks. False with why: it is down, or did not answer, or not so. */
bool redis_pool_ask(struct redis_pool *, struct redis_command *, const struct redis_taker *, struct fault *why) MUST_USE;

/*
 * The same in two steps, for commands that go together: they are sent at once, and their replies are waited for later, in their
 * order. NULL with why: it is down. Taking ends what was sent, and so does dropping it, which costs the connection. Each
 * reply is taken that came before the first failure.
 */
struct redis_sent;
struct redis_sent *redis_pool_send(struct redis_pool *, const struct redis_batch *, struct fault *why) MUST_USE;
bool redis_pool_take(struct redis_pool *, struct redis_sent *, struct fault *why) MUST_USE;
void redis_pool_drop(struct redis_sent *); /* NULL is fine */

/* The chores are done now, and not in half a second. */
void redis_pool_wake(struct redis_pool *);

/* Looks now: is it well, and where? */
void redis_pool_look(struct redis_pool *);

void redis_pool_report(struct redis_pool *, struct store_report *);
void redis_pool_count_passed(struct redis_pool *);

#endif
