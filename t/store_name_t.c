#include <stdio.h>
#include <string.h>

#include "policy/rules/store_name.h"
#include "t/lib/tap.h"

/* What a name comes to, or the fault. */
static const struct {
	const char *text, *comes_to;
} rows[] = {
	{ "none", "none" },
	{ "lmdb:/var/lib/greenlane/greylist", "lmdb /var/lib/greenlane/greylist" },
	{ "lmdb:greylist", "'greylist' is not an absolute path; begin it with '/'" },
	{ "redis:192.0.2.1:6379", "redis 192.0.2.1 6379" },
	{ "redis:redis.example.com:6379", "redis redis.example.com 6379" },
	{ "redis:[2001:db8::1]:6380", "redis 2001:db8::1 6380" },
	{ "redis:unix:/run/redis/redis.sock", "redis /run/redis/redis.sock" },
	{ "redis:unix:redis.sock", "'redis.sock' is not an absolute path; begin it with '/'" },
	{ "redis:2001:db8::1:6379",
	    "'2001:db8::1:6379' looks like an IPv6 address; write it in brackets, \"[2001:db8::1]:6379\"" },
	{ "redis:192.0.2.1", "'192.0.2.1' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis:192.0.2.1:0", "'192.0.2.1:0' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis:192.0.2.1:65536", "'192.0.2.1:65536' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis:192.0.2.1:6379x", "'192.0.2.1:6379x' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis:a b:6379", "'a b:6379' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis::6379", "':6379' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis:[::1:6379", "'[::1:6379' is no host with a port; write \"redis.example.com:6379\"" },
	{ "redis-sentinel:MyMaster@192.0.2.1:26379", "sentinel MyMaster 192.0.2.1 26379" },
	{ "redis-sentinel:m@192.0.2.1:26379, [2001:db8::1]:26380", "sentinel m 192.0.2.1 26379 2001:db8::1 26380" },
	{ "redis-sentinel:192.0.2.1:26379",
	    "no sentinel is named; write \"redis-sentinel:mymaster@192.0.2.1:26379,192.0.2.2:26379\"" },
	{ "redis-sentinel:@192.0.2.1:26379",
	    "'@192.0.2.1:26379' names no master; write \"redis-sentinel:mymaster@192.0.2.1:26379\"" },
	{ "redis-sentinel:m@", "no sentinel is named; write \"redis-sentinel:mymaster@192.0.2.1:26379,192.0.2.2:26379\"" },
	{ "redis-sentinel:m@a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1",
	    "there are more than 9 sentinels; name some of them" },
	{ "redis://192.0.2.1:6379", "'//192.0.2.1:6379' is no host with a port; write \"redis.example.com:6379\"" },
};

static void
write(const struct store_name *name, char *out, size_t size)
{
	static const char *const
	    kinds[] = { [STORE_NONE] = "none", [STORE_LMDB] = "lmdb", [STORE_REDIS] = "redis", [STORE_SENTINEL] = "sentinel" };
	int used = snprintf(out, size, "%s%s%s%s%s", kinds[name->kind], name->path == NULL ? "" : " ",
	    name->path == NULL ? "" : name->path, name->master[0] == '\0' ? "" : " ", name->master);

	for (size_t i = 0; i < name->host_count; i++)
		used += snprintf(out + used, size - (size_t)used, " %s %u", name->hosts[i].host, name->hosts[i].port);
}

static void
test_words(void)
{
	char text[STORE_PATH_MAX + 16];
	struct store_name name;
	struct fault why;

	snprintf(text, sizeof text, "lmdb:/%0*d", STORE_PATH_MAX - 1, 0);
	ok(store_name_read(text, &name, &why), "a path of %d bytes", STORE_PATH_MAX);
	snprintf(text, sizeof text, "lmdb:/%0*d", STORE_PATH_MAX, 0);
	ok(!store_name_read(text, &name, &why) &&
		strcmp(why.text, "a path longer than 1024 bytes; write a shorter one") == 0,
	    "one more is refused");

	ok(!store_name_read("mysql:x", &name, &why) && strstr(why.text, "redis-sentinel:mymaster@") != NULL,
	    "another word is told all that may be written");
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct store_name name;
		struct fault why;
		char got[1024];

		if (store_name_read(rows[i].text, &name, &why))
			write(&name, got, sizeof got);
		is(store_name_read(rows[i].text, &name, &why) ? got : why.text, rows[i].comes_to, "%s", rows[i].text);
	}
	test_words();
	return done();
}
