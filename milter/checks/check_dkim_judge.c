#include <strings.h>

#include "milter/checks/check_dkim_parts.h"
#include "policy/util/date.h"

static bool
is_same_name(struct span a, struct span b)
{
	return a.length == b.length && strncasecmp(a.at, b.at, a.length) == 0;
}

static size_t
occurrences(const struct dkim_check *check, struct span name)
{
	size_t count = 0;

	for (const struct field *field = check->fields; field != NULL; field = field->next)
		count += is_same_name(field->name, name);
	return count;
}

/* Fields that a reader takes for the message itself. */
static bool
is_content(struct span name)
{
	static const char prefix[] = "content-";
	struct span start = { name.at, sizeof prefix - 1 };

	return span_is_nocase(name, "from") || span_is_nocase(name, "subject") ||
	    (name.length >= sizeof prefix - 1 && span_is_nocase(start, prefix));
}

/* Other fields that a reader sees or acts on. Any hop may add the rest (X-*, ARC-*, Received, ...) again. */
static bool
is_shown(struct span name)
{
	static const char *const shown[] = { "to", "cc", "date", "message-id", "sender", "reply-to", "mime-version",
		"list-unsubscribe" };

	for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
		if (span_is_nocase(name, shown[i]))
			return true;
	return false;
}

/* Anybody can add a second field of a signed name on top: readers show it, and the signature still verifies. */
static bool
is_repeated(const struct dkim_check *check, const struct dkim_text *text, bool (*matters)(struct span name))
{
	struct span rest = span_of(text->h);

	while (rest.length > 0) {
		struct span name = span_cut(&rest, ':');

		if (matters(name) && occurrences(check, name) > dkim_text_signs(text, name))
			return true;
	}
	return false;
}

/* The message has the field, but the signature does not cover it, so that anybody may change it. */
static bool
is_open_field(const struct dkim_check *check, const struct dkim_text *text, const char *name)
{
	return dkim_text_signs(text, span_of(name)) == 0 && occurrences(check, span_of(name)) > 0;
}

static bool
body_is_partial(const struct dkim_check *check, const struct dkim_text *text)
{
	return text->has_l && text->l < dkim_length_end(text->relaxed ? &check->relaxed : &check->simple);
}

/* Why a signature that verifies proves nothing at all; "" when it proves something. */
static const char *
objection(const struct dkim_check *check, const struct dkim_text *text)
{
	if (dkim_text_signs(text, span_of("from")) == 0)
		return "no-from";
	if (is_repeated(check, text, is_content))
		return "repeated-field";
	if (body_is_partial(check, text))
		return "partial-body";
	return text->by_dns ? "" : "query-method";
}

/* RFC 6376, 3.6.1 and RFC 8301, 3.1: under the standards it does not count as a signature. */
static const char *
unfitness(const struct signature *signature)
{
	if (dkim_sig_getflags(signature->sig) & DKIM_SIGFLAG_TESTKEY)
		return "test-key";
	return strcasecmp(signature->text.a, "rsa-sha1") == 0 ? "sha1" : "";
}

/* Why a signature that proves something still cannot vouch; "" when it can (doc/DESIGN.md, DKIM and DMARC). */
static const char *
weakness(const struct dkim_check *check, const struct signature *signature)
{
	const char *unfit = unfitness(signature);

	if (unfit[0] != '\0')
		return unfit;
	if (is_open_field(check, &signature->text, "subject"))
		return "no-subject";
	return is_repeated(check, &signature->text, is_shown) ? "repeated-field" : "";
}

/* When it was signed: its own t=, else the Date that it covers, which is the last one. */
static int64_t
signing_time(const struct dkim_check *check, const struct dkim_text *text)
{
	int64_t found = text->t;

	if (text->t != 0 || dkim_text_signs(text, span_of("date")) == 0)
		return found;
	for (const struct field *field = check->fields; field != NULL; field = field->next)
		if (span_is_nocase(field->name, "date") && !date_read(field->value, &found))
			found = 0;
	return found;
}

