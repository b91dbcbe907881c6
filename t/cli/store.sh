#!/bin/sh
# TAP: a greylist store in trouble: strangers pass, it is said once, and a mended one is opened again by itself.
name=store
. "${srcdir:-.}/t/cli/store_lib.sh"

damage() {
	mkdir "$store"
	head -c 100000 /dev/zero > "$store/data.mdb"
	owned
}
move_away() { mv "$store/data.mdb" "$world/damaged"; }
trouble damaged 'move its files away to start a new greylist' "a damaged file" damage move_away

deny() {
	mkdir -m 700 "$store"
	[ "$(id -u)" -eq 0 ] || chmod 0 "$store"
}
allow() {
	owned
	chmod 750 "$store"
}
trouble failed 'may not be opened; give the directory and its files to' "a directory of another user" deny allow

protect() {
	cp -r "$world/sound" "$store"
	owned
	chmod 444 "$store/data.mdb"
	[ "$(id -u)" -ne 0 ] || chown root "$store/data.mdb"
}
unprotect() {
	owned
	chmod 640 "$store/data.mdb"
}

# ---- it works, is moved away, and is full ----

rm -rf "$store"
other=$user
user=$(id -un) # whose limits may be changed while it runs
conf "lmdb:$store"
begin "a new greylist: greenlaned starts"
waits one@stranger.example
ok $? "a stranger waits"
until_true says 'greylist=new .*tries=1 waited=0'
ok $? "on its first try"
sleep 1.1 # sleeps: the delay of the greylist, a second
passes one@stranger.example
ok $? "and passes when it comes back"
until_true says 'greylist=due .*tries=2 waited=[1-9]'
ok $? "on its second try, having waited"
until_true recorded '"tries":2,"waited":[1-9]'
ok $? "the record has both as numbers"
passes one@stranger.example
ok $? "the next mail passes at once"
until_true says 'greylist=known .*tries=1 waited=0'
ok $? "on its first try"
mv "$store" "$world/sound"
until_true says "$store: the greylist's file was moved away or replaced; it is opened again"
ok $? "a greylist that was moved away is noticed"
until_true test -e "$store/data.mdb"
ok $? "and a new one begun"
waits one@stranger.example
ok $? "in which nobody is known"
is "$(count_of 'does not work')" 0 "nothing failed meanwhile"
mv "$store" "$world/second"
cp -r "$world/sound" "$store"
owned
kill -HUP $daemon
until_true says 'reload: 1 vendors? in force'
passes one@stranger.example
ok $? "one that was put back is opened by a reload"
if prlimit --version > /dev/null 2>&1; then
	prlimit --pid $daemon --fsize=4096:
	/usr/bin/python3 - "$top/t/cli/milter.py" "$world/run/socket" > "$world/out" <<'TEXT'
import subprocess, sys, time
# until the writer has met the limit: a stranger waits as long as nobody knows
for number in range(600):
    said = subprocess.run(["/usr/bin/python3", *sys.argv[1:], "n%s@full%d.example" % ("x" * 40, number)],
                          stdout=subprocess.PIPE, universal_newlines=True).stdout.strip()
    if said == "pass":
        print("passes")
        break
    time.sleep(0.1)  # sleeps: until it tries again
TEXT
	out '^passes$' "on a full disk strangers pass"
	until_true ill full
	ok $? "and the log says that the greylist is full"
	until_true status_is_ill full '[0-9]+'
	ok $? "and status does"
	out 'ill: store-failed: .*raise the file size limit' "with the remedy"
	passes one@stranger.example
	ok $? "who is known still passes"
	prlimit --pid $daemon --fsize=unlimited:
	until_true well '[0-9]+'
	ok $? "with room again it works by itself"
	status_is_well
	ok $? "and status is well again"
	waits four@stranger.example
	ok $? "and strangers wait"
else
	skip "a full disk" "no prlimit here"
fi
end "it exits with 0"
user=$other
rm -rf "$world/state"/* # it was root's

trouble read-only 'may not be opened; give' "a file that may only be read" protect unprotect
shut() { # its own user may not write it: chown alone is no remedy
	cp -r "$world/sound" "$store"
	owned
	chmod 444 "$store"/*
	chmod 555 "$store"
}
open_up() { chmod -R u+rwX "$store"; }
trouble read-only 'may not be opened; give .*\(chmod -R u\+rwX\)' "one that its own user may only read" shut open_up

# ---- another version's ----

of_next_version() { # of ours
	cp -r "$world/sound" "$store"
	LC_ALL=C sed -i 's/greylist 1/greylist 2/g' "$store/data.mdb"
	owned
}
of_other_lmdb() { # in both of its first pages
	cp -r "$world/sound" "$store"
	for place in 20 4116; do
		printf '\143' | dd of="$store/data.mdb" bs=1 seek="$place" conv=notrunc 2> "$world/err"
	done
	owned
}
take_sound() { cat "$world/sound/data.mdb" > "$store/data.mdb"; }
trouble failed 'is not a greylist of this version of greenlane; name another' "one of a version to come" of_next_version take_sound
trouble failed 'was written by another version of LMDB' "one of another version of LMDB" of_other_lmdb take_sound

# ---- words that are no store ----

conf "lmbd:$store"
"$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
is $? 78 "a misspelt store ends the start"
says "'greylist.store': 'lmbd:.*' is not a store; write"
ok $? "and says what to write"

finish_tap
