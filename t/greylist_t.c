#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy/rules/greylist.h"
#include "policy/rules/policy.h"
#include "t/lib/tap.h"

enum { T = 1000000000, DELAY = 300, WINDOW = 2 * 86400, LIFE = 36 * 86400, DAY = 86400 };

static const struct greylist_settings settings = {
	.on = true,
	.delay = DELAY,
	.retry_window = WINDOW,
	.lifetime = LIFE,
	.auto_pass = 5,
	.ipv4_prefix = 24,
	.ipv6_prefix = 64,
};

/* ---- the decision ---- */

static const struct {
	const char *name;
	struct greylist_record found; /* first 0: none */
	int64_t now;
	const char *state;
	int64_t wait;
	bool write;
	struct greylist_record kept;
} decisions[] = {
	{ "first contact waits one delay", { 0, 0, 0, 0, false }, T, "new", DELAY, true, { T, T, 0, 1, false } },
	{ "back at once is early", { T, T, 0, 1, false }, T, "early", DELAY, true, { T, T, 0, 2, false } },
	{ "a second before the delay is early", { T, T, 0, 1, false }, T + DELAY - 1, "early", 1, true,
	    { T, T + DELAY - 1, 0, 2, false } },
	{ "early again waits for the first contact's delay, not a new one", { T, T + 200, 0, 2, false }, T + 250,
	    "early", 50, true, { T, T + 250, 0, 3, false } },
	{ "right at the delay is due", { T, T, 0, 1, false }, T + DELAY, "due", 0, true, { T, T + DELAY, 1, 1, false } },
	{ "the last second of the window is due", { T, T, 0, 1, false }, T + WINDOW, "due", 0, true,
	    { T, T + WINDOW, 1, 1, false } },
	{ "a second after the window it starts again", { T, T, 0, 9, false }, T + WINDOW + 1, "new", DELAY, true,
	    { T + WINDOW + 1, T + WINDOW + 1, 0, 1, false } },
	{ "retries inside the window do not lengthen it", { T, T + WINDOW, 0, 9, false }, T + WINDOW + 1, "new", DELAY,
	    true, { T + WINDOW + 1, T + WINDOW + 1, 0, 1, false } },
	{ "passed once is known", { T, T + 400, 1, 1, false }, T + 500, "known", 0, true, { T, T + 500, 2, 1, false } },
	{ "known within the same second", { T, T + 400, 1, 1, false }, T + 400, "known", 0, true,
	    { T, T + 400, 2, 1, false } },
	{ "known on the last second of its life", { T, T + 400, 1, 1, false }, T + 400 + LIFE, "known", 0, true,
	    { T, T + 400 + LIFE, 2, 1, false } },
	{ "known is not bound to the retry window", { T, T + 400, 1, 1, false }, T + WINDOW + 500, "known", 0, true,
	    { T, T + WINDOW + 500, 2, 1, false } },
	{ "a second after its life it starts again", { T, T + 400, 4, 7, false }, T + 401 + LIFE, "new", DELAY, true,
	    { T + 401 + LIFE, T + 401 + LIFE, 0, 1, false } },
	{ "the fourth pass is still known", { T, T, 4, 1, false }, T + 9, "known", 0, true, { T, T + 9, 5, 1, false } },
	{ "after five passes it is free and not written", { T, T, 5, 1, false }, T + 9, "free", 0, false,
	    { T, T, 5, 1, false } },
	{ "free a second before a day is not written", { T, T, 5, 1, false }, T + DAY - 1, "free", 0, false,
	    { T, T, 5, 1, false } },
	{ "free after a day is written once to stay alive", { T, T, 5, 1, false }, T + DAY, "free", 0, true,
	    { T, T + DAY, 6, 1, false } },
	{ "free on the last second of its life", { T, T, 9, 1, false }, T + LIFE, "free", 0, true,
	    { T, T + LIFE, 10, 1, false } },
	{ "free after its life starts again", { T, T, 9, 1, false }, T + LIFE + 1, "new", DELAY, true,
	    { T + LIFE + 1, T + LIFE + 1, 0, 1, false } },
	{ "counters stop at their end", { T, T, UINT32_MAX, 1, false }, T + DAY, "free", 0, true,
	    { T, T + DAY, UINT32_MAX, 1, false } },
	{ "asked stops at its end", { T, T, 0, UINT32_MAX, false }, T + 1, "early", DELAY - 1, true,
	    { T, T + 1, 0, UINT32_MAX, false } },

	{ "clock back an hour while waiting: one delay by the new clock", { T, T, 0, 1, false }, T - 3600, "early",
	    DELAY, true, { T - 3600, T - 3600, 0, 2, false } },
	{ "clock back to 1970 while waiting: one delay as well", { T, T, 0, 1, false }, 10, "early", DELAY, true,
	    { 10, 10, 0, 2, false } },
	{ "clock set back to before the last retry but not before first contact", { T, T + 250, 0, 2, false }, T + 100,
	    "early", DELAY - 100, true, { T, T + 100, 0, 3, false } },
	{ "clock back to 1970 for a known one: it passes", { T, T, 1, 1, false }, 10, "known", 0, true,
	    { T, 10, 2, 1, false } },
	{ "clock back for a free one: it passes and its life counts from now", { T, T, 5, 1, false }, T - 3600, "free",
	    0, true, { T, T - 3600, 6, 1, false } },
	{ "clock ahead a year while waiting: it starts again", { T, T, 0, 1, false }, T + 365 * DAY, "new", DELAY, true,
	    { T + 365 * DAY, T + 365 * DAY, 0, 1, false } },
	{ "and when it comes back, one delay", { T + 365 * DAY, T + 365 * DAY, 0, 1, false }, T + 400, "early", DELAY,
	    true, { T + 400, T + 400, 0, 2, false } },
	{ "times at both ends of their type do not overflow", { INT64_MIN, INT64_MIN, 1, 0, false }, INT64_MAX, "new",
	    DELAY, true, { INT64_MAX, INT64_MAX, 0, 1, false } },
	{ "what is let pass passes at its next try", { T, T + 20, 0, 1, true }, T + 30, "due", 0, true,
	    { T, T + 30, 1, 1, false } },
	{ "also when its window is over", { T, T + WINDOW, 0, 3, true }, T + WINDOW + DAY, "due", 0, true,
	    { T, T + WINDOW + DAY, 1, 3, false } },
	{ "and after a clock set back", { T, T + 20, 0, 1, true }, 10, "due", 0, true, { T, 10, 1, 1, false } },
	{ "but not for ever", { T, T + 20, 0, 1, true }, T + 21 + LIFE, "new", DELAY, true,
	    { T + 21 + LIFE, T + 21 + LIFE, 0, 1, false } },
	{ "nor the other way round", { INT64_MAX, INT64_MAX, 0, 1, false }, INT64_MIN, "early", DELAY, true,
	    { INT64_MIN, INT64_MIN, 0, 2, false } },
};

