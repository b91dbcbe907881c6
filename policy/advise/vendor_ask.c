#include <string.h>

#include "policy/advise/vendor_age.h"
#include "policy/advise/vendor_ask.h"

enum { DAY = 24 * 3600, OLD_DAYS = 3 * 365, NAMED = 5 };

/* "domains, sources: its SPF record": the words before the colon are keys. */
static bool
supports(const struct evidence *evidence, const char *key)
{
	struct span rest = span_of(evidence->what), keys = span_cut(&rest, ':');

	while (keys.length > 0)
		if (span_is(span_trim(span_cut(&keys, ',')), key))
			return true;
	return false;
}

/* Does the evidence support this key ("domains", "dkim")? */
static bool
is_proven(const struct vendor *vendor, const char *key)
{
	for (size_t i = 0; i < vendor->evidence_count; i++)
		if (supports(&vendor->evidence[i], key))
			return true;
	return false;
}

/* "a, b and 3 more" */
static void
name_rules(const struct name_rules *rules, struct text *out)
{
	for (size_t i = 0; i < rules->count && i < NAMED; i++)
		text_format(out, "%s%s%s%s", i == 0 ? "" : ", ", rules->list[i].local == NULL ? "" : rules->list[i].local,
		    rules->list[i].local == NULL ? "" : "@", rules->list[i].domain);
	if (rules->count > NAMED)
		text_format(out, " and %zu more", rules->count - NAMED);
}

static void
ask_names(const struct vendor *vendor, struct text *out)
{
	if (!is_proven(vendor, "domains")) {
		text_put(out, "Which domains are in the From of its notices? Nothing shows that it sends as ");
		name_rules(&vendor->domains, out);
		text_char(out, '\n');
	}
	if (vendor->envelope.count == 0 && !is_proven(vendor, "envelope"))
		text_put(out,
		    "Which domains are in its bounce addresses (MAIL FROM)? The file knows none but those of `domains`\n");
	if (is_proven(vendor, "dkim"))
		return;
	text_put(out, "Does all of its mail carry a DKIM signature, and with which d=? ");
	if (vendor->dkim.count == 0) {
		text_put(out, "The file knows of none\n");
		return;
	}
	text_put(out, "Nothing shows that it signs as ");
	name_rules(&vendor->dkim, out);
	text_char(out, '\n');
}

/* Sources that count and of which this is true, by name. */
static size_t
name_sources(const struct vendor *vendor, bool (*is)(const struct source *), struct text *out)
{
	size_t count = 0;

	for (size_t i = 0; i < vendor->source_count; i++) {
		if (!source_counts(&vendor->sources[i]) || !is(&vendor->sources[i]))
			continue;
		if (count++ < NAMED && out != NULL)
			text_format(out, "%s%s", count == 1 ? "" : ", ", vendor->sources[i].text);
	}
	if (count > NAMED && out != NULL)
		text_format(out, " and %zu more", count - NAMED);
	return count;
}

static bool
is_any(const struct source *source)
{
	return source != NULL;
}
static bool
is_list(const struct source *source)
{
	return !source_asks_dns(source) && !source_names_hosts(source);
}
static bool
is_open(const struct source *source)
{
	return !source->exclusive && !source->exclusive_said;
}

static void
ask_which(const struct vendor *vendor, bool (*is)(const struct source *), const char *before, const char *after,
    struct text *out)
{
	if (name_sources(vendor, is, NULL) == 0)
		return;
	text_put(out, before);
	name_sources(vendor, is, out);
	text_format(out, "%s\n", after);
}

static void
ask_where(const struct vendor *vendor, struct text *out)
{
	if (name_sources(vendor, is_any, NULL) == 0)
		text_put(out,
		    "Which SPF name or host names list the addresses that its mail comes from? The file knows of none\n");
	else if (!is_proven(vendor, "sources"))
		ask_which(vendor, is_any, "Does all of its mail come from the addresses of ", "? Nothing shows it", out);
}

static void
ask_sources(const struct vendor *vendor, struct text *out)
{
	if (name_sources(vendor, is_list, NULL) == name_sources(vendor, is_any, NULL))
		ask_which(vendor, is_list,
		    "Which DNS name holds its addresses (an SPF record, a host name)? A list grows old: ", "", out);
	ask_which(vendor, is_open, "Does anybody else send mail from the addresses of ", "?", out);
}

static void
ask_age(const struct vendor *vendor, int64_t now, struct text *out)
{
	struct vendor_age age = vendor_age(vendor, now);

	if (age.overdue > 0)
		text_format(out, "Is %s still right? Its review was due on %s\n", age.oldest_overdue->text,
		    age.oldest_overdue->review_by);
	if (vendor->evidence_count == 0) {
		text_put(out, "Is there a page that says all this? The file has no evidence\n");
	} else if (age.dated == 0) {
		text_put(out, "Is the file still right? Its evidence is undated\n");
	} else if (now / DAY - age.newest > OLD_DAYS) {
		text_put(out, "Is the file still right? Its newest evidence is ");
		vendor_age_write(now / DAY - age.newest, out);
		text_put(out, " old\n");
	}
}

void
vendor_ask_write(const struct vendor *vendor, int64_t now, struct text *out)
{
	for (size_t i = 0; i < vendor->unknown_count; i++)
		text_format(out, "Not known: %s\n", vendor->unknown[i]);
	if (vendor->unknown_count == 0) { /* else whoever wrote the file has said what it lacks */
		ask_names(vendor, out);
		ask_where(vendor, out);
	}
	ask_sources(vendor, out);
	ask_age(vendor, now, out);
}
