#!/bin/bash
# delegate.sh - greenlaned's policy delegation: spoken to by a client of its own, then by a real Postfix with a
# real postgrey behind the restriction class.
#
# TAP. Must be run as root (Postfix starts as root); client addresses are pretended with XCLIENT.
# Half a minute. KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

needs_postfix

world_begin
printf '192.0.2.77 REJECT blocked by a check behind the class\n' > "$world/late.cidr"
read -r delegate_port postgrey_port <<< "$(net ports 2 | tr '\n' ' ')"
delegate_at=inet:$delegate_port@127.0.0.1

# ---- helpers ----------------------------------------------------------------------------------

ask() { /usr/bin/python3 "$top/t/mta/policyclient.py" "$delegate_at" "$@"; }

# configure [DELEGATE-SETTING...]: no greylister of our own; nightwatch lists its range, deskhelp's is exclusive.
configure() {
    demo_config "delegate = { listen = \"$delegate_at\"; $* };"
    sed -i 's/^greylist .*/greylist = { store = "none"; };/' "$world/greenlane.conf"
    [ -z "${mode:-}" ] || sed -i "s/^mode .*/mode = \"$mode\";/" "$world/greenlane.conf"
}

# reload [DELEGATE-SETTING...]
reload() {
    configure "$@"
    greenlaned_reload
}

# postgrey_start SECONDS: to wait.
postgrey_pid=
postgrey_start() {
    mkdir -p "$world/postgrey"
    chown postgrey "$world/postgrey"
    : > "$world/none"
    postgrey --inet="127.0.0.1:$postgrey_port" --dbdir="$world/postgrey" --user=postgrey --group=postgrey \
        --delay="$1" --auto-whitelist-clients=0 --whitelist-clients="$world/none" \
        --whitelist-recipients="$world/none" --greylist-text="postgrey says wait %s seconds" \
        --pidfile="$world/postgrey.pid" >> "$world/postgrey.log" 2>&1 &
    postgrey_pid=$!
    remember $postgrey_pid
    wait_for net open "127.0.0.1:$postgrey_port" || die "postgrey did not start" "$world/postgrey.log"
}

# Postgrey waits for hours, so that nobody comes too late to come too early; then it is told that a second will do.
postgrey_waits_for() {
    end_process $postgrey_pid
    postgrey_start "$1"
}
hours=10000

# The lines that we hand out, with this world's addresses and a check behind the class.
handed_out() {
    sed '/^#/d; s|inet:127.0.0.1:10023|inet:127.0.0.1:'"$postgrey_port"'|
        s|unix:greenlane/delegate.sock|inet:127.0.0.1:'"$delegate_port"'|; s|unix:greenlane/|unix:'"$world/run"'/|
        s|timeout=10s }|timeout=100s, try_limit=1 }, check_client_access cidr:'"$world/late.cidr"'|' \
        "$top/contrib/postfix/postgrey.cf"
}

# The same by hand, and without permitting anybody anything: nobody may relay.
start_strict() {
    postfix_start "smtpd_restriction_classes = greylist" \
        "greylist = check_policy_service inet:127.0.0.1:$postgrey_port" \
        "smtpd_recipient_restrictions = reject_unauth_destination,
  check_policy_service { inet:127.0.0.1:$delegate_port, default_action=greylist, timeout=100s, try_limit=1 },
  check_client_access cidr:$world/late.cidr" "milter_default_action = accept" "$@"
}

# post CLIENT HELO MAIL-FROM RCPT FILE: sets answer, the reply that decided.
post() { answer=$(send "$@" | decided); }

# ---- stories ----------------------------------------------------------------------------------

# CLIENT, SENDER and further attributes; what is answered.
question() {
    local wanted=$1 name=$2
    shift 2
    like "$(ask "$*")" "^action=$wanted\$" "$name"
}

