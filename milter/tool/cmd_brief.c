/* greenlane vendor brief: prints what a customer or a provider needs to know about a vendor. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "milter/state/source_list.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "milter/tool/cmd_brief.h"
#include "policy/sources/source_copy.h"
#include "policy/util/aggregate.h"

enum { BRIEF_MAX = 64 * 1024 * 1024, COLUMN = 20 };

struct brief {
	const struct vendor *vendor;
	const struct export_listing *listings; /* of this vendor only */
	struct text out;
};

/* ---- names ---- */

static void
write_rules(struct brief *brief, const char *label, const struct name_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];

		text_format(&brief->out, "  %-*s%s%s%s%s\n", COLUMN, i == 0 ? label : "",
		    rule->local == NULL ? "" : rule->local, rule->local == NULL ? "" : "@", rule->domain,
		    rule->exact ? "" : " and names below it");
	}
}

static void
write_names(struct brief *brief)
{
	const struct vendor *vendor = brief->vendor;

	text_put(&brief->out, "\nNames\n");
	write_rules(brief, "sends as", &vendor->domains);
	write_rules(brief, "bounces go to", &vendor->envelope);
	write_rules(brief, "signs (DKIM d=) as", &vendor->dkim);
	if (vendor->dkim.count == 0)
		text_put(&brief->out, "  not known to sign its mail (DKIM)\n");
}

/* ---- SPF ---- */

static void
write_term(struct brief *brief, const struct source *source)
{
	static const char *const terms[] = { [SOURCE_A] = "a", [SOURCE_MX] = "mx", [SOURCE_SPF] = "include" };
	char written[PREFIX_TEXT];

	if (source_names_hosts(source))
		return;
	if (source_asks_dns(source)) {
		text_format(&brief->out, "  %s:%s\n", terms[source->kind], source->name);
		return;
	}
	for (size_t i = 0; i < source->prefix_count; i++)
		text_format(&brief->out, "  ip%d:%s\n", (int)source->prefixes[i].base.family,
		    prefix_write(&source->prefixes[i], written));
}

/* If the vendor publishes SPF, that covers everything; else each source is a term of its own. */
static void
write_spf(struct brief *brief)
{
	const struct vendor *vendor = brief->vendor;
	bool publishes = false, any = false;

	for (size_t i = 0; i < vendor->source_count; i++) {
		/* no term is made for a host source: ptr should not be used (RFC 7208, 5.5) */
		any = any || (source_counts(&vendor->sources[i]) && !source_names_hosts(&vendor->sources[i]));
		publishes = publishes || (source_counts(&vendor->sources[i]) && vendor->sources[i].kind == SOURCE_SPF);
	}
	if (!any)
		return;
	text_put(&brief->out, "\nSPF: to let it send in the name of a domain, add to the SPF record of that domain\n");
	for (size_t i = 0; i < vendor->source_count; i++)
		if (source_counts(&vendor->sources[i]) && (!publishes || vendor->sources[i].kind == SOURCE_SPF))
			write_term(brief, &vendor->sources[i]);
}

/* ---- addresses ---- */

static void
write_tags(struct text *out, const struct source *source)
{
	for (size_t i = 0; i < source->tag_count; i++)
		text_format(out, "%s%s", i == 0 ? ", for " : " ", source->tags[i]);
}

/* False: out of memory. */
static bool
write_listing(struct brief *brief, const struct export_listing *listing)
{
	const struct source *source = listing->source;
	struct prefix *list = calloc(listing->count + 1, sizeof *list);
	char written[PREFIX_TEXT];
	size_t count;

	if (list == NULL)
		return false;
	if (listing->count > 0)
		memcpy(list, listing->networks, listing->count * sizeof *list);
	count = aggregate_networks(list, listing->count);
	text_format(&brief->out, "  %s%s", source->text,
	    source_names_hosts(source) ? ", every host whose name is below it" : "");
	write_tags(&brief->out, source);
	text_format(&brief->out, "%s%s%s\n", source->exclusive ? "" : " (others may send from there, too)",
	    listing->missing[0] == '\0' ? "" : ": ", listing->missing);
	for (size_t i = 0; i < count; i++)
		text_format(&brief->out, "    %s\n", prefix_write(&list[i], written));
	if (listing->asked[0] != '\0') {
		text_put(&brief->out, "    and addresses that cannot be listed, only looked up one by one: ");
		source_copy_words(listing->asked, &brief->out);
		text_char(&brief->out, '\n');
	}
	free(list);
	return true;
}

