#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>
#include <unbound.h>
#include <unbound-event.h>

#include "milter/checks/admission.h"
#include "milter/checks/answer_cache.h"
#include "milter/checks/resolver.h"
#include "milter/checks/server_health.h"
#include "milter/checks/unbound_context.h"
#include "milter/system/clock.h"
#include "milter/system/condition.h"
#include "milter/system/journal.h"
#include "policy/dns/dns_packet.h"

enum {
	CACHE_BYTES = 16 * 1024 * 1024,
	WAITERS_MAX = 10000,        /* of one question */
	RESERVE = 128,              /* sockets left free for listed names, whatever else is asked */
	BUCKETS = 1024,             /* a power of two */
	ANSWER_BYTES = 1024 * 1024, /* of one answer: 64 KiB on the wire, names written out */
	CLASS_IN = 1,
	TYPE_A = 1,
	RCODE_NXDOMAIN = 3,
	CLOSE_MS = 5 * 1000,
	LOOK_SECONDS = 1, /* without an answer: then resolv.conf is looked at, less than a question's time-out */
	SEC_BOGUS = 1,    /* unbound-event.h, ub_resolve_event */
	SEC_SECURE = 2
};
_Static_assert(ADMIT_STRANGERS + ADMIT_BELOW + ADMIT_SELECTORS + RESERVE <= UNBOUND_SOCKETS, "the reserve is kept");

/*
 * A question in progress, or one that waits for its turn. Its callback and every thread that waits for it hold
 * it; the last to release it frees it. If a thread gives up, the question goes on, and its answer still goes to
 * the cache.
 */
struct query {
	LIST_ENTRY(query) chain;
	STAILQ_ENTRY(query) next;
	struct ticket ticket;
	struct dispatcher *dispatcher;
	unsigned holders;
	bool sent; /* the dispatcher thread's */
	bool ended;
	pthread_cond_t end;
	struct arena *arena; /* of the answer */
	struct dns_answer answer;
	struct dns_question question;
};

LIST_HEAD(queries, query);
STAILQ_HEAD(query_queue, query);

struct dispatcher {
	struct resolver interface; /* first: a resolver pointer is cast to its dispatcher */
	struct answer_cache *cache;
	struct suffix_list suffixes;
	int64_t timeout_ms;

	pthread_mutex_t lock; /* protects everything down to the empty line, and every query */
	pthread_cond_t emptied;
	struct queries under_way[BUCKETS];
	struct admission *admission;
	struct query_queue submitted; /* not yet taken by the dispatcher thread */
	size_t waiters;               /* threads that wait for an answer */
	bool closing, look_again;
	int64_t submitted_at; /* since when the dispatcher thread has taken none; microseconds; 0: it has taken all */
	bool gone;            /* it has ended */

	/* libunbound crashes with several threads: only the dispatcher thread uses these once it runs */
	struct event_base *base;
	struct event *wakeup, *look;
	struct ub_ctx *context;
	char *trust_anchor;
	struct server_health health; /* others read its servers with the lock, with which it writes them */
	bool replacing;              /* the context: what it still calls back for is asked again */
	bool probing;
	int wakeup_fd;
	pthread_t thread;
};

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- questions in progress; call with the lock held ---- */

static struct queries *
bucket_of(struct dispatcher *dispatcher, const struct dns_question *question)
{
	return &dispatcher->under_way[answer_cache_hash(dispatcher->cache, question) & (BUCKETS - 1)];
}

static struct query *
query_find(struct dispatcher *dispatcher, const struct dns_question *question)
{
	struct query *query;

	LIST_FOREACH (query, bucket_of(dispatcher, question), chain)
		if (query->question.type == question->type && strcmp(query->question.name, question->name) == 0)
			return query;
	return NULL;
}

static void
dispatcher_wake(struct dispatcher *dispatcher)
{
	(void)eventfd_write(dispatcher->wakeup_fd, 1); /* fails only when 2^64 wake-ups were not read */
}

