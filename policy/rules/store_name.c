#include <string.h>

#include "policy/rules/store_name.h"
#include "policy/util/text.h"

static bool
path_read(const char *path, struct store_name *out, struct fault *why)
{
	out->path = path;
	if (strlen(path) > STORE_PATH_MAX)
		return fault_set(why, "a path longer than %d bytes; write a shorter one", STORE_PATH_MAX);
	return path[0] == '/' || fault_set(why, "'%.120s' is not an absolute path; begin it with '/'", path);
}

static bool
port_read(struct span text, unsigned *out)
{
	*out = 0;
	for (size_t i = 0; i < text.length; i++) {
		if (text.at[i] < '0' || text.at[i] > '9' || text.length > 5)
			return false;
		*out = *out * 10 + (unsigned)(text.at[i] - '0');
	}
	return *out >= 1 && *out <= 65535;
}

/* Letters, digits and what stands in names and addresses: nothing that a command or a log could mistake. */
static bool
name_keep(struct span name, char out[STORE_HOST_TEXT])
{
	if (name.length == 0 || name.length >= STORE_HOST_TEXT)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = text_lower(name.at[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && memchr("-._:", c, 4) == NULL)
			return false;
	}
	memcpy(out, name.at, name.length);
	out[name.length] = '\0';
	return true;
}

/* "redis.example:6379", "192.0.2.1:6379", "[2001:db8::1]:6379" */
static bool
host_read(struct span text, struct store_host *out, struct fault *why)
{
	struct span rest = text, host;
	int shown = text.length > 120 ? 120 : (int)text.length;
	bool bracketed = text.length > 0 && text.at[0] == '[';

	if (bracketed) {
		(void)span_cut(&rest, '[');
		host = span_cut(&rest, ']');
		(void)span_cut(&rest, ':');
	} else {
		host = span_cut(&rest, ':');
	}
	if (!bracketed && memchr(rest.at, ':', rest.length) != NULL)
		return fault_set(why, "'%.*s' looks like an IPv6 address; write it in brackets, \"[2001:db8::1]:6379\"",
		    shown, text.at);
	if (name_keep(host, out->host) && port_read(rest, &out->port))
		return true;
	return fault_set(why, "'%.*s' is no host with a port; write \"redis.example.com:6379\"", shown, text.at);
}

static bool
hosts_read(struct span rest, struct store_name *out, struct fault *why)
{
	while (rest.length > 0) {
		if (out->host_count == STORE_HOSTS_MAX)
			return fault_set(why, "there are more than %d sentinels; name some of them", STORE_HOSTS_MAX);
		if (!host_read(span_trim(span_cut(&rest, ',')), &out->hosts[out->host_count++], why))
			return false;
	}
	return out->host_count > 0 ||
	    fault_set(why, "no sentinel is named; write \"redis-sentinel:mymaster@192.0.2.1:26379,192.0.2.2:26379\"");
}

static bool
sentinel_read(const char *text, struct store_name *out, struct fault *why)
{
	struct span rest = span_of(text), master = span_cut(&rest, '@');

	out->kind = STORE_SENTINEL;
	if (!name_keep(master, out->master))
		return fault_set(why, "'%.120s' names no master; write \"redis-sentinel:mymaster@192.0.2.1:26379\"", text);
	return hosts_read(rest, out, why);
}

static bool
redis_read(const char *text, struct store_name *out, struct fault *why)
{
	out->kind = STORE_REDIS;
	if (strncmp(text, "unix:", 5) != 0) {
		out->host_count = 1;
		return host_read(span_of(text), &out->hosts[0], why);
	}
	if (strlen(text + 5) > STORE_SOCKET_MAX)
		return fault_set(why, "the path of a Unix socket has at most %d bytes; write a shorter one",
		    STORE_SOCKET_MAX);
	return path_read(text + 5, out, why);
}

static bool
lmdb_read(const char *text, struct store_name *out, struct fault *why)
{
	out->kind = STORE_LMDB;
	return path_read(text, out, why);
}

bool
store_name_read(const char *text, struct store_name *out, struct fault *why)
{
	static const struct {
		const char *prefix;
		bool (*read)(const char *, struct store_name *, struct fault *);
	} kinds[] = { { "lmdb:", lmdb_read }, { "redis:", redis_read }, { "redis-sentinel:", sentinel_read } };

	*out = (struct store_name){ .kind = STORE_NONE };
	if (strcmp(text, "none") == 0)
		return true;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(text, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
			return kinds[i].read(text + strlen(kinds[i].prefix), out, why);
	return fault_set(why,
	    "'%.120s' is not a store; write \"lmdb:/var/lib/greenlane/greylist\", \"redis:192.0.2.1:6379\", "
	    "\"redis:unix:/run/redis/redis.sock\", \"redis-sentinel:mymaster@192.0.2.1:26379\" or \"none\"",
	    text);
}
