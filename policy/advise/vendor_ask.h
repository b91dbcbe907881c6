/*
 * vendor_ask.h - what a site should ask a vendor: all that its file says, or leaves out, and that nothing proves yet.
 *
 * A key is proven by an entry of `evidence` whose `what` begins with its name. Never judges whether the evidence is good.
 */
#ifndef VENDOR_ASK_H
#define VENDOR_ASK_H

#include "policy/rules/vendor.h"
#include "policy/util/text.h"

/* Writes one question a line; nothing where nothing is open. */
void vendor_ask_write(const struct vendor *, int64_t now, struct text *out);

#endif
