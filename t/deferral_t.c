#include <stddef.h>
#include <string.h>

#include "policy/advise/deferral.h"
#include "t/lib/tap.h"

/* What Postfix hands on (with "Recipient address rejected: " before a policy server's words) or a client gets. */
static const struct row {
	const char *name, *text, *who, *remedy; /* part of the remedy */
	bool greylister;
} rows[] = {
	{ "postgrey's own text",
	    "Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/rx.example.html",
	    "postgrey", "greenlane export postgrey", true },
	{ "postgrey's text before 2014",
	    "Recipient address rejected: Greylisted for 300 seconds (see http://postgrey.schweikert.ch/help/rx.example.html)",
	    "postgrey", "greenlane export postgrey", true },
	{ "greyfix", "Recipient address rejected: Greylisted by greyfix 0.3.9, try again in 300 seconds.", "greyfix",
	    "restriction class", true },
	{ "SQLgrey", "Recipient address rejected: Greylisted for 5 minutes", "SQLgrey", "restriction class", true },
	{ "policyd v2", "Recipient address rejected: Greylisting in effect, please come back later",
	    "policyd (cluebringer)", "restriction class", true },
	{ "milter-greylist", "Greylisting in action, please come back in 00:05:00", "milter-greylist",
	    "greenlane export milter-greylist", true },
	{ "iRedAPD", "Recipient address rejected: Intentional policy rejection, please try again later", "iRedAPD",
	    "restriction class", true },
	{ "gld", "Recipient address rejected: Service temporarily unavailable, please try later", "gld",
	    "restriction class", true },
	{ "postscreen after its deep tests", "Service currently unavailable", "postscreen",
	    "greenlane export postscreen", true },
	{ "rspamd by a policy proxy", "Recipient address rejected: Try again later", "rspamd",
	    "greenlane export rspamd", true },
	{ "a site's own words", "Recipient address rejected: we GreyList everybody here", "a greylister",
	    "restriction class", true },
	{ "the American spelling", "Recipient address rejected: graylisted", "a greylister", "restriction class", true },
	{ "address verification", "Recipient address rejected: unverified address: Address verification in progress",
	    "Postfix's address verification", "restriction class", false },
	{ "a sender that could not be verified", "Sender address rejected: unverified address: connect timed out",
	    "Postfix's address verification", "restriction class", false },
	{ "no name of the client", "Client host rejected: cannot find your hostname, [192.0.2.10]",
	    "a check of the client's name in DNS", "restriction class", false },
	{ "no reverse name of the client", "Client host rejected: cannot find your reverse hostname, [192.0.2.10]",
	    "a check of the client's name in DNS", "restriction class", false },
	{ "a HELO name without address", "Helo command rejected: Host not found", "a check of the HELO name",
	    "restriction class", false },
	{ "a sender's domain without answer", "Sender address rejected: Domain not found",
	    "a check of the domain in DNS", "DNS works", false },
	{ "a blocklist that only defers", "Service unavailable; Client host [192.0.2.10] blocked using bl.example",
	    "a DNS blocklist", "why it is listed", false },
	{ "a policy server that is down", "Recipient address rejected: Server configuration problem",
	    "a policy server that does not respond", "see the MTA's log", false },
	{ "a policy server's reply that Postfix does not understand, without its first word", "configuration error",
	    "a policy server that replies with nonsense", "see the MTA's log", false },
	{ "anything else", "Recipient address rejected: Access denied", "another check of the MTA", "these words", false },
	{ "no words at all", "", "another check of the MTA", "these words", false },
};

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct deferral *deferral = deferral_read(rows[i].text);

		is(deferral->who, rows[i].who, "%s: who it is", rows[i].name);
		ok(strstr(deferral->remedy, rows[i].remedy) != NULL, "%s: the remedy speaks of %s", rows[i].name,
		    rows[i].remedy);
		ok(deferral->greylister == rows[i].greylister, "%s: is%s a greylister", rows[i].name,
		    rows[i].greylister ? "" : " not");
	}
	return done();
}
