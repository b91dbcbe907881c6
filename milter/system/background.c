#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/background.h"

/* Ends with the child's exit status, unless it is ready first. */
static void
await_child(pid_t child, int ready)
{
	int status = 0;
	pid_t ended;
	char byte;

	if (read(ready, &byte, 1) == 1)
		_exit(0);
	while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		continue;
	_exit(ended == child && WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status) : EX_SOFTWARE);
}

int
background_go(struct fault *why)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0 || (child = fork()) < 0) {
		fault_set(why, "cannot go into the background: %s", strerror(errno));
		return -1;
	}
	if (child != 0) {
		close(ends[1]);
		await_child(child, ends[0]);
	}
	close(ends[0]);
	setsid();
	return ends[1];
}

void
background_ready(int ready)
{
	int null = open("/dev/null", O_RDWR);

	if (null >= 0) {
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		if (null > 2)
			close(null);
	}
	if (write(ready, "r", 1) == 1)
		close(ready);
}
