#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/checks/check_dkim_parts.h"
#include "milter/checks/key_cache.h"
#include "milter/system/crypto_memory.h"
#include "policy/util/domain.h"

enum {
	FIELDS_MAX = 2000,
	HEADER_MAX = 256 * 1024,   /* bytes of all fields; beyond, no signature can be judged */
	OWN_MAX = 4 * 1024 * 1024, /* memory of one check: fields, tags, at most five key answers */
	KEY_BITS_MIN = 1024        /* RFC 8301, 3.2 */
};

/*
 * libopendkim writes one pointer past its list when h= names more fields after all fed fields are used
 * up (dkim_canon_selecthdrs). So we feed one extra field that no h= may name.
 */
static const char pad[] = "Greenlane-Pad";

static DKIM_CBSTAT key_give(DKIM *, DKIM_SIGINFO *, u_char *, size_t);

/*
 * libopendkim looks at no signature where its reader finds no address in From: a display name that was cut off behind a
 * quotation mark or bracket would be a forgery. No result depends on that address, and From has a reader of ours; so
 * this takes the place of the library's, for the whole process.
 */
int
dkim_mail_parse(u_char *line, u_char **user, u_char **domain)
{
	static u_char somebody[] = "somebody";

	(void)line;
	*user = *domain = somebody;
	return 0;
}

struct dkim_verifier *
dkim_verifier_open(struct resolver *resolver, const struct suffix_list *suffixes, struct fault *why)
{
	struct dkim_verifier *verifier = calloc(1, sizeof *verifier);
	u_int flags = DKIM_LIBFLAGS_DELAYSIGPROC, bits = KEY_BITS_MIN; /* keys at the end of the message */

	if (verifier != NULL)
		verifier->lib = dkim_init(NULL, NULL);
	if (verifier == NULL || verifier->lib == NULL) {
		free(verifier);
		fault_set(why, "cannot open libopendkim: out of memory");
		return NULL;
	}
	verifier->resolver = resolver;
	verifier->suffixes = suffixes;
	if (dkim_options(verifier->lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) == DKIM_STAT_OK &&
	    dkim_options(verifier->lib, DKIM_OP_SETOPT, DKIM_OPTS_MINKEYBITS, &bits, sizeof bits) == DKIM_STAT_OK &&
	    dkim_set_key_lookup(verifier->lib, key_give) == DKIM_STAT_OK)
		return verifier;
	dkim_verifier_close(verifier);
	fault_set(why, "libopendkim refuses its options");
	return NULL;
}

void
dkim_verifier_close(struct dkim_verifier *verifier)
{
	if (verifier == NULL)
		return;
	dkim_close(verifier->lib);
	key_cache_clear();
	free(verifier);
}

bool
dkim_verifier_has_ed25519(const struct dkim_verifier *verifier)
{
	return dkim_libfeature(verifier->lib, DKIM_FEATURE_ED25519);
}

struct dkim_check *
dkim_check_open(struct dkim_verifier *verifier, struct arena *arena, const char *id, dkim_standing_fn *standing,
    const void *context)
{
	struct dkim_check *check = calloc(1, sizeof *check);

	if (check == NULL || (check->own = arena_open(OWN_MAX)) == NULL ||
	    (check->id = arena_string(check->own, id)) == NULL) {
		dkim_check_close(check);
		return NULL;
	}
	check->verifier = verifier;
	check->arena = arena;
	check->standing = standing;
	check->context = context;
	check->last = &check->fields;
	check->relaxed.relaxed = true;
	return check;
}

void
dkim_check_close(struct dkim_check *check)
{
	if (check == NULL)
		return;
	if (check->dkim != NULL)
		dkim_free(check->dkim);
	arena_close(check->own);
	free(check);
}

/* Counts LFs without a CR before them; a milter gets folds as bare LF. */
static size_t
bare_ends(const char *value)
{
	size_t count = 0;

	for (const char *at = strchr(value, '\n'); at != NULL; at = strchr(at + 1, '\n'))
		count += at == value || at[-1] != '\r';
	return count;
}

