/* Where the terms of an SPF record lead: what they cost, and whom they pass (RFC 7208, 4.6.4, 5). */
#include <stdio.h>
#include <string.h>

#include "policy/advise/dns_audit_parts.h"

enum { DEPTH_MAX = 12 }; /* more look-ups than a receiver makes */

const char *
audit_term_name(struct dns_audit *audit, const struct spf_term *term)
{
	const char *macro = strrchr(term->spec, '}'), *spec = macro == NULL ? term->spec : macro + 1;
	struct dns_question question;

	while (*spec == '.' || *spec == '%')
		spec++;
	if (term->mechanism == SPF_IP4 || term->mechanism == SPF_IP6 || term->mechanism == SPF_ALL)
		return "";
	if (term->spec[0] == '\0')
		return audit->request->domain;
	return dns_question_make(&question, spec, DNS_TXT)
	    ? audit_kept(audit, arena_string(audit->arena, question.name))
	    : spec;
}

/* ---- what it costs ---- */

struct walk {
	struct dns_audit *audit;
	const char *path[DEPTH_MAX]; /* records that led here */
	unsigned depth;
	bool plain; /* no qualifier but '+' led here */
	struct audit_cost cost;
	struct audit_reached *reached; /* NULL: not wanted */
};

static void walk_record(struct walk *, const char *name);

static void
walk_break(struct walk *walk, const char *name, const char *what)
{
	if (walk->cost.broken[0] == '\0')
		walk->cost.broken = audit_kept(walk->audit,
		    arena_format(walk->audit->arena, "%s: %s", audit_shown(walk->audit, name), what));
}

static void
walk_reach(struct walk *walk, enum spf_mechanism mechanism, const char *name)
{
	struct audit_reached *reached = walk->reached;

	if (reached != NULL && walk->plain && reached->count < sizeof reached->list / sizeof reached->list[0])
		reached->list[reached->count++] = (struct audit_reach){ mechanism, name };
}

static void
walk_include(struct walk *walk, const char *name)
{
	walk_record(walk, name);
}

static void
walk_a(struct walk *walk, const char *name)
{
	bool empty = audit_ask(walk->audit, name, DNS_A)->count + audit_ask(walk->audit, name, DNS_AAAA)->count == 0;

	walk->cost.voids += empty;
	walk->cost.empty = walk->cost.empty || (empty && walk->depth == 1);
}

static void
walk_mx(struct walk *walk, const char *name)
{
	size_t hosts = audit_ask(walk->audit, name, DNS_MX)->count;

	walk->cost.voids += hosts == 0;
	walk->cost.empty = walk->cost.empty || (hosts == 0 && walk->depth == 1);
	if (hosts > SPF_MX_LIMIT)
		walk_break(walk, name, "more than 10 MX hosts");
}

static void
walk_exists(struct walk *walk, const char *name)
{
	walk->cost.voids += audit_ask(walk->audit, name, DNS_A)->count == 0;
}

static const struct {
	void (*follow)(struct walk *, const char *name);
	bool asks;
} mechanisms[] = {
	[SPF_ALL] = { NULL, false },
	[SPF_INCLUDE] = { walk_include, true },
	[SPF_A_TERM] = { walk_a, true },
	[SPF_MX_TERM] = { walk_mx, true },
	[SPF_PTR_TERM] = { NULL, true },
	[SPF_IP4] = { NULL, false },
	[SPF_IP6] = { NULL, false },
	[SPF_EXISTS] = { walk_exists, true },
};

/* Nobody was ever assigned so much: it is as good as all. */
static bool
is_too_broad(const struct spf_term *term)
{
	return (term->mechanism == SPF_IP4 && term->network.bits < 8) ||
	    (term->mechanism == SPF_IP6 && term->network.bits < 16);
}

static void
walk_term(struct walk *walk, const char *domain, const struct spf_term *term)
{
	bool plain = walk->plain;
	const char *name;

	walk->plain = plain && term->qualifier == '+';
	if (walk->plain && (term->mechanism == SPF_ALL || is_too_broad(term)))
		walk->cost.open = true;
	if (mechanisms[term->mechanism].asks && ++walk->cost.lookups <= AUDIT_WALK_MAX) {
		name = term->spec[0] == '\0' ? domain : audit_term_name(walk->audit, term);
		walk_reach(walk, term->mechanism, name);
		if (!term->has_macro && mechanisms[term->mechanism].follow != NULL)
			mechanisms[term->mechanism].follow(walk, name);
	}
	walk->plain = plain;
}

/* Terms, then the redirect when no all ends the record (RFC 7208, 6.1). */
static void
walk_terms(struct walk *walk, const char *name, const struct spf_record *record)
{
	for (size_t i = 0; i < record->count && walk->cost.lookups <= AUDIT_WALK_MAX; i++) {
		walk_term(walk, name, &record->terms[i]);
		if (record->terms[i].mechanism == SPF_ALL)
			return;
	}
	if (record->redirect[0] == '\0' || ++walk->cost.lookups > AUDIT_WALK_MAX)
		return;
	if (!record->redirect_has_macro)
		walk_record(walk, record->redirect);
}

