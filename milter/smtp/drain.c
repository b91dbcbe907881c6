#include <stdatomic.h>
#include <sys/eventfd.h>

#include "milter/smtp/drain.h"

static atomic_uint inside;
static atomic_bool begun;
static atomic_int wake = -1; /* set before begun */

void
drain_wake(void)
{
	if (begun && wake >= 0)
		(void)eventfd_write(wake, 1);
}

/* Counted first: either drain_begin sees us inside, or we see that it has begun. */
bool
drain_enter(void)
{
	inside++;
	if (!begun)
		return true;
	drain_leave();
	return false;
}

void
drain_leave(void)
{
	inside--;
	drain_wake();
}

unsigned
drain_inside(void)
{
	return inside;
}

int
drain_begin(void)
{
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	begun = true;
	return wake;
}
