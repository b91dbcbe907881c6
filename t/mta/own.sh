#!/bin/bash
# own.sh - our own names on a real Postfix: who may use them, from where, with which proof.
#
# TAP. A real Postfix with a submission port (SASL), zones, keys and signatures of our own. Must be run as root;
# client addresses are pretended with XCLIENT. Below a minute. KEEP=1 leaves the folder with all logs behind.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"
. "$top/t/mta/own_world.sh"

needs_postfix db_load
ls /usr/lib/*/sasl2/libplain.so > /dev/null 2>&1 || skip_all "not installed: libsasl2-modules"

world_begin

# ---- the world --------------------------------------------------------------------------------

own_hosts="domains = [ \"rx.example\" ]; networks = [ \"198.51.100.0/28\" ];
    outbound = [ \"$outbound\", \"$outbound_inside\" ]; may_forward = [ \"$forwarding\" ];"
delegation='{ vendor = "paperdesk"; domains = [ "rx.example" ]; selectors = [ "pd1" ]; vouch = [ "dkim", "listed+spf_from" ]; }'

# configure [OWN-SETTING [LINE...]]: greenlane.conf without delegations, unless a line brings them.
lines=()
as_lines() {
    lines=("own = { $own_hosts ${1:-} };")
    shift
    lines+=("$@")
}
configure() { as_lines "${@:-}"; own_reload "${lines[@]}"; }

# A user database that only this Postfix reads: Berkeley DB, as Cyrus' sasldb plugin wants it. Debian's Postfix
# looks for smtpd.conf below its own folder first.
sasl_prepare() {
    local folder
    folder=$(postfix_conf)/sasl
    mkdir -p "$folder"
    printf '%s\\00rx.example\\00userPassword\n%s\n' alice 'open sesame' | db_load -T -t hash "$folder/users" ||
        die "db_load"
    cat > "$folder/smtpd.conf" <<END
pwcheck_method: auxprop
auxprop_plugin: sasldb
sasldb_path: $folder/users
mech_list: PLAIN
END
    chown -R postfix "$folder"
}

# Postfix relays for whom it knows; that greenlane holds them to our names is what is tried here.
own_postfix_start() {
    local port
    port=$(net ports 1)
    submission_at=127.0.0.1:$port
    postfix_services="$submission_at inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o milter_macro_daemon_name=SUBMISSION"
    printf '%s OK\n' "$outbound" "$outbound_inside" "$inside" "$forwarding" > "$world/relaying.cidr"
    postfix_start "smtpd_sasl_local_domain = rx.example" "cyrus_sasl_config_path = $(postfix_conf)/sasl" \
        "smtpd_sasl_security_options = noanonymous" "broken_sasl_auth_clients = no" \
        "smtpd_recipient_restrictions = check_client_access cidr:$world/relaying.cidr, reject_unauth_destination" \
        "smtpd_relay_restrictions =" "default_transport = discard:outside"
    wait_for net open "$submission_at" || die "no submission port" "$world/postfix/maillog"
}

make_mail() {
    local boss='The Boss <boss@rx.example>' noreply='Service Desk <noreply@rx.example>'
    cd "$world/msg" || exit 99
    letter boss "$boss" > boss.eml
    letter boss-signed "$boss" | sign_own mail > boss-signed.eml
    letter ticket "$noreply" > ticket.eml
    letter ticket-signed "$noreply" | sign_own pd1 > ticket-signed.eml
    letter ticket-other-key "$noreply" | sign_own pd2 > ticket-other-key.eml
    letter foreign "$stranger" > foreign.eml
    letter msp "Our MSP <tickets@msp.example>" > msp.eml
    letter list "$boss" "List-Id: <all.lists.example>" "Sender: all-bounces@lists.example" > list.eml
    letter list-signed "$boss" | sign_own mail | sed '1i List-Id: <all.lists.example>' > list-signed.eml
    sed 's/493 027/&\n-- \nYou get this because you are on a list/' list-signed.eml > list-altered.eml
    "$(signmail)" --key "$world/keys/l1.pem" --d lists.example --s l1 < list-altered.eml > list-sealed.eml
    letter desk "$desk" | sign_rsa | sed '1i List-Id: <all.lists.example>
        s/493 027/& and a footer/' > desk-altered.eml
    letter forged "$desk" > forged.eml
    cd "$top" || exit 99
}

# ---- Mimecast's page: authorised outbound addresses -------------------------------------------

outbound_story() {
    post $forger boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '451 4\.7\.1 Open relay not allowed' "forged defer own own-unproven" "our name from an unlisted address"
    like "$answer" '[Aa]uthenticat' "the refusal tells of authentication"
    has client $forger "the log has the address"
    post $forger bulk@stranger.example helpdesk@rx.example "$world/msg/boss.eml"
    told '451 4\.7\.1 Open relay not allowed' "forged defer own own-unproven" "our name as the author alone"
    post $forger boss@rx.example helpdesk@rx.example "$world/msg/foreign.eml"
    told '451 4\.7\.1 Open relay not allowed' "forged defer own own-unproven" "our name in the envelope alone"

    post $outbound boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '250 ' "vouched pass own authorised-outbound" "our name from an authorised outbound address, at the first try"
    has greylist off "no greylist is asked"
    post $outbound boss@rx.example someone@outside.example "$world/msg/boss.eml"
    told '250 ' "vouched pass own authorised-outbound" "the same to somebody outside"
    wait_for grep -q 'to=<someone@outside.example>.*status=sent' "$world/postfix/maillog"
    ok $? "and Postfix sends it on"

    post $outbound eve@stranger.example someone@outside.example "$world/msg/foreign.eml"
    told '554 5\.7\.1 ' "stranger reject own relaying" "an outside sender to an outside recipient from there"
    post $outbound eve@stranger.example helpdesk@rx.example "$world/msg/foreign.eml"
    like "$answer" '^250 ' "an outside sender to us from there is not kept waiting"
    has greylist off "for an outbound host is never greylisted"
    post $outbound '' someone@outside.example "$world/msg/boss.eml"
    like "$answer" '^250 ' "the null sender passes: a bounce of ours"
    post $forwarding eve@stranger.example someone@outside.example "$world/msg/foreign.eml"
    like "$answer" '^250 ' "a host in own.may_forward may send as anybody"
    post $forwarding boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '250 ' "vouched pass own authorised-outbound" "and as us"

    post $inside eve@stranger.example someone@outside.example "$world/msg/foreign.eml"
    told '250 ' "exempt pass - own-network" "a host of own.networks is exempt"
    post $outbound_inside eve@stranger.example someone@outside.example "$world/msg/foreign.eml"
    told '554 5\.7\.1 ' "stranger reject own relaying" "an outbound address inside own.networks is held to our names"
    post $outbound_inside boss@rx.example someone@outside.example "$world/msg/boss.eml"
    told '250 ' "exempt pass - own-network" "and may send as us"
}

# A message to two, of which one is outside: only that one is refused.
relaying_story() {
    local steps replies
    mapfile -t steps < <(pretend $outbound host.example)
    replies=$(smtp "$smtp_at" "${steps[@]}" mail=eve@stranger.example rcpt=helpdesk@rx.example \
        rcpt=someone@outside.example "data=$world/msg/foreign.eml" quit)
    is "$(printf '%s\n' "$replies" | awk -F '\t' '$1 ~ /^(rcpt|dot)$/ { print $2 }' | tr '\n' ' ')" "250 554 250 " \
        "of an inside and an outside recipient only the outside one is refused"
}

# When an address was last used outlives the daemon.
status_story() {
    local status
    greenlaned_stop
    greenlaned_start
    status=$("$GREENLANE" -c "$world/greenlane.conf" status 2>&1)
    like "$status" "^outbound $outbound: last used $(date -u +%Y-%m-%d).* [0-9]+ mails" "status tells when $outbound was last used"
    like "$status" "$forwarding" "status shows who may forward" # alone there: not in own.outbound
}

# submit PASSWORD MAIL-FROM RCPT FILE: from the address submitter, with a login; sets answer and verdict.
submitter=$dynamic
submit() {
    local steps mark
    mark=$(log_length)
    mapfile -t steps < <(pretend $submitter laptop.example)
    smtp "$submission_at" "${steps[@]}" "auth=alice@rx.example:$1" "mail=$2" "rcpt=$3" "data=$4" quit > "$world/submit.out"
    answer=$(decided < "$world/submit.out")
    [ -n "$unjudged" ] || wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

submission_story() {
    unjudged=1 # Postfix refuses it by itself
    post $dynamic boss@rx.example someone@outside.example "$world/msg/boss.eml"
    unjudged=
    like "$answer" '^554 5\.7\.1 .*[Rr]elay access denied' "a dynamic address may not relay"
    submit 'open sesame' boss@rx.example someone@outside.example "$world/msg/boss.eml"
    told '250 ' "exempt pass - authenticated" "after a login from there our name passes"
    has client $dynamic "the log has the dynamic address"
    submit 'open sesame' boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '250 ' "exempt pass - authenticated" "to us, too"
    submitter=$outbound
    submit 'open sesame' boss@rx.example someone@outside.example "$world/msg/boss.eml"
    told '250 ' "exempt pass - authenticated" "an authorised outbound address may log in as well"
    submit 'open sesame' eve@stranger.example someone@outside.example "$world/msg/foreign.eml"
    told '554 5\.7\.1 ' "stranger reject own relaying" "and is held to our names all the same"
    submitter=$dynamic
    unjudged=1
    submit 'let me in' boss@rx.example someone@outside.example "$world/msg/boss.eml"
    like "$(cat "$world/submit.out")" '^auth	535' "a wrong password is no login"
    unjudged=
    like "$answer" '^554 ' "and nothing passes by it"
}

network_story() {
    local out mark
    cp "$world/greenlane.conf" "$world/good.conf"
    sed -i "s|outbound = [^;]*;|outbound = [ \"203.0.113.0/24\" ];|" "$world/greenlane.conf"
    out=$("$GREENLANE" -c "$world/greenlane.conf" check 2>&1)
    is $? 1 "a network in own.outbound: greenlane check exits 1"
    like "$out" 'greenlane\.conf:[0-9]+: .*own\.outbound' "it names the line and the key"
    like "$out" 'own\.networks' "and what to use instead"
    mark=$(log_length)
    kill -HUP "$greenlaned_pid"
    wait_for says "$mark" 'own\.outbound'
    ok $? "a reload says so"
    post $outbound boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '250 ' "vouched pass own authorised-outbound" "and keeps the old policy"
    out=$(timeout 120 "$GREENLANED" -c "$world/greenlane.conf" -f 2>&1)
    is $? 78 "greenlaned does not start with it"
    like "$out" 'own\.outbound' "and says why"
    cp "$world/good.conf" "$world/greenlane.conf"
}

reject_story() {
    configure 'on_forged = "reject";'
    post $forger boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '550 5\.7\.26 ' "forged reject own own-unproven" "on_forged = \"reject\": our name from an unlisted address"
    configure
}

proof_story() {
    post $forger bulk@stranger.example helpdesk@rx.example "$world/msg/boss-signed.eml"
    told '250 ' "vouched pass own proven-own" "our own signature proves it from anywhere"
    post $own_by_spf boss@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '250 ' "vouched pass own proven-own" "our own SPF proves a host that is in no vendor's sources"
}

# ---- vendors that send as us ------------------------------------------------------------------

# without a delegation
undelegated_story() {
    local mark pasted
    mark=$(log_length)
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '451 4\.7\.1 Open relay not allowed' "forged defer own undelegated-vendor" "a vendor's mail as us without a delegation"
    has delegation "paperdesk for rx.example" "the log line names the delegation"
    wait_for says "$mark" 'delegations = '
    ok $? "a notice has the delegation to write"
    pasted=$(tail -n "+$((mark + 1))" "$world/greenlaned.log" | grep -o 'delegations = ( {.*} );' | tail -n 1)
    configure '' "$pasted"
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "the notice, pasted into greenlane.conf, lets it pass"
    configure
    post $desk_host noreply@rx.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '451 4\.7\.1 ' "forged defer own undelegated-vendor" "its envelope under our name does not help: all its customers pass our SPF"
}

delegated_story() {
    configure '' "delegations = ( $delegation );"
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "delegated, listed and SPF of our domain passes, at the first try"
    has spf pass "and SPF of the vendor's envelope"
    post $desk_host noreply@rx.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "delegated, with our name in the envelope, too"
    post $desk_other_host noreply@rx.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "from another of the vendor's hosts, too"
    greenlaned_stop
    like "$(grep "$desk_other_host" "$world/state/usage")" '^listed spf:paperdesk\.example |^listed spf:_spf\.paperdesk\.example ' \
        "and the vendor's source counts as used"
    greenlaned_start
    post $forger noreply@rx.example helpdesk@rx.example "$world/msg/ticket-signed.eml"
    told '250 ' "vouched pass own proven-delegation" "delegated, by the vendor's key under our name, from any address"
    post $forger noreply@rx.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '451 4\.7\.1 ' "forged defer own outside-sources" "delegated, but from outside the vendor's sources"
    unlike "$verdict" 'delegation=' "no other delegation would help"
    post $forger noreply@rx.example helpdesk@rx.example "$world/msg/boss.eml"
    told '451 4\.7\.1 ' "forged defer own outside-sources" "the same as the boss"

    spf_of_desk=
    own_publish
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '451 4\.7\.1 ' "forged defer own own-spf-lacks-vendor" "delegated, but our SPF record lacks the vendor"
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket-signed.eml"
    told '250 ' "vouched pass own proven-delegation" "its signature does not need our SPF"
    spf_of_desk=include:_spf.paperdesk.example
    own_publish
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "with the record mended"
}

# A delegation to one address, a key that another vendor holds, a vendor of A records, somebody else's domain.
narrow_story() {
    configure '' 'delegations = (
        { vendor = "paperdesk"; domains = [ "noreply@rx.example" ]; selectors = [ "pd1" ]; vouch = [ "dkim", "listed+spf_from" ]; },
        { vendor = "nightwatch"; domains = [ "alerts@rx.example" ]; selectors = [ "pd2" ]; vouch = [ "dkim", "listed+spf_from" ]; } );' \
        'partners = ( { vendor = "paperdesk"; domains = [ "msp.example" ]; vouch = [ "listed+spf_from" ]; } );'
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/ticket.eml"
    told '250 ' "vouched pass own proven-delegation" "delegated for noreply@ alone: noreply@"
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/boss.eml"
    told '451 4\.7\.1 ' "forged defer own undelegated-vendor" "delegated for noreply@ alone: boss@"
    post $forger noreply@rx.example helpdesk@rx.example "$world/msg/ticket-other-key.eml"
    told '451 4\.7\.1 ' "forged defer own outside-sources" "the key of another vendor's delegation proves nothing for it"
    letter alert 'Night Watch <alerts@rx.example>' > "$world/msg/alert.eml"
    post 198.51.100.40 alert@nightwatch.example helpdesk@rx.example "$world/msg/alert.eml"
    told '250 ' "vouched pass own proven-delegation" "a vendor of A records that signs nothing"
    post $desk_host bounce@paperdesk.example helpdesk@rx.example "$world/msg/msp.eml"
    told '250 ' "vouched pass paperdesk proven" "a partner's domain, sent by the vendor that it names"
    post $desk_host tickets@msp.example helpdesk@rx.example "$world/msg/msp.eml"
    told '250 ' "vouched pass paperdesk proven-partner" "the same with the partner's own envelope"
    post $forger bounce@stranger.example helpdesk@rx.example "$world/msg/msp.eml"
    told '451 4\.7\.1 greylisted' "stranger greylist - no-claim" "the same from elsewhere"
    configure
}

# ---- mailing lists ----------------------------------------------------------------------------

list_story() {
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/list-signed.eml"
    told '250 ' "vouched pass own proven-own" "our own signature survives a mailing list"
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/list-altered.eml"
    told '451 4\.7\.1 Open relay' "forged defer own own-unproven" "a list that nobody has named, with a footer; List-Id is there"
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/desk-altered.eml"
    told '550 5\.7\.26 ' "forged reject deskhelp nothing-proven" "a vendor's mail by that list, its signature broken"

    configure 'lists = [ "lists.example" ];'
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/list-altered.eml"
    like "$answer" '^451 4\.7\.1 greylisted' "a list of own.lists, known by its SPF: it waits as a stranger"
    logged_as "unproven greylist own known-list" "it is not vouched"
    post $list_host all-bounces@lists.example desk2@rx.example "$world/msg/desk-altered.eml"
    like "$answer" '^451 4\.7\.1 greylisted' "a vendor's mail by that list waits as well, and is not refused"
    logged_as "unproven greylist deskhelp known-list" "for the same reason"
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/list-signed.eml"
    told '250 ' "vouched pass own proven-own" "a signature that survives vouches as ever"
    post $forger bulk@stranger.example helpdesk@rx.example "$world/msg/list.eml"
    told '451 4\.7\.1 Open relay' "forged defer own own-unproven" "List-Id alone helps nobody"
    post $forger all-bounces@lists.example helpdesk@rx.example "$world/msg/list.eml"
    told '451 4\.7\.1 Open relay' "forged defer own own-unproven" "the list's name in the envelope does not, where SPF fails"
    post $dynamic bulk@stranger.example desk3@rx.example "$world/msg/list-sealed.eml"
    like "$answer" '^451 4\.7\.1 greylisted' "a list that is known by its own signature, from wherever"
    has reason known-list "the log says so"
    sleep 3 # sleeps: greylist.delay is two seconds
    post $list_host all-bounces@lists.example helpdesk@rx.example "$world/msg/list-altered.eml"
    told '250 ' "unproven pass own known-list" "the list's second try, unvouched"
    configure
}

# ---- exceptions -------------------------------------------------------------------------------

# to_both MAIL-FROM FILE: abuse@ first, then helpdesk@; prints the codes of both and of the message.
to_both() {
    local steps
    mapfile -t steps < <(pretend $forger host.example)
    smtp "$smtp_at" "${steps[@]}" "mail=$1" rcpt=abuse@rx.example rcpt=helpdesk@rx.example "data=$2" quit |
        tee "$world/both.out" | awk -F '\t' '$1 ~ /^(rcpt|dot)$/ { printf "%s%s", blank, $2; blank = " " }'
}

exception_story() {
    configure '' 'exceptions = ( { rcpt = "abuse@rx.example"; vendor = "deskhelp"; mode = "monitor"; },
        { rcpt = "abuse@rx.example"; vendor = "own"; mode = "monitor"; } );'
    post $forger bulk@stranger.example helpdesk@rx.example "$world/msg/forged.eml"
    told '550 5\.7\.26 ' "forged reject deskhelp nothing-proven" "a forgery to anybody"
    post $forger bulk@stranger.example abuse@rx.example "$world/msg/forged.eml"
    told '250 ' "forged pass deskhelp nothing-proven" "a forgery to the abuse desk, which wants it"
    has would reject "the log tells what others get"
    post $forger boss@rx.example abuse@rx.example "$world/msg/boss.eml"
    told '250 ' "forged pass own own-unproven" "our own name forged, to the abuse desk"
    is "$(to_both bulk@stranger.example "$world/msg/forged.eml")" "250 250 550" \
        "to both, claimed by the author: the softer mode is for the abuse desk alone"
    is "$(to_both bounce@deskhelp.example "$world/msg/forged.eml")" "250 452 250" \
        "to both, claimed by the envelope: the second recipient is to come again, the first has it"
    like "$(cat "$world/both.out")" '^rcpt	452	4\.5\.3 ' "by 452 4.5.3"
    post $forger bounce@deskhelp.example helpdesk@rx.example "$world/msg/forged.eml"
    told '550 5\.7\.26 ' "forged reject deskhelp nothing-proven" "and comes again alone"
    configure
}

own_prepare
make_mail
sasl_prepare
as_lines ''
own_config "${lines[@]}"
greenlaned_start
own_postfix_start
outbound_story
relaying_story
submission_story
network_story
reject_story
proof_story
undelegated_story
delegated_story
narrow_story
list_story
exception_story
status_story
postfix_is_content
[ $tap_failed -eq 0 ] || tail -n 60 "$world/greenlaned.log" | sed 's/^/# /'
tap_done
