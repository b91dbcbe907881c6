/* Our SPF record: its terms, one by one, and its end. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/util/domain.h"

/* ---- words and terms ---- */

struct audit_term *
audit_term_add(struct audit_spf *spf, const char *text, size_t word)
{
	struct audit_term *term = &spf->terms[spf->term_count];
	struct spf_record record;
	const char *wrong, *repair;

	if (spf->term_count == AUDIT_TERMS_MAX || !audit_word_read(spf->audit, text, &record, &wrong, &repair) ||
	    record.count != 1)
		return NULL;
	*term = (struct audit_term){ .spf = record.terms[0], .text = text, .word = word };
	term->cost = audit_term_cost(spf->audit, &term->spf, NULL);
	term->whose = audit_term_whose(spf->audit, &term->spf);
	spf->term_count++;
	return term;
}

/* A record has at most one redirect and one exp (RFC 7208, 6); other modifiers may occur any number of times. */
static void
modifier_add(struct audit_spf *spf, const char *text, bool redirect)
{
	struct dns_audit *audit = spf->audit;
	bool exp = span_is_nocase((struct span){ text, strcspn(text, "=") }, "exp");

	if ((redirect && spf->redirect[0] != '\0') || (exp && spf->has_exp))
		audit_wrong(audit, "'%s' is a second one; take it out", audit_shown(audit, text));
	else if (redirect)
		spf->redirect = text;
	else
		spf->modifiers = audit_kept(audit, arena_format(audit->arena, "%s %s", spf->modifiers, text));
	spf->has_exp = spf->has_exp || exp;
}

/* A repair may be two terms. */
static void
repair_add(struct audit_spf *spf, const char *repair, size_t word)
{
	struct span rest = span_of(repair);

	while (rest.length > 0) {
		struct span one = span_cut(&rest, ' ');

		(void)audit_term_add(spf, audit_kept(spf->audit, arena_copy(spf->audit->arena, one.at, one.length)), word);
	}
}

/* "include: example.net": a colon, and its argument as a word of its own after it. "" when that is not so. */
static const char *
word_join(struct audit_spf *spf, size_t n)
{
	struct audit_word *word = &spf->words[n], *next = word + 1;
	struct dns_audit *audit = spf->audit;
	size_t length = strlen(word->text);
	const char *joined, *wrong, *repair;
	struct spf_record record;

	if (n + 1 == spf->word_count || next->record != word->record || length == 0 || word->text[length - 1] != ':')
		return "";
	joined = audit_kept(audit, arena_format(audit->arena, "%s%s", word->text, next->text));
	if (!audit_word_read(audit, joined, &record, &wrong, &repair))
		return "";
	audit_wrong(audit, "'%s %s' has a blank inside; write '%s'", audit_shown(audit, word->text),
	    audit_shown(audit, next->text), audit_shown(audit, joined));
	next->joined = true;
	return joined;
}

static void
word_read(struct audit_spf *spf, size_t n)
{
	struct audit_word *word = &spf->words[n];
	struct dns_audit *audit = spf->audit;
	const char *wrong, *repair, *shown = audit_shown(audit, word->text), *joined = word_join(spf, n);
	struct spf_record record;

	if (word->joined)
		return;
	if (joined[0] != '\0') {
		repair_add(spf, joined, n);
		return;
	}
	word->sound = audit_word_read(audit, word->text, &record, &wrong, &repair);
	if (word->sound && record.count == 0) {
		modifier_add(spf, word->text, record.redirect[0] != '\0');
	} else if (word->sound) {
		(void)audit_term_add(spf, word->text, n);
	} else if (repair[0] != '\0') {
		audit_wrong(audit, "'%s' %s; write '%s'", shown, wrong, audit_shown(audit, repair));
		repair_add(spf, repair, n);
	} else {
		audit_wrong(audit, "'%s' %s; take it out", shown, wrong);
	}
}

