#include <string.h>

#include "policy/review/look_alike.h"
#include "policy/util/domain.h"
#include "policy/util/text.h"

enum { EDITS_FROM = 5 }; /* shorter labels have neighbours by chance: ibm, hal */

/* What readers take for the same: "rn" is "m", "vv" is "w", "cl" is "d", 0 is o, 1 and i are l, 5 is s. */
static void
fold(const char *label, size_t length, char out[LABEL_MAX + 1])
{
	static const char *const pairs[] = { "rnm", "vvw", "cld" };
	size_t at = 0;

	for (size_t i = 0; i < length && at < LABEL_MAX; i++) {
		char c = label[i];

		for (size_t j = 0; j < sizeof pairs / sizeof pairs[0]; j++)
			if (i + 1 < length && label[i] == pairs[j][0] && label[i + 1] == pairs[j][1]) {
				c = pairs[j][2];
				i++;
				break;
			}
		out[at++] = c == '0' ? 'o' : c == '1' || c == 'i' ? 'l' : c == '5' ? 's' : c;
	}
	out[at] = '\0';
}

/* Is it the label, or has it that between hyphens ("acme-support")? */
static bool
has_word(const char *label, const char *word)
{
	struct span rest = span_of(label);

	while (rest.length > 0)
		if (span_is(span_cut(&rest, '-'), word))
			return true;
	return false;
}

bool
look_alike(const struct suffix_list *suffixes, const char *stranger, const char *known)
{
	const char *a = suffix_owner(suffixes, stranger), *b = suffix_owner(suffixes, known);
	char x[LABEL_MAX + 1], y[LABEL_MAX + 1];
	bool like = false;

	if (a == NULL || b == NULL || strcmp(a, b) == 0)
		return false;
	fold(b, strcspn(b, "."), y);
	if (strlen(y) < 3) /* "x.com" is like everything */
		return false;
	for (const char *label = stranger; !like; label += strcspn(label, ".") + 1) { /* acme.net.evil.example */
		fold(label, strcspn(label, "."), x);
		like = has_word(x, y);
		if (label >= a)
			break;
	}
	return like || (strlen(y) >= EDITS_FROM && text_distance(x, y) == 1);
}

bool
look_international(const char *domain)
{
	return strncmp(domain, "xn--", 4) == 0 || strstr(domain, ".xn--") != NULL;
}
