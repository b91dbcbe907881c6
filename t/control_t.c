/* The control protocol over a real socket: who asks is told by the kernel; and what somebody who hangs, or is not there, looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/peers/ask_daemon.h"
#include "milter/peers/control.h"
#include "policy/util/json.h"
#include "t/lib/tap.h"

static char folder[64], address[128];
static unsigned reloads;
static bool busy;

static bool
tell(void *context, struct text *out)
{
	json_begin(out);
	json_string(out, "said", context);
	json_end(out);
	return true;
}

static bool
reload(void *context)
{
	(void)context;
	reloads += !busy;
	return !busy;
}

static struct request_server *
serve(struct control *control)
{
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(address, &why);
	struct request_server *server = listener == NULL
	    ? NULL
	    : request_server_open(&control_protocol, control, NULL, listener, CONTROL_CONNECTIONS, &why);

	if (server == NULL) {
		note("%s", why.text);
		exit(99);
	}
	return server;
}

static void
expect(const char *request, const char *wanted, const char *name)
{
	struct fault why = { .text = "" };
	struct text out;

	text_open(&out, STATUS_JSON_MAX);
	is_number(ask_daemon(address, request, 5000, &out, &why), ASKED_ANSWERED, "%s: it is answered", name);
	ok(strstr(out.bytes, wanted) != NULL, "%s: %s", name, out.bytes);
	text_close(&out);
}

static void
test_requests(void)
{
	struct control control = { (void *)"all is well", tell, reload, getuid() };
	struct request_server *server = serve(&control);

	expect("status", "{\"said\":\"all is well\"}", "status");
	expect(" status \r", "{\"said\":\"all is well\"}", "blanks around it");
	expect("", "\"error\":\"unknown-request\"", "an empty line");
	expect("stop", "\"error\":\"unknown-request\"", "another word");
	expect("reload", "{\"said\":\"all is well\"}", "the owner reloads");
	is_number(reloads, 1, "which is done");
	busy = true;
	expect("reload", "\"error\":\"busy\"", "a second reload at once");
	control.owner = getuid() + 1;
	if (getuid() != 0)
		expect("reload", "\"error\":\"not-allowed\"", "another user reloads");
	is_number(reloads, 1, "which is not done");
	request_server_close(server);
}

/* Nobody accepts; then nobody listens. */
static void
test_absent(void)
{
	struct fault why = { .text = "" };
	struct listener *listener = listener_open(address, &why);
	struct text out;

	text_open(&out, 1000);
	if (listener == NULL)
		exit(99);
	is_number(ask_daemon(address, "status", 100, &out, &why), ASKED_HUNG, "one who never answers hangs");
	is_number(ask_milter(address, 100, &why), ASKED_HUNG, "so does such a milter");
	listener_close(listener);
	is_number(ask_daemon(address, "status", 100, &out, &why), ASKED_ABSENT, "nobody is there");
	is_number(ask_milter(address, 100, &why), ASKED_ABSENT, "nor a milter");
	is_number(ask_milter("inet:1@127.0.0.1", 1000, &why), ASKED_ABSENT, "nor at a port");
	text_close(&out);
}

int
main(void)
{
	snprintf(folder, sizeof folder, "/tmp/greenlane-control.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return 99;
	snprintf(address, sizeof address, "unix:%s/socket", folder);
	test_requests();
	test_absent();
	rmdir(folder);
	return done();
}
