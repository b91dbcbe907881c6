#!/bin/sh
# TAP: greenlane export and the exports of greenlaned: each format in the program that reads it, files that are
# changed only when needed, commands, and greenlane vendor brief.
#
# A program that is not installed is skipped with a reason. SENDMAIL_ROOT and POSTGREY_ROOT may name directories into which
# Debian's packages of Sendmail and postgrey were unpacked (dpkg -x); Sendmail's conflicts with Postfix's.
name='export'
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/greenlane.conf

has() { command -v "$1" > /dev/null; }
stamp() { stat -c '%i %Y %y' "$1"; }

# ---- a site ----

# copy SOURCE BELIEVED NETWORK...: the last good copy of a source
copy() {
	source=$1 when=$2
	shift 2
	{
		echo "# a copy"
		printf 'version 1\nsource %s\nbelieved %s\nchanged %s\nnext %s\nttl 300\nlive no\ntrouble no\n' \
			"$source" "$when" "$when" "$when"
		echo "networks $#"
		for network; do echo "$network  since $when  via x"; done
		echo "end $#"
	} > "$world/state/sources/.new"
	mv "$world/state/sources/.new" "$world/state/sources/$source.copy"
}

mkdir -p "$world/state/sources" "$world/vendors" "$world/files"
now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
copy spf:acme.example "$now" 192.0.2.128/25 203.0.113.77 2001:db8:4::/48
copy a:old.acme.example 2001-01-01T00:00:00Z 198.51.100.99
cat > "$world/vendors/acme.conf" <<'END'
vendor = {
  name = "acme"; title = "Acme Tickets"; domains = [ "acme.example" ]; dkim = [ "=acme.example" ];
  sources = (
    { spf = "acme.example"; exclusive = true; },
    { cidr = [ "192.0.2.0/25", "198.51.100.8/30", "2001:db8:2::/47", "2001:db8:f::25" ]; tags = [ "eu" ]; },
    { a = "old.acme.example"; },
    { a = "new.acme.example"; },
    { cidr = [ "203.0.113.128/25", "2001:db8:10::/48" ]; use = "login"; },
    { cidr = [ "198.18.0.0/15" ]; as_of = "2001-01-01"; review_by = "2002-01-01"; },
    { host = ".out.acme.example"; exclusive = true; }
  );
  evidence = ( { what = "sources"; where = "its page"; seen = "2026-01-01"; } );
};
END
cat > "$world/vendors/trial.conf" <<'END'
vendor = { name = "trial"; domains = [ "trial.example" ]; mode = "monitor"; sources = ( { cidr = [ "198.51.100.200" ]; } ); };
END
cat > "$world/greenlane.conf" <<END
state_dir = "$world/state";
control = { listen = "unix:$world/state.control"; };
vendor_path = [ "$world/vendors" ];
milter = { listen = "inet:8890@127.0.0.1"; };
vendors = ( { name = "acme"; }, { name = "trial"; } );
END

# addresses that every format must list, and must not list
inside="192.0.2.5 192.0.2.200 198.51.100.8 198.51.100.11 203.0.113.77 2001:db8:2::1 2001:db8:3:ffff::1 2001:db8:4:1::25 2001:db8:f::25"
outside="192.0.3.1 192.0.1.255 198.51.100.7 198.51.100.12 198.51.100.99 198.51.100.200 203.0.113.78 203.0.113.130 198.18.0.1 2001:db8:1::1 2001:db8:5::1 2001:db8:f::26 2001:db8:10::1"

# every NAME COMMAND...: given all addresses, COMMAND prints exactly those inside
every() {
	name=$1
	shift
	# shellcheck disable=SC2086 # lists of words
	is "$("$@" $inside $outside 2> "$world/err" | tr '\n' ' ')" "$inside " "$name"
}

# ---- usage ----

run 64 "no format is a usage error" export
run 64 "so is an unknown one" export postgray
err "unknown format 'postgray'; did you mean 'postgrey'\?" "and the nearest one is named"
run 64 "so are two" export postgrey json
run 64 "so is a value for a format without a choice" export postgrey --value x
run 64 "so is a value that would relay" export sendmail-access --value RELAY
run 64 "so is watching standard output" export postgrey --watch
"$greenlane" -c "$world/none.conf" export postgrey > "$world/out" 2> "$world/err"
is $? 78 "no configuration exits 78"
[ ! -s "$world/out" ]
ok $? "and nothing is written"

