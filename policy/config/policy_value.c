#include <stdio.h>
#include <string.h>

#include "policy/config/policy_value.h"
#include "policy/rules/store_name.h"
#include "policy/rules/vendor.h"
#include "policy/util/address.h"
#include "policy/util/date.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"
#include "policy/util/utf8.h"
#include "policy/util/words.h"

enum {
	WORD_MAX = 64,
	PREFIX_MAX = 64,
	ASCII_MAX = 200,
	PATH_TEXT_MAX = 1024,
	SOCKET_PATH_MAX = 107 /* sun_path */
};

struct unit {
	const char *word;
	int64_t worth;
};

static const struct unit times[] = { /* ms; rising */
	{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 3600 * 1000 }, { "d", 86400 * 1000 },
	{ "w", INT64_C(7) * 86400 * 1000 }, { NULL, 0 }
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, with their end; false without any or on overflow. */
static bool
digits_read(const char **at, int64_t *out)
{
	int64_t number = 0;

	if (!is_digit(**at))
		return false;
	for (; is_digit(**at); ++*at)
		if (__builtin_mul_overflow(number, 10, &number) || __builtin_add_overflow(number, **at - '0', &number))
			return false;
	*out = number;
	return true;
}

bool
value_duration(const char *text, int64_t *ms)
{
	int64_t number;

	if (!digits_read(&text, &number))
		return false;
	for (const struct unit *unit = times; unit->word != NULL; unit++)
		if (strcmp(unit->word, text) == 0)
			return !__builtin_mul_overflow(number, unit->worth, ms);
	return false;
}

const char *
value_duration_write(int64_t ms, char out[VALUE_TEXT])
{
	const struct unit *best = times;

	for (const struct unit *unit = times; unit->word != NULL; unit++)
		if (ms % unit->worth == 0 && strcmp(unit->word, "w") != 0)
			best = unit;
	snprintf(out, VALUE_TEXT, "%lld%s", (long long)(ms / best->worth), best->word);
	return out;
}

bool
value_percentage(const char *text, int64_t *millionths)
{
	int64_t worth = PERCENT;

	if (!digits_read(&text, millionths) || __builtin_mul_overflow(*millionths, PERCENT, millionths))
		return false;
	if (*text == '.' && is_digit(text[1]))
		for (text++; is_digit(*text) && worth > 1; text++) {
			worth /= 10;
			if (__builtin_add_overflow(*millionths, (*text - '0') * worth, millionths))
				return false;
		}
	return strcmp(text, "%") == 0;
}

const char *
value_percentage_write(int64_t millionths, char out[VALUE_TEXT])
{
	int length = snprintf(out, VALUE_TEXT, "%lld.%04lld", (long long)(millionths / PERCENT),
	    (long long)(millionths % PERCENT));

	while (out[length - 1] == '0')
		length--;
	length -= out[length - 1] == '.';
	snprintf(out + length, VALUE_TEXT - (size_t)length, "%%");
	return out;
}

bool
value_whole(const char *text, int64_t *out)
{
	bool negative = *text == '-';

	text += negative;
	if (!digits_read(&text, out) || *text != '\0')
		return false;
	if (negative)
		*out = -*out;
	return true;
}

bool
value_text(const char *text, struct fault *why)
{
	size_t left = strlen(text);
	uint32_t point;

	for (size_t length; left > 0; text += length, left -= length) {
		length = utf8_plain(text, left);
		if (length == 0 && utf8_read(text, left, &point) == 0)
			return fault_set(why, "byte 0x%02x is not UTF-8; save the file as UTF-8", (unsigned char)*text);
		if (length == 0)
			return fault_set(why, "a control character; write plain text on one line");
	}
	return true;
}

bool
value_ascii(const char *text, struct fault *why)
{
	if (strlen(text) > ASCII_MAX)
		return fault_set(why, "longer than %d characters; write a shorter one", ASCII_MAX);
	for (; *text != '\0'; text++)
		if (*text < 0x20 || *text > 0x7e)
			return fault_set(why, "not plain ASCII; SMTP replies must be");
	return true;
}

static bool
chars_fit(const char *text, size_t longest, bool upper, const char *marks)
{
	size_t length = strlen(text);

	if (length > longest)
		return false;
	for (; *text != '\0'; text++)
		if (!(text_lower(*text) >= 'a' && text_lower(*text) <= 'z' && (upper || text_lower(*text) == *text)) &&
		    !is_digit(*text) && strchr(marks, *text) == NULL)
			return false;
	return true;
}

bool
value_word(const char *text, struct fault *why)
{
	return chars_fit(text, DOMAIN_MAX, true, "._-") ||
	    fault_set(why, "'%.60s' is not a plain word; write letters, digits, '.', '-' and '_'", text);
}

/*
 * Words that already mean something in access(5) or in the restrictions of postconf(5): "OK" as a class would
 * permit everything that is not vouched for. Compared without case; a '*' matches any ending.
 */
static bool
is_postfix_word(const char *text)
{
	static const char *const words[] = { "ok", "relay", "permit*", "dunno", "accept*", "reject*", "defer*",
		"check_*", "warn*", "bcc", "delay", "discard", "filter", "hold", "info", "prepend", "redirect", "sleep",
		"strip", "default_action", "action" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t length = strcspn(words[i], "*");

		if (strncasecmp(text, words[i], length) == 0 && (words[i][length] == '*' || text[length] == '\0'))
			return true;
	}
	return false;
}

bool
value_class(const char *text, struct fault *why)
{
	/* digits alone mean OK, and "4NN" and "5NN" are replies */
	if (!chars_fit(text, WORD_MAX, true, "_-") || strchr("0123456789_-", text[0]) != NULL)
		return fault_set(why,
		    "'%.60s' is not a restriction class; write letters, digits, '-' and '_', a letter first, at "
		    "most %d",
		    text, WORD_MAX);
	if (is_postfix_word(text))
		return fault_set(why,
		    "'%.60s' already means something in Postfix; write the name of a class in "
		    "smtpd_restriction_classes, such as \"greylist\"",
		    text);
	return true;
}

/* The text in lower case, with '-' in place of blanks; false if that is no name either. */
static bool
name_near(const char *text, char out[VENDOR_NAME_TEXT])
{
	size_t length = strlen(text);

	if (length > VENDOR_NAME_MAX)
		return false;
	for (size_t i = 0; i <= length; i++)
		out[i] = text[i] == ' ' ? '-' : text_lower(text[i]);
	return chars_fit(out, VENDOR_NAME_MAX, false, "_-");
}

bool
value_zone(const char *text, struct fault *why)
{
	enum { ADDRESS_ROOM = 64 }; /* of IPv6, in nibbles */
	char zone[DOMAIN_TEXT];
	struct address address;

	if (!address_read(text, &address) && domain_read(text, strlen(text), zone, NULL) && domain_labels(zone) > 1 &&
	    strlen(zone) + ADDRESS_ROOM <= DOMAIN_MAX)
		return true;
	return fault_set(why, "'%.60s' is not the zone of a list; write its domain, such as \"list.dnswl.org\"", text);
}

bool
value_name(const char *text, struct fault *why)
{
	char near[VENDOR_NAME_TEXT];

	if (chars_fit(text, VENDOR_NAME_MAX, false, "_-"))
		return true;
	if (name_near(text, near))
		return fault_set(why, "'%.64s' is not a name; write \"%s\"", text, near);
	return fault_set(why, "'%.60s' is not a name; write lower-case letters, digits, '-' and '_', at most %d", text,
	    VENDOR_NAME_MAX);
}

bool
value_path(const char *text, struct fault *why)
{
	if (text[0] != '/')
		return fault_set(why, "'%.200s' is not an absolute path; begin it with '/'", text);
	if (strlen(text) > PATH_TEXT_MAX)
		return fault_set(why, "a path longer than %d bytes; write a shorter one", PATH_TEXT_MAX);
	return true;
}

bool
value_date(const char *text, struct fault *why)
{
	int year, month, day, end = 0;

	if (strlen(text) == 10 && strspn(text, "0123456789-") == 10 &&
	    sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &end) == 3 && end == 10 && year >= 1970 && month >= 1 &&
	    month <= 12 && day >= 1 && day <= date_days_in(year, month))
		return true;
	return fault_set(why, "'%.40s' is not a date; write YYYY-MM-DD, such as \"2026-08-01\"", text);
}

