/*
 * replay_random_t.c - random mail under random policies: written as a record, read, and judged again it comes out the same;
 * also when DNS has moved. Under a policy that drops one network it comes out as that policy judges it, and what does not
 * come from that network does not change.
 *
 *     replay_random_t [-n NUMBER] [-s SERIES]    3,000 messages in make check
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/judge_again.h"
#include "policy/review/verdict_record.h"
#include "policy/verdict/claims.h"
#include "policy/verdict/relay.h"
#include "policy/verdict/verdict.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

enum { NOW = 1772359200, VENDORS = 5, TEXT = 8192, SHOWN = 5, MAIL_A_POLICY = 20 };

static uint64_t state;

/* xorshift: the same series on every host */
static unsigned
below(unsigned count)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 20) % count);
}

#define ONE_OF(list) list[below(sizeof list / sizeof list[0])]

/* ---- policies ---- */

/* The first two networks are each one vendor's own, in part; the third is shared. */
static const char *const networks[] = { "192.0.2.0/26", "192.0.2.64/26", "198.51.100.0/24", "203.0.113.128/25",
	"2001:db8:7::/48" };

static char vendor_texts[VENDORS][TEXT];
static const char *dropped; /* a network that vendor 0 does not list any more */

static const char *
find_vendor(void *context, const struct strings *folders, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context, (void)folders, (void)why;
	*path = name;
	*length = strlen(vendor_texts[name[1] - '0']);
	return vendor_texts[name[1] - '0'];
}

/* Vendor 0 has only cidr sources of one network each, so that one can be dropped. */
static void
make_sources(int vendor, struct text *out)
{
	static const char *const tail[] = { "", " exclusive = true;" };
	unsigned first = below(5), count = 2 + below(2);

	for (unsigned i = 0; i < count; i++) {
		const char *network = networks[(first + i) % 5];

		if (vendor == 0 && i == 0)
			dropped = network;
		text_put(out, i > 0 ? ", " : "");
		if (vendor == 0 || below(3) == 0)
			text_format(out, "{ cidr = [ \"%s\" ];%s }", network, ONE_OF(tail));
		else if (below(4) == 0)
			text_format(out, "{ host = \".h.v%d.example\";%s }", vendor, ONE_OF(tail));
		else
			text_format(out, "{ %s = \"s%u.v%d.example\";%s }", below(2) ? "a" : "spf", i, vendor,
			    ONE_OF(tail));
	}
}

static void
make_vendor(int number)
{
	static const char *const vouch[] = { "\"listed+spf\", \"dkim\"", "\"dkim\"", "\"listed+spf\"", "\"spf+dmarc\"",
		"\"listed+spf_from\", \"dkim\"", "\"dmarc\"", "\"listed+spf+dkim\"" },
				 *const modes[] = { "enforce", "vouch", "monitor" },
				 *const actions[] = { "reject", "quarantine", "defer", "greylist", "tag", "pass" };
	struct text out;

	text_open(&out, TEXT - 1);
	text_format(&out, "vendor = { name = \"v%d\"; domains = [ \"v%d.example\" ]; vouch = [ %s ]; sources = ( ",
	    number, number, ONE_OF(vouch));
	make_sources(number, &out);
	text_format(&out, " ); mode = \"%s\"; on_forged = \"%s\"; on_unproven = \"%s\"; on_unsure = \"%s\"; %s};\n",
	    ONE_OF(modes), ONE_OF(actions), ONE_OF(actions), ONE_OF(actions),
	    below(6) == 0 ? "kind = \"gateway\"; " : "");
	snprintf(vendor_texts[number], TEXT, "%s", out.bytes);
	text_close(&out);
}

