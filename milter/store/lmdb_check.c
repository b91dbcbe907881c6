#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "milter/store/lmdb_check.h"
#include "milter/system/denied.h"
#include "milter/system/files.h"
#include "milter/system/sandbox.h"

/* ---- faults ---- */

#define BEGIN_NEW "; move its files away to start a new greylist"
#define DAMAGED "the greylist is damaged" BEGIN_NEW

enum { OUTSIDE = INT_MAX }; /* EACCES, where the sandbox is why */

static const struct {
	int code;
	enum store_state state;
	const char *text;
} remedies[] = {
	{ OUTSIDE, STORE_STATE_FAILED,
	    "the greylist's directory is not the one of the start, and outside the sandbox; restart greenlaned" },
	{ LMDB_LOCKED, STORE_STATE_FAILED,
	    "the greylist is locked by another process; find it (fuser FILE, of its lock.mdb), and let it go on or end it" },
	{ EACCES, STORE_STATE_FAILED,
	    "the greylist may not be opened; give the directory and its files to the user of greenlaned (chown -R), "
	    "who must be able to write them (chmod -R u+rwX), and to enter those above (chmod o+x)" },
	{ EPERM, STORE_STATE_FAILED,
	    "the greylist may not be opened; give the directory and its files to the user of greenlaned (chown -R), "
	    "who must be able to write them (chmod -R u+rwX), and to enter those above (chmod o+x)" },
	{ EROFS, STORE_STATE_READ_ONLY,
	    "the greylist is on a read-only file system; name another directory in greylist.store" },
	{ ENOENT, STORE_STATE_FAILED, "the greylist's parent directory is missing; create it first" },
	{ ENOTDIR, STORE_STATE_FAILED, "the greylist's path is not a directory; name a directory in greylist.store" },
	{ ENOSPC, STORE_STATE_FULL, "the greylist's disk is full; free some space there" },
	{ EDQUOT, STORE_STATE_FULL, "the greylist's disk quota is used up; free some space there" },
	{ EFBIG, STORE_STATE_FULL, "the greylist's file cannot grow; raise the file size limit (ulimit -f)" },
	{ EIO, STORE_STATE_FAILED, "the greylist's disk is full or failing; see the kernel log" },
	{ ENOMEM, STORE_STATE_FAILED, "the greylist cannot be mapped; raise the address space limit (ulimit -v)" },
	{ MDB_INVALID, STORE_STATE_DAMAGED, "the greylist is not an LMDB file, or is damaged" BEGIN_NEW },
	{ MDB_VERSION_MISMATCH, STORE_STATE_FAILED, "the greylist was written by another version of LMDB" BEGIN_NEW },
	{ MDB_CORRUPTED, STORE_STATE_DAMAGED, DAMAGED },
	{ MDB_PAGE_NOTFOUND, STORE_STATE_DAMAGED, DAMAGED },
	{ MDB_CURSOR_FULL, STORE_STATE_DAMAGED, DAMAGED },
	{ MDB_BAD_TXN, STORE_STATE_DAMAGED, DAMAGED },
	{ MDB_PANIC, STORE_STATE_FAILED,
	    "the greylist's disk failed in the middle of a commit; it is opened again every half minute" },
	{ MDB_MAP_FULL, STORE_STATE_FULL,
	    "the greylist has reached its size limit; lower greylist.lifetime, and the sweep makes room" },
	{ MDB_READERS_FULL, STORE_STATE_FAILED, "too many programs are reading the greylist; stop some of them" },
};

bool
lmdb_fault(struct fault *why, const char *folder, int code)
{
	if (code == EACCES && !denied_by_mode(folder, DENIED_WRITE) && sandbox_hint(folder, SANDBOX_WRITE)[0] != '\0')
		code = OUTSIDE;
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
		if (remedies[i].code == code)
			return fault_at(why, folder, 0, "%s", remedies[i].text);
	return fault_at(why, folder, 0, "the greylist fails: %s", mdb_strerror(code));
}

/* A fault carries no code; its text is the table's. */
static size_t
remedy_of(const struct fault *why)
{
	size_t i = 0;

	while (i < sizeof remedies / sizeof remedies[0] && strcmp(remedies[i].text, why->text) != 0)
		i++;
	return i;
}

enum store_state
lmdb_state(const struct fault *why, const char *folder)
{
	size_t i = remedy_of(why);
	char path[PATH_MAX];

	if (i == sizeof remedies / sizeof remedies[0])
		return STORE_STATE_FAILED;
	snprintf(path, sizeof path, "%s/data.mdb", folder);
	if ((remedies[i].code == EACCES || remedies[i].code == EPERM) && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0)
		return STORE_STATE_READ_ONLY;
	return remedies[i].state;
}

