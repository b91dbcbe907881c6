#include "policy/advise/export_parts.h"
#include "policy/util/json_write.h"

const char *const export_use_words[USES] = { [USE_MX] = "mx", [USE_LOGIN] = "login", [USE_API] = "api" };

/* ---- one network per line ---- */

static void
write_lines(struct text *out, const struct prefix *list, size_t count, const char *before, const char *behind)
{
	char written[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++)
		text_format(out, "%s%s%s\n", before, prefix_write(&list[i], written), behind);
}

static void
write_plain(struct text *out, const struct export_lists *lists, const char *value)
{
	(void)value;
	write_lines(out, lists->networks[USE_MX], lists->count[USE_MX], "", "");
}

/* A regular expression that every name below it meets, and no other: a name alone would hold itself, too. */
static void
write_hosts(struct text *out, const struct export_lists *lists, const char *before, const char *behind)
{
	for (size_t i = 0; i < lists->host_count; i++) {
		text_format(out, "%s/\\.", before);
		for (const char *at = lists->hosts[i]; *at != '\0'; at++)
			text_format(out, "%s%c", *at == '.' ? "\\" : "", *at);
		text_format(out, "$/%s\n", behind);
	}
}

static void
write_postgrey(struct text *out, const struct export_lists *lists, const char *value)
{
	write_plain(out, lists, value);
	write_hosts(out, lists, "", "");
}

static void
write_postscreen(struct text *out, const struct export_lists *lists, const char *value)
{
	(void)value;
	write_lines(out, lists->networks[USE_MX], lists->count[USE_MX], "", "\tpermit");
}

static void
write_cidr(struct text *out, const struct export_lists *lists, const char *value)
{
	char written[PREFIX_TEXT];

	for (size_t i = 0; i < lists->count[USE_MX]; i++)
		text_format(out, "%s\t%s\n", prefix_write(&lists->networks[USE_MX][i], written), value);
}

/* A statement ends with its line, so each but the last is continued; an empty list is none. Names and addresses are two
 * lists. */
static void
write_milter_greylist(struct text *out, const struct export_lists *lists, const char *value)
{
	(void)value;
	text_put(out, "list \"greenlane\" addr { \\\n");
	write_lines(out, lists->networks[USE_MX], lists->count[USE_MX], "\t", " \\");
	if (lists->count[USE_MX] == 0)
		text_put(out, "\t255.255.255.255 \\\n");
	text_put(out, "}\n");
	if (lists->host_count == 0)
		return;
	text_put(out, "list \"greenlane-names\" domain { \\\n");
	write_hosts(out, lists, "\t", " \\");
	text_put(out, "}\n");
}

/* ---- Sendmail: whole octets, whole groups ---- */

/* "192.0.2" of 24 bits, "IPv6:2001:db8:0" of 48: groups without leading zeros, none left out, as
 * Sendmail writes an address before it cuts from its end. */
static void
write_octets(struct text *out, const struct address *address, unsigned bits)
{
	const uint8_t *bytes = address->bytes;

	if (address->family == ADDRESS_V4)
		for (unsigned i = 0; i < bits / 8; i++)
			text_format(out, "%s%u", i > 0 ? "." : "", bytes[i]);
	else
		for (unsigned i = 0; i < bits / 16; i++)
			text_format(out, "%s%x", i > 0 ? ":" : "IPv6:", bytes[2 * i] << 8 | bytes[2 * i + 1]);
}

/* The next network of that many bits. Never called after the last, so nothing is carried out of the address. */
static void
step(struct address *address, unsigned bits)
{
	unsigned last = bits / 8 - 1;

	if (++address->bytes[last] == 0 && address->family == ADDRESS_V6 && last % 2 == 1)
		address->bytes[last - 1]++;
}

static void
write_parts(struct text *out, const struct prefix *prefix, const char *value)
{
	unsigned unit = prefix->base.family == ADDRESS_V4 ? 8 : 16;
	unsigned bits = prefix->bits == 0 ? unit : (prefix->bits + unit - 1) / unit * unit;
	unsigned long parts = 1ul << (bits - prefix->bits);
	struct address at = prefix->base;
	char written[PREFIX_TEXT];

	if (parts > EXPORT_PARTS_MAX) {
		text_format(out, "# left out: %s would be %lu entries, more than %d\n", prefix_write(prefix, written),
		    parts, EXPORT_PARTS_MAX);
		return;
	}
	for (unsigned long i = 0; i < parts; i++) {
		text_put(out, "Connect:");
		write_octets(out, &at, bits);
		text_format(out, "\t%s\n", value);
		if (i + 1 < parts)
			step(&at, bits);
	}
}

