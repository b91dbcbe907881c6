#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/util/hash.h"

enum {
	NETWORKS = 2048,
	NAMES = 2048,
	STRANGERS = 4096,
	DEFERRED = 256,
	DRIFT = 256,
	SHARED_BITS_V4 = 24,
	SHARED_BITS_V6 = 64
};

struct report *
report_open(const struct policy *policy, const struct suffix_list *suffixes)
{
	struct report *report = calloc(1, sizeof *report);

	if (report == NULL)
		return NULL;
	*report = (struct report){ .policy = policy, .suffixes = suffixes, .cell_hours = 1 };
	report->vendors = calloc(REPORT_VENDORS, sizeof *report->vendors);
	report->vendor_index = calloc(2 * REPORT_VENDORS, sizeof *report->vendor_index);
	report->pairs = calloc(REPORT_PAIRS, sizeof *report->pairs);
	report->hosts = calloc(REPORT_HOSTS, sizeof *report->hosts);
	report->tuples = calloc(REPORT_TUPLES, sizeof *report->tuples);
	report->networks = top_open(NETWORKS);
	report->names = top_open(NAMES);
	report->strangers = top_open(STRANGERS);
	report->deferred = top_open(DEFERRED);
	report->drift = top_open(DRIFT);
	if (report->vendors != NULL && report->vendor_index != NULL && report->pairs != NULL && report->hosts != NULL &&
	    report->tuples != NULL && report->networks != NULL && report->names != NULL && report->strangers != NULL &&
	    report->deferred != NULL && report->drift != NULL)
		return report;
	report_close(report);
	return NULL;
}

void
report_close(struct report *report)
{
	if (report == NULL)
		return;
	for (size_t i = 0; i < report->vendor_count; i++)
		free(report->vendors[i].series.cells);
	free(report->all.cells);
	free(report->vendors);
	free(report->vendor_index);
	free(report->pairs);
	free(report->hosts);
	free(report->tuples);
	top_close(report->networks);
	top_close(report->names);
	top_close(report->strangers);
	top_close(report->deferred);
	top_close(report->drift);
	free(report);
}

/* ---- vendors ---- */

static const struct vendor *
vendor_of(const struct policy *policy, const char *name)
{
	return strcmp(name, policy->own.name) == 0 ? &policy->own : policy_vendor_named(policy, name);
}

struct report_tally *
report_vendor(struct report *report, const char *name)
{
	char cut[REPORT_NAME];
	size_t at;

	snprintf(cut, sizeof cut, "%s", name);
	at = hash_fold(hash_string(HASH_START, cut)) % (2 * REPORT_VENDORS);
	for (; report->vendor_index[at] != 0; at = (at + 1) % (2 * REPORT_VENDORS))
		if (strcmp(report->vendors[report->vendor_index[at] - 1].name, cut) == 0)
			return &report->vendors[report->vendor_index[at] - 1];
	if (report->vendor_count == REPORT_VENDORS) {
		report->vendors_lost++;
		return NULL;
	}
	report->vendor_index[at] = (uint32_t)++report->vendor_count;
	memcpy(report->vendors[report->vendor_count - 1].name, cut, sizeof cut);
	report->vendors[report->vendor_count - 1].vendor = vendor_of(report->policy, cut);
	return &report->vendors[report->vendor_count - 1];
}

/* ---- one proof of one message ---- */

/* "pass:acme.example,fail:acme.example:why", as a log line has them: what counts has no why. */
static enum tri
dkim_of_line(const struct report *report, const char *signatures, const struct vendor *vendor)
{
	struct span rest = span_of(signatures);
	enum tri found = NO;

	while (rest.length > 0) {
		struct span why = span_cut(&rest, ','), result = span_cut(&why, ':'), d = span_cut(&why, ':');

		found = tri_or(found,
		    proof_signature(report->policy, vendor, d, span_is(result, "pass") && why.length == 0,
			span_is(result, "temperror")));
	}
	return found;
}

static enum tri
dkim_of(const struct report *report, const struct recorded *recorded, const struct vendor *vendor)
{
	if (recorded->at_rcpt)
		return UNKNOWN;
	return tri_or(proof_dkim(report->policy, vendor, &recorded->facts),
	    dkim_of_line(report, recorded->signatures, vendor));
}