static const char *
decision_write(const struct greylist_decision *made, char out[200])
{
	snprintf(out, 200, "%s wait %lld write %d: %lld %lld %u %u", greylist_state_word(made->state),
	    (long long)made->wait, made->write, (long long)made->record.first, (long long)made->record.last,
	    made->record.passed, made->record.asked);
	return out;
}

static void
test_decisions(void)
{
	for (size_t i = 0; i < sizeof decisions / sizeof decisions[0]; i++) {
		const struct greylist_record *found = decisions[i].found.first != 0 ? &decisions[i].found : NULL;
		struct greylist_decision made = greylist_decide(&settings, found, decisions[i].now);
		char got[200], wanted[200];

		snprintf(wanted, sizeof wanted, "%s wait %lld write %d: %lld %lld %u %u", decisions[i].state,
		    (long long)decisions[i].wait, decisions[i].write, (long long)decisions[i].kept.first,
		    (long long)decisions[i].kept.last, decisions[i].kept.passed, decisions[i].kept.asked);
		is(decision_write(&made, got), wanted, "%s", decisions[i].name);
	}
}

static const struct {
	const char *name;
	struct greylist_decision made;
	uint32_t count;
	int64_t waited;
} tries[] = {
	{ "off: it was not asked", { .state = GREYLIST_OFF }, 0, 0 },
	{ "exempt: nor was it", { .state = GREYLIST_EXEMPT }, 0, 0 },
	{ "failed: it could not answer", { .state = GREYLIST_FAILED, .record = { T, T, 0, 1, false } }, 0, 0 },
	{ "new is the first try", { .state = GREYLIST_NEW, .record = { T + 300, T + 300, 0, 1, false } }, 1, 0 },
	{ "early counts itself", { .state = GREYLIST_EARLY, .record = { T, T + 300, 0, 2, false } }, 2, 300 },
	{ "due comes after those that waited", { .state = GREYLIST_DUE, .record = { T, T + 300, 1, 2, false } }, 3, 300 },
	{ "due after as many as can be counted", { .state = GREYLIST_DUE, .record = { T, T, 1, UINT32_MAX, false } },
	    UINT32_MAX, 300 },
	{ "known passes at its first try", { .state = GREYLIST_KNOWN, .record = { T, T, 2, 7, false } }, 1, 0 },
	{ "so does free", { .state = GREYLIST_FREE, .record = { T, T, 9, 7, false } }, 1, 0 },
	{ "a clock that was set back makes no wait negative",
	    { .state = GREYLIST_EARLY, .record = { T + 400, T, 0, 2, false } }, 2, 0 },
};

