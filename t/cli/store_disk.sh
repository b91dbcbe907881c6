#!/bin/sh
# TAP: as store.sh, for a store on a disk of its own that is full, or read-only. Needs root, to mount one.
name=store_disk
. "${srcdir:-.}/t/cli/store_lib.sh"

mount_disk() {
	mkdir -p "$disk"
	mount -t tmpfs -o size=4m,mode=755 tmpfs "$disk" 2> /dev/null || return 1
	chown nobody "$disk"
}
make_disk() {
	disk=$1
	mount_disk || return 1
	trap 'umount -l "$world/disk" "$world/state/disk" 2> /dev/null; clean_up' EXIT
	store=$disk/greylist
}
fill() {
	mkdir "$store"
	owned
	dd if=/dev/zero of="$disk/filler" bs=4096 2> /dev/null
	[ -s "$disk/filler" ]
}
empty() { rm "$disk/filler"; }
to_read_only() {
	mkdir "$store"
	owned
	until_true make_read_only
}
# Busy as long as the kernel has not yet forgotten what the sandbox of the daemon before held: a directory that is removed.
make_read_only() { mount -o remount,ro "$disk" 2> /dev/null; }
to_writable() { mount -o remount,rw "$disk"; }

# the file system goes while it serves, and comes back empty: below state_dir it is in the sandbox, wherever it came from
gone_while_it_runs() {
	make_disk "$world/state/disk"
	mkdir "$store"
	owned
	conf "lmdb:$store"
	begin "a disk that will go: greenlaned starts"
	waits one@stranger.example
	ok $? "a stranger waits"
	umount -l "$disk"
	until_true status_is_ill '(failed|missing|read-only)' '[0-9]+'
	ok $? "the disk is gone: status says that the greylist does not work"
	passes two@stranger.example
	ok $? "strangers pass"
	until_true says 'until it works strangers pass without being greylisted'
	ok $? "the log says what follows"
	mount_disk
	mkdir -p "$store"
	owned
	until_true status_is_well
	ok $? "it is there again: status is well"
	until_true waits three@stranger.example
	ok $? "strangers wait again"
	end "it exits with 0"
	umount -l "$disk"
}

# elsewhere the one that comes back is outside
gone_from_the_sandbox() {
	disk=$world/disk store=$world/disk/greylist
	rm -rf "$store"
	mkdir "$store"
	owned
	conf "lmdb:$store"
	begin "a disk that will go from the sandbox: greenlaned starts"
	status
	if grep -q '^sandbox: landlock' "$world/out"; then
		waits four@stranger.example
		umount -l "$disk"
		until_true status_is_ill '(failed|missing|read-only)' '[0-9]+'
		mount_disk
		mkdir -p "$store"
		owned
		until_true asks_for_restart
		ok $? "status says that only a restart helps"
	else
		skip "status says that only a restart helps" "this kernel has no Landlock"
	fi
	end "it exits with 0"
	begin "it starts again"
	waits five@stranger.example
	ok $? "and strangers wait"
	end "it exits with 0 again"
}
asks_for_restart() { ! status && grep -q 'outside the sandbox; restart greenlaned' "$world/out"; }

if [ "$(id -u)" -eq 0 ] && make_disk "$world/disk"; then
	fill
	conf "lmdb:$store/new"
	"$greenlane" -c "$world/conf" check > "$world/out" 2> "$world/err"
	out "^$store/new: the greylist's disk is full; free some space there; nobody would be greylisted" "check finds a full disk"
	empty
	"$greenlane" -c "$world/conf" check > "$world/out" 2> "$world/err"
	! grep -q 'disk is full' "$world/out"
	ok $? "and one with room"
	trouble full 'disk is full; free some space' "a full disk" fill empty
	gone_while_it_runs
	gone_from_the_sandbox
	trouble read-only 'is on a read-only file system; name another directory' "a read-only disk" to_read_only to_writable
else
	skip "a full and a read-only disk" "only root can mount one"
fi

finish_tap
