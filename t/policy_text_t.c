#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpsl.h>

#include "policy/config/policy_text.h"
#include "policy/rules/warning.h"
#include "policy/config/policy_value.h"
#include "policy/util/text.h"
#include "t/lib/conf_files.h"
#include "t/lib/key_list.h"
#include "t/lib/tap.h"

/* Loads one text with the vendor files of t/conf/vendors. */
static struct policy *
load_text(const char *shown, const char *text, size_t length, struct faults *faults)
{
	struct conf_files files;
	struct policy *policy;
	char folder[512];

	conf_files_open(&files, conf_path(folder, sizeof folder, "t/conf/vendors"), "vendors");
	policy = policy_text_load(shown, text, length, &files.files, faults);
	conf_files_close(&files);
	return policy;
}

static struct policy *
load(const char *text, struct faults *faults)
{
	return load_text("test.conf", text, strlen(text), faults);
}

/* Names of *.conf in a directory of t/conf, in order. */
static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static void
test_good_file(const char *name)
{
	char path[512], shown[300];
	struct faults *faults = faults_open();
	struct policy *policy;
	size_t length;
	char *text = conf_file_read(conf_path(path, sizeof path, "t/conf/good/%s", name), &length), *said;

	snprintf(shown, sizeof shown, "good/%s", name);
	policy = text == NULL ? NULL : load_text(shown, text, length, faults);
	said = conf_faults_write(faults);
	if (!ok(policy != NULL && faults->errors == 0, "%s loads", shown))
		note("%s", said);
	if (!ok(faults->kept == 0, "%s has no warning", shown))
		note("%s", said);
	free(said);
	free(text);
	policy_free(policy);
	faults_close(faults);
}

/* UPDATE=1 in the environment writes what is missing, for a person to read before it is kept.
 */
static void
test_bad_file(const char *name)
{
	char path[512], fault_path[512], shown[300];
	struct faults *faults = faults_open();
	struct policy *policy;
	size_t length, wanted_length;
	char *text, *said, *wanted;
	FILE *out;

	snprintf(shown, sizeof shown, "bad/%s", name);
	text = conf_file_read(conf_path(path, sizeof path, "t/conf/bad/%s", name), &length);
	policy = text == NULL ? NULL : load_text(shown, text, length, faults);
	ok(text != NULL && policy == NULL && faults->errors > 0, "%s is refused", shown);
	said = conf_faults_write(faults);
	conf_path(fault_path, sizeof fault_path, "t/conf/bad/%.*s.fault", (int)(strlen(name) - 5), name);
	if (getenv("UPDATE") != NULL && access(fault_path, F_OK) != 0 && (out = fopen(fault_path, "w")) != NULL) {
		fputs(said, out);
		fclose(out);
	}
	wanted = conf_file_read(fault_path, &wanted_length);
	is(said, wanted, "%s says what its .fault says", shown);
	free(wanted);
	free(said);
	free(text);
	policy_free(policy);
	faults_close(faults);
}

