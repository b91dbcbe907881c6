/*
 * dkim_random.c - verifies messages that t/dkim_random.py makes up and signs, so that it can compare.
 *
 *     dkim_random < LINES      "zone LINE" (canned_zone.h), and "message LENGTH" with so many bytes behind it
 *
 * Prints a line a message: for each signature its result and why it does not count, "-": it does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "milter/checks/check_dkim.h"
#include "policy/mail/mail_text.h"
#include "t/lib/resolver_canned.h"

enum { MESSAGE_MOST = 1 << 20, MAX_AGE = 7 * 24 * 3600 };

static void
give_up(const char *what)
{
	fprintf(stderr, "dkim_random: %s\n", what);
	exit(2);
}

static enum standing
stranger(const void *context, const char *d)
{
	(void)context, (void)d;
	return STANDING_STRANGER;
}

static void
print(const struct facts *facts)
{
	for (size_t i = 0; i < facts->dkim_count; i++)
		printf("%s%s %s", i == 0 ? "" : " ", auth_word(facts->dkim[i].result),
		    facts->dkim[i].why[0] == '\0' ? "-" : facts->dkim[i].why);
	printf("\n");
}

static void
verify(struct dkim_verifier *verifier, char *bytes, size_t length)
{
	struct arena *arena = arena_open(8 * MESSAGE_MOST);
	struct dkim_check *check = arena == NULL ? NULL : dkim_check_open(verifier, arena, "random", stranger, NULL);
	struct facts facts = { .via = "" };
	struct budget budget = { 1000 };
	struct mail_text text;
	struct mail_field field;
	bool good = check != NULL;

	mail_text_open(&text, bytes, length);
	while (good && mail_text_field(&text, &field))
		good = dkim_check_header(check, field.name, field.value);
	if (good && dkim_check_headers_end(check))
		good = dkim_check_body(check, (const unsigned char *)text.at, (size_t)(text.end - text.at));
	if (!good || !dkim_check_end(check, &budget, MAX_AGE, &facts))
		give_up("out of memory");
	print(&facts);
	dkim_check_close(check);
	arena_close(arena);
}

int
main(void)
{
	static char line[8192], bytes[MESSAGE_MOST + 1];
	struct suffix_list suffixes = { .psl = psl_builtin() };
	struct canned_zone *zone = canned_zone_open();
	struct fault why = { .text = "" };
	struct resolver *resolver = zone == NULL ? NULL : resolver_canned(zone, &why);
	struct dkim_verifier *verifier = resolver == NULL ? NULL : dkim_verifier_open(resolver, &suffixes, &why);

	if (verifier == NULL)
		give_up(why.text);
	while (fgets(line, sizeof line, stdin) != NULL) {
		size_t length = strncmp(line, "message ", 8) == 0 ? strtoul(line + 8, NULL, 10) : 0;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "zone ", 5) == 0) {
			if (!canned_zone_line(zone, line + 5, &why))
				give_up(why.text);
		} else if (length > MESSAGE_MOST || fread(bytes, 1, length, stdin) != length) {
			give_up("a message is cut off or too long");
		} else {
			verify(verifier, bytes, length);
		}
	}
	dkim_verifier_close(verifier);
	resolver_close(resolver);
	canned_zone_close(zone);
	return 0;
}
