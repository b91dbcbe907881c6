#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "own_dns_parts.h"

enum { ANSWERS_MAX = 8 * 1024 * 1024, TURN_MAX = 8 * 1024 * 1024 };

/* ---- saying ---- */

const char *
own_kept(struct own_dns *own, const char *made)
{
	own->starved = own->starved || made == NULL;
	return made == NULL ? "" : made;
}

const char *
own_shown(struct own_dns *own, const char *published)
{
	char out[OWN_SHOWN_MAX + sizeof "\\255..."];
	size_t end = 0;

	for (; *published != '\0' && end < OWN_SHOWN_MAX; published++) {
		int byte = (unsigned char)*published;

		end += (size_t)snprintf(out + end, sizeof out - end, byte >= ' ' && byte <= '~' ? "%c" : "\\%03d", byte);
	}
	snprintf(out + end, sizeof out - end, "%s", *published == '\0' ? "" : "...");
	return own_kept(own, arena_string(own->arena, out));
}

static void
finding_add(struct own_dns *own, bool wrong, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof text, fmt, args);
	own->report.wrong_count += wrong;
	if (own->report.finding_count < OWN_FINDINGS_MAX)
		own->findings[own->report.finding_count++] = (struct own_dns_finding){
			own->part, wrong, own_kept(own, arena_string(own->arena, text)) };
}

void
own_wrong(struct own_dns *own, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding_add(own, true, fmt, args);
	va_end(args);
}

void
own_advise(struct own_dns *own, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	finding_add(own, false, fmt, args);
	va_end(args);
}

/* ---- answers ---- */

static void
trouble(struct own_dns *own, const char *what, const struct dns_question *question)
{
	const char **text = &own->report.trouble[own->part];

	if ((*text)[0] == '\0')
		*text = own_kept(own, arena_format(own->arena, "%s %s %s", what, dns_type_name(question->type),
		    own_shown(own, question->name)));
}

static struct own_card *
card_find(struct own_dns *own, const struct dns_question *question)
{
	for (size_t i = 0; i < own->card_count; i++)
		if (own->cards[i].question.type == question->type &&
		    strcmp(own->cards[i].question.name, question->name) == 0)
			return &own->cards[i];
	if (own->card_count == OWN_QUESTIONS_MAX)
		return NULL;
	own->cards[own->card_count].question = *question;
	return &own->cards[own->card_count++];
}

/* NULL: nothing to be had from there, in this turn or at all. */
static struct own_card *
card_ask(struct own_dns *own, const char *name, enum dns_type type)
{
	struct dns_question question;
	struct own_card *card;

	if (!dns_question_make(&question, name, type))
		return NULL;
	card = card_find(own, &question);
	if (card == NULL)
		trouble(own, "too much to ask: no answer for", &question);
	else if (!card->answered)
		own->asks = true;
	else if (card->answer.status == DNS_TEMPORARY)
		trouble(own, card->answer.bogus ? "no genuine answer (DNSSEC) for" : "no answer for", &question);
	return card;
}

const struct dns_answer *
own_ask(struct own_dns *own, const char *name, enum dns_type type)
{
	static const struct dns_answer nowhere = { .status = DNS_NXDOMAIN };
	struct own_card *card = card_ask(own, name, type);

	return card == NULL ? &nowhere : &card->answer;
}

static const char *
spf_read(struct own_dns *own, const struct dns_answer *answer, const struct spf_record **out)
{
	const struct dns_record *found = NULL;
	struct spf_record *record = arena_take(own->arena, sizeof *record);
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
		return own_kept(own, NULL);
	if (!spf_text_read(own->arena, (const char *)found->bytes, found->length, record, &why)) {
		own->starved = own->starved || record->starved;
		return own_shown(own, why.text);
	}
	*out = record;
	return "";
}

const struct spf_record *
own_spf_of(struct own_dns *own, const char *name, const char **why)
{
	struct own_card *card = card_ask(own, name, DNS_TXT);

	*why = "no SPF record, the name does not exist";
	if (card == NULL)
		return NULL;
	if (card->turn != own->turn) {
		card->turn = own->turn;
		card->spf = NULL;
		card->spf_why = spf_read(own, &card->answer, &card->spf);
	}
	*why = card->spf_why;
	return card->spf;
}