static void
make_config(char *out)
{
	static const char *const modes[] = { "enforce", "enforce", "monitor" },
				 *const dmarc[] = { "off", "report", "quarantine", "reject" };
	struct text text;

	text_open(&text, TEXT - 1);
	text_format(&text, "mode = \"%s\"; strangers = { dmarc = \"%s\"; };\n", ONE_OF(modes), ONE_OF(dmarc));
	text_put(&text, below(3) ? "" : "greylist = { store = \"none\"; };\n");
	text_put(&text,
	    below(2)
		? ""
		: "own = { domains = [ \"rx.example\" ]; outbound = [ \"203.0.113.25\" ]; networks = [ \"10.9.0.0/16\" ]; "
		  "lists = [ \"s.example\" ]; };\ndelegations = ( { vendor = \"v0\"; domains = [ \"rx.example\" ]; } );\n");
	text_put(&text,
	    below(2) ? ""
		     : "relays = ( { name = \"gw\"; kind = \"gateway\"; networks = [ \"203.0.113.5\" ]; }, "
		       "{ name = \"fw\"; kind = \"forwarder\"; networks = [ \"203.0.113.6\" ]; } );\n");
	text_put(&text, "vendors = ( { name = \"v0\"; }");
	for (int i = 0; i < VENDORS; i++) {
		make_vendor(i);
		if (i > 0 && below(3) > 0)
			text_format(&text, ", { name = \"v%d\"; }", i);
	}
	text_put(&text, " );\n");
	snprintf(out, TEXT, "%s", text.bytes);
	text_close(&text);
}

static struct policy *
load(const char *config)
{
	return conf_load(config, &(struct policy_files){ .vendor = find_vendor });
}

/* The same with one network less: a vendor's first source. */
static struct policy *
load_without(const char *config)
{
	char kept[TEXT], *at;
	struct policy *policy;

	snprintf(kept, sizeof kept, "%s", vendor_texts[0]);
	at = strstr(vendor_texts[0], "sources = ( {") + strlen("sources = ( ");
	memmove(at, strstr(at, "}, {") + 3, strlen(strstr(at, "}, {") + 3) + 1);
	policy = load(config);
	snprintf(vendor_texts[0], TEXT, "%s", kept);
	return policy;
}

/* ---- what DNS says ---- */

static bool
add(struct prefix_entry *entries, size_t *count, const struct prefix *prefix, size_t number)
{
	entries[(*count)++] = (struct prefix_entry){ *prefix, (uint32_t)number };
	return true;
}

/* Of each source in DNS something, anew with each call; networks of the policy as they are written there. */
static struct ranges *
ranges_of(const struct policy *policy)
{
	struct ranges *ranges = calloc(1, sizeof *ranges + policy->source_count * sizeof *ranges->states);
	struct prefix_entry entries[256];
	size_t count = 0;
	struct fault why;

	if (ranges == NULL)
		abort();
	ranges->count = policy->source_count;
	for (size_t i = 0; i < policy->source_count; i++) {
		const struct source *source = &policy->sources[i];
		struct source_state *said = &ranges->states[i];
		struct prefix prefix;

		said->known = !source_asks_dns(source) || below(5) > 0;
		for (size_t j = 0; j < source->prefix_count; j++)
			add(entries, &count, &source->prefixes[j], i);
		if (!source_asks_dns(source))
			continue;
		said->wrong = !said->known && below(2);
		said->empty = said->known && below(6) == 0;
		said->asked = source->kind == SOURCE_SPF && !said->empty && below(4) == 0;
		if (said->known && !said->empty && prefix_read(ONE_OF(networks), &prefix, &why))
			add(entries, &count, &prefix, i);
	}
	ranges->table = prefix_table_build(entries, count, &why);
	if (ranges->table == NULL)
		abort();
	return ranges;
}

/* ---- mail ---- */

static const char *const names[] = { "v0.example", "v1.example", "v2.example", "v3.example", "v4.example",
	"b.v0.example", "rx.example", "s.example", "t.example" };
static const char *const clients[] = { "192.0.2.7", "192.0.2.77", "192.0.2.200", "198.51.100.9", "203.0.113.200",
	"203.0.113.5", "203.0.113.6", "203.0.113.25", "10.1.2.3", "10.9.1.1", "2001:db8:7::9", "2001:db8:8::9" };
static const char *const odd[] = { "", "plain", "\xff", "\xef\x9e\x80", "a \"b\" \\", "\t", "m\xc3\xbcnch" };

struct mail {
	struct arena *arena;
	struct facts facts;
	struct author authors[3];
	struct dkim_fact dkim[3];
	struct mailbox rcpt_mailboxes[2];
	const char *rcpts[2];
	struct verdict verdict;
	struct verdict_record record;
};

static enum auth_result
any_result(void)
{
	static const enum auth_result list[] = { AUTH_NONE, AUTH_PASS, AUTH_PASS, AUTH_FAIL, AUTH_SOFTFAIL,
		AUTH_TEMPERROR, AUTH_PERMERROR };

	return ONE_OF(list);
}

