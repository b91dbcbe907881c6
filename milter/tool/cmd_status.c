#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/state/export_file.h"
#include "milter/state/source_list.h"
#include "milter/state/usage.h"
#include "milter/system/clock.h"
#include "milter/system/privileges.h"
#include "milter/tool/cmd.h"

/* What is gathered while the status is printed. */
struct status {
	const struct policy *policy;
	const struct export_listing *listings;
	struct usage *usage;
	int64_t now;
	bool well;    /* nothing found yet that needs attention */
	bool unknown; /* it could not be determined whether the daemon runs */
};

/* The daemon holds the lock in state_dir as long as it runs. */
static void
show_daemon(struct status *status)
{
	const char *state_dir = status->policy->settings.state_dir;
	struct fault why = { .text = "" };
	char path[PATH_MAX], text[1024];

	snprintf(path, sizeof path, "%s/lock", state_dir);
	switch (lock_look(path, &why)) {
	case LOCK_HELD:
		printf("greenlaned is running, mode %s\n", status->policy->settings.monitor ? "monitor" : "enforce");
		break;
	case LOCK_FREE:
		printf("greenlaned is not running with state_dir %s\n", state_dir);
		status->well = false;
		break;
	case LOCK_UNKNOWN:
		fault_write(&why, text, sizeof text);
		printf("cannot tell whether greenlaned is running: %s\n", text);
		status->unknown = true;
	}
}

/* A wrong answer is believed only after refresh.absent_after. */
static void
show_wrong(struct status *status, const struct export_listing *listing)
{
	int64_t until = listing->wrong_since + status->policy->settings.refresh.absent_after;
	char since[CMD_TIME_TEXT], end[CMD_TIME_TEXT];

	if (listing->wrong[0] == '\0')
		return;
	printf("ill: source-wrong: %s of %s: %s, since %s; ", listing->source->text, listing->source->vendor->name,
	    listing->wrong, cmd_time_text(listing->wrong_since, since));
	if (listing->missing[0] == '\0' && listing->count == 0)
		puts("it no longer lists anything; write the name that is published now, or remove the source");
	else
		printf("if this lasts until %s, it lists nothing; write the name that is published now\n",
		    cmd_time_text(until, end));
	status->well = false;
}

static void
show_vendor(struct status *status, const struct vendor *vendor)
{
	size_t sources = 0, known = 0, networks = 0;
	bool asked = false;

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		const struct export_listing *listing = &status->listings[source->number];

		if (!source_counts(source))
			continue;
		sources++;
		known += listing->missing[0] == '\0';
		networks += listing->count;
		asked = asked || listing->asked[0] != '\0';
	}
	printf("vendor %s, mode %s: %zu of %zu sources known, %zu networks\n", vendor->name,
	    vendor_mode_word(vendor->mode), known, sources, networks);
	status->well = status->well && known == sources;
	for (size_t i = 0; i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]))
			show_wrong(status, &status->listings[vendor->sources[i].number]);
	if (sources == 0 || known < sources || networks > 0 || asked)
		return;
	printf("ill: vendor-without-addresses: no source of %s lists an address: only signatures prove its mail; "
	       "write the sources that it publishes now\n",
	    vendor->name);
	status->well = false;
}

/* ---- who may use our names, and relays ---- */

static void
print_rules(const struct name_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];

		printf("%s%s%s%s", i > 0 ? ", " : "",
		    rule->local != NULL ? rule->local
			: rule->exact   ? "="
					: "",
		    rule->local != NULL ? "@" : "", rule->domain);
	}
}

static void
show_delegation(const char *word, const struct delegation *delegation)
{
	const struct strings *selectors = &delegation->selectors;
	struct text vouch;

	printf("%s %s may send as ", word, delegation->vendor_name);
	print_rules(&delegation->domains);
	text_open(&vouch, 256);
	vouch_write(delegation->vouch, delegation->vouch_count, &vouch);
	printf(", proven by %s", vouch.bytes);
	text_close(&vouch);
	for (size_t i = 0; i < selectors->count; i++)
		printf("%s%s",
		    i > 0                       ? ", "
			: selectors->count == 1 ? "; DKIM selector "
						: "; DKIM selectors ",
		    selectors->list[i]);
	putchar('\n');
}

