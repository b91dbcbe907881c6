# own_world.sh - our own names beside the demo vendors: our zone, our keys, vendors that send as us, hosts of ours.
#
# For bash scripts, sourced after lib.sh and demo.sh. rx.example is ours: SPF, a key of ours (mail), keys that
# two vendors hold (pd1, pd2), DMARC. Beside demo.sh's vendors:
#   paperdesk   writes as its customers; publishes an SPF include that they add (198.51.100.64/28); signs for
#               them with keys of their own names, but nothing in its own
#   cloudfilter a gateway product: its hosts, by A records a territory, stand in front of us
# and hosts:
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

outbound=203.0.113.25         # ours: may send as us
outbound_inside=198.51.100.5  # the same, inside own.networks
inside=198.51.100.6           # a host in own.networks
forwarding=203.0.113.26       # ours: may send as anybody
own_by_spf=198.51.100.200     # only our SPF record knows it
desk_host=198.51.100.65       # paperdesk's
desk_other_host=198.51.100.70 # and another, which sends under our name alone
list_host=192.0.2.150         # of the mailing lists of lists.example
dynamic=203.0.113.77          # somebody's laptop
forger=203.0.113.66

# What our SPF record holds for paperdesk; a story takes it away.
spf_of_desk=include:_spf.paperdesk.example

range_of_desk= # further terms of paperdesk's own SPF record

zone_serial=1
unjudged= # set: no line of the log is waited for

make_own_keys() {
    local key sign
    sign=$(signmail) || die "signmail does not compile"
    for key in mail pd1 pd2 l1; do
        "$sign" --make-key rsa "$world/keys/$key.pem" > "$world/keys/$key.txt" || die "cannot make the key $key"
    done
}

# Our own names live for a second only: a story changes them.
own_zone() {
    local key
    printf 'serial%d.rx.example. TXT up\n' "$zone_serial"
    printf 'rx.example. 1 TXT "v=spf1 ip4:%s ip4:%s %s a:uk.mailers.nightwatch.example -all"\n' \
        $outbound $own_by_spf "$spf_of_desk"
    for key in mail pd1 pd2; do
        printf '%s._domainkey.rx.example. TXT %s\n' $key "$(zone_text < "$world/keys/$key.txt")"
    done
    cat <<END
rx.example. 1 MX 10 mx.rx.example.
mx.rx.example. A 127.0.0.1
_dmarc.rx.example. TXT "v=DMARC1; p=quarantine"
_spf.paperdesk.example. TXT "v=spf1 ip4:198.51.100.64/28 $range_of_desk -all"
paperdesk.example. TXT "v=spf1 include:_spf.paperdesk.example -all"
lists.example. TXT "v=spf1 ip4:$list_host -all"
l1._domainkey.lists.example. TXT $(zone_text < "$world/keys/l1.txt")
out.cloudfilter.example. A 127.0.0.2
out.cloudfilter.example. A 127.0.0.12
us.cloudfilter.example. A 192.0.2.99
msp.example. TXT "v=spf1 include:_spf.paperdesk.example -all"
END
}

own_vendors() {
    demo_vendors
    cat > "$world/vendors/paperdesk.conf" <<'END'
vendor = {
  name    = "paperdesk";
  title   = "Paper Desk, a demo service desk that writes as its customers";
  domains = [ "paperdesk.example" ];
  dkim    = [ ];
  vouch   = [ "listed+spf" ];
  sources = ( { spf = "_spf.paperdesk.example"; } );
};
END
    cat > "$world/vendors/cloudfilter.conf" <<'END'
vendor = {
  name    = "cloudfilter";
  title   = "Cloud Filter, a demo gateway whose addresses move";
  kind    = "gateway";
  domains = [ "cloudfilter.example" ];
  dkim    = [ ];
  vouch   = [ "listed+spf" ];
  sources = (
    { a = "out.cloudfilter.example"; tags = [ "eu" ]; },
    { a = "us.cloudfilter.example"; tags = [ "us" ]; }
  );
};
END
}

# own_config [LINE...]: greenlane.conf with further lines, paperdesk among the vendors, and those of the variable
# further_vendors, each as ", { ... }".
further_vendors=
own_config() {
    demo_config "$@"
    sed -i 's/^  { name = "nightwatch".*/&,\n  { name = "paperdesk"; }'"$further_vendors/" "$world/greenlane.conf"
}

# own_prepare: the folder's files and DNS; greenlane.conf is the script's.
own_prepare() {
    mkdir -p "$world/msg"
    demo_zone > "$world/demo.zone"
    make_own_keys
    { cat "$world/demo.zone"; own_zone; } > "$world/root.zone"
    nsd_start "$world/root.zone"
    own_vendors
}

# own_publish: the zone as the variables say now. Waits until it is served and greenlaned's answers are old.
own_publish() {
    zone_serial=$((zone_serial + 1))
    { sed "s/ 1 3600 600 / $zone_serial 3600 600 /" "$world/demo.zone"; own_zone; } > "$world/dns/root.zone"
    kill -HUP "$nsd_pid"
    wait_for net txt "$dns_at" "$dns_port" "serial$zone_serial.rx.example" ||
        die "nsd does not reload" "$world/dns/nsd.log"
    sleep 2.2 # sleeps: the records' TTL is one second, and greenlaned counts whole ones
}

# own_reload [LINE...]: another greenlane.conf, in force when this returns.
own_reload() {
    own_config "$@"
    greenlaned_reload
}

# sign_own KEY: by one of the keys under our name; the same word is the selector.
sign_own() { "$(signmail)" --key "$world/keys/$1.pem" --d rx.example --s "$1"; }

# ---- what is said -----------------------------------------------------------------------------

# post CLIENT MAIL-FROM RCPT FILE: sends it; sets answer (the reply that decided) and verdict (the log line).
post() {
    local mark
    mark=$(log_length)
    answer=$(send "$1" "host.${1//:/-}.example" "$2" "$3" "$4" | decided)
    [ -n "$unjudged" ] || wait_for logged "$mark"
    verdict=$(verdicts_after "$mark" | tail -n 1)
}

# told REPLY "OUTCOME ACTION VENDOR REASON" NAME: how the last mail was answered, and what the log says of it.
told() {
    like "$answer" "^$1" "$3: $1"
    logged_as "$2" "$3"
}

logged_as() {
    local line='' key
    for key in outcome action vendor reason; do
        line="$line${line:+ }$(field $key "$verdict")"
    done
    is "$line" "$1" "$2: the log says $1"
}

# has KEY VALUE NAME: the last verdict's log line says so.
has() { is "$(field "$1" "$verdict")" "$2" "$3"; }
