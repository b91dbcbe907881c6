#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/json_write.h"
#include "t/bench/load_report.h"

enum { REPORT_MAX = 65536, NOT_EXPECTED = 3, NO_VERDICT = 2 };

static const char *const verdict_names[LOAD_VERDICTS] = { "continue", "accept", "reject", "tempfail", "discard",
	"quarantine", "shutdown", "skip", "error" };

static const char *const action_names[LOAD_ACTIONS] = { "addheader", "insheader", "chgheader", "replbody", "addrcpt",
	"delrcpt", "chgfrom", "quarantine", "progress", "skip", "replycode" };

/* ---- sums ---- */

static int
by_size(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return (a > b) - (a < b);
}

/* Moves those that are there to the front. */
static long
times_gather(int64_t *ns, long count)
{
	long kept = 0;

	for (long i = 0; i < count; i++)
		if (ns[i] != 0)
			ns[kept++] = ns[i];
	return kept;
}

static struct load_times
times_of(int64_t *ns, long count)
{
	struct load_times times = { .count = times_gather(ns, count) };
	long last = times.count - 1;

	if (times.count == 0)
		return times;
	qsort(ns, (size_t)times.count, sizeof *ns, by_size);
	for (long i = 0; i < times.count; i++)
		times.mean += (double)ns[i] / 1e6;
	times.mean /= (double)times.count;
	times.p50 = (double)ns[last * 50 / 100] / 1e6;
	times.p90 = (double)ns[last * 90 / 100] / 1e6;
	times.p99 = (double)ns[last * 99 / 100] / 1e6;
	times.p999 = (double)ns[last * 999 / 1000] / 1e6;
	times.most = (double)ns[last] / 1e6;
	return times;
}

static void
counts_add(struct load_counts *sum, const struct load_counts *counts)
{
	for (int i = 0; i < LOAD_VERDICTS; i++)
		sum->verdicts[i] += counts->verdicts[i];
	for (int i = 0; i < LOAD_ACTIONS; i++)
		sum->actions[i] += counts->actions[i];
	sum->connections += counts->connections;
}

void
load_result_sum(struct load_result *result, const struct load_worker *workers, const struct load_options *options,
    struct load_phase *phase)
{
	for (long i = 0; i < options->connections; i++) {
		const struct milter_client *line = &workers[i].line;

		counts_add(&result->counts, &workers[i].counts);
		result->sent += line->sent;
		result->received += line->received;
		if (line->error[0] != '\0')
			memcpy(result->error, line->error, sizeof result->error);
	}
	result->times = times_of(phase->took_ns, phase->messages);
	result->end_times = times_of(phase->took_end_ns, phase->messages);
}

static long
done_of(const struct load_result *result)
{
	long done = 0;

	for (int i = 0; i < LOAD_VERDICTS; i++)
		done += result->counts.verdicts[i];
	return done;
}

static double
rate_of(const struct load_result *result)
{
	return result->seconds > 0 ? (double)done_of(result) / result->seconds : 0;
}

static double
cpu_of(const struct load_result *result)
{
	return result->after.cpu - result->before.cpu;
}

static double
cpu_ms_of_message(const struct load_result *result)
{
	long done = done_of(result);

	return done > 0 ? cpu_of(result) * 1e3 / (double)done : 0;
}

/* ---- JSON ---- */

static void
put_real(struct text *out, const char *key, int digits, double value)
{
	json_write_key(out, key);
	text_format(out, "%.*f", digits, value);
}

static void
put_run(struct text *out, const struct load_options *options, const struct load_result *result)
{
	json_write_string(out, "label", options->label);
	json_write_number(out, "messages", options->messages);
	json_write_number(out, "done", done_of(result));
	json_write_number(out, "conns", options->connections);
	json_write_number(out, "per_conn", options->per_connection);
	json_write_number(out, "connections", result->counts.connections);
	put_real(out, "wall_s", 6, result->seconds);
	put_real(out, "msgs_per_s", 2, rate_of(result));
}

static void
put_times(struct text *out, const struct load_times *all, const struct load_times *end)
{
	json_write_key(out, "lat_ms");
	json_write_begin(out);
	put_real(out, "mean", 4, all->mean);
	put_real(out, "p50", 4, all->p50);
	put_real(out, "p90", 4, all->p90);
	put_real(out, "p99", 4, all->p99);
	put_real(out, "p999", 4, all->p999);
	put_real(out, "max", 4, all->most);
	json_write_end(out);
	json_write_key(out, "eom_ms");
	json_write_begin(out);
	json_write_number(out, "n", end->count);
	put_real(out, "mean", 4, end->mean);
	put_real(out, "p50", 4, end->p50);
	put_real(out, "p99", 4, end->p99);
	put_real(out, "max", 4, end->most);
	json_write_end(out);
}