/* The result of RFC 8601, 2.7.1 for a signature that does not verify. */
static enum auth_result
result_of(DKIM_SIGERROR error)
{
	static const enum auth_result words[] = {
		[DKIM_SIGERROR_BADSIG] = AUTH_FAIL,
		[DKIM_SIGERROR_EXPIRED] = AUTH_POLICY, /* RFC 6376, 3.5: it may be refused for that */
		[DKIM_SIGERROR_FUTURE] = AUTH_POLICY,
		[DKIM_SIGERROR_KEYTOOSMALL] = AUTH_POLICY,
		[DKIM_SIGERROR_KEYFAIL] = AUTH_TEMPERROR,
		[DKIM_SIGERROR_DOMAIN] = AUTH_PERMERROR,
		[DKIM_SIGERROR_SUBDOMAIN] = AUTH_PERMERROR,
		[DKIM_SIGERROR_INVALID_H] = AUTH_PERMERROR, /* From is not signed */
		[DKIM_SIGERROR_NOKEY] = AUTH_PERMERROR,
		[DKIM_SIGERROR_DNSSYNTAX] = AUTH_PERMERROR,
		[DKIM_SIGERROR_MULTIREPLY] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYVERSION] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYUNKNOWNHASH] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYHASHMISMATCH] = AUTH_PERMERROR,
		[DKIM_SIGERROR_NOTEMAILKEY] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYTYPEMISSING] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYTYPEUNKNOWN] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYREVOKED] = AUTH_PERMERROR,
		[DKIM_SIGERROR_KEYDECODE] = AUTH_PERMERROR,
	};
	size_t count = sizeof words / sizeof words[0];

	/* all others are errors in the signature's own syntax */
	return error > 0 && (size_t)error < count && words[error] != AUTH_NOT_ASKED ? words[error] : AUTH_NEUTRAL;
}

/* All three must agree: libopendkim leaves PASSED set when the body differs or t=s is violated. */
static bool
verifies(DKIM_SIGINFO *sig)
{
	return (dkim_sig_getflags(sig) & DKIM_SIGFLAG_PASSED) != 0 && dkim_sig_getbh(sig) == DKIM_SIGBH_MATCH &&
	    dkim_sig_geterror(sig) == DKIM_SIGERROR_OK;
}

/* The slug for one that does not verify. */
static const char *
fault_of(const struct signature *signature, DKIM_SIGERROR error)
{
	switch (error) {
	case DKIM_SIGERROR_EXPIRED:
		return "expired";
	case DKIM_SIGERROR_FUTURE:
		return "not-yet-valid";
	case DKIM_SIGERROR_KEYTOOSMALL:
		return "short-key";
	case DKIM_SIGERROR_INVALID_H:
		return "no-from";
	case DKIM_SIGERROR_INVALID_Q:
	case DKIM_SIGERROR_INVALID_QO:
		return "query-method";
	case DKIM_SIGERROR_INVALID_A:
		return "unknown-algorithm";
	case DKIM_SIGERROR_DOMAIN:
	case DKIM_SIGERROR_SUBDOMAIN:
		return "wrong-identity";
	case DKIM_SIGERROR_TOOLARGE_L:
		return "body-changed";
	case DKIM_SIGERROR_BADSIG:
		return dkim_sig_getbh(signature->sig) == DKIM_SIGBH_MISMATCH ? "body-changed" : "header-changed";
	case DKIM_SIGERROR_NOKEY:
	case DKIM_SIGERROR_KEYFAIL:
		return signature->key_unfit ? "bad-key" : "no-key";
	case DKIM_SIGERROR_KEYREVOKED:
		return "revoked-key";
	default:
		return result_of(error) == AUTH_PERMERROR ? "bad-key" : "malformed";
	}
}

/* A signature that libopendkim did not finish, or never saw. */
static void
judge_unseen(const struct dkim_check *check, const struct signature *signature, struct dkim_fact *fact)
{
	if (check->cut || !signature->text.sound) {
		fact->result = AUTH_NEUTRAL;
		fact->why = check->cut ? "header-too-long" : "malformed";
	} else if (suffix_is_registry(check->verifier->suffixes, signature->text.d)) {
		fact->result = AUTH_POLICY;
		fact->why = "public-suffix";
	} else if (check->failed) {
		fact->result = AUTH_TEMPERROR;
		fact->why = "own-failure";
	} else if (!signature->chosen) {
		fact->result = AUTH_POLICY;
		fact->why = "not-looked-up";
	} else {
		fact->result = check->no_author ? AUTH_PERMERROR : AUTH_NEUTRAL;
		fact->why = check->no_author ? "no-author" : "malformed";
	}
}

static void
judge_verified(const struct dkim_check *check, const struct signature *signature, struct dkim_fact *fact)
{
	fact->passes = unfitness(signature)[0] == '\0';
	fact->secure = signature->key_secure;
	fact->reply_open = is_open_field(check, &signature->text, "reply-to");
	fact->signed_at = signing_time(check, &signature->text);
	fact->why = objection(check, &signature->text);
	if (fact->why[0] == '\0')
		dkim_fact_weigh(fact, weakness(check, signature), check->now, check->max_age);
	else
		fact->result = AUTH_POLICY;
}

void
dkim_judge(const struct dkim_check *check, const struct signature *signature, struct dkim_fact *fact)
{
	if (check->failed || signature->sig == NULL) {
		judge_unseen(check, signature, fact);
	} else if (verifies(signature->sig)) {
		judge_verified(check, signature, fact);
	} else {
		DKIM_SIGERROR error = dkim_sig_geterror(signature->sig);

		fact->result = signature->key_temporary ? AUTH_TEMPERROR : result_of(error);
		fact->why = signature->key_temporary ? "key-unanswered" : fault_of(signature, error);
	}
}
