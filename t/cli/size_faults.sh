#!/bin/sh
# TAP: messages of 20,000 fields, 3,000 addresses, 3,000 recipients and 60 signatures: judged as ever, or refused as the manual says;
# other mail is judged meanwhile, and what they cost in memory is bounded.
name=size_faults
. "${srcdir:-.}/t/cli/store_lib.sh"
steady_site

# large WHAT: what becomes of its messages, a word each; "other" where other mail was not judged as ever meanwhile
large() {
	/usr/bin/python3 "$top/t/cli/size_faults.py" "$world/run/socket" "$1" > "$world/out" 2>&1
	sed 's/^550 5\.7\.26 .*/forged/; s/^550 5\.6\.0 .*From field.*/too-long/' "$world/out" | tr '\n' ' '
}
most() { awk '/^VmHWM/ { print $2 }' "/proc/$daemon/status"; }
has_records() { [ "$(grep -c '"mail_from":"large@' "$world/state/verdicts")" = "$1" ]; }
figures() { # EXPRESSION: of the record of each of them
	grep '"mail_from":"large@' "$world/state/verdicts" | /usr/bin/python3 -c 'import json, sys
for line in sys.stdin:
    record = json.loads(line)
    print(eval(sys.argv[1]), end=" ")' "$1"
}

begin "greenlaned serves"
/usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" a@stranger.example > "$world/out" 2>&1
before=$(most)
is "$(large headers)" "pass pass forged " "20,000 fields: judged as ever, a second From behind them is seen, and other mail is judged meanwhile"
is "$(large addresses)" "pass forged too-long pass forged " \
	"3,000 addresses: in To as ever; a From field of them is refused, of 3,000 in eight no proof is taken, and a vendor among them is seen"
is "$(large recipients)" "pass forged " "3,000 recipients: judged as ever"
is "$(large signatures)" "pass forged " "60 signatures: judged as ever"
until_true has_records 12
ok $? "each is recorded"
is "$(figures 'len(record["rcpts"])')" "1 1 1 1 1 1 1 1 1000 1000 1 1 " "with a thousand of its recipients"
is "$(figures 'len(record["dkim"])')" "0 0 0 0 0 0 0 0 0 0 60 60 " "and all of its signatures"
is "$(figures 'len([one for one in record["dkim"] if one["why"] == "not-looked-up"])')" "0 0 0 0 0 0 0 0 0 0 55 55 " "of which five were looked up"
is "$(figures 'record["facts"]["from_state"]')" "read read read read read unreadable unreadable unreadable read read read read " \
	"more than a thousand authors count as a From that cannot be read"
if sanitized; then
	skip "memory" "the sanitizer keeps what is freed"
else
	after=$(most)
	[ "$after" -le $((before + 8 * 1024)) ]
	ok $? "all this took less than 8 MiB of memory more: $before and $after KiB"
fi
end "it exits with 0"

finish_tap
