#include <string.h>

#include "policy/review/look_alike.h"
#include "policy/review/suggest_write.h"
#include "policy/util/date.h"

#define COUNT(number) (unsigned long long)(number)

static void
put_name(struct text *out, const char *name)
{
	text_escaped(out, name, strlen(name));
}

/* ---- counts ---- */

void
suggest_write_counts(const struct suggest_counts *counts, struct text *out)
{
	char from[DATE_TEXT], to[DATE_TEXT];

	text_format(out, "read: %llu record%s", COUNT(counts->records), text_s((size_t)counts->records));
	if (counts->from != 0)
		text_format(out, ", from %s to %s", date_write(counts->from / 1000, from),
		    date_write(counts->to / 1000, to));
	text_format(out, "\nwaited: %llu message%s, of which %llu were proven in the end\n", COUNT(counts->waited),
	    text_s((size_t)counts->waited), COUNT(counts->proven));
	if (counts->not_judgeable > 0)
		text_format(out, "cannot be judged again, and say nothing about vendors: %llu\n",
		    COUNT(counts->not_judgeable));
	if (counts->broken > 0)
		text_format(out, "no records: %llu line%s, the first is line %llu (%s)\n", COUNT(counts->broken),
		    text_s((size_t)counts->broken), COUNT(counts->broken_line), counts->broken_why.text);
	if (counts->dropped > 0)
		text_format(out, "too many names: %llu rare ones were left out, and what is rare may be missing\n",
		    COUNT(counts->dropped));
}

/* ---- senders ---- */

static void
put_distinct(struct text *out, const struct sender_distinct *distinct, const char *one, const char *several)
{
	text_format(out, "%s%zu %s", distinct->count == SENDER_DISTINCT ? "at least " : "", distinct->count,
	    distinct->count == 1 ? one : several);
}

static void
write_evidence(const struct sender *sender, struct text *out)
{
	text_format(out, "  seen: %llu signed by it (DKIM), %llu passed its SPF; from ", COUNT(sender->by_dkim),
	    COUNT(sender->by_spf));
	put_distinct(out, &sender->clients, "address", "addresses");
	text_put(out, ", by ");
	put_distinct(out, &sender->mailboxes, "author", "authors");
	text_char(out, '\n');
	if (sender->clients.count == 1)
		text_put(out, "  one address alone sent all of it: whoever has a domain and a host can do that\n");
	if (sender->mailboxes.count == SENDER_DISTINCT)
		text_put(out,
		    "  many people write from it: if it is a mail provider, a vendor file is not for it, or all of its users "
		    "would skip greylisting\n");
	if (look_international(sender_domain(sender)))
		text_put(out, "  readers see other letters than these: look how its name is shown before you trust it\n");
}

static void
write_faults(const struct suggest *suggest, const struct suggest_sender *found, const char *config, struct text *out)
{
	struct text faults;
	struct span rest;

	text_open(&faults, 64 * 1024);
	suggest_write_faults(suggest, found, config, &faults);
	rest = (struct span){ faults.bytes, faults.length };
	if (rest.length == 0)
		text_put(out, "  at fault: nobody; to our configuration it is a stranger, and strangers wait\n");
	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n'), who = span_cut(&line, '\t');

		text_put(out, "  at fault: ");
		text_span(out, who);
		text_put(out, ": ");
		text_span(out, line);
		text_char(out, '\n');
	}
	text_inherit(out, &faults);
	text_close(&faults);
}

/* What asks for its file by hand. */
static void
put_command(const struct suggest *suggest, const struct sender *sender, struct text *out)
{
	char name[VENDOR_NAME_TEXT];

	suggest_name(suggest_rules(suggest), sender, name);
	text_put(out, "greenlane vendor new ");
	put_name(out, sender_domain(sender));
	for (size_t i = 0; i < sender->selector_count; i++) {
		text_put(out, " --selector ");
		put_name(out, sender->selectors[i]);
	}
	text_format(out, " --name %s --output %s.conf", name, name);
}

static void
write_draft(const struct suggest *suggest, const struct suggest_sender *found, const struct suggest_draft *draft,
    const char *config, struct text *out)
{
	const struct sender *sender = found->sender;
	bool alone = suffix_is_public(suggest_rules(suggest)->suffixes, sender_domain(sender));

	if (draft->refusal != NULL) {
		text_format(out, "  not proposed: %s\n", draft->refusal);
		return;
	}
	if (draft->file != NULL) {
		text_format(out,
		    "  proposed: %s.conf below, with %zu doubt%s; settle them, save it in a directory of vendor_path, and add { "
		    "name = \"%s\"; mode = \"vouch\"; } to vendors in %s\n",
		    draft->name, draft->doubts, text_s(draft->doubts), draft->name, config);
		return;
	}
	text_format(out, "  proposed: domains = [ \"%s", alone ? "=" : "");
	put_name(out, sender_domain(sender));
	text_put(out, "\" ], and nothing else yet: ");
	text_put(out, draft->failure == NULL ? "it was not asked" : draft->failure);
	text_put(out, "; run: ");
	put_command(suggest, sender, out);
	text_char(out, '\n');
}

