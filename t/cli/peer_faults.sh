#!/bin/sh
# TAP: MTAs that go, stop or dawdle at each step of a sound conversation, or speak an old milter protocol: other mail, and the next
# on the same connection, is judged right; nothing of them is left.
name=peer_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
steady_site

peers() { /usr/bin/python3 "$top/t/cli/peer_faults.py" "$world/run/socket" "$@" > "$world/out" 2>&1; }
figure() { status; "$greenlane" -c "$world/conf" status --json | sed -n "s/.*\"$1\":\\([0-9]*\\).*/\\1/p"; }
none_left() { [ "$(figure sessions)" = 0 ]; }
checks() { "$greenlane" -c "$world/conf" status --json | grep -q '"libmilter":"archive"'; }
descriptors() { find "/proc/$daemon/fd" -type l | wc -l; }
as_many() { [ "$(descriptors)" -le "$before" ]; }
holds() { awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status"; }

begin "greenlaned serves"
peers versions
ok $? "versions 2, 3, 4, 6 and one to come: nothing is wanted that was not offered, and mail is judged right"
peers aborted
ok $? "an abort at each step: the next mail on the connection is judged by itself"
if checks; then
	peers missing
	ok $? "a step or its macros left out: it hangs up, or judges the rest as ever"
	peers anew
	ok $? "HELO or MAIL anew at each step: the message before is forgotten, or it hangs up"
else
	skip "steps left out" "packets are not checked (shared libmilter)"
fi
until_true none_left
before=$(descriptors)
peers closed
ok $? "gone at each step and in the midst of each packet: other mail is judged right"
peers slow
ok $? "a hundred with a byte at a time: other mail passes meanwhile, and each gets its verdict"
until_true none_left
ok $? "no session of theirs is left"
until_true as_many
ok $? "and no descriptor"
if sanitized; then
	skip "no memory is left behind" "the sanitizer keeps what is freed"
else
	peers closed 25 && peers aborted 25
	first=$(holds)
	peers closed 25 && peers aborted 25
	last=$(holds)
	[ "$last" -le $((first + 1024)) ]
	ok $? "two thousand more leave no memory behind: $first and $last KiB"
fi
until_true none_left
ok $? "and no session, still"
end "it exits with 0"

finish_tap
