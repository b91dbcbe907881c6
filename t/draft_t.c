/*
 * draft_t.c - first vendor files: a zone, what is asked for, and which doubts come of it, by row; one
 * rich domain as a whole (t/draft). Each file that is written is loaded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/advise/draft.h"
#include "policy/config/policy_text.h"
#include "t/draft/keys.h"
#include "t/lib/canned_zone.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

#define V "acme.example"
#define SPF V " TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n"
#define DMARC "_dmarc." V " TXT \"v=DMARC1; p=reject\"\n"
#define KEY "s1._domainkey." V " TXT v=DKIM1; p=" KEY_RSA_2048 "\n"

enum { NOW = 1795290000 }; /* 2026-11-21 */

static const struct suffix_list suffixes;

/* ---- one draft ---- */

struct outcome {
	enum draft_state state;
	struct fault why;
	struct text text;
	size_t doubts, asked;
};

static struct canned_zone *
zone_read(const char *lines)
{
	struct canned_zone *zone = canned_zone_open();

	canned_zone_text(zone, lines);
	return zone;
}

static void
outcome_make(const char *lines, const struct draft_request *request, struct outcome *out)
{
	struct canned_zone *zone = zone_read(lines);
	struct draft *draft = draft_open(request, &out->why);
	struct dns_question question;
	struct dns_answer answer;

	out->asked = out->doubts = 0;
	text_open(&out->text, DRAFT_TEXT_MAX);
	out->state = DRAFT_TEMPORARY;
	while (draft != NULL && draft_next(draft, &question)) {
		out->asked++;
		canned_zone_answer(zone, &question, &answer);
		draft_answer(draft, &answer);
	}
	if (draft != NULL)
		out->state = draft_state(draft, &out->why);
	if (out->state == DRAFT_DONE)
		out->doubts = draft_write(draft_facts(draft), &out->text);
	draft_close(draft);
	canned_zone_close(zone);
}

/* ---- loading what was written ---- */

static const char *
hand_over(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	const struct text *text = context;

	(void)folders;
	(void)name;
	(void)why;
	*path = "drafted.conf";
	*length = text->length;
	return text->bytes;
}

static struct policy *
load(struct text *text, const char *name, struct faults *faults)
{
	struct policy_files files = { text, hand_over, NULL, NULL };
	char conf[256];

	snprintf(conf, sizeof conf, "vendors = ( { name = \"%s\"; mode = \"enforce\"; } );", name);
	return policy_text_load("greenlane.conf", conf, strlen(conf), &files, faults);
}

static void
test_loads(struct text *text, const char *name, const char *what)
{
	struct faults *faults = faults_open();
	struct policy *policy = load(text, name, faults);
	char *said = conf_faults_write(faults);

	is(said, "", "%s: it loads without a word", what);
	ok(policy != NULL && policy->vendor_count == 1 && policy->vendors[0].evidence_count >= 2,
	    "%s: as a vendor with evidence", what);
	free(said);
	policy_free(policy);
	faults_close(faults);
}

/* ---- doubts, by row ---- */

