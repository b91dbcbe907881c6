#include <stdio.h>
#include <string.h>

#include "milter/peers/status_sources.h"
#include "milter/state/export_file.h"
#include "milter/state/source_list.h"
#include "policy/util/date.h"
#include "policy/util/hash.h"

enum { LINE_MAX_BYTES = 4096, HIDDEN_MAX = 100 };

/* One look: what is filled in, and from what. */
struct look {
	const struct policy *policy;
	const struct export_listing *listings;
	struct usage *usage;
	struct exports *exports;
	struct vendor_tally *tally;
	struct status *status;
	struct arena *arena;
};

/* ---- vendors and their sources ---- */

static void
fill_vendor(const struct look *look, const struct vendor *vendor, struct status_vendor *out)
{
	struct vendor_count count = vendor_tally_of(look->tally, vendor->name);

	*out = (struct status_vendor){ .name = vendor->name,
		.mode = vendor_mode_word(vendor->mode),
		.lock_open = look->policy->settings.monitor || vendor->mode != MODE_ENFORCE,
		.forged_passed = count.forged_passed,
		.last = count.last };
	memcpy(out->last_by, count.last_by, sizeof out->last_by);
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct export_listing *listing = &look->listings[vendor->sources[i].number];

		if (!source_counts(&vendor->sources[i]))
			continue;
		out->sources++;
		out->known += listing->missing[0] == '\0';
		out->networks += listing->count;
		out->asked = out->asked || listing->asked[0] != '\0' || source_names_hosts(&vendor->sources[i]);
		if (listing->believed != 0 && (out->believed == 0 || listing->believed < out->believed))
			out->believed = listing->believed;
	}
}

static bool
fill_vendors(const struct look *look)
{
	size_t count = look->policy->vendor_count;
	struct status_vendor *list = arena_take(look->arena, (count + 1) * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		fill_vendor(look, &look->policy->vendors[i], &list[i]);
	look->status->vendors = list;
	look->status->vendor_count = count;
	return true;
}

static uint64_t
fingerprint_of(const struct export_listing *listing)
{
	uint64_t hash = HASH_START;

	for (size_t i = 0; i < listing->count; i++) {
		const struct prefix *prefix = &listing->networks[i];

		hash = hash_bytes(hash, prefix->base.bytes, address_width(&prefix->base) / 8);
		hash = hash_bytes(hash, &prefix->bits, 1);
	}
	return hash;
}

/* Of those that count; what DNS says stands for refresh.absent_after before it is believed. */
static bool
fill_sources(const struct look *look)
{
	struct status_source *list = arena_take(look->arena, (look->policy->source_count + 1) * sizeof *list);
	size_t count = 0;

	if (list == NULL)
		return false;
	for (size_t i = 0; i < look->policy->source_count; i++) {
		const struct source *source = &look->policy->sources[i];
		const struct export_listing *listing = &look->listings[i];

		if (source_counts(source))
			list[count++] = (struct status_source){ source->text, source->vendor->name, listing->count,
				listing->missing, listing->failing, listing->wrong, listing->wrong_since,
				listing->wrong_since + look->policy->settings.refresh.absent_after, listing->drift,
				fingerprint_of(listing), listing->believed };
	}
	look->status->sources = list;
	look->status->source_count = count;
	return true;
}

/* ---- lines for a person ---- */

/* A line for each of count things, as write puts it. */
static bool
fill_lines(const struct look *look, size_t count, void (*write)(const struct look *, size_t, struct text *),
    struct status_strings *out)
{
	const char **list = arena_take(look->arena, (count + 1) * sizeof *list);
	struct text line;

	for (size_t i = 0; list != NULL && i < count; i++) {
		text_open(&line, LINE_MAX_BYTES);
		write(look, i, &line);
		list[i] = arena_string(look->arena, line.bytes);
		text_close(&line);
	}
	*out = (struct status_strings){ list, count };
	return !arena_failed(look->arena);
}

static void
put_rules(struct text *out, const struct name_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct name_rule *rule = &rules->list[i];

		text_format(out, "%s%s%s%s", i > 0 ? ", " : "",
		    rule->local != NULL ? rule->local
			: rule->exact   ? "="
					: "",
		    rule->local != NULL ? "@" : "", rule->domain);
	}
}

