/*
 * source_copy_t.c - the last good copy of a source: taken, written, read back, damaged, compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/sources/source_copy.h"
#include "t/lib/tap.h"

enum { MEMORY = 64 * 1024 * 1024, NETWORKS_MAX = 64, MARCH = 1772359200, APRIL = 1775037600 };

/* "192.0.2.0/24 a > b; 192.0.2.1 a": networks as an unfolding gives them; the path may be missing. */
static size_t
networks_of(struct arena *arena, const char *list, struct source_network *out)
{
	struct span rest = span_of(list);
	size_t count = 0;
	struct fault why;

	while (rest.length > 0) {
		struct span path = span_trim(span_cut(&rest, ';')), prefix = span_cut(&path, ' ');

		if (count == NETWORKS_MAX ||
		    !prefix_read(arena_copy(arena, prefix.at, prefix.length), &out[count].prefix, &why)) {
			ok(false, "the list '%s' of the test can be read", list);
			exit(1);
		}
		out[count++].path = arena_copy(arena, path.at, path.length);
	}
	return count;
}

static struct source_copy
copy_of(struct arena *arena, const char *list, const struct source_copy *before, int64_t now)
{
	struct source_network networks[NETWORKS_MAX];
	size_t count = networks_of(arena, list, networks);
	struct source_copy copy;

	if (!source_copy_take(arena, "spf:a.example", networks, count, before, now, &copy)) {
		ok(false, "the list '%s' of the test can be taken", list);
		exit(1);
	}
	return copy;
}

/* ---- taking ---- */

static const char *
list_of(struct arena *arena, const struct source_copy *copy)
{
	const char *made = arena_string(arena, "");
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < copy->count; i++)
		made = arena_format(arena, "%s%s%s %s %lld", made, i > 0 ? "; " : "",
		    prefix_write(&copy->networks[i].prefix, text), copy->networks[i].path,
		    (long long)copy->networks[i].since);
	return made;
}

static const struct {
	const char *what, *before, *now; /* before NULL: the first unfolding; at 100 and 200 */
	const char *wanted;
	long long changed;
} takings[] = {
	{ "the first begins now", NULL, "192.0.2.0/24 a", "192.0.2.0/24 a 200", 0 },
	{ "nothing is a list, too", NULL, "", "", 0 },
	{ "sorted by family, address, length", NULL,
	    "2001:db8::/32 b; 192.0.2.7 a; 192.0.2.0/25 a; 2001:db8:: c; 192.0.2.0/24 a; 10.0.0.0/8 d",
	    "10.0.0.0/8 d 200; 192.0.2.0/24 a 200; 192.0.2.0/25 a 200; 192.0.2.7 a 200; 2001:db8::/32 b 200; 2001:db8:: c 200",
	    0 },
	{ "duplicates once", NULL, "192.0.2.1 a; 192.0.2.2 a; 192.0.2.1/32 b; 192.0.2.1 a",
	    "192.0.2.1 a 200; 192.0.2.2 a 200", 0 },
	{ "what stays keeps its day", "192.0.2.0/24 a; 192.0.2.9 a", "192.0.2.9 a; 192.0.2.0/24 a",
	    "192.0.2.0/24 a 100; 192.0.2.9 a 100", 0 },
	{ "what comes begins now", "192.0.2.0/24 a; 203.0.113.0/24 a",
	    "198.51.100.0/24 a; 192.0.2.0/24 a; 203.0.113.0/24 a",
	    "192.0.2.0/24 a 100; 198.51.100.0/24 a 200; 203.0.113.0/24 a 100", 200 },
	{ "what goes is a change", "192.0.2.0/24 a; 203.0.113.0/24 a", "203.0.113.0/24 a", "203.0.113.0/24 a 100", 200 },
	{ "another path is not a change", "192.0.2.0/24 a", "192.0.2.0/24 b", "192.0.2.0/24 b 100", 0 },
	{ "another length is another network", "192.0.2.0/24 a", "192.0.2.0/25 a", "192.0.2.0/25 a 200", 200 },
	{ "another family is another network", "1.2.0.0/16 a", "102::/16 a", "102::/16 a 200", 200 },
	{ "all gone", "192.0.2.0/24 a", "", "", 200 },
	{ "all new", "", "192.0.2.0/24 a", "192.0.2.0/24 a 200", 200 },
};

static void
test_taking(void)
{
	for (size_t i = 0; i < sizeof takings / sizeof *takings; i++) {
		struct arena *arena = arena_open(MEMORY);
		bool first = takings[i].before == NULL;
		struct source_copy before = copy_of(arena, first ? "" : takings[i].before, NULL, 100);
		struct source_copy now = copy_of(arena, takings[i].now, first ? NULL : &before, 200);

		is(list_of(arena, &now), takings[i].wanted, "take: %s", takings[i].what);
		is_number(now.changed, takings[i].changed, "take: %s: the last change", takings[i].what);
		is_number(now.believed, 200, "take: %s: believed now", takings[i].what);
		arena_close(arena);
	}
}

static void
test_change_stays_known(void)
{
	struct arena *arena = arena_open(MEMORY);
	struct source_copy first = copy_of(arena, "192.0.2.1 a", NULL, 100);
	struct source_copy second = copy_of(arena, "192.0.2.2 a", &first, 200);
	struct source_copy third = copy_of(arena, "192.0.2.2 a", &second, 300);

	is_number(third.changed, 200, "take: an unfolding without a change keeps the day of the last one");
	is_number(third.believed, 300, "take: and is believed now");
	is_number(third.networks[0].since, 200, "take: and its networks keep theirs");
	arena_close(arena);
}

