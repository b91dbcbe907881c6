/*
 * fault.h - where and why something was refused.
 *
 * One value: whoever finds the fault fills it, everyone else passes it up.
 * Never logs: main.c, the commands (cmd.h) and the journal show a fault to a person.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, rest) __attribute__((format(printf, text, rest)))

struct fault {
	char file[256]; /* empty: not about a file */
	unsigned line;  /* 0: not about a line */
	char text[512]; /* lower case, no full stop: what is wrong; what to write instead */
};

/* Fills *why (NULL is allowed) and returns false, so that a caller can return it. */
bool fault_set(struct fault *why, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with a place. file is copied; line 0 means "the whole file". */
bool fault_at(struct fault *why, const char *file, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* "file:line: text" into out, or what of it there is, as much as fits, always terminated. */
void fault_write(const struct fault *, char *out, size_t size);

enum fault_level { FAULT_ERROR, FAULT_WARNING };

/* Every fault of one load, in the order found; at most FAULTS_MAX are kept, all are counted. */
enum { FAULTS_MAX = 200 };
struct faults {
	size_t errors, warnings; /* counted, kept or not */
	size_t kept;
	char denied[256]; /* the first file of the load that the caller may not read; "": none */
	struct {
		enum fault_level level;
		struct fault fault;
	} list[FAULTS_MAX];
};

/* A new empty list, or NULL without memory; given to the caller. */
struct faults *faults_open(void) MUST_USE;
void faults_close(struct faults *);

/* Adds a copy of *fault. */
void faults_add(struct faults *, enum fault_level, const struct fault *);
void faults_error(struct faults *, const char *file, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);
void faults_warn(struct faults *, const char *file, unsigned line, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
