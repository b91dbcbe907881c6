/*
 * record_file.h - the file that records are appended to: how it is opened, where it is, and what its disk lets be written.
 *
 * Of a descriptor and a path, one question each. Writes no record, and says nothing in the log: journal.h does.
 */
#ifndef RECORD_FILE_H
#define RECORD_FILE_H

#include <stdbool.h>

#include "policy/util/fault.h"

enum { RECORD_FILE_ROOM = 64 * 1024 }; /* bytes; less is a full disk */

/* Opens it for appending, or makes it: no link, pipe or device, for the directory's owner could redirect the records with one,
 * or block whoever writes. Given: close(2). -1 with why. */
int record_file_open(const char *path, struct fault *why) MUST_USE;

/* Could record_file_open? Makes nothing; a directory that is missing is no fault. */
bool record_file_may_open(const char *path, struct fault *why) MUST_USE;

/* Does it end in half a line, as a full disk or a lost host may have left it? */
bool record_file_is_torn(int file);

/* Is this open file the one at the path? -1 is none. */
bool record_file_is_at(int file, const char *path);

/* What of its disk keeps it from being written, as far as that can be seen; "": nothing. */
const char *record_file_trouble(int file);

/* Is there room for a record? A quota, and what a file system keeps for itself, are not to be seen: the room is asked for,
 * behind the file's end. False with errno; EOPNOTSUPP: it cannot be asked. */
bool record_file_has_room(int file);

#endif
