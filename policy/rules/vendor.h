/*
 * vendor.h - a vendor: the names it owns, where its mail comes from, what proves it.
 *
 * Plain immutable data, built by policy_text in the policy's arena. Strings are never NULL unless a comment
 * says so. Never asks DNS: sources.h unfolds what is described here.
 */
#ifndef VENDOR_H
#define VENDOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/mail/mailbox.h"
#include "policy/util/address.h"
#include "policy/util/text.h"

/* "system-monitor.com" (and names below), "=system-monitor.com", "noreply@system-monitor.com"; for recipients also
 * "abuse@". */
struct name_rule {
	const char *domain; /* normal form; "": local at any domain, or at none */
	bool exact;         /* names below do not count; always set with local */
	const char *local;  /* NULL: every mailbox */
	bool closed;        /* exact because it is on the public suffix list; written without '=' */
};
struct name_rules {
	const struct name_rule *list;
	size_t count;
};

/* Does this rule, whatever mailbox it names, cover this domain (normal form)? */
bool name_rule_covers(const struct name_rule *, const char *domain);
/* Does one of the rules hold this mailbox? Local parts are compared with ASCII case folded. */
bool name_rules_hold(const struct name_rules *, const struct mailbox *);
/* Does a rule without a mailbox hold this domain (normal form)? */
bool name_rules_hold_domain(const struct name_rules *, const char *domain);

/* From mild to strict: the strictest wins (greenlane-vendor(5)). */
enum action { ACTION_PASS, ACTION_TAG, ACTION_QUARANTINE, ACTION_GREYLIST, ACTION_DEFER, ACTION_REJECT };
enum { ACTIONS = ACTION_REJECT + 1 };
const char *action_word(enum action);

enum vendor_kind { VENDOR_APPLICATION, VENDOR_ESP, VENDOR_GATEWAY };
enum vendor_mode { MODE_ENFORCE, MODE_VOUCH, MODE_MONITOR };
const char *vendor_mode_word(enum vendor_mode);

/* Kinds of evidence; one alternative of `vouch` is a set of them. */
enum proof {
	PROOF_LISTED = 1 << 0,
	PROOF_SPF = 1 << 1,
	PROOF_DKIM = 1 << 2,
	PROOF_SPF_FROM = 1 << 3,
	PROOF_DMARC = 1 << 4
};
enum { VOUCH_MAX = 8, PROOFS = 5 };
extern const char *const proof_words[PROOFS]; /* in the order of the bits */

/* "listed+spf or dkim" */
void vouch_write(const unsigned *vouch, size_t count, struct text *out);

enum source_kind { SOURCE_CIDR, SOURCE_FILE, SOURCE_A, SOURCE_MX, SOURCE_SPF, SOURCE_HOST };
enum { SOURCE_KINDS = SOURCE_HOST + 1 };
enum source_use { USE_MX, USE_LOGIN, USE_API };

struct source {
	uint32_t number; /* index in the policy's list of all sources */
	const struct vendor *vendor;
	enum source_kind kind;
	enum source_use use;
	bool exclusive;      /* nobody else sends mail from there */
	bool exclusive_said; /* that was written, true or false: somebody has looked */
	bool selected;       /* by the vendor's tags */
	const char *name;    /* a, mx, spf, host: the DNS name; file: its path; cidr: "" */
	const char *text;    /* "a:uk.mailers.system-monitor.com", "cidr:192.0.2.0/24,...", "host:.vendor.example" */
	const struct prefix *prefixes; /* cidr and file */
	size_t prefix_count;
	const char *const *tags;
	size_t tag_count;
	const char *as_of, *review_by; /* "YYYY-MM-DD" or "" */
	int64_t max_stale;             /* seconds */
	unsigned line;                 /* in the vendor's file */
};

struct evidence {
	const char *what, *where, *seen;
};

#define VENDOR_OWN UINT32_MAX /* the number of policy->own, which is not in the list of vendors */

enum { VENDOR_NAME_MAX = 64, VENDOR_NAME_TEXT = VENDOR_NAME_MAX + 1 }; /* letters, digits, '-' and '_' */

struct vendor {
	uint32_t number; /* in the order of the configuration */
	const char *name, *title;
	enum vendor_kind kind;
	enum vendor_mode mode;
	struct name_rules domains;  /* names it owns: an author or sender there claims the vendor */
	struct name_rules envelope; /* further bounce domains */
	struct name_rules dkim;     /* d= that prove it */
	unsigned vouch[VOUCH_MAX];  /* sets of enum proof */
	size_t vouch_count;
	enum action on_forged, on_unproven, on_unsure;
	const struct source *sources; /* this vendor's part of the policy's list */
	size_t source_count;
	const struct evidence *evidence;
	size_t evidence_count;
	const char *const *unknown; /* facts that its file lacks, for people */
	size_t unknown_count;
	const char *file;         /* where it was read from */
	const char *sources_file; /* the file with its sources: that one, or greenlane.conf */
	unsigned line;            /* of its entry in greenlane.conf */
	uint32_t accepts;         /* which warnings are settled: a bit for each enum warning */
};

/* Is the checked SPF identity under the vendor's domains or envelope? */
bool vendor_owns_sender(const struct vendor *, const struct mailbox *);

/* Does the source count for `listed`? */
bool source_counts(const struct source *);

bool source_has_tag(const struct source *, const char *tag);
/* Do these tags choose it? A source without tags is always chosen; no tags choose every source. */
bool source_is_chosen(const struct source *, const char *const *tags, size_t count);

/* Is what it lists in DNS (a, mx, spf) and not in a file? A host source lists nothing: each client is looked up. */
bool source_asks_dns(const struct source *);
bool source_names_hosts(const struct source *);

/* The end of the day of review_by, in UTC; INT64_MAX without one. */
int64_t source_review_ends(const struct source *);

/* Was it not reviewed within the grace (seconds)? Then what it lists no longer proves anything. */
bool source_is_lapsed(const struct source *, int64_t now, int64_t grace);

#endif
