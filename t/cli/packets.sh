#!/bin/sh
# TAP: packets that no MTA sends, to a running greenlaned over its own socket: it serves on, counts and says so.
name=packets
. "${srcdir:-.}/t/cli/lib.sh"

steady_vendor
least_conf > "$world/conf"
status() { "$greenlane" -c "$world/conf" status --json; }
refused() { status | sed -n 's/.*"refused":\([0-9]*\).*/\1/p'; }
counts() { [ "$(refused)" = "$1" ]; }
packets() { /usr/bin/python3 "$top/t/cli/packets.py" "$world/socket" "$@"; }

began=$(date +%s)
greenlaned_start "$world/conf"
ok $? "greenlaned starts"

none_left() { [ "$(status | sed -n 's/.*"sessions":\([0-9]*\).*/\1/p')" = 0 ]; }
checks() { status | grep -q '"libmilter":"archive"'; }
ends() {
	kill $daemon
	wait $daemon
	is $? 0 "greenlaned ends when it is told to"
	finish_tap
}

# ---- one ----

packets serves
ok $? "a negotiation is answered"
if checks; then
	packets macro
	ok $? "a macro without a value: the connection is closed"
	until_true says "a milter client's connection is closed: a macro has no value \(1 such connection since"
	ok $? "the log says why"
	packets serves
	ok $? "and greenlaned serves on"
	counts 1
	ok $? "status counts it"
fi

# ---- many that are sound, with either kind of libmilter ----

packets disordered 3000 7
ok $? "3,000 connections with sound packets in no order"
packets serves
ok $? "and greenlaned serves on"
until_true none_left
ok $? "no session of theirs is left"
if ! checks; then
	counts 0
	ok $? "none was refused: this greenlaned uses the shared library"
	"$greenlane" -c "$world/conf" status | grep -q 'packets are not checked (shared libmilter'
	ok $? "and status says so"
	skip "random packets" "the shared library reads them past their end"
	ends
	exit
fi
before=$(refused)
[ "$before" -gt 1000 ]
ok $? "most of them are refused"

# ---- many ----

packets random 3000 7
ok $? "3,000 connections with random packets"
packets serves
ok $? "and greenlaned serves on"
[ "$(refused)" -gt $((before + 1000)) ]
ok $? "most of them are refused"
[ "$(grep -c 'connection is closed: ' "$world/daemon")" -le $((($(date +%s) - began) / 60 + 1)) ]
ok $? "but the log says it once a minute"
until_true none_left
ok $? "no session of theirs is left"
"$greenlane" -c "$world/conf" status > "$world/out"
grep -Eq ', sessions 0, connections refused [0-9]+$' "$world/out"
ok $? "status has the count in its line of the MTA"

ends
