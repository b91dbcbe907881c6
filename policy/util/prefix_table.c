#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "policy/util/hash.h"
#include "policy/util/prefix_table.h"

/*
 * What belongs to a range, in 32 bits: NOBODY, a single number, or IN_POOL and the place
 * of its set in the pool. Sets are interned: equal sets, equal cells.
 */
#define NOBODY 0xffffffffu
#define IN_POOL 0x80000000u

enum { INDEX_BITS = 16, DEPTH_MAX = 130 }; /* /0 to /128 nested, and NOBODY around them */

/* An address of either family; its first bit is the highest. */
struct key {
	uint64_t high, low;
};

/* One side of a table, the ranges of one family: each goes from its start to the start of the next. */
struct side {
	uint32_t *v4;         /* starts, IPv4 */
	uint64_t *high, *low; /* starts, IPv6; low is NULL when every one of them is 0 */
	uint32_t *cells;
	uint32_t *index; /* by the first bits: the range that holds the first such address */
	unsigned index_bits;
	size_t count;
};

struct prefix_table {
	struct side v4, v6;
	uint32_t *pool; /* a count, that many numbers; and so on */
	size_t pool_used;
};

/* ---- finding ---- */

static struct key
key_of(const struct address *address)
{
	uint64_t parts[2];

	memcpy(parts, address->bytes, sizeof parts);
	return (struct key){ be64toh(parts[0]), be64toh(parts[1]) };
}

static struct prefix_hits
hits_of(const uint32_t *pool, const uint32_t *cell)
{
	if (*cell == NOBODY)
		return (struct prefix_hits){ NULL, 0 };
	if (*cell & IN_POOL) {
		const uint32_t *set = pool + (*cell & ~IN_POOL);

		return (struct prefix_hits){ set + 1, set[0] };
	}
	return (struct prefix_hits){ cell, 1 };
}

static bool
starts_at_or_before(const struct side *side, size_t i, struct key key)
{
	if (side->high[i] != key.high)
		return side->high[i] < key.high;
	return side->low == NULL || side->low[i] <= key.low;
}

/*
 * The last of `left` ranges from `at` on that starts at or before the key; the first one does.
 * One loop per family, so that the compiler makes each a chain of conditional moves: it would mispredict a
 * branch on random addresses half of the time.
 */
static size_t
search_v4(const uint32_t *starts, size_t at, size_t left, uint32_t key)
{
	while (left > 1) {
		size_t half = left / 2;

		at += starts[at + half] <= key ? half : 0;
		left -= half;
	}
	return at;
}

static size_t
search_v6(const struct side *side, size_t at, size_t left, struct key key)
{
	while (left > 1) {
		size_t half = left / 2;

		at += starts_at_or_before(side, at + half, key) ? half : 0;
		left -= half;
	}
	return at;
}

struct prefix_hits
prefix_table_find(const struct prefix_table *table, const struct address *address)
{
	const struct side *side = address->family == ADDRESS_V4 ? &table->v4 : &table->v6;
	struct key key = key_of(address);
	size_t part, at, left;

	if (side->count == 0 || address->family == ADDRESS_NONE)
		return (struct prefix_hits){ NULL, 0 };
	part = (size_t)(key.high >> (64 - side->index_bits));
	at = side->index[part];
	left = side->index[part + 1] - at + 1;
	at = side->v4 != NULL ? search_v4(side->v4, at, left, (uint32_t)(key.high >> 32)) : search_v6(side, at, left, key);
	return hits_of(table->pool, &side->cells[at]);
}

/* ---- building ---- */

/* A network that is open at this point of the sweep. */
struct open {
	struct key end; /* the first address after it */
	bool endless;   /* it reaches the last address of all */
	uint32_t cell;
};

struct sweep {
	struct prefix_table *table;
	struct open stack[DEPTH_MAX];
	unsigned depth;
	size_t pool_room, work;
	uint32_t *slots; /* open addressing: 0, or 1 + the place of a set in the pool */
	size_t slot_count, sets;
	struct fault *why;
};

static bool
sweep_out_of_memory(struct sweep *sweep)
{
	return fault_set(sweep->why, "out of memory for a table of networks");
}

static size_t
slot_of(const struct sweep *sweep, const uint32_t *set)
{
	return (size_t)hash_numbers(set, set[0] + 1) & (sweep->slot_count - 1);
}

