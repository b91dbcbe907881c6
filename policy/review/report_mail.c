#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/review/report_mail.h"
#include "policy/review/report_page.h"
#include "policy/review/report_text.h"
#include "policy/review/report_words.h"
#include "policy/util/date.h"
#include "policy/util/hash.h"

enum { LINE_MAX_QP = 72, DAY = 24 * 3600, PART_MAX = 4 * 1024 * 1024 };

/* Cannot be in a part: quoted-printable writes '=' as "=3D". */
static const char boundary[] = "=_greenlane_report";

/* ---- quoted-printable (RFC 2045, 6.7) ---- */

/* A dot or "From " at the front of a line would mean something to who passes it on. */
static bool
is_plain(const char *at, const char *end, bool front)
{
	if (front && (*at == '.' || *at == 'F'))
		return false;
	if (*at == ' ')
		return at + 1 < end && at[1] != '\n';
	return *at > ' ' && *at < 0x7f && *at != '=';
}

static void
put_quoted(struct text *out, const struct text *part)
{
	const char *end = part->bytes + part->length;
	size_t column = 0;

	for (const char *at = part->bytes; at < end; at++) {
		if (*at == '\n') {
			text_char(out, '\n');
			column = 0;
			continue;
		}
		if (column > LINE_MAX_QP) {
			text_put(out, "=\n");
			column = 0;
		}
		if (is_plain(at, end, column == 0)) {
			text_char(out, *at);
			column++;
		} else {
			text_format(out, "=%02X", (unsigned char)*at);
			column += 3;
		}
	}
}

static void
put_part(struct text *out, const char *type, const struct text *part)
{
	text_format(out, "\n--%s\nContent-Type: %s; charset=us-ascii\nContent-Transfer-Encoding: quoted-printable\n\n",
	    boundary, type);
	put_quoted(out, part);
	text_inherit(out, part);
}

/* ---- the head ---- */

/* "Sun, 29 Nov 2026 09:00:00 +0000" */
static void
put_date(struct text *out, int64_t now)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
		"Nov", "Dec" };
	char date[DATE_TEXT];
	int month;

	date_write(now, date);
	month = (date[5] - '0') * 10 + date[6] - '0';
	text_format(out, "Date: %s, %.2s %s %.4s %.8s +0000\n", days[now / DAY % 7], date + 8,
	    months[month >= 1 && month <= 12 ? month - 1 : 0], date, date + 11);
}

/* What has to be looked at, in our own words: nothing from the network is in a header. */
static void
put_subject(struct text *out, const struct report_view *view)
{
	static const char *const words[REPORT_QUESTIONS] = { "mail came late", "forgeries passed", "a vendor broke",
		"not safe to enforce" };
	const char *before = "";
	struct text answer;
	bool good;

	text_open(&answer, 4096);
	text_put(out, "Subject: greenlane: ");
	for (int i = 0; i < REPORT_QUESTIONS; i++) {
		report_words_answer(view, (enum report_question)i, &answer, &good);
		if (good)
			continue;
		text_format(out, "%s%s", before, words[i]);
		before = ", ";
	}
	text_put(out, before[0] == '\0' ? "all is well\n" : "\n");
	text_inherit(out, &answer);
	text_close(&answer);
}

void
report_mail_write(const struct report_view *view, const char *host, int64_t now, struct text *out)
{
	struct text text, page;

	text_open(&text, PART_MAX);
	text_open(&page, PART_MAX);
	report_text_write(view, false, &text);
	report_page_write(view, REPORT_PAGE_FIRST_SCREEN, &page);
	text_format(out, "From: greenlane <greenlane@%s>\nTo: postmaster@%s\n", host, host);
	put_date(out, now);
	put_subject(out, view);
	text_format(out, "Message-ID: <report.%" PRIx64 ".%016" PRIx64 "@%s>\n", (uint64_t)now,
	    hash_bytes(HASH_START, text.bytes, text.length), host);
	text_format(out,
	    "Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: multipart/alternative;\n boundary=\"%s\"\n",
	    boundary);
	put_part(out, "text/plain", &text);
	put_part(out, "text/html", &page);
	text_format(out, "\n--%s--\n", boundary);
	text_close(&page);
	text_close(&text);
}
