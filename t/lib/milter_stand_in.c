#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "t/lib/milter_stand_in.h"

enum state {
	NOTHING_YET,
	NEGOTIATED,
	CONNECTED,
	GREETED,
	HAS_SENDER,
	HAS_RCPT,
	DATA_BEGUN,
	IN_HEADERS,
	HEADERS_ENDED,
	IN_BODY,
	ENDED,
	GONE,
	ABORTED,
	PUZZLED, /* after an unknown command */
	GOES_ON, /* quit, but a new connection follows */
	STATES,
	UNCHANGED
};

#define AS(state) (1u << (state))

/* What may follow; fixed for a filter without callbacks for DATA and unknown commands, whose states may be skipped. */
static const unsigned follows[STATES] = {
	[NOTHING_YET] = AS(NEGOTIATED),
	[NEGOTIATED] = AS(CONNECTED) | AS(PUZZLED),
	[CONNECTED] = AS(GREETED) | AS(HAS_SENDER) | AS(PUZZLED),
	[GREETED] = AS(GREETED) | AS(HAS_SENDER) | AS(PUZZLED),
	[HAS_SENDER] = AS(HAS_RCPT) | AS(ABORTED) | AS(PUZZLED),
	[HAS_RCPT] = AS(IN_HEADERS) | AS(HEADERS_ENDED) | AS(DATA_BEGUN) | AS(IN_BODY) | AS(ENDED) | AS(HAS_RCPT) |
	    AS(ABORTED) | AS(PUZZLED),
	[DATA_BEGUN] = AS(HEADERS_ENDED) | AS(IN_HEADERS) | AS(ABORTED),
	[IN_HEADERS] = AS(HEADERS_ENDED) | AS(IN_HEADERS) | AS(ABORTED),
	[HEADERS_ENDED] = AS(IN_BODY) | AS(ENDED) | AS(ABORTED),
	[IN_BODY] = AS(ENDED) | AS(IN_BODY) | AS(ABORTED),
	[ENDED] = AS(GONE) | AS(HAS_SENDER) | AS(PUZZLED) | AS(GOES_ON),
	[PUZZLED] = AS(GREETED) | AS(HAS_SENDER) | AS(HAS_RCPT) | AS(ABORTED) | AS(DATA_BEGUN) | AS(IN_BODY) |
	    AS(PUZZLED) | AS(GONE) | AS(GOES_ON),
	[GOES_ON] = AS(CONNECTED) | AS(PUZZLED),
};

static const bool may_skip[STATES] = { [DATA_BEGUN] = true, [PUZZLED] = true };

enum { MACRO_STAGES = 7, WORDS_MAX = 512, REPLY_MAX = 980 /* MAXREPLYLEN of the library */ };

struct words {
	char *bytes; /* what the words point into */
	char *list[WORDS_MAX + 2];
};

/* The library's context of one connection. */
struct smfi_str {
	void (*on_reply)(void *context, char letter, const char *data, size_t length);
	void *context;
	void *session; /* smfi_setpriv */
	enum state state;
	bool closed;
	unsigned long actions, steps, offered_steps;
	unsigned long told_steps; /* without what the client does not know */
	struct words macros[MACRO_STAGES];
	char *reply; /* smfi_setreply */
	char address[INET6_ADDRSTRLEN];
};

struct stand_in {
	struct smfi_str context;
};

static struct smfiDesc filter;

static void
broken(const char *what)
{
	printf("Bail out! the stand-in for libmilter: %s\n", what);
	exit(1);
}

static void
reply(SMFICTX *ctx, char letter, const char *data, size_t length)
{
	ctx->on_reply(ctx->context, letter, data, length);
}

/* ---- what session.c calls ---- */

int
smfi_register(smfiDesc_str description)
{
	filter = description;
	return MI_SUCCESS;
}

size_t
smfi_setmaxdatasize(size_t size)
{
	(void)size;
	return MILTER_MAX_DATA_SIZE;
}

int
smfi_setpriv(SMFICTX *ctx, void *session)
{
	ctx->session = session;
	return MI_SUCCESS;
}

void *
smfi_getpriv(SMFICTX *ctx)
{
	return ctx->session;
}

int
smfi_setsymlist(SMFICTX *ctx, int where, char *macros)
{
	(void)ctx;
	return macros != NULL && where >= SMFIM_FIRST && where <= SMFIM_LAST ? MI_SUCCESS : MI_FAILURE;
}

