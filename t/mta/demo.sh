# demo.sh - the demo vendors and strangers: their zone, keys, vendor files and mail.
#
# For bash scripts, sourced after lib.sh. Two vendors with files:
#   deskhelp    publishes an SPF include (192.0.2.0/25 and an IPv6 range), signs with RSA (s1, and
#               s2: the same key) and Ed25519 (e1), DMARC p=reject; its range is exclusive
#   nightwatch  publishes A records a territory, signs nothing, no DMARC; only territory "uk" is selected
# and two without, which greenlane.conf describes:
#   towerbell   publishes the names of its hosts, below out.towerbell.example, and signs nothing
#   memopad     a name and no more: its own signature, or SPF and DMARC, must prove it
# With demo_own=1 rx.example is ours: one authorised outbound address, and deskhelp may send in its name.
# and strangers under stranger.example, with SPF of their own that passes for 203.0.113.0/24.
# shellcheck shell=bash disable=SC2034,SC2154 # its variables are used, and set, by those who source it

demo_own=

# Quotes TXT data as strings of a zone file, at most 255 bytes each.
zone_text() { fold -w 200 | sed 's/.*/"&"/' | tr '\n' ' '; }

# An SPF record that makes libspf2 1.2.10 overrun its stack (CVE-2023-42118): one domain-spec of 127
# macros and more than 4,000 bytes.
overflow_record() {
    printf 'v=spf1 exists:'
    printf '%%{d}%.0s' $(seq 127)
    printf '%04200d.example -all' 0
}

demo_zone() {
    local sign rsa ed25519
    sign=$(signmail) || die "signmail does not compile"
    mkdir -p "$world/keys"
    rsa=$("$sign" --make-key rsa "$world/keys/rsa.pem") || die "cannot make an RSA key"
    ed25519=$("$sign" --make-key ed25519 "$world/keys/ed25519.pem") || die "cannot make an Ed25519 key"
    cat <<END
\$TTL 300
. SOA ns.rx.example. hostmaster.rx.example. 1 3600 600 86400 60
. NS ns.rx.example.
ns.rx.example. A 127.0.0.1

deskhelp.example. TXT "v=spf1 include:_spf.deskhelp.example -all"
deskhelp.example. MX 10 mail10.deskhelp.example.
mail10.deskhelp.example. A 192.0.2.10
_spf.deskhelp.example. TXT "v=spf1 ip4:192.0.2.0/25 ip6:2001:db8:10::/64 -all"
_dmarc.deskhelp.example. TXT "v=DMARC1; p=reject"
s1._domainkey.deskhelp.example. TXT $(printf '%s\n' "$rsa" | zone_text)
s2._domainkey.deskhelp.example. TXT $(printf '%s\n' "$rsa" | zone_text)
e1._domainkey.deskhelp.example. TXT $(printf '%s\n' "$ed25519" | zone_text)

nightwatch.example. TXT "v=spf1 a:uk.mailers.nightwatch.example a:us.mailers.nightwatch.example -all"
uk.mailers.nightwatch.example. A 198.51.100.40
uk.mailers.nightwatch.example. A 198.51.100.41
uk.mailers.nightwatch.example. AAAA 2001:db8:40::40
us.mailers.nightwatch.example. A 198.51.100.140

towerbell.example. TXT "v=spf1 ip4:198.51.100.64/27 -all"
mx1.out.towerbell.example. A 198.51.100.66
66.100.51.198.in-addr.arpa. PTR mx1.out.towerbell.example.
67.113.0.203.in-addr.arpa. PTR mx1.out.towerbell.example.

memopad.example. TXT "v=spf1 ip4:198.51.100.96/27 -all"
_dmarc.memopad.example. TXT "v=DMARC1; p=none"

stranger.example. TXT "v=spf1 ip4:203.0.113.0/24 -all"
stranger.example. MX 10 mail.stranger.example.
mail.stranger.example. A 203.0.113.66

overflow.example. TXT $(overflow_record | zone_text)
END
    [ -z "$demo_own" ] ||
        echo 'rx.example. TXT "v=spf1 ip4:203.0.113.25 include:_spf.deskhelp.example a:uk.mailers.nightwatch.example -all"'
}

