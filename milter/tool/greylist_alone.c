#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/start_list.h"
#include "milter/store/greylist_requests.h"
#include "milter/store/store_redis.h"
#include "milter/system/clock.h"
#include "milter/system/journal.h"
#include "milter/tool/cmd.h"
#include "milter/tool/greylist_alone.h"
#include "policy/util/json_write.h"

struct greylist_alone {
	struct policy *policy;
	struct store *store;
	char absent[1024]; /* why the daemon cannot be asked */
	bool changes;      /* not only to read */
};

/* ---- who may ---- */

/* LMDB counts readers in its lock file. */
bool
greylist_may_read(const char *path)
{
	char data[4200], lock[4200];

	snprintf(data, sizeof data, "%s/data.mdb", path);
	snprintf(lock, sizeof lock, "%s/lock.mdb", path);
	return cmd_may(path, R_OK | X_OK) && cmd_may(data, R_OK) && cmd_may(lock, R_OK | W_OK);
}

/* What proves to Redis who asks. */
static bool
may_ask(const struct redis_settings *redis)
{
	const char *const files[] = { redis->password_file, redis->tls.ca, redis->tls.cert, redis->tls.key };

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (files[i][0] != '\0' && !cmd_may(files[i], R_OK))
			return false;
	return true;
}

/* An exit status. path NULL: it is no file. */
static int
may(const struct greylist_alone *alone, const struct settings *settings, const char *path)
{
	if (!settings->greylist.on) {
		fputs("greenlane: greylist.store is \"none\": there is no greylist\n", stderr);
		return 1;
	}
	if (path != NULL && alone->changes) {
		fprintf(stderr,
		    "greenlane: only a running greenlaned changes %s, and it cannot be asked (%s); start it\n",
		    settings->store, alone->absent);
		return EX_UNAVAILABLE;
	}
	return (path != NULL ? greylist_may_read(path) : may_ask(&settings->redis)) ? 0 : EX_NOPERM;
}

/* ---- opening ---- */

/* NULL with why. A Redis that is down is a store all the same, which says so. */
static struct store *
open_working(const struct settings *settings, const char *path, struct fault *why)
{
	struct store *store = path != NULL ? store_lmdb_reader(path, why) : store_redis(settings, NULL, why);
	struct store_report report;

	if (store == NULL)
		return NULL;
	store_report(store, &report);
	if (report.state == STORE_STATE_WORKS)
		return store;
	*why = report.why;
	store_close(store);
	return NULL;
}

static int
open_store(struct greylist_alone *alone)
{
	const struct settings *settings = &alone->policy->settings;
	const char *path = start_lmdb_path(settings);
	struct fault why = { .text = "" };
	int status = may(alone, settings, path);

	if (status != 0)
		return status;
	alone->store = open_working(settings, path, &why);
	if (alone->store == NULL) {
		cmd_fault(&why);
		return EX_UNAVAILABLE;
	}
	fprintf(stderr, "greenlane: the daemon cannot be asked (%s); this is %s %s\n", alone->absent,
	    alone->changes ? "done in" : "read from", path != NULL ? path : settings->store);
	return 0;
}

struct greylist_alone *
greylist_alone_open(const char *config, const struct fault *absent, bool changes, int *status)
{
	struct greylist_alone *alone = calloc(1, sizeof *alone);

	*status = EX_OSERR;
	if (alone == NULL)
		return NULL;
	fault_write(absent, alone->absent, sizeof alone->absent);
	alone->changes = changes;
	alone->policy = cmd_load(config);
	*status = alone->policy == NULL ? EX_CONFIG : open_store(alone);
	if (*status == 0)
		return alone;
	greylist_alone_close(alone);
	return NULL;
}

void
greylist_alone_close(struct greylist_alone *alone)
{
	if (alone == NULL)
		return;
	store_close(alone->store);
	policy_free(alone->policy);
	free(alone);
}

/* ---- answering ---- */

/* As the daemon would have noted it. A log that cannot be had is no reason not to do it: it is done. */
static void
note(const struct greylist_alone *alone, const struct greylist_request *request, const struct greylist_changes *changes)
{
	const struct settings *settings = &alone->policy->settings;
	struct journal *journal;
	struct fault unused;

	if (changes->count == 0)
		return;
	journal = journal_open(settings->log.facility, "", false, &unused);
	greylist_changes_say(changes, request, getuid(), settings->log.privacy, journal);
	journal_close(journal);
}

static bool
do_request(struct greylist_alone *alone, const struct greylist_request *request, struct text *out, struct fault *why)
{
	struct greylist_changes changes;
	bool done;

	json_write_begin(out);
	done = greylist_request_answer(request, alone->store, &alone->policy->settings.greylist, clock_now(), out,
	    &changes, why);
	if (done && out->cut)
		done = fault_set(why, "out of memory");
	if (!done) {
		text_clear(out);
		json_write_begin(out);
		json_write_number(out, "changed", (int64_t)changes.count);
	}
	json_write_end(out);
	note(alone, request, &changes);
	return done;
}

int
greylist_alone_answer(struct greylist_alone *alone, const char *words, struct text *out)
{
	struct greylist_request request;
	struct fault why = { .text = "" };
	int status = EX_USAGE;

	if (greylist_request_read(span_of(words), &request, &why))
		status = do_request(alone, &request, out, &why) ? 0 : EX_UNAVAILABLE;
	if (status != 0)
		cmd_fault(&why);
	return status;
}
