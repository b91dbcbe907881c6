/*
 * dns_audit_t.c - our own domain's SPF, DKIM and DMARC against the delegations: a zone, what is said of it, by
 * row. Whatever record is to be published is put into the zone and looked at again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/dns_audit.h"
#include "t/draft/keys.h"
#include "t/lib/canned_zone.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

#define D "example.com"
#define DMARC "_dmarc." D " TXT v=DMARC1; p=reject\n"
#define MX D " MX 10 mx." D "\nmx." D " A 192.0.2.25\n"
#define KEY "t1._domainkey." D " TXT v=DKIM1; p=" KEY_RSA_2048 "\n"
#define TICKETS "tickets.example TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
#define ALERTS "uk.mail.alerts.example A 203.0.113.7\n"
#define REST MX DMARC KEY TICKETS ALERTS
#define EIGHT \
	"a:1.b.example a:2.b.example a:3.b.example a:4.b.example a:5.b.example a:6.b.example a:7.b.example a:8.b.example"
#define EIGHT_A                                                                                                    \
	"1.b.example A 198.18.9.1\n2.b.example A 198.18.9.1\n3.b.example A 198.18.9.1\n4.b.example A 198.18.9.1\n" \
	"5.b.example A 198.18.9.1\n6.b.example A 198.18.9.1\n7.b.example A 198.18.9.1\n8.b.example A 198.18.9.1\n"
#define GOOD "mx include:tickets.example a:uk.mail.alerts.example"

/* A vendor by SPF that signs, one by A records of territories, one by networks, and one that others send through. */
static const struct {
	const char *name, *text;
} vendors[] = {
	{ "tickets",
	    "vendor = { name = \"tickets\"; domains = [ \"tickets.example\" ]; sources = ( { spf = \"tickets.example\"; } ); };" },
	{ "alerts",
	    "vendor = { name = \"alerts\"; domains = [ \"alerts.example\" ]; sources = ("
	    " { a = \"uk.mail.alerts.example\"; tags = [ \"uk\" ]; }, { a = \"us.mail.alerts.example\"; tags = [ \"us\" ]; } ); };" },
	{ "lists",
	    "vendor = { name = \"lists\"; domains = [ \"lists.example\" ]; sources = ("
	    " { cidr = [ \"198.18.0.0/24\", \"198.18.1.0/24\", \"2001:db8:7::/48\" ]; }, { mx = \"lists.example\"; } ); };" },
	{ "bulk",
	    "vendor = { name = \"bulk\"; kind = \"esp\"; domains = [ \"bulk.example\" ]; sources = ( { spf = \"bulk.example\"; } ); };" },
	{ "old",
	    "vendor = { name = \"old\"; domains = [ \"old.example\" ]; sources = ( { spf = \"spf.old.example\"; } ); };" },
	{ "silent", "vendor = { name = \"silent\"; domains = [ \"silent.example\" ]; };" },
};

/* What most rows have in force. */
#define OWN "own = { domains = [ \"example.com\" ]; };"
#define ENABLED \
	"vendors = ( { name = \"tickets\"; }, { name = \"alerts\"; tags = [ \"uk\" ]; }, { name = \"lists\"; }, { name = \"silent\"; } );"
#define DELEGATED \
	"{ vendor = \"tickets\"; domains = [ \"example.com\" ]; selectors = [ \"t1\" ]; vouch = [ \"dkim\", \"listed+spf_from\" ]; }"
#define BOTH DELEGATED ", { vendor = \"alerts\"; domains = [ \"noc@example.com\" ]; vouch = [ \"listed+spf_from\" ]; }"
#define CONF OWN ENABLED "delegations = (" BOTH ");"
#define NOBODY OWN ENABLED

static const struct suffix_list suffixes;

/* ---- configuration ---- */

static const char *
hand_over(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context;
	(void)folders;
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (strcmp(vendors[i].name, name) == 0) {
			*path = vendors[i].name;
			*length = strlen(vendors[i].text);
			return vendors[i].text;
		}
	fault_set(why, "no vendor '%s'", name);
	return NULL;
}

static struct policy *
load(const char *conf)
{
	return conf_load(conf, &(struct policy_files){ .vendor = hand_over });
}

/* ---- one examination ---- */

struct outcome {
	struct text text;
	size_t wrong, advice, asked;
	unsigned lookups, record_lookups;
	bool ignored;
	char record[4096];
};

static void
outcome_take(const struct dns_audit_report *report, struct outcome *out)
{
	out->wrong = report->wrong_count;
	out->advice = report->finding_count - report->wrong_count;
	out->lookups = report->lookups;
	out->record_lookups = report->spf_lookups;
	out->ignored = report->spf_ignored;
	snprintf(out->record, sizeof out->record, "%s", report->spf);
	dns_audit_write(report, &out->text);
}

static void
outcome_make(const struct policy *policy, const struct policy *known, const char *domain,
    const struct canned_zone *zone, struct outcome *out)
{
	const struct vendor *others[] = { &known->vendors[0], &known->vendors[1] };
	struct dns_audit_request request = { domain, policy, others, 2, &suffixes };
	struct dns_audit *audit = dns_audit_open(&request);
	struct dns_question question;
	struct dns_answer answer;

	*out = (struct outcome){ .asked = 0 };
	text_open(&out->text, DNS_AUDIT_TEXT_MAX);
	while (audit != NULL && dns_audit_next(audit, &question)) {
		out->asked++;
		canned_zone_answer(zone, &question, &answer);
		dns_audit_answer(audit, &answer);
	}
	if (audit == NULL || dns_audit_report(audit) == NULL)
		ok(false, "there is a report");
	else
		outcome_take(dns_audit_report(audit), out);
	dns_audit_close(audit);
}

