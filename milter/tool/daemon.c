#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/state/config_files.h"
#include "milter/tool/daemon.h"
#include "policy/util/json_read.h"

#ifndef GREENLANE_RUN_DIR
#define GREENLANE_RUN_DIR "/run/greenlane"
#endif

bool
daemon_control(const char *config, char *out, size_t size, struct fault *why)
{
	static const char usual[] = "unix:" GREENLANE_RUN_DIR "/control.sock";
	bool known = config_files_peek(config, "control", "listen", out, size, why);

	/* a file with a fault, or closed to us, is no reason not to ask who listens at the usual place */
	if (!known && access(usual + strlen("unix:"), F_OK) != 0)
		return false;
	if (!known || out[0] == '\0')
		snprintf(out, size, "%s", usual);
	if (strcmp(out, "none") == 0)
		return fault_at(why, config, 0,
		    "control.listen is \"none\": greenlaned cannot be asked; take that line out");
	if (strncmp(out, "unix:", 5) != 0)
		return fault_at(why, config, 0, "control.listen is no Unix socket");
	return true;
}

void
daemon_fault(const struct fault *why)
{
	char text[1024];

	fault_write(why, text, sizeof text);
	fprintf(stderr, "greenlane: %s\n", text);
}

int
daemon_ask(const char *config, const char *request, int patience_ms, struct text *out)
{
	struct fault why = { .text = "" };
	char address[1200];
	enum asked asked;

	if (!daemon_control(config, address, sizeof address, &why)) {
		daemon_fault(&why);
		return EX_UNAVAILABLE;
	}
	asked = ask_daemon(address, request, patience_ms, out, &why);
	if (asked == ASKED_ANSWERED)
		return 0;
	daemon_fault(&why);
	if (asked == ASKED_ABSENT)
		fputs("greenlane: greenlaned is not running, or not with this configuration\n", stderr);
	return asked == ASKED_FORBIDDEN ? EX_NOPERM : EX_UNAVAILABLE;
}

void
daemon_plain(struct span value, struct text *out)
{
	text_clear(out);
	json_read_unquote(value, out);
	for (size_t i = 0; i < out->length; i++) /* the terminal is not theirs to steer */
		if ((unsigned char)out->bytes[i] < 0x20 || out->bytes[i] == 0x7f)
			out->bytes[i] = '?';
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

	while (json_read_next(&rest, &vendor)) {
		name = json_read_member(vendor, "name");
		if (name.length < 2)
			continue;
		fprintf(out, "%s%.*s", between, (int)name.length - 2, name.at + 1);
		between = ", ";
	}
	fputc('\n', out);
}
