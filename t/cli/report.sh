#!/bin/sh
# TAP: greenlane report counts what happened, the same from records and from a mail log, and what jq counts; it names the
# vendor whose signature broke, with the time, and what speaks against enforcing. Verdicts are made by report.py.
name=report
. "${srcdir:-.}/t/cli/lib.sh"
needs jq

review_conf '{ name = "v01"; mode = "enforce"; }, { name = "v02"; mode = "vouch"; }, { name = "v03"; mode = "enforce"; }'
for number in 1 2 3; do
	cat > "$world/vendors/v0$number.conf" << END
vendor = { name = "v0$number"; domains = [ "v0$number.example" ]; vouch = [ "dkim", "listed+spf" ];
	sources = ( { cidr = [ "192.0.$number.0/24" ]; exclusive = true; } ); };
END
done
"$greenlane" explain -c "$config" --client 192.0.1.7 --helo h.example --mail-from b@v01.example --from t@v01.example \
	--rcpt anna@rx.example --json > "$world/template.json"
make_verdicts() { /usr/bin/python3 "$top/t/cli/report.py" "$world/template.json" "$@"; }
make_verdicts 28 120 3 "$world/verdicts.jsonl" "$world/mail.log"
ok $? "verdicts of 28 days are made"

# ---- the counts ----

run 1 "the record file is read" report --json
cp "$world/out" "$world/report.json"
run 1 "and a mail log of the same verdicts" report "$world/mail.log" --json
cmp -s "$world/out" "$world/report.json"
ok $? "which gives the same report, to the byte"
run 1 "compressed" report "$(gzip -k "$world/mail.log" && echo "$world/mail.log.gz")" --json
cmp -s "$world/out" "$world/report.json"
ok $? "the same again"
input=$world/verdicts.jsonl
run 1 "and from standard input" report - --json
cmp -s "$world/out" "$world/report.json"
ok $? "the same"
input=