/* Host bits would never be found again; the room is the caller's. */
static void
test_taking_masks(void)
{
	struct source_network network = { { { ADDRESS_V4, { 192, 0, 2, 77 } }, 24 }, "a" };
	struct arena *arena = arena_open(MEMORY);
	struct source_copy copy = { .count = 99 };
	bool good = source_copy_take(arena, "spf:a.example", &network, 1, NULL, 100, &copy);

	is(good ? list_of(arena, &copy) : NULL, "192.0.2.0/24 a 100", "take: host bits are cleared");
	arena_close(arena);
}

/* ---- the text ---- */

static struct source_copy
sample(struct arena *arena)
{
	struct source_copy before = copy_of(arena, "192.0.2.0/24 a.example > ip4", NULL, MARCH);
	struct source_copy copy = copy_of(arena,
	    "2001:db8::/32 a.example > _spf.b.example > ip6; 198.51.100.7 a.example > mx > h.a.example;"
	    " 192.0.2.0/24 a.example > ip4",
	    &before, APRIL);

	copy.next = APRIL + 300;
	copy.ttl = 300;
	copy.asked = true;
	copy.asked_why = "a.example > exists:%{i}.b.example";
	copy.trouble = "a.example > _spf.b.example: no answer for TXT";
	copy.wrong = MARCH;
	copy.wrong_seen = 12;
	return copy;
}

static const char sample_text[] =
    "# greenlane's last good copy of one source, believed 2026-04-01T10:00:00Z; written by machine: edits are lost\n"
    "version 2\n"
    "source spf:a.example\n"
    "believed 2026-04-01T10:00:00Z\n"
    "changed 2026-04-01T10:00:00Z\n"
    "next 2026-04-01T10:05:00Z\n"
    "ttl 300\n"
    "live yes a.example > exists:%{i}.b.example\n"
    "trouble yes a.example > _spf.b.example: no answer for TXT\n"
    "wrong 2026-03-01T10:00:00Z seen 12 gone no\n"
    "networks 3\n"
    "192.0.2.0/24  since 2026-03-01T10:00:00Z  via a.example > ip4\n"
    "198.51.100.7  since 2026-04-01T10:00:00Z  via a.example > mx > h.a.example\n"
    "2001:db8::/32  since 2026-04-01T10:00:00Z  via a.example > _spf.b.example > ip6\n"
    "end 3\n";

static const char older[] =
    "version 1\nsource spf:a.example\nbelieved 2026-04-01T10:00:00Z\nchanged never\nnext never\nttl 300\nlive no\n"
    "trouble no\nnetworks 1\n192.0.2.0/24  since 2026-03-01T10:00:00Z  via a.example > ip4\nend 1\n";

static bool
copies_equal(const struct source_copy *a, const struct source_copy *b)
{
	if (strcmp(a->source, b->source) != 0 || a->believed != b->believed || a->changed != b->changed ||
	    a->next != b->next || a->ttl != b->ttl || a->asked != b->asked || strcmp(a->asked_why, b->asked_why) != 0 ||
	    strcmp(a->trouble, b->trouble) != 0 || a->wrong != b->wrong || a->wrong_seen != b->wrong_seen ||
	    a->gone != b->gone || !source_copy_same(a, b))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->networks[i].since != b->networks[i].since || strcmp(a->networks[i].path, b->networks[i].path) != 0)
			return false;
	return true;
}

/* Reads from a block of exactly its size, so that a sanitizer notices a byte read after it. */
static bool
read_block(struct arena *arena, const char *text, size_t length, struct source_copy *out, struct fault *why)
{
	char *block = malloc(length == 0 ? 1 : length);
	bool good;

	memcpy(block, text, length);
	*why = (struct fault){ 0 };
	good = source_copy_read(arena, "copy", block, length, out, why);
	memset(block, '?', length); /* nothing may be borrowed from it */
	free(block);
	return good;
}

/* Writes it and reads that back. */
static bool
comes_back(struct arena *arena, const struct source_copy *copy)
{
	struct source_copy again;
	struct text text;
	struct fault why;
	bool good;

	text_open(&text, SOURCE_COPY_MAX);
	source_copy_write(copy, &text);
	good = !text.cut && read_block(arena, text.bytes, text.length, &again, &why) && copies_equal(copy, &again);
	text_close(&text);
	return good;
}

static void
test_text(void)
{
	struct arena *arena = arena_open(MEMORY);
	struct source_copy copy = sample(arena), plain = copy_of(arena, "", NULL, APRIL), again;
	struct text text;
	struct fault why;

	text_open(&text, SOURCE_COPY_MAX);
	source_copy_write(&copy, &text);
	is(text.bytes, sample_text, "the text is what a person can read");
	ok(read_block(arena, sample_text, strlen(sample_text), &again, &why) && copies_equal(&copy, &again),
	    "it is read back");
	text_clear(&text);
	source_copy_write(&plain, &text);
	ok(strstr(text.bytes,
	       "\nchanged never\nnext never\nttl 0\nlive no\ntrouble no\nwrong never\nnetworks 0\nend 0\n") != NULL,
	    "what is not there is said in words");
	ok(comes_back(arena, &plain), "a copy of nothing is read back");
	plain.wrong = MARCH;
	plain.wrong_seen = UINT32_MAX;
	plain.gone = true;
	ok(comes_back(arena, &plain), "so is one of a source that is gone");
	ok(read_block(arena, older, strlen(older), &again, &why) && again.believed == APRIL && again.wrong == 0 &&
		again.count == 1,
	    "a copy of the version before is read, and says nothing of being wrong");
	text_close(&text);
	arena_close(arena);
}

