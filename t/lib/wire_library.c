/* The connection to libmilter, which serves in threads of this process. A filter that hangs up ends the test. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/smtp/drain.h"
#include "milter/smtp/session.h"
#include "t/lib/filter.h"
#include "t/lib/milter_client.h"
#include "t/lib/wire.h"

static const struct sockaddr_un *address;
static struct milter_client client;

static void
broken(const char *what)
{
	printf("Bail out! wire: %s\n", what);
	exit(1);
}

void
wire_start(const struct services *services)
{
	address = filter_serve(services);
	milter_client_open(&client);
}

/* ---- the connection ---- */

void
wire_dial(void)
{
	if (!milter_client_dial(&client, (const struct sockaddr *)address, sizeof *address))
		broken(client.error);
}

void
wire_hang_up(void)
{
	milter_client_hang_up(&client);
	while (session_count() > 0)
		usleep(200); /* sleeps: until it looks again */
}

void
wire_send(char command, const void *data, size_t length)
{
	milter_client_put(&client, command, data, length);
	if (!milter_client_flush(&client))
		broken(client.error);
}

char
wire_read(char **data, size_t *length)
{
	char command;

	if (!milter_client_read(&client, &command))
		broken(client.error);
	*data = client.data.bytes;
	*length = client.data.length;
	return command;
}

void
wire_await_messages(unsigned count)
{
	for (unsigned i = 0; drain_inside() != count; i++) {
		if (i == 600000)
			broken("the filter is too slow");
		usleep(200); /* sleeps: until it looks again */
	}
}
