#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "milter/smtp/milter_connection.h"
#include "policy/mail/milter_packet.h"

enum {
	IN_BYTES = 16 * 1024, /* read at once; a packet that must be whole may have more */
	OUT_BYTES = 8 * 1024, /* kept together: more than header edits and a reply */
	LINGER_MS = 20,       /* a thread waits so long for the next packet, before the connection goes to the others */
	LINGERERS_MAX = 64,   /* threads that may do so at once */
	PIECES_MAX = 64       /* of a packet that comes in pieces, before its thread goes elsewhere */
};

struct milter_connection {
	int fd;
	struct milter_order order;
	char *in; /* NULL while nothing is in it */
	size_t room, begun, end;
	size_t cleared; /* bytes from begun on that libmilter may have */
	size_t passing; /* of a body: so many more bytes may pass as they come */
	size_t wanted;  /* bytes of the packet that is not whole; 0: its head is not even there */
	bool busy;
	bool over;         /* the client is gone, or did something wrong */
	const char *fault; /* not told yet */
	char *out;         /* NULL while nothing waits to be sent */
	size_t out_length;
	int patience_ms; /* for a client that does not take it */
};

static atomic_uint lingerers;

struct milter_connection *
milter_connection_open(int fd)
{
	struct timeval linger = { .tv_usec = LINGER_MS * 1000 };
	struct milter_connection *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		return NULL;
	connection->fd = fd;
	/* one call waits and reads; should it fail, a read waits for the client, as libmilter's own does */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &linger, sizeof linger);
	return connection;
}

static void
drop_in(struct milter_connection *connection)
{
	free(connection->in);
	connection->in = NULL;
	connection->room = connection->begun = connection->end = 0;
}

static void
drop_out(struct milter_connection *connection)
{
	free(connection->out);
	connection->out = NULL;
	connection->out_length = 0;
}

void
milter_connection_free(struct milter_connection *connection)
{
	if (connection == NULL)
		return;
	drop_in(connection);
	drop_out(connection);
	free(connection);
}

/* ---- checking ---- */

static void
refuse(struct milter_connection *connection, const char *fault)
{
	connection->fault = fault;
	connection->over = true;
	connection->end = connection->begun + connection->cleared;
}

