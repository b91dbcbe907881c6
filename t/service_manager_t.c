#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/system/service_manager.h"
#include "t/lib/scratch.h"
#include "t/lib/tap.h"

static char scratch[] = "/tmp/service_manager_t.XXXXXX";

/* A manager that listens at the path, or below it in Linux's abstract names. */
static int
listen_at(const char *path, bool abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (abstract)
		address.sun_path[0] = '\0';
	if (file < 0 || bind(file, (struct sockaddr *)&address, length) != 0)
		abort();
	return file;
}

/* What it was told, the time aside; "": nothing waits. */
static const char *
told(int manager)
{
	static char text[1024];
	ssize_t got = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);
	char *time, *rest;

	text[got < 0 ? 0 : got] = '\0';
	time = strstr(text, "\nMONOTONIC_USEC=");
	if (time == NULL)
		return text;
	rest = time + 1 + strcspn(time + 1, "\n");
	if (strtoll(time + strlen("\nMONOTONIC_USEC="), NULL, 10) <= 0)
		return "no time";
	memmove(time, rest, strlen(rest) + 1);
	return text;
}

static void
test_words(int manager)
{
	service_manager_tell(SERVICE_READY, "%d vendors, mode %s", 2, "monitor");
	is(told(manager), "READY=1\nSTATUS=2 vendors, mode monitor", "that it is ready, and a sentence");
	service_manager_tell(SERVICE_RELOADING, "reading");
	is(told(manager), "RELOADING=1\nSTATUS=reading", "that it reloads");
	service_manager_tell(SERVICE_STOPPING, "no message is open");
	is(told(manager), "STOPPING=1\nSTATUS=no message is open", "that it stops");
	is(told(manager), "", "each in one datagram");
	service_manager_tell(SERVICE_READY, "one\nMAINPID=1");
	is(told(manager), "READY=1\nSTATUS=one", "a status cannot become another line");
}

static void
test_addresses(const char *path, int manager)
{
	char name[128];
	int abstract;

	snprintf(name, sizeof name, "@%s", path + 1);
	abstract = listen_at(name, true);
	setenv("NOTIFY_SOCKET", name, 1);
	service_manager_tell(SERVICE_READY, "abstract");
	is(told(abstract), "READY=1\nSTATUS=abstract", "an abstract name is understood");
	close(abstract);
	service_manager_tell(SERVICE_READY, "gone");
	setenv("NOTIFY_SOCKET", "", 1);
	service_manager_tell(SERVICE_READY, "empty");
	setenv("NOTIFY_SOCKET", "relative", 1);
	service_manager_tell(SERVICE_READY, "relative");
	unsetenv("NOTIFY_SOCKET");
	service_manager_tell(SERVICE_READY, "nobody");
	is(told(manager), "", "nobody else is told, and one that is gone, wrong or absent does no harm");
}

static void
test_stderr(void)
{
	char stream[64];
	struct stat st;

	unsetenv("JOURNAL_STREAM");
	ok(!service_manager_keeps_stderr(), "without $JOURNAL_STREAM standard error is not the journal's");
	if (fstat(STDERR_FILENO, &st) != 0)
		abort();
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	ok(service_manager_keeps_stderr(), "it is when the variable names what it is");
	snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	ok(!service_manager_keeps_stderr(), "and not when it was sent elsewhere since");
}

int
main(void)
{
	char path[sizeof scratch + 16];
	int manager;

	if (!scratch_make(scratch))
		abort();
	snprintf(path, sizeof path, "%s/notify", scratch);
	manager = listen_at(path, false);
	setenv("NOTIFY_SOCKET", path, 1);
	test_words(manager);
	test_addresses(path, manager);
	test_stderr();
	unlink(path);
	rmdir(scratch);
	return done();
}
