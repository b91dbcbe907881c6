/*
 * verdict_t.c - the pure verdict as a table, from facts to outcomes; what is certain and what is asked before the end.
 *
 * Facts are words: "client=192.0.2.10 sender=bounce@vendor.example spf=pass author=noreply@vendor.example".
 * Policies are the texts that greenlaned reads.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/verdict/claims.h"
#include "policy/verdict/evidence.h"
#include "policy/verdict/patience.h"
#include "policy/verdict/verdict.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

enum { NOW = 1772359200, WORDS_MAX = 1024, AUTHORS = 24, SIGNATURES = 8, RCPTS = 4 };

/* ---- policies ---- */

static const struct {
	const char *name, *text;
} vendors[] = {
	{ "vendor", "domains = [ \"vendor.example\" ]; sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "alone",
	    "domains = [ \"alone.example\" ]; vouch = [ \"listed\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; exclusive = true; } );" },
	{ "session",
	    "domains = [ \"session.example\" ]; vouch = [ \"listed+spf\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "bounced",
	    "domains = [ \"bounced.example\" ]; envelope = [ \"bounces.example\" ]; vouch = [ \"listed+spf\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "author",
	    "domains = [ \"author.example\" ]; vouch = [ \"listed+spf_from\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "dmarc", "domains = [ \"dmarc.example\" ]; vouch = [ \"dmarc\" ];" },
	{ "joined",
	    "domains = [ \"joined.example\" ]; vouch = [ \"listed+spf+dkim\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "asked",
	    "domains = [ \"asked.example\" ]; vouch = [ \"listed+spf\" ];"
	    "sources = ( { cidr = [ \"198.51.100.0/24\" ]; }, { spf = \"list.asked.example\"; exclusive = true; } );" },
	{ "hosts",
	    "domains = [ \"hosts.example\" ]; vouch = [ \"listed+spf\", \"dkim\" ];"
	    "sources = ( { host = \".out.hosts.example\"; } );" },
	{ "hosts-alone",
	    "domains = [ \"alone-by-hosts.example\" ]; vouch = [ \"listed\" ];"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; exclusive = true; },"
	    "{ host = \".out.alone-by-hosts.example\"; exclusive = true; } );" },
	{ "watched",
	    "domains = [ \"watched.example\" ]; mode = \"monitor\";"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "lenient",
	    "domains = [ \"lenient.example\" ]; mode = \"vouch\";"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "strict",
	    "domains = [ \"strict.example\" ]; on_unproven = \"reject\"; on_unsure = \"reject\";"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "tagging",
	    "domains = [ \"tagging.example\" ]; on_forged = \"tag\"; on_unproven = \"quarantine\"; on_unsure = \"pass\";"
	    "sources = ( { cidr = [ \"192.0.2.0/24\" ]; } );" },
	{ "silent",
	    "domains = [ \"silent.example\" ]; dkim = [ ]; vouch = [ \"listed+spf\" ];"
	    "sources = ( { cidr = [ \"192.0.2.128/25\" ]; } );" },
	{ "mixed",
	    "domains = [ \"mixed.example\" ]; sources = ( { cidr = [ \"192.0.2.0/24\" ]; exclusive = true; },"
	    "{ cidr = [ \"198.51.100.0/24\" ]; }, { spf = \"list.mixed.example\"; exclusive = true; } );" },
	{ "gate",
	    "domains = [ \"gate.example\" ]; kind = \"gateway\"; vouch = [ \"listed+spf\" ];"
	    "sources = ( { cidr = [ \"203.0.113.0/24\" ]; } );" },
};

static const char fallback[] =
    "vendors = ( { name = \"vendor\"; }, { name = \"alone\"; }, { name = \"session\"; },"
    "{ name = \"author\"; }, { name = \"dmarc\"; }, { name = \"joined\"; }, { name = \"asked\"; },"
    "{ name = \"watched\"; }, { name = \"lenient\"; }, { name = \"strict\"; }, { name = \"tagging\"; } );"
    "own = { domains = [ \"rx.example\" ]; networks = [ \"10.0.0.0/8\" ]; daemon_names = [ \"SUBMIT\" ]; };";

/* Other configurations, by the letter in front of a row's facts. */
static const struct {
	char letter;
	const char *text;
} configs[] = {
	{ 'E', "vendors = ( { name = \"mixed\"; } );" },
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
	{ 'I',
	    "vendors = ( { name = \"hosts\"; }, { name = \"hosts-alone\"; } ); own = { domains = [ \"rx.example\" ]; };" },
	{ 'Y', "vendors = ( { name = \"vendor\"; } );" },
	{ 'O',
	    "vendors = ( { name = \"vendor\"; }, { name = \"session\"; }, { name = \"silent\"; } );"
	    "own = { domains = [ \"rx.example\", \"=brand.example\" ]; networks = [ \"10.0.0.0/8\" ]; lists = [ \"lists.example\" ];"
	    "  outbound = [ \"198.51.100.25\", \"10.0.0.25\" ]; may_forward = [ \"198.51.100.28\" ]; };"
	    "delegations = ( { vendor = \"vendor\"; domains = [ \"tickets@rx.example\" ]; selectors = [ \"at1\" ]; },"
	    "  { vendor = \"session\"; domains = [ \"desk.rx.example\" ]; vouch = [ \"listed+spf_from\" ]; },"
	    "  { vendor = \"silent\"; domains = [ \"keys.rx.example\" ]; selectors = [ \"k1\" ]; vouch = [ \"dkim\" ]; } );"
	    "partners = ( { vendor = \"session\"; domains = [ \"msp.example\" ]; selectors = [ \"m1\" ]; } );"
	    "relays = ( { name = \"gw\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; },"
	    "  { name = \"fw\"; kind = \"forwarder\"; networks = [ \"198.51.100.9\" ]; } );"
	    "exceptions = ( { rcpt = \"abuse@rx.example\"; vendor = \"vendor\"; mode = \"monitor\"; },"
	    "  { rcpt = \"abuse@rx.example\"; vendor = \"own\"; mode = \"vouch\"; } );" },
	{ 'U',
	    "vendors = ( { name = \"asked\"; } ); own = { domains = [ \"rx.example\" ]; on_forged = \"reject\"; };"
	    "delegations = ( { vendor = \"asked\"; domains = [ \"rx.example\" ]; } );" },
	{ 'V',
	    "vendors = ( { name = \"asked\"; } ); own = { domains = [ \"rx.example\" ]; lists = [ \"lists.example\" ]; };"
	    "strangers = { authenticate = false; };" },
	{ 'C', "vendors = ( { name = \"watched\"; } ); strangers = { dmarc = \"quarantine\"; };" },
	{ 'D', "vendors = ( { name = \"watched\"; } ); greylist = { auto_pass_network = 10; };" },
	{ 'F', "vendors = ( { name = \"watched\"; } ); greylist = { spf_pass = true; };" },
	{ 'J', "vendors = ( { name = \"watched\"; } ); greylist = { only = [ \"no-name\" ]; };" },
	{ 'K', "vendors = ( { name = \"watched\"; } ); greylist = { dnswl = \"list.dnswl.example\"; };" },
	{ 'L',
	    "vendors = ( { name = \"session\"; } );"
	    "partners = ( { vendor = \"session\"; domains = [ \"msp.example\" ]; selectors = [ \"m1\" ]; } );" },
};

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
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
	return conf_load(text, &(struct policy_files){ .vendor = find_vendor });
}

/* ---- the fixture of one row ---- */

struct fixture {
	struct policy *policy;
	struct ranges *ranges;
	struct judge judge;
	struct arena *arena;
	struct facts facts;
	struct author authors[AUTHORS];
	struct dkim_fact signatures[SIGNATURES];
	struct reply_to replies[REPLIES_MAX];
	const char *rcpts[RCPTS];
	struct mailbox rcpt_mailboxes[RCPTS];
};

/* What cidr sources list is known, what DNS would say is not. */
static void
open_ranges(struct fixture *fixture)
{
	fixture->ranges = ranges_build(fixture->policy->sources, fixture->policy->source_count, NULL, NULL);
	fixture->judge = (struct judge){ fixture->policy, fixture->ranges };
}

static bool
fixture_open(struct fixture *fixture, char letter)
{
	const char *config = fallback;

	*fixture = (struct fixture){ .arena = arena_open(1024 * 1024) };
	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++)
		if (configs[i].letter == letter)
			config = configs[i].text;
	fixture->policy = policy_of(config);
	open_ranges(fixture);
	fixture->facts = (struct facts){ .stage = STAGE_EOM,
		.now = NOW,
		.client_name = "",
		.helo = "",
		.auth = "",
		.daemon_name = "",
		.via = "",
		.mail_from = "",
		.sender = { "", "", "" },
		.rcpts = fixture->rcpts,
		.rcpt_mailboxes = fixture->rcpt_mailboxes,
		.from_raw = "",
		.authors = fixture->authors,
		.message_id = "",
		.dkim = fixture->signatures,
		.dkim_done = true,
		.spf.domain = "" };
	return fixture->ranges != NULL;
}