static struct silence
silence_of(enum auth_result result)
{
	return (struct silence){ result == AUTH_TEMPERROR ? ONE_OF(names) : NULL, result == AUTH_TEMPERROR && below(2) };
}

static struct mailbox
mailbox_of(struct mail *mail, const char *local, const char *domain)
{
	return (struct mailbox){ local, domain, arena_format(mail->arena, "%s@%s", local, domain) };
}

static void
make_envelope(struct mail *mail)
{
	struct facts *facts = &mail->facts;

	if (!address_read(ONE_OF(clients), &facts->client))
		abort();
	facts->peer = facts->client;
	facts->helo = ONE_OF(names);
	facts->message_id = ONE_OF(odd);
	facts->null_sender = below(5) == 0;
	facts->sender = facts->null_sender ? (struct mailbox){ "", "", "" } : mailbox_of(mail, "joe", ONE_OF(names));
	facts->mail_from = facts->sender.text;
	facts->spf = (struct spf_fact){ AUTH_NOT_ASKED, facts->null_sender,
		facts->null_sender ? facts->helo : facts->sender.domain };
	facts->rcpts = mail->rcpts;
	facts->rcpt_mailboxes = mail->rcpt_mailboxes;
	facts->rcpt_count = 1 + below(2);
	for (size_t i = 0; i < facts->rcpt_count; i++) {
		mail->rcpt_mailboxes[i] = mailbox_of(mail, "anna", "rx.example");
		mail->rcpts[i] = mail->rcpt_mailboxes[i].text;
	}
}

/* As the shell does, by the relays and networks of the policy: a gateway tells whose mail it is, or does not. */
static void
find_client(struct mail *mail, const struct judge *judge)
{
	struct facts *facts = &mail->facts;
	const struct relay *relay;
	enum tri relayed = relay_find(judge, &facts->peer, &relay);

	facts->perhaps_relayed = relayed == UNKNOWN;
	if (relayed == YES) {
		facts->via = relay->name;
		facts->client_hidden = relay->kind == RELAY_GATEWAY && below(3) == 0;
		if (facts->client_hidden)
			facts->client = (struct address){ .family = ADDRESS_NONE };
		else if (relay->kind == RELAY_GATEWAY && !address_read(ONE_OF(clients), &facts->client))
			abort();
	} else if (verdict_exempts(judge->policy, facts) == REASON_NONE) {
		facts->client_hidden = relay_hides_client(judge->policy, &facts->peer);
	}
}

static void
make_message(struct mail *mail)
{
	struct facts *facts = &mail->facts;

	facts->from_state = FROM_READ;
	facts->from_fields = 1;
	facts->authors = mail->authors;
	facts->author_count = 1 + (below(4) == 0);
	for (size_t i = 0; i < facts->author_count; i++)
		mail->authors[i] = (struct author){ .mailbox = mailbox_of(mail, below(6) ? "mary" : "o", ONE_OF(names)),
			.dmarc = { .domain = "" } };
	facts->dkim_done = true;
	facts->dkim = mail->dkim;
	facts->dkim_count = below(3);
	for (size_t i = 0; i < facts->dkim_count; i++) {
		enum auth_result result = any_result();
		bool weak = result == AUTH_PASS && below(4) == 0;

		mail->dkim[i] = (struct dkim_fact){ .d = ONE_OF(names),
			.s = "s1",
			.a = "rsa-sha256",
			.b = "",
			.result = result,
			.counts = result == AUTH_PASS && !weak,
			.weak = weak,
			.passes = result == AUTH_PASS,
			.signed_at = below(2) ? NOW : 0,
			.why = weak               ? "subject-not-signed"
			    : result == AUTH_PASS ? ""
						  : "bad" };
	}
	if (below(4) == 0)
		facts->unsure_since = NOW - (int64_t)below(2) * 24 * 3600;
	if (facts->unsure_since > 0 && below(2)) { /* every name of the policy has answered since */
		facts->answered_since = facts->unsure_since;
		facts->names[facts->name_count++] = (struct name_fact){ "v0.example", true };
	}
	facts->failed = below(40) == 0;
}