static void
test_tries(void)
{
	for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
		struct greylist_tries got = greylist_tries(&tries[i].made, T + 300);

		is_number(got.count, tries[i].count, "tries: %s", tries[i].name);
		is_number(got.waited, tries[i].waited, "waited: %s", tries[i].name);
	}
}

/* One sender from first contact to free, and what each step kept is what the next one finds. */
static void
test_life(void)
{
	static const struct {
		int64_t after;
		const char *state;
	} steps[] = { { 0, "new" }, { 60, "early" }, { 240, "due" }, { DAY, "known" }, { DAY, "known" },
		{ DAY, "known" }, { DAY, "known" }, { 60, "free" }, { DAY, "free" }, { LIFE, "free" },
		{ LIFE + 1, "new" }, { DELAY, "due" } };
	struct greylist_record record;
	int64_t now = T;

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct greylist_decision made;

		now += steps[i].after;
		made = greylist_decide(&settings, i == 0 ? NULL : &record, now);
		is(greylist_state_word(made.state), steps[i].state, "step %zu of a life is %s", i, steps[i].state);
		if (made.write)
			record = made.record;
	}
}

static void
test_settings(void)
{
	struct greylist_settings other = settings;
	struct greylist_record record = { T, T, 5, 1, false };

	other.on = false;
	is(greylist_state_word(greylist_decide(&other, NULL, T).state), "off", "without a store nobody is greylisted");
	ok(!greylist_decide(&other, NULL, T).write, "and nothing is written");
	other = settings;
	other.lifetime = 3600;
	ok(greylist_decide(&other, &record, T + 1800).write,
	    "a free key with a life of an hour is written every half hour");
	ok(!greylist_decide(&other, &record, T + 1799).write, "and not more often");
	other.auto_pass = 0;
	is(greylist_state_word(greylist_decide(&other, NULL, T).state), "new",
	    "auto_pass 0 still greylists the first contact");
	for (enum greylist_state state = GREYLIST_OFF; state <= GREYLIST_FAILED; state++)
		is_number(greylist_state_waits(state), state == GREYLIST_NEW || state == GREYLIST_EARLY, "%s %s",
		    greylist_state_word(state), greylist_state_waits(state) ? "waits" : "does not wait");
}

static const struct {
	const char *name;
	struct greylist_record record;
	int64_t now;
	bool dead;
} deaths[] = {
	{ "one that waits lives through the window", { T, T, 0, 1, false }, T + WINDOW, false },
	{ "and is dead after it", { T, T, 0, 1, false }, T + WINDOW + 1, true },
	{ "retries do not keep it alive", { T, T + WINDOW, 0, 9, false }, T + WINDOW + 1, true },
	{ "one that passed lives for its lifetime", { T, T + 500, 1, 1, false }, T + 500 + LIFE, false },
	{ "and is dead after it", { T, T + 500, 1, 1, false }, T + 501 + LIFE, true },
	{ "a clock back in 1970 kills nothing", { T, T, 0, 1, false }, 0, false },
	{ "nor what has passed", { T, T, 3, 1, false }, 0, false },
	{ "what is let pass lives for a lifetime after that", { T, T + 20, 0, 1, true }, T + 20 + LIFE, false },
	{ "and is dead after it", { T, T + 20, 0, 1, true }, T + 21 + LIFE, true },
	{ "what was forgotten is dead, whatever the clock", { 0, 0, 0, 0, false }, 10, true },
};

