/*
 * Any bytes as what answers greenlane on the control socket, which may be somebody else: the first says how, to `greenlane status` in words
 * or as JSON, or the rest is a list of tuples for `greenlane greylist`. Nothing that is printed in words steers a terminal.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "milter/tool/greylist_print.h"
#include "policy/util/json_read.h"
#include "t/fuzz/fuzz.h"

enum asked __wrap_daemon_reach(const char *, const char *, int, char *, struct text *, struct fault *);
enum asked __wrap_ask_milter(const char *, int, struct fault *);

enum { NOW = 1772359200, TUPLES_MAX = 100 };

static struct span reply;
extern const struct command cmd_status;

enum asked
__wrap_daemon_reach(const char *config, const char *request, int patience_ms, char *address, struct text *out,
    struct fault *why)
{
	(void)config, (void)request, (void)patience_ms, (void)why;
	snprintf(address, DAEMON_ADDRESS, "unix:/nowhere/control");
	text_span(out, reply);
	return ASKED_ANSWERED;
}

enum asked
__wrap_ask_milter(const char *address, int patience_ms, struct fault *why)
{
	(void)address, (void)patience_ms, (void)why;
	return ASKED_ABSENT;
}

static void
status(bool as_json)
{
	char *words[] = { (char[]){ "status" }, as_json ? (char[]){ "--json" } : NULL, NULL };
	int result;

	optind = 0;
	result = cmd_status.run("greenlane.conf", as_json ? 2 : 1, words);
	must(result == 0 || result == 1);
}

static void
tuples(void)
{
	struct greylist_table table = { 0, 0, 0 };
	struct span rest = reply, tuple;

	greylist_print_rows(&table, reply, NOW);
	for (size_t i = 0; i < TUPLES_MAX && json_read_next(&rest, &tuple); i++)
		greylist_print_tuple(tuple, NOW);
}

static void
check_words(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		must((byte >= 0x20 && byte != 0x7f) || byte == '\n');
		must(byte < 0x80 || byte >= 0xa0 || bytes[i - 1] != '\xc2'); /* U+009B begins a sequence */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *terminal = stdout, *errors = stderr;
	size_t length = 0;
	char *bytes = NULL;

	if (size < 1)
		return 0;
	reply = (struct span){ (const char *)data + 1, size - 1 };
	must((stdout = open_memstream(&bytes, &length)) != NULL);
	stderr = stdout;
	if (data[0] == 't')
		tuples();
	else
		status(data[0] == 'j');
	fclose(stdout);
	stdout = terminal;
	stderr = errors;
	if (data[0] != 'j')
		check_words(bytes, length);
	free(bytes);
	return 0;
}
