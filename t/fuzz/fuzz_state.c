/*
 * Any bytes as a file of state_dir: the first says which, `usage`, `vendors` or `rates`. What is sound of it is kept, and when that is
 * written, all of the new file is sound and says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/state/source_files.h"
#include "milter/state/usage.h"
#include "milter/state/vendor_tally.h"
#include "policy/review/alert_rates_save.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/scratch.h"

int __wrap_fsync(int fd);

enum { NOW = 1772359200, LINE_MAX = 64 * 1024 };

static char folder[] = "/tmp/fuzz_state.XXXXXX";

/* Nobody waits for the disk. */
int
__wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

static void
put_file(const char *name, struct span bytes)
{
	static bool made;
	struct text text;
	struct fault why;

	if (!made)
		must(scratch_make(folder));
	made = true;
	text_open(&text, bytes.length);
	text_add(&text, bytes.at, bytes.length);
	must(state_file_write(folder, name, &text, &why));
	text_close(&text);
}

/* ---- usage ---- */

static void
is_in_other(void *context, const struct usage_entry *entry)
{
	must(entry->first <= entry->last && entry->name[0] != '\0');
	must(usage_has(context, entry->kind, entry->name, &entry->address));
}

static void
check_usage(struct span bytes)
{
	struct fault why = { .text = "" };
	struct usage *usage = usage_open(&why), *again = usage_open(&why);
	struct address client;

	must(usage != NULL && again != NULL && address_read("192.0.2.1", &client));
	put_file("usage", bytes);
	must(usage_load(usage, folder, &why) || why.line > 0);
	(void)usage_note(usage, USAGE_LISTED, "vendor", &client, NOW);
	must(usage_save(usage, folder, &why) && usage_load(again, folder, &why));
	must(usage_each(usage, is_in_other, again) && usage_each(again, is_in_other, usage));
	usage_close(again);
	usage_close(usage);
}

/* ---- vendors ---- */

/* Something changes, so that it is written. */
static void
note_one(struct vendor_tally *tally)
{
	const struct vendor vendor = { .name = "acme" };
	const struct verdict verdict = { .claims = { { .vendor = &vendor, .outcome = OUTCOME_VOUCHED } },
		.claim_count = 1 };
	static const struct policy policy;
	const struct judge judge = { .policy = &policy };
	const struct verdict_record record = { .verdict = &verdict, .judge = &judge };

	vendor_tally_note(tally, &record, NOW);
}

static void
check_vendor(struct vendor_tally *tally, struct vendor_tally *again, struct span name)
{
	char *vendor = strndup(name.at, name.length);
	struct vendor_count one, other;

	must(vendor != NULL);
	one = vendor_tally_of(tally, vendor);
	other = vendor_tally_of(again, vendor);
	must(one.last == other.last && memcmp(one.last_by, other.last_by, sizeof one.last_by) == 0);
	free(vendor);
}

static void
check_vendors(struct span bytes)
{
	struct fault why = { .text = "" };
	struct vendor_tally *tally = vendor_tally_open(&why), *again = vendor_tally_open(&why);

	must(tally != NULL && again != NULL);
	put_file("vendors", bytes);
	must(vendor_tally_load(tally, folder, &why) || why.line > 0);
	note_one(tally);
	must(vendor_tally_save(tally, folder, &why) && vendor_tally_load(again, folder, &why));
	while (bytes.length > 0) {
		struct span line = span_cut(&bytes, '\n');

		check_vendor(tally, again, span_cut(&line, ' '));
	}
	vendor_tally_close(again);
	vendor_tally_close(tally);
}

/* ---- rates ---- */

static void
check_findings(struct alert_rates *rates)
{
	static struct settings settings;
	struct rate_findings findings, again;

	alert_rates_find(rates, &settings, NOW, &findings);
	alert_rates_find(rates, &settings, NOW, &again);
	must(findings.forged.since == again.forged.since && findings.broken_since == again.broken_since);
	alert_rates_note(rates, OUTCOME_FORGED, NOW);
	alert_rates_note_signature(rates, false, NOW);
	alert_rates_note_delayed(rates, NOW);
	alert_rates_find(rates, &settings, NOW, &findings);
}

static void
check_rates(struct span line)
{
	char name[ALERT_RATES_NAME], name_again[ALERT_RATES_NAME];
	struct alert_rates rates, again;
	struct text first, second;

	if (!alert_rates_restore(line, NOW, name, &rates))
		return;
	text_open(&first, LINE_MAX);
	text_open(&second, LINE_MAX);
	alert_rates_save(name, &rates, &first);
	must(!first.cut && first.bytes[first.length - 1] == '\n');
	must(alert_rates_restore((struct span){ first.bytes, first.length - 1 }, NOW, name_again, &again));
	alert_rates_save(name_again, &again, &second);
	must(strcmp(first.bytes, second.bytes) == 0);
	check_findings(&rates);
	text_close(&second);
	text_close(&first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = { (const char *)data + 1, size - 1 };

	if (size < 1)
		return 0;
	if (data[0] == 'u')
		check_usage(bytes);
	else if (data[0] == 'v')
		check_vendors(bytes);
	while (data[0] == 'r' && bytes.length > 0)
		check_rates(span_cut(&bytes, '\n'));
	return 0;
}
