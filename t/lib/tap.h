/*
 * tap.h - a producer of the Test Anything Protocol; automake's driver reads it.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>

/* One test; its name is a sentence. Returns `good`. */
bool ok(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Two strings are equal; shows both when not. NULL is allowed. */
bool is(const char *got, const char *wanted, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Two numbers are equal. */
bool is_number(long long got, long long wanted, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan; what main returns: 0 when all passed and there was at least one. */
int done(void);

#endif