/* Passes a question to the dispatcher thread, which holds the query. */
static void
query_submit(struct dispatcher *dispatcher, struct query *query)
{
	query->holders++;
	if (STAILQ_EMPTY(&dispatcher->submitted)) {
		dispatcher->submitted_at = now_us();
		dispatcher_wake(dispatcher);
	}
	STAILQ_INSERT_TAIL(&dispatcher->submitted, query, next);
}

/* Starts a question, or queues it; NULL when the queue is full too. */
static struct query *
query_start(struct dispatcher *dispatcher, const struct dns_question *question)
{
	struct query *query;
	enum admitted admitted;

	if (dispatcher->closing || (query = calloc(1, sizeof *query)) == NULL)
		return NULL;
	admitted = admission_ask(dispatcher->admission, &query->ticket, question->standing,
	    admission_group(&dispatcher->suffixes, question));
	if (admitted == ADMITTED_NOT) {
		free(query);
		return NULL;
	}
	query->dispatcher = dispatcher;
	query->question = *question;
	query->answer.status = DNS_TEMPORARY;
	condition_init(&query->end);
	LIST_INSERT_HEAD(bucket_of(dispatcher, question), query, chain);
	if (admitted == ADMITTED)
		query_submit(dispatcher, query);
	return query;
}

/* Somebody of a better standing asks a question that still waits for its turn. */
static void
query_raise(struct query *query, const struct dns_question *question)
{
	struct dispatcher *dispatcher = query->dispatcher;

	if (query->ticket.waits &&
	    admission_raise(dispatcher->admission, &query->ticket, question->standing,
		admission_group(&dispatcher->suffixes, question)))
		query_submit(dispatcher, query);
}

/* Removes a query and starts those that its slot was keeping back. */
static void
query_leave(struct query *query)
{
	struct dispatcher *dispatcher = query->dispatcher;
	struct ticket *next;

	LIST_REMOVE(query, chain);
	admission_leave(dispatcher->admission, &query->ticket);
	while (!dispatcher->closing && (next = admission_next(dispatcher->admission)) != NULL)
		query_submit(dispatcher, (struct query *)((char *)next - offsetof(struct query, ticket)));
}

static void
query_release(struct query *query)
{
	if (--query->holders > 0)
		return;
	if (query->ticket.waits)
		query_leave(query);
	pthread_cond_destroy(&query->end);
	arena_close(query->arena);
	free(query);
}

/* Waits until it ends, the deadline passes or the resolver closes. */
static void
query_wait(struct query *query, int64_t deadline_us)
{
	struct timespec deadline = condition_at(deadline_us);

	while (!query->ended && !query->dispatcher->closing)
		if (pthread_cond_timedwait(&query->end, &query->dispatcher->lock, &deadline) == ETIMEDOUT)
			return;
}

/* ---- the dispatcher thread: everything that uses libunbound ---- */

static void
look_later(struct dispatcher *dispatcher)
{
	if (!event_pending(dispatcher->look, EV_TIMEOUT, NULL))
		(void)event_add(dispatcher->look, &(struct timeval){ .tv_sec = LOOK_SECONDS });
}

static void
note_asked(struct dispatcher *dispatcher)
{
	server_health_asked(&dispatcher->health, now_us());
	look_later(dispatcher);
}

static void
note_ended(struct dispatcher *dispatcher, bool answered)
{
	server_health_ended(&dispatcher->health, answered, now_us());
}

/* The answer has come; it is in the query's arena. */
static void
query_end(struct query *query, const struct dns_answer *answer)
{
	struct dispatcher *dispatcher = query->dispatcher;

	if (query->sent)
		resolver_count(&dispatcher->interface.counts.answers[answer->status]);
	/* the cache first: a thread that no longer finds it in progress finds it there */
	answer_cache_put(dispatcher->cache, &query->question, answer, now_us() / 1000);
	pthread_mutex_lock(&dispatcher->lock);
	query->answer = *answer;
	query->ended = true;
	query_leave(query);
	pthread_cond_broadcast(&query->end);
	query_release(query);
	pthread_mutex_unlock(&dispatcher->lock);
}

