#!/bin/sh
# TAP: /metrics of a real daemon: what mail and its state make of it, what promtool says of it, and what check, status and
# reload say of its listener. Needs no network.
name=metrics
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
mkdir -p "$world/vendors"
port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
echo 'vendor = { name = "desk"; domains = [ "desk.example" ]; dkim = [ ]; sources = ( { cidr = [ "192.0.2.0/25", "198.51.100.0/25" ]; } ); };' \
	> "$world/vendors/desk.conf"

# conf LISTEN: the site, with metrics there.
conf() {
	{
		on_this_host
		printf 'vendor_path = [ "%s/vendors" ];\nvendors = ( { name = "desk"; vouch = [ "listed" ]; sources = ( { cidr = [ "192.0.2.0/25", "198.51.100.0/25" ]; exclusive = true; } ); } );\n' "$world"
		printf 'dns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };\nstrangers = { authenticate = false; };\n'
		printf 'metrics = { listen = "%s"; };\n' "$1"
	} > "$world/conf"
}
# get PATH [CURL-OPTION...]: the reply's body is in out, its status in code.
get() {
	path=$1
	shift
	/usr/bin/python3 - "$port" "$path" "${1:-GET}" > "$world/out" 2> "$world/err" <<'END'
import http.client, sys
there = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=120)
there.request(sys.argv[3], sys.argv[2])
reply = there.getresponse()
print(reply.status)
sys.stdout.write(reply.read().decode())
END
}
has() { get /metrics && grep -Fxq "$1" "$world/out"; }
mail() { /usr/bin/python3 "$top/t/cli/milter.py" "$world/host/milter.sock" "$@" > "$world/mail"; }

# ---- check ----

conf "inet:$port@127.0.0.1"
"$greenlane" -c "$config" check > "$world/out" 2>&1
lacks 'metrics\.listen' "check has nothing to say of a free port on loopback"
/usr/bin/python3 -c 'import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", int(sys.argv[1]))); s.listen(); print("there", flush=True); s.accept()' \
	"$port" > "$world/taken" &
taken=$!
pids="$pids $taken"
until_true grep -q there "$world/taken"
"$greenlane" -c "$config" check > "$world/out" 2>&1
out 'warning: metrics\.listen: port .* cannot be opened: Address already in use; stop what has it, or name another port' \
	"a port that somebody has is a warning of check"
greenlaned_start "$config"
ok $? "mail is filtered without it"
says 'warning: metrics\.listen: port .*; nothing is served there until a restart'
ok $? "and the start says so"
"$greenlane" -c "$config" status > "$world/out" 2> "$world/err"
is $? 1 "status is ill for it"
out "^ill: socket-gone: metrics: inet:$port@127.0.0.1 could not be opened at the start; see what else uses that address" \
	"and says what to do"
kill "$daemon" && wait "$daemon"
kill "$taken"
until_true gone "$taken"
conf "inet:$port@0.0.0.0"
"$greenlane" -c "$config" check > "$world/out" 2>&1
out 'metrics\.listen: whoever reaches .*write accept = \[ "open-metrics" \] in own' "an address that is not loopback is a warning"
is "$(grep -c 'metrics\.listen' "$world/out")" 1 "and one only"

# ---- what it tells ----

conf "inet:$port@127.0.0.1"
greenlaned_start "$config" || bail_out "greenlaned does not start"
has 'greenlane_verdicts_total{vendor="desk",outcome="forged",action="reject"} 0'
ok $? "an enabled vendor is there before its first mail"
has 'greenlane_alert{slug="no-mta"} 0' && has "greenlane_build_info{version=\"$("$greenlane" --version | sed 's/.* //')\"} 1"
ok $? "alerts and the version are there"
mail a@desk.example 192.0.2.7
mail a@desk.example 192.0.2.8
mail a@stranger.example 203.0.113.9
has 'greenlane_verdicts_total{vendor="desk",outcome="vouched",action="pass"} 2'
ok $? "vouched mail is counted under its vendor"
has 'greenlane_verdicts_total{vendor="-",outcome="stranger",action="greylist"} 1'
ok $? "a stranger's under none"
grep -q stranger.example "$world/out"
[ $? -eq 1 ]
ok $? "and his name is not told"
has 'greenlane_message_seconds_count 2'
ok $? "the time of each message that came to its end is counted"
has 'greenlane_greylist_total{state="new"} 1' && has 'greenlane_reasons_total{reason="proven"} 2'
ok $? "so are the greylist and the reasons"
until_true has 'greenlane_source_networks{vendor="desk"} 2'
ok $? "the networks of a vendor's sources"
if command -v promtool > /dev/null; then
	get /metrics
	sed 1d "$world/out" | promtool check metrics > "$world/tool" 2>&1 && [ ! -s "$world/tool" ]
	ok $? "promtool finds no fault with them"
	for rules in "$top"/contrib/prometheus/*.yml; do
		promtool check rules "$rules" > "$world/tool" 2>&1
		ok $? "nor with ${rules#"$top"/}"
	done
else
	skip "promtool finds no fault with them" "not installed"
	skip "nor with contrib/prometheus" "not installed"
fi
get / && grep -qx 404 "$world/out"
ok $? "another path is not found"
get /metrics POST && grep -qx 405 "$world/out"
ok $? "another method is not allowed"

# ---- a problem, the listener ----

echo '# changed' >> "$world/conf"
until_true has 'greenlane_alert{slug="config-newer"} 1'
ok $? "a problem that is told is 1"
run 1 "(that problem)" status
out "^listener metrics inet:$port@127.0.0.1: open" "status lists the listener"
conf "inet:$((port + 1))@127.0.0.1"
run 0 "(another port)" reload
until_true says "metrics\\.listen changed from 'inet:$port@127.0.0.1' to '.*': this needs a restart"
ok $? "a reload says that another port needs a restart"
until_true has 'greenlane_alert{slug="config-newer"} 0'
ok $? "and what is well again is 0"
kill "$daemon" && wait "$daemon"
is $? 0 "it stops"
finish_tap
