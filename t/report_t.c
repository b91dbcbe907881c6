/*
 * report_t.c - what the report counts, line by line: proofs that break, what speaks against enforcing, forwarders, waits.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/report_json.h"
#include "policy/review/report_text.h"
#include "policy/review/report_save.h"
#include "policy/review/report_view.h"
#include "policy/review/report_words.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

static const struct suffix_list suffixes = { NULL };
static struct policy *policy;

/* ---- a report of lines ---- */

struct told {
	struct report *report;
	struct arena *arena;
	const struct report_view *view;
};

static struct told
begin(void)
{
	struct told told = { report_open(policy, &suffixes), arena_open(REPORT_VIEW_ARENA), NULL };

	if (told.report == NULL || told.arena == NULL)
		abort();
	return told;
}

/* Minutes after 2026-11-27T19:00:00Z. */
static void
take(const struct told *told, int minute, const char *rest)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why;
	char line[2048];

	snprintf(line, sizeof line, "greenlaned: id=%08x.1.%d %s%s", 0x6b0a0000 + 60 * minute, minute, rest,
	    strstr(rest, " waited=") == NULL ? " waited=-" : "");
	if (arena == NULL || log_line_read(arena, span_of(line), &recorded, &why) != LOG_FORM_LINE ||
	    !report_take(told->report, &recorded))
		abort();
	arena_close(arena);
}

static const struct report_view *
look(struct told *told, const char *only)
{
	told->view = report_view_make(told->report, only, told->arena);
	if (told->view == NULL)
		abort();
	return told->view;
}

static void
end(struct told *told)
{
	arena_close(told->arena);
	report_close(told->report);
}

/* ---- lines ---- */

#define FROM " mail_from=b@acme.example from=t@acme.example rcpts=a@rx.example"
#define PROVEN                                                                                                           \
	"outcome=vouched action=pass vendor=acme reason=proven stage=eom client=192.0.2.1 listed=cidr:192.0.2.0/24" FROM \
	" spf=pass dkim=pass:acme.example dmarc=pass greylist=off ms=1 tries=- waited=-"
#define UNSIGNED                                                                                                         \
	"outcome=vouched action=pass vendor=acme reason=proven stage=eom client=192.0.2.1 listed=cidr:192.0.2.0/24" FROM \
	" spf=pass dkim=fail:acme.example:signature dmarc=pass greylist=off ms=1 tries=- waited=-"
#define SILENT                                                                                                           \
	"outcome=vouched action=pass vendor=acme reason=proven stage=eom client=192.0.2.1 listed=cidr:192.0.2.0/24" FROM \
	" spf=pass dkim=temperror:acme.example:dns dmarc=pass greylist=off ms=1 tries=- waited=-"
#define FORGED(CLIENT, LISTED)                                                                    \
	"outcome=forged action=reject vendor=acme reason=nothing-proven stage=eom client=" CLIENT \
	" listed=" LISTED FROM " helo=h.example spf=fail dkim=- dmarc=fail greylist=off ms=1 tries=- waited=-"
#define STRANGER(ACTION, GREYLIST, TRIES, WAITED)                                                                  \
	"outcome=stranger action=" ACTION " vendor=- reason=no-claim stage=eom client=203.0.113.5 listed=-"        \
	" mail_from=b@s.example from=b@s.example rcpts=a@rx.example spf=pass dkim=- dmarc=pass greylist=" GREYLIST \
	" ms=1 tries=" TRIES " waited=" WAITED

#define FROM_ESP " mail_from=b@esp.example from=t@globex.example rcpts=a@rx.example"
#define SIGNED_ONLY                                                                                            \
	"outcome=vouched action=pass vendor=globex reason=proven stage=eom client=192.0.2.1 listed=-" FROM_ESP \
	" spf=pass dkim=pass:globex.example dmarc=pass greylist=off ms=1 tries=- waited=-"
#define SIGNED_NO_MORE                                                                                                  \
	"outcome=forged action=reject vendor=globex reason=nothing-proven stage=eom client=192.0.2.9 listed=-" FROM_ESP \
	" helo=h.example spf=pass dkim=fail:globex.example:signature dmarc=fail greylist=off ms=1 tries=- waited=-"

