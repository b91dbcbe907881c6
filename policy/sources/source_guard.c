#include <stdio.h>
#include <string.h>

#include "policy/sources/source_guard.h"
#include "policy/util/domain.h"

enum {
	PATH_SHOWN = 240, /* of an include path in a fault: the limit after it must still fit */
	PATHS_SEEN = 64
};

/* What is counted in a family: IPv4 addresses, or IPv6 networks of /64, which one host gets whole (RFC 6177). */
static const struct family {
	enum address_family family;
	unsigned bits;  /* that count */
	uint64_t space; /* how many there are: of 0.0.0.0/0 and of 2000::/3, all that is routed (RFC 4291, 2.4) */
	const char *units, *space_name;
	const char *widest_setting;
} families[] = {
	{ ADDRESS_V4, 32, UINT64_C(1) << 32, "addresses", "IPv4", "refresh.widest_ipv4" },
	{ ADDRESS_V6, 64, UINT64_C(1) << 61, "networks of /64", "2000::/3", "refresh.widest_ipv6" },
};
enum { FAMILIES = sizeof families / sizeof *families };

/* ---- counting ---- */

/* The first and the last unit of a network. */
struct reach {
	uint64_t first, last;
};

static struct reach
reach_of(const struct family *family, const struct prefix *prefix)
{
	struct reach reach = { 0 };

	for (unsigned i = 0; i < family->bits / 8; i++)
		reach.first = reach.first << 8 | prefix->base.bytes[i];
	reach.last = reach.first;
	if (prefix->bits < family->bits)
		reach.last |= UINT64_MAX >> (64 - family->bits) >> prefix->bits;
	return reach;
}

static uint64_t
add_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t
size_of(const struct family *family, const struct prefix *prefix)
{
	struct reach reach = reach_of(family, prefix);

	return add_capped(reach.last - reach.first, 1);
}

/* Units of the union. Networks are sorted, and nested or disjoint: the next is after what was counted, or inside it. */
static uint64_t
count_units(const struct family *family, const struct source_copy *copy)
{
	uint64_t count = 0, end = 0;

	for (size_t i = 0; i < copy->count; i++) {
		const struct prefix *prefix = &copy->networks[i].prefix;
		struct reach reach = reach_of(family, prefix);

		if (prefix->base.family != family->family || (count > 0 && reach.last <= end))
			continue;
		count = add_capped(count, size_of(family, prefix));
		end = reach.last;
	}
	return count;
}

/* whole * parts / of, rounded down; parts is at most `of`, a million or a hundred. */
static uint64_t
part_of(uint64_t whole, unsigned parts, unsigned of)
{
	return whole / of * parts + whole % of * parts / of;
}

/* ---- words of a fault ---- */

/* The end of a path names the culprit. */
static const char *
path_start(const char *path, const char **dots)
{
	size_t length = strlen(path);

	*dots = length > PATH_SHOWN ? "..." : "";
	return length > PATH_SHOWN ? path + length - PATH_SHOWN : path;
}

/* The path that gave most of a family, or most of what is not in `lacking` (may be NULL): the majority vote of
 * Boyer and Moore, with each network weighed by its size; the second walk checks whether it is a majority. */
static const char *
main_path(const struct family *family, const struct source_copy *copy, const struct source_copy *lacking, const char **how)
{
	const char *path = "";
	uint64_t votes = 0, total = 0, its = 0;

	for (int walk = 0; walk < 2; walk++)
		for (size_t i = 0; i < copy->count; i++) {
			const struct copied_network *network = &copy->networks[i];
			uint64_t size = size_of(family, &network->prefix);

			if (network->prefix.base.family != family->family ||
			    (lacking != NULL && source_copy_has(lacking, &network->prefix)))
				continue;
			if (walk == 1) {
				total = add_capped(total, size);
				its = add_capped(its, strcmp(path, network->path) == 0 ? size : 0);
			} else if (votes == 0 || strcmp(path, network->path) == 0) {
				path = network->path;
				votes = add_capped(votes, size);
			} else if (votes >= size) {
				votes -= size;
			} else {
				path = network->path;
				votes = size - votes;
			}
		}
	*how = its == total ? "" : its > total / 2 ? "mostly " : "among others ";
	return path;
}

/* Both as percentages, with enough digits to tell them apart. */
struct percents {
	char figure[32], limit[32];
};

static struct percents
percents_of(double figure, double limit)
{
	struct percents made;

	snprintf(made.limit, sizeof made.limit, "%.7g", limit);
	/* two digits would write 100 as 1e+02 */
	for (int digits = figure < 99 ? 2 : 3; digits <= 17; digits++) {
		snprintf(made.figure, sizeof made.figure, "%.*g", digits, figure);
		if (strcmp(made.figure, made.limit) != 0)
			break;
	}
	return made;
}

/* ---- the guards ---- */

