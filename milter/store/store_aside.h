/*
 * store_aside.h - moves a greylist's damaged file out of the way, so that a new greylist can be begun.
 *
 * A damaged file cannot say whose it is. So a file is moved only in a directory that we marked while its greylist worked:
 * no other program's LMDB file, named by mistake, is ever touched. Deletes nothing but what was moved the time before.
 */
#ifndef STORE_ASIDE_H
#define STORE_ASIDE_H

#include <stdbool.h>

#include "policy/util/fault.h"

/* Marks the directory, whose greylist works, with a file of a line. Where that cannot be, it stays unmarked. */
void store_aside_mark(const char *path);

/* Is it marked? */
bool store_aside_may(const char *path) MUST_USE;

/* Renames data.mdb and lock.mdb of a marked directory to data.mdb.damaged and lock.mdb.damaged. False with why; its text is
 * "" when the directory is not marked. */
bool store_aside(const char *path, struct fault *why) MUST_USE;

#endif
