#include <string.h>

#include "arena.h"
#include "domain.h"
#include "policy_load.h"
#include "policy_value.h"
#include "text.h"

#ifndef GREENLANE_VENDOR_DIR
#define GREENLANE_VENDOR_DIR "/usr/share/greenlane/vendors"
#endif
#ifndef GREENLANE_SITE_VENDOR_DIR
#define GREENLANE_SITE_VENDOR_DIR "/etc/greenlane/vendors"
#endif
#ifndef GREENLANE_STATE_DIR
#define GREENLANE_STATE_DIR "/var/lib/greenlane"
#endif
#ifndef GREENLANE_RUN_DIR
#define GREENLANE_RUN_DIR "/run/greenlane"
#endif

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { OWN_MAX = 1000 }; /* addresses or names of a list; each is compared with every client */
#define DAYS(n) (INT64_C(n) * DAY)

static const char *const daemon_modes[] = { "enforce", "monitor", NULL };
static const char *const dmarc_words[] = { "off", "report", NULL };
static const char *const stages[] = {
	[GREYLIST_AUTO] = "auto", [GREYLIST_RCPT] = "rcpt", [GREYLIST_MESSAGE] = "message", NULL
};
static const char *const undecided_words[] = { [UNDECIDED_EXCLUSIVE] = "exclusive",
	[UNDECIDED_VOUCH] = "vouch", [UNDECIDED_GREYLIST] = "greylist", NULL };
static const char *const facilities[] = { "mail", "daemon", "user", "auth", "local0", "local1",
	"local2", "local3", "local4", "local5", "local6", "local7", NULL };

#define AT(field) .offset = offsetof(struct settings, field)
#define LIST_AT(field)                                                                         \
	.offset = offsetof(struct settings, field.list),                                       \
	.count_offset = offsetof(struct settings, field.count)
#define RANGE(least, most) .min = (least), .max = (most)

