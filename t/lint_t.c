#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/config/lint.h"
#include "policy/config/policy_text.h"
#include "policy/rules/warning.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

/* ---- a policy from texts ---- */

enum { NOON = 1772366400 }; /* 2026-03-01T12:00:00Z */

/* Not enabled unless a row says so: what is known of shared senders. */
static const char *const shared[] = {
	("vendor = { name = \"bulk\"; kind = \"esp\"; domains = [ \"bulk.example\", \"=desk.example\" ];\n"
	 "envelope = [ \"bounce-bulk.example\" ];\n"
	 "sources = ( { spf = \"_spf.mass.example\"; }, { cidr = [ \"5.5.0.0/16\" ]; } ); };"),
	("vendor = { name = \"relay\"; kind = \"gateway\"; domains = [ \"relay.example\" ];\n"
	 "sources = ( { spf = \"_netblocks.relay.example\"; } ); };"),
	"vendor = { name = \"other\"; domains = [ \"nobody.example\" ]; };",
};

struct parts {
	const char *const *vendors; /* in the order of their names: a, b, c */
	char path[32];
};

static const char *
vendor_text(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	struct parts *parts = context;
	const char *text;

	(void)folders;
	if (strcmp(name, "bulk") == 0 || strcmp(name, "relay") == 0)
		text = shared[strcmp(name, "relay") == 0];
	else
		text = parts->vendors[name[0] - 'a'];
	if (text == NULL) {
		fault_set(why, "no such vendor");
		return NULL;
	}
	snprintf(parts->path, sizeof parts->path, "%s.conf", name);
	*path = parts->path;
	*length = strlen(text);
	return text;
}

static const char *
no_networks(void *context, const char *file, const char *path, size_t *length, struct fault *why)
{
	(void)context;
	(void)file;
	(void)length;
	fault_set(why, "%s: no lists here", path);
	return NULL;
}

static const struct suffix_list *
suffixes(void)
{
	static struct suffix_list list;

	list.psl = psl_builtin();
	return &list;
}

/* What the loader itself says of a row is a mistake in the row. */
static struct policy *
load(const char *conf, const char *const *vendors)
{
	struct parts parts = { .vendors = vendors };
	struct policy_files files = { .context = &parts,
		.vendor = vendor_text,
		.networks = no_networks,
		.suffixes = suffixes() };
	struct faults *faults = faults_open();
	struct policy *policy = policy_text_load("gl.conf", conf, strlen(conf), &files, faults);
	struct fault why;
	char *said;

	for (size_t i = 0; policy != NULL && i < sizeof shared / sizeof shared[0]; i++)
		if (!policy_text_sender(policy, "shared.conf", shared[i], strlen(shared[i]), &why))
			note("%s", why.text);
	if (faults->errors + faults->warnings > 0) {
		said = conf_faults_write(faults);
		note("the loader: %s", said);
		free(said);
	}
	faults_close(faults);
	return policy;
}

/* Every fault a line. */
static char *
lint(const struct policy *policy, int64_t now)
{
	struct faults *faults = faults_open();
	char *said;

	lint_policy(policy, suffixes(), now, faults);
	said = conf_faults_write(faults);
	faults_close(faults);
	return said;
}

/* ---- a row a lint ---- */

/* one enabled vendor named a, with these keys beside its name and what a row does not give */
#define VENDOR(name, domain, rest) "vendor = { name = \"" name "\"; domains = [ \"" domain "\" ];\n" rest " };"
#define ONE "vendors = ( { name = \"a\"; } );"
#define TWO "vendors = ( { name = \"a\"; }, { name = \"b\"; } );"
/* how a warning is settled */
#define BESIDE(slug, name) "; or write accept = [ \"" slug "\" ] beside '" name "'\n"
#define IN_OWN(slug) "; or write accept = [ \"" slug "\" ] in own\n"
#define OWN "sources = ( { a = \"mail.acme.example\"; exclusive = true; } );"

