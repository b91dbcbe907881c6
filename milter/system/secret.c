#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "milter/system/secret.h"

struct secret {
	char bytes[SECRET_SIZE];
};

struct secret *
secret_open(void)
{
	void *pages = mmap(NULL, sizeof(struct secret), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	(void)madvise(pages, sizeof(struct secret), MADV_DONTDUMP);
	(void)mlock(pages, sizeof(struct secret)); /* RLIMIT_MEMLOCK may say no: then it is only kept from cores */
	return pages;
}

void
secret_close(struct secret *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret, sizeof *secret);
	munmap(secret, sizeof *secret);
}

char *
secret_bytes(struct secret *secret)
{
	return secret->bytes;
}

void
secret_copy(struct secret *secret, const struct secret *from)
{
	memcpy(secret->bytes, from->bytes, sizeof secret->bytes);
}

bool
secret_read_line(struct secret *secret, int fd)
{
	size_t length = 0;
	ssize_t got = 1;

	while (got != 0 && length < sizeof secret->bytes) {
		got = read(fd, secret->bytes + length, sizeof secret->bytes - length);
		if (got < 0 && errno != EINTR)
			return false;
		length += got > 0 ? (size_t)got : 0;
	}
	if (length == sizeof secret->bytes) {
		errno = EFBIG;
		return false;
	}
	length = strcspn(secret->bytes, "\r\n");
	explicit_bzero(secret->bytes + length, sizeof secret->bytes - length);
	return true;
}
