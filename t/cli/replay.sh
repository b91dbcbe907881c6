#!/bin/sh
# TAP: greenlane replay judges records again: nothing changes under the same policy; a draft shows exactly what it changes,
# why, and what cannot be judged. Records are made by greenlane explain --json. Every sentence that it can print is in
# replay.golden (t/sentences.sh), printed of the fixed records of replay_records.py, in a zone that is nobody's.
name=replay golden_file=replay.golden
. "${srcdir:-.}/t/cli/lib.sh"
needs jq

mkdir "$world/draft"
review_conf '{ name = "acme"; }, { name = "globex"; }'
cat > "$world/vendors/acme.conf" << END
vendor = { name = "acme"; domains = [ "acme.example" ]; vouch = [ "listed" ];
	sources = ( { cidr = [ "192.0.2.0/25", "192.0.2.128/25" ]; exclusive = true; } ); };
END
sed 's/acme/globex/g; s/192\.0\.2/198.51.100/g' "$world/vendors/acme.conf" > "$world/vendors/globex.conf"

record() { # CLIENT VENDOR: adds one to the record file
	"$greenlane" explain -c "$config" --client "$1" --helo "mail.$2.example" --mail-from '<>' --from "t@$2.example" \
		--rcpt anna@rx.example --json >> "$world/verdicts.jsonl"
}
for last in 1 2 3 4 129 130 131; do record 192.0.2.$last acme; done
for last in 1 200; do record 198.51.100.$last globex; done
record 203.0.113.9 acme

run 0 "under the same policy nothing changes" replay
out '^judged again: 10 records, from 20' "all ten are judged, and the time that they cover is said"
out '^changed: 0$' "none changes"
is "$(wc -l < "$world/out")" 2 "and that is all"
run 0 "a file can be named" replay "$world/verdicts.jsonl"
input=$world/verdicts.jsonl
run 0 "or come by standard input" replay -
out '^judged again: 10 ' "with all records"
input=

# a draft that drops one network, as a directory of vendor files and as a greenlane.conf
sed 's/, "192.0.2.128\/25"//' "$world/vendors/acme.conf" > "$world/draft/acme.conf"
sed "s,\"$world/vendors\",\"$world/vendors\"\, \"$world/draft\"," "$config" > "$world/draft.conf"
for draft in draft draft.conf; do
	run 1 "a draft that drops a network changes something ($draft)" replay --policy "$world/$draft"
	out '^changed: 3$' "the three messages from that network, and no other ($draft)"
	out '^acme: 3 messages$' "by vendor"
	out '^  was    vouched, pass \(proven\)$' "from what"
	out '^  is     (forged|unsure|unproven), ' "to what"
	is "$(grep -c '^  as\|^         [0-9a-f]*\.' "$world/out")" 3 "with three examples"
	out "acme \\($world/draft/acme.conf\\): " "and the file whose rule decided"
done
run 1 "as JSON" replay --policy "$world/draft" --json
is "$(jq '.changed | length' "$world/out")" 3 "every change is in it"
is "$(jq -r '.changed[].id' "$world/out" | sort | tr '\n' ' ')" \
	"$(jq -r 'select(.client | test("^192.0.2.1[23]")) | .id' "$world/verdicts.jsonl" | sort | tr '\n' ' ')" "by its id"
is "$(jq -c '[.judged, .not_judgeable, .broken]' "$world/out")" '[10,{},0]' "with the counts"
is "$(jq -r '.changed[0].from | [.outcome, .reason, .would, .vendor] | join(" ")' "$world/out")" \
	'vouched proven pass acme' "and both sides"

# a draft with a host source: names that were looked up then are judged, others are not
sed 's/"iprev":{[^}]*},//; s/"client_name":"[^"]*",/&"iprev":{"by_mta":"mx.out.acme.example","result":"-","names":[]},/' \
	"$world/verdicts.jsonl" | grep -F '"client":"192.0.2.129"' > "$world/one"
sed 's/by_mta":"mx.out.acme/by_mta":"mx.acme/' "$world/one" | cat "$world/one" - > "$world/named"
mkdir "$world/hosts"
cat > "$world/hosts/acme.conf" << END
vendor = { name = "acme"; domains = [ "acme.example" ]; vouch = [ "listed" ];
	sources = ( { host = ".out.acme.example"; exclusive = true; } ); };