/* libunbound's callback. The packet belongs to libunbound and is valid only without an error. */
static void
query_answered(void *data, int rcode, void *packet, int length, int sec, char *why_bogus, int limited)
{
	struct query *query = data;
	struct dns_answer answer = { .status = DNS_TEMPORARY };

	(void)why_bogus;
	(void)limited;
	if (query->dispatcher->replacing)
		return;
	query->arena = arena_open(ANSWER_BYTES);
	if (sec == SEC_BOGUS)
		answer.bogus = true;
	else if (rcode == RCODE_NXDOMAIN)
		answer.status = DNS_NXDOMAIN;
	else if (rcode == 0 && packet != NULL && length > 0 && query->arena != NULL)
		dns_packet_read(packet, (size_t)length, &query->question, query->arena, &answer);
	answer.secure = sec == SEC_SECURE && answer.status != DNS_TEMPORARY;
	note_ended(query->dispatcher, answer.status != DNS_TEMPORARY);
	query_end(query, &answer);
}

static void
query_send(struct query *query)
{
	static const struct dns_answer no_such_name = { .status = DNS_NXDOMAIN };
	static const struct dns_answer no_answer = { .status = DNS_TEMPORARY };
	struct dispatcher *dispatcher = query->dispatcher;
	uint8_t wire[255];

	/* libunbound never frees what it refuses, so it must not get an impossible name */
	if (dns_name_to_wire(query->question.name, wire) == 0) {
		query_end(query, &no_such_name);
		return;
	}
	query->sent = true;
	note_asked(dispatcher);
	if (ub_resolve_event(dispatcher->context, query->question.name, (int)query->question.type, CLASS_IN, query,
		query_answered, NULL) != 0) {
		note_ended(dispatcher, false);
		query_end(query, &no_answer);
	}
}

static void
queue_send(struct query_queue *queue)
{
	while (!STAILQ_EMPTY(queue)) {
		struct query *query = STAILQ_FIRST(queue);

		STAILQ_REMOVE_HEAD(queue, next);
		query_send(query);
	}
}

static void
probe_answered(void *data, int rcode, void *packet, int length, int sec, char *why_bogus, int limited)
{
	struct dispatcher *dispatcher = data;

	(void)packet;
	(void)length;
	(void)why_bogus;
	(void)limited;
	if (dispatcher->replacing)
		return;
	dispatcher->probing = false;
	note_ended(dispatcher, sec != SEC_BOGUS && (rcode == 0 || rcode == RCODE_NXDOMAIN));
}

/* Asks for a name that nobody has asked for, and that no cache has: one silent zone is no trouble, and the end of an
 * outage is seen though no mail comes. */
static void
probe_send(struct dispatcher *dispatcher)
{
	char name[64];

	if (dispatcher->probing)
		return;
	snprintf(name, sizeof name, "greenlane-%llx.", (unsigned long long)now_us());
	dispatcher->probing = true;
	note_asked(dispatcher);
	if (ub_resolve_event(dispatcher->context, name, TYPE_A, CLASS_IN, dispatcher, probe_answered, NULL) != 0) {
		dispatcher->probing = false;
		note_ended(dispatcher, false);
	}
}

/* Everything that was sent and has not ended; the servers are others now. */
static void
queries_gather(struct dispatcher *dispatcher, const struct dns_servers *servers, struct query_queue *sent)
{
	struct query *query;

	pthread_mutex_lock(&dispatcher->lock);
	dispatcher->health.servers = *servers;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH (query, &dispatcher->under_way[i], chain)
			if (query->sent)
				STAILQ_INSERT_TAIL(sent, query, next);
	pthread_mutex_unlock(&dispatcher->lock);
}

/* Never called from a callback of libunbound's: its context goes. */
static bool
servers_replace(struct dispatcher *dispatcher, const struct dns_servers *servers)
{
	struct query_queue sent = STAILQ_HEAD_INITIALIZER(sent);
	struct fault why;
	struct ub_ctx *context = unbound_context(dispatcher->base, servers, dispatcher->trust_anchor, &why);

	if (context == NULL) {
		journal_fault(dispatcher->health.journal, LOG_ERR, &why);
		return false;
	}
	dispatcher->replacing = true;
	ub_ctx_delete(dispatcher->context);
	dispatcher->replacing = false;
	dispatcher->context = context;
	dispatcher->health.in_flight = 0;
	dispatcher->probing = false;
	queries_gather(dispatcher, servers, &sent);
	queue_send(&sent);
	return true;
}