static void
answer_dmarc(struct mail *mail, size_t number)
{
	static const enum auth_result results[] = { AUTH_NONE, AUTH_PASS, AUTH_FAIL, AUTH_FAIL, AUTH_TEMPERROR };
	struct author *author = &mail->authors[number];
	enum auth_result result = ONE_OF(results);

	author->dmarc = (struct dmarc_fact){ .result = result,
		.said = result,
		.domain = result == AUTH_NONE ? "" : author->mailbox.domain,
		.policy = result == AUTH_NONE ? DMARC_NONE : (enum dmarc_policy)below(3),
		.testing = below(6) == 0,
		.by = result == AUTH_PASS ? (enum dmarc_by)(1 + below(3)) : DMARC_BY_NOTHING,
		.tag = result == AUTH_NONE ? NULL : "p",
		.organisation = author->mailbox.domain,
		.silent = result == AUTH_TEMPERROR ? author->mailbox.domain : NULL,
		.silent_of = result == AUTH_TEMPERROR ? author->mailbox.domain : NULL };
	author->dmarc.signed_by = author->dmarc.by;
}

static void
answer_iprev(struct iprev_fact *fact)
{
	static const enum auth_result results[] = { AUTH_PASS, AUTH_PASS, AUTH_FAIL, AUTH_PERMERROR, AUTH_TEMPERROR };
	static const char *const hosts[] = { "mx.h.v1.example", "mx.h.v2.example", "mx.h.s.example" };

	fact->result = ONE_OF(results);
	fact->silence = silence_of(fact->result);
	if (fact->result == AUTH_PASS)
		fact->names[fact->count++] = ONE_OF(hosts);
}

/* As the shell does: one question after the other, until nothing more is wanted. */
static void
gather(struct mail *mail, const struct judge *judge)
{
	struct facts *facts = &mail->facts;
	enum auth_result result;

	for (;;) {
		struct wanted wanted = wants_next(judge, facts);

		switch (wanted.want) {
		case WANT_NOTHING:
		case WANT_DNSWL: /* wanted by the greylist alone */
			return;
		case WANT_SPF:
			facts->spf.result = any_result();
			facts->spf_silence = silence_of(facts->spf.result);
			break;
		case WANT_SOURCE:
			result = any_result();
			facts->asked[facts->asked_count++] = (struct asked_fact){ wanted.source->number,
				result == AUTH_PASS            ? YES
				    : result == AUTH_TEMPERROR ? UNKNOWN
							       : NO,
				silence_of(result) };
			break;
		case WANT_IPREV:
			answer_iprev(&facts->iprev);
			break;
		case WANT_SPF_FROM:
			mail->authors[wanted.author].spf_from = any_result();
			mail->authors[wanted.author].spf_from_silence = silence_of(mail->authors[wanted.author].spf_from);
			break;
		case WANT_DMARC:
			answer_dmarc(mail, wanted.author);
		}
	}
}

static enum action
past(enum action action, enum greylist_state grey, const struct verdict *verdict)
{
	if (action != ACTION_GREYLIST || grey == GREYLIST_OFF)
		return action;
	return greylist_state_waits(grey) ? ACTION_GREYLIST : verdict->past_greylist;
}

static void
make_mail(struct mail *mail, const struct judge *judge)
{
	static const enum greylist_state states[] = { GREYLIST_OFF, GREYLIST_NEW, GREYLIST_DUE, GREYLIST_FREE };
	struct facts *facts = &mail->facts;

	*mail = (struct mail){ .arena = arena_open(RECORD_ARENA) };
	*facts = (struct facts){ .stage = STAGE_EOM,
		.now = NOW,
		.via = "",
		.client_name = "",
		.auth = below(20) ? "" : "alice",
		.daemon_name = "",
		.from_raw = "",
		.port = 25 };
	make_envelope(mail);
	find_client(mail, judge);
	make_message(mail);
	if (!claims_settle(judge->policy, mail->arena, facts))
		abort();
	if (verdict_exempts(judge->policy, facts) == REASON_NONE && !facts->failed)
		gather(mail, judge);
	verdict_judge(judge, facts, &mail->verdict);
	if (mail->verdict.asks_tuple) {
		facts->tuple_asked = true;
		facts->tuple_new = (enum tri)below(3);
		verdict_judge(judge, facts, &mail->verdict);
	}
	mail->record = (struct verdict_record){ .id = "69a40e20.1.1",
		.qid = "4bX1",
		.when = NOW * INT64_C(1000),
		.judge = judge,
		.facts = facts,
		.verdict = &mail->verdict,
		.stage = STAGE_EOM,
		.rcpts = facts->rcpts,
		.rcpt_count = facts->rcpt_count,
		.greylist = ONE_OF(states) };
	mail->record.action = past(mail->verdict.action, mail->record.greylist, &mail->verdict);
	mail->record.would = past(mail->verdict.would, mail->record.greylist, &mail->verdict);
}

