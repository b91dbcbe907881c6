/*
 * engine.h - opens what every message needs: DNS, DKIM, suffixes, the policy in force and its sources.
 *
 * For greenlaned and for the commands that judge as greenlaned would. Creates threads.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "milter/checks/check_dkim.h"
#include "milter/checks/resolver.h"
#include "milter/state/refresh.h"
#include "milter/state/snapshot.h"

struct engine {
	struct resolver *resolver;
	struct suffix_list suffixes;
	struct dkim_verifier *dkim;
	struct snapshots *snapshots;
	struct refresh *refresh;
};

/* Opens a resolver with these settings; suffixes and journal as in resolver.h. Given. */
struct resolver *engine_resolver(const struct settings *, const struct suffix_list *suffixes, struct journal *,
    struct fault *why) MUST_USE;

/* journal (NULL: none) is kept; state_dir is copied ("": nothing is stored on disk). After false too, engine_close
 * frees what was opened. No policy is in force yet: see refresh_adopt. */
bool engine_open(struct engine *, const struct settings *, struct journal *, const char *state_dir,
    struct fault *why) MUST_USE;

/* What waits for DNS in the background, or in a reload, gives up; a message that asks gets no answer. Does not wait. */
void engine_stop(struct engine *);
void engine_close(struct engine *);

#endif
