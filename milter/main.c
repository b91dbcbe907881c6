/*
 * greenlaned - the daemon: reads options and configuration, drops privileges, opens the listeners, reloads, drains.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/peers/alert_watch.h"
#include "milter/peers/daemon_status.h"
#include "milter/peers/housekeeping.h"
#include "milter/peers/kept_sockets.h"
#include "milter/peers/listen.h"
#include "milter/peers/listeners.h"
#include "milter/peers/reload.h"
#include "milter/smtp/drain.h"
#include "milter/smtp/message.h"
#include "milter/smtp/milter_io.h"
#include "milter/smtp/milter_socket.h"
#include "milter/smtp/session.h"
#include "milter/state/shadow_files.h"
#include "milter/state/engine.h"
#include "milter/state/exports.h"
#include "milter/state/sandbox_list.h"
#include "milter/state/start_list.h"
#include "milter/store/store_redis.h"
#include "milter/store/store_watch.h"
#include "milter/system/background.h"
#include "milter/system/clock.h"
#include "milter/system/commands.h"
#include "milter/system/crypto_memory.h"
#include "milter/system/denied.h"
#include "milter/system/journal.h"
#include "milter/system/options.h"
#include "milter/system/output.h"
#include "milter/system/privileges.h"
#include "milter/system/service_manager.h"
#include "milter/system/socket_reach.h"
#include "milter/system/wakes.h"
#include "policy/util/text.h"

enum {
	FIRST_PATIENCE_MS = 10 * 1000, /* for DNS, before mail is accepted */
	DRAIN_SECONDS = 25,            /* less than systemd and Postfix wait */
	UNSURE_RECORDS = 100000        /* kept in memory without a store */
};

/* Opened in this order, closed in reverse order. */
struct daemon {
	const char *config;
	bool foreground;
	bool loud;             /* the log goes to standard error as well */
	int status_at_end;     /* of the process */
	int ready;             /* pipe on which the parent waits for a byte; -1: none */
	struct policy *first;  /* until the engine adopts it */
	struct faults *faults; /* of the first load, until the journal is open */
	struct account account;
	char state_dir[4096]; /* as at start: a change needs a restart */
	struct commands *commands;
	struct journal *journal;
	struct engine engine;
	struct exports *exports;
	struct store *store_open, *memory;
	struct usage *usage;
	struct vendor_tally *tally;
	struct counters *counters;
	struct vendor_rates *rates;
	struct shadow_tally *shadow;
	struct listeners *listeners; /* all but the milter's */
	struct reload *reload;
	struct alert_command *alert_command;
	struct daemon_status *status;
	struct alert_watch *alerts;
	struct control control;
	struct kept_sockets *sockets;
	struct housekeeping *housekeeping;
	struct services services;
};

/* ---- faults ---- */

static void
show_faults(const struct faults *faults)
{
	char text[1024];

	for (size_t i = 0; i < faults->kept; i++) {
		fault_write(&faults->list[i].fault, text, sizeof text);
		fprintf(stderr, "greenlaned: %s%s\n", faults->list[i].level == FAULT_WARNING ? "warning: " : "", text);
	}
}

static void
die(const struct fault *why, int status)
{
	char text[1024];

	fault_write(why, text, sizeof text);
	fprintf(stderr, "greenlaned: %s\n", text);
	exit(status);
}

/* ---- start ---- */

static void
usage(FILE *out)
{
	fprintf(out,
	    "usage: greenlaned [-f] [-V] [-c FILE]\n\noptions:\n"
	    "  -c, --config FILE  configuration (default %s)\n"
	    "  -f, --foreground   stay in the foreground and log to standard error as well\n"
	    "  -h, --help         print this\n"
	    "  -V, --version      print the version\n"
	    "\nexit status:\n"
	    "  0   it serves, and runs in the background; with -f: it was stopped\n"
	    "  64  usage error\n"
	    "  69  it could not start: a listener, the lock, the user or a directory\n"
	    "  70  the background process was killed during the start\n"
	    "  71  no process, pipe or memory\n"
	    "  77  the caller may not read the configuration\n"
	    "  78  the configuration has errors\n"
	    "\nexample:\n"
	    "  greenlane check && greenlaned -f\n",
	    GREENLANE_CONFIG);
	exit(output_end("greenlaned", out == stdout ? 0 : EX_USAGE));
}

