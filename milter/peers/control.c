#include <string.h>

#include "milter/peers/control.h"
#include "policy/util/json_write.h"

enum {
	WORKERS = 3, /* while one reloads, the others answer */
	IDLE_MS = 60 * 1000
};

/* A line up to its end; "\r\n" is as good. */
static enum framing
cut_line(struct span *bytes, struct span *out, struct fault *why)
{
	const char *end = memchr(bytes->at, '\n', bytes->length);

	(void)why; /* any line is a request */
	if (end == NULL)
		return FRAME_PARTIAL;
	*out = (struct span){ bytes->at, (size_t)(end - bytes->at) };
	bytes->length -= out->length + 1;
	bytes->at = end + 1;
	return FRAME_WHOLE;
}

static void
begin_error(struct text *out, const char *slug, const char *text)
{
	json_write_begin(out);
	json_write_number(out, "control", CONTROL_VERSION);
	json_write_string(out, "error", slug);
	json_write_string(out, "text", text);
}

static void
reply_error(struct text *out, const char *slug, const char *text)
{
	begin_error(out, slug, text);
	json_write_end(out);
}

/* What was done before it stays done. */
static void
reply_half_done(struct text *out, const char *slug, const char *text, size_t changed)
{
	begin_error(out, slug, text);
	json_write_number(out, "changed", (int64_t)changed);
	json_write_end(out);
}

static bool
may_change(const struct control *control, const struct connection_peer *peer)
{
	return peer->known && (peer->uid == 0 || peer->uid == control->owner);
}

static void
reply_status(const struct control *control, struct text *out)
{
	if (control->status(control->context, out))
		return;
	text_clear(out);
	reply_error(out, "no-memory", "greenlaned has no memory for its state");
}

/* What came of it is in the state. */
static void
reply_reload(const struct control *control, const struct connection_peer *peer, struct text *out)
{
	if (!may_change(control, peer))
		reply_error(out, "not-allowed", "only root and greenlaned's own user may reload");
	else if (!control->reload(control->context))
		reply_error(out, "busy", "another reload is under way");
	else
		reply_status(control, out);
}

static void
reply_greylist(const struct control *control, const struct connection_peer *peer, struct span words, struct text *out)
{
	struct greylist_request request;
	struct greylist_changes changes = { 0 };
	struct fault why = { .text = "" };
	const char *slug = NULL;

	if (!greylist_request_read(words, &request, &why)) {
		reply_error(out, "bad-request", why.text);
		return;
	}
	if (request.verb != GREYLIST_LIST && !may_change(control, peer)) {
		reply_error(out, "not-allowed", "only root and greenlaned's own user may change the greylist");
		return;
	}
	json_write_begin(out);
	json_write_number(out, "control", CONTROL_VERSION);
	slug = control->greylist(control->context, &request, peer->uid, out, &changes, &why);
	json_write_end(out);
	if (slug == NULL && !out->cut)
		return;
	text_clear(out);
	reply_half_done(out, slug == NULL ? "no-memory" : slug,
	    slug == NULL ? "greenlaned has no memory for it" : why.text, changes.count);
}

static bool
reply_to_line(void *context, const struct connection_peer *peer, struct frame *line, struct text *out)
{
	const struct control *control = context;
	struct span request = span_trim((struct span){ line->bytes, line->length }), rest = request;

	if (span_is(span_cut(&rest, ' '), "greylist"))
		reply_greylist(control, peer, rest, out);
	else if (span_is(request, "status"))
		reply_status(control, out);
	else if (span_is(request, "reload"))
		reply_reload(control, peer, out);
	else
		reply_error(out, "unknown-request", "the requests are status, reload and greylist");
	text_char(out, '\n');
	return true;
}

/* Only one that is too long: any line is a request. */
static void
refuse(const struct fault *why, struct text *out)
{
	struct fault said;

	fault_set(&said, "%.200s; it was not carried out", why->text);
	reply_error(out, "bad-request", said.text);
	text_char(out, '\n');
}

const struct request_protocol control_protocol = { .name = "control",
	.workers = WORKERS,
	.idle_ms = IDLE_MS,
	.request_max = CONTROL_REQUEST_MAX,
	.reply_max = STATUS_JSON_MAX,
	.urgent = true,
	.cut = cut_line,
	.reply = reply_to_line,
	.refuse = refuse };