question_story() {
    question greylist "a stranger is sent to the class" sender=eve@stranger.example
    question DUNNO "a listed client with the vendor's sender is let past" \
        client_address=198.51.100.40,sender=alert@nightwatch.example
    question DUNNO "an IPv6 client, too" client_address=2001:db8:10::25,sender=bounce@deskhelp.example
    question '550 5\.7\.26 message refused: not proven to be from Night Watch, .*' "a forged envelope of a vendor that does not sign is refused" \
        client_address=203.0.113.66,sender=alert@nightwatch.example
    question greylist "the same of a vendor that signs waits for its signature" \
        client_address=203.0.113.66,sender=bounce@deskhelp.example
    question DUNNO "a foreign bounce domain from an exclusive range is let past" \
        client_address=192.0.2.10,sender=bounce@cloud.example
    question DUNNO "a client whose name, as Postfix confirmed it, is the vendor's is let past" \
        client_address=198.51.100.67,client_name=mx7.out.towerbell.example,sender=alert@towerbell.example
    question DUNNO "one whose name Postfix does not know is looked up" \
        client_address=198.51.100.66,client_name=unknown,sender=alert@towerbell.example
    question greylist "the name that nobody confirmed is none" \
        client_address=198.51.100.67,client_name=unknown,reverse_client_name=mx7.out.towerbell.example,sender=alert@towerbell.example
    question greylist "a foreign bounce domain from a shared range is not" \
        client_address=198.51.100.40,sender=bounce@cloud.example
    question DUNNO "who has logged in is exempt" \
        client_address=203.0.113.66,sender=alert@nightwatch.example,sasl_username=alice
    question DUNNO "what is asked at DATA gets no opinion" protocol_state=DATA
    question greylist "a client without an address is a stranger" client_address=,sender=alert@nightwatch.example
    question greylist "an address that is none, too" client_address=unknown,sender=alert@nightwatch.example
    question greylist "the null sender of a stranger is the greylister's" sender=
}

wire_story() {
    local mark
    mark=$(log_length)
    is "$(ask times=2000:client_address=198.51.100.40,sender=alert@nightwatch.example)" "2000 action=DUNNO" \
        "two thousand requests at once on one connection are answered"
    is "$(ask 'raw=request=smtpd_access_policy\nsender=a\0b\n\n' read)" closed "a NUL in a request ends its connection"
    is "$(ask 'raw=GET / HTTP/1.0\r\n\r\n' read)" closed "HTTP ends its connection"
    is "$(ask 'raw=request=else\n\n' read)" closed "a request of another kind ends its connection"
    is "$(ask 'raw=x=' 'fill=9000:y' read)" closed "an attribute without end ends its connection"
    is "$(ask 'fill=200:x=y\n' read)" closed "two hundred attributes end their connection"
    wait_for says "$mark" 'delegate: a malformed request: a NUL byte in attribute 2; its connection is closed'
    ok $? "the log says what was wrong"
    wait_for says "$mark" 'a malformed request: more than 128 attributes'
    ok $? "each time"
    is "$(ask connections=520)" 21 "of 521 connections 500 stay, which is milter.max_sessions"
    wait_for says "$mark" 'delegate: a connection is refused: 500 are open, 500 is the most'
    ok $? "the log says so"
    wait_for a_stranger_is_served
    ok $? "when they have gone others are served"
}

a_stranger_is_served() { ask sender=a@b.example | grep -q '^action=greylist'; }

# Slow clients while one is served: more than there are workers.
slow_story() {
    is "$(ask halves=12 sender=a@b.example waiting 'answers=size=0\n\n' | tr '\n' ';')" \
        "action=greylist;12 wait;12 action=greylist;" "twelve slow clients hold nobody up, and are answered when they have asked"
}

# A name server that is silent: only who asks about a vendor waits, and not for ever.
dns_story() {
    local said try
    nsd_freeze STOP
    # their time may have been up before the stranger was heard: then that shows nothing
    for try in 1 2 3 4 5; do
        said=$(ask "beside=4:client_address=198.51.100.40,sender=alert@silent$try-%d.nightwatch.example" \
            "asked=$dns_port" sender=a@b.example waiting answers=)
        [ "$(printf '%s\n' "$said" | sed -n 2p)" != "4 wait" ] || break
    done
    is "$(printf '%s\n' "$said" | head -n 2 | tr '\n' ';')" "action=greylist;4 wait;" \
        "a stranger is answered while others wait for DNS"
    is "$(printf '%s\n' "$said" | tail -n 1)" "4 action=greylist" \
        "who asks about a vendor is answered, too, by the class: DNS trouble neither vouches nor refuses"
    nsd_freeze CONT
}

