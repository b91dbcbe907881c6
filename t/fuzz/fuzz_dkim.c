/*
 * Any bytes as a message and its keys, to libopendkim behind our checks: lines of a zone up to a line "%%", then header and body. A
 * signature counts only with result pass and no reason against it; only so many keys are asked for; and a second check ends as the first.
 */
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "milter/checks/check_dkim.h"
#include "policy/mail/mail_text.h"
#include "policy/util/text.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/resolver_canned.h"

enum { NOW = 1772359200, MAX_AGE = 7 * 86400, LINES_MAX = 60, ARENA = 16 << 20 };

static struct canned_zone *zone;
static struct dkim_verifier *verifier;

static enum standing
standing_of(const void *context, const char *d)
{
	(void)context;
	return strcmp(d, "vendor.example") == 0 ? STANDING_SELECTOR : STANDING_STRANGER;
}

static void
open_once(void)
{
	static struct suffix_list suffixes;
	static struct resolver *resolver;
	struct fault why;

	if (verifier != NULL)
		return;
	suffixes.psl = psl_builtin();
	must((zone = canned_zone_open()) != NULL && (resolver = resolver_canned(zone, &why)) != NULL);
	must((verifier = dkim_verifier_open(resolver, &suffixes, &why)) != NULL);
}

/* The zone is the next input's, too: what is put into it is dropped again. */
static void
zone_lines(struct span rest, bool drop)
{
	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++) {
		struct span line = span_cut(&rest, '\n');
		char *copy = strndup(line.at, line.length);
		struct fault why;

		must(copy != NULL);
		if (drop) {
			copy[strcspn(copy, " \t")] = '\0';
			canned_zone_drop(zone, copy, 0);
		} else if (!canned_zone_line(zone, copy, &why)) {
			must(why.text[0] != '\0');
		}
		free(copy);
	}
}

static void
verify(struct span message, struct arena *arena, struct facts *facts)
{
	struct dkim_check *check = dkim_check_open(verifier, arena, "id", standing_of, NULL);
	char *bytes = arena_copy(arena, message.at, message.length), *line;
	struct mail_text mail;
	struct mail_field field;
	size_t length;
	bool wanted;

	must(check != NULL && bytes != NULL);
	mail_text_open(&mail, bytes, message.length);
	while (mail_text_field(&mail, &field))
		(void)dkim_check_header(check, field.name, field.value);
	wanted = dkim_check_headers_end(check);
	while (wanted && mail_text_line(&mail, &line, &length))
		(void)(dkim_check_body(check, (const unsigned char *)line, length) &&
		    dkim_check_body(check, (const unsigned char *)"\r\n", 2));
	facts->now = NOW;
	(void)dkim_check_end(check, NULL, MAX_AGE, facts);
	dkim_check_close(check);
}

static void
check_facts(const struct facts *facts, const struct facts *again)
{
	must(facts->dkim_count <= DKIM_MAX && facts->dkim_count == again->dkim_count);
	for (size_t i = 0; i < facts->dkim_count; i++) {
		const struct dkim_fact *fact = &facts->dkim[i], *other = &again->dkim[i];

		must(fact->result == other->result && fact->counts == other->counts && strcmp(fact->why, other->why) == 0);
		must(fact->counts == (fact->result == AUTH_PASS));
		must((fact->why[0] == '\0') == (fact->counts && !fact->weak));
		must(!fact->counts || fact->d[0] != '\0');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data, size }, keys = rest;
	const char *mark = size < 4 ? NULL : memmem(data, size, "\n%%\n", 4);
	struct arena *arena = arena_open(ARENA);
	struct facts facts = { .now = NOW }, again = { .now = NOW };

	open_once();
	must(arena != NULL);
	if (mark != NULL) {
		keys.length = (size_t)(mark - keys.at);
		rest.at = mark + 4;
		rest.length = size - keys.length - 4;
		zone_lines(keys, false);
		verify(rest, arena, &facts);
		verify(rest, arena, &again);
		if (!arena_failed(arena))
			check_facts(&facts, &again);
		zone_lines(keys, true);
	}
	arena_close(arena);
	return 0;
}