bool
lmdb_is_spoilt(const struct fault *why)
{
	size_t i = remedy_of(why);

	return i < sizeof remedies / sizeof remedies[0] &&
	    (remedies[i].state == STORE_STATE_DAMAGED || remedies[i].code == MDB_PANIC);
}

/* ---- the file format common to LMDB 0.9.11 to 0.9.33 (mdb.c, from "Page headers" on) ---- */

#define META_MAGIC 0xBEEFC0DEu

enum { META_VERSION = 1 };
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4, PAGE_META = 8 };
enum { NODE_BIG = 1 }; /* the value is on pages of its own */
enum { DEPTH_MAX = 32, KEY_MAX = 511, PAGE_MIN = 512, PAGE_MAX = 64 * 1024 };

static const size_t pages_max = (size_t)64 << 20; /* 256 GiB */

struct page_head {
	size_t number;
	uint16_t pad, flags;
	uint16_t lower, upper; /* of a tree page; an overflow page has its count of pages here */
};

struct node_head {
	uint32_t low; /* in a leaf the length of the value, in a branch the page */
	uint16_t flags, key_length;
};

struct tree {
	uint32_t page_size; /* only in the tree of free pages */
	uint16_t flags, depth;
	size_t branches, leaves, overflows, entries, root;
};

struct meta {
	uint32_t magic, version;
	void *address;
	size_t map_size;
	struct tree free, records;
	size_t last_page, txn;
};

/* ---- reading ---- */

struct file {
	int fd;
	size_t page_size, page_count;
	uint8_t *seen; /* one bit per page */
	struct meta meta;
};

/* The walk of one tree. */
struct walk {
	struct file *file;
	const struct tree *tree;
	char *pages; /* one for each depth */
	size_t entries;
	unsigned char last[KEY_MAX];
	size_t last_length;
};

