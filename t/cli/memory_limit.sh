#!/bin/sh
# TAP: greenlaned with a limit of its address space: a start is refused, or serves, and nothing in between. When there is no more
# under mail, an MTA that comes waits, status says it, a reload is refused, and all is well again by itself.
name=memory_limit
. "${srcdir:-.}/t/cli/store_lib.sh"
if ! prlimit --version > "$world/out" 2>&1 || nm -D "$greenlaned" 2> "$world/err" | grep -q '__[at]san'; then
	skip_all "needs prlimit, and no sanitizer, which takes terabytes of addresses"
fi
user=$(id -un) # its limits may be changed while it runs
conf none
mail_once() { timeout 60 /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" a@stranger.example 2>&1 | tail -n 1; }

# ---- the start ----

# Its threads have stacks of 8 MiB: one step of the limit is one thread more.
in_between=''
served=0 refused=0 megabytes=40
while [ $megabytes -le 256 ] && [ $served -lt 2 ]; do
	: > "$world/daemon"
	# shellcheck disable=SC3045 # dash and bash know these limits
	(ulimit -s 8192 && ulimit -S -v $((megabytes * 1024)) && exec "$greenlaned" -f -c "$world/conf") 2> "$world/daemon" &
	daemon=$!
	pids="$pids $daemon"
	until_true serves_or_gone
	answer=none
	gone "$daemon" || answer=$(mail_once)
	ours "$daemon" && kill "$daemon" 2> /dev/null && [ "$answer" = pass ] || until_true gone "$daemon"
	wait "$daemon"
	status=$?
	case $status.$answer in
	0.pass) served=$((served + 1)) ;;
	69.*) refused=$((refused + 1)) ;;
	*) in_between="$in_between $megabytes:$status:$answer" ;;
	esac
	megabytes=$((megabytes + 8))
done
is "$in_between" "" "each start is refused with a reason, or serves mail and ends well"
[ $served -gt 0 ] && [ $refused -gt 0 ]
ok $? "and there are such of both kinds ($served, $refused)"

# ---- under mail ----

prints() { status; grep -Eq "$1" "$world/out"; }
well() { status && ! grep -q '^ill:' "$world/out"; }
begin "greenlaned serves"
is "$(mail_once)" pass "mail passes"
limit() { prlimit --pid "$daemon" --as="$1:"; }
: > "$world/peers"
limit $(($(sed -n "s/^VmSize:[^0-9]*\([0-9]*\) kB/\1/p" "/proc/$daemon/status") * 1024))
/usr/bin/python3 -c 'import signal, socket, struct, sys
peers = [socket.socket(socket.AF_UNIX) for _ in range(50)]
for peer in peers:
    peer.connect(sys.argv[1])
    peer.sendall(struct.pack("!IcIII", 13, b"O", 6, 0x1ff, 0x1fffff))
print("there", flush=True)
signal.pause()' "$world/run/socket" > "$world/peers" &
peers=$!
pids="$pids $peers"
until_true grep -q there "$world/peers"
until_true prints '^ill: hung: '
ok $? "there is no address left for a session: status answers, and says that nobody is served"
"$greenlane" -c "$world/conf" reload > "$world/out" 2>&1
! gone "$daemon" && out 'reloaded: |in force' "a reload is answered: either policy is in force"
limit unlimited
kill "$peers"
is "$(mail_once)" pass "with memory again mail passes"
until_true well
ok $? "and status is well"
end "it exits with 0"

finish_tap
