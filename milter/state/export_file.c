#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/state/export_file.h"
#include "milter/system/files.h"

/* The status of the existing file (mode 0: there is none), and whether its text is the same as the new one. */
static bool
look(const struct folder *folder, const char *name, const struct text *text, struct stat *old, bool *same,
    struct fault *why)
{
	size_t length = 0;
	char *bytes;
	int file;

	*same = false;
	file = file_open(folder, name, O_RDONLY, old, why);
	if (file < 0)
		old->st_mode = 0;
	if (file < 0)
		return why->text[0] == '\0';
	close(file);
	if ((uint64_t)old->st_size > EXPORT_TEXT_MAX)
		return true;
	bytes = file_read(folder, name, EXPORT_TEXT_MAX, &length, why);
	*same = bytes != NULL && export_same((struct span){ bytes, length }, (struct span){ text->bytes, text->length });
	free(bytes);
	return true;
}

/* World-readable, as a list of published addresses may be, unless the old file was not. */
static struct file_access
access_of(const struct stat *old)
{
	if (old->st_mode == 0)
		return (struct file_access){ 0644, (uid_t)-1, (gid_t)-1 };
	return (struct file_access){ old->st_mode & 0777, (uid_t)-1, old->st_gid };
}

static bool
open_folder_of(struct folder *folder, const char *path, const char **name, struct fault *why)
{
	if (folder_of(folder, path, name, why))
		return true;
	return why->text[0] != '\0' ? false
				    : fault_at(why, path, 0, "cannot be written: its directory is missing; create it");
}

bool
export_file_keep(const char *path, const struct text *text, bool *changed, struct fault *why)
{
	struct folder folder;
	struct stat old;
	const char *name;
	bool same, done;

	*changed = false;
	if (!open_folder_of(&folder, path, &name, why))
		return false;
	done = look(&folder, name, text, &old, &same, why);
	if (done && !same) {
		struct file_access access = access_of(&old);

		done = *changed = file_replace(&folder, name, &access, text->bytes, text->length, why);
	}
	folder_close(&folder);
	return done;
}

bool
export_file_is_fresh(const char *path, const struct text *text, bool *fresh, struct fault *why)
{
	struct folder folder;
	struct stat old;
	const char *name;
	bool done;

	*fresh = false;
	if (!folder_of(&folder, path, &name, why))
		return why->text[0] == '\0';
	done = look(&folder, name, text, &old, fresh, why);
	folder_close(&folder);
	return done;
}

bool
export_file_may_keep(const char *path, struct fault *why)
{
	struct folder folder;
	const char *name;
	bool may;

	if (!folder_of(&folder, path, &name, why))
		return why->text[0] == '\0';
	may = file_may_replace(&folder, name, why);
	folder_close(&folder);
	return may;
}