static const struct {
	const char *name, *conf;
	const char *vendors[3];
	const char *said;
} rows[] = {
	{ "a vendor with hosts of its own causes no warning", ONE, { VENDOR("a", "acme.example", OWN) }, "" },
	{ "a vendor without sources causes no warning", ONE, { VENDOR("a", "acme.example", "vouch = [ \"dkim\" ];") }, "" },

	/* the error */
	{ "an envelope of a shared sender is an error", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"bulk.example\" ];") },
	    "a.conf: 'bulk.example' in envelope of 'a' belongs to the shared sender 'bulk', so each of its "
	    "customers would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "so is a name below, because anybody may use that too", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"eu.bulk.example\" ];") },
	    "a.conf: 'eu.bulk.example' in envelope of 'a' belongs to the shared sender 'bulk', so each of its "
	    "customers would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "so is a bounce domain of the shared sender", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"=bounce-bulk.example\" ];") },
	    "a.conf: 'bounce-bulk.example' in envelope of 'a' belongs to the shared sender 'bulk', so each of its "
	    "customers would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "so is a mailbox there: a customer may write any", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"acme@bulk.example\" ];") },
	    "a.conf: 'bulk.example' in envelope of 'a' belongs to the shared sender 'bulk', so each of its "
	    "customers would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "so is the name of its SPF record", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"_spf.mass.example\" ];") },
	    "a.conf: '_spf.mass.example' in envelope of 'a' belongs to the shared sender 'bulk', so each of its "
	    "customers would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "a signing domain of a shared sender is an error", ONE,
	    { VENDOR("a", "acme.example", OWN "dkim = [ \"acme.example\", \"bulk.example\" ];") },
	    "a.conf: 'bulk.example' in dkim of 'a' belongs to the shared sender 'bulk', so each of its customers "
	    "would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "a domain of a shared sender is an error, reported once though it signs as well", ONE,
	    { VENDOR("a", "bulk.example", OWN) },
	    "a.conf: 'bulk.example' in domains of 'a' belongs to the shared sender 'bulk', so each of its customers "
	    "would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "a gateway may not be proven that way either", ONE,
	    { VENDOR("a", "acme.example", "kind = \"gateway\"; " OWN "dkim = [ \"bulk.example\" ];") },
	    "a.conf: 'bulk.example' in dkim of 'a' belongs to the shared sender 'bulk', so each of its customers "
	    "would be vouched for; drop it, and name only what belongs to the vendor alone\n" },
	{ "the shared sender itself may be enabled", "vendors = ( { name = \"bulk\"; }, { name = \"relay\"; } );",
	    { NULL }, "" },
	{ "a name beside it, or above one that is alone, is another's", ONE,
	    { VENDOR("a", "mass.example", OWN "envelope = [ \"notbulk.example\", \"acme.desk.example\" ];") }, "" },
	{ "a gateway's own name is no customer's", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"relay.example\" ];") }, "" },

	/* breadth */
	{ "a vendor that only a shared sender's SPF proves", ONE,
	    { VENDOR("a", "acme.example",
		"on_forged = \"greylist\"; dkim = [ ]; vouch = [ \"listed+spf\" ];\n"
		"sources = ( { spf = \"_spf.mass.example\"; } );") },
	    "warning: a.conf:3: 'a' is proven by nothing but spf:_spf.mass.example, from which every customer of "
	    "the shared sender 'bulk' sends: any of them can pass for it; name its own signing domain in dkim, and "
	    "write vouch = [ \"dkim\" ]" BESIDE("shared-proof", "a") },
	{ "one that only a shared sender's network proves, DMARC or not", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"spf+dmarc\" ];\n"
		"sources = ( { cidr = [ \"5.5.7.0/24\" ]; } );") },
	    "warning: a.conf:3: 'a' is proven by nothing but cidr:5.5.7.0/24, from which every customer of the "
	    "shared sender 'bulk' sends: any of them can pass for it; name its own signing domain in dkim, and "
	    "write vouch = [ \"dkim\" ]" BESIDE("shared-proof", "a") },
	{ "one that only a gateway's SPF proves", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"listed+spf\" ];\n"
		"sources = ( { spf = \"us._netblocks.relay.example\"; } );") },
	    "warning: a.conf:3: 'a' is proven by nothing but spf:us._netblocks.relay.example, from which every "
	    "customer of the shared sender 'relay' sends: any of them can pass for it; name its own signing domain "
	    "in dkim, and write vouch = [ \"dkim\" ]" BESIDE("shared-proof", "a") },
	{ "a shared sender beside hosts of its own", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"listed+spf_from\" ];\n"
		"sources = ( { spf = \"_spf.mass.example\"; }, { a = \"mail.acme.example\"; } );") },
	    "" },
	{ "listed+spf where others send too, one warning per vendor", ONE,
	    { VENDOR("a", "acme.example",
		"sources = ( { a = \"own.acme.example\"; exclusive = true; },\n"
		"{ spf = \"acme.example\"; }, { a = \"more.acme.example\"; } );") },
	    "warning: a.conf:3: listed+spf vouches for 'a', but nothing says whether others send from spf:acme.example "
	    "too: any of them that its SPF lets pass could pass for it; write exclusive = true here if nobody else "
	    "does, exclusive = false if others do and you know it, or vouch = [ \"dkim\" ] if it signs" BESIDE(
		"shared-source", "a") },
	{ "listed+spf where the shared hosts only serve the exports", ONE,
	    { VENDOR("a", "acme.example",
		"sources = ( { a = \"own.acme.example\"; exclusive = true; },\n"
		"{ a = \"api.acme.example\"; use = \"api\"; } );") },
	    "" },
	{ "listed+spf+dkim asks for more than a neighbour has", ONE,
	    { VENDOR("a", "acme.example", "vouch = [ \"listed+spf+dkim\" ]; sources = ( { spf = \"acme.example\"; } );") },
	    "" },
	{ "a shared sender's name that is marked exclusive", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"listed\", \"dkim\" ];\n"
		"sources = ( { spf = \"eu._spf.mass.example\"; exclusive = true; } );") },
	    "warning: a.conf:3: spf:eu._spf.mass.example of 'a' is marked exclusive, but every customer of the "
	    "shared sender 'bulk' sends from there; write exclusive = false" BESIDE("shared-exclusive", "a") },
	{ "hosts below a shared sender's name that are marked exclusive", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"listed\", \"dkim\" ];\n"
		"sources = ( { host = \".out.eu._spf.mass.example\"; exclusive = true; } );") },
	    "warning: a.conf:3: host:.out.eu._spf.mass.example of 'a' is marked exclusive, but every customer of the "
	    "shared sender 'bulk' sends from there; write exclusive = false" BESIDE("shared-exclusive", "a") },
	{ "hosts of which nobody says whether others send from there", ONE,
	    { VENDOR("a", "acme.example", "sources = ( { host = \".out.acme.example\"; } );") },
	    "warning: a.conf:2: listed+spf vouches for 'a', but nothing says whether others send from host:.out.acme.example "
	    "too: any of them that its SPF lets pass could pass for it; write exclusive = true here if nobody else "
	    "does, exclusive = false if others do and you know it, or vouch = [ \"dkim\" ] if it signs" BESIDE(
		"shared-source", "a") },
	{ "hosts of the vendor's own cause no warning", ONE,
	    { VENDOR("a", "acme.example", "sources = ( { host = \".out.acme.example\"; exclusive = true; } );") }, "" },

	/* the vendor itself */
	{ "a vendor that does not sign and refuses forgeries", ONE,
	    { VENDOR("a", "acme.example", "dkim = [ ]; vouch = [ \"listed\" ];\n" OWN) },
	    "warning: a.conf: 'a' does not sign and its forgeries are refused, so its mail is refused too when a "
	    "third host forwards it; write on_forged = \"greylist\", or name the hosts that forward to you in relays" BESIDE(
		"forwarding", "a") },
	{ "the same, but softened", ONE,
	    { VENDOR("a", "acme.example", "dkim = [ ]; vouch = [ \"listed\" ]; on_forged = \"quarantine\";\n" OWN) }, "" },
	{ "the same, but who forwards is known",
	    "relays = ( { name = \"x\"; kind = \"forwarder\"; networks = [ \"8.8.8.8\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", "dkim = [ ]; vouch = [ \"listed\" ];\n" OWN) }, "" },
	{ "the same on trial, where nothing is refused", "vendors = ( { name = \"a\"; mode = \"monitor\"; } );",
	    { VENDOR("a", "acme.example", "dkim = [ ]; vouch = [ \"listed\" ];\n" OWN) }, "" },
	{ "listed+spf where others send too, and the file says that it knows", ONE,
	    { VENDOR("a", "acme.example", "sources = ( { spf = \"acme.example\"; exclusive = false; } );") }, "" },
	{ "sources that the site's tags leave out are its choice", "vendors = ( { name = \"a\"; tags = [ \"uk\" ]; } );",
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ]; sources = ( { a = \"uk.acme.example\"; tags = [ \"uk\" ]; },\n"
		"{ a = \"us.acme.example\"; tags = [ \"us\" ]; } );") },
	    "" },
	{ "sources in greenlane.conf are reported there",
	    "vendors = ( { name = \"a\"; tags = [ \"uk\" ];\n"
	    "sources = ( { a = \"uk.acme.example\"; tags = [ \"uk\" ]; exclusive = true; },\n"
	    "{ a = \"eu.acme.example\"; } ); } );",
	    { VENDOR("a", "acme.example", "") },
	    "warning: gl.conf:3: listed+spf vouches for 'a', but nothing says whether others send from a:eu.acme.example "
	    "too: any of them that its SPF lets pass could pass for it; write exclusive = true here if nobody else "
	    "does, exclusive = false if others do and you know it, or vouch = [ \"dkim\" ] if it signs" BESIDE(
		"shared-source", "a") },
	{ "a public suffix among the domains, reported once", ONE, { VENDOR("a", "co.uk", OWN) },
	    "warning: a.conf: 'co.uk' in domains of 'a' is a public suffix: names below it belong to whoever "
	    "registers them and do not count, and nothing proves the name itself; write the names that you mean" BESIDE(
		"public-suffix", "a") },
	{ "one among the bounce and the signing domains", ONE,
	    { VENDOR("a", "acme.example", OWN "envelope = [ \"com.au\" ]; dkim = [ \"github.io\" ];") },
	    "warning: a.conf: 'com.au' in envelope of 'a' is a public suffix: names below it belong to whoever "
	    "registers them and do not count, and nothing proves the name itself; write the names that you "
	    "mean" BESIDE("public-suffix",
		"a") "warning: a.conf: 'github.io' in dkim of 'a' is on the public suffix list: names below it are its "
		     "customers' and do not count; write \"=github.io\" if you mean that name alone" BESIDE(
			 "public-suffix", "a") },
	{ "a name with customers that is meant alone", ONE,
	    { VENDOR("a", "=github.io", OWN "envelope = [ \"=com.au\" ];") },
	    "warning: a.conf: 'com.au' in envelope of 'a' is a public suffix: names below it belong to whoever "
	    "registers them and do not count, and nothing proves the name itself; write the names that you mean" BESIDE(
		"public-suffix", "a") },

	/* networks */
	{ "a private network, once a source", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { cidr = [ \"8.8.8.0/24\", \"10.1.0.0/16\", \"192.168.0.0/24\" ]; } );") },
	    "warning: a.conf:3: 10.1.0.0/16 of 'a' is or holds address space that is private (RFC 1918), from which "
	    "no vendor sends; write the vendor's own networks" BESIDE("special-network", "a") },
	{ "documentation space, in IPv4 and IPv6", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ]; sources = (\n"
		"{ cidr = [ \"203.0.113.7\" ]; },\n{ cidr = [ \"2001:db8:1::/48\" ]; } );") },
	    "warning: a.conf:3: 203.0.113.7 of 'a' is or holds address space that is for documentation (RFC 5737), "
	    "from which no vendor sends; write the vendor's own networks" BESIDE("special-network",
		"a") "warning: a.conf:4: 2001:db8:1::/48 of 'a' is or holds address space that is for documentation (RFC "
		     "3849), from which no vendor sends; write the vendor's own networks" BESIDE("special-network", "a") },
	{ "a network that holds a private one", ONE,
	    { VENDOR("a", "acme.example", "vouch = [ \"dkim\" ];\nsources = ( { cidr = [ \"172.0.0.0/8\" ]; } );") },
	    "warning: a.conf:3: 172.0.0.0/8 of 'a' is or holds address space that is private (RFC 1918), from which "
	    "no vendor sends; write the vendor's own networks" BESIDE("special-network", "a") },
	{ "networks of the Internet", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { cidr = [ \"8.8.8.0/24\", \"2a00:1450::/32\", \"172.32.0.0/11\" ]; } );") },
	    "" },

	/* overlap */
	{ "a name that belongs to two vendors", TWO,
	    { VENDOR("a", "acme.example", OWN), VENDOR("b", "acme.example", OWN) },
	    "warning: b.conf: 'acme.example' in domains of 'b' belongs to 'a', which comes before it in vendors and "
	    "owns 'acme.example': its mail is never judged by 'b'; drop it from one of them" BESIDE("same-name", "b") },
	{ "a name below another vendor's that comes first", TWO,
	    { VENDOR("a", "acme.example", OWN), VENDOR("b", "code@login.acme.example", OWN "dkim = [ \"b.example\" ];") },
	    "warning: b.conf: 'code@login.acme.example' in domains of 'b' belongs to 'a', which comes before it in "
	    "vendors and owns 'acme.example': its mail is never judged by 'b'; drop it from one of them" BESIDE(
		"same-name", "b") },
	{ "one mailbox of two vendors", TWO,
	    { VENDOR("a", "Code@acme.example", OWN "dkim = [ \"a.example\" ];"),
		VENDOR("b", "code@acme.example", OWN "dkim = [ \"b.example\" ];") },
	    "warning: b.conf: 'code@acme.example' in domains of 'b' belongs to 'a', which comes before it in vendors and owns "
	    "'Code@acme.example': its mail is never judged by 'b'; drop it from one of them" BESIDE("same-name", "b") },
	{ "two mailboxes of a name", TWO,
	    { VENDOR("a", "code@acme.example", OWN "dkim = [ \"a.example\" ];"),
		VENDOR("b", "news@acme.example", OWN "dkim = [ \"b.example\" ];") },
	    "" },
	{ "a mailbox does not own its name", TWO,
	    { VENDOR("a", "code@acme.example", OWN "dkim = [ \"a.example\" ];"), VENDOR("b", "acme.example", OWN) }, "" },
	{ "a name alone owns itself", TWO, { VENDOR("a", "=acme.example", OWN), VENDOR("b", "=acme.example", OWN) },
	    "warning: b.conf: 'acme.example' in domains of 'b' belongs to 'a', which comes before it in vendors and "
	    "owns 'acme.example': its mail is never judged by 'b'; drop it from one of them" BESIDE("same-name", "b") },
	{ "a narrower name that comes first is intended", TWO,
	    { VENDOR("a", "login.acme.example", OWN), VENDOR("b", "acme.example", OWN) }, "" },
	{ "a name alone leaves those below it", TWO,
	    { VENDOR("a", "=acme.example", OWN), VENDOR("b", "acme.example", OWN) }, "" },
	{ "a network in exclusive sources of two vendors, once a source", TWO,
	    { VENDOR("a", "a.example", "sources = (\n{ cidr = [ \"8.8.0.0/16\" ]; exclusive = true; } );"),
		VENDOR("b", "b.example", "sources = (\n{ cidr = [ \"8.8.4.0/24\", \"8.8.8.8\" ]; exclusive = true; } );") },
	    "warning: b.conf:3: 8.8.4.0/24 of 'b' is inside 8.8.0.0/16 of 'a', and both say that nobody else sends "
	    "from there; write exclusive = false in one of them, or only the network that it owns" BESIDE("same-network",
		"b") },
	{ "the same network twice", TWO,
	    { VENDOR("a", "a.example", "sources = (\n{ cidr = [ \"2a00:1450::/32\" ]; exclusive = true; } );"),
		VENDOR("b", "b.example", "sources = (\n{ cidr = [ \"2a00:1450::/32\" ]; exclusive = true; } );") },
	    "warning: b.conf:3: 2a00:1450::/32 of 'b' is inside 2a00:1450::/32 of 'a', and both say that nobody "
	    "else sends from there; write exclusive = false in one of them, or only the network that it owns" BESIDE(
		"same-network", "b") },
	{ "the outermost of three, where the inner two are one vendor's", TWO,
	    { VENDOR("a", "a.example", "sources = (\n{ cidr = [ \"8.0.0.0/10\", \"8.0.0.0/9\" ]; exclusive = true; } );"),
		VENDOR("b", "b.example",
		    "sources = (\n{ cidr = [ \"8.0.0.0/12\" ]; exclusive = true; },\n"
		    "{ cidr = [ \"8.0.0.0/14\" ]; exclusive = true; } );") },
	    "warning: b.conf:3: 8.0.0.0/12 of 'b' is inside 8.0.0.0/9 of 'a', and both say that nobody else sends "
	    "from there; write exclusive = false in one of them, or only the network that it owns" BESIDE("same-network",
		"b") "warning: b.conf:4: 8.0.0.0/14 of 'b' is inside 8.0.0.0/9 of 'a', and both say that nobody else sends "
		     "from there; write exclusive = false in one of them, or only the network that it owns" BESIDE(
			 "same-network", "b") },
	{ "networks side by side, within one vendor, or not exclusive", TWO,
	    { VENDOR("a", "a.example", "sources = ( { cidr = [ \"8.8.0.0/17\", \"8.8.0.0/24\" ]; exclusive = true; } );"),
		VENDOR("b", "b.example",
		    "vouch = [ \"dkim\" ]; sources = ( { cidr = [ \"8.8.128.0/17\" ]; exclusive = true; },\n"
		    "{ cidr = [ \"8.8.0.0/18\" ]; } );") },
	    "" },

	/* our own names */
	{ "a public suffix among our names, lists and partners",
	    "own = {\n domains = [ \"co.uk\" ]; lists = [ \"github.io\" ]; };\n"
	    "partners = ( { vendor = \"a\"; domains = [ \"com.au\", \"x@github.io\" ]; } );\n" ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf:1: 'co.uk' in own.domains is a public suffix: names below it belong to whoever "
	    "registers them and do not count, and nothing proves the name itself; write the names that you "
	    "mean" IN_OWN(
		"public-suffix") "warning: gl.conf:1: 'github.io' in own.lists is on the public suffix list: names below it are its "
				 "customers' and do not count; write \"=github.io\" if you mean that name alone" IN_OWN(
				     "public-suffix") "warning: gl.conf: 'com.au' in partners.domains is a public suffix: names below it belong to whoever "
						      "registers them and do not count, and nothing proves the name itself; write the names that you mean" BESIDE(
							  "public-suffix", "a") },
	{ "a vendor that owns a mailbox of ours, and one that owns a name above ours",
	    "own = { domains = [ \"mail.ours.example\", \"=x.example\" ]; }; " TWO,
	    { VENDOR("a", "desk@mail.ours.example", OWN "dkim = [ \"a.example\" ];"), VENDOR("b", "ours.example", OWN) },
	    "warning: a.conf: 'desk@mail.ours.example' in domains of 'a' overlaps 'mail.ours.example' in "
	    "own.domains, so mail that uses it must be proven by the vendor's policy and by ours; drop it here, and "
	    "use delegations to let the vendor send in our names" BESIDE("own-name",
		"a") "warning: b.conf: 'ours.example' in domains of 'b' overlaps 'mail.ours.example' in own.domains, so mail "
		     "that uses it must be proven by the vendor's policy and by ours; drop it here, and use delegations to "
		     "let the vendor send in our names" BESIDE("own-name", "b") },
	{ "a vendor that owns a name below one that is ours alone", "own = { domains = [ \"=ours.example\" ]; }; " ONE,
	    { VENDOR("a", "desk.ours.example", OWN) }, "" },
	{ "a list that is a shared sender's name",
	    "own = { lists = [ \"lists.bulk.example\", \"=relay.example\" ]; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf:1: 'lists.bulk.example' in own.lists belongs to the shared sender 'bulk': what any of "
	    "its customers forges would be treated like a stranger's mail; name the list's own host, or drop it" IN_OWN(
		"shared-list") },
	{ "metrics that others can read", "metrics = { listen = \"inet:9180@192.0.2.7\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: metrics.listen: whoever reaches inet:9180@192.0.2.7 reads which vendors this site has, and how "
	    "much mail; write 127.0.0.1, or keep others out by a firewall" IN_OWN("open-metrics") },
	{ "a firewall keeps them out",
	    "own = { accept = [ \"open-metrics\" ]; }; metrics = { listen = \"inet6:9180@::\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },
	{ "metrics for this host, by IPv4", "metrics = { listen = \"inet:9180@127.0.0.2\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },
	{ "by IPv6", "metrics = { listen = \"inet6:9180@[::1]\"; }; " ONE, { VENDOR("a", "acme.example", OWN) }, "" },
	{ "by name", "metrics = { listen = \"inet:9180@localhost\"; }; " ONE, { VENDOR("a", "acme.example", OWN) }, "" },
	{ "by a Unix socket", "metrics = { listen = \"unix:/run/greenlane/metrics.sock\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },
	{ "strangers whose mail is held",
	    "own = { domains = [ \"ours.example\" ]; }; strangers = { dmarc = \"quarantine\"; hold = true; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: strangers.hold puts mail into the MTA's hold queue, where it stays until somebody reads it, and "
	    "some of it is genuine; look there every day (postqueue -p marks it with !), or write strangers.hold = "
	    "false" IN_OWN("hold-queue") },
	{ "and somebody reads the queue",
	    "own = { domains = [ \"ours.example\" ]; accept = [ \"hold-queue\" ]; }; "
	    "strangers = { dmarc = \"reject\"; hold = true; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },
	{ "strangers' DMARC that is not asked", "strangers = { authenticate = false; dmarc = \"quarantine\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: strangers.dmarc acts on nothing, because strangers.authenticate = false asks no DMARC of mail "
	    "that claims no vendor; write strangers.authenticate = true, or strangers.dmarc = \"off\"" IN_OWN(
		"dmarc-unchecked") },
	{ "refusals without a greylist", "greylist = { store = \"none\"; }; strangers = { dmarc = \"reject\"; }; " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: strangers.dmarc = \"reject\" without a greylist does not know whose mail comes regularly, and "
	    "would refuse that too; write greylist.store, or strangers.dmarc = \"quarantine\"" IN_OWN(
		"dmarc-ungreylisted") },
	{ "addresses of ours that are a relay's",
	    "\nown = { domains = [ \"ours.example\" ]; networks = [ \"8.8.8.0/24\", \"8.8.4.0/24\" ];\n"
	    "outbound = [ \"8.8.8.1\", \"8.8.4.1\" ]; may_forward = [ \"8.8.8.2\", \"8.8.4.2\" ]; };\n"
	    "relays = ( { name = \"inner\"; kind = \"gateway\"; networks = [ \"8.8.4.9\" ]; },\n"
	    "{ name = \"filter\"; kind = \"gateway\"; networks = [ \"2a00::1\", \"8.8.8.0/23\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf:2: 8.8.8.1 in own.outbound is inside 8.8.8.0/23 of relay 'filter', and counts as the "
	    "relay first: it is not limited to our names; drop it from one of them" IN_OWN(
		"relay-overlap") "warning: gl.conf:2: 8.8.8.2 in own.may_forward is inside 8.8.8.0/23 of relay 'filter', and counts as "
				 "the relay first: that changes nothing; drop it from one of them" IN_OWN(
				     "relay-overlap") "warning: gl.conf:2: 8.8.8.0/24 in own.networks is inside 8.8.8.0/23 of relay 'filter', and counts as "
						      "the relay first: no mail from there is exempt; write the relay's own addresses, or drop it from "
						      "own.networks" IN_OWN("relay-overlap") },
	{ "a delegation that asks for sources that are not there",
	    "own = { domains = [ \"ours.example\" ]; };\n"
	    "delegations = ( { vendor = \"a\"; domains = [ \"ours.example\" ]; vouch = [ \"listed+spf_from\" ]; },\n"
	    "{ vendor = \"a\"; domains = [ \"mail.ours.example\" ]; selectors = [ \"a\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", "sources = ( { a = \"api.acme.example\"; use = \"api\"; } );") },
	    "warning: gl.conf: in delegations 'a' can never prove 'ours.example': vouch requires listed, but no "
	    "selected source of the vendor counts for that; write vouch = [ \"dkim\" ]" BESIDE("delegation-unreachable",
		"a") },
	{ "a key that nobody names as the vendor's, for one mailbox of ours",
	    "own = { domains = [ \"ours.example\" ]; };\n"
	    "delegations = ( { vendor = \"a\"; domains = [ \"noreply@ours.example\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: the delegation of 'a' is for some of our names, but its key would prove all of them, "
	    "because nothing tells it from ours; write the vendor's selectors = [ \"...\" ], or vouch = [ "
	    "\"listed+spf_from\" ]" BESIDE("delegation-key", "a") },
	{ "the same by a selector of its own",
	    "own = { domains = [ \"ours.example\" ]; };\n"
	    "delegations = ( { vendor = \"a\"; domains = [ \"noreply@ours.example\" ]; selectors = [ \"a\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },
	{ "a delegation of a vendor on trial",
	    "own = { domains = [ \"ours.example\" ]; };\n"
	    "delegations = ( { vendor = \"a\"; domains = [ \"=ours.example\" ]; } );\n"
	    "vendors = ( { name = \"a\"; mode = \"monitor\"; } );",
	    { VENDOR("a", "acme.example", OWN) },
	    "warning: gl.conf: 'a' is on trial (mode monitor), but its delegation is in force: what it proves in the "
	    "name of 'ours.example' is vouched for and not greylisted; drop the delegation until the vendor is trusted" BESIDE(
		"delegation-trial", "a") },
	{ "all of ours, as it should be",
	    "own = { domains = [ \"ours.example\" ]; networks = [ \"8.8.8.0/24\" ]; outbound = [ \"8.8.4.1\" ];\n"
	    "lists = [ \"lists.example\" ]; };\n"
	    "delegations = ( { vendor = \"a\"; domains = [ \"ours.example\" ]; } );\n"
	    "partners = ( { vendor = \"a\"; domains = [ \"msp.example\" ]; } );\n"
	    "relays = ( { name = \"backup\"; kind = \"gateway\"; networks = [ \"8.8.8.5\" ]; } ); " ONE,
	    { VENDOR("a", "acme.example", OWN) }, "" },

	/* dates */
	{ "evidence that is newer than every source", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ]; sources = ( { cidr = [ \"8.8.8.0/24\" ]; as_of = \"2025-12-01\"; },\n"
		"{ cidr = [ \"8.8.4.0/24\" ]; as_of = \"2025-12-02\"; } );\n"
		"evidence = ( { what = \"sources\"; where = \"its page\"; seen = \"2026-01-01\"; },\n"
		"{ what = \"the move\"; where = \"its blog\"; seen = \"2019-06-11 to 2026-02-03\"; },\n"
		"{ what = \"more\"; where = \"a guess\"; seen = \"undated\"; } );") },
	    "warning: a.conf: the sources of 'a' are older than its evidence: the latest as_of is 2025-12-02, but "
	    "\"the move\" was seen on 2026-02-03; compare them, then write that day as as_of" BESIDE("evidence-newer",
		"a") },
	{ "evidence of the same day, or of no day", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ]; sources = ( { cidr = [ \"8.8.8.0/24\" ]; as_of = \"2026-01-01\"; } );\n"
		"evidence = ( { what = \"sources\"; where = \"its page\"; seen = \"2026-01-01\"; },\n"
		"{ what = \"more\"; where = \"a guess\"; seen = \"2026\"; } );") },
	    "" },
	{ "a review that is due", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { cidr = [ \"8.8.8.0/24\" ]; review_by = \"2026-02-28\"; } );") },
	    "warning: a.conf:3: the review of cidr:8.8.8.0/24 of 'a' was due by 2026-02-28: from 2026-03-31 on it "
	    "counts as monitor only, and vouches for nothing; check whether it is still right, then write a later "
	    "review_by" BESIDE("review-due", "a") },
	{ "a review that is due on this very day", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { cidr = [ \"8.8.8.0/24\" ]; review_by = \"2026-03-01\"; } );") },
	    "" },
	{ "a review that is overdue by more than the grace", "review_grace = \"10d\"; " ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { a = \"m.acme.example\"; review_by = \"2026-02-18\"; } );") },
	    "warning: a.conf:3: the review of a:m.acme.example of 'a' was due by 2026-02-18, more than review_grace "
	    "(10d) ago: it counts as monitor only, and vouches for nothing; check whether it is still right, then "
	    "write a later review_by" BESIDE("review-lapsed", "a") },
	{ "a review of hosts that never count for listed", ONE,
	    { VENDOR("a", "acme.example",
		"vouch = [ \"dkim\" ];\n"
		"sources = ( { a = \"m.acme.example\"; use = \"login\"; review_by = \"2020-01-01\"; } );") },
	    "warning: a.conf:3: the review of a:m.acme.example of 'a' was due by 2020-01-01; check whether it is "
	    "still right, then write a later review_by" BESIDE("review-due", "a") },
};

/* Accepts what the warnings name, as each says. */
static void
accept_all(struct policy *policy, const char *said)
{
	for (size_t i = 0; i < WARNINGS; i++) {
		char own[64], name[64];

		snprintf(own, sizeof own, "accept = [ \"%s\" ] in own", warning_slugs[i]);
		if (strstr(said, own) != NULL)
			policy->own.accepts |= UINT32_C(1) << i;
		for (size_t j = 0; j < policy->vendor_count; j++) {
			snprintf(name, sizeof name, "accept = [ \"%s\" ] beside '%s'", warning_slugs[i],
			    policy->vendors[j].name);
			if (strstr(said, name) != NULL)
				((struct vendor *)(uintptr_t)&policy->vendors[j])->accepts |= UINT32_C(1) << i;
		}
	}
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy *policy = load(rows[i].conf, rows[i].vendors);
		char *said;

		if (!ok(policy != NULL, "%s: it loads", rows[i].name))
			continue;
		said = lint(policy, NOON);
		is(said, rows[i].said, "%s", rows[i].name);
		if (strstr(said, "warning: ") != NULL) {
			accept_all(policy, said);
			free(said);
			said = lint(policy, NOON);
			is(said, "", "%s: settled as it says", rows[i].name);
		}
		free(said);
		policy_free(policy);
	}
}

