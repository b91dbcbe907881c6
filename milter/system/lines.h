/*
 * lines.h - reads a file line by line: plain, or compressed by gzip, zstd, xz or bzip2.
 *
 * By libarchive. Its memory is bounded by the longest line that is asked for; a longer one is skipped.
 */
#ifndef LINES_H
#define LINES_H

#include <stdint.h>

#include "policy/util/fault.h"
#include "policy/util/text.h"

struct lines;

/* path "-" is standard input. most: bytes of a line. Given; NULL with why: it cannot be opened. */
struct lines *lines_open(const char *path, size_t most, struct fault *why) MUST_USE;
void lines_close(struct lines *); /* NULL is fine */

enum lines_got { LINES_END, LINES_LINE, LINES_TOO_LONG, LINES_FAILED };

/* The next line, without its line feed; borrowed until the next call. TOO_LONG: it has more than `most` bytes, and is
 * skipped. FAILED: why says what is wrong with the file, such as a broken archive; what came before was whole. */
enum lines_got lines_next(struct lines *, struct span *line, struct fault *why) MUST_USE;

/* For who reads on another time: a last line without its line feed, which may still be written, is not given. */
void lines_only_whole(struct lines *);
/* Were all bytes given, so that no such line is left? */
bool lines_ended_whole(const struct lines *);
/* Before the first line: the first bytes of the text, at most so many (some thousands); borrowed until the next call. */
bool lines_peek(struct lines *, size_t most, struct span *out, struct fault *why) MUST_USE;
/* Goes on behind so many bytes of the text, or at its end. A file that is not compressed is not read for that. */
bool lines_skip(struct lines *, int64_t bytes, struct fault *why) MUST_USE;
/* Bytes of the text, not compressed, up to the end of the last line given. */
int64_t lines_at(const struct lines *);

/* Bytes of the file that were read so far, compressed as they are; for a progress bar. */
int64_t lines_read(const struct lines *);

#endif