static const struct row {
	const char *what, *zone;
	const char *selectors; /* blanks between */
	const char *holds[4];  /* in the text, its lines joined */
	const char *lacks[3];
} rows[] = {
	{ "a vendor that does all well", SPF DMARC KEY V " MX 1 mx." V "\n", "s1",
	    { "vouch = [ \"listed+spf\", \"dkim\" ];", "on_forged = \"reject\";",
		"{ spf = \"acme.example\"; exclusive = false; }", "DMARC of acme.example asks for reject." },
	    { "a guess", "no DMARC", "broad" } },
	{ "networks that others may use", SPF, "",
	    { "Doubt: it is published nowhere whether others send from there as well." }, { NULL } },
	{ "no SPF record", V " TXT hello\n" DMARC KEY, "s1",
	    { "Doubt: it has no SPF record", "sources = ( );", "vouch = [ \"dkim\" ];", "there is no SPF record" },
	    { "listed+spf" } },
	{ "two SPF records", SPF SPF V " TXT \"v=spf1 ~all\"\n", "",
	    { "of no use, so nothing is listed: acme.example: two SPF records", "sources = ( );",
		"write { host = \".outbound.acme.example\"; } with that name." },
	    { NULL } },
	{ "an SPF record that nobody can read", V " TXT \"v=spf1 ip4:192.0.2.0/33 -all\"\n", "",
	    { "of no use, so nothing is listed: acme.example: " }, { "{ spf =" } },
	{ "an include that leads nowhere", V " TXT \"v=spf1 include:gone." V " -all\"\n", "",
	    { "acme.example > gone.acme.example: no SPF record, the name does not exist" }, { "{ spf =" } },
	{ "everybody passes", V " TXT \"v=spf1 ip4:192.0.2.1 +all\"\n", "",
	    { "ends in \"+all\" and passes everybody", "vouch = [ \"dkim\" ];" }, { "{ spf =" } },
	{ "everybody passes by a redirect", V " TXT \"v=spf1 redirect=b." V "\"\nb." V " TXT \"v=spf1 all\"\n", "",
	    { "ends in \"+all\" and passes everybody" }, { "{ spf =" } },
	{ "everybody passes by an include", V " TXT \"v=spf1 include:b." V " -all\"\nb." V " TXT \"v=spf1 +all\"\n", "",
	    { "acme.example > b.acme.example: '+all' passes the whole internet" }, { "{ spf =" } },
	{ "nobody passes", V " TXT \"v=spf1 -all\"\n", "", { "nobody sends mail with this domain", "sources = ( );" },
	    { "listed+spf" } },
	{ "a neutral end", V " TXT \"v=spf1 ip4:192.0.2.1 ?all\"\n", "", { "Doubt: it ends in \"?all\"", "{ spf =" },
	    { NULL } },
	{ "no end", V " TXT \"v=spf1 ip4:192.0.2.1\"\n", "", { "Doubt: it has no \"all\" at its end" }, { NULL } },
	{ "an end by redirect",
	    V " TXT \"v=spf1 redirect=b." V "\"\nb." V " TXT \"v=spf1 ip4:192.0.2.1 redirect=c." V "\"\nc." V
	      " TXT \"v=spf1 ~all\"\n",
	    "", { "192.0.2.1 acme.example > b.acme.example > ip4" }, { "ends in", "has no \"all\"" } },
	{ "the end of an include is not the record's",
	    V " TXT \"v=spf1 include:b." V " -all\"\nb." V " TXT \"v=spf1 ip4:192.0.2.1 ?all\"\n", "", { "{ spf =" },
	    { "?all\": the vendor" } },
	{ "a known shared sender included",
	    V " TXT \"v=spf1 include:u7.bulk.example -all\"\nu7.bulk.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n" KEY, "s1",
	    { "includes u7.bulk.example, which is bulk.example's, a known shared sender", "\"listed+spf\" is left out",
		"vouch = [ \"dkim\" ];", "on_forged = \"reject\";" },
	    { NULL } },
	{ "a shared sender behind an include of its own",
	    V " TXT \"v=spf1 include:_spf." V " -all\"\n_spf." V
	      " TXT \"v=spf1 include:bulk.example -all\"\nbulk.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n",
	    "", { "includes bulk.example", "vouch = [ \"dkim\" ];" }, { "includes _spf.acme.example" } },
	{ "somebody else included",
	    V " TXT \"v=spf1 include:desk.example -all\"\ndesk.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "",
	    { "includes desk.example, which is somebody else's", "vouch = [ \"listed+spf\"" }, { "known shared" } },
	{ "a name that only looks like a shared sender's",
	    V " TXT \"v=spf1 include:notbulk.example -all\"\nnotbulk.example TXT \"v=spf1 ip4:192.0.2.1 -all\"\n", "",
	    { "notbulk.example, which is somebody else's" }, { "known shared" } },
	{ "terms that cannot be listed", V " TXT \"v=spf1 exists:%{i}.x." V " -all\"\n", "",
	    { "not all of it can be listed (acme.example > exists:%{i}.x.acme.example)", "It unfolds to 0 networks.",
		"{ spf =" },
	    { NULL } },
	{ "a broad network", V " TXT \"v=spf1 ip4:10.0.0.0/15 -all\"\n", "",
	    { "Doubt: 10.0.0.0/15 (acme.example > ip4) is broad" }, { NULL } },
	{ "broad networks", V " TXT \"v=spf1 ip4:10.0.0.0/15 ip6:2001:db8::/31 -all\"\n", "",
	    { "Doubt: 10.0.0.0/15 (acme.example > ip4) and 1 more of its networks are broad" }, { NULL } },
	{ "networks at the limit", V " TXT \"v=spf1 ip4:10.0.0.0/16 ip6:2001:db8::/32 -all\"\n", "", { "{ spf =" },
	    { "broad" } },
	{ "no DMARC record", SPF, "", { "Doubt: there is no DMARC record", "DMARC is absent" }, { NULL } },
	{ "DMARC that asks for nothing", SPF "_dmarc." V " TXT \"v=DMARC1; p=none\"\n", "",
	    { "Doubt: DMARC of acme.example asks for nothing" }, { NULL } },
	{ "DMARC that is only tested", SPF "_dmarc." V " TXT \"v=DMARC1; p=reject; t=y\"\n", "",
	    { "Doubt: DMARC of acme.example asks for reject, but only as a test (t=y)",
		"DMARC asks for reject, as a test (t=y)" },
	    { "its organisation is" } },
	{ "DMARC of a name above", SPF "_dmarc.example TXT \"v=DMARC1; p=none; sp=quarantine\"\n", "",
	    { "DMARC of example asks for quarantine.",
		"By its DMARC records (RFC 9989) its organisation is example, by the public suffix list" },
	    { NULL } },
	{ "no selector", SPF DMARC, "",
	    { "no --selector was given", "dkim = [ \"acme.example\" ];", "on_forged = \"greylist\";",
		"Doubt: \"reject\" would refuse" },
	    { NULL } },
	{ "a selector without a key", SPF, "s9",
	    { "s9._domainkey.acme.example: there is no such key", "no key that counts was found",
		"on_forged = \"greylist\";" },
	    { "TXT s9" } },
	{ "a text that is no key", SPF "s1._domainkey." V " TXT hello\n", "s1",
	    { "what is published there is not a DKIM key", "on_forged = \"greylist\";" }, { NULL } },
	{ "a key among other texts", SPF "s1._domainkey." V " TXT hello\n" KEY, "s1",
	    { "s1._domainkey.acme.example: RSA key of 2048 bits.", "on_forged = \"reject\";" }, { "no DKIM key" } },
	{ "a revoked key", SPF "s1._domainkey." V " TXT v=DKIM1; p=\n", "s1",
	    { "the key is revoked", "on_forged = \"greylist\";" }, { NULL } },
	{ "a key that nobody can read", SPF "s1._domainkey." V " TXT v=DKIM1; p=AAAA\n", "s1",
	    { "the key cannot be read", "on_forged = \"greylist\";" }, { NULL } },
	{ "a test key", SPF "s1._domainkey." V " TXT t=y; p=" KEY_RSA_2048 "\n", "s1",
	    { "RSA key of 2048 bits.", "it is a test key (t=y)", "on_forged = \"greylist\";" }, { NULL } },
	{ "a key of 1024 bits", SPF "s1._domainkey." V " TXT p=" KEY_RSA_1024 "\n", "s1",
	    { "under 2048 bits is weak", "on_forged = \"reject\";", "dkim: RSA key of 1024 bits" }, { NULL } },
	{ "a key of 768 bits", SPF "s1._domainkey." V " TXT p=" KEY_RSA_768 "\n", "s1",
	    { "under 1024 bits proves nothing", "on_forged = \"greylist\";" }, { "dkim: RSA" } },
	{ "an Ed25519 key", SPF "s1._domainkey." V " TXT k=ed25519; p=" KEY_ED25519 "\n", "s1",
	    { "without Ed25519 cannot verify", "dkim: Ed25519 key" }, { NULL } },
	{ "a key for SHA-1 alone", SPF "s1._domainkey." V " TXT h=sha1; p=" KEY_RSA_2048 "\n", "s1",
	    { "no SHA-256", "on_forged = \"greylist\";" }, { NULL } },
	{ "a key that is not for mail", SPF "s1._domainkey." V " TXT s=tlsrpt; p=" KEY_RSA_2048 "\n", "s1",
	    { "not meant for mail", "on_forged = \"greylist\";" }, { NULL } },
	{ "a bad key beside a good one", SPF KEY, "s0 s1",
	    { "s0._domainkey.acme.example: there is no such key", "on_forged = \"reject\";" }, { "a guess" } },
	{ "MX within", SPF V " MX 1 mx." V "\n" V " MX 2 MX2.Acme.Example\n", "", { "{ spf =" }, { "gateway" } },
	{ "MX elsewhere", SPF V " MX 1 mx." V "\n" V " MX 2 MX.Gate.example\n", "",
	    { "Doubt: mail to it goes to mx.gate.example, a gateway" }, { NULL } },
	{ "a null MX", SPF V " MX 0 .\n", "", { "accepts no mail (null MX)" }, { NULL } },
	{ "a record with bytes that end a line", V " TXT \"v=spf1 ip4:192.0.2.1 x=\\010};\\013vendor\\200\\\" -all\"\n",
	    "", { "of no use" }, { NULL } },
};