static void
test_corpus(const char *folder, void (*test)(const char *name), int least)
{
	struct dirent **list;
	char path[512];
	int count = scandir(conf_path(path, sizeof path, "t/conf/%s", folder), &list, is_conf, alphasort);

	ok(count >= least, "t/conf/%s holds at least %d files", folder, least);
	for (int i = 0; i < count; i++) {
		test(list[i]->d_name);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
}

static void
check_default_listeners(const struct settings *s)
{
	is(s->authserv_id, "", "authserv_id is the MTA's by default");
	ok(!s->monitor, "mode is enforce by default");
	is(s->user, "greenlane", "user by default");
	is(s->state_dir, GREENLANE_STATE_DIR, "state_dir by default");
	is(s->milter.listen, "unix:" GREENLANE_RUN_DIR "/milter.sock", "milter.listen by default");
	is(s->milter.group, "postfix", "milter.group by default");
	is_number(s->milter.deadline_ms, 20000, "milter.deadline by default");
	is_number(s->milter.max_sessions, 500, "milter.max_sessions by default");
	is(s->delegate.listen, "", "there is no delegate listener by default");
	is(s->delegate.greylist_class, "greylist", "delegate.greylist_class by default");
	is_number(s->delegate.undecided, UNDECIDED_EXCLUSIVE, "delegate.undecided by default");
	ok(strstr(s->control.listen, "unix:") == s->control.listen, "control listens by default");
	is(s->metrics_listen, "", "there is no metrics listener by default");
	is_number((long long)s->dns.servers.count, 0, "dns.servers are the host's by default");
	is_number(s->dns.timeout_ms, 5000, "dns.timeout by default");
	is(s->dns.trust_anchor, "", "there is no DNSSEC by default");
	is(s->log.facility, "mail", "log.facility by default");
	is(s->log.record, "", "no record is written by default");
}

static void
check_default_greylist(const struct settings *s)
{
	is(s->store, "lmdb:" GREENLANE_STATE_DIR "/greylist", "greylist.store by default");
	ok(s->greylist.on && s->greylist.stage == GREYLIST_AUTO, "greylisting is on, by need");
	ok(s->greylist.learn, "and learns in monitor mode");
	is_number(s->greylist.delay, 300, "greylist.delay by default");
	is_number(s->greylist.retry_window, 2 * 86400, "greylist.retry_window by default");
	is_number(s->greylist.lifetime, 36 * 86400, "greylist.lifetime by default");
	is_number(s->greylist.auto_pass, 5, "greylist.auto_pass by default");
	is_number(s->greylist.ipv4_prefix, 24, "greylist.ipv4_prefix by default");
	is_number(s->greylist.ipv6_prefix, 64, "greylist.ipv6_prefix by default");
	is_number((long long)s->greylist.exempt_networks.count, 0, "no network is exempt by default");
	is_number((long long)s->greylist.exempt_recipients.count, 2, "two recipients are exempt by default");
	is(s->greylist.exempt_recipients.list[0].local, "postmaster", "postmaster is exempt");
	is(s->greylist.exempt_recipients.list[0].domain, "", "postmaster is exempt in any domain");
	is(s->greylist.exempt_recipients.list[1].local, "abuse", "abuse is exempt");
}

static void
check_default_times(const struct settings *s)
{
	is_number(s->unsure_max, 4 * 3600, "unsure_max by default");
	is_number(s->refresh.min, 60, "refresh.min by default");
	is_number(s->refresh.max, 86400, "refresh.max by default");
	is_number(s->refresh.widest_ipv4, 12, "refresh.widest_ipv4 by default");
	is_number(s->refresh.widest_ipv6, 28, "refresh.widest_ipv6 by default");
	is_number(s->refresh.share_ppm, 1000, "refresh.largest_share is a thousandth by default");
	is_number(s->refresh.fall_percent, 50, "refresh.largest_fall by default");
	is_number(s->refresh.silent_after, 90 * 86400, "refresh.silent_after by default");
	is_number(s->refresh.absent_after, 7 * 86400, "refresh.absent_after by default");
	is_number(s->review_grace, 30 * 86400, "review_grace by default");
}

static void
check_default_names(const struct policy *policy)
{
	const struct settings *s = &policy->settings;

	is(s->contact, "", "reply.contact by default");
	is_number((long long)s->own.domains.count, 0, "own.domains by default");
	is_number(s->own.on_forged, ACTION_DEFER, "own.on_forged by default");
	is_number((long long)(s->own.outbound.count + s->own.may_forward.count + s->own.lists.count), 0,
	    "nobody sends in our names by default");
	is(policy->own.name, "own", "our own names are a vendor without names by default");
	is_number((long long)policy->own.domains.count, 0, "which no mail claims");
	ok(s->strangers.authenticate && s->strangers.dmarc == STRANGERS_REPORT && !s->strangers.hold,
	    "strangers are authenticated, and their DMARC is reported, by default");
	is_number((long long)s->vendor_path.count, 3, "vendor_path has three directories by default");
	ok(strstr(s->vendor_path.list[1], "/catalogue") != NULL, "that of updates lies behind the shipped one");
	is(s->vendor_path.list[2], GREENLANE_SITE_VENDOR_DIR, "the site's directory comes last");
}

static void
test_defaults(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = load("vendors = ( );", faults);

	if (ok(policy != NULL, "vendors alone is a configuration")) {
		is_number((long long)faults->warnings, 1, "an empty list of vendors causes a warning");
		check_default_listeners(&policy->settings);
		check_default_greylist(&policy->settings);
		check_default_times(&policy->settings);
		check_default_names(policy);
	}
	policy_free(policy);
	faults_close(faults);
}

static const char full[] =
    "mode = \"monitor\"; authserv_id = \"mx.example.com\"; state_dir = \"/srv/gl\";\n"
    "milter = { deadline = \"1500ms\"; max_sessions = 7; };\n"
    "own = { domains = ( \"Example.COM.\", \"b\xc3\xbc"
    "cher.example\" ); };\n"
    "vendors = ( { name = \"acme\"; }, { name = \"globex\"; tags = [ \"uk\" ]; mode = "
    "\"vouch\";\n"
    "    domains = [ \"=globex.example\" ]; } );\n";

static void
check_settings(const struct policy *policy)
{
	ok(policy->settings.monitor, "mode monitor is read");
	is(policy->settings.store, "lmdb:/srv/gl/greylist", "the store follows state_dir");
	is_number(policy->settings.milter.deadline_ms, 1500, "a deadline may have milliseconds");
	is(policy->settings.own.domains.list[0].domain, "example.com", "names are brought into normal form");
	is(policy->settings.own.domains.list[1].domain, "xn--bcher-kva.example", "U-labels become A-labels");
	is_number((long long)policy->vendor_count, 2, "both vendors are there");
	is_number((long long)policy->source_count, 5, "and the sources of both");
}

static void
check_acme(const struct vendor *acme)
{
	is(acme->name, "acme", "vendors keep their order");
	is(acme->file, "vendors/acme.conf", "a vendor knows its file");
	is_number(acme->line, 4, "and its line in greenlane.conf");
	is_number((long long)acme->dkim.count, 2, "dkim is domains where it is not given");
	is(acme->dkim.list[0].domain, acme->domains.list[0].domain, "the same names");
	is(acme->domains.list[1].local, "noreply", "a mailbox has its local part");
	ok(acme->domains.list[1].exact, "and is that one alone");
	is_number((long long)acme->vouch_count, 2, "vouch has two alternatives by default");
	is_number(acme->vouch[0], PROOF_LISTED | PROOF_SPF, "the first is listed+spf");
	is_number(acme->vouch[1], PROOF_DKIM, "the second is dkim");
	ok(acme->on_forged == ACTION_REJECT && acme->on_unproven == ACTION_GREYLIST && acme->on_unsure == ACTION_DEFER,
	    "actions have their defaults");
}

static void
check_sources_of_acme(const struct vendor *acme)
{
	is_number((long long)acme->source_count, 2, "acme has two sources");
	is(acme->sources[0].text, "cidr:192.0.2.0/24,...", "a cidr source is called by its first network");
	is_number((long long)acme->sources[0].prefix_count, 2, "and holds all");
	ok(acme->sources[0].exclusive && acme->sources[0].selected, "it is exclusive, and selected without tags");
	is(acme->sources[1].text, "file:acme.list", "a file source is called by its path");
	is_number((long long)acme->sources[1].prefix_count, 3, "its networks are read");
	is_number(acme->sources[1].max_stale, 7 * 86400, "max_stale is a week by default");
}

static void
check_globex(const struct policy *policy, const struct vendor *globex)
{
	is_number(globex->sources[0].number, 2, "sources are numbered across vendors");
	ok(globex->sources[0].vendor == globex, "a source knows its vendor");
	ok(globex->sources == &policy->sources[2], "and is in the list of all");
	ok(globex->sources[0].selected && !globex->sources[1].selected && globex->sources[2].selected,
	    "tags select sources; one without tags always counts");
	is(globex->sources[1].text, "a:us.mail.globex.example", "an a source is called by its name");
	is_number(globex->sources[1].line, 7, "a source knows its line");
	ok(globex->mode == MODE_VOUCH && globex->kind == VENDOR_ESP, "the site's mode replaces the file's, kind stays");
	ok(globex->domains.count == 1 && globex->domains.list[0].exact, "the site's domains replace the file's");
	is_number((long long)globex->dkim.count, 1, "and dkim follows them");
	is_number((long long)globex->evidence_count, 1, "evidence is kept");
	is(globex->evidence[0].seen, "2026-08-01", "with its date");
}

static void
test_values(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = load(full, faults);
	char *said = conf_faults_write(faults);

	if (ok(policy != NULL, "a configuration with two vendors loads")) {
		check_settings(policy);
		check_acme(&policy->vendors[0]);
		check_sources_of_acme(&policy->vendors[0]);
		check_globex(policy, &policy->vendors[1]);
	} else {
		note("%s", said);
	}
	free(said);
	policy_free(policy);
	faults_close(faults);
}

/* A file with this name is not read. */
static void
test_inline(void)
{
	static const char text[] = "vendors = ( { name = \"acme\"; inline = true; domains = [ \"new.example\" ]; },\n"
				   "{ name = \"desk\"; inline = true; domains = [ \"desk.example\" ]; mode = \"enforce\";\n"
				   "vouch = [ \"dkim\" ]; accept = [ \"forwarding\" ]; } );";
	struct faults *faults = faults_open();
	struct policy *policy = load(text, faults);
	char *said = conf_faults_write(faults);

	is(said, "", "vendors without a file load without a warning");
	if (policy != NULL) {
		const struct vendor *acme = &policy->vendors[0], *desk = &policy->vendors[1];

		ok(acme->mode == MODE_VOUCH && acme->vouch_count == 2 && acme->vouch[0] == PROOF_DKIM &&
			acme->vouch[1] == (PROOF_SPF | PROOF_DMARC),
		    "dkim or spf+dmarc vouches for one, and its mode is vouch");
		ok(acme->source_count == 0 && acme->dkim.count == 1 && acme->on_forged == ACTION_REJECT,
		    "all else has the defaults of a file");
		is(acme->file, "test.conf", "its file is greenlane.conf");
		ok(desk->mode == MODE_ENFORCE && desk->vouch_count == 1, "what is written there replaces that");
		is_number(desk->accepts, 1 << WARNING_FORWARDING, "and settles warnings");
	}
	free(said);
	policy_free(policy);
	faults_close(faults);
}

static const char own_text[] =
    "vendors = ( { name = \"acme\"; },\n"
    "    { name = \"globex\"; tags = [ \"uk\" ]; } );\n"
    "own = { domains = [ \"example.com\", \"=example.org\" ]; on_forged = \"quarantine\";\n"
    "    outbound = [ \"203.0.113.25/32\", \"::ffff:203.0.113.26\" ]; may_forward = [ \"2001:db8::1/128\" ];\n"
    "    lists = [ \"lists.example.net\" ]; };\n"
    "delegations = ( { vendor = \"globex\"; domains = [ \"=example.org\", \"help@example.com\" ];\n"
    "    selectors = [ \"s1.acme\", \"s2\" ]; },\n"
    "  { vendor = \"acme\"; domains = [ \"mail.example.com\" ]; vouch = [ \"listed+spf_from+spf\" ]; } );\n"
    "partners = ( { vendor = \"acme\"; domains = [ \"msp.example\" ]; } );\n"
    "relays = ( { name = \"filter\"; kind = \"gateway\"; vendor = \"globex\"; tags = [ \"uk\" ];\n"
    "    received_by = [ \"=mx.example.com\" ]; },\n"
    "  { name = \"list-host\"; kind = \"forwarder\"; networks = [ \"198.51.100.6\" ]; on_forwarded = \"pass\"; } );\n"
    "exceptions = ( { rcpt = \"Abuse@example.com\"; vendor = \"globex\"; mode = \"monitor\"; },\n"
    "  { rcpt = \"phish@\"; vendor = \"own\"; mode = \"vouch\"; },\n"
    "  { rcpt = \"example.org\"; vendor = \"acme\"; mode = \"vouch\"; } );\n";

static void
check_own(const struct policy *policy)
{
	const struct settings *s = &policy->settings;
	const struct vendor *own = &policy->own;
	struct address address;

	ok(strcmp(own->name, "own") == 0 && strcmp(own->title, "our own names") == 0 &&
		own->kind == VENDOR_APPLICATION && own->mode == MODE_ENFORCE && own->number == UINT32_MAX,
	    "our own names are a vendor in force that is in no list");
	ok(own->domains.count == 2 && own->domains.list == s->own.domains.list && own->dkim.list == own->domains.list &&
		own->dkim.count == 2,
	    "with own.domains as names and signing domains");
	ok(own->on_forged == ACTION_QUARANTINE && own->on_unproven == ACTION_GREYLIST && own->on_unsure == ACTION_DEFER,
	    "and own.on_forged as its action");
	ok(own->vouch_count == 0 && own->source_count == 0 && own->envelope.count == 0 && own->evidence_count == 0,
	    "and nothing that a file would say");
	is(own->file, "test.conf", "it is in greenlane.conf");
	is_number(own->line, 3, "where own does");
	ok(address_read("203.0.113.25", &address) && prefixes_hold(&s->own.outbound, &address) &&
		address_read("203.0.113.26", &address) && prefixes_hold(&s->own.outbound, &address) &&
		address_read("203.0.113.27", &address) && !prefixes_hold(&s->own.outbound, &address),
	    "a /32 and a mapped address are single addresses of own.outbound");
	ok(address_read("2001:db8::1", &address) && prefixes_hold(&s->own.may_forward, &address) &&
		address_read("2001:db8::2", &address) && !prefixes_hold(&s->own.may_forward, &address),
	    "a /128 is one of own.may_forward");
	ok(name_rules_hold_domain(&s->own.lists, "a.lists.example.net"), "own.lists are names and those below");
}

static void
check_grants(const struct policy *policy)
{
	const struct delegation *list = policy->delegations;

	is_number((long long)policy->delegation_count, 2, "both delegations are there");
	ok(list[0].vendor == &policy->vendors[1] && list[1].vendor == &policy->vendors[0], "each knows its vendor");
	is(list[0].vendor_name, "globex", "by its name as well");
	ok(list[0].domains.count == 2 && list[0].domains.list[0].exact &&
		strcmp(list[0].domains.list[1].local, "help") == 0,
	    "the names that it may use are names and mailboxes");
	ok(list[0].selectors.count == 2 && strcmp(list[0].selectors.list[0], "s1.acme") == 0 &&
		list[1].selectors.count == 0,
	    "selectors may hold dots");
	ok(list[0].vouch_count == 2 && list[0].vouch[0] == PROOF_DKIM &&
		list[0].vouch[1] == (PROOF_LISTED | PROOF_SPF_FROM),
	    "vouch is dkim or listed+spf_from by default");
	ok(list[1].vouch_count == 1 && list[1].vouch[0] == (PROOF_LISTED | PROOF_SPF_FROM | PROOF_SPF),
	    "and replaced as a whole");
	ok(policy->partner_count == 1 && policy->partners[0].vendor == &policy->vendors[0] &&
		strcmp(policy->partners[0].domains.list[0].domain, "msp.example") == 0,
	    "a partner is read in the same way");
}

static bool
rule_holds(const struct name_rule *rule, const char *local, const char *domain)
{
	const struct name_rules one = { rule, 1 };
	const struct mailbox mailbox = { .local = local, .domain = domain, .text = "" };

	return name_rules_hold(&one, &mailbox);
}

static void
check_relays(const struct policy *policy)
{
	const struct relay *list = policy->relays;
	const struct exception *exceptions = policy->exceptions;

	is_number((long long)policy->relay_count, 2, "both relays are there");
	ok(list[0].kind == RELAY_GATEWAY && list[0].vendor == &policy->vendors[1] && list[0].tags.count == 1 &&
		list[0].networks.count == 0 && list[0].received_by.list[0].exact,
	    "a gateway by the sources of a vendor");
	ok(list[1].kind == RELAY_FORWARDER && list[1].vendor == NULL && strcmp(list[1].vendor_name, "") == 0 &&
		list[1].networks.count == 1 && list[1].on_forwarded == ACTION_PASS,
	    "a forwarder by its networks");
	is_number(list[0].on_forwarded, ACTION_TAG, "on_forwarded is tag by default");
	is_number((long long)policy->exception_count, 3, "the exceptions are there");
	ok(exceptions[0].vendor == &policy->vendors[1] && exceptions[0].mode == MODE_MONITOR &&
		strcmp(exceptions[0].rule.local, "Abuse") == 0 && strcmp(exceptions[0].rule.domain, "example.com") == 0,
	    "for a mailbox");
	ok(exceptions[1].vendor == &policy->own && exceptions[1].mode == MODE_VOUCH &&
		strcmp(exceptions[1].rule.local, "phish") == 0 && exceptions[1].rule.domain[0] == '\0',
	    "for a mailbox of any domain, of our own names");
	ok(rule_holds(&exceptions[1].rule, "PHISH", "anywhere.example") && rule_holds(&exceptions[1].rule, "phish", "") &&
		!rule_holds(&exceptions[1].rule, "fish", "anywhere.example"),
	    "which holds that mailbox wherever it is, and no other");
	ok(rule_holds(&exceptions[0].rule, "abuse", "example.com") &&
		!rule_holds(&exceptions[0].rule, "abuse", "mail.example.com"),
	    "while one with a domain holds it there alone");
	ok(exceptions[2].rule.local == NULL && !exceptions[2].rule.exact, "for a domain and those below");
	is(exceptions[2].rcpt, "example.org", "an exception is kept as written");
}

static void
test_own(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = load(own_text, faults);
	char *said = conf_faults_write(faults);

	is(said, "", "a configuration with all of ours loads without a warning");
	if (ok(policy != NULL, "it does load")) {
		check_own(policy);
		check_grants(policy);
		check_relays(policy);
	}
	free(said);
	policy_free(policy);
	faults_close(faults);
}

/* One more than a list may hold. */
static void
test_list_ceilings(void)
{
	static const struct {
		const char *name, *before, *element, *after, *said;
	} rows[] = {
		{ "addresses of own.outbound", "own = { domains = [ \"a.example\" ]; outbound = [ ", "\"203.0.113.25\"",
		    " ]; };", "'own.outbound' holds more than 1000 elements; write fewer" },
		{ "names of own.lists", "own = { lists = [ ", "\"l.example\"", " ]; };",
		    "'own.lists' holds more than 1000 elements; write fewer" },
		{ "relays", "relays = ( ", "{ name = \"a\"; kind = \"gateway\"; }", " );",
		    "more than 1000 relays; write fewer" },
		{ "names of a partner", "partners = ( { vendor = \"acme\"; domains = [ ", "\"a.example\"", " ]; } );",
		    "'domains' holds more than 1000 elements; write fewer" },
	};
	struct text text;

	text_open(&text, 256 * 1024);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults *faults = faults_open();
		struct policy *policy;

		text_clear(&text);
		text_format(&text, "vendors = ( { name = \"acme\"; } );\n%s", rows[i].before);
		for (int j = 0; j < 1001; j++)
			text_format(&text, "%s%s", j == 0 ? "" : ", ", rows[i].element);
		text_put(&text, rows[i].after);
		policy = load(text.bytes, faults);
		ok(policy == NULL && faults->errors == 1, "a thousand and one %s are refused", rows[i].name);
		is(faults->list[0].fault.text, rows[i].said, "and the fault says so");
		policy_free(policy);
		faults_close(faults);
	}
	text_close(&text);
}

