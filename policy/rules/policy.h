/*
 * policy.h - a policy: settings, vendors and their sources. Immutable once built.
 *
 * policy_text builds it from text, snapshot lends it; readers share it without a lock. Times are seconds
 * unless the name says ms. Strings are never NULL; "" means absent.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/dns/dns.h"
#include "policy/rules/export_format.h"
#include "policy/rules/name_index.h"
#include "policy/rules/vendor.h"
#include "policy/util/address.h"

struct strings {
	const char *const *list;
	size_t count;
};

/* A host that hands us other people's mail: a gateway in front of us, or a forwarder. */
enum relay_kind { RELAY_GATEWAY, RELAY_FORWARDER };
struct relay {
	const char *name;
	enum relay_kind kind;
	struct prefixes networks;      /* as written; may be none if it has a vendor */
	const char *vendor_name;       /* "": none */
	const struct vendor *vendor;   /* whose selected sources are its addresses; NULL: none */
	struct strings tags;           /* only sources with one of these; none: all */
	struct name_rules received_by; /* names that it writes after "by" in Received; none: any */
	enum action on_forwarded;      /* forwarder: for mail that looks forged only because it was forwarded */
};

/* A vendor that may send in a name that is not its own: ours (delegations) or somebody else's (partners). */
struct delegation {
	const char *vendor_name;
	const struct vendor *vendor;
	struct name_rules domains; /* names and mailboxes that it may use */
	struct strings selectors;  /* of its DKIM keys for these names; none: any */
	unsigned vouch[VOUCH_MAX]; /* sets of enum proof */
	size_t vouch_count;
};

/* A softer mode of a vendor for some recipients. */
struct exception {
	const char *rcpt; /* as written */
	struct name_rule rule;
	const char *vendor_name;
	const struct vendor *vendor; /* or &policy->own */
	enum vendor_mode mode;       /* softer than the vendor's */
};

/* A file that is kept up to date for another program. */
struct export_job {
	enum export_format format;
	const char *file, *command; /* command "": none */
	const char *value;          /* see export_format_takes */
};
enum { EXPORTS_MAX = 64 };

/* A sender that others send through, from a vendor file of kind esp or gateway, enabled or not. */
struct shared_sender {
	const struct shared_sender *next;
	const char *vendor; /* the name of its file */
	enum vendor_kind kind;
	struct name_rules names;  /* its domains and envelope, and the names of its sources */
	struct prefixes networks; /* those written in its file */
};

/* Who waits, and for how long; used by greylist.h. */
enum greylist_stage { GREYLIST_AUTO, GREYLIST_RCPT, GREYLIST_MESSAGE };

/* What a stranger may have about him that makes him one to be greylisted (greylist.only). */
enum greylist_mark { MARK_NO_NAME, MARK_ADDRESS_NAME, MARK_NO_SPF };

struct greylist_settings {
	bool on;    /* false: store = "none" */
	bool learn; /* in monitor mode, from what would have been greylisted */
	enum greylist_stage stage;
	int64_t delay, retry_window, lifetime; /* seconds */
	unsigned auto_pass;                    /* passes after which a key is not greylisted again for lifetime */
	unsigned auto_pass_network;            /* tuples that make a network known; 0: none ever is */
	bool spf_pass;                         /* strangers pass whose SPF passes by a narrow record */
	uint32_t only;                         /* a bit for each enum greylist_mark; 0: all strangers are greylisted */
	const char *dnswl;                     /* a zone; strangers pass whose address it lists; "": none */
	unsigned ipv4_prefix, ipv6_prefix;
	struct prefixes exempt_networks;
	struct name_rules exempt_senders; /* "name", "=name", "local@name", "local@" (any domain: domain "") */
	struct name_rules exempt_recipients;
};

/* How the Redis of greylist.store is asked. */
struct redis_settings {
	const char *user, *password_file; /* "": the default user, no password */
	const char *prefix;               /* of every key */
	unsigned database;
	int64_t connect_ms, command_ms;
	struct {
		const char *ca, *cert, *key, *name; /* files, and the name in its certificate; ca "": no TLS */
	} tls;
};

/* The reply to Postfix for a client that is listed, but proven only at the end of the message. */
enum undecided {
	UNDECIDED_EXCLUSIVE, /* past the greylister if the source is exclusive */
	UNDECIDED_VOUCH,
	UNDECIDED_GREYLIST
};

/* What is done about strangers' DMARC, in rising order: not asked, only reported, cared for, refused. */
enum strangers_dmarc { STRANGERS_OFF, STRANGERS_REPORT, STRANGERS_QUARANTINE, STRANGERS_REJECT };

