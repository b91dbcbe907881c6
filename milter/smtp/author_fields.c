#include <string.h>

#include "milter/smtp/author_fields.h"
#include "milter/smtp/message_parts.h"

void
author_fields_open(struct message *message)
{
	text_open(&message->from, FROM_RAW_MAX);
	text_open(&message->sender, FROM_RAW_MAX);
}

void
author_fields_close(struct message *message)
{
	text_close(&message->from);
	text_close(&message->sender);
}

/* Keeps the last address of a From that cannot be read: mail programs show it, so its domain needs a DMARC result. */
static void
note_unreadable(struct message *message, const char *value, size_t before)
{
	if (!message->from_broken)
		message->facts.from_stopped = before + message->authors.stopped;
	message->from_broken = true;
	if (mailbox_read_last(message->arena, value, strlen(value), &message->authors))
		message->from_last = message->authors.count;
}

/* Keeps every From field raw, without NULs, and reads its mailboxes. */
static void
note_from(struct message *message, const char *value)
{
	size_t length = strlen(value), before;

	message->from_fields++;
	if (length > MAILBOX_FIELD_MAX)
		message->facts.from_too_long = true;
	if (message->from.length > 0)
		text_char(&message->from, '\n');
	before = message->from.length;
	text_add(&message->from, value, length);
	if (message->from.cut && !message->from.failed)
		message->facts.from_too_long = true;
	if (message->facts.from_too_long)
		message->from_broken = true;
	else if (!mailbox_read_from(message->arena, value, length, &message->authors))
		note_unreadable(message, value, before);
}

/* Kept for where no From holds a mailbox. */
static void
note_sender(struct message *message, const char *value)
{
	if (message->sender.length > 0)
		text_char(&message->sender, '\n');
	text_add(&message->sender, value, strlen(value));
}

void
author_fields_header(struct message *message, struct span name, const char *value)
{
	if (span_is_nocase(name, "From"))
		note_from(message, value);
	if (span_is_nocase(name, "Sender"))
		note_sender(message, value);
}

/* Where no From holds a mailbox, many programs show the Sender (JavaMail's getFrom, Thunderbird's list; Sendmail empties
 * "From: a@"): it is then searched for names behind what From holds, and such mail is never vouched for. */
static void
add_sender(struct message *message)
{
	const struct text *sender = &message->sender;

	if (sender->length == 0 || span_trim((struct span){ sender->bytes, sender->length }).length == 0)
		return;
	if (message->from.length > 0)
		text_char(&message->from, '\n');
	text_add(&message->from, sender->bytes, sender->length);
	if ((sender->cut || message->from.cut) && !message->from.failed)
		message->facts.from_too_long = true;
	message->facts.from_state = FROM_UNREADABLE;
}

/* All mailboxes of all From fields become authors. */
void
author_fields_settle(struct message *message)
{
	struct facts *facts = &message->facts;
	size_t count = message->authors.count;

	if (count > AUTHORS_MAX) {
		message->from_broken = true;
		count = AUTHORS_MAX;
	}
	facts->from_fields = message->from_fields;
	if (message->from_fields == 0)
		facts->from_state = FROM_MISSING;
	else
		facts->from_state = message->from_broken || count == 0 ? FROM_UNREADABLE : FROM_READ;
	if (count == 0)
		add_sender(message);
	if (facts->from_state == FROM_UNREADABLE) {
		facts->from_raw = message->from.bytes;
		facts->from_raw_length = message->from.length;
	}
	if (count == 0)
		return;
	facts->authors = arena_take(message->arena, count * sizeof *facts->authors);
	if (facts->authors == NULL) {
		facts->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		facts->authors[i].mailbox = message->authors.list[i];
		facts->authors[i].dmarc.domain = "";
	}
	facts->author_count = count;
	if (facts->from_fields == 1 && facts->from_state == FROM_UNREADABLE && message->from_last > 0 &&
	    message->from_last <= count)
		facts->from_last = &facts->authors[message->from_last - 1];
}