static void
test_odd_strings(void)
{
	static const struct {
		const char *what, *words;
	} rows[] = {
		{ "empty", "" },
		{ "a line break", "a\nend 0\nb" },
		{ "blanks at both ends", " a " },
		{ "the words of a network's line", "a  via b  since c" },
		{ "backslashes", "\\ \\\\ \\x0a \\n" },
		{ "every control", "\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x1b[2J\x7f" },
		{ "UTF-8 and bytes that are none",
		    "b\xc3\xbc"
		    "cher \xff\x80\xc2\x9b" },
		{ "yes", "yes" },
		{ "no", "no" },
		{ "never", "never" },
		{ "a comment", "# a" },
	};
	struct arena *arena = arena_open(MEMORY);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct copied_network network = { { { ADDRESS_V4, { 192, 0, 2, 1 } }, 32 }, MARCH, rows[i].words };
		struct source_copy copy = { .source = rows[i].words,
			.believed = APRIL,
			.ttl = UINT32_MAX,
			.asked = true,
			.asked_why = rows[i].words,
			.trouble = rows[i].words,
			.networks = &network,
			.count = 1 };
		struct text text;
		bool plain = true;

		text_open(&text, SOURCE_COPY_MAX);
		source_copy_write(&copy, &text);
		for (size_t j = 0; j < text.length; j++)
			plain = plain && (text.bytes[j] == '\n' || (text.bytes[j] >= ' ' && text.bytes[j] <= '~'));
		ok(plain, "strings: %s is written in printable ASCII", rows[i].what);
		ok(comes_back(arena, &copy), "strings: %s comes back", rows[i].what);
		text_close(&text);
	}
	arena_close(arena);
}

static void
test_times(void)
{
	static const struct {
		const char *what;
		int64_t time, wanted;
	} rows[] = {
		{ "never", 0, 0 },
		{ "the first second", 1, 1 },
		{ "a leap day", 1709208000, 1709208000 },
		{ "before all", -1, 0 },
		{ "long before all", INT64_MIN, 0 },
		{ "after 2038", INT64_C(4102444800), INT64_C(4102444800) },
		{ "the last second", INT64_C(253402300799), INT64_C(253402300799) },
		{ "the year 10000", INT64_C(253402300800), INT64_C(253402300799) },
		{ "long after all", INT64_MAX, INT64_C(253402300799) },
	};
	struct arena *arena = arena_open(MEMORY);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct copied_network network = { { { ADDRESS_V4, { 192, 0, 2, 1 } }, 32 }, rows[i].time, "a" };
		struct source_copy copy = { .source = "",
			.believed = rows[i].time,
			.changed = rows[i].time,
			.next = rows[i].time,
			.asked_why = "",
			.trouble = "",
			.networks = &network,
			.count = 1 },
				   again = { 0 };
		struct text text;
		struct fault why;

		text_open(&text, SOURCE_COPY_MAX);
		source_copy_write(&copy, &text);
		ok(read_block(arena, text.bytes, text.length, &again, &why) && again.believed == rows[i].wanted &&
			again.changed == rows[i].wanted && again.next == rows[i].wanted &&
			again.networks[0].since == rows[i].wanted,
		    "times: %s", rows[i].what);
		text_close(&text);
	}
	arena_close(arena);
}

/* ---- damage ---- */

