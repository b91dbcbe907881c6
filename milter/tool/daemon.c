#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/system/privileges.h"
#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "policy/util/json_read.h"

/* ---- where it is ---- */

bool
daemon_lock(const char *config, char *out, size_t size, struct fault *why)
{
	char state_dir[3000];
	bool known = config_files_peek(config, "", "state_dir", state_dir, sizeof state_dir, why);

	if (!known && !config_files_glimpse(config, "state_dir", state_dir, sizeof state_dir))
		state_dir[0] = '\0';
	snprintf(out, size, "%s/lock", state_dir[0] == '\0' ? GREENLANE_STATE_DIR : state_dir);
	return known;
}

/* The rest of the line that begins with this word; "": there is none. */
static struct span
noted_line(const char *lines, const char *word)
{
	struct span rest = span_of(lines);

	while (rest.length > 0) {
		struct span line = span_cut(&rest, '\n'), first = span_cut(&line, ' ');

		if (span_is(first, word))
			return line;
	}
	return (struct span){ "", 0 };
}

/* What a daemon that runs with this very file has noted. */
static bool
find_noted(const char *config, char address[DAEMON_ADDRESS])
{
	char path[PATH_MAX], lines[2 * PATH_MAX], ours[PATH_MAX];
	struct fault unused;
	struct span control;

	(void)!daemon_lock(config, path, sizeof path, &unused);
	if (realpath(config, ours) == NULL || !lock_noted(path, lines, sizeof lines) ||
	    !span_is(noted_line(lines, "config"), ours))
		return false;
	control = noted_line(lines, "control");
	snprintf(address, DAEMON_ADDRESS, "%.*s", (int)control.length, control.at);
	return strncmp(address, "unix:", 5) == 0;
}

/* As greenlane.conf has it, however wrong the rest of it is. False with why where it cannot be told, or control is off. */
static bool
find_configured(const char *config, char address[DAEMON_ADDRESS], struct fault *why)
{
	static const char usual[] = "unix:" GREENLANE_RUN_DIR "/control.sock";
	bool known = config_files_peek(config, "control", "listen", address, DAEMON_ADDRESS, why);

	/* a file with a fault, or closed to us, is no reason not to ask who listens at the usual place */
	if (!known && access(usual + strlen("unix:"), F_OK) != 0)
		return false;
	if (!known || address[0] == '\0')
		snprintf(address, DAEMON_ADDRESS, "%s", usual);
	if (strcmp(address, "none") == 0)
		return fault_at(why, config, 0,
		    "control.listen is \"none\": greenlaned cannot be asked; take that line out");
	if (strncmp(address, "unix:", 5) != 0)
		return fault_at(why, config, 0, "control.listen is no Unix socket");
	return true;
}

long
daemon_pid(const char *config)
{
	char path[PATH_MAX], lines[2 * PATH_MAX];
	struct fault unused;

	(void)!daemon_lock(config, path, sizeof path, &unused);
	return lock_noted(path, lines, sizeof lines) ? strtol(noted_line(lines, "pid").at, NULL, 10) : 0;
}

enum asked
daemon_reach(const char *config, const char *request, int patience_ms, char address[DAEMON_ADDRESS], struct text *out,
    struct fault *why)
{
	char noted[DAEMON_ADDRESS];
	struct fault unused;
	enum asked asked = ASKED_FAILED, again;

	if (find_configured(config, address, why))
		asked = ask_daemon(address, request, patience_ms, out, why);
	else
		address[0] = '\0';
	if ((asked != ASKED_ABSENT && address[0] != '\0') || !find_noted(config, noted) || strcmp(noted, address) == 0)
		return asked;
	again = ask_daemon(noted, request, patience_ms, out, &unused);
	if (again != ASKED_ANSWERED && again != ASKED_HUNG)
		return asked;
	snprintf(address, DAEMON_ADDRESS, "%s", noted);
	return again;
}

/* ---- asking ---- */

int
daemon_ask(const char *config, const char *request, int patience_ms, struct text *out)
{
	struct fault why = { .text = "" };
	char address[DAEMON_ADDRESS];
	enum asked asked = daemon_reach(config, request, patience_ms, address, out, &why);

	if (asked == ASKED_ANSWERED)
		return 0;
	cmd_fault(&why);
	if (asked == ASKED_ABSENT)
		fputs("greenlane: greenlaned is not running, or not with this configuration\n", stderr);
	return asked == ASKED_FORBIDDEN ? EX_NOPERM : EX_UNAVAILABLE;
}

/* A control character: of ASCII, or the second half of one above it in UTF-8 (U+0080 to U+009F). */
static bool
steers(const char *bytes, size_t at)
{
	unsigned char byte = (unsigned char)bytes[at];

	return byte < 0x20 || byte == 0x7f || (byte >= 0x80 && byte < 0xa0 && at > 0 && bytes[at - 1] == '\xc2');
}

void
daemon_plain(struct span value, struct text *out)
{
	text_clear(out);
	json_read_unquote(value, out);
	for (size_t i = 0; i < out->length; i++) { /* the terminal is not theirs to steer */
		if (!steers(out->bytes, i))
			continue;
		if ((unsigned char)out->bytes[i] >= 0x80)
			out->bytes[i - 1] = '?';
		out->bytes[i] = '?';
	}
}

void
daemon_print(FILE *out, const char *before, struct span value)
{
	struct text plain;

	text_open(&plain, STATUS_JSON_MAX);
	daemon_plain(value, &plain);
	fprintf(out, "%s%s\n", before, plain.bytes);
	text_close(&plain);
}

void
daemon_print_vendors(FILE *out, struct span reply)
{
	struct span rest = json_read_member(reply, "vendors"), vendor, name;
	const char *between = "vendors: ";
	struct text plain;

	text_open(&plain, STATUS_JSON_MAX);
	while (json_read_next(&rest, &vendor)) {
		name = json_read_member(vendor, "name");
		if (name.length < 2)
			continue;
		daemon_plain(name, &plain);
		fprintf(out, "%s%s", between, plain.bytes);
		between = ", ";
	}
	text_close(&plain);
	fputc('\n', out);
}
