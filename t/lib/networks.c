#include <stdio.h>
#include <stdlib.h>

#include "policy/util/text.h"
#include "t/lib/networks.h"

size_t
networks_read(const char *words, struct prefix *out)
{
	struct span rest = span_of(words);
	size_t count = 0;

	while (rest.length > 0) {
		struct span word = span_cut(&rest, ' ');
		char text[PREFIX_TEXT];
		struct fault why;

		snprintf(text, sizeof text, "%.*s", (int)word.length, word.at);
		if (!prefix_read(text, &out[count++], &why)) {
			printf("Bail out! %s: %s\n", text, why.text);
			exit(99);
		}
	}
	return count;
}