/* The head of a packet at `at`, of which `left` bytes are there. False: it must wait, or is refused. */
static bool
head_passes(struct milter_connection *connection, const char *at, size_t left)
{
	const unsigned char *byte = (const unsigned char *)at;
	uint32_t length;
	const char *fault;

	if (left < MILTER_PACKET_HEAD)
		return false;
	length = (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
	fault = milter_packet_begin(&connection->order, length, at[4]);
	if (fault != NULL) {
		refuse(connection, fault);
		return false;
	}
	connection->wanted = sizeof length + length;
	return true;
}

/* A packet whose head has passed. */
static bool
packet_passes(struct milter_connection *connection, const char *at, size_t left)
{
	const char *fault = NULL;

	if (!milter_packet_has_form(at[4])) {
		connection->passing = connection->wanted;
	} else {
		if (left < connection->wanted)
			return false;
		fault = milter_packet_data(at[4], at + MILTER_PACKET_HEAD, connection->wanted - MILTER_PACKET_HEAD);
		if (fault == NULL)
			connection->cleared += connection->wanted;
	}
	connection->wanted = 0;
	if (fault != NULL)
		refuse(connection, fault);
	return fault == NULL;
}

/* Clears what has come and is sound. */
static void
clear(struct milter_connection *connection)
{
	while (!connection->over) {
		const char *at = connection->in + connection->begun + connection->cleared;
		size_t left = connection->end - connection->begun - connection->cleared;
		size_t piece = left < connection->passing ? left : connection->passing;

		connection->cleared += piece;
		connection->passing -= piece;
		if (connection->passing > 0 || left == piece)
			return;
		if (piece > 0)
			continue;
		if ((connection->wanted == 0 && !head_passes(connection, at, left)) ||
		    !packet_passes(connection, at, left))
			return;
	}
}

/* ---- reading ---- */

/* The client does not take what we say: what it has said is of no use any more. */
static void
give_up(struct milter_connection *connection)
{
	connection->over = true;
	connection->passing = connection->cleared = 0;
	drop_in(connection);
}

/* Room for more: behind what is there, or by moving it to the front, or for the whole of a packet. */
static bool
make_room(struct milter_connection *connection)
{
	size_t length = connection->end - connection->begun, room = IN_BYTES;
	char *larger;

	if (connection->in != NULL && connection->begun > 0) {
		memmove(connection->in, connection->in + connection->begun, length);
		connection->begun = 0;
		connection->end = length;
	}
	if (connection->in != NULL && connection->end < connection->room)
		return true;
	while (room <= length) /* it doubles with what has come, not with what is announced */
		room *= 2;
	larger = realloc(connection->in, room);
	if (larger == NULL)
		return false;
	connection->in = larger;
	connection->room = room;
	return true;
}

/* One read. False: nothing came, within the time that a read takes. */
static bool
receive(struct milter_connection *connection, int flags)
{
	ssize_t got;

	if (!make_room(connection)) {
		give_up(connection); /* out of memory */
		return true;
	}
	got = recv(connection->fd, connection->in + connection->end, connection->room - connection->end, flags);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (got <= 0) {
		connection->over = true;
		return true;
	}
	connection->end += (size_t)got;
	clear(connection);
	return true;
}

bool
milter_connection_is_ready(const struct milter_connection *connection)
{
	return connection->cleared > 0 || connection->over;
}

/* Waits for a short time, unless many threads do. */
static bool
linger(struct milter_connection *connection)
{
	bool many = atomic_fetch_add(&lingerers, 1) >= LINGERERS_MAX;
	bool came = receive(connection, many ? MSG_DONTWAIT : 0);

	atomic_fetch_sub(&lingerers, 1);
	return came;
}

void
milter_connection_be_patient(struct milter_connection *connection, int patience_ms)
{
	connection->patience_ms = patience_ms;
}

void
milter_connection_send(struct milter_connection *connection)
{
	if (connection->out_length > 0 && !milter_connection_flush(connection, connection->patience_ms))
		give_up(connection);
}

/* libmilter asks whether this thread may go elsewhere. */
static int
wait_shortly(struct milter_connection *connection)
{
	for (unsigned piece = 0; !milter_connection_is_ready(connection); piece++)
		if (piece == PIECES_MAX || !linger(connection)) {
			if (connection->end == connection->begun)
				drop_in(connection); /* it may be idle for long */
			return 0;
		}
	return 1;
}

int
milter_connection_wait(struct milter_connection *connection, int timeout_ms)
{
	struct pollfd asked = { .fd = connection->fd, .events = POLLIN };
	int ready = 1;

	if (connection->passing > 0 && !milter_connection_is_ready(connection))
		return poll(&asked, 1, timeout_ms);
	if (timeout_ms >= 0 && timeout_ms <= SHORT_WAIT_MS)
		return wait_shortly(connection);
	while (!milter_connection_is_ready(connection) && (ready = poll(&asked, 1, timeout_ms)) > 0)
		(void)receive(connection, MSG_DONTWAIT);
	return ready;
}

static ssize_t
read_through(struct milter_connection *connection, void *out, size_t length)
{
	ssize_t got = recv(connection->fd, out, length < connection->passing ? length : connection->passing, 0);

	if (got > 0)
		connection->passing -= (size_t)got;
	return got;
}

ssize_t
milter_connection_read(struct milter_connection *connection, void *out, size_t length)
{
	if (connection->cleared == 0 && connection->over)
		return 0;
	if (connection->cleared == 0 && connection->passing > 0)
		return read_through(connection, out, length);
	if (connection->cleared == 0) {
		errno = EAGAIN; /* libmilter asks before it reads */
		return -1;
	}
	length = length < connection->cleared ? length : connection->cleared;
	memcpy(out, connection->in + connection->begun, length);
	connection->begun += length;
	connection->cleared -= length;
	if (connection->begun == connection->end)
		connection->begun = connection->end = 0;
	if (connection->end == 0 && connection->room > IN_BYTES)
		drop_in(connection);
	return (ssize_t)length;
}

/* ---- writing ---- */

bool
milter_connection_flush(struct milter_connection *connection, int patience_ms)
{
	struct pollfd asked = { .fd = connection->fd, .events = POLLOUT };
	size_t sent = 0;

	while (sent < connection->out_length) {
		ssize_t some = send(connection->fd, connection->out + sent, connection->out_length - sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (some > 0)
			sent += (size_t)some;
		else if ((errno != EAGAIN && errno != EINTR) || poll(&asked, 1, patience_ms) <= 0)
			break;
	}
	if (sent < connection->out_length) {
		drop_out(connection);
		return false;
	}
	drop_out(connection);
	return true;
}

static size_t
length_of(const struct iovec *pieces, int count)
{
	size_t length = 0;

	for (int i = 0; i < count; i++)
		length += pieces[i].iov_len;
	return length;
}

ssize_t
milter_connection_write(struct milter_connection *connection, const struct iovec *pieces, int count)
{
	size_t length = length_of(pieces, count);

	if (connection->out_length + length > OUT_BYTES && !milter_connection_flush(connection, connection->patience_ms)) {
		errno = EPIPE;
		return -1;
	}
	if (connection->out == NULL && length <= OUT_BYTES)
		connection->out = malloc(OUT_BYTES);
	if (connection->out == NULL || length > OUT_BYTES)
		return writev(connection->fd, pieces, count);
	for (int i = 0; i < count; i++) {
		memcpy(connection->out + connection->out_length, pieces[i].iov_base, pieces[i].iov_len);
		connection->out_length += pieces[i].iov_len;
	}
	return (ssize_t)length;
}

bool
milter_connection_set_busy(struct milter_connection *connection, bool busy)
{
	bool before = connection->busy;

	connection->busy = busy;
	return before;
}

const char *
milter_connection_fault(struct milter_connection *connection)
{
	const char *fault = connection->fault;

	connection->fault = NULL;
	return fault;
}
