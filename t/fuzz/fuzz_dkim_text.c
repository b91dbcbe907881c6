/* Any bytes as the value of a DKIM-Signature field. */
#include <stdlib.h>
#include <string.h>

#include "policy/mail/dkim_text.h"
#include "policy/util/domain.h"
#include "t/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(1 << 20);
	struct dkim_length relaxed = { .relaxed = true }, simple = { .relaxed = false };
	char name[DOMAIN_TEXT];
	struct dkim_text text;

	if (arena != NULL && dkim_text_read(arena, (const char *)data, size, &text)) {
		if (text.sound && (!domain_read(text.d, strlen(text.d), name, NULL) || strcmp(name, text.d) != 0))
			abort();
		if (strlen(text.b) > 8 || (text.sound && text.h[0] == '\0'))
			abort();
		dkim_text_signs(&text, span_of("from"));
	}
	dkim_length_add(&relaxed, data, size);
	dkim_length_add(&simple, data, size);
	if (dkim_length_end(&relaxed) > dkim_length_end(&simple))
		abort();
	arena_close(arena);
	return 0;
}
