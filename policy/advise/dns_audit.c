#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

enum { ANSWERS_MAX = 8 * 1024 * 1024, TURN_MAX = 8 * 1024 * 1024 };

/* ---- saying ---- */

const char *
audit_kept(struct dns_audit *audit, const char *made)
{
	audit->starved = audit->starved || made == NULL;
	return made == NULL ? "" : made;
}

const char *
audit_shown(struct dns_audit *audit, const char *published)
{
	char out[AUDIT_SHOWN_MAX + sizeof "\\255..."];
	size_t end = 0;

	for (; *published != '\0' && end < AUDIT_SHOWN_MAX; published++) {
		int byte = (unsigned char)*published;

		end += (size_t)snprintf(out + end, sizeof out - end, byte >= ' ' && byte <= '~' ? "%c" : "\\%03d", byte);
	}
	snprintf(out + end, sizeof out - end, "%s", *published == '\0' ? "" : "...");
	return audit_kept(audit, arena_string(audit->arena, out));
}

const char *
audit_shown_span(struct dns_audit *audit, struct span published)
{
	return audit_shown(audit, audit_kept(audit, arena_copy(audit->arena, published.at, published.length)));
}

static void
finding_add(struct dns_audit *audit, bool wrong, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof text, fmt, args);
	audit->report.wrong_count += wrong;
	if (audit->report.finding_count < AUDIT_FINDINGS_MAX)
		audit->findings[audit->report.finding_count++] = (struct dns_audit_finding){ audit->part, wrong,
			audit_kept(audit, arena_string(audit->arena, text)) };
}

void
audit_wrong(struct dns_audit *audit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding_add(audit, true, fmt, args);
	va_end(args);
}

void
audit_advise(struct dns_audit *audit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding_add(audit, false, fmt, args);
	va_end(args);
}

/* ---- answers ---- */

static void
trouble(struct dns_audit *audit, const char *what, const struct dns_question *question)
{
	const char **text = &audit->report.trouble[audit->part];

	if ((*text)[0] == '\0')
		*text = audit_kept(audit,
		    arena_format(audit->arena, "%s %s %s", what, dns_type_name(question->type),
			audit_shown(audit, question->name)));
}

static struct audit_query *
query_find(struct dns_audit *audit, const struct dns_question *question)
{
	for (size_t i = 0; i < audit->query_count; i++)
		if (audit->queries[i].question.type == question->type &&
		    strcmp(audit->queries[i].question.name, question->name) == 0)
			return &audit->queries[i];
	if (audit->query_count == AUDIT_QUESTIONS_MAX)
		return NULL;
	audit->queries[audit->query_count].question = *question;
	return &audit->queries[audit->query_count++];
}

/* NULL: there is no answer to be had, in this turn or at all. */
static struct audit_query *
query_ask(struct dns_audit *audit, const char *name, enum dns_type type)
{
	struct dns_question question;
	struct audit_query *query;

	if (!dns_question_make(&question, name, type))
		return NULL;
	query = query_find(audit, &question);
	if (query == NULL)
		trouble(audit, "too many questions: no answer for", &question);
	else if (!query->answered)
		audit->asks = true;
	else if (query->answer.status == DNS_TEMPORARY)
		trouble(audit, query->answer.bogus ? "no genuine answer (DNSSEC) for" : "no answer for", &question);
	return query;
}

const struct dns_answer *
audit_ask(struct dns_audit *audit, const char *name, enum dns_type type)
{
	static const struct dns_answer nowhere = { .status = DNS_NXDOMAIN };
	struct audit_query *query = query_ask(audit, name, type);

	return query == NULL ? &nowhere : &query->answer;
}

static const char *
spf_read(struct dns_audit *audit, const struct dns_answer *answer, const struct spf_record **out)
{
	const struct dns_record *found = NULL;
	struct spf_record *record = arena_take(audit->arena, sizeof *record);
	struct fault why = { .text = "" };

	for (size_t i = 0; i < answer->count; i++) {
		if (!spf_text_is_record((const char *)answer->records[i].bytes, answer->records[i].length))
			continue;
		if (found != NULL)
			return "two SPF records";
		found = &answer->records[i];
	}
	if (found == NULL)
		return answer->status == DNS_NXDOMAIN ? "no SPF record, the name does not exist" : "no SPF record";
	if (record == NULL)
		return audit_kept(audit, NULL);
	if (!spf_text_read(audit->arena, (const char *)found->bytes, found->length, record, &why)) {
		audit->starved = audit->starved || record->starved;
		return audit_shown(audit, why.text);
	}
	*out = record;
	return "";
}