/* libopendkim's own repair (DKIM_LIBFLAGS_FIXCRLF) truncates c=simple fields that it lengthens. */
static void
field_fill(struct field *field, const char *name, const char *value)
{
	size_t n = strlen(name);
	char *out = field->bytes;

	memcpy(out, name, n);
	field->name = span_trim((struct span){ out, n });
	out += n;
	*out++ = ':';
	for (const char *end; (end = strchr(value, '\n')) != NULL; value = end + 1) {
		size_t line = (size_t)(end - value);

		memcpy(out, value, line);
		out += line;
		if (out[-1] != '\r')
			*out++ = '\r';
		*out++ = '\n';
	}
	memcpy(out, value, strlen(value));
	out += strlen(value);
	while (out[-1] == '\n' || out[-1] == '\r')
		out--; /* stops at the colon at the latest */
	*out = '\0';
	field->length = (size_t)(out - field->bytes);
	field->value = (struct span){ field->bytes + n + 1, field->length - n - 1 };
}

static bool
signature_add(struct dkim_check *check, struct field *field, const char *value)
{
	struct signature *signature;

	if (check->count == DKIM_MAX)
		return true; /* the rest is ignored and not fed to libopendkim */
	signature = arena_take(check->own, sizeof *signature);
	if (signature == NULL || !dkim_text_read(check->own, value, strlen(value), &signature->text))
		return false;
	if (dkim_text_signs(&signature->text, span_of(pad)) > 0)
		signature->text.sound = false;
	field->signature = check->list[check->count++] = signature;
	return true;
}

bool
dkim_check_header(struct dkim_check *check, const char *name, const char *value)
{
	size_t length = strlen(name) + 1 + strlen(value) + bare_ends(value);
	struct field *field;

	check->header_bytes += length;
	if (check->cut || check->header_bytes > HEADER_MAX || check->field_count == FIELDS_MAX) {
		check->cut = true;
		return true;
	}
	field = arena_take(check->own, sizeof *field + length + 1);
	if (field == NULL) {
		check->failed = true;
		return false;
	}
	field_fill(field, name, value);
	*check->last = field;
	check->last = &field->next;
	check->field_count++;
	if (span_is_nocase(field->name, DKIM_SIGNHEADER) && !signature_add(check, field, value))
		check->failed = true;
	return !check->failed;
}

static bool
key_question(const struct signature *signature, struct dns_question *out)
{
	char name[2 * DOMAIN_TEXT + sizeof "._domainkey."];

	snprintf(name, sizeof name, "%s._domainkey.%s", signature->text.s, signature->text.d);
	if (!dns_question_make(out, name, DNS_TXT))
		return false;
	out->standing = signature->standing;
	return true;
}

/* The one record of several that is marked as a key; RFC 6376, 3.6.2.2 leaves several undefined. */
static const struct dns_record *
key_record(const struct dns_answer *answer)
{
	static const char mark[] = "v=DKIM1";
	const struct dns_record *found = NULL;

	if (answer->count == 1)
		return &answer->records[0];
	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (record->length < sizeof mark - 1 || memcmp(record->bytes, mark, sizeof mark - 1) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = record;
	}
	return found;
}

/* Notes it for every signature with this key: libopendkim asks once and shares the key. */
static void
key_note(struct dkim_check *check, const struct signature *asked, const struct dns_answer *answer)
{
	for (size_t i = 0; i < check->count; i++) {
		struct signature *signature = check->list[i];

		if (strcmp(signature->text.d, asked->text.d) != 0 || strcasecmp(signature->text.s, asked->text.s) != 0)
			continue;
		signature->key_temporary = answer->status == DNS_TEMPORARY;
		signature->key_unfit = answer->status == DNS_FOUND;
		signature->key_secure = answer->secure;
	}
}

/*
 * Passes the key's text to libopendkim, so that it never parses a DNS packet. The name asked for comes from
 * our own reading of d=, because a key in the zone of d= is what makes d= the signer.
 */
