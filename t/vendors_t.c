#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpsl.h>

#include "policy/config/lint.h"
#include "policy/config/policy_text.h"
#include "policy/util/text.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

static int
is_conf(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

/* What every shipped file says of shared senders, enabled or not. */
static void
senders_read(struct policy *policy, struct faults *faults)
{
	struct dirent **list;
	char path[512];
	int count = scandir(conf_path(path, sizeof path, "policy/vendors"), &list, is_conf, alphasort);

	for (int i = 0; i < count; i++) {
		struct fault why;
		size_t length = 0;
		char *text = conf_file_read(conf_path(path, sizeof path, "policy/vendors/%s", list[i]->d_name), &length);

		if (text == NULL || !policy_text_sender(policy, path, text, length, &why))
			faults_error(faults, path, 0, "is no vendor file");
		free(text);
		free(list[i]);
	}
	if (count >= 0)
		free(list);
}

/* The release is judged as of this day; t/lint_t has the days on which reviews are due. */
enum { RELEASE = 1795219200 }; /* 2026-11-21 */

static char *
lint(struct policy *policy)
{
	struct suffix_list suffixes = { psl_builtin() };
	struct faults *faults = faults_open();
	char *said;

	senders_read(policy, faults);
	lint_policy(policy, &suffixes, RELEASE, faults);
	said = conf_faults_write(faults);
	faults_close(faults);
	return said;
}

static struct policy *
load(const char *text, struct faults *faults)
{
	struct conf_files files;
	struct policy *policy;
	char folder[512];

	conf_files_open(&files, conf_path(folder, sizeof folder, "policy/vendors"), "policy/vendors");
	policy = policy_text_load("greenlane.conf", text, strlen(text), &files.files, faults);
	conf_files_close(&files);
	return policy;
}

/* Is the key written in the file, with something in it? */
static bool
is_written(const char *text, const char *key)
{
	char start[32];
	const char *at;

	snprintf(start, sizeof start, "\n  %s", key);
	at = strstr(text, start);
	return at != NULL && strncmp(at + strcspn(at, "[("), "[ ]", 3) != 0;
}

static bool
is_supported(const struct vendor *vendor, const char *key)
{
	for (size_t i = 0; i < vendor->evidence_count; i++)
		if (strstr(vendor->evidence[i].what, key) != NULL)
			return true;
	return false;
}

/* No fact stands without a source, and no source without a date, or the word that there is none. */
static void
test_evidence(const struct vendor *vendor)
{
	static const char *const facts[] = { "domains", "envelope", "dkim", "sources" };
	char path[512];
	size_t length;
	char *text = conf_file_read(conf_path(path, sizeof path, "policy/vendors/%s.conf", vendor->name), &length);

	for (size_t i = 0; text != NULL && i < sizeof facts / sizeof facts[0]; i++)
		ok(!is_written(text, facts[i]) || is_supported(vendor, facts[i]), "%s: how its %s are known is said",
		    vendor->name, facts[i]);
	for (size_t i = 0; i < vendor->evidence_count; i++) {
		const char *seen = vendor->evidence[i].seen;

		ok(strstr(seen, "20") != NULL || strstr(seen, "undated") != NULL, "%s: evidence %zu has a date: %s",
		    vendor->name, i + 1, seen);
	}
	free(text);
}

/* A file refuses only what its vendor asks to refuse (p=reject), and while it is known how genuine mail is signed. */
static void
test_mode(const struct vendor *vendor)
{
	bool asked = is_supported(vendor, "is p=reject"), signs = is_supported(vendor, "dkim");

	ok(vendor->mode == MODE_VOUCH || (vendor->mode == MODE_ENFORCE && asked && signs),
	    "%s: its mode is vouch, or it is known how it signs and that it asks for refusal", vendor->name);
	ok(vendor->on_forged == ACTION_REJECT || vendor->on_forged == ACTION_GREYLIST,
	    "%s: what is forged is refused or waits", vendor->name);
}

static void
test_vendor(const struct vendor *vendor)
{
	size_t lists_without_review = 0, wide_trust = 0;

	ok(vendor->title[0] != '\0', "%s has a title", vendor->name);
	test_evidence(vendor);
	test_mode(vendor);
	for (size_t i = 0; i < vendor->source_count; i++) {
		const struct source *source = &vendor->sources[i];

		lists_without_review += source->prefix_count > 0 && source->review_by[0] == '\0';
		wide_trust += source->prefix_count > 0 && source->use == USE_MX && !source->exclusive;
	}
	is_number((long long)lists_without_review, 0, "%s: each written list has a review_by", vendor->name);
	is_number((long long)wide_trust, 0, "%s: no written list of shared hosts counts for listed", vendor->name);
}

/* Nobody who enables a shipped file could settle a warning about it. */
static void
test_lint(struct policy *policy, const char *name, const char *tag)
{
	char *said = lint(policy);

	is(said, "", "%s.conf %s%s causes no warning", name, tag[0] == '\0' ? "as it is" : "with tag ", tag);
	free(said);
}

/* The same with each tag that a site may choose. */
static void
test_tags_of(const struct vendor *vendor, const char *mode)
{
	for (size_t i = 0; i < vendor->source_count; i++)
		for (size_t j = 0; j < vendor->sources[i].tag_count; j++) {
			struct faults *faults = faults_open();
			struct policy *policy;
			char text[512], *said;

			snprintf(text, sizeof text, "vendors = ( { name = \"%s\"; tags = [ \"%s\" ]; mode = \"%s\"; } );",
			    vendor->name, vendor->sources[i].tags[j], mode);
			policy = load(text, faults);
			said = conf_faults_write(faults);
			is(said, "", "%s loads with tag %s, mode %s", vendor->name, vendor->sources[i].tags[j], mode);
			if (policy != NULL)
				test_lint(policy, vendor->name, vendor->sources[i].tags[j]);
			free(said);
			policy_free(policy);
			faults_close(faults);
		}
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
	is(said, "", "%s.conf loads without a warning", name);
	if (policy != NULL) {
		test_vendor(&policy->vendors[0]);
		test_lint(policy, name, "");
		test_tags_of(&policy->vendors[0], "enforce");
		test_tags_of(&policy->vendors[0], "vouch");
	}
	free(said);
	policy_free(policy);
	faults_close(faults);
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
	int count = scandir(conf_path(path, sizeof path, "policy/vendors"), &list, is_conf, alphasort);

	ok(count >= 44, "every vendor with a known domain is shipped");
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
	if (policy != NULL) {
		char *broad = lint(policy);

		is_number((long long)policy->vendor_count, count, "and all are in force");
		ok(strstr(broad, "belongs to") == NULL && strstr(broad, "is inside") == NULL,
		    "none of them takes another's name or network");
		is(broad, "", "and none trusts the customers of a shared sender");
		free(broad);
	}
	for (size_t i = 0; policy != NULL && i < policy->vendor_count; i++)
		for (size_t j = 0; j < policy->vendors[i].domains.count; j++) {
			struct mailbox mailbox = { .local = "x", .domain = policy->vendors[i].domains.list[j].domain };

			ok(policy_owner(policy, &mailbox) == &policy->vendors[i],
			    "%s belongs to %s and nobody before it", mailbox.domain, policy->vendors[i].name);
		}
	free(said);
	policy_free(policy);
	faults_close(faults);
	text_close(&all);
	if (count >= 0)
		free(list);
}

/* Each name that the shipped files know as shared is caught in another vendor's file. */
static void
test_shared_senders(void)
{
	static const struct {
		const char *key, *name, *sender;
	} rows[] = {
		{ "dkim", "sendgrid.net", "sendgrid" },
		{ "envelope", "u1234.wl.sendgrid.net", "sendgrid" },
		{ "dkim", "amazonses.com", "amazon-ses" },
		{ "envelope", "eu-west-1.amazonses.com", "amazon-ses" },
		{ "envelope", "mailgun.org", "mailgun" },
		{ "envelope", "mandrillapp.com", "mailchimp-mandrill" },
		{ "envelope", "mail1.mcsv.net", "mailchimp-mandrill" },
		{ "envelope", "pm.mtasv.net", "postmark" },
		{ "envelope", "sparkpostmail.com", "sparkpost" },
		{ "envelope", "bounce.exacttarget.com", "salesforce" },
		{ "envelope", "hubspotemail.net", "hubspot" },
		{ "envelope", "spf.protection.outlook.com", "microsoft-365" },
		{ "envelope", "_spf.google.com", "google" },
		{ "dkim", "zendesk.com", "zendesk" },
		{ "dkim", "freshdesk.com", "freshworks" },
		{ "dkim", "zoho.com", "zoho" },
		{ "envelope", "transmail.net", "zoho" },
		/* a company's own names, and one customer's */
		{ "domains", "google.com", NULL },
		{ "domains", "accountprotection.microsoft.com", NULL },
		{ "domains", "sns.amazonaws.com", NULL },
		{ "envelope", "acme.zendesk.com", NULL },
		{ "envelope", "mg.gitlab.com", NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct faults *faults = faults_open();
		struct policy *policy;
		char text[512], wanted[128], *said;

		snprintf(text, sizeof text, "vendors = ( { name = \"datto\"; %s = [ \"%s\" ]; } );", rows[i].key,
		    rows[i].name);
		snprintf(wanted, sizeof wanted, "belongs to the shared sender '%s'",
		    rows[i].sender == NULL ? "" : rows[i].sender);
		policy = load(text, faults);
		said = policy == NULL ? strdup("") : lint(policy);
		ok(policy != NULL && (strstr(said, wanted) != NULL) == (rows[i].sender != NULL), "%s in %s is %s%s",
		    rows[i].name, rows[i].key, rows[i].sender == NULL ? "no shared sender" : "the shared sender ",
		    rows[i].sender == NULL ? "" : rows[i].sender);
		free(said);
		policy_free(policy);
		faults_close(faults);
	}
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

		snprintf(text, sizeof text, "vendors = ( { name = \"%s\"; tags = [ \"%s\" ]; } );", rows[i].vendor,
		    rows[i].tag);
		policy = load(text, faults);
		for (size_t j = 0; policy != NULL && j < policy->source_count; j++)
			selected += policy->sources[j].selected;
		is_number((long long)selected, (long long)rows[i].selected, "tag %s of %s selects its source",
		    rows[i].tag, rows[i].vendor);
		policy_free(policy);
		faults_close(faults);
	}
}

/* The sample as installed: it starts in monitor mode and causes no warning. */
static void
test_sample(void)
{
	struct faults *faults = faults_open();
	struct policy *policy;
	char path[512], *text, *said;
	size_t length;

	text = conf_file_read(conf_path(path, sizeof path, "contrib/greenlane.conf.sample"), &length);
	policy = text == NULL ? NULL : load(text, faults);
	said = conf_faults_write(faults);
	is(said, "", "the sample loads without a warning");
	ok(policy != NULL && policy->settings.monitor, "and starts in monitor");
	free(said);
	said = policy == NULL ? NULL : lint(policy);
	is(said, "", "nor does the check of it give one");
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

	text = conf_file_read(conf_path(path, sizeof path, "contrib/greenlane.conf.sample"), &length);
	text_open(&whole, 64 * 1024);
	for (rest = (struct span){ text, length }; rest.length > 0;) {
		struct span line = span_cut(&rest, '\n');

		/* prose has one blank after its mark, a key has none or two */
		if (line.length > 1 && line.at[0] == '#' && (line.at[1] != ' ' || line.at[2] == ' ')) {
			line.at++;
			line.length--;
		}
		text_span(&whole, line);
		text_char(&whole, '\n');
	}
	policy = load(whole.bytes, faults);
	said = conf_faults_write(faults);
	is(said, "", "the sample loads with every commented key in force");
	ok(policy != NULL && policy->vendor_count == 6, "with all five vendors, and one without a file");
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
	test_shared_senders();
	test_tags();
	test_sample();
	test_sample_whole();
	return done();
}
