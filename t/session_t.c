/*
 * session_t.c - what no MTA says, said to the milter callbacks through libmilter itself: nothing ends the filter.
 *
 *   session_t                       rows, and the seeds of t/fuzz/seeds/session
 *   session_t -n COUNT [-s NUMBER]  COUNT changed seeds, as t/fuzz/fuzz_session plays them behind a stand-in
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/smtp/drain.h"
#include "milter/smtp/milter_io.h"
#include "milter/smtp/session.h"
#include "t/fuzz/mutate.h"
#include "t/lib/filter.h"
#include "t/lib/milter_client.h"
#include "t/lib/session_fixture.h"
#include "t/lib/talk.h"
#include "t/lib/tap.h"

#define COUNT(rows) (sizeof rows / sizeof *rows)

enum { PATIENCE_MS = 60 * 1000 /* of a filter that hangs, never of one that works */ };

static const struct sockaddr_un *address; /* of the filter */

static void
broken(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(1);
}

/* ---- a client ---- */

static void
dial(struct milter_client *client)
{
	if (!milter_client_dial(client, (const struct sockaddr *)address, sizeof *address))
		broken(client->error);
}

static struct milter_client
client_open(void)
{
	struct milter_client client;

	milter_client_open(&client);
	client.wait_ns = (int64_t)PATIENCE_MS * 1000000;
	dial(&client);
	return client;
}

/* False: the filter has hung up, which it may. */
static bool
send_packet(struct milter_client *client, char command, const struct text *data)
{
	bool sent;

	milter_client_put(client, command, data->bytes, data->length);
	sent = milter_client_flush(client);
	if (client->late)
		broken("the filter hangs");
	return sent;
}

/* The letter of the next reply, with its data in client->data; '\0': the filter hung up. */
static char
read_reply(struct milter_client *client)
{
	char letter;
	bool got = milter_client_read(client, &letter);

	if (client->late)
		broken("the filter hangs");
	return got ? letter : '\0';
}

#define NEGOTIATION "O \\0\\0\\0\\x06\\0\\0\\x01\\xff\\0\\x1f\\xff\\xff\n"
#define WAITS_FOR_BODY "O \\0\\0\\0\\x06\\0\\0\\x01\\xff\\0\\x17\\xff\\xff\n" /* offers no SMFIP_NR_BODY */

/* Does a negotiation on it get a reply? */
static bool
negotiates(struct milter_client *one)
{
	struct span hello = span_of(NEGOTIATION);
	struct text data;
	char command, reply;

	text_open(&data, TALK_DATA_MAX);
	reply = talk_next(&hello, &command, &data) && send_packet(one, command, &data) ? read_reply(one) : '\0';
	text_close(&data);
	return reply == SMFIC_OPTNEG;
}

static bool
is_alive(void)
{
	struct milter_client client = client_open();
	bool alive = negotiates(&client);

	milter_client_close(&client);
	return alive;
}

/* Callbacks end at any time: waits until the last session is closed. */
static bool
all_gone(void)
{
	for (unsigned i = 0; session_count() > 0 || drain_inside() > 0; i++) {
		if (i == PATIENCE_MS)
			return false;
		usleep(1000); /* sleeps: until it looks again */
	}
	return true;
}

/* ---- rows: each reply is waited for, so that none is lost with the connection ---- */

/* Where packets are checked (milter/smtp/milter_io.h), the connection is closed instead, after these replies. */

#define SMTP "C mx.customer.example\\04\\x10\\xe1203.0.113.9\\0\nH mx.customer.example\\0\n"
#define ENVELOPE "M <a@customer.example>\\0\nR <user@rx.example>\\0\n"
#define PASSED "M <a@customer.example>\\0\nU x\\0\nB x\nE\n"
#define MESSAGE "T\nL From\\0 a@customer.example\\0\nN\nB x\\r\\n\nE\n"

