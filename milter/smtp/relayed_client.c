#include <string.h>
#include <strings.h>

#include "milter/smtp/message_parts.h"
#include "milter/smtp/relayed_client.h"
#include "policy/util/domain.h"
#include "policy/util/suffix.h"
#include "policy/util/text.h"
#include "policy/verdict/relay.h"

static bool
is_asked(const struct message *message)
{
	switch (verdict_exempts(message->judge->policy, &message->facts)) {
	case REASON_EXEMPT_AUTHENTICATED:
	case REASON_EXEMPT_LOCAL:
	case REASON_EXEMPT_DAEMON:
		return false;
	default:
		return message->judge->policy->relay_count > 0;
	}
}

static void
find_relay(struct message *message)
{
	struct facts *facts = &message->facts;
	const struct relay *relay;
	enum tri relayed;

	relayed = relay_find(message->judge, &facts->peer, &relay);
	facts->perhaps_relayed = relayed == UNKNOWN;
	if (relayed != YES)
		return;
	facts->via = relay->name;
	facts->client_hidden = relay->kind == RELAY_GATEWAY;
	if (!facts->client_hidden)
		return;
	facts->client = (struct address){ .family = ADDRESS_NONE };
	facts->iprev.by_mta = NULL; /* it is the gateway's */
}

void
relayed_client_begin(struct message *message)
{
	const struct policy *policy = message->judge->policy;
	struct facts *facts = &message->facts;

	facts->peer = facts->client;
	facts->via = "";
	if (is_asked(message))
		find_relay(message);
	if (facts->via[0] == '\0' && verdict_exempts(policy, facts) == REASON_NONE)
		facts->client_hidden = relay_hides_client(policy, &facts->peer);
}

void
relayed_client_header(struct message *message, const char *name, const char *value)
{
	const char *copy;

	if (!message->facts.client_hidden || message->facts.via[0] == '\0' || message->received_count == HOPS_MAX ||
	    !span_is_nocase(span_trim(span_of(name)), "Received"))
		return;
	copy = arena_string(message->arena, value);
	if (copy == NULL)
		message->facts.failed = true;
	else
		message->received[message->received_count++] = copy;
}

/* Takes client and HELO name from the gateway's Received field, so that SPF is asked for the host that it saw. */
void
relayed_client_settle(struct message *message)
{
	struct facts *facts = &message->facts;
	const struct relay *gateway = relay_of(message->judge->policy, facts), *via;
	struct received hop;
	const char *helo;

	if (!facts->client_hidden || gateway == NULL ||
	    !relay_client(message->judge, gateway, message->received, message->received_count, &hop, &via))
		return;
	helo = arena_string(message->arena, hop.helo);
	if (helo == NULL) {
		facts->failed = true;
		return;
	}
	facts->client = hop.client;
	facts->client_hidden = false;
	facts->via = via->name;
	facts->helo = helo;
	if (facts->null_sender)
		facts->spf.domain = helo;
}

/* ---- hidden clients ---- */

static void
note_hidden(const struct message *message)
{
	const struct facts *facts = &message->facts;
	char peer[ADDRESS_TEXT];

	if (usage_note(message->services->usage, USAGE_HIDDEN, facts->via[0] != '\0' ? facts->via : "-", &facts->peer,
		facts->now))
		journal_say(message->services->journal, LOG_WARNING,
		    "hidden-clients: the clients behind %s%s%s cannot be seen, so addresses and SPF prove nothing "
		    "(id %s); give greenlane the real address, see HIDDEN CLIENTS in greenlaned(8)",
		    address_write(&facts->peer, peer), facts->via[0] != '\0' ? ", relay " : "", facts->via, message->id);
}

/* Is it the name of another host? Programs of this one give its own name, or one that is not fully qualified. */
static bool
is_foreign(const struct message *message, const char *helo, char name[DOMAIN_TEXT])
{
	return domain_read(helo, strlen(helo), name, NULL) && domain_labels(name) > 1 &&
	    strcmp(name, "localhost.localdomain") != 0 && strcasecmp(name, message->client->mta_name) != 0;
}