/* The slot of a set equal to this one, or the empty one where it belongs. */
static uint32_t *
slot_find(struct sweep *sweep, const uint32_t *set)
{
	size_t at = slot_of(sweep, set);

	for (; sweep->slots[at] != 0; at = (at + 1) & (sweep->slot_count - 1)) {
		const uint32_t *other = sweep->table->pool + sweep->slots[at] - 1;

		if (other[0] == set[0] && memcmp(other, set, (set[0] + 1) * sizeof *set) == 0)
			break;
	}
	return &sweep->slots[at];
}

/* Doubles the slots when they are half full. */
static bool
slots_grow(struct sweep *sweep)
{
	uint32_t *old = sweep->slots;
	size_t count = sweep->slot_count;

	if (sweep->sets * 2 < count)
		return true;
	sweep->slot_count = count == 0 ? 1024 : count * 2;
	sweep->slots = calloc(sweep->slot_count, sizeof *sweep->slots);
	if (sweep->slots == NULL) {
		free(old);
		return sweep_out_of_memory(sweep);
	}
	for (size_t i = 0; i < count; i++)
		if (old[i] != 0)
			*slot_find(sweep, sweep->table->pool + old[i] - 1) = old[i];
	free(old);
	return true;
}

static bool
pool_reserve(struct sweep *sweep, size_t more)
{
	struct prefix_table *table = sweep->table;
	size_t room = sweep->pool_room == 0 ? 256 : sweep->pool_room;
	uint32_t *grown;

	while (room - table->pool_used < more)
		room *= 2;
	if (room == sweep->pool_room)
		return true;
	grown = realloc(table->pool, room * sizeof *grown);
	if (grown == NULL)
		return sweep_out_of_memory(sweep);
	table->pool = grown;
	sweep->pool_room = room;
	return true;
}

/* Makes the set just written after the pool's end part of it, unless the pool has it already. */
static bool
set_intern(struct sweep *sweep, uint32_t *cell)
{
	struct prefix_table *table = sweep->table;
	uint32_t *set = table->pool + table->pool_used, *slot;

	if (set[0] == 1 && set[1] < IN_POOL) {
		*cell = set[1];
		return true;
	}
	if (!slots_grow(sweep))
		return false;
	slot = slot_find(sweep, set);
	if (*slot == 0) {
		if (table->pool_used + set[0] + 1 > PREFIX_TABLE_SETS_MAX)
			return fault_set(sweep->why,
			    "too many networks of different sources lie inside "
			    "each other: their sets hold more than %d numbers; drop the widest",
			    PREFIX_TABLE_SETS_MAX);
		*slot = (uint32_t)table->pool_used + 1;
		table->pool_used += set[0] + 1;
		sweep->sets++;
	}
	*cell = IN_POOL | (*slot - 1);
	return true;
}

/* The outer network's numbers and those of the entries (one network, sorted) as one set. */
static bool
set_join(struct sweep *sweep, uint32_t outer_cell, const struct prefix_entry *entries, size_t count, uint32_t *cell)
{
	struct prefix_hits outer = hits_of(sweep->table->pool, &outer_cell);
	size_t i = 0, j = 0;
	uint32_t *set, made = 0;

	sweep->work += outer.count + count;
	if (sweep->work > PREFIX_TABLE_WORK_MAX)
		return fault_set(sweep->why,
		    "too many networks of different sources lie inside each "
		    "other to divide them; drop the widest");
	if (!pool_reserve(sweep, outer.count + count + 1))
		return false;
	outer = hits_of(sweep->table->pool, &outer_cell); /* the pool may have moved */
	set = sweep->table->pool + sweep->table->pool_used;
	while (i < outer.count || j < count) {
		bool inner = i == outer.count || (j < count && entries[j].number < outer.numbers[i]);
		uint32_t number = inner ? entries[j++].number : outer.numbers[i++];

		if (made == 0 || set[made] != number)
			set[++made] = number;
	}
	set[0] = made;
	return set_intern(sweep, cell);
}

static bool
start_is(const struct side *side, size_t i, struct key key)
{
	if (side->v4 != NULL)
		return side->v4[i] == key.high >> 32;
	return side->high[i] == key.high && side->low[i] == key.low;
}

/* The cell applies from start on. Adjacent ranges with the same cell become one. */
static void
side_add(struct side *side, struct key start, uint32_t cell)
{
	if (side->count > 0 && start_is(side, side->count - 1, start))
		side->count--;
	if (side->count > 0 && side->cells[side->count - 1] == cell)
		return;
	if (side->v4 != NULL) {
		side->v4[side->count] = (uint32_t)(start.high >> 32);
	} else {
		side->high[side->count] = start.high;
		side->low[side->count] = start.low;
	}
	side->cells[side->count++] = cell;
}

