#!/bin/bash
# relay.sh - hosts that hand us other people's mail: a gateway in front of us, a forwarder, and a plain client.
#
# TAP. Two real Postfixes: the second takes mail from pretended clients (XCLIENT) and hands it to the first, which
# asks greenlaned, from a loopback address of the relay's own. Must be run as root. Runs in a network namespace
# where it may have one: there the second can also be a host of the internet. Below a minute. KEEP=1 leaves the
# folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"
. "$top/t/mta/own_world.sh"

needs_postfix postcat postqueue

if [ "${1:-}" != --inside ] && command -v ip > /dev/null && unshare -n true 2> /dev/null; then
    exec unshare -n bash "$0" --inside
fi

world_begin

gateway=127.0.0.2
forwarder=127.0.0.3
internet=
if [ "${1:-}" = --inside ]; then
    ip link set lo up && ip addr add $forger/32 dev lo && internet=$forger
fi

# ---- the world --------------------------------------------------------------------------------

relays="relays = (
  { name = \"filter\"; kind = \"gateway\"; networks = [ \"$gateway\" ]; received_by = [ \"gw.rx.example\" ]; },
  { name = \"old-address\"; kind = \"forwarder\"; networks = [ \"$forwarder\" ]; }
);"
own='own = { domains = [ "rx.example" ]; networks = [ "127.0.0.0/8" ]; };
delegations = ( { vendor = "paperdesk"; domains = [ "rx.example" ]; selectors = [ "pd1" ]; vouch = [ "dkim", "listed+spf_from" ]; } );'

# The second Postfix. Its ports, and what becomes of mail that comes in there:
#   gateway_at  handed on from 127.0.0.2; mail to forward.example is somebody's at rx.example and goes by 127.0.0.3
#   hiding_at   as the first, but its own Received field is taken away or replaced, as the file `hide` says
#   looping_at  as the first, by way of a content filter on the same host
#   plain_at    handed on from an address of the internet
relay_start() {
    local loop_at
    read -r gateway_at hiding_at looping_at loop_at plain_at <<< \
        "$(net ports 5 | sed "s/^/$gateway:/" | tr '\n' ' ')"
    printf '%s\n' '/^Received:.*[[:space:]]by hiding\.gw\.rx\.example / IGNORE' > "$world/remove"
    printf '%s\n' '/^Received:.*[[:space:]]by hiding\.gw\.rx\.example / REPLACE Received: by gw.rx.example (a filter that tells nothing) id 1' \
        > "$world/blur"
    cp "$world/remove" "$world/hide"
    postfix_services="$hiding_at inet n - n - - smtpd
  -o myhostname=hiding.gw.rx.example
  -o cleanup_service_name=hiding
hiding unix n - n - 0 cleanup
  -o header_checks=regexp:$world/hide
$looping_at inet n - n - - smtpd
  -o content_filter=smtp:[$gateway]:${loop_at#*:}
$loop_at inet n - n - - smtpd
  -o myhostname=filter.gw.rx.example
$plain_at inet n - n - - smtpd
  -o content_filter=plain:[127.0.0.1]:${smtp_at#*:}
forward unix - - n - - smtp
  -o smtp_bind_address=$forwarder
plain unix - - n - - smtp
  -o smtp_bind_address=${internet:-$gateway}
  -o smtp_helo_name=mail.stranger.example"
    postfix_beside_start relay "$gateway_at" "myhostname = gw.rx.example" "relay_domains = rx.example" \
        "virtual_alias_domains = forward.example" \
        "virtual_alias_maps = inline:{ { old@forward.example = new@rx.example } }" \
        "transport_maps = inline:{ { new@rx.example = forward:[127.0.0.1]:${smtp_at#*:} },
            { rx.example = smtp:[127.0.0.1]:${smtp_at#*:} } }" \
        "default_transport = discard:outside" "minimal_backoff_time = 1s" "queue_run_delay = 2s"
}

# mail NAME ID: the text of a message.
mail() {
    local hop
    hop="Received: from mail10.deskhelp.example (mail10.deskhelp.example [192.0.2.10])
	by gw.rx.example (Postfix) with ESMTP id 4XYZ; $(LC_ALL=C date -R)"
    case $1 in
    signed) letter "$2" "$desk" | sign_rsa ;;
    unsigned) letter "$2" "$desk" ;;
    altered) letter "$2" "$desk" | sign_rsa | sed 's/493 027/111 111/' ;;
    below) letter "$2" "$desk" "$hop" ;;
    foreign-hop) letter "$2" "$desk" "${hop/gw.rx.example/mail.stranger.example}" ;;
    night) letter "$2" 'Night Watch <alert@nightwatch.example>' ;;
    stranger) letter "$2" "$stranger" ;;
    boss) letter "$2" 'The Boss <boss@rx.example>' ;;
    boss-signed) letter "$2" 'The Boss <boss@rx.example>' | sign_own mail ;;
    paper) letter "$2" 'Paper Desk <desk@paperdesk.example>' ;;
    ticket) letter "$2" 'Service Desk <noreply@rx.example>' ;;
    long-from) letter "$2" "$(printf 'User <user%d@stranger.example>, ' {1..400}) $stranger" ;;
    as-gateway-*) letter "$2" "$desk" "Received: from host.example (host.example [${1#as-gateway-}])
	by gw.rx.example (Postfix) with ESMTP id 4XYZ; $(LC_ALL=C date -R)" ;;
    *) die "no mail is called $1" ;;
    esac
}