/* Loopback is exempt: if foreign hosts come from there, all of them are exempt. */
static void
note_loopback(const struct message *message)
{
	const struct facts *facts = &message->facts;
	struct usage *usage = message->services->usage;
	int64_t since = facts->now - USAGE_LATELY;
	char name[DOMAIN_TEXT];

	if (!is_foreign(message, facts->helo, name))
		return;
	/* a flood of names must not displace other entries */
	if (!usage_has(usage, USAGE_LOOPBACK, name, &facts->peer) &&
	    usage_recent(usage, USAGE_LOOPBACK, since) >= USAGE_LOOPBACK_MAX)
		return;
	if (usage_note(usage, USAGE_LOOPBACK, name, &facts->peer, facts->now) &&
	    usage_recent(usage, USAGE_LOOPBACK, since) == USAGE_SEVERAL)
		journal_say(message->services->journal, LOG_WARNING,
		    "hidden-clients: hosts with several names connect from loopback, which is exempt (%s, id %s): "
		    "their mail is not judged; give greenlane the real address, see HIDDEN CLIENTS in greenlaned(8)",
		    name, message->id);
}

/* Domains that only hosts of a site have: behind one address each laptop has another. */
static bool
is_local_domain(const char *name)
{
	static const char *const local[] = { "local", "lan", "localdomain", "home", "internal", "intranet", "corp",
		"private", "arpa" };
	const char *last = strrchr(name, '.');

	for (size_t i = 0; last != NULL && i < sizeof local / sizeof local[0]; i++)
		if (strcmp(last + 1, local[i]) == 0)
			return true;
	return last == NULL;
}

/* The domain of a HELO name that is not ours; NULL: it is none. */
static const char *
foreign_domain(const struct message *message, char name[DOMAIN_TEXT])
{
	const char *domain;

	if (!is_foreign(message, message->facts.helo, name) || is_local_domain(name) ||
	    name_rules_hold_domain(&message->judge->policy->settings.own.domains, name))
		return NULL;
	domain = suffix_organisational(message->services->suffixes, name);
	return domain != NULL && !suffix_relates(message->services->suffixes, domain, message->client->mta_name)
	    ? domain
	    : NULL;
}

/* One host of ours that gives names of several domains is a balancer or NAT, and everybody behind it is exempt. */
static void
note_own_network(const struct message *message)
{
	const struct facts *facts = &message->facts;
	struct usage *usage = message->services->usage;
	char name[DOMAIN_TEXT], peer[ADDRESS_TEXT];
	const char *domain = foreign_domain(message, name);
	unsigned several;

	if (domain == NULL)
		return;
	several = usage_recent_at(usage, USAGE_OWN_PEER, &facts->peer, facts->now - USAGE_LATELY);
	if (several <= USAGE_SEVERAL && usage_note(usage, USAGE_OWN_PEER, domain, &facts->peer, facts->now))
		several++;
	if (several >= USAGE_SEVERAL && usage_note(usage, USAGE_HIDDEN, USAGE_OWN_NETWORKS, &facts->peer, facts->now))
		journal_say(message->services->journal, LOG_WARNING,
		    "hidden-clients: hosts of several domains connect through %s, which is in own.networks, so their mail is "
		    "not judged (%s, id %s); give greenlane the real address, see HIDDEN CLIENTS in greenlaned(8)",
		    address_write(&facts->peer, peer), name, message->id);
}

void
relayed_client_note(const struct message *message)
{
	const struct policy *policy = message->judge->policy;

	if (facts_hide_client(&message->facts)) {
		note_hidden(message);
	} else if (message->exempt && message->services->usage != NULL) {
		enum reason reason = verdict_exempts(policy, &message->facts);

		if (reason == REASON_EXEMPT_LOOPBACK)
			note_loopback(message);
		if (reason == REASON_EXEMPT_NETWORK)
			note_own_network(message);
	}
}
