/*
 * Any bytes as DMARC records on the way up from a domain. The first line is the author's domain, the second the names
 * that SPF and signatures prove; each line after that is the answer to one question: "!" is silence, nothing is no such
 * name, and a tab parts several records.
 */
#include <string.h>

#include "policy/mail/dmarc.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"

enum { RECORDS_MAX = 8, SIGNATURES_MAX = 20, QUESTIONS_MAX = DMARC_WALKS_MAX * DMARC_STEPS_MAX + 1 };

static void
check_record(struct span text)
{
	struct dmarc_record record;

	if (dmarc_record_read(text.at, text.length, &record))
		must(text.length <= DMARC_RECORD_MAX && record.p <= DMARC_REJECT && record.sp <= DMARC_REJECT &&
		    record.np <= DMARC_REJECT && (record.has_sp || record.sp == record.p) &&
		    (record.has_np || record.np == record.sp));
	else
		must(!record.usable && record.psd == DMARC_PSD_UNKNOWN);
}

static struct dns_answer
answer_of(struct span line, struct dns_record records[RECORDS_MAX])
{
	struct dns_answer answer = { .status = DNS_FOUND, .records = records };

	if (line.length == 0)
		return (struct dns_answer){ .status = DNS_NXDOMAIN };
	if (span_is(line, "!"))
		return (struct dns_answer){ .status = DNS_TEMPORARY };
	while (line.length > 0 && answer.count < RECORDS_MAX) {
		struct span text = span_cut(&line, '\t');

		check_record(text);
		records[answer.count++] = (struct dns_record){ .bytes = (const uint8_t *)text.at,
			.length = (uint16_t)(text.length < UINT16_MAX ? text.length : UINT16_MAX) };
	}
	return answer;
}

static void
check_walk(const struct dmarc_walk *walk)
{
	const char *organisation = dmarc_walk_organisation(walk), *least = dmarc_walk_least(walk);
	const char *rest[DMARC_STEPS_MAX];

	must(walk->count <= DMARC_STEPS_MAX && walk->count + dmarc_walk_rest(walk, rest) <= DMARC_STEPS_MAX);
	must(walk->start[0] == '\0' || domain_is_under(walk->start, organisation));
	must(walk->start[0] == '\0' || domain_is_under(organisation, least));
	for (size_t i = 1; i < walk->count; i++)
		must(strlen(walk->steps[i].domain) < strlen(walk->steps[i - 1].domain) &&
		    domain_is_under(walk->start, walk->steps[i].domain));
}

static void
check_fact(const struct dmarc_fact *fact)
{
	must(fact->result != AUTH_NOT_ASKED && fact->said != AUTH_NOT_ASKED);
	must((fact->domain[0] != '\0') == (fact->tag != NULL));
	must((fact->silent == NULL) == (fact->silent_of == NULL));
	must(fact->result != AUTH_PASS || fact->by > DMARC_BY_NOTHING);
	must(fact->result != AUTH_FAIL || fact->domain[0] != '\0');
}

static void
evaluate(struct arena *arena, const char *author, struct facts *facts, struct span lines)
{
	static const struct suffix_list none = { NULL };
	unsigned walks = DMARC_WALKS_MAX, questions = 0;
	struct dns_record records[RECORDS_MAX];
	struct dns_question question;
	struct dmarc_check check;
	struct dmarc_fact fact;
	const char *start;

	dmarc_begin(&check, &none, facts, author, &walks);
	while (dmarc_next(&check, &question, &start)) {
		struct dns_answer answer = answer_of(span_cut(&lines, '\n'), records);

		must(++questions <= QUESTIONS_MAX);
		dmarc_answer(&check, &answer);
		check_walk(&check.author);
		if (check.other.start != NULL)
			check_walk(&check.other);
	}
	dmarc_finish(&check, arena, &fact);
	check_fact(&fact);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, first = span_cut(&rest, '\n'), names = span_cut(&rest, '\n');
	struct arena *arena = arena_open(1 << 20);
	struct dkim_fact dkim[SIGNATURES_MAX];
	struct facts facts = { .via = "", .dkim = dkim, .spf = { AUTH_NONE, false, "" } };
	char author[DOMAIN_TEXT] = "";

	if (!domain_read(first.at, first.length, author, NULL))
		author[0] = '\0';
	while (arena != NULL && names.length > 0 && facts.dkim_count < SIGNATURES_MAX) {
		struct span name = span_cut(&names, ' ');
		const char *d = arena_copy(arena, name.at, name.length);

		if (d == NULL)
			break;
		if (facts.dkim_count == 0)
			facts.spf = (struct spf_fact){ AUTH_PASS, false, d };
		dkim[facts.dkim_count++] =
		    (struct dkim_fact){ .d = d, .s = "", .result = AUTH_PASS, .counts = true, .passes = true, .why = "" };
	}
	if (arena != NULL)
		evaluate(arena, author, &facts, rest);
	arena_close(arena);
	return 0;
}
