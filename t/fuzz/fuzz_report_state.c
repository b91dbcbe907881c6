/*
 * Any lines as the counts that `greenlane report --state` keeps. What is read is written as text, JSON, page and mail, within their
 * bounds; saved, it comes back as the same lines, to the byte.
 */
#include <string.h>

#include "policy/config/policy_text.h"
#include "policy/review/report_json.h"
#include "policy/review/report_mail.h"
#include "policy/review/report_page.h"
#include "policy/review/report_save.h"
#include "policy/review/report_text.h"
#include "t/fuzz/fuzz.h"

enum { OUTPUT = 64 * 1024 * 1024, NOW = 1795824000 };

static const char config[] = "authserv_id = \"mx.rx.example\"; vendors = ("
			     "{ name = \"acme\"; inline = true; domains = [ \"acme.example\" ]; },"
			     "{ name = \"globex\"; inline = true; domains = [ \"globex.example\" ]; } );";
static const struct suffix_list suffixes = { NULL };

static const struct policy *
policy_once(void)
{
	static struct policy *policy;
	const struct policy_files files = { .suffixes = &suffixes };
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

/* Adds lines up to the first that is none, as a state that is broken is not used. Returns how many. */
static size_t
restore(struct report *report, struct span rest)
{
	size_t count = 0;

	while (rest.length > 0 && report_restore(report, span_cut(&rest, '\n')))
		count++;
	return count;
}

static void
save(const struct report *report, struct text *out)
{
	text_open(out, 2 * REPORT_SAVE_MAX);
	report_save(report, out);
	report_save_memory(report, out);
	must(!out->cut);
}

static void
write_all(const struct report *report)
{
	struct arena *arena = arena_open(REPORT_VIEW_ARENA);
	const struct report_view *view = arena == NULL ? NULL : report_view_make(report, NULL, arena);
	struct text out;

	must(view != NULL);
	text_open(&out, OUTPUT);
	report_text_write(view, true, &out);
	report_json_write(view, &out);
	report_page_write(view, REPORT_PAGE_WHOLE, &out);
	must(out.length < REPORT_PAGE_MAX * 4);
	report_mail_write(view, "mx.rx.example", NOW, &out);
	must(!out.cut && memchr(out.bytes, '\0', out.length) == NULL);
	text_close(&out);
	arena_close(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct report *report = report_open(policy_once(), &suffixes), *again = report_open(policy_once(), &suffixes);
	struct text first, second;
	struct span saved;

	must(report != NULL && again != NULL);
	if (restore(report, (struct span){ (const char *)bytes, length }) > 0) {
		write_all(report);
		save(report, &first);
		saved = (struct span){ first.bytes, first.length };
		while (saved.length > 0)
			must(report_restore(again, span_cut(&saved, '\n')));
		save(again, &second);
		must(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0);
		text_close(&first);
		text_close(&second);
	}
	report_close(report);
	report_close(again);
	return 0;
}
