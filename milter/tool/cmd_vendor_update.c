/* greenlane vendor update: takes a newer catalogue that the site has brought, or goes back to the one before it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/tool/catalogue_place.h"
#include "milter/tool/cmd.h"
#include "milter/tool/cmd_vendor.h"
#include "milter/tool/vendor_files.h"
#include "policy/config/policy_text.h"
#include "policy/config/vendor_diff.h"

enum { OUTPUT_MAX = 4 * POLICY_TEXT_MAX, PATHS = 64 };

struct update {
	const struct vendor_update *asked;
	const struct policy *policy;
	const char *shipped, *place; /* directories of vendor_path */
	struct catalogue *catalogue; /* the new one; NULL: back to the old one */
	char trial[256];             /* where it lies until it is installed */
	struct text out;
	size_t changes;
};

/* ---- a private folder, in which it is tried ---- */

static bool
trial_open(struct update *update, struct fault *why)
{
	const char *above = getenv("TMPDIR");
	struct folder folder;
	bool done;

	if (above == NULL || above[0] != '/' || strlen(above) > sizeof update->trial / 2)
		above = "/tmp";
	snprintf(update->trial, sizeof update->trial, "%s/greenlane-catalogue.XXXXXX", above);
	if (mkdtemp(update->trial) == NULL) {
		update->trial[0] = '\0';
		return fault_at(why, above, 0, "no folder can be made here, to try the catalogue in: %s", strerror(errno));
	}
	if (!folder_open(&folder, update->trial, why))
		return false;
	done = catalogue_write(update->catalogue, &folder, why);
	folder_close(&folder);
	return done;
}

static void
trial_close(const struct update *update)
{
	char path[sizeof update->trial + sizeof update->catalogue->files->name + 1];

	for (size_t i = 0; update->trial[0] != '\0' && i < update->catalogue->count; i++) {
		snprintf(path, sizeof path, "%s/%s", update->trial, update->catalogue->files[i].name);
		unlink(path);
	}
	if (update->trial[0] != '\0')
		rmdir(update->trial);
}

/* A fault, at the path that the site knows. */
static void
say_fault(const struct update *update, const struct fault *fault)
{
	size_t length = strlen(update->trial);
	struct fault shown = *fault;

	if (length > 0 && strncmp(fault->file, update->trial, length) == 0)
		snprintf(shown.file, sizeof shown.file, "%.100s: %.60s%.90s", update->asked->path,
		    update->catalogue->folder, fault->file + length + 1);
	cmd_fault(&shown);
}

static void
say_errors(const struct update *update, const struct faults *faults)
{
	for (size_t i = 0; i < faults->kept; i++)
		if (faults->list[i].level == FAULT_ERROR)
			say_fault(update, &faults->list[i].fault);
}

/* ---- is it sound? ---- */

/* "acme" of "acme.conf"; false for a list of networks. */
static bool
vendor_of(const struct catalogue_file *file, char name[128])
{
	size_t length = strlen(file->name) - strlen(".conf");

	snprintf(name, 128, "%.*s", (int)length, file->name);
	return strcmp(file->name + length, ".conf") == 0;
}

/* A list that a file names comes with it: no other file of this host is read for a catalogue. */
static bool
lists_are_inside(const struct update *update, const char *path, struct arena *arena)
{
	struct fault why;
	const struct node *root = config_files_tree(path, arena, &why);
	const struct node *vendor = root == NULL ? NULL : node_member(root, "vendor");
	const struct node *sources = vendor == NULL || vendor->kind != NODE_GROUP ? NULL : node_member(vendor, "sources");

	for (size_t i = 0; sources != NULL && i < sources->count; i++) {
		const struct node *source = &sources->children[i];
		const struct node *file = source->kind == NODE_GROUP ? node_member(source, "file") : NULL;

		if (file == NULL || file->kind != NODE_STRING || strchr(file->text, '/') == NULL)
			continue;
		fault_at(&why, path, file->line,
		    "names a list outside of the catalogue; bring the list with it, and write its name alone");
		say_fault(update, &why);
		return false;
	}
	return true;
}

static bool
file_is_sound(const struct update *update, const char *name)
{
	const char *list[] = { update->trial };
	const struct strings folders = { list, 1 };
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct faults *faults = faults_open();
	struct policy *one = NULL;
	char path[VENDOR_PATH];
	bool sound;

	snprintf(path, sizeof path, "%s/%s.conf", update->trial, name);
	if (arena != NULL && faults != NULL && lists_are_inside(update, path, arena)) {
		one = config_files_read_vendor(&folders, name, faults);
		if (one == NULL)
			say_errors(update, faults);
	}
	sound = one != NULL;
	policy_free(one);
	faults_close(faults);
	arena_close(arena);
	return sound;
}

