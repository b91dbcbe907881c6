#!/bin/sh
# TAP: greenlane vendor new, as a person at a terminal uses it: what it writes, where, and its exit status.
#
# All but usage and configuration needs nsd and python3.
name=vendor
. "${srcdir:-.}/t/cli/lib.sh"

absent() { [ ! -e "$1" ]; ok $? "$2"; }

# ---- usage and configuration ----

run 64 "no second word is a usage error" vendor
err '^usage: greenlane \[-c FILE\] vendor .* new DOMAIN ' "that says how"
run 64 "so is an unknown one" vendor old acme.example
run 64 "no domain is a usage error" vendor new
run 64 "so are two" vendor new acme.example stranger.example
run 64 "so is an unknown option" vendor new acme.example --selectors s1
run 64 "so is what is not a domain name" vendor new 'acme..example'
err "DOMAIN 'acme\.\.example': .*not a domain name" "and it is named"
run 64 "so is what is not a selector" vendor new acme.example --selector 's"1'
err "--selector 's\"1': .*not a domain name" "and it is named"
quiet "and nothing is written"
echo 'vendors = ( ; );' > "$world/broken.conf"
run 78 "a broken configuration exits 78" -c "$world/broken.conf" vendor new acme.example
err "^greenlane: $world/broken.conf:1: " "and its faults are shown"
run 78 "so does a given one that is missing" -c "$world/none.conf" vendor new acme.example

default=$("$greenlane" --help | sed -n 's/.*(default \(.*\))$/\1/p')
if [ ! -e "$default" ] && unshare -rn true 2>/dev/null; then
	unshare -rn "$greenlane" vendor new acme.example > "$world/out" 2> "$world/err"
	[ $? -eq 75 ]
	ok $? "without the installed configuration the host's DNS servers are asked"
	err 'no configuration yet' "with a message"
else
	echo "ok $((count += 1)) - the host's DNS servers are asked # SKIP there is $default, or no network namespace"
fi

# ---- DNS ----

if why=$(missing nsd /usr/bin/python3); then
	skip "what is published becomes a file" "$why"
	finish_tap
fi

# the public keys of the zone of t/draft
cat > "$world/root.zone" <<END
$(zone_head 300 60)
acme.example. TXT "v=spf1 a:out.acme.example include:_spf.acme.example -all"
acme.example. MX 10 mx.acme.example.
_spf.acme.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
out.acme.example. A 198.51.100.7
_dmarc.acme.example. TXT "v=DMARC1; p=reject"
$(grep '^s1024\._domainkey\.acme' "$top/t/draft/rich.zone" | sed 's/^s1024[^ ]*/s1._domainkey.acme.example./')
bulky.example. TXT "v=spf1 include:u1.bulk.example ?all"
u1.bulk.example. TXT "v=spf1 ip4:203.0.113.0/24 -all"
bare.example. A 192.0.2.1
hostile.example. TXT "v=spf1 ip4:192.0.2.1 x=\\010};\\010vendor\\"\\200 -all"
END
nsd_serve

mkdir "$world/vendors"
cat > "$world/vendors/bulk.conf" <<END
vendor = { name = "bulk"; kind = "esp"; domains = [ "bulk.example" ]; sources = ( { spf = "bulk.example"; } ); };
END
conf() { # PORT VENDOR...: a configuration that asks DNS at this port and has these vendors in force
	conf_port=$1
	shift
	# nothing listens on port 9
	[ "$conf_port" -eq 9 ] && patience=1s || patience=20s
	printf 'vendor_path = [ "%s" ];\ndns = { servers = [ "127.0.0.1@%s" ]; timeout = "%s"; };\nvendors = (' \
		"$world/vendors" "$conf_port" "$patience"
	between=
	for vendor; do
		printf '%s { name = "%s"; mode = "vouch"; }' "$between" "$vendor"
		between=,
	done
	echo ' );'
}
conf "$port" > "$world/dns.conf"
conf 9 > "$world/deaf.conf"

vendor_new() { # STATUS NAME ARGUMENT...
	status=$1 title=$2
	shift 2
	run "$status" "$title" -c "$world/dns.conf" vendor new "$@"
}

