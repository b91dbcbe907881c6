/* greenlane dns: compares what our own domains publish with the delegations. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "milter/state/config_files.h"
#include "milter/state/engine.h"
#include "milter/system/suffixes.h"
#include "milter/tool/cmd.h"
#include "policy/advise/dns_audit.h"
#include "policy/util/domain.h"

enum {
	PATIENCE_MS = 30 * 1000, /* for all answers of one domain */
	ANSWER_MAX = 1024 * 1024,
	KNOWN_MAX = 1000
};

struct context {
	struct policy *policy;
	struct policy *known_policies[KNOWN_MAX]; /* each holds the one vendor of a file */
	const struct vendor *known[KNOWN_MAX];
	size_t known_count;
	struct suffix_list suffixes;
	struct resolver *resolver;
};

/* ---- vendors that have a file, but are not in force ---- */

/* The vendor of a file with an error is unknown here; nothing else follows. */
static void
known_add(struct context *context, const char *name)
{
	struct faults *faults = faults_open();
	struct policy *policy = NULL;

	if (faults != NULL && context->known_count < KNOWN_MAX)
		policy = config_files_read_vendor(&context->policy->settings.vendor_path, name, faults);
	if (policy != NULL) {
		context->known_policies[context->known_count] = policy;
		context->known[context->known_count++] = &policy->vendors[0];
	}
	faults_close(faults);
}

static bool
is_met(const struct context *context, const char *name)
{
	for (size_t i = 0; i < context->known_count; i++)
		if (strcmp(context->known[i]->name, name) == 0)
			return true;
	return policy_vendor_named(context->policy, name) != NULL;
}

/* Only names that are safe in the configuration text that is made from them. */
static int
is_vendor_file(const struct dirent *entry)
{
	size_t name = strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return name > 0 && name < 200 && strcmp(entry->d_name + name, ".conf") == 0;
}

/* A name in two folders is one vendor: the first look reads the file that counts. */
static void
known_find(struct context *context)
{
	const struct strings *folders = &context->policy->settings.vendor_path;

	for (size_t i = folders->count; i-- > 0;) {
		struct dirent **list = NULL;
		int count = scandir(folders->list[i], &list, is_vendor_file, alphasort);

		for (int j = 0; j < count; j++) {
			list[j]->d_name[strlen(list[j]->d_name) - strlen(".conf")] = '\0';
			if (!is_met(context, list[j]->d_name))
				known_add(context, list[j]->d_name);
			free(list[j]);
		}
		free(list);
	}
}

/* ---- what it works with ---- */

static int
context_open(struct context *context, const char *config)
{
	struct fault why;

	context->policy = cmd_load(config);
	if (context->policy == NULL)
		return EX_CONFIG;
	known_find(context);
	context->suffixes = suffixes_open();
	context->resolver = engine_resolver(&context->policy->settings, NULL, NULL, &why);
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
	for (size_t i = 0; i < context->known_count; i++)
		policy_free(context->known_policies[i]);
	policy_free(context->policy);
}

/* ---- one domain ---- */

static bool
ask_all(struct dns_audit *audit, struct resolver *resolver)
{
	struct budget budget = { PATIENCE_MS };
	struct dns_question question;
	struct dns_answer answer;

	while (dns_audit_next(audit, &question)) {
		struct arena *arena = arena_open(ANSWER_MAX);

		if (arena == NULL)
			return false;
		resolver_ask(resolver, &question, &budget, arena, &answer);
		dns_audit_answer(audit, &answer);
		arena_close(arena);
	}
	return dns_audit_report(audit) != NULL;
}

static int
report_print(const struct dns_audit_report *report)
{
	int status = report->wrong_count > 0 ? 1 : 0;
	struct text text;

	text_open(&text, DNS_AUDIT_TEXT_MAX);
	dns_audit_write(report, &text);
	if (output_put(&text) != 0)
		status = EX_IOERR;
	text_close(&text);
	for (size_t i = 0; i < DNS_AUDIT_PARTS && status != EX_IOERR; i++)
		if (report->trouble[i][0] != '\0')
			status = EX_UNAVAILABLE;
	return status;
}

static int
examine(const struct context *context, const char *domain)
{
	struct dns_audit_request request = { .domain = domain,
		.policy = context->policy,
		.known = context->known,
		.known_count = context->known_count,
		.suffixes = &context->suffixes };
	struct dns_audit *audit = dns_audit_open(&request);
	int status = EX_OSERR;

	if (audit != NULL && ask_all(audit, context->resolver))
		status = report_print(dns_audit_report(audit));
	else
		fputs("greenlane: out of memory\n", stderr);
	dns_audit_close(audit);
	return status;
}

/* ---- all of them ---- */

/* Several rules, as those of mailboxes, may name the same domain: examine it once. */
static bool
is_first(const struct name_rules *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules->list[i].domain, rules->list[n].domain) == 0)
			return false;
	return true;
}

static int
examine_all(const struct context *context)
{
	const struct name_rules *domains = &context->policy->settings.own.domains;
	int worst = 0;

	if (domains->count == 0)
		fputs("greenlane: own.domains is empty; name your domains there, or write: greenlane dns DOMAIN\n",
		    stderr);
	for (size_t i = 0; i < domains->count; i++) {
		int status;

		if (!is_first(domains, i))
			continue;
		if (i > 0)
			putchar('\n');
		status = examine(context, domains->list[i].domain);
		worst = status > worst ? status : worst;
	}
	return domains->count == 0 ? EX_USAGE : worst;
}

static int
examine_one(const struct context *context, const char *domain)
{
	if (!name_rules_hold_domain(&context->policy->settings.own.domains, domain))
		fprintf(stderr, "greenlane: %s is not in own.domains; examining it anyway\n", domain);
	return examine(context, domain);
}

static int
run(const char *config, int argc, char **argv)
{
	char domain[DOMAIN_TEXT];
	struct context *context;
	struct fault why;
	int words = cmd_words(&cmd_dns, &config, argc, argv), status;

	if (words < 0 || words > 1)
		return cmd_usage(&cmd_dns);
	if (words == 1 && !domain_read(argv[optind], strlen(argv[optind]), domain, &why)) {
		cmd_fault(&why);
		return EX_USAGE;
	}
	context = calloc(1, sizeof *context);
	if (context == NULL)
		return EX_OSERR;
	status = context_open(context, config);
	if (status == 0)
		status = words == 1 ? examine_one(context, domain) : examine_all(context);
	context_close(context);
	free(context);
	return status;
}

const struct command cmd_dns = { "dns", "[DOMAIN]",
	"compare what our domains publish (SPF, DKIM, DMARC) with the delegations, and print what to publish", run };
