/*
 * store_watch.h - the LMDB store of the daemon: it says how it is, and is opened again by itself.
 *
 * Says once in the log what is wrong and what follows, and once that it is over. Never stops the
 * daemon: while it cannot answer, gets and puts are faults and nobody is greylisted.
 */
#ifndef STORE_WATCH_H
#define STORE_WATCH_H

#include "milter/store/store.h"

struct journal;

enum { STORE_LOOK_SECONDS = 3 };

/*
 * The store in the directory `path`, opened now if it can be. A thread looks every three seconds: a
 * store that was moved away, replaced or found damaged is closed; one that is closed is opened again
 * when something in its directory changed, and every half minute. A damaged file of ours is set aside
 * (store_aside.h) and a new greylist begun. NULL only without memory or
 * thread. The journal is borrowed. Given.
 */
struct store *store_watch(const char *path, struct journal *, struct fault *why) MUST_USE;

#endif
