#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/source_files.h"
#include "milter/state/vendor_tally.h"
#include "policy/config/policy_value.h"
#include "policy/util/hash.h"

enum { PLACES = 2 * VENDOR_TALLY_MAX }; /* a power of two */
enum { FILE_BYTES = 4 * 1024 * 1024 };
#define TIME_LAST INT64_C(253402300799) /* 9999-12-31 */

static const char file_name[] = "vendors";

struct vendor_tally {
	pthread_mutex_t lock;
	size_t count;
	bool changed, unsaved; /* since it was saved; the last save failed */
	struct place {
		char *name; /* NULL: it is free */
		struct vendor_count count;
	} places[PLACES];
};

struct vendor_tally *
vendor_tally_open(struct fault *why)
{
	struct vendor_tally *tally = calloc(1, sizeof *tally);

	if (tally == NULL)
		fault_set(why, "out of memory");
	else
		pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

void
vendor_tally_close(struct vendor_tally *tally)
{
	if (tally == NULL)
		return;
	for (size_t i = 0; i < PLACES; i++)
		free(tally->places[i].name);
	pthread_mutex_destroy(&tally->lock);
	free(tally);
}

/* Its place, or the free one where it belongs. */
static struct place *
find(struct vendor_tally *tally, const char *name)
{
	size_t at = hash_fold(hash_string(HASH_START, name)) % PLACES;

	while (tally->places[at].name != NULL && strcmp(tally->places[at].name, name) != 0)
		at = (at + 1) % PLACES;
	return &tally->places[at];
}

/* NULL: there is no room. */
static struct place *
find_or_take(struct vendor_tally *tally, const char *name)
{
	struct place *place = find(tally, name);

	if (place->name == NULL && tally->count < VENDOR_TALLY_MAX && (place->name = strdup(name)) != NULL)
		tally->count++;
	return place->name == NULL ? NULL : place;
}

static bool
has_passed(const struct verdict_record *record, const struct claim *claim)
{
	bool open = record->judge->policy->settings.monitor || claim->mode != MODE_ENFORCE;

	return claim->outcome == OUTCOME_FORGED && open && claim->wanted > ACTION_TAG && record->action <= ACTION_TAG;
}

/* Which evidence speaks for it: a bit for each enum proof. */
static unsigned
proofs_of(const struct claim *claim)
{
	const enum tri all[PROOFS] = { claim->listed, claim->spf, claim->dkim, claim->spf_from, claim->dmarc };
	unsigned proofs = 0;

	for (unsigned i = 0; i < PROOFS; i++)
		proofs |= all[i] == YES ? 1u << i : 0;
	return proofs;
}

static void
note_last(struct vendor_count *count, unsigned proofs, int64_t now)
{
	if (now > count->last)
		count->last = now;
	for (unsigned i = 0; i < PROOFS; i++)
		if ((proofs & 1u << i) != 0 && now > count->last_by[i])
			count->last_by[i] = now;
}

static void
note_claim(struct vendor_tally *tally, const struct claim *claim, bool passed, int64_t now)
{
	struct place *place;

	pthread_mutex_lock(&tally->lock);
	place = find_or_take(tally, claim->vendor->name);
	if (place != NULL) {
		place->count.forged_passed += passed;
		if (claim->outcome == OUTCOME_VOUCHED) {
			note_last(&place->count, proofs_of(claim), now);
			tally->changed = true;
		}
	}
	pthread_mutex_unlock(&tally->lock);
}

void
vendor_tally_note(struct vendor_tally *tally, const struct verdict_record *record, int64_t now)
{
	const struct verdict *verdict = record->verdict;

	for (size_t i = 0; tally != NULL && i < verdict->claim_count; i++) {
		const struct claim *claim = &verdict->claims[i];
		bool passed = !claim->dropped && has_passed(record, claim);

		if (passed || (!claim->dropped && claim->outcome == OUTCOME_VOUCHED))
			note_claim(tally, claim, passed, now);
	}
}

struct vendor_count
vendor_tally_of(struct vendor_tally *tally, const char *vendor)
{
	struct vendor_count count;

	pthread_mutex_lock(&tally->lock);
	count = find(tally, vendor)->count;
	pthread_mutex_unlock(&tally->lock);
	return count;
}

void
vendor_tally_put(struct vendor_tally *tally, const char *vendor, const struct vendor_count *count)
{
	struct place *place;

	pthread_mutex_lock(&tally->lock);
	place = find_or_take(tally, vendor);
	if (place != NULL)
		place->count = *count;
	pthread_mutex_unlock(&tally->lock);
}

/* ---- the file ---- */

static void
write_place(const struct place *place, struct text *out)
{
	if (place->name == NULL || place->count.last == 0)
		return;
	text_format(out, "%s %lld", place->name, (long long)place->count.last);
	for (unsigned i = 0; i < PROOFS; i++)
		text_format(out, " %lld", (long long)place->count.last_by[i]);
	text_char(out, '\n');
}

/* Returns whether anything changed, and clears the mark. */
static bool
write_changed(struct vendor_tally *tally, struct text *out)
{
	bool changed;

	pthread_mutex_lock(&tally->lock);
	changed = tally->changed;
	tally->changed = false;
	for (size_t i = 0; changed && i < PLACES; i++)
		write_place(&tally->places[i], out);
	pthread_mutex_unlock(&tally->lock);
	return changed;
}

bool
vendor_tally_save(struct vendor_tally *tally, const char *state_dir, struct fault *why)
{
	struct text text;
	bool done = true, told = false;

	if (tally == NULL)
		return true;
	text_open(&text, FILE_BYTES);
	text_put(&text, "# greenlane: the last mail of each vendor: name, in all, listed, spf, dkim, spf_from, dmarc\n");
	if (write_changed(tally, &text)) {
		done = text.cut ? fault_at(why, state_dir, 0, "its file `vendors` cannot be written: out of memory")
				: state_file_write(state_dir, file_name, &text, why);
		pthread_mutex_lock(&tally->lock);
		told = !done && tally->unsaved;
		tally->unsaved = !done;
		tally->changed |= !done;
		pthread_mutex_unlock(&tally->lock);
	}
	text_close(&text);
	return done || told;
}

/* Digits alone, and no day after 9999. */
static bool
read_time(struct span word, int64_t *out)
{
	int64_t number = 0;

	for (size_t i = 0; i < word.length && number <= TIME_LAST; i++) {
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
		number = number * 10 + (word.at[i] - '0');
	}
	*out = number;
	return word.length > 0 && number <= TIME_LAST;
}

static bool
read_line(struct vendor_tally *tally, struct span line)
{
	struct span word = span_cut(&line, ' ');
	struct vendor_count count = { .forged_passed = 0 };
	struct place *place;
	char name[256];
	bool sound;

	snprintf(name, sizeof name, "%.*s", word.length < sizeof name ? (int)word.length : 0, word.at);
	sound = name[0] != '\0' && value_name(name, NULL) && read_time(span_cut(&line, ' '), &count.last);
	for (unsigned i = 0; sound && i < PROOFS; i++)
		sound = read_time(span_cut(&line, ' '), &count.last_by[i]) && count.last_by[i] <= count.last;
	if (!sound || line.length > 0 || (place = find_or_take(tally, name)) == NULL)
		return false;
	place->count = count;
	return true;
}

bool
vendor_tally_load(struct vendor_tally *tally, const char *state_dir, struct fault *why)
{
	unsigned line = 0, bad = 0;
	size_t length = 0;
	char path[PATH_MAX], *text;
	struct span rest;
	bool cut;

	text = state_file_read(state_dir, file_name, FILE_BYTES, &length, why);
	if (text == NULL)
		return why->text[0] == '\0';
	cut = state_lines_trim(text, &length);
	rest = (struct span){ text, length };
	pthread_mutex_lock(&tally->lock);
	while (rest.length > 0) {
		struct span row = span_cut(&rest, '\n');

		line++;
		if (row.length > 0 && row.at[0] != '#' && !read_line(tally, row) && bad == 0)
			bad = line;
	}
	pthread_mutex_unlock(&tally->lock);
	free(text);
	bad = bad == 0 && cut ? line + 1 : bad;
	snprintf(path, sizeof path, "%s/%s", state_dir, file_name);
	return bad == 0 || fault_at(why, path, bad, "is damaged here; the sound lines were read");
}