/* A policy with so many vendors. NULL: it is refused. */
static struct policy *
load_vendors(unsigned count, struct faults *faults)
{
	struct text text;
	struct policy *policy;

	text_open(&text, 1024 * 1024);
	text_put(&text, "vendors = (");
	for (unsigned i = 0; i < count; i++)
		text_format(&text, "%s { name = \"v%u\"; inline = true; domains = [ \"v%u.example\" ]; }",
		    i == 0 ? "" : ",", i, i);
	text_put(&text, " );");
	policy = load(text.bytes, faults);
	text_close(&text);
	return policy;
}

/* A policy with so many names in a list of own. */
static struct policy *
load_own(unsigned count, struct faults *faults)
{
	struct text text;
	struct policy *policy;

	text_open(&text, 256 * 1024);
	text_put(&text, "vendors = ( );\nown = { outbound = [");
	for (unsigned i = 0; i < count; i++)
		text_format(&text, "%s \"203.0.%u.%u\"", i == 0 ? "" : ",", i / 250, i % 250);
	text_put(&text, " ]; domains = [ \"a.example\" ]; };");
	policy = load(text.bytes, faults);
	text_close(&text);
	return policy;
}

static void
test_counts(void)
{
	static const struct {
		const char *name;
		struct policy *(*load)(unsigned count, struct faults *faults);
		unsigned count;
		bool good;
	} rows[] = {
		{ "4,096 vendors are read", load_vendors, 4096, true },
		{ "one vendor more is refused", load_vendors, 4097, false },
		{ "a list of own with 1,000 addresses is read", load_own, 1000, true },
		{ "one address more is refused", load_own, 1001, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults *faults = faults_open();
		struct policy *policy = rows[i].load(rows[i].count, faults);

		if (!ok((policy != NULL) == rows[i].good, "%s", rows[i].name) && faults->kept > 0)
			note("%s", faults->list[0].fault.text);
		policy_free(policy);
		faults_close(faults);
	}
}

static void
test_durations(void)
{
	static const struct {
		const char *name, *text;
		bool good;
		long long ms;
	} rows[] = {
		{ "milliseconds", "500ms", true, 500 },
		{ "seconds", "20s", true, 20000 },
		{ "minutes", "5m", true, 300000 },
		{ "hours", "4h", true, 14400000 },
		{ "days", "36d", true, 36LL * 86400000 },
		{ "weeks", "2w", true, 14LL * 86400000 },
		{ "zero is a duration; ranges refuse it", "0s", true, 0 },
		{ "a number without a unit is none", "20", false, 0 },
		{ "a unit without a number is none", "s", false, 0 },
		{ "an empty text is none", "", false, 0 },
		{ "a fraction is none", "1.5s", false, 0 },
		{ "a negative one is none", "-5s", false, 0 },
		{ "a blank between is none", "5 m", false, 0 },
		{ "two in a row are none", "1h30m", false, 0 },
		{ "a unit in capitals is none", "5M", false, 0 },
		{ "one that overflows in its digits is none", "99999999999999999999s", false, 0 },
		{ "one that overflows in its unit is none", "9223372036854775807d", false, 0 },
	};
	char text[VALUE_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t ms = 0;

		ok(value_duration(rows[i].text, &ms) == rows[i].good && (!rows[i].good || ms == rows[i].ms),
		    "duration: %s", rows[i].name);
	}
	is(value_duration_write(5400000, text), "90m", "an hour and a half is written in minutes");
	is(value_duration_write(1500, text), "1500ms", "a second and a half in milliseconds");
	is(value_duration_write(86400000 * 7LL, text), "7d", "a week in days");
}

static void
test_percentages(void)
{
	static const struct {
		const char *name, *text;
		bool good;
		long long millionths;
		const char *written;
	} rows[] = {
		{ "a half", "50%", true, 500000, "50%" },
		{ "all", "100%", true, 1000000, "100%" },
		{ "a thousandth", "0.1%", true, 1000, "0.1%" },
		{ "a millionth", "0.0001%", true, 1, "0.0001%" },
		{ "digits after the point", "12.3450%", true, 123450, "12.345%" },
		{ "nothing; ranges refuse it", "0%", true, 0, "0%" },
		{ "less than a millionth is none", "0.00001%", false, 0, NULL },
		{ "a number without its sign is none", "50", false, 0, NULL },
		{ "a sign without a number is none", "%", false, 0, NULL },
		{ "an empty text is none", "", false, 0, NULL },
		{ "a negative one is none", "-5%", false, 0, NULL },
		{ "a point without digits is none", "5.%", false, 0, NULL },
		{ "a comma is not a point", "0,1%", false, 0, NULL },
		{ "a blank between is none", "5 %", false, 0, NULL },
		{ "one that overflows in its digits is none", "99999999999999999999%", false, 0, NULL },
		{ "one that overflows as millionths is none", "999999999999999999%", false, 0, NULL },
	};
	char text[VALUE_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t got = 0;
		bool good = value_percentage(rows[i].text, &got);

		ok(good == rows[i].good && (!good || got == rows[i].millionths), "percentage: %s", rows[i].name);
		if (good)
			is(value_percentage_write(got, text), rows[i].written, "percentage: %s, written", rows[i].name);
	}
}

/* Where a source's limits end up: share in millionths, fall in percents, never as 0. */
static void
test_limits(void)
{
	static const char text[] = "vendors = ( ); review_grace = \"2w\"; refresh = { widest_ipv4 = 16; widest_ipv6 = 32;\n"
				   "largest_share = \"0.0125%\"; largest_fall = \"75%\"; silent_after = \"never\"; };";
	struct faults *faults = faults_open();
	struct policy *policy = load(text, faults);
	const struct settings *s;

	if (!ok(policy != NULL, "a configuration with limits of sources loads"))
		goto out;
	s = &policy->settings;
	is_number(s->refresh.widest_ipv4, 16, "refresh.widest_ipv4 is read");
	is_number(s->refresh.widest_ipv6, 32, "refresh.widest_ipv6 is read");
	is_number(s->refresh.share_ppm, 125, "refresh.largest_share is kept in millionths");
	is_number(s->refresh.fall_percent, 75, "refresh.largest_fall is kept in percents");
	is_number(s->refresh.silent_after, 0, "refresh.silent_after never is 0");
	is_number(s->review_grace, 14 * 86400, "review_grace is kept in seconds");
out:
	policy_free(policy);
	faults_close(faults);
}

/* One value each, tried as the only thing in a configuration that could be wrong. */
static const struct {
	const char *name, *text;
	bool good;
} single_values[] = {
	{ "a name in normal form", "own = { domains = [ \"example.com\" ]; };", true },
	{ "a single label may be ours", "own = { domains = [ \"localdomain\" ]; };", true },
	{ "an underscore", "own = { domains = [ \"_spf.example.com\" ]; };", true },
	{ "a U-label",
	    "own = { domains = [ \"b\xc3\xbc"
	    "cher.example\" ]; };",
	    true },
	{ "exactly that name", "own = { domains = [ \"=example.com\" ]; };", true },
	{ "an empty label", "own = { domains = [ \"a..b\" ]; };", false },
	{ "a mailbox where names are wanted", "own = { domains = [ \"a@example.com\" ]; };", false },
	{ "a star", "own = { domains = [ \"*.example.com\" ]; };", false },
	{ "a blank in a name", "own = { domains = [ \"exa mple.com\" ]; };", false },
	{ "a listener on a Unix socket", "milter = { listen = \"unix:/run/x.sock\"; };", true },
	{ "a listener on IPv4", "milter = { listen = \"inet:8890@127.0.0.1\"; };", true },
	{ "a listener on a host name", "milter = { listen = \"inet:8890@localhost\"; };", true },
	{ "a listener on IPv6", "milter = { listen = \"inet6:8890@::1\"; };", true },
	{ "a listener on IPv6 in brackets", "milter = { listen = \"inet6:8890@[::1]\"; };", true },
	{ "a listener without a port", "milter = { listen = \"inet:127.0.0.1\"; };", false },
	{ "a listener on port 0", "milter = { listen = \"inet:0@127.0.0.1\"; };", false },
	{ "a listener on port 65536", "milter = { listen = \"inet:65536@127.0.0.1\"; };", false },
	{ "a listener on IPv6 under inet", "milter = { listen = \"inet:8890@::1\"; };", false },
	{ "a listener on IPv4 under inet6", "milter = { listen = \"inet6:8890@127.0.0.1\"; };", false },
	{ "a listener on no address", "milter = { listen = \"inet:8890@300.0.0.1\"; };", false },
	{ "a relative socket", "milter = { listen = \"unix:x.sock\"; };", false },
	{ "a name server", "dns = { servers = [ \"127.0.0.1\" ]; };", true },
	{ "a name server with a port", "dns = { servers = [ \"::1@5353\" ]; };", true },
	{ "a name server by name", "dns = { servers = [ \"ns.example.com\" ]; };", false },
	{ "a store on LMDB", "greylist = { store = \"lmdb:/x\"; };", true },
	{ "a store on Redis", "greylist = { store = \"redis:[::1]:6379\"; };", true },
	{ "one without a port", "greylist = { store = \"redis:127.0.0.1\"; };", false },
	{ "a password without a user", "greylist = { redis = { password_file = \"/x\"; }; };", true },
	{ "a user without a password", "greylist = { redis = { user = \"x\"; }; };", false },
	{ "no store", "greylist = { store = \"none\"; };", true },
	{ "a store of another kind", "greylist = { store = \"memory\"; };", false },
	{ "the widest range of a number", "greylist = { ipv4_prefix = 32; };", true },
	{ "one more", "greylist = { ipv4_prefix = 33; };", false },
	{ "a number that libconfig would wrap to 24", "greylist = { ipv4_prefix = 4294967320; };", false },
	{ "a number with zeros before it", "greylist = { ipv4_prefix = 0024; };", true },
	{ "a second", "dns = { timeout = \"1s\"; };", true },
	{ "less than a second", "dns = { timeout = \"999ms\"; };", false },
	{ "milliseconds where seconds count", "greylist = { delay = \"1500ms\"; };", false },
	{ "true in capitals", "strangers = { authenticate = TRUE; };", true },
	{ "@include in a string", "reply = { contact = \"@include\"; };", true },
	{ "@include in a comment", "# @include \"x\"\n/* @include */", true },
	{ "@include as a directive", "@include \"/etc/passwd\"", false },
	{ "@include after blanks", "  \t@include \"/\"\n", false },
	{ "a comment without an end", "/* ", false },
	{ "an escaped quote", "reply = { contact = \"say \\\"hi\\\"\"; };", true },
	{ "an escaped line feed", "reply = { contact = \"a\\nb\"; };", false },
	{ "an escaped NUL", "reply = { contact = \"a\\x00b\"; };", false },
	{ "bytes that are not UTF-8", "user = \"\xff\";", false },
	{ "a comment that the file's end ends", "mode = \"monitor\"; # end", true },
	{ "CRLF", "mode = \"monitor\";\r\nuser = \"x\";\r\n", true },
	{ "a missing semicolon", "mode = \"monitor\"\nuser = \"x\"\n", true },
	{ "a colon for an equals sign", "mode : \"monitor\";", true },
	{ "a comma for a semicolon", "mode = \"monitor\", user = \"x\",", true },
};

static void
test_single_values(void)
{
	char text[256];

	for (size_t i = 0; i < sizeof single_values / sizeof single_values[0]; i++) {
		struct faults *faults = faults_open();
		struct policy *policy;
		char *said;

		snprintf(text, sizeof text, "vendors = ( );\n%s", single_values[i].text);
		policy = load(text, faults);
		said = conf_faults_write(faults);
		if (!ok((policy != NULL) == single_values[i].good, "value: %s is %s", single_values[i].name,
			single_values[i].good ? "taken" : "refused"))
			note("%s", said);
		free(said);
		policy_free(policy);
		faults_close(faults);
	}
}

static void
test_ceilings(void)
{
	enum { DEEP = 100000 };
	struct faults *faults = faults_open();
	struct policy *policy;
	struct text text;

	policy = load_text("test.conf", "vendors = ( );", (size_t)POLICY_TEXT_MAX + 1, faults);
	ok(policy == NULL, "a text over the ceiling is refused unread");
	policy_free(policy);

	text_open(&text, 4 * 1024 * 1024);
	text_put(&text, "a = ");
	for (int i = 0; i < DEEP; i++)
		text_char(&text, '(');
	policy = load(text.bytes, faults);
	ok(policy == NULL, "brackets nested deeper than a stack are refused");
	policy_free(policy);

	text_clear(&text);
	for (int i = 0; i < DEEP; i++)
		text_format(&text, "k%d = 1;\n", i);
	policy = load(text.bytes, faults);
	ok(policy == NULL, "a group with a hundred thousand keys is refused");
	policy_free(policy);

	text_clear(&text);
	text_put(&text, "vendors = ( );\nown = { networks = [\n");
	for (int i = 0; i < DEEP; i++)
		text_format(&text, "%s\"10.%d.%d.%d\"", i == 0 ? "" : ",\n", i >> 16, (i >> 8) & 255, i & 255);
	text_put(&text, "\n]; };\n");
	policy = load(text.bytes, faults);
	ok(policy != NULL && policy->settings.own.networks.count == DEEP, "a list of a hundred thousand is read");
	policy_free(policy);
	text_close(&text);
	faults_close(faults);
}

/* A list in memory, as the only source of a vendor. */
static const char *
listed_vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	static const char file[] = "vendor = { name = \"listed\"; domains = [ \"a.example\" ];"
				   " sources = ( { file = \"a.list\"; } ); };";

	(void)context, (void)vendor_path, (void)why;
	*path = name;
	*length = sizeof file - 1;
	return file;
}