static void
servers_look(struct dispatcher *dispatcher)
{
	struct dns_servers servers;
	struct fault why;

	if (server_health_look(&dispatcher->health, &servers, &why) && servers_replace(dispatcher, &servers))
		server_health_replaced(&dispatcher->health, &why);
}

/* The timer's, from the first question on that has no answer. */
static void
look_is_due(evutil_socket_t fd, short what, void *data)
{
	struct dispatcher *dispatcher = data;
	int64_t silent_us = server_health_silent(&dispatcher->health, now_us());

	(void)fd;
	(void)what;
	if (silent_us == 0)
		return;
	if (silent_us >= LOOK_SECONDS * INT64_C(1000000)) {
		server_health_say(&dispatcher->health, silent_us);
		servers_look(dispatcher);
		probe_send(dispatcher);
	}
	look_later(dispatcher);
}

/* Called when questions were submitted or the resolver closes. */
static void
submitted_take(evutil_socket_t fd, short what, void *data)
{
	struct dispatcher *dispatcher = data;
	struct query_queue taken = STAILQ_HEAD_INITIALIZER(taken);
	eventfd_t wakeups;
	bool closing, look_again;

	(void)what;
	if (eventfd_read(fd, &wakeups) != 0)
		return;
	pthread_mutex_lock(&dispatcher->lock);
	STAILQ_CONCAT(&taken, &dispatcher->submitted);
	dispatcher->submitted_at = 0;
	closing = dispatcher->closing;
	look_again = dispatcher->look_again;
	dispatcher->look_again = false;
	pthread_mutex_unlock(&dispatcher->lock);
	if (closing) {
		event_base_loopbreak(dispatcher->base);
		return;
	}
	if (look_again)
		servers_look(dispatcher);
	queue_send(&taken);
}

/* libunbound drops its queries here, some with a callback; nobody waits for the rest. */
static void
dispatcher_close(struct dispatcher *dispatcher)
{
	ub_ctx_delete(dispatcher->context);
	for (size_t i = 0; i < BUCKETS; i++)
		while (!LIST_EMPTY(&dispatcher->under_way[i]))
			query_end(LIST_FIRST(&dispatcher->under_way[i]), &(struct dns_answer){ .status = DNS_TEMPORARY });
	if (dispatcher->wakeup != NULL)
		event_free(dispatcher->wakeup);
	if (dispatcher->look != NULL)
		event_free(dispatcher->look);
	if (dispatcher->base != NULL)
		event_base_free(dispatcher->base);
}

static void *
dispatcher_run(void *data)
{
	struct dispatcher *dispatcher = data;
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE); /* libunbound writes by writev(2); it would end a command of ours */
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
	pthread_setname_np(pthread_self(), "dns"); /* shown in /proc, and read by t/bench/refresh */
	event_base_dispatch(dispatcher->base);
	dispatcher_close(dispatcher);
	pthread_mutex_lock(&dispatcher->lock);
	dispatcher->gone = true;
	pthread_cond_signal(&dispatcher->emptied);
	pthread_mutex_unlock(&dispatcher->lock);
	return NULL;
}

/* ---- the interface ---- */

/* Waits for a query's answer and copies it, if it comes in time. Call with the lock held. */
static void
query_share(struct query *query, int64_t deadline_us, struct arena *arena, struct dns_answer *out)
{
	struct dispatcher *dispatcher = query->dispatcher;

	if (query->holders > WAITERS_MAX)
		return;
	query->holders++;
	dispatcher->waiters++;
	query_wait(query, deadline_us);
	if (query->ended && !dns_answer_copy(arena, &query->answer, out))
		*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	query_release(query);
	if (--dispatcher->waiters == 0 && dispatcher->closing)
		pthread_cond_signal(&dispatcher->emptied);
}

