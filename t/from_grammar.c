/*
 * from_grammar.c - judges messages that t/from_grammar.py makes up, so that it can compare who was found in their From.
 *
 *     from_grammar < MESSAGES      each message is a line with its length in bytes, and then its bytes
 *
 * They come from a stranger's host and envelope to the vendor and the own domain of t/lib/session_fixture.c. Prints a
 * line a message: outcome ("refused" where the From holds more than is read), whether the author fields could be read
 * (missing, read, unreadable), and the domain of each author; "-" is a mailbox with an address for its domain.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/mail/mail_text.h"
#include "t/lib/session_fixture.h"

enum { MESSAGE_MOST = 1 << 20 };

static void
give_up(const char *what)
{
	fprintf(stderr, "from_grammar: %s\n", what);
	exit(2);
}

static void
print(const struct message *message)
{
	const struct facts *facts = message_facts(message);

	printf("%s %s", facts->from_too_long ? "refused" : outcome_word(message_verdict(message)->outcome),
	    from_state_word(facts->from_state));
	for (size_t i = 0; i < facts->author_count; i++)
		printf(" %s", facts->authors[i].mailbox.domain[0] == '\0' ? "-" : facts->authors[i].mailbox.domain);
	printf("\n");
}

static void
judge(const struct services *services, const struct smtp_client *client, char *bytes, size_t length)
{
	struct message *message = message_open(services, client, "<eve@attack.example>", "");
	struct mail_text text;
	struct mail_field field;
	struct ending ending;
	struct reply reply;

	if (message == NULL || !message_rcpt(message, "<ann@rx.example>", &reply))
		give_up("no message");
	mail_text_open(&text, bytes, length);
	while (mail_text_field(&text, &field))
		message_header(message, field.name, field.value);
	(void)message_headers_end(message);
	message_end(message, &ending);
	print(message);
	message_close(message);
}

int
main(void)
{
	static char line[32], bytes[MESSAGE_MOST + 1];
	const struct services *services = session_fixture_open();
	struct smtp_client client = { .port = 2525,
		.name = "mx.attack.example",
		.helo = "mx.attack.example",
		.daemon_name = "",
		.mta_name = "mx.rx.example" };

	if (!address_read("203.0.113.50", &client.address))
		give_up("no address");
	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t length = strtoul(line, NULL, 10);

		if (length > MESSAGE_MOST || fread(bytes, 1, length, stdin) != length)
			give_up("a message is cut off or too long");
		judge(services, &client, bytes, length);
	}
	session_fixture_close();
	return 0;
}
