#include <string.h>

#include "policy/rules/reason.h"
#include "t/lib/tap.h"

static bool
is_made_of(const char *word, const char *letters)
{
	return word[0] != '\0' && word[strspn(word, letters)] == '\0';
}

static bool
is_unique(enum reason reason)
{
	for (int i = 0; i < REASONS; i++)
		if (i != (int)reason && strcmp(reason_slug((enum reason)i), reason_slug(reason)) == 0)
			return false;
	return true;
}

int
main(void)
{
	is(reason_slug(REASON_NONE), "-", "no reason is '-', like everything empty in the log");
	for (int i = 0; i < REASONS; i++) {
		enum reason reason = (enum reason)i;
		const char *slug = reason_slug(reason), *sentence = reason_sentence(reason);

		ok(is_made_of(slug, "abcdefghijklmnopqrstuvwxyz-"), "'%s' is lower case and needs no quotes", slug);
		ok(strlen(slug) <= 32, "'%s' is short", slug);
		ok(is_unique(reason), "'%s' is used once", slug);
		/* the longest reply has room for it: see t/explain_t.c */
		ok(sentence[0] != '\0' && strlen(sentence) <= 100 && strpbrk(sentence, "\r\n%") == NULL,
		    "'%s' has a clause of one line", slug);
	}
	return done();
}
