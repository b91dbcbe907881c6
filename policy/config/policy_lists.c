#include <stdio.h>
#include <string.h>

#include "policy/config/policy_load.h"
#include "policy/config/policy_value.h"
#include "policy/util/domain.h"

enum { GROUPS_MAX = 1000, ELEMENTS_MAX = 1000 }; /* of a list; of a list within a group */

static const char *const relay_kinds[] = { [RELAY_GATEWAY] = "gateway", [RELAY_FORWARDER] = "forwarder", NULL };
/* the first of enum action: what can still be done with mail that a relay has accepted */
static const char *const forwarded_words[] = {
	[ACTION_PASS] = "pass", [ACTION_TAG] = "tag", [ACTION_QUARANTINE] = "quarantine", NULL
};
/* from MODE_VOUCH on: every mode is softer than enforce */
static const char *const softer_modes[] = { "vouch", "monitor", NULL };
_Static_assert(MODE_ENFORCE == 0 && MODE_VOUCH == 1 && MODE_MONITOR == 2, "rising softness");

static bool
on_forwarded_fits(const char *word, struct fault *why)
{
	for (int i = ACTION_GREYLIST; i < ACTIONS; i++)
		if (strcmp(word, action_word((enum action)i)) == 0)
			return fault_set(why,
			    "a relay's mail is never refused, deferred or greylisted, because that would fill its "
			    "queue and send bounces to people who wrote nothing; write quarantine, tag or pass");
	return true;
}

static bool
relay_network_fits(const struct prefix *prefix, struct fault *why)
{
	char text[PREFIX_TEXT];

	return vendor_network_fits(prefix, NULL) ||
	    fault_set(why, "'%s' is too wide for a relay; write the addresses of its hosts", prefix_write(prefix, text));
}

/* ---- the tables ---- */

#define ONE_OF_VENDORS .word = "a name", .check = value_name, .example = "\"autotask\""

#define AT(field) .offset = offsetof(struct delegation, field)
#define LIST_AT(list, count)                                                                             \
	.offset = offsetof(struct delegation, list), .count_offset = offsetof(struct delegation, count), \
	.max = ELEMENTS_MAX

static const struct key delegation_rows[] = {
	{ "vendor", &key_text, NULL, "one of vendors", AT(vendor_name), ONE_OF_VENDORS, .flags = KEY_REQUIRED },
	{ "domains", &key_names, NULL, "our names that it may use", LIST_AT(domains.list, domains.count),
	    .flags = KEY_REQUIRED | KEY_OWNER },
	{ "selectors", &key_texts, "", "selectors of its DKIM keys for these names; none: any",
	    LIST_AT(selectors.list, selectors.count), .word = "a list of selectors", .check = value_word },
	{ "vouch", &key_vouch, "dkim, listed+spf_from", "what proves that it was the vendor", LIST_AT(vouch, vouch_count) },
};
const struct keys delegation_keys = { "delegations.", delegation_rows,
	sizeof delegation_rows / sizeof delegation_rows[0] };

static const struct key partner_rows[] = {
	{ "vendor", &key_text, NULL, "one of vendors", AT(vendor_name), ONE_OF_VENDORS, .flags = KEY_REQUIRED },
	{ "domains", &key_names, NULL, "names of others that it may use", LIST_AT(domains.list, domains.count),
	    .check = vendor_name_fits, .flags = KEY_REQUIRED | KEY_OWNER },
	{ "selectors", &key_texts, "", "selectors of its DKIM keys for these names; none: any",
	    LIST_AT(selectors.list, selectors.count), .word = "a list of selectors", .check = value_word },
	{ "vouch", &key_vouch, "dkim, listed+spf_from", "what proves that it was the vendor", LIST_AT(vouch, vouch_count) },
};
const struct keys partner_keys = { "partners.", partner_rows, sizeof partner_rows / sizeof partner_rows[0] };

#undef AT
#undef LIST_AT
#define AT(field) .offset = offsetof(struct relay, field)
#define LIST_AT(field)                                                                                     \
	.offset = offsetof(struct relay, field.list), .count_offset = offsetof(struct relay, field.count), \
	.max = ELEMENTS_MAX

