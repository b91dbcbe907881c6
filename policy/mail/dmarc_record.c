#include <string.h>

#include "policy/mail/dmarc_record.h"
#include "policy/util/text.h"

enum tag { TAG_P, TAG_SP, TAG_NP, TAG_ADKIM, TAG_ASPF, TAG_PSD, TAG_T, TAG_RUA };
enum { TAGS = TAG_RUA + 1 };

/* The last value of each tag that matters here; at is NULL where there is none. */
struct tags {
	struct span values[TAGS];
};

static bool
has(const struct tags *tags, enum tag tag)
{
	return tags->values[tag].at != NULL;
}

static bool
says(const struct tags *tags, enum tag tag, const char *word)
{
	return has(tags, tag) && span_is_nocase(tags->values[tag], word);
}

/* An absent policy is sound, and leaves *out alone. */
static bool
policy_read(const struct tags *tags, enum tag tag, enum dmarc_policy *out)
{
	static const enum dmarc_policy all[] = { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (says(tags, tag, dmarc_policy_word(all[i]))) {
			*out = all[i];
			return true;
		}
	return !has(tags, tag);
}

static bool
policies_read(const struct tags *tags, struct dmarc_record *record)
{
	if (!has(tags, TAG_P) || !policy_read(tags, TAG_P, &record->p))
		return false;
	record->sp = record->p;
	if (!policy_read(tags, TAG_SP, &record->sp))
		return false;
	record->np = record->sp;
	record->has_sp = has(tags, TAG_SP);
	record->has_np = has(tags, TAG_NP);
	return policy_read(tags, TAG_NP, &record->np);
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

static bool
reports_somewhere(const struct tags *tags)
{
	struct span rest = tags->values[TAG_RUA];

	while (has(tags, TAG_RUA) && rest.length > 0)
		if (is_uri(span_trim(span_cut(&rest, ','))))
			return true;
	return false;
}

/* The name folds case, the value must match precisely (4.8). */
static bool
version_cut(struct span *rest)
{
	struct span value = span_cut(rest, ';'), name = span_cut(&value, '=');

	if (name.length == 0 || text_lower(name.at[0]) != 'v')
		return false;
	return span_trim(name).length == 1 && span_is(span_trim(value), "DMARC1");
}

static void
tag_take(struct tags *tags, struct span value)
{
	static const char *const names[TAGS] = { [TAG_P] = "p",
		[TAG_SP] = "sp",
		[TAG_NP] = "np",
		[TAG_ADKIM] = "adkim",
		[TAG_ASPF] = "aspf",
		[TAG_PSD] = "psd",
		[TAG_T] = "t",
		[TAG_RUA] = "rua" };
	bool tagged = value.length > 0 && memchr(value.at, '=', value.length) != NULL;
	struct span name = span_trim(span_cut(&value, '='));

	for (size_t i = 0; tagged && i < TAGS; i++)
		if (span_is_nocase(name, names[i]))
			tags->values[i] = span_trim(value);
}

bool
dmarc_record_read(const char *text, size_t length, struct dmarc_record *out)
{
	struct span rest = { text, length };
	struct tags tags = { 0 };

	*out = (struct dmarc_record){ .p = DMARC_NONE };
	if (length > DMARC_RECORD_MAX || !version_cut(&rest))
		return false;
	while (rest.length > 0)
		tag_take(&tags, span_cut(&rest, ';'));
	out->usable = policies_read(&tags, out);
	if (!out->usable) { /* as if p=none were there, if anybody wants to hear of it (4.10.1) */
		out->p = out->sp = out->np = DMARC_NONE;
		out->has_sp = out->has_np = false;
		out->usable = reports_somewhere(&tags);
	}
	if (says(&tags, TAG_PSD, "y"))
		out->psd = DMARC_PSD_YES;
	else if (says(&tags, TAG_PSD, "n"))
		out->psd = DMARC_PSD_NO;
	out->strict_spf = says(&tags, TAG_ASPF, "s");
	out->strict_dkim = says(&tags, TAG_ADKIM, "s");
	out->testing = says(&tags, TAG_T, "y");
	return true;
}

enum dmarc_policy
dmarc_policy_milder(enum dmarc_policy policy)
{
	return policy == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE;
}