/* ---- before the end ---- */

/* Was it certain at the end of the headers that the greylist is asked, and was it none the less not asked? */
static bool
is_certain(const struct judge *judge, const struct mail *mail, bool *wrong)
{
	struct facts facts = mail->facts;
	struct author authors[3];

	facts.stage = STAGE_HEADERS;
	facts.dkim_done = facts.tuple_asked = facts.failed = false;
	facts.dkim_count = facts.name_count = 0;
	facts.unsure_since = facts.answered_since = 0;
	facts.authors = authors;
	for (size_t i = 0; i < facts.author_count; i++) {
		authors[i] = mail->authors[i];
		authors[i].dmarc = (struct dmarc_fact){ .domain = "" };
	}
	*wrong = (mail->verdict.action != ACTION_GREYLIST || mail->facts.tuple_asked) && !mail->facts.failed;
	return verdict_will_greylist(judge, &facts);
}

/* ---- judged again ---- */

struct counts {
	unsigned mail, cannot, dropped_changed, outcomes[OUTCOME_FORGED + 1];
	unsigned certain, uncertain, wrongly;
	unsigned unread, otherwise, moved, beyond, not_as_direct;
};

static void
show(unsigned *count, const char *what, const char *json)
{
	if ((*count)++ < SHOWN)
		note("%s: %s", what, json);
}

static void
count_certain(const struct judge *judge, const struct mail *mail, const char *json, struct counts *counts)
{
	bool wrong, certain = is_certain(judge, mail, &wrong);

	counts->certain += certain;
	counts->uncertain += !certain && !wrong;
	if (certain && wrong)
		show(&counts->wrongly, "it was certain that the greylist is asked", json);
}

static bool
again(const struct rules_again *rules, const char *json, struct recorded *recorded, struct arena *arena,
    struct judged_again *out)
{
	struct fault why = { .text = "" };

	*out = (struct judged_again){ .cannot = NULL };
	if (record_read(arena, span_of(json), recorded, &why) && judge_again(rules, arena, recorded, out, &why))
		return true;
	note("%s", why.text);
	return false;
}

static void
judge_same(const struct rules_again *rules, const char *json, unsigned *count, const char *what)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct judged_again judged;
	struct recorded recorded;

	if (!again(rules, json, &recorded, arena, &judged) || judged.cannot != NULL || judged.differs)
		show(count, judged.cannot != NULL ? judged.cannot : what, json);
	judged_again_free(&judged);
	arena_close(arena);
}

/* Does the message come from the network that was dropped? */
static bool
from_dropped(const struct facts *facts)
{
	struct prefix prefix;
	struct fault why;

	if (!prefix_read(dropped, &prefix, &why))
		abort();
	return prefix_holds(&prefix, &facts->client) || prefix_holds(&prefix, &facts->peer);
}

/* The draft judges the record as it judges the facts themselves, with what DNS said then. */
static void
judge_draft(const struct policy *draft, const struct ranges *as_then, const struct mail *mail, const char *json,
    struct counts *counts)
{
	const struct rules_again rules = { draft, NULL };
	struct judge judge = { draft, as_then };
	struct arena *arena = arena_open(RECORD_ARENA);
	struct judged_again judged;
	struct recorded recorded;
	struct verdict direct;

	if (!again(&rules, json, &recorded, arena, &judged)) {
		counts->unread++;
	} else if (judged.cannot != NULL) {
		counts->cannot++;
		if (!from_dropped(&mail->facts))
			show(&counts->beyond, judged.cannot, json);
	} else {
		verdict_judge(&judge, &recorded.facts, &direct);
		if (direct.outcome != judged.verdict.outcome || direct.reason != judged.verdict.reason ||
		    direct.would != judged.verdict.would)
			show(&counts->not_as_direct, "the draft judges otherwise than its record says", json);
		counts->dropped_changed += judged.differs;
		if (judged.differs && !from_dropped(&mail->facts))
			show(&counts->beyond, "it changes, but is from elsewhere", json);
	}
	judged_again_free(&judged);
	arena_close(arena);
}