static const struct key relay_rows[] = {
	{ "name", &key_text, NULL, "its name in the log", AT(name), .word = "a name", .check = value_name,
	    .example = "\"backup-mx\"", .flags = KEY_REQUIRED },
	{ "kind", &key_word, NULL, "what it does", AT(kind), .words = relay_kinds, .flags = KEY_REQUIRED },
	{ "networks", &key_networks, "", "its addresses", LIST_AT(networks), .check_network = relay_network_fits },
	{ "vendor", &key_text, NULL, "one of vendors, whose selected sources are its addresses", AT(vendor_name),
	    ONE_OF_VENDORS },
	{ "tags", &key_texts, "", "only the vendor's sources with one of these; none: all", LIST_AT(tags),
	    .word = "a list of names", .check = value_name },
	{ "received_by", &key_domains, "", "names that a gateway writes for itself in Received; none: any",
	    LIST_AT(received_by), .of = "gateway" },
	{ "on_forwarded", &key_word, "tag",
	    "forwarder: for mail that looks forged, but perhaps only because it was forwarded", AT(on_forwarded),
	    .words = forwarded_words, .check = on_forwarded_fits, .of = "forwarder" },
};
const struct keys relay_keys = { "relays.", relay_rows, sizeof relay_rows / sizeof relay_rows[0] };

#undef AT
#define AT(field) .offset = offsetof(struct exception, field)

static const struct key exception_rows[] = {
	{ "rcpt", &key_text, NULL, "a mailbox, a mailbox at any domain, or a domain", AT(rcpt), .word = "a recipient",
	    .example = "\"abuse@example.com\"", .flags = KEY_REQUIRED },
	{ "vendor", &key_text, NULL, "one of vendors, or own for our own names", AT(vendor_name), ONE_OF_VENDORS,
	    .flags = KEY_REQUIRED },
	{ "mode", &key_word, NULL, "softer than the vendor's", AT(mode), .words = softer_modes, .min = MODE_VOUCH,
	    .flags = KEY_REQUIRED },
};
const struct keys exception_keys = { "exceptions.", exception_rows, sizeof exception_rows / sizeof exception_rows[0] };

#undef AT
#define AT(field) .offset = offsetof(struct export_job, field)

static const struct key export_rows[] = {
	{ "format", &key_word, NULL, "the program that the file is for", AT(format), .words = export_format_words,
	    .flags = KEY_REQUIRED },
	{ "file", &key_text, NULL, "written when the vendors' networks change", AT(file),
	    .example = "\"/var/lib/greenlane-exports/postgrey\"", .word = "an absolute path", .check = value_path,
	    .flags = KEY_REQUIRED },
	{ "command", &key_text, NULL, "run by /bin/sh after the file changed", AT(command),
	    .example = "\"logger the list for postgrey has changed\"", .word = "a command", .check = value_shell_command },
	{ "value", &key_text, NULL, "what an entry says, where the format leaves a choice", AT(value),
	    .example = "\"inet filter\"" },
};
const struct keys export_keys = { "exports.", export_rows, sizeof export_rows / sizeof export_rows[0] };

/* ---- checks of several keys ---- */

/* The vendor of this name; NULL with a fault. */
static const struct vendor *
vendor_of(struct load *load, const struct node *group, const char *name, bool or_own)
{
	enum { SHOWN = 64 };
	const struct policy *policy = load->policy;
	const struct node *node = node_member(group, "vendor");
	const struct vendor *found;
	const char *known[SHOWN + 1];
	char hint[HINT_TEXT];
	size_t count = 0;

	if (or_own && strcmp(name, OWN_NAME) == 0)
		return &policy->own;
	found = policy_vendor_named(policy, name);
	if (found != NULL)
		return found;
	while (count < SHOWN && count < policy->vendor_count) {
		known[count] = policy->vendors[count].name;
		count++;
	}
	if (or_own)
		known[count++] = OWN_NAME;
	if (keys_nearest(name, known, count) != NULL || strcmp(name, OWN_NAME) == 0)
		keys_hint(name, known, count, hint);
	else /* none of them is meant */
		snprintf(hint, sizeof hint, "; add { name = \"%.64s\"; } there", name);
	reading_fault(&load->r, node, "'%s' is not in 'vendors'%s", name, hint);
	return NULL;
}