static const char *
listed_networks(void *context, const char *vendor_file, const char *path, size_t *length, struct fault *why)
{
	const struct text *list = context;

	(void)vendor_file, (void)path, (void)why;
	*length = list->length;
	return list->bytes;
}

static void
test_long_list(void)
{
	enum { LINES = 1000 * 1000 };
	static const char main_text[] = "vendors = ( { name = \"listed\"; } );";
	struct faults *faults = faults_open();
	struct policy *policy;
	struct text list;
	struct policy_files files = { &list, listed_vendor, listed_networks, NULL };

	text_open(&list, 4 * LINES);
	text_put(&list, "192.0.2.0/24");
	for (int i = 0; i < LINES; i++)
		text_char(&list, '\n');
	policy = policy_text_load("a.conf", main_text, sizeof main_text - 1, &files, faults);
	ok(policy != NULL && policy->sources[0].prefix_count == 1, "a list of a million lines is read");
	policy_free(policy);
	text_put(&list, "192.0.2.0/24\n");
	policy = policy_text_load("a.conf", main_text, sizeof main_text - 1, &files, faults);
	ok(policy == NULL && faults->errors == 1, "one line more is refused");
	policy_free(policy);
	text_close(&list);
	faults_close(faults);
}

/* ---- names of the public suffix list ---- */

