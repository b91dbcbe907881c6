/*
 * source_guard_t.c - what is believed of a new unfolding: each limit, just below and just above.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/sources/source_guard.h"
#include "t/lib/tap.h"

enum { MEMORY = 16 * 1024 * 1024, NETWORKS_MAX = 256 };

static const struct source_guard_limits usual = { 12, 28, 1000, 50 };
static const char *const shared_list[] = { "sendgrid.net", "amazonses.com", "mail.zendesk.example" };
static const struct source_guard_names shared = { shared_list, sizeof shared_list / sizeof *shared_list };

/* A list under construction. */
struct list {
	struct source_network networks[NETWORKS_MAX];
	size_t count;
};

static void
list_add(struct list *list, struct address base, unsigned bits, const char *path)
{
	if (list->count == NETWORKS_MAX) {
		ok(false, "the lists of the test fit");
		exit(1);
	}
	list->networks[list->count++] = (struct source_network){ { base, (uint8_t)bits }, path };
}

/* "192.0.2.0/24 a > b; 192.0.2.1 a" */
static void
list_read(struct arena *arena, const char *text, struct list *list)
{
	struct span rest = span_of(text);
	struct prefix made;
	struct fault why;

	while (rest.length > 0) {
		struct span path = span_trim(span_cut(&rest, ';')), prefix = span_cut(&path, ' ');

		if (!prefix_read(arena_copy(arena, prefix.at, prefix.length), &made, &why)) {
			ok(false, "the list '%s' of the test can be read", text);
			exit(1);
		}
		list_add(list, made.base, made.bits, arena_copy(arena, path.at, path.length));
	}
}

/* So many addresses (IPv6: /64s) from 16.0.0.0 or 2000:: on, in as few networks as can be. */
static void
list_units(struct list *list, enum address_family family, uint64_t count, const char *path)
{
	bool v4 = family == ADDRESS_V4;
	uint64_t at = v4 ? UINT64_C(16) << 24 : UINT64_C(0x2000) << 48;

	for (unsigned power = 60; power < 61; power--) {
		struct address base = { .family = family };

		if ((count >> power & 1) == 0)
			continue;
		for (unsigned i = 0; i < (v4 ? 4 : 8); i++)
			base.bytes[i] = (uint8_t)(at >> ((v4 ? 3 : 7) - i) * 8);
		list_add(list, base, (v4 ? 32 : 64) - power, path);
		at += UINT64_C(1) << power;
	}
}

static struct source_copy
taken(struct arena *arena, const struct list *list)
{
	struct source_copy copy;

	if (!source_copy_take(arena, "spf:a.example", list->networks, list->count, NULL, 1, &copy)) {
		ok(false, "the list of the test can be taken");
		exit(1);
	}
	return copy;
}

/* "" when it is believed. */
static const char *
said(const struct source_guard_limits *limits, bool exclusive, const struct source_copy *before,
    const struct source_copy *after, struct fault *why)
{
	*why = (struct fault){ 0 };
	if (source_guard_believes(limits, &shared, exclusive, before, after, why))
		return "";
	return why->text[0] == '\0' ? "no reason" : why->text;
}

/* ---- rows ---- */

#define V "vendor.example"

