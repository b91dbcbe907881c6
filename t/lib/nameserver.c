#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "policy/dns/dns.h"
#include "t/lib/nameserver.h"
#include "t/lib/scratch.h"

enum { SERVER_TEXT = 32, PACKET = 4096, STARTS = 3, READY_TRIES = 2400, NAMES = 1024, HELD_PACKET = 320 };

/* A socket on a free port of loopback; *port is 0 to choose one. */
static int
socket_open(int type, uint16_t *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	address.sin_port = htons(*port);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		close(fd);
		return -1;
	}
	*port = ntohs(address.sin_port);
	return fd;
}

/* ---- nsd ---- */

struct nsd {
	char folder[64], server[SERVER_TEXT];
	uint16_t port;
	pid_t pid;
};

/* A port that was free for UDP and TCP a moment ago. */
static uint16_t
port_choose(void)
{
	uint16_t port = 0;
	int udp = socket_open(SOCK_DGRAM, &port), tcp = socket_open(SOCK_STREAM, &port);
	bool both = udp >= 0 && tcp >= 0;

	close(udp);
	close(tcp);
	return both ? port : 0;
}

static bool
file_write(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if ((file = fopen(path, "w")) == NULL)
		return false;
	fputs(text, file);
	return fclose(file) == 0;
}

static bool
configuration_write(const struct nsd *nsd)
{
	char text[1024];
	const char *f = nsd->folder;

	snprintf(text, sizeof text,
	    "server:\n ip-address: 127.0.0.1\n port: %u\n username: \"\"\n chroot: \"\"\n database: \"\"\n"
	    " zonesdir: \"%s\"\n pidfile: \"%s/pid\"\n xfrdfile: \"%s/xfrd\"\n xfrdir: \"%s\"\n zonelistfile: \"%s/list\"\n"
	    " logfile: \"%s/log\"\n rrl-ratelimit: 0\n rrl-whitelist-ratelimit: 0\n"
	    "remote-control:\n control-enable: no\nzone:\n name: \".\"\n zonefile: root.zone\n",
	    nsd->port, f, f, f, f, f, f);
	return file_write(f, "nsd.conf", text);
}

