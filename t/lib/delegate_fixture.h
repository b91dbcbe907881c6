/*
 * delegate_fixture.h - vendors, their ranges and one session, for the tests of policy delegation.
 *
 * For delegate_reply_t and the fuzz target: both have the same vendors, but their own settings.
 */
#ifndef DELEGATE_FIXTURE_H
#define DELEGATE_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "policy/config/policy_text.h"
#include "policy/verdict/delegate_reply.h"

enum { FIXTURE_NOW = 1772359200 };

#define RANGE(network, rest) "sources = ( { cidr = [ \"" network "\" ]; " rest " } );"

/* Each has its own range, and one special property. */
static const struct {
	const char *name, *text;
} fixture_vendors[] = {
	{ "plain",
	    "domains = [ \"plain.example\" ]; envelope = [ \"bounces.plain.example.net\" ];" RANGE("192.0.2.0/25", "") },
	{ "single", "domains = [ \"single.example\" ];" RANGE("198.51.100.0/25", "exclusive = true;") },
	{ "mute", "domains = [ \"mute.example\" ]; dkim = [ ]; vouch = [ \"listed+spf\" ];" RANGE("203.0.113.0/28", "") },
	{ "soft",
	    "domains = [ \"soft.example\" ]; dkim = [ ]; on_forged = \"tag\"; vouch = [ \"listed+spf\" ];" RANGE(
		"203.0.113.16/28", "") },
	{ "watched",
	    "domains = [ \"watched.example\" ]; dkim = [ ]; mode = \"monitor\"; vouch = [ \"listed+spf\" ];" RANGE(
		"203.0.113.32/28", "exclusive = true;") },
	{ "lenient",
	    "domains = [ \"lenient.example\" ]; dkim = [ ]; mode = \"vouch\"; vouch = [ \"listed+spf\" ];" RANGE(
		"203.0.113.48/28", "") },
	{ "alone",
	    "domains = [ \"alone.example\" ]; vouch = [ \"listed\" ];" RANGE("203.0.113.64/28", "exclusive = true;") },
	{ "author",
	    "domains = [ \"author.example\" ]; dkim = [ ]; vouch = [ \"listed+spf_from\" ];" RANGE("203.0.113.80/28",
		"exclusive = true;") },
	{ "signs", "domains = [ \"signs.example\" ]; vouch = [ \"dkim\" ];" },
	{ "stale",
	    "domains = [ \"stale.example\" ];" RANGE("203.0.113.96/28",
		"exclusive = true; as_of = \"2024-01-01\"; review_by = \"2024-06-01\";") },
	{ "gate",
	    "domains = [ \"gate.example\" ]; kind = \"gateway\"; vouch = [ \"listed+spf\" ];" RANGE("203.0.113.112/28",
		"exclusive = true;") },
	{ "dmarc", "domains = [ \"dmarc.example\" ]; dkim = [ ]; vouch = [ \"dmarc\" ];" },
	{ "asked",
	    "domains = [ \"asked.example\" ]; dkim = [ ]; vouch = [ \"listed+spf\" ];"
	    "sources = ( { spf = \"list.asked.example\"; } );" },
	{ "rival", "domains = [ \"mute.example\" ]; vouch = [ \"listed+spf\", \"dkim\" ];" },
};

struct fixture {
	struct policy *policy;
	struct ranges *ranges;
	struct judge judge;
};

static const char *
fixture_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	static char text[1024];

	(void)context;
	(void)folders;
	for (size_t i = 0; i < sizeof fixture_vendors / sizeof fixture_vendors[0]; i++)
		if (strcmp(fixture_vendors[i].name, name) == 0) {
			*path = name;
			*length = (size_t)snprintf(text, sizeof text, "vendor = { name = \"%s\"; %s };", name,
			    fixture_vendors[i].text);
			return text;
		}
	fault_set(why, "no vendor %s", name);
	return NULL;
}

/* settings are lines of greenlane.conf; every vendor is enabled except those named in `without`. */
static bool
fixture_open(struct fixture *fixture, const char *settings, const char *without)
{
	struct policy_files files = { .vendor = fixture_vendor };
	struct faults *faults = faults_open();
	struct text text;

	*fixture = (struct fixture){ .policy = NULL };
	text_open(&text, 8192);
	text_put(&text, "vendors = (");
	for (size_t i = 0; i < sizeof fixture_vendors / sizeof fixture_vendors[0]; i++)
		if (strstr(without, fixture_vendors[i].name) == NULL)
			text_format(&text, "%s { name = \"%s\"; }", text.bytes[text.length - 1] == '(' ? "" : ",",
			    fixture_vendors[i].name);
	text_format(&text,
	    " ); own = { networks = [ \"10.0.0.0/8\" ]; domains = [ \"rx.example\" ];"
	    " outbound = [ \"198.18.0.25\" ]; };"
	    "relays = ( { name = \"filter\"; kind = \"gateway\"; networks = [ \"198.18.0.5\" ]; } ); %s",
	    settings);
	if (faults != NULL)
		fixture->policy = policy_text_load("fixture", text.bytes, text.length, &files, faults);
	for (size_t i = 0; fixture->policy == NULL && faults != NULL && i < faults->kept; i++)
		printf("# %s\n", faults->list[i].fault.text);
	faults_close(faults);
	text_close(&text);
	if (fixture->policy == NULL)
		return false;
	fixture->ranges = ranges_build(fixture->policy->sources, fixture->policy->source_count, NULL, NULL);
	fixture->judge = (struct judge){ fixture->policy, fixture->ranges };
	return fixture->ranges != NULL;
}

static __attribute__((unused)) void
fixture_close(struct fixture *fixture)
{
	ranges_free(fixture->ranges);
	policy_free(fixture->policy);
}

/* A session at RCPT; sender NULL is the null sender. */
static __attribute__((unused)) void
fixture_session(struct arena *arena, const char *client, const char *sender, enum auth_result spf, struct facts *facts)
{
	*facts = (struct facts){ .stage = STAGE_MAIL,
		.now = FIXTURE_NOW,
		.client_name = "",
		.helo = "mail.single.example",
		.auth = "",
		.daemon_name = "",
		.via = "",
		.mail_from = sender == NULL ? "" : sender,
		.sender = { "", "", "" },
		.null_sender = sender == NULL,
		.from_raw = "",
		.message_id = "" };
	if (!address_read(client, &facts->client))
		facts->client = (struct address){ .family = ADDRESS_NONE };
	facts->peer = facts->client;
	if (sender != NULL && !mailbox_read_path(arena, sender, &facts->sender))
		facts->sender = (struct mailbox){ "", "", "" };
	facts->spf = (struct spf_fact){ spf, sender == NULL, sender == NULL ? facts->helo : facts->sender.domain };
}

#endif