static const struct key setting_rows[] = {
	{ "authserv_id", &key_text, NULL, "our name in Authentication-Results; else the MTA's",
	    AT(authserv_id), .example = "\"mx.example.com\"", .word = "a word",
	    .check = value_word },
	{ "mode", &key_switch, "enforce",
	    "monitor: judge, log and write headers, but pass everything", AT(monitor),
	    .words = daemon_modes },
	{ "user", &key_text, "greenlane", "whom greenlaned becomes when started as root",
	    AT(user), .word = "a word", .check = value_word },
	{ "state_dir", &key_text, GREENLANE_STATE_DIR, "what must survive a restart",
	    AT(state_dir), .word = "an absolute path", .check = value_path },
	{ "unsure_max", &key_seconds, "4h",
	    "how long the same unsure mail is deferred before it goes a stranger's way",
	    AT(unsure_max), RANGE(SECOND, DAYS(30)) },
	{ "review_grace", &key_seconds, "30d",
	    "how long a source counts in full after its review_by", AT(review_grace),
	    RANGE(SECOND, DAYS(400)) },
	{ "milter.listen", &key_text, "unix:" GREENLANE_RUN_DIR "/milter.sock",
	    "where the MTA asks", AT(milter.listen), .word = "a listener",
	    .check = value_listener },
	{ "milter.group", &key_text, "postfix", "group that may use the milter's socket",
	    AT(milter.group), .word = "a word", .check = value_word },
	{ "milter.deadline", &key_milliseconds, "20s", "how long one message may wait for DNS",
	    AT(milter.deadline_ms), RANGE(SECOND, 5 * MINUTE) },
	{ "milter.max_sessions", &key_number, "500", "connections of the MTA at once",
	    AT(milter.max_sessions), RANGE(1, 100000) },
	{ "delegate.listen", &key_text, NULL, "where Postfix's policy delegation asks",
	    AT(delegate.listen), .example = "\"inet:8891@127.0.0.1\"", .word = "a listener",
	    .check = value_listener },
	{ "delegate.greylist_class", &key_text, "greylist",
	    "restriction class answered for all that is not vouched",
	    AT(delegate.greylist_class), .word = "a restriction class", .check = value_class },
	{ "delegate.undecided", &key_word, "exclusive",
	    "what becomes of a listed session that only the end of the message can prove",
	    AT(delegate.undecided), .words = undecided_words },
	{ "socketmap.listen", &key_text, NULL, "where Sendmail's rulesets ask (a socket map)",
	    AT(socketmap_listen), .example = "\"unix:/run/greenlane/socketmap.sock\"",
	    .word = "a listener", .check = value_listener },
	{ "control.listen", &key_text, NULL, "where the greenlane command asks",
	    AT(control_listen), .example = "\"unix:/run/greenlane/control.sock\"",
	    .word = "a listener", .check = value_listener, .flags = KEY_IDLE },
	{ "metrics.listen", &key_text, NULL, "where a monitoring system asks",
	    AT(metrics_listen), .example = "\"inet:9180@127.0.0.1\"", .word = "a listener",
	    .check = value_listener, .flags = KEY_IDLE },
	{ "dns.servers", &key_texts, "",
	    "name servers to ask; else those of the host's resolv.conf", LIST_AT(dns.servers),
	    .word = "a list of name servers", .check = value_server },
	{ "dns.timeout", &key_milliseconds, "5s", "how long one question may take",
	    AT(dns.timeout_ms), RANGE(SECOND, MINUTE) },
	{ "dns.trust_anchor", &key_text, NULL, "root key file; without it there is no DNSSEC",
	    AT(dns.trust_anchor), .example = "\"/usr/share/dns/root.key\"",
	    .word = "an absolute path", .check = value_path },
	{ "log.facility", &key_choice, "mail", "syslog facility of the verdicts",
	    AT(log.facility), .words = facilities },
	{ "log.record", &key_text, NULL,
	    "file for one JSON object a verdict; without it none is written", AT(log.record),
	    .example = "\"/var/log/greenlane/verdicts.jsonl\"", .word = "an absolute path",
	    .check = value_path },
	{ "greylist.store", &key_text, "lmdb:" GREENLANE_STATE_DIR "/greylist",
	    "lmdb:PATH, redis:HOST:PORT or none; the default lies in state_dir", AT(store),
	    .word = "a store", .check = value_store },
	{ "greylist.stage", &key_word, "auto",
	    "when the answer is given: at RCPT, at the end of the message, or by need",
	    AT(greylist.stage), .words = stages },
	{ "greylist.delay", &key_seconds, "5m", "how long a stranger waits", AT(greylist.delay),
	    RANGE(SECOND, DAYS(1)) },
	{ "greylist.retry_window", &key_seconds, "2d", "how late a stranger may come back",
	    AT(greylist.retry_window), RANGE(SECOND, DAYS(60)) },
	{ "greylist.lifetime", &key_seconds, "36d", "how long one who passed is remembered",
	    AT(greylist.lifetime), RANGE(SECOND, DAYS(400)) },
	{ "greylist.auto_pass", &key_number, "5", "passes after which a key is not asked again",
	    AT(greylist.auto_pass), RANGE(1, 1000000) },
	{ "greylist.ipv4_prefix", &key_number, "24", "bits of an IPv4 client that make a key",
	    AT(greylist.ipv4_prefix), RANGE(8, 32) },
	{ "greylist.ipv6_prefix", &key_number, "64", "bits of an IPv6 client that make a key",
	    AT(greylist.ipv6_prefix), RANGE(16, 128) },
	{ "greylist.exempt.networks", &key_networks, "", "clients that are never greylisted",
	    LIST_AT(greylist.exempt_networks) },
	{ "greylist.exempt.senders", &key_mailboxes, "", "senders that are never greylisted",
	    LIST_AT(greylist.exempt_senders) },
	{ "greylist.exempt.recipients", &key_mailboxes, "postmaster@, abuse@",
	    "recipients that never greylist", LIST_AT(greylist.exempt_recipients) },
	{ "refresh.min", &key_seconds, "60s", "a source is asked again no sooner",
	    AT(refresh.min), RANGE(SECOND, DAYS(1)) },
	{ "refresh.max", &key_seconds, "1d", "a source is asked again no later",
	    AT(refresh.max), RANGE(SECOND, DAYS(30)) },
	{ "refresh.widest_ipv4", &key_number, "12",
	    "a source with a wider IPv4 network is not believed", AT(refresh.widest_ipv4),
	    RANGE(1, 32) },
	{ "refresh.widest_ipv6", &key_number, "28",
	    "a source with a wider IPv6 network is not believed", AT(refresh.widest_ipv6),
	    RANGE(1, 128) },
	{ "refresh.largest_share", &key_share, "0.1%",
	    "a source with more of the address space is not believed", AT(refresh.share_ppm),
	    RANGE(1, 100 * PERCENT), .example = "\"0.1%\"" },
	{ "refresh.largest_fall", &key_percent, "50%",
	    "a source that loses more of its addresses in one step is not believed",
	    AT(refresh.fall_percent), RANGE(PERCENT, 100 * PERCENT), .example = "\"50%\"" },
	{ "refresh.silent_after", &key_seconds_or_never, "90d",
	    "a network that sent nothing for so long counts as drift",
	    AT(refresh.silent_after), RANGE(SECOND, DAYS(400)) },
	{ "reply.contact", &key_text, NULL, "where a refused sender may ask; part of the reply",
	    AT(contact), .example = "\"https://example.com/postmaster\"",
	    .word = "plain ASCII text", .check = value_ascii },
	{ "own.domains", &key_domains, "", "our own names", LIST_AT(own.domains) },
	{ "own.networks", &key_networks, "", "our own clients: their mail is exempt",
	    LIST_AT(own.networks) },
	{ "own.outbound", &key_addresses, "",
	    "single addresses that may send in our names, and in no other",
	    LIST_AT(own.outbound), .max = OWN_MAX },
	{ "own.may_forward", &key_addresses, "", "single addresses that may send in any name",
	    LIST_AT(own.may_forward), .max = OWN_MAX },
	{ "own.on_forged", &key_word, "defer", "for mail that claims our names without proof",
	    AT(own.on_forged), .words = vendor_action_words },
	{ "own.lists", &key_domains, "", "mailing lists that send our users' mail back to us",
	    LIST_AT(own.lists), .max = OWN_MAX, .check = vendor_name_fits },
	{ "own.daemon_names", &key_texts, "",
	    "the MTA's submission services: their mail is exempt", LIST_AT(own.daemon_names),
	    .word = "a list of words", .check = value_word },
	{ "strangers.authenticate", &key_bool, "true",
	    "SPF, DKIM and DMARC of mail that claims no vendor", AT(strangers.authenticate) },
	{ "strangers.dmarc", &key_switch, "report",
	    "report: DMARC is evaluated and written, never acted on",
	    AT(strangers.dmarc_report), .words = dmarc_words },
	{ "vendor_path", &key_texts, GREENLANE_VENDOR_DIR ", " GREENLANE_SITE_VENDOR_DIR,
	    "folders of vendor files; of two with one name the later counts",
	    LIST_AT(vendor_path), .word = "a list of folders" },
	{ "vendors", &key_groups, NULL,
	    "the vendors in force; any key of a vendor file may stand beside name",
	    .example = "( { name = \"autotask\"; } )", .flags = KEY_REQUIRED },
	{ "delegations", &key_groups, NULL, "vendors that may send in our own names",
	    .example = "( { vendor = \"autotask\"; domains = [ \"example.com\" ]; } )" },
	{ "partners", &key_groups, NULL, "vendors that may send in somebody else's names",
	    .example = "( { vendor = \"autotask\"; domains = [ \"msp.example\" ]; } )" },
	{ "relays", &key_groups, NULL, "hosts that hand us other people's mail",
	    .example = "( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ "
		       "\"192.0.2.1\" ]; } )" },
	{ "exceptions", &key_groups, NULL, "recipients for whom a vendor's mode is softer",
	    .example = "( { rcpt = \"abuse@\"; vendor = \"autotask\"; mode = \"vouch\"; } )" },
	{ "exports", &key_groups, NULL, "files that greenlaned keeps fresh for other programs",
	    .example = "( { format = \"postgrey\"; file = \"/var/lib/greenlane-exports/postgrey\"; } )" },
};
const struct keys setting_keys = { "", setting_rows,
	sizeof setting_rows / sizeof setting_rows[0] };

