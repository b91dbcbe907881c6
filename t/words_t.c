/* Lines of commands, cut into words. */
#include <stdio.h>
#include <string.h>

#include "policy/util/words.h"
#include "t/lib/tap.h"

static const struct {
	const char *name, *line, *words; /* NULL: refused */
} rows[] = {
	{ "one word", "/bin/true", "[/bin/true]" },
	{ "blanks part them", " /bin/a\tb  c ", "[/bin/a][b][c]" },
	{ "nothing", " \t", "" },
	{ "quotes keep blanks", "/bin/a 'b  c' \"d 'e'\"", "[/bin/a][b  c][d 'e']" },
	{ "quotes join what touches them", "/bin/a b'c d'e\"f\"", "[/bin/a][bc def]" },
	{ "an empty word", "/bin/a '' b", "[/bin/a][][b]" },
	{ "an open quote", "/bin/a 'b", NULL },
	{ "the other quote does not close it", "/bin/a 'b\"", NULL },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char line[100], got[200] = "", *words[WORDS_MAX + 1];
		bool cut;

		snprintf(line, sizeof line, "%s", rows[i].line);
		cut = words_cut(line, words);
		for (size_t j = 0; cut && words[j] != NULL; j++)
			snprintf(got + strlen(got), sizeof got - strlen(got), "[%s]", words[j]);
		is(cut ? got : NULL, rows[i].words, "%s", rows[i].name);
	}
}

static void
test_many(void)
{
	char line[3 * WORDS_MAX + 1] = "", *words[WORDS_MAX + 1];

	for (size_t i = 0; i < WORDS_MAX; i++)
		strcat(line, "a ");
	ok(words_cut(line, words) && words[WORDS_MAX - 1] != NULL && words[WORDS_MAX] == NULL,
	    "as many words as there may be");
	line[0] = '\0';
	for (size_t i = 0; i <= WORDS_MAX; i++)
		strcat(line, "a ");
	ok(!words_cut(line, words), "and one more");
}

static void
test_shell(void)
{
	is(words_for_shell("/bin/a b 'c|d' \"$e\""), NULL, "what is quoted is no shell's");
	is(words_for_shell("/bin/a b|c"), "|c", "a pipe is");
	is(words_for_shell("/bin/a 'b' > c"), "> c", "so is a redirection");
}

int
main(void)
{
	test_rows();
	test_many();
	test_shell();
	return done();
}
