/* What was written by json_write.h is found again, and what was not is survived. */
#include <string.h>

#include "policy/util/json_write.h"
#include "policy/util/json_read.h"
#include "t/lib/tap.h"

static const struct {
	const char *json, *key, *value, *name;
} members[] = {
	{ "{\"a\":1,\"b\":\"x\"}", "b", "\"x\"", "a string" },
	{ "{\"a\":1,\"b\":\"x\"}", "a", "1", "a number" },
	{ " { \"a\" : true , \"b\" : [ 1 ] } ", "b", "[ 1 ]", "blanks" },
	{ "{\"a\":{\"b\":1},\"b\":2}", "b", "2", "not one of an object inside" },
	{ "{\"a\":\"\\\"b\\\":3\",\"b\":[\"]\",\"}\"],\"c\":4}", "b", "[\"]\",\"}\"]", "marks inside strings" },
	{ "{\"a\":1}", "b", "", "one that is not there" },
	{ "{}", "b", "", "of an empty object" },
	{ "[1,2]", "b", "", "of a list" },
	{ "", "b", "", "of nothing" },
	{ "{\"b\"", "b", "", "cut behind its name" },
	{ "{\"b\":", "b", "", "cut before its value" },
	{ "{\"b\":\"x", "b", "\"x", "cut in its value" },
	{ "{\"b\":1,\"b\":2}", "b", "2", "the last of two" },
};

static void
test_members(void)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		struct span value = json_read_member(span_of(members[i].json), members[i].key);

		ok(span_is(value, members[i].value), "a member: %s", members[i].name);
	}
}

static const struct {
	const char *json, *elements, *name;
} lists[] = {
	{ "[]", "", "empty" },
	{ "[1]", "1;", "one" },
	{ "[1,\"a,b\",{\"c\":[2,3]},[]]", "1;\"a,b\";{\"c\":[2,3]};[];", "of every kind" },
	{ " [ 1 , 2 ] ", "1;2;", "blanks" },
	{ "[1,2", "1;2;", "cut" },
	{ "1", "", "no list" },
	{ "", "", "nothing" },
};

static void
test_lists(void)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct span rest = span_of(lists[i].json), element;
		struct text all;

		text_open(&all, 1000);
		while (json_read_next(&rest, &element)) {
			text_span(&all, element);
			text_char(&all, ';');
		}
		is(all.bytes, lists[i].elements, "a list: %s", lists[i].name);
		text_close(&all);
	}
}

static const struct {
	const char *json, *members, *name;
} objects[] = {
	{ "{}", "", "empty" },
	{ "{\"a\":1}", "a=1;", "one" },
	{ " { \"a\" : [1,2] , \"b\" : {\"c\":3} } ", "a=[1,2];b={\"c\":3};", "blanks, and what is inside" },
	{ "{\"\":1}", "=1;", "an empty name" },
	{ "[1]", "", "a list" },
	{ "{1:2}", "", "a name that is no string" },
	{ "{\"a\":1 \"b\":2}", "a=1;", "no comma" },
	{ "{\"a\"=1}", "", "no colon" },
	{ "{\"a\":", "", "cut before the value" },
	{ "{\"", "", "cut in the name" },
	{ "{", "", "cut behind the brace" },
	{ "", "", "nothing" },
};

static void
test_objects(void)
{
	for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
		struct span rest = span_of(objects[i].json), key, value;
		struct text all;

		text_open(&all, 1000);
		while (json_read_next_member(&rest, &key, &value)) {
			text_span(&all, key);
			text_char(&all, '=');
			text_span(&all, value);
			text_char(&all, ';');
		}
		is(all.bytes, objects[i].members, "an object: %s", objects[i].name);
		text_close(&all);
	}
}

/* Every byte that json_bytes may be given comes back. */
static void
test_strings(void)
{
	char every[256];
	struct text json, back;

	for (int i = 0; i < 256; i++)
		every[i] = (char)i;
	text_open(&json, 10000);
	text_open(&back, 10000);
	json_write_bytes(&json, every, sizeof every);
	json_read_unquote((struct span){ json.bytes, json.length }, &back);
	ok(back.length == sizeof every && memcmp(back.bytes, every, sizeof every) == 0, "every byte comes back");
	text_clear(&back);
	json_read_unquote(span_of("\"caf\xc3\xa9 \\n\\t\\\\ \\\"\""), &back);
	is(back.bytes, "caf\xc3\xa9 \n\t\\ \"", "so do UTF-8 and short escapes");
	text_clear(&back);
	json_read_unquote(span_of("12"), &back);
	is(back.bytes, "12", "a number is itself");
	text_close(&json);
	text_close(&back);
}

static void
test_numbers(void)
{
	ok(json_read_integer(span_of("0")) == 0 && json_read_integer(span_of("-17")) == -17, "integers");
	ok(json_read_integer(span_of("1795910969")) == 1795910969, "a time");
	ok(json_read_integer(span_of("99999999999999999999")) == 0, "one that is too large is none");
	ok(json_read_integer(span_of("\"1\"")) == 0 && json_read_integer(span_of("")) == 0, "nor is a string, or nothing");
	ok(json_read_is_true(span_of("true")) && !json_read_is_true(span_of("false")) && !json_read_is_true(span_of("")),
	    "truth");
}

int
main(void)
{
	test_members();
	test_lists();
	test_objects();
	test_strings();
	test_numbers();
	return done();
}
