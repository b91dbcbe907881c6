#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/fault.h"

static void
fill(struct fault *why, const char *file, unsigned line, const char *fmt, va_list args)
{
	struct fault made = { .line = line };

	if (why == NULL)
		return;
	/* into a copy first: an argument may point into *why itself */
	vsnprintf(made.text, sizeof made.text, fmt, args);
	snprintf(made.file, sizeof made.file, "%s", file);
	*why = made;
}

bool
fault_set(struct fault *why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(why, "", 0, fmt, args);
	va_end(args);
	return false;
}

bool
fault_at(struct fault *why, const char *file, unsigned line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fill(why, file, line, fmt, args);
	va_end(args);
	return false;
}

void
fault_write(const struct fault *fault, char *out, size_t size)
{
	if (fault->file[0] == '\0')
		snprintf(out, size, "%s", fault->text);
	else if (fault->line == 0)
		snprintf(out, size, "%s: %s", fault->file, fault->text);
	else
		snprintf(out, size, "%s:%u: %s", fault->file, fault->line, fault->text);
}

struct faults *
faults_open(void)
{
	return calloc(1, sizeof(struct faults));
}

void
faults_close(struct faults *faults)
{
	free(faults);
}

void
faults_add(struct faults *faults, enum fault_level level, const struct fault *fault)
{
	if (level == FAULT_ERROR)
		faults->errors++;
	else
		faults->warnings++;
	if (faults->kept == FAULTS_MAX)
		return;
	faults->list[faults->kept].level = level;
	faults->list[faults->kept].fault = *fault;
	faults->kept++;
}

void
faults_error(struct faults *faults, const char *file, unsigned line, const char *fmt, ...)
{
	struct fault fault;
	va_list args;

	va_start(args, fmt);
	fill(&fault, file, line, fmt, args);
	va_end(args);
	faults_add(faults, FAULT_ERROR, &fault);
}

void
faults_warn(struct faults *faults, const char *file, unsigned line, const char *fmt, ...)
{
	struct fault fault;
	va_list args;

	va_start(args, fmt);
	fill(&fault, file, line, fmt, args);
	va_end(args);
	faults_add(faults, FAULT_WARNING, &fault);
}