const struct spf_record *
audit_spf_of(struct dns_audit *audit, const char *name, const char **why)
{
	struct audit_query *query = query_ask(audit, name, DNS_TXT);

	*why = "no SPF record, the name does not exist";
	if (query == NULL)
		return NULL;
	if (query->turn != audit->turn) {
		query->turn = audit->turn;
		query->spf = NULL;
		query->spf_why = spf_read(audit, &query->answer, &query->spf);
	}
	*why = query->spf_why;
	return query->spf;
}

void
dns_audit_answer(struct dns_audit *audit, const struct dns_answer *answer)
{
	for (size_t i = 0; i < audit->query_count; i++) {
		struct audit_query *query = &audit->queries[i];

		if (query->answered)
			continue;
		query->answered = true;
		audit->starved = !dns_answer_copy(audit->kept, answer, &query->answer) || audit->starved;
		if (query->answer.status != DNS_FOUND)
			query->answer.count = 0;
		return;
	}
}

/* ---- turns ---- */

/* Starts over: forgets what the last turn concluded without the answers that it did not have. */
static void
turn_begin(struct dns_audit *audit)
{
	struct dns_audit_report *report = &audit->report;

	arena_close(audit->arena);
	audit->arena = arena_open(TURN_MAX);
	audit->asks = false;
	audit->turn++;
	*report = (struct dns_audit_report){ .domain = audit->request->domain, .spf = "", .dmarc_name = "", .dmarc = "" };
	for (size_t i = 0; i < DNS_AUDIT_PARTS; i++)
		report->trouble[i] = "";
	if (audit->arena == NULL) {
		audit->starved = true;
		return;
	}
	audit->findings = arena_take(audit->arena, AUDIT_FINDINGS_MAX * sizeof *audit->findings);
	audit->keys = arena_take(audit->arena, AUDIT_KEYS_MAX * sizeof *audit->keys);
	audit->starved = audit->starved || audit->findings == NULL || audit->keys == NULL;
	report->findings = audit->findings;
	report->keys = audit->keys;
}

/* Says nothing about a part on which DNS was silent, least of all that something is missing. */
static void
part_forget(struct dns_audit *audit, enum dns_audit_part part)
{
	struct dns_audit_report *report = &audit->report;
	size_t kept = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		if (audit->findings[i].part == part)
			report->wrong_count -= audit->findings[i].wrong;
		else
			audit->findings[kept++] = audit->findings[i];
	}
	report->finding_count = kept;
	if (part == DNS_AUDIT_SPF) {
		report->row_count = 0;
		report->spf = "";
	} else if (part == DNS_AUDIT_DKIM) {
		report->key_count = 0;
	} else {
		report->dmarc = "";
		report->step_count = 0;
	}
}

static void
turn_make(struct dns_audit *audit)
{
	static void (*const parts[])(struct dns_audit
		*) = { [DNS_AUDIT_SPF] = audit_spf, [DNS_AUDIT_DKIM] = audit_keys, [DNS_AUDIT_DMARC] = audit_dmarc };

	turn_begin(audit);
	for (size_t i = 0; i < DNS_AUDIT_PARTS && !audit->starved; i++) {
		audit->part = (enum dns_audit_part)i;
		parts[i](audit);
		if (audit->report.trouble[audit->part][0] != '\0')
			part_forget(audit, audit->part);
	}
}

bool
dns_audit_next(struct dns_audit *audit, struct dns_question *out)
{
	for (unsigned turns = 0; turns < 2 && !audit->starved; turns++) {
		for (size_t i = 0; i < audit->query_count; i++)
			if (!audit->queries[i].answered) {
				*out = audit->queries[i].question;
				return true;
			}
		if (audit->turn > 0 && !audit->asks)
			return false;
		turn_make(audit);
	}
	return false;
}

const struct dns_audit_report *
dns_audit_report(const struct dns_audit *audit)
{
	return audit->starved ? NULL : &audit->report;
}

/* ---- open and close ---- */

struct dns_audit *
dns_audit_open(const struct dns_audit_request *request)
{
	struct dns_audit *audit = calloc(1, sizeof *audit);

	if (audit == NULL)
		return NULL;
	audit->request = request;
	audit->kept = arena_open(ANSWERS_MAX);
	audit->queries = calloc(AUDIT_QUESTIONS_MAX, sizeof *audit->queries);
	if (audit->kept != NULL && audit->queries != NULL)
		return audit;
	dns_audit_close(audit);
	return NULL;
}

void
dns_audit_close(struct dns_audit *audit)
{
	if (audit == NULL)
		return;
	arena_close(audit->kept);
	arena_close(audit->arena);
	free(audit->queries);
	free(audit);
}
