/*
 * scratch.h - files and directories of a test go with it, however it ends.
 *
 * A process of its own waits for the end of the test, also by a signal that nobody can catch, and removes them. Those
 * that a test removes by itself, to see what is left, may be gone by then.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <stdbool.h>

/* Makes a private directory from a template that ends in XXXXXX, and guards it. False: there is none. */
bool scratch_make(char *template) __attribute__((warn_unused_result));

/* Removes what is there, with all in it, once this process and the children that it forks without exec have ended. False:
 * nobody does; call it before threads run. */
bool scratch_guard(const char *path) __attribute__((warn_unused_result));

#endif