static void
test_deaths(void)
{
	for (size_t i = 0; i < sizeof deaths / sizeof deaths[0]; i++) {
		is_number(greylist_is_dead(&settings, &deaths[i].record, deaths[i].now), deaths[i].dead, "%s",
		    deaths[i].name);
		if (!greylist_record_is_blank(&deaths[i].record) && deaths[i].now >= T)
			is_number(deaths[i].now > greylist_record_expires(&settings, &deaths[i].record), deaths[i].dead,
			    "and it expires then");
		if (deaths[i].dead)
			is_number(greylist_decide(&settings, &deaths[i].record, deaths[i].now).state, GREYLIST_NEW,
			    "a dead record would start again");
	}
}

/* ---- two records of one tuple ---- */

static const struct {
	const char *name;
	struct greylist_record one, other;
	bool newer, older; /* is the first one newer? the second? */
} ages[] = {
	{ "what was written later is newer", { T, T + 9, 0, 1, false }, { T, T + 8, 7, 7, true }, true, false },
	{ "within a second, what passed more often", { T, T, 2, 1, false }, { T, T, 1, 9, true }, true, false },
	{ "or was asked more often", { T, T, 1, 3, false }, { T, T, 1, 2, true }, true, false },
	{ "or is let pass", { T, T, 0, 1, true }, { T, T, 0, 1, false }, true, false },
	{ "of two that are the same none is", { T, T, 1, 1, false }, { T, T, 1, 1, false }, false, false },
	{ "what was forgotten is older than anything", { 0, 0, 0, 0, false }, { T, T, 0, 1, false }, false, true },
};

static void
test_ages(void)
{
	for (size_t i = 0; i < sizeof ages / sizeof ages[0]; i++) {
		is_number(greylist_record_is_newer(&ages[i].one, &ages[i].other), ages[i].newer, "%s", ages[i].name);
		is_number(greylist_record_is_newer(&ages[i].other, &ages[i].one), ages[i].older,
		    "and the other way round");
	}
}

/* ---- the sender as keys see it ---- */

