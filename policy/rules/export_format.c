#include <string.h>
#include <strings.h>

#include "policy/rules/export_format.h"

enum { TABLE_NAME_MAX = 64, VALUE_MAX = 1000 };

const char *const export_format_words[] = { [EXPORT_POSTGREY] = "postgrey",
	[EXPORT_POSTSCREEN] = "postscreen",
	[EXPORT_CIDR] = "cidr",
	[EXPORT_RSPAMD] = "rspamd",
	[EXPORT_MILTER_GREYLIST] = "milter-greylist",
	[EXPORT_SENDMAIL_ACCESS] = "sendmail-access",
	[EXPORT_NFTABLES] = "nftables",
	[EXPORT_RBLDNSD] = "rbldnsd",
	[EXPORT_JSON] = "json",
	NULL };

/* "inet filter": family and name, as nft writes them. */
static bool
table_check(const char *value, struct fault *why)
{
	static const char *const families[] = { "inet ", "ip ", "ip6 ", "bridge ", "netdev ", "arp " };
	static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	const char *name = NULL;

	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strncmp(value, families[i], strlen(families[i])) == 0)
			name = value + strlen(families[i]);
	if (name != NULL && name[0] != '\0' && strlen(name) < TABLE_NAME_MAX && strspn(name, "0123456789") == 0 &&
	    name[strspn(name, letters_and_digits)] == '\0')
		return true;
	return fault_set(why, "'%.60s' is not an nftables table; write \"inet filter\"", value);
}

/* RELAY would let the vendor's hosts send to anybody through us. */
static bool
right_hand_side_check(const char *value, struct fault *why)
{
	if (strncasecmp(value, "RELAY", 5) == 0)
		return fault_set(why, "'%.60s' would relay for the vendor's hosts; write \"OK\" or \"SKIP\"", value);
	return true;
}

bool
export_format_takes(enum export_format format, const char *value, struct fault *why)
{
	size_t length = strlen(value);

	if (length == 0)
		return true;
	for (size_t i = 0; i < length; i++)
		if (value[i] < ' ' || value[i] > '~')
			return fault_set(why, "'%.60s' is not printable ASCII", value);
	if (length > VALUE_MAX || value[0] == ' ')
		return fault_set(why, "'%.60s' begins with a blank, or is longer than 1000 bytes", value);
	switch (format) {
	case EXPORT_CIDR:
		return true;
	case EXPORT_SENDMAIL_ACCESS:
		return right_hand_side_check(value, why);
	case EXPORT_NFTABLES:
		return table_check(value, why);
	default:
		return fault_set(why, "'%s' takes no value; leave it out", export_format_words[format]);
	}
}
