#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/system/output.h"

void
output_begin(void)
{
	for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++)
		if (fcntl(number, F_GETFD) < 0 &&
		    open("/dev/null", number == STDERR_FILENO ? O_WRONLY : O_RDONLY) != number)
			_exit(EX_OSERR); /* nobody can be told */
}

int
output_put(const struct text *text)
{
	return fwrite(text->bytes, 1, text->length, stdout) == text->length ? 0 : EX_IOERR;
}

/* What failed earlier, in a printf, has left no errno. */
int
output_end(const char *program, int status)
{
	bool failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !failed)
		return status;
	fprintf(stderr, "%s: standard output: cannot be written%s%s\n", program, errno == 0 ? "" : ": ",
	    errno == 0 ? "" : strerror(errno));
	return EX_IOERR;
}