static const struct {
	const char *name, *local, *domain, *normal;
} senders[] = {
	{ "a plain sender stays", "alice", "example.com", "alice@example.com" },
	{ "the case of the local part stays", "Alice", "example.com", "Alice@example.com" },
	{ "the case of the domain does not", "alice", "Example.COM", "alice@example.com" },
	{ "an extension is dropped", "alice+news", "example.com", "alice@example.com" },
	{ "only the first plus counts", "alice+a+b", "example.com", "alice@example.com" },
	{ "an extension of nothing keeps its word", "+news", "example.com", "news@example.com" },
	{ "a plus alone stays empty", "+", "example.com", "@example.com" },
	{ "runs of digits become one mark", "bounce-12345-x7", "example.com", "bounce-#-x#@example.com" },
	{ "digits alone", "0815", "example.com", "#@example.com" },
	{ "digits of the domain stay", "a", "mx1.example.com", "a@mx1.example.com" },
	{ "VERP of a list", "list-return-73-bob=example.org", "example.com", "list-return-#-bob=example.org@example.com" },
	{ "BATV", "prvs=0123abcdef=alice", "example.com", "alice@example.com" },
	{ "BATV in capitals", "PRVS=0123ABCDEF=alice", "example.com", "alice@example.com" },
	{ "BATV with the tag after the user", "prvs=alice=0123abcdef", "example.com", "alice@example.com" },
	{ "BATV with the tag after a slash", "prvs=alice/0123abcdef", "example.com", "alice@example.com" },
	{ "BATV of a user that looks like a tag", "prvs=0123abcdef=4567abcdef", "example.com", "#abcdef@example.com" },
	{ "BATV of a user with an equals sign", "prvs=0123abcdef=a=b", "example.com", "a=b@example.com" },
	{ "BATV with a tag of another make", "prvs=xyz=alice", "example.com", "alice@example.com" },
	{ "BATV without a tag stays", "prvs==alice", "example.com", "prvs==alice@example.com" },
	{ "BATV without a user stays", "prvs=0123abcdef=", "example.com", "prvs=#abcdef=@example.com" },
	{ "BATV and an extension", "prvs=0123abcdef=alice+x", "example.com", "alice@example.com" },
	{ "Barracuda's tag", "btv1==123abc==alice", "example.com", "alice@example.com" },
	{ "Barracuda's tag without a user stays", "btv1==123==", "example.com", "btv#==#==@example.com" },
	{ "SparkPost's tag", "msprvs1=17abcXYZ=bounces-42", "example.com", "bounces-#@example.com" },
	{ "SRS0", "SRS0=HHH=TT=example.org=alice", "fwd.example", "alice@example.org" },
	{ "SRS0 in small letters", "srs0=hhh=tt=Example.ORG=alice", "fwd.example", "alice@example.org" },
	{ "SRS0 with a plus", "SRS0+HHH=TT=example.org=alice", "fwd.example", "alice@example.org" },
	{ "SRS0 with a minus", "SRS0-HHH=TT=example.org=alice", "fwd.example", "alice@example.org" },
	{ "SRS0 of a user with an equals sign", "SRS0=HHH=TT=example.org=a=b", "fwd.example", "a=b@example.org" },
	{ "SRS0 with a part missing stays", "SRS0=HHH=TT=alice", "fwd.example", "SRS#=HHH=TT=alice@fwd.example" },
	{ "a name that only begins so stays", "SRS0alice", "fwd.example", "SRS#alice@fwd.example" },
	{ "SRS1", "SRS1=GGG=one.example==HHH=TT=example.org=alice", "two.example", "alice@example.org" },
	{ "SRS1 of a SRS0 with a plus", "SRS1=GGG=one.example=+HHH=TT=example.org=alice", "two.example",
	    "alice@example.org" },
	{ "SRS1 with a part missing stays", "SRS1=GGG=one.example=alice", "two.example",
	    "SRS#=GGG=one.example=alice@two.example" },
	{ "BATV inside SRS", "SRS0=HHH=TT=example.org=prvs=0123abcdef=alice", "fwd.example", "alice@example.org" },
	{ "wrapped more often than anybody does ends", "prvs=a=prvs=b=prvs=c=prvs=d=prvs=e=alice", "example.com",
	    "prvs=e=alice@example.com" },
	{ "the null sender is nothing", "", "", "" },
	{ "no domain", "alice", "", "alice@" },
};

static void
test_senders(void)
{
	struct mailbox mailbox = { "alice", "example.com", "" };
	char got[256], small[8];

	for (size_t i = 0; i < sizeof senders / sizeof senders[0]; i++) {
		mailbox = (struct mailbox){ senders[i].local, senders[i].domain, "" };
		greylist_normalise(&mailbox, got, sizeof got);
		is(got, senders[i].normal, "%s", senders[i].name);
	}
	mailbox = (struct mailbox){ "alice", "example.com", "" };
	greylist_normalise(&mailbox, small, sizeof small);
	is(small, "alice@e", "a sender longer than the buffer is cut");
}

/* ---- keys ---- */

static struct facts
facts_of(const char *client, const char *local, const char *domain, bool spf)
{
	struct facts facts = { .sender = { local, domain, "" }, .mail_from = "no(nsense", .spf.domain = "" };

	if (!address_read(client, &facts.client))
		facts.client.family = ADDRESS_NONE;
	facts.null_sender = local[0] == '\0' && domain[0] == '\0';
	if (spf)
		facts.spf = (struct spf_fact){ AUTH_PASS, false, domain };
	return facts;
}

