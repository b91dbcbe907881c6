/* The control protocol over a real socket: who asks is told by the kernel; and what somebody who hangs, or is not there, looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/peers/ask_daemon.h"
#include "milter/peers/control.h"
#include "policy/rules/policy.h"
#include "policy/util/json_write.h"
#include "policy/util/json_read.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { NOW = 1000000 };
static const struct greylist_settings settings = { .on = true,
	.delay = 300,
	.retry_window = 172800,
	.lifetime = 3110400,
	.auto_pass = 5,
	.ipv4_prefix = 24,
	.ipv6_prefix = 64 };
static struct store *store;
static char folder[64], address[128];
static unsigned reloads;
static bool busy;

static bool
tell(void *context, struct text *out)
{
	json_write_begin(out);
	json_write_string(out, "said", context);
	json_write_end(out);
	return true;
}

static bool
reload(void *context)
{
	(void)context;
	reloads += !busy;
	return !busy;
}

/* Over a store in memory. */
static const char *
ask_greylist(void *context, const struct greylist_request *request, uid_t who, struct text *out,
    struct greylist_changes *changes, struct fault *why)
{
	(void)context, (void)who;
	return greylist_request_answer(request, store, &settings, NOW, out, changes, why) ? NULL : "store-failed";
}

static struct request_server *
serve(struct control *control)
{
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(address, &why);
	struct request_server *server = listener == NULL
	    ? NULL
	    : request_server_open(&control_protocol, control, NULL, listener, CONTROL_CONNECTIONS, &why);

	if (server == NULL) {
		note("%s", why.text);
		exit(99);
	}
	return server;
}

static void
expect(const char *request, const char *wanted, const char *name)
{
	struct fault why = { .text = "" };
	struct text out;

	text_open(&out, STATUS_JSON_MAX);
	is_number(ask_daemon(address, request, 5000, &out, &why), ASKED_ANSWERED, "%s: it is answered", name);
	ok(strstr(out.bytes, wanted) != NULL, "%s: %s", name, out.bytes);
	text_close(&out);
}

/* A request that begins with these words, of so many bytes. */
static void
expect_long(const char *words, size_t length, const char *wanted, const char *name)
{
	char *request = calloc(1, length + 1);

	if (request == NULL)
		exit(99);
	memset(request, ' ', length);
	memcpy(request, words, strlen(words));
	expect(request, wanted, name);
	free(request);
}

static void
test_requests(void)
{
	struct control control = { (void *)"all is well", tell, reload, ask_greylist, getuid() };
	struct request_server *server = serve(&control);

	expect("status", "{\"said\":\"all is well\"}", "status");
	expect(" status \r", "{\"said\":\"all is well\"}", "blanks around it");
	expect("", "\"error\":\"unknown-request\"", "an empty line");
	expect("stop", "\"error\":\"unknown-request\"", "another word");
	expect_long("reload", CONTROL_REQUEST_MAX - 1, "{\"said\":\"all is well\"}", "a request of 24 KiB is read");
	is_number(reloads, 1, "and done");
	expect_long("reload", CONTROL_REQUEST_MAX,
	    "{\"control\":1,\"error\":\"bad-request\",\"text\":\"a request longer than 24576 bytes; it was not carried out\"}",
	    "a longer one is not");
	expect_long("reload", 4 * 1024 * 1024, "\"error\":\"bad-request\"",
	    "one that is still being sent when it is refused");
	is_number(reloads, 1, "and is not done");
	expect("reload", "{\"said\":\"all is well\"}", "the owner reloads");
	is_number(reloads, 2, "which is done");
	busy = true;
	expect("reload", "\"error\":\"busy\"", "a second reload at once");
	control.owner = getuid() + 1;
	if (getuid() != 0)
		expect("reload", "\"error\":\"not-allowed\"", "another user reloads");
	is_number(reloads, 2, "which is not done");
	request_server_close(server);
}

/* ---- greylist ---- */

static void
put(const char *key, int64_t first, uint32_t passed)
{
	struct greylist_record record = { first, first, passed, 1, false };

	if (!store_put(store, key, strlen(key), &record, NULL))
		exit(99);
}

/* "" for a tuple that is not there or forgotten. */
static const char *
state_of(const char *key)
{
	struct greylist_record record;
	struct greylist_tuple tuple;
	bool found;

	if (!store_get(store, key, strlen(key), &record, &found, NULL) || !found ||
	    !greylist_tuple_read(&settings, key, strlen(key), &record, NOW, &tuple))
		return "";
	return greylist_tuple_word(tuple.state);
}

