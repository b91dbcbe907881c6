#!/bin/sh
# TAP: greenlane log tells the story of a message: every try, what was waited, why, and what to write. Its lines come from
# every form of a mail log, its records from greenlane explain --json. Every sentence that it can print is in log.golden
# (t/sentences.sh), printed of the fixed lines and records of log_records.py, in a zone that is nobody's.
name=log golden_file=log.golden
. "${srcdir:-.}/t/cli/lib.sh"
needs jq

review_conf '{ name = "acme"; }'
cat > "$world/vendors/acme.conf" << END
vendor = { name = "acme"; domains = [ "acme.example" ]; vouch = [ "listed" ];
	sources = ( { cidr = [ "192.0.2.0/24" ]; exclusive = true; } ); };
END

# line TIME(hex) NUMBER ACTION STAGE CLIENT SENDER RCPT MSGID GREYLIST DMARC: a verdict as greenlaned logs it
line() {
	echo "id=$1.c.$2 qid=4bX$2 outcome=stranger action=$3 vendor=- reason=no-claim stage=$4 mode=enforce client=$5 port=4" \
		"listed=- via=- helo=h.example mail_from=$6 from=$6 rcpts=$7 spf=none dkim=- dmarc=${10} greylist=$9 msgid=$8 ms=1 tries=1 waited=0"
}
{
	echo "2026-11-28T10:00:00.123456+00:00 mx greenlaned[12]: $(line 6b0a1000 1 greylist rcpt 203.0.113.5 code@bank.example a@rx.example - new -)"
	echo "Nov 28 10:01:00 mx postfix/smtpd[3]: connect from unknown"
	echo "Nov 28 10:02:00 mx greenlaned[12]: $(line 6b0a1078 2 greylist rcpt 203.0.113.6 code@BANK.example a@rx.example - early -)"
	echo "2026-11-28T10:05:12+0000 mx greenlaned[12]: $(line 6b0a1138 3 pass eom 203.0.113.7 code@bank.example a@rx.example '<1@bank>' due pass)"
	echo "2026-11-28T10:06:00+0000 mx greenlaned[12]: $(line 6b0a1168 4 pass eom 203.0.113.7 code@bank.example a@rx.example '<2@bank>' known pass)"
	printf '{"SYSLOG_IDENTIFIER":"greenlaned","MESSAGE":"%s"}\n' "$(line 6b0a2000 5 reject eom 198.51.100.9 eve@evil.example b@rx.example '<3@evil>' off fail)"
	echo "2026-11-28T12:00:00+0000 mx greenlaned[12]: id=6b0a3000.c.6 qid=4bX6 outcome=stra"
} > "$world/mail.log"

for handle in 6b0a1138.c.3 4bX3 '<1@bank>' 1@bank 4bX1; do
	run 0 "a message is found by $handle" log -f "$world/mail.log" "$handle"
	is "$(grep -c '^try ' "$world/out")" 3 "with all its tries, from whatever host of the network, in order"
	out '^try 1  *2026-11-27T[0-9:.]*Z  greylist: stranger \(no-claim\), id 6b0a1000\.c\.1, queue id 4bX1$' "the first one"
	out '^try 3  *[^ ]*  pass: ' "and the last one"
done
out '^waited  *5 min 12 s$' "what it waited"
for handle in id=6b0a1138.c.3 '6b0a1138.c.3)' 'id 6b0a1138.c.3' qid=4bX3 4bX3:; do
	run 0 "it is found by what was copied from a reply or a log: $handle" log -f "$world/mail.log" "$handle"
	is "$(grep -c '^try ' "$world/out")" 3 "it is the same"
done
for author in '<code@bank.example>' 'The Bank <code@bank.example>' @bank.example Bank.Example. code@bank.example.; do
	run 0 "and by its author as he was copied: $author" log -f "$world/mail.log" --from "$author"
