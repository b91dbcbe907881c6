#include <stdio.h>
#include <string.h>

#include "policy/review/report_words.h"
#include "policy/util/date.h"

enum { DAY = 24 * 3600 };

const char *
report_words_day(int64_t day, char out[REPORT_WORDS])
{
	char date[DATE_TEXT];

	snprintf(out, REPORT_WORDS, "%.10s", date_write(day * DAY, date));
	return out;
}

const char *
report_words_time(int64_t ms, char out[REPORT_WORDS])
{
	char date[DATE_TEXT];

	date_write(ms / 1000, date);
	if (ms == 0 || strlen(date) < 16)
		snprintf(out, REPORT_WORDS, "-");
	else
		snprintf(out, REPORT_WORDS, "%.10s %.5s UTC", date, date + 11);
	return out;
}

const char *
report_words_duration(int64_t seconds, char out[REPORT_WORDS])
{
	long long s = seconds;

	if (s >= 2 * DAY)
		snprintf(out, REPORT_WORDS, "%lld d %lld h", s / DAY, s % DAY / 3600);
	else if (s >= 3600)
		snprintf(out, REPORT_WORDS, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else if (s >= 60)
		snprintf(out, REPORT_WORDS, "%lld min %lld s", s / 60, s % 60);
	else
		snprintf(out, REPORT_WORDS, s > 0 ? "%lld s" : "-", s);
	return out;
}

/* 100 only where all are good, 0 only where none is; -1: there is nothing. */
static int
percent_of(struct report_share share)
{
	uint64_t all = share.good + share.bad;
	int percent = all == 0 ? -1 : (int)((share.good * 100 + all / 2) / all);

	if (percent == 100 && share.bad > 0)
		return 99;
	return percent == 0 && share.good > 0 ? 1 : percent;
}

const char *
report_words_share(struct report_share share, char out[REPORT_WORDS])
{
	int percent = percent_of(share);

	if (percent < 0)
		snprintf(out, REPORT_WORDS, "-");
	else
		snprintf(out, REPORT_WORDS, "%d %%", percent);
	return out;
}

/* ---- why ---- */

static const struct {
	const char *why, *text, *remedy;
} whys[] = {
	{ "listed", "a source of the vendor lists the client",
	    "greenlane explain --id says what failed; the vendor shares this source, or its DMARC record is wrong" },
	{ "proven", "the same network sent proven mail of the vendor at another time",
	    "greenlane explain --id; the vendor's file may lack a bounce domain, a signing domain or a source" },
	{ "signed", "the same network sent mail with the vendor's signature at another time",
	    "greenlane explain --id; let vouch accept dkim, or add the network's source" },
	{ "unproven", "there is some evidence for it, and on_unproven refuses it all the same",
	    "set on_unproven to greylist until nothing genuine is unproven" },
};

bool
report_words_passed(const struct report_view *view, struct text *out)
{
	const char *comma = "";

	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++) {
		if (view->passed_by[i] == 0)
			continue;
		text_format(out, "%s%llu by greylist.%s", comma, (unsigned long long)view->passed_by[i],
		    passed_by_word((enum passed_by)i));
		comma = ", ";
	}
	return comma[0] != '\0';
}

const char *
report_words_why(const char *why)
{
	for (size_t i = 0; i < sizeof whys / sizeof whys[0]; i++)
		if (strcmp(whys[i].why, why) == 0)
			return whys[i].text;
	return why;
}

const char *
report_words_remedy(const char *why)
{
	for (size_t i = 0; i < sizeof whys / sizeof whys[0]; i++)
		if (strcmp(whys[i].why, why) == 0)
			return whys[i].remedy;
	return "greenlane explain --id";
}

const char *
report_words_proof(const char *proof)
{
	if (strcmp(proof, "dkim") == 0)
		return "its DKIM signature";
	return strcmp(proof, "spf") == 0 ? "SPF of its envelope sender" : "its listed addresses";
}

/* ---- the four questions ---- */

const char *
report_words_question(enum report_question question)
{
	static const char *const questions[REPORT_QUESTIONS] = { "Did anybody's code come late?",
		"Who forges us and our vendors?", "Did a vendor break?", "Is it safe to enforce?" };

	return questions[question];
}

static void
put_escaped(struct text *out, const char *text)
{
	text_escaped(out, text, strlen(text));
}

static bool
answer_late(const struct report_view *view, struct text *out)
{
	uint64_t waited = report_view_waited(view), deferred = 0;
	int64_t most = 0;
	char span[REPORT_WORDS];

	for (size_t i = 0; i < view->vendor_count; i++)
		most = view->vendors[i].waited.most > most ? view->vendors[i].waited.most : most;
	for (size_t i = 0; i < view->deferred.count; i++)
		deferred += view->deferred.list[i].count;
	if (waited == 0)
		text_put(out, "No message of a vendor waited here.");
	else
		text_format(out, "%llu message%s of vendors waited here, the longest %s.", (unsigned long long)waited,
		    text_s((size_t)waited), report_words_duration(most, span));
	if (deferred > 0)
		text_format(out, " Others deferred %llu more that greenlane vouches for.", (unsigned long long)deferred);
	return waited == 0 && deferred == 0;
}

static bool
answer_forged(const struct report_view *view, struct text *out)
{
	uint64_t passed = 0;

	for (size_t i = 0; i < view->vendor_count; i++)
		passed += view->vendors[i].forged_passed;
	if (view->forged == 0) {
		text_put(out, "Nobody: no message was found to be forged.");
		return true;
	}
	text_format(out, "%llu message%s had no proof", (unsigned long long)view->forged, text_s((size_t)view->forged));
	if (view->networks.count > 0) {
		text_put(out, "; most came from ");
		put_escaped(out, view->networks.list[0].what);
		text_put(out, " in the name of ");
		put_escaped(out, view->networks.list[0].vendor);
	}
	if (passed > 0)
		text_format(out, "; %llu passed because a lock is open", (unsigned long long)passed);
	text_char(out, '.');
	return passed == 0;
}

static bool
answer_broke(const struct report_view *view, struct text *out)
{
	const struct report_break *first = report_view_broken(view);
	char since[REPORT_WORDS];

	if (first == NULL) {
		text_format(out,
		    view->break_count == 0 ? "No proof of any vendor stopped working."
					   : "Nothing is broken now; %zu fault%s ended.",
		    view->break_count, text_s(view->break_count));
		return true;
	}
	put_escaped(out, first->vendor);
	text_format(out, ": %s is missing since %s, on %llu message%s.", report_words_proof(first->what),
	    report_words_time(first->since, since), (unsigned long long)first->failed, text_s((size_t)first->failed));
	return false;
}

static bool
answer_safe(const struct report_view *view, struct text *out)
{
	if (view->safe) {
		text_put(out, "Yes: nothing that would be refused looks genuine.");
	} else if (view->against_count > 0) {
		text_format(out, "No, because %llu refused message%s, now or under enforce, look%s genuine.",
		    (unsigned long long)view->against_messages, text_s((size_t)view->against_messages),
		    view->against_messages == 1 ? "s" : "");
	} else {
		text_put(out, "No, because ");
		put_escaped(out, view->unsafe);
		text_char(out, '.');
	}
	return view->safe;
}

void
report_words_answer(const struct report_view *view, enum report_question question, struct text *out, bool *good)
{
	static bool (*const answers[REPORT_QUESTIONS])(const struct report_view *,
	    struct text *) = { answer_late, answer_forged, answer_broke, answer_safe };

	*good = answers[question](view, out);
}
