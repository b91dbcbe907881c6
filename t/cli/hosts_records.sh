#!/bin/sh
# TAP: the records of two MX hosts together: the tries of a message at both are one story and one message, in whatever order the
# files are named; what is given twice counts once; two hosts may use the same id.
name=records
. "${srcdir:-.}/t/cli/lib.sh"
needs jq

review_conf '{ name = "acme"; }'
echo 'vendor = { name = "acme"; domains = [ "acme.example" ]; };' > "$world/vendors/acme.conf"
"$greenlane" -c "$config" explain --client 203.0.113.5 --mail-from code@bank.example --from code@bank.example --rcpt a@rx.example \
	--json 2> "$world/err" | jq -c 'del(.explanation, .not_given)' > "$world/template"

# record TIME(hex) NUMBER ACTION CLIENT SENDER TRIES WAITED: a record of a stranger
record() {
	jq -c --arg id "$1.c.$2" --arg qid "${qid:-4bX}$2" --arg action "$3" --arg client "$4" --arg sender "$5" --argjson tries "$6" \
		--argjson waited "$7" --arg time "$(date -u -d "@$(printf %d "0x$1")" +%Y-%m-%dT%H:%M:%S.000Z)" \
		'.id = $id | .qid = $qid | .action = $action | .client = $client | .mail_from = $sender | .from = $sender |
		.time = $time | .tries = $tries | .waited = $waited | .rcpts = ["a@rx.example"] |
		.greylist = (if $action == "pass" then "due" else "new" end)' "$world/template"
}
one=$world/mx1.jsonl two=$world/mx2.jsonl
{
	record 6b0a1000 1 greylist 203.0.113.5 code@bank.example 1 0
	record 6b0a1100 2 pass 198.51.100.4 joe@stranger.example 2 900
	record 6b0a1200 3 pass 203.0.113.7 code@bank.example 1 0
} > "$one"
{
	record 6b0a1078 1 greylist 203.0.113.6 code@bank.example 2 120
	record 6b0a1138 2 pass 203.0.113.7 code@bank.example 3 312
	qid=4bY record 6b0a1100 2 greylist 192.0.2.9 ann@other.example 1 0 # the same id at another host
} > "$two"
sort "$two" -o "$two"

# ---- log ----

for order in "$one $two" "$two $one"; do
	# shellcheck disable=SC2086 # two words
	set -- $order
	run 0 "a message that was tried at two hosts" log -f "$1" -f "$2" 4bX2 --from code@bank.example
	is "$(grep -c '^message ' "$world/out")" 1 "is one story"
	is "$(sed -n 's/^try \([0-9]\) .*Z  \([a-z]*\): .*, in .*\/\(mx[12].jsonl\)$/\1 \2 \3/p' "$world/out" | tr '\n' ,)" \
		"1 greylist mx1.jsonl,2 greylist mx2.jsonl,3 pass mx2.jsonl," "with the tries of both, in order, and where each came"
	out '^waited  *5 min 12 s$' "and what it waited in all"
done
run 0 "the same as JSON" log -f "$one" -f "$two" --from code@bank.example --json
is "$(jq -c '[.[] | [(.tries | length), .waited, (.files | map(sub(".*/"; "")))]]' "$world/out")" \
	'[[3,312,["mx1.jsonl","mx2.jsonl","mx2.jsonl"]],[1,0,["mx1.jsonl"]]]' "has the files as well"
run 0 "records of one file" log -f "$one" --from code@bank.example
lacks ', in /' "say nothing of it"
run 0 "a file that is given twice" log -f "$one" -f "$two" -f "$one" --from code@bank.example --json
is "$(jq -c '[.[].tries | length]' "$world/out")" '[3,1]' "has each try once"
jq -r '"2026-11-28T10:00:00+00:00 mx1 greenlaned[1]: id=\(.id) qid=\(.qid) outcome=\(.outcome) action=\(.action) vendor=- reason=\(.reason) stage=eom mode=enforce client=\(.client) port=1 listed=- via=- helo=h.example mail_from=\(.mail_from) from=\(.from) rcpts=a@rx.example spf=none dkim=- dmarc=none greylist=\(.greylist) msgid=- ms=1 tries=\(.tries) waited=\(.waited)"' \
	"$one" > "$world/mail.log"
run 0 "a mail log beside the records" log -f "$world/mail.log" -f "$one" -f "$two" --from code@bank.example --json
is "$(jq -c '[.[].tries | length]' "$world/out")" '[3,1]' "says nothing twice"
is "$(jq -c '[.[].tries[] | has("facts")] | all' "$world/out")" true "and the record is preferred, which has more"

# ---- report ----

counts() { jq -c '[.records, .messages]' "$world/out"; }
"$greenlane" -c "$config" report --json "$one" "$two" > "$world/out" 2> "$world/err"
is "$(counts)" '[6,4]' "a report counts the tries at both hosts as one message"
[ ! -s "$world/err" ]
ok $? "without a word"
cp "$world/out" "$world/first"
"$greenlane" -c "$config" report --json "$two" "$one" > "$world/out" 2> "$world/err"
cmp -s "$world/first" "$world/out"
ok $? "in whatever order the files are named"
"$greenlane" -c "$config" report --json "$one" "$two" "$one" "$world/mail.log" > "$world/out" 2> "$world/err"
is "$(counts)" '[6,4]' "what is given twice counts once"
err '^greenlane: 6 verdicts were given more than once, and counted once$' "which is said"
gzip -k "$two"
"$greenlane" -c "$config" report --json --state "$world/state/report" "$two.gz" "$one" > "$world/out" 2> "$world/err"
is "$(counts)" '[6,4]' "and so does one that is kept"
"$greenlane" -c "$config" report --json --state "$world/state/report" "$two.gz" "$one" > "$world/out" 2> "$world/err"
is "$(counts)" '[6,4]' "also when it is asked for again"
record 6b0a1300 9 greylist 203.0.113.5 late@bank.example 1 0 >> "$one"
"$greenlane" -c "$config" report --json --state "$world/state/report" "$two.gz" "$one" > "$world/out" 2> "$world/err"
is "$(counts)" '[7,5]' "and what came meanwhile at one of them is added"

finish_tap
