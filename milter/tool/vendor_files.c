#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "milter/tool/vendor_files.h"
#include "policy/advise/vendor_age.h"
#include "policy/config/policy_value.h"
#include "policy/util/date.h"
#include "policy/util/json_read.h"
#include "policy/util/json_write.h"

const char *
vendor_files_shipped(const struct policy *policy)
{
	const struct strings *path = &policy->settings.vendor_path;

	for (size_t i = 0; i < path->count; i++)
		if (strcmp(path->list[i], GREENLANE_VENDOR_DIR) == 0)
			return path->list[i];
	return path->count > 1 ? path->list[0] : NULL;
}

bool
vendor_file_is_shipped(const struct policy *policy, const char *file)
{
	const char *shipped = vendor_files_shipped(policy), *slash = strrchr(file, '/');

	return shipped != NULL && slash != NULL && strlen(shipped) == (size_t)(slash - file) &&
	    strncmp(shipped, file, (size_t)(slash - file)) == 0;
}

bool
vendor_file_in(const char *directory, const char *name, char out[VENDOR_PATH])
{
	return snprintf(out, VENDOR_PATH, "%s/%s.conf", directory, name) < VENDOR_PATH &&
	    (access(out, F_OK) == 0 || errno == EACCES);
}

const struct node *
vendor_group(const char *directory, const char *name, const char *path, struct arena *arena)
{
	const struct strings directories = { &directory, 1 };
	struct faults *faults = faults_open();
	struct config_texts *texts = NULL;
	struct fault why = { .text = "out of memory" };
	struct policy *one = faults == NULL ? NULL : config_files_read_vendor_kept(&directories, name, faults, &texts);
	const struct node *root = one == NULL ? NULL : config_texts_tree(texts, path, arena, &why);

	for (size_t i = 0; one == NULL && faults != NULL && i < faults->kept; i++)
		cmd_fault(&faults->list[i].fault);
	policy_free(one);
	config_texts_free(texts);
	faults_close(faults);
	return root == NULL ? NULL : node_member(root, "vendor");
}

const char *
vendor_files_catalogue(const struct policy *policy)
{
	const struct strings *path = &policy->settings.vendor_path;

	for (size_t i = 0; i < path->count; i++) {
		const char *slash = strrchr(path->list[i], '/');

		if (slash != NULL && strcmp(slash + 1, "catalogue") == 0)
			return path->list[i];
	}
	return NULL;
}

/* ---- names ---- */

/* "acme.conf" without its end; NULL: no vendor's file is called so. */
static char *
name_of(const char *file, struct arena *arena)
{
	size_t length = strlen(file);
	char *name;

	if (length <= 5 || strcmp(file + length - 5, ".conf") != 0)
		return NULL;
	name = arena_copy(arena, file, length - 5);
	return name != NULL && value_name(name, NULL) ? name : NULL;
}

bool
vendor_files_names(const char *directory, struct arena *arena, struct strings *out)
{
	struct dirent **list = NULL;
	int count = scandir(directory, &list, NULL, alphasort);
	const char **names = arena_take(arena, (size_t)(count < 0 ? 1 : count + 1) * sizeof *names);

	*out = (struct strings){ names, 0 };
	for (int i = 0; i < count; i++) {
		const char *name = names == NULL ? NULL : name_of(list[i]->d_name, arena);

		if (name != NULL)
			names[out->count++] = name;
		free(list[i]);
	}
	free(list);
	return !arena_failed(arena);
}

/* ---- last mail ---- */

static int64_t
time_of(struct span object, const char *key)
{
	struct text text;
	int64_t when = 0;

	text_open(&text, DATE_TEXT * 2);
	json_read_unquote(json_read_member(object, key), &text);
	if (!date_read_rfc3339((struct span){ text.bytes, text.length }, &when))
		when = 0;
	text_close(&text);
	return when / 1000;
}

static void
take_vendor(struct vendor_tally *tally, struct span vendor)
{
	struct vendor_count count = { .last = time_of(vendor, "last") };
	struct span by = json_read_member(vendor, "last_by");
	struct text name;

	for (size_t i = 0; i < PROOFS; i++)
		count.last_by[i] = time_of(by, proof_words[i]);
	text_open(&name, 256);
	json_read_unquote(json_read_member(vendor, "name"), &name);
	vendor_tally_put(tally, name.bytes, &count);
	text_close(&name);
}

/* False: it does not answer. */
static bool
ask(const char *config, struct vendor_tally *tally)
{
	struct fault why = { .text = "" };
	char address[DAEMON_ADDRESS];
	struct span rest, vendor;
	struct text reply;
	bool answered;

	text_open(&reply, STATUS_JSON_MAX);
	answered = daemon_reach(config, "status", ASK_STATUS_MS, address, &reply, &why) == ASKED_ANSWERED;
	rest = json_read_member((struct span){ reply.bytes, reply.length }, "vendors");
	answered = answered && rest.length > 0;
	while (answered && json_read_next(&rest, &vendor))
		take_vendor(tally, vendor);
	text_close(&reply);
	return answered;
}

struct vendor_tally *
vendor_lasts(const char *config, const struct policy *policy)
{
	struct fault why = { .text = "" };
	struct vendor_tally *tally = vendor_tally_open(&why);

	if (tally == NULL || ask(config, tally))
		return tally;
	if (!vendor_tally_load(tally, policy->settings.state_dir, &why))
		cmd_fault(&why);
	return tally;
}

/* ---- JSON ---- */

void
vendor_write_last(struct vendor_tally *tally, const struct vendor *vendor, struct text *out)
{
	const struct vendor_count count = vendor_tally_of(tally, vendor->name);
	char last[DATE_TEXT];

	if (count.last != 0)
		json_write_string(out, "last", date_write(count.last, last));
	json_write_key(out, "last_by");
	json_write_begin(out);
	for (size_t i = 0; i < PROOFS; i++)
		if (count.last_by[i] != 0)
			json_write_string(out, proof_words[i], date_write(count.last_by[i], last));
	json_write_end(out);
}

static void
write_day(struct text *out, const char *key, int64_t day)
{
	char when[DATE_TEXT];

	date_write(day * 24 * 3600, when);
	when[strlen("2026-11-20")] = '\0';
	json_write_string(out, key, when);
}

void
vendor_write_age(const struct vendor *vendor, int64_t now, struct text *out)
{
	const struct vendor_age age = vendor_age(vendor, now);

	json_write_key(out, "evidence");
	json_write_begin(out);
	json_write_number(out, "dated", (int64_t)age.dated);
	json_write_number(out, "undated", (int64_t)age.undated);
	if (age.dated > 0) {
		write_day(out, "newest", age.newest);
		write_day(out, "oldest", age.oldest);
	}
	json_write_end(out);
	json_write_bool(out, "review_passed", age.overdue > 0);
}