/* A one-letter name is the same with and without braces. */
static bool
is_macro(const char *word, const char *name)
{
	size_t length = strlen(name);

	if (strcmp(word, name) == 0)
		return true;
	if (length == 1)
		return strlen(word) == 3 && word[0] == '{' && word[1] == name[0] && word[2] == '}';
	return length == 3 && name[0] == '{' && name[2] == '}' && strlen(word) == 1 && word[0] == name[1];
}

char *
smfi_getsymval(SMFICTX *ctx, char *name)
{
	for (int stage = MACRO_STAGES - 1; stage >= 0; stage--)
		for (char **word = ctx->macros[stage].list; word[0] != NULL; word += 2)
			if (is_macro(word[0], name))
				return word[1];
	return NULL;
}

int
smfi_setreply(SMFICTX *ctx, char *code, char *enhanced, char *text)
{
	if (strlen(code) != 3 || (code[0] != '4' && code[0] != '5') || strpbrk(text, "\r\n") != NULL ||
	    strlen(text) > REPLY_MAX)
		return MI_FAILURE;
	free(ctx->reply);
	if (asprintf(&ctx->reply, "%s %s %s", code, enhanced, text) < 0)
		broken("memory");
	return MI_SUCCESS;
}

static bool
may_edit(const SMFICTX *ctx, unsigned long action)
{
	return (ctx->actions & action) != 0 && ctx->state == ENDED;
}

static int
edit(SMFICTX *ctx, char letter, int index, const char *name, const char *value)
{
	size_t length = sizeof(uint32_t) + strlen(name) + 1 + strlen(value) + 1;
	uint32_t wire = htonl((uint32_t)index);
	char *data = malloc(length);

	if (data == NULL)
		broken("memory");
	memcpy(data, &wire, sizeof wire);
	memcpy(data + sizeof wire, name, strlen(name) + 1);
	memcpy(data + sizeof wire + strlen(name) + 1, value, strlen(value) + 1);
	reply(ctx, letter, data, length);
	free(data);
	return MI_SUCCESS;
}

int
smfi_insheader(SMFICTX *ctx, int index, char *name, char *value)
{
	if (!may_edit(ctx, SMFIF_ADDHDRS) || index < 0 || name[0] == '\0')
		return MI_FAILURE;
	return edit(ctx, SMFIR_INSHEADER, index, name, value);
}

int
smfi_chgheader(SMFICTX *ctx, char *name, int index, char *value)
{
	if (!may_edit(ctx, SMFIF_CHGHDRS) || index < 0 || name[0] == '\0')
		return MI_FAILURE;
	return edit(ctx, SMFIR_CHGHEADER, index, name, value == NULL ? "" : value);
}

int
smfi_quarantine(SMFICTX *ctx, char *reason)
{
	if (reason == NULL || reason[0] == '\0' || !may_edit(ctx, SMFIF_QUARANTINE))
		return MI_FAILURE;
	reply(ctx, SMFIR_QUARANTINE, reason, strlen(reason) + 1);
	return MI_SUCCESS;
}

/* ---- macros ---- */

static void
words_free(struct words *words)
{
	free(words->bytes);
	*words = (struct words){ .bytes = NULL };
}

/* Each word ends with a NUL; what follows the last one is lost. Returns how many there are. */
static size_t
words_cut(struct words *words, const char *data, size_t length)
{
	size_t count = 0, begun = 0;

	words->bytes = malloc(length + 1);
	if (words->bytes == NULL)
		broken("memory");
	memcpy(words->bytes, data, length);
	for (size_t i = 0; i < length && count < WORDS_MAX; i++)
		if (data[i] == '\0') {
			words->list[count++] = words->bytes + begun;
			begun = i + 1;
		}
	words->list[count] = words->list[count + 1] = NULL;
	return count;
}

static void
forget_macros(SMFICTX *ctx, int from)
{
	for (int i = from; i < MACRO_STAGES; i++)
		words_free(&ctx->macros[i]);
}

enum { REPLY_NONE = -2, REPLY_HANG_UP = -3, REPLY_OPTIONS = -4 }; /* beside SMFIS_... */

static int
do_macros(SMFICTX *ctx, const char *data, size_t length)
{
	static const char stages[] = { SMFIC_CONNECT, SMFIC_HELO, SMFIC_MAIL, SMFIC_RCPT, SMFIC_DATA, SMFIC_EOH,
		SMFIC_BODYEOB };
	const char *stage = length == 0 ? NULL : memchr(stages, data[0], sizeof stages);
	struct words *words;
	size_t count;

	if (stage == NULL)
		return REPLY_NONE;
	words = &ctx->macros[stage - stages];
	words_free(words);
	count = words_cut(words, data + 1, length - 1);
	if (count % 2 == 1)
		words->list[count - 1] = NULL; /* the library would read on here */
	return REPLY_NONE;
}

