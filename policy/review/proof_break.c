#include <string.h>

#include "policy/review/proof_break.h"
#include "policy/util/domain.h"

/* ---- what a message says ---- */

enum tri
proof_signature(const struct policy *policy, const struct vendor *vendor, struct span d, bool counts, bool silent)
{
	char domain[DOMAIN_TEXT];

	if (d.length >= sizeof domain)
		return NO;
	memcpy(domain, d.at, d.length);
	domain[d.length] = '\0';
	if (vendor != NULL &&
	    (!name_rules_hold_domain(&vendor->dkim, domain) ||
		name_rules_hold_domain(&policy->settings.own.lists, domain)))
		return NO;
	if (counts)
		return YES;
	return silent ? UNKNOWN : NO;
}

enum tri
proof_dkim(const struct policy *policy, const struct vendor *vendor, const struct facts *facts)
{
	enum tri found = NO;

	if (vendor != NULL && vendor->dkim.count == 0)
		return UNKNOWN;
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i];

		found = tri_or(found,
		    proof_signature(policy, vendor, span_of(fact->d), fact->counts, fact->result == AUTH_TEMPERROR));
	}
	return found;
}

enum tri
proof_spf(const struct vendor *vendor, const struct facts *facts)
{
	if (facts->null_sender || facts->sender.domain[0] == '\0' || facts->via[0] != '\0' ||
	    facts->spf.result == AUTH_NOT_ASKED || facts->spf.result == AUTH_TEMPERROR)
		return UNKNOWN;
	if (vendor != NULL && !vendor_owns_sender(vendor, &facts->sender))
		return UNKNOWN;
	return facts->spf.result == AUTH_PASS ? YES : NO;
}

bool
proof_is_exclusive(const struct vendor *vendor, const char *listed)
{
	for (size_t i = 0; vendor != NULL && listed[0] != '\0' && i < vendor->source_count; i++)
		if (vendor->sources[i].exclusive && strcmp(vendor->sources[i].text, listed) == 0)
			return true;
	return false;
}

int64_t
proof_time(const char *id)
{
	enum { DIGITS = 11 }; /* beyond the year 500,000 */
	int64_t seconds = 0;
	int count = 0;

	for (; text_hex_digit(*id) >= 0 && count < DIGITS; id++, count++)
		seconds = seconds * 16 + text_hex_digit(*id);
	return *id == '.' ? seconds : 0;
}

/* ---- an hour ---- */

static void
note_first_good(struct proof_hour *hour, uint32_t when)
{
	hour->good_first = hour->good_last = when;
	if (hour->bad > 0 && hour->bad_first > when)
		return; /* the run comes after it */
	hour->lead = hour->bad_last <= when ? hour->bad : 0;
	hour->bad_after = hour->run = 0;
}

static void
end_run(struct proof_hour *hour, uint32_t when)
{
	if (hour->bad_after > when)
		return;
	if (hour->run > hour->inner.count) {
		hour->inner.count = hour->run;
		hour->inner.since = hour->bad_after;
		hour->inner.until = when;
	}
	hour->bad_after = hour->run = 0;
}

static void
note_good(struct proof_hour *hour, uint32_t when)
{
	if (hour->good++ == 0) {
		note_first_good(hour, when);
	} else if (when < hour->good_first) {
		hour->good_first = when;
		hour->lead = 0; /* how many of them were before it is not known */
	} else if (when >= hour->good_last) {
		hour->good_last = when;
		end_run(hour, when);
	}
}

void
proof_hour_note(struct proof_hour *hour, bool good, uint32_t when)
{
	if (good) {
		note_good(hour, when);
		return;
	}
	hour->bad++;
	if (hour->bad_first == 0 || when < hour->bad_first)
		hour->bad_first = when;
	if (when > hour->bad_last)
		hour->bad_last = when;
	if (hour->good > 0 && when < hour->good_first)
		hour->lead++;
	if (when < hour->good_last)
		return;
	hour->run++;
	if (hour->bad_after == 0 || when < hour->bad_after)
		hour->bad_after = when;
}

