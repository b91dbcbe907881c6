/*
 * hiding.h - whether local parts are hidden (log.privacy), and by which key, when the host's cannot be had.
 *
 * Plain data: its owner guards it, and uses a copy where a lock must not be held. Writes nothing but a first key.
 */
#ifndef HIDING_H
#define HIDING_H

#include "milter/system/privacy_key.h"

struct hiding {
	bool on, keyless; /* keyless: and there is nothing to hide with, so nothing may be shown */
	struct privacy_key key;
	int64_t failed_since; /* the host's key cannot be had since then; 0: it can, or is not needed */
	char trouble[512];
};

/* Turns it on or off. False with why: the host's key cannot be had; then what hid until now goes on, or a key that ends with this
 * process. */
bool hiding_turn(struct hiding *, bool on, const char *state_dir, struct fault *why) MUST_USE;

/* The address as it may be shown; borrowed, or from the arena. "~" where it cannot be hidden. */
const char *hiding_address(const struct hiding *, struct arena *, const char *address);

/* The record as it may be shown (privacy_hide). False: it cannot be hidden. */
bool hiding_record(const struct hiding *, struct arena *, const struct verdict_record *, struct facts *shown,
    struct verdict_record *out) MUST_USE;

#endif