static enum tri
listed_of(const struct recorded *recorded, const struct vendor *vendor)
{
	if (recorded->listed[0] != '\0')
		return YES;
	if (recorded->facts.via[0] != '\0' || vendor == NULL || vendor->source_count == 0)
		return UNKNOWN;
	return NO;
}

/* ---- a vendor's message ---- */

static struct prefix
network_of(const struct address *client)
{
	unsigned bits = client->family == ADDRESS_V4 ? SHARED_BITS_V4 : SHARED_BITS_V6;

	return (struct prefix){ address_mask(*client, bits), (uint8_t)bits };
}

/* Refused, or would be if every lock were closed. A delay by greylisting is no refusal. */
static bool
is_refused(const struct recorded *recorded)
{
	return (recorded->outcome == OUTCOME_FORGED || recorded->outcome == OUTCOME_UNPROVEN) &&
	    (recorded->would == ACTION_REJECT || recorded->would == ACTION_QUARANTINE ||
		(recorded->outcome == OUTCOME_FORGED && recorded->would == ACTION_DEFER));
}

static void
note_refused(struct report_pair *pair, const struct recorded *recorded)
{
	uint32_t when = (uint32_t)(recorded->when / 1000);

	pair->refused++;
	pair->listed += recorded->listed[0] != '\0';
	pair->supported += recorded->outcome == OUTCOME_UNPROVEN;
	if (pair->first == 0 || when < pair->first)
		pair->first = when;
	if (when > pair->last)
		pair->last = when;
	if (pair->id_count < REPORT_IDS)
		snprintf(pair->ids[pair->id_count++], REPORT_ID, "%.*s", REPORT_ID - 1, recorded->id);
}

/* Returns whether this network is known to send the vendor's mail. */
static bool
note_pair(struct report *report, const struct report_tally *tally, const struct recorded *recorded, enum tri dkim)
{
	bool vouched = recorded->outcome == OUTCOME_VOUCHED, refused = is_refused(recorded);
	struct prefix network = network_of(&recorded->facts.client);
	struct report_pair *pair;

	if (recorded->facts.client.family == ADDRESS_NONE || recorded->facts.via[0] != '\0')
		return false;
	pair = report_pair(report, (uint32_t)(tally - report->vendors) + 1, &network);
	pair->proven += vouched;
	pair->signed_by += !vouched && dkim == YES;
	if (refused)
		note_refused(pair, recorded);
	return report_knows_network(report, tally->name, &network, recorded->when / 1000, vouched || dkim == YES);
}

/* Does something else speak for it? Only such mail shows that a proof is missing: a forger has none. Of a vendor whose hosts
 * SPF or an exclusive source can prove, signatures are looked for in mail of those hosts alone, as the alert does. */
static bool
is_spoken_for(struct report *report, const struct report_tally *tally, const struct recorded *recorded,
    const enum tri found[REPORT_PROOFS], enum report_proof proof, bool known_network)
{
	bool hosts = found[REPORT_SPF] == YES || proof_is_exclusive(tally->vendor, recorded->listed);
	bool spoken = known_network || recorded->outcome == OUTCOME_VOUCHED || recorded->outcome == OUTCOME_UNPROVEN;

	if (proof == REPORT_DKIM && report_knows_hosts(report, tally->name, recorded->when / 1000, hosts))
		return hosts || recorded->outcome == OUTCOME_VOUCHED;
	for (size_t i = 0; i < REPORT_PROOFS; i++)
		spoken = spoken || (i != (size_t)proof && found[i] == YES);
	return spoken;
}

static void
note_proofs(struct report *report, struct report_tally *tally, struct series_cell *cell,
    const struct recorded *recorded, const enum tri found[REPORT_PROOFS], bool known_network)
{
	for (int i = 0; i < REPORT_PROOFS; i++) {
		bool spoken = is_spoken_for(report, tally, recorded, found, (enum report_proof)i, known_network);

		if (found[i] == UNKNOWN || (found[i] == NO && !spoken))
			continue;
		tally->good[i] += found[i] == YES;
		tally->bad[i] += found[i] == NO;
		if (cell != NULL)
			proof_hour_note(&cell->proofs[i], found[i] == YES, (uint32_t)(recorded->when / 1000));
	}
}