/* Each letter is a message, an hour after the other: p proven, u without a signature, s its key did not answer, f forged from
 * elsewhere, F forged from the same network; g of a vendor that only signs, G the same network, its signature fails. */
static const struct {
	const char *what, *messages;
	unsigned breaks;
	int since, until; /* hours; -1: still */
	unsigned failed;
} breaks[] = {
	{ "nothing is no break", "", 0, 0, 0, 0 },
	{ "all good", "pppppppppppppppppppp", 0, 0, 0, 0 },
	{ "a break that lasts", "ppppppppppppppppppppuuuuuuu", 1, 20, -1, 7 },
	{ "a break that is over", "ppppppppppppppppppppuuuuuuuupppp", 1, 20, 28, 8 },
	{ "too few to tell", "ppppppppppppppppppppuuuuuu", 0, 0, 0, 0 },
	{ "a vendor that was never seen to sign", "uuuuuuuuuuuuuuuuuuuuuuuuuu", 0, 0, 0, 0 },
	{ "one that often does not", "pupuupupuuppuupupupuupupuuppuu", 0, 0, 0, 0 },
	{ "a vendor of few messages: more of them are needed", "pppppuuuuuuuuuu", 0, 0, 0, 0 },
	{ "and then they tell", "pppppuuuuuuuuuuu", 1, 5, -1, 11 },
	{ "forgeries between are no sign of it", "ppppppppppppppppppppfffffffffff", 0, 0, 0, 0 },
	{ "nor is DNS that does not answer", "ppppppppppppppppppppsssssssssss", 0, 0, 0, 0 },
	{ "nor what a stranger forges from the network of a vendor that has SPF", "ppppppppppppppppppppFFFFFFFFFFF", 0,
	    0, 0, 0 },
	{ "of a vendor that only signs it is", "ggggggggggggggggggggGGGGGGGG", 1, 20, -1, 8 },
	{ "two breaks",
	    "ppppppppppppppppppppuuuuuuuppppppppppppppppppppppppppppppppppppppppppppppppppppppppuuuuuuuuuuuuuuuuuuuuuuu",
	    2, 20, 27, 7 },
};

static const char *
line_of(char letter)
{
	static const struct {
		char letter;
		const char *line;
	} lines[] = { { 'p', PROVEN }, { 'u', UNSIGNED }, { 's', SILENT }, { 'F', FORGED("192.0.2.9", "-") },
		{ 'f', FORGED("198.51.100.1", "-") }, { 'g', SIGNED_ONLY }, { 'G', SIGNED_NO_MORE } };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (lines[i].letter == letter)
			return lines[i].line;
	abort();
}

static void
play(const struct told *told, const char *messages)
{
	for (int hour = 0; messages[hour] != '\0'; hour++)
		take(told, 60 * hour, line_of(messages[hour]));
}

static int
hour_of(int64_t ms)
{
	return ms == 0 ? -1 : (int)((ms / 1000 - 0x6b0a0000) / 3600);
}

static void
breaks_are_found(void)
{
	for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
		struct told told = begin();
		const struct report_view *view;
		unsigned count = 0;

		play(&told, breaks[i].messages);
		view = look(&told, NULL);
		for (size_t j = 0; j < view->break_count; j++)
			count += strcmp(view->breaks[j].what, "dkim") == 0;
		is_number(count, breaks[i].breaks, "%s: so many breaks", breaks[i].what);
		if (count > 0 && breaks[i].breaks > 0) {
			const struct report_break *first = &view->breaks[0];

			is_number(hour_of(first->since), breaks[i].since, "%s: since when", breaks[i].what);
			is_number(hour_of(first->until), breaks[i].until, "%s: until when", breaks[i].what);
			is_number((long long)first->failed, breaks[i].failed, "%s: messages", breaks[i].what);
			is(first->vendor, breaks[i].messages[0] == 'g' ? "globex" : "acme", "%s: whose", breaks[i].what);
		}
		end(&told);
	}
}

/* The same lines in another order make the same break, to the hour. */
static void
order_does_not_matter(void)
{
	struct told told = begin();
	const struct report_view *view;

	for (int hour = 29; hour >= 0; hour--)
		take(&told, 60 * hour, hour < 20 ? PROVEN : UNSIGNED);
	view = look(&told, NULL);
	is_number((long long)view->break_count, 1, "lines from the last to the first show the break");
	is_number(hour_of(view->breaks[0].since), 20, "since the same hour");
	is_number((long long)view->breaks[0].failed, 10, "on as many messages");
	end(&told);
}

