#!/bin/sh
# TAP: greenlane status, with a state_dir that is written here: who may use our names, relays, outbound addresses and their use.
#
# Needs python3, which holds the lock instead of the daemon; no network, no daemon.
name=status
. "${srcdir:-.}/t/cli/lib.sh"
config=$world/conf
mkdir -p "$world/state" "$world/vendors"

cat > "$world/vendors/desk.conf" <<END
vendor = { name = "desk"; domains = [ "desk.example" ]; sources = ( { cidr = [ "192.0.2.0/25", "192.0.2.200" ]; } ); };
END
cat > "$world/vendors/filter.conf" <<END
vendor = { name = "filter"; kind = "gateway"; domains = [ "filter.example" ]; sources = (
  { cidr = [ "198.51.100.0/27", "198.51.100.64/27", "2001:db8:5::/48" ]; tags = [ "eu" ]; },
  { cidr = [ "198.51.100.128/27" ]; tags = [ "us" ]; } ); };
END

# conf LINE...: the configuration with these additional lines.
conf() {
	{
		printf 'vendor_path = [ "%s" ];\nstate_dir = "%s";\n' "$world/vendors" "$world/state"
		echo 'vendors = ( { name = "desk"; }, { name = "filter"; } );'
		printf '%s\n' "$@"
	} > "$world/conf"
}

# used LINE...: the file of usage that the daemon saved.
used() {
	printf '%s\n' '# greenlane: addresses that sent mail' "$@" > "$world/state/usage"
}

: > "$world/state/lock"
/usr/bin/python3 -c 'import fcntl, signal, sys
lock = open(sys.argv[1], "r+")
fcntl.lockf(lock, fcntl.LOCK_EX)
open(sys.argv[2], "w").close()
signal.pause()' "$world/state/lock" "$world/held" &
pids="$pids $!"
until_true test -e "$world/held"
ok $? "something holds the daemon's lock"

# ---- vendors only ----

conf
run 0 "a site with only vendors is well" status
is "$(cat "$world/out")" "greenlaned is running, mode enforce
vendor desk, mode enforce: 1 of 1 sources known, 2 networks
vendor filter, mode enforce: 2 of 2 sources known, 4 networks" "and nothing more is printed"

# ---- outbound addresses ----

own='own = { domains = [ "example.com" ];
  outbound = [ "203.0.113.25", "2001:db8::25", "203.0.113.27", "203.0.113.28" ];
  may_forward = [ "203.0.113.28", "203.0.113.99" ]; };'
conf "$own"
run 0 "addresses that were never used are not a problem" status
is "$(grep -c '^outbound .*: never used$' "$world/out")" 5 "each is shown as never used"

now=$(date +%s)
when=$(date -u -d "@$((now - 90))" +%Y-%m-%dT%H:%M:%SZ)
used "outbound own 203.0.113.25 $((now - 9000)) $((now - 90)) 12" "outbound own 2001:db8::25 $((now - 90)) $((now - 90)) 1" \
    "listed cidr:192.0.2.0/25 203.0.113.27 $((now - 9)) $((now - 5)) 3" "delayed desk 203.0.113.27 $((now - 9)) $((now - 5)) 3" \
    "outbound own 203.0.113.28 $((now - 9000)) $((now - 90)) 4000000000" "outbound own 203.0.113.26 $((now - 9)) $((now - 5)) 7"
run 0 "nor are some of them" status
is "$(grep '^outbound' "$world/out")" "outbound 203.0.113.25: last used $when, 12 mails
outbound 2001:db8::25: last used $when, 1 mail
outbound 203.0.113.27: never used
outbound 203.0.113.28, may forward: last used $when, 4000000000 mails
outbound 203.0.113.99, may forward: never used" "each address once, with its last use; one that is no longer configured is left out"
[ ! -s "$world/err" ]
ok $? "usage of every kind is read without complaint"

used "outbound own 203.0.113.25 $((now - 9000)) $((now - 90)) 12" "outbound own 203.0.113.300 1 2 3"
run 0 "a damaged line of the usage is reported" status
err 'usage:3: is damaged here' "with its place"
out "^outbound 203.0.113.25: last used $when, 12 mails\$" "and the sound lines are shown"
rm "$world/state/usage"

# ---- delegations and partners ----

conf "$own" 'delegations = (
  { vendor = "desk"; domains = [ "example.com", "=tickets.example.com", "alerts@example.com" ]; },
  { vendor = "filter"; domains = [ "example.com" ]; vouch = [ "dkim" ]; selectors = [ "s1", "s2" ]; } );' \
    'partners = ( { vendor = "desk"; domains = [ "msp.example" ]; vouch = [ "listed+spf_from" ]; selectors = [ "k" ]; } );'
run 0 "delegations are not a problem" status
is "$(grep -E '^(delegation|partner)' "$world/out")" \
"delegation desk may send as example.com, =tickets.example.com, alerts@example.com, proven by dkim or listed+spf_from
delegation filter may send as example.com, proven by dkim; DKIM selectors s1, s2
partner desk may send as msp.example, proven by listed+spf_from; DKIM selector k" "each is a line, as it is written"

# ---- relays ----

conf 'relays = ( { name = "backup-mx"; kind = "gateway"; networks = [ "203.0.113.5", "203.0.113.128/28", "2001:db8:9::5" ]; },
  { name = "cloud"; kind = "gateway"; vendor = "filter"; },
  { name = "cloud-us"; kind = "gateway"; vendor = "filter"; tags = [ "us" ]; },
  { name = "alumni"; kind = "forwarder"; networks = [ "203.0.113.9" ]; } );'