static const struct {
	const char *what, *part, *instead; /* the first place of part in the sample */
	unsigned line;                     /* 0: it is still a copy */
	const char *wanted;
} damages[] = {
	{ "untouched", "", "", 0, "" },
	{ "another comment", "# greenlane's", "# My", 0, "" },
	{ "more comments", "version", "# a\n#\nversion", 0, "" },
	{ "no comment", "# ", "", 1, "'version' is expected here" },
	{ "a comment further down", "\nsource", "\n#\nsource", 3, "'source' is expected here" },
	{ "another version", "version 2", "version 3", 2, "version 3 is not 2" },
	{ "no version", "version 2", "version ", 2, "a number is missing" },
	{ "a version in words", "version 2", "version one", 2, "'one' is not a number up to 4294967295" },
	{ "a field is missing", "believed 2026-04-01T10:00:00Z\n", "", 4, "'believed' is expected here" },
	{ "a field twice", "ttl 300\n", "ttl 300\nttl 300\n", 8, "'live' is expected here" },
	{ "a longer key", "ttl 300", "ttls 300", 7, "'ttl' is expected here" },
	{ "a NUL byte", "spf:", "spf\x01", 3, "byte 11 of the line is one that is never written" },
	{ "CR LF", "version 2\n", "version 2\r\n", 2, "byte 10 of the line is one that is never written" },
	{ "a byte that is not ASCII", "ttl 300", "ttl 3\xc3\xb6", 7, "byte 6 of the line is one that is never written" },
	{ "no such month", "\nbelieved 2026-04", "\nbelieved 2026-13", 4, "'2026-13-01T10:00:00Z' is not a time" },
	{ "no such day", "\nbelieved 2026-04-01", "\nbelieved 2026-04-31", 4, "'2026-04-31T10:00:00Z' is not a time" },
	{ "no leap year", "\nbelieved 2026-04-01", "\nbelieved 2026-02-29", 4, "'2026-02-29T10:00:00Z' is not a time" },
	{ "a leap second", "\nbelieved 2026-04-01T10:00:00Z", "\nbelieved 2026-04-01T10:00:60Z", 4,
	    "'2026-04-01T10:00:60Z' is not a time" },
	{ "before 1970", "\nbelieved 2026", "\nbelieved 1969", 4, "'1969-04-01T10:00:00Z' is not a time" },
	{ "another zone", "next 2026-04-01T10:05:00Z", "next 2026-04-01T10:05:00+", 6,
	    "'2026-04-01T10:05:00+' is not a time" },
	{ "a time with more after it", "next 2026-04-01T10:05:00Z", "next 2026-04-01T10:05:00Z ", 6,
	    "'2026-04-01T10:05:00Z ' is not a time" },
	{ "a long time", "next 2026", "next 22222222222222222222222222222026", 6,
	    "'222222222222222222222222222220' is not a time" },
	{ "the largest TTL", "ttl 300", "ttl 4294967295", 0, "" },
	{ "a larger TTL", "ttl 300", "ttl 4294967296", 7, "'4294967296' is not a number up to 4294967295" },
	{ "a negative TTL", "ttl 300", "ttl -1", 7, "'-1' is not a number up to 4294967295" },
	{ "a TTL that overflows all", "ttl 300", "ttl 99999999999999999999999", 7,
	    "'99999999999999999999999' is not a number up to 4294967295" },
	{ "live is neither", "live yes", "live maybe", 8, "neither 'yes' nor 'no'" },
	{ "live is almost yes", "live yes a", "live yesa", 8, "there is text after 'yes'" },
	{ "not live, with a reason", "live yes", "live no", 8, "there is text after 'no'" },
	{ "not live", "live yes a.example > exists:%{i}.b.example", "live no", 0, "" },
	{ "an unknown escape", "trouble yes ", "trouble yes \\q", 9,
	    "a backslash before a character that is never escaped" },
	{ "an escape that is cut", "for TXT\n", "for TXT\\x0\n", 9,
	    "a backslash before a character that is never escaped" },
	{ "a backslash at the end", "for TXT\n", "for TXT\\\n", 9, "a backslash before a character that is never escaped" },
	{ "an escaped NUL", "trouble yes ", "trouble yes \\x00", 9,
	    "a backslash before a character that is never escaped" },
	{ "an escaped letter", "trouble yes ", "trouble yes \\x41", 9,
	    "a backslash before a character that is never escaped" },
	{ "a capital escape", "trouble yes ", "trouble yes \\x0A", 9,
	    "a backslash before a character that is never escaped" },
	{ "wrong since no time", "wrong 2026-03", "wrong 2026-13", 10, "'2026-13-01T10:00:00Z' is not a time" },
	{ "not wrong", "wrong 2026-03-01T10:00:00Z seen 12 gone no", "wrong never", 0, "" },
	{ "not wrong, with more after it", "wrong 2026-03-01T10:00:00Z", "wrong never", 10, "there is text after 'never'" },
	{ "wrong, but how often?", " seen 12", "", 10, "'seen' and a number are expected here" },
	{ "wrong too often", " seen 12", " seen 4294967296", 10, "'4294967296' is not a number up to 4294967295" },
	{ "gone", "gone no", "gone yes", 0, "" },
	{ "gone perhaps", "gone no", "gone now", 10, "'gone yes' or 'gone no' is expected here" },
	{ "an older version with a newer line", "version 2", "version 1", 10, "'networks' is expected here" },
	{ "a lower number of networks", "networks 3", "networks 2", 14, "'end' is expected here" },
	{ "a higher number of networks", "networks 3", "networks 4", 15, "not a network with its 'since'" },
	{ "more networks than the text can hold", "networks 3", "networks 99999999999", 11,
	    "'99999999999' is not a number up to 6" },
	{ "a negative number of networks", "networks 3", "networks -3", 11, "'-3' is not a number up to 6" },
	{ "a network is missing", "198.51.100.7  since 2026-04-01T10:00:00Z  via a.example > mx > h.a.example\n", "",
	    14, "not a network with its 'since'" },
	{ "host bits", "192.0.2.0/24", "192.0.2.1/24", 12, "'192.0.2.1/24' has host bits set; write '192.0.2.0/24'" },
	{ "no network", "192.0.2.0/24", "192.0.2.x/24", 12,
	    "'192.0.2.x/24' is neither an IP address nor a network; write '192.0.2.0/24'" },
	{ "a prefix too long", "192.0.2.0/24", "192.0.2.0/33", 12,
	    "prefix length 33 of '192.0.2.0/33' is too long; IPv4 stops at 32" },
	{ "a long network", "192.0.2.0/24", "192.0.2.0/000000000000000000000000000000000000000024", 12,
	    "a network is too long" },
	{ "networks out of order", "198.51.100.7", "192.0.1.7", 13, "the networks are not in order" },
	{ "a network twice", "198.51.100.7", "192.0.2.0/24", 13, "the networks are not in order" },
	{ "a shorter prefix after a longer one", "198.51.100.7", "192.0.0.0/16", 13, "the networks are not in order" },
	{ "a longer prefix after a shorter one", "198.51.100.7", "192.0.2.0/25", 0, "" },
	{ "one blank", "/24  since", "/24 since", 12, "not a network with its 'since'" },
	{ "no time", "since 2026-03-01T10:00:00Z", "since", 12, "a network without its 'via'" },
	{ "a network since no day", "since 2026-03-01", "since 2026-03-32", 12, "'2026-03-32T10:00:00Z' is not a time" },
	{ "no path's mark", "Z  via", "Z via", 12, "a network without its 'via'" },
	{ "the end says less", "end 3", "end 2", 15, "the networks are 3, but 2 were written" },
	{ "the end says nothing", "end 3", "end ", 15, "a number is missing" },
	{ "text after the end", "end 3\n", "end 3\nend 3\n", 15, "there is text after the end" },
	{ "a blank after the end", "end 3\n", "end 3\n ", 15, "there is text after the end" },
	{ "another end of line", "end 3\n", "end 3", 15, "the text is cut off here" },
};

static const char *
replaced(struct arena *arena, const char *part, const char *instead)
{
	const char *place = strstr(sample_text, part);

	if (place == NULL)
		return "";
	return arena_format(arena, "%.*s%s%s", (int)(place - sample_text), sample_text, instead, place + strlen(part));
}

