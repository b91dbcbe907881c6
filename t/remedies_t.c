/* Whatever a fault says to write is text that is better: each advice of t/conf/bad is typed in its place and loaded again. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config/policy_text.h"
#include "policy/util/text.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

enum { WORD = 512, LEAST = 100 };

static unsigned typed, passed_over;

/* ---- what a fault says ---- */

struct advice {
	char key[WORD];     /* "refresh.min"; "": it names none */
	char given[WORD];   /* the value that is wrong; "": all that stands behind the key */
	char instead[WORD]; /* what to write, quotes and all */
};

/* The text between two of these marks behind `at`; false: there is none. */
static bool
between(const char *at, char mark, char out[WORD])
{
	const char *end = at[0] == mark ? strchr(at + 1, mark) : NULL;

	if (end == NULL || end - at - 1 >= WORD)
		return false;
	snprintf(out, WORD, "%.*s", (int)(end - at - 1), at + 1);
	return true;
}

/* A value as a file has it: a string, a list, a word, a number. */
static bool
take_value(const char *at, char out[WORD])
{
	static const char *const pairs[] = { "\"\"", "[]", "()", NULL };
	size_t length = strcspn(at, " ,;");

	for (size_t i = 0; pairs[i] != NULL; i++)
		if (at[0] == pairs[i][0]) {
			const char *end = strchr(at + 1, pairs[i][1]);

			length = end == NULL ? 0 : (size_t)(end + 1 - at);
		}
	if (length == 0 || length >= WORD)
		return false;
	snprintf(out, WORD, "%.*s", (int)length, at);
	return true;
}

/* "a number from 1 to 32", "digits alone, such as 5", "'192.0.2.0/24'", "enforce, vouch or monitor" */
static bool
take_instead(const char *said, char out[WORD])
{
	const char *at;
	char word[WORD - 2];

	if ((at = strstr(said, "such as ")) != NULL)
		return take_value(at + strlen("such as "), out);
	if (strncmp(said, "a ", 2) == 0 && (at = strstr(said, " from ")) != NULL) {
		snprintf(word, sizeof word, "%.*s", (int)strcspn(at + 6, " "), at + 6);
		snprintf(out, WORD, strstr(said, "number") == said + 2 ? "%s" : "\"%s\"", word);
		return true;
	}
	if (said[0] == '"' || said[0] == '[' || said[0] == '(')
		return take_value(said, out);
	if (said[0] == '\'' && between(said, '\'', out)) {
		snprintf(word, sizeof word, "%.500s", out);
		snprintf(out, WORD, "\"%s\"", word);
		return true;
	}
	if (strncmp(said, "true or false", 13) == 0)
		return snprintf(out, WORD, "true") > 0;
	if (islower((unsigned char)said[0]) && strstr(said, " or ") != NULL && strcspn(said, ", ") < 40) {
		snprintf(out, WORD, "\"%.*s\"", (int)strcspn(said, ", "), said);
		return strpbrk(out, "=(") == NULL;
	}
	return false;
}

/* False: the advice is for a person ("drop it"), or the fault names no value. */
static bool
read_advice(const char *text, struct advice *out)
{
	const char *write = strstr(text, "; write "), *mean = strstr(text, "; did you mean '"), *rest;
	char word[WORD];

	*out = (struct advice){ .key = "" };
	if (write != NULL && strstr(write, "\" where ") != NULL) /* another key is meant */
		return false;
	if (!between(text, '\'', out->key))
		return false;
	rest = text + strlen(out->key) + 2;
	if (strncmp(rest, ": '", 3) == 0 || strncmp(rest, " cannot be '", 12) == 0) {
		if (!between(strchr(rest, '\''), '\'', out->given))
			return false;
	} else if (strncmp(rest, " wants ", 7) != 0 && strncmp(rest, " cannot be ", 11) != 0 &&
	    strncmp(rest, " is empty", 9) != 0) {
		return false;
	}
	if (mean != NULL && between(mean + strlen("; did you mean "), '\'', word))
		return snprintf(out->instead, WORD, "\"%.500s\"", word) > 0;
	return write != NULL && take_instead(write + strlen("; write "), out->instead);
}

/* ---- typing it ---- */

/* Where the value behind `key =` ends. */
static const char *
value_end(const char *at)
{
	int depth = 0;
	bool quoted = false;

	for (; *at != '\0' && *at != '\n'; at++) {
		quoted ^= *at == '"';
		if (!quoted && strchr("[({", *at) != NULL)
			depth++;
		if (!quoted && depth == 0 && strchr(";,})", *at) != NULL)
			break;
		if (!quoted && strchr("])}", *at) != NULL)
			depth--;
	}
	return at;
}