done
run 0 "and its recipient" log -f "$world/mail.log" --rcpt '<a@rx.example>' 4bX1
out '^because  *it names no vendor' "why"
out '^to vouch  *greenlane vendor new bank.example$' "and what to write, for it is proven and had to wait"
run 0 "the next message of the same sender" log -f "$world/mail.log" 4bX4
is "$(grep -c '^try ' "$world/out")" 1 "is another one"
lacks 'waited|to vouch' "which did not wait"
run 0 "a message by its client" log -f "$world/mail.log" --client 198.51.100.0/24
out 'envelope sender eve@evil.example' "in a network"
run 0 "by a recipient" log -f "$world/mail.log" --rcpt A@RX.example --since 2026-11-01
is "$(grep -c '^message ' "$world/out")" 2 "all that came to him"
run 0 "by a domain" log -f "$world/mail.log" --from example --until 2026-11-28
run 0 "as JSON" log -f "$world/mail.log" 4bX1 --json
is "$(jq -c '.[0] | [(.tries | length), .waited, .tries[0].greylist, .advice]' "$world/out")" \
	'[3,312,"new","to vouch   greenlane vendor new bank.example\n"]' "with its tries, its wait and the advice"
run 1 "what is not there" log -f "$world/mail.log" 4bX9
err 'nothing found in 5 verdicts' "is not found, in so many verdicts"
run 1 "nor is a message of another time" log -f "$world/mail.log" 4bX1 --since 2027-01-01
run 65 "a file of another kind" log -f "$config" 4bX1
err 'the first line is: authserv_id = ' "is an error with its first line"
run 66 "so is one that is not there" log -f "$world/nothing" 4bX1
run 64 "standard input" log -f - 4bX1
err 'save standard input to a file' "has to be saved first"
run 64 "a network that is none" log --client 192.0.2.1/24 4bX1
err '192.0.2.0/24' "is told the right one"

# ---- mixed, compressed ----

gzip -c "$world/mail.log" > "$world/mail.log.1.gz"
"$greenlane" explain -c "$config" --client 192.0.2.7 --helo mail.acme.example --mail-from '<>' --from t@acme.example \
	--rcpt anna@rx.example --json > "$world/verdicts.jsonl"
id=$(jq -r .id "$world/verdicts.jsonl")
run 0 "without -f the record file is read" log --vendor acme
out "^try 1 .* pass: vouched \\(proven\\), acme, id $id" "its verdict"
out '^by the configuration as it is now:$' "is judged again"
out '^  listed   yes \(cidr:192.0.2.0/24, exclusive\)' "with every piece of evidence"
run 0 "records and logs together" log -f "$world/verdicts.jsonl" -f "$world/mail.log.1.gz" --rcpt rx.example
is "$(grep -c '^message ' "$world/out")" 4 "give all messages"
run 0 "as JSON" log -f "$world/verdicts.jsonl" "$id" --json
is "$(jq -r '.[0].tries[0].facts.sources[0].source' "$world/out")" cidr:192.0.2.0/24 "a record is the whole record"

# ---- explain ----

run 0 "explain --id judges a record again" explain --id "$id"
out '^then       vouched, pass \(proven\), 20' "tells the verdict of that day"
out '^outcome    vouched \(proven\)' "and that of today"
sed 's/192\.0\.2\.0/198.51.100.0/' "$world/vendors/acme.conf" > "$world/acme.new"
mv "$world/acme.new" "$world/vendors/acme.conf"
run 75 "under another configuration" explain --id "$id"
out '^then       vouched, pass' "it was vouched"
out '^outcome    unsure \(dns-trouble\)' "and would be no more"
input=$world/verdicts.jsonl
run 75 "explain --line reads a record" explain --line - --json
is "$(jq -r '[.id, .outcome] | join(" ")' "$world/out")" "$id unsure" "with its id"
input=$world/mail.log
run 0 "or a log line" explain --line -
err 'a log line does not say everything' "which does not say everything"
out '^envelope   <code@bank.example>, ' "but what it says is taken"
input=
run 66 "an id that nobody had" explain --id 4bX99
err "'4bX99' is not in " "is not found"
run 64 "--id beside --client" explain --id "$id" --client 192.0.2.7
run 65 "a line that is no verdict" explain --line "$config"
err 'no verdict of greenlaned' "is refused"

