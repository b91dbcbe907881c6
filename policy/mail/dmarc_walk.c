#include <stdio.h>
#include <string.h>

#include "policy/mail/dmarc_walk.h"
#include "policy/util/domain.h"

enum { LABELS_CUT = 7 }; /* longer names go on at so many labels (4.10, step 4) */

void
dmarc_walk_begin(struct dmarc_walk *walk, const char *start)
{
	*walk = (struct dmarc_walk){ .start = start, .at = start[0] == '\0' ? NULL : start };
}

bool
dmarc_walk_has_ended(const struct dmarc_walk *walk)
{
	return walk->at == NULL;
}

/* Where a walk goes on from this domain; NULL: nowhere. */
static const char *
above(const char *domain)
{
	do
		domain = domain_parent(domain);
	while (domain != NULL && domain_labels(domain) > LABELS_CUT);
	return domain;
}

static void
step_add(struct dmarc_walk *walk, enum dmarc_found found, const struct dmarc_record *record)
{
	static const char marks[] = { [DMARC_PSD_UNKNOWN] = 'u', [DMARC_PSD_YES] = 'y', [DMARC_PSD_NO] = 'n' };

	walk->steps[walk->count] = (struct dmarc_step){ walk->at, found, marks[record->psd] };
	walk->records[walk->count++] = *record;
	walk->at = record->psd != DMARC_PSD_UNKNOWN || walk->count == DMARC_STEPS_MAX ? NULL : above(walk->at);
}

bool
dmarc_walk_next(struct dmarc_walk *walk, struct dns_question *out)
{
	static const struct dmarc_record none;
	char name[sizeof "_dmarc." + DOMAIN_MAX];

	while (walk->at != NULL) {
		if (strlen(walk->at) <= DOMAIN_MAX) {
			snprintf(name, sizeof name, "_dmarc.%s", walk->at);
			if (dns_question_make(out, name, DNS_TXT))
				return true;
		}
		step_add(walk, DMARC_FOUND_NOTHING, &none); /* a name too long for DNS has no record */
	}
	return false;
}

/* Several records are none (4.10, step 2). */
static enum dmarc_found
answer_read(const struct dns_answer *answer, struct dmarc_record *out)
{
	struct dmarc_record one;
	size_t count = 0;

	*out = (struct dmarc_record){ .p = DMARC_NONE };
	if (answer->status == DNS_TEMPORARY)
		return DMARC_FOUND_SILENCE;
	for (size_t i = 0; answer->status == DNS_FOUND && i < answer->count; i++)
		if (dmarc_record_read((const char *)answer->records[i].bytes, answer->records[i].length, &one)) {
			*out = one;
			count++;
		}
	if (count > 1)
		*out = (struct dmarc_record){ .p = DMARC_NONE };
	return count == 0 ? DMARC_FOUND_NOTHING : count == 1 ? DMARC_FOUND_RECORD : DMARC_FOUND_SEVERAL;
}

void
dmarc_walk_answer(struct dmarc_walk *walk, const struct dns_answer *answer)
{
	struct dmarc_record record;
	enum dmarc_found found = answer_read(answer, &record);

	if (walk->at == NULL)
		return;
	walk->absent = walk->absent || (walk->count == 0 && answer->status == DNS_NXDOMAIN);
	step_add(walk, found, &record);
}

size_t
dmarc_walk_rest(const struct dmarc_walk *walk, const char *out[DMARC_STEPS_MAX])
{
	size_t count = 0;

	for (const char *at = walk->at; at != NULL && walk->count + count < DMARC_STEPS_MAX; at = above(at))
		out[count++] = at;
	return count;
}

/* The domain one label below: rebuilt from the start, because the walk may have left it out. */
static const char *
below(const struct dmarc_walk *walk, const char *domain)
{
	const char *name = walk->start;

	while (domain_parent(name) != NULL && domain_parent(name) != domain)
		name = domain_parent(name);
	return name;
}

const char *
dmarc_walk_organisation(const struct dmarc_walk *walk)
{
	const char *fewest = walk->start;

	for (size_t i = 0; i < walk->count; i++) {
		const struct dmarc_step *step = &walk->steps[i];

		if (step->found != DMARC_FOUND_RECORD)
			continue;
		if (step->psd == 'n')
			return step->domain;
		if (step->psd == 'y' && i > 0)
			return below(walk, step->domain);
		fewest = step->domain;
	}
	return fewest;
}

const char *
dmarc_walk_silent(const struct dmarc_walk *walk)
{
	const char *silent = NULL;

	for (size_t i = 0; i < walk->count; i++)
		if (walk->steps[i].found == DMARC_FOUND_SILENCE)
			silent = walk->steps[i].domain;
	return silent;
}

const char *
dmarc_walk_least(const struct dmarc_walk *walk)
{
	const char *organisation = dmarc_walk_organisation(walk), *silent = dmarc_walk_silent(walk);

	return silent != NULL && strlen(silent) < strlen(organisation) ? silent : organisation;
}

struct dmarc_choice
dmarc_walk_choose(const struct dmarc_walk *walk)
{
	const char *organisation = dmarc_walk_organisation(walk);
	struct dmarc_choice choice = { NULL, "", false };

	for (size_t i = 0; i < walk->count; i++) {
		const struct dmarc_step *step = &walk->steps[i];
		bool holds = step->domain == walk->start || step->domain == organisation || step->psd == 'y';

		if (step->found == DMARC_FOUND_RECORD && holds)
			return (struct dmarc_choice){ &walk->records[i], step->domain, i > 0 };
	}
	return choice;
}

static const char *
tag_of(const struct dmarc_choice *choice, bool exists)
{
	if (choice->inherited && !exists && choice->record->has_np)
		return "np";
	return choice->inherited && choice->record->has_sp ? "sp" : "p";
}

struct dmarc_policy_choice
dmarc_choice_policy(const struct dmarc_choice *choice, bool exists)
{
	const struct dmarc_record *record = choice->record;
	struct dmarc_policy_choice out = { "p", DMARC_NONE, DMARC_NONE };

	if (record == NULL)
		return out;
	out.published = record->p;
	out.tag = tag_of(choice, exists);
	if (choice->inherited)
		out.published = exists ? record->sp : record->np;
	out.applied = record->testing ? dmarc_policy_milder(out.published) : out.published;
	return out;
}
