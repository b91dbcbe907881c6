#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/system/clock.h"
#include "milter/system/service_manager.h"

enum { PATIENCE_SECONDS = 5 };

/* "@NAME" is Linux's abstract name, which begins with a zero byte. False: there is no such address. */
static bool
read_address(const char *name, struct sockaddr_un *out, socklen_t *length)
{
	size_t bytes = name == NULL ? 0 : strlen(name);

	if (bytes < 2 || bytes >= sizeof out->sun_path || (name[0] != '/' && name[0] != '@'))
		return false;
	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(out->sun_path, name, bytes);
	if (name[0] == '@')
		out->sun_path[0] = '\0';
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
	return true;
}

void
service_manager_tell(enum service_state state, const char *status, ...)
{
	static const char *const words[] = { "READY=1", "RELOADING=1", "STOPPING=1" };
	const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
	struct sockaddr_un address;
	socklen_t length;
	char said[512], text[640];
	va_list arguments;
	int file;

	if (!read_address(getenv("NOTIFY_SOCKET"), &address, &length))
		return;
	va_start(arguments, status);
	vsnprintf(said, sizeof said, status, arguments);
	va_end(arguments);
	/* of a reload it wants to know when it began, so that it does not take an older READY for its end */
	snprintf(text, sizeof text, "%s\nMONOTONIC_USEC=%" PRId64 "\nSTATUS=%.*s", words[state], clock_ticks(),
	    (int)strcspn(said, "\n"), said);
	file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return;
	setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)!sendto(file, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, length);
	close(file);
}

bool
service_manager_keeps_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%ju:%ju", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	    st.st_dev == device && st.st_ino == inode;
}