# ---- what is listed ----

run 0 "postgrey" export postgrey
out '^# greenlane [^ ]* export postgrey$' "the file says who wrote it"
out '^# written 20..-..-..T..:..:..Z' "and when"
out '^# checksum [0-9a-f]{16}$' "and its checksum"
is "$(grep -v '^[#/]' "$world/out" | tr '\n' ' ')" \
	"192.0.2.0/24 198.51.100.8/30 203.0.113.77 2001:db8:2::/47 2001:db8:4::/48 2001:db8:f::25 " \
	"it lists the fewest networks of files and copies"
out '^# left out: acme a:old\.acme\.example: .*max_stale' "a stale copy is named"
out '^# left out: acme a:new\.acme\.example: it was never unfolded' "and one that was never known"
out '^# left out: acme cidr:198\.18\.0\.0/15: .*review' "and one past its review"
out '^# left out: trial .*monitor' "and a vendor on trial"
is "$(grep '^/' "$world/out")" '/\.out\.acme\.example$/' "names of clients are listed as they are meant"
run 0 "rspamd" export rspamd
out '^# left out: acme host:\.out\.acme\.example: this format takes addresses alone' "what takes no names says so"

# ---- files ----

file=$world/files/list
run 0 "a file is created" export postgrey --output "$file"
is "$(stat -c %a "$file")" 644 "that everybody may read"
before=$(stamp "$file")
sleep 1.1 # sleeps: until the date in the file would be another
run 0 "again" export postgrey --output "$file"
is "$(stamp "$file")" "$before" "it is not touched if only the date would change"
echo 10.0.0.0/8 >> "$file"
chmod 600 "$file"
run 0 "after somebody else wrote into it" export postgrey --output "$file"
grep -q 10.0.0.0/8 "$file"
is $? 1 "it is restored"
is "$(stat -c %a "$file")" 600 "and keeps its mode"
[ -z "$(ls "$world"/files/*.new 2>/dev/null)" ]
ok $? "nothing is left beside it"
run 73 "a missing directory exits 73" export postgrey --output "$world/nowhere/list"
err "nowhere/list: cannot be written" "and is named"
run 73 "what is not a regular file is not replaced" export postgrey --output /dev/null
[ -c /dev/null ]
ok $? "and is still there"
rm "$file"

: > "$world/err"
"$greenlane" -c "$world/greenlane.conf" export postgrey --output "$file" --watch 2> "$world/err" &
watcher=$!
pids="$pids $watcher"
until_true test -s "$file"
ok $? "--watch writes at once"
copy spf:acme.example "$now" 192.0.2.128/25 203.0.113.77 203.0.113.78 2001:db8:4::/48
until_true grep -qx 203.0.113.78 "$file"
ok $? "and again when a copy has changed"
copy spf:acme.example "$now" 192.0.2.128/25 203.0.113.77 2001:db8:4::/48
until_true sh -c "! grep -qx 203.0.113.78 '$file'"
ok $? "and again"
kill -TERM $watcher
wait $watcher
is $? 0 "TERM ends it with 0"

# ---- the programs that read ----

export_to() { "$greenlane" -c "$world/greenlane.conf" export "$@" --output "$world/$1" 2> "$world/err"; }

for format in postgrey postscreen cidr rspamd milter-greylist sendmail-access nftables rbldnsd json; do
	export_to $format || { ok 1 "$format is written"; }
done

in_cidr() { # FILE RESULT ADDRESS...
	table=cidr:$world/$1 result=$2
	shift 2
	printf '%s\n' "$@" | postmap -c "$world/postfix" -q - "$table" | sed -n "s|	$result\$||p"
}
if has postmap; then
	mkdir "$world/postfix"
	: > "$world/postfix/main.cf"
	every "postscreen: postmap finds permit for each, and for no other" in_cidr postscreen permit
	every "cidr: postmap finds our milter for each, and nothing for others" in_cidr cidr inet:127.0.0.1:8890
	postmap -c "$world/postfix" -q 192.0.2.1 "cidr:$world/postscreen" > "$world/out" 2> "$world/err"
	[ ! -s "$world/err" ]
	ok $? "postmap warns of no line"
