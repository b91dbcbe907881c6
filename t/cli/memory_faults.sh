#!/bin/sh
# TAP: greenlaned to whom memory is refused (t/lib/memory_faults.c is preloaded): each message gets the verdict that it has with
# memory, or is deferred, or its connection is closed, which Postfix takes for its milter_default_action; never another verdict.
# It does not end, and with memory again all is well and it holds no more than before.
name=memory_faults
. "${srcdir:-.}/t/cli/memory_lib.sh"

steady_is_listed
delay=1h
conf "lmdb:$store"
begins "greenlaned serves"
waits one@stranger.example
ok $? "a stranger waits"

sweep() { # EVERY: of a stranger, a vendor and who forges it
	refuse "$1"
	forget_verdicts
	for letter in a b c d e; do
		verdict 203.0.113.5 "$letter@$letter$1.example" >> "$world/stranger"
		verdict 192.0.2.1 "$letter@steady.example" >> "$world/vendor"
		verdict 203.0.113.6 "$letter@steady.example" >> "$world/forger"
	done
	refuse 0
}
# with every second one refused no mail gets as far as a verdict: where one does, none was refused
faulted() { [ "$1" -ne 2 ] || ! grep -q 'greylisted\|pass' "$world/stranger" "$world/vendor" "$world/forger"; }
for every in 2 5 11 29 97 211; do
	sweep $every
	! gone "$daemon" && ! grep -q 'refused\|other' "$world/stranger" "$world/vendor" "$world/forger" &&
		! grep -q pass "$world/forger" && ! grep -q greylisted "$world/vendor" && passed_unasked && faulted $every
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
