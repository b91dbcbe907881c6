#include <pthread.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "milter/checks/key_cache.h"

struct kept {
	EVP_PKEY *key; /* NULL: a free slot */
	size_t length;
	unsigned char bytes[KEY_CACHE_KEY_BYTES];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[KEY_CACHE_KEYS];
static unsigned next_place;

void
key_cache_clear(void)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < KEY_CACHE_KEYS; i++) {
		EVP_PKEY_free(kept[i].key);
		kept[i].key = NULL;
	}
	pthread_mutex_unlock(&lock);
}

/* The key decoded from these bytes, with one more reference, or NULL. Call with the lock held. */
static EVP_PKEY *
find(const unsigned char *bytes, size_t length)
{
	for (unsigned i = 0; i < KEY_CACHE_KEYS; i++) {
		if (kept[i].key == NULL || kept[i].length != length || memcmp(kept[i].bytes, bytes, length) != 0)
			continue;
		return EVP_PKEY_up_ref(kept[i].key) == 1 ? kept[i].key : NULL;
	}
	return NULL;
}

/* Keeps a reference to a key. Call with the lock held. */
static void
keep(const unsigned char *bytes, size_t length, EVP_PKEY *key)
{
	struct kept *place = &kept[next_place];

	if (EVP_PKEY_up_ref(key) != 1)
		return;
	next_place = (next_place + 1) % KEY_CACHE_KEYS;
	EVP_PKEY_free(place->key);
	place->key = key;
	place->length = length;
	memcpy(place->bytes, bytes, length);
}

static EVP_PKEY *
decode(const unsigned char *bytes, size_t length)
{
	const unsigned char *at = bytes;
	EVP_PKEY *key;

	pthread_mutex_lock(&lock);
	key = find(bytes, length);
	pthread_mutex_unlock(&lock);
	if (key != NULL)
		return key;
	/* outside the lock: two threads may each decode the same key once */
	key = d2i_PUBKEY(NULL, &at, (long)length);
	if (key == NULL)
		return NULL;
	pthread_mutex_lock(&lock);
	keep(bytes, length, key);
	pthread_mutex_unlock(&lock);
	return key;
}

/* Replaces OpenSSL's function for libopendkim in this process; all but a memory BIO is decoded as OpenSSL does. */
EVP_PKEY *
d2i_PUBKEY_bio(BIO *bio, EVP_PKEY **out)
{
	char *bytes = NULL;
	long length = BIO_method_type(bio) == BIO_TYPE_MEM ? BIO_get_mem_data(bio, &bytes) : 0;

	if (out != NULL || length <= 0 || length > KEY_CACHE_KEY_BYTES)
		return ASN1_d2i_bio_of(EVP_PKEY, EVP_PKEY_new, d2i_PUBKEY, bio, out);
	return decode((const unsigned char *)bytes, (size_t)length);
}
