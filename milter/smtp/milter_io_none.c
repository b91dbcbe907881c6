/* With the shared library of libmilter: its calls are libc's. */
#include "milter/smtp/milter_io.h"

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
