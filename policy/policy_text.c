#include <string.h>

#include "arena.h"
#include "policy_keys.h"
#include "policy_text.h"
#include "policy_tree.h"
#include "policy_value.h"
#include "policy_vendor.h"
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
enum { VENDORS_MAX = 4096 };
#define DAYS(n) (INT64_C(n) * DAY)

static const char *const daemon_modes[] = { "enforce", "monitor", NULL };
static const char *const dmarc_words[] = { "off", "report", NULL };
static const char *const relay_kinds[] = {
	[RELAY_GATEWAY] = "gateway", [RELAY_FORWARDER] = "forwarder", NULL
};
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
	{ "own.outbound", &key_networks, "", "hosts that send in our name",
	    LIST_AT(own.outbound), .flags = KEY_IDLE },
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
	    .example = "( { vendor = \"autotask\"; domains = [ \"example.com\" ]; } )",
	    .flags = KEY_IDLE },
	{ "relays", &key_groups, NULL, "hosts that hand us other people's mail",
	    .example = "( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ "
		       "\"192.0.2.1\" ]; } )",
	    .flags = KEY_IDLE },
	{ "exports", &key_groups, NULL, "files that greenlaned keeps fresh for other programs",
	    .example = "( { format = \"postgrey\"; file = \"/var/lib/greenlane-exports/postgrey\"; } )" },
};
static const struct keys setting_keys = { "", setting_rows,
	sizeof setting_rows / sizeof setting_rows[0] };

#undef AT
#undef LIST_AT
#define AT(field) .offset = offsetof(struct delegation, field)
#define LIST_AT(list, count)                                                                   \
	.offset = offsetof(struct delegation, list),                                           \
	.count_offset = offsetof(struct delegation, count)

static const struct key delegation_rows[] = {
	{ "vendor", &key_text, NULL, "one of vendors", AT(vendor_name), .word = "a name",
	    .check = value_name, .example = "\"autotask\"", .flags = KEY_REQUIRED },
	{ "domains", &key_names, NULL, "our names that it may use",
	    LIST_AT(domains.list, domains.count), .flags = KEY_REQUIRED },
	{ "vouch", &key_vouch, "dkim, listed+spf_from", "what proves that it was the vendor",
	    LIST_AT(vouch, vouch_count) },
};
static const struct keys delegation_keys = { "delegations.", delegation_rows,
	sizeof delegation_rows / sizeof delegation_rows[0] };

#undef AT
#undef LIST_AT
#define AT(field) .offset = offsetof(struct relay, field)
#define LIST_AT(list, count)                                                                   \
	.offset = offsetof(struct relay, list), .count_offset = offsetof(struct relay, count)

static const struct key relay_rows[] = {
	{ "name", &key_text, NULL, "how the log calls it", AT(name), .word = "a name",
	    .check = value_name, .example = "\"backup-mx\"", .flags = KEY_REQUIRED },
	{ "kind", &key_word, NULL, "what it does", AT(kind), .words = relay_kinds,
	    .flags = KEY_REQUIRED },
	{ "networks", &key_networks, NULL, "its addresses",
	    LIST_AT(networks.list, networks.count), .flags = KEY_REQUIRED },
};
static const struct keys relay_keys = { "relays.", relay_rows,
	sizeof relay_rows / sizeof relay_rows[0] };

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
static const struct keys export_keys = { "exports.", export_rows,
	sizeof export_rows / sizeof export_rows[0] };

/* One load. */
struct load {
	struct reading r;
	struct arena *trees; /* of all files; given back at the end */
	const struct policy_files *files;
	const char *file; /* greenlane.conf */
	struct policy *policy;
	struct vendor_draft *drafts;
	size_t draft_count;
};

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

static void
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
}

