/*
 * starve_review_t.c - records, logs, reports and advice while memory runs out: each allocation fails once.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/dns_audit.h"
#include "policy/advise/draft.h"
#include "policy/advise/export.h"
#include "policy/advise/postfix_setup.h"
#include "policy/review/replay.h"
#include "policy/review/report_json.h"
#include "policy/review/report_mail.h"
#include "policy/review/report_page.h"
#include "policy/review/report_save.h"
#include "policy/review/report_text.h"
#include "policy/review/suggest_write.h"
#include "policy/review/tries_write.h"
#include "policy/verdict/explain.h"
#include "t/draft/keys.h"
#include "t/lib/canned_zone.h"
#include "t/lib/conf_files.h"
#include "t/lib/starve.h"
#include "t/lib/tap.h"

enum { NOW = 1795290000 /* 2026-11-21 */, TEXT_MAX = 1024 * 1024 };

static const struct suffix_list suffixes;
static struct policy *policy;

/* ---- what all use ---- */

static const char conf[] =
    "own = { domains = [ \"rx.example\" ]; networks = [ \"10.0.0.0/8\" ]; };\n"
    "vendors = ( { name = \"vendor\"; inline = true; domains = [ \"vendor.example\" ]; mode = \"enforce\";\n"
    "    vouch = [ \"listed+spf\", \"dkim\" ]; sources = ( { cidr = [ \"192.0.2.0/24\" ]; }, { spf = \"vendor.example\"; } ); },\n"
    "  { name = \"unused\"; inline = true; domains = [ \"unused.example\" ]; sources = ( { a = \"unused.example\"; } ); } );\n"
    "delegations = ( { vendor = \"vendor\"; domains = [ \"rx.example\" ]; selectors = [ \"s1\" ]; vouch = [ \"dkim\", \"listed+spf_from\" ]; } );\n"
    "relays = ( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; } );\n";

static struct policy *
policy_once(void)
{
	return conf_load(conf, &(struct policy_files){ .suffixes = &suffixes });
}

/* A record that is a seed of the fuzz target, too. */
static struct span
record_of(const char *name)
{
	static struct {
		char name[32], *text;
		size_t length;
	} kept[16];
	char path[1024];
	size_t i = 0;

	while (kept[i].text != NULL && strcmp(kept[i].name, name) != 0)
		i++;
	if (kept[i].text == NULL) {
		starve_pause(true);
		snprintf(kept[i].name, sizeof kept[i].name, "%s", name);
		kept[i].text = conf_file_read(conf_path(path, sizeof path, "t/fuzz/seeds/record/%s", name),
		    &kept[i].length);
		starve_pause(false);
		if (kept[i].text == NULL)
			abort();
	}
	return span_trim((struct span){ kept[i].text, kept[i].length });
}

static const char *const records[] = { "asked-source", "delegation", "exempt", "forged", "null", "relay", "replies",
	"unsure", "vouched", "weak" };
enum { RECORDS = sizeof records / sizeof records[0], FEW = 4 };

static const char line[] =
    "greenlaned: id=6b0a0000.1.1 qid=4ABC outcome=stranger action=greylist vendor=- reason=no-claim stage=eom client=203.0.113.5 "
    "listed=- mail_from=b@s.example from=b@s.example rcpts=user@rx.example helo=h.example spf=pass dkim=- dmarc=pass greylist=new "
    "ms=1 tries=1 waited=0";

/* ---- records ---- */

static bool
judge_one(struct arena *arena, struct span record, struct said *out)
{
	const struct rules_again rules = { policy, NULL };
	struct recorded recorded;
	struct judged_again judged;
	struct fault why;
	struct text text;
	bool whole = record_read(arena, record, &recorded, &why) && judge_again(&rules, arena, &recorded, &judged, &why);

	if (!whole)
		return false;
	text_open(&text, TEXT_MAX);
	if (judged.cannot == NULL) {
		explain_write(&(struct judge){ policy, judged.ranges }, &recorded.facts, &judged.verdict, &text);
		explain_remedy(&recorded.facts, &judged.verdict, &text);
	}
	say(out, "%s %d %d\n%s\n", judged.cannot == NULL ? "-" : judged.cannot, judged.differs, judged.would, text.bytes);
	whole = !text.failed;
	text_close(&text);
	judged_again_free(&judged);
	return whole;
}

