#include <stdlib.h>
#include <string.h>

#include <idn2.h>

#include "policy/util/domain.h"
#include "policy/util/text.h"

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* name is lower-case ASCII: are all its labels 1 to 63 allowed characters? */
static bool
labels_are_sound(const char *name, size_t length)
{
	size_t label = 0;

	for (size_t i = 0; i < length; i++) {
		if (name[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!is_label_char(name[i]) || ++label > LABEL_MAX) {
			return false;
		}
	}
	return label > 0;
}

static bool
lower(const char *name, size_t length, char *out)
{
	bool ascii = true;

	for (size_t i = 0; i < length; i++) {
		out[i] = text_lower(name[i]);
		ascii = ascii && (unsigned char)name[i] < 0x80;
	}
	out[length] = '\0';
	return ascii;
}

/* UTF-8 to A-labels, in place. */
static bool
to_a_labels(char *name, size_t size, bool *starved)
{
	char *made = NULL;
	int status = idn2_to_ascii_8z(name, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	bool done = status == IDN2_OK && strlen(made) < size;

	if (done)
		lower(made, strlen(made), name);
	*starved = *starved || status == IDN2_MALLOC;
	idn2_free(made);
	return done;
}

static bool
read_name(const char *name, size_t length, char out[DOMAIN_TEXT], bool *starved, struct fault *why)
{
	char made[4 * DOMAIN_TEXT];

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length == 0)
		return fault_set(why, "a domain name is empty");
	if (length >= sizeof made || memchr(name, '\0', length) != NULL)
		return fault_set(why, "a domain name is too long or holds a NUL byte");
	if (!lower(name, length, made) && !to_a_labels(made, sizeof made, starved))
		return fault_set(why, "a domain name is not a valid IDN");
	length = strlen(made);
	if (length > DOMAIN_MAX || !labels_are_sound(made, length))
		return fault_set(why, "'%.80s' is not a domain name", made);
	memcpy(out, made, length + 1);
	return true;
}

bool
domain_read(const char *name, size_t length, char out[DOMAIN_TEXT], struct fault *why)
{
	bool starved = false;

	return read_name(name, length, out, &starved, why);
}

bool
domain_read_for(struct arena *arena, const char *name, size_t length, char out[DOMAIN_TEXT])
{
	bool starved = false, read = read_name(name, length, out, &starved, NULL);

	if (starved && arena != NULL)
		arena_fail(arena);
	return read;
}

bool
domain_is_under(const char *name, const char *parent)
{
	size_t n = strlen(name), p = strlen(parent);

	if (p == 0 || p > n || memcmp(name + n - p, parent, p) != 0)
		return false;
	return n == p || name[n - p - 1] == '.';
}

const char *
domain_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot == NULL ? NULL : dot + 1;
}

unsigned
domain_labels(const char *name)
{
	unsigned count = *name != '\0';

	for (; *name != '\0'; name++)
		count += *name == '.';
	return count;
}
