/*
 * Any bytes as what a milter client sends: one of the size of reads, then the stream. What libmilter gets of it is its beginning, in
 * packets that each pass the check by themselves; and the rest is held back only for a fault, or because it is no whole packet.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/smtp/milter_connection.h"
#include "policy/mail/milter_packet.h"
#include "t/fuzz/fuzz.h"

enum { STREAM_MAX = 64 * 1024, WAIT_MS = 1000 };

/* Reads until the end. */
static size_t
read_all(struct milter_connection *connection, size_t step, char *out)
{
	ssize_t got = 1;
	size_t length = 0;

	while (got > 0) {
		must(milter_connection_wait(connection, WAIT_MS) == 1);
		got = milter_connection_read(connection, out + length,
		    step < STREAM_MAX - length ? step : STREAM_MAX - length);
		must(got >= 0);
		length += (size_t)got;
	}
	return length;
}

/* How much of the stream is sound: whole packets, and of a body what is there. *broken: what comes behind is wrong. */
static size_t
sound_length(const char *bytes, size_t length, bool *broken)
{
	struct milter_order order = { 0 };
	size_t at = 0;

	*broken = false;
	while (length - at >= MILTER_PACKET_HEAD) {
		const unsigned char *head = (const unsigned char *)bytes + at;
		uint32_t count = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];

		if ((*broken = milter_packet_begin(&order, count, bytes[at + 4]) != NULL))
			break;
		if (length - at - 4 < count)
			return milter_packet_has_form(bytes[at + 4]) ? at : length;
		if (milter_packet_has_form(bytes[at + 4]) &&
		    (*broken = milter_packet_data(bytes[at + 4], bytes + at + MILTER_PACKET_HEAD, count - 1) != NULL))
			break;
		at += 4 + (size_t)count;
	}
	return at;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char out[STREAM_MAX];
	struct milter_connection *connection;
	size_t length, sound;
	bool broken;
	int ends[2];

	if (size < 1 || size > STREAM_MAX / 2)
		return 0;
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	must(write(ends[0], data + 1, size - 1) == (ssize_t)size - 1 && shutdown(ends[0], SHUT_WR) == 0);
	must((connection = milter_connection_open(ends[1])) != NULL);
	length = read_all(connection, data[0] + 1, out);
	must(length < size && memcmp(out, data + 1, length) == 0);
	sound = sound_length((const char *)data + 1, size - 1, &broken);
	must(length == sound && broken == (milter_connection_fault(connection) != NULL));
	must(milter_connection_fault(connection) == NULL);
	milter_connection_free(connection);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