/* ---- the rest ---- */

/* However long the names in it are. */
static void
test_settle(void)
{
	const struct vendor vendor = { .number = 0, .name = "a-vendor" };
	struct faults *faults = faults_open();
	const char *tail = "00; or write accept = [ \"review-due\" ] beside 'a-vendor'";
	size_t length;

	warning_add(faults, &vendor, WARNING_REVIEW_DUE, "a.conf", 3, "%0900d", 0);
	length = strlen(faults->list[0].fault.text);
	ok(length >= strlen(tail) && strcmp(faults->list[0].fault.text + length - strlen(tail), tail) == 0,
	    "how a warning is settled is never cut off");
	faults_close(faults);
}

static void
test_order(void)
{
	const char *const vendors[] = { VENDOR("a", "co.uk", OWN),
		VENDOR("b", "b.example", OWN "dkim = [ \"bulk.example\" ];") };
	struct policy *policy = load(TWO, vendors);
	char *said = policy == NULL ? NULL : lint(policy, NOON);

	ok(said != NULL && strncmp(said, "b.conf: 'bulk.example'", 22) == 0,
	    "the error comes first, however many warnings there are");
	free(said);
	policy_free(policy);
}

static void
test_reviews(void)
{
	const char *const vendors[] = { VENDOR("a", "co.uk",
	    "sources = ( { cidr = [ \"10.0.0.0/8\" ]; review_by = \"2026-02-28\"; } );") };
	struct policy *policy = load(ONE, vendors);
	struct faults *faults = faults_open();

	if (policy != NULL)
		lint_reviews(policy, NOON, faults);
	ok(faults->warnings == 1 && strstr(faults->list[0].fault.text, "was due by 2026-02-28") != NULL,
	    "the daily warning is about reviews only");
	faults_close(faults);
	policy_free(policy);
}

