/*
 * status.h - what the daemon knows of itself, what of it is ill, and both as one JSON object.
 *
 * The shell fills in what it knows (milter/peers/daemon_status.h); what is not known is left out of the JSON. The names
 * are those of greenlaned(8): other programs rely on them. Never looks anything up itself.
 */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/review/alert_rates.h"
#include "policy/review/cannot_counts.h"
#include "policy/review/fleet.h"
#include "policy/rules/greylist.h"
#include "policy/rules/vendor.h"
#include "policy/util/arena.h"
#include "policy/util/text.h"

enum {
	CONTROL_VERSION = 1, /* of what is said over `control` */
	STATUS_ALERTS_MAX = 200,
	STATUS_JSON_MAX = 8 * 1024 * 1024
};

/* A socket whose group cannot enter a directory on the way, and what helps: also said by check and at the start. */
#define STATUS_CLOSED "%s: the group of %s cannot enter the directory %s"
#define STATUS_CLOSED_REMEDY "chmod o+x %s, or move the socket"

/* How greenlaned is restarted, as every remedy writes it. */
#define STATUS_RESTART "restart greenlaned (systemctl restart greenlaned)"

struct status_vendor {
	const char *name, *mode;
	bool lock_open;                  /* a forged message would pass: its mode or the daemon's softens it */
	uint64_t forged_passed;          /* since the start, because of that */
	int64_t last;                    /* the last mail that was proven to be its; 0: none */
	int64_t last_by[PROOFS];         /* the last of those with this evidence, in the order of enum proof */
	bool asked;                      /* a source of its is asked for each client */
	size_t sources, known, networks; /* sources that count */
	int64_t believed;                /* the oldest answer of DNS that they stand on; 0: they stand on none */
};

struct status_source {
	const char *text, *vendor;
	size_t networks;
	const char *missing;              /* why its networks are not known; "" */
	const char *failing;              /* why its last three refreshes failed, or all of them; "" */
	const char *wrong;                /* what is wrong with what is published; "" */
	int64_t wrong_since, wrong_until; /* until then the last good copy serves */
	const char *drift;                /* what came and went since somebody accepted it; "" or NULL: nothing */
	uint64_t fingerprint;             /* of its networks */
	int64_t believed;                 /* when DNS last answered for it; 0: nobody is asked */
};

struct status_listener {
	const char *name, *address;
	bool present;       /* its socket is still the one that we opened */
	bool unopened;      /* it could not be opened at the start; then it is not present */
	bool replaced;      /* something else is at its path */
	bool kept;          /* it is put back by itself as soon as nothing is there */
	const char *closed; /* the first folder on the way that its users cannot enter; "": none is */
	const char *shut;   /* why its group may not use the socket itself any more; NULL or "": it may */
	const char *opens;  /* the command that lets it use it again */
};

struct status_hidden {
	const char *peer, *relay; /* relay "": none */
	uint32_t count;
	int64_t last;
	bool own; /* it is in own.networks, and passes on what others send */
};

struct status_export {
	const char *format, *file;
	bool fresh;
	const char *command;   /* whose last run failed: its reader may not know the file; "" */
	const char *untold;    /* why it failed; "" */
	const char *trouble;   /* why that cannot be told; "" */
	const char *unwritten; /* why it is not written; "": it may be written soon */
	bool is_new;           /* the command, since the start: that is why it failed */
};

struct status_strings {
	const char *const *list;
	size_t count;
};

/* How the mail that claims a vendor has changed. */
struct status_rates {
	const char *vendor;
	struct rate_findings found;
};

struct status_alert {
	const char *slug;
	int64_t since; /* 0: not known */
	const char *text, *remedy;
	const char *subject; /* which of several vendors, sources, listeners ...; "" */
	bool notice;         /* somebody else's doing: worth telling, but greenlane is not ill */
};

/* What is judged together, because it is looked at together; bits. */
enum {
	STATUS_DAEMON = 1,
	STATUS_CONFIG = 2 /* the files on disk */,
	STATUS_SOURCES = 4 /* sources, vendors, exports */
};
enum { STATUS_ALL = STATUS_DAEMON | STATUS_CONFIG | STATUS_SOURCES };

