#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/advise/draft.h"
#include "policy/mail/facts.h"
#include "policy/util/domain.h"

enum {
	WIDTH = 100, /* of a line with a remark */
	REMARK_MAX = 4096,
	RECORD_SHOWN = 1500,
	NETWORKS_SHOWN = 24,
	BROAD4 = 16, /* an IPv4 network shorter than this is worth a doubt, */
	BROAD6 = 32  /* and an IPv6 one */
};

struct page {
	const struct draft_facts *facts;
	struct text *out;
	size_t doubts;
};

/* ---- remarks ---- */

/* How many bytes go on the next line: up to the last blank that fits, or all that fit. */
static size_t
line_length(const char *words, size_t room)
{
	size_t length = strlen(words);

	if (length <= room)
		return length;
	for (length = room; length > 0; length--)
		if (words[length] == ' ')
			return length;
	return room;
}

/* What was published may hold any byte; none of them may end a remark. */
static void
put_printable(struct text *out, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text_char(out, bytes[i] < ' ' || bytes[i] > '~' ? '?' : bytes[i]);
}

static void
put_words(struct page *page, const char *indent, const char *words)
{
	size_t room = WIDTH - strlen(indent) - 2;

	while (*words != '\0') {
		size_t length = line_length(words, room);

		text_format(page->out, "%s# ", indent);
		put_printable(page->out, words, length);
		text_char(page->out, '\n');
		words += length;
		words += strspn(words, " ");
	}
}

