#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/store/greylist_requests.h"
#include "milter/store/store_redis.h"
#include "milter/system/clock.h"
#include "milter/system/privileges.h"
#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "milter/tool/greylist_alone.h"
#include "milter/tool/greylist_ask.h"
#include "milter/tool/greylist_copy.h"
#include "policy/rules/store_name.h"
#include "policy/util/json_read.h"

enum { WORDS_FULL = 20 * 1024 /* of a request of 24 KiB: one record more has room */, PROGRESS_TICKS = 250 * 1000 };

struct copy {
	const char *config, *from_text, *to_text;
	struct policy *policy;
	struct store *from, *to; /* to NULL: a daemon takes them */
	struct greylist_ask *ask;
	struct text words, reply;
	size_t looked, live, copied, expired; /* tuples that were read; those that may be copied; ... */
	int64_t shown;                        /* ticks */
};

static int
fail(const struct fault *why, int status)
{
	cmd_fault(why);
	return status;
}

/* ---- opening ---- */

static bool
read_name(const char *which, const char *text, struct store_name *out)
{
	struct fault why;

	if (!store_name_read(text, out, &why))
		fprintf(stderr, "greenlane: %s: %s\n", which, why.text);
	else if (out->kind == STORE_NONE)
		fprintf(stderr, "greenlane: %s: 'none' is no greylist; write a store as greylist.store names it\n", which);
	else
		return true;
	return false;
}

/* What another user makes there the daemon could not open. */
static int
become_user(const struct copy *copy, const struct store_name *to)
{
	struct account account;
	struct fault why;

	if (!account_find(copy->policy->settings.user, &account, &why) ||
	    (to->kind == STORE_LMDB && !account_make_folder(&account, to->path, 0750, &why)) ||
	    !account_become(&account, &why))
		return fail(&why, EX_NOPERM);
	return 0;
}

/* NULL with why. */
static struct store *
open_redis(const struct copy *copy, const char *text, struct fault *why)
{
	struct settings settings = copy->policy->settings;

	settings.store = text;
	return store_redis(&settings, NULL, why);
}

static int
open_from(struct copy *copy, const struct store_name *name)
{
	struct fault why = { .text = "" };

	if (name->kind == STORE_LMDB && !greylist_may_read(name->path))
		return EX_NOPERM;
	copy->from = name->kind == STORE_LMDB
	    ? store_lmdb_reader(name->path, &why)
	    : open_redis(copy, copy->from_text, &why);
	return copy->from != NULL ? 0 : fail(&why, EX_UNAVAILABLE);
}

/* The daemon that has it open is asked: what it has not written yet is newer than the file. */
static int
find_daemon(struct copy *copy)
{
	struct fault why = { .text = "" };
	struct text name;
	char address[DAEMON_ADDRESS];
	bool is_its;

	text_open(&name, sizeof address);
	is_its = daemon_reach(copy->config, "status", ASK_STATUS_MS, address, &copy->reply, &why) == ASKED_ANSWERED;
	json_read_unquote(
	    json_read_member(json_read_member((struct span){ copy->reply.bytes, copy->reply.length }, "store"), "name"),
	    &name);
	is_its = is_its && strcmp(name.bytes, copy->to_text) == 0;
	text_close(&name);
	if (is_its)
		return 0;
	fprintf(stderr,
	    "greenlane: another process has %s open; write -c and the greenlane.conf of the greenlaned that uses it, or end "
	    "that\n",
	    copy->to_text);
	return EX_UNAVAILABLE;
}

static int
open_to(struct copy *copy, const struct store_name *name)
{
	struct fault why = { .text = "" };

	if (name->kind == STORE_LMDB && store_lmdb_in_use(name->path))
		return find_daemon(copy);
	copy->to = name->kind == STORE_LMDB ? store_lmdb(name->path, &why) : open_redis(copy, copy->to_text, &why);
	return copy->to != NULL ? 0 : fail(&why, EX_UNAVAILABLE);
}

/* ---- handing over ---- */

/* What was gathered for the daemon. An exit status. */
static int
send_words(struct copy *copy)
{
	int status = greylist_ask(copy->ask, &copy->words, GREYLIST_ALONE_NEVER, &copy->reply);
	struct span reply = { copy->reply.bytes, copy->reply.length };

	if (status == 0)
		reply = json_read_member(reply, "piece");
	copy->copied += (size_t)json_read_integer(json_read_member(reply, "changed"));
	text_clear(&copy->words);
	return status;
}

static int
ask_daemon_to_take(struct copy *copy, const struct store_page *page)
{
	int status = 0;

	for (size_t i = 0; i < page->count && status == 0; i++) {
		if (copy->words.length == 0)
			text_put(&copy->words, "take");
		greylist_request_add_record(&copy->words, &page->entries[i]);
		if (copy->words.length > WORDS_FULL || i + 1 == page->count)
			status = send_words(copy);
	}
	return status;
}

