#include <stdlib.h>
#include <string.h>

#include "policy/advise/postfix_setup_parts.h"

/* ---- our networks ---- */

struct networks {
	struct prefix list[POSTFIX_WORDS_MAX];
	size_t count;
	bool whole; /* none was in a file or table, or excluded */
};

/* "192.0.2.0/24", "[2001:db8::]/32" */
static bool
read_network(const struct postfix_host *host, struct span word, struct prefix *out)
{
	char *copy = arena_copy(host->arena, word.at, word.length), *to = copy;
	struct fault why;

	if (copy == NULL)
		return false;
	for (const char *from = copy; *from != '\0'; from++)
		if (*from != '[' && *from != ']')
			*to++ = *from;
	*to = '\0';
	return prefix_read(copy, out, &why);
}

static void
read_networks(const struct postfix_host *host, const char *value, struct networks *out)
{
	struct span words[POSTFIX_WORDS_MAX];
	size_t count = postfix_words(value, words, POSTFIX_WORDS_MAX);

	out->count = 0;
	out->whole = true;
	for (size_t i = 0; i < count; i++)
		if (read_network(host, words[i], &out->list[out->count]))
			out->count++;
		else
			out->whole = false;
}

static bool
is_within(const struct prefix *network, const struct prefix *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_is_within(network, &list[i]))
			return true;
	return false;
}

/* Exempt anyway, ours by greenlane.conf, or a relay's. */
static bool
is_known(const struct postfix_host *host, const struct prefix *network)
{
	const struct postfix_setup_site *site = host->site;

	if (address_is_loopback(&network->base) && network->bits >= 8)
		return true;
	if (is_within(network, site->own_networks.list, site->own_networks.count))
		return true;
	for (size_t i = 0; i < site->relay_count; i++)
		if (is_within(network, site->relays[i].networks.list, site->relays[i].networks.count))
			return true;
	return false;
}

struct prefixes
postfix_judged_networks(const struct postfix_host *host)
{
	const char *value = postfix_setting(host, "mynetworks");
	struct networks *mine = arena_take(host->arena, sizeof *mine);
	size_t count = 0;

	if (value == NULL || mine == NULL)
		return (struct prefixes){ NULL, 0 };
	read_networks(host, value, mine);
	for (size_t i = 0; i < mine->count; i++)
		if (!is_known(host, &mine->list[i]))
			mine->list[count++] = mine->list[i];
	return (struct prefixes){ mine->list, count };
}

/* Postfix takes their mail for ours, greenlane does not. */
static void
advise_missing(const struct postfix_host *host, struct text *out)
{
	struct prefixes judged = postfix_judged_networks(host);
	char text[PREFIX_TEXT];

	if (judged.count == 0)
		return;
	text_put(out,
	    "# Warning: greenlane judges the mail of these mynetworks as anybody's. If only hosts of yours send from\n"
	    "# there, add them to own.networks in greenlane.conf; of a balancer or a relay see HIDDEN CLIENTS in\n"
	    "# greenlaned(8):\n");
	for (size_t i = 0; i < judged.count; i++)
		text_format(out, "#     \"%s\"\n", prefix_write(&judged.list[i], text));
	text_char(out, '\n');
}

/* The other way round. No warning: a host may be exempt and yet not allowed to relay. */
static void
advise_extra(const struct postfix_host *host, const struct networks *mine, struct text *out)
{
	const struct prefixes *own = &host->site->own_networks;
	char text[PREFIX_TEXT];
	size_t count = 0;

	for (size_t i = 0; mine->whole && i < own->count; i++) {
		if (is_within(&own->list[i], mine->list, mine->count))
			continue;
		text_put(out,
		    count++ == 0
			? "# Mail from these own.networks is exempt in greenlane, but Postfix's mynetworks does not have them:\n"
			: "");
		text_format(out, "#     \"%s\"\n", prefix_write(&own->list[i], text));
	}
	if (count > 0)
		text_char(out, '\n');
}

static void
compare_networks(const struct postfix_host *host, struct text *out)
{
	const char *value = postfix_setting(host, "mynetworks");
	struct networks *mine = arena_take(host->arena, sizeof *mine);

	if (value == NULL || mine == NULL)
		return;
	read_networks(host, value, mine);
	advise_missing(host, out);
	advise_extra(host, mine, out);
}

/* ---- processes ---- */

enum { PROCESSES_DEFAULT = 100 }; /* Postfix's default_process_limit */

static unsigned long
processes_of(const struct postfix_host *host, const struct postfix_service *service)
{
	const char *limit = postfix_setting(host, "default_process_limit");

	if (service->processes[0] != '-')
		return strtoul(service->processes, NULL, 10);
	return limit == NULL ? PROCESSES_DEFAULT : strtoul(limit, NULL, 10);
}

unsigned long
postfix_smtpd_processes(const struct postfix_host *host, bool *endless)
{
	unsigned long all = 0;

	*endless = false;
	for (size_t i = 0; i < host->service_count; i++) {
		const struct postfix_service *service = &host->services[i];
		unsigned long some;

		if (strcmp(service->command, "smtpd") != 0 || !postfix_asks_milter(host, service))
			continue;
		some = processes_of(host, service);
		*endless = *endless || some == 0;
		all += some > 1000000 ? 1000000 : some;
	}
	return all;
}

static void
compare_processes(const struct postfix_host *host, struct text *out)
{
	const unsigned long most = host->site->max_sessions;
	bool endless;
	unsigned long all = postfix_smtpd_processes(host, &endless);

	if (!endless && all <= most)
		return;
	if (endless)
		text_format(out,
		    "# Warning: an smtpd in master.cf may have any number of processes (maxproc 0), each with a connection\n"
		    "# to greenlane, which takes %lu.",
		    most);
	else
		text_format(out,
		    "# Warning: smtpd may have %lu processes (maxproc in master.cf, default_process_limit), each with a\n"
		    "# connection to greenlane, which takes %lu.",
		    all, most);
	text_put(out, " What comes by one more goes as milter_default_action says.\n");
	if (endless)
		text_put(out, "# Write a number there, or a higher milter.max_sessions in greenlane.conf.\n\n");
	else
		text_format(out, "# In greenlane.conf write milter = { max_sessions = %lu; ... };\n\n", all);
}

void
postfix_agree(const struct postfix_host *host, struct text *out)
{
	compare_networks(host, out);
	compare_processes(host, out);
}