run 0 "relays are not a problem" status
is "$(grep '^relay' "$world/out")" "relay backup-mx, gateway: 203.0.113.5, 203.0.113.128/28, 2001:db8:9::5
relay cloud, gateway: vendor filter, 4 networks
relay cloud-us, gateway: vendor filter, 1 networks
relay alumni, forwarder: 203.0.113.9" "each with its networks, or the number of its vendor's"

{
	printf 'vendor_path = [ "%s" ];\nstate_dir = "%s";\nvendors = ( { name = "desk"; } );\n' "$world/vendors" "$world/state"
	printf 'relays = ( { name = "many"; kind = "gateway"; networks = [ "203.0.113.1"'
	for i in $(seq 2 30); do
		printf ', "203.0.113.%d"' $((i * 2))
	done
	echo ' ]; } );'
} > "$world/conf"
run 0 "a relay with many networks" status
out '^relay many, gateway: .*, 203\.0\.113\.40 and 10 more$' "shows the first of them"

sed -i 's/{ cidr = \[ "198.51.100.128\/27" \]; tags/{ a = "us.filter.example"; tags/' "$world/vendors/filter.conf"
conf 'relays = ( { name = "cloud"; kind = "gateway"; vendor = "filter"; } );'
run 1 "a relay with an unknown source needs attention" status
out '^relay cloud, gateway: vendor filter, 3 networks \(1 of 2 sources known\)$' "and says so"

# ---- clients that cannot be seen ----

lately=$((now - 600)) before=$((now - 2 * 86400))
conf
sed -i 's/{ a = "us.filter.example"; tags/{ cidr = [ "198.51.100.128\/27" ]; tags/' "$world/vendors/filter.conf"
used "hidden - 172.17.0.1 $before $lately 12" "hidden backup-mx 203.0.113.5 $before $lately 3" "hidden - 10.9.9.9 $before $before 5" \
	"loopback a.one.example 127.0.0.1 $lately $lately 1" "loopback b.two.example 127.0.0.1 $lately $lately 1" \
	"loopback c.three.example 127.0.0.1 $before $before 1"
run 1 "a hidden client makes it ill" status
out '^ill: hidden-clients: the clients behind 172\.17\.0\.1 cannot be seen: 12 mails, last .*; give greenlane the real address' \
	"with whom, how often, when last, and what to do"
out '^ill: hidden-clients: the clients behind 203\.0\.113\.5, relay backup-mx cannot be seen' "a relay with its name"
if grep -q 10.9.9.9 "$world/out"; then ok 1 "what is long past is not shown"; else ok 0 "what is long past is not shown"; fi
if grep -q loopback "$world/out"; then ok 1 "nor are two names from loopback"; else ok 0 "nor are two names from loopback"; fi
used "loopback a.one.example 127.0.0.1 $lately $lately 1" "loopback b.two.example 127.0.0.1 $lately $lately 1" \
	"loopback c.three.example ::1 $lately $lately 1"
run 1 "three names from loopback make it ill" status
out '^ill: hidden-clients: hosts with 3 or more names connected from loopback' "which is shown"
used "loopback a.one.example 127.0.0.1 $lately $lately 1"
run 0 "without any of that it is well" status

# ---- sources that are gone ----

cat > "$world/vendors/filter.conf" <<END
vendor = { name = "filter"; domains = [ "filter.example" ]; sources = ( { a = "us.filter.example"; } ); };
END
conf
mkdir -p "$world/state/sources"
# wrong BELIEVED GONE SINCE [NETWORK]
wrong() {
	{
		printf 'version 2\nsource a:us.filter.example\nbelieved %s\nchanged never\nnext never\nttl 300\nlive no\n' "$1"
		printf 'trouble yes published wrongly: us.filter.example: the name does not exist\n'
		printf 'wrong %s seen 5 gone %s\nnetworks %d\n' "$3" "$2" $(($# - 3))
		[ $# = 3 ] || printf '%s  since %s  via us.filter.example\n' "$4" "$1"
		printf 'end %d\n' $(($# - 3))
	} > "$world/state/sources/a:us.filter.example.copy"
}
today=$(date -u -d "@$now" +%Y-%m-%dT%H:%M:%SZ)
yesterday=$(date -u -d "@$((now - 86400))" +%Y-%m-%dT%H:%M:%SZ)
week=$(date -u -d "@$((now + 6 * 86400))" +%Y-%m-%dT%H:%M:%SZ)
wrong "$yesterday" no "$yesterday" 198.51.100.130
run 1 "a source that is wrong makes it ill" status
out "^ill: source-wrong: a:us\.filter\.example of filter: published wrongly: us\.filter\.example: the name does not exist, since $yesterday; if this lasts until $week, it lists nothing" \
	"with what is wrong, since when, and the consequence"
if grep -q without-addresses "$world/out"; then ok 1 "meanwhile its last good copy is used"; else ok 0 "meanwhile its last good copy is used"; fi
wrong never no "$yesterday"
run 1 "so does one that was never right" status
out '^ill: source-wrong: ' "which is shown"
out '^vendor filter, .*: 0 of 1 sources known' "and is not known"
wrong "$today" yes "2026-01-01T00:00:00Z"
run 1 "so does one that is gone" status
out '^ill: source-wrong: .*; it no longer lists anything; ' "which is shown"
out '^ill: vendor-without-addresses: no source of filter lists an address' "and so is a vendor that has no other"

finish_tap
