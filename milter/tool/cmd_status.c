#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/system/privileges.h"
#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "policy/util/json_read.h"

enum { FOUND_MAX = 4 };

/* What asking the daemon itself has shown, beside what it says. */
struct found {
	struct status_alert alerts[FOUND_MAX];
	size_t count;
	char text[FOUND_MAX][600], remedy[200];
};

static void
add(struct found *found, const char *slug, const char *text, const char *remedy)
{
	snprintf(found->text[found->count], sizeof found->text[0], "%s", text);
	found->alerts[found->count] = (struct status_alert){ slug, 0, found->text[found->count], remedy, "", false };
	found->count++;
}

/* A process that was stopped does not end by itself. */
static void
add_hung(const char *config, struct found *found, const char *text)
{
	char number[32] = "its number";
	long pid = daemon_pid(config);

	if (pid > 0)
		snprintf(number, sizeof number, "%ld", pid);
	snprintf(found->remedy, sizeof found->remedy,
	    STATUS_RESTART ", or where that does not end it: kill -KILL %s, and start it; its log may say why", number);
	add(found, "hung", text, found->remedy);
}

/* ---- for a person ---- */

static void
print_member(const char *before, struct span object, const char *key)
{
	struct text text;

	text_open(&text, STATUS_JSON_MAX);
	daemon_plain(json_read_member(object, key), &text);
	printf("%s%s", before, text.bytes);
	text_close(&text);
}

static void
print_time(const char *before, struct span object, const char *key)
{
	char when[CMD_TIME_TEXT];

	printf("%s%s", before, cmd_time_text(json_read_integer(json_read_member(object, key)), when));
}

static void
print_daemon(struct span json)
{
	struct span reload = json_read_member(json, "reload");

	print_member("greenlaned ", json, "version");
	print_time(" runs since ", json, "since");
	print_member(", pid ", json, "pid");
	print_member(", mode ", json, "mode");
	print_member(", policy ", json, "policy");
	print_member(", sources ", json, "sources_fingerprint");
	print_time("\nlast load ", reload, "at");
	puts(json_read_is_true(json_read_member(reload, "ok")) ? ": in force" : ": refused");
}

static void
print_listener(struct span listener)
{
	print_member("listener ", listener, "name");
	print_member(" ", listener, "address");
	puts(!json_read_is_true(json_read_member(listener, "present")) ? ": gone"
		: json_read_is_true(json_read_member(listener, "reachable"))
		? ": open"
		: ": its users cannot reach it");
}

/* ", passed at once: 3 by greylist.spf_pass"; nothing where nobody did. */
static void
print_passed(struct span passed)
{
	const char *between = ", passed at once: ";

	for (size_t i = PASSED_BY_NOTHING + 1; i < PASSED_BYS; i++) {
		const char *word = passed_by_word((enum passed_by)i);

		if (json_read_integer(json_read_member(passed, word)) == 0)
			continue;
		print_member(between, passed, word);
		printf(" by greylist.%s", word);
		between = ", ";
	}
}

static void
print_mail(struct span json)
{
	struct span mta = json_read_member(json, "mta"), verdicts = json_read_member(json, "verdicts");
	const char *between = "verdicts: ";

	if (json_read_integer(json_read_member(mta, "last")) == 0)
		fputs("mta: no contact since the start", stdout);
	else
		print_time("mta: last contact ", mta, "last");
	print_member(", sessions ", mta, "sessions");
	if (json_read_integer(json_read_member(mta, "refused")) > 0)
		print_member(", connections refused ", mta, "refused");
	puts(span_is(json_read_member(mta, "libmilter"), "\"shared\"")
		? ", packets are not checked (shared libmilter: build --with-libmilter=archive, or let nobody but the MTA "
		  "connect)"
		: "");
	for (size_t i = 0; i < ACTIONS; i++) {
		printf("%s%s ", between, action_word((enum action)i));
		print_member("", verdicts, action_word((enum action)i));
		between = ", ";
	}
	print_member("\ngreylist: ", json_read_member(json, "store"), "state");
	print_passed(json_read_member(json, "passed_by"));
	print_member("\nsandbox: ", json_read_member(json, "sandbox"), "state");
	putchar('\n');
}

/* ", 3 networks" */
static void
print_count(const char *before, struct span object, const char *key, const char *noun)
{
	int64_t count = json_read_integer(json_read_member(object, key));

	printf("%s%" PRId64 " %s%s", before, count, noun, text_s((size_t)count));
}