static void
test_damage(void)
{
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct arena *arena = arena_open(MEMORY);
		const char *text = replaced(arena, damages[i].part, damages[i].instead);
		struct source_copy copy;
		char shown[600], wanted[600];
		struct fault why;
		bool good = read_block(arena, text, strlen(text), &copy, &why);

		fault_write(&why, shown, sizeof shown);
		snprintf(wanted, sizeof wanted, "copy:%u: %s; the copy is not used", damages[i].line, damages[i].wanted);
		is(good ? "" : shown, damages[i].line == 0 ? "" : wanted, "damage: %s", damages[i].what);
		arena_close(arena);
	}
}

/* Whatever reads is sound: in order, with host bits clear, and it comes back. */
static bool
is_sound(struct arena *arena, const struct source_copy *copy)
{
	for (size_t i = 0; i < copy->count; i++) {
		const struct prefix *prefix = &copy->networks[i].prefix;
		struct address masked = address_mask(prefix->base, prefix->bits);

		if (!address_equal(&masked, &prefix->base) || prefix->bits > address_width(&prefix->base))
			return false;
		if (i > 0 && source_copy_order(&copy->networks[i - 1].prefix, prefix) >= 0)
			return false;
		if (strlen(copy->networks[i].path) >= SOURCE_PATH_MAX || copy->networks[i].since < 0)
			return false;
	}
	return comes_back(arena, copy);
}

static void
test_cuts(void)
{
	size_t length = strlen(sample_text), believed = 0, nameless = 0;
	struct source_copy copy;
	struct fault why;

	for (size_t cut = 0; cut < length; cut++) {
		struct arena *arena = arena_open(MEMORY);

		believed += read_block(arena, sample_text, cut, &copy, &why);
		nameless += why.line == 0 || strcmp(why.file, "copy") != 0 || why.text[0] == '\0';
		arena_close(arena);
	}
	is_number(believed, 0, "no text that is cut anywhere is a copy");
	is_number(nameless, 0, "each of them is a fault with its line");
}

static void
test_flips(void)
{
	size_t length = strlen(sample_text), unsound = 0, read = 0, refused = 0;
	char text[sizeof sample_text];

	for (size_t i = 0; i < length * 8; i++) {
		struct arena *arena = arena_open(MEMORY);
		struct source_copy copy;
		struct fault why;

		memcpy(text, sample_text, sizeof text);
		text[i / 8] = (char)(text[i / 8] ^ 1 << i % 8);
		if (!read_block(arena, text, length, &copy, &why)) {
			refused++;
			unsound += why.text[0] == '\0';
		} else {
			read++;
			unsound += !is_sound(arena, &copy);
		}
		arena_close(arena);
	}
	is_number(unsound, 0, "every flipped bit is a fault, or what reads is sound");
	ok(read > 0 && refused > length, "there are both (%zu faults, %zu copies)", refused, read);
}

/* ---- ceilings ---- */

static void
test_ceilings(void)
{
	struct arena *arena = arena_open(MEMORY);
	struct source_copy copy = sample(arena), again;
	struct copied_network network = { { { ADDRESS_V4, { 192, 0, 2, 1 } }, 32 }, MARCH, NULL };
	char words[8193 + 1], path[SOURCE_PATH_MAX + 1];
	char *huge = calloc(1, SOURCE_COPY_MAX + (size_t)1);
	struct text text;
	struct fault why;

	memset(words, 'a', sizeof words);
	words[8192] = '\0';
	copy.trouble = words;
	ok(comes_back(arena, &copy), "a string of 8192 bytes comes back");
	words[8192] = 'a';
	words[8193] = '\0';
	ok(!comes_back(arena, &copy), "a longer one does not");
	copy.trouble = "";
	copy.networks = &network;
	copy.count = 1;
	network.path = path;
	memset(path, '\n', sizeof path);
	path[SOURCE_PATH_MAX - 1] = '\0';
	ok(comes_back(arena, &copy), "the longest path of line breaks comes back");
	path[SOURCE_PATH_MAX - 1] = 'a';
	path[SOURCE_PATH_MAX] = '\0';
	ok(!comes_back(arena, &copy), "a longer one does not");
	network.path = "a";
	text_open(&text, 300);
	source_copy_write(&copy, &text);
	ok(text.cut && !read_block(arena, text.bytes, text.length, &again, &why), "a text that was cut is not a copy");
	text_close(&text);
	ok(huge != NULL && !source_copy_read(arena, "copy", huge, SOURCE_COPY_MAX + (size_t)1, &again, &why) &&
		strcmp(why.text, "33554433 bytes are more than are ever written; the copy is not used") == 0,
	    "a text that is too long is not looked at");
	ok(!source_copy_read(arena, "copy", NULL, 0, &again, &why), "no text at all is a fault");
	free(huge);
	arena_close(arena);
}

/* Memory that ends at every step. */
static void
test_starving(void)
{
	struct arena *enough = arena_open(MEMORY);
	struct source_network networks[NETWORKS_MAX];
	size_t count = networks_of(enough, "192.0.2.0/24 a; 198.51.100.0/24 b", networks), starved = 0, took = 0;
	struct source_copy copy;
	struct fault why;
	bool good = false;

	for (size_t room = 0; !good && room < 4096; room += 16) {
		struct arena *arena = arena_open(room);

		good = source_copy_take(arena, "spf:a.example", networks, count, NULL, 1, &copy);
		arena_close(arena);
		took++;
	}
	ok(good && took > 3, "an unfolding is taken once there is memory, not before");
	good = false;
	for (size_t room = 0; !good && room < 4096; room += 16) {
		struct arena *arena = arena_open(room);

		good = read_block(arena, sample_text, strlen(sample_text), &copy, &why);
		starved += !good && strcmp(why.text, "out of memory") == 0;
		took = room / 16;
		arena_close(arena);
	}
	ok(good, "a copy is read once there is memory");
	is_number((long long)starved, (long long)took, "until then each time memory is what is missing");
	arena_close(enough);
}

/* ---- comparing ---- */

