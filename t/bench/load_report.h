/*
 * load_report.h - what came of all messages of milterload, and its report on standard output.
 */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include "t/bench/load.h"

/* Milliseconds, of the messages that have them. */
struct load_times {
	long count;
	double mean, p50, p90, p99, p999, most;
};

struct load_result {
	struct load_usage before, after; /* of the servers */
	double client_cpu, seconds;
	struct load_counts counts; /* of all workers; from here on load_result_sum fills it in */
	uint64_t sent, received;
	char error[160]; /* one of the workers' */
	struct load_times times, end_times;
};

/* Sorts the times of the phase. */
void load_result_sum(struct load_result *, const struct load_worker *, const struct load_options *, struct load_phase *);

/* Prints it; returns the exit status. */
int load_report(const struct load_options *, const struct load_result *);

#endif