static int
hand_over(struct copy *copy, const struct store_page *page)
{
	struct fault why = { .text = "" };
	size_t taken;
	bool done;

	copy->live += page->count;
	if (copy->to == NULL)
		return ask_daemon_to_take(copy, page);
	done = store_take(copy->to, &copy->policy->settings.greylist, page->entries, page->count, clock_now(), &taken,
	    &why);
	copy->copied += taken;
	return done ? 0 : fail(&why, EX_UNAVAILABLE);
}

/* ---- reading ---- */

/* Of a kind that greylist.h and greylist_network.h name; what else a shared store holds is its own. */
static bool
is_tuple(const struct store_entry *entry)
{
	return entry->length > 2 && memchr("gund", entry->key[0], 4) != NULL && entry->key[1] == ' ';
}

/* Leaves those that are worth copying. */
static void
keep_live(struct copy *copy, struct store_page *page)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->count; i++) {
		const struct store_entry *entry = &page->entries[i];
		bool tuple = is_tuple(entry),
		     dead = tuple && greylist_is_dead(&copy->policy->settings.greylist, &entry->record, clock_now());

		copy->looked += tuple;
		copy->expired += dead;
		if (tuple && !dead)
			page->entries[kept++] = *entry;
	}
	page->count = kept;
}

static void
show_progress(struct copy *copy, bool last)
{
	if (!isatty(STDERR_FILENO) || (!last && clock_ticks() - copy->shown < PROGRESS_TICKS))
		return;
	copy->shown = clock_ticks();
	fprintf(stderr, last ? "\r\033[K" : "\r%zu tuples read, %zu copied", copy->looked, copy->copied);
}

static int
copy_all(struct copy *copy)
{
	struct store_page *page = malloc(sizeof *page);
	struct fault why = { .text = "" };
	char place[STORE_KEY_ROOM];
	size_t length = 0;
	int status = page != NULL ? 0 : EX_OSERR;

	while (status == 0) {
		if (!store_page(copy->from, place, length, page, &why)) {
			status = fail(&why, EX_UNAVAILABLE);
			break;
		}
		length = page->next_length;
		memcpy(place, page->next, length);
		keep_live(copy, page);
		status = hand_over(copy, page);
		show_progress(copy, false);
		if (page->is_last)
			break;
	}
	show_progress(copy, true);
	free(page);
	if (status == 0 && copy->to != NULL && !store_sync(copy->to, &why))
		status = fail(&why, EX_UNAVAILABLE);
	return status;
}

/* ---- the command ---- */

static void
tell(const struct copy *copy, int status, bool json)
{
	size_t newer = copy->live - copy->copied;

	if (status != 0)
		fprintf(stderr, "greenlane: %zu tuple%s copied before that; run it again, nothing is copied twice\n",
		    copy->copied, copy->copied == 1 ? " was" : "s were");
	else if (json)
		printf("{\"copied\":%zu,\"newer\":%zu,\"expired\":%zu}\n", copy->copied, newer, copy->expired);
	else
		printf("%zu tuple%s copied, %zu as new or newer there, %zu expired\n", copy->copied,
		    text_s(copy->copied), newer, copy->expired);
}

static int
run(struct copy *copy, const struct store_name *from, const struct store_name *to, bool json)
{
	int status = become_user(copy, to);

	if (status == 0)
		status = open_from(copy, from);
	if (status == 0)
		status = open_to(copy, to);
	if (status != 0)
		return status;
	status = copy_all(copy);
	tell(copy, status, json);
	return status;
}

int
greylist_copy(const char *config, const char *from_text, const char *to_text, bool json)
{
	struct copy copy = { .config = config, .from_text = from_text, .to_text = to_text };
	struct store_name from, to;
	int status;

	if (!read_name("FROM", from_text, &from) || !read_name("TO", to_text, &to))
		return EX_USAGE;
	if (strcmp(from_text, to_text) == 0) {
		fputs("greenlane: FROM and TO are the same store\n", stderr);
		return EX_USAGE;
	}
	if ((copy.policy = cmd_load(config)) == NULL)
		return EX_CONFIG;
	text_open(&copy.words, 2 * WORDS_FULL);
	text_open(&copy.reply, STATUS_JSON_MAX);
	copy.ask = greylist_ask_open(config);
	status = copy.ask == NULL ? EX_OSERR : run(&copy, &from, &to, json);
	greylist_ask_close(copy.ask);
	store_close(copy.from);
	store_close(copy.to);
	text_close(&copy.words);
	text_close(&copy.reply);
	policy_free(copy.policy);
	return status;
}