/* The file in one line, each run of blanks and remark marks a blank, so that no row depends on where lines break. */
static char *
joined(const struct text *text)
{
	char *line = strdup(text->bytes), *to = line;

	for (const char *at = line; at != NULL && *at != '\0'; at++) {
		bool blank = strchr(" \n#", *at) != NULL;

		if (!blank || (to > line && to[-1] != ' '))
			*to++ = blank ? ' ' : *at;
	}
	*to = '\0';
	return line;
}

static size_t
words_read(const char *text, char store[64], const char *out[DRAFT_SELECTORS_MAX])
{
	size_t count = 0;
	char *rest = store, *word;

	snprintf(store, 64, "%s", text);
	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0')
			out[count++] = word;
	return count;
}

static void
test_row(const struct row *row)
{
	static const char *const shared[] = { "other.example", "bulk.example" };
	const char *selectors[DRAFT_SELECTORS_MAX];
	char store[64], *line;
	struct draft_request request = { .domain = V,
		.name = "",
		.selectors = selectors,
		.selector_count = words_read(row->selectors, store, selectors),
		.shared = shared,
		.shared_count = 2,
		.suffixes = &suffixes,
		.now = NOW };
	struct outcome outcome;
	size_t doubts = 0;

	outcome_make(row->zone, &request, &outcome);
	is_number(outcome.state, DRAFT_DONE, "%s: it is written", row->what);
	line = joined(&outcome.text);
	for (size_t i = 0; i < 4 && row->holds[i] != NULL; i++)
		if (!ok(strstr(line, row->holds[i]) != NULL, "%s: it says '%s'", row->what, row->holds[i]))
			note("%s", outcome.text.bytes);
	for (size_t i = 0; i < 3 && row->lacks[i] != NULL; i++)
		ok(strstr(line, row->lacks[i]) == NULL, "%s: it does not say '%s'", row->what, row->lacks[i]);
	for (const char *at = line; (at = strstr(at, "Doubt: ")) != NULL; at++)
		doubts++;
	is_number((long long)outcome.doubts, (long long)doubts, "%s: its doubts are counted", row->what);
	test_loads(&outcome.text, "acme", row->what);
	free(line);
	text_close(&outcome.text);
}

