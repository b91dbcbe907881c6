/*
 * Any bytes as what an MTA says of the client's name ("WORD NAME"), and as the PTR records of its address, a name a line,
 * a line "!" for one that does not answer.
 */
#include <stdio.h>
#include <string.h>

#include "policy/mail/iprev.h"
#include "t/fuzz/fuzz.h"

enum { RECORDS_MAX = 64, WORDS_MAX = 2048 };

/* What is confirmed is a host name in its normal form, with a dot, and no address. */
static void
check_name(const char *name)
{
	char normal[DOMAIN_TEXT];
	struct address address;

	must(domain_read(name, strlen(name), normal, NULL) && strcmp(name, normal) == 0);
	must(!address_read(name, &address) && strlen(name) <= DOMAIN_MAX);
}

static void
check_words(const uint8_t *data, size_t size)
{
	char words[WORDS_MAX], confirmed[DOMAIN_TEXT], *name;

	size = size < sizeof words - 1 ? size : sizeof words - 1;
	memcpy(words, data, size);
	words[size] = '\0';
	name = strchr(words, ' ');
	if (name != NULL)
		*name++ = '\0';
	iprev_of_mta(name == NULL ? words : name, name == NULL ? "OK" : words, confirmed);
	must(name == NULL || strcmp(words, "OK") == 0 || confirmed[0] == '\0');
	if (confirmed[0] != '\0') {
		check_name(confirmed);
		must(domain_labels(confirmed) > 1);
	}
}

static size_t
cut_records(const uint8_t *data, size_t size, struct dns_record out[RECORDS_MAX])
{
	size_t count = 0;

	for (const uint8_t *end; size > 0 && count < RECORDS_MAX; size -= (size_t)(end - data), data = end) {
		const uint8_t *newline = memchr(data, '\n', size);
		size_t length = newline == NULL ? size : (size_t)(newline - data);

		out[count++] = (struct dns_record){ .length = length < 1024 ? (uint16_t)length : 1024, .bytes = data };
		end = newline == NULL ? data + size : newline + 1;
	}
	return count;
}

/* Every second name leads back, if it answers at all. */
static void
answer_names(struct iprev_check *check, bool silent)
{
	static const uint8_t here[4] = { 192, 0, 2, 1 }, there[4] = { 192, 0, 2, 2 };
	struct dns_record record = { .length = 4 };
	struct dns_question question;
	size_t asked = 0;

	for (; iprev_next(check, &question); asked++) {
		struct dns_answer answer = { .status = DNS_FOUND, .count = 1, .records = &record };

		must(question.type == DNS_A);
		record.bytes = asked % 2 == 0 ? here : there;
		if (silent && asked % 3 == 1)
			answer = (struct dns_answer){ .status = DNS_TEMPORARY };
		iprev_answer(check, &answer);
	}
	must(asked <= IPREV_NAMES_MAX);
}

static void
check_records(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(1024 * 1024);
	struct dns_record records[RECORDS_MAX];
	struct dns_answer answer = { .status = DNS_FOUND, .records = records };
	const struct address client = address_of_v4((const uint8_t[]){ 192, 0, 2, 1 });
	struct dns_question question;
	struct iprev_check check;
	struct iprev_fact fact = { .by_mta = NULL };

	must(arena != NULL);
	answer.count = cut_records(data, size, records);
	iprev_begin(&check, arena, &client);
	must(iprev_next(&check, &question) && question.type == DNS_PTR);
	iprev_answer(&check, &answer);
	answer_names(&check, size > 0 && data[0] == '!');
	iprev_finish(&check, &fact);
	must((fact.result == AUTH_PASS) == (fact.count > 0));
	for (size_t i = 0; i < fact.count; i++) {
		check_name(fact.names[i]);
		must(i == 0 || strcmp(fact.names[i - 1], fact.names[i]) < 0);
	}
	arena_close(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_words(data, size);
	check_records(data, size);
	return 0;
}