/* ---- commands ---- */

static unsigned long
number_at(const char *data, size_t index)
{
	uint32_t wire;

	memcpy(&wire, data + index * sizeof wire, sizeof wire);
	return ntohl(wire);
}

static int
do_negotiate(SMFICTX *ctx, const char *data, size_t length)
{
	static const unsigned long waivers = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
	    SMFIP_NR_DATA | SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;
	unsigned long offered_actions, none2 = 0, none3 = 0;

	forget_macros(ctx, 0);
	if (length < MILTER_OPTLEN || number_at(data, 0) < 2)
		return REPLY_HANG_UP;
	offered_actions = number_at(data, 1) == 0 ? SMFI_V1_ACTS : number_at(data, 1);
	ctx->offered_steps = number_at(data, 2) == 0 ? SMFI_V1_PROT : number_at(data, 2);
	ctx->actions = offered_actions;
	ctx->steps |= ctx->offered_steps & SMFIP_SKIP;
	if (filter.xxfi_negotiate(ctx, offered_actions, ctx->offered_steps | waivers, 0, 0, &ctx->actions, &ctx->steps,
		&none2, &none3) != SMFIS_CONTINUE)
		return REPLY_HANG_UP;
	/* waivers that the client does not know are emulated; two other steps are not needed */
	ctx->told_steps = ctx->steps & ~((waivers | SMFIP_NODATA | SMFIP_NOUNKNOWN) & ~ctx->offered_steps);
	if ((ctx->actions & ~offered_actions) != 0 || (ctx->told_steps & ~ctx->offered_steps) != 0)
		return REPLY_HANG_UP;
	return REPLY_OPTIONS;
}

/* Reads the address that the client gives; false: the library hangs up. */
static bool
read_address(char family, const char *text, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof *out);
	switch (family) {
	case SMFIA_INET:
		in->sin_family = AF_INET;
		in->sin_port = port;
		return inet_aton(text, &in->sin_addr) == 1;
	case SMFIA_INET6:
		in6->sin6_family = AF_INET6;
		in6->sin6_port = port;
		return inet_pton(AF_INET6, strncmp(text, "IPv6:", 5) == 0 ? text + 5 : text, &in6->sin6_addr) == 1;
	case SMFIA_UNIX:
		out->ss_family = AF_UNIX;
		return strlen(text) < 108;
	default:
		return false;
	}
}

static void
note_address(SMFICTX *ctx, const struct sockaddr_storage *from)
{
	ctx->address[0] = '\0';
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, ctx->address, sizeof ctx->address);
	if (from->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr, ctx->address, sizeof ctx->address);
}

static int
do_connect(SMFICTX *ctx, const char *data, size_t length)
{
	size_t name = strnlen(data, length);
	struct sockaddr_storage from;
	uint16_t port;

	forget_macros(ctx, 1);
	ctx->address[0] = '\0';
	if (name + 1 >= length)
		return REPLY_HANG_UP;
	if (data[name + 1] == SMFIA_UNKNOWN)
		return filter.xxfi_connect(ctx, (char *)data, NULL);
	if (name + 2 + sizeof port >= length || data[length - 1] != '\0')
		return REPLY_HANG_UP;
	memcpy(&port, data + name + 2, sizeof port);
	if (!read_address(data[name + 1], data + name + 2 + sizeof port, port, &from))
		return REPLY_HANG_UP;
	note_address(ctx, &from);
	return filter.xxfi_connect(ctx, (char *)data, (struct sockaddr *)&from);
}

static int
do_helo(SMFICTX *ctx, const char *data, size_t length)
{
	forget_macros(ctx, 2);
	return data[length - 1] == '\0' ? (int)filter.xxfi_helo(ctx, (char *)data) : REPLY_NONE;
}

static int
do_path(SMFICTX *ctx, int stage, sfsistat (*callback)(SMFICTX *, char **), const char *data, size_t length)
{
	struct words words = { .bytes = NULL };
	int status = REPLY_HANG_UP;

	forget_macros(ctx, stage + 1);
	if (words_cut(&words, data, length) > 0)
		status = (int)callback(ctx, words.list);
	words_free(&words);
	return status;
}

static int
do_mail(SMFICTX *ctx, const char *data, size_t length)
{
	return do_path(ctx, 2, filter.xxfi_envfrom, data, length);
}

