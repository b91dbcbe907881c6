#include <string.h>

#include "policy/util/words.h"

static bool
is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}

/* Moves one word to the front of where it stands, without its quotes; returns what comes after it, NULL for an open quote. */
static char *
cut_word(char *at)
{
	char *end = at, quote = '\0';

	for (; *at != '\0' && (quote != '\0' || !is_blank(*at)); at++) {
		if (quote == '\0' && (*at == '\'' || *at == '"'))
			quote = *at;
		else if (*at == quote)
			quote = '\0';
		else
			*end++ = *at;
	}
	if (quote != '\0')
		return NULL;
	at += *at != '\0';
	*end = '\0';
	return at;
}

bool
words_cut(char *line, char *words[WORDS_MAX + 1])
{
	size_t count = 0;

	for (;;) {
		while (is_blank(*line))
			line++;
		words[count] = *line == '\0' ? NULL : line;
		if (words[count] == NULL)
			return true;
		if (count++ == WORDS_MAX || (line = cut_word(line)) == NULL)
			return false;
	}
}

const char *
words_for_shell(const char *line)
{
	char quote = '\0';

	for (; *line != '\0'; line++) {
		if (quote == '\0' && (*line == '\'' || *line == '"'))
			quote = *line;
		else if (*line == quote)
			quote = '\0';
		else if (quote == '\0' && strchr("|&;<>$`\\*?~()", *line) != NULL)
			return line;
	}
	return NULL;
}