/* ---- what speaks against ---- */

static const struct {
	const char *what, *lines[3], *why; /* NULL: it is safe */
	unsigned records;
} safes[] = {
	{ "forged by a network that never proved anything", { PROVEN, FORGED("198.51.100.1", "-") }, NULL, 0 },
	{ "forged by a network that proved something before", { PROVEN, FORGED("192.0.2.200", "-") }, "proven", 1 },
	{ "or later", { FORGED("192.0.2.200", "-"), FORGED("192.0.2.201", "-"), PROVEN }, "proven", 2 },
	{ "forged, yet listed", { PROVEN, FORGED("198.51.100.1", "a:x.example") }, "listed", 1 },
	{ "forged by a network that showed the vendor's signature",
	    { FORGED("198.51.100.1", "-"),
		"outcome=unproven action=greylist vendor=acme client=198.51.100.2 listed=-" FROM
		" spf=none dkim=pass:acme.example dmarc=none" },
	    "signed", 1 },
	{ "unproven mail that is refused all the same",
	    { "outcome=unproven action=pass would=reject vendor=acme client=198.51.100.2 listed=-" FROM
	      " spf=pass dkim=- dmarc=none" },
	    "unproven", 1 },
	{ "unproven mail that waits",
	    { PROVEN, "outcome=unproven action=greylist vendor=acme client=198.51.100.2 listed=-" FROM " spf=pass dkim=-" },
	    NULL, 0 },
	{ "another's signature is not the vendor's",
	    { PROVEN, FORGED("198.51.100.1", "-"),
		"outcome=unproven action=greylist vendor=acme client=198.51.100.2 listed=-" FROM
		" spf=none dkim=pass:evil.example" },
	    NULL, 0 },
};

static void
what_speaks_against(void)
{
	for (size_t i = 0; i < sizeof safes / sizeof safes[0]; i++) {
		struct told told = begin();
		const struct report_view *view;

		for (int j = 0; j < 3 && safes[i].lines[j] != NULL; j++)
			take(&told, j, safes[i].lines[j]);
		view = look(&told, NULL);
		ok(view->safe == (safes[i].why == NULL), "%s: safe or not", safes[i].what);
		is(view->against_count == 0 ? NULL : view->against[0].why, safes[i].why, "%s: why", safes[i].what);
		is_number((long long)view->against_messages, safes[i].records, "%s: records", safes[i].what);
		end(&told);
	}
}

/* The network that was refused most stands first, whatever came first. */
static void
most_refused_is_first(void)
{
	struct told told = begin();
	const struct report_view *view;

	take(&told, 0, FORGED("198.51.100.1", "a:x.example"));
	take(&told, 1, FORGED("203.0.113.1", "a:x.example"));
	take(&told, 2, FORGED("203.0.113.2", "a:x.example"));
	take(&told, 3, FORGED("192.0.2.1", "a:x.example"));
	view = look(&told, NULL);
	is_number((long long)view->against_count, 3, "three networks speak against enforcing");
	is(view->against[0].network, "203.0.113.0/24", "first the one with most messages");
	is_number((long long)view->against[0].count, 2, "two");
	is(view->against[1].network, "198.51.100.0/24", "then by what came first");
	is(view->against[2].network, "192.0.2.0/24", "and the last one");
	end(&told);
}

static void
nothing_shows_nothing(void)
{
	struct told told = begin();
	const struct report_view *view = look(&told, NULL);

	ok(!view->safe && view->unsafe[0] != '\0', "no mail does not make it safe");
	take(&told, 0, STRANGER("pass", "off", "-", "-"));
	ok(!look(&told, NULL)->safe, "nor do strangers");
	take(&told, 1, PROVEN);
	ok(look(&told, NULL)->safe, "a vendor's mail does");
	ok(!look(&told, "globex")->safe, "but not for another vendor");
	end(&told);
}

