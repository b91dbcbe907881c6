/* Any bytes as the line that a host put into the store of a fleet: what is read is plain, and is written back the same. */
#include <string.h>

#include "policy/review/fleet.h"
#include "t/fuzz/fuzz.h"

enum { MEMORY = 8 << 20 };

static void
check_name(const char *name)
{
	char again[FLEET_NAME_MAX + 1];

	must(name[0] != '\0' && strlen(name) <= FLEET_NAME_MAX);
	fleet_name(name, again);
	must(strcmp(name, again) == 0);
}

static bool
same(const struct fleet_host *a, const struct fleet_host *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0 && a->policy == b->policy &&
	    a->since == b->since && a->ranges == b->ranges && a->source_count == b->source_count &&
	    (a->source_count == 0 || memcmp(a->sources, b->sources, a->source_count * sizeof *a->sources) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(MEMORY);
	struct fleet_host host, again;
	struct text line;
	size_t place = 0;

	must(arena != NULL);
	if (fleet_host_read((struct span){ (const char *)data, size }, arena, &host)) {
		check_name(host.name);
		check_name(host.version);
		must(host.source_count <= FLEET_SOURCES_MAX && host.since >= 0);
		must(fleet_policies_differ(&host, &host) == 0 && fleet_sources_differ(&host, &host, &place) == NULL);
		text_open(&line, FLEET_LINE_MAX);
		fleet_host_write(&host, &line);
		must(!line.cut && fleet_host_read((struct span){ line.bytes, line.length }, arena, &again) &&
		    same(&host, &again));
		text_close(&line);
	}
	arena_close(arena);
	return 0;
}