static const struct suffix_row {
	const char *name, *rule; /* of all lists of owned names */
	const char *below;
	bool holds;  /* what is below */
	bool closed; /* by the list, not by hand */
} suffix_rows[] = {
	{ "an organisation's name", "vendor.com", "mail.vendor.com", true, false },
	{ "a name of the private part", "github.io", "evil.github.io", false, true },
	{ "a name of a private wildcard", "eu.compute.amazonaws.com", "evil.eu.compute.amazonaws.com", false, true },
	{ "a registry's name", "co.uk", "evil.co.uk", false, true },
	{ "a name of the private part, written with =", "=github.io", "evil.github.io", false, false },
	{ "a customer's name", "good.github.io", "mail.good.github.io", true, false },
};

static const char *
owned_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	struct text *text = context;

	(void)folders, (void)name, (void)why;
	*path = "owned.conf";
	*length = text->length;
	return text->bytes;
}

static void
test_owner(const struct name_rules *rules, const struct suffix_row *row, const char *where)
{
	const char *bare = row->rule + (row->rule[0] == '=');

	ok(name_rules_hold_domain(rules, bare), "%s in %s holds itself", row->name, where);
	ok(name_rules_hold_domain(rules, row->below) == row->holds, "%s in %s: what is below", row->name, where);
	ok(rules->list[0].closed == row->closed, "%s in %s: closed by the list or not", row->name, where);
}

