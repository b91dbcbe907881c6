/* Plays a story over the milter protocol, version 6, to greenlaned's own session.o (as Postfix does). */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>

#include "t/lib/story.h"
#include "t/lib/wire.h"

struct wire {
	struct player player; /* first */
	unsigned long steps;  /* negotiated */
	bool opened;          /* a mail is open */
	bool skips_body;
};

static void
broken(const char *what)
{
	printf("Bail out! wire: %s\n", what);
	exit(1);
}

static void
send_macros(char stage, const char *const *pairs)
{
	char data[2048];
	size_t n = 0;

	data[n++] = stage;
	for (; pairs[0] != NULL; pairs += 2) {
		if (pairs[1] == NULL)
			continue;
		n += (size_t)snprintf(data + n, sizeof data - n, "%s", pairs[0]) + 1;
		n += (size_t)snprintf(data + n, sizeof data - n, "%s", pairs[1]) + 1;
	}
	if (n > 1)
		wire_send(SMFIC_MACRO, data, n);
}

/* ---- replies ---- */

static void
take_reply(char command, const char *data, struct story_reply *out)
{
	switch (command) {
	case SMFIR_REPLYCODE:
		snprintf(out->code, sizeof out->code, "%.3s", data);
		if (sscanf(data + 3, " %15s %599[^\r\n]", out->enhanced, out->text) < 2)
			out->text[0] = '\0';
		break;
	case SMFIR_REJECT:
		strcpy(out->code, "550");
		break;
	case SMFIR_TEMPFAIL:
		strcpy(out->code, "451");
		break;
	default:
		break;
	}
}

/* Waits for the reply of a step unless the filter waived it. */
static void
await(struct wire *wire, unsigned long waiver, struct story_reply *out)
{
	struct story_reply nobody = { .code = "" };
	char command, *data;
	size_t length;

	if (wire->steps & waiver)
		return;
	command = wire_read(&data, &length);
	take_reply(command, data, out == NULL ? &nobody : out);
}

/* ---- the player ---- */

static void
negotiate(struct wire *wire)
{
	uint32_t offer[3] = { htonl(6), htonl(0x1ff), htonl(0x1fffff) }, got[3];
	size_t length;
	char *data;

	wire_send(SMFIC_OPTNEG, offer, sizeof offer);
	wire->steps = 0;
	switch (wire_read(&data, &length)) {
	case SMFIR_TEMPFAIL: /* the filter accepts no client now, so neither do we */
		return;
	case SMFIC_OPTNEG:
		if (length >= sizeof got)
			break;
		/* fallthrough */
	default:
		broken("no negotiation");
	}
	memcpy(got, data, sizeof got);
	wire->steps = ntohl(got[2]);
}

static void
wire_connect(struct player *player, const struct story_client *client)
{
	struct wire *wire = (struct wire *)player;
	char data[512], text[ADDRESS_TEXT];
	bool mapped = strncmp(client->text, "::ffff:", 7) == 0;
	size_t n = (size_t)snprintf(data, 256, "%s", client->name) + 1;
	uint16_t port = htons(client->port);

	wire_dial();
	negotiate(wire);
	send_macros(SMFIC_CONNECT,
	    (const char *const[]){ "j", client->mta_name, "{daemon_name}", client->daemon_name, "{client_resolve}",
		client->resolve, NULL });
	data[n++] = client->address.family == ADDRESS_NONE ? SMFIA_UNKNOWN
	    : client->address.family == ADDRESS_V4 && !mapped
	    ? SMFIA_INET
	    : SMFIA_INET6;
	if (client->address.family != ADDRESS_NONE) {
		memcpy(data + n, &port, sizeof port);
		n += sizeof port;
		n += (size_t)snprintf(data + n, sizeof data - n, "%s",
			 mapped ? client->text : address_write(&client->address, text)) +
		    1;
	}
	wire_send(SMFIC_CONNECT, data, n);
	await(wire, SMFIP_NR_CONN, NULL);
}

static void
wire_helo(struct player *player, const char *name)
{
	struct wire *wire = (struct wire *)player;

	wire_send(SMFIC_HELO, name, strlen(name) + 1);
	await(wire, SMFIP_NR_HELO, NULL);
}

static void
wire_abort(struct player *player)
{
	struct wire *wire = (struct wire *)player;

	if (!wire->opened)
		return;
	wire_send(SMFIC_ABORT, "", 0);
	wire_await_messages(0);
	wire->opened = false;
}

static void
wire_mail(struct player *player, const char *path, const char *auth)
{
	struct wire *wire = (struct wire *)player;

	wire_abort(player);
	send_macros(SMFIC_MAIL, (const char *const[]){ "{auth_authen}", auth, NULL });
	wire_send(SMFIC_MAIL, path, strlen(path) + 1);
	wire->opened = true;
	wire->skips_body = false;
	await(wire, SMFIP_NR_MAIL, NULL);
	wire_await_messages(1);
}