/* What no single key can know. */
static void
settings_check(struct load *load, const struct node *root)
{
	struct settings *settings = &load->policy->settings;
	const struct node *refresh = node_member(root, "refresh"),
			  *greylist = node_member(root, "greylist");
	const struct node *user = node_member(root, "user");
	struct reading *r = &load->r;

	if (refresh != NULL && settings->refresh.min > settings->refresh.max)
		reading_fault(r, refresh,
		    "'refresh.min' is longer than 'refresh.max'; write a shorter one");
	if (greylist != NULL && settings->greylist.delay >= settings->greylist.retry_window)
		reading_fault(r, greylist,
		    "'greylist.delay' is not shorter than 'greylist.retry_window', so nobody "
		    "could come back in time; write a longer window");
	if (user != NULL && strcmp(settings->user, "root") == 0)
		faults_warn(r->faults, r->file, user->line,
		    "'user' is root; write a user without rights of its own");
	if (strncmp(settings->store, "redis:", 6) == 0)
		faults_warn(r->faults, r->file, greylist == NULL ? 0 : greylist->line,
		    "'greylist.store' redis is read, but not acted on by this version");
	settings->greylist.on = strcmp(settings->store, "none") != 0;
}

/* Our own names as a vendor, so that one table of rules judges both. */
static void
own_place(struct load *load, const struct node *own)
{
	const struct settings *settings = &load->policy->settings;

	load->policy->own = (struct vendor){ .number = UINT32_MAX, .name = OWN_NAME,
		.title = "our own names", .kind = VENDOR_APPLICATION, .mode = MODE_ENFORCE,
		.domains = settings->own.domains, .dkim = settings->own.domains,
		.on_forged = settings->own.on_forged, .on_unproven = ACTION_GREYLIST,
		.on_unsure = ACTION_DEFER, .line = own == NULL ? 0 : own->line };
	load->policy->own.file = load->policy->own.sources_file = reading_string(&load->r, load->file);
}

static void
own_read(struct load *load, const struct node *root)
{
	const struct node *own = node_member(root, "own");
	const struct node *outbound = NULL, *domains = NULL;

	if (own != NULL && own->kind == NODE_GROUP) {
		outbound = node_member(own, "outbound");
		domains = node_member(own, "domains");
	}
	if (outbound != NULL && outbound->count > 0 && (domains == NULL || domains->count == 0))
		reading_fault(&load->r, outbound,
		    "'own.outbound' may send in our names only, and 'own.domains' names none; write "
		    "domains = [ \"example.com\" ] beside it");
	own_place(load, own);
}

void
settings_read(struct load *load, const struct node *root)
{
	struct settings *settings = &load->policy->settings;
	const struct node *greylist = node_member(root, "greylist");

	keys_default(&load->r, &setting_keys, settings);
	keys_require(&load->r, &setting_keys, root);
	keys_read(&load->r, &setting_keys, root, settings);
	if (greylist == NULL || greylist->kind != NODE_GROUP ||
	    node_member(greylist, "store") == NULL) {
		const char *store =
		    arena_format(load->r.arena, "lmdb:%s/greylist", settings->state_dir);

		if (store == NULL)
			reading_starve(&load->r);
		else
			settings->store = store;
	}
	settings_check(load, root);
	own_read(load, root);
}

size_t
groups_of(const struct node *root, const char *name, const struct node **list)
{
	const struct node *node = node_member(root, name);

	*list = node;
	return node == NULL || node->kind != NODE_LIST ? 0 : node->count;
}

#undef AT
#undef LIST_AT
enum { GROUPS_MAX = 1000, ELEMENTS_MAX = 1000 }; /* of a list; of a list within a group */

static const char *const relay_kinds[] = {
	[RELAY_GATEWAY] = "gateway", [RELAY_FORWARDER] = "forwarder", NULL
};
/* the first of enum action: what may become of mail that a relay has taken already */
static const char *const forwarded_words[] = {
	[ACTION_PASS] = "pass", [ACTION_TAG] = "tag", [ACTION_QUARANTINE] = "quarantine", NULL
};
/* from MODE_VOUCH on: nothing is stricter than enforce */
static const char *const softer_modes[] = { "vouch", "monitor", NULL };
_Static_assert(MODE_ENFORCE == 0 && MODE_VOUCH == 1 && MODE_MONITOR == 2, "rising softness");

static bool
on_forwarded_fits(const char *word, struct fault *why)
{
	for (int i = ACTION_GREYLIST; i < ACTIONS; i++)
		if (strcmp(word, action_word((enum action)i)) == 0)
			return fault_set(why,
			    "a relay's mail is never refused, deferred or greylisted, for that would fill its "
			    "queue and send bounces to those who wrote nothing; write quarantine, tag or pass");
	return true;
}