static void
write_sendmail(struct text *out, const struct export_lists *lists, const char *value)
{
	for (size_t i = 0; i < lists->count[USE_MX] && !out->cut; i++)
		write_parts(out, &lists->networks[USE_MX][i], value);
}

/* ---- by family ---- */

/* How many of a sorted list are IPv4. */
static size_t
count_v4(const struct prefix *list, size_t count)
{
	size_t n = 0;

	while (n < count && list[n].base.family == ADDRESS_V4)
		n++;
	return n;
}

/* All in one transaction: a look-up in the set sees the old list or the new one, and the rules of
 * the table stay. */
static void
write_set(struct text *out, const char *table, const char *use, int family, const struct prefix *list, size_t count)
{
	char written[PREFIX_TEXT];

	text_format(out, "add set %s greenlane_%s%d { type ipv%d_addr; flags interval; }\n", table, use, family, family);
	text_format(out, "flush set %s greenlane_%s%d\n", table, use, family);
	for (size_t i = 0; i < count; i++) {
		if (i == 0)
			text_format(out, "add element %s greenlane_%s%d {\n", table, use, family);
		text_format(out, "\t%s%s\n", prefix_write(&list[i], written), i + 1 < count ? "," : " }");
	}
}

static void
write_nftables(struct text *out, const struct export_lists *lists, const char *value)
{
	text_format(out, "add table %s\n", value);
	for (unsigned use = 0; use < USES; use++) {
		const struct prefix *list = lists->networks[use];
		size_t v4 = count_v4(list, lists->count[use]);

		write_set(out, value, export_use_words[use], 4, list, v4);
		write_set(out, value, export_use_words[use], 6, list + v4, lists->count[use] - v4);
	}
}

/* RFC 5782, 5: 127.0.0.2 is listed, so that the list can be tried. */
static void
write_rbldnsd(struct text *out, const struct export_lists *lists, const char *value)
{
	const struct prefix *list = lists->networks[USE_MX];
	size_t v4 = count_v4(list, lists->count[USE_MX]);

	(void)value;
	text_put(out,
	    "$SOA 300 localhost hostmaster.localhost 0 1h 10m 1w 60\n$TTL 300\n"
	    "$DATASET ip4set:greenlane4 @\n:127.0.0.2:listed by greenlane\n127.0.0.2\n");
	write_lines(out, list, v4, "", "");
	text_put(out, "$DATASET ip6trie:greenlane6 @\n:127.0.0.2:listed by greenlane\n::ffff:7f00:2\n");
	write_lines(out, list + v4, lists->count[USE_MX] - v4, "", "");
}

static void
write_json(struct text *out, const struct export_lists *lists, const char *value)
{
	char written[PREFIX_TEXT];

	(void)value;
	text_char(out, '{');
	for (unsigned use = 0; use < USES; use++) {
		json_write_list(out, export_use_words[use]);
		for (size_t i = 0; i < lists->count[use]; i++)
			text_format(out, "%s\n\"%s\"", i > 0 ? "," : "", prefix_write(&lists->networks[use][i], written));
		json_write_list_end(out);
	}
	text_char(out, '}');
}

const struct export_writer export_writers[EXPORT_FORMATS] = {
	[EXPORT_POSTGREY] = { "# ", true, true, "for --whitelist-clients; postgrey reads it again at HUP", write_postgrey },
	[EXPORT_POSTSCREEN] = { "# ", true, false,
	    "for postscreen_access_list as cidr:FILE, then postfix reload; a permit skips its DNS lists, too",
	    write_postscreen },
	[EXPORT_CIDR] = { "# ", true, false,
	    "for smtpd_milter_maps as cidr:FILE, then postfix reload; these clients meet only the milters named here",
	    write_cidr },
	[EXPORT_RSPAMD] = { "# ", true, false,
	    "for whitelisted_ip of the greylist module; rspamd sees changes by itself", write_plain },
	[EXPORT_MILTER_GREYLIST] = { "# ", true, true,
	    "part of greylist.conf, before: racl whitelist list \"greenlane\" spf pass (and \"greenlane-names\")",
	    write_milter_greylist },
	[EXPORT_SENDMAIL_ACCESS] = { "# ", true, false,
	    "part of the access table, then makemap; OK ends check_relay, FEATURE(dnsbl) included", write_sendmail },
	[EXPORT_NFTABLES] = { "# ", false, false, "for nft -f; rules of the same table use @greenlane_mx4 and so on",
	    write_nftables },
	[EXPORT_RBLDNSD] = { "# ", true, false, "for rbldnsd as ZONE:combined:FILE; postscreen_dnsbl_sites = ZONE*-1",
	    write_rbldnsd },
	[EXPORT_JSON] = { NULL, false, true, "", write_json },
};
