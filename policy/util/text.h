/*
 * text.h - growing text with a stated ceiling, and borrowed spans of text.
 *
 * Never grows past its ceiling: what does not fit is cut and remembered.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed bytes; not terminated. */
struct span {
	const char *at;
	size_t length;
};

struct span span_of(const char *string);
struct span span_trim(struct span);                   /* without blanks, tabs, CR and LF at both ends */
bool span_is(struct span, const char *string);        /* equal, byte for byte */
bool span_is_nocase(struct span, const char *string); /* equal, ASCII case folded */
bool span_begins(struct span, const char *string);

/* As memcmp orders bytes; what the other begins with comes before it. */
int span_compare(struct span, struct span);

/* Cuts *rest at the first mark: returns what comes before it and leaves *rest with what comes after it. */
struct span span_cut(struct span *rest, char mark);

/* Text under construction. Bytes are always terminated; NUL bytes inside are allowed. */
struct text {
	char *bytes;   /* never NULL */
	size_t length; /* at most ceiling */
	size_t room, ceiling;
	bool cut;    /* something did not fit, or memory ran out */
	bool failed; /* memory ran out */
};

void text_open(struct text *, size_t ceiling);
void text_close(struct text *);
void text_clear(struct text *);
void text_inherit(struct text *, const struct text *piece); /* fails if memory ran out for the piece */
void text_rewind(struct text *, size_t length);             /* drops what comes after length */
void text_add(struct text *, const void *bytes, size_t length);
void text_put(struct text *, const char *string);
void text_span(struct text *, struct span);
void text_char(struct text *, char);
/* Printable ASCII unchanged, a backslash before quotes and backslashes, all other bytes as \xHH. */
void text_escaped(struct text *, const char *bytes, size_t length);
/* At most so many bytes of the string: printable ASCII unchanged, '?' for all other bytes. */
void text_plain(struct text *, const char *string, size_t most);
void text_format(struct text *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "s", or "" for one: text_format(out, "%zu network%s", n, text_s(n)). */
const char *text_s(size_t count);

/* ASCII lower case of one byte, whatever the locale. */
char text_lower(char);

/* The value of a hexadecimal digit of either case; -1: it is none. */
int text_hex_digit(char);

/* Counts the edits (insert, drop, change, swap) between two short words; for "did you mean". */
unsigned text_distance(const char *, const char *);

#endif
