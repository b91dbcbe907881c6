/*
 * spf_gate.h - what stands between libspf2 and the DNS: counts terms and voids, refuses what is
 * no SPF (RFC 7208, 4.6.4).
 *
 * Floor 4. Pure: one gate a check; it turns each name libspf2 asks for into a verdict on the
 * question and each answer into what libspf2 may see. The shell moves them.
 */
#ifndef SPF_GATE_H
#define SPF_GATE_H

#include <stdbool.h>

#include "address.h"
#include "arena.h"
#include "dns.h"

enum { SPF_TERMS_LIMIT = 10, SPF_VOIDS_LIMIT = 2, SPF_MX_LIMIT = 10, SPF_PTR_LIMIT = 10 };

struct spf_gate;

/* In the arena; NULL without memory. client is copied, borrowed strings are not kept. */
struct spf_gate *spf_gate_open(struct arena *, const struct address *client);

/* May this be asked? False: answer libspf2 with an empty answer without asking anybody (a limit
 * is passed or an error is already certain). */
bool spf_gate_ask(struct spf_gate *, const struct dns_question *);

/* What libspf2 shall see of the answer: records checked, rewritten, cut. Memory is the gate's arena. */
void spf_gate_answer(struct spf_gate *, const struct dns_question *, const struct dns_answer *, struct dns_answer *seen);

/* After the check: errors that override libspf2's result. */
bool spf_gate_is_permerror(const struct spf_gate *);
bool spf_gate_is_temperror(const struct spf_gate *);

#endif
