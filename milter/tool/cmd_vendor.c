#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/files.h"
#include "milter/system/suffixes.h"
#include "milter/tool/cmd.h"
#include "milter/tool/cmd_brief.h"
#include "milter/tool/cmd_vendor.h"
#include "milter/tool/drafting.h"
#include "policy/advise/draft.h"
#include "policy/config/policy_keys.h"
#include "policy/config/policy_value.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

enum {
	TIMEOUT_MS = 5 * 1000 /* for one answer, if there is no configuration */
};

/* ---- options of `new` ---- */

struct request {
	char domain[DOMAIN_TEXT];
	char selectors[DRAFT_SELECTORS_MAX][DOMAIN_TEXT];
	const char *selector_list[DRAFT_SELECTORS_MAX];
	size_t selector_count;
	const char *name, *output;
};

static bool
complain(const char *what, const char *text, const struct fault *why)
{
	fprintf(stderr, "greenlane: %s '%s': %s\n", what, text, why->text);
	return false;
}

static bool
selector_add(struct request *request, const char *text)
{
	struct fault why;

	if (request->selector_count == DRAFT_SELECTORS_MAX) {
		fault_set(&why, "at most %d selectors; ask for the others later", DRAFT_SELECTORS_MAX);
		return complain("--selector", text, &why);
	}
	if (!domain_read(text, strlen(text), request->selectors[request->selector_count], &why))
		return complain("--selector", text, &why);
	request->selector_list[request->selector_count] = request->selectors[request->selector_count];
	request->selector_count++;
	return true;
}

