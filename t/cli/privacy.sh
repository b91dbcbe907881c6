#!/bin/sh
# TAP: log.privacy on a real daemon. Mail has a word in every place where an address may stand; with it on, nothing that greenlaned or
# greenlane writes has that word, and what was hidden is found by the clear address; with it off all is as it was. The key: made once,
# kept, never replaced in silence.
name=privacy golden_file=privacy.golden
. "${srcdir:-.}/t/cli/lib.sh"
needs nsd jq curl
config=$world/greenlane.conf
key=$world/state/privacy.key
mkdir -p "$world/vendors"
daemon=

cat > "$world/root.zone" << END
$(zone_head 300 60)
desk.example. TXT "v=spf1 ip4:192.0.2.0/24 -all"
box.example. TXT "v=spf1 ip4:198.51.100.0/24 -all"
macro.example. TXT "v=spf1 include:%{l}._spf.macro.example -all"
turned.example. TXT "v=spf1 include:%{lr-}._spf.turned.example -all"
silent.example. TXT "v=spf1 include:%{l}._spf.silent.example -all"
_spf.silent.example. NS ns.gone.example.
ns.gone.example. A 127.0.0.2
END
nsd_serve

cat > "$world/vendors/desk.conf" << END
vendor = { name = "desk"; domains = [ "desk.example" ]; dkim = [ ]; vouch = [ "listed+spf" ];
	sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
END
cat > "$world/vendors/box.conf" << END
vendor = { name = "box"; domains = [ "QXZQ.box@box.example" ]; dkim = [ ]; vouch = [ "listed+spf" ];
	sources = ( { cidr = [ "198.51.100.0/24" ]; exclusive = true; } ); };
END
printf '#!/bin/sh\nenv >> "%s/alerts"\n' "$world" > "$world/alert"
chmod +x "$world/alert"

conf() { # on|off
	[ "$1" = on ] && private=true || private=false
	cat > "$config" << END
state_dir = "$world/state"; user = "$(id -un)";
milter = { listen = "unix:$world/milter.sock"; group = "$(id -gn)"; deadline = "4s"; };
control = { listen = "unix:$world/control.sock"; };
metrics = { listen = "unix:$world/metrics.sock"; };
dns = { servers = [ "127.0.0.1@$port" ]; timeout = "2s"; };
log = { record = "$world/verdicts.jsonl"; privacy = $private; };
greylist = { store = "lmdb:$world/greylist"; delay = "1h"; };
alert = { command = "$world/alert"; };
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "desk"; mode = "enforce"; }, { name = "box"; mode = "enforce"; } );
END
}
start() { greenlaned_start "$config" || bail_out "greenlaned does not start"; }
stop() {
	kill "$daemon" && wait "$daemon"
	cat "$world/daemon" >> "$world/log"
}
deliver() {
	before=$(wc -l 2> /dev/null < "$world/verdicts.jsonl") || before=0
	/usr/bin/python3 "$top/t/cli/privacy.py" "$world/milter.sock" > "$world/replies" 2>&1
}
written() { [ "$(wc -l < "$world/verdicts.jsonl" 2> /dev/null)" -ge "$1" ]; }
ask() { # NAME ARGUMENT...: what it prints is kept for the search
	ask_name=$1
	shift
	"$greenlane" -c "$config" "$@" > "$world/said.$ask_name" 2>&1
}

