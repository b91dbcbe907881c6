/*
 * file_faults.c - preloaded into a program, makes its writes below a directory fail, or ends the program at one of them.
 *
 * $FILE_FAULTS_UNDER names the directory, $FILE_FAULTS a file of two words that is read at each such call, so that a test
 * can change it while the program runs:
 *
 *   kill N      the N-th call from the start ends the program, as kill -9 does; of a write, one half is written
 *   edquot 0    every write fails so; also enospc
 *   fsync 0     what is to be on disk fails with EIO
 *   - 0         nothing
 *
 * Calls that count: write and its kin, fallocate, fsync, fdatasync, ftruncate, renameat and rename.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { CALL_WRITE, CALL_SYNC, CALL_OTHER };

static atomic_long calls;

static bool
is_below(int fd)
{
	const char *under = getenv("FILE_FAULTS_UNDER");
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = under == NULL ? -1 : readlink(link, path, sizeof path - 1);
	if (length < 0)
		return false;
	path[length] = '\0';
	return strncmp(path, under, strlen(under)) == 0;
}

static long
wanted(char word[16])
{
	const char *path = getenv("FILE_FAULTS");
	char text[64] = "";
	int file = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long number = 0;

	word[0] = '\0';
	if (file < 0)
		return 0;
	if (read(file, text, sizeof text - 1) > 0)
		(void)sscanf(text, "%15s %ld", word, &number);
	close(file);
	return number;
}

static void
end(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* 0, or the errno with which the call is to fail. *half: write the half and end. */
static int
fault_of(int fd, enum call call, bool *half)
{
	int kept = errno, error = 0;
	char word[16];
	long number;

	*half = false;
	if (!is_below(fd)) {
		errno = kept;
		return 0;
	}
	number = wanted(word);
	if (strcmp(word, "kill") == 0 && atomic_fetch_add(&calls, 1) + 1 == number) {
		*half = call == CALL_WRITE;
		if (!*half)
			end();
	}
	if (call == CALL_WRITE && strcmp(word, "edquot") == 0)
		error = EDQUOT;
	if (call == CALL_WRITE && strcmp(word, "enospc") == 0)
		error = ENOSPC;
	if (call == CALL_SYNC && strcmp(word, "fsync") == 0)
		error = EIO;
	errno = error != 0 ? error : kept;
	return error;
}

ssize_t
write(int fd, const void *bytes, size_t length)
{
	bool half;

	if (fault_of(fd, CALL_WRITE, &half) != 0)
		return -1;
	if (half) {
		(void)syscall(SYS_write, fd, bytes, length / 2);
		end();
	}
	return syscall(SYS_write, fd, bytes, length);
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t at)
{
	bool half;

	if (fault_of(fd, CALL_WRITE, &half) != 0)
		return -1;
	if (half) {
		(void)syscall(SYS_pwrite64, fd, bytes, length / 2, at);
		end();
	}
	return syscall(SYS_pwrite64, fd, bytes, length, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off_t at)
{
	return pwrite(fd, bytes, length, at);
}

ssize_t
pwritev(int fd, const struct iovec *list, int count, off_t at)
{
	bool half;

	if (fault_of(fd, CALL_WRITE, &half) != 0)
		return -1;
	if (half) {
		(void)syscall(SYS_pwritev, fd, list, (unsigned long)(count + 1) / 2, at, 0L);
		end();
	}
	return syscall(SYS_pwritev, fd, list, (unsigned long)count, at, 0L);
}

ssize_t
writev(int fd, const struct iovec *list, int count)
{
	bool half;

	if (fault_of(fd, CALL_WRITE, &half) != 0)
		return -1;
	if (half) {
		(void)syscall(SYS_writev, fd, list, (unsigned long)(count + 1) / 2);
		end();
	}
	return syscall(SYS_writev, fd, list, (unsigned long)count);
}

/* Takes room on the disk, as a write does. */
int
fallocate(int fd, int mode, off_t at, off_t length)
{
	bool half;

	if (fault_of(fd, CALL_WRITE, &half) != 0)
		return -1;
	if (half)
		end();
	return (int)syscall(SYS_fallocate, fd, mode, at, length);
}

int
fallocate64(int fd, int mode, off_t at, off_t length)
{
	return fallocate(fd, mode, at, length);
}

int
fsync(int fd)
{
	bool half;

	return fault_of(fd, CALL_SYNC, &half) != 0 ? -1 : (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	bool half;

	return fault_of(fd, CALL_SYNC, &half) != 0 ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate(int fd, off_t length)
{
	bool half;

	return fault_of(fd, CALL_OTHER, &half) != 0 ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

int
ftruncate64(int fd, off_t length)
{
	return ftruncate(fd, length);
}

int
renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	bool half;

	return fault_of(to_fd, CALL_OTHER, &half) != 0 ? -1 : (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}