static void
fixture_close(struct fixture *fixture)
{
	ranges_free(fixture->ranges);
	policy_free(fixture->policy);
	arena_close(fixture->arena);
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
set_sender(struct fixture *fixture, const char *value)
{
	struct facts *facts = &fixture->facts;

	facts->null_sender = strcmp(value, "null") == 0;
	if (!facts->null_sender && !mailbox_read_path(fixture->arena, value, &facts->sender))
		facts->sender = (struct mailbox){ "", "", value };
	facts->spf.domain = facts->null_sender ? facts->helo : facts->sender.domain;
	facts->spf.by_helo = facts->null_sender;
}

/* "fail", "pass", "pass-weak" or "pass-open": by a weak signature, or one that leaves Reply-To open. */
static void
set_dmarc(struct author *author, const char *word)
{
	struct dmarc_fact *dmarc = &author->dmarc;
	bool weak = strcmp(word, "pass-weak") == 0, open = strcmp(word, "pass-open") == 0;

	dmarc->result = weak || open ? AUTH_PASS : result_of(word);
	dmarc->by = weak ? DMARC_BY_WEAK : open ? DMARC_BY_REPLY_OPEN : DMARC_BY_PROOF;
	dmarc->signed_by = dmarc->by;
}

/* "a@b", then any of ":spf_from=pass", ":dmarc=fail", ":p=reject", ":testing", ":silent=name", ":silent-of=name",
 * ":spf-open", ":from-silent", ":aligned". */
static void
add_author(struct fixture *fixture, char *value)
{
	struct facts *facts = &fixture->facts;
	struct author *author = &fixture->authors[facts->author_count++];
	char *save, *word = strtok_r(value, ":", &save);

	if (!mailbox_read_path(fixture->arena, word, &author->mailbox))
		note("no mailbox: %s", word);
	author->dmarc = (struct dmarc_fact){ .result = AUTH_NONE, .domain = "" };
	while ((word = strtok_r(NULL, ":", &save)) != NULL) {
		if (strncmp(word, "spf_from=", 9) == 0)
			author->spf_from = result_of(word + 9);
		else if (strncmp(word, "dmarc=", 6) == 0)
			set_dmarc(author, word + 6);
		else if (strcmp(word, "p=reject") == 0)
			author->dmarc.policy = DMARC_REJECT;
		else if (strcmp(word, "p=quarantine") == 0)
			author->dmarc.policy = DMARC_QUARANTINE;
		else if (strncmp(word, "silent=", 7) == 0) {
			author->dmarc.silent = word + 7;
			author->dmarc.silent_of = author->mailbox.domain;
		} else if (strncmp(word, "silent-of=", 10) == 0)
			author->dmarc.silent_of = word + 10;
		else if (strcmp(word, "spf-open") == 0)
			author->dmarc.spf_open = true;
		else if (strcmp(word, "from-silent") == 0)
			author->spf_from_silence.name = author->mailbox.domain;
		else if (strcmp(word, "testing") == 0)
			author->dmarc.testing = true;
		else if (strcmp(word, "aligned") == 0)
			author->dmarc.spf_aligned = true;
		else
			note("no word of an author: %s", word);
	}
	if (facts->from_state == FROM_NOT_SEEN)
		facts->from_state = FROM_READ;
}

/* "vendor.example:pass", then any of ":weak", ":open" (it leaves Reply-To unsigned), ":s=selector". */
static void
add_signature(struct fixture *fixture, char *value)
{
	struct facts *facts = &fixture->facts;
	struct dkim_fact *fact = &fixture->signatures[facts->dkim_count++];
	char *save, *d = strtok_r(value, ":", &save), *result = strtok_r(NULL, ":", &save), *word;

	*fact = (struct dkim_fact){ .d = d, .s = "s1", .a = "rsa-sha256", .b = "", .why = "" };
	fact->result = result_of(result == NULL ? "-" : result);
	fact->counts = fact->result == AUTH_PASS;
	while (result != NULL && (word = strtok_r(NULL, ":", &save)) != NULL) {
		if (strncmp(word, "s=", 2) == 0)
			fact->s = word + 2;
		else if (strcmp(word, "open") == 0)
			fact->reply_open = true;
		else
			fact->weak = true;
	}
}

/* "a@b" or "a@b:near", of an author's organisation; "unclear". */
static void
add_reply(struct fixture *fixture, char *value)
{
	struct facts *facts = &fixture->facts;
	struct reply_to *reply = &fixture->replies[facts->reply_count];
	char *near = strchr(value, ':');

	if (strcmp(value, "unclear") == 0) {
		facts->replies_unclear = true;
		return;
	}
	if (near != NULL)
		*near = '\0';
	if (!mailbox_read_path(fixture->arena, value, &reply->mailbox))
		note("no mailbox: %s", value);
	reply->near_author = near != NULL;
	facts->replies = fixture->replies;
	facts->reply_count++;
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
set_from(struct fixture *fixture, const char *value)
{
	struct facts *facts = &fixture->facts;

	facts->from_state = FROM_MISSING;
	if (strncmp(value, "unreadable:", 11) != 0)
		return;
	facts->from_state = FROM_UNREADABLE;
	facts->from_fields = 1;
	facts->from_raw = value + 11;
	facts->from_raw_length = strlen(value + 11);
}

static void
add_asked(struct fixture *fixture, const char *value)
{
	struct asked_fact *fact = &fixture->facts.asked[fixture->facts.asked_count++];

	fact->source = (uint32_t)atoi(value);
	fact->passes = UNKNOWN;
	fact->silence = (struct silence){ "x.example", strstr(value, ":lured") != NULL };
	if (strstr(value, ":yes") != NULL)
		fact->passes = YES;
	else if (strstr(value, ":no") != NULL)
		fact->passes = NO;
}

/* "pass:mx.out.hosts.example", "temperror:mx.out.hosts.example", "fail"; by-mta names what the MTA confirmed. */
static void
set_iprev(struct facts *facts, char *value)
{
	char *name = strchr(value, ':');

	if (name != NULL)
		*name++ = '\0';
	facts->iprev.result = result_of(value);
	if (facts->iprev.result == AUTH_PASS)
		facts->iprev.names[facts->iprev.count++] = name;
	else if (name != NULL)
		facts->iprev.silence = (struct silence){ name, true };
}

static void
add_rcpt(struct fixture *fixture, const char *value)
{
	struct facts *facts = &fixture->facts;
	struct mailbox *mailbox = &fixture->rcpt_mailboxes[facts->rcpt_count];

	if (!mailbox_read_path(fixture->arena, value, mailbox))
		*mailbox = (struct mailbox){ "", "", value };
	fixture->rcpts[facts->rcpt_count++] = value;
}

/* A relay has connected: "client=" is the client behind it, or the client is hidden. */
static void
set_via(struct fixture *fixture, const char *name)
{
	struct facts *facts = &fixture->facts;

	facts->via = name;
	facts->client_hidden = strcmp(name, "gw") == 0;
	if (!address_read(facts->client_hidden ? "198.51.100.5" : "198.51.100.9", &facts->peer))
		note("no relay: %s", name);
	facts->client = facts->peer;
	if (facts->client_hidden)
		facts->client = (struct address){ .family = ADDRESS_NONE };
}

static void
set_client(struct fixture *fixture, const char *value)
{
	struct facts *facts = &fixture->facts;

	if (!address_read(value, &facts->client))
		note("no address: %s", value);
	facts->client_hidden = false;
	if (facts->via[0] == '\0')
		facts->peer = facts->client;
}

/* A word that stands for itself. */
static bool
set_flag(struct facts *facts, const char *key)
{
	const struct {
		const char *key;
		bool *flag;
	} flags[] = {
		{ "hidden", &facts->client_hidden },
		{ "perhaps-relayed", &facts->perhaps_relayed },
		{ "lured", &facts->spf_silence.lured },
		{ "too-long", &facts->from_too_long },
		{ "failed", &facts->failed },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(key, flags[i].key) == 0)
			return *flags[i].flag = true;
	return false;
}

/* One whose value is kept as it is. */
static bool
set_text(struct facts *facts, const char *key, const char *value)
{
	const struct {
		const char *key, **text;
	} texts[] = {
		{ "helo", &facts->helo },
		{ "auth", &facts->auth },
		{ "daemon", &facts->daemon_name },
		{ "silent", &facts->spf_silence.name },
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(key, texts[i].key) == 0) {
			*texts[i].text = value;
			return true;
		}
	return false;
}

/* One whose value is the number of a source. */
static bool
set_source(struct source_state *states, const char *key, const char *value)
{
	if (strcmp(key, "unfolded") == 0)
		states[atoi(value)].known = true;
	else if (strcmp(key, "must-ask") == 0)
		states[atoi(value)].asked = true;
	else if (strcmp(key, "wrong") == 0)
		states[atoi(value)] = (struct source_state){ .wrong = true };
	else if (strcmp(key, "empty") == 0)
		states[atoi(value)] = (struct source_state){ .known = true, .empty = true };
	else
		return false;
	return true;
}

/* One that is read by a function of its own. */
static bool
set_read(struct fixture *fixture, const char *key, char *value)
{
	if (strcmp(key, "client") == 0)
		set_client(fixture, value);
	else if (strcmp(key, "via") == 0)
		set_via(fixture, value);
	else if (strcmp(key, "rcpt") == 0)
		add_rcpt(fixture, value);
	else if (strcmp(key, "sender") == 0)
		set_sender(fixture, value);
	else if (strcmp(key, "author") == 0)
		add_author(fixture, value);
	else if (strcmp(key, "from") == 0)
		set_from(fixture, value);
	else if (strcmp(key, "dkim") == 0)
		add_signature(fixture, value);
	else if (strcmp(key, "reply") == 0)
		add_reply(fixture, value);
	else if (strcmp(key, "asked") == 0)
		add_asked(fixture, value);
	else if (strcmp(key, "iprev") == 0)
		set_iprev(&fixture->facts, value);
	else if (strcmp(key, "by-mta") == 0)
		fixture->facts.iprev.by_mta = value;
	else
		return false;
	return true;
}

static void
set_word(struct fixture *fixture, const char *key, char *value)
{
	struct facts *facts = &fixture->facts;

	if (set_flag(facts, key) || set_text(facts, key, value) || set_read(fixture, key, value) ||
	    set_source(fixture->ranges->states, key, value))
		return;
	if (strcmp(key, "spf") == 0)
		facts->spf.result = result_of(value);
	else if (strcmp(key, "stage") == 0) {
		facts->stage = stage_of(value);
		facts->dkim_done = facts->stage == STAGE_EOM;
	} else if (strcmp(key, "unsure-for") == 0)
		facts->unsure_since = NOW - atoi(value);
	else if (strcmp(key, "answered-for") == 0)
		facts->answered_since = NOW - atoi(value);
	else
		note("no word: %s", key);
}

/* "S: client=..." : the letter of a configuration, then words. `words` lasts as long as the fixture. */
static bool
fixture_read(struct fixture *fixture, const char *text, char words[WORDS_MAX])
{
	char *save, *word;
	bool letter = text[0] != '\0' && text[1] == ':';

	if (!fixture_open(fixture, letter ? text[0] : '\0'))
		return false;
	snprintf(words, WORDS_MAX, "%s", letter ? text + 2 : text);
	for (word = strtok_r(words, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		char *value = strchr(word, '=');

		if (value != NULL)
			*value++ = '\0';
		set_word(fixture, word, value == NULL ? word + strlen(word) : value);
	}
	if (!claims_settle(fixture->policy, fixture->arena, &fixture->facts))
		return false;
	return true;
}

/* ---- the verdict ---- */

#define OUR_HOST "client=192.0.2.10 "
#define HOST "I:client=198.51.100.7 sender=b@hosts.example " FROM("hosts")
#define OVER "unsure-for=14400 answered-for=14400 "
#define EVIL "client=203.0.113.66 sender=x@evil.example spf=none "
#define HIDDEN "client=172.17.0.1 hidden "
#define ELSEWHERE "A:client=203.0.113.66 "
#define FROM(name) "author=noreply@" name ".example "
#define OURS "author=boss@rx.example "
#define TICKETS "author=tickets@rx.example "

static const struct {
	const char *name, *facts, *wanted;
} verdicts[] = {
	/* exempt */
	{ "whoever logged in is exempt", EVIL FROM("vendor") "auth=ann", "exempt pass authenticated - settled" },
	{ "no client address is local", "sender=x@vendor.example", "exempt pass local - settled" },
	{ "loopback is exempt", "client=127.8.8.8 sender=x@vendor.example", "exempt pass loopback - settled" },
	{ "own networks are exempt", "client=10.1.2.3 sender=x@vendor.example", "exempt pass own-network - settled" },
	{ "a named daemon is exempt", EVIL "daemon=SUBMIT", "exempt pass own-daemon - settled" },
	{ "another daemon is not", EVIL "daemon=smtpd author=a@b.example", "stranger greylist no-claim - settled" },
	{ "exempt mail may have a From that is too long", "client=127.0.0.1 too-long", "exempt pass loopback - settled" },
	{ "exempt mail is deferred by a failure of ours", "client=127.0.0.1 failed too-long",
	    "unsure defer own-failure - settled" },
	/* nobody is claimed */
	{ "a stranger is greylisted", EVIL "author=a@b.example", "stranger greylist no-claim - settled" },
	{ "unproven mail passes where there is no store", "N:" OUR_HOST "sender=b@other.example spf=pass " FROM("vendor"),
	    "unproven pass partly-proven vendor settled" },
	{ "a stranger passes where there is no store", "N:" EVIL "author=a@b.example", "stranger pass no-claim - settled" },
	{ "a stranger passes in monitor mode", "M:" EVIL "author=a@b.example",
	    "stranger pass no-claim - settled would=greylist learns" },
	{ "a HELO name claims nothing",
	    "client=203.0.113.66 helo=mail.vendor.example sender=null spf=pass author=a@b.example",
	    "stranger greylist no-claim - settled" },
	{ "mail without any name is a stranger's", EVIL "from=missing", "stranger greylist no-claim - settled" },
	/* vouched */
	{ "listed and SPF", OUR_HOST "sender=b@vendor.example spf=pass " FROM("vendor"),
	    "vouched pass proven vendor settled" },
	{ "a signature", EVIL FROM("vendor") "dkim=vendor.example:pass", "vouched pass proven vendor settled" },
	{ "a signature of a name below", EVIL FROM("vendor") "dkim=a.vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "listed alone", OUR_HOST "sender=b@other.example spf=fail " FROM("alone"), "vouched pass proven alone settled" },
	{ "listed and SPF of the author", OUR_HOST "sender=b@other.example spf=none author=n@author.example:spf_from=pass",
	    "vouched pass proven author settled" },
	{ "DMARC alone", EVIL "author=n@dmarc.example:dmarc=pass", "vouched pass proven dmarc settled" },
	{ "three joined", OUR_HOST "sender=b@joined.example spf=pass " FROM("joined") "dkim=joined.example:pass",
	    "vouched pass proven joined settled" },
	{ "SPF of HELO for the null sender", OUR_HOST "helo=m.vendor.example sender=null spf=pass " FROM("vendor"),
	    "vouched pass proven vendor settled" },
	{ "a good signature beside DNS trouble",
	    OUR_HOST "sender=b@vendor.example spf=temperror " FROM("vendor") "dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "the envelope for nobody's author", OUR_HOST "sender=b@vendor.example spf=pass author=a@b.example",
	    "vouched pass proven vendor settled" },
	{ "a source that was asked",
	    OUR_HOST "sender=b@asked.example spf=pass unfolded=6 must-ask=6 asked=6:yes " FROM("asked"),
	    "vouched pass proven asked settled" },
	/* the client's name */
	{ "a name that the MTA confirmed", HOST "by-mta=mx.out.hosts.example spf=pass",
	    "vouched pass proven hosts settled" },
	{ "a name that DNS confirmed", HOST "iprev=pass:mx.out.hosts.example spf=pass",
	    "vouched pass proven hosts settled" },
	{ "by the MTA another name, in DNS the vendor's",
	    HOST "by-mta=mx.hoster.example iprev=pass:mx.out.hosts.example spf=pass",
	    "vouched pass proven hosts settled" },
	{ "the name of the source itself", HOST "by-mta=out.hosts.example iprev=pass:out.hosts.example spf=fail",
	    "forged reject nothing-proven hosts settled" },
	{ "a name that only looks like one below it",
	    HOST "by-mta=mx.evil-out.hosts.example iprev=pass:mx.evil-out.hosts.example spf=fail",
	    "forged reject nothing-proven hosts settled" },
	{ "a name that does not lead back", HOST "iprev=fail spf=fail", "forged reject nothing-proven hosts settled" },
	{ "no name at all", HOST "iprev=permerror spf=fail", "forged reject nothing-proven hosts settled" },
	{ "no name, and SPF", HOST "iprev=permerror spf=pass", "unproven greylist partly-proven hosts settled" },
	{ "a name without SPF", HOST "by-mta=mx.out.hosts.example spf=fail",
	    "unproven greylist partly-proven hosts settled" },
	{ "a signature without a name", HOST "iprev=fail spf=fail dkim=hosts.example:pass",
	    "vouched pass proven hosts settled" },
	{ "an exclusive name alone",
	    "I:client=198.51.100.7 sender=b@else.example spf=none "
	    "by-mta=a.out.alone-by-hosts.example " FROM("alone-by-hosts"),
	    "vouched pass proven hosts-alone settled" },
	{ "the address or the name, either",
	    "I:client=192.0.2.10 sender=b@else.example spf=none iprev=fail " FROM("alone-by-hosts"),
	    "vouched pass proven hosts-alone settled" },
	{ "somebody else's name lends nothing",
	    "I:client=198.51.100.7 sender=b@else.example spf=none "
	    "iprev=pass:mx.out.hosts.example " FROM("alone-by-hosts"),
	    "forged reject nothing-proven hosts-alone settled" },
	{ "a name that is not looked up yet", HOST "spf=pass", "unsure defer dns-trouble hosts settled" },
	/* the client chooses his name, and which failure it meets */
	{ "a name that does not answer", HOST "iprev=temperror:7.100.51.198.in-addr.arpa spf=fail",
	    "unsure defer dns-trouble hosts settled" },
	{ "a name that does not answer is waited for",
	    HOST "unsure-for=14399 answered-for=14399 iprev=temperror:7.100.51.198.in-addr.arpa spf=fail",
	    "unsure defer dns-trouble hosts settled" },
	{ "a name that does not answer is given up", HOST OVER "iprev=temperror:7.100.51.198.in-addr.arpa spf=fail",
	    "forged reject unresolved-name hosts settled" },
	{ "one below the source is given up, too", HOST OVER "iprev=temperror:mx.out.hosts.example spf=fail",
	    "forged reject unresolved-name hosts settled" },
	{ "not while the vendor's names are out", HOST "unsure-for=14400 iprev=temperror:mx.out.hosts.example spf=fail",
	    "unsure greylist dns-trouble-too-long hosts settled" },
	{ "given up, it is unproven by its SPF", HOST OVER "iprev=temperror:mx.out.hosts.example spf=pass",
	    "unproven greylist partly-proven hosts settled" },
	{ "a name that answers is not spoilt by one that does not",
	    HOST "by-mta=mx.out.hosts.example iprev=temperror:x.evil.example spf=pass",
	    "vouched pass proven hosts settled" },
	/* unsure */
	{ "SPF that may still answer", OUR_HOST "sender=b@vendor.example spf=temperror " FROM("vendor"),
	    "unsure defer dns-trouble vendor settled" },
	{ "a key that may still answer", EVIL FROM("vendor") "dkim=vendor.example:temperror",
	    "unsure defer dns-trouble vendor settled" },
	{ "DMARC that may still answer", EVIL "author=n@dmarc.example:dmarc=temperror",
	    "unsure defer dns-trouble dmarc settled" },
	{ "a source not unfolded", OUR_HOST "sender=b@asked.example spf=pass " FROM("asked"),
	    "unsure defer dns-trouble asked settled" },
	{ "a source that did not answer",
	    OUR_HOST "sender=b@asked.example spf=pass unfolded=6 must-ask=6 asked=6:unknown " FROM("asked"),
	    "unsure defer dns-trouble asked settled" },
	{ "nothing yes, one unknown", EVIL "author=n@vendor.example:dmarc=temperror",
	    "unsure defer dns-trouble vendor settled" },
	/* gone or wrong is an answer */
	{ "a source that is wrong, not listed", ELSEWHERE "wrong=1 sender=b@asked.example spf=fail " FROM("asked"),
	    "unsure defer source-wrong asked settled" },
	{ "listed by what it listed before",
	    "A:client=198.51.100.7 wrong=1 sender=b@asked.example spf=pass " FROM("asked"),
	    "vouched pass proven asked settled" },
	{ "a source that is wrong, and a key that is unknown",
	    ELSEWHERE "wrong=1 sender=b@asked.example spf=fail dkim=asked.example:temperror " FROM("asked"),
	    "unsure defer dns-trouble asked settled" },
	{ "a source that is wrong, and another that did not answer",
	    "A:client=203.0.113.66 wrong=0 sender=b@asked.example spf=fail " FROM("asked"),
	    "unsure defer dns-trouble asked settled" },
	{ "a source that is wrong, at RCPT", ELSEWHERE "stage=rcpt wrong=1 sender=b@asked.example spf=fail",
	    "unsure defer source-wrong asked open" },
	{ "a source that is not known, at RCPT", "A:stage=rcpt client=203.0.113.66 sender=b@asked.example spf=fail",
	    "unsure defer dns-trouble asked open" },
	{ "SPF that did not answer, at RCPT",
	    "A:stage=rcpt client=203.0.113.66 unfolded=1 sender=b@asked.example spf=temperror",
	    "unsure defer dns-trouble asked open" },
	{ "a source that is wrong for unsure_max",
	    ELSEWHERE "wrong=1 sender=b@asked.example spf=fail unsure-for=14400 " FROM("asked"),
	    "unsure greylist source-wrong asked settled" },
	{ "one of two sources is gone", ELSEWHERE "empty=1 sender=b@asked.example spf=fail " FROM("asked"),
	    "forged reject nothing-proven asked settled" },
	{ "all sources are gone", ELSEWHERE "empty=0 empty=1 sender=b@asked.example spf=fail " FROM("asked"),
	    "unproven greylist vendor-without-addresses asked settled" },
	{ "all sources are gone, DMARC says quarantine",
	    ELSEWHERE "empty=0 empty=1 sender=b@asked.example spf=fail author=n@asked.example:dmarc=fail:p=quarantine",
	    "forged reject nothing-proven asked settled" },
	{ "all sources are gone, DMARC says none",
	    ELSEWHERE "empty=0 empty=1 sender=b@asked.example spf=fail author=n@asked.example:dmarc=fail",
	    "unproven greylist vendor-without-addresses asked settled" },
	{ "all sources are gone, a signature counts",
	    "Y:client=203.0.113.66 empty=0 sender=x@evil.example dkim=vendor.example:pass " FROM("vendor"),
	    "vouched pass proven vendor settled" },
	{ "a source that is wrong delays no mail of ours",
	    "U:client=203.0.113.66 wrong=1 sender=ann@rx.example spf=pass author=ann@rx.example",
	    "vouched pass proven-own own settled" },
	{ "a delegation that depends on a source that is wrong",
	    "U:client=203.0.113.66 wrong=1 sender=x@evil.example spf=none author=ann@rx.example:spf_from=pass",
	    "unsure defer source-wrong own settled" },
	{ "a delegation that depends on one that did not answer",
	    "U:client=203.0.113.66 sender=x@evil.example spf=none author=ann@rx.example:spf_from=pass",
	    "unsure defer dns-trouble own settled" },
	{ "one that did not answer does", "U:client=203.0.113.66 sender=ann@rx.example spf=pass author=ann@rx.example",
	    "unsure defer dns-trouble own settled" },
	{ "on_unsure = reject defers", OUR_HOST "sender=b@strict.example spf=temperror " FROM("strict"),
	    "unsure defer dns-trouble strict settled" },
	{ "on_unsure = pass passes", OUR_HOST "sender=b@tagging.example spf=temperror " FROM("tagging"),
	    "unsure pass dns-trouble tagging settled" },
	{ "unsure for less than unsure_max",
	    OUR_HOST "sender=b@vendor.example spf=temperror unsure-for=14399 " FROM("vendor"),
	    "unsure defer dns-trouble vendor settled" },
	{ "unsure for unsure_max", OUR_HOST "sender=b@vendor.example spf=temperror unsure-for=14400 " FROM("vendor"),
	    "unsure greylist dns-trouble-too-long vendor settled" },
	/* whose name is silent */
	{ "a signer that does not resolve is given up", EVIL OVER FROM("vendor") "dkim=old.vendor.example:temperror",
	    "forged reject unresolved-name vendor settled" },
	{ "not before unsure_max",
	    EVIL "unsure-for=14399 answered-for=14399 " FROM("vendor") "dkim=old.vendor.example:temperror",
	    "unsure defer dns-trouble vendor settled" },
	{ "nor while a name of the policy is silent",
	    EVIL "unsure-for=14400 " FROM("vendor") "dkim=old.vendor.example:temperror",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "nor in the minute when it answers again",
	    EVIL "unsure-for=14400 answered-for=59 " FROM("vendor") "dkim=old.vendor.example:temperror",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "a selector of the vendor's own name is brought", EVIL OVER FROM("vendor") "dkim=vendor.example:temperror",
	    "forged reject unresolved-name vendor settled" },
	{ "an envelope name that is in the policy is not",
	    "client=203.0.113.66 sender=b@vendor.example spf=temperror silent=vendor.example " OVER FROM("vendor"),
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "one below it is",
	    "client=203.0.113.66 sender=b@m.vendor.example spf=temperror silent=m.vendor.example " OVER FROM("vendor"),
	    "forged reject unresolved-name vendor settled" },
	{ "so is what the sender lured it to",
	    "client=203.0.113.66 sender=b@vendor.example spf=temperror silent=x.example lured " OVER FROM("vendor"),
	    "forged reject unresolved-name vendor settled" },
	{ "a failure of ours is not", "client=203.0.113.66 sender=b@m.vendor.example spf=temperror " OVER FROM("vendor"),
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "a HELO name below it is",
	    "client=203.0.113.66 helo=m.vendor.example sender=null spf=temperror silent=m.vendor.example " OVER
	    "author=n@vendor.example:spf_from=fail",
	    "forged reject unresolved-name vendor settled" },
	{ "an author whose DMARC record is silent is",
	    EVIL OVER "author=n@m.vendor.example:dmarc=temperror:silent=m.vendor.example",
	    "forged reject unresolved-name vendor settled" },
	{ "one that is in the policy is not", EVIL OVER "author=n@vendor.example:dmarc=temperror:silent=vendor.example",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "nor is the policy's name above a brought one",
	    EVIL OVER "author=n@m.vendor.example:dmarc=temperror:silent=vendor.example",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "nor is one above it, to which its own walk leads",
	    EVIL OVER "author=n@m.vendor.example:dmarc=temperror:silent=example",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "a name to which a signer's walk leads is brought",
	    EVIL OVER "author=n@vendor.example:dmarc=temperror:silent=m.vendor.example:silent-of=x.m.vendor.example",
	    "forged reject unresolved-name vendor settled" },
	{ "but for the policy's own",
	    EVIL OVER "author=n@vendor.example:dmarc=temperror:silent=vendor.example:silent-of=x.m.vendor.example",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "DMARC that a key keeps open",
	    EVIL OVER "author=n@vendor.example:dmarc=temperror:p=reject dkim=vendor.example:temperror",
	    "forged reject unresolved-name vendor settled" },
	{ "DMARC that the policy's own SPF keeps open",
	    "client=203.0.113.66 sender=b@vendor.example spf=temperror silent=vendor.example " OVER
	    "author=n@vendor.example:dmarc=temperror:spf-open",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "DMARC that a brought SPF keeps open",
	    "client=203.0.113.66 sender=b@m.vendor.example spf=temperror silent=m.vendor.example " OVER
	    "author=n@vendor.example:dmarc=temperror:spf-open",
	    "forged reject unresolved-name vendor settled" },
	{ "a shared range saves no name that is given up where DMARC refuses",
	    OUR_HOST OVER
	    "sender=b@other.example spf=pass author=n@vendor.example:dmarc=temperror:p=reject dkim=old.vendor.example:temperror",
	    "forged reject unresolved-name vendor settled" },
	{ "it does where DMARC is only tested",
	    OUR_HOST OVER
	    "sender=b@other.example spf=pass author=n@vendor.example:dmarc=temperror:p=reject:testing dkim=old.vendor.example:temperror",
	    "unproven greylist partly-proven vendor settled" },
	{ "what is unproven for a name that is given up is not refused",
	    OUR_HOST OVER "sender=b@other.example spf=pass " FROM("strict") "dkim=old.strict.example:temperror",
	    "unproven greylist partly-proven strict settled" },
	{ "SPF of an author's name that is brought",
	    OUR_HOST OVER "sender=b@other.example spf=none author=n@m.author.example:spf_from=temperror:from-silent",
	    "unproven greylist partly-proven author settled" },
	{ "SPF of an author's name that is in the policy",
	    OUR_HOST OVER "sender=b@other.example spf=none author=n@author.example:spf_from=temperror:from-silent",
	    "unsure greylist dns-trouble-too-long author settled" },
	{ "a source that the sender lured", "A:" EVIL OVER FROM("asked") "must-ask=1 unfolded=1 asked=1:unknown:lured",
	    "forged reject unresolved-name asked settled" },
	{ "a source that is silent itself", "A:" EVIL OVER FROM("asked") "must-ask=1 unfolded=1 asked=1:unknown",
	    "unsure greylist dns-trouble-too-long asked settled" },
	{ "a lured range does not prove that our SPF is nobody else's",
	    "U:client=203.0.113.7 sender=ann@rx.example spf=pass " OVER OURS "must-ask=1 unfolded=1 asked=1:unknown:lured",
	    "unsure greylist dns-trouble-too-long own settled" },
	{ "our own name and a signer that does not resolve", "O:" EVIL OVER OURS "dkim=x.rx.example:temperror",
	    "forged defer unresolved-name own settled" },
	{ "a stranger's silent DMARC beside our envelope",
	    "client=203.0.113.66 sender=b@vendor.example spf=fail " OVER
	    "author=a@b.example:dmarc=temperror:silent=b.example",
	    "forged reject unresolved-name vendor settled" },
	{ "a stranger's silent SPF beside the vendor, by a gateway",
	    "G:client=203.0.113.7 sender=a@b.example spf=temperror silent=b.example author=a@b.example " OVER FROM(
		"session") "dkim=session.example:pass",
	    "forged reject unresolved-name session settled" },
	{ "a list whose name is silent",
	    "O:client=203.0.113.7 sender=t@lists.example spf=temperror silent=lists.example " OVER FROM("vendor"),
	    "unsure greylist dns-trouble-too-long vendor settled" },
	{ "a name below the list",
	    "O:client=203.0.113.7 sender=t@m.lists.example spf=temperror silent=m.lists.example " OVER FROM("vendor"),
	    "forged reject unresolved-name vendor settled" },
	{ "a vendor that is proven meanwhile is vouched",
	    EVIL OVER FROM("vendor") "dkim=old.vendor.example:temperror dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "SPF that is wrong has answered", "client=203.0.113.66 sender=b@vendor.example spf=permerror " FROM("vendor"),
	    "forged reject nothing-proven vendor settled" },
	{ "DMARC refuses what was unsure for unsure_max",
	    "client=203.0.113.66 sender=x@evil.example spf=none author=n@asked.example:dmarc=fail:p=quarantine unsure-for=14400",
	    "forged reject dmarc-fails asked settled" },
	{ "not before", EVIL "author=n@asked.example:dmarc=fail:p=reject unsure-for=14399",
	    "unsure defer dns-trouble asked settled" },
	{ "nor where its policy is only tested", EVIL "author=n@asked.example:dmarc=fail:p=reject:testing unsure-for=14400",
	    "unsure greylist dns-trouble-too-long asked settled" },
	{ "nor where it asks for nothing", EVIL "author=n@asked.example:dmarc=fail unsure-for=14400",
	    "unsure greylist dns-trouble-too-long asked settled" },
	{ "nor where some evidence supports the vendor",
	    "client=203.0.113.66 sender=b@asked.example spf=pass author=n@asked.example:dmarc=fail:p=reject unsure-for=14400",
	    "unsure greylist dns-trouble-too-long asked settled" },
	{ "nor by a stranger's DMARC",
	    "client=203.0.113.66 sender=b@asked.example spf=fail author=a@b.example:dmarc=fail author=c@d.example:dmarc=none unsure-for=14400",
	    "unsure greylist dns-trouble-too-long asked settled" },
	{ "nor while a list may have sent it",
	    "O:client=203.0.113.7 sender=t@lists.example spf=temperror silent=lists.example author=n@vendor.example:dmarc=fail:p=reject unsure-for=14400",
	    "unsure greylist dns-trouble-too-long vendor settled" },
	/* unproven */
	{ "listed, SPF of another", OUR_HOST "sender=b@other.example spf=pass " FROM("vendor"),
	    "unproven greylist partly-proven vendor settled" },
	{ "SPF, not listed", "client=203.0.113.66 sender=b@vendor.example spf=pass " FROM("vendor"),
	    "unproven greylist partly-proven vendor settled" },
	{ "a signature of three joined", EVIL FROM("joined") "dkim=joined.example:pass",
	    "unproven greylist partly-proven joined settled" },
	{ "DMARC alone is not enough", EVIL "author=n@vendor.example:dmarc=pass",
	    "unproven greylist partly-proven vendor settled" },
	{ "SPF of the author for the null sender",
	    "client=203.0.113.66 helo=x.example sender=null spf=none author=n@vendor.example:spf_from=pass",
	    "unproven greylist partly-proven vendor settled" },
	{ "but not for a sender", EVIL "author=n@vendor.example:spf_from=pass",
	    "forged reject nothing-proven vendor settled" },
	{ "a weak signature", EVIL FROM("vendor") "dkim=vendor.example:policy:weak",
	    "unproven greylist weak-signature vendor settled" },
	{ "a stranger's weak signature", EVIL FROM("vendor") "dkim=evil.example:policy:weak",
	    "forged reject nothing-proven vendor settled" },
	{ "DMARC by a weak signature", EVIL "author=n@dmarc.example:dmarc=pass-weak",
	    "unproven greylist weak-signature dmarc settled" },
	{ "DMARC by a weak signature where it proves nothing anyway", EVIL "author=n@vendor.example:dmarc=pass-weak",
	    "unproven greylist weak-signature vendor settled" },
	{ "an open Reply-To that names nobody", EVIL FROM("vendor") "dkim=vendor.example:pass:open",
	    "vouched pass proven vendor settled" },
	{ "an open Reply-To to somebody else", EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=x@evil.example",
	    "unproven greylist weak-signature vendor settled" },
	{ "a Reply-To to somebody else that is signed",
	    EVIL FROM("vendor") "dkim=vendor.example:pass reply=x@evil.example", "vouched pass proven vendor settled" },
	{ "one open signature beside one that signs Reply-To",
	    EVIL FROM("vendor") "dkim=vendor.example:pass:open dkim=vendor.example:pass reply=x@evil.example",
	    "vouched pass proven vendor settled" },
	{ "an open Reply-To to the vendor", EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=x@help.vendor.example",
	    "vouched pass proven vendor settled" },
	{ "an open Reply-To near the author", EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=x@example.org:near",
	    "vouched pass proven vendor settled" },
	{ "an open Reply-To to us", "O:" EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=x@rx.example",
	    "vouched pass proven vendor settled" },
	{ "an open Reply-To to the vendor and another",
	    EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=x@vendor.example reply=x@evil.example",
	    "unproven greylist weak-signature vendor settled" },
	{ "an open Reply-To that cannot be read", EVIL FROM("vendor") "dkim=vendor.example:pass:open reply=unclear",
	    "unproven greylist weak-signature vendor settled" },
	{ "an open Reply-To from an exclusive source",
	    "E:" OUR_HOST "sender=x@evil.example " FROM("mixed") "dkim=mixed.example:pass:open reply=x@evil.example",
	    "vouched pass proven mixed settled" },
	{ "an open Reply-To while an exclusive source is unknown",
	    "E:" EVIL FROM("mixed") "dkim=mixed.example:pass:open reply=x@evil.example",
	    "unsure defer dns-trouble mixed settled" },
	{ "an open Reply-To from a shared source",
	    "E:client=198.51.100.7 sender=x@evil.example spf=none unfolded=2 " FROM(
		"mixed") "dkim=mixed.example:pass:open reply=x@evil.example",
	    "unproven greylist partly-proven mixed settled" },
	{ "DMARC by a signature with an open Reply-To", EVIL "author=n@dmarc.example:dmarc=pass-open reply=x@evil.example",
	    "unproven greylist weak-signature dmarc settled" },
	{ "DMARC by a signature with an open Reply-To to the author",
	    EVIL "author=n@dmarc.example:dmarc=pass-open reply=n@dmarc.example", "vouched pass proven dmarc settled" },
	{ "a signature of ours with an open Reply-To", "O:" EVIL OURS "dkim=rx.example:pass:open reply=x@evil.example",
	    "unproven greylist weak-signature own settled" },
	{ "a signature of ours with an open Reply-To to us",
	    "O:" EVIL OURS "dkim=rx.example:pass:open reply=x@rx.example", "vouched pass proven-own own settled" },
	{ "no From", OUR_HOST "sender=b@vendor.example spf=pass from=missing",
	    "unproven greylist partly-proven vendor settled" },
	{ "on_unproven = reject refuses", OUR_HOST "sender=b@other.example spf=pass " FROM("strict"),
	    "unproven reject partly-proven strict settled" },
	{ "on_unproven = quarantine", OUR_HOST "sender=b@other.example spf=pass " FROM("tagging"),
	    "unproven quarantine partly-proven tagging settled" },
	/* forged */
	{ "all no", EVIL FROM("vendor"), "forged reject nothing-proven vendor settled" },
	{ "on_forged = tag", EVIL FROM("tagging"), "forged tag nothing-proven tagging settled" },
	{ "a foreign name's SPF trouble is no", "client=203.0.113.66 sender=x@evil.example spf=temperror " FROM("vendor"),
	    "forged reject nothing-proven vendor settled" },
	{ "a foreign key's trouble is no", EVIL FROM("vendor") "dkim=evil.example:temperror",
	    "forged reject nothing-proven vendor settled" },
	{ "a shared range, DMARC reject",
	    OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=reject",
	    "forged reject shared-range-dmarc-fails vendor settled" },
	{ "a shared range, DMARC quarantine",
	    OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=quarantine",
	    "forged reject shared-range-dmarc-fails vendor settled" },
	{ "a shared range, DMARC reject in test",
	    OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=reject:testing",
	    "unproven greylist partly-proven vendor settled" },
	{ "no range, DMARC in test", EVIL "author=n@vendor.example:dmarc=fail:p=reject:testing",
	    "forged reject nothing-proven vendor settled" },
	{ "a shared range, DMARC none", OUR_HOST "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail",
	    "unproven greylist partly-proven vendor settled" },
	{ "a shared range, DMARC fails, a key unknown",
	    OUR_HOST
	    "sender=b@other.example spf=pass author=n@vendor.example:dmarc=fail:p=reject dkim=vendor.example:temperror",
	    "unsure defer dns-trouble vendor settled" },
	{ "a shared range, DMARC fails, an exclusive one unknown",
	    "client=198.51.100.7 sender=b@other.example spf=pass author=n@asked.example:dmarc=fail:p=reject",
	    "unsure defer dns-trouble asked settled" },
	{ "a shared range, DMARC fails, the exclusive one says no",
	    "client=198.51.100.7 sender=b@other.example spf=pass unfolded=6 author=n@asked.example:dmarc=fail:p=reject",
	    "forged reject shared-range-dmarc-fails asked settled" },
	{ "an unreadable From that names the vendor", EVIL "spf=none from=unreadable:<n@vendor.example",
	    "forged reject unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, listed and spf",
	    OUR_HOST "sender=b@vendor.example spf=pass from=unreadable:<n@vendor.example",
	    "unproven greylist unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, listed alone",
	    OUR_HOST "sender=b@else.example spf=pass from=unreadable:<n@vendor.example",
	    "forged reject unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, spf alone",
	    "client=203.0.113.7 sender=b@vendor.example spf=pass from=unreadable:<n@vendor.example",
	    "forged reject unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, signed",
	    EVIL "spf=none from=unreadable:<n@vendor.example dkim=vendor.example:pass",
	    "unproven greylist unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, weakly signed",
	    EVIL "spf=none from=unreadable:<n@vendor.example dkim=vendor.example:policy:weak",
	    "forged reject unreadable-from vendor settled" },
	{ "an unreadable From that names the vendor, whose key is not known",
	    EVIL "spf=none from=unreadable:<n@vendor.example dkim=vendor.example:temperror",
	    "unsure defer dns-trouble vendor settled" },
	{ "an unreadable From that does not",
	    OUR_HOST "sender=b@vendor.example spf=pass from=unreadable:<n@notvendor.example",
	    "unproven greylist partly-proven vendor settled" },
	/* several authors, several vendors */
	{ "a stranger beside the vendor", EVIL FROM("vendor") "author=a@b.example dkim=vendor.example:pass",
	    "forged reject stranger-beside-vendor vendor settled" },
	{ "our own name beside the vendor", EVIL FROM("vendor") "author=a@rx.example dkim=vendor.example:pass",
	    "forged reject stranger-beside-vendor vendor settled" },
	{ "two vendors, both proven",
	    EVIL FROM("vendor") FROM("strict") "dkim=vendor.example:pass dkim=strict.example:pass",
	    "vouched pass proven vendor settled" },
	{ "two vendors, one proven", EVIL FROM("vendor") FROM("strict") "dkim=vendor.example:pass",
	    "forged reject nothing-proven strict settled" },
	{ "all authors of a vendor need DMARC", EVIL "author=a@dmarc.example:dmarc=pass author=b@dmarc.example:dmarc=fail",
	    "forged reject nothing-proven dmarc settled" },
	{ "the strictest action wins", EVIL FROM("tagging") FROM("vendor"), "forged reject nothing-proven vendor settled" },
	{ "deferring beats greylisting",
	    OUR_HOST "sender=b@other.example spf=none " FROM("vendor") FROM("strict") "dkim=strict.example:temperror",
	    "unsure defer dns-trouble strict settled" },
	/* the envelope alone */
	{ "an envelope beside a vouched author is dropped",
	    EVIL "sender=b@strict.example spf=fail " FROM("vendor") "dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "an envelope beside DMARC of the author is dropped",
	    "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=pass",
	    "stranger greylist no-claim - settled" },
	{ "an envelope of nobody's is forged",
	    "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=fail",
	    "forged reject nothing-proven vendor settled" },
	{ "an envelope while DMARC is unknown",
	    "client=203.0.113.66 sender=b@vendor.example spf=fail author=a@b.example:dmarc=temperror",
	    "unsure defer dns-trouble vendor settled" },
	{ "an unproven envelope while DMARC is unknown",
	    OUR_HOST "sender=b@strict.example spf=fail author=a@b.example:dmarc=temperror",
	    "unsure defer dns-trouble strict settled" },
	{ "an envelope with our own author", OUR_HOST "sender=b@vendor.example spf=pass author=a@rx.example",
	    "forged defer undelegated-vendor own settled" },
	{ "a proven envelope with a lenient vendor's author", OUR_HOST "sender=b@vendor.example spf=pass " FROM("tagging"),
	    "unproven greylist partly-proven vendor settled" },
	{ "a proven envelope beside DMARC of the author is vouched",
	    OUR_HOST "sender=b@vendor.example spf=pass author=a@b.example:dmarc=pass",
	    "vouched pass proven vendor settled" },
	{ "an envelope with another vendor's author", OUR_HOST "sender=b@vendor.example spf=pass " FROM("dmarc"),
	    "forged reject nothing-proven dmarc settled" },
	{ "an envelope while the author's vendor is unknown",
	    "client=203.0.113.66 sender=b@vendor.example spf=fail " FROM("tagging") "dkim=tagging.example:temperror",
	    "unsure defer dns-trouble vendor settled" },
	/* modes */
	{ "monitor treats it like a stranger's", EVIL FROM("watched"),
	    "forged greylist nothing-proven watched settled would=reject" },
	{ "monitor lets nobody through", EVIL FROM("watched") "dkim=watched.example:pass",
	    "vouched greylist proven watched settled would=pass" },
	{ "vouch lets through", EVIL FROM("lenient") "dkim=lenient.example:pass", "vouched pass proven lenient settled" },
	{ "vouch refuses nobody", EVIL FROM("lenient"), "forged greylist nothing-proven lenient settled would=reject" },
	{ "vouch greylists what is unproven, as its policy says anyway",
	    EVIL FROM("lenient") "sender=b@lenient.example spf=pass", "unproven greylist partly-proven lenient settled" },
	{ "vouch defers nobody", EVIL FROM("lenient") "dkim=lenient.example:temperror",
	    "unsure greylist dns-trouble lenient settled would=defer" },
	{ "monitor greylists what is unproven", EVIL FROM("watched") "sender=b@watched.example spf=pass",
	    "unproven greylist partly-proven watched settled" },
	{ "monitor defers nobody", EVIL FROM("watched") "dkim=watched.example:temperror",
	    "unsure greylist dns-trouble watched settled would=defer" },
	{ "the daemon's monitor mode passes what is vouched", "M:" EVIL FROM("vendor") "dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "the daemon's monitor mode learns what is unproven", "M:" EVIL FROM("vendor") "sender=b@vendor.example spf=pass",
	    "unproven pass partly-proven vendor settled would=greylist learns" },
	{ "but not what is unsure", "M:" EVIL FROM("vendor") "dkim=vendor.example:temperror",
	    "unsure pass dns-trouble vendor settled would=defer" },
	{ "nor what is unsure for too long", "M:" EVIL FROM("vendor") "dkim=vendor.example:temperror unsure-for=14400",
	    "unsure pass dns-trouble-too-long vendor settled would=greylist" },
	{ "the daemon's monitor mode passes all", "M:" EVIL FROM("vendor"),
	    "forged pass nothing-proven vendor settled would=reject" },
	/* gateways */
	{ "a gateway covers nobody's author", "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned",
	    "vouched pass proven-gateway gate settled" },
	{ "not without alignment", "G:client=203.0.113.7 sender=a@c.example spf=pass author=a@b.example",
	    "stranger greylist no-claim - settled" },
	{ "not our own", "G:client=203.0.113.7 sender=a@rx.example spf=pass author=a@rx.example:aligned",
	    "forged defer undelegated-vendor own settled" },
	{ "not from elsewhere", "G:client=198.51.100.7 sender=a@b.example spf=pass author=a@b.example:aligned",
	    "stranger greylist no-claim - settled" },
	{ "not an unreadable From",
	    "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned from=unreadable:x",
	    "stranger greylist no-claim - settled" },
	{ "SPF trouble of a customer beside a vendor defers",
	    "G:client=203.0.113.7 sender=b@session.example spf=temperror author=a@b.example " FROM("session"),
	    "unsure defer dns-trouble session settled" },
	{ "not when one author is not covered",
	    "G:client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:aligned author=c@c.example",
	    "stranger greylist no-claim - settled" },
	{ "a gateway may yet cover before the end",
	    "G:stage=headers client=203.0.113.7 sender=a@b.example spf=pass author=a@b.example:dmarc=-",
	    "stranger greylist no-claim - open" },
	/* troubles */
	{ "a failure of ours defers", EVIL FROM("vendor") "dkim=vendor.example:pass failed",
	    "unsure defer own-failure - settled" },
	{ "a failure of ours passes in monitor mode", "M:" EVIL FROM("vendor") "failed",
	    "unsure pass own-failure - settled would=defer" },
	{ "a From that is too long", EVIL "too-long from=unreadable:x", "stranger reject from-too-long - settled" },
	{ "a From that is too long in monitor mode", "M:" EVIL "too-long from=unreadable:x",
	    "stranger pass from-too-long - settled would=reject" },
	/* our own names: what proves them */
	{ "our name from nowhere", "O:" EVIL OURS, "forged defer own-unproven own settled" },
	{ "our signature", "O:" EVIL OURS "dkim=rx.example:pass", "vouched pass proven-own own settled" },
	{ "our signature below the name", "O:" EVIL OURS "dkim=shop.rx.example:pass",
	    "vouched pass proven-own own settled" },
	{ "our signature above a name below", "O:" EVIL "author=a@shop.rx.example dkim=rx.example:pass",
	    "vouched pass proven-own own settled" },
	{ "the signature of another name of ours", "O:" EVIL OURS "dkim=brand.example:pass",
	    "forged defer own-unproven own settled" },
	{ "a name that is ours alone, and what lies below",
	    "O:" EVIL "author=a@brand.example dkim=x.brand.example:pass", "forged defer own-unproven own settled" },
	{ "what lies below a name that is ours alone", "O:" EVIL "author=a@x.brand.example",
	    "stranger greylist no-claim - settled" },
	{ "a signature of ours that fails", "O:" EVIL OURS "dkim=rx.example:fail",
	    "forged defer own-unproven own settled" },
	{ "a signature of ours whose key cannot be asked", "O:" EVIL OURS "dkim=rx.example:temperror",
	    "unsure defer dns-trouble own settled" },
	{ "a weak signature of ours", "O:" EVIL OURS "dkim=rx.example:policy:weak",
	    "unproven greylist weak-signature own settled" },
	{ "a foreign signature whose key cannot be asked", "O:" EVIL OURS "dkim=evil.example:temperror",
	    "forged defer own-unproven own settled" },
	{ "a foreign DMARC that passes for another author",
	    "O:" EVIL OURS "author=x@evil.example:dmarc=pass dkim=rx.example:pass",
	    "forged defer stranger-beside-vendor own settled" },
	{ "DMARC of ours alone proves nothing", "O:" EVIL "author=boss@rx.example:dmarc=pass",
	    "forged defer own-unproven own settled" },
	{ "our SPF from nobody's address", "O:client=203.0.113.7 sender=ann@rx.example spf=pass " OURS,
	    "vouched pass proven-own own settled" },
	{ "our SPF of one name for another", "O:client=203.0.113.7 sender=ann@brand.example spf=pass " OURS,
	    "vouched pass proven-own own settled" },
	{ "our SPF from a vendor's range", "O:" OUR_HOST "sender=boss@rx.example spf=pass " OURS,
	    "forged defer undelegated-vendor own settled" },
	{ "our SPF softfails", "O:client=203.0.113.7 sender=ann@rx.example spf=softfail " OURS,
	    "forged defer own-unproven own settled" },
	{ "our SPF cannot be asked", "O:client=203.0.113.7 sender=ann@rx.example spf=temperror " OURS,
	    "unsure defer dns-trouble own settled" },
	{ "our SPF cannot be asked, from a vendor's range", "O:" OUR_HOST "sender=boss@rx.example spf=temperror " OURS,
	    "forged defer undelegated-vendor own settled" },
	{ "our SPF while a vendor's range is unknown",
	    "U:client=203.0.113.7 sender=ann@rx.example spf=pass " OURS "must-ask=1 unfolded=1",
	    "unsure defer dns-trouble own settled" },
	{ "our SPF once it is known",
	    "U:client=203.0.113.7 sender=ann@rx.example spf=pass " OURS "must-ask=1 unfolded=1 asked=1:no",
	    "vouched pass proven-own own settled" },
	{ "our SPF from a range that was asked",
	    "U:client=203.0.113.7 sender=ann@rx.example spf=pass author=boss@rx.example:spf_from=fail must-ask=1 unfolded=1 asked=1:yes",
	    "forged reject own-spf-lacks-vendor own settled" },
	{ "the null sender by our HELO name", "O:client=203.0.113.7 helo=mx.rx.example sender=null spf=pass " OURS,
	    "vouched pass proven-own own settled" },
	{ "the null sender by our HELO name, without SPF",
	    "O:client=203.0.113.7 helo=mx.rx.example sender=null spf=fail " OURS,
	    "forged defer own-unproven own settled" },
	{ "the null sender claims nobody",
	    "O:client=203.0.113.7 helo=mx.rx.example sender=null spf=fail author=a@b.example",
	    "stranger greylist no-claim - settled" },
	{ "our name as the sender alone",
	    "O:client=203.0.113.7 sender=boss@rx.example spf=fail author=a@b.example:dmarc=fail",
	    "forged defer own-unproven own settled" },
	{ "our name as the sender of an author who stands on his own",
	    "O:client=203.0.113.7 sender=boss@rx.example spf=fail author=a@b.example:dmarc=pass",
	    "stranger greylist no-claim - settled" },
	{ "our name as the sender while that is not known",
	    "U:client=203.0.113.7 sender=boss@rx.example spf=fail author=a@b.example:dmarc=temperror",
	    "unsure defer dns-trouble own settled" },
	{ "an unreadable From of ours, whose address is not read, signed",
	    "O:" EVIL "from=unreadable:<boss@rx.example dkim=rx.example:pass",
	    "forged defer unreadable-from own settled" },
	{ "an unreadable From of ours, signed",
	    "O:" EVIL "author=boss@rx.example from=unreadable:<boss@rx.example dkim=rx.example:pass",
	    "unproven greylist unreadable-from own settled" },
	{ "an unreadable From of ours, not signed", "O:" EVIL "author=boss@rx.example from=unreadable:<boss@rx.example",
	    "forged defer unreadable-from own settled" },
	{ "an unreadable From of ours, by our SPF",
	    "O:client=198.51.100.26 sender=ann@rx.example spf=pass from=unreadable:<boss@rx.example",
	    "unproven greylist unreadable-from own settled" },
	{ "no From at all, our SPF", "O:client=203.0.113.7 sender=ann@rx.example spf=pass from=missing",
	    "unproven greylist partly-proven own settled" },
	{ "no From at all, our SPF fails", "O:client=203.0.113.7 sender=ann@rx.example spf=fail from=missing",
	    "forged defer own-unproven own settled" },
	{ "no From at all, our SPF is unknown", "O:client=203.0.113.7 sender=ann@rx.example spf=temperror from=missing",
	    "unsure defer dns-trouble own settled" },
	{ "an unreadable From of a stranger beside our sender, our SPF",
	    "O:client=203.0.113.7 sender=ann@rx.example spf=pass author=a@b.example from=unreadable:<a@b.example",
	    "unproven greylist partly-proven own settled" },
	{ "an unreadable From of a stranger beside our sender",
	    "O:client=203.0.113.7 sender=ann@rx.example spf=fail author=a@b.example from=unreadable:<a@b.example",
	    "forged defer own-unproven own settled" },
	{ "ours beside a vendor's, both proven",
	    "O:" EVIL OURS FROM("vendor") "dkim=rx.example:pass dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "ours unsure for too long", "O:" EVIL OURS "dkim=rx.example:temperror unsure-for=20000",
	    "unsure greylist dns-trouble-too-long own settled" },
	{ "ours before the signatures are read", "O:stage=headers " EVIL OURS, "unsure defer - own open" },
	{ "a failure of ours", "O:" EVIL OURS "dkim=rx.example:pass failed", "unsure defer own-failure - settled" },
	/* authorised addresses */
	{ "an authorised address", "O:client=198.51.100.25 sender=ann@rx.example spf=fail rcpt=y@other.example " OURS,
	    "vouched pass authorised-outbound own settled" },
	{ "its neighbour", "O:client=198.51.100.24 sender=ann@rx.example spf=fail rcpt=y@other.example " OURS,
	    "forged defer own-unproven own settled" },
	{ "relaying", "O:client=198.51.100.25 sender=x@evil.example spf=none rcpt=y@other.example " OURS,
	    "stranger reject relaying own settled" },
	{ "relaying for one of two",
	    "O:client=198.51.100.25 sender=x@evil.example spf=none rcpt=u@rx.example rcpt=y@other.example " OURS,
	    "stranger reject relaying own settled" },
	{ "a stranger to us alone is not greylisted",
	    "O:client=198.51.100.25 sender=x@evil.example spf=none rcpt=u@rx.example author=a@b.example",
	    "stranger pass no-claim - settled" },
	{ "the null sender is relayed",
	    "O:client=198.51.100.25 sender=null spf=none rcpt=y@other.example author=a@b.example",
	    "stranger pass no-claim - settled" },
	{ "a forwarding host relays",
	    "O:client=198.51.100.28 sender=x@evil.example spf=none rcpt=y@other.example author=a@b.example",
	    "stranger pass no-claim - settled" },
	{ "own.networks do not exempt relaying",
	    "O:client=10.0.0.25 sender=x@evil.example spf=none rcpt=y@other.example author=a@b.example",
	    "stranger reject relaying own settled" },
	{ "a login does not exempt relaying", "O:client=198.51.100.25 auth=ann sender=x@evil.example rcpt=y@other.example",
	    "stranger reject relaying own settled" },
	{ "own.networks exempt the rest", "O:client=10.0.0.25 sender=ann@rx.example rcpt=y@other.example",
	    "exempt pass own-network - settled" },
	{ "an authorised address with a vendor's name",
	    "O:client=198.51.100.25 sender=ann@rx.example spf=fail rcpt=u@rx.example " FROM("vendor"),
	    "forged reject nothing-proven vendor settled" },
	{ "an authorised address with a broken From",
	    "O:client=198.51.100.25 sender=ann@rx.example spf=fail rcpt=u@rx.example from=unreadable:<boss@rx.example",
	    "unproven pass authorised-outbound own settled" },
	/* delegations */
	{ "a delegated key", "O:" EVIL TICKETS "dkim=rx.example:pass:s=at1", "vouched pass proven-delegation own settled" },
	{ "a delegated key in other letters", "O:" EVIL OURS "dkim=rx.example:pass:s=AT1",
	    "forged defer own-unproven own settled" },
	{ "a delegated key for another mailbox", "O:" EVIL OURS "dkim=rx.example:pass:s=at1",
	    "forged defer own-unproven own settled" },
	{ "a delegated key of a name below for the name above", "O:" EVIL OURS "dkim=keys.rx.example:pass:s=k1",
	    "forged defer own-unproven own settled" },
	{ "a delegated key above the delegated name", "O:" EVIL OURS "dkim=rx.example:pass:s=k1",
	    "forged defer own-unproven own settled" },
	{ "a delegated selector below the delegated name", "O:" EVIL OURS "dkim=shop.rx.example:pass:s=at1",
	    "forged defer own-unproven own settled" },
	{ "a delegated key that is weak", "O:" EVIL TICKETS "dkim=rx.example:policy:s=at1:weak",
	    "unproven greylist weak-signature own settled" },
	{ "another key of ours for a delegated mailbox", "O:" EVIL TICKETS "dkim=rx.example:pass:s=s1",
	    "vouched pass proven-own own settled" },
	{ "a delegated range and our SPF",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=tickets@rx.example:spf_from=pass",
	    "vouched pass proven-delegation own settled" },
	{ "a delegated range without our SPF",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=tickets@rx.example:spf_from=fail",
	    "forged defer own-spf-lacks-vendor own settled" },
	{ "a delegated range while our SPF is unknown",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=tickets@rx.example:spf_from=temperror",
	    "unsure defer dns-trouble own settled" },
	{ "our SPF without the delegated range",
	    "O:client=203.0.113.7 sender=b@else.example spf=none author=tickets@rx.example:spf_from=pass",
	    "forged defer outside-sources own settled" },
	{ "a delegated range for another mailbox",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=boss@rx.example:spf_from=pass",
	    "forged defer undelegated-vendor own settled" },
	{ "a delegation by keys alone, from the range",
	    "O:client=192.0.2.200 sender=b@else.example spf=none author=a@keys.rx.example:spf_from=pass",
	    "forged defer own-unproven own settled" },
	{ "a delegation by keys alone, from elsewhere", "O:" EVIL "author=a@keys.rx.example",
	    "forged defer own-unproven own settled" },
	{ "a delegation by the range alone, by a key",
	    "O:" EVIL "author=a@desk.rx.example dkim=desk.rx.example:pass:s=z9", "vouched pass proven-own own settled" },
	{ "two authors, one delegated",
	    "O:" OUR_HOST
	    "sender=b@else.example spf=none author=tickets@rx.example:spf_from=pass author=boss@rx.example:spf_from=pass",
	    "forged defer undelegated-vendor own settled" },
	{ "two authors, both delegated",
	    "O:" OUR_HOST
	    "sender=b@else.example spf=none author=tickets@rx.example:spf_from=pass author=a@desk.rx.example:spf_from=pass",
	    "vouched pass proven-delegation own settled" },
	{ "a delegated sender", "O:" OUR_HOST "sender=tickets@rx.example spf=pass author=a@b.example",
	    "vouched pass proven-delegation own settled" },
	{ "an undelegated sender", "O:" OUR_HOST "sender=boss@rx.example spf=pass author=a@b.example",
	    "forged defer undelegated-vendor own settled" },
	/* partners */
	{ "a partner by range and SPF", "O:" OUR_HOST "sender=b@else.example spf=none author=d@msp.example:spf_from=pass",
	    "vouched pass proven-partner session settled" },
	{ "a partner by its key", "O:" EVIL "author=d@msp.example dkim=msp.example:pass:s=m1",
	    "vouched pass proven-partner session settled" },
	{ "a partner by another key", "O:" EVIL "author=d@msp.example dkim=msp.example:pass:s=m2",
	    "stranger greylist no-claim - settled" },
	{ "a partner from elsewhere", "O:" EVIL "author=d@msp.example:spf_from=pass",
	    "stranger greylist no-claim - settled" },
	{ "a partner while DNS fails",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=d@msp.example:spf_from=temperror",
	    "stranger greylist no-claim - settled" },
	{ "a partner beside somebody",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=d@msp.example:spf_from=pass author=a@b.example",
	    "stranger greylist no-claim - settled" },
	{ "a partner with an unreadable From",
	    "O:" OUR_HOST "sender=b@else.example spf=none author=d@msp.example:spf_from=pass from=unreadable:x",
	    "stranger greylist no-claim - settled" },
	/* relays */
	{ "a gateway's client", "O:via=gw client=203.0.113.66 sender=x@evil.example spf=none " FROM("vendor"),
	    "forged quarantine nothing-proven vendor settled" },
	{ "a gateway's stranger", "O:via=gw client=203.0.113.66 sender=x@evil.example spf=none author=a@b.example",
	    "stranger tag no-claim - settled" },
	{ "a gateway's client is proven", "O:via=gw client=192.0.2.10 sender=b@vendor.example spf=pass " FROM("vendor"),
	    "vouched pass proven vendor settled" },
	{ "a gateway's client is our own host", "O:via=gw client=10.1.2.3 sender=x@evil.example spf=none " OURS,
	    "vouched pass own-network own settled" },
	{ "but not for a vendor's name", "O:via=gw client=10.1.2.3 sender=x@evil.example spf=none " FROM("vendor"),
	    "forged quarantine nothing-proven vendor settled" },
	{ "a gateway hides its client", "O:via=gw sender=b@vendor.example " FROM("vendor"),
	    "unproven tag hidden-client vendor settled" },
	{ "a gateway hides its client, for our name", "O:via=gw sender=boss@rx.example " OURS,
	    "unproven tag hidden-client own settled" },
	{ "a gateway hides its client, our name in the From alone", "O:via=gw sender=x@evil.example " OURS,
	    "unproven tag hidden-client own settled" },
	{ "an authorised address behind a gateway",
	    "O:via=gw client=198.51.100.25 sender=x@evil.example spf=none rcpt=y@other.example author=a@b.example",
	    "stranger tag no-claim - settled" },
	/* a private address that is nobody's: the shell says so by "hidden" */
	{ "a hidden client", HIDDEN "sender=b@vendor.example " FROM("vendor"),
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, though a source lists that very address",
	    "client=192.0.2.10 hidden sender=b@alone.example " FROM("alone"),
	    "unproven greylist hidden-client alone settled" },
	{ "a hidden client, signed", HIDDEN "sender=b@vendor.example " FROM("vendor") "dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "a hidden client, signed, where the range is wanted too",
	    HIDDEN "sender=b@joined.example " FROM("joined") "dkim=joined.example:pass",
	    "unproven greylist partly-proven joined settled" },
	{ "a hidden client, a key that does not answer",
	    HIDDEN "sender=b@vendor.example " FROM("vendor") "dkim=vendor.example:temperror",
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, DMARC that hangs on its address",
	    HIDDEN "sender=b@vendor.example author=n@vendor.example:dmarc=temperror",
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, DMARC fails", HIDDEN "sender=x@evil.example author=n@vendor.example:dmarc=fail:p=reject",
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, on_unproven = reject", HIDDEN "sender=b@strict.example " FROM("strict"),
	    "unproven greylist hidden-client strict settled" },
	{ "a hidden client, a stranger beside the vendor",
	    HIDDEN "sender=b@vendor.example author=a@b.example " FROM("vendor"),
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, an unreadable From", HIDDEN "sender=b@vendor.example from=unreadable:<n@vendor.example",
	    "unproven greylist hidden-client vendor settled" },
	{ "a hidden client, our own name", HIDDEN "sender=boss@rx.example author=boss@rx.example",
	    "unproven greylist hidden-client own settled" },
	{ "a hidden client, a stranger", HIDDEN "sender=x@evil.example author=a@b.example",
	    "stranger greylist no-claim - settled" },
	{ "a hidden client, at RCPT a signature may come", "stage=rcpt " HIDDEN "sender=b@vendor.example",
	    "unsure defer - vendor open" },
	{ "a gateway's client, which its fields may yet tell", "O:stage=rcpt via=gw sender=b@vendor.example",
	    "unsure tag - vendor open" },
	{ "a delegation behind a hidden client",
	    "O:client=100.64.1.2 hidden sender=x@evil.example author=d@desk.rx.example",
	    "unproven greylist hidden-client own settled" },
	{ "a signature behind a hidden client", "O:via=gw sender=x@evil.example " FROM("vendor") "dkim=vendor.example:pass",
	    "vouched pass proven vendor settled" },
	{ "a hidden client is no authorised one",
	    "O:via=gw sender=x@evil.example rcpt=y@other.example author=a@b.example", "stranger tag no-claim - settled" },
	{ "a failure of ours behind a relay",
	    "O:via=gw client=203.0.113.66 sender=x@evil.example spf=none author=a@b.example failed",
	    "unsure quarantine own-failure - settled" },
	{ "a long From behind a relay",
	    "O:via=gw client=203.0.113.66 sender=x@evil.example spf=none too-long from=unreadable:x",
	    "stranger quarantine from-too-long - settled" },
	{ "a login at a relay", "O:via=gw auth=ann sender=x@evil.example", "exempt pass authenticated - settled" },
	{ "a forwarder, a vendor that signs nothing", "O:via=fw sender=b@silent.example spf=fail " FROM("silent"),
	    "unproven tag forwarded silent settled" },
	{ "a forwarder, a vendor that signs", "O:via=fw sender=b@vendor.example spf=fail " FROM("vendor"),
	    "forged quarantine nothing-proven vendor settled" },
	{ "a forwarder, our name", "O:via=fw sender=boss@rx.example spf=fail " OURS, "unproven tag forwarded own settled" },
	{ "a forwarder, our name with SPF", "O:via=fw sender=boss@rx.example spf=pass " OURS,
	    "unproven tag forwarded own settled" },
	{ "a forwarder, our name with a broken signature",
	    "O:via=fw sender=boss@rx.example spf=fail " OURS "dkim=rx.example:fail",
	    "forged tag own-unproven own settled" },
	{ "a forwarder, our signature survives", "O:via=fw sender=boss@rx.example spf=fail " OURS "dkim=rx.example:pass",
	    "vouched pass proven-own own settled" },
	{ "perhaps a relay", "O:" EVIL FROM("vendor") "perhaps-relayed", "forged defer nothing-proven vendor settled" },
	{ "perhaps a relay, and no relay at all", "O:" EVIL FROM("vendor"), "forged reject nothing-proven vendor settled" },
	/* exceptions and lists */
	{ "an excepted recipient", "O:" EVIL FROM("vendor") "rcpt=abuse@rx.example",
	    "forged greylist nothing-proven vendor settled would=reject" },
	{ "an excepted recipient and another", "O:" EVIL FROM("vendor") "rcpt=abuse@rx.example rcpt=u@rx.example",
	    "forged reject nothing-proven vendor settled" },
	{ "an excepted recipient of our own names", "O:" EVIL OURS "rcpt=abuse@rx.example",
	    "forged greylist own-unproven own settled would=defer" },
	{ "an exception of another vendor", "O:" EVIL FROM("session") "rcpt=abuse@rx.example",
	    "forged reject nothing-proven session settled" },
	{ "a list by SPF, our name", "O:client=203.0.113.7 sender=t@lists.example spf=pass " OURS,
	    "unproven greylist known-list own settled" },
	{ "a list by its signature, a vendor's name", "O:" EVIL FROM("vendor") "dkim=lists.example:pass",
	    "unproven greylist known-list vendor settled" },
	{ "a list without SPF", "O:client=203.0.113.7 sender=t@lists.example spf=fail " OURS,
	    "forged defer own-unproven own settled" },
	{ "a list that cannot be asked", "O:client=203.0.113.7 sender=t@lists.example spf=temperror " FROM("vendor"),
	    "unsure defer dns-trouble vendor settled" },
	{ "a list and our signature", "O:client=203.0.113.7 sender=t@lists.example spf=pass " OURS "dkim=rx.example:pass",
	    "vouched pass proven-own own settled" },
	{ "a look-alike of a list", "O:client=203.0.113.7 sender=t@evillists.example spf=pass " OURS,
	    "forged defer own-unproven own settled" },
	/* before the end */
	{ "nothing is settled at MAIL", "stage=mail client=203.0.113.66 sender=b@vendor.example spf=fail",
	    "unsure defer - vendor open" },
	{ "nor at RCPT", "stage=rcpt client=203.0.113.66 sender=x@evil.example spf=none",
	    "stranger greylist no-claim - open" },
	{ "a stranger is settled at the headers",
	    "stage=headers client=203.0.113.66 sender=x@evil.example spf=none author=a@b.example:dmarc=-",
	    "stranger greylist no-claim - settled" },
	{ "a claim is not while a signature may come",
	    "stage=headers client=203.0.113.66 sender=x@evil.example spf=none " FROM("vendor"),
	    "unsure defer - vendor open" },
	{ "a partner may yet cover before the end",
	    "O:stage=headers client=203.0.113.7 sender=a@b.example spf=none author=a@b.example:dmarc=-",
	    "stranger greylist no-claim - open" },
	{ "a list may yet show itself by its signature", "O:stage=headers " EVIL FROM("silent"),
	    "unsure defer - silent open" },
};

static void
write_verdict(const struct verdict *verdict, char *out, size_t size)
{
	const char *vendor = verdict_vendor(verdict);
	int length = snprintf(out, size, "%s %s %s %s %s", outcome_word(verdict->outcome), action_word(verdict->action),
	    reason_slug(verdict->reason), vendor[0] == '\0' ? "-" : vendor, verdict->settled ? "settled" : "open");

	if (verdict->would != verdict->action)
		length += snprintf(out + length, size - (size_t)length, " would=%s", action_word(verdict->would));
	if (verdict->learns)
		snprintf(out + length, size - (size_t)length, " learns");
}

static void
test_verdicts(void)
{
	char words[WORDS_MAX], got[256];
	struct verdict verdict, again;
	struct fixture fixture;

	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
		if (!fixture_read(&fixture, verdicts[i].facts, words)) {
			ok(false, "%s", verdicts[i].name);
			continue;
		}
		verdict_judge(&fixture.judge, &fixture.facts, &verdict);
		write_verdict(&verdict, got, sizeof got);
		is(got, verdicts[i].wanted, "%s", verdicts[i].name);
		verdict_judge(&fixture.judge, &fixture.facts, &again);
		if (again.outcome != verdict.outcome || again.action != verdict.action ||
		    again.reason != verdict.reason || again.claim_count != verdict.claim_count)
			ok(false, "%s: the same facts give the same verdict", verdicts[i].name);
		fixture_close(&fixture);
	}
}

/* ---- which names of the policy must have answered ---- */

static const struct {
	const char *name, *facts, *wanted;
} names[] = {
	{ "of a signer, the vendor's above it", EVIL FROM("vendor") "dkim=old.vendor.example:temperror",
	    " vendor.example" },
	{ "of the names that the claim uses",
	    "B:client=203.0.113.66 sender=b@m.bounces.example spf=temperror silent=x " FROM("bounced"),
	    " bounced.example bounces.example" },
	{ "of a host source, and of the author", HOST "spf=fail iprev=temperror:7.100.51.198.in-addr.arpa",
	    " hosts.example out.hosts.example" },
	{ "none where the client's name answered", HOST "spf=fail iprev=fail", "" },
	{ "none where the policy's own is silent",
	    "client=203.0.113.66 sender=b@vendor.example spf=temperror silent=vendor.example " FROM("vendor"), "" },
	{ "none where all answered", EVIL FROM("vendor"), "" },
	{ "not those of a vendor that is not unsure",
	    EVIL FROM("vendor") FROM("strict") "dkim=vendor.example:pass dkim=strict.example:temperror",
	    " strict.example" },
	{ "our own", "O:" EVIL OURS "dkim=x.rx.example:temperror", " rx.example" },
	{ "a list's too",
	    "O:client=203.0.113.7 sender=t@m.lists.example spf=temperror silent=m.lists.example " FROM("vendor"),
	    " vendor.example lists.example" },
	{ "a partner's too",
	    "O:" EVIL FROM("vendor") "author=d@msp.example dkim=vendor.example:pass dkim=msp.example:temperror:s=m1",
	    " vendor.example msp.example" },
};

static void
test_names(void)
{
	char words[WORDS_MAX], got[256];
	const char *list[NAME_FACTS_MAX];
	struct verdict verdict;
	struct fixture fixture;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t count, used = 0;

		if (!fixture_read(&fixture, names[i].facts, words)) {
			ok(false, "%s", names[i].name);
			continue;
		}
		verdict_judge(&fixture.judge, &fixture.facts, &verdict);
		count = patience_names(fixture.policy, &fixture.facts, &verdict, list);
		got[0] = '\0';
		for (size_t j = 0; j < count; j++)
			used += (size_t)snprintf(got + used, sizeof got - used, " %s", list[j]);
		is(got, names[i].wanted, "must have answered: %s", names[i].name);
		fixture_close(&fixture);
	}
}

/* ---- before the end ---- */

static const struct {
	const char *name, *facts;
	bool may_vouch, promises;
} early[] = {
	{ "with dkim alone every session may be vouched",
	    "stage=mail client=203.0.113.66 sender=x@evil.example spf=none", true, false },
	{ "without it a foreign host may not", "S:stage=mail client=203.0.113.66 sender=b@session.example spf=pass",
	    false, false },
	{ "nor a listed host with a foreign sender", "S:stage=mail client=192.0.2.10 sender=x@evil.example spf=pass",
	    false, false },
	{ "nor where SPF fails", "S:stage=mail client=192.0.2.10 sender=b@session.example spf=fail", false, false },
	{ "a listed host with SPF may, and is promised",
	    "S:stage=mail client=192.0.2.10 sender=b@session.example spf=pass", true, true },
	{ "a listed host with unknown SPF may, and is not",
	    "S:stage=mail client=192.0.2.10 sender=b@session.example spf=temperror", true, false },
	{ "before MAIL it may", "S:stage=connect client=192.0.2.10", true, false },
	{ "the null sender may by HELO, and is promised",
	    "S:stage=mail client=192.0.2.10 helo=m.session.example sender=null spf=pass", true, true },
	{ "a bounce name of the vendor's is promised",
	    "B:stage=mail client=192.0.2.10 sender=x@bounces.example spf=pass", true, true },
	{ "not from elsewhere", "B:stage=mail client=203.0.113.66 sender=x@bounces.example spf=pass", false, false },
	{ "a source not asked may yet list",
	    "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1", true, false },
	{ "a source that said no does not",
	    "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 asked=1:no", false,
	    false },
	{ "a source that said yes is promised",
	    "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 asked=1:yes", true,
	    true },
	{ "a vendor in monitor mode vouches for nobody",
	    "W:stage=mail client=192.0.2.10 sender=b@watched.example spf=pass", false, false },
	{ "a gateway may for its host", "G:stage=mail client=203.0.113.7 sender=a@b.example spf=pass", true, false },
	{ "but our own signature may come", "G:stage=mail client=203.0.113.7 sender=a@b.example spf=fail", true, false },
	{ "our SPF is promised", "O:stage=mail client=203.0.113.7 sender=ann@rx.example spf=pass", true, true },
	{ "not from a vendor's range", "O:stage=mail client=192.0.2.10 sender=boss@rx.example spf=pass", true, false },
	{ "unless that is delegated", "O:stage=mail client=192.0.2.10 sender=tickets@rx.example spf=pass", true, true },
	{ "an authorised address is promised", "O:stage=mail client=198.51.100.25 sender=ann@rx.example spf=fail", true,
	    true },
	{ "and not where SPF fails", "H:stage=mail client=203.0.113.7 sender=a@b.example spf=fail", false, false },
};

static void
test_early(void)
{
	char words[WORDS_MAX];
	struct fixture fixture;

	for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
		if (!fixture_read(&fixture, early[i].facts, words)) {
			ok(false, "%s", early[i].name);
			continue;
		}
		is_number(verdict_may_vouch(&fixture.judge, &fixture.facts), early[i].may_vouch, "may vouch: %s",
		    early[i].name);
		is_number(verdict_promises(&fixture.judge, &fixture.facts), early[i].promises, "promises: %s",
		    early[i].name);
		fixture_close(&fixture);
	}
}

/* ---- is it certain at the end of the headers that the greylist will be asked? ---- */

#define STRANGER "client=203.0.113.66 sender=x@evil.example spf=none author=x@evil.example:dmarc=-"

/* Each row that is not certain is so for one reason alone. */
static const struct {
	const char *name, *facts;
	bool wanted;
} certain[] = {
	{ "for a stranger", "W:stage=headers " STRANGER, true },
	{ "until the end", "W:" STRANGER, true },
	{ "with two authors", "W:stage=headers " STRANGER " author=y@b.example", true },
	{ "not where his DMARC may yet hold or refuse him", "C:stage=headers " STRANGER, false },
	{ "not where his network may have passed often enough", "D:stage=headers " STRANGER, false },
	{ "not where his SPF may let him pass", "F:stage=headers " STRANGER, false },
	{ "not where his name may let him pass", "J:stage=headers " STRANGER, false },
	{ "not where a whitelist may", "K:stage=headers " STRANGER, false },
	{ "not where a gateway may yet vouch for his authors", "H:stage=headers " STRANGER, false },
	{ "nor where a partner may", "L:stage=headers " STRANGER, false },
	{ "not while header fields may still come", "W:stage=rcpt " STRANGER, false },
	{ "not without a From", "W:stage=headers client=203.0.113.66 sender=x@evil.example spf=none from=missing", false },
	{ "nor with one that cannot be read",
	    "W:stage=headers client=203.0.113.66 sender=x@evil.example spf=none from=unreadable:x", false },
	{ "not of a claim, though it waits as a stranger's",
	    "W:stage=headers client=203.0.113.66 sender=b@watched.example spf=fail author=n@watched.example:dmarc=-",
	    false },
	{ "not without a greylist", "N:stage=headers " STRANGER, false },
	{ "not where monitor mode lets all pass", "M:stage=headers " STRANGER, false },
	{ "not of exempt mail", "W:stage=headers auth=ann " STRANGER, false },
	{ "not of a From that is too long", "W:stage=headers too-long " STRANGER, false },
	{ "not where greenlane itself failed", "W:stage=headers failed " STRANGER, false },
};

static void
test_certain(void)
{
	char words[WORDS_MAX];
	struct fixture fixture;

	for (size_t i = 0; i < sizeof certain / sizeof certain[0]; i++) {
		if (!fixture_read(&fixture, certain[i].facts, words)) {
			ok(false, "%s", certain[i].name);
			continue;
		}
		is_number(verdict_will_greylist(&fixture.judge, &fixture.facts), certain[i].wanted,
		    "certain to be asked: %s", certain[i].name);
		fixture_close(&fixture);
	}
}

/* ---- what is asked next ---- */

static const struct {
	const char *name, *facts, *wanted;
} wants[] = {
	{ "nothing before MAIL", "S:stage=helo client=192.0.2.10", "nothing" },
	{ "SPF first", "S:stage=mail client=192.0.2.10 sender=x@evil.example", "spf" },
	{ "nothing of exempt mail", "stage=mail client=127.0.0.1 sender=x@evil.example", "nothing" },
	{ "no stranger's SPF where strangers are not authenticated",
	    "Q:stage=mail client=192.0.2.10 sender=x@evil.example", "nothing" },
	{ "but a vendor's", "Q:stage=mail client=192.0.2.10 sender=b@session.example", "spf" },
	{ "an asked source once its vendor is claimed",
	    "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1", "source 1" },
	{ "a client's name once a vendor with hosts is claimed",
	    "I:stage=mail client=198.51.100.7 sender=b@hosts.example spf=pass", "iprev" },
	{ "not where the MTA confirmed it",
	    "I:stage=mail client=198.51.100.7 sender=b@hosts.example spf=pass by-mta=mx.out.hosts.example", "nothing" },
	{ "but where it confirmed another",
	    "I:stage=mail client=198.51.100.7 sender=b@hosts.example spf=pass by-mta=mx.hoster.example", "iprev" },
	{ "once", "I:stage=mail client=198.51.100.7 sender=b@hosts.example spf=pass iprev=fail", "nothing" },
	{ "not where the address is listed", "I:stage=mail client=192.0.2.10 sender=b@alone-by-hosts.example spf=pass",
	    "nothing" },
	{ "not for a stranger's name", "I:stage=mail client=198.51.100.7 sender=x@evil.example spf=pass", "nothing" },
	{ "for our own name by our own SPF: it may come from a vendor's host",
	    "I:stage=mail client=198.51.100.7 sender=x@rx.example spf=pass", "iprev" },
	{ "not for a stranger", "A:stage=mail client=192.0.2.10 sender=x@evil.example spf=pass must-ask=1 unfolded=1",
	    "nothing" },
	{ "not twice",
	    "A:stage=mail client=192.0.2.10 sender=b@asked.example spf=pass must-ask=1 unfolded=1 asked=1:unknown",
	    "nothing" },
	{ "not where another source lists already",
	    "A:stage=mail client=198.51.100.7 sender=b@asked.example spf=pass must-ask=1 unfolded=1", "nothing" },
	{ "SPF of the author where a vendor uses it",
	    "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example author=n@author.example",
	    "spf_from 1" },
	{ "not where none does",
	    "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=n@vendor.example", "nothing" },
	{ "but for the null sender",
	    "stage=headers client=192.0.2.10 helo=x.example sender=null spf=none author=n@vendor.example", "spf_from 0" },
	{ "DMARC only when DKIM is done",
	    "stage=headers client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "nothing" },
	{ "DMARC of each author",
	    "client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example author=c@d.example:dmarc=-", "dmarc 1" },
	{ "no stranger's DMARC where it is off",
	    "R:client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-", "nothing" },
	{ "but that of a mail that claims a vendor",
	    "R:client=192.0.2.10 sender=b@session.example spf=none author=a@b.example:dmarc=-", "dmarc 0" },
	{ "and for a gateway's sake", "G:client=192.0.2.10 sender=x@evil.example spf=none author=a@b.example:dmarc=-",
	    "dmarc 0" },
	{ "SPF of our name where strangers' is not asked", "V:stage=mail client=192.0.2.10 sender=ann@rx.example", "spf" },
	{ "and of a list", "V:stage=mail client=192.0.2.10 sender=t@lists.example", "spf" },
	{ "but no stranger's", "V:stage=mail client=192.0.2.10 sender=x@evil.example", "nothing" },
	{ "DMARC of our name there", "V:client=192.0.2.10 sender=x@evil.example author=boss@rx.example:dmarc=-",
	    "dmarc 0" },
	{ "a range where our SPF passes",
	    "V:stage=mail client=192.0.2.10 sender=ann@rx.example spf=pass must-ask=1 unfolded=1", "source 1" },
	{ "not where it fails", "V:stage=mail client=192.0.2.10 sender=ann@rx.example spf=fail must-ask=1 unfolded=1",
	    "nothing" },
	{ "but where a delegation lets the vendor send in the envelope's name",
	    "U:stage=mail client=192.0.2.10 sender=ann@rx.example spf=fail must-ask=1 unfolded=1", "source 1" },
	{ "or in an author's",
	    "U:stage=headers client=192.0.2.10 sender=b@else.example spf=fail author=boss@rx.example must-ask=1 unfolded=1",
	    "source 1" },
	{ "not for the null sender",
	    "U:stage=mail client=192.0.2.10 helo=x.example sender=null spf=fail must-ask=1 unfolded=1", "nothing" },
	{ "nor for another's name",
	    "U:stage=headers client=192.0.2.10 sender=b@else.example spf=fail author=a@b.example must-ask=1 unfolded=1",
	    "nothing" },
	{ "nothing of a hidden client", "O:stage=mail via=gw sender=boss@rx.example", "nothing" },
	{ "no range either", "U:stage=mail via=gw sender=b@asked.example must-ask=1 unfolded=1", "nothing" },
	{ "SPF of a delegated name from its range",
	    "O:stage=headers client=192.0.2.10 sender=b@else.example spf=none author=tickets@rx.example", "spf_from 0" },
	{ "not from elsewhere",
	    "O:stage=headers client=203.0.113.7 sender=b@else.example spf=none author=tickets@rx.example", "nothing" },
	{ "not of one that is not delegated",
	    "O:stage=headers client=192.0.2.10 sender=b@else.example spf=none author=boss@rx.example", "nothing" },
	{ "not where keys alone are delegated",
	    "O:stage=headers client=192.0.2.200 sender=b@else.example spf=none author=a@keys.rx.example", "nothing" },
	{ "SPF of a partner's name from its range",
	    "O:stage=headers client=192.0.2.10 sender=b@else.example spf=none author=d@msp.example", "spf_from 0" },
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
	case WANT_SOURCE:
		snprintf(out, size, "source %u", wanted.source->number);
		break;
	case WANT_IPREV:
		snprintf(out, size, "iprev");
		break;
	case WANT_SPF_FROM:
		snprintf(out, size, "spf_from %zu", wanted.author);
		break;
	case WANT_DNSWL:
		snprintf(out, size, "dnswl");
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
	struct fixture fixture;

	for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
		if (!fixture_read(&fixture, wants[i].facts, words)) {
			ok(false, "%s", wants[i].name);
			continue;
		}
		write_wanted(verdict_wants(&fixture.judge, &fixture.facts), got, sizeof got);
		is(got, wants[i].wanted, "asked next: %s", wants[i].name);
		fixture_close(&fixture);
	}
}

int
main(void)
{
	test_verdicts();
	test_names();
	test_early();
	test_certain();
	test_wants();
	return done();
}