static uint32_t
earlier(uint32_t a, uint32_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static uint32_t
later(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Bad ones of this part before the first good one of both. */
static uint32_t
lead_of(const struct proof_hour *part, uint32_t first)
{
	if (part->good > 0)
		return part->good_first == first ? part->lead : 0;
	return part->bad_last <= first ? part->bad : 0;
}

/* Bad ones of this part after the last good one of both. */
static uint32_t
run_of(const struct proof_hour *part, uint32_t last)
{
	return part->bad_after >= last ? part->run : 0;
}

void
proof_hour_join(struct proof_hour *into, const struct proof_hour *from)
{
	struct proof_hour sum = { .good = into->good + from->good,
		.bad = into->bad + from->bad,
		.good_first = earlier(into->good_first, from->good_first),
		.good_last = later(into->good_last, from->good_last),
		.bad_first = earlier(into->bad_first, from->bad_first),
		.bad_last = later(into->bad_last, from->bad_last) };
	uint32_t ours = run_of(into, sum.good_last), theirs = run_of(from, sum.good_last);

	if (sum.good > 0)
		sum.lead = lead_of(into, sum.good_first) + lead_of(from, sum.good_first);
	sum.run = ours + theirs;
	sum.inner = into->inner.count >= from->inner.count ? into->inner : from->inner;
	sum.bad_after = earlier(ours > 0 ? into->bad_after : 0, theirs > 0 ? from->bad_after : 0);
	*into = sum;
}

/* ---- a run ---- */

enum { REMEMBERED = 1000, AFTER_BREAK = 32 };

/* How rarely chance alone may make a run: once in a thousand million messages. */
static const double CHANCE = 1e-9;

/* So many failures that chance does not explain, by the share that was good; one more of each is taken for granted. */
static bool
is_unlikely(const struct proof_run *run)
{
	double fails = (double)(run->bad + 1) / (double)(run->good + run->bad + 2), chance = 1;

	for (uint64_t i = 0; i < run->failed && i < UINT16_MAX && chance > CHANCE; i++)
		chance *= fails;
	return chance <= CHANCE;
}

bool
proof_run_is_break(const struct proof_run *run, uint32_t least)
{
	return run->failed > 0 && run->failed >= least && run->good >= least && is_unlikely(run);
}

/* What was before counts for less the longer it is ago. */
static void
forget(struct proof_run *run)
{
	for (; run->good + run->bad > REMEMBERED; run->bad /= 2)
		run->good /= 2;
}

/* What ended belongs to what was before; of a break only so much that the next one must be plainer, for a proof that comes and
 * goes is not to be told again and again. */
static void
settle(struct proof_run *run, const struct proof_run *ended)
{
	run->bad += is_unlikely(ended) && ended->failed > AFTER_BREAK ? AFTER_BREAK : ended->failed;
	forget(run);
}

static void
fail(struct proof_run *run, uint32_t count, uint32_t since)
{
	if (count == 0)
		return;
	run->failed += count;
	run->since = run->since == 0 ? since : run->since;
}

/* An hour with a good one. */
static unsigned
add_good(struct proof_run *run, const struct proof_hour *hour, struct proof_run ended[PROOF_ENDED])
{
	uint64_t told = (uint64_t)hour->lead + hour->run + hour->inner.count;
	unsigned count = 0;

	if (run->failed > 0) {
		ended[count] = *run;
		ended[count].until = hour->good_first;
		run->failed = run->since = 0;
		settle(run, &ended[count++]);
	}
	run->good += hour->good;
	run->bad += hour->bad > told ? hour->bad - told : 0; /* sums of a state may have wrapped around */
	forget(run);
	if (hour->inner.count > 0) {
		ended[count] = (struct proof_run){ run->good, run->bad, hour->inner.count, hour->inner.since,
			hour->inner.until };
		settle(run, &ended[count++]);
	}
	return count;
}

unsigned
proof_run_add(struct proof_run *run, const struct proof_hour *hour, struct proof_run ended[PROOF_ENDED])
{
	unsigned count;

	fail(run, hour->lead, hour->bad_first);
	count = hour->good > 0 ? add_good(run, hour, ended) : 0;
	fail(run, hour->run, hour->bad_after);
	return count;
}
