#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "milter/store/redis_bounds.h"
#include "milter/store/redis_link.h"
#include "milter/store/redis_tls.h"
#include "milter/system/clock.h"

struct redis_link {
	redisContext *context;
	struct redis_bounds bounds;
	void *tls; /* NULL: it is none of TLS */
	const struct redis_settings *settings;
	int unsent; /* errno of a failure to send */
	bool is_sentinel;
	char place[ADDRESS_TEXT + 128];
	char who[ADDRESS_TEXT + 160]; /* "Redis at 192.0.2.1:6379" */
};

/* ---- places ---- */

bool
redis_place_is(const struct redis_place *one, const struct redis_place *other)
{
	if (one->path != NULL || other->path != NULL)
		return one->path == other->path;
	return one->port == other->port && strcmp(one->address, other->address) == 0;
}

void
redis_place_write(const struct redis_place *place, char *out, size_t size)
{
	if (place->path != NULL)
		snprintf(out, size, "%s", place->path);
	else
		snprintf(out, size, strchr(place->address, ':') == NULL ? "%s:%u" : "[%s]:%u", place->address,
		    place->port);
}

/* ---- troubles ---- */

/* What a server replies when it does not serve, by the word in it; a script puts words of its own around it. */
static const struct {
	const char *word, *remedy;
	enum store_state state;
} refusals[] = {
	{ "READONLY", "it is a replica; name the master, or redis-sentinel: to follow it", STORE_STATE_READ_ONLY },
	{ "NOREPLICAS", "it has fewer replicas than its min-replicas-to-write; start them", STORE_STATE_READ_ONLY },
	{ "MISCONF", "it cannot save its data; see its log, and whether its disk is full", STORE_STATE_READ_ONLY },
	{ "OOM ", "its maxmemory is used up; raise it, or set its maxmemory-policy to volatile-ttl", STORE_STATE_FULL },
	{ "LOADING", "it is reading its data; it serves when that is done", STORE_STATE_FAILED },
	{ "MASTERDOWN", "its master is gone; start it, or let Sentinel choose another", STORE_STATE_FAILED },
	{ "unknown command 'SENTINEL'", "it is no Sentinel; name the port of one, or redis: to use it itself",
	    STORE_STATE_FAILED },
	{ "unknown command 'EVALSHA'", "it runs no scripts; if it is a Sentinel, write redis-sentinel:NAME@HOST:PORT",
	    STORE_STATE_FAILED },
	{ "NOAUTH", "it wants a password; write it into greylist.redis.password_file", STORE_STATE_FAILED },
	{ "WRONGPASS", "it refuses the user or the password; correct greylist.redis", STORE_STATE_FAILED },
	{ "invalid password", "it refuses the password; correct greylist.redis.password_file", STORE_STATE_FAILED },
	{ "without any password", "it has no password; remove greylist.redis.password_file", STORE_STATE_FAILED },
	{ "NOPERM", "its user may not do this; grant ~PREFIX* and +@read +@write +@scripting +role +select",
	    STORE_STATE_FAILED },
	{ "MOVED", "it is a cluster, which greenlane does not use; name a single server", STORE_STATE_FAILED },
	{ "CLUSTERDOWN", "it is a cluster, which greenlane does not use; name a single server", STORE_STATE_FAILED },
	{ "DB index", "it has no such database; correct greylist.redis.database", STORE_STATE_FAILED },
};

static const char sentinel_noauth[] = "it wants a password, and Sentinels are asked without one; remove its requirepass";

/* What is a stranger's text is cut, and its bytes are escaped where it is shown. */
static void
tell_refusal(const struct redis_link *link, const char *text, struct redis_trouble *trouble)
{
	size_t length = strnlen(text, 120);
	const char *arguments = memmem(text, length, " with args ", 11);

	if (arguments != NULL) /* which are keys, of sender and recipient */
		length = (size_t)(arguments - text);
	trouble->lasting = true;
	trouble->no_script = strncmp(text, "NOSCRIPT", 8) == 0;
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
		if (strstr(text, refusals[i].word) == NULL)
			continue;
		trouble->state = refusals[i].state;
		fault_set(&trouble->why, "%s: %s", link->who,
		    link->is_sentinel && strcmp(refusals[i].word, "NOAUTH") == 0 ? sentinel_noauth : refusals[i].remedy);
		return;
	}
	trouble->state = STORE_STATE_FAILED;
	fault_set(&trouble->why, "%s replies \"%.*s\"; see its log", link->who, (int)length, text);
}

