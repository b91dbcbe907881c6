/* Runs the lines of t/suites/spf_cases.py on standard input through check_spf and the canned resolver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/checks/check_spf.h"
#include "t/lib/resolver_canned.h"
#include "t/lib/tap.h"

enum { FIELDS = 7, ARENA = 4 * 1024 * 1024 };
enum { MARK, NAME, CLIENT, HELO, MAIL_FROM, RESULTS, STATE };

/* Cuts a line at its tabs; what is missing is "". */
static void
fields_cut(char *line, char *fields[FIELDS])
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < FIELDS; i++) {
		char *tab = strchr(line, '\t');

		fields[i] = line;
		line += strlen(line);
		if (tab != NULL && i + 1 < FIELDS) {
			*tab = '\0';
			line = tab + 1;
		}
	}
}

/* \DDD to bytes, in place. */
static char *
bytes_read(char *text)
{
	char *to = text;

	for (char *from = text; *from != '\0'; from++) {
		if (*from == '\\' && strspn(from + 1, "0123456789") >= 3) {
			*to++ = (char)((from[1] - '0') * 100 + (from[2] - '0') * 10 + (from[3] - '0'));
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

static bool
is_listed(const char *word, const char *list)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)) != NULL; at += length)
		if ((at == list || at[-1] == ',') && (at[length] == '\0' || at[length] == ','))
			return true;
	return false;
}

static void
case_run(struct resolver *resolver, char *fields[FIELDS])
{
	struct arena *arena = arena_open(ARENA);
	struct spf_query query = { .helo = bytes_read(fields[HELO]), .mail_from = bytes_read(fields[MAIL_FROM]) };
	bool differs = strcmp(fields[STATE], "differs") == 0;
	struct spf_fact fact;
	const char *got;

	if (arena == NULL || !address_read(fields[CLIENT], &query.client)) {
		ok(false, "%s: client '%s' is an address", fields[NAME], fields[CLIENT]);
		arena_close(arena);
		return;
	}
	check_spf(resolver, NULL, arena, &query, &fact, NULL);
	got = auth_word(fact.result);
	/* so that the list of differences can only shrink */
	if (!ok(is_listed(got, fields[RESULTS]) != differs, "%s%s", fields[NAME], differs ? " (RFC 7208 differs)" : ""))
		note("got %s, wanted %s%s", got, differs ? "another than " : "", fields[RESULTS]);
	arena_close(arena);
}

/* The scenario that is open: its zone, and who answers from it. */
struct scene {
	struct canned_zone *zone;
	struct resolver *resolver;
};

static void
scene_close(struct scene *scene)
{
	resolver_close(scene->resolver);
	canned_zone_close(scene->zone);
	*scene = (struct scene){ NULL, NULL };
}

static bool
scene_open(struct scene *scene)
{
	scene_close(scene);
	scene->zone = canned_zone_open();
	scene->resolver = scene->zone == NULL ? NULL : resolver_canned(scene->zone, NULL);
	return scene->resolver != NULL;
}

static void
line_run(struct scene *scene, char *line)
{
	char *fields[FIELDS];
	struct fault why;

	fields_cut(line, fields);
	if (strcmp(fields[MARK], "scenario") == 0) {
		if (!scene_open(scene))
			ok(false, "there is memory for scenario %s", fields[NAME]);
	} else if (scene->resolver == NULL) {
		ok(false, "a scenario comes before '%s'", fields[MARK]);
	} else if (strcmp(fields[MARK], "zone") == 0) {
		if (!canned_zone_line(scene->zone, fields[NAME], &why))
			ok(false, "zone line '%s': %s", fields[NAME], why.text);
	} else if (strcmp(fields[MARK], "case") == 0) {
		case_run(scene->resolver, fields);
	} else {
		ok(false, "'%s' is a known line", fields[MARK]);
	}
}

int
main(void)
{
	struct scene scene = { NULL, NULL };
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) > 0)
		line_run(&scene, line);
	free(line);
	scene_close(&scene);
	return done();
}
