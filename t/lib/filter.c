#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#include "milter/smtp/session.h"
#include "t/lib/filter.h"
#include "t/lib/scratch.h"

static char folder[] = "/tmp/greenlane-filter.XXXXXX";
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void
broken(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *
serve(void *unused)
{
	(void)unused;
	if (smfi_main() != MI_SUCCESS)
		broken("smfi_main");
	return NULL;
}

static void
clean_up(void)
{
	unlink(address.sun_path);
	rmdir(folder);
}

const struct sockaddr_un *
filter_serve(const struct services *services)
{
	pthread_t thread;
	char where[160];
	struct fault why;

	if (!scratch_make(folder))
		broken("no folder");
	snprintf(address.sun_path, sizeof address.sun_path, "%s/sock", folder);
	snprintf(where, sizeof where, "unix:%s", address.sun_path);
	atexit(clean_up);
	if (!session_register(services, &why) || smfi_setconn(where) != MI_SUCCESS ||
	    smfi_opensocket(true) != MI_SUCCESS || pthread_create(&thread, NULL, serve, NULL) != 0)
		broken("no filter");
	return &address;
}
