#include <string.h>

#include "milter/store/lmdb_page.h"
#include "milter/store/store_parts.h"

MDB_val
lmdb_value(const void *bytes, size_t length)
{
	return (MDB_val){ length, (void *)(uintptr_t)bytes };
}

static bool
is_text(const MDB_val *value, const char *text)
{
	return value->mv_size == strlen(text) && memcmp(value->mv_data, text, value->mv_size) == 0;
}

bool
lmdb_is_mark(const MDB_val *key)
{
	return is_text(key, LMDB_MARK_KEY);
}

bool
lmdb_is_our_mark(const MDB_val *value)
{
	return is_text(value, LMDB_MARK_VALUE);
}

size_t
lmdb_file_bytes(void)
{
	return sizeof(void *) > 4 ? (size_t)1 << 30 : (size_t)1 << 28;
}

static void
add(struct store_page *page, const MDB_val *key, const MDB_val *value)
{
	struct greylist_record record;

	if (!lmdb_is_mark(key) && greylist_record_unpack(value->mv_data, value->mv_size, &record))
		store_page_add(page, key->mv_data, key->mv_size, &record);
}

/* Looks at a page's worth of records, also where it takes none of them. */
static int
cursor_page(MDB_cursor *cursor, const char *from, size_t length, struct store_page *page)
{
	MDB_val key = lmdb_value(from, length), value;
	int code = mdb_cursor_get(cursor, &key, &value, length > 0 ? MDB_SET_RANGE : MDB_FIRST);

	for (unsigned looked = 0; code == 0 && looked < STORE_PAGE; looked++) {
		if (store_page_ends_before(page, key.mv_data, key.mv_size))
			return 0;
		add(page, &key, &value);
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	if (code == 0)
		store_page_end(page, key.mv_data, key.mv_size);
	return code == MDB_NOTFOUND ? 0 : code;
}

int
lmdb_page(MDB_txn *txn, MDB_dbi dbi, const char *from, size_t length, struct store_page *page)
{
	MDB_cursor *cursor;
	int code = mdb_cursor_open(txn, dbi, &cursor);

	if (code != 0)
		return code;
	code = cursor_page(cursor, from, length, page);
	mdb_cursor_close(cursor);
	return code;
}
