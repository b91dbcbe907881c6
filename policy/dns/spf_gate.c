#include <string.h>

#include "policy/dns/spf_gate.h"
#include "policy/dns/spf_text.h"
#include "policy/util/text.h"

static const char no_record[] = "an include or redirect names it, but it has no SPF record"; /* RFC 7208, 5.2 and 6.1 */

enum { WRITTEN_MAX = 2 * SPF_RECORD_MAX };
enum {
	NARROW_IPV4 = 12,
	NARROW_IPV6 = 28
};                                     /* as refresh.widest_ipv4 and widest_ipv6 have it where nothing is written */
enum { NAMES_MAX = SPF_MX_LIMIT + 1 }; /* the eleventh MX name is an error, but only when it is asked for */

/* What a question is for. */
enum purpose {
	PURPOSE_FIRST,     /* the record of the domain itself: free */
	PURPOSE_TERM,      /* a term that causes look-ups (RFC 7208, 4.6.4) */
	PURPOSE_MX_TARGET, /* an address of a name from an MX or PTR answer: counted there */
	PURPOSE_PTR_NAME
};

struct spf_gate {
	struct arena *arena;
	struct spf_view view;
	struct spf_names stand_ins;
	bool started, permerror, temperror;
	struct fault why; /* of the first permanent error */
	bool p_counted;
	unsigned terms, voids;
	enum purpose purpose; /* of the question that is open */
	bool lured;           /* did the sender's own words lead to it? */
	struct silence silence;
	bool wide, closed; /* some term lists too much; the last record of the redirects ends in -all */
	const char *end;   /* whose record that is, as far as it was read; NULL: nobody's any more */

	/* names of the last MX or PTR answer; libspf2 asks for their addresses next, in order */
	char (*names)[DNS_NAME_TEXT];
	size_t count, next;
	enum purpose names_purpose;
	bool names_lured;
};

struct spf_gate *
spf_gate_open(struct arena *arena, const struct spf_view *view)
{
	struct spf_gate *gate = arena_take(arena, sizeof *gate);

	if (gate == NULL)
		return NULL;
	gate->arena = arena;
	gate->stand_ins.arena = arena;
	gate->view = *view;
	gate->view.name = NULL;
	return gate;
}

bool
spf_gate_is_permerror(const struct spf_gate *gate)
{
	return gate->permerror;
}

struct silence
spf_gate_silence(const struct spf_gate *gate)
{
	return gate->silence;
}

bool
spf_gate_is_temperror(const struct spf_gate *gate)
{
	return gate->temperror;
}

bool
spf_gate_is_shaped(const struct spf_gate *gate, const char *domain)
{
	return spf_names_find(&gate->stand_ins, domain) != NULL || spf_names_hold(&gate->stand_ins, domain);
}

const char *
spf_gate_why(const struct spf_gate *gate)
{
	return gate->why.text;
}

/* A permanent error in asking for this name, or in its record. Only the first is reported. */
static void
refuse(struct spf_gate *gate, const char *name, const char *what)
{
	if (!gate->permerror)
		fault_set(&gate->why, "%s: %s", name, what);
	gate->permerror = true;
}

/* Counts one more term that causes look-ups; the name is what it asks for. */
static bool
term_count(struct spf_gate *gate, const char *name)
{
	if (++gate->terms > SPF_TERMS_LIMIT)
		refuse(gate, name, "the eleventh term that needs DNS asks for it, and ten are allowed");
	return !gate->permerror;
}

const char *
spf_gate_name(struct spf_gate *gate, const char *domain)
{
	const struct spf_stood_in *found = spf_names_find(&gate->stand_ins, domain);

	gate->lured = spf_names_lured(&gate->stand_ins, domain);
	if (found == NULL)
		return domain;
	if (found->by_p && !gate->p_counted) { /* its PTR look-up counts (RFC 7208, 4.6.4) */
		gate->p_counted = true;
		term_count(gate, found->name);
	}
	return found->name;
}

static bool
is_address(enum dns_type type)
{
	return type == DNS_A || type == DNS_AAAA;
}

static bool
is_expected(struct spf_gate *gate, const struct dns_question *question)
{
	if (!is_address(question->type))
		return false;
	for (size_t i = gate->next; i < gate->count; i++)
		if (strcmp(gate->names[i], question->name) == 0) {
			gate->next = i + 1;
			if (i >= SPF_MX_LIMIT) /* RFC 7208, 4.6.4 */
				refuse(gate, question->name,
				    "it is the eleventh mail host of one mx term, and ten are allowed");
			return true;
		}
	return false;
}