static void
unbound_ask(struct resolver *resolver, const struct dns_question *question, struct budget *budget, struct arena *arena,
    struct dns_answer *out)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;
	int64_t patience_ms = dispatcher->timeout_ms, start_us = now_us(), waited_ms;
	struct query *query;

	*out = (struct dns_answer){ .status = DNS_TEMPORARY };
	if (answer_cache_get(dispatcher->cache, question, start_us / 1000, arena, out)) {
		resolver_count(&resolver->counts.cached);
		return;
	}
	if (budget != NULL && budget->left_ms < patience_ms)
		patience_ms = budget->left_ms;
	if (patience_ms <= 0)
		return;
	pthread_mutex_lock(&dispatcher->lock);
	query = query_find(dispatcher, question);
	if (query != NULL)
		query_raise(query, question);
	if (query != NULL ||
	    (!answer_cache_get(dispatcher->cache, question, start_us / 1000, arena, out) &&
		(query = query_start(dispatcher, question)) != NULL))
		query_share(query, start_us + patience_ms * 1000, arena, out);
	pthread_mutex_unlock(&dispatcher->lock);
	waited_ms = (now_us() - start_us + 999) / 1000;
	if (budget != NULL)
		budget->left_ms = waited_ms < budget->left_ms ? budget->left_ms - waited_ms : 0;
}

static void
unbound_prefetch(struct resolver *resolver, const struct dns_question *question)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;
	int64_t now_ms = now_us() / 1000;

	if (answer_cache_has(dispatcher->cache, question, now_ms))
		return;
	pthread_mutex_lock(&dispatcher->lock);
	if (query_find(dispatcher, question) == NULL && !answer_cache_has(dispatcher->cache, question, now_ms) &&
	    admission_has_spare(dispatcher->admission, question->standing,
		admission_group(&dispatcher->suffixes, question)))
		(void)query_start(dispatcher, question); /* slots are free, so it never waits and needs no holder */
	pthread_mutex_unlock(&dispatcher->lock);
}

static void
unbound_look_again(struct resolver *resolver)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;

	pthread_mutex_lock(&dispatcher->lock);
	dispatcher->look_again = true;
	pthread_mutex_unlock(&dispatcher->lock);
	dispatcher_wake(dispatcher);
}

static void
unbound_tell(struct resolver *resolver, struct resolver_state *state)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;
	int64_t now = now_us(), silent_ms = server_health_silent(&dispatcher->health, now) / 1000;

	pthread_mutex_lock(&dispatcher->lock);
	/* a library that hangs asks nobody */
	if (dispatcher->submitted_at != 0 && (now - dispatcher->submitted_at) / 1000 > silent_ms)
		silent_ms = (now - dispatcher->submitted_at) / 1000;
	state->servers = dispatcher->health.servers;
	state->resolv_conf = dispatcher->health.resolv_conf;
	pthread_mutex_unlock(&dispatcher->lock);
	state->failing_since = silent_ms < RESOLVER_TROUBLE_MS ? 0 : clock_now() - silent_ms / 1000;
}

static void
dispatcher_free(struct dispatcher *dispatcher)
{
	if (dispatcher->wakeup_fd >= 0)
		close(dispatcher->wakeup_fd);
	answer_cache_close(dispatcher->cache);
	admission_close(dispatcher->admission);
	pthread_cond_destroy(&dispatcher->emptied);
	pthread_mutex_destroy(&dispatcher->lock);
	free(dispatcher->trust_anchor);
	free(dispatcher);
}

static void
unbound_stop(struct resolver *resolver)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;
	struct query *query;

	pthread_mutex_lock(&dispatcher->lock);
	dispatcher->closing = true;
	for (size_t i = 0; i < BUCKETS; i++)
		LIST_FOREACH (query, &dispatcher->under_way[i], chain)
			pthread_cond_broadcast(&query->end);
	pthread_mutex_unlock(&dispatcher->lock);
}