else
	skip "postscreen, cidr" "no postmap"
fi

in_nftables() { # ADDRESS...
	for address; do
		case $address in *:*) set=greenlane_mx6 ;; *) set=greenlane_mx4 ;; esac
		echo "nft get element inet greenlane $set '{ $address }' > /dev/null 2>&1 && echo $address"
	done > "$world/questions"
	unshare -rn sh -c "nft -f '$world/nftables' && nft -f '$world/nftables' && . '$world/questions'"
}
if ! has nft; then
	skip "nftables" "no nft"
elif ! unshare -rn nft list ruleset 2> /dev/null; then
	skip "nftables" "no network namespace"
else
	unshare -rn nft -c -f "$world/nftables" > "$world/out" 2> "$world/err"
	ok $? "nftables: nft -c accepts it"
	every "nftables: each is in its set, and no other, even if it is loaded twice" in_nftables
	unshare -rn sh -c "nft -f '$world/nftables' && nft get element inet greenlane greenlane_login4 '{ 203.0.113.130 }' &&
		nft get element inet greenlane greenlane_login6 '{ 2001:db8:10::1 }'" > "$world/out" 2> "$world/err"
	ok $? "nftables: those that log in have sets of their own"
	unshare -rn sh -c "nft -f '$world/nftables' && nft add chain inet greenlane c && nft add rule inet greenlane c ip saddr @greenlane_mx4 accept &&
		nft -f '$world/nftables' && nft list chain inet greenlane c | grep -q @greenlane_mx4" > "$world/out" 2> "$world/err"
	ok $? "nftables: a rule that names a set outlives the next load"
fi

# ask.py PORT ADDRESS...: prints those that the zone lists
cat > "$world/ask.py" <<'END'
import ipaddress, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
for text in sys.argv[2:]:
    address = ipaddress.ip_address(text)
    labels = str(address).split(".") if address.version == 4 else list(address.packed.hex())
    name = b"".join(bytes([len(l)]) + l.encode() for l in labels[::-1] + ["wl", "example"]) + b"\0"
    s.sendto(struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + name + struct.pack(">2H", 1, 1), ("127.0.0.1", int(sys.argv[1])))
    answer = s.recv(4096)
    flags, _, answers = struct.unpack(">3H", answer[2:8])
    if flags & 15 == 0 and answers == 1 and answer[-4:] == b"\x7f\0\0\2":
        print(text)
    elif flags & 15 != 3:
        print("code", flags & 15)
END
in_rbldnsd() { /usr/bin/python3 "$world/ask.py" "$port" "$@"; }
if has rbldnsd && has /usr/bin/python3; then
	port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
	: > "$world/daemon"
	rbldnsd -n -w "$world" -b "127.0.0.1/$port" wl.example:combined:rbldnsd > "$world/daemon" 2>&1 &
	pids="$pids $!"
	until_true in_rbldnsd 127.0.0.2 > /dev/null 2>&1
	is "$(in_rbldnsd 127.0.0.1 127.0.0.2 ::ffff:127.0.0.2 | tr '\n' ' ')" "127.0.0.2 ::ffff:127.0.0.2 " \
		"rbldnsd: the test addresses of RFC 5782 are listed"
	every "rbldnsd: each is listed, and no other" in_rbldnsd
	is "$(grep -Ec 'warning|error|ignor' "$world/daemon")" 0 "rbldnsd complains of no line"
	rm -f "$world/daemon"
else
	skip "rbldnsd" "no rbldnsd or /usr/bin/python3"
fi

