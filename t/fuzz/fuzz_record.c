/*
 * Any line as a record, under a policy with a vendor, a delegation and a relay. What is read is judged twice, and must
 * come out the same; facts that are no fact of ours never reach a verdict (their counts are within bounds).
 */
#include <string.h>

#include "policy/config/policy_text.h"
#include "policy/review/judge_again.h"
#include "t/fuzz/fuzz.h"

static const char config[] =
    "vendors = ( { name = \"vendor\"; } );\n"
    "own = { domains = [ \"rx.example\" ]; networks = [ \"10.0.0.0/8\" ]; };\n"
    "delegations = ( { vendor = \"vendor\"; domains = [ \"rx.example\" ]; } );\n"
    "relays = ( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; } );\n";
static const char vendor_file[] = "vendor = { name = \"vendor\"; domains = [ \"vendor.example\" ];\n"
				  "sources = ( { cidr = [ \"192.0.2.0/24\" ]; }, { spf = \"vendor.example\"; } ); };\n";

static const char *
vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context, (void)vendor_path, (void)name, (void)why;
	*path = "vendor.conf";
	*length = sizeof vendor_file - 1;
	return vendor_file;
}

static const struct policy *
policy_once(void)
{
	static struct policy *policy;
	const struct policy_files files = { NULL, vendor, NULL, NULL };
	struct faults *faults;

	if (policy != NULL)
		return policy;
	faults = faults_open();
	must(faults != NULL);
	policy = policy_text_load("greenlane.conf", config, sizeof config - 1, &files, faults);
	must(policy != NULL);
	faults_close(faults);
	return policy;
}

static void
judge_twice(struct arena *arena, struct recorded *recorded)
{
	const struct rules_again rules = { policy_once(), NULL };
	struct judged_again first, second;
	struct fault why;

	must(recorded->facts.rcpt_count <= RCPTS_MAX && recorded->facts.author_count <= AUTHORS_MAX &&
	    recorded->facts.dkim_count <= DKIM_MAX && recorded->facts.reply_count <= REPLIES_MAX &&
	    recorded->facts.name_count <= NAME_FACTS_MAX);
	if (!judge_again(&rules, arena, recorded, &first, &why))
		return;
	if (judge_again(&rules, arena, recorded, &second, &why)) {
		must((first.cannot == NULL) == (second.cannot == NULL));
		must(first.cannot != NULL ||
		    (first.verdict.outcome == second.verdict.outcome && first.verdict.reason == second.verdict.reason &&
			first.would == second.would && first.differs == second.differs));
	}
	judged_again_free(&second);
	judged_again_free(&first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct arena *arena = arena_open(RECORD_ARENA);
	struct recorded recorded;
	struct fault why = { .text = "" };

	must(arena != NULL);
	if (record_read(arena, (struct span){ (const char *)bytes, length }, &recorded, &why))
		judge_twice(arena, &recorded);
	else
		must(why.text[0] != '\0');
	arena_close(arena);
	return 0;
}