static bool
relay_network_fits(const struct prefix *prefix, struct fault *why)
{
	char text[PREFIX_TEXT];

	return vendor_network_fits(prefix, NULL) ||
	       fault_set(why, "'%s' is too wide for a relay; write the addresses of its hosts",
		   prefix_write(prefix, text));
}

/* ---- the tables ---- */

#define ONE_OF_VENDORS .word = "a name", .check = value_name, .example = "\"autotask\""

#define AT(field) .offset = offsetof(struct delegation, field)
#define LIST_AT(list, count)                                                                   \
	.offset = offsetof(struct delegation, list),                                           \
	.count_offset = offsetof(struct delegation, count), .max = ELEMENTS_MAX

static const struct key delegation_rows[] = {
	{ "vendor", &key_text, NULL, "one of vendors", AT(vendor_name), ONE_OF_VENDORS,
	    .flags = KEY_REQUIRED },
	{ "domains", &key_names, NULL, "our names that it may use",
	    LIST_AT(domains.list, domains.count), .flags = KEY_REQUIRED },
	{ "selectors", &key_texts, "", "selectors of the DKIM keys that it holds for them; none: any",
	    LIST_AT(selectors.list, selectors.count), .word = "a list of selectors",
	    .check = value_word },
	{ "vouch", &key_vouch, "dkim, listed+spf_from", "what proves that it was the vendor",
	    LIST_AT(vouch, vouch_count) },
};
const struct keys delegation_keys = { "delegations.", delegation_rows,
	sizeof delegation_rows / sizeof delegation_rows[0] };

static const struct key partner_rows[] = {
	{ "vendor", &key_text, NULL, "one of vendors", AT(vendor_name), ONE_OF_VENDORS,
	    .flags = KEY_REQUIRED },
	{ "domains", &key_names, NULL, "names of others that it may use",
	    LIST_AT(domains.list, domains.count), .check = vendor_name_fits,
	    .flags = KEY_REQUIRED },
	{ "selectors", &key_texts, "", "selectors of the DKIM keys that it holds for them; none: any",
	    LIST_AT(selectors.list, selectors.count), .word = "a list of selectors",
	    .check = value_word },
	{ "vouch", &key_vouch, "dkim, listed+spf_from", "what proves that it was the vendor",
	    LIST_AT(vouch, vouch_count) },
};
const struct keys partner_keys = { "partners.", partner_rows,
	sizeof partner_rows / sizeof partner_rows[0] };

#undef AT
#undef LIST_AT
#define AT(field) .offset = offsetof(struct relay, field)
#define LIST_AT(field)                                                                         \
	.offset = offsetof(struct relay, field.list),                                          \
	.count_offset = offsetof(struct relay, field.count), .max = ELEMENTS_MAX

static const struct key relay_rows[] = {
	{ "name", &key_text, NULL, "how the log calls it", AT(name), .word = "a name",
	    .check = value_name, .example = "\"backup-mx\"", .flags = KEY_REQUIRED },
	{ "kind", &key_word, NULL, "what it does", AT(kind), .words = relay_kinds,
	    .flags = KEY_REQUIRED },
	{ "networks", &key_networks, "", "its addresses", LIST_AT(networks),
	    .check_network = relay_network_fits },
	{ "vendor", &key_text, NULL, "one of vendors, whose selected sources are its addresses",
	    AT(vendor_name), ONE_OF_VENDORS },
	{ "tags", &key_texts, "", "which of these sources; none: all", LIST_AT(tags),
	    .word = "a list of names", .check = value_name },
	{ "received_by", &key_domains, "",
	    "names that a gateway calls itself in Received; none: any", LIST_AT(received_by) },
	{ "on_forwarded", &key_word, "tag",
	    "forwarder: for what is forged, but by the forwarding may only look so",
	    AT(on_forwarded), .words = forwarded_words, .check = on_forwarded_fits },
};
const struct keys relay_keys = { "relays.", relay_rows,
	sizeof relay_rows / sizeof relay_rows[0] };

#undef AT
#define AT(field) .offset = offsetof(struct exception, field)

static const struct key exception_rows[] = {
	{ "rcpt", &key_text, NULL, "a mailbox, that of any domain, or a domain", AT(rcpt),
	    .word = "a recipient", .example = "\"abuse@example.com\"", .flags = KEY_REQUIRED },
	{ "vendor", &key_text, NULL, "one of vendors, or own for our own names", AT(vendor_name),
	    ONE_OF_VENDORS, .flags = KEY_REQUIRED },
	{ "mode", &key_word, NULL, "softer than the vendor's", AT(mode),
	    .words = softer_modes, .min = MODE_VOUCH, .flags = KEY_REQUIRED },
};
const struct keys exception_keys = { "exceptions.", exception_rows,
	sizeof exception_rows / sizeof exception_rows[0] };

#undef AT
#define AT(field) .offset = offsetof(struct export_job, field)

static const struct key export_rows[] = {
	{ "format", &key_word, NULL, "whom the file is for", AT(format),
	    .words = export_format_words, .flags = KEY_REQUIRED },
	{ "file", &key_text, NULL, "written when the vendors' networks changed", AT(file),
	    .example = "\"/var/lib/greenlane-exports/postgrey\"", .word = "an absolute path",
	    .check = value_path, .flags = KEY_REQUIRED },
	{ "command", &key_text, NULL, "run by /bin/sh after the file changed", AT(command),
	    .example = "\"pkill -HUP -x postgrey\"" },
	{ "value", &key_text, NULL, "what an entry says, where the format leaves a choice",
	    AT(value), .example = "\"inet filter\"" },
};
const struct keys export_keys = { "exports.", export_rows,
	sizeof export_rows / sizeof export_rows[0] };

/* ---- what no single key can know ---- */

