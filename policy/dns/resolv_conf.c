#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "policy/dns/resolv_conf.h"
#include "policy/util/address.h"
#include "policy/util/text.h"

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* The word after the keyword, which a blank must follow; empty if this is another line. */
static struct span
server_of(struct span line)
{
	static const char keyword[] = "nameserver";
	const size_t skipped = sizeof keyword - 1;
	struct span word = { .at = line.at, .length = 0 };

	if (line.length <= skipped || memcmp(line.at, keyword, skipped) != 0 || !is_blank(line.at[skipped]))
		return word;
	word = span_trim((struct span){ line.at + skipped, line.length - skipped });
	for (size_t i = 0; i < word.length; i++)
		if (is_blank(word.at[i]))
			word.length = i;
	return word;
}

/* Letters, digits and marks: what else an interface may be called nobody asks a server by. */
static bool
is_plain(const char *name)
{
	for (; *name > 0x20 && *name < 0x7f; name++)
		;
	return *name == '\0';
}

/* An address, an IPv6 one with or without its interface. */
static bool
is_server(const char *text)
{
	struct address address;
	char bare[DNS_SERVER_TEXT];
	const char *interface = strchr(text, '%');

	if (interface != NULL && (interface[1] == '\0' || strchr(text, ':') == NULL || !is_plain(interface + 1)))
		return false;
	snprintf(bare, sizeof bare, "%.*s", (int)strcspn(text, "%"), text);
	return address_read(bare, &address);
}

static bool
is_known(const struct dns_servers *servers, const char *text)
{
	for (size_t i = 0; i < servers->count; i++)
		if (strcmp(servers->list[i], text) == 0)
			return true;
	return false;
}

void
resolv_conf_read(const char *text, size_t length, struct dns_servers *out)
{
	struct span rest = { text, length };
	char server[DNS_SERVER_TEXT];

	*out = (struct dns_servers){ .count = 0 };
	while (rest.length > 0 && out->count < DNS_SERVERS_MAX) {
		struct span word = server_of(span_cut(&rest, '\n'));

		if (word.length == 0 || word.length >= sizeof server || memchr(word.at, '\0', word.length) != NULL)
			continue;
		snprintf(server, sizeof server, "%.*s", (int)word.length, word.at);
		if (is_server(server) && !is_known(out, server))
			snprintf(out->list[out->count++], DNS_SERVER_TEXT, "%s", server);
	}
}
