/* greenlane vendor list: which vendors there are, and whether their files are still of use. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/state/config_files.h"
#include "milter/system/clock.h"
#include "milter/tool/cmd.h"
#include "milter/tool/cmd_vendor.h"
#include "milter/tool/vendor_files.h"
#include "policy/advise/vendor_age.h"
#include "policy/advise/vendor_table.h"
#include "policy/util/arena.h"
#include "policy/util/json_write.h"

enum { OUTPUT_MAX = 16 * 1024 * 1024, NAMES_ARENA = 16 * 1024 * 1024, DAY = 24 * 3600, CELL = 64 };

struct listing {
	const struct vendor_view *view;
	const struct policy *policy;
	struct vendor_tally *tally;
	struct arena *arena;
	struct text out;
	int64_t now;
	bool broken; /* a file that is not in force has a fault */
};

/* ---- one vendor ---- */

/* "shipped", "update", "site", "inline"; "site, replaces shipped" */
static const char *
where_from(const struct listing *listing, const struct vendor *vendor)
{
	const char *shipped = vendor_files_shipped(listing->policy), *update = vendor_files_catalogue(listing->policy);
	char path[VENDOR_PATH];

	if (strcmp(vendor->file, listing->view->config) == 0)
		return "inline";
	if (vendor_file_is_shipped(listing->policy, vendor->file))
		return "shipped";
	if (update != NULL && strncmp(vendor->file, update, strlen(update)) == 0 && vendor->file[strlen(update)] == '/')
		return "update";
	return shipped != NULL && vendor_file_in(shipped, vendor->name, path) ? "site, replaces shipped" : "site";
}

static const char *
evidence_text(const struct listing *listing, const struct vendor_age *age, char out[CELL])
{
	int64_t today = listing->now / DAY;
	struct text text;

	text_open(&text, CELL - 1);
	if (age->dated + age->undated == 0)
		text_put(&text, "none");
	else if (age->dated == 0)
		text_put(&text, "undated");
	else
		vendor_age_write(today - age->newest, &text);
	if (age->dated > 0 && age->oldest != age->newest) {
		text_put(&text, " to ");
		vendor_age_write(today - age->oldest, &text);
	}
	snprintf(out, CELL, "%s", text.bytes);
	text_close(&text);
	return out;
}

static const char *
review_text(const struct vendor_age *age, char out[CELL])
{
	if (age->overdue > 0)
		snprintf(out, CELL, "passed on %.20s", age->oldest_overdue->review_by);
	else if (age->next_review != NULL)
		snprintf(out, CELL, "by %.20s", age->next_review->review_by);
	else
		snprintf(out, CELL, "-");
	return out;
}

static void
row(struct listing *listing, const char *const cells[6])
{
	text_format(&listing->out, "%-24s %-22s %-12s %-21s %-24s %s\n", cells[0], cells[1], cells[2], cells[3],
	    cells[4], cells[5]);
}

static void
put_text(struct listing *listing, const struct vendor *vendor, bool enabled)
{
	const struct vendor_count count = vendor_tally_of(listing->tally, vendor->name);
	const struct vendor_age age = vendor_age(vendor, listing->now);
	char last[DATE_TEXT] = "-", evidence[CELL], review[CELL];
	const char *cells[6] = { vendor->name, where_from(listing, vendor),
		enabled ? vendor_mode_word(vendor->mode) : "not in force", last, evidence_text(listing, &age, evidence),
		review_text(&age, review) };

	if (count.last != 0)
		date_write(count.last, last);
	row(listing, cells);
}

static void
put_json(struct listing *listing, const struct vendor *vendor, bool enabled)
{
	struct text *out = &listing->out;

	json_write_begin(out);
	json_write_string(out, "name", vendor->name);
	json_write_string(out, "title", vendor->title);
	json_write_string(out, "file", vendor->file);
	json_write_bool(out, "shipped", vendor_file_is_shipped(listing->policy, vendor->file));
	json_write_bool(out, "enabled", enabled);
	json_write_string(out, "mode", enabled ? vendor_mode_word(vendor->mode) : "");
	vendor_write_last(listing->tally, vendor, out);
	vendor_write_age(vendor, listing->now, out);
	json_write_end(out);
}

