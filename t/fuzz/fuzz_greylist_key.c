/*
 * Any bytes as keys of a greylist, which anybody with the store's password may have put there: a byte of the record's state, then
 * what is asked for, then keys, one a line. A tuple is found by its own fields, and seeking never passes over one that matches.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/rules/greylist_query.h"
#include "policy/rules/policy.h"
#include "t/fuzz/fuzz.h"

enum { NOW = 1772359200, KEYS_MAX = 40 };

static const struct greylist_settings settings = {
	.on = true, .delay = 300, .retry_window = 172800, .lifetime = 3110400, .auto_pass = 5
};

static char *
string_of(struct span span)
{
	char *string = strndup(span.at == NULL ? "" : span.at, span.length);

	must(string != NULL);
	return string;
}

/* All that the fields say is printable, and they lie within the key. */
static void
check_field(struct span key, struct span field)
{
	must(field.length == 0 || (field.at >= key.at && field.at + field.length <= key.at + key.length));
}

static void
check_tuple(struct span key, const struct greylist_tuple *tuple)
{
	struct greylist_query all;

	check_field(key, tuple->sender);
	check_field(key, tuple->rcpt);
	check_field(key, tuple->network);
	must(tuple->state < TUPLE_STATES && tuple->due >= 0);
	greylist_query_open(&all);
	must(greylist_query_matches(&all, tuple) == MATCH_YES);
}

/* Other bytes are no key of ours; and angle brackets are not part of an address. */
static bool
is_plain(struct span field)
{
	for (size_t i = 0; i < field.length; i++)
		if (field.at[i] <= 0x20 || field.at[i] > 0x7e)
			return false;
	return field.length > 0 && (field.at[0] != '<' || span_is(field, GREYLIST_NULL_SENDER));
}

/* As whoever copies them out of a list. */
static void
check_own_fields(const struct greylist_tuple *tuple)
{
	char *sender = string_of(tuple->sender), *rcpt = string_of(tuple->rcpt), *network = string_of(tuple->network);
	struct greylist_query query;
	struct fault why;

	greylist_query_open(&query);
	greylist_query_sender(&query, sender);
	if (is_plain(tuple->sender) && (!tuple->cut || tuple->rcpt.length > 0))
		must(greylist_query_matches(&query, tuple) == MATCH_YES);
	greylist_query_open(&query);
	greylist_query_rcpt(&query, rcpt);
	if (is_plain(tuple->rcpt) && !tuple->cut)
		must(greylist_query_matches(&query, tuple) == MATCH_YES);
	greylist_query_open(&query);
	/* a domain that is not in normal form is no key of ours either */
	if (is_plain(tuple->network) && !tuple->cut && greylist_query_client(&query, network, &why) &&
	    (query.client != CLIENT_FIELD || strcmp(query.field, network) == 0))
		must(greylist_query_matches(&query, tuple) == MATCH_YES);
	free(network);
	free(rcpt);
	free(sender);
}

static void
check_seek(const struct greylist_query *query, struct span key)
{
	char place[GREYLIST_KEY_MAX + 1];
	size_t length = greylist_query_seek(query, "", 0, place);

	must(length > 0 && span_compare((struct span){ place, length }, key) <= 0);
	length = greylist_query_seek(query, key.at, key.length, place);
	must(length > 0 && span_compare((struct span){ place, length }, key) == 0);
}

static void
check_key(const struct greylist_query *query, struct span key, const struct greylist_record *record)
{
	struct greylist_tuple tuple;

	if (!greylist_tuple_read(&settings, key.at, key.length, record, NOW, &tuple))
		return;
	check_tuple(key, &tuple);
	check_own_fields(&tuple);
	/* a key of ours has all fields, or was cut off */
	if (greylist_query_matches(query, &tuple) == MATCH_YES && (tuple.cut || tuple.network.length > 0))
		check_seek(query, key);
}

/* "SENDER RCPT CLIENT" */
static void
read_query(struct span line, struct greylist_query *query)
{
	char *sender = string_of(span_cut(&line, ' ')), *rcpt = string_of(span_cut(&line, ' ')),
	     *client = string_of(line);
	struct fault why = { .text = "" };

	greylist_query_open(query);
	if (sender[0] != '\0' && strcmp(sender, "*") != 0)
		greylist_query_sender(query, sender);
	if (rcpt[0] != '\0' && strcmp(rcpt, "*") != 0)
		greylist_query_rcpt(query, rcpt);
	if (client[0] != '\0' && !greylist_query_client(query, client, &why)) {
		must(why.text[0] != '\0');
		greylist_query_open(query);
	}
	free(client);
	free(rcpt);
	free(sender);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = { (const char *)data + 1, size - 1 };
	struct greylist_record record = { NOW - 400, NOW - 100, 0, 1, false };
	struct greylist_query query;

	if (size < 1)
		return 0;
	record.passed = data[0] % 8;
	record.let_pass = data[0] & 8;
	record.last -= data[0] & 16 ? 4000000 : 0;
	read_query(span_cut(&rest, '\n'), &query);
	for (size_t i = 0; i < KEYS_MAX && rest.length > 0; i++) {
		struct span key = span_cut(&rest, '\n');

		if (key.length <= GREYLIST_KEY_MAX)
			check_key(&query, key, &record);
	}
	return 0;
}
