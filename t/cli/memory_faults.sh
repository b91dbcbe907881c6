#!/bin/sh
# TAP: greenlaned to whom memory is refused (t/lib/memory_faults.c is preloaded): each message gets the verdict that it has with
# memory, or is deferred, or its connection is closed, which Postfix takes for its milter_default_action; never another verdict.
# It does not end, and with memory again all is well and it holds no more than before.
name=memory_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
faults=${top_builddir:-.}/t/memory_faults.so
case $faults in /*) ;; *) faults=$PWD/$faults ;; esac
if ! LD_PRELOAD=$faults "$greenlaned" -V > "$world/out" 2>&1 || nm -D "$greenlaned" 2> "$world/err" | grep -q __asan; then
	echo "1..0 # SKIP nothing can be preloaded into this greenlaned: $(head -n 1 "$world/out")"
	exit 0
fi

refuse() { printf '%-40s' "$*" | dd of="$world/word" conv=notrunc 2> /dev/null; }
dd if=/dev/zero of="$world/word" bs=4096 count=1 2> /dev/null
refuse 0
chmod 644 "$world/word"
export MEMORY_FAULTS="$world/word"
cat > "$world/vendors/steady.conf" <<'TEXT'
vendor = { name = "steady"; domains = [ "steady.example" ]; dkim = [ ]; vouch = [ "listed" ];
  sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
TEXT
conf "lmdb:$store"
sed -i 's/delay = "1s"/delay = "1h"/' "$world/conf"
greenlaned_start "$world/conf" "LD_PRELOAD=$faults"
ok $? "greenlaned serves"
waits one@stranger.example
ok $? "a stranger waits"

verdict() { # CLIENT SENDER: one word
	case $(/usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$2" "$1" 2>&1) in
	pass) echo pass ;;
	451\ 4.7.1*greylisted*) echo greylisted ;;
	550*) echo refused ;;
	451*|deferred) echo deferred ;;
	*hung\ up*|*Error*) echo closed ;;
	*) echo other ;;
	esac
}
sweep() { # EVERY: of a stranger, a vendor and who forges it
	refuse "$1"
	: > "$world/stranger"
	: > "$world/vendor"
	: > "$world/forger"
	for letter in a b c d e; do
		verdict 203.0.113.5 "$letter@$letter$1.example" >> "$world/stranger"
		verdict 192.0.2.1 "$letter@steady.example" >> "$world/vendor"
		verdict 203.0.113.6 "$letter@steady.example" >> "$world/forger"
	done
	refuse 0
}
tally() { sort "$world/$1" | uniq -c | tr -s ' \n' ' '; }
# where the store has no memory strangers pass, and the log says so
passed_unasked() { [ "$(grep -c '^pass' "$world/stranger")" -le "$(grep -c 'greylist=failed' "$world/daemon")" ]; }
for every in 2 5 11 29 97 211; do
	sweep $every
	! gone "$daemon" && ! grep -q 'refused\|other' "$world/stranger" "$world/vendor" "$world/forger" &&
		! grep -q pass "$world/forger" && ! grep -q greylisted "$world/vendor" && passed_unasked
	ok $? "each $every-th allocation fails: stranger$(tally stranger), vendor$(tally vendor), forger$(tally forger)"
done
! gone "$daemon"
ok $? "it has not ended"
well_again() { status; ! grep '^ill:' "$world/out" | grep -qv dns-trouble; } # no name server is here
"$greenlane" -c "$world/conf" reload > "$world/out" 2>&1
until_true well_again
ok $? "with memory again status is well"
waits three@stranger.example
ok $? "a stranger waits"

# ---- it leaks nothing ----

holds() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"; }
mails() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "<>" 127.0.0.1 anna@rx.example "$1" > "$world/mails"; }
mails 1500
first=$(holds)
refuse 97
number=0
while [ $number -lt 20 ]; do mails 50 2> "$world/err"; number=$((number + 1)); done
refuse 0
mails 1500
last=$(holds)
[ "$last" -le $((first + 2048)) ]
ok $? "a thousand messages that were cut short leave nothing behind: $first and $last KiB"
end "it exits with 0"

finish_tap
