/* The connection to the stand-in for libmilter. If the filter hangs up, the MTA defers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>

#include "milter/smtp/drain.h"
#include "milter/smtp/session.h"
#include "t/lib/milter_stand_in.h"
#include "t/lib/wire.h"

enum { WAITING_MAX = 5000, DATA_MAX = 256 * 1024 };

/* Replies that were not read yet. */
static struct {
	char letter;
	char *data;
	size_t length;
} replies[WAITING_MAX];
static size_t first, count;
static struct stand_in *connection;

static void
broken(const char *what)
{
	printf("Bail out! wire: %s\n", what);
	exit(1);
}

static void
forget_replies(void)
{
	for (; first < count; first++)
		free(replies[first].data);
	first = count = 0;
}

static void
on_reply(void *unused, char letter, const char *data, size_t length)
{
	char *copy = malloc(length + 1);

	(void)unused;
	if (copy == NULL || count == WAITING_MAX)
		broken("too many replies");
	if (length > 0)
		memcpy(copy, data, length);
	copy[length] = '\0';
	replies[count].letter = letter;
	replies[count].data = copy;
	replies[count++].length = length;
}

void
wire_start(const struct services *services)
{
	struct fault why;

	if (!session_register(services, &why))
		broken("no filter");
}

void
wire_dial(void)
{
	connection = stand_in_open(on_reply, NULL);
}

void
wire_hang_up(void)
{
	stand_in_close(connection);
	forget_replies();
	if (session_count() > 0 || drain_inside() > 0)
		broken("a session is left behind");
}

void
wire_send(char command, const void *data, size_t length)
{
	(void)stand_in_packet(connection, command, data, length);
}

char
wire_read(char **data, size_t *length)
{
	static char last[DATA_MAX];
	char letter;

	last[0] = '\0';
	*data = last;
	*length = 0;
	if (first == count)
		return SMFIR_TEMPFAIL;
	if (replies[first].length >= sizeof last)
		broken("a long reply");
	memcpy(last, replies[first].data, replies[first].length + 1);
	*length = replies[first].length;
	letter = replies[first].letter;
	free(replies[first++].data);
	if (first == count)
		first = count = 0;
	return letter;
}

void
wire_await_messages(unsigned wanted)
{
	(void)wanted; /* everything has happened when stand_in_packet returns, or cannot happen for lack of memory */
}
