/* The DKIM keys that the delegated vendors hold for us. */
#include <string.h>

#include "policy/advise/dns_audit_parts.h"
#include "policy/mail/dkim_key.h"

enum { BITS_MIN = 1024, BITS_ADVISED = 2048 }; /* RFC 8301, 3.2 */

/* ---- finding ---- */

/* The first key record of a name; false: it has none. *text is set when there is any TXT. */
static bool
key_read(struct dns_audit *audit, const char *name, struct dkim_key *out, bool *text)
{
	const struct dns_answer *answer = audit_ask(audit, name, DNS_TXT);

	*text = answer->count > 0;
	for (size_t i = 0; i < answer->count; i++)
		if (dkim_key_read((const char *)answer->records[i].bytes, answer->records[i].length, out))
			return true;
	return false;
}

static const char *
key_name(struct dns_audit *audit, const char *selector, const char *domain)
{
	return audit_kept(audit, arena_format(audit->arena, "%s._domainkey.%s", selector, domain));
}

/* The domain whose keys may sign for this one, too, when alignment is relaxed; NULL: none of ours. */
static const char *
domain_above(const struct dns_audit *audit)
{
	const char *above = suffix_organisational(audit->request->suffixes, audit->request->domain);

	return above == NULL || strcmp(above, audit->request->domain) == 0 || !audit_is_ours(audit, above) ? NULL : above;
}

/* ---- judging ---- */

static bool
is_revoked(const struct dkim_key *key)
{
	return key->revoked;
}
static bool
is_unsound(const struct dkim_key *key)
{
	return !key->sound;
}
static bool
is_test(const struct dkim_key *key)
{
	return key->test;
}
static bool
is_sha1(const struct dkim_key *key)
{
	return !key->sha256;
}
static bool
is_not_mail(const struct dkim_key *key)
{
	return !key->mail;
}
static bool
is_short(const struct dkim_key *key)
{
	return key->kind == DKIM_KEY_RSA && key->bits < BITS_MIN;
}

static const struct {
	bool (*holds)(const struct dkim_key *);
	const char *wrong;
} faults[] = {
	{ is_revoked, "is revoked (an empty p=): nothing that it signs is proven; publish the vendor's new key" },
	{ is_unsound, "holds no key that anybody can use; copy it from the vendor again" },
	{ is_test, "is a test key (t=y): nothing that it signs is proven; take the t=y out" },
	{ is_sha1, "allows only sha1 (h=), which proves nothing; take the h= out" },
	{ is_not_mail, "is not for mail (s=); take the s= out" },
	{ is_short, "is an RSA key under 1024 bits, which receivers ignore (RFC 8301); ask the vendor for one of 2048" },
};

/* The vendor's key belongs there, in place of what is there now. */
static void
place_add(struct dns_audit *audit, const char *name)
{
	if (audit->report.key_count < AUDIT_KEYS_MAX)
		audit->keys[audit->report.key_count++] = name;
}

static bool
key_judge(struct dns_audit *audit, const char *name, const struct dkim_key *key, const char *vendor, bool say)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (!faults[i].holds(key))
			continue;
		if (say) {
			audit_wrong(audit, "'%s' (%s) %s", name, vendor, faults[i].wrong);
			place_add(audit, name);
		}
		return false;
	}
	if (say && key->kind == DKIM_KEY_RSA && key->bits < BITS_ADVISED)
		audit_advise(audit, "'%s' (%s) is an RSA key of %u bits; ask the vendor for one of 2048", name, vendor,
		    key->bits);
	return true;
}

static void
key_missing(struct dns_audit *audit, const char *name, const char *vendor, bool text)
{
	place_add(audit, name);
	if (text)
		audit_wrong(audit, "'%s' (%s) holds text that is not a DKIM key; copy the key from the vendor again",
		    name, vendor);
	else
		audit_wrong(audit,
		    "'%s' is missing: nothing that %s signs as %s is proven; "
		    "publish the key that it gives you",
		    name, vendor, audit->request->domain);
}

enum audit_key
audit_key_find(struct dns_audit *audit, const struct delegation *delegation, const char *selector, bool say)
{
	const char *above = domain_above(audit), *vendor = delegation->vendor_name;
	const char *name = key_name(audit, selector, audit->request->domain), *other;
	struct dkim_key key;
	bool text, other_text;

	if (key_read(audit, name, &key, &text))
		return key_judge(audit, name, &key, vendor, say) ? AUDIT_KEY_HERE : AUDIT_KEY_BAD;
	if (!text && above != NULL) {
		other = key_name(audit, selector, above);
		if (key_read(audit, other, &key, &other_text))
			return key_judge(audit, other, &key, vendor, say) ? AUDIT_KEY_ABOVE : AUDIT_KEY_BAD;
	}
	if (say)
		key_missing(audit, name, vendor, text);
	return text ? AUDIT_KEY_BAD : AUDIT_KEY_NONE;
}

void
audit_keys(struct dns_audit *audit)
{
	const struct delegation *delegation;

	for (size_t i = 0; (delegation = audit_delegation(audit, i)) != NULL; i++) {
		for (size_t j = 0; j < delegation->selectors.count; j++)
			(void)audit_key_find(audit, delegation, delegation->selectors.list[j], true);
		if (delegation->selectors.count == 0 && audit_wants(delegation, PROOF_DKIM))
			audit_advise(audit,
			    "the delegation of %s names no selectors, so its keys cannot be checked, "
			    "and any key of "
			    "%s proves its mail; name them (s= of its signatures)",
			    delegation->vendor_name, audit->request->domain);
	}
}
