#include <stdlib.h>
#include <string.h>

#include "delegate_answer.h"
#include "netstring.h"
#include "socketmap.h"

enum {
	WORKERS = 8,              /* most wait for DNS, if they wait at all */
	IDLE_MS = 15 * 60 * 1000, /* Sendmail keeps its connection for the life of a process */
	WITHIN_MS = 30 * 1000,
	DNS_MS = 8 * 1000,        /* a ruleset has no time-out of its own */
	BEGUN_MAX = 64 * 1024,    /* bytes of requests that are not answered yet */
	ANSWER_MAX = 64 * 1024    /* of all requests that came at once */
};

struct socketmap {
	struct house house;
	struct door *door;
};

/* "greenlane 192.0.2.10,<bounce@vendor.example>" into its parts; false: it is no such key. The name of
 * the map is whatever the ruleset calls it. */
static bool
read_key(struct span request, struct visitor *visitor, char *sender, size_t size)
{
	struct span client;
	char address[64];

	(void)span_cut(&request, ' ');
	client = span_trim(span_cut(&request, ','));
	request = span_trim(request);
	if (client.length >= sizeof address || request.length >= size)
		return false;
	memcpy(address, client.at, client.length);
	address[client.length] = '\0';
	memcpy(sender, request.at, request.length);
	sender[request.length] = '\0';
	return address_read(address, &visitor->address);
}

/* Is passage promised to this client and sender, or is it a host of ours that must not wait? False also without
 * memory: then it is greylisted. */
static bool
is_white(struct socketmap *map, const struct visitor *visitor, const char *sender)
{
	struct message *message = message_open(&map->house, visitor, sender, "");
	struct delegate_answer answer;
	bool white;

	if (message == NULL)
		return false;
	delegate_decide(message_judge(message), message_facts(message), true, &answer);
	white = delegate_promises(&answer) || answer.why == DELEGATE_KNOWN;
	message_close(message);
	return white;
}

static void
answer(struct socketmap *map, struct span request, struct text *out)
{
	struct visitor visitor = { .name = "", .helo = "", .daemon_name = "", .mta_name = "",
		.patience_ms = DNS_MS, .claims_only = true };
	char sender[1024];

	if (!read_key(request, &visitor, sender, sizeof sender))
		netstring_put(out, span_of("PERM the key is CLIENT,SENDER"));
	else
		netstring_put(out, span_of(is_white(map, &visitor, sender) ? "OK WHITE" : "NOTFOUND "));
}

/* ---- callers ---- */

/* A caller's state is what came of a request that is not whole yet. */
static void *
opened(void *context)
{
	struct text *begun = malloc(sizeof *begun);

	(void)context;
	if (begun != NULL)
		text_open(begun, BEGUN_MAX);
	return begun;
}

static void
closed(void *context, void *state)
{
	(void)context;
	text_close(state);
	free(state);
}

/* Keeps what stands behind the answered requests for the next bytes. */
static void
keep_rest(struct text *begun, struct span rest)
{
	memmove(begun->bytes, rest.at, rest.length);
	text_rewind(begun, rest.length);
}

static enum door_next
heard(void *context, void *state, struct span *bytes, struct text *out)
{
	enum netstring_reading reading;
	struct socketmap *map = context;
	struct text *begun = state;
	struct span rest, request;

	text_span(begun, *bytes);
	bytes->length = 0;
	rest = (struct span){ begun->bytes, begun->length };
	while ((reading = netstring_cut(&rest, &request)) == NETSTRING_READY)
		answer(map, request, out);
	if (reading == NETSTRING_BROKEN || begun->cut) {
		journal_say(map->house.journal, LOG_WARNING,
		    "socketmap: a request is no netstring; its connection is closed");
		return DOOR_CLOSE;
	}
	if (begun->room > 0)
		keep_rest(begun, rest);
	return begun->length > 0 ? DOOR_WITHIN : DOOR_IDLE;
}

static void
trouble(void *context, const struct fault *why)
{
	struct socketmap *map = context;

	journal_say(map->house.journal, LOG_WARNING, "socketmap: %s", why->text);
}

struct socketmap *
socketmap_open(const struct house *house, struct door *door, unsigned most_callers, struct fault *why)
{
	struct socketmap *map = calloc(1, sizeof *map);
	struct door_keeper keeper = { opened, heard, closed, trouble, map };
	struct door_limits limits = { .workers = WORKERS, .most = most_callers, .idle_ms = IDLE_MS,
		.within_ms = WITHIN_MS, .answer = ANSWER_MAX };

	if (map == NULL) {
		fault_set(why, "out of memory");
		door_close(door);
		return NULL;
	}
	map->house = *house;
	map->door = door;
	if (door_serve(door, &keeper, &limits, why))
		return map;
	socketmap_close(map);
	return NULL;
}

void
socketmap_let(struct socketmap *socketmap, unsigned most_callers)
{
	door_let(socketmap->door, most_callers);
}

void
socketmap_close(struct socketmap *map)
{
	if (map == NULL)
		return;
	door_close(map->door);
	free(map);
}