/* Lists and strings are kept by whoever fills them in; times are seconds since 1970, 0: never. */
struct status {
	const char *version, *config;
	int64_t pid, since, now;
	bool monitor;
	const char *policy;           /* fingerprint; "": not known */
	uint64_t sources_fingerprint; /* of what the sources list; 0: not known */
	const struct status_vendor *vendors;
	size_t vendor_count;
	struct {
		int64_t at;     /* of the last reload, or the start */
		bool ok, again; /* again: it was a reload */
		struct status_strings faults;
	} reload;
	bool config_newer;
	struct {
		const char *trouble; /* why the last run of alert.command failed; "" */
		bool is_new;         /* since the start: that is why */
		int64_t since;
	} alert_command;
	const struct status_listener *listeners;
	size_t listener_count;
	struct {
		int64_t last, silence; /* seconds of silence since the start that are ill */
		int64_t quiet;         /* for how many none has connected, by a clock that nobody sets */
		unsigned sessions;
		const char *libmilter; /* how it is linked: "archive" or "shared"; NULL: not known */
		uint64_t refused;      /* connections, for unsound packets */
	} mta;
	uint64_t verdicts[ACTIONS];
	uint64_t passed_by[PASSED_BYS]; /* strangers that passed at once, by the setting of the greylist */
	struct {
		const char *state;      /* a word: "works", "off", or what is wrong */
		bool works;             /* or is off on purpose */
		const char *name, *why; /* why "": not known */
		int64_t since;
		uint64_t passed;      /* messages that were not greylisted because of it */
		int64_t silent_since; /* none of its Sentinels answers since then; 0: one does, or there are none */
		const char *silent;   /* what is wrong with the last of them */
	} store;
	struct {
		struct status_strings servers; /* in use; none: not known */
		const char *file;              /* that names them; NULL: the configuration */
		int64_t failing_since;         /* no server answers since then; 0: they do */
	} dns;
	const struct status_source *sources;
	size_t source_count;
	struct {
		uint64_t dropped;
		int64_t dropped_at, record_failed_since;
		uint64_t held;                       /* lines that the log does not take */
		int64_t stuck_since;                 /* since then; 0: it takes them */
		const char *log_trouble;             /* what does not */
		const char *record, *record_trouble; /* record "": there is none */
		int64_t privacy_failed_since;
		const char *privacy_trouble; /* of the key of log.privacy */
	} journal;
	const char *state_dir;
	const char *copies_trouble; /* why what sources list cannot be kept; NULL or "": it can */
	bool disk_full;
	uint64_t files_most; /* descriptors that it may have, of which none is free; 0: some are */
	struct {
		const char *state; /* what is in force, in words; NULL: not known */
		int abi;           /* of Landlock; 0: nothing is */
		struct status_strings reads, writes;
		const char *lost; /* a directory that was replaced since the start, so that it is outside; "" or NULL: none was */
	} sandbox;
	struct {
		const char *path; /* of the draft; "": there is none */
		bool loads;       /* and is judged beside the configuration */
		int64_t since;    /* the first verdict that was counted; 0: none was */
		uint64_t judged, changed;
		struct cannot_counts cannot;
	} shadow;
	const struct status_export *exports;
	size_t export_count;
	const struct status_hidden *hidden;
	size_t hidden_count;
	unsigned loopback_names; /* that came lately; 0: too few to matter */
	const struct status_rates *rates;
	size_t rate_count;
	const struct fleet_host *hosts;                                /* that share the store; the first one is ours */
	size_t host_count;                                             /* 0: it is not shared, or was not asked yet */
	struct status_strings delegations, partners, relays, outbound; /* as told to a person */
	/* from here on status_judge's */
	struct status_alert *alerts;
	size_t alert_count;
};

/* Every slug that status_judge may give; NULL at the end. */
enum { STATUS_SLUGS = 29 };
enum { STATUS_STUCK_SECONDS = 3 };   /* a log that takes no line for so long is stuck */
enum { STATUS_SILENT_SECONDS = 10 }; /* so long no Sentinel may answer: one may be started anew */
/* So many times alert.silence an MTA that came may stay away: a day, by default; and so many seconds at least. */
enum { STATUS_SILENCES = 12, STATUS_SILENCE_LEAST = 3600 };
extern const char *const status_slugs[STATUS_SLUGS + 1];

/* The last reload, if there was one since the start: what happened before it was seen by somebody. 0: there was none. */
int64_t status_seen(const struct status *);

/* Has somebody changed the mode or the group of its socket, so that the group it was opened for cannot use it? */
bool status_is_shut(const struct status_listener *);

/* Fills in the alerts of these parts, from the arena. False without memory. */
bool status_judge(struct status *, unsigned parts, struct arena *);

/* One JSON object, without a newline; `ill` and `alerts` stand at its end. */
void status_write(const struct status *, struct text *out);

/* The same object with further alerts, which somebody else has found. */
void status_write_more(struct span json, const struct status_alert *, size_t count, struct text *out);

#endif