static void
test_days(void)
{
	static const struct {
		const char *review_by;
		int64_t ends;
	} days[] = {
		{ "1970-01-01", 86400 },
		{ "2000-02-29", 951868800 },
		{ "2026-03-01", 1772409600 },
		{ "2100-02-28", 4107542400 },
		{ "9999-12-31", 253402300800 },
		{ "", INT64_MAX },
	};
	struct source source = { .review_by = "2026-03-01" };

	for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
		struct source of = { .review_by = days[i].review_by };

		is_number(source_review_ends(&of), days[i].ends, "the day '%s' is over when it is", days[i].review_by);
	}
	ok(!source_is_lapsed(&source, 1772409600 + 9, 10), "within the grace a source is not lapsed");
	ok(source_is_lapsed(&source, 1772409600 + 10, 10), "and then it is");
	source.review_by = "";
	ok(!source_is_lapsed(&source, INT64_MAX, 1), "without a date a source never lapses");
}

static void
test_names(void)
{
	const char *const vendors[] = { VENDOR("a", "acme.example", OWN) };
	struct policy *policy = load(ONE, vendors);
	struct arena *arena = arena_open(4096);
	struct strings names = { 0 };
	struct text all;

	text_open(&all, 1024);
	ok(policy != NULL && policy_shared_names(policy, arena, &names), "the names of shared senders are found");
	for (size_t i = 0; i < names.count; i++)
		text_format(&all, "%s ", names.list[i]);
	is(all.bytes,
	    "relay.example _netblocks.relay.example bulk.example desk.example bounce-bulk.example _spf.mass.example ",
	    "domains, bounce domains and sources of esp and gateway files, and no other's");
	text_close(&all);
	arena_close(arena);
	policy_free(policy);
}

