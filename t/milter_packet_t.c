/*
 * milter_packet_t.c - what a milter client may say, and what libmilter must not get to read.
 *
 * Conversations are packets as text (t/lib/talk.h). t/fuzz/seeds/milter_packet has whole ones: those of Debian's Postfix and
 * Sendmail as they were recorded, those of others by the protocol's text.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/mail/milter_packet.h"
#include "t/lib/talk.h"
#include "t/lib/tap.h"

#define COUNT(rows) (sizeof rows / sizeof *rows)
#define OFFER "O \\0\\0\\0\\x06\\0\\0\\x01\\xff\\0\\x1f\\xff\\xff\n"
#define CONNECT OFFER "C mx.example\\04\\x10\\xe1203.0.113.9\\0\n"
#define SENDER CONNECT "H mx.example\\0\nM <a@b.example>\\0\n"
#define RCPT SENDER "R <c@d.example>\\0NOTIFY=NEVER\\0\n"
#define BODY RCPT "T\nL From\\0 a@b.example\\0\nN\nB x\n"

static const struct {
	const char *what, *talk;
	const char *fault; /* of the last packet; NULL: all are sound */
} rows[] = {
	{ "a whole message", BODY "B y\nE\nQ\n", NULL },
	{ "two messages", BODY "E\nM <a@b.example>\\0\nR <c@d.example>\\0\nN\nE\nQ\n", NULL },
	{ "no HELO, no DATA, no header fields, no body", CONNECT "M <>\\0\nR <c@d.example>\\0\nN\nE\n", NULL },
	{ "HELO again, as after STARTTLS", SENDER "A\nH other.example\\0\nM <>\\0\n", NULL },
	{ "HELO within an envelope", RCPT "H other.example\\0\nM <>\\0\n", NULL },
	{ "a sender after a sender that the MTA refused", SENDER "M <>\\0\n", NULL },
	{ "an end of the body with a last piece of it", BODY "E z\n", NULL },
	{ "an abort everywhere", BODY "A\nA\nM <>\\0\nA\n", NULL },
	{ "a connection that is aborted before the client is named", OFFER "A\nQ\n", NULL },
	{ "quit, and another connection follows", CONNECT "K\nC mx.example\\0U\nQ\n", NULL },
	{ "an unknown command of the client", CONNECT "U XFOO bar\\0\n", NULL },
	{ "macros of every stage, also empty ones",
	    CONNECT "DCj\\0mx\\0v\\0\\0\nDH\nDM{auth_authen}\\0\\0\nDL\nDBi\\0x\\0\nDEi\\0x\\0\n", NULL },
	{ "a client by IPv6", OFFER "C x\\06\\0\\x19IPv6:2001:db8::1\\0\n", NULL },
	{ "a mapped one", OFFER "C x\\06\\0\\x19::ffff:192.0.2.9\\0\n", NULL },
	{ "one on a Unix socket", OFFER "C x\\0L\\0\\0/run/x\\0\n", NULL },
	{ "one that nobody knows", OFFER "C x\\0U\n", NULL },
	{ "a newer version that says more", "O \\0\\0\\0\\x07\\0\\0\\x01\\xff\\0\\x1f\\xff\\xff\\0\\0\\0\\x01\n", NULL },
	{ "a version 2 client", "O \\0\\0\\0\\x02\\0\\0\\0\\x3f\\0\\0\\0\\x7f\n", NULL },

	{ "a command before the negotiation", "H x\\0\n", "a command comes before the negotiation" },
	{ "macros before the negotiation", "DCj\\0x\\0\n", "a command comes before the negotiation" },
	{ "two negotiations", OFFER OFFER, "it negotiates twice" },
	{ "a negotiation within a message", RCPT OFFER, "it negotiates twice" },
	{ "a negotiation that is too short", "O \\0\\0\\0\\x06\\0\\0\\x01\\xff\\0\\x1f\\xff\n",
	    "a negotiation is too short" },
	{ "a negotiation of version 1", "O \\0\\0\\0\\x01\\0\\0\\x01\\xff\\0\\x1f\\xff\\xff\n",
	    "a negotiation offers a version before 2" },
	{ "an unknown letter", OFFER "Z\n", "a command is unknown" },
	{ "a letter of a reply", OFFER "c\n", "a command is unknown" },
	{ "HELO before the client", OFFER "H x\\0\n", "a command comes out of order" },
	{ "a second client", CONNECT "C x\\0U\n", "a command comes out of order" },
	{ "a recipient without a sender", CONNECT "R <c@d.example>\\0\n", "a command comes out of order" },
	{ "a field without a recipient", SENDER "L From\\0 x\\0\n", "a command comes out of order" },
	{ "a body within the header", RCPT "L From\\0 x\\0\nB x\n", "a command comes out of order" },
	{ "an end within the header", RCPT "L From\\0 x\\0\nE\n", "a command comes out of order" },
	{ "a field within the body", BODY "L From\\0 x\\0\n", "a command comes out of order" },
	{ "a second end", BODY "E\nE\n", "a command comes out of order" },
	{ "a sender within the body", BODY "M <>\\0\n", "a command comes out of order" },
	{ "a recipient within the header", RCPT "L From\\0 x\\0\nR <c@d.example>\\0\n", "a command comes out of order" },
	{ "anything after quit", CONNECT "Q\nQ\n", "a command comes out of order" },
	{ "a macro without a value", OFFER "DM{auth_authen}\\0\n", "a macro has no value" },
	{ "a third word", OFFER "DMi\\0x\\0j\\0\n", "a macro has no value" },
	{ "a list of macros without an end", OFFER "DMi\\0x\n", "a list of macros has no end" },
	{ "macros for nothing", OFFER "D\n", "macros are for no known command" },
	{ "macros for an unknown command", OFFER "DZi\\0x\\0\n", "macros are for no known command" },
	{ "a client without a family", OFFER "C mx.example\\0\n", "a client has no address family" },
	{ "a client's name without an end", OFFER "C mx.example\n", "a client has no address family" },
	{ "nothing of a client", OFFER "C\n", "a client has no address family" },
	{ "an unknown family", OFFER "C x\\05\\0\\0192.0.2.1\\0\n", "a client's address family is unknown" },
	{ "a client without a port", OFFER "C x\\04\n", "a client's address has no end" },
	{ "half a port", OFFER "C x\\04\\0\n", "a client's address has no end" },
	{ "no address behind the port", OFFER "C x\\04\\0\\0\n", "a client's address has no end" },
	{ "an address without an end", OFFER "C x\\04\\0\\0192.0.2.1\n", "a client's address has no end" },
	{ "two addresses", OFFER "C x\\04\\0\\0192.0.2.1\\0192.0.2.2\\0\n", "a client's address has no end" },
	{ "an empty address", OFFER "C x\\04\\0\\0\\0\n", "a client's address cannot be read" },
	{ "an address that is none", OFFER "C x\\04\\0\\0192.0.2\\0\n", "a client's address cannot be read" },
	{ "IPv6 as IPv4", OFFER "C x\\04\\0\\0IPv6:2001:db8::1\\0\n", "a client's address is not of its family" },
	{ "IPv4 as IPv6", OFFER "C x\\06\\0\\0192.0.2.1\\0\n", "a client's address is not of its family" },
	{ "HELO without an end", CONNECT "H x\n", "a string has no end" },
	{ "HELO without a name", CONNECT "H\n", "a string has no end" },
	{ "HELO with two names", CONNECT "H x\\0y\\0\n", "two strings stand where one is expected" },
	{ "a sender without an end", CONNECT "M <a@b.example>\n", "a string has no end" },
	{ "no sender", CONNECT "M\n", "a string has no end" },
	{ "a parameter without an end", SENDER "R <c@d.example>\\0NOTIFY\n", "a string has no end" },
	{ "an unknown command without an end", CONNECT "U x\n", "a string has no end" },
	{ "a field without an end", RCPT "L From\\0 x\n", "a header field has no end" },
	{ "nothing of a field", RCPT "L\n", "a header field has no end" },
	{ "a field without a name", RCPT "L \\0 x\\0\n", "a header field has no name" },
	{ "a field without a value", RCPT "L From\\0\n", "a header field is not a name and a value" },
	{ "a field with two values", RCPT "L From\\0 x\\0y\\0\n", "a header field is not a name and a value" },
};

