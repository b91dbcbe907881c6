#include "milter/store/redis_tls.h"

bool
redis_tls_may(const struct redis_settings *settings, bool unix_socket, struct fault *why)
{
	const char *const all[] = { settings->tls.ca, settings->tls.cert, settings->tls.key, settings->tls.name };
	bool asked = false;

	(void)unix_socket;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		asked = asked || all[i][0] != '\0';
	return !asked ||
	    fault_set(why,
		"greylist.redis.tls: this hiredis has no TLS (it came with 1.0); run stunnel beside greenlaned and name its "
		"port, or a Unix socket, in greylist.store");
}

bool
redis_tls_begin(redisContext *context, const struct redis_settings *settings, const char *name, void **tls,
    struct fault *why)
{
	(void)context, (void)settings, (void)name, (void)why;
	*tls = NULL;
	return true;
}

bool
redis_tls_send(void *tls, const char *bytes, size_t length)
{
	(void)tls, (void)bytes, (void)length;
	return false;
}

void
redis_tls_forget(void)
{
}

bool
redis_tls_says(const struct redis_settings *settings, struct fault *why)
{
	(void)settings, (void)why;
	return false;
}