static bool
is_late(const redisContext *context)
{
	return context != NULL && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ETIMEDOUT) &&
	    context->err != REDIS_ERR_EOF && context->err != REDIS_ERR_PROTOCOL && context->err != REDIS_ERR_OOM;
}

static void
tell_broken(const struct redis_link *link, struct redis_trouble *trouble)
{
	const redisContext *context = link->context;
	struct fault said;

	trouble->state = STORE_STATE_FAILED;
	trouble->lasting = trouble->no_script = false;
	if (link->bounds.exceeded)
		fault_set(&trouble->why, "%s: its answer has more than %d elements; see whether it is a Redis",
		    link->who, REDIS_ELEMENTS_MAX);
	else if (is_late(context))
		fault_set(&trouble->why, "%s does not answer within %lld ms; see whether it is overloaded", link->who,
		    (long long)link->settings->command_ms);
	else if (redis_tls_says(link->settings, &said))
		fault_set(&trouble->why, "%s: %s", link->who, said.text);
	else
		fault_set(&trouble->why, "%s: %.120s; see whether it runs", link->who,
		    context == NULL ? "out of memory" : context->errstr);
}

static void
tell_absent(const struct redis_link *link, struct redis_trouble *trouble)
{
	const redisContext *context = link->context;

	*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = true };
	if (link->place[0] == '/' && faccessat(AT_FDCWD, link->place, W_OK, AT_EACCESS) != 0 && errno == EACCES)
		fault_set(&trouble->why,
		    "%s may not be entered by the user of greenlaned; add that user to the socket's group "
		    "(usermod -aG), and restart greenlaned",
		    link->who);
	else
		fault_set(&trouble->why, "%s cannot be reached: %.120s; start it, or name another in greylist.store",
		    link->who, context == NULL ? "out of memory" : context->errstr);
}

/* ---- asking ---- */

static redisReply *
take_reply(struct redis_link *link, redisReply *reply, struct redis_trouble *trouble)
{
	if (reply == NULL) {
		tell_broken(link, trouble);
		return NULL;
	}
	if (reply->type != REDIS_REPLY_ERROR)
		return reply;
	tell_refusal(link, reply->str, trouble);
	freeReplyObject(reply);
	return NULL;
}

/* Where hiredis 0.14 had no memory for a new buffer after it sent the old one, it goes on without. */
static bool
has_buffer(redisContext *context)
{
	if (context->obuf == NULL && context->err == 0) {
		context->err = REDIS_ERR_OOM;
		snprintf(context->errstr, sizeof context->errstr, "out of memory");
	}
	return context->obuf != NULL;
}

void
redis_link_add(struct redis_link *link, int count, const char *const *words, const size_t *lengths)
{
	/* hiredis 0.14 lacks the const; a failure is in the context */
	if (has_buffer(link->context))
		(void)redisAppendCommandArgv(link->context, count, (const char **)(uintptr_t)words, lengths);
}

/* Errno and OpenSSL's errors are those of this very call, for whoever tells of a failure. */
static void
begin_call(void)
{
	redis_tls_forget();
	errno = 0; /* TLS may fail without a word from the system */
}

/* OpenSSL writes by write(2), whose SIGPIPE would end a command of ours; so would hiredis, which is not let write by itself. */
struct quiet {
	sigset_t pipe, before;
};

static struct quiet
quiet_begin(void)
{
	struct quiet quiet;

	sigemptyset(&quiet.pipe);
	sigaddset(&quiet.pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &quiet.pipe, &quiet.before);
	return quiet;
}

