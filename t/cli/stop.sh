#!/bin/sh
# TAP: greenlaned ends at TERM as soon as the last message has: it waits for no time-out, neither of its own nor of libmilter.
#
# t/lib/no_timers.c is preloaded: a daemon that would end only by a time-out never ends here. Needs no network.
name=stop
. "${srcdir:-.}/t/cli/lib.sh"
. "${srcdir:-.}/t/cli/preload_lib.sh"
preload no_timers
config=$world/conf
mkdir "$world/state"

peers() { exec /usr/bin/python3 "$top/t/cli/stop.py" "$@"; } # in a shell of its own
asked_or_ends() { wrote asked asked || gone "$daemon"; }
wrote() { grep -q "$2" "$world/$1"; }

peers silent "$world/port" "$world/asked" &
pids="$pids $!"
until_true test -s "$world/port"

steady_vendor
cat > "$world/vendors/silent.conf" <<'TEXT'
vendor = { name = "silent"; domains = [ "silent.example" ]; sources = ( { spf = "silent.example"; } ); };
TEXT
conf() { # VENDOR...
	cat <<TEXT
vendor_path = [ "$world/vendors" ];
state_dir = "$world/state";
user = "$(id -un)";
milter = { listen = "unix:$world/milter"; };
delegate = { listen = "unix:$world/delegate"; };
socketmap = { listen = "unix:$world/socketmap"; };
control = { listen = "unix:$world/control"; };
strangers = { authenticate = false; };
greylist = { store = "lmdb:$world/state/greylist"; };
log = { record = "$world/state/record"; };
dns = { servers = [ "127.0.0.1@$(cat "$world/port")" ]; timeout = "60s"; };
vendors = (
TEXT
	printf '  { name = "%s"; },\n' "$@" | sed '$s/,$//'
	echo ');'
}
begin() {
	greenlaned_launch "$world/conf" "LD_PRELOAD=$object" "ASAN_OPTIONS=$asan"
}
serves() {
	begin
	until_true serves_or_gone && says ' serves ' && grep -qF "/${object##*/}" "/proc/$daemon/maps"
	ok $? "greenlaned serves"
}
ends() { # STATUS NAME
	until_true gone $daemon
	ok $? "$2" || kill -KILL $daemon
	wait $daemon
	is $? "$1" "with this status"
}
# open_message FIFO: hands over one mail, whose end waits until somebody writes to FIFO; what becomes of it is in mail.
open_message() {
	rm -f "$world/$1" "$world/mail"
	mkfifo "$world/$1"
	: > "$world/mail"
	/usr/bin/python3 "$top/t/cli/milter.py" "$world/milter" a@stranger.example 203.0.113.5 anna@rx.example 1 "$world/$1" > "$world/mail" 2>&1 &
	mta=$!
	pids="$pids $mta"
	until_true wrote mail held
}

# ---- nothing to wait for ----

conf steady > "$world/conf"
serves
kill $daemon
ends 0 "without anybody, it ends"

# HUP, INT and TERM are the bits 0, 1 and 14 of a mask
serves
/usr/bin/python3 "$top/t/cli/milter.py" "$world/milter" a@stranger.example 203.0.113.5 anna@rx.example > "$world/mail" 2>&1
is "$(grep -L '^SigBlk:	.*[4-7c-f]..[37bf]$' "/proc/$daemon/task/"*/status)" "/proc/$daemon/task/$daemon/status" \
	"all threads but one leave signals alone, libmilter's too"
kill -STOP $daemon
kill $daemon
kill -CONT $daemon
ends 0 "told to end while it was stopped, it ends when it goes on"
rm "$world/state/record"

serves
peers hold "$world/milter=" "$world/delegate=request=smtpd_access_policy" "$world/delegate=" "$world/socketmap=20:half" \
	"$world/control=status" > "$world/peers" &
holder=$!
pids="$pids $holder"
until_true wrote peers held
kill $daemon
ends 0 "peers that say nothing, or half of it, hold nothing up"
kill $holder
says 'stopped$'
ok $? "its last word is in the log"

# ---- a message ----

serves
open_message fifo
ok $? "a message is under way"
kill $daemon
until_true says 'stopping: 1 message is open'
ok $? "TERM: it is waited for"
! (peers hold "$world/milter=" > "$world/out" 2>&1) && grep -q ConnectionRefused "$world/out"
ok $? "who comes now is refused at once"
echo > "$world/fifo"
wait $mta
wrote mail '^451 4.7.1 greylisted'
ok $? "the message gets its verdict"
ends 0 "and greenlaned ends"
is "$(wc -l < "$world/state/record")" 1 "its record is written"

serves
open_message fifo
kill $daemon
until_true says 'stopping: 1 message is open'
kill -INT $daemon
ends 130 "a second signal does not wait for it"
kill $mta

# ---- while DNS is silent ----

conf steady silent > "$world/conf"
begin
until_true asked_or_ends
kill $daemon
ends 143 "TERM ends a start that waits for DNS"
says ' serves '
is $? 1 "which has served nobody"

for reload in signal command; do
	conf steady > "$world/conf"
	serves
	conf steady silent > "$world/conf"
	: > "$world/asked"
	if [ $reload = signal ]; then
		kill -HUP $daemon
	else
		"$greenlane" -c "$config" reload > "$world/out" 2>&1 &
		asking=$!
		pids="$pids $asking"
	fi
	until_true asked_or_ends
	kill $daemon
	ends 0 "TERM ends a reload by $reload that waits for DNS"
	says 'did not answer'
	is $? 1 "whose sources are not said to be in trouble"
done
wait "$asking"

finish_tap
