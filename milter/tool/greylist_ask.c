#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/start_list.h"
#include "milter/store/greylist_requests.h"
#include "milter/store/store_redis.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "milter/tool/greylist_ask.h"
#include "policy/util/json_write.h"
#include "policy/util/json_read.h"

enum { ASK_PIECE_MS = 30 * 1000 };

struct greylist_ask {
	const char *config;
	bool knows; /* whether it asks the daemon or files */
	char address[1200];
	struct policy *policy; /* NULL: it asks the daemon */
	struct store *store;
};

struct greylist_ask *
greylist_ask_open(const char *config)
{
	struct greylist_ask *ask = calloc(1, sizeof *ask);

	if (ask != NULL)
		ask->config = config;
	return ask;
}

void
greylist_ask_close(struct greylist_ask *ask)
{
	if (ask == NULL)
		return;
	store_close(ask->store);
	if (ask->policy != NULL)
		policy_free(ask->policy);
	free(ask);
}

/* ---- files ---- */

static int
no_greylist(void)
{
	fputs("greenlane: greylist.store is \"none\": there is no greylist\n", stderr);
	return 1;
}

/* LMDB counts readers in its lock file. */
bool
greylist_may_read(const char *path)
{
	char data[4200], lock[4200];

	snprintf(data, sizeof data, "%s/data.mdb", path);
	snprintf(lock, sizeof lock, "%s/lock.mdb", path);
	return cmd_may(path, R_OK | X_OK) && cmd_may(data, R_OK) && cmd_may(lock, R_OK | W_OK);
}

static int
files_open(struct greylist_ask *ask, const struct fault *absent)
{
	struct fault why = { .text = "" };
	const struct settings *settings;
	char told[1024];
	const char *path;

	ask->policy = cmd_load(ask->config);
	if (ask->policy == NULL)
		return EX_CONFIG;
	settings = &ask->policy->settings;
	path = start_lmdb_path(settings);
	if (!settings->greylist.on)
		return no_greylist();
	if (path != NULL && !greylist_may_read(path))
		return EX_NOPERM;
	ask->store = path != NULL ? store_lmdb_reader(path, &why) : store_redis(settings, NULL, &why);
	if (ask->store == NULL) {
		daemon_fault(&why);
		return EX_UNAVAILABLE;
	}
	fault_write(absent, told, sizeof told);
	fprintf(stderr, "greenlane: the daemon cannot be asked (%s); this is read from %s\n", told,
	    path != NULL ? path : settings->store);
	return 0;
}

static int
ask_files(struct greylist_ask *ask, const char *words, struct text *out)
{
	struct greylist_request request;
	struct greylist_changes changes;
	struct fault why = { .text = "" };
	int result = 0;

	if (!greylist_request_read(span_of(words), &request, &why)) {
		result = EX_USAGE;
	} else {
		json_write_begin(out);
		if (!greylist_request_answer(&request, ask->store, &ask->policy->settings.greylist, clock_now(), out,
			&changes, &why))
			result = EX_UNAVAILABLE;
		json_write_end(out);
	}
	if (result != 0)
		daemon_fault(&why);
	return result;
}

/* ---- the daemon ---- */

/* An answer may be that it cannot. */
static int
read_error(struct span reply)
{
	static const struct {
		const char *slug;
		int status;
	} errors[] = { { "\"not-allowed\"", EX_NOPERM }, { "\"no-greylist\"", 1 }, { "\"bad-request\"", EX_USAGE } };
	struct span slug = json_read_member(reply, "error");

	if (slug.length == 0)
		return 0;
	daemon_print(stderr, "greenlane: ", json_read_member(reply, "text"));
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (span_is(slug, errors[i].slug))
			return errors[i].status;
	return EX_UNAVAILABLE;
}

/* ABSENT: nobody is there to ask. */
static enum asked
ask_it(struct greylist_ask *ask, const char *words, struct text *out, struct fault *why)
{
	struct text request;
	enum asked asked;

	text_open(&request, 64 * 1024);
	text_format(&request, "greylist %s", words); /* without memory it is empty, which is no request */
	asked = daemon_reach(ask->config, request.bytes, ASK_PIECE_MS, ask->address, out, why);
	text_close(&request);
	return ask->address[0] == '\0' ? ASKED_ABSENT : asked;
}

int
greylist_ask(struct greylist_ask *ask, const struct text *words, bool files_may, struct text *out)
{
	struct fault why = { .text = "" };
	enum asked asked;
	int result;

	text_clear(out);
	if (words->cut) { /* what it lacks may be whose tuples are to go */
		fputs("greenlane: out of memory\n", stderr);
		return EX_OSERR;
	}
	if (ask->store != NULL)
		return ask_files(ask, words->bytes, out);
	asked = ask_it(ask, words->bytes, out, &why);
	if (asked == ASKED_ANSWERED) {
		ask->knows = true;
		return read_error((struct span){ out->bytes, out->length });
	}
	if (asked != ASKED_ABSENT || !files_may || ask->knows) { /* one answer is not pieced together from two */
		daemon_fault(&why);
		if (asked == ASKED_ABSENT && !files_may)
			fputs("greenlane: only a running greenlaned changes its greylist; start it first\n", stderr);
		return asked == ASKED_FORBIDDEN ? EX_NOPERM : EX_UNAVAILABLE;
	}
	text_clear(out);
	result = files_open(ask, &why);
	return result != 0 ? result : ask_files(ask, words->bytes, out);
}
