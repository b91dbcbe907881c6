#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_files.h"
#include "policy_text.h"
#include "tap.h"
#include "text.h"

static struct policy *
load(const char *text, struct faults *faults)
{
	struct conf_files files;
	struct policy *policy;
	char folder[512];

	conf_files_open(
	    &files, conf_path(folder, sizeof folder, "policy/vendors"), "policy/vendors");
	policy = policy_text_load("greenlane.conf", text, strlen(text), &files.files, faults);
	conf_files_close(&files);
	return policy;
}

static void
test_vendor(const struct vendor *vendor)
{
	size_t lists_without_review = 0, wide_trust = 0;

	ok(vendor->title[0] != '\0', "%s has a title", vendor->name);
	ok(vendor->evidence_count >= 2, "%s says how its facts are known", vendor->name);
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];

		lists_without_review +=
		    source->prefix_count > 0 && source->review_by[0] == '\0';
		wide_trust +=
		    source->prefix_count > 0 && source->use == USE_MX && !source->exclusive;
	}
	is_number((long long)lists_without_review, 0,
	    "%s: each written list says by when to look again", vendor->name);
	is_number((long long)wide_trust, 0,
	    "%s: no written list of shared hosts counts for listed", vendor->name);
}

static void
test_file(const char *name)
{
	struct faults *faults = faults_open();
	struct policy *policy;
	char text[512], *said;

	snprintf(text, sizeof text, "vendors = ( { name = \"%s\"; } );", name);
	policy = load(text, faults);
	said = conf_faults_write(faults);
	is(said, "", "%s.conf loads without a word", name);
	if (policy != NULL)
		test_vendor(&policy->vendors[0]);
	free(said);
	policy_free(policy);
	faults_close(faults);
}

static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* Every shipped file alone, then all of them at once. */
static void
test_files(void)
{
	struct faults *faults = faults_open();
	struct dirent **list;
	struct policy *policy;
	struct text all;
	char path[512], *said;
	int count =
	    scandir(conf_path(path, sizeof path, "policy/vendors"), &list, is_conf, alphasort);

	ok(count >= 5, "at least five vendors are shipped");
	text_open(&all, 64 * 1024);
	text_put(&all, "vendors = (");
	for (int i = 0; i < count; i++) {
		char *name = list[i]->d_name;

		name[strlen(name) - 5] = '\0';
		test_file(name);
		text_format(&all, "%s { name = \"%s\"; }", i == 0 ? "" : ",", name);
		free(list[i]);
	}
	text_put(&all, " );");
	policy = load(all.bytes, faults);
	said = conf_faults_write(faults);
	is(said, "", "all of them load together");
	if (policy != NULL)
		is_number((long long)policy->vendor_count, count, "and all are in force");
	for (size_t i = 0; policy != NULL && i < policy->vendor_count; i++)
		for (size_t j = 0; j < policy->vendors[i].domains.count; j++) {
			struct mailbox mailbox = { .local = "x",
				.domain = policy->vendors[i].domains.list[j].domain };

			ok(policy_owner(policy, &mailbox) == &policy->vendors[i],
			    "%s belongs to %s and nobody before it", mailbox.domain,
			    policy->vendors[i].name);
		}
	free(said);
	policy_free(policy);
	faults_close(faults);
	text_close(&all);
	if (count >= 0)
		free(list);
}

static void
test_tags(void)
{
	static const struct {
		const char *vendor, *tag;
		size_t selected;
	} rows[] = {
		{ "nable-rmm", "uk", 1 },
		{ "nable-rmm", "ireland", 1 },
		{ "nable-rmm", "americas", 1 },
		{ "servicedesk-plus-cloud", "eu", 1 },
		{ "mimecast", "global", 1 },
		{ "autotask", "london", 1 },
		{ "autotask", "aw2", 1 },
	};
	char text[256];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults *faults = faults_open();
		struct policy *policy;
		size_t selected = 0;

		snprintf(text, sizeof text,
		    "vendors = ( { name = \"%s\"; tags = [ \"%s\" ]; } );", rows[i].vendor,
		    rows[i].tag);
		policy = load(text, faults);
		for (size_t j = 0; policy != NULL && j < policy->source_count; j++)
			selected += policy->sources[j].selected;
		is_number((long long)selected, (long long)rows[i].selected,
		    "tag %s of %s selects its source", rows[i].tag, rows[i].vendor);
		policy_free(policy);
		faults_close(faults);
	}
}

/* The sample as it is installed: it starts in monitor, and nothing in it is worth a warning. */
static void
test_sample(void)
{
	struct faults *faults = faults_open();
	struct policy *policy;
	char path[512], *text, *said;
	size_t length;

	text = conf_file_read(
	    conf_path(path, sizeof path, "contrib/greenlane.conf.sample"), &length);
	policy = text == NULL ? NULL : load(text, faults);
	said = conf_faults_write(faults);
	is(said, "", "the sample loads without a word");
	ok(policy != NULL && policy->settings.monitor, "and starts in monitor");
	free(said);
	free(text);
	policy_free(policy);
	faults_close(faults);
}

/* What the sample shows commented out is right as well. */
static void
test_sample_whole(void)
{
	struct faults *faults = faults_open();
	struct policy *policy;
	struct text whole;
	struct span rest;
	char path[512], *text, *said;
	size_t length = 0;

	text = conf_file_read(
	    conf_path(path, sizeof path, "contrib/greenlane.conf.sample"), &length);
	text_open(&whole, 64 * 1024);
	for (rest = (struct span){ text, length }; rest.length > 0;) {
		struct span line = span_cut(&rest, '\n');

		/* prose has a blank behind its mark, a key has none or two */
		if (line.length > 1 && line.at[0] == '#' &&
		    (line.at[1] != ' ' || line.at[2] == ' ')) {
			line.at++;
			line.length--;
		}
		text_span(&whole, line);
		text_char(&whole, '\n');
	}
	policy = load(whole.bytes, faults);
	said = conf_faults_write(faults);
	is(said, "", "the sample loads with every commented key in force");
	ok(policy != NULL && policy->vendor_count == 5, "with all five vendors");
	free(said);
	free(text);
	policy_free(policy);
	faults_close(faults);
	text_close(&whole);
}

int
main(void)
{
	test_files();
	test_tags();
	test_sample();
	test_sample_whole();
	return done();
}
