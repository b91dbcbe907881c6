#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "milter/system/files.h"
#include "milter/system/privacy_key.h"

#define HEAD "greenlane privacy key 1\n"
#define NAMING "greenlane privacy key id"

enum {
	HEX = 2 * PRIVACY_KEY_BYTES,
	FILE_LENGTH = sizeof HEAD - 1 + HEX + 1 + PRIVACY_KEY_ID + 1, /* the head, the key, its id */
	READ_MAX = 4096
};

/* ---- the hash ---- */

static bool
hash(const void *key, const void *bytes, size_t length, uint64_t *out)
{
	const struct privacy_key *by = key;
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (HMAC(EVP_sha256(), by->bytes, sizeof by->bytes, bytes, length, digest, &size) == NULL || size < sizeof *out)
		return false;
	*out = 0;
	for (size_t i = 0; i < sizeof *out; i++)
		*out = *out << 8 | digest[i];
	return true;
}

struct privacy
privacy_by(const struct privacy_key *key)
{
	return (struct privacy){ key, hash, key->id };
}

static bool
name(struct privacy_key *key)
{
	uint64_t number;

	if (!hash(key, NAMING, strlen(NAMING), &number))
		return false;
	for (size_t i = 0; i < PRIVACY_KEY_ID; i++, number >>= 4)
		key->id[i] = (char)('a' + (number & 15));
	key->id[PRIVACY_KEY_ID] = '\0';
	return true;
}

bool
privacy_key_new(struct privacy_key *out)
{
	return getrandom(out->bytes, sizeof out->bytes, 0) == (ssize_t)sizeof out->bytes && name(out);
}

/* ---- its file ---- */

static void
write_file(const struct privacy_key *key, char out[FILE_LENGTH + 1])
{
	char *at = out + snprintf(out, FILE_LENGTH + 1, "%s", HEAD);

	for (size_t i = 0; i < PRIVACY_KEY_BYTES; i++, at += 2)
		snprintf(at, 3, "%02x", key->bytes[i]);
	snprintf(at, 1 + PRIVACY_KEY_ID + 2, "\n%s\n", key->id);
}

static bool
read_hex(const char *hex, struct privacy_key *out)
{
	for (size_t i = 0; i < PRIVACY_KEY_BYTES; i++) {
		int high = text_hex_digit(hex[2 * i]), low = text_hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out->bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* The id shows that no byte of the key has changed. */
static bool
read_text(const char *text, size_t length, struct privacy_key *out)
{
	char whole[FILE_LENGTH + 1];

	if (length != FILE_LENGTH || memcmp(text, HEAD, strlen(HEAD)) != 0 || !read_hex(text + strlen(HEAD), out) ||
	    !name(out))
		return false;
	write_file(out, whole);
	return memcmp(whole, text, length) == 0;
}

static enum privacy_key_got
damaged(const char *state_dir, struct fault *why)
{
	fault_set(why,
	    "%.300s/%s is damaged; restore it from a backup, or move it away: the next start or reload makes another, by which "
	    "what the old one hid is not found",
	    state_dir, PRIVACY_KEY_FILE);
	return PRIVACY_KEY_DAMAGED;
}

static enum privacy_key_got
read_in(const struct folder *folder, const char *state_dir, struct privacy_key *out, struct fault *why)
{
	size_t length;
	char *text;
	bool sound;

	errno = 0;
	text = file_read(folder, PRIVACY_KEY_FILE, READ_MAX, &length, why);
	if (text == NULL && why->text[0] == '\0') {
		fault_set(why, "%.300s/%s is missing; greenlaned makes it at its next start with log.privacy",
		    state_dir, PRIVACY_KEY_FILE);
		return PRIVACY_KEY_NONE;
	}
	if (text == NULL)
		return errno == EACCES || errno == EPERM ? PRIVACY_KEY_WITHHELD : PRIVACY_KEY_DAMAGED;
	sound = read_text(text, length, out);
	explicit_bzero(text, length);
	free(text);
	return sound ? PRIVACY_KEY_READ : damaged(state_dir, why);
}

enum privacy_key_got
privacy_key_read(const char *state_dir, struct privacy_key *out, struct fault *why)
{
	struct folder folder;
	enum privacy_key_got got;

	*why = (struct fault){ .text = "" };
	errno = 0;
	if (!folder_open(&folder, state_dir, why)) {
		if (why->text[0] != '\0')
			return errno == EACCES || errno == EPERM ? PRIVACY_KEY_WITHHELD : PRIVACY_KEY_DAMAGED;
		fault_set(why, "%.300s is missing, which holds the key; greenlaned makes it at its start", state_dir);
		return PRIVACY_KEY_NONE;
	}
	got = read_in(&folder, state_dir, out, why);
	folder_close(&folder);
	return got;
}

/* Where another start has just made one, that is the key. */
static bool
make(const char *state_dir, struct privacy_key *out, struct fault *why)
{
	static const struct file_access access = { .mode = S_IRUSR | S_IWUSR, .owner = (uid_t)-1, .group = (gid_t)-1 };
	char text[FILE_LENGTH + 1];
	struct folder folder;
	bool made;

	if (!privacy_key_new(out))
		return fault_set(why, "no random key could be made: %s", strerror(errno));
	if (!folder_open(&folder, state_dir, why))
		return why->text[0] == '\0' ? fault_set(why, "%.300s is missing", state_dir) : false;
	write_file(out, text);
	made = file_make(&folder, PRIVACY_KEY_FILE, &access, text, FILE_LENGTH, why);
	explicit_bzero(text, sizeof text);
	folder_close(&folder);
	return made;
}

bool
privacy_key_keep(const char *state_dir, struct privacy_key *out, struct fault *why)
{
	enum privacy_key_got got = privacy_key_read(state_dir, out, why);
	struct fault failed;

	if (got != PRIVACY_KEY_NONE)
		return got == PRIVACY_KEY_READ;
	*why = (struct fault){ .text = "" };
	if (make(state_dir, out, why))
		return true;
	failed = *why;
	if (privacy_key_read(state_dir, out, why) == PRIVACY_KEY_READ)
		return true;
	*why = failed;
	return false;
}
