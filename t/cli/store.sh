#!/bin/sh
# TAP: a greylist store in trouble: strangers pass, it is said once, and a mended one is opened again by itself.
name=store
. "${srcdir:-.}/t/cli/lib.sh"
greenlaned=${GREENLANED:-${greenlane}d}
store=$world/greylist
user=$(id -un)
[ "$(id -u)" -ne 0 ] || user=nobody # root may open everything

mkdir "$world/vendors" "$world/run" "$world/state"
[ "$(id -u)" -ne 0 ] || chown nobody "$world" "$world/run" "$world/state"
cat > "$world/vendors/steady.conf" <<'TEXT'
vendor = { name = "steady"; domains = [ "steady.example" ]; sources = ( { cidr = [ "192.0.2.1" ]; } ); };
TEXT
conf() { # STORE
	cat > "$world/conf" <<TEXT
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "steady"; } );
milter = { listen = "unix:$world/run/socket"; };
strangers = { authenticate = false; };
control = { listen = "unix:$world/run/control"; };
state_dir = "$world/state";
user = "$user";
log = { record = "$world/state/verdicts"; };
greylist = { store = "$1"; delay = "1s"; };
dns = { servers = [ "127.0.0.1" ]; timeout = "1s"; };
TEXT
}
says() { grep -Eq -- "$1" "$world/daemon"; }
count_of() { grep -Ec -- "$1" "$world/daemon"; }
begin() {
	rm -f "$world/pipe"
	mkfifo "$world/pipe" # its limit of file sizes is changed below, and the log must not meet it
	cat "$world/pipe" > "$world/daemon" &
	"$greenlaned" -f -c "$world/conf" 2> "$world/pipe" &
	daemon=$!
	pids="$pids $daemon"
	until_true says ' serves '
	ok $? "$1"
}
end() {
	kill "$daemon"
	wait "$daemon"
	is $? 0 "$1"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$@" 2>&1; } # SENDER
passes() { [ "$(mail "$1")" = pass ]; }
waits() { case $(mail "$1") in 451\ 4.7.1*greylisted*) ;; *) return 1 ;; esac; }
owned() { [ "$(id -u)" -ne 0 ] || chown -R nobody "$store"; }
ill() { says "the greylist store does not work \\($1\\): $store: .*; until it works strangers pass without being greylisted"; }
well() { says "the greylist store $store works again; $1 messages? passed without being greylisted meanwhile"; }
status() { "$greenlane" -c "$world/conf" status > "$world/out" 2> "$world/err"; } # leaves what it prints in out
status_is_ill() { ! status && grep -Eq "greylist lmdb:$store is $1: nobody is greylisted; $2 messages? ha(s|ve) passed" "$world/out"; }
status_is_well() { status; ! grep -q 'nobody is greylisted' "$world/out"; }
recorded() { tail -n 1 "$world/state/verdicts" | grep -Eq -- "$1"; }

# a state is one of these: MAKE makes it before the start, MEND mends it; the log must say STATE and REMEDY.
trouble() { # STATE REMEDY NAME MAKE MEND
	rm -rf "$store"
	$4
	conf "lmdb:$store"
	begin "$3: greenlaned starts all the same"
	until_true ill "$1"
	ok $? "and says that the store is $1, and what follows"
	says "$2"
	ok $? "and what to do"
	passes one@stranger.example && passes two@stranger.example
	ok $? "strangers pass"
	until_true says 'greylist=failed .*tries=- waited=-'
	ok $? "the log line says that the greylist failed"
	until_true recorded '"greylist":"failed".*"tries":null,"waited":null'
	ok $? "and the record does"
	status_is_ill "$1" 2
	ok $? "and status does, with the number of those who passed"
	out "$2" "and the remedy"
	kill -HUP $daemon
	until_true says 'reload: 1 vendors? in force'
	is "$(count_of 'does not work')" 1 "it is said once, whatever comes and though a reload looks again"
	$5
	until_true well 2
	ok $? "once it is mended it is opened again by itself, and the log says how many passed"
	status_is_well
	ok $? "status is well again"
	waits three@stranger.example
	ok $? "strangers are greylisted again"
	end "it exits with 0"
}

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
	passes one@stranger.example
	ok $? "who is known still passes"
	prlimit --pid $daemon --fsize=unlimited:
	until_true well '[0-9]+'
	ok $? "with room again it works by itself"
	waits four@stranger.example
	ok $? "and strangers wait"
else
	skip "a full disk" "no prlimit here"
fi
end "it exits with 0"
user=$other
rm -rf "$world/state"/* # it was root's

trouble read-only 'may not be opened; give' "a file that may only be read" protect unprotect

# ---- a disk of its own ----

make_disk() {
	mkdir -p "$world/disk"
	mount -t tmpfs -o size=256k,mode=755 tmpfs "$world/disk" 2> /dev/null || return 1
	chown nobody "$world/disk"
	trap 'umount -l "$world/disk" 2> /dev/null; clean_up' EXIT
}
fill() {
	mkdir "$store"
	owned
	dd if=/dev/zero of="$world/disk/filler" bs=4096 2> /dev/null
	[ -s "$world/disk/filler" ]
}
empty() { rm "$world/disk/filler"; }
to_read_only() {
	mkdir "$store"
	owned
	mount -o remount,ro "$world/disk"
}
to_writable() { mount -o remount,rw "$world/disk"; }

if [ "$(id -u)" -eq 0 ] && make_disk; then
	store=$world/disk/greylist
	trouble full 'disk is full; free some space' "a full disk" fill empty
	trouble read-only 'is on a read-only file system; name another directory' "a read-only disk" to_read_only to_writable
else
	skip "a full and a read-only disk" "only root can mount one"
fi

# ---- words that are no store ----

conf "redis:127.0.0.1:6379"
"$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
is $? 78 "a Redis store, which is not built, ends the start"
says "'greylist.store': this version has no Redis store, so nobody would be greylisted; write"
ok $? "and says what to write"
conf "lmbd:$store"
"$greenlaned" -f -c "$world/conf" 2> "$world/daemon"
is $? 78 "a misspelt store ends the start"
says "'greylist.store': 'lmbd:.*' is not a store; write"
ok $? "and says what to write"

finish_tap