void
suggest_write_sender(const struct suggest *suggest, const struct suggest_sender *found,
    const struct suggest_draft *draft, const char *config, struct text *out)
{
	const struct sender *sender = found->sender;

	text_char(out, '\n');
	put_name(out, sender_domain(sender));
	text_format(out, ": %llu message%s waited ", COUNT(sender->head.count), text_s((size_t)sender->head.count));
	date_put_span(sender->waited / 1000, out);
	text_put(out, " in all, ");
	date_put_span(sender->longest / 1000, out);
	text_format(out, " at most, and %s proven in the end\n", sender->head.count == 1 ? "was" : "were");
	write_evidence(sender, out);
	write_faults(suggest, found, config, out);
	if (found->kind == SUGGEST_DRAFT)
		write_draft(suggest, found, draft, config, out);
	if (found->kind != SUGGEST_LOOKS_LIKE)
		return;
	text_put(out, "  not proposed: its name looks like ");
	put_name(out, found->like);
	if (found->vendor == NULL)
		text_put(out, ", which is ours");
	else
		text_format(out, " of vendor %s", found->vendor->name);
	text_put(out, ": ask there, in a way that you know, whether it is theirs\n");
}

/* ---- what was used ---- */

/* A heading before the first line, and an end to long lists. */
struct list {
	struct text *out;
	const char *heading;
	size_t count;
};

static bool
list_next(struct list *list)
{
	if (list->count++ == 0)
		text_format(list->out, "\n%s\n", list->heading);
	return list->count <= SUGGEST_SHOWN;
}

static void
list_end(const struct list *list)
{
	if (list->count > SUGGEST_SHOWN)
		text_format(list->out, "  and %zu more\n", list->count - SUGGEST_SHOWN);
}

static void
unused_networks(struct list *list, const struct use *use, const struct source *source)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; use_tells_networks(source) && i < source->prefix_count; i++)
		if (!use_has_network(use, source, i) && list_next(list))
			text_format(list->out, "  network %s of vendor %s\n", prefix_write(&source->prefixes[i], text),
			    source->vendor->name);
}

static void
unused_sources(struct list *list, const struct use *use, const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];

		if (!source_counts(source))
			continue;
		if (use_of_source(use, source) > 0)
			unused_networks(list, use, source);
		else if (list_next(list))
			text_format(list->out, "  source %s of vendor %s\n", source->text, vendor->name);
	}
}

static void
unused_alternatives(struct list *list, const struct vendor_use *counts, const struct vendor *vendor)
{
	for (size_t i = 0; i < vendor->vouch_count; i++) {
		if (counts->alternatives[i] > 0 || !list_next(list))
			continue;
		text_put(list->out, "  vouch by ");
		vouch_write(&vendor->vouch[i], 1, list->out);
		text_format(list->out, " of vendor %s\n", vendor->name);
	}
}

static void
write_unused(struct suggest *suggest, struct text *out)
{
	const struct policy *policy = suggest_rules(suggest)->policy;
	struct list list = { out, "Never used in this time:", 0 };

	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];
		const struct vendor_use *counts = use_of_vendor(suggest_use(suggest), vendor);

		if (counts->records == 0 && list_next(&list))
			text_format(out, "  vendor %s: no mail claimed it\n", vendor->name);
		if (counts->records < suggest_rules(suggest)->least) /* too few to tell */
			continue;
		unused_sources(&list, suggest_use(suggest), vendor);
		unused_alternatives(&list, counts, vendor);
	}
	list_end(&list);
}

static void
write_enforce(struct suggest *suggest, struct text *out)
{
	const struct policy *policy = suggest_rules(suggest)->policy;
	struct list list = { out, "From vouch to enforce:", 0 };

	for (size_t i = 0; i < policy->vendor_count; i++) {
		const struct vendor *vendor = &policy->vendors[i];
		const struct vendor_use *use = use_of_vendor(suggest_use(suggest), vendor);

		if (vendor->mode != MODE_VOUCH || use->records == 0 || !list_next(&list))
			continue;
		text_format(out, "  vendor %s: %llu record%s, ", vendor->name, COUNT(use->records),
		    text_s((size_t)use->records));
		if (!suggest_is_clean(vendor, use))
			text_format(out,
			    "but %llu forged, %llu unsure, %llu unproven: see whose they are, greenlane log --vendor %s\n",
			    COUNT(use->forged), COUNT(use->unsure), COUNT(use->unproven), vendor->name);
		else if (!suggest_may_enforce(vendor, use))
			text_format(out, "none forged or unsure, but %llu vouched for are too few to tell\n",
			    COUNT(use->vouched));
		else
			text_put(out,
			    "none forged or unsure: it can go to enforce; first see what greenlane replay says of it\n");
	}
	list_end(&list);
}

static void
write_forgers(struct suggest *suggest, struct text *out)
{
	struct list list = { out, "Addresses of forgers:", 0 };
	size_t count;
	void **entries = use_forgers(suggest_use(suggest), &count);
	char when[DATE_TEXT];

	for (size_t i = 0; i < count; i++) {
		const struct forger *forger = entries[i];

		if (!list_next(&list))
			continue;
		text_format(out, "  %s: %llu message%s, the last on %s in the name of ", forger->head.name,
		    COUNT(forger->head.count), text_s((size_t)forger->head.count), date_write(forger->last / 1000, when));
		put_name(out, forger->vendor[0] == '\0' ? "-" : forger->vendor);
		text_char(out, '\n');
	}
	list_end(&list);
}

void
suggest_write_use(struct suggest *suggest, struct text *out)
{
	if (suggest_counts(suggest)->judged > 0) {
		write_unused(suggest, out);
		write_enforce(suggest, out);
	}
	write_forgers(suggest, out);
}