static pid_t
nsd_run(const struct nsd *nsd)
{
	char path[128];
	sigset_t none;
	pid_t pid;

	sigemptyset(&none);
	snprintf(path, sizeof path, "%s/nsd.conf", nsd->folder);
	if ((pid = fork()) == 0) {
		sigprocmask(SIG_SETMASK, &none, NULL); /* or it would ignore the signal to stop */
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(127);
		execlp("nsd", "nsd", "-d", "-c", path, (char *)NULL);
		execl("/usr/sbin/nsd", "nsd", "-d", "-c", path, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Does it answer a question for the SOA of the root? */
static bool
nsd_is_ready(const struct nsd *nsd)
{
	static const uint8_t question[] = { 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1 };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(nsd->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	uint16_t port = 0;
	int fd = socket_open(SOCK_DGRAM, &port);
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	uint8_t packet[PACKET];
	bool ready = false;

	if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    send(fd, question, sizeof question, 0) == (ssize_t)sizeof question && poll(&readable, 1, 5000) == 1)
		ready = recv(fd, packet, sizeof packet, 0) > (ssize_t)sizeof question;
	close(fd);
	return ready;
}

static bool
nsd_wait(struct nsd *nsd)
{
	for (unsigned try = 0; try < READY_TRIES; try++) {
		if (nsd_is_ready(nsd))
			return true;
		if (waitpid(nsd->pid, NULL, WNOHANG) == nsd->pid) {
			nsd->pid = 0;
			return false;
		}
		usleep(50000); /* sleeps: until it looks again */
	}
	return false;
}

struct nsd *
nsd_start(const char *zone)
{
	struct nsd *nsd = calloc(1, sizeof *nsd);

	strcpy(nsd->folder, "/tmp/nameserver.XXXXXX");
	if (!scratch_make(nsd->folder)) {
		free(nsd);
		return NULL;
	}
	for (unsigned start = 0; start < STARTS; start++) {
		nsd->port = port_choose();
		snprintf(nsd->server, sizeof nsd->server, "127.0.0.1@%u", nsd->port);
		if (!configuration_write(nsd) || !file_write(nsd->folder, "root.zone", zone))
			break;
		nsd->pid = nsd_run(nsd);
		if (nsd->pid > 0 && nsd_wait(nsd))
			return nsd;
	}
	nsd_stop(nsd);
	return NULL;
}

const char *
nsd_server(const struct nsd *nsd)
{
	return nsd->server;
}

void
nsd_stop(struct nsd *nsd)
{
	static const char *const files[] = { "nsd.conf", "root.zone", "pid", "xfrd", "list", "log" };

	if (nsd == NULL)
		return;
	if (nsd->pid > 0) {
		kill(nsd->pid, SIGTERM);
		waitpid(nsd->pid, NULL, 0);
	}
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[128];

		snprintf(path, sizeof path, "%s/%s", nsd->folder, files[i]);
		unlink(path);
	}
	rmdir(nsd->folder);
	free(nsd);
}

/* ---- the responder ---- */

/* The first question for a name, until it is answered. */
struct held {
	uint8_t packet[HELD_PACKET];
	size_t length;
	struct sockaddr_in from;
};

struct responder {
	char server[SERVER_TEXT];
	int fd;
	atomic_bool silent, stopping;
	pthread_t thread;
	pthread_mutex_t lock; /* of the counts */
	struct {
		char name[64];
		unsigned count;
	} names[NAMES];
	size_t name_count;
	struct held held[NAMES];
	atomic_uint held_count;
	atomic_bool released; /* nothing is held any more */
};

/* Counts a question for the name; returns the count. */
static unsigned
name_count(struct responder *responder, const char *name, unsigned step)
{
	unsigned count = 0;
	size_t i;

	pthread_mutex_lock(&responder->lock);
	for (i = 0; i < responder->name_count && strcmp(responder->names[i].name, name) != 0; i++)
		;
	if (i < NAMES) {
		if (i == responder->name_count)
			snprintf(responder->names[responder->name_count++].name, 64, "%.63s", name);
		count = responder->names[i].count += step;
	}
	pthread_mutex_unlock(&responder->lock);
	return count;
}

/* Reads the name of the question, its type and its end; 0 if it is not a question. */
static size_t
question_read(const uint8_t *packet, size_t length, char name[DNS_NAME_TEXT], unsigned *type)
{
	size_t at = 12;

	while (at < length && packet[at] != 0)
		at += 1 + packet[at];
	if (at + 5 > length || !dns_name_from_wire(packet + 12, at + 1 - 12, name))
		return 0;
	*type = packet[at + 1] << 8 | packet[at + 2];
	return at + 5;
}

/* Writes one record for the question's name; returns its length. */
static size_t
record_write(uint8_t *out, unsigned type, unsigned ttl, unsigned count)
{
	static const uint8_t target[] = "\010answered\007example";
	uint8_t head[] = { 0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, (uint8_t)(ttl >> 8), (uint8_t)ttl, 0, 0 };
	uint8_t data[32] = { 0 };
	size_t length = 4;

	if (type == DNS_A)
		memcpy(data, (uint8_t[]){ 192, 0, 2, (uint8_t)count }, 4);
	else if (type == DNS_AAAA)
		length = 16;
	else if (type == DNS_TXT)
		length = (size_t)snprintf((char *)data, sizeof data, "\010answered");
	else if (type == DNS_MX)
		memcpy(data + 2, target, length = sizeof target), length += 2;
	else
		memcpy(data, target, length = sizeof target);
	head[11] = (uint8_t)length;
	memcpy(out, head, sizeof head);
	memcpy(out + sizeof head, data, length);
	return sizeof head + length;
}

static bool
begins(const char *name, const char *label)
{
	return strncmp(name, label, strlen(label)) == 0;
}

static void
question_hold(struct responder *responder, const uint8_t *packet, size_t length, const struct sockaddr_in *from)
{
	unsigned count = atomic_load(&responder->held_count);

	if (count == NAMES || length > HELD_PACKET)
		abort();
	memcpy(responder->held[count].packet, packet, length);
	responder->held[count].length = length;
	responder->held[count].from = *from;
	atomic_store(&responder->held_count, count + 1);
}

/* Turns the question in packet into its response; returns its length, or 0 for none. */
static size_t
respond(struct responder *responder, uint8_t packet[PACKET], size_t length, const struct sockaddr_in *from)
{
	char name[DNS_NAME_TEXT];
	unsigned type, count;
	size_t end = question_read(packet, length, name, &type);

	if (end == 0)
		return 0;
	count = name_count(responder, name, 1);
	if (atomic_load(&responder->silent))
		return 0;
	if (begins(name, "silent") || (begins(name, "lost") && count == 1))
		return 0;
	if (begins(name, "held") && !atomic_load(&responder->released)) {
		if (count == 1)
			question_hold(responder, packet, length, from);
		return 0;
	}
	packet[2] = 0x81;
	packet[3] = 0x80 | (begins(name, "servfail") ? 2 : begins(name, "refused") ? 5 : 0);
	memset(packet + 6, 0, 6);
	if ((packet[3] & 15) != 0)
		return end;
	packet[7] = 1;
	end += record_write(packet + end, type, begins(name, "brief") ? 1 : 300, count);
	if (begins(name, "garbage"))
		packet[7] = 9;
	return end;
}

static void
packet_answer(struct responder *responder, uint8_t packet[PACKET], size_t length, const struct sockaddr_in *from)
{
	length = length < 12 ? 0 : respond(responder, packet, length, from);
	if (length > 0)
		sendto(responder->fd, packet, length, 0, (const struct sockaddr *)from, sizeof *from);
}

static void
held_answer(struct responder *responder)
{
	uint8_t packet[PACKET];

	for (unsigned i = 0; i < atomic_load(&responder->held_count); i++) {
		const struct held *held = &responder->held[i];

		memcpy(packet, held->packet, held->length);
		packet_answer(responder, packet, held->length, &held->from);
	}
	atomic_store(&responder->held_count, 0);
}

static void *
responder_run(void *data)
{
	struct responder *responder = data;
	struct pollfd readable = { .fd = responder->fd, .events = POLLIN };

	while (!atomic_load(&responder->stopping)) {
		uint8_t packet[PACKET];
		struct sockaddr_in from;
		socklen_t from_length = sizeof from;
		ssize_t got;

		if (atomic_load(&responder->released))
			held_answer(responder);
		if (poll(&readable, 1, 50) != 1)
			continue;
		got = recvfrom(responder->fd, packet, PACKET / 2, 0, (struct sockaddr *)&from, &from_length);
		if (got > 0)
			packet_answer(responder, packet, (size_t)got, &from);
	}
	return NULL;
}

/* The socket is given. */
static struct responder *
responder_on(int fd)
{
	struct responder *responder = calloc(1, sizeof *responder);

	if (responder == NULL || fd < 0)
		abort();
	responder->fd = fd;
	pthread_mutex_init(&responder->lock, NULL);
	if (pthread_create(&responder->thread, NULL, responder_run, responder) != 0)
		abort();
	return responder;
}

struct responder *
responder_start(void)
{
	uint16_t port = 0;
	struct responder *responder = responder_on(socket_open(SOCK_DGRAM, &port));

	snprintf(responder->server, sizeof responder->server, "127.0.0.1@%u", port);
	return responder;
}

/* Two runs at once take different addresses. */
struct responder *
responder_start_for_host(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct responder *responder;
	bool bound = false;

	for (unsigned try = 1; !bound && try < 200; try++) {
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + ((unsigned)getpid() % 0x7fff << 8) + try);
		bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
		if (!bound && errno != EADDRINUSE)
			break;
	}
	if (!bound) {
		close(fd);
		return NULL;
	}
	responder = responder_on(fd);
	inet_ntop(AF_INET, &address.sin_addr, responder->server, sizeof responder->server);
	return responder;
}

const char *
responder_server(const struct responder *responder)
{
	return responder->server;
}

unsigned
responder_count(struct responder *responder, const char *name)
{
	return name_count(responder, name, 0);
}

unsigned
responder_held(struct responder *responder)
{
	return atomic_load(&responder->held_count);
}

void
responder_release(struct responder *responder)
{
	atomic_store(&responder->released, true);
}

void
responder_hold(struct responder *responder)
{
	atomic_store(&responder->released, false);
}

void
responder_silence(struct responder *responder, bool silent)
{
	atomic_store(&responder->silent, silent);
}

void
responder_stop(struct responder *responder)
{
	atomic_store(&responder->stopping, true);
	pthread_join(responder->thread, NULL);
	pthread_mutex_destroy(&responder->lock);
	close(responder->fd);
	free(responder);
}
