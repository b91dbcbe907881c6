/*
 * secret.h - bytes that must not be found afterwards: in a core, in swap, or in memory that was freed.
 *
 * In pages of their own, which no core has, which are not swapped where the system allows that, and which are wiped.
 * Whoever has the bytes copies them into another secret only.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "policy/util/fault.h"

struct secret;

enum { SECRET_SIZE = 4096 }; /* of each */

/* Zeroed. NULL without memory. Given. */
struct secret *secret_open(void) MUST_USE;
void secret_close(struct secret *); /* NULL is fine */

char *secret_bytes(struct secret *); /* SECRET_SIZE of them; borrowed */
/* Makes one like the other, up to a NUL. */
void secret_copy(struct secret *, const struct secret *from);

/* Reads the first line of an open file, NUL-terminated, through no other buffer. False: see errno, EFBIG if it is too long. */
bool secret_read_line(struct secret *, int fd) MUST_USE;

#endif
