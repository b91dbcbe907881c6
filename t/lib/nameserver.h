/*
 * nameserver.h - DNS servers on loopback for tests: a real one, and one that misbehaves.
 */
#ifndef NAMESERVER_H
#define NAMESERVER_H

#include <stdbool.h>

/* A real nsd that serves this root zone from a private temporary directory; nsd_stop stops it and removes
 * the directory. */
struct nsd;
struct nsd *nsd_start(const char *zone);    /* NULL when there is none, or it does not start */
const char *nsd_server(const struct nsd *); /* "127.0.0.1@PORT" */
void nsd_stop(struct nsd *);

/*
 * Answers every question over UDP by its first label:
 *     servfail, refused    with that code
 *     silent               not at all
 *     held                 once responder_release is called, all of them
 *     brief                with a TTL of 1 second
 *     lost                 only when the question is repeated
 *     garbage              with a response that lies about its lengths
 * Everything else, and those that are answered: A 192.0.2.N, where N counts the questions for that name;
 * PTR and MX answered.example; TXT "answered".
 */
struct responder;
struct responder *responder_start(void);
struct responder *responder_start_for_host(void); /* at port 53 of some 127.0.0.0/8 address; NULL if that is not allowed */
const char *responder_server(const struct responder *);
unsigned responder_count(struct responder *, const char *name); /* questions for a name so far */
unsigned responder_held(struct responder *);                    /* names with a held question */
void responder_release(struct responder *);                     /* answers them, and holds no more */
void responder_hold(struct responder *);                        /* holds again */
void responder_silence(struct responder *, bool silent);        /* an outage begins or ends */
void responder_stop(struct responder *);

#endif