/* What a set of evidence for a delegation may lack, most specific first. */
static const struct lack {
	unsigned has;
	const char *lacks, *why;
} lacks[] = {
	{ PROOF_DMARC, "listed",
	    "it holds by SPF for every host that the domain's SPF record lets pass, not for this vendor alone" },
	{ PROOF_LISTED | PROOF_SPF, "dkim or spf_from",
	    "it proves that the vendor sent the mail, not that it may use this name, and each of its customers can "
	    "prove as much" },
	{ PROOF_LISTED, "spf_from", "every customer of the vendor sends from there" },
	{ PROOF_SPF_FROM, "listed",
	    "it holds for every host that the domain's SPF record lets pass, not for this vendor alone" },
	{ PROOF_SPF, "dkim, or listed and spf_from",
	    "it proves the vendor's envelope sender, whichever of its customers it sends for" },
};

static bool
proof_is_enough(unsigned set)
{
	return (set & PROOF_DKIM) != 0 || ((set & PROOF_LISTED) != 0 && (set & (PROOF_SPF_FROM | PROOF_DMARC)) != 0);
}

static void
delegation_vouch_check(struct load *load, const struct node *group, const struct delegation *made)
{
	const struct node *vouch = node_member(group, "vouch");

	if (made->vouch_count == 0)
		reading_fault(&load->r, vouch,
		    "'vouch' is empty, so nothing could prove the vendor; write [ \"dkim\" ] or [ \"listed+spf_from\" ]");
	for (size_t i = 0; i < made->vouch_count; i++) {
		const struct lack *lack = lacks;

		if (proof_is_enough(made->vouch[i]))
			continue;
		while ((made->vouch[i] & lack->has) != lack->has)
			lack++; /* every insufficient set is in the list */
		reading_fault(&load->r, &vouch->children[i],
		    "'vouch': '%.60s' lacks %s: %s; write \"dkim\" or \"listed+spf_from\"", vouch->children[i].text,
		    lack->lacks, lack->why);
	}
}

static bool
own_covers(const struct name_rules *own, const struct name_rule *rule)
{
	for (size_t i = 0; i < own->count; i++)
		if (own->list[i].exact ? rule->exact && strcmp(rule->domain, own->list[i].domain) == 0
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
		    "'%.200s' includes the names below it, but own.domains does not; write \"=%.200s\"", node->text,
		    rule->domain);
	else
		reading_fault(&load->r, node,
		    "'%.200s' is not in own.domains; name it there, or use 'partners' for somebody else's name",
		    node->text);
}