static DKIM_CBSTAT
key_give(DKIM *dkim, DKIM_SIGINFO *sig, u_char *out, size_t size)
{
	struct dkim_check *check = dkim_get_user_context(dkim);
	struct signature *signature = NULL;
	const struct dns_record *record;
	struct dns_question question;
	struct dns_answer answer = { .status = DNS_NXDOMAIN };

	for (size_t i = 0; i < check->count; i++)
		if (check->list[i]->sig == sig)
			signature = check->list[i];
	if (signature == NULL || !key_question(signature, &question))
		return DKIM_CBSTAT_NOTFOUND;
	resolver_ask(check->verifier->resolver, &question, check->budget, check->own, &answer);
	key_note(check, signature, &answer);
	record = answer.status == DNS_FOUND ? key_record(&answer) : NULL;
	if (record == NULL || record->length >= size || memchr(record->bytes, '\0', record->length) != NULL)
		return DKIM_CBSTAT_NOTFOUND; /* never TRYAGAIN: that ends the whole message */
	if (record->length > 0)
		memcpy(out, record->bytes, record->length);
	out[record->length] = '\0';
	return DKIM_CBSTAT_CONTINUE;
}

/* Chooses signatures, up to DKIM_LOOKUPS_MAX in all, whose d= is (or is not) to be looked up first. */
static size_t
choose(struct dkim_check *check, bool first, size_t chosen)
{
	for (size_t i = 0; i < check->count && chosen < DKIM_LOOKUPS_MAX; i++) {
		struct signature *signature = check->list[i];

		if (!signature->text.sound || suffix_is_registry(check->verifier->suffixes, signature->text.d))
			continue;
		if (check->standing != NULL)
			signature->standing = check->standing(check->context, signature->text.d);
		if ((signature->standing != STANDING_STRANGER) != first)
			continue;
		signature->chosen = true;
		check->measured = check->measured || signature->text.has_l;
		chosen++;
	}
	return chosen;
}

/* Feeds every field except the signatures not chosen: each of those would cost a pass over the body. */
static size_t
feed(struct dkim_check *check, struct signature *fed[DKIM_LOOKUPS_MAX])
{
	char bytes[sizeof pad + 1];
	size_t count = 0;

	for (struct field *field = check->fields; field != NULL; field = field->next) {
		bool is_signature = span_is_nocase(field->name, DKIM_SIGNHEADER);
		DKIM_STAT status;

		if (is_signature && (field->signature == NULL || !field->signature->chosen))
			continue;
		status = dkim_header(check->dkim, (u_char *)field->bytes, field->length);
		check->failed = check->failed || status == DKIM_STAT_NORESOURCE;
		if (is_signature && status == DKIM_STAT_OK)
			fed[count++] = field->signature;
	}
	snprintf(bytes, sizeof bytes, "%s:", pad);
	if (dkim_header(check->dkim, (u_char *)bytes, strlen(bytes)) != DKIM_STAT_OK)
		check->failed = true;
	return count;
}

static void
start(struct dkim_check *check)
{
	struct signature *fed[DKIM_LOOKUPS_MAX];
	DKIM_STAT status;
	DKIM_SIGINFO **sigs = NULL;
	int sig_count = 0;
	size_t count;

	check->dkim = dkim_verify(check->verifier->lib, (const unsigned char *)check->id, NULL, &status);
	if (check->dkim == NULL || dkim_set_user_context(check->dkim, check) != DKIM_STAT_OK) {
		check->failed = true;
		return;
	}
	count = feed(check, fed);
	if (check->failed)
		return;
	status = dkim_eoh(check->dkim);
	check->no_author = status == DKIM_STAT_SYNTAX;
	if (status == DKIM_STAT_SYNTAX || status == DKIM_STAT_NOSIG)
		return;
	if (status != DKIM_STAT_OK || dkim_getsiglist(check->dkim, &sigs, &sig_count) != DKIM_STAT_OK ||
	    (size_t)sig_count != count) {
		check->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		fed[i]->sig = sigs[i];
}

static bool
is_open(const struct signature *signature)
{
	return signature->sig != NULL && dkim_sig_geterror(signature->sig) == DKIM_SIGERROR_UNKNOWN;
}

bool
dkim_check_headers_end(struct dkim_check *check)
{
	struct dns_question question;

	check->header_ended = true;
	if (check->cut || check->failed)
		return false;
	if (choose(check, false, choose(check, true, 0)) > 0)
		start(check);
	for (size_t i = 0; i < check->count && !check->failed; i++) {
		if (!is_open(check->list[i]) || !key_question(check->list[i], &question))
			continue;
		resolver_prefetch(check->verifier->resolver, &question);
		check->wanted = true;
	}
	return check->wanted;
}

bool
dkim_check_signs(const struct dkim_check *check, const char *d)
{
	for (size_t i = 0; i < check->count; i++)
		if (is_open(check->list[i]) && strcmp(check->list[i]->text.d, d) == 0)
			return true;
	return false;
}

static void
body_feed(struct dkim_check *check, const unsigned char *bytes, size_t length)
{
	if (length == 0 || check->failed)
		return;
	if (check->measured) {
		dkim_length_add(&check->simple, bytes, length);
		dkim_length_add(&check->relaxed, bytes, length);
	}
	check->body_last = bytes[length - 1];
	if (dkim_body(check->dkim, (u_char *)bytes, length) != DKIM_STAT_OK)
		check->failed = true;
}

/* The first LF without a CR before it; NULL when every line ends in CRLF. */
static const unsigned char *
bare_end(const unsigned char *bytes, size_t length, unsigned char before)
{
	const unsigned char *at = bytes, *end = bytes + length;

	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		if ((at == bytes ? before : at[-1]) != '\r')
			return at;
		at++;
	}
	return NULL;
}