demo_vendors() {
    mkdir -p "$world/vendors"
    cat > "$world/vendors/deskhelp.conf" <<'END'
vendor = {
  name    = "deskhelp";
  title   = "Desk Help, a demo ticket system";
  domains = [ "deskhelp.example" ];
  sources = ( { spf = "_spf.deskhelp.example"; exclusive = true; } );
};
END
    cat > "$world/vendors/nightwatch.conf" <<'END'
vendor = {
  name    = "nightwatch";
  title   = "Night Watch, a demo monitoring system";
  domains = [ "nightwatch.example" ];
  dkim    = [ ];
  vouch   = [ "listed+spf" ];
  sources = (
    { a = "uk.mailers.nightwatch.example"; tags = [ "uk" ]; },
    { a = "us.mailers.nightwatch.example"; tags = [ "us" ]; }
  );
};
END
}

# demo_config [LINE...]: greenlane.conf, with further lines of it. Short delays: nobody wants to wait.
demo_config() {
    cat > "$world/greenlane.conf" <<END
authserv_id = "mx.rx.example";
mode        = "enforce";
user        = "nobody";
state_dir   = "$world/state";
milter      = { listen = "$(milter_at)"; group = "postfix"; deadline = "20s"; };
control     = { listen = "unix:$world/run/control.sock"; };
dns         = { servers = [ "$dns_at@$dns_port" ]; timeout = "5s"; };
log         = { facility = "mail"; record = "$world/log/verdicts.jsonl"; };
greylist    = { store = "lmdb:$world/state/greylist"; delay = "2s"; };
vendor_path = [ "$world/vendors" ];
vendors = (
  { name = "deskhelp"; },
  { name = "towerbell"; inline = true; mode = "enforce"; domains = [ "towerbell.example" ]; dkim = [ ];
    vouch = [ "listed+spf" ]; sources = ( { host = ".out.towerbell.example"; exclusive = true; } ); },
  { name = "memopad"; inline = true; domains = [ "memopad.example" ]; },
  { name = "nightwatch"; tags = [ "uk" ]; }
);
END
    [ -z "$demo_own" ] || cat >> "$world/greenlane.conf" <<'END'
own = { domains = [ "rx.example" ]; outbound = [ "203.0.113.25" ]; };
delegations = ( { vendor = "deskhelp"; domains = [ "rx.example" ]; vouch = [ "dkim", "listed+spf_from" ]; } );
END
    printf '%s\n' "$@" >> "$world/greenlane.conf"
}

# demo_prepare [LINE...]: DNS and all files, with further lines of greenlane.conf.
demo_prepare() {
    mkdir -p "$world/msg"
    demo_zone > "$world/root.zone"
    nsd_start "$world/root.zone"
    demo_vendors
    demo_config "$@"
}

# demo_start [LINE...]: the whole world.
demo_start() {
    demo_prepare "$@"
    greenlaned_start
    postfix_start
}

# letter ID FROM [FIELD...]: the text of a message. Its Message-ID is ID@demo; FROM is the whole
# From field body; a FIELD is a whole header line, put on top.
letter() {
    local id=$1 from=$2
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@"
    cat <<END
From: $from
To: helpdesk@rx.example
Subject: Ticket T20261121.0042 has a new note
Date: $(LC_ALL=C date -R)
Message-ID: <$id@demo>
MIME-Version: 1.0
Content-Type: text/plain; charset=us-ascii

A note was added to ticket T20261121.0042.
Your one-time code is 493 027; it expires in ten minutes.
END
}

sign_rsa() { "$(signmail)" --key "$world/keys/rsa.pem" --d deskhelp.example --s "${1:-s1}"; }
sign_ed25519() { "$(signmail)" --key "$world/keys/ed25519.pem" --d deskhelp.example --s e1 --a ed25519-sha256; }

