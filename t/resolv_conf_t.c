/* The name servers of a resolv.conf. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dns/resolv_conf.h"
#include "policy/util/text.h"
#include "t/lib/tap.h"

static const struct {
	const char *name, *text, *wanted;
} rows[] = {
	{ "one server", "nameserver 192.0.2.1\n", "192.0.2.1" },
	{ "several, in their order", "nameserver 192.0.2.2\nnameserver 2001:db8::1\nnameserver 192.0.2.1\n",
	    "192.0.2.2 2001:db8::1 192.0.2.1" },
	{ "what else stands there is left alone",
	    "# made by dhclient\ndomain example.com\nsearch example.com example.net\noptions edns0 ndots:2\n"
	    "nameserver 192.0.2.1\nsortlist 192.0.2.0\n",
	    "192.0.2.1" },
	{ "tabs, several blanks and blanks at the end", "nameserver\t 192.0.2.1 \t\n", "192.0.2.1" },
	{ "lines that end as on Windows", "nameserver 192.0.2.1\r\nnameserver 192.0.2.2\r\n", "192.0.2.1 192.0.2.2" },
	{ "a last line without its end", "nameserver 192.0.2.1", "192.0.2.1" },
	{ "a remark behind the address", "nameserver 192.0.2.1 # office\n", "192.0.2.1" },
	{ "the same server twice is one", "nameserver 192.0.2.1\nnameserver 192.0.2.1\n", "192.0.2.1" },
	{ "a link-local server keeps its interface", "nameserver fe80::1%eth0\n", "fe80::1%eth0" },
	{ "an interface needs a name", "nameserver fe80::1%\n", "" },
	{ "and of no odd bytes",
	    "nameserver fe80::1%e\r\rx\nnameserver fe80::1%e\033[2J\nnameserver fe80::1%\xc3\xa4\n", "" },
	{ "IPv4 has no interface", "nameserver 192.0.2.1%eth0\n", "" },
	{ "an empty file names none", "", "" },
	{ "nor do remarks", "# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", "" },
	{ "nor a line that begins with a blank, as for libc", " nameserver 192.0.2.1\n", "" },
	{ "a name is no address", "nameserver dns.example\nnameserver 192.0.2.1\n", "192.0.2.1" },
	{ "nor is a damaged one", "nameserver 192.0.2.300\n", "" },
	{ "an address with a port is none, as for libc", "nameserver 192.0.2.1@53\n", "" },
	{ "the keyword alone", "nameserver\nnameserver \nnameserver192.0.2.1\nnameservers 192.0.2.1\n", "" },
};

static void
show(const struct dns_servers *servers, struct text *out)
{
	text_clear(out);
	for (size_t i = 0; i < servers->count; i++)
		text_format(out, "%s%s", i > 0 ? " " : "", servers->list[i]);
}

static void
there_are_bounds(void)
{
	struct dns_servers servers;
	struct text text;

	text_open(&text, 1 << 20);
	for (unsigned i = 0; i < 2 * DNS_SERVERS_MAX; i++)
		text_format(&text, "nameserver 192.0.2.%u\n", i);
	resolv_conf_read(text.bytes, text.length, &servers);
	is_number((long long)servers.count, DNS_SERVERS_MAX, "%d servers at most", DNS_SERVERS_MAX);
	is(servers.list[DNS_SERVERS_MAX - 1], "192.0.2.31", "the first ones");
	text_clear(&text);
	text_put(&text, "nameserver ");
	for (unsigned i = 0; i < 100000; i++)
		text_char(&text, '1');
	text_put(&text, "\nnameserver 192.0.2.1\n");
	resolv_conf_read(text.bytes, text.length, &servers);
	is_number((long long)servers.count, 1, "a long line is left out");
	resolv_conf_read("nameserver 192.0.2.1\0.7\n", 24, &servers);
	is_number((long long)servers.count, 0, "and so is a NUL");
	text_close(&text);
}

int
main(void)
{
	struct dns_servers servers;
	struct text shown;

	text_open(&shown, 4096);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		resolv_conf_read(rows[i].text, strlen(rows[i].text), &servers);
		show(&servers, &shown);
		is(shown.bytes, rows[i].wanted, "%s", rows[i].name);
	}
	text_close(&shown);
	there_are_bounds();
	return done();
}
