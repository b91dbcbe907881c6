/*
 * signmail - signs a message on standard input, or makes a key; for tests and the quickstart.
 *
 *     signmail --make-key rsa|ed25519 FILE.pem                 prints the TXT record's data
 *     signmail --key FILE.pem --d D --s S [--a A] [--h from:to:subject] [--simple] < message > signed
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "policy/util/text.h"
#include "t/lib/sign.h"

enum { FIELDS_MAX = 2000, MESSAGE_MAX = 32 * 1024 * 1024 };

struct message {
	struct sign_field fields[FIELDS_MAX];
	size_t count;
	const char *body;
	bool crlf;
};

static int
complain(const char *what, const char *name)
{
	fprintf(stderr, "signmail: %s%s\n", what, name);
	return EX_DATAERR;
}

/* Where the field that starts here ends: the line end that no blank follows; NULL without one. */
static char *
field_end(char *at)
{
	char *end = strchr(at, '\n');

	while (end != NULL && (end[1] == ' ' || end[1] == '\t'))
		end = strchr(end + 1, '\n');
	return end;
}

/* Cuts a copy of the message into fields, in place. */
static bool
message_cut(char *at, struct message *out)
{
	char *colon, *end;

	while (*at != '\0' && *at != '\n' && !(at[0] == '\r' && at[1] == '\n')) {
		if ((end = field_end(at)) == NULL || out->count == FIELDS_MAX)
			return false;
		out->crlf = end[-1] == '\r';
		end[out->crlf ? -1 : 0] = '\0';
		if ((colon = strchr(at, ':')) == NULL)
			return false;
		*colon = '\0';
		out->fields[out->count++] = (struct sign_field){ at, colon + 1 };
		at = end + 1;
	}
	at += *at == '\r';
	out->body = at + (*at == '\n');
	return out->count > 0;
}

static void
input_read(struct text *out)
{
	char chunk[8192];
	size_t length;

	text_open(out, MESSAGE_MAX);
	while ((length = fread(chunk, 1, sizeof chunk, stdin)) > 0)
		text_add(out, chunk, length);
}

static int
sign_input(const struct sign_order *order)
{
	struct message *message = calloc(1, sizeof *message);
	char *copy = NULL, *value = NULL;
	struct text input;
	int status = EX_DATAERR;

	input_read(&input);
	copy = strdup(input.bytes);
	if (message == NULL || copy == NULL || input.cut || strlen(copy) != input.length || !message_cut(copy, message)) {
		complain("standard input is no message", "");
		goto out;
	}
	value = sign_message(order, message->fields, message->count, message->body, strlen(message->body));
	if (value == NULL) {
		complain("could not sign; does the key fit the algorithm?", "");
		goto out;
	}
	printf("DKIM-Signature:%s%s%s", value, message->crlf ? "\r\n" : "\n", input.bytes);
	status = fflush(stdout) == 0 ? EX_OK : EX_IOERR;
out:
	free(value);
	free(copy);
	free(message);
	text_close(&input);
	return status;
}

static int
make_key(const char *kind, const char *path)
{
	struct sign_key *key = sign_key_make(strcmp(kind, "ed25519") == 0 ? SIGN_ED25519 : SIGN_RSA_2048);
	char *record = key == NULL ? NULL : sign_record(key, 0);
	int status = EX_OK;

	if (record == NULL || !sign_key_write(key, path))
		status = complain("cannot make a key in ", path);
	else
		puts(record);
	free(record);
	sign_key_free(key);
	return status;
}

static int
usage(void)
{
	fputs("usage: signmail --make-key rsa|ed25519 FILE.pem\n"
	      "       signmail --key FILE.pem --d D --s S [--a A] [--h from:to:...] [--simple]\n",
	    stderr);
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "make-key", required_argument, NULL, 'm' },
		{ "key", required_argument, NULL, 'k' }, { "d", required_argument, NULL, 'd' },
		{ "s", required_argument, NULL, 's' }, { "a", required_argument, NULL, 'a' },
		{ "h", required_argument, NULL, 'h' }, { "simple", no_argument, NULL, 'c' }, { NULL, 0, NULL, 0 } };
	const char *kind = NULL, *path = NULL;
	struct sign_order order = { .key = NULL };
	const char **given
	    [128] = { ['m'] = &kind, ['k'] = &path, ['d'] = &order.d, ['s'] = &order.s, ['a'] = &order.a, ['h'] = &order.h };
	struct sign_key *key;
	int option, status;

	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == 'c')
			order.simple = true;
		else if (option < 0 || option >= 128 || given[option] == NULL)
			return usage();
		else
			*given[option] = optarg;
	}
	if (kind != NULL)
		return argc - optind == 1 ? make_key(kind, argv[optind]) : usage();
	if (path == NULL || order.d == NULL || order.s == NULL || optind != argc)
		return usage();
	if ((key = sign_key_read(path)) == NULL)
		return complain("cannot read a key from ", path);
	order.key = key;
	status = sign_input(&order);
	sign_key_free(key);
	return status;
}
