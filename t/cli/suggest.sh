#!/bin/sh
# TAP: greenlane suggest: every sentence that it can print is in suggest.golden; who tries to write the policy does not.
#
# The records are made by suggest_records.py; DNS is a private nsd.
name=suggest golden_file=suggest.golden
. "${srcdir:-.}/t/cli/lib.sh"
needs nsd jq /usr/bin/python3

cat > "$world/root.zone" <<END
$(zone_head 300 60)
acme.example. TXT "v=spf1 a:out.acme.example include:_spf.acme.example -all"
_spf.acme.example. TXT "v=spf1 ip4:198.51.100.128/25 -all"
out.acme.example. A 198.51.100.7
_dmarc.acme.example. TXT "v=DMARC1; p=reject"
$(for owner in acme.example tickets.example github.io; do
	sed -n "s/^s1024\._domainkey\.acme[^ ]*/s1._domainkey.$owner./p" "$top/t/draft/rich.zone"
done)
open.example. TXT "v=spf1 +all"
half.example. TXT "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all"
wide.example. TXT "v=spf1 ip4:16.0.0.0/9 -all"
gone.example. A 192.0.2.1
keyless.example. A 192.0.2.1
github.io. TXT "v=spf1 ip4:198.51.100.64/28 -all"
someone.github.io. A 192.0.2.1
tickets.example. A 192.0.2.1
END
nsd_serve

mkdir "$world/vendors" "$world/state"
vendor() { echo "vendor = { name = \"$1\"; domains = [ \"${3:-$1.example}\" ]; $2 };" > "$world/vendors/$1.conf"; }
vendor hooli 'vouch = [ "listed", "listed+spf" ]; mode = "vouch";
	sources = ( { cidr = [ "198.51.100.0/29", "198.51.100.64/26" ]; exclusive = true; }, { a = "old.hooli.example"; exclusive = true; } );'
vendor globex 'dkim = [ "=globex.example" ]; vouch = [ "dkim" ]; mode = "vouch";'
vendor umbrella 'vouch = [ "dkim" ]; mode = "monitor";'
vendor idle 'vouch = [ "dkim" ];'
vendor initech 'vouch = [ "dkim" ];'
vendor tickets 'vouch = [ "dkim" ];' support-desk.example
vendor bulk 'kind = "esp"; sources = ( { spf = "bulk.example"; } );'
conf() { # PORT
	cat <<END
authserv_id = "mx.rx.example";
state_dir   = "$world/state";
control     = { listen = "unix:$world/control.sock"; };
dns         = { servers = [ "127.0.0.1@$1" ]; timeout = "$([ "$1" -eq 9 ] && echo 1s || echo 20s)"; };
greylist    = { store = "none"; ${2:-} };
own         = { domains = [ "rxhospital.example" ]; };
vendor_path = [ "$world/vendors" ];
vendors     = ( { name = "hooli"; }, { name = "globex"; }, { name = "umbrella"; }, { name = "idle"; } );
END
}
conf "$port" > "$world/dns.conf"
conf 9 > "$world/deaf.conf"
conf 9 'stage = "rcpt";' > "$world/rcpt.conf"
for part in drafts faults use many; do
	/usr/bin/python3 "$top/t/cli/suggest_records.py" $part > "$world/$part.jsonl"
done

# days: a draft has the day on which it was made
days() { sed 's/20[0-9][0-9]-[01][0-9]-[0-3][0-9]\([^T]\)/DAY\1/g'; }

# ---- usage ----

run 64 "an unknown option" suggest --most 3
golden usage
run 0 "what it is for" suggest --help
golden help sed 3q
run 64 "no number of messages" suggest --least 0
golden no-number
run 64 "no time" suggest --since yesterday
golden no-time
run 66 "no record file" -c "$world/dns.conf" suggest
golden no-record-file
run 66 "a file that does not exist" -c "$world/dns.conf" suggest "$world/none.jsonl"
golden no-file
echo 'Nov 28 10:01:00 mx postfix/smtpd[3]: connect from unknown' > "$world/mail.log"
run 65 "a mail log" -c "$world/dns.conf" suggest "$world/mail.log"
golden no-record
echo 'vendors = ( ; );' > "$world/broken.conf"
run 78 "a broken configuration" -c "$world/broken.conf" suggest "$world/drafts.jsonl"

# ---- what it proposes ----

