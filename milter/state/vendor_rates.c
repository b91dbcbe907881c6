#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/source_files.h"
#include "milter/state/vendor_rates.h"
#include "policy/review/alert_rates_save.h"
#include "policy/util/hash.h"

enum { PLACES = 2 * VENDOR_RATES_MAX }; /* a power of two */
enum { FILE_BYTES = 16 * 1024 * 1024, DAY = 24 * 3600, KEPT_DAYS = 90 };

static const char file_name[] = "rates";

struct vendor_rates {
	pthread_mutex_t lock;
	size_t count;
	bool changed, unsaved; /* since it was saved; the last save failed */
	struct watched {
		struct alert_rates rates;
		char name[];
	} * places[PLACES]; /* NULL: it is free */
};

struct vendor_rates *
vendor_rates_open(struct fault *why)
{
	struct vendor_rates *all = calloc(1, sizeof *all);

	if (all == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&all->lock, NULL);
	return all;
}

void
vendor_rates_close(struct vendor_rates *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(all->places[i]);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* ---- with the lock ---- */

/* Its place, or the free one where it belongs. */
static struct watched **
find(struct vendor_rates *all, const char *name)
{
	size_t at = hash_fold(hash_string(HASH_START, name)) % PLACES;

	while (all->places[at] != NULL && strcmp(all->places[at]->name, name) != 0)
		at = (at + 1) % PLACES;
	return &all->places[at];
}

/* NULL: there is no room, or no memory. */
static struct alert_rates *
take(struct vendor_rates *all, const char *name)
{
	struct watched **place = find(all, name);
	size_t size = strlen(name) + 1;

	if (*place == NULL && all->count < VENDOR_RATES_MAX && (*place = calloc(1, sizeof **place + size)) != NULL) {
		memcpy((*place)->name, name, size);
		all->count++;
	}
	return *place == NULL ? NULL : &(*place)->rates;
}

/* ---- what comes ---- */

static void
note_claim(struct vendor_rates *all, const struct claim *claim, int64_t now)
{
	struct alert_rates *rates;

	pthread_mutex_lock(&all->lock);
	rates = take(all, claim->vendor->name);
	if (rates != NULL)
		alert_rates_note(rates, claim->outcome, now);
	all->changed = true;
	pthread_mutex_unlock(&all->lock);
}

/* Only mail that something else proves to come from the vendor's hosts says anything of its signatures: what strangers forge
 * has none. What the report counts of the record is the same. */
static void
note_signature(struct vendor_rates *all, const struct verdict_record *record)
{
	const struct claim *claim = verdict_claim(record->verdict);
	struct alert_rates *rates;
	enum tri dkim;
	bool its_own;

	if (claim == NULL || record->verdict->outcome == OUTCOME_STRANGER)
		return;
	dkim = proof_dkim(record->judge->policy, claim->vendor, record->facts);
	its_own = record->verdict->outcome == OUTCOME_VOUCHED || proof_spf(claim->vendor, record->facts) == YES ||
	    (claim->source != NULL && proof_is_exclusive(claim->vendor, claim->source->text));
	if (dkim == UNKNOWN || (dkim == NO && !its_own))
		return;
	pthread_mutex_lock(&all->lock);
	rates = take(all, claim->vendor->name);
	if (rates != NULL)
		alert_rates_note_signature(rates, dkim == YES, proof_time(record->id));
	pthread_mutex_unlock(&all->lock);
}

void
vendor_rates_note(struct vendor_rates *all, const struct verdict_record *record, int64_t now)
{
	const struct verdict *verdict = record->verdict;

	for (size_t i = 0; all != NULL && i < verdict->claim_count; i++)
		if (!verdict->claims[i].dropped)
			note_claim(all, &verdict->claims[i], now);
	if (all != NULL)
		note_signature(all, record);
}

void
vendor_rates_note_delayed(struct vendor_rates *all, const char *vendor, int64_t now)
{
	struct alert_rates *rates;

	if (all == NULL)
		return;
	pthread_mutex_lock(&all->lock);
	rates = take(all, vendor);
	if (rates != NULL)
		alert_rates_note_delayed(rates, now);
	all->changed = true;
	pthread_mutex_unlock(&all->lock);
}

/* ---- what is found ---- */

static bool
found_any(const struct rate_findings *found)
{
	return found->forged.since != 0 || found->unproven.since != 0 || found->broken_since != 0 || found->delayed > 0;
}

static bool
find_one(struct vendor_rates *all, const struct policy *policy, const char *name, int64_t now, struct rate_findings *out)
{
	struct watched *watched;

	pthread_mutex_lock(&all->lock);
	watched = *find(all, name);
	if (watched != NULL)
		alert_rates_find(&watched->rates, &policy->settings, now, out);
	pthread_mutex_unlock(&all->lock);
	return watched != NULL && found_any(out);
}

bool
vendor_rates_tell(struct vendor_rates *all, const struct policy *policy, struct status *status, struct arena *arena)
{
	struct status_rates *list = arena_take(arena, (policy->vendor_count + 2) * sizeof *list);
	struct rate_findings found;
	size_t count = 0;

	for (size_t i = 0; list != NULL && i <= policy->vendor_count; i++) {
		const char *name = i < policy->vendor_count ? policy->vendors[i].name : policy->own.name;

		if (find_one(all, policy, name, status->now, &found))
			list[count++] = (struct status_rates){ arena_string(arena, name), found };
	}
	status->rates = list;
	status->rate_count = count;
	return list != NULL && !arena_failed(arena);
}

/* ---- the file ---- */

/* Places are taken and never given back, so each is copied alone, and mail waits for no text to be written. */
static void
write_all(struct vendor_rates *all, struct text *out)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct alert_rates copy;
		const struct watched *watched;

		pthread_mutex_lock(&all->lock);
		watched = all->places[i];
		if (watched != NULL)
			copy = watched->rates;
		pthread_mutex_unlock(&all->lock);
		if (watched != NULL)
			alert_rates_save(watched->name, &copy, out);
	}
}