static bool
write_use(struct brief *brief, enum source_use use, const char *heading)
{
	bool any = false;

	for (size_t i = 0; i < brief->vendor->source_count; i++) {
		const struct export_listing *listing = &brief->listings[i];

		if (listing->source->use != use || !listing->source->selected)
			continue;
		if (!any)
			text_format(&brief->out, "\n%s\n", heading);
		any = true;
		if (!write_listing(brief, listing))
			return false;
	}
	return true;
}

static bool
write_addresses(struct brief *brief)
{
	return write_use(brief, USE_MX,
		   "Addresses that deliver its mail: let them connect to port 25, and do not delay it") &&
	    write_use(brief, USE_LOGIN, "Addresses from which it logs in, to fetch or to submit mail") &&
	    write_use(brief, USE_API, "Addresses from which it calls interfaces (API, webhooks)");
}

/* ---- all of it ---- */

static void
write_evidence(struct brief *brief)
{
	const struct vendor *vendor = brief->vendor;

	if (vendor->evidence_count > 0)
		text_put(&brief->out, "\nHow this is known\n");
	for (size_t i = 0; i < vendor->evidence_count; i++)
		text_format(&brief->out, "  %s\n    %s, seen %s\n", vendor->evidence[i].what, vendor->evidence[i].where,
		    vendor->evidence[i].seen);
}

static bool
write_brief(struct brief *brief, int64_t now)
{
	time_t seconds = (time_t)now;
	char day[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm) != NULL)
		strftime(day, sizeof day, "%Y-%m-%d", &tm);
	text_format(&brief->out, "%s: its mail servers, as known on %s\n",
	    brief->vendor->title[0] != '\0' ? brief->vendor->title : brief->vendor->name, day);
	write_names(brief);
	write_spf(brief);
	if (!write_addresses(brief))
		return false;
	write_evidence(brief);
	return !brief->out.cut;
}

static int
brief_vendor(const struct policy *policy, const struct vendor *vendor)
{
	struct arena *arena = arena_open(SOURCE_LIST_ARENA);
	int64_t now = clock_now();
	const struct export_listing *all = arena == NULL
	    ? NULL
	    : source_list_take(policy, policy->settings.state_dir, now, arena);
	struct brief brief = { .vendor = vendor };
	int status = EX_OSERR;

	text_open(&brief.out, BRIEF_MAX);
	if (all != NULL && vendor->source_count > 0)
		brief.listings = &all[vendor->sources[0].number];
	if (all == NULL || !write_brief(&brief, now)) {
		fputs("greenlane: out of memory\n", stderr);
	} else {
		status = output_put(&brief.out);
	}
	text_close(&brief.out);
	arena_close(arena);
	return status;
}

int
cmd_brief(const char *config, int argc, char **argv)
{
	struct policy *policy;
	const struct vendor *vendor;
	const char *name;
	int status;

	if (cmd_words(&cmd_vendor, &config, argc, argv) != 1)
		return cmd_usage(&cmd_vendor);
	name = argv[optind];
	policy = cmd_load(config);
	if (policy == NULL)
		return EX_CONFIG;
	vendor = policy_vendor_named(policy, name);
	if (vendor != NULL && !cmd_may_sources(policy->settings.state_dir, R_OK | X_OK)) {
		status = EX_NOPERM;
	} else if (vendor != NULL) {
		status = brief_vendor(policy, vendor);
	} else {
		fprintf(stderr, "greenlane: vendor '%s' is not in force; name one of `vendors` in %s\n", name, config);
		status = 1;
	}
	policy_free(policy);
	return status;
}
