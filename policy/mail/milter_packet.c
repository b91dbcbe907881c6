#include <string.h>

#include "policy/mail/milter_packet.h"
#include "policy/util/address.h"

/* ---- the order ---- */

enum state {
	NOTHING_YET,
	NEGOTIATED,
	CONNECTED, /* or after HELO, after the end of a message, after an abort */
	HAS_SENDER,
	HAS_RCPT,
	IN_HEADERS,
	IN_BODY, /* or behind the headers */
	GONE,
	SAME /* macros and the like leave it as it is */
};

#define IN(state) (1u << (state))
#define AFTER_CONNECT (IN(CONNECTED) | IN(HAS_SENDER) | IN(HAS_RCPT) | IN(IN_HEADERS) | IN(IN_BODY))
#define ENVELOPE (IN(CONNECTED) | IN(HAS_SENDER) | IN(HAS_RCPT))

/* ---- the form of the data ---- */

static const char *
form_any(const char *data, size_t length)
{
	(void)data, (void)length;
	return NULL;
}

static uint32_t
number_at(const char *data)
{
	const unsigned char *byte = (const unsigned char *)data;

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

/* Version, actions and protocol steps; newer versions may say more. */
static const char *
form_options(const char *data, size_t length)
{
	if (length < 3 * sizeof(uint32_t))
		return "a negotiation is too short";
	return number_at(data) < 2 ? "a negotiation offers a version before 2" : NULL;
}

static size_t
strings_in(const char *data, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += data[i] == '\0';
	return count;
}

static bool
is_ended(const char *data, size_t length)
{
	return length > 0 && data[length - 1] == '\0';
}

static const char *
form_string(const char *data, size_t length)
{
	if (!is_ended(data, length))
		return "a string has no end";
	return strings_in(data, length) != 1 ? "two strings stand where one is expected" : NULL;
}

/* A path and its parameters. */
static const char *
form_strings(const char *data, size_t length)
{
	return is_ended(data, length) ? NULL : "a string has no end";
}

static const char *
form_field(const char *data, size_t length)
{
	if (!is_ended(data, length))
		return "a header field has no end";
	if (data[0] == '\0')
		return "a header field has no name";
	return strings_in(data, length) != 2 ? "a header field is not a name and a value" : NULL;
}

static const char *
form_inet(const char *text, enum address_family family)
{
	struct address address;

	if (!address_read(text, &address))
		return "a client's address cannot be read";
	/* by its form: address_read folds a mapped address to IPv4 */
	return (family == ADDRESS_V6) == (strchr(text, ':') != NULL) ? NULL : "a client's address is not of its family";
}

/* The client's name; its family; unless that is unknown, its port and address. */
static const char *
form_connect(const char *data, size_t length)
{
	enum { SOCKET_PATH_MAX = 107, PORT = 2 };
	size_t name = strnlen(data, length);
	const char *text = data + name + 2 + PORT;
	char family;

	if (name + 1 >= length)
		return "a client has no address family";
	family = data[name + 1];
	if (family == 'U')
		return NULL;
	if (family != '4' && family != '6' && family != 'L')
		return "a client's address family is unknown";
	if (name + 2 + PORT >= length || form_string(text, length - (name + 2 + PORT)) != NULL)
		return "a client's address has no end";
	if (family == 'L')
		return strlen(text) > SOCKET_PATH_MAX ? "a client's address is too long" : NULL;
	return form_inet(text, family == '4' ? ADDRESS_V4 : ADDRESS_V6);
}

static const char *form_macros(const char *data, size_t length);

/* ---- the table ---- */

static const struct command {
	char letter;
	unsigned from;   /* the states in which it may come */
	enum state next; /* the state that it leads to */
	const char *(*form)(const char *data, size_t length);
} commands[] = {
	{ 'O', IN(NOTHING_YET), NEGOTIATED, form_options },
	{ 'D', IN(NEGOTIATED) | AFTER_CONNECT, SAME, form_macros },
	{ 'C', IN(NEGOTIATED), CONNECTED, form_connect },
	{ 'H', ENVELOPE, CONNECTED, form_string },
	{ 'M', ENVELOPE, HAS_SENDER, form_strings },
	{ 'R', IN(HAS_SENDER) | IN(HAS_RCPT), HAS_RCPT, form_strings },
	{ 'T', IN(HAS_RCPT), IN_HEADERS, form_any },
	{ 'L', IN(HAS_RCPT) | IN(IN_HEADERS), IN_HEADERS, form_field },
	{ 'N', IN(HAS_RCPT) | IN(IN_HEADERS), IN_BODY, form_any },
	{ 'B', IN(IN_BODY), IN_BODY, form_any },
	{ 'E', IN(IN_BODY), CONNECTED, form_any },
	{ 'U', ENVELOPE, SAME, form_string },
	{ 'A', AFTER_CONNECT, CONNECTED, form_any },
	{ 'A', IN(NEGOTIATED), SAME, form_any },
	{ 'Q', IN(NEGOTIATED) | AFTER_CONNECT, GONE, form_any },
	{ 'K', IN(NEGOTIATED) | AFTER_CONNECT, NEGOTIATED, form_any },
};

static const struct command *
command_of(char letter, unsigned states)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i].letter == letter && (commands[i].from & states) != 0)
			return &commands[i];
	return NULL;
}

/* The command that they are for, then names and values in turns. */
static const char *
form_macros(const char *data, size_t length)
{
	if (length == 0 || command_of(data[0], ~0u) == NULL)
		return "macros are for no known command";
	if (length > 1 && !is_ended(data, length))
		return "a list of macros has no end";
	return strings_in(data + 1, length - 1) % 2 != 0 ? "a macro has no value" : NULL;
}

const char *
milter_packet_begin(struct milter_order *order, uint32_t length, char letter)
{
	const struct command *command = command_of(letter, ~0u);

	if (length < 1)
		return "a packet is empty";
	if (length > MILTER_PACKET_MAX)
		return "a packet is too long";
	if (command == NULL)
		return "a command is unknown";
	if (order->state == NOTHING_YET && letter != 'O')
		return "a command comes before the negotiation";
	if (order->state != NOTHING_YET && letter == 'O')
		return "it negotiates twice";
	command = command_of(letter, IN(order->state));
	if (command == NULL)
		return "a command comes out of order";
	if (command->next != SAME)
		order->state = (uint8_t)command->next;
	return NULL;
}

bool
milter_packet_has_form(char letter)
{
	const struct command *command = command_of(letter, ~0u);

	return command != NULL && command->form != form_any;
}

const char *
milter_packet_data(char letter, const char *data, size_t length)
{
	const struct command *command = command_of(letter, ~0u);

	return command == NULL ? "a command is unknown" : command->form(data, length);
}
