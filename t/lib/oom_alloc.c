#include <arpa/nameser.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <idn2.h>
#include <libconfig.h>
#include <spf2/spf.h>

#include "t/lib/oom_alloc.h"

static _Thread_local bool armed;
static unsigned long count, failing;

void
oom_begin(unsigned long fails)
{
	count = 0;
	failing = fails;
}

void
oom_arm(bool on)
{
	armed = on;
}

unsigned long
oom_count(void)
{
	return count;
}

bool
oom_fails(void)
{
	return armed && ++count == failing;
}

/* WRAP(type, name, parameters, arguments, value without memory) */
#define WRAP(type, name, parameters, arguments, nothing)                  \
	type __real_##name parameters;                                    \
	type __wrap_##name parameters;                                    \
	type __wrap_##name parameters                                     \
	{                                                                 \
		return oom_fails() ? (nothing) : __real_##name arguments; \
	}

WRAP(void *, malloc, (size_t size), (size), NULL)
WRAP(void *, calloc, (size_t number, size_t size), (number, size), NULL)
WRAP(void *, realloc, (void *block, size_t size), (block, size), NULL)
WRAP(void *, reallocarray, (void *block, size_t number, size_t size), (block, number, size), NULL)
WRAP(char *, strdup, (const char *string), (string), NULL)
WRAP(int, vasprintf, (char **out, const char *fmt, va_list args), (out, fmt, args), -1)
WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), NULL)
WRAP(int, idn2_to_ascii_8z, (const char *in, char **out, int flags), (in, out, flags), IDN2_MALLOC)
WRAP(int, idn2_to_unicode_8z8z, (const char *in, char **out, int flags), (in, out, flags), IDN2_MALLOC)
WRAP(const char *, config_setting_get_string, (const config_setting_t *setting), (setting), NULL)
WRAP(config_setting_t *, config_setting_get_elem, (const config_setting_t *setting, unsigned index), (setting, index),
    NULL)
WRAP(SPF_server_t *, SPF_server_new_dns, (SPF_dns_server_t * dns, int debug), (dns, debug), NULL)
WRAP(SPF_request_t *, SPF_request_new, (SPF_server_t * server), (server), NULL)
WRAP(SPF_errcode_t, SPF_dns_rr_buf_realloc, (SPF_dns_rr_t * rr, int index, size_t length), (rr, index, length),
    SPF_E_NO_MEMORY)
WRAP(SPF_errcode_t, SPF_request_set_helo_dom, (SPF_request_t * request, const char *name), (request, name),
    SPF_E_NO_MEMORY)
WRAP(SPF_dns_rr_t *, SPF_dns_rr_new_init,
    (SPF_dns_server_t * server, const char *domain, ns_type type, int ttl, SPF_dns_stat_t error),
    (server, domain, type, ttl, error), NULL)

/* as the compiler dresses them where functions are fortified */
int __wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args);
int __wrap___asprintf_chk(char **out, int flag, const char *fmt, ...);
int __wrap_asprintf(char **out, const char *fmt, ...);

int
__wrap___vasprintf_chk(char **out, int flag, const char *fmt, va_list args)
{
	(void)flag;
	return __wrap_vasprintf(out, fmt, args);
}

int
__wrap___asprintf_chk(char **out, int flag, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = __wrap___vasprintf_chk(out, flag, fmt, args);
	va_end(args);
	return length;
}

int
__wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list args;
	int length;

	va_start(args, fmt);
	length = __wrap_vasprintf(out, fmt, args);
	va_end(args);
	return length;
}