static void
put(struct listing *listing, const struct vendor *vendor, bool enabled)
{
	if (listing->view->json)
		put_json(listing, vendor, enabled);
	else
		put_text(listing, vendor, enabled);
}

/* ---- all of them ---- */

/* Of the shipped files people see the table that README has: what each file says, whatever the site makes of it. */
static bool
is_catalogue(const struct listing *listing)
{
	return listing->view->shipped && !listing->view->json;
}

static void
put_file(struct listing *listing, const char *directory, const char *name)
{
	const struct strings directories = { &directory, 1 };
	struct faults *faults = faults_open();
	struct policy *one = faults == NULL ? NULL : config_files_read_vendor(&directories, name, faults);

	if (one != NULL && one->vendor_count == 1 && is_catalogue(listing))
		vendor_table_row(&one->vendors[0], &listing->out);
	else if (one != NULL && one->vendor_count == 1)
		put(listing, &one->vendors[0], false);
	else if (faults != NULL && faults->kept > 0)
		cmd_fault(&faults->list[0].fault);
	listing->broken |= one == NULL;
	policy_free(one);
	faults_close(faults);
}

/* The files of a directory that are not in force: those that come with greenlane and its updates, or of all others. */
static bool
put_directory(struct listing *listing, const char *directory, bool shipped)
{
	const char *update = vendor_files_catalogue(listing->policy);
	struct strings names;
	char path[VENDOR_PATH];

	if (!vendor_files_names(directory, listing->arena, &names))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		const struct vendor *vendor = policy_vendor_named(listing->policy, names.list[i]);

		if (shipped && update != NULL && directory != update && vendor_file_in(update, names.list[i], path))
			continue; /* it is replaced */
		if (vendor == NULL || is_catalogue(listing))
			put_file(listing, directory, names.list[i]);
		else if (shipped)
			put(listing, vendor, true);
	}
	return true;
}

static bool
put_all(struct listing *listing)
{
	const char *shipped = vendor_files_shipped(listing->policy), *update = vendor_files_catalogue(listing->policy);
	const struct strings *path = &listing->policy->settings.vendor_path;
	bool done = true;

	if (listing->view->shipped)
		return (shipped == NULL || put_directory(listing, shipped, true)) &&
		    (update == NULL || put_directory(listing, update, true));
	for (size_t i = 0; i < listing->policy->vendor_count; i++)
		put(listing, &listing->policy->vendors[i], true);
	for (size_t i = 0; done && i < path->count; i++)
		if (path->list[i] != shipped && path->list[i] != update)
			done = put_directory(listing, path->list[i], false);
	return done;
}

static int
print(struct listing *listing)
{
	static const char *const head[6] = { "VENDOR", "FILE", "MODE", "LAST MAIL", "AGE OF EVIDENCE", "REVIEW" };

	if (listing->view->json)
		text_char(&listing->out, '[');
	else if (listing->view->shipped)
		vendor_table_head(&listing->out);
	else
		row(listing, head);
	if (!put_all(listing) || listing->out.cut) {
		fputs("greenlane: out of memory\n", stderr);
		return EX_OSERR;
	}
	text_put(&listing->out, listing->view->json ? "]\n" : "");
	return output_put(&listing->out);
}

int
vendor_list(const struct vendor_view *view)
{
	struct listing listing = { .view = view, .now = clock_now() };
	struct policy *policy = cmd_load(view->config);
	int status = EX_OSERR;

	if (policy == NULL)
		return EX_CONFIG;
	text_open(&listing.out, OUTPUT_MAX);
	listing.policy = policy;
	listing.tally = vendor_lasts(view->config, policy);
	listing.arena = arena_open(NAMES_ARENA);
	if (listing.tally != NULL && listing.arena != NULL)
		status = print(&listing);
	text_close(&listing.out);
	arena_close(listing.arena);
	vendor_tally_close(listing.tally);
	policy_free(policy);
	return status == 0 && listing.broken ? EX_CONFIG : status;
}