# hand AT CLIENT MAIL-FROM RCPT NAME: a mail by way of the second Postfix, from a pretended client; sets answer (what
# the second said), verdict (what greenlaned said to it) and id (its Message-ID, a new one each time).
turn=0 greeting=
hand() {
    local mark
    mark=$(log_length)
    turn=$((turn + 1)) id="<$5-$turn@demo>"
    mail "$5" "$5-$turn" > "$world/msg/turn.eml"
    # shellcheck disable=SC2030 # for this one
    answer=$(smtp_at=$1; send "$2" "${greeting:-host.${2//:/-}.example}" "$3" "$4" "$world/msg/turn.eml" | decided)
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

queue_is_empty() { postqueue -c "$(postfix_conf relay)" -p | grep -q '^Mail queue is empty'; }

# came VIA CLIENT "OUTCOME ACTION VENDOR REASON" NAME: how the last mail was judged, whose it was, by which relay.
came() {
    like "$answer" '^250 ' "$4: the relay takes it"
    logged_as "$3" "$4"
    is "$(field via "$verdict") $(field client "$verdict") $(field greylist "$verdict")" "$1 $2 off" \
        "$4: by $1, for $2, no greylist asked"
    wait_for queue_is_empty
    ok $? "$4: nothing stays with the relay"
}

arrives() { delivered "$id" > /dev/null; ok $? "$1"; }

# Postfix holds it: it can be looked at, and let go, but nobody has it yet.
is_held() {
    local qid
    qid=$(field qid "$verdict")
    like "$(postqueue -c "$(postfix_conf)" -p)" "^$qid!" "$1: it is in Postfix's hold queue"
    like "$(postcat -c "$(postfix_conf)" -qh "$qid" 2>&1)" "^Message-ID: $id" "$1: postcat -qh shows it"
    ! is_delivered "$id"
    ok $? "$1: nobody has got it"
}

# ---- a gateway in front of us -----------------------------------------------------------------

gateway_story() {
    hand "$gateway_at" 192.0.2.99 bounce@deskhelp.example helpdesk@rx.example unsigned
    came filter 192.0.2.99 "vouched pass deskhelp proven" "genuine vendor mail, unsigned, by the gateway"
    has spf pass "SPF is asked for the vendor's address"
    arrives "and is delivered"
    hand "$gateway_at" 2001:db8:10::25 bounce@deskhelp.example helpdesk@rx.example unsigned
    came filter 2001:db8:10::25 "vouched pass deskhelp proven" "the same from an IPv6 address"
    hand "$gateway_at" 198.51.100.20 bulk@cloud.example helpdesk@rx.example signed
    came filter 198.51.100.20 "vouched pass deskhelp proven" "vendor mail by its signature"
    hand "$gateway_at" $forger bulk@stranger.example helpdesk@rx.example unsigned
    came filter $forger "forged quarantine deskhelp nothing-proven" "a forgery"
    is_held "a forgery by the gateway is not refused"
    hand "$gateway_at" $forger eve@stranger.example helpdesk@rx.example stranger
    came filter $forger "stranger tag - no-claim" "a stranger"
    arrives "a stranger's mail is delivered at once"
    hand "$gateway_at" $forger bulk@stranger.example helpdesk@rx.example boss
    came filter $forger "forged tag own outside-sources" "our own name forged, which would wait without a gateway"
    arrives "and is delivered with its tag"
    like "$(cat "$(delivered "$id")")" 'x-greenlane=forged' "which the results header shows"
    hand "$gateway_at" $desk_host bounce@paperdesk.example helpdesk@rx.example ticket
    came filter $desk_host "vouched pass own proven-delegation" "a delegated vendor's mail as us"
    hand "$looping_at" 192.0.2.99 bounce@deskhelp.example helpdesk@rx.example unsigned
    came filter 192.0.2.99 "vouched pass deskhelp proven" "a content filter on the gateway is one more hop of ours"
    hand "$looping_at" $forger bulk@stranger.example helpdesk@rx.example unsigned
    came filter $forger "forged quarantine deskhelp nothing-proven" "a forgery by the content filter"
}

# What is settled at RCPT for others, or refused whatever it claims, a gateway keeps.
early_story() {
    hand "$gateway_at" $forger alert@nightwatch.example helpdesk@rx.example night
    came filter $forger "forged quarantine nightwatch nothing-proven" "a forged envelope of a vendor that does not sign"
    hand "$gateway_at" 198.51.100.41 '' helpdesk@rx.example night
    came filter 198.51.100.41 "unproven tag nightwatch partly-proven" "the null sender by the gateway"
    hand "$gateway_at" $forger bulk@stranger.example helpdesk@rx.example long-from
    came filter $forger "stranger quarantine - from-too-long" "a From field of ten kilobytes"
}

# The gateway keeps its connection for the next mail: whose that is must be found out anew.
one_connection_story() {
    local mark steps=() one
    mark=$(log_length)
    for one in 192.0.2.99 $forger none 192.0.2.98; do
        mail "as-gateway-$one" "one-$one" > "$world/msg/one-$one.eml"
        steps+=(mail=bounce@deskhelp.example rcpt=helpdesk@rx.example "data=$world/msg/one-$one.eml")
    done
    # shellcheck disable=SC2031
    smtp -b $gateway "$smtp_at" banner ehlo=gw.rx.example "${steps[@]}" quit > "$world/one.out"
    wait_for says "$mark" 'msgid=<one-192\.0\.2\.98@demo>'
    is "$(verdicts_after "$mark" | sed 's/.*outcome=\([a-z]*\) .*client=\([^ ]*\).*/\1 \2/' | tr '\n' ' ')" \
        "vouched 192.0.2.99 forged $forger unproven - vouched 192.0.2.98 " "four mails on one connection, each with a client of its own"
    is "$(awk -F '\t' '$1 == "dot" { printf "%s ", $2 }' "$world/one.out")" "250 250 250 250 " "all are taken"
}

# A filter in the cloud: its hosts are the vendor's, for the territory that we have.
product_story() {
    further_vendors=', { name = "cloudfilter"; tags = [ "eu" ]; }'
    own_reload "$own" 'relays = ( { name = "cloud"; kind = "gateway"; vendor = "cloudfilter"; tags = [ "eu" ];
        received_by = [ "gw.rx.example" ]; } );'
    hand "$gateway_at" 192.0.2.98 bounce@deskhelp.example helpdesk@rx.example unsigned
    came cloud 192.0.2.98 "vouched pass deskhelp proven" "by a gateway that a vendor's A record names"
    hand "$gateway_at" $forger bulk@stranger.example helpdesk@rx.example unsigned
    came cloud $forger "forged quarantine deskhelp nothing-proven" "a forgery by that gateway"
    hand "$gateway_at" $forger eve@stranger.example helpdesk@rx.example stranger
    came cloud $forger "stranger tag - no-claim" "a stranger by that gateway"
    further_vendors=
}