static const struct {
	const char *name, *client, *local, *domain, *rcpt;
	bool spf;
	const char *key;
} keys[] = {
	{ "IPv4 by its /24", "192.0.2.77", "alice", "example.com", "<bob@example.net>", false,
	    "g alice@example.com bob@example.net 192.0.2.0/24" },
	{ "IPv6 by its /64", "2001:db8::1:2:3:4", "alice", "example.com", "<bob@example.net>", false,
	    "g alice@example.com bob@example.net 2001:db8::/64" },
	{ "where SPF passes, by the domain", "192.0.2.77", "alice", "example.com", "<bob@example.net>", true,
	    "g alice@example.com bob@example.net @example.com" },
	{ "the recipient without brackets is the same", "192.0.2.77", "alice", "example.com", "bob@example.net", false,
	    "g alice@example.com bob@example.net 192.0.2.0/24" },
	{ "the recipient's domain in capitals is the same", "192.0.2.77", "alice", "example.com", "<bob@Example.NET>",
	    false, "g alice@example.com bob@example.net 192.0.2.0/24" },
	{ "the recipient's local part stays as written", "192.0.2.77", "alice", "example.com", "<Bob+1@example.net>",
	    false, "g alice@example.com Bob+1@example.net 192.0.2.0/24" },
	{ "the null sender", "192.0.2.77", "", "", "<bob@example.net>", false, "g <> bob@example.net 192.0.2.0/24" },
	{ "postmaster without domain", "192.0.2.77", "alice", "example.com", "<postmaster>", false,
	    "g alice@example.com <postmaster> 192.0.2.0/24" },
	{ "a local submission", "-", "alice", "example.com", "<bob@example.net>", false,
	    "g alice@example.com bob@example.net -" },
	{ "a blank in a quoted local part", "192.0.2.77", "a b", "example.com", "<bob@example.net>", false,
	    "g a\\x20b@example.com bob@example.net 192.0.2.0/24" },
	{ "bytes above ASCII and controls", "192.0.2.77", "\xc3\xa9\x01", "example.com", "<bob@example.net>", false,
	    "g \\xc3\\xa9\\x01@example.com bob@example.net 192.0.2.0/24" },
	{ "a recipient that does not parse", "192.0.2.77", "alice", "example.com", "<bob@@ \n>", false,
	    "g alice@example.com <bob@@\\x20\\x0a> 192.0.2.0/24" },
};

static const struct {
	const char *name;
	struct spf_fact spf;
	const char *key;
} pools[] = {
	{ "null senders of one pool by the owner of their HELO names", { AUTH_PASS, true, "o17.out.example.com" },
	    "g <> b@example.net @example.com" },
	{ "a HELO name that is the owner's own", { AUTH_PASS, true, "example.com" }, "g <> b@example.net @example.com" },
	{ "a HELO name that nobody owns stands for itself", { AUTH_PASS, true, "com" }, "g <> b@example.net @com" },
	{ "a HELO name that SPF does not pass makes no pool", { AUTH_FAIL, true, "o17.out.example.com" },
	    "g <> b@example.net 192.0.2.0/24" },
	{ "a HELO that is not a name makes no pool", { AUTH_PASS, true, "" }, "g <> b@example.net 192.0.2.0/24" },
};

static void
test_keys(void)
{
	char got[GREYLIST_KEY_MAX + 1], other[GREYLIST_KEY_MAX + 1], longer[1025];
	const struct suffix_list suffixes = { NULL };
	struct facts facts;

	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		facts = facts_of(keys[i].client, keys[i].local, keys[i].domain, keys[i].spf);
		greylist_key(&settings, &suffixes, &facts, keys[i].rcpt, 'g', got);
		is(got, keys[i].key, "%s", keys[i].name);
	}
	facts = facts_of("192.0.2.77", "", "", false);
	facts.null_sender = false;
	greylist_key(&settings, &suffixes, &facts, "b@example.net", 'u', got);
	is(got, "u no(nsense b@example.net 192.0.2.0/24",
	    "a sender that does not parse is kept as its bytes, and the kind is kept");
	facts = facts_of("192.0.2.77", "", "", false);
	for (size_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
		facts.spf = pools[i].spf;
		greylist_key(&settings, &suffixes, &facts, "b@example.net", 'g', got);
		is(got, pools[i].key, "%s", pools[i].name);
	}
	facts.spf = (struct spf_fact){ AUTH_PASS, true, "mx.example.com" };
	facts.null_sender = false;
	greylist_key(&settings, &suffixes, &facts, "b@example.net", 'g', got);
	is(got, "g no(nsense b@example.net 192.0.2.0/24", "SPF of a HELO name makes no pool of a sender's");

	memset(longer, 'a', sizeof longer - 1);
	longer[sizeof longer - 1] = '\0';
	facts = facts_of("192.0.2.77", longer, "example.com", false);
	is_number((long long)greylist_key(&settings, &suffixes, &facts, "b@example.net", 'g', got), GREYLIST_KEY_MAX,
	    "a long key ends at its ceiling");
	is_number((long long)strlen(got), GREYLIST_KEY_MAX, "and is terminated");
	is(strchr(got, '~'), "~f4da7a170f3de511", "ending in its hash, the same in every version");
	facts.client.bytes[0]++;
	greylist_key(&settings, &suffixes, &facts, "b@example.net", 'g', other);
	ok(strcmp(got, other) != 0 && strncmp(got, other, GREYLIST_KEY_MAX - 17) == 0,
	    "two long keys that differ after the ceiling differ in their hash");
}