/* Groups of a list at the root; none where the key is absent or no list. */
static size_t
groups_of(const struct node *root, const char *name, const struct node **list)
{
	const struct node *node = node_member(root, name);

	*list = node;
	return node == NULL || node->kind != NODE_LIST ? 0 : node->count;
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

static void
delegation_vendor_check(struct load *load, const struct node *group, const char *name)
{
	enum { SHOWN = 64 };
	const struct node *node = node_member(group, "vendor");
	const char *known[SHOWN];
	char hint[HINT_TEXT];
	size_t count = 0;

	for (size_t i = 0; i < load->draft_count; i++) {
		if (strcmp(load->drafts[i].vendor.name, name) == 0)
			return;
		if (count < SHOWN)
			known[count++] = load->drafts[i].vendor.name;
	}
	if (node != NULL && name[0] != '\0')
		reading_fault(&load->r, node, "'%s' is none of 'vendors'%s", name,
		    count == 0 ? "; name it there" : keys_hint(name, known, count, hint));
}

static void
delegations_read(struct load *load, const struct node *root)
{
	const struct node *list;
	size_t count = groups_of(root, "delegations", &list);
	struct delegation *made = reading_take(&load->r, count, sizeof *made);

	for (size_t i = 0; made != NULL && i < count; i++) {
		if (list->children[i].kind != NODE_GROUP)
			continue;
		keys_default(&load->r, &delegation_keys, &made[i]);
		keys_require(&load->r, &delegation_keys, &list->children[i]);
		keys_read(&load->r, &delegation_keys, &list->children[i], &made[i]);
		delegation_vendor_check(load, &list->children[i], made[i].vendor_name);
	}
	load->policy->delegations = made;
	load->policy->delegation_count = count;
}

static void
relays_read(struct load *load, const struct node *root)
{
	const struct node *list;
	size_t count = groups_of(root, "relays", &list);
	struct relay *made = reading_take(&load->r, count, sizeof *made);

	for (size_t i = 0; made != NULL && i < count; i++) {
		if (list->children[i].kind != NODE_GROUP)
			continue;
		keys_default(&load->r, &relay_keys, &made[i]);
		keys_require(&load->r, &relay_keys, &list->children[i]);
		keys_read(&load->r, &relay_keys, &list->children[i], &made[i]);
	}
	load->policy->relays = made;
	load->policy->relay_count = count;
}

/* What no single key of an export can know. */
static void
export_check(struct load *load, const struct node *group, const struct export_job *made, size_t i)
{
	const struct export_job *job = &made[i];
	struct fault why;

	if (!export_value_check(job->format, job->value, &why))
		reading_fault(&load->r, group, "'exports.value': %s", why.text);
	for (size_t j = 0; j < i; j++)
		if (job->file[0] != '\0' && strcmp(made[j].file, job->file) == 0)
			reading_fault(&load->r, group,
			    "two of 'exports' write to '%.100s'; name a file for each", job->file);
}

static void
exports_read(struct load *load, const struct node *root)
{
	const struct node *list;
	size_t count = groups_of(root, "exports", &list);
	struct export_job *made = reading_take(&load->r, count, sizeof *made);

	if (count > EXPORTS_MAX) {
		reading_fault(&load->r, list, "more than %d exports; write fewer", EXPORTS_MAX);
		return;
	}
	for (size_t i = 0; made != NULL && i < count; i++) {
		size_t errors = load->r.faults->errors;

		keys_default(&load->r, &export_keys, &made[i]);
		if (list->children[i].kind != NODE_GROUP)
			continue;
		keys_require(&load->r, &export_keys, &list->children[i]);
		keys_read(&load->r, &export_keys, &list->children[i], &made[i]);
		if (load->r.faults->errors == errors)
			export_check(load, &list->children[i], made, i);
	}
	load->policy->exports = made;
	load->policy->export_count = count;
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
		delegations_read(&load, root);
		relays_read(&load, root);
		exports_read(&load, root);
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
		&relay_keys, &export_keys, &vendor_keys, &source_keys, &evidence_keys };

	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		keys_each(tables[i], each, context);
}
