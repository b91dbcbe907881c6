/*
 * What a milter client sends, a line a packet (talk.h), to the milter callbacks behind a stand-in for libmilter. Whatever it says
 * and in whatever order: replies are whole, nothing is vouched for from elsewhere, no message ends without a record, and
 * nothing is left behind.
 */
#include <stdio.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "milter/smtp/drain.h"
#include "milter/smtp/session.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/milter_stand_in.h"
#include "t/lib/session_fixture.h"
#include "t/lib/story.h"
#include "t/lib/talk.h"

struct client {
	struct stand_in *connection;
	char command;    /* the last one */
	size_t verdicts; /* records before it */
};

static void
start(void)
{
	static bool started;
	struct fault why;

	if (!started)
		must(session_register(session_fixture_open(), &why));
	started = true;
}

/* "451 4.7.1 text": printable, on one line. */
static void
check_reply(const char *data, size_t length)
{
	must(length > 10 && data[length - 1] == '\0' && strlen(data) == length - 1);
	must((data[0] == '4' || data[0] == '5') && data[3] == ' ' && data[4] == data[0] && data[5] == '.');
	for (size_t i = 0; i + 1 < length; i++)
		must((unsigned char)data[i] >= 0x20 && (unsigned char)data[i] < 0x7f);
}

/* The vendor's own range, the gateway that speaks of it, and our own outbound host: the mapped ones, too. */
static bool
may_be_vouched(const char *address, bool own)
{
	if (strncmp(address, "::ffff:", 7) == 0)
		address += 7;
	if (strcmp(address, "198.51.100.5") == 0)
		return true;
	return own ? strcmp(address, "198.51.100.25") == 0 : strncmp(address, "192.0.2.", 8) == 0;
}

/* Of the outcome it is the first word behind the name of whoever says it: in a sender's address it may stand as well. */
static bool
says_vouched(const char *value)
{
	const char *result = strchr(value, ';');

	return result != NULL && strncmp(result + 1 + strspn(result + 1, " \t\n"), "x-greenlane=vouched", 19) == 0;
}

static void
check_header(const struct client *client, const char *data, size_t length)
{
	const char *name = data + sizeof(uint32_t), *value = name + strlen(name) + 1;

	must(strcmp(name, "Authentication-Results") == 0 && value + strlen(value) + 1 == data + length);
	/* lines of a field are folded, and nothing else breaks them */
	for (const char *c = value; *c != '\0'; c++)
		must((unsigned char)*c >= 0x20 || *c == '\t' || (*c == '\n' && (c[1] == '\t' || c[1] == ' ')));
	if (says_vouched(value))
		must(may_be_vouched(stand_in_address(client->connection), strstr(value, "policy.vendor=own") != NULL));
}

static void
on_reply(void *context, char letter, const char *data, size_t length)
{
	const struct client *client = context;

	switch (letter) {
	case SMFIR_REPLYCODE:
		check_reply(data, length);
		must(client->command == SMFIC_RCPT || client->command == SMFIC_BODYEOB);
		break;
	case SMFIR_INSHEADER:
		check_header(client, data, length);
		break;
	case SMFIR_CHGHEADER:
	case SMFIR_QUARANTINE:
		must(client->command == SMFIC_BODYEOB);
		break;
	case SMFIR_CONTINUE:
		must(client->command != SMFIC_BODYEOB || story_journal_verdicts() > client->verdicts);
		break;
	default:
		must(letter == SMFIC_OPTNEG && client->command == SMFIC_OPTNEG);
	}
}

static void
dial(struct client *client)
{
	*client = (struct client){ .connection = stand_in_open(on_reply, client) };
}

static void
hang_up(struct client *client)
{
	stand_in_close(client->connection);
	must(session_count() == 0 && drain_inside() == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span rest = { (const char *)bytes, size };
	struct client client;
	struct text data;
	char command;

	start();
	text_open(&data, TALK_DATA_MAX);
	dial(&client);
	while (talk_next(&rest, &command, &data)) {
		client.command = command;
		client.verdicts = story_journal_verdicts();
		if (command != TALK_HANG_UP && stand_in_packet(client.connection, command, data.bytes, data.length))
			continue;
		hang_up(&client);
		dial(&client);
	}
	hang_up(&client);
	text_close(&data);
	return 0;
}