/* Forgeries, and mail that is partly proven, do not show that what is genuine can be proven. */
static void
never_proven_is_not_safe(void)
{
	struct told told = begin();
	const struct report_view *view;

	take(&told, 0, FORGED("198.51.100.1", "-"));
	view = look(&told, NULL);
	ok(!view->safe && view->against_count == 0, "forgeries alone do not make it safe");
	is_number((long long)view->never_proven_count, 1, "the vendor is named");
	is(view->never_proven[0], "acme", "by its name");
	is(view->unsafe,
	    "no mail of acme was ever proven, so that nothing shows what enforce would do to what is genuine", "and why");
	take(&told, 1,
	    "outcome=unproven action=greylist vendor=acme client=198.51.100.2 listed=-" FROM
	    " spf=pass dkim=- dmarc=none");
	ok(!look(&told, NULL)->safe, "nor does mail that is partly proven");
	take(&told, 2, PROVEN);
	ok(look(&told, NULL)->safe, "one that is proven does");
	take(&told, 3,
	    "outcome=forged action=defer vendor=own reason=nothing-proven client=198.51.100.1" FROM " spf=fail dkim=-");
	ok(look(&told, NULL)->safe, "forgeries of our own names speak against nothing: what is genuine is exempt");
	for (char vendor[] = "aaaa"; vendor[3] < 'h'; vendor[3]++) {
		char line[400];

		snprintf(line, sizeof line,
		    "outcome=forged action=reject vendor=%s client=198.51.100.1" FROM " spf=fail dkim=-", vendor);
		take(&told, 4, line);
	}
	view = look(&told, NULL);
	is_number((long long)view->never_proven_count, 7, "each of many is counted");
	ok(strstr(view->unsafe, " of aaaa, aaab, aaac, aaad, aaae and 2 more was") != NULL, "and the first five are said");
	end(&told);
}

/* ---- waits, messages ---- */

static void
waits_are_counted(void)
{
	struct told told = begin();
	const struct report_view *view;
	char waited[300];

	for (int i = 0; i < 6; i++) {
		take(&told, 100 * i, STRANGER("greylist", "new", "1", "0"));
		take(&told, 100 * i + 2, STRANGER("greylist", "early", "2", "120"));
		snprintf(waited, sizeof waited, STRANGER("pass", "due", "3", "%d"), 360 + i);
		take(&told, 100 * i + 6, waited);
	}
	take(&told, 700, PROVEN);
	take(&told, 701, PROVEN);
	view = look(&told, NULL);
	is_number((long long)view->records, 20, "records");
	is_number((long long)view->messages, 8, "tries are of one message");
	is_number((long long)view->strangers_asked, 6, "strangers that had to come again");
	is_number((long long)view->strangers_waited.count, 6, "those that did");
	is_number(view->strangers_waited.median, 352, "what half of them waited");
	is_number(view->strangers_waited.most, 365, "the longest wait");
	is_number((long long)view->vendors[0].first_contacts, 1, "the second message of a sender would have been known");
	is_number(view->vendors[0].delay_saved, 352, "the first one would have waited like a stranger");
	is_number((long long)view->new_vendors.count, 1, "who waits and is proven should be a vendor");
	is(view->new_vendors.list[0].what, "s.example", "by his domain");
	end(&told);
}

/* Who passed at once is told by the setting, also after what was counted was saved and added to another count. */
static void
passes_are_counted(void)
{
	struct told told = begin(), restored = begin();
	struct text text;

	take(&told, 0, STRANGER("pass", "network", "1", "0") " passed_by=auto_pass_network");
	take(&told, 1, STRANGER("pass", "exempt", "-", "-") " passed_by=spf_pass");
	take(&told, 2, STRANGER("pass", "exempt", "-", "-") " passed_by=spf_pass");
	take(&restored, 3, STRANGER("pass", "exempt", "-", "-") " passed_by=dnswl");
	text_open(&text, 1 << 20);
	report_save(told.report, &text);
	for (struct span rest = { text.bytes, text.length }; rest.length > 0;)
		if (!report_restore(restored.report, span_cut(&rest, '\n')))
			ok(false, "what was saved is read");
	text_clear(&text);
	ok(report_words_passed(look(&restored, NULL), &text), "some passed at once");
	is(text.bytes, "1 by greylist.auto_pass_network, 2 by greylist.spf_pass, 1 by greylist.dnswl",
	    "by their settings");
	ok(!report_restore(restored.report, span_of("passed odd 1")), "a setting that is none is no saved line");
	text_close(&text);
	end(&told);
	end(&restored);
}