# ---- bytes from the network ----

printf 'greenlaned: id=6b0a4000.c.7 qid=4bX7 outcome=stranger action=pass client=203.0.113.5 helo="\\x1b[31m" mail_from=a@b.example from="\\xff\\x0a" rcpts=c@rx.example waited=0\n' \
	> "$world/odd.log"
run 0 "a terminal's escapes" log -f "$world/odd.log" 4bX7
lacks "$(printf '\033')" "are never printed"
out 'HELO \\x1b\[31m' "but shown"

printf 'greenlaned: id=6b0a5000.c.8 qid=4bX8 outcome=forged action=reject client=203.0.113.5 mail_from=x@evil.example from=" t@acme.example <eve@evil.example" rcpts=c@rx.example waited=0\n' \
	> "$world/from.log"
for author in t@acme.example eve@EVIL.example acme.example; do
	run 0 "an author of a From that cannot be read is found: $author" log -f "$world/from.log" --from $author
done
for author in t@acme eve@evil.example.org cme.example; do
	run 1 "a part of one is not: $author" log -f "$world/from.log" --from $author
done

# ---- every sentence, to the letter ----

umask 022 # nobody is to read it all, but for one file
TZ=XXX-5:45
export TZ
mkdir "$world/known"
cat > "$world/known.conf" << END
authserv_id = "mx.rx.example";
state_dir   = "$world/state";
control     = { listen = "unix:$world/control.sock"; };
dns         = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };
own         = { domains = [ "rx.example" ]; outbound = [ "192.0.2.130" ]; };
greylist    = { auto_pass_network = 5; exempt = { networks = [ "203.0.113.200" ]; }; };
vendor_path = [ "$world/known" ];
vendors     = ( { name = "acme"; mode = "vouch"; }, { name = "crm"; }, { name = "gate"; } );
delegations = ( { vendor = "crm"; domains = [ "news.rx.example" ]; } );
partners    = ( { vendor = "crm"; domains = [ "msp.example" ]; } );
relays      = ( { name = "edge"; kind = "gateway"; networks = [ "198.51.100.5" ]; } );
END
cat > "$world/known/acme.conf" << END
vendor = { name = "acme"; domains = [ "acme.example" ]; dkim = [ "sign.acme.example", "=acme.example" ]; vouch = [ "listed+spf", "dkim" ];
	sources = ( { cidr = [ "192.0.2.0/25" ]; exclusive = true; } ); };
END
cat > "$world/known/crm.conf" << END
vendor = { name = "crm"; domains = [ "crm.example" ]; sources = ( { cidr = [ "203.0.113.0/25" ]; } ); };
END
cat > "$world/known/gate.conf" << END
vendor = { name = "gate"; kind = "gateway"; domains = [ "gate.example" ]; sources = ( { cidr = [ "198.51.100.64/26" ]; } ); };
END
cd "$world" || exit 99 # so that no name is longer on one host than on another
config=known.conf
made() { /usr/bin/python3 "$top/t/cli/log_records.py" "$@"; }

run 0 "its page in short" log --help
golden help sed 3q
run 64 "an option that is none" log --to joe@club.example
golden usage
run 64 "a file in the place of an id is told how it is read" log "$world/mail.log"
golden file
for part in lines stories parts old; do
	# shellcheck disable=SC2094 # a word, and a file of that name
	made $part > $part
	run 0 "every message is told: $part" log -f $part
	golden $part
done
run 0 "a log's as JSON" log -f lines --json
golden lines-json
run 0 "advice in JSON" log -f stories --json
golden advice jq -c '.[] | select(.advice != "") | [.tries[0].id, .waited, .advice]'
# shellcheck disable=SC2094
made reasons "$top/policy/rules/reason.c" > reasons
run 0 "a message for each reason" log -f reasons
golden reasons grep '^because'
# shellcheck disable=SC2094
made many 203 > many
run 0 "more messages than are shown" log -f many --from many.example
golden many tail -n 2
# shellcheck disable=SC2094
made many 20001 > many
run 66 "more tries than are kept" log -f many --from many.example
golden too-many
made huge 17 | gzip -1 > huge.gz
run 70 "more than is printed" log -f huge.gz --json
golden too-much
rm many huge.gz
head -n 1 lines > line
run 1 "nothing, in one verdict" log -f line 4bX9
golden nothing
run 1 "nor in several" log -f stories --rcpt other@rx.example
golden nothing-of-all
for handle in other@rx.example rx.example 203.0.113.0/24; do
	run 1 "nor by what is no id: $handle" log -f stories "$handle"
	cat "$world/err" >> no-id
