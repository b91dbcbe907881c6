/* Any bytes as a From field, as an SMTP path, and as a field that names somebody. */
#include <string.h>

#include "policy/mail/mailbox.h"
#include "policy/util/domain.h"
#include "t/fuzz/fuzz.h"
#include "t/lib/field_names.h"

static bool
same(const struct mailbox *a, const struct mailbox *b)
{
	return strcmp(a->local, b->local) == 0 && strcmp(a->domain, b->domain) == 0 && strcmp(a->text, b->text) == 0;
}

static void
check_domain(const struct mailbox *mailbox)
{
	char normal[DOMAIN_TEXT];

	if (mailbox->domain[0] == '\0')
		return;
	must(domain_read(mailbox->domain, strlen(mailbox->domain), normal, NULL));
	must(strcmp(normal, mailbox->domain) == 0);
}

/* What was read is in normal form, and its text reads back as the same mailbox. */
static void
check_mailbox(struct arena *arena, const struct mailbox *mailbox)
{
	struct mailbox_list again = { .count = 0 };

	check_domain(mailbox);
	must(strlen(mailbox->local) <= LOCAL_PART_MAX);
	must(mailbox_read_from(arena, mailbox->text, strlen(mailbox->text), &again));
	must(again.count == 1 && same(mailbox, &again.list[0]));
}

static void
check_field(struct arena *arena, const char *field, size_t size)
{
	struct mailbox_list list = { .count = 0 };

	if (!mailbox_read_from(arena, field, size, &list)) {
		must(list.stopped <= size);
		if (mailbox_read_last(arena, field, size, &list))
			check_domain(&list.list[list.count - 1]);
		return;
	}
	must(list.stopped == size);
	must(list.count > 0 && list.count <= MAILBOXES_MAX);
	for (size_t i = 0; i < list.count && i < 20; i++) {
		check_mailbox(arena, &list.list[i]);
		/* the search must see whatever the reader sees; it converts at most 200 names */
		if (list.list[i].domain[0] != '\0' && size < 400)
			must(field_names(field, size, list.list[i].domain));
	}
}

static void
check_path(struct arena *arena, const char *path)
{
	struct mailbox mailbox, again;

	if (!mailbox_read_path(arena, path, &mailbox))
		return;
	check_domain(&mailbox);
	must(strlen(mailbox.local) <= LOCAL_PART_MAX);
	must(mailbox_read_path(arena, mailbox.text, &again));
	must(strcmp(mailbox.domain, again.domain) == 0);
	/* what is no text is escaped for the eye alone */
	must(strstr(mailbox.text, "\\x") != NULL || same(&mailbox, &again));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_open(4 << 20);
	const char *path;

	if (arena == NULL)
		return 0;
	check_field(arena, (const char *)data, size);
	path = arena_copy(arena, data, size);
	if (path != NULL)
		check_path(arena, path);
	(void)field_names((const char *)data, size, "vendor.example");
	(void)field_names((const char *)data, size, "xn--bcher-kva.example");
	arena_close(arena);
	return 0;
}