# loads NAME: the file in vendors/ has no error
loads() {
	{ conf "$port" "$1"; on_this_host; } > "$world/with.conf"
	run 0 "check has no error for $1" -c "$world/with.conf" check
	out '1 vendor, .* no errors$' "and it is in force"
	if grep -q "^warning: .*'$1'" "$world/out"; then ok 1 "without a warning"; else ok 0 "without a warning"; fi
}

# ---- what is written ----

today=$(date -u +%Y-%m-%d)
vendor_new 0 "what is published becomes a file on standard output" acme.example --selector s1
out '^  name    = "acme";$' "named after the domain"
out '^  #   198\.51\.100\.7 +acme\.example > a:out\.acme\.example$' "with its networks and their paths"
out '^  vouch     = \[ "listed\+spf", "dkim" \];$' "with what proves it"
out '^  on_forged = "reject";$' "so mail without proof is refused"
grep -q "seen = \"$today\"" "$world/out" || grep -q "seen = \"$(date -u +%Y-%m-%d)\"" "$world/out"
ok $? "with evidence dated today"
out 'Doubt: s1\._domainkey\.acme\.example: a key under 2048 bits is weak' "with a remark on each doubt"
err 'save it as acme\.conf in a directory of vendor_path$' "and it says what to do with it"
err "it contains 3 doubts; now add \{ name = \"acme\"; mode = \"vouch\"; \} to vendors in $world/dns\.conf, then run: greenlane check$" "and next"

file=$world/vendors/acme.conf
vendor_new 0 "--output writes a file" --selector s1 --output "$file" ACME.Example
quiet "and nothing else"
err 'now add \{ name = "acme"' "it says what is next"
if grep -q 'save it as' "$world/err"; then ok 1 "and not to move the file"; else ok 0 "and not to move the file"; fi
loads acme
run 0 "mail from a listed address is proven by it" -c "$world/with.conf" explain --client 192.0.2.9 \
	--mail-from x@acme.example --from x@acme.example
out '^outcome    vouched' "and vouched"
run 0 "mail from elsewhere is not" -c "$world/with.conf" explain --client 203.0.113.9 \
	--mail-from x@acme.example --from x@acme.example
out '^outcome    forged' "but greylisted at most: the file is in mode vouch"

cp "$file" "$world/before"
vendor_new 73 "an existing file is not touched" acme.example --output "$file"
err "$file: cannot be created: File exists" "and named"
cmp -s "$file" "$world/before"
ok $? "and unchanged"
vendor_new 73 "a missing directory is not created" acme.example --output "$world/none/acme.conf"
err 'none/acme\.conf: cannot be created: its directory is missing' "and named"

vendor_new 0 "--name names the vendor" acme.example --name tickets --output "$world/vendors/tickets.conf"
loads tickets
vendor_new 64 "a name that no vendor may have is refused" acme.example --name 'My Tickets'
err "'My Tickets' is not a name; write \"my-tickets\"$" "and it says what to write"
vendor_new 64 "so is a public suffix" co.uk
err "'co\.uk' is a public suffix; name a domain below it" "and it says what to write"

vendor_new 0 "a vendor that sends through a shared sender" bulky.example --output "$world/vendors/bulky.conf"
grep -q 'bulk\.example.s, a known shared' "$world/vendors/bulky.conf"
ok $? "is recognised by the existing vendor files"
loads bulky
vendor_new 0 "a domain of a shared sender" u1.bulk.example --name one --output "$world/vendors/one.conf"
grep -q 'kind    = "esp"' "$world/vendors/one.conf"
ok $? "is marked as a sender for others"
loads one
vendor_new 0 "a domain that publishes nothing still gets a file" bare.example --output "$world/vendors/bare.conf"
loads bare
vendor_new 0 "bytes cannot end a remark" hostile.example --output "$world/vendors/hostile.conf"
loads hostile
[ "$(LC_ALL=C tr -d '\n -~' < "$world/vendors/hostile.conf" | wc -c)" -eq 0 ]
ok $? "and the file is plain text"

# ---- nothing is written ----

vendor_new 1 "a domain that does not exist exits 1" nowhere.example --output "$world/nowhere.conf"
err 'there is no domain nowhere\.example' "and is named"
absent "$world/nowhere.conf" "and nothing is written"
run 75 "DNS that does not answer exits 75" -c "$world/deaf.conf" vendor new acme.example --output "$world/deaf"
err 'no answer for TXT acme\.example; nothing was written' "and the question is named"
absent "$world/deaf" "and nothing is written"

finish_tap
