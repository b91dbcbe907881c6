#!/bin/bash
# sessions.sh - more sessions than milter.max_sessions, beside a thousand that say nothing: what Postfix does then.
#
# TAP. A real Postfix, with each word that milter_default_action may have; must be run as root. Half a minute. KEEP=1 leaves the
# folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"

needs_postfix

world_begin
most=1000
mkdir "$world/msg"
steady_site "group = \"postfix\"; max_sessions = $most;"
printf 'From: desk@steady.example\nSubject: hello\n\nhello\n' > "$world/msg/vendor.eml"
printf 'From: desk@steady.example\nSubject: forged\n\nhello\n' > "$world/msg/forged.eml"

# idle COUNT: so many sessions negotiate, and say nothing more; waits until greenlaned has them
idle() {
    : > "$world/idle"
    /usr/bin/python3 -c 'import signal, socket, struct, sys
peers = [socket.socket(socket.AF_UNIX) for _ in range(int(sys.argv[2]))]
for peer in peers:
    peer.connect(sys.argv[1])
    peer.sendall(struct.pack(">IB3I", 13, ord("O"), 6, 0x1ff, 0x1fffff))
for peer in peers:
    peer.recv(64)
print("there", flush=True)
signal.pause()' "$world/run/milter.sock" "$1" > "$world/idle" &
    idle_pid=$!
    remember $idle_pid
    wait_for grep -q there "$world/idle"
}
sessions() { "$GREENLANE" -c "$world/greenlane.conf" status --json | sed -n 's/.*"sessions":\([0-9]*\).*/\1/p'; }
no_session() { [ "$(sessions)" = 0 ]; }

# post CLIENT FILE: sets answer, the reply that decided
post() { answer=$(send "$1" mail.steady.example desk@steady.example anna@rx.example "$2" | decided); }

# over ACTION PATTERN NAME: with that milter_default_action, and no session left, Postfix says PATTERN
over() {
    postconf -c "$(postfix_conf)" -e "milter_default_action = $1"
    postfix -c "$(postfix_conf)" reload >> "$world/postfix/out" 2>&1
    wait_for speaks_as "$1"
    post 203.0.113.9 "$world/msg/forged.eml"
    like "$answer" "$2" "$1: $3"
}
# a smtpd from before the reload may still answer
speaks_as() {
    [ "$(postconf -c "$(postfix_conf)" -h milter_default_action)" = "$1" ] &&
        ! pgrep -P "$(tr -d ' ' < "$world/postfix/spool/pid/master.pid")" -x smtpd > /dev/null
}

greenlaned_start
postfix_start
post 192.0.2.1 "$world/msg/vendor.eml"
like "$answer" '^250 ' "mail of a vendor passes"
post 203.0.113.9 "$world/msg/forged.eml"
like "$answer" '^550 ' "forged mail is refused"

idle $((most - 100))
post 192.0.2.1 "$world/msg/vendor.eml"
like "$answer" '^250 ' "beside nine hundred sessions that say nothing mail passes"
post 203.0.113.9 "$world/msg/forged.eml"
like "$answer" '^550 ' "and forged mail is refused"
end_process "$idle_pid"
wait_for no_session
ok $? "when they have gone none is left"

idle "$most"
is "$(sessions)" "$most" "a thousand: no session is left"
over accept '^250 ' "the mail is taken, unfiltered"
over tempfail '^451 4\.7\.1 Service unavailable' "the mail is deferred"
over reject '^550 5\.5\.0 Service unavailable' "the mail is refused"
over quarantine '^250 ' "the mail is taken"
wait_for [ -n "$(find "$world/postfix/spool/hold" -type f)" ]
ok $? "and put on hold"
grep -q "a session is refused: $most are open, milter.max_sessions is $most" "$world/greenlaned.log"
ok $? "greenlaned's log says why"
grep -q 'warning: milter unix:.*' "$world/postfix/maillog"
ok $? "so does Postfix's"

end_process "$idle_pid"
wait_for no_session
postconf -c "$(postfix_conf)" -e "milter_default_action = tempfail"
postfix -c "$(postfix_conf)" reload >> "$world/postfix/out" 2>&1
wait_for speaks_as tempfail
post 203.0.113.9 "$world/msg/forged.eml"
like "$answer" '^550 ' "when there is room forged mail is refused again"
post 192.0.2.1 "$world/msg/vendor.eml"
like "$answer" '^250 ' "and mail of a vendor passes"
"$GREENLANE" -c "$world/greenlane.conf" status > "$world/status"
like "$(cat "$world/status")" 'sessions [01]' "status has the count"
tap_done
