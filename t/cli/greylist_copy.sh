#!/bin/sh
# TAP: greenlane greylist copy between LMDB and a real Redis, with no daemon, with one at each end, and while mail comes in at
# both: all tuples arrive, what is as new there stays, what has expired is left behind, and the counts say so.
name=copy
. "${srcdir:-.}/t/cli/hosts_lib.sh"
shared=redis:unix:$sock own=lmdb:$world/a/state/greylist
put() { # KEY FIRST LAST PASSED ASKED: as Redis keeps it
	key=$1
	shift
	/usr/bin/python3 "$top/t/cli/tuple.py" "$@" | redis -x set "greenlane:$key" > /dev/null
}
of() { echo "g $1 anna@rx.example 203.0.113.0/24"; }
show() { "$greenlane" -c "$world/$1/conf" greylist list --all --json | tr -d '[]' | sed 's/,$//; s/"state":"[a-z]*",//; s/"due":[0-9]*,//' | sort; }

serve
conf b
store=$own
conf a
on a

# ---- words ----

run 64 "copy needs two stores" greylist copy "$shared"
err 'copy needs two stores and no tuples; write "copy lmdb:' "and says how they are written"
run 64 "no store" greylist copy /var/lib/greenlane "$shared"
err "FROM: '/var/lib/greenlane' is not a store; write \"lmdb:" "is told so, and what to write"
run 64 "half a store" greylist copy "$shared" lmdb:greylist
err "TO: 'greylist' is not an absolute path" "as well"
run 64 "none" greylist copy none "$shared"
err "FROM: 'none' is no greylist" "has nothing to copy"
run 64 "the same store" greylist copy "$shared" "$shared"
err 'FROM and TO are the same store' "is told so"
run 64 "a single sender" greylist copy "$own" "$shared" --sender x@stranger.example
err 'copy needs two stores and no tuples' "cannot be asked for"
run 69 "a store that is not there" greylist copy "$own" "$shared"
err 'there is no greylist yet' "is told so"

# ---- from Redis to LMDB, without a daemon ----

put "$(of one@stranger.example)" now-50 now-50 0 1
put "$(of known@stranger.example)" now-900 now-500 2 1
put "$(of expired@stranger.example)" 1000000 1000001 1 1
put "u info@steady.example anna@rx.example 203.0.113.0/24" now-5 now-5 0 1
put "n 203.0.113.9/32" now-900 now-500 3 0
put "d 203.0.113.9/32 stranger.example" now-500 now-500 1 0
put probe now now 0 1
redis set greenlane:junk junk > /dev/null
redis eval "for i = 1, 1500 do redis.call('SET', 'greenlane:g x' .. i .. '@many.example anna@rx.example 192.0.2.0/24', redis.call('GET', KEYS[1])) end" 1 \
	"greenlane:$(of one@stranger.example)" > /dev/null
run 0 "a greylist is copied from Redis to LMDB" greylist copy "$shared" "$own"
out '^1505 tuples copied, 0 as new or newer there, 1 expired$' "all that is a tuple and lives"
run 0 "a second time" greylist copy "$shared" "$own" --json
out '^\{"copied":0,"newer":1505,"expired":1\}$' "nothing is copied"
begin a
run 0 "the daemon opens it" greylist stats --json
out '"known":0,"free":1,' "with what passed"
until_true passes a one@stranger.example
ok $? "and with those who wait"

# ---- between two daemons ----

begin b
copies_one() { "$greenlane" -c "$config" greylist copy "$own" "$shared" > "$world/out" && grep -q '^1 tuple copied, 1504 as new or newer there, 0 expired$' "$world/out"; }
until_true copies_one # what passed in the last second is not on disk yet
ok $? "from LMDB to Redis, with a daemon at each end, what is newer is copied"
on b
run 0 "the other host knows" greylist show --sender one@stranger.example
out '1 passed' "who passed at the first"
passes b one@stranger.example
ok $? "and lets him pass"
[ "$(redis ttl "greenlane:$(of one@stranger.example)")" -gt 1000000 ]
ok $? "for as long as lifetime is"
waits b two@stranger.example
on a
run 0 "from Redis to the LMDB of a running daemon" greylist copy "$shared" "$own"
out '^[12] tuples? copied, 150[45] as new or newer there, 1 expired$' "what is newer is copied"
run 0 "which knows at once" greylist list --all
out ' two@stranger.example' "what waits at the other host"
put "$(of one@stranger.example)" now-900 now-800 7 1
run 0 "an older tuple" greylist copy "$shared" "$own"
out '^0 tuples copied, 1506 as' "is not copied there"
run 0 "nor" greylist copy "$own" "$shared"
run 0 "does it stay" greylist show --sender one@stranger.example
out '2 passed' "where a newer one comes"
on b
run 69 "the LMDB store of another daemon" greylist copy "$shared" "$own"
err 'another process has .* open; write -c and the greenlane.conf' "is not written to behind its back"

