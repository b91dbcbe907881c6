/*
 * oom_spare.h - gives code that plays the MTA its own memory while memory runs out. Include it before that code.
 */
#ifndef OOM_SPARE_H
#define OOM_SPARE_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
char *__real_strdup(const char *);
int __real_asprintf(char **, const char *, ...);
int __real_vasprintf(char **, const char *, va_list);

#undef strdup
#define malloc __real_malloc
#define calloc __real_calloc
#define strdup __real_strdup
#define asprintf __real_asprintf
#define vasprintf __real_vasprintf

#endif
