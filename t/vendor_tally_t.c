#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/vendor_tally.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { START = 1700000000 };

static const struct vendor acme = { .name = "acme" }, desk = { .name = "desk" };

/* A message at its end that claims one vendor. */
static void
note_mail(struct vendor_tally *tally, const struct claim *claim, int64_t now)
{
	static const struct policy policy = { .vendors = NULL };
	static const struct judge judge = { &policy, NULL };
	struct verdict verdict = { .claims = { *claim }, .claim_count = 1 };
	struct verdict_record record = { .judge = &judge, .verdict = &verdict };

	vendor_tally_note(tally, &record, now);
}

static void
test_proofs(struct vendor_tally *tally)
{
	struct claim claim = { .vendor = &acme, .outcome = OUTCOME_VOUCHED, .dkim = YES, .listed = NO, .spf = UNKNOWN };
	struct vendor_count count;

	note_mail(tally, &claim, START);
	claim.listed = claim.spf = YES;
	claim.dkim = NO;
	note_mail(tally, &claim, START + 100);
	claim.outcome = OUTCOME_UNPROVEN;
	claim.dkim = YES;
	note_mail(tally, &claim, START + 200);
	claim.outcome = OUTCOME_VOUCHED;
	claim.dropped = true;
	note_mail(tally, &claim, START + 300);
	count = vendor_tally_of(tally, "acme");
	ok(count.last == START + 100, "mail that is not vouched for, or a dropped claim, is not its last mail");
	ok(count.last_by[0] == START + 100 && count.last_by[1] == START + 100, "listed and spf spoke for the second");
	ok(count.last_by[2] == START, "dkim for the first alone");
	ok(count.last_by[3] == 0 && count.last_by[4] == 0, "and nothing else for any");
	ok(vendor_tally_of(tally, "desk").last == 0, "another vendor has none");
}

static void
test_kept(struct vendor_tally *tally, const char *folder)
{
	struct fault why = { .text = "" };
	struct vendor_tally *again = vendor_tally_open(&why);
	struct claim claim = { .vendor = &desk, .outcome = OUTCOME_FORGED, .wanted = ACTION_REJECT, .mode = MODE_VOUCH };
	struct vendor_count count;

	note_mail(tally, &claim, START);
	ok(vendor_tally_of(tally, "desk").forged_passed == 1, "forged mail that passed is counted");
	ok(vendor_tally_load(again, folder, &why), "no file is no fault");
	ok(vendor_tally_save(tally, folder, &why), "the times are saved");
	ok(vendor_tally_load(again, folder, &why), "and read");
	count = vendor_tally_of(again, "acme");
	ok(count.last == START + 100 && count.last_by[1] == START + 100 && count.last_by[2] == START &&
		count.last_by[4] == 0,
	    "as they were");
	ok(vendor_tally_of(again, "desk").forged_passed == 0, "what passed is told since the start alone");
	vendor_tally_close(again);
}

static const struct {
	const char *name, *text;
	unsigned bad; /* line; 0: none */
	int64_t last; /* of acme */
} files[] = {
	{ "a file without a line", "", 0, 0 },
	{ "a line", "acme 5 1 2 3 4 5\n", 0, 5 },
	{ "a time that is no number", "acme 5 1 2 3 4 5\nacme x 1 2 3 4 5\n", 2, 5 },
	{ "a negative time", "acme -5 1 2 3 4 5\n", 1, 0 },
	{ "a time that does not fit", "acme 99999999999999999999 1 2 3 4 5\n", 1, 0 },
	{ "too few times", "acme 5 1 2 3 4\n", 1, 0 },
	{ "too many", "acme 5 1 2 3 4 5 6\n", 1, 0 },
	{ "what is no name", "Ac%me 5 1 2 3 4 5\nacme 5 1 2 3 4 5\n", 1, 5 },
	{ "no name", " 5 1 2 3 4 5\n", 1, 0 },
	{ "no end of the line, of which there may be half", "acme 5 1 2 3 4 5\nacme 90 1 2 3 4 5", 2, 5 },
	{ "no end of the only one", "acme 5 1 2 3 4 5", 1, 0 },
	{ "a proof after the last mail", "acme 100 100 0 0 101 0\n", 1, 0 },
};

static void
test_file(size_t row, const char *folder)
{
	struct fault why = { .text = "" };
	struct vendor_tally *tally = vendor_tally_open(&why);
	char path[512];
	FILE *file;
	bool sound;

	snprintf(path, sizeof path, "%s/vendors", folder);
	file = fopen(path, "w");
	if (file == NULL || fputs(files[row].text, file) < 0 || fclose(file) != 0)
		exit(99);
	sound = vendor_tally_load(tally, folder, &why);
	ok(sound == (files[row].bad == 0) && (sound || why.line == files[row].bad) &&
		vendor_tally_of(tally, "acme").last == files[row].last,
	    "%s", files[row].name);
	vendor_tally_close(tally);
}

int
main(void)
{
	struct fault why = { .text = "" };
	struct vendor_tally *tally = vendor_tally_open(&why);
	char folder[] = "/tmp/vendor_tally_t.XXXXXX";

	if (tally == NULL || !scratch_make(folder))
		return 99;
	test_proofs(tally);
	test_kept(tally, folder);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		test_file(i, folder);
	vendor_tally_close(tally);
	return done();
}