static const struct {
	const char *what, *before, *after;
	size_t most;
	const char *wanted;
} diffs[] = {
	{ "the same", "192.0.2.0/24 a", "192.0.2.0/24 a", 10, "" },
	{ "the same by another path", "192.0.2.0/24 a", "192.0.2.0/24 b", 10, "" },
	{ "nothing and nothing", "", "", 10, "" },
	{ "one came, one went", "192.0.2.0/24 a", "203.0.113.0/24 a > b", 10,
	    "came 203.0.113.0/24 via a > b; went 192.0.2.0/24 via a" },
	{ "one came", "192.0.2.0/24 a", "192.0.2.0/24 a; 192.0.2.7 b", 10, "came 192.0.2.7 via b" },
	{ "one went", "192.0.2.0/24 a; 192.0.2.7 b", "192.0.2.0/24 a", 10, "went 192.0.2.7 via b" },
	{ "from nothing", "", "192.0.2.0/24 a", 10, "came 192.0.2.0/24 via a" },
	{ "to nothing", "192.0.2.0/24 a", "", 10, "went 192.0.2.0/24 via a" },
	{ "the length changed", "192.0.2.0/24 a", "192.0.2.0/25 a", 10,
	    "came 192.0.2.0/25 via a; went 192.0.2.0/24 via a" },
	{ "a path is named once", "", "192.0.2.1 a; 192.0.2.2 a; 192.0.2.3 b; 2001:db8::1 a", 10,
	    "came 192.0.2.1, 192.0.2.2 via a, 192.0.2.3 via b, 2001:db8::1 via a" },
	{ "as many as are named", "", "192.0.2.1 a; 192.0.2.2 a", 2, "came 192.0.2.1, 192.0.2.2 via a" },
	{ "one more", "", "192.0.2.1 a; 192.0.2.2 a; 192.0.2.3 a", 2, "came 192.0.2.1, 192.0.2.2 via a and 1 more" },
	{ "many came, one went", "192.0.2.9 a", "192.0.2.1 a; 192.0.2.2 a; 192.0.2.3 a; 192.0.2.4 a; 192.0.2.5 a", 4,
	    "came 192.0.2.1, 192.0.2.2, 192.0.2.3 via a and 2 more; went 192.0.2.9 via a" },
	{ "one came, many went", "192.0.2.1 a; 192.0.2.2 a; 192.0.2.3 a; 192.0.2.4 a; 192.0.2.5 a", "192.0.2.9 a", 4,
	    "came 192.0.2.9 via a; went 192.0.2.1, 192.0.2.2, 192.0.2.3 via a and 2 more" },
	{ "many of both", "192.0.2.1 a; 192.0.2.3 a; 192.0.2.5 a", "192.0.2.2 a; 192.0.2.4 a; 192.0.2.6 a", 4,
	    "came 192.0.2.2, 192.0.2.4 via a and 1 more; went 192.0.2.1, 192.0.2.3 via a and 1 more" },
	{ "only one may be named", "192.0.2.1 a; 192.0.2.3 a", "192.0.2.2 a; 192.0.2.4 a", 1,
	    "came 192.0.2.2 via a and 1 more; went 2" },
	{ "none may be named", "192.0.2.1 a", "192.0.2.2 a; 192.0.2.4 a", 0, "came 2; went 1" },
	{ "a hostile path", "", "192.0.2.1 a\nb\x1b[2J", 10, "came 192.0.2.1 via a\\x0ab\\x1b[2J" },
};

static void
test_diffs(void)
{
	for (size_t i = 0; i < sizeof diffs / sizeof *diffs; i++) {
		struct arena *arena = arena_open(MEMORY);
		struct source_copy before = copy_of(arena, diffs[i].before, NULL, MARCH);
		struct source_copy after = copy_of(arena, diffs[i].after, NULL, APRIL);
		struct text text;

		text_open(&text, 4096);
		source_copy_diff(&before, &after, diffs[i].most, &text);
		is(text.bytes, diffs[i].wanted, "diff: %s", diffs[i].what);
		ok(source_copy_same(&before, &after) == (diffs[i].wanted[0] == '\0'), "diff: %s: same agrees",
		    diffs[i].what);
		text_close(&text);
		arena_close(arena);
	}
}

