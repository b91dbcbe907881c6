#!/bin/sh
# TAP: greenlane status and reload, on real daemons: what they tell of a site, each ill state that they know, and what a daemon
# that hangs, is gone, or may not be asked looks like.
#
# Needs no network. Root's part asks as another user.
name=status
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
mkdir -p "$world/state" "$world/vendors"
daemon=

cat > "$world/vendors/desk.conf" <<END
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.0/25", "192.0.2.200" ]; } ); };
END
cat > "$world/vendors/filter.conf" <<END
vendor = { name = "filter"; kind = "gateway"; domains = [ "filter.example" ]; sources = (
  { cidr = [ "198.51.100.0/27", "198.51.100.64/27", "2001:db8:5::/48" ]; tags = [ "eu" ]; },
  { cidr = [ "198.51.100.128/27" ]; tags = [ "us" ]; } ); };
END

# conf LINE...: the site with these lines more.
conf() {
	{
		printf 'vendor_path = [ "%s" ];\nstate_dir = "%s";\nuser = "%s";\n' "$world/vendors" "$world/state" "$(id -un)"
		printf 'milter = { listen = "unix:%s/milter.sock"; group = "%s"; };\n' "$world" "$(id -gn)"
		printf 'control = { listen = "unix:%s/control.sock"; };\ndns = { servers = [ "127.0.0.1@9" ]; timeout = "1s"; };\n' "$world"
		echo 'vendors = ( { name = "desk"; }, { name = "filter"; } );'
		printf '%s\n' "$@"
	} > "$world/conf"
}

