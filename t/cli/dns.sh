#!/bin/sh
# TAP: greenlane dns with a real name server and the shipped vendor files: a domain with every fault, compared as a whole
# (dns.golden); then the records that it prints are put into the zone, and nothing is wrong any more.
#
#   REMAKE=1 t/cli/dns.sh     rewrites dns.golden
name=dns
. "${srcdir:-.}/t/cli/lib.sh"
golden=$top/t/cli/dns.golden

# ---- without DNS ----

cat > "$world/own.conf" <<END
vendor_path = [ "$top/policy/vendors" ];
vendors = ( { name = "autotask"; }, { name = "nable-rmm"; tags = [ "uk" ]; }, { name = "mimecast"; tags = [ "us" ]; },
  { name = "servicedesk-plus-cloud"; } );
delegations = (
  { vendor = "autotask"; domains = [ "example.com", "example.net" ]; selectors = [ "at1", "at2" ]; vouch = [ "dkim", "listed+spf_from" ]; },
  { vendor = "nable-rmm"; domains = [ "noc@example.com", "noc@example.net" ]; vouch = [ "listed+spf_from" ]; }
);
END
conf() { # PORT [MORE]: a configuration that asks DNS at this port
	cat "$world/own.conf"
	printf 'own = { domains = [ "example.com", "example.net", "=example.net" ]; %s };\n' "${2:-}"
	# nothing listens on port 9
	[ "$1" -eq 9 ] && patience=1s || patience=20s
	printf 'dns = { servers = [ "127.0.0.1@%s" ]; timeout = "%s"; };\n' "$1" "$patience"
}
conf 9 > "$world/deaf.conf"
run 64 "two domains are a usage error" -c "$world/deaf.conf" dns example.com example.net
err '^usage: greenlane .*dns \[DOMAIN\]' "and the usage is shown"
run 64 "so is an option" -c "$world/deaf.conf" dns --json
run 64 "so is what is not a domain name" -c "$world/deaf.conf" dns 'exa mple'
err 'not a domain name' "and it is named"
echo 'vendors = 1;' > "$world/broken.conf"
run 78 "a broken configuration exits 78" -c "$world/broken.conf" dns
sed '/^own/d' "$world/deaf.conf" > "$world/ownless.conf"
sed -i '/^delegations/,/^);/d' "$world/ownless.conf"
run 64 "without own.domains there is nothing to examine" -c "$world/ownless.conf" dns
err 'own\.domains is empty; name your domains there' "and it says what to do"

run 69 "DNS that does not answer exits 69" -c "$world/deaf.conf" dns example.com
out '^  unsure  SPF    no answer for TXT example\.com; SPF is not judged' "and names the question"
out '^  unsure  DMARC' "for each part"
lacks 'wrong|missing|IN TXT' "and nothing is treated as missing"

if why=$(missing nsd /usr/bin/python3); then
	skip "what is published is compared" "$why"
	finish_tap
fi

# ---- a zone with every fault ----

key_of() { sed -n "s/^$1\._domainkey[^ ]* 300 TXT //p" "$top/t/draft/rich.zone"; }

cat > "$world/base.zone" <<END
$(zone_head 300 60)
example.com. MX 10 mx.example.com.
mx.example.com. A 192.0.2.25
mx.example.com. AAAA 2001:db8::25
web.example.com. A 192.0.2.80
autotask.net. TXT "v=spf1 include:_spf1.autotask.net include:_spf2.autotask.net -all"
_spf1.autotask.net. TXT "v=spf1 ip4:198.51.100.0/25 -all"
_spf2.autotask.net. TXT "v=spf1 ip4:198.51.100.128/25 -all"
uk.mailers.system-monitor.com. A 203.0.113.7
uk.mailers.system-monitor.com. A 203.0.113.8
us.mailers.system-monitor.com. A 203.0.113.9
us._netblocks.mimecast.com. TXT "v=spf1 ip4:203.0.113.128/26 -all"
_spf.google.com. TXT "v=spf1 include:_netblocks.google.com ~all"
_netblocks.google.com. TXT "v=spf1 ip4:198.18.0.0/20 ~all"
costly.example. TXT "v=spf1 include:a.costly.example include:b.costly.example ~all"
a.costly.example. TXT "v=spf1 ip4:198.18.64.1 ~all"
b.costly.example. TXT "v=spf1 ip4:198.18.64.2 ~all"
open.example. TXT "v=spf1 ip4:198.18.65.1 +all"
END

