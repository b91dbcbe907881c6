/* What records suggest, as JSON. */
#include <string.h>

#include "policy/review/suggest_write.h"
#include "policy/util/date.h"
#include "policy/util/json_write.h"

void
suggest_json_counts(const struct suggest_counts *counts, struct text *out)
{
	char when[DATE_TEXT];

	json_write_number(out, "records", (int64_t)counts->records);
	json_write_string(out, "from", counts->from == 0 ? "" : date_write_ms(counts->from, when));
	json_write_string(out, "to", counts->to == 0 ? "" : date_write_ms(counts->to, when));
	json_write_number(out, "waited", (int64_t)counts->waited);
	json_write_number(out, "proven", (int64_t)counts->proven);
	json_write_number(out, "not_judgeable", (int64_t)counts->not_judgeable);
	json_write_number(out, "broken", (int64_t)counts->broken);
	json_write_number(out, "left_out", (int64_t)counts->dropped);
}

static void
json_faults(const struct suggest *suggest, const struct suggest_sender *found, const char *config, struct text *out)
{
	struct text faults, word;
	struct span rest;

	text_open(&faults, 64 * 1024);
	suggest_write_faults(suggest, found, config, &faults);
	rest = (struct span){ faults.bytes, faults.length };
	json_write_list(out, "faults");
	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n'), who = span_cut(&line, '\t');

		text_open(&word, 64);
		text_span(&word, who);
		json_write_begin(out);
		json_write_string(out, "who", word.bytes);
		json_write_key(out, "text");
		json_write_bytes(out, line.at, line.length);
		json_write_end(out);
		text_inherit(out, &word);
		text_close(&word);
	}
	json_write_list_end(out);
	text_inherit(out, &faults);
	text_close(&faults);
}

static void
json_proposal(const struct suggest_sender *found, const struct suggest_draft *draft, struct text *out)
{
	static const char *const words[] = { [SUGGEST_DRAFT] = "draft",
		[SUGGEST_ENABLE] = "enable",
		[SUGGEST_OUR_FILE] = "our-file",
		[SUGGEST_OWN] = "own",
		[SUGGEST_LOOKS_LIKE] = "looks-like" };
	bool refused = found->kind == SUGGEST_DRAFT && draft->refusal != NULL;

	json_write_string(out, "proposal", refused ? "none" : words[found->kind]);
	if (found->vendor != NULL)
		json_write_string(out, "vendor", found->vendor->name);
	if (found->like != NULL)
		json_write_string(out, "like", found->like);
	if (found->kind != SUGGEST_DRAFT)
		return;
	if (draft->refusal != NULL)
		json_write_string(out, "why", draft->refusal);
	if (draft->failure != NULL)
		json_write_string(out, "unanswered", draft->failure);
	if (draft->file != NULL) {
		json_write_string(out, "name", draft->name);
		json_write_string(out, "file", draft->file);
		json_write_number(out, "doubts", (int64_t)draft->doubts);
	}
}

void
suggest_json_sender(const struct suggest *suggest, const struct suggest_sender *found,
    const struct suggest_draft *draft, const char *config, struct text *out)
{
	const struct sender *sender = found->sender;

	json_write_begin(out);
	json_write_string(out, "domain", sender_domain(sender));
	json_write_number(out, "messages", (int64_t)sender->head.count);
	json_write_number(out, "waited", sender->waited / 1000);
	json_write_number(out, "longest", sender->longest / 1000);
	json_write_number(out, "dkim", (int64_t)sender->by_dkim);
	json_write_number(out, "spf", (int64_t)sender->by_spf);
	json_write_number(out, "addresses", (int64_t)sender->clients.count);
	json_write_number(out, "authors", (int64_t)sender->mailboxes.count);
	json_write_string(out, "id", sender->id);
	json_faults(suggest, found, config, out);
	json_proposal(found, draft, out);
	json_write_end(out);
}

/* ---- what was used ---- */

static void
json_sources(const struct use *use, const struct vendor *vendor, struct text *out)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		bool unused = use_of_source(use, source) == 0;

		for (size_t j = 0;
		     source_counts(source) && !unused && use_tells_networks(source) && j < source->prefix_count; j++) {
			if (use_has_network(use, source, j))
				continue;
			json_write_begin(out);
			json_write_string(out, "vendor", vendor->name);
			json_write_string(out, "source", source->text);
			json_write_string(out, "network", prefix_write(&source->prefixes[j], text));
			json_write_end(out);
		}
		if (!source_counts(source) || !unused)
			continue;
		json_write_begin(out);
		json_write_string(out, "vendor", vendor->name);
		json_write_string(out, "source", source->text);
		json_write_end(out);
	}
}

static void
json_alternatives(const struct vendor_use *use, const struct vendor *vendor, struct text *out)
{
	struct text vouch;

	for (size_t i = 0; i < vendor->vouch_count; i++) {
		if (use->alternatives[i] > 0)
			continue;
		text_open(&vouch, 256);
		vouch_write(&vendor->vouch[i], 1, &vouch);
		json_write_begin(out);
		json_write_string(out, "vendor", vendor->name);
		json_write_string(out, "vouch", vouch.bytes);
		json_write_end(out);
		text_inherit(out, &vouch);
		text_close(&vouch);
	}
}

/* Of a vendor with too few records nothing is told. */
static void
json_unused(struct suggest *suggest, struct text *out)
{
	const struct policy *policy = suggest_rules(suggest)->policy;

	json_write_list(out, "unused");
	for (size_t i = 0; suggest_counts(suggest)->judged > 0 && i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];
		const struct vendor_use *use = use_of_vendor(suggest_use(suggest), vendor);

		if (use->records == 0) {
			json_write_begin(out);
			json_write_string(out, "vendor", vendor->name);
			json_write_end(out);
		}
		if (use->records < suggest_rules(suggest)->least)
			continue;
		json_sources(suggest_use(suggest), vendor, out);
		json_alternatives(use, vendor, out);
	}
	json_write_list_end(out);
}

static void
json_vendors(struct suggest *suggest, struct text *out)
{
	const struct policy *policy = suggest_rules(suggest)->policy;

	json_write_list(out, "vendors");
	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];
		const struct vendor_use *use = use_of_vendor(suggest_use(suggest), vendor);

		json_write_begin(out);
		json_write_string(out, "name", vendor->name);
		json_write_string(out, "mode", vendor_mode_word(vendor->mode));
		json_write_number(out, "records", (int64_t)use->records);
		json_write_number(out, "vouched", (int64_t)use->vouched);
		json_write_number(out, "unproven", (int64_t)use->unproven);
		json_write_number(out, "forged", (int64_t)use->forged);
		json_write_number(out, "unsure", (int64_t)use->unsure);
		json_write_bool(out, "enforce", suggest_may_enforce(vendor, use));
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
json_forgers(struct suggest *suggest, struct text *out)
{
	size_t count;
	void **entries = use_forgers(suggest_use(suggest), &count);
	char when[DATE_TEXT];

	json_write_list(out, "forgers");
	for (size_t i = 0; i < count; i++) {
		const struct forger *forger = entries[i];

		json_write_begin(out);
		json_write_string(out, "network", forger->head.name);
		json_write_number(out, "messages", (int64_t)forger->head.count);
		json_write_string(out, "last", date_write_ms(forger->last, when));
		json_write_string(out, "vendor", forger->vendor);
		json_write_end(out);
	}
	json_write_list_end(out);
}

void
suggest_json_use(struct suggest *suggest, struct text *out)
{
	json_unused(suggest, out);
	json_vendors(suggest, out);
	json_forgers(suggest, out);
}