# ---- an unsure tuple, and how long it all stays ----

redis flushall > /dev/null
run 0 "into an empty Redis" greylist copy "$own" "$shared"
out '^1506 tuples copied, 0 as new or newer there, 0 expired$' "all is copied"
left() { redis ttl "greenlane:$1"; }
[ "$(left "u info@steady.example anna@rx.example 203.0.113.0/24")" -le 172800 ] &&
	[ "$(left "u info@steady.example anna@rx.example 203.0.113.0/24")" -gt 100000 ]
ok $? "an unsure tuple expires"
[ "$(left "d 203.0.113.9/32 stranger.example")" -le 85902 ] && [ "$(left "d 203.0.113.9/32 stranger.example")" -gt 80000 ]
ok $? "what counted for a network within a day"
[ "$(left "$(of two@stranger.example)")" -le 172801 ] && [ "$(left "d 203.0.113.9/32 stranger.example")" -le 85902 ] && [ "$(left "d 203.0.113.9/32 stranger.example")" -gt 80000 ]
ok $? "what counted for a network within a day"
[ "$(left "$(of two@stranger.example)")" -gt 100000 ]
ok $? "who waits does within retry_window"
[ "$(left "$(of known@stranger.example)")" -le 3110401 ] && [ "$(left "$(of known@stranger.example)")" -gt 2000000 ]
ok $? "who passed within lifetime"

# ---- while mail comes in ----

run 0 "what the other way lacks" greylist copy "$own" "$shared"
flow() { # HOST
	for sender in a b c d e f g h i j k l m n o p q r s t; do
		mail "$1" "$1$sender@flow.example"
		mail "$1" "$1$sender@flow.example"
	done > "$world/$1/flow"
}
flow a &
flow_a=$!
flow b &
flow_b=$!
pids="$pids $flow_a $flow_b"
copies=0
while kill -0 "$flow_a" 2> /dev/null || kill -0 "$flow_b" 2> /dev/null; do
	"$greenlane" -c "$world/a/conf" greylist copy "$own" "$shared" > "$world/out" 2>&1 || break
	"$greenlane" -c "$world/a/conf" greylist copy "$shared" "$own" > "$world/out" 2>&1 || break
	copies=$((copies + 1))
done
wait "$flow_a" "$flow_b"
[ "$copies" -gt 0 ]
ok $? "a greylist is copied both ways while mail comes in at both"
echo "# $copies times"
equal() {
	"$greenlane" -c "$world/a/conf" greylist copy "$own" "$shared" > "$world/out" 2>&1 &&
		"$greenlane" -c "$world/a/conf" greylist copy "$shared" "$own" > "$world/out" 2>&1 &&
		show a > "$world/all.a" && show b > "$world/all.b" && cmp -s "$world/all.a" "$world/all.b"
}
until_true equal # what came in the last second is not on disk yet
ok $? "and both are the same in the end"
diff "$world/all.a" "$world/all.b" | sed 's/^/# /' | head -n 6
is "$(grep -c '@flow.example' "$world/all.a")" 40 "with every tuple of that mail"
is "$(cat "$world/a/flow" "$world/b/flow" | grep -vc '^451 4.7.1 greylisted\|^pass')" 0 "and all of it was answered as ever"
is "$(grep '@flow.example' "$world/all.a" | grep -c '"tries":[12],.*"passed":[01],')" 40 "each with its tries"
/usr/bin/python3 -c 'import pty, sys; pty.spawn(sys.argv[1:])' "$greenlane" -c "$world/a/conf" greylist copy "$own" "$shared" > "$world/out"
out 'tuples read, 0 copied' "a terminal shows how far it is"

# ---- what fails ----

kill -9 "$server"
wait "$server" 2> /dev/null
on a
run 69 "without Redis nothing is copied to it" greylist copy "$own" "$shared"
err 'cannot be reached' "which is said"
err '0 tuples were copied before that; run it again' "and how far it came"
run 69 "nor from it" greylist copy "$shared" "$own"
rm -f "$sock"
serve
end a
end b

finish_tap
