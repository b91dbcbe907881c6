#include <string.h>

#include "policy/config/policy_load.h"
#include "policy/config/policy_value.h"
#include "policy/rules/warning.h"
#include "policy/util/arena.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
enum { OWN_MAX = 1000 }; /* addresses or names of a list; each is compared with every client */
#define DAYS(n) (INT64_C(n) * DAY)

static const char *const daemon_modes[] = { "enforce", "monitor", NULL };
static const char *const sandbox_words[] = { "auto", "off", NULL };
static const char *const dmarc_words[] = {
	[STRANGERS_OFF] = "off", [STRANGERS_REPORT] = "report", [STRANGERS_QUARANTINE] = "quarantine", [STRANGERS_REJECT] = "reject", NULL
};
static const char *const stages[] = {
	[GREYLIST_AUTO] = "auto", [GREYLIST_RCPT] = "rcpt", [GREYLIST_MESSAGE] = "message", NULL
};
static const char *const mark_words[] = {
	[MARK_NO_NAME] = "no-name", [MARK_ADDRESS_NAME] = "address-name", [MARK_NO_SPF] = "no-spf", NULL
};
static const char *const undecided_words[] = {
	[UNDECIDED_EXCLUSIVE] = "exclusive", [UNDECIDED_VOUCH] = "vouch", [UNDECIDED_GREYLIST] = "greylist", NULL
};
static const char *const facilities[] = { "mail", "daemon", "user", "auth", "local0", "local1", "local2", "local3",
	"local4", "local5", "local6", "local7", NULL };

/* Not as wide as a slip that takes half of the internet in; fc00::/7 is nobody else's, and 10.0.0.0/7 is. */
static bool
network_fits(const struct prefix *prefix)
{
	return vendor_network_fits(prefix, NULL) ||
	    (prefix->base.family == ADDRESS_V6 && prefix->bits >= 7 && address_is_private(&prefix->base));
}

static bool
own_network_fits(const struct prefix *prefix, struct fault *why)
{
	char text[PREFIX_TEXT];

	return network_fits(prefix) ||
	    fault_set(why,
		"'%s' is too wide for our own clients, whose mail passes unchecked; write the networks of our hosts",
		prefix_write(prefix, text));
}

static bool
exempt_network_fits(const struct prefix *prefix, struct fault *why)
{
	char text[PREFIX_TEXT];

	return network_fits(prefix) ||
	    fault_set(why, "'%s' is too wide; write greylist = { store = \"none\"; } if nobody shall be greylisted",
		prefix_write(prefix, text));
}

#define AT(field) .offset = offsetof(struct settings, field)
#define LIST_AT(field) \
	.offset = offsetof(struct settings, field.list), .count_offset = offsetof(struct settings, field.count)
#define RANGE(least, most) .min = (least), .max = (most)

