#include <stdio.h>
#include <string.h>

#include "policy/mail/dmarc.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

/* What was seen of a record while its tags are walked. */
struct tags {
	bool p_seen, sp_seen, rua_seen, strict_spf_seen, strict_dkim_seen, t_seen, pct_seen;
	bool t_testing, pct_testing;
	bool p_good, sp_bad, rua_good;
	struct dmarc_record record;
};

static bool
policy_read(struct span value, enum dmarc_policy *out)
{
	static const enum dmarc_policy all[] = { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (span_is_nocase(value, dmarc_policy_word(all[i]))) {
			*out = all[i];
			return true;
		}
	return false;
}

/* A repeated p or sp says two things at once: as bad as no valid one (RFC 6376, 3.2). */
static void
tag_p(struct tags *tags, struct span value)
{
	tags->p_good = !tags->p_seen && policy_read(value, &tags->record.p);
	tags->p_seen = true;
}

static void
tag_sp(struct tags *tags, struct span value)
{
	if (tags->sp_seen || !policy_read(value, &tags->record.sp))
		tags->sp_bad = true;
	tags->sp_seen = true;
}

/* Anything but "s" is the default (RFC 7489, 6.3: errors in the remainder fall back to it). */
static void
tag_aspf(struct tags *tags, struct span value)
{
	if (!tags->strict_spf_seen)
		tags->record.strict_spf = span_is_nocase(value, "s");
	tags->strict_spf_seen = true;
}

static void
tag_adkim(struct tags *tags, struct span value)
{
	if (!tags->strict_dkim_seen)
		tags->record.strict_dkim = span_is_nocase(value, "s");
	tags->strict_dkim_seen = true;
}

static bool
is_letter(char c)
{
	c = text_lower(c);
	return c >= 'a' && c <= 'z';
}

/* "scheme:something" without blanks (RFC 3986, 3.1); who would get the reports is not our concern. */
static bool
is_uri(struct span uri)
{
	struct span rest = uri, scheme = span_cut(&rest, ':');

	if (rest.length == 0 || scheme.length == 0 || !is_letter(scheme.at[0]))
		return false;
	for (size_t i = 0; i < uri.length; i++)
		if (uri.at[i] <= ' ' || uri.at[i] > '~')
			return false;
	for (size_t i = 0; i < scheme.length; i++)
		if (!is_letter(scheme.at[i]) && strchr("0123456789+-.", scheme.at[i]) == NULL)
			return false;
	return true;
}

static void
tag_rua(struct tags *tags, struct span value)
{
	while (value.length > 0 && !tags->rua_good)
		tags->rua_good = is_uri(span_trim(span_cut(&value, ',')));
}

/* The owner reads the reports, and wants nothing refused yet. */
static void
tag_t(struct tags *tags, struct span value)
{
	if (!tags->t_seen)
		tags->t_testing = span_is_nocase(value, "y");
	tags->t_seen = true;
}

/* Zero per cent of the mail is an owner who tests; any other share counts as all of it. */
static void
tag_pct(struct tags *tags, struct span value)
{
	if (!tags->pct_seen)
		tags->pct_testing = span_is(value, "0") || span_is(value, "00") || span_is(value, "000");
	tags->pct_seen = true;
}

/* Tags that matter here; fo, ruf and all unknown ones are ignored (RFC 7489, 6.3). */
static const struct {
	const char *name;
	void (*read)(struct tags *, struct span value);
} known[] = {
	{ "p", tag_p },
	{ "sp", tag_sp },
	{ "aspf", tag_aspf },
	{ "adkim", tag_adkim },
	{ "rua", tag_rua },
	{ "t", tag_t },
	{ "pct", tag_pct },
};

/* Cuts the version off; false when the record does not start with it. The name folds case, the
 * value must match precisely (RFC 7489, 6.3 and 6.4: it is spelt in hexadecimal there). */
static bool
version_cut(struct span *rest)
{
	struct span value = span_cut(rest, ';');
	struct span name = span_cut(&value, '=');

	if (name.length == 0 || text_lower(name.at[0]) != 'v')
		return false;
	return span_trim(name).length == 1 && span_is(span_trim(value), "DMARC1");
}

static bool
is_dmarc(const char *text, size_t length)
{
	struct span rest = { text, length };

	return length <= DMARC_RECORD_MAX && version_cut(&rest);
}

enum auth_result
dmarc_record_read(const char *text, size_t length, struct dmarc_record *out)
{
	struct span rest = { text, length };
	struct tags tags = { 0 };

	*out = tags.record;
	if (length > DMARC_RECORD_MAX || !version_cut(&rest))
		return AUTH_NONE;
	while (rest.length > 0) {
		struct span value = span_cut(&rest, ';');
		struct span name = span_trim(span_cut(&value, '='));

		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (span_is_nocase(name, known[i].name))
				known[i].read(&tags, span_trim(value));
	}
	if (!tags.p_good || tags.sp_bad) { /* RFC 7489, 6.6.3, 6 */
		if (!tags.rua_good)
			return AUTH_NONE;
		tags.record.p = tags.record.sp = DMARC_NONE;
	}
	if (!tags.sp_seen)
		tags.record.sp = tags.record.p;
	tags.record.testing = tags.t_testing || tags.pct_testing;
	*out = tags.record;
	return AUTH_PASS;
}

bool
dmarc_aligned(const struct suffix_list *suffixes, const char *a, const char *b, bool strict)
{
	char one[DOMAIN_TEXT], other[DOMAIN_TEXT];
	const char *owner_one, *owner_other;

	/* what is not a host name is nobody's: quotes and brackets there have fooled libraries */
	if (!domain_read(a, strlen(a), one, NULL) || !domain_read(b, strlen(b), other, NULL))
		return false;
	owner_one = suffix_owner(suffixes, one);
	owner_other = suffix_owner(suffixes, other);
	if (owner_one == NULL || owner_other == NULL)
		return false;
	return strict ? strcmp(one, other) == 0 : strcmp(owner_one, owner_other) == 0;
}

enum { STEP_AUTHOR, STEP_ORGANISATION, STEP_DONE };

void
dmarc_begin(struct dmarc_check *check, const struct suffix_list *suffixes, const char *author_domain)
{
	*check = (struct dmarc_check){ .suffixes = suffixes, .domain = author_domain };
	if (suffix_owner(suffixes, author_domain) == NULL)
		check->step = STEP_DONE;
}

/* The domain that this step asks, or NULL when it has none of its own. */
static const char *
step_domain(const struct dmarc_check *check)
{
	const char *owner;

	if (check->step == STEP_AUTHOR)
		return check->domain;
	owner = suffix_owner(check->suffixes, check->domain);
	return owner == NULL || strcmp(owner, check->domain) == 0 ? NULL : owner;
}

bool
dmarc_next(struct dmarc_check *check, struct dns_question *out)
{
	char name[sizeof "_dmarc." + DOMAIN_MAX];

	for (; check->step < STEP_DONE; check->step++) {
		const char *domain = step_domain(check);

		if (domain == NULL || strlen(domain) > DOMAIN_MAX)
			continue;
		snprintf(name, sizeof name, "_dmarc.%s", domain);
		if (dns_question_make(out, name, DNS_TXT))
			return true; /* a name too long for DNS has no record: the next step */
	}
	return false;
}

/* The only DMARC record of an answer; NULL with *count for none or several. */
static const struct dns_record *
only_record(const struct dns_answer *answer, size_t *count)
{
	const struct dns_record *found = NULL;

	*count = 0;
	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++)
		if (is_dmarc((const char *)answer->records[i].bytes, answer->records[i].length)) {
			found = &answer->records[i];
			++*count;
		}
	return *count == 1 ? found : NULL;
}

