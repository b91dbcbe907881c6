#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/export.h"
#include "t/lib/networks.h"
#include "t/lib/tap.h"

enum { NETWORKS = 8, LISTINGS = 8, TEXT_MAX = 1024 * 1024 };

/* ---- vendors and their sources, as one line each ---- */

static const struct vendor acme = {
	.name = "acme", .mode = MODE_ENFORCE, .vouch = { PROOF_LISTED | PROOF_SPF }, .vouch_count = 1
};
static const struct vendor globex = {
	.name = "globex", .mode = MODE_VOUCH, .vouch = { PROOF_DKIM, PROOF_LISTED }, .vouch_count = 2
};
static const struct vendor trial = { .name = "trial", .mode = MODE_MONITOR, .vouch = { PROOF_LISTED }, .vouch_count = 1 };
static const struct vendor signer = { .name = "signer", .mode = MODE_ENFORCE, .vouch = { PROOF_DKIM }, .vouch_count = 1 };

struct row {
	const struct vendor *vendor;
	const char *text, *networks;
	enum source_use use;
	bool exclusive, dropped;
	const char *missing, *asked; /* NULL: "" */
};

struct fixture {
	struct source sources[LISTINGS];
	struct export_listing listings[LISTINGS];
	struct prefix networks[LISTINGS][NETWORKS];
	struct export_request request;
	struct text text;
};

static void
fixture_open(struct fixture *fixture, const struct row *rows)
{
	size_t count = 0;

	for (; rows[count].vendor != NULL; count++) {
		const struct row *row = &rows[count];
		struct export_listing *listing = &fixture->listings[count];

		fixture->sources[count] = (struct source){ .vendor = row->vendor,
			.text = row->text,
			.kind = strncmp(row->text, "host:.", 6) == 0 ? SOURCE_HOST : SOURCE_CIDR,
			.name = strncmp(row->text, "host:.", 6) == 0 ? row->text + 6 : "",
			.use = row->use,
			.exclusive = row->exclusive,
			.selected = !row->dropped };
		*listing = (struct export_listing){ .source = &fixture->sources[count],
			.networks = fixture->networks[count],
			.count = networks_read(row->networks, fixture->networks[count]),
			.missing = row->missing == NULL ? "" : row->missing,
			.asked = row->asked == NULL ? "" : row->asked };
	}
	fixture->request = (struct export_request){ .value = "",
		.listen = "unix:/run/greenlane/milter.sock",
		.version = "1.0",
		.now = 1792144800,
		.listings = fixture->listings,
		.count = count };
	text_open(&fixture->text, TEXT_MAX);
}

static const char *
export_as(struct fixture *fixture, enum export_format format, const char *value)
{
	struct fault why = { .text = "" };

	fixture->request.format = format;
	fixture->request.value = value;
	text_clear(&fixture->text);
	if (!export_write(&fixture->request, &fixture->text, &why))
		return why.text[0] == '\0' ? "false without a reason" : "false";
	return fixture->text.bytes;
}

/* What the other program reads: without comments. */
static const char *
body_of(const char *text, struct text *out)
{
	struct span rest = span_of(text);

	text_clear(out);
	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n');

		if (line.length == 0 || line.at[0] == '#')
			continue;
		text_span(out, line);
		text_char(out, '\n');
	}
	return out->bytes;
}

/* ---- formats ---- */

static const struct row usual[] = { { &acme, "spf:acme.example", "192.0.2.128/25 203.0.113.77 2001:db8:4::/48", USE_MX,
					true, false, NULL, "acme.example > exists" },
	{ &globex, "cidr:192.0.2.0/25", "192.0.2.0/25 2001:db8:2::/48 2001:db8:3::/48 2001:db8:f::25", USE_MX, false,
	    false, NULL, NULL },
	{ &acme, "a:login.acme.example", "198.51.100.7 198.51.100.6", USE_LOGIN, false, false, NULL, NULL },
	{ &acme, "a:api.acme.example", "2001:db8:a::1", USE_API, false, false, NULL, NULL }, { 0 } };