static void
walk_record(struct walk *walk, const char *name)
{
	const struct spf_record *record;
	const char *why;

	if (walk->depth == DEPTH_MAX)
		return;
	for (unsigned i = 0; i < walk->depth; i++)
		if (strcasecmp(walk->path[i], name) == 0) {
			walk_break(walk, name, "a loop");
			return;
		}
	record = audit_spf_of(walk->audit, name, &why);
	if (record == NULL) {
		walk_break(walk, name, why);
		return;
	}
	walk->path[walk->depth++] = name;
	walk_terms(walk, name, record);
	walk->depth--;
}

static struct walk
walk_begin(struct dns_audit *audit, struct audit_reached *reached)
{
	return (struct walk){ .audit = audit,
		.path = { audit->request->domain },
		.depth = 1,
		.plain = true,
		.cost = { .broken = "" },
		.reached = reached };
}

struct audit_cost
audit_term_cost(struct dns_audit *audit, const struct spf_term *term, struct audit_reached *reached)
{
	struct walk walk = walk_begin(audit, reached);

	walk_term(&walk, audit->request->domain, term);
	return walk.cost;
}

struct audit_cost
audit_redirect_cost(struct dns_audit *audit, const char *target, struct audit_reached *reached)
{
	struct walk walk = walk_begin(audit, reached);

	walk.cost.lookups = 1;
	walk_record(&walk, target);
	return walk.cost;
}

/* ---- whom it passes ---- */

struct check {
	struct dns_audit *audit;
	const struct address *client;
	unsigned lookups, depth;
};

static enum tri check_terms(struct check *, const char *name, const struct spf_record *);

static enum tri
check_record(struct check *check, const char *name)
{
	enum tri passes = NO;
	const struct spf_record *record;
	const char *why;

	if (check->depth == DEPTH_MAX || check->lookups > AUDIT_WALK_MAX)
		return UNKNOWN;
	check->depth++;
	record = audit_spf_of(check->audit, name, &why);
	if (record != NULL)
		passes = check_terms(check, name, record);
	check->depth--;
	return passes;
}

static enum tri
check_host(const struct check *check, const struct spf_term *term, const char *name)
{
	bool v4 = check->client->family == ADDRESS_V4;
	const struct dns_answer *answer = audit_ask(check->audit, name, v4 ? DNS_A : DNS_AAAA);
	struct prefix prefix = { .bits = (uint8_t)(v4 ? term->bits4 : term->bits6) };

	for (size_t i = 0; i < answer->count; i++) {
		if (answer->records[i].length != (v4 ? 4 : 16))
			continue;
		prefix.base = v4 ? address_of_v4(answer->records[i].bytes) : address_of_v6(answer->records[i].bytes);
		prefix.base = address_mask(prefix.base, prefix.bits);
		if (prefix_holds(&prefix, check->client))
			return YES;
	}
	return NO;
}

static enum tri
check_mx(const struct check *check, const struct spf_term *term, const char *name)
{
	const struct dns_answer *answer = audit_ask(check->audit, name, DNS_MX);

	for (size_t i = 0; i < answer->count && i < SPF_MX_LIMIT; i++)
		if (check_host(check, term, (const char *)answer->records[i].bytes) == YES)
			return YES;
	return NO;
}

static enum tri
check_term(struct check *check, const char *domain, const struct spf_term *term)
{
	const char *name = term->spec[0] == '\0' ? domain : audit_term_name(check->audit, term);

	if (mechanisms[term->mechanism].asks && (++check->lookups > AUDIT_WALK_MAX || term->has_macro))
		return UNKNOWN;
	switch (term->mechanism) {
	case SPF_ALL:
		return YES;
	case SPF_IP4:
	case SPF_IP6:
		return prefix_holds(&term->network, check->client) ? YES : NO;
	case SPF_A_TERM:
		return check_host(check, term, name);
	case SPF_MX_TERM:
		return check_mx(check, term, name);
	case SPF_INCLUDE:
		return check_record(check, name);
	default:
		return UNKNOWN;
	}
}

/* The first match decides; after one that is not known a pass is still a pass, anything else is not known. */
static enum tri
check_terms(struct check *check, const char *name, const struct spf_record *record)
{
	enum tri no = NO;

	for (size_t i = 0; i < record->count; i++) {
		enum tri match = check_term(check, name, &record->terms[i]);

		if (match == YES)
			return record->terms[i].qualifier == '+' ? YES : no;
		if (match == UNKNOWN)
			no = UNKNOWN;
	}
	if (record->redirect[0] != '\0')
		return tri_or(record->redirect_has_macro ? UNKNOWN : check_record(check, record->redirect), no);
	return no;
}

enum tri
audit_passes(struct dns_audit *audit, const struct spf_record *record, const struct address *client)
{
	struct check check = { .audit = audit, .client = client };

	return check_terms(&check, audit->request->domain, record);
}

/* ---- how it ends ---- */

char
audit_ending(struct dns_audit *audit, const char *name)
{
	const struct spf_record *record = NULL;
	const char *why;

	for (unsigned i = 0; i < DEPTH_MAX && name[0] != '\0'; i++) {
		record = audit_spf_of(audit, name, &why);
		if (record == NULL)
			return '\0';
		for (size_t j = 0; j < record->count; j++)
			if (record->terms[j].mechanism == SPF_ALL)
				return record->terms[j].qualifier;
		name = record->redirect_has_macro ? "" : record->redirect;
	}
	return '\0';
}