/* The vendor of that name; NULL with a fault. */
static const struct vendor *
vendor_of(struct load *load, const struct node *group, const char *name, bool or_own)
{
	enum { SHOWN = 64 };
	const struct policy *policy = load->policy;
	const struct node *node = node_member(group, "vendor");
	const char *known[SHOWN + 1];
	char hint[HINT_TEXT];
	size_t count = 0;

	if (or_own && strcmp(name, OWN_NAME) == 0)
		return &policy->own;
	for (size_t i = 0; i < policy->vendor_count; i++) {
		if (strcmp(policy->vendors[i].name, name) == 0)
			return &policy->vendors[i];
		if (count < SHOWN)
			known[count++] = policy->vendors[i].name;
	}
	if (or_own)
		known[count++] = OWN_NAME;
	reading_fault(&load->r, node, "'%s' is none of 'vendors'%s", name,
	    count == 0 ? "; name it there" : keys_hint(name, known, count, hint));
	return NULL;
}

/* What a set of evidence for a delegation may lack, the narrowest first. */
static const struct lack {
	unsigned has;
	const char *lacks, *why;
} lacks[] = {
	{ PROOF_LISTED | PROOF_SPF, "dkim or spf_from",
	    "it proves that the vendor sent the mail, not that it may use this name, and each of its "
	    "customers has as much" },
	{ PROOF_LISTED, "spf_from", "every customer of the vendor sends from there" },
	{ PROOF_SPF_FROM, "listed",
	    "it holds for every host that the domain's SPF record lets pass, not for this vendor alone" },
	{ PROOF_SPF, "dkim, or listed and spf_from",
	    "it proves the vendor's envelope sender, for whichever of its customers it sends" },
};

static bool
proof_is_enough(unsigned set)
{
	return (set & (PROOF_DKIM | PROOF_DMARC)) != 0 ||
	       (set & (PROOF_LISTED | PROOF_SPF_FROM)) == (PROOF_LISTED | PROOF_SPF_FROM);
}

static void
delegation_vouch_check(struct load *load, const struct node *group, const struct delegation *made)
{
	const struct node *vouch = node_member(group, "vouch");

	if (made->vouch_count == 0)
		reading_fault(&load->r, vouch,
		    "'vouch' is empty, so nothing would prove it; write \"dkim\" or \"listed+spf_from\"");
	for (size_t i = 0; i < made->vouch_count; i++) {
		const struct lack *lack = lacks;

		if (proof_is_enough(made->vouch[i]))
			continue;
		while ((made->vouch[i] & lack->has) != lack->has)
			lack++; /* a set that is not enough is one of them */
		reading_fault(&load->r, &vouch->children[i],
		    "'vouch': '%.60s' lacks %s: %s; write \"dkim\" or \"listed+spf_from\"",
		    vouch->children[i].text, lack->lacks, lack->why);
	}
}

static bool
own_covers(const struct name_rules *own, const struct name_rule *rule)
{
	for (size_t i = 0; i < own->count; i++)
		if (own->list[i].exact
			? rule->exact && strcmp(rule->domain, own->list[i].domain) == 0
			: domain_is_under(rule->domain, own->list[i].domain))
			return true;
	return false;
}

static void
delegated_name_check(struct load *load, const struct node *node, const struct name_rule *rule)
{
	const struct name_rules *own = &load->policy->settings.own.domains;
	const struct name_rule alone = { .domain = rule->domain, .exact = true };

	if (own_covers(own, rule))
		return;
	if (own_covers(own, &alone))
		reading_fault(&load->r, node,
		    "'%.200s' holds the names below it too, and own.domains does not; write \"=%.200s\"",
		    node->text, rule->domain);
	else
		reading_fault(&load->r, node,
		    "'%.200s' is none of own.domains; name it there, or use 'partners' for somebody else's",
		    node->text);
}

static void
partner_name_check(struct load *load, const struct node *node, const struct name_rule *rule)
{
	const struct policy *policy = load->policy;
	const struct mailbox mailbox = {
		.local = rule->local == NULL ? "" : rule->local, .domain = rule->domain, .text = ""
	};

	if (name_rules_hold_domain(&policy->settings.own.domains, rule->domain)) {
		reading_fault(&load->r, node, "'%.200s' is one of own.domains; use 'delegations' for it",
		    node->text);
		return;
	}
	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct name_rules *owned = &policy->vendors[i].domains;

		if (rule->local == NULL ? name_rules_hold_domain(owned, rule->domain)
					: name_rules_hold(owned, &mailbox)) {
			reading_fault(&load->r, node,
			    "'%.200s' belongs to vendor '%s', whose own policy judges it; drop it here",
			    node->text, policy->vendors[i].name);
			return;
		}
	}
}

typedef void name_check(struct load *, const struct node *, const struct name_rule *);

static void
grant_check(struct load *load, const struct node *group, struct delegation *made, name_check *check)
{
	const struct node *domains = node_member(group, "domains");

	made->vendor = vendor_of(load, group, made->vendor_name, false);
	if (made->domains.count == 0)
		reading_fault(&load->r, domains, "'domains' is empty; name those that the vendor may use");
	for (size_t i = 0; i < made->domains.count; i++)
		check(load, &domains->children[i], &made->domains.list[i]);
	delegation_vouch_check(load, group, made);
}

static void
delegation_check(struct load *load, const struct node *list, void *made, size_t i)
{
	struct delegation *delegations = made;

	grant_check(load, &list->children[i], &delegations[i], delegated_name_check);
}

static void
partner_check(struct load *load, const struct node *list, void *made, size_t i)
{
	struct delegation *partners = made;

	grant_check(load, &list->children[i], &partners[i], partner_name_check);
}