static const struct {
	const char *name, *value, *body;
	enum export_format format;
} bodies[] = {
	{ "postgrey: a network a line", "",
	    "192.0.2.0/24\n203.0.113.77\n2001:db8:2::/47\n2001:db8:4::/48\n2001:db8:f::25\n", EXPORT_POSTGREY },
	{ "rspamd: a network a line", "",
	    "192.0.2.0/24\n203.0.113.77\n2001:db8:2::/47\n2001:db8:4::/48\n2001:db8:f::25\n", EXPORT_RSPAMD },
	{ "postscreen: permit", "",
	    "192.0.2.0/24\tpermit\n203.0.113.77\tpermit\n2001:db8:2::/47\tpermit\n2001:db8:4::/48\tpermit\n"
	    "2001:db8:f::25\tpermit\n",
	    EXPORT_POSTSCREEN },
	{ "cidr: our own milter stays", "",
	    "192.0.2.0/24\tunix:/run/greenlane/milter.sock\n203.0.113.77\tunix:/run/greenlane/milter.sock\n"
	    "2001:db8:2::/47\tunix:/run/greenlane/milter.sock\n2001:db8:4::/48\tunix:/run/greenlane/milter.sock\n"
	    "2001:db8:f::25\tunix:/run/greenlane/milter.sock\n",
	    EXPORT_CIDR },
	{ "cidr: the milters that the site names", "inet:127.0.0.1:1, inet:127.0.0.1:2",
	    "192.0.2.0/24\tinet:127.0.0.1:1, inet:127.0.0.1:2\n203.0.113.77\tinet:127.0.0.1:1, inet:127.0.0.1:2\n"
	    "2001:db8:2::/47\tinet:127.0.0.1:1, inet:127.0.0.1:2\n2001:db8:4::/48\tinet:127.0.0.1:1, inet:127.0.0.1:2\n"
	    "2001:db8:f::25\tinet:127.0.0.1:1, inet:127.0.0.1:2\n",
	    EXPORT_CIDR },
	{ "milter-greylist: one statement, its lines continued", "",
	    "list \"greenlane\" addr { \\\n\t192.0.2.0/24 \\\n\t203.0.113.77 \\\n\t2001:db8:2::/47 \\\n"
	    "\t2001:db8:4::/48 \\\n\t2001:db8:f::25 \\\n}\n",
	    EXPORT_MILTER_GREYLIST },
	{ "sendmail-access: whole octets and groups, IPv6 in full", "",
	    "Connect:192.0.2\tOK\nConnect:203.0.113.77\tOK\nConnect:IPv6:2001:db8:2\tOK\nConnect:IPv6:2001:db8:3\tOK\n"
	    "Connect:IPv6:2001:db8:4\tOK\nConnect:IPv6:2001:db8:f:0:0:0:0:25\tOK\n",
	    EXPORT_SENDMAIL_ACCESS },
	{ "sendmail-access: another right-hand side", "SKIP",
	    "Connect:192.0.2\tSKIP\nConnect:203.0.113.77\tSKIP\nConnect:IPv6:2001:db8:2\tSKIP\n"
	    "Connect:IPv6:2001:db8:3\tSKIP\nConnect:IPv6:2001:db8:4\tSKIP\n"
	    "Connect:IPv6:2001:db8:f:0:0:0:0:25\tSKIP\n",
	    EXPORT_SENDMAIL_ACCESS },
	{ "nftables: a set a use and family", "inet filter",
	    "add table inet filter\n"
	    "add set inet filter greenlane_mx4 { type ipv4_addr; flags interval; }\nflush set inet filter greenlane_mx4\n"
	    "add element inet filter greenlane_mx4 {\n\t192.0.2.0/24,\n\t203.0.113.77 }\n"
	    "add set inet filter greenlane_mx6 { type ipv6_addr; flags interval; }\nflush set inet filter greenlane_mx6\n"
	    "add element inet filter greenlane_mx6 {\n\t2001:db8:2::/47,\n\t2001:db8:4::/48,\n\t2001:db8:f::25 }\n"
	    "add set inet filter greenlane_login4 { type ipv4_addr; flags interval; }\n"
	    "flush set inet filter greenlane_login4\nadd element inet filter greenlane_login4 {\n\t198.51.100.6/31 }\n"
	    "add set inet filter greenlane_login6 { type ipv6_addr; flags interval; }\n"
	    "flush set inet filter greenlane_login6\n"
	    "add set inet filter greenlane_api4 { type ipv4_addr; flags interval; }\nflush set inet filter greenlane_api4\n"
	    "add set inet filter greenlane_api6 { type ipv6_addr; flags interval; }\nflush set inet filter greenlane_api6\n"
	    "add element inet filter greenlane_api6 {\n\t2001:db8:a::1 }\n",
	    EXPORT_NFTABLES },
	{ "rbldnsd: both families in one zone, and the test address of RFC 5782", "",
	    "$SOA 300 localhost hostmaster.localhost 0 1h 10m 1w 60\n$TTL 300\n$DATASET ip4set:greenlane4 @\n"
	    ":127.0.0.2:listed by greenlane\n127.0.0.2\n192.0.2.0/24\n203.0.113.77\n$DATASET ip6trie:greenlane6 @\n"
	    ":127.0.0.2:listed by greenlane\n::ffff:7f00:2\n2001:db8:2::/47\n2001:db8:4::/48\n2001:db8:f::25\n",
	    EXPORT_RBLDNSD },
	{ "json: by source and by use", "",
	    "{\"greenlane\":\"1.0\",\n\"written\":\"2026-10-16T10:00:00Z\",\n\"checksum\":\"8898e4e3e8d0a8bc\",\n\"sources\":[\n"
	    "{\"vendor\":\"acme\",\"source\":\"spf:acme.example\",\"use\":\"mx\",\"tags\":[],\"exclusive\":true,"
	    "\"asked\":\"acme.example > exists\",\"networks\":[\"192.0.2.128/25\",\"203.0.113.77\",\"2001:db8:4::/48\"]},\n"
	    "{\"vendor\":\"globex\",\"source\":\"cidr:192.0.2.0/25\",\"use\":\"mx\",\"tags\":[],\"exclusive\":false,"
	    "\"networks\":[\"192.0.2.0/25\",\"2001:db8:2::/48\",\"2001:db8:3::/48\",\"2001:db8:f::25\"]},\n"
	    "{\"vendor\":\"acme\",\"source\":\"a:login.acme.example\",\"use\":\"login\",\"tags\":[],\"exclusive\":false,"
	    "\"networks\":[\"198.51.100.7\",\"198.51.100.6\"]},\n"
	    "{\"vendor\":\"acme\",\"source\":\"a:api.acme.example\",\"use\":\"api\",\"tags\":[],\"exclusive\":false,"
	    "\"networks\":[\"2001:db8:a::1\"]}],\n"
	    "\"networks\":{\"mx\":[\n\"192.0.2.0/24\",\n\"203.0.113.77\",\n\"2001:db8:2::/47\",\n\"2001:db8:4::/48\",\n"
	    "\"2001:db8:f::25\"],\"login\":[\n\"198.51.100.6/31\"],\"api\":[\n\"2001:db8:a::1\"]}}\n",
	    EXPORT_JSON },
};

