#include "policy/config/lint_strangers.h"
#include "policy/rules/warning.h"

void
lint_strangers(const struct policy *policy, struct faults *faults)
{
	const struct vendor *own = &policy->own;
	const struct settings *settings = &policy->settings;
	bool acts = settings->strangers.dmarc >= STRANGERS_QUARANTINE;

	if (acts && !settings->strangers.authenticate)
		warning_add(faults, own, WARNING_DMARC_UNCHECKED, own->file, 0,
		    "strangers.dmarc acts on nothing, because strangers.authenticate = false asks no DMARC of mail "
		    "that claims no vendor; write strangers.authenticate = true, or strangers.dmarc = \"off\"");
	if (acts && settings->strangers.hold)
		warning_add(faults, own, WARNING_HOLD_QUEUE, own->file, 0,
		    "strangers.hold puts mail into the MTA's hold queue, where it stays until somebody reads it, and some "
		    "of it is genuine; look there every day (postqueue -p marks it with !), or write strangers.hold = false");
	if (settings->strangers.dmarc == STRANGERS_REJECT && !settings->greylist.on)
		warning_add(faults, own, WARNING_DMARC_UNGREYLISTED, own->file, 0,
		    "strangers.dmarc = \"reject\" without a greylist does not know whose mail comes regularly, and would "
		    "refuse that too; write greylist.store, or strangers.dmarc = \"quarantine\"");
}
