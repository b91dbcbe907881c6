#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/arena.h"

enum { BLOCK_SIZE = 8 * 1024, ALIGN = alignof(max_align_t) };

struct block {
	struct block *before;
	size_t used, size;
	alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *last;
	size_t used, ceiling;
	bool failed;
};

struct arena *
arena_open(size_t ceiling)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (arena != NULL)
		arena->ceiling = ceiling;
	return arena;
}

void
arena_close(struct arena *arena)
{
	struct block *block, *before;

	if (arena == NULL)
		return;
	for (block = arena->last; block != NULL; block = before) {
		before = block->before;
		free(block);
	}
	free(arena);
}

static struct block *
block_add(struct arena *arena, size_t size)
{
	size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
	struct block *block = malloc(sizeof *block + room);

	if (block == NULL)
		return NULL;
	block->before = arena->last;
	block->used = 0;
	block->size = room;
	arena->last = block;
	return block;
}

static void *
take(struct arena *arena, size_t size)
{
	struct block *block = arena->last;
	void *taken;

	if (size > SIZE_MAX / 2)
		return NULL;
	/* the ceiling counts what is really used up: a million single bytes are sixteen million */
	size = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (size > arena->ceiling - arena->used)
		return NULL;
	if (block == NULL || block->size - block->used < size)
		block = block_add(arena, size);
	if (block == NULL)
		return NULL;
	taken = block->bytes + block->used;
	block->used += size;
	arena->used += size;
	return memset(taken, 0, size);
}

void *
arena_take(struct arena *arena, size_t size)
{
	void *taken = take(arena, size);

	arena->failed = arena->failed || taken == NULL;
	return taken;
}

char *
arena_copy(struct arena *arena, const void *bytes, size_t length)
{
	char *copy = arena_take(arena, length < SIZE_MAX ? length + 1 : SIZE_MAX);

	if (copy != NULL && length > 0)
		memcpy(copy, bytes, length);
	return copy;
}

char *
arena_string(struct arena *arena, const char *string)
{
	return arena_copy(arena, string, strlen(string));
}

char *
arena_format(struct arena *arena, const char *fmt, ...)
{
	va_list args;
	char *made;
	int length;

	va_start(args, fmt);
	length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (length < 0 || (made = arena_take(arena, (size_t)length + 1)) == NULL)
		return NULL;
	va_start(args, fmt);
	vsnprintf(made, (size_t)length + 1, fmt, args);
	va_end(args);
	return made;
}

void
arena_fail(struct arena *arena)
{
	arena->failed = true;
}

bool
arena_failed(const struct arena *arena)
{
	return arena->failed;
}

size_t
arena_used(const struct arena *arena)
{
	return arena->used;
}
