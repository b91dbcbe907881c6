/* The threads of milterload: each takes the next message, on a connection that is new after so many of them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "t/bench/load.h"

enum { STACK = 256 * 1024, WORKER_DATA_MAX = 64 * 1024 * 1024 };

void
load_count(struct load_worker *worker, enum load_action action)
{
	worker->counts.actions[action] += worker->phase->measured;
}

enum load_verdict
load_error(struct load_worker *worker, const char *fmt, ...)
{
	char text[sizeof worker->line.error];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	milter_client_fail(&worker->line, "%s", text);
	return LOAD_ERROR;
}

/* ---- one message ---- */

static void
sleep_until(int64_t ns)
{
	struct timespec when = { .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) /* sleeps: until the message is due */
		;
}

/* The number of the next message, and when it was to begin; -1: none is left, or no time. */
static long
message_take(struct load_worker *worker, int64_t *start_ns)
{
	struct load_phase *phase = worker->phase;
	long number = atomic_fetch_add(&phase->next, 1);
	int64_t now = monotonic_ns(), due = now;

	if (number >= phase->messages || now >= phase->until_ns)
		return -1;
	if (worker->options->rate > 0)
		due = phase->start_ns + (int64_t)((double)number / worker->options->rate * 1e9);
	if (due > phase->until_ns)
		return -1;
	if (due > now)
		sleep_until(due);
	*start_ns = due;
	return number;
}

static enum load_verdict
connection_begin(struct load_worker *worker, long number)
{
	const struct load_options *options = worker->options;

	worker->said = 0;
	worker->left = false;
	if (!milter_client_dial(&worker->line, (const struct sockaddr *)&options->address, options->address_length))
		return LOAD_ERROR;
	worker->counts.connections++;
	return options->policy ? LOAD_CONTINUE : load_milter_connect(worker, number);
}

static enum load_verdict
message_send(struct load_worker *worker, long number)
{
	enum load_verdict verdict = worker->line.fd < 0 ? connection_begin(worker, number) : LOAD_CONTINUE;

	worker->left = worker->left || verdict == LOAD_ACCEPT;
	if (worker->left)
		return LOAD_ACCEPT;
	if (verdict != LOAD_CONTINUE) {
		worker->said = worker->options->per_connection; /* refused at CONNECT or HELO: it is the last one */
		return verdict;
	}
	return worker->options->policy ? load_policy_message(worker, number) : load_milter_message(worker, number);
}

static void
message_note(struct load_worker *worker, long number, int64_t start_ns, enum load_verdict verdict)
{
	struct load_phase *phase = worker->phase;
	int64_t now = monotonic_ns();

	if (!phase->measured)
		return;
	worker->counts.verdicts[verdict]++;
	if (verdict == LOAD_ERROR)
		return;
	phase->took_ns[number] = now - start_ns;
	phase->took_end_ns[number] = worker->end_ns == 0 ? 0 : now - worker->end_ns;
}

static void
connection_end(struct load_worker *worker)
{
	if (worker->line.fd >= 0 && !worker->options->policy)
		load_milter_quit(worker);
	milter_client_hang_up(&worker->line);
}

static void *
worker_main(void *context)
{
	struct load_worker *worker = context;
	int64_t start_ns = 0;

	for (long number; (number = message_take(worker, &start_ns)) >= 0;) {
		enum load_verdict verdict;

		worker->shown = worker->phase->measured && number < worker->options->show;
		worker->end_ns = 0;
		verdict = message_send(worker, number);
		message_note(worker, number, start_ns, verdict);
		if (verdict == LOAD_ERROR || verdict == LOAD_SHUTDOWN)
			milter_client_hang_up(&worker->line);
		else if (++worker->said >= worker->options->per_connection)
			connection_end(worker);
	}
	connection_end(worker);
	return NULL;
}

/* ---- all of them ---- */

void
load_workers_open(struct load_worker *workers, const struct load_options *options)
{
	for (long i = 0; i < options->connections; i++) {
		workers[i] = (struct load_worker){ .options = options };
		milter_client_open(&workers[i].line);
		workers[i].line.wait_ns = (int64_t)(options->timeout * 1e9);
		text_open(&workers[i].data, WORKER_DATA_MAX);
	}
}

/* What went wrong and was counted before is forgotten. */
static void
worker_start(struct load_worker *worker, struct load_phase *phase, const pthread_attr_t *attributes)
{
	int error;

	worker->phase = phase;
	worker->line.until_ns = phase->until_ns;
	worker->line.error[0] = '\0';
	worker->line.sent = worker->line.received = 0;
	worker->counts = (struct load_counts){ .connections = 0 };
	error = pthread_create(&worker->thread, attributes, worker_main, worker);
	if (error != 0)
		load_die("pthread_create: %s", strerror(error));
}

void
load_workers_run(struct load_worker *workers, const struct load_options *options, struct load_phase *phase)
{
	pthread_attr_t attributes;

	phase->start_ns = monotonic_ns();
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (long i = 0; i < options->connections; i++)
		worker_start(&workers[i], phase, &attributes);
	for (long i = 0; i < options->connections; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_attr_destroy(&attributes);
}

void
load_workers_close(struct load_worker *workers, const struct load_options *options)
{
	for (long i = 0; i < options->connections; i++) {
		milter_client_close(&workers[i].line);
		text_close(&workers[i].data);
		for (size_t k = 0; k < sizeof workers[i].macros / sizeof *workers[i].macros; k++)
			free(workers[i].macros[k]);
	}
}