killed() { # a daemon that holds nothing worth saving
	[ -z "$daemon" ] || { kill -9 "$daemon"; wait "$daemon"; } 2> /dev/null
	daemon=
}
started() { # [LINE...]: the one before is gone, a new one serves
	killed
	[ $# -eq 0 ] || conf "$@"
	greenlaned_start "$world/conf" || bail_out "greenlaned does not start"
}
# used LINE...: what a daemon saved of addresses.
used() {
	printf '%s\n' '# greenlane: addresses that sent mail' "$@" > "$world/state/usage"
}
is_ill() { # SLUG REST NAME
	run 1 "$3: it is ill" status
	out "^ill: $1: $2" "$3: the line names it, and the remedy"
}
told() { # KEYS-PATTERN NAME: the JSON holds it
	"$greenlane" -c "$config" status --json > "$world/out" 2> "$world/err"
	out "$1" "$2"
}

# ---- it does not run ----

conf ''
is_ill not-running 'greenlaned is not running: nothing listens at .*control\.sock; run greenlane check, start it' "no daemon"
run 69 "nothing can be reloaded then" reload
err 'is not running' "which is said"
told '^\{"ill":true,"alerts":\[\{"slug":"not-running","text":' "and JSON says so"

# ---- nothing of it is configured ----

started ''
run 0 "a site with vendors alone is well" status
out "^greenlaned [^ ]+ runs since 20[^ ]*Z, pid $daemon, mode enforce, policy [0-9a-f]{16}, sources [0-9a-f]{16}\$" "it says which, since when, its mode, policy and sources"
out "^listener milter unix:$world/milter\\.sock: open\$" "where it listens"
out '^mta: no contact since the start, sessions 0(, packets are not checked .*)?$' "that no MTA has come yet"
out '^verdicts: pass 0, tag 0, quarantine 0, greylist 0, defer 0, reject 0$' "how often it did what"
is "$(grep '^vendor' "$world/out")" "vendor desk, mode enforce: 1 of 1 source known, 2 networks, no mail yet
vendor filter, mode enforce: 2 of 2 sources known, 4 networks, no mail yet" "and its vendors"
lacks '^(ill|delegation|partner|relay|outbound|export)' "and nothing more"
told '^\{"control":1,"version":"[^"]*","pid":[0-9]+,"since":[0-9]+,"now":[0-9]+,"mode":"enforce","policy":"[0-9a-f]{16}","sources_fingerprint":"[0-9a-f]{16}","reload":\{"at":[0-9]+,"ok":true,"faults":\[' "JSON begins with the daemon"
out '"mta":\{"last":0,"sessions":[0-9]+,"libmilter":"(archive|shared)","refused":0\},"verdicts":\{"pass":0,.*"store":\{"state":"works","name":"[^"]*","since":[0-9]+,"passed":0\}' "has the MTA, verdicts and store"
out '"ill":false,"alerts":\[\]\}$' "and ends with what is ill"

# ---- reload ----

run 0 "a reload that is taken" reload
is "$(cat "$world/out")" "reloaded: mode enforce
vendors: desk, filter" "answers with mode and vendors"
until_true says 'reload: 2 vendors in force, mode enforce: desk, filter$'
ok $? "and the log has both"
grep -c 'listed\+spf vouches' "$world/daemon" > "$world/before"
kill -HUP "$daemon"
until_true eval '[ "$(grep -c "reload: 2 vendors" "$world/daemon")" = 2 ]'
is "$(grep -c 'listed\+spf vouches' "$world/daemon")" "$(cat "$world/before")" "a warning that is as before is not said again"
echo '# changed' >> "$world/conf"
is_ill config-newer '.*/conf, or a file that it uses, has changed since it was loaded; run greenlane check, then greenlane reload$' "a file that changed"
conf 'nonsense = 1;'
run 78 "a reload that is refused" reload
err ":8: unknown key 'nonsense'" "answers with the fault"
is_ill reload-failed "the last reload was refused, the old policy is in force: .*:8: unknown key 'nonsense'" "a refused reload"
told '"reload":\{"at":[0-9]+,"ok":false,"faults":\[.*unknown key' "JSON has its faults"
conf 'mode = "monitor";'
run 0 "mended" reload
run 0 "it is well again" status
out ' mode monitor, ' "the mode is the one in force"
sed -i 's/mode = "monitor"/mode = "enforce"/' "$world/conf"
"$greenlane" -c "$config" status > "$world/out"
out ' mode monitor, ' "never what the file says in its place"
run 0 "and reloaded" reload

# ---- a configuration that says something else by now, or nothing ----

cp "$world/conf" "$world/conf.good"
sed -i 's,/control\.sock,/another.sock,' "$world/conf"
is_ill config-newer '.*run greenlane check' "a control.listen that is not in force yet: the daemon is found all the same"
lacks 'socket-gone|not-running' "and well but for that"
echo 'vendors = ( {' >> "$world/conf"
is_ill config-newer '.*run greenlane check' "nor does a syntax error hide it"
run 78 "reload reaches it, too" reload
err 'conf:[0-9]+: ' "and says the fault"
cp "$world/conf.good" "$world/conf"
run 0 "as it was" reload
cp "$world/conf" "$world/other.conf"
sed -i 's,/control\.sock,/another.sock,' "$world/other.conf"
config_was=$config config=$world/other.conf
is_ill socket-gone 'greenlaned is running, but nothing listens at .*another' "a daemon with another file is not taken for ours"
config=$config_was

# ---- its sockets ----

ls "$world"/.*.kept > "$world/out"
out 'control' "a socket has a second name, by which it is put back"
lacks 'milter' "but not the milter's: Sendmail, whose it may be, takes no socket that has two names"
postfix_comes "$world/milter.sock"
ok $? "until a Postfix has come"
rm "$world/milter.sock"
until_true test -S "$world/milter.sock"
until_true says 'the socket .*/milter\.sock was removed; it is there again'
ok $? "a socket that is removed is put back, and the log says so"
run 0 "all is well then" status
mv "$world/milter.sock" "$world/kept"
: > "$world/milter.sock"
is_ill socket-gone 'milter: the socket of .*milter\.sock was replaced; move away what is there now: the socket is put back within ten seconds$' "a socket that is gone"
mv "$world/kept" "$world/milter.sock"
run 0 "and back again" status
chmod 600 "$world/milter.sock"
is_ill socket-closed "milter: the socket of unix:$world/milter\\.sock has mode 0600 now: who should connect cannot; chgrp [^ ]+ $world/milter\\.sock, and chmod 660 $world/milter\\.sock" "a socket that somebody closed"
told '"reachable":false' "and JSON says so"
chmod 666 "$world/milter.sock"
run 0 "one that is open to all is no problem" status
chmod 660 "$world/milter.sock"
if [ "$(id -u)" = 0 ]; then
	chgrp "$(id -g nobody)" "$world/milter.sock"
	is_ill socket-closed "milter: the socket of .* belongs to the group [^ ]+ now, not to $(id -gn): who should connect cannot; chgrp $(id -gn) " "one that was given to another group"
	chgrp "$(id -g)" "$world/milter.sock"
else
	skip "a socket of another group" "needs root"
fi
run 0 "and is as it was" status
if [ "$(id -u)" = 0 ]; then
	nobodys=$(id -gn nobody)
	sed "s/^\(milter .*group = \)\"[^\"]*\"/\1\"$nobodys\"/" "$world/conf" > "$world/conf.nobodys"
	cp "$world/conf" "$world/conf.good"
	cp "$world/conf.nobodys" "$world/conf"
	started
	chmod 700 "$world"
	is_ill socket-closed "milter: the group of .* cannot enter the directory $world; chmod o\\+x" "a closed folder"
else
	skip "a closed folder" "needs root to give the socket to another group"
fi
chmod 755 "$world"
[ ! -f "$world/conf.nobodys" ] || { cp "$world/conf.good" "$world/conf" && started; }
mv "$world/control.sock" "$world/kept"
: > "$world/control.sock"
is_ill socket-gone 'greenlaned is running, but nothing listens at .*control\.sock' "control itself gone"
mv "$world/kept" "$world/control.sock"
kill -STOP "$daemon"
is_ill hung 'greenlaned does not answer within 5 seconds; restart greenlaned .*kill -KILL '"$daemon"', and start it' "a daemon that hangs"
kill -CONT "$daemon"
run 0 "and goes on" status
greenlane_was=$greenlane greenlane=$world/crowded
cat > "$greenlane" << END
#!/usr/bin/python3
import socket, subprocess, sys
silent = [socket.socket(socket.AF_UNIX) for _ in range(32)]
for one in silent:
    one.connect("$world/control.sock")
sys.exit(subprocess.call(["$greenlane_was"] + sys.argv[1:]))
END
chmod 755 "$greenlane"
run 0 "where 32 others have the control socket open and ask nothing, who asks is answered" status
greenlane=$greenlane_was

# ---- who may ask ----

if [ "$(id -u)" = 0 ] && command -v setpriv > /dev/null; then
	greenlane_was=$greenlane greenlane=$world/as_nobody
	printf '#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "%s" "$@"\n' "$greenlane_was" > "$greenlane"
	chmod 755 "$greenlane"
	run 69 "another user, whom the socket is closed to, cannot tell" status
	err 'cannot tell whether .*Permission denied; ask as root, or as a member of its group' "which is what it says"
	lacks 'not running' "and not that it does not run"
	run 77 "nor reload" reload
	chmod 666 "$world/control.sock"
	run 0 "one who may ask is told" status
	run 77 "but may change nothing" reload
	err "only root and greenlaned's own user may reload" "which is said"
	greenlane=$greenlane_was
else
	skip "another user" "needs root and setpriv"
fi

# ---- outbound addresses ----

own='own = { domains = [ "example.com" ];
  outbound = [ "203.0.113.25", "2001:db8::25", "203.0.113.27", "203.0.113.28" ];
  may_forward = [ "203.0.113.28", "203.0.113.99" ]; };'
