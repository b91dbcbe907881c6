/* The line to libmilter, which serves in threads of this very process. A filter that hangs up ends the test. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "filter.h"
#include "session.h"
#include "wire.h"

enum { PACKET_MAX = 1024 * 1024 };

static const struct sockaddr_un *address;
static int line = -1;

static void
broken(const char *what)
{
	printf("Bail out! wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

void
wire_start(const struct house *house)
{
	address = filter_serve(house);
}

/* ---- the line ---- */

void
wire_dial(void)
{
	line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (line < 0 || connect(line, (const struct sockaddr *)address, sizeof *address) != 0)
		broken("connect");
}

void
wire_hang_up(void)
{
	close(line);
	while (session_count() > 0)
		usleep(200); /* sleeps: until it looks again */
}

static void
write_all(const void *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(line, bytes, length, MSG_NOSIGNAL);

		if (sent <= 0)
			broken("send");
		bytes = (const char *)bytes + sent;
		length -= (size_t)sent;
	}
}

void
wire_send(char command, const void *data, size_t length)
{
	uint32_t size = htonl((uint32_t)length + 1);

	write_all(&size, sizeof size);
	write_all(&command, 1);
	write_all(data, length);
}

static bool
read_all(void *bytes, size_t length)
{
	while (length > 0) {
		ssize_t got = recv(line, bytes, length, 0);

		if (got <= 0)
			return false;
		bytes = (char *)bytes + got;
		length -= (size_t)got;
	}
	return true;
}

char
wire_read(char **data, size_t *length)
{
	static char packet[PACKET_MAX + 1];
	uint32_t size;

	if (!read_all(&size, sizeof size))
		broken("the filter hung up");
	size = ntohl(size);
	if (size == 0 || size > PACKET_MAX || !read_all(packet, size))
		broken("bad packet");
	packet[size] = '\0';
	*data = packet + 1;
	*length = size - 1;
	return packet[0];
}

void
wire_await_messages(unsigned count)
{
	for (unsigned i = 0; session_messages() != count; i++) {
		if (i == 600000)
			broken("the filter is too slow");
		usleep(200); /* sleeps: until it looks again */
	}
}
