/* room: own_dns */
/* The DKIM keys that the delegated vendors hold for us. */
#include <string.h>

#include "dkim_key.h"
#include "own_dns_parts.h"

enum { BITS_MIN = 1024, BITS_ADVISED = 2048 }; /* RFC 8301, 3.2 */

/* ---- finding ---- */

/* The first key record of a name; false: it has none. *text is set where there is any TXT. */
static bool
key_read(struct own_dns *own, const char *name, struct dkim_key *out, bool *text)
{
	const struct dns_answer *answer = own_ask(own, name, DNS_TXT);

	*text = answer->count > 0;
	for (size_t i = 0; i < answer->count; i++)
		if (dkim_key_read((const char *)answer->records[i].bytes, answer->records[i].length, out))
			return true;
	return false;
}

static const char *
key_name(struct own_dns *own, const char *selector, const char *domain)
{
	return own_kept(own, arena_format(own->arena, "%s._domainkey.%s", selector, domain));
}

/* The domain whose keys may sign for this one, too, where alignment is relaxed; NULL: none of ours. */
static const char *
domain_above(const struct own_dns *own)
{
	const char *above = suffix_organisational(own->request->suffixes, own->request->domain);

	return above == NULL || strcmp(above, own->request->domain) == 0 || !own_is_ours(own, above) ? NULL : above;
}

/* ---- judging ---- */

static bool is_revoked(const struct dkim_key *key) { return key->revoked; }
static bool is_unsound(const struct dkim_key *key) { return !key->sound; }
static bool is_test(const struct dkim_key *key) { return key->test; }
static bool is_sha1(const struct dkim_key *key) { return !key->sha256; }
static bool is_not_mail(const struct dkim_key *key) { return !key->mail; }
static bool is_short(const struct dkim_key *key) { return key->kind == DKIM_KEY_RSA && key->bits < BITS_MIN; }

static const struct {
	bool (*holds)(const struct dkim_key *);
	const char *wrong;
} faults[] = {
	{ is_revoked, "is revoked (an empty p=): nothing that it signs is proven; publish the vendor's new key" },
	{ is_unsound, "holds no key that anybody can use; copy it anew from the vendor" },
	{ is_test, "is a test key (t=y): nothing that it signs is proven; take the t=y out" },
	{ is_sha1, "allows sha1 alone (h=), which proves nothing; take the h= out" },
	{ is_not_mail, "is not for mail (s=); take the s= out" },
	{ is_short, "is an RSA key under 1024 bits, which receivers ignore (RFC 8301); have the vendor make one of 2048" },
};

/* The vendor's key belongs there, instead of what is. */
static void
place_add(struct own_dns *own, const char *name)
{
	if (own->report.key_count < OWN_KEYS_MAX)
		own->keys[own->report.key_count++] = name;
}

static bool
key_judge(struct own_dns *own, const char *name, const struct dkim_key *key, const char *vendor, bool say)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		if (!faults[i].holds(key))
			continue;
		if (say) {
			own_wrong(own, "'%s' (%s) %s", name, vendor, faults[i].wrong);
			place_add(own, name);
		}
		return false;
	}
	if (say && key->kind == DKIM_KEY_RSA && key->bits < BITS_ADVISED)
		own_advise(own, "'%s' (%s) is an RSA key of %u bits; have the vendor make one of 2048", name, vendor, key->bits);
	return true;
}

static void
key_missing(struct own_dns *own, const char *name, const char *vendor, bool text)
{
	place_add(own, name);
	if (text)
		own_wrong(own, "'%s' (%s) holds text that is no DKIM key; copy the key anew from the vendor", name, vendor);
	else
		own_wrong(own, "'%s' is missing: nothing that %s signs as %s is proven; publish the key that it shows you", name, vendor,
		    own->request->domain);
}

enum own_key
own_key_find(struct own_dns *own, const struct delegation *delegation, const char *selector, bool say)
{
	const char *above = domain_above(own), *vendor = delegation->vendor_name;
	const char *name = key_name(own, selector, own->request->domain), *other;
	struct dkim_key key;
	bool text, other_text;

	if (key_read(own, name, &key, &text))
		return key_judge(own, name, &key, vendor, say) ? OWN_KEY_HERE : OWN_KEY_BAD;
	if (!text && above != NULL) {
		other = key_name(own, selector, above);
		if (key_read(own, other, &key, &other_text))
			return key_judge(own, other, &key, vendor, say) ? OWN_KEY_ABOVE : OWN_KEY_BAD;
	}
	if (say)
		key_missing(own, name, vendor, text);
	return text ? OWN_KEY_BAD : OWN_KEY_NONE;
}

void
own_keys(struct own_dns *own)
{
	const struct delegation *delegation;

	for (size_t i = 0; (delegation = own_delegation(own, i)) != NULL; i++) {
		for (size_t j = 0; j < delegation->selectors.count; j++)
			(void)own_key_find(own, delegation, delegation->selectors.list[j], true);
		if (delegation->selectors.count == 0 && own_wants(delegation, PROOF_DKIM))
			own_advise(own, "the delegation of %s names no selectors, so its keys cannot be looked at, and any key of "
					"%s proves its mail; name them (s= of its signatures)",
			    delegation->vendor_name, own->request->domain);
	}
}