/* ---- forwarders, other lines ---- */

#define SIGNED(D, SPF, SENDER)                                                                                     \
	"outcome=stranger action=pass vendor=- client=198.51.100.9 listed=- helo=alumni.example mail_from=" SENDER \
	" from=x@" D " rcpts=a@rx.example spf=" SPF " dkim=pass:" D " dmarc=pass"

static void
forwarders_are_told_from_senders(void)
{
	struct told told = begin();

	take(&told, 0, FORGED("198.51.100.9", "-"));
	take(&told, 1, SIGNED("one.example", "pass", "x@one.example"));
	take(&told, 2, SIGNED("two.example", "pass", "x@two.example"));
	is_number((long long)look(&told, NULL)->forwarder_count, 0, "a sender of many customers is no forwarder");
	take(&told, 3, SIGNED("one.example", "fail", "x@one.example"));
	is_number((long long)look(&told, NULL)->forwarder_count, 0, "one domain is not enough");
	take(&told, 4, SIGNED("two.example", "pass", "SRS0=xx=yy=two.example=x@alumni.example"));
	is_number((long long)look(&told, NULL)->forwarder_count, 1, "two are, by SPF that fails, or an SRS address");
	is(told.view->forwarders[0].name, "alumni", "named after its HELO name");
	end(&told);
}

#define FORWARDED(CLIENT, HELO, D)                                                                                   \
	"outcome=stranger action=pass vendor=- client=" CLIENT " listed=- helo=" HELO " mail_from=x@" D " from=x@" D \
	" rcpts=a@rx.example spf=fail dkim=pass:" D " dmarc=pass"

static void
most_forged_is_first(void)
{
	static const char *const lines[] = { FORGED("198.51.100.9", "-"),
		FORWARDED("198.51.100.9", "4list.example", "one.example"),
		FORWARDED("198.51.100.9", "4list.example", "two.example"), FORGED("203.0.113.9", "-"),
		FORGED("203.0.113.9", "-"), FORWARDED("203.0.113.9", "[203.0.113.9]", "one.example"),
		FORWARDED("203.0.113.9", "[203.0.113.9]", "two.example"), FORGED("192.0.2.9", "-"),
		FORWARDED("192.0.2.9", "x_y.example", "one.example"),
		FORWARDED("192.0.2.9", "x_y.example", "two.example") };
	struct told told = begin();
	const struct report_view *view;

	for (int i = 0; i < (int)(sizeof lines / sizeof lines[0]); i++)
		take(&told, i, lines[i]);
	view = look(&told, NULL);
	is_number((long long)view->forwarder_count, 3, "three hosts may be forwarders");
	is(view->forwarders[0].client, "203.0.113.9", "first the one of which most was refused");
	is(view->forwarders[0].name, "forwarder", "a literal at HELO gives it no name");
	is(view->forwarders[1].name, "4list", "then the one that came first; a digit may begin its name");
	is(view->forwarders[2].name, "x", "a low line ends it");
	end(&told);
}

static void
other_lines_are_counted(void)
{
	struct told told = begin();
	const struct report_view *view;

	take(&told, 0, PROVEN);
	report_note(told.report,
	    span_of(
		"mx greenlaned[1]: alarm: mail of acme from 192.0.2.1, which greenlane vouches for, was deferred by postgrey: "
		"from=<b@acme.example> to=<a@rx.example> said=\"4.7.1 x\"; 3 of this vendor so far; do this (id 1)"));
	report_note(told.report, span_of("mx greenlaned[1]: drift: source spf:acme.example of acme: came 192.0.2.9"));
	report_note(told.report, span_of("mx greenlaned[1]: drift: source of nothing"));
	report_note(told.report, span_of("mx greenlaned[1]: alarm: mail of "));
	view = look(&told, NULL);
	is_number((long long)view->deferred.count, 1, "mail that another deferred");
	is(view->deferred.list[0].what, "postgrey", "by whom");
	is(view->deferred.list[0].vendor, "acme", "whose");
	is_number((long long)view->drift.count, 1, "a source that drifts");
	is(view->drift.list[0].what, "spf:acme.example of acme: came 192.0.2.9", "how");
	end(&told);
}

