/* room: cmd */
/* greenlane dns: what our own domains publish, against the delegations. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <libpsl.h>

#include "cmd.h"
#include "config_files.h"
#include "dns_audit.h"
#include "domain.h"
#include "engine.h"

enum {
	PATIENCE_MS = 30 * 1000, /* for all answers of one domain */
	ANSWER_MAX = 1024 * 1024,
	KNOWN_MAX = 1000
};

struct world {
	struct policy *policy;
	struct policy *known_policies[KNOWN_MAX]; /* each with the one vendor of a file */
	const struct vendor *known[KNOWN_MAX];
	size_t known_count;
	psl_ctx_t *psl;
	struct suffix_list suffixes;
	struct resolver *resolver;
};

/* ---- vendors that have a file, but are not in force ---- */

/* A file with a fault makes its vendor unknown here, no more. */
static void
known_add(struct world *world, const char *name)
{
	struct faults *faults = faults_open();
	struct policy *policy = NULL;

	if (faults != NULL && world->known_count < KNOWN_MAX)
		policy = config_files_read_vendor(&world->policy->settings.vendor_path, name, faults);
	if (policy != NULL) {
		world->known_policies[world->known_count] = policy;
		world->known[world->known_count++] = &policy->vendors[0];
	}
	faults_close(faults);
}

static bool
is_met(const struct world *world, const char *name)
{
	for (size_t i = 0; i < world->policy->vendor_count; i++)
		if (strcmp(world->policy->vendors[i].name, name) == 0)
			return true;
	for (size_t i = 0; i < world->known_count; i++)
		if (strcmp(world->known[i]->name, name) == 0)
			return true;
	return false;
}

/* Only names that may stand in the configuration text that is made of them. */
static int
is_vendor_file(const struct dirent *entry)
{
	size_t name = strspn(entry->d_name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

	return name > 0 && name < 200 && strcmp(entry->d_name + name, ".conf") == 0;
}

/* A name in two folders is one vendor: the first look reads the file that counts. */
static void
known_find(struct world *world)
{
	const struct strings *folders = &world->policy->settings.vendor_path;

	for (size_t i = folders->count; i-- > 0;) {
		struct dirent **list = NULL;
		int count = scandir(folders->list[i], &list, is_vendor_file, alphasort);

		for (int j = 0; j < count; j++) {
			list[j]->d_name[strlen(list[j]->d_name) - strlen(".conf")] = '\0';
			if (!is_met(world, list[j]->d_name))
				known_add(world, list[j]->d_name);
			free(list[j]);
		}
		free(list);
	}
}

/* ---- the world ---- */

static int
world_open(struct world *world, const char *config)
{
	struct fault why;

	world->policy = cmd_load(config);
	if (world->policy == NULL)
		return EX_CONFIG;
	known_find(world);
	world->psl = psl_latest(NULL);
	world->suffixes.psl = world->psl != NULL ? world->psl : psl_builtin();
	world->resolver = engine_resolver(&world->policy->settings, NULL, &why);
	if (world->resolver != NULL)
		return 0;
	fprintf(stderr, "greenlane: %s\n", why.text);
	return EX_UNAVAILABLE;
}

static void
world_close(struct world *world)
{
	resolver_close(world->resolver);
	psl_free(world->psl);
	for (size_t i = 0; i < world->known_count; i++)
		policy_free(world->known_policies[i]);
	policy_free(world->policy);
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
	if (fwrite(text.bytes, 1, text.length, stdout) != text.length || fflush(stdout) != 0) {
		fprintf(stderr, "greenlane: standard output: cannot be written: %s\n", strerror(errno));
		status = EX_IOERR;
	}
	text_close(&text);
	for (size_t i = 0; i < DNS_AUDIT_PARTS && status != EX_IOERR; i++)
		if (report->trouble[i][0] != '\0')
			status = EX_UNAVAILABLE;
	return status;
}

static int
examine(const struct world *world, const char *domain)
{
	struct dns_audit_request request = { .domain = domain, .policy = world->policy, .known = world->known,
		.known_count = world->known_count, .suffixes = &world->suffixes };
	struct dns_audit *audit = dns_audit_open(&request);
	int status = EX_OSERR;

	if (audit != NULL && ask_all(audit, world->resolver))
		status = report_print(dns_audit_report(audit));
	else
		fputs("greenlane: no memory\n", stderr);
	dns_audit_close(audit);
	return status;
}

/* ---- all of them ---- */

/* A rule that names a mailbox, or a name that stands there already, is no domain of its own. */
static bool
is_first(const struct name_rules *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rules->list[i].domain, rules->list[n].domain) == 0)
			return false;
	return true;
}

static int
examine_all(const struct world *world)
{
	const struct name_rules *domains = &world->policy->settings.own.domains;
	int worst = 0;

	if (domains->count == 0)
		fputs("greenlane: own.domains names no domain; name yours there, or one behind dns\n", stderr);
	for (size_t i = 0; i < domains->count; i++) {
		int status;

		if (!is_first(domains, i))
			continue;
		if (i > 0)
			putchar('\n');
		status = examine(world, domains->list[i].domain);
		worst = status > worst ? status : worst;
	}
	return domains->count == 0 ? EX_USAGE : worst;
}

static int
examine_one(const struct world *world, const char *domain)
{
	if (!name_rules_hold_domain(&world->policy->settings.own.domains, domain))
		fprintf(stderr, "greenlane: %s is none of own.domains; it is looked at all the same\n", domain);
	return examine(world, domain);
}

static int
run(const char *config, int argc, char **argv)
{
	char domain[DOMAIN_TEXT];
	struct world *world;
	struct fault why;
	int words = cmd_words(&cmd_dns, &config, argc, argv), status;

	if (words < 0 || words > 1)
		return cmd_usage(&cmd_dns);
	if (words == 1 && !domain_read(argv[optind], strlen(argv[optind]), domain, &why)) {
		fprintf(stderr, "greenlane: %s\n", why.text);
		return EX_USAGE;
	}
	world = calloc(1, sizeof *world);
	if (world == NULL)
		return EX_OSERR;
	status = world_open(world, config);
	if (status == 0)
		status = words == 1 ? examine_one(world, domain) : examine_all(world);
	world_close(world);
	free(world);
	return status;
}

const struct command cmd_dns = { "dns", "[DOMAIN]",
	"compare what our domains publish (SPF, DKIM, DMARC) with the delegations, and print what to publish", run };