static void PRINTF_LIKE(3, 4) remark(struct page *page, const char *indent, const char *fmt, ...)
{
	char made[REMARK_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(made, sizeof made, fmt, args);
	va_end(args);
	put_words(page, indent, made);
}

/* Something that a person has to settle. */
static void PRINTF_LIKE(2, 3) doubt(struct page *page, const char *fmt, ...)
{
	char made[REMARK_MAX] = "Doubt: ";
	size_t head = strlen(made);
	va_list args;

	va_start(args, fmt);
	vsnprintf(made + head, sizeof made - head, fmt, args);
	va_end(args);
	put_words(page, "  ", made);
	page->doubts++;
}

static void
say(struct page *page, const char *line)
{
	text_put(page->out, line);
}

/* How often that was seen, behind a line of the file. */
static void
say_seen(struct page *page, uint64_t count, const char *what)
{
	const struct draft_seen *seen = page->facts->seen;

	if (seen != NULL)
		text_format(page->out, "  # %llu of %llu messages %s", (unsigned long long)count,
		    (unsigned long long)seen->messages, what);
	text_char(page->out, '\n');
}

/* ---- names ---- */

static void
write_names(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	remark(page, "", "%s: a first vendor file, made by \"greenlane %s\" from what %s published on %s.", facts->name,
	    facts->seen != NULL ? "suggest" : "vendor new", facts->domain, facts->today);
	say(page, "#\n");
	remark(page, "",
	    "\"Doubt:\" marks what could not be seen there. Settle each doubt with the vendor's own pages and the "
	    "headers of its mail, and write mode = \"enforce\" beside its name in greenlane.conf only then.");
	text_format(page->out, "vendor = {\n  name    = \"%s\";\n", facts->name);
	if (facts->shared != NULL)
		doubt(page,
		    "%s is a known shared sender: its own notices and the mail of all its customers leave "
		    "from the same hosts. A shipped vendor file may know it better.",
		    facts->shared);
	text_format(page->out, "  kind    = \"%s\";\n", facts->shared != NULL ? "esp" : "application");
	if (strcmp(facts->domain, facts->organisation) != 0)
		doubt(page, "mail in the name of %s itself claims no vendor. Add that name if the vendor uses it, too.",
		    facts->organisation);
	if (facts->has_customers)
		doubt(page,
		    "%s is on the public suffix list: names below it belong to its customers and are not a "
		    "claim. Add those that the vendor sends as.",
		    facts->domain);
	text_format(page->out, "  domains = [ \"%s%s\" ];", facts->has_customers ? "=" : "", facts->domain);
	say_seen(page, facts->seen == NULL ? 0 : facts->seen->messages, "that waited have an author there");
	doubt(page,
	    "the domain of its bounces is published nowhere. If the Return-Path of its mail has another "
	    "domain, add that here, unless others send with it as well.");
	say(page, "  envelope = [ ];\n\n");
}

/* ---- DKIM ---- */

/* "RSA key of 2048 bits" */
static const char *
key_words(const struct dkim_key *key, char *out, size_t size)
{
	if (key->kind == DKIM_KEY_ED25519)
		snprintf(out, size, "Ed25519 key");
	else
		snprintf(out, size, "RSA key of %u bits", key->bits);
	return out;
}

/* What is wrong with it, the worst first; NULL when nothing is. */
static const char *
key_doubt(const struct draft_key *found)
{
	const struct dkim_key *key = &found->key;
	bool rsa = key->kind == DKIM_KEY_RSA;
	const struct {
		bool holds;
		const char *what;
	} rows[] = {
		{ found->domain[0] == '\0', "there is no such key. Look at the s= and d= of its mail again." },
		{ !found->record, "what is published there is not a DKIM key." },
		{ key->revoked, "the key is revoked (its p= is empty)." },
		{ !key->sound, "the key cannot be read; no signature by it verifies." },
		{ key->test, "it is a test key (t=y): its signatures prove nothing." },
		{ !key->sha256, "it allows no SHA-256 (h=): its signatures prove nothing (RFC 8301)." },
		{ !key->mail, "it is not meant for mail (s=)." },
		{ rsa && key->bits < 1024, "a key under 1024 bits proves nothing (RFC 8301)." },
		{ rsa && key->bits < 2048,
		    "a key under 2048 bits is weak, though it still counts. Ask the "
		    "vendor for a longer one." },
		{ !rsa, "a libopendkim without Ed25519 cannot verify it. Is its mail signed by an RSA key, too?" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].holds)
			return rows[i].what;
	return NULL;
}

static void
write_key(struct page *page, const struct draft_key *key)
{
	const char *domain = key->domain[0] == '\0' ? page->facts->domain : key->domain;
	const char *what = key_doubt(key);
	char words[64];

	if (key->record && key->key.sound)
		remark(page, "  ", "%s._domainkey.%s: %s.", key->selector, domain,
		    key_words(&key->key, words, sizeof words));
	if (what != NULL)
		doubt(page, "%s._domainkey.%s: %s", key->selector, domain, what);
}

/* The domains whose keys count; the domain itself when none does. */
static void
write_signers(struct page *page)
{
	const struct draft_facts *facts = page->facts;
	bool own = !draft_has_key(facts), organisation = false;

	for (size_t i = 0; i < facts->key_count; i++) {
		if (!draft_key_counts(&facts->keys[i]))
			continue;
		own = own || strcmp(facts->keys[i].domain, facts->domain) == 0;
		organisation = organisation || strcmp(facts->keys[i].domain, facts->domain) != 0;
	}
	say(page, "  dkim    = [ ");
	if (own)
		text_format(page->out, "\"%s%s\"", facts->has_customers ? "=" : "", facts->domain);
	if (organisation)
		text_format(page->out, "%s\"%s\"", own ? ", " : "", facts->organisation);
	say(page, " ];");
	say_seen(page, facts->seen == NULL ? 0 : facts->seen->by_dkim, "were signed by it");
	say(page, "\n");
}

static void
write_dkim(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	if (facts->key_count == 0)
		doubt(page,
		    "no --selector was given, so it is a guess that it signs, and with this d=. The "
		    "DKIM-Signature of its mail says both: s= is the selector, d= belongs here.");
	else if (!draft_has_key(facts))
		doubt(page, "no key that counts was found, so it is a guess that it signs, and with this d=.");
	for (size_t i = 0; i < facts->key_count; i++)
		write_key(page, &facts->keys[i]);
	write_signers(page);
}

/* ---- sources ---- */

static bool
is_broad(const struct prefix *prefix)
{
	return prefix->bits < (prefix->base.family == ADDRESS_V4 ? BROAD4 : BROAD6);
}

static void
write_networks(struct page *page)
{
	const struct draft_facts *facts = page->facts;
	size_t count = facts->spf.network_count;
	char text[PREFIX_TEXT];

	remark(page, "  ", "It unfolds to %zu network%s%s", count, count == 1 ? "" : "s", count == 0 ? "." : ":");
	for (size_t i = 0; i < count && i < NETWORKS_SHOWN; i++)
		remark(page, "  ", "  %-18s %s", prefix_write(&facts->spf.networks[i].prefix, text),
		    facts->spf.networks[i].path);
	if (count > NETWORKS_SHOWN)
		remark(page, "  ", "  and %zu more", count - NETWORKS_SHOWN);
}

static void
doubt_networks(struct page *page)
{
	const struct draft_facts *facts = page->facts;
	const struct source_network *first = NULL;
	char text[PREFIX_TEXT];
	size_t broad = 0;

	for (size_t i = 0; i < facts->spf.network_count; i++) {
		const struct source_network *network = &facts->spf.networks[i];

		if (!is_broad(&network->prefix))
			continue;
		broad++;
		first = first == NULL ? network : first;
	}
	if (broad == 1)
		doubt(page, "%s (%s) is broad. Does the vendor own all of it?", prefix_write(&first->prefix, text),
		    first->path);
	else if (broad > 1)
		doubt(page, "%s (%s) and %zu more of its networks are broad. Does the vendor own all of each?",
		    prefix_write(&first->prefix, text), first->path, broad - 1);
	if (facts->spf.asked_why[0] != '\0')
		doubt(page,
		    "not all of it can be listed (%s): greenlane asks DNS about such an address when a message "
		    "claims the vendor, and no export holds it.",
		    facts->spf.asked_why);
}

static const char *
shared_included(const struct draft_facts *facts)
{
	for (size_t i = 0; i < facts->spf.include_count; i++)
		if (facts->spf.includes[i].shared != NULL)
			return facts->spf.includes[i].shared;
	return NULL;
}

static void
doubt_includes(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	for (size_t i = 0; i < facts->spf.include_count; i++) {
		const struct draft_include *include = &facts->spf.includes[i];

		if (include->shared != NULL)
			doubt(page,
			    "it includes %s, which is %s's, a known shared sender: every customer of that can "
			    "send from there with this domain in MAIL FROM, and SPF passes.",
			    include->name, include->shared);
		else if (include->foreign)
			doubt(page,
			    "it includes %s, which is somebody else's. If they send for others as well, take "
			    "\"listed+spf\" out of vouch.",
			    include->name);
	}
}

/* Without an `all` a record ends as with "?all" (RFC 7208, 4.7). */
static void
doubt_ending(struct page *page)
{
	char ending = page->facts->spf.ending;

	if (ending == '?' || ending == '\0')
		doubt(page, "it %s: the vendor does not say that this is all. Its own mail may come from elsewhere.",
		    ending == '?' ? "ends in \"?all\"" : "has no \"all\" at its end that could be found");
}

static void
write_spf(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	if (facts->spf.record[0] != '\0')
		remark(page, "  ", "SPF of %s on %s: %.*s%s", facts->domain, facts->today, RECORD_SHOWN,
		    facts->spf.record, strlen(facts->spf.record) > RECORD_SHOWN ? "..." : "");
	switch (facts->spf.state) {
	case DRAFT_SPF_NONE:
		doubt(page,
		    "it has no SPF record, so nothing is listed. If the vendor names hosts or networks, write "
		    "them: { a = \"mailer.example\"; } or { cidr = [ ... ]; as_of = ...; review_by = ...; }.");
		break;
	case DRAFT_SPF_BROKEN:
		doubt(page, "its SPF record is of no use, so nothing is listed: %s. Tell the vendor.", facts->spf.why);
		break;
	case DRAFT_SPF_OPEN:
		doubt(page,
		    "its SPF record ends in \"+all\" and passes everybody: SPF proves nothing here, and nothing is "
		    "listed. Tell the vendor.");
		break;
	case DRAFT_SPF_EMPTY:
		doubt(page,
		    "its SPF record says that nobody sends mail with this domain in MAIL FROM, so nothing is "
		    "listed. Does it send with another domain?");
		break;
	case DRAFT_SPF_USABLE:
		write_networks(page);
		doubt_networks(page);
		doubt_includes(page);
		doubt_ending(page);
		break;
	}
}

static void
write_hosts(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	if (facts->null_mx)
		doubt(page, "it accepts no mail (null MX): if it sends with this domain in MAIL FROM, bounces are lost.");
	for (size_t i = 0; i < facts->host_count; i++)
		if (!domain_is_under(facts->hosts[i], facts->organisation)) {
			doubt(page,
			    "mail to it goes to %s, a gateway or a mail provider. If mail from it leaves through the "
			    "same provider, it shares those hosts with all of that provider's customers.",
			    facts->hosts[i]);
			return;
		}
}

static void
write_sources(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	write_spf(page);
	write_hosts(page);
	if (facts->spf.state == DRAFT_SPF_USABLE) {
		doubt(page,
		    "it is published nowhere whether others send from there as well. Write exclusive = true only "
		    "if nobody else's mail leaves from there; if others' does, take \"listed+spf\" out of vouch.");
		text_format(page->out, "  sources = (\n    { spf = \"%s\"; exclusive = false; }", facts->domain);
		say_seen(page, facts->seen == NULL ? 0 : facts->seen->by_spf, "passed its SPF");
		say(page, "  );\n\n");
	} else {
		remark(page, "  ",
		    "If the names of its hosts are below one name, and lead from address to name and back, write { host = "
		    "\".outbound.%s\"; } with that name.",
		    facts->domain);
		say(page, "  sources = ( );\n\n");
	}
}

/* ---- what follows from it ---- */

static void
write_vouch(struct page *page)
{
	const struct draft_facts *facts = page->facts;
	const char *shared = shared_included(facts);

	if (facts->spf.state != DRAFT_SPF_USABLE) {
		remark(page, "  ", "Nothing is listed, so only a signature can prove it.");
		say(page, "  vouch     = [ \"dkim\" ];\n");
	} else if (shared != NULL || facts->shared != NULL) {
		doubt(page,
		    "\"listed+spf\" is left out, because any customer of %s could meet it. Unsigned mail stays unproven: "
		    "it is greylisted.",
		    shared != NULL ? shared : facts->shared);
		say(page, "  vouch     = [ \"dkim\" ];\n");
	} else {
		say(page, "  vouch     = [ \"listed+spf\", \"dkim\" ];\n");
	}
}

static void
write_dmarc(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	if (!facts->dmarc.found)
		doubt(page, "there is no DMARC record: nobody but this file refuses mail that pretends to be %s.",
		    facts->domain);
	else if (facts->dmarc.policy == DMARC_NONE)
		doubt(page, "DMARC of %s asks for nothing: nobody but this file refuses mail that pretends to be %s.",
		    facts->dmarc.domain, facts->domain);
	else if (facts->dmarc.testing)
		doubt(page, "DMARC of %s asks for %s, but only as a test (t=y): few refuse mail that pretends to be %s.",
		    facts->dmarc.domain, dmarc_policy_word(facts->dmarc.policy), facts->domain);
	else
		remark(page, "  ", "DMARC of %s asks for %s.", facts->dmarc.domain,
		    dmarc_policy_word(facts->dmarc.policy));
}

/* Where owners and the public suffix list see the organisation differently. */
static void
write_organisation(struct page *page)
{
	const struct draft_facts *facts = page->facts;

	if (facts->dmarc.found && strcmp(facts->dmarc.organisation, facts->organisation) != 0)
		remark(page, "  ",
		    "By its DMARC records (RFC 9989) its organisation is %s, by the public suffix list %s: names of the "
		    "former align with it.",
		    facts->dmarc.organisation, facts->organisation);
}

static void
write_actions(struct page *page)
{
	bool known = draft_has_key(page->facts);

	write_dmarc(page);
	write_organisation(page);
	if (!known)
		doubt(page,
		    "\"reject\" would refuse forwarded mail as long as no signature is known to survive forwarding. "
		    "Write it once you have seen the vendor's signatures verify.");
	text_format(page->out, "  on_forged = \"%s\";\n  mode      = \"vouch\";\n\n", known ? "reject" : "greylist");
}

/* ---- evidence ---- */

static void PRINTF_LIKE(4, 5) write_evidence(struct page *page, bool first, const char *where, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	text_format(page->out, "%s    { what = \"%s\"; seen = \"%s\";\n      where = \"DNS: %s\"; }",
	    first ? "" : ",\n", what, page->facts->today, where);
}

static void
write_key_evidence(struct page *page, const struct draft_key *key)
{
	char words[64], where[DNS_NAME_TEXT + 8];

	if (!draft_key_counts(key))
		return;
	snprintf(where, sizeof where, "TXT %s._domainkey.%s", key->selector, key->domain);
	write_evidence(page, false, where, "dkim: %s", key_words(&key->key, words, sizeof words));
}

static void
write_evidences(struct page *page)
{
	static const char *const spf[] = { [DRAFT_SPF_NONE] = "there is no SPF record",
		[DRAFT_SPF_BROKEN] = "the SPF record is broken",
		[DRAFT_SPF_OPEN] = "the SPF record ends in +all",
		[DRAFT_SPF_EMPTY] = "the SPF record allows nobody",
		[DRAFT_SPF_USABLE] = "the SPF record" };
	const struct draft_facts *facts = page->facts;
	char where[DNS_NAME_TEXT + 8];

	say(page, "  evidence = (\n");
	snprintf(where, sizeof where, "TXT %s", facts->domain);
	write_evidence(page, true, where, "sources: %s", spf[facts->spf.state]);
	snprintf(where, sizeof where, "TXT _dmarc.%s", facts->dmarc.found ? facts->dmarc.domain : facts->domain);
	write_evidence(page, false, where, "DMARC %s%s%s", facts->dmarc.found ? "asks for " : "is absent",
	    facts->dmarc.found ? dmarc_policy_word(facts->dmarc.policy) : "",
	    facts->dmarc.testing ? ", as a test (t=y)" : "");
	for (size_t i = 0; i < facts->key_count; i++)
		write_key_evidence(page, &facts->keys[i]);
	say(page, "\n  );\n");
}

size_t
draft_write(const struct draft_facts *facts, struct text *out)
{
	struct page page = { facts, out, 0 };

	write_names(&page);
	write_dkim(&page);
	write_sources(&page);
	write_vouch(&page);
	write_actions(&page);
	write_evidences(&page);
	say(&page, "};\n");
	return page.doubts;
}