done
cp no-id "$world/err"
golden no-id-of-all
run 1 "nor of a vendor that is none" log -f stories --vendor acmee
golden no-vendor
sed -n 2p lines > foreign
printf 'odd \033[31mline\nand another\n' > odd
run 65 "a log of another program" log -f foreign
golden foreign
run 65 "what is no log" log -f odd
golden odd
run 66 "a file that is not there" log -f none
golden no-file
run 64 "standard input" log -f - 4bX1
golden standard-input
# shellcheck disable=SC2046
run 64 "files without end" log $(seq 257 | sed 's/.*/-f lines/')
golden too-many-files
run 64 "a network that is none" log --client 192.0.2.1/24
golden client
run 64 "a time that is none" log --since yesterday
golden since
gzip -c lines | head -c 400 > cut.gz
# libarchive would run a program for such a file
mkdir programs
printf '#!/bin/sh\ntouch "%s/ran"\ncat\n' "$PWD" > programs/grzip
cp programs/grzip programs/lrzip
chmod 755 programs/*
{ printf 'GRZipII\000\002\004:)'; cat lines; } > foreign.grz
path_was=$PATH
PATH=$PWD/programs:$PATH
"$greenlane" -c "$config" log -f foreign.grz > "$world/out" 2>&1
PATH=$path_was
[ ! -e ran ]
ok $? "the bytes of a file run no program"
run 66 "an archive that is cut off" log -f cut.gz
golden damaged sed 's/\(cannot be read: \).*/\1WHY/' # libarchive's words

# ---- the usual files ----

rm -f verdicts.jsonl*
echo "log = { record = \"$world/verdicts.jsonl\"; };" | cat known.conf - > recorded.conf
config=recorded.conf
if unshare -rm sh -c 'mount -t tmpfs none /var/log' 2> /dev/null; then
	unshare -rm sh -c 'mount -t tmpfs none /var/log && exec "$@"' sh "$greenlane" log -c recorded.conf > out 2> err
	golden no-log
else
	golden_later no-log "no namespace in which /var/log is empty"
fi
made stories > verdicts.jsonl
as=
[ "$(id -u)" -ne 0 ] || as="setpriv --reuid=65534 --regid=65534 --clear-groups"
if $as "$greenlane" --version > /dev/null 2>&1; then
	chmod 000 verdicts.jsonl
	$as "$greenlane" log -c recorded.conf > out 2> err
	golden denied
	chmod 644 verdicts.jsonl
else
	golden_later denied "nobody else may run $greenlane"
fi

# ---- explain, by the story's words ----

run 0 "a record by its id" explain --id 6b0a003c.1.1
golden id
run 0 "as JSON" explain --id 6b0a003c.1.1 --json
golden id-json jq -c '[.id, .outcome, .reason, .explanation]'
run 66 "an id that nobody had" explain --id 4bX99
golden no-id
config=known.conf
# what is judged now has an id of its own, and no answer of DNS; the verdicts depend on neither
now() { sed 's/, id [0-9a-f.]*)/, id ID)/; /^no answer/d'; }
for part in line cut old foreign empty; do
	wanted=65
	case $part in
	line) sed -n 4p lines ;;
	cut) sed -n 4p lines | cut -c 1-70 ;;
	old) cat old ;;
	foreign) cat foreign ;;
	empty) ;;
	esac > input
	[ $part != line ] && [ $part != old ] || wanted=0
	input=input
	run $wanted "explain --line: $part" explain --line -
	golden line-$part now
done

finish_tap
