/*
 * suggest_senders.h - who waited again and again although he proves himself, and what was seen of his mail.
 *
 * Proven is a message by a signature that counts, of the author's own domain, or by SPF that passes for it: nobody else can
 * bring that about. Addresses and mailboxes are only counted, never kept: what was merely seen can be anybody's wish.
 */
#ifndef SUGGEST_SENDERS_H
#define SUGGEST_SENDERS_H

#include "policy/review/record_read.h"
#include "policy/review/kept_names.h"
#include "policy/rules/policy.h"
#include "policy/util/suffix.h"

enum {
	SENDERS_MAX = 4096,
	SENDER_NAMES = 4,
	SENDER_SELECTORS = 4,
	SENDER_DISTINCT = 16,
	SENDER_RESULTS = AUTH_PERMERROR + 1
};

struct sender_name {
	char name[DOMAIN_TEXT];
	uint64_t count;
};

/* Different ones, up to SENDER_DISTINCT. */
struct sender_distinct {
	uint64_t hashes[SENDER_DISTINCT];
	size_t count;
};

struct sender {
	struct kept_name head; /* its organisation, or a customers' name that stands for itself; messages that waited and were proven */
	uint64_t by_dkim, by_spf;
	uint64_t spf[SENDER_RESULTS];             /* what SPF said, by enum auth_result, of envelopes in its own name */
	int64_t waited, longest;                  /* milliseconds */
	struct sender_name authors[SENDER_NAMES]; /* domains of its authors */
	uint64_t more_authors;                    /* of yet others */
	struct sender_name signers[SENDER_NAMES]; /* d= of signatures that prove it */
	struct sender_name envelopes[SENDER_NAMES]; /* organisations of others' envelopes whose SPF passed */
	char selectors[SENDER_SELECTORS][64];       /* s= of those signatures, as domain_read has it */
	size_t selector_count;
	struct sender_distinct clients, mailboxes;
	uint64_t own, claimed;         /* messages with an author of ours; of an enabled vendor */
	char vendor[VENDOR_NAME_TEXT]; /* the last such vendor */
	char id[64];                   /* of the last message */
};

struct senders;

/* Both are borrowed. Given; NULL without memory. */
struct senders *senders_open(const struct policy *, const struct suffix_list *, const uint64_t seed[2]) MUST_USE;
void senders_close(struct senders *); /* NULL is fine */

/* A message that waited so long (milliseconds) before its last reply. False: it is not proven, and left out. */
bool senders_note(struct senders *, const struct recorded *, int64_t waited);

/* Entries are struct sender, most messages first. Borrowed. */
void **senders_sort(struct senders *, size_t *count);
uint64_t senders_dropped(const struct senders *);

/* The domain to be proposed: that of all its authors if they have one, otherwise its organisation. */
const char *sender_domain(const struct sender *);

#endif