/* Who is named, for the list of names that forgers use. */
static void
note_forged(struct report *report, const struct report_tally *tally, const struct recorded *recorded)
{
	struct prefix network = network_of(&recorded->facts.client);
	struct span from = span_of(recorded->from[0] != '\0' ? recorded->from : recorded->facts.mail_from);
	char key[TOP_KEY], text[PREFIX_TEXT];

	snprintf(key, sizeof key, "%s %s", tally->name,
	    recorded->facts.client.family == ADDRESS_NONE ? "-" : prefix_write(&network, text));
	(void)top_add(report->networks, key, 1, recorded->when);
	from = span_cut(&from, ',');
	snprintf(key, sizeof key, "%s %.*s", tally->name, (int)from.length, from.at);
	for (char *at = key; *at != '\0'; at++)
		*at = text_lower(*at);
	(void)top_add(report->names, key, 1, recorded->when);
}

static bool
passed(const struct recorded *recorded)
{
	return recorded->action == ACTION_PASS || recorded->action == ACTION_TAG || recorded->action == ACTION_QUARANTINE;
}

/* Waited, and came in. */
static bool
waited(const struct recorded *recorded)
{
	return passed(recorded) && recorded->tries.count > 1 && recorded->tries.waited > 0;
}

static void
note_vendor(struct report *report, struct report_tally *tally, const struct recorded *recorded)
{
	const enum tri found[REPORT_PROOFS] = { dkim_of(report, recorded, tally->vendor),
		proof_spf(tally->vendor, &recorded->facts), listed_of(recorded, tally->vendor) };
	struct series_cell *cell = series_cell(report, &tally->series, (uint32_t)(recorded->when / 3600000));
	bool known = note_pair(report, tally, recorded, found[REPORT_DKIM]);

	tally->records++;
	tally->outcomes[recorded->outcome]++;
	if (waited(recorded))
		spread_add(&tally->waited, recorded->tries.waited);
	tally->asked_again += recorded->action == ACTION_GREYLIST;
	tally->unlisted += recorded->outcome == OUTCOME_VOUCHED && found[REPORT_LISTED] == NO;
	tally->first_contacts += recorded->outcome == OUTCOME_VOUCHED && report_is_first_contact(report, recorded);
	if (cell != NULL)
		cell->outcomes[recorded->outcome]++;
	note_proofs(report, tally, cell, recorded, found, known);
	if (recorded->outcome == OUTCOME_FORGED) {
		tally->forged_passed += passed(recorded) && recorded->would != recorded->action;
		note_forged(report, tally, recorded);
	}
}

/* ---- a stranger's message ---- */

/* A stranger who waits and proves himself should be a vendor. */
static void
note_stranger(struct report *report, const struct recorded *recorded, bool first)
{
	const char *from = recorded->from, *at = strrchr(from, '@');
	struct top_entry *entry;

	report->passed_by[recorded->passed_by]++;
	report->strangers_asked += first && recorded->action == ACTION_GREYLIST;
	if (!waited(recorded))
		return;
	spread_add(&report->waited, recorded->tries.waited);
	if (at == NULL || strchr(from, ',') != NULL || strcmp(recorded->dmarc, "pass") != 0)
		return;
	at = suffix_owner(report->suffixes, at + 1) == NULL ? at + 1 : suffix_owner(report->suffixes, at + 1);
	entry = top_add(report->strangers, at, 1, recorded->when);
	entry->sum += (uint64_t)recorded->tries.waited;
	if (recorded->tries.waited > entry->most)
		entry->most = recorded->tries.waited;
}

/* ---- all ---- */

void
report_slow_put(struct report *report, const struct report_slow *slow)
{
	size_t at = report->slow_count;

	while (at > 0 && report->slow[at - 1].ms < slow->ms)
		at--;
	if (at == REPORT_SLOW)
		return;
	if (report->slow_count < REPORT_SLOW)
		report->slow_count++;
	memmove(&report->slow[at + 1], &report->slow[at], (report->slow_count - 1 - at) * sizeof *report->slow);
	report->slow[at] = *slow;
}

