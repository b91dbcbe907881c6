/*
 * text_t.c - what everything else is built on: text and spans, the arena, faults.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/arena.h"
#include "policy/util/fault.h"
#include "policy/util/text.h"
#include "t/lib/tap.h"

#define COUNT(rows) (sizeof rows / sizeof *rows)

/* --- spans --- */

static bool
span_same(struct span span, const char *wanted)
{
	return span_is(span, wanted);
}

static void
test_trim(void)
{
	static const struct {
		const char *what, *in, *out;
	} rows[] = { { "blanks on both sides", " \t a b \r\n", "a b" }, { "none", "a", "a" },
		{ "only blanks", " \t\r\n", "" }, { "nothing", "", "" }, { "other controls stay", "\va\f", "\va\f" } };

	for (size_t i = 0; i < COUNT(rows); i++)
		ok(span_same(span_trim(span_of(rows[i].in)), rows[i].out), "trimmed: %s", rows[i].what);
}

static void
test_cut(void)
{
	struct span rest = span_of("a,,b"), empty = { NULL, 0 };

	ok(span_same(span_cut(&rest, ','), "a") && span_same(rest, ",b"), "a cut stops at the first mark");
	ok(span_same(span_cut(&rest, ','), "") && span_same(rest, "b"), "between two marks there is nothing");
	ok(span_same(span_cut(&rest, ','), "b") && rest.length == 0, "without a mark everything is taken");
	ok(span_same(span_cut(&rest, ','), "") && rest.length == 0, "after the end there is nothing");
	ok(span_cut(&empty, ',').length == 0, "nothing at all can be cut");
	rest = (struct span){ "a\0b,c", 5 };
	ok(span_cut(&rest, ',').length == 3 && span_same(rest, "c"), "a NUL is a byte like any other");
}

static void
test_compare(void)
{
	ok(span_is((struct span){ "abc", 2 }, "ab"), "a span ends where its length says");
	ok(!span_is((struct span){ "ab", 2 }, "abc"), "a front is not the whole");
	ok(!span_is(span_of("AB"), "ab"), "case counts");
	ok(span_is_nocase(span_of("aB-[Z"), "Ab-[z"), "case does not count where asked");
	ok(!span_is_nocase(span_of("a["), "a{"), "only letters have a case");
	ok(!span_is_nocase(span_of("\303\234"), "\303\274"), "only ASCII letters have a case");
	ok(!span_is_nocase(span_of("ab"), "abc"), "a front is not the whole, whatever the case");
	ok(text_lower('A') == 'a' && text_lower('Z') == 'z' && text_lower('@') == '@' && text_lower('[') == '[' &&
		text_lower('\334') == '\334',
	    "only A to Z are lowered");
}

/* --- text --- */

static void
test_text(void)
{
	struct text text;

	text_open(&text, 10);
	is(text.bytes, "", "a new text is empty");
	text_clear(&text);
	is(text.bytes, "", "an empty text can be cleared");
	text_put(&text, "ab");
	text_char(&text, 'c');
	text_span(&text, (struct span){ "defg", 2 });
	text_format(&text, "%d", 42);
	is(text.bytes, "abcde42", "pieces are joined");
	ok(!text.cut, "nothing was cut");
	text_put(&text, "12345");
	is(text.bytes, "abcde42123", "what does not fit is cut at the ceiling");
	ok(text.cut && text.length == 10, "the cut is remembered");
	text_char(&text, 'x');
	text_format(&text, "%s", "y");
	is(text.bytes, "abcde42123", "a full text stays");
	text_clear(&text);
	ok(text.length == 0 && !text.cut && text.bytes[0] == '\0', "a cleared text is new");
	text_add(&text, "a\0b", 3);
	ok(text.length == 3 && memcmp(text.bytes, "a\0b", 4) == 0,
	    "a NUL is a byte like any other, and a terminator follows");
	text_add(&text, NULL, 0);
	ok(text.length == 3, "nothing can be added");
	text_close(&text);
	is(text.bytes, "", "a closed text is empty");
	text_put(&text, "again");
	is(text.bytes, "again", "a closed text can be used again");
	text_close(&text);
	text_close(&text);
	text_open(&text, 0);
	text_char(&text, 'x');
	ok(text.cut && text.length == 0, "a ceiling of nothing holds nothing");
	text_close(&text);
}

/* The block that the next text will grow into, full of what somebody else left there. */
static void
leave_dirt(size_t size)
{
	char *block = malloc(size);

	if (block != NULL)
		memset(block, 'x', size);
	__asm__ volatile("" : : "r"(block) : "memory"); /* or the compiler drops what nobody reads */
	free(block);
}

static void
test_first_piece(void)
{
	struct text text;

	text_open(&text, 100);
	leave_dirt(64);
	text_add(&text, "", 0);
	is(text.bytes, "", "a text whose first piece is empty shows nothing that lay in memory before");
	text_close(&text);
	text_open(&text, 100);
	leave_dirt(64);
	text_format(&text, "%s", "");
	is(text.bytes, "", "nor does one whose first format is empty");
	text_close(&text);
	text_open(&text, 0);
	leave_dirt(64);
	text_put(&text, "much");
	is(text.bytes, "", "nor one that may hold nothing");
	text_close(&text);
}

