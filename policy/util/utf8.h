/*
 * utf8.h - one well-formed UTF-8 character (RFC 3629).
 *
 * Never guesses: overlong forms, surrogates and code points past U+10FFFF are not characters.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the character at `at`, 1 to 4, its code point in *point; 0 when there is none, or when it does not
 * end within `left` bytes. NUL is a character. */
size_t utf8_read(const char *at, size_t left, uint32_t *point);

/* The same, and 0 for a control character: C0, DEL, and C1, which controls terminals as C0 does. */
size_t utf8_plain(const char *at, size_t left);

#endif
