/* How vendors' mail changes is noted from verdicts, and kept over a restart: what is usual, a run of failures, what was found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/state/vendor_rates.h"
#include "policy/review/alert_rates_save.h"
#include "t/lib/conf_files.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

enum { BEGIN = 1795824000 /* a midnight */, HOUR = 3600, DAY = 24 * HOUR };

static struct policy *policy;
static char folder[] = "/tmp/greenlane-rates.XXXXXX";

/* A message that came then, vouched for by its hosts. */
static void
note_mail(struct vendor_rates *rates, enum outcome outcome, bool is_signed, int64_t now)
{
	const struct judge judge = { policy, NULL };
	struct dkim_fact signature = { .d = "acme.example",
		.result = is_signed ? AUTH_PASS : AUTH_FAIL,
		.counts = is_signed };
	struct facts facts = { .via = "", .null_sender = true, .dkim = &signature, .dkim_count = 1 };
	struct verdict verdict = { .outcome = outcome,
		.claims = { { .vendor = &policy->vendors[0], .outcome = outcome } },
		.claim_count = 1 };
	char id[40];
	const struct verdict_record record = { .id = id, .judge = &judge, .facts = &facts, .verdict = &verdict };

	snprintf(id, sizeof id, "%llx.1.2", (long long)now);
	vendor_rates_note(rates, &record, now);
}

static struct rate_findings
find(struct vendor_rates *rates, int64_t now)
{
	struct arena *arena = arena_open(1 << 20);
	struct status status = { .now = now };
	struct rate_findings found = { .delayed = 0 };

	if (arena == NULL || !vendor_rates_tell(rates, policy, &status, arena))
		abort();
	for (size_t i = 0; i < status.rate_count; i++)
		if (strcmp(status.rates[i].vendor, "acme") == 0)
			found = status.rates[i].found;
	arena_close(arena);
	return found;
}

static struct vendor_rates *
opened(void)
{
	struct fault why;
	struct vendor_rates *rates = vendor_rates_open(&why);

	if (rates == NULL)
		abort();
	return rates;
}

/* As after a restart: what was saved, read by another. */
static struct vendor_rates *
restarted(struct vendor_rates *before, int64_t now)
{
	struct vendor_rates *after = opened();
	struct fault why = { .text = "" };

	if (!vendor_rates_save(before, folder, &why) || !vendor_rates_load(after, folder, now, &why))
		printf("# %s\n", why.text);
	ok(why.text[0] == '\0', "what is saved is read");
	vendor_rates_close(before);
	return after;
}

static bool
same(const struct rate_findings *a, const struct rate_findings *b)
{
	return a->forged.since == b->forged.since && a->forged.count == b->forged.count &&
	    a->forged.all == b->forged.all && a->forged.usual == b->forged.usual && a->broken_since == b->broken_since &&
	    a->broken == b->broken && a->broken_usual == b->broken_usual && a->delayed == b->delayed;
}

static void
test_kept(void)
{
	struct vendor_rates *rates = opened();
	struct fault why = { .text = "" };
	int64_t now = BEGIN, since;
	struct rate_findings before, after;

	ok(vendor_rates_load(rates, folder, now, &why), "no file is no fault");
	for (; now < BEGIN + 10 * DAY; now += DAY) { /* a restart each night, as for updates */
		for (int i = 0; i < 10; i++)
			note_mail(rates, OUTCOME_VOUCHED, true, now + i * 600);
		rates = restarted(rates, now + 6000);
	}
	since = now + 1800;
	for (int i = 0; i < 3; i++)
		note_mail(rates, OUTCOME_VOUCHED, false, since + i * 600);
	rates = restarted(rates, now + HOUR);
	for (int i = 0; i < 4; i++)
		note_mail(rates, OUTCOME_VOUCHED, false, now + 2 * HOUR + i);
	for (int i = 0; i < 30; i++)
		note_mail(rates, OUTCOME_FORGED, false, now + 2 * HOUR + i);
	for (int i = 0; i < 4; i++)
		vendor_rates_note_delayed(rates, "acme", now + 2 * HOUR);
	now += 3 * HOUR;
	before = find(rates, now);
	is_number(before.broken_since, since, "a run goes on over a restart, and has the time of its first message");
	is_number((long long)before.broken, 7, "with all its messages");
	is_number(before.broken_usual, 100, "and how many were signed before");
	ok(before.forged.since != 0 && before.forged.usual == 0, "what is usual is known after ten restarts");
	is_number(before.delayed, 4, "delays are counted");
	rates = restarted(rates, now);
	after = find(rates, now);
	ok(same(&before, &after), "a restart changes nothing of it");
	note_mail(rates, OUTCOME_VOUCHED, true, now);
	after = find(rates, now);
	is_number(after.broken_since, 0, "a signature that counts ends it");
	vendor_rates_close(rates);
}

static void
write_file(const char *text)
{
	char path[100];
	FILE *file;

	snprintf(path, sizeof path, "%s/rates", folder);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0)
		abort();
}

