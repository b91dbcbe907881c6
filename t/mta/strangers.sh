#!/bin/bash
# strangers.sh - what lets a stranger pass at the first try, behind a real Postfix: a network that is known, SPF, a name of its
# own, a list in DNS; and nothing of it helps who claims a vendor's name.
#
# TAP. Must be run as root (Postfix starts as root); client addresses are pretended with XCLIENT. Some seconds.
# KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

# settings LINE: the greylist's settings, a second of delay among them.
settings() {
    sed -i "s|^greylist .*|greylist = { store = \"lmdb:$world/state/greylist\"; delay = \"1s\"; $1 };|" "$world/greenlane.conf"
}
reload() {
    settings "$1"
    "$GREENLANE" -c "$world/greenlane.conf" reload > "$world/reload" 2>&1 || die "no reload" "$world/reload"
}

# from CLIENT DOMAIN [AUTHOR]: a message in the name of that domain, or of an author; sets answer and verdict.
from() {
    local mark
    mark=$(log_length)
    letter "$2" "A <${3:-a@$2}>" > "$world/msg/one.eml"
    answer=$(send "$1" mail.stranger.example "a@$2" helpdesk@rx.example "$world/msg/one.eml" | decided)
    wait_for logged "$mark" || die "no verdict" "$world/greenlaned.log"
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

waits() { # NAME
    like "$answer" '^451 4\.7\.1 greylisted' "$1"
    is "$(field passed_by "$verdict")" "(absent)" "$1: no setting let it pass"
}
passes() { # SETTING NAME
    like "$answer" '^250 ' "$2"
    is "$(field passed_by "$verdict")" "$1" "$2: by $1"
}

comes_again() { from "$@" && [[ $answer == 250* ]]; }

network_story() {
    local known=203.0.113.50
    from $known one.example
    waits "a first contact waits"
    from $known two.example
    waits "so does one of another sender"
    wait_for comes_again $known one.example || die "it never passes" "$world/greenlaned.log"
    is "$(field greylist "$verdict")" due "the first comes again"
    from $known three.example
    waits "one tuple makes no network known"
    wait_for comes_again $known two.example || die "it never passes" "$world/greenlaned.log"
    is "$(field greylist "$verdict")" due "and the second"
    from $known four.example
    passes auto_pass_network "now mail of a stranger passes at the first try"
    is "$(field tries "$verdict")" 1 "and that was its first"
    from 203.0.113.51 five.example
    waits "the address beside it is not known"
    from $known six.example alert@memopad.example
    waits "nor does it help who claims a vendor's name"
    from $known memopad.example a@seven.example
    waits "by the envelope, too"
    from $known eight.example noreply@deskhelp.example
    like "$answer" '^550 5\.7\.26 ' "what is forged is refused as ever"
}

# The greylist knows networks by the disk, not by the daemon.
restart_story() {
    greenlaned_stop
    greenlaned_start
    from 203.0.113.50 nine.example
    passes auto_pass_network "after a restart the network is still known"
}

told_story() {
    like "$("$GREENLANE" -c "$world/greenlane.conf" status)" '^greylist: works, passed at once: 1 by greylist\.auto_pass_network' \
        "greenlane status counts it since the start"
    "$GREENLANE" -c "$world/greenlane.conf" log --from a@four.example "$world/log/verdicts.jsonl" > "$world/told" 2>&1 ||
        "$GREENLANE" -c "$world/greenlane.conf" log --from a@four.example -f "$world/log/verdicts.jsonl" > "$world/told" 2>&1
    like "$(cat "$world/told")" 'passed by greylist\.auto_pass_network' "greenlane log says what let it pass"
    "$GREENLANE" -c "$world/greenlane.conf" replay "$world/log/verdicts.jsonl" > "$world/told" 2>&1
    is $? 0 "greenlane replay finds nothing that would change"
    sed 's/auto_pass_network = 2;//' "$world/greenlane.conf" > "$world/draft.conf"
    "$GREENLANE" -c "$world/greenlane.conf" replay --policy "$world/draft.conf" "$world/log/verdicts.jsonl" > "$world/told" 2>&1
    is $? 1 "but without the setting"
    like "$(cat "$world/told")" 'greylist' "those would wait"
}

facts_story() {
    reload 'spf_pass = true;'
    from 203.0.113.66 stranger.example
    passes spf_pass "SPF of narrow networks that ends in -all"
    from 203.0.113.66 no-spf.example
    waits "no SPF"
    reload 'only = [ "no-name", "address-name" ];'
    from 203.0.113.80 ten.example
    passes only "a name of its own that leads back"
    from 203.0.113.81 line.example
    waits "one that holds the address"
    from 203.0.113.82 nameless.example
    waits "no name"
    reload 'dnswl = "list.example";'
    from 203.0.113.90 ten.example
    passes dnswl "an address that the list names"
    from 203.0.113.91 overload.example
    waits "127.0.0.255 means nothing"
    from 203.0.113.90 eleven.example alert@memopad.example
    waits "the list helps no claim"
}

world_begin
demo_prepare
cat >> "$world/root.zone" <<'END'
mail.shop.example. A 203.0.113.80
80.113.0.203.in-addr.arpa. PTR mail.shop.example.
dsl-203-0-113-81.isp.example. A 203.0.113.81
81.113.0.203.in-addr.arpa. PTR dsl-203-0-113-81.isp.example.
90.113.0.203.list.example. A 127.0.10.2
91.113.0.203.list.example. A 127.0.0.255
END
nsd_stop
nsd_start "$world/root.zone" "$dns_at" "$dns_port"
settings 'auto_pass_network = 2;'
greenlaned_start
postfix_start

network_story
restart_story
told_story
facts_story
tap_done