/* ---- exemptions ---- */

static const struct name_rule recipient_rules[] = {
	{ "", true, "postmaster", false },
	{ "", true, "abuse", false },
	{ "open.example", false, NULL, false },
	{ "example.net", true, "bob", false },
};
static const struct name_rule sender_rules[] = { { "trusted.example", true, NULL, false }, { "", false, NULL, false } };

static const struct {
	const char *name, *client, *local, *domain, *rcpt;
	bool exempt;
} exemptions[] = {
	{ "nobody in particular", "192.0.2.1", "a", "b.example", "<c@d.example>", false },
	{ "postmaster of any domain", "192.0.2.1", "a", "b.example", "<postmaster@d.example>", true },
	{ "postmaster in capitals", "192.0.2.1", "a", "b.example", "<PostMaster@D.example>", true },
	{ "postmaster without domain", "192.0.2.1", "a", "b.example", "<postmaster>", true },
	{ "postmaster without brackets", "192.0.2.1", "a", "b.example", "postmaster@d.example", true },
	{ "abuse", "192.0.2.1", "a", "b.example", "<abuse@d.example>", true },
	{ "a name that only begins so", "192.0.2.1", "a", "b.example", "<abuser@d.example>", false },
	{ "everybody of a domain", "192.0.2.1", "a", "b.example", "<c@open.example>", true },
	{ "everybody below it", "192.0.2.1", "a", "b.example", "<c@sub.open.example>", true },
	{ "one mailbox", "192.0.2.1", "a", "b.example", "<bob@example.net>", true },
	{ "that mailbox of another domain", "192.0.2.1", "a", "b.example", "<bob@example.org>", false },
	{ "a recipient that does not parse", "192.0.2.1", "a", "b.example", "<postmaster@@>", false },
	{ "a sender's domain", "192.0.2.1", "a", "trusted.example", "<c@d.example>", true },
	{ "a name below an exact one", "192.0.2.1", "a", "x.trusted.example", "<c@d.example>", false },
	{ "the null sender is not exempt by a rule for senders", "192.0.2.1", "", "", "<c@d.example>", false },
	{ "a client in an exempt network", "198.51.100.7", "a", "b.example", "<c@d.example>", true },
};

static void
test_exemptions(void)
{
	struct greylist_settings exempting = settings;
	struct prefix network;

	if (!prefix_read("198.51.100.0/24", &network, NULL))
		return;
	exempting.exempt_networks = (struct prefixes){ &network, 1 };
	exempting.exempt_senders = (struct name_rules){ sender_rules, 2 };
	exempting.exempt_recipients = (struct name_rules){ recipient_rules, 4 };
	for (size_t i = 0; i < sizeof exemptions / sizeof exemptions[0]; i++) {
		struct facts facts = facts_of(exemptions[i].client, exemptions[i].local, exemptions[i].domain, false);

		is_number(greylist_is_exempt(&exempting, &facts, exemptions[i].rcpt), exemptions[i].exempt, "%s",
		    exemptions[i].name);
	}
}

