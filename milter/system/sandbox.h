/*
 * sandbox.h - Landlock: from sandbox_enter on the process opens, below what it is given, the files that it needs, and no others.
 *
 * Best effort: on a kernel without Landlock, or built without its header, nothing is restricted, and sandbox_words says so. What
 * was open stays open. It can never be left or widened: another path needs a restart. Decides no path: sandbox_list.h does.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/util/fault.h"

enum sandbox_kind {
	SANDBOX_READ,  /* files and directories are read */
	SANDBOX_WRITE, /* and written, made, renamed and removed */
	SANDBOX_SOCKET /* the same, and sockets are made */
};

struct sandbox_path {
	const char *setting; /* whose path it is; "": of the host */
	const char *path;
	bool above; /* the directory that holds it is meant, for the file may be replaced */
	enum sandbox_kind kind;
};

/* Restricts this process for good; call it once, before there are threads, for they would stay outside. Of what does
 * not exist yet, a path of a setting that is read is covered by the directory above; all else is left out. "off": only
 * noted as switched off. Strings are copied. */
void sandbox_enter(const struct sandbox_path *, size_t count, bool off);

/* What is in force: "landlock abi 7", "none: the kernel has no Landlock", "off". Any thread, as all below. */
const char *sandbox_words(void);
int sandbox_abi(void); /* 0: none is in force */

/* One of the paths that were given, as resolved at the start; NULL after the last one. */
const char *sandbox_path_at(size_t number, enum sandbox_kind *);

/* Where it lies: the path itself or the directory that is meant, without links, as far as it exists. False: nowhere. */
bool sandbox_resolve(const struct sandbox_path *, char out[PATH_MAX]);

/* May this path be used as its kind wants, now or once it exists? Without a sandbox: yes. */
bool sandbox_covers(const struct sandbox_path *);

/* What is to be said of a path that was denied: that the sandbox does not cover it, or "". */
const char *sandbox_hint(const char *path, enum sandbox_kind);

/* A directory that was given at the start and was replaced since, or one to write that is gone: what is made there is outside.
 * False: none was. why names its setting. */
bool sandbox_is_lost(struct fault *why);

#endif