/* What is wrong with a packet of these bytes; NULL: nothing. */
static const char *
fault_of(struct milter_order *order, char command, const char *data, size_t length)
{
	const char *fault = milter_packet_begin(order, (uint32_t)length + 1, command);

	return fault != NULL ? fault : milter_packet_data(command, data, length);
}

/* The first fault of a conversation; *left is what comes behind it. */
static const char *
play(struct span *left)
{
	struct milter_order order = { 0 };
	const char *fault = NULL;
	struct text data;
	char command;

	text_open(&data, TALK_DATA_MAX);
	while (fault == NULL && talk_next(left, &command, &data)) {
		if (command == TALK_HANG_UP)
			order = (struct milter_order){ 0 };
		else
			fault = fault_of(&order, command, data.bytes, data.length);
	}
	text_close(&data);
	return fault;
}

static void
test_rows(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct span rest = span_of(rows[i].talk);
		const char *fault = play(&rest);

		is(fault == NULL ? "sound" : fault, rows[i].fault == NULL ? "sound" : rows[i].fault, "%s", rows[i].what);
		ok(rest.length == 0, "and it is the last packet that decides");
	}
}

static void
test_lengths(void)
{
	struct milter_order order = { 0 };

	is(milter_packet_begin(&order, 0, 'O'), "a packet is empty", "a length of 0");
	is(milter_packet_begin(&order, MILTER_PACKET_MAX + 1, 'O'), "a packet is too long", "a length above the bound");
	is(milter_packet_begin(&order, UINT32_MAX, 'O'), "a packet is too long", "the greatest length");
	ok(milter_packet_begin(&order, MILTER_PACKET_MAX, 'O') == NULL, "a length at the bound");
	ok(!milter_packet_has_form('B') && !milter_packet_has_form('E') && milter_packet_has_form('L'),
	    "bodies may be any bytes, fields may not");
}