# The whole way: Postfix, postgrey behind the class.
class_story() {
    local first
    postgrey_waits_for $hours
    letter watch1 'Night Watch <alert@nightwatch.example>' > "$world/msg/watch1.eml"
    post 198.51.100.40 uk.mailers.nightwatch.example alert@nightwatch.example helpdesk@rx.example "$world/msg/watch1.eml"
    like "$answer" '^250 ' "$1: a vendor's mail passes at the first try"
    letter eve1 "$stranger" > "$world/msg/eve1.eml"
    first=$(date +%s)
    post 203.0.113.66 "$stranger_helo" "eve-$2@stranger.example" helpdesk@rx.example "$world/msg/eve1.eml"
    like "$answer" '^450 .*postgrey says wait' "$1: a stranger gets postgrey's 450"
    post 203.0.113.66 "$stranger_helo" "eve-$2@stranger.example" helpdesk@rx.example "$world/msg/eve1.eml"
    like "$answer" '^450 .*postgrey says wait' "$1: and again when it comes too early"
    postgrey_waits_for 1
    wait_for later_than $((first + 1))
    post 203.0.113.66 "$stranger_helo" "eve-$2@stranger.example" helpdesk@rx.example "$world/msg/eve1.eml"
    like "$answer" '^250 ' "$1: and passes on retry"
    post 203.0.113.66 "$stranger_helo" alert@nightwatch.example helpdesk@rx.example "$world/msg/watch1.eml"
    like "$answer" '^550 5\.7\.26 .*not proven to be from Night Watch' "$1: forged mail gets 550 at once"
}

# Nothing else is skipped for it.
checks_story() {
    post 192.0.2.77 "$vendor_helo" bounce@deskhelp.example helpdesk@rx.example "$world/msg/watch1.eml"
    like "$answer" '^554 .*blocked by a check behind the class' "a check behind the class still acts on vouched mail"
    post 192.0.2.10 "$vendor_helo" bounce@deskhelp.example somebody@elsewhere.example "$world/msg/watch1.eml"
    like "$answer" 'Relay access denied' "a vendor's host cannot relay"
}

# Who is exempt here gets DUNNO like anybody, which permits nothing.
relay_story() {
    post 127.0.0.1 localhost bounce@deskhelp.example somebody@elsewhere.example "$world/msg/watch1.eml"
    like "$answer" 'Relay access denied' "nor can this host"
    like "$(smtp "$smtp_at" banner ehlo=x "xclient=NAME=[UNAVAILABLE] ADDR=203.0.113.66 LOGIN=alice" ehlo=x \
        mail=a@b.example rcpt=somebody@elsewhere.example quit | decided)" 'Relay access denied' "nor one that has logged in"
}

# What the end of the message makes of a promise.
promise_story() {
    local mark
    mark=$(log_length)
    letter signed-cloud "$desk" | sign_rsa > "$world/msg/signed-cloud.eml"
    post 192.0.2.10 "$vendor_helo" bounce@cloud.example helpdesk@rx.example "$world/msg/signed-cloud.eml"
    like "$answer" '^250 ' "signed vendor mail with a foreign bounce domain passes at the first try"
    wait_for says "$mark" 'outcome=vouched'
    ok $? "and is vouched for at the end"
    ! says "$mark" 'promise revoked'
    ok $? "no promise is revoked"
    mark=$(log_length)
    letter customer 'Customer <c@customer.example>' > "$world/msg/customer.eml"
    post 192.0.2.10 "$vendor_helo" bounce@cloud.example helpdesk@rx.example "$world/msg/customer.eml"
    wait_for says "$mark" 'promise revoked: 192\.0\.2\.10 was let past the greylister for deskhelp, but is stranger \(no-claim; id '
    ok $? "a stranger's mail from an exclusive range: the promise is revoked, and the log says so"
    mark=$(log_length)
    letter beside "$desk, $stranger" | sign_rsa > "$world/msg/beside.eml"
    post 192.0.2.10 "$vendor_helo" bounce@deskhelp.example helpdesk@rx.example "$world/msg/beside.eml"
    like "$answer" '^550 5\.7\.26 ' "forged mail that was promised passage is refused at the end all the same"
    wait_for says "$mark" 'promise revoked: .* for deskhelp, but is forged'
    ok $? "that promise is revoked, too"
}

log_story() {
    local mark line
    mark=$(log_length)
    post 203.0.113.66 "$stranger_helo" alert@nightwatch.example logged@rx.example "$world/msg/watch1.eml"
    wait_for says "$mark" 'rcpts=logged@rx\.example'
    line=$(verdicts_after "$mark" | grep "rcpts=logged@rx\.example")
    is "$(field outcome "$line") $(field action "$line") $(field vendor "$line") $(field reason "$line") $(field stage "$line") $(field rcpts "$line")" \
        "forged reject nightwatch nothing-proven rcpt logged@rx.example" "a refusal at RCPT has its line in the log"
    like "$answer" "$(field id "$line")" "the reply names its id"
}

