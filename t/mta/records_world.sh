# records_world.sh - records and mail logs of a real Postfix, made of mail of every outcome.
#
# For bash scripts, sourced after lib.sh and demo.sh. records_make N leaves in $world
#   log/verdicts.jsonl    the records of N messages and of their retries
#   greenlaned.log        the same verdicts as log lines
#   kinds.tsv             kind, outcome and action expected at the first try, client, Message-ID of each message
# and records_forms DIR writes these as the logs of a host: see records_forms. The kinds are in records.py. Beside the demo
# vendors there are:
#   plant        its networks are in the policy; they alone vouch for it
#   dead         its DNS does not answer
#   quiet        is only watched (mode monitor)
#   lenient      refuses nothing (on_forged = "tag")
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

records_serial=1
records_desk='ip4:192.0.2.0/25 ip6:2001:db8:10::/64' # what deskhelp publishes; a story moves it
records_night=198.51.100.40                          # and where nightwatch's uk mailers are
plant_networks='"203.0.113.128/26", "198.51.100.224/28"'

records_zone() {
    cat <<END
\$TTL 300
. SOA ns.rx.example. hostmaster.rx.example. $records_serial 3600 600 86400 60
. NS ns.rx.example.
ns.rx.example. A 127.0.0.1
serial$records_serial.rx.example. TXT up

deskhelp.example. TXT "v=spf1 include:_spf.deskhelp.example -all"
mail10.deskhelp.example. A 192.0.2.10
_spf.deskhelp.example. 1 TXT "v=spf1 $records_desk -all"
_dmarc.deskhelp.example. TXT "v=DMARC1; p=reject"
s1._domainkey.deskhelp.example. TXT $(zone_text < "$world/keys/rsa.txt")
e1._domainkey.deskhelp.example. TXT $(zone_text < "$world/keys/ed25519.txt")
nightwatch.example. TXT "v=spf1 a:uk.mailers.nightwatch.example -all"
uk.mailers.nightwatch.example. 1 A $records_night
plant.example. TXT "v=spf1 -all"
quiet.example. TXT "v=spf1 ip4:192.0.2.200 -all"
lenient.example. TXT "v=spf1 ip4:192.0.2.210 -all"
dead.example. NS ns.dead.example.
ns.dead.example. A 127.0.0.9
stranger.example. TXT "v=spf1 ip4:203.0.113.0/25 -all"
code.example. TXT "v=spf1 ip4:203.0.113.0/25 -all"
_dmarc.code.example. TXT "v=DMARC1; p=none"
bank.example. TXT "v=spf1 ip4:192.0.2.220 -all"
_dmarc.bank.example. TXT "v=DMARC1; p=reject"
shop.example. TXT "v=spf1 ip4:192.0.2.221 -all"
_dmarc.shop.example. TXT "v=DMARC1; p=quarantine"
test.example. TXT "v=spf1 ip4:192.0.2.222 -all"
_dmarc.test.example. TXT "v=DMARC1; p=reject; t=y"
rx.example. TXT "v=spf1 ip4:203.0.113.25 include:_spf.deskhelp.example -all"
_dmarc.rx.example. TXT "v=DMARC1; p=quarantine"
END
}

# records_publish: the zone as the variables say now, served when this returns.
records_publish() {
    records_serial=$((records_serial + 1))
    records_zone > "$world/dns/root.zone"
    kill -HUP "$nsd_pid"
    wait_for net txt "$dns_at" "$dns_port" "serial$records_serial.rx.example" ||
        die "nsd does not reload" "$world/dns/nsd.log"
}

records_vendor() { # NAME KEY...
    local name=$1
    shift
    printf 'vendor = { name = "%s"; domains = [ "%s.example" ]; %s };\n' "$name" "$name" "$*" > "$world/vendors/$name.conf"
}

records_plant() { # DIRECTORY NETWORKS
    printf 'vendor = { name = "plant"; domains = [ "plant.example" ]; dkim = [ ]; vouch = [ "listed" ];
  sources = ( { cidr = [ %s ]; exclusive = true; } ); };\n' "$2" > "$1/plant.conf"
}