run 0 "senders that prove themselves" -c "$world/dns.conf" suggest "$world/drafts.jsonl"
golden drafts days
sed -n '/^# ---- acme\.conf/,/^# ---- /p' "$world/out" | sed '/^# ----/d' > "$world/vendors/acme.conf"
{ sed 's/vendors  *= (/&{ name = "acme"; mode = "vouch"; },/; /^state_dir\|^control\|^greylist/d' "$world/dns.conf"; on_this_host; } > "$world/with.conf"
run 0 "the proposed file is a vendor's file" -c "$world/with.conf" check
out 'no errors$' "without an error"
grep -q '192\.0\.2\.[78]' "$world/vendors/acme.conf"
[ $? -eq 1 ]
ok $? "no address that was merely seen is in it"
grep -q '"spf:\|cidr\|ip4' "$world/vendors/acme.conf" && grep -v '^ *#' "$world/vendors/acme.conf" | grep -q 'cidr'
[ $? -eq 1 ]
ok $? "nor a network: only the name under which they are published"
rm "$world/vendors/acme.conf"
"$greenlane" -c "$world/dns.conf" suggest "$world/drafts.jsonl" > "$world/out"
is "$(grep -c 'evil' "$world/out")" 0 "a spoofer who waits and comes again is nowhere: neither his name nor his address"
out '^acme\.example: 4 messages waited 27 min 0 s in all, 12 min 0 s at most' "and counts for nothing, nor does a weak signature"

run 0 "without DNS" -c "$world/deaf.conf" suggest "$world/drafts.jsonl"
golden without-dns days

# ---- what is at fault ----

run 0 "what is at fault" -c "$world/deaf.conf" suggest "$world/faults.jsonl"
golden faults
run 0 "a greylist at RCPT" -c "$world/rcpt.conf" suggest --least 17 "$world/faults.jsonl"
golden rcpt
run 0 "rarer ones" -c "$world/deaf.conf" suggest --least 1 "$world/faults.jsonl"
golden rarer grep ' more sender'
lacks "$(printf '\033')" "nothing steers the terminal"

# ---- what was used ----

run 0 "what was used" -c "$world/deaf.conf" suggest "$world/use.jsonl"
golden use
run 0 "since a time" -c "$world/deaf.conf" suggest --since 2026-11-30 "$world/use.jsonl"
golden since
run 0 "more than it keeps" -c "$world/deaf.conf" suggest "$world/many.jsonl"
golden many

# ---- JSON ----

run 0 "as JSON" -c "$world/dns.conf" suggest --json "$world/drafts.jsonl"
is "$(jq -c '.senders[] | select(.domain == "acme.example") | [.messages, .waited, .longest, .dkim, .spf, .addresses, .authors, .proposal, .name, .doubts > 0]' "$world/out")" \
	'[4,1620,720,4,4,2,1,"draft","acme",true]' "a sender with its counts and its file"
is "$(jq -r '.senders[] | select(.domain == "acme.example") | .file' "$world/out" | grep -c '^vendor = {$')" 1 "which is whole"
is "$(jq -c '.senders[] | select(.domain == "open.example") | [.proposal, .why]' "$world/out")" \
	'["none","its SPF record ends in +all: it passes everybody and proves nothing"]' "one that is not proposed, and why"
run 0 "faults as JSON" -c "$world/deaf.conf" suggest --json "$world/faults.jsonl"
is "$(jq -c '.senders[] | select(.domain == "g1obex.example") | [.proposal, .like, .vendor]' "$world/out")" \
	'["looks-like","globex.example","globex"]' "a name that looks like another"
is "$(jq -c '[.senders[] | select(.domain == "club.example") | .faults[].who]' "$world/out")" '["a forwarder"]' "who is at fault"
run 0 "use as JSON" -c "$world/deaf.conf" suggest --json "$world/use.jsonl"
is "$(jq -c '.unused' "$world/out")" \
	'[{"vendor":"hooli","source":"cidr:198.51.100.0/29,...","network":"198.51.100.64/26"},{"vendor":"hooli","source":"a:old.hooli.example"},{"vendor":"hooli","vouch":"listed+spf"},{"vendor":"globex","vouch":"dkim"},{"vendor":"umbrella"},{"vendor":"idle"}]' \
	"what was never used"
is "$(jq -c '[.vendors[] | select(.name == "hooli" or .name == "globex") | [.name, .records, .vouched, .forged, .enforce]]' "$world/out")" \
	'[["hooli",21,21,0,true],["globex",6,0,6,false]]' "who can be enforced"
is "$(jq -c '[.forgers[] | [.network, .messages, .vendor]], .records, .broken' "$world/out" | tr '\n' ' ')" \
	'[["203.0.113.0/24",5,"globex"],["2001:db8::/64",1,"globex"]] 28 1 ' "and who forges"

finish_tap