/* The value of this key in the line, which may be one in a list of groups; NULL: it is not there. */
static const char *
value_of(const char *line, const char *key)
{
	const char *dot = strrchr(key, '.'), *leaf = dot == NULL ? key : dot + 1, *at = line;
	size_t length = strlen(leaf);

	while ((at = strstr(at, leaf)) != NULL) {
		const char *behind = at + length;

		behind += strspn(behind, " \t");
		if ((at == line || !isalnum((unsigned char)at[-1])) && *behind == '=')
			return behind + 1 + strspn(behind + 1, " \t");
		at += length;
	}
	return NULL;
}

/* The text with the advice in line `number`. NULL: there is no place for it. To be freed. */
static char *
type_advice(const char *text, unsigned number, const struct advice *advice)
{
	const char *line = text, *from, *to;
	char quoted[WORD + 2], *out;
	size_t length;

	for (unsigned i = 1; i < number; i++) {
		const char *end = strchr(line, '\n');

		if (end == NULL)
			return NULL;
		line = end + 1;
	}
	snprintf(quoted, sizeof quoted, "\"%s\"", advice->given);
	from = advice->given[0] != '\0' ? strstr(line, quoted) : value_of(line, advice->key);
	to = from == NULL ? NULL : advice->given[0] != '\0' ? from + strlen(quoted) : value_end(from);
	if (from == NULL || (strchr(line, '\n') != NULL && from > strchr(line, '\n')))
		return NULL;
	length = strlen(text) + strlen(advice->instead) + 1;
	out = malloc(length);
	if (out != NULL)
		snprintf(out, length, "%.*s%s%s", (int)(from - text), text, advice->instead, to);
	return out;
}

/* ---- loading it again ---- */

static struct faults *
load(const char *shown, const char *text)
{
	struct faults *faults = faults_open();
	struct conf_files files;
	char folder[512];

	conf_files_open(&files, conf_path(folder, sizeof folder, "t/conf/vendors"), "vendors");
	policy_free(policy_text_load(shown, text, strlen(text), &files.files, faults));
	conf_files_close(&files);
	return faults;
}

/* Does a fault of this line speak of what was typed? */
static const char *
complaint_about(const struct faults *faults, const char *shown, unsigned line, const struct advice *advice)
{
	const char *instead = advice->instead;
	char word[WORD], wants[WORD + 16];

	snprintf(word, sizeof word, "'%.*s'", (int)strcspn(instead + strspn(instead, "[( \""), "\"])"),
	    instead + strspn(instead, "[( \""));
	snprintf(wants, sizeof wants, "'%s' wants ", advice->key);
	for (size_t i = 0; i < faults->kept; i++) {
		const struct fault *fault = &faults->list[i].fault;

		if (faults->list[i].level == FAULT_ERROR && strcmp(fault->file, shown) == 0 && fault->line == line &&
		    (strstr(fault->text, word) != NULL || strncmp(fault->text, wants, strlen(wants)) == 0) &&
		    strstr(fault->text, "is not in own.domains") == NULL) /* a fault of the whole, not of the form */
			return fault->text;
	}
	return NULL;
}

static bool
has_fault(const struct faults *faults, const struct fault *wanted)
{
	for (size_t i = 0; i < faults->kept; i++)
		if (faults->list[i].fault.line == wanted->line && strcmp(faults->list[i].fault.text, wanted->text) == 0)
			return true;
	return false;
}

static void
try_fault(const char *shown, const char *text, const struct fault *fault)
{
	struct advice advice;
	struct faults *after;
	const char *said;
	char *better = NULL;

	if (strcmp(fault->file, shown) == 0 && fault->line > 0 && read_advice(fault->text, &advice))
		better = type_advice(text, fault->line, &advice);
	if (better == NULL) {
		passed_over++;
		return;
	}
	typed++;
	after = load(shown, better);
	said = complaint_about(after, shown, fault->line, &advice);
	if (!ok(said == NULL && !has_fault(after, fault), "%s:%u: %s is no fault in its place", shown, fault->line,
		advice.instead))
		note("%s; then: %s", fault->text, said == NULL ? "the same again" : said);
	free(better);
	faults_close(after);
}

static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static void
try_file(const char *name)
{
	char path[512], shown[300];
	size_t length;
	char *text = conf_file_read(conf_path(path, sizeof path, "t/conf/bad/%s", name), &length);
	struct faults *faults;

	snprintf(shown, sizeof shown, "bad/%s", name);
	if (text == NULL || strlen(text) != length) {
		free(text);
		return;
	}
	faults = load(shown, text);
	for (size_t i = 0; i < faults->kept; i++)
		if (faults->list[i].level == FAULT_ERROR)
			try_fault(shown, text, &faults->list[i].fault);
	faults_close(faults);
	free(text);
}

int
main(void)
{
	struct dirent **list;
	char path[512];
	int count = scandir(conf_path(path, sizeof path, "t/conf/bad"), &list, is_conf, alphasort);

	for (int i = 0; i < count; i++) {
		try_file(list[i]->d_name);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
	ok(typed >= LEAST, "%u advices were typed, %u are for a person or for another file", typed, passed_over);
	return done();
}