static bool
files_are_sound(const struct update *update)
{
	bool sound = true;
	char name[128];

	for (size_t i = 0; i < update->catalogue->count; i++)
		if (vendor_of(&update->catalogue->files[i], name) && !file_is_sound(update, name))
			sound = false;
	return sound;
}

/* Would the configuration of this site load with that folder in the catalogue's place? NULL: with none there. */
static bool
config_loads(const struct update *update, const char *folder)
{
	const struct strings *path = &update->policy->settings.vendor_path;
	const char *list[PATHS];
	struct strings folders = { list, 0 };
	struct faults *faults = faults_open();
	struct policy *policy;
	bool loads;

	for (size_t i = 0; i < path->count && folders.count < PATHS; i++) {
		list[folders.count] = path->list[i] == update->place ? folder : path->list[i];
		folders.count += list[folders.count] != NULL;
	}
	policy = faults == NULL ? NULL : config_files_read_instead(update->asked->config, &folders, faults);
	loads = policy != NULL;
	if (!loads && faults != NULL) {
		fprintf(stderr, "greenlane: with this catalogue %s would not load:\n", update->asked->config);
		say_errors(update, faults);
	}
	policy_free(policy);
	faults_close(faults);
	return loads;
}

/* ---- what it changes ---- */

/* The directory whose file of this name is in force now, but for the site's own. NULL: there is none. */
static const char *
present_directory(const struct update *update, const char *name, char path[VENDOR_PATH])
{
	if (vendor_file_in(update->place, name, path))
		return update->place;
	return update->shipped != NULL && vendor_file_in(update->shipped, name, path) ? update->shipped : NULL;
}

static void
compare(struct update *update, const char *name)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	char present[VENDOR_PATH], new[VENDOR_PATH], before[132];
	const char *directory = present_directory(update, name, present);
	const struct node *old = directory == NULL || arena == NULL ? NULL : vendor_group(directory, name, present, arena);
	const struct node *group = old != NULL && vendor_file_in(update->trial, name, new)
	    ? vendor_group(update->trial, name, new, arena)
	    : NULL;

	snprintf(before, sizeof before, "%s: ", name);
	if (group != NULL)
		update->changes += vendor_diff(old, group, &vendor_sides_update, before, arena, &update->out);
	else
		text_format(&update->out, directory == NULL ? "%s: is new\n" : "%s: replaces a file that has a fault\n",
		    name);
	update->changes += group == NULL;
	update->out.cut |= arena_failed(arena);
	arena_close(arena);
}

/* Files of the present catalogue that the new one lacks. */
static bool
name_the_gone(struct update *update)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	struct strings names = { NULL, 0 };
	char path[VENDOR_PATH], file[VENDOR_PATH];
	bool done = arena != NULL && vendor_files_names(update->place, arena, &names);

	for (size_t i = 0; done && i < names.count; i++) {
		snprintf(file, sizeof file, "%s.conf", names.list[i]);
		if (catalogue_has(update->catalogue, file))
			continue;
		text_format(&update->out, "%s: is no longer in the catalogue; %s\n", names.list[i],
		    update->shipped != NULL && vendor_file_in(update->shipped, names.list[i], path)
			? "the shipped file takes its place"
			: "no other file takes its place");
		update->changes++;
	}
	arena_close(arena);
	return done;
}

static bool
name_changes(struct update *update)
{
	char name[128];

	for (size_t i = 0; i < update->catalogue->count; i++)
		if (vendor_of(&update->catalogue->files[i], name))
			compare(update, name);
	return name_the_gone(update) && !update->out.cut;
}

/* ---- putting it in place ---- */

/* The place, and whether we may write there. 0 if so, else what to exit with. */
static int
place_open(const struct update *update, struct catalogue_place *place)
{
	struct fault why = { .text = "" };
	const char *slash = strrchr(update->place, '/');
	char above[VENDOR_PATH];

	snprintf(above, sizeof above, "%.*s", (int)(slash - update->place), update->place);
	if (!cmd_may(above, W_OK))
		return EX_NOPERM;
	if (catalogue_place_open(place, update->place, &why))
		return 0;
	if (why.text[0] == '\0')
		fault_at(&why, update->place, 0, "cannot be made: its directory is missing");
	cmd_fault(&why);
	return EX_CANTCREAT;
}