static bool
check_widths(const struct source_guard_limits *limits, const struct source_copy *after, struct fault *why)
{
	for (size_t i = 0; i < after->count; i++) {
		const struct copied_network *network = &after->networks[i];
		bool v4 = network->prefix.base.family == ADDRESS_V4;
		unsigned widest = v4 ? limits->widest_ipv4 : limits->widest_ipv6;
		char text[PREFIX_TEXT];
		const char *dots, *path;

		if (network->prefix.bits >= widest)
			continue;
		path = path_start(network->path, &dots);
		return fault_set(why, "lists the whole of %s through %s%s; the limit is /%u (%s)",
		    prefix_write(&network->prefix, text), dots, path, widest, families[v4 ? 0 : 1].widest_setting);
	}
	return true;
}

static bool
check_share(const struct source_guard_limits *limits, const struct family *family, const struct source_copy *after,
    struct fault *why)
{
	uint64_t count = count_units(family, after);
	const char *how, *dots, *path;
	struct percents percents;

	if (count <= part_of(family->space, limits->share_ppm, 1000000))
		return true;
	percents = percents_of(100.0 * (double)count / (double)family->space, limits->share_ppm / 10000.0);
	path = path_start(main_path(family, after, NULL, &how), &dots);
	return fault_set(why, "lists %llu %s, %s %% of %s, %sthrough %s%s; the limit is %s %% (refresh.largest_share)",
	    (unsigned long long)count, family->units, percents.figure, family->space_name, how, dots, path,
	    percents.limit);
}

static bool
check_fall(const struct source_guard_limits *limits, const struct family *family, const struct source_copy *before,
    const struct source_copy *after, struct fault *why)
{
	uint64_t was = count_units(family, before), is = count_units(family, after);
	const char *how, *dots, *path;
	struct percents percents;

	if (is >= was || was - is <= part_of(was, limits->fall_percent, 100))
		return true;
	percents = percents_of(100.0 * (double)(was - is) / (double)was, limits->fall_percent);
	path = path_start(main_path(family, before, after, &how), &dots);
	return fault_set(why,
	    "lists %llu IPv%d %s where it listed %llu, %s %% fewer; what went came %sthrough %s%s; "
	    "the limit is %s %% (refresh.largest_fall)",
	    (unsigned long long)is, (int)family->family, family->units, (unsigned long long)was, percents.figure, how,
	    dots, path, percents.limit);
}

bool
source_guard_falls(const struct source_guard_limits *limits, const struct source_copy *before,
    const struct source_copy *after, struct fault *why)
{
	for (size_t i = 0; i < FAMILIES; i++)
		if (!check_fall(limits, &families[i], before, after, why))
			return true;
	return false;
}

/* ---- shared senders ---- */

/* The DNS name in one step of a path, also of "a:o1.example" and "exists:%{i}._spf.example", in normal form. */
static bool
step_name(struct span step, char out[DOMAIN_TEXT])
{
	size_t start = 0;

	for (size_t i = 0; i < step.length; i++)
		if (strchr(":=}", step.at[i]) != NULL)
			start = i + 1;
	while (start < step.length && step.at[start] == '.')
		start++;
	return domain_read(step.at + start, step.length - start, out, NULL);
}

/* The shared sender that the path leads through; NULL if there is none. */
static const char *
shared_in(const struct source_guard_names *shared, const char *path)
{
	struct span rest = span_of(path);
	char name[DOMAIN_TEXT];

	while (rest.length > 0) {
		struct span step = span_trim(span_cut(&rest, '>'));

		if (!step_name(step, name))
			continue;
		for (size_t i = 0; i < shared->count; i++)
			if (domain_is_under(name, shared->list[i]))
				return shared->list[i];
	}
	return NULL;
}

static bool
check_path(const struct source_guard_names *shared, const char *path, struct fault *why)
{
	const char *found = shared_in(shared, path), *dots;

	if (found == NULL)
		return true;
	path = path_start(path, &dots);
	return fault_set(why,
	    "takes in the shared sender %s through %s%s but is exclusive; "
	    "write exclusive = false to believe it",
	    found, dots, path);
}

static bool
check_shared(const struct source_guard_names *shared, const struct source_copy *after, struct fault *why)
{
	const char *seen[PATHS_SEEN] = { 0 }; /* networks share the strings of a few paths */

	for (size_t i = 0; i < after->count; i++) {
		const char *path = after->networks[i].path, **slot = &seen[((uintptr_t)path >> 4) % PATHS_SEEN];

		if (*slot != path && !check_path(shared, path, why))
			return false;
		*slot = path;
	}
	/* a shared sender that cannot be listed appears only there */
	return !after->asked || check_path(shared, after->asked_why, why);
}

bool
source_guard_believes(const struct source_guard_limits *limits, const struct source_guard_names *shared, bool exclusive,
    const struct source_copy *before, const struct source_copy *after, struct fault *why)
{
	if (!check_widths(limits, after, why))
		return false;
	for (size_t i = 0; i < FAMILIES; i++)
		if (!check_share(limits, &families[i], after, why))
			return false;
	if (exclusive && !check_shared(shared, after, why))
		return false;
	return before == NULL || !source_guard_falls(limits, before, after, why);
}