END
cp "$world/vendors/globex.conf" "$world/hosts"
run 0 "a draft with a host source in place of a network" replay --policy "$world/hosts" "$world/named" --json
is "$(jq -c '[.judged, .not_judgeable]' "$world/out")" '[1,{"needs-client-name":1}]' \
	"judges by the name that was confirmed then, and says where a look-up is missing"

# an enabled vendor less: its mail becomes a stranger's
sed 's/, { name = "globex"; }//' "$config" > "$world/less.conf"
run 1 "a draft without a vendor" replay --policy "$world/less.conf"
out '^changed: 2$' "changes that vendor's mail alone"
out '^  is     stranger, ' "which is a stranger's"

# ---- many: several threads judge, and what comes of it is in the order of the file ----

for i in $(seq 600); do sed "s/\"id\":\"/&$i-/" "$world/verdicts.jsonl"; done > "$world/many"
echo 'no record' >> "$world/many"
cat "$world/verdicts.jsonl" >> "$world/many"
run 1 "six thousand records" replay --policy "$world/draft" --json "$world/many"
is "$(jq -c '[.judged, .broken, (.changed | length)]' "$world/out")" '[6010,1,1803]' "are all judged"
jq -r '.changed[].id' "$world/out" > "$world/changed"
jq -Rr 'fromjson? | select(.client | test("^192.0.2.1[23]")) | .id' "$world/many" > "$world/wanted"
is "$(cmp "$world/changed" "$world/wanted" 2>&1)" "" "and told in the order of the file"
run 1 "in words" replay --policy "$world/draft" "$world/many"
out '^no records: 1 line, the first is line 6001 ' "a broken line has its number"
is "$(sed -n 's/^  as     //p; s/^         \([0-9]*-[^ ]*\)/\1/p' "$world/out" | awk 'NF { print $1 }' | grep -- - | head -3 | tr '\n' ' ')" \
	"$(head -3 "$world/wanted" | tr '\n' ' ')" "and the examples are the first three"
if command -v script > /dev/null; then
	script -qec "'$greenlane' replay -c '$config' '$world/many' > '$world/out'" /dev/null > "$world/bar" < /dev/null
	is "$(tr '\r' '\n' < "$world/bar" | grep -c '^\[#* *\] *[0-9]*%')" \
		"$(tr '\r' '\n' < "$world/bar" | grep -c '%')" "on a terminal a bar is drawn"
	is "$(tr '\r' '\n' < "$world/bar" | grep -c '^\[#\{50\}\] 100%')" 1 "up to its end, once"
	out '^judged again: 6010 ' "beside the result"
	run 0 "but not elsewhere" replay "$world/verdicts.jsonl"
	is "$(cat "$world/err")" "" "where nobody looks"
fi
rm "$world/many"

# ---- what is read ----

gzip -k "$world/verdicts.jsonl"
mv "$world/verdicts.jsonl.gz" "$world/old.gz"
run 0 "a file compressed by gzip" replay "$world/old.gz"
out '^judged again: 10 ' "is read whole"
if command -v zstd > /dev/null; then
	zstd -q "$world/verdicts.jsonl" -o "$world/old.zst"
	run 0 "one by zstd" replay "$world/old.zst"
	out '^judged again: 10 ' "is read whole"
fi
mv "$world/old.gz" "$world/verdicts.jsonl.1.gz"
run 0 "without a name, what was rotated is read too" replay
out '^judged again: 20 ' "beside the present file"
echo other > "$world/verdicts.jsonlx"
run 0 "a file whose name only begins so is not" replay
lacks 'no records' "it is another's"
rm "$world/verdicts.jsonl.1.gz" "$world/verdicts.jsonlx"

{ head -n 4 "$world/verdicts.jsonl"; echo 'not a record'; tail -n 6 "$world/verdicts.jsonl" | head -c 200; } > "$world/broken"
run 0 "a broken line stops nothing" replay "$world/broken"
out '^judged again: 4 ' "the others are judged"
out '^no records: 2 lines, the first is line 5 ' "and it is counted, with its number"
sed '1s/"v":2,"time":"[^"]*"/"v":1/; 1s/"sources":\[[^]]*\],//' "$world/verdicts.jsonl" > "$world/version1"
run 0 "a record of version 1 is read" replay "$world/version1"
out '^judged again: 9 ' "but cannot be judged"
out '^  1: it is of version 1' "and why is said"
head -c 9000000 /dev/zero | tr '\0' a > "$world/long"
cat "$world/verdicts.jsonl" >> "$world/long"
run 0 "a line of nine megabytes" replay "$world/long"
out '^no records: 1 line, ' "is one that is no record"
run 65 "a file without any record" replay "$config"
err 'nothing that was read is a record' "is an error"
run 66 "so is one that does not exist" replay "$world/nothing"
err "nothing: cannot be read: " "with its name"
gzip -c "$world/verdicts.jsonl" | head -c 400 > "$world/noise.gz"
run 66 "and a damaged archive" replay "$world/noise.gz"
err "noise.gz: cannot be read: " "with its name"