desk='Desk Help <noreply@deskhelp.example>'
stranger='Eve <eve@stranger.example>'
vendor_helo=mail10.deskhelp.example
stranger_helo=mail.stranger.example
fake_results='Authentication-Results: mx.rx.example; spf=pass smtp.mailfrom=deskhelp.example; dkim=pass header.d=deskhelp.example'

# The mails in the order in which they are told.
demo_mails="genuine new-address by-a-record by-its-name without-a-file ipv6 dkim-only dkim-ed25519
    forged-author forged-envelope forged-name two-from-fields beside-a-stranger unreadable-from forged-results
    altered null-sender unproven encoded-name lookalike helo-only stranger stranger-again"

# What uses our own name; with demo_own=1 only.
demo_own_mails="own-forged own-outbound own-delegated own-undelegated"

# demo_mail NAME: writes $world/msg/NAME.eml and sets
#   title client helo mail_from rcpt    what is sent, and how
#   reply outcome action                what is expected: the reply's start, words of the log
demo_mail() {
    local file=$world/msg/$1.eml
    rcpt=helpdesk@rx.example mail_from=bounce@deskhelp.example helo=$vendor_helo client=192.0.2.10
    reply='250 2.0.0 ' outcome=vouched action=pass
    case $1 in
    genuine)
        title="vendor mail, signed, from an address that the vendor has long used"
        letter "$1" "$desk" | sign_rsa ;;
    new-address)
        title="vendor mail, unsigned, from an address never seen before, inside the vendor's range"
        client=192.0.2.99 helo=mail99.deskhelp.example
        letter "$1" "$desk" ;;
    by-a-record)
        title="a vendor that signs nothing, from a host its A record names"
        client=198.51.100.41 helo=uk.mailers.nightwatch.example mail_from=alert@nightwatch.example
        letter "$1" 'Night Watch <alert@nightwatch.example>' ;;
    by-its-name)
        title="a vendor that publishes the names of its hosts: the client's is one of them, forward and back"
        client=198.51.100.66 helo=mx1.out.towerbell.example mail_from=alert@towerbell.example
        letter "$1" 'Tower Bell <alert@towerbell.example>' ;;
    without-a-file)
        title="a vendor without a file: one line names it, its SPF and DMARC prove it"
        client=198.51.100.98 helo=mail.memopad.example mail_from=note@memopad.example
        letter "$1" 'Memo Pad <note@memopad.example>' ;;
    ipv6)
        title="vendor mail from an IPv6 client in the vendor's range"
        client=2001:db8:10::25
        letter "$1" "$desk" | sign_rsa ;;
    dkim-only)
        title="vendor mail from an unlisted address; only the signature (RSA) supports it"
        client=198.51.100.20 helo=relay.cloud.example
        letter "$1" "$desk" | sign_rsa ;;
    dkim-ed25519)
        title="vendor mail from an unlisted address, signed with Ed25519"
        client=198.51.100.21 helo=relay.cloud.example
        letter "$1" "$desk" | sign_ed25519 ;;
    forged-*|two-from-fields|beside-a-stranger|unreadable-from|altered|null-sender)
        client=203.0.113.66 helo=$stranger_helo mail_from=bulk@stranger.example
        reply='550 5.7.26 ' outcome=forged action=reject
        forged_mail "$1" ;;
    unproven)
        title="from the vendor's own host, but with somebody else's envelope"
        client=198.51.100.40 helo=uk.mailers.nightwatch.example mail_from=news@stranger.example
        reply='451 4.7.1 greylisted' outcome=unproven action=greylist
        letter "$1" 'Night Watch <alert@nightwatch.example>' ;;
    encoded-name|lookalike|helo-only|stranger|stranger-again)
        client=203.0.113.66 helo=$stranger_helo mail_from=eve@stranger.example
        reply='451 4.7.1 greylisted' outcome=stranger action=greylist
        strange_mail "$1" ;;
    own-*) own_mail "$1" ;;
    *) die "no demo mail is called $1" ;;
    esac > "$file"
}