static bool
bytes_read(const struct file *file, void *out, size_t length, size_t page, size_t offset)
{
	off_t at = (off_t)(page * file->page_size + offset);

	for (char *to = out; length > 0;) {
		ssize_t got = pread(file->fd, to, length, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		at += got;
		length -= (size_t)got;
	}
	return true;
}

/* Marks the pages as seen. False if one was seen before or is beyond the end. */
static bool
pages_mark(struct file *file, size_t page, size_t count)
{
	if (page >= file->page_count || count > file->page_count - page)
		return false;
	for (; count > 0; page++, count--) {
		if (file->seen[page / 8] & 1 << page % 8)
			return false;
		file->seen[page / 8] |= (uint8_t)(1 << page % 8);
	}
	return true;
}

static bool
meta_read(struct file *file, size_t page, struct meta *out)
{
	struct page_head head;

	return bytes_read(file, &head, sizeof head, page, 0) && head.flags == PAGE_META && head.number == page &&
	    bytes_read(file, out, sizeof *out, page, sizeof head) && out->magic == META_MAGIC;
}

/* There are two meta pages, and the younger one is valid. LMDB assumes without a check that it is in its place. */
static int
metas_read(struct file *file)
{
	struct meta metas[2];
	unsigned young;

	file->page_size = 0; /* page 0 is read without knowing the size */
	if (!meta_read(file, 0, &metas[0]))
		return MDB_INVALID;
	if (metas[0].version != META_VERSION)
		return MDB_VERSION_MISMATCH;
	file->page_size = metas[0].free.page_size;
	if (file->page_size < PAGE_MIN || file->page_size > PAGE_MAX ||
	    (file->page_size & (file->page_size - 1)) != 0 || !meta_read(file, 1, &metas[1]) ||
	    metas[1].version != META_VERSION || metas[1].free.page_size != file->page_size)
		return MDB_INVALID;
	young = metas[0].txn < metas[1].txn;
	file->meta = metas[young];
	file->page_count = file->meta.last_page + 1;
	return (file->meta.txn & 1) == young && file->meta.last_page >= 1 && file->meta.last_page < pages_max &&
		file->meta.map_size / file->page_size >= file->page_count
	    ? 0
	    : MDB_CORRUPTED;
}

/* ---- the trees ---- */

/* A list of free pages: a count, and that many page numbers in descending order. */
static bool
free_list_is_sound(struct file *file, const void *bytes, size_t length)
{
	const char *at = bytes;
	size_t count, page, before = SIZE_MAX;

	if (length < sizeof count)
		return false;
	memcpy(&count, at, sizeof count);
	if (count > length / sizeof count - 1)
		return false;
	for (size_t i = 1; i <= count; i++, before = page) {
		memcpy(&page, at + i * sizeof page, sizeof page);
		if (page >= before || !pages_mark(file, page, 1))
			return false;
	}
	return true;
}

/* A value on overflow pages: only lists of free pages grow that long. */
static bool
overflow_is_sound(struct file *file, const char *node_value, size_t length)
{
	size_t first, count = (sizeof(struct page_head) + length - 1) / file->page_size + 1;
	struct page_head head;
	uint32_t pages;
	char *bytes;
	bool sound;

	memcpy(&first, node_value, sizeof first);
	if (!bytes_read(file, &head, sizeof head, first, 0) || head.number != first || head.flags != PAGE_OVERFLOW)
		return false;
	memcpy(&pages, &head.lower, sizeof pages);
	if (pages < count || !pages_mark(file, first, pages) || (bytes = malloc(length)) == NULL)
		return false;
	sound = bytes_read(file, bytes, length, first, sizeof head) && free_list_is_sound(file, bytes, length);
	free(bytes);
	return sound;
}

/* Lists of free pages are keyed by the number of a transaction that was written. LMDB takes 0 for none, and would read that
 * list twice. */
static bool
transaction_follows(const struct walk *walk, const char *key)
{
	size_t last = 0, now;

	if (walk->entries > 0)
		memcpy(&last, walk->last, sizeof last);
	memcpy(&now, key, sizeof now);
	return last < now && now <= walk->file->meta.txn;
}

/* Records are in the order of their key's bytes. */
static bool
key_follows(const struct walk *walk, const char *key, size_t length)
{
	size_t shorter = length < walk->last_length ? length : walk->last_length;
	int order;

	if (walk->tree == &walk->file->meta.free)
		return transaction_follows(walk, key);
	order = memcmp(walk->last, key, shorter);
	return order < 0 || (order == 0 && walk->last_length < length);
}

static bool
leaf_node_is_sound(struct walk *walk, const struct node_head *node, const char *key)
{
	bool is_free = walk->tree == &walk->file->meta.free;
	const char *value = key + node->key_length;

	if (is_free ? node->key_length != sizeof(size_t) || (node->flags & ~NODE_BIG) != 0
		    : node->key_length == 0 || node->flags != 0)
		return false;
	if (!key_follows(walk, key, node->key_length))
		return false;
	memcpy(walk->last, key, node->key_length);
	walk->last_length = node->key_length;
	walk->entries++;
	if (!is_free)
		return true;
	return node->flags & NODE_BIG ? overflow_is_sound(walk->file, value, node->low)
				      : free_list_is_sound(walk->file, value, node->low);
}

/* Reads the head of a node. Returns the node's size, or 0 if it is not wholly inside its page. */
static size_t
node_read(const struct file *file, const char *page, unsigned i, bool leaf, struct node_head *node)
{
	struct page_head head;
	size_t size = sizeof *node;
	uint16_t at;

	memcpy(&head, page, sizeof head);
	memcpy(&at, page + sizeof head + i * sizeof at, sizeof at);
	if (at < head.upper || at % 2 != 0 || at + size > file->page_size)
		return 0;
	memcpy(node, page + at, sizeof *node);
	size += node->key_length;
	if (leaf)
		size += node->flags & NODE_BIG ? sizeof(size_t) : node->low;
	size += size % 2;
	return node->key_length <= KEY_MAX && at + size <= file->page_size ? size : 0;
}

static size_t
branch_page(const struct node_head *node)
{
	size_t page = node->low;

	return sizeof page > 4 ? page | (size_t)node->flags << 16 << 16 : page;
}

static bool page_is_sound(struct walk *walk, size_t number, unsigned depth);

static bool
nodes_are_sound(struct walk *walk, const char *page, unsigned count, unsigned depth)
{
	bool leaf = depth + 1 == walk->tree->depth;
	size_t used = 0, upper = ((const struct page_head *)(const void *)page)->upper;

	for (unsigned i = 0; i < count; i++) {
		struct node_head node;
		size_t size = node_read(walk->file, page, i, leaf, &node);
		uint16_t at;

		if (size == 0)
			return false;
		used += size;
		memcpy(&at, page + sizeof(struct page_head) + i * sizeof at, sizeof at);
		if (leaf ? !leaf_node_is_sound(walk, &node, page + at + sizeof node)
			 : !page_is_sound(walk, branch_page(&node), depth + 1))
			return false;
	}
	return used == walk->file->page_size - upper; /* no gaps between nodes */
}

/* Never deeper than the tree says, which is at most DEPTH_MAX. */
static bool
page_is_sound(struct walk *walk, size_t number, unsigned depth)
{
	bool leaf = depth + 1 == walk->tree->depth;
	struct file *file = walk->file;
	char *page = walk->pages + depth * file->page_size;
	struct page_head head;
	unsigned count;

	if (!pages_mark(file, number, 1) || !bytes_read(file, page, file->page_size, number, 0))
		return false;
	memcpy(&head, page, sizeof head);
	if (head.number != number || head.flags != (leaf ? PAGE_LEAF : PAGE_BRANCH) || head.lower < sizeof head ||
	    head.lower > head.upper || head.upper > file->page_size)
		return false;
	count = (unsigned)(head.lower - sizeof head) / 2;
	return head.lower % 2 == 0 && count >= (leaf ? 1 : 2) && nodes_are_sound(walk, page, count, depth);
}

static bool
tree_is_sound(struct file *file, const struct tree *tree, uint16_t flags)
{
	struct walk walk = { .file = file, .tree = tree };
	bool sound;

	if (tree->flags != flags || tree->depth > DEPTH_MAX)
		return false;
	if (tree->root == SIZE_MAX) /* LMDB's mark of an empty tree */
		return tree->depth == 0 && tree->entries == 0;
	if (tree->depth == 0 || (walk.pages = malloc(tree->depth * file->page_size)) == NULL)
		return false;
	sound = page_is_sound(&walk, tree->root, 0) && walk.entries == tree->entries;
	free(walk.pages);
	return sound;
}

/* ---- the whole ---- */

static int
file_check(struct file *file)
{
	int code = metas_read(file);

	if (code != 0)
		return code;
	file->seen = calloc(file->page_count / 8 + 1, 1);
	if (file->seen == NULL)
		return ENOMEM;
	if (!pages_mark(file, 0, 2) || !tree_is_sound(file, &file->meta.records, 0) ||
	    !tree_is_sound(file, &file->meta.free, MDB_INTEGERKEY))
		code = MDB_CORRUPTED;
	free(file->seen);
	return code;
}

/* A concurrent writer may make a sound file look damaged: then check again. */
static int
file_check_still(struct file *file)
{
	int code = 0;

	for (unsigned i = 0; i < 3; i++) {
		struct file again = *file;

		code = file_check(file);
		if (code != MDB_CORRUPTED || metas_read(&again) != 0 || again.meta.txn == file->meta.txn)
			break;
	}
	return code;
}

/* LMDB opens by path and follows links, so we refuse anything but regular files, and a directory in which anybody
 * could swap them after our check. */
static bool
place_is_ours(const struct folder *folder, struct fault *why)
{
	struct stat st;

	if (fstat(folder->fd, &st) != 0)
		return lmdb_fault(why, folder->path, errno);
	if (st.st_mode & S_IWOTH)
		return fault_at(why, folder->path, 0, "everybody may write in the greylist's directory; chmod o-w it");
	return file_is_plain(folder, "data.mdb", why) && file_is_plain(folder, "lock.mdb", why);
}

static bool
check_in(const struct folder *folder, struct fault *why)
{
	struct file file = { .fd = -1 };
	struct stat stat_now;
	int code = 0;

	if (!place_is_ours(folder, why))
		return false;
	file.fd = openat(folder->fd, "data.mdb", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (file.fd < 0)
		return errno == ENOENT || lmdb_fault(why, folder->path, errno);
	if (fstat(file.fd, &stat_now) != 0)
		code = errno;
	else if (stat_now.st_size > 0) /* LMDB takes an empty file as new */
		code = file_check_still(&file);
	if (code == MDB_VERSION_MISMATCH)
		code = 0; /* a later LMDB can judge a later format; ours refuses it */
	close(file.fd);
	return code == 0 || lmdb_fault(why, folder->path, code);
}

bool
lmdb_check(const char *path, struct fault *why)
{
	struct folder folder;
	struct stat st;
	bool done;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid != 0)
		return fault_at(why, path, 0,
		    "is a link that root does not own, and is not followed; "
		    "name the directory itself in greylist.store");
	if ((size_t)snprintf(folder.path, sizeof folder.path, "%s", path) >= sizeof folder.path)
		return lmdb_fault(why, path, ENAMETOOLONG);
	folder.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* not folder_open: the remedies need errno */
	if (folder.fd < 0)
		return errno == ENOENT || lmdb_fault(why, path, errno);
	done = check_in(&folder, why);
	folder_close(&folder);
	return done;
}