now=$(date +%s)
when=$(date -u -d "@$((now - 90))" +%Y-%m-%dT%H:%M:%SZ)
killed
used "outbound own 203.0.113.25 $((now - 9000)) $((now - 90)) 12" "outbound own 2001:db8::25 $((now - 90)) $((now - 90)) 1" \
    "listed cidr:192.0.2.0/25 203.0.113.27 $((now - 9)) $((now - 5)) 3" "delayed desk 203.0.113.27 $((now - 9)) $((now - 5)) 3" \
    "outbound own 203.0.113.28 $((now - 9000)) $((now - 90)) 4000000000" "outbound own 203.0.113.26 $((now - 9)) $((now - 5)) 7"
started "$own"
run 0 "addresses that were never used are no fault" status
is "$(grep '^outbound' "$world/out")" "outbound 203.0.113.25: last used $when, 12 mails
outbound 2001:db8::25: last used $when, 1 mail
outbound 203.0.113.27: never used
outbound 203.0.113.28, may forward: last used $when, 4000000000 mails
outbound 203.0.113.99, may forward: never used" "each address once, with its last use; what is no more configured is left out"
killed
rm -f "$world/state/usage"

# ---- delegations, partners, relays ----

started "$own" 'delegations = (
  { vendor = "desk"; domains = [ "example.com", "=tickets.example.com", "alerts@example.com" ]; },
  { vendor = "filter"; domains = [ "example.com" ]; vouch = [ "dkim" ]; selectors = [ "s1", "s2" ]; } );' \
    'partners = ( { vendor = "desk"; domains = [ "msp.example" ]; vouch = [ "listed+spf_from" ]; selectors = [ "k" ]; } );' \
    'relays = ( { name = "backup-mx"; kind = "gateway"; networks = [ "203.0.113.5", "203.0.113.128/28", "2001:db8:9::5" ]; },
  { name = "cloud"; kind = "gateway"; vendor = "filter"; },
  { name = "cloud-us"; kind = "gateway"; vendor = "filter"; tags = [ "us" ]; },
  { name = "alumni"; kind = "forwarder"; networks = [ "203.0.113.9" ]; } );'