/* ---- many hours ---- */

static uint64_t
vouched_in(const struct report_days *days)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < days->count; i++)
		sum += days->list[i].vouched;
	return sum;
}

/* Above 112 * 1024 cells hours become days: nothing is lost, and the days stay what they were. */
static void
hours_become_days(void)
{
	enum { HOURS = 60 * 1024 };
	struct told told = begin();
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	const struct report_view *view;
	struct fault why;

	if (arena == NULL ||
	    log_line_read(arena, span_of("greenlaned: id=6b0a0000.1.1 " PROVEN), &recorded, &why) != LOG_FORM_LINE)
		abort();
	for (int64_t hour = 1; hour <= HOURS; hour++) {
		recorded.when = (0x6b0a0000 + 3600 * hour) * 1000;
		if (!report_take(told.report, &recorded))
			abort();
	}
	view = look(&told, NULL);
	is_number((long long)view->lost, 0, "hours of seven years find room");
	is_number((long long)vouched_in(&view->days), HOURS, "no message of them is lost");
	is_number((long long)vouched_in(&view->vendors[0].days), HOURS, "nor of the vendor's");
	is_number((long long)view->days.count, HOURS / 24 + 1, "each day stands there once");
	is_number((long long)view->days.list[1].vouched, 24, "with all its hours");
	arena_close(arena);
	end(&told);
}

/* ---- names ---- */

#define LONGEST "vendor-whose-name-has-as-many-letters-as-a-name-may-have-and-is" /* and one more */

static void
the_longest_names_are_whole(void)
{
	struct told told = begin();
	const struct report_view *view;

	take(&told, 0, "outcome=vouched action=pass vendor=" LONGEST "a client=192.0.2.1 listed=-");
	take(&told, 1, "outcome=vouched action=pass vendor=" LONGEST "b client=192.0.2.1 listed=-");
	view = look(&told, NULL);
	is_number((long long)view->vendor_count, 2, "names of 64 letters that differ in the last are two vendors");
	is(view->vendors[0].mode, "vouch", "each is the configuration's");
	is_number((long long)look(&told, LONGEST "b")->vendor_count, 1, "and is found by its name");
	end(&told);
}

/* ---- hostile names ---- */

static void
bytes_of_the_network_are_escaped(void)
{
	struct told told = begin();
	struct text out;

	take(&told, 0, PROVEN);
	take(&told, 1,
	    "outcome=forged action=reject vendor=acme client=198.51.100.1 listed=- helo=x mail_from=- "
	    "from=\"<\\x1b[2J\\\"\\xff>@acme.example\" rcpts=a@rx.example spf=fail dkim=-");
	text_open(&out, 1 << 20);
	report_text_write(look(&told, NULL), false, &out);
	ok(memchr(out.bytes, 033, out.length) == NULL && strstr(out.bytes, "\\x1b[2j") != NULL,
	    "a terminal's escape is shown, not sent");
	text_clear(&out);
	report_text_write(told.view, true, &out);
	ok(strstr(out.bytes, "\033[1m") != NULL, "colour is, where it is asked for");
	text_clear(&out);
	report_json_write(told.view, &out);
	ok(strstr(out.bytes, "\\u001b[2j\\\"\\uf7ff>") != NULL, "in JSON, too");
	text_close(&out);
	end(&told);
}

int
main(void)
{
	static const char conf[] = "authserv_id = \"mx.rx.example\"; vendors = ("
				   "{ name = \"acme\"; inline = true; domains = [ \"acme.example\" ]; },"
				   "{ name = \"globex\"; inline = true; domains = [ \"globex.example\" ]; },"
				   "{ name = \"" LONGEST "a\"; inline = true; domains = [ \"a.example\" ]; } );";

	policy = conf_load(conf, &(struct policy_files){ .suffixes = &suffixes });
	breaks_are_found();
	order_does_not_matter();
	what_speaks_against();
	most_refused_is_first();
	nothing_shows_nothing();
	never_proven_is_not_safe();
	waits_are_counted();
	passes_are_counted();
	forwarders_are_told_from_senders();
	most_forged_is_first();
	other_lines_are_counted();
	hours_become_days();
	the_longest_names_are_whole();
	bytes_of_the_network_are_escaped();
	policy_free(policy);
	return done();
}