/* False: it hangs in its library. All that it uses is left to it, but not the journal, which is closed later. */
static bool
thread_ended(struct dispatcher *dispatcher)
{
	struct timespec end = condition_in(CLOSE_MS);
	bool gone;

	pthread_mutex_lock(&dispatcher->lock);
	while (!dispatcher->gone && pthread_cond_timedwait(&dispatcher->emptied, &dispatcher->lock, &end) != ETIMEDOUT)
		continue;
	gone = dispatcher->gone;
	if (!gone)
		dispatcher->health.journal = NULL;
	pthread_mutex_unlock(&dispatcher->lock);
	return gone;
}

static void
unbound_close(struct resolver *resolver)
{
	struct dispatcher *dispatcher = (struct dispatcher *)resolver;

	unbound_stop(resolver);
	pthread_mutex_lock(&dispatcher->lock);
	while (dispatcher->waiters > 0)
		pthread_cond_wait(&dispatcher->emptied, &dispatcher->lock);
	pthread_mutex_unlock(&dispatcher->lock);
	dispatcher_wake(dispatcher);
	if (thread_ended(dispatcher)) {
		pthread_join(dispatcher->thread, NULL);
		dispatcher_free(dispatcher);
	} else {
		pthread_detach(dispatcher->thread);
	}
}

/* ---- start ---- */

static bool
dispatcher_start(struct dispatcher *dispatcher, const struct resolver_settings *settings, struct fault *why)
{
	int error;

	dispatcher->wakeup_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dispatcher->base = event_base_new();
	if (dispatcher->wakeup_fd < 0 || dispatcher->base == NULL)
		return fault_set(why, "cannot make an event loop for the resolver: %s", strerror(errno));
	dispatcher->wakeup = event_new(dispatcher->base, dispatcher->wakeup_fd, EV_READ | EV_PERSIST, submitted_take,
	    dispatcher);
	dispatcher->look = evtimer_new(dispatcher->base, look_is_due, dispatcher);
	dispatcher->trust_anchor = strdup(settings->trust_anchor != NULL ? settings->trust_anchor : "");
	if (dispatcher->wakeup == NULL || event_add(dispatcher->wakeup, NULL) != 0 || dispatcher->look == NULL ||
	    dispatcher->trust_anchor == NULL)
		return fault_set(why, "out of memory for the resolver");
	if (!server_health_open(&dispatcher->health, settings, why))
		return false;
	dispatcher->context = unbound_context(dispatcher->base, &dispatcher->health.servers, dispatcher->trust_anchor,
	    why);
	if (dispatcher->context == NULL)
		return false;
	error = pthread_create(&dispatcher->thread, NULL, dispatcher_run, dispatcher);
	return error == 0 || fault_set(why, "cannot start the resolver thread: %s", strerror(error));
}

struct resolver *
resolver_unbound(const struct resolver_settings *settings, struct fault *why)
{
	struct dispatcher *dispatcher = calloc(1, sizeof *dispatcher);

	if (dispatcher == NULL) {
		fault_set(why, "out of memory for the resolver");
		return NULL;
	}
	dispatcher->interface = (struct resolver){ .ask = unbound_ask,
		.prefetch = unbound_prefetch,
		.stop = unbound_stop,
		.close = unbound_close,
		.look_again = unbound_look_again,
		.tell = unbound_tell };
	dispatcher->timeout_ms = settings->timeout_ms;
	if (settings->suffixes != NULL)
		dispatcher->suffixes = *settings->suffixes;
	dispatcher->wakeup_fd = -1;
	pthread_mutex_init(&dispatcher->lock, NULL);
	condition_init(&dispatcher->emptied);
	STAILQ_INIT(&dispatcher->submitted);
	dispatcher->cache = answer_cache_open(settings->cache_bytes > 0 ? settings->cache_bytes : CACHE_BYTES);
	dispatcher->admission = admission_open();
	if (dispatcher->cache == NULL || dispatcher->admission == NULL)
		fault_set(why, "out of memory for the cache of DNS answers");
	if (dispatcher->cache == NULL || dispatcher->admission == NULL || !dispatcher_start(dispatcher, settings, why)) {
		dispatcher_close(dispatcher);
		dispatcher_free(dispatcher);
		return NULL;
	}
	return &dispatcher->interface;
}
