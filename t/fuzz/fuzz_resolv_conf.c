/* Any bytes as resolv.conf(5): each server is an address, none comes twice, and a file of just these names the same ones. */
#include <string.h>

#include "policy/dns/resolv_conf.h"
#include "policy/util/address.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

/* "fe80::1%eth0" */
static void
check_server(const struct dns_servers *servers, size_t number)
{
	char address[DNS_SERVER_TEXT];
	struct address read;

	must(memchr(servers->list[number], '\0', DNS_SERVER_TEXT) != NULL);
	strcpy(address, servers->list[number]);
	address[strcspn(address, "%")] = '\0';
	must(address_read(address, &read));
	for (size_t i = 0; i < number; i++)
		must(strcmp(servers->list[i], servers->list[number]) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_servers servers, again;
	struct text text;

	resolv_conf_read((const char *)data, size, &servers);
	must(servers.count <= DNS_SERVERS_MAX);
	text_open(&text, DNS_SERVERS_MAX * (DNS_SERVER_TEXT + 16));
	for (size_t i = 0; i < servers.count; i++) {
		check_server(&servers, i);
		text_format(&text, "nameserver %s\n", servers.list[i]);
	}
	resolv_conf_read(text.bytes, text.length, &again);
	must(again.count == servers.count);
	for (size_t i = 0; i < servers.count; i++)
		must(strcmp(servers.list[i], again.list[i]) == 0);
	text_close(&text);
	return 0;
}
