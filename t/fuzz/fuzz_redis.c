/*
 * Any bytes as what a Redis replies, to all that the greylist asks of it, one thing after another: from the log-in to the lines of other
 * hosts. Whatever it says, a decision is one of those that there are, a page is within its bounds, and a failure has words. Nobody is
 * connected to: hiredis reads from a socket that holds the bytes, and the connections of one input share them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hiredis/hiredis.h>

#include "milter/store/store_redis.h"
#include "t/fuzz/fuzz.h"

redisContext *__wrap_redisConnectUnixWithTimeout(const char *path, struct timeval time);

enum { NOW = 1772359200, BYTES_MAX = 64 * 1024, DELAY_MAX = 86400, CONNECTIONS = 8 };

static const char settings_path[] = "redis:unix:/nowhere/redis.sock";
static struct span replies;
static int others[CONNECTIONS];
static size_t connected;

/* A byte 0xff divides what one connection gets from what the next one does. */
redisContext *
__wrap_redisConnectUnixWithTimeout(const char *path, struct timeval time)
{
	struct span part = connected < CONNECTIONS ? span_cut(&replies, '\xff') : (struct span){ "", 0 };
	int ends[2];

	(void)time;
	must(strcmp(path, "/nowhere/redis.sock") == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	must(write(ends[1], part.at, part.length) == (ssize_t)part.length && shutdown(ends[1], SHUT_WR) == 0);
	if (connected == CONNECTIONS)
		close(ends[1]); /* what is asked there fails at once */
	else
		others[connected++] = ends[1];
	return redisConnectFd(ends[0]);
}

static void
check_decide(struct store *store, const struct greylist_settings *settings)
{
	static const struct greylist_keys keys = { "g a@b.example c@d.example -", "n 192.0.2.0/24",
		"d 192.0.2.0/24 b.example", 27, 14, 24 };
	struct greylist_decision decision;
	struct fault why = { .text = "" };

	if (!store_decide(store, settings, &keys, NOW, &decision, &why)) {
		must(decision.state == GREYLIST_FAILED && why.text[0] != '\0');
		return;
	}
	must(decision.state >= GREYLIST_NEW && decision.state <= GREYLIST_NETWORK);
	must((decision.passed_by == PASSED_BY_NETWORK) == (decision.state == GREYLIST_NETWORK));
	must(greylist_state_waits(decision.state) || decision.wait == 0);
	must(decision.wait >= 0 && decision.wait <= DELAY_MAX);
}

static void
check_page(struct store *store)
{
	struct store_page *page = malloc(sizeof *page);
	struct fault why = { .text = "" };

	must(page != NULL);
	if (store_page(store, "", 0, page, &why)) {
		must(page->count <= STORE_PAGE && page->next_length <= sizeof page->next);
		for (size_t i = 0; i < page->count; i++)
			must(page->entries[i].length <= GREYLIST_KEY_MAX);
		if (!page->is_last && store_page(store, page->next, page->next_length, page, &why))
			must(page->count <= STORE_PAGE);
	} else {
		must(why.text[0] != '\0');
	}
	free(page);
}

static void
take_line(void *context, struct span line)
{
	size_t *count = context;

	must(line.length <= STORE_LINE_MAX && ++*count <= STORE_LINES_MAX);
}

static void
check_others(struct store *store, const struct greylist_settings *settings)
{
	struct greylist_record record = { NOW - 10, NOW, 1, 1, false };
	struct store_entry entry = { record, 3, "g a" };
	struct fault why = { .text = "" };
	size_t taken = 0, lines = 0;
	bool found = false;

	if (store_get(store, "g a", 3, &record, &found, &why) && found)
		must(greylist_record_expires(settings, &record) != 0 || greylist_record_is_blank(&record));
	must(store_put(store, "g a", 3, &record, &why) || why.text[0] != '\0');
	must(store_take(store, settings, &entry, 1, NOW, &taken, &why) || why.text[0] != '\0');
	must(store_tell(store, "mx", span_of("line"), take_line, &lines, &why) || why.text[0] != '\0');
	must(store_forget(store, &(struct store_key){ "g a", 3 }, 1, &why) || why.text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings = { .store = settings_path,
		.redis = { .user = "",
		    .password_file = "",
		    .prefix = "gl:",
		    .database = 1,
		    .connect_ms = 1000,
		    .command_ms = 1000,
		    .tls = { "", "", "", "" } },
		.greylist = { .on = true,
		    .delay = 300,
		    .retry_window = 172800,
		    .lifetime = 3110400,
		    .auto_pass = 5,
		    .auto_pass_network = 3 } };
	struct store_report report;
	struct store *store;
	struct fault why;

	if (size > BYTES_MAX)
		return 0;
	replies = (struct span){ (const char *)data, size };
	connected = 0;
	must((store = store_redis(&settings, NULL, &why)) != NULL);
	check_decide(store, &settings.greylist);
	check_others(store, &settings.greylist);
	check_page(store);
	store_look(store);
	store_report(store, &report);
	must(report.state == STORE_STATE_WORKS || report.why.text[0] != '\0');
	store_close(store);
	while (connected > 0)
		close(others[--connected]);
	return 0;
}