static bool
port_fits(const char *text, size_t length)
{
	const char *at = text;
	int64_t port;

	return digits_read(&at, &port) && at == text + length && port >= 1 && port <= 65535;
}

/* family 0: either. A host name fits either. */
static bool
host_fits(const char *text, size_t length, enum address_family family)
{
	char host[DOMAIN_TEXT], name[DOMAIN_TEXT];
	struct address address;

	if (length == 0 || length >= sizeof host)
		return false;
	if (family != ADDRESS_V4 && text[0] == '[' && text[length - 1] == ']' && length > 2) {
		text++;
		length -= 2;
	}
	memcpy(host, text, length);
	host[length] = '\0';
	if (address_read(host, &address))
		return family == ADDRESS_NONE || address.family == family;
	/* all digits and dots: a misspelt address, not a name */
	return strspn(host, "0123456789.") < length && domain_read(host, length, name, NULL);
}

bool
value_shell_command(const char *text, struct fault *why)
{
	return strlen(text) <= VALUE_COMMAND_MAX ||
	    fault_set(why, "a command has at most %d bytes; put it into a script and write that", VALUE_COMMAND_MAX);
}

bool
value_command(const char *text, struct fault *why)
{
	char line[VALUE_COMMAND_MAX + 1], *words[WORDS_MAX + 1];
	const char *odd = words_for_shell(text);

	if (!value_shell_command(text, why))
		return false;
	if (odd != NULL)
		return fault_set(why, "no shell runs it, so '%c' does nothing; put it into a script, or into quotes",
		    *odd);
	snprintf(line, sizeof line, "%s", text);
	if (!words_cut(line, words))
		return fault_set(why, "'%.120s' has a quote that is not closed, or too many words", text);
	if (words[0] == NULL || words[0][0] != '/')
		return fault_set(why, "'%.120s' does not begin with an absolute path; begin it with '/'", text);
	return value_text(text, why);
}

