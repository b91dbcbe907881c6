#include <stdlib.h>
#include <string.h>

#include "policy/review/verdict_seen.h"
#include "policy/util/hash.h"

struct verdicts_seen {
	uint64_t identities[VERDICTS_SEEN]; /* each in the one place that it may have */
};

uint64_t
verdict_identity(const struct recorded *recorded)
{
	const struct address *client = &recorded->facts.client;
	unsigned char action = (unsigned char)recorded->action;
	uint64_t hash;

	if (recorded->id[0] == '\0')
		return 0;
	hash = hash_bytes(HASH_START, recorded->id, strlen(recorded->id) + 1);
	hash = hash_bytes(hash, recorded->qid, strlen(recorded->qid) + 1);
	hash = hash_bytes(hash, client->bytes, client->family == ADDRESS_NONE ? 0 : address_width(client) / 8);
	hash = hash_bytes(hash, &action, 1);
	return hash == 0 ? 1 : hash;
}

struct verdicts_seen *
verdicts_seen_open(void)
{
	return calloc(1, sizeof(struct verdicts_seen));
}

void
verdicts_seen_close(struct verdicts_seen *seen)
{
	free(seen);
}

bool
verdicts_seen_before(struct verdicts_seen *seen, const struct recorded *recorded)
{
	uint64_t identity = verdict_identity(recorded), *place = &seen->identities[hash_fold(identity) % VERDICTS_SEEN];

	if (identity == 0)
		return false;
	if (*place == identity)
		return true;
	*place = identity;
	return false;
}
