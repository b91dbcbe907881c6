/* The SPF record to publish: our sound terms in their order, then what is missing, then the end. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

struct spf_record
audit_record_terms(const struct audit_spf *spf)
{
	struct spf_term *terms = arena_take(spf->audit->arena, (spf->term_count + 1) * sizeof *terms);
	struct spf_record record = { .terms = terms, .redirect = "" };

	spf->audit->starved = spf->audit->starved || terms == NULL;
	for (size_t i = 0; terms != NULL && i < spf->term_count; i++)
		if (!spf->terms[i].dropped)
			terms[record.count++] = spf->terms[i].spf;
	if (spf->redirect[0] != '\0') {
		record.redirect = strchr(spf->redirect, '=') + 1;
		record.redirect_has_macro = strchr(record.redirect, '%') != NULL;
	}
	return record;
}

static unsigned
lookups_count(const struct audit_spf *spf)
{
	unsigned lookups = 0;

	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped)
			lookups += spf->terms[i].cost.lookups;
	if (spf->redirect[0] != '\0') {
		const char *target = strchr(spf->redirect, '=') + 1;

		lookups += strchr(target, '%') != NULL ? 1 : audit_redirect_cost(spf->audit, target, NULL).lookups;
	}
	return lookups;
}

/* ---- too many look-ups: our own names can be written out, for we see when they move ---- */

static void
host_write_out(struct audit_spf *spf, const char *host, enum dns_type type, unsigned bits)
{
	const struct dns_answer *answer = audit_ask(spf->audit, host, type);
	size_t width = type == DNS_A ? 4 : 16;

	for (size_t i = 0; i < answer->count; i++) {
		const uint8_t *bytes = answer->records[i].bytes;
		struct prefix prefix = { .bits = (uint8_t)bits };
		char written[PREFIX_TEXT];

		if (answer->records[i].length != width)
			continue;
		prefix.base = address_mask(type == DNS_A ? address_of_v4(bytes) : address_of_v6(bytes), bits);
		if (prefix.base.family == (type == DNS_A ? ADDRESS_V4 : ADDRESS_V6))
			(void)audit_term_add(spf,
			    audit_kept(spf->audit,
				arena_format(spf->audit->arena, "ip%d:%s", (int)prefix.base.family,
				    prefix_write(&prefix, written))),
			    AUDIT_WORDS_MAX);
	}
}

static void
both_write_out(struct audit_spf *spf, const char *host, const struct spf_term *term)
{
	host_write_out(spf, host, DNS_A, term->bits4);
	host_write_out(spf, host, DNS_AAAA, term->bits6);
}

static bool
may_write_out(const struct audit_spf *spf, const struct audit_term *term, const struct dns_answer *hosts)
{
	bool ours = !term->dropped && term->spf.qualifier == '+' && !term->spf.has_macro;

	if (term->spf.mechanism == SPF_A_TERM)
		return ours && audit_is_ours(spf->audit, audit_term_name(spf->audit, &term->spf));
	for (size_t i = 0; i < hosts->count; i++)
		ours = ours && audit_is_ours(spf->audit, (const char *)hosts->records[i].bytes);
	return ours && term->spf.mechanism == SPF_MX_TERM;
}

static void
term_write_out(struct audit_spf *spf, struct audit_term *term)
{
	static const struct dns_answer none = { .status = DNS_EMPTY };
	struct dns_audit *audit = spf->audit;
	const char *name = audit_term_name(audit, &term->spf);
	const struct dns_answer *hosts = term->spf.mechanism == SPF_MX_TERM ? audit_ask(audit, name, DNS_MX) : &none;
	const struct spf_term like = term->spf;

	if (!may_write_out(spf, term, hosts))
		return;
	term->dropped = true;
	audit_advise(audit, "'%s' is written out below to save look-ups; change it when the address changes",
	    audit_shown(audit, term->text));
	if (like.mechanism == SPF_A_TERM)
		both_write_out(spf, name, &like);
	for (size_t i = 0; i < hosts->count && i < SPF_MX_LIMIT; i++)
		both_write_out(spf, (const char *)hosts->records[i].bytes, &like);
}

static bool
is_doubled(const struct audit_spf *spf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!spf->terms[i].dropped && strcasecmp(spf->terms[i].text, spf->terms[n].text) == 0)
			return true;
	return false;
}

/* mx comes last: it is what everybody looks for first. */
static void
lookups_spare(struct audit_spf *spf)
{
	static const enum spf_mechanism order[] = { SPF_A_TERM, SPF_MX_TERM };
	size_t count = spf->term_count;
	unsigned lookups = lookups_count(spf);

	for (size_t i = 0; i < 2 * count && lookups > SPF_TERMS_LIMIT; i++) {
		if (spf->terms[i % count].spf.mechanism != order[i / count])
			continue;
		term_write_out(spf, &spf->terms[i % count]);
		lookups = lookups_count(spf);
	}
	for (size_t i = count; i < spf->term_count; i++)
		spf->terms[i].dropped = is_doubled(spf, i);
	if (lookups > SPF_TERMS_LIMIT)
		audit_wrong(spf->audit,
		    "the record to publish still takes %u look-ups, and %d is the most (RFC "
		    "7208, 4.6.4); have a vendor "
		    "sign (DKIM) and bounce to a name of its own",
		    lookups, SPF_TERMS_LIMIT);
}

/* Our own are gone by now: the look-ups that still find nothing are those of other people's names. */
static void
voids_judge(struct audit_spf *spf)
{
	unsigned voids = 0;

	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped)
			voids += spf->terms[i].cost.voids;
	for (size_t i = 0; i < spf->term_count && voids > SPF_VOIDS_LIMIT; i++)
		if (!spf->terms[i].dropped && spf->terms[i].cost.voids > 0)
			audit_wrong(spf->audit,
			    "%u look-ups of '%s' find nothing, and receivers may ignore a record "
			    "with more than %d of "
			    "those; ask its owner to fix that",
			    spf->terms[i].cost.voids, audit_shown(spf->audit, spf->terms[i].text), SPF_VOIDS_LIMIT);
}

/* ---- writing ---- */

static void
terms_write(const struct audit_spf *spf, struct text *out)
{
	bool any = spf->redirect[0] != '\0';

	text_put(out, "v=spf1");
	for (size_t i = 0; i < spf->term_count; i++)
		if (!spf->terms[i].dropped) {
			any = true;
			text_format(out, " %s", spf->terms[i].text);
		}
	if (spf->redirect[0] != '\0')
		text_format(out, " %s", spf->redirect);
	else
		text_put(out, spf->all == '-' || !any ? " -all" : " ~all"); /* a domain that sends nothing may say so */
	text_put(out, spf->modifiers);
}

void
audit_record_make(struct audit_spf *spf)
{
	struct dns_audit *audit = spf->audit;
	struct text text;

	lookups_spare(spf);
	voids_judge(spf);
	text_open(&text, SPF_RECORD_MAX);
	terms_write(spf, &text);
	audit->starved = audit->starved || text.cut;
	if (strcmp(text.bytes, spf->published) != 0 || spf->record_count > 1)
		audit->report.spf = audit_kept(audit, arena_copy(audit->arena, text.bytes, text.length));
	audit->report.spf_lookups = lookups_count(spf);
	text_close(&text);
}
