#!/bin/sh
# TAP: greenlane sources --accept --to: what one host accepted goes to another with the vendor files, and counts there from its next
# reload on.
name=accepted
. "${srcdir:-.}/t/cli/hosts_lib.sh"
needs nsd
vendor=globex
cat > "$world/vendors/globex.conf" << 'TEXT'
vendor = { name = "globex"; domains = [ "globex.example" ]; sources = ( { spf = "globex.example"; } ); };
TEXT
serial=0
zone() { # NETWORK
	serial=$((serial + 1))
	printf '. 1 IN SOA ns. host. %d 60 60 60 1\n. 1 IN NS ns.\nglobex.example. 1 IN TXT "v=spf1 ip4:%s -all"\n' $serial "$1" > "$world/root.zone"
}
zone 20.9.0.0/24
nsd_serve
dns=127.0.0.1@$port
for host in a b; do
	store=lmdb:$world/$host/state/greylist
	conf $host 'refresh = { min = "1s"; };'
done
sources() { "$greenlane" -c "$world/$1/conf" sources > "$world/out" 2> "$world/err"; }
lists() { sources "$1"; grep -q "^    $2 " "$world/out"; } # HOST NETWORK
doubts() { sources "$1"; grep -q 'drift     not believed: .*20.0.0.0/8' "$world/out"; }
to=$world/vendors/fleet.accepted
begin a
begin b
until_true lists a 20.9.0.0/24 && until_true lists b 20.9.0.0/24
ok $? "two hosts know a source"
zone 20.0.0.0/8
kill -HUP "$nsd_pid"
until_true doubts a && until_true doubts b
ok $? "and neither believes what it lists now"

# ---- one host accepts ----

on a
run 64 "--to alone" sources --to "$to"
err '^greenlane: --to needs --accept$' "is an error"
run 64 "a file of another name" sources --accept --to "$world/vendors/fleet.conf"
err 'name a file that ends in .accepted, such as /etc/greenlane/vendors/fleet.accepted' "is told how to be called"
run 73 "one in no directory" sources --accept --to "$world/nowhere/x.accepted"
err 'its directory does not exist; create it' "is told so"
echo 'a draft' > "$world/vendors/mine.accepted"
run 73 "a file of something else" sources --accept --to "$world/vendors/mine.accepted"
is "$(cat "$world/vendors/mine.accepted")" 'a draft' "stays as it is"
rm "$world/vendors/mine.accepted"
run 0 "elsewhere it may lie as well" sources --accept --vendor steady --to "$world/a/x.accepted"
err 'is in no directory of vendor_path; greenlaned reads it once it is in one' "which is said"
run 0 "one host accepts it, and writes it beside the vendor files" sources --accept --to "$to"
quiet "without a word"
grep -q '^source spf:globex.example$' "$to" && grep -q '^20.0.0.0/8 ' "$to"
ok $? "as text that can be read"
until_true lists a 20.0.0.0/8
ok $? "it believes it from then on"
doubts b
ok $? "the other one does not"
grep -v '^believed\|^#' "$to" > "$world/first"
run 0 "what is accepted again" sources --accept --vendor steady --to "$to"
grep -v '^believed\|^#' "$to" > "$world/second"
cmp -s "$world/first" "$world/second"
ok $? "leaves the other sources of the file as they are"

# ---- the other host gets the file ----

ill() { "$greenlane" -c "$world/b/conf" status > "$world/out" 2>&1; grep -q '^ill: config-newer' "$world/out"; }
until_true ill
ok $? "a file that came is news to the other host"
on b
run 0 "check finds nothing to say of it" check
run 0 "after its reload" reload
until_true grep -q 'source spf:globex.example: what was accepted on another host counts here' "$world/b/log"
ok $? "it takes it over"
until_true lists b 20.0.0.0/8
ok $? "and believes it"
until_true sources b
ok $? "without drift"
run 0 "another reload" reload
is "$(grep -c 'spf:globex.example: what was accepted on another host' "$world/b/log")" 1 "has nothing to take over"

# ---- a broken file ----

echo junk > "$world/vendors/broken.accepted"
run 0 "check names a file that is broken" check
out 'warning: .*/vendors/broken.accepted:1: ' "with its line"
run 0 "a reload" reload
until_true grep -q '/vendors/broken.accepted:1: ' "$world/b/log"
ok $? "names it as well, and serves"
end a
end b

finish_tap
