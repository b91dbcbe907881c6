#include "policy/util/domain.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/explain.h"

/* ---- lines of a file ---- */

static void
write_rule(const struct name_rule *rule, struct text *out)
{
	if (rule->local != NULL)
		text_format(out, "\"%s@%s\"", rule->local, rule->domain);
	else
		text_format(out, "\"%s%s\"", rule->exact && !rule->closed ? "=" : "", rule->domain);
}

/* "key = [ what is there, "more" ];" */
static void
write_names(const char *key, const struct name_rules *rules, const char *more, struct text *out)
{
	text_format(out, "%s = [ ", key);
	for (size_t i = 0; i < rules->count; i++) {
		write_rule(&rules->list[i], out);
		text_put(out, ", ");
	}
	text_format(out, "\"%s\" ];\n", more);
}

static void
write_vouch(const struct vendor *vendor, const char *more, struct text *out)
{
	text_put(out, "vouch = [ ");
	for (size_t i = 0; i < vendor->vouch_count; i++) {
		text_char(out, '"');
		vouch_write(&vendor->vouch[i], 1, out);
		text_put(out, "\", ");
	}
	text_format(out, "\"%s\" ];\n", more);
}

/* ---- what an unproven vendor lacks ---- */

/* Would this evidence be vouched for? */
static bool
would_vouch(struct claim claim)
{
	return evidence_vouches(&claim) == YES;
}

static bool
aligns_by_spf(const struct facts *facts)
{
	for (size_t i = 0; i < facts->author_count; i++)
		if (facts->authors[i].dmarc.spf_aligned)
			return true;
	return false;
}

/* SPF passed for a name that is not in the file. It is suggested only where the address or an author supports it:
 * otherwise anybody could get himself written into the file. */
static void
lacks_envelope(const struct facts *facts, const struct claim *claim, struct text *out)
{
	const struct vendor *vendor = claim->vendor;
	struct mailbox identity = evidence_identity(facts);
	struct claim named = *claim;

	named.spf = YES;
	if (facts->spf.result != AUTH_PASS || identity.domain[0] == '\0' || vendor_owns_sender(vendor, &identity) ||
	    (claim->listed != YES && !aligns_by_spf(facts)) || !would_vouch(named))
		return;
	text_format(out,
	    "to vouch   SPF passed for %s, a name that its file lacks; if that is the vendor's: ", identity.domain);
	write_names("envelope", &vendor->envelope, identity.domain, out);
}

/* The signer and an author belong together: one name is the other, or is below it. */
static bool
is_near_an_author(const struct facts *facts, const struct vendor *vendor, const char *d)
{
	if (name_rules_hold_domain(&vendor->domains, d))
		return true;
	for (size_t i = 0; i < facts->author_count; i++) {
		const struct mailbox *author = &facts->authors[i].mailbox;

		if (name_rules_hold(&vendor->domains, author) && facts->authors[i].dmarc.dkim_aligned &&
		    (domain_is_under(author->domain, d) || domain_is_under(d, author->domain)))
			return true;
	}
	return false;
}

static void
lacks_signer(const struct facts *facts, const struct claim *claim, struct text *out)
{
	const struct vendor *vendor = claim->vendor;
	struct claim named = *claim;

	named.dkim = YES;
	if (claim->dkim == YES || !would_vouch(named))
		return;
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		if (!fact->counts || name_rules_hold_domain(&vendor->dkim, fact->d) ||
		    !is_near_an_author(facts, vendor, fact->d))
			continue;
		text_format(out,
		    "to vouch   a signature of %s counts, a name that its file lacks; if that is the vendor's: ", fact->d);
		write_names("dkim", &vendor->dkim, fact->d, out);
		return;
	}
}

/* Its signature proves it, and the file asks for more. */
static void
lacks_vouch(const struct claim *claim, struct text *out)
{
	if (claim->dkim != YES)
		return;
	text_put(out, "to vouch   its signature counts; if that is enough: ");
	write_vouch(claim->vendor, "dkim", out);
}

/* The vendor's SPF or signature proves it, but no source lists the client. */
static void
lacks_source(const struct facts *facts, const struct claim *claim, struct text *out)
{
	struct claim named = *claim;
	char client[ADDRESS_TEXT];

	named.listed = named.reviewed = YES;
	if (claim->listed != NO || facts->client_hidden || facts->client.family == ADDRESS_NONE ||
	    (claim->dkim != YES && claim->spf != YES) || !would_vouch(named))
		return;
	text_format(out,
	    "to vouch   none of its sources lists the client; if that is the vendor's host, add to its sources: "
	    "{ cidr = [ \"%s\" ]; }\n",
	    address_write(&facts->client, client));
}

static void
write_lacks(const struct facts *facts, const struct claim *claim, struct text *out)
{
	if (claim->vendor->number == VENDOR_OWN || claim->dropped || claim->outcome != OUTCOME_UNPROVEN ||
	    claim->reason != REASON_PARTLY_PROVEN)
		return;
	lacks_envelope(facts, claim, out);
	lacks_signer(facts, claim, out);
	lacks_source(facts, claim, out);
	lacks_vouch(claim, out);
}

/* ---- delegations ---- */

bool
explain_delegation(const struct verdict *verdict, struct text *out)
{
	const struct claim *claim = verdict_claim(verdict);

	if (claim == NULL || claim->sender == NULL || claim->used == NULL || claim->reason != REASON_UNDELEGATED)
		return false;
	text_format(out, "{ vendor = \"%s\"; domains = [ \"%s\" ]; }", claim->sender->name, claim->used);
	return true;
}

void
explain_remedy(const struct facts *facts, const struct verdict *verdict, struct text *out)
{
	struct text delegation;

	text_open(&delegation, 1024);
	if (explain_delegation(verdict, &delegation))
		text_format(out, "to allow   delegations = ( %s );\n", delegation.bytes);
	text_inherit(out, &delegation);
	text_close(&delegation);
	for (size_t i = 0; i < verdict->claim_count; i++)
		write_lacks(facts, &verdict->claims[i], out);
}