static void
wire_rcpt(struct player *player, const char *path, struct story_reply *out)
{
	struct wire *wire = (struct wire *)player;

	send_macros(SMFIC_RCPT,
	    (const char *const[]){ "i", "4STORY", "{rcpt_mailer}", "virtual", "{rcpt_host}", "rx.example",
		"{rcpt_addr}", path, NULL });
	wire_send(SMFIC_RCPT, path, strlen(path) + 1);
	await(wire, SMFIP_NR_RCPT, out);
}

/* Postfix drops our reply here, and so does this. */
static void
wire_rcpt_refused(struct player *player, const char *path, const char *status, const char *text)
{
	struct wire *wire = (struct wire *)player;

	send_macros(SMFIC_RCPT,
	    (const char *const[]){ "{rcpt_mailer}", "error", "{rcpt_host}", status, "{rcpt_addr}", text, NULL });
	wire_send(SMFIC_RCPT, path, strlen(path) + 1);
	await(wire, SMFIP_NR_RCPT, NULL);
}

static void
wire_header(struct player *player, const char *name, const char *value)
{
	struct wire *wire = (struct wire *)player;
	size_t n = strlen(name) + 1, v = strlen(value) + 1;
	char *data = malloc(n + v);

	if (data == NULL)
		broken("memory");
	memcpy(data, name, n);
	memcpy(data + n, value, v);
	wire_send(SMFIC_HEADER, data, n + v);
	free(data);
	await(wire, SMFIP_NR_HDR, NULL);
}

static void
wire_headers_end(struct player *player)
{
	struct wire *wire = (struct wire *)player;

	wire_send(SMFIC_EOH, "", 0);
	await(wire, SMFIP_NR_EOH, NULL);
}

static void
wire_body(struct player *player, const char *bytes, size_t length)
{
	struct wire *wire = (struct wire *)player;
	char *data;

	while (length > 0 && !wire->skips_body) {
		size_t chunk = length < 65535 ? length : 65535, got;

		wire_send(SMFIC_BODY, bytes, chunk);
		if (!(wire->steps & SMFIP_NR_BODY))
			wire->skips_body = wire_read(&data, &got) == SMFIR_SKIP;
		bytes += chunk;
		length -= chunk;
	}
}

static void
take_edit(char command, const char *data, size_t length, struct story_ending *out)
{
	uint32_t index;
	const char *name = data + sizeof index, *value = name + strlen(name) + 1;

	if (length < sizeof index + 2)
		broken("short edit");
	memcpy(&index, data, sizeof index);
	if (command == SMFIR_CHGHEADER && out->removed_count < STORY_HEADERS_MAX)
		out->removed[out->removed_count++] = ntohl(index);
	if (command != SMFIR_INSHEADER || out->inserted_count == STORY_HEADERS_MAX)
		return;
	/* inserted at the top: what came before moves down */
	memmove(out->inserted + 1, out->inserted, out->inserted_count * sizeof *out->inserted);
	if (asprintf(&out->inserted[0], "%s:%s", name, value) < 0)
		broken("memory");
	out->inserted_count++;
}

static void
wire_end(struct player *player, struct story_ending *out)
{
	struct wire *wire = (struct wire *)player;
	size_t length;
	char command, *data;

	send_macros(SMFIC_BODYEOB, (const char *const[]){ "i", "4STORY", NULL });
	wire_send(SMFIC_BODYEOB, "", 0);
	for (;;) {
		command = wire_read(&data, &length);
		if (command == SMFIR_INSHEADER || command == SMFIR_CHGHEADER)
			take_edit(command, data, length, out);
		else if (command == SMFIR_QUARANTINE)
			out->reply.quarantined = true;
		else
			break;
	}
	take_reply(command, data, &out->reply);
	out->reply.accepts_message = command == SMFIR_CONTINUE || command == SMFIR_ACCEPT;
	wire->opened = false;
}

static void
wire_quit(struct player *player)
{
	wire_abort(player);
	wire_send(SMFIC_QUIT, "", 0);
	wire_hang_up();
}

struct player *
play_wire(const struct services *services)
{
	static struct wire wire;

	wire_start(services);
	wire.player = (struct player){ .name = "wire",
		.connect = wire_connect,
		.helo = wire_helo,
		.mail = wire_mail,
		.rcpt = wire_rcpt,
		.rcpt_refused = wire_rcpt_refused,
		.header = wire_header,
		.headers_end = wire_headers_end,
		.body = wire_body,
		.end = wire_end,
		.abort = wire_abort,
		.quit = wire_quit };
	return &wire.player;
}
