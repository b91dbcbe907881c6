#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/text.h"
#include "t/lib/conf_files.h"
#include "t/lib/tap.h"

char *
conf_file_read(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	struct text text;
	char bytes[4096], *copy;
	size_t got;

	if (file == NULL)
		return NULL;
	text_open(&text, 16 * 1024 * 1024);
	while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
		text_add(&text, bytes, got);
	fclose(file);
	copy = malloc(text.length + 1);
	if (copy != NULL)
		memcpy(copy, text.bytes, text.length + 1);
	*length = text.length;
	text_close(&text);
	return copy;
}

static const char *
keep(struct conf_files *files, const char *name, const char **path, size_t *length)
{
	char real[1024], *text;

	if (files->count == sizeof files->texts / sizeof files->texts[0])
		return NULL;
	snprintf(real, sizeof real, "%s/%s", files->folder, name);
	text = conf_file_read(real, length);
	if (text == NULL)
		return NULL;
	snprintf(files->paths[files->count], sizeof files->paths[0], "%s/%.80s", files->shown, name);
	*path = files->paths[files->count];
	files->texts[files->count++] = text;
	return text;
}

static const char *
vendor(void *context, const struct strings *vendor_path, const char *name, const char **path, size_t *length,
    struct fault *why)
{
	const char *text;
	char file[256];

	snprintf(file, sizeof file, "%s.conf", name);
	text = keep(context, file, path, length);
	if (text == NULL)
		fault_set(why,
		    "no '%s.conf' in any of %zu directories of vendor_path; write the vendor's "
		    "file",
		    name, vendor_path->count);
	return text;
}

static const char *
networks(void *context, const char *vendor_file, const char *path, size_t *length, struct fault *why)
{
	const char *shown, *text = keep(context, path, &shown, length);

	if (text == NULL)
		fault_set(why, "'%s', named in %s, cannot be read", path, vendor_file);
	return text;
}

void
conf_files_open(struct conf_files *files, const char *folder, const char *shown)
{
	*files = (struct conf_files){ .folder = folder, .shown = shown };
	files->files = (struct policy_files){ files, vendor, networks, NULL };
}

void
conf_files_close(struct conf_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->texts[i]);
	files->count = 0;
}

char *
conf_faults_write(const struct faults *faults)
{
	struct text text;
	char line[1024], *copy;

	text_open(&text, 1024 * 1024);
	for (size_t i = 0; i < faults->kept; i++) {
		fault_write(&faults->list[i].fault, line, sizeof line);
		text_format(&text, "%s%s\n", faults->list[i].level == FAULT_WARNING ? "warning: " : "", line);
	}
	copy = strdup(text.bytes);
	text_close(&text);
	return copy;
}

struct policy *
conf_load(const char *text, const struct policy_files *files)
{
	struct faults *faults = faults_open();
	struct policy *policy = faults == NULL
	    ? NULL
	    : policy_text_load("greenlane.conf", text, strlen(text), files, faults);
	char *said;

	if (policy == NULL) {
		said = faults == NULL ? NULL : conf_faults_write(faults);
		note("%s\n%s", said == NULL ? "no memory" : said, text);
		exit(99);
	}
	faults_close(faults);
	return policy;
}

const char *
conf_path(char *out, size_t size, const char *fmt, ...)
{
	const char *top = getenv("srcdir");
	va_list args;
	int length = snprintf(out, size, "%s/", top == NULL ? "." : top);

	va_start(args, fmt);
	vsnprintf(out + length, size - (size_t)length, fmt, args);
	va_end(args);
	return out;
}
