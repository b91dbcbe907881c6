/*
 * load.h - what the files of milterload share: what was asked for, what is sent, who sends it, what came of it.
 *
 * milterload.c reads the options and writes the report; load_letter.c reads mail; load_worker.c is one connection after
 * another; load_milter.c and load_policy.c say one message in their protocol; load_usage.c looks at the servers.
 */
#ifndef LOAD_H
#define LOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <libmilter/mfapi.h>

#include "policy/util/address.h"
#include "policy/util/text.h"
#include "t/lib/milter_client.h"

enum { LOAD_FILES_MAX = 1024, LOAD_RCPTS_MAX = 64, LOAD_MACROS_MAX = 32, LOAD_PIDS_MAX = 64, LOAD_WORD = 400 };

/* Says so and ends the program. */
void load_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* ---- what is sent ---- */

struct load_field {
	const char *name;
	const char *value; /* with the blank behind the colon; LF between folded lines */
};

struct load_letter {
	struct load_field *fields;
	size_t count;
	struct span body; /* CRLF */
};

/* From a file with LF or CRLF; kept until the program ends. */
void load_letter_read(const char *path, struct load_letter *out);

/* ---- what was asked for ---- */

struct load_options {
	struct sockaddr_storage address; /* of the server */
	socklen_t address_length;        /* 0: not given */
	long connections, per_connection, messages, warmup, version, show;
	double rate, timeout, max_seconds, settle;
	struct address client;
	unsigned client_bits; /* of its prefix; all: one address */
	const char *client_name, *helo, *from, *label, *expect;
	const char *rcpts[LOAD_RCPTS_MAX], *macros[LOAD_MACROS_MAX]; /* macros: NAME=VALUE */
	size_t rcpt_count, macro_count;
	struct load_letter letters[LOAD_FILES_MAX];
	size_t letter_count;
	pid_t pids[LOAD_PIDS_MAX];
	size_t pid_count;
	uint32_t actions, protocol; /* offered to the milter */
	bool policy, json, children;
};

/* Copies a word; "%d" becomes the message's number, "%m" that of its file. What does not fit is cut. */
void load_expand(const struct load_options *, long number, const char *word, char out[LOAD_WORD]);

/* Who sends message `number`, as the options have it. */
struct load_sender {
	struct address address;
	char ip[ADDRESS_TEXT], name[LOAD_WORD], helo[LOAD_WORD], from[LOAD_WORD];
};
void load_sender_make(const struct load_options *, long number, struct load_sender *out);

/* ---- what came of it ---- */

enum load_verdict {
	LOAD_CONTINUE,
	LOAD_ACCEPT,
	LOAD_REJECT,
	LOAD_TEMPFAIL,
	LOAD_DISCARD,
	LOAD_QUARANTINE,
	LOAD_SHUTDOWN,
	LOAD_SKIP,
	LOAD_ERROR,
	LOAD_VERDICTS
};

enum load_action {
	LOAD_ADDHEADER,
	LOAD_INSHEADER,
	LOAD_CHGHEADER,
	LOAD_REPLBODY,
	LOAD_ADDRCPT,
	LOAD_DELRCPT,
	LOAD_CHGFROM,
	LOAD_QUARANTINED,
	LOAD_PROGRESS,
	LOAD_SKIPPED,
	LOAD_REPLYCODE,
	LOAD_ACTIONS
};

struct load_counts {
	long verdicts[LOAD_VERDICTS], actions[LOAD_ACTIONS], connections;
};

/* One series of messages: the warm-up, or what is measured. */
struct load_phase {
	bool measured;
	long messages;
	int64_t start_ns, until_ns;     /* monotonic_ns */
	atomic_long next;               /* the number of the next message */
	int64_t *took_ns, *took_end_ns; /* by number; 0: no verdict. NULL unless measured */
};

/* ---- who sends it: a thread with one connection after another ---- */

struct load_worker {
	const struct load_options *options;
	struct load_phase *phase;
	pthread_t thread;
	struct milter_client line;
	long said;                    /* messages on this connection */
	bool left;                    /* the milter accepted at CONNECT or HELO, and hears no more of this connection */
	bool shown, quarantined;      /* of this message */
	int64_t end_ns;               /* when its last request began; 0: it did not come so far */
	unsigned long steps;          /* negotiated, SMFIP_* */
	char *macros[SMFIM_LAST + 1]; /* which ones the milter wants at a stage; NULL: all */
	struct text data;
	struct load_counts counts;
};

/* Plays the phase with all workers; they are opened before the first and closed after the last. */
void load_workers_open(struct load_worker *, const struct load_options *);
void load_workers_run(struct load_worker *, const struct load_options *, struct load_phase *);
void load_workers_close(struct load_worker *, const struct load_options *);

/* Counts what the server did, in a phase that is measured. */
void load_count(struct load_worker *, enum load_action);

/* Keeps the first error of the worker. */
enum load_verdict load_error(struct load_worker *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The milter protocol: what follows the dial, and one message. */
enum load_verdict load_milter_connect(struct load_worker *, long number);
enum load_verdict load_milter_message(struct load_worker *, long number);
void load_milter_quit(struct load_worker *);

/* Postfix's policy delegation protocol: a request for each recipient. */
enum load_verdict load_policy_message(struct load_worker *, long number);

/* ---- what the servers used ---- */

struct load_usage {
	double cpu, user, system; /* seconds */
	long rss_kib, peak_kib, threads;
};

/* Of all options->pids together. */
struct load_usage load_usage_read(const struct load_options *);

#endif
