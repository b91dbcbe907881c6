/*
 * store.h - stores greylist records.
 *
 * A struct of functions: store_memory.c, store_lmdb.c, store_watch.c, which opens the LMDB store again, store_redis.c,
 * store_unsure.c, and store_lmdb_reader.c for tools. Any thread may call. When a store fails, there is no greylisting,
 * and the log says so: no mail is deferred for ever.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/rules/greylist.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

enum store_state {
	STORE_STATE_OFF, /* there is none */
	STORE_STATE_WORKS,
	STORE_STATE_READ_ONLY, /* may be read, but not written */
	STORE_STATE_FULL,      /* its disk, its quota or its file */
	STORE_STATE_DAMAGED,
	STORE_STATE_FAILED /* anything else: it may not be opened, its disk fails, it is no greylist */
};
const char *store_state_word(enum store_state); /* "off", "works", "read-only", "full", "damaged", "failed" */

/* What a store says of itself. */
struct store_report {
	enum store_state state;
	int64_t since;        /* when it began to work, or the trouble began; seconds since 1970, 0: not known */
	uint64_t passed;      /* messages that were not greylisted because of the trouble; 0 while it works */
	uint64_t passed_ever; /* the same since the start */
	struct fault why;     /* of the trouble, with its remedy; "" while it works */
	int64_t silent_since; /* no Sentinel answers since then, so that no other master would be found; 0: one does, or none is named */
	struct fault silent; /* what is wrong with the last of them */
};

enum { STORE_PAGE = 256, STORE_KEY_ROOM = GREYLIST_KEY_MAX + 1 }; /* a page can begin right behind any key */

/* A record and its key; not terminated. */
struct store_entry {
	struct greylist_record record;
	size_t length;
	char key[GREYLIST_KEY_MAX];
};

/* Records in the order of their keys' bytes, and where the next page begins. */
struct store_page {
	struct store_entry entries[STORE_PAGE];
	size_t count;
	bool is_last; /* there are none behind it; otherwise the next page begins with next */
	size_t next_length;
	char next[STORE_KEY_ROOM];
};

/* Takes a line that a host put into the store, or somebody else did: borrowed. */
typedef void store_line(void *context, struct span line);
enum { STORE_LINES_MAX = 32, STORE_LINE_MAX = 80 * 1024, STORE_LINE_SECONDS = 60 };

/* A key; borrowed. */
struct store_key {
	const char *text;
	size_t length;
};

/* Tuples that are asked about together, and answered later. All is borrowed until then. */
enum { STORE_TOGETHER = 32 };
struct store_question {
	const struct greylist_settings *settings;
	const struct greylist_keys *keys;
	size_t count; /* at most STORE_TOGETHER */
	int64_t now;
	struct greylist_decision *answers; /* room for as many */
	void *sent;                        /* this and what follows is the store's */
	struct store *store;
};

struct store {
	bool shared;    /* other hosts use it as well: one in monitor mode does not teach it */
	bool unordered; /* a page does not begin with a key, only with what the page before named, or with none */
	bool (*get)(struct store *, const char *key, size_t length, struct greylist_record *out, bool *found,
	    struct fault *why);
	bool (*put)(struct store *, const char *key, size_t length, const struct greylist_record *, struct fault *why);
	/* In a store that is asked over a network: sends a question, takes its answers (those that came stay, whatever
	 * is returned), or does not. All NULL: get, greylist_decide and put make the answers. */
	bool (*ask)(struct store *, struct store_question *, struct fault *why);
	bool (*answer)(struct store *, struct store_question *, struct fault *why);
	void (*unask)(struct store_question *);
	/* NULL: as get and put make it, one by one. */
	bool (*take)(struct store *, const struct greylist_settings *, const struct store_entry *, size_t count,
	    int64_t now, size_t *taken, struct fault *why);
	/* NULL: as get and put make it, one by one. */
	bool (*forget)(struct store *, const struct store_key *, size_t count, struct fault *why);
	/* Drops the records for which `dead` returns true; each call checks a bounded number. *done after a whole
	 * round. The store is locked meanwhile: dead must not call it. */
	bool (*sweep)(struct store *, bool (*dead)(const void *, const struct greylist_record *), const void *context,
	    bool *done, struct fault *why);
	bool (*sync)(struct store *, struct fault *why); /* waits until all that was put is on disk */
	void (*close)(struct store *);
	/* NULL in a store that no other host uses. */
	bool (*tell)(struct store *, const char *host, struct span line, store_line *each, void *context,
	    struct fault *why);
	/* NULL in a store whose records cannot be listed. */
	bool (*page)(struct store *, const char *from, size_t length, struct store_page *out, struct fault *why);
	/* NULL in a store that does not watch itself. */
	void (*report)(struct store *, struct store_report *);
	void (*count_passed)(struct store *);
	void (*look)(struct store *);
};

bool store_get(struct store *, const char *key, size_t length, struct greylist_record *out, bool *found,
    struct fault *why) MUST_USE;