static const struct {
	const char *what, *talk;
	const char *replies; /* their letters, in order */
	const char *last;    /* begins the data of the last one */
	const char *before;  /* NULL: no MTA's order, but sound */
} rows[] = {
	{ "HELO before a negotiation is tolerated", "H x\\0\n", "c", "", "" },
	{ "MAIL before a negotiation is tolerated", "M <a@b.example>\\0\n", "c", "", "" },
	{ "ABORT before a negotiation is tolerated, and so is what it lets through", "A\nM <a@b.example>\\0\n", "c", "",
	    "" },
	{ "a recipient before a negotiation is deferred, with the reason", "H x\\0\n" ENVELOPE, "ccy", "451 4.3.0 ", "" },
	{ "a message before a negotiation is deferred at its end, too",
	    "H x\\0\n" ENVELOPE "L From\\0a@b.example\\0\nN\nB x\nE\n", "ccycccy", "451 4.3.0 ", "" },
	{ "an end before a negotiation is deferred, whatever came before it", "M <a@b.example>\\0\nU x\\0\nB x\nE\n",
	    "cccy", "451 4.3.0 ", "" },
	{ "a negotiation after other commands does not count", "H x\\0\n" NEGOTIATION ENVELOPE, "ccy", "451 4.3.0 ", "" },
	{ "after a negotiation a stranger's message is greylisted", NEGOTIATION SMTP ENVELOPE MESSAGE, "Ocy",
	    "451 4.7.1 ", NULL },
	{ "an MTA that cannot go on without a reply to each piece of a body gets one",
	    WAITS_FOR_BODY SMTP ENVELOPE MESSAGE, "Occy", "451 4.7.1 ", NULL },
	{ "HELO drops the envelope that it interrupts", NEGOTIATION SMTP ENVELOPE "H y\\0\n" ENVELOPE MESSAGE, "Occy",
	    "451 4.7.1 ", NULL },
	{ "what follows quit-but-go-on has no session, and is deferred", NEGOTIATION SMTP PASSED "K\n" SMTP ENVELOPE,
	    "Ociicy", "451 4.3.0 ", "Oc" },
	{ "so is its message", NEGOTIATION SMTP PASSED "K\n" SMTP ENVELOPE MESSAGE, "Ociicyy", "451 4.3.0 ", "Oc" },
	{ "a message without recipients is judged", NEGOTIATION SMTP PASSED, "Ociic", "", "Oc" },
	{ "HELO drops the message that it interrupts",
	    NEGOTIATION SMTP "M <a@customer.example>\\0\nU x\\0\nH y\\0\nU x\\0\nB x\nE\n", "Occy", "451 4.3.0 ", "Occ" },
	{ "a second negotiation in a message ends the message, and nothing else",
	    NEGOTIATION SMTP ENVELOPE NEGOTIATION ENVELOPE MESSAGE, "Occy", "451 4.7.1 ", "Oc" },
	{ "a second end has no message to end", NEGOTIATION SMTP ENVELOPE MESSAGE "E\n" ENVELOPE MESSAGE, "Ocycy",
	    "451 4.7.1 ", "Ocy" },
};

static void
test_row(size_t i)
{
	struct span rest = span_of(rows[i].talk);
	char got[32] = "", command;
	size_t wanted = strlen(rows[i].replies), count = 0;
	uint64_t refused = milter_io_refused();
	struct text bytes;
	struct milter_client client = client_open();

	text_open(&bytes, TALK_DATA_MAX);
	while (talk_next(&rest, &command, &bytes) && send_packet(&client, command, &bytes))
		;
	while (count < wanted && (got[count] = read_reply(&client)) != '\0')
		count++;
	if (milter_io_is_on() && rows[i].before != NULL) {
		is(got, rows[i].before, "%s, but not where packets are checked", rows[i].what);
		ok(milter_io_refused() == refused + 1, "and the closed connection is counted");
	} else {
		is(got, rows[i].replies, "%s", rows[i].what);
		ok(strncmp(client.data.bytes, rows[i].last, strlen(rows[i].last)) == 0,
		    "and the last reply is the expected one");
	}
	text_close(&bytes);
	milter_client_close(&client);
	ok(is_alive() && all_gone(), "the filter keeps serving, and keeps no state of it");
}

/* ---- as many as there may be ---- */

static void
test_most(void)
{
	struct milter_client most[SESSION_WORLD_MOST], beyond;
	unsigned open = 0;

	for (size_t i = 0; i < SESSION_WORLD_MOST; i++) {
		most[i] = client_open();
		open += negotiates(&most[i]);
	}
	is_number(open, SESSION_WORLD_MOST, "as many sessions as milter.max_sessions are open at once");
	beyond = client_open();
	ok(!negotiates(&beyond), "one session more is refused in its negotiation");
	milter_client_close(&beyond);
	for (size_t i = 0; i < SESSION_WORLD_MOST; i++)
		milter_client_close(&most[i]);
	ok(all_gone() && is_alive(), "and when they have ended there is room again");
}

/* ---- frames: the same message, however its bytes are cut ---- */

static void
put_talk(struct milter_client *client, struct span talk)
{
	struct text bytes;
	char command;

	text_open(&bytes, TALK_DATA_MAX);
	while (talk_next(&talk, &command, &bytes))
		milter_client_put(client, command, bytes.bytes, bytes.length);
	text_close(&bytes);
}

static void
replies_are(struct milter_client *client, const char *wanted, const char *what)
{
	char got[32] = "";
	size_t count = 0;

	while (count < strlen(wanted) && (got[count] = read_reply(client)) != '\0')
		count++;
	is(got, wanted, "%s", what);
	milter_client_close(client);
	ok(is_alive() && all_gone(), "the filter keeps serving, and keeps no state of it");
}

/* piece bytes at a time; 0: all at once. */
static void
test_pieces(size_t piece, const char *what)
{
	struct milter_client client = client_open();

	put_talk(&client, span_of(NEGOTIATION SMTP ENVELOPE MESSAGE "Q\n"));
	for (size_t at = 0; piece > 0 && at < client.out.length; at += piece) {
		size_t left = client.out.length - at;

		if (send(client.fd, client.out.bytes + at, left < piece ? left : piece, MSG_NOSIGNAL) < 0)
			broken("the filter hangs up");
	}
	if (piece > 0)
		text_clear(&client.out);
	replies_are(&client, "Ocy", what);
}