static void
check_bodies(void)
{
	struct fixture fixture;
	struct text body;

	fixture_open(&fixture, usual);
	text_open(&body, TEXT_MAX);
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		is(body_of(export_as(&fixture, bodies[i].format, bodies[i].value), &body), bodies[i].body, "%s",
		    bodies[i].name);
	text_close(&body);
	text_close(&fixture.text);
}

static void
check_head(void)
{
	struct fixture fixture;

	fixture_open(&fixture, usual);
	is(export_as(&fixture, EXPORT_POSTGREY, ""),
	    "# greenlane 1.0 export postgrey\n"
	    "# written 2026-10-16T10:00:00Z; changes by hand do not stay\n"
	    "# checksum f9982bd417a12b73\n"
	    "# for --whitelist-clients; postgrey reads it again at HUP\n"
	    "# from acme spf:acme.example: 3 networks\n"
	    "# in no list, only asked for each address: acme.example > exists\n"
	    "# from globex cidr:192.0.2.0/25: 4 networks, others may send from there\n"
	    "192.0.2.0/24\n203.0.113.77\n2001:db8:2::/47\n2001:db8:4::/48\n2001:db8:f::25\n",
	    "the head says who wrote it, when, from what, and what it does not hold");
	text_close(&fixture.text);
}

/* ---- names of clients ---- */

