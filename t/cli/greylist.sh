#!/bin/sh
# TAP: greenlane greylist, on a real daemon with mail over its milter: who waits, one that is let pass, forgotten ones, several
# at once, odd bytes, ten thousand tuples, who may not; beside mail that comes in, and from the files while nothing runs.
#
# Needs no network: a name server of its own. Root's part asks as another user.
name=greylist
. "${srcdir:-.}/t/cli/lib.sh"
needs nsd
config=$world/conf
user=$(id -un)
[ "$(id -u)" -ne 0 ] || user=nobody # a store of root's would tell nothing about its owner
mkdir "$world/vendors" "$world/run" "$world/state"
[ "$(id -u)" -ne 0 ] || chown nobody "$world" "$world/run" "$world/state"
cat > "$world/vendors/desk.conf" <<'TEXT'
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.1" ]; } ); };
TEXT
cat > "$world/root.zone" <<'TEXT'
. 60 IN SOA ns. host. 1 60 60 60 60
. 60 IN NS ns.
pool.example. 60 IN TXT "v=spf1 ip4:203.0.113.0/24 -all"
TEXT
nsd_serve
conf() { # STORE
	cat > "$world/conf" <<TEXT
vendor_path = [ "$world/vendors" ];
vendors = ( { name = "desk"; } );
milter = { listen = "unix:$world/run/socket"; };
control = { listen = "unix:$world/run/control"; };
state_dir = "$world/state";
user = "$user";
greylist = { store = "$1"; delay = "1h"; };
dns = { servers = [ "127.0.0.1@$port" ]; timeout = "60s"; };
TEXT
}
begin() { greenlaned_start "$world/conf" || bail_out "greenlaned does not start"; }
end() {
	kill "$daemon"
	wait "$daemon"
}
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/run/socket" "$@" > "$world/reply" 2>&1; } # SENDER [CLIENT [RCPT]]
passes() { mail "$@"; is "$(cat "$world/reply")" pass "mail of '$1' passes"; }
waits() { mail "$@"; grep -q '^451 4\.7\.1 greylisted' "$world/reply"; ok $? "mail of '$1' waits"; }
rows() { is "$(grep -c '^[a-z]*  *20' "$world/out")" "$1" "$2"; } # COUNT NAME: so many lines of a table
row() { out "^$1 +20[-0-9]+ [0-9:]+ +[0-9dhms]+ +$2 +$3\$" "$4"; } # STATE WAITS REST NAME: a row, whatever the time
# many COUNT: mails of senders of many.example, over one connection
many() {
	PYTHONPATH=$top/t/cli /usr/bin/python3 -B - "$world/run/socket" "$1" <<'TEXT'
import sys
from milter_peer import MilterPeer, connect_data, z


class Many(MilterPeer):
    """Every command is replied to, whatever becomes of the mail."""

    def say(self, command, data=b""):
        self.send(command, data)
        while self.receive()[0] not in "ytrac":
            pass


peer = Many(sys.argv[1], 0)
peer.say("C", connect_data("198.51.100.9"))
peer.say("H", z("client.example"))
for number in range(int(sys.argv[2])):  # digits of a local part are all the same to a greylist
    word = "".join("abcdefghij"[int(digit)] for digit in str(number))
    peer.say("M", z("<%s@many.example>" % word))
    peer.say("R", z("<anna@rx.example>"))
    peer.say("T")
    peer.say("L", z("From", " <%s@many.example>" % word))
    peer.say("N")
    peer.say("E")
TEXT
}

# ---- nobody waits ----

conf "lmdb:$world/greylist"
begin
run 1 "an empty greylist" greylist list
quiet "is an empty list"
err '^greenlane: nothing found$' "which is said"
run 0 "its numbers" greylist stats
out '^waiting +0  ' "are zero"
run 0 "also as JSON" greylist stats --json
is "$(cat "$world/out")" '{"waiting":0,"due":0,"pass":0,"known":0,"free":0,"expired":0,"oldest":0}' "in one object"

# ---- who waits ----

