#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/system/postconf.h"
#include "milter/tool/cmd.h"
#include "policy/advise/postfix_setup.h"

enum { ARENA_MAX = 16 * 1024 * 1024, SETUP_MAX = 4 * 1024 * 1024 };

struct request {
	const char *file;   /* saved output of postconf; NULL: run it */
	const char *folder; /* Postfix's configuration directory; NULL: the usual one */
};

static int
complain(int status, const char *what, const char *why)
{
	fprintf(stderr, "greenlane: %s: %s\n", what, why);
	return status;
}

/* ---- what postconf says ---- */

static int
read_stream(FILE *stream, const char *name, struct text *out)
{
	char piece[4096];
	size_t got;

	while ((got = fread(piece, 1, sizeof piece, stream)) > 0)
		text_add(out, piece, got);
	if (ferror(stream))
		return complain(EX_NOINPUT, name, strerror(errno));
	if (out->cut || memchr(out->bytes, '\0', out->length) != NULL)
		return complain(EX_DATAERR, name, "is not the output of postconf");
	return 0;
}

static int
read_file(const char *path, struct text *out)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int status;

	if (file == NULL)
		return complain(errno == EACCES ? EX_NOPERM : EX_NOINPUT, path, strerror(errno));
	status = read_stream(file, path, out);
	if (file != stdin)
		fclose(file);
	return status;
}

static int
ask_all(const char *folder, struct text *out)
{
	struct fault why;
	enum postconf_answer answer = postconf_ask(folder, false, out, &why);

	if (answer == POSTCONF_ABSENT)
		return complain(EX_UNAVAILABLE, why.text, "give saved output with --postconf FILE");
	return answer == POSTCONF_SAID ? 0 : complain(EX_UNAVAILABLE, "postconf", why.text);
}

/* ---- the command ---- */

static int
print_setup(const struct policy *policy, const char *postconf, const char *name)
{
	const struct postfix_setup_site site = postfix_setup_site(policy, postconf);
	struct arena *arena = arena_open(ARENA_MAX);
	struct text out;
	int status = EX_OSERR;

	text_open(&out, SETUP_MAX);
	if (arena == NULL)
		(void)complain(EX_OSERR, name, "out of memory");
	else if (!postfix_setup_write(&site, arena, &out))
		status = complain(EX_DATAERR, name,
		    "contains no Postfix setting; save the output of `postconf -n; postconf -M` there");
	else
		status = output_put(&out);
	text_close(&out);
	arena_close(arena);
	return status;
}

static bool
read_options(struct request *request, const char **config, int argc, char **argv)
{
	static const struct option options[] = { { "postconf", required_argument, NULL, 'p' },
		{ "config-dir", required_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	static const char *const words[] = { "postfix" };
	int option;

	while ((option = cmd_option(&cmd_setup, config, argc, argv, options)) != -1) {
		if (option == 'p')
			request->file = optarg;
		else if (option == 'd')
			request->folder = optarg;
		else
			return false;
	}
	return optind == argc - 1 && cmd_is_word(&cmd_setup, argv[optind], words, 1) &&
	    (request->file == NULL || request->folder == NULL);
}

static int
run(const char *config, int argc, char **argv)
{
	struct request request = { NULL, NULL };
	struct policy *policy;
	struct text postconf;
	int status;

	if (!read_options(&request, &config, argc, argv))
		return cmd_usage(&cmd_setup);
	policy = cmd_load(config);
	if (policy == NULL)
		return EX_CONFIG;
	text_open(&postconf, POSTCONF_MAX);
	status = request.file != NULL ? read_file(request.file, &postconf) : ask_all(request.folder, &postconf);
	if (status == 0)
		status = print_setup(policy, postconf.bytes, request.file != NULL ? request.file : "postconf");
	text_close(&postconf);
	policy_free(policy);
	return status;
}

const struct command cmd_setup = { "setup", "postfix [--postconf FILE | --config-dir DIR]",
	"print the main.cf lines that this host's Postfix needs for greenlane", run };
