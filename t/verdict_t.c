/*
 * verdict_t.c - the pure verdict as a table: these facts, that outcome; and what is asked before the end.
 *
 * Facts are words: "client=192.0.2.10 sender=bounce@vendor.example spf=pass author=noreply@vendor.example".
 * Policies are the texts that greenlaned reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence.h"
#include "policy_text.h"
#include "tap.h"
#include "verdict.h"

enum { NOW = 1772359200, WORDS_MAX = 1024, AUTHORS = 24, SIGNATURES = 8, SOURCES = 32 };

/* ---- policies ---- */

static const struct {
	const char *name, *text;
} vendors[] = {
	{ "vendor", "domains = [ \"vendor.example\" ]; sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "alone", "domains = [ \"alone.example\" ]; vouch = [ \"listed\" ];"
		   "sources = ( { cidr = [ \"192.0.2.0/24\" ]; exclusive = true; } );" },
	{ "session", "domains = [ \"session.example\" ]; vouch = [ \"listed+spf\" ];"
		     "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "bounced", "domains = [ \"bounced.example\" ]; envelope = [ \"bounces.example\" ]; vouch = [ \"listed+spf\" ];"
		     "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "author", "domains = [ \"author.example\" ]; vouch = [ \"listed+spf_from\" ];"
		    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "dmarc", "domains = [ \"dmarc.example\" ]; vouch = [ \"dmarc\" ];" },
	{ "joined", "domains = [ \"joined.example\" ]; vouch = [ \"listed+spf+dkim\" ];"
		    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "asked", "domains = [ \"asked.example\" ]; vouch = [ \"listed+spf\" ];"
		   "sources = ( { cidr = [ \"198.51.100.0/24\" ]; }, { spf = \"list.asked.example\"; exclusive = true; } );" },
	{ "watched", "domains = [ \"watched.example\" ]; mode = \"monitor\";"
		     "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "lenient", "domains = [ \"lenient.example\" ]; mode = \"vouch\";"
		     "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "strict", "domains = [ \"strict.example\" ]; on_unproven = \"reject\"; on_unsure = \"reject\";"
		    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "tagging", "domains = [ \"tagging.example\" ]; on_forged = \"tag\"; on_unproven = \"quarantine\"; on_unsure = \"pass\";"
		     "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "gate", "domains = [ \"gate.example\" ]; kind = \"gateway\"; vouch = [ \"listed+spf\" ];"
		  "sources = ( { cidr = [ \"203.0.113.0/24\" ]; } );" },
};

static const char fallback[] = "vendors = ( { name = \"vendor\"; }, { name = \"alone\"; }, { name = \"session\"; },"
			       "{ name = \"author\"; }, { name = \"dmarc\"; }, { name = \"joined\"; }, { name = \"asked\"; },"
			       "{ name = \"watched\"; }, { name = \"lenient\"; }, { name = \"strict\"; }, { name = \"tagging\"; } );"
			       "own = { domains = [ \"rx.example\" ]; networks = [ \"10.0.0.0/8\" ]; daemon_names = [ \"SUBMIT\" ]; };";

/* Other configurations, by the letter in front of a row's facts. */
static const struct {
	char letter;
	const char *text;
} configs[] = {
	{ 'S', "vendors = ( { name = \"session\"; } );" },
	{ 'N', "vendors = ( { name = \"vendor\"; } ); greylist = { store = \"none\"; };" },
	{ 'M', "vendors = ( { name = \"vendor\"; } ); mode = \"monitor\";" },
	{ 'G', "vendors = ( { name = \"gate\"; }, { name = \"session\"; } ); own = { domains = [ \"rx.example\" ]; };" },
	{ 'H', "vendors = ( { name = \"gate\"; }, { name = \"session\"; } );" },
	{ 'Q', "vendors = ( { name = \"session\"; } ); strangers = { authenticate = false; };" },
	{ 'R', "vendors = ( { name = \"session\"; } ); strangers = { dmarc = \"off\"; };" },
	{ 'W', "vendors = ( { name = \"watched\"; } );" },
	{ 'B', "vendors = ( { name = \"bounced\"; } );" },
	{ 'A', "vendors = ( { name = \"asked\"; } );" },
};

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path,
    size_t *length, struct fault *why)
{
	static char text[1024];

	(void)context;
	(void)folders;
	for (size_t i = 0; i < sizeof vendors / sizeof vendors[0]; i++)
		if (strcmp(vendors[i].name, name) == 0) {
			*path = name;
			*length = (size_t)snprintf(text, sizeof text, "vendor = { name = \"%s\"; %s };", name,
			    vendors[i].text);
			return text;
		}
	fault_set(why, "no vendor %s", name);
	return NULL;
}

static struct policy *
policy_of(const char *text)
{
	struct policy_files files = { .vendor = find_vendor };
	struct faults *faults = faults_open();
	struct policy *policy = policy_text_load("table", text, strlen(text), &files, faults);

	for (size_t i = 0; policy == NULL && i < faults->kept; i++)
		note("%s", faults->list[i].fault.text);
	faults_close(faults);
	return policy;
}

/* ---- the world of one row ---- */

struct world {
	struct policy *policy;
	struct source_state states[SOURCES];
	struct prefix_table *table;
	struct ranges ranges;
	struct judge judge;
	struct arena *arena;
	struct facts facts;
	struct author authors[AUTHORS];
	struct dkim_fact signatures[SIGNATURES];
	const char *rcpts[1];
};

/* What cidr sources list is known, what DNS would tell is not. */
static void
open_ranges(struct world *world)
{
	struct prefix_entry entries[SOURCES];
	size_t count = 0;
	struct fault why;

	for (size_t i = 0; i < world->policy->source_count; i++) {
		const struct source *source = &world->policy->sources[i];

		world->states[i].known = source->kind == SOURCE_CIDR;
		for (size_t j = 0; j < source->prefix_count; j++)
			entries[count++] = (struct prefix_entry){ source->prefixes[j], source->number };
	}
	world->table = prefix_table_build(entries, count, &why);
	world->ranges = (struct ranges){ world->table, world->states, world->policy->source_count };
	world->judge = (struct judge){ world->policy, &world->ranges };
}

static bool
world_open(struct world *world, char letter)
{
	const char *config = fallback;

	*world = (struct world){ .arena = arena_open(1024 * 1024) };
	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
		if (configs[i].letter == letter)
			config = configs[i].text;
	world->policy = policy_of(config);
	if (world->policy == NULL)
		return false;
	open_ranges(world);
	world->facts = (struct facts){ .stage = STAGE_EOM, .now = NOW, .client_name = "", .helo = "",
		.auth = "", .daemon_name = "", .via = "", .mail_from = "", .sender = { "", "", "" },
		.rcpts = world->rcpts, .from_raw = "", .authors = world->authors, .message_id = "",
		.dkim = world->signatures, .dkim_done = true, .spf.domain = "" };
	return world->table != NULL;
}

static void
world_close(struct world *world)
{
	prefix_table_free(world->table);
	policy_free(world->policy);
	arena_close(world->arena);
}

/* ---- words to facts ---- */

static enum auth_result
result_of(const char *word)
{
	for (int i = AUTH_NOT_ASKED; i <= AUTH_PERMERROR; i++)
		if (strcmp(auth_word((enum auth_result)i), word) == 0)
			return (enum auth_result)i;
	note("no result: %s", word);
	return AUTH_NOT_ASKED;
}

static void
set_sender(struct world *world, const char *value)
{
	struct facts *facts = &world->facts;

	facts->null_sender = strcmp(value, "null") == 0;
	if (!facts->null_sender && !mailbox_read_path(world->arena, value, &facts->sender))
		facts->sender = (struct mailbox){ "", "", value };
	facts->spf.domain = facts->null_sender ? facts->helo : facts->sender.domain;
	facts->spf.by_helo = facts->null_sender;
}

/* "a@b", then any of ":spf_from=pass", ":dmarc=fail", ":p=reject", ":aligned". */
static void
add_author(struct world *world, char *value)
{
	struct facts *facts = &world->facts;
	struct author *author = &world->authors[facts->author_count++];
	char *save, *word = strtok_r(value, ":", &save);

	if (!mailbox_read_path(world->arena, word, &author->mailbox))
		note("no mailbox: %s", word);
	author->dmarc = (struct dmarc_fact){ .result = AUTH_NONE, .domain = "" };
	while ((word = strtok_r(NULL, ":", &save)) != NULL) {
		if (strncmp(word, "spf_from=", 9) == 0)
			author->spf_from = result_of(word + 9);
		else if (strncmp(word, "dmarc=", 6) == 0)
			author->dmarc.result = result_of(word + 6);
		else if (strcmp(word, "p=reject") == 0)
			author->dmarc.policy = DMARC_REJECT;
		else if (strcmp(word, "p=quarantine") == 0)
			author->dmarc.policy = DMARC_QUARANTINE;
		else if (strcmp(word, "aligned") == 0)
			author->dmarc.spf_aligned = true;
		else
			note("no word of an author: %s", word);
	}
	if (facts->from_state == FROM_NOT_SEEN)
		facts->from_state = FROM_READ;
}

/* "vendor.example:pass", "vendor.example:policy:weak". */
static void
add_signature(struct world *world, char *value)
{
	struct facts *facts = &world->facts;
	struct dkim_fact *fact = &world->signatures[facts->dkim_count++];
	char *save, *d = strtok_r(value, ":", &save), *result = strtok_r(NULL, ":", &save);

	*fact = (struct dkim_fact){ .d = d, .s = "s1", .a = "rsa-sha256", .b = "", .why = "" };
	fact->result = result_of(result == NULL ? "-" : result);
	fact->counts = fact->result == AUTH_PASS;
	fact->weak = strtok_r(NULL, ":", &save) != NULL;
}

static enum stage
stage_of(const char *word)
{
	for (int i = STAGE_CONNECT; i <= STAGE_EOM; i++)
		if (strcmp(stage_word((enum stage)i), word) == 0)
			return (enum stage)i;
	note("no stage: %s", word);
	return STAGE_EOM;
}

static void
set_from(struct world *world, const char *value)
{
	struct facts *facts = &world->facts;

	facts->from_state = FROM_MISSING;
	if (strncmp(value, "unreadable:", 11) != 0)
		return;
	facts->from_state = FROM_UNREADABLE;
	facts->from_raw = value + 11;
	facts->from_raw_length = strlen(value + 11);
}

static void
add_live(struct world *world, const char *value)
{
	struct live_fact *fact = &world->facts.live[world->facts.live_count++];

	fact->source = (uint32_t)atoi(value);
	fact->answer = UNKNOWN;
	if (strstr(value, ":yes") != NULL)
		fact->answer = YES;
	else if (strstr(value, ":no") != NULL)
		fact->answer = NO;
}

static void
set_word(struct world *world, const char *key, char *value)
{
	struct facts *facts = &world->facts;

	if (strcmp(key, "client") == 0) {
		if (!address_read(value, &facts->client))
			note("no address: %s", value);
		facts->peer = facts->client;
	} else if (strcmp(key, "helo") == 0)
		facts->helo = value;
	else if (strcmp(key, "sender") == 0)
		set_sender(world, value);
	else if (strcmp(key, "spf") == 0)
		facts->spf.result = result_of(value);
	else if (strcmp(key, "author") == 0)
		add_author(world, value);
	else if (strcmp(key, "from") == 0)
		set_from(world, value);
	else if (strcmp(key, "dkim") == 0)
		add_signature(world, value);
	else if (strcmp(key, "stage") == 0) {
		facts->stage = stage_of(value);
		facts->dkim_done = facts->stage == STAGE_EOM;
	} else if (strcmp(key, "live") == 0)
		add_live(world, value);
	else if (strcmp(key, "unfolded") == 0)
		world->states[atoi(value)].known = true;
	else if (strcmp(key, "must-ask") == 0)
		world->states[atoi(value)].live = true;
	else if (strcmp(key, "auth") == 0)
		facts->auth = value;
	else if (strcmp(key, "daemon") == 0)
		facts->daemon_name = value;
	else if (strcmp(key, "unsure-for") == 0)
		facts->unsure_since = NOW - atoi(value);
	else if (strcmp(key, "too-long") == 0)
		facts->from_too_long = true;
	else if (strcmp(key, "failed") == 0)
		facts->failed = true;
	else
		note("no word: %s", key);
}

/* "S: client=..." : the letter of a configuration, then words. `words` lasts as long as the world. */
static bool
world_read(struct world *world, const char *text, char words[WORDS_MAX])
{
	char *save, *word;
	bool letter = text[0] != '\0' && text[1] == ':';

	if (!world_open(world, letter ? text[0] : '\0'))
		return false;
	snprintf(words, WORDS_MAX, "%s", letter ? text + 2 : text);
	for (word = strtok_r(words, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		if (value != NULL)
			*value++ = '\0';
		set_word(world, word, value == NULL ? word + strlen(word) : value);
	}
	return true;
}

/* ---- the verdict ---- */

#define OUR_HOST "client=192.0.2.10 "
#define EVIL "client=203.0.113.66 sender=x@evil.example spf=none "
#define FROM(name) "author=noreply@" name ".example "

static const struct {
	const char *name, *facts, *wanted;
} verdicts[] = {
	/* exempt */
	{ "who logged in is exempt", EVIL FROM("vendor") "auth=ann", "exempt pass authenticated - settled" },
	{ "no client address is local", "sender=x@vendor.example", "exempt pass local - settled" },
	{ "loopback is exempt", "client=127.8.8.8 sender=x@vendor.example", "exempt pass loopback - settled" },
	{ "own networks are exempt", "client=10.1.2.3 sender=x@vendor.example", "exempt pass own-network - settled" },
	{ "a named daemon is exempt", EVIL "daemon=SUBMIT", "exempt pass own-daemon - settled" },
	{ "another daemon is not", EVIL "daemon=smtpd author=a@b.example", "stranger greylist no-claim - settled" },
	{ "exempt mail may have a From that is too long", "client=127.0.0.1 too-long", "exempt pass loopback - settled" },
	{ "exempt mail is deferred by a failure of ours", "client=127.0.0.1 failed too-long", "unsure defer own-failure - settled" },
	/* nobody is claimed */
	{ "a stranger is greylisted", EVIL "author=a@b.example", "stranger greylist no-claim - settled" },
	{ "unproven mail passes where there is no store", "N:" OUR_HOST "sender=b@other.example spf=pass " FROM("vendor"), "unproven pass partly-proven vendor settled" },
	{ "a stranger passes where there is no store", "N:" EVIL "author=a@b.example", "stranger pass no-claim - settled" },
	{ "a stranger passes in monitor mode", "M:" EVIL "author=a@b.example", "stranger pass no-claim - settled would=greylist" },
	{ "a HELO name claims nothing", "client=203.0.113.66 helo=mail.vendor.example sender=null spf=pass author=a@b.example", "stranger greylist no-claim - settled" },
	{ "nothing at all is a stranger", EVIL "from=missing", "stranger greylist no-claim - settled" },
	/* vouched */
	{ "listed and SPF", OUR_HOST "sender=b@vendor.example spf=pass " FROM("vendor"), "vouched pass proven vendor settled" },
	{ "a signature", EVIL FROM("vendor") "dkim=vendor.example:pass", "vouched pass proven vendor settled" },
	{ "a signature of a name below", EVIL FROM("vendor") "dkim=a.vendor.example:pass", "vouched pass proven vendor settled" },
	{ "listed alone", OUR_HOST "sender=b@other.example spf=fail " FROM("alone"), "vouched pass proven alone settled" },
	{ "listed and SPF of the author", OUR_HOST "sender=b@other.example spf=none author=n@author.example:spf_from=pass", "vouched pass proven author settled" },
	{ "DMARC alone", EVIL "author=n@dmarc.example:dmarc=pass", "vouched pass proven dmarc settled" },
	{ "three joined", OUR_HOST "sender=b@joined.example spf=pass " FROM("joined") "dkim=joined.example:pass", "vouched pass proven joined settled" },
	{ "SPF of HELO for the null sender", OUR_HOST "helo=m.vendor.example sender=null spf=pass " FROM("vendor"), "vouched pass proven vendor settled" },
	{ "a good signature beside DNS trouble", OUR_HOST "sender=b@vendor.example spf=temperror " FROM("vendor") "dkim=vendor.example:pass", "vouched pass proven vendor settled" },
	{ "the envelope for nobody's author", OUR_HOST "sender=b@vendor.example spf=pass author=a@b.example", "vouched pass proven vendor settled" },
	{ "a source that was asked", OUR_HOST "sender=b@asked.example spf=pass unfolded=6 must-ask=6 live=6:yes " FROM("asked"), "vouched pass proven asked settled" },
	/* unsure */
	{ "SPF that may come", OUR_HOST "sender=b@vendor.example spf=temperror " FROM("vendor"), "unsure defer dns-trouble vendor settled" },
	{ "a key that may come", EVIL FROM("vendor") "dkim=vendor.example:temperror", "unsure defer dns-trouble vendor settled" },
	{ "DMARC that may come", EVIL "author=n@dmarc.example:dmarc=temperror", "unsure defer dns-trouble dmarc settled" },
	{ "a source not unfolded", OUR_HOST "sender=b@asked.example spf=pass " FROM("asked"), "unsure defer dns-trouble asked settled" },
	{ "a source that did not answer", OUR_HOST "sender=b@asked.example spf=pass unfolded=6 must-ask=6 live=6:unknown " FROM("asked"), "unsure defer dns-trouble asked settled" },
	{ "nothing yes, one unknown", EVIL "author=n@vendor.example:dmarc=temperror", "unsure defer dns-trouble vendor settled" },
	{ "on_unsure = reject defers", OUR_HOST "sender=b@strict.example spf=temperror " FROM("strict"), "unsure defer dns-trouble strict settled" },
	{ "on_unsure = pass passes", OUR_HOST "sender=b@tagging.example spf=temperror " FROM("tagging"), "unsure pass dns-trouble tagging settled" },
	{ "unsure for less than unsure_max", OUR_HOST "sender=b@vendor.example spf=temperror unsure-for=14399 " FROM("vendor"), "unsure defer dns-trouble vendor settled" },
	{ "unsure for unsure_max", OUR_HOST "sender=b@vendor.example spf=temperror unsure-for=14400 " FROM("vendor"), "unsure greylist dns-trouble-too-long vendor settled" },
	/* unproven */
	{ "listed, SPF of another", OUR_HOST "sender=b@other.example spf=pass " FROM("vendor"), "unproven greylist partly-proven vendor settled" },
	{ "SPF, not listed", "client=203.0.113.66 sender=b@vendor.example spf=pass " FROM("vendor"), "unproven greylist partly-proven vendor settled" },
	{ "a signature of three joined", EVIL FROM("joined") "dkim=joined.example:pass", "unproven greylist partly-proven joined settled" },
	{ "DMARC alone is not enough", EVIL "author=n@vendor.example:dmarc=pass", "unproven greylist partly-proven vendor settled" },
	{ "SPF of the author for the null sender", "client=203.0.113.66 helo=x.example sender=null spf=none author=n@vendor.example:spf_from=pass", "unproven greylist partly-proven vendor settled" },
	{ "but not for a sender", EVIL "author=n@vendor.example:spf_from=pass", "forged reject nothing-proven vendor settled" },
	{ "a weak signature", EVIL FROM("vendor") "dkim=vendor.example:policy:weak", "unproven greylist weak-signature vendor settled" },
	{ "a stranger's weak signature", EVIL FROM("vendor") "dkim=evil.example:policy:weak", "forged reject nothing-proven vendor settled" },
	{ "no From", OUR_HOST "sender=b@vendor.example spf=pass from=missing", "unproven greylist partly-proven vendor settled" },
	{ "on_unproven = reject refuses", OUR_HOST "sender=b@other.example spf=pass " FROM("strict"), "unproven reject partly-proven strict settled" },
	{ "on_unproven = quarantine", OUR_HOST "sender=b@other.example spf=pass " FROM("tagging"), "unproven quarantine partly-proven tagging settled" },
	/* forged */
	{ "all no", EVIL FROM("vendor"), "forged reject nothing-proven vendor settled" },
	{ "on_forged = tag", EVIL FROM("tagging"), "forged tag nothing-proven tagging settled" },
	{ "a foreign name's SPF trouble is no", "client=203.0.113.66 sender=x@evil.example spf=temperror " FROM("vendor"), "forged reject nothing-proven vendor settled" },
	{ "a foreign key's trouble is no", EVIL FROM("vendor") "dkim=evil.example:temperror", "forged reject nothing-proven vendor settled" },
	{ "a shared range, DMARC reject", OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=reject", "forged reject shared-range-dmarc-fails vendor settled" },
	{ "a shared range, DMARC quarantine", OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=quarantine", "forged reject shared-range-dmarc-fails vendor settled" },
	{ "a shared range, DMARC none", OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail", "unproven greylist partly-proven vendor settled" },
	{ "a shared range, DMARC fails, a key unknown", OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=reject dkim=vendor.example:temperror", "unsure defer dns-trouble vendor settled" },
	{ "a shared range, DMARC fails, an exclusive one unknown", "client=198.51.100.7 sender=b@other.example spf=pass author=n@asked.example:dmarc=fail:p=reject", "unsure defer dns-trouble asked settled" },
	{ "a shared range, DMARC fails, the exclusive one says no", "client=198.51.100.7 sender=b@other.example spf=pass unfolded=6 author=n@asked.example:dmarc=fail:p=reject", "forged reject shared-range-dmarc-fails asked settled" },
	{ "an unreadable From that names the vendor", OUR_HOST "sender=b@vendor.example spf=pass from=unreadable:<n@vendor.example", "forged reject unreadable-from vendor settled" },
	{ "an unreadable From that does not", OUR_HOST "sender=b@vendor.example spf=pass from=unreadable:<n@notvendor.example", "unproven greylist partly-proven vendor settled" },
	/* several authors, several vendors */
	{ "a stranger beside the vendor", EVIL FROM("vendor") "author=a@b.example dkim=vendor.example:pass", "forged reject stranger-beside-vendor vendor settled" },
	{ "our own name beside the vendor", EVIL FROM("vendor") "author=a@rx.example dkim=vendor.example:pass", "forged reject stranger-beside-vendor vendor settled" },
	{ "two vendors, both proven", EVIL FROM("vendor") FROM("strict") "dkim=vendor.example:pass dkim=strict.example:pass", "vouched pass proven vendor settled" },
	{ "two vendors, one proven", EVIL FROM("vendor") FROM("strict") "dkim=vendor.example:pass", "forged reject nothing-proven strict settled" },
	{ "all authors of a vendor need DMARC", EVIL "author=a@dmarc.example:dmarc=pass author=b@dmarc.example:dmarc=fail", "forged reject nothing-proven dmarc settled" },
	{ "the strictest action wins", EVIL FROM("tagging") FROM("vendor"), "forged reject nothing-proven vendor settled" },
	{ "deferring beats greylisting", OUR_HOST "sender=b@other.example spf=none " FROM("vendor") FROM("strict") "dkim=strict.example:temperror", "unsure defer dns-trouble strict settled" },
	/* the envelope alone */
	{ "an envelope beside a vouched author is dropped", EVIL "sender=b@strict.example spf=fail " FROM("vendor") "dkim=vendor.example:pass", "vouched pass proven vendor settled" },
	{ "an envelope beside DMARC of the author is dropped", "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=pass", "stranger greylist no-claim - settled" },
	{ "an envelope of nobody's is forged", "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=fail", "forged reject nothing-proven vendor settled" },
	{ "an envelope while DMARC is unknown", "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=temperror", "unsure defer dns-trouble vendor settled" },
	{ "an unproven envelope while DMARC is unknown", OUR_HOST "sender=b@strict.example spf=fail author=a@b.example:dmarc=temperror", "unsure defer dns-trouble strict settled" },
	{ "an envelope with our own author", OUR_HOST "sender=b@vendor.example spf=pass author=a@rx.example", "forged defer undelegated-vendor own settled" },
	{ "a proven envelope with a lenient vendor's author", OUR_HOST "sender=b@vendor.example spf=pass " FROM("tagging"), "unproven greylist partly-proven vendor settled" },
	{ "a proven envelope beside DMARC of the author is vouched", OUR_HOST "sender=b@vendor.example spf=pass author=a@b.example:dmarc=pass", "vouched pass proven vendor settled" },
	{ "an envelope with another vendor's author", OUR_HOST "sender=b@vendor.example spf=pass " FROM("dmarc"), "forged reject nothing-proven dmarc settled" },
	{ "an envelope while the author's vendor is unknown", "client=203.0.113.66 sender=b@vendor.example spf=fail " FROM("tagging") "dkim=tagging.example:temperror", "unsure defer dns-trouble vendor settled" },
	/* modes */
	{ "monitor goes the stranger's way", EVIL FROM("watched"), "forged greylist nothing-proven watched settled would=reject" },
	{ "monitor lets nobody through", EVIL FROM("watched") "dkim=watched.example:pass", "vouched greylist proven watched settled would=pass" },
	{ "vouch lets through", EVIL FROM("lenient") "dkim=lenient.example:pass", "vouched pass proven lenient settled" },
	{ "vouch refuses nobody", EVIL FROM("lenient"), "forged greylist nothing-proven lenient settled" },
	{ "the daemon's monitor mode passes all", "M:" EVIL FROM("vendor"), "forged pass nothing-proven vendor settled would=reject" },
	/* gateways */
	{ "a gateway covers nobody's author", "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned", "vouched pass proven-gateway gate settled" },
	{ "not without alignment", "G:client=203.0.113.7 sender=a@c.example spf=pass author=a@b.example", "stranger greylist no-claim - settled" },
	{ "not our own", "G:client=203.0.113.7 sender=a@rx.example spf=pass author=a@rx.example:aligned", "forged defer undelegated-vendor own settled" },
	{ "not from elsewhere", "G:client=198.51.100.7 sender=a@b.example spf=pass author=a@b.example:aligned", "stranger greylist no-claim - settled" },
	{ "not an unreadable From", "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned from=unreadable:x", "stranger greylist no-claim - settled" },
	{ "SPF trouble of a customer beside a vendor defers", "G:client=203.0.113.7 sender=b@session.example spf=temperror author=a@b.example " FROM("session"), "unsure defer dns-trouble session settled" },
	{ "not when one author is not covered", "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned author=c@c.example", "stranger greylist no-claim - settled" },
	{ "a gateway may yet cover before the end", "G:stage=headers client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:dmarc=-", "stranger greylist no-claim - open" },
	/* troubles */
	{ "a failure of ours defers", EVIL FROM("vendor") "dkim=vendor.example:pass failed", "unsure defer own-failure - settled" },
	{ "a failure of ours passes in monitor mode", "M:" EVIL FROM("vendor") "failed", "unsure pass own-failure - settled would=defer" },
	{ "a From that is too long", EVIL "too-long from=unreadable:x", "stranger reject from-too-long - settled" },
	{ "a From that is too long in monitor mode", "M:" EVIL "too-long from=unreadable:x", "stranger pass from-too-long - settled would=reject" },
	/* before the end */
	{ "nothing is settled at MAIL", "stage=mail client=203.0.113.66 sender=b@vendor.example spf=fail", "unsure defer dns-trouble vendor open" },
	{ "nor at RCPT", "stage=rcpt client=203.0.113.66 sender=x@evil.example spf=none", "stranger greylist no-claim - open" },
	{ "a stranger is settled at the headers", "stage=headers client=203.0.113.66 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "stranger greylist no-claim - settled" },
	{ "a claim is not while a signature may come", "stage=headers client=203.0.113.66 sender=x@evil.example spf=none " FROM("vendor"), "unsure defer dns-trouble vendor open" },
};

static void
write_verdict(const struct verdict *verdict, char *out, size_t size)
{
	const char *vendor = verdict_vendor(verdict);
	int length = snprintf(out, size, "%s %s %s %s %s", outcome_word(verdict->outcome),
	    action_word(verdict->action), reason_slug(verdict->reason), vendor[0] == '\0' ? "-" : vendor,
	    verdict->settled ? "settled" : "open");

	if (verdict->monitored)
		snprintf(out + length, size - (size_t)length, " would=%s", action_word(verdict->would));
}

static void
test_verdicts(void)
{
	char words[WORDS_MAX], got[256];
	struct verdict verdict, again;
	struct world world;

	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (!world_read(&world, verdicts[i].facts, words)) {
			ok(false, "%s", verdicts[i].name);
			continue;
		}
		verdict_judge(&world.judge, &world.facts, &verdict);
		write_verdict(&verdict, got, sizeof got);
		is(got, verdicts[i].wanted, "%s", verdicts[i].name);
		verdict_judge(&world.judge, &world.facts, &again);
		if (again.outcome != verdict.outcome || again.action != verdict.action ||
		    again.reason != verdict.reason || again.claim_count != verdict.claim_count)
			ok(false, "%s: the same facts give the same verdict", verdicts[i].name);
		world_close(&world);
	}
}

/* ---- before the end ---- */

static const struct {
	const char *name, *facts;
	bool may_vouch, promises;
} early[] = {
	{ "with dkim alone every session may be vouched", "stage=mail client=203.0.113.66 sender=x@evil.example spf=none", true, false },
	{ "without it a foreign host may not", "S:stage=mail client=203.0.113.66 sender=b@session.example spf=pass", false, false },
	{ "nor a listed host with a foreign sender", "S:stage=mail client=192.0.2.10 sender=x@evil.example spf=pass", false, false },
	{ "nor where SPF fails", "S:stage=mail client=192.0.2.10 sender=b@session.example spf=fail", false, false },
	{ "a listed host with SPF may, and is promised", "S:stage=mail client=192.0.2.10 sender=b@session.example spf=pass", true, true },
	{ "a listed host with unknown SPF may, and is not", "S:stage=mail client=192.0.2.10 sender=b@session.example spf=temperror", true, false },
	{ "before MAIL it may", "S:stage=connect client=192.0.2.10", true, false },
	{ "the null sender may by HELO, and is promised", "S:stage=mail client=192.0.2.10 helo=m.session.example sender=null spf=pass", true, true },
	{ "a bounce name of the vendor's is promised", "B:stage=mail client=192.0.2.10 sender=x@bounces.example spf=pass", true, true },
	{ "not from elsewhere", "B:stage=mail client=203.0.113.66 sender=x@bounces.example spf=pass", false, false },
	{ "a source not asked may yet list", "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1", true, false },
	{ "a source that said no does not", "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 live=1:no", false, false },
	{ "a source that said yes is promised", "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 live=1:yes", true, true },
	{ "a vendor in monitor mode vouches for nobody", "W:stage=mail client=192.0.2.10 sender=b@watched.example spf=pass", false, false },
	{ "a gateway may for its host", "G:stage=mail client=203.0.113.7 sender=a@b.example spf=pass", true, false },
	{ "but our own signature may come", "G:stage=mail client=203.0.113.7 sender=a@b.example spf=fail", true, false },
	{ "and not where SPF fails", "H:stage=mail client=203.0.113.7 sender=a@b.example spf=fail", false, false },
};

static void
test_early(void)
{
	char words[WORDS_MAX];
	struct world world;

	for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
		if (!world_read(&world, early[i].facts, words)) {
			ok(false, "%s", early[i].name);
			continue;
		}
		is_number(verdict_may_vouch(&world.judge, &world.facts), early[i].may_vouch,
		    "may vouch: %s", early[i].name);
		is_number(verdict_promises(&world.judge, &world.facts), early[i].promises,
		    "promises: %s", early[i].name);
		world_close(&world);
	}
}

/* ---- what is asked next ---- */

static const struct {
	const char *name, *facts, *wanted;
} wants[] = {
	{ "nothing before MAIL", "S:stage=helo client=192.0.2.10", "nothing" },
	{ "SPF first", "S:stage=mail client=192.0.2.10 sender=x@evil.example", "spf" },
	{ "nothing of exempt mail", "stage=mail client=127.0.0.1 sender=x@evil.example", "nothing" },
	{ "no stranger's SPF where strangers are not authenticated", "Q:stage=mail client=192.0.2.10 sender=x@evil.example", "nothing" },
	{ "but a vendor's", "Q:stage=mail client=192.0.2.10 sender=b@session.example", "spf" },
	{ "a live source once its vendor is claimed", "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1", "live 1" },
	{ "not for a stranger", "A:stage=mail client=192.0.2.10 sender=x@evil.example spf=pass must-ask=1 unfolded=1", "nothing" },
	{ "not twice", "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 live=1:unknown", "nothing" },
	{ "not where another source lists already", "A:stage=mail client=198.51.100.7 sender=b@asked.example spf=pass must-ask=1 unfolded=1", "nothing" },
	{ "SPF of the author where a vendor uses it", "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example author=n@author.example", "spf_from 1" },
	{ "not where none does", "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=n@vendor.example", "nothing" },
	{ "but for the null sender", "stage=headers client=192.0.2.10 helo=x.example sender=null spf=none author=n@vendor.example", "spf_from 0" },
	{ "DMARC only when DKIM is done", "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "nothing" },
	{ "DMARC of each author", "client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example author=c@d.example:dmarc=-", "dmarc 1" },
	{ "no stranger's DMARC where it is off", "R:client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "nothing" },
	{ "but that of a mail that claims a vendor", "R:client=192.0.2.10 sender=b@session.example spf=none author=a@b.example:dmarc=-", "dmarc 0" },
	{ "and for a gateway's sake", "G:client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "dmarc 0" },
	{ "nothing when all is known", OUR_HOST "sender=b@vendor.example spf=pass " FROM("vendor"), "nothing" },
};

static void
write_wanted(struct wanted wanted, char *out, size_t size)
{
	switch (wanted.want) {
	case WANT_NOTHING:
		snprintf(out, size, "nothing");
		break;
	case WANT_SPF:
		snprintf(out, size, "spf");
		break;
	case WANT_LIVE:
		snprintf(out, size, "live %u", wanted.source->number);
		break;
	case WANT_SPF_FROM:
		snprintf(out, size, "spf_from %zu", wanted.author);
		break;
	case WANT_DMARC:
		snprintf(out, size, "dmarc %zu", wanted.author);
		break;
	}
}

static void
test_wants(void)
{
	char words[WORDS_MAX], got[64];
	struct world world;

	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
		if (!world_read(&world, wants[i].facts, words)) {
			ok(false, "%s", wants[i].name);
			continue;
		}
		write_wanted(verdict_wants(&world.judge, &world.facts), got, sizeof got);
		is(got, wants[i].wanted, "asked next: %s", wants[i].name);
		world_close(&world);
	}
}

int
main(void)
{
	test_verdicts();
	test_early();
	test_wants();
	return done();
}
