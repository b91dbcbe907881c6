/*
 * status_hosts.h - the part of the status that tells of the hosts that share our store: what each believes, by the line that
 * each puts there.
 *
 * One thread looks; any thread may be told. Mail never waits for it. Says nothing where the store is of one host.
 */
#ifndef STATUS_HOSTS_H
#define STATUS_HOSTS_H

#include "milter/store/store.h"
#include "policy/review/status.h"

struct status_hosts;

/* state_dir tells two greenlaned of one host apart. Given; NULL without memory. */
struct status_hosts *status_hosts_open(const char *state_dir) MUST_USE;
void status_hosts_close(struct status_hosts *); /* NULL is fine */

/* What the sources of the status list now, at its `now`: a change of theirs, or a refresh, is noted. */
void status_hosts_see(struct status_hosts *, const struct status *);

/* Puts our line, and reads the others', every HOSTS_SECONDS; in between it does nothing. The store NULL is fine. */
enum { HOSTS_SECONDS = 10 };
void status_hosts_look(struct status_hosts *, struct store *, const struct policy *, uint64_t ranges);

/* Fills in `hosts`, in the arena. False without memory. */
bool status_hosts_tell(struct status_hosts *, struct status *, struct arena *) MUST_USE;

#endif