/* A vendor's addresses change, so only the number of networks is shown. */
static void
print_vendor_networks(struct status *status, const struct relay *relay)
{
	size_t sources = 0, known = 0, networks = 0;

	for (size_t i = 0; i < relay->vendor->source_count; i++) {
		const struct source *source = &relay->vendor->sources[i];
		const struct export_listing *listing = &status->listings[source->number];

		if (!source_counts(source) || !source_is_chosen(source, relay->tags.list, relay->tags.count))
			continue;
		sources++;
		known += listing->missing[0] == '\0';
		networks += listing->count;
	}
	printf("vendor %s, %zu networks", relay->vendor_name, networks);
	if (known < sources)
		printf(" (%zu of %zu sources known)", known, sources);
}

static void
show_relay(struct status *status, const struct relay *relay)
{
	enum { NAMED = 20 };
	const struct prefixes *networks = &relay->networks;
	char text[PREFIX_TEXT];

	printf("relay %s, %s: ", relay->name, relay->kind == RELAY_GATEWAY ? "gateway" : "forwarder");
	if (relay->vendor != NULL)
		print_vendor_networks(status, relay);
	for (size_t i = 0; i < networks->count && i < NAMED; i++)
		printf("%s%s", i > 0 || relay->vendor != NULL ? ", " : "", prefix_write(&networks->list[i], text));
	if (networks->count > NAMED)
		printf(" and %zu more", networks->count - NAMED);
	putchar('\n');
}

/* ---- authorised outbound addresses ---- */

struct outbound {
	const struct address *address;
	int64_t last;
	uint32_t count;
};

static void
see_outbound(void *context, const struct usage_entry *entry)
{
	struct outbound *outbound = context;

	if (entry->kind != USAGE_OUTBOUND || !address_equal(&entry->address, outbound->address))
		return;
	outbound->last = entry->last;
	outbound->count = entry->count;
}

/* An address that was never used is shown, but is not a problem. */
static void
show_outbound(struct status *status, const struct prefix *prefix)
{
	struct outbound outbound = { .address = &prefix->base };
	char text[PREFIX_TEXT], when[CMD_TIME_TEXT];

	if (!usage_each(status->usage, see_outbound, &outbound)) {
		fputs("greenlane: out of memory: the last use of some addresses is not shown\n", stderr);
		status->well = false;
	}
	printf("outbound %s%s: ", prefix_write(prefix, text),
	    prefixes_hold(&status->policy->settings.own.may_forward, &prefix->base) ? ", may forward" : "");
	if (outbound.count == 0)
		puts("never used");
	else
		printf("last used %s, %u mail%s\n", cmd_time_text(outbound.last, when), outbound.count,
		    outbound.count == 1 ? "" : "s");
}

static void
show_outbounds(struct status *status)
{
	const struct prefixes *may_send = &status->policy->settings.own.outbound;
	const struct prefixes *may_forward = &status->policy->settings.own.may_forward;

	for (size_t i = 0; i < may_send->count; i++)
		show_outbound(status, &may_send->list[i]);
	for (size_t i = 0; i < may_forward->count; i++)
		if (!prefixes_hold(may_send, &may_forward->list[i].base))
			show_outbound(status, &may_forward->list[i]);
}

/* ---- clients that cannot be seen ---- */

static void
see_hidden(void *context, const struct usage_entry *entry)
{
	struct status *status = context;
	char peer[ADDRESS_TEXT], when[CMD_TIME_TEXT];

	if (entry->kind != USAGE_HIDDEN || entry->last < status->now - USAGE_LATELY)
		return;
	printf("ill: hidden-clients: the clients behind %s%s%s cannot be seen: %u mails, last %s; "
	       "give greenlane the real address, see HIDDEN CLIENTS in greenlaned(8)\n",
	    address_write(&entry->address, peer), entry->name[0] == '-' ? "" : ", relay ",
	    entry->name[0] == '-' ? "" : entry->name, entry->count, cmd_time_text(entry->last, when));
	status->well = false;
}