static bool
word_add(struct audit_spf *spf, struct span text)
{
	char *copy = arena_copy(spf->audit->arena, text.at, text.length);

	if (spf->word_count == AUDIT_WORDS_MAX || copy == NULL) {
		(void)audit_kept(spf->audit, copy);
		return false;
	}
	for (size_t i = 0; i < text.length; i++)
		copy[i] = copy[i] == '\0' ? '\001' : copy[i];
	spf->words[spf->word_count++] = (struct audit_word){ .text = copy, .record = spf->record_count, .whose = "" };
	return true;
}

/* ---- records ---- */

static void
record_take(struct audit_spf *spf, struct span text)
{
	struct span rest = text;
	bool room = true;

	if (spf->record_count == 0)
		spf->published = audit_kept(spf->audit, arena_copy(spf->audit->arena, text.at, text.length));
	if (text.length > SPF_RECORD_MAX)
		audit_wrong(spf->audit, "the record has %zu bytes, too many for receivers; write at most %d",
		    text.length, SPF_RECORD_MAX);
	else if (text.length > SPF_SIZE_ADVISED)
		audit_advise(spf->audit,
		    "the record has %zu bytes; "
		    "with more than %d an answer may not fit into one packet",
		    text.length, SPF_SIZE_ADVISED);
	span_cut(&rest, ' ');
	while (rest.length > 0 && room) {
		struct span word = span_cut(&rest, ' ');

		room = word.length == 0 || word_add(spf, word);
	}
	if (!room)
		audit_wrong(spf->audit, "the record has more than %d terms; the rest are not checked", AUDIT_WORDS_MAX);
	spf->record_count++;
}

/* Meant as a record, but no receiver takes it for one. */
static bool
is_near_miss(struct span text)
{
	return text.length >= 5 && span_is_nocase((struct span){ text.at, 5 }, "v=spf");
}

static void
records_take(struct audit_spf *spf)
{
	struct dns_audit *audit = spf->audit;
	const char *domain = audit->request->domain, *why;
	const struct dns_answer *answer = audit_ask(audit, domain, DNS_TXT);

	for (size_t i = 0; i < answer->count && spf->record_count < AUDIT_WORDS_MAX; i++) {
		struct span text = { (const char *)answer->records[i].bytes, answer->records[i].length };

		if (spf_text_is_record(text.at, text.length))
			record_take(spf, text);
		else if (is_near_miss(text))
			audit_wrong(audit, "'%s' is not an SPF record; begin it with 'v=spf1' and a blank",
			    audit_shown(audit, text.at));
	}
	if (spf->record_count == 0)
		audit_wrong(audit, "there is no SPF record%s; publish the one below",
		    answer->status == DNS_NXDOMAIN ? ", the name does not exist" : "");
	if (spf->record_count > 1)
		audit_wrong(audit,
		    "there are %zu SPF records, so receivers ignore all of them; "
		    "publish the one below instead",
		    spf->record_count);
	audit->report.spf_ignored = spf->record_count > 0 && audit_spf_of(audit, domain, &why) == NULL;
}

/* ---- one term; each returns whether it must go ---- */

static bool
judge_ptr(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	if (term->spf.mechanism == SPF_PTR_TERM)
		audit_wrong(spf->audit, "'%s' must not be used (RFC 7208, 5.5); name the hosts by a: or ip4:", shown);
	return term->spf.mechanism == SPF_PTR_TERM;
}

static bool
term_equal(struct dns_audit *audit, const struct spf_term *a, const struct spf_term *b)
{
	if (a->mechanism != b->mechanism || a->bits4 != b->bits4 || a->bits6 != b->bits6 || a->has_macro != b->has_macro ||
	    a->network.bits != b->network.bits || !address_equal(&a->network.base, &b->network.base))
		return false;
	return a->has_macro ? strcasecmp(a->spec, b->spec) == 0
			    : strcmp(audit_term_name(audit, a), audit_term_name(audit, b)) == 0;
}

