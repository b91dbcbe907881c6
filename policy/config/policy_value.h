/*
 * policy_value.h - checks single values of a configuration: durations, percentages, dates, listener addresses.
 *
 * Each check returns false with what is wrong and what to write instead; the caller adds file and line.
 * Never opens the file or socket that a value names.
 */
#ifndef POLICY_VALUE_H
#define POLICY_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/util/fault.h"

/* "500ms", "20s", "5m", "4h", "36d", "2w" in milliseconds; false for anything else or overflow. */
bool value_duration(const char *, int64_t *ms) MUST_USE;
/* The shortest way to write whole milliseconds: "90m", not "5400s". */
enum { VALUE_TEXT = 32 };
const char *value_duration_write(int64_t ms, char out[VALUE_TEXT]);

/* "50%", "0.1%", "0.0001%" in millionths; at most four digits after the point. */
enum { PERCENT = 10000 }; /* millionths in one */
bool value_percentage(const char *, int64_t *millionths) MUST_USE;
const char *value_percentage_write(int64_t millionths, char out[VALUE_TEXT]);

/* Decimal digits with an optional minus; false if they do not fit an int64_t. */
bool value_whole(const char *, int64_t *) MUST_USE;

enum { VALUE_COMMAND_MAX = 1000 };                                  /* bytes of a command */
bool value_shell_command(const char *, struct fault *why) MUST_USE; /* of an export: a shell runs it */

/* Printable text in UTF-8; control characters could break a header, a reply or a log line. */
bool value_text(const char *, struct fault *why) MUST_USE;

bool value_ascii(const char *, struct fault *why) MUST_USE; /* printable ASCII, at most 200 bytes */
bool value_word(const char *, struct fault *why) MUST_USE;  /* letters, digits, . - _ */
bool value_class(const char *, struct fault *why) MUST_USE; /* a Postfix restriction class, not one of its own words */
bool value_zone(const char *, struct fault *why) MUST_USE;  /* a domain that leaves room for an address below it */
bool value_name(const char *, struct fault *why) MUST_USE;  /* lower case, digits, - _: a vendor, a tag */
bool value_path(const char *, struct fault *why) MUST_USE;  /* absolute */
bool value_command(const char *, struct fault *why) MUST_USE; /* words, the first an absolute path; no shell's characters */
bool value_date(const char *, struct fault *why) MUST_USE;     /* "YYYY-MM-DD" */
bool value_listener(const char *, struct fault *why) MUST_USE; /* unix:PATH, inet:PORT@HOST, inet6:PORT@HOST */
bool value_control(const char *, struct fault *why) MUST_USE;  /* unix:PATH or none */
bool value_server(const char *, struct fault *why) MUST_USE;   /* ADDRESS or ADDRESS@PORT */
bool value_prefix(const char *, struct fault *why) MUST_USE;   /* of keys in Redis */
bool value_store(const char *, struct fault *why) MUST_USE;    /* as store_name_read */

#endif