# the lexer of milter-greylist 4.x and its grammar: list "name" addr { ADDRESS[/BITS] ... }, then list "name" domain
# { /REGULAR EXPRESSION/ ... }, a statement a line
in_order() {
	awk '
	function check(    word, n, i, item) {
		n = split(statement, word, /[ \t]+/)
		item = ++statements == 1 ? "^([0-9]+[.][0-9]+[.][0-9]+[.][0-9]+|[0-9a-fA-F]*:([0-9a-fA-F]*:)+[0-9a-fA-F]*)(/[0-9]+)?$" \
		    : "^/[^/ ]+/$"
		good = good && word[1] == "list" && word[2] == (statements == 1 ? "\"greenlane\"" : "\"greenlane-names\"") &&
		    word[3] == (statements == 1 ? "addr" : "domain") && word[4] == "{" && word[n] == "}" && n > 5
		for (i = 5; i < n; i++)
			good = good && word[i] ~ item
		statement = ""
	}
	BEGIN { good = 1 }
	/^#/ { next }
	{ statement = statement $0 }
	/\\$/ { sub(/\\$/, " ", statement); next }
	{ check() }
	END { exit !(good && statements == 2 && statement == "") }' "$1"
}
in_order "$world/milter-greylist"
ok $? "milter-greylist: two statements of its grammar"
is "$(grep -c '^	[0-9]' "$world/milter-greylist")" 6 "with all six networks"
# shellcheck disable=SC1003 # the line ends in a backslash
is "$(grep '^	/' "$world/milter-greylist")" '	/\.out\.acme\.example$/ \' "and the name of the host source"

sendmail=${SENDMAIL_ROOT:-}
sendmail_asks() { # ADDRESS...: the access table's answer for each
	for address; do printf 'A <%s> <?> <+ Connect> <>\n' "$address"; done > "$world/questions"
	unshare -u sh -c "hostname mx.example && exec '$sendmail/usr/libexec/sendmail/sendmail' -bt -C '$world/test.cf' < '$world/questions'" 2> "$world/err" |
		awk '/^> A +input/ { if (last != "") print last; last = "none" } /^A +returns/ { last = $4 } END { print last }'
}
# as Sendmail writes an address: IPv6 in full
sendmail_form() {
	/usr/bin/python3 -c '
import ipaddress, sys
for text in sys.argv[1:]:
    a = ipaddress.ip_address(text)
    print(a if a.version == 4 else "IPv6:" + ":".join("%x" % int(a.packed.hex()[i:i+4], 16) for i in range(0, 32, 4)))' "$@"
}
if [ -n "$sendmail" ] && has m4 && has /usr/bin/python3 && [ "$(id -u)" -eq 0 ]; then
	LD_LIBRARY_PATH=$sendmail/lib/x86_64-linux-gnu:$sendmail/usr/lib/x86_64-linux-gnu
	export LD_LIBRARY_PATH
	cf=$sendmail/usr/share/sendmail/cf
	mkdir "$world/queue"
	cat > "$world/test.mc" <<END