waits bounce-77@acme.example
waits bounce-78@acme.example
waits billing+x@Acme.example
waits billing+x@Acme.example 203.0.113.9 bert@rx.example
waits info@pool.example
waits ''
waits "$(printf 'odd \033[31mname\377"@odd.example')" 198.51.100.7
run 0 "who waits" greylist list
rows 6 "each tuple is listed, the two of one bounce address once"
out '^STATE +FIRST TRY +AGE +WAITS +TRIES +SENDER +RECIPIENT +NETWORK$' "under a head"
row waiting '(59m[0-9]+s|1h0m)' '1 +<> +anna@rx\.example +203\.0\.113\.0/24' "with the null sender, one try, and the time left"
row waiting '(59m[0-9]+s|1h0m)' '2 +bounce-#@acme\.example +anna@rx\.example +203\.0\.113\.0/24' "with two tries of one bounce address"
row waiting '[0-9hms]+' '1 +info@pool\.example +anna@rx\.example +@pool\.example' "with a domain where SPF passed"
row waiting '[0-9hms]+' '1 +odd\\x20\\x1b\[#mname\\xff"@odd\.example +anna@rx\.example +198\.51\.100\.0/24' "with odd bytes escaped"
run 0 "one recipient" greylist list --rcpt bert@RX.example
rows 1 "has one"
run 0 "one sender, as the mail came" greylist list --sender '<billing+other@ACME.example>'
rows 2 "has two"
run 0 "a domain" greylist list --sender acme.example
rows 3 "has three"
run 0 "a client" greylist list --client 198.51.100.200
rows 1 "has that of its network"
err '^greenlane: 1 more match but for the client: SPF passed, so they are kept by domain; ' "and is told of the one that is kept by domain"
run 0 "that domain" greylist list --client @pool.example
rows 1 "has it"
run 0 "odd bytes, as they are listed" greylist list --sender 'odd\x20\x1b[#mname\xff"@odd.example'
rows 1 "find theirs"
run 0 "and as they came" greylist list --sender "$(printf 'odd \033[31mname\377"@odd.example')"
rows 1 "too"
run 0 "JSON" greylist list --json --rcpt bert@rx.example
out '^\[\{"sender":"billing@acme\.example","rcpt":"bert@rx\.example","network":"203\.0\.113\.0/24","state":"waiting","first":[0-9]+,"tries":1,"due":[0-9]+,' "has its names"
run 0 "show" greylist show --sender ''
out '^<>$' "begins with the sender"
out '^  state      waiting: a try passes in (59m[0-9]+s|1h0m), from 20' "says how long it still waits"
out '^  first try  20[-0-9]+ [0-9:]+, [0-9ms]+ ago$' "and since when it does"
out '^  tries      1 deferred, 0 passed$' "and how often it came"
run 1 "a sender that never came" greylist list --sender nobody@else.example
err '^greenlane: nothing found$' "is not found"

# ---- pass and forget ----

run 1 "several tuples" greylist pass --sender acme.example
rows 3 "are listed"
err '^greenlane: 3 tuples match, and nothing was changed; narrow it, or pass all of them with --all$' "and nothing is done"
run 0 "nothing was" greylist stats
out '^waiting +6 ' "they all wait"
run 0 "one is let pass" greylist pass --sender bounce-1@acme.example
row pass - '2 +bounce-#@acme\.example .*' "its state says so"
out '^1 tuple let pass at the next try$' "and what was done"
until_true says 'greylist: uid [0-9]+ lets pass 1 tuple, first g bounce-#@acme\.example anna@rx\.example 203\.0\.113\.0/24$'
ok $? "the log says who let what pass"
run 0 "a list" greylist list
row pass - '2 +bounce-#@acme\.example .*' "still has it"
passes bounce-79@acme.example
until_true says 'mail_from=bounce-79@acme\.example .*greylist=due .*tries=3 waited=[0-9]+$'
ok $? "the log has its tries"
run 0 "all that there is of it" greylist show --sender bounce-1@acme.example
out '^  state      known: it passes$' "is known"
run 0 "what passes already" greylist pass --sender bounce-1@acme.example
err '^greenlane: 1 tuple matches, and passes already; nothing was changed$' "is left alone"
passes bounce-80@acme.example
run 0 "a known one is forgotten" greylist forget --sender bounce-1@acme.example
out '^1 tuple forgotten$' "which is said"
run 1 "it is not there" greylist show --sender bounce-1@acme.example
waits bounce-81@acme.example
run 0 "several are let pass" greylist pass --sender acme.example --all
out '^3 tuples let pass at the next try$' "with --all"
passes billing@acme.example 203.0.113.9 bert@rx.example
run 0 "several are forgotten" greylist forget --sender acme.example --all --json
is "$(grep -c '"sender":' "$world/out")" 3 "and JSON lists them"
run 1 "there are none" greylist list --sender acme.example --all
run 0 "the others are" greylist list
rows 3 "still there"
run 1 "nothing to let pass" greylist pass --sender nobody@else.example
run 1 "nor to forget" greylist forget --sender nobody@else.example --json
is "$(cat "$world/out")" '[]' "in JSON either"

# ---- usage ----

run 64 "no action" greylist
run 64 "another one" greylist clear
err "^greenlane: 'clear' is not list, show, pass, forget, stats or copy$" "is not known"
run 64 "nearly one" greylist shwo
err "^greenlane: unknown command 'greylist shwo'; did you mean 'show'\\?$" "is told the nearest"
run 64 "forget without a word of what" greylist forget --all
err '^greenlane: forget which tuples\? write --sender, --rcpt or --client$' "is refused"
run 64 "no client" greylist list --client mx.example
err "^greenlane: 'mx\.example' is no client; write an address" "is said"
run 64 "a network with host bits" greylist list --client 192.0.2.1/24
err "write '192\.0\.2\.0/24'" "gets the right one"
run 64 "an empty recipient" greylist list --rcpt ''
run 64 "more than any address" greylist list --sender "$(printf '%01400d' 0)@acme.example"

# ---- very many, beside mail ----