static bool
work_judge_again(struct said *out)
{
	bool whole = true;

	for (size_t i = 0; whole && i < RECORDS; i++) {
		struct arena *arena = arena_open(RECORD_ARENA);

		whole = arena != NULL && judge_one(arena, record_of(records[i]), out) && !arena_failed(arena);
		arena_close(arena);
	}
	return whole;
}

static bool
work_line(struct said *out)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why;
	bool whole = arena != NULL && log_line_read(arena, span_of(line), &recorded, &why) == LOG_FORM_LINE;

	if (whole)
		say(out, "%s %s %s %s\n", recorded.id, recorded.qid, recorded.from, recorded.reason);
	whole = whole && !arena_failed(arena);
	arena_close(arena);
	return whole;
}

static bool
work_replay(struct said *out)
{
	const struct rules_again rules = { policy, NULL };
	struct replay *replay = replay_open();
	const struct replay_counts *counts;
	struct replay_told told;
	struct fault why;
	bool whole = replay != NULL;

	for (size_t i = 0; whole && i < FEW; i++) {
		whole = replay_judge(&rules, record_of(records[i]), 0, &told, &why);
		if (whole)
			replay_count(replay, i + 1, &told);
	}
	counts = whole ? replay_look(replay) : NULL;
	if (whole)
		say(out, "%llu %llu %llu\n", (unsigned long long)counts->judged, (unsigned long long)counts->changed,
		    (unsigned long long)counts->broken);
	replay_close(replay);
	return whole;
}

/* ---- what they suggest ---- */

static bool
suggest_all(struct suggest *suggest, struct said *out)
{
	static const struct suggest_draft draft = { .name = "s", .refusal = "it is a test" };
	struct suggest_sender found;
	struct fault why;
	struct text text;
	bool whole = true;

	for (size_t i = 0; whole && i < RECORDS; i++)
		whole = suggest_line(suggest, record_of(records[i]), i + 1, 0, &why);
	if (!whole)
		return false;
	text_open(&text, TEXT_MAX);
	suggest_write_counts(suggest_counts(suggest), &text);
	suggest_write_use(suggest, &text);
	suggest_json_counts(suggest_counts(suggest), &text);
	for (size_t i = 0; suggest_sender_at(suggest, i, &found); i++) {
		suggest_write_sender(suggest, &found, &draft, "greenlane.conf", &text);
		suggest_json_sender(suggest, &found, &draft, "greenlane.conf", &text);
	}
	suggest_json_use(suggest, &text);
	say_text(out, &text);
	whole = !text.failed;
	text_close(&text);
	return whole;
}

static bool
work_suggest(struct said *out)
{
	const struct suggest_rules rules = { .policy = policy, .suffixes = &suffixes, .least = 1, .seed = { 1, 2 } };
	struct suggest *suggest = suggest_open(&rules);
	bool whole = suggest != NULL && suggest_all(suggest, out);

	suggest_close(suggest);
	return whole;
}

/* ---- the report ---- */

static bool
report_take_all(struct report *report)
{
	bool whole = true;

	for (size_t i = 0; whole && i <= FEW; i++) {
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded recorded;
		struct fault why;

		whole = arena != NULL &&
		    (i < FEW ? record_read(arena, record_of(records[i]), &recorded, &why)
			     : log_line_read(arena, span_of(line), &recorded, &why) == LOG_FORM_LINE);
		if (whole) {
			recorded.when = report_time(&recorded);
			whole = !arena_failed(arena) && report_take(report, &recorded);
		}
		arena_close(arena);
	}
	return whole;
}

