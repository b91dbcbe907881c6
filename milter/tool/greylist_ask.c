#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "milter/tool/cmd.h"
#include "milter/tool/daemon.h"
#include "milter/tool/greylist_alone.h"
#include "milter/tool/greylist_ask.h"
#include "policy/util/json_read.h"

enum { ASK_PIECE_MS = 30 * 1000, REQUEST_ROOM = 128 * 1024 };

struct greylist_ask {
	const char *config;
	bool knows; /* the daemon has answered */
	char address[1200];
	struct greylist_alone *alone; /* NULL: it asks the daemon */
};

struct greylist_ask *
greylist_ask_open(const char *config)
{
	struct greylist_ask *ask = calloc(1, sizeof *ask);

	if (ask != NULL)
		ask->config = config;
	return ask;
}

void
greylist_ask_close(struct greylist_ask *ask)
{
	if (ask == NULL)
		return;
	greylist_alone_close(ask->alone);
	free(ask);
}

/* ---- the daemon ---- */

/* An answer may be that it cannot. */
static int
read_error(struct span reply)
{
	static const struct {
		const char *slug;
		int status;
	} errors[] = { { "\"not-allowed\"", EX_NOPERM }, { "\"no-greylist\"", 1 }, { "\"bad-request\"", EX_USAGE } };
	struct span slug = json_read_member(reply, "error");

	if (slug.length == 0)
		return 0;
	daemon_print(stderr, "greenlane: ", json_read_member(reply, "text"));
	for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
		if (span_is(slug, errors[i].slug))
			return errors[i].status;
	return EX_UNAVAILABLE;
}

/* ABSENT: nobody is there to ask. */
static enum asked
ask_it(struct greylist_ask *ask, const char *request, struct text *out, struct fault *why)
{
	enum asked asked = daemon_reach(ask->config, request, ASK_PIECE_MS, ask->address, out, why);

	return ask->address[0] == '\0' ? ASKED_ABSENT : asked;
}

/* It cannot be asked. An exit status. */
static int
say_not(enum asked asked, enum greylist_alone_may may, const struct fault *why)
{
	cmd_fault(why);
	if (asked == ASKED_ABSENT && may == GREYLIST_ALONE_NEVER)
		fputs("greenlane: greenlaned ended meanwhile; start it, and run this again\n", stderr);
	return asked == ASKED_FORBIDDEN ? EX_NOPERM : EX_UNAVAILABLE;
}

/* words are those of the request, without its first one. */
static int
ask_any(struct greylist_ask *ask, const char *request, const char *words, enum greylist_alone_may may, struct text *out)
{
	struct fault why = { .text = "" };
	enum asked asked;
	int status;

	if (ask->alone != NULL)
		return greylist_alone_answer(ask->alone, words, out);
	asked = ask_it(ask, request, out, &why);
	if (asked == ASKED_ANSWERED) {
		ask->knows = true;
		return read_error((struct span){ out->bytes, out->length });
	}
	text_clear(out);
	if (asked != ASKED_ABSENT || may == GREYLIST_ALONE_NEVER || ask->knows) /* one answer is not made of two */
		return say_not(asked, may, &why);
	ask->alone = greylist_alone_open(ask->config, &why, may == GREYLIST_ALONE_CHANGES, &status);
	return ask->alone == NULL ? status : greylist_alone_answer(ask->alone, words, out);
}

int
greylist_ask(struct greylist_ask *ask, const struct text *words, enum greylist_alone_may may, struct text *out)
{
	struct text request;
	int status = EX_OSERR;

	text_clear(out);
	text_open(&request, REQUEST_ROOM);
	text_format(&request, "greylist %s", words->bytes);
	if (words->cut || request.cut) /* what it lacks may be whose tuples are to go */
		fputs("greenlane: out of memory\n", stderr);
	else
		status = ask_any(ask, request.bytes, words->bytes, may, out);
	text_close(&request);
	return status;
}
