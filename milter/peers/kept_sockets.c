#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/peers/kept_sockets.h"
#include "milter/peers/listen.h"

static const char MARK[] = "..kept"; /* what the second name has more */

enum { SOCKETS_MAX = 4 };

struct kept_sockets {
	struct kept_socket {
		char path[KEPT_PATH], second[KEPT_PATH];
		kept_sockets_may *may; /* NULL: it has its second name */
		struct stat opened;
	} list[SOCKETS_MAX];
	size_t count;
};

struct kept_sockets *
kept_sockets_open(void)
{
	return calloc(1, sizeof(struct kept_sockets));
}

bool
kept_sockets_second(const char *path, char folder[KEPT_PATH], char second[KEPT_PATH])
{
	const char *slash = strrchr(path, '/');
	int length = slash == NULL ? 0 : (int)(slash + 1 - path);

	if (slash == NULL || strlen(path) + strlen(MARK) >= KEPT_PATH)
		return false;
	snprintf(folder, KEPT_PATH, "%.*s", length, path);
	snprintf(second, KEPT_PATH, "%s.%s.kept", folder, slash + 1);
	return true;
}

/* A crash may have left the second name of a socket that is no longer served. */
void
kept_sockets_add(struct kept_sockets *kept, const char *address, kept_sockets_may *may)
{
	struct kept_socket *socket = &kept->list[kept->count];
	const char *path = listener_path(address);
	char folder[KEPT_PATH];

	if (path == NULL || kept->count == SOCKETS_MAX || !kept_sockets_second(path, folder, socket->second))
		return;
	snprintf(socket->path, sizeof socket->path, "%s", path);
	socket->may = may;
	(void)unlink(socket->second);
	if (may != NULL ? lstat(socket->path, &socket->opened) == 0 : link(socket->path, socket->second) == 0)
		kept->count++;
}

/* Not of what somebody has put in its place meanwhile. */
static void
name_again(struct kept_socket *socket)
{
	struct stat st;

	if (socket->may == NULL || !socket->may() || lstat(socket->path, &st) != 0 ||
	    st.st_ino != socket->opened.st_ino || st.st_dev != socket->opened.st_dev)
		return;
	if (link(socket->path, socket->second) == 0)
		socket->may = NULL;
}

static void
look(const struct kept_socket *socket, struct journal *journal)
{
	struct stat st;

	if (lstat(socket->path, &st) == 0 || errno != ENOENT)
		return;
	if (link(socket->second, socket->path) == 0)
		journal_say(journal, LOG_WARNING,
		    "the socket %s was removed; it is there again: find out what removes it", socket->path);
}

void
kept_sockets_look(struct kept_sockets *kept, struct journal *journal)
{
	for (size_t i = 0; i < kept->count; i++) {
		name_again(&kept->list[i]);
		look(&kept->list[i], journal);
	}
}

void
kept_sockets_close(struct kept_sockets *kept)
{
	for (size_t i = 0; kept != NULL && i < kept->count; i++)
		(void)unlink(kept->list[i].second);
	free(kept);
}