static const struct {
	const char *what, *copy, *list;
	size_t most;
	const char *missing;
} covers[] = {
	{ "nothing in nothing", "", "", 9, "" },
	{ "one in nothing", "", "192.0.2.0/24", 9, "192.0.2.0/24" },
	{ "the very network", "192.0.2.0/24", "192.0.2.0/24", 9, "" },
	{ "a part", "192.0.2.0/24", "192.0.2.128/25; 192.0.2.0; 192.0.2.255", 9, "" },
	{ "one before and one after", "192.0.2.0/24", "192.0.1.255; 192.0.3.0", 9, "192.0.1.255 192.0.3.0" },
	{ "a wider one", "192.0.2.0/24", "192.0.2.0/23", 9, "192.0.2.0/23" },
	{ "two halves", "192.0.2.0/25; 192.0.2.128/25", "192.0.2.0/24", 9, "" },
	{ "three pieces over a byte's end", "192.0.2.0/25; 192.0.2.128/25; 192.0.3.0/24", "192.0.2.0/23", 9, "" },
	{ "a wide one from small ones over two bytes' ends",
	    "10.0.0.0/9; 10.128.0.0/10; 10.192.0.0/11; 10.224.0.0/12; 10.240.0.0/13; 10.248.0.0/14; 10.252.0.0/15; 10.254.0.0/16;"
	    " 10.255.0.0/17; 10.255.128.0/18; 10.255.192.0/19; 10.255.224.0/20; 10.255.240.0/20; 11.0.0.0/8",
	    "10.0.0.0/7", 9, "" },
	{ "pieces up to a byte's end and no further", "192.0.254.0/24; 192.0.255.0/25; 192.0.255.128/25; 192.1.0.0/24",
	    "192.0.254.0/23; 192.0.255.255; 192.1.0.0/23", 9, "192.1.0.0/23" },
	{ "a hole after a byte's end", "192.0.2.0/25; 192.0.2.128/25", "192.0.2.0/23", 9, "192.0.2.0/23" },
	{ "a hole of one address",
	    "192.0.2.0/25; 192.0.2.128/26; 192.0.2.192/27; 192.0.2.224/28; 192.0.2.240/29; 192.0.2.248/30; 192.0.2.252/31; 192.0.2.254",
	    "192.0.2.0/24; 192.0.2.254/31; 192.0.2.252/31", 9, "192.0.2.0/24 192.0.2.254/31" },
	{ "without the hole",
	    "192.0.2.0/25; 192.0.2.128/26; 192.0.2.192/27; 192.0.2.224/28; 192.0.2.240/29; 192.0.2.248/30; 192.0.2.252/31; 192.0.2.254; 192.0.2.255",
	    "192.0.2.0/24", 9, "" },
	{ "after a small network inside a wide one", "10.0.0.0/8; 10.1.0.0/16; 10.1.1.0/24; 10.1.1.1",
	    "10.2.0.0/16; 10.1.2.0/24; 10.1.1.2; 10.255.255.255", 9, "" },
	{ "after many small ones inside a wide one",
	    "10.0.0.0/9; 10.0.0.1; 10.0.0.2; 10.0.0.3; 10.127.0.0/16; 10.128.0.0/9", "10.0.0.0/8", 9, "" },
	{ "the end of IPv4", "255.255.255.0/24", "255.255.255.255; 255.255.255.128/25", 9, "" },
	{ "all of IPv4 in halves", "0.0.0.0/1; 128.0.0.0/1", "0.0.0.0/0", 9, "" },
	{ "all of IPv4 but the last", "0.0.0.0/1; 128.0.0.0/2", "0.0.0.0/0", 9, "0.0.0.0/0" },
	{ "all of IPv4", "0.0.0.0/0", "0.0.0.0/0; 255.255.255.255; 0.0.0.0", 9, "" },
	{ "IPv6 in halves", "2001:db8::/33; 2001:db8:8000::/33", "2001:db8::/32; 2001:db8:ffff::1", 9, "" },
	{ "all of IPv6 in halves", "::/1; 8000::/1", "::/0; ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 9, "" },
	{ "IPv6 with a hole", "2001:db8::/33; 2001:db8:8000::/34", "2001:db8::/32", 9, "2001:db8::/32" },
	{ "the other family is not looked at", "0.0.0.0/0", "2001:db8::1", 9, "2001:db8::1" },
	{ "nor the other way", "::/0", "0.0.0.1", 9, "0.0.0.1" },
	{ "as many as are named", "", "192.0.2.1; 192.0.2.2; 192.0.2.3", 2, "192.0.2.1 192.0.2.2" },
	{ "none is named", "", "192.0.2.1", 0, "" },
};

static void
test_covers(void)
{
	for (size_t i = 0; i < sizeof covers / sizeof *covers; i++) {
		struct arena *arena = arena_open(MEMORY);
		struct source_copy copy = copy_of(arena, covers[i].copy, NULL, MARCH);
		struct source_network networks[NETWORKS_MAX];
		size_t count = networks_of(arena, covers[i].list, networks);
		struct prefix list[NETWORKS_MAX];
		struct text text;
		bool all;

		for (size_t j = 0; j < count; j++)
			list[j] = networks[j].prefix;
		text_open(&text, 4096);
		all = source_copy_covers(&copy, list, count, covers[i].most, &text);
		is(text.bytes, covers[i].missing, "covers: %s", covers[i].what);
		ok(all == (covers[i].missing[0] == '\0' && covers[i].most > 0), "covers: %s: the answer", covers[i].what);
		text_close(&text);
		arena_close(arena);
	}
}

/* Random networks inside a /24, or the last byte of an IPv6 address, against a list of every address. */
static void
test_covers_by_trial(void)
{
	uint64_t chance = 1;
	unsigned wrong = 0, covered = 0, trials = 3000;

	for (unsigned trial = 0; trial < trials; trial++) {
		struct arena *arena = arena_open(MEMORY);
		struct address base = trial % 2 == 0
		    ? (struct address){ ADDRESS_V4, { 192, 0, 2 } }
		    : (struct address){ ADDRESS_V6, { 0x20, 0x01, 0x0d, 0xb8 } };
		unsigned width = address_width(&base), count = 0;
		struct source_network networks[NETWORKS_MAX];
		struct source_copy copy;
		struct prefix asked;
		bool held[256] = { false }, all = true, answer;
		struct text text;

		for (unsigned i = 0; i <= NETWORKS_MAX; i++) {
			struct prefix made = { base, 0 };

			chance = chance * 6364136223846793005u + 1442695040888963407u;
			/* wide enough that several together often hold what is asked for */
			made.bits = (uint8_t)(width - (i < NETWORKS_MAX ? chance >> 60 : chance >> 61) % 7);
			made.base.bytes[width / 8 - 1] = (uint8_t)(chance >> 40);
			made.base = address_mask(made.base, made.bits);
			if (i == NETWORKS_MAX)
				asked = made;
			else if (i < 16 + trial % 48)
				networks[count++] = (struct source_network){ made, "a" };
		}
		for (unsigned i = 0; i < count; i++)
			for (unsigned host = 0; host < 256; host++) {
				base.bytes[width / 8 - 1] = (uint8_t)host;
				held[host] |= prefix_holds(&networks[i].prefix, &base);
			}
		for (unsigned host = 0; host < 256; host++) {
			base.bytes[width / 8 - 1] = (uint8_t)host;
			all = all && (held[host] || !prefix_holds(&asked, &base));
		}
		text_open(&text, 100);
		answer = source_copy_take(arena, "", networks, count, NULL, 1, &copy) &&
		    source_copy_covers(&copy, &asked, 1, 1, &text);
		wrong += answer != all;
		covered += all;
		text_close(&text);
		arena_close(arena);
	}
	is_number(wrong, 0, "covers agrees with a look at every address, %u times", trials);
	ok(covered > trials / 10 && covered < trials * 9 / 10, "both answers occur (%u covered)", covered);
}

/* ---- size ---- */

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Networks that no sorting helps, each with a day of its own, by a path that is one of many. */
static struct source_network *
many(size_t count, char paths[][80], size_t path_count)
{
	struct source_network *networks = calloc(count, sizeof *networks);

	for (size_t i = 0; i < path_count; i++)
		snprintf(paths[i], sizeof paths[i], "vendor.example > _spf%zu.mail.vendor.example > ip4", i);
	for (size_t i = 0; i < count; i++) {
		uint32_t mixed = (uint32_t)i * 2654435761u; /* odd: no two alike */
		uint8_t bytes[16] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(mixed >> 24), (uint8_t)(mixed >> 16),
			(uint8_t)(mixed >> 8), (uint8_t)mixed };

		networks[i].prefix.base = i % 4 == 0 ? address_of_v6(bytes) : address_of_v4(bytes + 4);
		networks[i].prefix.bits = i % 4 == 0 ? 64 : 32;
		networks[i].path = paths[i % path_count];
	}
	return networks;
}

