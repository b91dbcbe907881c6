#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "policy/config/policy_forms.h"
#include "policy/config/policy_keys.h"
#include "policy/util/address.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

/* ---- domains ---- */

/* "http://example.com/x", "example.com/x" */
static bool
is_web_address(const char *text, struct fault *why)
{
	const char *scheme = strstr(text, "://"), *host = scheme == NULL ? text : scheme + strlen("://");
	size_t length = strcspn(host, "/:?#");
	char name[DOMAIN_TEXT];
	struct prefix network;

	if (prefix_read(text, &network, NULL))
		return false;
	if ((scheme == NULL && host[length] != '/') || !domain_read(host, length, name, NULL))
		return false;
	fault_set(why, "'%.80s' is a web address; write \"%.120s\"", text, name);
	return true;
}

/* "ip4:192.0.2.0/24"; of a source also "192.0.2.0/24" and "192.0.2.1", which elsewhere may be the domain of a mailbox */
static bool
is_network(const char *text, bool source, struct fault *why)
{
	bool term = strncasecmp(text, "ip4:", 4) == 0 || strncasecmp(text, "ip6:", 4) == 0;
	struct prefix network;
	char written[PREFIX_TEXT];
	const char *what;

	if ((!term && !source) || !prefix_read(text + (term ? 4 : 0), &network, NULL))
		return false;
	prefix_write(&network, written);
	what = strchr(written, '/') == NULL ? "an address" : "a network";
	if (source)
		fault_set(why, "'%.80s' is %s; write cidr = [ \"%s\" ]", text, what, written);
	else
		fault_set(why, "'%.80s' is %s; write \"%s\" where networks are wanted", text, what, written);
	return true;
}

/* "include:_spf.example.com", "redirect=_spf.example.com", "a:mail.example.com", "mx:example.com" */
static bool
is_spf_term(const char *text, bool source, struct fault *why)
{
	static const struct {
		const char *term, *key;
	} rows[] = { { "include:", "spf" }, { "redirect=", "spf" }, { "a:", "a" }, { "mx:", "mx" } };
	const char *term = text + strspn(text, "+-~?");
	char name[DOMAIN_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t length = strlen(rows[i].term);

		if (strncasecmp(term, rows[i].term, length) != 0 ||
		    !domain_read(term + length, strcspn(term + length, "/"), name, NULL))
			continue;
		fault_set(why, "'%.80s' is a term of an SPF record; write %s%s\"%.120s\"", text,
		    source ? rows[i].key : "", source ? " = " : "", name);
		return true;
	}
	return is_network(term, source, why);
}

/* "v=spf1 include:_spf.example.com -all" */
static bool
is_spf_record(const char *text, bool source, struct fault *why)
{
	if (strncasecmp(text, "v=spf1", 6) != 0)
		return false;
	fault_set(why, "'%.80s' is an SPF record; write the name that publishes it, such as %s\"example.com\"", text,
	    source ? "spf = " : "");
	return true;
}

/* "s1._domainkey.example.com", "_dmarc.example.com" */
static bool
is_record_place(const char *text, struct fault *why)
{
	static const struct {
		const char *label, *what;
	} rows[] = { { "_domainkey.", "a DKIM key" }, { "_dmarc.", "a DMARC record" } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *at = strcasestr(text, rows[i].label);

		if (at == NULL || (at > text && at[-1] != '.') || at[strlen(rows[i].label)] == '\0')
			continue;
		fault_set(why, "'%.80s' is where %s is published; write \"%.120s\"", text, rows[i].what,
		    at + strlen(rows[i].label));
		return true;
	}
	return false;
}

static bool
is_mailbox(const char *text, struct fault *why)
{
	const char *at = strrchr(text, '@');
	char name[DOMAIN_TEXT];

	if (at == NULL || !domain_read(at + 1, strcspn(at + 1, ">"), name, NULL))
		return false;
	fault_set(why, "'%.80s' is a mailbox; write \"%.120s\"", text, name);
	return true;
}

bool
forms_domain(const char *text, bool source, struct fault *why)
{
	return is_web_address(text, why) || is_spf_record(text, source, why) || is_spf_term(text, source, why) ||
	    is_record_place(text, why) || (source && is_mailbox(text, why));
}

/* What stands in a host source behind its dot, and is no name: says what to write, dot and all. */
static bool
is_no_host(const char *name, struct fault *why)
{
	struct prefix prefix;
	struct fault form;
	const char *at;

	if (prefix_read(name, &prefix, NULL)) {
		fault_set(why, "'%.80s' is an address; write cidr = [ \"%.80s\" ]", name, name);
		return true;
	}
	if (!forms_domain(name, false, &form) && !is_mailbox(name, &form))
		return false;
	at = strstr(form.text, "write \"");
	if (at == NULL)
		fault_set(why, "%s, with a dot in front", form.text);
	else
		fault_set(why, "%.*swrite \".%s", (int)(at - form.text), form.text, at + strlen("write \""));
	return true;
}

