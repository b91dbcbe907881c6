/*
 * key_list.h - for tests: every key that greenlane.conf and vendor files may hold, as the manual describes it.
 */
#ifndef KEY_LIST_H
#define KEY_LIST_H

/* key: "greylist.delay", "vendors.tags", "vendor.sources.a". type holds words or range, fallback is the default, "none"
 * or "required". All are borrowed, and last as long as the call. */
typedef void key_list_fn(void *context, const char *key, const char *type, const char *fallback, const char *help);

void key_list(key_list_fn *each, void *context);

#endif
