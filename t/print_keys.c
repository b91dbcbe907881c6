/*
 * print_keys.c - what the manual must say of each key: the key, a tab, its type and default.
 */
#include <stdio.h>
#include <string.h>

#include "t/lib/key_list.h"

static void
print(void *context, const char *key, const char *type, const char *fallback, const char *help)
{
	(void)context;
	if (strcmp(fallback, "required") == 0)
		printf("%s\tType: %s; required.\t%s\n", key, type, help);
	else if (strcmp(fallback, "none") == 0)
		printf("%s\tType: %s; no default.\t%s\n", key, type, help);
	else
		printf("%s\tType: %s; default %s.\t%s\n", key, type, fallback, help);
}

int
main(void)
{
	key_list(print, NULL);
	return 0;
}