# Who writes Received fields into his own mail must not choose whose it is.
received_story() {
    hand "$gateway_at" $forger bounce@deskhelp.example helpdesk@rx.example below
    came filter $forger "forged quarantine deskhelp nothing-proven" "a forged Received field below the gateway's is not believed"
    is_held "the forger's own Received field"
    hand "$looping_at" $forger bounce@deskhelp.example helpdesk@rx.example below
    came filter $forger "forged quarantine deskhelp nothing-proven" "nor below two of the gateway's"
    for greeting in '[192.0.2.10]' 'mail10.deskhelp.example(mail10[192.0.2.10])' '192.0.2.10' \
        'x([192.0.2.10])by;gw.rx.example'; do
        hand "$gateway_at" $forger bounce@deskhelp.example '"from[192.0.2.10]by.gw.rx.example"@rx.example' unsigned
        came filter $forger "forged quarantine deskhelp nothing-proven" "nor a greeting $greeting and such a recipient"
    done
    greeting=
}

# hidden NAME CLIENT: the last mail's client could not be told, and nothing that rests on it was believed.
hidden() {
    like "$answer" '^250 ' "$1: the relay takes it"
    has via filter "$1: by the gateway"
    unlike "$(field client "$verdict")" "^($2|$forger)\$" "$1: no client is made up"
    logged_as "unproven tag deskhelp hidden-client" "$1"
    wait_for queue_is_empty
    ok $? "$1: nothing stays with the relay"
}

