#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/smtp/milter_socket.h"

enum {
	BACKLOG = 128,
	NEAR = 16 /* libmilter opens few descriptors on the way to its socket */
};

static int descriptor = -1; /* libmilter's; written before any thread runs */

/* Where it listened, from the stop on. */
static struct sockaddr_storage place;
static socklen_t place_size;

static int
next_descriptor(void)
{
	int next = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);

	if (next < 0)
		next = STDIN_FILENO; /* it is closed: 0 is the next */
	else
		close(next);
	return next;
}

static bool
listens(int socket)
{
	int on = 0;
	socklen_t size = sizeof on;

	return getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 && on != 0;
}

bool
milter_socket_open(const char *address, struct fault *why)
{
	int next = next_descriptor();

	smfi_setbacklog(BACKLOG);
	if (smfi_setconn((char *)address) != MI_SUCCESS || smfi_opensocket(true) != MI_SUCCESS)
		return fault_set(why,
		    "milter.listen '%s' cannot be opened; does its directory exist, is its port free?", address);
	/* a listening socket that we inherited has a lower number */
	for (descriptor = next; descriptor < next + NEAR && !listens(descriptor); descriptor++)
		continue;
	if (descriptor == next + NEAR)
		descriptor = -1;
	return true;
}

/* A listening socket that nobody knows: there libmilter waits in accept, and has nothing to complain of. -1 without one. */
static int
idle_socket(void)
{
	struct sockaddr any = { .sa_family = AF_UNIX };
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* an address without a path: Linux chooses an unused name outside the file system */
	if (made >= 0 && bind(made, &any, sizeof any.sa_family) == 0 && listen(made, 1) == 0)
		return made;
	if (made >= 0)
		close(made);
	return -1;
}

void
milter_socket_stop(void)
{
	int kept = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0), idle = idle_socket();

	place_size = sizeof place;
	if (kept < 0 || getsockname(kept, (struct sockaddr *)&place, &place_size) != 0)
		place_size = 0;
	if (kept >= 0 && idle >= 0 && dup3(idle, descriptor, O_CLOEXEC) >= 0)
		(void)shutdown(kept, SHUT_RDWR); /* closing would not do: libmilter's poll holds it */
	if (idle >= 0)
		close(idle);
	if (kept >= 0)
		close(kept);
}

static in_port_t
port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET)
		return ((const struct sockaddr_in *)address)->sin_port;
	return address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)address)->sin6_port : 0;
}

/* A listener at no address in particular accepts at one: there the port says it. */
static bool
is_of_the_place(int socket)
{
	struct sockaddr_storage own;
	socklen_t size = sizeof own;

	memset(&own, 0, sizeof own);
	if (getsockname(socket, (struct sockaddr *)&own, &size) != 0 || own.ss_family != place.ss_family)
		return false;
	if (own.ss_family == AF_UNIX)
		return size == place_size && memcmp(&own, &place, size) == 0;
	return port_of(&own) != 0 && port_of(&own) == port_of(&place);
}

void
milter_socket_hang_up(void)
{
	DIR *open_ones = place_size == 0 ? NULL : opendir("/proc/self/fd");
	struct dirent *entry;

	while (open_ones != NULL && (entry = readdir(open_ones)) != NULL) {
		char *rest;
		long number = strtol(entry->d_name, &rest, 10); /* the two dots are no number */

		if (rest != entry->d_name && is_of_the_place((int)number))
			(void)shutdown((int)number, SHUT_RD);
	}
	if (open_ones != NULL)
		closedir(open_ones);
}
