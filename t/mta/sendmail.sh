#!/bin/bash
# sendmail.sh - the three outcomes on a real Sendmail: vouched passes, forged is refused, a stranger waits.
#
# TAP. Must be run as root. Sendmail's package conflicts with Postfix's, so it is unpacked into the
# private folder (apt-get download, or the .deb files in the folder SENDMAIL_DEBS). It has no XCLIENT:
# all runs in a network namespace of its own, where the clients' addresses stand on lo.

set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 99
. "$top/t/mta/lib.sh"
. "$top/t/mta/demo.sh"

packages="sendmail-bin sendmail-base sendmail-cf libwrap0 liblockfile1"
sendmail_root=

# ---- outside the namespace: fetch, unpack, go in ----------------------------------------------

fetch() {
    if [ -n "${SENDMAIL_DEBS:-}" ]; then
        cp "$SENDMAIL_DEBS"/*.deb "$1"
    else
        # shellcheck disable=SC2086
        (cd "$1" && apt-get -o APT::Sandbox::User=root -o Acquire::Retries=1 \
            -o Acquire::http::Timeout=10 download $packages)
    fi
}

# The set-gid bit goes: the loader would ignore the library path.
unpack() {
    local deb
    for deb in "$1"/*.deb; do
        dpkg -x "$deb" "$2" || return 1
    done
    chmod 755 "$2/usr/libexec/sendmail/sendmail"
}

outside() {
    [ "$(id -u)" -eq 0 ] || skip_all "Sendmail's network namespace needs root"
    absent=$(missing nsd setpriv unshare ip m4 /usr/bin/python3 dpkg apt-get) && skip_all "not installed: $absent"
    [ -x "$GREENLANED" ] || skip_all "$GREENLANED is not built"
    unshare -n -u -m true 2>/dev/null || skip_all "network namespaces are not allowed here"
    world_begin
    mkdir "$world/debs"
    fetch "$world/debs" > "$world/fetch.log" 2>&1 || skip_all "Sendmail's .deb files cannot be had"
    unpack "$world/debs" "$world/root" > "$world/fetch.log" 2>&1 || die "dpkg -x" "$world/fetch.log"
    unshare -n -u -m bash "$0" --inside "$world/root" &
    remember $!
    wait $!
}

# ---- inside -----------------------------------------------------------------------------------

sendmail_mc() {
    cat <<END
divert(0)dnl
VERSIONID(\`greenlane test')
OSTYPE(\`linux')
define(\`confDOMAIN_NAME', \`mx.rx.example')
define(\`QUEUE_DIR', \`$world/queue')
define(\`confPID_FILE', \`$world/sendmail.pid')
define(\`STATUS_FILE', \`$world/statistics')
define(\`ALIAS_FILE', \`')
define(\`HELP_FILE', \`')
define(\`confSERVICE_SWITCH_FILE', \`$world/service.switch')
define(\`confTO_IDENT', \`0')
define(\`confDELIVERY_MODE', \`queueonly')
define(\`confDONT_BLAME_SENDMAIL', \`GroupWritableDirPathSafe,WorldWritableIncludeFile')
define(\`confPRIVACY_FLAGS', \`goaway')
FEATURE(\`nocanonify')
FEATURE(\`accept_unresolvable_domains')
FEATURE(\`accept_unqualified_senders')
FEATURE(\`no_default_msa')
DAEMON_OPTIONS(\`Name=MTA, Family=inet, Addr=127.0.0.1, Port=2525')
DAEMON_OPTIONS(\`Name=MTA6, Family=inet6, Addr=::1, Port=2525')
RELAY_DOMAIN(\`rx.example')
$(cat "$top/contrib/sendmail/greenlane.mc")
MAILER(\`local')
MAILER(\`smtp')
END
}

# An unqualified host name would make it sleep a minute before it listens.
sendmail_start() {
    local cf=$sendmail_root/usr/share/sendmail/cf
    hostname mx.rx.example
    mkdir -p "$world/queue"
    printf 'hosts files\naliases files\n' > "$world/service.switch"
    sendmail_mc > "$world/test.mc"
    m4 -D_CF_DIR_="$cf/" "$cf/m4/cf.m4" "$world/test.mc" > "$world/test.cf" 2> "$world/m4.log" ||
        die "m4" "$world/m4.log"
    sendmail_libs=$sendmail_root/lib/x86_64-linux-gnu:$sendmail_root/usr/lib/x86_64-linux-gnu
    LD_LIBRARY_PATH=$sendmail_libs \
        "$sendmail_root/usr/libexec/sendmail/sendmail" -bD -C "$world/test.cf" -X "$world/traffic.log" \
        > "$world/sendmail.log" 2>&1 &
    remember $!
    wait_for net open 127.0.0.1:2525 || die "Sendmail did not start" "$world/sendmail.log" "$world/m4.log"
}

# demo NAME: sends a demo mail from its client's own address and checks what demo_mail expects.
demo() {
    local mark server=127.0.0.1:2525 bits=32
    demo_mail "$1"
    demo_pause "$1"
    case $client in *:*) server='[::1]:2525' bits=128 ;; esac
    ip addr replace "$client/$bits" dev lo nodad 2>/dev/null || ip addr replace "$client/$bits" dev lo
    mark=$(log_length)
    answer=$(smtp -b "$client" "$server" banner "ehlo=$helo" "mail=$mail_from" "rcpt=$rcpt" \
        "data=$world/msg/$1.eml" quit | decided)
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
    like "$answer" "^${reply//./\\.}" "$title: $reply"
    is "$(field outcome "$verdict") $(field action "$verdict")" \
        "$outcome $action" "$title: $outcome, $action"
    is "$(field client "$verdict")" "$client" "$title: the log has the client's address"
}

# Sendmail asks its host's resolver for names, so /etc/hosts in here knows one; our DNS knows nothing of that address.
hosts_know() {
    printf '127.0.0.1 localhost\n%s\n' "$1" > "$world/hosts"
    mount --bind "$world/hosts" /etc/hosts || die "/etc/hosts cannot be replaced"
}

name_story() {
    local mark names
    demo_mail by-its-name
    client=198.51.100.67
    ip addr replace $client/32 dev lo
    mark=$(log_length)
    answer=$(smtp -b $client 127.0.0.1:2525 banner "ehlo=$helo" "mail=$mail_from" "rcpt=$rcpt" \
        "data=$world/msg/by-its-name.eml" quit | decided)
    wait_for logged "$mark"
    like "$answer" '^250 ' "the client's name is taken from Sendmail where it confirmed one"
    names=$(names_of "$(field id "$(verdicts_after "$mark" | tail -n 1)")")
    like "$names" '"by_mta":"mx7.out.towerbell.example","result":"-"' "nobody else was asked"
}

# odd MAIL FROM: what becomes of a mail whose sender and From Sendmail rewrites.
odd() {
    local mark
    demo_mail forged-author
    letter odd "$2" > "$world/msg/odd.eml"
    ip addr replace "$client/32" dev lo
    mark=$(log_length)
    smtp -b "$client" 127.0.0.1:2525 banner "ehlo=$helo" "raw=MAIL FROM:$1" "rcpt=$rcpt" "data=$world/msg/odd.eml" quit \
        > "$world/odd.out"
    wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
    is "$(field outcome "$verdict") $(field vendor "$verdict")" "forged deskhelp" "$3"
}

# Where Postfix refuses an address, Sendmail makes the vendor's of it.
odd_story() {
    odd "<$mail_from>" 'Desk Help <noreply@deskhelp example>' "a From to which Sendmail adds the vendor's dot is forged"
    odd "<$mail_from>" 'noreply@deskhelp(x)example' "also where a comment stands for it"
    odd '<bounce@deskhelp example>' "$stranger" "a sender to which Sendmail adds the dot is forged"
    odd '<bounce@deskhelp.example>eve@stranger.example' "$stranger" "a sender of which Sendmail takes what is in brackets is forged"
}

# The header that Sendmail queued: the H lines of the control file, with their flags.
queued_header() { grep -lsF "<$1@demo>" "$world"/queue/qf* | head -n 1 | xargs -r sed -n '/^H/,/^\./p' | grep -av '^H[^ ]*Return-Path:'; }

# ask KEY: what a ruleset would get from the map.
ask() {
    printf '/map greenlane %s\n' "$1" | LD_LIBRARY_PATH=$sendmail_libs \
        "$sendmail_root/usr/libexec/sendmail/sendmail" -bt -C "$world/test.cf" 2>&1
}

# Sendmail's own ruleset asks greenlaned whether it vouches; a greylister behind reads {greylist}.
map_story() {
    like "$(ask '192.0.2.10,<bounce@deskhelp.example>')" 'returns WHITE' \
        "the socket map says WHITE for a vendor's host and sender"
    like "$(ask 'IPv6:2001:db8:10::1,<bounce@deskhelp.example>')" 'returns WHITE' "also by IPv6"
    like "$(ask '203.0.113.66,<bounce@deskhelp.example>')" 'no match' "and nothing for a forger of that sender"
    like "$(ask '203.0.113.66,<eve@stranger.example>')" 'no match' "nor for a stranger"
}

inside() {
    local name head
    sendmail_root=$1
    world_begin
    ip link set lo up
    # the sockets stand where README and contrib/sendmail say, in a /run that only we see
    mount -t tmpfs -o mode=755 tmpfs /run || die "/run cannot be replaced"
    milter_listen=$(sed -n '/^### Sendmail/,/^## /s/^    milter = .*listen = "\([^"]*\)".*/\1/p' "$top/README.md")
    demo_prepare "$(sed -n 's/^dnl \(socketmap = .*};\)).*/\1/p' "$top/contrib/sendmail/greenlane.mc")"
    greenlaned_start
    hosts_know '198.51.100.67 mx7.out.towerbell.example'
    sendmail_start
    map_story
    name_story
    mail_from=bulk@stranger.example
    odd_story
    for name in genuine new-address by-its-name ipv6 dkim-only forged-author forged-name two-from-fields forged-results altered \
        null-sender unproven stranger stranger-again; do
        demo "$name"
    done
    head=$(queued_header genuine)
    like "$(printf '%s\n' "$head" | head -n 1)" 'Authentication-Results: mx\.rx\.example;' "our results stand on top"
    like "$head" 'x-greenlane=vouched policy\.vendor=deskhelp' "the header names the vendor"
    unlike "$(queued_header stranger-again)" 'x-greenlane=vouched' "a stranger's forged result of ours is gone"
    is "$(stat -c %h /run/greenlane/milter.sock /run/greenlane/socketmap.sock | sort -u)" 1 \
        "no socket of Sendmail's has a second name: it would not connect to it"
    greenlaned_stop
    demo_mail genuine
    answer=$(smtp -b 192.0.2.10 127.0.0.1:2525 banner "ehlo=$helo" "mail=$mail_from" | decided)
    like "$answer" '^4' "without greenlaned Sendmail defers (F=T)"
    [ $tap_failed -eq 0 ] || tail -n 40 "$world/greenlaned.log" "$world/sendmail.log" | sed 's/^/# /'
    tap_done
}

case ${1:-} in
--inside) inside "$2" ;;
*) outside ;;
esac
