/*
 * memory_faults.c - preloaded into a program, makes its allocations fail.
 *
 * $MEMORY_FAULTS names a file of a page or more, which is mapped at the start, so that a test can change it while the program
 * runs: a number N at its beginning makes each N-th allocation fail that the program itself asks for, libmilter included where
 * it is linked in; 0 makes none fail. A name behind it, such as libspf2, means what that library asks for, and not the program.
 * With a '!' behind the number only the N-th fails, counted from when the number was last 0. What libc asks for to serve them, for example in asprintf, never fails.
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

enum { OBJECTS = 100, NAME = 32 };

static const volatile char *words;
static struct object {
	const char *path; /* "" is the program */
	uintptr_t begins, ends;
} objects[OBJECTS]; /* and their code */
static size_t object_count;
static atomic_ulong count;

static int
note_object(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size, (void)context;
	for (int i = 0; i < info->dlpi_phnum && object_count < OBJECTS; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			struct object *object = &objects[object_count++];

			object->path = info->dlpi_name;
			object->begins = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			object->ends = object->begins + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("MEMORY_FAULTS");
	int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *page = file < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);

	if (file >= 0)
		close(file);
	dl_iterate_phdr(note_object, NULL);
	if (page != MAP_FAILED)
		words = page;
}

/* The first object is the program. */
static bool
is_within(const void *caller, const char *name)
{
	for (size_t i = 0; i < object_count; i++)
		if ((uintptr_t)caller >= objects[i].begins && (uintptr_t)caller < objects[i].ends)
			return name[0] == '\0' ? i == 0 : i > 0 && strstr(objects[i].path, name) != NULL;
	return false;
}

static bool
fails(const void *caller)
{
	unsigned long every = 0, now;
	char name[NAME] = "";
	size_t at = 0;
	bool once;

	if (words == NULL || words[0] == '0') {
		count = 0;
		return false;
	}
	for (; at < 9 && words[at] >= '0' && words[at] <= '9'; at++)
		every = every * 10 + (unsigned long)(words[at] - '0');
	once = words[at] == '!';
	while (words[at] == '!' || words[at] == ' ')
		at++;
	for (size_t i = 0; i + 1 < sizeof name && words[at] > ' '; i++)
		name[i] = words[at++];
	if (every == 0 || !is_within(caller, name))
		return false;
	now = atomic_fetch_add(&count, 1) + 1;
	if (once ? now != every : now % every != 0)
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