static int
do_rcpt(SMFICTX *ctx, const char *data, size_t length)
{
	return do_path(ctx, 3, filter.xxfi_envrcpt, data, length);
}

static int
do_header(SMFICTX *ctx, const char *data, size_t length)
{
	size_t name = 1; /* the library does not look at the first byte */

	if (data[length - 1] != '\0')
		return REPLY_HANG_UP;
	while (name < length && data[name] != '\0')
		name++;
	if (name + 1 >= length)
		return REPLY_HANG_UP;
	return (int)filter.xxfi_header(ctx, (char *)data, (char *)data + name + 1);
}

static int
do_headers_end(SMFICTX *ctx, const char *data, size_t length)
{
	(void)data, (void)length;
	return (int)filter.xxfi_eoh(ctx);
}

static int
do_body(SMFICTX *ctx, const char *data, size_t length)
{
	return (int)filter.xxfi_body(ctx, (unsigned char *)data, length);
}

static void reply_status(SMFICTX *ctx, int status);

/* A last piece of body may come with the end; where it is not wanted, the end is not told. */
static int
do_end(SMFICTX *ctx, const char *data, size_t length)
{
	int status = SMFIS_CONTINUE;

	if (length > 0)
		status = (int)filter.xxfi_body(ctx, (unsigned char *)data, length);
	if (status == SMFIS_CONTINUE)
		return (int)filter.xxfi_eom(ctx);
	reply_status(ctx, status);
	return status;
}

static int
do_abort(SMFICTX *ctx, const char *data, size_t length)
{
	(void)data, (void)length;
	filter.xxfi_abort(ctx);
	return REPLY_NONE;
}

static int
do_quit(SMFICTX *ctx, const char *data, size_t length)
{
	(void)data, (void)length;
	filter.xxfi_close(ctx);
	forget_macros(ctx, 0);
	return REPLY_NONE;
}

static int
do_nothing(SMFICTX *ctx, const char *data, size_t length)
{
	(void)ctx, (void)data, (void)length;
	return SMFIS_CONTINUE;
}

static const struct command {
	char letter;
	enum state next;
	bool may_be_empty;
	unsigned long waiver;
	int (*run)(SMFICTX *, const char *data, size_t length);
} commands[] = {
	{ SMFIC_OPTNEG, NEGOTIATED, false, 0, do_negotiate },
	{ SMFIC_MACRO, UNCHANGED, false, 0, do_macros },
	{ SMFIC_CONNECT, CONNECTED, false, SMFIP_NR_CONN, do_connect },
	{ SMFIC_HELO, GREETED, false, SMFIP_NR_HELO, do_helo },
	{ SMFIC_MAIL, HAS_SENDER, false, SMFIP_NR_MAIL, do_mail },
	{ SMFIC_RCPT, HAS_RCPT, false, SMFIP_NR_RCPT, do_rcpt },
	{ SMFIC_DATA, DATA_BEGUN, true, SMFIP_NR_DATA, do_nothing },
	{ SMFIC_HEADER, IN_HEADERS, false, SMFIP_NR_HDR, do_header },
	{ SMFIC_EOH, HEADERS_ENDED, true, SMFIP_NR_EOH, do_headers_end },
	{ SMFIC_BODY, IN_BODY, false, SMFIP_NR_BODY, do_body },
	{ SMFIC_BODYEOB, ENDED, true, 0, do_end },
	{ SMFIC_ABORT, ABORTED, true, 0, do_abort },
	{ SMFIC_UNKNOWN, PUZZLED, false, SMFIP_NR_UNKN, do_nothing },
	{ SMFIC_QUIT, GONE, true, 0, do_quit },
	{ SMFIC_QUIT_NC, GOES_ON, true, 0, do_quit },
};

/* ---- order ---- */

static const struct command *
command_of(char letter)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i].letter == letter)
			return &commands[i];
	return NULL;
}

static bool
may_follow(enum state from, enum state next)
{
	do {
		if (follows[from] & AS(next))
			return true;
		from++;
	} while (from < STATES && may_skip[from]);
	return false;
}

static bool
in_mail(const SMFICTX *ctx)
{
	return ctx->state >= HAS_SENDER && ctx->state < ENDED;
}

static unsigned long
waiver_of(enum state state)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (commands[i].next == state)
			return commands[i].waiver;
	return 0;
}

static void
send_refusal(SMFICTX *ctx, int status)
{
	char class = status == SMFIS_REJECT ? '5' : '4';

	if (ctx->reply == NULL || ctx->reply[0] != class) {
		reply(ctx, status == SMFIS_REJECT ? SMFIR_REJECT : SMFIR_TEMPFAIL, "", 0);
		return;
	}
	reply(ctx, SMFIR_REPLYCODE, ctx->reply, strlen(ctx->reply) + 1);
	free(ctx->reply);
	ctx->reply = NULL;
}

