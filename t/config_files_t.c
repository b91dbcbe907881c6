#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "policy/config/policy_text.h"
#include "policy/util/text.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { PATH_SIZE = 512, NOBODY = 65534 };

/* ---- a directory of files ---- */

static char folder[] = "/tmp/config_files_t.XXXXXX";

static const char *
in_folder(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void
file_write(const char *name, const char *text)
{
	FILE *file = fopen(in_folder(name), "we");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void
folder_make(const char *name)
{
	if (mkdir(in_folder(name), 0755) != 0)
		abort();
}

/* A greenlane.conf that enables one vendor, looked for in the directories shipped and site. */
static void
enable(const char *vendor)
{
	char text[2048];

	snprintf(text, sizeof text, "vendor_path = [ \"%s/shipped\", \"%s/site\" ];\nvendors = ( { name = \"%s\"; } );\n",
	    folder, folder, vendor);
	file_write("greenlane.conf", text);
}

static void
vendor_write(const char *path, const char *name, const char *title, const char *sources)
{
	char text[2048];

	snprintf(text, sizeof text,
	    "vendor = { name = \"%s\"; title = \"%s\"; domains = [ \"%s.example\" ]; sources = ( %s ); };\n", name,
	    title, name, sources);
	file_write(path, text);
}

/* Loads it; returns the title of the one vendor, or the first fault without the directory's name. */
static const char *
load(const char *path)
{
	static char said[1024];
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : config_files_read(path, faults);
	char text[1024];
	size_t length = strlen(folder);

	if (faults == NULL)
		abort();
	if (policy != NULL) {
		snprintf(said, sizeof said, "%s", policy->vendor_count == 0 ? "no vendor" : policy->vendors[0].title);
	} else {
		fault_write(&faults->list[0].fault, text, sizeof text);
		snprintf(said, sizeof said, "%s", strncmp(text, folder, length) == 0 ? text + length + 1 : text);
	}
	policy_free(policy);
	faults_close(faults);
	return said;
}

/* ---- files ---- */

static void
vendor_path_is_searched(void)
{
	folder_make("shipped");
	folder_make("site");
	vendor_write("shipped/acme.conf", "acme", "shipped", "");
	enable("acme");
	is(load(in_folder("greenlane.conf")), "shipped", "a shipped vendor file is found");
	vendor_write("site/acme.conf", "acme", "site", "");
	is(load(in_folder("greenlane.conf")), "site", "a site's file of the same name replaces it");
	enable("globex");
	is(load(in_folder("greenlane.conf")),
	    "greenlane.conf:2: no file 'globex.conf' in vendor_path; greenlane vendor list --shipped has the names, and a "
	    "vendor without a file is written inline = true; domains = [ \"example.com\" ];",
	    "a vendor without a file is a fault of the line that names it");
}

static void
closed_file_is_a_fault(void)
{
	bool root = geteuid() == 0;

	enable("acme");
	if (chmod(in_folder("site"), 0) != 0 || chmod(folder, 0755) != 0 || (root && seteuid(NOBODY) != 0))
		abort();
	ok(strstr(load(in_folder("greenlane.conf")), "/site/acme.conf: cannot be opened: Permission denied") != NULL,
	    "a site directory that the daemon may not enter does not fall back to the shipped file");
	if ((root && seteuid(0) != 0) || chmod(in_folder("site"), 0755) != 0 ||
	    unlink(in_folder("site/acme.conf")) != 0 || symlink("nowhere.conf", in_folder("site/acme.conf")) != 0)
		abort();
	ok(strstr(load(in_folder("greenlane.conf")), "No such file or directory") != NULL, "nor does a dangling link");
	unlink(in_folder("site/acme.conf"));
}

static void
only_files_are_read(void)
{
	is(load(in_folder("none.conf")), "none.conf: cannot be opened: No such file or directory",
	    "a missing configuration is a fault");
	is(load(in_folder("shipped")), "shipped: is not a regular file; write the name of a configuration file",
	    "so is a directory in its place");
	folder_make("site/acme.conf");
	enable("acme");
	ok(strstr(load(in_folder("greenlane.conf")), "is not a regular file") != NULL,
	    "so is a directory in a vendor file's place");
	rmdir(in_folder("site/acme.conf"));
	if (mkfifo(in_folder("pipe.conf"), 0600) != 0)
		abort();
	ok(strstr(load(in_folder("pipe.conf")), "is not a regular file") != NULL, "a pipe does not block it");
	file_write("huge.conf", "");
	if (truncate(in_folder("huge.conf"), POLICY_TEXT_MAX + 1) != 0)
		abort();
	is(load(in_folder("huge.conf")), "huge.conf: is larger than 64 MiB", "a huge file is not read");
	file_write("empty.conf", "");
	ok(strstr(load(in_folder("empty.conf")), "vendors") != NULL, "an empty one is read, and lacks its vendors");
}

/* How many networks the vendor's source holds; -1 when it does not load. */
static long long
networks_loaded(void)
{
	struct faults *faults = faults_open();
	struct policy *policy = config_files_read(in_folder("greenlane.conf"), faults);
	long long count = policy == NULL || policy->source_count == 0 ? -1 : (long long)policy->sources[0].prefix_count;

	if (policy == NULL)
		note("%s: %s", faults->list[0].fault.file, faults->list[0].fault.text);
	policy_free(policy);
	faults_close(faults);
	return count;
}

static void
list_is_found_beside_its_vendor(void)
{
	char source[PATH_SIZE + 32];

	enable("acme");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"acme.list\"; }");
	ok(strstr(load(in_folder("greenlane.conf")), "acme.list") != NULL,
	    "a list that is missing is a fault that names it");
	file_write("shipped/acme.list", "192.0.2.0/24\n198.51.100.7 # a host\n");
	is_number(networks_loaded(), 2, "a list is found next to its vendor file, whatever the working directory");
	folder_make("shipped/lists");
	file_write("shipped/lists/acme.list", "192.0.2.0/25\n2001:db8::/32\n203.0.113.0/24\n");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"lists/acme.list\"; }");
	is_number(networks_loaded(), 3, "below it");
	file_write("own.list", "192.0.2.1\n");
	snprintf(source, sizeof source, "{ file = \"%s/own.list\"; }", folder);
	vendor_write("shipped/acme.conf", "acme", "shipped", source);
	is_number(networks_loaded(), 1, "or at an absolute path");
	vendor_write("shipped/acme.conf", "acme", "shipped", "{ file = \"lists\"; }");
	is_number(networks_loaded(), -1, "a directory is not a list");
}

