/*
 * spf_gate.h - the gate between libspf2 and the DNS: counts terms and voids, refuses what is
 * not SPF (RFC 7208, 4.6.4).
 *
 * Pure, one gate per check: it says of each name that libspf2 asks for whether it may be asked, and
 * of each answer what libspf2 may see. Never asks DNS: that is the shell's.
 */
#ifndef SPF_GATE_H
#define SPF_GATE_H

#include <stdbool.h>

#include "policy/dns/dns.h"
#include "policy/dns/spf_write.h"
#include "policy/util/arena.h"

struct spf_gate;

/* In the arena; NULL when out of memory. The view's strings are kept; its domain and name are set here. */
struct spf_gate *spf_gate_open(struct arena *, const struct spf_view *) MUST_USE;

/* The name that libspf2 means by a name it asks for: raw bytes, as the mail or the record has them. */
const char *spf_gate_name(struct spf_gate *, const char *domain);

/* Did macros, and so the mail, help to make the name that libspf2 asks for? */
bool spf_gate_is_shaped(const struct spf_gate *, const char *domain);

/* May this be asked? False: give libspf2 an empty answer without asking anybody (a limit
 * is passed or an error is already certain). A name that DNS cannot carry is asked as "". */
bool spf_gate_ask(struct spf_gate *, const struct dns_question *);

/* Is the question that may be asked about a name from the client's PTR record? */
bool spf_gate_asks_client(const struct spf_gate *);

/* Does a record of this answer need the client's validated name (%{p}), and has it not been given yet? */
bool spf_gate_wants_name(const struct spf_gate *, const struct dns_question *, const struct dns_answer *);
void spf_gate_give_name(struct spf_gate *, const char *name); /* kept */

/* What libspf2 may see of the answer: records checked, rewritten, cut. Memory is the gate's arena
 * or the answer's. */
void spf_gate_answer(struct spf_gate *, const struct dns_question *, const struct dns_answer *, struct dns_answer *seen);

/* After the check: errors that override libspf2's result. */
bool spf_gate_is_permerror(const struct spf_gate *);
bool spf_gate_is_temperror(const struct spf_gate *);
struct silence spf_gate_silence(const struct spf_gate *); /* of a temperror; the name is the arena's */

/*
 * Is what was read a narrow record that ends in -all? No term that passes lists a network wider than /12, for IPv6 /28, or
 * what is no network: all, ptr, exists, a name made by macros. Terms of included records count as well, reached or not.
 * A redirect counts as the end where it was followed.
 */
bool spf_gate_is_narrow(const struct spf_gate *);

/* What the permanent error is, and in whose record; "" when there is none. Borrowed from the gate. */
const char *spf_gate_why(const struct spf_gate *);

#endif
