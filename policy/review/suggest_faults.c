/* What is at fault when a sender waits that proves itself: their DNS, a forwarder, our file. */
#include <string.h>

#include "policy/review/suggest_write.h"

#define COUNT(number) (unsigned long long)(number)

struct finding {
	const struct suggest_rules *rules;
	const struct suggest_sender *found;
	const char *config; /* its path */
	struct text *out;
};

static void
put_name(struct text *out, const char *name)
{
	text_escaped(out, name, strlen(name));
}

/* ---- their DNS ---- */

static uint64_t
spf_failed(const struct sender *sender)
{
	return sender->spf[AUTH_FAIL] + sender->spf[AUTH_SOFTFAIL] + sender->spf[AUTH_NEUTRAL];
}

static void
find_dns(struct finding *finding)
{
	const struct sender *sender = finding->found->sender;
	struct text *out = finding->out;

	if (sender->spf[AUTH_PERMERROR] > 0) {
		text_format(out, "their DNS\tits SPF record is wrong (permerror), for %llu of %llu messages: tell them\n",
		    COUNT(sender->spf[AUTH_PERMERROR]), COUNT(sender->head.count));
	}
	if (sender->spf[AUTH_TEMPERROR] > 0)
		text_format(out, "their DNS\tits SPF could not be looked up (temperror), for %llu of %llu messages\n",
		    COUNT(sender->spf[AUTH_TEMPERROR]), COUNT(sender->head.count));
	if (sender->spf[AUTH_NONE] > 0)
		text_format(out,
		    "their DNS\tit has no SPF record, for %llu of %llu messages: only its signature proves it\n",
		    COUNT(sender->spf[AUTH_NONE]), COUNT(sender->head.count));
	if (spf_failed(sender) > 0 && sender->spf[AUTH_PASS] == 0)
		text_format(out,
		    "their DNS\tits SPF record does not name the hosts that %llu of %llu messages came from, unless all of "
		    "them were forwarded\n",
		    COUNT(spf_failed(sender)), COUNT(sender->head.count));
	if (sender->by_dkim == 0)
		text_put(out, "their DNS\tnothing that counts was signed: forwarded, its mail proves nothing\n");
}

/* ---- a forwarder, a service ---- */

static bool
is_shared(const struct suggest_rules *rules, const char *domain)
{
	for (const struct shared_sender *sender = rules->policy->senders; sender != NULL; sender = sender->next)
		if (sender->kind == VENDOR_ESP && name_rules_hold_domain(&sender->names, domain))
			return true;
	return false;
}

static void
find_envelope(struct finding *finding, const struct sender_name *envelope)
{
	struct text *out = finding->out;
	bool shared = is_shared(finding->rules, envelope->name);

	text_format(out, "%s\t%llu of %llu messages came in the envelope of ", shared ? "a service" : "a forwarder",
	    COUNT(envelope->count), COUNT(finding->found->sender->head.count));
	put_name(out, envelope->name);
	text_put(out,
	    shared ? ", a known shared sender: only its signature proves it\n"
		   : ": if that forwards your users' mail, name it in relays or own.lists; if it sends for the "
		     "sender, only a signature proves it\n");
}

static void
find_forwarders(struct finding *finding)
{
	const struct sender *sender = finding->found->sender;

	if (spf_failed(sender) > 0 && sender->spf[AUTH_PASS] > 0)
		text_format(finding->out,
		    "a forwarder\tSPF failed for %llu of %llu messages and passed for others: somebody forwards its mail in "
		    "its own envelope; name that host in relays\n",
		    COUNT(spf_failed(sender)), COUNT(sender->head.count));
	for (size_t i = 0; i < SENDER_NAMES; i++)
		if (sender->envelopes[i].count > 0)
			find_envelope(finding, &sender->envelopes[i]);
}

/* ---- our file ---- */

/* A name that signs its mail and is not among the vendor's dkim; NULL: there is none. */
static const struct sender_name *
missing_signer(const struct suggest_sender *found)
{
	for (size_t i = 0; i < SENDER_NAMES; i++)
		if (found->sender->signers[i].count > 0 &&
		    !name_rules_hold_domain(&found->vendor->dkim, found->sender->signers[i].name))
			return &found->sender->signers[i];
	return NULL;
}

static void
find_vendor(struct finding *finding)
{
	const struct suggest_sender *found = finding->found;
	const struct sender_name *signer = missing_signer(found);
	struct text *out = finding->out;

	text_format(out, "our file\tvendor %s claims it, ", found->vendor->name);
	if (found->vendor->mode == MODE_MONITOR) {
		text_put(out, "but its mode is monitor, so proof does not help it yet: write mode = \"vouch\"\n");
	} else if (signer != NULL) {
		text_format(out, "but %llu messages are signed by d=", COUNT(signer->count));
		put_name(out, signer->name);
		text_put(out, ", which is not among its dkim: write it there if it is the vendor's\n");
	} else {
		text_put(out, "but no alternative of its vouch held in time: greenlane explain --id ");
		put_name(out, found->sender->id);
		text_char(out, '\n');
	}
}

static void
find_ours(struct finding *finding)
{
	const struct suggest_sender *found = finding->found;
	struct text *out = finding->out;

	if (finding->rules->policy->settings.greylist.stage == GREYLIST_RCPT)
		text_put(out, "our file\tgreylist.stage is \"rcpt\": nobody can show a signature before waiting\n");
	if (found->kind == SUGGEST_OUR_FILE)
		find_vendor(finding);
	if (found->kind == SUGGEST_ENABLE)
		text_format(out,
		    "our file\tvendor %s is known, but not in force: add { name = \"%s\"; mode = \"vouch\"; } to vendors in %s\n",
		    found->vendor->name, found->vendor->name, finding->config);
	if (found->kind == SUGGEST_OWN) {
		text_put(out, "our file\tit is our own name: say in delegations who may use it; greenlane dns ");
		put_name(out, sender_domain(found->sender));
		text_put(out, " compares that with what we publish\n");
	}
}

void
suggest_write_faults(const struct suggest *suggest, const struct suggest_sender *found, const char *config,
    struct text *out)
{
	struct finding finding = { suggest_rules(suggest), found, config, out };

	find_ours(&finding);
	find_dns(&finding);
	find_forwarders(&finding);
}