/* ---- what MTAs send ---- */

static int
is_session(const struct dirent *entry)
{
	/* what a fuzzer found is no conversation */
	return entry->d_name[0] != '.' && strncmp(entry->d_name, "found-", 6) != 0;
}

static void
test_file(const char *folder, const char *name)
{
	static char bytes[TALK_DATA_MAX];
	char path[PATH_MAX + NAME_MAX + 2];
	struct span rest = { bytes, 0 };
	const char *fault;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "re");
	if (file != NULL) {
		rest.length = fread(bytes, 1, sizeof bytes, file);
		fclose(file);
	}
	ok(rest.length > 0, "%s can be read", name);
	fault = play(&rest);
	is(fault == NULL ? "sound" : fault, "sound", "%s passes", name);
	if (fault != NULL)
		note("before: %.*s", (int)(rest.length < 200 ? rest.length : 200), rest.at);
}

static void
test_sessions(void)
{
	const char *srcdir = getenv("srcdir");
	struct dirent **entries = NULL;
	char folder[PATH_MAX];
	int count;

	snprintf(folder, sizeof folder, "%s/t/fuzz/seeds/milter_packet", srcdir == NULL ? "." : srcdir);
	count = scandir(folder, &entries, is_session, alphasort);
	ok(count > 0, "there are recorded sessions");
	for (int i = 0; i < count; i++) {
		test_file(folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

int
main(void)
{
	test_rows();
	test_lengths();
	test_sessions();
	return done();
}