/* ---- what is too broad ---- */

/* Every fault of a load, without the directory's name; to be freed. */
static char *
said_of(const char *path)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL ? NULL : config_files_read(path, faults);
	struct text all;
	char text[1024], *copy;

	if (faults == NULL)
		abort();
	text_open(&all, 64 * 1024);
	for (size_t i = 0; i < faults->kept; i++) {
		const char *at = text;

		fault_write(&faults->list[i].fault, text, sizeof text);
		if (strncmp(text, folder, strlen(folder)) == 0)
			at = text + strlen(folder) + 1;
		text_format(&all, "%s%s\n", faults->list[i].level == FAULT_WARNING ? "warning: " : "", at);
	}
	text_format(&all, "%s\n", policy == NULL ? "refused" : "in force");
	copy = strdup(all.bytes);
	if (copy == NULL)
		abort();
	text_close(&all);
	policy_free(policy);
	faults_close(faults);
	return copy;
}

static void
says(const char *wanted, const char *name)
{
	char *said = said_of(in_folder("greenlane.conf"));

	is(said, wanted, "%s", name);
	free(said);
}

static void
esp_write(const char *path, const char *domain)
{
	char text[512];

	snprintf(text, sizeof text, "vendor = { name = \"bulk\"; kind = \"esp\"; domains = [ \"%s\" ]; };\n", domain);
	file_write(path, text);
}

static void
shared_senders_are_known(void)
{
	static const char refused[] =
	    "shipped/acme.conf: 'bulk.example' in envelope of 'acme' belongs to the shared sender 'bulk', so each "
	    "of its customers would be vouched for; drop it, and name only what belongs to the vendor "
	    "alone\n"
	    "refused\n";

	enable("acme");
	file_write("shipped/acme.conf",
	    "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; envelope = [ \"bulk.example\" ]; };\n");
	says("in force\n", "an envelope domain that is no known sender's is allowed");
	esp_write("shipped/bulk.conf", "bulk.example");
	says(refused, "a shared sender is known, though its file is not enabled, and what it proves is refused");
	esp_write("site/bulk.conf", "mass.example");
	says("in force\n", "a site's file of a shared sender replaces the shipped one");
	unlink(in_folder("site/bulk.conf"));
	rmdir(in_folder("site"));
	says(refused, "a directory of vendor_path that does not exist is no fault");
	folder_make("site");
	file_write("shipped/bulk.conf", "vendor = { name = \"bulk\"; kind = \"esp\"; domain = 1; };\n");
	says("warning: shipped/bulk.conf:1: cannot tell whether it names a shared sender: 'domains' is missing; write "
	     "domains = [ \"example.com\" ];\nin force\n",
	    "a broken file that is not enabled gives a warning, and does not stop the rest");
	file_write("shipped/bulk.conf", "nonsense");
	says("in force\n", "but one that cannot be a shared sender's is not even read");
	unlink(in_folder("shipped/bulk.conf"));
}