bool store_put(struct store *, const char *key, size_t length, const struct greylist_record *, struct fault *why) MUST_USE;
/*
 * Reads a tuple and, where it has keys, its network; decides (greylist_decide, greylist_network_decide) and stores what
 * follows. In a store that is shared this is one step: no other host comes between. False, and GREYLIST_FAILED: the
 * store failed, for nobody may wait for a tuple that is not stored; a pass that could not be noted is none the less a
 * pass.
 */
bool store_decide(struct store *, const struct greylist_settings *, const struct greylist_keys *, int64_t now,
    struct greylist_decision *out, struct fault *why);
/*
 * The same for many tuples, in their order, in two steps: whoever has other work to do asks before it. Each answer is that of
 * store_decide, and each tuple is stored whether the answers are taken or not; a store that need not be asked over a network does
 * all when they are taken. Every question that was asked is answered or dropped.
 */
void store_ask(struct store *, struct store_question *);
void store_answer(struct store *, struct store_question *);
void store_unask(struct store *, struct store_question *);
/*
 * Puts records of another store, STORE_PAGE at most, each unless the one that is there is as new or newer; *taken: how many.
 * In a store that is shared no other host comes between looking and writing; in another one a try of the same tuple in that very
 * moment may be forgotten. Without a fault all are there.
 */
bool store_take(struct store *, const struct greylist_settings *, const struct store_entry *, size_t count, int64_t now,
    size_t *taken, struct fault *why) MUST_USE;
/* Nothing is known of these keys any more, as if a blank record were put for each; what is not there is not written. A store that
 * is asked over a network may do it a second later, so that nobody waits. */
bool store_forget(struct store *, const struct store_key *, size_t count, struct fault *why) MUST_USE;
bool store_sweep(struct store *, bool (*dead)(const void *, const struct greylist_record *), const void *context,
    bool *done, struct fault *why) MUST_USE;
bool store_sync(struct store *, struct fault *why) MUST_USE;
/*
 * Puts the records from `from` on (at most STORE_KEY_ROOM bytes; none: from the first) into *out, a page at most: there
 * may be fewer, even none, before the last one. All that was put before is there. Nothing waits for it longer than
 * for reading one page.
 */
bool store_page(struct store *, const char *from, size_t length, struct store_page *out, struct fault *why) MUST_USE;
/* Puts a line about this host into a store that hosts share, where it stays for STORE_LINE_SECONDS, and calls each for
 * every host's, this one's too: STORE_LINES_MAX at most, none of more than STORE_LINE_MAX bytes. Says nothing in a
 * store of one host. */
bool store_tell(struct store *, const char *host, struct span line, store_line *each, void *context,
    struct fault *why) MUST_USE;
void store_close(struct store *); /* NULL is fine */

/* In which state the store is, for `status`. NULL is off. */
void store_report(struct store *, struct store_report *out);
/* A message was not greylisted because the store could not answer. NULL is fine. */
void store_count_passed(struct store *);
/* Looks now whether the store is well, and tries to open it where it is not. NULL is fine. */
void store_look(struct store *);

/* In memory, at most `ceiling` records: a new record replaces the oldest. Given. */
struct store *store_memory(size_t ceiling, struct fault *why) MUST_USE;

/*
 * A directory (created with mode 0750 if missing) with an LMDB environment. Open after daemonising, once per
 * process; it starts a thread. The file is checked first (lmdb_check.h): a damaged file is a fault and is left
 * alone. A record is on disk within about a second, at once after store_sync, and at the latest after
 * store_close (call store_sync first to learn of faults). While the disk is full, puts return faults but are kept
 * in memory while there is room, and gets still work. The file never grows beyond 1 GiB, six million records. Given.
 */
struct store *store_lmdb(const char *path, struct fault *why) MUST_USE;

/* The same with another size limit of its file, in bytes. */
struct store *store_lmdb_within(const char *path, size_t ceiling, struct fault *why) MUST_USE;

/*
 * The same directory, only to read: nothing is created or changed in it, also not by mistake. Gets and pages work, puts
 * are faults. Safe beside a process that writes (LMDB's lock file counts the readers). A directory without a greylist
 * is a fault. Given.
 */
struct store *store_lmdb_reader(const char *path, struct fault *why) MUST_USE;
/* Has another process it open, such as a daemon? */
bool store_lmdb_in_use(const char *path);
/* Could store_lmdb open it, were its directory made? held: a daemon has it open, so that it is not opened, only checked.
 * Changes nothing. */
bool store_lmdb_try(const char *path, bool held, struct fault *why) MUST_USE;

/* Of a store that store_lmdb opened: is its file still the one that was opened, and as long as it was? False: it was
 * moved away, replaced or cut short. Then nothing more is written to it; what is left is to close it. */
bool store_lmdb_has_file(struct store *, struct fault *why) MUST_USE;
/* False while what was put could not be written. */
bool store_lmdb_writes(struct store *, struct fault *why) MUST_USE;

/* Keeps unsure tuples in `kept` (borrowed; NULL: there is none), and while that fails in memory, at most `ceiling`
 * records. Given. */
struct store *store_unsure(struct store *kept, size_t ceiling, struct fault *why) MUST_USE;

#endif
