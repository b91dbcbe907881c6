/*
 * memory_faults.c - preloaded into a program, makes its allocations fail.
 *
 * $MEMORY_FAULTS names a file of a page or more, which is mapped at the start, so that a test can change it while the program
 * runs: a number N at its beginning makes each N-th allocation fail that the program itself asks for, libmilter included where
 * it is linked in; 0 makes none fail. What libraries ask for never fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static const volatile char *words;
static uintptr_t begins, ends; /* the program's code */
static atomic_ulong count;

static int
note_program(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size, (void)context;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			begins = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			ends = begins + info->dlpi_phdr[i].p_memsz;
		}
	return 1; /* the first is the program */
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("MEMORY_FAULTS");
	int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *page = file < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);

	if (file >= 0)
		close(file);
	dl_iterate_phdr(note_program, NULL);
	if (page != MAP_FAILED)
		words = page;
}

static bool
fails(const void *caller)
{
	unsigned long every = 0;

	if (words == NULL || (uintptr_t)caller < begins || (uintptr_t)caller >= ends)
		return false;
	for (size_t i = 0; i < 9 && words[i] >= '0' && words[i] <= '9'; i++)
		every = every * 10 + (unsigned long)(words[i] - '0');
	if (every == 0 || (atomic_fetch_add(&count, 1) + 1) % every != 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t number, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(number, size);
}

void *
realloc(void *block, size_t size)
{
	return fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
}

char *
strdup(const char *text)
{
	size_t length = strlen(text) + 1;
	char *copy = fails(__builtin_return_address(0)) ? NULL : __libc_malloc(length);

	return copy == NULL ? NULL : memcpy(copy, text, length);
}