/* ---- records as bytes ---- */

static void
test_records(void)
{
	static const uint8_t wanted[GREYLIST_RECORD_BYTES] = { 1, 0, 0, 0, 0x3b, 0x9a, 0xca, 0, 0, 0, 0, 0, 0x3b, 0x9a,
		0xca, 1, 0, 0, 0, 2, 0, 0, 0, 3 };
	struct greylist_record record = { T, T + 1, 2, 3, false }, back;
	uint8_t bytes[GREYLIST_RECORD_BYTES], other[GREYLIST_RECORD_BYTES];
	unsigned accepted = 0;

	greylist_record_pack(&record, bytes);
	memcpy(other, bytes, sizeof other);
	other[8] = 0;
	ok(memcmp(other, wanted, sizeof other) == 0, "a record is the same bytes on every host");
	ok(greylist_record_unpack(bytes, sizeof bytes, &back) && back.first == T && back.last == T + 1 &&
		back.passed == 2 && back.asked == 3,
	    "and comes back as it was");
	ok(!back.let_pass, "without a mark that it had not");
	record.let_pass = true;
	greylist_record_pack(&record, other);
	ok(other[0] == 2 && greylist_record_unpack(other, sizeof other, &back) && back.let_pass && back.first == T &&
		back.asked == 3,
	    "one that is let pass has another version, which those of before do not know");
	record.let_pass = false;
	ok(!greylist_record_unpack(bytes, sizeof bytes - 1, &back), "a short one is not there");
	ok(!greylist_record_unpack(bytes, 0, &back), "an empty one is not there");
	for (unsigned bit = 0; bit < 8 * sizeof bytes; bit++) {
		memcpy(other, bytes, sizeof other);
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		accepted += greylist_record_unpack(other, sizeof other, &back);
	}
	is_number(accepted, 0, "nor is one with any one bit flipped");
	record = (struct greylist_record){ -5, INT64_MAX, UINT32_MAX, 0, false };
	greylist_record_pack(&record, bytes);
	ok(greylist_record_unpack(bytes, sizeof bytes, &back) && back.first == 0 &&
		back.last == ((int64_t)1 << 56) - 1 && back.passed == UINT32_MAX,
	    "times that do not fit stop at the ends");
}

static const struct {
	const char *name;
	struct greylist_record found, kept;
	int64_t now;
} passes[] = {
	{ "one that waits", { T, T + 9, 0, 2, false }, { T, T + 50, 0, 2, true }, T + 50 },
	{ "one whose window is over", { T, T + 9, 0, 2, false }, { T, T + WINDOW + 1, 0, 2, true }, T + WINDOW + 1 },
	{ "one that passes anyway stays", { T, T + 9, 1, 2, false }, { T, T + 9, 1, 2, false }, T + 50 },
	{ "one that passed a lifetime ago begins now", { T, T, 1, 2, false },
	    { T + LIFE + 1, T + LIFE + 1, 0, 0, true }, T + LIFE + 1 },
};

static void
test_let_pass(void)
{
	struct greylist_record blank = { 0 };

	for (size_t i = 0; i < sizeof passes / sizeof passes[0]; i++) {
		struct greylist_record made = greylist_record_let_pass(&settings, &passes[i].found, passes[i].now);
		const struct greylist_record *kept = &passes[i].kept;

		ok(made.first == kept->first && made.last == kept->last && made.passed == kept->passed &&
			made.asked == kept->asked && made.let_pass == kept->let_pass,
		    "let pass: %s", passes[i].name);
		is_number(greylist_state_waits(greylist_decide(&settings, &made, passes[i].now).state), false,
		    "and it passes");
	}
	ok(greylist_record_is_blank(&blank), "a record of nothing is blank");
	is(greylist_state_word(greylist_decide(&settings, &blank, 10).state), "new", "and begins anew, even in 1970");
	blank.asked = 1;
	ok(!greylist_record_is_blank(&blank), "one of something is not");
}

int
main(void)
{
	test_decisions();
	test_let_pass();
	test_tries();
	test_life();
	test_settings();
	test_deaths();
	test_ages();
	test_senders();
	test_keys();
	test_exemptions();
	test_records();
	return done();
}
