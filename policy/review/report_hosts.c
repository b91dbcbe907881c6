#include <stdio.h>
#include <string.h>

#include "policy/review/report_parts.h"
#include "policy/util/hash.h"

struct report_host *
report_host(struct report *report, const struct address *client)
{
	uint64_t hash = hash_bytes(HASH_START, client->bytes, sizeof client->bytes);
	struct report_host *group = &report->hosts[hash_fold(hash) % (REPORT_HOSTS / REPORT_WAYS) * REPORT_WAYS],
			   *least = group;

	for (size_t i = 0; i < REPORT_WAYS; i++) {
		if (address_equal(&group[i].client, client))
			return &group[i];
		if (group[i].client.family == ADDRESS_NONE) {
			least = &group[i];
			break;
		}
		if (group[i].relayed + group[i].forged < least->relayed + least->forged)
			least = &group[i];
	}
	report->hosts_lost += least->client.family != ADDRESS_NONE;
	*least = (struct report_host){ .client = *client };
	return least;
}

void
report_host_foreign(struct report_host *host, uint64_t hash)
{
	for (size_t i = 0; i < host->foreign_count; i++)
		if (host->foreign[i] == hash)
			return;
	if (host->foreign_count < REPORT_FOREIGN)
		host->foreign[host->foreign_count++] = hash;
}

static void
note_foreign(struct report_host *host, struct span domain)
{
	report_host_foreign(host, hash_bytes(HASH_START, domain.at, domain.length));
}

/* "pass:acme.example,fail:x.example:why" in a log line. */
static void
note_signatures(struct report_host *host, const struct recorded *recorded)
{
	struct span rest = span_of(recorded->signatures);

	while (rest.length > 0) {
		struct span one = span_cut(&rest, ','), result = span_cut(&one, ':');

		if (span_is(result, "pass"))
			note_foreign(host, span_cut(&one, ':'));
	}
	for (size_t i = 0; i < recorded->facts.dkim_count; i++)
		if (recorded->facts.dkim[i].counts)
			note_foreign(host, span_of(recorded->facts.dkim[i].d));
}

static bool
is_signed(const struct recorded *recorded)
{
	struct span rest = span_of(recorded->signatures);

	for (size_t i = 0; i < recorded->facts.dkim_count; i++)
		if (recorded->facts.dkim[i].counts)
			return true;
	while (rest.length > 0)
		if (span_is(span_cut(&rest, ':'), "pass"))
			return true;
		else
			(void)span_cut(&rest, ',');
	return false;
}

/* Does somebody else's mail come from here? Its signature is good, and the envelope is not the client's own, or was rewritten
 * (SRS). A shared sender's mail has SPF. */
static bool
is_relayed(const struct recorded *recorded)
{
	const struct facts *facts = &recorded->facts;

	return is_signed(recorded) && !facts->null_sender &&
	    (facts->spf.result == AUTH_FAIL || facts->spf.result == AUTH_SOFTFAIL || facts->spf.result == AUTH_NEUTRAL ||
		strncasecmp(facts->sender.local, "srs0", 4) == 0 || strncasecmp(facts->sender.local, "srs1", 4) == 0);
}

void
report_host_note(struct report *report, const struct recorded *recorded)
{
	bool forged = recorded->outcome == OUTCOME_FORGED, relayed = is_relayed(recorded);
	const struct facts *facts = &recorded->facts;
	struct report_host *host;

	if (facts->client.family == ADDRESS_NONE || facts->via[0] != '\0' || (!forged && !relayed))
		return;
	host = report_host(report, &facts->client);
	host->forged += forged;
	host->relayed += relayed;
	host->last = (uint32_t)(recorded->when / 1000);
	if (relayed)
		note_signatures(host, recorded);
	snprintf(host->helo, sizeof host->helo, "%.*s", (int)sizeof host->helo - 1, facts->helo);
	if (forged)
		snprintf(host->id, sizeof host->id, "%.*s", (int)sizeof host->id - 1, recorded->id);
}
