#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/arena.h"
#include "t/lib/oom_alloc.h"
#include "t/lib/starve.h"
#include "t/lib/tap.h"

/* ---- an arena that refuses ---- */

/* As WRAP of oom_alloc.c; an arena remembers that it has refused. */
#define WRAP_ARENA(type, name, parameters, arguments)                         \
	type __real_##name parameters;                                        \
	type __wrap_##name parameters;                                        \
	type __wrap_##name parameters                                         \
	{                                                                     \
		return oom_fails() ? refuse(arena) : __real_##name arguments; \
	}

static void *
refuse(struct arena *arena)
{
	arena_fail(arena);
	return NULL;
}

WRAP_ARENA(void *, arena_take, (struct arena * arena, size_t size), (arena, size))
WRAP_ARENA(char *, arena_copy, (struct arena * arena, const void *bytes, size_t length), (arena, bytes, length))
WRAP_ARENA(char *, arena_string, (struct arena * arena, const char *string), (arena, string))

char *__wrap_arena_format(struct arena *arena, const char *fmt, ...);

char *
__wrap_arena_format(struct arena *arena, const char *fmt, ...)
{
	char made[16 * 1024];
	va_list args;
	int length;

	if (oom_fails())
		return refuse(arena);
	va_start(args, fmt);
	length = vsnprintf(made, sizeof made, fmt, args);
	va_end(args);
	return length < 0 || (size_t)length >= sizeof made ? NULL : __real_arena_copy(arena, made, (size_t)length);
}

/* ---- what came out ---- */

void
say(struct said *out, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = vsnprintf(out->bytes + out->length, sizeof out->bytes - out->length, fmt, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof out->bytes - out->length) {
		printf("Bail out! more was said than there is room for\n");
		exit(1);
	}
	out->length += (size_t)length;
}

void
say_text(struct said *out, const struct text *text)
{
	say(out, "%s\n", text->bytes);
}

/* ---- the sweep ---- */

static bool
work_without(starved_work *work, unsigned long number, struct said *out)
{
	bool whole;

	out->length = 0;
	out->bytes[0] = '\0';
	oom_begin(number);
	oom_arm(true);
	whole = work(out);
	oom_arm(false);
	return whole;
}

void
starve_pause(bool pause)
{
	oom_arm(!pause);
}

/* From the first byte in which the two differ, as much as fits a line. */
static void
note_difference(unsigned long number, const struct said *with, const struct said *without)
{
	size_t at = 0;

	while (with->bytes[at] != '\0' && with->bytes[at] == without->bytes[at])
		at++;
	at = at < 40 ? 0 : at - 40;
	note("allocation %lu: '%.90s' in place of '%.90s'", number, without->bytes + at, with->bytes + at);
}

void
starve(starved_work *work, const char *name)
{
	static struct said with, without;
	bool whole = work_without(work, 0, &with);
	unsigned long count = oom_count(), told = 0, wrong = 0;

	if (!whole)
		note("with memory it fails, too: '%.300s'", with.bytes);
	for (unsigned long number = 1; number <= count; number++) {
		if (!work_without(work, number, &without))
			told++;
		else if (strcmp(with.bytes, without.bytes) != 0 && wrong++ < 5)
			note_difference(number, &with, &without);
	}
	ok(whole && with.length > 0 && told > 0 && wrong == 0,
	    "%s: of %lu allocations that fail, one at a time, %lu are told and the others change nothing", name, count,
	    told);
}
