#include <string.h>

#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

static const char vendor_text[] =
    "vendor = { name = \"acme\"; domains = [ \"acme.example\", \"=only.example\", \"noreply@mailbox.example\" ];"
    "  envelope = [ \"bounces.acme.example\", \"bounce.example\" ]; dkim = [ \"acme.example\", \"signer.example\" ];"
    "  sources = ( { a = \"uk.source.example\"; }, { spf = \"_spf.source.example\"; }, { mx = \"acme.example\"; } ); };";

static const char conf[] =
    "vendors = ( { name = \"acme\"; } ); own = { domains = [ \"rx.example\" ]; lists = [ \"lists.example\" ]; };"
    "delegations = ( { vendor = \"acme\"; domains = [ \"desk.rx.example\" ]; } );"
    "partners = ( { vendor = \"acme\"; domains = [ \"msp.example\" ]; } );";

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context;
	(void)folders;
	(void)why;
	*path = name;
	*length = sizeof vendor_text - 1;
	return vendor_text;
}

static struct policy *
policy_of(const char *text)
{
	return conf_load(text, &(struct policy_files){ .vendor = find_vendor });
}

static const struct {
	const char *name, *domain;
	enum standing standing, signer;
} rows[] = {
	{ "a vendor's name", "acme.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a name below one that is a source too", "a.b.acme.example", STANDING_BELOW, STANDING_BELOW },
	{ "a name that only ends alike", "notacme.example", STANDING_STRANGER, STANDING_STRANGER },
	{ "the name above", "example", STANDING_STRANGER, STANDING_STRANGER },
	{ "an exact name", "only.example", STANDING_LISTED, STANDING_STRANGER },
	{ "what is below that is somebody else's", "x.only.example", STANDING_STRANGER, STANDING_STRANGER },
	{ "the domain of a mailbox", "mailbox.example", STANDING_LISTED, STANDING_STRANGER },
	{ "what is below that is nobody's", "x.mailbox.example", STANDING_STRANGER, STANDING_STRANGER },
	{ "a bounce domain", "bounce.example", STANDING_LISTED, STANDING_STRANGER },
	{ "a listed name below a listed name", "bounces.acme.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "below both", "v1.bounces.acme.example", STANDING_BELOW, STANDING_BELOW },
	{ "a name that signs", "signer.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a name below one that signs", "k.signer.example", STANDING_BELOW, STANDING_BELOW },
	{ "a source", "uk.source.example", STANDING_LISTED, STANDING_STRANGER },
	{ "another kind of source", "_spf.source.example", STANDING_LISTED, STANDING_STRANGER },
	{ "what is below a source", "x.uk.source.example", STANDING_STRANGER, STANDING_STRANGER },
	{ "a source's domain is not named", "source.example", STANDING_STRANGER, STANDING_STRANGER },
	{ "our own name", "rx.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a name below ours", "new.rx.example", STANDING_BELOW, STANDING_BELOW },
	{ "a name that is delegated", "desk.rx.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a partner's name", "msp.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a list's name", "lists.example", STANDING_LISTED, STANDING_SELECTOR },
	{ "a stranger's name", "stranger.test", STANDING_STRANGER, STANDING_STRANGER },
	{ "no name", "", STANDING_STRANGER, STANDING_STRANGER },
};

int
main(void)
{
	struct policy *policy = policy_of(conf), *empty = policy_of("vendors = ( );");

	if (policy == NULL || empty == NULL)
		return 1;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		is_number(policy_standing(policy, rows[i].domain), rows[i].standing, "%s: what it is", rows[i].name);
		is_number(policy_signer_standing(policy, rows[i].domain), rows[i].signer, "%s: its keys", rows[i].name);
	}
	is_number(policy_standing(empty, "acme.example"), STANDING_STRANGER, "without vendors everybody is a stranger");
	policy_free(policy);
	policy_free(empty);
	return done();
}
