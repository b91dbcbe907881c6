/* Any bytes as a Received field, and as what a client may say inside one that a host of ours wrote. */
#include <stdio.h>
#include <string.h>

#include "policy/mail/received.h"
#include "t/fuzz/fuzz.h"

/* Fields of several hosts: the client came from 203.0.113.66, whatever stands for \1 and \2, which are its words. */
static const char *const fields[] = {
	"from \1 (unknown [203.0.113.66]) by mx.example.com (Postfix) with ESMTP id 1 for <\2>; Sat",
	"from \1 (\2 [203.0.113.66]) by mx.example.com (Postfix) with ESMTP id 1; Sat",
	"from \1 (\2 [203.0.113.66] (may be forged)) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1; Sat",
	"from x.example (\1 [203.0.113.66]) by mx.example.com (Postfix) with ESMTP id 1 for <\2>; Sat",
	"from \1 (\2@x.example [203.0.113.66]) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1; Sat",
	"from \1 ([203.0.113.66]) by mx.example.com (Haraka/3.0.3) with SMTP id 1\n\tenvelope-from <\2>; Sat",
	"from [203.0.113.66] (helo=\1) by mx.example.com with esmtp (Exim 4.96) (envelope-from <\2>) id 1; Sat",
	"from [203.0.113.66] (helo=\1 ident=\2) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	"from \1 ([203.0.113.66] helo=\2) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	"from x.example ([203.0.113.66]:25 helo=\1 ident=\2) by mx.example.com with esmtp (Exim 4.96) id 1; Sat",
	"from \1 (HELO \2) (203.0.113.66)\n  by mx.example.com with SMTP; Sat",
	"from \1 (203.0.113.66) by mx.example.com (10.0.0.1) with Microsoft SMTP Server id 1 for \2; Sat",
};

static void
check_name(const char *name)
{
	char normal[DOMAIN_TEXT];
	struct address address;

	if (name[0] == '\0')
		return;
	must(domain_read(name, strlen(name), normal, NULL) && strcmp(name, normal) == 0);
	must(!address_read(name, &address));
}

static void
check_field(const char *value, size_t length, struct received *out)
{
	received_read(value, length, out);
	must(out->told == (out->client.family != ADDRESS_NONE));
	must(!out->told || length <= RECEIVED_MAX);
	check_name(out->helo);
	check_name(out->by);
}

/* Writes the field with its two words put in; its length. */
static size_t
fill(char *out, const char *field, const char *word[2], const size_t length[2])
{
	size_t at = 0;

	for (; *field != '\0'; field++) {
		if (*field == '\1' || *field == '\2') {
			memcpy(out + at, word[*field - 1], length[*field - 1]);
			at += length[*field - 1];
		} else {
			out[at++] = *field;
		}
	}
	return at;
}

/* Whatever a client says, we do not read another address than its own. */
static void
check_words(const char *data, size_t size)
{
	char value[RECEIVED_MAX + 512], address[ADDRESS_TEXT];
	const char *end = size == 0 ? NULL : memchr(data, '|', size), *word[2] = { data, "y.example" };
	size_t length[2] = { size, strlen(word[1]) };
	struct received received;

	if (end != NULL) {
		length[0] = (size_t)(end - data);
		word[1] = end + 1;
		length[1] = size - length[0] - 1;
	}
	for (size_t i = 0; size <= RECEIVED_MAX && i < sizeof fields / sizeof *fields; i++) {
		check_field(value, fill(value, fields[i], word, length), &received);
		must(!received.told || strcmp(address_write(&received.client, address), "203.0.113.66") == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct received received;

	check_field((const char *)data, size, &received);
	check_words((const char *)data, size);
	return 0;
}
