/*
 * prefix.c - what a look-up in the prefix table costs beside a plain search, in one run.
 *
 * Usage: prefix [NETWORKS] (default 1000000). Says when the table is slower than a binary search over one sorted array.
 * Exits 1 when the two disagree, or when IPv4 takes more than 20 MiB a million.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/util/prefix_table.h"
#include "t/lib/chance.h"

enum { LOOKUPS = 1024 * 1024, ROUNDS = 5 };

/* The rival: sorted networks that do not overlap, 32 bits each for IPv4, 64 for IPv6. */
struct rival {
	uint32_t *first4, *last4;
	uint64_t *first6, *last6;
	uint32_t *number;
	size_t count;
};

struct run {
	const char *name;
	bool v6;
	struct prefix_entry *entries;
	size_t count;
	struct prefix_table *table;
	struct rival rival;
	struct address *asked;
	double build_ms, ours_ns, rival_ns;
	uint64_t ours_sum, rival_sum;
};

static uint64_t seed = 20261121;

static double
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void *
take(size_t count, size_t size)
{
	void *taken = calloc(count, size);

	if (taken == NULL) {
		fputs("prefix: out of memory\n", stderr);
		exit(1);
	}
	return taken;
}

/* The first 64 bits: no network here is longer. */
static uint64_t
high_of(const struct address *address)
{
	uint64_t high = 0;

	for (size_t i = 0; i < 8; i++)
		high = high << 8 | address->bytes[i];
	return high;
}

/* Anywhere in IPv4, or in the part of IPv6 that is in use. */
static struct address
random_address(bool v6)
{
	uint64_t high = v6 ? 0x2000000000000000u | chance_next(&seed) >> 3 : chance_next(&seed);
	uint8_t bytes[16] = { 0 };

	for (size_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(high >> (56 - 8 * i));
	return v6 ? address_of_v6(bytes) : address_of_v4(bytes);
}

static int
by_start(const void *left, const void *right)
{
	const struct prefix *a = &((const struct prefix_entry *)left)->prefix;
	const struct prefix *b = &((const struct prefix_entry *)right)->prefix;
	int order = memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);

	return order != 0 ? order : (int)a->bits - (int)b->bits;
}

/* Drops what lies in another network: the rival cannot search what overlaps. */
static size_t
keep_apart(struct prefix_entry *entries, size_t count)
{
	size_t kept = 0;

	qsort(entries, count, sizeof *entries, by_start);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || !prefix_holds(&entries[kept - 1].prefix, &entries[i].prefix.base))
			entries[kept++] = entries[i];
	return kept;
}

static void
shuffle(struct prefix_entry *entries, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)(chance_next(&seed) % i);
		struct prefix_entry swap = entries[i - 1];

		entries[i - 1] = entries[j];
		entries[j] = swap;
	}
}

/* /20 to /32, or /36 to /64, of a hundred sources. */
static void
entries_make(struct run *run)
{
	size_t room = run->count + run->count / 2, made = 0;

	run->entries = take(room, sizeof *run->entries);
	while (made < run->count) {
		for (; made < room; made++) {
			unsigned bits = run->v6 ? 36 + (unsigned)(chance_next(&seed) % 29)
						: 20 + (unsigned)(chance_next(&seed) % 13);

			run->entries[made].prefix.base = address_mask(random_address(run->v6), bits);
			run->entries[made].prefix.bits = (uint8_t)bits;
			run->entries[made].number = (uint32_t)(chance_next(&seed) % 100);
		}
		made = keep_apart(run->entries, room);
	}
	shuffle(run->entries, made);
}

static void
rival_make(struct run *run)
{
	struct rival *rival = &run->rival;

	*rival = (struct rival){ .number = take(run->count, 4), .count = run->count };
	qsort(run->entries, run->count, sizeof *run->entries, by_start);
	rival->first4 = take(run->count, 4);
	rival->last4 = take(run->count, 4);
	rival->first6 = take(run->count, 8);
	rival->last6 = take(run->count, 8);
	for (size_t i = 0; i < run->count; i++) {
		const struct prefix *prefix = &run->entries[i].prefix;
		uint64_t first = high_of(&prefix->base);
		uint64_t last = first | (prefix->bits == 64 ? 0 : UINT64_MAX >> prefix->bits);

		rival->first4[i] = (uint32_t)(first >> 32);
		rival->last4[i] = (uint32_t)(last >> 32);
		rival->first6[i] = first;
		rival->last6[i] = last;
		rival->number[i] = run->entries[i].number;
	}
}

static void
rival_free(struct rival *rival)
{
	free(rival->first4);
	free(rival->last4);
	free(rival->first6);
	free(rival->last6);
	free(rival->number);
}