static const struct row named[] = { { &acme, "host:.out.acme.example", "", USE_MX, true, false, NULL, NULL },
	{ &globex, "host:.mx-1.globex.example", "", USE_MX, false, false, NULL, NULL },
	{ &globex, "host:.out.acme.example", "", USE_MX, false, false, NULL, NULL },
	{ &acme, "host:.api.acme.example", "", USE_API, false, false, NULL, NULL },
	{ &trial, "host:.trial.example", "", USE_MX, true, false, NULL, NULL },
	{ &acme, "host:.us.acme.example", "", USE_MX, true, true, NULL, NULL },
	{ &acme, "host:.old.acme.example", "", USE_MX, true, false, "its review", NULL },
	{ &acme, "cidr:192.0.2.0/24", "192.0.2.0/24", USE_MX, true, false, NULL, NULL }, { 0 } };

static const struct {
	enum export_format format;
	const char *body; /* NULL: it takes no names, and says so */
} named_bodies[] = {
	{ EXPORT_POSTGREY, "192.0.2.0/24\n/\\.out\\.acme\\.example$/\n/\\.mx-1\\.globex\\.example$/\n" },
	{ EXPORT_MILTER_GREYLIST,
	    "list \"greenlane\" addr { \\\n\t192.0.2.0/24 \\\n}\n"
	    "list \"greenlane-names\" domain { \\\n\t/\\.out\\.acme\\.example$/ \\\n"
	    "\t/\\.mx-1\\.globex\\.example$/ \\\n}\n" },
	{ EXPORT_POSTSCREEN, NULL },
	{ EXPORT_CIDR, NULL },
	{ EXPORT_RSPAMD, NULL },
	{ EXPORT_SENDMAIL_ACCESS, NULL },
	{ EXPORT_NFTABLES, NULL },
	{ EXPORT_RBLDNSD, NULL },
};

static void
check_names(void)
{
	static const char whole[] = "# from acme host:.out.acme.example: every client whose confirmed name is below it\n"
				    "# from globex host:.mx-1.globex.example: every client whose confirmed name is below it, "
				    "others may send from there\n",
			  refused[] = "# left out: acme host:.out.acme.example: this format takes addresses alone, and no names "
				      "of clients\n";
	struct fixture fixture;
	struct text body;

	fixture_open(&fixture, named);
	text_open(&body, TEXT_MAX);
	for (size_t i = 0; i < sizeof named_bodies / sizeof named_bodies[0]; i++) {
		const char *text = export_as(&fixture, named_bodies[i].format, ""), *word;

		word = export_format_words[named_bodies[i].format];
		ok(strstr(text, named_bodies[i].body != NULL ? whole : refused) != NULL, "%s: what becomes of names",
		    word) ||
		    (note("%s", text), 0);
		body_of(text, &body);
		if (named_bodies[i].body != NULL)
			is(body.bytes, named_bodies[i].body, "%s: names below, and not the name itself", word);
		else
			ok(strstr(body.bytes, "out.acme") == NULL, "%s: no name is in it", word);
	}
	ok(strstr(export_as(&fixture, EXPORT_JSON, ""),
	       "\"source\":\"host:.out.acme.example\",\"use\":\"mx\",\"tags\":[],\"exclusive\":true,"
	       "\"host\":\"out.acme.example\",\"networks\":[]}") != NULL,
	    "json: the name beside its source") ||
	    (note("%s", fixture.text.bytes), 0);
	text_close(&body);
	text_close(&fixture.text);
}

/* ---- what is left out ---- */

