/* What the servers that milterload speaks to have used so far, from /proc and their CPU clocks. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "t/bench/load.h"

/* Clock ticks. */
struct ticks {
	unsigned long user, system;
	long children_user, children_system; /* of those that were waited for */
};

static struct ticks
ticks_read(pid_t pid)
{
	struct ticks ticks;
	char path[64], line[1024];
	const char *behind_name = NULL;
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (file == NULL || fgets(line, sizeof line, file) == NULL)
		load_die("pid %d is gone", (int)pid);
	fclose(file);
	behind_name = strrchr(line, ')');
	if (behind_name == NULL ||
	    sscanf(behind_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &ticks.user,
		&ticks.system, &ticks.children_user, &ticks.children_system) != 4)
		load_die("cannot read %s", path);
	return ticks;
}

/* In nanoseconds where the kernel lets us see its clock, all threads together. */
static double
cpu_seconds(pid_t pid, const struct ticks *ticks)
{
	clockid_t clock;
	struct timespec used;

	if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &used) == 0)
		return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
	return (double)(ticks->user + ticks->system) / (double)sysconf(_SC_CLK_TCK);
}

static void
add_cpu(pid_t pid, bool children, struct load_usage *usage)
{
	struct ticks ticks = ticks_read(pid);
	double second = (double)sysconf(_SC_CLK_TCK);

	usage->user += (double)ticks.user / second;
	usage->system += (double)ticks.system / second;
	usage->cpu += cpu_seconds(pid, &ticks);
	if (!children)
		return;
	usage->user += (double)ticks.children_user / second;
	usage->system += (double)ticks.children_system / second;
	usage->cpu += (double)(ticks.children_user + ticks.children_system) / second;
}

static void
add_memory(pid_t pid, struct load_usage *usage)
{
	char path[64], line[1024];
	FILE *file;
	long value;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "VmRSS: %ld", &value) == 1)
			usage->rss_kib += value;
		else if (sscanf(line, "VmHWM: %ld", &value) == 1)
			usage->peak_kib += value;
		else if (sscanf(line, "Threads: %ld", &value) == 1)
			usage->threads += value;
	}
	fclose(file);
}

struct load_usage
load_usage_read(const struct load_options *options)
{
	struct load_usage usage = { .cpu = 0 };

	for (size_t i = 0; i < options->pid_count; i++) {
		add_cpu(options->pids[i], options->children, &usage);
		add_memory(options->pids[i], &usage);
	}
	return usage;
}