static void
reviews_are_due_by_the_clock(void)
{
	enable("acme");
	vendor_write("shipped/acme.conf", "acme", "shipped",
	    "{ a = \"mail.acme.example\"; exclusive = true; review_by = \"2001-02-03\"; }");
	says("warning: shipped/acme.conf:1: the review of a:mail.acme.example of 'acme' was due by 2001-02-03, more "
	     "than review_grace (30d) ago: it counts as monitor only, and vouches for nothing; check whether it is "
	     "still right, then write a later review_by; or write accept = [ \"review-lapsed\" ] beside 'acme'\n"
	     "in force\n",
	    "a review that was due long ago gives a warning, by today's date");
	vendor_write("shipped/acme.conf", "acme", "shipped",
	    "{ a = \"mail.acme.example\"; exclusive = true; review_by = \"9999-12-31\"; }");
	says("in force\n", "one in the future does not");
}

static void
public_suffixes_are_known(void)
{
	enable("acme");
	file_write("shipped/acme.conf", "vendor = { name = \"acme\"; domains = [ \"co.uk\" ]; };\n");
	says("warning: shipped/acme.conf: 'co.uk' in domains of 'acme' is a public suffix: names below it belong to "
	     "whoever registers them and do not count, and nothing proves the name itself; write the names that you "
	     "mean; or write accept = [ \"public-suffix\" ] beside 'acme'\n"
	     "in force\n",
	    "public suffixes are those of the host's list");
}

/* The number of the files as they are now; 0: one cannot be read. */
static uint64_t
fingerprint(const struct policy *policy)
{
	uint64_t number;

	return config_files_fingerprint(in_folder("greenlane.conf"), policy, &number) ? number : 0;
}

/* Does it differ from what was loaded? Then back again. */
static void
differs_with(const struct policy *policy, const char *name, const char *text, const char *before, const char *what)
{
	uint64_t loaded = fingerprint(policy);

	file_write(name, text);
	ok(loaded == policy->fingerprint, "a policy has the fingerprint of its files, before %s", what);
	ok(fingerprint(policy) != loaded, "%s makes another fingerprint", what);
	if (before == NULL)
		unlink(in_folder(name));
	else
		file_write(name, before);
	ok(fingerprint(policy) == loaded && loaded != 0, "and the same one when it is as before");
}

/* before: what it said. */
static void
is_gone(const struct policy *policy, const char *name, const char *before)
{
	unlink(in_folder(name));
	ok(fingerprint(policy) != policy->fingerprint && fingerprint(policy) != 0, "so does %s when it is gone", name);
	if (before != NULL)
		file_write(name, before);
}

static void
changes_are_seen(void)
{
	static const char
	    list[] = "192.0.2.0/24\n",
	    vendor[] = "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; sources = ( { file = \"../many.list\"; } ); };\n";
	struct faults *faults = faults_open();
	struct policy *policy;

	enable("acme");
	file_write("many.list", list);
	file_write("shipped/acme.conf", vendor);
	policy = config_files_read(in_folder("greenlane.conf"), faults);
	if (policy == NULL)
		abort();
	differs_with(policy, "shipped/acme.conf", "vendor = { };\n", vendor, "a vendor's file that changes");
	differs_with(policy, "many.list", "192.0.2.0/25\n", list, "a list of networks that changes");
	differs_with(policy, "site/acme.conf", vendor, NULL, "a new file");
	is_gone(policy, "many.list", list);
	is_gone(policy, "shipped/acme.conf", vendor);
	is_gone(policy, "greenlane.conf", NULL);
	enable("acme");
	unlink(in_folder("many.list"));
	folder_make("many.list");
	ok(fingerprint(policy) == 0, "while something that was read cannot be read nothing is known");
	rmdir(in_folder("many.list"));
	policy_free(policy);
	faults_close(faults);
}

/* What a writer does between the reading and the fingerprint: this file says something else then. */
static const char *written, *writing;

struct policy *__real_policy_text_load(const char *, const char *, size_t, const struct policy_files *, struct faults *);
struct policy *__wrap_policy_text_load(const char *, const char *, size_t, const struct policy_files *, struct faults *);

struct policy *
__wrap_policy_text_load(const char *path, const char *text, size_t length, const struct policy_files *files,
    struct faults *faults)
{
	struct policy *policy = __real_policy_text_load(path, text, length, files, faults);

	if (written != NULL && writing == NULL)
		unlink(in_folder(written));
	else if (written != NULL)
		file_write(written, writing);
	return policy;
}