static void
test_broken_senders(void)
{
	static const struct {
		const char *name, *text, *why;
	} broken[] = {
		{ "a syntax error", "vendor = { kind = \"esp\"; domains = [ \"a.example\" };", NULL },
		{ "a key that is missing", "vendor = { kind = \"esp\"; domains = [ \"a.example\" ]; };",
		    "'name' is missing; write name = \"acme\";" },
		{ "a value that is wrong", "vendor = { name = \"x\"; kind = \"esp\"; domains = [ \"com\" ]; };",
		    "'domains': 'com' is a top-level domain; write a name below it" },
	};
	const char *const vendors[] = { VENDOR("a", "acme.example", OWN) };

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct policy *policy = load(ONE, vendors);
		struct fault why = { .text = "" };
		const struct shared_sender *before = policy->senders;

		ok(!policy_text_sender(policy, "x.conf", broken[i].text, strlen(broken[i].text), &why) &&
			why.text[0] != '\0' && policy->senders == before,
		    "a shared sender's file with %s is a fault and adds nothing", broken[i].name);
		if (broken[i].why != NULL)
			is(why.text, broken[i].why, "and the fault says so");
		policy_free(policy);
	}
}

int
main(void)
{
	test_rows();
	test_settle();
	test_order();
	test_reviews();
	test_days();
	test_names();
	test_broken_senders();
	return done();
}