struct settings {
	const char *authserv_id; /* "": the MTA's name */
	bool monitor;            /* mode = "monitor" */
	const char *user, *state_dir;
	bool sandbox_off;   /* sandbox = "off" */
	const char *shadow; /* path of the draft that is judged beside it; "": none */
	struct {
		const char *listen, *group;
		int64_t deadline_ms; /* how long one message may wait for DNS in total */
		unsigned max_sessions;
	} milter;
	struct {
		const char *listen, *greylist_class;
		enum undecided undecided;
	} delegate;
	const char *socketmap_listen, *metrics_listen;
	struct {
		const char *listen, *group; /* "none": it is off; group "": that of user */
	} control;
	struct {
		const char *command; /* "": none */
		int64_t silence;     /* no MTA for so long after the start is a problem */
		/* when a change of a vendor's mail is told; 0: never */
		unsigned jump_percent, jump_least; /* a share that grows so much within a day, and of so many messages */
		unsigned broken_least, delayed;    /* unsigned messages in a row; deferred recipients within a day */
		int64_t broken_after;              /* and for so long */
	} alert;
	struct {
		struct strings servers; /* "127.0.0.1@53"; none: the host's resolv.conf */
		int64_t timeout_ms;     /* of one query */
		const char *trust_anchor;
	} dns;
	struct {
		const char *facility, *record;
		bool privacy; /* local parts are hidden in both */
	} log;
	struct {
		int64_t max_age; /* an older signature is weak */
	} dkim;
	const char *store; /* see store_name.h */
	struct redis_settings redis;
	struct greylist_settings greylist;
	int64_t unsure_max;
	struct {
		int64_t min, max;
		unsigned widest_ipv4, widest_ipv6; /* shortest prefix that is believed */
		unsigned share_ppm;    /* largest share of the address space that is believed, in millionths */
		unsigned fall_percent; /* largest fall of the number of addresses in one step that is believed */
		int64_t absent_after;  /* a source that is gone or published wrongly for this long lists nothing */
		int64_t silent_after;  /* a network that sent nothing for this long is drift; 0: never */
	} refresh;
	int64_t review_grace; /* how long a source still proves mail after review_by */
	const char *contact;
	struct {
		struct name_rules domains;
		struct prefixes networks;
		struct prefixes outbound;    /* single addresses that may send in our names only */
		struct prefixes may_forward; /* single addresses that may send in any name */
		struct name_rules lists;     /* mailing lists that forward our users' and vendors' mail */
		enum action on_forged;
		struct strings daemon_names;
		uint32_t accepts; /* a bit for each enum warning */
	} own;
	struct {
		bool authenticate;
		enum strangers_dmarc dmarc;
		bool hold; /* what is quarantined goes into the MTA's hold queue, and is not only tagged */
	} strangers;
	struct strings vendor_path;
};

struct policy {
	struct arena *arena; /* has everything below */
	struct settings settings;
	uint64_t fingerprint; /* of the files that it was read from; 0: not known */
	uint64_t shared;      /* the same, of what all hosts of a fleet have in common (policy_shared.h) */
	struct policy *draft; /* judged beside it, and freed with it; NULL: there is none, or it does not load */
	const struct vendor *vendors;
	size_t vendor_count;
	const struct source *sources; /* of all vendors, by number */
	size_t source_count;
	const struct delegation *delegations;
	size_t delegation_count;
	const struct delegation *partners;
	size_t partner_count;
	const struct relay *relays;
	size_t relay_count;
	const struct exception *exceptions;
	size_t exception_count;
	const struct name_index *names;       /* which rules cover a name */
	const struct vendor *const *gateways; /* vendors of kind gateway */
	size_t gateway_count;
	struct vendor own; /* our own names in the form of a vendor: name "own", no sources, vouch unused */
	const struct export_job *exports;
	size_t export_count;                 /* at most EXPORTS_MAX */
	const struct shared_sender *senders; /* of every file on vendor_path */
};

void policy_free(struct policy *); /* NULL is fine */

/* Builds the index of names and the list of gateways, after everything else was read. False without memory. */
bool policy_index(struct policy *) MUST_USE;

/* Is this mailbox in one of our own names? Is it some enabled vendor's, bounce domains included? */
bool policy_is_own(const struct policy *, const struct mailbox *);
bool policy_sends(const struct policy *, const struct mailbox *);

/* The first enabled vendor in the configuration that owns this mailbox; NULL: none does. */
const struct vendor *policy_owner(const struct policy *, const struct mailbox *);

/* The enabled vendor of this name; NULL: there is none. */
const struct vendor *policy_vendor_named(const struct policy *, const char *name);

/* Has a vendor of this name the same source? */
bool policy_has_source(const struct policy *, const struct source *);

/* The names of all shared senders, in the arena; no vendor has these, or names below, to itself. False without
 * memory. */
bool policy_shared_names(const struct policy *, struct arena *, struct strings *out) MUST_USE;

/* The standing of a domain (normal form) in the policy: LISTED, BELOW or STRANGER. */
enum standing policy_standing(const struct policy *, const char *domain);

/* The same of a domain that a walk up from `start` comes to: what a listed name leads to is listed. */
enum standing policy_walk_standing(const struct policy *, const char *start, const char *domain);

/* The standing of the key of a signature by d=: SELECTOR, BELOW or STRANGER. */
enum standing policy_signer_standing(const struct policy *, const char *d);

#endif
