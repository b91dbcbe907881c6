/*
 * fleet.h - the line that each host of a fleet puts into the store that they share, and in what two hosts differ.
 *
 * A line comes from the store, where anybody who may write there could have put it: what is too long or odd is no line, and
 * no byte of it is shown but those of host names, versions and numbers. Never reads a clock or a store.
 */
#ifndef FLEET_H
#define FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"

enum {
	FLEET_SOURCES_MAX = 1000, /* of one host; more are not compared */
	FLEET_LINE_MAX = 80 * 1024,
	FLEET_NAME_MAX = 80,
	FLEET_PATIENCE = 600 /* seconds that policies may differ: a rollout takes its time */
};

/* A source in DNS, as a host believes it. */
struct fleet_source {
	uint64_t name, networks; /* hashes of its text, and of what it lists */
	int64_t changed;         /* when that last became so here */
	int64_t before;          /* when it was refreshed before the last time; 0: it was not */
	const char *text;        /* of our own host's: its vendor and text; NULL of others' */
};

struct fleet_host {
	char name[FLEET_NAME_MAX + 1];    /* of the host; and which greenlaned there, should there be two */
	char version[FLEET_NAME_MAX + 1]; /* of greenlaned */
	uint64_t policy, ranges;          /* fingerprints: of the rules, of what all sources in DNS list */
	int64_t since;                    /* that policy is in force; seconds since 1970, as all times */
	const struct fleet_source *sources;
	size_t source_count;
};

/* Makes a name of any text that may stand in a line. */
void fleet_name(const char *text, char out[FLEET_NAME_MAX + 1]);

void fleet_host_write(const struct fleet_host *, struct text *out);

/* False: it is no line of this version. The sources are in the arena. */
bool fleet_host_read(struct span line, struct arena *, struct fleet_host *out) MUST_USE;

/* Since when the two have another policy; 0: they have the same. */
int64_t fleet_policies_differ(const struct fleet_host *, const struct fleet_host *);

/* The source of ours that lists something else there, though both have refreshed it twice since; from *place on, which is 0
 * at first. NULL: there is none, or no other one. */
const struct fleet_source *fleet_sources_differ(const struct fleet_host *ours, const struct fleet_host *other,
    size_t *place);

#endif