hiding_story() {
    hand "$hiding_at" 192.0.2.99 bounce@deskhelp.example helpdesk@rx.example unsigned
    hidden "a gateway that takes its Received field away" 192.0.2.99
    hand "$hiding_at" 192.0.2.99 bounce@deskhelp.example helpdesk@rx.example foreign-hop
    hidden "the same, and a Received field by another host stands there" 192.0.2.10
    hand "$hiding_at" $forger bulk@stranger.example helpdesk@rx.example signed
    logged_as "vouched pass deskhelp proven" "a signature needs no client"
    hand "$hiding_at" $forger eve@stranger.example helpdesk@rx.example stranger
    logged_as "stranger tag - no-claim" "a stranger passes with a tag"
    cp "$world/blur" "$world/hide"
    postfix_end relay
    postfix_run relay "$gateway_at"
    hand "$hiding_at" 192.0.2.99 bounce@deskhelp.example helpdesk@rx.example unsigned
    hidden "a gateway whose Received field tells no address" 192.0.2.99
    hand "$hiding_at" $forger bounce@deskhelp.example helpdesk@rx.example below
    hidden "the same above a forged field in the gateway's name" 192.0.2.10
}

# ---- a forwarder ------------------------------------------------------------------------------

forwarder_story() {
    hand "$gateway_at" 198.51.100.41 alert@nightwatch.example old@forward.example night
    came old-address $forwarder "unproven tag nightwatch forwarded" "mail of a vendor that does not sign, forwarded"
    has mail_from alert@nightwatch.example "the forwarder keeps the envelope sender"
    arrives "it is delivered"
    like "$(cat "$(delivered "$id")")" 'x-greenlane=unproven policy\.vendor=nightwatch' "with the result in its header"
    hand "$gateway_at" 192.0.2.10 bounce@deskhelp.example old@forward.example signed
    came old-address $forwarder "vouched pass deskhelp proven" "signed vendor mail, forwarded"
    arrives "it is delivered, too"
    hand "$gateway_at" $forger bounce@deskhelp.example old@forward.example altered
    came old-address $forwarder "forged quarantine deskhelp nothing-proven" "a broken signature of a vendor that signs, forwarded"
    is_held "a broken signature"
    hand "$gateway_at" $forger eve@stranger.example old@forward.example stranger
    came old-address $forwarder "stranger tag - no-claim" "a stranger's mail, forwarded"
    hand "$gateway_at" 198.51.100.20 boss@rx.example old@forward.example boss-signed
    came old-address $forwarder "vouched pass own proven-own" "our own signed mail, forwarded back to us"
    for client in $own_by_spf $forger; do
        hand "$gateway_at" "$client" boss@rx.example old@forward.example boss
        came old-address $forwarder "unproven tag own forwarded" "our own name unsigned from $client, forwarded"
    done
    # the forwarder stands in paperdesk's range: a host of a provider that paperdesk uses, too
    local one
    for one in paper ticket; do
        hand "$gateway_at" $forger bounce@paperdesk.example old@forward.example $one
        like "$(field outcome "$verdict") $(field action "$verdict") $(field reason "$verdict")" '^unproven tag forwarded$' \
            "a forgery ($one), by a forwarder that a vendor lists and whose SPF passes: not vouched"
    done
    own_reload "$own" "${relays/kind = \"forwarder\";/& on_forwarded = \"quarantine\";}"
    hand "$gateway_at" 198.51.100.41 alert@nightwatch.example old@forward.example night
    came old-address $forwarder "unproven quarantine nightwatch forwarded" "the same with on_forwarded = \"quarantine\""
    is_held "the mail of the vendor that does not sign"
}