void
dmarc_answer(struct dmarc_check *check, const struct dns_answer *answer)
{
	const struct dns_record *record;
	const char *domain;
	size_t count;

	if (check->step >= STEP_DONE)
		return;
	domain = step_domain(check);
	record = only_record(answer, &count);
	if (answer->status == DNS_TEMPORARY)
		check->silent = domain;
	if (record != NULL && domain != NULL &&
	    dmarc_record_read((const char *)record->bytes, record->length, &check->record) == AUTH_PASS) {
		check->found = true;
		check->by_organisation = check->step == STEP_ORGANISATION;
		snprintf(check->record_domain, sizeof check->record_domain, "%s", domain);
	}
	/* only an empty set leads on: several records, or one that says nothing, end it (6.6.3, 5). So does
	 * silence: the result is TEMPERROR then, but a silent name hides no policy of its organisation's */
	if (count > 0)
		check->step = STEP_DONE;
	else
		check->step++;
}

/* Only the checked identity aligns: HELO only for the null sender (RFC 7489, 4.1; CVE-2019-20790). */
static bool
spf_aligns(const struct dmarc_check *check, const struct facts *facts, bool strict)
{
	if (facts->spf.by_helo && !facts->null_sender)
		return false;
	return dmarc_aligned(check->suffixes, facts->spf.domain, check->domain, strict);
}