bool
spf_gate_ask(struct spf_gate *gate, const struct dns_question *question)
{
	if (gate->permerror || gate->temperror)
		return false;
	if (!gate->started) {
		gate->started = true;
		gate->purpose = PURPOSE_FIRST;
		return true;
	}
	if (is_expected(gate, question)) {
		gate->purpose = gate->names_purpose;
		gate->lured = gate->names_lured;
		return !gate->permerror;
	}
	gate->count = 0;
	gate->purpose = PURPOSE_TERM;
	return term_count(gate, question->name);
}

bool
spf_gate_asks_client(const struct spf_gate *gate)
{
	return gate->purpose == PURPOSE_PTR_NAME;
}

/* ---- answers ---- */

static const struct dns_record *
record_of(struct spf_gate *gate, const char *text, size_t length)
{
	struct dns_record *record = arena_take(gate->arena, sizeof *record);
	char *copy = arena_copy(gate->arena, text, length);

	if (record == NULL || copy == NULL)
		return NULL;
	*record = (struct dns_record){ .bytes = (const uint8_t *)copy, .length = (uint16_t)length };
	return record;
}

/* Does it let more pass than one sender can have? The client, by a macro or its own PTR record, may be anybody. */
static bool
is_wide(const struct spf_term *term)
{
	if (term->qualifier != '+')
		return false;
	switch (term->mechanism) {
	case SPF_IP4:
	case SPF_IP6:
		return term->network.bits < (term->network.base.family == ADDRESS_V4 ? NARROW_IPV4 : NARROW_IPV6);
	case SPF_A_TERM:
	case SPF_MX_TERM:
		return term->has_macro || term->bits4 < NARROW_IPV4 || term->bits6 < NARROW_IPV6;
	case SPF_INCLUDE:
		return term->has_macro;
	default:
		return true;
	}
}

/* Where the record of the domain ends, or of what it redirects to. */
static void
end_note(struct spf_gate *gate, const struct dns_question *question, const struct spf_record *record)
{
	struct dns_question next;

	if (gate->purpose != PURPOSE_FIRST && (gate->end == NULL || strcmp(gate->end, question->name) != 0))
		return;
	gate->closed = false;
	gate->end = NULL;
	for (size_t i = 0; i < record->count; i++)
		if (record->terms[i].mechanism == SPF_ALL) {
			gate->closed = record->terms[i].qualifier == '-';
			return;
		}
	if (record->redirect[0] != '\0' && !record->redirect_has_macro &&
	    dns_question_make(&next, record->redirect, DNS_TXT))
		gate->end = arena_string(gate->arena, next.name);
}

bool
spf_gate_is_narrow(const struct spf_gate *gate)
{
	return gate->closed && !gate->wide;
}

/* The one record that libspf2 may see. */
static void
record_see(struct spf_gate *gate, const struct dns_question *question, const struct dns_record *given,
    struct dns_answer *seen)
{
	const struct dns_record *record = NULL;
	struct spf_record read;
	struct text written;
	struct fault why;

	if (!spf_text_read(gate->arena, (const char *)given->bytes, given->length, &read, &why)) {
		if (read.starved)
			gate->temperror = true;
		else
			refuse(gate, question->name, why.text);
		return;
	}
	for (size_t i = 0; i < read.count; i++)
		gate->wide = gate->wide || is_wide(&read.terms[i]);
	end_note(gate, question, &read);
	gate->view.domain = question->name;
	gate->view.lured = gate->lured;
	text_open(&written, WRITTEN_MAX);
	if (spf_write(&read, &gate->view, &gate->stand_ins, &written))
		record = record_of(gate, written.bytes, written.length);
	if (written.failed)
		arena_fail(gate->arena);
	text_close(&written);
	if (record == NULL) {
		gate->temperror = true;
		return;
	}
	seen->status = DNS_FOUND;
	seen->count = 1;
	seen->records = record;
}

bool
spf_gate_wants_name(const struct spf_gate *gate, const struct dns_question *question, const struct dns_answer *answer)
{
	if (gate->view.name != NULL || question->type != DNS_TXT)
		return false;
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (spf_text_is_record((const char *)record->bytes, record->length) &&
		    (memmem(record->bytes, record->length, "%{p", 3) != NULL ||
			memmem(record->bytes, record->length, "%{P", 3) != NULL))
			return true;
	}
	return false;
}

void
spf_gate_give_name(struct spf_gate *gate, const char *name)
{
	gate->view.name = name;
}

/* RFC 7208, 4.5: exactly one SPF record; include (5.2) and redirect (6.1) must find one. */
static void
text_see(struct spf_gate *gate, const struct dns_question *question, const struct dns_answer *answer,
    struct dns_answer *seen)
{
	const struct dns_record *found = NULL;

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (!spf_text_is_record((const char *)record->bytes, record->length))
			continue;
		if (found != NULL)
			refuse(gate, question->name, "it has more than one SPF record");
		found = record;
	}
	if (found == NULL && gate->purpose != PURPOSE_FIRST)
		refuse(gate, question->name, no_record);
	if (found != NULL && !gate->permerror)
		record_see(gate, question, found, seen);
}