records_vendors() {
    demo_vendors
    records_plant "$world/vendors" "$plant_networks"
    records_vendor dead 'dkim = [ ]; vouch = [ "listed+spf" ]; sources = ( { a = "out.dead.example"; } );'
    records_vendor quiet 'dkim = [ ]; mode = "monitor"; vouch = [ "listed+spf" ]; sources = ( { cidr = [ "192.0.2.200" ]; } );'
    records_vendor lenient 'dkim = [ ]; on_forged = "tag"; vouch = [ "listed+spf" ]; sources = ( { cidr = [ "192.0.2.210" ]; } );'
}

records_config() {
    demo_config 'own = { domains = [ "rx.example" ]; outbound = [ "203.0.113.25" ]; networks = [ "198.51.100.160/28" ]; };' \
        'delegations = ( { vendor = "deskhelp"; domains = [ "rx.example" ]; vouch = [ "dkim", "listed+spf_from" ]; } );' \
        'relays = ( { name = "backup-mx"; kind = "gateway"; networks = [ "198.51.100.5" ]; },
            { name = "uni"; kind = "forwarder"; networks = [ "198.51.100.6" ]; } );' \
        'exceptions = ( { rcpt = "abuse@rx.example"; vendor = "deskhelp"; mode = "monitor"; } );' \
        'strangers = { dmarc = "reject"; };' 'refresh = { min = "1s"; };'
    sed -i 's/^  { name = "nightwatch".*/&,\n  { name = "plant"; }, { name = "dead"; }, { name = "quiet"; }, { name = "lenient"; }/' \
        "$world/greenlane.conf"
}

# records_start: DNS, greenlaned and Postfix.
records_start() {
    local sign
    sign=$(signmail) || die "signmail does not compile"
    mkdir -p "$world/msg" "$world/keys"
    "$sign" --make-key rsa "$world/keys/rsa.pem" > "$world/keys/rsa.txt" || die "cannot make an RSA key"
    "$sign" --make-key ed25519 "$world/keys/ed25519.pem" > "$world/keys/ed25519.txt" || die "cannot make an Ed25519 key"
    records_zone > "$world/root.zone"
    nsd_start "$world/root.zone"
    records_vendors
    records_config
    greenlaned_start
    # a session pretends one client after the other, and each must be allowed to
    postfix_start "smtpd_authorized_xclient_hosts = 0.0.0.0/0, [::]/0"
}

# records_make N [SEED]: sends N messages of every kind in turn, and each that was told to come again once more.
records_make() {
    /usr/bin/python3 "$top/t/mta/records.py" send "$smtp_at" "$1" "$world" "$(signmail)" "${2:-1}" > "$world/kinds.tsv" ||
        die "the messages were not sent" "$world/greenlaned.log"
    wait_for records_all_there || die "not all verdicts were logged" "$world/greenlaned.log"
}

# Each message that was sent has its record and its line; both are written by threads.
records_all_there() {
    local wanted
    wanted=$(cat "$world/sent.count") &&
        [ "$(wc -l < "$world/log/verdicts.jsonl")" -ge "$wanted" ] && [ "$(grep -c 'id=' "$world/greenlaned.log")" -ge "$wanted" ]
}

# records_forms DIR: the same verdicts as mail logs of a host, among the lines of Postfix:
#   iso.log old.log short.log journal.json   rsyslog's form, the one without a year, journalctl -o short-iso and -o json
#   iso.log.gz old.log.zst short.log.zst journal.json.gz records.jsonl records.jsonl.gz records.jsonl.zst
records_forms() {
    mkdir -p "$1"
    /usr/bin/python3 "$top/t/mta/records.py" forms "$world/greenlaned.log" "$world/postfix/maillog" "$1" || die "no forms"
    cp "$world/log/verdicts.jsonl" "$1/records.jsonl"
    gzip -kf "$1/iso.log" "$1/journal.json" "$1/records.jsonl"
    zstd -qf "$1/old.log" "$1/short.log" "$1/records.jsonl"
}