static bool
report_say(const struct report *report, struct said *out)
{
	struct arena *arena = arena_open(REPORT_VIEW_ARENA);
	const struct report_view *view = arena == NULL ? NULL : report_view_make(report, NULL, arena);
	struct text text;
	bool whole = view != NULL;

	text_open(&text, TEXT_MAX);
	if (whole) {
		report_text_write(view, true, &text);
		report_json_write(view, &text);
		report_page_write(view, REPORT_PAGE_WHOLE, &text);
		report_mail_write(view, "rx.example", NOW, &text);
	}
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	arena_close(arena);
	return whole;
}

static bool
work_report(struct said *out)
{
	struct report *report = report_open(policy, &suffixes);
	bool whole = report != NULL && report_take_all(report) && report_say(report, out);

	report_close(report);
	return whole;
}

/* Every allocation of a report that was saved and is read again. */
static bool
work_report_saved(struct said *out)
{
	static struct report *counted;
	struct report *report;
	struct span rest;
	struct text text;
	bool whole;

	starve_pause(true);
	if (counted == NULL) {
		counted = report_open(policy, &suffixes);
		if (counted == NULL || !report_take_all(counted))
			abort();
	}
	starve_pause(false);
	report = report_open(policy, &suffixes);
	text_open(&text, REPORT_SAVE_MAX);
	report_save(counted, &text);
	report_save_memory(counted, &text);
	whole = report != NULL && !text.failed;
	rest = (struct span){ text.bytes, text.length };
	while (whole && rest.length > 0)
		whole = report_restore(report, span_cut(&rest, '\n'));
	text_close(&text);
	text_open(&text, REPORT_SAVE_MAX);
	if (whole)
		report_save(report, &text);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	report_close(report);
	return whole;
}

/* ---- the tries of a message ---- */

static bool
tries_say(struct tries *tries, struct said *out)
{
	const struct tries_rules rules = { policy };
	struct text text;
	size_t count;
	const struct try *list = tries_sort(tries, policy->settings.greylist.retry_window, &count);
	bool whole = count > 0;

	text_open(&text, TEXT_MAX);
	for (size_t i = 0; whole && i < count; i++)
		whole = tries_write(&rules, &list[i], 1, &text) && tries_write_json(&rules, &list[i], 1, &text);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	return whole;
}

static bool
tries_take(struct tries *tries, bool keep)
{
	bool whole = true;

	for (size_t i = 0; whole && i < FEW; i++) {
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded recorded;
		struct fault why;

		whole = arena != NULL && record_read(arena, record_of(records[i]), &recorded, &why) &&
		    !arena_failed(arena);
		if (whole)
			whole = keep ? tries_keep(tries, LOG_FORM_RECORD, &recorded, record_of(records[i]), &why)
				     : tries_match(tries, &recorded);
		arena_close(arena);
	}
	return whole;
}

static bool
work_tries(struct said *out)
{
	static const struct tries_query query = { .rcpt = "rx.example" };
	struct tries *tries = tries_open(&query, &policy->settings.greylist, &suffixes);
	bool whole = tries != NULL && tries_take(tries, false);

	if (whole) {
		tries_come_from(tries, "verdicts.jsonl");
		whole = tries_take(tries, true) && tries_say(tries, out);
	}
	tries_close(tries);
	return whole;
}

/* ---- advice ---- */

static const char *const published[] = { "rx.example TXT \"v=spf1 mx include:vendor.example a:old.example ?all\"",
	"vendor.example TXT \"v=spf1 ip4:192.0.2.0/24 -all\"", "rx.example MX 10 mx.rx.example",
	"mx.rx.example A 203.0.113.25", "old.example A 203.0.113.26", "_dmarc.rx.example TXT v=DMARC1; p=none",
	"_dmarc.vendor.example TXT v=DMARC1; p=reject", "s1._domainkey.vendor.example TXT v=DKIM1; p=" KEY_RSA_2048,
	"vendor.example MX 5 mx.vendor.example", NULL };

static void
answer(const struct dns_question *question, struct dns_answer *out)
{
	static struct canned_zone *zone;

	starve_pause(true);
	if (zone == NULL) {
		zone = canned_zone_open();
		for (size_t i = 0; published[i] != NULL; i++)
			if (!canned_zone_line(zone, published[i], NULL))
				abort();
	}
	canned_zone_answer(zone, question, out);
	starve_pause(false);
}

