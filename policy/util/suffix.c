#include <stddef.h>
#include <string.h>

#include <libpsl.h>

#include "policy/util/domain.h"
#include "policy/util/suffix.h"

/* Not a name in normal form: nothing can be registered there, so nothing may align with it. */
static bool
is_no_name(const char *name)
{
	return name[0] == '\0' || name[0] == '.';
}

/* Without a list every two-label name is organisational. */
static const char *
two_labels(const char *name)
{
	if (domain_labels(name) < 2)
		return NULL;
	while (domain_labels(name) > 2)
		name = domain_parent(name);
	return name;
}

const char *
suffix_organisational(const struct suffix_list *list, const char *name)
{
	if (is_no_name(name))
		return NULL;
	if (list->psl == NULL)
		return two_labels(name);
	/* ICANN and private rules both (github.io is nobody's); an unknown TLD follows "*" */
	return psl_registrable_domain(list->psl, name);
}

bool
suffix_is_public(const struct suffix_list *list, const char *name)
{
	if (is_no_name(name))
		return true;
	if (list->psl == NULL)
		return domain_labels(name) < 2;
	return psl_is_public_suffix2(list->psl, name, PSL_TYPE_ANY) != 0;
}

bool
suffix_is_registry(const struct suffix_list *list, const char *name)
{
	if (!suffix_is_public(list, name))
		return false;
	return is_no_name(name) || list->psl == NULL ||
	    psl_is_public_suffix2(list->psl, name, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE) == 0;
}

const char *
suffix_owner(const struct suffix_list *list, const char *name)
{
	const char *organisation = suffix_organisational(list, name);

	if (organisation != NULL || suffix_is_registry(list, name))
		return organisation;
	return name;
}

bool
suffix_relates(const struct suffix_list *list, const char *a, const char *b)
{
	char one[DOMAIN_TEXT], other[DOMAIN_TEXT];
	const char *owner_one, *owner_other;

	/* quotes and brackets in a name have fooled libraries */
	if (!domain_read(a, strlen(a), one, NULL) || !domain_read(b, strlen(b), other, NULL))
		return false;
	owner_one = suffix_owner(list, one);
	if (owner_one == NULL || strcmp(one, other) == 0)
		return owner_one != NULL; /* a look-up costs more than all else here */
	owner_other = suffix_owner(list, other);
	return owner_other != NULL && strcmp(owner_one, owner_other) == 0;
}