/* A field of this length, as Postfix sends it whole, and behind it a body in pieces of 65,535 bytes. */
static void
test_large(size_t length, const char *wanted, const char *what)
{
	struct milter_client client = client_open();
	char *bytes = calloc(1, length);

	if (bytes == NULL)
		broken("memory");
	memset(bytes, 'x', length);
	bytes[4] = bytes[length - 1] = '\0';
	put_talk(&client, span_of(NEGOTIATION SMTP ENVELOPE "T\nL From\\0 a@customer.example\\0\n"));
	milter_client_put(&client, SMFIC_HEADER, bytes, length);
	put_talk(&client, span_of("N\n"));
	milter_client_put(&client, SMFIC_BODY, bytes, length < 65535 ? length : 65535);
	put_talk(&client, span_of("E\n"));
	free(bytes);
	(void)milter_client_flush(&client);
	replies_are(&client, wanted, what);
}

/* Frames that no packet has, and what is left of one. */
static void
test_raw(const char *bytes, size_t length, const char *what)
{
	struct milter_client client = client_open();

	put_talk(&client, span_of(NEGOTIATION));
	text_add(&client.out, bytes, length);
	(void)milter_client_flush(&client);
	shutdown(client.fd, SHUT_WR);
	replies_are(&client, "O", what);
}

static void
test_frames(void)
{
	test_pieces(0, "a session in one piece");
	test_pieces(1, "a session byte by byte");
	test_pieces(7, "a session in pieces of 7 bytes");
	test_large(40 * 1000, "Ocy", "a field of 40,000 bytes");
	test_large(200 * 1000, "Ocy", "a field of 200,000 bytes, a body of 65,535");
	test_large(5 * 1000 * 1000, "Oc", "a field of 5,000,000 bytes ends the connection");
	test_raw("\0\0\0\0", 4, "a length of 0");
	test_raw("\xff\xff\xff\xff"
		 "D",
	    5, "the greatest length");
	test_raw("\0\0\1\0"
		 "Habc",
	    8, "a packet that is cut off");
	test_raw("\0\0", 2, "half a length");
}

/* ---- seeds: whatever the replies, the filter keeps serving ---- */

/* A list of macros with an odd word crashes the shared library, not us (greenlaned(8), SECURITY). */
static bool
is_deadly(char command, const struct text *data)
{
	size_t words = 0;

	if (milter_io_is_on())
		return false;
	for (size_t i = 1; i < data->length; i++)
		words += data->bytes[i] == '\0';
	return command == SMFIC_MACRO && words % 2 == 1;
}

static void
play(struct span rest)
{
	struct text bytes;
	struct milter_client client = client_open();
	char command;

	text_open(&bytes, TALK_DATA_MAX);
	while (talk_next(&rest, &command, &bytes)) {
		if (is_deadly(command, &bytes) || (command != TALK_HANG_UP && send_packet(&client, command, &bytes)))
			continue;
		milter_client_hang_up(&client);
		dial(&client);
	}
	shutdown(client.fd, SHUT_WR);
	while (read_reply(&client) != '\0')
		;
	milter_client_close(&client);
	text_close(&bytes);
}

static int
is_seed(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
play_file(const char *seeds, const char *name)
{
	static char bytes[TALK_DATA_MAX];
	char path[PATH_MAX + NAME_MAX + 2];
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", seeds, name);
	file = fopen(path, "re");
	if (file != NULL) {
		length = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
	}
	play((struct span){ bytes, length });
	ok(length > 0 && is_alive() && all_gone(), "%s, sent to libmilter, is survived", name);
}

static void
seeds_folder(char out[PATH_MAX])
{
	const char *srcdir = getenv("srcdir");

	snprintf(out, PATH_MAX, "%s/t/fuzz/seeds/session", srcdir == NULL ? "." : srcdir);
}

static void
test_seeds(const char *seeds)
{
	struct dirent **entries = NULL;
	int count = scandir(seeds, &entries, is_seed, alphasort);

	ok(count > 0, "there are seeds");
	for (int i = 0; i < count; i++) {
		play_file(seeds, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

static bool
feed(const uint8_t *bytes, size_t length)
{
	play((struct span){ (const char *)bytes, length });
	return is_alive() && all_gone();
}

int
main(int argc, char **argv)
{
	unsigned long count = 0;
	uint64_t series = 1;
	char seeds[PATH_MAX];

	for (int option; (option = getopt(argc, argv, "n:s:")) != -1;) {
		if (option != 'n' && option != 's')
			return 64;
		*(option == 'n' ? &count : &series) = strtoul(optarg, NULL, 10);
	}
	address = filter_serve(session_fixture_open());
	seeds_folder(seeds);
	if (count > 0) {
		ok(mutate_all(seeds, count, series, feed), "%lu changed seeds, sent to libmilter, are survived", count);
		return done();
	}
	for (size_t i = 0; i < COUNT(rows); i++)
		test_row(i);
	test_most();
	test_frames();
	test_seeds(seeds);
	return done();
}
