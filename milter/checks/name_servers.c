#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/checks/name_servers.h"

enum { FILE_MAX = 64 * 1024 };

const struct dns_servers name_servers_default = { .count = 1, .list = { "127.0.0.1" } };

bool
name_servers_given(const char *const *list, size_t count, struct dns_servers *out, struct fault *why)
{
	*out = (struct dns_servers){ .count = 0 };
	if (count > DNS_SERVERS_MAX)
		return fault_set(why, "dns.servers names %zu name servers; write at most %d", count, DNS_SERVERS_MAX);
	for (size_t i = 0; i < count; i++)
		if (snprintf(out->list[out->count++], DNS_SERVER_TEXT, "%s", list[i]) >= DNS_SERVER_TEXT)
			return fault_set(why, "'%.60s' is not the address of a DNS server; write '127.0.0.1@53'", list[i]);
	return true;
}

/* The start of the file; -1 with errno. A link is followed, for resolv.conf often is one. */
static ssize_t
read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), error;
	size_t length = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && length < size) {
		got = read(fd, out + length, size - length);
		length += got > 0 ? (size_t)got : 0;
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return got < 0 ? -1 : (ssize_t)length;
}

bool
name_servers_of_host(const char *path, struct dns_servers *out, struct fault *why)
{
	char text[FILE_MAX];
	ssize_t length = read_file(path, text, sizeof text);

	*why = (struct fault){ .text = "" };
	if (length < 0)
		return fault_set(why, "%s cannot be read: %s", path, strerror(errno));
	resolv_conf_read(text, (size_t)length, out);
	if (out->count == 0) {
		fault_set(why, "%s names no server", path);
		*out = name_servers_default;
	}
	return true;
}

bool
name_servers_equal(const struct dns_servers *a, const struct dns_servers *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

void
name_servers_write(const struct dns_servers *servers, struct text *out)
{
	for (size_t i = 0; i < servers->count; i++)
		text_format(out, "%s%s", i > 0 ? ", " : "", servers->list[i]);
}
