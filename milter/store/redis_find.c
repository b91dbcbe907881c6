#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/store/redis_find.h"
#include "milter/system/files.h"

enum { ADDRESSES_MAX = 8 };

struct redis_find {
	struct store_name name; /* the sentinel that answered last stands first */
	const struct redis_settings *settings;
};

struct redis_find *
redis_find_open(const struct store_name *name, const struct redis_settings *settings)
{
	struct redis_find *find = calloc(1, sizeof *find);

	if (find != NULL)
		*find = (struct redis_find){ *name, settings };
	return find;
}

void
redis_find_close(struct redis_find *find)
{
	free(find);
}

/* ---- the password ---- */

bool
redis_password_read(const struct redis_settings *settings, struct secret *out, struct fault *why)
{
	const char *path = settings->password_file, *name;
	struct folder folder;
	struct stat st;
	bool done;
	int fd;

	if (path[0] == '\0')
		return true;
	if (!folder_of(&folder, path, &name, why))
		return why->text[0] == '\0' && fault_at(why, path, 0, "its directory does not exist; make it");
	fd = file_open(&folder, name, O_RDONLY, &st, why);
	folder_close(&folder);
	if (fd < 0)
		return why->text[0] != '\0' ? false : fault_at(why, path, 0, "does not exist; write the password into it");
	done = secret_read_line(out, fd) || fault_at(why, path, 0, "cannot be read: %s", strerror(errno));
	close(fd);
	if (!done)
		return false;
	if (strlen(secret_bytes(out)) >= PASSWORD_MAX)
		return fault_at(why, path, 0, "has a first line of more than %d bytes; write the password into it",
		    PASSWORD_MAX - 1);
	return secret_bytes(out)[0] != '\0' || fault_at(why, path, 0, "holds no password; write it into the first line");
}

/* ---- hosts ---- */

static size_t
look_up(const struct store_host *host, struct redis_place out[ADDRESSES_MAX], struct redis_trouble *trouble)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG }, *list = NULL;
	size_t count = 0;
	int code = getaddrinfo(host->host, NULL, &hints, &list);

	for (const struct addrinfo *at = list; code == 0 && at != NULL && count < ADDRESSES_MAX; at = at->ai_next) {
		out[count] = (struct redis_place){ .port = host->port };
		snprintf(out[count].host, sizeof out[count].host, "%s", host->host);
		count += getnameinfo(at->ai_addr, at->ai_addrlen, out[count].address, sizeof out[count].address, NULL,
			     0, NI_NUMERICHOST) == 0;
	}
	if (code == 0)
		freeaddrinfo(list);
	if (count == 0) {
		*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = true };
		fault_set(&trouble->why, "Redis' host %s cannot be looked up: %s; write its address in greylist.store",
		    host->host, code == 0 ? "it has no address" : gai_strerror(code));
	}
	return count;
}

static struct redis_link *
find_at(struct redis_find *find, const struct store_host *host, struct secret *password, struct redis_place *where,
    struct redis_trouble *trouble)
{
	struct redis_place places[ADDRESSES_MAX];
	size_t count = look_up(host, places, trouble);
	struct redis_link *link = NULL;

	for (size_t i = 0; link == NULL && i < count; i++) {
		link = redis_link_open(&places[i], find->settings, password, trouble);
		*where = places[i];
	}
	return link;
}

/* ---- Sentinels ---- */

/* "127.0.0.1", "6379" */
static bool
master_read(const redisReply *reply, struct store_host *out)
{
	long port;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->type != REDIS_REPLY_STRING ||
	    reply->element[1]->type != REDIS_REPLY_STRING)
		return false;
	port = strtol(reply->element[1]->str, NULL, 10);
	out->port = (unsigned)port;
	return port > 0 && port <= 65535 && reply->element[0]->len < sizeof out->host &&
	    snprintf(out->host, sizeof out->host, "%s", reply->element[0]->str) > 0;
}

static bool
ask_sentinel_at(struct redis_find *find, const struct redis_place *place, struct store_host *master,
    struct redis_trouble *trouble)
{
	const char *const words[] = { "SENTINEL", "get-master-addr-by-name", find->name.master };
	struct redis_link *link = redis_link_open_sentinel(place, find->settings, trouble);
	redisReply *reply = link == NULL ? NULL : redis_link_say(link, 3, words, trouble);
	bool known = reply != NULL && master_read(reply, master);
	char at[ADDRESS_TEXT + 16];

	if (reply != NULL && !known) {
		redis_place_write(place, at, sizeof at);
		*trouble = (struct redis_trouble){ .state = STORE_STATE_FAILED, .lasting = true };
		fault_set(&trouble->why, "the Sentinel at %s knows no master '%s'; correct greylist.store", at,
		    find->name.master);
	}
	if (reply != NULL)
		freeReplyObject(reply);
	redis_link_close(link);
	return known;
}

static bool
ask_sentinel(struct redis_find *find, const struct store_host *sentinel, struct store_host *master,
    struct redis_trouble *trouble)
{
	struct redis_place places[ADDRESSES_MAX];
	size_t count = look_up(sentinel, places, trouble);

	for (size_t i = 0; i < count; i++)
		if (ask_sentinel_at(find, &places[i], master, trouble))
			return true;
	return false;
}

/* The one that answered is asked first the next time. */
static bool
ask_sentinels(struct redis_find *find, struct store_host *master, struct redis_trouble *trouble)
{
	for (size_t i = 0; i < find->name.host_count; i++) {
		struct store_host first = find->name.hosts[0];

		if (!ask_sentinel(find, &find->name.hosts[i], master, trouble))
			continue;
		find->name.hosts[0] = find->name.hosts[i];
		find->name.hosts[i] = first;
		return true;
	}
	return false;
}

/* ---- finding ---- */

static struct redis_link *
find_master(struct redis_find *find, struct secret *password, struct redis_place *where, struct redis_trouble *trouble)
{
	struct store_host master;
	struct redis_link *link;

	if (!ask_sentinels(find, &master, trouble))
		return NULL;
	link = find_at(find, &master, password, where, trouble);
	if (link == NULL || redis_link_is_master(link, trouble))
		return link;
	redis_link_close(link);
	return NULL;
}

struct redis_link *
redis_find(struct redis_find *find, struct secret *password, struct redis_place *where, struct redis_trouble *trouble)
{
	*where = (struct redis_place){ .path = find->name.path };
	if (find->name.kind == STORE_SENTINEL)
		return find_master(find, password, where, trouble);
	if (find->name.path == NULL)
		return find_at(find, &find->name.hosts[0], password, where, trouble);
	return redis_link_open(where, find->settings, password, trouble);
}

bool
redis_find_has_moved(struct redis_find *find, const struct redis_place *where, struct fault *silent)
{
	struct redis_place places[ADDRESSES_MAX];
	struct redis_trouble trouble;
	struct store_host master;
	size_t count;

	*silent = (struct fault){ .text = "" };
	if (find->name.kind != STORE_SENTINEL)
		return false;
	if (!ask_sentinels(find, &master, &trouble)) {
		*silent = trouble.why;
		return false;
	}
	count = look_up(&master, places, &trouble);
	for (size_t i = 0; i < count; i++)
		if (redis_place_is(&places[i], where))
			return false;
	return count > 0;
}
