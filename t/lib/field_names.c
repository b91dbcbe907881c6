#include "policy/mail/mailbox.h"
#include "policy/util/domain.h"
#include "t/lib/field_names.h"

struct wanted_name {
	const char *domain;
	bool found;
};

static bool
is_wanted(void *context, const char *name)
{
	struct wanted_name *wanted = context;

	return wanted->found = wanted->found || domain_is_under(name, wanted->domain);
}

bool
field_names(const char *field, size_t length, const char *domain)
{
	unsigned conversions = MAILBOX_CONVERSIONS;
	struct wanted_name wanted = { domain, false };

	return mailbox_field_search(NULL, field, length, &conversions, is_wanted, &wanted) && wanted.found;
}