static void
partner_name_check(struct load *load, const struct node *node, const struct name_rule *rule)
{
	const struct policy *policy = load->policy;
	const struct mailbox mailbox = { .local = rule->local == NULL ? "" : rule->local,
		.domain = rule->domain,
		.text = "" };

	if (name_rules_hold_domain(&policy->settings.own.domains, rule->domain)) {
		reading_fault(&load->r, node, "'%.200s' is one of own.domains; use 'delegations' for it", node->text);
		return;
	}
	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct name_rules *owned = &policy->vendors[i].domains;

		if (rule->local == NULL ? name_rules_hold_domain(owned, rule->domain) : name_rules_hold(owned, &mailbox)) {
			reading_fault(&load->r, node,
			    "'%.200s' belongs to vendor '%s', whose own policy judges it; drop it here", node->text,
			    policy->vendors[i].name);
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
		reading_fault(&load->r, domains, "'domains' is empty; name the domains that the vendor may use");
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

/* A vendor's relay has the addresses of the vendor's sources, so there must be some. */
static void
relay_vendor_check(struct load *load, const struct node *group, struct relay *relay)
{
	const struct vendor *vendor = vendor_of(load, group, relay->vendor_name, false);
	const struct node *tags = node_member(group, "tags");
	bool any = false;
	struct fault why;

	relay->vendor = vendor;
	if (vendor == NULL || vendor->domains.count == 0) /* it was not read, and that was reported */
		return;
	for (size_t i = 0; i < vendor->source_count; i++)
		any = any || (source_counts(&vendor->sources[i]) && !source_names_hosts(&vendor->sources[i]));
	if (!any)
		reading_fault(&load->r, group,
		    "no selected source of '%s' that counts lists addresses, so it gives this relay none; write networks",
		    vendor->name);
	for (size_t i = 0; any && i < relay->tags.count; i++)
		if (!vendor_tag_fits(vendor, vendor->sources, true, relay->tags.list[i], &why))
			reading_fault(&load->r, &tags->children[i], "%s", why.text);
}

static void
relay_kind_check(struct load *load, const struct node *group, const struct relay *relay)
{
	const struct node *forwarded = node_member(group, "on_forwarded"), *received = node_member(group, "received_by");

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
		    "a relay has no address; write networks = [ \"192.0.2.1\" ] or, for a gateway product whose "
		    "ranges change, vendor = \"mimecast\"");
	if (relay->vendor_name[0] == '\0' && relay->tags.count > 0)
		reading_fault(&load->r, tags, "'tags' selects sources of a vendor; write vendor beside it");
	relay_kind_check(load, group, relay);
	for (size_t j = 0; j < i; j++)
		if (strcmp(relays[j].name, relay->name) == 0) {
			reading_fault(&load->r, group, "relay '%s' is already in line %u; give one of them another name",
			    relay->name, list->children[j].line);
			break;
		}
}

static bool
rules_equal(const struct name_rule *a, const struct name_rule *b)
{
	return strcmp(a->domain, b->domain) == 0 && a->exact == b->exact && (a->local == NULL) == (b->local == NULL) &&
	    (a->local == NULL || strcasecmp(a->local, b->local) == 0);
}

static void
exception_mode_check(struct load *load, const struct node *group, const struct exception *made)
{
	const struct vendor *vendor = made->vendor;
	const struct node *node = node_member(group, "mode");

	if (vendor == &load->policy->own && vendor->domains.count == 0)
		reading_fault(&load->r, group,
		    "own.domains is empty, so no mail claims our own names; "
		    "name them there, or drop this exception");
	else if (vendor->mode == MODE_MONITOR)
		reading_fault(&load->r, node,
		    "vendor '%s' is in mode monitor for everybody, and nothing is softer; drop this exception",
		    vendor->name);
	else if (made->mode <= vendor->mode)
		reading_fault(&load->r, node, "'mode' must be softer than that of '%s', which is %s; write monitor",
		    vendor->name, vendor_mode_word(vendor->mode));
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
			    "line %u already makes an exception for '%.200s' and '%s'; keep one of them",
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

	if (!export_format_takes(job->format, job->value, &why))
		reading_fault(&load->r, group, "'exports.value': %s", why.text);
	for (size_t j = 0; j < i; j++)
		if (job->file[0] != '\0' && strcmp(jobs[j].file, job->file) == 0)
			reading_fault(&load->r, group, "two 'exports' write to '%.100s'; give each its own file",
			    job->file);
	if (job->file[0] != '\0' && strcmp(load->policy->settings.log.record, job->file) == 0)
		reading_fault(&load->r, group, "an export and 'log.record' write to '%.100s'; give each its own file",
		    job->file);
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
	static const struct list delegations = { "delegations", &delegation_keys, sizeof(struct delegation), GROUPS_MAX,
		delegation_check };
	static const struct list partners = { "partners", &partner_keys, sizeof(struct delegation), GROUPS_MAX,
		partner_check };
	static const struct list relays = { "relays", &relay_keys, sizeof(struct relay), GROUPS_MAX, relay_check };
	static const struct list exceptions = { "exceptions", &exception_keys, sizeof(struct exception), GROUPS_MAX,
		exception_check };
	static const struct list exports = { "exports", &export_keys, sizeof(struct export_job), EXPORTS_MAX,
		export_check };
	struct policy *policy = load->policy;

	policy->delegations = list_load(load, root, &delegations, &policy->delegation_count);
	policy->partners = list_load(load, root, &partners, &policy->partner_count);
	policy->relays = list_load(load, root, &relays, &policy->relay_count);
	policy->exceptions = list_load(load, root, &exceptions, &policy->exception_count);
	policy->exports = list_load(load, root, &exports, &policy->export_count);
}
