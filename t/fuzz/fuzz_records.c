/*
 * Any bytes as lines of records and logs, read by what counts many: suggest, log, replay. What they print steers no terminal, and what they
 * write as JSON is JSON.
 */
#include <string.h>

#include <jansson.h>
#include <libpsl.h>

#include "policy/config/policy_text.h"
#include "policy/review/replay.h"
#include "policy/review/suggest_write.h"
#include "policy/review/tries_write.h"
#include "policy/review/waiting.h"
#include "t/fuzz/fuzz.h"

enum { LINES_MAX = 60, OUT_MAX = 4 << 20 };

static const char config[] =
    "vendors = ( { name = \"vendor\"; }, { name = \"acme\"; } );\n"
    "own = { domains = [ \"rx.example\" ]; networks = [ \"10.0.0.0/8\" ]; };\n"
    "delegations = ( { vendor = \"vendor\"; domains = [ \"rx.example\" ]; } );\n"
    "relays = ( { name = \"backup-mx\"; kind = \"gateway\"; networks = [ \"198.51.100.5\" ]; } );\n";
static const char vendor_file[] = "vendor = { name = \"vendor\"; domains = [ \"vendor.example\" ];\n"
				  "sources = ( { cidr = [ \"192.0.2.0/24\" ]; }, { spf = \"vendor.example\"; } ); };\n";

static const char acme_file[] = "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; mode = \"vouch\"; };\n";

static struct suffix_list suffixes;

static const char *
vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	(void)context, (void)vendor_path, (void)why;
	*path = name;
	*length = strcmp(name, "acme") == 0 ? sizeof acme_file - 1 : sizeof vendor_file - 1;
	return strcmp(name, "acme") == 0 ? acme_file : vendor_file;
}

static const struct policy *
policy_once(void)
{
	static struct policy *policy;
	const struct policy_files files = { .vendor = vendor, .suffixes = &suffixes };
	struct faults *faults;

	if (policy != NULL)
		return policy;
	suffixes.psl = psl_builtin();
	faults = faults_open();
	must(faults != NULL);
	policy = policy_text_load("greenlane.conf", config, sizeof config - 1, &files, faults);
	must(policy != NULL);
	faults_close(faults);
	return policy;
}

/* ---- what is written ---- */

static void
check_words(struct text *out)
{
	for (size_t i = 0; i < out->length; i++)
		must(((unsigned char)out->bytes[i] >= 0x20 && (unsigned char)out->bytes[i] < 0x7f) ||
		    out->bytes[i] == '\n' || out->bytes[i] == '\t');
	text_clear(out);
}

static void
check_json(struct text *out)
{
	json_t *json = json_loadb(out->bytes, out->length, JSON_REJECT_DUPLICATES, NULL);

	must(json != NULL || out->cut);
	json_decref(json);
	text_clear(out);
}

/* ---- suggest ---- */

static void
write_sender(struct suggest *suggest, const struct suggest_sender *sender, struct text *out)
{
	static const struct suggest_draft draft = { "acme.conf", "acme", 1, NULL, NULL };

	suggest_write_sender(suggest, sender, &draft, "greenlane.conf", out);
	check_words(out);
	suggest_json_sender(suggest, sender, &draft, "greenlane.conf", out);
	check_json(out);
	suggest_write_faults(suggest, sender, "greenlane.conf", out);
	check_words(out);
}

static void
check_suggest(struct span rest)
{
	const struct suggest_rules rules = { policy_once(), &suffixes, NULL, 0, 1, { 1, 2 } };
	struct suggest *suggest = suggest_open(&rules);
	struct suggest_sender sender;
	struct fault why;
	struct text out;

	must(suggest != NULL);
	text_open(&out, OUT_MAX);
	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++)
		must(suggest_line(suggest, span_cut(&rest, '\n'), i, 0, &why));
	suggest_write_counts(suggest_counts(suggest), &out);
	check_words(&out);
	for (size_t i = 0; i < LINES_MAX && suggest_sender_at(suggest, i, &sender); i++)
		write_sender(suggest, &sender, &out);
	suggest_write_use(suggest, &out);
	check_words(&out);
	text_close(&out);
	suggest_close(suggest);
}

/* ---- log ---- */

static void
pass(struct tries *tries, struct waiting *waiting, struct span rest, bool keep)
{
	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++) {
		struct span line = span_cut(&rest, '\n');
		struct arena *arena = arena_open(RECORD_ARENA);
		struct recorded recorded;
		struct fault why;
		enum log_form form;

		must(arena != NULL);
		form = log_line_read(arena, line, &recorded, &why);
		if (form == LOG_FORM_LINE || form == LOG_FORM_RECORD) {
			must(keep ? tries_keep(tries, form, &recorded, line, &why) : tries_match(tries, &recorded));
			must(!keep || waiting_note(waiting, &recorded) >= 0);
		}
		arena_close(arena);
	}
}

static void
write_tries(const struct try *list, size_t count, struct text *out)
{
	const struct tries_rules rules = { policy_once() };

	must(tries_write(&rules, list, count, out));
	check_words(out);
	must(tries_write_json(&rules, list, count, out));
	check_json(out);
}

static void
check_tries(struct span rest)
{
	static const uint64_t seed[2] = { 3, 4 };
	const struct greylist_settings *greylist = &policy_once()->settings.greylist;
	const struct tries_query all = { .handle = NULL };
	struct tries *tries = tries_open(&all, greylist, &suffixes);
	struct waiting *waiting = waiting_open(greylist, &suffixes, seed);
	const struct try *list;
	size_t count = 0;
	struct text out;

	must(tries != NULL && waiting != NULL);
	text_open(&out, OUT_MAX);
	pass(tries, waiting, rest, false);
	pass(tries, waiting, rest, true);
	list = tries_sort(tries, greylist->retry_window, &count);
	for (size_t first = 0, end = 0; first < count; first = end) {
		while (end < count && list[end].message == list[first].message)
			end++;
		write_tries(list + first, end - first, &out);
	}
	text_close(&out);
	waiting_close(waiting);
	tries_close(tries);
}

/* ---- replay ---- */

static void
check_replay(struct span rest)
{
	const struct rules_again rules = { policy_once(), NULL };
	struct replay *replay = replay_open();
	const struct replay_counts *counts;
	struct replay_told told;
	struct fault why;
	uint64_t seen = 0;

	must(replay != NULL);
	for (size_t i = 0; i < LINES_MAX && rest.length > 0; i++) {
		must(replay_judge(&rules, span_cut(&rest, '\n'), 0, &told, &why));
		seen += told.kind == REPLAY_SAME || told.kind == REPLAY_CHANGED;
		replay_count(replay, i, &told);
	}
	counts = replay_look(replay);
	must(counts->judged == seen && counts->changed <= counts->judged && counts->change_count <= counts->changed);
	replay_close(replay);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct span lines = { (const char *)bytes, length };

	(void)policy_once();
	check_suggest(lines);
	check_tries(lines);
	check_replay(lines);
	return 0;
}
