#include <errno.h>
#include <string.h>

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "milter/store/redis_tls.h"
#include "milter/system/denied.h"

#define ANOTHER_NAME "its certificate is not for %s; write a name that it is for into greylist.redis.tls.name"
#define ANOTHER_ISSUER "its certificate was issued by nobody in greylist.redis.tls.ca; name the file of who issued it"

bool
redis_tls_may(const struct redis_settings *settings, bool unix_socket, struct fault *why)
{
	bool cert = settings->tls.cert[0] != '\0', key = settings->tls.key[0] != '\0';

	if (settings->tls.ca[0] == '\0' && (cert || key || settings->tls.name[0] != '\0'))
		return fault_set(why,
		    "greylist.redis.tls: without ca there is no TLS; write the file of certificates to believe");
	if (cert != key)
		return fault_set(why, "greylist.redis.tls: cert and key belong together; write both");
	return settings->tls.ca[0] == '\0' || !unix_socket ||
	    fault_set(why, "greylist.redis.tls is for a host, and greylist.store names a Unix socket; remove one of them");
}

/* ---- what OpenSSL says ---- */

/* The first thing that it had to say; the files' troubles are the system's. */
static const char *
reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_GET_LIB(code) == ERR_LIB_SYS
	    ? strerror(ERR_GET_REASON(code))
	    : ERR_reason_error_string(code);

	return text != NULL ? text : "no reason is given";
}

static bool
is_late(void)
{
	return ERR_peek_error() == 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

void
redis_tls_forget(void)
{
	ERR_clear_error();
}

/* In TLS 1.3 a server says only after the handshake that it wants a certificate, and a reset may come before its word. */
bool
redis_tls_says(const struct redis_settings *settings, struct fault *why)
{
	unsigned long code = ERR_peek_error();

	if (code == 0)
		return false;
	if (ERR_GET_REASON(code) == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED)
		fault_set(why, "it wants a certificate of ours; write greylist.redis.tls.cert and key");
	else if (settings->tls.cert[0] == '\0')
		fault_set(why,
		    "TLS: %.100s; see its log, and if it wants a certificate of ours, write greylist.redis.tls.cert and key",
		    reason());
	else
		fault_set(why, "TLS: %.100s; see its log", reason());
	return true;
}

/* ---- whom to believe ---- */

static bool
refuse_file(const char *key, const char *path, struct fault *why)
{
	char hint[DENIED_HINT];

	return fault_set(why, "greylist.redis.tls.%s: %.100s: %.60s%s", key, path, reason(),
	    denied_by_mode(path, DENIED_READ) ? denied_hint(path, DENIED_READ, hint) : "");
}

static bool
read_files(SSL_CTX *context, const struct redis_settings *settings, struct fault *why)
{
	if (SSL_CTX_load_verify_locations(context, settings->tls.ca, NULL) != 1)
		return refuse_file("ca", settings->tls.ca, why);
	if (settings->tls.cert[0] == '\0')
		return true;
	if (SSL_CTX_use_certificate_chain_file(context, settings->tls.cert) != 1)
		return refuse_file("cert", settings->tls.cert, why);
	return SSL_CTX_use_PrivateKey_file(context, settings->tls.key, SSL_FILETYPE_PEM) == 1 ||
	    refuse_file("key", settings->tls.key, why);
}

static bool
expect(SSL *ssl, const char *name)
{
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1)
		return true;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* NULL with why. */
static SSL *
ssl_open(const struct redis_settings *settings, const char *name, struct fault *why)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = NULL;

	fault_set(why, "TLS: out of memory");
	if (context == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF); /* a server that is killed says no goodbye */
#endif
	if (read_files(context, settings, why) && (ssl = SSL_new(context)) != NULL && !expect(ssl, name)) {
		SSL_free(ssl);
		ssl = NULL;
	}
	SSL_CTX_free(context);
	return ssl;
}

static void
tell_refusal(const SSL *ssl, const char *name, struct fault *why)
{
	long result = SSL_get_verify_result(ssl);

	switch (result) {
	case X509_V_OK:
		fault_set(why, "TLS: %.100s; see whether this is its tls-port, and its log", reason());
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		fault_set(why, ANOTHER_NAME, name);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		fault_set(why, "its certificate has expired; renew it there");
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		fault_set(why, ANOTHER_ISSUER);
		break;
	default:
		fault_set(why, "its certificate: %s; correct it there, or greylist.redis.tls.ca here",
		    X509_verify_cert_error_string(result));
	}
}

bool
redis_tls_begin(redisContext *context, const struct redis_settings *settings, const char *name, void **tls,
    struct fault *why)
{
	const char *wanted = settings->tls.name[0] != '\0' ? settings->tls.name : name;
	SSL *ssl;
	int late;

	*tls = NULL;
	if (settings->tls.ca[0] == '\0')
		return true;
	ERR_clear_error();
	ssl = ssl_open(settings, wanted, why);
	errno = 0;
	if (ssl != NULL && redisInitiateSSL(context, ssl) == REDIS_OK) { /* which frees it with the connection */
		*tls = ssl;
		return true;
	}
	late = ssl != NULL && is_late() ? EAGAIN : 0;
	if (ssl != NULL)
		tell_refusal(ssl, wanted, why);
	SSL_free(ssl);
	errno = late;
	return false;
}

/* OpenSSL encrypts its copy in its place. The socket blocks: all is written, or nothing counts. */
bool
redis_tls_send(void *tls, const char *bytes, size_t length)
{
	size_t written = 0;

	return SSL_write_ex(tls, bytes, length, &written) == 1 && written == length;
}
