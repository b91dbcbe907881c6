#include <stdio.h>

#include "milter/checks/server_health.h"
#include "milter/system/journal.h"

static void
say_servers(const struct server_health *health, int level, const char *what, const char *why)
{
	struct text names;

	text_open(&names, DNS_SERVERS_MAX * DNS_SERVER_TEXT);
	name_servers_write(&health->servers, &names);
	journal_say(health->journal, level, "dns: %s %s%s", what, names.bytes, why);
	text_close(&names);
}

/* Says which servers are asked; a default is worth a warning. */
static void
say_in_use(const struct server_health *health, const char *what, const struct fault *why)
{
	char text[sizeof why->text + 128];

	if (why->text[0] == '\0') {
		snprintf(text, sizeof text, " (%s)", health->resolv_conf != NULL ? health->resolv_conf : "dns.servers");
		say_servers(health, LOG_NOTICE, what, text);
	} else {
		snprintf(text, sizeof text, ", because %s; name another one there, or in dns.servers", why->text);
		say_servers(health, LOG_WARNING, what, text);
	}
}

bool
server_health_open(struct server_health *health, const struct resolver_settings *settings, struct fault *why)
{
	struct fault none = { .text = "" };

	*health = (struct server_health){ .journal = settings->journal };
	if (settings->server_count == 0) {
		health->resolv_conf = settings->resolv_conf != NULL ? settings->resolv_conf : NAME_SERVERS_FILE;
		if (!name_servers_of_host(health->resolv_conf, &health->servers, &none))
			health->servers = name_servers_default;
	} else if (!name_servers_given(settings->servers, settings->server_count, &health->servers, why)) {
		return false;
	}
	say_in_use(health, "asking", &none);
	return true;
}

void
server_health_asked(struct server_health *health, int64_t now_us)
{
	health->in_flight++;
	if (atomic_load(&health->unanswered_since) == 0)
		atomic_store(&health->unanswered_since, now_us);
}

void
server_health_ended(struct server_health *health, bool answered, int64_t now_us)
{
	health->in_flight--;
	if (!answered)
		return;
	atomic_store(&health->unanswered_since, health->in_flight > 0 ? now_us : 0);
	if (health->failing)
		say_servers(health, LOG_NOTICE, "answers come again from", "");
	health->failing = false;
}

int64_t
server_health_silent(const struct server_health *health, int64_t now_us)
{
	int64_t since = atomic_load(&((struct server_health *)health)->unanswered_since);

	return since == 0 ? 0 : now_us - since;
}

void
server_health_say(struct server_health *health, int64_t silent_us)
{
	char remedy[512];

	if (health->failing || silent_us < RESOLVER_TROUBLE_MS * INT64_C(1000))
		return;
	health->failing = true;
	snprintf(remedy, sizeof remedy,
	    "; mail whose verdict needs DNS is deferred; see whether the server runs, or name another one in %s",
	    health->resolv_conf != NULL ? health->resolv_conf : "dns.servers and restart greenlaned");
	say_servers(health, LOG_ERR, "no usable answer for four seconds from", remedy);
}

bool
server_health_look(const struct server_health *health, struct dns_servers *out, struct fault *why)
{
	return health->resolv_conf != NULL && name_servers_of_host(health->resolv_conf, out, why) &&
	    !name_servers_equal(out, &health->servers);
}

void
server_health_replaced(struct server_health *health, const struct fault *why)
{
	say_in_use(health, "now asking", why);
}