# Greenlaned gone: Postfix's default_action is the class.
down_story() {
    local first
    greenlaned_stop
    postgrey_waits_for $hours
    letter watch2 'Night Watch <alert@nightwatch.example>' > "$world/msg/watch2.eml"
    post 198.51.100.40 uk.mailers.nightwatch.example down@nightwatch.example helpdesk@rx.example "$world/msg/watch2.eml"
    first=$(date +%s)
    like "$answer" '^450 .*postgrey says wait' "without greenlaned a vendor's mail gets postgrey's usual 450"
    post 203.0.113.66 "$stranger_helo" down@stranger.example helpdesk@rx.example "$world/msg/eve1.eml"
    like "$answer" '^450 .*postgrey says wait' "so does a stranger's"
    postgrey_waits_for 1
    wait_for later_than $((first + 1))
    post 198.51.100.40 uk.mailers.nightwatch.example down@nightwatch.example helpdesk@rx.example "$world/msg/watch2.eml"
    like "$answer" '^250 ' "the vendor's passes on retry"
    post 203.0.113.66 "$stranger_helo" down@stranger.example helpdesk@rx.example "$world/msg/eve1.eml"
    like "$answer" '^250 ' "and the stranger's"
    greenlaned_start
    post 198.51.100.41 uk.mailers.nightwatch.example up@nightwatch.example helpdesk@rx.example "$world/msg/watch2.eml"
    like "$answer" '^250 ' "greenlaned back, a vendor's mail passes at once again"
}

# While greenlaned was down Postfix had reason to warn, but of nothing else.
quiet_story() {
    postfix_stop
    is "$(grep -E 'panic|fatal|error|warning' "$world/postfix/maillog" |
        grep -vE 'overriding earlier entry|connect to (127.0.0.1:'"$delegate_port"'|Milter)|problem talking to server 127.0.0.1:'"$delegate_port")" "" \
        "Postfix has nothing to complain of about the protocol"
}

settings_story() {
    mode=monitor reload
    question greylist "monitor mode changes nothing: a vendor's mail is greylisted as before" \
        client_address=198.51.100.40,sender=alert@nightwatch.example
    question greylist "nor is a forgery refused" client_address=203.0.113.66,sender=alert@nightwatch.example
    reload 'undecided = "greylist";' 'greylist_class = "later";'
    question later "the class's name and undecided change with a reload" client_address=192.0.2.10,sender=bounce@cloud.example
    question DUNNO "what is proven is let past all the same" client_address=192.0.2.10,sender=bounce@deskhelp.example
    reload 'undecided = "vouch";'
    sed -i 's/dkim *= .*/dkim = [ "nightwatch.example" ]; vouch = [ "listed+spf", "dkim" ];/; /^  vouch/d' \
        "$world/vendors/nightwatch.conf"
    reload
    question greylist "a vendor that signs, from a shared range, under a foreign name: to the greylister" \
        client_address=198.51.100.40,sender=bounce@cloud.example
    reload 'undecided = "vouch";'
    question DUNNO "undecided = vouch lets it past" client_address=198.51.100.40,sender=bounce@cloud.example
}

drain_story() {
    local mark
    mark=$(log_length)
    nsd_freeze STOP
    ask client_address=198.51.100.40,sender=drain@new.nightwatch.example > "$world/drain" &
    local client=$!
    wait_for nsd_asked
    kill -TERM "$greenlaned_pid"
    wait_for says "$mark" 'stopping: '
    nsd_freeze CONT
    wait $client
    like "$(cat "$world/drain")" '^action=(DUNNO|greylist)$' "TERM: a request that is under way is answered first"
    wait_for gone "$greenlaned_pid"
    ok $? "then greenlaned ends"
    forget "$greenlaned_pid"
    greenlaned_pid=
}

# ---- in order ---------------------------------------------------------------------------------

mkdir -p "$world/msg"
demo_zone > "$world/root.zone"
nsd_start "$world/root.zone"
demo_vendors
configure
greenlaned_start
question_story
wire_story
slow_story
dns_story
if [ -z "$(missing postgrey)" ]; then
    postgrey_start $hours
    postfix_start "$(handed_out)"
    class_story "with the milter" one
    checks_story
    promise_story
    log_story
    down_story
    quiet_story
    rm -rf "$world/postfix"
    start_strict "smtpd_milters ="
    class_story "without the milter" two
    checks_story
    relay_story
    quiet_story
else
    ok 0 "a vendor's mail passes postgrey # SKIP postgrey is not installed"
fi
settings_story
drain_story
[ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
