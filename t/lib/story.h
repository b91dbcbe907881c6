/*
 * story.h - whole conversations from a file, with their DNS and their clock (t/replay/README.md).
 *
 * This reads a story; a player plays it to greenlane: play_inside.c calls message.h directly,
 * play_wire.c speaks the milter protocol to greenlaned's own objects.
 */
#ifndef STORY_H
#define STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/smtp/message.h"

/* What the MTA would do after a command. */
struct story_reply {
	char code[4], enhanced[16]; /* "" : goes on */
	char text[600];
	bool accepts_message; /* the end of the message: delivered */
	bool quarantined;
};

enum { STORY_HEADERS_MAX = 64 };

struct story_ending {
	struct story_reply reply;
	char *inserted[STORY_HEADERS_MAX]; /* "Name: value", topmost first; given (malloc) */
	size_t inserted_count;
	unsigned removed[STORY_HEADERS_MAX]; /* indexes of Authentication-Results deleted, as sent */
	size_t removed_count;
};

/* The client of the SMTP session, as the MTA reports it. */
struct story_client {
	struct address address;
	const char *text; /* the address as the story writes it: a mapped one stays IPv6 on the wire */
	uint16_t port;
	const char *name, *daemon_name, *mta_name;
	const char *resolve; /* {client_resolve}; NULL: no such macro */
};

struct player {
	const char *name; /* "inside" or "wire" */
	void (*connect)(struct player *, const struct story_client *);
	void (*helo)(struct player *, const char *);
	void (*mail)(struct player *, const char *path, const char *auth); /* auth NULL: no such macro */
	void (*rcpt)(struct player *, const char *path, struct story_reply *);
	/* refused by the MTA before us: status is "4.7.1", text the refusal */
	void (*rcpt_refused)(struct player *, const char *path, const char *status, const char *text);
	void (*header)(struct player *, const char *name, const char *value);
	void (*headers_end)(struct player *);
	void (*body)(struct player *, const char *bytes, size_t length); /* CRLF lines */
	void (*end)(struct player *, struct story_ending *);
	void (*abort)(struct player *); /* RSET, or a client that disconnected during a mail */
	void (*quit)(struct player *);
};

/* The services belong to the story: players keep them, and they change between stories. */
struct player *play_inside(const struct services *);
struct player *play_wire(const struct services *);

/* Plays one file; prints one TAP line per story. Fills `services` anew for each story. */
void story_play(const char *path, struct player *, struct services *services);

/* The same silently, without checking what the story expects. False: it cannot be played. */
bool story_rehearse(const char *path, struct player *, struct services *services);

/* A draft that is judged beside every story that has none of its own; "": the story's own CONFIG; NULL: none is. Kept. */
void story_shadow(const char *config);

/* For the stand-ins of clock.h and journal.h: the story's time, and the lines that were written. */
void story_clock_set(int64_t now);
void story_journal_clear(void);
void story_journal_watch(struct snapshots *);               /* whose draft is judged beside; NULL: nobody's */
const char *story_journal_line(bool json, unsigned before); /* the last (0) or the one before it (1), or "" */
const char *story_journal_notice(void);                     /* the last line that is not a record, or "" */
void story_journal_forget_notice(void);
size_t story_journal_verdicts(void); /* how many since the clear */
size_t story_journal_shadowed(void); /* how many of them say what a draft would do otherwise */
/* "", or how the first record differs from what it says when it is read back and judged again. */
const char *story_journal_difference(void);

#endif