/* An MTA sends CRLF; a file given to the tool may have bare LFs, which become CRLF. */
bool
dkim_check_body(struct dkim_check *check, const unsigned char *bytes, size_t length)
{
	const unsigned char *bare;

	if (!check->wanted)
		return true;
	while ((bare = bare_end(bytes, length, check->body_last)) != NULL) {
		body_feed(check, bytes, (size_t)(bare - bytes));
		body_feed(check, (const unsigned char *)"\r\n", 2);
		length -= (size_t)(bare - bytes) + 1;
		bytes = bare + 1;
	}
	body_feed(check, bytes, length);
	return !check->failed;
}

/* A body that does not end with a line end gets one (RFC 6376, 3.4.3). */
static void
body_end(struct dkim_check *check)
{
	if (check->body_last == '\r')
		body_feed(check, (const unsigned char *)"\n", 1);
	else if (check->body_last != '\0' && check->body_last != '\n')
		body_feed(check, (const unsigned char *)"\r\n", 2);
}

/* Copies out of our own arena, which is freed before the facts. */
static bool
fact_fill(const struct dkim_check *check, const struct signature *signature, struct dkim_fact *fact)
{
	const struct dkim_text *text = &signature->text;

	fact->d = arena_string(check->arena, text->d);
	fact->s = arena_string(check->arena, text->s);
	fact->a = arena_string(check->arena, text->a);
	fact->b = arena_string(check->arena, text->b);
	dkim_judge(check, signature, fact);
	return fact->d != NULL && fact->s != NULL && fact->a != NULL && fact->b != NULL;
}

static void
verify(struct dkim_check *check)
{
	unsigned long failures;

	body_end(check);
	if (check->failed)
		return;
	failures = crypto_memory_failures();
	dkim_eom(check->dkim, NULL); /* its result is about one signature; we ask about each below */
	if (crypto_memory_failures() != failures)
		check->failed = true; /* a signature found bad may be good */
	for (size_t i = 0; i < check->count; i++)
		if (is_open(check->list[i]))
			check->failed = true; /* libopendkim stopped half-way: out of memory */
}

bool
dkim_check_end(struct dkim_check *check, struct budget *budget, int64_t max_age, struct facts *facts)
{
	struct dkim_fact *list = NULL;

	check->budget = budget;
	check->now = facts->now;
	check->max_age = max_age;
	if (!check->header_ended)
		dkim_check_headers_end(check);
	if (check->wanted && !check->failed)
		verify(check);
	if (check->count > 0 && (list = arena_take(check->arena, check->count * sizeof *list)) == NULL)
		return false;
	for (size_t i = 0; i < check->count; i++)
		if (!fact_fill(check, check->list[i], &list[i]))
			return false;
	facts->dkim = list;
	facts->dkim_count = check->count;
	facts->dkim_done = true;
	return !check->failed && !arena_failed(check->own);
}
