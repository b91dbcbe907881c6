#!/bin/bash
# postfix.sh - greenlaned behind a real Postfix: answers, headers, reload, restart, hard mail.
#
# TAP. Must be run as root (Postfix starts as root); client addresses are pretended with XCLIENT.
# About a minute. KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

world_begin

# ---- helpers ----------------------------------------------------------------------------------

# post [CLIENT HELO MAIL-FROM RCPT] FILE: sends it; sets answer (the reply that decided) and verdict
# (the log line). Without more than a file: as demo_mail said.
post() {
    local mark
    mark=$(log_length)
    [ $# -eq 1 ] && set -- "$client" "$helo" "$mail_from" "$rcpt" "$1"
    answer=$(send "$@" | decided)
    wait_for logged "$mark" || true
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

# has KEY VALUE NAME: the last verdict's log line says so.
has() { is "$(field "$1" "$verdict")" "$2" "$3"; }

# demo NAME: posts a demo mail and checks all that demo_mail expects.
demo() {
    demo_mail "$1"
    demo_pause "$1"
    post "$world/msg/$1.eml"
    like "$answer" "^${reply//./\\.}" "${2:-$title}: $reply"
    is "$(field outcome "$verdict") $(field action "$verdict")" \
        "$outcome $action" "${2:-$title}: $outcome, $action"
}

# The header of a delivered message, without the fields that the delivery itself puts on top.
header_of() { sed '/^$/q' "$1" | grep -vE '^(Return-Path|X-Original-To|Delivered-To):'; }

# session STEP...: a session of the genuine vendor's host; prints the replies.
session() {
    local steps
    mapfile -t steps < <(pretend 192.0.2.10 "$vendor_helo")
    smtp "$smtp_at" "${steps[@]}" "$@"
}

code_of() { awk -F '\t' -v step="$1" '$1 == step { print $2 }' | tr '\n' ' ' | sed 's/ $//'; }

# ---- the stories ------------------------------------------------------------------------------

# The first reply of a mail shows that nobody had to touch the socket.
socket_story() {
    local socket=$world/run/milter.sock
    is "$(stat -c %U:%G:%a "$socket")" "nobody:postfix:660" "the socket belongs to our user and Postfix's group"
    is "$(ps -o user= -p "$greenlaned_pid")" nobody "greenlaned has given up root"
}

# Postfix is known by its macro v.
put_back_story() {
    local socket=$world/run/milter.sock
    wait_for test -S "$world/run/.milter.sock.kept"
    rm "$socket"
    wait_for test -S "$socket"
    ok $? "a socket that was removed is put back once a Postfix has come by it"
    demo genuine "by the socket that was put back"
}

demo_story() {
    local name
    for name in $demo_mails $demo_own_mails; do
        demo "$name"
    done
}

header_story() {
    local file head
    file=$(delivered '<genuine@demo>')
    head=$(header_of "$file")
    like "$(printf '%s\n' "$head" | head -n 1)" '^Authentication-Results: mx\.rx\.example;' \
        "our results stand above everything, our own Received too"
    like "$head" 'x-greenlane=vouched policy.vendor=deskhelp' "the header names the vendor"
    like "$head" 'dkim=pass.*' "the header has the signature's result"
    file=$(delivered '<stranger-again@demo>')
    unlike "$(header_of "$file")" 'x-greenlane=vouched' "a stranger's forged result of ours is gone"
    letter foreign "$desk" 'Authentication-Results: mx.other.example; spf=pass' "$fake_results" \
        "AUTHENTICATION-RESULTS: MX.RX.EXAMPLE 1; dkim=pass" > "$world/msg/foreign.eml"
    post 192.0.2.99 "$vendor_helo" bounce@deskhelp.example "$rcpt" "$world/msg/foreign.eml"
    head=$(header_of "$(delivered '<foreign@demo>')")
    like "$head" 'mx\.other\.example; spf=pass' "results of another host are left alone"
    is "$(printf '%s\n' "$head" | grep -ic '^Authentication-Results: mx\.rx\.example')" 2 \
        "of those that bear our id only our own two are left"
}

client_story() {
    demo_mail new-address
    post ::ffff:192.0.2.98 "$vendor_helo" bounce@deskhelp.example "$rcpt" "$world/msg/new-address.eml"
    like "$answer" '^250 ' "a v4-mapped client in the IPv4 range passes"
    has client 192.0.2.98 "the log has the mapped client as IPv4"
    demo_mail genuine
    post 192.0.2.10 "$vendor_helo" '' "$rcpt" "$world/msg/genuine.eml"
    like "$answer" '^250 ' "the vendor's signed mail under the null sender passes"
    has mail_from '<>' "the log has the null sender"
}

# named NAME: Tower Bell's mail from an address that DNS knows nothing of; NAME is what Postfix found, by XCLIENT.
named() {
    local mark steps
    demo_mail by-its-name
    mark=$(log_length)
    mapfile -t steps < <(pretend 198.51.100.67 "$helo")
    steps[2]=${steps[2]/NAME=\[UNAVAILABLE\]/NAME=$1}
    answer=$(smtp "$smtp_at" "${steps[@]}" "mail=$mail_from" "rcpt=$rcpt" "data=$world/msg/by-its-name.eml" quit |
        decided)
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
    names=$(names_of "$(field id "$verdict")")
}

name_story() {
    local names
    named mx7.out.towerbell.example
    like "$answer" '^250 ' "the client's name is taken from Postfix where it confirmed one"
    has listed host:.out.towerbell.example "the log names the source"
    like "$names" '"by_mta":"mx7.out.towerbell.example","result":"-"' "nobody else was asked"
    named '[UNAVAILABLE]'
    has outcome unproven "what has no name is not proven by its SPF alone"
    like "$names" '"result":"permerror"' "DNS was asked, and has none"
    named '[TEMPUNAVAIL]'
    like "$names" '"result":"permerror"' "also where Postfix had no answer"
    named mx7.towerbell.example
    has outcome unproven "a confirmed name that is not below the source's is none"
    like "$names" '"by_mta":"mx7.towerbell.example","result":"permerror"' "and DNS was asked for others"
    unlike "$("$GREENLANE" -c "$world/greenlane.conf" status)" 'vendor-without-addresses' \
        "a vendor whose sources list no address, because they name hosts, is not ill"
    like "$("$GREENLANE" -c "$world/greenlane.conf" sources --vendor towerbell)" \
        'holds +every client whose name is below out\.towerbell\.example' "sources says whom it holds"
}

# An authenticated client is nobody's forger; XCLIENT LOGIN gives {auth_authen} without any SASL.
login_story() {
    local mark steps
    demo_mail forged-author
    mark=$(log_length)
    mapfile -t steps < <(pretend 203.0.113.66 laptop.example)
    steps[2]="${steps[2]} LOGIN=alice"
    answer=$(smtp "$smtp_at" "${steps[@]}" "mail=$mail_from" "rcpt=$rcpt" "data=$world/msg/forged-author.eml" quit |
        decided)
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
    like "$answer" '^250 ' "an authenticated client may send what it likes"
    has outcome exempt "the log says exempt"
    has reason authenticated "the log says why"
}

connection_story() {
    local replies mark
    demo_mail genuine
    demo_mail forged-results
    demo_mail stranger
    mark=$(log_length)
    replies=$(session \
        mail=bounce@deskhelp.example "rcpt=$rcpt" "data=$world/msg/genuine.eml" \
        mail=bulk@stranger.example "rcpt=$rcpt" "data=$world/msg/forged-envelope.eml" \
        mail=bounce@deskhelp.example "rcpt=$rcpt" rset \
        mail=new@stranger.example "rcpt=new@rx.example" "data=$world/msg/stranger.eml" \
        mail=bounce@deskhelp.example "rcpt=$rcpt" rcpt=second@rx.example "data=$world/msg/genuine.eml" quit)
    is "$(printf '%s\n' "$replies" | code_of dot)" "250 451 451 250" \
        "each of four messages on one connection is judged by itself, a RSET between"
    wait_for says "$mark" "$rcpt,second@rx\.example"
    ok $? "both recipients of the last are in the log"
}

recipients_story() {
    local mark replies
    demo_mail genuine
    sed 's/<genuine@demo>/<crowd@demo>/' "$world/msg/genuine.eml" > "$world/msg/crowd.eml"
    mark=$(log_length)
    replies=$(send_to_many 200 "$world/msg/crowd.eml")
    like "$replies" '^rcpts	250	200 times' "two hundred recipients are taken"
    is "$(printf '%s\n' "$replies" | code_of dot)" 250 "and the message is"
    wait_for logged "$mark"
    is "$(verdicts_after "$mark" | wc -l)" 1 "one line in the log for all of them"
    is "$(tail -n 1 "$world/log/verdicts.jsonl" | /usr/bin/python3 -c 'import json, sys
print(len(json.loads(sys.stdin.readline())["rcpts"]))')" 200 "the record lists every one"
}

send_to_many() { session mail=bounce@deskhelp.example "rcpts=$1:user%d@rx.example" "data=$2" quit; }

big_story() {
    /usr/bin/python3 -c 'print("X-Big: " + "x" * (1 << 20))' > "$world/msg/big-header.eml"
    demo_mail new-address
    cat "$world/msg/new-address.eml" >> "$world/msg/big-header.eml"
    post "$world/msg/big-header.eml"
    like "$answer" '^250 ' "a header field of a megabyte is survived"
    has outcome vouched "and the mail judged as ever"

    { cat "$world/msg/new-address.eml"; yes "$(printf 'x%.0s' {1..78})" | head -c 40000000; echo; } \
        > "$world/msg/big-body.eml"
    post "$world/msg/big-body.eml"
    like "$answer" '^250 ' "a body of 40 MB passes"
    has outcome vouched "and is judged as ever"

    { letter big-signed "$desk"; yes "$(printf 'y%.0s' {1..78})" | head -c 20000000; echo; } |
        sign_rsa > "$world/msg/big-signed.eml"
    post 198.51.100.22 relay.cloud.example bounce@deskhelp.example "$rcpt" "$world/msg/big-signed.eml"
    like "$answer" '^250 ' "a signed body of 20 MB passes by its signature alone"
    has outcome vouched "its signature was verified to the end"

    /usr/bin/python3 -c 'print("From: " + ",".join("user%d@stranger.example" % n for n in range(800)))
print("Subject: many\n\nhello")' > "$world/msg/long-from.eml"
    post 203.0.113.66 "$stranger_helo" bulk@stranger.example "$rcpt" "$world/msg/long-from.eml"
    like "$answer" '^550 5\.6\.0 ' "a From field above 8 KiB is refused"
    rm -f "$world"/msg/big-*.eml
}

rough_story() {
    local long
    long=$(printf 'l%.0s' {1..3000})
    session 'raw=MAIL FROM:<' 'raw=MAIL FROM:<a@b@c>' 'raw=MAIL FROM:<\xff\xfe@deskhelp.example>' \
        'raw=RCPT TO:<x@rx.example>' "raw=MAIL FROM:<$long@deskhelp.example>" 'raw=MAIL FROM:<"\\\r"@x>' \
        'raw=HELO' 'raw=HELO \x01\x02' "raw=EHLO $long.example" 'raw=\0\0\0' 'raw=DATA' \
        'bytes=BDAT 5 LAST\r\nhello' read rset > "$world/rough.out"
    ok $? "a session of malformed commands is answered to its end" || tail -n 3 "$world/rough.out" | sed 's/^/# /'
    session 'ehlo=[not an address]' mail=bounce@deskhelp.example rset rset quit > "$world/rough.out"
    session 'mail=a"b\c@deskhelp.example' "rcpt=$rcpt" drop > "$world/rough.out"
    session mail=bounce@deskhelp.example "rcpt=$rcpt" "datacut=$world/msg/genuine.eml" drop > "$world/rough.out"
    printf 'no colon here\n\nhello\n' > "$world/msg/rough.eml"
    post 203.0.113.66 "$stranger_helo" rough@stranger.example "$rcpt" "$world/msg/rough.eml"
    printf 'From: \377\376 <\303\251@deskhelp.example\nSubject: \001\n\nhello\n' > "$world/msg/rough.eml"
    post 203.0.113.66 "$stranger_helo" rough@stranger.example "$rcpt" "$world/msg/rough.eml"
    like "$answer" '^(550|451) ' "a From of broken bytes is not accepted at first try"
    ! gone "$greenlaned_pid"
    ok $? "malformed commands, an aborted DATA and broken headers are survived"
    demo genuine "vendor mail after all that"
}

reload_story() {
    local mark
    mark=$(log_length)
    cp "$world/vendors/deskhelp.conf" "$world/deskhelp.good"
    sed 's/domains *=/domians =/' "$world/deskhelp.good" > "$world/vendors/deskhelp.conf"
    kill -HUP "$greenlaned_pid"
    wait_for says "$mark" 'deskhelp\.conf:[0-9]+.*domians'
    ok $? "HUP with a broken vendor file: the log names file, line and fault"
    demo genuine "after the broken reload the old policy vouches"
    demo forged-author "after the broken reload the old policy refuses"
    sed 's/^};/  on_forged = "defer";\n};/' "$world/deskhelp.good" > "$world/vendors/deskhelp.conf"
    greenlaned_reload
    demo_mail forged-author
    post "$world/msg/forged-author.eml"
    like "$answer" '^451 4\.7\.26 ' "HUP with a good change: it acts at once"
    has outcome forged "and the outcome is still forged"
    cp "$world/deskhelp.good" "$world/vendors/deskhelp.conf"
    greenlaned_reload
}

# Postfix hands over a message at its final dot. TERM comes while greenlaned waits for a key: DNS is
# held up, and the selector has not been asked before.
drain_story() {
    local steps session_pid mark
    letter drained "$desk" | sign_rsa s2 > "$world/msg/drained.eml"
    mapfile -t steps < <(pretend 198.51.100.23 relay.cloud.example)
    mark=$(log_length)
    nsd_freeze STOP
    smtp "$smtp_at" "${steps[@]}" mail=bounce@deskhelp.example "rcpt=$rcpt" "data=$world/msg/drained.eml" quit \
        > "$world/drain.out" &
    session_pid=$!
    wait_for grep -q '^data' "$world/drain.out"
    wait_for nsd_asked
    forget "$greenlaned_pid"
    kill -TERM "$greenlaned_pid"
    wait_for says "$mark" 'stopping: '
    nsd_freeze CONT
    wait "$session_pid"
    is "$(code_of dot < "$world/drain.out")" 250 "TERM: the message that is under way is finished first"
    wait_for says "$mark" 'msgid=<drained@demo>'
    ok $? "and logged"
    wait_for gone "$greenlaned_pid"
    ok $? "greenlaned ends" || kill -KILL "$greenlaned_pid"
    wait "$greenlaned_pid"
    is $? 0 "and its exit status is 0"
    greenlaned_pid=
    demo_mail genuine
    answer=$(send "$client" "$helo" "$mail_from" "$rcpt" "$world/msg/genuine.eml" | decided)
    like "$answer" '^451 ' "without greenlaned Postfix defers (milter_default_action = tempfail)"
    greenlaned_start
    demo genuine "after a restart"
}

kill_story() {
    local status
    forget "$greenlaned_pid"
    kill -KILL "$greenlaned_pid"
    wait "$greenlaned_pid" 2>/dev/null
    greenlaned_start
    demo genuine "after kill -9 and a start on the socket that was left"
    timeout 120 "$GREENLANED" -c "$world/greenlane.conf" -f >> "$world/second.log" 2>&1
    status=$?
    [ $status -ne 0 ] && [ $status -ne 124 ]
    ok $? "a second greenlaned refuses to take the socket (exit $status)"
    like "$(cat "$world/second.log")" 'another greenlaned' "and says why"
    demo genuine "the first is still served"
}

# One mail from such a domain kills whatever gives the record to libspf2.
overflow_story() {
    letter overflow 'Mallory <mallory@overflow.example>' > "$world/msg/overflow.eml"
    post 203.0.113.77 mail.overflow.example mallory@overflow.example "$rcpt" "$world/msg/overflow.eml"
    has spf permerror "an SPF record built to overflow libspf2 is a permerror"
    kill -0 "$greenlaned_pid"
    ok $? "and greenlaned stays up"
    demo genuine "after the overflowing record"
}

# Nothing is known at a cold start without DNS: vendor mail is unsure, never refused, never vouched.
outage_story() {
    greenlaned_stop
    nsd_stop
    greenlaned_start
    demo_mail dkim-only
    post "$world/msg/dkim-only.eml"
    like "$answer" '^451 4\.4\.3 ' "with DNS dead the vendor's mail is deferred"
    has outcome unsure "and the outcome unsure"
    greenlaned_stop
    nsd_start "$world/root.zone" "$dns_at" "$dns_port"
    greenlaned_start
    demo dkim-only "with DNS back"
}

record_story() {
    local verdicts
    verdicts=$(/usr/bin/python3 - "$world/log/verdicts.jsonl" <<'END'
import json, sys
keys = """id qid outcome action vendor reason stage mode client port listed via helo mail_from from rcpts spf dkim
dmarc greylist msgid ms tries waited v facts""".split()
with open(sys.argv[1], "rb") as f:
    lines = [json.loads(line) for line in f]
short = [key for line in lines for key in keys if key not in line and line["outcome"] != "exempt"]
print(len(lines) > 20, sorted(set(short)))
END
)
    is "$verdicts" "True []" "every line of the record is JSON and has the promised keys"
    postfix_is_content
}

demo_own=1
demo_start
socket_story
demo_story
put_back_story
header_story
client_story
name_story
login_story
connection_story
recipients_story
big_story
rough_story
overflow_story
reload_story
drain_story
kill_story
outage_story
record_story
[ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