/* Keeps the names of an MX or PTR answer that can be those of hosts, at most `limit`. */
static void
names_see(struct spf_gate *gate, const struct dns_answer *answer, size_t limit, enum purpose purpose,
    struct dns_answer *seen)
{
	struct dns_record *kept = arena_take(gate->arena, limit * sizeof *kept);
	struct dns_question name;

	if (gate->names == NULL)
		gate->names = arena_take(gate->arena, NAMES_MAX * sizeof *gate->names);
	if (kept == NULL || gate->names == NULL) {
		gate->temperror = true;
		return;
	}
	gate->count = gate->next = 0;
	gate->names_purpose = purpose;
	gate->names_lured = gate->lured;
	for (size_t i = 0; i < answer->count && i < limit; i++) {
		const char *bytes = (const char *)answer->records[i].bytes;

		/* null MX (RFC 7505) and names with bytes that no host has lead nowhere */
		if (strchr(bytes, '\\') != NULL || !dns_question_make(&name, bytes, DNS_A))
			continue;
		memcpy(gate->names[gate->count], name.name, sizeof name.name);
		kept[gate->count++] = answer->records[i];
	}
	seen->status = gate->count > 0 ? DNS_FOUND : DNS_EMPTY;
	seen->count = gate->count;
	seen->records = kept;
}

/* Addresses as libspf2 is to see them; those of another length are left out. */
static void
addresses_see(struct spf_gate *gate, enum dns_type type, const struct dns_answer *answer, struct dns_answer *seen)
{
	size_t length = type == DNS_A ? 4 : 16, count = answer->count;
	struct address address = { .family = type == DNS_A ? ADDRESS_V4 : ADDRESS_V6 };
	struct dns_record *kept = arena_take(gate->arena, count * sizeof *kept);
	uint8_t *bytes = arena_take(gate->arena, count * length);

	if (kept == NULL || bytes == NULL) {
		gate->temperror = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (answer->records[i].length != length)
			continue;
		memcpy(address.bytes, answer->records[i].bytes, length);
		memcpy(bytes, spf_alias(address, &gate->view.client).bytes, length);
		kept[seen->count++] = (struct dns_record){ .bytes = bytes, .length = (uint16_t)length };
		bytes += length;
	}
	seen->status = seen->count > 0 ? DNS_FOUND : DNS_EMPTY;
	seen->records = kept;
}

static void
found_see(struct spf_gate *gate, const struct dns_question *question, const struct dns_answer *answer,
    struct dns_answer *seen)
{
	switch (question->type) {
	case DNS_TXT:
		text_see(gate, question, answer, seen);
		break;
	case DNS_MX:
		names_see(gate, answer, SPF_MX_LIMIT + 1, PURPOSE_MX_TARGET, seen);
		break;
	case DNS_PTR:
		names_see(gate, answer, SPF_PTR_LIMIT, PURPOSE_PTR_NAME, seen);
		break;
	case DNS_A:
	case DNS_AAAA:
		addresses_see(gate, question->type, answer, seen);
		break;
	default:
		break;
	}
}

/* A failed look-up of PTR or of a PTR's name only does not match (RFC 7208, 5.5); all others end the check. */
static void
temporary_see(struct spf_gate *gate, const struct dns_question *question, struct dns_answer *seen)
{
	if (question->type == DNS_PTR || gate->purpose == PURPOSE_PTR_NAME)
		return;
	if (!gate->temperror)
		gate->silence = (struct silence){ arena_string(gate->arena, question->name), gate->lured };
	gate->temperror = true;
	seen->status = DNS_TEMPORARY;
}

void
spf_gate_answer(struct spf_gate *gate, const struct dns_question *question, const struct dns_answer *answer,
    struct dns_answer *seen)
{
	*seen = (struct dns_answer){ .status = DNS_EMPTY, .ttl = answer->ttl };
	switch (answer->status) {
	case DNS_FOUND:
		found_see(gate, question, answer, seen);
		break;
	case DNS_TEMPORARY:
		temporary_see(gate, question, seen);
		break;
	case DNS_EMPTY:
	case DNS_NXDOMAIN:
		seen->status = answer->status;
		if (question->type == DNS_TXT && gate->purpose == PURPOSE_TERM)
			refuse(gate, question->name, no_record);
		if (gate->purpose == PURPOSE_TERM && ++gate->voids > SPF_VOIDS_LIMIT)
			refuse(gate, question->name,
			    "it is the third name that DNS knows nothing about, and two are allowed");
		break;
	}
}