static uint32_t
rival_find4(const struct rival *rival, const struct address *address)
{
	uint32_t key = (uint32_t)(high_of(address) >> 32);
	size_t at = 0, left = rival->count;

	while (left > 1) {
		size_t half = left / 2;

		at += rival->first4[at + half] <= key ? half : 0;
		left -= half;
	}
	return rival->first4[at] <= key && key <= rival->last4[at] ? rival->number[at] + 1 : 0;
}

static uint32_t
rival_find6(const struct rival *rival, const struct address *address)
{
	uint64_t key = high_of(address);
	size_t at = 0, left = rival->count;

	while (left > 1) {
		size_t half = left / 2;

		at += rival->first6[at + half] <= key ? half : 0;
		left -= half;
	}
	return rival->first6[at] <= key && key <= rival->last6[at] ? rival->number[at] + 1 : 0;
}

/* Half of the addresses lie in a network, half anywhere. */
static void
asked_make(struct run *run)
{
	run->asked = take(LOOKUPS, sizeof *run->asked);
	for (size_t i = 0; i < LOOKUPS; i++)
		run->asked[i] = i % 2 == 0 ? random_address(run->v6)
					   : run->entries[chance_next(&seed) % run->count].prefix.base;
}

/* Nanoseconds a look-up; *sum depends on every result and its place. */
static double
ours_time(const struct run *run, uint64_t *sum)
{
	double start = now_ns();

	*sum = 0;
	for (size_t i = 0; i < LOOKUPS; i++) {
		struct prefix_hits hits = prefix_table_find(run->table, &run->asked[i]);

		*sum += (hits.count == 0 ? 0 : hits.numbers[0] + (uint64_t)1) * (i + 1);
	}
	return (now_ns() - start) / LOOKUPS;
}

static double
rival_time(const struct run *run, uint64_t *sum)
{
	double start = now_ns();

	*sum = 0;
	for (size_t i = 0; i < LOOKUPS; i++)
		*sum += (uint64_t)(run->v6 ? rival_find6(&run->rival, &run->asked[i])
					   : rival_find4(&run->rival, &run->asked[i])) *
		    (i + 1);
	return (now_ns() - start) / LOOKUPS;
}

/* The best of a few rounds each, in turns: the machine may have other work. */
static void
lookups_measure(struct run *run)
{
	run->ours_ns = run->rival_ns = 1e9;
	for (unsigned round = 0; round < ROUNDS; round++) {
		double ours = ours_time(run, &run->ours_sum), rival = rival_time(run, &run->rival_sum);

		run->ours_ns = ours < run->ours_ns ? ours : run->ours_ns;
		run->rival_ns = rival < run->rival_ns ? rival : run->rival_ns;
	}
}

static bool
run_report(const struct run *run)
{
	double bytes = (double)prefix_table_bytes(run->table), each = bytes / (double)run->count;
	const char *wrong = "", *slow = run->ours_ns > run->rival_ns ? "  SLOWER" : "";

	if (run->ours_sum != run->rival_sum)
		wrong = "  DIFFERENT ANSWERS";
	else if (!run->v6 && run->count >= 1000000 && each * 1e6 > 20.0 * 1024 * 1024)
		wrong = "  TOO LARGE";
	printf("%9zu %s %9zu %9.1f %7.1f %8.2f %9.1f %10.1f %6.2f%s%s\n", run->count, run->name,
	    prefix_table_ranges(run->table), run->build_ms, each, bytes / 1024 / 1024, run->ours_ns, run->rival_ns,
	    run->ours_ns / run->rival_ns, slow, wrong);
	fflush(stdout);
	return wrong[0] == '\0';
}

static bool
run_measure(const char *name, size_t count, bool v6)
{
	struct run run = { .name = name, .v6 = v6, .count = count };
	struct fault why;
	double began;
	bool good;

	entries_make(&run);
	began = now_ns();
	run.table = prefix_table_build(run.entries, count, &why);
	run.build_ms = (now_ns() - began) / 1e6;
	if (run.table == NULL) {
		fprintf(stderr, "prefix: %s\n", why.text);
		exit(1);
	}
	rival_make(&run);
	asked_make(&run);
	lookups_measure(&run);
	good = run_report(&run);
	prefix_table_free(run.table);
	rival_free(&run.rival);
	free(run.asked);
	free(run.entries);
	return good;
}

int
main(int argc, char **argv)
{
	size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 1000000;
	bool good = true;

	if (count < 1000 || count > PREFIX_TABLE_MAX / 2) {
		fprintf(stderr, "prefix: write a number of networks from 1000 to %d\n", PREFIX_TABLE_MAX / 2);
		return 64;
	}
	printf("                                   bytes          ns a look-up\n"
	       " networks         ranges  build ms    each      MiB     table     search  ratio\n");
	good &= run_measure("IPv4", 1000, false);
	good &= run_measure("IPv4", count, false);
	good &= run_measure("IPv6", count / 4, true);
	return good ? 0 : 1;
}