static const struct {
	const char *name;
	struct row row;
	const char *comment, *body; /* of postgrey, with 203.0.113.1 of another source */
} left_out[] = {
	{ "a vendor in mode monitor", { &trial, "cidr:x", "192.0.2.1", USE_MX, true, false, NULL, NULL },
	    "# left out: trial cidr:x: the vendor's mode is monitor\n", "203.0.113.1\n" },
	{ "a vendor whose vouch asks for no address", { &signer, "cidr:x", "192.0.2.1", USE_MX, true, false, NULL, NULL },
	    "# left out: signer cidr:x: the vendor's vouch does not ask for listed\n", "203.0.113.1\n" },
	{ "a source that is stale",
	    { &acme, "a:x", "", USE_MX, true, false, "its last good copy is older than max_stale", NULL },
	    "# left out: acme a:x: its last good copy is older than max_stale\n", "203.0.113.1\n" },
	{ "one past its review, though it has networks",
	    { &acme, "cidr:x", "192.0.2.1", USE_MX, true, false, "its review", NULL },
	    "# left out: acme cidr:x: its review\n", "203.0.113.1\n" },
	{ "one of another use, without a word", { &acme, "cidr:x", "192.0.2.1", USE_LOGIN, true, false, NULL, NULL },
	    "", "203.0.113.1\n" },
	{ "one that the tags do not select, without a word",
	    { &acme, "cidr:x", "192.0.2.1", USE_MX, true, true, NULL, NULL }, "", "203.0.113.1\n" },
	{ "one that can only be asked is named", { &acme, "spf:x", "", USE_MX, true, false, NULL, "x > exists:%{i}.x" },
	    "# from acme spf:x: 0 networks\n# in no list, only asked for each address: x > exists:%{i}.x\n",
	    "203.0.113.1\n" },
	{ "what comes from DNS cannot end its comment",
	    { &acme, "spf:x", "", USE_MX, true, false, NULL, "a\n10.0.0.0/8\r\x1b\x9b" },
	    "# from acme spf:x: 0 networks\n# in no list, only asked for each address: a?10.0.0.0/8???\n",
	    "203.0.113.1\n" },
};

static void
check_left_out(void)
{
	struct text body;

	text_open(&body, TEXT_MAX);
	for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
		const struct row rows[] = { left_out[i].row,
			{ &globex, "cidr:y", "203.0.113.1", USE_MX, true, false, NULL, NULL }, { 0 } };
		char wanted[1024];
		struct fixture fixture;
		const char *text;

		fixture_open(&fixture, rows);
		text = export_as(&fixture, EXPORT_POSTGREY, "");
		snprintf(wanted, sizeof wanted, "postgrey reads it again at HUP\n%s# from globex cidr:y: 1 network\n",
		    left_out[i].comment);
		ok(strstr(text, wanted) != NULL, "%s: what the comment says", left_out[i].name) || (note("%s", text), 0);
		is(body_of(text, &body), left_out[i].body, "and what is listed");
		text_close(&fixture.text);
	}
	text_close(&body);
}

static void
check_long_words(void)
{
	static char words[5000];
	const struct row rows[] = { { &acme, "spf:x", "", USE_MX, true, false, NULL, words }, { 0 } };
	struct fixture fixture;
	size_t longest = 0;
	struct span rest;

	memset(words, 'x', sizeof words - 1);
	fixture_open(&fixture, rows);
	rest = span_of(export_as(&fixture, EXPORT_SENDMAIL_ACCESS, ""));
	while (rest.length > 0) {
		size_t length = span_cut(&rest, '\n').length;

		longest = length > longest ? length : longest;
	}
	ok(longest > 300 && longest < 400, "a comment is never longer than makemap's line (%zu)", longest);
	text_close(&fixture.text);
}

static const struct row nobody[] = { { 0 } };
static const struct {
	enum export_format format;
	const char *body;
} empty[] = { { EXPORT_POSTGREY, "" }, { EXPORT_POSTSCREEN, "" }, { EXPORT_CIDR, "" }, { EXPORT_RSPAMD, "" },
	{ EXPORT_MILTER_GREYLIST, "list \"greenlane\" addr { \\\n\t255.255.255.255 \\\n}\n" },
	{ EXPORT_SENDMAIL_ACCESS, "" },
	{ EXPORT_JSON,
	    "{\"greenlane\":\"1.0\",\n\"written\":\"2026-10-16T10:00:00Z\",\n\"checksum\":\"46362495dbcd095d\",\n"
	    "\"sources\":[],\n\"networks\":{\"mx\":[],\"login\":[],\"api\":[]}}\n" } };

static void
check_empty(void)
{
	struct fixture fixture;
	struct text body;

	text_open(&body, TEXT_MAX);
	fixture_open(&fixture, nobody);
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
		is(body_of(export_as(&fixture, empty[i].format, ""), &body), empty[i].body,
		    "%s of nobody is what its reader takes", export_format_words[empty[i].format]);
	text_close(&fixture.text);
	text_close(&body);
}