# All that is written for people and programs, but for what an administrator asks the greylist for: the store has who waits.
gather() {
	rm -f "$world"/said.*
	ask status status
	ask status-json status --json
	ask log log --since 1d
	ask log-json log --since 1d --json
	ask report report
	ask report-json report --json
	ask report-mail report --mail
	ask report-html report --html "$world/said.page"
	ask report-state report --state "$world/said.counted"
	ask suggest suggest
	ask replay replay --json "$world/verdicts.jsonl"
	ask explain explain --id "$(jq -r 'select(.vendor == "desk" and .facts.from_state == "read").id' "$world/verdicts.jsonl" | head -1)"
	ask log-file log -f "$world/log" --since 1d
	curl -s --unix-socket "$world/metrics.sock" http://x/metrics > "$world/said.metrics"
	cp "$world/daemon" "$world/said.daemon"
	cp "$world/verdicts.jsonl" "$world/said.records"
	cp "$world/alerts" "$world/said.alerts" 2> /dev/null
	for file in "$world"/state/*; do
		[ ! -f "$file" ] || cp "$file" "$world/said.state-$(basename "$file")"
	done
}
# The last of what deliver has sent, behind what was there before; the mail before it is written before.
last_is_written() { until_true sh -c "tail -n +$((before + 1)) '$world/verdicts.jsonl' | tail -n 1 | grep -q '\"vendor\":\"box\"'"; }
# SPF of a vendor that a rule names by mailbox is not the sender's any more, as far as a report can tell.
counted() {
	jq -c 'del(.vendors.box.spf, .vendors.box.days[].spf) | [.records, .messages, .strangers, .exempt, .vendors]' "$world/said.report-json"
}
# Letters beside the word must not hide that it is there, nor escapes those beside it.
found() { grep -ail qxzq "$world"/said.* | sed "s|$world/said\\.||" | tr '\n' ' '; }
greylist_passes() { "$greenlane" -c "$config" greylist pass --rcpt qxzq.to@rx.example --all > "$world/out" 2>&1; }

# ---- on ----

conf on
run 0 "check finds nothing missing before the first start: the key is made then" check
[ ! -e "$key" ]
ok $? "and makes none"
: > "$world/log"
start
deliver
is "$(awk '{ print $1 }' "$world/replies" | sort -u | wc -l)" "$(grep -c '^    ("' "$top/t/cli/privacy.py")" "every mail was answered"
[ "$(grep -c . "$world/replies")" -ge 20 ] && last_is_written
ok $? "and is in the records"
greylist_passes
ok $? "an administrator lets a tuple pass"
until_true says 'greylist: uid [0-9]+ lets pass [0-9]+ tuples?, first ~$'
ok $? "which is said without it"
says 'alarm: mail of desk .*from=<~[a-p]{16}@desk\.example> to=<~[a-p]{16}@rx\.example> said="4\.2\.0 \(hidden by log\.privacy\)"'
ok $? "the alarm for delayed mail names nobody"
gather
is "$(found)" "" "no place has a local part, a login name or a Message-ID's left side"
! grep -aiq 'ü\|ß\|\\xc3\|\\u00' "$world"/said.records "$world"/said.daemon "$world"/said.log
ok $? "nor the bytes beside them"
is "$(jq -r 'select(.rcpts[0] == "").id' "$world/verdicts.jsonl")" "" "no recipient is empty"
is "$(jq -r .hidden "$world/verdicts.jsonl" | sort -u)" "$(tail -n 1 "$key")" "each record names the key by its id"
is "$(grep -c ' hidden=' "$world/daemon")" "$(grep -c ' outcome=' "$world/daemon")" "as does each line"
counted_on=$(counted)
judged_on=$(jq -c '[.judged, .not_judgeable, .broken, (.changed | length)]' "$world/said.replay")

# ---- what was hidden is found ----

# What of the last output speaks of hiding, without what is another in each run: 16 letters may spell anything, also "hid".
hiding() { sed 's/~[a-p]\{16\}/~HASH/g; s/ [0-9]* of the verdicts/ N of the verdicts/' | grep -a 'hid' | grep -v 'warning:'; }
finds() { # NAME ARGUMENT...: some try was found, and nothing in clear is printed but what was asked for
	run 0 "$@"
	grep -q '^try 1' "$world/out" && ! grep -aiq qxzq "$world/out"
	ok $? "and shows it hidden"
}
finds "log finds a recipient by the clear address" log --rcpt qxzq.to@rx.example
finds "in any case" log --rcpt QXZQ.To@RX.example
finds "a sender" log --from qxzq.from@elsewhere.example
finds "an author" log --from qxzq@turned.example
finds "one with quotes" log --rcpt '"qxzq@inner"@rx.example'
finds "in UTF-8" log --rcpt 'ü.qxzq@rx.example'
finds "without a domain that can be read" log --from 'qxzq@[192.0.2.1]'
finds "a Message-ID" log '<qxzq.id@host.example>'
finds "without its brackets" log qxzq.id@host.example
finds "a domain" log --rcpt rx.example
finds "an address as it is shown" log --rcpt "$(jq -r 'select(.rcpts | length > 0).rcpts[0] | select(endswith("@rx.example"))' "$world/verdicts.jsonl" | head -1)"
run 1 "another name is not found" log --rcpt qxzq.too@rx.example
run 0 "lines of the log are searched in the same way" log -f "$world/daemon" --rcpt qxzq.to@rx.example
run 65 "explain does not judge what it cannot know" explain --id "$(jq -r 'select(.facts.from_state == "unreadable" and .vendor == "desk").id' "$world/verdicts.jsonl" | head -1)"
golden from hiding
run 0 "log shows a mailbox that a rule names" log --from qxzq.box@box.example
golden mailbox hiding
run 0 "and whose record SPF could not use" log --from qxzq.macro@macro.example
golden spf hiding
grep -a 'vendor=box' "$world/daemon" | head -1 > "$world/line"
"$greenlane" -c "$config" explain --line - < "$world/line" > "$world/out" 2> "$world/err"
golden line hiding

# ---- off, by a reload ----

mv "$world/verdicts.jsonl" "$world/hidden.jsonl"
stop
cp "$key" "$world/key.kept"
rm -rf "$world/greylist"
start
cmp -s "$key" "$world/key.kept"
ok $? "the key is kept over a restart"
conf off
run 0 "a reload turns it off" reload
deliver
last_is_written
gather
for place in daemon records log log-json; do
	grep -aiq qxzq "$world/said.$place"
	ok $? "with it off $place has everything as before"
done
is "$(jq -r 'select(.hidden != null).id' "$world/verdicts.jsonl")" "" "no record says that it hides"
is "$(jq -r 'select(.facts.auth != "").facts.auth' "$world/verdicts.jsonl")" "qxzq.login" "the login name is there"
is "$(jq -r '.facts.spf_why // empty' "$world/verdicts.jsonl" | grep -c 'qxzq')" 6 "and what macros made of local parts"
is "$(counted)" "$counted_on" "report counted the same"
is "$judged_on" "$(jq -c '[.judged - 7, { "hidden-from": 6, "hidden-mailbox": 1 }, .broken, (.changed | length)]' "$world/said.replay")" \
	"replay judged the same, but for six From that cannot be read and one mailbox that a rule names"
mv "$world/verdicts.jsonl" "$world/clear.jsonl"

# ---- the key ----

conf on
run 0 "a reload turns it on again" reload
deliver
last_is_written
is "$(jq -r .hidden "$world/verdicts.jsonl" | sort -u)" "$(tail -n 1 "$world/key.kept")" "by the same key"

damage() { # NAME COMMAND...: the key is not as it was; status and check say so, mail is still hidden, nothing is replaced
	damage_name=$1
	shift
	"$@"
	cp "$key" "$world/key.damaged"
	run 0 "$damage_name: a reload takes place" reload
	until_true is_told 'privacy-key: log\.privacy cannot use its key'
	ok $? "status says it"
	run 1 "check, too" check
	out "privacy\\.key.*log\\.privacy hides by it" "with what is wrong"
	deliver
	last_is_written
	! grep -aiq qxzq "$world/verdicts.jsonl"
	ok $? "mail is hidden all the same"
	cmp -s "$key" "$world/key.damaged"
	ok $? "the file is left as it is"
}
is_told() { "$greenlane" -c "$config" status 2> /dev/null | grep -Eq -- "$1"; }
damage "a byte of the key is another" sh -c "sed 's/^[0-9a-f]/x/' '$world/key.kept' | sed 's/^xreen/green/' > '$key'"
is "$(jq -r .hidden "$world/verdicts.jsonl" | sort -u)" "$(tail -n 1 "$world/key.kept")" "by the key that was read before"
damage "a short key" sh -c "head -c 40 '$world/key.kept' > '$key'"
damage "an empty one" sh -c ": > '$key'"
stop
rm "$world/verdicts.jsonl"
start
says 'log\.privacy: .*privacy\.key is damaged; restore it from a backup, or move it away'
ok $? "a start with a damaged key says it"
deliver
last_is_written
! grep -aiq qxzq "$world/verdicts.jsonl" "$world/daemon"
ok $? "and hides, by a key of its own"
run 1 "by which nothing is found" log --rcpt qxzq.to@rx.example
golden damaged hiding
cp "$world/key.kept" "$key"
run 0 "the key is back" reload
! is_told privacy-key
ok $? "status is content"
run 1 "what another key hid is not found" log --rcpt qxzq.to@rx.example
golden other-key hiding
deliver
last_is_written
finds "what comes now is" log --rcpt qxzq.to@rx.example

if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
	chmod 755 "$world" "$world/state"
	chmod 644 "$world/verdicts.jsonl"
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$greenlane" -c "$config" log -f "$world/verdicts.jsonl" --rcpt qxzq.to@rx.example > "$world/out" 2> "$world/err"
	is $? 77 "who may not read the key exits with 77"
	golden withheld hiding
	setpriv --reuid=nobody --regid=nogroup --clear-groups "$greenlane" -c "$config" log -f "$world/verdicts.jsonl" --rcpt rx.example > "$world/out" 2> "$world/err"
	is $? 0 "a domain he finds"
else
	golden_later withheld "root is needed"
fi
stop
finish_tap