/* ---- host sources ---- */

static const struct {
	const char *host, *name; /* NULL: it is refused */
	const char *text;        /* the source's, or the fault */
} host_rows[] = {
	{ ".outbound.vendor.com", "outbound.vendor.com", "host:.outbound.vendor.com" },
	{ ".Outbound.VENDOR.com.", "outbound.vendor.com", "host:.outbound.vendor.com" },
	{ ".b\u00fccher.de", "xn--bcher-kva.de", "host:.xn--bcher-kva.de" },
	{ ".xn--bcher-kva.de", "xn--bcher-kva.de", "host:.xn--bcher-kva.de" },
	{ ".acme.eu.compute.amazonaws.com", "acme.eu.compute.amazonaws.com", "host:.acme.eu.compute.amazonaws.com" },
	{ ".co.uk", NULL,
	    "'host': '.co.uk' is on the public suffix list: hosts below it are its customers'; write the vendor's own name "
	    "below it, such as \".vendor.co.uk\"" },
	{ ".eu.compute.amazonaws.com", NULL,
	    "'host': '.eu.compute.amazonaws.com' is on the public suffix list: hosts below it are its customers'; write the "
	    "vendor's own name below it, such as \".vendor.eu.compute.amazonaws.com\"" },
	{ ".com", NULL, "'host': 'com' is a top-level domain; write a name below it" },
};