static const struct key setting_rows[] = {
	{ "authserv_id", &key_text, NULL, "our name in Authentication-Results; by default the MTA's", AT(authserv_id),
	    .example = "\"mx.example.com\"", .word = "a word", .check = value_word },
	{ "mode", &key_switch, "enforce", "monitor: judge, log and write headers, but pass everything", AT(monitor),
	    .words = daemon_modes },
	{ "user", &key_text, "greenlane", "the user that greenlaned switches to when started as root", AT(user),
	    .word = "a word", .check = value_word },
	{ "state_dir", &key_text, GREENLANE_STATE_DIR, "holds what must survive a restart", AT(state_dir),
	    .word = "an absolute path", .check = value_path },
	{ "sandbox", &key_switch, "auto",
	    "off: greenlaned may use files that it does not need, where the kernel has Landlock", AT(sandbox_off),
	    .words = sandbox_words },
	{ "shadow", &key_text, NULL,
	    "another greenlane.conf, judged beside this one: what it would do differently is logged", AT(shadow),
	    .example = "\"/etc/greenlane/draft.conf\"", .word = "an absolute path", .check = value_path },
	{ "unsure_max", &key_seconds, "4h",
	    "how long the same unsure mail is deferred before it is treated like a stranger's", AT(unsure_max),
	    RANGE(SECOND, DAYS(30)) },
	{ "review_grace", &key_seconds, "30d", "how long a source still counts in full after its review_by",
	    AT(review_grace), RANGE(SECOND, DAYS(400)) },
	{ "milter.listen", &key_text, "unix:" GREENLANE_RUN_DIR "/milter.sock", "where the MTA connects",
	    AT(milter.listen), .word = "a listener", .check = value_listener },
	{ "milter.group", &key_text, "postfix", "group that may use the milter's socket", AT(milter.group),
	    .word = "a word", .check = value_word },
	{ "milter.deadline", &key_milliseconds, "20s", "how long one message may wait for DNS", AT(milter.deadline_ms),
	    RANGE(SECOND, 5 * MINUTE) },
	{ "milter.max_sessions", &key_number, "500", "how many connections the MTA may have at once",
	    AT(milter.max_sessions), RANGE(1, 100000) },
	{ "delegate.listen", &key_text, NULL, "where Postfix's policy delegation connects", AT(delegate.listen),
	    .example = "\"inet:8891@127.0.0.1\"", .word = "a listener", .check = value_listener },
	{ "delegate.greylist_class", &key_text, "greylist",
	    "restriction class that is the reply for everything that is not vouched for", AT(delegate.greylist_class),
	    .word = "a restriction class", .check = value_class },
	{ "delegate.undecided", &key_word, "exclusive",
	    "the reply for a listed client that only the message can prove to be the vendor's", AT(delegate.undecided),
	    .words = undecided_words },
	{ "socketmap.listen", &key_text, NULL, "where Sendmail's rulesets connect (a socket map)", AT(socketmap_listen),
	    .example = "\"unix:/run/greenlane/socketmap.sock\"", .word = "a listener", .check = value_listener },
	{ "control.listen", &key_text, "unix:" GREENLANE_RUN_DIR "/control.sock",
	    "where greenlane status and reload connect: a Unix socket, or none", AT(control.listen),
	    .word = "a Unix socket or \"none\"", .check = value_control },
	{ "control.group", &key_text, NULL, "group that may ask over control; by default that of user",
	    AT(control.group), .example = "\"greenlane\"", .word = "a word", .check = value_word },
	{ "alert.command", &key_text, NULL, "told of each problem that greenlane status names, as it begins and as it ends",
	    AT(alert.command), .example = "\"/usr/local/sbin/tell-me\"", .word = "a command", .check = value_command },
	{ "alert.silence", &key_seconds, "2h", "how long after the start no MTA may connect before that is a problem",
	    AT(alert.silence), RANGE(SECOND, DAYS(30)) },
	{ "alert.jump", &key_percent, "50%",
	    "told when the forged or unproven share of a vendor's mail is so much above the usual",
	    AT(alert.jump_percent), RANGE(PERCENT, 100 * PERCENT), .example = "\"50%\"" },
	{ "alert.jump_least", &key_number, "40",
	    "messages within a day that are forged, or unproven, before a share counts; 0: never", AT(alert.jump_least),
	    RANGE(0, 1000000) },
	{ "alert.broken_least", &key_number, "5",
	    "messages of a vendor's own hosts in a row whose signatures fail before that is told; 0: never",
	    AT(alert.broken_least), RANGE(0, 1000000) },
	{ "alert.broken_after", &key_seconds, "1h", "and for how long they must have failed", AT(alert.broken_after),
	    RANGE(SECOND, DAYS(30)) },
	{ "alert.delayed", &key_number, "3",
	    "recipients of vouched mail that others defer within a day before that is told; 0: never",
	    AT(alert.delayed), RANGE(0, 1000000) },
	{ "metrics.listen", &key_text, NULL, "where a monitoring system reads metrics, by HTTP", AT(metrics_listen),
	    .example = "\"inet:9180@127.0.0.1\"", .word = "a listener", .check = value_listener },
	{ "dns.servers", &key_texts, "", "name servers to ask; by default those in resolv.conf", LIST_AT(dns.servers),
	    .word = "a list of name servers", .check = value_server },
	{ "dns.timeout", &key_milliseconds, "5s", "how long one query may take", AT(dns.timeout_ms),
	    RANGE(SECOND, MINUTE) },
	{ "dns.trust_anchor", &key_text, NULL, "root key file; without it there is no DNSSEC", AT(dns.trust_anchor),
	    .example = "\"/usr/share/dns/root.key\"", .word = "an absolute path", .check = value_path },
	{ "dkim.max_age", &key_seconds, "7d", "an older signature vouches for nothing", AT(dkim.max_age),
	    RANGE(SECOND, DAYS(400)) },
	{ "log.facility", &key_choice, "mail", "syslog facility of the verdicts", AT(log.facility), .words = facilities },
	{ "log.record", &key_text, NULL, "file for one JSON object per verdict; without it none is written",
	    AT(log.record), .example = "\"/var/log/greenlane/verdicts.jsonl\"", .word = "an absolute path",
	    .check = value_path },
	{ "log.privacy", &key_bool, "false",
	    "hide who somebody is in both: local parts are hashed by a key of the host", AT(log.privacy) },
	{ "greylist.store", &key_text, "lmdb:" GREENLANE_STATE_DIR "/greylist",
	    "lmdb:PATH, redis:HOST:PORT, redis:unix:PATH, redis-sentinel:NAME@HOST:PORT,... or none; the default is in state_dir",
	    AT(store), .word = "a store", .check = value_store },
	{ "greylist.redis.user", &key_text, NULL, "who logs in to Redis; without it the default user", AT(redis.user),
	    .example = "\"greenlane\"", .word = "a word", .check = value_word },
	{ "greylist.redis.password_file", &key_text, NULL, "a file whose first line is the password",
	    AT(redis.password_file), .example = "\"/etc/greenlane/redis.password\"", .word = "an absolute path",
	    .check = value_path },
	{ "greylist.redis.database", &key_number, "0", "the number of the database", AT(redis.database), RANGE(0, 65535) },
	{ "greylist.redis.prefix", &key_text, "greenlane:", "what every key begins with", AT(redis.prefix),
	    .word = "a word", .check = value_prefix },
	{ "greylist.redis.connect_timeout", &key_milliseconds, "200ms", "how long a message waits for a connection",
	    AT(redis.connect_ms), RANGE(10, 5 * SECOND) },
	{ "greylist.redis.command_timeout", &key_milliseconds, "100ms", "how long a message waits for a reply",
	    AT(redis.command_ms), RANGE(10, 5 * SECOND) },
	{ "greylist.redis.tls.ca", &key_text, NULL, "certificates that Redis' own is checked against; turns TLS on",
	    AT(redis.tls.ca), .example = "\"/etc/greenlane/redis-ca.pem\"", .word = "an absolute path",
	    .check = value_path },
	{ "greylist.redis.tls.cert", &key_text, NULL, "our certificate", AT(redis.tls.cert),
	    .example = "\"/etc/greenlane/redis.pem\"", .word = "an absolute path", .check = value_path },
	{ "greylist.redis.tls.key", &key_text, NULL, "its key", AT(redis.tls.key),
	    .example = "\"/etc/greenlane/redis.key\"", .word = "an absolute path", .check = value_path },
	{ "greylist.redis.tls.name", &key_text, NULL, "the name in Redis' certificate; without it that of greylist.store",
	    AT(redis.tls.name), .example = "\"redis.example.com\"", .word = "a word", .check = value_word },
	{ "greylist.learn", &key_bool, "true", "in monitor mode, know by then who came again", AT(greylist.learn) },
	{ "greylist.stage", &key_word, "auto",
	    "when a stranger is greylisted: at RCPT, at the end of the message, or as needed", AT(greylist.stage),
	    .words = stages },
	{ "greylist.delay", &key_seconds, "5m", "how long a stranger waits", AT(greylist.delay), RANGE(SECOND, DAYS(1)) },
	{ "greylist.retry_window", &key_seconds, "2d", "how late a stranger may try again", AT(greylist.retry_window),
	    RANGE(SECOND, DAYS(60)) },
	{ "greylist.lifetime", &key_seconds, "36d", "how long a sender that passed is remembered",
	    AT(greylist.lifetime), RANGE(SECOND, DAYS(400)) },
	{ "greylist.auto_pass", &key_number, "5", "passes after which a key is not greylisted again",
	    AT(greylist.auto_pass), RANGE(1, 1000000) },
	{ "greylist.auto_pass_network", &key_number, "0",
	    "tuples that waited and came again after which a network passes at once; 0: never",
	    AT(greylist.auto_pass_network), RANGE(0, 1000000) },
	{ "greylist.spf_pass", &key_bool, "false",
	    "a stranger passes at once whose SPF passes by a narrow record that ends in -all", AT(greylist.spf_pass) },
	{ "greylist.only", &key_flags, NULL, "only strangers are greylisted that have one of these marks",
	    AT(greylist.only), .words = mark_words, .word = "a list of words",
	    .example = "[ \"no-name\", \"address-name\", \"no-spf\" ]" },
	{ "greylist.dnswl", &key_text, NULL, "a whitelist in DNS; a stranger passes at once whose address it lists",
	    AT(greylist.dnswl), .example = "\"list.dnswl.org\"", .word = "a domain name", .check = value_zone },
	{ "greylist.ipv4_prefix", &key_number, "24", "bits of an IPv4 client that make a key", AT(greylist.ipv4_prefix),
	    RANGE(8, 32) },
	{ "greylist.ipv6_prefix", &key_number, "64", "bits of an IPv6 client that make a key", AT(greylist.ipv6_prefix),
	    RANGE(16, 128) },
	{ "greylist.exempt.networks", &key_networks, "", "clients that are never greylisted",
	    LIST_AT(greylist.exempt_networks), .check_network = exempt_network_fits },
	{ "greylist.exempt.senders", &key_mailboxes, "", "senders that are never greylisted",
	    LIST_AT(greylist.exempt_senders) },
	{ "greylist.exempt.recipients", &key_mailboxes, "postmaster@, abuse@", "recipients that never greylist",
	    LIST_AT(greylist.exempt_recipients) },
	{ "refresh.min", &key_seconds, "60s", "a source is queried again no sooner", AT(refresh.min),
	    RANGE(SECOND, DAYS(1)) },
	{ "refresh.max", &key_seconds, "1d", "a source is queried again no later", AT(refresh.max),
	    RANGE(SECOND, DAYS(30)) },
	{ "refresh.widest_ipv4", &key_number, "12", "a source with a wider IPv4 network is not believed",
	    AT(refresh.widest_ipv4), RANGE(1, 32) },
	{ "refresh.widest_ipv6", &key_number, "28", "a source with a wider IPv6 network is not believed",
	    AT(refresh.widest_ipv6), RANGE(1, 128) },
	{ "refresh.largest_share", &key_share, "0.1%", "a source with more of the address space is not believed",
	    AT(refresh.share_ppm), RANGE(1, 100 * PERCENT), .example = "\"0.1%\"" },
	{ "refresh.largest_fall", &key_percent, "50%",
	    "a source that loses more of its addresses in one step is not believed", AT(refresh.fall_percent),
	    RANGE(PERCENT, 100 * PERCENT), .example = "\"50%\"" },
	{ "refresh.absent_after", &key_seconds, "7d",
	    "a source that is gone or published wrongly for this long lists nothing", AT(refresh.absent_after),
	    RANGE(SECOND, DAYS(400)) },
	{ "refresh.silent_after", &key_seconds_or_never, "90d", "a network that sent nothing for this long counts as drift",
	    AT(refresh.silent_after), RANGE(SECOND, DAYS(400)) },
	{ "reply.contact", &key_text, NULL, "where a refused sender may ask; part of the reply", AT(contact),
	    .example = "\"https://example.com/postmaster\"", .word = "plain ASCII text", .check = value_ascii },
	{ "own.domains", &key_domains, "", "our own names", LIST_AT(own.domains), .flags = KEY_OWNER },
	{ "own.networks", &key_networks, "", "our own clients: their mail is exempt", LIST_AT(own.networks),
	    .check_network = own_network_fits },
	{ "own.outbound", &key_addresses, "", "single addresses that may send in our names, and in no other",
	    LIST_AT(own.outbound), .max = OWN_MAX },
	{ "own.may_forward", &key_addresses, "", "single addresses that may send in any name", LIST_AT(own.may_forward),
	    .max = OWN_MAX },
	{ "own.on_forged", &key_word, "defer", "for mail that uses our names without proof", AT(own.on_forged),
	    .words = vendor_action_words },
	{ "own.lists", &key_domains, "", "mailing lists that send our users' mail back to us", LIST_AT(own.lists),
	    .max = OWN_MAX, .check = vendor_name_fits, .flags = KEY_OWNER },
	{ "own.accept", &key_flags, NULL, "warnings about own, relays and this file that are settled", AT(own.accepts),
	    .words = warning_slugs, .manual = WARNING_MANUAL, .word = "a list of warnings",
	    .example = "[ \"shared-list\" ]" },
	{ "own.daemon_names", &key_texts, "", "the MTA's submission services: their mail is exempt",
	    LIST_AT(own.daemon_names), .word = "a list of words", .check = value_word },
	{ "strangers.authenticate", &key_bool, "true", "SPF, DKIM and DMARC of mail that claims no vendor",
	    AT(strangers.authenticate) },
	{ "strangers.dmarc", &key_word, "report", "what is done when it fails DMARC; report: it is only written down",
	    AT(strangers.dmarc), .words = dmarc_words },
	{ "strangers.hold", &key_bool, "false", "what is quarantined goes into the MTA's hold queue", AT(strangers.hold) },
	{ "vendor_path", &key_texts, GREENLANE_VENDOR_DIR ", " GREENLANE_CATALOGUE_DIR ", " GREENLANE_SITE_VENDOR_DIR,
	    "directories of vendor files; of two files of one name the later counts", LIST_AT(vendor_path),
	    .word = "a list of directories" },
	{ "vendors", &key_groups, NULL, "the vendors in force; any key of a vendor file may be given beside name",
	    .example = "( { name = \"autotask\"; } )", .flags = KEY_REQUIRED },
	{ "delegations", &key_groups, NULL, "vendors that may send in our own names",
	    .example = "( { vendor = \"autotask\"; domains = [ \"example.com\" ]; } )", .elements = &delegation_keys },
	{ "partners", &key_groups, NULL, "vendors that may send in somebody else's names",
	    .example = "( { vendor = \"autotask\"; domains = [ \"msp.example\" ]; } )", .elements = &partner_keys },
	{ "relays", &key_groups, NULL, "hosts that hand us other people's mail",
	    .example = "( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ "
		       "\"192.0.2.1\" ]; } )",
	    .elements = &relay_keys },
	{ "exceptions", &key_groups, NULL, "recipients for whom a vendor's mode is softer",
	    .example = "( { rcpt = \"abuse@\"; vendor = \"autotask\"; mode = \"vouch\"; } )",
	    .elements = &exception_keys },
	{ "exports", &key_groups, NULL, "files that greenlaned keeps fresh for other programs",
	    .example = "( { format = \"postgrey\"; file = \"/var/lib/greenlane-exports/postgrey\"; } )",
	    .elements = &export_keys },
};
const struct keys setting_keys = { "", setting_rows, sizeof setting_rows / sizeof setting_rows[0] };

