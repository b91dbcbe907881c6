#include <stdlib.h>
#include <string.h>

#include "policy/config/lint_overlap.h"
#include "policy/rules/warning.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

/* ---- names ---- */

struct owned {
	const struct name_rule *rule;
	const struct vendor *vendor;
};

/* By name; equal names in the order of the configuration. */
static int
owned_order(const void *a, const void *b)
{
	const struct owned *left = a, *right = b;
	int order = strcmp(left->rule->domain, right->rule->domain);

	if (order != 0)
		return order;
	return left->vendor->number < right->vendor->number ? -1 : left->vendor->number > right->vendor->number;
}

static size_t
owned_first(const struct owned *list, size_t count, const char *domain)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(list[middle].rule->domain, domain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool
rule_covers(const struct name_rule *outer, const struct name_rule *inner)
{
	if (outer->local == NULL)
		return !outer->exact || (inner->exact && strcmp(outer->domain, inner->domain) == 0);
	return inner->local != NULL && strcmp(outer->domain, inner->domain) == 0 &&
	    span_is_nocase(span_of(inner->local), outer->local);
}

/* The vendor that comes earlier in the configuration and owns everything that the rule covers. */
static const struct owned *
owner_before(const struct owned *list, size_t count, const struct owned *of)
{
	for (const char *name = of->rule->domain; name != NULL; name = domain_parent(name))
		for (size_t i = owned_first(list, count, name); i < count && strcmp(list[i].rule->domain, name) == 0;
		     i++) {
			if (list[i].vendor->number >= of->vendor->number)
				break;
			if (rule_covers(list[i].rule, of->rule))
				return &list[i];
		}
	return NULL;
}

static void
name_overlaps(const struct policy *policy, struct faults *faults)
{
	struct owned *list;
	size_t count = 0;

	for (size_t i = 0; i < policy->vendor_count; i++)
		count += policy->vendors[i].domains.count;
	list = count == 0 ? NULL : calloc(count, sizeof *list);
	if (list == NULL)
		return;
	count = 0;
	for (size_t i = 0; i < policy->vendor_count; i++)
		for (size_t j = 0; j < policy->vendors[i].domains.count; j++)
			list[count++] = (struct owned){ &policy->vendors[i].domains.list[j], &policy->vendors[i] };
	qsort(list, count, sizeof *list, owned_order);
	for (size_t i = 0; i < count; i++) {
		const struct owned *before = owner_before(list, count, &list[i]);

		if (before != NULL)
			warning_add(faults, list[i].vendor, WARNING_SAME_NAME, list[i].vendor->file, 0,
			    "'%s%s%s' in domains of '%s' belongs to '%s', which comes before it in vendors and owns "
			    "'%s%s%s': its mail is never judged by '%s'; drop it from one of them",
			    list[i].rule->local == NULL ? "" : list[i].rule->local,
			    list[i].rule->local == NULL ? "" : "@", list[i].rule->domain, list[i].vendor->name,
			    before->vendor->name, before->rule->local == NULL ? "" : before->rule->local,
			    before->rule->local == NULL ? "" : "@", before->rule->domain, list[i].vendor->name);
	}
	free(list);
}

/* ---- networks ---- */

struct held {
	const struct prefix *prefix;
	const struct source *source;
};

/* A network comes after those that contain it. */
static int
held_order(const void *a, const void *b)
{
	const struct held *left = a, *right = b;
	int order = (int)left->prefix->base.family - (int)right->prefix->base.family;

	if (order == 0)
		order = memcmp(left->prefix->base.bytes, right->prefix->base.bytes, sizeof left->prefix->base.bytes);
	if (order == 0)
		order = (int)left->prefix->bits - (int)right->prefix->bits;
	if (order != 0)
		return order;
	return left->source->number < right->source->number ? -1 : left->source->number > right->source->number;
}

static bool
is_held_alone(const struct source *source)
{
	return source->exclusive && source_counts(source);
}

static struct held *
held_collect(const struct policy *policy, size_t *count)
{
	struct held *list;

	*count = 0;
	for (size_t i = 0; i < policy->source_count; i++)
		if (is_held_alone(&policy->sources[i]))
			*count += policy->sources[i].prefix_count;
	list = *count == 0 ? NULL : calloc(*count, sizeof *list);
	if (list == NULL)
		return NULL;
	*count = 0;
	for (size_t i = 0; i < policy->source_count; i++)
		for (size_t j = 0; is_held_alone(&policy->sources[i]) && j < policy->sources[i].prefix_count; j++)
			list[(*count)++] = (struct held){ &policy->sources[i].prefixes[j], &policy->sources[i] };
	qsort(list, *count, sizeof *list, held_order);
	return list;
}

static void
network_overlap_say(const struct held *outer, const struct held *inner, struct faults *faults)
{
	const struct vendor *vendor = inner->source->vendor;
	char in[PREFIX_TEXT], out[PREFIX_TEXT];

	warning_add(faults, vendor, WARNING_SAME_NETWORK, vendor->sources_file, inner->source->line,
	    "%s of '%s' is inside %s of '%s', and both say that nobody else sends from there; write exclusive = "
	    "false in one of them, or only the network that it owns",
	    prefix_write(inner->prefix, in), vendor->name, prefix_write(outer->prefix, out), outer->source->vendor->name);
}

/* Two networks are nested or disjoint, so a stack keeps those that contain the current one. Each source is
 * reported once. */
static void
network_overlaps(const struct policy *policy, struct faults *faults)
{
	enum { DEPTH = 130 }; /* one per prefix length; an equal network is not pushed again */
	const struct held *stack[DEPTH];
	size_t count, depth = 0;
	struct held *list = held_collect(policy, &count);
	bool *said = list == NULL ? NULL : calloc(policy->source_count, sizeof *said);

	for (size_t i = 0; said != NULL && i < count; i++) {
		while (depth > 0 && !prefix_holds(stack[depth - 1]->prefix, &list[i].prefix->base))
			depth--;
		for (size_t j = 0; j < depth && !said[list[i].source->number]; j++)
			if (stack[j]->source->vendor != list[i].source->vendor) {
				network_overlap_say(stack[j], &list[i], faults);
				said[list[i].source->number] = true;
			}
		if (depth < DEPTH && (depth == 0 || stack[depth - 1]->prefix->bits < list[i].prefix->bits))
			stack[depth++] = &list[i];
	}
	free(said);
	free(list);
}

void
lint_overlaps(const struct policy *policy, struct faults *faults)
{
	name_overlaps(policy, faults);
	network_overlaps(policy, faults);
}