static void
send_options(SMFICTX *ctx)
{
	uint32_t options[] = { htonl(SMFI_PROT_VERSION), htonl((uint32_t)ctx->actions), htonl((uint32_t)ctx->told_steps) };

	reply(ctx, SMFIC_OPTNEG, (const char *)options, sizeof options);
}

/* Sends a callback's reply, unless the client waits for none. */
static void
reply_status(SMFICTX *ctx, int status)
{
	unsigned long waiver = waiver_of(ctx->state);
	bool waived = waiver != 0 && (ctx->steps & waiver) != 0;

	if (waived && status >= 0)
		status = SMFIS_NOREPLY;
	switch (status) {
	case SMFIS_CONTINUE:
		reply(ctx, SMFIR_CONTINUE, "", 0);
		break;
	case SMFIS_TEMPFAIL:
	case SMFIS_REJECT:
		send_refusal(ctx, status);
		break;
	case SMFIS_DISCARD:
		reply(ctx, SMFIR_DISCARD, "", 0);
		break;
	case SMFIS_ACCEPT:
		reply(ctx, SMFIR_ACCEPT, "", 0);
		break;
	case SMFIS_SKIP:
		reply(ctx, SMFIR_SKIP, "", 0);
		break;
	case SMFIS_NOREPLY:
		if (waived && (ctx->offered_steps & waiver) == 0)
			reply(ctx, SMFIR_CONTINUE, "", 0);
		break;
	case REPLY_OPTIONS:
		send_options(ctx);
		break;
	default:
		break;
	}
}

/* The end of the connection, whoever ends it. */
static bool
hang_up(SMFICTX *ctx)
{
	if (ctx->closed)
		return false;
	if (in_mail(ctx))
		filter.xxfi_abort(ctx);
	if (ctx->state != GONE)
		filter.xxfi_close(ctx);
	ctx->closed = true;
	if (ctx->session != NULL)
		broken("a session is left behind");
	return false;
}

static bool
run(SMFICTX *ctx, const struct command *command, const char *data, size_t length)
{
	int status;

	if (command->next != UNCHANGED)
		ctx->state = command->next;
	status = command->run(ctx, data, length);
	if (status == REPLY_HANG_UP)
		return hang_up(ctx);
	reply_status(ctx, status);
	/* a refused recipient leaves the others; any other refusal starts again after HELO */
	if (status == SMFIS_ACCEPT ||
	    (command->next != HAS_RCPT && (status == SMFIS_REJECT || status == SMFIS_TEMPFAIL || status == SMFIS_DISCARD)))
		ctx->state = GREETED;
	return command->letter == SMFIC_QUIT ? hang_up(ctx) : true;
}

bool
stand_in_packet(struct stand_in *connection, char letter, const char *data, size_t length)
{
	SMFICTX *ctx = &connection->context;
	const struct command *command = command_of(letter);
	char *block;
	bool goes_on;

	if (ctx->closed)
		return false;
	if (command == NULL)
		return hang_up(ctx);
	if (command->next != UNCHANGED && !may_follow(ctx->state, command->next)) {
		if (in_mail(ctx))
			filter.xxfi_abort(ctx);
		ctx->state = GREETED;
		if (!may_follow(GREETED, command->next))
			return letter == SMFIC_QUIT ? hang_up(ctx) : true;
	}
	if (length == 0 && !command->may_be_empty)
		return hang_up(ctx);
	block = malloc(length); /* of the exact size, so that a sanitizer sees a read past its end */
	if (block == NULL && length > 0)
		broken("memory");
	if (length > 0)
		memcpy(block, data, length);
	goes_on = run(ctx, command, block, length);
	free(block);
	return goes_on;
}

struct stand_in *
stand_in_open(void (*on_reply)(void *, char, const char *, size_t), void *context)
{
	struct stand_in *connection = calloc(1, sizeof *connection);

	if (connection == NULL)
		broken("memory");
	connection->context.on_reply = on_reply;
	connection->context.context = context;
	return connection;
}

void
stand_in_close(struct stand_in *connection)
{
	SMFICTX *ctx = &connection->context;

	hang_up(ctx);
	forget_macros(ctx, 0);
	free(ctx->reply);
	free(connection);
}

const char *
stand_in_address(const struct stand_in *connection)
{
	return connection->context.address;
}