/* The first address after a network; endless when there is none. */
static struct open
open_of(const struct prefix *prefix)
{
	struct open open = { .end = key_of(&prefix->base) };
	unsigned bits = prefix->bits;

	if (bits > 64) {
		uint64_t step = (uint64_t)1 << (128 - bits);

		open.end.low += step;
		open.endless = open.end.low < step && ++open.end.high == 0;
	} else {
		uint64_t step = bits == 0 ? 0 : (uint64_t)1 << (64 - bits);

		open.end.high += step;
		open.endless = open.end.high < step || bits == 0;
	}
	return open;
}

/* Closes what ends at or before the key; all when it is NULL. */
static void
sweep_close(struct sweep *sweep, struct side *side, const struct key *key)
{
	while (sweep->depth > 1) {
		const struct open *top = &sweep->stack[sweep->depth - 1];

		if (key != NULL &&
		    (top->endless || top->end.high > key->high || (top->end.high == key->high && top->end.low > key->low)))
			return;
		if (!top->endless)
			side_add(side, top->end, top[-1].cell);
		sweep->depth--;
	}
}

static bool
side_take(struct side *side, size_t entries, enum address_family family)
{
	size_t most = 2 * entries + 1; /* each network cuts at its start and after its end */

	side->cells = malloc(most * sizeof *side->cells);
	if (family == ADDRESS_V4)
		side->v4 = malloc(most * sizeof *side->v4);
	else {
		side->high = malloc(most * sizeof *side->high);
		side->low = malloc(most * sizeof *side->low);
	}
	return side->cells != NULL && (side->v4 != NULL || (side->high != NULL && side->low != NULL));
}

/* A smaller block, or the same one where realloc will not. */
static void *
shrink(void *block, size_t size)
{
	void *small = block == NULL ? NULL : realloc(block, size);

	return small == NULL ? block : small;
}

/* Frees what was allocated in excess. */
static void
side_trim(struct side *side)
{
	bool needed = false;

	for (size_t i = 0; side->low != NULL && i < side->count; i++)
		needed = needed || side->low[i] != 0;
	if (!needed) {
		free(side->low);
		side->low = NULL;
	}
	side->v4 = shrink(side->v4, side->count * sizeof *side->v4);
	side->high = shrink(side->high, side->count * sizeof *side->high);
	side->low = shrink(side->low, side->count * sizeof *side->low);
	side->cells = shrink(side->cells, side->count * sizeof *side->cells);
}

/* As many parts as there are ranges, at most 2^16: a short table needs no long index. */
static bool
side_index(struct side *side)
{
	size_t parts = 2, at = 0;

	for (side->index_bits = 1; side->index_bits < INDEX_BITS && parts < side->count; parts *= 2)
		side->index_bits++;
	side->index = malloc((parts + 1) * sizeof *side->index);
	if (side->index == NULL)
		return false;
	for (size_t part = 0; part < parts; part++) {
		struct key first = { (uint64_t)part << (64 - side->index_bits), 0 };

		while (at + 1 < side->count &&
		    (side->v4 != NULL ? side->v4[at + 1] <= first.high >> 32 : starts_at_or_before(side, at + 1, first)))
			at++;
		side->index[part] = (uint32_t)at;
	}
	side->index[parts] = (uint32_t)(side->count - 1);
	return true;
}

static bool
same_network(const struct prefix *a, const struct prefix *b)
{
	return a->bits == b->bits && memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes) == 0;
}

/* Two networks are nested or disjoint, they never overlap in part: a stack of the open ones is enough. */
static bool
side_sweep(struct sweep *sweep, struct side *side, const struct prefix_entry *entries, size_t count)
{
	size_t next;

	sweep->stack[0] = (struct open){ .endless = true, .cell = NOBODY };
	sweep->depth = 1;
	side_add(side, (struct key){ 0, 0 }, NOBODY);
	for (size_t i = 0; i < count; i = next) {
		struct key start = key_of(&entries[i].prefix.base);
		struct open open = open_of(&entries[i].prefix);

		for (next = i + 1; next < count; next++)
			if (!same_network(&entries[i].prefix, &entries[next].prefix))
				break;
		sweep_close(sweep, side, &start);
		if (!set_join(sweep, sweep->stack[sweep->depth - 1].cell, entries + i, next - i, &open.cell))
			return false;
		side_add(side, start, open.cell);
		sweep->stack[sweep->depth++] = open;
	}
	sweep_close(sweep, side, NULL);
	return true;
}