static bool
take_changed(struct vendor_rates *all)
{
	bool changed;

	pthread_mutex_lock(&all->lock);
	changed = all->changed;
	all->changed = false;
	pthread_mutex_unlock(&all->lock);
	return changed;
}

bool
vendor_rates_save(struct vendor_rates *all, const char *state_dir, struct fault *why)
{
	struct text text;
	bool done, told;

	if (all == NULL || !take_changed(all))
		return true;
	text_open(&text, FILE_BYTES);
	text_put(&text, "# greenlane: how the mail of each vendor was lately, for the alerts about it\n");
	write_all(all, &text);
	done = text.cut ? fault_at(why, state_dir, 0, "its file `rates` cannot be written: out of memory")
			: state_file_write(state_dir, file_name, &text, why);
	text_close(&text);
	pthread_mutex_lock(&all->lock);
	told = !done && all->unsaved;
	all->unsaved = !done;
	all->changed |= !done;
	pthread_mutex_unlock(&all->lock);
	return done || told;
}

static bool
read_line(struct vendor_rates *all, struct span line, int64_t now)
{
	char name[ALERT_RATES_NAME];
	struct alert_rates read, *rates;

	if (!alert_rates_restore(line, now, name, &read))
		return false;
	if (read.day < now / DAY - KEPT_DAYS)
		return true;
	rates = take(all, name);
	if (rates != NULL)
		*rates = read;
	return rates != NULL;
}

bool
vendor_rates_load(struct vendor_rates *all, const char *state_dir, int64_t now, struct fault *why)
{
	unsigned line = 0, bad = 0;
	size_t length = 0;
	char path[PATH_MAX], *text;
	struct span rest;
	bool cut;

	if (all == NULL)
		return true;
	text = state_file_read(state_dir, file_name, FILE_BYTES, &length, why);
	if (text == NULL)
		return why->text[0] == '\0';
	cut = state_lines_trim(text, &length);
	rest = (struct span){ text, length };
	pthread_mutex_lock(&all->lock);
	while (rest.length > 0) {
		struct span row = span_cut(&rest, '\n');

		line++;
		if (row.length > 0 && row.at[0] != '#' && !read_line(all, row, now) && bad == 0)
			bad = line;
	}
	pthread_mutex_unlock(&all->lock);
	free(text);
	bad = bad == 0 && cut ? line + 1 : bad;
	snprintf(path, sizeof path, "%s/%s", state_dir, file_name);
	return bad == 0 || fault_at(why, path, bad, "is damaged here; the sound lines were read");
}