/* Takes the signal that came meanwhile. Errno stays. */
static void
quiet_end(const struct quiet *quiet)
{
	int kept = errno;

	while (sigtimedwait(&quiet->pipe, NULL, &(struct timespec){ 0 }) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
	errno = kept;
}

/* The socket blocks, for as long as its time-out. */
static bool
send_bytes(struct redis_link *link, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t sent = send(link->context->fd, bytes, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		bytes += sent;
		length -= (size_t)sent;
	}
	return true;
}

/* With errno. */
static void
note_unsent(struct redis_link *link)
{
	link->context->err = REDIS_ERR_IO;
	link->unsent = errno;
	snprintf(link->context->errstr, sizeof link->context->errstr, "%s", strerror(link->unsent));
}

static void
send_tls(struct redis_link *link)
{
	redisContext *context = link->context;
	struct quiet quiet = quiet_begin();

	/* asked whether that is all, it would look into the new buffer that it may not have */
	while (context->err == 0 && context->obuf != NULL && sdslen(context->obuf) > 0)
		(void)redisBufferWrite(context, NULL);
	link->unsent = errno;
	quiet_end(&quiet);
}

void
redis_link_send(struct redis_link *link)
{
	redisContext *context = link->context;

	begin_call();
	if (link->tls != NULL) {
		send_tls(link);
	} else if (context->err == 0 && context->obuf != NULL) {
		if (!send_bytes(link, context->obuf, sdslen(context->obuf)))
			note_unsent(link);
		sdssetlen(context->obuf, 0);
	}
}

/* In a read of a Unix socket a thread is woken as well when the server takes what was sent, in a poll by an answer alone. */
static bool
wait_unix(const struct redis_link *link)
{
	struct pollfd answer = { .fd = link->context->fd, .events = POLLIN };
	int ready;

	if (link->place[0] != '/')
		return true;
	while ((ready = poll(&answer, 1, (int)link->settings->command_ms)) < 0 && errno == EINTR)
		;
	if (ready == 0)
		errno = EAGAIN;
	return ready > 0;
}

/* After a read that did not complete the reply. Each read has its time-out; a server that sends a byte now and then holds nobody
 * longer than a silent one. until: 0 at the first; ticks. */
static bool
may_read_on(struct redis_link *link, int64_t *until)
{
	redisContext *context = link->context;

	if (context->reader->len > REDIS_REPLY_BYTES_MAX) {
		context->err = REDIS_ERR_PROTOCOL;
		snprintf(context->errstr, sizeof context->errstr, "its answer is longer than %d bytes",
		    REDIS_REPLY_BYTES_MAX);
		return false;
	}
	if (*until == 0)
		*until = clock_ticks() + link->settings->command_ms * 1000;
	errno = EAGAIN;
	return clock_ticks() <= *until;
}

static bool
read_some(struct redis_link *link)
{
	struct quiet quiet;
	bool read;

	if (link->tls == NULL)
		return redisBufferRead(link->context) == REDIS_OK;
	quiet = quiet_begin(); /* it may answer, say with new keys */
	read = redisBufferRead(link->context) == REDIS_OK;
	quiet_end(&quiet);
	return read;
}

redisReply *
redis_link_take(struct redis_link *link, struct redis_trouble *trouble)
{
	redisContext *context = link->context;
	int64_t until = 0;
	void *reply = NULL;
	bool reads = true;

	if (context->err == 0)
		begin_call();
	else
		errno = link->unsent;
	while (reads && context->err == 0 && redisGetReplyFromReader(context, &reply) == REDIS_OK && reply == NULL)
		reads = wait_unix(link) && read_some(link) && may_read_on(link, &until);
	return take_reply(link, reply, trouble);
}

redisReply *
redis_link_ask(struct redis_link *link, int count, const char *const *words, const size_t *lengths,
    struct redis_trouble *trouble)
{
	redis_link_add(link, count, words, lengths);
	redis_link_send(link);
	return redis_link_take(link, trouble);
}

redisReply *
redis_link_say(struct redis_link *link, int count, const char *const *words, struct redis_trouble *trouble)
{
	return redis_link_ask(link, count, words, NULL, trouble);
}

bool
redis_link_is_stale(const struct redis_link *link)
{
	return link->context->err == REDIS_ERR_EOF ||
	    (link->context->err == REDIS_ERR_IO && (errno == EPIPE || errno == ECONNRESET));
}

bool
redis_link_is_master(struct redis_link *link, struct redis_trouble *trouble)
{
	const char *const words[] = { "ROLE" };
	redisReply *reply = redis_link_say(link, 1, words, trouble);
	bool master;

	if (reply == NULL)
		return false;
	master = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
	    reply->element[0]->type == REDIS_REPLY_STRING && strcmp(reply->element[0]->str, "master") == 0;
	freeReplyObject(reply);
	if (!master)
		tell_refusal(link, "READONLY", trouble);
	return master;
}

/* ---- opening ---- */

static struct timeval
time_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static bool
say_ok(struct redis_link *link, int count, const char *const *words, struct redis_trouble *trouble)
{
	redisReply *reply = redis_link_say(link, count, words, trouble);

	if (reply == NULL)
		return false;
	freeReplyObject(reply);
	return true;
}

/* AUTH [user] password, as Redis reads it; "" where that has no room. */
static size_t
write_auth(const char *user, struct secret *password, struct secret *out)
{
	char *at = secret_bytes(out);
	size_t length = strlen(secret_bytes(password)), used;
	int head = user[0] == '\0'
	    ? snprintf(at, SECRET_SIZE, "*2\r\n$4\r\nAUTH\r\n$%zu\r\n", length)
	    : snprintf(at, SECRET_SIZE, "*3\r\n$4\r\nAUTH\r\n$%zu\r\n%s\r\n$%zu\r\n", strlen(user), user, length);

	used = (size_t)head;
	if (head < 0 || used + length + 2 > SECRET_SIZE)
		return 0;
	memcpy(at + used, secret_bytes(password), length); /* printf has buffers of its own */
	memcpy(at + used + length, "\r\n", 2);
	return used + length + 2;
}

static bool
send_secret(struct redis_link *link, const char *bytes, size_t length)
{
	struct quiet quiet;
	bool sent;

	if (link->tls == NULL)
		return send_bytes(link, bytes, length);
	quiet = quiet_begin();
	sent = redis_tls_send(link->tls, bytes, length);
	quiet_end(&quiet);
	return sent;
}

/* hiredis would leave a copy in memory that it frees, so this command is none of its. */
static bool
authenticate(struct redis_link *link, struct secret *password, struct redis_trouble *trouble)
{
	struct secret *command = secret_open();
	size_t length = command == NULL ? 0 : write_auth(link->settings->user, password, command);
	redisReply *reply;

	redis_tls_forget();
	errno = 0;
	if (length == 0)
		errno = ENOMEM;
	if (length == 0 || !send_secret(link, secret_bytes(command), length))
		note_unsent(link);
	secret_close(command);
	reply = redis_link_take(link, trouble);
	if (reply != NULL)
		freeReplyObject(reply);
	return reply != NULL;
}

static bool
log_in(struct redis_link *link, struct secret *password, struct redis_trouble *trouble)
{
	char number[16];
	const char *const choose[] = { "SELECT", number };

	if (secret_bytes(password)[0] != '\0' && !authenticate(link, password, trouble))
		return false;
	snprintf(number, sizeof number, "%u", link->settings->database);
	return link->settings->database == 0 || say_ok(link, 2, choose, trouble);
}

static bool
begin_tls(struct redis_link *link, const struct redis_place *place, struct redis_trouble *trouble)
{
	struct quiet quiet = quiet_begin();
	struct fault said;
	bool begun = redis_tls_begin(link->context, link->settings, place->host, &link->tls, &said);

	quiet_end(&quiet);
	if (begun)
		return true;
	*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = !is_late(link->context) };
	if (trouble->lasting)
		fault_set(&trouble->why, "%s: %s", link->who, said.text);
	else
		fault_set(&trouble->why,
		    "%s does not answer TLS within %lld ms; see whether that is its tls-port, and whether it is "
		    "overloaded",
		    link->who, (long long)link->settings->command_ms);
	return false;
}