/* A relay of a vendor has the addresses of its sources, so there must be some. */
static void
relay_vendor_check(struct load *load, const struct node *group, struct relay *relay)
{
	const struct vendor *vendor = vendor_of(load, group, relay->vendor_name, false);
	const struct node *tags = node_member(group, "tags");
	bool any = false;
	struct fault why;

	relay->vendor = vendor;
	if (vendor == NULL || vendor->domains.count == 0) /* it was not read: said already */
		return;
	for (size_t i = 0; i < vendor->source_count; i++)
		any = any || vendor->sources[i].selected;
	if (!any)
		reading_fault(&load->r, group,
		    "vendor '%s' has no selected source, so this relay has no address of it; write networks",
		    vendor->name);
	for (size_t i = 0; any && i < relay->tags.count; i++)
		if (!vendor_tag_fits(vendor, vendor->sources, true, relay->tags.list[i], &why))
			reading_fault(&load->r, &tags->children[i], "%s", why.text);
}

static void
relay_kind_check(struct load *load, const struct node *group, const struct relay *relay)
{
	const struct node *forwarded = node_member(group, "on_forwarded"),
			  *received = node_member(group, "received_by");

	if (relay->kind != RELAY_FORWARDER && forwarded != NULL)
		reading_fault(&load->r, forwarded,
		    "'on_forwarded' is for a forwarder; a gateway's mail is judged by the host before it; "
		    "drop it");
	if (relay->kind != RELAY_GATEWAY && received != NULL)
		reading_fault(&load->r, received,
		    "'received_by' is for a gateway, whose Received fields are read; drop it");
}

static void
relay_check(struct load *load, const struct node *list, void *made, size_t i)
{
	const struct node *group = &list->children[i], *tags = node_member(group, "tags");
	struct relay *relays = made, *relay = &relays[i];

	if (relay->vendor_name[0] != '\0')
		relay_vendor_check(load, group, relay);
	else if (relay->networks.count == 0)
		reading_fault(&load->r, group,
		    "a relay has no address; write networks = [ \"192.0.2.1\" ] or, for a gateway product "
		    "whose ranges move, vendor = \"mimecast\"");
	if (relay->vendor_name[0] == '\0' && relay->tags.count > 0)
		reading_fault(&load->r, tags, "'tags' selects sources of a vendor; write vendor beside it");
	relay_kind_check(load, group, relay);
	for (size_t j = 0; j < i; j++)
		if (strcmp(relays[j].name, relay->name) == 0) {
			reading_fault(&load->r, group,
			    "relay '%s' stands in line %u already; give one of them another name",
			    relay->name, list->children[j].line);
			break;
		}
}

static bool
rules_equal(const struct name_rule *a, const struct name_rule *b)
{
	return strcmp(a->domain, b->domain) == 0 && a->exact == b->exact &&
	       (a->local == NULL) == (b->local == NULL) &&
	       (a->local == NULL || strcasecmp(a->local, b->local) == 0);
}

static void
exception_mode_check(struct load *load, const struct node *group, const struct exception *made)
{
	const struct vendor *vendor = made->vendor;
	const struct node *node = node_member(group, "mode");

	if (vendor == &load->policy->own && vendor->domains.count == 0)
		reading_fault(&load->r, group, "own.domains is empty, so no mail claims our own names; "
		    "name them there, or drop this exception");
	else if (vendor->mode == MODE_MONITOR)
		reading_fault(&load->r, node,
		    "vendor '%s' is in mode monitor for everybody, and nothing is softer; drop this exception",
		    vendor->name);
	else if (made->mode <= vendor->mode)
		reading_fault(&load->r, node,
		    "'mode' must be softer than that of '%s', which is %s; write monitor", vendor->name,
		    vendor_mode_word(vendor->mode));
}

static void
exception_check(struct load *load, const struct node *list, void *made, size_t i)
{
	const struct node *group = &list->children[i];
	struct exception *exceptions = made, *exception = &exceptions[i];
	struct fault why;

	exception->vendor = vendor_of(load, group, exception->vendor_name, true);
	if (exception->vendor != NULL)
		exception_mode_check(load, group, exception);
	if (!key_name_rule(&load->r, exception->rcpt, &exception->rule, &why)) {
		reading_fault(&load->r, node_member(group, "rcpt"), "'rcpt': %s", why.text);
		return;
	}
	for (size_t j = 0; j < i; j++)
		if (exceptions[j].vendor == exception->vendor && exceptions[j].rule.domain != NULL &&
		    rules_equal(&exceptions[j].rule, &exception->rule)) {
			reading_fault(&load->r, group,
			    "line %u makes an exception of '%.200s' for '%s' already; keep one of them",
			    list->children[j].line, exception->rcpt, exception->vendor_name);
			break;
		}
}

static void
export_check(struct load *load, const struct node *list, void *made, size_t i)
{
	const struct node *group = &list->children[i];
	const struct export_job *jobs = made, *job = &jobs[i];
	struct fault why;

	if (!export_value_check(job->format, job->value, &why))
		reading_fault(&load->r, group, "'exports.value': %s", why.text);
	for (size_t j = 0; j < i; j++)
		if (job->file[0] != '\0' && strcmp(jobs[j].file, job->file) == 0)
			reading_fault(&load->r, group,
			    "two of 'exports' write to '%.100s'; name a file for each", job->file);
}

/* ---- the lists ---- */

struct list {
	const char *name;
	const struct keys *keys;
	size_t size, most;
	/* of element i, whose keys had no fault */
	void (*check)(struct load *, const struct node *list, void *made, size_t i);
};