/* ---- checksum and sameness ---- */

static const char *
checksum_of(const char *text, char out[17])
{
	const char *at = strstr(text, "checksum ");

	snprintf(out, 17, "%s", at == NULL ? "none" : at + strlen("checksum "));
	return out;
}

static void
check_same(void)
{
	static const struct row cut[] = { /* the same addresses as `usual`, from other sources */
		{ &globex, "cidr:1", "192.0.2.0/24 203.0.113.77", USE_MX, true, false, NULL, NULL },
		{ &globex, "cidr:2", "2001:db8:2::/47 2001:db8:4::/48 2001:db8:f::25 192.0.2.5", USE_MX, true, false,
		    NULL, NULL },
		{ 0 }
	};
	struct fixture fixture, other;
	char before[17], after[17];
	struct text first;

	fixture_open(&fixture, usual);
	fixture_open(&other, cut);
	text_open(&first, TEXT_MAX);
	text_put(&first, export_as(&fixture, EXPORT_POSTGREY, ""));
	checksum_of(first.bytes, before);
	is(checksum_of(export_as(&other, EXPORT_POSTGREY, ""), after), before, "the same addresses, the same checksum");
	fixture.request.now += 86400;
	export_as(&fixture, EXPORT_POSTGREY, "");
	ok(strcmp(first.bytes, fixture.text.bytes) != 0, "a day later the text is another");
	ok(export_same((struct span){ first.bytes, first.length },
	       (struct span){ fixture.text.bytes, fixture.text.length }),
	    "but the same, but for its date");
	ok(!export_same((struct span){ first.bytes, first.length - 1 },
	       (struct span){ fixture.text.bytes, fixture.text.length }),
	    "a text that was cut is not");
	ok(!export_same((struct span){ NULL, 0 }, (struct span){ first.bytes, first.length }), "an empty file is not");
	fixture.request.version = "1.1";
	export_as(&fixture, EXPORT_POSTGREY, "");
	ok(!export_same((struct span){ first.bytes, first.length },
	       (struct span){ fixture.text.bytes, fixture.text.length }),
	    "that of another version is not");
	fixture.request.version = "1.0";
	fixture.networks[0][1].base.bytes[3]++;
	export_as(&fixture, EXPORT_POSTGREY, "");
	ok(!export_same((struct span){ first.bytes, first.length },
	       (struct span){ fixture.text.bytes, fixture.text.length }),
	    "one with another address is not");
	ok(strcmp(checksum_of(fixture.text.bytes, after), before) != 0, "nor is its checksum the same");
	text_close(&first);
	text_close(&fixture.text);
	text_close(&other.text);
}

static void
check_ceiling(void)
{
	struct fixture fixture;
	struct fault why = { .text = "" };

	fixture_open(&fixture, usual);
	text_close(&fixture.text);
	text_open(&fixture.text, 200);
	fixture.request.format = EXPORT_POSTGREY;
	ok(!export_write(&fixture.request, &fixture.text, &why) && why.text[0] != '\0',
	    "a text that does not fit is not written");
	text_close(&fixture.text);
}

/* ---- what an entry says ---- */

static const struct {
	const char *listen, *milter;
} addresses[] = { { "unix:/var/spool/postfix/greenlane/m.sock", "unix:greenlane/m.sock" },
	{ "unix:/run/m.sock", "unix:/run/m.sock" }, { "local:/run/m.sock", "unix:/run/m.sock" },
	{ "inet:8890@127.0.0.1", "inet:127.0.0.1:8890" }, { "inet6:8890@::1", "inet:[::1]:8890" } };

static void
check_addresses(void)
{
	static const struct row one[] = { { &acme, "cidr:x", "192.0.2.1", USE_MX, true, false, NULL, NULL }, { 0 } };
	struct fixture fixture;
	struct text body;
	char wanted[100];

	text_open(&body, TEXT_MAX);
	fixture_open(&fixture, one);
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		fixture.request.listen = addresses[i].listen;
		snprintf(wanted, sizeof wanted, "192.0.2.1\t%s\n", addresses[i].milter);
		is(body_of(export_as(&fixture, EXPORT_CIDR, ""), &body), wanted, "%s as Postfix calls it",
		    addresses[i].listen);
	}
	text_close(&fixture.text);
	text_close(&body);
}

