#include <stdlib.h>

#include <openssl/crypto.h>

#include "milter/system/crypto_memory.h"

/* Per thread: a failure in another thread is not this message's. No count is compared across two callbacks. */
static _Thread_local unsigned long failures;

unsigned long
crypto_memory_failures(void)
{
	return failures;
}

static void *
take(size_t size, const char *file, int line)
{
	void *block = size == 0 ? NULL : malloc(size);

	(void)file, (void)line;
	failures += block == NULL && size > 0;
	return block;
}

static void *
take_again(void *block, size_t size, const char *file, int line)
{
	void *grown;

	(void)file, (void)line;
	if (size == 0) {
		free(block);
		return NULL;
	}
	grown = realloc(block, size);
	failures += grown == NULL;
	return grown;
}

static void
give(void *block, const char *file, int line)
{
	(void)file, (void)line;
	free(block);
}

bool
crypto_memory_take(void)
{
	return CRYPTO_set_mem_functions(take, take_again, give) == 1;
}