static bool
judge_double(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	for (const struct audit_term *before = spf->terms; before < term; before++)
		if (!before->dropped && term_equal(spf->audit, &before->spf, &term->spf)) {
			audit_wrong(spf->audit, "'%s' is there already; take it out", shown);
			return true;
		}
	return false;
}

static bool
judge_broken(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	if (term->cost.broken[0] != '\0')
		audit_wrong(spf->audit, "'%s' makes receivers ignore the whole record (%s); take it out", shown,
		    term->cost.broken);
	return term->cost.broken[0] != '\0';
}

static bool
judge_open(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	if (term->cost.open)
		audit_wrong(spf->audit, "'%s' passes everybody; take it out", shown);
	return term->cost.open;
}

/* "territory.mailers.example": a placeholder on the vendor's page for one of its names. */
static const struct source *
placeholder_source(const struct audit_term *term, const char *name)
{
	const struct vendor *vendor = term->whose.vendor;
	const char *parent = domain_parent(name);

	for (size_t i = 0; vendor != NULL && parent != NULL && i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];
		const char *above = source_asks_dns(source) ? domain_parent(source->name) : NULL;

		if (source_counts(source) && above != NULL && strcmp(above, parent) == 0)
			return source;
	}
	return NULL;
}

static bool
judge_empty(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	const struct source *meant = NULL;

	if (!term->cost.empty)
		return false;
	if (term->whose.source == NULL)
		meant = placeholder_source(term, audit_term_name(spf->audit, &term->spf));
	if (meant != NULL)
		audit_wrong(spf->audit,
		    "'%s' has no address, it is a placeholder for a name of %s; "
		    "write a real one, such as 'a:%s'",
		    shown, term->whose.vendor->name, meant->name);
	else
		audit_wrong(spf->audit, "'%s' leads to no address; take it out", shown);
	return true;
}

/* A neutral or failing term for somebody who may send blocks the right one. */
static bool
judge_qualifier(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	bool hinders = term->spf.qualifier != '+' && term->whose.delegated && term->whose.source != NULL &&
	    source_counts(term->whose.source);

	if (hinders)
		audit_wrong(spf->audit, "'%s' does not pass mail of %s; write it without the '%c'", shown,
		    term->whose.vendor->name, term->spf.qualifier);
	return hinders;
}

static bool
judge_vendor(struct audit_spf *spf, const struct audit_term *term, const char *shown)
{
	const char *vendor = term->whose.vendor == NULL ? NULL : term->whose.vendor->name;
	const char *domain = spf->audit->request->domain;

	if (vendor == NULL || term->spf.qualifier != '+' || term->whose.relayed)
		return false;
	if (term->whose.delegated) {
		if (term->whose.source == NULL || source_counts(term->whose.source))
			return false;
		audit_wrong(spf->audit,
		    "'%s' is not a place from which %s sends here (see its tags and use); "
		    "take it out",
		    shown, vendor);
		return true;
	}
	if (term->whose.enabled || term->whose.vendor->kind == VENDOR_APPLICATION) {
		audit_wrong(spf->audit,
		    "'%s' lets %s send as %s, which no delegation allows; "
		    "take it out, or add a delegation",
		    shown, vendor, domain);
		return true;
	}
	audit_advise(spf->audit,
	    "'%s' lets every customer of %s send as %s; "
	    "if you use it, name it in vendors and delegations",
	    shown, vendor, domain);
	return false;
}

static bool
must_go(struct audit_spf *spf, const struct audit_term *term)
{
	static bool (*const judges[])(struct audit_spf *, const struct audit_term *, const char *shown) = { judge_ptr,
		judge_double, judge_open, judge_broken, judge_empty, judge_qualifier, judge_vendor };
	const char *shown = audit_shown(spf->audit, term->text);

	for (size_t i = 0; i < sizeof judges / sizeof judges[0]; i++)
		if (judges[i](spf, term, shown))
			return true;
	return false;
}

