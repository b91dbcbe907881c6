/*
 * dns_freeze.c - preloaded into a program, stops the thread that asks DNS in the midst of its work.
 *
 * $DNS_FREEZE names a file of a page, which is mapped at the start, so that a test can change it while the program runs: while it
 * begins with '1', whoever waits for events by libevent does not come back, as if the library hung.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile char *word;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("DNS_FREEZE");
	int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *page = file < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);

	if (file >= 0)
		close(file);
	if (page != MAP_FAILED)
		word = page;
}

static bool
is_libevent(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) != 0 && info.dli_fname != NULL && strstr(info.dli_fname, "libevent") != NULL;
}

int
epoll_wait(int epoll, struct epoll_event *events, int most, int ms)
{
	bool freezes = word != NULL && is_libevent(__builtin_return_address(0));
	int count = epoll_pwait(epoll, events, most, ms, NULL);
	int error = errno;

	while (freezes && word[0] == '1')
		poll(NULL, 0, 10);
	errno = error;
	return count;
}