/* Who may ask is told by the kernel, so it is never a port. */
bool
value_control(const char *text, struct fault *why)
{
	if (strcmp(text, "none") == 0 || strncmp(text, "unix:", 5) == 0)
		return strcmp(text, "none") == 0 || value_listener(text, why);
	return fault_set(why, "'%.120s' is no Unix socket; write \"unix:/run/greenlane/control.sock\" or \"none\"", text);
}

bool
value_listener(const char *text, struct fault *why)
{
	bool six = strncmp(text, "inet6:", 6) == 0;
	const char *port = text + (six ? 6 : 5), *at = strchr(text, '@');

	if (strncmp(text, "unix:", 5) == 0) {
		if (strlen(text + 5) > SOCKET_PATH_MAX)
			return fault_set(why, "a socket's path has at most %d bytes; write a shorter one",
			    SOCKET_PATH_MAX);
		return value_path(text + 5, why);
	}
	if ((six || strncmp(text, "inet:", 5) == 0) && at != NULL && at > port &&
	    port_fits(port, (size_t)(at - port)) && host_fits(at + 1, strlen(at + 1), six ? ADDRESS_V6 : ADDRESS_V4))
		return true;
	return fault_set(why,
	    "'%.120s' is not a listener; write \"unix:/run/greenlane/milter.sock\", \"inet:8890@127.0.0.1\" or "
	    "\"inet6:8890@::1\"",
	    text);
}

bool
value_server(const char *text, struct fault *why)
{
	const char *at = strchr(text, '@');
	char base[ADDRESS_TEXT];
	struct address address;
	size_t length = at == NULL ? strlen(text) : (size_t)(at - text);

	if (length < sizeof base && (at == NULL || port_fits(at + 1, strlen(at + 1)))) {
		memcpy(base, text, length);
		base[length] = '\0';
		if (address_read(base, &address))
			return true;
	}
	return fault_set(why, "'%.60s' is not a name server; write \"127.0.0.1\" or \"127.0.0.1@53\"", text);
}

bool
value_prefix(const char *text, struct fault *why)
{
	return (strlen(text) <= PREFIX_MAX && chars_fit(text, DOMAIN_MAX, true, ":._-")) ||
	    fault_set(why, "'%.80s' is no prefix of keys; write at most %d letters, digits, ':', '.', '-' and '_'",
		text, PREFIX_MAX);
}

bool
value_store(const char *text, struct fault *why)
{
	struct store_name name;

	return store_name_read(text, &name, why) && (name.path == NULL || value_path(name.path, why));
}