run 0 "delegations and relays are no fault" status
is "$(grep -E '^(delegation|partner)' "$world/out")" \
"delegation desk may send as example.com, =tickets.example.com, alerts@example.com, proven by dkim or listed+spf_from
delegation filter may send as example.com, proven by dkim; DKIM selectors s1, s2
partner desk may send as msp.example, proven by listed+spf_from; DKIM selector k" "each is a line, as it is written"
is "$(grep '^relay' "$world/out")" "relay backup-mx, gateway: 203.0.113.5, 203.0.113.128/28, 2001:db8:9::5
relay cloud, gateway: vendor filter, 4 networks
relay cloud-us, gateway: vendor filter, 1 network
relay alumni, forwarder: 203.0.113.9" "each with its networks, or how many its vendor has there"

# ---- clients that cannot be seen ----

lately=$((now - 600)) before=$((now - 2 * 86400))
killed
used "hidden - 172.17.0.1 $before $lately 12" "hidden backup-mx 203.0.113.5 $before $lately 3" "hidden - 10.9.9.9 $before $before 5" \
	"loopback a.one.example 127.0.0.1 $lately $lately 1" "loopback b.two.example 127.0.0.1 $lately $lately 1" \
	"loopback c.three.example 127.0.0.1 $before $before 1"
started ''
is_ill hidden-clients 'the clients behind 172\.17\.0\.1 cannot be seen: 12 mails, last .*; pass the real address to the MTA' "a hidden client"
out '^ill: hidden-clients: the clients behind 203\.0\.113\.5, relay backup-mx cannot be seen' "a relay by its name"
lacks '10\.9\.9\.9|loopback' "what is over, and two names from loopback, are not said"
killed
used "loopback a.one.example 127.0.0.1 $lately $lately 1" "loopback b.two.example 127.0.0.1 $lately $lately 1" \
	"loopback c.three.example ::1 $lately $lately 1"
started
is_ill hidden-clients 'hosts with 3 or more names connected from loopback' "three names from loopback"
killed
rm -f "$world/state/usage"

# ---- sources ----

