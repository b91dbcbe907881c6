#include <stdlib.h>
#include <string.h>

#include "t/lib/story_parts.h"
#include "t/lib/tap.h"

/* ---- expectations ---- */

/* The value of a key at the record's top level, which comes before "facts". */
static void
record_value(const char *key, char *out, size_t size)
{
	const char *json = story_journal_line(true, 0), *at;
	char quoted[64];

	snprintf(quoted, sizeof quoted, "\"%s\":\"", key);
	at = strstr(json, quoted);
	snprintf(out, size, "%s", "");
	if (at != NULL) {
		at += strlen(quoted);
		snprintf(out, size, "%.*s", (int)strcspn(at, "\""), at);
	}
}

static void
expect_value(struct story *story, const char *key, const char *wanted)
{
	char got[1024];

	record_value(key, got, sizeof got);
	if (strcmp(got, wanted) != 0)
		story_fail(story, "%s is '%s', wanted '%s'; line: %s", key, got, wanted, story_journal_line(false, 0));
}

/* "EXPECT outcome action reason [vendor]" of the last verdict that was written. */
static void
expect(struct story *story, const char *words)
{
	char outcome[64] = "", action[64] = "", reason[64] = "", vendor[128] = "";

	sscanf(words, "%63s %63s %63s %127s", outcome, action, reason, vendor);
	expect_value(story, "outcome", outcome);
	expect_value(story, "action", action);
	if (reason[0] != '\0')
		expect_value(story, "reason", reason);
	if (vendor[0] != '\0')
		expect_value(story, "vendor", vendor);
}

/* "EXPECT-REPLY none" or "EXPECT-REPLY 451 4.7.1 [words of the text]". */
static void
expect_reply(struct story *story, const char *words)
{
	const struct story_reply *reply = &story->reply;
	char code[8] = "", enhanced[16] = "";
	int text = 0;

	if (strcmp(words, "none") == 0) {
		if (reply->code[0] != '\0')
			story_fail(story, "reply is '%s %s %s', wanted none", reply->code, reply->enhanced, reply->text);
		return;
	}
	sscanf(words, "%7s %15s %n", code, enhanced, &text);
	if (strcmp(code, reply->code) != 0 || strcmp(enhanced, reply->enhanced) != 0 ||
	    (text > 0 && strstr(reply->text, words + text) == NULL))
		story_fail(story, "reply is '%s %s %s', wanted '%s'", reply->code, reply->enhanced, reply->text, words);
}

static void
expect_header(struct story *story, const char *words, bool there)
{
	bool found = false;

	for (size_t i = 0; i < story->ending.inserted_count; i++)
		found = found || strstr(story->ending.inserted[i], words) != NULL;
	if (found != there)
		story_fail(story, "%s inserted header holds '%s'", there ? "no" : "an", words);
	for (size_t i = 0; found != there && i < story->ending.inserted_count; i++)
		note("inserted: %s", story->ending.inserted[i]);
}

static void
expect_removed(struct story *story, const char *words)
{
	char got[512] = "";

	for (size_t i = 0; i < story->ending.removed_count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%s%u", i > 0 ? " " : "", story->ending.removed[i]);
	if (strcmp(got, words) != 0)
		story_fail(story, "removed '%s', wanted '%s'", got, words);
}

/* The line or the JSON object of the last record, or of the one before it, holds the words. */
static void
expect_line(struct story *story, const char *words, unsigned before, bool there)
{
	const char *line = story_journal_line(false, before), *json = story_journal_line(true, before);

	if ((strstr(line, words) != NULL || strstr(json, words) != NULL) != there)
		story_fail(story, "the record %s '%s': %s %s", there ? "lacks" : "has", words, line, json);
}

/* The last log line that is not a verdict; "none": there was none since MAIL. */
static void
expect_notice(struct story *story, const char *words)
{
	const char *notice = story_journal_notice();

	if (strcmp(words, "none") == 0 ? notice[0] != '\0' : strstr(notice, words) == NULL)
		story_fail(story, "the notice is '%s', wanted '%s'", notice, words);
}

static void
expect_number(struct story *story, const char *what, unsigned got, const char *wanted)
{
	if (got != (unsigned)atoi(wanted))
		story_fail(story, "%s is %u, wanted %s", what, got, wanted);
}

/* "listed 2" */
static void
expect_asked_for(struct story *story, const char *words)
{
	static const char *const standings[STANDINGS] = { "stranger", "below", "selector", "listed" };
	size_t length = strcspn(words, " "), i = 0;

	while (i < STANDINGS && (strlen(standings[i]) != length || strncmp(standings[i], words, length) != 0))
		i++;
	if (i == STANDINGS)
		story_fail(story, "no such standing: '%s'", words);
	else
		expect_number(story, standings[i], story->asked_for[i], words + length);
}

/* "5 1 2 needs-spf": judged, otherwise, not judged and the last reason why. */
static void
expect_shadow(struct story *story, const char *words)
{
	const struct snapshot *snapshot = snapshot_borrow(story->services->snapshots);
	struct shadow_counts counts;
	char said[128];

	shadow_tally_look(story->services->shadow, snapshot, &counts);
	snapshot_return(story->services->snapshots, snapshot);
	snprintf(said, sizeof said, "%u %u %u%s%s", (unsigned)counts.judged, (unsigned)counts.changed,
	    (unsigned)counts.cannot.all, counts.cannot.count > 0 ? " " : "",
	    counts.cannot.count > 0 ? counts.cannot.list[counts.cannot.count - 1].slug : "");
	if (strcmp(said, words) != 0)
		story_fail(story, "the draft's counts are '%s', wanted '%s'", said, words);
}

bool
story_expects(struct story *story, const char *verb, const char *words)
{
	if (strcmp(verb, "EXPECT") == 0)
		expect(story, words);
	else if (strcmp(verb, "EXPECT-REPLY") == 0)
		expect_reply(story, words);
	else if (strcmp(verb, "EXPECT-HEADER") == 0)
		expect_header(story, words, true);
	else if (strcmp(verb, "EXPECT-NO-HEADER") == 0)
		expect_header(story, words, false);
	else if (strcmp(verb, "EXPECT-REMOVED") == 0)
		expect_removed(story, words);
	else if (strcmp(verb, "EXPECT-LINE") == 0)
		expect_line(story, words, 0, true);
	else if (strcmp(verb, "EXPECT-LINE-BEFORE") == 0)
		expect_line(story, words, 1, true);
	else if (strcmp(verb, "EXPECT-NO-LINE") == 0)
		expect_line(story, words, 0, false);
	else if (strcmp(verb, "EXPECT-NOTICE") == 0)
		expect_notice(story, words);
	else if (strcmp(verb, "EXPECT-ASKED") == 0)
		expect_number(story, "the number of DNS questions", story->asked, words);
	else if (strcmp(verb, "EXPECT-ASKED-FOR") == 0)
		expect_asked_for(story, words);
	else if (strcmp(verb, "EXPECT-VERDICTS") == 0)
		expect_number(story, "the number of records", (unsigned)(story_journal_verdicts() - story->verdicts),
		    words);
	else if (strcmp(verb, "EXPECT-SHADOW") == 0)
		expect_shadow(story, words);
	else if (strcmp(verb, "EXPECT-QUARANTINE") == 0)
		expect_number(story, "quarantined", story->reply.quarantined, words[0] == '\0' ? "1" : words);
	else
		return false;
	return true;
}