static void
say_installed(struct update *update, const struct catalogue_place *place)
{
	text_format(&update->out, "installed %zu vendor file%s as %s; ", update->catalogue->vendors,
	    text_s(update->catalogue->vendors), update->place);
	if (place->now[0] != '\0')
		text_format(&update->out, "the catalogue before is kept in %s/%s", place->above.path, place->now);
	else
		text_put(&update->out, "there was none before");
	text_put(&update->out,
	    "\nput it in force with: greenlane reload; take it back with: greenlane vendor update --back\n");
}

static int
install(struct update *update)
{
	struct catalogue_place place;
	struct fault why;
	int status = place_open(update, &place);

	if (status != 0)
		return status;
	if (catalogue_install(&place, update->catalogue, &why)) {
		say_installed(update, &place);
	} else {
		cmd_fault(&why);
		status = EX_CANTCREAT;
	}
	catalogue_place_close(&place);
	return status;
}

static int
take(struct update *update)
{
	struct fault why;

	if (!trial_open(update, &why)) {
		cmd_fault(&why);
		return EX_CANTCREAT;
	}
	if (!files_are_sound(update) || !config_loads(update, update->trial)) {
		fputs("greenlane: nothing was changed\n", stderr);
		return EX_DATAERR;
	}
	if (!name_changes(update)) {
		fputs("greenlane: out of memory\n", stderr);
		return EX_OSERR;
	}
	if (update->changes == 0) {
		text_put(&update->out, "no difference; nothing was installed\n");
		return 0;
	}
	if (!update->asked->dry_run)
		return install(update);
	text_put(&update->out, "nothing was installed: this was a trial\n");
	return 1;
}

/* ---- back ---- */

static int
go_back(struct update *update)
{
	struct catalogue_place place;
	struct fault why;
	char kept[PATH_MAX + 80];
	int status = place_open(update, &place);

	if (status != 0)
		return status;
	snprintf(kept, sizeof kept, "%s/%s", place.above.path, place.other);
	if (!config_loads(update, place.kept ? kept : NULL)) {
		status = EX_DATAERR;
	} else if (!catalogue_back(&place, &why)) {
		cmd_fault(&why);
		status = 1;
	} else if (place.kept) {
		text_format(&update->out, "%s is %s again; put it in force with: greenlane reload\n", update->place, kept);
	} else {
		text_format(&update->out,
		    "%s is gone, and the shipped files are what counts; %s/%s is kept\n"
		    "put them in force with: greenlane reload\n",
		    update->place, place.above.path, place.now);
	}
	catalogue_place_close(&place);
	return status;
}

/* ---- the command ---- */

/* A file later on vendor_path wins: the catalogue must come behind the shipped files. */
static bool
find_place(struct update *update)
{
	const struct strings *path = &update->policy->settings.vendor_path;
	size_t shipped = path->count, place = path->count;

	update->shipped = vendor_files_shipped(update->policy);
	update->place = vendor_files_catalogue(update->policy);
	for (size_t i = 0; i < path->count; i++) {
		shipped = path->list[i] == update->shipped ? i : shipped;
		place = path->list[i] == update->place ? i : place;
	}
	if (update->place != NULL && (update->shipped == NULL || shipped < place))
		return true;
	fprintf(stderr,
	    "greenlane: %s: vendor_path has no directory called \"catalogue\" behind that of the shipped files; write vendor_path = "
	    "[ \"%s\", \"/etc/greenlane/catalogue\", and behind it those of the site ]\n",
	    update->asked->config, update->shipped == NULL ? "/usr/share/greenlane/vendors" : update->shipped);
	return false;
}

static int
bring(struct update *update)
{
	struct fault why = { .text = "" };
	int status = EX_DATAERR;

	update->catalogue = catalogue_open(update->asked->path, &why);
	if (update->catalogue != NULL) {
		status = take(update);
		trial_close(update);
	} else if (why.text[0] == '\0') {
		fault_at(&why, update->asked->path, 0, "does not exist");
		cmd_fault(&why);
		status = EX_NOINPUT;
	} else {
		cmd_fault(&why);
	}
	catalogue_close(update->catalogue);
	return status;
}

int
vendor_update(const struct vendor_update *asked)
{
	struct update update = { .asked = asked };
	struct policy *policy;
	int status = EX_CONFIG, printed;

	if (!cmd_may(asked->config, R_OK) || (asked->path != NULL && !cmd_may(asked->path, R_OK)))
		return EX_NOPERM;
	policy = cmd_load(asked->config);
	update.policy = policy;
	text_open(&update.out, OUTPUT_MAX);
	if (policy != NULL && find_place(&update))
		status = asked->path == NULL ? go_back(&update) : bring(&update);
	printed = output_put(&update.out);
	text_close(&update.out);
	policy_free(policy);
	return status != 0 ? status : printed;
}