static void
put_servers(struct text *out, const struct load_result *result)
{
	put_real(out, "server_cpu_s", 6, cpu_of(result));
	put_real(out, "server_cpu_ms_per_msg", 5, cpu_ms_of_message(result));
	put_real(out, "server_user_s", 2, result->after.user - result->before.user);
	put_real(out, "server_sys_s", 2, result->after.system - result->before.system);
	json_write_number(out, "rss_kb_before", result->before.rss_kib);
	json_write_number(out, "rss_kb_after", result->after.rss_kib);
	json_write_number(out, "hwm_kb", result->after.peak_kib);
	json_write_number(out, "threads", result->after.threads);
}

static void
put_client(struct text *out, const struct load_result *result)
{
	double load = 0;

	getloadavg(&load, 1);
	put_real(out, "client_cpu_s", 4, result->client_cpu);
	json_write_number(out, "bytes_out", (int64_t)result->sent);
	json_write_number(out, "bytes_in", (int64_t)result->received);
	put_real(out, "loadavg1", 2, load);
}

static void
put_counts(struct text *out, const char *key, const char *const *names, const long *counts, int length)
{
	json_write_key(out, key);
	json_write_begin(out);
	for (int i = 0; i < length; i++)
		if (counts[i] > 0)
			json_write_number(out, names[i], counts[i]);
	json_write_end(out);
}

static void
print_json(const struct load_options *options, const struct load_result *result)
{
	struct text out;

	text_open(&out, REPORT_MAX);
	json_write_begin(&out);
	put_run(&out, options, result);
	put_times(&out, &result->times, &result->end_times);
	if (options->pid_count > 0)
		put_servers(&out, result);
	put_client(&out, result);
	put_counts(&out, "verdicts", verdict_names, result->counts.verdicts, LOAD_VERDICTS);
	put_counts(&out, "actions", action_names, result->counts.actions, LOAD_ACTIONS);
	json_write_string(&out, "error", result->error);
	json_write_end(&out);
	puts(out.bytes);
	text_close(&out);
}

/* ---- text ---- */

static void
print_counts(const char *title, const char *const *names, const long *counts, int length)
{
	printf("%s:", title);
	for (int i = 0; i < length; i++)
		if (counts[i] > 0)
			printf(" %s %ld", names[i], counts[i]);
	printf("\n");
}

static void
print_servers(const struct load_result *result)
{
	printf("server: %.4f CPU s, %.4f ms/msg (user %.2f sys %.2f), RSS %ld -> %ld KiB, peak %ld KiB, %ld threads\n",
	    cpu_of(result), cpu_ms_of_message(result), result->after.user - result->before.user,
	    result->after.system - result->before.system, result->before.rss_kib, result->after.rss_kib,
	    result->after.peak_kib, result->after.threads);
}

static void
print_text(const struct load_options *options, const struct load_result *result)
{
	const struct load_times *all = &result->times, *end = &result->end_times;

	printf("%s%s%ld messages, %ld at once, %ld per connection: %.1f msg/s in %.3f s\n", options->label,
	    options->label[0] != '\0' ? ": " : "", done_of(result), options->connections, options->per_connection,
	    rate_of(result), result->seconds);
	printf("latency ms: mean %.3f p50 %.3f p90 %.3f p99 %.3f p99.9 %.3f max %.3f\n", all->mean, all->p50, all->p90,
	    all->p99, all->p999, all->most);
	printf("end of message ms: p50 %.3f p99 %.3f max %.3f\n", end->p50, end->p99, end->most);
	if (options->pid_count > 0)
		print_servers(result);
	print_counts("verdicts", verdict_names, result->counts.verdicts, LOAD_VERDICTS);
	print_counts("actions", action_names, result->counts.actions, LOAD_ACTIONS);
}

static bool
is_as_expected(const char *expected, const long *verdicts)
{
	for (int i = 0; i < LOAD_VERDICTS; i++) {
		if (verdicts[i] == 0 || strcmp(verdict_names[i], expected) == 0)
			continue;
		fprintf(stderr, "milterload: %ld messages ended in %s, not %s\n", verdicts[i], verdict_names[i], expected);
		return false;
	}
	return true;
}

int
load_report(const struct load_options *options, const struct load_result *result)
{
	const long *verdicts = result->counts.verdicts;

	(options->json ? print_json : print_text)(options, result);
	if (result->error[0] != '\0')
		fprintf(stderr, "milterload: %s\n", result->error);
	if (options->expect != NULL && !is_as_expected(options->expect, verdicts))
		return NOT_EXPECTED;
	return verdicts[LOAD_ERROR] > 0 || verdicts[LOAD_SHUTDOWN] > 0 || done_of(result) < options->messages
	    ? NO_VERDICT
	    : 0;
}