static void
test_rewind(void)
{
	struct text text;

	text_open(&text, 100);
	text_rewind(&text, 0);
	is(text.bytes, "", "an empty text can be rewound");
	text_put(&text, "abcdef");
	text_rewind(&text, 6);
	is(text.bytes, "abcdef", "a text is not rewound to its end");
	text_rewind(&text, 7);
	is_number((long long)text.length, 6, "nor made longer");
	text_rewind(&text, 2);
	text_char(&text, 'x');
	is(text.bytes, "abx", "what is added next follows what was kept");
	text_close(&text);
}

static void
test_growth(void)
{
	char long_word[1000];
	struct text text;
	bool same = true;

	memset(long_word, 'w', sizeof long_word - 1);
	long_word[sizeof long_word - 1] = '\0';
	text_open(&text, 100000);
	for (unsigned i = 0; i < 50; i++)
		text_format(&text, "%s|", long_word);
	is_number((long long)text.length, 50000, "long formats are written whole");
	for (size_t i = 0; i < text.length; i++)
		same = same && text.bytes[i] == (i % 1000 == 999 ? '|' : 'w');
	ok(same && !text.cut && strlen(text.bytes) == 50000, "growing loses nothing");
	text_close(&text);
	text_open(&text, 500);
	text_format(&text, "%s", long_word);
	ok(text.cut && text.length == 500 && strlen(text.bytes) == 500, "a long format is cut at the ceiling");
	text_close(&text);
	text_open(&text, 100);
	text_format(&text, "%lc", 0xd800u);
	ok(text.cut && text.length == 0, "a format that fails counts as cut");
	text_close(&text);
}

static void
test_distance(void)
{
	static const struct {
		const char *a, *b;
		unsigned edits;
	} rows[] = { { "vouch", "vouch", 0 }, { "vouch", "vouhc", 1 }, { "vouch", "vuch", 1 }, { "vouch", "vvouch", 1 },
		{ "vouch", "couch", 1 }, { "", "", 0 }, { "", "abc", 3 }, { "abc", "", 3 }, { "kitten", "sitting", 3 },
		{ "dkim", "spf", 4 }, { "ab", "ba", 1 }, { "abcd", "badc", 2 } };

	for (size_t i = 0; i < COUNT(rows); i++)
		is_number(text_distance(rows[i].a, rows[i].b), rows[i].edits, "from '%s' to '%s'", rows[i].a, rows[i].b);
	is_number(text_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"), 40,
	    "a word of 41 letters is far from every other");
	is_number(text_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""), 40, "a word of 40 letters is measured");
}

/* --- arena --- */

static void
test_arena(void)
{
	struct arena *arena = arena_open(100000);
	bool aligned = true, zero = true;
	char *kept, *copy;

	kept = arena_string(arena, "kept");
	for (size_t size = 0; size < 300; size++) {
		unsigned char *taken = arena_take(arena, size);

		aligned = aligned && taken != NULL && (uintptr_t)taken % _Alignof(max_align_t) == 0;
		for (size_t i = 0; taken != NULL && i < size; i++)
			zero = zero && taken[i] == 0;
		if (taken != NULL)
			memset(taken, 0xff, size);
	}
	ok(aligned, "every piece is aligned for any type");
	ok(zero, "every piece is zeroed, and none lies in another");
	is(kept, "kept", "an early piece is unchanged");
	copy = arena_copy(arena, "a\0bc", 3);
	ok(copy != NULL && memcmp(copy, "a\0b", 4) == 0, "a copy keeps its NUL and is terminated");
	is(arena_copy(arena, NULL, 0), "", "a copy of nothing is empty");
	is(arena_format(arena, "%s %d", "x", 7), "x 7", "a format is written");
	ok(arena_take(arena, 20000) != NULL, "a piece larger than a block is given");
	ok(arena_used(arena) > 20000 + 300 * 299 / 2 && arena_used(arena) <= 100000, "what was used is known");
	arena_close(arena);
	arena_close(NULL);
}

static void
test_ceiling(void)
{
	struct arena *arena = arena_open(4096);
	size_t given = 0;

	ok(arena_take(arena, 4097) == NULL, "more than the ceiling is refused");
	ok(arena_take(arena, SIZE_MAX) == NULL, "more than there is memory is refused");
	ok(arena_take(arena, SIZE_MAX - 7) == NULL, "a size that rounds up past the end is refused");
	ok(arena_copy(arena, "", SIZE_MAX) == NULL, "a copy longer than memory is refused");
	is_number((long long)arena_used(arena), 0, "what was refused is not counted");
	ok(arena_take(arena, 4000) != NULL, "what fits is given");
	ok(arena_take(arena, 100) == NULL && arena_take(arena, 80) != NULL, "a smaller piece may still fit");
	ok(arena_format(arena, "%200s", "x") == NULL, "a format over the ceiling is refused");
	arena_close(arena);

	arena = arena_open(16000);
	while (given < 100000 && arena_take(arena, 1) != NULL)
		given++;
	is_number((long long)given, 16000 / (long long)_Alignof(max_align_t), "single bytes count as what they use up");
	arena_close(arena);
}