/* A line of a vendor that was seen now, word by word changed into what is none: each is refused, and its neighbour read. */
static void
test_damaged(void)
{
	static const char *const wrong[] = { "", "-1", "x", "99999999999999999999", "4294967296" };
	struct alert_rates rates = { .signed_at = 0 }, read;
	char name[ALERT_RATES_NAME], line[4096];
	struct text text;
	unsigned words = 0, refused = 0, tried = 0;

	for (int i = 0; i < 8; i++) {
		alert_rates_note(&rates, i % 2 ? OUTCOME_FORGED : OUTCOME_VOUCHED, BEGIN + i * HOUR);
		alert_rates_note_signature(&rates, i < 6, BEGIN + i * HOUR);
	}
	text_open(&text, 1 << 16);
	alert_rates_save("acme", &rates, &text);
	ok(alert_rates_restore((struct span){ text.bytes, text.length - 1 }, BEGIN + 8 * HOUR, name, &read) &&
		memcmp(&read, &rates, sizeof read) == 0 && strcmp(name, "acme") == 0,
	    "a line comes back as it was");
	ok(!alert_rates_restore((struct span){ text.bytes, text.length - 1 }, BEGIN + 5 * HOUR, name, &read),
	    "not with a clock that is far behind: its windows would stand still until then");
	ok(alert_rates_restore((struct span){ text.bytes, text.length - 1 }, BEGIN + 7 * HOUR - 60, name, &read),
	    "a clock that was set back a little is no damage");
	for (char *at = strchr(text.bytes, ' '); at != NULL && at[1] != '\0'; at = strchr(at + 1, ' '), words++) {
		size_t length = strcspn(at + 1, " \n");

		for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
			snprintf(line, sizeof line, "%.*s%s%.*s", (int)(at + 1 - text.bytes), text.bytes, wrong[i],
			    (int)(text.length - 1 - (size_t)(at + 1 - text.bytes) - length), at + 1 + length);
			tried++;
			refused += !alert_rates_restore(span_of(line), BEGIN + 8 * HOUR, name, &read);
		}
	}
	ok(words > 40 && refused == tried, "each of %u words that is no number, or too large, is refused", words);
	text_close(&text);
}

static void
test_file(void)
{
	struct vendor_rates *rates = opened(), *again = opened();
	struct fault why = { .text = "" };
	char good[2048], both[4200], path[100];
	FILE *file;
	size_t length;

	note_mail(rates, OUTCOME_VOUCHED, true, BEGIN);
	ok(vendor_rates_save(rates, folder, &why), "a vendor is saved");
	snprintf(path, sizeof path, "%s/rates", folder);
	file = fopen(path, "r");
	length = file == NULL ? 0 : fread(good, 1, sizeof good - 1, file);
	if (file == NULL || fclose(file) != 0)
		abort();
	good[length] = '\0';
	snprintf(both, sizeof both, "# a comment\nacme 1 2 3\n../x%s\n%s", strchr(strchr(good, '\n'), ' '),
	    strchr(good, '\n') + 1);
	write_file(both);
	ok(!vendor_rates_load(again, folder, BEGIN, &why) && why.line == 2, "damage is told, with its line");
	vendor_rates_note_delayed(again, "acme", BEGIN);
	vendor_rates_note_delayed(again, "acme", BEGIN);
	vendor_rates_note_delayed(again, "acme", BEGIN);
	is_number(find(again, BEGIN).delayed, 3, "and what is sound is read");
	vendor_rates_close(again);
	again = opened();
	snprintf(both, sizeof both, "%.*s", (int)length - 1, good);
	write_file(both);
	ok(!vendor_rates_load(again, folder, BEGIN, &why) && why.line == 2,
	    "a last line without an end may be half of one");
	vendor_rates_close(again);
	again = opened();
	write_file(good);
	ok(vendor_rates_load(again, folder, BEGIN + 200 * (int64_t)DAY, &why), "what is long ago is no damage");
	ok(vendor_rates_save(again, folder, &why), "nothing has changed, so nothing is written");
	note_mail(rates, OUTCOME_VOUCHED, true, BEGIN);
	ok(!vendor_rates_save(rates, "/nonexistent", &why), "a failure is told");
	ok(vendor_rates_save(rates, "/nonexistent", &why), "once");
	ok(vendor_rates_save(rates, folder, &why), "and what failed is saved later");
	vendor_rates_close(again);
	vendor_rates_close(rates);
}

int
main(void)
{
	static const char conf[] = "authserv_id = \"mx.rx.example\"; alert = { jump_least = 20; };"
				   "vendors = ( { name = \"acme\"; inline = true; domains = [ \"acme.example\" ]; } );";
	static const struct suffix_list suffixes = { NULL };

	policy = conf_load(conf, &(struct policy_files){ .suffixes = &suffixes });
	if (!scratch_make(folder))
		abort();
	test_kept();
	test_damaged();
	test_file();
	policy_free(policy);
	return done();
}