static void
note_time(struct report *report, const struct recorded *recorded)
{
	struct report_slow slow = { .ms = recorded->ms, .when = recorded->when };
	const char *at = strrchr(recorded->from, '@');

	if (recorded->outcome == OUTCOME_EXEMPT)
		return;
	spread_add(&report->ms, recorded->ms);
	if (report->slow_count == REPORT_SLOW && recorded->ms <= report->slow[REPORT_SLOW - 1].ms)
		return;
	snprintf(slow.id, sizeof slow.id, "%.*s", REPORT_ID - 1, recorded->id);
	snprintf(slow.whose, sizeof slow.whose, "%.*s", (int)sizeof slow.whose - 1, at == NULL ? recorded->from : at + 1);
	report_slow_put(report, &slow);
}

static void
note_period(struct report *report, int64_t when)
{
	report->last = when;
	if (report->from == 0 || when < report->from)
		report->from = when;
	if (when > report->to)
		report->to = when;
}

int64_t
report_time(const struct recorded *recorded)
{
	int64_t came = proof_time(recorded->id);

	return came > 0 && came <= UINT32_MAX ? came * 1000 : recorded->when;
}

bool
report_take(struct report *report, const struct recorded *recorded)
{
	struct report_tally *tally = recorded->vendor[0] == '\0' ? NULL : report_vendor(report, recorded->vendor);
	struct series_cell *cell = series_cell(report, &report->all, (uint32_t)(recorded->when / 3600000));
	bool first = report_is_first_try(report, recorded);

	note_period(report, recorded->when);
	note_time(report, recorded);
	report->records++;
	report->messages += first;
	report->outcomes[recorded->outcome]++;
	if (cell != NULL)
		cell->outcomes[recorded->outcome]++;
	if (recorded->outcome == OUTCOME_STRANGER)
		note_stranger(report, recorded, first);
	else if (tally != NULL)
		note_vendor(report, tally, recorded);
	report_host_note(report, recorded);
	return !report->failed;
}

void
report_broken(struct report *report)
{
	report->broken++;
}

/* ---- other lines ---- */

/* What stands between two phrases; length 0: they are not there. */
static struct span
between(struct span line, const char *before, const char *after)
{
	const char *end = line.at + line.length, *start = memmem(line.at, line.length, before, strlen(before)), *stop;

	if (start == NULL)
		return (struct span){ line.at, 0 };
	start += strlen(before);
	stop = memmem(start, (size_t)(end - start), after, strlen(after));
	return stop == NULL ? (struct span){ line.at, 0 } : (struct span){ start, (size_t)(stop - start) };
}

/* "drift: source S of V: what" and "drift: DKIM proves mail of V from IP, ...": "V what". */
static void
note_drift(struct report *report, struct span line)
{
	const char *start = memmem(line.at, line.length, "drift: source ", 14);
	struct span vendor, what;
	char key[TOP_KEY];

	if (start == NULL)
		return;
	what = (struct span){ start + 14, line.length - (size_t)(start + 14 - line.at) };
	vendor = between(what, " of ", ":");
	if (vendor.length == 0)
		return;
	snprintf(key, sizeof key, "%.*s %.*s", (int)vendor.length, vendor.at, (int)what.length, what.at);
	(void)top_add(report->drift, key, 1, report->last);
}

/* "alarm: mail of V from IP, which greenlane vouches for, was deferred by WHO: from=": "V WHO". */
static void
note_deferred(struct report *report, struct span line)
{
	struct span vendor = between(line, "alarm: mail of ", " from "),
		    who = between(line, " was deferred by ", ": from=");
	char key[TOP_KEY];

	if (vendor.length == 0 || who.length == 0)
		return;
	snprintf(key, sizeof key, "%.*s %.*s", (int)vendor.length, vendor.at, (int)who.length, who.at);
	(void)top_add(report->deferred, key, 1, report->last);
}

void
report_note(struct report *report, struct span line)
{
	note_drift(report, line);
	note_deferred(report, line);
}
