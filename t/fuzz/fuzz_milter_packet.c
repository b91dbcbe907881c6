/*
 * What a milter client sends, a line a packet (talk.h), to the check before libmilter. What passes can be read as
 * libmilter reads it, without a byte before or behind the packet.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/mail/milter_packet.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/talk.h"

/* Words up to the end, as a list; how many. */
static size_t
words_read(const char *data, size_t length)
{
	size_t count = 0;

	for (size_t at = 0; at < length; count++)
		at += strlen(data + at) + 1;
	return count;
}

/* The host's name, then a family; behind it a port and a string. */
static void
connect_read(const char *data, size_t length)
{
	size_t name = strlen(data) + 1;

	must(name < length);
	if (data[name] != 'U')
		must(name + 3 + strlen(data + name + 3) + 1 == length);
}

/* In a block of its very size, so that a sanitizer sees a byte read behind it. */
static void
packet_read(char command, const char *data, size_t length)
{
	switch (command) {
	case 'O':
		must(length >= 12);
		break;
	case 'C':
		connect_read(data, length);
		break;
	case 'D':
		must(words_read(data + 1, length - 1) % 2 == 0);
		break;
	case 'H':
	case 'U':
		must(strlen(data) + 1 == length);
		break;
	case 'M':
	case 'R':
		must(words_read(data, length) > 0);
		break;
	case 'L':
		must(data[0] != '\0' && words_read(data, length) == 2);
		break;
	default:
		must(strchr("TNBEAQK", command) != NULL);
	}
}

static bool
feed(struct milter_order *order, char command, const struct text *data)
{
	char *block = malloc(data->length);
	bool sound;

	must(block != NULL || data->length == 0);
	if (data->length > 0)
		memcpy(block, data->bytes, data->length);
	sound = milter_packet_begin(order, (uint32_t)data->length + 1, command) == NULL &&
	    milter_packet_data(command, block, data->length) == NULL;
	if (sound)
		packet_read(command, block, data->length);
	free(block);
	return sound;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct span rest = { (const char *)bytes, size };
	struct milter_order order = { 0 };
	struct text data;
	char command;

	text_open(&data, TALK_DATA_MAX);
	while (talk_next(&rest, &command, &data))
		if (command == TALK_HANG_UP || !feed(&order, command, &data))
			order = (struct milter_order){ 0 };
	text_close(&data);
	return 0;
}
