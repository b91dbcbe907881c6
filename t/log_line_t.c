/*
 * log_line_t.c - a verdict is found in a line of any log, and nothing else is.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/review/log_line.h"
#include "t/lib/tap.h"

#define KEYS                                                                                                                                   \
	"id=6b0a1000.c.1 qid=4bX1 outcome=stranger action=greylist would=pass vendor=- reason=no-claim stage=rcpt mode=monitor "               \
	"client=203.0.113.5 port=25 listed=- via=- helo=h.example mail_from=\"\\\"a b\\\"@x.example\" from=- rcpts=a@rx.example,b@rx.example " \
	"spf=pass dkim=- dmarc=- greylist=new msgid=\"<1 2@x>\" ms=1 tries=1 waited=0"

#define END " ms=1 tries=1 waited=0"

static const struct {
	const char *what, *line;
	enum log_form form;
} rows[] = {
	{ "rsyslog's form with a year", "2026-11-28T10:00:00.123456+01:00 mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "the old form, without one", "Nov 28 10:00:00 mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "a day of one digit", "Nov  8 10:00:00 mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "journalctl's short-iso", "2026-11-28T10:00:00+0100 mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "standard error", "greenlaned: " KEYS, LOG_FORM_LINE },
	{ "the bare line", KEYS, LOG_FORM_LINE },
	{ "the bare line with CR and LF", KEYS "\r\n", LOG_FORM_LINE },
	{ "a host that is called so, too", "Nov 28 10:00:00 greenlaned greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "another program", "Nov 28 10:00:00 mx postfix/smtpd[3]: " KEYS, LOG_FORM_NONE },
	{ "another program that quotes a sender who writes as we do",
	    "Nov 28 10:00:00 mx postfix/cleanup[3]: 4bX1: warning: header Subject: greenlaned[1]: " KEYS, LOG_FORM_NONE },
	{ "and one whose tag has no blank behind it", "Nov 28 10:00:00 mx filter[3]:helo greenlaned: " KEYS,
	    LOG_FORM_NONE },
	{ "a program whose name ends as ours", "Nov 28 10:00:00 mx notgreenlaned[12]: " KEYS, LOG_FORM_NONE },
	{ "a number that is none", "Nov 28 10:00:00 mx greenlaned[12=x]: " KEYS, LOG_FORM_NONE },
	{ "our line that quotes one", "Nov 28 10:00:00 mx greenlaned[12]: " KEYS " x=\"greenlaned: id=2\"", LOG_FORM_LINE },
	{ "journalctl's short-full", "Sat 2026-11-28 10:00:00 CET mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "a line that grep found in a file", "mail.log:Nov 28 10:00:00 mx greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "a line with its priority", "<22>greenlaned[12]: " KEYS, LOG_FORM_LINE },
	{ "another of our lines", "Nov 28 10:00:00 mx greenlaned[12]: drift: id=1", LOG_FORM_NONE },
	{ "nothing", "", LOG_FORM_NONE },
	{ "a program that does not end", "greenlaned[", LOG_FORM_NONE },
	{ "our name at the end", "greenlaned", LOG_FORM_NONE },
	{ "a line that is cut off in a value", "greenlaned: id=6b0a1000.c.1 qid=4bX1 outcome=stran", LOG_FORM_BROKEN },
	{ "a line that is cut off in a value behind the verdict",
	    "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass client=203.0.113.5", LOG_FORM_BROKEN },
	{ "a line that is cut off behind a value",
	    "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass ms=1 tries=1 ", LOG_FORM_BROKEN },
	{ "a line that is cut off in a key",
	    "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass ms=1 tries=1 wait", LOG_FORM_BROKEN },
	{ "a line that was cut before it was sent, behind all that is always there", "greenlaned: " KEYS " [cut]",
	    LOG_FORM_BROKEN },
	{ "a line that is cut off in a key behind all that is always there", "greenlaned: " KEYS " delega",
	    LOG_FORM_BROKEN },
	{ "a line that is cut off behind a key",
	    "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass ms=1 tries=1 waited=", LOG_FORM_BROKEN },
	{ "a line that is cut off in quotes", "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass helo=\"a b",
	    LOG_FORM_BROKEN },
	{ "a line with a word behind its quotes",
	    "greenlaned: id=6b0a1000.c.1 outcome=stranger action=pass helo=\"a\"b" END, LOG_FORM_BROKEN },
	{ "a line with an outcome that is none", "greenlaned: id=1 outcome=odd action=pass" END, LOG_FORM_BROKEN },
	{ "a port above all", "greenlaned: id=1 outcome=stranger action=pass port=65561" END, LOG_FORM_BROKEN },
	{ "a port that is no number", "greenlaned: id=1 outcome=stranger action=pass port=0x19" END, LOG_FORM_BROKEN },
	{ "the last port", "greenlaned: id=1 outcome=stranger action=pass port=65535" END, LOG_FORM_LINE },
	{ "more tries than any", "greenlaned: id=1 outcome=stranger action=pass tries=4294967296 waited=0",
	    LOG_FORM_BROKEN },
	{ "a wait without end", "greenlaned: id=1 outcome=stranger action=pass waited=99999999999999999999",
	    LOG_FORM_BROKEN },
	{ "a wait before it began", "greenlaned: id=1 outcome=stranger action=pass waited=-1", LOG_FORM_BROKEN },
	{ "an id of no time", "greenlaned: id=ffffffffffffffffffff.c.1 outcome=stranger action=pass" END, LOG_FORM_BROKEN },
	{ "a client that is none", "greenlaned: id=1 outcome=stranger action=pass client=192.0.2.777" END,
	    LOG_FORM_BROKEN },
	{ "a mode that is none", "greenlaned: id=1 outcome=stranger action=pass mode=odd" END, LOG_FORM_BROKEN },
	{ "a would that is none", "greenlaned: id=1 outcome=stranger action=pass would=odd" END, LOG_FORM_BROKEN },
	{ "a result that is none", "greenlaned: id=1 outcome=stranger action=pass spf=odd" END, LOG_FORM_BROKEN },
	{ "a greylist that is none", "greenlaned: id=1 outcome=stranger action=pass greylist=odd" END, LOG_FORM_BROKEN },
	{ "a setting that passed it",
	    "greenlaned: id=1 outcome=stranger action=pass" END " passed_by=auto_pass_network", LOG_FORM_LINE },
	{ "and one that is none", "greenlaned: id=1 outcome=stranger action=pass" END " passed_by=odd", LOG_FORM_BROKEN },
	{ "more keys than any line has",
	    "greenlaned: id=1 outcome=stranger action=pass a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 "
	    "a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1 a=1" END,
	    LOG_FORM_BROKEN },
	{ "a record whose keys were moved, but not all there", "{\"facts\":{},\"v\":2}", LOG_FORM_BROKEN },
	{ "one of version 1 whose keys were moved",
	    "{\"facts\":{},\"id\":\"1.c.1\",\"outcome\":\"stranger\",\"action\":\"pass\",\"reason\":\"no-claim\",\"v\":1}",
	    LOG_FORM_RECORD },
	{ "a JSON object that only says facts", "{\"a\":\"\\\"facts\\\"\"}", LOG_FORM_NONE },
	{ "journalctl -o json with bytes that are none",
	    "{\"SYSLOG_IDENTIFIER\":\"greenlaned\",\"MESSAGE\":[105,100,61,305]}", LOG_FORM_NONE },
	{ "a JSON object of another", "{\"a\":1}", LOG_FORM_NONE },
	{ "a record that is cut off", "{\"v\":2,\"time\":\"2026", LOG_FORM_BROKEN },
	{ "a record of a version to come", "{\"v\":3,\"facts\":{}}", LOG_FORM_BROKEN },
	{ "journalctl -o json of another", "{\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"id=1\"}", LOG_FORM_NONE },
	{ "journalctl -o json of ours that is no verdict",
	    "{\"SYSLOG_IDENTIFIER\":\"greenlaned\",\"MESSAGE\":\"hello\"}", LOG_FORM_NONE },
	{ "journalctl -o json with a number for a text", "{\"SYSLOG_IDENTIFIER\":\"greenlaned\",\"MESSAGE\":7}",
	    LOG_FORM_NONE },
	{ "journalctl -o json",
	    "{\"SYSLOG_IDENTIFIER\":\"greenlaned\",\"MESSAGE\":\"id=6b0a1000.c.1 outcome=stranger action=pass" END "\"}",
	    LOG_FORM_LINE },
	{ "journalctl -o json with a list of bytes",
	    "{\"SYSLOG_IDENTIFIER\":\"greenlaned\",\"MESSAGE\":[105,100,61,49,32,111,117,116,99,111,109,101,61,117,110,115,117,114,101,32,97,99,116,105,111,110,61,"
	    "100,101,102,101,114,32,119,97,105,116,101,100,61,48]}",
	    LOG_FORM_LINE },
};

static void
values_are_read(void)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded got;
	struct fault why;

	if (arena == NULL)
		abort();
	is_number(log_line_read(arena, span_of("greenlaned: " KEYS), &got, &why), LOG_FORM_LINE, "a line is read");
	is(got.id, "6b0a1000.c.1", "its id");
	is_number(got.when, 0x6b0a1000 * INT64_C(1000), "the time that the id begins with");
	is(got.qid, "4bX1", "its queue id");
	is_number(got.outcome, OUTCOME_STRANGER, "its outcome");
	is_number(got.action, ACTION_GREYLIST, "what was done");
	is_number(got.would, ACTION_PASS, "and would have been");
	is(got.vendor, "", "- is nobody");
	ok(got.at_rcpt, "its stage");
	is_number(got.mode, MODE_MONITOR, "its mode");
	is(got.facts.message_id, "<1 2@x>", "a value in quotes");
	is_number((int64_t)got.facts.rcpt_count, 2, "each recipient");
	is(got.facts.rcpts[1], "b@rx.example", "by itself");
	is(got.facts.sender.domain, "x.example", "the sender's domain");
	is_number(got.tries.count, 1, "how many tries");
	arena_close(arena);
	arena = arena_open(RECORD_ARENA);
	if (arena == NULL)
		abort();
	is_number(log_line_read(arena,
		      span_of("id=1 outcome=unsure action=defer helo=\"a\\x0a\\\"\\\\b\" msgid=\"-\" from=\\xff" END),
		      &got, &why),
	    LOG_FORM_LINE, "a line with escapes is read");
	is(got.facts.helo, "a\n\"\\b", "as the bytes that they stand for");
	is(got.facts.message_id, "-", "a value that is '-' itself is in quotes");
	is(got.from, "\xff", "also without quotes");
	is(got.reason, "-", "what the line does not have is not there");
	arena_close(arena);
}

/* Wherever syslog cuts it: what it lacks would be taken for what was not there. */
static void
no_beginning_is_a_line(void)
{
	size_t taken = 0;

	for (size_t length = 0; length < strlen(KEYS); length++) {
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded got;
		struct fault why;

		if (arena == NULL)
			abort();
		taken += log_line_read(arena, (struct span){ KEYS, length }, &got, &why) == LOG_FORM_LINE;
		arena_close(arena);
	}
	is_number((long long)taken, 0, "no beginning of a line is taken for a whole one");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded got;
		struct fault why = { .text = "" };

		if (arena == NULL)
			abort();
		is_number(log_line_read(arena, span_of(rows[i].line), &got, &why), rows[i].form, "%s", rows[i].what);
		ok((rows[i].form == LOG_FORM_BROKEN) == (why.text[0] != '\0'), "and why only where it is broken");
		arena_close(arena);
	}
	values_are_read();
	no_beginning_is_a_line();
	return done();
}