static bool
work_draft(struct said *out)
{
	static const char *const selectors[] = { "s1", "s2" };
	const struct draft_request request = { .domain = "vendor.example",
		.name = "",
		.selectors = selectors,
		.selector_count = 2,
		.suffixes = &suffixes,
		.now = NOW };
	struct fault why;
	struct draft *draft = draft_open(&request, &why);
	struct dns_question question;
	struct dns_answer found;
	struct text text;
	bool whole;

	while (draft != NULL && draft_next(draft, &question)) {
		answer(&question, &found);
		draft_answer(draft, &found);
	}
	whole = draft != NULL && draft_state(draft, &why) == DRAFT_DONE;
	text_open(&text, DRAFT_TEXT_MAX);
	if (whole)
		draft_write(draft_facts(draft), &text);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	draft_close(draft);
	return whole;
}

static bool
work_audit(struct said *out)
{
	const struct dns_audit_request request = { .domain = "rx.example", .policy = policy, .suffixes = &suffixes };
	struct dns_audit *audit = dns_audit_open(&request);
	const struct dns_audit_report *report;
	struct dns_question question;
	struct dns_answer found;
	struct text text;
	bool whole;

	while (audit != NULL && dns_audit_next(audit, &question)) {
		answer(&question, &found);
		dns_audit_answer(audit, &found);
	}
	report = audit == NULL ? NULL : dns_audit_report(audit);
	text_open(&text, DNS_AUDIT_TEXT_MAX);
	if (report != NULL)
		dns_audit_write(report, &text);
	say_text(out, &text);
	whole = report != NULL && !text.failed;
	text_close(&text);
	dns_audit_close(audit);
	return whole;
}

static bool
work_exports(struct said *out)
{
	struct prefix networks[3];
	struct export_listing listing = { .source = &policy->vendors[0].sources[0],
		.networks = networks,
		.count = 3,
		.missing = "",
		.wrong = "",
		.failing = "",
		.asked = "",
		.drift = "" };
	struct export_request request = { .value = "",
		.listen = "inet:8890@127.0.0.1",
		.version = "1",
		.now = NOW,
		.listings = &listing,
		.count = 1 };
	struct fault why;
	struct text text;
	bool whole = prefix_read("192.0.2.0/25", &networks[0], &why) &&
	    prefix_read("192.0.2.128/25", &networks[1], &why) && prefix_read("2001:db8::/33", &networks[2], &why);

	text_open(&text, EXPORT_TEXT_MAX);
	for (int format = 0; whole && format < EXPORT_FORMATS; format++) {
		request.format = (enum export_format)format;
		whole = export_write(&request, &text, &why);
	}
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	return whole;
}

static bool
work_postfix(struct said *out)
{
	static char *postconf;
	struct postfix_setup_site site;
	struct arena *arena;
	char path[1024];
	size_t length;
	struct text text;
	bool whole;

	starve_pause(true);
	if (postconf == NULL)
		postconf = conf_file_read(conf_path(path, sizeof path, "t/postfix_setup/postgrey.postconf"), &length);
	starve_pause(false);
	if (postconf == NULL)
		abort();
	site = postfix_setup_site(policy, postconf);
	arena = arena_open(TEXT_MAX);
	text_open(&text, TEXT_MAX);
	whole = arena != NULL && postfix_setup_write(&site, arena, &text) && !arena_failed(arena);
	say_text(out, &text);
	whole = whole && !text.failed;
	text_close(&text);
	arena_close(arena);
	return whole;
}

int
main(void)
{
	policy = policy_once();
	starve(work_judge_again, "records, judged again and explained");
	starve(work_line, "a line of the log");
	starve(work_replay, "a replay");
	starve(work_suggest, "suggestions");
	starve(work_report, "a report, as text, JSON, page and mail");
	starve(work_report_saved, "a report that was saved");
	starve(work_tries, "the tries of messages");
	starve(work_draft, "a first vendor file");
	starve(work_audit, "what our domain publishes");
	starve(work_exports, "exports in every format");
	starve(work_postfix, "lines for main.cf");
	policy_free(policy);
	return done();
}
