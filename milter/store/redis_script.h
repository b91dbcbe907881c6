/*
 * redis_script.h - greylist_decide and greylist_network_decide for a tuple in Redis, as one script that the server
 * runs, so that no other host comes between reading and writing.
 *
 * Never the place of a rule: greylist.c and greylist_network.c have the rules, and t/cli/redis.sh plays the same
 * histories against both.
 */
#ifndef REDIS_SCRIPT_H
#define REDIS_SCRIPT_H

/* KEYS: the tuple; where its network is asked, that and its domain. ARGV: now, delay, retry_window, lifetime in seconds;
 * auto_pass, auto_pass_network.
 * Replies { word of the state, seconds to wait, record in GREYLIST_RECORD_BYTES }. */
extern const char redis_script[];

/* KEYS: tuples; ARGV: for each its record in GREYLIST_RECORD_BYTES, and behind them the seconds that it stays. Puts each unless
 * the one that is there is as new; replies how many it put. */
extern const char redis_script_take[];

/* KEYS: the set of the hosts' keys, this host's key. ARGV: what all hosts' keys begin with, this host's line, the
 * seconds that it stays, how many lines are wanted, how long one may be. Replies the lines. Whatever lies under these
 * keys is no error: a greylist must not fail for it. */
extern const char redis_script_tell[];

enum { REDIS_SCRIPT_NAME = 41 };
/* The name that EVALSHA knows it by: SHA-1 in hexadecimal, terminated. */
void redis_script_name(char out[REDIS_SCRIPT_NAME]);

#endif