/* ---- what is not written ---- */

static const struct {
	const char *what, *zone, *domain, *selector, *name;
	int state;
	const char *why;
} refusals[] = {
	{ "no such domain", "", V, "s1", "", DRAFT_NOWHERE, "there is no domain acme.example" },
	{ "a domain without any record of that type is one", "x." V " A 192.0.2.1\n", V, "s1", "", DRAFT_DONE, "" },
	{ "trouble with SPF", V " TXT SERVFAIL\n", V, "s1", "", DRAFT_TEMPORARY, "no answer for TXT acme.example" },
	{ "trouble with an include", V " TXT \"v=spf1 include:b.example -all\"\nb.example TXT TIMEOUT\n", V, "s1", "",
	    DRAFT_TEMPORARY, "no answer for TXT b.example" },
	{ "trouble with a host", V " TXT \"v=spf1 a -all\"\n" V " A SERVFAIL\n", V, "s1", "", DRAFT_TEMPORARY,
	    "no answer for A acme.example" },
	{ "trouble with DMARC", SPF "_dmarc." V " TXT SERVFAIL\n", V, "s1", "", DRAFT_TEMPORARY,
	    "no answer for TXT _dmarc.acme.example" },
	{ "trouble with MX", SPF V " MX BOGUS\n", V, "s1", "", DRAFT_TEMPORARY,
	    "no genuine (DNSSEC) answer for MX acme.example" },
	{ "trouble with a key", SPF "s1._domainkey." V " TXT TIMEOUT\n", V, "s1", "", DRAFT_TEMPORARY,
	    "no answer for TXT s1._domainkey.acme.example" },
	{ "a public suffix", "", "example", "s1", "", DRAFT_TEMPORARY,
	    "'example' is a public suffix; name a domain below it" },
	{ "a selector with a quote", SPF, V, "s\"1", "", DRAFT_TEMPORARY,
	    "'s\"1' is not a selector; write it as in s= of a signature, in lower case" },
	{ "a name with a blank", SPF, V, "s1", "my acme", DRAFT_TEMPORARY, "'my acme' is not a name; write \"my-acme\"" },
};