static void
put_delegation(struct text *out, const struct delegation *delegation)
{
	const struct strings *selectors = &delegation->selectors;

	text_format(out, "%s may send as ", delegation->vendor_name);
	put_rules(out, &delegation->domains);
	text_put(out, ", proven by ");
	vouch_write(delegation->vouch, delegation->vouch_count, out);
	for (size_t i = 0; i < selectors->count; i++)
		text_format(out, "%s%s",
		    i > 0                       ? ", "
			: selectors->count == 1 ? "; DKIM selector "
						: "; DKIM selectors ",
		    selectors->list[i]);
}

static void
write_delegation(const struct look *look, size_t i, struct text *out)
{
	put_delegation(out, &look->policy->delegations[i]);
}

static void
write_partner(const struct look *look, size_t i, struct text *out)
{
	put_delegation(out, &look->policy->partners[i]);
}

/* The addresses of a vendor's relay move, so only their number is of interest. */
static void
put_vendor_networks(const struct look *look, const struct relay *relay, struct text *out)
{
	size_t sources = 0, known = 0, networks = 0;

	for (size_t i = 0; i < relay->vendor->source_count; i++) {
		const struct source *source = &relay->vendor->sources[i];
		const struct export_listing *listing = &look->listings[source->number];

		if (!source_counts(source) || !source_is_chosen(source, relay->tags.list, relay->tags.count))
			continue;
		sources++;
		known += listing->missing[0] == '\0';
		networks += listing->count;
	}
	text_format(out, "vendor %s, %zu network%s", relay->vendor_name, networks, text_s(networks));
	if (known < sources)
		text_format(out, " (%zu of %zu source%s known)", known, sources, text_s(sources));
}

