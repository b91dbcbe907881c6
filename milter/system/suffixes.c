#include <libpsl.h>
#include <stdint.h>

#include "milter/system/suffixes.h"

struct suffix_list
suffixes_open(void)
{
	const psl_ctx_t *fresh = psl_latest(NULL);

	return (struct suffix_list){ fresh != NULL ? fresh : psl_builtin() };
}

void
suffixes_close(struct suffix_list *suffixes)
{
	psl_free((psl_ctx_t *)(uintptr_t)suffixes->psl); /* knows its built-in list, and leaves it alone */
	suffixes->psl = NULL;
}