/* What was never looked at did no harm after the end, but must do none before it either. */
static bool
judge_behind(struct audit_spf *spf, const struct audit_term *term)
{
	const struct audit_cost *cost = &term->cost;
	bool useless = term->spf.mechanism == SPF_PTR_TERM || term->spf.mechanism == SPF_ALL ||
	    cost->broken[0] != '\0' || cost->open || cost->empty;

	audit_wrong(spf->audit, "'%s' comes after 'all', where nobody looks; %s", audit_shown(spf->audit, term->text),
	    useless ? "take it out" : "put it before 'all' if it is needed");
	return useless;
}

/* ---- all of them ---- */

/* What a receiver meets before it stops. */
static void
term_count(struct audit_spf *spf, const struct audit_term *term)
{
	struct audit_word *word = &spf->words[term->word];

	if (!word->sound)
		return;
	word->lookups += term->cost.lookups;
	word->whose = term->whose.vendor == NULL ? "" : term->whose.vendor->name;
	spf->voids += term->cost.voids;
	spf->audit->report.lookups += term->cost.lookups;
	spf->audit->report.spf_ignored = spf->audit->report.spf_ignored || term->cost.broken[0] != '\0';
}

static void
all_take(struct audit_spf *spf, struct audit_term *all)
{
	static const char by_strictness[] = "?+~-"; /* the first two never stay */

	all->dropped = true; /* the end is written anew */
	if (all->spf.qualifier == '+')
		audit_wrong(spf->audit, "'%s' passes everybody; write '~all'", audit_shown(spf->audit, all->text));
	else if (all->spf.qualifier == '?')
		audit_wrong(spf->audit, "'?all' says nothing about mail from elsewhere; write '~all'");
	else if (spf->all == '\0' || strchr(by_strictness, all->spf.qualifier) > strchr(by_strictness, spf->all))
		spf->all = all->spf.qualifier;
}

static void
terms_judge(struct audit_spf *spf)
{
	bool ended[AUDIT_WORDS_MAX + 1] = { false };

	for (size_t i = 0; i < spf->term_count && !spf->audit->starved; i++) {
		struct audit_term *term = &spf->terms[i];
		bool *end = &ended[spf->words[term->word].record];

		if (*end) {
			term->dropped = judge_behind(spf, term) || must_go(spf, term);
			continue;
		}
		term_count(spf, term);
		if (term->spf.mechanism == SPF_ALL)
			all_take(spf, term);
		else
			term->dropped = must_go(spf, term);
		*end = term->spf.mechanism == SPF_ALL;
	}
}

/* ---- the end ---- */

static void
include_add(struct audit_spf *spf, const char *text)
{
	struct audit_term *term = audit_term_add(spf, text, AUDIT_WORDS_MAX);

	if (term != NULL)
		term->dropped = must_go(spf, term);
}

/* The record has no all of its own: what the redirect leads to must end well, or the redirect is of no use. */
static void
redirect_judge(struct audit_spf *spf)
{
	struct dns_audit *audit = spf->audit;
	const char *target = strchr(spf->redirect, '=') + 1, *shown = audit_shown(audit, spf->redirect);
	struct audit_cost cost = { .lookups = 1, .broken = "" };
	bool macro = strchr(target, '%') != NULL;
	char end = macro ? '~' : audit_ending(audit, target);

	if (!macro)
		cost = audit_redirect_cost(audit, target, &spf->reached);
	for (size_t i = 0; i < spf->word_count; i++)
		if (spf->words[i].text == spf->redirect)
			spf->words[i].lookups = cost.lookups;
	audit->report.lookups += cost.lookups;
	spf->voids += cost.voids;
	audit->report.spf_ignored = audit->report.spf_ignored || cost.broken[0] != '\0';
	if (cost.broken[0] != '\0')
		audit_wrong(audit, "'%s' makes receivers ignore the whole record (%s); take it out", shown, cost.broken);
	else if (cost.open)
		audit_wrong(audit, "'%s' passes everybody; take it out", shown);
	else if (end == '\0' || end == '?')
		audit_wrong(audit,
		    "'%s' leads to a record that says nothing about mail from elsewhere; "
		    "include it, and write '~all'",
		    shown);
	else
		return;
	if (cost.broken[0] == '\0' && !cost.open)
		include_add(spf, audit_kept(audit, arena_format(audit->arena, "include:%s", target)));
	spf->reached.count = 0;
	spf->redirect = "";
}