many 10000 > "$world/many" 2>&1 &
flood=$!
pids="$pids $flood"
failures=0 lists=0
while kill -0 $flood 2> /dev/null; do
	"$greenlane" -c "$config" greylist list > "$world/out" 2> "$world/err" && "$greenlane" -c "$config" greylist stats > "$world/out" 2> "$world/err" ||
		failures=$((failures + 1))
	lists=$((lists + 1))
done
wait $flood
is "$?$(cat "$world/many")" 0 "ten thousand mails are answered while others list"
is "$failures" 0 "and each list was a success"
echo "# $lists lists"
run 0 "ten thousand wait" greylist stats
out '^waiting +10003 ' "and are counted"
run 0 "a list of them" greylist list
rows 100 "shows the first hundred"
out '^\.\.\. and 9903 more; narrow it with --sender, --rcpt or --client, or see all of them with --all$' "and says how many there are"
run 0 "all of them" greylist list --all
rows 10003 "are shown with --all"
is "$(sort -u "$world/out" | wc -l)" 10004 "each once"
run 0 "as JSON" greylist list --json
is "$(/usr/bin/python3 -c 'import json, sys; print(len(json.load(sys.stdin)))' < "$world/out")" 10003 "they are one list"
run 0 "all of a domain are let pass" greylist pass --sender many.example --all
out '^10000 tuples let pass at the next try$' "which is all of them"

# ---- who may not ----

if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	as_other() { # COMMAND...: as somebody who is not the daemon's user
		setpriv --reuid=65533 --regid=65533 --clear-groups "$@" > "$world/out" 2> "$world/err"
	}
	cp "$greenlane" "$world/tool" # the build may be in a directory that others cannot enter
	as_other "$world/tool" -c "$config" greylist list
	is $? 77 "another user may not ask"
	err 'control: Permission denied; ask as root' "which is said"
	chmod o+rw "$world/run/control"
	as_other "$world/tool" -c "$config" greylist stats
	is $? 0 "who may open the socket may look"
	as_other "$world/tool" -c "$config" greylist pass --sender odd.example
	is $? 77 "but let nothing pass"
	err "^greenlane: only root and greenlaned's own user may change the greylist\$" "which is said"
	as_other "$world/tool" -c "$config" greylist forget --sender odd.example --all
	is $? 77 "nor forget"
	run 0 "nothing was changed" greylist list --sender odd.example
	row waiting '[0-9hms]+' '1 +odd.*' "it waits"
else
	skip "another user" "needs root and setpriv"
fi

# ---- it does not run ----

before=$(stat -c '%i %u %a' "$world/greylist" "$world/greylist"/*)
end
run 0 "without a daemon" greylist list --sender odd.example
row waiting '[0-9hms]+' '1 +odd.*' "the files are read"
err "^greenlane: the daemon cannot be asked \(.*\); this is read from $world/greylist\$" "which is said"
run 0 "stats" greylist stats
out '^pass +10000 ' "counts there too"
run 69 "nothing can be let pass" greylist pass --sender odd.example
err "^greenlane: only a running greenlaned changes lmdb:$world/greylist, and it cannot be asked \(.*\); start it\$" "which is said"
run 69 "or forgotten" greylist forget --sender odd.example
is "$(stat -c '%i %u %a' "$world/greylist" "$world/greylist"/*)" "$before" "its files are the same, and nobody else's"
if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	as_other "$world/tool" -c "$config" greylist list
	is $? 77 "another user may not read them"
	err ': you may not read it; run this as root or as greenlaned.s user$' "which is said in a line"
fi
rm "$world/greylist/lock.mdb"
run 0 "without a lock file" greylist list --sender odd.example
[ ! -e "$world/greylist/lock.mdb" ]
ok $? "none is made"
cp "$world/greylist/data.mdb" "$world/sound"
printf 'nonsense' | dd of="$world/greylist/data.mdb" bs=4096 seek=1 conv=notrunc 2> /dev/null
head -c 8000 "$world/greylist/data.mdb" > "$world/half" && cp "$world/half" "$world/greylist/data.mdb"
run 69 "a damaged file" greylist list
err 'greylist' "is said to be one"
cp "$world/sound" "$world/greylist/data.mdb"
[ "$(id -u)" -ne 0 ] || chown nobody "$world/greylist/data.mdb"

# ---- a daemon that cannot be asked ----

begin
passes bcd@many.example 198.51.100.9
kill -STOP "$daemon"
rm "$world/run/control"
run 0 "beside a daemon whose socket is gone" greylist list --sender odd.example
row waiting '[0-9hms]+' '1 +odd.*' "the files are read"
kill -CONT "$daemon"
until_true test -S "$world/run/control" # its main thread runs: TERM to one that is still stopped goes to libmilter's
end
conf none
run 1 "greylist.store is none" greylist list
err '^greenlane: greylist\.store is "none": there is no greylist$' "and nothing runs"
begin
run 1 "the same while it runs" greylist list
err '^greenlane: greylist\.store is "none": there is no greylist$' "is said"
run 1 "of pass as well" greylist pass --sender odd.example
end
echo 'nonsense = 1;' >> "$world/conf"
run 78 "a broken configuration, and nothing runs" greylist list
finish_tap