static bool
side_build(struct sweep *sweep, struct side *side, const struct prefix_entry *entries, size_t count)
{
	if (count == 0)
		return true;
	if (!side_take(side, count, entries[0].prefix.base.family))
		return sweep_out_of_memory(sweep);
	if (!side_sweep(sweep, side, entries, count))
		return false;
	side_trim(side);
	return side_index(side) || sweep_out_of_memory(sweep);
}

static int
entry_order(const void *left, const void *right)
{
	const struct prefix_entry *a = left, *b = right;
	struct key i = key_of(&a->prefix.base), j = key_of(&b->prefix.base);

	if (a->prefix.base.family != b->prefix.base.family)
		return a->prefix.base.family < b->prefix.base.family ? -1 : 1;
	if (i.high != j.high)
		return i.high < j.high ? -1 : 1;
	if (i.low != j.low)
		return i.low < j.low ? -1 : 1;
	if (a->prefix.bits != b->prefix.bits)
		return a->prefix.bits < b->prefix.bits ? -1 : 1;
	return (a->number > b->number) - (a->number < b->number);
}

/* What the sweep relies on: a family, a length within it, no host bits. */
static bool
entries_are_sound(const struct prefix_entry *entries, size_t count, struct fault *why)
{
	if (count > PREFIX_TABLE_MAX)
		return fault_set(why, "%zu networks are too many for one table; write at most %d", count,
		    PREFIX_TABLE_MAX);
	for (size_t i = 0; i < count; i++) {
		const struct prefix *prefix = &entries[i].prefix;
		struct address masked = address_mask(prefix->base, prefix->bits);
		char text[PREFIX_TEXT];

		if ((prefix->base.family != ADDRESS_V4 && prefix->base.family != ADDRESS_V6) ||
		    prefix->bits > address_width(&prefix->base))
			return fault_set(why, "entry %zu of a table is not a network", i);
		if (!address_equal(&masked, &prefix->base))
			return fault_set(why, "'%s' has host bits set", prefix_write(prefix, text));
	}
	return true;
}

struct prefix_table *
prefix_table_build(struct prefix_entry *entries, size_t count, struct fault *why)
{
	struct sweep sweep = { .why = why };
	struct prefix_table *table = NULL;
	bool built = false;
	size_t v4 = 0;

	if (!entries_are_sound(entries, count, why))
		return NULL;
	table = sweep.table = calloc(1, sizeof *table);
	if (table == NULL) {
		sweep_out_of_memory(&sweep);
		return NULL;
	}
	if (count > 0)
		qsort(entries, count, sizeof *entries, entry_order);
	while (v4 < count && entries[v4].prefix.base.family == ADDRESS_V4)
		v4++;
	built = side_build(&sweep, &table->v4, entries, v4) && side_build(&sweep, &table->v6, entries + v4, count - v4);
	free(sweep.slots);
	if (!built) {
		prefix_table_free(table);
		return NULL;
	}
	if (table->pool_used > 0)
		table->pool = shrink(table->pool, table->pool_used * sizeof *table->pool);
	return table;
}

static void
side_free(struct side *side)
{
	free(side->v4);
	free(side->high);
	free(side->low);
	free(side->cells);
	free(side->index);
}

void
prefix_table_free(struct prefix_table *table)
{
	if (table == NULL)
		return;
	side_free(&table->v4);
	side_free(&table->v6);
	free(table->pool);
	free(table);
}

static size_t
side_bytes(const struct side *side)
{
	size_t one = sizeof *side->cells;

	if (side->count == 0)
		return 0;
	one += side->v4 != NULL ? sizeof *side->v4 : sizeof *side->high;
	one += side->low != NULL ? sizeof *side->low : 0;
	return side->count * one + (((size_t)1 << side->index_bits) + 1) * sizeof *side->index;
}

size_t
prefix_table_bytes(const struct prefix_table *table)
{
	return sizeof *table + side_bytes(&table->v4) + side_bytes(&table->v6) + table->pool_used * sizeof *table->pool;
}

size_t
prefix_table_ranges(const struct prefix_table *table)
{
	return table->v4.count + table->v6.count;
}