static void *
list_load(struct load *load, const struct node *root, const struct list *list, size_t *out)
{
	const struct node *node;
	size_t count = groups_of(root, list->name, &node);
	char *made;

	*out = 0;
	if (count > list->most) {
		reading_fault(&load->r, node, "more than %zu %s; write fewer", list->most, list->name);
		return NULL;
	}
	made = reading_take(&load->r, count, list->size);
	for (size_t i = 0; made != NULL && i < count; i++) {
		size_t errors = load->r.faults->errors;

		keys_default(&load->r, list->keys, made + i * list->size);
		if (node->children[i].kind != NODE_GROUP)
			continue;
		keys_require(&load->r, list->keys, &node->children[i]);
		keys_read(&load->r, list->keys, &node->children[i], made + i * list->size);
		if (load->r.faults->errors == errors)
			list->check(load, node, made, i);
	}
	*out = made == NULL ? 0 : count;
	return made;
}

void
groups_read(struct load *load, const struct node *root)
{
	static const struct list delegations = { "delegations", &delegation_keys,
		sizeof(struct delegation), GROUPS_MAX, delegation_check };
	static const struct list partners = { "partners", &partner_keys, sizeof(struct delegation),
		GROUPS_MAX, partner_check };
	static const struct list relays = { "relays", &relay_keys, sizeof(struct relay), GROUPS_MAX,
		relay_check };
	static const struct list exceptions = { "exceptions", &exception_keys,
		sizeof(struct exception), GROUPS_MAX, exception_check };
	static const struct list exports = { "exports", &export_keys, sizeof(struct export_job),
		EXPORTS_MAX, export_check };
	struct policy *policy = load->policy;

	policy->delegations = list_load(load, root, &delegations, &policy->delegation_count);
	policy->partners = list_load(load, root, &partners, &policy->partner_count);
	policy->relays = list_load(load, root, &relays, &policy->relay_count);
	policy->exceptions = list_load(load, root, &exceptions, &policy->exception_count);
	policy->exports = list_load(load, root, &exports, &policy->export_count);
}

#undef AT
#undef LIST_AT
enum { VENDORS_MAX = 4096 };

/* The tree of a file, or NULL with its fault added. */
static const struct node *
text_tree(struct load *load, const char *file, const char *text, size_t length)
{
	const struct node *root;
	struct fault why;

	if (length > POLICY_TEXT_MAX) {
		faults_error(load->r.faults, file, 0,
		    "larger than %d MiB; put long lists into files of their own",
		    POLICY_TEXT_MAX >> 20);
		return NULL;
	}
	root = tree_read(load->trees, file, text, length, &why);
	if (root == NULL)
		faults_add(load->r.faults, FAULT_ERROR, &why);
	return root;
}

/* The one group of a vendor's file. */
static const struct node *
vendor_group(struct load *load, const char *file, const struct node *root)
{
	static const char *const words[] = { "vendor" };
	const struct node *group = node_member(root, "vendor");
	char hint[HINT_TEXT];

	for (size_t i = 0; i < root->count; i++)
		if (strcmp(root->children[i].name, words[0]) != 0)
			faults_error(load->r.faults, file, root->children[i].line,
			    "unknown key '%.60s'%s", root->children[i].name,
			    keys_hint(root->children[i].name, words, 1, hint));
	if (group == NULL)
		faults_error(load->r.faults, file, 0,
		    "no vendor is described; write vendor = { name = \"...\"; ... };");
	else if (group->kind != NODE_GROUP)
		faults_error(load->r.faults, file, group->line,
		    "'vendor' wants a group; write vendor = { ... };");
	return group == NULL || group->kind != NODE_GROUP ? NULL : group;
}

/* Finds, parses and reads the file of a vendor; false when there is nothing to finish. */
static bool
vendor_file_read(
    struct load *load, const char *name, const struct node *site, struct vendor_draft *draft)
{
	struct reading *r = &load->r;
	const struct node *root, *group, *inside;
	const char *path = name, *text;
	struct fault why = { .text = "" };
	size_t length = 0;

	text = load->files->vendor(load->files->context, &load->policy->settings.vendor_path,
	    name, &path, &length, &why);
	if (text == NULL) {
		reading_fault(
		    r, site, "%s%s%s", why.file, why.file[0] == '\0' ? "" : ": ", why.text);
		return false;
	}
	draft->vendor.file = reading_string(r, path);
	root = text_tree(load, path, text, length);
	group = root == NULL ? NULL : vendor_group(load, path, root);
	if (group == NULL)
		return false;
	r->file = draft->vendor.file;
	keys_require(r, &vendor_keys, group);
	vendor_draft_read(r, group, draft);
	inside = node_member(group, "name");
	if (inside != NULL && inside->kind == NODE_STRING && value_name(inside->text, NULL) &&
	    strcmp(draft->vendor.name, name) != 0)
		reading_fault(r, inside, "'%.60s' is not the name of this file; write \"%s\"",
		    inside->text, name);
	r->file = load->file;
	return true;
}

/* How faults call a list: beside the file that names it. */
static const char *
list_path(struct load *load, const char *beside, const char *name)
{
	const char *slash = strrchr(beside, '/'), *path = NULL;

	if (name[0] != '/' && slash != NULL)
		path =
		    arena_format(load->trees, "%.*s/%s", (int)(slash - beside), beside, name);
	return path == NULL ? name : path;
}

static void
lists_read(struct load *load, struct vendor_draft *draft)
{
	for (size_t i = 0; i < draft->vendor.source_count; i++) {
		struct source *source = &draft->sources[i];
		struct fault why = { .text = "" };
		const char *text;
		size_t length = 0;

		if (source->kind != SOURCE_FILE || source->name[0] == '\0')
			continue;
		text = load->files->networks(
		    load->files->context, draft->sources_file, source->name, &length, &why);
		if (text == NULL)
			faults_error(load->r.faults, draft->sources_file, source->line,
			    "%s%s%s", why.file, why.file[0] == '\0' ? "" : ": ", why.text);
		else
			vendor_networks_read(&load->r, source,
			    list_path(load, draft->sources_file, source->name), text, length);
	}
}

