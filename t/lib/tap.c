#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "t/lib/tap.h"

static unsigned count, failed;

static bool
say(bool good, const char *fmt, va_list args)
{
	count++;
	failed += !good;
	printf("%sok %u - ", good ? "" : "not ", count);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
	return good;
}

bool
ok(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(good, fmt, args);
	va_end(args);
	return good;
}

bool
is(const char *got, const char *wanted, const char *fmt, ...)
{
	bool good = got == NULL || wanted == NULL ? got == wanted : strcmp(got, wanted) == 0;
	va_list args;

	va_start(args, fmt);
	say(good, fmt, args);
	va_end(args);
	if (!good)
		note("got '%s', wanted '%s'", got == NULL ? "(null)" : got, wanted == NULL ? "(null)" : wanted);
	return good;
}

bool
is_number(long long got, long long wanted, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	say(got == wanted, fmt, args);
	va_end(args);
	if (got != wanted)
		note("got %lld, wanted %lld", got, wanted);
	return got == wanted;
}

void
note(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

int
done(void)
{
	printf("1..%u\n", count);
	return failed == 0 && count > 0 ? 0 : 1;
}
