/*
 * address_name.h - does a host name hold the host's address, as those do that providers make for their customers' lines?
 *
 * "dsl-203-0-113-5.isp.example", "5.113.0.203.dyn.isp.example", "cb007105.isp.example": who runs a mail server gives it a name of
 * its own. Reads text; says nothing of whether a name is confirmed (iprev.h).
 */
#ifndef ADDRESS_NAME_H
#define ADDRESS_NAME_H

#include <stdbool.h>

#include "policy/util/address.h"

/*
 * Of IPv4: its last two numbers next to each other, in either order; the address as 8 hexadecimal digits or as 12
 * decimal ones. Of IPv6: its last two groups next to each other, in either order, or its last 16 hexadecimal digits in
 * one. The name is in normal form.
 */
bool address_name_holds(const char *name, const struct address *);

#endif
