/*
 * redis_pool.h - asks a Redis: keeps connections, knows whether it is down, and looks after it.
 *
 * Whoever judges mail waits at most for a connection and a reply, and not at all while it is known to be down: after three
 * time-outs in a row, or one word of the server that it serves nobody. A thread of its own asks every second. Any thread may call.
 * Knows nothing of greylists.
 */
#ifndef REDIS_POOL_H
#define REDIS_POOL_H

#include "milter/store/redis_link.h"

enum { REDIS_WORDS_MAX = STORE_PAGE + 8 };

/* Words may hold any bytes; borrowed. */
struct redis_command {
	int count;
	const char *words[REDIS_WORDS_MAX];
	size_t lengths[REDIS_WORDS_MAX];
};
void redis_command_add(struct redis_command *, const char *word, size_t length);
void redis_command_say(struct redis_command *, const char *word);

/* Makes something of a reply; false: it is not what the command is answered with. */
struct redis_taker {
	bool (*take)(const redisReply *, void *out);
	void *out;
};

/* Asks the command of a message that writes, and is no message: by what is returned the server counts as well. */
typedef void redis_probe(void *owner, struct redis_command *, struct redis_taker *);

/* Work that nobody waits for; it may ask the pool. */
typedef void redis_chores(void *owner);

struct redis_pool;
struct journal;

/*
 * Settings are copied; owner and journal are kept. journal NULL: nothing is said, and no thread is started; otherwise that does the chores each second. Looks once before it
 * returns. A command EVALSHA whose script the server does not know is sent again with the text `script`, kept. NULL
 * without memory or thread, or where the settings cannot work. Given.
 */
struct redis_pool *redis_pool_open(const struct settings *settings, const char *script, redis_probe *probe,
    redis_chores *chores, void *owner, struct journal *journal, struct fault *why) MUST_USE;
void redis_pool_close(struct redis_pool *); /* NULL is fine */

/* Asks. False with why: it is down, or did not answer, or not so. */
bool redis_pool_ask(struct redis_pool *, struct redis_command *, const struct redis_taker *, struct fault *why) MUST_USE;

/* Looks now: is it well, and where? */
void redis_pool_look(struct redis_pool *);

void redis_pool_report(struct redis_pool *, struct store_report *);
void redis_pool_count_passed(struct redis_pool *);

#endif
