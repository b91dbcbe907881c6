/*
 * check_dkim_parts.h - the internals of a DKIM check, shared by the files of check_dkim.
 *
 * check_dkim.c passes a message through libopendkim, check_dkim_judge.c decides what each signature proves.
 */
#ifndef CHECK_DKIM_PARTS_H
#define CHECK_DKIM_PARTS_H

#include <opendkim/dkim.h>

#include "milter/checks/check_dkim.h"
#include "policy/mail/dkim_text.h"

struct dkim_verifier {
	DKIM_LIB *lib;
	struct resolver *resolver;
	const struct suffix_list *suffixes;
};

struct signature {
	struct dkim_text text;
	enum standing standing; /* of its key */
	bool chosen;            /* its key is looked up */
	bool key_temporary;     /* DNS could not tell whether there is a key */
	bool key_unfit;         /* there is a record, but none fit for libopendkim */
	bool key_secure;
	DKIM_SIGINFO *sig; /* NULL: libopendkim did not take it */
};

struct field {
	struct field *next;
	struct signature *signature; /* NULL: any other field */
	struct span name;            /* trimmed */
	struct span value;
	size_t length;
	char bytes[]; /* "Name:value", lines ending in CRLF */
};

struct dkim_check {
	struct dkim_verifier *verifier;
	struct arena *arena; /* of the message: the facts point into it */
	struct arena *own;
	const char *id;
	dkim_standing_fn *standing;
	const void *context;

	struct field *fields, **last;
	size_t field_count, header_bytes;
	struct signature *list[DKIM_MAX];
	size_t count;
	bool cut;    /* the header is too long to be judged */
	bool failed; /* a failure of ours */
	bool header_ended;
	bool no_author; /* no From that libopendkim can read */

	DKIM *dkim;              /* NULL until a signature is chosen */
	bool wanted;             /* the body is needed */
	unsigned char body_last; /* its last byte so far; '\0' before the first */
	bool measured;           /* some signature has l= */
	struct dkim_length simple, relaxed;
	struct budget *budget;
	int64_t now, max_age;
};

/* Fills result, counts, weak, why and whatever else doc/DESIGN.md, DKIM and DMARC, considers. */
void dkim_judge(const struct dkim_check *, const struct signature *, struct dkim_fact *);

#endif