divert(0)dnl
OSTYPE(\`linux')
define(\`confDOMAIN_NAME', \`mx.example')
define(\`QUEUE_DIR', \`$world/queue')
define(\`ALIAS_FILE', \`')
define(\`confDONT_BLAME_SENDMAIL', \`MapInUnsafeDirPath')
FEATURE(\`access_db', \`hash -o $world/access')
FEATURE(\`nocanonify')
FEATURE(\`no_default_msa')
MAILER(\`local')
MAILER(\`smtp')
END
	m4 -D_CF_DIR_="$cf/" "$cf/m4/cf.m4" "$world/test.mc" > "$world/test.cf" 2> "$world/err"
	"$sendmail/usr/libexec/sendmail/makemap" -C "$world/test.cf" hash "$world/access" \
		< "$world/sendmail-access" > "$world/out" 2> "$world/err"
	ok $? "sendmail-access: makemap accepts it"
	# shellcheck disable=SC2046,SC2086 # lists of words
	is "$(sendmail_asks $(sendmail_form $inside) | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " $(echo $inside | wc -w) OK;" \
		"sendmail-access: Sendmail's own ruleset finds OK for each"
	# shellcheck disable=SC2046,SC2086
	is "$(sendmail_asks $(sendmail_form $outside) | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " $(echo $outside | wc -w) ?;" \
		"and nothing for others"
	unset LD_LIBRARY_PATH
else
	skip "sendmail-access in Sendmail" "no SENDMAIL_ROOT, no m4 or /usr/bin/python3, or not root"
fi

cat > "$world/policy.py" <<'END'
import socket, sys
for client in sys.argv[2:]: # ADDRESS, or ADDRESS/NAME
    address, name = (client + "/unknown").split("/")[:2]
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
    s.sendall(("request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address=%s\nclient_name=%s\n"
               "sender=a@x.example\nrecipient=b@y.example\nhelo_name=x\n\n" % (address, name)).encode())
    answer = s.recv(4096)
    if answer.startswith(b"action=DUNNO"):
        print(client)
    elif not answer.startswith(b"action=DEFER_IF_PERMIT"):
        print(answer)
END
postgrey=$(command -v postgrey || echo "${POSTGREY_ROOT:-/nowhere}/usr/sbin/postgrey")
in_postgrey() { /usr/bin/python3 "$world/policy.py" "$port" "$@"; }
if [ -x "$postgrey" ] && has /usr/bin/python3 && [ "$(id -u)" -eq 0 ]; then
	[ -z "${POSTGREY_ROOT:-}" ] || PERL5LIB=$POSTGREY_ROOT/usr/share/perl5:$(echo "$POSTGREY_ROOT"/usr/lib/*/perl5/*)
	[ -z "${PERL5LIB:-}" ] || export PERL5LIB
	mkdir "$world/postgrey.db"
	chown nobody:nogroup "$world/postgrey.db"
	: > "$world/none"
	port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
	"$postgrey" --inet="127.0.0.1:$port" --dbdir="$world/postgrey.db" --user=nobody --group=nogroup \
		--whitelist-clients="$world/postgrey" --whitelist-recipients="$world/none" > "$world/daemon" 2>&1 &
	pids="$pids $!"
	until_true /usr/bin/python3 "$top/t/mta/net.py" open "127.0.0.1:$port"
	ok $? "postgrey starts with it"
	every "postgrey: each passes at once, and no other" in_postgrey
	is "$(in_postgrey 203.0.113.201/mx1.out.acme.example 203.0.113.202/a.b.OUT.acme.example \
		203.0.113.203/out.acme.example 203.0.113.204/mx1.xout.acme.example 203.0.113.205/mx1.out-acme.example \
		203.0.113.206/mx1.out.acme.example.evil.example | cut -d / -f 2 | tr '\n' ' ')" \
		"mx1.out.acme.example a.b.OUT.acme.example " "postgrey: names below a host source's, and no other"
	rm -f "$world/daemon"
else
	skip "postgrey" "no postgrey or /usr/bin/python3, or not root"
fi

cat > "$world/check.py" <<'END'
import sys, urllib.request
for address in sys.argv[2:]:
    r = urllib.request.Request("http://127.0.0.1:%s/checkv2" % sys.argv[1], b"From: a@x.example\r\n\r\nx\r\n", {"IP": address})
    if "GREENLANE_LISTED" in urllib.request.urlopen(r, timeout=5).read().decode():
        print(address)
END
in_rspamd() { /usr/bin/python3 "$world/check.py" "$port" "$@"; }
if has rspamd && has /usr/bin/python3 && [ "$(id -u)" -eq 0 ]; then
	port=$(/usr/bin/python3 "$top/t/mta/net.py" ports 1)
	mkdir -p "$world/rspamd.d/none"
	chmod 777 "$world/rspamd.d"
	echo example > "$world/rspamd.d/suffixes"
	# as greylist.lua adds the map and asks it
	cat > "$world/rspamd.d/start.lua" <<END
require "global_functions" ()
config["regexp"] = {}
rspamd_maps = {}
local map = require("lua_maps").map_add_from_ucl("$world/rspamd", "radix", "x")
rspamd_config:register_symbol{ name = "GREENLANE_LISTED", score = 1.0, callback = function(task)
  return map:get_key(task:get_from_ip()) and true or false
end }
END
	cat > "$world/rspamd.d/rspamd.conf" <<END
lua = "$world/rspamd.d/start.lua";
options { filters = ""; url_tld = "$world/rspamd.d/suffixes"; hs_cache_dir = "$world/rspamd.d"; tempdir = "$world/rspamd.d";
  dns { nameserver = [ "127.0.0.1:9:1" ]; } }
logging { type = "file"; filename = "$world/rspamd.d/log"; level = "warning"; }
worker "normal" { bind_socket = "127.0.0.1:$port"; count = 1; }
actions { reject = 1500; }
modules { path = "$world/rspamd.d/none/"; }
END
	rspamd -f -u nobody -g nogroup -c "$world/rspamd.d/rspamd.conf" --var=DBDIR="$world/rspamd.d" --var=RUNDIR="$world/rspamd.d" \
		> "$world/daemon" 2>&1 &
	pids="$pids $!"
	until_true /usr/bin/python3 "$top/t/mta/net.py" open "127.0.0.1:$port"
	ok $? "rspamd starts with it"
	every "rspamd: each is in the map, and no other" in_rspamd
	rm -f "$world/daemon"
else
	skip "rspamd" "no rspamd or /usr/bin/python3, or not root"
fi

if has /usr/bin/python3; then
	/usr/bin/python3 -c '
import json, sys
o = json.load(open(sys.argv[1]))
assert [ s["source"] for s in o["sources"] if s.get("left_out") ] == [ "a:old.acme.example", "a:new.acme.example", "cidr:198.18.0.0/15", "cidr:198.51.100.200" ]
assert [ s["host"] for s in o["sources"] if "host" in s ] == [ "out.acme.example" ]
assert o["networks"]["login"] == [ "203.0.113.128/25", "2001:db8:10::/48" ] and len(o["networks"]["mx"]) == 6
' "$world/json" > "$world/out" 2> "$world/err"
	ok $? "json: Python reads it, by source and by use"
else
	skip "json" "no /usr/bin/python3"
fi

# ---- the daemon ----

files=$world/kept
cat > "$world/vendors/steady.conf" <<'END'
vendor = { name = "steady"; domains = [ "steady.example" ]; sources = ( { cidr = [ "192.0.2.1", "2001:db8::1" ]; } ); };
END
daemon_conf() { # WHAT THE SECOND COMMAND DOES: it is a script, for greenlaned runs what was configured at its start
	mkdir -p "$files"
	echo "$1" > "$files/reader"
	cat <<END
user = "root";
state_dir = "$world/daemon.state";
control = { listen = "unix:$world/daemon.state.control"; };
vendor_path = [ "$world/vendors" ];
milter = { listen = "unix:$world/run/milter.sock"; group = "$(id -gn)"; };
greylist = { store = "none"; };
vendors = ( { name = "steady"; } );
exports = (
  { format = "postgrey"; file = "$files/postgrey"; command = "echo told >> $files/told"; },
  { format = "postscreen"; file = "$files/postscreen"; command = "${2:-. $files/reader}"; }
);
END
}
lines() { [ "$(wc -l < "$1" 2>/dev/null || echo 0)" -ge "$2" ]; }
if [ -x "$greenlaned" ]; then
	daemon_conf 'echo no reload here >&2; exit 7' > "$world/daemon.conf"
	greenlaned_launch "$world/daemon.conf"
	until_true grep -q 'exited with status 7' "$world/daemon"
	ok $? "greenlaned: the failure of a command is logged, with its status"
	grep -q 'no reload here' "$world/daemon"
	ok $? "and its output"
	is "$(grep -v '^#' "$files/postgrey" | tr '\n' ' ')" "192.0.2.1 2001:db8::1 " "both families are in the file"
	is "$(grep -vc '^#' "$files/postscreen")" 2 "and in the other file"
	is "$(cat "$files/told")" told "the other command ran once"
	"$greenlane" -c "$world/daemon.conf" status > "$world/out" 2>&1
	is $? 1 "status: a command that failed is a problem"
	out "^ill: export-reader: the command of export postscreen $files/postscreen failed, .*status 7.*no reload here.*; correct that command" \
		"it is named, with what it said and the remedy"
	is "$(grep -c '^ill: ' "$world/out")" 1 "all else is well while the daemon keeps its files"
	out '^greenlaned [^ ]* runs since .*, mode enforce, ' "it runs"
	out '^vendor steady, mode enforce: 1 of 1 source known, 2 networks, no mail yet$' "its vendor is known"
	out "^export postgrey $files/postgrey: fresh\$" "its export is fresh"
	echo 198.51.100.1 >> "$files/postgrey"
	"$greenlane" -c "$world/daemon.conf" status > "$world/out" 2>&1
	is $? 1 "status: not if somebody has changed a file"
	out "^export postgrey $files/postgrey: stale: " "it is named"
	sed -i 's/192.0.2.1"/192.0.2.1", "192.0.2.9"/' "$world/vendors/steady.conf"
	before=$(stamp "$files/postgrey")
	kill -HUP $daemon
	until_true grep -qx 192.0.2.9 "$files/postgrey"
	ok $? "a reload that changes the networks changes the file"
	until_true lines "$files/told" 2
	ok $? "and the command runs again"
	before=$(stamp "$files/postgrey")
	daemon_conf "echo settled >> $files/settled" > "$world/daemon.conf"
	kill -HUP $daemon
	until_true sh -c "[ \$(grep -c 'reload: 1 vendor in force' '$world/daemon') -ge 2 ]"
	until_true lines "$files/settled" 1
	is "$(stamp "$files/postgrey")" "$before" "one that does not leaves the file alone"
	is "$(wc -l < "$files/told")" 2 "and runs nothing"
	is "$(cat "$files/settled")" settled "but the command that has not run yet"
	reader_is_well() {
		"$greenlane" -c "$world/daemon.conf" status > "$world/out" 2>&1
		! grep -q '^ill: export-reader: ' "$world/out"
	}
	reader_is_ill() { ! reader_is_well; }
	until_true reader_is_well
	ok $? "status: once it has run its reader is well again"
	daemon_conf true "echo new >> $files/new" > "$world/daemon.conf"
	site=$config config=$world/daemon.conf
	run 0 "a command that is new at a reload" reload
	err "warning: the command of export $files/postscreen: 'echo new >> $files/new' is new since the start, and not run: commands need a restart" \
		"is said to need a restart"
	until_true reader_is_ill
	ok $? "status: and goes on saying so"
	out "^ill: export-reader: .*postscreen.* is new since the start, .*; restart greenlaned" "with the remedy"
	[ ! -e "$files/new" ]
	ok $? "it is not run"
	daemon_conf true > "$world/daemon.conf"
	run 0 "the one that was known" reload
	until_true reader_is_well
	ok $? "is well at once"
	config=$site
	rm "$files/postgrey"
	mkdir "$files/postgrey"
	sed -i 's/, "192.0.2.9"//' "$world/vendors/steady.conf"
	kill -HUP $daemon
	until_true grep -q "$files/postgrey.*: is .*not a regular file" "$world/daemon"
	ok $? "a file that cannot be written is logged"
	until_true sh -c "! grep -q 192.0.2.9 '$files/postscreen'"
	ok $? "and the other file is kept up to date anyway"
	daemon_conf "echo \$\$ > $files/command; exec sleep 10000" > "$world/daemon.conf" # sleeps: longer than the test waits
	sed -i 's/192.0.2.1"/192.0.2.1", "192.0.2.10"/' "$world/vendors/steady.conf"
	kill -HUP $daemon
	until_true lines "$files/command" 1
	pids="$pids $(cat "$files/command")"
	kill -TERM $daemon
	until_true gone $daemon
	ok $? "greenlaned ends while a command runs"
	until_true gone "$(cat "$files/command")"
	ok $? "and ends the command"
	wait $daemon
	is $? 0 "its exit status is 0"
	rm -f "$world/daemon"
else
	skip "the exports of greenlaned" "it is not built"
fi

"$greenlane" -c "$world/daemon.conf" status > "$world/out" 2>&1
is $? 1 "status: a daemon that is not running is a problem"
out '^ill: not-running: ' "and is reported"

# ---- vendor brief ----

run 0 "vendor brief" vendor brief acme
out '^Acme Tickets: its mail servers, as known on ' "names the vendor"
out 'sends as +acme\.example and names below it' "its names"
out 'signs \(DKIM d=\) as +acme\.example$' "its DKIM domain, without names below it"
out '^  include:acme\.example$' "the SPF term to add"
out '^    2001:db8:4::/48$' "addresses of copies"
out '^  cidr:192\.0\.2\.0/25.*, for eu' "those in the file, with their tag"
out '^    2001:db8:10::/48$' "those that log in"
out 'a:new\.acme\.example.*: it was never unfolded' "what is not known"
out 'its page, seen 2026-01-01' "and how it is known"
run 1 "a vendor that is not in force" vendor brief nobody
err "vendor 'nobody' is not in force" "is reported"
run 64 "no name is a usage error" vendor brief

finish_tap
