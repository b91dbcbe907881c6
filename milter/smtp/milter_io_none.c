/* With the shared library of libmilter: its calls are libc's, but for one. */
#include <signal.h>
#include <unistd.h>

#include "milter/smtp/milter_io.h"

/* What a program exports counts before what libc does. See milter_threads_sigwait; of all libraries libmilter alone waits so. */
int
sigwait(const sigset_t *set, int *number)
{
	(void)set, (void)number;
	for (;;)
		pause();
	return 0;
}

bool
milter_io_is_on(void)
{
	return false;
}

void
milter_io_log(struct journal *where)
{
	(void)where;
}

uint64_t
milter_io_refused(void)
{
	return 0;
}

unsigned
milter_io_busy(void)
{
	return 0;
}

unsigned
milter_io_connections(void)
{
	return 0;
}