static void
show_hidden(struct status *status)
{
	unsigned names = usage_recent(status->usage, USAGE_LOOPBACK, status->now - USAGE_LATELY);

	if (!usage_each(status->usage, see_hidden, status)) {
		fputs("greenlane: out of memory: the last use of some addresses is not shown\n", stderr);
		status->well = false;
	}
	if (names < USAGE_SEVERAL)
		return;
	printf("ill: hidden-clients: hosts with %u or more names connected from loopback, which is exempt: their mail is not judged; "
	       "give greenlane the real address, see HIDDEN CLIENTS in greenlaned(8)\n",
	    names);
	status->well = false;
}

/* ---- exports ---- */

static void
show_export(struct status *status, const struct export_job *job)
{
	bool fresh = false, done;
	struct fault why = { .text = "" };
	struct text text;

	text_open(&text, EXPORT_TEXT_MAX);
	done = source_list_write(status->policy, status->listings, status->now, job->format, job->value, &text, &why) &&
	    export_file_is_fresh(job->file, &text, &fresh, &why);
	text_close(&text);
	printf("export %s %s: %s%s\n", export_format_words[job->format], job->file,
	    !done       ? "unknown: "
		: fresh ? "fresh"
			: "stale: it differs from what the sources list now",
	    done ? "" : why.text);
	status->well = status->well && done && fresh;
}

/* ---- all of it ---- */

static void
show_all(struct status *status)
{
	const struct policy *policy = status->policy;

	show_daemon(status);
	for (size_t i = 0; i < policy->vendor_count; i++)
		show_vendor(status, &policy->vendors[i]);
	for (size_t i = 0; i < policy->delegation_count; i++)
		show_delegation("delegation", &policy->delegations[i]);
	for (size_t i = 0; i < policy->partner_count; i++)
		show_delegation("partner", &policy->partners[i]);
	for (size_t i = 0; i < policy->relay_count; i++)
		show_relay(status, &policy->relays[i]);
	show_outbounds(status);
	show_hidden(status);
	for (size_t i = 0; i < policy->export_count; i++)
		show_export(status, &policy->exports[i]);
}

/* Reads what the daemon saved last; of a damaged file, the part that is sound. NULL: out of memory. */
static struct usage *
take_usage(const char *state_dir)
{
	struct fault why = { .text = "" };
	struct usage *usage = usage_open(&why);
	char text[1024];

	if (usage != NULL && !usage_load(usage, state_dir, &why)) {
		fault_write(&why, text, sizeof text);
		fprintf(stderr, "greenlane: %s\n", text);
	}
	return usage;
}

static int
show(const struct policy *policy)
{
	struct arena *arena = arena_open(SOURCE_LIST_ARENA);
	struct status status = { .policy = policy, .now = clock_now(), .well = true };
	int result = EX_OSERR;

	status.usage = take_usage(policy->settings.state_dir);
	if (arena != NULL)
		status.listings = source_list_take(policy, policy->settings.state_dir, status.now, arena);
	if (status.listings == NULL || status.usage == NULL) {
		fputs("greenlane: out of memory\n", stderr);
	} else {
		show_all(&status);
		result = status.unknown ? EX_UNAVAILABLE : !status.well;
	}
	usage_close(status.usage);
	arena_close(arena);
	return result;
}

static int
run(const char *config, int argc, char **argv)
{
	struct policy *policy;
	int result;

	if (cmd_words(&cmd_status, &config, argc, argv) != 0)
		return cmd_usage(&cmd_status);
	policy = cmd_load(config);
	if (policy == NULL)
		return EX_CONFIG;
	result = show(policy);
	policy_free(policy);
	return result;
}

const struct command cmd_status = { "status", "",
	"show whether the daemon is running, what is known, who may send as us, which exports are stale", run };
