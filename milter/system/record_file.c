#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "milter/system/files.h"
#include "milter/system/record_file.h"

enum { FLAGS = O_RDWR | O_CREAT | O_APPEND };

int
record_file_open(const char *path, struct fault *why)
{
	struct folder folder;
	const char *name;
	struct stat st;
	int file = -1;

	if (folder_of(&folder, path, &name, why)) {
		file = file_open(&folder, name, FLAGS, &st, why);
		folder_close(&folder);
	}
	if (file < 0 && why->text[0] == '\0')
		fault_at(why, path, 0, "cannot be opened: its directory is missing; create it, writable by us");
	return file;
}

bool
record_file_may_open(const char *path, struct fault *why)
{
	struct folder folder;
	const char *name;
	bool may;

	if (!folder_of(&folder, path, &name, why))
		return why->text[0] == '\0';
	may = file_may_open(&folder, name, FLAGS, why);
	folder_close(&folder);
	return may;
}

bool
record_file_is_torn(int file)
{
	struct stat st;
	char last = '\n';

	return fstat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    pread(file, &last, 1, st.st_size - 1) == 1 && last != '\n';
}

bool
record_file_is_at(int file, const char *path)
{
	struct stat ours, there;

	return file >= 0 && fstat(file, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
	    ours.st_ino == there.st_ino;
}

const char *
record_file_trouble(int file)
{
	struct statvfs disk;

	if (fstatvfs(file, &disk) != 0)
		return "";
	if ((disk.f_flag & ST_RDONLY) != 0)
		return strerror(EROFS);
	return (uint64_t)disk.f_bavail * disk.f_frsize < RECORD_FILE_ROOM ? strerror(ENOSPC) : "";
}

bool
record_file_has_room(int file)
{
	struct stat st;

	return fstat(file, &st) == 0 && fallocate(file, FALLOC_FL_KEEP_SIZE, st.st_size, RECORD_FILE_ROOM) == 0;
}