#define BYTES_100 "a123456789b123456789c123456789d123456789e123456789f123456789g123456789h123456789i123456789j123456789"
#define BYTES_500 BYTES_100 BYTES_100 BYTES_100 BYTES_100 BYTES_100
#define BYTES_1300 BYTES_500 BYTES_500 BYTES_100 BYTES_100 BYTES_100

static const struct {
	const char *name, *request, *wanted;
} greylist_rows[] = {
	{ "all, in the order of their keys", "greylist list",
	    "{\"control\":1,\"tuples\":[{\"sender\":\"<>\",\"rcpt\":\"c@d.example\",\"network\":\"-\",\"state\":\"waiting\","
	    "\"first\":999900,\"tries\":1,\"due\":1000200,\"last\":999900,\"passed\":0,\"expires\":1172700,"
	    "\"key\":\"g <> c@d.example -\"},{\"sender\":\"a@b.example\",\"rcpt\":\"c@d.example\",\"network\":\"192.0.2.0/24\"" },
	{ "what it amounts to", "greylist list most=0",
	    "\"tuples\":[],\"piece\":{\"now\":1000000,\"matched\":5,\"by_domain\":0,\"changed\":0,\"counts\":{\"waiting\":2,"
	    "\"due\":1,\"pass\":0,\"known\":1,\"free\":0,\"expired\":1},\"oldest\":999000}}" },
	{ "some states", "greylist list states=due,known most=0", "\"matched\":2,\"by_domain\":0,\"changed\":0" },
	{ "some tuples, and where to go on", "greylist list most=1",
	    "\"next\":\"g a@b.example c@d.example 192.0.2.0/24\"}}" },
	{ "going on from there", "greylist list most=1 from=g\\x20a@b.example\\x20c@d.example\\x20192.0.2.0/24",
	    "\"tuples\":[{\"sender\":\"a@b.example\"" },
	{ "a sender", "greylist list sender=w\\x20x@b.example", "\"tuples\":[{\"sender\":\"w\\\\x20x@b.example\"" },
	{ "a client, and what is kept by domain", "greylist list client=192.0.2.9", "\"matched\":1,\"by_domain\":1" },
	{ "one key", "greylist list key=g\\x20<>\\x20c@d.example\\x20-", "\"matched\":1" },
	{ "one key that is not there", "greylist list key=g\\x20x",
	    "\"tuples\":[],\"piece\":{\"now\":1000000,\"matched\":0" },
	{ "nothing to do", "greylist",
	    "\"error\":\"bad-request\",\"text\":\"the requests about the greylist are list, pass" },
	{ "another verb", "greylist drop", "\"error\":\"bad-request\"" },
	{ "another value", "greylist list helo=x",
	    "\"error\":\"bad-request\",\"text\":\"no request about the greylist has 'helo'" },
	{ "a name without a value", "greylist list sender", "\"error\":\"bad-request\",\"text\":\"'sender' has no value" },
	{ "a number without digits", "greylist list most=", "\"error\":\"bad-request\"" },
	{ "as many bytes as an address may have", "greylist list most=0 sender=" BYTES_1300, "\"matched\":0" },
	{ "one more", "greylist list most=0 sender=" BYTES_1300 "x",
	    "\"error\":\"bad-request\",\"text\":\"a value is longer than 1300 bytes" },
	{ "more than a piece", "greylist list most=201", "\"error\":\"bad-request\",\"text\":\"most is at most 200" },
	{ "no number", "greylist list most=-1", "\"error\":\"bad-request\"" },
	{ "another state", "greylist list states=early", "\"error\":\"bad-request\",\"text\":\"'early' is no state" },
	{ "no client", "greylist list client=host", "\"error\":\"bad-request\",\"text\":\"'host' is no client" },
	{ "a NUL in an address", "greylist list sender=a\\x00b", "\"error\":\"bad-request\"" },
};

/* How many tuples a list has that goes on until its end. */
static size_t
pieces_count(unsigned *pieces)
{
	struct fault why = { .text = "" };
	struct text out, request, next;
	size_t count = 0;

	text_open(&out, STATUS_JSON_MAX);
	text_open(&request, 4096);
	text_open(&next, 1000);
	*pieces = 0;
	do {
		struct span reply, rest, tuple;

		text_clear(&request);
		text_put(&request, "greylist list");
		if (next.length > 0)
			greylist_request_add(&request, "from", (struct span){ next.bytes, next.length });
		text_clear(&out);
		if (ask_daemon(address, request.bytes, 5000, &out, &why) != ASKED_ANSWERED)
			break;
		reply = (struct span){ out.bytes, out.length };
		for (rest = json_read_member(reply, "tuples"); json_read_next(&rest, &tuple);)
			count++;
		text_clear(&next);
		json_read_unquote(json_read_member(json_read_member(reply, "piece"), "next"), &next);
		++*pieces;
	} while (next.length > 0);
	text_close(&out);
	text_close(&request);
	text_close(&next);
	return count;
}

