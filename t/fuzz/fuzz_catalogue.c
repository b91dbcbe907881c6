/*
 * Any bytes as an archive of vendor files. Either nothing of it is taken, for a reason, or a bounded number of plain names, each once.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "milter/tool/catalogue.h"
#include "t/fuzz/fuzz.h"

static bool
is_plain(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && name[0] != '.' && strchr(name, '/') == NULL &&
	    (strcmp(name + length - 5, ".conf") == 0 || strcmp(name + length - 5, ".list") == 0);
}

static void
check(const struct catalogue *catalogue)
{
	size_t bytes = 0;

	must(catalogue->vendors > 0 && catalogue->vendors <= catalogue->count && catalogue->count <= CATALOGUE_FILES);
	must(memchr(catalogue->folder, '\0', sizeof catalogue->folder) != NULL);
	for (size_t i = 0; i < catalogue->count; i++) {
		const struct catalogue_file *file = &catalogue->files[i];

		must(is_plain(file->name) && file->length <= CATALOGUE_FILE_MAX && file->bytes[file->length] == '\0');
		must(i == 0 || strcmp(file[-1].name, file->name) < 0);
		must(catalogue_has(catalogue, file->name));
		bytes += file->length;
	}
	must(bytes <= CATALOGUE_MAX);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	struct fault why = { .text = "" };
	struct catalogue *catalogue;
	char path[64];

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	catalogue = catalogue_open(path, &why);
	if (catalogue == NULL)
		must(why.text[0] != '\0');
	else
		check(catalogue);
	catalogue_close(catalogue);
	close(fd);
	return 0;
}