/* --- faults --- */

static void
test_fault(void)
{
	struct fault fault;
	char out[1024], small[8];

	ok(!fault_set(&fault, "no %s", "luck"), "a fault is false");
	fault_write(&fault, out, sizeof out);
	is(out, "no luck", "a fault without a place is its text");
	ok(!fault_at(&fault, "a.conf", 7, "no %s", "luck"), "a fault with a place is false");
	fault_write(&fault, out, sizeof out);
	is(out, "a.conf:7: no luck", "a fault with a place begins with it");
	(void)fault_at(&fault, "a.conf", 0, "no luck");
	fault_write(&fault, out, sizeof out);
	is(out, "a.conf: no luck", "a fault of a whole file has no line");
	(void)fault_at(&fault, fault.file, 9, "%s, again", fault.text);
	fault_write(&fault, out, sizeof out);
	is(out, "a.conf:9: no luck, again", "a fault may be made of itself");
	fault_write(&fault, small, sizeof small);
	is(small, "a.conf:", "what does not fit is cut");
	ok(!fault_set(NULL, "x") && !fault_at(NULL, "f", 1, "x"), "*why may be NULL");
	(void)fault_set(&fault, "%600s", "x");
	is_number((long long)strlen(fault.text), sizeof fault.text - 1, "a long text is cut");
	is(fault.file, "", "a new fault forgets the old place");
}

static void
test_faults(void)
{
	struct faults *faults = faults_open();
	struct fault fault;

	if (!ok(faults != NULL, "a list is opened"))
		return;
	faults_error(faults, "a.conf", 1, "bad %d", 1);
	faults_warn(faults, "a.conf", 2, "odd %d", 2);
	(void)fault_set(&fault, "copied");
	faults_add(faults, FAULT_ERROR, &fault);
	(void)fault_set(&fault, "changed");
	is_number((long long)faults->errors, 2, "errors are counted");
	is_number((long long)faults->warnings, 1, "warnings are counted");
	is(faults->list[0].fault.text, "bad 1", "the first is first");
	ok(faults->list[1].level == FAULT_WARNING && faults->list[1].fault.line == 2, "each has its level and line");
	is(faults->list[2].fault.text, "copied", "a fault is copied");
	for (unsigned i = 0; i < 300; i++)
		faults_error(faults, "a.conf", i, "more");
	ok(faults->kept == FAULTS_MAX && faults->errors == 302, "what is not kept is still counted");
	faults_close(faults);
	faults_close(NULL);
}

static void
test_escaped(void)
{
	struct text text;

	text_open(&text, 64);
	text_escaped(&text, "a \"b\\\0\x1b\x7f\xff~", 10);
	is(text.bytes, "a \\\"b\\\\\\x00\\x1b\\x7f\\xff~", "what is not printable ASCII is escaped");
	text_clear(&text);
	text_plain(&text, "a\n\x7f\xff~ b", 6);
	is(text.bytes, "a???~ ", "or becomes a question mark, where a string is cut off");
	text_close(&text);
}

static void
test_inherited(void)
{
	struct text whole, piece;

	text_open(&whole, 10);
	text_open(&piece, 2);
	text_put(&piece, "abc");
	text_inherit(&whole, &piece);
	ok(!whole.cut && !whole.failed, "a piece that was cut at its ceiling leaves the whole as it is");
	piece.failed = true;
	text_inherit(&whole, &piece);
	ok(whole.cut && whole.failed, "one for which memory ran out does not");
	text_close(&whole);
	text_close(&piece);
}

/* What was refused is remembered, whoever asked and whatever they took it for. */
static void
test_arena_failed(void)
{
	struct arena *arena = arena_open(100);

	ok(!arena_failed(arena), "a new arena has failed nobody");
	ok(arena_take(arena, 64) != NULL && !arena_failed(arena), "nor has one that gave what was asked");
	ok(arena_copy(arena, "many", 64) == NULL && arena_failed(arena), "one past its ceiling has");
	ok(arena_take(arena, 1) != NULL && arena_failed(arena), "and stays failed, though it gives memory again");
	arena_close(arena);
	arena = arena_open(100);
	ok(arena_copy(arena, "", SIZE_MAX) == NULL && arena_failed(arena), "an impossible length fails, too");
	arena_close(arena);
	arena = arena_open(100);
	arena_fail(arena);
	ok(arena_failed(arena), "it can note what failed elsewhere");
	arena_close(arena);
}

int
main(void)
{
	test_escaped();
	test_trim();
	test_cut();
	test_compare();
	test_text();
	test_first_piece();
	test_rewind();
	test_growth();
	test_distance();
	test_arena();
	test_ceiling();
	test_fault();
	test_faults();
	test_inherited();
	test_arena_failed();
	return done();
}
