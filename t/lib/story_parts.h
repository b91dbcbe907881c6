/*
 * story_parts.h - a story that is being played, only for the files that play it.
 */
#ifndef STORY_PARTS_H
#define STORY_PARTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "t/lib/story.h"

enum { TEXTS_MAX = 32, FIELDS_MAX = 5000, AHEAD_MAX = 16 };

struct named_text {
	char name[256];
	char *text;
};

struct field {
	char *name, *value;
	bool late; /* added by a forwarder: on top, unsigned */
};

struct story {
	const char *path;
	FILE *file;
	unsigned line, failures;
	char title[256];
	bool begun;  /* a mail is being composed */
	bool silent; /* expectations are not checked */
	bool over;   /* it cannot go on */

	/* the setup */
	struct player *player;
	struct services *services;
	struct canned_zone *zone;
	struct resolver counting, *canned;
	atomic_uint asked;                    /* DNS questions since MAIL */
	atomic_uint asked_for[STANDINGS];     /* the same, by the standing of the name */
	char slow[8][256];                    /* names whose answers take SLOW_MS of the budget */
	char down[8][256];                    /* names whose zones do not answer; "" is free, "." all of DNS */
	char ahead[AHEAD_MAX][DNS_NAME_TEXT]; /* prefetched since MAIL */
	size_t slow_count, ahead_count;
	size_t verdicts;     /* records written before MAIL */
	struct store *store; /* the greylist, also while it fails */
	struct named_text vendors[TEXTS_MAX];
	size_t vendor_count;
	char *config;
	char *draft; /* the second configuration; NULL: there is none */
	bool loaded;
	struct refresh *refresh;
	struct dkim_verifier *dkim;
	struct suffix_list suffixes;
	int64_t now;

	/* the conversation */
	struct story_client client;
	bool connected, mailed; /* a session is open; a mail in it */
	const char *auth;       /* NULL: the MTA gives no {auth_authen} */
	char auth_name[256], name[256], address[64], daemon_name[256], mta_name[256], resolve[16];
	struct field fields[FIELDS_MAX];
	size_t field_count;
	char signatures[16][1024];
	size_t signature_count;
	char *body, *sent_body;
	struct story_reply reply;
	struct story_ending ending;
};

/* Reports where and why, and counts it; the story goes on. */
void story_fail(struct story *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- story_mail.c: composing the mail ---- */

/* "KEY selector domain kind [test|strict|revoked]" publishes a key. */
void story_publish_key(struct story *, char *words);
void story_send(struct story *);        /* signs it and sends it to its end */
void story_drop_mail(struct story *);   /* what was composed so far */
void story_drop_ending(struct story *); /* what came back */

/* ---- story_expect.c ---- */

/* False when the verb is none of "EXPECT", "EXPECT-REPLY", ... */
bool story_expects(struct story *, const char *verb, const char *words);

#endif