static void
print_vendor(struct span vendor)
{
	print_member("vendor ", vendor, "name");
	print_member(", mode ", vendor, "mode");
	print_member(": ", vendor, "known");
	print_count(" of ", vendor, "sources", "source");
	print_count(" known, ", vendor, "networks", "network");
	if (json_read_member(vendor, "last").length > 0)
		print_member(", last mail ", vendor, "last");
	else
		fputs(", no mail yet", stdout);
	if (json_read_is_true(json_read_member(vendor, "lock_open")))
		print_count("; its lock is open: ", vendor, "forged_passed", "forged message");
	puts(json_read_is_true(json_read_member(vendor, "lock_open")) ? " passed" : "");
}

/* Each reason why a verdict could not be judged by the draft, and how often. */
static void
print_cannot(struct span shadow)
{
	struct span rest = json_read_member(shadow, "not_judgeable"), key, value;
	const char *between = "; not judged: ";
	struct text plain;

	text_open(&plain, STATUS_JSON_MAX);
	while (json_read_next_member(&rest, &key, &value)) {
		daemon_plain((struct span){ key.at - 1, key.length + 2 }, &plain); /* with its quotes */
		printf("%s%s ", between, plain.bytes);
		daemon_plain(value, &plain);
		fputs(plain.bytes, stdout);
		between = ", ";
	}
	text_close(&plain);
}

static void
print_shadow(struct span json)
{
	struct span shadow = json_read_member(json, "shadow");

	if (shadow.length == 0)
		return;
	print_member("shadow ", shadow, "path");
	if (!json_read_is_true(json_read_member(shadow, "loads"))) {
		puts(": does not load, so nothing is judged by it; greenlane check says why");
		return;
	}
	print_count(": ", shadow, "judged", "verdict");
	print_member(" judged, ", shadow, "changed");
	fputs(" of them otherwise", stdout);
	print_cannot(shadow);
	putchar('\n');
}

static void print_export(struct span export)
{
	print_member("export ", export, "format");
	print_member(" ", export, "file");
	if (json_read_member(export, "trouble").length > 0)
		print_member(": unknown: ", export, "trouble");
	else
		fputs(json_read_is_true(json_read_member(export, "fresh"))
			? ": fresh"
			: ": stale: it differs from what the sources list now",
		    stdout);
	putchar('\n');
}

static void
print_host(struct span host)
{
	print_member("host ", host, "name");
	fputs(json_read_is_true(json_read_member(host, "own")) ? " (this one)" : "", stdout);
	print_member(", greenlaned ", host, "version");
	print_member(": policy ", host, "policy");
	print_time(" since ", host, "policy_since");
	print_member(", sources ", host, "sources_fingerprint");
	putchar('\n');
}

static void
print_alert(struct span alert)
{
	print_member(json_read_is_true(json_read_member(alert, "notice")) ? "notice: " : "ill: ", alert, "slug");
	print_member(": ", alert, "text");
	print_member("; ", alert, "remedy");
	putchar('\n');
}

static void
print_each(struct span json, const char *key, void (*print)(struct span))
{
	struct span rest = json_read_member(json, key), element;

	while (json_read_next(&rest, &element))
		print(element);
}

static void
print_lines(struct span json, const char *key, const char *before)
{
	struct span rest = json_read_member(json, key), element;

	while (json_read_next(&rest, &element))
		daemon_print(stdout, before, element);
}

/* The store alone knows them. */
static void
print_hosts(struct span json)
{
	struct span rest = json_read_member(json, "hosts"), host;
	size_t count = 0;

	print_each(json, "hosts", print_host);
	while (json_read_next(&rest, &host))
		count++;
	if (count == 1 && !span_is(json_read_member(json_read_member(json, "store"), "state"), "\"works\""))
		puts("hosts: others are not known while the greylist does not work");
}

static void
print_all(struct span json)
{
	if (json_read_member(json, "pid").length > 0) {
		print_daemon(json);
		print_each(json, "listeners", print_listener);
		print_mail(json);
		print_lines(json_read_member(json, "dns"), "servers", "dns: asking ");
	}
	print_each(json, "vendors", print_vendor);
	print_lines(json, "delegations", "delegation ");
	print_lines(json, "partners", "partner ");
	print_lines(json, "relays", "relay ");
	print_lines(json, "outbound", "outbound ");
	print_each(json, "exports", print_export);
	print_shadow(json);
	print_hosts(json);
	print_each(json, "alerts", print_alert);
}

/* ---- the milter ---- */

