#include <string.h>

#include "policy/advise/deferral.h"

#define CLASS "move its check_policy_service into the restriction class that greenlane's delegate names"
#define DOWN "see the MTA's log for which one, and give it default_action=DUNNO or a greylist class for such times"

/* The first row that fits: names before words that several use. Each has a test with the words as they are sent. */
static const struct deferral rows[] = {
	{ "postgrey", "postgrey", CLASS ", or give it `greenlane export postgrey`", true },
	{ "by greyfix", "greyfix", CLASS, true },
	{ "greylisted for ", "SQLgrey", CLASS, true },
	{ "greylisting in effect, please come back", "policyd (cluebringer)", CLASS, true },
	{ "greylisting in action, please come back", "milter-greylist", "give it `greenlane export milter-greylist`",
	    true },
	{ "intentional policy rejection, please try again", "iRedAPD", CLASS, true },
	{ "service temporarily unavailable, please try later", "gld", CLASS, true },
	{ "service currently unavailable", "postscreen", "give it `greenlane export postscreen`", true },
	{ ": try again later", "rspamd", "give its greylist module `greenlane export rspamd`", true },
	{ "greylist", "a greylister", CLASS ", or give it an export (greenlane export)", true },
	{ "graylist", "a greylister", CLASS ", or give it an export (greenlane export)", true },
	{ "address verification in progress", "Postfix's address verification", "use it only in the restriction class",
	    false },
	{ "unverified address", "Postfix's address verification", "use it only in the restriction class", false },
	{ "cannot find your", "a check of the client's name in DNS",
	    "move reject_unknown_client_hostname and similar checks into the restriction class", false },
	{ "host not found", "a check of the HELO name", "move reject_unknown_helo_hostname into the restriction class",
	    false },
	{ "domain not found", "a check of the domain in DNS", "check that this host's DNS works", false },
	{ "blocked using", "a DNS blocklist",
	    "ask the vendor why it is listed there, or move that list into the restriction class", false },
	{ "configuration problem", "a policy server that does not respond", DOWN, false },
	{ "configuration error", "a policy server that replies with nonsense", DOWN, false },
	{ "", "another check of the MTA",
	    "look for these words in its configuration, and ask greenlane's delegate before that check", false },
};

const struct deferral *
deferral_read(const char *text)
{
	const struct deferral *row = rows;

	while (strcasestr(text, row->words) == NULL)
		row++;
	return row;
}
