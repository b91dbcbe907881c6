#!/bin/bash
# half_open.sh - MTAs whose network is gone, so that no end of their connections ever comes: greenlaned notices, and keeps none
# of their sessions.
#
# TAP. Must be run as root: it has two network namespaces, and takes the line between them down. A minute and a half, of waiting.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"

if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" -eq 0 ] || skip_all "network namespaces need root"
    absent=$(missing nsd unshare nsenter ip /usr/bin/python3) && skip_all "not installed: $absent"
    [ -x "$GREENLANED" ] && [ -x "$GREENLANE" ] || skip_all "greenlaned or greenlane is not built"
    unshare -n true 2> /dev/null || skip_all "network namespaces are not allowed here"
    exec unshare -n bash "$0" --inside
fi
world_begin
ip link set lo up

# ---- another host -----------------------------------------------------------------------------

unshare -n sleep infinity &
far=$!
remember $far
is_apart() { [ "$(readlink "/proc/$far/ns/net")" != "$(readlink /proc/self/ns/net)" ]; }
wait_for is_apart || die "no network namespace"
there() { nsenter -t "$far" -n "$@"; }
ip link add near type veth peer name wire netns "$far" || die "no veth"
ip addr add 198.18.7.1/24 dev near
ip link set near up
there ip addr add 198.18.7.2/24 dev wire
there ip link set wire up

milter_listen=inet:8895@198.18.7.1
steady_site 'deadline = "10s";'
cat > "$world/far.py" <<'END'
import signal
import sys

from peer import Peer, connect, letter

PLACE, WHAT = sys.argv[1:]
STEPS = connect("203.0.113.9") + letter("desk@%s.steady.example" % WHAT)


def halfway(length):
    peer = Peer(PLACE)
    for command, data in STEPS[:length]:
        peer.send(command, data)
        if command != "E":
            peer.hear(command)
    return peer


if WHAT == "mail":
    print(Peer(PLACE).deliver(STEPS))
else: # after the negotiation, within a mail, and while its verdict is awaited
    peers = [halfway(length) for length in [0] * 10 + [len(STEPS) - 3] * 10 + [len(STEPS)] * 10]
    print("there", flush=True)
    signal.pause()
END
peer() { PYTHONPATH=$top/t/cli "$@"; }
mail() { peer "$@" /usr/bin/python3 "$world/far.py" 198.18.7.1:8895 mail 2>&1; }
sessions() { "$GREENLANE" -c "$world/greenlane.conf" status --json | sed -n 's/.*"sessions":\([0-9]*\).*/\1/p'; }
has_sessions() { [ "$(sessions)" = "$1" ]; }
descriptors() { find "/proc/$greenlaned_pid/fd" -type l | wc -l; }
as_many() { [ "$(descriptors)" -le "$before" ]; }

greenlaned_start
"$GREENLANE" -c "$world/greenlane.conf" status --json | grep -q '"libmilter":"archive"' || skip_all "the shared libmilter waits for two hours"
like "$(mail there)" '^550 ' "forged mail of another host is refused"
wait_for has_sessions 0
before=$(descriptors)
nsd_freeze STOP
: > "$world/there"
peer there /usr/bin/python3 "$world/far.py" 198.18.7.1:8895 stay > "$world/there" 2>&1 &
stay=$!
remember $stay
wait_for grep -q there "$world/there"
is "$(sessions)" 30 "it has thirty sessions: idle, within a mail, and waiting for its verdict"
there ip link set wire down
nsd_freeze CONT
like "$(mail env)" '^550 ' "its network is gone: mail of this host is judged meanwhile"
wait_for has_sessions 0
ok $? "its sessions are noticed, and none is left"
wait_for as_many
ok $? "and no descriptor"
there ip link set wire up
like "$(mail there)" '^550 ' "its network is there again: its mail is judged"
end_process "$stay"
greenlaned_stop
tap_done