relays_are_content() {
    is "$(grep -c "drift: .*$forwarder" "$world/greenlaned.log")" 0 "a forwarder's address is nobody's drift"
    is "$(grep -cE 'status=(deferred|bounced)' "$world/relay/maillog")" 0 \
        "the relay has never been deferred or refused: no queue, no backscatter"
}

# ---- no relay: a host of the internet that is refused one of two recipients ---------------------

exception_story() {
    local mark name="two recipients under different modes, a real Postfix as the client"
    if [ -z "$internet" ]; then
        ok 0 "$name # SKIP network namespaces are not allowed here"
        return
    fi
    own_reload "$own" 'exceptions = ( { rcpt = "abuse@rx.example"; vendor = "deskhelp"; mode = "monitor"; } );'
    mark=$(log_length)
    mail unsigned two > "$world/msg/turn.eml"
    smtp "$plain_at" banner ehlo=tester.example mail=bounce@deskhelp.example rcpt=helpdesk@rx.example \
        rcpt=abuse@rx.example "data=$world/msg/turn.eml" quit > "$world/both.out"
    wait_for says "$mark" 'action=reject .*rcpts=helpdesk@rx\.example '
    ok $? "$name: helpdesk@ came again alone, by itself, and was refused"
    like "$(verdicts_after "$mark")" 'action=pass would=reject .*client=203\.0\.113\.66 .*rcpts=abuse@rx\.example ' \
        "$name: abuse@ has the forgery"
    like "$(verdicts_after "$mark")" 'action=defer .*reason=recipient-differs .*rcpts=helpdesk@rx\.example ' \
        "$name: helpdesk@ was to come again"
    like "$(grep 'to=<helpdesk@rx\.example>' "$world/relay/maillog" | tail -n 2 | head -n 1)" 'status=deferred .* 452 4\.5\.3 ' \
        "$name: by 452 4.5.3"
    wait_for queue_is_empty
    ok $? "$name: nothing is left in its queue"
}

range_of_desk=ip4:$forwarder
own_prepare
own_config "$own" "$relays"
greenlaned_start
postfix_start
relay_start
gateway_story
early_story
received_story
one_connection_story
hiding_story
forwarder_story
product_story
relays_are_content
exception_story
postfix_is_content
[ $tap_failed -eq 0 ] || tail -n 60 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
