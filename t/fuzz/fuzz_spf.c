/*
 * Any bytes as a check of SPF: a line "CLIENT SENDER HELO", then lines of the zone that is asked. libspf2 sees only what the gate lets
 * pass, so it refuses no record but a loop; a second check ends as the first; and where the sender's record holds nothing but addresses, a
 * reader of three lines finds the same result.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/checks/check_spf.h"
#include "policy/dns/spf_text.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/resolver_canned.h"

enum { LINES_MAX = 100, WORD_MAX = 400, ARENA = 4 << 20 };

struct input {
	struct canned_zone *zone;
	char client[WORD_MAX], sender[WORD_MAX], helo[WORD_MAX];
	bool leads_on; /* some record has an include or a redirect */
};

static void
word_take(struct span *rest, char mark, char out[WORD_MAX])
{
	struct span word = span_cut(rest, mark);

	word.length = word.length < WORD_MAX ? word.length : WORD_MAX - 1;
	memcpy(out, word.at == NULL ? "" : word.at, word.length);
	out[word.length] = '\0';
}

static bool
has(const char *line, const char *word)
{
	return strcasestr(line, word) != NULL;
}

static void
input_read(struct span rest, struct input *input)
{
	struct span first = span_cut(&rest, '\n');
	struct fault why;

	word_take(&first, ' ', input->client);
	word_take(&first, ' ', input->sender);
	word_take(&first, ' ', input->helo);
	must((input->zone = canned_zone_open()) != NULL);
	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++) {
		struct span line = span_cut(&rest, '\n');
		char *copy = strndup(line.at, line.length);

		must(copy != NULL);
		/* \DDD may write any letter */
		if (canned_zone_line(input->zone, copy, &why) &&
		    (has(copy, "include") || has(copy, "redirect") || has(copy, "\\")))
			input->leads_on = true;
		free(copy);
	}
}

/* ---- the second reader ---- */

/* Is there one record for the domain, which holds nothing but addresses? */
static bool
addresses_only(const struct canned_zone *zone, struct arena *arena, const char *domain, struct spf_record *out)
{
	struct dns_question question;
	struct dns_answer answer;
	size_t found = 0;
	struct fault why;

	if (!dns_question_make(&question, domain, DNS_TXT))
		return false;
	canned_zone_answer(zone, &question, &answer);
	for (size_t i = 0; answer.status == DNS_FOUND && i < answer.count; i++)
		if (spf_text_is_record((const char *)answer.records[i].bytes, answer.records[i].length) && found++ == 0 &&
		    !spf_text_read(arena, (const char *)answer.records[i].bytes, answer.records[i].length, out, &why))
			return false;
	if (found != 1 || out->redirect[0] != '\0')
		return false;
	for (size_t i = 0; i < out->count; i++)
		if (out->terms[i].mechanism != SPF_ALL && out->terms[i].mechanism != SPF_IP4 &&
		    out->terms[i].mechanism != SPF_IP6)
			return false;
	return true;
}

static enum auth_result
result_of(const struct spf_record *record, const struct address *client)
{
	for (size_t i = 0; i < record->count; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->mechanism == SPF_ALL || prefix_holds(&term->network, client))
			return term->qualifier == '+' ? AUTH_PASS
			    : term->qualifier == '-'  ? AUTH_FAIL
			    : term->qualifier == '~'  ? AUTH_SOFTFAIL
						      : AUTH_NEUTRAL;
	}
	return AUTH_NEUTRAL;
}

/* ---- the check ---- */

static void
check(const struct input *input, struct resolver *resolver, struct arena *arena)
{
	struct spf_query query = { .helo = input->helo, .mail_from = input->sender, .standing = STANDING_STRANGER };
	struct spf_detail detail = { NULL, false }, detail_again = { NULL, false };
	struct spf_fact fact, again;
	struct spf_record record;

	if (!address_read(input->client, &query.client))
		return;
	(void)check_spf(resolver, NULL, arena, &query, &fact, &detail);
	(void)check_spf(resolver, NULL, arena, &query, &again, &detail_again);
	if (arena_failed(arena))
		return;
	must(fact.result == again.result && strcmp(fact.domain, again.domain) == 0 &&
	    detail.narrow == detail_again.narrow);
	must((fact.result == AUTH_PERMERROR) == (detail.why != NULL));
	must(detail.why == NULL || input->leads_on || strstr(detail.why, "forms a loop") == NULL);
	if (fact.result != AUTH_NONE && fact.result != AUTH_TEMPERROR &&
	    addresses_only(input->zone, arena, fact.domain, &record))
		must(fact.result == result_of(&record, &query.client));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(ARENA);
	struct input input = { .leads_on = false };
	struct resolver *resolver;
	struct fault why;

	input_read((struct span){ (const char *)data, size }, &input);
	resolver = resolver_canned(input.zone, &why);
	must(arena != NULL && resolver != NULL);
	check(&input, resolver, arena);
	resolver_close(resolver);
	canned_zone_close(input.zone);
	arena_close(arena);
	return 0;
}