static void
test_refusals(void)
{
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		struct draft_request request = { .domain = refusals[i].domain,
			.name = refusals[i].name,
			.selectors = &refusals[i].selector,
			.selector_count = 1,
			.suffixes = &suffixes,
			.now = NOW };
		struct outcome outcome = { .why = { .text = "" } };

		outcome_make(refusals[i].zone, &request, &outcome);
		is_number(outcome.state, refusals[i].state, "%s: how it ends", refusals[i].what);
		is(outcome.why.text, refusals[i].why, "%s: why", refusals[i].what);
		text_close(&outcome.text);
	}
}

/* ---- as a whole ---- */

static void
test_rich(void)
{
	static const char *const shared[] = { "bulk.example" };
	static const char *const selectors[] = { "s2048", "s1024", "ed", "test", "old", "gone" };
	struct draft_request request = { .domain = "notify." V,
		.name = "",
		.selectors = selectors,
		.selector_count = 6,
		.shared = shared,
		.shared_count = 1,
		.suffixes = &suffixes,
		.now = NOW };
	struct outcome outcome;
	char path[512];
	size_t length;
	char *zone = conf_file_read(conf_path(path, sizeof path, "t/draft/rich.zone"), &length);
	char *wanted = conf_file_read(conf_path(path, sizeof path, "t/draft/rich.conf"), &length);

	outcome_make(zone == NULL ? "" : zone, &request, &outcome);
	is(outcome.text.bytes, wanted, "the file of a rich domain, as a whole");
	is_number((long long)outcome.doubts, 16, "with its doubts");
	test_loads(&outcome.text, "acme", "a rich domain");
	free(wanted);
	free(zone);
	text_close(&outcome.text);
}