/* Two listeners at one address: the second would find it taken, by what looks like another program. */
static void
listeners_check(struct load *load, const struct node *root)
{
	const struct settings *settings = &load->policy->settings;
	const struct {
		const char *group, *listen;
	} list[] = {
		{ "milter", settings->milter.listen },
		{ "delegate", settings->delegate.listen },
		{ "socketmap", settings->socketmap_listen },
		{ "control", settings->control.listen },
		{ "metrics", settings->metrics_listen },
	};

	for (size_t i = 0; i < sizeof list / sizeof list[0]; i++)
		for (size_t j = 0; j < i; j++)
			if (list[i].listen[0] != '\0' && strcmp(list[i].listen, "none") != 0 &&
			    strcmp(list[i].listen, list[j].listen) == 0)
				reading_fault(&load->r, node_member(root, list[i].group),
				    "'%s.listen' and '%s.listen' are the same address, %.200s; give each its own",
				    list[i].group, list[j].group, list[i].listen);
}

/* Checks of several keys. */
static void
settings_check(struct load *load, const struct node *root)
{
	struct settings *settings = &load->policy->settings;
	const struct node *refresh = node_member(root, "refresh"), *greylist = node_member(root, "greylist");
	const struct node *user = node_member(root, "user");
	struct reading *r = &load->r;

	if (refresh != NULL && settings->refresh.min > settings->refresh.max)
		reading_fault(r, refresh, "'refresh.min' is longer than 'refresh.max'; write a shorter one");
	if (greylist != NULL && settings->greylist.delay >= settings->greylist.retry_window)
		reading_fault(r, greylist,
		    "'greylist.delay' is not shorter than 'greylist.retry_window', so nobody could try again in "
		    "time; write a longer window");
	if (user != NULL && strcmp(settings->user, "root") == 0)
		warning_add(r->faults, &load->policy->own, WARNING_ROOT_USER, r->file, user->line,
		    "'user' is root; write an unprivileged user");
	if (settings->redis.user[0] != '\0' && settings->redis.password_file[0] == '\0')
		reading_fault(r, greylist,
		    "'greylist.redis.user' has no password; write password_file = \"/etc/greenlane/redis.password\" beside it");
	settings->greylist.on = strcmp(settings->store, "none") != 0;
}