# What pretends to be the vendor. Sets as demo_mail does.
forged_mail() {
    case $1 in
    forged-author)
        title="forged: the vendor's From, the forger's own envelope and address (its SPF passes)"
        letter "$1" "$desk" ;;
    forged-envelope)
        title="forged: only the envelope names the vendor"
        mail_from=bounce@deskhelp.example
        letter "$1" "$stranger" ;;
    forged-name)
        title="forged: an address whose holder gives it the vendor's name; the vendor's zone does not know it"
        client=203.0.113.67
        letter "$1" 'Tower Bell <alert@towerbell.example>' ;;
    two-from-fields)
        title="forged: two From fields, the forger's first"
        letter "$1" "$desk" "From: $stranger" ;;
    beside-a-stranger)
        title="forged: a stranger beside the vendor in one From, signed, from the vendor's own range"
        client=192.0.2.10 helo=$vendor_helo mail_from=bounce@deskhelp.example
        letter "$1" "$desk, $stranger" | sign_rsa ;;
    unreadable-from)
        title="forged: a From that programs read differently"
        letter "$1" 'noreply@deskhelp.example <eve@stranger.example' ;;
    forged-results)
        title="forged: with an Authentication-Results of ours that says all is well"
        letter "$1" "$desk" "$fake_results" ;;
    altered)
        title="forged: a vendor's signed message with another text"
        client=198.51.100.20 mail_from=bounce@deskhelp.example
        letter "$1" "$desk" | sign_rsa | sed 's/493 027/111 111/' ;;
    null-sender)
        title="forged: the vendor's From under the null sender"
        mail_from=
        letter "$1" "$desk" ;;
    *) die "no forged mail is called $1" ;;
    esac
}

# Our own name, from outside.
own_mail() {
    client=203.0.113.66 helo=$stranger_helo mail_from=boss@rx.example
    reply='451 4.7.1 Open relay not allowed' outcome=forged action=defer
    case $1 in
    own-forged)
        title="our own name, from a host that may not use it" ;;
    own-outbound)
        title="our own name, from our own host outside: an authorised outbound address"
        client=203.0.113.25 helo=branch.rx.example reply='250 2.0.0 ' outcome=vouched action=pass ;;
    own-delegated)
        title="our own name, sent by the vendor that may: from its range, and our SPF record names it"
        client=192.0.2.10 helo=$vendor_helo mail_from=bounce@deskhelp.example
        reply='250 2.0.0 ' outcome=vouched action=pass ;;
    own-undelegated)
        title="our own name, sent by a vendor that nobody allowed to, though our SPF record names it"
        client=198.51.100.40 helo=uk.mailers.nightwatch.example ;;
    *) die "no mail in our own name is called $1" ;;
    esac
    letter "$1" 'The Boss <boss@rx.example>'
}

# What names no vendor where it counts, and is treated as anybody's.
strange_mail() {
    case $1 in
    encoded-name)
        title="a display name that spells the vendor's address in an encoded word"
        mail_from=eve-encoded@stranger.example
        letter "$1" '=?utf-8?q?noreply=40deskhelp=2Eexample?= <eve@stranger.example>' ;;
    lookalike)
        title="a domain that only looks like the vendor's"
        mail_from=eve-lookalike@deskhelp.example.stranger.example
        letter "$1" 'Desk Help <noreply@deskhelp.example.stranger.example>' ;;
    helo-only)
        title="a stranger that greets with the vendor's name"
        mail_from=eve-helo@stranger.example helo=$vendor_helo
        letter "$1" "$stranger" ;;
    stranger)
        title="a stranger's mail, first contact, with a forged vouched result of ours"
        letter "$1" "$stranger" 'Authentication-Results: mx.rx.example; x-greenlane=vouched policy.vendor=deskhelp' ;;
    stranger-again)
        title="the stranger's mail again after the delay"
        reply='250 2.0.0 ' action=pass
        letter "$1" "$stranger" 'Authentication-Results: mx.rx.example; x-greenlane=vouched policy.vendor=deskhelp' ;;
    *) die "no stranger's mail is called $1" ;;
    esac
}

# The stranger's second try must come after greylist.delay.
demo_pause() {
    case $1 in stranger-again) sleep 3 ;; esac # sleeps: greylist.delay is two seconds
}