cat > "$world/vendors/filter.conf" <<END
vendor = { name = "filter"; domains = [ "filter.example" ]; sources = ( { a = "us.filter.example"; } ); };
END
mkdir -p "$world/state/sources"
# wrong BELIEVED GONE SINCE [NETWORK]
wrong() {
	killed
	{
		printf 'version 2\nsource a:us.filter.example\nbelieved %s\nchanged never\nnext never\nttl 300\nlive no\n' "$1"
		printf 'trouble yes published wrongly: us.filter.example: the name does not exist\n'
		printf 'wrong %s seen 5 gone %s\nnetworks %d\n' "$3" "$2" $(($# - 3))
		[ $# = 3 ] || printf '%s  since %s  via us.filter.example\n' "$4" "$1"
		printf 'end %d\n' $(($# - 3))
	} > "$world/state/sources/a:us.filter.example.copy"
	started
}
today=$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)
yesterday=$(date -u -d "@$((now - 86400))" +%Y-%m-%dT%H:%M:%SZ)
week=$(date -u -d "@$((now + 6 * 86400))" +%Y-%m-%dT%H:%M:%SZ)
started
is_ill source-trouble 'a:us\.filter\.example of filter is not known: it was never unfolded: .*no answer for A; it is asked again .*greenlane sources --vendor filter' "a source that is not known"
wrong "$yesterday" no "$yesterday" 198.51.100.130
is_ill source-wrong "a:us\\.filter\\.example of filter: published wrongly: us\\.filter\\.example: the name does not exist, since $yesterday; if this lasts until $week, it lists nothing" "a source that is wrong"
lacks 'without-addresses' "its last good copy serves meanwhile"
killed
{
	printf 'version 2\nsource a:us.filter.example\nbelieved %s\nchanged never\nnext never\nttl 300\nlive no\n' "$yesterday"
	printf 'trouble yes DNS did not answer\nwrong never\nnetworks 1\n'
	printf '198.51.100.130  since %s  via us.filter.example\nend 1\n' "$yesterday"
} > "$world/state/sources/a:us.filter.example.copy"
started
is_ill source-trouble 'a:us\.filter\.example of filter: three refreshes in a row failed, its last good copy is used: .*greenlane sources --vendor filter' "a source that cannot be refreshed"
wrong "$today" yes "2026-01-01T00:00:00Z"
is_ill source-wrong '.*; it no longer lists anything; ' "a source that is gone"
out '^ill: vendor-without-addresses: no source of filter lists an address' "and so is a vendor that has no other"
killed
rm -r "$world/state/sources"
cat > "$world/vendors/filter.conf" <<END
vendor = { name = "filter"; domains = [ "filter.example" ]; sources = ( { cidr = [ "198.51.100.0/27" ]; } ); };
END

# ---- an MTA ----

started 'strangers = { authenticate = false; };' 'mode = "monitor";'
is "$(/usr/bin/python3 "$top/t/cli/milter.py" "$world/milter.sock" a@stranger.example)" pass "an MTA brings a mail"
run 0 "it is well" status
out '^mta: last contact 20[^ ]*Z, sessions [01](, packets are not checked .*)?$' "its contact is told"
out '^verdicts: pass 1, tag 0, quarantine 0, greylist 0, defer 0, reject 0$' "and what was done with its mail"

# ---- Nagios ----

check() { # STATUS PATTERN NAME
	PATH=$(dirname "$greenlane"):$PATH sh "$top/contrib/nagios/check_greenlane" -c "$config" > "$world/out" 2> "$world/err"
	is $? "$1" "check_greenlane: $3"
	out "$2" "check_greenlane: $3: it says why"
}
check 0 '^OK: greenlaned ' "all is well"
echo '# changed' >> "$world/conf"
check 2 '^CRITICAL: config-newer: ' "something is ill"
killed
check 2 '^CRITICAL: not-running: ' "it does not run"
printf %s "control = { listen = \"none\"; };" > "$world/none"
config_was=$config config=$world/none
check 3 '^UNKNOWN: ' "it cannot be told"
config=$config_was

# ---- an MTA that never comes ----

started 'alert = { silence = "1s"; };'
sleep 2 # sleeps: the silence is over
is_ill no-mta 'no MTA has connected since the start at 20.*: no mail is filtered; name the milter.s socket in smtpd_milters' "an MTA that never comes"

# ---- files that it writes ----

started "exports = ( { format = \"postgrey\"; file = \"$world/nowhere/list\"; } );"
rm -rf "$world/nowhere"
is_ill export-stale 'export postgrey .*/nowhere/list ' "an export that is not there"
killed

# ---- turned off ----

conf ''
sed -i 's,^control = .*,control = { listen = "none"; };,' "$world/conf"
started
run 69 "without control nothing can be told" status
err 'control\.listen is "none": greenlaned cannot be asked' "which is said, with the remedy"

finish_tap
