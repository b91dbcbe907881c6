/*
 * exports.h - keeps the files of `exports` up to date while the daemon runs, and runs their commands.
 *
 * One thread; mail never waits for it. If a file cannot be written, or its command fails, it
 * tries again; this is logged once until the reason changes.
 */
#ifndef EXPORTS_H
#define EXPORTS_H

#include "milter/state/snapshot.h"
#include "milter/system/commands.h"
#include "milter/system/journal.h"

struct exports;

enum { EXPORTS_LOOK_SECONDS = 2 }; /* between two checks of the copies and the policy */

/* Snapshots, journal and commands are kept; state_dir, where refresh keeps its copies, is copied. Given. */
struct exports *exports_open(struct snapshots *, struct journal *, struct commands *, const char *state_dir,
    struct fault *why) MUST_USE;

/* Starts the thread. Call after the first policy is published. */
bool exports_start(struct exports *, struct fault *why) MUST_USE;

/* Why the command of the policy's export number `job` failed since its file changed, with the last line of its standard
 * error; text "": it did not. It is tried again, and what it reads may be old until then. True: it is new since the
 * start, and waits for a restart. Any thread. */
bool exports_reader_trouble(struct exports *, size_t job, struct fault *why);

/* The same for the file itself: why it was not written. */
void exports_writing_trouble(struct exports *, size_t job, struct fault *why);

void exports_close(struct exports *); /* kills a command that is still running; NULL is fine */

#endif