/* Our own names in the form of a vendor, so that one table of rules judges both. */
static void
own_place(struct load *load, const struct node *own)
{
	const struct settings *settings = &load->policy->settings;

	load->policy->own = (struct vendor){ .number = UINT32_MAX,
		.name = OWN_NAME,
		.title = "our own names",
		.kind = VENDOR_APPLICATION,
		.mode = MODE_ENFORCE,
		.domains = settings->own.domains,
		.dkim = settings->own.domains,
		.on_forged = settings->own.on_forged,
		.on_unproven = ACTION_GREYLIST,
		.on_unsure = ACTION_DEFER,
		.line = own == NULL ? 0 : own->line,
		.accepts = settings->own.accepts };
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
		    "hosts in 'own.outbound' may send in our names only, but 'own.domains' is empty; write domains "
		    "= [ \"example.com\" ] beside it");
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
	if (greylist == NULL || greylist->kind != NODE_GROUP || node_member(greylist, "store") == NULL) {
		const char *store = arena_format(load->r.arena, "lmdb:%s/greylist", settings->state_dir);

		if (store == NULL)
			reading_starve(&load->r);
		else
			settings->store = store;
	}
	own_read(load, root);
	settings_check(load, root);
	listeners_check(load, root);
}

size_t
groups_of(const struct node *root, const char *name, const struct node **list)
{
	const struct node *node = node_member(root, name);

	*list = node;
	return node == NULL || node->kind != NODE_LIST ? 0 : node->count;
}