bool
forms_host(const char *text, struct fault *why)
{
	const char *name = text + strspn(text, "*.");

	if (is_no_host(name, why))
		return true;
	if (text[0] == '.' && name == text + 1 && name[0] != '\0')
		return false;
	if (name[0] == '\0')
		fault_set(why, "'%.80s' names nobody; write \".outbound.example.com\"", text);
	else if (text[0] == '*' || text[0] == '.')
		fault_set(why, "'%.80s' is no name; write \".%.120s\", which stands for every name below it", text, name);
	else
		fault_set(why,
		    "'%.80s' has no dot in front; write \".%.120s\" for the hosts below it, or a = \"%.120s\" for the "
		    "addresses of that one",
		    text, text, text);
	return true;
}

/* ---- evidence ---- */

static bool
is_letter(char c)
{
	return (text_lower(c) >= 'a' && text_lower(c) <= 'z') || c == '_';
}

/* The next word of *rest, which is left with what follows; length 0: there is none. */
static struct span
next_word(struct span *rest)
{
	struct span word;

	for (; rest->length > 0 && !is_letter(*rest->at); rest->at++)
		rest->length--;
	word = (struct span){ rest->at, 0 };
	for (; rest->length > 0 && is_letter(*rest->at); rest->at++, word.length++)
		rest->length--;
	return word;
}

static const char *
find_word(struct span word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_is_nocase(word, words[i]))
			return words[i];
	return NULL;
}

/* The evidence that a text names, written in the ways that it may mean. */
struct evidence_text {
	struct text all, each, as_told; /* "a+b"; "a", "b"; as its "and" and "or" say */
	size_t count;
	bool has_and, has_or;
};

static void
add_evidence(struct evidence_text *told, const char *word, bool after_or)
{
	bool first = told->count++ == 0;

	text_format(&told->all, "%s%s", first ? "" : "+", word);
	text_format(&told->each, "%s\"%s\"", first ? "" : ", ", word);
	text_format(&told->as_told, "%s%s", first ? "" : after_or ? "\", \"" : "+", word);
}

/* False: something else is among them, or there is one alone. */
static bool
split_evidence(const char *text, const char *const *words, size_t count, struct evidence_text *told)
{
	struct span rest = span_of(text), word;
	bool after_or = false;

	told->has_and = strpbrk(text, "&+") != NULL;
	while ((word = next_word(&rest)).length > 0) {
		const char *known = find_word(word, words, count);

		if (known != NULL)
			add_evidence(told, known, after_or);
		else if (span_is_nocase(word, "and"))
			told->has_and = true;
		else if (span_is_nocase(word, "or"))
			told->has_or = true;
		else
			return false;
		after_or = span_is_nocase(word, "or");
	}
	return told->count > 1;
}

bool
forms_evidence(const char *text, const char *const *words, size_t count, struct fault *why)
{
	struct evidence_text told = { .count = 0 };
	bool done;

	text_open(&told.all, 120);
	text_open(&told.each, 120);
	text_open(&told.as_told, 120);
	done = split_evidence(text, words, count, &told);
	if (done && told.has_or)
		fault_set(why, "'%.60s' is more than one alternative; write \"%s\"", text, told.as_told.bytes);
	else if (done && strcasecmp(text, told.all.bytes) == 0)
		fault_set(why, "'%.60s' is not in small letters; write \"%s\"", text, told.all.bytes);
	else if (done && told.has_and)
		fault_set(why, "'%.60s' is not joined by '+'; write \"%s\"", text, told.all.bytes);
	else if (done)
		fault_set(why, "'%.60s' is not joined by '+'; write \"%s\" if all of it is needed, %s if one is enough",
		    text, told.all.bytes, told.each.bytes);
	text_close(&told.all);
	text_close(&told.each);
	text_close(&told.as_told);
	return done;
}

/* ---- keys ---- */

const char *
forms_key(const char *name, bool vendor)
{
	static const char *const passes[] = { "whitelist", "whitelists", "white_list", "allowlist", "allow_list",
		"safelist", "welcomelist" };
	static const char *const refuses[] = { "blacklist", "blacklists", "black_list", "blocklist", "block_list",
		"denylist" };

	for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++)
		if (strcasecmp(name, passes[i]) == 0)
			return vendor
			    ? "a vendor is not let through by name: write its addresses in `sources`, and in "
			      "`vouch` what proves its mail"
			    : "write `vendors` for senders that prove their mail, `greylist.exempt` for those "
			      "that never wait, `own.networks` for our own hosts";
	for (size_t i = 0; i < sizeof refuses / sizeof refuses[0]; i++)
		if (strcasecmp(name, refuses[i]) == 0)
			return "greenlane refuses only mail that is forged: refuse senders in the MTA";
	return NULL;
}
