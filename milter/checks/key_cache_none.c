#include "milter/checks/key_cache.h"

void
key_cache_clear(void)
{
}
