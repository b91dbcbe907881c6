#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "t/lib/milter_client.h"

enum {
	OUT_MAX = 64 * 1024 * 1024,
	PACKET_MAX = 16 * 1024 * 1024,
	CHUNK = 16384,
	DIAL_TRIES = 2000,
	POLL_MS = 60 * 1000
};

int64_t
monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void
milter_client_open(struct milter_client *client)
{
	*client = (struct milter_client){ .fd = -1, .wait_ns = INT64_MAX / 2, .until_ns = INT64_MAX };
	text_open(&client->out, OUT_MAX);
	text_open(&client->in, PACKET_MAX + CHUNK);
	text_open(&client->data, PACKET_MAX);
}

void
milter_client_close(struct milter_client *client)
{
	milter_client_hang_up(client);
	text_close(&client->out);
	text_close(&client->in);
	text_close(&client->data);
}

bool
milter_client_fail(struct milter_client *client, const char *fmt, ...)
{
	va_list args;

	if (client->error[0] != '\0')
		return false;
	va_start(args, fmt);
	vsnprintf(client->error, sizeof client->error, fmt, args);
	va_end(args);
	return false;
}

/* ---- the connection ---- */

bool
milter_client_dial(struct milter_client *client, const struct sockaddr *address, socklen_t length)
{
	int one = 1;

	text_clear(&client->out);
	text_clear(&client->in);
	client->used = 0;
	client->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return milter_client_fail(client, "socket: %s", strerror(errno));
	for (unsigned tries = 0; connect(client->fd, address, length) != 0; tries++) {
		/* EAGAIN: the backlog of a Unix socket is full */
		if ((errno != EAGAIN && errno != EINTR) || tries == DIAL_TRIES)
			return milter_client_fail(client, "connect: %s", strerror(errno));
		usleep(1000); /* sleeps: until it looks again */
	}
	if (address->sa_family != AF_UNIX)
		setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return true;
}

void
milter_client_hang_up(struct milter_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

/* ---- out ---- */

size_t
milter_client_begin(struct milter_client *client, char command)
{
	size_t begun = client->out.length;

	text_add(&client->out, "\0\0\0\0", 4); /* for the length */
	text_char(&client->out, command);
	return begun;
}

void
milter_client_end(struct milter_client *client, size_t begun)
{
	uint32_t length = htonl((uint32_t)(client->out.length - begun - sizeof length));

	if (!client->out.cut)
		memcpy(client->out.bytes + begun, &length, sizeof length);
}

void
milter_client_put(struct milter_client *client, char command, const void *data, size_t length)
{
	size_t begun = milter_client_begin(client, command);

	text_add(&client->out, data, length);
	milter_client_end(client, begun);
}

static bool
wait_for(struct milter_client *client, short events)
{
	struct pollfd waits = { .fd = client->fd, .events = events };
	int64_t now = monotonic_ns(), limit = now + client->wait_ns;
	int ready = 0;

	limit = limit < client->until_ns ? limit : client->until_ns;
	for (; now < limit && ready == 0; now = monotonic_ns()) {
		int64_t left = (limit - now) / 1000000 + 1;

		ready = poll(&waits, 1, left < POLL_MS ? (int)left : POLL_MS);
		if (ready < 0 && errno != EINTR)
			return milter_client_fail(client, "poll: %s", strerror(errno));
		ready = ready < 0 ? 0 : ready;
	}
	client->late = ready == 0;
	return ready > 0 || milter_client_fail(client, "%s", now >= client->until_ns ? "no time is left" : "timeout");
}

/* After a failed call: may it be repeated? */
static bool
is_ready_again(struct milter_client *client, short events, const char *call)
{
	if (errno == EINTR)
		return true;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return wait_for(client, events);
	return milter_client_fail(client, "%s: %s", call, strerror(errno));
}

static bool
send_all(struct milter_client *client, struct span rest)
{
	while (rest.length > 0) {
		ssize_t sent = send(client->fd, rest.at, rest.length, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0) {
			if (!is_ready_again(client, POLLOUT, "send"))
				return false;
			continue;
		}
		client->sent += (uint64_t)sent;
		rest.at += sent;
		rest.length -= (size_t)sent;
	}
	return true;
}

bool
milter_client_flush(struct milter_client *client)
{
	struct span rest = { client->out.bytes, client->out.length };
	bool sent = client->out.cut ? milter_client_fail(client, "a message does not fit in memory")
				    : send_all(client, rest);

	text_clear(&client->out);
	return sent;
}

/* ---- in ---- */

static bool
receive(struct milter_client *client)
{
	char chunk[CHUNK];
	ssize_t got = recv(client->fd, chunk, sizeof chunk, MSG_DONTWAIT);

	if (got == 0)
		return milter_client_fail(client, "milter closed the connection");
	if (got < 0)
		return is_ready_again(client, POLLIN, "recv");
	text_add(&client->in, chunk, (size_t)got);
	client->received += (uint64_t)got;
	return !client->in.cut || milter_client_fail(client, "a reply does not fit in memory");
}

bool
milter_client_fill(struct milter_client *client, size_t length)
{
	if (!milter_client_flush(client))
		return false;
	if (client->used == client->in.length) {
		text_clear(&client->in);
		client->used = 0;
	}
	while (client->in.length - client->used < length)
		if (!receive(client))
			return false;
	return true;
}

bool
milter_client_read(struct milter_client *client, char *command)
{
	uint32_t length;

	if (!milter_client_fill(client, sizeof length))
		return false;
	memcpy(&length, client->in.bytes + client->used, sizeof length);
	length = ntohl(length);
	if (length == 0 || length > PACKET_MAX)
		return milter_client_fail(client, "bad packet length %u", length);
	client->used += sizeof length;
	if (!milter_client_fill(client, length))
		return false;
	*command = client->in.bytes[client->used];
	text_clear(&client->data);
	text_add(&client->data, client->in.bytes + client->used + 1, length - 1);
	client->used += length;
	return !client->data.cut || milter_client_fail(client, "a reply does not fit in memory");
}