/* Does each path still have as many networks as the others? */
static bool
paths_are_even(const struct source_copy *copy, char paths[][80], size_t path_count)
{
	for (size_t i = 0; i < path_count; i++) {
		size_t count = 0;

		for (size_t j = 0; j < copy->count; j++)
			count += strcmp(copy->networks[j].path, paths[i]) == 0;
		if (count != copy->count / path_count)
			return false;
	}
	return true;
}

static void
test_size(void)
{
	enum { PATHS = 40 };
	char paths[PATHS][80];
	struct source_network *networks = many(SOURCE_NETWORKS_MAX, paths, PATHS);
	struct arena *arena = arena_open(MEMORY), *other = arena_open(MEMORY);
	struct source_copy copy, again = { 0 };
	struct text text, diff;
	double start = seconds(), took, wrote, read;
	struct fault why;

	ok(source_copy_take(arena, "spf:vendor.example", networks, SOURCE_NETWORKS_MAX, NULL, APRIL, &copy) &&
		copy.count == SOURCE_NETWORKS_MAX,
	    "a hundred thousand networks are taken");
	took = seconds();
	for (size_t i = 0; i < copy.count; i++)
		((struct copied_network *)copy.networks)[i].since -= (int64_t)(i % 1000) * 1000;
	text_open(&text, SOURCE_COPY_MAX);
	text_open(&diff, 1000);
	source_copy_write(&copy, &text);
	wrote = seconds();
	ok(!text.cut && source_copy_read(other, "copy", text.bytes, text.length, &again, &why) &&
		copies_equal(&copy, &again),
	    "and come back");
	read = seconds();
	source_copy_diff(&copy, &again, 10, &diff);
	is(diff.bytes, "", "and are the same");
	note("100,000 networks, CPU: taken in %.0f ms, written in %.0f ms (%zu bytes), read in %.0f ms, compared in %.0f ms",
	    1e3 * (took - start), 1e3 * (wrote - took), text.length, 1e3 * (read - wrote), 1e3 * (seconds() - read));
	note("memory: %zu KiB taken, %zu KiB read", arena_used(arena) / 1024, arena_used(other) / 1024);
	ok(paths_are_even(&again, paths, PATHS), "no network has got another's path");
	ok(arena_used(other) < 100 * SOURCE_NETWORKS_MAX, "their paths are kept once, not each time");
	text_close(&text);
	text_close(&diff);
	free(networks);
	arena_close(arena);
	arena_close(other);
}

/* Several copies one behind the other, as `greenlane sources accept` keeps them. */
static void
test_cutting(void)
{
	static const struct {
		const char *what, *text, *wanted; /* each copy between brackets */
	} cuttings[] = {
		{ "nothing", "", "" },
		{ "blank lines alone", "\n \n", "" },
		{ "one", "a\nb\nend 1\n", "[a\nb\nend 1\n]" },
		{ "two", "a\nend 1\nb\nend 2\n", "[a\nend 1\n][b\nend 2\n]" },
		{ "the last line without its end", "a\nend 1\nb\nend 2", "[a\nend 1\n][b\nend 2]" },
		{ "one that is cut off comes too, to be called damaged", "a\nend 1\nb\nc", "[a\nend 1\n][b\nc]" },
		{ "a line that only begins so is no end", "ending\nend\nend 1\n", "[ending\nend\nend 1\n]" },
	};

	for (size_t i = 0; i < sizeof cuttings / sizeof cuttings[0]; i++) {
		struct span rest = span_of(cuttings[i].text), one;
		struct text all;

		text_open(&all, 1000);
		while (source_copy_cut(&rest, &one)) {
			text_char(&all, '[');
			text_span(&all, one);
			text_char(&all, ']');
		}
		is(all.bytes, cuttings[i].wanted, "cut: %s", cuttings[i].what);
		text_close(&all);
	}
}

int
main(void)
{
	test_taking();
	test_change_stays_known();
	test_taking_masks();
	test_text();
	test_odd_strings();
	test_times();
	test_damage();
	test_cuts();
	test_flips();
	test_ceilings();
	test_starving();
	test_cutting();
	test_diffs();
	test_covers();
	test_covers_by_trial();
	test_size();
	return done();
}