static const struct {
	const char *what;
	struct source_guard_limits limits;
	bool exclusive;
	const char *before, *after; /* before NULL: the first unfolding */
	const char *wanted;
} rows[] = {
	{ "nothing at all", { 12, 28, 1000, 50 }, true, NULL, "", "" },
	{ "an ordinary list", { 12, 28, 1000, 50 }, true, NULL, "192.0.2.0/24 " V " > ip4; 2001:db8::/32 " V " > ip6", "" },

	/* one network */
	{ "IPv4 as wide as the limit", { 12, 28, 1000000, 50 }, false, NULL, "16.0.0.0/12 " V " > ip4", "" },
	{ "IPv4 wider", { 12, 28, 1000000, 50 }, false, NULL, "16.0.0.0/11 " V " > ip4",
	    "lists the whole of 16.0.0.0/11 through " V " > ip4; the limit is /12 (refresh.widest_ipv4)" },
	{ "IPv6 as wide as the limit", { 12, 28, 1000, 50 }, false, NULL, "2001:db0::/28 " V " > ip6", "" },
	{ "IPv6 wider", { 12, 28, 1000, 50 }, false, NULL, "2001:da0::/27 " V " > _spf." V " > ip6",
	    "lists the whole of 2001:da0::/27 through " V " > _spf." V " > ip6; the limit is /28 (refresh.widest_ipv6)" },
	{ "the one network that is too wide among others", { 24, 28, 1000, 50 }, false, NULL,
	    "192.0.2.0/24 a; 198.51.0.0/16 b; 203.0.113.0/24 c",
	    "lists the whole of 198.51.0.0/16 through b; the limit is /24 (refresh.widest_ipv4)" },
	{ "each family has its own limit", { 32, 28, 1000, 50 }, false, NULL, "2001:db8::/29 a", "" },
	{ "everything, where no width is too much", { 0, 0, 1000000, 50 }, false, NULL, "0.0.0.0/0 a", "" },
	{ "an IPv4 network that is too wide even in a list that fell", { 12, 28, 1000, 50 }, false, "10.0.0.0/9 a",
	    "10.0.0.0/11 a", "lists the whole of 10.0.0.0/11 through a; the limit is /12 (refresh.widest_ipv4)" },

	/* all networks: the exact counts are below */
	{ "IPv4 a little over the share", { 8, 28, 1000, 50 }, false, NULL, "16.0.0.0/8 a.example > b.example",
	    "lists 16777216 addresses, 0.39 % of IPv4, through a.example > b.example; the limit is 0.1 % (refresh.largest_share)" },
	{ "several networks together, most by one path", { 12, 28, 1000, 50 }, false, NULL,
	    "16.0.0.0/12 a; 17.0.0.0/12 a > b; 18.0.0.0/12 a > b; 19.0.0.0/12 a > b; 20.0.0.0/12 a",
	    "lists 5242880 addresses, 0.12 % of IPv4, mostly through a > b; the limit is 0.1 % (refresh.largest_share)" },
	{ "several networks together, by many paths", { 12, 28, 1000, 50 }, false, NULL,
	    "16.0.0.0/12 a; 17.0.0.0/12 b; 18.0.0.0/12 c; 19.0.0.0/12 d; 20.0.0.0/12 e",
	    "lists 5242880 addresses, 0.12 % of IPv4, among others through e; the limit is 0.1 % (refresh.largest_share)" },
	{ "the many small ones are not what is named", { 12, 28, 10, 50 }, false, NULL,
	    "192.0.2.1 a; 16.0.0.0/12 b; 192.0.2.3 a; 192.0.2.5 a; 192.0.2.7 a; 192.0.2.9 a",
	    "lists 1048581 addresses, 0.024 % of IPv4, mostly through b; the limit is 0.001 % (refresh.largest_share)" },
	{ "IPv6 over the share of 2000::/3", { 12, 8, 1000, 50 }, false, NULL, "2000::/12 a",
	    "lists 4503599627370496 networks of /64, 0.2 % of 2000::/3, through a; the limit is 0.1 % (refresh.largest_share)" },
	{ "IPv6 below it", { 12, 8, 1000, 50 }, false, NULL, "2000::/13 a", "" },
	{ "IPv6 does not count as IPv4", { 12, 28, 1, 50 }, false, NULL, "192.0.2.0/24 a; 2001:db8::/44 a", "" },
	{ "the whole of IPv6", { 0, 0, 1000000, 50 }, false, NULL, "::/0 a",
	    "lists 18446744073709551615 networks of /64, 800 % of 2000::/3, through a; the limit is 100 % (refresh.largest_share)" },
	{ "no share is nothing at all", { 12, 28, 0, 50 }, false, NULL, "192.0.2.1 a",
	    "lists 1 addresses, 2.3e-08 % of IPv4, through a; the limit is 0 % (refresh.largest_share)" },
	{ "the first address of all counts", { 12, 28, 0, 50 }, false, NULL, "0.0.0.0 a",
	    "lists 1 addresses, 2.3e-08 % of IPv4, through a; the limit is 0 % (refresh.largest_share)" },
	{ "a network inside another is not counted twice", { 8, 28, 1000, 50 }, false, NULL,
	    "16.0.0.0/10 a; 16.0.0.0/11 a; 16.32.0.0/11 a; 16.0.0.0/12 b; 16.63.0.0/16 c; 16.63.255.255 c", "" },
	{ "addresses inside one /64 are one", { 12, 28, 1000, 50 }, false, "2001:db8::/64 a",
	    "2001:db8::1 a; 2001:db8::2 a; 2001:db8::/80 a", "" },

	/* shared senders */
	{ "a shared sender, exclusive", { 12, 28, 1000, 50 }, true, NULL,
	    "192.0.2.0/24 " V " > ip4; 198.51.100.0/24 " V " > sendgrid.net > ip4",
	    "takes in the shared sender sendgrid.net through " V
	    " > sendgrid.net > ip4 but is exclusive; write exclusive = false to believe it" },
	{ "the same, not exclusive", { 12, 28, 1000, 50 }, false, NULL, "198.51.100.0/24 " V " > sendgrid.net > ip4", "" },
	{ "a name below it", { 12, 28, 1000, 50 }, true, NULL,
	    "198.51.100.0/24 " V " > _spf.u1.sendgrid.net > x.example > ip4",
	    "takes in the shared sender sendgrid.net through " V
	    " > _spf.u1.sendgrid.net > x.example > ip4 but is exclusive; write exclusive = false to believe it" },
	{ "in capitals", { 12, 28, 1000, 50 }, true, NULL, "198.51.100.0/24 " V " > a:O1.SendGrid.NET",
	    "takes in the shared sender sendgrid.net through " V
	    " > a:O1.SendGrid.NET but is exclusive; write exclusive = false to believe it" },
	{ "as the source itself", { 12, 28, 1000, 50 }, true, NULL, "198.51.100.0/24 amazonses.com > ip4",
	    "takes in the shared sender amazonses.com through amazonses.com > ip4 but is exclusive; write exclusive = false to believe it" },
	{ "as the host of an MX", { 12, 28, 1000, 50 }, true, NULL, "198.51.100.1 " V " > mx > in.sendgrid.net.",
	    "takes in the shared sender sendgrid.net through " V
	    " > mx > in.sendgrid.net. but is exclusive; write exclusive = false to believe it" },
	{ "a name that only ends alike", { 12, 28, 1000, 50 }, true, NULL,
	    "198.51.100.0/24 " V " > notsendgrid.net > ip4", "" },
	{ "a name that only begins alike", { 12, 28, 1000, 50 }, true, NULL,
	    "198.51.100.0/24 " V " > sendgrid.net." V " > ip4", "" },
	{ "the parent of a shared name", { 12, 28, 1000, 50 }, true, NULL, "198.51.100.0/24 zendesk.example > ip4", "" },
	{ "with no path", { 12, 28, 1000, 50 }, true, NULL, "198.51.100.0/24", "" },
	{ "after steps without a name", { 12, 28, 1000, 50 }, true, NULL,
	    "198.51.100.0/24 > > %% > ... > amazonses.com > ip6",
	    "takes in the shared sender amazonses.com through > > %% > ... > amazonses.com > ip6 but is exclusive; write exclusive = false to believe it" },

	/* falls */
	{ "half is gone", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a", "192.0.2.0/25 a", "" },
	{ "one more than half is gone", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a",
	    "192.0.2.0/26 a; 192.0.2.64/27 a; 192.0.2.96/28 a; 192.0.2.112/29 a; 192.0.2.120/30 a; 192.0.2.124/31 a; 192.0.2.126 a",
	    "lists 127 IPv4 addresses where it listed 256, 50.4 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "three fifths of five", { 12, 28, 1000, 50 }, false, "192.0.2.0/30 a; 192.0.2.4 a", "192.0.2.0/31 a",
	    "lists 2 IPv4 addresses where it listed 5, 60 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "most of what went came by one path", { 12, 28, 1000, 50 }, false,
	    "192.0.2.0/24 a; 198.51.100.1 b; 203.0.113.0/28 a > c", "203.0.113.0/28 a > c",
	    "lists 16 IPv4 addresses where it listed 273, 94 % fewer; what went came mostly through a; the limit is 50 % (refresh.largest_fall)" },
	{ "two fifths of five", { 12, 28, 1000, 50 }, false, "192.0.2.0/30 a; 192.0.2.4 a",
	    "192.0.2.0/31 a; 192.0.2.4 a", "" },
	{ "all is gone", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a > b", "",
	    "lists 0 IPv4 addresses where it listed 256, 100 % fewer; what went came through a > b; the limit is 50 % (refresh.largest_fall)" },
	{ "a move to as many other addresses", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a", "198.51.100.0/24 a", "" },
	{ "a move to half as many others", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a", "198.51.100.0/25 b", "" },
	{ "a move to fewer than half as many", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a", "198.51.100.0/26 b",
	    "lists 64 IPv4 addresses where it listed 256, 75 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "more networks, fewer addresses", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a",
	    "198.51.100.1 a; 198.51.100.3 a; 198.51.100.5 a",
	    "lists 3 IPv4 addresses where it listed 256, 99 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "fewer networks, more addresses", { 12, 28, 1000, 50 }, false,
	    "198.51.100.1 a; 198.51.100.3 a; 198.51.100.5 a", "192.0.2.0/24 a", "" },
	{ "networks that stood inside another", { 12, 28, 1000, 50 }, false,
	    "192.0.2.0/24 a; 192.0.2.0/25 b; 192.0.2.128/25 c; 192.0.2.7 d", "192.0.2.0/24 a", "" },
	{ "the one around them", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a; 192.0.2.0/25 b; 192.0.2.128/25 c",
	    "192.0.2.0/25 b; 192.0.2.128/25 c", "" },
	{ "IPv6 counts /64s: half", { 12, 28, 1000, 50 }, false, "2001:db8::/32 a", "2001:db8::/33 a", "" },
	{ "IPv6: a quarter is left", { 12, 28, 1000, 50 }, false, "2001:db8::/32 a", "2001:db8::/34 a",
	    "lists 1073741824 IPv6 networks of /64 where it listed 4294967296, 75 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "IPv6: hosts of one /64", { 12, 28, 1000, 50 }, false, "2001:db8::1 a; 2001:db8::2 a; 2001:db8::3 a",
	    "2001:db8::1 a", "" },
	{ "IPv6: hosts of three /64s", { 12, 28, 1000, 50 }, false,
	    "2001:db8::1 a; 2001:db8:0:1::1 b; 2001:db8:0:2::1 b", "2001:db8::1 a",
	    "lists 1 IPv6 networks of /64 where it listed 3, 67 % fewer; what went came through b; the limit is 50 % (refresh.largest_fall)" },
	{ "one family is gone, however small beside the other", { 12, 28, 1000, 50 }, false,
	    "192.0.2.0/24 a; 2001:db8::/32 b", "2001:db8::/32 b",
	    "lists 0 IPv4 addresses where it listed 256, 100 % fewer; what went came through a; the limit is 50 % (refresh.largest_fall)" },
	{ "a family came", { 12, 28, 1000, 50 }, false, "192.0.2.0/24 a", "192.0.2.0/24 a; 2001:db8::/32 b", "" },
	{ "a rise", { 12, 28, 1000, 50 }, false, "192.0.2.1 a", "192.0.0.0/16 a", "" },
	{ "from nothing", { 12, 28, 1000, 50 }, false, "", "192.0.2.0/24 a", "" },
	{ "no fall is too far", { 12, 28, 1000, 100 }, false, "192.0.2.0/24 a", "", "" },
	{ "every fall is too far", { 12, 28, 1000, 0 }, false, "192.0.2.0/24 a; 192.0.3.1 a", "192.0.2.0/24 a",
	    "lists 256 IPv4 addresses where it listed 257, 0.39 % fewer; what went came through a; the limit is 0 % (refresh.largest_fall)" },
	{ "the first unfolding cannot fall", { 12, 28, 1000, 0 }, false, NULL, "192.0.2.1 a", "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *arena = arena_open(MEMORY);
		struct list lists[2] = { { .count = 0 } };
		struct source_copy before, after;
		struct fault why;

		list_read(arena, rows[i].before == NULL ? "" : rows[i].before, &lists[0]);
		list_read(arena, rows[i].after, &lists[1]);
		before = taken(arena, &lists[0]);
		after = taken(arena, &lists[1]);
		is(said(&rows[i].limits, rows[i].exclusive, rows[i].before == NULL ? NULL : &before, &after, &why),
		    rows[i].wanted, "%s", rows[i].what);
		arena_close(arena);
	}
}

/* ---- exact limits ---- */

static const struct {
	const char *what;
	enum address_family family;
	unsigned share_ppm;
	uint64_t most; /* believed; one more is not */
	const char *wanted;
} shares[] = {
	{ "0.1 % of IPv4", ADDRESS_V4, 1000, 4294967,
	    "lists 4294968 addresses, 0.10000002 % of IPv4, through a; the limit is 0.1 % (refresh.largest_share)" },
	{ "a millionth of IPv4", ADDRESS_V4, 1, 4294,
	    "lists 4295 addresses, 0.000100001 % of IPv4, through a; the limit is 0.0001 % (refresh.largest_share)" },
	{ "half of IPv4", ADDRESS_V4, 500000, 2147483648u,
	    "lists 2147483649 addresses, 50.00000002 % of IPv4, through a; the limit is 50 % (refresh.largest_share)" },
	{ "0.1 % of IPv6", ADDRESS_V6, 1000, UINT64_C(2305843009213693),
	    "lists 2305843009213694 networks of /64, 0.10000000000000001 % of 2000::/3, through a; the limit is 0.1 % (refresh.largest_share)" },
	{ "a millionth of IPv6", ADDRESS_V6, 1, UINT64_C(2305843009213),
	    "lists 2305843009214 networks of /64, 0.00010000000000001 % of 2000::/3, through a; the limit is 0.0001 % (refresh.largest_share)" },
};

static void
test_shares(void)
{
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++)
		for (unsigned more = 0; more < 2; more++) {
			struct source_guard_limits limits = { 0, 0, shares[i].share_ppm, 50 };
			struct arena *arena = arena_open(MEMORY);
			struct list list = { .count = 0 };
			struct source_copy copy;
			struct fault why;

			list_units(&list, shares[i].family, shares[i].most + more, "a");
			copy = taken(arena, &list);
			is(said(&limits, true, NULL, &copy, &why), more == 0 ? "" : shares[i].wanted, "%s%s",
			    shares[i].what, more == 0 ? "" : " and one more");
			arena_close(arena);
		}
}

static void
test_falls(void)
{
	static const struct {
		enum address_family family;
		unsigned percent;
		uint64_t was, least; /* believed; one fewer is not */
	} falls[] = {
		{ ADDRESS_V4, 50, 1000, 500 },
		{ ADDRESS_V4, 50, 1001, 501 },
		{ ADDRESS_V4, 33, 100, 67 },
		{ ADDRESS_V4, 99, 4000000, 40000 },
		{ ADDRESS_V4, 1, 99, 99 },
		{ ADDRESS_V6, 50, 1000, 500 },
		{ ADDRESS_V6, 50, 3, 2 },
		{ ADDRESS_V6, 50, UINT64_C(1) << 50, UINT64_C(1) << 49 },
		{ ADDRESS_V6, 99, UINT64_C(100) << 40, UINT64_C(1) << 40 },
	};

	for (size_t i = 0; i < sizeof falls / sizeof *falls; i++)
		for (unsigned fewer = 0; fewer < 2; fewer++) {
			struct source_guard_limits limits = { 0, 0, 1000000, falls[i].percent };
			struct arena *arena = arena_open(MEMORY);
			struct list was = { .count = 0 }, is_now = { .count = 0 };
			struct source_copy before, after;
			struct fault why;

			list_units(&was, falls[i].family, falls[i].was, "a");
			list_units(&is_now, falls[i].family, falls[i].least - fewer, "a");
			before = taken(arena, &was);
			after = taken(arena, &is_now);
			ok((said(&limits, true, &before, &after, &why)[0] == '\0') == (fewer == 0),
			    "IPv%d: from %llu to %llu is %s", (int)falls[i].family, (unsigned long long)falls[i].was,
			    (unsigned long long)(falls[i].least - fewer), fewer == 0 ? "believed" : "not");
			arena_close(arena);
		}
}

/* ---- what cannot be listed, and what is too long ---- */

static void
test_asked(void)
{
	static const struct {
		const char *what, *why;
		bool asked, believed;
	} sources[] = {
		{ "nothing to ask", "", false, true },
		{ "an own exists", V " > exists:%{i}._spf." V, true, true },
		{ "a shared sender's exists", V " > sendgrid.net > exists:%{i}.x.example", true, false },
		{ "exists below a shared sender", V " > exists:%{i}._spf.sendgrid.net", true, false },
		{ "a redirect to one", V " > redirect=%{d}.sendgrid.net", true, false },
		{ "one that is taken out", V " > -include:sendgrid.net", true, false },
		{ "a macro that only looks alike", V " > exists:%{i}.notsendgrid.net", true, true },
		{ "a reason that is no longer so", V " > sendgrid.net > ptr", false, true },
	};

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		struct source_copy copy = { .source = "spf:" V,
			.asked = sources[i].asked,
			.asked_why = sources[i].why,
			.trouble = "" };
		struct fault why;

		ok((said(&usual, true, NULL, &copy, &why)[0] == '\0') == sources[i].believed, "asked: %s",
		    sources[i].what);
		ok(said(&usual, false, NULL, &copy, &why)[0] == '\0', "asked: %s, not exclusive", sources[i].what);
	}
}

/* The limit and its setting come after the path, so the path must leave room. */
static void
test_long_path(void)
{
	struct arena *arena = arena_open(MEMORY);
	char path[SOURCE_PATH_MAX], *end;
	struct list lists[2] = { { .count = 0 } };
	struct source_copy wide, narrow;
	struct source_guard_limits limits = usual;
	struct fault why;

	memset(path, 'a', sizeof path);
	for (size_t i = 40; i < sizeof path - 40; i += 40)
		path[i] = '.';
	end = path + sizeof path - sizeof " > sendgrid.net > ip4";
	strcpy(end, " > sendgrid.net > ip4");
	list_add(&lists[0], (struct address){ ADDRESS_V4, { 16 } }, 8, path);
	list_add(&lists[1], (struct address){ ADDRESS_V4, { 192, 0, 2 } }, 24, path);
	wide = taken(arena, &lists[0]);
	narrow = taken(arena, &lists[1]);
	ok(strstr(said(&limits, false, NULL, &wide, &why),
	       "> sendgrid.net > ip4; the limit is /12 (refresh.widest_ipv4)") != NULL,
	    "a long path leaves room for the widest network's limit");
	limits.widest_ipv4 = 8;
	ok(strstr(said(&limits, false, NULL, &wide, &why),
	       "> sendgrid.net > ip4; the limit is 0.1 % (refresh.largest_share)") != NULL,
	    "and for the share");
	limits.share_ppm = 1000000;
	ok(strstr(said(&limits, false, &wide, &narrow, &why),
	       "> sendgrid.net > ip4; the limit is 50 % (refresh.largest_fall)") != NULL,
	    "and for the fall");
	ok(strstr(said(&limits, true, NULL, &wide, &why),
	       "> sendgrid.net > ip4 but is exclusive; write exclusive = false to believe it") != NULL,
	    "and for the remedy");
	arena_close(arena);
}

/* Which path is named must not depend on what collides in a small memory of paths. */
static void
test_many_paths(void)
{
	struct arena *arena = arena_open(MEMORY);
	struct list list = { .count = 0 };
	struct source_copy copy;
	struct fault why;

	for (unsigned i = 0; i < NETWORKS_MAX; i++)
		list_add(&list, (struct address){ ADDRESS_V4, { 192, 0, 2, (uint8_t)i } }, 32,
		    arena_format(arena, V " > %s%u.example", i == 200 ? "amazonses.com > " : "", i));
	copy = taken(arena, &list);
	is(said(&usual, true, NULL, &copy, &why),
	    "takes in the shared sender amazonses.com through " V " > amazonses.com > 200.example but is exclusive; "
	    "write exclusive = false to believe it",
	    "one shared sender among hundreds of paths is found");
	ok(source_guard_believes(&usual, &(struct source_guard_names){ NULL, 0 }, true, NULL, &copy, &why),
	    "where no name is shared, none is");
	arena_close(arena);
}

int
main(void)
{
	test_rows();
	test_shares();
	test_falls();
	test_asked();
	test_long_path();
	test_many_paths();
	return done();
}
