#include <string.h>

#include "milter/store/lmdb_page.h"
#include "milter/store/lmdb_sweep.h"

/* A record that cannot be unpacked is useless, so it is dead. */
static bool
is_dead(const struct lmdb_sweep *sweep, const MDB_val *key, const MDB_val *value)
{
	struct greylist_record record;

	if (lmdb_is_mark(key))
		return false;
	return !greylist_record_unpack(value->mv_data, value->mv_size, &record) || sweep->dead(sweep->context, &record);
}

/* *next is where the next call continues, empty at the end. */
static int
cursor_sweep(const struct lmdb_sweep *sweep, MDB_cursor *cursor, MDB_val *next, unsigned *dropped)
{
	const struct lmdb_place *place = sweep->place;
	MDB_val key = lmdb_value(place->key, place->length), value;
	int code = mdb_cursor_get(cursor, &key, &value, place->length > 0 ? MDB_SET_RANGE : MDB_FIRST);

	for (unsigned i = 0; code == 0 && i < sweep->most; i++) {
		if (is_dead(sweep, &key, &value)) {
			if ((code = mdb_cursor_del(cursor, 0)) != 0)
				break;
			++*dropped;
		}
		code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
	}
	*next = code == 0 ? key : lmdb_value("", 0);
	return code == MDB_NOTFOUND ? 0 : code;
}

int
lmdb_sweep(const struct lmdb_sweep *sweep, MDB_txn *txn, MDB_dbi dbi)
{
	struct lmdb_place place;
	MDB_cursor *cursor = NULL;
	unsigned dropped = 0;
	MDB_val next;
	int code;

	if ((code = mdb_cursor_open(txn, dbi, &cursor)) != 0 || (code = cursor_sweep(sweep, cursor, &next, &dropped)) != 0)
		goto out;
	place.length = next.mv_size > sizeof place.key ? sizeof place.key : next.mv_size;
	memcpy(place.key, next.mv_data, place.length); /* the commit moves what next points to */
	mdb_cursor_close(cursor);
	cursor = NULL;
	if (dropped > 0) {
		code = mdb_txn_commit(txn);
		txn = NULL;
	}
	if (code == 0)
		*sweep->place = place;
out:
	if (cursor != NULL)
		mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
	return code;
}
