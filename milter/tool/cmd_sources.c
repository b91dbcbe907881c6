#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/accepted_files.h"
#include "milter/state/source_files.h"
#include "milter/state/source_watch.h"
#include "milter/state/usage.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "policy/sources/source_copy.h"
#include "policy/util/json_write.h"
#include "policy/util/text.h"

enum { OUTPUT_MAX = 64 * 1024 * 1024, COPIES_ARENA = 256 * 1024 * 1024, NAMED = 20, DRIFT_MAX = 4096 };

struct survey {
	const struct policy *policy;
	const char *state_dir;
	int64_t now;
	struct arena *arena;
	struct usage *usage;
	struct text out;
	bool json, accept;
	bool drifted, failed;
	const char *to; /* the file that what is accepted goes to as well; NULL: none */
	struct source_copy *accepted;
	size_t accepted_count;
};

/* One source, with everything that is kept for it. */
struct source_view {
	const struct source *source;
	bool has_copy, has_mark, has_pending;
	bool awaited; /* the pending one is accepted: it will be believed at the next look-up */
	struct source_copy copy, mark, pending;
	int64_t used;      /* last mail from any of its addresses; 0: none known */
	int64_t *used_of;  /* the same for each network of the copy */
	int64_t accepted;  /* when it was accepted, by a person or as the first believed answer; 0: never */
	struct text drift; /* lines */
};

