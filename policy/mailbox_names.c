/* room: mailbox */
#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "domain.h"
#include "mailbox.h"
#include "text.h"

enum {
	RUN_TEXT = 4096, /* four labels of the widest U-labels need 1,000; the rest is in front */
	IDN_TRIES = 200  /* conversions a search: a field of nothing but U-labels stays cheap */
};

/* One search of one field for one domain. */
struct search {
	const char *field;
	size_t length;
	size_t *closing;    /* for each '(' where its ')' is; 0 when it has none */
	bool glue;          /* ignore blanks and comments inside labels too */
	const char *domain; /* A-labels */
	const char *spoken; /* U-labels, or domain again */
	unsigned labels;    /* of domain */
	unsigned tries;     /* conversions left */
	char run[RUN_TEXT]; /* labels and dots, what is ignored left out */
	size_t run_length;
};

static bool
is_name_byte(char c)
{
	c = text_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
	    (unsigned char)c >= 0x80;
}

/* Blanks, line breaks and every other control: some reader somewhere drops each of them. */
static bool
is_ignored(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

/* Pairs the parentheses in one pass; those still open are chained through the table itself. */
static void
match_comments(struct search *search)
{
	size_t *closing = search->closing, open = 0, at;

	for (size_t i = 0; i < search->length; i++) {
		if (search->field[i] == '\\') {
			i++;
		} else if (search->field[i] == '(') {
			closing[i] = open;
			open = i + 1;
		} else if (search->field[i] == ')' && open > 0) {
			at = open - 1;
			open = closing[at];
			closing[at] = i;
		}
	}
	while (open > 0) {
		at = open - 1;
		open = closing[at];
		closing[at] = 0;
	}
}

static size_t
skip_ignored(const struct search *search, size_t i)
{
	while (i < search->length) {
		if (is_ignored(search->field[i]))
			i++;
		else if (search->field[i] == '(' && search->closing[i] > 0)
			i = search->closing[i] + 1;
		else
			break;
	}
	return i;
}

static bool
is_name_at(const struct search *search, size_t i)
{
	return i < search->length && is_name_byte(search->field[i]);
}

/* What is too long loses its front: names are compared from the right. */
static void
run_add(struct search *search, char c)
{
	if (search->run_length == RUN_TEXT) {
		search->run_length = RUN_TEXT / 2;
		memmove(search->run, search->run + RUN_TEXT / 2, RUN_TEXT / 2);
	}
	search->run[search->run_length++] = c;
}

/* Collects the labels that begin at i, joined by dots; answers where the run ends. */
static size_t
run_collect(struct search *search, size_t i)
{
	size_t next;

	search->run_length = 0;
	for (;;) {
		for (; is_name_at(search, i); i++)
			run_add(search, search->field[i]);
		next = skip_ignored(search, i);
		if (search->glue && is_name_at(search, next)) {
			i = next;
			continue;
		}
		if (next == search->length || search->field[next] != '.')
			return i;
		next = skip_ignored(search, next + 1);
		if (!is_name_at(search, next))
			return i;
		run_add(search, '.');
		i = next;
	}
}

/* As many labels from the right as the domain has. */
static struct span
run_tail(const struct search *search)
{
	size_t start = search->run_length;

	for (unsigned dots = 0; start > 0; start--)
		if (search->run[start - 1] == '.' && ++dots == search->labels)
			break;
	return (struct span){ search->run + start, search->run_length - start };
}

static bool
is_ascii(struct span span)
{
	for (size_t i = 0; i < span.length; i++)
		if ((unsigned char)span.at[i] >= 0x80)
			return false;
	return true;
}

/* In a run that is no name (quotation marks of some script, bytes of another encoding): the
 * name between bytes that are not ASCII, dots on its left, or the ends. */
static bool
run_holds(const struct search *search, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i + length <= search->run_length; i++) {
		const char *at = search->run + i, *behind = at + length;

		if (i > 0 && at[-1] != '.' && (unsigned char)at[-1] < 0x80)
			continue;
		if (i + length < search->run_length && (unsigned char)*behind < 0x80)
			continue;
		if (span_is_nocase((struct span){ at, length }, name))
			return true;
	}
	return false;
}

static bool
run_names(struct search *search)
{
	struct span tail = run_tail(search);
	char normal[DOMAIN_TEXT];

	if (is_ascii(tail))
		return span_is_nocase(tail, search->domain);
	if (search->tries > 0) {
		search->tries--;
		if (domain_read(tail.at, tail.length, normal, NULL))
			return domain_is_under(normal, search->domain);
	}
	return run_holds(search, search->domain) || run_holds(search, search->spoken);
}

static bool
search_run(struct search *search, bool glue)
{
	search->glue = glue;
	search->tries = IDN_TRIES;
	for (size_t i = 0; i < search->length;) {
		if (!is_name_byte(search->field[i])) {
			i++;
			continue;
		}
		i = run_collect(search, i);
		if (run_names(search))
			return true;
	}
	return false;
}

bool
mailbox_field_names(const char *field, size_t length, const char *domain)
{
	struct search search = { .field = field, .length = length, .domain = domain, .spoken = domain };
	char *spoken = NULL;
	bool found = false;

	if (length == 0 || domain[0] == '\0')
		return false;
	search.labels = domain_labels(domain);
	search.closing = calloc(length, sizeof *search.closing);
	if (search.closing == NULL)
		return false; /* a failure of ours never refuses */
	if (idn2_to_unicode_8z8z(domain, &spoken, 0) == IDN2_OK)
		search.spoken = spoken;
	match_comments(&search);
	found = search_run(&search, false) || search_run(&search, true);
	idn2_free(spoken);
	free(search.closing);
	return found;
}
