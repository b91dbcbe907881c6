/*
 * redis_script.h - greylist_decide for a tuple in Redis, as one script that the server runs, so that no other host comes between
 * reading and writing.
 *
 * Never the place of a rule: greylist.c has the rules, and t/mta/redis.sh plays the same histories against both.
 */
#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

/* KEYS: the tuple. ARGV: now, delay, retry_window, lifetime, auto_pass, all in seconds but the last.
 * Replies { word of the state, seconds to wait, record in GREYLIST_RECORD_BYTES }. */
extern const char redis_script[];

enum { REDIS_SCRIPT_NAME = 41 };
/* The name that EVALSHA knows it by: SHA-1 in hexadecimal, terminated. */
void redis_script_name(char out[REDIS_SCRIPT_NAME]);

#endif