static bool
dkim_aligns(const struct dmarc_check *check, const struct dkim_fact *signature, bool strict)
{
	return dmarc_aligned(check->suffixes, signature->d, check->domain, strict);
}

static bool
spf_passes(const struct dmarc_check *check, const struct facts *facts, bool strict)
{
	return facts->spf.result == AUTH_PASS && spf_aligns(check, facts, strict);
}

static enum dmarc_by
worth_of(const struct dkim_fact *signature)
{
	if (signature->counts)
		return signature->reply_open ? DMARC_BY_REPLY_OPEN : DMARC_BY_PROOF;
	return signature->weak ? DMARC_BY_WEAK : DMARC_BY_NOTHING;
}

/* The best aligned signature. */
static enum dmarc_by
best_signature(const struct dmarc_check *check, const struct facts *facts, bool strict)
{
	enum dmarc_by best = DMARC_BY_NOTHING;

	for (size_t i = 0; i < facts->dkim_count; i++)
		if (worth_of(&facts->dkim[i]) > best && dkim_aligns(check, &facts->dkim[i], strict))
			best = worth_of(&facts->dkim[i]);
	return best;
}

/* By the standards only. */
static bool
is_signed(const struct dmarc_check *check, const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (facts->dkim[i].passes && dkim_aligns(check, &facts->dkim[i], check->record.strict_dkim))
			return true;
	return false;
}

/* The key could not be asked, and an answer might have made this signature count. */
static bool
may_count(const struct dkim_fact *signature)
{
	static const char *const never[] = { "no-from", "repeated-field", "partial-body", "query-method",
		"public-suffix" }; /* whatever the key says */

	if (signature->result != AUTH_TEMPERROR)
		return false;
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		if (strcmp(signature->why, never[i]) == 0)
			return false;
	return true;
}

static bool
spf_may_pass(const struct dmarc_check *check, const struct facts *facts)
{
	return (facts->spf.result == AUTH_TEMPERROR || facts->client_hidden) &&
	    spf_aligns(check, facts, check->record.strict_spf);
}

static bool
may_still_pass(const struct dmarc_check *check, const struct facts *facts)
{
	if (spf_may_pass(check, facts))
		return true;
	for (size_t i = 0; i < facts->dkim_count; i++)
		if (may_count(&facts->dkim[i]) && dkim_aligns(check, &facts->dkim[i], check->record.strict_dkim))
			return true;
	return false;
}

static enum auth_result
result_of(const struct dmarc_check *check, const struct facts *facts, bool passes)
{
	if (check->silent != NULL)
		return AUTH_TEMPERROR;
	if (!check->found)
		return AUTH_NONE;
	if (passes)
		return AUTH_PASS;
	return may_still_pass(check, facts) ? AUTH_TEMPERROR : AUTH_FAIL;
}

void
dmarc_finish(const struct dmarc_check *check, const struct facts *facts, struct arena *arena, struct dmarc_fact *out)
{
	const char *domain = check->found ? arena_string(arena, check->record_domain) : "";
	enum dmarc_by signed_by = best_signature(check, facts, check->record.strict_dkim);
	bool by_spf = spf_passes(check, facts, check->record.strict_spf);

	*out = (struct dmarc_fact){
		.result = result_of(check, facts, by_spf || signed_by > DMARC_BY_NOTHING),
		.said = result_of(check, facts, by_spf || is_signed(check, facts)),
		.by = by_spf ? DMARC_BY_PROOF : signed_by,
		.signed_by = signed_by,
		.domain = domain == NULL ? "" : domain,
		.silent = check->silent == NULL ? NULL : arena_string(arena, check->silent),
		.spf_aligned = spf_passes(check, facts, false),
		.dkim_aligned = best_signature(check, facts, false) >= DMARC_BY_REPLY_OPEN,
	};
	out->spf_open = out->result == AUTH_TEMPERROR && spf_may_pass(check, facts);
	if (!check->found)
		return;
	out->policy = check->by_organisation ? check->record.sp : check->record.p;
	out->testing = check->record.testing;
}