# the example of N-able's page, a vendor that was left, and what else can go wrong
cat > "$world/faults.zone" <<END
example.com. TXT "v=spf1 mymailer.example.com a:territory.mailers.system-monitor.com include:costly.example include:_spf.google.com include:us._netblocks.mimecast.com a:us.mailers.system-monitor.com ip4:web.example.com 192.0.2.81 inlcude:autotask.net ptr" " include:gone.example include:open.example a:web.example.com a:web.example.com ip4:136.143.187.53 include=autotask.net nonsense a:old1.example.com mx:old2.example.com +all ip4:192.0.2.82" "include:other.example"
example.com. TXT "v=spf1 a:web.example.com \\027[31mred -all"
example.com. TXT "unrelated"
mymailer.example.com. A 192.0.2.79
at2._domainkey.example.com. TXT "v=DKIM1; t=y; p="
_dmarc.example.com. TXT "v=DMARC1; p=rejct; aspf=s"
example.net. TXT "v=spf1 exists:%{i}.rbl.example.com ?all"
example.net. MX 10 mx.example.com.
at1._domainkey.example.net. TXT $(key_of s1024)
END
cat "$world/base.zone" "$world/faults.zone" > "$world/root.zone"
nsd_serve
conf "$port" > "$world/dns.conf"
run 1 "a domain with every fault exits 1" -c "$world/dns.conf" dns
if [ -n "${REMAKE:-}" ]; then
	cp "$world/out" "$golden"
fi
diff "$golden" "$world/out" > "$world/diff"
ok $? "and the report is exactly dns.golden"
sed 's/^/# /' "$world/diff"
[ ! -s "$world/err" ]
ok $? "and nothing else is printed"
[ "$(LC_ALL=C tr -d '\n -~' < "$world/out" | wc -c)" -eq 0 ]
ok $? "and it is plain text, whatever was published"

# ---- its records are published ----

{
	cat "$world/base.zone"
	grep -E '^[^ ]+ 3600 IN TXT ' "$world/out"
	for selector in $(grep '^at.\._domainkey\.' "$world/out"); do
		printf '%s TXT %s\n' "$selector" "$(key_of s1024)"
	done
	printf 'mymailer.example.com. A 192.0.2.79\nexample.net. MX 10 mx.example.com.\n'
	printf 'at1._domainkey.example.net. TXT %s\n' "$(key_of s1024)"
} > "$world/root.zone"
is "$(grep -c '^example\.[a-z]*\. 3600 IN TXT "v=spf1 ' "$world/root.zone")" 2 "each domain has one record to publish"
nsd_serve
conf "$port" > "$world/dns.conf"
run 0 "with its records published, nothing is wrong any more" -c "$world/dns.conf" dns
lacks '^  (wrong|unsure)|permerror' "nothing is reported"
is "$(grep -c 'nothing has to change' "$world/out")" 2 "for either domain"
lacks 'IN TXT' "and no other record is proposed"

# ---- the rest ----

run 1 "a domain that is not ours is examined anyway" -c "$world/dns.conf" dns gone.example
err 'gone\.example is not in own\.domains' "with a message"
out 'there is no SPF record, the name does not exist' "and what is wrong is shown"
conf "$port" 'outbound = [ "192.0.2.99" ];' > "$world/dns.conf"
run 1 "an outbound host that the record does not pass" -c "$world/dns.conf" dns EXAMPLE.com.
out "'ip4:192\.0\.2\.99' is missing: 192\.0\.2\.99 may send \(own\.outbound\)" "is missing there"
out '^example\.com\. 3600 IN TXT "v=spf1 .* ip4:192\.0\.2\.99 -all"$' "and in the record to publish"
lacks 'example\.net' "for that domain only"

finish_tap
