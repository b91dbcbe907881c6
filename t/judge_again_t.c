/*
 * judge_again_t.c - a stranger who waited, or whom a setting let pass, judged again under other settings of the greylist: what
 * would be done, or what the record does not say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

/* Up to what the rows differ in: the end of the message's own part, and of its facts. */
static const char head[] =
    "{\"v\":2,\"time\":\"2026-03-01T10:00:00.000Z\",\"id\":\"69a40e20.3a89.2b\",\"qid\":\"-\",\"outcome\":\"stranger\","
    "\"action\":\"greylist\",\"vendor\":\"-\",\"reason\":\"no-claim\",\"stage\":\"eom\",\"mode\":\"enforce\","
    "\"client\":\"203.0.113.66\",\"port\":4321,\"listed\":\"-\",\"via\":\"-\",\"helo\":\"s.example\",\"mail_from\":\"a@s.example\","
    "\"from\":\"a@s.example\",\"rcpts\":[\"user@rx.example\"],\"dkim\":[],\"dmarc\":\"none\",\"msgid\":\"-\",\"ms\":0,"
    "\"tries\":1,\"waited\":0";
static const char middle[] =
    ",\"facts\":{\"now\":1772359200,\"stage\":\"eom\",\"client_name\":\"\",\"peer\":\"203.0.113.66\",\"client_hidden\":false,"
    "\"perhaps_relayed\":false,\"auth\":\"\",\"daemon_name\":\"\",\"null_sender\":false,\"sender_local\":\"a\","
    "\"sender_domain\":\"s.example\",\"spf_by_helo\":false,\"spf_domain\":\"s.example\",\"from_state\":\"read\",\"from_raw\":\"\","
    "\"from_too_long\":false,\"from_fields\":1,\"from_stopped\":0,\"authors\":[{\"local\":\"a\",\"domain\":\"s.example\","
    "\"spf_from\":\"-\",\"dmarc\":\"none\",\"policy\":\"none\",\"testing\":false,\"record\":\"\",\"walk\":[],\"spf_aligned\":false,"
    "\"dkim_aligned\":false,\"by\":\"nothing\",\"signed_by\":\"nothing\",\"said\":\"none\"}],\"replies\":[],"
    "\"replies_unclear\":false,\"dkim_done\":true,\"live\":[],\"sources\":[],\"vendors\":{},\"unsure_since\":0,\"names\":[],"
    "\"answered_since\":0,\"failed\":false";

#define WAITED ",\"greylist\":\"new\""
#define PASSED_BY(WHAT) ",\"greylist\":\"off\",\"passed_by\":\"" WHAT "\""
#define PASSES ",\"spf\":\"pass\""
#define FAILS ",\"spf\":\"fail\""
#define NAMED ",\"iprev\":{\"result\":\"pass\",\"names\":[\"mail.s.example\"]}"
#define UNNAMED ",\"iprev\":{\"result\":\"permerror\",\"names\":[]}"

static const struct {
	const char *what, *conf, *message, *facts;
	const char *wanted; /* the action, or the slug of what is missing */
} rows[] = {
	{ "no setting", "", WAITED FAILS, "", "greylist" },
	/* spf_pass */
	{ "spf_pass: SPF fails", "spf_pass = true;", WAITED FAILS, "", "greylist" },
	{ "spf_pass: a narrow record", "spf_pass = true;", WAITED PASSES, ",\"spf_narrow\":true", "pass" },
	{ "spf_pass: a wide record", "spf_pass = true;", WAITED PASSES, ",\"spf_narrow\":false", "greylist" },
	{ "spf_pass: how wide was not noted", "spf_pass = true;", WAITED PASSES, "", "needs-spf-width" },
	/* dnswl */
	{ "dnswl: it lists the client", "dnswl = \"list.example.net\";", WAITED FAILS,
	    ",\"dnswl_zone\":\"list.example.net\",\"dnswl\":true", "pass" },
	{ "dnswl: it does not", "dnswl = \"list.example.net\";", WAITED FAILS,
	    ",\"dnswl_zone\":\"list.example.net\",\"dnswl\":false", "greylist" },
	{ "dnswl: another list was asked", "dnswl = \"list.example.net\";", WAITED FAILS,
	    ",\"dnswl_zone\":\"other.example.net\",\"dnswl\":true", "needs-dnswl" },
	{ "dnswl: none was asked", "dnswl = \"list.example.net\";", WAITED FAILS, "", "needs-dnswl" },
	{ "dnswl is not needed where SPF lets pass", "spf_pass = true; dnswl = \"list.example.net\";", WAITED PASSES,
	    ",\"spf_narrow\":true", "pass" },
	/* only */
	{ "only: no name", "only = [ \"no-name\" ];", WAITED FAILS, UNNAMED, "greylist" },
	{ "only: a name", "only = [ \"no-name\" ];", WAITED FAILS, NAMED, "pass" },
	{ "only: nobody looked for one", "only = [ \"no-name\" ];", WAITED FAILS, "", "needs-client-name" },
	{ "only: no SPF, and it fails", "only = [ \"no-spf\" ];", WAITED FAILS, "", "greylist" },
	{ "only: no SPF, and it passes", "only = [ \"no-spf\" ];", WAITED PASSES, "", "pass" },
	{ "only: no SPF decides before the name is needed", "only = [ \"no-spf\", \"no-name\" ];", WAITED FAILS, "",
	    "greylist" },
	/* who passed then */
	{ "passed by SPF, which lets pass no more", "", PASSED_BY("spf_pass") PASSES, ",\"spf_narrow\":true", "greylist" },
	{ "passed by SPF, which still does", "spf_pass = true;", PASSED_BY("spf_pass") PASSES, ",\"spf_narrow\":true",
	    "pass" },
	{ "passed by its network, which may still be known", "auto_pass_network = 3;",
	    PASSED_BY("auto_pass_network") FAILS, "", "pass" },
	{ "passed by its network, which nobody counts any more", "", PASSED_BY("auto_pass_network") FAILS, "", "greylist" },
};

static struct policy *
policy_with(const char *greylist)
{
	char conf[512];

	snprintf(conf, sizeof conf,
	    "greylist = { %s };\nvendors = ( { name = \"acme\"; inline = true; domains = [ \"acme.example\" ]; } );",
	    greylist);
	return conf_load(conf, &(struct policy_files){ .suffixes = NULL });
}

static const char *
judged(const struct policy *policy, const char *line, char out[128])
{
	const struct rules_again rules = { policy, NULL };
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct judged_again again;
	struct fault why = { .text = "?" };

	if (arena == NULL || policy == NULL || !record_read(arena, span_of(line), &recorded, &why) ||
	    !judge_again(&rules, arena, &recorded, &again, &why)) {
		snprintf(out, 128, "%.120s", why.text);
	} else {
		snprintf(out, 128, "%s", again.cannot == NULL ? action_word(again.would) : again.cannot);
		judged_again_free(&again);
	}
	arena_close(arena);
	return out;
}

int
main(void)
{
	char line[8192], out[128];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct policy *policy = policy_with(rows[i].conf);

		snprintf(line, sizeof line, "%s%s%s%s}}", head, rows[i].message, middle, rows[i].facts);
		is(judged(policy, line, out), rows[i].wanted, "%s", rows[i].what);
		policy_free(policy);
	}
	return done();
}
