/* greenlane vendor diff: the shipped file of a vendor against the site's file of the same name. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/tool/cmd.h"
#include "milter/tool/cmd_vendor.h"
#include "milter/tool/vendor_files.h"
#include "policy/config/policy_text.h"
#include "policy/config/vendor_diff.h"

enum { OUTPUT_MAX = 2 * POLICY_TEXT_MAX };

static int
print(const struct node *shipped, const struct node *site, const char *const paths[2], struct arena *arena)
{
	struct text out, body;
	size_t count;
	int status = EX_OSERR;

	text_open(&out, OUTPUT_MAX);
	text_open(&body, OUTPUT_MAX);
	count = vendor_diff(shipped, site, &vendor_sides_site, "", arena, &body);
	if (count == 0)
		text_format(&out, "no difference between %s and %s\n", paths[0], paths[1]);
	else
		text_format(&out, "shipped: %s\nsite:    %s\n\n", paths[0], paths[1]);
	text_add(&out, body.bytes, body.length);
	text_inherit(&out, &body);
	if (out.cut || arena_failed(arena))
		fputs("greenlane: out of memory\n", stderr);
	else
		status = output_put(&out);
	text_close(&body);
	text_close(&out);
	return status != 0 ? status : count > 0;
}

static int
compare(const char *const directories[2], const char *const paths[2], const char *name)
{
	struct arena *arena = arena_open(POLICY_ARENA_MAX);
	const struct node *shipped, *site;
	int status = EX_CONFIG;

	if (arena == NULL)
		return EX_OSERR;
	shipped = vendor_group(directories[0], name, paths[0], arena);
	site = shipped == NULL ? NULL : vendor_group(directories[1], name, paths[1], arena);
	if (site != NULL)
		status = print(shipped, site, paths, arena);
	arena_close(arena);
	return status;
}

/* The site's directory with a file of this name: the last one wins, as for the vendor in force. NULL: there is none. */
static const char *
site_directory(const struct policy *policy, const char *shipped, const char *name, char path[VENDOR_PATH])
{
	const struct strings *all = &policy->settings.vendor_path;

	for (size_t i = all->count; i-- > 0;)
		if (all->list[i] != shipped && vendor_file_in(all->list[i], name, path))
			return all->list[i];
	return NULL;
}

int
vendor_compare(const struct vendor_view *view)
{
	struct policy *policy = cmd_load(view->config);
	char shipped_path[VENDOR_PATH], site_path[VENDOR_PATH];
	const char *paths[2] = { shipped_path, site_path }, *directories[2];
	int status = EX_NOINPUT;

	if (policy == NULL)
		return EX_CONFIG;
	directories[0] = vendor_files_shipped(policy);
	directories[1] = site_directory(policy, directories[0], view->name, site_path);
	if (directories[0] == NULL || !vendor_file_in(directories[0], view->name, shipped_path))
		fprintf(stderr, "greenlane: there is no shipped file %s.conf%s%s\n", view->name,
		    directories[0] == NULL ? ": no directory of vendor_path is the shipped one" : " in ",
		    directories[0] == NULL ? "" : directories[0]);
	else if (directories[1] == NULL)
		fprintf(stderr, "greenlane: the site has no file %s.conf: the shipped one is in force, %s\n",
		    view->name, shipped_path);
	else if (!cmd_may(shipped_path, R_OK) || !cmd_may(site_path, R_OK))
		status = EX_NOPERM;
	else
		status = compare(directories, paths, view->name);
	policy_free(policy);
	return status;
}
