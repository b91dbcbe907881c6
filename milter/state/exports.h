/*
 * exports.h - keeps the files of `exports` fresh while the daemon runs, and runs their commands.
 *
 * One thread; mail never waits for it. A file that cannot be written, or whose command
 * fails, is tried again; said once until the reason changes.
 */
#ifndef EXPORTS_H
#define EXPORTS_H

#include "milter/state/snapshot.h"
#include "milter/system/journal.h"

struct exports;

/* All kept; state_dir is copied: where refresh keeps its copies. Given. */
struct exports *exports_open(struct snapshots *, struct journal *, const char *state_dir, struct fault *why) MUST_USE;

/* Starts the thread: once the first policy is published. */
bool exports_start(struct exports *, struct fault *why) MUST_USE;

void exports_close(struct exports *); /* ends a command that still runs; NULL is fine */

#endif