static struct redis_link *
link_connect(const struct redis_place *place, const struct redis_settings *settings, bool is_sentinel,
    struct redis_trouble *trouble)
{
	struct timeval connect = time_of(settings->connect_ms), command = time_of(settings->command_ms);
	struct redis_link *link = calloc(1, sizeof *link);

	if (link == NULL) {
		*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED };
		fault_set(&trouble->why, "the greylist: out of memory");
		return NULL;
	}
	link->settings = settings;
	redis_place_write(place, link->place, sizeof link->place);
	link->is_sentinel = is_sentinel;
	snprintf(link->who, sizeof link->who, "%s at %s", is_sentinel ? "the Sentinel" : "Redis", link->place);
	link->context = place->path != NULL
	    ? redisConnectUnixWithTimeout(place->path, connect)
	    : redisConnectWithTimeout(place->address, (int)place->port, connect);
	if (link->context == NULL || link->context->err != 0) {
		tell_absent(link, trouble);
	} else {
		(void)fcntl(link->context->fd, F_SETFD, FD_CLOEXEC);
		redis_bounds_set(link->context, &link->bounds);
		if (redisSetTimeout(link->context, command) == REDIS_OK && begin_tls(link, place, trouble))
			return link;
	}
	redis_link_close(link);
	return NULL;
}

struct redis_link *
redis_link_open(const struct redis_place *place, const struct redis_settings *settings, struct secret *password,
    struct redis_trouble *trouble)
{
	struct redis_link *link = link_connect(place, settings, false, trouble);

	if (link != NULL && password == NULL) {
		*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED };
		fault_set(&trouble->why, "the greylist: out of memory");
	} else if (link != NULL && log_in(link, password, trouble)) {
		return link;
	}
	redis_link_close(link);
	return NULL;
}

struct redis_link *
redis_link_open_sentinel(const struct redis_place *place, const struct redis_settings *settings,
    struct redis_trouble *trouble)
{
	return link_connect(place, settings, true, trouble);
}

void
redis_link_close(struct redis_link *link)
{
	if (link == NULL)
		return;
	if (link->context != NULL)
		redisFree(link->context);
	free(link);
}