void
own_dns_answer(struct own_dns *own, const struct dns_answer *answer)
{
	for (size_t i = 0; i < own->card_count; i++) {
		struct own_card *card = &own->cards[i];

		if (card->answered)
			continue;
		card->answered = true;
		own->starved = !dns_answer_copy(own->kept, answer, &card->answer) || own->starved;
		if (card->answer.status != DNS_FOUND)
			card->answer.count = 0;
		return;
	}
}

/* ---- turns ---- */

/* Everything anew: what the last turn made of answers that it did not have is forgotten. */
static void
turn_begin(struct own_dns *own)
{
	struct own_dns_report *report = &own->report;

	arena_close(own->arena);
	own->arena = arena_open(TURN_MAX);
	own->asks = false;
	own->turn++;
	*report = (struct own_dns_report){ .domain = own->request->domain, .spf = "", .dmarc_name = "", .dmarc = "" };
	for (size_t i = 0; i < OWN_DNS_PARTS; i++)
		report->trouble[i] = "";
	if (own->arena == NULL) {
		own->starved = true;
		return;
	}
	own->findings = arena_take(own->arena, OWN_FINDINGS_MAX * sizeof *own->findings);
	own->keys = arena_take(own->arena, OWN_KEYS_MAX * sizeof *own->keys);
	own->starved = own->starved || own->findings == NULL || own->keys == NULL;
	report->findings = own->findings;
	report->keys = own->keys;
}

/* Of a part that DNS was silent about nothing is said, above all not that something is missing. */
static void
part_forget(struct own_dns *own, enum own_dns_part part)
{
	struct own_dns_report *report = &own->report;
	size_t kept = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		if (own->findings[i].part == part)
			report->wrong_count -= own->findings[i].wrong;
		else
			own->findings[kept++] = own->findings[i];
	}
	report->finding_count = kept;
	if (part == OWN_DNS_SPF) {
		report->row_count = 0;
		report->spf = "";
	} else if (part == OWN_DNS_DKIM) {
		report->key_count = 0;
	} else {
		report->dmarc = "";
	}
}

static void
turn_make(struct own_dns *own)
{
	static void (*const parts[])(struct own_dns *) = {
		[OWN_DNS_SPF] = own_spf, [OWN_DNS_DKIM] = own_keys, [OWN_DNS_DMARC] = own_dmarc };

	turn_begin(own);
	for (size_t i = 0; i < OWN_DNS_PARTS && !own->starved; i++) {
		own->part = (enum own_dns_part)i;
		parts[i](own);
		if (own->report.trouble[own->part][0] != '\0')
			part_forget(own, own->part);
	}
}

bool
own_dns_next(struct own_dns *own, struct dns_question *out)
{
	for (unsigned turns = 0; turns < 2 && !own->starved; turns++) {
		for (size_t i = 0; i < own->card_count; i++)
			if (!own->cards[i].answered) {
				*out = own->cards[i].question;
				return true;
			}
		if (own->turn > 0 && !own->asks)
			return false;
		turn_make(own);
	}
	return false;
}

const struct own_dns_report *
own_dns_report(const struct own_dns *own)
{
	return own->starved ? NULL : &own->report;
}

/* ---- open and close ---- */

struct own_dns *
own_dns_open(const struct own_dns_request *request)
{
	struct own_dns *own = calloc(1, sizeof *own);

	if (own == NULL)
		return NULL;
	own->request = request;
	own->kept = arena_open(ANSWERS_MAX);
	own->cards = calloc(OWN_QUESTIONS_MAX, sizeof *own->cards);
	if (own->kept != NULL && own->cards != NULL)
		return own;
	own_dns_close(own);
	return NULL;
}

void
own_dns_close(struct own_dns *own)
{
	if (own == NULL)
		return;
	arena_close(own->kept);
	arena_close(own->arena);
	free(own->cards);
	free(own);
}