/* ---- rows ---- */

static const struct row {
	const char *what, *conf, *zone;
	const char *says[5];  /* in the text */
	const char *record;   /* to publish; "": none */
	const char *lacks[3]; /* in the text */
} rows[] = {
	{ "all is well", CONF, D " TXT \"v=spf1 " GOOD " -all\"\n" REST,
	    { "         3  of 10\n", "         1  include:tickets.example  (tickets)" }, "", { "wrong", "permerror" } },
	{ "nothing at all", CONF, TICKETS ALERTS MX,
	    { "there is no SPF record; publish", "no DMARC record",
		"_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=none;", "t1._domainkey.example.com.\n" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { "permerror" } },
	{ "a name that is not there", NOBODY, "com TXT x\n", { "there is no SPF record, the name does not exist" },
	    "v=spf1 -all", { NULL } },
	{ "two records", CONF,
	    D " TXT \"v=spf1 mx ~all\"\n" D
	      " TXT \"v=spf1 mx include:tickets.example a:uk.mail.alerts.example -all\"\n" REST,
	    { "there are 2 SPF records, so receivers ignore all", "permerror" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example -all", { "behind" } },
	{ "begins almost like a record", NOBODY, D " TXT \"v=spf1;mx ~all\"\n" MX DMARC,
	    { "'v=spf1;mx ~all' is not an SPF record", "no SPF record;" }, "v=spf1 mx ~all", { NULL } },

	/* words */
	{ "the example of a vendor's page", CONF,
	    D " TXT \"v=spf1 mymailer." D
	      " a:territory.mail.alerts.example mx include:tickets.example ~all\"\nmymailer." D " A 192.0.2.7\n" REST,
	    { "'mymailer.example.com' is a host name, not a term; write 'a:mymailer.example.com'",
		"'a:territory.mail.alerts.example' has no address, it is a placeholder for a name of alerts; write a real one, such as 'a:uk.mail.alerts.example'",
		"         -  mymailer.example.com", "'a:uk.mail.alerts.example' is missing: alerts sends" },
	    "v=spf1 a:mymailer.example.com mx include:tickets.example a:uk.mail.alerts.example ~all", { NULL } },
	{ "a vendor's name as a term", CONF, D " TXT \"v=spf1 mx tickets.example a:uk.mail.alerts.example ~all\"\n" REST,
	    { "write 'include:tickets.example'" }, "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all",
	    { "missing" } },
	{ "addresses without a mechanism", NOBODY,
	    D " TXT \"v=spf1 mx 192.0.2.1 192.0.2.0/28 2001:db8::1 ~all\"\n" MX DMARC,
	    { "'192.0.2.1' is an address", "write 'ip4:192.0.2.0/28'", "write 'ip6:2001:db8::1'" },
	    "v=spf1 mx ip4:192.0.2.1 ip4:192.0.2.0/28 ip6:2001:db8::1 ~all", { NULL } },
	{ "ip4 with a host name", NOBODY, D " TXT \"v=spf1 mx ip4:mx." D " ~all\"\n" MX DMARC,
	    { "'ip4:mx.example.com' holds a host name where an address belongs; write 'a:mx.example.com'" },
	    "v=spf1 mx a:mx.example.com ~all", { NULL } },
	{ "mechanisms and addresses mixed up", NOBODY,
	    D " TXT \"v=spf1 mx a:192.0.2.1 ip4:2001:db8::1 ip6:192.0.2.2 ipv4:192.0.2.3 ?ip:192.0.2.4 ~all\"\n" MX DMARC,
	    { "write 'ip4:192.0.2.1'", "write 'ip6:2001:db8::1'", "write 'ip4:192.0.2.2'", "write 'ip4:192.0.2.3'" },
	    "v=spf1 mx ip4:192.0.2.1 ip6:2001:db8::1 ip4:192.0.2.2 ip4:192.0.2.3 ?ip4:192.0.2.4 ~all", { NULL } },
	{ "a slip of the pen", CONF, D " TXT \"v=spf1 mx inlcude:tickets.example a:uk.mail.alerts.example, ~all;\"\n" REST,
	    { "'inlcude:tickets.example' is not a mechanism that receivers know; write 'include:tickets.example'",
		"'a:uk.mail.alerts.example,' ends in punctuation", "'~all;' ends in punctuation" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { NULL } },
	{ "a blank that was lost between two strings", CONF,
	    D " TXT \"v=spf1 mx include:tickets.example\" \"a:uk.mail.alerts.example ip4:192.0.2.1\" \"include:tickets.example mx-all\"\n" REST,
	    { "'ip4:192.0.2.1include:tickets.example' is two terms without a blank between them; write 'ip4:192.0.2.1 include:tickets.example'",
		"write 'mx -all'" },
	    NULL, { NULL } },
	{ "a blank after a colon", CONF,
	    D " TXT \"v=spf1 mx include: tickets.example a: ip4: -all a:uk.mail.alerts.example\"\n" REST,
	    { "'include: tickets.example' has a blank inside; write 'include:tickets.example'", "'a:' is not a term",
		"'ip4:' is not a term", "comes after 'all'" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example -all", { "'tickets.example' is" } },
	{ "an equals sign for a colon", CONF,
	    D " TXT \"v=spf1 mx include=tickets.example a:uk.mail.alerts.example ~all\"\n" REST,
	    { "'include=tickets.example' is a modifier that receivers ignore; write 'include:tickets.example'" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { "permerror" } },
	{ "two records in one", NOBODY, D " TXT \"v=spf1 mx v=spf1 ~all\"\n" MX DMARC,
	    { "'v=spf1' is in the record twice" }, "v=spf1 mx ~all", { NULL } },
	{ "nonsense", NOBODY, D " TXT \"v=spf1 mx nonsense ip4:192.0.2.0/33 postmaster@" D " a: ~all\"\n" MX DMARC,
	    { "'nonsense' is not a term (unknown mechanism); take it out",
		"'ip4:192.0.2.0/33' is not a term (not a network)", "'postmaster@example.com' is not a term",
		"'a:' is not a term" },
	    "v=spf1 mx ~all", { NULL } },
	{ "bytes for the terminal", NOBODY, D " TXT \"v=spf1 mx \\027[2Jx\\000y\\200 ~all\"\n" MX DMARC,
	    { "'\\027[2Jx\\001y\\200' is not a term" }, "v=spf1 mx ~all", { "\033" } },

	/* terms */
	{ "no way to send", NOBODY, D " TXT \"v=spf1 ip4:192.0.2.9 ~all\"\n" MX DMARC, { "'mx' is missing: no host" },
	    "v=spf1 ip4:192.0.2.9 mx ~all", { NULL } },
	{ "the MX by its address", NOBODY, D " TXT \"v=spf1 ip4:192.0.2.0/24 ~all\"\n" MX DMARC,
	    { "nothing needs to change" }, "", { "missing" } },
	{ "outbound hosts",
	    "own = { domains = [ \"example.com\" ]; outbound = [ \"192.0.2.25\", \"192.0.2.26\", \"2001:db8::25\" ]; };" ENABLED,
	    D " TXT \"v=spf1 ip6:2001:db8::/64 ~all\"\n" MX DMARC,
	    { "'mx' is missing: 192.0.2.25 may send", "'ip4:192.0.2.26' is missing" },
	    "v=spf1 ip6:2001:db8::/64 mx ip4:192.0.2.26 ~all", { "2001:db8::25 may" } },
	{ "a parked domain", NOBODY, D " TXT \"v=spf1 -all\"\n" D " MX 0 .\n" DMARC, { "nothing needs to change" }, "",
	    { NULL } },
	{ "a null MX and no record", NOBODY, D " MX 0 .\n" DMARC, { "there is no SPF record" }, "v=spf1 -all", { NULL } },
	{ "everybody passes", NOBODY, D " TXT \"v=spf1 mx all\"\n" MX DMARC, { "'all' passes everybody; write '~all'" },
	    "v=spf1 mx ~all", { NULL } },
	{ "everybody passes, with a sign", NOBODY, D " TXT \"v=spf1 mx +all\"\n" MX DMARC,
	    { "'+all' passes everybody" }, "v=spf1 mx ~all", { NULL } },
	{ "everybody passes by a network", NOBODY, D " TXT \"v=spf1 mx ip4:0.0.0.0/0 ip4:0.0.0.0/1 -all\"\n" MX DMARC,
	    { "'ip4:0.0.0.0/0' passes everybody", "'ip4:0.0.0.0/1' passes" }, "v=spf1 mx -all", { NULL } },
	{ "everybody passes by an include", NOBODY,
	    D " TXT \"v=spf1 mx include:b.example -all\"\nb.example TXT \"v=spf1 +all\"\n" MX DMARC,
	    { "'include:b.example' passes everybody" }, "v=spf1 mx -all", { NULL } },
	{ "a neutral end", NOBODY, D " TXT \"v=spf1 mx ?all\"\n" MX DMARC, { "'?all' says nothing" }, "v=spf1 mx ~all",
	    { NULL } },
	{ "no end", NOBODY, D " TXT \"v=spf1 mx\"\n" MX DMARC, { "no 'all' at its end" }, "v=spf1 mx ~all", { NULL } },
	{ "terms after the end", CONF, D " TXT \"v=spf1 mx a:uk.mail.alerts.example -all include:tickets.example\"\n" REST,
	    { "'include:tickets.example' comes after 'all'", "         2  of 10" },
	    "v=spf1 mx a:uk.mail.alerts.example include:tickets.example -all", { "missing" } },
	{ "ptr", NOBODY, D " TXT \"v=spf1 mx ptr ptr:example.com -all\"\n" MX DMARC,
	    { "'ptr' must not be used", "'ptr:example.com' must" }, "v=spf1 mx -all", { NULL } },
	{ "the same twice", NOBODY, D " TXT \"v=spf1 mx a MX a:EXAMPLE.com -all\"\n" D " A 192.0.2.1\n" MX DMARC,
	    { "'MX' is there already", "'a:EXAMPLE.com' is there" }, "v=spf1 mx a -all", { NULL } },
	{ "names without addresses", NOBODY, D " TXT \"v=spf1 mx a:x." D " mx:y." D " a:z." D " -all\"\n" MX DMARC,
	    { "'a:x.example.com' leads to no address", "'mx:y.example.com' leads", "3 of its look-ups find nothing",
		"permerror" },
	    "v=spf1 mx -all", { NULL } },
	{ "an include that leads nowhere", NOBODY, D " TXT \"v=spf1 mx include:gone.example -all\"\n" MX DMARC,
	    { "'include:gone.example' makes receivers ignore the whole record (gone.example: no SPF record, the name does not exist)",
		"permerror" },
	    "v=spf1 mx -all", { NULL } },
	{ "an include that leads to a slip", NOBODY,
	    D " TXT \"v=spf1 mx include:b.example -all\"\nb.example TXT \"v=spf1 include:c.example -all\"\nc.example TXT \"v=spf1 ip4:1 -all\"\n" MX
		DMARC,
	    { "(c.example: not a network: ':1')" }, "v=spf1 mx -all", { NULL } },
	{ "a loop", NOBODY,
	    D " TXT \"v=spf1 mx include:b.example -all\"\nb.example TXT \"v=spf1 include:" D " -all\"\n" MX DMARC,
	    { "(example.com: a loop)" }, "v=spf1 mx -all", { NULL } },
	{ "macros", NOBODY, D " TXT \"v=spf1 mx exists:%{i}._spf." D " -all exp=why.%{d}\"\n" MX DMARC,
	    { "         1  exists:%{i}._spf.example.com", "nothing needs to change" }, "", { NULL } },
	{ "an explanation is kept", NOBODY, D " TXT \"v=spf1 mx mx -all exp=why.%{d}\"\n" MX DMARC, { "already" },
	    "v=spf1 mx -all exp=why.%{d}", { NULL } },
	{ "an address after one that refuses it", NOBODY,
	    D " TXT \"v=spf1 ip4:192.0.2.1 -ip4:192.0.2.0/24 ip4:198.51.100.1 -all\"\n" MX DMARC, { "'mx' is missing" },
	    "v=spf1 ip4:192.0.2.1 mx -ip4:192.0.2.0/24 ip4:198.51.100.1 -all", { NULL } },
	{ "two explanations", NOBODY, D " TXT \"v=spf1 mx exp=a.b -all exp=c.d\"\n" MX DMARC,
	    { "'exp=c.d' is a second one", "permerror" }, "v=spf1 mx -all exp=a.b", { NULL } },
	{ "an include with a name that is gone", NOBODY,
	    D " TXT \"v=spf1 mx include:b.example -all\"\nb.example TXT \"v=spf1 a:gone.example ip4:192.0.2.1 -all\"\n" MX DMARC,
	    { "nothing needs to change" }, "", { NULL } },
	{ "an include with many names that are gone", NOBODY,
	    D " TXT \"v=spf1 mx mx include:b.example -all\"\nb.example TXT \"v=spf1 a:x.example a:y.example a:z.example -all\"\n" MX
		DMARC,
	    { "3 look-ups of 'include:b.example' find nothing, and", "permerror" }, NULL, { NULL } },
	{ "a vendor's own name without an address", CONF, D " TXT \"v=spf1 " GOOD " -all\"\n" MX DMARC KEY TICKETS,
	    { "'a:uk.mail.alerts.example' leads to no address", "alerts cannot be named in SPF" },
	    "v=spf1 mx include:tickets.example -all", { "stands for" } },
	{ "more than ten look-ups", CONF,
	    D
	    " TXT \"v=spf1 mx a a:b1." D " a:b2." D " a:b3." D " a:b4." D " include:three.example " GOOD " -all\"\n" D
	    " A 192.0.2.30\nb1." D " A 192.0.2.31\nb2." D " A 192.0.2.32\nb3." D " AAAA 2001:db8::33\nb4." D " A 192.0.2.34\n"
	    "three.example TXT \"v=spf1 include:a.three.example include:b.three.example -all\"\na.three.example TXT \"v=spf1 ip4:198.51.100.77 -all\"\nb.three.example TXT \"v=spf1 ip4:198.51.100.78 -all\"\n" REST,
	    { "         3  include:three.example", "the record takes 12 look-ups", "(10 look-ups of 10)",
		"'a' is written out below" },
	    "v=spf1 mx a:b1.example.com a:b2.example.com a:b3.example.com a:b4.example.com include:three.example include:tickets.example a:uk.mail.alerts.example ip4:192.0.2.30 -all",
	    { "still" } },
	{ "more than ten look-ups, and the MX is what may be spared", NOBODY,
	    D " TXT \"v=spf1 mx/28 ip4:192.0.2.16/28 ?a:y." D " include:b.example -all\"\ny." D
	      " A 192.0.2.40\nb.example TXT \"v=spf1 " EIGHT " -all\"\n" EIGHT_A D " MX 10 mx." D "\n" D " MX 20 mx2." D
	      "\nmx." D " A 192.0.2.25\nmx2." D " A 198.51.100.26\nmx2." D " AAAA 2001:db8::26\n" DMARC,
	    { "the record takes 11 look-ups", "'mx/28' is written out below", "(10 look-ups of 10)" },
	    "v=spf1 ip4:192.0.2.16/28 ?a:y.example.com include:b.example ip4:198.51.100.16/28 ip6:2001:db8::26 -all",
	    { "'?a:y", "still" } },
	{ "more than ten look-ups, and an MX of others", NOBODY,
	    D " TXT \"v=spf1 mx a:x.example a:y.example include:b.example -all\"\nx.example A 198.51.100.1\ny.example A 198.51.100.2\n"
	      "b.example TXT \"v=spf1 " EIGHT " -all\"\n" EIGHT_A D
	      " MX 10 mx.host.example\nmx.host.example A 192.0.2.25\n" DMARC,
	    { "the record takes 12 look-ups", "still takes 12 look-ups" }, "", { "written out" } },
	{ "a redirect", NOBODY, D " TXT \"v=spf1 redirect=_spf." D "\"\n_spf." D " TXT \"v=spf1 mx:" D " ~all\"\n" MX DMARC,
	    { "         2  redirect=_spf", "nothing needs" }, "", { NULL } },
	{ "a redirect, and more to say", CONF,
	    D " TXT \"v=spf1 redirect=_spf." D "\"\n_spf." D " TXT \"v=spf1 mx:" D " ~all\"\n" REST,
	    { "'include:tickets.example' is missing" },
	    "v=spf1 include:tickets.example a:uk.mail.alerts.example redirect=_spf.example.com", { "'mx' is" } },
	{ "a redirect that ends in nothing", NOBODY,
	    D " TXT \"v=spf1 redirect=_spf." D "\"\n_spf." D " TXT \"v=spf1 mx:" D "\"\n" MX DMARC,
	    { "says nothing about mail from elsewhere; include it" }, "v=spf1 include:_spf.example.com ~all", { NULL } },
	{ "a redirect that leads nowhere", NOBODY, D " TXT \"v=spf1 mx redirect=_spf." D "\"\n" MX DMARC,
	    { "'redirect=_spf.example.com' makes receivers ignore" }, "v=spf1 mx ~all", { NULL } },
	{ "a redirect after all", NOBODY, D " TXT \"v=spf1 mx -all redirect=_spf." D "\"\n" MX DMARC,
	    { "is never followed" }, "v=spf1 mx -all", { NULL } },

	/* vendors */
	{ "a vendor's term is missing", CONF, D " TXT \"v=spf1 mx ~all\"\n" REST,
	    { "'include:tickets.example' is missing: tickets sends as example.com",
		"'a:uk.mail.alerts.example' is missing: alerts" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { "us.mail" } },
	{ "a vendor's term within another include", CONF,
	    D " TXT \"v=spf1 include:_spf." D " ~all\"\n_spf." D " TXT \"v=spf1 mx:" D
	      " include:tickets.example a:uk.mail.alerts.example ~all\"\n" REST,
	    { "         4  include:_spf" }, "", { "wrong" } },
	{ "a vendor that signs needs no term",
	    OWN ENABLED
	    "delegations = ( { vendor = \"tickets\"; domains = [ \"example.com\" ]; selectors = [ \"t1\" ]; vouch = [ \"dkim\" ]; } );",
	    D " TXT \"v=spf1 mx ~all\"\n" REST,
	    { "advice  SPF    'include:tickets.example' is not there", "nothing has to change" }, "", { "wrong" } },
	{ "a vendor by networks and MX",
	    OWN ENABLED
	    "delegations = ( { vendor = \"lists\"; domains = [ \"example.com\" ]; vouch = [ \"listed+spf_from\" ]; } );",
	    D " TXT \"v=spf1 mx ip6:2001:db8::/32 ~all\"\nlists.example MX 1 mx." D "\n" REST,
	    { "'ip4:198.18.0.0/23' is missing", "'mx:lists.example' is missing" },
	    "v=spf1 mx ip6:2001:db8::/32 ip4:198.18.0.0/23 mx:lists.example ~all", { "2001:db8:7::/48' is missing" } },
	{ "a vendor whose own record is broken", CONF,
	    D " TXT \"v=spf1 mx a:uk.mail.alerts.example include:tickets.example ~all\"\n" MX DMARC KEY ALERTS,
	    { "'include:tickets.example' makes receivers ignore", "tickets cannot be named in SPF as long as" },
	    "v=spf1 mx a:uk.mail.alerts.example ~all", { NULL } },
	{ "a vendor without sources",
	    OWN ENABLED
	    "delegations = ( { vendor = \"silent\"; domains = [ \"example.com\" ]; vouch = [ \"dkim\", \"listed+spf_from\" ]; } );",
	    D " TXT \"v=spf1 mx ~all\"\n" REST, { "asks for SPF, but its file has no source" }, "", { NULL } },
	{ "a vendor of several places",
	    OWN
	    "vendors = ( { name = \"alerts\"; } ); delegations = ( { vendor = \"alerts\"; domains = [ \"example.com\" ]; vouch = [ \"listed+spf_from\" ]; } );",
	    D " TXT \"v=spf1 mx a:uk.mail.alerts.example ~all\"\n" REST,
	    { "advice  SPF    the vendor alerts has sources for several places" }, "", { "missing" } },
	{ "a neutral term of a vendor", CONF,
	    D " TXT \"v=spf1 mx a:uk.mail.alerts.example ?include:tickets.example ~all\"\n" REST,
	    { "'?include:tickets.example' does not pass mail of tickets; write it without the '?'" },
	    "v=spf1 mx a:uk.mail.alerts.example include:tickets.example ~all", { NULL } },
	{ "a vendor that is no longer delegated", OWN ENABLED "delegations = (" DELEGATED ");",
	    D " TXT \"v=spf1 " GOOD
	      " ip4:198.18.1.0/24 include:x.tickets.example ~all\"\nx.tickets.example TXT \"v=spf1 -all\"\n" REST,
	    { "'a:uk.mail.alerts.example' lets alerts send as example.com, which no delegation allows; take it out",
		"'ip4:198.18.1.0/24' lets lists" },
	    "v=spf1 mx include:tickets.example include:x.tickets.example ~all", { "lets tickets" } },
	{ "a source that the tags do not select", CONF,
	    D " TXT \"v=spf1 " GOOD " a:us.mail.alerts.example ~all\"\nus.mail.alerts.example A 203.0.113.8\n" REST,
	    { "'a:us.mail.alerts.example' is not a place from which alerts sends here" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { NULL } },
	{ "a vendor that is not even enabled", CONF,
	    D " TXT \"v=spf1 " GOOD
	      " include:spf.old.example exists:%{i}.spf.old.example ~all\"\nspf.old.example TXT \"v=spf1 -all\"\n" REST,
	    { "'include:spf.old.example' lets old send", "'exists:%{i}.spf.old.example' lets old" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example ~all", { NULL } },
	{ "a sender for everybody", CONF,
	    D " TXT \"v=spf1 " GOOD " include:bulk.example ~all\"\nbulk.example TXT \"v=spf1 -all\"\n" REST,
	    { "advice  SPF    'include:bulk.example' lets every customer of bulk send" }, "", { "wrong" } },
	{ "a relay's own term", OWN ENABLED "relays = ( { name = \"front\"; kind = \"gateway\"; vendor = \"lists\"; } );",
	    D " TXT \"v=spf1 mx mx:lists.example ~all\"\nlists.example MX 1 mx." D "\n" MX DMARC,
	    { "nothing needs to change" }, "", { NULL } },
	{ "a name below ours", CONF,
	    "_spf." D " TXT \"v=spf1 -all\"\n" D " TXT \"v=spf1 " GOOD " include:_spf." D " ~all\"\n" REST,
	    { "         1  include:_spf.example.com\n" }, "", { NULL } },

	/* keys */
	{ "a key that is absent", CONF, D " TXT \"v=spf1 " GOOD " -all\"\n" MX DMARC TICKETS ALERTS,
	    { "wrong   DKIM   't1._domainkey.example.com' is missing: nothing that tickets signs",
		"\nt1._domainkey.example.com.\n" },
	    "", { NULL } },
	{ "a key behind a CNAME", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D
	      " CNAME k.tickets.example\nk.tickets.example TXT v=DKIM1; p=" KEY_RSA_2048 "\n" MX DMARC TICKETS ALERTS,
	    { "alerts signs nothing" }, "", { "DKIM " } },
	{ "a key that is revoked", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT v=DKIM1; p=\n" MX DMARC TICKETS ALERTS,
	    { "(tickets) is revoked", "\nt1._domainkey.example.com.\n" }, "", { NULL } },
	{ "a test key", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT v=DKIM1; t=y; p=" KEY_RSA_2048
	      "\n" MX DMARC TICKETS ALERTS,
	    { "(tickets) is a test key" }, "", { NULL } },
	{ "a key that is too short", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT v=DKIM1; p=" KEY_RSA_768 "\n" MX DMARC TICKETS ALERTS,
	    { "wrong   DKIM   't1._domainkey.example.com' (tickets) is an RSA key under 1024 bits" }, "", { NULL } },
	{ "a key that is rather short", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT v=DKIM1; p=" KEY_RSA_1024
	      "\n" MX DMARC TICKETS ALERTS,
	    { "advice  DKIM   't1._domainkey.example.com' (tickets) is an RSA key of 1024 bits" }, "", { "wrong" } },
	{ "no key", CONF, D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT hello\n" MX DMARC TICKETS ALERTS,
	    { "holds text that is not a DKIM key" }, "", { NULL } },
	{ "a damaged key", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\nt1._domainkey." D " TXT v=DKIM1; p=AAAA\n" MX DMARC TICKETS ALERTS,
	    { "holds no key that anybody can use" }, "", { NULL } },
	{ "no selectors are named",
	    OWN ENABLED "delegations = ( { vendor = \"tickets\"; domains = [ \"example.com\" ]; vouch = [ \"dkim\" ]; } );",
	    D " TXT \"v=spf1 mx include:tickets.example -all\"\n" REST,
	    { "advice  DKIM   the delegation of tickets names no selectors" }, "", { "wrong" } },

	/* DMARC */
	{ "no DMARC", NOBODY, D " TXT \"v=spf1 mx -all\"\n" MX,
	    { "wrong   DMARC  there is no DMARC record",
		"\n_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@example.com\"\n" },
	    "", { NULL } },
	{ "DMARC asks for nothing", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=none\n" MX,
	    { "advice  DMARC  'p=none'" }, "", { "wrong" } },
	{ "two DMARC records", NOBODY, D " TXT \"v=spf1 mx -all\"\n" DMARC DMARC MX,
	    { "there are 2 records at '_dmarc.example.com'" }, "", { NULL } },
	{ "slips in DMARC", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=rejct; adkim=strict; pct=200; rua=me@" D
	      "; hello=1\n" MX,
	    { "'p=rejct' means nothing; write p= with none, quarantine or reject", "'adkim=strict' means",
		"'rua=me@example.com' means", "'hello=1' is not a tag", "and no policy applies" },
	    "", { NULL } },
	{ "DMARC in small letters, without p", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=dmarc1; sp=none\n" MX,
	    { "does not begin with 'v=DMARC1;'", "the record has no p=" }, "", { NULL } },
	{ "strict alignment, and a vendor that does not sign", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\n_dmarc." D " TXT v=DMARC1; p=reject; aspf=s\n" MX KEY TICKETS ALERTS,
	    { "alerts signs nothing as example.com: where its mail bounces to its own name, DMARC fails at other receivers, which refuse",
		"'aspf=s' refuses mail of alerts that bounces" },
	    "", { "tickets signs nothing" } },

	{ "the walk", NOBODY, D " TXT \"v=spf1 mx -all\"\n" MX DMARC,
	    { "    _dmarc.example.com  a record\n    _dmarc.com  no record\n"
	      "    so its organisation is example.com, and the policy that applies is reject (p= of example.com)\n" },
	    "", { "wrong", "advice" } },
	{ "tags that are gone", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=reject; pct=50; rf=afrf; ri=3600\n" MX,
	    { "advice  DMARC  'pct=50' means nothing since RFC 9989: receivers apply the policy to all mail, and older ones to that share",
		"'rf=afrf' means nothing since RFC 9989: take it out", "'ri=3600' means nothing" },
	    "", { "wrong" } },
	{ "a tag twice, and one in capitals", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; P=none; p=reject\n" MX,
	    { "wrong   DMARC  'p' is there twice, and only the last counts for most receivers; keep one",
		"advice  DMARC  'P=none' has its name in capitals, which some receivers do not read; write 'p='",
		"the policy that applies is reject" },
	    "", { "'p=none' asks" } },
	{ "p at the end", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; sp=reject; p=reject\n" MX,
	    { "advice  DMARC  p= does not come right after v=DMARC1, where receivers of RFC 7489 want it" }, "",
	    { "wrong" } },
	{ "values of psd and t", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=reject; psd=yes; t=1\n" MX,
	    { "'psd=yes' means nothing; write psd= with y, n or u", "'t=1' means nothing; write t= with y or n" }, "",
	    { NULL } },
	{ "a test", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=reject; t=y\n" MX,
	    { "the policy that applies is quarantine (p= of example.com, one step milder for its t=y)",
		"advice  DMARC  't=y' tests the policy only at receivers of RFC 9989", "RFC 7489 apply it as written" },
	    "", { "wrong" } },
	{ "np", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=none; sp=none; np=reject\n" MX,
	    { "advice  DMARC  'np=' asks for reject where a name does not exist, and receivers of RFC 7489 apply sp= (none)" },
	    "", { "wrong" } },
	{ "psd=y of our own", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT v=DMARC1; p=reject; psd=y\n" MX,
	    { "a record of a registry (psd=y): the walk ends",
		"advice  DMARC  'psd=y' says that names below example.com are other organisations'" },
	    "", { "wrong" } },
	{ "no record below a registry's", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc.com TXT v=DMARC1; p=reject; psd=y; rua=me\n" MX,
	    { "wrong   DMARC  there is no DMARC record at '_dmarc.example.com', so what the registry com asks for (psd=y) is applied",
		"and the policy that applies is reject (p= of com)",
		"receivers of RFC 9989 find '_dmarc.com' and apply reject, those of RFC 7489 find no record; publish one at '_dmarc.example.com'",
		"\n_dmarc.example.com. 3600 IN TXT \"v=DMARC1; p=none;" },
	    "", { "rua=me'", "there are" } },
	{ "a record above the organisation of the list", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n_dmarc.com TXT v=DMARC1; p=reject\n" DMARC MX,
	    { "so its organisation is com",
		"advice  DMARC  receivers of RFC 9989 align with names of com, those of RFC 7489 with names of example.com: sign and bounce as example.com itself" },
	    "", { "wrong" } },
	{ "several records, and one above", NOBODY,
	    D " TXT \"v=spf1 mx -all\"\n" DMARC DMARC "_dmarc.com TXT v=DMARC1; p=quarantine\n" MX,
	    { "_dmarc.example.com  several records, which are none", "there are 2 records at '_dmarc.example.com'",
		"find '_dmarc.com' and apply quarantine, those of RFC 7489 find no record" },
	    "", { NULL } },

	/* DNS trouble */
	{ "no answer for the record", CONF, D " TXT SERVFAIL\n" REST,
	    { "unsure  SPF    no answer for TXT example.com; SPF is not judged" }, "",
	    { "wrong", "3600 IN TXT", "needs to" } },
	{ "no answer for an include", CONF,
	    D " TXT \"v=spf1 mx +all include:tickets.example\"\ntickets.example TXT TIMEOUT\n" MX DMARC KEY ALERTS,
	    { "no answer for TXT tickets.example" }, "", { "wrong", "3600 IN TXT" } },
	{ "an answer that is not genuine", CONF,
	    D " TXT \"v=spf1 " GOOD " -all\"\ntickets.example TXT BOGUS\n" MX DMARC KEY ALERTS,
	    { "no genuine answer (DNSSEC) for TXT tickets.example" }, "", { "wrong" } },
	{ "no answer for a key", CONF,
	    D " TXT \"v=spf1 mx -all\"\nt1._domainkey." D " TXT SERVFAIL\n" MX DMARC TICKETS ALERTS,
	    { "unsure  DKIM   no answer for TXT t1._domainkey", "'include:tickets.example' is missing" },
	    "v=spf1 mx include:tickets.example a:uk.mail.alerts.example -all", { "wrong   DKIM" } },
	{ "no answer for DMARC", NOBODY, D " TXT \"v=spf1 mx -all\"\n_dmarc." D " TXT SERVFAIL\n" MX,
	    { "unsure  DMARC  no answer" }, "", { "wrong", "publish" } },
};

/* ---- each row ---- */

static void
test_again(const struct policy *policy, const struct policy *known, struct canned_zone *zone,
    const struct outcome *first, const char *what)
{
	struct outcome again;
	bool others;

	canned_zone_drop(zone, D, DNS_TXT);
	if (!canned_zone_add(zone, D, DNS_TXT, 300, 0, first->record, strlen(first->record)))
		ok(false, "the zone takes it");
	outcome_make(policy, known, D, zone, &again);
	others = strstr(again.text.bytes, "cannot be named") != NULL || strstr(again.text.bytes, "ask its owner") != NULL;

	is(again.record, "", "%s: once it is published, no other is proposed", what);
	ok((!again.ignored || others) && again.lookups == first->record_lookups,
	    "%s: receivers read it, at the cost that was said", what);
	if (!ok(strstr(again.text.bytes, "wrong   SPF") == NULL || others, "%s: and nothing is wrong with it", what))
		note("%s", again.text.bytes);
	text_close(&again.text);
}

/* A line for the name of a test. */
static int
line_length(const char **text)
{
	*text += **text == '\n';
	return (int)strcspn(*text, "\n");
}

static bool
test_says(const struct outcome *outcome, const char *what, const char *said, bool wanted)
{
	bool says = strstr(outcome->text.bytes, said) != NULL;
	const char *shown = said[0] == '\033' ? "an escape character" : said;
	int length = line_length(&shown);

	return ok(says == wanted, "%s: %s '%.*s'", what, wanted ? "says" : "does not say", length, shown);
}

static void
test_row(const struct row *row, const struct policy *known)
{
	struct policy *policy = load(row->conf);
	struct canned_zone *zone = canned_zone_open();
	struct outcome outcome;
	bool good = true;

	if (policy == NULL || zone == NULL)
		return;
	canned_zone_text(zone, row->zone);
	outcome_make(policy, known, D, zone, &outcome);
	for (size_t i = 0; i < 5 && row->says[i] != NULL; i++)
		good = test_says(&outcome, row->what, row->says[i], true) && good;
	for (size_t i = 0; i < 3 && row->lacks[i] != NULL; i++)
		good = test_says(&outcome, row->what, row->lacks[i], false) && good;
	if (row->record != NULL)
		good = is(outcome.record, row->record, "%s: the record to publish", row->what) && good;
	if (!good)
		note("%s", outcome.text.bytes);
	if (outcome.record[0] != '\0')
		test_again(policy, known, zone, &outcome, row->what);
	text_close(&outcome.text);
	canned_zone_close(zone);
	policy_free(policy);
}

/* What the strings of one TXT line hold, joined; false where one is too long or ends in the middle of a word. */
static bool
strings_join(const char *line, struct text *out)
{
	bool sound = true;

	while ((line = strchr(line, '"')) != NULL) {
		size_t before = out->length;

		for (line++; *line != '"'; line++)
			text_char(out, *line == '\\' ? *++line : *line);
		line++;
		sound = sound && out->length - before <= 255 && (*line == '\n' || out->bytes[out->length - 1] == ' ');
	}
	return sound;
}

static void
test_long_records(void)
{
	static const struct {
		const char *what, *word;
		bool whole; /* each word is in one string */
	} records[] = {
		{ "a record of two strings and more", "include:a.rather.long.name.of.a.vendor.example ", true },
		{ "quotes and backslashes", "x=\"\\ ", true },
		{ "words that are longer than a string", "x=0123456789012345678901234567890123456789", false },
	};

	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
		struct dns_audit_report report = { .domain = D,
			.spf_lookups = 1,
			.dmarc = "",
			.policy = "",
			.trouble = { "", "", "" } };
		struct text spf, out, joined;

		text_open(&spf, 10000);
		text_open(&out, DNS_AUDIT_TEXT_MAX);
		text_open(&joined, 10000);
		text_put(&spf, "v=spf1 ");
		while (spf.length < 900)
			text_put(&spf, records[i].word);
		report.spf = spf.bytes;
		dns_audit_write(&report, &out);
		ok(strings_join(strstr(out.bytes, " IN TXT"), &joined) == records[i].whole, "%s: cut between words",
		    records[i].what);
		is(joined.bytes, spf.bytes, "%s: joined they are the record", records[i].what);
		text_close(&spf);
		text_close(&out);
		text_close(&joined);
	}
}

int
main(void)
{
	struct policy *known = load("vendors = ( { name = \"old\"; }, { name = \"bulk\"; } );");

	for (size_t i = 0; known != NULL && i < sizeof rows / sizeof rows[0]; i++)
		test_row(&rows[i], known);
	policy_free(known);
	test_long_records();
	return done();
}