static void
read_options(struct daemon *daemon, int argc, char **argv)
{
	static const struct option known[] = { { "config", required_argument, NULL, 'c' },
		{ "foreground", no_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' }, { NULL, 0, NULL, 0 } };
	int option;

	while ((option = options_next("greenlaned", argc, argv, ":c:fhV", known)) != -1) {
		switch (option) {
		case 'c':
			daemon->config = optarg;
			break;
		case 'f':
			daemon->foreground = true;
			break;
		case 'h':
			usage(stdout);
			break;
		case 'V':
			printf("greenlaned %s\n", VERSION);
			exit(output_end("greenlaned", 0));
		default:
			usage(stderr);
		}
	}
	if (optind != argc)
		usage(stderr);
}

/* Whoever starts it may be who may not read a file; root may read all. */
static void
name_user(void)
{
	struct account account;
	struct fault unused;

	if (geteuid() != 0 && account_find("", &account, &unused))
		denied_user(account.name);
}

static void
read_first_policy(struct daemon *daemon)
{
	name_user();
	daemon->faults = faults_open();
	if (daemon->faults == NULL)
		exit(EX_OSERR);
	daemon->first = shadow_files_load(daemon->config, daemon->faults);
	if (daemon->first == NULL && daemon->faults->denied[0] != '\0') {
		fprintf(stderr, "greenlaned: %s: you may not read it; start it as root\n", daemon->faults->denied);
		exit(EX_NOPERM);
	}
	show_faults(daemon->faults);
	if (daemon->first == NULL) {
		fprintf(stderr, "greenlaned: %zu error%s in the configuration; nothing was started\n",
		    daemon->faults->errors, text_s(daemon->faults->errors));
		exit(EX_CONFIG);
	}
}

static void
warn_of(const struct fault *why)
{
	char text[1024];

	fault_write(why, text, sizeof text);
	fprintf(stderr, "greenlaned: warning: %s\n", text);
}

static bool
make_folder(const struct account *account, const struct start_folder *folder, struct fault *why)
{
	return folder->above ? account_make_folder_of(account, folder->path, folder->mode, why)
			     : account_make_folder(account, folder->path, folder->mode, why);
}

static bool
make_folders(struct daemon *daemon, const struct settings *settings, struct fault *why)
{
	struct start_folder folders[START_FOLDERS_MAX];
	size_t count = start_folders(daemon->first, folders);
	char lock[4200];

	for (size_t i = 0; i < count; i++) {
		if (make_folder(&daemon->account, &folders[i], why))
			continue;
		if (!folders[i].spared)
			return false;
		warn_of(why); /* what it is for says so, too, when it is opened */
	}
	snprintf(lock, sizeof lock, "%s/lock", settings->state_dir);
	if (!lock_take(lock, &daemon->account, why))
		return false;
	lock_note(lock, daemon->config, settings->control.listen);
	return true;
}

static bool
open_socket(struct daemon *daemon, const struct settings *settings, struct fault *why)
{
	const char *path = listener_path(settings->milter.listen);
	struct fault closer;
	gid_t gid;

	if (listener_try(settings->milter.listen, &closer) != 0)
		return fault_set(why, "milter.listen: %s", closer.text);
	if (!milter_socket_open(settings->milter.listen, why))
		return false;
	if (path != NULL && !account_give_socket(&daemon->account, path, settings->milter.group, why))
		warn_of(why);
	if (account_socket_group(&daemon->account, settings->milter.listen, settings->milter.group, &gid, why) &&
	    !socket_may_be_reached("milter", settings->milter.listen, gid, why))
		warn_of(why);
	daemon->listeners = listeners_open(settings, &daemon->account, warn_of, why);
	return daemon->listeners != NULL;
}

static bool
open_store(struct daemon *daemon, const struct settings *settings, struct fault *why)
{
	const char *path = start_lmdb_path(settings);

	if (path != NULL)
		daemon->store_open = store_watch(path, daemon->journal, why);
	else if (settings->greylist.on)
		daemon->store_open = store_redis(settings, daemon->journal, why);
	if (settings->greylist.on && daemon->store_open == NULL)
		return false;
	daemon->memory = store_unsure(daemon->store_open, UNSURE_RECORDS, why);
	return daemon->memory != NULL;
}

/* What is counted and remembered of mail, with what was kept of it in state_dir. */
static bool
open_counts(struct daemon *daemon, const char *state_dir, struct fault *why)
{
	daemon->usage = usage_open(why);
	daemon->tally = vendor_tally_open(why);
	daemon->counters = counters_open(why);
	daemon->rates = vendor_rates_open(why);
	daemon->shadow = shadow_tally_open(why);
	if (daemon->usage == NULL || daemon->tally == NULL || daemon->counters == NULL || daemon->rates == NULL ||
	    daemon->shadow == NULL)
		return false;
	if (!usage_load(daemon->usage, state_dir, why))
		journal_fault(daemon->journal, LOG_WARNING, why);
	if (!vendor_tally_load(daemon->tally, state_dir, why))
		journal_fault(daemon->journal, LOG_WARNING, why);
	if (!vendor_rates_load(daemon->rates, state_dir, clock_now(), why))
		journal_fault(daemon->journal, LOG_WARNING, why);
	return true;
}

static bool
open_engine(struct daemon *daemon, const struct settings *settings, struct fault *why)
{
	daemon->journal = journal_open(settings->log.facility, settings->log.record, daemon->loud, why);
	milter_io_log(daemon->journal);
	if (daemon->journal != NULL)
		journal_set_privacy(daemon->journal, settings->log.privacy, settings->state_dir);
	if (daemon->journal == NULL || !open_store(daemon, settings, why))
		return false;
	if (!engine_open(&daemon->engine, settings, daemon->journal, settings->state_dir, why))
		return false;
	daemon->exports = exports_open(daemon->engine.snapshots, daemon->journal, daemon->commands, settings->state_dir,
	    why);
	if (daemon->exports == NULL || !open_counts(daemon, settings->state_dir, why))
		return false;
	daemon->services = (struct services){ .resolver = daemon->engine.resolver,
		.dkim = daemon->engine.dkim,
		.suffixes = &daemon->engine.suffixes,
		.snapshots = daemon->engine.snapshots,
		.store = daemon->store_open,
		.unsure = daemon->memory,
		.journal = daemon->journal,
		.tally = daemon->tally,
		.counters = daemon->counters,
		.rates = daemon->rates,
		.shadow = daemon->shadow,
		.usage = daemon->usage };
	return true;
}

/* Faults go to the log as well: nobody reads the standard error of a daemon in the background. */
static void
log_first_faults(struct daemon *daemon)
{
	if (daemon->ready >= 0)
		journal_faults(daemon->journal, daemon->faults);
}

static bool
tell_status(void *context, struct text *out)
{
	struct daemon *daemon = context;

	return daemon_status_write(daemon->status, out);
}

static bool
tell_metrics(void *context, struct text *out)
{
	struct daemon *daemon = context;

	return daemon_status_metrics(daemon->status, out);
}

static bool
reload_at_request(void *context)
{
	struct daemon *daemon = context;

	return reload_try(daemon->reload);
}

static const char *
answer_greylist(void *context, const struct greylist_request *request, uid_t who, struct text *out,
    struct greylist_changes *changes, struct fault *why)
{
	struct daemon *daemon = context;
	const struct snapshot *snapshot;
	bool done;

	if (daemon->store_open == NULL) {
		fault_set(why, "greylist.store is \"none\": there is no greylist");
		return "no-greylist";
	}
	snapshot = snapshot_borrow(daemon->engine.snapshots);
	done = greylist_request_answer(request, daemon->store_open, &snapshot->judge.policy->settings.greylist,
	    clock_now(), out, changes, why);
	snapshot_return(daemon->engine.snapshots, snapshot);
	greylist_changes_say(changes, request, who, journal_hides(daemon->journal), daemon->journal);
	return done ? NULL : "store-failed";
}

static bool
keep_sockets(struct daemon *daemon, struct fault *why)
{
	daemon->sockets = kept_sockets_open();
	if (daemon->sockets == NULL)
		return fault_set(why, "out of memory");
	/* not the socket map: that is Sendmail's */
	kept_sockets_add(daemon->sockets, daemon->first->settings.milter.listen, session_postfix_came);
	kept_sockets_add(daemon->sockets, listeners_delegate(daemon->listeners), NULL);
	kept_sockets_add(daemon->sockets, listeners_control(daemon->listeners), NULL);
	kept_sockets_add(daemon->sockets, listeners_metrics(daemon->listeners), NULL);
	return true;
}

/* What remembers the first load. Its policy is not adopted yet, and its faults end here. */
static bool
open_reload(struct daemon *daemon, struct fault *why)
{
	struct reload_parts parts = { daemon->config, daemon->journal, daemon->engine.refresh, daemon->engine.snapshots,
		daemon->listeners, daemon->store_open, daemon->commands };

	log_first_faults(daemon);
	daemon->reload = reload_open(&parts, daemon->first, daemon->faults, why);
	if (daemon->reload == NULL)
		return false;
	faults_close(daemon->faults);
	daemon->faults = NULL;
	daemon->alert_command = alert_command_open(daemon->journal, daemon->commands, why);
	if (daemon->alert_command == NULL)
		return false;
	daemon->status = daemon_status_open(&daemon->services, daemon->exports, daemon->reload, daemon->alert_command,
	    daemon->listeners, &daemon->first->settings, why);
	daemon->control = (struct control){ daemon, tell_status, reload_at_request, answer_greylist, daemon->account.uid };
	reload_allow_sessions(daemon->reload, daemon->first->settings.milter.max_sessions);
	return daemon->status != NULL && keep_sockets(daemon, why);
}

static void
say_start(struct daemon *daemon)
{
	const struct snapshot *snapshot = snapshot_borrow(daemon->engine.snapshots);
	const struct policy *policy = snapshot->judge.policy;

	journal_say(daemon->journal, LOG_NOTICE,
	    "greenlaned %s serves %s: %zu vendor%s, %zu source%s, mode %s, as %s, sandbox: %s", VERSION,
	    policy->settings.milter.listen, policy->vendor_count, text_s(policy->vendor_count), policy->source_count,
	    text_s(policy->source_count), policy->settings.monitor ? "monitor" : "enforce", daemon->account.name,
	    sandbox_words());
	if (!dkim_verifier_has_ed25519(daemon->engine.dkim))
		journal_say(daemon->journal, LOG_WARNING,
		    "this libopendkim does not support ed25519: such signatures prove nothing");
	snapshot_return(daemon->engine.snapshots, snapshot);
}

/* Waits for DNS, but not when it is to stop: until it has served mail, TERM and INT end the process. HUP waits. */
static bool
adopt_first(struct daemon *daemon, struct policy *first, struct fault *why)
{
	bool done;

	wakes_may_end(true);
	done = refresh_adopt(daemon->engine.refresh, first, FIRST_PATIENCE_MS, why);
	wakes_may_end(false);
	return done;
}

static bool
start_housekeeping(struct daemon *daemon, struct fault *why)
{
	struct housekeeping_parts parts = { daemon->reload, daemon->sockets, daemon->engine.snapshots,
		daemon->store_open, daemon->usage, daemon->tally, daemon->rates, daemon->state_dir, daemon->journal,
		&daemon->account, daemon->config, listeners_control(daemon->listeners) };

	daemon->housekeeping = housekeeping_start(&parts, why);
	return daemon->housekeeping != NULL;
}

/* libmilter gives up where it has no thread for its sessions, or accept fails for good. Whoever waits here would wait
 * for ever. */
static void *
serve(void *unused)
{
	(void)unused;
	(void)smfi_main();
	wakes_milter_ended();
	return NULL;
}

static bool
start(struct daemon *daemon, struct fault *why)
{
	const struct settings *settings = &daemon->first->settings;
	struct policy *first = daemon->first;
	struct metrics_teller teller = { daemon, tell_metrics };
	pthread_t milter; /* runs until the process ends */

	if (!account_find(settings->user, &daemon->account, why) || !make_folders(daemon, settings, why) ||
	    !session_register(&daemon->services, why) || !open_socket(daemon, settings, why) ||
	    !account_become(&daemon->account, why))
		return false;
	daemon->commands = commands_open(daemon->first, why);
	if (daemon->commands == NULL || !sandbox_list_enter(daemon->config, daemon->first, why))
		return false;
	snprintf(daemon->state_dir, sizeof daemon->state_dir, "%s", settings->state_dir);
	if (!open_engine(daemon, settings, why) || !open_reload(daemon, why))
		return false;
	daemon->first = NULL;
	if (!adopt_first(daemon, first, why) || !refresh_start(daemon->engine.refresh, why) ||
	    !exports_start(daemon->exports, why) || !start_housekeeping(daemon, why) ||
	    !listeners_serve(daemon->listeners, &daemon->services, &daemon->control, &teller, settings, why))
		return false;
	if (pthread_create(&milter, NULL, serve, NULL) != 0)
		return fault_set(why, "cannot start the milter thread");
	daemon->alerts = alert_watch_open(daemon->status, daemon->alert_command, daemon->engine.snapshots,
	    daemon->journal, why);
	if (daemon->alerts == NULL)
		return false;
	say_start(daemon);
	if (daemon->ready >= 0)
		background_ready(daemon->ready);
	reload_tell_manager(daemon->reload);
	return true;
}

/* ---- stop ---- */

/* False: TERM or INT has come, or the milter has ended. */
static bool
go_on(struct daemon *daemon)
{
	enum wake wake = wakes_await();

	if (wake == WAKE_RELOAD)
		housekeeping_reload(daemon->housekeeping);
	if (wake == WAKE_MILTER_ENDED) {
		daemon->status_at_end = EX_UNAVAILABLE;
		journal_say(daemon->journal, LOG_ERR,
		    "libmilter takes no connections any more, for the reason that it gave; greenlaned ends, to be started again");
	}
	return wake == WAKE_RELOAD || wake == WAKE_NOTHING;
}

static int64_t
ms_until(int64_t ticks)
{
	int64_t left = ticks - clock_ticks();

	return left <= 0 ? 0 : left / 1000 + 1;
}

/* Waits until nothing is left; false: at the end something still is. */
static bool
await_none(unsigned (*left)(void), int wake, int64_t end)
{
	struct pollfd leaving = { .fd = wake, .events = POLLIN };
	eventfd_t count;

	while (left() > 0 && ms_until(end) > 0)
		if (poll(&leaving, 1, (int)ms_until(end)) == 1)
			(void)eventfd_read(wake, &count);
	return left() == 0;
}

/* What libmilter writes leaves a moment after its message has ended. */
static void
await_replies(int64_t end)
{
	while (milter_io_busy() > 0 && ms_until(end) > 0)
		poll(NULL, 0, 2);
}

/* Waits for the messages that are open, and until the MTA has heard what became of them. */
static bool
await_messages(struct daemon *daemon, int wake, int64_t end)
{
	unsigned left;

	if (await_none(drain_inside, wake, end)) {
		await_replies(end);
		milter_socket_hang_up();
		(void)await_none(session_count, wake, end);
		return true;
	}
	left = drain_inside();
	journal_say(daemon->journal, LOG_WARNING, "still open after %d seconds: %u message%s, which the MTA defers",
	    DRAIN_SECONDS, left, text_s(left));
	return false;
}

/*
 * Nothing new comes in; requests and messages that have begun are answered; then what waits for DNS in the background
 * gives up. True when nobody uses the services any more. A second TERM or INT ends the process at once, see on_signal.
 */
static bool
drain(struct daemon *daemon)
{
	int64_t end = clock_ticks() + DRAIN_SECONDS * INT64_C(1000000);
	int wake;
	unsigned left;
	bool drained;

	milter_socket_stop();
	wake = drain_begin();
	left = drain_inside();
	service_manager_tell(SERVICE_STOPPING, "%u message%s open", left, left == 1 ? " is" : "s are");
	/* before waiting, so that the log shows that TERM has come */
	journal_say(daemon->journal, LOG_NOTICE, "stopping: %u message%s open", left, left == 1 ? " is" : "s are");
	alert_watch_close(daemon->alerts); /* what is closed from here on is no alert */
	alert_command_stop(daemon->alert_command);
	listeners_close_mta(daemon->listeners);
	drained = await_messages(daemon, wake, end);
	engine_stop(&daemon->engine);
	listeners_close(daemon->listeners);
	housekeeping_close(daemon->housekeeping);
	kept_sockets_close(daemon->sockets);
	return drained;
}

static void
close_engine(struct daemon *daemon)
{
	daemon_status_close(daemon->status);
	alert_command_close(daemon->alert_command);
	reload_close(daemon->reload);
	exports_close(daemon->exports);
	engine_close(&daemon->engine);
	listeners_free(daemon->listeners);
	usage_close(daemon->usage);
	vendor_tally_close(daemon->tally);
	counters_close(daemon->counters);
	vendor_rates_close(daemon->rates);
	shadow_tally_close(daemon->shadow);
	store_close(daemon->memory);
	store_close(daemon->store_open);
	commands_close(daemon->commands);
}

static void
stop(struct daemon *daemon)
{
	bool drained = drain(daemon);
	struct fault why;

	if (daemon->store_open != NULL && !store_sync(daemon->store_open, &why))
		journal_fault(daemon->journal, LOG_ERR, &why);
	if (drained)
		close_engine(daemon);
	milter_io_log(NULL); /* its threads may still run */
	journal_say(daemon->journal, LOG_NOTICE, "stopped");
	if (drained) {
		journal_close(daemon->journal);
		return;
	}
	/* messages still use all this: nothing is freed, and what was said so far is written */
	journal_reopen(daemon->journal, NULL, NULL);
	_exit(daemon->status_at_end);
}

int
main(int argc, char **argv)
{
	static struct daemon daemon = { .config = GREENLANE_CONFIG, .ready = -1 };
	struct fault why;

	output_begin();
	read_options(&daemon, argc, argv);
	daemon.loud = daemon.foreground && !service_manager_keeps_stderr();
	umask(022);
	/* more let memory grow with the threads; with two, they wait for each other */
	mallopt(M_ARENA_MAX, 8);
	/* the first table of networks that is freed would raise it, and each later one then leave a hole */
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	(void)crypto_memory_take(); /* if it is too late, shortage of memory in OpenSSL goes unnoticed */
	read_first_policy(&daemon);
	wakes_block();
	if (!daemon.foreground && (daemon.ready = background_go(&why)) < 0)
		die(&why, EX_OSERR);
	if (!wakes_open(&why) || !start(&daemon, &why))
		die(&why, EX_UNAVAILABLE);
	wakes_take();
	while (go_on(&daemon))
		continue;
	stop(&daemon);
	return daemon.status_at_end;
}