static bool
read_options(struct request *request, const char **config, int argc, char **argv)
{
	static const struct option options[] = { { "selector", required_argument, NULL, 's' },
		{ "name", required_argument, NULL, 'n' }, { "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 } };
	struct fault why;
	int option;

	while ((option = cmd_option(&cmd_vendor, config, argc, argv, options)) != -1) {
		if (option == 'n')
			request->name = optarg;
		else if (option == 'o')
			request->output = optarg;
		else if (option != 's' || !selector_add(request, optarg))
			return false;
	}
	if (optind != argc - 1)
		return false;
	return domain_read(argv[optind], strlen(argv[optind]), request->domain, &why) ||
	    complain("DOMAIN", argv[optind], &why);
}

/* ---- asking DNS ---- */

struct context {
	struct policy *policy; /* NULL: there is no configuration yet */
	struct strings shared; /* names of shared senders; in the policy's arena */
	struct suffix_list suffixes;
	struct resolver *resolver;
};

/* Without an installed configuration resolv.conf serves; one that exists must load. */
static bool
is_not_there_yet(const char *config)
{
	return strcmp(config, GREENLANE_CONFIG) == 0 && access(config, F_OK) != 0 && errno == ENOENT;
}

static bool
take_policy(struct context *context, const char *config, struct resolver_settings *dns)
{
	context->policy = cmd_load(config);
	if (context->policy == NULL || !policy_shared_names(context->policy, context->policy->arena, &context->shared))
		return false;
	*dns = drafting_settings(context->policy);
	return true;
}

static int
context_open(struct context *context, const char *config)
{
	struct resolver_settings dns = { .timeout_ms = TIMEOUT_MS, .trust_anchor = "" };
	struct fault why;

	*context = (struct context){ .policy = NULL };
	if (is_not_there_yet(config))
		fputs("greenlane: no configuration yet: asking the host's DNS servers; no shared senders are known\n",
		    stderr);
	else if (!take_policy(context, config, &dns))
		return EX_CONFIG;
	context->suffixes = suffixes_open();
	context->resolver = resolver_unbound(&dns, &why);
	if (context->resolver != NULL)
		return 0;
	cmd_fault(&why);
	return EX_UNAVAILABLE;
}

static void
context_close(struct context *context)
{
	resolver_close(context->resolver);
	suffixes_close(&context->suffixes);
	policy_free(context->policy);
}

/* ---- writing ---- */

/* Never overwrites a file: somebody may have settled its doubts. */
static int
write_file(const char *path, const struct text *text)
{
	static const struct file_access access = { 0644, (uid_t)-1, (gid_t)-1 };
	struct folder folder;
	const char *name;
	struct fault why;
	bool done;

	if (!folder_of(&folder, path, &name, &why)) {
		if (why.text[0] == '\0')
			fault_at(&why, path, 0, "cannot be created: its directory is missing");
		fprintf(stderr, "greenlane: %s: %s\n", why.file, why.text);
		return EX_CANTCREAT;
	}
	done = file_make(&folder, name, &access, text->bytes, text->length, &why);
	folder_close(&folder);
	if (!done)
		fprintf(stderr, "greenlane: %s: %s\n", why.file, why.text);
	return done ? 0 : EX_CANTCREAT;
}

static int
write_out(const char *path, const struct text *text)
{
	return path != NULL ? write_file(path, text) : output_put(text);
}

/* A file is found only by the name of its vendor. */
static bool
file_is_named(const char *path, const char *name)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');
	const char *file = slash == NULL ? path : slash + 1;
	size_t length = strlen(name);

	return file != NULL && strncmp(file, name, length) == 0 && strcmp(file + length, ".conf") == 0;
}

static void
say_next(const char *config, const char *path, const char *name, size_t doubts)
{
	if (!file_is_named(path, name))
		fprintf(stderr, "greenlane: save it as %s.conf in a directory of vendor_path\n", name);
	fprintf(stderr,
	    "greenlane: it contains %zu doubt%s; now add { name = \"%s\"; mode = \"vouch\"; } to vendors in %s, "
	    "then run: greenlane check\n",
	    doubts, text_s(doubts), name, config);
}

static int
finish(const struct draft *draft, const char *config, const struct request *request)
{
	const struct draft_facts *facts = draft_facts(draft);
	struct text text;
	size_t doubts;
	int status;

	text_open(&text, DRAFT_TEXT_MAX);
	doubts = draft_write(facts, &text);
	status = text.cut ? EX_OSERR : write_out(request->output, &text);
	if (text.cut)
		fprintf(stderr, "greenlane: out of memory\n");
	if (status == 0)
		say_next(config, request->output, facts->name, doubts);
	text_close(&text);
	return status;
}

static int
conclude(const struct draft *draft, const char *config, const struct request *request)
{
	struct fault why;

	switch (draft_state(draft, &why)) {
	case DRAFT_DONE:
		return finish(draft, config, request);
	case DRAFT_NOWHERE:
		cmd_fault(&why);
		return 1;
	default:
		fprintf(stderr, "greenlane: %s; nothing was written\n", why.text);
		return EX_TEMPFAIL;
	}
}

static int
draft_file(const struct context *context, const char *config, const struct request *request)
{
	struct draft_request draft_request = { .domain = request->domain,
		.name = request->name,
		.selectors = request->selector_list,
		.selector_count = request->selector_count,
		.shared = context->shared.list,
		.shared_count = context->shared.count,
		.suffixes = &context->suffixes,
		.now = clock_now() };
	struct budget budget = { DRAFTING_MS };
	struct fault why;
	struct draft *draft = draft_open(&draft_request, &why);
	int status;

	if (draft == NULL) {
		cmd_fault(&why);
		return EX_USAGE;
	}
	if (drafting_ask(draft, context->resolver, &budget)) {
		status = conclude(draft, config, request);
	} else {
		fputs("greenlane: out of memory\n", stderr);
		status = EX_OSERR;
	}
	draft_close(draft);
	return status;
}

static int
vendor_new(const char *config, int argc, char **argv)
{
	struct request request = { .name = "" };
	struct context context;
	int status;

	if (!read_options(&request, &config, argc, argv))
		return cmd_usage(&cmd_vendor);
	status = context_open(&context, config);
	if (status == 0)
		status = draft_file(&context, config, &request);
	context_close(&context);
	return status;
}

/* ---- list, show, diff ---- */

/* A name is found as a file, and printed: nothing else may stand for one. */
static bool
name_is_fit(const char *name)
{
	struct fault why = { .text = "is empty; write a vendor's name" };

	if (name[0] != '\0' && value_name(name, &why))
		return true;
	return complain("NAME", name, &why);
}

/* Each takes the end of this list that is its own. */
static const struct option view_options[] = { { "shipped", no_argument, NULL, 'S' }, { "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 } };

static int
view(const char *config, int argc, char **argv, const struct option *options, int (*run)(const struct vendor_view *))
{
	struct vendor_view view = { .config = config };
	bool named = run != vendor_list;
	int option;

	while ((option = cmd_option(&cmd_vendor, &view.config, argc, argv, options)) != -1) {
		if (option != 'S' && option != 'j')
			return cmd_usage(&cmd_vendor);
		view.shipped |= option == 'S';
		view.json |= option == 'j';
	}
	if (argc - optind != named || (named && !name_is_fit(argv[optind])))
		return cmd_usage(&cmd_vendor);
	view.name = named ? argv[optind] : NULL;
	return run(&view);
}

static int
list_words(const char *config, int argc, char **argv)
{
	return view(config, argc, argv, view_options, vendor_list);
}

static int
show_words(const char *config, int argc, char **argv)
{
	return view(config, argc, argv, view_options + 1, vendor_show);
}

static int
diff_words(const char *config, int argc, char **argv)
{
	return view(config, argc, argv, view_options + 2, vendor_compare);
}

/* ---- update ---- */

static int
update_words(const char *config, int argc, char **argv)
{
	static const struct option options[] = { { "dry-run", no_argument, NULL, 'n' },
		{ "back", no_argument, NULL, 'b' }, { NULL, 0, NULL, 0 } };
	struct vendor_update asked = { .config = config };
	bool back = false;
	int option;

	while ((option = cmd_option(&cmd_vendor, &asked.config, argc, argv, options)) != -1) {
		if (option != 'n' && option != 'b')
			return cmd_usage(&cmd_vendor);
		asked.dry_run |= option == 'n';
		back |= option == 'b';
	}
	if (argc - optind != !back || (back && asked.dry_run))
		return cmd_usage(&cmd_vendor);
	asked.path = back ? NULL : argv[optind];
	return vendor_update(&asked);
}

/* ---- the second word ---- */

static const struct {
	const char *name;
	int (*run)(const char *config, int argc, char **argv); /* argv[0] is the name */
} words[] = {
	{ "brief", cmd_brief },
	{ "diff", diff_words },
	{ "list", list_words },
	{ "new", vendor_new },
	{ "show", show_words },
	{ "update", update_words },
};
enum { WORDS = sizeof words / sizeof words[0] };

static int
run(const char *config, int argc, char **argv)
{
	const char *names[WORDS];
	bool named = cmd_first_word(&cmd_vendor, &config, argc, argv) > 0;
	int word = optind;

	options_begin();
	for (size_t i = 0; named && i < WORDS; i++) {
		if (strcmp(argv[word], words[i].name) == 0)
			return words[i].run(config, argc - word, argv + word);
		names[i] = words[i].name;
	}
	if (named)
		(void)!cmd_is_word(&cmd_vendor, argv[word], names, WORDS);
	return cmd_usage(&cmd_vendor);
}

const struct command cmd_vendor = { "vendor",
	"(list [--shipped] | show NAME) [--json] | diff NAME | brief NAME | new DOMAIN [--selector S]... [--name NAME] "
	"[--output FILE] | update (DIR | FILE [--dry-run] | --back)",
	"list vendors, show one as it is in force, draft a file from what a domain publishes, or take a newer catalogue",
	run };