static void
test_hosts(void)
{
	const struct suffix_list suffixes = { psl_builtin() };

	for (size_t i = 0; i < sizeof host_rows / sizeof host_rows[0]; i++) {
		struct faults *faults = faults_open();
		struct policy_files files = { .suffixes = &suffixes };
		struct policy *policy;
		struct text conf;

		text_open(&conf, 4096);
		text_format(&conf,
		    "vendors = ( { name = \"acme\"; inline = true; domains = [ \"acme.com\" ]; sources = ( { host = \"%s\"; } ); "
		    "} );",
		    host_rows[i].host);
		policy = policy_text_load("a.conf", conf.bytes, conf.length, &files, faults);
		if (policy != NULL) {
			is(policy->sources[0].name, host_rows[i].name, "%s: its name", host_rows[i].host);
			is(policy->sources[0].text, host_rows[i].text, "%s: in logs", host_rows[i].host);
			ok(policy_standing(policy, policy->sources[0].name) == STANDING_LISTED, "%s is listed",
			    host_rows[i].host);
		} else {
			is(faults->list[0].fault.text, host_rows[i].text, "%s is refused", host_rows[i].host);
		}
		policy_free(policy);
		text_close(&conf);
		faults_close(faults);
	}
}

static void
test_suffixes(void)
{
	const struct suffix_list suffixes = { psl_builtin() };

	for (size_t i = 0; i < sizeof suffix_rows / sizeof suffix_rows[0]; i++) {
		const struct suffix_row *row = &suffix_rows[i];
		struct faults *faults = faults_open();
		struct text vendor, conf;
		struct policy_files files = { &vendor, owned_vendor, NULL, &suffixes };
		struct policy *policy;

		text_open(&vendor, 4096);
		text_format(&vendor,
		    "vendor = { name = \"owned\"; domains = [ \"%s\" ]; envelope = [ \"%s\" ]; dkim = [ \"%s\" ]; };",
		    row->rule, row->rule, row->rule);
		text_open(&conf, 4096);
		text_format(&conf,
		    "vendors = ( { name = \"owned\"; } ); own = { domains = [ \"%s\" ]; lists = [ \"%s\" ]; };"
		    "greylist = { exempt = { senders = [ \"%s\" ]; }; };"
		    "delegations = ( { vendor = \"owned\"; domains = [ \"%s\" ]; } );",
		    row->rule, row->rule, row->rule, row->rule);
		policy = policy_text_load("a.conf", conf.bytes, conf.length, &files, faults);
		if (ok(policy != NULL, "%s is legal", row->name)) {
			test_owner(&policy->vendors[0].domains, row, "domains");
			test_owner(&policy->vendors[0].envelope, row, "envelope");
			test_owner(&policy->vendors[0].dkim, row, "dkim");
			test_owner(&policy->own.domains, row, "own.domains");
			test_owner(&policy->settings.own.lists, row, "own.lists");
			test_owner(&policy->delegations[0].domains, row, "delegations.domains");
			ok(!policy->settings.greylist.exempt_senders.list[0].closed,
			    "%s among exempt senders covers all names below it", row->name);
		}
		policy_free(policy);
		text_clear(&conf);
		text_clear(&vendor);
		text_put(&vendor, "vendor = { name = \"owned\"; domains = [ \"acme.example\" ]; };");
		text_format(&conf,
		    "vendors = ( { name = \"owned\"; } ); partners = ( { vendor = \"owned\"; domains = [ \"%s\" ]; } );",
		    row->rule);
		policy = policy_text_load("a.conf", conf.bytes, conf.length, &files, faults);
		if (ok(policy != NULL, "%s is legal of a partner", row->name))
			test_owner(&policy->partners[0].domains, row, "partners.domains");
		for (size_t j = 0; policy == NULL && j < faults->kept; j++)
			note("%s", faults->list[j].fault.text);
		policy_free(policy);
		faults_close(faults);
		text_close(&conf);
		text_close(&vendor);
	}
}

