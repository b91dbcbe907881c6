#!/bin/bash
# alarm.sh - a greylister that stands wrongly delays the vendor's mail on a real Postfix: greenlaned says so.
#
# TAP. Must be run as root. The greylister is t/mta/policyd.py, and a real postgrey where it is installed.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

world_begin

# ---- helpers ----------------------------------------------------------------------------------

policyd_start() {
    policyd_port=$(net ports 1)
    /usr/bin/python3 "$top/t/mta/policyd.py" "$policyd_port" \
        '^grey' 'DEFER_IF_PERMIT 4.2.0 greylisted by somebody else' \
        '^now' '450 4.2.0 Greylisted for 5 minutes' \
        '^never' '550 5.7.1 nobody of that name' \
        '^down' 'no action that Postfix knows' > "$world/policyd.log" 2>&1 &
    remember $!
    wait_for net open "inet:$policyd_port@127.0.0.1" || die "policyd.py did not start" "$world/policyd.log"
}

postgrey_start() {
    postgrey_port=$(net ports 1)
    mkdir "$world/postgrey"
    chown nobody "$world/postgrey"
    setpriv --reuid=nobody --regid=nogroup --clear-groups postgrey --inet="127.0.0.1:$postgrey_port" \
        --dbdir="$world/postgrey" --delay=60 > "$world/postgrey.log" 2>&1 &
    remember $!
    wait_for net open "inet:$postgrey_port@127.0.0.1" || die "postgrey did not start" "$world/postgrey.log"
}

# talk CLIENT MAIL-FROM STEP...: a session up to QUIT; sets replies and alarms (what greenlaned said).
talk() {
    local client=$1 from=$2 steps mark
    shift 2
    mark=$(log_length)
    mapfile -t steps < <(pretend "$client" "$vendor_helo")
    replies=$(smtp "$smtp_at" "${steps[@]}" "mail=$from" "$@" quit)
    wait_for alarmed "$mark" "$expected"
    alarms=$(alarms_after "$mark")
}

alarms_after() { tail -n "+$(($1 + 1))" "$world/greenlaned.log" | grep -F 'alarm: '; }
alarmed() { [ "$(alarms_after "$1" | wc -l)" -ge "$2" ]; }
rcpt_codes() { printf '%s\n' "$replies" | awk -F '\t' '$1 == "rcpt" { print $2 }' | tr '\n' ' ' | sed 's/ $//'; }

expected=1 # alarms of the next session
vendor_from=bounce@deskhelp.example
remedy='move its check_policy_service into the restriction class that greenlane.s delegate names'

# ---- the stories ------------------------------------------------------------------------------

alone_story() {
    talk 192.0.2.10 $vendor_from rcpt=grey@rx.example
    is "$(rcpt_codes)" 450 "a policy server that stands wrongly defers the vendor's only recipient"
    like "$alarms" "alarm: mail of deskhelp from 192\\.0\\.2\\.10, which greenlane vouches for, was deferred" \
        "the alarm names the vendor and the client, although the client said nothing but QUIT after it"
    like "$alarms" "from=<$vendor_from> to=<grey@rx\\.example>" "it names sender and recipient"
    like "$alarms" 'said="4\.2\.0 Recipient address rejected: greylisted by somebody else"' \
        "it has the text of the deferral"
    like "$alarms" "deferred by a greylister: .*; 1 of this vendor so far; $remedy" "it says what to do"
}

more_story() {
    expected=2
    talk 2001:db8:10::25 $vendor_from rcpt=now@rx.example rcpt=grey2@rx.example rcpt=never@rx.example rcpt=fine@rx.example
    expected=1
    is "$(rcpt_codes)" "450 450 550 250" "of four recipients two are deferred and one is refused"
    is "$(printf '%s\n' "$alarms" | wc -l)" 2 "each deferred one has its line, the refused one has none"
    like "$alarms" 'deferred by SQLgrey: .*to=<now@rx\.example> .*; 2 of this vendor' "the first is known by its words"
    like "$alarms" '; 3 of this vendor' "they are counted for the vendor, whatever its address"
}

mail_story() {
    demo_mail genuine
    talk 192.0.2.10 $vendor_from rcpt=grey@rx.example "rcpt=$rcpt" "data=$world/msg/genuine.eml"
    like "$replies" '^dot	250' "a recipient that nobody delays gets the mail all the same"
    like "$(verdicts_after 0 | tail -n 1)" "outcome=vouched .*rcpts=$rcpt " "and the verdict names it alone"
}

broken_story() {
    talk 192.0.2.10 $vendor_from rcpt=down@rx.example
    is "$(rcpt_codes)" 451 "a policy server that replies with nonsense makes Postfix defer"
    like "$alarms" 'deferred by a policy server that replies with nonsense: ' "the alarm tells it from a greylister"
}

# The alarm of the last session shows that those before it raised none.
silent_story() {
    local mark
    mark=$(log_length)
    expected=0
    talk 203.0.113.66 eve@stranger.example rcpt=grey@rx.example
    is "$(rcpt_codes)" 450 "a stranger is deferred"
    talk 203.0.113.66 $vendor_from rcpt=grey@rx.example
    is "$(rcpt_codes)" 450 "so is one who only names the vendor"
    talk 192.0.2.10 $vendor_from rcpt=never@rx.example
    is "$(rcpt_codes)" 550 "the vendor's mail to nobody is refused"
    expected=1
    talk 192.0.2.10 $vendor_from rcpt=grey3@rx.example
    is "$(alarms_after "$mark" | grep -o ' to=<[^>]*>')" " to=<grey3@rx.example>" "none of these is an alarm"
}

postgrey_story() {
    command -v postgrey > /dev/null || { ok 0 "a real postgrey # SKIP not installed"; return; }
    postgrey_start
    postfix_policy "check_policy_service inet:127.0.0.1:$postgrey_port"
    talk 192.0.2.10 $vendor_from rcpt=other@rx.example
    is "$(rcpt_codes)" 450 "a real postgrey that stands wrongly defers"
    like "$alarms" 'deferred by postgrey: .*said="4\.2\.0 Recipient address rejected: Greylisted.*greenlane export postgrey' \
        "and the alarm knows it by name"
}

# postfix_policy RESTRICTION: from now on this one stands behind reject_unauth_destination.
postfix_policy() {
    postconf -c "$(postfix_conf)" "smtpd_recipient_restrictions = reject_unauth_destination, $1"
    postfix_stop
    postfix -c "$(postfix_conf)" start >> "$world/postfix/out" 2>&1
    postfix_up=1
    wait_for net open "$smtp_at" || die "Postfix did not start again" "$world/postfix/out"
}

policyd_start
demo_prepare
greenlaned_start
postfix_start
postfix_policy "check_policy_service inet:127.0.0.1:$policyd_port"
alone_story
more_story
mail_story
broken_story
silent_story
postgrey_story
[ $tap_failed -eq 0 ] || { tail -n 40 "$world/greenlaned.log"; tail -n 20 "$world/postfix/maillog"; } | sed 's/^/# /'
tap_done
