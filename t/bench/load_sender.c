/* Who sends a message of milterload: the address of its number and the names with their number filled in. */
#include <stdio.h>
#include <string.h>

#include "t/bench/load.h"

void
load_expand(const struct load_options *options, long number, const char *word, char out[LOAD_WORD])
{
	size_t length = 0;

	while (*word != '\0' && length + 1 < LOAD_WORD) {
		if (word[0] != '%' || (word[1] != 'd' && word[1] != 'm')) {
			out[length++] = *word++;
			continue;
		}
		snprintf(out + length, LOAD_WORD - length, "%ld",
		    word[1] == 'd' ? number : number % (long)options->letter_count);
		length += strlen(out + length);
		word += 2;
	}
	out[length] = '\0';
}

/* The number fills the bits behind the prefix, again and again. */
static struct address
address_of(const struct load_options *options, long number)
{
	struct address address = options->client;
	unsigned width = address_width(&address), host = width - options->client_bits;
	uint64_t rest = (uint64_t)number;

	if (host < 64)
		rest &= ((uint64_t)1 << host) - 1;
	for (unsigned i = width / 8; i > 0 && rest > 0; rest >>= 8)
		address.bytes[--i] |= (uint8_t)rest;
	return address;
}

void
load_sender_make(const struct load_options *options, long number, struct load_sender *out)
{
	out->address = address_of(options, number);
	address_write(&out->address, out->ip);
	load_expand(options, number, options->client_name, out->name);
	load_expand(options, number, options->helo, out->helo);
	load_expand(options, number, options->from, out->from);
}