static void
test_names(void)
{
	struct draft_request request = { .domain = "mail.xn--bcher-kva.example",
		.name = "",
		.suffixes = &suffixes,
		.now = NOW };
	static const char zone[] = "mail.xn--bcher-kva.example TXT \"v=spf1 ip4:192.0.2.1 -all\"";
	static const char *const shared[] = { "xn--bcher-kva.example" };
	struct outcome outcome;

	outcome_make(zone, &request, &outcome);
	ok(strstr(outcome.text.bytes, "name    = \"xn--bcher-kva\";") != NULL,
	    "the name is the organisation's first label");
	test_loads(&outcome.text, "xn--bcher-kva", "a name in A-labels");
	text_close(&outcome.text);
	request.name = "buecher";
	outcome_make(zone, &request, &outcome);
	ok(strstr(outcome.text.bytes, "name    = \"buecher\";") != NULL, "but for one that is given");
	ok(strstr(outcome.text.bytes, "kind    = \"application\";") != NULL, "a vendor is an application");
	text_close(&outcome.text);
	request.shared = shared;
	request.shared_count = 1;
	outcome_make(zone, &request, &outcome);
	ok(strstr(outcome.text.bytes, "kind    = \"esp\";") != NULL, "but for a known shared sender");
	ok(strstr(outcome.text.bytes, "vouch     = [ \"dkim\" ];") != NULL, "for which a list proves nothing");
	text_close(&outcome.text);
}

/* The first label of 63 is followed by names that DNS cannot carry; nothing is asked for them. */
/* A name of the public suffix list stands for itself alone, and a registry's for nobody. */
static void
test_customers(void)
{
	const struct suffix_list list = { psl_builtin() };
	struct draft_request request = { .domain = "myfritz.net", .name = "", .suffixes = &list, .now = NOW };
	struct outcome outcome;

	outcome_make("myfritz.net TXT \"v=spf1 ip4:192.0.2.0/24 -all\"\n", &request, &outcome);
	ok(strstr(outcome.text.bytes, "domains = [ \"=myfritz.net\" ];") != NULL,
	    "a name with customers is its own claim alone");
	ok(strstr(outcome.text.bytes, "dkim    = [ \"=myfritz.net\" ];") != NULL, "and its own signer");
	ok(strstr(outcome.text.bytes, "names below it belong to its customers") != NULL, "which is a doubt");
	test_loads(&outcome.text, "myfritz", "a name with customers");
	text_close(&outcome.text);
	request.domain = "co.uk";
	outcome = (struct outcome){ .why = { .text = "" } };
	outcome_make("", &request, &outcome);
	is(outcome.why.text, "'co.uk' is a public suffix; name a domain below it", "a registry's name is no vendor");
	text_close(&outcome.text);
}

static void
test_ceilings(void)
{
	const char *selectors[DRAFT_SELECTORS_MAX + 1];
	char domain[254], zone[2048], *at = zone;
	struct draft_request request = { .domain = domain,
		.name = "",
		.selectors = selectors,
		.selector_count = 1,
		.suffixes = &suffixes,
		.now = NOW };
	struct outcome outcome;

	memset(domain, 'a', sizeof domain);
	for (size_t i = 61; i < 240; i += 60)
		domain[i] = '.';
	memcpy(domain + 241, ".example", 9);
	for (size_t i = 0; i <= DRAFT_SELECTORS_MAX; i++)
		selectors[i] = "s1";
	snprintf(zone, sizeof zone, "%s TXT \"v=spf1 ip4:192.0.2.1 -all\"", domain);
	outcome_make(zone, &request, &outcome);
	is_number(outcome.state, DRAFT_DONE, "a domain to which no selector fits is written");
	ok(strstr(outcome.text.bytes, "is a guess") != NULL, "as one without a key");
	text_close(&outcome.text);

	request.domain = V;
	request.selector_count = DRAFT_SELECTORS_MAX + 1;
	outcome_make(SPF, &request, &outcome);
	is(outcome.why.text, "more than 16 selectors", "too many selectors are refused");
	text_close(&outcome.text);

	at += snprintf(at, 64, V " TXT v=spf1");
	for (int i = 0; i < 60; i++)
		at += snprintf(at, 32, " ip4:192.0.2.%d", i);
	snprintf(at, 8, " -all");
	request.selector_count = 0;
	outcome_make(zone, &request, &outcome);
	ok(strstr(outcome.text.bytes, "#   and 36 more\n") != NULL, "a long list is shown in part");
	test_loads(&outcome.text, "acme", "a long list");
	text_close(&outcome.text);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		test_row(&rows[i]);
	test_refusals();
	test_rich();
	test_names();
	test_customers();
	test_ceilings();
	return done();
}