/* "3 minutes", "2 days". Returns out. */
static const char *
span_text(int64_t seconds, char out[32])
{
	static const struct {
		int64_t size;
		const char *name;
	} units[] = { { 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" } };

	if (seconds < 0)
		seconds = 0;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (seconds < 2 * units[i].size && units[i].size > 1)
			continue;
		snprintf(out, 32, "%lld %s%s", (long long)(seconds / units[i].size), units[i].name,
		    seconds / units[i].size == 1 ? "" : "s");
		break;
	}
	return out;
}

/* ---- what is kept ---- */

static bool
load(struct survey *survey, enum copy_kind kind, const char *source, struct source_copy *out)
{
	struct fault why;

	if (source_files_load(survey->state_dir, kind, source, survey->arena, out, &why))
		return true;
	if (why.text[0] != '\0')
		cmd_fault(&why);
	return false;
}

/* The name of the mark for a vendor as a whole: when drift that belongs to no single source was accepted. */
static const char *
vendor_mark(const struct vendor *vendor, char out[300])
{
	snprintf(out, 300, "vendor:%s", vendor->name);
	return out;
}

static void
find_view(struct survey *survey, struct source_view *view)
{
	const char *text = view->source->text;

	view->has_copy = load(survey, COPY_BELIEVED, text, &view->copy);
	view->has_mark = load(survey, COPY_ACCEPTED, text, &view->mark);
	view->has_pending = load(survey, COPY_PENDING, text, &view->pending);
	view->awaited = view->has_pending && view->has_mark && source_copy_same(&view->pending, &view->mark);
	view->accepted = view->has_mark ? view->mark.believed : 0;
}

/* Finds the last mail from each network of a source, in one pass over the usage. */
struct uses {
	struct source_view *view;
	struct prefix_table *table; /* numbers are indexes of the copy's networks; NULL: no copy */
};

static void
see_use(void *context, const struct usage_entry *entry)
{
	struct uses *uses = context;
	struct source_view *view = uses->view;
	struct prefix_hits hits = { NULL, 0 };

	if (entry->kind != USAGE_LISTED || strcmp(entry->name, view->source->text) != 0)
		return;
	if (entry->last > view->used)
		view->used = entry->last;
	if (uses->table != NULL)
		hits = prefix_table_find(uses->table, &entry->address);
	for (size_t i = 0; i < hits.count; i++)
		if (entry->last > view->used_of[hits.numbers[i]])
			view->used_of[hits.numbers[i]] = entry->last;
}

static void
each_use(struct survey *survey, void (*each)(void *, const struct usage_entry *), void *context)
{
	if (usage_each(survey->usage, each, context))
		return;
	fputs("greenlane: out of memory: the last use of some addresses is not shown\n", stderr);
	survey->failed = true;
}

static void
find_uses(struct survey *survey, struct source_view *view)
{
	size_t count = view->has_copy ? view->copy.count : 0;
	struct prefix_entry *entries = calloc(count + 1, sizeof *entries);
	struct uses uses = { view, NULL };

	view->used_of = calloc(count + 1, sizeof *view->used_of);
	if (entries != NULL && view->used_of != NULL) {
		for (size_t i = 0; i < count; i++)
			entries[i] = (struct prefix_entry){ view->copy.networks[i].prefix, (uint32_t)i };
		uses.table = prefix_table_build(entries, count, NULL);
		each_use(survey, see_use, &uses);
	}
	prefix_table_free(uses.table);
	free(entries);
}

/* ---- drift ---- */

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void
drift_of_change(struct source_view *view)
{
	struct text text;

	if (view->has_pending && !view->awaited)
		text_format(&view->drift, "%s\n", view->pending.trouble);
	else if (view->has_copy && begins(view->copy.trouble, SOURCE_WATCH_WRONGLY))
		text_format(&view->drift, "%s\n", view->copy.trouble);
	if (!view->has_copy || !view->has_mark || view->awaited || source_copy_same(&view->copy, &view->mark))
		return;
	text_open(&text, DRIFT_MAX / 2);
	source_copy_diff(&view->mark, &view->copy, NAMED, &text);
	text_format(&view->drift, "changed since it was accepted: %s\n", text.bytes);
	text_close(&text);
}

/* The networks of a list in the file that the vendor does not publish, as a copy, so that a mark of what was accepted
 * has the same form. False if the vendor publishes nothing, or not everything can be listed. */
static bool
list_excess(struct survey *survey, const struct source *list, struct source_copy *out)
{
	const struct vendor *vendor = list->vendor;
	struct source_network *excess = arena_take(survey->arena, list->prefix_count * sizeof *excess);
	size_t count = 0;
	bool published = false;

	for (size_t i = 0; excess != NULL && i < list->prefix_count; i++)
		excess[count++] = (struct source_network){ list->prefixes[i], "file" };
	for (size_t i = 0; excess != NULL && i < vendor->source_count; i++) {
		const struct source *other = &vendor->sources[i];
		struct source_copy copy;
		size_t left = 0;

		if (other->kind != SOURCE_SPF || !source_counts(other))
			continue;
		if (!load(survey, COPY_BELIEVED, other->text, &copy) || copy.asked)
			return false;
		published = true;
		for (size_t j = 0; j < count; j++)
			if (!source_copy_covers(&copy, &excess[j].prefix, 1, 0, NULL))
				excess[left++] = excess[j];
		count = left;
	}
	return published && source_copy_take(survey->arena, list->text, excess, count, NULL, survey->now, out);
}

/* Compares a list in the file with what the vendor publishes, except what was accepted before. */
static void
drift_of_list(struct survey *survey, struct source_view *view)
{
	struct source_copy excess, mark = { .count = 0 };
	char written[PREFIX_TEXT];
	size_t named = 0;

	if (view->source->kind != SOURCE_CIDR || !list_excess(survey, view->source, &excess))
		return;
	(void)load(survey, COPY_ACCEPTED, view->source->text, &mark);
	for (size_t i = 0; i < excess.count; i++) {
		if (source_copy_has(&mark, &excess.networks[i].prefix) || ++named > NAMED)
			continue;
		text_put(&view->drift,
		    named == 1 ? "the file lists networks that the vendor's SPF does not publish: " : " ");
		text_put(&view->drift, prefix_write(&excess.networks[i].prefix, written));
	}
	if (named > NAMED)
		text_format(&view->drift, " and %zu more", named - NAMED);
	if (named > 0)
		text_char(&view->drift, '\n');
}

/* A network that has sent nothing for silent_after, counted from when it was first listed or last accepted. */
static void
drift_of_silence(struct survey *survey, struct source_view *view)
{
	int64_t after = survey->policy->settings.refresh.silent_after;
	char written[PREFIX_TEXT], ago[32];

	for (size_t i = 0; after > 0 && view->has_copy && i < view->copy.count && !view->drift.cut; i++) {
		const struct copied_network *network = &view->copy.networks[i];
		int64_t last = view->used_of[i];

		last = last > network->since ? last : network->since;
		last = last > view->accepted ? last : view->accepted;
		if (survey->now - last > after)
			text_format(&view->drift, "silent: %s sent nothing for %s\n",
			    prefix_write(&network->prefix, written), span_text(survey->now - last, ago));
	}
}

struct unlisted {
	const char *vendor;
	int64_t accepted;
	struct text *drift;
};

static void
see_unlisted(void *context, const struct usage_entry *entry)
{
	struct unlisted *unlisted = context;
	char address[ADDRESS_TEXT], when[32];

	if (entry->kind != USAGE_UNLISTED || strcmp(entry->name, unlisted->vendor) != 0 ||
	    entry->last <= unlisted->accepted)
		return;
	text_format(unlisted->drift, "unlisted: DKIM proves mail from %s (%u time%s, last %s)\n",
	    address_write(&entry->address, address), entry->count, text_s(entry->count),
	    cmd_time_text(entry->last, when));
}

static void
drift_of_vendor(struct survey *survey, const struct vendor *vendor, struct text *drift)
{
	struct unlisted unlisted = { vendor->name, 0, drift };
	struct source_copy mark;
	char name[300];

	if (load(survey, COPY_ACCEPTED, vendor_mark(vendor, name), &mark))
		unlisted.accepted = mark.believed;
	each_use(survey, see_unlisted, &unlisted);
}

/* ---- text ---- */

static void
write_indented(struct text *out, const char *label, const char *lines)
{
	for (const char *end; *lines != '\0'; lines = *end == '\0' ? end : end + 1) {
		end = lines + strcspn(lines, "\n");
		text_format(out, "  %-9s %.*s\n", label, (int)(end - lines), lines);
	}
}

static void
write_networks(struct survey *survey, const struct source_view *view)
{
	char written[PREFIX_TEXT], since[32], used[32];

	for (size_t i = 0; view->has_copy && i < view->copy.count; i++) {
		const struct copied_network *network = &view->copy.networks[i];
		int64_t last = view->used_of[i];

		text_format(&survey->out, "    %-24s since %s  via %s", prefix_write(&network->prefix, written),
		    cmd_time_text(network->since, since), network->path);
		if (last > 0)
			text_format(&survey->out, "  used %s", cmd_time_text(last, used));
		text_char(&survey->out, '\n');
	}
	for (size_t i = 0; !source_asks_dns(view->source) && i < view->source->prefix_count; i++)
		text_format(&survey->out, "    %s\n", prefix_write(&view->source->prefixes[i], written));
}

static void
write_wrong(struct survey *survey, const struct source_copy *copy)
{
	char since[32], until[32];

	text_format(&survey->out, "  wrong     since %s, in %u look-up%s: ", cmd_time_text(copy->wrong, since),
	    copy->wrong_seen, text_s(copy->wrong_seen));
	if (copy->gone)
		text_put(&survey->out, "it no longer lists anything\n");
	else
		text_format(&survey->out, "other addresses are unknown; if this lasts until %s, it lists nothing\n",
		    cmd_time_text(copy->wrong + survey->policy->settings.refresh.absent_after, until));
}

/* What the last good copy has, and what became of asking since. */
static void
write_copy(struct survey *survey, const struct source_view *view)
{
	const struct source_copy *copy = &view->copy;
	struct text *out = &survey->out;
	char when[32], span[32];

	if (copy->believed == 0)
		text_put(out, "  lists     nothing known: no answer has ever been believed\n");
	else
		text_format(out, "  lists     %zu network%s, believed %s (%s ago), TTL %u\n", copy->count,
		    text_s(copy->count), cmd_time_text(copy->believed, when),
		    span_text(survey->now - copy->believed, span), copy->ttl);
	if (copy->wrong != 0)
		write_wrong(survey, copy);
	text_format(out, "  next      %s%s\n", cmd_time_text(copy->next, when),
	    copy->next < survey->now ? " (overdue: greenlaned is not running, or DNS does not answer)" : "");
	if (copy->believed != 0 && survey->now - copy->believed > view->source->max_stale)
		text_put(out, "  stale     older than max_stale: its addresses are no longer known\n");
	if (copy->asked)
		text_format(out, "  asked     for each address, because of %s\n", copy->asked_why);
	if (copy->trouble[0] != '\0' && !begins(copy->trouble, SOURCE_WATCH_DOUBTED))
		write_indented(out, "trouble", copy->trouble);
	if (view->awaited)
		text_put(out, "  accepted  the answer in doubt will be believed at the next look-up\n");
}

static void
write_state(struct survey *survey, const struct source_view *view)
{
	const struct source *source = view->source;
	const char *due = source->review_by[0] != '\0' ? ", review due by " : "";
	struct text *out = &survey->out;

	if (source_names_hosts(source))
		text_format(out, "  holds     every client whose name is below %s, confirmed forward and back%s%s\n",
		    source->name, due, source->review_by);
	else if (!source_asks_dns(source))
		text_format(out, "  lists     %zu network%s from the file%s%s\n", source->prefix_count,
		    text_s(source->prefix_count), due, source->review_by);
	else if (!view->has_copy)
		text_put(out, "  lists     nothing known yet: no answer has been believed; see the log\n");
	else
		write_copy(survey, view);
}

static void
write_text(struct survey *survey, const struct source_view *view)
{
	char when[32];

	text_format(&survey->out, "%s  %s%s%s\n", view->source->vendor->name, view->source->text,
	    view->source->exclusive ? "  exclusive" : "", source_counts(view->source) ? "" : "  not for mail");
	write_state(survey, view);
	text_format(&survey->out, "  used      %s\n", cmd_time_text(view->used, when));
	write_networks(survey, view);
	write_indented(&survey->out, "drift", view->drift.bytes);
}

/* ---- JSON ---- */

static void
json_lines(struct text *out, const char *key, const char *lines)
{
	json_write_list(out, key);
	for (const char *end; *lines != '\0'; lines = *end == '\0' ? end : end + 1) {
		end = lines + strcspn(lines, "\n");
		json_write_comma(out);
		json_write_bytes(out, lines, (size_t)(end - lines));
	}
	json_write_list_end(out);
}

static void
json_networks(struct survey *survey, const struct source_view *view)
{
	struct text *out = &survey->out;
	char written[PREFIX_TEXT];

	json_write_list(out, "networks");
	for (size_t i = 0; view->has_copy && i < view->copy.count; i++) {
		const struct copied_network *network = &view->copy.networks[i];

		json_write_begin(out);
		json_write_string(out, "network", prefix_write(&network->prefix, written));
		json_write_number(out, "since", network->since);
		json_write_string(out, "path", network->path);
		json_write_number(out, "used", view->used_of[i]);
		json_write_end(out);
	}
	for (size_t i = 0; !source_asks_dns(view->source) && i < view->source->prefix_count; i++) {
		json_write_begin(out);
		json_write_string(out, "network", prefix_write(&view->source->prefixes[i], written));
		json_write_end(out);
	}
	json_write_list_end(out);
}

static void
write_json(struct survey *survey, const struct source_view *view)
{
	struct text *out = &survey->out;
	bool believed = view->has_copy && view->copy.believed != 0;
	bool stale = believed && survey->now - view->copy.believed > view->source->max_stale;

	json_write_begin(out);
	json_write_string(out, "vendor", view->source->vendor->name);
	json_write_string(out, "source", view->source->text);
	if (source_names_hosts(view->source))
		json_write_string(out, "host", view->source->name);
	json_write_bool(out, "known", believed || !source_asks_dns(view->source));
	json_write_bool(out, "exclusive", view->source->exclusive);
	if (view->has_copy) {
		json_write_number(out, "believed", view->copy.believed);
		json_write_number(out, "age", believed ? survey->now - view->copy.believed : 0);
		json_write_number(out, "changed", view->copy.changed);
		json_write_number(out, "next", view->copy.next);
		json_write_number(out, "ttl", view->copy.ttl);
		json_write_bool(out, "stale", stale);
		json_write_string(out, "asked_live", view->copy.asked ? view->copy.asked_why : "");
		json_write_string(out, "trouble", view->copy.trouble);
		json_write_number(out, "wrong_since", view->copy.wrong);
		json_write_bool(out, "gone", view->copy.gone);
	}
	json_write_number(out, "used", view->used);
	json_networks(survey, view);
	json_lines(out, "drift", view->drift.bytes);
	json_write_end(out);
}

/* ---- the survey ---- */

static void
keep_mark(struct survey *survey, struct source_copy mark)
{
	struct fault why;

	mark.believed = survey->now;
	if (survey->to != NULL && survey->accepted_count < ACCEPTED_COPIES_MAX)
		survey->accepted[survey->accepted_count++] = mark;
	if (source_files_save(survey->state_dir, COPY_ACCEPTED, &mark, &why))
		return;
	fprintf(stderr, "greenlane: %s: %s\n", why.file, why.text);
	survey->failed = true;
}

static void
accept_view(struct survey *survey, const struct source_view *view)
{
	struct source_copy excess;

	if (view->has_pending)
		keep_mark(survey, view->pending);
	else if (view->has_copy && view->copy.believed != 0)
		keep_mark(survey, view->copy);
	else if (view->source->kind == SOURCE_CIDR && list_excess(survey, view->source, &excess) && excess.count > 0)
		keep_mark(survey, excess);
}

static void
accept_vendor(struct survey *survey, const struct vendor *vendor)
{
	char name[300];
	const char *source = arena_string(survey->arena, vendor_mark(vendor, name));

	if (source != NULL)
		keep_mark(survey, (struct source_copy){ .source = source, .asked_why = "", .trouble = "" });
}

static void
survey_source(struct survey *survey, const struct source *source)
{
	struct source_view view = { .source = source };

	text_open(&view.drift, DRIFT_MAX);
	if (source_asks_dns(source))
		find_view(survey, &view);
	find_uses(survey, &view);
	if (survey->accept) {
		accept_view(survey, &view);
	} else if (view.used_of != NULL) {
		drift_of_change(&view);
		drift_of_list(survey, &view);
		drift_of_silence(survey, &view);
		survey->drifted = survey->drifted || view.drift.length > 0;
		if (survey->json)
			write_json(survey, &view);
		else
			write_text(survey, &view);
	}
	free(view.used_of);
	text_close(&view.drift);
}

static void
survey_vendor(struct survey *survey, const struct vendor *vendor)
{
	struct text drift;

	for (size_t i = 0; i < vendor->source_count; i++)
		if (vendor->sources[i].selected)
			survey_source(survey, &vendor->sources[i]);
	if (survey->accept) {
		accept_vendor(survey, vendor);
		return;
	}
	text_open(&drift, DRIFT_MAX);
	drift_of_vendor(survey, vendor, &drift);
	survey->drifted = survey->drifted || drift.length > 0;
	if (drift.length > 0 && survey->json) {
		json_write_begin(&survey->out);
		json_write_string(&survey->out, "vendor", vendor->name);
		json_lines(&survey->out, "drift", drift.bytes);
		json_write_end(&survey->out);
	} else if (drift.length > 0) {
		text_format(&survey->out, "%s\n", vendor->name);
		write_indented(&survey->out, "drift", drift.bytes);
	}
	text_close(&drift);
}

/* Other hosts read it where it is in a directory of vendor_path. */
static void
write_accepted(struct survey *survey)
{
	const struct strings *folders = &survey->policy->settings.vendor_path;
	const char *name = strrchr(survey->to, '/');
	struct fault why;

	if (!accepted_file_add(survey->to, survey->accepted, survey->accepted_count, survey->arena, &why)) {
		fprintf(stderr, "greenlane: %s: %s\n", why.file[0] == '\0' ? survey->to : why.file, why.text);
		survey->failed = true;
		return;
	}
	for (size_t i = 0; i < folders->count; i++)
		if (name != NULL && strlen(folders->list[i]) == (size_t)(name - survey->to) &&
		    strncmp(folders->list[i], survey->to, (size_t)(name - survey->to)) == 0)
			return;
	fprintf(stderr, "greenlane: %s is in no directory of vendor_path; greenlaned reads it once it is in one\n",
	    survey->to);
}

static int
survey_all(struct survey *survey, const char *wanted)
{
	bool found = wanted == NULL;

	text_open(&survey->out, OUTPUT_MAX);
	if (survey->json)
		text_char(&survey->out, '[');
	for (size_t i = 0; i < survey->policy->vendor_count; i++) {
		const struct vendor *vendor = &survey->policy->vendors[i];

		if (wanted != NULL && strcmp(wanted, vendor->name) != 0)
			continue;
		found = true;
		survey_vendor(survey, vendor);
	}
	if (survey->json)
		text_put(&survey->out, "]\n");
	fputs(survey->out.bytes, stdout);
	text_close(&survey->out);
	if (found && survey->to != NULL && !survey->failed)
		write_accepted(survey);
	if (!found) {
		fprintf(stderr, "greenlane: vendor '%s' is not in force; name one of `vendors`\n", wanted);
		return EX_USAGE;
	}
	return survey->failed ? EX_CANTCREAT : survey->drifted;
}

static int
survey_policy(const struct policy *policy, const char *vendor, bool json, bool accept, const char *to)
{
	struct survey survey = { .policy = policy,
		.state_dir = policy->settings.state_dir,
		.now = clock_now(),
		.arena = arena_open(COPIES_ARENA),
		.json = json,
		.accept = accept,
		.to = to,
		.accepted = to == NULL ? NULL : calloc(ACCEPTED_COPIES_MAX, sizeof(struct source_copy)) };
	struct fault why;
	int status = EX_OSERR;

	survey.usage = usage_open(&why);
	if (survey.arena != NULL && survey.usage != NULL && (to == NULL || survey.accepted != NULL)) {
		if (!usage_load(survey.usage, survey.state_dir, &why))
			fprintf(stderr, "greenlane: %s: %s\n", why.file, why.text);
		if (accept && !source_files_prepare(survey.state_dir, &why)) {
			fprintf(stderr, "greenlane: %s: %s\n", why.file, why.text);
			status = EX_CANTCREAT;
		} else {
			status = survey_all(&survey, vendor);
		}
	}
	free(survey.accepted);
	usage_close(survey.usage);
	arena_close(survey.arena);
	return status;
}

static bool
may_go_to(const char *to, bool accept)
{
	if (to == NULL || (accept && accepted_file_is(to)))
		return true;
	fputs(accept ? "greenlane: --to: name a file that ends in " ACCEPTED_ENDING
		       ", such as /etc/greenlane/vendors/fleet" ACCEPTED_ENDING "\n"
		     : "greenlane: --to needs --accept\n",
	    stderr);
	return false;
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option options[] = { { "vendor", required_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' }, { "accept", no_argument, NULL, 'a' },
		{ "to", required_argument, NULL, 't' }, { NULL, 0, NULL, 0 } };
	const char *vendor = NULL, *to = NULL;
	bool json = false, accept = false;
	struct policy *policy;
	int option, status;

	while ((option = cmd_option(&cmd_sources, &config, argc, argv, options)) != -1) {
		if (option == 'v')
			vendor = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'a')
			accept = true;
		else if (option == 't')
			to = optarg;
		else
			return cmd_usage(&cmd_sources);
	}
	if (optind != argc || !may_go_to(to, accept))
		return cmd_usage(&cmd_sources);
	policy = cmd_load(config);
	if (policy == NULL)
		return EX_CONFIG;
	if (cmd_may_sources(policy->settings.state_dir, accept ? R_OK | W_OK | X_OK : R_OK | X_OK))
		status = survey_policy(policy, vendor, json, accept, to);
	else
		status = EX_NOPERM;
	policy_free(policy);
	return status;
}

const struct command cmd_sources = { "sources", "[--vendor V] [--json] [--accept [--to FILE]]",
	"show what each source lists, through which includes, and its drift", run };
