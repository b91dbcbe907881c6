#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "milter/system/options.h"
#include "policy/config/policy_keys.h"
#include "policy/util/text.h"

enum { WRONG = '?', NAME_MAX_SHOWN = 60 };

void
options_begin(void)
{
	optind = 0; /* not 1: this resets getopt's internal state, too */
}

/* "form" for "--form=x" and for "-form". */
static struct span
name_of(const char *given)
{
	struct span rest = span_of(given + strspn(given, "-"));

	return span_cut(&rest, '=');
}

/* The long option with that name, or NULL. */
static const char *
exact(struct span name, const struct option *known)
{
	for (; known->name != NULL; known++)
		if (span_is(name, known->name))
			return known->name;
	return NULL;
}

static const char *
nearest(struct span name, const struct option *known)
{
	const char *names[OPTIONS_MAX];
	char word[NAME_MAX_SHOWN];
	size_t count = 0;

	for (; known->name != NULL && count < OPTIONS_MAX; known++)
		names[count++] = known->name;
	snprintf(word, sizeof word, "%.*s", (int)name.length, name.at);
	return keys_nearest(word, names, count);
}

static unsigned
count_begun_with(struct span name, const struct option *known)
{
	unsigned count = 0;

	for (; known->name != NULL; known++)
		count += strncmp(known->name, name.at, name.length) == 0;
	return count;
}

/* dashes and name are as given. */
static void
say_unknown(const char *program, const char *dashes, struct span name, const struct option *known)
{
	int shown = name.length < NAME_MAX_SHOWN ? (int)name.length : NAME_MAX_SHOWN;
	const char *meant = exact(name, known);

	fprintf(stderr, "%s: unknown option '%s%.*s'", program, dashes, shown, name.at);
	if (meant != NULL)
		fprintf(stderr, "; write '--%s'\n", meant);
	else if (name.length > 1 && (meant = nearest(name, known)) != NULL)
		fprintf(stderr, "; did you mean '--%s'?\n", meant);
	else
		fprintf(stderr, "; the options are listed below\n");
}

/* Is it a long option without a value that was given one, at which getopt stopped? */
static bool
takes_none(const char *given, const struct option *known)
{
	struct span name = name_of(given);

	for (; known->name != NULL; known++)
		if (known->has_arg == no_argument && known->val == optopt &&
		    strncmp(known->name, name.at, name.length) == 0)
			return strncmp(given, "--", 2) == 0 && strchr(given, '=') != NULL;
	return false;
}

static void
say_wrong_long(const char *program, const char *given, const struct option *known)
{
	struct span name = name_of(given);

	if (takes_none(given, known))
		fprintf(stderr, "%s: option '--%.*s' takes no value; remove '=' and what follows it\n", program,
		    (int)name.length, name.at);
	else if (count_begun_with(name, known) > 1)
		fprintf(stderr, "%s: option '--%.*s' is ambiguous; write it in full\n", program, (int)name.length,
		    name.at);
	else
		say_unknown(program, "--", name, known);
}

static void
say_wrong_letter(const char *program, const char *given, const struct option *known)
{
	const char letter = (char)optopt;

	if (exact(name_of(given), known) != NULL || nearest(name_of(given), known) != NULL)
		say_unknown(program, "-", name_of(given), known);
	else
		say_unknown(program, "-", (struct span){ &letter, 1 }, known);
}

/* Does `given` end in the letter that getopt does not know? */
static bool
ends_in_letter(const char *given)
{
	return given[0] == '-' && given[1] != '-' && given[strlen(given) - 1] == optopt;
}

static void
say_wrong(const char *program, char **argv, const struct option *known)
{
	const char *last = argv[optind - 1];

	if (optopt == 0 || takes_none(last, known))
		say_wrong_long(program, last, known);
	else
		/* getopt stays at an argument with more letters */
		say_wrong_letter(program, ends_in_letter(last) ? last : argv[optind], known);
}

static void
say_missing(const char *program, const char *given)
{
	char letter[] = { '-', (char)optopt, '\0' };
	const char *option = strncmp(given, "--", 2) == 0 ? given : letter;

	fprintf(stderr, "%s: option '%s' needs a value; write it after the option\n", program, option);
}

/* getopt reads "-config x" as -c with the value "onfig". */
static bool
has_one_dash(const char *given, const struct option *known)
{
	return optarg == given + 2 && exact(name_of(given), known) != NULL;
}

int
options_next(const char *program, int argc, char **argv, const char *letters, const struct option *known)
{
	int found;

	opterr = 0;
	found = getopt_long(argc, argv, letters, known, NULL);
	if (found == -1)
		return -1;
	if (found == ':')
		say_missing(program, argv[optind - 1]);
	else if (found == '?')
		say_wrong(program, argv, known);
	else if (optarg != NULL && has_one_dash(argv[optind - 1], known))
		say_unknown(program, "-", name_of(argv[optind - 1]), known);
	else
		return found;
	return WRONG;
}