/* The name of a vendor in greenlane.conf; NULL where it is none: keys_read says why. */
static const char *
site_name(struct load *load, const struct node *site)
{
	const struct node *name = node_member(site, "name");

	if (name == NULL)
		reading_fault(
		    &load->r, site, "a vendor has no name; write { name = \"autotask\"; }");
	if (name == NULL || name->kind != NODE_STRING || name->text[0] == '\0' ||
	    !value_name(name->text, NULL))
		return NULL;
	if (strcmp(name->text, OWN_NAME) == 0) {
		reading_fault(&load->r, name,
		    "the name '%s' is kept for our own names; give the vendor's file another one",
		    name->text);
		return NULL;
	}
	for (size_t i = 0; i < load->draft_count; i++)
		if (strcmp(load->drafts[i].vendor.name, name->text) == 0) {
			reading_fault(&load->r, name,
			    "vendor '%s' stands in line %u already; keep one of them",
			    name->text, load->drafts[i].vendor.line);
			return NULL;
		}
	return name->text;
}

static void
vendor_read(struct load *load, const struct node *site)
{
	struct vendor_draft *draft = &load->drafts[load->draft_count];
	const char *name = site_name(load, site);
	bool found = false;

	vendor_draft_open(&load->r, draft);
	draft->vendor.line = site->line;
	if (name != NULL)
		found = vendor_file_read(load, name, site, draft);
	load->r.site = true;
	vendor_draft_read(&load->r, site, draft);
	load->r.site = false;
	if (name == NULL)
		return;
	load->draft_count++;
	if (!found)
		return;
	lists_read(load, draft);
	vendor_draft_finish(&load->r, draft);
}

/* All vendors into one list, all their sources into another, numbered. */
static void
vendors_place(struct load *load)
{
	struct reading *r = &load->r;
	struct vendor *vendors = reading_take(r, load->draft_count, sizeof *vendors);
	struct source *sources;
	size_t total = 0, next = 0;

	for (size_t i = 0; i < load->draft_count; i++)
		total += load->drafts[i].vendor.source_count;
	sources = reading_take(r, total, sizeof *sources);
	if (vendors == NULL || sources == NULL)
		return;
	for (size_t i = 0; i < load->draft_count; i++) {
		vendors[i] = load->drafts[i].vendor;
		vendors[i].number = (uint32_t)i;
		vendors[i].sources = &sources[next];
		vendors[i].sources_file = load->drafts[i].sources_file;
		for (size_t j = 0; j < vendors[i].source_count; j++, next++) {
			sources[next] = load->drafts[i].sources[j];
			sources[next].number = (uint32_t)next;
			sources[next].vendor = &vendors[i];
		}
	}
	load->policy->vendors = vendors;
	load->policy->vendor_count = load->draft_count;
	load->policy->sources = sources;
	load->policy->source_count = total;
}

static void
vendors_read(struct load *load, const struct node *root)
{
	const struct node *list;
	size_t count = groups_of(root, "vendors", &list);

	if (list != NULL && list->kind == NODE_LIST && count == 0)
		faults_warn(load->r.faults, load->file, list->line,
		    "'vendors' is empty, so nothing is vouched for; write ( { name = "
		    "\"autotask\"; } )");
	if (count > VENDORS_MAX) {
		reading_fault(&load->r, list, "more than %d vendors; write fewer", VENDORS_MAX);
		return;
	}
	load->drafts =
	    count == 0 ? NULL : arena_take(load->trees, count * sizeof *load->drafts);
	if (count > 0 && load->drafts == NULL)
		reading_starve(&load->r);
	for (size_t i = 0; i < count && load->drafts != NULL; i++)
		if (list->children[i].kind == NODE_GROUP)
			vendor_read(load, &list->children[i]);
	vendors_place(load);
}

static struct policy *
policy_open(struct faults *faults, const char *file)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct policy *policy = arena == NULL ? NULL : arena_take(arena, sizeof *policy);

	if (policy == NULL) {
		faults_error(faults, file, 0, "out of memory");
		arena_close(arena);
		return NULL;
	}
	policy->arena = arena;
	return policy;
}

struct policy *
policy_text_load(const char *file, const char *text, size_t length,
    const struct policy_files *files, struct faults *faults)
{
	size_t before = faults->errors;
	struct policy *policy = policy_open(faults, file);
	struct load load = { .files = files, .file = file, .policy = policy };
	const struct node *root;

	if (policy == NULL)
		return NULL;
	load.r = (struct reading){ .arena = policy->arena, .faults = faults, .file = file };
	load.trees = arena_open(POLICY_ARENA_MAX);
	if (load.trees == NULL)
		reading_starve(&load.r);
	root = load.trees == NULL ? NULL : text_tree(&load, file, text, length);
	if (root != NULL) {
		settings_read(&load, root);
		vendors_read(&load, root);
		groups_read(&load, root);
	}
	arena_close(load.trees);
	if (faults->errors == before)
		return policy;
	policy_free(policy);
	return NULL;
}

bool
policy_text_duration(const char *text, int64_t *ms)
{
	return value_duration(text, ms);
}

bool
policy_text_size(const char *text, int64_t *bytes)
{
	return value_size(text, bytes);
}

void
policy_text_keys(
    void (*each)(void *, const char *, const char *, const char *, const char *), void *context)
{
	static const struct keys *const tables[] = { &setting_keys, &delegation_keys,
		&partner_keys, &relay_keys, &exception_keys, &export_keys, &vendor_keys, &source_keys, &evidence_keys };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		keys_each(tables[i], each, context);
}