/* Its socket as the daemon names it; who may not use it cannot tell, and the daemon has said whether others can. */
static void
try_milter(const char *config, struct span listener, struct found *found)
{
	struct fault why = { .text = "" };
	char told[600];
	struct text address;
	enum asked asked = ASKED_ANSWERED;

	text_open(&address, 1200);
	daemon_plain(json_read_member(listener, "address"), &address);
	if (json_read_is_true(json_read_member(listener, "present")))
		asked = ask_milter(address.bytes, ASK_MILTER_MS, &why);
	if (asked == ASKED_HUNG || asked == ASKED_ABSENT) {
		snprintf(told, sizeof told, "the milter at %s %s", address.bytes,
		    asked == ASKED_HUNG ? "does not answer within 2 seconds" : "takes no connection");
		add_hung(config, found, told);
	}
	text_close(&address);
}

static void
try_listeners(const char *config, struct span json, struct found *found)
{
	struct span rest = json_read_member(json, "listeners"), listener;

	while (json_read_next(&rest, &listener))
		if (span_is(json_read_member(listener, "name"), "\"milter\"") && found->count < FOUND_MAX)
			try_milter(config, listener, found);
}

/* ---- a daemon that does not answer ---- */

/* The daemon holds the lock of state_dir for as long as it lives. False: it cannot be told whether it runs. */
static bool
look_absent(const char *config, const char *address, struct found *found, struct fault *why)
{
	char path[PATH_MAX], told[600];

	if (!daemon_lock(config, path, sizeof path, why))
		return false;
	switch (lock_look(path, why)) {
	case LOCK_HELD:
		snprintf(told, sizeof told,
		    "greenlaned is running, but nothing listens at %.300s: it is stopping, or its socket is gone",
		    address);
		add(found, "socket-gone", told,
		    "if it is not back after ten seconds, " STATUS_RESTART "; find out what removes files there");
		return true;
	case LOCK_FREE:
		snprintf(told, sizeof told, "greenlaned is not running: nothing listens at %.300s", address);
		add(found, "not-running", told,
		    "run greenlane check, start it (systemctl start greenlaned) and read the log");
		return true;
	default:
		return false;
	}
}

static bool
ask(const char *config, struct text *reply, struct found *found, struct fault *why)
{
	char address[DAEMON_ADDRESS];

	switch (daemon_reach(config, "status", ASK_STATUS_MS, address, reply, why)) {
	case ASKED_ANSWERED:
		try_listeners(config, (struct span){ reply->bytes, reply->length }, found);
		return true;
	case ASKED_HUNG:
		add_hung(config, found, "greenlaned does not answer within 5 seconds");
		return true;
	case ASKED_ABSENT:
		return look_absent(config, address, found, why);
	default:
		return false;
	}
}

/* ---- all of it ---- */

static int
show(const struct text *reply, const struct found *found, bool as_json)
{
	struct span said = { reply->bytes, reply->length }, json;
	struct text all;
	int result;

	text_open(&all, STATUS_JSON_MAX + 8192);
	status_write_more(said, found->alerts, found->count, &all);
	json = (struct span){ all.bytes, all.length };
	if (as_json)
		puts(all.bytes);
	else
		print_all(json);
	result = json_read_is_true(json_read_member(json, "ill"));
	text_close(&all);
	return result;
}

/* What it answers may be that it cannot. */
static int
show_or_fail(const struct text *reply, const struct found *found, bool as_json)
{
	struct span json = { reply->bytes, reply->length };

	if (json_read_member(json, "error").length == 0)
		return show(reply, found, as_json);
	daemon_print(stderr, "greenlane: ", json_read_member(json, "text"));
	return 1;
}

static int
cannot_tell(const struct fault *why)
{
	char text[1024];

	fault_write(why, text, sizeof text);
	fprintf(stderr, "greenlane: cannot tell whether greenlaned is well: %s\n", text);
	return EX_UNAVAILABLE;
}

static int
run(const char *config, int argc, char **argv)
{
	static const struct option own[] = { { "json", no_argument, NULL, 'j' }, { NULL, 0, NULL, 0 } };
	struct fault why = { .text = "" };
	struct found found = { .count = 0 };
	bool as_json = false;
	struct text reply;
	int option, result;

	while ((option = cmd_option(&cmd_status, &config, argc, argv, own)) == 'j')
		as_json = true;
	if (option != -1 || optind != argc)
		return cmd_usage(&cmd_status);
	text_open(&reply, STATUS_JSON_MAX);
	result = ask(config, &reply, &found, &why) ? show_or_fail(&reply, &found, as_json) : cannot_tell(&why);
	text_close(&reply);
	return result;
}

const struct command cmd_status = { "status", "[--json]", "show what the daemon does, each problem and its remedy", run };