/* What DNS said of the policy's sources, by those of the draft: it has the first one less. */
static struct ranges *
ranges_without_first(const struct policy *draft, const struct ranges *ranges, const struct policy *policy)
{
	struct ranges *out = calloc(1, sizeof *out + draft->source_count * sizeof *out->states);
	struct prefix_entry entries[512];
	size_t count = 0;
	struct fault why;

	if (out == NULL || policy->source_count != draft->source_count + 1)
		abort();
	out->count = draft->source_count;
	for (size_t i = 0; i < draft->source_count; i++) {
		struct prefix prefix;

		out->states[i] = ranges->states[i + 1];
		/* each client's address alone: no more is ever looked up */
		for (size_t j = 0; j < sizeof clients / sizeof clients[0]; j++) {
			struct prefix_hits hits;

			if (!address_read(clients[j], &prefix.base))
				abort();
			prefix.bits = (uint8_t)address_width(&prefix.base);
			hits = prefix_table_find(ranges->table, &prefix.base);
			for (size_t k = 0; k < hits.count; k++)
				if (hits.numbers[k] == i + 1)
					add(entries, &count, &prefix, i);
		}
	}
	out->table = prefix_table_build(entries, count, &why);
	if (out->table == NULL)
		abort();
	return out;
}

static void
try_policy(struct counts *counts)
{
	char config[TEXT];
	struct policy *policy, *draft;
	struct ranges *ranges, *moved, *as_then;
	bool *is_new;

	make_config(config);
	policy = load(config);
	draft = load_without(config);
	if (policy == NULL || draft == NULL)
		abort();
	ranges = ranges_of(policy);
	moved = ranges_of(policy);
	as_then = ranges_without_first(draft, ranges, policy);
	is_new = calloc(policy->source_count, sizeof *is_new);
	for (int i = 0; i < MAIL_A_POLICY; i++) {
		const struct judge judge = { policy, ranges };
		const struct sources_today today = { moved, is_new };
		const struct rules_again same = { policy, NULL }, later = { policy, &today };
		struct mail mail;
		struct text json;

		make_mail(&mail, &judge);
		text_open(&json, VERDICT_JSON_MAX);
		verdict_record_write_json(&mail.record, &json);
		counts->mail++;
		count_certain(&judge, &mail, json.bytes, counts);
		counts->outcomes[mail.verdict.outcome]++;
		judge_same(&same, json.bytes, &counts->otherwise, "it comes out otherwise");
		judge_same(&later, json.bytes, &counts->moved, "it comes out otherwise when DNS has moved");
		judge_draft(draft, as_then, &mail, json.bytes, counts);
		text_close(&json);
		arena_close(mail.arena);
	}
	free(is_new);
	ranges_free(as_then);
	ranges_free(moved);
	ranges_free(ranges);
	policy_free(draft);
	policy_free(policy);
}

int
main(int argc, char **argv)
{
	struct counts counts = { .mail = 0 };
	unsigned number = 3000;
	int option;

	state = 20261129;
	while ((option = getopt(argc, argv, "n:s:")) != -1) {
		if (option == 'n')
			number = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			state = strtoull(optarg, NULL, 10) * 2654435761u + 1;
		else
			return 1;
	}
	while (counts.mail < number)
		try_policy(&counts);
	for (int i = 0; i <= OUTCOME_FORGED; i++)
		ok(counts.outcomes[i] > 0, "some are %s (%u)", outcome_word((enum outcome)i), counts.outcomes[i]);
	ok(counts.dropped_changed > 0, "some change with the network (%u)", counts.dropped_changed);
	ok(counts.certain > 0, "of some the headers tell that the greylist is asked (%u; of %u others it is)",
	    counts.certain, counts.uncertain);
	is_number(counts.wrongly, 0, "and it is");
	is_number(counts.unread, 0, "every record is read");
	is_number(counts.otherwise, 0, "judged again, none of %u comes out otherwise", counts.mail);
	is_number(counts.moved, 0, "nor when DNS has moved");
	is_number(counts.not_as_direct, 0, "a draft judges a record as it judges the facts");
	is_number(counts.beyond, 0, "a network that is dropped changes what comes from it alone");
	note("%u could not be judged under the draft", counts.cannot);
	return done();
}