# same JQ-OF-THE-REPORT JQ-OF-ALL-RECORDS NAME
same() { is "$(jq -c "$1" "$world/report.json")" "$(jq -c -s "$2" "$world/verdicts.jsonl")" "$3"; }
same .records length "records, as jq counts them"
same '.from, .to' '(map(.time) | min), (map(.time) | max)' "from when to when"
same .strangers 'map(select(.outcome == "stranger")) | length' "strangers"
same .exempt 'map(select(.outcome == "exempt")) | length' "exempt mail"
for vendor in v01 v02 v03; do
	of="map(select(.vendor == \"$vendor\"))"
	for outcome in vouched unproven forged unsure; do
		same ".vendors.$vendor.$outcome" "$of | map(select(.outcome == \"$outcome\")) | length" "$outcome of $vendor"
	done
	same ".vendors.$vendor.waited" "$of | map(select(.tries > 1 and .waited > 0 and .action == \"pass\")) | length" "waited of $vendor"
	same ".vendors.$vendor.waited_most" "$of | map(.waited // 0) | max" "its longest wait"
	same ".vendors.$vendor.days | map([.day, .vouched, .unproven, .forged, .unsure])" \
		"$of | group_by(.time[:10]) | map([.[0].time[:10], (map(select(.outcome == \"vouched\")) | length),
			(map(select(.outcome == \"unproven\")) | length), (map(select(.outcome == \"forged\")) | length), 0])" "every day of $vendor"
	same "[.forged_names[] | select(.vendor == \"$vendor\") | .records]" \
		"[$of | map(select(.outcome == \"forged\")) | length]" "names that forgers of $vendor used"
done
same '[.forged_networks[] | select(.vendor == "v01" and .network == "198.18.1.0/24") | .records]' \
	'[map(select(.outcome == "forged" and .vendor == "v01" and (.client | startswith("198.18.1.")))) | length]' "forgeries by network"
same '[.strangers_waiting.waited, .strangers_waiting.waited_most]' \
	'map(select(.outcome == "stranger" and .tries > 1 and .action == "pass")) | [length, (map(.waited) | max)]' "strangers' waits"
same '.new_vendors | map([.domain, .records]) | sort' \
	'map(select(.outcome == "stranger" and .tries > 1 and .action == "pass")) | group_by(.from) | map([.[0].from[2:], length])' \
	"strangers that should be vendors"
# what half of them waited, to a sixteenth
is "$(jq -s --slurpfile got "$world/report.json" 'map(select(.outcome == "stranger" and .tries > 1 and .action == "pass") | .waited) |
	sort | .[(length - 1) / 2 | floor] as $median | $got[0].strangers_waiting.waited_median |
	. <= $median and . > $median * 15 / 16' "$world/verdicts.jsonl")" true "and what half of them waited"
is "$(jq '.vendors.v01.delay_saved == .vendors.v01.first_contacts * .delay_typical and .delay_measured' "$world/report.json")" \
	true "what greylisting would have cost is that, for each first contact"
same '.slowest[0].ms' 'map(select(.outcome != "exempt") | .ms) | max' "the slowest message"

# ---- breaks ----

# the first message without a signature and the last one with it, as jq finds them
unsigned='map(select(.vendor == "v02" and .outcome != "forged" and .dkim[0].result == "fail"))'
same '[.breaks[] | select(.vendor == "v02" and .what == "dkim") | [.since, .until, .messages]]' \
	"[$unsigned | [(map(.time) | min), null, length]]" "a signature that broke: whose, since when, on how many messages"
unsigned='map(select(.vendor == "v03" and .outcome != "forged" and .dkim[0].result == "fail"))'
same '[.breaks[] | select(.vendor == "v03" and .what == "dkim") | [.since, .messages]]' \
	"[$unsigned | [(map(.time) | min), length]]" "another one"
is "$(jq '[.breaks[] | select(.vendor == "v03") | .until > .since] | all' "$world/report.json")" true "which was mended"
is "$(jq '[.breaks[] | select(.vendor == "v01")] | length' "$world/report.json")" 0 "none of the third vendor"

# ---- safe ----

is "$(jq -c '[.safe, (.against | map([.vendor, .network, .why, .records]))]' "$world/report.json")" \
	'[false,[["v01","192.0.1.0/24","proven",1]]]' "what is refused, and was proven at another time, speaks against"
is "$(jq -c '.forwarders | map([.client, .forged])' "$world/report.json")" '[["198.51.100.9",1]]' "a forwarder is found"
run 1 "for a person" report
out '^safe to enforce: no, because 1 message that enforce refuses looks genuine:$' "the answer comes last"
id=$(jq -r '.against[0].id' "$world/report.json")
out "^  *id $id\$" "with the message"
out '\{ name = "alumni"; kind = "forwarder"; networks = \[ "198.51.100.9" \]; \}' "the line to write"
out '^Did a vendor break\? .* v02: its DKIM signature is missing since ' "and the questions are answered first"
out '^  v02  *dkim  *#+[-+.]?[!.]+$' "the day shows in the strip"
lacks "$(printf '\033')" "no colour in a file"

diff "$top/t/cli/report.golden" "$world/out" > "$world/diff" || sed 's/^/# /' "$world/diff" | head -20
cmp -s "$top/t/cli/report.golden" "$world/out"
ok $? "the whole text is that of t/cli/report.golden"
grep -v '"192.0.1.77"' "$world/verdicts.jsonl" > "$world/safe.jsonl"
run 0 "without that message" report "$world/safe.jsonl"
out '^safe to enforce: yes$' "it is safe"
run 0 "one vendor" report --vendor v02
out '^greenlane report on v02, ' "alone"
lacks '^  v01 ' "without the others"
run 1 "one that is locked" report --vendor v01
out '^  those of all vendors that sent mail are closed$' "says so of who sent mail, and of nobody else"
run 1 "a vendor that sent nothing" report --vendor v99
out 'nothing that was read is mail of a vendor' "shows nothing"

# ---- since ----

middle=$(jq -r '.vendors.v01.days[14].day' "$world/report.json")
run 1 "since a day" report --since "$middle" --json
is "$(jq .records "$world/out")" "$(jq -s --arg day "$middle" 'map(select(.time >= $day)) | length' "$world/verdicts.jsonl")" \
	"only what is newer is counted"

# ---- what is no log ----

run 65 "a file of another kind" report "$config"
err 'the first line is: authserv_id = ' "is an error, with its first line"
run 66 "so is a file that is not there" report "$world/nothing"
run 64 "and a time that is none" report --since yesterday
{ cat "$world/mail.log"; echo 'mx greenlaned[1]: id=6b0a3000.c.6 qid=4bX6 outcome=stra'; echo '{"v":2,"time":'; } > "$world/broken.log"
run 1 "a vendor that there is not" report --vendor v1 "$world/mail.log"
err "no verdict is of a vendor 'v1', and none in force is called so; did you mean 'v01'" "is said to be none"
run 1 "broken lines" report "$world/broken.log" --json
is "$(jq .broken "$world/out")" 2 "are counted"

# ---- a state ----

# kept STATUS NAME: with the state, the report of the first lines of the records
kept() {
	run "$1" "$2" report --state "$world/state.txt" "$world/part.jsonl" --json
	jq -S . "$world/out" > "$world/kept.json"
	"$greenlane" report -c "$config" "$world/part.jsonl" --json | jq -S . > "$world/plain.json"
	diff "$world/plain.json" "$world/kept.json" > "$world/diff" || sed 's/^/# /' "$world/diff" | head -20
	[ ! -s "$world/diff" ]
	ok $? "gives the report of all"
}
head -n 1000 "$world/verdicts.jsonl" > "$world/part.jsonl"
kept 0 "a state is begun"
is "$(stat -c %a "$world/state.txt")" 640 "which only who may read records reads"
cp "$world/state.txt" "$world/state.before"
kept 0 "nothing new"
sed -n 1001,2500p "$world/verdicts.jsonl" >> "$world/part.jsonl"
kept 0 "new lines in the middle of a day"
printf '%s' "$(sed -n 2501p "$world/verdicts.jsonl" | cut -c 1-200)" >> "$world/part.jsonl"
run 0 "a line that is not yet whole" report --state "$world/state.txt" "$world/part.jsonl" --json
is "$(jq -c '[.records, .broken]' "$world/out")" '[2500,0]' "is left for the next time"
head -n 2501 "$world/verdicts.jsonl" > "$world/part.jsonl" # the same file, and its last line is whole
kept 0 "and read then"
mv "$world/part.jsonl" "$world/part.jsonl.1"
sed -n '2502,$p' "$world/verdicts.jsonl" > "$world/part.jsonl"
run 1 "a file that was rotated" report --state "$world/state.txt" "$world/part.jsonl.1" "$world/part.jsonl" --json
jq -S . "$world/out" > "$world/kept.json"
jq -S . "$world/report.json" | cmp -s - "$world/kept.json"
ok $? "is known under its new name, and nothing counts twice"
gzip "$world/part.jsonl.1"
run 1 "and compressed" report --state "$world/state.txt" "$world/part.jsonl.1.gz" "$world/part.jsonl" --json
jq -S . "$world/out" | cmp -s - "$world/kept.json"
ok $? "it is known, too"
run 1 "since a day" report --state "$world/state.txt" --since "$middle" "$world/part.jsonl" --json
is "$(jq .records "$world/out")" "$(jq -s --arg day "$middle" 'map(select(.time >= $day)) | length' "$world/verdicts.jsonl")" \
	"the days before are kept, and not counted"
# the next day reads nothing of what it has read: the compressed file is not even opened
printf 'no archive' > "$world/part.jsonl.1.gz"
run 1 "what was in a file that is now another" report --state "$world/state.txt" "$world/part.jsonl.1.gz" --json
is "$(jq .records "$world/out")" "$(jq .records "$world/report.json")" "stays counted"
for fault in 's/^end .*/end 0000000000000000/' '1s/[0-9]$/0/' '5d' '$d' '1,$d'; do
	sed "$fault" "$world/state.before" > "$world/state.txt"
	head -n 1000 "$world/verdicts.jsonl" > "$world/part.jsonl"
	kept 0 "a state that is broken ($fault)"
	err 'begun anew' "is said, and begun anew"
done
run 66 "a state that cannot be read" report --state "$world/vendors" "$world/part.jsonl"
run 66 "or whose directory does not exist" report --state "$world/nowhere/state" "$world/part.jsonl"

# ---- the mail ----

run 1 "a mail" report --mail
cp "$world/out" "$world/report.eml"
/usr/bin/python3 "$top/t/cli/report_mail.py" "$world/report.eml" > "$world/mail.out" 2>&1
status=$?
[ $status -eq 0 ] || sed 's/^/# /' "$world/mail.out"
ok $status "is one by RFC 5322 and MIME, to the strict reader of Python"
is "$(sed -n 1p "$world/mail.out")" "greenlane: mail came late, a vendor broke, not safe to enforce" "its subject says what to look at"
run 1 "for a person" report
sed 1d "$world/mail.out" > "$world/mail.text"
cmp -s "$world/out" "$world/mail.text"
ok $? "its text is the report"
run 1 "hostile names" report --mail "$world/mail.log" --vendor "$(printf 'x\nBcc: eve@evil.example')"
! grep -q '^Bcc' "$world/out"
ok $? "make no header"

# what the timer runs, with the installed paths replaced
mkdir "$world/runtime" "$world/kept"
sed "s,/usr/bin/greenlane report,'$greenlane' report -c '$config'," "$top/contrib/systemd/report-mail" > "$world/report-mail"
printf '#!/bin/sh\necho "$@" > "%s/sendmail.args"\ncat > "%s/sent.eml"\n' "$world" "$world" > "$world/sendmail"
chmod +x "$world/sendmail"
SENDMAIL=$world/sendmail RUNTIME_DIRECTORY=$world/runtime STATE_DIRECTORY=$world/kept sh "$world/report-mail" 2> "$world/err"
ok $? "report-mail is well when the report says that it is not safe"
is "$(cat "$world/sendmail.args")" "-t -i" "sendmail takes the recipient from the mail"
/usr/bin/python3 "$top/t/cli/report_mail.py" "$world/sent.eml" > "$world/mail.out"
ok $? "which it gets"
[ -s "$world/kept/state" ]
ok $? "and the state is kept"

# ---- the page ----

page_is_sound() { # FILE NAME
	/usr/bin/python3 "$top/t/cli/page.py" "$1" > "$world/page.out" 2>&1
	status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$world/page.out"
	ok $status "$2"
}
run 1 "a page" report --html "$world/report.html"
page_is_sound "$world/report.html" "is sound HTML, without scripts, links to elsewhere or anything fetched"
is "$(jq -c . "$world/page.out")" \
	"$(jq -c '.vendors | map_values([.vouched, .unproven, .forged, .unsure | tostring])' "$world/report.json")" \
	"its figures are those of --json"
is "$(stat -c %a "$world/report.html")" 640 "only who may read records reads it"
for answer in 'Is it safe to enforce?.*No, because 1 refused message' 'v02: its DKIM signature is missing since'; do
	grep -q "$answer" "$world/report.html"
	ok $? "it says '$answer'"
done
run 73 "a page that cannot be written" report --html "$world/nowhere/report.html"
err '^greenlane: --html: ' "is an error"

# names that want out
sed 's|desk@v01\.example rcpts|"<script>alert(1)</script>\\xe2\\x80\\xae\&amp;\\x27\\x0d\\x0a@v01.example" rcpts|; s|helo=out\.v01|helo=</td><b>|' \
	"$world/mail.log" > "$world/hostile.log"
run 1 "hostile names" report "$world/hostile.log" --html "$world/hostile.html"
page_is_sound "$world/hostile.html" "are text on the page"
grep -q '&lt;script&gt;alert(1)&lt;/script&gt;.xe2.x80.xae&amp;amp;&#39;.x0d.x0a@v01' "$world/hostile.html"
ok $? "and shown with every byte"

# 50 vendors, 90 days
{
	sed '/^vendors/d' "$config"
	echo 'vendors = ('
	for number in $(seq 1 50); do
		vendor=$(printf 'v%02d' "$number")
		printf '%s { name = "%s"; mode = "enforce"; inline = true; domains = [ "%s.example" ]; }\n' "${comma:-}" "$vendor" "$vendor"
		comma=,
	done
	echo ');'
} > "$world/many.conf"
make_verdicts 90 400 50 /dev/null "$world/many.log"
config=$world/many.conf
run 1 "50 vendors over 90 days" report "$world/many.log" --html "$world/many.html"
page_is_sound "$world/many.html" "make a sound page"
is "$(grep -o 'class="v"' "$world/many.html" | wc -l)" 50 "with the charts of each"
[ "$(wc -c < "$world/many.html")" -le 307200 ]
ok $? "of at most 300 KiB ($(wc -c < "$world/many.html"))"

finish_tap
