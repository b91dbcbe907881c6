/*
 * address_forms.h - networks as other programs write them: with a netmask, as a range, cut short. Says what to write.
 *
 * Never accepts them: prefix_read knows one form.
 */
#ifndef ADDRESS_FORMS_H
#define ADDRESS_FORMS_H

#include <stdbool.h>

#include "policy/util/fault.h"

/* Is text a network in such a form? Then why says which one, and the networks to write instead. False: why is not set. */
bool network_in_other_form(const char *text, struct fault *why) MUST_USE;

#endif