static void
each_key(void *context, const char *key, const char *type, const char *fallback, const char *help)
{
	struct text *all = context;

	if (type[0] == '\0' || fallback[0] == '\0' || help[0] == '\0')
		text_put(all, "(lacks something) ");
	text_format(all, "%s ", key);
}

static void
test_keys(void)
{
	static const char *const some[] = { "authserv_id ", "greylist.exempt.recipients ", "vendors ", "vendors.tags ",
		"vendor.on_unsure ", "vendor.sources.max_stale ", "vendor.evidence.seen ", "delegations.vouch ",
		"delegations.selectors ", "partners.domains ", "relays.kind ", "relays.on_forwarded ",
		"exceptions.rcpt ", "own.on_forged " };
	struct text all;

	text_open(&all, 64 * 1024);
	key_list(each_key, &all);
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
		ok(strstr(all.bytes, some[i]) != NULL, "the table of keys has %s", some[i]);
	ok(strstr(all.bytes, "lacks") == NULL, "each key has a type, a default and a meaning");
	text_close(&all);
}

/* The words in a vendor's file are those in the logs. */
static void
test_words(void)
{
	char text[256];

	for (int i = 0; i < ACTIONS; i++) {
		struct faults *faults = faults_open();
		struct policy *policy;

		snprintf(text, sizeof text, "vendors = ( { name = \"acme\"; on_forged = \"%s\"; mode = \"%s\"; } );",
		    action_word((enum action)i), vendor_mode_word((enum vendor_mode)(i % 3)));
		policy = load(text, faults);
		ok(policy != NULL && policy->vendors[0].on_forged == (enum action)i &&
			policy->vendors[0].mode == (enum vendor_mode)(i % 3),
		    "'%s' is read as itself", action_word((enum action)i));
		policy_free(policy);
		faults_close(faults);
	}
}

int
main(void)
{
	test_durations();
	test_percentages();
	test_limits();
	test_defaults();
	test_values();
	test_inline();
	test_own();
	test_list_ceilings();
	test_counts();
	test_words();
	test_single_values();
	test_ceilings();
	test_long_list();
	test_hosts();
	test_suffixes();
	test_keys();
	test_corpus("good", test_good_file, 8);
	test_corpus("bad", test_bad_file, 90);
	return done();
}