static bool (*put_whole)(struct store *, const char *, size_t, const struct greylist_record *, struct fault *);
static unsigned puts_left;

static bool
put_some(struct store *kept, const char *key, size_t length, const struct greylist_record *record, struct fault *why)
{
	if (puts_left == 0)
		return fault_set(why, "the disk is gone");
	puts_left--;
	return put_whole(kept, key, length, record, why);
}

/* Of three the last cannot be written. */
static void
test_half_done(void)
{
	put_whole = store->put;
	store->put = put_some;
	puts_left = 2;
	expect("greylist forget sender=half.example",
	    "{\"control\":1,\"error\":\"store-failed\",\"text\":\"the disk is gone\",\"changed\":2}",
	    "a store that fails half-way");
	expect("greylist forget sender=half.example", "\"changed\":0}", "and again before the first");
	store->put = put_whole;
	expect("greylist forget sender=half.example", "\"matched\":1", "what was done stays done");
}

static void
test_greylist(void)
{
	struct control control = { (void *)"all is well", tell, reload, ask_greylist, getuid() };
	struct request_server *server = serve(&control);
	unsigned pieces;
	char key[64];

	store = store_memory(20000, NULL);
	put("g <> c@d.example -", NOW - 100, 0);
	put("g a@b.example c@d.example 192.0.2.0/24", NOW - 100, 0);
	put("g dead@b.example c@d.example 198.51.100.0/24", 1, 0);
	put("g k@b.example c@d.example @b.example", NOW - 100, 2);
	put("g w\\x20x@b.example c@d.example 198.51.100.0/24", NOW - 1000, 0);
	put("u unsure@b.example c@d.example -", NOW, 0);
	for (size_t i = 0; i < sizeof greylist_rows / sizeof greylist_rows[0]; i++)
		expect(greylist_rows[i].request, greylist_rows[i].wanted, greylist_rows[i].name);

	expect("greylist pass sender=a@b.example", "\"state\":\"pass\"", "one is let pass");
	is(state_of("g a@b.example c@d.example 192.0.2.0/24"), "pass", "which is done");
	expect("greylist pass sender=k@b.example", "\"changed\":0", "what passes anyway is not changed");
	expect("greylist pass most=0", "\"changed\":0", "nor what is only counted");
	expect("greylist forget sender=b.example states=expired,due", "\"changed\":2", "two are forgotten");
	is(state_of("g w\\x20x@b.example c@d.example 198.51.100.0/24"), "", "which is done");
	is(state_of("g k@b.example c@d.example @b.example"), "known", "but not to others");
	control.owner = getuid() + 1;
	if (getuid() != 0) {
		expect("greylist forget", "\"error\":\"not-allowed\"", "another user forgets");
		expect("greylist list", "\"matched\":3", "he may look, and nothing was done");
	}
	control.owner = getuid();
	put("g x@half.example c@d.example -", NOW, 0);
	put("g y@half.example c@d.example -", NOW, 0);
	put("g z@half.example c@d.example -", NOW, 0);
	test_half_done();
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(key, sizeof key, "g s@x%u.example c@d.example -", i);
		put(key, NOW, 0);
	}
	is_number(pieces_count(&pieces), 10003, "ten thousand are listed in pieces");
	is_number(pieces, 51, "of two hundred");
	request_server_close(server);
	store_close(store);
}

/* Nobody accepts; then nobody listens. */
static void
test_absent(void)
{
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(address, &why);
	struct text out;

	text_open(&out, 1000);
	if (listener == NULL)
		exit(99);
	is_number(ask_daemon(address, "status", 100, &out, &why), ASKED_HUNG, "one who never answers hangs");
	is_number(ask_milter(address, 100, &why), ASKED_HUNG, "so does such a milter");
	listener_close(listener);
	is_number(ask_daemon(address, "status", 100, &out, &why), ASKED_ABSENT, "nobody is there");
	is_number(ask_milter(address, 100, &why), ASKED_ABSENT, "nor a milter");
	is_number(ask_milter("inet:1@127.0.0.1", 1000, &why), ASKED_ABSENT, "nor at a port");
	text_close(&out);
}

int
main(void)
{
	snprintf(folder, sizeof folder, "/tmp/greenlane-control.XXXXXX");
	if (!scratch_make(folder))
		return 99;
	snprintf(address, sizeof address, "unix:%s/socket", folder);
	test_requests();
	test_greylist();
	test_absent();
	rmdir(folder);
	return done();
}