/* ---- Sendmail's parts against the network they are of ---- */

/* "Connect:192.0.2\tOK" back into a prefix; IPv6 as a plain reader of eight groups would. */
static bool
part_read(struct span line, struct prefix *out)
{
	struct span key = span_cut(&line, '\t');
	unsigned bits = 0;
	uint8_t bytes[16] = { 0 };
	bool v6;
	char text[64];

	if (key.length < 9 || strncmp(key.at, "Connect:", 8) != 0)
		return false;
	key.at += 8;
	key.length -= 8;
	v6 = key.length > 5 && strncmp(key.at, "IPv6:", 5) == 0;
	if (v6) {
		key.at += 5;
		key.length -= 5;
	}
	while (key.length > 0 && bits < (v6 ? 128u : 32u)) {
		struct span word = span_cut(&key, v6 ? ':' : '.');
		unsigned long value;

		snprintf(text, sizeof text, "%.*s", (int)word.length, word.at);
		value = strtoul(text, NULL, v6 ? 16 : 10);
		if (v6)
			bytes[bits / 8] = (uint8_t)(value >> 8);
		bytes[bits / 8 + v6] = (uint8_t)value;
		bits += v6 ? 16 : 8;
	}
	out->base = v6 ? address_of_v6(bytes) : address_of_v4(bytes);
	out->bits = (uint8_t)bits;
	return key.length == 0;
}

/* Parts that all lie in the network, ascend, and are as many as fill it: they are just the network. */
static bool
parts_fill(const char *body, const struct prefix *prefix)
{
	struct span rest = span_of(body);
	struct prefix part, before = { .bits = 0 };
	unsigned long parts = 0;

	while (rest.length > 0) {
		if (!part_read(span_cut(&rest, '\n'), &part) || !prefix_holds(prefix, &part.base) ||
		    part.bits < prefix->bits)
			return false;
		if (parts > 0 && (part.bits != before.bits || memcmp(part.base.bytes, before.base.bytes, 16) <= 0))
			return false;
		before = part;
		parts++;
	}
	return parts > 0 && parts == 1ul << (before.bits - prefix->bits);
}

static void
check_parts(void)
{
	unsigned wrong = 0, left = 0, wrongly_left = 0;
	struct text body;

	text_open(&body, TEXT_MAX);
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned bits = 0; bits <= (v6 ? 128u : 32u); bits++) {
			static const uint8_t v4_bytes[4] = { 203, 255, 127, 254 };
			static const uint8_t v6_bytes[16] = { 0x20, 1, 0xd, 0xb8, 0xff, 0xff, 0, 0xff, 1, 2, 0, 0, 0xfe,
				0, 0, 0xff };
			struct address full = v6 ? address_of_v6(v6_bytes) : address_of_v4(v4_bytes);
			struct prefix prefix = { address_mask(full, bits), (uint8_t)bits };
			char written[PREFIX_TEXT];
			const struct row one[] = {
				{ &acme, "x", prefix_write(&prefix, written), USE_MX, true, false, NULL, NULL }, { 0 }
			};
			struct fixture fixture;
			unsigned beyond = bits == 0 ? 16 : 16 - ((bits - 1) % 16 + 1);

			fixture_open(&fixture, one);
			body_of(export_as(&fixture, EXPORT_SENDMAIL_ACCESS, ""), &body);
			if (body.length == 0) {
				left++;
				wrongly_left += !v6 || 1ul << beyond <= EXPORT_PARTS_MAX ||
				    strstr(fixture.text.bytes, "# left out: ") == NULL;
			} else {
				wrong += !parts_fill(body.bytes, &prefix);
			}
			text_close(&fixture.text);
		}
	is_number(wrong, 0, "networks of every length, IPv4 and IPv6: their parts are just the network");
	is_number(wrongly_left, 0, "what is left out would be too many parts, and a comment says so");
	is_number(left, 8 * 3 + 1, "which happens to the widest of IPv6 alone");
	text_close(&body);
}

int
main(void)
{
	check_bodies();
	check_head();
	check_names();
	check_left_out();
	check_long_words();
	check_empty();
	check_same();
	check_ceiling();
	check_addresses();
	check_parts();
	return done();
}