static bool
has_all(const struct audit_spf *spf)
{
	for (size_t i = 0; i < spf->term_count; i++)
		if (spf->terms[i].spf.mechanism == SPF_ALL)
			return true;
	return false;
}

static void
end_judge(struct audit_spf *spf)
{
	bool all = has_all(spf);

	if (spf->redirect[0] != '\0' && all) {
		audit_wrong(spf->audit, "'%s' is never followed, because the record has an 'all'; take one of them out",
		    audit_shown(spf->audit, spf->redirect));
		spf->redirect = "";
	}
	if (spf->redirect[0] != '\0')
		redirect_judge(spf);
	else if (!all && spf->record_count > 0)
		audit_wrong(spf->audit,
		    "the record has no 'all' at its end, so it says nothing about mail from "
		    "elsewhere; write '~all'");
}

static void
limits_judge(struct audit_spf *spf)
{
	struct dns_audit *audit = spf->audit;

	if (audit->report.lookups > SPF_TERMS_LIMIT)
		audit_wrong(audit,
		    "the record takes %u look-ups, and receivers ignore one that takes more than %d "
		    "(RFC 7208, 4.6.4); "
		    "take out what costs most",
		    audit->report.lookups, SPF_TERMS_LIMIT);
	if (spf->voids > SPF_VOIDS_LIMIT)
		audit_wrong(audit,
		    "%u of its look-ups find nothing, and receivers may ignore a record with more "
		    "than %d of those "
		    "(RFC 7208, 4.6.4)",
		    spf->voids, SPF_VOIDS_LIMIT);
	audit->report.spf_ignored = audit->report.spf_ignored || audit->report.lookups > SPF_TERMS_LIMIT ||
	    spf->voids > SPF_VOIDS_LIMIT;
}

/* ---- the part ---- */

static void
rows_write(struct audit_spf *spf)
{
	struct dns_audit *audit = spf->audit;
	struct dns_audit_row *rows = arena_take(audit->arena, (spf->word_count + 1) * sizeof *rows);

	audit->starved = audit->starved || rows == NULL;
	for (size_t i = 0; rows != NULL && i < spf->word_count; i++)
		rows[i] = (struct dns_audit_row){ audit_shown(audit, spf->words[i].text), spf->words[i].whose,
			spf->words[i].sound, spf->words[i].lookups };
	audit->report.rows = rows;
	audit->report.row_count = rows == NULL ? 0 : spf->word_count;
}

void
audit_spf(struct dns_audit *audit)
{
	struct audit_spf *spf = arena_take(audit->arena, sizeof *spf);
	size_t wrong = audit->report.wrong_count;

	if (spf == NULL) {
		audit->starved = true;
		return;
	}
	spf->audit = audit;
	spf->published = spf->redirect = spf->modifiers = "";
	records_take(spf);
	for (size_t i = 0; i < spf->word_count; i++)
		word_read(spf, i);
	terms_judge(spf);
	end_judge(spf);
	limits_judge(spf);
	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped)
			(void)audit_term_cost(audit, &spf->terms[i].spf, &spf->reached);
	audit_missing_hosts(spf);
	audit_missing_vendors(spf);
	rows_write(spf);
	if (audit->report.wrong_count > wrong)
		audit_record_make(spf);
}
