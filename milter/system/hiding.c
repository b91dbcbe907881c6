#include <stdio.h>

#include "milter/system/clock.h"
#include "milter/system/hiding.h"

static bool
go_on_without(struct hiding *hiding, const struct fault *why)
{
	if (!hiding->on || hiding->keyless)
		hiding->keyless = !privacy_key_new(&hiding->key);
	hiding->on = true;
	if (hiding->failed_since == 0)
		hiding->failed_since = clock_now();
	fault_write(why, hiding->trouble, sizeof hiding->trouble);
	return false;
}

bool
hiding_turn(struct hiding *hiding, bool on, const char *state_dir, struct fault *why)
{
	struct privacy_key key = { .id = "" };

	*why = (struct fault){ .text = "" };
	if (on && !privacy_key_keep(state_dir, &key, why))
		return go_on_without(hiding, why);
	*hiding = (struct hiding){ .on = on, .key = key };
	return true;
}

const char *
hiding_address(const struct hiding *hiding, struct arena *arena, const char *address)
{
	const struct privacy by = privacy_by(&hiding->key);
	const char *shown = NULL;

	if (!hiding->on)
		return address;
	if (!hiding->keyless)
		shown = privacy_address(&by, arena, address);
	return shown == NULL ? "~" : shown;
}

bool
hiding_record(const struct hiding *hiding, struct arena *arena, const struct verdict_record *record,
    struct facts *shown, struct verdict_record *out)
{
	const struct privacy by = privacy_by(&hiding->key);

	return !hiding->keyless && privacy_hide(&by, arena, record, shown, out);
}
