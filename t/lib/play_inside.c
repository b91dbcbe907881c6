/* Plays a story by calling message.h, as session.c does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/smtp/delay_alarm.h"
#include "milter/smtp/greylisting.h"
#include "policy/mail/iprev.h"
#include "t/lib/story.h"

struct inside {
	struct player player; /* first */
	const struct services *services;
	struct smtp_client client;
	struct message *message;
	char name[256], helo[256], daemon_name[256], mta_name[256];
	char confirmed[DOMAIN_TEXT];
};

static void
take_reply(const struct reply *reply, struct story_reply *out)
{
	snprintf(out->code, sizeof out->code, "%s", reply->code);
	snprintf(out->enhanced, sizeof out->enhanced, "%s", reply->enhanced);
	snprintf(out->text, sizeof out->text, "%s", reply->text);
}

static void
drop(struct inside *inside)
{
	message_close(inside->message);
	inside->message = NULL;
}

static void
inside_connect(struct player *player, const struct story_client *client)
{
	struct inside *inside = (struct inside *)player;
	const struct snapshot *snapshot = snapshot_borrow(inside->services->snapshots);

	snprintf(inside->name, sizeof inside->name, "%s", client->name);
	iprev_of_mta(client->name, client->resolve == NULL ? "" : client->resolve, inside->confirmed);
	snprintf(inside->daemon_name, sizeof inside->daemon_name, "%s", client->daemon_name);
	snprintf(inside->mta_name, sizeof inside->mta_name, "%s", client->mta_name);
	inside->helo[0] = '\0';
	inside->client = (struct smtp_client){ .address = client->address,
		.port = client->port,
		.name = inside->name,
		.confirmed = inside->confirmed,
		.helo = inside->helo,
		.daemon_name = inside->daemon_name,
		.mta_name = inside->mta_name,
		.replies_at_rcpt = greylisting_may_refuse_rcpt(&snapshot->judge) };
	snapshot_return(inside->services->snapshots, snapshot);
}

static void
inside_helo(struct player *player, const char *name)
{
	struct inside *inside = (struct inside *)player;

	snprintf(inside->helo, sizeof inside->helo, "%s", name);
}

static void
inside_mail(struct player *player, const char *path, const char *auth)
{
	struct inside *inside = (struct inside *)player;

	drop(inside);
	inside->message = message_open(inside->services, &inside->client, path, auth);
}

static void
inside_rcpt(struct player *player, const char *path, struct story_reply *out)
{
	struct inside *inside = (struct inside *)player;
	struct reply reply;

	message_queue_id(inside->message, "4STORY");
	if (!message_rcpt(inside->message, path, &reply))
		take_reply(&reply, out);
}

static void
inside_rcpt_refused(struct player *player, const char *path, const char *status, const char *text)
{
	delay_alarm_rcpt_refused(((struct inside *)player)->message, path, status, text);
}

static void
inside_header(struct player *player, const char *name, const char *value)
{
	message_header(((struct inside *)player)->message, name, value);
}

static void
inside_headers_end(struct player *player)
{
	(void)message_headers_end(((struct inside *)player)->message);
}

static void
inside_body(struct player *player, const char *bytes, size_t length)
{
	struct inside *inside = (struct inside *)player;

	if (message_wants_body(inside->message))
		message_body(inside->message, (const unsigned char *)bytes, length);
}

static void
keep_header(struct story_ending *out, const char *value)
{
	if (asprintf(&out->inserted[out->inserted_count], "Authentication-Results: %s", value) >= 0)
		out->inserted_count++;
}

static void
inside_end(struct player *player, struct story_ending *out)
{
	struct inside *inside = (struct inside *)player;
	struct ending ending;

	message_end(inside->message, &ending);
	if (ending.replies) {
		take_reply(&ending.reply, &out->reply);
	} else {
		out->reply.accepts_message = true;
		out->reply.quarantined = ending.action == ACTION_QUARANTINE;
		for (size_t i = ending.forged_count; i-- > 0 && out->removed_count < STORY_HEADERS_MAX;)
			out->removed[out->removed_count++] = ending.forged[i];
		if (ending.results != NULL) {
			keep_header(out, ending.results);
			keep_header(out, ending.outcome);
		}
	}
	drop(inside);
}

static void
inside_abort(struct player *player)
{
	drop((struct inside *)player);
}

struct player *
play_inside(const struct services *services)
{
	static struct inside inside;

	inside.services = services;
	inside.player = (struct player){ .name = "inside",
		.connect = inside_connect,
		.helo = inside_helo,
		.mail = inside_mail,
		.rcpt = inside_rcpt,
		.rcpt_refused = inside_rcpt_refused,
		.header = inside_header,
		.headers_end = inside_headers_end,
		.body = inside_body,
		.end = inside_end,
		.abort = inside_abort,
		.quit = inside_abort };
	return &inside.player;
}