static void
write_relay(const struct look *look, size_t number, struct text *out)
{
	enum { NAMED = 20 };
	const struct relay *relay = &look->policy->relays[number];
	const struct prefixes *networks = &relay->networks;
	char text[PREFIX_TEXT];

	text_format(out, "%s, %s: ", relay->name, relay->kind == RELAY_GATEWAY ? "gateway" : "forwarder");
	if (relay->vendor != NULL)
		put_vendor_networks(look, relay, out);
	for (size_t i = 0; i < networks->count && i < NAMED; i++)
		text_format(out, "%s%s", i > 0 || relay->vendor != NULL ? ", " : "",
		    prefix_write(&networks->list[i], text));
	if (networks->count > NAMED)
		text_format(out, " and %zu more", networks->count - NAMED);
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

/* An address that sends nothing is worth a person's look, but nothing is wrong with it. */
static void
put_outbound(const struct look *look, const struct prefix *prefix, struct text *out)
{
	struct outbound outbound = { .address = &prefix->base };
	char text[PREFIX_TEXT], when[DATE_TEXT];

	if (!usage_each(look->usage, see_outbound, &outbound))
		arena_fail(look->arena);
	text_format(out, "%s%s: ", prefix_write(prefix, text),
	    prefixes_hold(&look->policy->settings.own.may_forward, &prefix->base) ? ", may forward" : "");
	if (outbound.count == 0)
		text_put(out, "never used");
	else
		text_format(out, "last used %s, %u mail%s", date_write(outbound.last, when), outbound.count,
		    text_s(outbound.count));
}

/* Each address once: those that may also forward stand behind the others. */
static const struct prefix *
outbound_of(const struct policy *policy, size_t number)
{
	const struct prefixes *may_send = &policy->settings.own.outbound, *may_forward = &policy->settings.own.may_forward;

	if (number < may_send->count)
		return &may_send->list[number];
	number -= may_send->count;
	for (size_t i = 0; i < may_forward->count; i++)
		if (!prefixes_hold(may_send, &may_forward->list[i].base) && number-- == 0)
			return &may_forward->list[i];
	return NULL;
}

static void
write_outbound(const struct look *look, size_t i, struct text *out)
{
	put_outbound(look, outbound_of(look->policy, i), out);
}

static size_t
count_outbound(const struct policy *policy)
{
	size_t count = 0;

	while (outbound_of(policy, count) != NULL)
		count++;
	return count;
}

/* ---- clients that cannot be seen ---- */

/* Within a day, and since somebody saw to it. */
static int64_t
lately(const struct status *status)
{
	int64_t day = status->now - USAGE_LATELY, seen = status_seen(status) + 1;

	return day > seen ? day : seen;
}

struct hidden_list {
	struct status *status;
	struct arena *arena;
	struct status_hidden *list;
	size_t count;
};

static void
see_hidden(void *context, const struct usage_entry *entry)
{
	struct hidden_list *hidden = context;
	struct arena *arena = hidden->arena;
	bool own = strcmp(entry->name, USAGE_OWN_NETWORKS) == 0;
	char peer[ADDRESS_TEXT];

	if (entry->kind != USAGE_HIDDEN || entry->last < lately(hidden->status) || hidden->count == HIDDEN_MAX)
		return;
	hidden->list[hidden->count++] = (struct status_hidden){ arena_string(arena, address_write(&entry->address, peer)),
		entry->name[0] == '-' || own ? "" : arena_string(arena, entry->name), entry->count, entry->last, own };
}

bool
status_hidden(struct usage *usage, struct status *status, struct arena *arena)
{
	struct hidden_list hidden = { status, arena, arena_take(arena, HIDDEN_MAX * sizeof *hidden.list), 0 };
	unsigned names = usage_recent(usage, USAGE_LOOPBACK, lately(status));

	if (hidden.list == NULL || !usage_each(usage, see_hidden, &hidden))
		return false;
	status->hidden = hidden.list;
	status->hidden_count = hidden.count;
	status->loopback_names = names < USAGE_SEVERAL ? 0 : names;
	return !arena_failed(arena);
}

/* ---- exports ---- */

static const char *
export_trouble(const struct look *look, const struct export_job *job, bool *fresh)
{
	struct fault why = { .text = "" };
	struct text text;
	bool done;

	text_open(&text, EXPORT_TEXT_MAX);
	done = source_list_write(look->policy, look->listings, look->status->now, job->format, job->value, &text, &why) &&
	    export_file_is_fresh(job->file, &text, fresh, &why);
	text_close(&text);
	return done ? "" : arena_string(look->arena, why.text);
}

static bool
fill_exports(const struct look *look)
{
	size_t count = look->policy->export_count;
	struct status_export *list = arena_take(look->arena, (count + 1) * sizeof *list);

	if (list == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct export_job *job = &look->policy->exports[i];
		bool fresh = false, is_new;
		const char *trouble = export_trouble(look, job, &fresh);
		struct fault untold, unwritten;

		is_new = exports_reader_trouble(look->exports, i, &untold);
		exports_writing_trouble(look->exports, i, &unwritten);
		list[i] = (struct status_export){ export_format_words[job->format], job->file, fresh,
			untold.text[0] != '\0' ? job->command : "", arena_string(look->arena, untold.text), trouble,
			arena_string(look->arena, unwritten.text), is_new };
	}
	look->status->exports = list;
	look->status->export_count = count;
	return !arena_failed(look->arena);
}

/* ---- all of it ---- */

bool
status_sources(const struct policy *policy, const char *state_dir, struct exports *exports, struct vendor_tally *tally,
    struct status *status, struct arena *arena)
{
	struct look look = { policy, source_list_take(policy, state_dir, status->now, arena), NULL, exports, tally,
		status, arena };

	return look.listings != NULL && fill_vendors(&look) && fill_sources(&look) && fill_exports(&look);
}

bool
status_lines(const struct policy *policy, const char *state_dir, struct usage *usage, struct status *status,
    struct arena *arena)
{
	struct look look = { policy, source_list_take(policy, state_dir, status->now, arena), usage, NULL, NULL, status,
		arena };

	return look.listings != NULL &&
	    fill_lines(&look, policy->delegation_count, write_delegation, &status->delegations) &&
	    fill_lines(&look, policy->partner_count, write_partner, &status->partners) &&
	    fill_lines(&look, policy->relay_count, write_relay, &status->relays) &&
	    fill_lines(&look, count_outbound(policy), write_outbound, &status->outbound);
}
