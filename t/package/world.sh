# world.sh - names, a Postfix and mail for the scripts of this directory that send some. Sourced after lib.sh; bash, root.
#
# For a host of its own: it gives loopback the addresses that mail comes from, so that Postfix sees them as clients.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

vendor_address=192.0.2.10 stranger_address=203.0.113.66
world=$(mktemp -d /tmp/greenlane-package.XXXXXX)
chmod 755 "$world"
nsd_pid=
trap '[ -z "$nsd_pid" ] || kill "$nsd_pid" 2> /dev/null; rm -rf "$world"' EXIT

# dns_start PORT: the vendors of the sample and of README, and the forger's own domain, served at 127.0.0.1.
dns_start() {
    [ ! -d /run/systemd/system ] || systemctl stop -q nsd # the package's own
    cat > "$world/root.zone" <<'END'
$ORIGIN .
@ 60 SOA ns. admin. 1 3600 600 86400 60
@ 60 NS ns.
ns. 60 A 127.0.0.1
tickets.example. 60 TXT "v=spf1 ip4:192.0.2.0/28 -all"
tickets.example. 60 MX 10 mail.tickets.example.
mail.tickets.example. 60 A 192.0.2.20
_dmarc.tickets.example. 60 TXT "v=DMARC1; p=reject"
stranger.example. 60 TXT "v=spf1 ip4:203.0.113.0/24 -all"
stranger.example. 60 MX 10 mail.stranger.example.
mail.stranger.example. 60 A 203.0.113.66
autotask.net. 60 TXT "v=spf1 ip4:198.51.100.0/28 -all"
us._netblocks.mimecast.com. 60 TXT "v=spf1 ip4:198.51.100.16/28 -all"
uk.mailers.system-monitor.com. 60 A 198.51.100.40
rx.example. 60 MX 10 mx.rx.example.
mx.rx.example. 60 A 127.0.0.1
END
    cat > "$world/nsd.conf" <<END
server:
    ip-address: 127.0.0.1@$1
    server-count: 1
    chroot: ""
    zonesdir: "$world"
    pidfile: ""
    logfile: "$world/nsd.log"
    zonelistfile: "$world/zone.list"
    xfrdfile: ""
    xfrdir: "$world"
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
END
    chown -R nsd "$world"
    nsd -d -c "$world/nsd.conf" > "$world/nsd.out" 2>&1 &
    nsd_pid=$!
    until_true /usr/bin/python3 "$here/../mta/net.py" dns 127.0.0.1 "$1" .
}

addresses_add() {
    ip addr replace $vendor_address/32 dev lo
    ip addr replace $stranger_address/32 dev lo
}

# For tests alone: mail for rx.example is taken and thrown away.
postfix_prepare() {
    postconf -e "mydestination =" "relay_domains = rx.example" "transport_maps = static:discard:" "mynetworks = 127.0.0.0/8" \
        "smtpd_peername_lookup = no" "inet_interfaces = all" "smtpd_recipient_restrictions = reject_unauth_destination"
}

# letter FROM ID
letter() {
    printf 'From: %s\nTo: helpdesk@rx.example\nSubject: Your code\nDate: %s\nMessage-ID: <%s@test>\n\n493 027\n' \
        "$1" "$(date -R)" "$2"
}

# send ADDRESS MAIL-FROM FROM: the reply that decided.
mails=0
send() {
    mails=$((mails + 1))
    letter "$3" "$mails.$$" > "$world/letter"
    /usr/bin/python3 "$here/../mta/smtp.py" -b "$1" 127.0.0.1:25 banner "ehlo=mail.${2##*@}" "mail=$2" rcpt=helpdesk@rx.example \
        "data=$world/letter" quit |
        awk -F '\t' '$1 ~ /^(mail|rcpt|data|dot)$/ && !found && ($2 == "---" || $2 >= 400 || $1 == "dot") { print $2 " " $3; found = 1 }'
}
genuine() { send $vendor_address bounce@tickets.example 'Tickets <noreply@tickets.example>'; }
forged() { send $stranger_address eve@stranger.example 'Tickets <noreply@tickets.example>'; }

# like GOT PATTERN NAME
like() {
    grep -qE -- "$2" <<< "$1"
    ok $? "$3"
    grep -qE -- "$2" <<< "$1" || printf "got '%s'\n" "$1" | sed 's/^/# /'
}