/* The last that it says. */
static void
ends_with(const char *wanted, const char *name)
{
	char *said = said_of(in_folder("greenlane.conf"));
	size_t all = strlen(said), length = strlen(wanted);

	is(all < length ? said : said + all - length, wanted, "%s", name);
	free(said);
}

static void
half_written_is_refused(void)
{
	static const char vendor[] =
	    "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; sources = ( { file = \"../many.list\"; } ); };\n";

	enable("acme");
	file_write("shipped/acme.conf", vendor);
	file_write("many.list", "192.0.2.0/24\n");
	written = "many.list";
	writing = "192.0.2.0/24\n198.51.100.0/24\n";
	ends_with("many.list: has changed while it was read; try again when it is written\nrefused\n",
	    "a list that grows while it is read");
	ends_with("in force\n", "and that is as it was");
	written = "shipped/acme.conf";
	writing = "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; };\n";
	ends_with("shipped/acme.conf: has changed while it was read; try again when it is written\nrefused\n",
	    "a vendor's file");
	written = "greenlane.conf";
	writing = NULL;
	ends_with("greenlane.conf: cannot be opened: No such file or directory\nrefused\n",
	    "the main file goes while it is read");
	written = NULL;
}

static void
one_string_is_found(void)
{
	static const struct {
		const char *text, *group, *key, *value; /* value NULL: the file cannot be read */
	} rows[] = {
		{ "control = { listen = \"unix:/x\"; };", "control", "listen", "unix:/x" },
		{ "state_dir = \"/y\"; nonsense = 3; milter = 7;", "", "state_dir", "/y" },
		{ "control = 7;", "control", "listen", "" },
		{ "control = { listen = 7; };", "control", "listen", "" },
		{ "listen = \"unix:/x\";", "control", "listen", "" },
		{ "", "control", "listen", "" },
		{ "control = {", "control", "listen", NULL },
	};
	struct fault why;
	char got[100];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		file_write("greenlane.conf", rows[i].text);
		ok(config_files_peek(in_folder("greenlane.conf"), rows[i].group, rows[i].key, got, sizeof got, &why) ==
			(rows[i].value != NULL),
		    "'%s' is read as far as it goes", rows[i].text);
		if (rows[i].value != NULL)
			is(got, rows[i].value, "and %s found", rows[i].value[0] == '\0' ? "nothing" : "the string");
	}
	unlink(in_folder("greenlane.conf"));
	ok(!config_files_peek(in_folder("greenlane.conf"), "", "user", got, sizeof got, &why), "no file, no string");
}

#define CUT "the last line has no end, so that it may be cut; end it with a newline"

/* Of the line that is cut; NULL: of none. */
static void
warns_of(const char *place, const char *name)
{
	char *said = said_of(in_folder("greenlane.conf")), wanted[200];

	snprintf(wanted, sizeof wanted, "warning: %s: " CUT "\n", place == NULL ? "" : place);
	ok((place == NULL ? strstr(said, CUT) == NULL : strstr(said, wanted) != NULL) && strstr(said, "in force") != NULL,
	    "%s", name) ||
	    (note("%s", said), 0);
	free(said);
}

static void
cut_is_warned_of(void)
{
	enable("acme");
	file_write("site/acme.conf",
	    "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; mode = \"monitor\";\n"
	    "  sources = ( { file = \"acme.list\"; } ); };\n");
	file_write("site/acme.list", "# two\n8.8.4.0/24\n8.8.8.1"); /* of 8.8.8.128/25 */
	warns_of("site/acme.list:3", "a list that ends in half a line");
	file_write("site/acme.list", "# two\n8.8.4.0/24\n8.8.8.128/25\n# and a comment");
	warns_of("site/acme.list:4", "one that ends in a comment, of a line that may have more");
	file_write("site/acme.list", "8.8.4.0/24\n8.8.8.128/25\n");
	warns_of(NULL, "one that is whole");
	file_write("site/acme.conf", "vendor = { name = \"acme\"; domains = [ \"acme.example\" ]; mode = \"monitor\"; };");
	warns_of("site/acme.conf:1", "a vendor's file");
	vendor_write("site/acme.conf", "acme", "site", "");
	file_write("greenlane.conf", "vendors = ( );\n\nmode = \"monitor\"");
	warns_of("greenlane.conf:3", "greenlane.conf, whose last setting may be half of one");
}

int
main(void)
{
	if (!scratch_make(folder))
		abort();
	vendor_path_is_searched();
	closed_file_is_a_fault();
	only_files_are_read();
	list_is_found_beside_its_vendor();
	shared_senders_are_known();
	reviews_are_due_by_the_clock();
	public_suffixes_are_known();
	changes_are_seen();
	half_written_is_refused();
	one_string_is_found();
	cut_is_warned_of();
	return done();
}
