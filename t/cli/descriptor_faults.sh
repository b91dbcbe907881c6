#!/bin/sh
# TAP: greenlaned when it may open nothing more: mail that is under way goes on and loses neither record nor greylist, what must ask
# DNS is deferred, an MTA that comes waits; status still answers and says it, and all is well again by itself.
name=descriptor_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
needs prlimit nsd

asked_by_spf
{ zone_head 60; echo "$asked_record"; } > "$world/root.zone"
nsd_serve
most_of() { sed -n 's/^Max open files *\([0-9]*\) .*/\1/p' "/proc/$1/limits"; }
user=$(id -un) # its limits may be changed while it runs
conf "lmdb:$store"
milter() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$@" 2>&1; }
vouched() { milter "a@$1.asked.example" 192.0.2.1 > "$world/mail" && until_true says "mail_from=a@$1\\.asked.example.*outcome=vouched|outcome=vouched.*a@$1\\.asked\\.example"; }
held() { # NAME SENDER CLIENT COUNT: mails whose ends wait for the fifo NAME each; their verdicts go to NAME.out
	mkfifo "$world/$1"
	: > "$world/$1.out"
	milter "$2" "$3" anna@rx.example "$4" "$world/$1" > "$world/$1.out" &
	pids="$pids $!"
	until_true grep -q held "$world/$1.out"
}
has_lines() { [ "$(wc -l < "$world/$1.out")" = "$2" ]; }
let_go() { # NAME LINES: until so many are there
	: > "$world/$1"
	until_true has_lines "$1" "$2"
}
# So few that connections which never say anything take every one; those that it has not accepted yet take what becomes free.
first_free() { # its lowest number without a file
	free=0
	while [ -L "/proc/$daemon/fd/$free" ]; do free=$((free + 1)); done
	echo $free
}
used_up() { [ "$(first_free)" -ge "$most" ]; }
starve() {
	most=$(($(first_free) + 5))
	prlimit --pid "$daemon" --nofile="$most:"
	: > "$world/idle"
	/usr/bin/python3 -c 'import signal, socket, sys
peers = [socket.socket(socket.AF_UNIX) for _ in range(60)]
for peer in peers: peer.connect(sys.argv[1])
print("there", flush=True)
signal.pause()' "$world/run/socket" > "$world/idle" &
	idle=$!
	pids="$pids $idle"
	until_true grep -q there "$world/idle"
}
feed() { prlimit --pid "$daemon" --nofile="$usual:"; }
said_ill() { ! status && grep -Eq '^ill: files-used-up: ' "$world/out"; }
status_well() { status && ! grep -q '^ill:' "$world/out"; }

begin "greenlaned serves"
vouched first
ok $? "mail of a vendor is vouched by SPF"
until_true status_well
ok $? "status is well"
held stranger one@stranger.example 203.0.113.5 1
held vendor a@second%d.asked.example 192.0.2.1 2
ok $? "two mails are under way"
usual=$(most_of "$daemon")
descriptors=$(ls "/proc/$daemon/fd" | wc -l)
starve
until_true said_ill
ok $? "no file can be opened any more: status answers, and says so"
out 'files-used-up: .*LimitNOFILE' "with the remedy"
let_go vendor 3
is "$(sed -n 2p "$world/vendor.out")" pass "a vendor's, whose proof is known, passes"
let_go vendor 4
case $(tail -n 1 "$world/vendor.out") in 451\ 4.4.3*) ;; *) false ;; esac
ok $? "the next on this connection, whose proof is in DNS, is deferred"
let_go stranger 2
case $(tail -n 1 "$world/stranger.out") in 451\ 4.7.1*greylisted*) ;; *) false ;; esac
ok $? "a stranger's mail that was under way is greylisted"
until_true recorded one@stranger.example
ok $? "and recorded"
: > "$world/late.out"
milter late@stranger.example > "$world/late.out" &
pids="$pids $!"
until_true says 'a milter client must wait: Too many open files'
ok $? "an MTA that connects now waits, and the log says why"
until_true used_up # a reload that found room would raise the limit again
"$greenlane" -c "$world/conf" reload > "$world/out" 2> "$world/err"
[ $? -ne 69 ]
ok $? "a reload is answered"
until_true said_ill
ok $? "status still is"
! gone "$daemon"
ok $? "greenlaned is up"
feed
kill "$idle"
until_true grep -q greylisted "$world/late.out"
ok $? "as soon as there is room it is served"
"$greenlane" -c "$world/conf" reload > "$world/out" 2> "$world/err"
until_true status_well
ok $? "and status is well"
vouched third
ok $? "mail of the vendor is vouched again"
waits two@stranger.example
ok $? "strangers are greylisted"
settled() { [ "$(ls "/proc/$daemon/fd" | wc -l)" -le "$descriptors" ]; }
until_true settled
ok $? "no descriptor is lost"
end "it exits with 0"

finish_tap