run 0 "--since a time to come leaves nothing" replay --since 2099-01-01
out '^judged again: 0 records$' "and says so"
run 0 "--since a day" replay --since 1d
out '^judged again: 10 ' "is all of this"
run 64 "--since yesterday" replay --since yesterday
err 'write how long ago \("7d"' "is told what to write"
echo 'vendors = ( { name = "initech"; } );' > "$world/bad.conf"
run 78 "a draft with an error" replay --policy "$world/bad.conf"
err "bad.conf:1: .*initech" "is told what is wrong, and where"
run 78 "and a draft that does not exist" replay --policy "$world/missing.conf"

# ---- every sentence, to the letter ----

TZ=XXX-5:45
export TZ
mkdir "$world/live" "$world/new" "$world/state/sources"
vendor() { echo "vendor = { name = \"$2\"; domains = [ \"$2.example\" ]; vouch = [ \"listed+spf\", \"listed+spf_from\", \"dkim\" ]; sources = ( $3 ); };" > "$world/$1/$2.conf"; }
vendor live acme '{ cidr = [ "192.0.2.0/25" ]; exclusive = true; }'
vendor live globex '{ spf = "globex.example"; }'
vendor live initech '{ cidr = [ "198.51.100.0/28" ]; }'
vendor new acme '{ cidr = [ "192.0.2.0/25" ]; exclusive = true; }, { spf = "new.acme.example"; }'
vendor new globex '{ spf = "globex.example"; }, { a = "never.globex.example"; }'
fixed() { # VENDORS STRANGERS
	cat << END
authserv_id = "mx.rx.example";
state_dir   = "$world/state";
control     = { listen = "unix:$world/control.sock"; };
dns         = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
strangers   = { dmarc = "reject"; };
vendor_path = [ $1 ];
vendors     = ( { name = "acme"; }, { name = "globex"; } $2 );
END
}
cd "$world" || exit 99 # so that no name is longer on one host than on another
fixed "\"$world/live\"" ', { name = "initech"; }' > fixed.conf
fixed "\"$world/new\"" '' > new.conf
config=fixed.conf
# what state_dir has of a source that is new: it is today's, and no time of it is printed
today=$(date -u +%Y-%m-%dT%H:%M:%SZ)
cat > state/sources/spf:new.acme.example.copy << END
# kept
version 1
source spf:new.acme.example
believed $today
changed never
next $today
ttl 300
live no
trouble no
networks 1
203.0.113.0/25  since $today  via new.acme.example > ip4
end 1
END
made() { /usr/bin/python3 "$top/t/cli/replay_records.py" "$@"; }

run 0 "its page in short" replay --help
golden help sed 3q
run 64 "an option that is none" replay --to new.conf
golden usage
for part in same cannot changes broken; do made $part > $part.jsonl; done
run 0 "one that is the same" replay same.jsonl
golden same
run 0 "what cannot be judged again" replay cannot.jsonl
golden cannot
run 0 "as JSON" replay --json cannot.jsonl
golden cannot-json
run 1 "what a draft changes" replay --policy new.conf changes.jsonl
golden changes
run 1 "as JSON" replay --json --policy new.conf changes.jsonl
golden changes-json
made kinds 1003 > kinds.jsonl
run 1 "more kinds of change than are told apart" replay kinds.jsonl
golden kinds awk 'NR < 6 || /in other ways/'
for line in 1 2 3 4 5; do
	{ cat same.jsonl; sed -n ${line}p broken.jsonl; } > one.jsonl
	run 0 "a line that is no record: $line" replay one.jsonl
	golden broken-$line
done
run 65 "nothing but such lines" replay broken.jsonl
golden broken
run 66 "no record file is configured" replay
golden no-record-file
echo "log = { record = \"$world/none.jsonl\"; };" | cat fixed.conf - > none.conf
run 66 "there is none yet" -c none.conf replay
golden no-records
run 66 "a file that does not exist" replay none.jsonl
golden no-file
run 64 "a time that is none" replay --since yesterday same.jsonl
golden since
run 78 "a draft that does not exist" replay --policy none.conf.d same.jsonl
golden no-draft

finish_tap
